/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/printable.h"
#include "label/pack.h"

static struct pack pack;

/* A pack that is read lies within its bytes, and what is refused is told in words that can be shown. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault why = {0};
	struct rejudged rejudged;

	if (!pack_parse(&pack, data, size, NULL, 0, &why)) {
		assert(why.text[0] && is_printable(why.text));
		return 0;
	}
	assert(pack.signature > PACK_SIGNATURE_UNKNOWN && pack.signature < PACK_SIGNATURE_TRUSTED);
	for (size_t i = 0; i < pack.n_files; i++) {
		expect_within((struct bytes){.at = pack.file[i].bytes, .len = pack.file[i].size},
			data, size);
		assert(is_printable(pack.file[i].name));
		assert(pack_find(&pack, pack.file[i].name) == &pack.file[i]);
	}
	struct audit_result *result = pack_rejudge(&pack, &rejudged, &why);
	assert(result || (why.text[0] && is_printable(why.text)));
	result_free(result);
	return 0;
}
