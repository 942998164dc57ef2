/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_CWT_H
#define PINFOLD_LABEL_CWT_H

#include "label/jws.h"
#include "label/label.h"

/*
 * The part of a label that fits beside a URL in a QR code: a CWT (RFC 8392) in a
 * COSE_Sign1 (RFC 9052) with Ed25519, in Base45 (RFC 9285), some 250 bytes.  It
 * names the product, so that a sticker that was copied onto another one says so
 * without a network.
 *
 * Claims: 1 issuer, 2 label, 4 end, 6 issued, 65535 status list, and -65537, our
 * own: [1, revision, maker, model, hardware, firmware, below, band, failed,
 * support end, device].
 */
enum { CWT_BYTES_MAX = 1024, CWT_TEXT_MAX = 4096 };

/* The claims, which are what is signed; gives their length, 0: they do not fit. */
size_t cwt_claims(const struct label *, uint8_t out[static CWT_BYTES_MAX]);
/* Gives the text of the QR code: "https://issuer/l/ID#..." ; NULL with the reason. */
char *cwt_render(const struct label *, const struct issuer *, struct fault *why);

/*
 * From the text of a QR code, with the URL or without it.  What a label in a QR
 * code does not carry is 0 in label; label->mandatory[VERDICT_FAIL] has its
 * number of failures.  claims is what cwt_claims() would give.
 */
enum seal cwt_parse(struct label *, const char *text, size_t len, const struct issuer_keys *,
	uint8_t claims[static CWT_BYTES_MAX], size_t *claims_len,
	uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why);

#endif
