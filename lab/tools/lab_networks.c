/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of networks of the virtual internet: to whom its addresses are registered,
 * and where.  As Debian's libloc-database is for the real one, by the same library.
 *
 *	lab-networks OUT <lab/internet/networks
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libloc/writer.h>

static struct loc_writer *writer;

static void
must(int rc, const char *what)
{
	if (!rc)
		return;
	fprintf(stderr, "lab-networks: %s\n", what);
	exit(1);
}

static void
add_country(const char *code, const char *name)
{
	struct loc_country *country;

	must(loc_writer_add_country(writer, &country, code), code);
	must(loc_country_set_name(country, name), name);
	loc_country_unref(country);
}

static void
add_network(const char *prefix, const char *code, unsigned number, const char *owner)
{
	struct loc_network *network;
	struct loc_as *as;

	must(loc_writer_add_network(writer, &network, prefix), prefix);
	must(loc_network_set_country_code(network, code), code);
	must(loc_network_set_asn(network, number), prefix);
	loc_network_unref(network);
	must(loc_writer_add_as(writer, &as, number), owner);
	must(loc_as_set_name(as, owner), owner);
	loc_as_unref(as);
}

int
main(int argc, char **argv)
{
	char line[200], prefix[64], code[8], name[100];
	FILE *out = argc == 2 ? fopen(argv[1], "w+e") : NULL;
	struct loc_ctx *library;
	unsigned number;

	must(!out, "usage: lab-networks OUT <NETWORKS");
	must(loc_new(&library), "no library");
	must(loc_writer_new(library, &writer, NULL, NULL), "no writer");
	while (fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "country %7s %99[^\n]", code, name) == 2)
			add_country(code, name);
		else if (sscanf(line, "%63s %7s %u %99[^\n]", prefix, code, &number, name) == 4)
			add_network(prefix, code, number, name);
		else
			must(*line != '#' && *line != '\n', line);
	}
	must(loc_writer_write(writer, out, LOC_DATABASE_VERSION_LATEST), "cannot write");
	must(fclose(out), "cannot write");
	return 0;
}
