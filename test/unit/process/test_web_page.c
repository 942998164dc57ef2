/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_page.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "page/say.h"
#include "process/web_route.h"
#include "test.h"

static const struct page *
page_of(const char *path)
{
	for (const struct page *at = pages; at->path; at++)
		if (!strcmp(at->path, path))
			return at;
	return NULL;
}

static struct html
rendered(const struct page *page, const json_t *result, const char *scope)
{
	json_t *whole = json_pack("{s:b, s:O}", "ok", 1, "result", result);
	json_t *who = json_pack("{s:{s:s, s:s}, s:s, s:s}", "account", "name", "<i>anna", "role",
		"owner", "scope", scope, "proof", "00ff");
	json_t *args = json_pack("{s:s, s:s, s:s, s:s}", "device", "<i>\"'", "state", "<i>", "said",
		"7", "destination", "<i>");
	struct page_view view = {
		.page = page, .path = "/devices/x", .args = args, .who = who, .now_s = 1000000};
	struct html out = {0};

	for (int i = 0; i < PAGE_ASKS_MAX; i++)
		view.answer[i] = whole;
	page_render(&out, &view);
	json_decref(args);
	json_decref(who);
	json_decref(whole);
	return out;
}

/* One row that has every key a page reads, each with what would end an attribute and begin an element. */
static json_t *
hostile_row(void)
{
	static const char *const texts[] = {"id", "label", "name", "state", "class", "port", "text",
		"level", "kind", "command", "url", "claimed", "claimed_mud_url", "remote", "proto",
		"way", "origin", "note", "rule", "who", "verb", "service", "cause", "version",
		"mode", "provision", "verdict", "check", "why", "profile", "pace", "consent",
		"answer", "fix", "sentence", "limit", "destination", "role", "scope", "from",
		"address", "token", "maker", "model", "band", "of", "reason", "status", "word",
		"issuer", "match", "narrows", "key", "step", "works", "seen", "hardware",
		"firmware", "support_end", "responsible", "last_update", "tested", "how", "found",
		"what", "claimed_model", "for_owner", "for_maker", "title", "reported",
		"acknowledged", "fixed", "installed", "disclose"};
	static const char *const numbers[] = {"since", "first", "last", "time", "count", "run",
		"journal", "begun", "ended", "flows", "bytes", "used", "until", "number", "minutes",
		"place", "entry", "at", "revision", "issued", "life_years", "unprotected_months",
		"open", "critical", "withheld", "FAIL", "INC", "days_shielded"};
	json_t *row = json_object();

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		json_object_set_new(row, texts[i], json_string("\"'><i>&x"));
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		json_object_set_new(row, numbers[i], json_integer(999990));
	return row;
}

static json_t *
hostile(void)
{
	static const char *const lists[] = {"addresses", "containment", "rules", "open", "seen",
		"identifiers", "offers", "would_break", "reasons", "findings", "provisions",
		"needs", "clock", "issuers", "devices", "shield", "requirements", "checks"};
	static const char *const parts[] = {"device", "asker", "answerer", "mud", "mud_next",
		"progress", "result", "verdicts", "uplink", "database", "resolver", "enforcer",
		"label", "issued", "status", "own", "attached", "product", "updates", "firmware",
		"test", "en303645-v3", "mandatory", "recommended", "works", "without_internet"};
	json_t *whole = hostile_row(), *inner = hostile_row();

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		json_object_set_new(inner, lists[i], json_pack("[o]", hostile_row()));
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		json_object_set(whole, parts[i], inner);
	json_object_update_missing(whole, inner);
	json_decref(inner);
	return whole;
}

TEST(every_special_character_is_escaped)
{
	struct html out = {0};

	html(&out, "%d %s %lld %.1f%%", 7, "a<b>&\"'c", 8LL, 0.25);
	EXPECT_STR(out.at, "7 a&lt;b&gt;&amp;&quot;&#39;c 8 0.2%");
	html_fini(&out);
}

