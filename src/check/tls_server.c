/* SPDX-License-Identifier: Apache-2.0 */
#include "check/tls_server.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "check/service.h"
#include "check/table.h"
#include "check/tls_offer.h"
#include "packet/tls.h"

/*
 * What a server would agree to: it is asked for one version, then for one kind
 * of cipher at a time, with hellos of our own, since no library offers these
 * any more.  Nothing is ever encrypted.
 *
 * Steps: "version", "cipher", rounds 1 and 2; "control": ciphers that do not
 * exist, which no server may agree to.  The note names what was offered.
 */
enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, SERVER_HELLO = 2, CERTIFICATE = 11 };
enum { HANDSHAKE_MAX = 32 * 1024 };

/* --- decoding --------------------------------------------------------------------------------------- */

/* Handshake messages may be cut into records in any way: put together first. */
static size_t
gather(struct reader *r, struct tls_answer *answer, uint8_t *out, size_t size)
{
	size_t n = 0;

	while (reader_left(r) >= 5) {
		uint8_t type = reader_u8(r);
		reader_skip(r, 2);
		struct reader body = reader_slice(r, reader_u16(r));
		if (!reader_ok(r))
			break;
		if (type == RECORD_ALERT) {
			reader_skip(&body, 1);
			answer->alert = reader_u8(&body);
		} else if (type == RECORD_HANDSHAKE) {
			struct bytes bytes = reader_rest(&body);
			size_t len = bytes.len < size - n ? bytes.len : size - n;
			if (len)
				memcpy(out + n, bytes.at, len);
			n += len;
		} else {
			break; /* what follows is encrypted */
		}
	}
	return n;
}

bool
tls_answer_parse(struct tls_answer *answer, struct bytes bytes, uint8_t *scratch, size_t size)
{
	struct reader r = reader_over(bytes.at, bytes.len);

	*answer = (struct tls_answer){0};
	int first = reader_peek(&r);
	if (bytes.len < 7 || (first != RECORD_ALERT && first != RECORD_HANDSHAKE) ||
		bytes.at[1] != 3)
		return false;
	struct tls_server hello = {0};
	size_t n = gather(&r, answer, scratch, size);
	struct reader messages = reader_over(scratch, n);
	while (reader_left(&messages) >= 4) {
		uint8_t type = reader_u8(&messages);
		struct reader body = reader_slice(&messages, reader_u24(&messages));
		if (!reader_ok(&messages))
			break;
		if (type == SERVER_HELLO && tls_server_hello_parse(&hello, body)) {
			answer->version = hello.version;
			answer->cipher = hello.cipher;
		} else if (type == CERTIFICATE && !answer->certificate.len) {
			reader_skip(&body, 3);
			struct reader one = reader_slice(&body, reader_u24(&body));
			if (reader_ok(&body))
				answer->certificate = reader_rest(&one);
		}
	}
	return true;
}

/* --- what is offered ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint16_t version;
	bool is_bad;
} versions[] = {
	{"SSL 3.0", 0x0300, true},
	{"TLS 1.0", 0x0301, true},
	{"TLS 1.1", 0x0302, true},
	{"TLS 1.2", 0x0303, false},
	{"TLS 1.3", 0x0304, false},
};

static const uint16_t without_encryption[] = {
	0x0001, 0x0002, 0x003b, 0x002c, 0x002d, 0x002e, 0xc001, 0xc006, 0xc00b, 0xc010};
static const uint16_t without_server[] = {0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x006d, 0x0046,
	0x0089, 0x00a6, 0x00a7, 0xc015, 0xc016, 0xc017, 0xc018, 0xc019};
static const uint16_t for_export[] = {
	0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019, 0x0062, 0x0064};
static const uint16_t with_rc4[] = {0x0004, 0x0005, 0xc002, 0xc007, 0xc00c, 0xc011, 0x0018};
static const uint16_t with_des[] = {0x0009, 0x000c, 0x000f, 0x0012, 0x0015, 0x001a};
static const uint16_t none_such[] = {0x7a01, 0x7a02, 0x7a03, 0x7a04};

static const struct cipher_kind {
	const char *name, *weakness;
	const uint16_t *suites;
	size_t n;
} kinds[] = {
	{"NULL", "no encryption", without_encryption, COUNT_OF(without_encryption)},
	{"anonymous", "nobody knows who answers", without_server, COUNT_OF(without_server)},
	{"export", "keys of 40 bits", for_export, COUNT_OF(for_export)},
	{"RC4", "RC4 (RFC 7465)", with_rc4, COUNT_OF(with_rc4)},
	{"DES", "keys of 56 bits", with_des, COUNT_OF(with_des)},
};

const char *
tls_cipher_weakness(uint16_t suite)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		for (size_t k = 0; k < kinds[i].n; k++)
			if (kinds[i].suites[k] == suite)
				return kinds[i].weakness;
	return NULL;
}

/* --- asking -------------------------------------------------------------------------------------------- */

