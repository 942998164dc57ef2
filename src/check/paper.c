/* SPDX-License-Identifier: Apache-2.0 */
#include "check/paper.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"

enum { LINE_MAX_CHARS = 512, KEY_MAX = 80, DEPTH_MAX = 8 };

const char *
paper_field_name(enum paper_field field)
{
	static const char *const names[PAPER_FIELD_COUNT] = {
#define X(name, text) [name] = text,
		PAPER_FIELD_LIST(X)
#undef X
	};

	return (unsigned)field < PAPER_FIELD_COUNT ? names[field] : "";
}

#define BIT(field) (1u << (field))
#define SIGNED                                                                                     \
	(BIT(PAPER_SIGNATURE) | BIT(PAPER_SIGNATORY) | BIT(PAPER_FUNCTION) | BIT(PAPER_PLACE) |    \
		BIT(PAPER_DATE))

bool
paper_needs(enum paper_kind kind, enum paper_field field)
{
	static const uint32_t needs[PAPER_KIND_COUNT] = {
		[PAPER_PSTI] = BIT(PAPER_PRODUCT) | BIT(PAPER_BATCH) | BIT(PAPER_MAKER) |
			       BIT(PAPER_ADDRESS) | BIT(PAPER_PREPARED) | BIT(PAPER_COMPLIANCE) |
			       BIT(PAPER_SUPPORT) | SIGNED,
		[PAPER_EU] = BIT(PAPER_PRODUCT) | BIT(PAPER_MODEL) | BIT(PAPER_MAKER) |
			     BIT(PAPER_ADDRESS) | BIT(PAPER_PREPARED) | BIT(PAPER_COMPLIANCE) |
			     BIT(PAPER_STANDARDS) | SIGNED,
		[PAPER_LABEL] = BIT(PAPER_SCHEME) | BIT(PAPER_ID) | BIT(PAPER_MAKER) |
				BIT(PAPER_MODEL) | BIT(PAPER_EXPIRY),
	};

	return (unsigned)kind < PAPER_KIND_COUNT && needs[kind] >> field & 1;
}

/* --- what a key may be called --------------------------------------------------------------------- */

/* In this order: "name and address of the manufacturer" is about the maker, not about who signed. */
static const struct {
	const char *words; /* that stand in the key, one after the other */
	enum paper_field field;
} keys[] = {
	{"representative", PAPER_REPRESENTATIVE},
	{"support period", PAPER_SUPPORT},
	{"support end", PAPER_SUPPORT},
	{"support until", PAPER_SUPPORT},
	{"support date", PAPER_SUPPORT},
	{"end of support", PAPER_SUPPORT},
	{"security updates", PAPER_SUPPORT},
	{"expiry", PAPER_EXPIRY},
	{"expires", PAPER_EXPIRY},
	{"expiration", PAPER_EXPIRY},
	{"valid until", PAPER_EXPIRY},
	{"valid to", PAPER_EXPIRY},
	{"validity", PAPER_EXPIRY},
	{"label id", PAPER_ID},
	{"label number", PAPER_ID},
	{"registration", PAPER_ID},
	{"certificate number", PAPER_ID},
	{"reference number", PAPER_ID},
	{"batch", PAPER_BATCH},
	{"serial", PAPER_BATCH},
	{"lot", PAPER_BATCH},
	{"firmware", PAPER_FIRMWARE},
	{"software version", PAPER_FIRMWARE},
	{"standard", PAPER_STANDARDS},
	{"standards", PAPER_STANDARDS},
	{"model", PAPER_MODEL},
	{"type designation", PAPER_MODEL},
	{"type number", PAPER_MODEL},
	{"product type", PAPER_PRODUCT},
	{"product name", PAPER_PRODUCT},
	{"product category", PAPER_PRODUCT},
	{"object of the declaration", PAPER_PRODUCT},
	{"manufacturer", PAPER_MAKER},
	{"maker", PAPER_MAKER},
	{"brand", PAPER_MAKER},
	{"company", PAPER_MAKER},
	{"applicant", PAPER_MAKER},
	{"address", PAPER_ADDRESS},
	{"product", PAPER_PRODUCT},
	{"function", PAPER_FUNCTION},
	{"position", PAPER_FUNCTION},
	{"job title", PAPER_FUNCTION},
	{"signature", PAPER_SIGNATURE},
	{"signed", PAPER_SIGNATURE},
	{"place", PAPER_PLACE},
	{"date", PAPER_DATE},
	{"issued", PAPER_DATE},
	{"scheme", PAPER_SCHEME},
	{"signatory", PAPER_SIGNATORY},
	{"name", PAPER_SIGNATORY},
	{"type", PAPER_PRODUCT},
};

