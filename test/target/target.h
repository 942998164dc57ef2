/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TARGET_H
#define PINFOLD_TARGET_H

/*
 * What the checks are tested on: a program that plays one service of a device,
 * well or badly, in one of endless variants.  A variant follows from its seed
 * alone, and the target says the truth about it, so that a test can hold
 * verdicts against it.  It shares nothing with the checks, so that it does not
 * share their mistakes.
 *
 * Nothing here is a real weakness: files are made up, shells are a few words,
 * and no file of the machine is ever read for a client.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How it behaves beside what it serves. */
enum manner {
	MANNER_PLAIN,
	MANNER_TARPIT, /* one byte in five seconds */
	MANNER_LOCK_OUT, /* after three wrong tries nobody comes in for a while, the right one neither */
	MANNER_ANY_LOGIN,      /* yes to whatever is said */
	MANNER_LIMITER,        /* closes connections that come too fast */
	MANNER_CAPTIVE,        /* the same page for every path and every login */
	MANNER_ENDLESS,        /* an answer without end */
	MANNER_CLOSES,         /* closes, at another step of each connection */
	MANNER_FLOOD,          /* talks as fast as it can, unasked */
	MANNER_WRONG_PROTOCOL, /* another service stands behind this port */
	MANNER_SILENT,
	MANNER_COUNT,
};

struct service;

struct variant {
	uint64_t seed;
	const struct service *service;
	enum manner manner;
	const char *fault; /* one of the service's, or "none" */
	uint16_t port;
	bool is_tls;
	bool has4, has6;
	unsigned delay_ms; /* before each answer */
	unsigned tarpit_ms;
	unsigned refuse_ms;          /* what it thinks over a wrong login for */
	char user[32], password[32]; /* what really works, where there is a login */
};

/*
 * A choice of 0..n-1 that belongs to this variant and this word: always the same
 * for both, and independent of all other choices, so that a new choice does not
 * change the old ones.
 */
unsigned variant_pick(const struct variant *, const char *word, unsigned n);
#define VARIANT_ONE_OF(variant, word, list)                                                        \
	((list)[variant_pick(variant, word, sizeof(list) / sizeof *(list))])
bool variant_has(const struct variant *, const char *fault);

/* --- one connection: a process of its own, which ends when the client or the manner ends it --- */

struct conn;

/* These do not return when the connection is over: the process ends. */
void conn_write(struct conn *, const void *bytes, size_t len);
void conn_say(struct conn *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void conn_read(struct conn *, void *bytes, size_t len);
/* One line without its end; telnet commands are taken out of it. Cut to size. */
void conn_line(struct conn *, char *line, size_t size);
/* True when bytes came before ms were over. */
bool conn_waits(struct conn *, int ms);
_Noreturn void conn_end(struct conn *);

/*
 * May they come in?  Counts wrong tries of all connections together, since that
 * is what a device that locks out does.
 */
bool conn_login(struct conn *, const char *user, const char *password);
bool conn_is_locked(struct conn *);
const struct variant *conn_variant(const struct conn *);

/* --- services ---------------------------------------------------------------------------------- */

enum { FAULTS_MAX = 8, PORTS_MAX = 6, EXPECTED_MAX = 4 };
/* Checks, separated by blanks: "ftp-login" for all that it says, "ftp-login/5.1-1" for a provision. */
struct fault_kind {
	const char *name;
	const char *fail; /* must say FAIL, or NULL */
	const char *may;  /* may, or NULL */
	/* No seed chooses it: it shows itself to checks that a person must permit. */
	bool when_asked;
};
struct service {
	const char *name;
	bool is_udp, has_login;
	uint8_t tls_of_8; /* how many of eight variants speak TLS */
	uint16_t ports[PORTS_MAX];
	struct fault_kind faults[FAULTS_MAX];
	const char *fail, *may; /* the same of every variant: that it is there at all */
	void (*serve)(struct conn *);
	/* The answer to one datagram; 0: none. */
	size_t (*answer)(
		const struct variant *, const uint8_t *in, size_t len, uint8_t *out, size_t size);
};
extern const struct service services[];
extern const size_t n_services;

void serve_telnet(struct conn *);
void serve_serial(struct conn *);
void serve_ftp(struct conn *);
void serve_rtsp(struct conn *);
void serve_http(struct conn *);
void serve_tls(struct conn *);
void serve_mqtt(struct conn *);
void serve_adb(struct conn *);
void serve_igd(struct conn *);
size_t answer_snmp(const struct variant *, const uint8_t *, size_t, uint8_t *, size_t);
size_t answer_coap(const struct variant *, const uint8_t *, size_t, uint8_t *, size_t);
size_t answer_tftp(const struct variant *, const uint8_t *, size_t, uint8_t *, size_t);
/* To a search of the neighbourhood: where the description of the gateway is. */
size_t answer_ssdp(const struct variant *, const uint8_t *, size_t, uint8_t *, size_t);

/* A configuration file as devices have them, made up, with the words that matter in it. */
size_t made_up_file(const struct variant *, const char *path, char *text, size_t size);

/* HTTP's Basic and Digest, which RTSP shares. */
bool authorization_is_right(struct conn *, const char *method, const char *header);
void authorization_challenge(const struct variant *, bool is_digest, char *text, size_t size);

/* The context of a server of good or bad posture; NULL with a word on stderr. */
struct ssl_ctx_st *target_tls(const struct variant *);

#endif
