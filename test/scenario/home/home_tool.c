/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices of a small home do in the scenarios of the whole product, each
 * with a limit on time and count:
 *
 *	home_tool drip SECONDS PORT ADDRESS...
 *		a UDP packet and a TCP segment that opens, every 20 ms, to each address in turn
 *	home_tool stream ADDRESS PORT SECONDS
 *		one TCP connection, a numbered line every 20 ms, each expected back
 *	home_tool questions ADDRESS COUNT
 *		DNS questions for names that nobody has asked for before
 *	home_tool services COUNT
 *		mDNS answers with services of invented names
 *	home_tool claims HEX [ADDRESS]
 *		the bytes as names in mDNS and SSDP, and as User-Agent towards a web server
 *	home_tool capture FILE DEVICES FLOWS
 *		a capture in which so many devices have so many flows in all
 *
 * drip and stream end early on SIGTERM.  Each prints its figures as its last line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TARGETS_MAX = 16, DRIP_US = 20000, LINE_MS = 20, SECONDS_MAX = 300, COUNT_MAX = 200000 };

static volatile sig_atomic_t ended;

static void
on_end(int number)
{
	(void)number;
	ended = 1;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long
number(const char *text, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || n < 1 || n > max) {
		fprintf(stderr, "\"%s\" is not a number from 1 to %ld\n", text, max);
		exit(2);
	}
	return n;
}

struct target {
	struct sockaddr_storage address;
	socklen_t len;
};

static struct target
target_of(const char *text, const char *port)
{
	struct target target = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&target.address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&target.address;
	uint16_t n = htons((uint16_t)number(port, 65535));

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = n;
		target.len = sizeof *four;
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = n;
		target.len = sizeof *six;
	} else {
		fprintf(stderr, "\"%s\" is not an address\n", text);
		exit(2);
	}
	return target;
}

static int
packets_to(struct target *target, const char *address, const char *port)
{
	*target = target_of(address, port);
	return socket(target->address.ss_family, SOCK_DGRAM, 0);
}

static int
drip(int n, char **word)
{
	int64_t end_ms = now_ms() + number(word[0], SECONDS_MAX) * 1000;
	struct target target[TARGETS_MAX];
	int packets[TARGETS_MAX];
	long udp = 0, tcp = 0;

	if (n - 2 > TARGETS_MAX)
		return 2;
	for (int i = 2; i < n; i++)
		packets[i - 2] = packets_to(&target[i - 2], word[i], word[1]);
	for (int i = 0; !ended && now_ms() < end_ms; i = (i + 1) % (n - 2)) {
		const struct sockaddr *to = (struct sockaddr *)&target[i].address;
		int stream = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (sendto(packets[i], "drip", 4, 0, to, target[i].len) == 4)
			udp++;
		if (!connect(stream, to, target[i].len) || errno == EINPROGRESS)
			tcp++;
		close(stream);
		usleep(DRIP_US);
	}
	printf("sent %ld udp %ld tcp %ld\n", udp + tcp, udp, tcp);
	return udp && tcp ? 0 : 1;
}

/* The figures say whether it was one connection all the time, and its longest silence. */
static int
stream(char **word)
{
	struct target target = target_of(word[0], word[1]);
	int64_t end_ms = now_ms() + number(word[2], SECONDS_MAX) * 1000;
	int fd = socket(target.address.ss_family, SOCK_STREAM, 0), yes = 1;
	long lines = 0, back = 0, longest_ms = 0;
	int64_t last_ms, next_ms;
	bool broken = false;

	if (connect(fd, (struct sockaddr *)&target.address, target.len)) {
		printf("lines 0 back 0 longest_ms 0 not connected: %s\n", strerror(errno));
		return 1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	puts("connected");
	fflush(stdout);
	last_ms = next_ms = now_ms();
	while (!broken && (lines != back || (!ended && now_ms() < end_ms))) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int64_t now = now_ms();
		char text[8192];

		if (now - last_ms > 5000)
			break;
		if (now >= next_ms && !ended && now < end_ms) {
			next_ms = now + LINE_MS;
			if (send(fd, "x", 1, MSG_NOSIGNAL) != 1)
				broken = true;
			else
				lines++;
		}
		if (poll(&ready, 1, 5) == 1) {
			ssize_t len = recv(fd, text, sizeof text, 0);

			if (len <= 0) {
				broken = true;
				continue;
			}
			back += len;
			now = now_ms();
			if (now - last_ms > longest_ms)
				longest_ms = now - last_ms;
			last_ms = now;
		}
	}
	printf("lines %ld back %ld longest_ms %ld%s\n", lines, back, longest_ms,
		broken ? " broken" : "");
	return broken || lines != back;
}

