/* SPDX-License-Identifier: Apache-2.0 */
/* Makers for people: whose a device is, and what is known of them since when. */
#include <string.h>

#include "ctl/ctl.h"

void
show_makers(const json_t *rows, const struct options *options)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *device = json_object_get(row, "device");
		if (options->quiet)
			printf("%s\n", text(row, "url"));
		else
			printf("%-24s %-40s (%s)\n", text(device, "name"), text(row, "url"),
				text(row, "by"));
	}
	if (!json_array_size(rows) && !options->quiet)
		printf("nobody said whose any device is; to say it: pinfold maker set DEVICE "
		       "URL\n");
}

void
show_maker(const json_t *maker, const struct options *options)
{
	const json_t *device = json_object_get(maker, "device");
	const json_t *facts = json_object_get(maker, "facts");
	const char *before = "";
	json_t *fact;
	size_t i;

	if (options->quiet) {
		printf("%s\n", text(maker, "url"));
		return;
	}
	if (!*text(maker, "url")) {
		printf("nobody said whose %s is; to say it: pinfold maker set %s URL\n",
			text(device, "name"), text(device, "id"));
		return;
	}
	printf("%s: %s, by the word of: %s\n", text(device, "name"), text(maker, "url"),
		text(maker, "by"));
	if (*text(maker, "claimed_name"))
		printf("  %-18s %s\n", "calls itself", text(maker, "claimed_name"));
	json_array_foreach(facts, i, fact)
	{
		/* A value that another one has replaced stands below it. */
		const char *name = json_string_value(json_object_get(fact, "fact"));
		bool is_older = name && !strcmp(name, before);
		printf("  %-18s %-44s since %s, last %s (run %lld)\n",
			is_older ? "  before" : text(fact, "fact"), text(fact, "value"),
			when(fact, "first"), when(fact, "last"), number(fact, "run"));
		before = name ? name : "";
	}
	if (!json_array_size(facts))
		printf("  its pages were not read yet: pinfold audit run %s --checks maker-web\n",
			text(device, "id"));
}
