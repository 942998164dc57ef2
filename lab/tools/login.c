/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LOGIN_CONNECT_MS = 2500, /* a door that opens at all does so at once; a shell takes time */
	TELNET_IAC = 255,
	TELNET_DONT = 254,
	TELNET_DO = 253,
	TELNET_WONT = 252,
	TELNET_WILL = 251,
	TELNET_SB = 250,
	TELNET_SE = 240,
	LOGINS_AT_ONCE = 64,
};

struct telnet {
	int fd;
	int64_t deadline_ms;
	char text[4096]; /* what came since the last answer of ours, commands removed */
	size_t len;
};

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static bool
say(int fd, const void *bytes, size_t len)
{
	return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Take the commands (RFC 854) out of what came, and refuse every option. */
static void
take_text(struct telnet *telnet, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t answer[3] = {TELNET_IAC};

		if (in[i] != TELNET_IAC) {
			if (telnet->len < sizeof telnet->text - 1 && in[i])
				telnet->text[telnet->len++] = (char)in[i];
			continue;
		}
		if (i + 2 >= len)
			return;
		if (in[i + 1] == TELNET_SB) {
			while (i + 1 < len && !(in[i] == TELNET_IAC && in[i + 1] == TELNET_SE))
				i++;
			i++;
			continue;
		}
		if (in[i + 1] == TELNET_DO)
			answer[1] = TELNET_WONT;
		else if (in[i + 1] == TELNET_WILL)
			answer[1] = TELNET_DONT;
		answer[2] = in[i + 2];
		if (answer[1])
			say(telnet->fd, answer, sizeof answer);
		i += 2;
	}
	telnet->text[telnet->len] = '\0';
}

static bool
wait_for(struct telnet *telnet, const char *wanted)
{
	uint8_t in[512];

	for (;;) {
		ssize_t len;

		telnet->text[telnet->len] = '\0';
		if (strstr(telnet->text, wanted)) {
			telnet->len = 0;
			return true;
		}
		if (strstr(telnet->text, "incorrect") || !readable(telnet->fd, telnet->deadline_ms))
			return false;
		len = recv(telnet->fd, in, sizeof in, 0);
		if (len <= 0)
			return false;
		take_text(telnet, in, (size_t)len);
	}
}

static bool
telnet_works(
	const struct endpoint *endpoint, const char *user, const char *password, int timeout_ms)
{
	/* The sum is what a shell answers and an echo does not. */
	static const char question[] = "echo pin$((6*7))fold\r\n";
	struct telnet telnet = {.deadline_ms = now_ms() + timeout_ms};
	char line[80];
	bool works = false;
	int len;

	telnet.fd = connect_within(endpoint, least(timeout_ms, LOGIN_CONNECT_MS));
	if (telnet.fd < 0)
		return false;
	if (wait_for(&telnet, "login:")) {
		len = snprintf(line, sizeof line, "%s\r\n", user);
		if (say(telnet.fd, line, (size_t)len) && wait_for(&telnet, "assword:")) {
			len = snprintf(line, sizeof line, "%s\r\n", password);
			works = say(telnet.fd, line, (size_t)len) && wait_for(&telnet, "# ") &&
				say(telnet.fd, question, sizeof question - 1) &&
				wait_for(&telnet, "pin42fold");
		}
	}
	close(telnet.fd);
	return works;
}

/* dropbear's client takes the password from its environment. */
static bool
ssh_works(const struct endpoint *endpoint, const char *user, const char *password, int timeout_ms)
{
	char host[INET6_ADDRSTRLEN], target[128], port[8];
	const void *address;
	int status, fd;
	pid_t pid;

	/* A closed port is said faster by a connection of our own. */
	fd = connect_within(endpoint, least(timeout_ms, LOGIN_CONNECT_MS));
	if (fd < 0)
		return false;
	close(fd);
	if (endpoint->address.ss_family == AF_INET)
		address = &((const struct sockaddr_in *)&endpoint->address)->sin_addr;
	else
		address = &((const struct sockaddr_in6 *)&endpoint->address)->sin6_addr;
	/* The port lies at the same place in both. */
	snprintf(port, sizeof port, "%u",
		ntohs(((const struct sockaddr_in *)&endpoint->address)->sin_port));
	inet_ntop(endpoint->address.ss_family, address, host, sizeof host);
	snprintf(target, sizeof target, "%s@%s", user, host);

	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(1);
		alarm((unsigned)(timeout_ms / 1000 + 1));
		setenv("DROPBEAR_PASSWORD", password, 1);
		setenv("HOME", "/tmp", 1);
		execlp("dbclient", "dbclient", "-y", "-y", "-p", port, target, "exit 42", NULL);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 42;
}

