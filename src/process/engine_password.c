/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_password.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "check/credentials.h"

/* 32 MiB, one lane: more lanes would cost a guesser more, and whoever logs in as well. */
enum { COST = 15, BLOCK = 8, LANES = 1 };
enum { SCRYPT_BYTES_MAX = 160 * 1024 * 1024 };
enum { WORD_MIN = 4, UNITS_MIN = 8, DIFFERENT_MIN = 5, WORD_MARK = 1 };

/* --- what is good enough --------------------------------------------------------------------------- */

/* Each time that the word occurs in the text it becomes one mark. */
static void
take_out(char *text, const char *word)
{
	size_t len = strlen(word);
	char *at;

	if (len < WORD_MIN)
		return;
	while ((at = strstr(text, word))) {
		*at = WORD_MARK;
		memmove(at + 1, at + len, strlen(at + len) + 1);
	}
}

static void
lower(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; len < size - 1 && text[len]; len++)
		out[len] = (char)tolower((unsigned char)text[len]);
	out[len] = '\0';
}

/* Characters that a guesser has to guess: one that follows from the one before is none. */
static unsigned
units(const char *text)
{
	unsigned count = 0;

	for (size_t i = 0; text[i]; i++) {
		int step = i ? (unsigned char)text[i] - (unsigned char)text[i - 1] : 99;
		if (step >= -1 && step <= 1)
			continue;
		count += ((unsigned char)text[i] & 0xc0) != 0x80; /* UTF-8 goes on */
	}
	return count;
}

static unsigned
characters(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static unsigned
different(const char *text)
{
	bool seen[256] = {false};
	unsigned count = 0;

	for (; *text; text++) {
		count += !seen[(unsigned char)*text];
		seen[(unsigned char)*text] = true;
	}
	return count;
}

bool
password_is_strong(const char *password, const char *account, struct fault *why)
{
	static const char *const always[] = {"pinfold", "gateway", "router", "home"};
	char rest[PASSWORD_BYTES_MAX + 1], word[PASSWORD_BYTES_MAX + 1];
	size_t n;
	const struct credential *factory = credentials(&n);

	if (strlen(password) > PASSWORD_BYTES_MAX) {
		fault_set(why, ERR_INVALID, "a password has at most %d bytes", PASSWORD_BYTES_MAX);
		return false;
	}
	if (characters(password) < PASSWORD_CHARACTERS_MIN) {
		fault_set(why, ERR_INVALID,
			"a password has at least %d characters; a sentence is a good one",
			PASSWORD_CHARACTERS_MIN);
		return false;
	}
	lower(rest, sizeof rest, password);
	lower(word, sizeof word, account);
	take_out(rest, word);
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		take_out(rest, always[i]);
	for (size_t i = 0; i < n; i++) {
		lower(word, sizeof word, factory[i].password);
		take_out(rest, word);
		lower(word, sizeof word, factory[i].user);
		take_out(rest, word);
	}
	if (units(rest) < UNITS_MIN || different(password) < DIFFERENT_MIN) {
		fault_set(why, ERR_INVALID,
			"this password is made of what everybody tries first (names, factory "
			"passwords, 123456); a sentence is a good one");
		return false;
	}
	return true;
}

/* --- what is kept ------------------------------------------------------------------------------------- */

bool
password_derive(struct password *password, const char *text)
{
	return EVP_PBE_scrypt(text, strlen(text), password->salt, sizeof password->salt,
		       UINT64_C(1) << password->cost, password->block, password->lanes,
		       SCRYPT_BYTES_MAX, password->key, sizeof password->key) == 1;
}

void
password_begin(struct password *password)
{
	*password = (struct password){.cost = COST, .block = BLOCK, .lanes = LANES};
	if (getrandom(password->salt, sizeof password->salt, 0) != sizeof password->salt)
		fatal("password", "no random numbers");
}

/* What was read from the database is believed as far as it costs no more than this. */
static bool
is_kept(const struct password *kept)
{
	return kept->cost >= 10 && kept->cost <= 17 && kept->block >= 1 && kept->block <= 8 &&
	       kept->lanes >= 1 && kept->lanes <= 8;
}

void
password_ask(struct password *asked, const struct password *kept)
{
	static const struct password nobodys = {.cost = COST, .block = BLOCK, .lanes = LANES};

	*asked = is_kept(kept) ? *kept : nobodys;
	OPENSSL_cleanse(asked->key, sizeof asked->key);
}

bool
password_is(const struct password *kept, const struct password *derived)
{
	bool is = CRYPTO_memcmp(kept->key, derived->key, sizeof kept->key) == 0;
	return is && is_kept(kept);
}
