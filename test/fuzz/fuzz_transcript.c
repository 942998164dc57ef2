/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/printable.h"
#include "check/check.h"

/* Whatever is read is written as the same text: nobody can change a transcript unnoticed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transcript *transcript, *copy;
	struct fault why = {0};
	char *text = NULL;
	size_t len = 0;

	if (!size)
		return 0;
	FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!in)
		return 0;
	enum err err = transcript_read(in, &transcript, &why);
	fclose(in);
	if (err) {
		assert(why.text[0] && is_printable(why.text));
		return 0;
	}
	FILE *out = open_memstream(&text, &len);
	copy = transcript_new(out);
	for (size_t i = 0; i < transcript_count(transcript); i++) {
		const struct exchange *e = transcript_at(transcript, i);
		assert(e->number == i + 1 && e->check < n_checks);
		assert(is_printable(e->step) && is_printable(e->note));
		expect_within((struct bytes){e->sent, e->n_sent}, e->sent, e->n_sent);
		expect_within(
			(struct bytes){e->received, e->n_received}, e->received, e->n_received);
		/* A zero time is filled in; every other value is kept. */
		assert(transcript_add(copy, e) == i + 1 || transcript_trouble(copy));
	}
	fclose(out);
	FILE *again = len ? fmemopen(text, len, "r") : NULL;
	if (again) {
		struct transcript *third = NULL;
		assert(!transcript_read(again, &third, &why));
		assert(transcript_count(third) == transcript_count(transcript));
		transcript_free(third);
		fclose(again);
	}
	transcript_free(transcript);
	transcript_free(copy);
	free(text);
	return 0;
}
