/* SPDX-License-Identifier: Apache-2.0 */
#include "check/credentials.h"

#include <assert.h>
#include <string.h>

extern const unsigned char embedded_credentials[];
extern const size_t embedded_credentials_len;

static struct credential table[CREDENTIALS_MAX];
static size_t n_table;

static void
copy(char out[static CREDENTIAL_TEXT_MAX], const char *from, size_t len)
{
	assert(len < CREDENTIAL_TEXT_MAX);
	memcpy(out, from, len);
	out[len] = '\0';
}

/* Our own file, made part of the program by the build: what is wrong with it is our bug. */
static void
read_table(void)
{
	const char *at = (const char *)embedded_credentials;
	const char *end = at + embedded_credentials_len;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		const char *tab = memchr(at, '\t', (size_t)(end - at));
		assert(line_end && tab && tab < line_end && n_table < CREDENTIALS_MAX);
		if (*at != '#') {
			copy(table[n_table].user, at, (size_t)(tab - at));
			copy(table[n_table].password, tab + 1, (size_t)(line_end - tab - 1));
			n_table++;
		}
		at = line_end + 1;
	}
}

const struct credential *
credentials(size_t *n)
{
	if (!n_table)
		read_table();
	*n = n_table;
	return table;
}
