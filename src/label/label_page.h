/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_LABEL_PAGE_H
#define PINFOLD_LABEL_LABEL_PAGE_H

#include <stdio.h>

#include "label/label_status.h"
#include "label/qr.h"

/*
 * A label for people: as a page, as a picture to print, as a list.  Nothing of it
 * is a script or is loaded from elsewhere; all text is escaped.
 *
 * A page that was written an hour ago cannot know what happened since.  So what is
 * good is never shown in the colour of the good, only what is bad in its own, and
 * the time until which it may be believed stands beside it.
 */
void label_page(const struct label *, const struct label_now *, int64_t as_of_s, uint32_t ttl_s,
	const struct qr *, FILE *);

/*
 * The picture.  It is printed and lives on, so it names no status; the signed label
 * (a JWS) is in its metadata, which alone a verifier reads.
 */
void label_svg(const struct label *, const char *jws, const struct qr *, FILE *);
#define LABEL_SVG_BEGIN "<metadata id=\"pinfold-label\">"
#define LABEL_SVG_END   "</metadata>"

/* The rows of a label in words, one after the other; false at the end.  For terminals, too. */
bool label_row(const struct label *, size_t at, const char **name, char *value, size_t size);

#endif
