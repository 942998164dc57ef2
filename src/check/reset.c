/* SPDX-License-Identifier: Apache-2.0 */
#include "check/reset.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/login.h"
#include "check/rig.h"
#include "check/rig_line.h"
#include "check/socket.h"
#include "check/table.h"
#include "packet/tls.h"

/*
 * A factory reset, pressed by a person, and what is left afterwards of whom the device
 * belonged to.  Two checks, so that one who waits for the person does not forget what
 * was there before.
 *
 * reset-before:	"canary none" "canary wrong" "canary"  the owner's password, at each login
 *			"hello"    of its connections to the internet, turned to us
 *			"host"     how it calls itself by DHCP, and when that was heard
 * reset-after:		"left" "not-left" "returned" "not-returned"	events
 *			"open"     a port that was open before: is it now?
 *			"new"      one of the usual ports that was not open before, and is
 *			and the same as before, "canary ..." in rounds 1 and 2
 */
enum {
	PRESS_S = 600, /* for the person */
	PRESS_LAB_S = 180,
	RETURN_S = 300, /* a camera that formats its card takes minutes */
	RETURN_LAB_S = 120,
	SETTLE_MS = 20000,
	SETTLE_LAB_MS = 3000,
	LOOK_MS = 250,
	LOOK_CONNECT_MS = 700,
	GONE_TIMES = 2, /* it did not answer so often, one after the other */
	HELLO_MS = 30000,
	HELLO_LAB_MS = 4000,
	HELLOS_MAX = 4,
	TURN_S = 60,
	RENEW_MS = 20000,
	HELLO_BYTES = 4096,
	LOGINS_MAX = 4, /* of a kind */
	PORTS_MAX = 32,
	EXTENSION_PSK = 41,
	EXTENSION_VERSIONS = 43,
};

/* Where devices listen until they are set up: doors of the factory, and pages to begin with. */
static const uint16_t usual_ports[] = {21, 22, 23, 80, 443, 554, 1883, 2323, 4321, 5555, 6668, 8000,
	8008, 8080, 8081, 8443, 8883, 9000, 9999, 49152};

static const uint16_t tls_ports[] = {443, 8443, 8883, 8886, 6668};

/* --- a session that goes on ------------------------------------------------------------------------ */

/* The first identity alone: what follows is for servers that know the first no more. */
static bool
ticket_has_age(struct reader extension)
{
	struct reader identities = reader_slice(&extension, reader_u16(&extension));

	reader_skip(&identities, reader_u16(&identities));
	uint32_t age = reader_u32(&identities);
	return reader_ok(&identities) && age != 0;
}

bool
reset_hello_resumes(struct reader hello)
{
	bool is_1_3 = false, has_ticket = false;

	if (!tls_is_hello(hello))
		return false;
	reader_skip(&hello, 5 + 4 + 2 + 32); /* record, handshake, version, random */
	uint8_t session_len = reader_u8(&hello);
	reader_skip(&hello, session_len);
	reader_skip(&hello, reader_u16(&hello)); /* ciphers */
	reader_skip(&hello, reader_u8(&hello));  /* compression */
	struct reader extensions = reader_slice(&hello, reader_u16(&hello));
	if (!reader_ok(&hello))
		return false;
	while (reader_left(&extensions) > 0) {
		uint16_t type = reader_u16(&extensions);
		struct reader value = reader_slice(&extensions, reader_u16(&extensions));
		if (!reader_ok(&extensions))
			return false;
		is_1_3 |= type == EXTENSION_VERSIONS;
		if (type == EXTENSION_PSK)
			has_ticket = ticket_has_age(value);
	}
	/* In TLS 1.3 an identifier is there for old middle boxes, and means nothing. */
	return is_1_3 ? has_ticket : session_len > 0;
}

/* --- its connections to the internet ------------------------------------------------------------------ */

