/* SPDX-License-Identifier: Apache-2.0 */
#include "check/declared.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/printable.h"
#include "check/traffic.h"
#include "tale.h"

/* What stands around the answers of a declaration that is signed by this role. */
#define BY(role)                                                                                   \
	"{\"schema\": \"pinfold-declaration-1\", \"signer\": {\"name\": \"A. Maker\", \"role\": "  \
	"\"" role "\", \"date\": \"2026-11-20\"}, "

static struct declared *
read_as(const char *text, struct fault *why)
{
	return declared_parse(text, strlen(text), why);
}

static void
refused(const char *text, const char *place)
{
	struct fault why = {0};
	auto_free struct declared *declared = read_as(text, &why);

	EXPECT(!declared);
	EXPECT(is_printable(why.text));
	if (strncmp(why.text, place, strlen(place)))
		fail_msg("\"%s\" does not begin with \"%s\"", why.text, place);
}

static struct transcript *
with(const char *text)
{
	struct transcript *t = transcript_new(NULL);

	assert_true(declared_write(t, DECLARED_STEP, "d.json", text, strlen(text), 1764547200));
	return t;
}

/* --- the form -------------------------------------------------------------------------------------- */

TEST(every_provision_and_each_of_their_conditions_has_a_question)
{
	size_t count[128] = {0};

	for (size_t i = 0; i < n_questions; i++) {
		count[(unsigned char)questions[i].class]++;
		EXPECT_INT(question_find(questions[i].id), (int)i);
		EXPECT(questions[i].text[strlen(questions[i].text) - 1] == '?' ||
			strchr(questions[i].text, '?'));
	}
	EXPECT_INT(count['M'], 36);
	EXPECT_INT(count['R'], 42);
	EXPECT_INT(count['C'], 32);
	EXPECT_INT(question_find("5.1"), -1);
}

TEST(the_empty_form_is_refused_until_somebody_signs_it_and_says_nothing_then)
{
	char *form = NULL;
	size_t len = 0;
	struct fault why;

	FILE *file = open_memstream(&form, &len);
	declared_template(file, "Example \"Maker\"", "CAM-200", "2026-11-20");
	assert_true(fclose(file) == 0);
	EXPECT(len < DECLARED_BYTES_MAX / 2);
	refused(form, "signer.name: missing");

	json_t *root = json_loadb(form, len, 0, NULL);
	json_t *signer = json_object_get(root, "signer");
	json_object_set_new(signer, "name", json_string("A. Maker"));
	json_object_set_new(signer, "role", json_string("maker"));
	auto_free char *signed_form = json_dumps(root, 0);
	json_decref(root);
	auto_free struct declared *declared = read_as(signed_form, &why);
	assert_true(declared != NULL);
	EXPECT_STR(declared->model, "CAM-200");
	for (size_t i = 0; i < n_questions; i++)
		EXPECT_INT(declared->answer[i].says, SAYS_NOTHING);
	EXPECT(!declared_has_port(declared, 6, 443));
	free(form);
}

TEST(a_declaration_with_a_slip_is_refused_and_the_place_is_named)
{
	refused("", "line 1");
	refused("[]", "schema");
	refused("{\"schema\": \"pinfold-declaration-2\"}", "schema");
	refused("{\"schema\": \"pinfold-declaration-1\"}", "signer: absent");
	refused(BY("friend") "\"answers\": {}}", "signer.role");
	refused(BY("maker") "\"answer\": {}}", "the declaration: nobody knows the member");
	refused(BY("maker") "\"answers\": {\"5.1-9\": {\"answer\": \"yes\"}}}",
		"answers: there is no question");
	refused(BY("maker") "\"answers\": {\"5.1-1\": {\"answer\": \"maybe\"}}}",
		"5.1-1: the answer");
	refused(BY("maker") "\"answers\": {\"5.1-1\": {\"answre\": \"yes\"}}}",
		"5.1-1: nobody knows");
	refused(BY("maker") "\"ports\": [{\"port\": \"tcp/70000\"}]}", "ports[0]: not valid");
	refused(BY("maker") "\"ports\": [{\"port\": \"tcp/20-10\"}]}", "ports[0]: not valid");
	refused(BY("maker") "\"hosts\": [{\"host\": \"a b.example\"}]}", "hosts[0]: not valid");
	refused(BY("maker") "\"hosts\": [{\"host\": \"*\"}]}", "hosts[0]: not valid");
	refused(BY("maker") "\"device\": {\"support_end\": \"2030-02-30\"}}", "device.support_end");
	refused(BY("maker") "\"device\": {\"model\": [[[[[]]]]]}}", "nested deeper");
}

