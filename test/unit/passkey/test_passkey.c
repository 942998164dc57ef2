/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser sends when a passkey is made or used, and each way for it to be wrong. */
#include "passkey/passkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "test.h"
#include "unit/passkey/authenticator.h"

#define NAME   "gateway.example"
#define ORIGIN "https://gateway.example:8443"

static const struct passkey_place here = {NAME, ORIGIN};
static const uint8_t question[PASSKEY_CHALLENGE_LEN] = "what we asked, thirty-two bytes.";
static const uint8_t other_question[PASSKEY_CHALLENGE_LEN] = "what we asked before this one...";

static struct authenticator mine;
static struct passkey kept;
static struct said said;

static struct bytes
over(const void *bytes, size_t len)
{
	return (struct bytes){bytes, len};
}

static enum passkey_flaw
judge_made(struct passkey *out)
{
	return passkey_made(out, &here, over(said.client, said.client_len),
		over(said.attestation, said.attestation_len), question);
}

/* As it is now, one is made. */
static enum passkey_flaw
make(void)
{
	authenticator_make(&mine, question, &said);
	return judge_made(&kept);
}

static enum passkey_flaw
judge_used(void)
{
	return passkey_used(&kept, &here, over(said.client, said.client_len),
		over(said.data, said.data_len), over(said.signature, said.signature_len), question);
}

static enum passkey_flaw
use(void)
{
	authenticator_use(&mine, question, &said);
	return judge_used();
}

/* A fresh one, right in all. */
static void
begin(void)
{
	authenticator_free(&mine);
	authenticator_new(&mine, NAME, ORIGIN);
	EXPECT_INT(make(), PASSKEY_FINE);
	EXPECT_INT(use(), PASSKEY_FINE);
}

/* The text in what was said, to be changed there. */
static uint8_t *
find(uint8_t *in, size_t len, const char *text)
{
	uint8_t *at = memmem(in, len, text, strlen(text));

	EXPECT(at != NULL);
	return at;
}

TEST(a_passkey_is_made_and_logs_in)
{
	uint8_t asked[PASSKEY_CHALLENGE_LEN];

	begin();
	EXPECT_INT(kept.id_len, sizeof mine.id);
	EXPECT_MEM(kept.id, mine.id, sizeof mine.id);
	EXPECT(!kept.may_be_copied && !kept.is_copied);
	EXPECT(passkey_challenge(over(said.client, said.client_len), asked));
	EXPECT_MEM(asked, question, sizeof question);
}

TEST(what_browsers_add_to_their_words_does_no_harm)
{
	begin();
	mine.more = ",\"other_keys_can_be_added_here\":\"do not compare with a template\"";
	EXPECT_INT(make(), PASSKEY_FINE);
	EXPECT_INT(use(), PASSKEY_FINE);
}

TEST(an_answer_to_another_question_of_ours_is_refused)
{
	begin();
	authenticator_use(&mine, other_question, &said);
	EXPECT_INT(judge_used(), PASSKEY_OTHER_CHALLENGE);
	authenticator_make(&mine, other_question, &said);
	EXPECT_INT(judge_made(&kept), PASSKEY_OTHER_CHALLENGE);
}

TEST(another_site_is_refused_whatever_its_name_begins_with)
{
	static const char *const others[] = {"https://gateway.example",
		"http://gateway.example:8443", "https://gateway.example:8443/",
		"https://gateway.example.evil.example:8443", "https://GATEWAY.example:8443",
		"https://gateway.example:84430", ""};

	begin();
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		mine.origin = others[i];
		EXPECT_INT(make(), PASSKEY_OTHER_ORIGIN);
		EXPECT_INT(use(), PASSKEY_OTHER_ORIGIN);
	}
}

