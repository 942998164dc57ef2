/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "process/web_http.h"
#include "process/web_openapi.h"
#include "test.h"
#include "web/embed.h"

/* --- the table ------------------------------------------------------------------------------------ */

static const struct route *
found(const char *method, const char *path, json_t *args)
{
	bool is_other;
	return route_find(method, path, args, &is_other);
}

TEST(a_path_finds_its_row_and_says_what_stands_in_it)
{
	json_t *args = json_object();
	bool is_other;

	EXPECT_STR(found("GET", "/devices", args)->verb, "device.list");
	EXPECT_STR(found("POST", "/devices/d-1/pause", args)->verb, "device.pause");
	EXPECT_STR(json_string_value(json_object_get(args, "device")), "d-1");
	EXPECT_STR(found("DELETE", "/devices/a/introductions/b", args)->verb, "device.part");
	EXPECT_STR(json_string_value(json_object_get(args, "from")), "b");
	EXPECT_STR(found("POST", "/account/password", args)->verb, "account.password");
	EXPECT_STR(found("POST", "/accounts/anna/password", args)->verb, "account.reset");
	EXPECT(!found("GET", "/devices/", args));
	EXPECT(!found("GET", "/devices/a/b/c/d", args));
	EXPECT(!found("GET", "/devicesx", args));
	EXPECT(!found("GET", "/devices/\xff", args));
	EXPECT(!found("GET", "", args));
	EXPECT(!route_find("PUT", "/devices/a", args, &is_other));
	EXPECT(is_other);
	EXPECT(!route_find("GET", "/nothing", args, &is_other));
	EXPECT(!is_other);
	EXPECT_INT(json_object_size(args), 0);
	json_decref(args);
}

static char *
args_of(const char *verb, const char *given)
{
	static char out[600];
	struct fault why = {0};
	json_t *json = json_loads(given, JSON_ALLOW_NUL, NULL);
	json_t *args = route_args(route_of_verb(verb), json, &why);

	EXPECT(json != NULL);
	if (args) {
		char *text = json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS);
		snprintf(out, sizeof out, "%s", text);
		free(text);
	} else {
		snprintf(out, sizeof out, "no: %s", why.text);
	}
	json_decref(args);
	json_decref(json);
	return out;
}

TEST(texts_and_values_become_the_same_arguments)
{
	EXPECT_STR(args_of("device.pause", "{\"device\":\"d-1\",\"seconds\":\"60\"}"),
		"{\"device\":\"d-1\",\"seconds\":60}");
	EXPECT_STR(args_of("device.pause", "{\"device\":\"d-1\",\"seconds\":60}"),
		"{\"device\":\"d-1\",\"seconds\":60}");
	EXPECT_STR(args_of("device.enforce", "{\"device\":\"1\",\"preview\":\"on\",\"from\":\"\"}"),
		"{\"device\":\"1\",\"preview\":true}");
	EXPECT_STR(args_of("device.list", "{\"limit\":\"9999999\",\"cursor\":\"7\"}"),
		"{\"after\":7,\"limit\":1000}");
	EXPECT_STR(args_of("policy.journal", "{\"cursor\":7}"), "{\"before\":7}");
	EXPECT_STR(
		args_of("policy.why", "{\"device\":\"1\",\"destination\":\"a\",\"port\":\"80\"}"),
		"{\"destination\":\"a\",\"device\":\"1\",\"port\":80}");
	EXPECT_STR(args_of("audit.run", "{\"port\":\"lan3\"}"), "{\"port\":\"lan3\"}");
}

TEST(arguments_that_are_wrong_are_named)
{
	EXPECT(strstr(args_of("device.pause", "{\"device\":\"1\"}"), "\"seconds\" is missing"));
	EXPECT(strstr(args_of("device.pause", "{\"device\":\"1\",\"seconds\":\"\"}"), "seconds"));
	EXPECT(strstr(args_of("device.pause", "{\"seconds\":1.5}"), "no:"));
	EXPECT(strstr(args_of("device.pause", "{\"seconds\":\"1x\"}"), "no:"));
	EXPECT(strstr(args_of("device.pause", "{\"seconds\":86401}"), "from 1 to 86400"));
	EXPECT(strstr(args_of("device.pause", "{\"seconds\":true}"), "no:"));
	EXPECT(strstr(args_of("device.pause", "{\"minutes\":1}"), "not an argument here"));
	EXPECT(strstr(args_of("device.list", "{\"state\":\"no such\"}"), "one of"));
	EXPECT(strstr(args_of("device.list", "{\"state\":[]}"), "no:"));
	EXPECT(strstr(args_of("status", "{\"cursor\":1}"), "no:"));
	EXPECT(strstr(args_of("device.name", "{\"device\":\"1\",\"name\":\"a\\u0000b\"}"), "no:"));
}

