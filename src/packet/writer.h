/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_WRITER_H
#define PINFOLD_PACKET_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bounded cursor for packets that we write, the mirror of struct reader: the
 * first write that does not fit makes it over, and from then on nothing is
 * written.  Borrows its buffer.
 */
struct writer {
	uint8_t *start, *at, *end;
	bool is_over;
};

struct writer writer_over(void *buffer, size_t size);
bool writer_ok(const struct writer *);
size_t writer_len(const struct writer *); /* bytes written so far */
size_t writer_room(const struct writer *);
void writer_u8(struct writer *, uint8_t);
void writer_u16(struct writer *, uint16_t); /* network order */
void writer_u32(struct writer *, uint32_t);
void writer_bytes(struct writer *, const void *, size_t len);
/* Overwrite two bytes written earlier, at this offset from the start. */
void writer_set_u16(struct writer *, size_t offset, uint16_t);

#endif
