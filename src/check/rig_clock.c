/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/rig.h"
#include "check/rig_line.h"
#include "check/table.h"
#include "packet/reader.h"

/*
 * What a device does when its time servers tell it a time that is not: with a clock in
 * the past its server's certificate is not valid yet, with one in the future it has
 * ended.  The gateway turns its questions for the time to us; its servers stay the true
 * ones.  Then it gets the true time again, and should find back.
 *
 * Steps: "asked-WORD" (a question for the time, answered by us; the note says what its
 * own clock said, where it tells), "spoke-WORD" (the most that it said to a server
 * meanwhile, by the kernel's counters), WORD being "true", "past" or "future", each of
 * round 1 and 2; "back" and "not-back", with the true time again.
 */
enum {
	ROUNDS = 2,
	TURN_S = 30,
	RENEW_MS = 10000,
	PHASE_MS = 70000, /* a device that asks for the time each minute was answered by then */
	PHASE_LAB_MS = 30000,
	ENOUGH_MS = 2500, /* it has asked again, and was seen with a server: so much longer */
	ENOUGH_ASKED = 6, /* and does not tell what its clock says */
	LOOK_MS = 500,
	HOSTS_MAX = 8,
	ASKED_MAX = 8, /* written, of a phase */
	NTP_LEN = 48,  /* RFC 5905, section 7.3, without extensions */
	CLIENT = 3,
	SERVER = 4,
	STRATUM = 2,
	/* Its clock is taken for ours when it is no farther from it. */
	NEAR_S = 12 * 3600,
	/*
	 * Of what it says to its true server at the true time: whoever refuses a certificate
	 * leaves out the end of the handshake and the request, more than a hundred bytes.
	 */
	AS_MUCH_BYTES = 48,
	LESS_BYTES = 100,
	AS_MUCH_PERCENT = 90,
	LESS_PERCENT = 80,
	HEAD4 = 20 + 32, /* of a packet: IP and TCP with times */
	HEAD6 = 40 + 32,
};
#define NTP_OF_UNIX UINT32_C(2208988800)
#define YEAR_S      INT64_C(31557600)
#define YEAR_2001_S INT64_C(978307200)

static const uint16_t tls_ports[] = {443, 8443, 8883, 8886, 6668};
static const uint16_t time_ports[] = {RIG_TIME_PORT};

#define PHASE_LIST(X)                                                                              \
	X(PHASE_TRUE, "true")                                                                      \
	X(PHASE_PAST, "past")                                                                      \
	X(PHASE_FUTURE, "future")
enum phase {
#define X(phase, word) phase,
	PHASE_LIST(X)
#undef X
		PHASE_COUNT,
};
static const char *const phase_words[PHASE_COUNT] = {
#define X(phase, word) word,
	PHASE_LIST(X)
#undef X
};

struct clock_rig {
	struct session *session;
	int listening;
	uint64_t renewed_ns;
	/* The most that was said to a server, in this phase. */
	struct rig_row spoke[HOSTS_MAX];
	size_t n_spoke;
	uint32_t n_asked;
	bool has_taken; /* its own clock said so */
};

/* Seconds since 1970 that we tell in this phase. */
static int64_t
told_s(enum phase phase)
{
	int64_t now = clock_wall_s();

	switch (phase) {
	case PHASE_PAST:
		/* No certificate that is in use began before that; the time of day goes on. */
		return YEAR_2001_S + now % 86400;
	case PHASE_FUTURE:
		return now + 9 * YEAR_S;
	default:
		return now;
	}
}

/* --- answering ------------------------------------------------------------------------------------- */

static void
put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/* False when it is no question of a client. */
static bool
parse_question(
	struct reader reader, uint8_t *version, uint8_t transmitted[static 8], uint32_t *claimed_s)
{
	uint8_t first = reader_u8(&reader);

	reader_skip(&reader, NTP_LEN - 8 - 1);
	struct reader stamp = reader_slice(&reader, 8);
	if (!reader_ok(&reader) || (first & 7) != CLIENT)
		return false;
	for (int i = 0; i < 8; i++)
		transmitted[i] = reader_u8(&stamp);
	*version = first >> 3 & 7;
	*claimed_s = (uint32_t)transmitted[0] << 24 | (uint32_t)transmitted[1] << 16 |
		     (uint32_t)transmitted[2] << 8 | transmitted[3];
	return *version >= 1 && *version <= 4;
}

