/* SPDX-License-Identifier: Apache-2.0 */
/* A standard is a column of the table, a way to split its cells, and a few lines of its own. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/condition.h"
#include "verdict/verdict.h"

enum split {
	SPLIT_OWN,       /* the provisions themselves, with their class */
	SPLIT_ENTRIES,   /* every entry of a cell is a line */
	SPLIT_PARAGRAPH, /* "2(2)(a)" belongs to line "2" */
};

/* clang-format off */
static const struct standard_row {
	const char *id, *name;
	size_t column; /* offset in struct provision */
	enum split split;
	bool is_mandatory; /* of its lines; EN 303 645 says it by provision */
	const char *compared; /* which entries were held against what; the others bear a "?" */
	const char *note;
} rows[STANDARD_COUNT] = {
#define COLUMN(name) offsetof(struct provision, name)
	[STANDARD_EN303645_V2] = {"en303645-v2", "ETSI EN 303 645 V2.1.1 (2020-06)", COLUMN(v2_id), SPLIT_OWN, false,
		"identifiers and classes with the standard; its conditions not",
		"The edition that the United Kingdom's deemed compliance names. Its conditions are not yet compared with the text."},
	[STANDARD_EN303645_V3] = {"en303645-v3", "ETSI EN 303 645 V3.1.3 (2024-09)", COLUMN(id), SPLIT_OWN, false,
		"identifiers, classes and conditions with the standard",
		"The edition for new assessments. An unattended tool can feed about a fifth of the units of ETSI TS 103 701."},
	[STANDARD_COP] = {"cop", "UK Code of Practice for Consumer IoT Security (2018)", COLUMN(cop), SPLIT_ENTRIES, false,
		"with the code: guideline n is clause 5.n",
		"Voluntary. A guideline rests on all provisions of its clause, those that are only recommended included."},
	[STANDARD_PSTI] = {"psti", "UK PSTI, SI 2023/1007, Schedule 1", COLUMN(psti), SPLIT_PARAGRAPH, true,
		"with the schedule",
		"By the way of Schedule 2 (deemed compliance): EN 303 645 V2.1.1, 5.1-1 and 5.1-2; 5.2-1; 5.3-13. "
		"Not a statement of compliance: that is the maker's."},
	[STANDARD_CRA] = {"cra", "EU Cyber Resilience Act, Regulation (EU) 2024/2847", COLUMN(cra), SPLIT_ENTRIES, true,
		"Annex I, Part I(2) with the regulation; paragraphs of articles, Part II and the other annexes not",
		"What EN 303 645 says the same of. Most duties concern the maker's processes, which no test of a device can show."},
	[STANDARD_NISTIR8425] = {"nistir8425", "NIST IR 8425 (consumer IoT core baseline)", COLUMN(nistir8425), SPLIT_ENTRIES, false,
		"nothing: the capabilities are our reading",
		"By capability."},
	[STANDARD_SB327] = {"sb327", "California Civil Code 1798.91.04 (SB-327)", COLUMN(sb327), SPLIT_ENTRIES, true,
		"with the section",
		"Only the passwords."},
	[STANDARD_CLS] = {"cls", "Singapore Cybersecurity Labelling Scheme", COLUMN(cls), SPLIT_ENTRIES, true,
		"nothing: levels as older pages of the scheme describe them",
		"A line holds what its level adds to those below it. Levels 3 and 4 need a laboratory."},
	[STANDARD_OWASP] = {"owasp", "OWASP IoT Top 10 (2018)", COLUMN(owasp), SPLIT_ENTRIES, false,
		"by clause, with mappings of others",
		"By clause, from secondary sources."},
	[STANDARD_EN18031] = {"en18031", "EN 18031 (radio equipment)", COLUMN(en18031), SPLIT_ENTRIES, true,
		"nothing: the text is sold, and the mechanisms are our reading",
		"By mechanism, roughly, and not an assessment by that standard."},
	[STANDARD_IOTSF] = {"iotsf", "IoTSF IoT Security Assurance Framework 4.0", COLUMN(iotsf), SPLIT_ENTRIES, false,
		"single requirements with the published text; where a section stands alone, the requirements in it could not be had",
		"Guidance for makers; what concerns their processes no test of a device can show."},
	[STANDARD_GSMA] = {"gsma", "GSMA IoT Security Guidelines (CLP.13)", COLUMN(gsma), SPLIT_ENTRIES, false,
		"the headings of the sections, as others list them; the text could not be had",
		"Recommendations for who makes endpoints, by section."},
	[STANDARD_NIS2] = {"nis2", "EU NIS2, Directive (EU) 2022/2555", COLUMN(nis2), SPLIT_ENTRIES, false,
		"the letters with the directive; that a property of a device serves one of them is our reading",
		"It binds who operates the network, not the device: what a device contributes to a measure of Article 21(2)."},
#undef COLUMN
};

