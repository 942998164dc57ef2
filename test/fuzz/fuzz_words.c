/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "page/say.h"

/* A sentence of the engine, which may have any name in it, recognised and translated. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[2 * WORDS_MAX];
	bool is_said;

	if (size >= sizeof text || memchr(data, '\0', size))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	say_in("de");
	const char *words = say_words(text, &is_said);
	assert(is_said || words == text);
	assert(words == text || strlen(words) < WORDS_MAX);
	/* What it was is what it stays. */
	assert(strlen(text) == size && !memcmp(text, data, size));
	say_in("en");
	assert(say_words(text, &is_said) == text && is_said);
	return 0;
}
