/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_FIRMWARE_ZIP_H
#define PINFOLD_FIRMWARE_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A ZIP archive from a stranger (PKWARE APPNOTE 6.3.10, without ZIP64): finds
 * files by the central directory, and inflates them one at a time into memory
 * of a size that the caller chose.
 *
 * Archives in which two readers would see two things are the oldest trick with
 * packages of software, so doubt is told and not resolved: names that are there
 * twice, files that lie over one another, local headers that say something else
 * than the directory.  At most ZIP_DIRECTORY_MAX bytes of directory are read.
 */

/* Reads len bytes at `at`; false when they are not there. */
typedef bool zip_read(void *arg, uint64_t at, void *out, size_t len);

enum { ZIP_DIRECTORY_MAX = 16 * 1024 * 1024 };
#define ZIP_BYTES_MAX (UINT64_C(2) * 1024 * 1024 * 1024)

struct zip_entry {
	uint32_t at; /* its local header */
	uint32_t packed, size, crc;
	uint32_t name; /* place in the directory */
	uint16_t name_len, method, flags;
};

struct zip {
	zip_read *read;
	void *arg;
	uint64_t directory_at;
	uint8_t *directory; /* on the heap */
	size_t n;
	struct zip_entry *entry; /* on the heap; in the order of the directory */
	bool is_overlapping;     /* the bytes of one file are also those of another */
};

/* False with the reason when it is no archive, or one that we do not read.  Keeps arg. */
bool zip_open(struct zip *, zip_read *, void *arg, uint64_t size, struct fault *why);
void zip_close(struct zip *);

/* The first of this name; -1: none.  *count says how many there are; 1 where all is well. */
int zip_find(const struct zip *, const char *name, size_t *count);
/* Its name: bytes of the stranger's, not terminated. */
const uint8_t *zip_name(const struct zip *, size_t entry, size_t *len);

/*
 * The whole file into out, which has room for `room` bytes: never writes more,
 * whatever the archive says of sizes.  False with the reason when it is larger,
 * damaged, encrypted, or not what the directory says.
 */
bool zip_extract(const struct zip *, size_t entry, uint8_t *out, size_t room, size_t *len,
	struct fault *why);

#endif
