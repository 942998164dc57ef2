/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/reader.h"

void
reader_copy(struct reader *r, void *out, size_t len)
{
	const uint8_t *at = reader_bytes(r, len);

	if (at)
		memcpy(out, at, len);
	else
		memset(out, 0, len);
}

bool
reader_octets(struct reader *r, struct octets *out)
{
	size_t len = reader_left(r);

	if (!reader_ok(r) || len > sizeof out->byte) {
		out->len = 0;
		return false;
	}
	reader_copy(r, out->byte, len);
	out->len = (uint8_t)len;
	return true;
}

bool
bytes_are(struct bytes bytes, const char *text)
{
	return bytes.len == strlen(text) && (!bytes.len || !memcmp(bytes.at, text, bytes.len));
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool
bytes_are_nocase(struct bytes bytes, const char *text)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (!text[i] || lower(bytes.at[i]) != lower((uint8_t)text[i]))
			return false;
	return !text[bytes.len];
}
