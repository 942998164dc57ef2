/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

static const char *process_name = "pinfold";
static bool debugging;
static void (*line_sink)(const char *line);

void
log_init(const char *process, bool debug)
{
	process_name = process;
	debugging = debug;
}

void
log_set_sink(void (*sink)(const char *line))
{
	line_sink = sink;
}

static void
emit(int level, const char *subject, int with_errno, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[900], line[1024];

	vsnprintf(text, sizeof text, fmt, ap);
	int n = with_errno ? snprintf(line, sizeof line, "<%d>%s[%s]: %s: %s\n", level,
				     process_name, subject, text, strerror(saved))
			   : snprintf(line, sizeof line, "<%d>%s[%s]: %s\n", level, process_name,
				     subject, text);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof line) {
		n = sizeof line - 1;
		line[n - 1] = '\n';
	}
	for (int i = 0; i < n - 1; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] == 0x7f)
			line[i] = '?';
	if (line_sink)
		line_sink(line);
	else if (write(STDERR_FILENO, line, (size_t)n) < 0) {
		/* Nobody listens; there is nowhere to say so. */
	}
	errno = saved;
}

#define EMIT(level, with_errno)                                                                    \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		emit(level, subject, with_errno, fmt, ap);                                         \
		va_end(ap);                                                                        \
	} while (0)

void
log_warn(const char *subject, const char *fmt, ...)
{
	EMIT(4, 1);
}

void
log_warnx(const char *subject, const char *fmt, ...)
{
	EMIT(4, 0);
}

void
log_info(const char *subject, const char *fmt, ...)
{
	EMIT(6, 0);
}

void
log_debug(const char *subject, const char *fmt, ...)
{
	if (debugging)
		EMIT(7, 0);
}

void
fatal(const char *subject, const char *fmt, ...)
{
	EMIT(3, 1);
	_exit(EXIT_FAILURE);
}

void
fatalx(const char *subject, const char *fmt, ...)
{
	EMIT(3, 0);
	_exit(EXIT_FAILURE);
}

bool
log_once(struct log_once *once)
{
	once->times++;
	if (once->said)
		return false;
	once->said = true;
	return true;
}

bool
log_once_over(struct log_once *once)
{
	bool was = once->said;
	once->said = false;
	once->times = 0;
	return was;
}

void *
must_alloc(size_t count, size_t size)
{
	void *at = calloc(count ? count : 1, size ? size : 1);
	if (!at)
		fatal("memory", "cannot allocate %zu times %zu bytes", count, size);
	return at;
}
