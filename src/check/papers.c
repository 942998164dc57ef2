/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Papers of the product, field by field, against the product on the wire: what the
 * device says of itself, in discovery and in its answers.  match, differs, not in the
 * paper, not seen on the wire.  Nobody fails on a paper here: names of products are
 * written in many ways, and a signature is a picture.  Somebody has to read it.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "check/declared.h"
#include "check/paper.h"
#include "check/table.h"

enum {
	LOOKED_AT_MAX = 4096, /* of one answer of the device */
	TERMS_MAX = 6,
	SAID_MAX = 96,
	WIRE_DEPTH_MAX = 6,
	/* Bytes that are looked through for all papers together; a stranger's transcript may be long. */
	LOOK_MAX = 64 * 1024 * 1024,
};

static const char *const provision_of[PAPER_KIND_COUNT] = {
	[PAPER_UNKNOWN] = "PAPER",
	[PAPER_PSTI] = "PSTI-SoC",
	[PAPER_EU] = "EU-DoC",
	[PAPER_LABEL] = "LABEL",
};

struct judging {
	const struct transcript *transcript;
	struct findings *findings;
	const struct exchange *at; /* the paper */
	const struct exchange *wire;
	struct declared *declared; /* NULL: nothing was declared */
	const char *provision;
	size_t *left;                          /* of LOOK_MAX */
	char maker[SAID_MAX], model[SAID_MAX]; /* as the wire says; empty: it does not */
	struct paper paper;
};

/* --- the wire ------------------------------------------------------------------------------------ */

static bool
has_term(const struct judging *judging, const uint8_t *bytes, size_t len, const char *term)
{
	size_t n = strlen(term);

	if (len > *judging->left)
		return false;
	*judging->left -= len;
	for (size_t i = 0; n && i + n <= len; i++)
		if (tolower(bytes[i]) == tolower((unsigned char)term[0]) &&
			!strncasecmp((const char *)bytes + i, term, n))
			return true;
	return false;
}

/* A page of the maker is none of the device's answers. */
static bool
is_makers_page(const struct exchange *e)
{
	return e->check == check_find("maker-web");
}

/* The exchange in which the device, or discovery, says the term; NULL: none. */
static const struct exchange *
seen_in(const struct judging *judging, const char *term)
{
	size_t n = transcript_count(judging->transcript);

	if (judging->wire &&
		has_term(judging, judging->wire->received, judging->wire->n_received, term))
		return judging->wire;
	for (size_t i = 0; i < n; i++) {
		const struct exchange *e = transcript_at(judging->transcript, i);
		/* Not the papers themselves, nor an echo of what we said. */
		if (e->check == judging->at->check || is_makers_page(e) ||
			has_term(judging, e->sent, e->n_sent, term))
			continue;
		if (has_term(judging, e->received,
			    e->n_received < LOOKED_AT_MAX ? e->n_received : LOOKED_AT_MAX, term))
			return e;
	}
	return NULL;
}

/* The page of the maker that has these words; NULL: none. */
static const struct exchange *
published_in(const struct judging *judging, const char *term)
{
	size_t n = transcript_count(judging->transcript);

	for (size_t i = 0; i < n; i++) {
		const struct exchange *e = transcript_at(judging->transcript, i);
		if (is_makers_page(e) && has_term(judging, e->received, e->n_received, term))
			return e;
	}
	return NULL;
}

/* <modelName>X</modelName> and the like, of a description by UPnP. */
static void
take_tag(const struct judging *judging, const char *tag, char out[SAID_MAX])
{
	size_t n = transcript_count(judging->transcript), len = strlen(tag);

	for (size_t i = 0; i < n && !*out; i++) {
		const struct exchange *e = transcript_at(judging->transcript, i);
		if (e->check == judging->at->check || is_makers_page(e) || !e->n_received)
			continue;
		const char *at = memmem(e->received, e->n_received, tag, len);
		if (!at)
			continue;
		at += len;
		size_t left = e->n_received - (size_t)((const uint8_t *)at - e->received);
		const char *end = memchr(at, '<', left < SAID_MAX ? left : SAID_MAX);
		if (end)
			printable(out, SAID_MAX, at, (size_t)(end - at));
	}
}

/* What discovery said, in the words of device.json. */
static void
take_claims(struct judging *judging)
{
	struct fault unused;
	json_t *root = judging->wire ? json_strict((const char *)judging->wire->received,
					       judging->wire->n_received, EXCHANGE_BYTES_MAX,
					       WIRE_DEPTH_MAX, &unused)
				     : NULL;
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(root, "macs"), i, row)
	{
		const char *maker = json_string_value(json_object_get(row, "maker"));
		if (maker && !*judging->maker)
			printable(judging->maker, SAID_MAX, maker, strlen(maker));
	}
	json_array_foreach(json_object_get(root, "claims"), i, row)
	{
		const char *kind = json_string_value(json_object_get(row, "kind"));
		const char *claim = json_string_value(json_object_get(row, "claimed"));
		if (kind && claim && strstr(kind, "model") && !*judging->model)
			printable(judging->model, SAID_MAX, claim, strlen(claim));
	}
	json_decref(root);
	take_tag(judging, "<modelName>", judging->model);
	take_tag(judging, "<manufacturer>", judging->maker);
}

