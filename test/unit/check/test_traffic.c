/* SPDX-License-Identifier: Apache-2.0 */
#include "check/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "test.h"

enum { HOUR = 3600, START = 1700000000 };

static struct transcript *transcript;
static struct findings findings;

static void
watched(uint32_t seconds)
{
	transcript_free(transcript);
	transcript = transcript_new(NULL);
	traffic_write_watch(transcript, START, seconds, 0);
}

/* One fact, seen count times, the last time an hour per connection after the first. */
static void
seen(const char *step, const char *address, uint16_t port, const char *text, const char *detail,
	uint32_t count)
{
	struct traffic_fact fact = {.step = step,
		.proto = 6,
		.port = port,
		.text = text,
		.detail = detail,
		.count = count,
		.first_s = START + 60,
		.last_s = START + 60 + (int64_t)HOUR * (count - 1)};

	EXPECT(!*address || ip_parse(&fact.address, address));
	traffic_write(transcript, &fact);
}

static void
judge(const char *check)
{
	int place = check_find(check);

	EXPECT(place >= 0);
	EXPECT(!checks[place].is_probed);
	memset(&findings, 0, sizeof findings);
	check_judge((uint16_t)place, transcript, &findings);
	for (size_t i = 0; i < findings.n; i++)
		EXPECT(is_printable(findings.finding[i].text));
}

/* The worst word of a provision; its finding in *out. */
static enum verdict_word
word_of(const char *provision, const struct finding **out)
{
	enum verdict_word worst = VERDICT_UNKNOWN;

	for (size_t i = 0; i < findings.n; i++)
		if (!strcmp(findings.finding[i].provision, provision) &&
			findings.finding[i].word > worst) {
			worst = findings.finding[i].word;
			if (out)
				*out = &findings.finding[i];
		}
	return worst;
}

#define EXPECT_WORD(provision, word) EXPECT_INT(word_of(provision, NULL), word)

#define CLOUD "198.18.0.9"
#define OTHER "198.18.0.10"

/* Something that is not what a check looks for. */
static void
seen_control(void)
{
	seen("tls-hello", OTHER, 443, "cloud.example", "0304-17-9-0123456789abcdef", 3);
}

/* --- facts ------------------------------------------------------------------------------------ */

TEST(a_fact_is_one_exchange_or_two_and_reads_back_as_it_was)
{
	struct traffic_seen got;
	char *text = NULL;
	size_t size = 0, from = 0;
	struct transcript *again;
	struct fault why;

	watched(HOUR);
	FILE *file = open_memstream(&text, &size);
	EXPECT(file);
	transcript_write_to(transcript, file);
	seen("name", CLOUD, 0, "a.example", NULL, 1);
	seen("clear-credentials", CLOUD, 80, "HTTP Basic", "", 7);
	transcript_write_to(transcript, NULL);
	fclose(file);
	EXPECT_INT(transcript_count(transcript), 4);
	/* The watch is in memory alone: the lines begin at the second. */
	char *whole = NULL;
	FILE *out = open_memstream(&whole, &size);
	struct transcript *copy = transcript_new(out);
	traffic_write_watch(copy, START, HOUR, 5);
	for (size_t i = 1; i < transcript_count(transcript); i++) {
		struct exchange e = *transcript_at(transcript, i);
		transcript_add(copy, &e);
	}
	fclose(out);
	FILE *in = fmemopen(whole, size, "r");
	EXPECT(in);
	EXPECT_INT(transcript_read(in, &again, &why), ERR_OK);
	fclose(in);
	EXPECT_INT(traffic_watch(again).seconds, HOUR);
	EXPECT_INT(traffic_watch(again).n_lost, 5);
	EXPECT_INT(traffic_watch(again).n_facts, 2);
	EXPECT(traffic_next(again, &from, "clear-credentials", &got));
	EXPECT_INT(got.count, 7);
	EXPECT_INT(got.last->utc_s - got.first->utc_s, 6 * HOUR);
	EXPECT(!traffic_next(again, &from, "clear-credentials", &got));
	from = 0;
	EXPECT(traffic_next(again, &from, "name", &got));
	EXPECT(!got.last && got.count == 1);
	transcript_write_to(copy, NULL);
	transcript_free(copy);
	transcript_free(again);
	free(whole);
	free(text);
}

