/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/receiver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"

static const char *const kind_words[RECEIVER_KIND_COUNT] = {[RECEIVER_UNKNOWN] = "unknown",
	[RECEIVER_WEBHOOK] = "webhook",
	[RECEIVER_NTFY] = "ntfy",
	[RECEIVER_MAIL] = "mail",
	[RECEIVER_MQTT] = "mqtt"};

const char *const receiver_wants_words[WANTS_COUNT] = {"all", "urgent", "digest"};

/* The path is what is asked for where the owner gave none. */
static const struct scheme {
	const char *word;
	enum receiver_kind kind;
	bool has_tls;
	uint16_t port;
	const char *path;
} schemes[] = {
	{"https", RECEIVER_WEBHOOK, true, 443, "/"},
	{"http", RECEIVER_WEBHOOK, false, 80, "/"},
	{"ntfy", RECEIVER_NTFY, true, 443, NULL},
	{"ntfy+http", RECEIVER_NTFY, false, 80, NULL},
	{"smtps", RECEIVER_MAIL, true, 465, "/"},
	{"smtp", RECEIVER_MAIL, false, 587, "/"},
	{"mqtts", RECEIVER_MQTT, true, 8883, "/homeassistant"},
	{"mqtt", RECEIVER_MQTT, false, 1883, "/homeassistant"},
};

