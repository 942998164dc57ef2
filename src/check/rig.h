/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_RIG_H
#define PINFOLD_CHECK_RIG_H

#include "check/session.h"
#include "packet/reader.h"

/*
 * What the gateway can do because the device's way leads through it.  The checks
 * of the rig need consent to intrude: the device's services stop meanwhile.
 */

/* Certificates that a device must not believe, presented under the name that it asks for. */
#define RIG_VARIANT_LIST(X)                                                                        \
	X(RIG_SELF_SIGNED, "self-signed", "signed by itself")                                      \
	X(RIG_EXPIRED, "expired", "expired and signed by itself")                                  \
	X(RIG_WRONG_NAME, "wrong-name", "of another name and signed by itself")                    \
	X(RIG_UNKNOWN_CA, "unknown-ca", "of an authority that nobody knows")
enum rig_variant {
#define X(variant, word, text) variant,
	RIG_VARIANT_LIST(X)
#undef X
		RIG_VARIANT_COUNT,
};
const char *rig_variant_word(enum rig_variant); /* also the step of the exchange */
const char *rig_variant_text(enum rig_variant); /* "a certificate ..." */

/* --- certificates ---------------------------------------------------------------------------- */

struct rig_maker; /* the keys of one run */

struct rig_maker *rig_maker_new(void); /* NULL: OpenSSL has no memory, or no chance */
void rig_maker_free(struct rig_maker *);

struct ssl_ctx_st;
/*
 * A server that presents such a certificate under this name (a host name, or an
 * address as text), valid as of now but for RIG_EXPIRED.  *der, *n_der is the
 * certificate itself, cut at size.  Gives; NULL on trouble of OpenSSL.
 */
struct ssl_ctx_st *rig_server(const struct rig_maker *, enum rig_variant, const char *name,
	uint8_t *der, size_t size, size_t *n_der);

/* --- what a device did with it ------------------------------------------------------------------- */

enum rig_result {
	RIG_RESULT_UNKNOWN,
	RIG_BELIEVED, /* it completed the handshake and sent data of its own */
	RIG_QUIET,    /* it completed the handshake and sent nothing */
	RIG_ALERTED,  /* it said why not */
	RIG_CLOSED,   /* it closed after it saw the certificate */
	RIG_SILENT,   /* neither, in the time given */
	RIG_RESULT_COUNT,
};

/* The note of an exchange: what is kept of data is length, likeness and a digest, never more. */
struct rig_told {
	enum rig_result result;
	int alert;                             /* RFC 8446, section 6; with RIG_ALERTED */
	size_t n_bytes;                        /* with RIG_BELIEVED */
	bool is_http, is_mqtt;                 /* what the data looks like */
	bool has_credentials, asks_for_update; /* in that protocol's words */
	char digest[17];
	char name[96]; /* that it asked for (SNI), printable; else the address */
};

/* The name of a ClientHello as text, when it could be a name; false else. */
bool rig_name(struct bytes claimed_name, char *out, size_t size);
void rig_look_at(struct rig_told *, const uint8_t *data, size_t len); /* fills in all of the data */
void rig_told_render(const struct rig_told *, char *out, size_t size);
bool rig_told_parse(struct rig_told *, const char *note);

/* The note of step "control": the device and its true server. */
struct rig_row;
void rig_control_render(const struct rig_row *, char *out, size_t size);
/* True if this says that a server was there, and that they spoke: both ways, and more than a refusal. */
bool rig_control_is_good(const char *note);

#endif