static bool
turn(struct session *session, uint8_t bits, uint32_t seconds)
{
	struct message_rig_seen seen;

	return rig_ask(session, bits, seconds, tls_ports, COUNT_OF(tls_ports), &seen);
}

static void
note_host(struct session *session)
{
	struct message_rig_seen seen;

	if (rig_ask(session, RIG_TURN, 0, tls_ports, COUNT_OF(tls_ports), &seen) &&
		seen.claimed_hostname[0])
		session_note(session, "host", "%lld %.63s", (long long)seen.hostname_s,
			seen.claimed_hostname);
}

static size_t
hear_hello(int fd, uint8_t *bytes, size_t size)
{
	uint64_t until = clock_monotonic_ns() + 2 * CLOCK_SECOND_NS;
	struct tls_hello *hello = must_alloc(1, sizeof *hello);
	size_t n_hello = 0;

	while (!n_hello && clock_monotonic_ns() < until) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		if (poll(&poll_fd, 1, 100) <= 0)
			continue;
		ssize_t n = recv(fd, bytes, size, MSG_PEEK);
		if (n <= 0)
			break;
		if (tls_hello_parse(hello, reader_over(bytes, (size_t)n)) && !hello->is_cut)
			n_hello = (size_t)n;
		else
			poll(NULL, 0, 50);
	}
	free(hello);
	return n_hello;
}

static void
keep_hello(struct session *session, int fd, const struct ip *address, uint16_t port, uint32_t round)
{
	uint8_t bytes[HELLO_BYTES];
	struct exchange e = {.proto = IPPROTO_TCP,
		.port = port,
		.address = *address,
		.round = round,
		.is_tls = true,
		.end = EXCHANGE_OPEN,
		.received = bytes};

	e.n_received = hear_hello(fd, bytes, sizeof bytes);
	if (!e.n_received)
		return;
	snprintf(e.step, sizeof e.step, "hello");
	snprintf(e.note, sizeof e.note, "%s",
		reset_hello_resumes(reader_over(bytes, e.n_received)) ? "resumes" : "new");
	session_record(session, &e);
	session_count(session, 4);
}

/* What it says first to its servers; nothing is answered, so it learns nothing new from them. */
static void
hear_hellos(struct session *session, int listening)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? HELLO_LAB_MS : HELLO_MS;
	uint64_t until = clock_monotonic_ns() + ms * CLOCK_MS_NS;
	uint32_t round = 0;

	if (listening < 0 || !turn(session, RIG_TURN | RIG_CUT, TURN_S))
		return;
	while (round < HELLOS_MAX && clock_monotonic_ns() < until && !session_is_over(session)) {
		struct ip address;
		uint16_t port;
		auto_close int fd = rig_take(session, listening, LOOK_MS, &address, &port);
		if (fd >= 0)
			keep_hello(session, fd, &address, port, ++round);
	}
	if (!turn(session, RIG_TURN, 0))
		session_note(session, "trouble", "its way comes back by itself");
}

/* --- the owner's password --------------------------------------------------------------------------------- */

static const struct login_kind *const kinds[] = {
	&telnet_login_kind, &http_login_kind, &ftp_login_kind, &rtsp_login_kind, &ssh_login_kind};
static const char *const users[] = {"admin", "root"};

static const struct login_kind *
kind_of(enum service service)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i]->service == service)
			return kinds[i];
	return NULL;
}

static bool
is_let_in(const struct session *session, const struct login_kind *kind)
{
	const struct exchange *e = transcript_last(session);

	return e && !strcmp(e->step, "canary") && kind->result(e) == LOGIN_YES;
}

