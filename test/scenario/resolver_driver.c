/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real resolver process, confined, between a real upstream (unbound) and
 * devices that are sockets of this program, which also plays the monitor, the
 * engine, the enforcer and the fetcher.  200-*.sh gives it a network namespace:
 *
 *	192.168.77.1, fd77::1     the gateway       192.168.77.11.., fd77::11..  devices
 *	198.18.0.53               upstream          198.18.5.0/24, 2001:db8:5::/64  servers
 *
 *	resolver_driver RESOLVER UNBOUND FOLDER
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "message/channel.h"
#include "packet/dns.h"

enum { CAMERA = 7, PHONE = 8, NEWCOMER = 9, FLOODER = 10, HUB = 11, SLOT = 3, OTHER_SLOT = 4 };

static struct {
	pid_t resolver, upstream;
	struct channel *monitor, *engine, *enforcer, *fetcher;
	bool is_ready;

	bool withholds; /* the enforcer keeps its answers back */
	enum err says;  /* what it answers */
	unsigned n_opens, n_answered;
	struct message_open open[4096];
	uint32_t seq[4096];

	unsigned n_reports;
	struct message_answered report[1024];
	struct message_resolver_status status;
	unsigned n_looked_up;
	struct message_looked_up looked_up;
} world;

static const char *resolver_path, *upstream_path, *folder;

/* --- the other processes ----------------------------------------------------------------- */

