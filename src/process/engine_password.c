/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_password.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "check/credentials.h"

/*
 * 32 MiB, one lane.  More lanes would cost a guesser more, but the engine has one
 * thread, and whoever logs in keeps it from deciding for that long.
 */
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

static void
derive(uint8_t key[static 32], const struct password *kept, const char *password)
{
	if (EVP_PBE_scrypt(password, strlen(password), kept->salt, sizeof kept->salt,
		    UINT64_C(1) << kept->cost, kept->block, kept->lanes, SCRYPT_BYTES_MAX, key,
		    32) != 1)
		fatalx("password", "scrypt failed; is there memory?");
}

void
password_keep(struct password *kept, const char *password)
{
	if (getrandom(kept->salt, sizeof kept->salt, 0) != sizeof kept->salt)
		fatal("password", "no random numbers");
	kept->cost = COST;
	kept->block = BLOCK;
	kept->lanes = LANES;
	derive(kept->key, kept, password);
}

bool
password_fits(const struct password *kept, const char *password)
{
	struct password nobody = {.cost = COST, .block = BLOCK, .lanes = LANES};
	uint8_t key[32];
	/* What was read from the database is believed as far as it costs no more than this. */
	bool is_kept = kept->cost >= 10 && kept->cost <= 17 && kept->block >= 1 &&
		       kept->block <= 8 && kept->lanes >= 1 && kept->lanes <= 8;

	derive(key, is_kept ? kept : &nobody, password);
	bool fits = CRYPTO_memcmp(key, is_kept ? kept->key : nobody.key, sizeof key) == 0;
	OPENSSL_cleanse(key, sizeof key);
	return fits && is_kept;
}
