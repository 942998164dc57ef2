/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "message/channel.h"

/*
 * Plays monitor, engine and resolver around one real enforcer, so that a
 * scenario can say what they would say:
 *
 *	drive serve SOCKET SETTINGS ENFORCER     stays; ends with the socket's "quit"
 *	drive SOCKET WORD...                     one command, prints one line of answer
 *
 * Commands:
 *	start | kill | quit | restored | status | counters
 *	policy DEVICE STATE [bind=PORT,MAC,IP] [allow=PREFIX,PROTO,PORTS] [slot=N,PROTO,PORTS]
 *		[neighbour=DEVICE,PROTO,PORTS] [door=PREFIX,PROTO,PORTS] [deny=PROTO,PORTS]
 *		[cap=N] [flows=N] [generation=N]
 *	forget DEVICE | pause DEVICE SECONDS | open DEVICE SLOT IP SECONDS
 *	close PORT | reopen PORT
 *	rig DEVICE SECONDS turn|cut|look|off|cap|link[,...] [PORT|IP...]   prints rows, and how many were cut
 *
 * start sends again every policy it was told, as the engine does.
 */
enum { DEVICES_MAX = 256, LINE_BYTES = 16 * 1024, PATIENCE_MS = 15000 };

static const char *enforcer_path;
static struct settings settings;
static pid_t enforcer;
static struct channel *monitor, *engine, *resolver;
static struct message_policy *policies[DEVICES_MAX];
static bool was_restored, is_ready, is_answered, is_over;
static uint32_t seq;
static struct message_done answer;
static struct message_enforcer_status status;
static struct message_rig_seen rig_seen;
static bool has_status;
static char counters[LINE_BYTES];

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd);
	switch (header->type) {
	case MESSAGE_READY:
		is_ready = true;
		break;
	case MESSAGE_ENFORCER_STATUS:
		memcpy(&status, payload, sizeof status);
		has_status = true;
		break;
	case MESSAGE_DONE:
		if (header->seq != seq)
			break;
		memcpy(&answer, payload, sizeof answer);
		is_answered = true;
		break;
	case MESSAGE_RIG_SEEN:
		memcpy(&rig_seen, payload, sizeof rig_seen);
		is_answered = true;
		break;
	case MESSAGE_COUNTERS: {
		const struct message_counters *rows = payload;
		for (uint32_t i = 0; i < rows->n_rows; i++) {
			size_t len = strlen(counters);
			snprintf(counters + len, sizeof counters - len, " %u=%" PRIu64,
				rows->row[i].device, rows->row[i].denied_packets);
		}
		is_answered = rows->is_last;
		break;
	}
	default:
		break;
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
}

static void
on_late(void *arg)
{
	*(bool *)arg = true;
}

/* Runs the loop until *what; false when it took too long or the enforcer ended. */
static bool
wait_for(const bool *what)
{
	bool is_late = false;
	struct loop_timer *timer = loop_timer_new(PATIENCE_MS, false, on_late, &is_late);

	while (!*what && !is_late && channel_is_open(monitor))
		loop_once(true);
	loop_timer_free(timer);
	return *what;
}

static bool
send_message(struct channel *to, enum message_type type, const void *payload, size_t len)
{
	is_answered = false;
	counters[0] = '\0';
	return to && !channel_send(to, type, ++seq, payload, len, -1);
}

static void
stop(void)
{
	if (enforcer > 0) {
		kill(enforcer, SIGKILL);
		waitpid(enforcer, NULL, 0);
	}
	enforcer = 0;
	channel_free(monitor);
	channel_free(engine);
	channel_free(resolver);
	monitor = engine = resolver = NULL;
}

static void
hand_over(enum process peer, struct channel **ours)
{
	struct message_descriptor descriptor = {.what = DESCRIPTOR_PEER, .peer = (uint8_t)peer};
	int pair[2];

	if (channel_pair(pair))
		fatal("drive", "socketpair");
	*ours = channel_new(pair[0], peer, PROCESS_ENFORCER, on_message, on_closed, NULL);
	if (channel_send(monitor, MESSAGE_DESCRIPTOR, 0, &descriptor, sizeof descriptor, pair[1]))
		fatalx("drive", "the enforcer does not take a descriptor");
	close(pair[1]);
}

static bool
resend_policies(void)
{
	for (int i = 0; i < DEVICES_MAX; i++)
		if (policies[i] && (!send_message(engine, MESSAGE_POLICY, policies[i],
					    message_policy_len(policies[i])) ||
					   !wait_for(&is_answered) || answer.err))
			return false;
	return true;
}

