/* SPDX-License-Identifier: Apache-2.0 */
#include "check/paper.h"

#include <stdio.h>
#include <string.h>

#include "check/declared.h"
#include "tale.h"

/* A whole one, as a shop gets it beside the box. */
static const char statement[] =
	"STATEMENT OF COMPLIANCE\n"
	"The Product Security and Telecommunications Infrastructure (Security Requirements for\n"
	"Relevant Connectable Products) Regulations 2023\n"
	"\n"
	"1. Product type: Indoor camera\n"
	"2. Model: CAM-200\n"
	"3. Batch: 2026-07\n"
	"4. Name and address of the manufacturer: Example Electronics Ltd, 1 High Street, Leeds\n"
	"This statement is prepared by the manufacturer.\n"
	"In the opinion of the manufacturer it has complied with Schedule 1.\n"
	"Defined support period:\n"
	"31 December 2031\n"
	"Signed:\n"
	"Name: A. Maker\n"
	"Function: Head of quality\n"
	"Place of issue: Leeds\n"
	"Date of issue: 2026-03-01\n";

static const char wire[] = "{\"macs\": [{\"maker\": \"Example Electronics\"}], \"claims\": "
			   "[{\"kind\": \"mdns-model\", "
			   "\"claimed\": \"CAM-200\"}]}";

static struct paper
read_as(const char *text)
{
	struct paper paper;

	EXPECT(paper_parse(&paper, (const uint8_t *)text, strlen(text)));
	return paper;
}

TEST(a_statement_of_compliance_is_read_field_by_field)
{
	struct paper paper = read_as(statement);

	EXPECT_INT(paper.kind, PAPER_PSTI);
	for (unsigned i = 0; i < PAPER_FIELD_COUNT; i++)
		if (paper_needs(PAPER_PSTI, (enum paper_field)i) && !paper.field[i].is_there)
			fail_msg("no %s", paper_field_name((enum paper_field)i));
	EXPECT_STR(paper.field[PAPER_MODEL].value, "CAM-200");
	EXPECT_STR(paper.field[PAPER_SUPPORT].value, "31 December 2031");
	EXPECT_STR(paper.field[PAPER_PLACE].value, "Leeds");
	EXPECT_STR(paper.field[PAPER_DATE].value, "2026-03-01");
	EXPECT_STR(paper.field[PAPER_SIGNATORY].value, "A. Maker");
	EXPECT(!paper.field[PAPER_EXPIRY].is_there);
}

TEST(a_label_given_as_json_is_read_in_the_same_way)
{
	struct paper paper =
		read_as("{\"scheme\": \"JC-STAR\", \"labelId\": \"STAR-1-0042\", "
			"\"manufacturer_name\": \"Example\", \"product\": {\"productModel\": "
			"\"CAM-200\"}, \"expiry_date\": \"2027-05-31\"}");

	EXPECT_INT(paper.kind, PAPER_LABEL);
	EXPECT_STR(paper.field[PAPER_ID].value, "STAR-1-0042");
	EXPECT_STR(paper.field[PAPER_MODEL].value, "CAM-200");
	EXPECT_STR(paper.field[PAPER_EXPIRY].value, "2027-05-31");
	EXPECT_STR(paper.field[PAPER_MAKER].value, "Example");
}

TEST(an_eu_declaration_is_told_from_a_statement)
{
	struct paper paper =
		read_as("EU Declaration of Conformity\nThis declaration is issued under the "
			"sole responsibility of the manufacturer.\nHarmonised standards: EN "
			"18031-1:2024\nObject of the declaration: camera\n");

	EXPECT_INT(paper.kind, PAPER_EU);
	EXPECT(paper.names_en18031);
	EXPECT(paper.field[PAPER_PREPARED].is_there);
	EXPECT_STR(paper.field[PAPER_STANDARDS].value, "EN 18031-1:2024");
	EXPECT(!paper.field[PAPER_SIGNATURE].is_there);
}

TEST(what_is_no_text_is_no_paper)
{
	static const uint8_t image[] = {0x89, 'P', 'N', 'G', 0, 1, 2};
	struct paper paper;

	EXPECT(!paper_parse(&paper, image, sizeof image));
	EXPECT(!paper_parse(&paper, (const uint8_t *)"%PDF-1.7\n", 9));
	EXPECT(!paper_parse(&paper, image, 0));
}

TEST(a_day_is_read_however_it_is_usually_written)
{
	EXPECT_INT(paper_day("2031-12-31"), 20311231);
	EXPECT_INT(paper_day("31 December 2031"), 20311231);
	EXPECT_INT(paper_day("until December 31, 2031"), 20311231);
	EXPECT_INT(paper_day("December 2031"), 20311200);
	EXPECT_INT(paper_day("2031-12"), 20311200);
	/* Of two readings none is taken. */
	EXPECT_INT(paper_day("01/02/2031"), 0);
	EXPECT_INT(paper_day("five years from purchase"), 0);
	EXPECT_INT(paper_day(""), 0);
}