/* Up to TLS 1.2 more follows it readable; from 1.3 on nothing does, and a retry waits for us. */
static bool
is_hello_of_13(struct reader messages)
{
	struct tls_server hello = {0};
	uint8_t type = reader_u8(&messages);
	struct reader body = reader_slice(&messages, reader_u24(&messages));

	return reader_ok(&messages) && type == SERVER_HELLO &&
	       tls_server_hello_parse(&hello, body) && hello.version >= 0x0304;
}

/* Enough is a ServerHelloDone, a hello of 1.3, an alert, or what is encrypted; or quiet. */
static bool
is_said(const uint8_t *bytes, size_t len, void *arg)
{
	struct reader r = reader_over(bytes, len);

	while (reader_left(&r) >= 5) {
		uint8_t type = reader_u8(&r);
		reader_skip(&r, 2);
		struct reader body = reader_slice(&r, reader_u16(&r));
		if (!reader_ok(&r))
			return false;
		if (type != RECORD_HANDSHAKE || is_hello_of_13(body))
			return true;
		struct bytes rest = reader_rest(&body);
		/* ServerHelloDone is four bytes, and stands last. */
		if (rest.len >= 4 && !memcmp(rest.at + rest.len - 4, "\x0e\0\0\0", 4))
			return true;
	}
	return false;
}

static struct tls_answer
ask(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *name, const struct tls_offer *hello)
{
	uint8_t out[TLS_OFFER_MAX];
	auto_free uint8_t *scratch = must_alloc(1, HANDSHAKE_MAX);
	struct tls_answer answer = {0};
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
	const uint8_t *bytes;

	if (!talk)
		return answer;
	talk_note(talk, "%s", name);
	size_t n_out = tls_offer_render(out, hello);
	talk_send(talk, out, n_out);
	size_t n = talk_receive(talk, 2000, is_said, NULL, &bytes);
	tls_answer_parse(&answer, (struct bytes){bytes, n}, scratch, HANDSHAKE_MAX);
	answer.certificate = (struct bytes){0}; /* it points into what is gone */
	talk_close(talk);
	return answer;
}

/* Twice where it may fail by that: what is broken, and what is not in a list that was given. */
static void
look_at(struct session *session, const struct service_at *at, bool has_list)
{
	struct tls_offer odd = {
		.version_max = 0x0303, .ciphers = none_such, .n_ciphers = COUNT_OF(none_such)};

	ask(session, at, "control", 1, "ciphers that do not exist", &odd);
	for (size_t i = 0; i < COUNT_OF(versions) && !session_is_over(session); i++) {
		struct tls_offer hello = {.version_max = versions[i].version};
		for (uint32_t round = 1; round <= 2; round++)
			if (ask(session, at, "version", round, versions[i].name, &hello).version !=
					versions[i].version ||
				(!versions[i].is_bad && !has_list))
				break;
	}
	for (size_t i = 0; i < COUNT_OF(kinds) && !session_is_over(session); i++) {
		struct tls_offer hello = {
			.version_max = 0x0303, .ciphers = kinds[i].suites, .n_ciphers = kinds[i].n};
		for (uint32_t round = 1; round <= 2; round++)
			if (!ask(session, at, "cipher", round, kinds[i].name, &hello).version)
				break;
	}
}

void
tls_server_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(session_transcript(session), at);
	auto_free struct declared *declared = declared_in(session_transcript(session), NULL);
	uint16_t seen[SERVICES_MAX];
	size_t n_seen = 0;

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		bool is_known = false;
		if (!at[i].is_tls && at[i].what != SERVICE_TLS)
			continue;
		for (size_t k = 0; k < n_seen; k++)
			is_known = is_known || seen[k] == at[i].port;
		if (is_known)
			continue; /* the same server over the other family */
		seen[n_seen++] = at[i].port;
		look_at(session, &at[i], declared && declared->n_ciphers);
	}
}

/* --- judging -------------------------------------------------------------------------------------------- */

static bool
agreed(const struct exchange *e, struct tls_answer *answer, uint8_t *scratch)
{
	return tls_answer_parse(answer, (struct bytes){e->received, e->n_received}, scratch,
		       HANDSHAKE_MAX) &&
	       answer->version;
}

