/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_eve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"

static int socket_fd = -1, file_fd = -1;
static uint64_t file_bytes, untold;
static struct log_once trouble;

void
eve_open(void)
{
	if (engine.settings->events_to != SETTINGS_EVENTS_SOCKET)
		return;
	socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (socket_fd < 0)
		log_warn("eve", "no socket for events");
}

static void
file_path(char out[static SETTINGS_PATH_MAX + 16], const char *name)
{
	snprintf(out, SETTINGS_PATH_MAX + 16, "%s/%s", engine.settings->state_directory, name);
}

static void
file_open(void)
{
	char path[SETTINGS_PATH_MAX + 16];
	struct stat st;

	file_path(path, "eve.json");
	file_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	file_bytes = file_fd >= 0 && !fstat(file_fd, &st) ? (uint64_t)st.st_size : 0;
	if (file_fd < 0)
		log_warn("eve", "cannot open \"%s\"", path);
}

void
eve_start(void)
{
	if (engine.settings->events_to == SETTINGS_EVENTS_FILE)
		file_open();
}

static void
file_turn(void)
{
	char path[SETTINGS_PATH_MAX + 16], old[SETTINGS_PATH_MAX + 16];

	file_path(path, "eve.json");
	file_path(old, "eve.json.1");
	close(file_fd);
	if (rename(path, old))
		log_warn("eve", "cannot keep \"%s\"", old);
	file_open();
}

/* A line that was not written whole is ended, so that the next one is whole. */
static bool
to_file(const char *line, size_t len)
{
	if (file_bytes + len > EVE_FILE_MAX)
		file_turn();
	if (file_fd < 0)
		return false;
	ssize_t n = write(file_fd, line, len);
	if (n > 0)
		file_bytes += (uint64_t)n;
	if (n > 0 && (size_t)n < len && write(file_fd, "\n", 1) == 1)
		file_bytes++;
	return n == (ssize_t)len;
}

static bool
to_socket(const char *line, size_t len)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = engine.settings->events_socket;

	if (socket_fd < 0 || strlen(path) >= sizeof to.sun_path)
		return false;
	memcpy(to.sun_path, path, strlen(path));
	return sendto(socket_fd, line, len, MSG_NOSIGNAL, (const struct sockaddr *)&to,
		       sizeof to) == (ssize_t)len;
}

static bool
is_over_rate(void)
{
	static uint64_t since_ns, lines;
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - since_ns >= CLOCK_SECOND_NS) {
		since_ns = now_ns;
		lines = 0;
	}
	return ++lines > EVE_LINES_A_SECOND;
}

/* Takes the line. */
static void
say(json_t *line, const char *level)
{
	char text[EVE_LINE_MAX], framed[EVE_LINE_MAX + 256];
	const char *type = json_string_value(json_object_get(line, "event_type"));
	int64_t now_s = clock_wall_s();

	if (is_over_rate()) {
		untold++;
		json_decref(line);
		return;
	}
	if (untold)
		json_object_set_new(line, "untold", json_integer((json_int_t)untold));
	size_t len = json_dumpb(line, text, sizeof text - 2, JSON_COMPACT | JSON_ENSURE_ASCII);
	bool is_told = len && len <= sizeof text - 2;
	if (is_told) {
		text[len] = '\0';
		if (engine.settings->events_as_syslog)
			is_told = syslog_render(
				framed, sizeof framed - 2, now_s, level, type ? type : "-", text);
		else
			memcpy(framed, text, len + 1);
	}
	if (is_told && file_fd >= 0) {
		strcat(framed, "\n");
		is_told = to_file(framed, strlen(framed));
	} else if (is_told) {
		is_told = to_socket(framed, strlen(framed));
	}
	json_decref(line);
	if (is_told) {
		untold = 0;
		log_once_over(&trouble);
		return;
	}
	untold++;
	if (log_once(&trouble))
		log_warn("eve", "events cannot be told to other programs");
}

static bool
is_wanted(void)
{
	return engine.settings->events_to != SETTINGS_EVENTS_OFF;
}

void
eve_event(const json_t *event)
{
	char time[40];

	if (!is_wanted())
		return;
	eve_time(time, json_integer_value(json_object_get(event, "time")));
	const char *level = json_string_value(json_object_get(event, "level"));
	json_t *whole = json_deep_copy(event);
	say(json_pack("{s:s, s:s, s:o}", "timestamp", time, "event_type", "pinfold", "pinfold",
		    whole),
		level ? level : "info");
}

static const char *
proto_word(uint8_t proto)
{
	return proto == 6    ? "TCP"
	       : proto == 17 ? "UDP"
	       : proto == 1  ? "ICMP"
	       : proto == 58 ? "IPv6-ICMP"
			     : "other";
}

void
eve_flow(const struct ward *ward, const struct observation *row)
{
	struct eve_flow flow = {.source = row->source,
		.target = row->target,
		.source_port = row->source_port,
		.target_port = row->target_port,
		.proto = row->proto};
	char time[40], source[IP_TEXT_MAX], target[IP_TEXT_MAX], id[COMMUNITY_ID_MAX];
	uint16_t seed = (uint16_t)engine.settings->events_seed;
	bool is_denied = row->what == OBSERVED_DENIED;

	if (!is_wanted() || row->what == OBSERVED_FLOW_NEW || !ward || !ward->device ||
		ward->device->class == DEVICE_CLASS_PERSONAL || !community_id(id, &flow, seed))
		return;
	eve_time(time, row->wall_s);
	json_t *line = json_pack("{s:s, s:I, s:s, s:s, s:s, s:i, s:s, s:i, s:s, s:s}", "timestamp",
		time, "flow_id", (json_int_t)community_number(&flow, seed), "event_type",
		is_denied ? "drop" : "flow", "in_iface", row->port, "src_ip",
		ip_render(&flow.source, source), "src_port", flow.source_port, "dest_ip",
		ip_render(&flow.target, target), "dest_port", flow.target_port, "proto",
		proto_word(flow.proto), "community_id", id);
	if (is_denied)
		json_object_set_new(line, "drop",
			json_pack("{s:s}", "reason", reason_word((enum reason)row->value)));
	else
		json_object_set_new(line, "flow",
			json_pack("{s:I, s:I, s:s}", "pkts", (json_int_t)row->packets, "bytes",
				(json_int_t)row->bytes, "state", "closed"));
	json_object_set_new(line, "pinfold", json_pack("{s:o}", "device", show_ref(ward)));
	say(line, is_denied ? "notice" : "info");
}
