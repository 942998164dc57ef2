/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real capture process, confined, between a bridge with one device and this
 * program, which plays the monitor, the engine, and frames that the device
 * sends.  210-*.sh makes the world: namespace `dev` with eth0 on port p-a of
 * br-lan (192.168.77.1, fd77::1), eth9 on the uplink up0.
 */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "message/channel.h"
#include "observation/filter.h"

enum { ROWS_MAX = 8192 };

static struct {
	pid_t capture;
	struct channel *monitor, *engine;
	bool is_ready;
	size_t n;
	struct observation row[ROWS_MAX];
	uint64_t arrived_ns; /* of the last rows */
	int device;          /* AF_PACKET on the device's eth0 */
	int outside;         /* ... and on the far side of the uplink */
	uint8_t mac[6];
} world;

/* --- the other processes -------------------------------------------------------------------- */

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	const struct message_observation *message = payload;

	if (header->type == MESSAGE_READY)
		world.is_ready = true;
	if (header->type != MESSAGE_OBSERVATION)
		return;
	world.arrived_ns = clock_monotonic_ns();
	for (size_t i = 0; i < message->n_rows && world.n < ROWS_MAX; i++) {
		world.row[world.n++] = message->row[i];
		if (getenv("SHOW")) {
			const struct observation *row = &message->row[i];
			char mac[MAC_TEXT_MAX], source[IP_TEXT_MAX], target[IP_TEXT_MAX];
			print_message("%-18s %-6s %s dev %u value %u %s:%u -> %s:%u %s|%s\n",
				observed_word((enum observed)row->what), row->port,
				mac_render(row->mac, mac), row->device, row->value,
				ip_render(&row->source, source), row->source_port,
				ip_render(&row->target, target), row->target_port,
				row->claimed_text, row->claimed_detail);
		}
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	print_message("channel of capture: %s\n", why);
}

/* Until a row like this has come, or time is up. */
static const struct observation *
await(enum observed what, const char *text, int ms)
{
	uint64_t until = clock_monotonic_ns() + (uint64_t)ms * CLOCK_MS_NS;
	size_t at = 0;

	do {
		for (; at < world.n; at++)
			if (world.row[at].what == what &&
				(!text || !strcmp(world.row[at].claimed_text, text)))
				return &world.row[at];
		loop_once(false);
		usleep(50);
	} while (clock_monotonic_ns() < until);
	return NULL;
}

static size_t
count(enum observed what)
{
	size_t n = 0;

	for (size_t i = 0; i < world.n; i++)
		n += world.row[i].what == what;
	return n;
}

static void
pump(int ms)
{
	await(OBSERVED_UNKNOWN, NULL, ms);
}

static void
give(enum descriptor what, enum process peer, int fd)
{
	struct message_descriptor descriptor = {.what = (uint8_t)what, .peer = (uint8_t)peer};

	EXPECT(!channel_send(
		world.monitor, MESSAGE_DESCRIPTOR, 0, &descriptor, sizeof descriptor, fd));
	close(fd);
}

static void
tell_link(const char *name)
{
	struct message_link link = {.ifindex = if_nametoindex(name), .up = 1};

	memcpy(link.name, name, strlen(name));
	EXPECT(!channel_send(world.monitor, MESSAGE_LINK, 0, &link, sizeof link, -1));
}

static int
packets(void)
{
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	static struct filter filter;
	struct fault why;
	struct sock_fprog program;
	int fd = socket(AF_PACKET, SOCK_RAW, 0), size = 8 << 20, one = 1;

	EXPECT(!filter_make(&filter, NULL, 0, &why));
	program = (struct sock_fprog){filter.n, filter.code};
	EXPECT(fd >= 0);
	EXPECT(!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
	EXPECT(!setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one));
	EXPECT(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size));
	EXPECT(!bind(fd, (struct sockaddr *)&all, sizeof all));
	return fd;
}

