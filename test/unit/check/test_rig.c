/* SPDX-License-Identifier: Apache-2.0 */
#include "tale.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "check/rig.h"

static const char id[] = "rig-certificate";
static const char to_cloud[] = "believed 0 180 http credentials 0123456789abcdef cloud.example";
static const char good[] = "packets 12/10 bytes 1900/4200 assured";

static struct transcript *
begun(void)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, id, "begin");
	TELL(t, id, "turned");
	return t;
}
static const struct finding *
ended(struct transcript *t, const char *provision)
{
	tell_end(t, id);
	return verdict_of(t, id, provision);
}

/* --- the judge ------------------------------------------------------------------------------- */

TEST(whoever_sends_data_twice_to_a_false_server_fails)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	TELL(t, id, "self-signed", 1, 443, .note = to_cloud);
	TELL(t, id, "self-signed", 2, 443, .note = to_cloud);
	const struct finding *f = ended(t, "5.5-1");
	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->n_evidence, 3);
	EXPECT_VERDICT(verdict_of(t, id, "5.5-7"), "FAIL");
	transcript_free(t);
}

TEST(once_is_not_enough)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	TELL(t, id, "self-signed", 1, 443, .note = to_cloud);
	TELL(t, id, "expired", 1, 443, .note = to_cloud);
	EXPECT_INC(ended(t, "5.5-1"), "NOT_REPRODUCED");
	transcript_free(t);
}

TEST(the_same_round_told_twice_is_once)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	TELL(t, id, "self-signed", 1, 443, .note = to_cloud);
	TELL(t, id, "self-signed", 1, 443, .note = to_cloud);
	EXPECT_INC(ended(t, "5.5-1"), "NOT_REPRODUCED");
	transcript_free(t);
}

TEST(two_servers_do_not_make_one_failure)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	TELL(t, id, "self-signed", 1, 443, .note = to_cloud);
	TELL(t, id, "self-signed", 2, 443,
		.note = "believed 0 20 http - 0123456789abcdef other.example");
	EXPECT_INC(ended(t, "5.5-1"), "NOT_REPRODUCED");
	transcript_free(t);
}

TEST(without_its_true_server_nothing_is_a_failure)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 8883, .note = good); /* another server */
	TELL(t, id, "self-signed", 1, 443, .note = to_cloud);
	TELL(t, id, "self-signed", 2, 443, .note = to_cloud);
	EXPECT_INC(ended(t, "5.5-1"), "CONTROL_FAILED");
	transcript_free(t);
}

TEST(a_true_server_that_ended_it_at_once_is_no_control)
{
	static const char *const bad[] = {"packets 2/1 bytes 120/40 begun",
		"packets 12/10 bytes 1900/4200 begun", "packets 12/10 bytes 1900/700 assured",
		"packets 12/2 bytes 1900/4200 assured", "packets", ""};

	EXPECT(rig_control_is_good(good));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		EXPECT(!rig_control_is_good(bad[i]));
}

TEST(a_handshake_without_data_is_no_failure)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	TELL(t, id, "self-signed", 1, 443, .note = "quiet 0 0 - - - cloud.example");
	TELL(t, id, "self-signed", 2, 443, .note = "quiet 0 0 - - - cloud.example");
	EXPECT_INC(ended(t, "5.5-1"), "NOT_SEEN");
	transcript_free(t);
}

static void
refuse_all(struct transcript *t)
{
	for (int i = 0; i < RIG_VARIANT_COUNT; i++)
		TELL(t, id, rig_variant_word((enum rig_variant)i), 1, 443,
			.note = "alert 48 0 - - - cloud.example", .end = EXCHANGE_TLS_FAILED);
}

TEST(whoever_refuses_all_has_no_failure_found_and_no_more)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	refuse_all(t);
	const struct finding *f = ended(t, "5.5-1");
	EXPECT_VERDICT(f, "NFF");
	EXPECT_INT(f->n_tried, RIG_VARIANT_COUNT);
	EXPECT_VERDICT(verdict_of(t, id, "5.5-7"), "NFF");
	EXPECT_INC(verdict_of(t, id, "5.3-10"), "NOT_SEEN");
	transcript_free(t);
}

