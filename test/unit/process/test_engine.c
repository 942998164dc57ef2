/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine as it is, started as the monitor starts it; the test plays the
 * monitor, capture, resolver, enforcer, fetcher and the owner.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../label/issued.h"
#include "../maker/network_file.h"
#include "base/clock.h"
#include "label/status.h"
#include "message/channel.h"
#include "policy/mud.h"
#include "test.h"

/* What must come is waited for as long as a machine with much else to do may take. */
enum { WAIT_MS = 20000, CHANNELS = PROCESS_COUNT };

static struct home {
	char directory[64];
	pid_t pid;
	int monitor, peer[CHANNELS], ctl_listen;
	struct sockaddr_un ctl;
	struct settings settings;
} home;

static _Alignas(16) uint8_t payload[MESSAGE_PAYLOAD_MAX];
static struct message_header header;

/* --- the harness ---------------------------------------------------------------------------- */

static void
send_message(int fd, enum message_type type, const void *bytes, size_t len, int passed)
{
	struct message_header head = {
		.version = MESSAGE_VERSION, .type = (uint16_t)type, .len = (uint32_t)len};
	union {
		const void *in;
		void *out;
	} borrowed = {.in = bytes};
	struct iovec iov[2] = {{&head, sizeof head}, {borrowed.out, len}};
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
	EXPECT(sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0);
}

static void
give(enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor message = {.what = (uint8_t)what, .peer = (uint8_t)peer};
	send_message(home.monitor, MESSAGE_DESCRIPTOR, &message, sizeof message, fd);
}

/*
 * What the enforcer was told while the owner waited for an answer, which does not come
 * before the enforcer has acknowledged; oldest first, for next().
 */
static struct kept {
	struct kept *after;
	struct message_header header;
	_Alignas(16) uint8_t payload[];
} * kept, **last_kept = &kept;
static bool enforcer_is_silent;

static void
forget_kept(void)
{
	while (kept) {
		struct kept *after = kept->after;
		free(kept);
		kept = after;
	}
	last_kept = &kept;
}

static void
acknowledge(uint32_t device, uint32_t seq, enum err err)
{
	struct message_done done = {.device = device, .generation = seq, .err = (uint32_t)err};
	struct message_header head = {
		.version = MESSAGE_VERSION, .type = MESSAGE_DONE, .len = sizeof done, .seq = seq};
	struct iovec iov[2] = {{&head, sizeof head}, {&done, sizeof done}};

	EXPECT(writev(home.peer[PROCESS_ENFORCER], iov, 2) > 0);
}

/* As the enforcer does: each question is acknowledged, and here kept for the test. */
static void
enforce_one(void)
{
	struct kept *one;
	int passed;

	if (!channel_receive(home.peer[PROCESS_ENFORCER], PROCESS_ENFORCER, PROCESS_ENGINE, &header,
		    payload, &passed))
		return;
	one = malloc(sizeof *one + header.len);
	EXPECT(one != NULL);
	one->after = NULL;
	one->header = header;
	memcpy(one->payload, payload, header.len);
	*last_kept = one;
	last_kept = &one->after;
	/* All of them begin with the number of the device. */
	uint32_t device = 0;
	if (header.len >= sizeof device)
		memcpy(&device, payload, sizeof device);
	if (header.type != MESSAGE_COUNTERS_ASK && header.type != MESSAGE_PORT)
		acknowledge(device, header.seq, ERR_OK);
}

static bool
take_kept(void)
{
	struct kept *one = kept;

	if (!one)
		return false;
	kept = one->after;
	if (!kept)
		last_kept = &kept;
	header = one->header;
	memcpy(payload, one->payload, one->header.len);
	free(one);
	return true;
}

/* A new channel to the engine in the place of this process. */
static void
connect_peer(enum process peer)
{
	int fd[2];

	if (peer == PROCESS_ENFORCER)
		forget_kept();
	if (home.peer[peer] >= 0)
		close(home.peer[peer]);
	EXPECT_INT(channel_pair(fd), ERR_OK);
	give(DESCRIPTOR_PEER, peer, fd[1]);
	close(fd[1]);
	home.peer[peer] = fd[0];
}

/* Asked once: inside a new mount namespace of a chroot the link leads nowhere. */
static bool
engine_path(char *out, size_t size)
{
	static char self[300];

	if (!self[0]) {
		ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
		if (n <= 0)
			return false;
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
	}
	snprintf(out, size, "%s/../../src/process/engine", self);
	return !access(out, X_OK);
}

/* The next message of the type from the peer; others are passed over.  NULL when none comes. */
static const void *
next(enum process peer, enum message_type type)
{
	struct pollfd poll_fd = {.fd = home.peer[peer], .events = POLLIN};
	int passed;

	while (peer == PROCESS_ENFORCER && take_kept())
		if (header.type == type)
			return payload;
	while (poll(&poll_fd, 1, WAIT_MS) == 1) {
		if (!channel_receive(
			    home.peer[peer], peer, PROCESS_ENGINE, &header, payload, &passed))
			return NULL;
		if (header.type == type)
			return payload;
	}
	return NULL;
}

static void
start(void)
{
	char path[400];
	int fd[2];

	EXPECT(engine_path(path, sizeof path));
	EXPECT(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
	home.monitor = fd[0];
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	for (int i = 0; i < CHANNELS; i++)
		home.peer[i] = -1;
	home.pid = fork();
	if (!home.pid) {
		dup2(fd[1], 3);
		closefrom(4);
		/* The search for leaks needs ptrace, which a confined process has not. */
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	unlink(home.ctl.sun_path);
	home.ctl_listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	EXPECT(!bind(home.ctl_listen, (struct sockaddr *)&home.ctl, sizeof home.ctl));
	EXPECT(!listen(home.ctl_listen, 8));
	send_message(home.monitor, MESSAGE_SETTINGS, &home.settings, sizeof home.settings, -1);
	give(DESCRIPTOR_CTL, PROCESS_UNKNOWN, home.ctl_listen);
	connect_peer(PROCESS_CAPTURE);
	connect_peer(PROCESS_ENFORCER);
	connect_peer(PROCESS_RESOLVER);
	connect_peer(PROCESS_RELAY);
	connect_peer(PROCESS_FETCHER);
	send_message(home.monitor, MESSAGE_GO, NULL, 0, -1);
}

static void
stop(int signo)
{
	int status;

	kill(home.pid, signo);
	EXPECT(waitpid(home.pid, &status, 0) == home.pid);
	if (signo == SIGTERM)
		EXPECT(WIFEXITED(status) && !WEXITSTATUS(status));
	for (int i = 0; i < CHANNELS; i++)
		if (home.peer[i] >= 0)
			close(home.peer[i]);
	close(home.monitor);
	close(home.ctl_listen);
}

static void
move_in(void)
{
	memset(&home, 0, sizeof home);
	snprintf(home.directory, sizeof home.directory, "/tmp/pinfold-engine-XXXXXX");
	EXPECT(mkdtemp(home.directory) != NULL);
	struct settings *s = &home.settings;
	settings_init(s);
	s->mode = SETTINGS_ROUTER;
	s->n_ports = 2;
	snprintf(s->port[0], sizeof s->port[0], "p1");
	snprintf(s->port[1], sizeof s->port[1], "p2");
	snprintf(s->uplink, sizeof s->uplink, "wan0");
	s->uplink_mode = SETTINGS_UPLINK_NONE;
	EXPECT(prefix_parse(&s->lan4, "10.77.0.1/24"));
	EXPECT(prefix_parse(&s->lan6, "fd77::1/64"));
	snprintf(s->state_directory, sizeof s->state_directory, "%s", home.directory);
	/* As root the engine gives itself another user, who owns the state. */
	if (!geteuid())
		EXPECT(!chown(home.directory, s->uid_base + PROCESS_ENGINE,
			s->uid_base + PROCESS_ENGINE));
	home.ctl.sun_family = AF_UNIX;
	snprintf(home.ctl.sun_path, sizeof home.ctl.sun_path, "%s/ctl", home.directory);
}

static void
move_out(void)
{
	static const char *const files[] = {"decisions.db", "decisions.db-wal", "decisions.good",
		"observed.db", "observed.db-wal", "ctl", "decisions.db.damaged",
		"decisions.db-wal.damaged", "observed.db.damaged", "observed.db-wal.damaged",
		"audits.db", "audits.db-wal", "issuer.key"};
	char path[128];

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", home.directory, files[i]);
		unlink(path);
	}
	/* What devices sent, a file each. */
	snprintf(path, sizeof path, "%s/traffic", home.directory);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(path);
	EXPECT(!rmdir(home.directory));
}

static void
end_home(void)
{
	stop(SIGTERM);
	move_out();
}

/* Asks as the owner does; gives the whole answer. */
static json_t *
ask(const char *question)
{
	static struct message_command command;
	char *whole = NULL;
	size_t len = 0;
	bool is_last = false;
	int passed;

	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	EXPECT(!connect(fd, (struct sockaddr *)&home.ctl, sizeof home.ctl));
	command.len = (uint32_t)strlen(question);
	command.role = ROLE_OWNER;
	memcpy(command.text, question, command.len);
	send_message(fd, MESSAGE_COMMAND, &command, message_command_len(&command), -1);
	while (!is_last) {
		struct pollfd poll_fd[2] = {{.fd = fd, .events = POLLIN},
			{.fd = enforcer_is_silent ? -1 : home.peer[PROCESS_ENFORCER],
				.events = POLLIN}};
		EXPECT(poll(poll_fd, 2, WAIT_MS) > 0);
		if (poll_fd[1].revents & POLLIN)
			enforce_one();
		if (!(poll_fd[0].revents & POLLIN))
			continue;
		EXPECT(channel_receive(fd, PROCESS_CTL, PROCESS_ENGINE, &header, payload, &passed));
		const struct message_answer *piece = (const void *)payload;
		whole = realloc(whole, len + piece->len + 1);
		memcpy(whole + len, piece->text, piece->len);
		len += piece->len;
		is_last = piece->is_last;
	}
	close(fd);
	json_t *answer = json_loadb(whole, len, JSON_REJECT_DUPLICATES, NULL);
	free(whole);
	EXPECT(answer != NULL);
	return answer;
}

static bool
is_ok(json_t *answer)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));
	if (!ok)
		print_message("refused: %s\n", json_string_value(json_object_get(
						       json_object_get(answer, "error"), "text")));
	return ok;
}

/* Asks, expects yes, gives the journal id. */
static long long
tell(const char *verb, const char *device, const char *more)
{
	char question[900];

	snprintf(question, sizeof question, "{\"verb\":\"%s\",\"args\":{\"device\":\"%s\"%s%s}}",
		verb, device, more ? "," : "", more ? more : "");
	json_t *answer = ask(question);
	EXPECT(is_ok(answer));
	long long id = json_integer_value(json_object_get(answer, "journal"));
	json_decref(answer);
	return id;
}

/* A row of the journal by this verb, asked at the console, whose sentence has these words. */
static bool
journal_says(const char *verb, const char *words)
{
	json_t *answer = ask("{\"verb\":\"policy.journal\",\"args\":{}}"), *row;
	bool is_there = false;
	size_t i;

	json_array_foreach(json_object_get(answer, "result"), i, row) is_there |=
		!strcmp(json_string_value(json_object_get(row, "verb")), verb) &&
		!strcmp(json_string_value(json_object_get(row, "who")), "console") &&
		strstr(json_string_value(json_object_get(row, "text")), words);
	json_decref(answer);
	return is_there;
}

static bool
refuses(const char *question)
{
	json_t *answer = ask(question);
	bool refused = json_is_false(json_object_get(answer, "ok"));
	json_decref(answer);
	return refused;
}

static void
undo(long long id)
{
	char question[100];
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}", id);
	json_t *answer = ask(question);
	EXPECT(is_ok(answer));
	json_decref(answer);
}

static char *
field(const char *device, const char *key)
{
	static char out[300];
	char question[200];

	snprintf(question, sizeof question,
		"{\"verb\":\"device.show\",\"args\":{\"device\":\"%s\"}}", device);
	json_t *answer = ask(question);
	const char *text =
		json_string_value(json_object_get(json_object_get(answer, "result"), key));
	snprintf(out, sizeof out, "%s", text ? text : "");
	json_decref(answer);
	return out;
}

/* --- what capture would tell --------------------------------------------------------------------- */

static struct message_observation rows;

static struct observation *
row(enum observed what, const char *port, uint8_t mac)
{
	struct observation *at = &rows.row[rows.n_rows++];

	memset(at, 0, sizeof *at);
	at->what = (uint8_t)what;
	at->seen_ns = clock_monotonic_ns();
	at->wall_s = clock_wall_s();
	snprintf(at->port, sizeof at->port, "%s", port);
	memcpy(at->mac, (const uint8_t[6]){0x00, 0x00, 0x5e, 0x00, 0x53, mac}, 6);
	return at;
}

static void
flush(void)
{
	send_message(home.peer[PROCESS_CAPTURE], MESSAGE_OBSERVATION, &rows,
		message_observation_len(&rows), -1);
	rows.n_rows = 0;
}

static struct ip
ip(const char *text)
{
	struct ip address;
	EXPECT(ip_parse(&address, text));
	return address;
}

/* A device joins: request from its port, our server's acknowledgement. */
static void
join(const char *port, uint8_t mac, const char *hostname, const char *address)
{
	row(OBSERVED_DHCP4_DISCOVER, port, mac);
	snprintf(row(OBSERVED_DHCP_HOSTNAME, port, mac)->claimed_text, 64, "%s", hostname);
	row(OBSERVED_DHCP4_REQUEST, port, mac)->target = ip(address);
	struct observation *ack = row(OBSERVED_DHCP4_ACK, port, mac);
	ack->target = ip(address);
	ack->value = 3600;
	flush();
}