static void
make_answer(
	uint8_t out[static NTP_LEN], uint8_t version, const uint8_t asked[static 8], int64_t now_s)
{
	uint32_t stamp = (uint32_t)now_s + NTP_OF_UNIX;

	memset(out, 0, NTP_LEN);
	out[0] = (uint8_t)(version << 3 | SERVER);
	out[1] = STRATUM;
	out[2] = 6;            /* asks again in 64 s */
	out[3] = (uint8_t)-20; /* to a microsecond */
	out[7] = 0x10;         /* root delay and dispersion: little */
	out[11] = 0x10;
	memcpy(out + 12, "\x7f\x7f\x01\x01", 4);
	put_u32(out + 16, stamp - 60); /* last set */
	memcpy(out + 24, asked, 8);
	put_u32(out + 32, stamp);
	put_u32(out + 40, stamp);
	out[44] = 0x10; /* sent a little later than heard */
}

static bool
is_ours(const struct session *session, const struct sockaddr_in6 *peer)
{
	const struct ip *ours = &session_target(session)->address4;

	return !IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr) ||
	       (ours->version == 4 && !memcmp(peer->sin6_addr.s6_addr + 12, ours->byte, 4));
}

static void
record_asked(struct clock_rig *rig, enum phase phase, uint32_t round,
	const struct sockaddr_in6 *peer, uint32_t claimed_s, int64_t now_s, const uint8_t *question,
	const uint8_t *answer)
{
	int64_t own_s = (int64_t)(uint32_t)(claimed_s - NTP_OF_UNIX);
	struct exchange e = {.proto = IPPROTO_UDP,
		.port = RIG_TIME_PORT,
		.address = session_target(rig->session)->address4,
		.round = round,
		.end = EXCHANGE_OPEN,
		.sent = answer,
		.n_sent = NTP_LEN,
		.received = question,
		.n_received = NTP_LEN};

	rig->has_taken |= rig->n_asked && own_s > now_s - NEAR_S && own_s < now_s + NEAR_S;
	if (rig->n_asked++ >= ASKED_MAX)
		return;
	if (!IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr))
		e.address = ip_from_v6(peer->sin6_addr.s6_addr);
	snprintf(e.step, sizeof e.step, "asked-%s", phase_words[phase]);
	/* Many clients send chance, or nothing, instead of what their clock says. */
	snprintf(e.note, sizeof e.note, "told %lld its own %lld", (long long)now_s,
		(long long)own_s);
	session_record(rig->session, &e);
}

/* One question, answered from the address that was asked. */
static void
answer_one(struct clock_rig *rig, enum phase phase, uint32_t round)
{
	uint8_t question[512] = {0}, answer[NTP_LEN], asked[8], version;
	_Alignas(struct cmsghdr) uint8_t control[256];
	struct sockaddr_in6 peer;
	struct iovec iov = {question, sizeof question};
	struct msghdr msg = {.msg_name = &peer,
		.msg_namelen = sizeof peer,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};
	uint32_t claimed_s;

	ssize_t len = recvmsg(rig->listening, &msg, 0);
	if (len < NTP_LEN || !is_ours(rig->session, &peer) ||
		!parse_question(reader_over(question, (size_t)len), &version, asked, &claimed_s))
		return;
	int64_t now_s = told_s(phase);
	make_answer(answer, version, asked, now_s);
	iov = (struct iovec){answer, sizeof answer};
	if (sendmsg(rig->listening, &msg, 0) != (ssize_t)sizeof answer)
		return;
	session_count(rig->session, 1);
	record_asked(rig, phase, round, &peer, claimed_s, now_s, question, answer);
}

/* --- watching ---------------------------------------------------------------------------------------- */

static bool
ask_tls(struct clock_rig *rig, uint8_t bits, struct message_rig_seen *seen)
{
	return rig_ask(rig->session, bits, 0, tls_ports, COUNT_OF(tls_ports), seen);
}

static void
keep_spoken(struct clock_rig *rig, const struct rig_row *row)
{
	size_t i = 0;

	while (i < rig->n_spoke && (rig->spoke[i].port != row->port ||
					   !ip_is_equal(&rig->spoke[i].address, &row->address)))
		i++;
	if (i == HOSTS_MAX || !row->is_assured)
		return;
	if (i == rig->n_spoke)
		rig->spoke[rig->n_spoke++] = *row;
	else if (row->bytes_in > rig->spoke[i].bytes_in)
		rig->spoke[i] = *row;
}