TEST(a_hostile_string_in_any_field_of_any_page_stays_text)
{
	json_t *object = hostile(), *list = json_pack("[O]", object);

	for (const struct page *page = pages; page->path; page++) {
		if (page->type)
			continue;
		for (int i = 0; i < 2; i++) {
			struct html out = rendered(page, i ? list : object, "admin");
			EXPECT(strstr(out.at, "<i>") == NULL);
			EXPECT(strstr(out.at, "\"'>") == NULL);
			html_fini(&out);
		}
	}
	json_decref(list);
	json_decref(object);
}

TEST(pages_of_odd_types_are_still_pages)
{
	static const char *const odd[] = {"null", "[]", "[1,2,\"x\",null,[]]", "{}", "5",
		"[{\"label\":5,\"addresses\":\"x\",\"kind\":[],\"last\":\"x\",\"device\":7}]"};
	static const char end[] = "</html>\n";

	for (const struct page *page = pages; page->path; page++) {
		for (size_t i = 0; i < COUNT_OF(odd); i++) {
			json_t *result = json_loads(odd[i], JSON_DECODE_ANY, NULL);
			struct html out = rendered(page, result, "admin");
			if (page->type) {
				/* A file of nothing is none; what there is of it, is whole. */
				EXPECT(out.len < 4096);
				html_fini(&out);
				json_decref(result);
				continue;
			}
			EXPECT(!strncmp(out.at, "<!doctype html>", 15));
			EXPECT_STR(out.at + out.len - strlen(end), end);
			html_fini(&out);
			json_decref(result);
		}
	}
}

/* What the browser would send: the path of each form is one that the API has. */
TEST(every_form_leads_somewhere)
{
	static const char form[] = "action=\"/do", method[] = "name=\"method\" value=\"DELETE\"";
	json_t *object = hostile(), *list = json_pack("[O]", object);
	int n = 0;

	for (const struct page *page = pages; page->path; page++) {
		if (page->type)
			continue;
		struct html out = rendered(page,
			!strcmp(page->path, "/doors") || strstr(page->path, "list") ||
					strstr(page->path, "/{") == NULL
				? list
				: object,
			"admin");
		for (char *at = out.at; (at = strstr(at, form));) {
			char path[200];
			bool other;
			at += strlen(form);
			char *end = strstr(at, "</form>");
			snprintf(path, sizeof path, "%.*s", (int)strcspn(at, "\""), at);
			char *deletes = strstr(at, method);
			json_t *args = json_object();
			EXPECT(end && route_find(deletes && deletes < end ? "DELETE" : "POST", path,
					      args, &other));
			json_decref(args);
			n++;
		}
		html_fini(&out);
	}
	EXPECT(n > 30);
	json_decref(list);
	json_decref(object);
}

/* A link that somebody sent, whose reader then presses Undo. */
TEST(an_address_of_a_page_makes_no_form_that_leads_elsewhere)
{
	static const char *const links[] = {
		"7/../../devices/cam/trust#", "../devices/cam/trust?", "7%2f..", " 7", "x"};
	json_t *who = json_pack("{s:{s:s}, s:s, s:s}", "account", "name", "anna", "scope", "admin",
		"proof", "00ff");

	for (size_t i = 0; i <= COUNT_OF(links); i++) {
		json_t *args = json_pack("{s:s}", "said", i < COUNT_OF(links) ? links[i] : "7");
		struct page_view view = {
			.page = page_of("/bands"), .path = "/bands", .args = args, .who = who};
		struct html out = {0};
		page_render(&out, &view);
		EXPECT(!strstr(out.at, "/do/journal/") == (i < COUNT_OF(links)));
		EXPECT(!strstr(out.at, "/trust"));
		html_fini(&out);
		json_decref(args);
	}
	json_decref(who);
}

TEST(a_name_is_one_part_of_the_path_of_its_form)
{
	json_t *result = json_pack(
		"{s:[{s:s, s:s}]}", "receivers", "name", "a/../b?c#d%", "url", "https://e.example");
	struct html out = rendered(page_of("/tell"), result, "admin");

	EXPECT(strstr(out.at, "\"/do/tell/receivers/a%2F..%2Fb%3Fc%23d%25/test\""));
	html_fini(&out);
	json_decref(result);
}