TEST(each_row_names_arguments_that_are_known_and_a_scope)
{
	for (const struct route *route = routes; route->method; route++) {
		EXPECT(!strcmp(route->scope, "") || !strcmp(route->scope, "read") ||
			!strcmp(route->scope, "act") || !strcmp(route->scope, "admin"));
		/* What is read is read, and what changes is not asked by GET. */
		if (!strcmp(route->method, "GET"))
			EXPECT(strcmp(route->scope, "act") != 0);
		EXPECT(route_of_verb(route->verb) == route);
	}
}

/* --- its description -------------------------------------------------------------------------------- */

static json_t *
description(void)
{
	return openapi_new((const char *)embedded_schemas);
}

static void
each_reference(json_t *at, const json_t *all)
{
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(at, i, value) each_reference(value, all);
	json_object_foreach(at, key, value)
	{
		each_reference(value, all);
		if (strcmp(key, "$ref"))
			continue;
		const char *text = json_string_value(value);
		char kind[32], name[64];
		EXPECT_INT(sscanf(text, "#/components/%31[^/]/%63s", kind, name), 2);
		const json_t *target = json_object_get(
			json_object_get(json_object_get(all, "components"), kind), name);
		if (!target)
			print_message("%s leads nowhere\n", text);
		EXPECT(target != NULL);
	}
}

TEST(the_description_has_each_row_and_no_other_and_leads_nowhere_else)
{
	json_t *all = description(), *item, *operation;
	const char *path, *method;
	size_t described = 0, rows = 0;

	EXPECT_STR(json_string_value(json_object_get(all, "openapi")), "3.1.0");
	for (const struct route *route = routes; route->method; route++)
		rows++;
	json_object_foreach(json_object_get(all, "paths"), path, item)
		json_object_foreach(item, method, operation)
	{
		const char *verb = json_string_value(json_object_get(operation, "operationId"));
		const struct route *route = route_of_verb(verb);
		EXPECT(route && !strcmp(route->path, path) && !strcasecmp(route->method, method));
		EXPECT(json_object_get(json_object_get(operation, "responses"), "200") != NULL);
		described++;
	}
	EXPECT_INT(described, rows);
	each_reference(all, all);
	json_decref(all);
}

/* --- requests ------------------------------------------------------------------------------------------ */

TEST(a_form_is_read_as_browsers_write_it)
{
	json_t *form = json_object();
	static const char body[] = "a=1+2&b=%C3%A4%26&c&=x&d=%zz%2";

	EXPECT(form_parse(form, body, strlen(body)));
	EXPECT_STR(json_string_value(json_object_get(form, "a")), "1 2");
	EXPECT_STR(json_string_value(json_object_get(form, "b")), "\xc3\xa4&");
	EXPECT_STR(json_string_value(json_object_get(form, "c")), "");
	EXPECT_STR(json_string_value(json_object_get(form, "d")), "%zz%2");
	json_decref(form);
}

TEST(a_form_that_is_odd_is_refused)
{
	static const char *const odd[] = {"a=1&a=2", "a=%00", "%00=1", "a=%ff", "%ff=1"};
	char many[800] = "";

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		json_t *form = json_object();
		EXPECT(!form_parse(form, odd[i], strlen(odd[i])));
		json_decref(form);
	}
	for (int i = 0; i < FORM_FIELDS_MAX + 1; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), "&%d", i);
	json_t *form = json_object();
	EXPECT(!form_parse(form, many, strlen(many)));
	json_decref(form);
}

TEST(fields_of_a_form_that_belong_together_are_one_argument)
{
	static const char body[] = "answers%2F5.1-1%2Fanswer=no&answers%2F5.1-1%2Freason=none&"
				   "answers%2FF%3Aa%2Fanswer=yes&signer=anna&back=%2Fx&a%2Fb=1&"
				   "%2Fb%2Fc=2";
	json_t *form = json_object();

	EXPECT(form_parse(form, body, strlen(body)));
	form_fold(form);
	json_t *answers = json_loads(
		json_string_value(json_object_get(form, "answers")), JSON_REJECT_DUPLICATES, NULL);
	EXPECT_INT(json_object_size(answers), 2);
	EXPECT_STR(json_string_value(json_object_get(json_object_get(answers, "5.1-1"), "reason")),
		"none");
	EXPECT_STR(json_string_value(json_object_get(form, "signer")), "anna");
	/* What does not have the form of it is left as it is, and refused by who reads it. */
	EXPECT_STR(json_string_value(json_object_get(form, "a/b")), "1");
	EXPECT_STR(json_string_value(json_object_get(form, "/b/c")), "2");
	EXPECT_INT(json_object_size(form), 5);
	json_decref(answers);
	json_decref(form);
}

