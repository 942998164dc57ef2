/* SPDX-License-Identifier: Apache-2.0 */
#include "device/harm.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "message/reason.h"
#include "observation/keyed_hash.h"

static const char *const words[HARM_CAUSE_COUNT] = {[HARM_NONE] = "none",
#define X(name, word, sentence) [name] = word,
	HARM_LIST(X)
#undef X
};

static const char *const sentences[HARM_CAUSE_COUNT] = {[HARM_NONE] = "did nothing wrong",
#define X(name, word, sentence) [name] = sentence,
	HARM_LIST(X)
#undef X
};

static const char *const act_words[HARM_ACT_COUNT] = {
	[HARM_ACT_NONE] = "none",
	[HARM_ACT_NOTE] = "note",
	[HARM_ACT_CLOSE_PORT] = "close-port",
	[HARM_ACT_LIMIT] = "limit",
	[HARM_ACT_QUARANTINE] = "quarantine",
};

const char *
harm_word(enum harm_cause cause)
{
	return cause < HARM_CAUSE_COUNT ? words[cause] : "unknown";
}

const char *
harm_sentence(enum harm_cause cause)
{
	return cause < HARM_CAUSE_COUNT ? sentences[cause] : "unknown";
}

const char *
harm_act_word(enum harm_act act)
{
	return act < HARM_ACT_COUNT ? act_words[act] : "unknown";
}

enum { FLOOD_AT_ONCE = 3, FLOOD_GOES_ON = 8, SURGE_MS = 200 };

/*
 * The thresholds.  A row is passed when the window of its cause holds at least
 * `attempts` and, if it names a spread, at least `different` of it.  The last
 * row that is passed counts, so each cause goes from mild to severe.
 *
 * The figures come from 275 recorded set-ups of 27 devices: the busiest opened
 * flows to 15 hosts and 10 ports within ten seconds (12 hosts without the web),
 * which stays below each row that does more than note, even if all of it had been
 * denied.  What is not in those recordings, a browser that restores its tabs, is
 * kept apart by leaving web ports out of what is not denied.
 */
static const struct threshold {
	enum harm_cause cause;
	uint32_t attempts;
	enum harm_spread_kind spread;
	uint32_t different; /* 0: the spread does not matter */
	enum harm_act act;
	uint8_t severity;
} thresholds[] = {
	/* A worm tries telnet on hosts at random; nothing that is healthy tries ten in ten seconds. */
	{HARM_SCAN, 10, SPREAD_ADMIN_HOSTS, 8, HARM_ACT_QUARANTINE, 9},
	/* Denied by its own policy on thirty hosts: it looks for something. */
	{HARM_SCAN, 30, SPREAD_DENIED_HOSTS, 30, HARM_ACT_QUARANTINE, 7},
	/* Thirty ports in ten seconds are a port scan, of one host or of many. */
	{HARM_SCAN, 30, SPREAD_DENIED_PORTS, 30, HARM_ACT_QUARANTINE, 7},
	/* Allowed as yet, but not what a device does: 60 hosts in ten seconds and none by the web. */
	{HARM_SCAN, 60, SPREAD_FLOW_HOSTS, 60, HARM_ACT_LIMIT, 5},
	{HARM_SCAN, 150, SPREAD_FLOW_HOSTS, 120, HARM_ACT_QUARANTINE, 8},

	/* One knock at a neighbour's login may be a person's; a third one closes that door, and
	   three neighbours or ten knocks are an infection looking for its next home. */
	{HARM_LOGIN, 1, SPREAD_LOGIN_HOSTS, 0, HARM_ACT_NOTE, 3},
	{HARM_LOGIN, 3, SPREAD_LOGIN_HOSTS, 0, HARM_ACT_CLOSE_PORT, 6},
	{HARM_LOGIN, 3, SPREAD_LOGIN_HOSTS, 3, HARM_ACT_QUARANTINE, 9},
	{HARM_LOGIN, 10, SPREAD_LOGIN_HOSTS, 0, HARM_ACT_QUARANTINE, 8},

	/*
	 * Seconds in which the kernel's caps had to act.  A start-up may pass a cap for a moment,
	 * and a long upload stays at it: whoever goes on is limited and no more.  Many times the
	 * cap is three seconds of trouble at once, and quarantine when it goes on for another
	 * second: see count_surge().
	 */
	{HARM_FLOOD, 1, SPREAD_COUNT, 0, HARM_ACT_NOTE, 3},
	{HARM_FLOOD, FLOOD_AT_ONCE, SPREAD_COUNT, 0, HARM_ACT_LIMIT, 6},
	{HARM_FLOOD, FLOOD_GOES_ON, SPREAD_COUNT, 0, HARM_ACT_QUARANTINE, 8},

	/* One clash of addresses happens; going on with it does not. */
	{HARM_SPOOF, 1, SPREAD_COUNT, 0, HARM_ACT_NOTE, 5},
	{HARM_SPOOF, 3, SPREAD_COUNT, 0, HARM_ACT_QUARANTINE, 9},

	/* Names that carry data: mail and CDN systems make a few, tunnels make hundreds. */
	{HARM_TUNNEL, 40, SPREAD_COUNT, 0, HARM_ACT_LIMIT, 6},
	{HARM_TUNNEL, 150, SPREAD_COUNT, 0, HARM_ACT_QUARANTINE, 8},

	/* Many makers build it in with the best of intentions: it is closed, and that is enough. */
	{HARM_ENCRYPTED_DNS, 3, SPREAD_COUNT, 0, HARM_ACT_NOTE, 2},

	/* Devices look for their friends (TV, speaker): worth a note, and closed anyway. */
	{HARM_NEIGHBOURS, 10, SPREAD_COUNT, 0, HARM_ACT_NOTE, 3},
};

