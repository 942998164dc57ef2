/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_DECLARED_H
#define PINFOLD_CHECK_DECLARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "check/transcript.h"

/*
 * What only the maker or a person can answer (docs/DECLARATION.md): one answer to
 * each question that was asked, and lists of what the device has.  Somebody said
 * it, and nobody tested it: what follows from it is DECL, or a question to the
 * other evidence ("is this port one of those that were named?").
 *
 * The file comes from a stranger.  Everything in it that is longer, deeper or
 * other than this header says is refused, with the place.
 */
enum {
	DECLARED_BYTES_MAX = 60 * 1024, /* fits one exchange of a transcript */
	DECLARED_TEXT_MAX = 160,        /* of a reason, a text, a purpose; with its NUL */
	DECLARED_ROWS_MAX = 128,        /* of each list */
	DECLARED_HOST_MAX = 128,
	DECLARED_DATE_MAX = 11, /* "2026-11-22" */
	QUESTIONS_MAX = 128,
};

/* One row a provision, in their order, then one a condition of theirs, then others (data/questions.tsv). */
struct question {
	const char *id;      /* "5.1-1"; "F:a", "C:14"; "PSTI-3.5" */
	char class;          /* 'M', 'R' of V3.1.3; 'C': a condition; 'P': of PSTI's Schedule 1 */
	bool is_conditional; /* a provision that applies only if something holds */
	const char *text;
};
extern const struct question questions[];
extern const size_t n_questions;
int question_find(const char *id); /* its place, or -1 */

enum declared_says { SAYS_NOTHING, SAYS_YES, SAYS_NO, SAYS_NOT_APPLICABLE, SAYS_COUNT };
enum declared_role { SIGNER_UNKNOWN, SIGNER_MAKER, SIGNER_OWNER, SIGNER_TESTER, SIGNER_ROLE_COUNT };
const char *declared_role_word(uint8_t role); /* "maker" ... */

/* All text is printable; empty where nothing was said. */
struct declared {
	char signer[64];
	uint8_t role;                 /* enum declared_role */
	char date[DECLARED_DATE_MAX]; /* when it was signed */
	char maker[64], model[64], firmware[64];
	char support_end[DECLARED_DATE_MAX];
	struct declared_answer {
		uint8_t says; /* enum declared_says */
		char text[DECLARED_TEXT_MAX], reason[DECLARED_TEXT_MAX],
			evidence[DECLARED_TEXT_MAX];
	} answer[QUESTIONS_MAX]; /* in the places of questions[] */
	size_t n_ports, n_hosts, n_accounts, n_ciphers;
	struct declared_port {
		uint8_t proto; /* 6, 17 */
		uint16_t lo, hi;
	} port[DECLARED_ROWS_MAX];
	char host[DECLARED_ROWS_MAX][DECLARED_HOST_MAX]; /* "*.maker.example": all below it */
	char account[DECLARED_ROWS_MAX][64], cipher[DECLARED_ROWS_MAX][64];
};

/* The heap gives it, the caller frees; NULL with the reason: no declaration. */
struct declared *declared_parse(const char *bytes, size_t len, struct fault *why);

/* "A. Maker (maker, 2026-11-22)": who said it, and when. */
enum { DECLARED_BY_MAX = 96 };
void declared_by(const struct declared *, char out[static DECLARED_BY_MAX]);

/* A list that is empty names nothing, and declares nothing either: false. */
bool declared_has_port(const struct declared *, uint8_t proto, uint16_t port);
bool declared_has_host(const struct declared *, const char *name);

/*
 * Is a cipher (its number in TLS) of the list?  Names as IANA or OpenSSL write them, or four
 * hexadecimal digits.  A list with a name that nobody here knows leaves it uncertain.
 */
enum declared_cipher { CIPHER_DECLARED, CIPHER_UNDECLARED, CIPHER_UNCERTAIN };
enum declared_cipher declared_has_cipher(const struct declared *, uint16_t suite);
enum { DECLARED_CIPHER_MAX = 16 };
const char *declared_cipher_name(uint16_t suite, char out[static DECLARED_CIPHER_MAX]);
/* 5.5-1, where one was agreed `where` that is not of the list; nothing where it is. */
struct findings;
void declared_judge_cipher(struct findings *, const struct declared *, uint16_t suite,
	const struct exchange *first, const struct exchange *again, const struct exchange *control,
	const char *where);
/* "root", "" for none: is it of the list?  An empty list says nothing: true. */
bool declared_has_account(const struct declared *, const char *user);

/* A day as YYYY-MM-DD that the calendar has. */
bool declared_is_date(const char *text);

/* The empty form, with every question; to fill in. */
void declared_template(FILE *, const char *maker, const char *model, const char *date);

/* --- in a transcript -------------------------------------------------------------------------- */

/* Documents stand in a transcript before everything else, as exchanges of the check "declaration". */
#define DECLARED_STEP "declared" /* the declaration, as it was given */
#define PAPER_STEP    "paper"    /* a paper of the maker; the note is its name (check/paper.h) */
#define WIRE_STEP     "wire"     /* what the device says of itself: JSON of ours */

/* 0: the transcript has no room; see transcript_trouble(). */
uint32_t declared_write(struct transcript *, const char *step, const char *name, const char *bytes,
	size_t len, int64_t utc_s);
/* The next such exchange at or after *from; NULL at the end. */
const struct exchange *declared_next(const struct transcript *, size_t *from, const char *step);
/* The declaration of a transcript; NULL: there is none that can be read.  The caller frees. */
struct declared *declared_in(const struct transcript *, const struct exchange **at);

#endif
