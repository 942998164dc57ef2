/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A browser with an authenticator in software, for scripts: of each line "make CHALLENGE" or
 * "use CHALLENGE" the members of JSON that a page would send for it.
 *
 *	phone NAME ORIGIN
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "unit/passkey/authenticator.h"

static void
put(const char *key, const void *bytes, size_t len, const char *after)
{
	auto_free char *text = base64_text(BASE64_URL, bytes, len);
	printf("\"%s\":\"%s\"%s", key, text, after);
}

int
main(int argc, char **argv)
{
	uint8_t challenge[PASSKEY_CHALLENGE_LEN];
	struct authenticator phone;
	struct said said;
	char line[256], act[8], text[64];
	size_t len;

	if (argc != 3)
		return 2;
	authenticator_new(&phone, argv[1], argv[2]);
	while (fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "%7s %63s", act, text) != 2 ||
			!base64_parse(BASE64_URL, text, strlen(text), challenge, sizeof challenge,
				&len) ||
			len != sizeof challenge) {
			puts("");
		} else if (!strcmp(act, "make")) {
			authenticator_make(&phone, challenge, &said);
			put("client", said.client, said.client_len, ",");
			put("attestation", said.attestation, said.attestation_len, "\n");
		} else {
			authenticator_use(&phone, challenge, &said);
			put("credential", phone.id, sizeof phone.id, ",");
			put("client", said.client, said.client_len, ",");
			put("authenticator", said.data, said.data_len, ",");
			put("signature", said.signature, said.signature_len, "\n");
		}
		fflush(stdout);
	}
	authenticator_free(&phone);
	return 0;
}