TEST(who_may_only_look_is_shown_no_button_that_would_be_refused)
{
	json_t *object = hostile();

	for (const struct page *page = pages; page->path; page++) {
		if (page->is_open || page->type || !strcmp(page->path, "/account"))
			continue;
		struct html out = rendered(page, object, "read");
		EXPECT(strstr(out.at, "action=\"/do/session") != NULL); /* to log out */
		EXPECT(strstr(out.at, "action=\"/do/devices") == NULL);
		EXPECT(strstr(out.at, "action=\"/do/journal") == NULL);
		html_fini(&out);
	}
	json_decref(object);
}

/* A run in which one provision failed, one was not looked at and one was found sound. */
static json_t *
run_of(unsigned number, const char *verdict)
{
	return json_pack(
		"{s:i, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:i, s:{s:[{s:s, s:s, s:s, s:i, s:i, "
		"s:s, s:b, s:[i,i], s:i}], s:[{s:s, s:s, s:s, s:s}], s:{s:{s:[{s:s, s:b, "
		"s:s, s:i, s:i}, {s:s, s:b, s:s, s:i, s:i, s:[s]}], s:{s:i}}}}}",
		"run", (int)number, "device", "id", "d-1", "name", "camera", "state", "done",
		"profile", "quick", "pace", "lab", "consent", "probe", "begun", 999000, "result",
		"findings", "check", "telnet-login", "provision", "5.1-1", "verdict", verdict,
		"port", 23, "proto", 6, "text", "it takes a factory login", "is_critical", 1,
		"evidence", 56, 63, "evidence_in_all", 5, "checks", "id", "telnet-login", "consent",
		"probe", "for_owner", "Change it.", "for_maker", "One for each.", "verdicts",
		"en303645-v3", "requirements", "id", "5.1-1", "mandatory", 1, "verdict", verdict,
		"findings", 1, "missing", 0, "id", "5.1-2", "mandatory", 1, "verdict", "INC",
		"findings", 0, "missing", 1, "reasons", "NOT_SEEN", "mandatory", "FAIL", 1);
}

TEST(a_failure_stands_with_its_evidence_and_what_to_do_and_can_be_tested_again)
{
	json_t *run = run_of(7, "FAIL");
	struct html out = rendered(page_of("/bench/{run}"), run, "admin");

	EXPECT(strstr(out.at, "<tr id=\"p-5.1-1\">") != NULL);
	EXPECT(strstr(out.at, "<li class=\"v-FAIL\"><a href=\"#p-5.1-1\">") != NULL);
	EXPECT(strstr(out.at, "evidence: exchange 56, 63 (in all 5)") != NULL);
	EXPECT(strstr(out.at, "type: passwd") != NULL);
	EXPECT(strstr(out.at, "name=\"checks\" value=\"tcp-ports,telnet-login\"") != NULL);
	/* What nobody looked at is in no colour, and says so. */
	EXPECT(strstr(out.at, "<li class=\"v-NONE\"><a href=\"#p-5.1-2\">") != NULL);
	EXPECT(strstr(out.at, "No check of this run looked at it.") != NULL);
	html_fini(&out);
	json_decref(run);
}

/* The page of a device, of which only what a test gives is known. */
static struct html
passport(const char *health, const char *sky, const char *talk)
{
	static const char *const device =
		"{\"id\": \"d-1\", \"label\": \"camera\", \"class\": \"ordinary\"}";
	const char *const given[] = {[0] = device, [6] = sky, [7] = talk, [8] = health};
	struct page_view view = {
		.page = page_of("/devices/{device}"), .path = "/devices/d-1", .now_s = 1000000};
	struct html out = {0};
	json_t *whole[COUNT_OF(given)];

	for (size_t i = 0; i < COUNT_OF(given); i++)
		view.answer[i] = whole[i] = given[i] ? json_pack("{s:b, s:o}", "ok", 1, "result",
							       json_loads(given[i], 0, NULL))
						     : NULL;
	page_render(&out, &view);
	for (size_t i = 0; i < COUNT_OF(given); i++)
		json_decref(whole[i]);
	return out;
}

