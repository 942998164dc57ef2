/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
now_ms(void)
{
	return now_us() / 1000;
}

long
number(const char *text, long least, long most, const char *what)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most) {
		fprintf(stderr, "%s: \"%s\" is not a number from %ld to %ld\n", what, text, least,
			most);
		exit(2);
	}
	return value;
}

/* The first word of the file facts/NAME.KIND. */
static bool
read_fact(const char *facts, const char *name, const char *kind, char address[static 64])
{
	char path[256];
	FILE *file;
	bool found;

	snprintf(path, sizeof path, "%s/%s.%s", facts, name, kind);
	file = fopen(path, "re");
	if (!file)
		return false;
	found = fscanf(file, "%63s", address) == 1;
	fclose(file);
	return found;
}

bool
endpoint_find(
	struct endpoint *endpoint, const char *facts, const char *target, uint16_t port, int family)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found;
	char service[8], address[64 + sizeof "%eth0"];

	if (!strncmp(target, "device:", 7)) {
		if (!read_fact(facts, target + 7, family == AF_INET ? "4" : "6", address))
			return false;
		target = address;
	} else if (!strncmp(target, "link:", 5)) {
		if (family == AF_INET || !read_fact(facts, target + 5, "link", address))
			return false;
		strcat(address, "%eth0");
		target = address;
	}
	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(target, service, &hints, &found))
		return false;
	memcpy(&endpoint->address, found->ai_addr, found->ai_addrlen);
	endpoint->len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

int
connect_within(const struct endpoint *endpoint, int timeout_ms)
{
	struct pollfd poll_for = {.events = POLLOUT};
	socklen_t len = sizeof(int);
	int error = 0;
	int fd;

	fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->len))
		return fd;
	if (errno == EINPROGRESS) {
		poll_for.fd = fd;
		if (poll(&poll_for, 1, timeout_ms) == 1 &&
			!getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) && !error)
			return fd;
		errno = error ? error : ETIMEDOUT;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

bool
readable(int fd, int64_t deadline_ms)
{
	struct pollfd poll_for = {.fd = fd, .events = POLLIN};
	int64_t left = deadline_ms - now_ms();

	return left > 0 && poll(&poll_for, 1, (int)left) == 1;
}

uint32_t
checksum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)byte[i] << 8 | byte[i + 1];
	if (len & 1)
		sum += (uint32_t)byte[len - 1] << 8;
	return sum;
}

uint16_t
checksum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

uint16_t
checksum_over(int family, const void *source, const void *destination, uint8_t protocol,
	const void *payload, size_t len)
{
	size_t size = family == AF_INET ? 4 : 16;
	uint32_t sum = protocol + (uint32_t)len;

	sum = checksum_add(sum, source, size);
	sum = checksum_add(sum, destination, size);
	return checksum_end(checksum_add(sum, payload, len));
}
