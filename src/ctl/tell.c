/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of what happens. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"

enum { TEST_S = 30, LOOK_MS = 200 };

static void
show_receiver(const json_t *row)
{
	printf("%-16s  %-7s  %-6s  %-16s  %s\n", text(row, "name"), text(row, "kind"),
		text(row, "wants"), when(row, "taken"), text(row, "url"));
	if (*text(row, "why"))
		printf("%-16s  %s: %s\n", "", when(row, "failed"), text(row, "why"));
	if (number(row, "waiting") || number(row, "lost"))
		printf("%-16s  %lld messages wait, %lld were lost\n", "", number(row, "waiting"),
			number(row, "lost"));
}

void
show_tell(const json_t *tell, const struct options *options)
{
	const json_t *row, *rows = json_object_get(tell, "receivers");
	size_t i;

	if (!options->quiet)
		printf("quiet hours %s%s, daily digest %s\n", text(tell, "quiet"),
			is_true(tell, "is_quiet") ? " (now)" : "", text(tell, "digest"));
	if (!json_array_size(rows) && !options->quiet)
		printf("nobody is told; to tell somebody: pinfold tell add NAME URL\n");
	else if (!options->quiet)
		printf("%-16s  %-7s  %-6s  %-16s  %s\n", "NAME", "KIND", "WANTS", "HEARD LAST",
			"URL");
	json_array_foreach(rows, i, row)
	{
		if (options->quiet)
			printf("%s\n", text(row, "name"));
		else
			show_receiver(row);
	}
}

void
show_tell_added(const json_t *added, const struct options *options)
{
	if (*text(added, "secret")) {
		printf("%s\n", text(added, "secret"));
		if (!options->quiet)
			printf("It signs the webhook, and is shown once.\n");
	}
	if (!options->quiet)
		printf("%s; to try it: pinfold tell test %s\n", text(added, "sentence"),
			text(added, "name"));
}

static const json_t *
receiver_named(const json_t *answer, const char *name)
{
	const json_t *row, *rows = json_object_get(json_object_get(answer, "result"), "receivers");
	size_t i;

	json_array_foreach(rows, i, row) if (!strcmp(text(row, "name"), name)) return row;
	return NULL;
}

/* The daemon knows what became of it a moment later. */
int
finish_tell_test(const json_t *args, const json_t *begun, const struct options *options)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000 * 1000};
	const char *name = text(begun, "receiver");
	char kept[64];
	int status;

	snprintf(kept, sizeof kept, "%s", name);
	for (int i = 0; i < TEST_S * 1000 / LOOK_MS; i++) {
		json_t *answer = ask_or_say("tell.show", json_object(), options, &status);
		if (!answer)
			return status;
		const json_t *row = receiver_named(answer, kept);
		bool is_taken = !strcmp(text(row, "test"), "taken");
		if (is_taken && !options->quiet)
			printf("%s heard it\n", kept);
		if (!strcmp(text(row, "test"), "failed"))
			fprintf(stderr, "pinfold: %s did not hear it: %s\n", kept,
				text(row, "why"));
		bool runs = !strcmp(text(row, "test"), "runs");
		json_decref(answer);
		if (!runs)
			return is_taken ? CTL_OK : CTL_LATER;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "pinfold: %s has not answered yet\n", kept);
	return CTL_LATER;
}