TEST(health_says_what_failed_and_what_was_not_tested_and_leads_to_the_evidence)
{
	struct html out = passport(
		"{\"run\": 7, \"ended\": 999000, \"complete\": true, \"provisions\": ["
		"{\"id\": \"5.1-1\", \"mandatory\": true, \"verdict\": \"FAIL\", \"missing\": 1},"
		"{\"id\": \"5.3-13\", \"mandatory\": true, \"verdict\": \"PASS\", \"missing\": 0},"
		"{\"id\": \"5.3-1\", \"mandatory\": false, \"verdict\": \"INC\", \"missing\": 1},"
		"{\"id\": \"5.9-1\", \"mandatory\": false, \"verdict\": \"FAIL\", \"missing\": "
		"0}]}",
		NULL, NULL);

	EXPECT(strstr(out.at, "<p>Failed: Passwords. Of 3 provisions 1 was not tested.</p>") !=
		NULL);
	/* A failure is one though some checks did not run. */
	EXPECT(strstr(out.at, "<a class=\"v-FAIL\" href=\"/bench/7#p-5.1-1\"") != NULL);
	EXPECT(strstr(out.at, "<a class=\"v-NONE light\" href=\"/bench/7#p-5.3-1\"") != NULL);
	/* The end of support is no update; the rest of an edition's clauses is on its own page. */
	const char *support = strstr(out.at, "<h3>Support</h3>");
	EXPECT(support && strstr(support, "#p-5.3-13") != NULL);
	EXPECT(strstr(out.at, "#p-5.9-1") == NULL);
	html_fini(&out);
	out = passport(NULL, NULL, NULL);
	EXPECT(strstr(out.at, "No audit of it has ended: nothing is known") != NULL);
	html_fini(&out);
}

TEST(rings_of_nothing_are_not_drawn_and_a_host_refused_twice_is_one)
{
	static const char talk[] =
		"{\"talks\": [{\"remote\": \"a\", \"port\": 23, \"way\": \"out\", \"denied\": "
		"true},"
		"{\"remote\": \"a\", \"port\": 80, \"way\": \"out\", \"denied\": true},"
		"{\"remote\": \"b\", \"port\": 80, \"way\": \"in\", \"denied\": true}]}";
	static const char sky[] = "{\"now\": {\"ipv4\": {\"addresses\": 0, \"used\": 0}}}";
	struct html none = passport(NULL, sky, NULL), one = passport(NULL, sky, talk);

	EXPECT(strstr(none.at, "class=\"reach\"") == NULL);
	EXPECT(strstr(none.at, "It tried to reach nobody.") != NULL);
	EXPECT(strstr(one.at, "<circle class=\"refused\"") != NULL);
	EXPECT(strstr(one.at, "<circle class=\"may\"") == NULL);
	EXPECT(strstr(one.at, "refused <b>1</b>") != NULL);
	html_fini(&none);
	html_fini(&one);
}

TEST(two_that_may_be_one_stand_above_the_whole_list_with_their_clues_and_a_warning)
{
	json_t *narrowed = json_pack("{s:s}", "state", "observe"),
	       *row = json_pack("{s:s}", "id", "d-1"),
	       *whole[] = {json_pack("{s:b, s:{s:i}}", "ok", 1, "result", "devices", 1),
		       json_pack("{s:b, s:[O]}", "ok", 1, "result", row),
		       json_pack("{s:b, s:[{s:{s:s, s:s}, s:{s:s, s:s}, s:i, s:s, s:b, s:[{s:s, "
				 "s:s}]}]}",
			       "ok", 1, "result", "device", "id", "d-2", "name", "tv-2", "into",
			       "id", "d-1", "name", "<i>tv", "confidence", 60, "word", "likely",
			       "gains", 1, "clues", "kind", "hostname", "claimed", "<i>tv")};
	struct page_view view = {.page = page_of("/devices"),
		.path = "/devices",
		.answer = {whole[0], whole[1], whole[2]},
		.now_s = 40 * 86400};
	struct html out = {0};

	page_render(&out, &view);
	EXPECT(strstr(out.at,
		       "looks like the same thing as <a href=\"/devices/d-1\">&lt;i&gt;tv<") !=
		NULL);
	EXPECT(strstr(out.at, "<b>likely</b>") != NULL);
	EXPECT(strstr(out.at, "name <code>&lt;i&gt;tv</code>") != NULL);
	EXPECT(strstr(out.at, "Merged, it may do what the other may") != NULL);
	EXPECT(strstr(out.at, "<form") && !strstr(out.at, "/merge")); /* who looks may not */
	html_fini(&out);
	view.args = narrowed;
	page_render(&out, &view);
	EXPECT(!strstr(out.at, "id=\"alike\""));
	html_fini(&out);
	for (size_t i = 0; i < COUNT_OF(whole); i++)
		json_decref(whole[i]);
	json_decref(row);
	json_decref(narrowed);
}