/* The policy of the device with so many bindings, as the enforcer gets it. */
static const struct message_policy *
policy_with(uint32_t device, enum device_state state, int bindings)
{
	const struct message_policy *policy;

	while ((policy = next(PROCESS_ENFORCER, MESSAGE_POLICY))) {
		acknowledge(policy->device, header.seq, ERR_OK);
		if (policy->device == device && policy->state == state &&
			policy->n_bindings == bindings)
			return policy;
	}
	return NULL;
}

/* The camera of most tests is the first device: it joins, and is let in with what more is said. */
static void
meet_camera(void)
{
	join("p1", 0x11, "camera", "10.77.0.11");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
}

static void
let_camera_in(const char *more)
{
	meet_camera();
	tell("device.admit", "1", more);
}

static const struct message_view *
view_of(uint32_t device, enum view_mode mode)
{
	const struct message_view *view;

	while ((view = next(PROCESS_RESOLVER, MESSAGE_VIEW)))
		if (view->device == device && view->mode == mode)
			return view;
	return NULL;
}

static void
answered(uint32_t device, const char *name, const char *address, uint16_t slot)
{
	struct message_answered message = {.device = device,
		.kind = ANSWER_GIVEN,
		.n_addresses = 1,
		.slot = slot,
		.seconds = 600,
		.type = 1};
	snprintf(message.name, sizeof message.name, "%s", name);
	message.address[0] = ip(address);
	send_message(home.peer[PROCESS_RESOLVER], MESSAGE_ANSWERED, &message, sizeof message, -1);
}

static void
flow(const char *port, uint8_t mac, uint32_t device, const char *from, const char *to,
	uint16_t target_port)
{
	struct observation *at = row(OBSERVED_FLOW_NEW, port, mac);
	at->device = device;
	at->value = REASON_NEW_FLOW;
	at->source = ip(from);
	at->target = ip(to);
	at->proto = 6;
	at->target_port = target_port;
	flush();
}

#define NEEDS_ENGINE                                                                               \
	do {                                                                                       \
		char engine_at[400];                                                               \
		if (!engine_path(engine_at, sizeof engine_at))                                     \
			SKIP("the engine is not built");                                           \
		move_in();                                                                         \
		start();                                                                           \
	} while (0)

/* --- sentences ------------------------------------------------------------------------------- */

TEST(a_new_device_waits_and_says_how_to_let_it_in)
{
	NEEDS_ENGINE;
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_RESTORED) != NULL);
	join("p1", 0x11, "camera", "10.77.0.11");
	const struct message_policy *policy = policy_with(1, DEVICE_WAITING, 1);
	EXPECT(policy != NULL);
	EXPECT_INT(policy->n_entries, 0);
	EXPECT_STR(policy->binding[0].port, "p1");
	EXPECT(view_of(1, VIEW_STATUS_PAGE) != NULL);
	json_t *events = ask("{\"verb\":\"events.list\"}");
	char *text = json_dumps(events, 0);
	EXPECT(strstr(text, "pinfold device admit d-") != NULL);
	free(text);
	json_decref(events);
	end_home();
}

TEST(what_was_decided_is_in_force_again_after_the_engine_was_killed)
{
	NEEDS_ENGINE;
	meet_camera();
	tell("device.admit", "1", "\"name\":\"door camera\"");
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	tell("policy.add", "door camera", "\"rule\":\"allow tcp cloud.example 443\"");
	tell("device.enforce", "door camera", "\"from\":\"rules\"");
	const struct message_policy *policy = policy_with(1, DEVICE_ENFORCE, 1);
	EXPECT(policy && policy->n_entries > 0);
	uint32_t generation = policy->generation;
	/* Nothing was shut down in order: only what was acknowledged counts. */
	stop(SIGKILL);
	start();
	policy = policy_with(1, DEVICE_ENFORCE, 1);
	EXPECT(policy && policy->n_entries > 0);
	EXPECT(policy->generation > generation);
	const struct message_view *view = view_of(1, VIEW_DECLARED);
	EXPECT(view && view->n_names == 1);
	EXPECT_STR(view->name[0].name, "cloud.example");
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_RESTORED) != NULL);
	EXPECT_STR(field("1", "name"), "door camera");
	end_home();
}

static void
certificate(const char *serial, const char *issuer, int64_t until_s)
{
	struct observation *at = row(OBSERVED_TLS_HELLO, "p1", 0x11);

	at->proto = 6;
	at->source = ip("10.77.0.11");
	at->target = ip("198.18.0.80");
	at->source_port = 40000;
	at->target_port = 443;
	snprintf(at->claimed_text, sizeof at->claimed_text, "cloud.example");
	struct observation *shown = row(OBSERVED_TLS_CERTIFICATE, "", 0x11);
	struct observation empty = *shown;
	*shown = *at;
	shown->what = empty.what;
	memset(shown->port, 0, sizeof shown->port);
	memset(shown->claimed_detail, 0, sizeof shown->claimed_detail);
	snprintf(shown->claimed_detail, sizeof shown->claimed_detail,
		"from=1 until=%lld signature=sha2 key=ec0 own=0 serial=%s issuer=%s",
		(long long)until_s, serial, issuer);
	flush();
}

static bool
was_told(const char *text)
{
	json_t *events = ask("{\"verb\":\"events.list\"}");
	char *all = json_dumps(events, 0);
	bool is = strstr(all, text);

	free(all);
	json_decref(events);
	return is;
}

/* As if it had been seen two hours before. */
static void
grow_old(const char *path)
{
	static char text[16384], older[16384];
	size_t len = 0;
	FILE *file = fopen(path, "r");

	EXPECT(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	for (const char *at = text; *at;) {
		char *end;
		bool is_time = !strncmp(at, "\"utc\":", 6);
		if (!is_time) {
			older[len++] = *at++;
			continue;
		}
		long long utc = strtoll(at + 6, &end, 10);
		len += (size_t)sprintf(older + len, "\"utc\":%lld", utc - 7200);
		at = end;
	}
	file = fopen(path, "w");
	EXPECT(file && fwrite(older, 1, len, file) == len);
	fclose(file);
}

TEST(another_certificate_of_a_server_and_one_that_ends_are_told_also_over_a_restart)
{
	char path[200];

	NEEDS_ENGINE;
	let_camera_in(NULL);
	certificate("01", "A CA", clock_wall_s() + 3 * 86400);
	/* Another one soon after is that of another machine of theirs. */
	certificate("02", "A CA", clock_wall_s() + 300 * 86400);
	EXPECT(!was_told("server-changed"));
	snprintf(path, sizeof path, "%s/traffic/%s.jsonl", home.directory, field("1", "id"));
	stop(SIGTERM);
	grow_old(path);
	start();
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	EXPECT(was_told("server-expiring"));
	EXPECT(!was_told("server-changed"));
	certificate("03", "Another CA", clock_wall_s() + 90 * 86400);
	EXPECT(was_told("server-changed"));
	EXPECT(was_told("before it was by A CA"));
	/* Of who is made personal nothing stays. */
	tell("device.class", "1", "\"class\":\"personal\"");
	EXPECT(access(path, F_OK));
	stop(SIGTERM);
	EXPECT(access(path, F_OK));
	move_out();
}

TEST(an_address_that_was_open_is_opened_again_before_the_ports_come_up)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443\"");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	const struct message_view *view = view_of(1, VIEW_DECLARED);
	EXPECT(view && view->n_names == 1);
	answered(1, "cloud.example", "198.18.0.80", view->name[0].slot);
	usleep(50000);
	stop(SIGTERM);
	start();
	const struct message_open *open = next(PROCESS_ENFORCER, MESSAGE_OPEN);
	EXPECT(open != NULL);
	EXPECT_INT(open->device, 1);
	EXPECT(open->seconds > 500 && open->seconds <= 600);
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_RESTORED) != NULL);
	end_home();
}

TEST(every_change_is_journaled_and_can_be_taken_back_once)
{
	NEEDS_ENGINE;
	meet_camera();
	long long admitted = tell("device.admit", "1", NULL);
	long long contained = tell("device.quarantine", "1", NULL);
	EXPECT(admitted > 0 && contained > admitted);
	EXPECT_STR(field("1", "state"), "quarantine");
	/* The earlier change is not taken back from under the later one. */
	char question[100];
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}", admitted);
	EXPECT(refuses(question));
	undo(contained);
	EXPECT_STR(field("1", "state"), "observe");
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}", contained);
	EXPECT(refuses(question));
	undo(admitted);
	EXPECT_STR(field("1", "state"), "waiting");
	end_home();
}

TEST(a_device_that_was_forgotten_comes_back_whole_by_undo)
{
	NEEDS_ENGINE;
	meet_camera();
	tell("device.admit", "1", "\"name\":\"camera\",\"class\":\"critical\"");
	tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443\"");
	long long forgot = tell("device.forget", "camera", NULL);
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_FORGET) != NULL);
	EXPECT(refuses("{\"verb\":\"device.show\",\"args\":{\"device\":\"camera\"}}"));
	undo(forgot);
	EXPECT_STR(field("camera", "class"), "critical");
	EXPECT_STR(field("camera", "state"), "observe");
	stop(SIGKILL);
	start();
	EXPECT_STR(field("camera", "class"), "critical");
	end_home();
}

static int
flows_proposed(const char *device)
{
	char question[128];

	snprintf(question, sizeof question,
		"{\"verb\":\"policy.proposal\",\"args\":{\"device\":\"%s\"}}", device);
	json_t *answer = ask(question);
	int flows = (int)json_integer_value(
		json_object_get(json_object_get(answer, "result"), "flows"));
	EXPECT(is_ok(answer));
	json_decref(answer);
	return flows;
}

/* How the step of a list stands; "" where there is no such step. */
static const char *
step_state(const json_t *result, const char *word)
{
	static char out[16];
	json_t *step;
	size_t i;

	out[0] = '\0';
	json_array_foreach(json_object_get(result, "steps"), i,
		step) if (!strcmp(json_string_value(json_object_get(step, "step")), word))
		snprintf(out, sizeof out, "%s", json_string_value(json_object_get(step, "state")));
	return out;
}

static size_t
n_left(void)
{
	json_t *answer = ask("{\"verb\":\"left.list\"}");
	size_t n = json_array_size(json_object_get(answer, "result"));
	json_decref(answer);
	return n;
}

TEST(a_device_that_leaves_is_kept_until_its_date_and_comes_back_as_a_new_one)
{
	NEEDS_ENGINE;
	meet_camera();
	tell("device.admit", "1", "\"name\":\"front door\"");
	tell("policy.add", "front door", "\"rule\":\"allow tcp cloud.example 443\"");
	char id[32];
	snprintf(id, sizeof id, "%s", field("1", "id"));
	tell("device.leaving.done", "1", "\"step\":\"account\"");
	EXPECT(refuses("{\"verb\":\"device.leaving.done\",\"args\":{\"device\":\"1\",\"step\":"
		       "\"maker\"}}"));
	json_t *answer = ask("{\"verb\":\"device.leaving\",\"args\":{\"device\":\"1\"}}");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "account"), "done");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "reset"), "open");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "reset-verified"), "open");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "away"), "open");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "maker"), "cannot");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "maps"), "");
	json_decref(answer);

	/* Nothing that undo could take back would be left. */
	EXPECT(refuses("{\"verb\":\"device.leave\",\"args\":{\"device\":\"1\",\"days\":0}}"));
	answer = ask("{\"verb\":\"device.leave\",\"args\":{\"device\":\"1\"}}");
	EXPECT(is_ok(answer));
	long long journal = json_integer_value(json_object_get(answer, "journal"));
	const char *note =
		json_string_value(json_object_get(json_object_get(answer, "result"), "note"));
	EXPECT(note && strchr(note, '.') && !strstr(note, "front door"));
	json_decref(answer);
	EXPECT(refuses("{\"verb\":\"device.show\",\"args\":{\"device\":\"front door\"}}"));
	EXPECT_INT(n_left(), 1);

	/* It is back: somebody that nobody knows. */
	join("p1", 0x11, "camera", "10.77.0.11");
	for (int i = 0;
		i < WAIT_MS / 10 && refuses("{\"verb\":\"device.show\",\"args\":{\"device\":"
					    "\"00:00:5e:00:53:11\"}}");
		i++)
		usleep(10000);
	EXPECT_STR(field("00:00:5e:00:53:11", "state"), "waiting");
	EXPECT(strcmp(field("00:00:5e:00:53:11", "id"), id) != 0);
	/* But its MAC stands in the note, which nobody said that it was reset before. */
	answer = ask("{\"verb\":\"device.intake\",\"args\":{\"device\":\"00:00:5e:00:53:11\"}}");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "came-back"), "failed");
	EXPECT_STR(step_state(json_object_get(answer, "result"), "old-session"), "open");
	json_decref(answer);
	answer = ask("{\"verb\":\"events.list\"}");
	auto_free char *told = json_dumps(answer, 0);
	EXPECT(strstr(told, "came-back") != NULL);
	json_decref(answer);

	undo(journal);
	EXPECT_STR(field("front door", "id"), id);
	EXPECT_STR(field("front door", "state"), "observe");
	EXPECT_INT(n_left(), 0);

	journal = tell("device.leave", "front door", "\"lost\":true,\"days\":1");
	stop(SIGKILL);
	start();
	EXPECT_INT(n_left(), 1);
	answer = ask("{\"verb\":\"left.list\"}");
	long long left = json_integer_value(
		json_object_get(json_array_get(json_object_get(answer, "result"), 0), "left"));
	json_decref(answer);
	char question[100];
	snprintf(question, sizeof question, "{\"verb\":\"left.show\",\"args\":{\"left\":%lld}}",
		left);
	answer = ask(question);
	EXPECT_STR(step_state(json_object_get(answer, "result"), "reset"), "cannot");
	EXPECT_INT(json_array_size(json_object_get(json_object_get(answer, "result"), "rules")), 1);
	json_decref(answer);

	/* Deleted, it cannot be taken back, and nothing holds its rules any more. */
	snprintf(question, sizeof question, "{\"verb\":\"left.delete\",\"args\":{\"left\":%lld}}",
		left);
	answer = ask(question);
	EXPECT(is_ok(answer));
	json_decref(answer);
	EXPECT_INT(n_left(), 0);
	EXPECT(journal_says("left.delete", "which left, is deleted"));
	snprintf(question, sizeof question,
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":%lld}}", journal);
	EXPECT(refuses(question));
	end_home();
}

