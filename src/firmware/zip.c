/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/zip.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/auto.h"
#include "packet/reader.h"

/* Sections of APPNOTE 6.3.10: 4.3.7 local header, 4.3.12 directory, 4.3.16 its end. */
enum {
	LOCAL_SIGNATURE = 0x04034b50,
	ENTRY_SIGNATURE = 0x02014b50,
	END_SIGNATURE = 0x06054b50,
	LOCAL_LEN = 30,
	ENTRY_LEN = 46,
	END_LEN = 22,
	COMMENT_MAX = 65535,
	FLAG_ENCRYPTED = 1,
	METHOD_STORED = 0,
	METHOD_DEFLATED = 8,
	PIECE = 16384,
};

static bool
refuse(struct fault *why, const char *text)
{
	fault_set(why, ERR_INVALID, "%s", text);
	return false;
}

/* --- the end of the directory -------------------------------------------------------------------- */

struct directory_end {
	uint64_t at; /* of this record */
	uint32_t directory_at, directory_len;
	uint16_t n;
};

static bool
parse_end(struct directory_end *end, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_over(bytes, len);

	if (reader_le32(&r) != END_SIGNATURE)
		return false;
	uint16_t disk = reader_le16(&r), first_disk = reader_le16(&r), here = reader_le16(&r);
	end->n = reader_le16(&r);
	end->directory_len = reader_le32(&r);
	end->directory_at = reader_le32(&r);
	uint16_t comment = reader_le16(&r);
	/* A comment that ends elsewhere is how one archive hides in another. */
	return reader_ok(&r) && !disk && !first_disk && here == end->n &&
	       reader_left(&r) == comment;
}

static bool
find_end(struct zip *zip, uint64_t size, struct directory_end *end, struct fault *why)
{
	size_t len = size < END_LEN + COMMENT_MAX ? (size_t)size : END_LEN + COMMENT_MAX;
	auto_free uint8_t *tail = must_alloc(1, len ? len : 1);

	if (size < END_LEN || size > ZIP_BYTES_MAX)
		return refuse(why, "it is too short, or too long, for an archive that we read");
	if (!zip->read(zip->arg, size - len, tail, len))
		return refuse(why, "it cannot be read");
	for (size_t at = len - END_LEN + 1; at-- > 0;) {
		if (!parse_end(end, tail + at, len - at))
			continue;
		end->at = size - len + at;
		return true;
	}
	return refuse(why, "it is no ZIP archive, or it is cut");
}

/* --- the directory ---------------------------------------------------------------------------------- */

static bool
take_entry(struct zip *zip, struct reader *r, const uint8_t *start)
{
	struct zip_entry *entry = &zip->entry[zip->n];

	if (reader_le32(r) != ENTRY_SIGNATURE)
		return false;
	reader_skip(r, 4); /* versions */
	entry->flags = reader_le16(r);
	entry->method = reader_le16(r);
	reader_skip(r, 4); /* time */
	entry->crc = reader_le32(r);
	entry->packed = reader_le32(r);
	entry->size = reader_le32(r);
	entry->name_len = reader_le16(r);
	uint16_t extra = reader_le16(r), comment = reader_le16(r);
	reader_skip(r, 8); /* disk, attributes */
	entry->at = reader_le32(r);
	entry->name = (uint32_t)(r->at - start);
	reader_skip(r, (size_t)entry->name_len + extra + comment);
	if (!reader_ok(r) || entry->at >= zip->directory_at ||
		zip->directory_at - entry->at <
			(uint64_t)LOCAL_LEN + entry->name_len + entry->packed)
		return false;
	zip->n++;
	return true;
}

static int
by_place(const void *a, const void *b)
{
	const struct zip_entry *one = *(const struct zip_entry *const *)a,
			       *other = *(const struct zip_entry *const *)b;

	return one->at < other->at ? -1 : one->at > other->at;
}

static bool
has_overlap(const struct zip *zip)
{
	auto_free const struct zip_entry **sorted = must_alloc(zip->n + 1, sizeof *sorted);

	for (size_t i = 0; i < zip->n; i++)
		sorted[i] = &zip->entry[i];
	qsort(sorted, zip->n, sizeof *sorted, by_place);
	for (size_t i = 1; i < zip->n; i++) {
		const struct zip_entry *before = sorted[i - 1];
		if ((uint64_t)before->at + LOCAL_LEN + before->name_len + before->packed >
			sorted[i]->at)
			return true;
	}
	return false;
}

