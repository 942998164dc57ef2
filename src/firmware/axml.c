/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/axml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

/* Chunk types, as in the platform's ResourceTypes.h; all numbers are little endian. */
enum {
	CHUNK_STRINGS = 0x0001,
	CHUNK_XML = 0x0003,
	CHUNK_START = 0x0102,
	CHUNK_END = 0x0103,
	CHUNK_TEXT = 0x0104,
	CHUNK_IDS = 0x0180,
	CHUNK_HEADER = 8,
	NODE_HEADER = 16, /* with line and comment */
	STRINGS_HEADER = 28,
	ATTRIBUTE_LEN = 20,
	FLAG_UTF8 = 0x100,
	STRING_BYTES_MAX = 1024, /* of one; longer ones are cut */
};

/* One chunk, header and all; false when it does not fit into what is left. */
static bool
take_chunk(struct reader *rest, uint16_t *type, uint16_t *header, struct reader *chunk)
{
	struct reader peek = *rest;

	*type = reader_le16(&peek);
	*header = reader_le16(&peek);
	uint32_t len = reader_le32(&peek);
	if (!reader_ok(&peek) || *header < CHUNK_HEADER || len < *header)
		return false;
	*chunk = reader_slice(rest, len);
	return reader_ok(rest);
}

static bool
take_strings(struct axml *axml, struct reader chunk, uint16_t header)
{
	struct bytes whole = reader_rest(&chunk);
	struct reader r = chunk;

	if (header < STRINGS_HEADER)
		return false;
	reader_skip(&r, CHUNK_HEADER);
	axml->n_strings = reader_le32(&r);
	reader_skip(&r, 4); /* styles */
	axml->is_utf8 = reader_le32(&r) & FLAG_UTF8;
	uint32_t start = reader_le32(&r);
	struct reader offsets = chunk, pool = chunk;
	reader_skip(&offsets, header);
	reader_skip(&pool, start);
	if (!reader_ok(&r) || !reader_ok(&offsets) || !reader_ok(&pool) || start < header ||
		axml->n_strings > (whole.len - header) / 4)
		return false;
	axml->offsets = reader_rest(&offsets);
	axml->pool = reader_rest(&pool);
	return true;
}

bool
axml_open(struct axml *axml, const void *bytes, size_t len)
{
	struct reader r = reader_over(bytes, len), chunk;
	uint16_t type, header;

	memset(axml, 0, sizeof *axml);
	if (len > AXML_BYTES_MAX || !take_chunk(&r, &type, &header, &axml->rest) ||
		type != CHUNK_XML)
		return false;
	reader_skip(&axml->rest, header);
	return take_chunk(&axml->rest, &type, &header, &chunk) && type == CHUNK_STRINGS &&
	       take_strings(axml, chunk, header);
}

/* --- strings ---------------------------------------------------------------------------------- */

/* One or two bytes: the upper bit of the first says that a second follows. */
static size_t
take_len8(struct reader *r)
{
	size_t len = reader_u8(r);

	return len & 0x80 ? (len & 0x7f) << 8 | reader_u8(r) : len;
}

static size_t
take_len16(struct reader *r)
{
	size_t len = reader_le16(r);

	return len & 0x8000 ? (len & 0x7fff) << 16 | reader_le16(r) : len;
}

/* A unit of UTF-16 as UTF-8; halves of pairs stay halves, and are escaped as such. */
static size_t
put_unit(uint8_t *out, uint16_t unit)
{
	if (unit < 0x80) {
		out[0] = (uint8_t)unit;
		return 1;
	}
	if (unit < 0x800) {
		out[0] = (uint8_t)(0xc0 | unit >> 6);
		out[1] = (uint8_t)(0x80 | (unit & 0x3f));
		return 2;
	}
	out[0] = (uint8_t)(0xe0 | unit >> 12);
	out[1] = (uint8_t)(0x80 | (unit >> 6 & 0x3f));
	out[2] = (uint8_t)(0x80 | (unit & 0x3f));
	return 3;
}

bool
axml_string(const struct axml *axml, uint32_t string, char *out, size_t size)
{
	struct reader offsets = reader_over(axml->offsets.at, axml->offsets.len),
		      r = reader_over(axml->pool.at, axml->pool.len);
	uint8_t bytes[STRING_BYTES_MAX + 3];
	size_t len = 0, left;

	out[0] = '\0';
	if (string >= axml->n_strings)
		return false;
	reader_skip(&offsets, (size_t)string * 4);
	uint32_t at = reader_le32(&offsets);
	reader_skip(&r, at);
	if (!reader_ok(&offsets) || !reader_ok(&r))
		return false;
	if (axml->is_utf8) {
		(void)take_len8(&r); /* in characters */
		left = take_len8(&r);
		struct reader text = reader_slice(&r, left);
		len = left < STRING_BYTES_MAX ? left : STRING_BYTES_MAX;
		reader_copy(&text, bytes, len);
	} else {
		left = take_len16(&r);
		struct reader text = reader_slice(&r, left * 2);
		while (left-- && len < STRING_BYTES_MAX && reader_ok(&r))
			len += put_unit(bytes + len, reader_le16(&text));
	}
	if (!reader_ok(&r))
		return false;
	(void)printable(out, size, bytes, len);
	return true;
}

bool
axml_is(const struct axml *axml, uint32_t string, const char *text)
{
	char is[STRING_BYTES_MAX];

	return axml_string(axml, string, is, sizeof is) && !strcmp(is, text);
}

/* --- elements --------------------------------------------------------------------------------- */