TEST(refusing_everybody_shows_nothing)
{
	struct transcript *t = begun();

	refuse_all(t);
	EXPECT_INC(ended(t, "5.5-1"), "FAR_END_DOWN");
	EXPECT_INC(verdict_of(t, id, "5.5-7"), "NOT_SEEN");
	transcript_free(t);
}

TEST(a_run_that_was_cut_has_found_nothing)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	refuse_all(t);
	TELL(t, id, "end", .note = "TIME_OUT");
	EXPECT_INC(verdict_of(t, id, "5.5-1"), "TIME_OUT");
	transcript_free(t);
}

TEST(an_update_from_a_false_server_is_told_and_not_judged)
{
	struct transcript *t = begun();

	TELL(t, id, "control", 1, 443, .note = good);
	TELL(t, id, "expired", 1, 443,
		.note = "believed 0 90 http -,update 0123456789abcdef updates.example");
	EXPECT_INC(ended(t, "5.3-10"), "NO_IMAGE");
	transcript_free(t);
}

TEST(where_the_gateway_does_not_turn_it_nothing_is_said_of_the_device)
{
	struct transcript *t = begun();

	TELL(t, id, "no-rig", .note = "not permitted");
	EXPECT_INC(ended(t, "5.5-1"), "TOOL_ERROR");
	transcript_free(t);
}

/* --- outages --------------------------------------------------------------------------------------- */

static const char outage[] = "rig-outage";

static struct transcript *
outages(enum exchange_end offline1, enum exchange_end offline2, enum exchange_end after)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, outage, "begin");
	for (uint32_t round = 1; round <= 2; round++) {
		TELL(t, outage, "internet", round, .note = "0 ms, port 443");
		TELL(t, outage, "before", round, 80);
		TELL(t, outage, "gone", round);
		TELL(t, outage, "offline", round, 80, .end = round == 1 ? offline1 : offline2);
		TELL(t, outage, "back", round, .note = "2100 ms, port 443");
		TELL(t, outage, "after", round, 80, .end = after);
	}
	tell_end(t, outage);
	return t;
}

TEST(a_service_that_goes_with_the_internet_twice_fails)
{
	struct transcript *t = outages(EXCHANGE_REFUSED, EXCHANGE_SILENT, EXCHANGE_OPEN);

	EXPECT_VERDICT(verdict_of(t, outage, "5.9-2"), "FAIL");
	EXPECT_VERDICT(verdict_of(t, outage, "5.9-1"), "NFF");
	transcript_free(t);
}

TEST(a_service_that_was_away_once_or_stays_away_is_not_the_internets_fault)
{
	struct transcript *t = outages(EXCHANGE_REFUSED, EXCHANGE_OPEN, EXCHANGE_OPEN);

	EXPECT_INC(verdict_of(t, outage, "5.9-2"), "NOT_REPRODUCED");
	transcript_free(t);
	t = outages(EXCHANGE_REFUSED, EXCHANGE_REFUSED, EXCHANGE_REFUSED);
	EXPECT_INC(verdict_of(t, outage, "5.9-2"), "CONTROL_FAILED");
	transcript_free(t);
}

TEST(a_service_that_goes_on_has_no_failure_found)
{
	struct transcript *t = outages(EXCHANGE_OPEN, EXCHANGE_OPEN, EXCHANGE_OPEN);

	EXPECT_VERDICT(verdict_of(t, outage, "5.9-2"), "NFF");
	transcript_free(t);
}

TEST(who_never_used_the_internet_and_serves_nothing_shows_nothing)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, outage, "begin");
	TELL(t, outage, "gone", 1);
	TELL(t, outage, "not-back", 1);
	tell_end(t, outage);
	EXPECT_INC(verdict_of(t, outage, "5.9-1"), "NOT_SEEN");
	EXPECT_INC(verdict_of(t, outage, "5.9-2"), "NOT_SEEN");
	transcript_free(t);
}

