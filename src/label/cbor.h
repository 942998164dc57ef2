/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_CBOR_H
#define PINFOLD_LABEL_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/reader.h"

/*
 * As much CBOR (RFC 8949) as a label in a QR code needs: integers, byte and text
 * strings, arrays, maps and tags of definite length, in the one deterministic form
 * of section 4.2.1.  A general library allocates what a stranger's lengths say and
 * takes several forms of the same value; here any other form is refused, so that
 * two labels are the same if and only if their bytes are.
 */
enum cbor_kind {
	CBOR_UINT,
	CBOR_NEGATIVE, /* -1 - value */
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP, /* value: pairs */
	CBOR_TAG,
	CBOR_OTHER,
};

/* Writes into what is given; what does not fit makes it short and is not written. */
struct cbor {
	uint8_t *bytes;
	size_t len, size;
	bool is_short;
};
void cbor_head(struct cbor *, enum cbor_kind, uint64_t value);
void cbor_int(struct cbor *, int64_t);
void cbor_bytes(struct cbor *, const void *bytes, size_t len);
void cbor_text(struct cbor *, const char *text);

/* The next item's kind and value; false, and the reader is short: there is none, or in another form. */
bool cbor_read(struct reader *, enum cbor_kind *, uint64_t *value);
/* The same, wanted; else the reader is short, and 0. */
uint64_t cbor_read_head(struct reader *, enum cbor_kind wanted);
int64_t cbor_read_int(struct reader *);
struct bytes cbor_read_bytes(struct reader *, enum cbor_kind wanted);
/* Printable text that fits with its NUL. */
void cbor_read_text(struct reader *, char *out, size_t size);

#endif
