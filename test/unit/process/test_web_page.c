/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_page.h"

#include <string.h>

#include "process/web_metrics.h"
#include "test.h"

static const char frame[] = "<main>%MAIN%</main>";

static const struct page *
page(const char *path)
{
	for (const struct page *at = pages; at->path; at++)
		if (!strcmp(at->path, path))
			return at;
	return NULL;
}

static json_t *
answered(const char *result)
{
	return json_pack(
		"{s:b, s:o}", "ok", 1, "result", json_loads(result, JSON_DECODE_ANY, NULL));
}

static struct text
rendered(const char *devices, const char *events, const char *status)
{
	json_t *d = answered(devices), *e = answered(events), *s = answered(status);
	struct page_view view = {
		.frame = frame, .path = "/", .answer = {d, e, s}, .now_s = 1000000};
	struct text text = {0};

	page("/")->render(&text, &view);
	json_decref(d);
	json_decref(e);
	json_decref(s);
	return text;
}

TEST(every_special_character_is_escaped)
{
	struct text text = {0};

	text_escape(&text, "a<b>&\"'c");
	EXPECT_STR(text.at, "a&lt;b&gt;&amp;&quot;&#39;c");
	text_fini(&text);
}

TEST(a_hostile_string_in_any_field_stays_text)
{
	struct text text = rendered("[{\"label\":\"<i>1\",\"id\":\"<i>2\",\"state\":\"<i>3\","
				    "\"kind\":{\"word\":\"<i>4\"},"
				    "\"addresses\":[\"<i>5\"],\"port\":\"<i>6\"}]",
		"[{\"text\":\"<i>7\",\"level\":\"\\\"><i>8\",\"device\":{\"name\":\"<i>9\"}}]",
		"{\"database\":{\"trouble\":\"<i>10\"}}");

	EXPECT(strstr(text.at, "&lt;i&gt;1") != NULL);
	EXPECT(strstr(text.at, "&lt;i&gt;9") != NULL);
	EXPECT(strstr(text.at, "<i>") == NULL);
	text_fini(&text);
}

TEST(a_page_of_odd_types_is_still_a_page)
{
	static const char *const odd[] = {"null", "[]", "[1,2,\"x\",null,[]]", "{}",
		"[{\"label\":5,\"addresses\":\"x\",\"kind\":[],\"last\":\"x\"}]"};

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct text text = rendered(odd[i], odd[i], odd[i]);
		EXPECT(!strncmp(text.at, "<main>", 6));
		EXPECT_STR(text.at + text.len - 7, "</main>");
		text_fini(&text);
	}
}

TEST(a_page_without_an_engine_says_that_the_rules_hold)
{
	struct page_view view = {.frame = frame, .path = "/"};
	struct text text = {0};

	page("/")->render(&text, &view);
	EXPECT(strstr(text.at, "The engine does not answer") != NULL);
	text_fini(&text);
}

TEST(a_text_stops_at_its_bound)
{
	static char block[65536];
	struct text text = {0};

	memset(block, 'x', sizeof block);
	for (int i = 0; i < 200; i++)
		text_add_bytes(&text, block, sizeof block);
	EXPECT(text.is_full);
	EXPECT(text.len < TEXT_MAX);
	text_fini(&text);
}

TEST(an_age_is_told_in_one_unit)
{
	char out[40];

	EXPECT_STR(age_render(out, 0, 1000), "never");
	EXPECT_STR(age_render(out, 990, 1000), "less than a minute ago");
	EXPECT_STR(age_render(out, 2000, 1000), "just now");
	EXPECT_STR(age_render(out, 1000, 1000 + 60), "1 minute ago");
	EXPECT_STR(age_render(out, 1000, 1000 + 7300), "2 hours ago");
	EXPECT_STR(age_render(out, 1000, 1000 + 3 * 86400), "3 days ago");
}

TEST(metrics_are_lines_of_a_name_labels_of_ours_and_a_number)
{
	json_t *result = json_loads(
		"{\"version\":\"0.1\\\"\\n0\",\"states\":{\"waiting\":2,\"enforce\":1},\"paused\":"
		"1,"
		"\"held\":true,\"processes\":{\"capture\":true,\"web\":false},\"resolver\":"
		"{\"queries\":12345678901,\"upstream_dead\":false},\"denied_packets\":7}",
		0, NULL);
	struct text text = {0};

	metrics_render(&text, result, 3);
	EXPECT(strstr(text.at, "# TYPE pinfold_devices gauge\n") != NULL);
	EXPECT(strstr(text.at, "\npinfold_devices{state=\"waiting\"} 2\n") != NULL);
	EXPECT(strstr(text.at, "\npinfold_holding 1\n") != NULL);
	EXPECT(strstr(text.at, "\npinfold_process_up{process=\"web\"} 0\n") != NULL);
	EXPECT(strstr(text.at, "\npinfold_dns_queries_total 12345678901\n") != NULL);
	EXPECT(strstr(text.at, "\npinfold_event_streams 3\n") != NULL);
	EXPECT(strstr(text.at, "version=\"0.10\"} 1\n") != NULL);
	/* What the engine did not say is not there, instead of being 0. */
	EXPECT(strstr(text.at, "pinfold_rule_elements") == NULL);
	for (const char *line = text.at; *line; line = strchr(line, '\n') + 1)
		EXPECT(line[0] == '#' || !strncmp(line, "pinfold_", 8));
	json_decref(result);
	text_fini(&text);
}
