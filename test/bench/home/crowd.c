/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many devices behind the whole product, each with a MAC of its own, and the
 * server that they may talk to; all clocks are one.  The devices' ends of the
 * wires are d0, d1 ... in the namespace "dev", the server is in "net".
 *
 *	crowd CTL DEVICES PORTS STEP...
 *
 * CTL is the control socket.  Steps, in this order of use:
 *	join            each asks for an address, says its IPv6 addresses, is admitted
 *	hold COUNT      the first COUNT are held to one rule: the server, UDP
 *	lease ROUNDS    one after the other gives its address back and asks again:
 *	                from the acknowledgement to the first packet at the server
 *	storm ROUNDS    all at once give it back and ask again
 *	harm TRIALS     each in turn talks to the server, as it may, and then knocks at
 *	                its neighbours' telnet: from the third knock, which is over the
 *	                threshold, to its last packet that arrives at the server
 *
 * Prints raw lines for figures.c; fails where a control fails: what must not
 * pass did, or what must pass did not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "message/message.h"

#define SERVER "198.18.1.1"

enum {
	DEVICES_MAX = 10000,
	PORTS_MAX = 100,
	SERVER_PORT = 7000,
	OTHER_PORT = 7001, /* of the same server, in nobody's rule */
	FRAME_MAX = 1600,
	DHCP_LEN = 300,
	AT_ONCE = 50, /* devices that ask for an address at the same time, while joining */
	EACH = 100,   /* leases in a round */
	TRIALS_A_ROUND = 100,
	KNOCKS = 12,
	THRESHOLD = 3, /* knocks at as many neighbours: device/harm.c */
};

#define SECOND_NS      INT64_C(1000000000)
#define MS_NS          INT64_C(1000000)
#define ASK_AGAIN_NS   (500 * MS_NS)
#define PROBE_NS       (MS_NS / 4)
#define STORM_PROBE_NS (50 * MS_NS)

enum phase { IDLE, ASKING, LEASED, THROUGH };

static struct device {
	enum phase phase;
	uint32_t address, offered, server; /* network order */
	int64_t asked_ns, acked_ns, probed_ns, through_ns, last_ns;
	uint32_t arrived, answered, strayed;
} devices[DEVICES_MAX];

static unsigned n_devices, n_ports;
static int wire[PORTS_MAX], far = -1, stray = -1, control = -1;
static uint8_t gateway_mac[6];
static uint64_t knocks_arrived;

static _Noreturn void __attribute__((format(printf, 1, 2))) die(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	fputs("crowd: ", stderr);
	vfprintf(stderr, format, words);
	fputc('\n', stderr);
	exit(1);
}

/* The clock of the kernel's time stamps. */
static int64_t
now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* --- sockets ------------------------------------------------------------------------------------ */

static void
enter(const char *namespace)
{
	char path[128];

	snprintf(path, sizeof path, "/run/netns/%s", namespace);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
}

static void
stamped(int fd)
{
	int yes = 1, size = 8 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
		die("socket: %s", strerror(errno));
}

static int
listen_at(uint16_t port)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, SERVER, &server.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&server, sizeof server))
		die("%s: %s", SERVER, strerror(errno));
	stamped(fd);
	return fd;
}

static void
open_all(const char *ctl)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 20};

	enter("dev");
	for (unsigned i = 0; i < n_ports; i++) {
		char name[IF_NAMESIZE];
		snprintf(name, sizeof name, "d%u", i);
		struct sockaddr_ll link = {.sll_family = AF_PACKET,
			.sll_protocol = htons(ETH_P_ALL),
			.sll_ifindex = (int)if_nametoindex(name)};
		wire[i] = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
		if (wire[i] < 0 || bind(wire[i], (struct sockaddr *)&link, sizeof link))
			die("%s: %s", name, strerror(errno));
		stamped(wire[i]);
	}
	enter("net");
	far = listen_at(SERVER_PORT);
	stray = listen_at(OTHER_PORT);
	snprintf(to.sun_path, sizeof to.sun_path, "%s", ctl);
	control = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (control < 0 || connect(control, (struct sockaddr *)&to, sizeof to) ||
		setsockopt(control, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience))
		die("%s: %s", ctl, strerror(errno));
}