static uint16_t
version_of(const char *name, bool *is_bad)
{
	for (size_t i = 0; i < COUNT_OF(versions); i++)
		if (!strcmp(versions[i].name, name)) {
			*is_bad = versions[i].is_bad;
			return versions[i].version;
		}
	return 0;
}

/* Facts of the certificate, told beside the verdict: a device's own is rarely signed by anybody. */
static void
certificate_facts(struct bytes der, char *out, size_t size)
{
	const unsigned char *at = der.at;
	X509 *certificate = der.len ? d2i_X509(NULL, &at, (long)der.len) : NULL;

	out[0] = '\0';
	if (!certificate)
		return;
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	bool is_own = !X509_NAME_cmp(
		X509_get_subject_name(certificate), X509_get_issuer_name(certificate));
	snprintf(out, size, ", certificate %s, key of %d bits",
		is_own ? "signed by itself" : "signed", key ? EVP_PKEY_get_bits(key) : 0);
	X509_free(certificate);
}

/* What the port agreed to against the list of ciphers, where somebody gave one. */
static void
judge_declared(const struct transcript *transcript, struct findings *findings,
	const struct exchange *control, uint8_t *scratch)
{
	auto_free struct declared *declared = declared_in(transcript, NULL);
	struct tls_answer answer, other;
	const struct exchange *e;
	char where[16];
	size_t from = 0;

	if (!declared || !declared->n_ciphers)
		return;
	snprintf(where, sizeof where, "port %u", control->port);
	bool is_controlled = !agreed(control, &other, scratch);
	while ((e = transcript_next(transcript, &from, findings->check, "version"))) {
		if (e->port != control->port || !ip_is_equal(&e->address, &control->address) ||
			e->round != 1 || !agreed(e, &answer, scratch))
			continue;
		uint16_t cipher = answer.cipher;
		const struct exchange *again =
			transcript_beside(transcript, e, e->step, 2, e->note);
		bool is_again = again && agreed(again, &other, scratch) && other.cipher == cipher;
		declared_judge_cipher(findings, declared, cipher, e, is_again ? again : NULL,
			is_controlled ? control : NULL, where);
	}
}

static void
judge_port(const struct transcript *transcript, struct findings *findings,
	const struct exchange *control, uint8_t *scratch)
{
	struct tls_answer answer, other;
	const struct exchange *e, *best = NULL;
	uint16_t best_version = 0;
	size_t n_bad = 0, from;
	char facts[96] = "";
	bool is_controlled = !agreed(control, &other, scratch);

	for (int kind = 0; kind < 2; kind++) {
		from = 0;
		while ((e = transcript_next(
				transcript, &from, findings->check, kind ? "cipher" : "version"))) {
			bool is_bad = true;
			if (e->port != control->port ||
				!ip_is_equal(&e->address, &control->address) || e->round != 1 ||
				!agreed(e, &answer, scratch))
				continue;
			if (!kind && version_of(e->note, &is_bad) != answer.version)
				continue; /* it answered with another version than was asked for */
			if (kind && !tls_cipher_weakness(answer.cipher))
				continue;
			if (!is_bad) {
				if (answer.version > best_version) {
					best_version = answer.version;
					best = e;
				}
				if (answer.certificate.len)
					certificate_facts(answer.certificate, facts, sizeof facts);
				continue;
			}
			const struct exchange *again =
				transcript_beside(transcript, e, e->step, 2, e->note);
			n_bad++;
			findings_fail(findings, "5.5-1", e,
				again && agreed(again, &other, scratch) ? again : NULL,
				is_controlled ? control : NULL, "port %u agrees to %s%s%s", e->port,
				e->note, kind ? " ciphers: " : ", which is broken and withdrawn",
				kind ? tls_cipher_weakness(answer.cipher) : "");
		}
	}
	if (n_bad)
		return;
	if (best)
		findings_add(findings, "5.5-1", VERDICT_NFF, best,
			"port %u agrees to TLS 1.%u and to no version or cipher that is broken%s",
			control->port, best_version - 0x0301u, facts);
	else
		findings_inc(findings, "5.5-1", INC_TOOL_ERROR, control,
			"port %u agreed to none of the versions that it was asked for",
			control->port);
}

void
tls_server_judge(const struct transcript *transcript, struct findings *findings)
{
	auto_free uint8_t *scratch = must_alloc(1, HANDSHAKE_MAX);
	const struct exchange *control;
	size_t from = 0, n = 0;

	while ((control = transcript_next(transcript, &from, findings->check, "control"))) {
		judge_port(transcript, findings, control, scratch);
		judge_declared(transcript, findings, control, scratch);
		n++;
	}
	if (!n)
		service_absent(transcript, findings, "5.5-1", "TLS");
}
