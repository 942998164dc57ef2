/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures made here, at chosen times, by authorities made here; and two that
 * were made years ago by others, over files that lie in test_data().
 */
#include <openssl/cms.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "process/fetcher_signature.h"
#include "test.h"

enum { DAY = 86400 };
static const int64_t now_s = 1790000000; /* 2026-09-21 */

struct party {
	X509 *certificate;
	EVP_PKEY *key;
};

/* Those of all tests, until the end of the program. */
static struct party kept[64];
static size_t n_kept;

static void
free_kept(void)
{
	while (n_kept--) {
		X509_free(kept[n_kept].certificate);
		EVP_PKEY_free(kept[n_kept].key);
	}
}

static void
extend(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX ctx;
	union {
		const char *in;
		char *out;
	} text = {.in = value};

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, text.out);
	EXPECT(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

/* by NULL: an authority of its own. */
static struct party
party(const char *name, const struct party *by, const char *usage, int64_t from_s, int64_t to_s)
{
	struct party p = {X509_new(), EVP_EC_gen("P-256")};
	static long serial = 1;

	EXPECT(n_kept < COUNT_OF(kept));
	if (n_kept == 0)
		atexit(free_kept);
	kept[n_kept++] = p;
	X509_set_version(p.certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.certificate), serial++);
	ASN1_TIME_set(X509_getm_notBefore(p.certificate), from_s);
	ASN1_TIME_set(X509_getm_notAfter(p.certificate), to_s);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(p.certificate), "CN", MBSTRING_ASC,
		(const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(
		p.certificate, X509_get_subject_name(by ? by->certificate : p.certificate));
	X509_set_pubkey(p.certificate, p.key);
	extend(p.certificate, NID_basic_constraints, by ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (usage)
		extend(p.certificate, NID_key_usage, usage);
	EXPECT(X509_sign(p.certificate, by ? by->key : p.key, EVP_sha256()));
	return p;
}

static const char content[] = "{\n  \"a\": 1\n}\n"; /* plain line ends, as files have */

/* Length of the DER at *out; signed at that time, 0: without a time. */
static size_t
sign(unsigned char **out, const struct party *by, int64_t at_s, unsigned flags)
{
	BIO *bio = BIO_new_mem_buf(content, sizeof content - 1);
	flags |= CMS_BINARY | CMS_PARTIAL;
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_DETACHED);
	CMS_SignerInfo *info = CMS_add1_signer(
		cms, by->certificate, by->key, EVP_sha256(), at_s ? flags : flags | CMS_NOATTR);

	EXPECT(info);
	if (at_s) {
		ASN1_TIME *time = ASN1_TIME_set(NULL, at_s);
		EXPECT(CMS_signed_add1_attr_by_NID(
			info, NID_pkcs9_signingTime, time->type, time, -1));
		ASN1_TIME_free(time);
	}
	EXPECT(CMS_final(cms, bio, NULL, CMS_BINARY | CMS_DETACHED));
	*out = NULL;
	int len = i2d_CMS_ContentInfo(cms, out);
	EXPECT(len > 0);
	CMS_ContentInfo_free(cms);
	BIO_free(bio);
	return (size_t)len;
}

static struct signature said;

static enum signature_state
check(const struct party *by, const struct party *anchor, int64_t at_s, unsigned flags)
{
	unsigned char *der;
	size_t len = sign(&der, by, at_s, flags);
	X509_STORE *store = X509_STORE_new();

	if (anchor)
		X509_STORE_add_cert(store, anchor->certificate);
	signature_check(&said, content, sizeof content - 1, der, len, store, now_s);
	X509_STORE_free(store);
	OPENSSL_free(der);
	return said.state;
}

#define SIGNS "critical,digitalSignature"
#define LONG  now_s - 1000 * DAY, now_s + 1000 * DAY
#define PAST  now_s - 1000 * DAY, now_s - 10 * DAY

TEST(a_signature_whose_chain_leads_to_an_anchor_is_good_and_its_signer_named)
{
	struct party ca = party("Maker CA", NULL, NULL, LONG);
	struct party signer = party("Maker", &ca, SIGNS, LONG);

	EXPECT_INT(check(&signer, &ca, now_s - DAY, 0), SIGNATURE_GOOD);
	EXPECT(strstr(said.signer, "CN=Maker, key ") == said.signer);
	EXPECT_STR(said.why, "");
	EXPECT_INT(check(&signer, &ca, 0, 0), SIGNATURE_GOOD);
}

TEST(without_an_anchor_a_signer_is_untrusted_not_good)
{
	struct party ca = party("Maker CA", NULL, NULL, LONG);
	struct party other = party("Other CA", NULL, NULL, LONG);
	struct party signer = party("Maker", &ca, SIGNS, LONG);

	EXPECT_INT(check(&signer, NULL, now_s, 0), SIGNATURE_UNTRUSTED);
	EXPECT_INT(check(&signer, &other, now_s, 0), SIGNATURE_UNTRUSTED);
}

TEST(a_chain_that_expired_since_is_for_the_owner_and_one_expired_before_is_bad)
{
	struct party ca = party("Maker CA", NULL, NULL, LONG),
		     old_ca = party("CA", NULL, NULL, PAST);
	struct party signer = party("Maker", &ca, SIGNS, PAST);
	struct party under_old = party("Maker", &old_ca, SIGNS, LONG);

	EXPECT_INT(check(&signer, &ca, now_s - 20 * DAY, 0), SIGNATURE_EXPIRED);
	EXPECT_INT(check(&signer, &ca, now_s - 5 * DAY, 0), SIGNATURE_BAD);
	/* the authority may expire before the signer does */
	EXPECT_INT(check(&under_old, &old_ca, now_s - 20 * DAY, 0), SIGNATURE_EXPIRED);
	/* without a time it was signed now */
	EXPECT_INT(check(&signer, &ca, 0, 0), SIGNATURE_BAD);
	/* and nobody signs tomorrow */
	struct party fresh = party("Maker", &ca, SIGNS, LONG);
	EXPECT_INT(check(&fresh, &ca, now_s + DAY, 0), SIGNATURE_BAD);
}

TEST(key_usage_decides_and_nothing_else_does)
{
	struct party ca = party("Maker CA", NULL, NULL, LONG);
	struct party silent = party("Maker", &ca, NULL, LONG);
	struct party wrong = party("Maker", &ca, "critical,keyAgreement", LONG);
	struct party mail = party("Maker", &ca, SIGNS, LONG);

	EXPECT_INT(check(&silent, &ca, now_s, 0), SIGNATURE_BAD);
	EXPECT_INT(check(&wrong, &ca, now_s, 0), SIGNATURE_BAD);
	extend(mail.certificate, NID_ext_key_usage, "clientAuth,emailProtection");
	EXPECT(X509_sign(mail.certificate, ca.key, EVP_sha256()));
	EXPECT_INT(check(&mail, &ca, now_s, 0), SIGNATURE_GOOD);
	struct party authority = party("Root", NULL, "critical,digitalSignature,keyCertSign", LONG);
	EXPECT_INT(check(&authority, &authority, now_s, 0), SIGNATURE_BAD);
}

TEST(a_changed_byte_a_cut_signature_and_a_longer_one_are_bad)
{
	struct party ca = party("Maker CA", NULL, NULL, LONG);
	struct party signer = party("Maker", &ca, SIGNS, LONG);
	X509_STORE *store = X509_STORE_new();
	unsigned char *der, copy[8192];
	size_t len = sign(&der, &signer, now_s, 0);
	char changed[sizeof content];

	X509_STORE_add_cert(store, ca.certificate);
	memcpy(changed, content, sizeof content);
	changed[5] ^= 1;
	signature_check(&said, changed, sizeof content - 1, der, len, store, now_s);
	EXPECT_INT(said.state, SIGNATURE_BAD);
	signature_check(&said, content, sizeof content - 2, der, len, store, now_s);
	EXPECT_INT(said.state, SIGNATURE_BAD);
	EXPECT(len < sizeof copy - 1);
	memcpy(copy, der, len);
	copy[len] = 0;
	signature_check(&said, content, sizeof content - 1, copy, len + 1, store, now_s);
	EXPECT_INT(said.state, SIGNATURE_BAD);
	for (size_t cut = 0; cut < len; cut += 7) {
		signature_check(&said, content, sizeof content - 1, copy, cut, store, now_s);
		EXPECT_INT(said.state, SIGNATURE_BAD);
	}
	/* no single changed byte makes it better than it was */
	for (size_t at = 0; at < len; at += 3) {
		memcpy(copy, der, len);
		copy[at] ^= 0x55;
		signature_check(&said, content, sizeof content - 1, copy, len, NULL, now_s);
		EXPECT(said.state != SIGNATURE_GOOD && said.state != SIGNATURE_EXPIRED);
	}
	X509_STORE_free(store);
	OPENSSL_free(der);
}

/* --- the two signed files of the field --------------------------------------------------------- */

static size_t
slurp(const char *name, unsigned char *out, size_t size)
{
	char path[8192];
	const char *folder = test_data();

	if (!folder)
		SKIP("the folder with MUD files is not there");
	snprintf(path, sizeof path, "%s/mud/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		SKIP("the signed files are not there");
	size_t len = fread(out, 1, size, file);
	fclose(file);
	return len;
}

static void
check_field_file(const char *file_name, const char *cms_name, const char *signer)
{
	static unsigned char file[65536], cms[65536];
	size_t file_len = slurp(file_name, file, sizeof file);
	size_t cms_len = slurp(cms_name, cms, sizeof cms);
	X509_STORE *store = X509_STORE_new();

	signature_check(&said, file, file_len, cms, cms_len, store, now_s);
	print_message("  %s: %u %s (%s)\n", cms_name, said.state, said.signer, said.why);
	/* it fits the bytes as they are; nobody here vouches for the signer */
	EXPECT_INT(said.state, SIGNATURE_UNTRUSTED);
	EXPECT(strstr(said.signer, signer));
	file[file_len / 2] ^= 1;
	signature_check(&said, file, file_len, cms, cms_len, store, now_s);
	EXPECT_INT(said.state, SIGNATURE_BAD);
	EXPECT_STR(said.why, "does not fit the file");
	X509_STORE_free(store);
}

TEST(the_signatures_of_the_field_fit_their_files_byte_by_byte)
{
	check_field_file("micronets-mud-tools__doc__examples__ciscopi2.json",
		"micronets-mud-tools__ciscopi2.p7s", "NCCoE MUD File Signing");
	check_field_file("MUD-Manager__examples__luminaire__fs__Luminaire_150.json",
		"MUD-Manager__Luminaire_150.p7s", "Demo Luminaire Manufacturer");
}
