/* SPDX-License-Identifier: Apache-2.0 */
/* The list of ciphers in a declaration, and what was agreed on the wire. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/check.h"
#include "check/declared.h"

/* Those in use, by the names of IANA's registry "TLS Cipher Suites". */
static const struct {
	uint16_t suite;
	const char *name;
} suites[] = {
	{0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
	{0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
	{0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
	{0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
	{0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
	{0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
	{0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
	{0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
	{0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
	{0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
	{0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
	{0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
	{0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256"},
	{0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256"},
	{0x1301, "TLS_AES_128_GCM_SHA256"},
	{0x1302, "TLS_AES_256_GCM_SHA384"},
	{0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
	{0x1304, "TLS_AES_128_CCM_SHA256"},
	{0x1305, "TLS_AES_128_CCM_8_SHA256"},
	{0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
	{0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
	{0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
	{0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
	{0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
	{0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
	{0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
	{0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	{0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
	{0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8"},
	{0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
	{0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"},
	{0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"},
	{0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"},
	{0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
};

/* One spelling for "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" and "ECDHE-RSA-AES128-GCM-SHA256". */
static void
spell(const char *name, char out[static 64])
{
	static const char *const dropped[] = {"TLS", "WITH", "CBC"};
	size_t n = 0;

	/* "AES128-SHA" of OpenSSL has keys by RSA; TLS 1.3 names none: "TLS_AES_..." */
	if (!strncasecmp(name, "AES", 3))
		n = (size_t)snprintf(out, 64, "RSA");
	while (*name && n < 63) {
		size_t len = strcspn(name, "_-"), i = 0;
		while (i < COUNT_OF(dropped) &&
			(strlen(dropped[i]) != len || strncasecmp(name, dropped[i], len)))
			i++;
		for (size_t k = 0; i == COUNT_OF(dropped) && k < len && n < 63; k++)
			out[n++] = (char)toupper((unsigned char)name[k]);
		name += len + (name[len] != '\0');
	}
	out[n] = '\0';
	/* The hash behind Poly1305 is left unsaid by OpenSSL. */
	char *tail = strstr(out, "POLY1305SHA256");
	if (tail)
		tail[strlen("POLY1305")] = '\0';
}

/* Its number as four hexadecimal digits, with or without "0x" before them. */
static bool
is_number(const char *text, uint16_t *suite)
{
	const char *digits = text[0] == '0' && (text[1] | 32) == 'x' ? text + 2 : text;

	if (strlen(digits) != 4 || digits[strspn(digits, "0123456789abcdefABCDEF")])
		return false;
	*suite = (uint16_t)strtoul(digits, NULL, 16);
	return true;
}

const char *
declared_cipher_name(uint16_t suite, char out[static DECLARED_CIPHER_MAX])
{
	for (size_t i = 0; i < COUNT_OF(suites); i++)
		if (suites[i].suite == suite)
			return suites[i].name;
	snprintf(out, DECLARED_CIPHER_MAX, "cipher 0x%04x", suite);
	return out;
}

/* The number behind a name of the list; false where the name is not known here. */
static bool
suite_of(const char *name, uint16_t *suite)
{
	char one[64], other[64];

	if (is_number(name, suite))
		return true;
	spell(name, one);
	for (size_t i = 0; i < COUNT_OF(suites); i++) {
		spell(suites[i].name, other);
		if (strcmp(one, other) != 0)
			continue;
		*suite = suites[i].suite;
		return true;
	}
	return false;
}

enum declared_cipher
declared_has_cipher(const struct declared *declared, uint16_t suite)
{
	bool is_certain = true;
	uint16_t of_list;

	for (size_t i = 0; i < declared->n_ciphers; i++)
		if (!suite_of(declared->cipher[i], &of_list))
			is_certain = false;
		else if (of_list == suite)
			return CIPHER_DECLARED;
	return is_certain ? CIPHER_UNDECLARED : CIPHER_UNCERTAIN;
}

void
declared_judge_cipher(struct findings *findings, const struct declared *declared, uint16_t suite,
	const struct exchange *first, const struct exchange *again, const struct exchange *control,
	const char *where)
{
	enum declared_cipher is = declared_has_cipher(declared, suite);
	char name[DECLARED_CIPHER_MAX];

	if (is == CIPHER_DECLARED)
		return;
	if (is == CIPHER_UNDECLARED && declared->role == SIGNER_MAKER)
		findings_fail(findings, "5.5-1", first, again, control,
			"%.80s: %s is used, which the maker did not declare", where,
			declared_cipher_name(suite, name));
	else
		findings_inc(findings, "5.5-1", INC_NO_IXIT, first,
			"%.80s: %s is used, and is not in what the %s declared%s", where,
			declared_cipher_name(suite, name), declared_role_word(declared->role),
			is == CIPHER_UNCERTAIN ? ", which has names that are not known here" : "");
}
