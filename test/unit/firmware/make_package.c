/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a package of an app, for scenarios and as seeds of fuzzers:
 *
 *	make_package KIND FILE
 */
#include <stdio.h>

#include "package.h"

static struct made manifest, network;
static struct archive archive;

static void
begin(bool is_careful)
{
	archive_begin(&archive);
	if (is_careful)
		make_careful_manifest(&manifest, true);
	else
		make_careless_manifest(&manifest, false);
	make_careful_network(&network);
}

static void
make_careful(void)
{
	begin(true);
	ARCHIVE_ADD(&archive, "classes.dex", "dex", 3);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", manifest.bytes, manifest.len);
	/* Builders give it any name. */
	ARCHIVE_ADD(&archive, "res/Xq.xml", network.bytes, network.len, .is_stored = true);
	archive_end(&archive);
}

static void
make_careless(void)
{
	begin(false);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", manifest.bytes, manifest.len);
	archive_end(&archive);
}

static void
make_twice(void)
{
	begin(true);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", manifest.bytes, manifest.len);
	make_careless_manifest(&manifest, true);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", manifest.bytes, manifest.len);
	archive_end(&archive);
}

/* 200 kB of nothing, which say that they are a kilobyte. */
static void
make_bomb(void)
{
	static uint8_t zeroes[200000];

	archive_begin(&archive);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", zeroes, sizeof zeroes, .says_size = 1000);
	archive_end(&archive);
}

static void
make_overlapping(void)
{
	begin(true);
	ARCHIVE_ADD(&archive, "AndroidManifest.xml", manifest.bytes, manifest.len);
	ARCHIVE_ADD(&archive, "res/a.xml", network.bytes, network.len, .is_stored = true,
		.says_at = 40);
	archive_end(&archive);
}

static void
make_manifest(void)
{
	make_careful_manifest(&archive.out, true);
}

static void
make_manifest16(void)
{
	make_careless_manifest(&archive.out, false);
}

static void
make_network(void)
{
	make_careful_network(&archive.out);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *kind;
		void (*make)(void);
	} kinds[] = {{"careful", make_careful}, {"careless", make_careless}, {"twice", make_twice},
		{"bomb", make_bomb}, {"overlapping", make_overlapping}, {"manifest", make_manifest},
		{"manifest16", make_manifest16}, {"network", make_network}};

	for (size_t i = 0; argc == 3 && i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(argv[1], kinds[i].kind) != 0)
			continue;
		FILE *file = fopen(argv[2], "we");
		kinds[i].make();
		bool is_good = file && fwrite(archive.out.bytes, 1, archive.out.len, file) ==
					       archive.out.len;
		is_good = file && !fclose(file) && is_good;
		return is_good ? 0 : 1;
	}
	fprintf(stderr, "usage: make_package KIND FILE\n");
	return 2;
}
