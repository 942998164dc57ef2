/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/printable.h"
#include "policy/mud.h"

static struct mud mud, again;

/* What was read is valid, and what we write of it reads back to the same rules. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char signature[MUD_TEXT_MAX];
	struct fault why = {0};

	if (mud_signature_leaf(text, size, signature, &why))
		assert(strnlen(signature, sizeof signature) < sizeof signature);
	if (!mud_parse(&mud, text, size, &why)) {
		assert(why.text[0] && is_printable(why.text));
		return 0;
	}
	assert(mud_is_valid(&mud));
	char *rendered = mud_render(&mud);
	assert(rendered);
	assert(mud_parse_rendered(&again, rendered, strlen(rendered), &why));
	/* What cannot be written as it was read is never wider. */
	assert(again.n_aces <= mud.n_aces);
	free(rendered);
	return 0;
}