static const char *
start(void)
{
	int pair[2];

	stop();
	if (channel_pair(pair))
		fatal("drive", "socketpair");
	enforcer = fork();
	if (!enforcer) {
		if (pair[1] == 3)
			fcntl(3, F_SETFD, 0);
		else
			dup2(pair[1], 3);
		execl(enforcer_path, "enforcer", (char *)NULL);
		fatal("drive", "cannot run %s", enforcer_path);
	}
	close(pair[1]);
	monitor = channel_new(
		pair[0], PROCESS_MONITOR, PROCESS_ENFORCER, on_message, on_closed, NULL);
	is_ready = has_status = false;
	if (channel_send(monitor, MESSAGE_SETTINGS, 0, &settings, sizeof settings, -1))
		return "the enforcer does not take its settings";
	hand_over(PROCESS_ENGINE, &engine);
	hand_over(PROCESS_RESOLVER, &resolver);
	if (channel_send(monitor, MESSAGE_GO, 0, NULL, 0, -1))
		return "the enforcer does not take GO";
	if (!wait_for(&is_ready) || !wait_for(&has_status))
		return "the enforcer does not begin";
	if (!resend_policies())
		return "a policy is refused";
	if (was_restored &&
		(!send_message(engine, MESSAGE_RESTORED, NULL, 0) || !wait_for(&is_answered)))
		return "no answer to RESTORED";
	return NULL;
}

/* --- commands ------------------------------------------------------------------------------------ */

static const char *const states[DEVICE_STATE_COUNT] = {[DEVICE_WAITING] = "waiting",
	[DEVICE_OBSERVE] = "observe",
	[DEVICE_ENFORCE] = "enforce",
	[DEVICE_QUARANTINE] = "quarantine",
	[DEVICE_BLOCK] = "block",
	[DEVICE_TRUSTED] = "trusted"};

static bool
parse_proto(uint8_t *out, const char *word)
{
	static const struct {
		const char *word;
		uint8_t proto;
	} known[] = {{"any", 0}, {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (!strcmp(known[i].word, word)) {
			*out = known[i].proto;
			return true;
		}
	return false;
}

/* "[FIRST,]PROTO,LO[-HI]"; ICMP: LO-HI are type and code, one number is any code. */
static bool
parse_entry(struct policy_entry *entry, char *text)
{
	char *first = entry->kind == POLICY_ENTRY_DENY ? NULL : strsep(&text, ",");
	char *proto = strsep(&text, ",");
	struct ip_prefix prefix;
	unsigned lo, hi;

	if (!proto || !text || !parse_proto(&entry->proto, proto))
		return false;
	int n = sscanf(text, "%u-%u", &lo, &hi);
	if (n < 1)
		return false;
	bool is_icmp = entry->proto == 1 || entry->proto == 58;
	entry->port_lo = (uint16_t)lo;
	entry->port_hi = (uint16_t)(n == 2 ? hi : is_icmp ? 0xffff : lo);
	entry->source_hi = 0xffff;
	switch (entry->kind) {
	case POLICY_ENTRY_ADDRESS:
	case POLICY_ENTRY_DOOR:
		if (!prefix_parse(&prefix, first))
			return false;
		entry->address = prefix.address;
		entry->version = prefix.address.version;
		entry->prefix_length = prefix.length;
		return true;
	case POLICY_ENTRY_SLOT:
		entry->slot = (uint16_t)atoi(first);
		return true;
	case POLICY_ENTRY_NEIGHBOUR:
		entry->peer = (uint32_t)atoi(first);
		return true;
	default:
		return true;
	}
}

static bool
parse_binding(struct policy_binding *binding, char *text)
{
	char *port = strsep(&text, ","), *mac = strsep(&text, ",");

	if (!mac || !text || strlen(port) >= sizeof binding->port)
		return false;
	strcpy(binding->port, port);
	return mac_parse(binding->mac, mac) && ip_parse(&binding->address, text);
}

static bool
parse_word(struct message_policy *policy, char *word)
{
	static const struct {
		const char *word;
		enum policy_entry_kind kind;
	} kinds[] = {{"allow", POLICY_ENTRY_ADDRESS}, {"slot", POLICY_ENTRY_SLOT},
		{"neighbour", POLICY_ENTRY_NEIGHBOUR}, {"door", POLICY_ENTRY_DOOR},
		{"deny", POLICY_ENTRY_DENY}};
	char *name = strsep(&word, "=");

	if (!word)
		return false;
	if (!strcmp(name, "bind"))
		return policy->n_bindings < POLICY_BINDINGS_MAX &&
		       parse_binding(&policy->binding[policy->n_bindings++], word);
	if (!strcmp(name, "cap"))
		return (policy->packet_cap = (uint32_t)atoi(word)) > 0;
	if (!strcmp(name, "flows"))
		return (policy->flow_cap = (uint32_t)atoi(word)) > 0;
	if (!strcmp(name, "generation"))
		return (policy->generation = (uint32_t)atoi(word)) > 0;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i].word, name))
			continue;
		if (policy->n_entries == POLICY_ENTRIES_MAX)
			return false;
		struct policy_entry *entry = &policy->entry[policy->n_entries++];
		entry->kind = (uint8_t)kinds[i].kind;
		return parse_entry(entry, word);
	}
	return false;
}

