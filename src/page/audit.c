/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the test bench: how far it is, what to do, each clause with its evidence; and two side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/guide.h"
#include "label/label.h"
#include "label/report.h"
#include "page/audit.h"
#include "page/pages.h"
#include "verdict/provision.h"

enum { FINDINGS_A_ROW = 24 }; /* beyond: counted, and in the report */

static bool
is_fail(const json_t *finding)
{
	return !strcmp(json_text_of(finding, "verdict"), "FAIL");
}

/* Of each standard one; ours is the newer edition of EN 303 645. */
static const json_t *
requirements_of(const json_t *result)
{
	return json_object_get(json_object_get(json_object_get(result, "verdicts"), "en303645-v3"),
		"requirements");
}

static const json_t *
counts_of(const json_t *result, const char *key)
{
	return json_object_get(
		json_object_get(json_object_get(result, "verdicts"), "en303645-v3"), key);
}

/* A member of the check of this id, or "". */
static const char *
of_check(const json_t *result, const char *id, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(result, "checks"), i,
		row) if (!strcmp(json_text_of(row, "id"), id)) return json_text_of(row, key);
	return "";
}

/* --- how far it is --------------------------------------------------------------------------- */

static void
put_left(struct sheet *page, long long seconds)
{
	long long minutes = (seconds + 59) / 60;

	if (minutes > 90)
		html(&page->out,
			ngettext("about %lld hour left", "about %lld hours left",
				(unsigned long)((minutes + 30) / 60)),
			(minutes + 30) / 60);
	else
		html(&page->out,
			ngettext("about %lld minute left", "about %lld minutes left",
				(unsigned long)minutes),
			minutes);
}

void
put_progress(struct sheet *page, const json_t *run)
{
	const json_t *progress = json_object_get(run, "progress"), *stage;
	char number[24];
	size_t i;

	if (!json_is_object(progress))
		return;
	snprintf(number, sizeof number, "%lld", number_of(run, "run"));
	html(&page->out,
		"<section class=\"card\"><h2>%s</h2><p><progress max=\"%lld\" value=\"%lld\" "
		"aria-label=\"%s\"></progress> %lld / %lld, ",
		_("Running"), number_of(progress, "all"), number_of(progress, "done"),
		_("checks that are done"), number_of(progress, "done"), number_of(progress, "all"));
	put_left(page, number_of(progress, "seconds_left"));
	html(&page->out, "</p><p>");
	put_words(page, json_text_of(progress, "title"));
	html(&page->out, "</p>");
	if (*json_text_of(progress, "note")) {
		html(&page->out, "<p class=\"notice\"><b>");
		put_words(page, json_text_of(progress, "note"));
		html(&page->out, "</b></p>");
	}
	json_array_foreach(json_object_get(progress, "results"), i, stage) html(&page->out,
		"%s<a href=\"/bench/%s?at=%s\">%s</a>", i ? ", " : _("Results so far: "), number,
		json_string_value(stage), json_string_value(stage));
	html(&page->out, "<div class=\"buttons\"><a class=\"button\" href=\"/bench/%s\">%s</a>",
		number, _("Look again"));
	put_button(page, "audit.stop", "", _("Stop it"), "run", number, END_PAIRS);
	html(&page->out, "</div></section>\n");
}

/* --- what to do ------------------------------------------------------------------------------- */

/* The same fault over IPv4 and IPv6, or of two provisions, is one thing to do. */
static bool
was_before(const json_t *findings, size_t at)
{
	const json_t *ours = json_array_get(findings, at);

	for (size_t i = 0; i < at; i++) {
		const json_t *other = json_array_get(findings, i);
		if (is_fail(other) && number_of(other, "port") == number_of(ours, "port") &&
			!strcmp(json_text_of(other, "check"), json_text_of(ours, "check")))
			return true;
	}
	return false;
}

