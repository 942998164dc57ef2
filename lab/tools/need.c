/* SPDX-License-Identifier: Apache-2.0 */
#include "need.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

enum {
	NEED_MAX = 64,
	NEED_TIMEOUT_MS = 4000,
	NEED_TEXT_MAX = 160,
};

struct need {
	char line[NEED_TEXT_MAX];
	char protocol[8], target[64], proof[64];
	uint16_t port;
	int family;
};

/* One check, in a process of its own: true, or a reason. */
struct attempt {
	const struct need *need;
	const char *facts;
	int64_t deadline_ms;
	char why[NEED_TEXT_MAX];
};

static bool
failed(struct attempt *attempt, const char *why)
{
	snprintf(attempt->why, sizeof attempt->why, "%s", why);
	return false;
}

static bool
failed_errno(struct attempt *attempt, const char *what)
{
	snprintf(attempt->why, sizeof attempt->why, "%s: %s", what, strerror(errno));
	return false;
}

/* Write all, read until the wanted bytes have come or the time is over. */
static bool
exchange(struct attempt *attempt, int fd, const void *out, size_t out_len, const void *wanted,
	size_t wanted_len)
{
	char in[1024];
	size_t have = 0;

	if (out_len && send(fd, out, out_len, MSG_NOSIGNAL) != (ssize_t)out_len)
		return failed_errno(attempt, "send");
	while (readable(fd, attempt->deadline_ms) && have < sizeof in) {
		ssize_t len = recv(fd, in + have, sizeof in - have, 0);

		if (len < 0)
			return failed_errno(attempt, "receive");
		if (len == 0)
			break;
		have += (size_t)len;
		if (memmem(in, have, wanted, wanted_len))
			return true;
	}
	return failed(attempt, "no answer of the expected kind");
}

/* MQTT 3.1.1 CONNECT, clean session, client id "need"; and the CONNACK that accepts it. */
static const uint8_t mqtt_connect[] = {
	0x10, 16, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 4, 'n', 'e', 'e', 'd'};
static const uint8_t mqtt_connack[] = {0x20, 2, 0, 0};

static bool
check_tls(struct attempt *attempt, int fd, bool mqtt)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	char in[64];
	SSL *tls;
	int flags;

	if (!context || !SSL_CTX_load_verify_file(context, "/etc/ssl/cert.pem"))
		return failed(attempt, "no trust anchors");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	tls = SSL_new(context);
	if (!tls || !SSL_set1_host(tls, attempt->need->target) ||
		!SSL_set_tlsext_host_name(tls, attempt->need->target) || !SSL_set_fd(tls, fd))
		return failed(attempt, "TLS set-up");

	/* The process has an alarm; blocking is simpler here. */
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK))
		return failed_errno(attempt, "fcntl");
	if (SSL_connect(tls) != 1)
		return failed(attempt, "TLS handshake or certificate");
	if (mqtt) {
		if (SSL_write(tls, mqtt_connect, sizeof mqtt_connect) <= 0 ||
			SSL_read(tls, in, sizeof in) < (int)sizeof mqtt_connack ||
			memcmp(in, mqtt_connack, sizeof mqtt_connack))
			return failed(attempt, "no CONNACK");
		return true;
	}
	if (SSL_write(tls, get, sizeof get - 1) <= 0 || SSL_read(tls, in, sizeof in) <= 0)
		return failed(attempt, "no byte over TLS");
	return true;
}

static bool
check_say(struct attempt *attempt, int fd)
{
	char words[64], *answer;

	snprintf(words, sizeof words, "%s", attempt->need->proof + strlen("say:"));
	answer = strchr(words, '=');
	if (!answer)
		return failed(attempt, "the proof is not \"say:TEXT=ANSWER\"");
	*answer++ = '\n';
	for (char *c = answer; *c; c++)
		if (*c == '_')
			*c = ' ';
	return exchange(attempt, fd, words, (size_t)(answer - words), answer, strlen(answer));
}

