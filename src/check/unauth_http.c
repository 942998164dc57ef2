/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/http_text.h"
#include "check/service.h"
#include "check/table.h"

/*
 * Files that nobody should get without a login.  A status proves nothing: what
 * counts is content that only such a file has, and that the device does not
 * send for a name that cannot exist.
 *
 * Steps: "file" rounds 1 and 2, "control" (no such file, of the same kind).
 */
enum { BODY_MAX = 16 * 1024 };

/* What shows which kind of file came; every word of one of the groups. */
static bool
is_passwd(const char *body)
{
	const char *root = strstr(body, "root:");
	return root && (strstr(root, ":0:0:") || strstr(root, ":0:root:"));
}
static bool
is_ini_secret(const char *body)
{
	static const char *const words[] = {"password", "passwd", "pwd", "psk", "secret",
		"wpa_passphrase", "pppoe", "admin_pass"};

	/* A name, an equals sign or a tag, and a value: not a page that speaks of passwords. */
	for (size_t i = 0; i < COUNT_OF(words); i++)
		for (const char *at = body; (at = strcasestr(at, words[i])); at++) {
			const char *value = at + strcspn(at, "=:><\n\"' ");
			value += strspn(value, "\"' ");
			if ((*value == '=' || *value == ':' || *value == '>') &&
				value[1 + strspn(value + 1, " \"'")] > ' ' &&
				!strcasestr(body, "<form") && !strcasestr(body, "<input") &&
				!strcasestr(body, "<script"))
				return true;
		}
	return false;
}
static bool
is_git(const char *body)
{
	return strstr(body, "[core]") && strstr(body, "repositoryformatversion");
}
static bool
is_htpasswd(const char *body)
{
	const char *colon = strchr(body, ':');
	return colon && colon - body < 32 && !memchr(body, ' ', (size_t)(colon - body)) &&
	       !memchr(body, '<', (size_t)(colon - body)) &&
	       (colon[1] == '$' || !strncmp(colon + 1, "{SHA}", 5));
}
static bool
is_key(const char *body)
{
	return strstr(body, "-----BEGIN") && strstr(body, "PRIVATE KEY-----");
}
static bool
is_any_secret(const char *body)
{
	return is_passwd(body) || is_ini_secret(body) || is_git(body) || is_htpasswd(body) ||
	       is_key(body);
}

static const struct wanted {
	const char *path, *name;
	bool (*is_it)(const char *body);
	bool is_traversal;
} wanted[] = {
	{"/.git/config", "its source's history", is_git, false},
	{"/.env", "its settings with secrets", is_ini_secret, false},
	{"/.htpasswd", "its table of passwords", is_any_secret, false},
	{"/config.xml", "its settings with secrets", is_any_secret, false},
	{"/backup.cfg", "its settings with secrets", is_any_secret, false},
	{"/config.cfg", "its settings with secrets", is_any_secret, false},
	{"/config.bin", "its settings with secrets", is_any_secret, false},
	{"/system.ini", "its settings with secrets", is_any_secret, false},
	{"/etc/passwd", "its table of users", is_passwd, false},
	{"/cgi-bin/config.exp", "its settings with secrets", is_any_secret, false},
	{"/server.key", "a private key", is_key, false},
	{"/../../../../../../etc/passwd", "files from outside its pages", is_passwd, true},
	{"/..%2f..%2f..%2f..%2f..%2fetc/passwd", "files from outside its pages", is_passwd, true},
	{"/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "files from outside its pages",
		is_passwd, true},
	{"/cgi-bin/../../../../../../etc/passwd", "files from outside its pages", is_passwd, true},
};
static const char *const controls[] = {
	"/pf-no-such-file.cfg", "/../../../../../../etc/pf-no-such-file"};

static void
ask(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *path)
{
	char line[128];

	snprintf(line, sizeof line, "GET %s", path);
	http_ask(session, at, step, round, path, line, "", NULL);
}

static const struct wanted *
wanted_of(const struct exchange *e)
{
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		if (!strcmp(e->note, wanted[i].path))
			return &wanted[i];
	return NULL;
}

/* True when the answer holds what only such a file has. */
static bool
gives(const struct exchange *e, const struct wanted *what)
{
	auto_free char *body = NULL;
	struct http_reply reply;

	if (!e || !what || !http_reply_parse(&reply, e->received, e->n_received) ||
		reply.status != 200)
		return false;
	body = must_alloc(1, BODY_MAX);
	return http_body(&reply, body, BODY_MAX) && what->is_it(body);
}

void
unauth_http_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_that_are(session_transcript(session), SERVICE_HTTP, at);

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		for (size_t k = 0; k < COUNT_OF(wanted) && !session_is_over(session); k++) {
			ask(session, &at[i], "file", 1, wanted[k].path);
			const struct exchange *e = transcript_last(session);
			if (!gives(e, &wanted[k]))
				continue;
			ask(session, &at[i], "control", 1, controls[wanted[k].is_traversal]);
			ask(session, &at[i], "file", 2, wanted[k].path);
		}
		ask(session, &at[i], "control", 2, controls[0]);
	}
}

static const struct exchange *
beside(const struct transcript *transcript, uint16_t check, const char *step, uint32_t round,
	const struct exchange *of, const char *note)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, step)))
		if (e->port == of->port && ip_is_equal(&e->address, &of->address) &&
			e->round == round && !strcmp(e->note, note))
			return e;
	return NULL;
}

void
unauth_http_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *last = NULL;
	size_t from = 0, n_asked = 0, n_bad = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "file"))) {
		const struct wanted *what = wanted_of(e);
		if (e->round != 1)
			continue;
		n_asked++;
		last = e;
		if (!gives(e, what))
			continue;
		const struct exchange *again =
			beside(transcript, findings->check, "file", 2, e, e->note);
		const struct exchange *control = beside(
			transcript, findings->check, "control", 1, e, controls[what->is_traversal]);
		bool is_controlled = control && control->n_received && !gives(control, what);
		n_bad++;
		for (int i = 0; i < 2; i++) {
			struct finding *finding = findings_fail(findings, i ? "5.6-2" : "5.5-4", e,
				gives(again, what) ? again : NULL, is_controlled ? control : NULL,
				"HTTP at port %u gives everybody %s (%s)", e->port, what->name,
				e->note);
			finding->is_critical = !i && finding->word == VERDICT_FAIL;
		}
	}
	if (n_bad)
		return;
	for (int i = 0; i < 2; i++) {
		const char *provision = i ? "5.6-2" : "5.5-4";
		if (!last)
			service_absent(transcript, findings, provision, "web page");
		else
			finding_coverage(
				findings_add(findings, provision, VERDICT_NFF, last,
					"none of %zu files that leak was given without a login",
					n_asked),
				n_asked, n_asked);
	}
}
