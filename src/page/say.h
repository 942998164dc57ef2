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
	/* Of a sentence with values: its longest part without one, by which most are told apart at once; or NULL. */
	const char *own;
};
struct language {
	const char *tag; /* "de" */
	/* In the order of their ids: texts of pages, and sentences of the engine. */
	const struct said *said, *heard;
	size_t n_said, n_heard;
};
extern const struct language languages[]; /* made by page/texts.c; ends with a row without tag */

bool language_is_known(const char *tag); /* "en" is */

/*
 * From now on, until it is said again: once for each page, whose sentences have one bound
 * together (say_words()).  What is not known is English.  Gives the tag.
 */
const char *say_in(const char *tag);

const char *say(const char *text) __attribute__((format_arg(1)));
const char *say_many(const char *one, const char *many, unsigned long n)
	__attribute__((format_arg(1), format_arg(2)));

/*
 * A sentence that another process made, in the reader's language.
 *
 * Such sentences are English wherever they are kept, sent and read by programs, with
 * their values in them; old ones of the database are no other than new ones.  Here a
 * sentence is recognised by the forms that stand in the source (tools/texts.sh finds
 * them), its values are taken out, and put into the translated form as they are.  What
 * it says is in its English words alone, so whoever chose one of the values can say
 * nothing in German that he did not say in English.  A form of the source is never one
 * for printf here.
 *
 * What is not recognised comes back as it is; is_said (may be NULL) says so.  All is
 * bounded: the sentence by WORDS_MAX, the search in its steps, and in those of the page,
 * beyond which only what is found easily is still translated.  The answer is the
 * sentence itself, or ours, and then good for the next WORDS_KEPT - 1 calls.
 */
enum { WORDS_MAX = 1024, WORDS_KEPT = 16 };
const char *say_words(const char *sentence, bool *is_said);

#endif
