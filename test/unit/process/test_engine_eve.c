/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_eve.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static struct eve_flow
flow(uint8_t proto, const char *source, uint16_t source_port, const char *target,
	uint16_t target_port)
{
	struct eve_flow out = {
		.proto = proto, .source_port = source_port, .target_port = target_port};

	EXPECT(ip_parse(&out.source, source) && ip_parse(&out.target, target));
	return out;
}

static const char *
id(struct eve_flow of, uint16_t seed)
{
	static char out[COMMUNITY_ID_MAX];
	return community_id(out, &of, seed) ? out : "none";
}

/* The values that other programs have for these flows. */
TEST(a_flow_has_the_id_that_others_give_it)
{
	EXPECT_STR(id(flow(17, "192.168.1.42", 4242, "8.8.8.8", 53), 0),
		"1:vTdrngJjlP5eZ9mw9JtnKyn99KM=");
	EXPECT_STR(id(flow(6, "128.232.110.120", 34855, "66.35.250.204", 80), 0),
		"1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	EXPECT_STR(id(flow(6, "128.232.110.120", 34855, "66.35.250.204", 80), 1),
		"1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
}

TEST(both_directions_are_one_flow)
{
	char out[COMMUNITY_ID_MAX];

	snprintf(out, sizeof out, "%s", id(flow(6, "10.0.0.1", 40000, "10.0.0.2", 443), 0));
	EXPECT_STR(id(flow(6, "10.0.0.2", 443, "10.0.0.1", 40000), 0), out);
	EXPECT(strcmp(id(flow(17, "10.0.0.2", 443, "10.0.0.1", 40000), 0), out) != 0);
	snprintf(out, sizeof out, "%s", id(flow(6, "fd00::1", 1, "fd00::2", 2), 0));
	EXPECT_STR(id(flow(6, "fd00::2", 2, "fd00::1", 1), 0), out);
	/* A question and its answer. */
	snprintf(out, sizeof out, "%s", id(flow(1, "10.0.0.1", 8, "10.0.0.2", 0), 0));
	EXPECT_STR(id(flow(1, "10.0.0.2", 0, "10.0.0.1", 0), 0), out);
	struct eve_flow a = flow(6, "10.0.0.1", 1, "10.0.0.2", 2),
			b = flow(6, "10.0.0.2", 2, "10.0.0.1", 1);
	EXPECT(community_number(&a, 0) == community_number(&b, 0));
	EXPECT(community_number(&a, 0) > 0 && community_number(&a, 0) < (INT64_C(1) << 53));
}

TEST(ends_of_two_versions_have_no_id)
{
	EXPECT_STR(id(flow(6, "10.0.0.1", 1, "fd00::1", 2), 0), "none");
}

TEST(a_line_of_syslog_says_severity_time_and_kind)
{
	char line[300], time[40];

	eve_time(time, 1795309154);
	EXPECT_STR(time, "2026-11-22T00:59:14.000000+0000");
	EXPECT(syslog_render(line, sizeof line, 1795309154, "alarm", "drop", "{}"));
	EXPECT(!strncmp(line, "<129>1 2026-11-22T00:59:14Z ", 28));
	EXPECT(strstr(line, " pinfold ") && strstr(line, " drop - {}"));
	EXPECT(!syslog_render(line, 20, 1795309154, "info", "drop", "{}"));
}