static void
answer_opens(void)
{
	for (; world.n_answered < world.n_opens; world.n_answered++) {
		struct message_done done = {.device = world.open[world.n_answered].device,
			.generation = world.open[world.n_answered].generation,
			.err = world.says};
		EXPECT(!channel_send(world.enforcer, MESSAGE_DONE, world.seq[world.n_answered],
			&done, sizeof done, -1));
	}
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	switch (header->type) {
	case MESSAGE_READY:
		world.is_ready = true;
		break;
	case MESSAGE_OPEN:
		if (world.n_opens == 4096)
			break;
		world.seq[world.n_opens] = header->seq;
		memcpy(&world.open[world.n_opens++], payload, sizeof(struct message_open));
		if (!world.withholds)
			answer_opens();
		break;
	case MESSAGE_ANSWERED:
		if (world.n_reports < 1024)
			memcpy(&world.report[world.n_reports++], payload,
				sizeof(struct message_answered));
		break;
	case MESSAGE_RESOLVER_STATUS:
		memcpy(&world.status, payload, sizeof world.status);
		break;
	case MESSAGE_LOOKED_UP:
		world.n_looked_up++;
		memcpy(&world.looked_up, payload, sizeof world.looked_up);
		break;
	default:
		break;
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	print_message("channel of %s: %s\n", (const char *)arg, why);
}

static void
pump(int ms)
{
	uint64_t until = clock_monotonic_ns() + (uint64_t)ms * CLOCK_MS_NS;

	do {
		loop_once(false);
		usleep(500);
	} while (clock_monotonic_ns() < until);
}

/* Until all that was said is taken: more than a queue holds is said in the tests. */
static void
pump_all(void)
{
	for (int i = 0; i < 2000 && channel_queued(world.engine); i++)
		pump(5);
}

static void
give(enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor m = {.what = (uint8_t)what, .peer = (uint8_t)peer};

	EXPECT(!channel_send(world.monitor, MESSAGE_DESCRIPTOR, 0, &m, sizeof m, fd));
	close(fd);
}

static struct channel *
connect_peer(enum process self, const char *name)
{
	int pair[2];
	union {
		const char *in;
		void *out;
	} arg = {.in = name};

	EXPECT(!channel_pair(pair));
	struct channel *channel =
		channel_new(pair[0], self, PROCESS_RESOLVER, on_message, on_closed, arg.out);
	give(DESCRIPTOR_PEER, self, pair[1]);
	return channel;
}

static socklen_t
address_of(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof *v4;
	}
	EXPECT_INT(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof *v6;
}

static int
bound(const char *text, uint16_t port, int type)
{
	struct sockaddr_storage address;
	socklen_t len = address_of(&address, text, port);
	int on = 1, fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	EXPECT_INT(bind(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

static struct settings
home(void)
{
	struct settings s;

	settings_init(&s);
	s.mode = SETTINGS_ROUTER;
	snprintf(s.bridge, sizeof s.bridge, "br-lan");
	s.n_ports = 1;
	snprintf(s.port[0], sizeof s.port[0], "port1");
	snprintf(s.uplink, sizeof s.uplink, "uplink");
	s.uplink_mode = SETTINGS_UPLINK_NONE;
	EXPECT(prefix_parse(&s.lan4, "192.168.77.1/24"));
	EXPECT(prefix_parse(&s.lan6, "fd77::1/64"));
	s.n_forwards = 1;
	EXPECT(ip_parse(&s.forward[0], "198.18.0.53"));
	snprintf(s.state_directory, sizeof s.state_directory, "%s", folder);
	snprintf(s.run_directory, sizeof s.run_directory, "%s", folder);
	return s;
}

static void
start_upstream(void)
{
	char config[512];

	snprintf(config, sizeof config, "%s/upstream.conf", folder);
	world.upstream = fork();
	if (!world.upstream) {
		execl(upstream_path, upstream_path, "-d", "-c", config, (char *)NULL);
		_exit(127);
	}
}

static void
stop(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static void
start(void)
{
	int pair[2];
	struct settings settings = home();
	static const char *const gateway[] = {"192.168.77.1", "fd77::1"};

	EXPECT(!channel_pair(pair));
	world.resolver = fork();
	if (!world.resolver) {
		/* dup2() to itself would keep close-on-exec */
		int high = fcntl(pair[1], F_DUPFD, 64);
		dup2(high, 3);
		for (int fd = 4; fd < 256; fd++)
			close(fd);
		execl(resolver_path, resolver_path, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	static char monitor[] = "monitor";
	world.monitor = channel_new(
		pair[0], PROCESS_MONITOR, PROCESS_RESOLVER, on_message, on_closed, monitor);
	EXPECT(!channel_send(world.monitor, MESSAGE_SETTINGS, 0, &settings, sizeof settings, -1));
	for (int i = 0; i < 2; i++) {
		give(DESCRIPTOR_DNS_UDP, PROCESS_UNKNOWN, bound(gateway[i], 53, SOCK_DGRAM));
		int tcp = bound(gateway[i], 53, SOCK_STREAM);
		EXPECT_INT(listen(tcp, 64), 0);
		give(DESCRIPTOR_DNS_TCP, PROCESS_UNKNOWN, tcp);
	}
	world.engine = connect_peer(PROCESS_ENGINE, "engine");
	world.enforcer = connect_peer(PROCESS_ENFORCER, "enforcer");
	world.fetcher = connect_peer(PROCESS_FETCHER, "fetcher");
	EXPECT(!channel_send(world.monitor, MESSAGE_GO, 0, NULL, 0, -1));
	for (int i = 0; i < 200 && !world.is_ready; i++)
		pump(10);
	EXPECT(world.is_ready);
}

static void
view(uint32_t device, uint32_t generation, enum view_mode mode, const char *address4,
	const char *address6, const char *const *names)
{
	static struct message_view m;

	memset(&m, 0, sizeof m);
	m.device = device;
	m.generation = generation;
	m.mode = (uint8_t)mode;
	m.is_watched = true;
	EXPECT(ip_parse(&m.address[m.n_addresses++], address4));
	EXPECT(ip_parse(&m.address[m.n_addresses++], address6));
	for (; names && *names; names++, m.n_names++) {
		m.name[m.n_names].is_suffix = **names == '*';
		m.name[m.n_names].slot = **names == '*' ? OTHER_SLOT : SLOT;
		snprintf(m.name[m.n_names].name, VIEW_NAME_MAX, "%s", *names + (**names == '*'));
	}
	EXPECT(!channel_send(world.engine, MESSAGE_VIEW, 0, &m, message_view_len(&m), -1));
	pump(20);
}

static const char *const declared[] = {"cloud.example", "short.example", "many.example",
	"alias.example", "rebind.example", "mixed.example", "rebind6.example", "loop.example",
	"v4only.example", "gone.example", "info.example", "*wide.example", NULL};

/* Everything quiet, counters at zero, the views as at the beginning of the story. */
static uint32_t generation = 100;

static void
begin(void)
{
	generation++;
	view(CAMERA, generation, VIEW_DECLARED, "192.168.77.11", "fd77::11", declared);
	view(PHONE, generation, VIEW_OPEN, "192.168.77.12", "fd77::12", NULL);
	view(NEWCOMER, generation, VIEW_STATUS_PAGE, "192.168.77.13", "fd77::13", NULL);
	view(FLOODER, generation, VIEW_DECLARED, "192.168.77.14", "fd77::14", declared);
	view(HUB, generation, VIEW_DECLARED, "192.168.77.15", "fd77::15", declared);
	world.withholds = false;
	world.says = ERR_OK;
	pump(30);
	answer_opens();
	world.n_opens = world.n_answered = world.n_reports = 0;
}

/* --- a device asks ------------------------------------------------------------------------ */

struct heard {
	bool came;
	uint8_t rcode;
	bool is_truncated;
	unsigned n_addresses, n_cnames;
	struct ip address[256];
	uint32_t ttl_s; /* the greatest */
	size_t len;
};

static uint16_t next_id;

static size_t
question(uint8_t out[512], const char *text, uint16_t type, bool edns)
{
	struct writer w = writer_over(out, 512);
	struct dns_name name;

	EXPECT(dns_name_from_text(&name, text));
	writer_u16(&w, ++next_id);
	writer_u16(&w, DNS_FLAG_WANT_RECURSION);
	writer_u16(&w, 1);
	writer_u32(&w, 0);
	writer_u16(&w, edns);
	writer_bytes(&w, name.wire, name.len);
	writer_u16(&w, type);
	writer_u16(&w, DNS_IN);
	if (edns) {
		writer_u8(&w, 0);
		writer_u16(&w, DNS_OPT);
		writer_u16(&w, 4096);
		writer_u32(&w, 0);
		writer_u16(&w, 0);
	}
	EXPECT(writer_ok(&w));
	return writer_len(&w);
}

static void
read_reply(struct heard *heard, const uint8_t *bytes, size_t len)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	EXPECT(dns_parse(&dns, reader_over(bytes, len)));
	heard->came = true;
	heard->len = len;
	heard->rcode = dns_rcode(&dns);
	heard->is_truncated = dns.flags & DNS_FLAG_TRUNCATED;
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.section != DNS_ANSWER)
			continue;
		if (record.type == DNS_CNAME)
			heard->n_cnames++;
		if (record.address.version)
			heard->address[heard->n_addresses++] = record.address;
		if (record.ttl_s > heard->ttl_s)
			heard->ttl_s = record.ttl_s;
	}
	EXPECT(!walk.is_broken);
}

static int
device_socket(const char *source, const char *server, int type)
{
	struct sockaddr_storage to;
	socklen_t len = address_of(&to, server, 53);
	int fd = bound(source, 0, type);

	EXPECT_INT(connect(fd, (struct sockaddr *)&to, len), 0);
	return fd;
}

static void
ask_on(int fd, const char *name, uint16_t type)
{
	uint8_t bytes[512];
	size_t len = question(bytes, name, type, true);

	EXPECT_INT(send(fd, bytes, len, 0), (ssize_t)len);
}

static struct heard
hear_on(int fd, int ms)
{
	static uint8_t bytes[65536];
	struct heard heard = {0};
	uint64_t until = clock_monotonic_ns() + (uint64_t)ms * CLOCK_MS_NS;

	do {
		loop_once(false);
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n > 0) {
			read_reply(&heard, bytes, (size_t)n);
			return heard;
		}
		usleep(200);
	} while (clock_monotonic_ns() < until);
	return heard;
}

static struct heard
ask_from(const char *source, const char *server, const char *name, uint16_t type)
{
	int fd = device_socket(source, server, SOCK_DGRAM);

	ask_on(fd, name, type);
	struct heard heard = hear_on(fd, 3000);
	close(fd);
	return heard;
}

static struct heard
camera_asks(const char *name, uint16_t type)
{
	return ask_from("192.168.77.11", "192.168.77.1", name, type);
}

static bool
has(const struct heard *heard, const char *text)
{
	struct ip ip;

	EXPECT(ip_parse(&ip, text));
	for (unsigned i = 0; i < heard->n_addresses; i++)
		if (ip_is_equal(&heard->address[i], &ip))
			return true;
	return false;
}

static bool
was_opened(uint32_t device, uint16_t slot, const char *text)
{
	struct ip ip;

	EXPECT(ip_parse(&ip, text));
	for (unsigned i = 0; i < world.n_opens; i++)
		if (world.open[i].device == device && world.open[i].slot == slot &&
			ip_is_equal(&world.open[i].address, &ip))
			return true;
	return false;
}

static const struct message_answered *
reported(enum answer_kind kind, const char *name)
{
	pump(30);
	for (unsigned i = 0; i < world.n_reports; i++)
		if (world.report[i].kind == kind && !strcmp(world.report[i].name, name))
			return &world.report[i];
	return NULL;
}

/* What upstream was really asked: its own log. */
static bool
upstream_was_asked(const char *name)
{
	char path[512], line[1024];
	bool found = false;

	pump(50);
	snprintf(path, sizeof path, "%s/upstream.log", folder);
	FILE *log = fopen(path, "r");
	EXPECT(log != NULL);
	while (fgets(line, sizeof line, log)) {
		/* 0x20: the letters' case is random on the way. */
		if (strcasestr(line, name))
			found = true;
	}
	fclose(log);
	return found;
}

/* --- the story ------------------------------------------------------------------------------ */

TEST(the_resolver_starts_confined_and_says_so)
{
	loop_init();
	start_upstream();
	start();
	EXPECT(world.is_ready);
}

TEST(an_answer_waits_until_the_address_is_open)
{
	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
	ask_on(fd, "cloud.example", DNS_A);
	for (int i = 0; i < 100 && !world.n_opens; i++)
		pump(30);
	struct heard early = hear_on(fd, 300);
	EXPECT(!early.came);
	EXPECT_INT(world.n_opens, 1);
	EXPECT_INT(world.open[0].device, CAMERA);
	EXPECT_INT(world.open[0].slot, SLOT);
	EXPECT_INT(world.open[0].generation, generation);
	EXPECT(was_opened(CAMERA, SLOT, "198.18.5.1"));
	answer_opens();
	struct heard heard = hear_on(fd, 1000);
	EXPECT(heard.came);
	EXPECT_INT(heard.rcode, DNS_NOERROR);
	EXPECT(has(&heard, "198.18.5.1"));
	EXPECT(world.open[0].seconds > heard.ttl_s);
	close(fd);
}

TEST(the_engine_is_told_what_was_opened)
{
	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	const struct message_answered *m = reported(ANSWER_GIVEN, "cloud.example");
	EXPECT(m != NULL);
	EXPECT_INT(m->device, CAMERA);
	EXPECT_INT(m->slot, SLOT);
	EXPECT_INT(m->n_addresses, 1);
	EXPECT(m->seconds >= 360);
}

TEST(one_late_acknowledgement_of_fifty_holds_the_whole_answer_back)
{
	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
	ask_on(fd, "many.example", DNS_A);
	for (int i = 0; i < 100 && world.n_opens < 50; i++)
		pump(10);
	EXPECT_INT(world.n_opens, 50);
	world.n_opens = 49;
	answer_opens();
	world.n_opens = 50;
	EXPECT(!hear_on(fd, 200).came);
	answer_opens();
	struct heard heard = hear_on(fd, 1000);
	EXPECT(heard.came && !heard.is_truncated);
	EXPECT_INT(heard.n_addresses, 50);
	close(fd);
}

TEST(an_answer_from_the_cache_opens_again_for_another_device)
{
	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	world.n_opens = world.n_answered = 0;
	struct heard heard = ask_from("192.168.77.15", "192.168.77.1", "cloud.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.1"));
	EXPECT(was_opened(HUB, SLOT, "198.18.5.1"));
}

TEST(what_is_open_already_costs_no_round_trip)
{
	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	EXPECT_INT(world.n_opens, 1);
	for (int i = 0; i < 5; i++)
		EXPECT(camera_asks("cloud.example", DNS_A).came);
	EXPECT_INT(world.n_opens, 1);
}

TEST(a_new_policy_makes_it_open_again_from_the_cache)
{
	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	begin();
	struct heard heard = camera_asks("cloud.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.1"));
	EXPECT_INT(world.n_opens, 1);
	EXPECT_INT(world.open[0].generation, generation);
}

TEST(an_undeclared_name_is_denied_here_and_never_sent_upstream)
{
	begin();
	struct heard heard = camera_asks("exfil-0123456789.tunnel.example", DNS_A);
	EXPECT_INT(heard.rcode, DNS_NXDOMAIN);
	EXPECT_INT(camera_asks("exfil-0123456789.tunnel.example", DNS_TXT).rcode, DNS_NXDOMAIN);
	EXPECT_INT(camera_asks("sub.cloud.example", DNS_A).rcode, DNS_NXDOMAIN);
	EXPECT(reported(ANSWER_UNDECLARED, "exfil-0123456789.tunnel.example") != NULL);
	EXPECT(!upstream_was_asked("tunnel.example"));
	EXPECT(!upstream_was_asked("sub.cloud.example"));
	EXPECT_INT(world.n_opens, 0);
	/* The control: the log does show what was asked. */
	EXPECT(upstream_was_asked("cloud.example"));
}

TEST(a_name_below_an_owners_suffix_is_declared)
{
	begin();
	struct heard heard = camera_asks("a.wide.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.30"));
	EXPECT(was_opened(CAMERA, OTHER_SLOT, "198.18.5.30"));
	EXPECT_INT(camera_asks("notwide.example", DNS_A).rcode, DNS_NXDOMAIN);
}