/* The controls are asked only of one who lets the canary in: each costs the device a try. */
static void
try_canary(struct session *session, const struct login_kind *kind, const struct service_at *at,
	const char *user, uint32_t round)
{
	struct credential wrong = {.password = "Pinfold-wrong-7"},
			  canary = {.password = RESET_CANARY};

	snprintf(wrong.user, sizeof wrong.user, "%s", user);
	snprintf(canary.user, sizeof canary.user, "%s", user);
	kind->try(session, at, &canary, "canary", round);
	if (!is_let_in(session, kind))
		return;
	kind->try(session, at, &wrong, "canary wrong", round);
	kind->try(session, at, NULL, "canary none", round);
}

/* A round of its own for each user, so that the two do not count for each other. */
static uint32_t
round_of(size_t user, uint32_t round)
{
	return (uint32_t)(10 * user) + round;
}

/* Was it let in before the reset?  Only then there is something that may be left. */
static bool
was_let_in(const struct session *session, const struct login_kind *kind,
	const struct service_at *at, size_t user)
{
	const struct exchange *e;
	int before = check_find("reset-before");
	size_t from = 0;

	while ((e = transcript_next(
			session_transcript(session), &from, (uint16_t)before, "canary")))
		if (e->port == at->port && e->round == round_of(user, 1) &&
			ip_is_equal(&e->address, &at->address) && kind->result(e) == LOGIN_YES)
			return true;
	return false;
}

static void
try_place(struct session *session, const struct login_kind *kind, const struct service_at *at,
	bool is_after)
{
	for (size_t user = 0; user < COUNT_OF(users) && !session_is_over(session); user++) {
		if (is_after && !was_let_in(session, kind, at, user))
			continue;
		for (uint32_t round = 1; round <= (is_after ? 2 : 1); round++)
			try_canary(session, kind, at, users[user], round_of(user, round));
	}
}

/* At each login, and as each user: few enough for a device that locks after some. */
static void
try_canaries(struct session *session, bool is_after)
{
	struct service_at *at = must_alloc(SERVICES_MAX, sizeof *at);

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		size_t n = services_that_are(session_transcript(session), kinds[i]->service, at);
		for (size_t k = 0; k < n && k < LOGINS_MAX && !session_is_over(session); k++)
			try_place(session, kinds[i], &at[k], is_after);
	}
	free(at);
}

/* --- before ------------------------------------------------------------------------------------------------- */

void
reset_before_probe(struct session *session)
{
	auto_close int listening = rig_listen(session, SOCK_STREAM);

	try_canaries(session, false);
	hear_hellos(session, listening);
	note_host(session);
}

/* Nothing is judged before there is something to compare with. */
void
reset_before_judge(const struct transcript *transcript, struct findings *findings)
{
	(void)transcript;
	(void)findings;
}

/* --- the person ---------------------------------------------------------------------------------------------- */

struct place {
	struct ip address;
	uint16_t port;
};

/* Where one sees whether it is there: a port that was open, or any: a refusal is an answer too. */
static struct place
place_of(const struct session *session)
{
	struct service_at *at = must_alloc(SERVICES_MAX, sizeof *at);
	const struct session_target *target = session_target(session);
	struct place place = {target->address4.version ? target->address4 : target->address6, 9};

	if (services_in(session_transcript(session), at))
		place = (struct place){at[0].address, at[0].port};
	free(at);
	return place;
}

/* Without a line in the transcript: it is asked some times a second. */
static bool
is_there(struct session *session, const struct place *place)
{
	int fd, error = socket_tcp(&place->address, place->port, &fd);

	if (error == EINPROGRESS)
		error = socket_wait_connected(fd, LOOK_CONNECT_MS);
	if (fd >= 0)
		close(fd);
	session_count(session, 2);
	return !error || error == ECONNREFUSED || error == ECONNRESET;
}

