/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture through the same path as live packets: a confined capture process
 * reads the file that is opened here, and what it tells goes through the same
 * identification and learning as in the engine.  Nothing is stored or enforced.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/printable.h"
#include "ctl/ctl.h"
#include "device/identify.h"
#include "message/channel.h"
#include "policy/learn.h"

enum {
	DEVICES_MAX = 4096,
	FLOWS_MAX = 65536,
	BUCKETS = 65536,
	OWNERS_MAX = 16384,
	NAMES_MAX = 32768,
	NONE = -1,
};

struct seen {
	uint32_t device;
	struct ip address;
	uint8_t proto;
	uint16_t port;
	uint64_t flows, packets, bytes;
	int64_t first_s, last_s;
	int32_t next;
};
struct owner {
	struct ip address;
	uint32_t device;
};
struct named {
	struct ip address;
	uint32_t device;
	char name[256];
};

static struct {
	struct device_table *table;
	struct identify_rules rules;
	struct seen *flow;
	int32_t *bucket;
	size_t n_flows, n_owners, n_names;
	struct owner *owner;
	struct named *name;
	uint64_t observations, harms, lost;
	struct harm_key key;
	json_t *harm;
} replay;

static void
random8(uint8_t out[static 8])
{
	if (getrandom(out, 8, 0) != 8)
		abort();
}

static uint32_t
owner_of(const struct ip *address)
{
	for (size_t i = 0; i < replay.n_owners; i++)
		if (ip_is_equal(&replay.owner[i].address, address))
			return replay.owner[i].device;
	return 0;
}

static void
own(const struct ip *address, uint32_t device)
{
	if (!address->version || !ip_is_inside(address) || ip_is_multicast(address) ||
		owner_of(address) || replay.n_owners == OWNERS_MAX)
		return;
	replay.owner[replay.n_owners++] = (struct owner){*address, device};
}

static const char *
name_of(uint32_t device, const struct ip *address)
{
	for (size_t i = replay.n_names; i-- > 0;)
		if (replay.name[i].device == device &&
			ip_is_equal(&replay.name[i].address, address))
			return replay.name[i].name;
	return "";
}

static void
learn_name(uint32_t device, const struct observation *row)
{
	char name[MUD_TEXT_MAX];

	if (replay.n_names == NAMES_MAX || ip_is_inside(&row->target) ||
		!host_name_parse(name, row->claimed_text, strlen(row->claimed_text)) ||
		!strcmp(name_of(device, &row->target), name))
		return;
	struct named *at = &replay.name[replay.n_names++];
	at->address = row->target;
	at->device = device;
	snprintf(at->name, sizeof at->name, "%s", name);
}

static void
take_flow(uint32_t device, const struct observation *row)
{
	uint32_t hash = device * 2654435761u ^ row->target_port * 40503u ^ row->proto;

	for (size_t i = 0; i < sizeof row->target.byte; i++)
		hash = (hash ^ row->target.byte[i]) * 16777619u;
	int32_t *head = &replay.bucket[hash % BUCKETS];
	struct seen *at = NULL;
	for (int32_t i = *head; i != NONE; i = replay.flow[i].next)
		if (replay.flow[i].device == device && replay.flow[i].proto == row->proto &&
			replay.flow[i].port == row->target_port &&
			ip_is_equal(&replay.flow[i].address, &row->target))
			at = &replay.flow[i];
	if (!at) {
		if (replay.n_flows == FLOWS_MAX) {
			replay.lost++;
			return;
		}
		at = &replay.flow[replay.n_flows];
		*at = (struct seen){.device = device,
			.address = row->target,
			.proto = row->proto,
			.port = row->target_port,
			.first_s = row->wall_s,
			.next = *head};
		*head = (int32_t)replay.n_flows++;
	}
	at->flows++;
	at->packets += row->packets;
	at->bytes += row->bytes;
	at->last_s = row->wall_s;
}

static void
take_row(const struct observation *row)
{
	struct identified who;
	struct harm_verdict verdict;

	replay.observations++;
	identify_observation(replay.table, &replay.rules, row, row->seen_ns, row->wall_s, &who);
	if (!who.device)
		return;
	if (who.is_news)
		identify_kind(who.device);
	uint32_t number = who.device->number;
	own(&row->source, number);
	if (row->what == OBSERVED_TLS_HELLO || row->what == OBSERVED_HTTP_REQUEST)
		learn_name(number, row);
	if (row->what == OBSERVED_FLOW_END)
		take_flow(number, row);
	if (harm_from_observation(&who.device->harm, &replay.key, row, row->seen_ns, &verdict)) {
		replay.harms++;
		json_array_append_new(
			replay.harm, json_pack("{s:i, s:s, s:s, s:I}", "device", (int)number,
					     "cause", harm_word(verdict.cause), "text", verdict.why,
					     "time", (json_int_t)row->wall_s));
	}
}

/* --- the capture process --------------------------------------------------------------------- */