TEST(names_from_outside_are_escaped_where_a_declaration_is_read)
{
	struct fault why;
	auto_free struct declared *declared =
		read_as("{\"schema\": \"pinfold-declaration-1\", \"signer\": {\"name\": "
			"\"\\u001b[2J\", \"role\": "
			"\"owner\", \"date\": \"2026-11-20\"}}",
			&why);

	assert_true(declared != NULL);
	EXPECT(is_printable(declared->signer));
	refused("{\"schema\": \"pinfold-declaration-1\", \"\\u001b\": 1}",
		"the declaration: nobody");
}

TEST(a_port_or_host_is_declared_by_its_row_alone)
{
	struct fault why;
	auto_free struct declared *declared =
		read_as(BY("maker") "\"ports\": [{\"port\": \"tcp/443\", \"purpose\": \"page\"}, "
				    "{\"port\": "
				    "\"udp/5000-5010\"}], \"hosts\": [{\"host\": "
				    "\"cloud.example\"}, {\"host\": "
				    "\"*.maker.example\"}]}",
			&why);

	assert_true(declared != NULL);
	EXPECT(declared_has_port(declared, 6, 443));
	EXPECT(!declared_has_port(declared, 17, 443));
	EXPECT(declared_has_port(declared, 17, 5010));
	EXPECT(!declared_has_port(declared, 17, 5011));
	EXPECT(declared_has_host(declared, "Cloud.Example"));
	EXPECT(!declared_has_host(declared, "evil-cloud.example"));
	EXPECT(declared_has_host(declared, "a.b.maker.example"));
	EXPECT(!declared_has_host(declared, "maker.example"));
	EXPECT(!declared_has_host(declared, "maker.example.evil.example"));
}

/* --- what follows ---------------------------------------------------------------------------------- */

TEST(where_nothing_was_declared_nothing_is_said)
{
	struct transcript *t = transcript_new(NULL);

	judged.n = 0;
	check_judge(check_named("declaration"), t, &judged);
	check_judge(check_named("papers"), t, &judged);
	EXPECT_INT(judged.n, 0);
	transcript_free(t);
}

TEST(yes_is_declared_and_never_passed)
{
	struct transcript *t =
		with(BY("maker") "\"answers\": {\"5.4-3\": {\"answer\": \"yes\", \"text\": "
				 "\"see the design\"}, \"F:a\": {\"answer\": \"yes\"}}}");
	const struct finding *finding = verdict_of(t, "declaration", "5.4-3");

	EXPECT_VERDICT(finding, "DECL");
	EXPECT(strstr(finding->text, "A. Maker (maker, 2026-11-20): see the design"));
	EXPECT_INT(finding->n_evidence, 1);
	EXPECT_VERDICT(verdict_of(t, "declaration", "F:a"), "DECL");
	for (size_t i = 0; i < judged.n; i++)
		EXPECT(judged.finding[i].word != VERDICT_PASS);
	transcript_free(t);
}

TEST(no_is_neither_passed_nor_shown_as_tested)
{
	struct transcript *t = with(BY("maker") "\"answers\": {\"5.1-1\": {\"answer\": \"no\"}}}");

	EXPECT_INC(verdict_of(t, "declaration", "5.1-1"), "DECLARED_NO");
	transcript_free(t);
}

TEST(what_applies_to_every_device_cannot_be_declared_away)
{
	struct transcript *t = with(BY(
		"maker") "\"answers\": {\"5.2-1\": {\"answer\": \"not applicable\", \"reason\": "
			 "\"small "
			 "company\"}, \"5.1-1\": {\"answer\": \"not applicable\", \"reason\": \"no "
			 "passwords\"}, \"5.1-2\": {\"answer\": \"not applicable\"}, \"5.6-3\": "
			 "{\"answer\": \"not applicable\", \"reason\": \"no ports\"}}}");

	EXPECT_INC(verdict_of(t, "declaration", "5.2-1"), "DECLARED_NO");
	EXPECT_VERDICT(verdict_of(t, "declaration", "5.1-1"), "NA");
	EXPECT_INC(verdict_of(t, "declaration", "5.1-2"), "NO_IXIT");
	EXPECT_VERDICT(verdict_of(t, "declaration", "5.6-3"), "NA");
	transcript_free(t);
}