static void
record_spoken(struct clock_rig *rig, enum phase phase, uint32_t round)
{
	for (size_t i = 0; i < rig->n_spoke; i++) {
		const struct rig_row *row = &rig->spoke[i];
		struct exchange e = {.proto = IPPROTO_TCP,
			.port = row->port,
			.address = row->address,
			.round = round,
			.end = EXCHANGE_OPEN};
		snprintf(e.step, sizeof e.step, "spoke-%s", phase_words[phase]);
		rig_control_render(row, e.note, sizeof e.note);
		session_record(rig->session, &e);
	}
}

static bool
keep_turned(struct clock_rig *rig)
{
	struct message_rig_seen seen;
	uint64_t now = clock_monotonic_ns();

	if (rig->renewed_ns && now - rig->renewed_ns < RENEW_MS * CLOCK_MS_NS)
		return true;
	rig->renewed_ns = now;
	return rig_ask(rig->session, RIG_TURN, TURN_S, time_ports, COUNT_OF(time_ports), &seen);
}

static void
answer_for(struct clock_rig *rig, enum phase phase, uint32_t round, uint32_t ms)
{
	uint64_t until = clock_monotonic_ns() + ms * CLOCK_MS_NS, now;
	struct pollfd poll_fd = {.fd = rig->listening, .events = POLLIN};

	while ((now = clock_monotonic_ns()) < until)
		if (poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) > 0)
			answer_one(rig, phase, round);
}

/* What runs began at another time, so it ends when the first was told this one. */
static bool
play(struct clock_rig *rig, enum phase phase, uint32_t round)
{
	bool is_lab = session_pace(rig->session) == PACE_LAB;
	uint64_t begun = clock_monotonic_ns(), spoke_ns = 0;
	uint64_t phase_ns = (is_lab ? PHASE_LAB_MS : PHASE_MS) * CLOCK_MS_NS;
	struct message_rig_seen seen;
	bool is_cut = false;

	rig->n_asked = 0;
	rig->has_taken = false;
	rig->n_spoke = 0;
	while (clock_monotonic_ns() - begun < phase_ns && !session_is_over(rig->session)) {
		if (!keep_turned(rig))
			return false;
		answer_for(rig, phase, round, LOOK_MS);
		if (!rig->n_asked)
			continue;
		if (!is_cut && !ask_tls(rig, RIG_CUT, &seen))
			return false;
		if (is_cut && !ask_tls(rig, RIG_LOOK, &seen))
			return false;
		for (uint32_t i = 0; is_cut && i < seen.n_rows; i++)
			keep_spoken(rig, &seen.row[i]);
		is_cut = true;
		if (rig->n_spoke && !spoke_ns)
			spoke_ns = clock_monotonic_ns();
		if (spoke_ns && (rig->has_taken || rig->n_asked >= ENOUGH_ASKED) &&
			clock_monotonic_ns() - spoke_ns > ENOUGH_MS * CLOCK_MS_NS)
			break;
	}
	record_spoken(rig, phase, round);
	return true;
}

static void
give_back(struct clock_rig *rig)
{
	struct message_rig_seen seen;

	/* Who asks from one port all the time would be turned on by the kernel's memory of it. */
	if (!rig_ask(rig->session, RIG_TURN, 0, time_ports, COUNT_OF(time_ports), &seen) ||
		!rig_ask(rig->session, RIG_CUT, 0, time_ports, COUNT_OF(time_ports), &seen))
		session_note(rig->session, "trouble", "its time servers come back by themselves");
}

void
rig_clock_probe(struct session *session)
{
	static const enum phase order[] = {PHASE_TRUE, PHASE_PAST, PHASE_FUTURE};
	struct clock_rig rig = {.session = session};
	struct message_rig_seen seen;

	if (!rig_ask(session, RIG_LOOK, 0, NULL, 0, &seen)) {
		session_note(session, "no-rig", "%s", err_text((enum err)seen.err));
		return;
	}
	rig.listening = rig_listen(session, SOCK_DGRAM);
	if (rig.listening < 0)
		return;
	bool is_ok = keep_turned(&rig) &&
		     rig_ask(session, RIG_CUT, 0, time_ports, COUNT_OF(time_ports), &seen);
	for (uint32_t round = 1; round <= ROUNDS && is_ok; round++)
		for (size_t i = 0; i < COUNT_OF(order) && is_ok && !session_is_over(session); i++)
			is_ok = play(&rig, order[i], round);
	/* With the true time again, and nothing of it is left to chance. */
	if (is_ok && !session_is_over(session))
		is_ok = play(&rig, PHASE_TRUE, ROUNDS + 1);
	if (!is_ok)
		session_note(session, "no-rig", "the gateway did not go on");
	give_back(&rig);
	close(rig.listening);
}

/* --- judging ------------------------------------------------------------------------------------------- */

