/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_FIRMWARE_AXML_H
#define PINFOLD_FIRMWARE_AXML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/reader.h"

/*
 * The binary form into which Android's build tools bring XML: a pool of strings,
 * a table of attribute numbers, and then the elements as chunks.  Nothing is
 * allocated; all that it points to lies in the bytes given, which the caller
 * keeps.  Strings are looked up one at a time, each with its own bounds, so that
 * a pool that lies spoils the string that it lies about and no other.
 */
enum {
	AXML_BYTES_MAX = 1024 * 1024, /* of one document that is read at all */
	AXML_DEPTH_MAX = 64,
	AXML_NONE = -1, /* no such string: as the format writes it, 0xffffffff */
};

struct axml {
	struct reader rest;
	struct bytes pool, offsets, ids;
	uint32_t n_strings, n_ids;
	bool is_utf8, is_bad;
	unsigned depth;
	uint32_t open[AXML_DEPTH_MAX]; /* names of the elements that it is in */
};

enum axml_kind { AXML_START, AXML_END, AXML_TEXT, AXML_DONE, AXML_BAD };

struct axml_node {
	enum axml_kind kind;
	uint32_t name; /* string; of AXML_TEXT the text */
	uint16_t n_attributes, attribute_len;
	struct bytes attributes;
};

struct axml_attribute {
	uint32_t id;   /* the platform's number of it; 0: it has none */
	uint32_t name; /* strings */
	uint32_t raw;
	uint8_t type; /* of the value; below */
	uint32_t data;
};

/* Res_value.dataType, as far as it is looked at. */
enum {
	AXML_REFERENCE = 0x01,
	AXML_STRING = 0x03,
	AXML_DECIMAL = 0x10,
	AXML_HEX = 0x11,
	AXML_BOOLEAN = 0x12,
};

enum axml_flag {
	AXML_UNSET,
	AXML_NO,
	AXML_YES,
	AXML_UNSURE, /* a resource decides, which may differ from phone to phone */
};

/* False when it does not begin as such a document. */
bool axml_open(struct axml *, const void *bytes, size_t len);
/* The next element, end or text; AXML_BAD once and for all when the format is broken. */
enum axml_kind axml_next(struct axml *, struct axml_node *);

/* As printable text, cut at size; false (and out empty) when there is no such string. */
bool axml_string(const struct axml *, uint32_t string, char *out, size_t size);
bool axml_is(const struct axml *, uint32_t string, const char *text);

/* By the platform's number; or, with id 0, by its name in no namespace. */
bool axml_find(const struct axml *, const struct axml_node *, uint32_t id, const char *name,
	struct axml_attribute *);
/* Its value: a string, a number, "@0x7f140001" for what another file holds. */
bool axml_text(const struct axml *, const struct axml_attribute *, char *out, size_t size);
enum axml_flag axml_flag(const struct axml *, const struct axml_attribute *);
/* A number; 0 when it is none. */
uint32_t axml_number(const struct axml *, const struct axml_attribute *);

#endif
