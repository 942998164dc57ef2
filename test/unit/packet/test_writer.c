/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/writer.h"

#include "bytes.h"

TEST(what_is_written_is_in_network_order)
{
	static const uint8_t wanted[] = {1, 2, 3, 4, 5, 6, 7, 'x'};
	uint8_t out[8];
	struct writer w = writer_over(out, sizeof out);

	writer_u8(&w, 1);
	writer_u16(&w, 0x0203);
	writer_u32(&w, 0x04050607);
	writer_bytes(&w, "x", 1);
	EXPECT(writer_ok(&w));
	EXPECT_INT(writer_room(&w), 0);
	EXPECT_MEM(out, wanted, sizeof wanted);
	writer_set_u16(&w, 6, 0xffee);
	EXPECT_INT(out[6], 0xff);
	EXPECT_INT(out[7], 0xee);
}

TEST(what_does_not_fit_is_not_half_written_and_nothing_follows)
{
	uint8_t out[4] = {9, 9, 9, 9};
	struct writer w = writer_over(out, 3);

	writer_u16(&w, 0x0101);
	writer_bytes(&w, "ab", 2);
	EXPECT(!writer_ok(&w));
	writer_u8(&w, 7); /* would fit, but comes too late */
	EXPECT_INT(writer_len(&w), 2);
	EXPECT_INT(out[2], 9);
	EXPECT_INT(out[3], 9);
	EXPECT_INT(writer_room(&w), 0);
}