enum { ROWS_MAX = (ROUNDS + 1) * 4 * HOSTS_MAX };

struct spoken {
	const struct exchange *e;
	uint32_t bytes_out, bytes_in;
};

/* The whole of it, once. */
struct tale {
	struct spoken row[PHASE_COUNT][ROWS_MAX];
	size_t n[PHASE_COUNT];
	/* In this round it asked; and said later, by its own clock, that it believed us. */
	const struct exchange *asked[PHASE_COUNT][ROUNDS + 1], *took[PHASE_COUNT][ROUNDS + 1];
};

static bool
phase_of(const struct exchange *e, const char *verb, enum phase *phase)
{
	size_t len = strlen(verb);

	for (int i = 0; !strncmp(e->step, verb, len) && i < PHASE_COUNT; i++)
		if (!strcmp(e->step + len, phase_words[i])) {
			*phase = (enum phase)i;
			return true;
		}
	return false;
}

static bool
says_as_we(const struct exchange *e)
{
	long long told, own;

	return sscanf(e->note, "told %15lld its own %15lld", &told, &own) == 2 &&
	       own > told - NEAR_S && own < told + NEAR_S;
}

/* Without heads: how many packets carry it is chance. */
static bool
read_spoken(struct spoken *row)
{
	unsigned packets_out, packets_in, head = row->e->address.version == 6 ? HEAD6 : HEAD4;

	if (sscanf(row->e->note, "packets %9u/%9u bytes %9u/%9u", &packets_out, &packets_in,
		    &row->bytes_out, &row->bytes_in) != 4)
		return false;
	uint64_t out = (uint64_t)packets_out * head, in = (uint64_t)packets_in * head;
	row->bytes_out = row->bytes_out > out ? row->bytes_out - (uint32_t)out : 0;
	row->bytes_in = row->bytes_in > in ? row->bytes_in - (uint32_t)in : 0;
	return true;
}

static void
read_tale(struct tale *tale, const struct transcript *transcript, uint16_t check)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, NULL))) {
		enum phase phase;
		struct spoken row = {.e = e};
		if (!e->round || e->round > ROUNDS + 1)
			continue;
		if (phase_of(e, "asked-", &phase)) {
			if (!tale->asked[phase][e->round - 1])
				tale->asked[phase][e->round - 1] = e;
			else if (says_as_we(e))
				tale->took[phase][e->round - 1] = e;
		} else if (phase_of(e, "spoke-", &phase) && tale->n[phase] < ROWS_MAX &&
			   read_spoken(&row)) {
			tale->row[phase][tale->n[phase]++] = row;
		}
	}
}

static bool
is_same_place(const struct exchange *a, const struct exchange *b)
{
	return a->port == b->port && ip_is_equal(&a->address, &b->address);
}

/* What it says to this server when its clock is right: the least of what was seen. */
static const struct spoken *
true_talk(const struct tale *tale, const struct exchange *place)
{
	const struct spoken *least = NULL;

	for (size_t i = 0; i < tale->n[PHASE_TRUE]; i++) {
		const struct spoken *row = &tale->row[PHASE_TRUE][i];
		if (is_same_place(row->e, place) && (!least || row->bytes_in < least->bytes_in))
			least = row;
	}
	return least;
}

enum went { WENT_UNCLEAR, WENT_ON, WENT_AWAY };

static enum went
how_it_went(const struct spoken *row, const struct spoken *usual)
{
	uint64_t in = (uint64_t)row->bytes_in * 100;

	if (row->bytes_out + AS_MUCH_BYTES >= usual->bytes_out &&
		in >= (uint64_t)usual->bytes_in * AS_MUCH_PERCENT)
		return WENT_ON;
	if (row->bytes_out + LESS_BYTES < usual->bytes_out ||
		in < (uint64_t)usual->bytes_in * LESS_PERCENT)
		return WENT_AWAY;
	return WENT_UNCLEAR;
}

static const struct spoken *
talk_of(const struct tale *tale, enum phase phase, uint32_t round, const struct exchange *place)
{
	for (size_t i = 0; i < tale->n[phase]; i++)
		if (tale->row[phase][i].e->round == round &&
			is_same_place(tale->row[phase][i].e, place))
			return &tale->row[phase][i];
	return NULL;
}

/* Is this the first row of its place? */
static bool
is_first(const struct tale *tale, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_same_place(tale->row[PHASE_TRUE][i].e, tale->row[PHASE_TRUE][at].e))
			return false;
	return true;
}