TEST(a_page_in_the_frame_of_another_is_refused)
{
	begin();
	mine.more = ",\"topOrigin\":\"https://evil.example\"";
	EXPECT_INT(use(), PASSKEY_FRAMED);
	mine.more = NULL;
	authenticator_use(&mine, question, &said);
	memcpy(find(said.client, said.client_len, "false}"), "true} ", 6);
	EXPECT_INT(judge_used(), PASSKEY_FRAMED);
	authenticator_use(&mine, question, &said);
	memcpy(find(said.client, said.client_len, "false}"), "12345}", 6);
	EXPECT_INT(judge_used(), PASSKEY_NO_CLIENT_DATA);
}

TEST(what_was_made_for_one_purpose_does_not_serve_another)
{
	begin();
	mine.type = "webauthn.create";
	EXPECT_INT(use(), PASSKEY_OTHER_PURPOSE);
	mine.type = "webauthn.get";
	EXPECT_INT(make(), PASSKEY_OTHER_PURPOSE);
	mine.type = "payment.get";
	EXPECT_INT(use(), PASSKEY_OTHER_PURPOSE);
}

TEST(a_passkey_of_another_name_is_refused)
{
	begin();
	mine.name = "evil.example";
	EXPECT_INT(make(), PASSKEY_OTHER_NAME);
	EXPECT_INT(use(), PASSKEY_OTHER_NAME);
}

TEST(whoever_uses_it_was_there_and_was_known)
{
	begin();
	mine.flags = 0x01;
	EXPECT_INT(make(), PASSKEY_NOBODY_KNOWN);
	EXPECT_INT(use(), PASSKEY_NOBODY_KNOWN);
	mine.flags = 0x04;
	EXPECT_INT(make(), PASSKEY_NOBODY_THERE);
	EXPECT_INT(use(), PASSKEY_NOBODY_THERE);
}

TEST(what_it_says_of_its_copies_is_kept_and_fits_together)
{
	begin();
	mine.flags = 0x05 | 0x10; /* copied, and cannot be */
	EXPECT_INT(make(), PASSKEY_CONTRADICTION);
	EXPECT_INT(use(), PASSKEY_CONTRADICTION);
	mine.flags = 0x05 | 0x08;
	EXPECT_INT(use(), PASSKEY_CONTRADICTION); /* it could not when it was made */
	EXPECT_INT(make(), PASSKEY_FINE);
	EXPECT(kept.may_be_copied && !kept.is_copied);
	mine.flags = 0x05 | 0x18;
	EXPECT_INT(use(), PASSKEY_FINE);
	EXPECT(kept.is_copied);
}

TEST(another_key_does_not_sign_for_it)
{
	struct authenticator other;

	begin();
	authenticator_new(&other, NAME, ORIGIN);
	authenticator_use(&other, question, &said);
	EXPECT_INT(judge_used(), PASSKEY_WRONG_SIGNATURE);
	authenticator_free(&other);
}

TEST(each_changed_byte_of_what_was_signed_is_noticed)
{
	begin();
	for (size_t i = 0; i < said.data_len; i++) {
		said.data[i] ^= 0x40;
		EXPECT(judge_used() != PASSKEY_FINE);
		said.data[i] ^= 0x40;
	}
	for (size_t i = 0; i < said.client_len; i++) {
		said.client[i] ^= 0x01;
		EXPECT(judge_used() != PASSKEY_FINE);
		said.client[i] ^= 0x01;
	}
	EXPECT_INT(judge_used(), PASSKEY_FINE);
}

