/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network_file.h"
#include "test.h"

static char folder[64];

/* What a name in the table may be: text of whoever registered it. */
static const char hostile[] = "<i>\"\x1b[31m";

static const struct network_row rows[] = {
	{"198.51.100.0/24", "DE", "Germany", 64500, "EXAMPLE-CLOUD", false},
	{"198.51.100.128/25", "US", NULL, 64501, hostile, true},
	{"2001:db8:1::/48", "FR", NULL, 64502, NULL, false}};

static char *
path_of(const char *name)
{
	static char path[2][128];
	static int turn;
	char *out = path[turn++ % 2];

	if (!folder[0]) {
		snprintf(folder, sizeof folder, "/tmp/pinfold-network-XXXXXX");
		EXPECT(mkdtemp(folder) != NULL);
	}
	snprintf(out, sizeof path[0], "%s/%s", folder, name);
	return out;
}

static bool
find(const struct network_table *table, const char *address, struct network *out)
{
	struct ip ip;

	EXPECT(ip_parse(&ip, address));
	return network_find(table, &ip, out);
}

TEST(an_address_is_in_the_smallest_network_that_holds_it)
{
	char *path = path_of("table");
	struct network network, other;

	network_file_make(path, rows, 3);
	struct network_table *table =
		network_table_open((const char *const[]){path_of("none"), path, NULL});
	EXPECT(table != NULL);
	EXPECT(network_table_made_s(table) > 1700000000);
	EXPECT(find(table, "198.51.100.7", &network));
	EXPECT_STR(network.country, "DE");
	EXPECT_STR(network.country_name, "Germany");
	EXPECT_STR(network.owner, "EXAMPLE-CLOUD");
	EXPECT_INT(network.as, 64500);
	EXPECT(!network.is_anycast);
	EXPECT(find(table, "198.51.100.200", &other));
	EXPECT_STR(other.country, "US");
	EXPECT_STR(other.country_name, "");
	EXPECT(other.is_anycast);
	/* Whoever registers a name does not write to a terminal or a page. */
	EXPECT_STR(other.owner, "<i>\\x22\\x1b[31m");
	EXPECT(!network_is_equal(&network, &other));
	EXPECT(find(table, "198.51.100.8", &other) && network_is_equal(&network, &other));
	EXPECT(find(table, "2001:db8:1::5", &network));
	EXPECT_INT(network.as, 64502);
	EXPECT_STR(network.owner, "");
	EXPECT(!find(table, "2001:db8:2::5", &network));
	EXPECT(!find(table, "192.168.1.1", &network));
	EXPECT(!network_find(table, &(struct ip){0}, &network));
	network_table_free(table);
	unlink(path);
}

TEST(a_table_that_is_missing_cut_or_none_is_no_table)
{
	char *whole = path_of("whole"), *bad = path_of("bad");
	static char bytes[65536];
	struct network_table *table;
	struct network network;

	EXPECT(!network_table_open((const char *const[]){bad, NULL}));
	EXPECT(!network_table_open((const char *const[]){NULL}));
	network_file_make(whole, rows, 3);
	FILE *in = fopen(whole, "re");
	size_t len = fread(bytes, 1, sizeof bytes, in), last = 0;
	fclose(in);
	EXPECT(len > 4200 && len < sizeof bytes);
	for (size_t cut = 0; cut < len; cut += cut < 80 ? 1 : 111) {
		FILE *out = fopen(bad, "we");
		EXPECT_INT(fwrite(bytes, 1, cut, out), cut);
		fclose(out);
		table = network_table_open((const char *const[]){bad, NULL});
		/* Behind its last part there is nothing that could be missed. */
		if (table)
			EXPECT(find(table, "198.51.100.7", &network));
		else
			last = cut;
		network_table_free(table);
	}
	EXPECT(last > 4200);
	bytes[7] = 2; /* a version that is not known */
	FILE *out = fopen(bad, "we");
	EXPECT_INT(fwrite(bytes, 1, len, out), len);
	fclose(out);
	EXPECT(!network_table_open((const char *const[]){bad, NULL}));
	/* A bad one beside a good one is not taken. */
	table = network_table_open((const char *const[]){bad, whole, NULL});
	EXPECT(table != NULL);
	network_table_free(table);
	network_table_free(NULL);
	unlink(whole);
	unlink(bad);
	rmdir(folder);
}
