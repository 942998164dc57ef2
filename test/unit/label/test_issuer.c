/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"
#include "label/issuer.h"

#include "run.h"

TEST(a_key_is_made_once_for_its_owner_alone_and_found_again)
{
	char folder[] = "/tmp/pinfold-issuer-XXXXXX", path[64], id[ISSUER_ID_MAX],
	     again_id[ISSUER_ID_MAX];
	uint8_t key[ISSUER_PUBLIC_LEN], again_key[ISSUER_PUBLIC_LEN];
	struct issuer *issuer = NULL, *again = NULL;
	struct fault why;
	struct stat stat_;

	EXPECT(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/issuer.key", folder);
	EXPECT(!issuer_open(path, &issuer, &why));
	EXPECT(!stat(path, &stat_));
	EXPECT_INT(stat_.st_mode & 0777, 0600);
	EXPECT(!issuer_open(path, &again, &why));
	issuer_public(issuer, key);
	issuer_public(again, again_key);
	EXPECT_MEM(key, again_key, sizeof key);
	issuer_id(key, id);
	issuer_id(again_key, again_id);
	EXPECT_STR(id, again_id);
	EXPECT_INT(strlen(id), 16);
	issuer_free(again);
	issuer_free(issuer);

	/* Who else may have read it? */
	EXPECT(!chmod(path, 0644));
	EXPECT_INT(issuer_open(path, &issuer, &why), ERR_DENIED);
	EXPECT(!chmod(path, 0600));
	run_file(folder, "issuer.key", "no key", 6);
	EXPECT_INT(issuer_open(path, &issuer, &why), ERR_INVALID);
	EXPECT(!unlink(path));
	EXPECT(!rmdir(folder));
}

/* RFC 8032, section 7.1, TEST 2. */
TEST(a_signature_is_right_for_its_bytes_and_key_alone)
{
	uint8_t key[ISSUER_PUBLIC_LEN], signature[ISSUER_SIGNATURE_LEN], message[] = {0x72};

	EXPECT(issuer_from_text(
		key, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
	EXPECT(hex_parse(signature, sizeof signature,
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
	EXPECT(issuer_is_signature(key, message, 1, signature));
	message[0] ^= 1;
	EXPECT(!issuer_is_signature(key, message, 1, signature));
	message[0] ^= 1;
	signature[40] ^= 1;
	EXPECT(!issuer_is_signature(key, message, 1, signature));
	signature[40] ^= 1;
	key[3] ^= 1;
	EXPECT(!issuer_is_signature(key, message, 1, signature));
}

TEST(a_key_in_text_has_exactly_its_digits)
{
	uint8_t key[ISSUER_PUBLIC_LEN];
	char text[] = "3D4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

	EXPECT(issuer_from_text(key, text));
	text[63] = 'g';
	EXPECT(!issuer_from_text(key, text));
	text[63] = '\0';
	EXPECT(!issuer_from_text(key, text));
	EXPECT(!issuer_from_text(key, ""));
}

/* Found by the seed "signed-by-nobody": the signature is right for every text, says the arithmetic. */
TEST(nobodys_signature_by_nobodys_key_is_not_right)
{
	static const char *const keys[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	};
	uint8_t key[ISSUER_PUBLIC_LEN], signature[ISSUER_SIGNATURE_LEN];

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		EXPECT(!issuer_from_text(key, keys[i]));
		for (uint8_t text = 0; text < 64; text++) {
			memset(signature, 0, sizeof signature);
			EXPECT(!issuer_is_signature(key, &text, 1, signature));
			signature[0] = 1; /* the neutral point */
			EXPECT(!issuer_is_signature(key, &text, 1, signature));
		}
	}
}