TEST(an_answer_that_points_inside_is_withheld_whole)
{
	static const struct {
		const char *name;
		uint16_t type;
	} rebinds[] = {
		{"rebind.example", DNS_A}, {"mixed.example", DNS_A}, {"rebind6.example", DNS_AAAA}};

	begin();
	for (size_t i = 0; i < 3; i++) {
		struct heard heard = camera_asks(rebinds[i].name, rebinds[i].type);
		EXPECT(heard.came);
		EXPECT_INT(heard.n_addresses, 0);
		EXPECT(reported(ANSWER_REBIND, rebinds[i].name) != NULL);
		EXPECT(upstream_was_asked(rebinds[i].name));
	}
	EXPECT_INT(world.n_opens, 0);
	struct heard phone = ask_from("192.168.77.12", "192.168.77.1", "mixed.example", DNS_A);
	EXPECT(phone.came);
	EXPECT_INT(phone.n_addresses, 0);
}

TEST(a_chain_of_aliases_is_opened_under_the_name_that_was_asked)
{
	begin();
	struct heard heard = camera_asks("alias.example", DNS_A);
	EXPECT_INT(heard.n_cnames, 2);
	EXPECT(has(&heard, "198.18.5.7"));
	EXPECT(was_opened(CAMERA, SLOT, "198.18.5.7"));
	EXPECT(reported(ANSWER_GIVEN, "alias.example") != NULL);
	/* ... which does not declare the names on the way. */
	EXPECT_INT(camera_asks("edge.cdn.example", DNS_A).rcode, DNS_NXDOMAIN);
}

