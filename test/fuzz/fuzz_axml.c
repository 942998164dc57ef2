/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/printable.h"
#include "firmware/apk.h"

/* Manifest and network file of an app: whatever is said of them is text that can be shown. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct apk_manifest manifest;
	static struct apk_network network;
	char text[64];
	struct axml_node node;
	struct axml axml;
	size_t n = 0;

	if (axml_open(&axml, data, size)) {
		enum axml_kind kind;
		while ((kind = axml_next(&axml, &node)) != AXML_DONE && kind != AXML_BAD) {
			assert(++n <= size / 8 && axml.depth <= AXML_DEPTH_MAX);
			expect_within(node.attributes, data, size);
			axml_string(&axml, node.name, text, sizeof text);
			assert(is_printable(text));
		}
		assert(axml_next(&axml, &node) == kind);
		assert(kind == AXML_BAD || !axml.depth);
	}
	if (apk_manifest_parse(&manifest, data, size)) {
		assert(manifest.package[0] && is_printable(manifest.package));
		assert(is_printable(manifest.version));
		assert(manifest.access >> APK_ACCESS_COUNT == 0);
		assert(manifest.n_exported <= manifest.n_components);
		for (uint32_t i = 0; i < manifest.n_exported && i < APK_LIST_MAX; i++)
			assert(manifest.exported[i][0] && is_printable(manifest.exported[i]));
		(void)apk_manifest_clear_text(&manifest);
	}
	if (apk_network_parse(&network, data, size)) {
		assert(apk_is_network(data, size));
		assert(is_printable(network.pins_until) && network.n_clear <= network.n_domains);
		for (uint32_t i = 0; i < network.n_clear && i < APK_LIST_MAX; i++)
			assert(is_printable(network.clear[i]));
	}
	return 0;
}
