/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_H
#define PINFOLD_TEST_H

/*
 * A test is a sentence that would be true in the manual:
 *
 *	TEST(a_url_longer_than_the_packet_is_not_believed)
 *	{
 *		EXPECT(!dhcp_mud_url(reader_over(bytes, sizeof bytes), &url));
 *	}
 *
 * TEST registers itself; test.c has the main() and runs them through cmocka in
 * the order of the file.  With an argument "2/4" it runs the second, the sixth and so
 * on: those that wait do so beside each other.  So no test may need one before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void test_add(const char *name, void (*run)(void **));

#define TEST(name)                                                                                 \
	static void name(void **state);                                                            \
	__attribute__((constructor)) static void add_##name(void)                                  \
	{                                                                                          \
		test_add(#name, name);                                                             \
	}                                                                                          \
	static void name(__attribute__((unused)) void **state)

#define EXPECT(condition)           assert_true(condition)
#define EXPECT_INT(is, wanted)      assert_int_equal(is, wanted)
#define EXPECT_STR(is, wanted)      assert_string_equal(is, wanted)
#define EXPECT_MEM(is, wanted, len) assert_memory_equal(is, wanted, len)

/* Leaves the test, counted as skipped, and says why. */
#define SKIP(why)                                                                                  \
	do {                                                                                       \
		print_message("skipped: %s\n", why);                                               \
		skip();                                                                            \
	} while (0)

/*
 * The folder with real captures and MUD files that is not part of the project
 * (environment PINFOLD_DATA, or ../shared/data beside the checkout); NULL where
 * absent: then SKIP.
 */
const char *test_data(void);

#endif