TEST(a_signature_has_one_form_alone)
{
	begin();
	for (size_t len = 0; len < said.signature_len; len++)
		EXPECT_INT(passkey_used(&kept, &here, over(said.client, said.client_len),
				   over(said.data, said.data_len), over(said.signature, len),
				   question),
			PASSKEY_WRONG_SIGNATURE);
	for (size_t i = 0; i < said.signature_len; i++) {
		said.signature[i] ^= 0x01;
		EXPECT_INT(judge_used(), PASSKEY_WRONG_SIGNATURE);
		said.signature[i] ^= 0x01;
	}
	uint8_t longer[PASSKEY_SIGNATURE_MAX + 1] = {0};
	memcpy(longer, said.signature, said.signature_len);
	EXPECT_INT(passkey_used(&kept, &here, over(said.client, said.client_len),
			   over(said.data, said.data_len), over(longer, said.signature_len + 1),
			   question),
		PASSKEY_WRONG_SIGNATURE);
	EXPECT_INT(judge_used(), PASSKEY_FINE);
}

TEST(one_that_counts_never_counts_back)
{
	begin();
	mine.count = 7;
	EXPECT_INT(use(), PASSKEY_FINE);
	EXPECT_INT(kept.count, 7);
	EXPECT_INT(judge_used(), PASSKEY_COUNTS_BACK); /* the same again */
	mine.count = 6;
	EXPECT_INT(use(), PASSKEY_COUNTS_BACK);
	mine.count = 0;
	EXPECT_INT(use(), PASSKEY_COUNTS_BACK);
	EXPECT_INT(kept.count, 7);
	mine.count = 8;
	EXPECT_INT(use(), PASSKEY_FINE);
}

TEST(nothing_changes_when_the_signature_is_wrong)
{
	begin();
	mine.count = 9;
	authenticator_use(&mine, question, &said);
	said.signature[said.signature_len - 1] ^= 1;
	EXPECT_INT(judge_used(), PASSKEY_WRONG_SIGNATURE);
	EXPECT_INT(kept.count, 0);
}

TEST(what_is_cut_short_anywhere_is_refused)
{
	struct passkey none;

	begin();
	authenticator_make(&mine, question, &said);
	for (size_t len = 0; len < said.attestation_len; len++) {
		/* On its own, so that a byte too far is noticed. */
		auto_free uint8_t *part = malloc(len + !len);
		memcpy(part, said.attestation, len);
		EXPECT(passkey_made(&none, &here, over(said.client, said.client_len),
			       over(part, len), question) != PASSKEY_FINE);
	}
	for (size_t len = 0; len < said.client_len; len++)
		EXPECT_INT(passkey_made(&none, &here, over(said.client, len),
				   over(said.attestation, said.attestation_len), question),
			PASSKEY_NO_CLIENT_DATA);
	said.attestation[said.attestation_len++] = 0;
	EXPECT_INT(judge_made(&none), PASSKEY_NO_ATTESTATION);
	authenticator_use(&mine, question, &said);
	said.data[said.data_len++] = 0;
	EXPECT_INT(judge_used(), PASSKEY_NO_DATA);
	said.data_len = 36;
	EXPECT_INT(judge_used(), PASSKEY_NO_DATA);
}

TEST(extensions_that_nobody_asked_for_are_passed_over)
{
	/* {"credProtect": 2, "hmac-secret": true}; a map that is not whole; no map */
	static const uint8_t some[] = "\xa2\x6b"
				      "credProtect\x02\x6bhmac-secret\xf5";
	static const uint8_t cut[] = "\xa2\x6b"
				     "credProtect\x02";
	static const uint8_t none[] = "\x02";
	static const uint8_t endless[] = "\xbb\xff\xff\xff\xff\xff\xff\xff\xff";

	begin();
	mine.extensions = over(some, sizeof some - 1);
	EXPECT_INT(make(), PASSKEY_FINE);
	EXPECT_INT(use(), PASSKEY_FINE);
	mine.extensions = over(cut, sizeof cut - 1);
	EXPECT_INT(make(), PASSKEY_NO_DATA);
	EXPECT_INT(use(), PASSKEY_NO_DATA);
	mine.extensions = over(none, sizeof none - 1);
	EXPECT_INT(use(), PASSKEY_NO_DATA);
	mine.extensions = over(endless, sizeof endless - 1);
	EXPECT_INT(use(), PASSKEY_NO_DATA);
}