static void
put_step(struct sheet *page, const char *step, const json_t *finding)
{
	step = say_words(step, NULL);
	html(&page->out, "<li>");
	while (*step) {
		size_t plain = strcspn(step, "{");
		char text[400];
		snprintf(text, sizeof text, "%.*s", (int)plain, step);
		html(&page->out, "%s", text);
		step += plain;
		if (!*step)
			break;
		if (!strncmp(step, "{a}", 3))
			html(&page->out, "%s", json_text_of(finding, "address"));
		else if (!strncmp(step, "{p}", 3))
			html(&page->out, "%lld", number_of(finding, "port"));
		step += strcspn(step, "}");
		step += *step == '}';
	}
	html(&page->out, "</li>");
}

static void
put_again(struct sheet *page, const json_t *run, const char *checks, const char *word)
{
	put_button(page, "audit.run", "main", word, "device",
		json_text_of(json_object_get(run, "device"), "id"), "pace",
		json_text_of(run, "pace"), "consent", json_text_of(run, "consent"), "checks",
		checks, END_PAIRS);
}

static void
put_fault(struct sheet *page, const json_t *run, const json_t *result, const json_t *finding)
{
	const char *check = json_text_of(finding, "check");
	const char *const *steps = guide_steps(check);
	char checks[80];

	html(&page->out, "<li class=\"fault\"><h3>");
	put_chip(page, "FAIL");
	html(&page->out, " <a href=\"#p-%s\">%s</a></h3><p>", json_text_of(finding, "provision"),
		json_text_of(finding, "provision"));
	put_words(page, json_text_of(finding, "text"));
	html(&page->out, "</p><ol>");
	if (truth_of(finding, "is_critical"))
		html(&page->out, "<li>%s</li>",
			_("The gateway keeps this port closed until a new test passes. To get at "
			  "the device yourself, let it work for 15 minutes on its page."));
	for (int i = 0; steps && steps[i]; i++)
		put_step(page, steps[i], finding);
	if (!steps) {
		html(&page->out, "<li>");
		put_words(page, of_check(result, check, "for_owner"));
		html(&page->out, "</li>");
	}
	html(&page->out, "</ol>");
	if (*of_check(result, check, "for_maker")) {
		html(&page->out, "<p class=\"soft\">%s ",
			_("If that does not mend it, tell its maker:"));
		put_words(page, of_check(result, check, "for_maker"));
		html(&page->out, "</p>");
	}
	snprintf(checks, sizeof checks, "tcp-ports%s,%s",
		number_of(finding, "proto") == 17 ? ",udp-services" : "", check);
	if (!strcmp(of_check(result, check, "consent"), "passive"))
		html(&page->out, "<p class=\"soft\">%s</p>",
			_("It is judged by what the device sends: test it again some hours "
			  "later."));
	else
		put_again(page, run, checks, _("It is done: test this again"));
	html(&page->out, "</li>\n");
}

static void
put_to_do(struct sheet *page, const json_t *run, const json_t *result)
{
	const json_t *findings = json_object_get(result, "findings"), *finding;
	bool is_any = false;
	size_t i;

	html(&page->out,
		"<section class=\"card\" id=\"to-do\"><h2>%s</h2><ol class=\"plain-list\">",
		_("What to do"));
	json_array_foreach(findings, i, finding)
	{
		if (!is_fail(finding) || was_before(findings, i))
			continue;
		is_any = true;
		put_fault(page, run, result, finding);
	}
	html(&page->out, "</ol>");
	if (!is_any)
		put_empty(page, _("No failure was found, as far as was looked. What that leaves "
				  "open stands below."));
	html(&page->out, "</section>\n");
}

/* --- the map ------------------------------------------------------------------------------------ */

/* "5.1" for "5.1-2A", "6" for "6-1". */
static bool
is_in_clause(const char *provision, const char *clause)
{
	size_t len = strlen(clause);
	return !strncmp(provision, clause, len) && provision[len] == '-';
}