static bool
check_tcp(struct attempt *attempt)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	const char *proof = attempt->need->proof;
	struct endpoint endpoint;
	int fd;

	if (!endpoint_find(&endpoint, attempt->facts, attempt->need->target, attempt->need->port,
		    attempt->need->family))
		return failed(attempt, "no address");
	fd = connect_within(&endpoint, (int)(attempt->deadline_ms - now_ms()));
	if (fd < 0)
		return failed_errno(attempt, "connect");
	if (!strcmp(proof, "tls") || !strcmp(proof, "mqtts"))
		return check_tls(attempt, fd, !strcmp(proof, "mqtts"));
	if (!strcmp(proof, "http"))
		return exchange(attempt, fd, get, sizeof get - 1, "HTTP/1", 6);
	if (!strcmp(proof, "mqtt"))
		return exchange(attempt, fd, mqtt_connect, sizeof mqtt_connect, mqtt_connack,
			sizeof mqtt_connack);
	if (!strncmp(proof, "say:", 4))
		return check_say(attempt, fd);
	if (!strcmp(proof, "send")) {
		/* The peer's closing after ours proves that all bytes were taken. */
		static const char page[] = "a page of the virtual home\f";
		char byte;

		if (send(fd, page, sizeof page - 1, MSG_NOSIGNAL) < 0 || shutdown(fd, SHUT_WR))
			return failed_errno(attempt, "send");
		if (!readable(fd, attempt->deadline_ms) || recv(fd, &byte, 1, 0) != 0)
			return failed(attempt, "the bytes were not taken");
		return true;
	}
	return failed(attempt, "no such proof");
}

static bool
check_ntp(struct attempt *attempt)
{
	uint8_t packet[48] = {0x23}; /* version 4, client */
	struct endpoint endpoint;
	int fd;

	if (!endpoint_find(&endpoint, attempt->facts, attempt->need->target, attempt->need->port,
		    attempt->need->family))
		return failed(attempt, "no address");
	fd = socket(attempt->need->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&endpoint.address, endpoint.len) ||
		send(fd, packet, sizeof packet, 0) < 0)
		return failed_errno(attempt, "send");
	if (!readable(fd, attempt->deadline_ms) || recv(fd, packet, sizeof packet, 0) != 48)
		return failed(attempt, "no answer");
	if ((packet[0] & 7) != 4 || packet[1] == 0)
		return failed(attempt, "not a server's answer");
	return true;
}

static bool
check_dns(struct attempt *attempt)
{
	struct endpoint endpoint;

	if (!endpoint_find(
		    &endpoint, attempt->facts, attempt->need->target, 53, attempt->need->family))
		return failed(attempt, "no answer");
	return true;
}

/* A question as a one-shot querier with port 5353 asks it (RFC 6762, 5.2). */
static bool
check_mdns(struct attempt *attempt)
{
	struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(5353)}, here = group;
	struct ip_mreqn membership = {.imr_ifindex = (int)if_nametoindex("eth0")};
	uint8_t question[300] = {0, 0, 0, 0, 0, 1}, in[2048];
	char name[80], *save = NULL;
	size_t len = 12;
	int on = 1;
	int fd;

	inet_pton(AF_INET, "224.0.0.251", &group.sin_addr);
	membership.imr_multiaddr = group.sin_addr;
	snprintf(name, sizeof name, "%s.local", attempt->need->target);
	for (char *label = strtok_r(name, ".", &save); label; label = strtok_r(NULL, ".", &save)) {
		question[len++] = (uint8_t)strlen(label);
		memcpy(question + len, label, strlen(label));
		len += strlen(label);
	}
	memcpy(question + len, "\0\0\14\0\1", 5); /* end, PTR, IN */
	len += 5;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
		bind(fd, (struct sockaddr *)&here, sizeof here) ||
		setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) ||
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &membership, sizeof membership))
		return failed_errno(attempt, "multicast socket");
	for (int tries = 0; tries < 3; tries++) {
		int64_t until = now_ms() + 1200;

		if (sendto(fd, question, len, 0, (struct sockaddr *)&group, sizeof group) < 0)
			return failed_errno(attempt, "send");
		while (readable(fd, until)) {
			ssize_t got = recv(fd, in, sizeof in, 0);

			/* An answer (QR set) to a record of that very name. */
			if (got > 12 && (in[2] & 0x80) && (in[6] || in[7]) &&
				memmem(in, (size_t)got, question + 12,
					strcspn(attempt->need->target, ".") + 1))
				return true;
		}
	}
	return failed(attempt, "nobody answered");
}