TEST(limits_of_the_hardware_are_the_makers_to_claim)
{
	struct transcript *t =
		with(BY("owner") "\"answers\": {\"C:14\": {\"answer\": \"no\", \"reason\": "
				 "\"slow\"}, \"F:a\": {\"answer\": \"no\"}}}");

	EXPECT_INC(verdict_of(t, "declaration", "C:14"), "NO_IXIT");
	EXPECT_VERDICT(verdict_of(t, "declaration", "F:a"), "NA");
	transcript_free(t);
	t = with(BY("maker") "\"answers\": {\"C:14\": {\"answer\": \"no\", \"reason\": \"a battery "
			     "of 2 "
			     "years\"}, \"C:15\": {\"answer\": \"no\"}}}");
	EXPECT_VERDICT(verdict_of(t, "declaration", "C:14"), "NA");
	EXPECT_INC(verdict_of(t, "declaration", "C:15"), "NO_IXIT");
	transcript_free(t);
}

/* An answer to every recommendation; those that are not met have this reason. */
static struct transcript *
all_recommended(const char *answer, const char *reason)
{
	json_t *answers = json_object();

	for (size_t i = 0; i < n_questions; i++)
		if (questions[i].class == 'R')
			json_object_set_new(answers, questions[i].id,
				json_pack("{s:s, s:s}", "answer", answer, "reason", reason));
	json_t *root = json_pack("{s:s, s:{s:s, s:s, s:s}, s:o}", "schema", "pinfold-declaration-1",
		"signer", "name", "A. Maker", "role", "maker", "date", "2026-11-20", "answers",
		answers);
	auto_free char *text = json_dumps(root, 0);
	json_decref(root);
	return with(text);
}

TEST(a_recommendation_that_is_not_met_needs_a_reason)
{
	struct transcript *t = all_recommended("no", "");
	const struct finding *finding = verdict_of(t, "declaration", "5.0-1");

	EXPECT_VERDICT(finding, "FAIL");
	EXPECT(strstr(finding->text, "42 recommendations"));
	transcript_free(t);

	t = all_recommended("no", "too dear");
	EXPECT_VERDICT(verdict_of(t, "declaration", "5.0-1"), "DECL");
	transcript_free(t);

	t = with(BY("maker") "\"answers\": {\"5.2-2\": {\"answer\": \"yes\"}}}");
	EXPECT_INC(verdict_of(t, "declaration", "5.0-1"), "NO_IXIT");
	transcript_free(t);
}

/* --- against what was found ------------------------------------------------------------------------ */

static struct transcript *
with_ports(const char *declaration, bool is_asked)
{
	struct transcript *t = with(declaration);

	tell_ports(t, "80,8080");
	if (is_asked) {
		TELL(t, "tcp-ports", "service", 1, 80, .received = "HTTP/1.0 200 OK\r\n\r\n");
		TELL(t, "tcp-ports", "service", 1, 8080, .received = "HTTP/1.0 200 OK\r\n\r\n");
	}
	tell_end(t, "tcp-ports");
	return t;
}

#define PORT_80  "\"ports\": [{\"port\": \"tcp/80\"}]}"
#define PORT_ALL "\"ports\": [{\"port\": \"tcp/80\"}, {\"port\": \"tcp/8080\"}]}"

TEST(an_open_port_that_the_maker_did_not_declare_fails)
{
	struct transcript *t = with_ports(BY("maker") PORT_80, true);
	const struct finding *finding = verdict_of(t, "tcp-ports", "5.6-1");

	EXPECT_VERDICT(finding, "FAIL");
	EXPECT_INT(finding->port, 8080);
	EXPECT(!finding->is_critical);
	EXPECT_INT(finding->n_evidence, 3);
	transcript_free(t);
}

TEST(a_port_that_was_seen_once_or_that_an_owner_left_out_fails_nobody)
{
	struct transcript *t = with_ports(BY("maker") PORT_80, false);

	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "NOT_REPRODUCED");
	transcript_free(t);
	t = with_ports(BY("owner") PORT_80, true);
	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "NO_IXIT");
	transcript_free(t);
}