static void
base64(char *out, size_t size, const char *text)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), o = 0;

	for (size_t i = 0; i < len && o + 5 <= size; i += 3) {
		uint32_t three = (uint32_t)(uint8_t)text[i] << 16;

		if (i + 1 < len)
			three |= (uint32_t)(uint8_t)text[i + 1] << 8;
		if (i + 2 < len)
			three |= (uint8_t)text[i + 2];
		out[o++] = digit[three >> 18];
		out[o++] = digit[three >> 12 & 63];
		out[o++] = i + 1 < len ? digit[three >> 6 & 63] : '=';
		out[o++] = i + 2 < len ? digit[three & 63] : '=';
	}
	out[o] = '\0';
}

/* The status of GET /, or 0. */
static int
http_status(const struct endpoint *endpoint, const char *authorization, int timeout_ms)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	int fd = connect_within(endpoint, least(timeout_ms, LOGIN_CONNECT_MS));
	int len, status = 0;
	char text[512];

	if (fd < 0)
		return 0;
	len = snprintf(text, sizeof text, "GET / HTTP/1.0\r\n%s%s%s\r\n",
		authorization ? "Authorization: Basic " : "", authorization ? authorization : "",
		authorization ? "\r\n" : "");
	if (say(fd, text, (size_t)len) && readable(fd, deadline_ms)) {
		ssize_t got = recv(fd, text, sizeof text - 1, 0);

		text[got > 0 ? got : 0] = '\0';
		if (sscanf(text, "HTTP/1.%*c %d", &status) != 1)
			status = 0;
	}
	close(fd);
	return status;
}

static bool
http_works(const struct endpoint *endpoint, const char *user, const char *password, int timeout_ms)
{
	char pair[128], authorization[200];

	if (http_status(endpoint, NULL, timeout_ms) != 401)
		return false;
	snprintf(pair, sizeof pair, "%s:%s", user, password);
	base64(authorization, sizeof authorization, pair);
	return http_status(endpoint, authorization, timeout_ms) == 200;
}

bool
login_works(const char *protocol, const struct endpoint *endpoint, const char *user,
	const char *password, int timeout_ms)
{
	if (!strcmp(protocol, "telnet"))
		return telnet_works(endpoint, user, password, timeout_ms);
	if (!strcmp(protocol, "ssh"))
		return ssh_works(endpoint, user, password, timeout_ms);
	if (!strcmp(protocol, "http"))
		return http_works(endpoint, user, password, timeout_ms);
	return false;
}

int
login_try_all(const char *facts, int timeout_ms)
{
	char line[256], name[32], target[64], protocol[16], user[32], password[32];
	int running = 0, odd = 0;
	unsigned port;
	char family;

	/* A forked child must not print a line that waits in our buffer. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		struct endpoint endpoint;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%31s %c %63s %15s %u %31s %31s", name, &family, target, protocol,
			    &port, user, password) != 7 ||
			port > 65535) {
			odd++;
			continue;
		}
		if (running == LOGINS_AT_ONCE) {
			wait(NULL);
			running--;
		}
		switch (fork()) {
		case -1:
			odd++;
			continue;
		case 0:
			printf("%s %s\n",
				endpoint_find(&endpoint, facts, target, (uint16_t)port,
					family == '4' ? AF_INET : AF_INET6) &&
						login_works(protocol, &endpoint, user, password,
							timeout_ms)
					? "works"
					: "fails",
				line);
			fflush(stdout);
			_exit(0);
		}
		running++;
	}
	while (wait(NULL) > 0)
		;
	return odd;
}
