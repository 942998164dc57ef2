/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leads a person through a factory reset.  What is looked at, and what comes of it, is
 * a run like any other (check/reset.c); one that is under way is found again.
 */
#include <string.h>
#include <unistd.h>

#include "check/reset.h"
#include "ctl/ctl.h"

static const char steps[] =
	"A factory reset, and what is left afterwards of whom the device belonged to.\n"
	"It takes two to ten minutes, and nothing is lost but what the device itself erases.\n"
	"\n"
	"  1. Set the device up as its owner would, and set its password to  " RESET_CANARY "\n"
	"     (user admin or root).  Where it has no password: leave it as it is.  Where it\n"
	"     can be given a name:  " RESET_NAME "\n"
	"  2. When you are asked for it here, reset it as its manual says: mostly by holding a\n"
	"     button for ten seconds.\n"
	"  3. Do not set it up again before the test has ended.\n";

struct wish {
	const char *device, *pace;
	bool is_sure;
};

static bool
read_wish(struct wish *wish, int argc, char **argv)
{
	*wish = (struct wish){.pace = "gentle"};
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--yes"))
			wish->is_sure = true;
		else if (!strcmp(argv[i], "--pace") && i + 1 < argc)
			wish->pace = argv[++i];
		else if (!wish->device && argv[i][0] != '-')
			wish->device = argv[i];
		else
			return false;
	}
	return wish->device != NULL;
}

static json_t *
ask_for(json_t *question, const struct options *options, json_t **answer)
{
	struct fault why = {0};

	*answer = ask(options->socket, question, NULL, &why);
	json_decref(question);
	if (!*answer) {
		fprintf(stderr, "pinfold: %s\n", why.text);
		return NULL;
	}
	json_t *result = json_object_get(*answer, "result");
	if (!result)
		fprintf(stderr, "pinfold: %s\n", text(json_object_get(*answer, "error"), "text"));
	return result;
}

/* One that somebody began, and that is at a check of the reset or before it; NULL: none. */
static const json_t *
running(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		bool is_ours = !strcmp(text(row, "profile"), "chosen") &&
			       !strcmp(text(row, "consent"), "intrude");
		if (is_ours && !number(row, "ended"))
			return row;
	}
	return NULL;
}

static bool
is_ready(const struct wish *wish, const struct options *options)
{
	char line[16];

	if (options->quiet || options->json)
		return true;
	fputs(steps, stdout);
	if (wish->is_sure || !isatty(0))
		return true;
	printf("\nPress Enter when step 1 is done, or Ctrl-C to leave everything as it is. ");
	fflush(stdout);
	return fgets(line, sizeof line, stdin) != NULL;
}

int
run_audit_reset(int argc, char **argv, const struct options *options)
{
	struct wish wish;
	json_t *answer;
	int status;

	if (!read_wish(&wish, argc, argv)) {
		fprintf(stderr, "usage: pinfold audit reset DEVICE [--pace PACE] [--yes]\n");
		return CTL_USAGE;
	}
	json_t *rows = ask_for(json_pack("{s:s, s:{s:s, s:i}}", "verb", "audit.list", "args",
				       "device", wish.device, "limit", 3),
		options, &answer);
	if (!rows) {
		status = answer ? CTL_REFUSED : CTL_UNREACHABLE;
		json_decref(answer);
		return status;
	}
	const json_t *run = running(rows);
	if (run) {
		if (!options->quiet && !options->json)
			printf("run %lld goes on where it is\n", number(run, "run"));
		status = follow_audit(run, options);
		json_decref(answer);
		return status;
	}
	json_decref(answer);
	if (!is_ready(&wish, options))
		return CTL_REFUSED;
	run = ask_for(json_pack("{s:s, s:{s:s, s:s, s:s, s:s}}", "verb", "audit.run", "args",
			      "device", wish.device, "pace", wish.pace, "consent", "intrude",
			      "checks", "tcp-ports,reset-before,reset-after"),
		options, &answer);
	if (!run) {
		status = answer ? CTL_REFUSED : CTL_UNREACHABLE;
		json_decref(answer);
		return status;
	}
	if (!options->json)
		show_audit_begun(run, options);
	status = follow_audit(run, options);
	json_decref(answer);
	return status;
}