/* Lines, or parts of lines, that no provision of EN 303 645 covers. */
static const struct {
	enum standard standard;
	const char *line, *check;
} own_checks[] = {
	{STANDARD_CRA, "I(2)(a)", "CRA-I2a"},
	{STANDARD_CRA, "I(2)(b)", "CRA-I2b"},
	{STANDARD_CRA, "I(2)(h)", "CRA-I2h"},
	{STANDARD_CRA, "II(1)", "CRA-II1"},
	{STANDARD_CRA, "II(4)", "CRA-II4"},
	{STANDARD_CRA, "Art.13(17)", "CRA-13.17"},
	{STANDARD_CRA, "Art.13(19)", "CRA-13.19"},
	{STANDARD_PSTI, "2", "PSTI-2.2"},
	{STANDARD_PSTI, "3", "PSTI-3.5"},
	{STANDARD_PSTI, "3", "PSTI-3.6"},
};

/* What V2.1.1 said in one provision and V3.1.3 says in several; the first is in the column. */
static const struct {
	const char *v2, *also;
} splits[] = {
	{"5.3-6", "5.3-4B"},
	{"5.3-6", "5.3-6B"},
	{"5.3-15", "5.3-15B"},
	{"5.13-1", "5.13-1B"},
};

static const struct {
	enum standard standard;
	const char *line, *title;
} titles[] = {
	{STANDARD_PSTI, "1", "Passwords"},
	{STANDARD_PSTI, "2", "How to report a vulnerability"},
	{STANDARD_PSTI, "3", "Until when there are security updates"},
	{STANDARD_COP, "1", "No default passwords"},
	{STANDARD_COP, "2", "Disclosure of vulnerabilities"},
	{STANDARD_COP, "3", "Updates"},
	{STANDARD_COP, "4", "Stored secrets"},
	{STANDARD_COP, "5", "Communication"},
	{STANDARD_COP, "6", "Exposed attack surface"},
	{STANDARD_COP, "7", "Integrity of software"},
	{STANDARD_COP, "8", "Personal data"},
	{STANDARD_COP, "9", "Outages"},
	{STANDARD_COP, "10", "Telemetry"},
	{STANDARD_COP, "11", "Deletion of data"},
	{STANDARD_COP, "12", "Installation and maintenance"},
	{STANDARD_COP, "13", "Input"},
	{STANDARD_CRA, "I(2)(a)", "No known vulnerability that can be exploited"},
	{STANDARD_CRA, "I(2)(b)", "Secure defaults, and back to them"},
	{STANDARD_CRA, "I(2)(c)", "Updates, automatic, with a choice"},
	{STANDARD_CRA, "I(2)(d)", "Access control"},
	{STANDARD_CRA, "I(2)(e)", "Confidentiality"},
	{STANDARD_CRA, "I(2)(f)", "Integrity"},
	{STANDARD_CRA, "I(2)(g)", "No more data than needed"},
	{STANDARD_CRA, "I(2)(h)", "Availability"},
	{STANDARD_CRA, "I(2)(i)", "No harm to others"},
	{STANDARD_CRA, "I(2)(j)", "Small attack surface"},
	{STANDARD_CRA, "I(2)(k)", "Incidents have small effects"},
	{STANDARD_CRA, "I(2)(l)", "Records of what matters to security, with a choice"},
	{STANDARD_CRA, "I(2)(m)", "Removal of data"},
	{STANDARD_NISTIR8425, "AI", "Asset identification"},
	{STANDARD_NISTIR8425, "PC", "Product configuration"},
	{STANDARD_NISTIR8425, "DP", "Data protection"},
	{STANDARD_NISTIR8425, "IAC", "Interface access control"},
	{STANDARD_NISTIR8425, "SU", "Software update"},
	{STANDARD_NISTIR8425, "CSA", "Cybersecurity state awareness"},
	{STANDARD_NISTIR8425, "DOC", "Documentation"},
	{STANDARD_NISTIR8425, "IQR", "Information and query reception"},
	{STANDARD_NISTIR8425, "ID", "Information dissemination"},
	{STANDARD_NISTIR8425, "EA", "Education and awareness"},
	{STANDARD_NIS2, "21(2)(b)", "Handling of incidents"},
	{STANDARD_NIS2, "21(2)(c)", "Business goes on"},
	{STANDARD_NIS2, "21(2)(e)", "Buying and maintaining systems; handling of vulnerabilities"},
	{STANDARD_NIS2, "21(2)(h)", "Cryptography"},
	{STANDARD_NIS2, "21(2)(i)", "Access control"},
	{STANDARD_NIS2, "21(2)(j)", "Strong authentication, secured communication"},
};
/* clang-format on */

