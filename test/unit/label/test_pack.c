/* SPDX-License-Identifier: Apache-2.0 */
#include "label/pack.h"

#include "label/pack_form.h"
#include "label/tar.h"
#include "run.h"

static struct pack pack;
static struct fault why;

TEST(a_pack_is_read_by_whoever_trusts_its_key_and_judged_again_with_the_same_verdicts)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32];
	struct rejudged rejudged;
	size_t len;

	run_folder(folder);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	EXPECT_INT(pack.signature, PACK_SIGNATURE_TRUSTED);
	EXPECT_INT(pack.run, 7);
	EXPECT_INT(pack.n_files, 8);
	EXPECT(pack_find(&pack, "probes.jsonl"));
	EXPECT(!pack_find(&pack, "capture.pcap"));

	struct audit_result *result = pack_rejudge(&pack, &rejudged, &why);
	EXPECT(result);
	EXPECT(rejudged_is_same(&rejudged));
	EXPECT(rejudged.is_same_ruleset);
	EXPECT_INT(rejudged.n_checks, 1);
	EXPECT_INT(rejudged.n_same, result->n_findings);
	result_free(result);

	key[0][0] ^= 1;
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	EXPECT_INT(pack.signature, PACK_SIGNATURE_STRANGER);
	EXPECT(pack_parse(&pack, bytes, len, NULL, 0, &why));
	EXPECT_INT(pack.signature, PACK_SIGNATURE_STRANGER);
	free(bytes);
	run_end(folder);
}

static void
redacted_pack(
	const char *folder, uint8_t **bytes, size_t *len, uint8_t key[static ISSUER_PUBLIC_LEN])
{
	run_is_redacted = true;
	EXPECT(!run_pack(folder, bytes, len, key, &why));
	run_is_redacted = false;
}

TEST(what_is_shared_has_no_name_address_or_transcript_and_says_what_was_left_out)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	struct rejudged rejudged;
	char folder[32];
	size_t len;

	run_folder(folder);
	redacted_pack(folder, &bytes, &len, key[0]);
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	EXPECT_INT(pack.signature, PACK_SIGNATURE_TRUSTED);
	EXPECT(!pack_find(&pack, "probes.jsonl") && pack_has_left_out(&pack, "probes.jsonl"));
	EXPECT(!pack_find(&pack, "env.json") && pack_has_left_out(&pack, "env.json"));
	EXPECT(!pack_has_left_out(&pack, "device.json")); /* there was none */
	EXPECT(pack_find(&pack, "report.html") && !pack_has_left_out(&pack, "report.html"));
	EXPECT(!memmem(bytes, len, "alert(1)", 8)); /* its name */
	EXPECT(!memmem(bytes, len, "198.18.", 7));

	struct audit_result *result = pack_rejudge(&pack, &rejudged, &why);
	EXPECT(result);
	EXPECT(rejudged.is_left_out && !rejudged.n_checks && rejudged_is_same(&rejudged));
	EXPECT(result->n_findings);
	result_free(result);

	/* One byte of the verdicts, and it is found as ever. */
	const struct pack_file *file = pack_find(&pack, "result.json");
	bytes[file->at + file->size / 2] ^= 1;
	EXPECT(!pack_parse(&pack, bytes, len, key, 1, &why));
	EXPECT(strstr(why.text, "result.json was changed"));
	free(bytes);
	run_end(folder);
}

TEST(the_same_run_gives_the_same_pack)
{
	uint8_t key[ISSUER_PUBLIC_LEN], *first, *second;
	size_t first_len, second_len;
	char folder[32];

	run_folder(folder);
	EXPECT(!run_pack(folder, &first, &first_len, key, &why));
	EXPECT(!run_pack(folder, &second, &second_len, key, &why));
	EXPECT_INT(first_len, second_len);
	EXPECT_MEM(first, second, first_len);
	free(first);
	free(second);
	run_end(folder);
}

