/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/works.h"

#include <string.h>

static const struct {
	const char *id, *without;
} kinds[WORKS_COUNT] = {
	[WITHOUT_INTERNET] = {"WORKS-NET", "the internet"},
	[WITHOUT_MAKER] = {"WORKS-MAKER", "its maker"},
};

/* The check puts its word in front: "partly: of 3 services ...". */
static void
read_statement(const struct finding *finding, struct works *works)
{
	static const char *const words[] = {"yes", "partly", "no"};

	works->seen = finding->text;
	for (size_t i = 0; finding->word == VERDICT_NFF && i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);
		if (strncmp(finding->text, words[i], len) || strncmp(finding->text + len, ": ", 2))
			continue;
		works->word = words[i];
		works->seen = finding->text + len + 2;
	}
}

void
works_from_findings(const struct finding *finding, size_t n, struct works out[static WORKS_COUNT])
{
	for (int i = 0; i < WORKS_COUNT; i++) {
		out[i] = (struct works){
			.without = kinds[i].without, .word = "not shown", .seen = ""};
		for (size_t k = 0; k < n; k++)
			if (!strncmp(
				    finding[k].provision, kinds[i].id, sizeof finding[k].provision))
				read_statement(&finding[k], &out[i]);
	}
}
