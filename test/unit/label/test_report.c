/* SPDX-License-Identifier: Apache-2.0 */
#include "label/report.h"

#include "label/report_words.h"
#include "run.h"

static char *
page_of(const struct audit_result *result)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	EXPECT(file);
	report_html(result, file);
	EXPECT(!fclose(file));
	return text;
}

static char *
junit_of(const struct audit_result *result, const struct audit_result *baseline,
	struct junit_counts *counts)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	EXPECT(file);
	report_junit(result, baseline, file, counts);
	EXPECT(!fclose(file));
	return text;
}

static struct audit_result *
failed(void)
{
	struct transcript *transcript = transcript_new(NULL);
	struct audit_result *result = run_result(transcript);
	struct finding finding = {.check = 1,
		.port = 23,
		.proto = 6,
		.word = VERDICT_FAIL,
		.is_critical = 1,
		.n_tried = 3,
		.n_all = 59,
		.n_evidence = 3,
		.evidence = {4, 5, 9},
		.provision = "5.1-1",
		.text = "a login </failure><b> & 'root' works"};

	snprintf(result->check[1].for_owner, sizeof result->check[1].for_owner, "Change it.");
	EXPECT(result_add(result, &finding));
	transcript_free(transcript);
	return result;
}

TEST(nothing_that_a_device_says_becomes_markup)
{
	struct audit_result *result = failed();
	struct junit_counts counts;
	auto_free char *page = page_of(result), *junit = junit_of(result, NULL, &counts);

	EXPECT(!strstr(page, "<script"));
	EXPECT(strstr(page, "hall &lt;script&gt;alert(1)&lt;/script&gt;"));
	EXPECT(strstr(page, "A login &lt;/failure&gt;&lt;b&gt; &amp; &#39;root&#39; works"));
	EXPECT(!strstr(page, "<b>"));
	EXPECT(strstr(page, "IPC &amp; 100"));
	EXPECT(!strstr(junit, "<b>"));
	EXPECT(strstr(junit, "&lt;/failure&gt;&lt;b&gt;"));
	result_free(result);
}

TEST(a_page_loads_nothing_and_runs_nothing)
{
	struct audit_result *result = failed();
	auto_free char *page = page_of(result);

	EXPECT(strstr(page, "default-src 'none'"));
	EXPECT(!strstr(page, "http:") && !strstr(page, "https:") && !strstr(page, "src=") &&
		!strstr(page, "url(") && !strstr(page, "onload"));
	result_free(result);
}

TEST(the_first_page_names_the_failure_what_to_do_and_what_was_not_tested)
{
	struct audit_result *result = failed();
	auto_free char *page = page_of(result);
	const char *first = strstr(page, "What to do"), *end = strstr(page, "class=\"page\"");

	EXPECT(first && end && first < end);
	EXPECT(strstr(first, "<strong>Change it.</strong>") < end);
	EXPECT(strstr(first, "closes this port") < end);
	EXPECT(strstr(page, "(looked at 3 of 59)"));
	EXPECT(strstr(page, "[exchange 4, 5, 9]"));
	EXPECT(strstr(page, "What was not tested"));
	EXPECT(strstr(page, "not a certificate"));
	result_free(result);
}

TEST(an_audit_without_a_failure_is_not_called_safe)
{
	struct transcript *transcript = transcript_new(NULL);
	struct audit_result *result = run_result(transcript);
	auto_free char *page = page_of(result);

	EXPECT(strstr(page, "That is no proof that there is none"));
	result_free(result);
	transcript_free(transcript);
}

TEST(a_check_that_the_run_does_not_know_of_is_told_as_not_tested)
{
	struct audit_result *result = failed();

	result->n_checks = 2;
	result->check[1].step = AUDIT_STEP_DONE;
	auto_free char *page = page_of(result);
	EXPECT(!strstr(page, "Every check that exists was run"));
	for (size_t i = 2; i < n_checks; i++) {
		size_t at = 0, n = 0;
		const char *title, *because;
		while (report_not_tested(result, &at, &title, &because))
			n += !strcmp(title, checks[i].title) &&
			     !strcmp(because, "no part of this run");
		EXPECT_INT(n, 1);
	}
	result_free(result);
}

TEST(what_was_mapped_without_the_text_is_called_unchecked)
{
	struct audit_result *result = failed();
	static struct standard_verdict standard;
	auto_free char *page = page_of(result);

	EXPECT(strstr(page, "lines unchecked"));
	verdict_of_standard(STANDARD_PSTI, NULL, 0, &standard);
	EXPECT_INT(report_unchecked(&standard), 0);
	verdict_of_standard(STANDARD_CLS, NULL, 0, &standard);
	EXPECT_INT(report_unchecked(&standard), standard.n);
	result_free(result);
}

