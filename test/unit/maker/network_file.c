/* SPDX-License-Identifier: Apache-2.0 */
#include "network_file.h"

#include <stdio.h>

#include <libloc/writer.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "test.h"

/* The writer of libloc 0.9 gives its own reference to a country back to nobody. */
static void
forget_leak_of_writer(const struct loc_country *country)
{
#ifdef __SANITIZE_ADDRESS__
	__lsan_ignore_object(country);
#endif
}

static void
add(struct loc_writer *writer, const struct network_row *row)
{
	struct loc_network *network;
	struct loc_country *country;
	struct loc_as *as;

	EXPECT_INT(loc_writer_add_network(writer, &network, row->prefix), 0);
	EXPECT_INT(loc_network_set_country_code(network, row->country), 0);
	EXPECT_INT(loc_network_set_asn(network, row->as), 0);
	if (row->is_anycast)
		EXPECT_INT(loc_network_set_flag(network, LOC_NETWORK_FLAG_ANYCAST), 0);
	loc_network_unref(network);
	if (row->owner) {
		EXPECT_INT(loc_writer_add_as(writer, &as, row->as), 0);
		EXPECT_INT(loc_as_set_name(as, row->owner), 0);
		loc_as_unref(as);
	}
	if (row->country_name) {
		EXPECT_INT(loc_writer_add_country(writer, &country, row->country), 0);
		EXPECT_INT(loc_country_set_name(country, row->country_name), 0);
		forget_leak_of_writer(country);
		loc_country_unref(country);
	}
}

void
network_file_make(const char *path, const struct network_row *row, size_t n)
{
	FILE *file = fopen(path, "w+e");
	struct loc_writer *writer;
	struct loc_ctx *library;

	EXPECT(file != NULL);
	EXPECT_INT(loc_new(&library), 0);
	EXPECT_INT(loc_writer_new(library, &writer, NULL, NULL), 0);
	for (size_t i = 0; i < n; i++)
		add(writer, &row[i]);
	EXPECT_INT(loc_writer_write(writer, file, LOC_DATABASE_VERSION_LATEST), 0);
	loc_writer_unref(writer);
	loc_unref(library);
	fclose(file);
}
