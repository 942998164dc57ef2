/* SPDX-License-Identifier: Apache-2.0 */
/* What devices did that harms, and the days of the home. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/log.h"
#include "ctl/ctl.h"

enum { HOURS = 24, EXPORT_MAX = 1024 * 1024 };

static void
show_row(const json_t *row)
{
	printf("%-5lld %s  %-8s %-6s %s: %s\n", number(row, "id"), when(row, "first"),
		text(row, "level"), text(row, "state"),
		text(json_object_get(row, "device"), "name"), text(row, "what"));
}

void
show_incidents(const json_t *rows, const struct options *options)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) show_row(row);
	if (!json_array_size(rows))
		printf("no device did harm\n");
}

void
show_incident(const json_t *incident, const struct options *options)
{
	const json_t *way;
	size_t i;

	if (!json_is_object(incident)) {
		printf("no device did harm since yesterday\n");
		return;
	}
	printf("%s %s\n\n", text(json_object_get(incident, "device"), "name"),
		text(incident, "what"));
	printf("%-18s %s", "since", when(incident, "first"));
	if (number(incident, "count") > 1)
		printf(", %lld times, the last %s", number(incident, "count"),
			when(incident, "time"));
	printf("\n%-18s %s\n", "what was done",
		*text(incident, "did") ? text(incident, "did") : "nothing but telling you");
	json_array_foreach(json_object_get(incident, "can"), i, way)
		printf("%-18s %s\n%-18s   %s\n", i ? "" : "what you can do", text(way, "text"), "",
			text(way, "command"));
	if (!i)
		printf("%-18s nothing is needed\n", "what you can do");
}

/* --- its packets ------------------------------------------------------------------------------ */

/* A file that is there already is somebody's. */
static bool
write_new(const char *path, const void *bytes, size_t len)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	if (write(fd, bytes, len) == (ssize_t)len && !fsync(fd))
		return true;
	/* Half of it would be in the way of the next attempt. */
	int saved = errno;
	unlink(path);
	errno = saved;
	return false;
}

int
finish_incident_export(const json_t *args, const json_t *packets, const struct options *options)
{
	const char *path = json_string_value(json_object_get(args, "file"));
	const json_t *pcapng = json_object_get(packets, "pcapng");
	auto_free uint8_t *bytes = must_alloc(EXPORT_MAX, 1);
	size_t len;

	if (!json_is_string(pcapng) ||
		!base64_parse(BASE64_PADDED, json_string_value(pcapng), json_string_length(pcapng),
			bytes, EXPORT_MAX, &len)) {
		fprintf(stderr, "pinfold: the answer holds no capture file\n");
		return CTL_REFUSED;
	}
	if (!write_new(path, bytes, len)) {
		fprintf(stderr, "pinfold: %s: %s\n", text(args, "file"), strerror(errno));
		return CTL_REFUSED;
	}
	if (options->json) {
		json_t *said = json_pack(
			"{s:O, s:i}", "file", json_object_get(args, "file"), "bytes", (int)len);
		json_dumpf(said, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		printf("\n");
		json_decref(said);
	} else if (!options->quiet) {
		printf("%s: %zu bytes; heads of packets, names that were asked for, and nothing of "
		       "what was said\n",
			text(args, "file"), len);
	}
	return CTL_OK;
}

/* --- a day ------------------------------------------------------------------------------------- */

static size_t
hour_of(const json_t *day, long long at_s)
{
	long long hour = (at_s - number(day, "from")) / 3600;

	return hour < 0 ? 0 : hour >= HOURS ? HOURS - 1 : (size_t)hour;
}

/* A letter an hour: the gravest of what went on. */
static void
show_lane(const json_t *day, const json_t *lane)
{
	char hours[HOURS + 1] = "........................";
	const json_t *mark;
	size_t i;

	json_array_foreach(json_object_get(lane, "marks"), i, mark)
	{
		char sign = !strcmp(text(mark, "level"), "alarm")    ? '!'
			    : !strcmp(text(mark, "level"), "notice") ? 'o'
								     : '-';
		size_t last = hour_of(day, number(mark, "time"));
		for (size_t h = hour_of(day, number(mark, "first")); h <= last; h++)
			if (hours[h] != '!' && (hours[h] != 'o' || sign == '!'))
				hours[h] = sign;
	}
	const json_t *device = json_object_get(lane, "device");
	printf("%-24.24s %s\n", json_is_object(device) ? text(device, "name") : "(the home)",
		hours);
}

void
show_story(const json_t *day, const struct options *options)
{
	const json_t *lane, *mark;
	size_t i, k;

	printf("%-24s 0     6     12    18\n", text(day, "date"));
	json_array_foreach(json_object_get(day, "lanes"), i, lane) show_lane(day, lane);
	if (!i) {
		printf("nothing that you would want to know\n");
		return;
	}
	printf("\n! alarm, o worth a look, - somebody changed something\n\n");
	json_array_foreach(json_object_get(day, "lanes"), i, lane)
	{
		const json_t *device = json_object_get(lane, "device");
		json_array_foreach(json_object_get(lane, "marks"), k, mark)
			printf("%s  %-8s %s%s%s\n", when(mark, "first"), text(mark, "level"),
				json_is_object(device) ? text(device, "name") : "",
				json_is_object(device) ? ": " : "", text(mark, "text"));
	}
}
