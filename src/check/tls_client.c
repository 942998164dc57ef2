/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as the device uses it towards others: what it offers, what was agreed, and
 * up to TLS 1.2 the certificate that it was shown.  From 1.3 on certificates are
 * encrypted, which is said and not held against anybody.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "check/table.h"
#include "check/tls_server.h"
#include "check/traffic.h"
#include "packet/tls.h"

enum { SAID_MAX = 8, TLS_1_2 = 0x0303 };

/* "0301 c014" of a server's choice, "0303-17-9-..." of an offer; 0: neither. */
static uint16_t
version_of(const struct traffic_seen *seen)
{
	if (!strcmp(seen->first->step, "tls-server") || !strcmp(seen->first->step, "tls-hello"))
		return (uint16_t)strtoul(seen->detail, NULL, 16);
	return 0;
}

static uint16_t
cipher_of(const struct traffic_seen *seen)
{
	const char *cipher = strchr(seen->detail, ' ');

	return cipher ? (uint16_t)strtoul(cipher, NULL, 16) : 0;
}

static const char *
weakness_of(const struct traffic_seen *seen)
{
	return strcmp(seen->first->step, "tls-server") ? NULL
						       : tls_cipher_weakness(cipher_of(seen));
}

static bool
is_old(const struct traffic_seen *seen)
{
	return version_of(seen) && version_of(seen) < TLS_1_2;
}

static bool
is_weak(const struct traffic_seen *seen)
{
	return weakness_of(seen) != NULL;
}

static bool
has(const struct traffic_seen *seen, const char *word)
{
	return strstr(seen->detail, word) != NULL;
}

static bool
is_badly_signed(const struct traffic_seen *seen)
{
	return !strcmp(seen->first->step, "tls-certificate") && has(seen, " own=0") &&
	       (has(seen, " signature=md5") || has(seen, " signature=sha1"));
}

static const char *
server_of(const struct traffic_seen *seen, char out[static IP_TEXT_MAX])
{
	const char *name = traffic_name(seen);

	return name ? name : ip_render(&seen->first->address, out);
}

static void
judge_certificate(const struct transcript *transcript, struct findings *findings,
	const struct traffic_seen *seen)
{
	int64_t until_s = traffic_time(seen->detail, "until="),
		from_s = traffic_time(seen->detail, "from=");
	char address[IP_TEXT_MAX];

	if (is_badly_signed(seen))
		findings_fail(findings, "5.5-1", seen->first, seen->last,
			traffic_control(transcript, seen, is_badly_signed),
			"the certificate of %.80s is signed with %s, which is broken",
			server_of(seen, address), has(seen, "=md5") ? "MD5" : "SHA-1");
	if (has(seen, " own=1"))
		findings_inc(findings, "5.5-1", INC_NO_IXIT, seen->first,
			"the certificate of %.80s is signed by itself; whether the device knows it "
			"beforehand is tested by showing it another one",
			server_of(seen, address));
	const struct exchange *last = seen->last ? seen->last : seen->first;
	if (until_s && (until_s < last->utc_s || from_s > last->utc_s))
		findings_inc(findings, "5.5-1", INC_NO_IXIT, last,
			"the certificate of %.80s was not valid at that time; whether the device "
			"went on all the same is tested by showing it one",
			server_of(seen, address));
}

/* What was agreed with its servers against the list of ciphers, where somebody gave one. */
static void
judge_declared(const struct transcript *transcript, struct findings *findings)
{
	auto_free struct declared *declared = declared_in(transcript, NULL);
	const struct exchange *control = NULL;
	size_t before = findings->n;
	struct traffic_seen seen;
	char address[IP_TEXT_MAX];

	if (!declared || !declared->n_ciphers)
		return;
	for (size_t from = 0; !control && traffic_next(transcript, &from, "tls-server", &seen);)
		if (declared_has_cipher(declared, cipher_of(&seen)) == CIPHER_DECLARED)
			control = seen.first;
	for (size_t from = 0; traffic_next(transcript, &from, "tls-server", &seen);)
		if (findings->n - before < SAID_MAX && cipher_of(&seen))
			declared_judge_cipher(findings, declared, cipher_of(&seen), seen.first,
				seen.last, control, server_of(&seen, address));
}

void
tls_client_judge(const struct transcript *transcript, struct findings *findings)
{
	size_t from = 0, n_servers = 0, n_hellos = 0, n_said = 0;
	struct traffic_seen seen;
	char address[IP_TEXT_MAX];

	while (traffic_next(transcript, &from, "tls-server", &seen)) {
		n_servers++;
		if ((!is_old(&seen) && !is_weak(&seen)) || n_said++ >= SAID_MAX)
			continue;
		if (is_old(&seen))
			findings_fail(findings, "5.5-1", seen.first, seen.last,
				traffic_control(transcript, &seen, is_old),
				"it speaks %s with %.80s; before TLS 1.2 it is withdrawn (RFC "
				"8996)",
				tls_version_text(version_of(&seen)), server_of(&seen, address));
		if (is_weak(&seen))
			findings_fail(findings, "5.5-1", seen.first, seen.last,
				traffic_control(transcript, &seen, is_weak),
				"its connection with %.80s is encrypted weakly: %s",
				server_of(&seen, address), weakness_of(&seen));
	}
	for (from = 0; traffic_next(transcript, &from, "tls-hello", &seen);) {
		n_hellos++;
		if (is_old(&seen) && n_said++ < SAID_MAX)
			findings_fail(findings, "5.5-1", seen.first, seen.last,
				traffic_control(transcript, &seen, is_old),
				"it offers %.80s nothing newer than %s", server_of(&seen, address),
				tls_version_text(version_of(&seen)));
	}
	judge_declared(transcript, findings);
	size_t before = findings->n;
	for (from = 0; traffic_next(transcript, &from, "tls-certificate", &seen);)
		if (findings->n - before < SAID_MAX)
			judge_certificate(transcript, findings, &seen);
	if (n_said || findings->n > before)
		return;
	if (n_servers)
		traffic_say_none(transcript, findings, "5.5-1",
			"no TLS older than 1.2 and no broken cipher was agreed");
	else
		findings_inc(findings, "5.5-1", INC_NOT_SEEN, NULL,
			"%zu offers of TLS by the device were seen, and no answer to one",
			n_hellos);
}
