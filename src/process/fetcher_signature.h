/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_FETCHER_SIGNATURE_H
#define PINFOLD_PROCESS_FETCHER_SIGNATURE_H

#include <openssl/x509.h>
#include <stdint.h>

#include "message/message.h"

/*
 * The detached signature of a MUD file (RFC 8520, section 13.2): DER CMS over
 * the bytes exactly as they came.
 */
enum { SIGNATURE_BYTES_MAX = 64 * 1024, SIGNATURE_CHAIN_MAX = 8 };

struct signature {
	enum signature_state state;
	char signer[256]; /* printable subject and the first bytes of its key's digest */
	char why[256];    /* printable; empty when good */
};

/*
 * Good: fits, and a chain leads to an anchor now.  Expired: fits, and a chain
 * led there at the time at which the signer says it was made; that is the
 * signer's word alone, so it is for the owner to approve.  Untrusted: fits, but
 * no anchor vouches for the signer.  Bad: everything else.
 *
 * The anchors are their own, not those of https.  Neither OpenSSL's purposes
 * nor extended key usage decide: digitalSignature in key usage does.
 */
void signature_check(struct signature *, const void *file, size_t file_len, const void *cms,
	size_t cms_len, X509_STORE *anchors, int64_t now_s);

#endif
