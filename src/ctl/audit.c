/* SPDX-License-Identifier: Apache-2.0 */
/* Audits for people: the live line of a run, its verdicts, the list. */
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "verdict/provision.h"

enum { CELL = 400, POLL_S = 1, ASK_AGAIN_MAX = 60 };

static bool
is_word(const json_t *object, const char *key, const char *word)
{
	return !strcmp(text(object, key), word);
}

static bool
has_ended(const json_t *run)
{
	return number(run, "ended") != 0;
}

/* "12 min" is what one wants to know; seconds only when few are left.  Good until the second call. */
static const char *
left(long long seconds)
{
	static char out[2][32];
	static int turn;
	char *at = out[turn = !turn];

	if (seconds >= 10 * 3600)
		snprintf(at, sizeof out[0], "%lld h", (seconds + 1800) / 3600);
	else if (seconds >= 120)
		snprintf(at, sizeof out[0], "%lld min", (seconds + 59) / 60);
	else
		snprintf(at, sizeof out[0], "%lld s", seconds);
	return at;
}

static void
progress_line(const json_t *run, char *out, size_t size)
{
	const json_t *progress = json_object_get(run, "progress");
	const char *note = text(progress, "note"), *title = text(progress, "title");
	const char *next = text(progress, "next");
	char result[64] = "";

	/* The last one is there when the run ends, which is said anyhow. */
	if (*next && strcmp(next, "72h") != 0)
		snprintf(result, sizeof result, ", result of %s in %s at most", next,
			left(number(progress, "next_seconds")));
	snprintf(out, size, "run %lld: %lld of %lld checks%s, about %s left%s%s",
		number(run, "run"), number(progress, "done"), number(progress, "all"), result,
		left(number(progress, "seconds_left")), *note || *title ? ": " : "",
		*note ? note : title);
}

void
show_audit_begun(const json_t *run, const struct options *options)
{
	char line[CELL];

	if (options->quiet) {
		printf("%lld\n", number(run, "run"));
		return;
	}
	printf("run %lld of %s begins: %s, pace %s, consent %s, at most about %s\n",
		number(run, "run"), text(json_object_get(run, "device"), "name"),
		text(run, "profile"), text(run, "pace"), text(run, "consent"),
		left(number(run, "seconds")));
	progress_line(run, line, sizeof line);
	printf("it goes on by itself; to see it: pinfold audit show %lld; to end it: pinfold audit "
	       "stop %lld\n",
		number(run, "run"), number(run, "run"));
}

void
show_audit_stopped(const json_t *run, const struct options *options)
{
	if (!options->quiet)
		printf("run %lld %s\n", number(run, "run"),
			has_ended(run) ? "is stopped; what was found until then is kept"
				       : "is being stopped; what was found until then is kept");
}

void
show_audits(const json_t *rows, const struct options *options)
{
	size_t i;
	json_t *run;

	json_array_foreach(rows, i, run)
	{
		const json_t *device = json_object_get(run, "device");
		const char *why = text(run, "why");
		char line[CELL];
		if (options->quiet) {
			printf("%lld\n", number(run, "run"));
			continue;
		}
		printf("%-6lld %s  %-8s %-7s %-8s %s", number(run, "run"), when(run, "begun"),
			text(run, "state"), text(run, "profile"), text(run, "consent"),
			*text(device, "name") ? text(device, "name") : text(run, "port"));
		if (json_object_get(run, "progress")) {
			progress_line(run, line, sizeof line);
			printf("  (%s)", strchr(line, ':') + 2);
		} else if (*why) {
			printf("  (%s)", why);
		}
		printf("\n");
	}
	if (!json_array_size(rows) && !options->quiet)
		printf("nothing was tested yet; to begin: pinfold audit run DEVICE\n");
}

void
show_audit_checks(const json_t *rows, const struct options *options)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (options->quiet)
			printf("%s\n", text(row, "check"));
		else
			printf("%-16s %-8s %5lld s %5lld s  %s\n", text(row, "check"),
				text(row, "consent"), number(row, "seconds_gentle"),
				number(row, "seconds_lab"), text(row, "title"));
	}
}

/* --- a run ----------------------------------------------------------------------------------- */

