/* SPDX-License-Identifier: Apache-2.0 */
#include "label/pack_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "label/pack.h"
#include "label/report.h"

bool
pack_may_hold(const char *name)
{
	static const char *const names[] = {"capture.pcap", "capture.pcapng", "device.json",
		"env.json", "probes.jsonl", "provisions.tsv", "replay.sh", "report.html",
		"result.json", "traffic.jsonl"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

size_t
pack_block(uint64_t size)
{
	size_t block = 4096;

	while (size / block >= 1024)
		block *= 2;
	return block;
}

void
pack_root(const struct pack_leaf *leaf, size_t n, uint8_t out[static HASH_LEN])
{
	static const uint8_t is_leaf = 0, is_node = 1;
	uint8_t left[HASH_LEN], right[HASH_LEN];
	size_t half = 1;

	if (n <= 1) {
		struct hash_part part[] = {{&is_leaf, 1},
			{n ? leaf->name : "", n ? strlen(leaf->name) + 1 : 0},
			{n ? leaf->hash : left, n ? HASH_LEN : 0}};
		hash_parts(part, n ? 3 : 0, out); /* of nothing: the hash of nothing */
		return;
	}
	while (half * 2 < n)
		half *= 2;
	pack_root(leaf, half, left);
	pack_root(leaf + half, n - half, right);
	struct hash_part part[] = {{&is_node, 1}, {left, HASH_LEN}, {right, HASH_LEN}};
	hash_parts(part, 3, out);
}

/* What a verdict depends on, as text: a change in any of it gives another hash. */
void
pack_ruleset(char out[static HASH_TEXT_MAX])
{
	uint8_t hash[HASH_LEN];
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		abort();
	fprintf(file, "pinfold %s\n", PINFOLD_VERSION);
	for (size_t i = 0; i < n_checks; i++)
		fprintf(file, "%s\t%u\t%s\n", checks[i].id, checks[i].consent,
			checks[i].provisions);
	standards_tsv(file);
	if (fclose(file))
		abort();
	hash_bytes(text, len, hash);
	hash_text(hash, out);
	free(text);
}

const char *
pack_signature_text(enum pack_signature signature)
{
	static const char *const texts[PACK_SIGNATURE_COUNT] = {
		[PACK_SIGNATURE_UNKNOWN] = "it was not looked at",
		[PACK_SIGNATURE_ABSENT] = "the pack is not signed",
		[PACK_SIGNATURE_INVALID] =
			"the signature is wrong: manifest.json or manifest.sig was changed",
		[PACK_SIGNATURE_STRANGER] =
			"the signature is right, by a key that was not named as trusted",
		[PACK_SIGNATURE_TRUSTED] = "the signature is right, by a trusted key",
	};

	return texts[(unsigned)signature < PACK_SIGNATURE_COUNT ? signature : 0];
}