static void
connect_engine(void)
{
	int pair[2];

	EXPECT(!channel_pair(pair));
	channel_free(world.engine);
	world.engine =
		channel_new(pair[0], PROCESS_ENGINE, PROCESS_CAPTURE, on_message, on_closed, NULL);
	give(DESCRIPTOR_PEER, PROCESS_ENGINE, pair[1]);
}

static int
socket_of_device(const char *name)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET};
	int home = open("/proc/self/ns/net", O_RDONLY), there = open("/run/netns/dev", O_RDONLY);
	int fd;

	EXPECT(home >= 0 && there >= 0 && !setns(there, CLONE_NEWNET));
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	to.sll_ifindex = (int)if_nametoindex(name);
	EXPECT(fd >= 0 && !bind(fd, (struct sockaddr *)&to, sizeof to));
	if (!strcmp(name, "eth0")) {
		struct ifreq asked = {0};
		strcpy(asked.ifr_name, name);
		EXPECT(!ioctl(fd, SIOCGIFHWADDR, &asked));
		memcpy(world.mac, asked.ifr_hwaddr.sa_data, 6);
	}
	EXPECT(!setns(home, CLONE_NEWNET));
	close(home);
	close(there);
	return fd;
}

static void
begin(void)
{
	static struct settings settings;
	int pair[2];

	if (world.capture)
		return;
	setvbuf(stdout, NULL, _IOLBF, 0);
	loop_init();
	EXPECT(!channel_pair(pair));
	world.capture = fork();
	if (!world.capture) {
		dup2(pair[1], 3);
		execl(getenv("CAPTURE"), "capture", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	world.monitor =
		channel_new(pair[0], PROCESS_MONITOR, PROCESS_CAPTURE, on_message, on_closed, NULL);
	settings_init(&settings);
	settings.mode = SETTINGS_ROUTER;
	strcpy(settings.bridge, "br-lan");
	settings.n_ports = 1;
	strcpy(settings.port[0], "p-a");
	EXPECT(prefix_parse(&settings.lan4, "192.168.77.1/24"));
	EXPECT(prefix_parse(&settings.lan6, "fd77::1/64"));
	settings.uplink_mode = SETTINGS_UPLINK_NONE;
	strcpy(settings.uplink, "up0");
	EXPECT(!channel_send(world.monitor, MESSAGE_SETTINGS, 0, &settings, sizeof settings, -1));
	give(DESCRIPTOR_PACKETS, PROCESS_UNKNOWN, packets());
	connect_engine();
	/* p-a is told; the bridge's name capture must ask for itself. */
	tell_link("p-a");
	EXPECT(!channel_send(world.monitor, MESSAGE_GO, 0, NULL, 0, -1));
	for (int i = 0; i < 100 && !world.is_ready; i++)
		pump(50);
	EXPECT(world.is_ready);
	world.device = socket_of_device("eth0");
	world.outside = socket_of_device("eth9");
}

static void
forget_rows(void)
{
	pump(100);
	world.n = 0;
}

/* --- what the device sends ------------------------------------------------------------------ */

static void
run(const char *command)
{
	EXPECT(!system(command));
}

/* UDP from the device: an Ethernet, an IPv4 and a UDP head, then the payload. */
static size_t
udp(uint8_t *frame, const char *source, const char *target, uint16_t source_port,
	uint16_t target_port, const void *payload, size_t len)
{
	uint16_t total = (uint16_t)(28 + len), udp_len = (uint16_t)(8 + len);
	uint32_t sum = 0;

	memset(frame, 0, 42);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, world.mac, 6);
	frame[12] = 8;
	frame[14] = 0x45;
	frame[16] = (uint8_t)(total >> 8);
	frame[17] = (uint8_t)total;
	frame[22] = 64;
	frame[23] = IPPROTO_UDP;
	inet_pton(AF_INET, source, frame + 26);
	inet_pton(AF_INET, target, frame + 30);
	for (int i = 14; i < 34; i += 2)
		sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	frame[24] = (uint8_t)(sum >> 8);
	frame[25] = (uint8_t)sum;
	frame[34] = (uint8_t)(source_port >> 8);
	frame[35] = (uint8_t)source_port;
	frame[36] = (uint8_t)(target_port >> 8);
	frame[37] = (uint8_t)target_port;
	frame[38] = (uint8_t)(udp_len >> 8);
	frame[39] = (uint8_t)udp_len;
	memcpy(frame + 42, payload, len);
	return 42 + len;
}

/* --- what must be told ---------------------------------------------------------------------- */

TEST(a_confined_capture_tells_a_lease_its_names_and_the_answer_of_our_own_server)
{
	const struct observation *row;
	char command[512];

	begin();
	snprintf(command, sizeof command,
		"ip -n dev link set eth0 up && ip netns exec dev busybox udhcpc -i eth0 -n -q -f "
		"-t 5 -T 2 -s %s/on-lease -x hostname:cam-7 -V 'acme cam' -x "
		"0xa1:68747470733a2f2f6d75642e6578616d706c652f63 >/dev/null 2>&1",
		getenv("FOLDER"));
	run(command);
	row = await(OBSERVED_DHCP4_ACK, NULL, 2000);
	EXPECT(row);
	EXPECT_MEM(row->mac, world.mac, 6);
	EXPECT_INT(row->value, 3600);
	EXPECT(row->target.version == 4 && row->target.byte[3] >= 50 && row->target.byte[3] <= 60);
	row = await(OBSERVED_DHCP4_REQUEST, NULL, 100);
	EXPECT(row);
	EXPECT_STR(row->port, "p-a");
	EXPECT_MEM(row->mac, world.mac, 6);
	EXPECT(await(OBSERVED_DHCP_HOSTNAME, "cam-7", 100));
	EXPECT(await(OBSERVED_DHCP_VENDOR_CLASS, "acme cam", 100));
	EXPECT(await(OBSERVED_DHCP_PARAMETERS, NULL, 100));
	row = await(OBSERVED_DHCP_MUD_URL, "https://mud.example/c", 100);
	EXPECT(row && row->value == 4);
}

TEST(an_address_made_by_the_device_is_told_when_it_asks_for_duplicates)
{
	const struct observation *row;

	begin();
	run("ip -n dev addr add fd77::99/64 dev eth0");
	for (int i = 0; i < 40; i++) {
		row = await(OBSERVED_ND_DAD, NULL, 100);
		if (count(OBSERVED_ND_DAD) > 1)
			break;
		pump(100);
	}
	bool found = false;
	struct ip wanted;
	EXPECT(ip_parse(&wanted, "fd77::99"));
	for (size_t i = 0; i < world.n; i++)
		found |= world.row[i].what == OBSERVED_ND_DAD &&
			 ip_is_equal(&world.row[i].target, &wanted) &&
			 !strcmp(world.row[i].port, "p-a");
	EXPECT(row && found);
}

/* BOOTREPLY, ACK of 192.168.77.200 for an hour, server 192.168.77.1. */
static size_t
forged_ack(uint8_t *frame)
{
	uint8_t dhcp[260] = {2, 1, 6, 0, 1, 2, 3, 4};

	inet_pton(AF_INET, "192.168.77.200", dhcp + 16);
	memcpy(dhcp + 28, world.mac, 6);
	memcpy(dhcp + 236,
		"\x63\x82\x53\x63"         /* magic cookie */
		"\x35\x01\x05"             /* message type: ACK */
		"\x33\x04\x00\x00\x0e\x10" /* lease: 3600 s */
		"\x36\x04\xc0\xa8\x4d\x01" /* server */
		"\xff",
		20);
	return udp(frame, "192.168.77.1", "255.255.255.255", 67, 68, dhcp, 256);
}

TEST(an_acknowledgement_that_a_device_sends_is_not_our_servers)
{
	uint8_t frame[512];
	size_t len;

	begin();
	forget_rows();
	len = forged_ack(frame);
	EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	EXPECT(send(world.outside, frame, len, 0) == (ssize_t)len);
	pump(300);
	EXPECT_INT(count(OBSERVED_DHCP4_ACK), 0);
}

TEST(what_comes_from_the_uplink_is_nobodys)
{
	uint8_t frame[128];
	size_t len;

	begin();
	forget_rows();
	/* An mDNS response of one A record, on the wrong side. */
	static const uint8_t mdns[] = {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, /* one answer */
		4, 'e', 'v', 'i', 'l', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0x80, 1, 0, 0, 0, 120,
		0, 4, 192, 168, 77, 5};
	len = udp(frame, "192.168.77.5", "224.0.0.251", 5353, 5353, mdns, sizeof mdns);
	EXPECT(send(world.outside, frame, len, 0) == (ssize_t)len);
	pump(200);
	for (size_t i = 0; i < world.n; i++)
		EXPECT(world.row[i].what == OBSERVED_LOST || world.row[i].port[0]);
	EXPECT(!await(OBSERVED_MDNS_NAME, NULL, 10));
	EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	EXPECT(await(OBSERVED_MDNS_NAME, "evil", 1000));
}

TEST(chatter_is_told_once_and_the_rest_counted)
{
	uint8_t frame[128];
	static const uint8_t mdns[] = {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 't', 'a', 'l', 'k',
		5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 168, 77, 5};
	size_t len;

	begin();
	forget_rows();
	len = udp(frame, "192.168.77.5", "224.0.0.251", 5353, 5353, mdns, sizeof mdns);
	for (int i = 0; i < 500; i++)
		EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	EXPECT(await(OBSERVED_MDNS_NAME, "talk", 1000));
	pump(200);
	EXPECT_INT(count(OBSERVED_MDNS_NAME), 1);
}

TEST(what_is_neither_control_nor_the_head_of_a_connection_is_not_even_read)
{
	uint8_t frame[128];
	size_t len;

	begin();
	forget_rows();
	len = udp(frame, "192.168.77.5", "198.18.0.1", 40000, 40001, "data", 4);
	for (int i = 0; i < 100; i++)
		EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	pump(300);
	EXPECT_INT(count(OBSERVED_IP), 0);
	EXPECT_INT(count(OBSERVED_MAC_SEEN), 0);
}

TEST(a_denial_names_reason_device_port_and_addresses_within_milliseconds)
{
	enum { TRIES = 100 };
	uint64_t took[TRIES], worst = 0, sum = 0;
	uint8_t frame[128];
	size_t len;

	begin();
	forget_rows();
	len = udp(frame, "192.168.77.66", "198.18.0.9", 1234, 23, "x", 1);
	for (int i = 0; i < TRIES; i++) {
		const struct observation *row;
		uint64_t start;
		world.n = 0;
		start = clock_monotonic_ns();
		EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
		row = await(OBSERVED_DENIED, NULL, 1000);
		EXPECT(row);
		took[i] = world.arrived_ns - start;
		EXPECT_INT(row->value, REASON_UNBOUND4);
		EXPECT_INT(row->device, 9);
		EXPECT_STR(row->port, "p-a");
		EXPECT_MEM(row->mac, world.mac, 6);
		EXPECT_INT(row->target_port, 23);
		EXPECT_INT(row->proto, IPPROTO_UDP);
		EXPECT(row->source.byte[3] == 66 && row->target.byte[0] == 198);
	}
	for (int i = 0; i < TRIES; i++) {
		sum += took[i];
		worst = took[i] > worst ? took[i] : worst;
	}
	print_message("packet to row: mean %llu us, worst %llu us\n",
		(unsigned long long)(sum / TRIES / 1000), (unsigned long long)(worst / 1000));
	EXPECT(sum / TRIES < 5 * CLOCK_MS_NS);
}

TEST(a_forged_arp_answer_is_told_with_the_address_it_claims)
{
	uint8_t frame[42] = {[12] = 8, 6, 0, 1, 8, 0, 6, 4, 0, 2};
	const struct observation *row;

	begin();
	forget_rows();
	memset(frame, 0xff, 6);
	memcpy(frame + 6, world.mac, 6);
	memcpy(frame + 22, world.mac, 6);
	inet_pton(AF_INET, "192.168.77.1", frame + 28);
	inet_pton(AF_INET, "192.168.77.50", frame + 38);
	EXPECT(send(world.device, frame, sizeof frame, 0) == sizeof frame);
	row = await(OBSERVED_DENIED, NULL, 1000);
	EXPECT(row && row->value == REASON_ARP_SPOOF);
	EXPECT(row->source.version == 4 && row->source.byte[3] == 1);
}

TEST(a_log_that_is_not_of_our_rules_tells_nothing)
{
	uint8_t frame[128];
	size_t len;

	begin();
	forget_rows();
	len = udp(frame, "192.168.77.55", "192.168.77.1", 1234, 7778, "x", 1);
	EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	pump(200);
	EXPECT_INT(count(OBSERVED_DENIED), 0);
	len = udp(frame, "192.168.77.66", "198.18.0.9", 1234, 23, "x", 1);
	EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	EXPECT(await(OBSERVED_DENIED, NULL, 1000));
}

TEST(the_end_of_a_connection_tells_its_device_and_how_much_it_was)
{
	const struct observation *row;
	uint8_t frame[128];
	size_t len;

	begin();
	forget_rows();
	len = udp(frame, "192.168.77.55", "192.168.77.1", 4321, 7777, "hello", 5);
	for (int i = 0; i < 3; i++)
		EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	pump(50);
	run("conntrack -D -p udp --dport 7777 >/dev/null 2>&1");
	row = await(OBSERVED_FLOW_END, NULL, 1000);
	EXPECT(row);
	EXPECT_INT(row->device, 7);
	EXPECT_INT(row->source_port, 4321);
	EXPECT_INT(row->target_port, 7777);
	EXPECT(row->packets == 3 && row->bytes == 99);
}

TEST(rows_wait_while_the_engine_is_away)
{
	uint8_t frame[128];
	size_t len;

	begin();
	forget_rows();
	channel_free(world.engine);
	world.engine = NULL;
	pump(50);
	len = udp(frame, "192.168.77.66", "198.18.0.9", 1234, 99, "x", 1);
	EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	pump(300);
	connect_engine();
	const struct observation *row = await(OBSERVED_DENIED, NULL, 1000);
	EXPECT(row && row->target_port == 99);
}

TEST(a_flood_while_the_engine_is_away_is_bounded_and_its_loss_told)
{
	uint8_t frame[128];
	size_t len, lost = 0;

	begin();
	forget_rows();
	channel_free(world.engine);
	world.engine = NULL;
	pump(50);
	for (int i = 0; i < 20000; i++) {
		char source[32];
		snprintf(source, sizeof source, "192.168.77.%d", 100 + i % 100);
		len = udp(frame, source, "224.0.0.251", (uint16_t)(1024 + i), 5353, "junk", 4);
		frame[8] = (uint8_t)i;
		frame[9] = (uint8_t)(i >> 8);
		EXPECT(send(world.device, frame, len, 0) == (ssize_t)len);
	}
	pump(500);
	connect_engine();
	/* Frames that the socket could not hold are counted every five seconds. */
	for (int i = 0; i < 70 && lost + world.n < 20000; i++) {
		lost = 0;
		pump(100);
		for (size_t k = 0; k < world.n; k++)
			if (world.row[k].what == OBSERVED_LOST)
				lost += world.row[k].value;
	}
	print_message("%zu rows kept, %zu told as lost\n", world.n, lost);
	EXPECT(world.n < ROWS_MAX);
	EXPECT(lost + world.n >= 20000);
	EXPECT(!kill(world.capture, 0));
}

TEST(the_process_ends_with_its_monitor)
{
	int status;

	begin();
	channel_free(world.monitor);
	for (int i = 0; i < 50 && waitpid(world.capture, &status, WNOHANG) == 0; i++)
		usleep(20000);
	EXPECT(kill(world.capture, 0));
}