static void
put_field(struct sheet *page, const json_t *row)
{
	const char *verdict = json_text_of(row, "verdict"), *id = json_text_of(row, "id");
	bool is_looked_at = *verdict && !number_of(row, "missing");

	html(&page->out, "<li class=\"v-%s%s\"><a href=\"#p-%s\"><b>%s</b><br>%s</a></li>",
		is_looked_at ? verdict : "NONE", truth_of(row, "mandatory") ? "" : " light", id, id,
		*verdict ? verdict : _("not tested"));
}

static void
put_clause(struct sheet *page, const json_t *rows, const char *clause, const char *title)
{
	const json_t *row;
	bool is_begun = false;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (!is_in_clause(json_text_of(row, "id"), clause))
			continue;
		if (!is_begun)
			html(&page->out,
				"<div class=\"clause\"><h3><b>%s</b> %s</h3><ul "
				"class=\"clauses\">",
				clause, say_words(title, NULL));
		is_begun = true;
		put_field(page, row);
	}
	if (is_begun)
		html(&page->out, "</ul></div>\n");
}

static void
put_map(struct sheet *page, const json_t *result)
{
	const json_t *rows = requirements_of(result);

	html(&page->out, "<section class=\"card\"><h2>%s</h2><p class=\"soft\">%s</p>\n",
		_("By clause of EN 303 645"),
		_("Each field is a provision and leads to its evidence; the table there says the "
		  "same. Dashed ones are recommendations, pale ones nobody looked at."));
	put_clause(page, rows, "5.0", _("Reasons of the maker"));
	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		put_clause(page, rows, label_clause_id(i), label_clause_title(i));
	html(&page->out, "<dl><dt>%s</dt><dd>", _("Mandatory"));
	put_counts(page, counts_of(result, "mandatory"));
	html(&page->out, "</dd><dt>%s</dt><dd>", _("Recommended"));
	put_counts(page, counts_of(result, "recommended"));
	html(&page->out, "</dd></dl></section>\n");
}

/* --- evidence ------------------------------------------------------------------------------------- */

static void
put_finding(struct sheet *page, const json_t *finding)
{
	const json_t *number, *evidence = json_object_get(finding, "evidence");
	size_t i;

	html(&page->out, "<li>");
	put_chip(page, json_text_of(finding, "verdict"));
	html(&page->out, " ");
	put_words(page, json_text_of(finding, "text"));
	html(&page->out, " <span class=\"soft\"><code>%s</code>", json_text_of(finding, "check"));
	if (number_of(finding, "port"))
		html(&page->out, ", %s/%lld", number_of(finding, "proto") == 17 ? "udp" : "tcp",
			number_of(finding, "port"));
	if (number_of(finding, "all"))
		html(&page->out, ", %lld %s %lld", number_of(finding, "tried"), _("of"),
			number_of(finding, "all"));
	json_array_foreach(evidence, i, number) html(&page->out, "%s%lld",
		i ? ", " : _(", evidence: exchange "), (long long)json_integer_value(number));
	if (number_of(finding, "evidence_in_all") > (long long)json_array_size(evidence))
		html(&page->out, " (%s %lld)", _("in all"), number_of(finding, "evidence_in_all"));
	html(&page->out, "</span>");
	if (!strcmp(json_text_of(finding, "verdict"), "INC"))
		html(&page->out, "<br><span class=\"soft\">%s %s</span>",
			_("What would settle it:"),
			say_words(inc_reason_settles(
					  inc_reason_from_name(json_text_of(finding, "reason"))),
				NULL));
	html(&page->out, "</li>");
}

static void
put_evidence(struct sheet *page, const json_t *findings, const char *provision)
{
	const json_t *finding;
	long long n = 0;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		if (strcmp(json_text_of(finding, "provision"), provision) != 0)
			continue;
		if (!n)
			html(&page->out, "<ul class=\"plain-list\">");
		if (n++ < FINDINGS_A_ROW)
			put_finding(page, finding);
	}
	if (n > FINDINGS_A_ROW)
		html(&page->out, "<li>%s %lld</li>", _("More of them are in the report:"),
			n - FINDINGS_A_ROW);
	if (n)
		html(&page->out, "</ul>");
}

