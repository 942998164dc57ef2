/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/security_txt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/printable.h"
#include "maker/date.h"

enum { YEAR_S = 366 * 24 * 3600 };

const char *
security_txt_fault_text(enum security_txt_fault fault)
{
	static const char *const texts[SECURITY_TXT_FAULT_COUNT] = {
#define X(name, text) text,
		SECURITY_TXT_FAULTS(X)
#undef X
	};
	return texts[fault];
}

const char *
security_txt_word(enum security_txt_state state)
{
	static const char *const words[SECURITY_TXT_STATE_COUNT] = {
		"unknown", "absent", "soft-404", "invalid", "stale", "valid"};

	return words[(unsigned)state < SECURITY_TXT_STATE_COUNT ? state : SECURITY_TXT_UNKNOWN];
}

struct reading {
	struct security_txt *out;
	const struct mud_url *fetched;
	unsigned n_contacts, n_expires, n_languages;
};

static void
fault(struct reading *r, enum security_txt_fault which)
{
	r->out->faults |= 1u << which;
}

/* --- values ------------------------------------------------------------------------------------ */

static bool
begins(struct bytes text, const char *with)
{
	size_t len = strlen(with);

	return text.len > len && !strncasecmp((const char *)text.at, with, len);
}

static bool
is_uri_byte(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

/* RFC 3986, section 3: a scheme and something behind it; no blank in it. */
static bool
is_uri(struct bytes value)
{
	size_t colon = 0;

	for (size_t i = 0; i < value.len; i++)
		if (!is_uri_byte(value.at[i]))
			return false;
	while (colon < value.len && value.at[colon] != ':')
		colon++;
	return colon && colon + 1 < value.len && ((value.at[0] | 0x20) >= 'a') &&
	       ((value.at[0] | 0x20) <= 'z') && !memchr(value.at, '@', colon);
}

static void
keep(char *out, size_t size, struct bytes value)
{
	if (!out[0])
		printable(out, size, value.at, value.len);
}

static void
take_contact(struct reading *r, struct bytes value)
{
	bool is_mail = begins(value, "mailto:"), is_phone = begins(value, "tel:");

	r->n_contacts++;
	if (begins(value, "http:"))
		fault(r, SECURITY_TXT_PLAIN_HTTP);
	if (!is_uri(value) || begins(value, "http:")) {
		/* "security@maker.example": no URI, and still somebody to write to */
		fault(r, SECURITY_TXT_CONTACT);
		if (!memchr(value.at, '@', value.len) || memchr(value.at, ' ', value.len))
			return;
		is_mail = true;
	}
	r->out->is_contact_human |= is_mail || is_phone;
	keep(r->out->contact, sizeof r->out->contact, value);
}

static void
take_expires(struct reading *r, struct bytes value)
{
	if (r->n_expires++)
		fault(r, SECURITY_TXT_TWO_EXPIRES);
	else if (!date_time_parse((const char *)value.at, value.len, &r->out->expires_s))
		fault(r, SECURITY_TXT_EXPIRES);
}

static void
take_languages(struct reading *r, struct bytes value)
{
	bool is_bad = r->n_languages++ > 0;

	/* Tags of letters, digits and '-', with commas between (RFC 5646). */
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.at[i];
		is_bad |= !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') &&
			  c != '-' && c != ',' && c != ' ' && c != '*';
	}
	if (is_bad)
		fault(r, SECURITY_TXT_LANGUAGES);
}

static void
take_link(struct reading *r, struct bytes value)
{
	if (begins(value, "http:"))
		fault(r, SECURITY_TXT_PLAIN_HTTP);
}

static void
take_policy(struct reading *r, struct bytes value)
{
	take_link(r, value);
	keep(r->out->policy, sizeof r->out->policy, value);
}

static void
take_encryption(struct reading *r, struct bytes value)
{
	take_link(r, value);
	if (!is_uri(value))
		fault(r, SECURITY_TXT_ENCRYPTION);
}

static void
take_canonical(struct reading *r, struct bytes value)
{
	struct mud_url url;

	take_link(r, value);
	r->out->has_canonical = true;
	r->out->is_canonical |=
		mud_url_from_bytes(&url, value.at, value.len) && mud_url_is_equal(&url, r->fetched);
}

static const struct {
	const char *name;
	void (*take)(struct reading *, struct bytes);
} fields[] = {{"contact", take_contact}, {"expires", take_expires}, {"policy", take_policy},
	{"preferred-languages", take_languages}, {"encryption", take_encryption},
	{"canonical", take_canonical}, {"acknowledgments", take_link}, {"hiring", take_link},
	{"csaf", take_link}};

/* --- lines ----------------------------------------------------------------------------------------- */

