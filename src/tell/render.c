/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/render.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/hex.h"
#include "base/log.h"

static const char *const what_words[TELL_WHAT_COUNT] = {[TELL_UNKNOWN] = "unknown",
	[TELL_NOW] = "now",
	[TELL_MORE] = "more",
	[TELL_DIGEST] = "digest",
	[TELL_TEST] = "test",
	[TELL_ALIVE] = "alive"};

const char *
tell_what_word(enum tell_what what)
{
	return what_words[(unsigned)what < TELL_WHAT_COUNT ? what : TELL_UNKNOWN];
}

const char *
tell_level_word(unsigned level)
{
	return level >= 2 ? "alarm" : level == 1 ? "notice" : "info";
}

char *
render_json(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(json);
	if (!text)
		fatalx("tell", "a message is no JSON");
	return text;
}

static struct tm
utc(int64_t time_s)
{
	time_t when = (time_t)time_s;
	struct tm tm;

	gmtime_r(&when, &tm);
	return tm;
}

char *
render_webhook(const struct message_tell *tell)
{
	char time[40];

	struct tm tm = utc(tell->time_s);
	strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_t *json = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "version", 1,
		"what", tell_what_word((enum tell_what)tell->what), "level",
		tell_level_word(tell->level), "kind", tell->kind, "title", tell->title, "text",
		tell->text, "time", time, "event", (json_int_t)tell->event, "lost",
		(int)tell->lost);
	json_object_set_new(json, "device",
		tell->device_id[0]
			? json_pack("{s:s, s:s}", "id", tell->device_id, "name", tell->device_name)
			: json_null());
	return render_json(json);
}

void
render_signature(
	char out[static SIGNATURE_HEADER_MAX], const char *secret, int64_t now_s, const char *body)
{
	size_t len = strlen(body), at;
	auto_free char *signed_text = must_alloc(1, len + 32);
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;

	at = (size_t)snprintf(signed_text, 32, "%lld.", (long long)now_s);
	memcpy(signed_text + at, body, len);
	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)signed_text, at + len,
		    digest, &n) ||
		n != 32)
		fatalx("tell", "HMAC failed");
	hex_text(digest, n, hex);
	snprintf(out, SIGNATURE_HEADER_MAX, "Pinfold-Signature: t=%lld,v1=%s", (long long)now_s,
		hex);
}

char *
render_ntfy(const struct message_tell *tell, const char *topic, const char *page)
{
	static const int priorities[] = {2, 3, 5}; /* low, default, max */
	static const char *const tags[] = {"information_source", "bell", "rotating_light"};
	unsigned level = tell->level > 2 ? 2 : tell->level;
	char url[160];

	json_t *json =
		json_pack("{s:s, s:s, s:s, s:i, s:[s]}", "topic", topic, "title", tell->title,
			"message", tell->text, "priority", priorities[level], "tags", tags[level]);
	if (*page) {
		snprintf(url, sizeof url, "https://%.72s/%s", page,
			strcmp(tell->kind, "new-device") ? "story" : "welcome");
		json_object_set_new(json, "actions",
			json_pack("[{s:s, s:s, s:s}]", "action", "view", "label", "Open Pinfold",
				"url", url));
	}
	return render_json(json);
}

/* Bare line ends become CRLF; the text has no other control characters (message_check()). */
static void
put_lines(FILE *out, const char *text)
{
	for (; *text; text++)
		fputs(*text == '\n' ? "\r\n" : (const char[]){*text, '\0'}, out);
	fputs("\r\n", out);
}

const char *
render_delivery(char out[static DELIVERY_MAX], const struct message_tell *tell)
{
	snprintf(out, DELIVERY_MAX, "%u.%lld", tell->ticket, (long long)tell->time_s);
	return out;
}

char *
render_mail(const struct message_tell *tell, const struct message_receiver *to, int64_t now_s)
{
	char date[40], id[DELIVERY_MAX], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		fatal("tell", "no memory for a mail");
	struct tm tm = utc(now_s);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	fprintf(out,
		"Date: %s\r\nFrom: Pinfold <%s>\r\nTo: <%s>\r\nMessage-ID: <%s@pinfold.invalid>\r\n"
		"Subject: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
		"Auto-Submitted: auto-generated\r\n%s\r\n",
		date, to->sender, to->recipient, render_delivery(id, tell), tell->title,
		tell->level >= 2 ? "Importance: high\r\n" : "");
	put_lines(out, tell->text);
	if (tell->lost)
		fprintf(out, "\r\nBefore this there was no room for %u messages.\r\n", tell->lost);
	fclose(out);
	return text;
}