/* One record with time of arrival; 0 when there is none. */
static size_t
receive(int fd, void *out, size_t size, int64_t *at_ns, struct sockaddr *from, socklen_t from_len)
{
	char control_bytes[64];
	struct iovec vector = {out, size};
	struct msghdr message = {.msg_name = from,
		.msg_namelen = from_len,
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control_bytes,
		.msg_controllen = sizeof control_bytes};
	ssize_t n = recvmsg(fd, &message, 0);

	if (n <= 0)
		return 0;
	*at_ns = now_ns();
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;
			memcpy(&t, CMSG_DATA(c), sizeof t);
			*at_ns = t.tv_sec * SECOND_NS + t.tv_nsec;
		}
	return (size_t)n;
}

/* --- the owner ---------------------------------------------------------------------------------- */

static char refusal[512];

static bool
ask(const char *format, ...)
{
	static struct {
		struct message_header header;
		struct message_command command;
	} question;
	static struct {
		struct message_header header;
		struct message_answer answer;
	} answer;
	static uint32_t seq;
	va_list words;
	bool is_fine = false, is_first = true;

	memset(&question, 0, sizeof question);
	va_start(words, format);
	question.command.len = (uint32_t)vsnprintf(
		question.command.text, sizeof question.command.text, format, words);
	va_end(words);
	question.command.role = ROLE_OWNER;
	question.header = (struct message_header){.version = MESSAGE_VERSION,
		.type = MESSAGE_COMMAND,
		.len = (uint32_t)message_command_len(&question.command),
		.seq = ++seq};
	if (send(control, &question, sizeof question.header + question.header.len, 0) < 0)
		die("the engine does not take a command: %s", strerror(errno));
	do {
		ssize_t n = recv(control, &answer, sizeof answer, 0);
		if (n < (ssize_t)sizeof answer.header)
			die("the engine does not answer");
		if (answer.header.type != MESSAGE_ANSWER || answer.header.seq != seq)
			continue;
		if (is_first)
			is_fine = memmem(answer.answer.text, answer.answer.len, "\"ok\":true", 9) ||
				  memmem(answer.answer.text, answer.answer.len, "\"ok\": true", 10);
		is_first = false;
		if (!is_fine)
			snprintf(refusal, sizeof refusal, "%.*s", (int)answer.answer.len,
				answer.answer.text);
	} while (!answer.answer.is_last || answer.header.seq != seq);
	return is_fine;
}

/* --- frames ------------------------------------------------------------------------------------- */