static void
put_reasons(struct sheet *page, const json_t *row)
{
	const json_t *reason;
	size_t i;

	if (number_of(row, "missing")) {
		html(&page->out, "<p class=\"soft\">%s</p>",
			_("No check of this run looked at it."));
		return;
	}
	json_array_foreach(json_object_get(row, "reasons"), i, reason)
	{
		const char *name = json_string_value(reason);
		if (name)
			html(&page->out, "<p class=\"soft\">%s %s</p>", _("What would settle it:"),
				say_words(inc_reason_settles(inc_reason_from_name(name)), NULL));
	}
}

static void
put_provision(struct sheet *page, const json_t *row, const json_t *findings)
{
	const char *id = json_text_of(row, "id");
	const struct provision *provision = provision_find(id);

	html(&page->out, "<tr id=\"p-%s\"><th scope=\"row\">%s</th><td>", id, id);
	put_chip(page, json_text_of(row, "verdict"));
	html(&page->out, "<br><span class=\"soft\">%s</span></td><td>",
		truth_of(row, "mandatory") ? _("mandatory") : _("recommended"));
	put_words(page, provision ? provision->meaning : "");
	if (number_of(row, "findings")) {
		html(&page->out, "<details><summary>%s</summary>", _("Evidence"));
		put_evidence(page, findings, id);
		html(&page->out, "</details>");
	} else {
		put_reasons(page, row);
	}
	html(&page->out, "</td></tr>\n");
}

static bool
is_of_map(const json_t *rows, const char *provision)
{
	const json_t *row;
	size_t i;

	json_array_foreach(
		rows, i, row) if (!strcmp(json_text_of(row, "id"), provision)) return true;
	return false;
}

/* What was looked at besides: of other laws, of papers, of conditions. */
static void
put_others(struct sheet *page, const json_t *result)
{
	const json_t *findings = json_object_get(result, "findings"), *finding,
		     *rows = requirements_of(result);
	long long n = 0;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		if (is_of_map(rows, json_text_of(finding, "provision")) || n >= 200)
			continue;
		if (!n++)
			html(&page->out,
				"<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">\n",
				_("What else was seen"));
		html(&page->out, "<li><b>%s</b> <ul class=\"plain-list\">",
			json_text_of(finding, "provision"));
		put_finding(page, finding);
		html(&page->out, "</ul></li>\n");
	}
	if (n)
		html(&page->out, "</ul></section>\n");
}

/* --- the page ---------------------------------------------------------------------------------------- */

static void
put_take(struct sheet *page, const json_t *run, const json_t *others)
{
	static const struct {
		const char *file, *name;
	} files[] = {{"html", N_("page")}, {"pdf", "PDF"}, {"json", "JSON"}, {"xml", "JUnit"}};
	const char *device = json_text_of(json_object_get(run, "device"), "id");
	long long number = number_of(run, "run");
	bool is_any = false;
	const json_t *other;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><p>%s ", _("Go on"), _("Report:"));
	for (i = 0; i < COUNT_OF(files); i++)
		html(&page->out, "%s<a href=\"/bench/%lld/report.%s\">%s</a>", i ? ", " : "",
			number, files[i].file, _(files[i].name));
	html(&page->out,
		"</p><p><a href=\"/gate/%lld\">%s</a></p><p class=\"soft\">%s <code>pinfold audit "
		"pack %lld FILE</code></p>",
		number, _("May it go on the shelf?"),
		_("All evidence, signed, to be judged again by others:"), number);
	if (*device)
		html(&page->out,
			"<p><a href=\"/declaration/%s\">%s</a> &#183; <a "
			"href=\"/labels/%s\">%s</a> "
			"&#183; <a href=\"/reset/%s\">%s</a></p>",
			device, _("Answer what a test cannot see"), device, _("Its label"), device,
			_("Test a factory reset"));
	json_array_foreach(others, i, other)
	{
		if (number_of(other, "run") == number ||
			strcmp(json_text_of(json_object_get(other, "device"), "id"), device) != 0)
			continue;
		if (!is_any)
			html(&page->out,
				"<form method=\"get\" action=\"/compare\"><input type=\"hidden\" "
				"name=\"run\" value=\"%lld\"><label>%s <select name=\"with\">",
				number, _("Beside audit"));
		is_any = true;
		html(&page->out, "<option>%lld</option>", number_of(other, "run"));
	}
	if (is_any)
		html(&page->out, "</select></label> <button class=\"button\">%s</button></form>",
			_("What changed?"));
	html(&page->out, "</section>\n");
}