static void
joined(const json_t *words, char *out, size_t size)
{
	size_t i, len = 0;
	json_t *word;

	out[0] = '\0';
	json_array_foreach(words, i, word)
	{
		char one[64];
		shown(one, sizeof one, json_string_value(word), json_string_length(word));
		if (len < size)
			len += (size_t)snprintf(
				out + len, size - len, "%s%s", len ? ", " : "", one);
	}
}

/* "FAIL", "INC (ONE_UNIT, NO_IXIT)" */
static const char *
verdict(const json_t *row)
{
	static char out[CELL];
	char reasons[200];

	joined(json_object_get(row, "reasons"), reasons, sizeof reasons);
	snprintf(out, sizeof out, "%s%s%s%s", text(row, "verdict"), *reasons ? " (" : "", reasons,
		*reasons ? ")" : "");
	return out;
}

static bool
is_tested(const json_t *row)
{
	return number(row, "findings") > 0;
}

static const json_t *
requirements(const json_t *result, const char *standard)
{
	return json_object_get(
		json_object_get(json_object_get(result, "verdicts"), standard), "requirements");
}

/* What it asks for, in our words; of the first provision that it rests on. */
static const char *
meaning(const json_t *row)
{
	const char *id = json_string_value(json_array_get(json_object_get(row, "rests_on"), 0));
	const struct provision *provision = id ? provision_find(id) : NULL;

	return provision ? provision->meaning : "";
}

static void
show_psti(const json_t *result)
{
	size_t i;
	json_t *row;

	printf("\nUK PSTI, Schedule 1\n");
	json_array_foreach(requirements(result, "psti"), i, row)
	{
		printf("  %-3s %-5s %s%s\n", text(row, "id"), text(row, "verdict"), meaning(row),
			is_tested(row) ? "" : "  [not tested in this run]");
		if (is_word(row, "verdict", "INC"))
			printf("            %s\n", verdict(row));
	}
}

static void
show_provisions(const json_t *result)
{
	char clause[16] = "", head[16];
	size_t i, untested = 0;
	json_t *row;

	printf("\nETSI EN 303 645 V3.1.3 (M mandatory, R recommended)\n");
	json_array_foreach(requirements(result, "en303645-v3"), i, row)
	{
		const char *id = text(row, "id");
		if (!is_tested(row)) {
			untested++;
			continue;
		}
		snprintf(head, sizeof head, "%.*s", (int)strcspn(id, "-"), id);
		if (strcmp(head, clause))
			printf("  clause %s\n", head);
		memcpy(clause, head, sizeof clause);
		printf("    %-8s %c  %s\n", id,
			json_is_true(json_object_get(row, "mandatory")) ? 'M' : 'R', verdict(row));
		printf("                %s\n", meaning(row));
	}
	printf("  %zu provisions were not tested in this run, which is no verdict on them\n",
		untested);
}

static void
evidence(const json_t *finding)
{
	const json_t *numbers = json_object_get(finding, "evidence");
	json_t *at;
	size_t i;

	json_array_foreach(numbers, i, at)
		printf("%s%lld", i ? ", " : "; exchanges ", (long long)json_integer_value(at));
}

static const char *
for_owner(const json_t *result, const char *check)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(result, "checks"), i,
		row) if (is_word(row, "id", check)) return text(row, "for_owner");
	return "";
}

static void
show_failures(const json_t *result)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(result, "findings"), i, row)
	{
		if (!is_word(row, "verdict", "FAIL"))
			continue;
		printf("\nFAIL %s (%s): %s", text(row, "provision"), text(row, "check"),
			text(row, "text"));
		evidence(row);
		printf("\n");
		if (json_is_true(json_object_get(row, "is_critical")))
			printf("     critical: the gateway closes this port for everybody else\n");
		const char *advice = for_owner(result, text(row, "check"));
		if (*advice)
			printf("     %s\n", advice);
	}
}

