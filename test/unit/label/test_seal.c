/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed, and how it is written: published vectors, and what is refused. */
#include "base/base64.h"
#include "base/hex.h"
#include "issued.h"
#include "label/base45.h"
#include "label/cbor.h"
#include "label/cwt.h"
#include "label/log.h"
#include "label/status.h"

static struct label label, again;
static struct issuer_keys keys, others;
static struct fault why;
static uint8_t by[ISSUER_PUBLIC_LEN];

/* --- letters ------------------------------------------------------------------------------------- */

TEST(base45_is_that_of_rfc_9285)
{
	static const struct {
		const char *bytes, *text;
	} known[] = {{"AB", "BB8"}, {"Hello!!", "%69 VD92EX0"}, {"base-45", "UJCLQE7W581"},
		{"ietf!", "QED8WEX0"}, {"", ""}};
	uint8_t bytes[32];
	size_t n;

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		auto_free char *text = base45_text(known[i].bytes, strlen(known[i].bytes));
		EXPECT_STR(text, known[i].text);
		EXPECT(base45_parse(text, strlen(text), bytes, sizeof bytes, &n));
		EXPECT_INT(n, strlen(known[i].bytes));
		EXPECT_MEM(bytes, known[i].bytes, n);
	}
	/* GGW is 65536, ::: is more; a letter alone; a small letter. */
	EXPECT(base45_parse("FGW", 3, bytes, sizeof bytes, &n));
	EXPECT(!base45_parse("GGW", 3, bytes, sizeof bytes, &n));
	EXPECT(!base45_parse(":::", 3, bytes, sizeof bytes, &n));
	EXPECT(!base45_parse("A", 1, bytes, sizeof bytes, &n));
	EXPECT(!base45_parse("bb8", 3, bytes, sizeof bytes, &n));
	EXPECT(!base45_parse("BB8BB8", 6, bytes, 3, &n));
}

TEST(there_is_one_base64_text_for_the_same_bytes)
{
	static const struct {
		const char *bytes, *text;
	} known[] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
	uint8_t bytes[32];
	size_t n;

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		auto_free char *text =
			base64_text(BASE64_PADDED, known[i].bytes, strlen(known[i].bytes));
		EXPECT_STR(text, known[i].text);
		EXPECT(base64_parse(BASE64_PADDED, text, strlen(text), bytes, sizeof bytes, &n));
		EXPECT_MEM(bytes, known[i].bytes, n);
	}
	EXPECT(!base64_parse(BASE64_PADDED, "Zg", 2, bytes, sizeof bytes, &n));
	EXPECT(!base64_parse(BASE64_PADDED, "Zh==", 4, bytes, sizeof bytes, &n));
	EXPECT(!base64_parse(BASE64_URL, "Zg==", 4, bytes, sizeof bytes, &n));
	EXPECT(!base64_parse(BASE64_URL, "Zh", 2, bytes, sizeof bytes, &n));
	EXPECT(!base64_parse(BASE64_URL, "Z g", 3, bytes, sizeof bytes, &n));
	EXPECT(!base64_parse(BASE64_URL, "++", 2, bytes, sizeof bytes, &n));
}

TEST(cbor_has_one_form_and_any_other_is_refused)
{
	static const struct {
		int64_t value;
		const char *hex;
	} known[] = {{0, "00"}, {23, "17"}, {24, "1818"}, {1000, "1903e8"}, {1000000, "1a000f4240"},
		{1000000000000, "1b000000e8d4a51000"}, {-1, "20"}, {-1000, "3903e7"}};
	static const char *const refused[] = {"1817", "190018", "1a00001000", "1b0000000000000001",
		"1c", "1f", "f6", "fb3ff199999999999a", "19", "1900"};
	uint8_t bytes[16];
	char hex[33];

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct cbor cbor = {.bytes = bytes, .size = sizeof bytes};
		cbor_int(&cbor, known[i].value);
		hex_text(bytes, cbor.len, hex);
		EXPECT_STR(hex, known[i].hex);
		struct reader r = reader_over(bytes, cbor.len);
		EXPECT(cbor_read_int(&r) == known[i].value && reader_ok(&r));
	}
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		EXPECT(hex_parse(bytes, strlen(refused[i]) / 2, refused[i]));
		struct reader r = reader_over(bytes, strlen(refused[i]) / 2);
		(void)cbor_read_int(&r);
		EXPECT(!reader_ok(&r));
	}
	/* A text that says it is longer than all that there is. */
	struct reader r = reader_over("\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9);
	EXPECT(!cbor_read_bytes(&r, CBOR_TEXT).at && !reader_ok(&r));
}

