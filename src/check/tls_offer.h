/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_TLS_OFFER_H
#define PINFOLD_CHECK_TLS_OFFER_H

#include <stddef.h>
#include <stdint.h>

/*
 * A ClientHello (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2) that
 * offers exactly what is asked for: a server is asked for one version and some
 * ciphers at a time, which no library would offer any more.
 */
enum { TLS_OFFER_MAX = 1024, TLS_OFFER_CIPHERS_MAX = 256 };

struct tls_offer {
	uint16_t version_max;    /* 0x0300 SSL 3 ... 0x0304 TLS 1.3 */
	const uint16_t *ciphers; /* NULL: all that are usual for the version */
	size_t n_ciphers;        /* at most TLS_OFFER_CIPHERS_MAX */
};

/* Gives the length; the record is complete.  The random part is constant: it protects nothing. */
size_t tls_offer_render(uint8_t out[static TLS_OFFER_MAX], const struct tls_offer *);

#endif