/* Every header, the signature, and samples of all the rest. */
TEST(one_changed_byte_is_found_wherever_it_is_and_its_file_is_named)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	static struct pack whole;
	char folder[32];
	size_t len, n_tried = 0;

	run_folder(folder);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&whole, bytes, len, key, 1, &why));
	for (size_t at = 0; at < len; at++) {
		size_t in = 0;
		while (in + 1 < whole.n_files && at >= whole.file[in + 1].at - TAR_BLOCK)
			in++;
		const struct pack_file *file = &whole.file[in];
		bool is_header = at < file->at,
		     is_inside = !is_header && at < file->at + file->size;
		if (at % 997 && !(is_header && in < 3) && in != 1)
			continue;
		n_tried++;
		bytes[at] ^= 0x20;
		bool is_parsed = pack_parse(&pack, bytes, len, key, 1, &why);
		EXPECT(!is_parsed || pack.signature == PACK_SIGNATURE_INVALID);
		if (is_parsed)
			EXPECT(is_inside && in < 2);
		else if (is_inside && in >= 2)
			EXPECT(strstr(why.text, file->name));
		bytes[at] ^= 0x20;
	}
	EXPECT(n_tried > 2000);
	free(bytes);
	run_end(folder);
}

TEST(the_place_of_a_changed_byte_is_named_to_four_kilobytes)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32];
	size_t len;

	run_folder(folder);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	bytes[pack_find(&pack, "probes.jsonl")->at + 4100] ^= 1;
	EXPECT(!pack_parse(&pack, bytes, len, key, 1, &why));
	EXPECT(strstr(why.text, "probes.jsonl was changed between its bytes 4096 and "));
	free(bytes);
	run_end(folder);
}

TEST(a_pack_that_was_cut_or_lengthened_is_refused)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32];
	size_t len;

	run_folder(folder);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	for (size_t cut = 0; cut < len; cut += TAR_BLOCK)
		EXPECT(!pack_parse(&pack, bytes, cut, key, 1, &why));
	EXPECT(!pack_parse(&pack, bytes, len - 1, key, 1, &why));
	bytes = realloc(bytes, len + TAR_BLOCK);
	EXPECT(bytes);
	memset(bytes + len, 0, TAR_BLOCK);
	EXPECT(!pack_parse(&pack, bytes, len + TAR_BLOCK, key, 1, &why));
	free(bytes);
	run_end(folder);
}

/* An entry put behind the end, by somebody who can write archives. */
static size_t
with_entry(uint8_t *bytes, size_t len, const char *name, uint8_t type)
{
	uint8_t *header = bytes + len - TAR_END;

	tar_header(header, name, 0);
	header[156] = type;
	memset(header + TAR_BLOCK, 0, TAR_END);
	return len + TAR_BLOCK;
}

TEST(a_file_that_is_not_listed_a_name_that_leads_elsewhere_and_a_link_are_refused)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32];
	size_t len;

	run_folder(folder);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	bytes = realloc(bytes, len + TAR_BLOCK);
	EXPECT(bytes);
	static const char *const names[] = {"../../etc/passwd", "/etc/passwd", "zzz", "result.json",
		"manifest.json", "\x1b[2J"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		EXPECT(!pack_parse(
			&pack, bytes, with_entry(bytes, len, names[i], '0'), key, 1, &why));
		EXPECT(!strchr(why.text, '\x1b'));
	}
	EXPECT(!pack_parse(&pack, bytes, with_entry(bytes, len, "env.json", '2'), key, 1, &why));
	free(bytes);
	run_end(folder);
}