static void
judge_place(const struct tale *tale, struct findings *findings, enum phase phase,
	const struct spoken *usual)
{
	static const char *const whens[PHASE_COUNT] = {
		[PHASE_PAST] = "in 2001, before any certificate that is in use began to be valid",
		[PHASE_FUTURE] = "nine years ahead"};
	const struct exchange *on[ROUNDS] = {0}, *any = NULL;
	unsigned n_on = 0, n_away = 0, n_took = 0;

	for (uint32_t round = 1; round <= ROUNDS; round++) {
		const struct spoken *row = talk_of(tale, phase, round, usual->e);
		bool has_asked = tale->asked[phase][round - 1] != NULL;
		bool took = tale->took[phase][round - 1] != NULL;
		enum went went = row ? how_it_went(row, usual) : WENT_AWAY;
		/* One that comes seldom is not missed. */
		if (!has_asked || !talk_of(tale, PHASE_TRUE, round, usual->e))
			continue;
		any = row ? row->e : tale->asked[phase][round - 1];
		n_took += took;
		n_on += went == WENT_ON;
		n_away += went == WENT_AWAY;
		if (took && went == WENT_ON)
			on[round - 1] = row->e;
	}
	const struct exchange *first = on[0] ? on[0] : on[1];
	if (first && phase == PHASE_PAST)
		findings_fail(findings, "5.5-1", first, on[0] ? on[1] : NULL, usual->e,
			"with its clock %s, it spoke with its server as ever", whens[phase]);
	else if (first)
		/* A maker's own authority may give certificates for longer than that. */
		findings_inc(findings, "5.5-1", INC_NOT_SEEN, first,
			"with its clock %s, it spoke with its server as ever; whether the "
			"certificate had ended then is not seen here",
			whens[phase]);
	else if (n_on)
		findings_inc(findings, "5.5-1", INC_NOT_SEEN, any,
			"told that it was %s, it spoke with its server as ever; it does not tell "
			"what its clock said, so it may not have believed the time",
			phase == PHASE_PAST ? "2001" : "nine years later");
	else if (n_away == ROUNDS)
		finding_coverage(findings_add(findings, "5.5-1", VERDICT_NFF, any,
					 "told that it was %s, it did not go on with its server%s",
					 phase == PHASE_PAST ? "2001" : "nine years later",
					 n_took ? ", and its clock said so" : ""),
			ROUNDS, ROUNDS);
	else if (any)
		findings_inc(findings, "5.5-1", INC_NOT_REPRODUCED, any,
			"what it did with a clock %s was not the same twice", whens[phase]);
}

static void
judge_return(const struct tale *tale, struct findings *findings)
{
	size_t n = 0, n_back = 0;
	const struct exchange *any = NULL;

	for (size_t i = 0; i < tale->n[PHASE_TRUE]; i++) {
		const struct exchange *e = tale->row[PHASE_TRUE][i].e;
		if (e->round != 1 || !is_first(tale, i))
			continue;
		n++;
		const struct spoken *later = talk_of(tale, PHASE_TRUE, ROUNDS + 1, e);
		n_back += later != NULL;
		any = later ? later->e : any;
	}
	if (n && n_back == n)
		finding_coverage(findings_add(findings, "5.9-1", VERDICT_NFF, any,
					 "when its clock was put right again it spoke with its "
					 "servers again"),
			(uint32_t)n_back, (uint32_t)n);
	else if (n)
		findings_inc(findings, "5.9-1", INC_TIME_OUT, any,
			"when its clock was put right again it was not seen to speak with %zu of "
			"%zu servers in the time given",
			n - n_back, n);
}

void
rig_clock_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e = transcript_first(transcript, findings->check, "no-rig");
	auto_free struct tale *tale = must_alloc(1, sizeof *tale);

	if (e) {
		findings_inc(findings, "5.5-1", INC_TOOL_ERROR, NULL,
			"its clock could not be put to the test: %s", e->note);
		return;
	}
	read_tale(tale, transcript, findings->check);
	if (!tale->asked[PHASE_PAST][0] && !tale->asked[PHASE_FUTURE][0]) {
		findings_inc(findings, "5.5-1", INC_NOT_SEEN, NULL,
			"it did not ask for the time while it was watched");
		return;
	}
	for (size_t i = 0; i < tale->n[PHASE_TRUE]; i++) {
		const struct spoken *usual = true_talk(tale, tale->row[PHASE_TRUE][i].e);
		if (!is_first(tale, i) || !rig_control_is_good(usual->e->note))
			continue;
		judge_place(tale, findings, PHASE_PAST, usual);
		judge_place(tale, findings, PHASE_FUTURE, usual);
	}
	judge_return(tale, findings);
}
