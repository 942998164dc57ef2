/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks an owner through the failures of a run: what to do, step by step, then
 * those checks again, and what became of the closed ports.
 */
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "check/check.h"
#include "check/guide.h"
#include "ctl/ctl.h"

enum { CHECKS_TEXT_MAX = 1024, WORD = 64 };

/* What text() gives is good for some calls only. */
static void
id_of(const json_t *run, char out[static WORD])
{
	snprintf(out, WORD, "%s", text(json_object_get(run, "device"), "id"));
}

static bool
is_fail(const json_t *finding)
{
	return !strcmp(text(finding, "verdict"), "FAIL");
}

/* The same fault over IPv4 and IPv6, or of two provisions, is one thing to do. */
static bool
is_same_place(const json_t *a, const json_t *b)
{
	return !strcmp(text(a, "check"), text(b, "check")) &&
	       number(a, "port") == number(b, "port");
}

static bool
was_before(const json_t *findings, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_fail(json_array_get(findings, i)) &&
			is_same_place(json_array_get(findings, i), json_array_get(findings, at)))
			return true;
	return false;
}

/* What a later run says there: INC and silence mend nothing. */
static const char *
outcome(const json_t *run, const json_t *place)
{
	const char *word = "cannot be told";
	json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(run, "result"), "findings"), i, finding)
	{
		bool is_there = is_same_place(finding, place);
		if (strcmp(text(finding, "check"), text(place, "check")) != 0 ||
			strcmp(text(finding, "provision"), text(place, "provision")) != 0 ||
			(!is_there && number(finding, "port")))
			continue;
		if (is_fail(finding))
			return "fails still";
		if (is_there && !strcmp(text(finding, "verdict"), "INC"))
			return "cannot be told";
		/* What only the maker can say of the rest is another question. */
		if (strcmp(text(finding, "verdict"), "INC") != 0 ||
			!strcmp(text(finding, "reason"), "NO_IXIT"))
			word = "mended";
	}
	return word;
}

/* Can it be tried, or does only time tell? */
static bool
has_probe(const char *check)
{
	int place = check_find(check);

	return place >= 0 && checks[place].is_probed;
}

/* --- what to do ---------------------------------------------------------------------------------- */

static void
print_step(const char *step, const json_t *finding, const char *device)
{
	for (; *step; step++) {
		if (!strncmp(step, "{a}", 3))
			printf("%s", text(finding, "address"));
		else if (!strncmp(step, "{p}", 3))
			printf("%lld", number(finding, "port"));
		else if (!strncmp(step, "{d}", 3))
			printf("%s", device);
		else {
			putchar(*step);
			continue;
		}
		step += 2;
	}
}

/* As an audit closed it: a person behind the gateway is kept from it as well. */
static bool
is_closed(const json_t *device, const json_t *finding)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(device, "containment"), i,
		row) if (!strcmp(text(row, "act"), "patch") &&
			 number(row, "port") == number(finding, "port")) return true;
	return false;
}

static const char *
advice(const json_t *result, const char *check, const char *key)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(result, "checks"), i,
		row) if (!strcmp(text(row, "id"), check)) return text(row, key);
	return "";
}

static void
print_fault(
	int nth, const json_t *result, const json_t *finding, const json_t *device, const char *id)
{
	char check[WORD];
	snprintf(check, sizeof check, "%s", text(finding, "check"));
	const char *const *guide = guide_steps(check);
	int step = 1;

	printf("\n%d. %s (%s, %s)\n", nth, text(finding, "text"), text(finding, "provision"),
		check);
	if (is_closed(device, finding))
		printf("   %d) The gateway keeps port %lld closed. For as long as you need it, "
		       "from "
		       "a device that you trust: pinfold device pause %s 15m\n",
			step++, number(finding, "port"), id);
	for (int i = 0; guide && guide[i]; i++) {
		printf("   %d) ", step++);
		print_step(guide[i], finding, id);
		printf("\n");
	}
	if (!guide)
		printf("   %d) %s\n", step++, advice(result, check, "for_owner"));
	if (!has_probe(check))
		printf("   %d) It is judged by what the device sends: test it again some hours "
		       "later.\n",
			step);
	printf("   If that does not mend it, tell the maker: %s\n",
		advice(result, check, "for_maker"));
}

static json_t *
ask_device(const char *id, const struct options *options)
{
	struct fault why;
	json_t *question = json_pack("{s:s, s:{s:s}}", "verb", "device.show", "args", "device", id);
	json_t *answer = ask(options->socket, question, NULL, &why);

	json_decref(question);
	return answer;
}

/* --- again ----------------------------------------------------------------------------------------- */

