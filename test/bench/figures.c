/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the raw lines of the bench into one JSON array of figures and a table
 * for people.
 *
 *	figures TABLE RAW... > bench.json
 *
 * Raw lines, one a round, in any order:
 *	NAME OURS [PEER]        two numbers measured in the same round
 *	@version NAME TEXT      version of the peer
 *	@absent NAME TEXT       why there is no peer (or no figure at all)
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

enum { FIGURES_MAX = 128, ROUNDS_MAX = 4096, FIELD_MAX = 160 };

struct figure {
	char name[64], unit[32], better[8], goal_of[8], goal[32], peer[FIELD_MAX],
		meaning[FIELD_MAX];
	char version[FIELD_MAX], absent[FIELD_MAX];
	double *ours, *theirs, *ratios;
	size_t rounds, paired;
};

static struct figure figures[FIGURES_MAX];
static size_t count;

static struct figure *
find(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(figures[i].name, name))
			return &figures[i];
	return NULL;
}

static void
keep(char *out, size_t size, const char *field)
{
	snprintf(out, size, "%s", field ? field : "");
}

static void
read_table(const char *path)
{
	auto_fclose FILE *file = fopen(path, "re");
	char line[1024];

	if (!file) {
		fprintf(stderr, "figures: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	while (fgets(line, sizeof line, file) && count < FIGURES_MAX) {
		char *at = line, *field[7];
		int n = 0;
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		while (n < 7 && (field[n] = strsep(&at, "\t")))
			n++;
		if (n != 7) {
			fprintf(stderr, "figures: %s: not seven fields: %s\n", path, line);
			exit(1);
		}
		struct figure *f = &figures[count++];
		keep(f->name, sizeof f->name, field[0]);
		keep(f->unit, sizeof f->unit, field[1]);
		keep(f->better, sizeof f->better, field[2]);
		keep(f->goal_of, sizeof f->goal_of, field[3]);
		keep(f->goal, sizeof f->goal, field[4]);
		keep(f->peer, sizeof f->peer, field[5]);
		keep(f->meaning, sizeof f->meaning, field[6]);
		f->ours = must_alloc(ROUNDS_MAX, sizeof *f->ours);
		f->theirs = must_alloc(ROUNDS_MAX, sizeof *f->theirs);
		f->ratios = must_alloc(ROUNDS_MAX, sizeof *f->ratios);
	}
}

static void
read_note(char *line)
{
	char *kind = strsep(&line, " "), *name = strsep(&line, " ");
	struct figure *f = name ? find(name) : NULL;

	if (!f || !line)
		return;
	if (!strcmp(kind, "@version"))
		keep(f->version, sizeof f->version, line);
	else if (!strcmp(kind, "@absent"))
		keep(f->absent, sizeof f->absent, line);
}

static void
read_raw(const char *path)
{
	auto_fclose FILE *file = fopen(path, "re");
	char line[1024], name[64];
	double ours, theirs;

	if (!file)
		return;
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line == '@') {
			read_note(line);
			continue;
		}
		int n = sscanf(line, "%63s %lf %lf", name, &ours, &theirs);
		struct figure *f = n >= 2 ? find(name) : NULL;
		if (!f || f->rounds == ROUNDS_MAX)
			continue;
		f->ours[f->rounds++] = ours;
		if (n < 3)
			continue;
		f->theirs[f->paired] = theirs;
		f->ratios[f->paired++] = theirs != 0 ? ours / theirs : NAN;
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static json_t *
number(bool there, double value)
{
	return there && isfinite(value) ? json_real(value) : json_null();
}

static bool
is_met(const struct figure *f, double value, double ratio)
{
	double goal = strtod(f->goal, NULL);
	bool of_ratio = !strcmp(f->goal_of, "ratio");

	/* A peer that should be there and is not: never met. */
	if (!f->rounds || ((of_ratio || strcmp(f->peer, "-") != 0) && !f->paired))
		return false;
	double is = of_ratio ? ratio : value;
	return !strcmp(f->better, "higher") ? is >= goal : is <= goal;
}

static json_t *
render(struct figure *f)
{
	bool has_peer = strcmp(f->peer, "-") != 0, has_goal = strcmp(f->goal_of, "none") != 0;
	double value = f->rounds ? median(f->ours, f->rounds) : NAN;
	double ratio = f->paired ? median(f->ratios, f->paired) : NAN;
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(f->name));
	json_object_set_new(o, "meaning", json_string(f->meaning));
	json_object_set_new(o, "value", number(f->rounds, value));
	json_object_set_new(o, "unit", json_string(f->unit));
	json_object_set_new(o, "better", json_string(f->better));
	json_object_set_new(o, "rounds", json_integer((json_int_t)f->rounds));
	json_object_set_new(o, "min", number(f->rounds, f->ours[0]));
	json_object_set_new(o, "median", number(f->rounds, value));
	json_object_set_new(o, "max", number(f->rounds, f->rounds ? f->ours[f->rounds - 1] : 0));
	json_object_set_new(o, "peer", has_peer && f->paired ? json_string(f->peer) : json_null());
	json_object_set_new(o, "peer_version", *f->version ? json_string(f->version) : json_null());
	json_object_set_new(
		o, "peer_value", number(f->paired, f->paired ? median(f->theirs, f->paired) : 0));
	json_object_set_new(o, "ratio", number(f->paired, ratio));
	if (*f->absent)
		json_object_set_new(o, "absent", json_string(f->absent));
	else if (!f->paired)
		json_object_set_new(o, "absent",
			json_string(!f->rounds ? "not measured in this run"
				    : has_peer ? "the peer was not measured in this run"
					       : "no comparable peer"));
	json_object_set_new(o, "goal_of", has_goal ? json_string(f->goal_of) : json_null());
	json_object_set_new(o, "goal", has_goal ? json_real(strtod(f->goal, NULL)) : json_null());
	json_object_set_new(
		o, "met", has_goal ? json_boolean(is_met(f, value, ratio)) : json_null());
	fprintf(stderr, "%-26s %12.4g %-10s", f->name, value, f->unit);
	if (f->paired)
		fprintf(stderr, " %8.3f of %s", ratio, f->peer);
	if (has_goal)
		fprintf(stderr, "  goal %s%s: %s", f->goal,
			!strcmp(f->goal_of, "ratio") ? " (ratio)" : "",
			is_met(f, value, ratio) ? "met" : "NOT met");
	fputc('\n', stderr);
	return o;
}

int
main(int argc, char **argv)
{
	json_t *all = json_array();

	if (argc < 3) {
		fprintf(stderr, "usage: figures TABLE RAW... > bench.json\n");
		return 2;
	}
	read_table(argv[1]);
	for (int i = 2; i < argc; i++)
		read_raw(argv[i]);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(all, render(&figures[i]));
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
	return 0;
}
