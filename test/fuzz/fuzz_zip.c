/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "firmware/zip.h"

struct input {
	const uint8_t *data;
	size_t size;
};

static bool
read_input(void *arg, uint64_t at, void *out, size_t len)
{
	const struct input *input = arg;

	if (at > input->size || len > input->size - at)
		return false;
	if (len)
		memcpy(out, input->data + at, len);
	return true;
}

/* Every file of any archive: never a byte beyond the room that was given. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { ROOM = 4096, GUARD = 16, FILES_MAX = 64 };
	static uint8_t out[ROOM + GUARD];
	struct input input = {data, size};
	struct fault why;
	struct zip zip;
	size_t len, count;

	if (!zip_open(&zip, read_input, &input, size, &why)) {
		assert(why.text[0]);
		return 0;
	}
	for (size_t i = 0; i < zip.n && i < FILES_MAX; i++) {
		zip_name(&zip, i, &len);
		memset(out + ROOM, 0x5a, GUARD);
		if (zip_extract(&zip, i, out, ROOM, &len, &why))
			assert(len <= ROOM && len == zip.entry[i].size);
		for (size_t k = 0; k < GUARD; k++)
			assert(out[ROOM + k] == 0x5a);
	}
	(void)zip_find(&zip, "AndroidManifest.xml", &count);
	assert(count <= zip.n);
	zip_close(&zip);
	return 0;
}