TEST(a_text_that_is_too_long_or_not_printable_is_cut)
{
	struct traffic_seen got;
	char text[256];
	size_t from = 0;

	watched(HOUR);
	memset(text, 'a', sizeof text);
	text[255] = '\0';
	seen("name", "", 0, text, text, 1);
	seen("name", "", 0, "abc\nd", "\x1b[2J", 1);
	EXPECT(!transcript_trouble(transcript));
	EXPECT(traffic_next(transcript, &from, "name", &got));
	EXPECT_INT(strlen(got.first->note), TRAFFIC_TEXT_MAX - 1);
	EXPECT_INT(strlen(got.detail), TRAFFIC_TEXT_MAX - 1);
	EXPECT(traffic_next(transcript, &from, "name", &got));
	EXPECT_STR(got.first->note, "abc");
	EXPECT_STR(got.detail, "");
}

/* --- nothing seen ----------------------------------------------------------------------------- */

TEST(nothing_seen_is_never_a_good_word)
{
	static const char *const ids[] = {"traffic", "clear-text", "tls-client", "update-channel",
		"trackers", "identifiers", "upnp-ports", "maker-servers"};

	for (int turn = 0; turn < 2; turn++) {
		transcript_free(transcript);
		transcript = transcript_new(NULL);
		if (turn)
			traffic_write_watch(transcript, START, 72 * HOUR, 0);
		for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
			judge(ids[i]);
			EXPECT(findings.n > 0);
			for (size_t k = 0; k < findings.n; k++)
				EXPECT_INT(findings.finding[k].word, VERDICT_INC);
		}
	}
}

TEST(a_few_minutes_are_not_enough_to_find_nothing)
{
	watched(5 * 60);
	seen_control();
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_INC);
	watched(HOUR);
	seen_control();
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_NFF);
	EXPECT_WORD("5.8-2", VERDICT_NFF);
	EXPECT_WORD("5.1-3", VERDICT_NFF);
}

/* --- clear text ------------------------------------------------------------------------------- */

TEST(a_password_in_clear_text_fails_when_it_was_seen_twice)
{
	const struct finding *finding = NULL;

	watched(60);
	seen_control();
	seen("clear-credentials", CLOUD, 80, "HTTP Basic", "", 2);
	judge("clear-text");
	EXPECT_INT(word_of("5.1-3", &finding), VERDICT_FAIL);
	EXPECT_INT(finding->n_evidence, 3);
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
	EXPECT_WORD("5.5-7", VERDICT_FAIL);
	watched(60);
	seen_control();
	seen("clear-credentials", CLOUD, 80, "HTTP Basic", "", 1);
	judge("clear-text");
	EXPECT_INT(word_of("5.1-3", &finding), VERDICT_INC);
	EXPECT_INT(finding->reason, INC_NOT_REPRODUCED);
}

TEST(without_anything_to_compare_with_nothing_fails)
{
	const struct finding *finding = NULL;

	watched(HOUR);
	seen("clear-credentials", CLOUD, 80, "HTTP Basic", "", 9);
	judge("clear-text");
	EXPECT_INT(word_of("5.1-3", &finding), VERDICT_INC);
	EXPECT_INT(finding->reason, INC_CONTROL_FAILED);
}

