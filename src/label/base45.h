/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_BASE45_H
#define PINFOLD_LABEL_BASE45_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Base45 (RFC 9285): three letters for two bytes, of those that a QR code packs
 * tightest (its alphanumeric mode).
 */
char *base45_text(const void *bytes, size_t len); /* gives */

/* At most size bytes; false: no such text, or longer. */
bool base45_parse(const char *text, size_t text_len, void *out, size_t size, size_t *len);

#endif