TEST(whoever_gets_the_number_of_a_forgotten_device_gets_nothing_that_it_did)
{
	NEEDS_ENGINE;
	let_camera_in("\"name\":\"camera\"");
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.80", 443);
	answered(1, "cloud.example", "198.18.0.80", 0);
	usleep(50000);
	EXPECT_INT(flows_proposed("camera"), 1);
	stop(SIGTERM); /* what was seen is on the disk now */
	start();
	EXPECT_INT(flows_proposed("camera"), 1);
	tell("device.forget", "camera", NULL);
	stop(SIGKILL);
	start();
	join("p1", 0x12, "bulb", "10.77.0.12");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", NULL);
	EXPECT(refuses("{\"verb\":\"policy.proposal\",\"args\":{\"device\":\"1\"}}"));
	end_home();
}

TEST(a_door_is_closed_in_the_words_in_which_it_is_shown)
{
	NEEDS_ENGINE;
	let_camera_in("\"name\":\"camera\"");
	tell("policy.add", "1", "\"rule\":\"allow tcp from internet 443 for 2h\"");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	json_t *answer = ask("{\"verb\":\"door.list\"}");
	const json_t *doors = json_object_get(answer, "result");
	EXPECT_INT(json_array_size(doors), 1);
	const char *text = json_string_value(json_object_get(json_array_get(doors, 0), "text"));
	EXPECT(text && !strstr(text, "2h")); /* its end stands beside it */
	char args[200];
	snprintf(args, sizeof args, "\"rule\":\"%s\"", text);
	tell("policy.remove", "1", args);
	json_decref(answer);
	answer = ask("{\"verb\":\"door.list\"}");
	EXPECT_INT(json_array_size(json_object_get(answer, "result")), 0);
	json_decref(answer);
	end_home();
}

TEST(two_that_are_merged_are_one_after_a_restart_and_two_again_after_a_split)
{
	NEEDS_ENGINE;
	join("p1", 0x11, "camera", "10.77.0.11");
	join("p2", 0x12, "camera-wifi", "10.77.0.12");
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", "\"name\":\"camera\"");
	tell("device.admit", "2", NULL);
	tell("policy.add", "2", "\"rule\":\"allow tcp cloud.example 443\"");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	tell("device.merge", "2", "\"into\":\"camera\"");
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_FORGET) != NULL);
	/* Both MACs, and the narrower of both states. */
	EXPECT(policy_with(1, DEVICE_ENFORCE, 2) != NULL);
	EXPECT(refuses("{\"verb\":\"device.show\",\"args\":{\"device\":\"2\"}}"));
	stop(SIGKILL);
	start();
	EXPECT(policy_with(1, DEVICE_ENFORCE, 2) != NULL);
	EXPECT(refuses("{\"verb\":\"device.show\",\"args\":{\"device\":\"2\"}}"));
	tell("device.split", "camera", NULL);
	EXPECT(policy_with(1, DEVICE_ENFORCE, 1) != NULL);
	/* What comes back is not wider than what it was part of. */
	EXPECT_STR(field("2", "state"), "enforce");
	stop(SIGKILL);
	start();
	const struct message_policy *policy = policy_with(2, DEVICE_ENFORCE, 1);
	EXPECT(policy && policy->n_entries > 0); /* with the rule that it had */
	EXPECT_STR(field("2", "state"), "enforce");
	EXPECT(refuses("{\"verb\":\"device.split\",\"args\":{\"device\":\"1\"}}"));
	end_home();
}

TEST(what_was_seen_becomes_a_policy_that_would_have_broken_nothing)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	/* The flow is reported before the answer that named it. */
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.80", 443);
	answered(1, "cloud.example", "198.18.0.80", 0);
	usleep(50000);
	json_t *answer = ask("{\"verb\":\"policy.proposal\",\"args\":{\"device\":\"1\"}}");
	EXPECT(is_ok(answer));
	json_t *result = json_object_get(answer, "result");
	EXPECT_INT(json_integer_value(json_object_get(result, "flows")), 1);
	EXPECT_INT(json_integer_value(json_object_get(result, "broken")), 0);
	json_decref(answer);
	tell("device.enforce", "1", NULL);
	const struct message_view *view = view_of(1, VIEW_DECLARED);
	EXPECT(view && view->n_names == 1);
	EXPECT_STR(view->name[0].name, "cloud.example");
	answer = ask("{\"verb\":\"policy.why\",\"args\":{\"device\":\"1\",\"destination\":"
		     "\"cloud.example\",\"port\":443}}");
	EXPECT(json_is_true(json_object_get(json_object_get(answer, "result"), "allowed")));
	json_decref(answer);
	answer = ask("{\"verb\":\"policy.why\",\"args\":{\"device\":\"1\",\"destination\":"
		     "\"evil.example\",\"port\":443}}");
	EXPECT(json_is_false(json_object_get(json_object_get(answer, "result"), "allowed")));
	json_decref(answer);
	end_home();
}

/* How many entries of the policy let it open something of this neighbour. */
static int
towards(const struct message_policy *policy, uint32_t peer)
{
	int n = 0;
	for (int i = 0; policy && i < policy->n_entries; i++)
		n += policy->entry[i].kind == POLICY_ENTRY_NEIGHBOUR &&
		     policy->entry[i].peer == peer;
	return n;
}

TEST(an_introduction_goes_one_way_and_undo_ends_it)
{
	NEEDS_ENGINE;
	join("p1", 0x11, "phone", "10.77.0.11");
	join("p2", 0x1b, "printer", "10.77.0.27");
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", "\"class\":\"personal\"");
	tell("device.admit", "2", NULL);
	tell("device.enforce", "2", "\"from\":\"rules\"");
	EXPECT_INT(towards(policy_with(2, DEVICE_ENFORCE, 1), 1), 0);
	long long introduced = tell("device.introduce", "1", "\"to\":\"2\",\"service\":\"print\"");
	EXPECT(towards(policy_with(1, DEVICE_TRUSTED, 1), 2) > 0);
	EXPECT_INT(towards(policy_with(2, DEVICE_ENFORCE, 1), 1), 0);
	const struct message_introduction *told = next(PROCESS_RELAY, MESSAGE_INTRODUCTION);
	EXPECT(told && told->asker.device == 1 && told->answerer.device == 2 && told->services);
	undo(introduced);
	EXPECT_INT(towards(policy_with(1, DEVICE_TRUSTED, 1), 2), 0);
	/* The last word on the pair is that it is over. */
	do
		told = next(PROCESS_RELAY, MESSAGE_INTRODUCTION);
	while (told && told->services);
	EXPECT(told && told->asker.device == 1 && told->answerer.device == 2 && !told->services);
	end_home();
}

TEST(an_introduction_holds_while_the_one_that_is_called_is_observed)
{
	NEEDS_ENGINE;
	join("p1", 0x11, "phone", "10.77.0.11");
	join("p2", 0x1b, "tv", "10.77.0.27");
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", "\"class\":\"personal\"");
	tell("device.admit", "2", NULL);
	EXPECT_INT(towards(policy_with(2, DEVICE_OBSERVE, 1), 1), 0);
	tell("device.introduce", "1", "\"to\":\"2\",\"service\":\"print\"");
	EXPECT(towards(policy_with(1, DEVICE_TRUSTED, 1), 2) > 0);
	EXPECT_INT(towards(policy_with(2, DEVICE_OBSERVE, 1), 1), 0);
	end_home();
}

TEST(a_rule_towards_a_neighbour_is_said_once_and_holds_for_both)
{
	NEEDS_ENGINE;
	join("p1", 0x15, "nurse", "10.77.0.21");
	join("p2", 0x14, "pump", "10.77.0.20");
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", "\"class\":\"critical\",\"name\":\"nurse\"");
	tell("device.admit", "2", "\"class\":\"critical\",\"name\":\"pump\"");
	tell("device.enforce", "pump", "\"from\":\"rules\"");
	tell("device.enforce", "nurse", "\"from\":\"rules\"");
	EXPECT(policy_with(2, DEVICE_ENFORCE, 1) != NULL);
	EXPECT_INT(towards(policy_with(1, DEVICE_ENFORCE, 1), 2), 0);
	long long added = tell("policy.add", "nurse", "\"rule\":\"allow tcp to pump 7700\"");
	const struct message_policy *policy = NULL;
	for (int i = 0; i < 4 && !towards(policy, 2); i++)
		policy = policy_with(1, DEVICE_ENFORCE, 1);
	EXPECT(towards(policy, 2) > 0);
	stop(SIGKILL);
	start();
	policy = policy_with(1, DEVICE_ENFORCE, 1);
	EXPECT(towards(policy, 2) > 0);
	undo(added);
	do
		policy = policy_with(1, DEVICE_ENFORCE, 1);
	while (towards(policy, 2));
	EXPECT(policy && !towards(policy, 2));
	end_home();
}

/* A camera tries telnet on many hosts, as Mirai does. */
static void
scan(uint32_t device, const char *port, uint8_t mac, const char *from)
{
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 24; i++) {
			struct observation *at = row(OBSERVED_DENIED, port, mac);
			char target[32];
			snprintf(target, sizeof target, "198.18.%d.%d", 10 + round, 1 + i);
			at->device = device;
			at->value = REASON_ADMIN_PORT;
			at->source = ip(from);
			at->target = ip(target);
			at->proto = 6;
			at->target_port = i % 10 ? 23 : 2323;
		}
		flush();
	}
}

TEST(a_scanning_device_is_contained_and_its_scan_is_never_learned)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	/* Whom it talked to before it scanned: perhaps the one who told it to. */
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.66", 443);
	answered(1, "orders.example", "198.18.0.66", 0);
	scan(1, "p1", 0x11, "10.77.0.11");
	json_t *answer = NULL;
	bool contained = false;
	for (int i = 0; i < WAIT_MS / 10 && !contained; i++) {
		usleep(20000);
		answer = ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}");
		contained = json_is_true(
			json_object_get(json_object_get(answer, "result"), "contained"));
		json_decref(answer);
	}
	EXPECT(contained);
	answer = ask("{\"verb\":\"policy.journal\",\"args\":{}}");
	char *text = json_dumps(json_object_get(answer, "result"), 0);
	EXPECT(strstr(text, "\"containment\"") && strstr(text, "\"pinfold\""));
	free(text);
	json_decref(answer);
	EXPECT(refuses("{\"verb\":\"policy.proposal\",\"args\":{\"device\":\"1\"}}"));
	tell("device.release", "1", NULL);
	EXPECT_STR(field("1", "state"), "observe");
	/* Released, it may teach again, from nothing. */
	EXPECT(refuses("{\"verb\":\"policy.proposal\",\"args\":{\"device\":\"1\"}}"));
	struct observation *end = row(OBSERVED_FLOW_END, "", 0);
	memset(end->mac, 0, 6);
	end->device = 1;
	end->source = ip("10.77.0.11");
	end->target = ip("198.18.0.67"); /* a flow of the scan, reported late */
	end->proto = 6;
	end->target_port = 443;
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.80", 443);
	answered(1, "cloud.example", "198.18.0.80", 0);
	answered(1, "victim.example", "198.18.0.67", 0);
	usleep(50000);
	answer = ask("{\"verb\":\"policy.proposal\",\"args\":{\"device\":\"1\"}}");
	EXPECT(is_ok(answer));
	text = json_dumps(json_object_get(json_object_get(answer, "result"), "rules"), 0);
	EXPECT(strstr(text, "cloud.example") && !strstr(text, "orders.example"));
	EXPECT(!strstr(text, "victim.example"));
	free(text);
	json_decref(answer);
	end_home();
}

static const struct message_port *
port_told(const char *name, bool is_closed)
{
	const struct message_port *port;

	while ((port = next(PROCESS_ENFORCER, MESSAGE_PORT)))
		if (!strcmp(port->name, name) && port->is_closed == is_closed)
			return port;
	return NULL;
}

static size_t
count_devices(void)
{
	json_t *answer = ask("{\"verb\":\"device.list\"}");
	size_t n = json_array_size(json_object_get(answer, "result"));

	json_decref(answer);
	return n;
}

TEST(a_port_that_invents_devices_is_closed_to_strangers_and_opened_when_they_are_few)
{
	enum { MAX = 32 };
	NEEDS_ENGINE;
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_RESTORED) != NULL);
	join("p2", 0xe0, "guest", "10.77.0.240");
	for (int i = 0; i < MAX; i++)
		row(OBSERVED_DHCP4_DISCOVER, "p1", (uint8_t)(1 + i));
	flush();
	EXPECT_INT(count_devices(), 1 + MAX);
	row(OBSERVED_DHCP4_DISCOVER, "p1", 0x80);
	flush();
	EXPECT(port_told("p1", true) != NULL);
	/* Whoever else is invented there is nobody; on another port a guest is one. */
	for (int i = 0; i < MAX; i++)
		row(OBSERVED_DHCP4_DISCOVER, "p1", (uint8_t)(0x90 + i));
	row(OBSERVED_DHCP4_DISCOVER, "p2", 0xe1);
	flush();
	usleep(50000);
	EXPECT_INT(count_devices(), 1 + MAX + 2);
	/* A new enforcer hears of it before it raises the ports. */
	connect_peer(PROCESS_ENFORCER);
	EXPECT(port_told("p1", true) != NULL);
	for (int i = 0; i < MAX / 2 + 1; i++) {
		char number[8];
		snprintf(number, sizeof number, "%d", 2 + i);
		tell("device.forget", number, NULL);
	}
	EXPECT(port_told("p1", false) != NULL);
	row(OBSERVED_DHCP4_DISCOVER, "p1", 0xb0);
	flush();
	usleep(50000);
	EXPECT_INT(count_devices(), 1 + MAX + 2 - (MAX / 2 + 1) + 1);
	end_home();
}