static bool
take_start(struct axml *axml, struct reader chunk, uint16_t header, struct axml_node *node)
{
	struct reader r = chunk;

	reader_skip(&r, header + 4u); /* namespace */
	node->name = reader_le32(&r);
	uint16_t start = reader_le16(&r);
	node->attribute_len = reader_le16(&r);
	node->n_attributes = reader_le16(&r);
	struct reader attributes = chunk;
	reader_skip(&attributes, (size_t)header + start);
	struct reader all =
		reader_slice(&attributes, (size_t)node->n_attributes * node->attribute_len);
	if (!reader_ok(&r) || !reader_ok(&attributes) ||
		(node->n_attributes && node->attribute_len < ATTRIBUTE_LEN) ||
		axml->depth == AXML_DEPTH_MAX)
		return false;
	node->attributes = reader_rest(&all);
	axml->open[axml->depth++] = node->name;
	return true;
}

static bool
take_end(struct axml *axml, struct reader chunk, uint16_t header, struct axml_node *node)
{
	reader_skip(&chunk, header + 4u);
	node->name = reader_le32(&chunk);
	return reader_ok(&chunk) && axml->depth && axml->open[--axml->depth] == node->name;
}

static bool
take_text(struct reader chunk, uint16_t header, struct axml_node *node)
{
	reader_skip(&chunk, header);
	node->name = reader_le32(&chunk);
	return reader_ok(&chunk);
}

static bool
take_ids(struct axml *axml, struct reader chunk, uint16_t header)
{
	reader_skip(&chunk, header);
	axml->ids = reader_rest(&chunk);
	axml->n_ids = (uint32_t)(axml->ids.len / 4);
	return reader_ok(&chunk);
}

enum axml_kind
axml_next(struct axml *axml, struct axml_node *node)
{
	uint16_t type, header;
	struct reader chunk;
	bool is_good = true;

	while (!axml->is_bad && reader_left(&axml->rest)) {
		*node = (struct axml_node){.kind = AXML_DONE};
		is_good = take_chunk(&axml->rest, &type, &header, &chunk);
		if (is_good && type >= CHUNK_START && type <= CHUNK_TEXT)
			is_good = header >= NODE_HEADER;
		if (is_good && type == CHUNK_START) {
			node->kind = AXML_START;
			is_good = take_start(axml, chunk, header, node);
		} else if (is_good && type == CHUNK_END) {
			node->kind = AXML_END;
			is_good = take_end(axml, chunk, header, node);
		} else if (is_good && type == CHUNK_TEXT) {
			node->kind = AXML_TEXT;
			is_good = take_text(chunk, header, node);
		} else if (is_good && type == CHUNK_IDS && !axml->depth) {
			is_good = take_ids(axml, chunk, header);
		}
		if (!is_good)
			break;
		if (node->kind != AXML_DONE)
			return node->kind;
	}
	axml->is_bad |= !is_good || axml->depth;
	*node = (struct axml_node){.kind = axml->is_bad ? AXML_BAD : AXML_DONE};
	return node->kind;
}

/* --- attributes ------------------------------------------------------------------------------- */

static uint32_t
id_of(const struct axml *axml, uint32_t name)
{
	struct reader r = reader_over(axml->ids.at, axml->ids.len);

	if (name >= axml->n_ids)
		return 0;
	reader_skip(&r, (size_t)name * 4);
	return reader_le32(&r);
}

bool
axml_find(const struct axml *axml, const struct axml_node *node, uint32_t id, const char *name,
	struct axml_attribute *out)
{
	struct reader all = reader_over(node->attributes.at, node->attributes.len);

	for (unsigned i = 0; i < node->n_attributes; i++) {
		struct reader r = reader_slice(&all, node->attribute_len);
		uint32_t namespace = reader_le32(&r);
		struct axml_attribute at = {.name = reader_le32(&r), .raw = reader_le32(&r)};
		reader_skip(&r, 3); /* size, zero */
		at.type = reader_u8(&r);
		at.data = reader_le32(&r);
		at.id = id_of(axml, at.name);
		/* As the platform does: where there are numbers, names are not looked at. */
		if (id ? at.id != id
		       : at.id || namespace != (uint32_t)AXML_NONE || !axml_is(axml, at.name, name))
			continue;
		*out = at;
		return reader_ok(&r);
	}
	return false;
}

bool
axml_text(const struct axml *axml, const struct axml_attribute *at, char *out, size_t size)
{
	out[0] = '\0';
	if (at->type == AXML_STRING)
		return axml_string(axml, at->data, out, size);
	if (at->type == AXML_REFERENCE)
		snprintf(out, size, "@0x%08x", at->data);
	else if (at->type == AXML_DECIMAL)
		snprintf(out, size, "%u", at->data);
	else if (at->type == AXML_BOOLEAN)
		snprintf(out, size, "%s", at->data ? "true" : "false");
	else
		return at->raw != (uint32_t)AXML_NONE && axml_string(axml, at->raw, out, size);
	return true;
}

enum axml_flag
axml_flag(const struct axml *axml, const struct axml_attribute *at)
{
	switch (at->type) {
	case AXML_BOOLEAN:
	case AXML_DECIMAL:
	case AXML_HEX:
		return at->data ? AXML_YES : AXML_NO;
	case AXML_STRING:
		if (axml_is(axml, at->data, "true"))
			return AXML_YES;
		return axml_is(axml, at->data, "false") ? AXML_NO : AXML_UNSURE;
	default:
		return AXML_UNSURE;
	}
}

uint32_t
axml_number(const struct axml *axml, const struct axml_attribute *at)
{
	char text[16], *end;

	if (at->type == AXML_DECIMAL || at->type == AXML_HEX)
		return at->data;
	if (!axml_text(axml, at, text, sizeof text))
		return 0;
	unsigned long number = strtoul(text, &end, 10);
	return *text && !*end && number < UINT32_MAX ? (uint32_t)number : 0;
}
