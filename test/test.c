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
main(void)
{
	/* cmocka_run_group_tests() wants an array; this is what its macro calls. */
	return _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
}
