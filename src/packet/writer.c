/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/writer.h"

#include <assert.h>
#include <string.h>

struct writer
writer_over(void *buffer, size_t size)
{
	uint8_t *start = buffer;
	return (struct writer){.start = start, .at = start, .end = start + size};
}

bool
writer_ok(const struct writer *w)
{
	return !w->is_over;
}

size_t
writer_len(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

size_t
writer_room(const struct writer *w)
{
	return w->is_over ? 0 : (size_t)(w->end - w->at);
}

void
writer_bytes(struct writer *w, const void *bytes, size_t len)
{
	if (w->is_over || len > writer_room(w)) {
		w->is_over = true;
		return;
	}
	if (len)
		memcpy(w->at, bytes, len);
	w->at += len;
}

void
writer_u8(struct writer *w, uint8_t value)
{
	writer_bytes(w, &value, 1);
}

void
writer_u16(struct writer *w, uint16_t value)
{
	const uint8_t byte[] = {(uint8_t)(value >> 8), (uint8_t)value};
	writer_bytes(w, byte, sizeof byte);
}

void
writer_u32(struct writer *w, uint32_t value)
{
	writer_u16(w, (uint16_t)(value >> 16));
	writer_u16(w, (uint16_t)value);
}

void
writer_set_u16(struct writer *w, size_t offset, uint16_t value)
{
	assert(offset + 2 <= writer_len(w));
	w->start[offset] = (uint8_t)(value >> 8);
	w->start[offset + 1] = (uint8_t)value;
}