/* --- JWS ------------------------------------------------------------------------------------------- */

/* RFC 8037, appendix A: the key, and what OpenSSL says of its signature. */
TEST(the_signature_of_rfc_8037_is_right)
{
	static const char over[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
	static const char text[] =
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
		"MuM0KAg";
	uint8_t key[ISSUER_PUBLIC_LEN], signature[ISSUER_SIGNATURE_LEN];
	size_t n;

	EXPECT(issuer_from_text(
		key, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
	EXPECT(base64_parse(BASE64_URL, text, strlen(text), signature, sizeof signature, &n));
	EXPECT(issuer_is_signature(key, over, strlen(over), signature));
}

/* With another header, signed by the right key: what is refused is refused for what it says. */
static enum seal
seal_of_header(const struct issuer *issuer, const char *header)
{
	uint8_t signature[ISSUER_SIGNATURE_LEN];
	char text[2048];
	json_t *payload;

	auto_free char *first = base64_text(BASE64_URL, header, strlen(header));
	auto_free char *second = base64_text(BASE64_URL, "{\"a\":1}", 7);
	int len = snprintf(text, sizeof text, "%s.%s", first, second);
	EXPECT(!issuer_sign(issuer, text, (size_t)len, signature, &why));
	auto_free char *third = base64_text(BASE64_URL, signature, sizeof signature);
	snprintf(text + len, sizeof text - (size_t)len, ".%s", third);
	enum seal seal = jws_parse(text, strlen(text), "x+jwt", &keys, &payload, by, &why);
	EXPECT(!payload == (seal != SEAL_GOOD));
	json_decref(payload);
	return seal;
}

TEST(absent_wrong_strange_and_right_are_four_answers)
{
	struct issuer *issuer = issued_key(&keys), *other = issued_key(&others);
	char id[ISSUER_ID_MAX], header[600];
	json_t *payload;

	json_t *given = json_pack("{s:i}", "a", 1);
	auto_free char *text = jws_render(issuer, "x+jwt", given, &why);
	json_decref(given);
	EXPECT(text);
	EXPECT_INT(jws_parse(text, strlen(text), "x+jwt", &keys, &payload, by, &why), SEAL_GOOD);
	EXPECT_INT(json_integer_value(json_object_get(payload, "a")), 1);
	EXPECT_MEM(by, keys.key[0], sizeof by);
	json_decref(payload);
	EXPECT_INT(jws_parse("", 0, "x+jwt", &keys, &payload, by, &why), SEAL_ABSENT);
	EXPECT_INT(
		jws_parse(text, strlen(text), "x+jwt", &others, &payload, by, &why), SEAL_STRANGER);
	EXPECT_INT(jws_parse(text, strlen(text), "y+jwt", &keys, &payload, by, &why), SEAL_INVALID);
	for (size_t i = 0; i < strlen(text); i++) {
		char was = text[i];
		text[i] = was == 'A' ? 'B' : 'A';
		EXPECT(jws_parse(text, strlen(text), "x+jwt", &keys, &payload, by, &why) !=
			SEAL_GOOD);
		EXPECT(!payload);
		text[i] = was;
	}

	issuer_id(keys.key[0], id);
	snprintf(header, sizeof header, "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"x+jwt\"}", id);
	EXPECT_INT(seal_of_header(issuer, header), SEAL_GOOD);
	/* Another's signature under our name. */
	EXPECT_INT(seal_of_header(other, header), SEAL_INVALID);
	snprintf(header, sizeof header, "{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"x+jwt\"}", id);
	EXPECT_INT(seal_of_header(issuer, header), SEAL_INVALID);
	snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"x+jwt\"}", id);
	EXPECT_INT(seal_of_header(issuer, header), SEAL_INVALID);
	snprintf(header, sizeof header,
		"{\"alg\":\"EdDSA\",\"crit\":[\"b64\"],\"kid\":\"%s\",\"typ\":\"x+jwt\"}", id);
	EXPECT_INT(seal_of_header(issuer, header), SEAL_INVALID);
	snprintf(header, sizeof header,
		"{\"alg\":\"EdDSA\",\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"x+jwt\"}", id);
	EXPECT_INT(seal_of_header(issuer, header), SEAL_INVALID);
	issuer_free(issuer);
	issuer_free(other);
}

TEST(a_key_that_comes_with_the_signature_is_not_looked_at)
{
	struct issuer *issuer = issued_key(&keys), *other = issued_key(&others);
	auto_free char *x = base64_text(BASE64_URL, others.key[0], ISSUER_PUBLIC_LEN);
	char id[ISSUER_ID_MAX], header[600];

	issuer_id(others.key[0], id);
	snprintf(header, sizeof header,
		"{\"alg\":\"EdDSA\",\"jku\":\"https://evil.example/jwks.json\",\"jwk\":{\"crv\":"
		"\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"},\"kid\":\"%s\",\"typ\":\"x+jwt\"}",
		x, id);
	EXPECT_INT(seal_of_header(other, header), SEAL_STRANGER);
	issuer_id(keys.key[0], id);
	snprintf(header, sizeof header,
		"{\"alg\":\"EdDSA\",\"jwk\":{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"},"
		"\"kid\":\"%s\",\"typ\":\"x+jwt\"}",
		x, id);
	EXPECT_INT(seal_of_header(other, header), SEAL_INVALID);
	issuer_free(issuer);
	issuer_free(other);
}

