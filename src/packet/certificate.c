/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/certificate.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_GENERAL_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_VERSION = 0xa0,
};

/* --- DER (X.690, section 10): tag, length, content ---------------------------------------------- */

struct element {
	uint8_t tag;
	size_t len; /* as it says */
	struct reader content;
	bool is_whole;
};

/* False at the end and at what is no DER.  Content that the bytes end in is given as it came. */
static bool
next(struct reader *r, struct element *out)
{
	uint8_t tag = reader_u8(r), first = reader_u8(r);
	size_t len = first;

	if (first == 0x81)
		len = reader_u8(r);
	else if (first == 0x82)
		len = reader_u16(r);
	else if (first == 0x83)
		len = reader_u24(r);
	else if (first > 0x80)
		return false;
	if (!reader_ok(r))
		return false;
	size_t left = reader_left(r);
	*out = (struct element){.tag = tag, .len = len, .is_whole = len <= left};
	out->content = reader_slice(r, len < left ? len : left);
	return true;
}

static bool
take(struct reader *r, uint8_t tag, struct element *out)
{
	return next(r, out) && out->tag == tag;
}

static bool
is_under(struct bytes oid, const uint8_t *prefix, size_t len)
{
	return oid.len >= len && !memcmp(oid.at, prefix, len);
}

/* --- its parts ------------------------------------------------------------------------------------ */

static bool
take_digits(struct reader *r, unsigned count, int *out)
{
	int value = 0;

	while (count--) {
		uint8_t c = reader_u8(r);
		if (c < '0' || c > '9')
			return false;
		value = 10 * value + c - '0';
	}
	*out = value;
	return true;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t
days(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = year - 1;
	bool is_leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] +
	       (is_leap && month > 2) + day - 1;
}

/* RFC 5280, section 4.1.2.5: YYMMDDHHMMSSZ up to 2049, YYYYMMDDHHMMSSZ from then on. */
static bool
take_time(struct reader *r, int64_t *out)
{
	int year, month, day, hour, minute, second;
	struct element element;

	if (!next(r, &element) || !element.is_whole ||
		(element.tag != DER_UTC_TIME && element.tag != DER_GENERAL_TIME))
		return false;
	struct reader *at = &element.content;
	if (!take_digits(at, element.tag == DER_UTC_TIME ? 2 : 4, &year) ||
		!take_digits(at, 2, &month) || !take_digits(at, 2, &day) ||
		!take_digits(at, 2, &hour) || !take_digits(at, 2, &minute) ||
		!take_digits(at, 2, &second) || reader_u8(at) != 'Z' || reader_left(at))
		return false;
	if (element.tag == DER_UTC_TIME)
		year += year < 50 ? 2000 : 1900;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
		second > 60 || year < 1900)
		return false;
	*out = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}

/* The common name, or else the organisation (2.5.4.3, 2.5.4.10). */
static struct bytes
name_of(struct reader name)
{
	static const uint8_t common[] = {0x55, 0x04, 0x03}, organisation[] = {0x55, 0x04, 0x0a};
	struct element set, pair, oid, value;
	struct bytes found = {0};

	while (take(&name, DER_SET, &set)) {
		if (!take(&set.content, DER_SEQUENCE, &pair) ||
			!take(&pair.content, DER_OID, &oid) || !next(&pair.content, &value))
			continue;
		struct bytes type = reader_rest(&oid.content);
		if (is_under(type, common, sizeof common) && value.is_whole)
			return reader_rest(&value.content);
		if (is_under(type, organisation, sizeof organisation) && value.is_whole)
			found = reader_rest(&value.content);
	}
	return found;
}

