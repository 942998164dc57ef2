/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_READER_H
#define PINFOLD_PACKET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A bounded cursor over bytes that nobody trusts; the only way to touch them.
 *
 * The first read past the end makes the reader short.  From then on every read
 * gives zero or NULL and moves nothing, so a decoder reads a whole header and
 * asks reader_ok() once.  Passed by value, so that a callee cannot move the
 * caller's cursor.  Borrows its bytes; they must outlive it.
 */
struct reader {
	const uint8_t *at, *end;
	bool is_short;
};

/* Borrowed bytes from a packet: no NUL, any value.  Show them through printable(). */
struct bytes {
	const uint8_t *at; /* may be NULL when len is 0 */
	size_t len;
};

/* A copy of up to 255 bytes from a packet: no NUL, any value.  As above. */
struct octets {
	uint8_t len;
	uint8_t byte[255];
};

static inline struct reader
reader_over(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	return (struct reader){.at = at, .end = len ? at + len : at};
}

static inline size_t
reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* True until something was read that was not there. */
static inline bool
reader_ok(const struct reader *r)
{
	return !r->is_short;
}

/* Borrows the next len bytes and moves on; NULL (and short) when fewer are left. */
static inline const uint8_t *
reader_bytes(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->is_short || len > reader_left(r)) {
		r->is_short = true;
		return NULL;
	}
	r->at += len;
	return at;
}

static inline void
reader_skip(struct reader *r, size_t len)
{
	(void)reader_bytes(r, len);
}

/* A reader over the next len bytes, moving on; a short one when fewer are left. */
static inline struct reader
reader_slice(struct reader *r, size_t len)
{
	const uint8_t *at = reader_bytes(r, len);

	if (!at)
		return (struct reader){.at = r->end, .end = r->end, .is_short = r->is_short};
	return (struct reader){.at = at, .end = at + len};
}

/* What is left, borrowed; moves nothing. */
static inline struct bytes
reader_rest(const struct reader *r)
{
	return (struct bytes){.at = r->at, .len = r->is_short ? 0 : reader_left(r)};
}

/* The next byte without moving; -1 when there is none.  Never makes it short. */
static inline int
reader_peek(const struct reader *r)
{
	return r->is_short || r->at == r->end ? -1 : *r->at;
}

static inline uint8_t
reader_u8(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 1);
	return b ? b[0] : 0;
}

/* Network order. */
static inline uint16_t
reader_u16(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 2);
	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t
reader_u24(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 3);
	return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t
reader_u32(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 4);
	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t
reader_u64(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 8);
	uint64_t value = 0;

	for (int i = 0; b && i < 8; i++)
		value = value << 8 | b[i];
	return value;
}

/* Little endian. */
static inline uint16_t
reader_le16(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 2);
	return b ? (uint16_t)(b[1] << 8 | b[0]) : 0;
}

static inline uint32_t
reader_le32(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 4);
	return b ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0] : 0;
}

/* Copies len bytes; when fewer are left, zeroes all of out and is short. */
void reader_copy(struct reader *, void *out, size_t len);

/* Copies what is left into out; false (and out empty) when it is over 255 bytes. */
bool reader_octets(struct reader *, struct octets *out);

/* True when the bytes are this text; letters of either case when nocase. */
bool bytes_are(struct bytes, const char *text);
bool bytes_are_nocase(struct bytes, const char *text);

#endif
