/* SPDX-License-Identifier: Apache-2.0 */
#include "check/tls_offer.h"

#include <assert.h>
#include <string.h>

#include "base/auto.h"

/* Cipher suites by number, as in the registry of TLS parameters. */
static const uint16_t usual[] = {0x1301, 0x1302, 0x1303,         /* TLS 1.3 */
	0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,          /* ECDHE, AEAD */
	0xc009, 0xc013, 0xc00a, 0xc014, 0xc023, 0xc027,          /* ECDHE, CBC */
	0x009e, 0x009f, 0x0033, 0x0039, 0x0067, 0x006b, 0xccaa,  /* DHE */
	0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d, 0x000a}; /* RSA */

struct writer {
	uint8_t *at;
};

static void
put(struct writer *w, unsigned bytes, uint32_t value)
{
	while (bytes--)
		*w->at++ = (uint8_t)(value >> (8 * bytes));
}

/* A length in front of what follows, filled in by close_length(). */
static uint8_t *
open_length(struct writer *w, unsigned bytes)
{
	uint8_t *at = w->at;
	w->at += bytes;
	return at;
}

static void
close_length(struct writer *w, uint8_t *at, unsigned bytes)
{
	struct writer length = {at};
	put(&length, bytes, (uint32_t)(w->at - at - bytes));
}

static void
put_list(struct writer *w, uint16_t extension, unsigned length_bytes, const uint16_t *values,
	size_t n)
{
	put(w, 2, extension);
	uint8_t *whole = open_length(w, 2);
	uint8_t *list = open_length(w, length_bytes);
	for (size_t i = 0; i < n; i++)
		put(w, 2, values[i]);
	close_length(w, list, length_bytes);
	close_length(w, whole, 2);
}

static void
put_extensions(struct writer *w, uint16_t version_max)
{
	static const uint16_t groups[] = {29, 23, 24, 25};
	static const uint16_t signatures[] = {0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805,
		0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201};
	static const uint16_t versions[] = {0x0304};
	uint8_t *all = open_length(w, 2);

	put_list(w, 10, 2, groups, COUNT_OF(groups)); /* supported groups */
	put(w, 2, 11);                                /* point formats: uncompressed */
	put(w, 2, 2);
	put(w, 2, 0x0100);
	put_list(w, 13, 2, signatures, COUNT_OF(signatures));
	if (version_max >= 0x0304) {
		put_list(w, 43, 1, versions, COUNT_OF(versions));
		/* No share: who speaks 1.3 asks for one, which is answer enough. */
		put(w, 2, 51);
		put(w, 2, 2);
		put(w, 2, 0);
	}
	close_length(w, all, 2);
}

size_t
tls_offer_render(uint8_t out[static TLS_OFFER_MAX], const struct tls_offer *hello)
{
	const uint16_t *ciphers = hello->ciphers ? hello->ciphers : usual;
	size_t n = hello->ciphers ? hello->n_ciphers : COUNT_OF(usual);
	uint16_t legacy = hello->version_max > 0x0303 ? 0x0303 : hello->version_max;
	struct writer w = {out};

	assert(n <= TLS_OFFER_CIPHERS_MAX);
	put(&w, 1, 22); /* record: handshake */
	put(&w, 2, hello->version_max > 0x0300 ? 0x0301 : 0x0300);
	uint8_t *record = open_length(&w, 2);
	put(&w, 1, 1); /* ClientHello */
	uint8_t *body = open_length(&w, 3);
	put(&w, 2, legacy);
	for (int i = 0; i < 32; i++)
		put(&w, 1, (uint32_t)(0x50 + i));
	put(&w, 1, 0); /* session id */
	uint8_t *list = open_length(&w, 2);
	for (size_t i = 0; i < n; i++)
		put(&w, 2, ciphers[i]);
	close_length(&w, list, 2);
	put(&w, 2, 0x0100); /* no compression */
	if (hello->version_max >= 0x0301)
		put_extensions(&w, hello->version_max);
	close_length(&w, body, 3);
	close_length(&w, record, 2);
	assert(w.at - out <= TLS_OFFER_MAX);
	return (size_t)(w.at - out);
}