TEST(a_loop_of_aliases_fails_and_ends)
{
	begin();
	struct heard heard = camera_asks("loop.example", DNS_A);
	EXPECT(heard.came);
	EXPECT_INT(heard.n_addresses, 0);
}

TEST(an_answer_that_lives_for_no_time_still_opens_for_the_floor)
{
	begin();
	struct heard heard = camera_asks("short.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.2"));
	EXPECT_INT(heard.ttl_s, 0);
	EXPECT_INT(world.open[0].seconds, 360);
}

TEST(both_families_of_device_and_name_are_served)
{
	begin();
	struct heard heard = ask_from("fd77::11", "fd77::1", "cloud.example", DNS_AAAA);
	EXPECT(has(&heard, "2001:db8:5::1"));
	EXPECT(was_opened(CAMERA, SLOT, "2001:db8:5::1"));
	heard = ask_from("fd77::11", "fd77::1", "cloud.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.1"));
}

TEST(a_name_without_an_address_of_the_family_is_answered_with_none)
{
	begin();
	struct heard heard = camera_asks("v4only.example", DNS_AAAA);
	EXPECT(heard.came);
	EXPECT_INT(heard.rcode, DNS_NOERROR);
	EXPECT_INT(heard.n_addresses, 0);
	EXPECT_INT(camera_asks("gone.example", DNS_A).rcode, DNS_NXDOMAIN);
}