static void
put_lead(struct sheet *page, const json_t *run)
{
	html(&page->out, "<p class=\"lead\">");
	put_device_link(page, json_object_get(run, "device"));
	html(&page->out, " ");
	put_chip(page, json_text_of(run, "state"));
	html(&page->out, " %s, %s, %s ", words_of(run, "profile"), words_of(run, "pace"),
		words_of(run, "consent"));
	put_time(page, number_of(run, "begun"));
	html(&page->out, "</p>\n");
}

void
page_audit(struct sheet *page)
{
	const json_t *run = page->answer[0], *result = json_object_get(run, "result");
	const json_t *rows = requirements_of(result), *row;
	size_t i;

	put_lead(page, run);
	if (*json_text_of(run, "why"))
		put_trouble(page, words_of(run, "why"));
	put_progress(page, run);
	if (!json_is_object(result))
		return;
	html(&page->out, "<div class=\"passport\"><div>\n");
	put_to_do(page, run, result);
	html(&page->out, "</div><div>\n");
	put_map(page, result);
	put_take(page, run, page->answer[1]);
	html(&page->out, "</div></div>\n");
	if (json_array_size(rows)) {
		html(&page->out, "<section class=\"card provisions\"><h2>%s</h2>\n",
			_("Each provision, with its evidence"));
		put_table(page, _("Provision"), _("Verdict"),
			_("What it asks for, and what was seen"), END_TABLE);
		json_array_foreach(rows, i, row)
			put_provision(page, row, json_object_get(result, "findings"));
		put_table_end(page);
		html(&page->out, "</section>\n");
	}
	put_others(page, result);
}

/* --- two side by side ----------------------------------------------------------------------------------- */

static const char *
word_in(const json_t *rows, const char *id)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i,
		row) if (!strcmp(json_text_of(row, "id"), id)) return json_text_of(row, "verdict");
	return "";
}

static void
put_change(struct sheet *page, const char *id, const char *before, const char *now)
{
	const struct provision *provision = provision_find(id);

	html(&page->out, "<tr><th scope=\"row\">%s</th><td>", id);
	put_chip(page, *before ? before : "INC");
	html(&page->out, "</td><td>");
	put_chip(page, *now ? now : "INC");
	html(&page->out, "</td><td>");
	put_words(page, provision ? provision->meaning : "");
	html(&page->out, "</td></tr>\n");
}

/* Is there the same failure in the other run? */
static bool
has_same(const json_t *findings, const json_t *ours)
{
	const json_t *at;
	size_t i;

	json_array_foreach(findings, i,
		at) if (is_fail(at) && number_of(at, "port") == number_of(ours, "port") &&
			!strcmp(json_text_of(at, "check"), json_text_of(ours, "check")) &&
			!strcmp(json_text_of(at, "provision"),
				json_text_of(ours, "provision"))) return true;
	return false;
}