TEST(a_maker_has_its_own_devices_and_what_it_said_before_stands_below_what_it_says)
{
	static const char maker[] =
		"{\"device\": {\"id\": \"d-1\", \"name\": \"camera\"}, \"url\": "
		"\"https://a.example/\", \"site\": \"a.example\", \"by\": \"the owner\", "
		"\"facts\": ["
		"{\"fact\": \"support ends\", \"value\": \"2027-06\", \"run\": 7},"
		"{\"fact\": \"support ends\", \"value\": \"2028-12\", \"run\": 4}]}";
	static const char all[] =
		"[{\"device\": {\"id\": \"d-1\", \"name\": \"camera\"}, \"site\": \"a.example\"},"
		"{\"device\": {\"id\": \"d-2\", \"name\": \"bulb\"}, \"site\": \"b.example\"}]";
	json_t *whole[] = {json_pack("{s:b, s:o}", "ok", 1, "result", json_loads(maker, 0, NULL)),
		json_pack("{s:b, s:o}", "ok", 1, "result", json_loads(all, 0, NULL))};
	struct page_view view = {.page = page_of("/maker/{device}"),
		.path = "/maker/d-1",
		.answer = {whole[0], whole[1]},
		.now_s = 1000000};
	struct html out = {0};

	page_render(&out, &view);
	EXPECT(strstr(out.at, "<th scope=\"row\">Updates until</th><td>2027-06<") != NULL);
	EXPECT(strstr(out.at, "<th scope=\"row\">before</th><td>2028-12<") != NULL);
	EXPECT(strstr(out.at, "href=\"/bench/4\"") != NULL);
	EXPECT(!strstr(out.at, "d-2"));
	EXPECT(!strstr(out.at, "href=\"https:")); /* nothing leads out of the house */
	html_fini(&out);
	json_decref(whole[0]);
	json_decref(whole[1]);
}

TEST(facets_of_devices_keep_each_other_and_support_that_ended_is_said)
{
	json_t *args = json_pack("{s:s, s:s}", "state", "observe", "attention", "\"&x");
	json_t *whole[] = {
		json_pack("{s:b, s:{s:i, s:i, s:{s:i}, s:{s:i}}}", "ok", 1, "result", "devices", 9,
			"attention", 2, "states", "observe", 4, "kinds", "camera", 3),
		json_pack("{s:b, s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}]}", "ok", 1, "result", "id",
			"d-1", "label", "old", "support_end", "1970-01", "id", "d-2", "label",
			"new", "support_end", "1970-01-12")};
	struct page_view view = {.page = page_of("/devices"),
		.path = "/devices",
		.args = args,
		.answer = {whole[0], whole[1]},
		.now_s = 11 * 86400};
	struct html out = {0};

	page_render(&out, &view);
	EXPECT(strstr(out.at, "href=\"/devices?state=observe\" aria-current=\"true\">observe 4<") !=
		NULL);
	EXPECT(strstr(out.at, "href=\"/devices?state=observe&amp;kind=camera\">camera 3<") != NULL);
	EXPECT(strstr(out.at, "href=\"/devices?state=observe&amp;attention=true\">") != NULL);
	EXPECT(strstr(out.at, "</span> ended</span> 1970-01") == NULL); /* the month goes on */
	html_fini(&out);
	view.now_s = 40 * 86400;
	page_render(&out, &view);
	EXPECT(strstr(out.at, "</span> ended</span> 1970-01<") != NULL);
	EXPECT(strstr(out.at, "</span> ended</span> 1970-01-12<") != NULL);
	html_fini(&out);
	json_decref(whole[0]);
	json_decref(whole[1]);
	json_decref(args);
}

