/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_AUTO_H
#define PINFOLD_BASE_AUTO_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Cleanup at the end of the scope; errno survives, so that it can be logged. */
static inline void
auto_close_end(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void
auto_free_end(void *at)
{
	int saved = errno;
	free(*(void **)at);
	errno = saved;
}

static inline void
auto_fclose_end(FILE **file)
{
	int saved = errno;
	if (*file)
		fclose(*file);
	errno = saved;
}

#define auto_close  __attribute__((cleanup(auto_close_end)))
#define auto_free   __attribute__((cleanup(auto_free_end)))
#define auto_fclose __attribute__((cleanup(auto_fclose_end)))

/* Out of memory ends the process; every size was bounded before. */
void *must_alloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
