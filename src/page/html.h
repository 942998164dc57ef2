/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_HTML_H
#define PINFOLD_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A page while it is written.  Every %s is escaped, for content and for quoted
 * attributes alike; there is no way to put outside text in unescaped, since the
 * form itself must be a literal of the program.
 */
struct html {
	char *at; /* NUL-terminated; NULL while empty */
	size_t len, size;
	bool is_full; /* HTML_MAX was reached; the rest is left out */
};
enum { HTML_MAX = 8 * 1024 * 1024 };

void html_fini(struct html *);

/* %s escaped, %d int, %lld long long, %.0f %.1f %.2f double, %%; anything else is a bug. */
void html(struct html *, const char *form, ...) __attribute__((format(printf, 2, 3)));
/* The program's own bytes (style, pictures made here): not escaped. */
void html_raw(struct html *, const char *bytes, size_t len);

#endif
