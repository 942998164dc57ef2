/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/purpose.h"

#include "test.h"

static enum purpose
of(const char *name, uint16_t port)
{
	struct purpose_asked asked = {.name = name, .maker = "bulb.example", .port = port};
	const char *why;

	enum purpose purpose = purpose_of(&asked, &why);
	EXPECT((purpose == PURPOSE_UNKNOWN) == !why[0]);
	return purpose;
}

TEST(each_guess_says_what_it_rests_on_and_unknown_is_an_answer)
{
	EXPECT_INT(of("cloud.bulb.example", 443), PURPOSE_CONTROL);
	EXPECT_INT(of("bulb.example", 443), PURPOSE_CONTROL);
	EXPECT_INT(of("notbulb.example", 443), PURPOSE_UNKNOWN);
	EXPECT_INT(of("firmware.bulb.example", 443), PURPOSE_UPDATE);
	EXPECT_INT(of("a.doubleclick.net", 443), PURPOSE_TRACKING);
	EXPECT_INT(of("pool.ntp.org", 123), PURPOSE_TIME);
	EXPECT_INT(of("x.example", 8883), PURPOSE_CONTROL);
	EXPECT_INT(of("", 443), PURPOSE_UNKNOWN);
}

TEST(a_neighbour_is_of_this_house_whatever_its_name)
{
	struct purpose_asked asked = {.name = "a.doubleclick.net", .maker = "", .peer = 7};
	const char *why;

	EXPECT_INT(purpose_of(&asked, &why), PURPOSE_HOUSE);
}

TEST(a_site_is_the_end_of_a_name)
{
	EXPECT_STR(purpose_site("a.b.bulb.example"), "bulb.example");
	EXPECT_STR(purpose_site("bulb.example"), "bulb.example");
	EXPECT_STR(purpose_site("www.shop.co.uk"), "shop.co.uk");
	EXPECT_STR(purpose_site("co.uk"), "co.uk");
	EXPECT_STR(purpose_site("localhost"), "localhost");
	EXPECT_STR(purpose_site(""), "");
}
