/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "test.h"

static struct audit_result *
camera(void)
{
	struct audit_result *result = result_new();

	snprintf(result->device.id, sizeof result->device.id, "d-abcdefghij");
	snprintf(result->device.name, sizeof result->device.name, "camera in the hall");
	snprintf(result->device.claimed_model, sizeof result->device.claimed_model, "IPC 100 <b>");
	EXPECT(ip_parse(&result->device.address4, "10.46.0.7"));
	result->run.number = 7;
	result->run.begun_s = 1767225600;
	result->run.ended_s = 1767226500;
	result->run.pace = 1;
	result->run.consent = 1;
	result->run.is_complete = true;
	result->run.units = 1;
	result->n_checks = 2;
	snprintf(result->check[0].id, sizeof result->check[0].id, "tcp-ports");
	snprintf(result->check[1].id, sizeof result->check[1].id, "factory-logins");
	result->check[1].is_planned = true;
	result->check[1].step = AUDIT_STEP_DONE;

	struct finding finding = {.check = 1,
		.port = 23,
		.proto = 6,
		.word = VERDICT_FAIL,
		.is_critical = 1,
		.n_tried = 3,
		.n_all = 59,
		.n_evidence = 3,
		.evidence = {4, 5, 9},
		.address = result->device.address4,
		.provision = "5.1-1",
		.text = "a factory login works over telnet"};
	EXPECT(result_add(result, &finding));
	finding = (struct finding){.check = 0,
		.word = VERDICT_INC,
		.reason = INC_NOT_SEEN,
		.provision = "5.6-1",
		.text = "nothing was seen"};
	EXPECT(result_add(result, &finding));
	return result;
}

/* The text with `from` changed into `to`, once; gives whether it is read. */
static bool
reads_with(const char *from, const char *to, bool *agree)
{
	struct audit_result *result = camera(), *again;
	struct fault why = {0};
	size_t len;
	auto_free char *text = result_to_text(result, &len), *changed = malloc(len + 256);
	const char *at = strstr(text, from);

	EXPECT(at);
	int n = sprintf(changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	again = result_from_text(changed, (size_t)n, agree, &why);
	EXPECT(again || *why.text);
	bool is_read = again != NULL;
	result_free(again);
	result_free(result);
	return is_read;
}

TEST(a_result_survives_the_way_through_its_text)
{
	struct audit_result *result = camera();
	struct fault why = {0};
	bool agree = false;
	size_t len, again_len;
	auto_free char *text = result_to_text(result, &len);
	struct audit_result *again = result_from_text(text, len, &agree, &why);

	EXPECT(again);
	EXPECT(agree);
	EXPECT_INT(again->n_findings, 2);
	EXPECT_MEM(again->finding, result->finding, 2 * sizeof(struct finding));
	EXPECT_STR(again->device.claimed_model, "IPC 100 <b>");
	EXPECT_INT(again->run.pace, 1);
	auto_free char *second = result_to_text(again, &again_len);
	EXPECT_INT(len, again_len);
	EXPECT_MEM(text, second, len);
	EXPECT_INT(text[len - 1], '\n');
	result_free(again);
	result_free(result);
}

TEST(verdicts_that_do_not_follow_from_the_findings_are_noticed)
{
	bool agree = true;

	/* The first verdict of a provision in the file that is inconclusive is called passed. */
	EXPECT(reads_with("\"unchecked\": false,\n     \"verdict\": \"INC\"",
		"\"unchecked\": false,\n     \"verdict\": \"PASS\"", &agree));
	EXPECT(!agree);
	EXPECT(reads_with("camera in the hall", "camera in a house", &agree));
	EXPECT(agree);
}

TEST(a_result_with_a_member_too_many_or_too_few_is_refused)
{
	bool agree;

	EXPECT(!reads_with("\"number\": 7", "\"number\": 7, \"score\": 100", &agree));
	EXPECT(!reads_with("\"number\": 7,", "", &agree));
	EXPECT(!reads_with("\"schema\"", "\"more\": 1, \"schema\"", &agree));
	EXPECT(!reads_with("pinfold-result-1", "pinfold-result-2", &agree));
}

TEST(values_out_of_their_bounds_are_refused)
{
	bool agree;

	EXPECT(!reads_with("\"number\": 7", "\"number\": 4294967296", &agree));
	EXPECT(!reads_with("\"number\": 7", "\"number\": -1", &agree));
	EXPECT(!reads_with("\"port\": 23", "\"port\": 65536", &agree));
	EXPECT(!reads_with("\"proto\": 6", "\"proto\": 256", &agree));
	EXPECT(!reads_with("\"pace\": \"lab\"", "\"pace\": \"swift\"", &agree));
	EXPECT(!reads_with("\"address4\": \"10.46.0.7\"", "\"address4\": \"10.46.0\"", &agree));
	EXPECT(!reads_with("\"check\": \"tcp-ports\"", "\"check\": \"nothing\"", &agree));
	EXPECT(!reads_with("\"reason\": \"NOT_SEEN\"", "\"reason\": \"BORED\"", &agree));
	EXPECT(!reads_with("\"verdict\": \"FAIL\"", "\"verdict\": \"GOOD\"", &agree));
	EXPECT(!reads_with("\"evidence_in_all\": 3", "\"evidence_in_all\": 2", &agree));
}

TEST(text_that_a_terminal_would_obey_is_refused_and_never_written)
{
	struct audit_result *result = camera();
	bool agree;
	size_t len;

	EXPECT(!reads_with("camera in the hall", "camera \\u001b[2J", &agree));
	snprintf(result->device.name, sizeof result->device.name, "camera \x1b[2J");
	auto_free char *text = result_to_text(result, &len);
	EXPECT(!strchr(text, '\x1b'));
	EXPECT(!strstr(text, "u001b"));
	result_free(result);
}

TEST(more_findings_than_there_is_room_for_leave_the_run_incomplete)
{
	struct audit_result *result = camera();
	struct finding finding = result->finding[0];

	finding.check = 2;
	EXPECT(!result_add(result, &finding)); /* a check that is none */
	EXPECT(!result->run.is_complete);
	result->run.is_complete = true;
	finding.check = 0;
	while (result->n_findings < RESULT_FINDINGS_MAX)
		EXPECT(result_add(result, &finding));
	EXPECT(result->run.is_complete);
	EXPECT(!result_add(result, &finding));
	EXPECT(!result->run.is_complete);
	result_free(result);
}