/* Beside this program in a build folder, else where it is installed. */
static bool
find_capture(char *out, size_t size)
{
	char self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n > 0) {
		self[n] = '\0';
		char *slash = strrchr(self, '/');
		*slash = '\0';
		snprintf(out, size, "%s/../process/capture", self);
		if (!access(out, X_OK))
			return true;
	}
	snprintf(out, size, "%s/capture", PINFOLD_LIBEXECDIR);
	return !access(out, X_OK);
}

static pid_t
start_capture(const char *path, int monitor)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (dup2(monitor, 3) != 3)
		_exit(127);
	closefrom(4);
	execl(path, path, (char *)NULL);
	_exit(127);
}

static bool
tell(int fd, enum message_type type, const void *payload, size_t len, int passed)
{
	struct message_header header = {
		.version = MESSAGE_VERSION, .type = (uint16_t)type, .len = (uint32_t)len};
	union {
		const void *in;
		void *out;
	} borrowed = {.in = payload};
	struct iovec iov[2] = {{&header, sizeof header}, {borrowed.out, len}};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = len ? 2 : 1};

	if (passed >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(c), &passed, sizeof passed);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

static bool
give(int monitor, enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor message = {.what = (uint8_t)what, .peer = (uint8_t)peer};
	return tell(monitor, MESSAGE_DESCRIPTOR, &message, sizeof message, fd);
}

