/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/security_txt.h"

#include <string.h>

#include "test.h"

enum { NOW = 1764547200 }; /* 2025-12-01 */

static struct security_txt txt;

static const char *
state_of(const char *text, const char *type)
{
	struct mud_url url;
	static const char at[] = "https://maker.example/.well-known/security.txt";

	assert_true(mud_url_from_bytes(&url, (const uint8_t *)at, sizeof at - 1));
	security_txt_parse(
		&txt, (struct bytes){(const uint8_t *)text, strlen(text)}, type, &url, NOW);
	return security_txt_word((enum security_txt_state)txt.state);
}

static bool
has(enum security_txt_fault fault)
{
	return txt.faults >> fault & 1;
}

#define EXPIRES "Expires: 2026-06-01T00:00:00Z\n"
#define CONTACT "Contact: mailto:security@maker.example\n"

TEST(a_file_with_contact_and_expiry_is_valid)
{
	EXPECT_STR(state_of("# ours\r\n" CONTACT EXPIRES
			    "Policy: https://maker.example/security\nPreferred-Languages: en, de\n"
			    "Canonical: https://maker.example/.well-known/security.txt\n"
			    "X-Unknown: is ignored\n",
			   "text/plain; charset=utf-8"),
		"valid");
	EXPECT_STR(txt.contact, "mailto:security@maker.example");
	EXPECT_STR(txt.policy, "https://maker.example/security");
	EXPECT(txt.is_contact_human && txt.has_canonical && txt.is_canonical && !txt.is_far);
}

TEST(what_must_be_and_is_not_makes_it_invalid)
{
	static const struct {
		const char *text;
		enum security_txt_fault fault;
	} cases[] = {
		{EXPIRES, SECURITY_TXT_NO_CONTACT},
		{CONTACT, SECURITY_TXT_NO_EXPIRES},
		{CONTACT EXPIRES EXPIRES, SECURITY_TXT_TWO_EXPIRES},
		{CONTACT "Expires: Thu, 31 Dec 2026 18:37:07 -0800\n", SECURITY_TXT_EXPIRES},
		{"Contact: security@maker.example\n" EXPIRES, SECURITY_TXT_CONTACT},
		{"Contact: http://maker.example/report\n" EXPIRES, SECURITY_TXT_PLAIN_HTTP},
		{"Email: security@maker.example\n" EXPIRES, SECURITY_TXT_NO_CONTACT},
		{CONTACT EXPIRES "Preferred-Languages: en\nPreferred-Languages: de\n",
			SECURITY_TXT_LANGUAGES},
		{CONTACT EXPIRES "Encryption: -----BEGIN PGP PUBLIC KEY BLOCK-----\n",
			SECURITY_TXT_ENCRYPTION},
		{CONTACT "Expires: 2026-06-01T00:00:00Z", SECURITY_TXT_LINE_ENDS},
		{"Contact: mailto:a@b.example\rExpires: 2026-06-01T00:00:00Z\n",
			SECURITY_TXT_LINE_ENDS},
		{CONTACT EXPIRES "no field at all\n", SECURITY_TXT_FORM},
		{"Contact:mailto:a@b.example\n" EXPIRES, SECURITY_TXT_FORM},
		{"\xef\xbb\xbf" CONTACT EXPIRES, SECURITY_TXT_BYTES},
		{"CSAF: https://maker.example/provider-metadata.json\n", SECURITY_TXT_NO_CONTACT},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		EXPECT_STR(state_of(cases[i].text, "text/plain"), "invalid");
		EXPECT(has(cases[i].fault));
		EXPECT(security_txt_fault_text(cases[i].fault)[0]);
	}
	EXPECT_STR(state_of(CONTACT EXPIRES, "application/octet-stream"), "invalid");
	EXPECT(has(SECURITY_TXT_TYPE));
}

TEST(an_invalid_file_may_still_name_somebody)
{
	state_of("Contact: security@maker.example\n" EXPIRES, "text/plain");
	EXPECT_STR(txt.contact, "security@maker.example");
}

TEST(names_of_fields_are_compared_without_case)
{
	EXPECT_STR(state_of("CONTACT: tel:+44-1\nexpires: 2026-06-01T00:00:00Z\n", "text/plain"),
		"valid");
	EXPECT(txt.is_contact_human);
}

TEST(a_file_past_its_expiry_is_stale)
{
	EXPECT_STR(state_of(CONTACT "Expires: 2025-11-30T00:00:00Z\n", "text/plain"), "stale");
	EXPECT_STR(state_of(CONTACT "Expires: 2028-11-30T00:00:00Z\n", "text/plain"), "valid");
	EXPECT(txt.is_far);
}

TEST(a_page_for_people_in_its_place_is_no_file)
{
	EXPECT_STR(state_of("\n<!doctype html><title>Not found</title>", "text/html"), "soft-404");
}

/* The fields inside of the signature count; a line of "- " carries another (RFC 9580, 7.2). */
TEST(a_signed_file_is_read_inside_of_its_signature)
{
	EXPECT_STR(state_of("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" CONTACT
			    "- " EXPIRES "-----BEGIN PGP SIGNATURE-----\n\niHUE\n"
			    "-----END PGP SIGNATURE-----\n",
			   "text/plain"),
		"valid");
	EXPECT(txt.is_signed);
	EXPECT_STR(state_of(CONTACT "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" EXPIRES
				    "-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\n",
			   "text/plain"),
		"invalid");
	EXPECT(has(SECURITY_TXT_OUTSIDE));
}
