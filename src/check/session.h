/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SESSION_H
#define PINFOLD_CHECK_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/check.h"
#include "message/message.h"

/*
 * Asks for one page of the maker's site, or with is_earlier for a transcript
 * (message.h), and waits.  Answers in any case, with err; gives the descriptor.
 */
typedef void session_page_ask(const struct message_page_ask *, struct message_page *, int *fd);

/*
 * How a check talks to one device, from top to bottom and one step at a time.
 * Calls block, each with its own end: the worker that runs them is a process of
 * its own, and whoever waits for it may kill it at any moment.
 *
 * A session keeps the pace (rests between connections), the check's budget of
 * time and packets, the limits of the device as far as they were learned (how
 * many connections at once, when it begins to refuse), and writes every
 * exchange into the transcript.
 */
struct session_target {
	struct ip address4, address6; /* version 0: none */
	char model_hint[64];          /* what it calls itself; for picking factory logins */
	/* Whose it is, and how its maker's pages are asked for; NULL: nobody can. */
	char maker_url[256];
	uint8_t maker_basis;   /* enum maker_basis */
	uint16_t page_rest_ms; /* between two pages; 0: as the pace says */
	session_page_ask *page_ask;
};

struct session *session_new(
	const struct session_target *, enum pace, enum consent, struct transcript *);
void session_free(struct session *);

enum pace session_pace(const struct session *);
const struct session_target *session_target(const struct session *);
const struct transcript *session_transcript(const struct session *);
const struct exchange *transcript_last(const struct session *); /* NULL before the first */

/* All checks together end by then, and the rest of them is not begun. */
void session_limit(struct session *, uint32_t seconds);
/*
 * How many packets a second the device may answer before the gateway cuts them off as a
 * flood; whoever asks many questions at once stays below.  3,000 until it is said.
 */
void session_set_answers(struct session *, uint32_t per_second);
uint32_t session_answers(const struct session *);
/* Where exchanges go from now on; gives where they went. */
struct transcript *session_write_to(struct session *, struct transcript *);

/* Begins a check: its budget, its place in the table. */
void session_begin(struct session *, uint16_t check);
/* Ends it, and writes what it came to: "complete", or the reason why it was cut. */
void session_end(struct session *);
/* begin, probe, end; or, where consent, time or device are missing, "skipped" and false. */
bool session_run(struct session *, uint16_t check);
/* No more time, packets, room or device: a check that sees this returns at once. */
bool session_is_over(const struct session *);
uint32_t session_ms_left(const struct session *);     /* of the check */
uint32_t session_run_ms_left(const struct session *); /* of all checks together */
bool session_is_lost(const struct session *);         /* the device answers no more */
uint32_t session_packets(const struct session *);     /* sent by us so far, in all checks */
/* For probes that send with sockets of their own (check/scan.h). */
void session_count(struct session *, uint32_t packets);
void session_rest(struct session *, uint32_t ms); /* sleeps, not past the end of the check */

/* An event that is no packet: what was chosen, what was left out and why. */
void session_note(struct session *, const char *step, const char *note, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of an address (and port), with lists that are longer than a note. */
void session_record(struct session *, const struct exchange *);
uint64_t session_us(const struct session *); /* since the run began */

/*
 * Does the device still answer (ARP or ND by the kernel, ICMP echo, an open port
 * that was found)?  Written as step "alive" or "lost"; waits up to some seconds
 * for it to come back.  False ends the session for all checks that follow.
 */
bool session_alive(struct session *);

/*
 * The gateway's part in a probe (message.h, "the rig"): asks and waits for the answer.
 * False when there is no gateway to ask, or it refuses; *seen then has err.  run and
 * ticket are filled in by whoever carries it.
 */
typedef bool session_rig_ask(const struct message_rig *, struct message_rig_seen *);
void session_set_rig(struct session *, session_rig_ask *);
bool session_rig(struct session *, const struct message_rig *, struct message_rig_seen *);

/* What whoever stands beside the device should do now (enum audit_prompt), shown with the progress. */
typedef void session_tell_prompt(uint8_t prompt, uint16_t check);
void session_set_prompt(struct session *, session_tell_prompt *);
void session_prompt(struct session *, uint8_t prompt);

/*
 * A file that somebody gave for this run, open to read, and borrowed; -1: none.  An
 * app's checks read it; there may be no device then, and nothing is sent to one.
 */
void session_set_file(struct session *, int fd);
int session_file(const struct session *);

/*
 * Raw sockets of TCP for asking many ports (check/scan_raw.h), which somebody opened and
 * keeps: one for each version of IP; -1: none.
 */
void session_set_raw(struct session *, int v4, int v6);
int session_raw(const struct session *, int version);

/*
 * Which servers this run may speak of, where it is about one app of a phone and not
 * about a device (check/app_scope.h); NULL: all.  Borrowed.
 */
void session_set_scope(struct session *, const char *scope);
bool session_is_in_scope(const struct session *, const char *name);

/* --- one connection -------------------------------------------------------------------------- */

struct talk; /* an open TCP or TLS connection, or a UDP "connection"; one exchange */

/* step and round as in struct exchange.  NULL: it did not open, and that is written. */
struct talk *talk_tcp(
	struct session *, const struct ip *, uint16_t port, const char *step, uint32_t round);
struct talk *talk_udp(
	struct session *, const struct ip *, uint16_t port, const char *step, uint32_t round);
/* The same through TLS, with any version and any certificate: we look, we do not trust. */
struct talk *talk_tls(
	struct session *, const struct ip *, uint16_t port, const char *step, uint32_t round);
bool talk_send(struct talk *, const void *bytes, size_t len);
bool talk_send_text(struct talk *, const char *text);
/*
 * Reads until `enough` says so (NULL: one read), the device closes, nothing came
 * for idle_ms, or the exchange is full.  Gives all that was received so far.
 */
size_t talk_receive(struct talk *, uint32_t idle_ms,
	bool (*enough)(const uint8_t *, size_t, void *), void *arg, const uint8_t **bytes);
/* As talk_receive(), but asks `enough` of what is there before it waits. */
size_t talk_receive_until(struct talk *, uint32_t idle_ms,
	bool (*enough)(const uint8_t *, size_t, void *), void *arg, const uint8_t **bytes);
/* All that comes until nothing comes for idle_ms, or it is closed, or full. */
size_t talk_receive_more(struct talk *, uint32_t idle_ms);
bool talk_is_tls(const struct talk *);
bool talk_is_closed(const struct talk *); /* by the device, or by an error */
int talk_fd(const struct talk *);         /* borrowed; for libraries that speak by themselves */
/* What such a library said and heard, in words; goes into the exchange as if it had been sent. */
void talk_quote(struct talk *, bool was_sent, const void *bytes, size_t len);
void talk_note(struct talk *, const char *note, ...) __attribute__((format(printf, 2, 3)));
/* Writes the exchange, and begins another of the same step over the same connection (not TLS). */
struct talk *talk_again(struct talk *);
/* Ends it and writes the exchange; gives its number. */
uint32_t talk_close(struct talk *);

#endif