TEST(a_held_device_gets_no_records_that_carry_messages)
{
	begin();
	EXPECT_INT(camera_asks("cloud.example", DNS_ANY).rcode, DNS_NOTIMP);
	EXPECT_INT(camera_asks("cloud.example", 10).rcode, DNS_NOTIMP);
	EXPECT_INT(camera_asks("cloud.example", 252).rcode, DNS_REFUSED);
	struct heard https = camera_asks("cloud.example", DNS_HTTPS);
	EXPECT_INT(https.rcode, DNS_NOERROR);
	EXPECT_INT(camera_asks("a.wide.example", DNS_TXT).rcode, DNS_NOERROR);
	EXPECT(!upstream_was_asked("cloud.example. HTTPS"));
	EXPECT(!upstream_was_asked("a.wide.example. TXT"));
	EXPECT_INT(camera_asks("info.example", DNS_TXT).rcode, DNS_NOERROR);
	EXPECT(upstream_was_asked("info.example. TXT"));
}

TEST(a_device_that_waits_gets_the_gateway_for_every_name)
{
	begin();
	struct heard heard =
		ask_from("192.168.77.13", "192.168.77.1", "whatever.at.all.example", DNS_A);
	EXPECT_INT(heard.n_addresses, 1);
	EXPECT(has(&heard, "192.168.77.1"));
	heard = ask_from("192.168.77.13", "192.168.77.1", "whatever.at.all.example", DNS_AAAA);
	EXPECT(has(&heard, "fd77::1"));
	EXPECT(!upstream_was_asked("whatever.at.all"));
}

TEST(an_open_device_resolves_all_but_other_resolvers)
{
	begin();
	struct heard heard = ask_from("192.168.77.12", "192.168.77.1", "edge.cdn.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.7"));
	EXPECT_INT(world.n_opens, 0);
	static const char *const refused[] = {
		"dns.google", "use-application-dns.net", "abc.dns.nextdns.io", "printer.local"};
	for (size_t i = 0; i < 4; i++) {
		heard = ask_from("192.168.77.12", "192.168.77.1", refused[i], DNS_A);
		EXPECT_INT(heard.rcode, DNS_NXDOMAIN);
		EXPECT(!upstream_was_asked(refused[i]));
	}
	EXPECT(reported(ANSWER_GIVEN, "edge.cdn.example") != NULL);
}

TEST(a_stranger_is_answered_nothing)
{
	begin();
	EXPECT(!ask_from("192.168.77.99", "192.168.77.1", "cloud.example", DNS_A).came);
	/* A connection of his is closed at once. */
	int fd = device_socket("192.168.77.99", "192.168.77.1", SOCK_STREAM);
	struct pollfd closed = {.fd = fd, .events = POLLIN};
	EXPECT_INT(poll(&closed, 1, 1000), 1);
	uint8_t byte;
	EXPECT(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0);
	close(fd);
}

static size_t
stream_ask(int fd, const char *name, uint16_t type)
{
	uint8_t bytes[514];
	size_t len = question(bytes + 2, name, type, false);

	bytes[0] = (uint8_t)(len >> 8);
	bytes[1] = (uint8_t)len;
	EXPECT_INT(send(fd, bytes, len + 2, 0), (ssize_t)(len + 2));
	return len;
}

static struct heard
stream_hear(int fd)
{
	uint8_t bytes[8192];
	size_t have = 0;
	struct heard heard = {0};

	for (int i = 0; i < 2000; i++) {
		loop_once(false);
		/* Only one message at a time, so that the next stays in the socket. */
		size_t want = have < 2 ? 2 - have : 2 + ((size_t)bytes[0] << 8 | bytes[1]) - have;
		ssize_t n = recv(fd, bytes + have, want, MSG_DONTWAIT);
		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
		if (have > 2 && have == 2 + ((size_t)bytes[0] << 8 | bytes[1])) {
			read_reply(&heard, bytes + 2, have - 2);
			break;
		}
		if (n < 0)
			usleep(1000);
	}
	return heard;
}

