/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer where there is none: gives every file of the named
 * folders to the fuzzer once.  So each corpus is a regression test everywhere.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 1 << 20 };

/* An exact allocation, so that a sanitizer or valgrind sees each byte too far. */
static bool
replay_file(const char *path)
{
	static uint8_t buffer[INPUT_MAX];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return false;
	}
	size_t size = fread(buffer, 1, sizeof buffer, file);
	fclose(file);
	uint8_t *data = malloc(size ? size : 1);
	if (!data)
		abort();
	memcpy(data, buffer, size);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return true;
}

static int
replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	int count = 0;

	if (!dir) {
		perror(folder);
		return -1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (!replay_file(path)) {
			closedir(dir);
			return -1;
		}
		count++;
	}
	closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	int total = 0;

	/* As libFuzzer does: some decoders are only asked about nothing at all here. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		int count = replay_folder(argv[i]);
		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d seeds\n", total);
	return total == 0; /* a corpus that is not there is a failure */
}