TEST(who_does_not_find_back_in_our_time_may_find_back_later)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, outage, "begin");
	for (uint32_t round = 1; round <= 2; round++) {
		TELL(t, outage, "internet", round, .note = "0 ms, port 443");
		TELL(t, outage, "not-back", round);
	}
	tell_end(t, outage);
	EXPECT_INC(verdict_of(t, outage, "5.9-1"), "TIME_OUT");
	transcript_free(t);
}

/* The steps of one way of being away, both rounds, with what was withheld. */
static struct transcript *
withheld(const char *check, const char *asked, bool spoke, enum exchange_end offline)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, check, "begin");
	for (uint32_t round = 1; round <= 2; round++) {
		TELL(t, check, "internet", round, .note = "0 ms, port 443");
		TELL(t, check, "before", round, 80);
		TELL(t, check, "before", round, 1883);
		TELL(t, check, "gone", round);
		TELL(t, check, "offline", round, 80);
		TELL(t, check, "offline", round, 1883, .end = offline);
		if (spoke)
			TELL(t, check, "spoke", round, .note = "0 ms, port 443");
		TELL(t, check, "asked", round, .note = asked);
		TELL(t, check, "back", round, .note = "900 ms, port 443");
		TELL(t, check, "after", round, 80);
		TELL(t, check, "after", round, 1883);
	}
	tell_end(t, check);
	return t;
}

TEST(what_works_without_its_maker_is_stated_in_one_word)
{
	static const struct {
		enum exchange_end end;
		const char *word;
	} cases[] = {{EXCHANGE_OPEN, "yes: "}, {EXCHANGE_REFUSED, "partly: "}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct transcript *t = withheld("rig-maker", "12", false, cases[i].end);
		const struct finding *f = verdict_of(t, "rig-maker", "WORKS-MAKER");
		EXPECT_VERDICT(f, "NFF");
		EXPECT(!strncmp(f->text, cases[i].word, strlen(cases[i].word)));
		EXPECT_VERDICT(verdict_of(t, "rig-maker", "5.9-1"), "NFF");
		transcript_free(t);
	}
}

TEST(a_maker_that_nobody_asked_for_was_not_away)
{
	struct transcript *t = withheld("rig-maker", "0", false, EXCHANGE_OPEN);

	EXPECT_INC(verdict_of(t, "rig-maker", "WORKS-MAKER"), "NOT_SEEN");
	EXPECT_INC(verdict_of(t, "rig-maker", "5.9-1"), "NOT_SEEN");
	transcript_free(t);
}

TEST(whoever_remembers_an_address_had_his_maker_all_the_time)
{
	struct transcript *t = withheld("rig-maker", "12", true, EXCHANGE_OPEN);

	EXPECT_INC(verdict_of(t, "rig-maker", "WORKS-MAKER"), "NOT_SEEN");
	transcript_free(t);
}

TEST(a_service_that_goes_with_names_is_a_failure_and_with_the_maker_is_not)
{
	struct transcript *t = withheld("rig-names", "12", false, EXCHANGE_REFUSED);

	EXPECT_VERDICT(verdict_of(t, "rig-names", "5.9-2"), "FAIL");
	transcript_free(t);
}

TEST(what_is_there_again_after_the_cable_was_out_is_told)
{
	static const char id_of_link[] = "rig-link";

	for (int late = 0; late < 2; late++) {
		struct transcript *t = transcript_new(NULL);
		TELL(t, id_of_link, "begin");
		for (uint32_t round = 1; round <= 2; round++) {
			TELL(t, id_of_link, "internet", round, .note = "0 ms, port 443");
			TELL(t, id_of_link, "before", round, 80);
			TELL(t, id_of_link, "gone", round);
			TELL(t, id_of_link, "after", round, 80, .end = EXCHANGE_SILENT);
			if (!late)
				TELL(t, id_of_link, "after", round, 80);
			TELL(t, id_of_link, "back", round, .note = "900 ms, port 443");
		}
		tell_end(t, id_of_link);
		if (late)
			EXPECT_INC(verdict_of(t, id_of_link, "5.9-2"), "TIME_OUT");
		else
			EXPECT_VERDICT(verdict_of(t, id_of_link, "5.9-2"), "NFF");
		EXPECT_VERDICT(verdict_of(t, id_of_link, "5.9-1"), "NFF");
		transcript_free(t);
	}
}