/* --- one field -------------------------------------------------------------------------------------- */

/*
 * What to look for: the value itself, then its words that could be no other product's.
 * Of a maker's name the words that companies share say nothing.
 */
static size_t
terms_of(const char *value, bool is_name, char out[TERMS_MAX][PAPER_VALUE_MAX])
{
	static const char *const common[] = {"the", "and", "ltd", "limited", "inc", "gmbh", "llc",
		"corp", "corporation", "company", "co", "ag", "sa", "bv", "group", "electronics",
		"technology", "technologies", "international", "systems", "device", "devices"};
	size_t n = 0;

	if (strlen(value) >= 3)
		snprintf(out[n++], PAPER_VALUE_MAX, "%s", value);
	for (const char *at = value; *at && n < TERMS_MAX;) {
		size_t len = strcspn(at, " ,;()/");
		bool is_good = len >= 3, has_digit = false;
		for (size_t i = 0; i < len; i++)
			has_digit |= isdigit((unsigned char)at[i]) != 0;
		for (size_t i = 0; is_name && i < COUNT_OF(common); i++)
			is_good &= strlen(common[i]) != len || strncasecmp(at, common[i], len);
		is_good &= is_name || (has_digit && len >= 4);
		if (is_good && len < strlen(value))
			snprintf(out[n++], PAPER_VALUE_MAX, "%.*s", (int)len, at);
		at += len + strspn(at + len, " ,;()/");
	}
	return n;
}

static void
compare(const struct judging *judging, enum paper_field field, const char *said)
{
	const char *value = judging->paper.field[field].value, *name = paper_field_name(field);
	char term[TERMS_MAX][PAPER_VALUE_MAX];
	size_t n = terms_of(value, field == PAPER_MAKER, term);

	for (size_t i = 0; i < n; i++) {
		const struct exchange *e = seen_in(judging, term[i]);
		if (!e)
			continue;
		struct finding *finding = findings_add(judging->findings, judging->provision,
			VERDICT_NFF, judging->at, "%s: %s: %s: match: the device says %s",
			judging->at->note, name, value, term[i]);
		finding_evidence(finding, e);
		return;
	}
	if (*said)
		finding_evidence(
			findings_inc(judging->findings, judging->provision, INC_NO_IXIT,
				judging->at, "%s: %s: %s: differs: the device says %s%s",
				judging->at->note, name, value, said,
				field == PAPER_MAKER ? " (it may be the maker of a part)" : ""),
			judging->wire);
	else if (field == PAPER_MODEL || field == PAPER_MAKER)
		findings_inc(judging->findings, judging->provision, INC_NOT_SEEN, judging->at,
			"%s: %s: %s: not seen on the wire", judging->at->note, name, value);
	else
		findings_add(judging->findings, judging->provision, VERDICT_DECL, judging->at,
			"%s: %s: %s: not seen on the wire", judging->at->note, name, value);
}

/* The Gregorian day, by counting: a confined process reads no table of time zones. */
static uint32_t
day_of(int64_t utc_s)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint32_t left = utc_s > 0 ? (uint32_t)(utc_s / 86400) : 0, year = 1970, month = 0;

	for (;; year++) {
		bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		if (left >= (is_leap ? 366u : 365u) && year < 9999) {
			left -= is_leap ? 366 : 365;
			continue;
		}
		while (month < 11) {
			uint32_t n = days[month] + (uint32_t)(month == 1 && is_leap);
			if (left < n)
				break;
			left -= n;
			month++;
		}
		return year * 10000 + (month + 1) * 100 + left % 31 + 1;
	}
}

/* Of two days, one of which may be a month alone. */
static bool
is_same_day(uint32_t a, uint32_t b)
{
	return a == b || ((!(a % 100) || !(b % 100)) && a / 100 == b / 100);
}

static void
compare_support(const struct judging *judging)
{
	const char *value = judging->paper.field[PAPER_SUPPORT].value, *note = judging->at->note;
	const char *other = judging->declared ? judging->declared->support_end : "";
	uint32_t day = paper_day(value), declared = paper_day(other);
	const struct exchange *page = published_in(judging, value);

	if (!day)
		findings_inc(judging->findings, judging->provision, INC_LANGUAGE, judging->at,
			"%s: support period: %s: no day or month that can be read", note, value);
	else if (declared && !is_same_day(day, declared))
		findings_inc(judging->findings, judging->provision, INC_NO_IXIT, judging->at,
			"%s: support period: %s: differs: %s was declared", note, value, other);
	else if (day % 100 ? day < day_of(judging->at->utc_s)
			   : day / 100 < day_of(judging->at->utc_s) / 100)
		findings_inc(judging->findings, judging->provision, INC_NO_IXIT, judging->at,
			"%s: support period: %s: it is over", note, value);
	else
		finding_evidence(findings_add(judging->findings, judging->provision,
					 page ? VERDICT_NFF : VERDICT_DECL, judging->at,
					 "%s: support period: %s: %s", note, value,
					 page       ? "match: a page of the maker says the same"
					 : declared ? "match: the same was declared"
						    : "not seen on the wire"),
			page);
}