TEST(why_a_provision_does_not_apply_is_told)
{
	struct audit_result *result = failed();
	struct finding finding = {.check = 0,
		.word = VERDICT_NA,
		.n_evidence = 1,
		.evidence = {77},
		.provision = "F:y",
		.text = "declared"};

	EXPECT(result_add(result, &finding));
	auto_free char *page = page_of(result);
	const char *row = strstr(page, ">6-2</td>");
	EXPECT(row);
	EXPECT(strstr(row, "not to be so that personal data is used on the ground of consent") <
		strstr(row, "</tr>"));
	EXPECT(strstr(row, "[exchange 77]") < strstr(row, "</tr>"));
	result_free(result);
}

TEST(a_place_is_told_once)
{
	struct finding finding = {.port = 23, .proto = 6, .text = "telnet is open at port 2323"};

	EXPECT(ip_parse(&finding.address, "198.18.0.7"));
	auto_free char *port = report_place(&finding, false);
	EXPECT_STR(port, " (TCP port 23)");
	finding.port = 2323;
	auto_free char *known = report_place(&finding, false);
	EXPECT_STR(known, "");
	auto_free char *address = report_place(&finding, true);
	EXPECT_STR(address, " (198.18.0.7)");
}

TEST(an_audit_that_was_cut_short_says_so_first)
{
	struct audit_result *result = failed();

	result->run.is_complete = false;
	snprintf(result->run.why, sizeof result->run.why, "the device went away");
	auto_free char *page = page_of(result);
	EXPECT(strstr(page, "did not come to its end") < strstr(page, "The three things"));
	EXPECT(strstr(page, "the device went away"));
	result_free(result);
}

TEST(in_junit_fail_is_a_failure_and_what_nobody_knows_is_skipped)
{
	struct audit_result *result = failed();
	struct junit_counts counts;
	auto_free char *junit = junit_of(result, NULL, &counts);

	EXPECT_INT(counts.failures, 1);
	EXPECT_INT(counts.known, 0);
	EXPECT(counts.skipped > 70);
	EXPECT(strstr(junit, "<failure message="));
	EXPECT(strstr(junit, "type=\"critical\""));
	EXPECT(strstr(junit, "value=\"3 of 59\""));
	size_t n = 0;
	for (const char *at = junit; (at = strstr(at, "<testcase")); at++)
		n++;
	EXPECT_INT(n, counts.tests);
	result_free(result);
}

TEST(what_the_baseline_has_as_well_does_not_fail_again_and_what_is_new_does)
{
	struct audit_result *result = failed(), *baseline = failed();
	struct junit_counts counts;

	/* A lease, a text and a number of tries may differ. */
	EXPECT(ip_parse(&baseline->finding[baseline->n_findings - 1].address, "198.18.0.9"));
	snprintf(baseline->finding[baseline->n_findings - 1].text, FINDING_TEXT_MAX, "other words");
	free(junit_of(result, baseline, &counts));
	EXPECT_INT(counts.failures, 0);
	EXPECT_INT(counts.known, 1);

	baseline->finding[baseline->n_findings - 1].port = 2323;
	free(junit_of(result, baseline, &counts));
	EXPECT_INT(counts.failures, 1);

	/* What was inconclusive then is no failure that is known. */
	baseline->finding[baseline->n_findings - 1].port = 23;
	baseline->finding[baseline->n_findings - 1].word = VERDICT_INC;
	free(junit_of(result, baseline, &counts));
	EXPECT_INT(counts.failures, 1);
	result_free(result);
	result_free(baseline);
}

TEST(the_mapping_is_the_table_in_every_form)
{
	char *text = NULL;
	size_t len, lines = 0;
	FILE *file = open_memstream(&text, &len);

	EXPECT(file);
	standards_tsv(file);
	EXPECT(!fclose(file));
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	EXPECT_INT(lines, 79);
	EXPECT(strstr(text, "\n5.1-1\t5.1-1\tM\tC:1?\tM\tF:a\tB\tAP,FW,HUM\t"));
	free(text);

	json_t *json = standards_json();
	EXPECT_INT(json_array_size(json_object_get(json, "provisions")), 78);
	EXPECT_INT(json_array_size(json_object_get(json, "standards")), STANDARD_COUNT - 1);
	json_decref(json);

	file = open_memstream(&text, &len);
	EXPECT(file);
	standards_csv(file);
	EXPECT(!fclose(file));
	EXPECT(strstr(text, "\"I(2)(b),I(2)(d)\""));
	free(text);
}

