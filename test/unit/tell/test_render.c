/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/render.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_strict.h"
#include "tell/home_assistant.h"
#include "test.h"

/* A device whose name would be a header, a member or a topic, were it not escaped. */
#define HOSTILE "a\"},{\\x \"b: c/+/#"

#define GATEWAY "gw-0a1b2c3d"

static const struct message_tell tell = {.ticket = 5,
	.receiver = 1,
	.what = TELL_NOW,
	.level = 2,
	.time_s = 1764547200,
	.event = 9,
	.kind = "containment",
	.title = "A device does harm: " HOSTILE,
	.text = "first line\n.second line",
	.device_id = "d-abc",
	.device_name = HOSTILE};

static const struct message_thing thing = {.device = 7,
	.is_present = 1,
	.is_paused = 1,
	.n_macs = 1,
	.mac = {{2, 0, 0, 0, 0, 10}},
	.id = "d-abc",
	.name = HOSTILE,
	.state = "enforce"};

static json_t *
json_of(char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	free(text);
	EXPECT(json);
	return json;
}

TEST(a_webhook_says_what_happened_and_names_stay_text)
{
	json_t *json = json_of(render_webhook(&tell));

	EXPECT_STR(json_text_of(json, "title"), tell.title);
	EXPECT_STR(json_text_of(json, "what"), "now");
	EXPECT_STR(json_text_of(json, "level"), "alarm");
	EXPECT_STR(json_text_of(json, "time"), "2025-12-01T00:00:00Z");
	EXPECT_STR(json_text_of(json_object_get(json, "device"), "name"), HOSTILE);
	json_decref(json);
}

/* By: printf '1764547200.{"a":1}' | openssl dgst -sha256 -hmac key */
TEST(the_signature_is_that_of_time_and_body)
{
	char header[SIGNATURE_HEADER_MAX], other[SIGNATURE_HEADER_MAX];

	render_signature(header, "key", 1764547200, "{\"a\":1}");
	EXPECT_STR(header, "Pinfold-Signature: t=1764547200,v1="
			   "e87ad0e43d6435ec8a35325ef7e2a9494c5fcd3223b33eb44760b7df74ce4b77");
	render_signature(other, "key", 1764547201, "{\"a\":1}");
	EXPECT(strcmp(strstr(header, "v1="), strstr(other, "v1=")));
}

TEST(ntfy_is_given_a_topic_a_priority_and_a_way_to_our_pages)
{
	json_t *json = json_of(render_ntfy(&tell, "home", "pinfold.example"));
	const json_t *action = json_array_get(json_object_get(json, "actions"), 0);

	EXPECT_STR(json_text_of(json, "topic"), "home");
	EXPECT_STR(json_text_of(json, "message"), tell.text);
	EXPECT_INT(json_integer_value(json_object_get(json, "priority")), 5);
	EXPECT_STR(json_text_of(action, "url"), "https://pinfold.example/story");
	json_decref(json);
	json = json_of(render_ntfy(&tell, "home", ""));
	EXPECT(!json_object_get(json, "actions"));
	json_decref(json);
}

TEST(a_mail_has_one_head_and_its_lines_end_as_mail_wants_them)
{
	struct message_receiver to = {.sender = "p@a.example", .recipient = "anna@a.example"};
	char *mail = render_mail(&tell, &to, 1764547200);

	EXPECT(strstr(mail, "\r\nSubject: A device does harm: " HOSTILE "\r\n"));
	EXPECT(strstr(mail, "Date: Mon, 01 Dec 2025 00:00:00 +0000\r\n"));
	EXPECT(strstr(mail, "\r\n\r\nfirst line\r\n.second line\r\n"));
	for (const char *at = mail; (at = strchr(at, '\n')); at++)
		EXPECT(at[-1] == '\r');
	free(mail);
}

TEST(a_message_of_another_start_is_another_delivery_although_tickets_begin_anew)
{
	struct message_tell later = tell;
	char first[DELIVERY_MAX], second[DELIVERY_MAX];

	EXPECT_STR(render_delivery(first, &tell), "5.1764547200");
	later.time_s++;
	EXPECT(strcmp(first, render_delivery(second, &later)));
}

