/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What crosses the network readable: passwords, pictures, messages, control.
 *
 * Only what was seen twice fails, in connections of their own.  What was sent in
 * clear text but may be encrypted within (a binary upload, CoAP with OSCORE,
 * RFC 8613) cannot be told from outside and is inconclusive.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/table.h"
#include "check/traffic.h"

enum { SAID_MAX = 8 }; /* of one kind; more of the same help nobody */

/* --- credentials --------------------------------------------------------------------------------- */

static const struct scheme {
	const char *text;
	bool is_readable; /* the secret itself, not what was made of it */
} schemes[] = {
	{"FTP", true},
	{"MQTT", true},
	{"HTTP Basic", true},
	{"HTTP Bearer", true},
	{"HTTP Token", true},
	{"HTTP query", true},
	{"RTSP Basic", true},
	{"SIP Basic", true},
	{"HTTP Digest", false}, /* MD5 in practice, and guessed offline */
	{"RTSP Digest", false},
	{"SIP Digest", false},
};

static const struct scheme *
scheme_of(const struct traffic_seen *seen)
{
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (!strcasecmp(schemes[i].text, seen->first->note))
			return &schemes[i];
	return NULL;
}

static bool
is_credentials(const struct traffic_seen *seen)
{
	return !strcmp(seen->first->step, "clear-credentials");
}

/* Everybody's password is no secret. */
static bool
is_anonymous(const struct transcript *transcript, const struct traffic_seen *bad)
{
	struct traffic_seen seen;
	size_t from = 0;

	if (strcmp(bad->first->note, "FTP"))
		return false;
	while (traffic_next(transcript, &from, "clear-content", &seen))
		if (!strcmp(seen.first->note, "FTP anonymous") &&
			seen.first->port == bad->first->port &&
			ip_is_equal(&seen.first->address, &bad->first->address))
			return true;
	return false;
}

static const char *
where(const struct traffic_seen *seen, char out[static IP_TEXT_MAX + 32])
{
	char address[IP_TEXT_MAX];

	if (traffic_is_outside(seen))
		snprintf(out, IP_TEXT_MAX + 32, "to %s on the internet",
			ip_render(&seen->first->address, address));
	else
		snprintf(out, IP_TEXT_MAX + 32, "to a neighbour");
	return out;
}

static void
judge_credentials(const struct transcript *transcript, struct findings *findings,
	const struct traffic_seen *seen)
{
	const struct exchange *control = traffic_control(transcript, seen, is_credentials);
	const struct scheme *scheme = scheme_of(seen);
	char at[IP_TEXT_MAX + 32];

	if (!scheme || is_anonymous(transcript, seen)) {
		findings_inc(findings, "5.1-3", INC_NO_IXIT, seen->first,
			"'%s' crosses the network in clear text %s; whether that is a secret, only "
			"the maker can say",
			seen->first->note, where(seen, at));
		return;
	}
	findings_fail(findings, "5.1-3", seen->first, seen->last, control,
		"it logs in by %s in clear text %s", seen->first->note, where(seen, at));
	findings_fail(findings, "5.5-1", seen->first, seen->last, control,
		"a login by %s crosses the network unencrypted %s", seen->first->note,
		where(seen, at));
	if (!scheme->is_readable)
		return;
	findings_fail(findings, "5.5-6", seen->first, seen->last, control,
		"the secret of %s can be read on the way %s", seen->first->note, where(seen, at));
	if (traffic_is_outside(seen))
		findings_fail(findings, "5.5-7", seen->first, seen->last, control,
			"the secret of %s can be read by everybody on the way %s",
			seen->first->note, where(seen, at));
}

/* --- content ------------------------------------------------------------------------------------- */

enum content { CONTENT_NONE, CONTENT_HIDDEN, CONTENT_TEXT, CONTENT_SENSITIVE };

static enum content
content_of(const struct traffic_seen *seen)
{
	static const struct {
		const char *start;
		enum content is;
	} kinds[] = {
		/* Meant to be readable: revocation and time stamps are signed (RFC 6960, 3161). */
		{"HTTP application/ocsp-", CONTENT_NONE},
		{"HTTP application/timestamp-", CONTENT_NONE},
		{"HTTP location", CONTENT_SENSITIVE},
		{"HTTP image/", CONTENT_SENSITIVE},
		{"HTTP video/", CONTENT_SENSITIVE},
		{"HTTP audio/", CONTENT_SENSITIVE},
		{"RTSP", CONTENT_SENSITIVE},
		{"HTTP application/json", CONTENT_TEXT},
		{"HTTP application/x-www-form-urlencoded", CONTENT_TEXT},
		{"HTTP application/xml", CONTENT_TEXT},
		{"HTTP application/soap+xml", CONTENT_TEXT},
		{"HTTP multipart/form-data", CONTENT_TEXT},
		{"HTTP text/", CONTENT_TEXT},
		{"MQTT", CONTENT_TEXT},
		{"SIP", CONTENT_TEXT},
		{"telnet", CONTENT_TEXT},
		{"FTP", CONTENT_TEXT},
	};

	if (!strcmp(seen->first->step, "coap-request"))
		return CONTENT_HIDDEN;
	if (strcmp(seen->first->step, "clear-content"))
		return CONTENT_NONE;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (!strncasecmp(kinds[i].start, seen->first->note, strlen(kinds[i].start)))
			return kinds[i].is;
	return CONTENT_HIDDEN;
}