TEST(an_address_of_a_new_device_is_known_again_when_the_engine_dies_three_seconds_later)
{
	NEEDS_ENGINE;
	EXPECT(next(PROCESS_ENFORCER, MESSAGE_RESTORED) != NULL);
	join("p1", 0x11, "guest", "10.77.0.11");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", NULL);
	join("p2", 0x12, "stranger", "10.77.0.12");
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	sleep(3);
	stop(SIGKILL);
	start();
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	end_home();
}

static bool
becomes(const char *device, const char *state)
{
	for (int i = 0; i < WAIT_MS / 10; i++) {
		if (!strcmp(field(device, "state"), state))
			return true;
		usleep(10000);
	}
	return false;
}

static void
knock(int hosts)
{
	for (int i = 0; i < hosts; i++) {
		struct observation *at = row(OBSERVED_DENIED, "p1", 0x11);
		char target[32];
		snprintf(target, sizeof target, "10.77.0.%d", 100 + i);
		at->device = 1;
		at->value = REASON_NEIGHBOUR;
		at->source = ip("10.77.0.11");
		at->target = ip(target);
		at->proto = 6;
		at->target_port = 23;
	}
	flush();
}

static void
knock_everywhere(void)
{
	knock(16);
}

/* It is recorded a moment after it was acted on. */
static long long
last_containment(void)
{
	long long id = 0;

	for (int i = 0; i < WAIT_MS / 10 && !id; i++) {
		json_t *answer = ask("{\"verb\":\"policy.journal\",\"args\":{}}");
		const json_t *last = json_array_get(json_object_get(answer, "result"), 0);
		const char *verb = json_string_value(json_object_get(last, "verb"));
		const char *text = json_string_value(json_object_get(last, "text"));
		if (verb && !strcmp(verb, "containment") && text && strstr(text, "quarantine"))
			id = json_integer_value(json_object_get(last, "id"));
		json_decref(answer);
		usleep(10000);
	}
	EXPECT(id);
	return id;
}

static void
is_contained_undone_and_contained_again(void)
{
	knock_everywhere();
	EXPECT(becomes("1", "quarantine"));
	undo(last_containment());
	EXPECT(becomes("1", "observe"));
	knock_everywhere();
	EXPECT(becomes("1", "quarantine"));
}

TEST(the_same_harm_after_a_release_or_an_undo_is_contained_again)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	for (int i = 0; i < 3; i++) {
		knock_everywhere();
		EXPECT(becomes("1", "quarantine"));
		tell("device.release", "1", NULL);
		EXPECT(becomes("1", "observe"));
	}
	is_contained_undone_and_contained_again();
	end_home();
}

/* The port that was closed first stays closed. */
TEST(the_same_harm_after_an_undo_of_the_last_step_alone_is_contained_again)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	for (int i = 0; i < 3; i++)
		knock(1);
	is_contained_undone_and_contained_again();
	end_home();
}

static const json_t *
first_incident(json_t **answer)
{
	*answer = ask("{\"verb\":\"incident.list\",\"args\":{}}");
	return json_array_get(json_object_get(*answer, "result"), 0);
}

static void
expect_word(const json_t *of, const char *key, const char *word)
{
	const char *is = json_string_value(json_object_get(of, key));

	EXPECT_STR(is ? is : "", word);
}

TEST(what_a_device_does_in_an_hour_is_one_incident_with_its_packets_and_a_way_back)
{
	static struct message_frozen frozen = {.n_rows = 3};
	const struct message_keep *keep;
	json_t *answer;

	NEEDS_ENGINE;
	join("p1", 0x11, "camera", "10.77.0.11");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	join("p2", 0x12, "phone", "10.77.0.12");
	EXPECT(policy_with(2, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", NULL);
	/* Of who waits nothing is remembered; of who was let in it is. */
	while ((keep = next(PROCESS_CAPTURE, MESSAGE_KEEP)) && !keep->n_rows)
		continue;
	EXPECT(keep && keep->n_rows == 1 && keep->row[0].mac[5] == 0x11);
	knock_everywhere();
	EXPECT(becomes("1", "quarantine"));
	const struct message_freeze *freeze = next(PROCESS_CAPTURE, MESSAGE_FREEZE);
	EXPECT(freeze && freeze->n_macs == 1 && freeze->mac[0].mac[5] == 0x11);
	frozen.incident = freeze ? freeze->incident : 1;
	/* What it and a phone say to each other is not kept; that it was kept from one is. */
	for (int i = 0; i < 3; i++)
		frozen.row[i] = (struct kept_packet){.wall_us = 1,
			.wire_len = 60,
			.len = 60,
			.reason = i == 2 ? REASON_NEIGHBOUR : REASON_UNKNOWN,
			.peer = ip(i ? "10.77.0.12" : "198.18.0.9")};
	send_message(home.peer[PROCESS_CAPTURE], MESSAGE_FROZEN, &frozen,
		message_frozen_len(&frozen), -1);
	last_containment();
	knock_everywhere();
	const json_t *one = first_incident(&answer);
	expect_word(one, "state", "held");
	expect_word(one, "cause", "login");
	EXPECT(json_integer_value(json_object_get(one, "journal")) > 0);
	EXPECT(json_array_size(json_object_get(one, "can")) >= 2);
	EXPECT_INT(json_array_size(json_object_get(answer, "result")), 1);
	EXPECT_INT(json_integer_value(json_object_get(one, "packets")), 2);
	json_decref(answer);
	answer = ask("{\"verb\":\"incident.packets\",\"args\":{\"incident\":1}}");
	/* The section of a pcapng begins so. */
	EXPECT(!strncmp(
		json_string_value(json_object_get(json_object_get(answer, "result"), "pcapng")),
		"Cg0NC", 4));
	json_decref(answer);
	tell("device.class", "1", "\"class\":\"personal\"");
	one = first_incident(&answer);
	EXPECT_INT(json_integer_value(json_object_get(one, "packets")), 0);
	json_decref(answer);
	stop(SIGTERM);
	move_out();
}

TEST(of_harm_that_began_while_a_device_waited_the_packets_are_asked_for_when_it_is_stopped)
{
	NEEDS_ENGINE;
	join("p1", 0x11, "camera", "10.77.0.11");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	knock(1);
	EXPECT(next(PROCESS_CAPTURE, MESSAGE_FREEZE) != NULL);
	tell("device.admit", "1", NULL);
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	knock_everywhere();
	EXPECT(becomes("1", "quarantine"));
	EXPECT(next(PROCESS_CAPTURE, MESSAGE_FREEZE) != NULL);
	end_home();
}

TEST(whom_a_used_device_asks_for_is_a_question_and_no_failure)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.99", 8883);
	json_t *answer = ask("{\"verb\":\"device.intake\",\"args\":{\"device\":\"1\"}}");
	auto_free char *text = json_dumps(answer, 0);
	EXPECT(strstr(text, "It asked for 198.18.0.99.") != NULL);
	EXPECT_STR(step_state(json_object_get(answer, "result"), "old-session"), "open");
	json_decref(answer);
	end_home();
}

TEST(a_critical_device_is_proposed_for_containment_and_not_touched)
{
	NEEDS_ENGINE;
	join("p1", 0x14, "pump", "10.77.0.14");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	tell("device.admit", "1", "\"class\":\"critical\"");
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	scan(1, "p1", 0x14, "10.77.0.14");
	usleep(300000);
	EXPECT_STR(field("1", "state"), "observe");
	json_t *answer = ask("{\"verb\":\"events.list\",\"args\":{}}");
	char *text = json_dumps(answer, 0);
	EXPECT(strstr(text, "containment-proposed") && strstr(text, "pinfold device quarantine"));
	free(text);
	json_decref(answer);
	end_home();
}

TEST(a_pause_is_told_to_the_kernel_and_opens_the_names_meanwhile)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443\"");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	EXPECT(view_of(1, VIEW_DECLARED) != NULL);
	tell("device.pause", "1", "\"seconds\":2");
	const struct message_pause *pause = next(PROCESS_ENFORCER, MESSAGE_PAUSE);
	EXPECT(pause != NULL);
	EXPECT_INT(pause->seconds, 2);
	EXPECT(view_of(1, VIEW_OPEN) != NULL);
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.99", 8883);
	answered(1, "broker.example", "198.18.0.99", 0);
	EXPECT(view_of(1, VIEW_DECLARED) != NULL); /* it ended by itself */
	json_t *answer = ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}");
	const json_t *offers = json_object_get(json_object_get(answer, "result"), "offers");
	EXPECT_STR(json_string_value(json_array_get(offers, 0)), "allow tcp broker.example 8883");
	json_decref(answer);
	/* Its owner may answer tomorrow: it is still on offer when the engine is another one. */
	stop(SIGTERM);
	start();
	answer = ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}");
	offers = json_object_get(json_object_get(answer, "result"), "offers");
	EXPECT_STR(json_string_value(json_array_get(offers, 0)), "allow tcp broker.example 8883");
	json_decref(answer);
	/* For ever, for a day, or not: it is on offer no more. */
	EXPECT(refuses("{\"verb\":\"policy.decline\",\"args\":{\"device\":\"1\",\"rule\":"
		       "\"allow tcp broker.example 888\"}}"));
	tell("policy.add", "1", "\"rule\":\"allow tcp broker.example 8883 for 24h\"");
	EXPECT(refuses("{\"verb\":\"policy.decline\",\"args\":{\"device\":\"1\",\"rule\":"
		       "\"allow tcp broker.example 8883\"}}"));
	end_home();
}

/* A number of the newest row of its sky, or of its row `back` before; -1: there is no such row. */
static double
sky(const char *device, size_t back, const char *side, const char *key)
{
	char question[100];

	snprintf(question, sizeof question,
		"{\"verb\":\"device.sky\",\"args\":{\"device\":\"%s\"}}", device);
	json_t *answer = ask(question);
	const json_t *steps = json_object_get(json_object_get(answer, "result"), "history");
	size_t n = json_array_size(steps);
	const json_t *row = back < n ? json_array_get(steps, n - 1 - back) : NULL;
	double value = row ? json_number_value(
				     json_object_get(side ? json_object_get(row, side) : row, key))
			   : -1;
	json_decref(answer);
	return value;
}

/* The enforcer speaks on a channel of its own, so what it said may be heard a little later. */
static bool
sky_becomes(const char *device, long long addresses4)
{
	for (int i = 0; i < WAIT_MS / 10; i++) {
		if ((long long)sky(device, 0, "ipv4", "addresses") == addresses4)
			return true;
		usleep(10000);
	}
	return false;
}

static size_t
n_talks(const char *device)
{
	char question[100];

	snprintf(question, sizeof question,
		"{\"verb\":\"device.talk\",\"args\":{\"device\":\"%s\"}}", device);
	json_t *answer = ask(question);
	size_t n = json_array_size(json_object_get(json_object_get(answer, "result"), "talks"));
	json_decref(answer);
	return n;
}

TEST(a_sky_shrinks_when_the_kernel_has_the_rules_and_keeps_what_was_before)
{
	NEEDS_ENGINE;
	meet_camera();
	EXPECT(sky_becomes("1", 0));
	EXPECT_INT((long long)sky("1", 1, "ipv4", "addresses"), 4294967296); /* day 0 */
	tell("device.admit", "1", NULL);
	EXPECT_INT((long long)sky("1", 0, "ipv4", "addresses"), 4294967296);
	EXPECT(sky("1", 0, "ipv6", "addresses") > 3.4e38);
	tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443\"");
	tell("device.enforce", "1", "\"from\":\"rules\",\"preview\":true");
	EXPECT_STR(field("1", "state"), "observe");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	EXPECT_INT((long long)sky("1", 0, NULL, "ports"), 1);
	EXPECT_INT((long long)sky("1", 0, "ipv4", "addresses"), 0);
	answered(1, "cloud.example", "198.18.0.7", 1);
	answered(1, "cdn.example", "198.18.0.8", 0); /* asked for, and opens nothing */
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.7", 443);
	EXPECT(sky_becomes("1", 1));
	for (int i = 0; i < WAIT_MS / 10 && sky("1", 0, "ipv4", "used") < 1; i++)
		usleep(10000);
	EXPECT_INT((long long)sky("1", 0, "ipv4", "used"), 1);
	EXPECT_INT((long long)sky("1", 0, "ipv6", "used"), 0);
	/* Another port of one host is no other host, with a name or without. */
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.7", 8883);
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.9", 80);
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.9", 81);
	for (int i = 0; i < 100 && n_talks("1") < 4; i++)
		usleep(10000);
	EXPECT_INT((long long)sky("1", 0, "ipv4", "used"), 2);
	/* A pause lets it grow back, and its end is a step of its own. */
	tell("device.pause", "1", "\"seconds\":60");
	EXPECT_INT((long long)sky("1", 0, "ipv4", "addresses"), 4294967296);
	sleep(1);
	tell("device.resume", "1", NULL);
	EXPECT_INT((long long)sky("1", 0, "ipv4", "addresses"), 1);
	EXPECT_INT((long long)sky("1", 1, "ipv4", "addresses"), 4294967296);
	stop(SIGTERM);
	start();
	EXPECT(policy_with(1, DEVICE_ENFORCE, 1) != NULL);
	EXPECT_INT((long long)sky("1", 0, NULL, "ports"), 1);
	EXPECT_INT((long long)sky("1", 1, "ipv4", "addresses"), 4294967296);
	/* Whoever gets its number begins at day 0. */
	tell("device.forget", "1", NULL);
	stop(SIGTERM);
	start();
	join("p2", 0x12, "bulb", "10.77.0.12");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	EXPECT(sky("1", 2, "ipv4", "addresses") < 0);
	end_home();
}

