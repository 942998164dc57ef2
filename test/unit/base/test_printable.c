/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

#include <string.h>

#include "test.h"

TEST(plain_text_stays_as_it_is)
{
	char out[32];
	EXPECT(printable(out, sizeof out, "camera-7 <b>", 12));
	EXPECT_STR(out, "camera-7 <b>");
}

TEST(what_a_terminal_or_a_quote_would_obey_is_spelled_out)
{
	char out[64];
	EXPECT(printable(out, sizeof out, "\x1b[2J\n\"\\\xff\0", 9));
	EXPECT_STR(out, "\\x1b[2J\\x0a\\x22\\x5c\\xff\\x00");
}

TEST(a_cut_never_splits_an_escape)
{
	char out[6];
	EXPECT(!printable(out, sizeof out, "a\n\n", 3));
	EXPECT_STR(out, "a\\x0a");
	EXPECT(!printable(out, 5, "ab\n", 3));
	EXPECT_STR(out, "ab");
}