static struct html
tale(const char *journal, const char *events)
{
	json_t *whole[] = {
		json_pack("{s:b, s:{s:s, s:s, s:s, s:i, s:b}}", "ok", 1, "result", "id", "d-1",
			"label", "camera", "state", "quarantine", "first", 1000, "contained", 1),
		json_pack("{s:b, s:o}", "ok", 1, "result", json_loads(journal, 0, NULL)),
		json_pack("{s:b, s:o}", "ok", 1, "result", json_loads(events, 0, NULL))};
	json_t *who = json_pack("{s:s}", "scope", "admin");
	struct page_view view = {.page = page_of("/story/{device}"),
		.path = "/story/d-1",
		.who = who,
		.answer = {whole[0], whole[1], whole[2]},
		.now_s = 1000000};
	struct html out = {0};

	page_render(&out, &view);
	for (size_t i = 0; i < COUNT_OF(whole); i++)
		json_decref(whole[i]);
	json_decref(who);
	return out;
}

TEST(what_was_done_is_told_with_its_reason_and_a_way_back_until_it_was_taken_back)
{
	static const char act[] =
		"{\"id\": 5, \"time\": 5000, \"who\": \"pinfold\", \"verb\": \"containment\","
		"\"text\": \"quarantines camera: it tried 64 addresses\", \"undone_by\": 0}";
	static const char events[] = "[{\"kind\": \"denied\", \"level\": \"info\", \"first\": "
				     "6000, \"time\": 7000, \"count\": 17},"
				     "{\"kind\": \"denied\", \"level\": \"info\", \"first\": 4000, "
				     "\"time\": 4000, \"count\": 9}]";
	char journal[700];

	snprintf(journal, sizeof journal,
		"[%s, {\"id\": 2, \"time\": 2000, \"who\": \"anna\", \"verb\": \"device.enforce\","
		"\"text\": \"camera is held\", \"undone_by\": 0}]",
		act);
	struct html out = tale(journal, events);
	static const char *const frames[] = {"<h2>Joined</h2>", "<h2>Learned</h2>",
		"camera is held</p>", "<h2>Changed</h2>", "<p>it tried 64 addresses</p>",
		"<h2>Acted</h2>", "<p>quarantines camera</p>", "/do/journal/5/undo",
		"<h2>Result</h2>", "17 attempts were denied since.", "<h2>Now</h2>"};
	const char *at = out.at;
	for (size_t i = 0; i < COUNT_OF(frames); i++) {
		const char *next = strstr(at, frames[i]);
		if (!next)
			print_message("not there, or not in its place: %s\n", frames[i]);
		EXPECT(next != NULL);
		at = next;
	}
	html_fini(&out);
	/* Whoever was let go is not held by a row that nobody took back. */
	snprintf(journal, sizeof journal,
		"[{\"id\": 8, \"time\": 8000, \"verb\": \"device.release\", \"undone_by\": 0}, %s]",
		act);
	out = tale(journal, events);
	EXPECT(strstr(out.at, "It was taken back.") != NULL);
	EXPECT(strstr(out.at, "/do/journal/5/undo") == NULL);
	html_fini(&out);
	out = tale("[]", "[]");
	EXPECT(strstr(out.at, "Nothing was done about it") != NULL);
	EXPECT(strstr(out.at, "<h2>Acted</h2>") == NULL);
	html_fini(&out);
}

TEST(of_two_audits_the_verdicts_that_are_others_are_shown_and_no_others)
{
	json_t *now = run_of(8, "FAIL"), *before = run_of(7, "NFF");
	json_t *whole[] = {json_pack("{s:b, s:o}", "ok", 1, "result", now),
		json_pack("{s:b, s:o}", "ok", 1, "result", before)};
	struct page_view view = {.page = page_of("/compare"),
		.path = "/compare",
		.answer = {whole[0], whole[1]},
		.now_s = 1000000};
	struct html out = {0};

	page_render(&out, &view);
	EXPECT(strstr(out.at, "<th scope=\"row\">5.1-1</th>") != NULL);
	EXPECT(strstr(out.at, "<th scope=\"row\">5.1-2</th>") == NULL);
	html_fini(&out);
	view.answer[0] = whole[1];
	page_render(&out, &view);
	EXPECT(strstr(out.at, "None: both say the same of every provision.") != NULL);
	html_fini(&out);
	json_decref(whole[0]);
	json_decref(whole[1]);
}