/* A number of the hour that runs. */
static long long
pulse_now(const char *device, const char *key)
{
	char question[100];

	snprintf(question, sizeof question,
		"{\"verb\":\"device.talk\",\"args\":{\"device\":\"%s\"}}", device);
	json_t *answer = ask(question);
	const json_t *hours =
		json_object_get(json_object_get(json_object_get(answer, "result"), "pulse"), key);
	EXPECT_INT(json_array_size(hours), 168);
	/* The hour may have ended meanwhile. */
	long long n = json_integer_value(json_array_get(hours, 167)) +
		      json_integer_value(json_array_get(hours, 166));
	json_decref(answer);
	return n;
}

/* That the first it talks with leads to. */
static size_t
n_networks(const char *device)
{
	char question[100];

	snprintf(question, sizeof question,
		"{\"verb\":\"device.talk\",\"args\":{\"device\":\"%s\"}}", device);
	json_t *answer = ask(question);
	const json_t *talks = json_object_get(json_object_get(answer, "result"), "talks");
	size_t n = json_array_size(json_object_get(json_array_get(talks, 0), "networks"));
	json_decref(answer);
	return n;
}

static const json_t *
alike(void)
{
	static json_t *answer;

	json_decref(answer);
	answer = ask("{\"verb\":\"device.alike\",\"args\":{}}");
	return json_object_get(answer, "result");
}

TEST(two_that_may_be_one_are_suggested_to_the_owner_who_decides_and_may_think_again)
{
	NEEDS_ENGINE;
	for (uint8_t i = 1; i <= 2; i++) {
		join(i == 1 ? "p1" : "p2", 0x10 + i, "tv", i == 1 ? "10.77.0.11" : "10.77.0.12");
		snprintf(row(OBSERVED_DHCP_VENDOR_CLASS, i == 1 ? "p1" : "p2", 0x10 + i)
				 ->claimed_text,
			64, "tvos 3");
		flush();
		EXPECT(policy_with(i, DEVICE_WAITING, 1) != NULL);
	}
	tell("device.admit", "1", NULL);
	/* Both are there: they are two. */
	EXPECT_INT(json_array_size(alike()), 0);
	stop(SIGTERM);
	start();
	EXPECT_INT(json_array_size(alike()), 1);
	const json_t *one = json_array_get(alike(), 0);
	EXPECT_INT(
		json_integer_value(json_object_get(json_object_get(one, "device"), "number")), 2);
	EXPECT_INT(json_integer_value(json_object_get(json_object_get(one, "into"), "number")), 1);
	EXPECT_STR(json_string_value(json_object_get(one, "word")), "perhaps");
	/* Nothing follows by itself, and what would follow is said. */
	EXPECT(json_is_true(json_object_get(one, "gains")));
	EXPECT_STR(field("2", "state"), "waiting");
	char undo[64];
	snprintf(undo, sizeof undo, "\"journal\":%lld",
		tell("device.distinct", "2", "\"from\":\"1\""));
	EXPECT_INT(json_array_size(alike()), 0);
	stop(SIGKILL);
	start();
	EXPECT_INT(json_array_size(alike()), 0);
	tell("policy.undo", "2", undo);
	EXPECT_INT(json_array_size(alike()), 1);
	/* A phone is not suggested to be a part of a thing, whose traffic is recorded. */
	snprintf(undo, sizeof undo, "\"journal\":%lld",
		tell("device.class", "2", "\"class\":\"personal\""));
	EXPECT_INT(json_array_size(alike()), 0);
	tell("policy.undo", "2", undo);
	EXPECT_INT(json_array_size(alike()), 1);
	tell("device.merge", "2", "\"into\":\"1\"");
	EXPECT_INT(json_array_size(alike()), 0);
	tell("device.split", "1", NULL);
	EXPECT_STR(field("2", "state"), "waiting");
	stop(SIGTERM);
	move_out();
}

TEST(with_whom_what_for_and_when_a_device_talks_is_kept_over_a_restart)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.80", 443);
	answered(1, "a.doubleclick.net", "198.18.0.80", 0);
	struct observation *end = row(OBSERVED_FLOW_END, "p1", 0x11);
	end->device = 1;
	end->source = ip("10.77.0.11");
	end->target = ip("198.18.0.80");
	end->proto = 6;
	end->target_port = 443;
	end->bytes = 64 * 1024 * 1024;
	end->value = 500; /* half of it was sent */
	flush();
	for (int i = 0; i < WAIT_MS / 10 && !pulse_now("1", "sent_kb"); i++)
		usleep(10000);
	EXPECT_INT(pulse_now("1", "sent_kb"), 32 * 1024);
	EXPECT_INT(pulse_now("1", "flows"), 1);
	json_t *answer = ask("{\"verb\":\"device.talk\",\"args\":{\"device\":\"1\"}}");
	const json_t *talk = json_object_get(answer, "result");
	const json_t *one = json_array_get(json_object_get(talk, "talks"), 0);
	/* In whose network that is, is said where a table of networks is there, by the engine as it is confined. */
	EXPECT_INT(json_array_size(json_object_get(one, "networks")), 0);
	json_decref(answer);
	stop(SIGTERM);
	char table[256];
	snprintf(table, sizeof table, "%s/location.db", home.settings.state_directory);
	network_file_make(table,
		(struct network_row[]){{"198.18.0.0/24", "DE", "Germany", 64500, "EXAMPLE", false},
			{"198.18.1.0/24", "US", NULL, 64501, NULL, true}},
		2);
	start();
	EXPECT_INT(pulse_now("1", "sent_kb"), 32 * 1024);
	answered(1, "a.doubleclick.net", "198.18.0.80", 0);
	answered(1, "a.doubleclick.net", "198.18.0.81", 0);
	answered(1, "a.doubleclick.net", "198.18.1.80", 0);
	for (int i = 0; i < 100 && n_networks("1") < 2; i++)
		usleep(10000);
	EXPECT_INT(n_networks("1"), 2);
	answer = ask("{\"verb\":\"device.talk\",\"args\":{\"device\":\"1\"}}");
	talk = json_object_get(answer, "result");
	one = json_array_get(json_object_get(talk, "talks"), 0);
	EXPECT(json_integer_value(json_object_get(talk, "networks_as_of")) > 1700000000);
	const json_t *network = json_array_get(json_object_get(one, "networks"), 0);
	EXPECT_STR(json_string_value(json_object_get(network, "owner")), "EXAMPLE");
	EXPECT_STR(json_string_value(json_object_get(network, "country_name")), "Germany");
	EXPECT_STR(json_string_value(json_object_get(one, "purpose")), "tracking");
	EXPECT_STR(json_string_value(json_object_get(one, "site")), "doubleclick.net");
	EXPECT_INT(json_array_size(json_object_get(talk, "sends_a_lot")), 1);
	json_decref(answer);
	/* Of what turns out to be somebody's phone nothing is kept. */
	EXPECT_INT(n_talks("1"), 1);
	tell("device.class", "1", "\"class\":\"personal\"");
	EXPECT_INT(pulse_now("1", "sent_kb"), 0);
	EXPECT_INT(n_talks("1"), 0);
	stop(SIGKILL);
	start();
	/* Nor does it come back when it is no phone after all. */
	tell("device.class", "1", "\"class\":\"ordinary\"");
	EXPECT_INT(pulse_now("1", "sent_kb"), 0);
	EXPECT_INT(n_talks("1"), 0);
	stop(SIGTERM);
	unlink(table);
	move_out();
}

TEST(what_the_kernel_refused_is_no_step_of_the_sky)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	EXPECT(sky_becomes("1", 4294967296));
	enforcer_is_silent = true;
	json_t *answer = ask("{\"verb\":\"device.quarantine\",\"args\":{\"device\":\"1\"}}");
	json_decref(answer);
	EXPECT_INT((long long)sky("1", 0, "ipv4", "addresses"), 4294967296);
	enforcer_is_silent = false;
	EXPECT(policy_with(1, DEVICE_QUARANTINE, 1) != NULL);
	EXPECT(sky_becomes("1", 0));
	end_home();
}

/* A MUD file of one ACE: the bulb may reach this name. */
static void
send_mud(const struct message_fetch *fetch, const char *name, uint8_t digest)
{
	static struct mud mud;
	struct message_fetched fetched = {
		.id = fetch->id, .signature = SIGNATURE_NONE, .digest = {digest}};
	struct fault why;
	char file[1200];

	snprintf(file, sizeof file,
		"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://mud.bulb.example/b\","
		"\"last-update\":\"2026-01-01T00:00:00Z\",\"cache-validity\":48,"
		"\"is-supported\":true,\"systeminfo\":\"bulb\",\"from-device-policy\":{"
		"\"access-lists\":{\"access-list\":[{\"name\":\"f\"}]}},\"to-device-policy\":{"
		"\"access-lists\":{\"access-list\":[]}}},\"ietf-access-control-list:acls\":{"
		"\"acl\":[{\"name\":\"f\",\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[{"
		"\"name\":\"c\",\"matches\":{\"ipv4\":{\"ietf-acldns:dst-dnsname\":"
		"\"%s\",\"protocol\":6},\"tcp\":{\"destination-port\":{"
		"\"operator\":\"eq\",\"port\":443}}},\"actions\":{\"forwarding\":\"accept\"}}]}}]}"
		"}",
		name);
	EXPECT(mud_parse(&mud, file, strlen(file), &why));
	int fd = memfd_create("mud", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	EXPECT(write(fd, &mud, sizeof mud) == sizeof mud);
	send_message(home.peer[PROCESS_FETCHER], MESSAGE_FETCHED, &fetched, sizeof fetched, fd);
	close(fd);
}

static void
claim_url(const char *url)
{
	snprintf(row(OBSERVED_DHCP_MUD_URL, "p1", 0x18)->claimed_text, 200, "%s", url);
	flush();
}

/* The state of the device's MUD file, or of the one that waits beside it. */
static bool
mud_is(const char *which, const char *state)
{
	bool is_it = false;

	for (int i = 0; i < WAIT_MS / 10 && !is_it; i++) {
		json_t *answer = ask("{\"verb\":\"device.show\",\"args\":{\"device\":\"1\"}}");
		const char *text = json_string_value(json_object_get(
			json_object_get(json_object_get(answer, "result"), which), "state"));
		is_it = state ? text && !strcmp(text, state) : !text;
		json_decref(answer);
		if (!is_it)
			usleep(10000);
	}
	return is_it;
}

static bool
view_has(const char *name)
{
	const struct message_view *view;

	while ((view = view_of(1, VIEW_DECLARED)))
		if (view->n_names == 1 && !strcmp(view->name[0].name, name))
			return true;
	return false;
}

TEST(a_mud_file_waits_for_approval_and_so_does_a_changed_one)
{
	NEEDS_ENGINE;

	join("p1", 0x18, "bulb", "10.77.0.18");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	claim_url("https://mud.bulb.example/b");
	tell("device.admit", "1", NULL);
	const struct message_fetch *fetch = next(PROCESS_FETCHER, MESSAGE_FETCH);
	EXPECT(fetch != NULL);
	EXPECT_STR(fetch->url, "https://mud.bulb.example/b");
	send_mud(fetch, "cloud.bulb.example", 1);
	EXPECT(mud_is("mud", "unsigned-pending"));
	tell("device.enforce", "1", NULL);
	EXPECT(mud_is("mud", "approved"));
	EXPECT(view_has("cloud.bulb.example"));
	/* Another URL of the same maker: fetched, but what was approved stays. */
	claim_url("https://mud.bulb.example/b2");
	fetch = next(PROCESS_FETCHER, MESSAGE_FETCH);
	EXPECT(fetch != NULL);
	EXPECT_STR(fetch->url, "https://mud.bulb.example/b2");
	send_mud(fetch, "evil.example", 2);
	EXPECT(mud_is("mud_next", "unsigned-pending"));
	EXPECT(mud_is("mud", "approved"));
	json_t *answer = ask("{\"verb\":\"policy.why\",\"args\":{\"device\":\"1\",\"destination\":"
			     "\"evil.example\"}}");
	EXPECT(json_is_false(json_object_get(json_object_get(answer, "result"), "allowed")));
	json_decref(answer);
	stop(SIGKILL);
	start();
	EXPECT(view_has("cloud.bulb.example"));
	EXPECT(mud_is("mud_next", "unsigned-pending"));
	long long approved = tell("policy.approve", "1", NULL);
	EXPECT(view_has("evil.example"));
	EXPECT(mud_is("mud_next", NULL));
	undo(approved);
	EXPECT(view_has("cloud.bulb.example"));
	end_home();
}

TEST(a_mud_url_of_another_maker_is_an_alarm_and_is_not_fetched)
{
	NEEDS_ENGINE;

	join("p1", 0x18, "bulb", "10.77.0.18");
	EXPECT(policy_with(1, DEVICE_WAITING, 1) != NULL);
	claim_url("https://mud.bulb.example/b");
	tell("device.admit", "1", NULL);
	const struct message_fetch *fetch = next(PROCESS_FETCHER, MESSAGE_FETCH);
	EXPECT(fetch != NULL);
	send_mud(fetch, "cloud.bulb.example", 1);
	EXPECT(mud_is("mud", "unsigned-pending"));
	tell("device.enforce", "1", NULL);
	claim_url("https://mud.evil.example/b");
	json_t *answer = NULL;
	bool alarmed = false;
	for (int i = 0; i < WAIT_MS / 10 && !alarmed; i++) {
		usleep(10000);
		answer = ask("{\"verb\":\"events.list\"}");
		char *text = json_dumps(answer, 0);
		alarmed = strstr(text, "mud-authority-changed") != NULL;
		free(text);
		json_decref(answer);
	}
	EXPECT(alarmed);
	usleep(1500000); /* longer than the engine waits before it looks for what to fetch */
	struct pollfd nothing = {.fd = home.peer[PROCESS_FETCHER], .events = POLLIN};
	EXPECT_INT(poll(&nothing, 1, 0), 0);
	end_home();
}

TEST(an_open_joining_window_lets_in_but_not_beside_a_quarantined_device)
{
	NEEDS_ENGINE;

	let_camera_in(NULL);
	tell("device.quarantine", "1", NULL);
	json_t *answer = ask("{\"verb\":\"home.join\",\"args\":{\"minutes\":5}}");
	EXPECT(is_ok(answer));
	json_decref(answer);
	/* The camera under a new MAC, and a lamp elsewhere. */
	join("p1", 0x99, "camera", "10.77.0.99");
	join("p2", 0x21, "lamp", "10.77.0.33");
	EXPECT(policy_with(3, DEVICE_OBSERVE, 1) != NULL);
	EXPECT_STR(field("2", "state"), "waiting");
	EXPECT_STR(field("3", "state"), "observe");
	answer = ask("{\"verb\":\"policy.journal\"}");
	char *text = json_dumps(answer, 0);
	EXPECT(strstr(text, "\"join window\"") != NULL);
	free(text);
	json_decref(answer);
	end_home();
}

TEST(hostile_commands_are_refused_and_the_engine_goes_on)
{
	static const char *const questions[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"verb\":1}",
		"{\"verb\":\"no.such\"}",
		"{\"verb\":\"status\",\"args\":[]}",
		"{\"verb\":\"status\",\"verb\":\"status\"}",
		"{\"verb\":\"device.show\"}",
		"{\"verb\":\"device.show\",\"args\":{\"device\":7}}",
		"{\"verb\":\"device.show\",\"args\":{\"device\":\"'; DROP TABLE device; --\"}}",
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":-1}}",
		"{\"verb\":\"policy.undo\",\"args\":{\"journal\":99999}}",
		"{\"verb\":\"home.join\",\"args\":{\"minutes\":100000}}",
		"{\"verb\":\"report.import\",\"args\":{\"report\":\"{}\",\"signature\":\"00\"}}",
	};
	NEEDS_ENGINE;

	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
		EXPECT(refuses(questions[i]));
	meet_camera();
	EXPECT(refuses("{\"verb\":\"device.name\",\"args\":{\"device\":\"1\",\"name\":"
		       "\"<script>\\u001b[31m\"}}"));
	EXPECT(refuses("{\"verb\":\"policy.add\",\"args\":{\"device\":\"1\",\"rule\":"
		       "\"allow everything\"}}"));
	EXPECT(refuses("{\"verb\":\"policy.add\",\"args\":{\"device\":\"1\",\"rule\":"
		       "\"allow tcp cl\\u00f6ud.example 443\"}}"));
	EXPECT(refuses("{\"verb\":\"policy.why\",\"args\":{\"device\":\"1\",\"destination\":"
		       "\"\\u001b]0;x\"}}"));
	EXPECT(!refuses("{\"verb\":\"status\"}"));
	end_home();
}

TEST(a_rule_with_an_end_ends)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	tell("device.enforce", "1", "\"from\":\"rules\"");
	tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443 for 2s\"");
	const struct message_view *view;
	do
		view = view_of(1, VIEW_DECLARED);
	while (view && !view->n_names);
	EXPECT(view != NULL);
	view = view_of(1, VIEW_DECLARED);
	EXPECT(view && !view->n_names);
	end_home();
}

