/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_CERTIFICATE_H
#define PINFOLD_PACKET_CERTIFICATE_H

#include "packet/reader.h"

/*
 * The few facts of an X.509 certificate (RFC 5280, section 4.1) that can be read
 * off the wire without believing any of it: no signature is checked here.  The
 * bytes may end early, since a certificate is longer than a segment; then what
 * stands behind is 0 or empty.
 */
enum certificate_key { CERTIFICATE_KEY_OTHER, CERTIFICATE_KEY_RSA, CERTIFICATE_KEY_EC };
enum certificate_signature {
	CERTIFICATE_SIGNATURE_OTHER,
	CERTIFICATE_SIGNATURE_MD5,
	CERTIFICATE_SIGNATURE_SHA1,
	CERTIFICATE_SIGNATURE_SHA2,
};

struct certificate {
	struct bytes serial;
	struct bytes claimed_issuer, claimed_subject; /* common name, else organisation; raw */
	struct bytes issuer_name, subject_name;       /* whole, DER */
	int64_t not_before_s, not_after_s;            /* Unix time; 0: not read */
	uint8_t signature;                            /* enum certificate_signature */
	uint8_t key;                                  /* enum certificate_key */
	uint16_t key_bits;                            /* of an RSA modulus; 0: not read */
};

/* False when not even the validity came whole. */
bool certificate_parse(struct certificate *, struct bytes der);

/* Its issuer is itself. */
bool certificate_is_own(const struct certificate *);

#endif