void
show_audit(const json_t *run, const struct options *options)
{
	const json_t *device = json_object_get(run, "device");
	char line[CELL];

	if (options->quiet)
		return;
	printf("run %lld of %s (%s): %s\n", number(run, "run"),
		*text(device, "name") ? text(device, "name") : text(run, "port"),
		text(device, "id"), text(run, "state"));
	if (*text(run, "why"))
		printf("  %s\n", text(run, "why"));
	printf("  %s, pace %s, consent %s; begun %s, ended %s; %lld exchanges, %lld packets\n",
		text(run, "profile"), text(run, "pace"), text(run, "consent"), when(run, "begun"),
		when(run, "ended"), number(run, "exchanges"), number(run, "packets"));
	if (json_object_get(run, "progress")) {
		progress_line(run, line, sizeof line);
		printf("  %s\n", line);
	}
	const json_t *result = json_object_get(run, "result");
	if (!result)
		return;
	const json_t *of = json_object_get(result, "run");
	if (*text(of, "why") && strcmp(text(of, "why"), text(run, "why")) != 0)
		printf("  %s\n", text(of, "why"));
	show_psti(result);
	show_provisions(result);
	show_failures(result);
}

/* --- following one ---------------------------------------------------------------------------- */

static json_t *
ask_show(long long run, bool is_brief, const struct options *options, struct fault *why)
{
	json_t *question = json_pack("{s:s, s:{s:I, s:b}}", "verb", "audit.show", "args", "run",
		(json_int_t)run, "brief", is_brief);
	json_t *answer = ask(options->socket, question, NULL, why);

	json_decref(question);
	return answer;
}

static void
tell_progress(const json_t *run, const struct options *options)
{
	static char last[CELL];
	static size_t width;
	char line[CELL];
	bool is_terminal = isatty(1);

	if (options->quiet)
		return;
	progress_line(run, line, sizeof line);
	if (!strcmp(line, last))
		return;
	memcpy(last, line, sizeof last);
	if (options->json) {
		json_dumpf(run, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		printf("\n");
	} else if (is_terminal) {
		printf("\r%-*s", (int)width, line);
		width = strlen(line);
	} else {
		printf("%s\n", line);
	}
	fflush(stdout);
}

/* A result in between came: it is told once, and where to read it. */
static void
tell_results(const json_t *run, const struct options *options)
{
	static size_t told;
	const json_t *results = json_object_get(json_object_get(run, "progress"), "results");

	if (options->json || options->quiet)
		return;
	for (; told < json_array_size(results); told++)
		printf("%sthe result of %s is there: pinfold audit show %lld --at %s\n",
			isatty(1) ? "\n" : "", text(json_array_get(results, told), NULL),
			number(run, "run"), text(json_array_get(results, told), NULL));
}

static int
show_end(const json_t *answer, const struct options *options)
{
	const json_t *run = json_object_get(answer, "result");

	if (options->json) {
		json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		printf("\n");
	} else {
		if (isatty(1) && !options->quiet)
			printf("\n");
		show_audit(run, options);
	}
	return is_word(run, "state", "done") ? CTL_OK : CTL_REFUSED;
}

/* The run is the engine's: who follows it may leave, and comes back after a restart of ours. */
json_t *
await_audit(long long run, const struct options *options)
{
	int unanswered = 0;
	bool is_over = false;
	struct fault why;

	while (!is_over) {
		json_t *answer = ask_show(run, true, options, &why);
		const json_t *result = json_object_get(answer, "result");
		if (!answer && ++unanswered == ASK_AGAIN_MAX) {
			fprintf(stderr, "pinfold: %s\n", why.text);
			return NULL;
		}
		if (answer)
			unanswered = 0;
		is_over = answer && (!result || has_ended(result));
		if (result && !is_over) {
			tell_results(result, options);
			tell_progress(result, options);
		}
		json_decref(answer);
		if (!is_over)
			sleep(POLL_S);
	}
	json_t *answer = ask_show(run, false, options, &why);
	if (json_object_get(answer, "result"))
		return answer;
	fprintf(stderr, "pinfold: %s\n", answer ? "the run cannot be shown" : why.text);
	json_decref(answer);
	return NULL;
}

int
follow_audit(const json_t *begun, const struct options *options)
{
	json_t *answer = await_audit(number(begun, "run"), options);
	int status = answer ? show_end(answer, options) : CTL_UNREACHABLE;

	json_decref(answer);
	return status;
}