TEST(what_the_kernel_refused_is_sent_again)
{
	NEEDS_ENGINE;
	join("p1", 0x11, "camera", "10.77.0.11");
	const struct message_policy *policy = next(PROCESS_ENFORCER, MESSAGE_POLICY);
	EXPECT(policy != NULL);
	uint32_t first = policy->generation;
	uint32_t device = policy->device;
	while (policy && policy->n_bindings == 0)
		policy = next(PROCESS_ENFORCER, MESSAGE_POLICY);
	acknowledge(device, first, ERR_KERNEL);
	uint32_t last = policy->generation;
	policy = next(PROCESS_ENFORCER, MESSAGE_POLICY);
	EXPECT(policy && policy->generation > last);
	end_home();
}

/* What an answer says of the kernel: "yes", "no", or "" when nothing was changed there. */
static const char *
in_force(const json_t *answer)
{
	const json_t *said = json_object_get(answer, "in_force");

	if (json_is_true(said))
		return "yes";
	return json_is_false(said) && json_is_string(json_object_get(answer, "note")) ? "no" : "";
}

TEST(an_answer_comes_when_the_kernel_has_the_change_or_says_that_it_has_not)
{
	static const char admit[] = "{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}",
			  trust[] = "{\"verb\":\"device.trust\",\"args\":{\"device\":\"1\"}}",
			  block[] = "{\"verb\":\"device.block\",\"args\":{\"device\":\"1\"}}";

	NEEDS_ENGINE;
	meet_camera();
	json_t *answer = ask(admit);
	EXPECT(is_ok(answer));
	EXPECT_STR(in_force(answer), "yes");
	json_decref(answer);
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);

	/* The enforcer is there and does not answer. */
	enforcer_is_silent = true;
	uint64_t from_ns = clock_monotonic_ns();
	answer = ask(trust);
	EXPECT(clock_monotonic_ns() - from_ns >= 1500 * CLOCK_MS_NS);
	EXPECT(is_ok(answer));
	EXPECT_STR(in_force(answer), "no");
	json_decref(answer);
	EXPECT_STR(field("1", "state"), "trusted");

	/* It is another one, and gets what the first did not acknowledge. */
	connect_peer(PROCESS_ENFORCER);
	enforcer_is_silent = false;
	EXPECT(policy_with(1, DEVICE_TRUSTED, 1) != NULL);
	answer = ask(block);
	EXPECT_STR(in_force(answer), "yes");
	json_decref(answer);
	answer = ask("{\"verb\":\"status\",\"args\":{}}");
	EXPECT_STR(in_force(answer), "");
	json_decref(answer);
	end_home();
}

TEST(a_pause_that_was_ended_while_the_enforcer_was_away_is_ended_by_the_next_one)
{
	NEEDS_ENGINE;
	let_camera_in(NULL);
	tell("device.pause", "1", "\"seconds\":600");
	const struct message_pause *pause = next(PROCESS_ENFORCER, MESSAGE_PAUSE);
	EXPECT(pause != NULL);
	EXPECT_INT(pause->seconds, 600);
	close(home.peer[PROCESS_ENFORCER]);
	home.peer[PROCESS_ENFORCER] = -1;
	json_t *answer = ask("{\"verb\":\"device.resume\",\"args\":{\"device\":\"1\"}}");
	EXPECT(is_ok(answer));
	EXPECT_STR(in_force(answer), "no");
	json_decref(answer);
	connect_peer(PROCESS_ENFORCER);
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	pause = next(PROCESS_ENFORCER, MESSAGE_PAUSE);
	EXPECT(pause != NULL);
	EXPECT_INT(pause->seconds, 0);
	end_home();
}

static bool
doctor_says(const char *text)
{
	json_t *answer = ask("{\"verb\":\"doctor\",\"args\":{}}");
	char *whole = json_dumps(answer, JSON_COMPACT);
	bool said = strstr(whole, text) != NULL;

	free(whole);
	json_decref(answer);
	return said;
}

/* Days from now. */
static void
web_serves(int from, int until, bool is_named)
{
	struct message_web_tls m = {.state = WEB_TLS_SERVED, .is_named = is_named};

	m.from_s = (uint64_t)((int64_t)clock_wall_s() + from * 86400 - 60);
	m.until_s = (uint64_t)((int64_t)clock_wall_s() + until * 86400 + 60);
	send_message(home.peer[PROCESS_WEB], MESSAGE_WEB_TLS, &m, sizeof m, -1);
	/* The control socket is another one: who has answered there has read this. */
	static struct message_command command = {.role = ROLE_OWNER};
	static const char question[] = "{\"verb\":\"status\",\"args\":{}}";
	command.len = sizeof question - 1;
	memcpy(command.text, question, command.len);
	send_message(home.peer[PROCESS_WEB], MESSAGE_COMMAND, &command,
		message_command_len(&command), -1);
	EXPECT(next(PROCESS_WEB, MESSAGE_ANSWER) != NULL);
}

TEST(doctor_says_what_browsers_would_say_of_the_certificate)
{
	NEEDS_ENGINE;
	connect_peer(PROCESS_WEB);
	EXPECT(!doctor_says("certificate"));
	web_serves(-1, 90, true);
	EXPECT(!doctor_says("certificate"));
	web_serves(-80, 8, true);
	EXPECT(doctor_says("expires in 8 days"));
	web_serves(-90, -1, true);
	EXPECT(doctor_says("has expired"));
	web_serves(1, 90, true);
	EXPECT(doctor_says("is not valid yet"));
	web_serves(-1, 90, false);
	EXPECT(doctor_says("is not for"));
	end_home();
}

TEST(the_web_process_alone_may_nothing)
{
	static struct message_command command = {.role = ROLE_OWNER};
	static const char question[] = "{\"verb\":\"home.join\",\"args\":{\"minutes\":5}}";

	NEEDS_ENGINE;
	connect_peer(PROCESS_WEB);
	command.len = sizeof question - 1;
	memcpy(command.text, question, command.len);
	send_message(home.peer[PROCESS_WEB], MESSAGE_COMMAND, &command,
		message_command_len(&command), -1);
	const struct message_answer *answer = next(PROCESS_WEB, MESSAGE_ANSWER);
	EXPECT(answer && strstr(answer->text, "log in first") != NULL);
	end_home();
}

/* An Ed25519 key and the signature of `text` by it, in hexadecimal. */
static void
sign(const char *text, char key_hex[static 65], char signature_hex[static 129])
{
	uint8_t key[32], signature[64];
	size_t key_len = sizeof key, len = sizeof signature;

	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EXPECT(pkey && EVP_PKEY_get_raw_public_key(pkey, key, &key_len) == 1);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EXPECT(EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1);
	EXPECT(EVP_DigestSign(context, signature, &len, (const uint8_t *)text, strlen(text)) == 1);
	for (int i = 0; i < 32; i++)
		snprintf(key_hex + 2 * i, 3, "%02x", key[i]);
	for (int i = 0; i < 64; i++)
		snprintf(signature_hex + 2 * i, 3, "%02x", signature[i]);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
}

/* Entries that let it open something. */
static int
accepts(const struct message_policy *policy)
{
	int n = 0;
	for (int i = 0; policy && i < policy->n_entries; i++)
		n += policy->entry[i].kind != POLICY_ENTRY_DENY;
	return n;
}

TEST(a_signed_report_of_a_trusted_issuer_narrows_and_any_other_is_refused)
{
	static const char report[] = "{\"schema\":\"pinfold-report-1\",\"device\":\"camera\","
				     "\"issuer\":\"lab.example\",\"issued\":1795000000,"
				     "\"state\":\"recalled\",\"reason\":\"it burns\","
				     "\"close\":[\"tcp/443\"]}";
	char key[65], signature[129], question[1200];
	NEEDS_ENGINE;

	sign(report, key, signature);
	let_camera_in("\"name\":\"camera\"");
	tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443\"");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	const struct message_policy *policy = policy_with(1, DEVICE_ENFORCE, 1);
	EXPECT(policy && policy->n_entries > 0);
	json_t *asked = json_pack("{s:s, s:{s:s, s:s}}", "verb", "report.import", "args", "report",
		report, "signature", signature);
	char *text = json_dumps(asked, 0);
	EXPECT(refuses(text)); /* nobody trusts the issuer yet */
	snprintf(question, sizeof question,
		"{\"verb\":\"report.trust\",\"args\":{\"issuer\":\"lab.example\",\"key\":\"%s\"}}",
		key);
	json_t *answer = ask(question);
	EXPECT(is_ok(answer));
	json_decref(answer);
	signature[0] = signature[0] == '0' ? '1' : '0';
	json_t *forged = json_pack("{s:s, s:{s:s, s:s}}", "verb", "report.import", "args", "report",
		report, "signature", signature);
	char *forged_text = json_dumps(forged, 0);
	EXPECT(refuses(forged_text));
	answer = ask(text);
	EXPECT(is_ok(answer));
	json_decref(answer);
	do
		policy = policy_with(1, DEVICE_ENFORCE, 1);
	while (accepts(policy));
	EXPECT(policy != NULL);
	free(text);
	free(forged_text);
	json_decref(asked);
	json_decref(forged);
	end_home();
}

/* --- labels of others ----------------------------------------------------------------------- */

TEST(what_is_decided_about_a_label_stands_in_the_journal_with_who_asked)
{
	static const char *const acts[] = {"suspend", "restore", "retire", "revoke"};
	char verb[32], question[160];
	NEEDS_ENGINE;

	meet_camera();
	json_t *answer = ask("{\"verb\":\"label.issuer\",\"args\":{\"url\":"
			     "\"https://labels.example\",\"name\":\"Home\"}}");
	EXPECT(is_ok(answer));
	json_decref(answer);
	answer = ask("{\"verb\":\"label.issue\",\"args\":{\"device\":\"1\"}}");
	EXPECT(is_ok(answer));
	json_decref(answer);
	EXPECT(journal_says("label.issue", "revision 1"));
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		snprintf(verb, sizeof verb, "label.%s", acts[i]);
		EXPECT(!journal_says(verb, ""));
		snprintf(question, sizeof question,
			"{\"verb\":\"%s\",\"args\":{\"label\":\"1\",\"reason\":\"so it is\"}}",
			verb);
		answer = ask(question);
		EXPECT(is_ok(answer));
		json_decref(answer);
		EXPECT(journal_says(verb, "label "));
	}
	/* What was refused did not happen. */
	EXPECT(refuses("{\"verb\":\"label.feed\",\"args\":{\"feed\":\"{}\"}}"));
	EXPECT(!journal_says("label.feed", ""));
	answer = ask("{\"verb\":\"label.feed\",\"args\":{\"feed\":\"{\\\"schema\\\":"
		     "\\\"pinfold-feed-1\\\",\\\"entries\\\":[{\\\"id\\\":\\\"R-1\\\",\\\"kind\\\":"
		     "\\\"recall\\\",\\\"maker\\\":\\\"a\\\",\\\"model\\\":\\\"b\\\"}]}\"}}");
	EXPECT(is_ok(answer));
	json_decref(answer);
	EXPECT(journal_says("label.feed", "1 of them new"));
	end_home();
}

