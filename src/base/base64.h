/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_BASE64_H
#define PINFOLD_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * RFC 4648: section 4 with its padding, as signed notes have it, and section 5
 * without, as RFC 7515 has it.  There is one text for the same bytes, and any
 * other is refused: blanks, a wrong padding, bits that are left over.
 */
enum base64 { BASE64_PADDED, BASE64_URL };

char *base64_text(enum base64, const void *bytes, size_t len); /* gives */

/* At most size bytes; false: no such text, or longer. */
bool base64_parse(
	enum base64, const char *text, size_t text_len, void *out, size_t size, size_t *len);

#endif