/* --- QR codes ------------------------------------------------------------------------------------------ */

static enum seal
read_cwt(const char *text, const struct issuer_keys *trusted)
{
	uint8_t claims[CWT_BYTES_MAX];
	size_t n;

	return cwt_parse(&again, text, strlen(text), trusted, claims, &n, by, &why);
}

TEST(a_label_fits_into_a_qr_code_and_comes_back)
{
	struct issuer *issuer = issued_key(&keys);

	issued_label(&label, &keys);
	label.mandatory[VERDICT_FAIL] = 2;
	auto_free char *text = cwt_render(&label, issuer, &why);
	EXPECT(text);
	EXPECT(!strncmp(text, "https://labels.example/l/", 25));
	EXPECT(!strchr(text, ' '));
	EXPECT(strlen(text) < 600);
	EXPECT_INT(read_cwt(text, &keys), SEAL_GOOD);
	EXPECT_STR(again.model, "IPC-100");
	EXPECT_STR(again.issuer, label.issuer);
	EXPECT_STR(again.id, label.id);
	EXPECT_INT(again.mandatory[VERDICT_FAIL], 2);
	EXPECT_INT(again.revision, 3);
	EXPECT_INT(again.support_end, label.support_end);

	/* The URL before it sends people somewhere: it must be the signer's. */
	auto_free char *elsewhere = strdup(text);
	memcpy(elsewhere, "https://labelz", 14);
	EXPECT_INT(read_cwt(elsewhere, &keys), SEAL_INVALID);
	issuer_free(issued_key(&others));
	EXPECT_INT(read_cwt(text, &others), SEAL_STRANGER);
	EXPECT_INT(read_cwt("https://labels.example/l/abc", &keys), SEAL_ABSENT);
	EXPECT_INT(read_cwt("", &keys), SEAL_ABSENT);
	for (char *at = strchr(text, '#') + 1; *at; at++) {
		char was = *at;
		*at = was == '7' ? '8' : '7';
		EXPECT(read_cwt(text, &keys) != SEAL_GOOD);
		EXPECT(!again.id[0]);
		*at = was;
	}
	issuer_free(issuer);
}

/* --- statuses ------------------------------------------------------------------------------------------ */

/* So many labels that hold. */
static void
list_of(struct status_list *list, size_t n)
{
	memset(list, 0, sizeof *list);
	strcpy(list->issuer, "https://labels.example");
	list->issued_s = ISSUED_S;
	list->until_s = ISSUED_S + 600;
	list->ttl_s = 600;
	list->n = n;
}