TEST(a_credential_is_there_when_one_was_made_and_only_then)
{
	begin();
	authenticator_make(&mine, question, &said);
	uint8_t *flags = find(said.attestation, said.attestation_len, "authData") + 8 + 2 + 32;
	EXPECT_INT(*flags, 0x45);
	*flags = 0x05;
	EXPECT_INT(judge_made(&kept), PASSKEY_NO_DATA);
	authenticator_use(&mine, question, &said);
	said.data[32] |= 0x40;
	EXPECT_INT(judge_used(), PASSKEY_NO_DATA);
}

TEST(what_says_of_itself_how_it_was_made_is_held_to_its_key)
{
	begin();
	mine.format = "packed";
	EXPECT_INT(make(), PASSKEY_FINE);
	said.attestation[find(said.attestation, said.attestation_len, "authData") -
			 said.attestation - 3] ^= 1;
	EXPECT_INT(judge_made(&kept), PASSKEY_WRONG_SIGNATURE);
	mine.format = "fido-u2f";
	EXPECT_INT(make(), PASSKEY_ATTESTED);
	mine.format = "none";
	authenticator_make(&mine, question, &said);
	/* {"attStmt": 0} */
	*(find(said.attestation, said.attestation_len, "attStmt") + 7) = 0;
	EXPECT_INT(judge_made(&kept), PASSKEY_NO_ATTESTATION);
}

TEST(another_kind_of_key_or_none_on_the_curve_is_refused)
{
	static const char key[] = "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
	uint8_t *at;

	begin();
	/* {1: 2, 3: -7, -1: 1, -2: x, -3: y}: each of it, once otherwise */
	for (size_t i = 0; i < sizeof key - 1; i++) {
		authenticator_make(&mine, question, &said);
		at = memmem(said.attestation, said.attestation_len, key, sizeof key - 1);
		EXPECT(at != NULL);
		at[i] ^= 0x03;
		EXPECT(judge_made(&kept) != PASSKEY_FINE);
	}
	authenticator_make(&mine, question, &said);
	at = memmem(said.attestation, said.attestation_len, key, sizeof key - 1);
	at[sizeof key - 1 + 31] ^= 0x01; /* x */
	memset(at + sizeof key - 1, 0, 31);
	EXPECT_INT(judge_made(&kept), PASSKEY_OTHER_KIND);
}

TEST(what_is_too_long_is_not_read)
{
	static uint8_t spaces[PASSKEY_CLIENT_MAX + 1], data[PASSKEY_DATA_MAX + 1];
	uint8_t asked[PASSKEY_CHALLENGE_LEN];

	begin();
	memset(spaces, ' ', sizeof spaces);
	memcpy(spaces, said.client, said.client_len);
	EXPECT(passkey_challenge(over(spaces, sizeof spaces - 1), asked));
	EXPECT(!passkey_challenge(over(spaces, sizeof spaces), asked));
	EXPECT(!passkey_challenge(over("{}", 2), asked));
	EXPECT(!passkey_challenge(over("[]", 2), asked));
	EXPECT(!passkey_challenge(over("{\"challenge\":\"AAAA\"}", 20), asked));
	EXPECT_INT(passkey_used(&kept, &here, over(said.client, said.client_len),
			   over(data, sizeof data), over(said.signature, said.signature_len),
			   question),
		PASSKEY_NO_DATA);
}

TEST(each_flaw_has_a_text_of_its_own)
{
	for (int i = 0; i < PASSKEY_FLAW_COUNT; i++)
		for (int other = 0; other < i; other++)
			EXPECT(strcmp(passkey_flaw_text((enum passkey_flaw)i),
				       passkey_flaw_text((enum passkey_flaw)other)) != 0);
	EXPECT_STR(passkey_flaw_text(PASSKEY_FLAW_COUNT), "unknown");
	authenticator_free(&mine);
}
