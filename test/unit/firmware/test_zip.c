/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/zip.h"

#include "package.h"
#include "test.h"

static struct archive archive;
static struct zip zip;
static struct fault why;
static uint8_t out[1 << 17];

static bool
read_made(void *arg, uint64_t at, void *to, size_t len)
{
	const struct made *from = arg;

	if (at > from->len || len > from->len - at)
		return false;
	memcpy(to, from->bytes + at, len);
	return true;
}

static bool
open_made(void)
{
	return zip_open(&zip, read_made, &archive.out, archive.out.len, &why);
}

/* Of the first file of this name; its bytes are in out. */
static bool
extract(const char *name, size_t room, size_t *len)
{
	size_t count;
	int place = zip_find(&zip, name, &count);

	EXPECT(place >= 0);
	return zip_extract(&zip, (size_t)place, out, room, len, &why);
}

TEST(files_come_out_as_they_went_in)
{
	size_t len, count;

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", "manifest", 8);
	ARCHIVE_ADD(&archive, "res/a.xml", "stored as it is", 15, .is_stored = true);
	ARCHIVE_ADD(&archive, "empty", "", 0);
	archive_end(&archive);
	EXPECT(open_made());
	EXPECT_INT(zip.n, 3);
	EXPECT(!zip.is_overlapping);
	EXPECT(extract("AndroidManifest.xml", sizeof out, &len));
	EXPECT_INT(len, 8);
	EXPECT_MEM(out, "manifest", 8);
	EXPECT(extract("res/a.xml", sizeof out, &len));
	EXPECT_MEM(out, "stored as it is", 15);
	EXPECT(extract("empty", 0, &len));
	EXPECT_INT(len, 0);
	EXPECT_INT(zip_find(&zip, "absent", &count), -1);
	EXPECT_INT(count, 0);
	zip_close(&zip);
}

TEST(a_bomb_is_inflated_no_further_than_it_says_and_no_further_than_there_is_room)
{
	static uint8_t zeroes[1 << 17];
	size_t len;

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "honest", zeroes, sizeof zeroes);
	ARCHIVE_ADD(&archive, "modest", zeroes, sizeof zeroes, .says_size = 100);
	ARCHIVE_ADD(&archive, "boastful", zeroes, 100, .says_size = sizeof zeroes);
	archive_end(&archive);
	EXPECT(open_made());
	EXPECT(!extract("honest", 1000, &len));
	EXPECT(extract("honest", sizeof out, &len));
	memset(out, 0xa5, sizeof out);
	EXPECT(!extract("modest", sizeof out, &len));
	EXPECT_INT(out[100], 0xa5);
	EXPECT(!extract("boastful", sizeof out, &len));
	zip_close(&zip);
}

TEST(a_name_that_is_there_twice_is_counted)
{
	size_t count;

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", "one", 3);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", "two", 3);
	archive_end(&archive);
	EXPECT(open_made());
	EXPECT_INT(zip_find(&zip, "AndroidManifest.xml", &count), 0);
	EXPECT_INT(count, 2);
	zip_close(&zip);
}

TEST(files_that_lie_over_one_another_are_told)
{
	size_t len;

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "first", "some bytes", 10, .is_stored = true);
	ARCHIVE_ADD(&archive, "other", "some bytes", 10, .is_stored = true, .says_at = 20);
	archive_end(&archive);
	EXPECT(open_made());
	EXPECT(zip.is_overlapping);
	EXPECT(!extract("other", sizeof out, &len));
	zip_close(&zip);
}

TEST(a_header_that_says_another_name_than_the_directory_is_refused)
{
	size_t len;

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", "x", 1, .local_name = "AndroidManifest.xmL");
	ARCHIVE_ADD(&archive, "locked", "x", 1, .flags = 1);
	ARCHIVE_ADD(&archive, "odd", "x", 1, .method = 14);
	ARCHIVE_ADD(&archive, "spoilt", "x", 1, .says_crc = 7);
	ARCHIVE_ADD(&archive, "short", "stored", 6, .is_stored = true, .says_size = 5);
	archive_end(&archive);
	EXPECT(open_made());
	EXPECT(!extract("AndroidManifest.xml", sizeof out, &len));
	EXPECT(!extract("locked", sizeof out, &len));
	EXPECT_STR(why.text, "it is encrypted");
	EXPECT(!extract("odd", sizeof out, &len));
	EXPECT(!extract("spoilt", sizeof out, &len));
	EXPECT_STR(why.text, "its checksum is wrong");
	EXPECT(!extract("short", sizeof out, &len));
	zip_close(&zip);
}

TEST(what_is_cut_or_longer_than_it_says_is_no_archive)
{
	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "a", "x", 1);
	archive_end(&archive);
	size_t whole = archive.out.len;
	for (size_t len = 0; len < whole; len++)
		EXPECT(!zip_open(&zip, read_made, &archive.out, len, &why));
	EXPECT(open_made());
	zip_close(&zip);
	put(&archive.out, "tail", 4);
	EXPECT(!open_made());
}

TEST(a_directory_that_points_outside_is_refused)
{
	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "a", "x", 1, .says_at = 0x7fffffff);
	archive_end(&archive);
	EXPECT(!open_made());
	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "a", "x", 1);
	archive_end(&archive);
	size_t end = archive.out.len - 22;
	set32(&archive.out, end + 16, 0);
	EXPECT(!open_made());
}

TEST(any_byte_changed_is_read_without_harm)
{
	size_t count, len;

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", "a manifest, a manifest", 22);
	ARCHIVE_ADD(&archive, "res/b.xml", "b", 1, .is_stored = true);
	archive_end(&archive);
	for (size_t at = 0; at < archive.out.len; at++) {
		for (int bit = 0; bit < 8; bit++) {
			archive.out.bytes[at] ^= (uint8_t)(1 << bit);
			if (open_made()) {
				int place = zip_find(&zip, "AndroidManifest.xml", &count);
				if (place >= 0)
					(void)zip_extract(
						&zip, (size_t)place, out, sizeof out, &len, &why);
				zip_close(&zip);
			}
			archive.out.bytes[at] ^= (uint8_t)(1 << bit);
		}
	}
}