/* --- coming back to who refuses ---------------------------------------------------------------------- */

static const char backoff[] = "rig-backoff";

/* Tries so far apart, each wait longer by so many percent, in 60 s. */
static const char *
tries(char *out, size_t size, unsigned apart_ms, unsigned growth_percent)
{
	unsigned at = 0;
	size_t len = 0;

	out[0] = '\0';
	for (double gap = apart_ms; at < 60000 && len < size - 12;
		gap *= 1 + growth_percent / 100.0) {
		len += (size_t)snprintf(out + len, size - len, "%s%u", len ? " " : "", at);
		at += (unsigned)gap;
	}
	return out;
}

static struct transcript *
refused(const char *first, const char *second, bool has_control)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, backoff, "begin");
	if (has_control)
		TELL(t, backoff, "control", 1, 443, .note = good);
	TELL(t, backoff, "turned");
	TELL(t, backoff, "tries", 1, .note = "port 443", .received = first);
	TELL(t, backoff, "turned");
	if (second)
		TELL(t, backoff, "tries", 2, .note = "port 443", .received = second);
	tell_end(t, backoff);
	return t;
}

TEST(a_storm_without_pause_fails_twice_with_its_true_server_seen)
{
	static char storm[8192];
	struct transcript *t;

	tries(storm, sizeof storm, 200, 0);
	t = refused(storm, storm, true);
	const struct finding *f = verdict_of(t, backoff, "5.9-3");
	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->n_evidence, 3);
	EXPECT(strstr(f->text, "200 ms apart") != NULL);
	transcript_free(t);
	t = refused(storm, storm, false);
	EXPECT_INC(verdict_of(t, backoff, "5.9-3"), "CONTROL_FAILED");
	transcript_free(t);
	t = refused(storm, NULL, true);
	EXPECT_INC(verdict_of(t, backoff, "5.9-3"), "NOT_REPRODUCED");
	transcript_free(t);
}

TEST(whoever_waits_longer_each_time_or_seconds_between_has_no_failure_found)
{
	static const struct {
		unsigned apart_ms, growth;
	} calm[] = {{100, 50}, {200, 100}, {1000, 0}, {5000, 0}, {15000, 0}};
	static char list[8192];

	for (size_t i = 0; i < sizeof calm / sizeof *calm; i++) {
		tries(list, sizeof list, calm[i].apart_ms, calm[i].growth);
		struct transcript *t = refused(list, list, true);
		EXPECT_VERDICT(verdict_of(t, backoff, "5.9-3"), "NFF");
		transcript_free(t);
	}
}

TEST(two_tries_are_no_habit_and_what_is_no_list_is_not_read)
{
	static const char *const odd[] = {
		"0 900", "0", "0 20 10 30 40", "1 x 3 4", "0  1 2 3", "-1 2 3 4", "99999999 1 2"};

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct transcript *t = refused(odd[i], odd[i], true);
		EXPECT_INC(verdict_of(t, backoff, "5.9-3"), "NOT_SEEN");
		transcript_free(t);
	}
}

/* --- a false time -------------------------------------------------------------------------------------- */

static const char clock_id[] = "rig-clock";