/* The issuer itself, or who has its key, changes a verdict and signs anew. */
TEST(findings_that_do_not_follow_from_the_transcript_are_named_though_the_signature_is_right)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32], path[64];
	struct rejudged rejudged;
	size_t len, text_len;
	bool agree;

	run_folder(folder);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	const struct pack_file *file = pack_find(&pack, "result.json");
	struct audit_result *result =
		result_from_text((const char *)file->bytes, file->size, &agree, &why);
	EXPECT(result);
	result->finding[0].word = VERDICT_NFF;
	result->finding[0].reason = INC_NONE;
	auto_free char *text = result_to_text(result, &text_len);
	run_file(folder, "result.json", text, text_len);
	result_free(result);
	free(bytes);

	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	EXPECT_INT(pack.signature, PACK_SIGNATURE_TRUSTED);
	result = pack_rejudge(&pack, &rejudged, &why);
	EXPECT(result);
	EXPECT(!rejudged_is_same(&rejudged));
	EXPECT_INT(rejudged.n_absent, 1);
	EXPECT_INT(rejudged.n_new, 1);
	EXPECT(strstr(rejudged.first, "does not follow from what was recorded"));
	result_free(result);
	free(bytes);

	/* Verdicts beside the findings are not signed at all. */
	char *at = strstr(text, "\"verdict\": \"INC\"");
	EXPECT(at);
	char *last = at;
	while ((at = strstr(at + 1, "\"verdict\": \"INC\"")))
		last = at;
	memcpy(last, "\"verdict\": \"NFF\"", 16);
	run_file(folder, "result.json", text, text_len);
	EXPECT_INT(run_pack(folder, &bytes, &len, key[0], &why), ERR_STALE);
	snprintf(path, sizeof path, "%s/result.json", folder);
	EXPECT(!unlink(path));
	EXPECT_INT(run_pack(folder, &bytes, &len, key[0], &why), ERR_SYSTEM);
	run_end(folder);
}

TEST(the_root_changes_with_every_file_and_their_order)
{
	struct pack_leaf leaf[5] = {{"a", {1}}, {"b", {2}}, {"c", {3}}, {"d", {4}}, {"e", {5}}};
	uint8_t root[HASH_LEN], other[HASH_LEN];

	for (size_t n = 1; n <= 5; n++) {
		pack_root(leaf, n, root);
		leaf[n - 1].hash[31] ^= 1;
		pack_root(leaf, n, other);
		EXPECT(memcmp(root, other, HASH_LEN));
		leaf[n - 1].hash[31] ^= 1;
	}
	struct pack_leaf first = leaf[0];
	leaf[0] = leaf[1];
	leaf[1] = first;
	pack_root(leaf, 5, other);
	EXPECT(memcmp(root, other, HASH_LEN));
}

TEST(hashes_stand_for_four_kilobytes_until_they_would_be_too_many)
{
	EXPECT_INT(pack_block(0), 4096);
	EXPECT_INT(pack_block(4 * 1024 * 1024 - 1), 4096);
	EXPECT_INT(pack_block(4 * 1024 * 1024), 8192);
	EXPECT_INT(pack_block(PACK_FILE_BYTES_MAX), 512 * 1024);
}

TEST(a_tar_header_is_read_only_in_the_one_form_it_is_written_in)
{
	uint8_t header[TAR_BLOCK];
	char name[32];
	uint64_t size;
	size_t at;

	tar_header(header, "probes.jsonl", 123456);
	EXPECT(tar_parse(header, name, sizeof name, &size, &at));
	EXPECT_STR(name, "probes.jsonl");
	EXPECT_INT(size, 123456);
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		header[i] ^= 0x10;
		EXPECT(!tar_parse(header, name, sizeof name, &size, &at));
		EXPECT(at <= TAR_BLOCK);
		header[i] ^= 0x10;
	}
	EXPECT(!tar_parse(header, name, 8, &size, &at));
	EXPECT_INT(tar_padding(0), 0);
	EXPECT_INT(tar_padding(1), 511);
	EXPECT_INT(tar_padding(512), 0);
}

