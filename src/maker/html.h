/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_HTML_H
#define PINFOLD_MAKER_HTML_H

#include "packet/reader.h"

/*
 * A page of the web, taken apart into text, opening and closing tags.  No tree
 * is built and nothing is run: all that is asked of a page is what a person could
 * read in it and where its links lead.  Scripts, styles and comments are skipped.
 * Every byte is looked at a fixed number of times, whatever the page is.
 */
enum html_kind { HTML_TEXT, HTML_OPEN, HTML_CLOSE };

struct html {
	struct reader at;
	char raw[12]; /* inside of this element nothing but its end is a tag */
};

struct html_token {
	enum html_kind kind;
	char name[12];       /* of a tag, lower case; empty where it is longer */
	struct bytes inside; /* text, or the attributes of an opening tag; borrowed */
};

void html_begin(struct html *, struct bytes page);
bool html_next(struct html *, struct html_token *); /* false at the end */

/* The value of an attribute, as plain text; false where it has none of that name. */
bool html_attribute(const struct html_token *, const char *name, char *out, size_t size);

/*
 * Text as a person reads it, in ASCII: character references are resolved, blanks
 * and quotes of all kinds are the plain ones, what is in no way ASCII is '?'.  No
 * control byte, double quote or backslash is left.  Gives its length; cut to size - 1.
 */
size_t html_plain(struct bytes, char *out, size_t size);

#endif