static void
mac_of(unsigned device, uint8_t out[static 6])
{
	uint8_t mac[6] = {0x02, 0xd0, (uint8_t)(device >> 24), (uint8_t)(device >> 16),
		(uint8_t)(device >> 8), (uint8_t)device};
	memcpy(out, mac, sizeof mac);
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t
sum_of(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	return sum;
}

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put_frame(unsigned device, const uint8_t *frame, size_t len)
{
	if (send(wire[device % n_ports], frame, len, 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
		die("device %u cannot send: %s", device, strerror(errno));
}

/* Ethernet and IPv4 heads; the rest of the frame is there already. */
static void
send_ip4(unsigned device, uint8_t *frame, const uint8_t to_mac[static 6], uint32_t from,
	uint32_t to, uint8_t proto, size_t len)
{
	uint8_t *ip = frame + 14;

	memcpy(frame, to_mac, 6);
	mac_of(device, frame + 6);
	put16(frame + 12, 0x0800);
	memcpy(ip, (uint8_t[12]){0x45, [8] = 64, [9] = proto}, 12);
	put16(ip + 2, (uint16_t)(20 + len));
	memcpy(ip + 12, &from, 4);
	memcpy(ip + 16, &to, 4);
	put16(ip + 10, (uint16_t)~fold(sum_of(ip, 20)));
	put_frame(device, frame, 34 + len);
}

static void
send_udp(unsigned device, const uint8_t to_mac[static 6], uint32_t from, uint32_t to,
	uint16_t from_port, uint16_t to_port, const void *payload, size_t len)
{
	uint8_t frame[FRAME_MAX] = {0};

	put16(frame + 34, from_port);
	put16(frame + 36, to_port);
	put16(frame + 38, (uint16_t)(8 + len));
	memcpy(frame + 42, payload, len);
	send_ip4(device, frame, to_mac, from, to, 17, 8 + len);
}

struct probe {
	uint32_t device, zero;
	int64_t sent_ns;
};

static void
probe_port(unsigned i, uint16_t port)
{
	struct probe payload = {.device = i, .sent_ns = now_ns()};
	struct in_addr server;

	inet_pton(AF_INET, SERVER, &server);
	send_udp(i, gateway_mac, devices[i].address, server.s_addr, (uint16_t)(20000 + i % 40000),
		port, &payload, sizeof payload);
	devices[i].probed_ns = payload.sent_ns;
}

static void
probe(unsigned i)
{
	probe_port(i, SERVER_PORT);
}

/* A telnet connection to a neighbour begins: TCP SYN. */
static void
knock(unsigned i, unsigned neighbour)
{
	uint8_t frame[FRAME_MAX] = {0}, *tcp = frame + 34;
	uint32_t from = devices[i].address, to = devices[neighbour].address;

	put16(tcp, (uint16_t)(30000 + neighbour));
	put16(tcp + 2, 23);
	tcp[7] = 1;
	tcp[12] = 0x50;
	tcp[13] = 0x02;
	put16(tcp + 14, 1024);
	uint32_t sum = sum_of(tcp, 20) + sum_of((const uint8_t *)&from, 4) +
		       sum_of((const uint8_t *)&to, 4) + 6 + 20;
	put16(tcp + 16, (uint16_t)~fold(sum));
	send_ip4(i, frame, gateway_mac, from, to, 6, 20);
}

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE };

static void
send_dhcp(unsigned i, int type)
{
	static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
	struct device *device = &devices[i];
	uint8_t bytes[DHCP_LEN] = {1, 1, 6}, *option = bytes + 236;

	put16(bytes + 4, (uint16_t)((i + 1) >> 16));
	put16(bytes + 6, (uint16_t)(i + 1));
	mac_of(i, bytes + 28);
	memcpy(option, (uint8_t[]){99, 130, 83, 99, 53, 1, (uint8_t)type, 55, 3, 1, 3, 6}, 12);
	option += 12;
	if (type == REQUEST) {
		memcpy(option, (uint8_t[]){50, 4}, 2);
		memcpy(option + 2, &device->offered, 4);
		option += 6;
	}
	if (type == REQUEST || type == RELEASE) {
		memcpy(option, (uint8_t[]){54, 4}, 2);
		memcpy(option + 2, &device->server, 4);
		option += 6;
	}
	*option = 255;
	if (type == RELEASE) {
		memcpy(bytes + 12, &device->address, 4);
		send_udp(i, gateway_mac, device->address, device->server, 68, 67, bytes,
			sizeof bytes);
		return;
	}
	device->asked_ns = now_ns();
	send_udp(i, everybody, 0, INADDR_NONE, 68, 67, bytes, sizeof bytes);
}

/* What a device says of its addresses: ARP, and address detection (RFC 4862) twice. */
static void
announce(unsigned i)
{
	uint8_t arp[42] = {255, 255, 255, 255, 255, 255, [12] = 8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
	uint8_t mac[6];

	mac_of(i, mac);
	memcpy(arp + 6, mac, 6);
	memcpy(arp + 22, mac, 6);
	memcpy(arp + 28, &devices[i].address, 4);
	memcpy(arp + 38, &devices[i].address, 4);
	put_frame(i, arp, sizeof arp);
	for (int is_global = 0; is_global < 2; is_global++) {
		uint8_t frame[78] = {0x33, 0x33, 0xff, mac[3], mac[4], mac[5], [12] = 0x86, 0xdd,
			0x60, [19] = 24, 58, 255};
		uint8_t *target = frame + 62, *group = frame + 38;
		memcpy(frame + 6, mac, 6);
		memcpy(group, (uint8_t[16]){0xff, 2, [11] = 1, 0xff, mac[3], mac[4], mac[5]}, 16);
		frame[54] = 135;
		memcpy(target,
			is_global ? (uint8_t[8]){0xfd, 0x77, 0x70, 0x69, 0x6e, 0x66}
				  : (uint8_t[8]){0xfe, 0x80},
			8);
		memcpy(target + 8,
			(uint8_t[8]){(uint8_t)(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3],
				mac[4], mac[5]},
			8);
		uint32_t sum = sum_of(frame + 22, 32) + sum_of(frame + 54, 24) + 24 + 58;
		put16(frame + 56, (uint16_t)~fold(sum));
		put_frame(i, frame, sizeof frame);
	}
}

/* --- what comes back ---------------------------------------------------------------------------- */

static void
on_dhcp(const uint8_t *frame, size_t len, int64_t at_ns)
{
	const uint8_t *bytes = frame + 42, *end = frame + len;
	uint32_t i = ((uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 |
			     (uint32_t)bytes[6] << 8 | bytes[7]) -
		     1;
	struct device *device = i < n_devices ? &devices[i] : NULL;
	int type = 0;

	if (!device || device->phase != ASKING)
		return;
	for (const uint8_t *at = bytes + 240; at + 2 < end && *at != 255;
		at += *at ? 2 + at[1] : 1) {
		if (*at == 53)
			type = at[2];
		if (*at == 54 && at + 6 <= end)
			memcpy(&device->server, at + 2, 4);
	}
	memcpy(gateway_mac, frame + 6, 6);
	if (type == OFFER) {
		memcpy(&device->offered, bytes + 16, 4);
		send_dhcp(i, REQUEST);
	} else if (type == ACK) {
		memcpy(&device->address, bytes + 16, 4);
		device->acked_ns = at_ns;
		device->probed_ns = 0;
		device->phase = LEASED;
	}
}

static void
on_frame(unsigned port, const uint8_t *frame, size_t len, int64_t at_ns)
{
	if (len < 42 || frame[12] != 8 || frame[13] != 0)
		return;
	if (frame[23] == 6 && frame[36] == 0 && frame[37] == 23)
		knocks_arrived++;
	if (frame[23] != 17)
		return;
	if (frame[34] == 0 && frame[35] == 67 && len > 42 + 240)
		on_dhcp(frame, len, at_ns);
	else if (frame[34] == SERVER_PORT >> 8 && frame[35] == (SERVER_PORT & 255)) {
		unsigned i = (unsigned)frame[2] << 24 | (unsigned)frame[3] << 16 |
			     (unsigned)frame[4] << 8 | frame[5];
		if (i < n_devices && i % n_ports == port)
			devices[i].answered++;
	}
}

static void
take_all(bool answers)
{
	uint8_t frame[FRAME_MAX];
	struct sockaddr_ll link;
	struct sockaddr_in from;
	struct probe probed;
	int64_t at_ns;
	size_t len;

	for (unsigned i = 0; i < n_ports; i++)
		while ((len = receive(wire[i], frame, sizeof frame, &at_ns,
				(struct sockaddr *)&link, sizeof link)))
			if (link.sll_pkttype != PACKET_OUTGOING)
				on_frame(i, frame, len, at_ns);
	while ((len = receive(far, &probed, sizeof probed, &at_ns, (struct sockaddr *)&from,
			sizeof from))) {
		if (len != sizeof probed || probed.device >= n_devices)
			continue;
		struct device *device = &devices[probed.device];
		device->arrived++;
		device->last_ns = at_ns;
		if (device->phase == LEASED && probed.sent_ns >= device->acked_ns) {
			device->phase = THROUGH;
			device->through_ns = at_ns;
		}
		if (answers)
			sendto(far, &probed, sizeof probed, 0, (struct sockaddr *)&from,
				sizeof from);
	}
}

static void
take_strays(void)
{
	struct sockaddr_in from;
	struct probe probed;
	int64_t at_ns;

	while (receive(stray, &probed, sizeof probed, &at_ns, (struct sockaddr *)&from,
		       sizeof from) == sizeof probed)
		if (probed.device < n_devices)
			devices[probed.device].strayed++;
}

static void
wait_ns(int64_t ns)
{
	struct pollfd ready[PORTS_MAX + 1];
	struct timespec patience = {.tv_nsec = ns};

	for (unsigned i = 0; i < n_ports; i++)
		ready[i] = (struct pollfd){.fd = wire[i], .events = POLLIN};
	ready[n_ports] = (struct pollfd){.fd = far, .events = POLLIN};
	ppoll(ready, n_ports + 1, &patience, NULL);
}

/* --- steps -------------------------------------------------------------------------------------- */

static void
join(void)
{
	unsigned leased = 0, begun = 0;
	int64_t start_ns = now_ns();

	if (!ask("{\"verb\": \"home.join\", \"args\": {\"minutes\": 120}}"))
		die("the joining window does not open");
	while (leased < n_devices) {
		int64_t at_ns = now_ns();
		if (at_ns - start_ns > 240 * SECOND_NS)
			die("only %u of %u have an address", leased, n_devices);
		for (; begun < n_devices && begun < leased + AT_ONCE; begun++) {
			devices[begun].phase = ASKING;
			send_dhcp(begun, DISCOVER);
		}
		wait_ns(20 * MS_NS);
		take_all(false);
		for (unsigned i = 0; i < begun; i++) {
			if (devices[i].phase == ASKING &&
				at_ns - devices[i].asked_ns > ASK_AGAIN_NS)
				send_dhcp(i, DISCOVER);
			if (devices[i].phase != LEASED)
				continue;
			announce(i);
			devices[i].phase = IDLE;
			leased++;
		}
	}
	fprintf(stderr, "crowd: %u joined in %.1f s\n", n_devices,
		(double)(now_ns() - start_ns) / 1e9);
}

static bool
is_known(const char *name)
{
	for (int tries = 0; tries < 200; tries++) {
		if (ask("{\"verb\": \"device.show\", \"args\": {\"device\": \"%s\"}}", name))
			return true;
		usleep(50000);
	}
	return false;
}

/* Does its packet arrive that no rule names?  Of two, one may be dropped while flows are judged. */
static bool
strays(unsigned i)
{
	uint32_t before = devices[i].strayed;

	for (int tries = 0; tries < 5 && devices[i].strayed == before; tries++) {
		probe_port(i, OTHER_PORT);
		/* Within the cap on new flows. */
		usleep(40000);
		take_strays();
		take_all(false);
	}
	return devices[i].strayed > before;
}

static void
hold(unsigned count)
{
	unsigned step = count / 20 + 1;
	int64_t start_ns = now_ns();

	if (!count || count > n_devices)
		die("hold: 1 to %u", n_devices);

	for (unsigned i = 0; i < count; i += step)
		for (int tries = 0; !strays(i); tries++)
			if (tries == 200)
				die("device %u is watched, and nothing of it arrives", i);
	start_ns = now_ns();

	for (unsigned i = 0; i < count; i++) {
		uint8_t mac[6];
		char name[32];
		mac_of(i, mac);
		snprintf(name, sizeof name, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
			mac[3], mac[4], mac[5]);
		if (!is_known(name) ||
			!ask("{\"verb\": \"policy.add\", \"args\": {\"device\": \"%s\", \"rule\": "
			     "\"allow udp " SERVER " %d\"}}",
				name, SERVER_PORT) ||
			!ask("{\"verb\": \"device.enforce\", \"args\": {\"device\": \"%s\", "
			     "\"from\": \"rules\"}}",
				name))
			die("%s cannot be held: %s", name, refusal);
	}
	int64_t told_ns = now_ns();
	for (unsigned i = 0; i < count; i += i + step < count ? step : 1)
		while (strays(i))
			if (now_ns() - told_ns > 300 * SECOND_NS)
				die("device %u is held, and what no rule names arrives", i);
	fprintf(stderr, "crowd: %u held: said in %.1f s, in force %.1f s later\n", count,
		(double)(told_ns - start_ns) / 1e9, (double)(now_ns() - told_ns) / 1e9);
}

/* Its packets must arrive, or must not, within some seconds. */
static bool
settles(unsigned i, bool passes)
{
	uint32_t quiet = 0;

	for (int64_t end_ns = now_ns() + 30 * SECOND_NS; now_ns() < end_ns;) {
		uint32_t before = devices[i].arrived;
		probe(i);
		wait_ns(2 * MS_NS);
		take_all(false);
		if (devices[i].arrived > before) {
			quiet = 0;
			if (passes)
				return true;
		} else if (++quiet >= 5 && !passes) {
			return true;
		}
	}
	return false;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
p99(double *values, unsigned n)
{
	qsort(values, n, sizeof *values, by_value);
	return values[(n * 99 + 99) / 100 - 1];
}

static double
lease_once(unsigned i)
{
	struct device *device = &devices[i];

	device->phase = IDLE;
	if (!settles(i, true))
		die("device %u is held and cannot reach its server", i);
	send_dhcp(i, RELEASE);
	if (!settles(i, false))
		die("device %u gave its address back and still sends from it", i);
	device->phase = ASKING;
	send_dhcp(i, DISCOVER);
	for (int64_t end_ns = now_ns() + 5 * SECOND_NS; device->phase != THROUGH;) {
		int64_t at_ns = now_ns();
		if (at_ns > end_ns)
			die("device %u does not get through within 5 s", i);
		if (device->phase == ASKING && at_ns - device->asked_ns > ASK_AGAIN_NS)
			send_dhcp(i, DISCOVER);
		if (device->phase == LEASED && at_ns - device->probed_ns >= PROBE_NS)
			probe(i);
		wait_ns(PROBE_NS);
		take_all(false);
	}
	return (double)(device->through_ns - device->acked_ns) / 1e6;
}

static void
lease(int rounds)
{
	for (int round = 0; round < rounds; round++) {
		double ms[EACH];
		for (unsigned i = 0; i < EACH; i++)
			ms[i] = lease_once((unsigned)(round * EACH + (int)i) % n_devices);
		printf("dhcp-to-enforced %.3f\n", p99(ms, EACH));
		fprintf(stderr, "crowd: lease to enforced: median %.2f ms, 99 of 100 within %.2f\n",
			ms[EACH / 2], ms[EACH - 2]);
		fflush(stdout);
	}
}

static void
storm_once(void)
{
	unsigned through = 0;
	int64_t first_ns = INT64_MAX, last_ns = 0;

	for (unsigned i = 0; i < n_devices; i++) {
		devices[i].phase = IDLE;
		send_dhcp(i, RELEASE);
	}
	sleep(2);
	take_all(false);
	for (unsigned i = 0; i < n_devices; i += n_devices / 10 + 1)
		if (!settles(i, false))
			die("device %u gave its address back and still sends from it", i);
	for (unsigned i = 0; i < n_devices; i++) {
		devices[i].phase = ASKING;
		send_dhcp(i, DISCOVER);
	}
	for (int64_t end_ns = now_ns() + 30 * SECOND_NS; through < n_devices;) {
		int64_t at_ns = now_ns();
		if (at_ns > end_ns)
			die("after 30 s only %u of %u are through", through, n_devices);
		for (unsigned i = 0; i < n_devices; i++) {
			struct device *device = &devices[i];
			if (device->phase == ASKING && at_ns - device->asked_ns > ASK_AGAIN_NS)
				send_dhcp(i, DISCOVER);
			if (device->phase == LEASED && at_ns - device->probed_ns >= STORM_PROBE_NS)
				probe(i);
			if (device->phase != THROUGH)
				continue;
			first_ns = device->acked_ns < first_ns ? device->acked_ns : first_ns;
			last_ns = device->through_ns > last_ns ? device->through_ns : last_ns;
			device->phase = IDLE;
			through++;
		}
		wait_ns(2 * MS_NS);
		take_all(false);
	}
	printf("dhcp-to-enforced-%u %.3f\n", n_devices, (double)(last_ns - first_ns) / 1e9);
	fflush(stdout);
}

/* Milliseconds from the knock that is too many to the last packet at the server. */
static double
harm_once(unsigned i)
{
	struct device *device = &devices[i];
	int64_t over_ns = 0, begun_ns, ended_ns;
	unsigned knocks = 0;

	device->answered = 0;
	for (int tries = 0; !device->answered; tries++) {
		if (tries == 200)
			die("device %u is held and gets no answer of its server", i);
		if (tries % 20 == 0)
			probe(i);
		wait_ns(MS_NS);
		take_all(true);
	}
	begun_ns = now_ns();
	for (ended_ns = begun_ns + 400 * MS_NS; now_ns() < ended_ns;) {
		if (knocks < KNOCKS && now_ns() - begun_ns > 20 * MS_NS + knocks * MS_NS) {
			if (++knocks == THRESHOLD)
				over_ns = now_ns();
			knock(i, (i + knocks) % n_devices);
		}
		if (now_ns() - device->probed_ns >= MS_NS / 2)
			probe(i);
		wait_ns(MS_NS / 4);
		take_all(true);
	}
	if (device->last_ns < begun_ns)
		die("device %u did not reach its server before it did harm", i);
	/* Never stopped: that counts as the whole trial, which no goal allows. */
	return device->last_ns > over_ns ? (double)(device->last_ns - over_ns) / 1e6 : 0;
}

static void
harm(unsigned trials)
{
	double ms[TRIALS_A_ROUND];
	unsigned n = 0;

	if (trials > n_devices)
		die("each trial needs a device that did no harm yet");
	for (unsigned i = 0; i < trials; i++) {
		ms[n++] = harm_once(i);
		if (ms[n - 1] > 50)
			fprintf(stderr, "crowd: device %u: %.1f ms\n", i, ms[n - 1]);
		if (n < TRIALS_A_ROUND)
			continue;
		printf("harm-to-containment %.3f\n", p99(ms, n));
		fprintf(stderr, "crowd: harm to containment: median %.2f ms, worst %.2f\n",
			ms[n / 2], ms[n - 1]);
		fflush(stdout);
		n = 0;
	}
	if (knocks_arrived)
		die("%" PRIu64 " knocks arrived at neighbours", knocks_arrived);
}

int
main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: crowd CTL DEVICES PORTS STEP...\n");
		return 2;
	}
	n_devices = (unsigned)atoi(argv[2]);
	n_ports = (unsigned)atoi(argv[3]);
	if (!n_devices || n_devices > DEVICES_MAX || !n_ports || n_ports > PORTS_MAX)
		die("1 to %d devices, 1 to %d ports", DEVICES_MAX, PORTS_MAX);
	open_all(argv[1]);
	for (int i = 4; i < argc; i++) {
		if (!strcmp(argv[i], "join"))
			join();
		else if (!strcmp(argv[i], "hold") && i + 1 < argc)
			hold((unsigned)atoi(argv[++i]));
		else if (!strcmp(argv[i], "lease") && i + 1 < argc)
			lease(atoi(argv[++i]));
		else if (!strcmp(argv[i], "storm") && i + 1 < argc)
			for (int rounds = atoi(argv[++i]); rounds > 0; rounds--)
				storm_once();
		else if (!strcmp(argv[i], "harm") && i + 1 < argc)
			harm((unsigned)atoi(argv[++i]));
		else
			die("\"%s\" is no step", argv[i]);
	}
	return 0;
}
