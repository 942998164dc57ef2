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
#include "observation/keyed_hash.h"
#include "policy/learn.h"

enum {
	DEVICES_MAX = 4096,
	FLOWS_MAX = 1 << 20, /* kinds of flows; beyond: counted as lost */
	FLOWS_START = 4096,
	OWNERS_MAX = 16384,
	NAMES_MAX = 32768,
	LEARN_MAX = 1 << 16, /* kinds of flows of one device that a policy is made of */
	SHOWN_MAX = 8192,    /* and that are printed: the first that were seen */
	HARMS_SHOWN_MAX = 1000,
	NONE = -1,
};

/* Rows found by a hash of their key; they never go, so a row is its place. */
struct places {
	int32_t *first; /* by hash; NONE: none */
	int32_t *next;  /* by row */
	uint32_t mask, room;
};

struct seen {
	uint32_t device;
	struct ip address;
	uint8_t proto;
	uint16_t port;
	uint64_t flows, packets, bytes;
	int64_t first_s, last_s;
	int32_t next_of_device;
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
	struct hash_key secret;
	struct seen *flow;
	int32_t *flows_of; /* by device number; the latest first */
	size_t n_flows, room, n_owners, n_names;
	struct owner *owner;
	struct named *name;
	struct places flows, owners, names;
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

/* --- tables ------------------------------------------------------------------------------------ */

/* The file chooses the addresses: the hash has a secret. */
static uint32_t
hash_of(uint32_t device, const struct ip *address, uint8_t proto, uint16_t port)
{
	uint8_t key[24] = {0};

	memcpy(key, &device, 4);
	key[4] = address->version;
	key[5] = proto;
	memcpy(key + 6, &port, 2);
	memcpy(key + 8, address->byte, address->version == 4 ? 4 : 16);
	return (uint32_t)(keyed_hash(&replay.secret, key, sizeof key) >> 32);
}

static int32_t
places_first(const struct places *places, uint32_t hash)
{
	return places->first ? places->first[hash & places->mask] : NONE;
}

/* Room for twice as many; the caller puts the rows that there are again. */
static void
places_grow(struct places *places, uint32_t start)
{
	uint32_t room = places->room ? places->room * 2 : start;

	free(places->first);
	free(places->next);
	places->first = must_alloc(room, sizeof *places->first);
	places->next = must_alloc(room, sizeof *places->next);
	memset(places->first, 0xff, room * sizeof *places->first); /* NONE */
	places->mask = room - 1;
	places->room = room;
}

static void
places_put(struct places *places, uint32_t hash, size_t row)
{
	int32_t *first = &places->first[hash & places->mask];

	places->next[row] = *first;
	*first = (int32_t)row;
}

static uint32_t
owner_of(const struct ip *address)
{
	int32_t at = places_first(&replay.owners, hash_of(0, address, 0, 0));

	while (at != NONE && !ip_is_equal(&replay.owner[at].address, address))
		at = replay.owners.next[at];
	return at == NONE ? 0 : replay.owner[at].device;
}

static void
own(const struct ip *address, uint32_t device)
{
	if (!address->version || !ip_is_inside(address) || ip_is_multicast(address) ||
		owner_of(address) || replay.n_owners == OWNERS_MAX)
		return;
	places_put(&replay.owners, hash_of(0, address, 0, 0), replay.n_owners);
	replay.owner[replay.n_owners++] = (struct owner){*address, device};
}

/* The last that was learned: it stands first. */
static const char *
name_of(uint32_t device, const struct ip *address)
{
	int32_t at = places_first(&replay.names, hash_of(device, address, 0, 0));

	while (at != NONE && (replay.name[at].device != device ||
				     !ip_is_equal(&replay.name[at].address, address)))
		at = replay.names.next[at];
	return at == NONE ? "" : replay.name[at].name;
}

static void
learn_name(uint32_t device, const struct observation *row)
{
	char name[MUD_TEXT_MAX];

	if (replay.n_names == NAMES_MAX || ip_is_inside(&row->target) ||
		!host_name_parse(name, row->claimed_text, strlen(row->claimed_text)) ||
		!strcmp(name_of(device, &row->target), name))
		return;
	places_put(&replay.names, hash_of(device, &row->target, 0, 0), replay.n_names);
	struct named *at = &replay.name[replay.n_names++];
	at->address = row->target;
	at->device = device;
	snprintf(at->name, sizeof at->name, "%s", name);
}

static uint32_t
flow_hash(const struct seen *flow)
{
	return hash_of(flow->device, &flow->address, flow->proto, flow->port);
}

static void
make_room(void)
{
	size_t room = replay.room ? replay.room * 2 : FLOWS_START;
	struct seen *more = realloc(replay.flow, room * sizeof *more);

	if (!more)
		abort();
	replay.flow = more;
	replay.room = room;
	places_grow(&replay.flows, FLOWS_START);
	for (size_t i = 0; i < replay.n_flows; i++)
		places_put(&replay.flows, flow_hash(&replay.flow[i]), i);
}

static struct seen *
new_flow(const struct seen *key)
{
	if (replay.n_flows == FLOWS_MAX)
		return NULL;
	if (replay.n_flows == replay.room)
		make_room();
	struct seen *at = &replay.flow[replay.n_flows];
	*at = *key;
	at->next_of_device = replay.flows_of[key->device];
	replay.flows_of[key->device] = (int32_t)replay.n_flows;
	places_put(&replay.flows, flow_hash(key), replay.n_flows++);
	return at;
}

static void
take_flow(uint32_t device, const struct observation *row)
{
	struct seen key = {.device = device,
		.address = row->target,
		.proto = row->proto,
		.port = row->target_port,
		.first_s = row->wall_s};
	int32_t i = places_first(&replay.flows, flow_hash(&key));

	while (i != NONE && (replay.flow[i].device != device || replay.flow[i].proto != key.proto ||
				    replay.flow[i].port != key.port ||
				    !ip_is_equal(&replay.flow[i].address, &key.address)))
		i = replay.flows.next[i];
	struct seen *at = i != NONE ? &replay.flow[i] : new_flow(&key);
	if (!at) {
		replay.lost++;
		return;
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
		if (replay.harms++ < HARMS_SHOWN_MAX)
			json_array_append_new(replay.harm,
				json_pack("{s:i, s:s, s:s, s:I}", "device", (int)number, "cause",
					harm_word(verdict.cause), "text", verdict.why, "time",
					(json_int_t)row->wall_s));
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

/* The first that were seen, in that order; *all counts the rest, too. */
static size_t
flows_of(uint32_t device, struct learn_flow *out, size_t *all)
{
	size_t n = 0, skip;

	*all = 0;
	for (int32_t i = replay.flows_of[device]; i != NONE; i = replay.flow[i].next_of_device)
		*all += !ip_is_multicast(&replay.flow[i].address);
	skip = *all > LEARN_MAX ? *all - LEARN_MAX : 0;
	n = *all - skip;
	size_t at = n;
	for (int32_t i = replay.flows_of[device]; i != NONE; i = replay.flow[i].next_of_device) {
		const struct seen *seen = &replay.flow[i];
		if (ip_is_multicast(&seen->address))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		/* What serves everybody inside, as a gateway does. */
		bool gateway = ip_is_inside(&seen->address) &&
			       (seen->port == 53 || seen->port == 67 || seen->port == 123);
		out[--at] = (struct learn_flow){
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
	size_t all, n = flows_of(device->number, flows, &all);
	size_t shown = n < SHOWN_MAX ? n : SHOWN_MAX;
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
	for (size_t i = 0; i < shown; i++)
		json_array_append_new(seen, flow_to_json(&flows[i]));
	if (n && mud_from_flows(&mud, flows, n, &options)) {
		auto_free char *text = mud_render(&mud);
		policy = json_loads(text, 0, NULL);
	}
	return json_pack("{s:i, s:s, s:s, s:{s:s, s:i, s:s}, s:o, s:o, s:s, s:o, s:I, s:o}",
		"number", (int)device->number, "label", device_label(device), "maker",
		device->n_macs && identify_maker(device->mac[0].mac)
			? identify_maker(device->mac[0].mac)
			: "",
		"kind", "word", device->kind.word, "confidence", device->kind.confidence, "why",
		device->kind.why, "macs", macs, "identifiers", claims, "claimed_mud_url",
		device->claimed_mud_url, "flows", seen, "flows_left_out", (json_int_t)(all - shown),
		"policy", policy);
}

static void
print_device(const json_t *device)
{
	json_t *row;
	size_t k;

	const json_t *kind = json_object_get(device, "kind");
	const char *word = json_string_value(json_object_get(kind, "word"));
	printf("%s  %s  %s%s%s\n",
		json_string_value(json_array_get(json_object_get(device, "macs"), 0)),
		json_string_value(json_object_get(device, "label")), *word ? word : "unknown kind",
		*word ? ": " : "", json_string_value(json_object_get(kind, "why")));
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
	long long left_out = json_integer_value(json_object_get(device, "flows_left_out"));
	if (left_out)
		printf("    and %lld kinds of flows more\n", left_out);
	if (json_is_object(json_object_get(device, "policy")))
		printf("    a policy can be proposed (with --json)\n");
}

/* One at a time: what a large file holds need not fit into memory as JSON. */
static size_t
print_devices(const struct options *options)
{
	struct learn_flow *flows = must_alloc(LEARN_MAX, sizeof *flows);
	const struct device *device;
	size_t cursor = 0, n = 0;

	while ((device = device_next(replay.table, &cursor))) {
		n++;
		if (options->quiet && !options->json)
			continue;
		json_t *row = device_to_json(device, flows);
		if (options->json) {
			printf("%s\n", n > 1 ? "," : "");
			json_dumpf(row, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		} else {
			print_device(row);
		}
		json_decref(row);
	}
	free(flows);
	return n;
}

static void
print_json(bool whole, const struct options *options)
{
	printf("{\"ok\": %s, \"observations\": %llu, \"flows\": %zu, \"flows_lost\": %llu, "
	       "\"harms\": %llu, \"harm\": ",
		whole ? "true" : "false", (unsigned long long)replay.observations, replay.n_flows,
		(unsigned long long)replay.lost, (unsigned long long)replay.harms);
	json_dumpf(replay.harm, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	printf(", \"devices\": [");
	print_devices(options);
	printf("]}\n");
}

static void
places_free(struct places *places)
{
	free(places->first);
	free(places->next);
}

int
run_replay(int argc, char **argv, const struct options *options)
{
	struct fault why;
	json_t *row;
	size_t i;

	if (argc != 1) {
		fprintf(stderr, "usage: pinfold replay FILE\n");
		return CTL_USAGE;
	}
	uint8_t secret[32];
	for (i = 0; i < sizeof secret; i += 8)
		random8(secret + i);
	memcpy(&replay.secret, secret + 16, sizeof replay.secret);
	replay.table = device_table_new(DEVICES_MAX, secret);
	replay.rules.random = random8;
	replay.rules.is_replay = true;
	replay.flows_of = must_alloc(DEVICE_NUMBER_MAX + 1, sizeof *replay.flows_of);
	for (i = 0; i <= DEVICE_NUMBER_MAX; i++)
		replay.flows_of[i] = NONE;
	replay.owner = must_alloc(OWNERS_MAX, sizeof *replay.owner);
	replay.name = must_alloc(NAMES_MAX, sizeof *replay.name);
	places_grow(&replay.owners, OWNERS_MAX);
	places_grow(&replay.names, NAMES_MAX);
	replay.harm = json_array();
	bool whole = run_file(argv[0], &why);
	if (!whole)
		fprintf(stderr, "pinfold: %s\n", why.text);
	if (options->json) {
		print_json(whole, options);
	} else {
		size_t n = print_devices(options);
		json_array_foreach(replay.harm, i, row)
			printf("harm: %s\n", json_string_value(json_object_get(row, "text")));
		printf("%zu devices, %zu kinds of flows, %llu observations\n", n, replay.n_flows,
			(unsigned long long)replay.observations);
		if (replay.lost)
			printf("%llu flows were of more kinds than are kept\n",
				(unsigned long long)replay.lost);
	}
	json_decref(replay.harm);
	places_free(&replay.flows);
	places_free(&replay.owners);
	places_free(&replay.names);
	free(replay.flow);
	free(replay.flows_of);
	free(replay.owner);
	free(replay.name);
	device_table_free(replay.table);
	return whole ? CTL_OK : CTL_REFUSED;
}