static const char *
done_line(void)
{
	static char line[160];

	if (!wait_for(&is_answered))
		return "no answer";
	snprintf(line, sizeof line, "%s elements=%u took_us=%u",
		answer.err ? err_text((enum err)answer.err) : "done", answer.elements,
		answer.took_us);
	return line;
}

static const char *
policy(char *word[], int n)
{
	static struct message_policy new;
	static uint32_t generation;

	memset(&new, 0, sizeof new);
	new.packet_cap = 4000;
	new.flow_cap = 200;
	new.generation = ++generation;
	if (n < 2)
		return "policy DEVICE STATE ...";
	new.device = (uint32_t)atoi(word[0]);
	for (int i = 1; i < DEVICE_STATE_COUNT; i++)
		if (!strcmp(states[i], word[1]))
			new.state = (uint8_t)i;
	for (int i = 2; i < n; i++)
		if (!parse_word(&new, word[i]))
			return "not understood";
	if (!message_check(MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, &new,
		    message_policy_len(&new)))
		return "not a well-formed policy";
	if (!send_message(engine, MESSAGE_POLICY, &new, message_policy_len(&new)))
		return "no enforcer";
	const char *line = done_line();
	if (!strncmp(line, "done", 4) && new.device < DEVICES_MAX) {
		free(policies[new.device]);
		policies[new.device] = must_alloc(1, message_policy_len(&new));
		memcpy(policies[new.device], &new, message_policy_len(&new));
	}
	return line;
}

static const char *
forget(uint32_t device)
{
	struct message_forget forget = {.device = device, .generation = UINT32_MAX};

	if (!send_message(engine, MESSAGE_FORGET, &forget, sizeof forget))
		return "no enforcer";
	if (device < DEVICES_MAX) {
		free(policies[device]);
		policies[device] = NULL;
	}
	return done_line();
}

static const char *
pause_device(uint32_t device, uint32_t seconds)
{
	struct message_pause message = {.device = device, .seconds = seconds};

	if (!send_message(engine, MESSAGE_PAUSE, &message, sizeof message))
		return "no enforcer";
	return done_line();
}

static const char *
close_port(const char *name, bool is_closed)
{
	struct message_port message = {.is_closed = is_closed};

	snprintf(message.name, sizeof message.name, "%.15s", name);
	if (!send_message(engine, MESSAGE_PORT, &message, sizeof message))
		return "no enforcer";
	return done_line();
}

static const char *
open_slot(char *word[])
{
	uint32_t device = (uint32_t)atoi(word[0]);
	struct message_open message = {.device = device,
		.slot = (uint16_t)atoi(word[1]),
		.seconds = (uint32_t)atoi(word[3])};

	if (!ip_parse(&message.address, word[2]))
		return "not an address";
	if (device < DEVICES_MAX && policies[device])
		message.generation = policies[device]->generation;
	if (!send_message(resolver, MESSAGE_OPEN, &message, sizeof message))
		return "no enforcer";
	return done_line();
}

static const char *
rig(char *word[], int n)
{
	static const struct {
		const char *word;
		uint8_t bit;
	} bits[] = {{"turn", RIG_TURN}, {"cut", RIG_CUT}, {"look", RIG_LOOK}, {"off", RIG_OFF},
		{"cap", RIG_CAP}, {"link", RIG_LINK}};
	static char line[LINE_BYTES];
	struct message_rig message = {
		.run = 1, .device = (uint32_t)atoi(word[0]), .seconds = (uint32_t)atoi(word[1])};
	size_t len;

	for (unsigned i = 0; i < COUNT_OF(bits); i++)
		if (strstr(word[2], bits[i].word))
			message.bits |= bits[i].bit;
	for (int i = 3; i < n; i++)
		if (message.n_addresses < RIG_ADDRESSES_MAX &&
			ip_parse(&message.address[message.n_addresses], word[i]))
			message.n_addresses++;
		else if (message.n_ports < RIG_PORTS_MAX)
			message.port[message.n_ports++] = (uint16_t)atoi(word[i]);
	if (!send_message(engine, MESSAGE_RIG, &message, sizeof message) || !wait_for(&is_answered))
		return "no answer";
	len = (size_t)snprintf(line, sizeof line, "%s cut=%u",
		rig_seen.err ? err_text((enum err)rig_seen.err) : "done", rig_seen.n_cut);
	for (uint32_t i = 0; i < rig_seen.n_rows; i++) {
		const struct rig_row *row = &rig_seen.row[i];
		char address[IP_TEXT_MAX];
		len += (size_t)snprintf(line + len, sizeof line - len, " %s,%u,%u/%u,%s",
			ip_render(&row->address, address), row->port, row->bytes_out, row->bytes_in,
			row->is_assured ? "assured" : "begun");
	}
	return line;
}