/* True when it is so within this time; flows that are turned stay so. */
static bool
wait_until(struct session *session, const struct place *place, bool is_wanted, uint32_t seconds,
	bool is_turned)
{
	uint64_t begun = clock_monotonic_ns(), renewed = 0;
	unsigned times = 0;

	while (clock_monotonic_ns() - begun < seconds * CLOCK_SECOND_NS &&
		!session_is_over(session)) {
		if (is_turned &&
			(!renewed || clock_monotonic_ns() - renewed > RENEW_MS * CLOCK_MS_NS)) {
			turn(session, RIG_TURN, TURN_S);
			renewed = clock_monotonic_ns();
		}
		times = is_there(session, place) == is_wanted ? times + 1 : 0;
		if (times >= (is_wanted ? 1 : GONE_TIMES))
			return true;
		session_rest(session, LOOK_MS);
	}
	return false;
}

static void
look_at_ports(struct session *session)
{
	struct service_at *at = must_alloc(SERVICES_MAX, sizeof *at);
	size_t n = services_in(session_transcript(session), at);

	for (size_t i = 0; i < n && i < PORTS_MAX && !session_is_over(session); i++) {
		struct talk *talk = talk_tcp(session, &at[i].address, at[i].port, "open", 1);
		if (talk)
			talk_close(talk);
	}
	free(at);
}

static bool
is_known_port(const struct service_at *at, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].port == port)
			return true;
	return false;
}

/* Twice each; of those that are closed nothing is written. */
static void
look_for_new_ports(struct session *session, const struct place *place)
{
	struct service_at *at = must_alloc(SERVICES_MAX, sizeof *at);
	size_t n = services_in(session_transcript(session), at);

	for (size_t i = 0; i < COUNT_OF(usual_ports) && !session_is_over(session); i++) {
		struct place usual = {place->address, usual_ports[i]};
		int fd, error;
		if (is_known_port(at, n, usual.port))
			continue;
		error = socket_tcp(&usual.address, usual.port, &fd);
		if (error == EINPROGRESS)
			error = socket_wait_connected(fd, LOOK_CONNECT_MS);
		if (fd >= 0)
			close(fd);
		session_count(session, 3);
		for (uint32_t round = 1; !error && round <= 2; round++) {
			struct talk *talk =
				talk_tcp(session, &usual.address, usual.port, "new", round);
			if (talk)
				talk_close(talk);
		}
	}
	free(at);
}

void
reset_after_probe(struct session *session)
{
	bool is_lab = session_pace(session) == PACE_LAB;
	auto_close int listening = rig_listen(session, SOCK_STREAM);
	struct place place = place_of(session);

	session_prompt(session, AUDIT_PROMPT_RESET);
	if (!wait_until(session, &place, false, is_lab ? PRESS_LAB_S : PRESS_S, false)) {
		session_prompt(session, AUDIT_PROMPT_NONE);
		session_note(session, "not-left", "%d s", is_lab ? PRESS_LAB_S : PRESS_S);
		return;
	}
	session_note(session, "left", "%s", "");
	session_prompt(session, AUDIT_PROMPT_WAIT);
	/* From now on it reaches no server: it cannot get a new session before we have looked. */
	bool is_back =
		wait_until(session, &place, true, is_lab ? RETURN_LAB_S : RETURN_S, listening >= 0);
	session_prompt(session, AUDIT_PROMPT_NONE);
	session_note(session, is_back ? "returned" : "not-returned", "%s", "");
	if (is_back) {
		hear_hellos(session, listening);
		session_rest(session, is_lab ? SETTLE_LAB_MS : SETTLE_MS);
		look_at_ports(session);
		look_for_new_ports(session, &place);
		note_host(session);
		try_canaries(session, true);
	} else {
		turn(session, RIG_TURN, 0);
	}
}

/* --- judging ---------------------------------------------------------------------------------------------------- */

enum { SEEN_MAX = LOGINS_MAX * COUNT_OF(kinds) * COUNT_OF(users) };

/* Of this place and user (its round says which), in this round of the two. */
static const struct exchange *
find(const struct transcript *transcript, uint16_t check, const char *step, uint32_t round,
	const struct exchange *at)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, step)))
		if (e->round == round && e->port == at->port &&
			ip_is_equal(&e->address, &at->address))
			return e;
	return NULL;
}