TEST(a_long_answer_is_truncated_and_comes_whole_by_tcp)
{
	begin();
	int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
	uint8_t bytes[512];
	size_t len = question(bytes, "many.example", DNS_A, false);
	EXPECT_INT(send(fd, bytes, len, 0), (ssize_t)len);
	struct heard cut = hear_on(fd, 2000);
	EXPECT(cut.came && cut.is_truncated && cut.len <= 512);
	close(fd);
	fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_STREAM);
	stream_ask(fd, "many.example", DNS_A);
	stream_ask(fd, "cloud.example", DNS_A);
	struct heard first = stream_hear(fd), second = stream_hear(fd);
	EXPECT(first.came && second.came);
	EXPECT_INT(first.n_addresses + second.n_addresses, 51);
	EXPECT(!first.is_truncated && !second.is_truncated);
	close(fd);
}

TEST(a_device_may_hold_eight_connections_and_no_more)
{
	int fd[12], answered = 0;

	begin();
	for (int i = 0; i < 12; i++) {
		fd[i] = device_socket("192.168.77.14", "192.168.77.1", SOCK_STREAM);
		pump(5);
	}
	for (int i = 0; i < 12; i++) {
		struct pollfd open = {.fd = fd[i], .events = POLLIN};
		if (poll(&open, 1, 20) == 0)
			answered++;
		close(fd[i]);
	}
	EXPECT_INT(answered, 8);
	pump(50);
	EXPECT(camera_asks("cloud.example", DNS_A).came);
}

TEST(a_refusal_of_the_enforcer_becomes_a_failure_and_is_told)
{
	begin();
	world.says = ERR_KERNEL;
	struct heard heard = camera_asks("cloud.example", DNS_A);
	EXPECT_INT(heard.rcode, DNS_SERVFAIL);
	EXPECT_INT(heard.n_addresses, 0);
	EXPECT(reported(ANSWER_REFUSED, "cloud.example") != NULL);
}

TEST(an_answer_of_an_older_policy_is_decided_again_by_the_newer)
{
	static const char *const other[] = {"short.example", NULL};

	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
	ask_on(fd, "cloud.example", DNS_A);
	EXPECT(!hear_on(fd, 100).came);
	/* The name is taken away while its address is being opened. */
	view(CAMERA, ++generation, VIEW_DECLARED, "192.168.77.11", "fd77::11", other);
	world.withholds = false;
	world.says = ERR_STALE;
	answer_opens();
	struct heard heard = hear_on(fd, 1000);
	EXPECT(heard.came);
	EXPECT_INT(heard.rcode, DNS_NXDOMAIN);
	EXPECT_INT(heard.n_addresses, 0);
	close(fd);
}

TEST(without_an_enforcer_only_what_is_open_is_answered)
{
	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	channel_free(world.enforcer);
	world.enforcer = NULL;
	pump(50);
	struct heard open = camera_asks("cloud.example", DNS_A);
	EXPECT(has(&open, "198.18.5.1"));
	struct heard closed = camera_asks("short.example", DNS_A);
	EXPECT_INT(closed.rcode, DNS_SERVFAIL);
	EXPECT_INT(closed.n_addresses, 0);
	/* It comes back in time for the next. */
	int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
	ask_on(fd, "v4only.example", DNS_A);
	EXPECT(!hear_on(fd, 300).came);
	world.enforcer = connect_peer(PROCESS_ENFORCER, "enforcer");
	struct heard late = hear_on(fd, 1000);
	EXPECT(late.came);
	EXPECT_INT(late.n_addresses, 1);
	close(fd);
}

TEST(a_question_repeated_while_it_waits_is_answered_once)
{
	uint8_t bytes[512];
	unsigned answers = 0;

	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.15", "192.168.77.1", SOCK_DGRAM);
	size_t len = question(bytes, "cloud.example", DNS_A, true);
	for (int i = 0; i < 5; i++) {
		EXPECT_INT(send(fd, bytes, len, 0), (ssize_t)len);
		pump(20);
	}
	EXPECT_INT(world.n_opens, 1);
	answer_opens();
	while (hear_on(fd, 200).came)
		answers++;
	EXPECT_INT(answers, 1);
	close(fd);
}

TEST(a_device_may_have_only_so_many_questions_waiting)
{
	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.15", "192.168.77.1", SOCK_DGRAM);
	for (int i = 0; i < 100; i++) {
		char name[64];
		snprintf(name, sizeof name, "q%d.wide.example", i);
		ask_on(fd, name, DNS_A);
		pump(2);
	}
	pump(100);
	EXPECT(world.n_opens >= 32 && world.n_opens <= 64);
	/* Others are served meanwhile, and these when the enforcer answers. */
	world.withholds = false;
	answer_opens();
	struct heard heard = camera_asks("cloud.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.1"));
	EXPECT(hear_on(fd, 1000).came);
	close(fd);
}

