/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/condition.h"

#include <string.h>

/*
 * What was found, and which conditions therefore hold.  Failures and passes alone: they
 * say that the thing is there; that nothing was found says nothing of it.
 */
static const struct {
	const char *provision;
	uint8_t word; /* enum verdict_word */
	const char *keys;
} rows[] = {
	{"5.1-1", VERDICT_FAIL, "F:a F:c F:d F:e"},  /* a factory login worked */
	{"5.1-3", VERDICT_FAIL, "F:a F:c"},          /* a password went by readable */
	{"5.1-5", VERDICT_FAIL, "F:a F:c F:d F:e"},  /* a login can be guessed at */
	{"5.3-5", VERDICT_PASS, "F:f F:g F:j C:12"}, /* it was seen to ask for updates */
	{"5.3-2", VERDICT_FAIL, "F:f F:j C:12"},     /* an image came by */
	{"5.3-7", VERDICT_FAIL, "F:f F:g F:j C:12"}, {"5.3-10", VERDICT_FAIL, "F:f F:j C:12"},
	{"5.5-5", VERDICT_FAIL, "F:n"}, /* settings were there for everybody */
	{"5.5-6", VERDICT_FAIL, "F:o C:16"}, {"5.5-7", VERDICT_FAIL, "F:o C:16"},
	{"5.6-4A", VERDICT_FAIL, "F:q"}, /* a debug interface answered */
	{"5.8-1", VERDICT_FAIL, "F:t F:z"},
	{"5.8-2", VERDICT_FAIL, "F:t F:u F:v F:z"}, /* pictures or sound went by */
};

static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at++)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

const struct finding *
condition_seen(const char *key, const struct finding *finding, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!finding[i].n_evidence)
			continue;
		for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
			if (rows[row].word == finding[i].word &&
				!strncmp(rows[row].provision, finding[i].provision,
					sizeof finding[i].provision) &&
				has_word(rows[row].keys, key))
				return &finding[i];
	}
	return NULL;
}