TEST(a_signature_an_anonymous_user_and_a_neighbour_are_told_from_a_secret_on_the_internet)
{
	watched(HOUR);
	seen_control();
	seen("clear-credentials", CLOUD, 80, "HTTP AWS4-HMAC-SHA256", "", 5);
	judge("clear-text");
	EXPECT_WORD("5.1-3", VERDICT_INC);
	EXPECT_WORD("5.5-7", VERDICT_INC);
	watched(HOUR);
	seen_control();
	seen("clear-content", CLOUD, 21, "FTP anonymous", "", 5);
	seen("clear-credentials", CLOUD, 21, "FTP", "", 5);
	judge("clear-text");
	EXPECT_WORD("5.1-3", VERDICT_INC);
	watched(HOUR);
	seen_control();
	seen("clear-credentials", "192.168.77.9", 554, "RTSP Digest", "", 5);
	judge("clear-text");
	EXPECT_WORD("5.1-3", VERDICT_FAIL);
	EXPECT_WORD("5.5-6", VERDICT_INC);
	EXPECT_WORD("5.5-7", VERDICT_INC);
}

TEST(pictures_in_clear_text_fail_and_revocation_lists_do_not)
{
	watched(HOUR);
	seen_control();
	seen("clear-content", CLOUD, 80, "HTTP image/jpeg", "", 4);
	judge("clear-text");
	EXPECT_WORD("5.8-2", VERDICT_FAIL);
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
	watched(HOUR);
	seen_control();
	seen("clear-content", CLOUD, 80, "HTTP application/ocsp-request", "", 4);
	seen("http-request", CLOUD, 80, "connectivity.example", "GET /generate_204", 4);
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_NFF);
	EXPECT_WORD("5.8-2", VERDICT_NFF);
	watched(HOUR);
	seen_control();
	seen("clear-content", CLOUD, 80, "HTTP application/octet-stream", "", 4);
	seen("coap-request", OTHER, 5683, "/t", "", 4);
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_INC);
}

TEST(a_stream_at_home_is_unencrypted_and_not_on_its_way_to_a_service)
{
	watched(HOUR);
	seen_control();
	seen("clear-content", "192.168.77.20", 554, "RTSP", "served", 3);
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
	EXPECT_WORD("5.8-2", VERDICT_INC);
	watched(HOUR);
	seen_control();
	seen("clear-content", "192.168.77.20", 1883, "MQTT", "", 3);
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_INC);
	watched(HOUR);
	seen_control();
	seen("clear-content", CLOUD, 1883, "MQTT", "", 3);
	judge("clear-text");
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
}

/* --- TLS -------------------------------------------------------------------------------------- */

TEST(an_old_version_that_was_agreed_twice_fails_and_an_offer_alone_does_not)
{
	watched(HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "old.example", "0301 002f", 2);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
	watched(HOUR);
	/* It offers 1.0 to 1.3 (the highest counts), and 1.3 is agreed. */
	seen("tls-hello", CLOUD, 443, "new.example", "0304-17-9-0", 5);
	seen("tls-server", CLOUD, 443, "new.example", "0304 1301", 5);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_NFF);
	watched(HOUR);
	seen("tls-hello", CLOUD, 443, "old.example", "0301-17-9-0", 5);
	seen("name", OTHER, 0, "a.example", "", 1);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
	watched(HOUR);
	seen_control();
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_INC); /* no server answered where we could see it */
}

TEST(a_broken_cipher_fails_and_a_good_one_of_an_old_kind_does_not)
{
	watched(HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "rc4.example", "0303 0005", 2);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
	watched(HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "cbc.example", "0303 002f", 2);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_NFF);
}

TEST(a_certificate_of_the_makers_own_is_a_question_and_sha_1_by_an_authority_a_failure)
{
	watched(HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "a.example", "0303 c02f", 2);
	seen("tls-certificate", CLOUD, 443, "a.example",
		"from=1600000000 until=1900000000 signature=sha1 key=rsa2048 own=1 serial=01 "
		"issuer=a",
		2);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_INC);
	watched(HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "a.example", "0303 c02f", 2);
	seen("tls-certificate", CLOUD, 443, "a.example",
		"from=1600000000 until=1900000000 signature=sha1 key=rsa2048 own=0 serial=01 "
		"issuer=b",
		2);
	judge("tls-client");
	EXPECT_WORD("5.5-1", VERDICT_FAIL);
}