static char *
paper_of(const struct audit_result *result, size_t *len)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, len);

	EXPECT(file);
	report_pdf(result, file);
	EXPECT(!fclose(file));
	return text;
}

/* What a reader looks at first: the end, the table of objects, each object at its place. */
TEST(on_paper_every_object_is_where_the_table_says)
{
	struct audit_result *result = failed();
	size_t len, table, n;
	auto_free char *paper = paper_of(result, &len);
	const char *end = paper + len - strlen("%%EOF\n");

	EXPECT(!strncmp(paper, "%PDF-1.4\n", 9));
	EXPECT_STR(end, "%%EOF\n");
	while (strncmp(end, "startxref\n", 10))
		end--;
	EXPECT_INT(sscanf(end, "startxref %zu", &table), 1);
	EXPECT(table < len && sscanf(paper + table, "xref 0 %zu", &n) == 1);
	const char *row = strchr(strchr(paper + table, '\n') + 1, '\n') + 1 + 20;
	for (size_t i = 1; i < n; i++, row += 20) {
		size_t at = strtoul(row, NULL, 10), number;
		EXPECT(at && at < table);
		EXPECT(sscanf(paper + at, "%zu 0 obj", &number) == 1 && number == i);
	}
	EXPECT(!strncmp(row, "trailer", 7));
	result_free(result);
}

TEST(on_paper_nothing_that_a_device_says_leaves_its_string)
{
	struct audit_result *result = failed();
	size_t len;

	snprintf(result->device.name, sizeof result->device.name, "a) Tj ET (b\\ \x1b[2J");
	auto_free char *paper = paper_of(result, &len);
	EXPECT(strstr(paper, "(Test of a\\) Tj ET \\(b\\\\ .[2J)"));
	EXPECT(!strchr(paper, '\x1b'));
	EXPECT(!strstr(paper, "/JavaScript") && !strstr(paper, "/URI") &&
		!strstr(paper, "/OpenAction"));
	result_free(result);
}

TEST(the_same_result_gives_the_same_paper_and_many_findings_many_pages)
{
	struct audit_result *result = failed();
	size_t len, again_len;
	auto_free char *paper = paper_of(result, &len), *again = paper_of(result, &again_len);

	EXPECT_INT(len, again_len);
	EXPECT_MEM(paper, again, len);
	struct finding finding = result->finding[result->n_findings - 1];
	memset(finding.text, 'w', sizeof finding.text - 1); /* a word wider than its cell */
	for (unsigned i = 0; i < 600; i++) {
		finding.port = (uint16_t)(1000 + i);
		EXPECT(result_add(result, &finding));
	}
	auto_free char *many = paper_of(result, &len);
	size_t pages = 0;
	for (const char *at = many; (at = strstr(at, "/Type /Page ")); at++)
		pages++;
	EXPECT(pages > 50);
	result_free(result);
}

TEST(what_was_declared_stands_apart_with_who_said_it_and_is_no_test_that_passed)
{
	struct transcript *transcript = transcript_new(NULL);
	struct audit_result *result = run_result(transcript);
	struct finding seen = {.word = VERDICT_FAIL,
		.check = (uint16_t)check_find("telnet-login"),
		.n_evidence = 2,
		.provision = "5.1-1",
		.text = "root logs in"};
	struct finding said = {.word = VERDICT_DECL,
		.check = (uint16_t)check_find("declaration"),
		.n_evidence = 1,
		.provision = "5.4-3",
		.text = "declared met by A. <Maker> (maker, 2026-11-20)"};
	struct finding denied = said;
	struct junit_counts counts;

	denied.word = VERDICT_NA;
	snprintf(denied.provision, sizeof denied.provision, "F:a");
	EXPECT(result_add(result, &seen) && result_add(result, &said) &&
		result_add(result, &denied));
	auto_free char *page = page_of(result);
	const char *at = strstr(page, "What was declared, and not tested");
	assert_true(at != NULL);
	EXPECT(strstr(at, "A. &lt;Maker&gt; (maker, 2026-11-20)"));
	EXPECT(strstr(at, "But it was seen:</strong> root logs in"));
	EXPECT(strstr(page, "Not tested: declared met by"));

	auto_free char *xml = junit_of(result, NULL, &counts);
	EXPECT(strstr(xml, "<skipped message=\"declared, not tested\"/>"));
	EXPECT_INT(counts.failures, 1);
	result_free(result);
	transcript_free(transcript);
}

TEST(where_nothing_was_declared_there_is_no_chapter_about_it)
{
	struct audit_result *result = failed();
	auto_free char *page = page_of(result);

	EXPECT(!strstr(page, "What was declared"));
	result_free(result);
}
