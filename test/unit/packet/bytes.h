/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_BYTES_H
#define PINFOLD_TEST_BYTES_H

#include <stdlib.h>
#include <string.h>

#include "packet/reader.h"

#include "test.h"

#define OVER(array) reader_over((array), sizeof(array))

#define EXPECT_BYTES(bytes, text)                                                                  \
	do {                                                                                       \
		EXPECT_INT((bytes).len, strlen(text));                                             \
		EXPECT_MEM((bytes).at, text, strlen(text));                                        \
	} while (0)

#define EXPECT_OCTETS(octets, text)                                                                \
	do {                                                                                       \
		EXPECT_INT((octets).len, strlen(text));                                            \
		EXPECT_MEM((octets).byte, text, strlen(text));                                     \
	} while (0)

#define EXPECT_IP(is, text)                                                                        \
	do {                                                                                       \
		char rendered[IP_TEXT_MAX];                                                        \
		EXPECT_STR(ip_render(&(is), rendered), text);                                      \
	} while (0)

/*
 * Give a decoder the first len bytes, for every len, in an allocation of exactly
 * that size: a sanitizer or valgrind sees each byte read too far.  Returns for
 * how many lengths the decoder was content.
 */
static inline size_t
parse_at_every_length(bool (*parse)(struct reader), const void *bytes, size_t len)
{
	size_t content = 0;

	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1);
		EXPECT(copy);
		memcpy(copy, bytes, cut);
		content += parse(reader_over(copy, cut));
		free(copy);
	}
	return content;
}

#endif