/* Both rounds; what it said to its server at the true time and at the two others. */
static struct transcript *
told_times(const char *own_past, const char *past, const char *future, bool is_back)
{
	static const char usual[] = "packets 12/10 bytes 1900/4200 assured";
	struct transcript *t = transcript_new(NULL);

	TELL(t, clock_id, "begin");
	for (uint32_t round = 1; round <= 2; round++) {
		TELL(t, clock_id, "asked-true", round, 123, 17,
			.note = "told 1764547200 its own 1764547200");
		TELL(t, clock_id, "spoke-true", round, 443, .note = usual);
		TELL(t, clock_id, "asked-past", round, 123, 17,
			.note = "told 978307200 its own 1764547201");
		TELL(t, clock_id, "asked-past", round, 123, 17, .note = own_past);
		if (past)
			TELL(t, clock_id, "spoke-past", round, 443, .note = past);
		TELL(t, clock_id, "asked-future", round, 123, 17,
			.note = "told 2048544000 its own 978307201");
		if (future)
			TELL(t, clock_id, "spoke-future", round, 443, .note = future);
	}
	if (is_back)
		TELL(t, clock_id, "spoke-true", 3, 443, .note = usual);
	tell_end(t, clock_id);
	return t;
}

static const char in_2001[] = "told 978307204 its own 978307203";
static const char by_chance[] = "told 978307204 its own 3123456789";
static const char as_ever[] = "packets 12/10 bytes 1905/4200 assured";
static const char cut_short[] = "packets 7/6 bytes 1000/3100 assured";

TEST(whoever_speaks_with_its_server_in_2001_believes_any_date)
{
	struct transcript *t = told_times(in_2001, as_ever, cut_short, true);
	const struct finding *f = verdict_of(t, clock_id, "5.5-1");

	EXPECT_VERDICT(f, "FAIL");
	EXPECT_INT(f->n_evidence, 3);
	EXPECT_VERDICT(verdict_of(t, clock_id, "5.9-1"), "NFF");
	transcript_free(t);
}

TEST(whoever_does_not_tell_its_clock_may_not_have_believed_the_time)
{
	struct transcript *t = told_times(by_chance, as_ever, as_ever, true);

	EXPECT_INC(verdict_of(t, clock_id, "5.5-1"), "NOT_SEEN");
	transcript_free(t);
}

TEST(whoever_stops_at_false_times_and_comes_back_looks_at_dates)
{
	struct transcript *t = told_times(in_2001, cut_short, NULL, true);

	EXPECT_VERDICT(verdict_of(t, clock_id, "5.5-1"), "NFF");
	EXPECT_VERDICT(verdict_of(t, clock_id, "5.9-1"), "NFF");
	transcript_free(t);
}

TEST(whoever_is_not_seen_again_at_the_true_time_may_need_longer)
{
	struct transcript *t = told_times(in_2001, cut_short, NULL, false);

	EXPECT_INC(verdict_of(t, clock_id, "5.9-1"), "TIME_OUT");
	transcript_free(t);
}

TEST(whoever_asks_nobody_for_the_time_is_not_told_a_false_one)
{
	struct transcript *t = transcript_new(NULL);

	TELL(t, clock_id, "begin");
	TELL(t, clock_id, "spoke-true", 1, 443, .note = as_ever);
	tell_end(t, clock_id);
	EXPECT_INC(verdict_of(t, clock_id, "5.5-1"), "NOT_SEEN");
	transcript_free(t);
}

/* --- notes ----------------------------------------------------------------------------------------- */

TEST(a_note_says_what_was_seen_and_nothing_else_is_believed)
{
	static const char *const odd[] = {"", "believed", "believed 0 18 http credentials",
		"unknown 0 0 - - - cloud.example", "no 0 0 - - - cloud.example"};
	struct rig_told told = {.result = RIG_ALERTED, .alert = 42}, again;
	char note[192];

	strcpy(told.name, "cloud.example");
	rig_told_render(&told, note, sizeof note);
	EXPECT_STR(note, "alert 42 0 - - - cloud.example");
	EXPECT(rig_told_parse(&again, note));
	EXPECT_INT(again.alert, 42);
	EXPECT_STR(again.name, "cloud.example");
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		EXPECT(!rig_told_parse(&again, odd[i]));
}

