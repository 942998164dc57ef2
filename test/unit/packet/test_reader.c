/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/reader.h"

#include "bytes.h"

static const uint8_t eight[] = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(numbers_are_read_in_network_order_and_in_the_other)
{
	struct reader r = OVER(eight);

	EXPECT_INT(reader_u8(&r), 0x01);
	EXPECT_INT(reader_u16(&r), 0x0203);
	EXPECT_INT(reader_u32(&r), 0x04050607);
	EXPECT_INT(reader_left(&r), 1);
	r = OVER(eight);
	EXPECT_INT(reader_u24(&r), 0x010203);
	EXPECT_INT(reader_le32(&r), 0x07060504);
	r = OVER(eight);
	EXPECT_INT(reader_le16(&r), 0x0201);
	r = OVER(eight);
	EXPECT(reader_u64(&r) == UINT64_C(0x0102030405060708));
	EXPECT(reader_ok(&r));
}

TEST(reading_to_the_last_byte_is_fine_and_one_more_is_short)
{
	struct reader r = OVER(eight);

	EXPECT(reader_bytes(&r, 8) == eight);
	EXPECT(reader_ok(&r));
	EXPECT_INT(reader_left(&r), 0);
	EXPECT_INT(reader_u8(&r), 0);
	EXPECT(!reader_ok(&r));
}

TEST(after_a_short_read_every_read_is_zero_and_moves_nothing)
{
	struct reader r = OVER(eight);
	uint8_t out[4] = {9, 9, 9, 9};

	reader_skip(&r, 6);
	EXPECT_INT(reader_u32(&r), 0); /* four of two bytes */
	EXPECT_INT(reader_left(&r), 2);
	EXPECT_INT(reader_u8(&r), 0); /* there is one, but it is too late */
	EXPECT_INT(reader_left(&r), 2);
	EXPECT(!reader_bytes(&r, 0));
	EXPECT_INT(reader_peek(&r), -1);
	reader_copy(&r, out, sizeof out);
	EXPECT_INT(out[0] | out[1] | out[2] | out[3], 0);
	EXPECT_INT(reader_rest(&r).len, 0);
}

TEST(a_length_of_the_whole_address_space_is_only_short)
{
	struct reader r = OVER(eight);
	EXPECT(!reader_bytes(&r, SIZE_MAX));
	EXPECT(!reader_ok(&r));
}

TEST(a_slice_ends_where_it_should_and_its_reader_goes_on_behind_it)
{
	struct reader r = OVER(eight);
	struct reader slice = reader_slice(&r, 3);

	EXPECT_INT(reader_left(&slice), 3);
	EXPECT_INT(reader_u32(&slice), 0);
	EXPECT(!reader_ok(&slice));
	EXPECT(reader_ok(&r));
	EXPECT_INT(reader_u8(&r), 4);
}

TEST(a_slice_longer_than_the_rest_is_short_and_so_is_its_parent)
{
	struct reader r = OVER(eight);
	struct reader slice = reader_slice(&r, 9);

	EXPECT(!reader_ok(&slice));
	EXPECT(!reader_ok(&r));
	EXPECT_INT(reader_left(&slice), 0);
}

static void
read_all(struct reader r)
{
	reader_skip(&r, 8);
	EXPECT_INT(reader_left(&r), 0);
}

TEST(a_callee_cannot_move_the_cursor_of_its_caller)
{
	struct reader r = OVER(eight);
	read_all(r);
	EXPECT_INT(reader_left(&r), 8);
}

TEST(nothing_at_all_can_be_read_from)
{
	struct reader r = reader_over(NULL, 0);

	EXPECT_INT(reader_left(&r), 0);
	EXPECT_INT(reader_peek(&r), -1);
	EXPECT(reader_ok(&r));
	EXPECT_INT(reader_u16(&r), 0);
	EXPECT(!reader_ok(&r));
}

TEST(more_than_255_bytes_are_not_half_kept)
{
	static const uint8_t many[256];
	struct octets octets = {.len = 7};
	struct reader r = OVER(many);

	EXPECT(!reader_octets(&r, &octets));
	EXPECT_INT(octets.len, 0);
	r = reader_over(many, 255);
	EXPECT(reader_octets(&r, &octets));
	EXPECT_INT(octets.len, 255);
}

TEST(words_compare_whole)
{
	struct bytes host = {.at = (const uint8_t *)"Host", .len = 4};
	struct bytes nul = {.at = (const uint8_t *)"Ho\0st", .len = 5};

	EXPECT(bytes_are(host, "Host"));
	EXPECT(!bytes_are(host, "host"));
	EXPECT(bytes_are_nocase(host, "hOST"));
	EXPECT(!bytes_are_nocase(host, "hos"));
	EXPECT(!bytes_are_nocase(host, "hosts"));
	EXPECT(!bytes_are_nocase(nul, "Ho"));
	EXPECT(bytes_are((struct bytes){0}, ""));
}