bool
zip_open(struct zip *zip, zip_read *read, void *arg, uint64_t size, struct fault *why)
{
	struct directory_end end = {0};

	*zip = (struct zip){.read = read, .arg = arg};
	if (!find_end(zip, size, &end, why))
		return false;
	/* Nothing stands before the archive, nothing between directory and end. */
	if ((uint64_t)end.directory_at + end.directory_len != end.at)
		return refuse(why, "its directory is not where its end says (or it is ZIP64)");
	if (end.directory_len > ZIP_DIRECTORY_MAX ||
		end.directory_len < (uint32_t)end.n * ENTRY_LEN)
		return refuse(why, "its directory has a size that none has");
	zip->directory_at = end.directory_at;
	zip->directory = must_alloc(1, end.directory_len + 1);
	zip->entry = must_alloc((size_t)end.n + 1, sizeof *zip->entry);
	if (!read(arg, end.directory_at, zip->directory, end.directory_len)) {
		zip_close(zip);
		return refuse(why, "its directory cannot be read");
	}
	struct reader r = reader_over(zip->directory, end.directory_len);
	while (zip->n < end.n)
		if (!take_entry(zip, &r, zip->directory)) {
			zip_close(zip);
			return refuse(why, "its directory is damaged, or points outside of it");
		}
	if (reader_left(&r)) {
		zip_close(zip);
		return refuse(why, "its directory has more in it than it counts");
	}
	zip->is_overlapping = has_overlap(zip);
	return true;
}

void
zip_close(struct zip *zip)
{
	free(zip->directory);
	free(zip->entry);
	zip->directory = NULL;
	zip->entry = NULL;
	zip->n = 0;
}

const uint8_t *
zip_name(const struct zip *zip, size_t entry, size_t *len)
{
	*len = zip->entry[entry].name_len;
	return zip->directory + zip->entry[entry].name;
}

int
zip_find(const struct zip *zip, const char *name, size_t *count)
{
	size_t wanted = strlen(name), len;
	int found = -1;

	*count = 0;
	for (size_t i = 0; i < zip->n; i++) {
		const uint8_t *bytes = zip_name(zip, i, &len);
		if (len != wanted || memcmp(bytes, name, len) != 0)
			continue;
		if (found < 0)
			found = (int)i;
		++*count;
	}
	return found;
}

/* --- one file --------------------------------------------------------------------------------------- */

/* Where its bytes begin; false when its own header says something else than the directory. */
static bool
find_bytes(const struct zip *zip, const struct zip_entry *entry, uint64_t *at)
{
	uint8_t header[LOCAL_LEN];
	auto_free uint8_t *name = must_alloc(1, (size_t)entry->name_len + 1);

	if (!zip->read(zip->arg, entry->at, header, sizeof header) ||
		!zip->read(zip->arg, (uint64_t)entry->at + LOCAL_LEN, name, entry->name_len))
		return false;
	struct reader r = reader_over(header, sizeof header);
	uint32_t signature = reader_le32(&r);
	reader_skip(&r, 2);
	uint16_t flags = reader_le16(&r), method = reader_le16(&r);
	reader_skip(&r, 16);
	uint16_t name_len = reader_le16(&r), extra = reader_le16(&r);
	*at = (uint64_t)entry->at + LOCAL_LEN + name_len + extra;
	return signature == LOCAL_SIGNATURE && !((flags ^ entry->flags) & FLAG_ENCRYPTED) &&
	       method == entry->method && name_len == entry->name_len &&
	       !memcmp(name, zip->directory + entry->name, name_len) && *at <= zip->directory_at &&
	       zip->directory_at - *at >= entry->packed;
}

/* Writes exactly `size` bytes, or fails: what would be more is not inflated. */
static bool
inflate_all(const struct zip *zip, const struct zip_entry *entry, uint64_t at, uint8_t *out)
{
	z_stream stream = {.next_out = out, .avail_out = entry->size};
	uint8_t piece[PIECE], beyond;
	uint32_t left = entry->packed;
	int result = Z_OK;

	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return false;
	while (result == Z_OK) {
		if (!stream.avail_in && left) {
			size_t len = left < sizeof piece ? left : sizeof piece;
			if (!zip->read(zip->arg, at, piece, len))
				break;
			at += len;
			left -= (uint32_t)len;
			stream.next_in = piece;
			stream.avail_in = (uInt)len;
		}
		/* Room for one more tells "full" from "more than it said". */
		if (!stream.avail_out && stream.total_out == entry->size) {
			stream.next_out = &beyond;
			stream.avail_out = 1;
		}
		result = inflate(&stream, Z_NO_FLUSH);
		if (stream.total_out > entry->size)
			break;
	}
	bool is_whole = result == Z_STREAM_END && stream.total_out == entry->size &&
			!stream.avail_in && !left;
	inflateEnd(&stream);
	return is_whole;
}

bool
zip_extract(const struct zip *zip, size_t place, uint8_t *out, size_t room, size_t *len,
	struct fault *why)
{
	const struct zip_entry *entry = &zip->entry[place];
	uint64_t at;
	bool is_read;

	if (entry->size > room)
		return refuse(why, "it is larger than what is read of such a file");
	if (entry->flags & FLAG_ENCRYPTED)
		return refuse(why, "it is encrypted");
	if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
		return refuse(why, "it is packed in a way that is not read");
	if (!find_bytes(zip, entry, &at))
		return refuse(why, "its own header says something else than the directory");
	if (entry->method == METHOD_STORED)
		is_read = entry->packed == entry->size && zip->read(zip->arg, at, out, entry->size);
	else
		is_read = inflate_all(zip, entry, at, out);
	if (!is_read)
		return refuse(why, "it is damaged, or not as long as it says");
	if (crc32(crc32(0, NULL, 0), out, entry->size) != entry->crc)
		return refuse(why, "its checksum is wrong");
	*len = entry->size;
	return true;
}