/* Those that failed and can be tried, behind those that find where to try. */
static bool
list_checks(const json_t *findings, char *out, size_t size)
{
	bool is_any = false, has_udp = false;
	json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding) has_udp |=
		is_fail(finding) && number(finding, "proto") == 17;
	int n = snprintf(out, size, "tcp-ports%s", has_udp ? ",udp-services" : "");
	json_array_foreach(findings, i, finding)
	{
		char check[WORD];
		snprintf(check, sizeof check, "%s", text(finding, "check"));
		if (!is_fail(finding) || !has_probe(check))
			continue;
		is_any = true;
		if (!strstr(out, check) && n > 0 && (size_t)n < size)
			n += snprintf(out + n, size - (size_t)n, ",%s", check);
	}
	return is_any && n > 0 && (size_t)n < size;
}

static json_t *
run_again(const json_t *run, const struct options *options)
{
	const json_t *result = json_object_get(run, "result");
	char list[CHECKS_TEXT_MAX];
	struct fault why;

	if (!list_checks(json_object_get(result, "findings"), list, sizeof list)) {
		printf("\nnone of them can be tried at once: test the whole device again some "
		       "hours "
		       "later\n");
		return NULL;
	}
	json_t *question = json_pack("{s:s, s:{s:s, s:s, s:s, s:s}}", "verb", "audit.run", "args",
		"device", text(json_object_get(run, "device"), "id"), "pace", text(run, "pace"),
		"consent", text(run, "consent"), "checks", list);
	json_t *answer = ask(options->socket, question, NULL, &why);
	json_decref(question);
	const json_t *begun = json_object_get(answer, "result");
	if (!begun) {
		fprintf(stderr, "pinfold: %s\n",
			answer ? text(json_object_get(answer, "error"), "text") : why.text);
		json_decref(answer);
		return NULL;
	}
	json_t *ended = await_audit(number(begun, "run"), options);
	json_decref(answer);
	return ended;
}

/* How many of them still fail. */
static int
tell_outcome(const json_t *run, const json_t *again, const struct options *options)
{
	const json_t *findings = json_object_get(json_object_get(run, "result"), "findings");
	char id[WORD];
	id_of(run, id);
	json_t *shown_device = ask_device(id, options), *finding;
	const json_t *device = json_object_get(shown_device, "result");
	int left = 0;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		if (!is_fail(finding) || was_before(findings, i) ||
			!has_probe(text(finding, "check")))
			continue;
		const char *word = outcome(again, finding);
		bool is_mended = !strcmp(word, "mended");
		left += !is_mended;
		if (options->quiet || options->json)
			continue;
		printf("%s: %s", word, text(finding, "text"));
		if (number(finding, "port") && is_closed(device, finding))
			printf("; port %lld stays closed", number(finding, "port"));
		else if (is_mended && json_is_true(json_object_get(finding, "is_critical")))
			printf("; port %lld is closed no longer", number(finding, "port"));
		printf("\n");
	}
	json_decref(shown_device);
	return left;
}

static bool
is_told_to_go_on(const json_t *args)
{
	int c;

	if (json_is_true(json_object_get(args, "retest")))
		return true;
	if (!isatty(0))
		return false;
	printf("\nPress Enter when it is done, and it is tested again; Ctrl-C leaves it. ");
	fflush(stdout);
	while ((c = getchar()) != EOF && c != '\n')
		;
	return c == '\n';
}

int
finish_fix(const json_t *args, const json_t *run, const struct options *options)
{
	const json_t *result = json_object_get(run, "result");
	const json_t *findings = json_object_get(result, "findings");
	bool is_quiet = options->quiet || options->json;
	char id[WORD];
	int n = 0;
	size_t i;

	id_of(run, id);
	json_t *shown_device = ask_device(id, options), *finding;

	json_array_foreach(findings, i, finding)
	{
		if (!is_fail(finding) || was_before(findings, i))
			continue;
		if (!is_quiet)
			print_fault(
				++n, result, finding, json_object_get(shown_device, "result"), id);
		else
			n++;
	}
	json_decref(shown_device);
	if (!n) {
		if (!is_quiet)
			printf("run %lld found no failure: there is nothing to mend\n",
				number(run, "run"));
		return CTL_OK;
	}
	if (!is_told_to_go_on(args)) {
		if (!is_quiet)
			printf("\nwhen it is done: pinfold audit fix %lld --retest\n",
				number(run, "run"));
		return CTL_HOLD;
	}
	json_t *again = run_again(run, options);
	if (!again)
		return CTL_REFUSED;
	if (options->json) {
		json_dumpf(again, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		printf("\n");
	}
	int left = tell_outcome(run, json_object_get(again, "result"), options);
	json_decref(again);
	return left ? CTL_HOLD : CTL_OK;
}
