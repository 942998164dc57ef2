/* SPDX-License-Identifier: Apache-2.0 */
#include "label/issuer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/hex.h"
#include "label/hash.h"

struct issuer {
	EVP_PKEY *key;
	uint8_t public[ISSUER_PUBLIC_LEN];
};

/* PEM, so that openssl(1) reads it; on the disk before anybody relies on it. */
static enum err
make(const char *path, struct fault *why)
{
	char temporary[PATH_MAX];
	enum err err = ERR_SYSTEM;
	FILE *file = NULL;
	int fd = -1;

	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!key) {
		fault_set(why, ERR_SYSTEM, "no key could be made");
		return ERR_SYSTEM;
	}
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
		goto out;
	unlink(temporary); /* of one that was interrupted */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || !(file = fdopen(fd, "w")))
		goto out;
	fd = -1;
	if (PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 || fflush(file) ||
		fsync(fileno(file)) || rename(temporary, path))
		goto out;
	err = ERR_OK;
out:
	if (err)
		fault_set(why, err, "cannot write %s: %s", path, strerror(errno));
	if (file)
		fclose(file);
	if (fd >= 0)
		close(fd);
	EVP_PKEY_free(key);
	return err;
}

/* Nobody is there to ask for a passphrase. */
static int
no_passphrase(char *out, int size, int writes, void *arg)
{
	return -1;
}

enum err
issuer_open(const char *path, struct issuer **out, struct fault *why)
{
	size_t len = ISSUER_PUBLIC_LEN;
	struct stat stat;

	if (access(path, F_OK) && errno == ENOENT) {
		enum err err = make(path, why);
		if (err)
			return err;
	}
	auto_fclose FILE *file = fopen(path, "re");
	if (!file || fstat(fileno(file), &stat)) {
		fault_set(why, ERR_SYSTEM, "cannot read %s: %s", path, strerror(errno));
		return ERR_SYSTEM;
	}
	if (!S_ISREG(stat.st_mode) || stat.st_mode & 077 || stat.st_size > 4096) {
		fault_set(why, ERR_DENIED, "%s: others may read it, or it is no key", path);
		return ERR_DENIED;
	}
	struct issuer *issuer = calloc(1, sizeof *issuer);
	if (!issuer)
		abort();
	issuer->key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	if (!issuer->key || !EVP_PKEY_is_a(issuer->key, "ED25519") ||
		EVP_PKEY_get_raw_public_key(issuer->key, issuer->public, &len) != 1 ||
		len != ISSUER_PUBLIC_LEN) {
		issuer_free(issuer);
		fault_set(why, ERR_INVALID, "%s: no Ed25519 key", path);
		return ERR_INVALID;
	}
	*out = issuer;
	return ERR_OK;
}

void
issuer_free(struct issuer *issuer)
{
	if (issuer)
		EVP_PKEY_free(issuer->key);
	free(issuer);
}

void
issuer_public(const struct issuer *issuer, uint8_t out[static ISSUER_PUBLIC_LEN])
{
	memcpy(out, issuer->public, ISSUER_PUBLIC_LEN);
}

void
issuer_id(const uint8_t public_key[static ISSUER_PUBLIC_LEN], char out[static ISSUER_ID_MAX])
{
	char text[HASH_TEXT_MAX];
	uint8_t hash[HASH_LEN];

	hash_bytes(public_key, ISSUER_PUBLIC_LEN, hash);
	hash_text(hash, text);
	snprintf(out, ISSUER_ID_MAX, "%.16s", text);
}

enum err
issuer_sign(const struct issuer *issuer, const void *bytes, size_t len,
	uint8_t out[static ISSUER_SIGNATURE_LEN], struct fault *why)
{
	size_t out_len = ISSUER_SIGNATURE_LEN;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_signed = context &&
			 EVP_DigestSignInit(context, NULL, NULL, NULL, issuer->key) == 1 &&
			 EVP_DigestSign(context, out, &out_len, bytes, len) == 1;

	EVP_MD_CTX_free(context);
	if (is_signed && out_len == ISSUER_SIGNATURE_LEN)
		return ERR_OK;
	fault_set(why, ERR_SYSTEM, "signing failed");
	return ERR_SYSTEM;
}

/*
 * Points of small order: for such a "key" a signature of zeroes is right for
 * every text.  RFC 8032 does not forbid them, and OpenSSL takes them; nobody's
 * key is one of them but by intent.  The sign, which is the highest bit, does
 * not matter.
 */
static bool
is_of_small_order(const uint8_t key[static ISSUER_PUBLIC_LEN])
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t without_sign[ISSUER_PUBLIC_LEN];
	char text[HASH_TEXT_MAX];

	memcpy(without_sign, key, sizeof without_sign);
	without_sign[ISSUER_PUBLIC_LEN - 1] &= 0x7f;
	hash_text(without_sign, text);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		if (!strcmp(text, points[i]))
			return true;
	return false;
}

bool
issuer_is_signature(const uint8_t public_key[static ISSUER_PUBLIC_LEN], const void *bytes,
	size_t len, const uint8_t signature[static ISSUER_SIGNATURE_LEN])
{
	if (is_of_small_order(public_key))
		return false;
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(
		NULL, "ED25519", NULL, public_key, ISSUER_PUBLIC_LEN);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = key && context &&
		       EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		       EVP_DigestVerify(context, signature, ISSUER_SIGNATURE_LEN, bytes, len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return is_good;
}

static bool
of_either_case(uint8_t *out, size_t len, const char *text)
{
	char lower[2 * ISSUER_SIGNATURE_LEN + 1];
	size_t n = 0;

	for (; text[n] && n + 1 < sizeof lower; n++)
		lower[n] = (char)tolower((unsigned char)text[n]);
	lower[n] = '\0';
	return !text[n] && hex_parse(out, len, lower);
}

bool
issuer_signature_from_text(uint8_t out[static ISSUER_SIGNATURE_LEN], const char *text)
{
	return of_either_case(out, ISSUER_SIGNATURE_LEN, text);
}

bool
issuer_from_text(uint8_t out[static ISSUER_PUBLIC_LEN], const char *text)
{
	return of_either_case(out, ISSUER_PUBLIC_LEN, text) && !is_of_small_order(out);
}
