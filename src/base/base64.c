/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

#include "base/auto.h"

static const char digits[2][65] = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

char *
base64_text(enum base64 kind, const void *bytes, size_t len)
{
	const uint8_t *in = bytes;
	char *out = must_alloc((len + 2) / 3 * 4 + 1, 1), *to = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)in[i] << 16;
		if (n > 1)
			group |= (uint32_t)in[i + 1] << 8;
		if (n > 2)
			group |= in[i + 2];
		for (size_t k = 0; k <= n; k++)
			*to++ = digits[kind][group >> (18 - 6 * k) & 63];
		for (size_t k = n; k < 3 && kind == BASE64_PADDED; k++)
			*to++ = '=';
	}
	*to = '\0';
	return out;
}

bool
base64_parse(
	enum base64 kind, const char *text, size_t text_len, void *out, size_t size, size_t *len)
{
	uint8_t *to = out;
	uint32_t bits = 0;
	size_t n = 0, have = 0;

	if (kind == BASE64_PADDED) {
		if (text_len % 4)
			return false;
		for (int i = 0; i < 2 && text_len && text[text_len - 1] == '='; i++)
			text_len--;
	}
	if (text_len % 4 == 1)
		return false;
	for (size_t i = 0; i < text_len; i++) {
		const char *digit = text[i] ? strchr(digits[kind], text[i]) : NULL;
		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits[kind]);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n == size)
			return false;
		to[n++] = (uint8_t)(bits >> have);
		bits &= (1U << have) - 1;
	}
	if (bits)
		return false;
	*len = n;
	return true;
}
