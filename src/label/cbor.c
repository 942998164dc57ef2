/* SPDX-License-Identifier: Apache-2.0 */
#include "label/cbor.h"

#include <string.h>

#include "base/printable.h"

static void
put(struct cbor *cbor, const void *bytes, size_t len)
{
	if (cbor->is_short || cbor->size - cbor->len < len) {
		cbor->is_short = true;
		return;
	}
	if (len)
		memcpy(cbor->bytes + cbor->len, bytes, len);
	cbor->len += len;
}

void
cbor_head(struct cbor *cbor, enum cbor_kind kind, uint64_t value)
{
	int follows = value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : 4;
	uint8_t head[9];

	if (value > UINT32_MAX)
		follows = 8;
	head[0] = (uint8_t)(kind << 5);
	if (!follows)
		head[0] |= (uint8_t)value;
	else
		head[0] |= (uint8_t)(follows == 1   ? 24
				     : follows == 2 ? 25
				     : follows == 4 ? 26
						    : 27);
	for (int i = 0; i < follows; i++)
		head[1 + i] = (uint8_t)(value >> 8 * (follows - 1 - i));
	put(cbor, head, 1 + (size_t)follows);
}

void
cbor_int(struct cbor *cbor, int64_t value)
{
	cbor_head(cbor, value < 0 ? CBOR_NEGATIVE : CBOR_UINT,
		value < 0 ? (uint64_t)(-1 - value) : (uint64_t)value);
}

void
cbor_bytes(struct cbor *cbor, const void *bytes, size_t len)
{
	cbor_head(cbor, CBOR_BYTES, len);
	put(cbor, bytes, len);
}

void
cbor_text(struct cbor *cbor, const char *text)
{
	cbor_head(cbor, CBOR_TEXT, strlen(text));
	put(cbor, text, strlen(text));
}

bool
cbor_read(struct reader *r, enum cbor_kind *kind, uint64_t *value)
{
	static const uint64_t least[4] = {
		24, UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
	uint8_t head = reader_u8(r), low = head & 31;

	*kind = (enum cbor_kind)(head >> 5);
	*value = low;
	if (low >= 24 && low <= 27) {
		*value = 0;
		for (int i = 0; i < 1 << (low - 24); i++)
			*value = *value << 8 | reader_u8(r);
		if (*value < least[low - 24])
			r->is_short = true; /* there is a shorter form */
	} else if (low > 27) {
		r->is_short = true; /* reserved, or of indefinite length */
	}
	if (*kind == CBOR_OTHER)
		r->is_short = true;
	if (!reader_ok(r))
		*value = 0;
	return reader_ok(r);
}

uint64_t
cbor_read_head(struct reader *r, enum cbor_kind wanted)
{
	enum cbor_kind kind;
	uint64_t value;

	if (cbor_read(r, &kind, &value) && kind == wanted)
		return value;
	r->is_short = true;
	return 0;
}

int64_t
cbor_read_int(struct reader *r)
{
	enum cbor_kind kind;
	uint64_t value;

	if (cbor_read(r, &kind, &value) && kind <= CBOR_NEGATIVE && value <= INT64_MAX)
		return kind == CBOR_UINT ? (int64_t)value : -1 - (int64_t)value;
	r->is_short = true;
	return 0;
}

struct bytes
cbor_read_bytes(struct reader *r, enum cbor_kind wanted)
{
	uint64_t len = cbor_read_head(r, wanted);

	if (len > reader_left(r))
		r->is_short = true;
	if (!reader_ok(r))
		return (struct bytes){NULL, 0};
	return (struct bytes){reader_bytes(r, (size_t)len), (size_t)len};
}

void
cbor_read_text(struct reader *r, char *out, size_t size)
{
	struct bytes text = cbor_read_bytes(r, CBOR_TEXT);

	out[0] = '\0';
	if (text.len >= size || (text.len && memchr(text.at, '\0', text.len)))
		r->is_short = true;
	if (!reader_ok(r) || !text.len)
		return;
	memcpy(out, text.at, text.len);
	out[text.len] = '\0';
	if (!is_printable(out)) {
		r->is_short = true;
		out[0] = '\0';
	}
}