static int
questions(char **word)
{
	struct target target = target_of(word[0], "53");
	long count = number(word[1], COUNT_MAX), sent = 0;
	int fd = socket(target.address.ss_family, SOCK_DGRAM, 0);

	for (long i = 0; i < count && !ended; i++) {
		/* A header with one question: n000000.flood.example, A, IN. */
		uint8_t message[64] = {0, 0, 1, 0, 0, 1};
		size_t at = 12;

		message[0] = (uint8_t)(i >> 8);
		message[1] = (uint8_t)i;
		message[at] = (uint8_t)sprintf((char *)message + at + 1, "n%06ld", i);
		at += 1u + message[at];
		memcpy(message + at, "\5flood\7example\0\0\1\0\1", 19);
		at += 19;
		if (sendto(fd, message, at, MSG_DONTWAIT, (struct sockaddr *)&target.address,
			    target.len) > 0)
			sent++;
		else
			usleep(1000);
	}
	printf("sent %ld\n", sent);
	return sent ? 0 : 1;
}

static int
services(char **word)
{
	struct target target = target_of("224.0.0.251", "5353");
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(5353)};
	long count = number(word[0], COUNT_MAX), sent = 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&here, sizeof here)) {
		fprintf(stderr, "port 5353: %s\n", strerror(errno));
		return 1;
	}
	for (long i = 0; i < count && !ended; i++) {
		/* An answer with one record: _http._tcp.local PTR n000000._http._tcp.local. */
		uint8_t message[96] = {0, 0, 0x84, 0, 0, 0, 0, 1};
		size_t at = 12;

		memcpy(message + at, "\5_http\4_tcp\5local\0\0\14\0\1\0\0\0\170\0\12", 28);
		at += 28;
		message[at] = (uint8_t)sprintf((char *)message + at + 1, "n%06ld", i);
		at += 1u + message[at];
		message[at++] = 0xc0;
		message[at++] = 12;
		if (sendto(fd, message, at, MSG_DONTWAIT, (struct sockaddr *)&target.address,
			    target.len) > 0)
			sent++;
		else
			usleep(1000);
	}
	printf("sent %ld\n", sent);
	return sent ? 0 : 1;
}

enum { CLAIM_MAX = 255, LABEL_MAX = 63 };

static size_t
put_label(uint8_t *at, const uint8_t *bytes, size_t len)
{
	if (len > LABEL_MAX)
		len = LABEL_MAX;
	at[0] = (uint8_t)len;
	memcpy(at + 1, bytes, len);
	return len + 1;
}

static bool
send_group(const char *group, const char *port, const void *bytes, size_t len)
{
	struct target target = target_of(group, port);
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(5353)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (!strcmp(port, "5353") && bind(fd, (struct sockaddr *)&here, sizeof here))
		perror("port 5353");
	bool is_sent = sendto(fd, bytes, len, 0, (struct sockaddr *)&target.address, target.len) ==
		       (ssize_t)len;
	close(fd);
	return is_sent;
}

static int
claims(int n, char **word)
{
	uint8_t claim[CLAIM_MAX], message[1024] = {0, 0, 0x84, 0, 0, 0, 0, 2};
	size_t len = 0, at = 12;
	char text[1024], answer[64];

	for (const char *hex = word[0]; hex[0] && hex[1] && len < CLAIM_MAX; hex += 2) {
		unsigned byte;
		if (sscanf(hex, "%2x", &byte) != 1)
			return 2;
		claim[len++] = (uint8_t)byte;
	}
	/* _http._tcp.local PTR CLAIM._http._tcp.local, and CLAIM.local A 10.77.0.9. */
	memcpy(message + at, "\5_http\4_tcp\5local\0\0\14\0\1\0\0\0\170", 26);
	at += 26;
	size_t data = at;
	at += 2;
	at += put_label(message + at, claim, len);
	message[at++] = 0xc0;
	message[at++] = 12;
	message[data] = 0;
	message[data + 1] = (uint8_t)(at - data - 2);
	at += put_label(message + at, claim, len);
	memcpy(message + at, "\5local\0\0\1\0\1\0\0\0\170\0\4\12\115\0\11", 21);
	at += 21;
	bool is_sent = send_group("224.0.0.251", "5353", message, at);

	at = (size_t)sprintf(text,
		"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n"
		"NTS: ssdp:alive\r\nUSN: uuid:1\r\nLOCATION: http://10.77.0.9/\r\nSERVER: ");
	memcpy(text + at, claim, len);
	memcpy(text + at + len, "\r\n\r\n", 4);
	is_sent &= send_group("239.255.255.250", "1900", text, at + len + 4);
	if (n < 2)
		return is_sent ? 0 : 1;

	struct target target = target_of(word[1], "80");
	struct timeval patience = {.tv_sec = 2};
	int fd = socket(target.address.ss_family, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&target.address, target.len)) {
		perror(word[1]);
		return 1;
	}
	at = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: www.news.example\r\nUser-Agent: ");
	memcpy(text + at, claim, len);
	memcpy(text + at + len, "\r\nConnection: close\r\n\r\n", 23);
	is_sent &= send(fd, text, at + len + 23, MSG_NOSIGNAL) == (ssize_t)(at + len + 23);
	is_sent &= recv(fd, answer, sizeof answer, 0) > 0;
	close(fd);
	return is_sent ? 0 : 1;
}