TEST(a_status_and_a_list_say_the_same)
{
	static struct status_list list, from;
	struct issuer *issuer = issued_key(&keys);
	struct label_now now = {
		.status = STATUS_SUSPENDED, .reason = "recalled", .is_recalled = true};
	struct status_token token;

	issued_label(&label, &keys);
	auto_free char *one = status_render(issuer, &label, &now, ISSUED_S, 600, &why);
	EXPECT_INT(status_parse(&token, one, strlen(one), &keys, by, &why), SEAL_GOOD);
	EXPECT_STR(token.label, label.id);
	EXPECT_INT(token.now.status, STATUS_SUSPENDED);
	EXPECT(token.now.is_recalled);
	EXPECT(status_is_fresh(token.issued_s, token.until_s, ISSUED_S + 599));
	EXPECT(!status_is_fresh(token.issued_s, token.until_s, ISSUED_S + 600));
	EXPECT(!status_is_fresh(token.issued_s, token.until_s, ISSUED_S - 301));

	list_of(&from, 7);
	from.code[5] = label_status_code(STATUS_SUSPENDED);
	from.code[6] = label_status_code(STATUS_RETEST_DUE);
	from.n_fallen = 1;
	from.fallen[0] = (struct status_fallen){5, true, "it is recalled: overheats"};
	auto_free char *all = status_list_render(issuer, &from, &why);
	EXPECT_INT(status_list_parse(&list, all, strlen(all), &keys, by, &why), SEAL_GOOD);
	EXPECT(list.n >= from.n);
	EXPECT_INT(list.ttl_s, 600);
	EXPECT_MEM(list.code, from.code, from.n);
	/* Whoever reads the whole list, as everybody does, has the reason as well. */
	status_list_now(&list, 5, &now);
	EXPECT_INT(now.status, STATUS_SUSPENDED);
	EXPECT(now.is_recalled);
	EXPECT_STR(now.reason, "it is recalled: overheats");
	status_list_now(&list, 6, &now);
	EXPECT_INT(now.status, STATUS_RETEST_DUE);
	EXPECT_STR(now.reason, "");
	status_list_now(&list, 4000, &now);
	EXPECT_INT(now.status, STATUS_UNKNOWN);
	/* The one is no list, and a list no status. */
	EXPECT_INT(status_list_parse(&list, one, strlen(one), &keys, by, &why), SEAL_INVALID);
	EXPECT_INT(status_parse(&token, all, strlen(all), &keys, by, &why), SEAL_INVALID);
	issuer_free(issuer);
}

/* Two bits a status in the draft's example; four in ours, the lower index in the lower half. */
TEST(a_list_of_thousands_is_small)
{
	static struct status_list list;
	struct issuer *issuer = issued_key(&keys);

	list_of(&list, 50000);
	list.code[49999] = 2;
	auto_free char *all = status_list_render(issuer, &list, &why);
	EXPECT(all && strlen(all) < 1000);
	issuer_free(issuer);
}

TEST(a_list_that_inflates_beyond_its_bound_is_refused)
{
	static struct status_list list, from;
	struct issuer *issuer = issued_key(&keys);

	list_of(&from, STATUS_LIST_MAX);
	auto_free char *whole = status_list_render(issuer, &from, &why);
	EXPECT_INT(status_list_parse(&list, whole, strlen(whole), &keys, by, &why), SEAL_GOOD);
	EXPECT_INT(list.n, STATUS_LIST_MAX);
	from.n++;
	EXPECT(!status_list_render(issuer, &from, &why));

	/* As many reasons as there may be, each as long as it may be, fit into what is fetched. */
	list_of(&from, STATUS_FALLEN_MAX);
	from.n_fallen = STATUS_FALLEN_MAX;
	for (uint32_t i = 0; i < STATUS_FALLEN_MAX; i++) {
		from.fallen[i].index = i;
		memset(from.fallen[i].reason, '\\', sizeof from.fallen[i].reason - 1);
	}
	auto_free char *long_one = status_list_render(issuer, &from, &why);
	EXPECT(long_one && strlen(long_one) < 256 * 1024);
	EXPECT_INT(
		status_list_parse(&list, long_one, strlen(long_one), &keys, by, &why), SEAL_GOOD);
	EXPECT_INT(list.n_fallen, STATUS_FALLEN_MAX);

	/* 64 KiB of zeroes, twice what a list may be. */
	static const char bomb[] =
		"eNrtwQEBAAAAgJD-r-4ICgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGoADwAB";
	json_t *payload = json_pack("{s:s, s:s, s:i, s:i, s:{s:i, s:s}}", "iss",
		"https://labels.example", "sub", "https://labels.example/status-list.jwt", "iat", 1,
		"exp", 2, "status_list", "bits", 4, "lst", bomb);
	auto_free char *text = jws_render(issuer, STATUS_LIST_TYPE, payload, &why);
	EXPECT_INT(status_list_parse(&list, text, strlen(text), &keys, by, &why), SEAL_INVALID);
	json_decref(payload);
	issuer_free(issuer);
}