static struct status_list labels_list;

/* Of its model, with this number in the list of the issuer. */
static void
attach_label(
	struct issuer *issuer, const struct issuer_keys *keys, const char *device, uint32_t index)
{
	static struct label label;
	struct fault why;

	issued_label(&label, keys);
	label.index = index;
	label.issued_s = clock_wall_s() - 3600;
	label.until_s = clock_wall_s() + DAY_S;
	snprintf(label.model, sizeof label.model, "IPC-%u", index);
	label_id(&label, keys->key[0]);
	char *payload_text = label_to_text(&label);
	char *jws = jws_render_text(issuer, LABEL_TYPE, payload_text, &why);
	json_t *asked = json_pack("{s:s, s:{s:s, s:s}}", "verb", "label.attach", "args", "device",
		device, "text", jws);
	char *question = json_dumps(asked, 0);
	json_t *answer = ask(question);
	EXPECT(is_ok(answer));
	json_decref(answer);
	json_decref(asked);
	free(question);
	free(jws);
	free(payload_text);
}

static void
trust_labels(const struct issuer_keys *keys)
{
	char question[300], hex[ISSUER_TEXT_MAX];

	for (int i = 0; i < ISSUER_PUBLIC_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", keys->key[0][i]);
	snprintf(question, sizeof question,
		"{\"verb\":\"label.trust\",\"args\":{\"url\":\"https://labels.example\","
		"\"key\":\"%s\"}}",
		hex);
	json_t *answer = ask(question);
	EXPECT(is_ok(answer));
	json_decref(answer);
}

/* So many labels that hold, as of so many seconds ago. */
static void
begin_list(size_t n, int64_t ago_s)
{
	memset(&labels_list, 0, sizeof labels_list);
	strcpy(labels_list.issuer, "https://labels.example");
	labels_list.issued_s = clock_wall_s() - ago_s;
	labels_list.until_s = labels_list.issued_s + 3600;
	labels_list.ttl_s = 3600;
	labels_list.n = n;
}

static void
fall(uint32_t index, bool is_recalled, const char *reason)
{
	struct status_fallen *fallen = &labels_list.fallen[labels_list.n_fallen++];

	labels_list.code[index] = label_status_code(STATUS_SUSPENDED);
	fallen->index = index;
	fallen->is_recalled = is_recalled;
	snprintf(fallen->reason, sizeof fallen->reason, "%s", reason);
}

/* Plays the fetcher: the question, and this answer to it. */
static void
serve_list(const char *body)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
	const struct message_page_ask *asked = next(PROCESS_FETCHER, MESSAGE_PAGE_ASK);

	EXPECT(asked != NULL);
	EXPECT(asked->is_status);
	EXPECT_STR(asked->url, "https://labels.example/status-list.jwt");
	struct message_page page = {.ticket = asked->ticket,
		.is_status = 1,
		.status = body ? 200 : 0,
		.err = body ? ERR_OK : ERR_TIMEOUT,
		.n_head = body ? sizeof head - 1 : 0,
		.n_body = body ? (uint32_t)strlen(body) : 0};
	int fd = body ? memfd_create("list", MFD_ALLOW_SEALING | MFD_CLOEXEC) : -1;
	if (body) {
		EXPECT(write(fd, head, sizeof head - 1) == sizeof head - 1);
		EXPECT(write(fd, body, strlen(body)) == (ssize_t)strlen(body));
	}
	send_message(home.peer[PROCESS_FETCHER], MESSAGE_PAGE, &page, sizeof page, fd);
	if (fd >= 0)
		close(fd);
}

static void
serve_signed(const struct issuer *issuer)
{
	struct fault why;
	char *text = status_list_render(issuer, &labels_list, &why);

	EXPECT(text != NULL);
	serve_list(text);
	free(text);
}

/* A member of the attached label, when it is this text; "" while it is not. */
static bool
attached_is(const char *device, const char *member, const char *wanted)
{
	bool is_it = false;
	char question[100];

	snprintf(question, sizeof question,
		"{\"verb\":\"label.show\",\"args\":{\"device\":\"%s\"}}", device);
	for (int i = 0; i < WAIT_MS / 10 && !is_it; i++) {
		json_t *answer = ask(question);
		const json_t *attached =
			json_object_get(json_object_get(answer, "result"), "attached");
		const char *text = json_string_value(json_object_get(attached, member));
		is_it = wanted ? text && !strcmp(text, wanted) : !text;
		json_decref(answer);
		if (!is_it)
			usleep(10000);
	}
	return is_it;
}

/* The next policy of the first device that accepts something, or nothing; older ones may come. */
static bool
ends_up_accepting(bool accepting)
{
	const struct message_policy *policy;

	do
		policy = policy_with(1, DEVICE_ENFORCE, 1);
	while (policy && accepts(policy) != accepting);
	return policy != NULL;
}

TEST(a_label_that_its_trusted_issuer_recalls_narrows_by_itself_and_nothing_widens)
{
	struct issuer_keys keys, others;
	struct issuer *issuer = issued_key(&keys), *stranger = issued_key(&others);
	NEEDS_ENGINE;

	let_camera_in("\"name\":\"camera\"");
	tell("policy.add", "1", "\"rule\":\"allow tcp 198.18.0.99 443\"");
	tell("device.enforce", "1", "\"from\":\"rules\"");
	EXPECT(ends_up_accepting(true));
	trust_labels(&keys);
	attach_label(issuer, &keys, "1", 5);
	EXPECT(attached_is("1", "status", "UNKNOWN")); /* nobody has said anything yet */
	begin_list(8, 500);
	serve_signed(issuer);
	EXPECT(attached_is("1", "status", "VALID"));

	/* The owner asks again; what somebody else signed, or is old, or nothing, is nothing. */
	begin_list(8, 400);
	fall(5, true, "it is recalled: overheats");
	trust_labels(&keys);
	serve_signed(stranger);
	EXPECT(attached_is("1", "why_not", "it is signed by a key that is not trusted here"));
	trust_labels(&keys);
	serve_list("{}");
	labels_list.until_s = clock_wall_s() - 1;
	trust_labels(&keys);
	serve_signed(issuer);
	EXPECT(attached_is(
		"1", "why_not", "the list is too old, or of a time that is yet to come"));
	EXPECT(attached_is("1", "narrows", NULL));

	labels_list.until_s = clock_wall_s() + 600;
	trust_labels(&keys);
	serve_signed(issuer);
	EXPECT(attached_is("1", "narrows", "recalled"));
	EXPECT(attached_is("1", "reason", "it is recalled: overheats"));
	EXPECT(ends_up_accepting(false));

	/* An earlier list that is played again, and a later one in which it is good again. */
	begin_list(8, 450);
	trust_labels(&keys);
	serve_signed(issuer);
	EXPECT(attached_is("1", "why_not", "the list is older than the one before"));
	EXPECT(attached_is("1", "status", "SUSPENDED"));
	begin_list(8, 300);
	trust_labels(&keys);
	serve_signed(issuer);
	EXPECT(attached_is("1", "status", "VALID"));
	EXPECT(attached_is("1", "narrows", "recalled"));

	/* What it took away is the owner's to give back, and the same fall does not act twice. */
	tell("label.override", "1", NULL);
	EXPECT(ends_up_accepting(true));
	EXPECT(attached_is("1", "narrows", NULL));
	end_home();
	issuer_free(issuer);
	issuer_free(stranger);
}

TEST(the_day_on_which_a_fix_is_installed_here_is_noted_by_itself)
{
	const char *at = "";
	json_t *answer = NULL;
	NEEDS_ENGINE;

	let_camera_in("\"name\":\"camera\"");
	tell("label.set", "1", "\"field\":\"model\",\"value\":\"IPC-100\"");
	tell("label.set", "1", "\"field\":\"firmware\",\"value\":\"1.9\"");
	EXPECT(refuses("{\"verb\":\"label.fix\",\"args\":{\"device\":\"1\",\"provision\":\"5.1-1\","
		       "\"step\":\"reported\",\"firmware\":\"1.10\"}}"));
	tell("label.fix", "1",
		"\"provision\":\"5.1-1\",\"step\":\"fixed\",\"date\":\"2026-01-02\","
		"\"firmware\":\"1.10\"");
	/* What it says of itself goes before what was said of it. */
	snprintf(row(OBSERVED_SSDP_SERVER, "p1", 0x11)->claimed_text, 64,
		"Linux/4.9 UPnP/1.0 IPC-100/1.10");
	flush();
	for (int i = 0; i < WAIT_MS / 10 && !strstr(at, "which mends 5.1-1"); i++) {
		usleep(50000);
		json_decref(answer);
		answer = ask("{\"verb\":\"policy.journal\",\"args\":{}}");
		const json_t *last = json_array_get(json_object_get(answer, "result"), 0);
		at = json_string_value(json_object_get(last, "text"));
		at = at ? at : "";
	}
	EXPECT(strstr(at, "camera has firmware 1.10, which mends 5.1-1"));
	json_decref(answer);
	end_home();
}

TEST(a_status_that_ran_out_is_not_confirmed_and_gives_nothing_back)
{
	struct issuer_keys keys;
	struct issuer *issuer = issued_key(&keys);
	NEEDS_ENGINE;

	let_camera_in("\"name\":\"camera\"");
	trust_labels(&keys);
	attach_label(issuer, &keys, "1", 5);
	begin_list(8, 500);
	fall(5, false, "a fault that is used");
	labels_list.until_s = clock_wall_s() + 3;
	serve_signed(issuer);
	EXPECT(attached_is("1", "narrows", "suspended"));
	EXPECT(attached_is("1", "last_status", "SUSPENDED"));
	EXPECT(attached_is("1", "status", "UNKNOWN"));
	EXPECT(attached_is("1", "narrows", "suspended"));
	stop(SIGKILL);
	start();
	EXPECT(attached_is("1", "narrows", "suspended"));
	end_home();
	issuer_free(issuer);
}

TEST(no_issuer_switches_off_a_whole_home_at_once)
{
	struct issuer_keys keys;
	struct issuer *issuer = issued_key(&keys);
	int n_narrowed = 0, n_held = 0;
	char name[8], address[16];
	NEEDS_ENGINE;

	for (int i = 1; i <= 5; i++) {
		snprintf(name, sizeof name, "%d", i);
		snprintf(address, sizeof address, "10.77.0.%d", 10 + i);
		join("p1", (uint8_t)(0x10 + i), "thing", address);
		EXPECT(policy_with((uint32_t)i, DEVICE_WAITING, 1) != NULL);
		tell("device.admit", name, i == 5 ? "\"class\":\"critical\"" : NULL);
	}
	trust_labels(&keys);
	/* Two units of one model are one label. */
	for (uint32_t i = 1; i <= 5; i++) {
		snprintf(name, sizeof name, "%u", i);
		attach_label(issuer, &keys, name, i == 2 ? 1 : i);
	}
	begin_list(8, 500);
	for (uint32_t i = 0; i < 8; i++)
		fall(i, true, "everything");
	serve_signed(issuer);
	for (int i = 1; i <= 5; i++) {
		snprintf(name, sizeof name, "%d", i);
		EXPECT(attached_is(name, "status", "SUSPENDED"));
		bool is_narrowed = attached_is(name, "narrows", "recalled");
		n_narrowed += is_narrowed;
		EXPECT(i <= 3 ? is_narrowed : !is_narrowed);
		char question[100];
		snprintf(question, sizeof question,
			"{\"verb\":\"label.show\",\"args\":{\"device\":\"%d\"}}", i);
		json_t *answer = ask(question);
		n_held += json_is_true(json_object_get(
			json_object_get(json_object_get(answer, "result"), "attached"), "held"));
		json_decref(answer);
	}
	EXPECT_INT(n_narrowed, 3);
	EXPECT_INT(n_held, 1); /* the critical one is its owner's in any case */
	end_home();
	issuer_free(issuer);
}

