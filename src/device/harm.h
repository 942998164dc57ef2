/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_DEVICE_HARM_H
#define PINFOLD_DEVICE_HARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "message/observed.h"

/*
 * Harm, not novelty: what a device does that hurts others, however it came to
 * do it.  Sliding windows of fixed size, one struct a device, no allocation.
 *
 * A new destination alone is never harm; the start-up of a phone, a laptop or a
 * television must not trip anything.  The thresholds and their reasons are one
 * table in harm.c.
 */
#define HARM_LIST(X)                                                                               \
	X(HARM_SCAN, "scan", "tried many hosts or ports in a short time")                          \
	X(HARM_LOGIN, "login", "tried to log in on other devices")                                 \
	X(HARM_FLOOD, "flood", "sent more than its cap, again and again")                          \
	X(HARM_SPOOF, "spoof", "claimed to be another device or the gateway")                      \
	X(HARM_TUNNEL, "dns-tunnel", "sent data out in names it asked for")                        \
	X(HARM_ENCRYPTED_DNS, "encrypted-dns", "tried to hide its names from the gateway")         \
	X(HARM_NEIGHBOURS, "neighbours", "tried again and again to reach other devices")

enum harm_cause {
	HARM_NONE,
#define X(name, word, sentence) name,
	HARM_LIST(X)
#undef X
		HARM_CAUSE_COUNT,
};
const char *harm_word(enum harm_cause);
const char *harm_sentence(enum harm_cause);

/* In proportion; each is milder than the next. */
enum harm_act {
	HARM_ACT_NONE,
	HARM_ACT_NOTE,       /* tell, do nothing */
	HARM_ACT_CLOSE_PORT, /* virtual patch: proto and port of the verdict */
	HARM_ACT_LIMIT,      /* lower its packet and flow caps */
	HARM_ACT_QUARANTINE,
	HARM_ACT_COUNT,
};
const char *harm_act_word(enum harm_act);

struct harm_verdict {
	enum harm_cause cause;
	enum harm_act act;       /* proposed for an ordinary device; the class decides */
	uint8_t severity;        /* 1 (odd) .. 10 (spreading) */
	uint8_t proto;           /* with CLOSE_PORT */
	uint16_t port;           /* with CLOSE_PORT; else the port most tried, 0: many */
	uint32_t attempts;       /* in the window */
	uint32_t targets, ports; /* distinct, estimated */
	uint32_t window_s;
	uint64_t since_ns; /* first of them */
	char why[160];     /* a sentence with the figures, printable */
};

enum harm_spread_kind {
	SPREAD_DENIED_HOSTS, /* hosts that it was denied */
	SPREAD_DENIED_PORTS,
	SPREAD_FLOW_HOSTS,  /* hosts that it reached, web left out */
	SPREAD_LOGIN_HOSTS, /* other devices whose login ports it tried */
	SPREAD_ADMIN_HOSTS, /* hosts anywhere whose administration ports it tried */
	SPREAD_COUNT,
};
enum { HARM_BITS = 256 };

/* How many different things in the last window: two halves, each a bitmap by keyed hash. */
struct harm_spread {
	uint64_t start_ns;
	uint8_t bits[2][HARM_BITS / 8];
};

struct harm_window {
	uint64_t start_ns, since_ns, last_ns, told_ns;
	uint32_t count[2];
	uint8_t told_act;
	uint8_t zero[7];
};

/* Zeroed is empty.  About 800 bytes, none of them on the heap. */
struct harm_watch {
	struct harm_window window[HARM_CAUSE_COUNT];
	struct harm_spread spread[SPREAD_COUNT];
	uint64_t surge_ns; /* when a surge was counted last */
	uint16_t port;     /* of the last attempt */
	uint8_t proto;
	uint8_t zero[5];
};

/* What the bitmaps are keyed with (from the system's random source), so that they cannot be steered. */
struct harm_key {
	uint64_t a, b;
};

/*
 * Takes one observation of this device (FLOW_NEW, DENIED, CLEAR_CREDENTIALS ...)
 * into account.  True when a threshold was passed that was not told already:
 * then *verdict says what and what to do.  The same cause is told again only
 * when it grows worse or after it had been quiet for a window.
 */
bool harm_from_observation(struct harm_watch *, const struct harm_key *, const struct observation *,
	uint64_t now_ns, struct harm_verdict *verdict);

/*
 * What the resolver saw of the device since the last call: how many of the names
 * that it asked for had labels that are data (harm_name_is_data()).
 */
bool harm_from_answers(
	struct harm_watch *, uint32_t data_names, uint64_t now_ns, struct harm_verdict *verdict);

/* Is a label of the name long and random enough to be data?  Of lower-case text. */
bool harm_name_is_data(const char *name);

/* It claimed somebody else's address or MAC (BINDING_SPOOFED names it as the culprit). */
bool harm_from_spoof(struct harm_watch *, uint64_t now_ns, struct harm_verdict *verdict);

/* Forget what was counted: the owner released it. */
void harm_clear(struct harm_watch *);

/* Ports where people and worms log in: telnet, SSH, remote desktops, debug bridges. */
bool harm_is_login_port(uint8_t proto, uint16_t port);

#endif