static bool
run_file(const char *path, struct fault *why)
{
	static _Alignas(16) char payload[MESSAGE_PAYLOAD_MAX];
	static struct settings settings;
	int monitor[2], rows[2], passed, status;
	struct message_header header;
	char program[400];

	auto_close int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		fault_set(why, ERR_SYSTEM, "cannot open the file: %s", strerror(errno));
		return false;
	}
	if (!find_capture(program, sizeof program)) {
		fault_set(why, ERR_NOT_FOUND, "the program \"capture\" is not installed");
		return false;
	}
	if (channel_pair(monitor) || channel_pair(rows)) {
		fault_set(why, ERR_SYSTEM, "no sockets: %s", strerror(errno));
		return false;
	}
	pid_t pid = start_capture(program, monitor[1]);
	close(monitor[1]);
	/* A file has neither uplink nor bridge: what reads it is like a sensor with one port. */
	settings_init(&settings);
	settings.mode = SETTINGS_SENSOR;
	settings.n_ports = 1;
	snprintf(settings.port[0], sizeof settings.port[0], "replay");
	bool told = pid > 0 && tell(monitor[0], MESSAGE_SETTINGS, &settings, sizeof settings, -1) &&
		    give(monitor[0], DESCRIPTOR_REPLAY, PROCESS_UNKNOWN, file) &&
		    give(monitor[0], DESCRIPTOR_PEER, PROCESS_CTL, rows[1]) &&
		    tell(monitor[0], MESSAGE_GO, NULL, 0, -1);
	close(rows[1]);
	while (told &&
		channel_receive(rows[0], PROCESS_CTL, PROCESS_CAPTURE, &header, payload, &passed)) {
		const struct message_observation *message = (const void *)payload;
		if (passed >= 0)
			close(passed);
		for (uint32_t i = 0; i < message->n_rows; i++)
			take_row(&message->row[i]);
	}
	close(rows[0]);
	close(monitor[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	fault_set(why, ERR_INVALID, "the capture could not be read to its end");
	return false;
}

/* --- what it was ------------------------------------------------------------------------------- */

static size_t
flows_of(uint32_t device, struct learn_flow *out)
{
	size_t n = 0;

	for (size_t i = 0; i < replay.n_flows; i++) {
		const struct seen *seen = &replay.flow[i];
		if (seen->device != device || ip_is_multicast(&seen->address))
			continue;
		/* What serves everybody inside, as a gateway does. */
		bool gateway = ip_is_inside(&seen->address) &&
			       (seen->port == 53 || seen->port == 67 || seen->port == 123);
		out[n++] = (struct learn_flow){
			.name = name_of(device, &seen->address),
			.address = seen->address,
			.peer = owner_of(&seen->address),
			.direction = DIRECTION_FROM_DEVICE,
			.proto = seen->proto,
			.port = seen->port,
			.is_gateway = gateway,
			.flows = seen->flows,
			.packets = seen->packets,
			.bytes = seen->bytes,
			.first_s = seen->first_s,
			.last_s = seen->last_s,
		};
	}
	return n;
}

static json_t *
flow_to_json(const struct learn_flow *flow)
{
	char address[IP_TEXT_MAX];
	const struct device *peer = flow->peer ? device_find(replay.table, flow->peer) : NULL;

	return json_pack("{s:s, s:s, s:s, s:s*, s:i, s:I, s:I, s:I}", "address",
		ip_render(&flow->address, address), "name", flow->name, "proto",
		flow->proto == 6    ? "tcp"
		: flow->proto == 17 ? "udp"
				    : "icmp",
		"peer", peer ? device_label(peer) : NULL, "port", flow->port, "flows",
		(json_int_t)flow->flows, "packets", (json_int_t)flow->packets, "bytes",
		(json_int_t)flow->bytes);
}

static json_t *
device_to_json(const struct device *device, struct learn_flow *flows)
{
	static struct mud mud;
	struct learn_options options = {.now_s = device->last_s};
	size_t n = flows_of(device->number, flows);
	json_t *macs = json_array(), *claims = json_array(), *seen = json_array();
	char mac[MAC_TEXT_MAX];
	json_t *policy = json_null();

	for (int i = 0; i < device->n_macs; i++)
		json_array_append_new(macs, json_string(mac_render(device->mac[i].mac, mac)));
	for (int i = 0; i < device->n_identifiers; i++)
		json_array_append_new(claims,
			json_pack("{s:s, s:s}", "kind",
				identifier_word((enum identifier_kind)device->identifier[i].kind),
				"claimed", device->identifier[i].claimed_value));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(seen, flow_to_json(&flows[i]));
	if (n && mud_from_flows(&mud, flows, n, &options)) {
		auto_free char *text = mud_render(&mud);
		policy = json_loads(text, 0, NULL);
	}
	return json_pack("{s:i, s:s, s:s, s:{s:s, s:i, s:s}, s:o, s:o, s:s, s:o, s:o}", "number",
		(int)device->number, "label", device_label(device), "maker",
		device->n_macs && identify_maker(device->mac[0].mac)
			? identify_maker(device->mac[0].mac)
			: "",
		"kind", "word", device->kind.word, "confidence", device->kind.confidence, "why",
		device->kind.why, "macs", macs, "identifiers", claims, "claimed_mud_url",
		device->claimed_mud_url, "flows", seen, "policy", policy);
}

static void
print_people(const json_t *devices)
{
	size_t i, k;
	json_t *device, *row;

	json_array_foreach(devices, i, device)
	{
		const json_t *kind = json_object_get(device, "kind");
		const char *word = json_string_value(json_object_get(kind, "word"));
		printf("%s  %s  %s%s%s\n",
			json_string_value(json_array_get(json_object_get(device, "macs"), 0)),
			json_string_value(json_object_get(device, "label")),
			*word ? word : "unknown kind", *word ? ": " : "",
			json_string_value(json_object_get(kind, "why")));
		json_array_foreach(json_object_get(device, "flows"), k, row)
		{
			const char *name = json_string_value(json_object_get(row, "name"));
			printf("    %-5s %-40s port %-5lld %lld flows, %lld bytes\n",
				json_string_value(json_object_get(row, "proto")),
				*name ? name : json_string_value(json_object_get(row, "address")),
				(long long)json_integer_value(json_object_get(row, "port")),
				(long long)json_integer_value(json_object_get(row, "flows")),
				(long long)json_integer_value(json_object_get(row, "bytes")));
		}
		if (json_is_object(json_object_get(device, "policy")))
			printf("    a policy can be proposed (with --json)\n");
	}
}

int
run_replay(int argc, char **argv, const struct options *options)
{
	uint8_t secret[16];
	struct device *device;
	size_t cursor = 0, i;
	struct fault why;
	json_t *row;

	if (argc != 1) {
		fprintf(stderr, "usage: pinfold replay FILE\n");
		return CTL_USAGE;
	}
	random8(secret);
	random8(secret + 8);
	replay.table = device_table_new(DEVICES_MAX, secret);
	replay.rules.random = random8;
	replay.rules.is_replay = true;
	replay.flow = must_alloc(FLOWS_MAX, sizeof *replay.flow);
	replay.bucket = must_alloc(BUCKETS, sizeof *replay.bucket);
	replay.owner = must_alloc(OWNERS_MAX, sizeof *replay.owner);
	replay.name = must_alloc(NAMES_MAX, sizeof *replay.name);
	replay.harm = json_array();
	for (i = 0; i < BUCKETS; i++)
		replay.bucket[i] = NONE;
	bool whole = run_file(argv[0], &why);
	if (!whole)
		fprintf(stderr, "pinfold: %s\n", why.text);
	struct learn_flow *flows = must_alloc(replay.n_flows + 1, sizeof *flows);
	json_t *devices = json_array();
	while ((device = device_next(replay.table, &cursor)))
		json_array_append_new(devices, device_to_json(device, flows));
	if (options->json) {
		json_t *out = json_pack("{s:b, s:I, s:I, s:O, s:O}", "ok", whole, "observations",
			(json_int_t)replay.observations, "flows_lost", (json_int_t)replay.lost,
			"devices", devices, "harm", replay.harm);
		json_dumpf(out, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
		json_decref(out);
	} else {
		if (!options->quiet)
			print_people(devices);
		json_array_foreach(replay.harm, i, row)
			printf("harm: %s\n", json_string_value(json_object_get(row, "text")));
		printf("%zu devices, %zu kinds of flows, %llu observations\n",
			json_array_size(devices), replay.n_flows,
			(unsigned long long)replay.observations);
	}
	json_decref(devices);
	json_decref(replay.harm);
	free(flows);
	free(replay.flow);
	free(replay.bucket);
	free(replay.owner);
	free(replay.name);
	device_table_free(replay.table);
	return whole ? CTL_OK : CTL_REFUSED;
}
