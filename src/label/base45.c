/* SPDX-License-Identifier: Apache-2.0 */
#include "label/base45.h"

#include <stdint.h>
#include <string.h>

#include "base/auto.h"

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

char *
base45_text(const void *bytes, size_t len)
{
	const uint8_t *in = bytes;
	char *out = must_alloc(len / 2 * 3 + 3, 1), *to = out;

	for (size_t i = 0; i < len; i += 2) {
		bool is_pair = i + 1 < len;
		unsigned value = is_pair ? in[i] * 256U + in[i + 1] : in[i];
		*to++ = digits[value % 45];
		*to++ = digits[value / 45 % 45];
		if (is_pair)
			*to++ = digits[value / (45 * 45)];
	}
	*to = '\0';
	return out;
}

bool
base45_parse(const char *text, size_t text_len, void *out, size_t size, size_t *len)
{
	uint8_t *to = out;
	size_t n = 0;

	if (text_len % 3 == 1)
		return false;
	for (size_t i = 0; i < text_len; i += 3) {
		size_t letters = text_len - i < 3 ? 2 : 3, bytes = letters - 1;
		uint32_t value = 0;
		for (size_t k = letters; k-- > 0;) {
			const char *digit = text[i + k] ? strchr(digits, text[i + k]) : NULL;
			if (!digit)
				return false;
			value = value * 45 + (uint32_t)(digit - digits);
		}
		if (value >= 1U << 8 * bytes || size - n < bytes)
			return false;
		if (bytes == 2)
			to[n++] = (uint8_t)(value >> 8);
		to[n++] = (uint8_t)value;
	}
	*len = n;
	return true;
}
