/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/network.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libloc/as.h>
#include <libloc/country.h>
#include <libloc/database.h>
#include <libloc/format.h>
#include <libloc/libloc.h>
#include <libloc/network.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/reader.h"

enum { HEAD_LEN = 68 };

struct network_table {
	struct loc_ctx *library;
	struct loc_database *base;
};

/* What is wrong with a table is no business of stderr's: there is none then. */
static void
say_nothing(struct loc_ctx *library, int priority, const char *file, int line, const char *function,
	const char *form, va_list args)
{
}

/*
 * The library maps what the head of the file announces, and does not look whether the file
 * is as long: of one that was cut a page would be missing when it is read, and that ends a
 * process.  So the head is read here first: magic and version, when it was made, three
 * texts, and of five parts where they begin and how long they are.
 */
static bool
is_whole(FILE *file)
{
	uint8_t head[HEAD_LEN];
	struct stat stat;
	struct reader reader;

	if (fread(head, 1, sizeof head, file) != sizeof head || fstat(fileno(file), &stat) ||
		fseek(file, 0, SEEK_SET) || memcmp(head, LOC_DATABASE_MAGIC, 7) != 0 ||
		head[7] != LOC_DATABASE_VERSION_1)
		return false;
	reader = reader_over(head, sizeof head);
	reader_skip(&reader, 8 + 8 + 3 * 4);
	for (int i = 0; i < 5; i++) {
		int64_t begins = reader_u32(&reader), len = reader_u32(&reader);
		if (begins + len > stat.st_size)
			return false;
	}
	return reader_ok(&reader);
}

static struct loc_database *
open_one(struct loc_ctx *library, const char *path)
{
	auto_fclose FILE *file = fopen(path, "re");
	struct loc_database *base = NULL;

	return file && is_whole(file) && !loc_database_new(library, &base, file) ? base : NULL;
}

struct network_table *
network_table_open(const char *const *paths)
{
	struct loc_database *newest = NULL;
	struct loc_ctx *library;

	if (loc_new(&library))
		return NULL;
	loc_set_log_fn(library, say_nothing);
	for (; *paths; paths++) {
		struct loc_database *base = open_one(library, *paths), *older = newest;
		if (!base)
			continue;
		if (newest && loc_database_created_at(base) <= loc_database_created_at(newest))
			older = base;
		else
			newest = base;
		if (older)
			loc_database_unref(older);
	}
	if (!newest) {
		loc_unref(library);
		return NULL;
	}
	struct network_table *table = must_alloc(1, sizeof *table);
	*table = (struct network_table){library, newest};
	return table;
}

void
network_table_free(struct network_table *table)
{
	if (!table)
		return;
	loc_database_unref(table->base);
	loc_unref(table->library);
	free(table);
}

int64_t
network_table_made_s(const struct network_table *table)
{
	return (int64_t)loc_database_created_at(table->base);
}

static void
take_text(char *out, size_t size, const char *text)
{
	printable(out, size, text ? text : "", text ? strlen(text) : 0);
}

static void
name_country(const struct network_table *table, const char *code, struct network *out)
{
	struct loc_country *country = NULL;

	if (!code)
		return;
	take_text(out->country, sizeof out->country, code);
	if (loc_database_get_country(table->base, &country, code) || !country)
		return;
	take_text(out->country_name, sizeof out->country_name, loc_country_get_name(country));
	loc_country_unref(country);
}

static void
name_owner(const struct network_table *table, struct network *out)
{
	struct loc_as *as = NULL;

	if (!out->as || loc_database_get_as(table->base, &as, out->as) || !as)
		return;
	take_text(out->owner, sizeof out->owner, loc_as_get_name(as));
	loc_as_unref(as);
}

bool
network_find(const struct network_table *table, const struct ip *ip, struct network *out)
{
	struct loc_network *network = NULL;
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (ip->version == 4)
		memcpy(address.s6_addr + 12, ip->byte, 4);
	else if (ip->version == 6)
		memcpy(address.s6_addr, ip->byte, 16);
	else
		return false;
	if (loc_database_lookup(table->base, &address, &network) || !network)
		return false;
	*out = (struct network){.as = loc_network_get_asn(network),
		.is_anycast = loc_network_has_flag(network, LOC_NETWORK_FLAG_ANYCAST)};
	name_country(table, loc_network_get_country_code(network), out);
	name_owner(table, out);
	loc_network_unref(network);
	return out->as || out->country[0];
}

bool
network_is_equal(const struct network *a, const struct network *b)
{
	return a->as == b->as && a->is_anycast == b->is_anycast && !strcmp(a->country, b->country);
}
