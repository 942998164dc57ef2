/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "passkey/passkey.h"

/*
 * The browser's words, what the authenticator says, its signature: the first two each behind
 * their length, 16 bits.  Once as if a passkey was made, once as if one was used, that of the
 * seeds: its key is the curve's own point.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct passkey_place here = {
		"gateway.example", "https://gateway.example:8443"};
	static const uint8_t key[PASSKEY_KEY_LEN + 1] =
		"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81"
		"\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b"
		"\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68"
		"\x37\xbf\x51\xf5";
	struct reader r = reader_over(data, size);
	struct passkey made, used = {.id_len = 1, .count = 1};
	uint8_t challenge[PASSKEY_CHALLENGE_LEN] = {0};

	memcpy(used.key, key, sizeof used.key);
	struct reader words = reader_slice(&r, reader_u16(&r));
	struct reader says = reader_slice(&r, reader_u16(&r));
	struct bytes client = reader_rest(&words), said = reader_rest(&says);
	if (!reader_ok(&r))
		return 0;
	(void)passkey_challenge(client, challenge);
	if (!passkey_made(&made, &here, client, said, challenge))
		assert(made.id_len >= 1 && made.id_len <= PASSKEY_ID_MAX &&
			(made.may_be_copied || !made.is_copied));
	enum passkey_flaw flaw =
		passkey_used(&used, &here, client, said, reader_rest(&r), challenge);
	assert(flaw < PASSKEY_FLAW_COUNT && passkey_flaw_text(flaw));
	assert(flaw ? used.count == 1 : used.count > 1);
	return 0;
}
