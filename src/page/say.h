/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_SAY_H
#define PINFOLD_PAGE_SAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Texts in the reader's language.  English is what stands in the source; translations
 * (po/LANGUAGE.po) are a part of the program.  What is not translated stays English.
 *
 * Plural forms: one, and any other number, which is what the languages that we have need.
 */
struct said {
	const char *id, *one, *many;
};
struct language {
	const char *tag; /* "de" */
	const struct said *said;
	size_t n_said; /* in the order of their ids */
};
extern const struct language languages[]; /* made by page/texts.c; ends with a row without tag */

bool language_is_known(const char *tag); /* "en" is */

/* From now on, until it is said again; what is not known is English.  Gives the tag. */
const char *say_in(const char *tag);

const char *say(const char *text) __attribute__((format_arg(1)));
const char *say_many(const char *one, const char *many, unsigned long n)
	__attribute__((format_arg(1), format_arg(2)));

#endif