const char *
receiver_kind_word(enum receiver_kind kind)
{
	return kind_words[(unsigned)kind < RECEIVER_KIND_COUNT ? kind : RECEIVER_UNKNOWN];
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Only of these letters, and of those in `more`. */
static bool
is_of(const char *text, size_t len, const char *more)
{
	for (size_t i = 0; i < len; i++)
		if (!text[i] || (!strchr(letters, text[i]) && !strchr(more, text[i])))
			return false;
	return true;
}

bool
receiver_name_is_fine(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < RECEIVER_NAME_MAX && is_of(name, len, ".-_") && name[0] != '.' &&
	       name[0] != '-';
}

bool
receiver_mail_is_fine(const char *address)
{
	size_t len = strlen(address), local = strcspn(address, "@");

	return len < sizeof((struct message_receiver *)0)->sender && local > 0 && local < len - 1 &&
	       is_of(address, local, ".-_+") && is_of(address + local + 1, len - local - 1, ".-");
}

bool
receiver_host_is_address(const struct message_receiver *to, struct ip *ip)
{
	return ip_parse(ip, to->host);
}

/* "[2001:db8::1]", "192.0.2.1" or a name; *at goes behind it. */
static bool
take_host(struct message_receiver *to, const char **at)
{
	const char *begin = *at + (**at == '[');
	size_t len = strcspn(begin, **at == '[' ? "]" : ":/");
	struct ip ip;

	if (!len || len >= sizeof to->host || !is_of(begin, len, ".-:"))
		return false;
	memcpy(to->host, begin, len);
	bool is_bracketed = **at == '[';
	*at = begin + len + is_bracketed;
	if (is_bracketed)
		return begin[len] == ']' && ip_parse(&ip, to->host) && ip.version == 6;
	/* Digits and dots alone are no name; who means an address writes the whole of it. */
	return ip_parse(&ip, to->host) || strspn(to->host, "0123456789.") != len;
}

static bool
take_port(struct message_receiver *to, const char **at)
{
	char *end;

	if (**at != ':')
		return true;
	unsigned long port = strtoul(*at + 1, &end, 10);
	if ((*at)[1] < '0' || (*at)[1] > '9' || port < 1 || port > 65535)
		return false;
	to->port = (uint16_t)port;
	*at = end;
	return true;
}

/* A topic is one word; the rest are paths as a server of the web has them. */
static bool
take_path(struct message_receiver *to, const char *at, const struct scheme *scheme)
{
	size_t len = strlen(at);

	if (len <= 1) {
		if (scheme->path)
			strcpy(to->path, scheme->path);
		return scheme->path;
	}
	bool is_word = to->kind == RECEIVER_NTFY || to->kind == RECEIVER_MQTT;
	if (*at != '/' || len >= sizeof to->path || to->kind == RECEIVER_MAIL ||
		!is_of(at + 1, len - 1, is_word ? "-_" : "-_/.~=&?%+,:@"))
		return false;
	memcpy(to->path, at, len);
	return true;
}

bool
receiver_parse(struct message_receiver *to, const char *url, struct fault *why)
{
	struct message_receiver out = {0};
	const struct scheme *scheme = NULL;
	size_t len = strcspn(url, ":");

	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (!strncmp(schemes[i].word, url, len) && !schemes[i].word[len])
			scheme = &schemes[i];
	if (!scheme || strncmp(url + len, "://", 3)) {
		fault_set(why, ERR_INVALID,
			"expected https://, http://, ntfy://, ntfy+http://, smtps://, smtp://, "
			"mqtts:// or mqtt://");
		return false;
	}
	const char *at = url + len + 3;
	out.kind = (uint8_t)scheme->kind;
	out.has_tls = scheme->has_tls;
	out.port = scheme->port;
	if (!take_host(&out, &at) || !take_port(&out, &at)) {
		fault_set(why, ERR_INVALID,
			"after %s:// stands the host, without user and password, and perhaps "
			":PORT; an IPv6 address is in brackets",
			scheme->word);
		return false;
	}
	if (!take_path(&out, at, scheme)) {
		fault_set(why, ERR_INVALID,
			out.kind == RECEIVER_NTFY   ? "after the host stands /TOPIC, one word"
			: out.kind == RECEIVER_MAIL ? "nothing stands after the host of mail"
						    : "this path is not plain, or too long");
		return false;
	}
	*to = out;
	return true;
}

/* ASCII on one line; false: not, or too long. */
static bool
take_line(char *out, size_t size, const json_t *members, const char *key)
{
	const char *text = json_text_of(members, key);

	for (const char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	return (size_t)snprintf(out, size, "%s", text) < size;
}

/* In the order of words; -1: none of them. */
static int
word_of(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static bool
is_private(const struct message_receiver *to)
{
	struct ip ip;

	return ip_parse(&ip, to->host) && ip_is_inside(&ip) && !ip_is_multicast(&ip);
}

static bool
fill_mail(struct message_receiver *to, struct fault *why)
{
	if (!to->sender[0])
		memcpy(to->sender, to->recipient, sizeof to->sender);
	if (receiver_mail_is_fine(to->recipient) && receiver_mail_is_fine(to->sender))
		return true;
	fault_set(why, ERR_INVALID,
		"mail needs a recipient, and may have a sender: addresses as anna@example.org");
	return false;
}

bool
receiver_fill(struct receiver *receiver, const json_t *members, struct fault *why)
{
	static const char *const scopes[ROLE_COUNT] = {"", "read", "act", "admin"};
	struct message_receiver *to = &receiver->to;
	const char *wants = json_text_of(members, "wants"), *scope = json_text_of(members, "scope");
	json_int_t minutes = json_integer_value(json_object_get(members, "heartbeat"));
	int what = *wants ? word_of(receiver_wants_words, WANTS_COUNT, wants) : WANTS_ALL;
	int commands = *scope ? word_of(scopes, ROLE_COUNT, scope) : ROLE_VIEWER;

	if (!take_line(receiver->name, sizeof receiver->name, members, "name") ||
		!receiver_name_is_fine(receiver->name)) {
		fault_set(why, ERR_INVALID,
			"a name has letters, digits, \".\", \"-\" and \"_\", at most %d",
			RECEIVER_NAME_MAX - 1);
		return false;
	}
	if (what < 0 || commands < 0 || minutes < 0 || minutes > HEARTBEAT_MINUTES_MAX ||
		!take_line(to->user, sizeof to->user, members, "user") ||
		!take_line(to->sender, sizeof to->sender, members, "sender") ||
		!take_line(to->recipient, sizeof to->recipient, members, "recipient")) {
		fault_set(why, ERR_INVALID,
			"expected wants: all, urgent or digest; scope: read, act or admin; "
			"heartbeat: at most %d minutes; the rest in ASCII",
			HEARTBEAT_MINUTES_MAX);
		return false;
	}
	receiver->wants = (enum receiver_wants)what;
	receiver->heartbeat_minutes = (uint32_t)minutes;
	to->commands = (uint8_t)commands;
	to->is_near = is_private(to);
	if (!to->has_tls && !to->is_near && to->kind != RECEIVER_MAIL) {
		fault_set(why, ERR_DENIED,
			"without TLS it must be an address of your own networks: what leaves the "
			"home is encrypted");
		return false;
	}
	if (to->commands > ROLE_VIEWER && to->kind != RECEIVER_MQTT) {
		fault_set(why, ERR_INVALID, "only Home Assistant can ask for anything");
		return false;
	}
	return to->kind != RECEIVER_MAIL || fill_mail(to, why);
}

static const char *
render(const struct message_receiver *to, const char *path, char out[static RECEIVER_URL_MAX])
{
	const struct scheme *scheme = NULL;
	bool is_v6 = strchr(to->host, ':');

	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (schemes[i].kind == (enum receiver_kind)to->kind &&
			schemes[i].has_tls == to->has_tls)
			scheme = &schemes[i];
	snprintf(out, RECEIVER_URL_MAX, "%s://%s%s%s:%u%s", scheme ? scheme->word : "none",
		is_v6 ? "[" : "", to->host, is_v6 ? "]" : "", to->port, path);
	return out;
}

const char *
receiver_render(const struct message_receiver *to, char out[static RECEIVER_URL_MAX])
{
	return render(to, to->kind == RECEIVER_MAIL ? "" : to->path, out);
}

const char *
receiver_render_host(const struct message_receiver *to, char out[static RECEIVER_URL_MAX])
{
	bool is_secret = to->kind == RECEIVER_WEBHOOK || to->kind == RECEIVER_NTFY;

	return is_secret ? render(to, "/...", out) : receiver_render(to, out);
}