static const struct login_kind *
kind_at(const struct service_at *at, size_t n, const struct exchange *e)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].port == e->port && ip_is_equal(&at[i].address, &e->address))
			return kind_of(at[i].what);
	return NULL;
}

/* The canary was let in, and neither a wrong password nor none was. */
static const struct exchange *
let_in(const struct transcript *transcript, uint16_t check, uint32_t round,
	const struct login_kind *kind, const struct exchange *at, const struct exchange **wrong)
{
	const struct exchange *e = find(transcript, check, "canary", round, at);
	const struct exchange *none = find(transcript, check, "canary none", round, at);

	*wrong = find(transcript, check, "canary wrong", round, at);
	return e && *wrong && none && kind->result(e) == LOGIN_YES &&
			       kind->result(*wrong) == LOGIN_NO && kind->result(none) != LOGIN_YES
		       ? e
		       : NULL;
}

struct residue {
	size_t n_looked, n_left;
};

/* A password that was let in before: is it still? */
static void
judge_canaries(const struct transcript *transcript, struct findings *findings, uint16_t before,
	struct residue *residue)
{
	struct service_at *at = must_alloc(SERVICES_MAX, sizeof *at);
	size_t n = services_in(transcript, at), from = 0, n_seen = 0;
	const struct exchange *e, *wrong;

	while (n_seen++ < SEEN_MAX && (e = transcript_next(transcript, &from, before, "canary"))) {
		const struct login_kind *kind = kind_at(at, n, e);
		if (!kind || !let_in(transcript, before, e->round, kind, e, &wrong))
			continue;
		residue->n_looked++;
		const struct exchange *first =
			let_in(transcript, findings->check, e->round, kind, e, &wrong);
		if (!first)
			continue;
		residue->n_left++;
		const struct exchange *none;
		const struct exchange *second =
			let_in(transcript, findings->check, e->round + 1, kind, e, &none);
		findings_fail(findings, "5.11-1", first, second, wrong,
			"after the reset the password of its owner is still let in (%s, port %u)",
			kind->name, e->port);
		findings_fail(findings, "CRA-I2b", first, second, wrong,
			"after the reset the password of its owner is still let in (%s, port %u)",
			kind->name, e->port);
	}
	free(at);
}

static bool
resumes(const struct exchange *e)
{
	return e && reset_hello_resumes(reader_over(e->received, e->n_received));
}

/* A session with a server that outlived the reset was kept in what the reset should have erased. */
static void
judge_hellos(const struct transcript *transcript, struct findings *findings, uint16_t before,
	struct residue *residue)
{
	const struct exchange *e, *twice[2] = {0}, *fresh = NULL;
	const uint16_t both[] = {before, findings->check};

	for (size_t i = 0; i < 2; i++) {
		size_t from = 0;
		while ((e = transcript_next(transcript, &from, both[i], "hello"))) {
			bool is_on = resumes(e);
			fresh = is_on ? fresh : e;
			if (i == 0)
				continue;
			residue->n_looked++;
			if (is_on && !twice[0])
				twice[0] = e;
			else if (is_on && !twice[1])
				twice[1] = e;
		}
	}
	if (!twice[0])
		return;
	residue->n_left++;
	findings_fail(findings, "5.11-1", twice[0], twice[1], fresh,
		"after the reset it goes on with a session that it had with its server before");
	findings_fail(findings, "CRA-I2b", twice[0], twice[1], fresh,
		"after the reset it goes on with a session that it had with its server before");
}

static bool
read_host(const struct exchange *e, int64_t *heard_s, const char **name)
{
	char *end;

	*heard_s = e ? strtoll(e->note, &end, 10) : 0;
	*name = e && *end == ' ' ? end + 1 : "";
	return **name;
}