/* --- updates ---------------------------------------------------------------------------------- */

TEST(an_image_over_http_is_a_question_with_or_without_a_signature_beside_it)
{
	const struct finding *finding = NULL;

	watched(HOUR);
	seen_control();
	seen("http-request", CLOUD, 80, "dl.example", "GET /cam/v2.bin", 2);
	judge("update-channel");
	EXPECT_INT(word_of("5.3-10", &finding), VERDICT_INC);
	EXPECT_INT(finding->reason, INC_NO_IMAGE);
	EXPECT(!strstr(finding->text, "a signature beside it"));
	seen("http-request", CLOUD, 80, "dl.example", "GET /cam/v2.bin.sig", 2);
	judge("update-channel");
	word_of("5.3-10", &finding);
	EXPECT(strstr(finding->text, "a signature beside it"));
	EXPECT_WORD("5.3-2", VERDICT_INC);
}

TEST(asking_again_and_again_for_updates_passes_and_once_does_not)
{
	watched(24 * HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "fota.maker.example", "0303 c02f", 5);
	judge("update-channel");
	EXPECT_WORD("5.3-5", VERDICT_PASS);
	EXPECT_WORD("5.3-7", VERDICT_NFF);
	EXPECT_WORD("5.3-2", VERDICT_NFF);
	EXPECT_WORD("5.3-10", VERDICT_INC);
	watched(24 * HOUR);
	seen("name", CLOUD, 0, "fota.maker.example", "", 1);
	judge("update-channel");
	EXPECT_WORD("5.3-5", VERDICT_INC);
	watched(24 * HOUR);
	seen("boot", "", 0, "", "", 1);
	seen("name", CLOUD, 0, "fota.maker.example", "", 1);
	judge("update-channel");
	EXPECT_WORD("5.3-5", VERDICT_PASS);
}

TEST(a_name_that_only_sounds_like_updates_passes_nothing)
{
	watched(24 * HOUR);
	seen_control();
	seen("tls-hello", CLOUD, 443, "quota.example", "0304-1-1-0", 9);
	seen("tls-hello", CLOUD, 443, "weather-updates.example", "0304-1-1-0", 9);
	judge("update-channel");
	EXPECT_WORD("5.3-5", VERDICT_INC);
	EXPECT_INT(traffic_update_name("quota.example"), 0);
	EXPECT_INT(traffic_update_name("weather-updates.example"), 1);
	EXPECT_INT(traffic_update_name("OTA.example"), 2);
	EXPECT_INT(traffic_update_name(""), 0);
}

TEST(updates_by_tls_1_0_fail)
{
	watched(24 * HOUR);
	seen_control();
	seen("tls-server", CLOUD, 443, "fota.maker.example", "0301 002f", 5);
	judge("update-channel");
	EXPECT_WORD("5.3-7", VERDICT_FAIL);
}

/* --- whom it talks to ------------------------------------------------------------------------- */

TEST(a_tracker_is_known_by_its_site_and_not_by_what_it_contains)
{
	EXPECT_STR(tracker_of("ssl.google-analytics.com"), "google-analytics.com");
	EXPECT_STR(tracker_of("SENTRY.io"), "SENTRY.io");
	EXPECT(!tracker_of("notsentry.io"));
	EXPECT(!tracker_of("sentry.io.maker.example"));
	EXPECT(!tracker_of("io") && !tracker_of("") && !tracker_of("."));
	watched(HOUR);
	seen("tls-hello", CLOUD, 443, "o1.ingest.sentry.io", "0304-1-1-0", 9);
	judge("trackers");
	EXPECT_WORD("6-5", VERDICT_INC);
	EXPECT_WORD("6-1", VERDICT_INC);
	watched(HOUR);
	seen("tls-hello", CLOUD, 443, "notsentry.io", "0304-1-1-0", 9);
	judge("trackers");
	EXPECT_WORD("6-5", VERDICT_NFF);
}

