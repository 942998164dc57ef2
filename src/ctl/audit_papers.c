/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Papers of a product: given to the daemon, which keeps them for its runs and does not
 * read them, and judged here at once, by the same code, from what the device says of
 * itself and from nothing that a test found.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/declared.h"
#include "check/paper.h"
#include "check/table.h"
#include "ctl/ctl.h"

static void
put_row(struct transcript *transcript, const char *step, const json_t *row)
{
	const json_t *bytes = json_object_get(row, "text");

	if (json_is_string(bytes))
		declared_write(transcript, step, text(row, "name"), json_string_value(bytes),
			json_string_length(bytes), clock_wall_s());
}

/* As it will stand in the evidence of a run. */
static struct transcript *
transcript_of(const json_t *result)
{
	struct transcript *transcript = transcript_new(NULL);
	auto_free char *wire = json_dumps(json_object_get(result, "wire"), JSON_COMPACT);
	json_t *row;
	size_t i;

	put_row(transcript, DECLARED_STEP, json_object_get(result, "declaration"));
	if (wire && strlen(wire) <= EXCHANGE_BYTES_MAX)
		declared_write(
			transcript, WIRE_STEP, "what it says", wire, strlen(wire), clock_wall_s());
	json_array_foreach(json_object_get(result, "papers"), i, row)
		put_row(transcript, PAPER_STEP, row);
	return transcript;
}

static void
show_finding(const struct finding *finding)
{
	printf("  %-4s  %s\n", verdict_word_name((enum verdict_word)finding->word), finding->text);
}

static int
show(const json_t *result, const char *device, const struct options *options)
{
	auto_free struct findings *findings = must_alloc(1, sizeof *findings);
	char id[32];

	snprintf(id, sizeof id, "%s", text(json_object_get(result, "device"), "id"));
	if (!json_array_size(json_object_get(result, "papers"))) {
		printf("there is no paper of %s; to give one: pinfold audit papers %s FILE\n",
			device, id);
		return CTL_OK;
	}
	if (!confine_to_memory()) {
		fprintf(stderr,
			"pinfold: a paper is not opened without confinement, and the kernel "
			"refuses it\n");
		return CTL_REFUSED;
	}
	struct transcript *transcript = transcript_of(result);
	findings->check = (uint16_t)check_find("papers");
	papers_judge(transcript, findings);
	for (size_t i = 0; i < findings->n; i++)
		show_finding(&findings->finding[i]);
	transcript_free(transcript);
	printf("DECL: in the paper, not tested; NFF: it fits; INC: somebody should look.\n"
	       "A run looks further and keeps it: pinfold audit run %s\n",
		id);
	return CTL_OK;
}

static int
usage(void)
{
	fprintf(stderr,
		"usage: pinfold audit papers DEVICE FILE...     (text or JSON, at most %d)\n"
		"       pinfold audit papers DEVICE             (as they are)\n"
		"       pinfold audit papers --remove DEVICE\n",
		PAPERS_MAX);
	return CTL_USAGE;
}

/* audit papers DEVICE [FILE...] [--remove] */
int
run_audit_papers(int argc, char **argv, const struct options *options)
{
	const char *device = NULL, *file[PAPERS_MAX];
	json_t *answer = NULL;
	bool is_removal = false;
	int n = 0, status = CTL_OK;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--remove"))
			is_removal = true;
		else if (argv[i][0] == '-' || (device && n == PAPERS_MAX))
			return usage();
		else if (!device)
			device = argv[i];
		else
			file[n++] = argv[i];
	}
	if (!device || (is_removal && n))
		return usage();
	for (int i = 0; i < n; i++) {
		json_decref(answer);
		if (!(answer = give_file(device, "paper", file[i], options, &status)))
			return status;
	}
	if (!n)
		answer = ask_or_say(is_removal ? "audit.declare" : "audit.declared",
			json_pack("{s:s, s:s*}", "device", device, "remove",
				is_removal ? "papers" : NULL),
			options, &status);
	if (!answer)
		return status;
	if (options->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	} else if (!options->quiet && !is_removal) {
		status = show(json_object_get(answer, "result"), device, options);
	}
	json_decref(answer);
	return status;
}