TEST(open_ports_pass_where_the_maker_declared_all_of_them_and_none_was_left_out)
{
	struct transcript *t = with_ports(BY("maker") PORT_ALL, true);

	EXPECT_VERDICT(verdict_of(t, "tcp-ports", "5.6-1"), "PASS");
	EXPECT_VERDICT(verdict_of(t, "tcp-ports", "5.6-5"), "PASS");
	transcript_free(t);
	t = with_ports(BY("tester") PORT_ALL, true);
	EXPECT_VERDICT(verdict_of(t, "tcp-ports", "5.6-1"), "NFF");
	transcript_free(t);
}

TEST(a_declaration_without_a_list_of_ports_settles_nothing_about_them)
{
	struct transcript *t = with_ports(BY("maker") "\"ports\": []}", true);

	EXPECT_INC(verdict_of(t, "tcp-ports", "5.6-1"), "NO_IXIT");
	transcript_free(t);
}

TEST(a_declaration_that_was_spoiled_is_none)
{
	struct transcript *t = with("{\"schema\": \"pinfold-declaration-1\"");

	EXPECT(!declared_in(t, NULL));
	judged.n = 0;
	check_judge(check_named("declaration"), t, &judged);
	EXPECT_INT(judged.n, 0);
	transcript_free(t);
}

TEST(a_service_over_udp_is_held_against_the_list_as_well)
{
	static const uint8_t answer[12] = {0x50, 0x46, 0x84};
	struct transcript *t = with(BY("maker") "\"ports\": [{\"port\": \"tcp/80\"}]}");

	TELL(t, "udp-services", "begin");
	TELL(t, "udp-services", "control", 1, 46713, 17, .end = EXCHANGE_SILENT);
	TELL(t, "udp-services", "dns", 1, 53, 17, .received = answer, .n_received = sizeof answer);
	TELL(t, "udp-services", "dns", 2, 53, 17, .received = answer, .n_received = sizeof answer);
	tell_end(t, "udp-services");
	EXPECT_VERDICT(verdict_of(t, "udp-services", "5.6-1"), "FAIL");
	transcript_free(t);

	t = with(BY("maker") "\"ports\": [{\"port\": \"udp/53\"}]}");
	TELL(t, "udp-services", "begin");
	TELL(t, "udp-services", "control", 1, 46713, 17, .end = EXCHANGE_SILENT);
	TELL(t, "udp-services", "dns", 1, 53, 17, .received = answer, .n_received = sizeof answer);
	tell_end(t, "udp-services");
	EXPECT_VERDICT(verdict_of(t, "udp-services", "5.6-1"), "NFF");
	transcript_free(t);
}

/* --- servers --------------------------------------------------------------------------------------- */

static struct transcript *
talks_to(const char *declaration, const char *name, uint32_t count)
{
	struct transcript *t = transcript_new(NULL);
	struct traffic_fact fact = {.step = "tls-hello",
		.proto = 6,
		.port = 443,
		.detail = "version=1.3",
		.count = 3,
		.first_s = 1764547200,
		.last_s = 1764550800};

	traffic_write_watch(t, 1764547200, 7200, 0);
	assert_true(ip_parse(&fact.address, "198.18.0.1"));
	fact.text = "cloud.example";
	traffic_write(t, &fact);
	assert_true(ip_parse(&fact.address, "198.18.0.2"));
	fact.text = name;
	fact.count = count;
	traffic_write(t, &fact);
	declared_write(t, DECLARED_STEP, "d.json", declaration, strlen(declaration), 1764547200);
	return t;
}

#define HOSTS "\"hosts\": [{\"host\": \"cloud.example\"}]}"

TEST(a_server_that_the_maker_did_not_declare_fails_once_it_was_seen_twice)
{
	struct transcript *t = talks_to(BY("maker") HOSTS, "ads.example", 2);

	EXPECT_VERDICT(verdict_of(t, "traffic", "5.6-5"), "FAIL");
	transcript_free(t);
	t = talks_to(BY("maker") HOSTS, "ads.example", 1);
	EXPECT_INC(verdict_of(t, "traffic", "5.6-5"), "NOT_REPRODUCED");
	transcript_free(t);
	t = talks_to(BY("owner") HOSTS, "ads.example", 2);
	EXPECT_INC(verdict_of(t, "traffic", "5.6-5"), "NO_IXIT");
	transcript_free(t);
	t = talks_to(BY("maker") HOSTS, "cloud.example", 2);
	EXPECT_VERDICT(verdict_of(t, "traffic", "5.6-5"), "NFF");
	transcript_free(t);
}

/* --- ciphers and accounts ------------------------------------------------------------------------- */