TEST(an_address_without_a_name_is_listed_and_the_time_is_not)
{
	watched(HOUR);
	seen("flow", CLOUD, 123, "", "", 2);
	seen("flow", OTHER, 443, "cloud.example", "", 2);
	seen("flow", "192.168.77.3", 80, "", "", 2);
	judge("traffic");
	EXPECT_WORD("5.6-5", VERDICT_NFF);
	seen("flow", CLOUD, 4444, "", "", 2);
	judge("traffic");
	EXPECT_WORD("5.6-5", VERDICT_INC);
}

TEST(its_mac_on_the_internet_fails_and_at_home_does_not)
{
	watched(HOUR);
	seen_control();
	seen("identifier-sent", "192.168.77.3", 80, "MAC address", "an HTTP request", 5);
	judge("identifiers");
	EXPECT_WORD("5.8-1", VERDICT_NFF);
	seen("identifier-sent", CLOUD, 80, "MAC address", "an HTTP request", 5);
	judge("identifiers");
	EXPECT_WORD("5.8-1", VERDICT_FAIL);
	EXPECT_WORD("6-8", VERDICT_INC);
}

TEST(a_request_for_a_telnet_port_fails_and_for_a_game_is_a_question)
{
	watched(HOUR);
	seen_control();
	seen("upnp-port-request", "", 5351, "NAT-PMP TCP port 23", "", 3);
	judge("upnp-ports");
	EXPECT_WORD("5.6-1", VERDICT_FAIL);
	watched(HOUR);
	seen_control();
	seen("upnp-port-request", "", 5351, "PCP UDP port 3074", "", 3);
	seen("upnp-port-request", "", 1900, "urn:schemas-upnp-org:service:WANIPConnection:1", "",
		3);
	judge("upnp-ports");
	EXPECT_WORD("5.6-1", VERDICT_INC);
	watched(HOUR);
	seen_control();
	judge("upnp-ports");
	EXPECT_WORD("5.6-1", VERDICT_NFF);
}

TEST(a_server_is_told_with_the_end_of_its_certificate_and_whether_it_was_replaced)
{
	const struct finding *finding = NULL;
	struct traffic_fact later = {.step = "tls-certificate",
		.proto = 6,
		.port = 443,
		.text = "a.example",
		.detail = "from=1699990000 until=1800000000 signature=sha2 key=ec0 own=0 serial=02 "
			  "issuer=Another CA",
		.count = 1,
		.first_s = START + 5 * HOUR};

	watched(HOUR);
	seen("tls-certificate", CLOUD, 443, "a.example",
		"from=1600000000 until=1700100000 signature=sha2 key=ec0 own=0 serial=01 issuer=A "
		"CA",
		2);
	judge("maker-servers");
	EXPECT_INT(word_of("5.5-8", &finding), VERDICT_INC);
	EXPECT(strstr(finding->text, "A CA until 2023-11-16, ends soon"));
	EXPECT(!strstr(finding->text, "replaced"));
	EXPECT(ip_parse(&later.address, CLOUD));
	traffic_write(transcript, &later);
	judge("maker-servers");
	EXPECT(strstr(findings.finding[0].text, "since replaced"));
}

TEST(the_same_facts_give_the_same_findings)
{
	static struct findings first;

	watched(HOUR);
	seen_control();
	seen("clear-credentials", CLOUD, 80, "HTTP Basic", "", 2);
	seen("tls-server", CLOUD, 443, "old.example", "0301 002f", 2);
	judge("clear-text");
	first = findings;
	judge("clear-text");
	EXPECT_MEM(&first, &findings, sizeof first);
}