/* The pack of the folder when a second check, planned and never run, has this word. */
static bool
holds_with_unrun(enum verdict_word word, struct rejudged *rejudged)
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32], path[64];
	static char text[RESULT_BYTES_MAX];
	struct finding finding = {.check = 1,
		.word = (uint8_t)word,
		.reason = word == VERDICT_INC ? INC_TOOL_ERROR : INC_NONE,
		.n_evidence = 1,
		.evidence = {1},
		.provision = "5.6-1",
		.text = "the process ended"};
	size_t len;
	bool agree;

	run_folder(folder);
	snprintf(path, sizeof path, "%s/result.json", folder);
	FILE *file = fopen(path, "re");
	EXPECT(file);
	len = fread(text, 1, sizeof text, file);
	fclose(file);
	struct audit_result *result = result_from_text(text, len, &agree, &why);
	EXPECT(result);
	result->check[1].is_planned = true;
	result->check[1].step = AUDIT_STEP_UNKNOWN;
	result->run.is_complete = false;
	EXPECT(result_add(result, &finding));
	auto_free char *again = result_to_text(result, &len);
	run_file(folder, "result.json", again, len);
	result_free(result);
	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	result = pack_rejudge(&pack, rejudged, &why);
	EXPECT(result);
	result_free(result);
	free(bytes);
	run_end(folder);
	return rejudged_is_same(rejudged);
}

TEST(of_a_check_that_was_planned_and_not_run_a_pack_may_only_say_that_nothing_is_known)
{
	struct rejudged rejudged;

	EXPECT(holds_with_unrun(VERDICT_INC, &rejudged));
	EXPECT(!holds_with_unrun(VERDICT_NFF, &rejudged));
	EXPECT(strstr(rejudged.first, "of a check that was not run") != NULL);
	EXPECT(!holds_with_unrun(VERDICT_PASS, &rejudged));
	EXPECT(!holds_with_unrun(VERDICT_FAIL, &rejudged));
}

/*
 * How a pack is judged whose transcript says that the first check ended, and
 * whose result hides that in the way given.
 */
static bool
holds_with_hidden(void (*hide)(struct audit_result *))
{
	uint8_t key[1][ISSUER_PUBLIC_LEN], *bytes;
	char folder[32], path[64];
	struct rejudged rejudged;
	size_t len, text_len;

	run_folder(folder);
	snprintf(path, sizeof path, "%s/probes.jsonl", folder);
	FILE *file = fopen(path, "we");
	EXPECT(file);
	struct transcript *transcript = transcript_new(file);
	struct exchange event = {.utc_s = 1767225700, .step = "begin"};
	EXPECT(transcript_add(transcript, &event));
	snprintf(event.step, sizeof event.step, "end");
	snprintf(event.note, sizeof event.note, "complete");
	EXPECT(transcript_add(transcript, &event));
	EXPECT(!fclose(file));
	transcript_write_to(transcript, NULL);

	struct audit_result *result = run_result(transcript);
	hide(result);
	auto_free char *text = result_to_text(result, &text_len);
	run_file(folder, "result.json", text, text_len);
	result_free(result);
	transcript_free(transcript);

	EXPECT(!run_pack(folder, &bytes, &len, key[0], &why));
	EXPECT(pack_parse(&pack, bytes, len, key, 1, &why));
	result = pack_rejudge(&pack, &rejudged, &why);
	EXPECT(result);
	result_free(result);
	free(bytes);
	run_end(folder);
	return rejudged_is_same(&rejudged);
}

static void
hide_nothing(struct audit_result *result)
{
}

static void
call_it_not_run(struct audit_result *result)
{
	for (size_t i = 0; i < result->n_findings; i++) {
		result->finding[i].word = VERDICT_INC;
		result->finding[i].reason = INC_TOOL_ERROR;
		snprintf(result->finding[i].text, FINDING_TEXT_MAX, "the process ended");
	}
	result->check[0].step = AUDIT_STEP_UNKNOWN;
}

static void
call_it_not_planned(struct audit_result *result)
{
	result->n_findings = 0;
	result->check[0].is_planned = false;
	result->check[0].step = AUDIT_STEP_UNKNOWN;
}

static void
leave_it_out(struct audit_result *result)
{
	result->n_findings = 0;
	result->check[0] = result->check[--result->n_checks];
}

/* Otherwise whoever signs could hide a failure by saying that nobody looked. */
TEST(what_a_check_that_ended_found_cannot_be_hidden)
{
	EXPECT(holds_with_hidden(hide_nothing));
	EXPECT(!holds_with_hidden(call_it_not_run));
	EXPECT(!holds_with_hidden(call_it_not_planned));
	EXPECT(!holds_with_hidden(leave_it_out));
}