static void
write_frame(FILE *out, uint32_t at, const uint8_t *frame, uint32_t len)
{
	uint32_t head[4] = {1700000000 + at / 1000, at % 1000 * 1000, len, len};

	fwrite(head, sizeof head, 1, out);
	fwrite(frame, len, 1, out);
}

static void
put_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* Device n is 10.x.y.z with n in the last three bytes, and so is its MAC. */
static int
capture(char **word)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};
	long devices = number(word[1], 100000), flows = number(word[2], 10000000);
	FILE *out = fopen(word[0], "w");

	if (!out) {
		perror(word[0]);
		return 1;
	}
	fwrite(head, sizeof head, 1, out);
	flows -= flows % devices;
	for (long i = 0; i < flows; i++) {
		long each = flows / devices, device = i / each, round = i % each;
		uint8_t frame[60] = {
			0x02, 0xfe, 0, 0, 0, 1,                     /* to the gateway */
			0x02, 0xcc, 0, 0, 0, 0,                     /* from the device */
			0x08, 0x00,                                 /* IPv4 */
			0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, /* TCP */
			10, 0, 0, 0,                                /* from the device */
			203, 0, 113, 0,                             /* to a server */
			0, 0, 1, 187, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 32, 0, 0, 0, 0, 0, /* SYN */
		};

		for (int b = 0; b < 3; b++)
			frame[9 + b] = frame[27 + b] = (uint8_t)((device + 1) >> (16 - 8 * b));
		frame[33] = (uint8_t)(1 + round % 250);
		frame[34] = (uint8_t)((1024 + round) >> 8);
		frame[35] = (uint8_t)(1024 + round);
		frame[36] = (uint8_t)(round >> 8);
		frame[37] = (uint8_t)(187 + round);
		put_checksum(frame + 14);
		if (!round) {
			/* It announces itself: a gratuitous ARP request. */
			uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 8,
				6, 0, 1, 8, 0, 6, 4, 0, 1};

			memcpy(arp + 6, frame + 6, 6);
			memcpy(arp + 22, frame + 6, 6);
			memcpy(arp + 28, frame + 26, 4);
			memcpy(arp + 38, frame + 26, 4);
			write_frame(out, (uint32_t)i, arp, sizeof arp);
		}
		write_frame(out, (uint32_t)i, frame, sizeof frame);
	}
	printf("devices %ld flows %ld\n", devices, flows);
	return fclose(out) ? 1 : 0;
}

/* faults FILE CLOCK-AHEAD-SECONDS IS-KERNEL-REFUSING: what faults.c makes happen from now on. */
static int
set_faults(char **word)
{
	const int64_t wanted[] = {strtoll(word[1], NULL, 10), strtoll(word[2], NULL, 10)};
	int fd = open(word[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	/* In place: it is mapped by those who read it. */
	return fd < 0 || pwrite(fd, wanted, sizeof wanted, 0) != sizeof wanted || close(fd);
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_end};

	sigaction(SIGTERM, &act, NULL);
	if (argc >= 5 && !strcmp(argv[1], "drip"))
		return drip(argc - 2, argv + 2);
	if (argc == 5 && !strcmp(argv[1], "stream"))
		return stream(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "questions"))
		return questions(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "services"))
		return services(argv + 2);
	if ((argc == 3 || argc == 4) && !strcmp(argv[1], "claims"))
		return claims(argc - 2, argv + 2);
	if (argc == 5 && !strcmp(argv[1], "capture"))
		return capture(argv + 2);
	if (argc == 5 && !strcmp(argv[1], "faults"))
		return set_faults(argv + 2);
	fputs("usage: home_tool drip|stream|questions|services|claims|capture|faults ...\n",
		stderr);
	return 2;
}