/* Over how long each cause is counted. */
static const uint32_t window_s[HARM_CAUSE_COUNT] = {
	[HARM_SCAN] = 10,
	[HARM_LOGIN] = 60,
	[HARM_FLOOD] = 30,
	[HARM_SPOOF] = 120, /* binding.c reports one in ten seconds */
	[HARM_TUNNEL] = 60,
	[HARM_ENCRYPTED_DNS] = 60,
	[HARM_NEIGHBOURS] = 60,
};

static const uint32_t spread_s[SPREAD_COUNT] = {
	[SPREAD_DENIED_HOSTS] = 10,
	[SPREAD_DENIED_PORTS] = 10,
	[SPREAD_FLOW_HOSTS] = 10,
	[SPREAD_LOGIN_HOSTS] = 60,
	[SPREAD_ADMIN_HOSTS] = 10,
};

/* What was told is told again after this, if it still goes on. */
enum { AGAIN_S = 300 };

bool
harm_is_login_port(uint8_t proto, uint16_t port)
{
	static const uint16_t ports[] = {22, 23, 2222, 2323, 3389, 5555, 5900, 5985, 7547, 8291};

	for (size_t i = 0; proto == 6 && i < COUNT_OF(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

static bool
is_web(const struct observation *row)
{
	return row->target_port == 443 || (row->proto == 6 && row->target_port == 80);
}

/* --- windows -------------------------------------------------------------------------------- */

/* How many halves have ended since start; moves start. */
static unsigned
turn(uint64_t *start_ns, uint32_t seconds, uint64_t now_ns)
{
	uint64_t half = seconds * CLOCK_SECOND_NS / 2, past;

	if (!*start_ns) {
		*start_ns = now_ns ? now_ns : 1;
		return 0;
	}
	past = now_ns > *start_ns ? (now_ns - *start_ns) / half : 0;
	*start_ns += past * half;
	return past > 2 ? 2 : (unsigned)past;
}

static void
window_turn(struct harm_window *window, enum harm_cause cause, uint64_t now_ns)
{
	switch (turn(&window->start_ns, window_s[cause], now_ns)) {
	case 0:
		break;
	case 1:
		window->count[1] = window->count[0];
		window->count[0] = 0;
		break;
	default:
		window->count[0] = window->count[1] = 0;
		break;
	}
	if (!window->count[0] && !window->count[1])
		window->since_ns = now_ns;
}

static void
spread_add(struct harm_watch *watch, enum harm_spread_kind kind, const struct harm_key *key,
	const void *bytes, size_t len, uint64_t now_ns)
{
	struct harm_spread *spread = &watch->spread[kind];
	const struct hash_key hash_key = {key->a, key->b};
	uint64_t hash = keyed_hash(&hash_key, bytes, len) % HARM_BITS;
	unsigned past = turn(&spread->start_ns, spread_s[kind], now_ns);

	if (past == 1)
		memcpy(spread->bits[1], spread->bits[0], sizeof spread->bits[0]);
	else if (past)
		memset(spread->bits[1], 0, sizeof spread->bits[1]);
	if (past)
		memset(spread->bits[0], 0, sizeof spread->bits[0]);
	spread->bits[0][hash / 8] |= (uint8_t)(1u << hash % 8);
}

/*
 * How many different things set so many bits: of m places, the k-th new one
 * takes m / (m - k + 1) tries on average.
 */
static uint32_t
spread_estimate(const struct harm_spread *spread, uint64_t now_ns, uint32_t seconds)
{
	uint32_t set = 0, tries = 0;

	if (now_ns > spread->start_ns + seconds * CLOCK_SECOND_NS)
		return 0;
	for (size_t i = 0; i < HARM_BITS / 8; i++)
		set += (uint32_t)__builtin_popcount(spread->bits[0][i] | spread->bits[1][i]);
	for (uint32_t k = 0; k < set; k++)
		tries += HARM_BITS * 16 / (HARM_BITS - k);
	return tries / 16;
}

/* --- judging -------------------------------------------------------------------------------- */

static void
say_why(struct harm_verdict *verdict)
{
	int len = snprintf(verdict->why, sizeof verdict->why, "%s: %u attempts in %u s",
		harm_sentence(verdict->cause), verdict->attempts, verdict->window_s);

	if (verdict->targets > 1)
		len += snprintf(verdict->why + len, sizeof verdict->why - (size_t)len,
			", about %u hosts", verdict->targets);
	if (verdict->ports > 1)
		len += snprintf(verdict->why + len, sizeof verdict->why - (size_t)len,
			", about %u ports", verdict->ports);
	if (verdict->port)
		snprintf(verdict->why + len, sizeof verdict->why - (size_t)len, ", port %u",
			verdict->port);
}

static bool
judge(struct harm_watch *watch, enum harm_cause cause, uint64_t now_ns,
	struct harm_verdict *verdict)
{
	struct harm_window *window = &watch->window[cause];
	const struct threshold *passed = NULL;
	uint32_t attempts = window->count[0] + window->count[1];
	uint32_t different[SPREAD_COUNT] = {0};
	bool is_counted = false;

	for (size_t i = 0; i < COUNT_OF(thresholds); i++) {
		const struct threshold *it = &thresholds[i];
		if (it->cause != cause || attempts < it->attempts)
			continue;
		if (it->different && !is_counted) {
			for (size_t k = 0; k < SPREAD_COUNT; k++)
				different[k] =
					spread_estimate(&watch->spread[k], now_ns, spread_s[k]);
			is_counted = true;
		}
		if (it->different && different[it->spread] < it->different)
			continue;
		if (!passed || it->act > passed->act)
			passed = it;
	}
	if (!passed)
		return false;
	if (window->told_ns && now_ns - window->told_ns >= AGAIN_S * CLOCK_SECOND_NS)
		window->told_act = HARM_ACT_NONE;
	if (passed->act <= window->told_act)
		return false;
	window->told_act = (uint8_t)passed->act;
	window->told_ns = now_ns ? now_ns : 1;
	*verdict = (struct harm_verdict){.cause = cause,
		.act = passed->act,
		.severity = passed->severity,
		.proto = watch->proto,
		.port = watch->port,
		.attempts = attempts,
		.window_s = window_s[cause],
		.since_ns = window->since_ns};
	if (passed->different) {
		if (passed->spread == SPREAD_DENIED_PORTS) {
			verdict->ports = different[SPREAD_DENIED_PORTS];
			verdict->targets = different[SPREAD_DENIED_HOSTS];
			verdict->port = 0;
		} else {
			verdict->targets = different[passed->spread];
		}
	}
	say_why(verdict);
	return true;
}

static bool
count(struct harm_watch *watch, enum harm_cause cause, uint32_t by, uint64_t now_ns,
	struct harm_verdict *verdict)
{
	struct harm_window *window = &watch->window[cause];

	window_turn(window, cause, now_ns);
	window->count[0] =
		by > UINT32_MAX / 4 - window->count[0] ? UINT32_MAX / 4 : window->count[0] + by;
	window->last_ns = now_ns;
	return judge(watch, cause, now_ns, verdict);
}

/* Not more than once a second: what is counted are seconds of trouble, not packets. */
static bool
count_second(struct harm_watch *watch, enum harm_cause cause, uint64_t now_ns,
	struct harm_verdict *verdict)
{
	const struct harm_window *window = &watch->window[cause];

	if ((window->count[0] || window->count[1]) && now_ns - window->last_ns < CLOCK_SECOND_NS)
		return false;
	return count(watch, cause, 1, now_ns, verdict);
}

/* A little over the cap adds up to a limit and never to more. */
static bool
count_over_cap(struct harm_watch *watch, uint64_t now_ns, struct harm_verdict *verdict)
{
	struct harm_window *window = &watch->window[HARM_FLOOD];

	window_turn(window, HARM_FLOOD, now_ns);
	if (window->count[0] + window->count[1] >= FLOOD_GOES_ON - 1)
		return false;
	return count_second(watch, HARM_FLOOD, now_ns, verdict);
}

/* Many times the cap: each fifth of a second of it counts, and the first one for all that a limit needs. */
static bool
count_surge(struct harm_watch *watch, uint64_t now_ns, struct harm_verdict *verdict)
{
	struct harm_window *window = &watch->window[HARM_FLOOD];
	uint32_t so_far, by = 1;

	window_turn(window, HARM_FLOOD, now_ns);
	so_far = window->count[0] + window->count[1];
	if (so_far && watch->surge_ns && now_ns - watch->surge_ns < SURGE_MS * CLOCK_MS_NS)
		return false;
	watch->surge_ns = now_ns;
	if (so_far < FLOOD_AT_ONCE)
		by = FLOOD_AT_ONCE - so_far;
	return count(watch, HARM_FLOOD, by, now_ns, verdict);
}

/* It tried somebody that it may not reach. */
static bool
on_denied_flow(struct harm_watch *watch, const struct harm_key *key, const struct observation *row,
	uint64_t now_ns, struct harm_verdict *verdict)
{
	bool is_login = harm_is_login_port(row->proto, row->target_port);
	bool is_neighbour = row->value == REASON_NEIGHBOUR || row->value == REASON_BARRIER;
	uint8_t port[3] = {row->proto, (uint8_t)(row->target_port >> 8), (uint8_t)row->target_port};
	bool told = false;

	/* What is penned tries its usual servers again and again, and reaches nobody. */
	if (row->value != REASON_PENNED) {
		spread_add(
			watch, SPREAD_DENIED_HOSTS, key, &row->target, sizeof row->target, now_ns);
		spread_add(watch, SPREAD_DENIED_PORTS, key, port, sizeof port, now_ns);
	}
	if (is_login)
		spread_add(
			watch, SPREAD_ADMIN_HOSTS, key, &row->target, sizeof row->target, now_ns);
	if (is_login && is_neighbour) {
		spread_add(
			watch, SPREAD_LOGIN_HOSTS, key, &row->target, sizeof row->target, now_ns);
		told = count(watch, HARM_LOGIN, 1, now_ns, verdict);
	}
	if (!told && (row->value != REASON_PENNED || is_login))
		told = count(watch, HARM_SCAN, 1, now_ns, verdict);
	if (!told && is_neighbour)
		told = count(watch, HARM_NEIGHBOURS, 1, now_ns, verdict);
	return told;
}

bool
harm_from_observation(struct harm_watch *watch, const struct harm_key *key,
	const struct observation *row, uint64_t now_ns, struct harm_verdict *verdict)
{
	if (row->what != OBSERVED_FLOW_NEW && row->what != OBSERVED_DENIED)
		return false;
	watch->port = row->target_port;
	watch->proto = row->proto;
	if (row->what == OBSERVED_FLOW_NEW) {
		if (is_web(row) || ip_is_multicast(&row->target))
			return false;
		spread_add(watch, SPREAD_FLOW_HOSTS, key, &row->target, sizeof row->target, now_ns);
		if (harm_is_login_port(row->proto, row->target_port))
			spread_add(watch, SPREAD_ADMIN_HOSTS, key, &row->target, sizeof row->target,
				now_ns);
		return count(watch, HARM_SCAN, 1, now_ns, verdict);
	}
	switch ((enum reason)row->value) {
	case REASON_FROM_DEVICE:
	case REASON_NEIGHBOUR:
	case REASON_GATEWAY:
	case REASON_PENNED:
	case REASON_ADMIN_PORT:
	case REASON_PATCHED:
	case REASON_BARRIER:
		/* Looking for services by multicast is what devices do. */
		if (ip_is_multicast(&row->target))
			return false;
		return on_denied_flow(watch, key, row, now_ns, verdict);
	case REASON_ENCRYPTED_DNS:
		return count(watch, HARM_ENCRYPTED_DNS, 1, now_ns, verdict);
	case REASON_FLOOD:
	case REASON_FLOW_CAP:
		return count_over_cap(watch, now_ns, verdict);
	case REASON_SURGE:
		return count_surge(watch, now_ns, verdict);
	case REASON_ROGUE_RA:
	case REASON_ROGUE_DHCP:
	case REASON_REDIRECT:
		return count_second(watch, HARM_SPOOF, now_ns, verdict);
	default:
		/* UNBOUND4, UNBOUND6, ARP and ND: binding.c knows whether somebody was harmed. */
		return false;
	}
}

bool
harm_from_answers(struct harm_watch *watch, uint32_t data_names, uint64_t now_ns,
	struct harm_verdict *verdict)
{
	watch->port = 53;
	watch->proto = 17;
	return data_names && count(watch, HARM_TUNNEL, data_names, now_ns, verdict);
}

bool
harm_from_spoof(struct harm_watch *watch, uint64_t now_ns, struct harm_verdict *verdict)
{
	watch->port = 0;
	return count(watch, HARM_SPOOF, 1, now_ns, verdict);
}

void
harm_clear(struct harm_watch *watch)
{
	memset(watch, 0, sizeof *watch);
}

/*
 * Data in a label looks like base32, base64 or hexadecimal: long, and digits
 * and letters change places often.  Words and product names do not.
 */
bool
harm_name_is_data(const char *name)
{
	for (const char *at = name; *at;) {
		size_t len = strcspn(at, "."), digits = 0, changes = 0, vowels = 0, hyphens = 0;

		for (size_t i = 0; i < len; i++) {
			bool digit = at[i] >= '0' && at[i] <= '9';
			digits += digit;
			hyphens += at[i] == '-';
			vowels += at[i] && strchr("aeiou", at[i]) != NULL;
			if (i)
				changes += digit != (at[i - 1] >= '0' && at[i - 1] <= '9');
		}
		if (len >= 30 && hyphens * 8 < len &&
			(digits * 6 >= len || vowels * 5 < len || changes * 4 >= len))
			return true;
		at += len + (at[len] == '.');
	}
	return false;
}