TEST(of_data_only_length_likeness_and_digest_are_kept)
{
	static const char request[] = "GET /firmware/latest HTTP/1.1\r\nHost: cloud.example\r\n"
				      "Cookie: session=secret\r\n\r\n";
	/* CONNECT of MQTT 3.1.1, user "u", password "p" */
	static const uint8_t connect[] = {0x10, 19, 0, 4, 'M', 'Q', 'T', 'T', 4, 0xc2, 0, 60, 0, 1,
		'c', 0, 1, 'u', 0, 1, 'p'};
	struct rig_told told = {.result = RIG_BELIEVED};
	char note[192];

	strcpy(told.name, "cloud.example");
	rig_look_at(&told, (const uint8_t *)request, strlen(request));
	EXPECT(told.is_http && told.has_credentials && told.asks_for_update);
	rig_told_render(&told, note, sizeof note);
	EXPECT(!strstr(note, "secret") && !strstr(note, "latest"));
	EXPECT_INT(strlen(told.digest), 16);
	told = (struct rig_told){.result = RIG_BELIEVED};
	rig_look_at(&told, connect, sizeof connect);
	EXPECT(told.is_mqtt && told.has_credentials && !told.asks_for_update);
	told = (struct rig_told){.result = RIG_BELIEVED};
	rig_look_at(&told, (const uint8_t *)"\n", 1);
	EXPECT(!told.is_http && !told.is_mqtt);
}

TEST(a_name_that_could_be_none_is_not_taken)
{
	char name[96];
	char spaced[] = "cloud example 5";

	EXPECT(rig_name((struct bytes){(const uint8_t *)"cloud.example", 13}, name, sizeof name));
	EXPECT(!rig_name((struct bytes){(const uint8_t *)spaced, 15}, name, sizeof name));
	EXPECT(!rig_name((struct bytes){(const uint8_t *)"a\0b", 3}, name, sizeof name));
	EXPECT(!rig_name((struct bytes){NULL, 0}, name, sizeof name));
	EXPECT(!rig_name((struct bytes){(const uint8_t *)"cloud.example", 13}, name, 13));
}

/* --- certificates ------------------------------------------------------------------------------------- */

static X509 *
presented(const struct rig_maker *maker, enum rig_variant variant, const char *name)
{
	uint8_t der[4096];
	const uint8_t *at = der;
	size_t n;
	SSL_CTX *server = rig_server(maker, variant, name, der, sizeof der, &n);

	assert_true(server != NULL);
	SSL_CTX_free(server);
	X509 *certificate = d2i_X509(NULL, &at, (long)n);
	assert_true(certificate != NULL);
	return certificate;
}

TEST(each_certificate_has_its_fault_and_no_other_but_its_signer)
{
	struct rig_maker *maker = rig_maker_new();

	assert_true(maker != NULL);
	for (int i = 0; i < RIG_VARIANT_COUNT; i++) {
		X509 *x = presented(maker, (enum rig_variant)i, "cloud.example");
		bool is_self = !X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x));
		bool is_valid_now = X509_cmp_current_time(X509_get0_notAfter(x)) > 0 &&
				    X509_cmp_current_time(X509_get0_notBefore(x)) < 0;
		EXPECT_INT(is_self, i != RIG_UNKNOWN_CA);
		EXPECT_INT(is_valid_now, i != RIG_EXPIRED);
		EXPECT_INT(
			X509_check_host(x, "cloud.example", 0, 0, NULL) == 1, i != RIG_WRONG_NAME);
		X509_free(x);
	}
	rig_maker_free(maker);
}

TEST(a_server_without_a_name_is_its_address)
{
	struct rig_maker *maker = rig_maker_new();

	assert_true(maker != NULL);
	X509 *x = presented(maker, RIG_SELF_SIGNED, "198.18.1.11");
	EXPECT_INT(X509_check_ip_asc(x, "198.18.1.11", 0), 1);
	X509_free(x);
	rig_maker_free(maker);
}