TEST(names_go_upstream_in_random_case)
{
	char path[512], line[1024];
	bool is_mixed = false;

	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	snprintf(path, sizeof path, "%s/upstream.log", folder);
	FILE *log = fopen(path, "r");
	EXPECT(log != NULL);
	while (fgets(line, sizeof line, log))
		is_mixed = is_mixed || (strcasestr(line, "example.") && !strstr(line, "example."));
	fclose(log);
	EXPECT(is_mixed);
}

TEST(what_a_personal_device_asks_is_told_to_nobody)
{
	static struct message_view m;

	begin();
	memset(&m, 0, sizeof m);
	m.device = PHONE;
	m.generation = generation;
	m.mode = VIEW_OPEN;
	m.n_addresses = 1;
	EXPECT(ip_parse(&m.address[0], "192.168.77.12"));
	EXPECT(!channel_send(world.engine, MESSAGE_VIEW, 0, &m, message_view_len(&m), -1));
	pump(20);
	EXPECT(ask_from("192.168.77.12", "192.168.77.1", "edge.cdn.example", DNS_A).came);
	EXPECT(ask_from("192.168.77.12", "192.168.77.1", "mixed.example", DNS_A).came);
	EXPECT(ask_from("192.168.77.12", "192.168.77.1", "dns.google", DNS_A).came);
	pump(50);
	for (unsigned i = 0; i < world.n_reports; i++)
		EXPECT(world.report[i].device != PHONE);
}

TEST(an_enforcer_that_never_answers_becomes_a_failure)
{
	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.15", "192.168.77.1", SOCK_DGRAM);
	ask_on(fd, "cloud.example", DNS_A);
	struct heard heard = hear_on(fd, 4000);
	EXPECT(heard.came);
	EXPECT_INT(heard.rcode, DNS_SERVFAIL);
	EXPECT_INT(heard.n_addresses, 0);
	/* Its answer, late as it is, harms nothing. */
	world.withholds = false;
	answer_opens();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	close(fd);
}

static void
forget_device(uint32_t device)
{
	static struct message_view m;

	memset(&m, 0, sizeof m);
	m.device = device;
	m.generation = ++generation;
	m.mode = VIEW_STATUS_PAGE;
	m.is_gone = true;
	EXPECT(!channel_send(world.engine, MESSAGE_VIEW, 0, &m, message_view_len(&m), -1));
}

TEST(a_device_that_is_forgotten_while_it_waits_is_answered_nothing)
{
	begin();
	world.withholds = true;
	int fd = device_socket("192.168.77.15", "192.168.77.1", SOCK_DGRAM);
	ask_on(fd, "cloud.example", DNS_A);
	pump(100);
	EXPECT_INT(world.n_opens, 1);
	forget_device(HUB);
	pump(50);
	world.withholds = false;
	answer_opens();
	EXPECT(!hear_on(fd, 300).came);
	ask_on(fd, "cloud.example", DNS_A);
	EXPECT(!hear_on(fd, 300).came);
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	close(fd);
}

static long
resident_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "r");
	EXPECT(file != NULL);
	while (fgets(line, sizeof line, file))
		sscanf(line, "Pss: %ld kB", &kb);
	fclose(file);
	return kb;
}

TEST(ten_thousand_devices_fit_and_the_camera_is_still_served)
{
	enum { FIRST = 1000, COUNT = 10000 };
	static struct message_view m;

	begin();
	long before = resident_kb(world.resolver);
	for (uint32_t i = 0; i < COUNT; i++) {
		memset(&m, 0, sizeof m);
		m.device = FIRST + i;
		m.generation = 1;
		m.mode = VIEW_DECLARED;
		m.n_addresses = 3;
		for (int k = 0; k < 3; k++) {
			const uint8_t byte[4] = {
				10, (uint8_t)(k + 1), (uint8_t)(i >> 8), (uint8_t)i};
			m.address[k] = ip_from_v4(byte);
		}
		m.n_names = 8;
		for (unsigned k = 0; k < 8; k++) {
			m.name[k].slot = (uint16_t)(k + 1);
			snprintf(
				m.name[k].name, VIEW_NAME_MAX, "service-%u.maker-%u.example", k, i);
		}
		EXPECT(!channel_send(world.engine, MESSAGE_VIEW, 0, &m, message_view_len(&m), -1));
		if (i % 50 == 0)
			pump_all();
	}
	pump_all();
	pump(100);
	long after = resident_kb(world.resolver);
	print_message("10,000 devices: PSS %ld kB, %ld kB before\n", after, before);
	EXPECT(after > before + 1000);
	EXPECT(after < 24 * 1024);
	struct heard heard = camera_asks("cloud.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.1"));
	for (uint32_t i = 0; i < COUNT; i++) {
		forget_device(FIRST + i);
		if (i % 50 == 0)
			pump_all();
	}
	pump(100);
	EXPECT(camera_asks("cloud.example", DNS_A).came);
}