/* What says a thing in a sentence, wherever it stands. */
static const struct {
	const char *words;
	enum paper_field field;
} phrases[] = {
	{"prepared by", PAPER_PREPARED},
	{"behalf of the manufacturer", PAPER_PREPARED},
	{"sole responsibility", PAPER_PREPARED},
	{"in conformity with", PAPER_COMPLIANCE},
	{"complied with", PAPER_COMPLIANCE},
	{"complies with", PAPER_COMPLIANCE},
	{"comply with", PAPER_COMPLIANCE},
	{"deemed compliance", PAPER_COMPLIANCE},
	{"deemed to have complied", PAPER_COMPLIANCE},
	{"en 303 645", PAPER_STANDARDS},
	{"en 18031", PAPER_STANDARDS},
	{"iso iec 29147", PAPER_STANDARDS},
};

/* Lower case, one blank between words of letters and digits, none at the ends. */
static size_t
plain(char *out, size_t size, const char *text, size_t len)
{
	size_t n = 0;
	bool is_gap = false;

	for (size_t i = 0; i < len && n + 2 < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (!isalnum(c) || c >= 0x80) {
			is_gap = n > 0;
			continue;
		}
		if (is_gap)
			out[n++] = ' ';
		is_gap = false;
		out[n++] = (char)tolower(c);
	}
	out[n] = '\0';
	return n;
}