TEST(home_assistant_is_told_a_device_by_its_id_and_joins_it_by_its_mac)
{
	char topic[HA_TOPIC_MAX];
	json_t *json = json_of(ha_config(&thing, GATEWAY, ROLE_HELPER));
	const json_t *device = json_object_get(json, "device"),
		     *parts = json_object_get(json, "components"),
		     *connection = json_array_get(json_object_get(device, "connections"), 0);

	ha_config_topic(topic, "homeassistant", &thing);
	EXPECT_STR(topic, "homeassistant/device/pinfold_d-abc/config");
	EXPECT_STR(json_text_of(device, "name"), HOSTILE);
	EXPECT_STR(json_string_value(json_array_get(connection, 0)), "mac");
	EXPECT_STR(json_string_value(json_array_get(connection, 1)), "02:00:00:00:00:0a");
	EXPECT_STR(json_text_of(json, "availability_topic"), "pinfold/" GATEWAY "/status");
	EXPECT_STR(json_text_of(device, "via_device"), "pinfold_" GATEWAY);
	EXPECT_STR(json_text_of(json, "state_topic"), "pinfold/d-abc/state");
	EXPECT_INT(json_integer_value(
			   json_object_get(json_object_get(parts, "problem"), "expire_after")),
		HA_EXPIRE_S);
	EXPECT_STR(json_text_of(json_object_get(parts, "pause"), "command_topic"),
		"pinfold/d-abc/pause/set");
	EXPECT(!json_object_get(parts, "quarantine"));
	json_decref(json);
}

TEST(what_may_not_be_asked_for_is_not_shown_there)
{
	json_t *viewer = json_of(ha_config(&thing, GATEWAY, ROLE_VIEWER)),
	       *owner = json_of(ha_config(&thing, GATEWAY, ROLE_OWNER)),
	       *now = json_of(ha_state(&thing));

	EXPECT(!json_object_get(json_object_get(viewer, "components"), "pause"));
	EXPECT(json_object_get(json_object_get(owner, "components"), "quarantine"));
	EXPECT_STR(json_text_of(now, "pause"), "ON");
	EXPECT_STR(json_text_of(now, "state"), "enforce");
	EXPECT_STR(json_text_of(now, "problem"), "OFF");
	json_decref(viewer);
	json_decref(owner);
	json_decref(now);
}

TEST(of_what_a_broker_brings_only_the_three_wishes_are_understood)
{
	struct message_wish wish = {0};

	EXPECT(ha_wish_parse(&wish, "pinfold/d-abc/pause/set", "ON", 2));
	EXPECT_INT(wish.wish, WISH_PAUSE);
	EXPECT_STR(wish.id, "d-abc");
	EXPECT(ha_wish_parse(&wish, "pinfold/d-abc/pause/set", "OFF", 3));
	EXPECT_INT(wish.wish, WISH_RESUME);
	EXPECT(ha_wish_parse(&wish, "pinfold/d-abc/quarantine/set", "PRESS", 5));
	EXPECT_INT(wish.wish, WISH_QUARANTINE);
	EXPECT(!ha_wish_parse(&wish, "pinfold/d-abc/pause/set", "on", 2));
	EXPECT(!ha_wish_parse(&wish, "pinfold/d-abc/pause/set", "ONOFF", 5));
	EXPECT(!ha_wish_parse(&wish, "pinfold/d-abc/release/set", "ON", 2));
	EXPECT(!ha_wish_parse(&wish, "pinfold//pause/set", "ON", 2));
	EXPECT(!ha_wish_parse(&wish, "pinfold/../pause/set", "ON", 2));
	EXPECT(!ha_wish_parse(&wish, "pinfold/d-0123456789abcdef/pause/set", "ON", 2));
	EXPECT(!ha_wish_parse(&wish, "other/d-abc/pause/set", "ON", 2));
}
