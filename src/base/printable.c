/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

#include <assert.h>

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

bool
printable(char *out, size_t size, const void *bytes, size_t len)
{
	static const char hex[16] = "0123456789abcdef";
	const unsigned char *in = bytes;
	size_t n = 0;

	assert(size > 0);
	for (size_t i = 0; i < len; i++) {
		size_t need = is_plain(in[i]) ? 1 : 4;
		if (n + need >= size) {
			out[n] = '\0';
			return false;
		}
		if (need == 1) {
			out[n++] = (char)in[i];
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[in[i] >> 4];
		out[n++] = hex[in[i] & 15];
	}
	out[n] = '\0';
	return true;
}

bool
is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f || *text == '"')
			return false;
	return true;
}
