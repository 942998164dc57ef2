/* SPDX-License-Identifier: Apache-2.0 */
/* What the standards ask for, side by side: the table is in the program, no daemon is asked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/ctl.h"
#include "label/report.h"

static int
print(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	printf("\n");
	json_decref(json);
	return CTL_OK;
}

static int
into_file(const char *path, void (*write)(FILE *))
{
	char name[256];
	FILE *file = fopen(path, "we");
	bool is_written = false;

	if (file) {
		write(file);
		is_written = !ferror(file);
		is_written = !fclose(file) && is_written;
	}
	if (is_written)
		return CTL_OK;
	int cause = errno;
	shown(name, sizeof name, path, strlen(path));
	fprintf(stderr, "pinfold: %s cannot be written: %s\n", name, strerror(cause));
	return CTL_REFUSED;
}

static int
print_table(void)
{
	printf("%-8s %-7s %-3s %-4s %s\n", "V3.1.3", "V2.1.1", "", "PSTI", "meaning");
	for (size_t i = 0; i < n_provisions; i++) {
		const struct provision *row = &provisions[i];
		const char *at = row->psti;
		struct mapped first = {0};
		if (provision_cell(&at, &first))
			first.id[strcspn(first.id, "(")] = '\0'; /* the paragraph */
		else
			strcpy(first.id, "-");
		printf("%-8s %-7s %-3c %-4s %s\n", row->id, row->v2_id ? row->v2_id : "-",
			row->v3_class, first.id, row->meaning);
	}
	printf("\nAll columns: --csv, --json, or --html FILE for a page to read.\n");
	return CTL_OK;
}

int
run_standards_map(int argc, char **argv, const struct options *options)
{
	if (argc == 1 && !strcmp(argv[0], "--csv")) {
		standards_csv(stdout);
		return CTL_OK;
	}
	if (argc == 2 && !strcmp(argv[0], "--html"))
		return into_file(argv[1], standards_html);
	if (argc) {
		fprintf(stderr, "usage: pinfold standards map [--json | --csv | --html FILE]\n");
		return CTL_USAGE;
	}
	return options->json ? print(standards_json()) : print_table();
}

int
run_standards_list(int argc, char **argv, const struct options *options)
{
	if (argc) {
		fprintf(stderr, "usage: pinfold standards list\n");
		return CTL_USAGE;
	}
	if (options->json) {
		json_t *all = standards_json(), *list = json_object_get(all, "standards");
		json_incref(list);
		json_decref(all);
		return print(list);
	}
	for (unsigned i = STANDARD_UNKNOWN + 1; i < STANDARD_COUNT; i++)
		printf("%-12s %s\n%-12s %s\n%-12s compared: %s\n", standard_id((enum standard)i),
			standard_name((enum standard)i), "", standard_note((enum standard)i), "",
			standard_compared((enum standard)i));
	return CTL_OK;
}
