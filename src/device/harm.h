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
enum harm_cause harm_from_word(const char *);

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

enum { HARM_BITS = 256, HARM_COUNTERS = 8 };

/* Zeroed is empty.  About 500 bytes. */
struct harm_watch {
	struct harm_window {
		uint64_t start_ns; /* of the running half */
		uint16_t count[2]; /* events in this half and the one before */
		uint16_t port;     /* the last one tried */
		uint8_t proto, zero;
		uint64_t told_ns; /* when it was last proposed */
		uint8_t told_act, rounds;
		uint8_t zero2[6];
	} window[HARM_COUNTERS];
	uint8_t targets[2][HARM_BITS / 8]; /* which hosts, by keyed hash */
	uint8_t ports[2][HARM_BITS / 8];   /* which ports */
	uint8_t logins[2][HARM_BITS / 16]; /* which neighbours' login ports */
	uint64_t scan_start_ns;
	uint8_t zero3[8];
};

/* What the hash of targets is keyed with (from the system's random source), so that it cannot be steered. */
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
 * What the resolver saw of the device: `undeclared` names that it asked for and
 * did not get (or, in observe, did), `long_names` of them with labels like data,
 * `distinct` names below one parent.
 */
bool harm_from_answers(struct harm_watch *, uint32_t questions, uint32_t long_names,
	uint32_t distinct, uint64_t now_ns, struct harm_verdict *verdict);

/* Is a label of the name long and random enough to be data?  Of lower-case text. */
bool harm_name_is_data(const char *name);

/* Somebody else's address or MAC was claimed (binding.h, BINDING_SPOOFED). */
bool harm_from_spoof(struct harm_watch *, uint64_t now_ns, struct harm_verdict *verdict);

#endif
