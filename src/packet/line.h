/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_LINE_H
#define PINFOLD_PACKET_LINE_H

#include "packet/reader.h"

/* Lines and header fields of HTTP (RFC 9112) and what borrowed its looks (SSDP). */

enum { HEADER_LINES_MAX = 100 };

/*
 * The next line, borrowed, without its CR LF or LF; moves behind it.  False at
 * the end of the bytes: what stands there without a line end is not a line.
 */
bool line_next(struct reader *, struct bytes *line);

/* "Name: value", borrowed, blanks around the value removed; false for anything else. */
bool line_header(struct bytes line, struct bytes *name, struct bytes *value);

/* The next word up to a space, moving behind the space; false when there is none. */
bool line_word(struct bytes *line, struct bytes *word);

#endif