static void
put_only_in(struct sheet *page, const char *title, const json_t *findings, const json_t *others)
{
	const json_t *finding;
	long long n = 0;
	size_t i;

	html(&page->out, "<section class=\"card\"><h2>%s</h2><ul class=\"plain-list\">\n", title);
	json_array_foreach(findings, i, finding)
	{
		if (!is_fail(finding) || has_same(others, finding) || n >= 200)
			continue;
		n++;
		html(&page->out, "<li><b>%s</b> ", json_text_of(finding, "provision"));
		put_words(page, json_text_of(finding, "text"));
		html(&page->out, "</li>\n");
	}
	html(&page->out, "</ul>");
	if (!n)
		put_empty(page, _("None."));
	html(&page->out, "</section>\n");
}

void
page_compare(struct sheet *page)
{
	const json_t *now = json_object_get(page->answer[0], "result"),
		     *before = json_object_get(page->answer[1], "result"), *row;
	const json_t *rows = requirements_of(now), *old = requirements_of(before);
	long long n = 0;
	size_t i;

	if (!before) {
		put_trouble(page, refusal(page, 1));
		return;
	}
	put_lead(page, page->answer[0]);
	html(&page->out,
		"<section class=\"card wide\"><h2>%s</h2><table><thead><tr><th "
		"scope=\"col\">%s</th><th scope=\"col\"><a href=\"/bench/%lld\">%s "
		"%lld</a></th><th "
		"scope=\"col\"><a href=\"/bench/%lld\">%s %lld</a></th><th "
		"scope=\"col\">%s</th></tr></thead><tbody>\n",
		_("Verdicts that are others"), _("Provision"), number_of(page->answer[1], "run"),
		_("Audit"), number_of(page->answer[1], "run"), number_of(page->answer[0], "run"),
		_("Audit"), number_of(page->answer[0], "run"), _("What it asks for"));
	json_array_foreach(rows, i, row)
	{
		const char *id = json_text_of(row, "id"), *was = word_in(old, id);
		if (!strcmp(was, json_text_of(row, "verdict")))
			continue;
		n++;
		put_change(page, id, was, json_text_of(row, "verdict"));
	}
	html(&page->out, "</tbody></table>");
	if (!n)
		put_empty(page, _("None: both say the same of every provision."));
	html(&page->out, "<p class=\"soft\">%s</p></section>\n<div class=\"passport\">",
		_("Audits that looked at different things differ without any change of the "
		  "device: look at what each was asked to do."));
	put_only_in(page, _("Failures that are new"), json_object_get(now, "findings"),
		json_object_get(before, "findings"));
	put_only_in(page, _("Failures that are not there any more"),
		json_object_get(before, "findings"), json_object_get(now, "findings"));
	html(&page->out, "</div>\n");
}

/* --- files ------------------------------------------------------------------------------------------------ */

/* The result as its own reader takes it, which looks at every member; NULL: it is none. */
static struct audit_result *
result_of(const struct sheet *page)
{
	auto_free char *text =
		json_dumps(json_object_get(page->answer[0], "result"), JSON_SORT_KEYS);
	struct fault why;
	bool is_same;

	return text ? result_from_text(text, strlen(text), &is_same, &why) : NULL;
}

static void
put_report(struct sheet *page, void (*render)(const struct audit_result *, FILE *))
{
	struct audit_result *result = result_of(page);
	auto_free char *text = NULL;
	size_t len = 0;

	if (!result)
		return;
	FILE *file = open_memstream(&text, &len);
	if (!file)
		abort();
	render(result, file);
	if (fclose(file))
		abort();
	html_raw(&page->out, text, len);
	result_free(result);
}

static void
render_junit(const struct audit_result *result, FILE *file)
{
	struct junit_counts counts;

	report_junit(result, NULL, file, &counts);
}

void
file_report_html(struct sheet *page)
{
	put_report(page, report_html);
}

void
file_report_pdf(struct sheet *page)
{
	put_report(page, report_pdf);
}

void
file_report_junit(struct sheet *page)
{
	put_report(page, render_junit);
}

void
file_report_json(struct sheet *page)
{
	struct audit_result *result = result_of(page);
	size_t len;

	if (!result)
		return;
	auto_free char *text = result_to_text(result, &len);
	html_raw(&page->out, text, len);
	result_free(result);
}