/* Whole words, one after the other. */
static const char *
find_words(const char *text, const char *words)
{
	size_t len = strlen(words);

	for (const char *at = text; (at = strstr(at, words)); at++)
		if ((at == text || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return at;
	return NULL;
}

static void
put(struct paper *paper, enum paper_field field, const char *value, size_t len)
{
	paper->field[field].is_there = true;
	if (*paper->field[field].value)
		return;
	while (len && isspace((unsigned char)*value)) {
		value++;
		len--;
	}
	while (len && isspace((unsigned char)value[len - 1]))
		len--;
	printable(paper->field[field].value, PAPER_VALUE_MAX, value, len);
}

/* The field that a key is about, or PAPER_FIELD_COUNT. */
static enum paper_field
field_of(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (find_words(key, keys[i].words))
			return keys[i].field;
	return PAPER_FIELD_COUNT;
}

static enum paper_field
take_pair(struct paper *paper, const char *key, const char *value, size_t len)
{
	enum paper_field field = field_of(key);
	size_t n = len;

	while (n && isspace((unsigned char)value[n - 1]))
		n--;
	if (field == PAPER_FIELD_COUNT || !n)
		return field;
	put(paper, field, value, len);
	if (field == PAPER_MAKER && find_words(key, "address"))
		put(paper, PAPER_ADDRESS, value, len);
	if (field == PAPER_PLACE && find_words(key, "date"))
		put(paper, PAPER_DATE, value, len);
	if (field == PAPER_SIGNATORY && find_words(key, "function"))
		put(paper, PAPER_FUNCTION, value, len);
	return field;
}

/* --- text ------------------------------------------------------------------------------------------ */

static bool
is_blank(const char *line, size_t len)
{
	while (len && isspace((unsigned char)*line)) {
		line++;
		len--;
	}
	return !len;
}

/* "Key: value", or a key with its value on the next line that has something. */
static void
take_text(struct paper *paper, const char *text, size_t len)
{
	enum paper_field awaited = PAPER_FIELD_COUNT;

	for (size_t at = 0; at < len;) {
		const char *line = text + at, *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;
		char key[KEY_MAX];
		at += n + 1;
		n = n < LINE_MAX_CHARS ? n : LINE_MAX_CHARS;
		const char *colon = memchr(line, ':', n);
		size_t key_len = colon ? (size_t)(colon - line) : n;
		size_t words = plain(key, sizeof key, line, key_len < KEY_MAX ? key_len : 0);
		if (is_blank(line, n))
			continue;
		enum paper_field field = colon && words
						 ? take_pair(paper, key, colon + 1, n - key_len - 1)
						 : PAPER_FIELD_COUNT;
		if (field == PAPER_FIELD_COUNT && awaited != PAPER_FIELD_COUNT) {
			put(paper, awaited, line, n);
			awaited = PAPER_FIELD_COUNT;
		} else if (field != PAPER_FIELD_COUNT) {
			/* The place for a signature: what stands there is a picture, not text. */
			paper->field[field].is_there |= field == PAPER_SIGNATURE;
			awaited = paper->field[field].is_there ? PAPER_FIELD_COUNT : field;
		}
	}
}

/* --- JSON ------------------------------------------------------------------------------------------- */

/* "productModel", "product_model" -> "product model" */
static void
key_words(char *out, size_t size, const char *key)
{
	char apart[2 * KEY_MAX];
	size_t n = 0;

	for (; *key && n + 3 < sizeof apart; key++) {
		if (isupper((unsigned char)*key) && n && islower((unsigned char)apart[n - 1]))
			apart[n++] = ' ';
		apart[n++] = *key;
	}
	plain(out, size, apart, n);
}

/* Every text and number, with its key; and all of it as lines for the phrases. */
static void
take_json(struct paper *paper, const json_t *value, const char *key, FILE *lines, unsigned depth)
{
	char words[KEY_MAX], number[32];
	const char *name;
	json_t *member;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_foreach((json_t *)(uintptr_t)value, name, member)
			take_json(paper, member, name, lines, depth + 1);
		return;
	case JSON_ARRAY:
		json_array_foreach(value, i, member)
			take_json(paper, member, key, lines, depth + 1);
		return;
	case JSON_STRING:
		key_words(words, sizeof words, key);
		take_pair(paper, words, json_string_value(value), json_string_length(value));
		fprintf(lines, "%s\n%s\n", words, json_string_value(value));
		return;
	case JSON_INTEGER:
		key_words(words, sizeof words, key);
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		take_pair(paper, words, number, strlen(number));
		return;
	default:
		return;
	}
}

/* --- the whole -------------------------------------------------------------------------------------- */

static uint8_t
kind_of(const char *words)
{
	if (find_words(words, "statement of compliance"))
		return PAPER_PSTI;
	if (find_words(words, "declaration of conformity"))
		return PAPER_EU;
	if (find_words(words, "label") || find_words(words, "labelling") ||
		find_words(words, "jc star") || find_words(words, "cls") ||
		find_words(words, "sicherheitskennzeichen"))
		return PAPER_LABEL;
	return PAPER_UNKNOWN;
}

static bool
is_text(const uint8_t *bytes, size_t len)
{
	size_t n_odd = 0;

	if (!len || (len >= 5 && !memcmp(bytes, "%PDF-", 5)))
		return false;
	for (size_t i = 0; i < len; i++)
		n_odd += bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\r' &&
			 bytes[i] != '\t' && bytes[i] != '\f';
	return !memchr(bytes, '\0', len) && n_odd <= len / 20;
}

bool
paper_parse(struct paper *paper, const uint8_t *bytes, size_t len)
{
	struct fault unused;
	char *lines = NULL;
	size_t n = 0;

	memset(paper, 0, sizeof *paper);
	len = len < PAPER_BYTES_MAX ? len : PAPER_BYTES_MAX;
	if (!is_text(bytes, len))
		return false;
	FILE *file = open_memstream(&lines, &n);
	if (!file)
		abort();
	json_t *root = json_strict((const char *)bytes, len, PAPER_BYTES_MAX, DEPTH_MAX, &unused);
	if (root)
		take_json(paper, root, "", file, 0);
	else
		fwrite(bytes, 1, len, file);
	if (fclose(file))
		abort();
	if (!root)
		take_text(paper, lines, n);
	json_decref(root);

	auto_free char *words = must_alloc(n + 3, 1);
	plain(words, n + 3, lines, n);
	free(lines);
	for (size_t i = 0; i < COUNT_OF(phrases); i++)
		if (find_words(words, phrases[i].words))
			paper->field[phrases[i].field].is_there = true;
	paper->names_en18031 = strstr(words, "en 18031") != NULL;
	paper->kind = kind_of(words);
	return true;
}

/* --- days -------------------------------------------------------------------------------------------- */

static unsigned
month_of(const char *text, size_t len)
{
	static const char *const months[] = {
		"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

	for (unsigned i = 0; len >= 3 && i < COUNT_OF(months); i++)
		if (!strncasecmp(text, months[i], 3))
			return i + 1;
	return 0;
}

uint32_t
paper_day(const char *text)
{
	unsigned number[3] = {0}, n = 0, month = 0, place = 0;

	/* The first three numbers and the first month that is a word. */
	for (const char *at = text; *at;) {
		size_t digits = strspn(at, "0123456789"), letters = 0;
		while (isalpha((unsigned char)at[letters]))
			letters++;
		if (digits && digits <= 4 && n < 3) {
			number[n++] = (unsigned)strtoul(at, NULL, 10);
		} else if (letters && !month && (month = month_of(at, letters))) {
			place = n;
		}
		at += digits ? digits : letters ? letters : 1;
	}
	if (!month) { /* 2031-12-31 or 2031-12; other orders of numbers mean different things to people */
		if (n < 2 || number[0] < 1970 || number[1] < 1 || number[1] > 12 || number[2] > 31)
			return 0;
		return number[0] * 10000 + number[1] * 100 + number[2];
	}
	unsigned year = 0, day = 0;
	for (unsigned i = 0; i < n; i++) {
		if (number[i] >= 1970 && !year && i >= place)
			year = number[i];
		else if (number[i] >= 1 && number[i] <= 31 && !day && !year)
			day = number[i];
	}
	return year ? year * 10000 + month * 100 + day : 0;
}