static bool
check_ssdp(struct attempt *attempt)
{
	struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(1900)};
	struct ip_mreqn interface = {.imr_ifindex = (int)if_nametoindex("eth0")};
	char out[400], in[2048];
	int len, fd;

	inet_pton(AF_INET, "239.255.255.250", &group.sin_addr);
	len = snprintf(out, sizeof out,
		"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
		"MAN: \"ssdp:discover\"\r\nMX: 1\r\nST: %s\r\n\r\n",
		attempt->need->target);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface))
		return failed_errno(attempt, "multicast socket");
	for (int tries = 0; tries < 3; tries++) {
		int64_t until = now_ms() + 1200;

		if (sendto(fd, out, (size_t)len, 0, (struct sockaddr *)&group, sizeof group) < 0)
			return failed_errno(attempt, "send");
		while (readable(fd, until)) {
			ssize_t got = recv(fd, in, sizeof in, 0);

			if (got > 12 && !memcmp(in, "HTTP/1.1 200", 12) &&
				memmem(in, (size_t)got, attempt->need->target,
					strlen(attempt->need->target)))
				return true;
		}
	}
	return failed(attempt, "nobody answered");
}

static const struct {
	const char *protocol;
	bool (*check)(struct attempt *);
} checks[] = {
	{"tcp", check_tcp},
	{"udp", check_ntp},
	{"dns", check_dns},
	{"mdns", check_mdns},
	{"ssdp", check_ssdp},
};

static bool
check(struct attempt *attempt)
{
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (!strcmp(checks[i].protocol, attempt->need->protocol))
			return checks[i].check(attempt);
	return failed(attempt, "no such protocol");
}

/* Forks; the reason, empty if it went well, comes through the pipe. */
static pid_t
start(const struct need *need, const char *facts, int *from)
{
	struct attempt attempt = {.need = need, .facts = facts};
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid) {
		close(ends[1]);
		*from = ends[0];
		return pid;
	}
	close(ends[0]);
	alarm(NEED_TIMEOUT_MS / 1000 + 2);
	attempt.deadline_ms = now_ms() + NEED_TIMEOUT_MS;
	if (check(&attempt))
		attempt.why[0] = '\0';
	if (write(ends[1], attempt.why, strlen(attempt.why) + 1) < 0)
		_exit(1);
	_exit(0);
}

static int
read_needs(const char *path, struct need needs[static NEED_MAX])
{
	char line[NEED_TEXT_MAX], families[4];
	struct need need;
	int n = 0;
	FILE *file;

	file = fopen(path, "re");
	if (!file) {
		perror(path);
		return -1;
	}
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0' || line[0] == '#')
			continue;
		memset(&need, 0, sizeof need);
		if (sscanf(line, "%7s %63s %hu %63s %3s", need.protocol, need.target, &need.port,
			    need.proof, families) != 5 ||
			n + 2 > NEED_MAX) {
			fprintf(stderr, "%s: \"%s\" is not a flow\n", path, line);
			fclose(file);
			return -1;
		}
		snprintf(need.line, sizeof need.line, "%s %s %u %s", need.protocol, need.target,
			need.port, need.proof);
		for (const char *f = families; *f; f++) {
			need.family = *f == '4' ? AF_INET : AF_INET6;
			needs[n++] = need;
		}
	}
	fclose(file);
	return n;
}

int
need_check_all(const char *facts, const char *path)
{
	static struct need needs[NEED_MAX];
	int from[NEED_MAX], broken = 0;
	int n = read_needs(path, needs);

	for (int i = 0; i < n; i++)
		if (start(&needs[i], facts, &from[i]) < 0)
			return -1;
	for (int i = 0; i < n; i++) {
		char why[NEED_TEXT_MAX];
		ssize_t len = read(from[i], why, sizeof why);
		char family = needs[i].family == AF_INET ? '4' : '6';

		close(from[i]);
		if (len == 1) {
			printf("ok %c %s\n", family, needs[i].line);
			continue;
		}
		broken++;
		printf("broken %c %s: %.*s\n", family, needs[i].line, len > 0 ? (int)len - 1 : 7,
			len > 0 ? why : "no time");
	}
	while (wait(NULL) > 0)
		;
	return n < 0 ? -1 : broken;
}
