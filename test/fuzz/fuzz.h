/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_FUZZ_H
#define PINFOLD_FUZZ_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "packet/mud_url.h"
#include "packet/reader.h"

/*
 * A fuzzer gives one decoder any bytes and then asks of its result what its
 * header promises.  A broken promise is an assert, which the fuzzer reports
 * with the bytes that led to it; those become a seed and a unit test.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Borrowed bytes lie inside the input, and every one of them can be read. */
static inline void
expect_within(struct bytes bytes, const uint8_t *data, size_t size)
{
	static volatile uint8_t sink;

	if (bytes.len == 0)
		return;
	assert(bytes.at >= data && bytes.len <= size);
	assert((size_t)(bytes.at - data) <= size - bytes.len);
	for (size_t i = 0; i < bytes.len; i++)
		sink ^= bytes.at[i];
}

static inline void
expect_reader_within(const struct reader *r, const uint8_t *data, size_t size)
{
	assert(r->at <= r->end);
	expect_within((struct bytes){.at = r->at, .len = reader_left(r)}, data, size);
}

/* What passed as a MUD URL passes again, whole, and has an authority. */
static inline void
expect_mud_url(const struct mud_url *url)
{
	struct mud_url again;
	char authority[256];
	size_t len = strnlen(url->text, sizeof url->text);

	assert(len < sizeof url->text);
	assert(!strpbrk(url->text, " \"'\\<>"));
	assert(mud_url_from_bytes(&again, (const uint8_t *)url->text, len));
	assert(mud_url_is_equal(url, &again));
	mud_url_authority(url, authority);
	assert(authority[0]);
}

#endif
