/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PASSKEY_PASSKEY_H
#define PINFOLD_PASSKEY_PASSKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/reader.h"

/*
 * Passkeys (W3C Web Authentication Level 3) as far as logging in needs them: what a
 * browser sends when one is made (section 7.1) or used (7.2), read and verified.
 * Pure: it knows no account, keeps nothing, and asks for no clock.
 *
 * Everything in it was written by whoever reached the pages.  Bounds are below;
 * nothing is allocated but by the parsers of JSON and of signatures, within them.
 * One algorithm is taken, ES256 (COSE -7), which every authenticator has.  Nobody
 * is asked who made the authenticator: attestation "none", and what an
 * authenticator says of itself by its own key is held against that key.
 */
enum {
	PASSKEY_CHALLENGE_LEN = 32,
	PASSKEY_KEY_LEN = 64, /* P-256: x, y */
	PASSKEY_USER_LEN = 32,
	PASSKEY_ID_MAX = 1023,     /* section 4, "Credential ID" */
	PASSKEY_CLIENT_MAX = 2048, /* bytes of JSON */
	PASSKEY_ATTESTATION_MAX = 4096,
	PASSKEY_DATA_MAX = 2048,    /* of an authenticator that was asked to log in */
	PASSKEY_SIGNATURE_MAX = 72, /* DER of two numbers of 32 bytes */
	PASSKEY_ORIGIN_MAX = 96,
	PASSKEY_ALGORITHM = -7, /* ES256 */
};

/* A kept one.  Its id is compared in full; a stranger may have chosen it. */
struct passkey {
	uint8_t id[PASSKEY_ID_MAX];
	uint16_t id_len;
	uint8_t key[PASSKEY_KEY_LEN];
	uint32_t count;     /* of signatures, as it says; 0: it does not count */
	bool may_be_copied; /* to other devices of its owner, by who made them (flag BE) */
	bool is_copied;     /* and that was done (BS) */
};

/* Where we are: the relying party. */
struct passkey_place {
	const char *name;   /* RP ID: the name of the pages */
	const char *origin; /* "https://name", and the port where it is not 443 */
};

/* Why not.  The texts are for people, and printable. */
#define PASSKEY_FLAW_LIST(X)                                                                       \
	X(PASSKEY_FINE, "fine")                                                                    \
	X(PASSKEY_NO_CLIENT_DATA, "what the browser says of itself cannot be read")                \
	X(PASSKEY_OTHER_PURPOSE, "it was made for another purpose")                                \
	X(PASSKEY_OTHER_CHALLENGE, "it answers another question than ours")                        \
	X(PASSKEY_OTHER_ORIGIN, "it was made on another site")                                     \
	X(PASSKEY_FRAMED, "a page of another site asked for it")                                   \
	X(PASSKEY_NO_ATTESTATION, "what made the passkey cannot be read")                          \
	X(PASSKEY_NO_DATA, "what the passkey says cannot be read")                                 \
	X(PASSKEY_OTHER_NAME, "it is a passkey of another name")                                   \
	X(PASSKEY_NOBODY_THERE, "nobody touched it")                                               \
	X(PASSKEY_NOBODY_KNOWN, "it did not look who uses it (fingerprint, face or PIN)")          \
	X(PASSKEY_CONTRADICTION, "what it says of its copies contradicts itself")                  \
	X(PASSKEY_OTHER_KIND, "its kind of key is not ES256, the one that is taken here")          \
	X(PASSKEY_ATTESTED, "it says who made it, which nobody asked for")                         \
	X(PASSKEY_WRONG_SIGNATURE, "its signature is wrong")                                       \
	X(PASSKEY_COUNTS_BACK, "it has signed less often than it had already: there may be a "     \
			       "copy")
enum passkey_flaw {
#define X(flaw, text) flaw,
	PASSKEY_FLAW_LIST(X)
#undef X
		PASSKEY_FLAW_COUNT,
};
const char *passkey_flaw_text(enum passkey_flaw);

/* The challenge that the browser's words (clientDataJSON) say they answer; false: there is none. */
bool passkey_challenge(struct bytes client, uint8_t out[static PASSKEY_CHALLENGE_LEN]);

/*
 * One was made (section 7.1): client is clientDataJSON, attestation the attestationObject, challenge
 * the one that we gave out for it.  Whether its id is known already is the caller's to ask.
 */
enum passkey_flaw passkey_made(struct passkey *, const struct passkey_place *, struct bytes client,
	struct bytes attestation, const uint8_t challenge[static PASSKEY_CHALLENGE_LEN]);

/*
 * One was used (section 7.2).  When it is fine, count and is_copied of the kept one are what it
 * says now; otherwise nothing changes.  Whose it is the caller knows by its id, and by the
 * user handle that came along.
 */
enum passkey_flaw passkey_used(struct passkey *, const struct passkey_place *, struct bytes client,
	struct bytes data, struct bytes signature,
	const uint8_t challenge[static PASSKEY_CHALLENGE_LEN]);

#endif