static const struct standard_row *
row_of(enum standard standard)
{
	static const struct standard_row none = {"unknown", "unknown", 0, SPLIT_OWN, false, "", ""};

	return standard > STANDARD_UNKNOWN && standard < STANDARD_COUNT ? &rows[standard] : &none;
}

const char *
standard_id(enum standard standard)
{
	return row_of(standard)->id;
}

const char *
standard_name(enum standard standard)
{
	return row_of(standard)->name;
}

const char *
standard_note(enum standard standard)
{
	return row_of(standard)->note;
}

const char *
standard_compared(enum standard standard)
{
	return row_of(standard)->compared;
}

const char *
standard_cell(enum standard standard, const struct provision *provision)
{
	const char *cell;

	memcpy(&cell, (const char *)provision + row_of(standard)->column, sizeof cell);
	return cell;
}

enum standard
standard_from_id(const char *id)
{
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++)
		if (!strcmp(rows[i].id, id))
			return (enum standard)i;
	return STANDARD_UNKNOWN;
}

static struct requirement *
line_of(struct standard_verdict *out, const char *id, bool is_mandatory)
{
	for (size_t i = 0; i < out->n; i++)
		if (!strcmp(out->requirement[i].id, id) &&
			out->requirement[i].is_mandatory == is_mandatory)
			return &out->requirement[i];

	assert(out->n < REQUIREMENTS_MAX); /* our own table */
	struct requirement *line = &out->requirement[out->n++];
	*line = (struct requirement){.is_mandatory = is_mandatory};
	snprintf(line->id, sizeof line->id, "%s", id);
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (titles[i].standard == out->standard && !strcmp(titles[i].line, id))
			line->title = titles[i].title;
	return line;
}

static void
rest_on(struct requirement *line, const struct provision *provision)
{
	for (size_t i = 0; i < line->n_provisions; i++)
		if (line->provision[i] == provision)
			return;
	assert(line->n_provisions < REQUIREMENT_PROVISIONS_MAX);
	line->provision[line->n_provisions++] = provision;
}

static void
lines_from_entries(struct standard_verdict *out, const struct standard_row *row)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const char *at = standard_cell(out->standard, &provisions[i]);
		struct mapped mapped;
		while (provision_cell(&at, &mapped)) {
			if (mapped.is_weak)
				continue;
			if (row->split == SPLIT_PARAGRAPH)
				mapped.id[strcspn(mapped.id, "(")] = '\0';
			struct requirement *line = line_of(out, mapped.id, row->is_mandatory);
			line->is_unchecked |= mapped.is_unchecked;
			rest_on(line, &provisions[i]);
		}
	}
	for (size_t i = 0; i < sizeof own_checks / sizeof *own_checks; i++)
		if (own_checks[i].standard == out->standard) {
			struct requirement *line =
				line_of(out, own_checks[i].line, row->is_mandatory);
			assert(line->n_own < REQUIREMENT_OWN_MAX);
			line->own[line->n_own++] = own_checks[i].check;
		}
}

