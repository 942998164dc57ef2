/* SPDX-License-Identifier: Apache-2.0 */
/* The first minutes with a gateway, and the card for its worst ones. */
#include <string.h>

#include "ctl/ctl.h"

static void
show_lines(const json_t *rows, const char *title)
{
	const json_t *row;
	size_t i;

	if (json_array_size(rows))
		printf("\n%s\n", title);
	json_array_foreach(rows, i, row) printf("  %s\n", text(row, "text"));
}

void
show_begin(const json_t *begin, const struct options *options)
{
	const json_t *todo = json_object_get(begin, "todo"), *row;
	const json_t *sees = json_object_get(begin, "sees");
	size_t i;

	if (!options->quiet) {
		printf("%s\n", text(sees, "text"));
		show_lines(json_object_get(sees, "blind"), "Where it is blind");
		show_lines(json_object_get(begin, "facts"), "What matters most");
		printf("\nFirst steps\n");
		json_array_foreach(json_object_get(begin, "steps"), i, row)
			printf("  [%s] %-12s %s\n", is_true(row, "done") ? "x" : " ",
				text(row, "step"), text(row, "text"));
		printf("\n%s\n", text(json_object_get(begin, "score"), "text"));
	}
	if (json_is_object(todo))
		printf("%s%s: %s\n", options->quiet ? "" : "To do: ", text(todo, "text"),
			text(todo, "command"));
	else if (!options->quiet)
		printf("To do: nothing\n");
}

static void
show_names(const char *title, const json_t *rows, const char *none)
{
	const json_t *row;
	size_t i;

	printf("%-24s", title);
	json_array_foreach(rows, i, row) printf("%s%s", i ? ", " : "", text(row, NULL));
	printf("%s\n", json_array_size(rows) ? "" : none);
}

void
show_card(const json_t *card, const struct options *options)
{
	const json_t *row;
	size_t i;

	(void)options;
	printf("PINFOLD %s, %s: RECOVERY CARD OF %s\n\n", text(card, "gateway"),
		text(card, "version"), when(card, "time"));
	printf("%-24s%s\n", "The pages:", text(card, "pages"));
	show_names("Who owns it:", json_object_get(card, "owners"), "nobody yet");
	show_names("Never block:", json_object_get(card, "never_block"), "nothing was marked");
	printf("\nAt the gateway's own console, as root:\n");
	json_array_foreach(json_object_get(card, "help"), i, row)
	{
		if (*text(row, "when"))
			printf("\n  %s\n", text(row, "when"));
		if (*text(row, "command"))
			printf("      %s\n", text(row, "command"));
	}
	printf("\nThere is no password on this card, and none that would open every gateway.\n");
}