/* --- against the wire ------------------------------------------------------------------------------ */

static struct transcript *
with(const char *text, const char *says)
{
	struct transcript *t = transcript_new(NULL);

	declared_write(t, WIRE_STEP, "what it says", says, strlen(says), 1795000000);
	declared_write(t, PAPER_STEP, "soc.txt", text, strlen(text), 1795000000);
	TELL(t, "papers", "begin");
	tell_end(t, "papers");
	return t;
}

static const struct finding *
line_of(const struct transcript *t, const char *what)
{
	judged.n = 0;
	check_judge(check_named("papers"), t, &judged);
	for (size_t i = 0; i < judged.n; i++)
		if (strstr(judged.finding[i].text, what))
			return &judged.finding[i];
	fail_msg("nothing is said of %s", what);
	return NULL;
}

TEST(the_model_of_the_paper_is_compared_with_what_the_device_says)
{
	struct transcript *t = with(statement, wire);
	const struct finding *finding = line_of(t, "model or type");

	EXPECT_VERDICT(finding, "NFF");
	EXPECT(strstr(finding->text, "match"));
	EXPECT_STR(finding->provision, "PSTI-SoC");
	EXPECT(strstr(line_of(t, ": maker:")->text, "match"));
	transcript_free(t);

	t = with(statement, "{\"claims\": [{\"kind\": \"mdns-model\", \"claimed\": \"CAM-100\"}]}");
	finding = line_of(t, "model or type");
	EXPECT_INC(finding, "NO_IXIT");
	EXPECT(strstr(finding->text, "differs: the device says CAM-100"));
	transcript_free(t);

	t = with(statement, "{}");
	EXPECT(strstr(line_of(t, "model or type")->text, "not seen on the wire"));
	transcript_free(t);
}

TEST(an_answer_of_the_device_bears_out_a_paper_and_the_paper_itself_does_not)
{
	struct transcript *t = with(statement, "{}");

	TELL(t, "tcp-ports", "service", 1, 80,
		.received = "HTTP/1.0 200 OK\r\nServer: cam-200/1.0\r\n\r\n");
	const struct finding *finding = line_of(t, "model or type");
	EXPECT(strstr(finding->text, "match"));
	EXPECT_INT(finding->n_evidence, 2);
	transcript_free(t);
}

TEST(a_field_that_is_missing_is_named_and_nobody_fails_on_it)
{
	struct transcript *t = with("Statement of compliance\nProduct: camera\n", wire);

	EXPECT(strstr(line_of(t, "support period")->text, "not in the paper"));
	EXPECT_INC(line_of(t, "signature"), "LANGUAGE");
	for (size_t i = 0; i < judged.n; i++)
		EXPECT(judged.finding[i].word != VERDICT_FAIL &&
			judged.finding[i].word != VERDICT_PASS);
	transcript_free(t);
}

TEST(a_label_that_has_expired_is_told)
{
	struct transcript *t = with("Label scheme: CLS\nExpiry: 2024-01-31\n", wire);

	EXPECT(strstr(line_of(t, "date of expiry")->text, "it has expired"));
	transcript_free(t);
}

TEST(a_support_period_that_is_over_or_is_none_is_told)
{
	struct transcript *t = with("Statement of compliance\nSupport period: 2024-12-31\n", wire);

	EXPECT(strstr(line_of(t, "support period")->text, "it is over"));
	transcript_free(t);
	t = with("Statement of compliance\nSupport period: 2 years from purchase\n", wire);
	EXPECT_INC(line_of(t, "support period"), "LANGUAGE");
	transcript_free(t);
}

TEST(a_paper_of_another_kind_is_handed_to_a_person)
{
	struct transcript *t = with("Dear customer,\nthank you for buying this product.\n", wire);

	EXPECT_INC(line_of(t, "neither a statement"), "LANGUAGE");
	transcript_free(t);
}

TEST(a_page_of_the_maker_bears_out_the_support_period_and_not_the_device)
{
	struct transcript *t = with(statement, "{}");

	TELL(t, "maker-web", "page", 1,
		.received = "HTTP/1.1 200 OK\r\n\r\nCAM-200: updates until 31 December 2031");
	const struct finding *finding = line_of(t, "support period");
	EXPECT_VERDICT(finding, "NFF");
	EXPECT(strstr(finding->text, "a page of the maker says the same"));
	EXPECT(strstr(line_of(t, "model or type")->text, "not seen on the wire"));
	transcript_free(t);
}
