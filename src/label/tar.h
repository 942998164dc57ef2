/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_TAR_H
#define PINFOLD_LABEL_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one form of ustar (POSIX.1-1988) that packs are in: regular files, owner 0,
 * time 0, mode 0644.  A header is decided by name and size, so that reading is
 * comparing.
 */
enum { TAR_BLOCK = 512, TAR_END = 2 * TAR_BLOCK };

void tar_header(uint8_t out[static TAR_BLOCK], const char *name, uint64_t size);
/* How many zeroes follow so many bytes. */
size_t tar_padding(uint64_t size);
/*
 * Name (at most name_size - 1 characters) and size from a header.  False with the
 * place of the first byte that is not as tar_header() writes it.
 */
bool tar_parse(const uint8_t header[static TAR_BLOCK], char *name, size_t name_size, uint64_t *size,
	size_t *wrong_at);

#endif
