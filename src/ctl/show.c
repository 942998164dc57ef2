/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "ctl/ctl.h"

enum { CELL_MAX = 400, COLUMNS_MAX = 8 };

/* --- values ------------------------------------------------------------------------- */

/*
 * What comes from the engine went through printable() there, quotes of our own
 * sentences excepted; here every byte that a terminal could take for more than a
 * character is shown as its number once more.
 */
void
shown(char *out, size_t size, const char *bytes, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		bool plain = bytes[i] >= ' ' && bytes[i] <= '~';
		size_t needs = plain ? 1 : 4;
		if (at + needs >= size)
			break;
		if (plain)
			out[at++] = bytes[i];
		else
			at += (size_t)snprintf(
				out + at, size - at, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
	}
	out[at] = '\0';
}

const char *
text(const json_t *object, const char *key)
{
	static char turn[8][CELL_MAX];
	static unsigned at;
	char *out = turn[at++ % 8];
	const json_t *value = key ? json_object_get(object, key) : object;

	out[0] = '\0';
	if (json_is_string(value))
		shown(out, CELL_MAX, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		snprintf(out, CELL_MAX, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		snprintf(out, CELL_MAX, "%s", json_is_true(value) ? "yes" : "no");
	return out;
}

long long
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const char *
when(const json_t *object, const char *key)
{
	static char turn[4][32];
	static unsigned at;
	char *out = turn[at++ % 4];
	time_t time_s = (time_t)number(object, key);
	struct tm tm;

	if (!time_s || !localtime_r(&time_s, &tm))
		return "-";
	strftime(out, sizeof turn[0], "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

/* --- tables: widths fit what is in them ------------------------------------------------- */

struct table {
	size_t columns, rows, room;
	char *cell; /* rows x columns x CELL_MAX */
};

static void
table_begin(struct table *table, size_t columns, const char *const *titles)
{
	memset(table, 0, sizeof *table);
	table->columns = columns;
	table->room = 32;
	table->cell = must_alloc(table->room * columns, CELL_MAX);
	for (size_t i = 0; i < columns; i++)
		snprintf(table->cell + i * CELL_MAX, CELL_MAX, "%s", titles[i]);
	table->rows = 1;
}

static void
table_row(struct table *table, const char *const *cells)
{
	if (table->rows == table->room) {
		char *more = must_alloc(table->room * 2 * table->columns, CELL_MAX);
		memcpy(more, table->cell, table->room * table->columns * CELL_MAX);
		free(table->cell);
		table->cell = more;
		table->room *= 2;
	}
	for (size_t i = 0; i < table->columns; i++)
		snprintf(table->cell + (table->rows * table->columns + i) * CELL_MAX, CELL_MAX,
			"%s", cells[i][0] ? cells[i] : "-");
	table->rows++;
}

static void
table_end(struct table *table)
{
	size_t width[COLUMNS_MAX] = {0};

	for (size_t row = 0; row < table->rows; row++)
		for (size_t i = 0; i < table->columns; i++) {
			size_t len = strlen(table->cell + (row * table->columns + i) * CELL_MAX);
			if (len > width[i])
				width[i] = len;
		}
	for (size_t row = 0; row < table->rows; row++)
		for (size_t i = 0; i < table->columns; i++) {
			const char *cell = table->cell + (row * table->columns + i) * CELL_MAX;
			if (i + 1 == table->columns)
				printf("%s\n", cell);
			else
				printf("%-*s  ", (int)width[i], cell);
		}
	free(table->cell);
}

#define TITLES(...) ((const char *const[]){__VA_ARGS__})
#define ROW(...)    ((const char *const[]){__VA_ARGS__})

static void
line(const char *title, const char *value)
{
	if (*value)
		printf("%-14s %s\n", title, value);
}

/* --- status, doctor ------------------------------------------------------------------------ */

void
show_status(const json_t *status, const struct options *options)
{
	const json_t *processes = json_object_get(status, "processes");
	const json_t *states = json_object_get(status, "states");
	const json_t *enforcer = json_object_get(status, "enforcer");
	const char *name;
	json_t *value;
	bool sensor = !strcmp(text(status, "mode"), "sensor");

	if (options->quiet)
		return;
	printf("Pinfold %s, %s, since %s\n", text(status, "version"), text(status, "mode"),
		when(status, "started"));
	if (sensor)
		printf("%-14s this sensor sends nothing and holds nothing\n", "holding");
	else
		printf("%-14s %s\n", "holding",
			is_true(status, "held") ? "yes: rules are in force and the ports are up"
						: "the ports are not up");
	printf("%-14s %lld:", "devices", number(status, "devices"));
	union {
		const json_t *in;
		json_t *out;
	} at = {.in = states};
	json_object_foreach(at.out, name, value) if (json_integer_value(value))
		printf(" %lld %s", (long long)json_integer_value(value), name);
	printf("\n");
	if (number(status, "paused"))
		printf("%-14s %lld device(s)\n", "paused", number(status, "paused"));
	if (number(status, "joining_until"))
		printf("%-14s new devices are let in until %s\n", "joining",
			when(status, "joining_until"));
	line("containment", is_true(status, "containment_acts") ? "acts" : "reports only");
	line("kernel", text(enforcer, "kernel"));
	at.in = processes;
	json_object_foreach(at.out, name, value) if (!json_is_true(value))
		printf("%-14s %s is not there\n", "process", name);
	line("database", text(json_object_get(status, "database"), "trouble"));
	const json_t *uplink = json_object_get(status, "uplink");
	line("uplink", text(uplink, "address4"));
	line("uplink", text(uplink, "address6"));
	line("delegated", text(uplink, "delegated6"));
	if (is_true(uplink, "behind_another_nat"))
		line("uplink",
			"behind another router or the provider's, that translates addresses too");
	if (is_true(uplink, "clock_unsure"))
		line("clock", "not set by a time server yet");
	if (is_true(json_object_get(status, "resolver"), "upstream_dead"))
		line("names", "no name server upstream answers");
}

void
show_doctor(const json_t *rows, const struct options *options)
{
	size_t i;
	json_t *row;

	if (!json_array_size(rows) && !options->quiet)
		printf("nothing is wrong\n");
	json_array_foreach(rows, i, row)
	{
		printf("%s: %s\n", text(row, "level"), text(row, "text"));
		if (!options->quiet)
			printf("        %s\n", text(row, "command"));
	}
}

/* --- devices --------------------------------------------------------------------------------- */

static const char *
kind_of(const json_t *device)
{
	static char out[64];
	const json_t *kind = json_object_get(device, "kind");

	if (!*text(kind, "word"))
		return "unknown";
	snprintf(
		out, sizeof out, "%.40s (%lld %%)", text(kind, "word"), number(kind, "confidence"));
	return out;
}

void
show_devices(const json_t *rows, const struct options *options)
{
	struct table table;
	size_t i;
	json_t *row;

	if (options->quiet) {
		json_array_foreach(rows, i, row) printf("%s\n", text(row, "id"));
		return;
	}
	table_begin(&table, 8,
		TITLES("ID", "NAME", "STATE", "CLASS", "KIND", "ADDRESS", "PORT", "PRESENT"));
	json_array_foreach(rows, i, row)
	{
		const json_t *address = json_array_get(json_object_get(row, "addresses"), 0);
		char state[64];
		snprintf(state, sizeof state, "%.30s%s%s", text(row, "state"),
			is_true(row, "paused") ? ", paused" : "",
			is_true(row, "contained") ? ", contained" : "");
		table_row(&table, ROW(text(row, "id"), text(row, "label"), state,
					  text(row, "class"), kind_of(row), text(address, NULL),
					  text(row, "port"), text(row, "present")));
	}
	table_end(&table);
}

/* Of a device whose silence is told: whether one would notice. */
static void
show_silence(const json_t *silence)
{
	const char *state = text(silence, "state");

	if (!json_is_object(silence))
		return;
	if (!strcmp(state, "missed"))
		printf("%-14s for %lld s: it is missed\n", "silent", number(silence, "seconds"));
	else if (!strcmp(state, "heard"))
		printf("%-14s %lld s ago; it is missed after %lld s of silence\n", "heard",
			number(silence, "seconds"), number(silence, "limit"));
	else if (!strcmp(state, "seldom"))
		printf("%-14s too seldom (up to %lld s of silence) to be missed within a minute\n",
			"heard", number(silence, "usual"));
	else
		printf("%-14s how often it is heard is being learned\n", "silence");
}

void
show_works(const json_t *works)
{
	static const char *const keys[][2] = {
		{"without_internet", "without net"}, {"without_maker", "without maker"}};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const json_t *row = json_object_get(works, keys[i][0]);
		if (*text(row, "seen"))
			printf("%-14s works: %s (%s)\n", keys[i][1], text(row, "works"),
				text(row, "seen"));
	}
}

static void
show_learning(const json_t *learning)
{
	json_t *step;
	size_t i;

	if (!json_is_object(learning))
		return;
	printf("%-14s %lld destinations, nothing new for %lld minutes\n", "learning",
		number(learning, "destinations"), number(learning, "calm_seconds") / 60);
	json_array_foreach(json_object_get(learning, "steps"), i, step) printf(
		"%-14s [%s] %s\n", "", is_true(step, "seen") ? "x" : " ", text(step, "text"));
}

void
show_device(const json_t *device, const struct options *options)
{
	size_t i;
	json_t *row;

	if (options->quiet) {
		printf("%s\n", text(device, "id"));
		return;
	}
	printf("%s (%s, number %s)\n", text(device, "label"), text(device, "id"),
		text(device, "number"));
	line("state", text(device, "state"));
	line("since", when(device, "since"));
	line("class", text(device, "class"));
	line("kind", kind_of(device));
	line("because", text(json_object_get(device, "kind"), "why"));
	line("first seen", when(device, "first"));
	line("last seen", when(device, "last"));
	json_array_foreach(json_object_get(device, "macs"), i, row)
		printf("%-14s %s on %s%s%s\n", "MAC", text(row, "mac"), text(row, "port"),
			*text(row, "maker") ? ", " : "", text(row, "maker"));
	json_array_foreach(json_object_get(device, "bindings"), i, row)
		printf("%-14s %s (%s, %s)\n", "address", text(row, "address"), text(row, "port"),
			text(row, "how"));
	json_array_foreach(json_object_get(device, "identifiers"), i, row)
		printf("%-14s %s: %s\n", "claims", text(row, "kind"), text(row, "claimed"));
	const json_t *mud = json_object_get(device, "mud");
	if (json_is_object(mud))
		printf("%-14s %s (%s, signature %s)\n", "MUD file", text(mud, "url"),
			text(mud, "state"), text(mud, "signature"));
	else
		line("MUD URL", text(device, "claimed_mud_url"));
	line("MUD trouble", text(device, "mud_fetch_failed"));
	json_array_foreach(json_object_get(device, "containment"), i, row)
		printf("%-14s %s (%s) since %s: %s\n", "contained", text(row, "act"),
			text(row, "cause"), when(row, "since"), text(row, "text"));
	json_array_foreach(json_object_get(device, "introductions"), i, row) printf(
		"%-14s %s -> %s: %s\n", "introduced", text(json_object_get(row, "asker"), "name"),
		text(json_object_get(row, "answerer"), "name"), text(row, "service"));
	const json_t *pause = json_object_get(device, "pause");
	if (json_is_object(pause))
		printf("%-14s until %s (%lld s left)\n", "paused", when(pause, "until"),
			number(pause, "seconds_left"));
	show_learning(json_object_get(device, "learning"));
	const json_t *guest = json_object_get(device, "guest");
	if (json_is_object(guest))
		line("guest until", when(guest, "until"));
	show_silence(json_object_get(device, "silence"));
	show_works(json_object_get(device, "works"));
	show_app_test(json_object_get(device, "app_test"));
	json_array_foreach(json_object_get(device, "offers"), i, row)
		printf("%-14s pinfold policy add %s \"%s\"\n", "would help", text(device, "id"),
			text(row, NULL));
	if (number(device, "denied_packets"))
		printf("%-14s %lld packets\n", "denied", number(device, "denied_packets"));
	line("not applied", text(device, "policy_fault"));
}

void
show_done(const json_t *device, const struct options *options)
{
	if (options->quiet)
		return;
	if (json_is_object(device))
		printf("%s: %s, %s%s\n", text(device, "label"), text(device, "state"),
			text(device, "class"), is_true(device, "paused") ? ", paused" : "");
	else
		printf("done\n");
}

/* --- policy ------------------------------------------------------------------------------------ */

static void
show_rules(const json_t *rules)
{
	struct table table;
	size_t i;
	json_t *row;

	table_begin(&table, 3, TITLES("RULE", "FROM", "NOTE"));
	json_array_foreach(rules, i, row)
		table_row(&table, ROW(text(row, "text"), text(row, "origin"), text(row, "note")));
	table_end(&table);
}

static void
show_flows(const json_t *flows)
{
	struct table table;
	char port[32];
	size_t i;
	json_t *row;

	table_begin(&table, 4, TITLES("REMOTE", "PORT", "WAY", "FLOWS"));
	json_array_foreach(flows, i, row)
	{
		snprintf(port, sizeof port, "%.8s/%lld", text(row, "proto"), number(row, "port"));
		table_row(&table, ROW(text(row, "remote"), port,
					  is_true(row, "flagged")  ? "flagged"
					  : is_true(row, "denied") ? "denied"
								   : text(row, "way"),
					  text(row, "flows")));
	}
	table_end(&table);
}

void
show_policy(const json_t *policy, const struct options *options)
{
	size_t i;
	json_t *row;

	if (!options->quiet)
		printf("%s: %s since %s\n", text(json_object_get(policy, "device"), "name"),
			text(policy, "state"), when(policy, "since"));
	show_rules(json_object_get(policy, "rules"));
	if (options->quiet)
		return;
	json_array_foreach(json_object_get(policy, "open"), i, row)
		printf("open: %s %s, %lld s left\n", text(row, "name"), text(row, "address"),
			number(row, "seconds_left"));
	if (number(policy, "faults"))
		printf("%lld rule(s) cannot be applied and are not allowed; the first: %s\n",
			number(policy, "faults"), text(policy, "fault"));
}

void
show_why(const json_t *why, const struct options *options)
{
	printf("%s\n", is_true(why, "allowed") ? "allowed" : "not allowed");
	if (options->quiet)
		return;
	printf("%s\n", text(why, "text"));
	if (*text(why, "limit"))
		printf("%s\n", text(why, "limit"));
	if (is_true(why, "paused"))
		printf("the device is paused: everything passes until the pause ends\n");
}

void
show_proposal(const json_t *proposal, const struct options *options)
{
	if (!options->quiet) {
		printf("What was seen:\n");
		show_flows(json_object_get(proposal, "seen"));
		printf("\nWhat would be in force:\n");
		show_rules(json_object_get(proposal, "rules"));
		printf("\n");
	}
	printf("%s\n", text(proposal, "sentence"));
	if (json_array_size(json_object_get(proposal, "would_break")))
		show_flows(json_object_get(proposal, "would_break"));
}

/*
 * What would have broken is seen before anything is held.  A program that runs this command
 * has nobody to ask, and said what it wants.
 */
bool
agree_to_hold(json_t *args, const struct options *options, int *status)
{
	bool is_said = json_object_get(args, "yes") || json_object_get(args, "preview") ||
		       !strcmp(text(args, "from"), "keep");
	char line[16] = "";

	json_object_del(args, "yes");
	if (is_said || options->quiet || options->json || !isatty(STDIN_FILENO) ||
		!isatty(STDOUT_FILENO))
		return true;
	json_t *asked = json_copy(args);
	json_object_set_new(asked, "preview", json_true());
	json_t *answer = ask_or_say("device.enforce", asked, options, status);
	if (!answer)
		return false;
	show_proposal(json_object_get(answer, "result"), options);
	json_decref(answer);
	printf("\nHold it to this? [y/N] ");
	fflush(stdout);
	if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y'))
		return true;
	printf("Nothing was changed.\n");
	return false;
}

void
show_enforce(const json_t *result, const struct options *options)
{
	if (json_object_get(result, "sentence")) {
		show_proposal(result, options);
		return;
	}
	const json_t *preview = json_object_get(result, "preview");
	show_done(result, options);
	if (preview && !options->quiet)
		printf("%s\n", text(preview, "sentence"));
}

void
show_journal(const json_t *rows, const struct options *options)
{
	struct table table;
	size_t i;
	json_t *row;

	if (options->quiet) {
		json_array_foreach(rows, i, row) printf("%s\n", text(row, "id"));
		return;
	}
	table_begin(&table, 5, TITLES("ID", "TIME", "WHO", "WHAT", "UNDONE"));
	json_array_foreach(rows, i, row)
	{
		char undone[32] = "";
		if (number(row, "undone_by"))
			snprintf(undone, sizeof undone, "by %lld", number(row, "undone_by"));
		table_row(&table, ROW(text(row, "id"), when(row, "time"), text(row, "who"),
					  text(row, "text"), undone));
	}
	table_end(&table);
}

/* --- events ------------------------------------------------------------------------------------- */

void
show_event(const json_t *event)
{
	const json_t *device = json_object_get(event, "device");
	long long count = number(event, "count");

	printf("%s  %-6s  %s%s%s", when(event, "time"), text(event, "level"), text(device, "name"),
		json_is_object(device) ? ": " : "", text(event, "text"));
	if (count > 1)
		printf(" (%lld times)", count);
	printf("\n");
	fflush(stdout);
}

void
show_events(const json_t *rows, const struct options *options)
{
	for (size_t i = json_array_size(rows); i-- > 0;)
		show_event(json_array_get(rows, i));
}

void
show_alike(const json_t *rows, const struct options *options)
{
	json_t *alike, *clue;
	size_t i, k;

	json_array_foreach(rows, i, alike)
	{
		const json_t *device = json_object_get(alike, "device"),
			     *into = json_object_get(alike, "into");
		if (options->quiet) {
			printf("%s %s\n", text(device, "id"), text(into, "id"));
			continue;
		}
		printf("%s (%s) may be %s (%s): %s, %lld %%\n  both say:", text(device, "name"),
			text(device, "state"), text(into, "name"), text(into, "state"),
			text(alike, "word"), number(alike, "confidence"));
		json_array_foreach(json_object_get(alike, "clues"), k, clue) printf(
			"%s %s \"%s\"", k ? "," : "", text(clue, "kind"), text(clue, "claimed"));
		printf("\n");
		if (is_true(alike, "gains"))
			printf("  the first waits; merged, it may do what the other may: look "
			       "whether it is yours\n");
		printf("  the same: pinfold device merge %s %s\n  not the same: pinfold device "
		       "distinct %s %s\n",
			text(device, "id"), text(into, "id"), text(device, "id"), text(into, "id"));
	}
	if (options->quiet)
		return;
	if (json_array_size(rows))
		printf("what a device says of itself any other can say as well\n");
	else
		printf("no two devices look like one\n");
}

/* "EXAMPLE-CLOUD, DE; OTHER, US" */
static const char *
networks_of(const json_t *talk, char *out, size_t size)
{
	size_t i, len = 0;
	json_t *network;

	out[0] = '\0';
	json_array_foreach(json_object_get(talk, "networks"), i, network)
	{
		const char *owner = text(network, "owner");
		len += (size_t)snprintf(out + len, size - len, "%s%.40s, %.2s", i ? "; " : "",
			*owner ? owner : "owner not known", text(network, "country"));
		if (len >= size)
			break;
	}
	return out;
}

void
show_talk(const json_t *talk, const struct options *options)
{
	bool has_networks = json_is_integer(json_object_get(talk, "networks_as_of"));
	char port[32], networks[CELL_MAX];
	struct table table;
	size_t i;
	json_t *row;

	if (!options->quiet) {
		table_begin(&table, has_networks ? 7 : 6,
			TITLES("WITH", "PORT", "PURPOSE", "BECAUSE", "BYTES", "", "NETWORK"));
		json_array_foreach(json_object_get(talk, "talks"), i, row)
		{
			snprintf(port, sizeof port, "%.8s/%lld", text(row, "proto"),
				number(row, "port"));
			table_row(&table, ROW(text(row, "remote"), port, text(row, "purpose"),
						  text(row, "why"), text(row, "bytes"),
						  is_true(row, "denied") ? "denied" : "allowed",
						  networks_of(row, networks, sizeof networks)));
		}
		table_end(&table);
		if (has_networks)
			printf("networks: where they are registered, not where a server stands; "
			       "by the table of\nIPFire Location (CC BY-SA 4.0) of %.10s\n",
				when(talk, "networks_as_of"));
	}
	json_array_foreach(json_object_get(talk, "sends_a_lot"), i, row)
		printf("sends a lot: %lld MB in the hour of %s\n", number(row, "kb") / 1024,
			when(row, "time"));
}

/* A count that may be beyond any integer. */
static const char *
reach(const json_t *row, const char *side, char out[static 24])
{
	const json_t *count = json_object_get(json_object_get(row, side), "addresses");

	if (json_is_real(count))
		snprintf(out, 24, "%.1e", json_real_value(count));
	else
		snprintf(out, 24, "%lld", (long long)json_integer_value(count));
	return out;
}

static void
sources_of(const json_t *row, char *out, size_t size)
{
	const json_t *words = json_object_get(row, "sources");
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < json_array_size(words) && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? "," : "",
			text(json_array_get(words, i), NULL));
}

void
show_sky(const json_t *sky, const struct options *options)
{
	const json_t *now = json_object_get(sky, "now");
	struct table table;
	char four[24], six[24], sources[80], used[24];
	size_t i;
	json_t *row;

	printf("may reach %s IPv4 and %s IPv6 addresses on %lld ports%s\n",
		reach(now, "ipv4", four), reach(now, "ipv6", six), number(now, "ports"),
		is_true(sky, "in_force") ? "" : " (the kernel has not said yet)");
	if (options->quiet)
		return;
	table_begin(&table, 7,
		TITLES("SINCE", "STATE", "IPV4", "IPV6", "PORTS", "USED", "ON WHOSE WORD"));
	json_array_foreach(json_object_get(sky, "history"), i, row)
	{
		sources_of(row, sources, sizeof sources);
		snprintf(used, sizeof used, "%lld",
			number(json_object_get(row, "ipv4"), "used") +
				number(json_object_get(row, "ipv6"), "used"));
		table_row(&table, ROW(when(row, "time"),
					  is_true(row, "paused") ? "paused" : text(row, "state"),
					  reach(row, "ipv4", four), reach(row, "ipv6", six),
					  text(row, "ports"), used, sources));
	}
	table_end(&table);
}

void
show_kinds(const json_t *rows, const struct options *options)
{
	struct table table;
	size_t i;
	json_t *row;

	table_begin(&table, 2, TITLES("KIND", "LET IN AS"));
	json_array_foreach(rows, i, row)
		table_row(&table, ROW(text(row, "kind"), text(row, "class")));
	table_end(&table);
}

void
show_services(const json_t *rows, const struct options *options)
{
	struct table table;
	size_t i;
	json_t *row;

	table_begin(&table, 2, TITLES("SERVICE", "MEANS"));
	json_array_foreach(rows, i, row)
		table_row(&table, ROW(text(row, "service"), text(row, "text")));
	table_end(&table);
}

void
show_text(const json_t *result, const struct options *options)
{
	if (!options->quiet)
		printf("%s\n", json_is_object(result) ? text(result, "text") : "done");
}
