/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_TRANSCRIPT_H
#define PINFOLD_CHECK_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * What was sent to a device and what came back: the evidence.  Verdicts are
 * derived from a transcript and from nothing else, so that somebody else, later
 * and elsewhere, derives the same.
 *
 * In a file it is JSON, one exchange a line (probes.jsonl in an evidence pack),
 * bytes in base64; docs/EVIDENCE.md has the members.
 */
enum exchange_end {
	EXCHANGE_UNKNOWN,
	EXCHANGE_OPEN,        /* it ended because we had what we wanted */
	EXCHANGE_CLOSED,      /* the device closed */
	EXCHANGE_REFUSED,     /* RST, or ICMP port unreachable */
	EXCHANGE_SILENT,      /* nothing came in the time given */
	EXCHANGE_UNREACHABLE, /* no route, no neighbour */
	EXCHANGE_OVERLONG,    /* more came than is kept; the rest was not read */
	EXCHANGE_TLS_FAILED,
	EXCHANGE_TROUBLE, /* ours: no socket, no memory; the note says what */
	EXCHANGE_END_COUNT,
};

enum {
	EXCHANGE_BYTES_MAX = 64 * 1024, /* kept a direction */
	EXCHANGES_MAX = 100000,
	TRANSCRIPT_BYTES_MAX = 64 * 1024 * 1024, /* kept together; then the run ends with INC */
};

struct exchange {
	uint32_t number; /* from 1, in order; what findings refer to */
	uint16_t check;  /* place in the table of checks; in a file its id */
	uint16_t port;
	uint8_t proto; /* 6, 17; 0: an event, not a packet (note says which) */
	uint8_t end;   /* enum exchange_end */
	bool is_tls;
	uint32_t round;    /* repetitions of the same step: 1, 2 */
	uint64_t begun_us; /* since the run began */
	uint64_t took_us;
	int64_t utc_s; /* wall clock when it was written; transcript_add() fills in 0 */
	struct ip address;
	/* What the step was for, fixed words of the check: "banner", "login wrong", "control". */
	char step[32];
	/* More of it that the judge needs: "root" of a login, a version, a list. Printable. */
	char note[192];
	size_t n_sent, n_received;
	const uint8_t *sent, *received; /* owned by the transcript */
};

struct transcript;

/* file may be NULL: kept in memory alone.  It is written line by line and belongs to the caller. */
struct transcript *transcript_new(FILE *file);
void transcript_free(struct transcript *);
/* From now on lines go there: to go on behind what was read. NULL: nowhere. */
void transcript_write_to(struct transcript *, FILE *);

/*
 * Copies the exchange with its bytes, numbers it, and writes its line.  Gives
 * its number; 0 when the transcript is full or the file could not be written,
 * after which transcript_trouble() says why and nothing more is taken.
 */
uint32_t transcript_add(struct transcript *, const struct exchange *);
const char *transcript_trouble(const struct transcript *); /* NULL: none */

size_t transcript_count(const struct transcript *);
const struct exchange *transcript_at(const struct transcript *, size_t index); /* from 0 */

/*
 * The next exchange at or after *from of this check (and step, unless NULL); moves *from behind
 * it.  A check that was begun anew, because its run was interrupted, starts at its last "begin".
 */
const struct exchange *transcript_next(
	const struct transcript *, size_t *from, uint16_t check, const char *step);

/* The first of this check and step; NULL: there is none. */
const struct exchange *transcript_first(
	const struct transcript *, uint16_t check, const char *step);

/*
 * The same place in another step or round of the same check: what bears a finding
 * out, or is its control.  note: only with this one; NULL: any.
 */
const struct exchange *transcript_beside(const struct transcript *, const struct exchange *of,
	const char *step, uint32_t round, const char *note);

/* Reads what transcript_add() wrote.  Every bound is checked again: a pack comes from a stranger. */
enum err transcript_read(FILE *, struct transcript **, struct fault *why);

#endif