static const char *
show_status(void)
{
	static char line[256];

	snprintf(line, sizeof line,
		"adopted=%u links_up=%u refusing=%u elements=%u devices=%u has=%" PRIx64
		" lacks=%" PRIx64 " release=%s",
		status.adopted, status.links_up, status.refusing, status.elements, status.devices,
		status.kernel_has, status.kernel_lacks, status.release);
	return line;
}

static const char *
command(char *word[], int n)
{
	const char *trouble;

	if (!strcmp(word[0], "start")) {
		trouble = start();
		return trouble ? trouble : "done";
	}
	if (!strcmp(word[0], "kill")) {
		stop();
		return "done";
	}
	if (!strcmp(word[0], "quit")) {
		is_over = true;
		return "done";
	}
	if (!strcmp(word[0], "status")) {
		loop_once(false);
		return show_status();
	}
	if (!strcmp(word[0], "pid")) {
		static char line[16];
		snprintf(line, sizeof line, "%d", (int)enforcer);
		return line;
	}
	if (!strcmp(word[0], "restored")) {
		was_restored = true;
		return send_message(engine, MESSAGE_RESTORED, NULL, 0) ? done_line()
								       : "no enforcer";
	}
	if (!strcmp(word[0], "counters")) {
		if (!send_message(engine, MESSAGE_COUNTERS_ASK, NULL, 0) || !wait_for(&is_answered))
			return "no answer";
		return counters;
	}
	if (!strcmp(word[0], "policy"))
		return policy(word + 1, n - 1);
	if (!strcmp(word[0], "forget") && n == 2)
		return forget((uint32_t)atoi(word[1]));
	if (!strcmp(word[0], "pause") && n == 3)
		return pause_device((uint32_t)atoi(word[1]), (uint32_t)atoi(word[2]));
	if ((!strcmp(word[0], "close") || !strcmp(word[0], "reopen")) && n == 2)
		return close_port(word[1], word[0][0] == 'c');
	if (!strcmp(word[0], "open") && n == 5)
		return open_slot(word + 1);
	if (!strcmp(word[0], "rig") && n >= 4)
		return rig(word + 1, n - 1);
	return "unknown command";
}

static void
take_command(int listening)
{
	static char line[LINE_BYTES];
	char *word[POLICY_ENTRIES_MAX + 64];
	int n = 0;
	auto_close int client = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	ssize_t len = client < 0 ? -1 : recv(client, line, sizeof line - 1, 0);

	if (len <= 0)
		return;
	line[len] = '\0';
	char *rest = line, *next;
	while ((next = strsep(&rest, " ")) && n < (int)COUNT_OF(word))
		if (*next)
			word[n++] = next;
	const char *said = n ? command(word, n) : "nothing was said";
	if (send(client, said, strlen(said) + 1, MSG_NOSIGNAL) < 0)
		log_warn("drive", "answer lost");
}

static int
serve(const char *path, const char *settings_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fault why;

	log_init("drive", false);
	if (settings_read(&settings, settings_path, &why))
		fatalx("drive", "%s", why.text);
	loop_init();
	signal(SIGPIPE, SIG_IGN);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 16))
		fatal("drive", "cannot listen at %s", path);
	/* A command runs the loop itself until its answer is there, so it is not taken by the loop. */
	while (!is_over) {
		struct pollfd wanted = {.fd = fd, .events = POLLIN};
		if (poll(&wanted, 1, 50) > 0)
			take_command(fd);
		loop_once(false);
	}
	stop();
	return 0;
}

static int
say(const char *path, char *word[], int n)
{
	static char line[LINE_BYTES];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
		perror(path);
		return 2;
	}
	size_t len = 0;
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(
			line + len, len < sizeof line ? sizeof line - len : 0, "%s ", word[i]);
	if (len >= sizeof line || send(fd, line, len, 0) < 0)
		return 2;
	ssize_t got = recv(fd, line, sizeof line, 0);
	if (got <= 0)
		return 2;
	puts(line);
	return strncmp(line, "done", 4) && strncmp(line, "adopted", 7) ? 1 : 0;
}

int
main(int argc, char *argv[])
{
	if (argc == 5 && !strcmp(argv[1], "serve")) {
		enforcer_path = argv[4];
		return serve(argv[2], argv[3]);
	}
	if (argc > 2)
		return say(argv[1], argv + 2, argc - 2);
	fprintf(stderr, "usage: drive serve SOCKET SETTINGS ENFORCER | drive SOCKET WORD...\n");
	return 2;
}