/* RFC 8017, appendix A.2.4, and RFC 5758, section 3. */
static uint8_t
signature_of(struct reader algorithm)
{
	static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01};
	static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04};
	struct element oid;

	if (!take(&algorithm, DER_OID, &oid))
		return CERTIFICATE_SIGNATURE_OTHER;
	struct bytes type = reader_rest(&oid.content);
	if (is_under(type, rsa, sizeof rsa) && type.len == sizeof rsa + 1)
		switch (type.at[sizeof rsa]) {
		case 2:
		case 4:
			return CERTIFICATE_SIGNATURE_MD5;
		case 5:
			return CERTIFICATE_SIGNATURE_SHA1;
		case 11:
		case 12:
		case 13:
			return CERTIFICATE_SIGNATURE_SHA2;
		}
	if (is_under(type, ecdsa, sizeof ecdsa) && type.len > sizeof ecdsa)
		return type.at[sizeof ecdsa] == 1 ? CERTIFICATE_SIGNATURE_SHA1
						  : CERTIFICATE_SIGNATURE_SHA2;
	return CERTIFICATE_SIGNATURE_OTHER;
}

/* RFC 3279, sections 2.3.1 and 2.3.5. */
static void
take_key(struct certificate *certificate, struct reader info)
{
	static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
	static const uint8_t ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
	struct element algorithm, oid, bits, numbers, modulus;

	if (!take(&info, DER_SEQUENCE, &algorithm) || !take(&algorithm.content, DER_OID, &oid))
		return;
	struct bytes type = reader_rest(&oid.content);
	if (is_under(type, ec, sizeof ec))
		certificate->key = CERTIFICATE_KEY_EC;
	if (!is_under(type, rsa, sizeof rsa) || type.len != sizeof rsa)
		return;
	certificate->key = CERTIFICATE_KEY_RSA;
	if (!take(&info, DER_BIT_STRING, &bits))
		return;
	reader_skip(&bits.content, 1); /* unused bits */
	if (!take(&bits.content, DER_SEQUENCE, &numbers) ||
		!take(&numbers.content, DER_INTEGER, &modulus))
		return;
	/* A zero keeps it positive; its length tells, also where its end did not come. */
	size_t len = modulus.len - (modulus.len && reader_peek(&modulus.content) == 0);
	certificate->key_bits = len < 8192 ? (uint16_t)(8 * len) : UINT16_MAX;
}

bool
certificate_parse(struct certificate *certificate, struct bytes der)
{
	struct reader r = reader_over(der.at, der.len);
	struct element whole, body, version, serial, algorithm, issuer, validity, subject, key;

	memset(certificate, 0, sizeof *certificate);
	if (!take(&r, DER_SEQUENCE, &whole) || !take(&whole.content, DER_SEQUENCE, &body))
		return false;
	struct reader *at = &body.content;
	if (reader_peek(at) == DER_VERSION && !next(at, &version))
		return false;
	if (!take(at, DER_INTEGER, &serial) || !serial.is_whole ||
		!take(at, DER_SEQUENCE, &algorithm) || !algorithm.is_whole ||
		!take(at, DER_SEQUENCE, &issuer) || !issuer.is_whole ||
		!take(at, DER_SEQUENCE, &validity) || !validity.is_whole ||
		!take_time(&validity.content, &certificate->not_before_s) ||
		!take_time(&validity.content, &certificate->not_after_s)) {
		memset(certificate, 0, sizeof *certificate);
		return false;
	}
	certificate->serial = reader_rest(&serial.content);
	certificate->signature = signature_of(algorithm.content);
	certificate->issuer_name = reader_rest(&issuer.content);
	certificate->claimed_issuer = name_of(issuer.content);
	if (!take(at, DER_SEQUENCE, &subject) || !subject.is_whole)
		return true;
	certificate->subject_name = reader_rest(&subject.content);
	certificate->claimed_subject = name_of(subject.content);
	if (take(at, DER_SEQUENCE, &key))
		take_key(certificate, key.content);
	return true;
}

bool
certificate_is_own(const struct certificate *certificate)
{
	return certificate->subject_name.len &&
	       certificate->subject_name.len == certificate->issuer_name.len &&
	       !memcmp(certificate->subject_name.at, certificate->issuer_name.at,
		       certificate->issuer_name.len);
}
