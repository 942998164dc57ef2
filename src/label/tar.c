/* SPDX-License-Identifier: Apache-2.0 */
#include "label/tar.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, TIME = 136, SUM = 148, TYPE = 156 };
enum { MAGIC = 257, MAJOR = 329, MINOR = 337, NAME_MAX_LEN = 99 };

static void
octal(uint8_t *out, int digits, unsigned long long value)
{
	char text[24];

	snprintf(text, sizeof text, "%0*llo", digits, value);
	memcpy(out, text, (size_t)digits); /* the zero behind it is there */
}

void
tar_header(uint8_t out[static TAR_BLOCK], const char *name, uint64_t size)
{
	unsigned sum = 0;

	assert(strlen(name) <= NAME_MAX_LEN && size < (uint64_t)1 << 33);
	memset(out, 0, TAR_BLOCK);
	memcpy(out + NAME, name, strlen(name));
	octal(out + MODE, 7, 0644);
	octal(out + UID, 7, 0);
	octal(out + GID, 7, 0);
	octal(out + SIZE, 11, size);
	octal(out + TIME, 11, 0);
	memset(out + SUM, ' ', 8);
	out[TYPE] = '0';
	memcpy(out + MAGIC,
		"ustar\0"
		"00",
		8);
	octal(out + MAJOR, 7, 0);
	octal(out + MINOR, 7, 0);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += out[i];
	octal(out + SUM, 6, sum);
	out[SUM + 6] = '\0';
}

size_t
tar_padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

bool
tar_parse(const uint8_t header[static TAR_BLOCK], char *name, size_t name_size, uint64_t *size,
	size_t *wrong_at)
{
	uint8_t wanted[TAR_BLOCK];
	size_t len = strnlen((const char *)header, NAME_MAX_LEN + 1);

	*wrong_at = len < name_size ? len : name_size - 1;
	if (!len || len > NAME_MAX_LEN || len >= name_size)
		return false;
	memcpy(name, header, len);
	name[len] = '\0';

	*size = 0;
	for (size_t i = SIZE; i < SIZE + 11; i++) {
		*wrong_at = i;
		if (header[i] < '0' || header[i] > '7')
			return false;
		*size = *size << 3 | (unsigned)(header[i] - '0');
	}
	tar_header(wanted, name, *size);
	for (*wrong_at = 0; *wrong_at < TAR_BLOCK; ++*wrong_at)
		if (header[*wrong_at] != wanted[*wrong_at])
			return false;
	return true;
}