TEST(a_cipher_is_known_by_whichever_name_or_by_its_number)
{
	static const char *const good[] = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"ECDHE-RSA-AES128-GCM-SHA256", "ecdhe_rsa_aes_128_gcm_sha256", "0xc02f", "C02F"};
	char text[256];
	struct fault why;

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		snprintf(text, sizeof text, BY("maker") "\"ciphers\": [{\"cipher\": \"%s\"}]}",
			good[i]);
		auto_free struct declared *declared = read_as(text, &why);
		EXPECT(declared);
		EXPECT_INT(declared_has_cipher(declared, 0xc02f), CIPHER_DECLARED);
		EXPECT_INT(declared_has_cipher(declared, 0xc030), CIPHER_UNDECLARED);
	}
	auto_free struct declared *rsa =
		read_as(BY("maker") "\"ciphers\": [{\"cipher\": \"AES128-SHA\"}, {\"cipher\": "
				    "\"ECDHE-ECDSA-CHACHA20-POLY1305\"}]}",
			&why);
	EXPECT_INT(declared_has_cipher(rsa, 0x002f), CIPHER_DECLARED);
	EXPECT_INT(declared_has_cipher(rsa, 0xcca9), CIPHER_DECLARED);
	EXPECT_INT(declared_has_cipher(rsa, 0x0035), CIPHER_UNDECLARED);
	auto_free struct declared *odd =
		read_as(BY("maker") "\"ciphers\": [{\"cipher\": \"OUR_OWN_CIPHER\"}]}", &why);
	EXPECT_INT(declared_has_cipher(odd, 0x1301), CIPHER_UNCERTAIN);
}

static struct transcript *
agrees_to(const char *declaration, const char *agreed, uint32_t count)
{
	struct transcript *t = talks_to(declaration, "cloud.example", 2);
	struct traffic_fact fact = {.step = "tls-server",
		.proto = 6,
		.port = 443,
		.text = "cloud.example",
		.detail = "0304 1301",
		.count = 4,
		.first_s = 1764547200,
		.last_s = 1764550800};

	assert_true(ip_parse(&fact.address, "198.18.0.1"));
	traffic_write(t, &fact);
	assert_true(ip_parse(&fact.address, "198.18.0.3"));
	fact.text = "other.example";
	fact.detail = agreed;
	fact.count = count;
	traffic_write(t, &fact);
	return t;
}

#define CIPHERS "\"ciphers\": [{\"cipher\": \"TLS_AES_128_GCM_SHA256\"}]}"

TEST(a_cipher_that_the_maker_did_not_declare_fails_once_it_was_agreed_twice)
{
	struct transcript *t = agrees_to(BY("maker") CIPHERS, "0303 c013", 2);
	const struct finding *f = verdict_of(t, "tls-client", "5.5-1");

	EXPECT_VERDICT(f, "FAIL");
	EXPECT_STR(f->text, "other.example: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA is used, which the "
			    "maker did not declare");
	transcript_free(t);
	t = agrees_to(BY("maker") CIPHERS, "0303 c013", 1);
	EXPECT_INC(verdict_of(t, "tls-client", "5.5-1"), "NOT_REPRODUCED");
	transcript_free(t);
	t = agrees_to(BY("owner") CIPHERS, "0303 c013", 2);
	EXPECT_INC(verdict_of(t, "tls-client", "5.5-1"), "NO_IXIT");
	transcript_free(t);
	/* The list is complied with, and where there is none nothing is held against it. */
	t = agrees_to(BY("maker") CIPHERS, "0304 1301", 2);
	EXPECT_VERDICT(verdict_of(t, "tls-client", "5.5-1"), "NFF");
	transcript_free(t);
	t = agrees_to(BY("maker") "\"ciphers\": []}", "0303 c013", 2);
	EXPECT_VERDICT(verdict_of(t, "tls-client", "5.5-1"), "NFF");
	transcript_free(t);
}

TEST(an_account_is_declared_by_its_name_and_an_empty_list_says_nothing)
{
	struct fault why;
	auto_free struct declared *declared =
		read_as(BY("maker") "\"accounts\": [{\"account\": \"admin\"}]}", &why);
	auto_free struct declared *nothing = read_as(BY("maker") "\"accounts\": []}", &why);

	EXPECT(declared_has_account(declared, "admin"));
	EXPECT(!declared_has_account(declared, "root"));
	EXPECT(!declared_has_account(declared, "Admin"));
	EXPECT(declared_has_account(nothing, "root"));
}