static bool
is_content(const struct traffic_seen *seen)
{
	return content_of(seen) == CONTENT_TEXT || content_of(seen) == CONTENT_SENSITIVE;
}

/* Whether the network works, and revocation lists: nothing of the device is in it. */
static bool
is_empty_talk(const struct traffic_seen *seen)
{
	static const char *const words[] = {"generate_204", "gen_204", "connectivity", "hotspot",
		"captive", "ncsi", "connecttest", "success.txt", ".crl", "ocsp"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasestr(seen->detail, words[i]) || strcasestr(seen->first->note, words[i]))
			return true;
	return false;
}

static void
judge_content(const struct transcript *transcript, struct findings *findings,
	const struct traffic_seen *seen)
{
	const struct exchange *control = traffic_control(transcript, seen, is_content);
	enum content content = content_of(seen);
	bool is_outside = traffic_is_outside(seen);
	const char *what = !strcmp(seen->first->step, "coap-request") ? "CoAP" : seen->first->note;
	char at[IP_TEXT_MAX + 32];

	if (content == CONTENT_HIDDEN || (content == CONTENT_TEXT && !is_outside)) {
		findings_inc(findings, "5.5-1",
			content == CONTENT_HIDDEN ? INC_UNDECRYPTED : INC_NO_IXIT, seen->first,
			"%s goes without TLS %s; whether what is in it needs protection, or has "
			"its own, is not seen",
			what, where(seen, at));
		return;
	}
	findings_fail(findings, "5.5-1", seen->first, seen->last, control, "%s goes unencrypted %s",
		what, where(seen, at));
	if (content == CONTENT_SENSITIVE && is_outside)
		for (int i = 0; i < 2; i++)
			findings_fail(findings, i ? "5.8-2" : "5.8-1", seen->first, seen->last,
				control, "what shows people (%s) goes unencrypted %s", what,
				where(seen, at));
	else if (is_outside)
		findings_inc(findings, "5.8-1", INC_NO_IXIT, seen->first,
			"%s goes unencrypted %s; whether personal data are in it, the maker must "
			"say",
			what, where(seen, at));
}

void
clear_text_judge(const struct transcript *transcript, struct findings *findings)
{
	size_t from = 0, n_logins = 0, n_contents = 0, n_requests = 0;
	struct traffic_seen seen;

	while (traffic_next(transcript, &from, "clear-credentials", &seen))
		if (n_logins++ < SAID_MAX)
			judge_credentials(transcript, findings, &seen);
	for (from = 0; traffic_next(transcript, &from, NULL, &seen);)
		if (content_of(&seen) != CONTENT_NONE && n_contents++ < SAID_MAX)
			judge_content(transcript, findings, &seen);
	for (from = 0; traffic_next(transcript, &from, "http-request", &seen);) {
		if (!traffic_is_outside(&seen) || is_empty_talk(&seen) ||
			strncmp(seen.detail, "GET ", 4) || n_requests++ >= SAID_MAX)
			continue;
		findings_inc(findings, "5.5-1", INC_NO_IXIT, seen.first,
			"it asks %.60s by plain HTTP (%.60s); whether that needs protection, the "
			"maker must say",
			seen.first->note[0] ? seen.first->note : "a server", seen.detail);
	}
	if (!n_logins) {
		traffic_say_none(transcript, findings, "5.1-3", "no login in clear text");
		traffic_say_none(transcript, findings, "5.5-6", "no secret in clear text");
		traffic_say_none(transcript, findings, "5.5-7", "no secret in clear text");
	}
	if (!n_logins && !n_contents && !n_requests) {
		traffic_say_none(transcript, findings, "5.5-1", "nothing in clear text");
		traffic_say_none(transcript, findings, "5.8-1", "nothing in clear text");
		traffic_say_none(
			transcript, findings, "5.8-2", "no pictures or sound in clear text");
	}
}
