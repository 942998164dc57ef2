/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/receiver.h"

#include <string.h>

#include "test.h"

static struct receiver receiver;
static struct fault why;

static bool
parses(const char *url)
{
	memset(&receiver, 0, sizeof receiver);
	return receiver_parse(&receiver.to, url, &why);
}

/* members: JSON */
static bool
fills(const char *url, const char *members)
{
	json_t *json = json_loads(members, 0, NULL);

	EXPECT(json && parses(url));
	bool is_filled = receiver_fill(&receiver, json, &why);
	json_decref(json);
	return is_filled;
}

TEST(a_url_says_what_kind_of_receiver_it_is_and_is_told_again_without_loss)
{
	static const char *const urls[] = {"https://hooks.example:443/a/b?c=d",
		"http://192.168.77.5:8099/hook", "ntfy://ntfy.example:443/home",
		"smtps://mail.example:465", "smtp://mail.example:587",
		"mqtts://[fd77::5]:8883/homeassistant", "mqtt://192.168.77.5:1883/ha"};
	char text[RECEIVER_URL_MAX];

	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		EXPECT(parses(urls[i]));
		EXPECT_STR(receiver_render(&receiver.to, text), urls[i]);
	}
	EXPECT(parses("mqtt://10.0.0.1"));
	EXPECT_STR(receiver_render(&receiver.to, text), "mqtt://10.0.0.1:1883/homeassistant");
}

TEST(a_url_that_holds_a_password_or_is_none_is_refused)
{
	static const char *const urls[] = {"", "https", "https://", "ftp://a.example/",
		"https://anna:secret@a.example/", "https://a.example:0/",
		"https://a.example:70000/", "https://a.example/\r\nX: y", "https://a.example/ b",
		"https://[fd77::5/", "https://[a]/", "https://1.2.3/", "ntfy://a.example/",
		"ntfy://a.example/a/b", "mqtt://10.0.0.1/+/#", "smtps://a.example/path",
		"https://a.example:12x/", "https://:80/"};

	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
		EXPECT(!parses(urls[i]));
}

TEST(what_leaves_the_home_is_encrypted)
{
	EXPECT(fills("http://192.168.77.5/hook", "{\"name\": \"hook\"}"));
	EXPECT(receiver.to.is_near);
	EXPECT(fills("mqtt://[fd77::5]", "{\"name\": \"ha\"}"));
	EXPECT(fills("https://hooks.example/x", "{\"name\": \"hook\"}"));
	EXPECT(!receiver.to.is_near);
	EXPECT(!fills("http://hooks.example/x", "{\"name\": \"hook\"}"));
	EXPECT(!fills("http://198.18.1.1/x", "{\"name\": \"hook\"}") || receiver.to.is_near);
	EXPECT(!fills("mqtt://8.8.8.8", "{\"name\": \"ha\"}"));
	EXPECT(!fills("mqtt://224.0.0.1", "{\"name\": \"ha\"}"));
}

TEST(mail_goes_to_an_address_that_adds_nothing_to_its_head)
{
	EXPECT(fills(
		"smtps://mail.example", "{\"name\": \"m\", \"recipient\": \"anna@a.example\"}"));
	EXPECT_STR(receiver.to.sender, "anna@a.example");
	EXPECT(!fills("smtps://mail.example", "{\"name\": \"m\"}"));
	EXPECT(!receiver_mail_is_fine("anna@a.example>\r\nBcc: <x@y.example"));
	EXPECT(!receiver_mail_is_fine("anna b@a.example") && !receiver_mail_is_fine("@a.example"));
	EXPECT(!receiver_mail_is_fine("a@b@c.example") && !receiver_mail_is_fine("anna@"));
}

TEST(only_home_assistant_may_be_given_something_to_ask_for)
{
	EXPECT(fills("mqtts://ha.example", "{\"name\": \"ha\", \"scope\": \"act\"}"));
	EXPECT_INT(receiver.to.commands, ROLE_HELPER);
	EXPECT(fills("mqtts://ha.example", "{\"name\": \"ha\"}"));
	EXPECT_INT(receiver.to.commands, ROLE_VIEWER);
	EXPECT(!fills("https://a.example/", "{\"name\": \"ha\", \"scope\": \"act\"}"));
	EXPECT(!fills("mqtts://ha.example", "{\"name\": \"ha\", \"scope\": \"root\"}"));
}

TEST(a_name_is_a_word_and_members_that_are_too_long_or_strange_are_refused)
{
	EXPECT(!fills("https://a.example/", "{\"name\": \"\"}"));
	EXPECT(!fills("https://a.example/", "{\"name\": \"a b\"}"));
	EXPECT(!fills("https://a.example/", "{\"name\": \"../x\"}"));
	EXPECT(!fills("https://a.example/", "{\"name\": \"abcdefghijklmnopqrstuvwxyz0123456\"}"));
	EXPECT(!fills("https://a.example/", "{\"name\": \"a\", \"user\": \"x\\ny\"}"));
	EXPECT(!fills("https://a.example/", "{\"name\": \"a\", \"heartbeat\": 100000}"));
	EXPECT(!fills("https://a.example/", "{\"name\": \"a\", \"wants\": \"some\"}"));
}