/* Fills the small disk that was mounted on the state; gives the descriptor of the filler. */
static void
fill_disk(bool full)
{
	char path[128], block[4096] = {0};

	snprintf(path, sizeof path, "%s/filler", home.directory);
	if (!full) {
		EXPECT(!unlink(path));
		return;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	EXPECT(fd >= 0);
	while (write(fd, block, sizeof block) > 0)
		;
	close(fd);
}

TEST(on_a_full_disk_changes_are_refused_and_containment_acts_all_the_same)
{
	char engine_at[400];

	if (!engine_path(engine_at, sizeof engine_at))
		SKIP("the engine is not built");
	if (geteuid() || unshare(CLONE_NEWNS) ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP("a small disk of its own needs root");
	move_in();
	char options[64];
	snprintf(options, sizeof options, "size=1m,uid=%u,gid=%u",
		home.settings.uid_base + PROCESS_ENGINE, home.settings.uid_base + PROCESS_ENGINE);
	EXPECT(!mount("tmpfs", home.directory, "tmpfs", 0, options));
	start();
	let_camera_in(NULL);
	EXPECT(policy_with(1, DEVICE_OBSERVE, 1) != NULL);
	fill_disk(true);
	json_t *answer = ask("{\"verb\":\"device.block\",\"args\":{\"device\":\"1\"}}");
	const char *said =
		json_string_value(json_object_get(json_object_get(answer, "error"), "text"));
	EXPECT(said && strstr(said, "disk is full"));
	json_decref(answer);
	EXPECT_STR(field("1", "state"), "observe");
	scan(1, "p1", 0x11, "10.77.0.11");
	EXPECT(policy_with(1, DEVICE_QUARANTINE, 1) != NULL);
	fill_disk(false);
	bool recorded = false;
	for (int i = 0; i < WAIT_MS / 10 && !recorded; i++) {
		usleep(100000);
		answer = ask("{\"verb\":\"policy.journal\"}");
		char *text = json_dumps(answer, 0);
		recorded = strstr(text, "\"containment\"") != NULL;
		free(text);
		json_decref(answer);
	}
	EXPECT(recorded);
	stop(SIGKILL);
	start();
	EXPECT(policy_with(1, DEVICE_QUARANTINE, 1) != NULL);
	stop(SIGTERM);
	EXPECT(!umount2(home.directory, MNT_DETACH));
	EXPECT(!rmdir(home.directory));
}

/* Its own: its part of a library grows when another process that has it mapped ends. */
static long
memory_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
	FILE *file = fopen(path, "r");
	EXPECT(file != NULL);
	while (fgets(line, sizeof line, file))
		if (sscanf(line, "Pss_Anon: %ld kB", &kb) == 1)
			break;
	fclose(file);
	return kb;
}

TEST(changes_questions_and_flows_leave_no_memory_behind)
{
	enum { WARM = 150, ROUNDS = 600 };
	long before_kb = 0;
	NEEDS_ENGINE;

	let_camera_in(NULL);
	for (int i = 0; i < WARM + ROUNDS; i++) {
		if (i == WARM)
			before_kb = memory_kb(home.pid);
		undo(tell("policy.add", "1", "\"rule\":\"allow tcp cloud.example 443\""));
		flow("p1", 0x11, 1, "10.77.0.11", "198.18.0.80", 443);
		answered(1, "cloud.example", "198.18.0.80", 0);
		tell("policy.proposal", "1", NULL);
		tell("policy.why", "1", "\"destination\":\"cloud.example\"");
		tell("device.show", "1", NULL);
		/* Two restarts of a peer, so that nothing is queued for nobody. */
		if (i % 50 == 0) {
			connect_peer(PROCESS_ENFORCER);
			connect_peer(PROCESS_RESOLVER);
		}
	}
	long grown_kb = memory_kb(home.pid) - before_kb;
	print_message("%ld kB more after %d rounds\n", grown_kb, ROUNDS);
#ifndef __SANITIZE_ADDRESS__
	EXPECT(grown_kb < 1500);
#endif
	end_home();
}

static bool saw_restored;

/* Takes what comes from the engine, so that it does not wait for us; answers policies. */
static unsigned
drain(void)
{
	struct pollfd peers[2] = {{.fd = home.peer[PROCESS_ENFORCER], .events = POLLIN},
		{.fd = home.peer[PROCESS_RESOLVER], .events = POLLIN}};
	unsigned policies = 0;
	int passed;

	while (take_kept()) {
		saw_restored |= header.type == MESSAGE_RESTORED;
		policies += header.type == MESSAGE_POLICY;
	}
	while (poll(peers, 2, 0) > 0) {
		bool came = (peers[0].revents & POLLIN) &&
			    channel_receive(peers[0].fd, PROCESS_ENFORCER, PROCESS_ENGINE, &header,
				    payload, &passed);
		saw_restored |= came && header.type == MESSAGE_RESTORED;
		if (came && header.type == MESSAGE_POLICY) {
			const struct message_policy *policy = (const void *)payload;
			acknowledge(policy->device, header.seq, ERR_OK);
			policies++;
		}
		if (peers[1].revents & POLLIN)
			EXPECT(channel_receive(peers[1].fd, PROCESS_RESOLVER, PROCESS_ENGINE,
				&header, payload, &passed));
	}
	return policies;
}

/* What the engine computed so far, which does not grow while others use the machine. */
static uint64_t
engine_worked_ms(void)
{
	unsigned long long user, system;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/stat", home.pid);
	FILE *file = fopen(path, "r");
	EXPECT(file != NULL);
	EXPECT(fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
		       &user, &system) == 2);
	fclose(file);
	return (user + system) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

TEST(ten_thousand_devices_fit_and_the_engine_still_answers)
{
	enum { DEVICES = 10000, QUESTIONS = 200 };
	uint64_t policies = 0;
	NEEDS_ENGINE;

	uint64_t begun_ns = clock_monotonic_ns();
	for (int i = 0; i < DEVICES; i++) {
		uint8_t mac[6] = {0x00, 0x00, 0x5e, 0x01, (uint8_t)(i >> 8), (uint8_t)i};
		char port[8], address[48];
		/* So many ports that none of them has more strangers than are let wait there. */
		snprintf(port, sizeof port, "p%d", i % 320);
		snprintf(address, sizeof address, "fd77::%x:%x", 1 + (i >> 12), 1 + (i & 4095));
		struct observation *at = row(OBSERVED_ND_DAD, port, 0);
		memcpy(at->mac, mac, 6);
		at->target = ip(address);
		if (rows.n_rows == OBSERVATION_ROWS_MAX || i == DEVICES - 1) {
			flush();
			policies += drain();
		}
	}
	json_t *answer = ask("{\"verb\":\"device.list\"}");
	size_t n = json_array_size(json_object_get(answer, "result"));
	json_decref(answer);
	for (int i = 0; i < WAIT_MS / 10 && policies < DEVICES; i++) {
		usleep(10000);
		policies += drain();
	}
	uint64_t took_ms = (clock_monotonic_ns() - begun_ns) / CLOCK_MS_NS;
	print_message("%zu devices in %llu ms, %llu policies, %ld kB\n", n,
		(unsigned long long)took_ms, (unsigned long long)policies, memory_kb(home.pid));
	EXPECT_INT(n, DEVICES);
	EXPECT(policies >= DEVICES);
#ifndef __SANITIZE_ADDRESS__
	EXPECT(memory_kb(home.pid) < 160 * 1024);
#endif
	uint64_t worked_ms = engine_worked_ms();
	answer = ask("{\"verb\":\"status\"}");
	EXPECT(is_ok(answer));
	json_decref(answer);
	EXPECT(engine_worked_ms() - worked_ms < 1000);
	worked_ms = engine_worked_ms();
	for (int i = 0; i < QUESTIONS; i++) {
		char mac[20];
		snprintf(mac, sizeof mac, "00:00:5e:01:%02x:%02x", i * 40 >> 8, i * 40 & 0xff);
		EXPECT(*field(mac, "id"));
		EXPECT(refuses("{\"verb\":\"device.show\",\"args\":{\"device\":\"nobody\"}}"));
	}
	worked_ms = engine_worked_ms() - worked_ms;
	print_message("%d questions by MAC and by no name at all in %llu ms of work\n",
		2 * QUESTIONS, (unsigned long long)worked_ms);
	EXPECT(worked_ms < 2 * QUESTIONS * 5); /* through all devices it would be 10 times that */
	stop(SIGTERM);
	begun_ns = clock_monotonic_ns();
	saw_restored = false;
	start();
	for (policies = 0;
		policies < DEVICES && clock_monotonic_ns() - begun_ns < WAIT_MS * CLOCK_MS_NS;)
		policies += drain();
	print_message("restored in %llu ms\n",
		(unsigned long long)((clock_monotonic_ns() - begun_ns) / CLOCK_MS_NS));
	EXPECT(policies >= DEVICES);
	EXPECT(saw_restored || next(PROCESS_ENFORCER, MESSAGE_RESTORED) != NULL);
	end_home();
}

/* The list of receivers that the enforcer gets; acknowledged. */
static const struct message_receivers *
next_receivers(void)
{
	const struct message_receivers *all = next(PROCESS_ENFORCER, MESSAGE_RECEIVERS);

	if (all)
		acknowledge(0, header.seq, ERR_OK);
	return all;
}

static void
looked_up(uint32_t seq, const char *address)
{
	struct message_looked_up found = {.n_addresses = 1};
	struct message_header head = {.version = MESSAGE_VERSION,
		.type = MESSAGE_LOOKED_UP,
		.len = sizeof found,
		.seq = seq};
	struct iovec iov[2] = {{&head, sizeof head}, {&found, sizeof found}};

	found.address[0] = ip(address);
	EXPECT(writev(home.peer[PROCESS_RESOLVER], iov, 2) > 0);
}

/* The teller hears of a receiver with an address. */
static const struct message_receiver *
next_receiver(void)
{
	const struct message_receiver *to;

	while ((to = next(PROCESS_TELLER, MESSAGE_RECEIVER)) && !to->n_addresses)
		;
	return to;
}

TEST(a_receiver_is_where_its_name_leads_and_no_answer_leads_it_inside)
{
	const struct message_receivers *all;

	NEEDS_ENGINE;
	connect_peer(PROCESS_TELLER);
	EXPECT(!refuses("{\"verb\":\"tell.add\",\"args\":{\"name\":\"ha\",\"scope\":\"act\","
			"\"url\":\"mqtt://10.77.0.5\"}}"));
	while ((all = next_receivers()) && !all->n_places)
		;
	const struct message_receiver *to = next_receiver();
	EXPECT(to && to->address[0].byte[3] == 5);
	EXPECT(!strncmp(to->gateway, "gw-", 3) && strlen(to->gateway) == 11);
	EXPECT(!refuses("{\"verb\":\"tell.add\",\"args\":{\"name\":\"hook\","
			"\"url\":\"https://hooks.example/\"}}"));
	EXPECT(next(PROCESS_RESOLVER, MESSAGE_LOOKUP) != NULL);
	uint32_t seq = header.seq;
	/* Nobody asked; and the name of the internet does not stand for a device of the home. */
	looked_up(0, "198.51.100.66");
	looked_up(seq, "10.77.0.66");
	json_t *answer = ask("{\"verb\":\"tell.show\"}");
	char *text = json_dumps(answer, 0);
	EXPECT(strstr(text, "its name points inside") != NULL);
	free(text);
	json_decref(answer);
	/* As often as the enforcer was told since, it was told of neither. */
	while (take_kept()) {
		all = (const struct message_receivers *)payload;
		if (header.type != MESSAGE_RECEIVERS)
			continue;
		EXPECT_INT(all->n_places, 1);
		EXPECT_INT(all->place[0].address.byte[3], 5);
	}
	end_home();
}

TEST(what_is_wished_for_at_a_broker_is_done_so_often_and_no_oftener)
{
	const struct message_thing *thing;
	struct message_wish wish = {.receiver = 1, .wish = WISH_PAUSE};
	unsigned pauses = 0;

	NEEDS_ENGINE;
	connect_peer(PROCESS_TELLER);
	let_camera_in(NULL);
	EXPECT(!refuses("{\"verb\":\"tell.add\",\"args\":{\"name\":\"ha\",\"scope\":\"act\","
			"\"url\":\"mqtt://10.77.0.5\"}}"));
	while ((thing = next(PROCESS_TELLER, MESSAGE_THING)) && thing->device != 1)
		;
	EXPECT(thing != NULL);
	memcpy(wish.id, thing->id, sizeof wish.id);
	for (int i = 0; i < 2 * WISHES_A_MINUTE; i++) {
		wish.wish = i % 2 ? WISH_RESUME : WISH_PAUSE;
		send_message(home.peer[PROCESS_TELLER], MESSAGE_WISH, &wish, sizeof wish, -1);
	}
	json_t *answer = ask("{\"verb\":\"policy.journal\"}");
	char *text = json_dumps(answer, 0);
	for (const char *at = text; (at = strstr(at, "receiver ha")); at++)
		pauses++;
	EXPECT_INT(pauses, WISHES_A_MINUTE);
	free(text);
	json_decref(answer);
	end_home();
}

static long long
waiting_messages(void)
{
	json_t *answer = ask("{\"verb\":\"tell.show\"}");
	long long n = json_integer_value(json_object_get(
		json_array_get(json_object_get(json_object_get(answer, "result"), "receivers"), 0),
		"waiting"));

	json_decref(answer);
	return n;
}

TEST(a_message_survives_the_death_of_the_engine_as_soon_as_it_waits)
{
	struct message_enforcer_status status = {.mended = 1, .release = "test"};
	NEEDS_ENGINE;

	EXPECT(!refuses("{\"verb\":\"tell.add\",\"args\":{\"name\":\"hook\","
			"\"url\":\"http://10.77.0.5:8099/\"}}"));
	EXPECT_INT(waiting_messages(), 0);
	send_message(
		home.peer[PROCESS_ENFORCER], MESSAGE_ENFORCER_STATUS, &status, sizeof status, -1);
	acknowledge(0, 7, ERR_KERNEL);
	for (int i = 0; i < 1000 && !waiting_messages(); i++)
		usleep(1000);
	stop(SIGKILL);
	start();
	EXPECT_INT(waiting_messages(), 1);
	json_t *answer = ask("{\"verb\":\"events.list\",\"args\":{}}");
	char *text = json_dumps(answer, 0);
	EXPECT(strstr(text, "rules-mended") && strstr(text, "rules-refused"));
	free(text);
	json_decref(answer);
	stop(SIGTERM);
	move_out();
}

TEST(a_sensor_says_that_it_sends_nothing)
{
	char path[400];

	if (!engine_path(path, sizeof path))
		SKIP("the engine is not built");
	move_in();
	home.settings.mode = SETTINGS_SENSOR;
	start();
	join("p1", 0x11, "camera", "10.77.0.11");
	usleep(100000);
	json_t *answer = ask("{\"verb\":\"device.admit\",\"args\":{\"device\":\"1\"}}");
	const char *text =
		json_string_value(json_object_get(json_object_get(answer, "error"), "text"));
	EXPECT(text && strstr(text, "this sensor sends nothing"));
	json_decref(answer);
	end_home();
}