static void
look_at_day(const struct judging *judging, enum paper_field field)
{
	const char *value = judging->paper.field[field].value, *name = paper_field_name(field);
	uint32_t day = paper_day(value), today = day_of(judging->at->utc_s);
	bool is_expiry = field == PAPER_EXPIRY;

	if (!day)
		findings_inc(judging->findings, judging->provision, INC_LANGUAGE, judging->at,
			"%s: %s: %s: no day that can be read", judging->at->note, name, value);
	else if (is_expiry ? day < today : day > today)
		findings_inc(judging->findings, judging->provision, INC_NO_IXIT, judging->at,
			"%s: %s: %s: %s", judging->at->note, name, value,
			is_expiry ? "it has expired" : "that day is still to come");
	else
		findings_add(judging->findings, judging->provision, VERDICT_DECL, judging->at,
			"%s: %s: %s: in the paper", judging->at->note, name, value);
}

static void
judge_field(const struct judging *judging, enum paper_field field)
{
	const char *value = judging->paper.field[field].value, *name = paper_field_name(field);
	bool is_there = judging->paper.field[field].is_there;

	/* The type of a product is its model where the paper has no other. */
	if (!is_there && !paper_needs((enum paper_kind)judging->paper.kind, field))
		return;
	if (!is_there)
		findings_inc(judging->findings, judging->provision, INC_LANGUAGE, judging->at,
			"%s: %s: not in the paper, where it must be", judging->at->note, name);
	else if (!*value)
		findings_add(judging->findings, judging->provision, VERDICT_DECL, judging->at,
			"%s: %s: in the paper", judging->at->note, name);
	else if (field == PAPER_MAKER || field == PAPER_MODEL)
		compare(judging, field, field == PAPER_MAKER ? judging->maker : judging->model);
	else if (field == PAPER_BATCH || field == PAPER_FIRMWARE)
		compare(judging, field, "");
	else if (field == PAPER_SUPPORT)
		compare_support(judging);
	else if (field == PAPER_DATE || field == PAPER_EXPIRY)
		look_at_day(judging, field);
	else
		findings_add(judging->findings, judging->provision, VERDICT_DECL, judging->at,
			"%s: %s: %s: in the paper", judging->at->note, name, value);
}

static void
judge_paper(struct judging *judging)
{
	if (!paper_parse(&judging->paper, judging->at->received, judging->at->n_received)) {
		findings_inc(judging->findings, "PAPER", INC_LANGUAGE, judging->at,
			"%s: it is no text", judging->at->note);
		return;
	}
	judging->provision = provision_of[judging->paper.kind];
	if (judging->paper.kind == PAPER_UNKNOWN) {
		findings_inc(judging->findings, "PAPER", INC_LANGUAGE, judging->at,
			"%s: neither a statement of compliance, a declaration of conformity nor a "
			"label",
			judging->at->note);
		return;
	}
	for (unsigned field = 0; field < PAPER_FIELD_COUNT; field++)
		judge_field(judging, (enum paper_field)field);
	if (judging->paper.kind != PAPER_EU)
		return;
	if (judging->paper.names_en18031)
		findings_add(judging->findings, "RED-EN18031", VERDICT_DECL, judging->at,
			"%s: it names EN 18031", judging->at->note);
	else
		findings_inc(judging->findings, "RED-EN18031", INC_LANGUAGE, judging->at,
			"%s: EN 18031 is not named in it", judging->at->note);
}

/* There is nothing to ask the device for. */
void
papers_probe(struct session *session)
{
	(void)session;
}

void
papers_judge(const struct transcript *transcript, struct findings *findings)
{
	size_t from = 0, n = 0, left = LOOK_MAX;
	struct judging judging = {.transcript = transcript, .findings = findings, .left = &left};

	judging.at = declared_next(transcript, &from, PAPER_STEP);
	if (!judging.at)
		return;
	from = 0;
	judging.wire = declared_next(transcript, &from, WIRE_STEP);
	judging.declared = declared_in(transcript, NULL);
	take_claims(&judging);
	for (from = 0;
		n < PAPERS_MAX && (judging.at = declared_next(transcript, &from, PAPER_STEP)); n++)
		judge_paper(&judging);
	free(judging.declared);
}