static void
lines_from_provisions(struct standard_verdict *out)
{
	bool is_v2 = out->standard == STANDARD_EN303645_V2;

	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *provision = &provisions[i];
		char class = is_v2 ? provision->v2_class : provision->v3_class;
		if (!class)
			continue;
		const char *id = is_v2 ? provision->v2_id : provision->id;
		struct requirement *line = line_of(out, id, class == 'M');
		line->title = provision->meaning;
		line->is_unchecked = is_v2 && provision->v2_condition;
		rest_on(line, provision);
		for (size_t j = 0; is_v2 && j < sizeof splits / sizeof *splits; j++)
			if (!strcmp(splits[j].v2, id))
				rest_on(line, provision_find(splits[j].also));
	}
}

static struct verdict
of_line(const struct standard_verdict *out, const struct requirement *line,
	const struct finding *finding, size_t n)
{
	/* The United Kingdom's deemed compliance names V2.1.1. */
	bool is_v2 = out->standard == STANDARD_EN303645_V2 || out->standard == STANDARD_PSTI;
	struct verdict part[REQUIREMENT_PROVISIONS_MAX + REQUIREMENT_OWN_MAX];
	size_t n_parts = 0;

	for (size_t i = 0; i < line->n_provisions; i++) {
		/* A part that V2.1.1 has no row for stands under the conditions of its row. */
		const struct provision *own = line->provision[i],
				       *row = is_v2 && !own->v2_id ? line->provision[0] : own;
		bool is_absent = condition_is_absent(
			is_v2 ? row->v2_condition : own->v3_condition, is_v2, finding, n);
		part[n_parts++] = verdict_of_id(own->id, is_absent, finding, n);
	}
	if (out->standard == STANDARD_PSTI) {
		/*
		 * Whoever meets EN 303 645 is deemed to comply; Schedule 1's own words
		 * count where that way is not shown, and what nobody looked at of them
		 * takes nothing away.
		 */
		struct verdict deemed = verdict_roll_up(part, n_parts);
		for (size_t i = 0; deemed.word != VERDICT_PASS && i < line->n_own; i++) {
			struct verdict own = verdict_of_id(line->own[i], false, finding, n);
			if (own.word == VERDICT_FAIL)
				part[n_parts++] = own;
		}
	} else {
		for (size_t i = 0; i < line->n_own; i++)
			part[n_parts++] = verdict_of_id(line->own[i], false, finding, n);
	}
	return verdict_roll_up(part, n_parts);
}

static void
judge_lines(struct standard_verdict *out, const struct finding *finding, size_t n)
{
	for (size_t i = 0; i < out->n; i++) {
		struct requirement *line = &out->requirement[i];
		line->verdict = of_line(out, line, finding, n);
		(line->is_mandatory ? out->mandatory : out->recommended)[line->verdict.word]++;
	}
}

static int
by_id(const void *a, const void *b)
{
	const struct requirement *first = a, *second = b;

	return strverscmp(first->id, second->id);
}

void
verdict_of_standard(enum standard standard, const struct finding *finding, size_t n,
	struct standard_verdict *out)
{
	const struct standard_row *row = row_of(standard);

	memset(out, 0, sizeof *out);
	out->standard = standard;
	if (standard == STANDARD_UNKNOWN || standard >= STANDARD_COUNT)
		return;
	if (row->split == SPLIT_OWN) {
		lines_from_provisions(out);
	} else {
		lines_from_entries(out, row);
		qsort(out->requirement, out->n, sizeof *out->requirement, by_id);
	}
	judge_lines(out, finding, n);
}

void
verdict_of_clauses(const struct finding *finding, size_t n, struct standard_verdict *out)
{
	memset(out, 0, sizeof *out);
	out->standard = STANDARD_EN303645_V3;
	for (size_t i = 0; i < n_provisions; i++) {
		char clause[32];
		snprintf(clause, sizeof clause, "%.*s", (int)strcspn(provisions[i].id, "-"),
			provisions[i].id);
		rest_on(line_of(out, clause, provisions[i].v3_class == 'M'), &provisions[i]);
	}
	for (size_t i = 0; i < out->n; i++)
		out->requirement[i].title = NULL;
	judge_lines(out, finding, n);
}