/* --- the log ----------------------------------------------------------------------------------------------- */

static void
expect_root(const struct log_tree *tree, size_t n, const char *hex)
{
	uint8_t root[HASH_LEN];
	char text[HASH_TEXT_MAX];

	log_root(tree, n, root);
	hash_text(root, text);
	EXPECT_STR(text, hex);
}

/* The eight leaves by which logs of certificates are tried. */
TEST(the_hashes_of_the_log_are_those_of_rfc_6962)
{
	static const char *const leaves[] = {"", "00", "10", "2021", "3031", "40414243",
		"5051525354555657", "606162636465666768696a6b6c6d6e6f"};
	struct log_tree tree = {0};
	uint8_t bytes[16];

	for (size_t i = 0; i < COUNT_OF(leaves); i++) {
		EXPECT(hex_parse(bytes, strlen(leaves[i]) / 2, leaves[i]));
		log_add(&tree, bytes, strlen(leaves[i]) / 2);
	}
	expect_root(&tree, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_root(&tree, 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	expect_root(&tree, 5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4");
	expect_root(&tree, 8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
	log_free(&tree);
}

TEST(every_entry_and_every_earlier_log_can_be_proved_and_nothing_else)
{
	struct log_tree tree = {0};
	struct log_proof proof;
	uint8_t root[HASH_LEN], old[HASH_LEN];

	for (uint32_t i = 0; i < 70; i++)
		log_add(&tree, &i, sizeof i);
	for (size_t n = 1; n <= tree.n; n++) {
		log_root(&tree, n, root);
		for (size_t at = 0; at < n; at++) {
			log_prove_inclusion(&tree, at, n, &proof);
			EXPECT(log_is_included(tree.leaf[at], at, n, &proof, root));
			EXPECT(!log_is_included(tree.leaf[(at + 1) % tree.n], at, n, &proof, root));
			EXPECT(!log_is_included(tree.leaf[at], at + 1, n, &proof, root));
			if (proof.n) {
				proof.n--;
				EXPECT(!log_is_included(tree.leaf[at], at, n, &proof, root));
			}
		}
		for (size_t m = 0; m <= n; m++) {
			log_root(&tree, m, old);
			log_prove_consistency(&tree, m, n, &proof);
			EXPECT(log_is_consistent(m, n, old, root, &proof));
			old[0] ^= 1;
			EXPECT(!log_is_consistent(m, n, old, root, &proof));
		}
	}
	log_free(&tree);
}

TEST(a_checkpoint_holds_for_the_key_that_signed_it)
{
	struct issuer *issuer = issued_key(&keys);
	struct log_checkpoint is = {.origin = "labels.example/log", .n = 20852163}, read;

	memset(is.root, 7, sizeof is.root);
	auto_free char *note = log_checkpoint_render(&is, issuer, &why);
	EXPECT(strstr(note, "labels.example/log\n20852163\nBwcHBwcH"));
	EXPECT_INT(log_checkpoint_parse(&read, note, strlen(note), &keys, by, &why), SEAL_GOOD);
	EXPECT_INT(read.n, is.n);
	EXPECT_MEM(read.root, is.root, HASH_LEN);
	issuer_free(issued_key(&others));
	EXPECT_INT(
		log_checkpoint_parse(&read, note, strlen(note), &others, by, &why), SEAL_STRANGER);
	EXPECT_INT(log_checkpoint_parse(&read, "", 0, &keys, by, &why), SEAL_ABSENT);
	note[20] ^= 1; /* the size */
	EXPECT(log_checkpoint_parse(&read, note, strlen(note), &keys, by, &why) == SEAL_INVALID);
	issuer_free(issuer);
}

TEST(a_witness_vouches_for_the_checkpoint_that_it_signed_and_no_other)
{
	/* The example of tlog-cosignature says what such a line looks like; this one is signed here. */
	struct issuer *issuer = issued_key(&keys), *watcher = issued_key(&others);
	struct log_checkpoint is = {.origin = "labels.example/log", .n = 4};
	uint8_t line[4 + 8 + ISSUER_SIGNATURE_LEN] = {[8] = 0x69, [9] = 0x55, [10] = 0xb9},
			     hash[HASH_LEN], key[1 + ISSUER_PUBLIC_LEN] = {4};
	struct log_witness witness;
	char message[2048], cosigned[2048], vkey[200];
	int64_t at_s;

	memset(is.root, 7, sizeof is.root);
	auto_free char *note = log_checkpoint_render(&is, issuer, &why);
	size_t body_len = (size_t)(strstr(note, "\n\n") + 1 - note);
	memcpy(key + 1, others.key[0], ISSUER_PUBLIC_LEN);
	hash_parts((struct hash_part[]){{"witness.example/w1\n", 19}, {key, sizeof key}}, 2, hash);
	memcpy(line, hash, 4);
	snprintf(message, sizeof message, "cosignature/v1\ntime %u\n%.*s", 0x6955b900u,
		(int)body_len, note);
	EXPECT(!issuer_sign(watcher, message, strlen(message), line + 12, &why));
	auto_free char *text = base64_text(BASE64_PADDED, line, sizeof line);
	snprintf(cosigned, sizeof cosigned, "%s\xe2\x80\x94 witness.example/w1 %s\n", note, text);
	auto_free char *key_text = base64_text(BASE64_PADDED, key, sizeof key);
	snprintf(vkey, sizeof vkey, "witness.example/w1+%02x%02x%02x%02x+%s", hash[0], hash[1],
		hash[2], hash[3], key_text);

	EXPECT(log_witness_parse(&witness, vkey));
	EXPECT(log_is_witnessed(&witness, cosigned, strlen(cosigned), &at_s));
	EXPECT_INT(at_s, 0x6955b900);
	/* The log's own signature is there as before. */
	EXPECT_INT(
		log_checkpoint_parse(&is, cosigned, strlen(cosigned), &keys, by, &why), SEAL_GOOD);
	EXPECT(!log_is_witnessed(&witness, note, strlen(note), &at_s));
	char *size = strstr(cosigned, "\n4\n");
	EXPECT(size);
	size[1] = '5';
	EXPECT(!log_is_witnessed(&witness, cosigned, strlen(cosigned), &at_s));
	/* A key of another type, an id that is not its own, no name. */
	EXPECT(!log_witness_parse(&witness, strchr(vkey, '+')));
	EXPECT(!log_witness_parse(&witness, "witness.example/w1"));
	vkey[19] = vkey[19] == '0' ? '1' : '0';
	EXPECT(!log_witness_parse(&witness, vkey));
	issuer_free(issuer);
	issuer_free(watcher);
}

TEST(the_files_of_the_log_are_where_a_monitor_looks)
{
	static uint8_t hash[LOG_TILE][HASH_LEN];
	char path[LOG_PATH_MAX];
	struct log_tree tree = {0};
	uint8_t root[HASH_LEN];

	log_tile_path(path, 0, 1234067, LOG_TILE);
	EXPECT_STR(path, "tile/0/x001/x234/067");
	log_tile_path(path, -1, 0, 17);
	EXPECT_STR(path, "tile/entries/000.p/17");
	log_tile_path(path, 1, 999, 1);
	EXPECT_STR(path, "tile/1/999.p/1");
	log_tile_path(path, 1, 1000, LOG_TILE);
	EXPECT_STR(path, "tile/1/x001/000");
	for (uint32_t i = 0; i < 600; i++)
		log_add(&tree, &i, sizeof i);
	EXPECT_INT(log_tile(&tree, tree.n, 0, 2, hash), 88);
	EXPECT_INT(log_tile(&tree, tree.n, 0, 3, hash), 0);
	EXPECT_INT(log_tile(&tree, tree.n, 1, 0, hash), 2);
	log_root(&tree, 256, root);
	EXPECT_MEM(hash[0], root, HASH_LEN);
	EXPECT_INT(log_tile(&tree, tree.n, 2, 0, hash), 0);
	log_free(&tree);
}