static struct bytes
trimmed(struct bytes line)
{
	while (line.len && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
		line.len--;
	return line;
}

static void
take_line(struct reading *r, struct bytes line)
{
	const uint8_t *colon;

	line = trimmed(line);
	if (!line.len || line.at[0] == '#')
		return;
	colon = memchr(line.at, ':', line.len);
	size_t len = colon ? (size_t)(colon - line.at) : 0;
	/* name, colon, a blank, value */
	if (!len || len + 2 >= line.len || colon[1] != ' ') {
		fault(r, SECURITY_TXT_FORM);
		/* It is read all the same, where it can be. */
		if (!len || len + 1 >= line.len)
			return;
	}
	struct bytes name = {line.at, len}, value = {colon + 1, line.len - len - 1};
	while (value.len && value.at[0] == ' ') {
		value.at++;
		value.len--;
	}
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (bytes_are_nocase(name, fields[i].name))
			fields[i].take(r, value);
}

/* The next line without its end; false at the end of all. */
static bool
next_line(struct reading *r, struct reader *at, struct bytes *out)
{
	struct bytes rest = reader_rest(at);

	if (!rest.len)
		return false;
	const uint8_t *end = memchr(rest.at, '\n', rest.len);
	size_t len = end ? (size_t)(end - rest.at) : rest.len;
	if (!end)
		fault(r, SECURITY_TXT_LINE_ENDS);
	reader_skip(at, end ? len + 1 : len);
	if (len && rest.at[len - 1] == '\r')
		len--;
	/* A CR alone ends no line; what stands behind it is not another one. */
	if (len && memchr(rest.at, '\r', len))
		fault(r, SECURITY_TXT_LINE_ENDS);
	if (len > SECURITY_TXT_LINE_MAX) {
		fault(r, SECURITY_TXT_LONG);
		len = SECURITY_TXT_LINE_MAX;
	}
	*out = (struct bytes){rest.at, len};
	return true;
}

static bool
is_utf8(struct bytes text)
{
	for (size_t i = 0; i < text.len;) {
		uint8_t c = text.at[i++];
		unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
		if (c < 0x80) {
			if (c < ' ' && c != '\n' && c != '\r' && c != '\t')
				return false;
			continue;
		}
		if (!more || c > 0xf4 || text.len - i < more)
			return false;
		for (; more; more--)
			if ((text.at[i++] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static bool
is_armour(struct bytes line, const char *what)
{
	return bytes_are(trimmed(line), what);
}

enum part { PART_PLAIN, PART_HEAD, PART_SIGNED, PART_SIGNATURE, PART_BEHIND };

static void
read_lines(struct reading *r, struct bytes body)
{
	struct reader at = reader_over(body.at, body.len);
	enum part part = PART_PLAIN;
	bool has_text = false;
	struct bytes line;

	for (unsigned n = 0; next_line(r, &at, &line); n++) {
		if (n == SECURITY_TXT_LINES_MAX) {
			fault(r, SECURITY_TXT_LONG);
			return;
		}
		if (part == PART_PLAIN && is_armour(line, "-----BEGIN PGP SIGNED MESSAGE-----")) {
			r->out->is_signed = true;
			if (has_text)
				fault(r, SECURITY_TXT_OUTSIDE);
			part = PART_HEAD;
		} else if (part == PART_HEAD) {
			part = trimmed(line).len ? PART_HEAD : PART_SIGNED;
		} else if (part == PART_SIGNED &&
			   is_armour(line, "-----BEGIN PGP SIGNATURE-----")) {
			part = PART_SIGNATURE;
		} else if (part == PART_SIGNATURE) {
			part = is_armour(line, "-----END PGP SIGNATURE-----") ? PART_BEHIND : part;
		} else if (part == PART_BEHIND) {
			if (trimmed(line).len)
				fault(r, SECURITY_TXT_OUTSIDE);
		} else {
			/* RFC 9580, section 7.2: lines that begin with a dash carry another. */
			if (part == PART_SIGNED && line.len > 2 && !memcmp(line.at, "- ", 2))
				line = (struct bytes){line.at + 2, line.len - 2};
			has_text |= trimmed(line).len > 0;
			take_line(r, line);
		}
	}
	if (part != PART_PLAIN && part != PART_BEHIND)
		fault(r, SECURITY_TXT_FORM);
}

static bool
is_page(struct bytes body)
{
	while (body.len && (body.at[0] <= ' ' || body.at[0] >= 0x80)) {
		body.at++;
		body.len--;
	}
	return body.len && body.at[0] == '<';
}

void
security_txt_parse(struct security_txt *out, struct bytes body, const char *content_type,
	const struct mud_url *fetched, int64_t now_s)
{
	struct reading r = {.out = out, .fetched = fetched};

	memset(out, 0, sizeof *out);
	if (is_page(body)) {
		out->state = SECURITY_TXT_SOFT404;
		return;
	}
	if (strncasecmp(content_type, "text/plain", 10) ||
		(strcasestr(content_type, "charset=") && !strcasestr(content_type, "utf-8")))
		fault(&r, SECURITY_TXT_TYPE);
	if (body.len > SECURITY_TXT_BYTES_MAX) {
		fault(&r, SECURITY_TXT_LONG);
		body.len = SECURITY_TXT_BYTES_MAX;
	}
	if (!is_utf8(body) || (body.len >= 3 && !memcmp(body.at, "\xef\xbb\xbf", 3)))
		fault(&r, SECURITY_TXT_BYTES);
	read_lines(&r, body);
	if (!r.n_contacts)
		fault(&r, SECURITY_TXT_NO_CONTACT);
	if (!r.n_expires)
		fault(&r, SECURITY_TXT_NO_EXPIRES);
	out->is_far = out->expires_s > now_s + YEAR_S;
	out->state = out->faults               ? SECURITY_TXT_INVALID
		     : out->expires_s <= now_s ? SECURITY_TXT_STALE
					       : SECURITY_TXT_VALID;
}
