/* SPDX-License-Identifier: Apache-2.0 */
#include "process/fetcher_signature.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

/* Room for a clock that is not quite right. */
enum { CLOCK_SLACK_S = 3600 };

static void
verdict(struct signature *out, enum signature_state state, const char *why)
{
	out->state = state;
	memset(out->why, 0, sizeof out->why); /* it goes into a message: nothing behind its end */
	snprintf(out->why, sizeof out->why, "%s", why);
}

/* --- who signed ------------------------------------------------------------------------------- */

static void
signer_render(char *out, size_t size, X509 *signer)
{
	char subject[256] = "", shown[200];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio &&
		X509_NAME_print_ex(bio, X509_get_subject_name(signer), 0, XN_FLAG_RFC2253) >= 0) {
		int n = BIO_read(bio, subject, sizeof subject);
		printable(shown, sizeof shown, subject, n > 0 ? (size_t)n : 0);
	} else {
		shown[0] = '\0';
	}
	BIO_free(bio);
	if (X509_pubkey_digest(signer, EVP_sha256(), digest, &len) != 1 || len < 8)
		memset(digest, 0, 8);
	snprintf(out, size, "%s, key %02x%02x%02x%02x%02x%02x%02x%02x", shown, digest[0], digest[1],
		digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
}

/* The time that the signer claims; false when it claims none. */
static bool
signing_time(CMS_SignerInfo *info, int64_t *seconds)
{
	ASN1_TYPE *value = NULL;
	struct tm tm;
	int at = CMS_signed_get_attr_by_NID(info, NID_pkcs9_signingTime, -1);

	if (at < 0)
		return false;
	X509_ATTRIBUTE *attribute = CMS_signed_get_attr(info, at);
	if (attribute)
		value = X509_ATTRIBUTE_get0_type(attribute, 0);
	if (!value || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME) ||
		ASN1_TIME_to_tm(value->value.asn1_string, &tm) != 1)
		return false;
	*seconds = timegm(&tm);
	return true;
}

/* --- the chain ------------------------------------------------------------------------------------ */

/* X509_V_OK, or why no chain from the signer leads to an anchor at that time. */
static int
chain_error(X509 *signer, STACK_OF(X509) * others, X509_STORE *anchors, int64_t at_s)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (ctx && X509_STORE_CTX_init(ctx, anchors, signer, others)) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
		X509_VERIFY_PARAM_set_depth(param, SIGNATURE_CHAIN_MAX);
		X509_VERIFY_PARAM_set_auth_level(param, 1);
		X509_VERIFY_PARAM_set_time(param, (time_t)at_s);
		error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
		if (error == X509_V_OK && X509_STORE_CTX_get_error(ctx) != X509_V_OK)
			error = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	return error;
}

static bool
is_unknown_issuer(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
	       error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

static bool
may_sign(struct signature *out, X509 *signer)
{
	uint32_t flags = X509_get_extension_flags(signer);

	if (flags & EXFLAG_INVALID)
		verdict(out, SIGNATURE_BAD, "the signer's certificate is not valid");
	else if (!(flags & EXFLAG_KUSAGE) || !(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE))
		verdict(out, SIGNATURE_BAD,
			"the signer's certificate is not for digital signatures");
	else if (flags & EXFLAG_CA)
		verdict(out, SIGNATURE_BAD, "the signer is an authority, not a signer");
	else
		return true;
	return false;
}

static void
judge_chain(struct signature *out, CMS_ContentInfo *cms, CMS_SignerInfo *info, X509 *signer,
	X509_STORE *anchors, int64_t now_s)
{
	STACK_OF(X509) *others = CMS_get1_certs(cms);
	int64_t claimed_s = now_s;
	bool has_time = signing_time(info, &claimed_s);
	int error = chain_error(signer, others, anchors, now_s);

	if (has_time && claimed_s > now_s + CLOCK_SLACK_S)
		verdict(out, SIGNATURE_BAD, "signed in the future");
	else if (error == X509_V_OK)
		verdict(out, SIGNATURE_GOOD, "");
	else if (is_unknown_issuer(error))
		verdict(out, SIGNATURE_UNTRUSTED, "no trust anchor vouches for the signer");
	else if (error == X509_V_ERR_CERT_HAS_EXPIRED && has_time &&
		 chain_error(signer, others, anchors, claimed_s) == X509_V_OK)
		verdict(out, SIGNATURE_EXPIRED,
			"the chain has expired since; it was valid when the signer says it signed");
	else
		verdict(out, SIGNATURE_BAD, X509_verify_cert_error_string(error));
	sk_X509_pop_free(others, X509_free);
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static void
judge(struct signature *out, CMS_ContentInfo *cms, BIO *content, X509_STORE *anchors, int64_t now_s)
{
	STACK_OF(CMS_SignerInfo) * infos;
	X509 *signer = NULL;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || CMS_is_detached(cms) != 1) {
		verdict(out, SIGNATURE_BAD, "not a detached signature");
		return;
	}
	infos = CMS_get0_SignerInfos(cms);
	if (sk_CMS_SignerInfo_num(infos) != 1) {
		verdict(out, SIGNATURE_BAD, "not exactly one signer");
		return;
	}
	/*
	 * Binary: the bytes as they are, or a file with plain line ends never fits.
	 * The chain is judged apart, at two times.
	 */
	if (CMS_verify(cms, NULL, NULL, content, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) !=
		1) {
		verdict(out, SIGNATURE_BAD, "does not fit the file");
		return;
	}
	CMS_SignerInfo *info = sk_CMS_SignerInfo_value(infos, 0);
	CMS_SignerInfo_get0_algs(info, NULL, &signer, NULL, NULL);
	if (!signer) {
		verdict(out, SIGNATURE_BAD, "holds no certificate of its signer");
		return;
	}
	signer_render(out->signer, sizeof out->signer, signer);
	if (may_sign(out, signer))
		judge_chain(out, cms, info, signer, anchors, now_s);
}

void
signature_check(struct signature *out, const void *file, size_t file_len, const void *bytes,
	size_t len, X509_STORE *anchors, int64_t now_s)
{
	const unsigned char *at = bytes, *begin = bytes;

	memset(out, 0, sizeof *out);
	verdict(out, SIGNATURE_BAD, "not a CMS signature");
	if (len == 0 || len > SIGNATURE_BYTES_MAX || file_len == 0 || file_len > INT32_MAX)
		return;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
	BIO *content = BIO_new_mem_buf(file, (int)file_len);
	if (cms && content && (size_t)(at - begin) == len)
		judge(out, cms, content, anchors, now_s);
	BIO_free(content);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
}