TEST(the_cookie_of_ours_is_found_among_others)
{
	char out[16];

	EXPECT(cookie_find("a=b; pinfold=ps_1; c=d", "pinfold", out, sizeof out));
	EXPECT_STR(out, "ps_1");
	EXPECT(cookie_find("pinfold=x", "pinfold", out, sizeof out));
	EXPECT(!cookie_find("xpinfold=x", "pinfold", out, sizeof out));
	EXPECT(!cookie_find("pinfold", "pinfold", out, sizeof out));
	EXPECT(!cookie_find(NULL, "pinfold", out, sizeof out));
	EXPECT(!cookie_find("pinfold=12345678901234567890", "pinfold", out, sizeof out));
	EXPECT(!cookie_find("pinfold=a\"b", "pinfold", out, sizeof out));
	EXPECT(bearer_find("bearer pt_1", out, sizeof out));
	EXPECT_STR(out, "pt_1");
	EXPECT(!bearer_find("Basic x", out, sizeof out));
	EXPECT(!bearer_find("Bearer ", out, sizeof out));
}

TEST(only_our_own_names_and_addresses_are_our_host)
{
	EXPECT(host_is_ours("192.168.77.1", ""));
	EXPECT(host_is_ours("192.168.77.1:8480", ""));
	EXPECT(host_is_ours("[fd77::1]:8480", ""));
	EXPECT(host_is_ours("localhost:1", ""));
	EXPECT(host_is_ours("pinfold.home.arpa", ""));
	EXPECT(!host_is_ours("evil.example", ""));
	EXPECT(host_is_ours("gateway.example:443", "gateway.example"));
	EXPECT(!host_is_ours("evil.example", "gateway.example"));
	EXPECT(!host_is_ours("192.168.77.1.evil.example", ""));
	EXPECT(!host_is_ours("[fd77::1].evil.example", ""));
	EXPECT(!host_is_ours("", ""));
	EXPECT(!host_is_ours(NULL, ""));
	EXPECT(origin_is_same("http://192.168.77.1:8480", "192.168.77.1:8480"));
	EXPECT(origin_is_same("https://localhost", "localhost"));
	EXPECT(!origin_is_same("null", "localhost"));
	EXPECT(!origin_is_same("http://localhost.evil.example", "localhost"));
	EXPECT(!origin_is_same("http://localhost:81", "localhost"));
}

TEST(a_browser_is_sent_on_to_this_site_alone)
{
	EXPECT(path_is_local("/devices/d-1?x=y"));
	EXPECT(!path_is_local("//evil.example/"));
	EXPECT(!path_is_local("/\\evil.example/"));
	EXPECT(!path_is_local("https://evil.example/"));
	EXPECT(!path_is_local("/a\r\nSet-Cookie: x"));
	EXPECT(!path_is_local(""));
}

TEST(a_proxy_says_for_whom_it_asks)
{
	struct ip ip, one;
	char text[IP_TEXT_MAX];

	/* What stands in front was written by whoever asked the proxy. */
	EXPECT(forwarded_for("10.0.0.1, 192.168.77.20", &ip));
	EXPECT_STR(ip_render(&ip, text), "192.168.77.20");
	EXPECT(forwarded_for("fd77::20", &one));
	EXPECT(!forwarded_for("unknown", &one));
	EXPECT(!forwarded_for("", &one));
	EXPECT(!forwarded_for(NULL, &one));
	EXPECT_INT(one.version, 6);
}

static bool
is_ours(const char *tag)
{
	return !strcmp(tag, "en") || !strcmp(tag, "de");
}

TEST(the_language_is_the_one_that_the_reader_likes_best_of_those_that_we_have)
{
	static const struct {
		const char *header, *tag;
	} rows[] = {{"de", "de"}, {"de-CH,de;q=0.9,en;q=0.8", "de"}, {"fr-CH, fr;q=0.9", ""},
		{"fr, en;q=0.5, de;q=0.7", "de"}, {"en;q=0.5, de;q=0.05", "en"}, {"DE", "de"},
		{"de;q=0, en;q=0.1", "en"}, {"de ; q=0.3 , en;q=0.2", "de"}, {"en, de", "en"},
		{"de;q=", ""}, {"de;q=2", ""}, {"de;q=0.99999999999999999999", "de"}, {";q=1", ""},
		{",,,", ""}, {"averyveryverylongtag, de", "de"}, {"*", ""}, {"", ""}};
	char tag[LANGUAGE_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		language_choose(rows[i].header, is_ours, tag);
		EXPECT_STR(tag, rows[i].tag);
	}
	language_choose(NULL, is_ours, tag);
	EXPECT_STR(tag, "");
}
