/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_SECURITY_TXT_H
#define PINFOLD_MAKER_SECURITY_TXT_H

#include "packet/mud_url.h"
#include "packet/reader.h"

/*
 * security.txt (RFC 9116): whom to tell of a weakness, in a form that programs
 * read.  It speaks for the host that it was fetched from and for no other.  A
 * signature is seen and not verified: whose key it is nobody here can know.
 *
 * An invalid file may still name somebody; both are told.
 */
enum {
	SECURITY_TXT_BYTES_MAX = 32 * 1024,
	SECURITY_TXT_LINES_MAX = 1000,
	SECURITY_TXT_LINE_MAX = 2048,
};

/* What the RFC says must be; X(flag, what is wrong) */
#define SECURITY_TXT_FAULTS(X)                                                                     \
	X(SECURITY_TXT_TYPE, "it is not sent as text/plain (3)")                                   \
	X(SECURITY_TXT_BYTES, "it is not UTF-8, or has bytes of control (4)")                      \
	X(SECURITY_TXT_LONG, "it is longer than anybody reads")                                    \
	X(SECURITY_TXT_LINE_ENDS, "a line does not end in LF or CRLF (4)")                         \
	X(SECURITY_TXT_FORM, "a line is no field (4)")                                             \
	X(SECURITY_TXT_NO_CONTACT, "it has no Contact (2.5.3)")                                    \
	X(SECURITY_TXT_CONTACT, "a Contact is no URI (2.5.3)")                                     \
	X(SECURITY_TXT_NO_EXPIRES, "it has no Expires (2.5.5)")                                    \
	X(SECURITY_TXT_TWO_EXPIRES, "it has more than one Expires (2.5.5)")                        \
	X(SECURITY_TXT_EXPIRES, "its Expires is no date-time (2.5.5)")                             \
	X(SECURITY_TXT_LANGUAGES, "Preferred-Languages more than once, or not valid (2.5.8)")      \
	X(SECURITY_TXT_ENCRYPTION, "an Encryption is no URI of a key (2.5.4)")                     \
	X(SECURITY_TXT_PLAIN_HTTP, "a link is not https (2.5)")                                    \
	X(SECURITY_TXT_OUTSIDE, "there is text outside of what is signed (2.3)")
enum security_txt_fault {
#define X(name, text) name,
	SECURITY_TXT_FAULTS(X)
#undef X
		SECURITY_TXT_FAULT_COUNT,
};
const char *security_txt_fault_text(enum security_txt_fault);

enum security_txt_state {
	SECURITY_TXT_UNKNOWN,
	SECURITY_TXT_ABSENT,
	SECURITY_TXT_SOFT404, /* a page for people in its place */
	SECURITY_TXT_INVALID,
	SECURITY_TXT_STALE, /* it has expired; what it says may not be so any more */
	SECURITY_TXT_VALID,
	SECURITY_TXT_STATE_COUNT,
};
const char *security_txt_word(enum security_txt_state);

struct security_txt {
	uint8_t state;                               /* enum security_txt_state */
	uint32_t faults;                             /* bits of enum security_txt_fault */
	bool is_signed, has_canonical, is_canonical; /* its own URL is one of Canonical */
	bool is_far;                                 /* Expires is more than a year ahead */
	int64_t expires_s;                           /* 0: none */
	char contact[96];      /* the first that is one, printable: "mailto:..." */
	bool is_contact_human; /* mail or telephone, not a form */
	char policy[256];      /* the first, as it stands there; empty: none */
};

/* Of an answer 200. now_s: when it was fetched. */
void security_txt_parse(struct security_txt *, struct bytes body, const char *content_type,
	const struct mud_url *fetched, int64_t now_s);

#endif
