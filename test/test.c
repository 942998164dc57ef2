/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TESTS_MAX = 512 };

static struct CMUnitTest tests[TESTS_MAX];
static size_t count;

void
test_add(const char *name, void (*run)(void **))
{
	if (count == TESTS_MAX)
		abort();
	tests[count++] = (struct CMUnitTest){.name = name, .test_func = run};
}

const char *
test_data(void)
{
	static char folder[4096];
	const char *root = getenv("PINFOLD_SOURCE"), *told = getenv("PINFOLD_DATA");

	snprintf(folder, sizeof folder, "%s", told ? told : "");
	if (!told)
		snprintf(folder, sizeof folder, "%s/../shared/data", root ? root : ".");
	return access(folder, R_OK) ? NULL : folder;
}

int
main(int argc, char **argv)
{
	unsigned part = 1, parts = 1;
	size_t kept = 0;

	if (argc > 1 && (sscanf(argv[1], "%u/%u", &part, &parts) != 2 || !part || part > parts)) {
		fprintf(stderr, "usage: %s [PART/PARTS]\n", argv[0]);
		return 2;
	}
	for (size_t i = part - 1; i < count; i += parts)
		tests[kept++] = tests[i];
	/* cmocka_run_group_tests() wants an array; this is what its macro calls. */
	return _cmocka_run_group_tests("tests", tests, kept, NULL, NULL);
}