TEST(a_label_shows_what_failed_before_anything_good)
{
	json_t *label = json_pack("{s:{s:s}, s:s, s:{s:s, s:{s:{s:i, s:i}}, s:{s:i, s:i}, "
				  "s:{s:s, s:i, s:i}}, s:[{s:s, s:s, s:s, s:b}], s:[], s:n, s:n}",
		"device", "id", "d-1", "sentence", "A fault was proved.", "label", "band", "failed",
		"verdicts", "mandatory", "PASS", 9, "FAIL", 2, "findings", "open", 2, "critical", 1,
		"updates", "support_end", "2027-06-30", "life_years", 8, "unprotected_months", 59,
		"needs", "band", "basic", "id", "test", "sentence", "A test has ended.", "met", 0,
		"clock", "issued", "attached");
	struct html out = rendered(page_of("/labels/{device}"), label, "read");
	const char *fail = strstr(out.at, "</span> FAIL</span>");

	EXPECT(fail && fail < strstr(out.at, "</span> PASS</span>"));
	EXPECT(strstr(out.at, "4 years and 11 months without updates, of an expected life of "
			      "8 years") != NULL);
	EXPECT(strstr(out.at, "<b>not met</b> A test has ended.") != NULL);
	html_fini(&out);
	json_decref(label);
}

TEST(a_page_without_an_engine_says_that_the_rules_hold)
{
	struct page_view view = {.page = page_of("/"), .path = "/"};
	struct html out = {0};

	page_render(&out, &view);
	EXPECT(strstr(out.at, "The engine does not answer") != NULL);
	html_fini(&out);
}

TEST(a_page_stops_at_its_bound)
{
	static char block[65536];
	struct html out = {0};

	memset(block, 'x', sizeof block);
	for (int i = 0; i < 200; i++)
		html_raw(&out, block, sizeof block);
	EXPECT(out.is_full);
	EXPECT(out.len < HTML_MAX);
	html_fini(&out);
}

TEST(a_reader_of_another_language_is_told_in_it)
{
	struct page_view view = {.page = page_of("/login"), .path = "/login"};
	struct html german = {0}, english = {0}, other = {0};

	strcpy(view.language, "de");
	page_render(&german, &view);
	EXPECT(strstr(german.at, "<html lang=\"de\"") != NULL);
	EXPECT(strstr(german.at, "Anmelden") != NULL && strstr(german.at, "Log in") == NULL);
	view.language[0] = '\0';
	page_render(&english, &view);
	EXPECT(strstr(english.at, "<html lang=\"en\"") != NULL);
	EXPECT(strstr(english.at, "Anmelden") == NULL && strstr(english.at, "Log in") != NULL);
	strcpy(view.language, "xx");
	page_render(&other, &view);
	EXPECT_STR(other.at, english.at);
	html_fini(&german);
	html_fini(&english);
	html_fini(&other);
}

TEST(one_and_many_are_two_forms_and_what_nobody_translated_stays_english)
{
	EXPECT_STR(say_in("de"), "de");
	EXPECT_STR(say_many("%lld day ago", "%lld days ago", 1), "vor %lld Tag");
	EXPECT_STR(say_many("%lld day ago", "%lld days ago", 2), "vor %lld Tagen");
	EXPECT_STR(say("nobody ever said this"), "nobody ever said this");
	EXPECT_STR(say_many("one such", "%lld such", 3), "%lld such");
	EXPECT_STR(say_in(""), "en");
	EXPECT_STR(say_many("%lld day ago", "%lld days ago", 2), "%lld days ago");
}

TEST(translations_are_in_order_or_they_would_not_be_found)
{
	for (const struct language *at = languages; at->tag; at++)
		for (size_t i = 1; i < at->n_said; i++)
			EXPECT(strcmp(at->said[i - 1].id, at->said[i].id) < 0);
}