/* A name that its owner gave, and by which it still asks for an address. */
static void
judge_host(const struct transcript *transcript, struct findings *findings, uint16_t before,
	struct residue *residue)
{
	const struct exchange *then = transcript_first(transcript, before, "host"),
			      *now = transcript_first(transcript, findings->check, "host"),
			      *left = transcript_first(transcript, findings->check, "left");
	int64_t then_s, now_s;
	const char *was, *is;

	/* What it is called in the factory may stay; and only what it said since then counts. */
	if (!read_host(then, &then_s, &was) || !strcasestr(was, RESET_NAME) ||
		!read_host(now, &now_s, &is) || !left || now_s < left->utc_s)
		return;
	residue->n_looked++;
	if (!strcasestr(is, RESET_NAME))
		return;
	residue->n_left++;
	for (int i = 0; i < 2; i++)
		finding_evidence(
			findings_inc(findings, i ? "CRA-I2b" : "5.11-1", INC_NOT_REPRODUCED, now,
				"after the reset it still asks for an address by the name "
				"that its owner gave it ('%.63s')",
				is),
			then);
}

/* How it comes out of the reset: what is open now and was not before has to be tested as well. */
static bool
judge_new_ports(const struct transcript *transcript, struct findings *findings)
{
	struct service_at *at = must_alloc(SERVICES_MAX, sizeof *at);
	size_t n = services_in(transcript, at), from = 0, n_new = 0;
	const struct exchange *e;

	while ((e = transcript_next(transcript, &from, findings->check, "new"))) {
		if (e->round != 1 || e->end != EXCHANGE_OPEN || is_known_port(at, n, e->port))
			continue;
		n_new++;
		finding_evidence(findings_inc(findings, "CRA-I2b", INC_NO_OPERATOR, e,
					 "after the reset port %u is open, which was not before: "
					 "test it again as it is now",
					 e->port),
			find(transcript, findings->check, "new", 2, e));
	}
	free(at);
	return n_new;
}

static void
say_both(struct findings *findings, enum inc_reason reason, const struct exchange *e,
	const char *text)
{
	findings_inc(findings, "5.11-1", reason, e, "%s", text);
	findings_inc(findings, "CRA-I2b", reason, e, "%s", text);
}

void
reset_after_judge(const struct transcript *transcript, struct findings *findings)
{
	int before = check_find("reset-before");
	struct residue residue = {0};
	const struct exchange *e;

	if ((e = transcript_first(transcript, findings->check, "not-left"))) {
		say_both(findings, INC_NO_OPERATOR, e,
			"nobody reset it in the time given, or it did not go away by that");
		return;
	}
	if ((e = transcript_first(transcript, findings->check, "not-returned"))) {
		say_both(findings, INC_DEVICE_LOST, e,
			"after the reset it did not come back to its address by itself; it may "
			"have to be set up anew first");
		return;
	}
	e = transcript_first(transcript, findings->check, "returned");
	if (!e)
		return;
	judge_canaries(transcript, findings, (uint16_t)before, &residue);
	judge_hellos(transcript, findings, (uint16_t)before, &residue);
	judge_host(transcript, findings, (uint16_t)before, &residue);
	bool is_other = judge_new_ports(transcript, findings);
	if (residue.n_left)
		return;
	if (!residue.n_looked) {
		say_both(findings, INC_NOT_SEEN, e,
			"it was reset and came back; there was nothing of its owner by which one "
			"could tell whether that is gone");
		return;
	}
	finding_coverage(findings_add(findings, "5.11-1", VERDICT_NFF, e,
				 "after the reset nothing of its owner was found any more"),
		(uint32_t)residue.n_looked, (uint32_t)residue.n_looked);
	if (is_other)
		return;
	finding_coverage(findings_add(findings, "CRA-I2b", VERDICT_NFF, e,
				 "after the reset nothing of its owner was found any more"),
		(uint32_t)residue.n_looked, (uint32_t)residue.n_looked);
}