TEST(a_flood_of_one_device_is_limited_and_harms_no_other)
{
	begin();
	int fd = device_socket("192.168.77.14", "192.168.77.1", SOCK_DGRAM);
	unsigned answers = 0;
	for (int i = 0; i < 3000; i++) {
		char name[64];
		uint8_t bytes[512];
		snprintf(name, sizeof name, "x%d.tunnel-of-the-flooder.example", i);
		size_t len = question(bytes, name, DNS_A, false);
		(void)!send(fd, bytes, len, MSG_DONTWAIT);
		if (i % 50 == 0)
			pump(2);
		while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
			answers++;
	}
	EXPECT(answers > 0 && answers < 300);
	struct heard heard = camera_asks("cloud.example", DNS_A);
	EXPECT(has(&heard, "198.18.5.1"));
	EXPECT(reported(ANSWER_LIMITED, "") != NULL);
	EXPECT(!upstream_was_asked("tunnel-of-the-flooder"));
	unsigned told = 0;
	for (unsigned i = 0; i < world.n_reports; i++)
		told += world.report[i].kind == ANSWER_UNDECLARED;
	EXPECT(told > 0 && told <= 20);
	close(fd);
}

TEST(noise_instead_of_questions_is_survived)
{
	begin();
	int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
	uint8_t bytes[1024];
	srandom(7);
	for (int i = 0; i < 100; i++) {
		size_t len = (size_t)(random() % 600);
		for (size_t j = 0; j < len; j++)
			bytes[j] = (uint8_t)random();
		if (len > 2)
			bytes[2] &= 0x7f;
		(void)!send(fd, bytes, len, MSG_DONTWAIT);
		while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
			;
	}
	close(fd);
	pump(2500);
	EXPECT(camera_asks("cloud.example", DNS_A).came);
}

static void
fetcher_asks(const char *name)
{
	struct message_lookup m = {0};

	snprintf(m.name, sizeof m.name, "%s", name);
	world.n_looked_up = 0;
	EXPECT(!channel_send(world.fetcher, MESSAGE_LOOKUP, 5, &m, sizeof m, -1));
	for (int i = 0; i < 300 && !world.n_looked_up; i++)
		pump(10);
	EXPECT_INT(world.n_looked_up, 1);
}

TEST(the_fetcher_gets_both_families_and_nothing_inside)
{
	begin();
	fetcher_asks("cloud.example");
	EXPECT_INT(world.looked_up.err, ERR_OK);
	EXPECT_INT(world.looked_up.n_addresses, 2);
	fetcher_asks("mixed.example");
	EXPECT_INT(world.looked_up.err, ERR_DENIED);
	EXPECT_INT(world.looked_up.n_addresses, 0);
	fetcher_asks("gone.example");
	EXPECT_INT(world.looked_up.err, ERR_NOT_FOUND);
}

TEST(a_dead_upstream_is_said_once_and_what_is_cached_goes_on)
{
	begin();
	EXPECT(camera_asks("cloud.example", DNS_A).came);
	stop(&world.upstream);
	for (int i = 0; i < 4; i++) {
		char name[64];
		snprintf(name, sizeof name, "new%d.wide.example", i);
		int fd = device_socket("192.168.77.11", "192.168.77.1", SOCK_DGRAM);
		ask_on(fd, name, DNS_A);
		struct heard heard = hear_on(fd, 12000);
		EXPECT(heard.came);
		EXPECT_INT(heard.rcode, DNS_SERVFAIL);
		close(fd);
	}
	pump(100);
	EXPECT_INT(world.status.upstream_dead, 1);
	struct heard cached = camera_asks("cloud.example", DNS_A);
	EXPECT(has(&cached, "198.18.5.1"));
	start_upstream();
	bool back = false;
	for (int i = 0; i < 20 && !back; i++) {
		char name[64];
		snprintf(name, sizeof name, "back%d.wide.example", i);
		pump(500);
		struct heard heard = camera_asks(name, DNS_A);
		back = heard.came && heard.rcode != DNS_SERVFAIL;
	}
	EXPECT(back);
	pump(100);
	EXPECT_INT(world.status.upstream_dead, 0);
}

TEST(the_resolver_is_still_the_same_process)
{
	int status;

	EXPECT_INT(waitpid(world.resolver, &status, WNOHANG), 0);
	stop(&world.resolver);
	stop(&world.upstream);
}

__attribute__((constructor)) static void
setup(void)
{
	resolver_path = getenv("RESOLVER");
	upstream_path = getenv("UPSTREAM");
	folder = getenv("FOLDER");
	if (!resolver_path || !upstream_path || !folder) {
		fprintf(stderr, "started by 200-*.sh, with RESOLVER, UPSTREAM and FOLDER\n");
		exit(2);
	}
}
