/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks, from inside a room of the lab, what can be reached from there: needed
 * flows, open ports, logins that work.  It only ever speaks to targets that are
 * named to it, and each of its acts is bounded in time and number.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "login.h"
#include "need.h"
#include "net.h"
#include "scan.h"

#define FACTS "/run/lab/address"

static int
usage(void)
{
	fputs("usage: lab-probe need FACTS FILE\n"
	      "       lab-probe connect TARGET PORT SECONDS         tries IPv4, then IPv6\n"
	      "       lab-probe login telnet|ssh|http TARGET PORT USER PASSWORD [MILLISECONDS]\n"
	      "       lab-probe logins [MILLISECONDS]               tries from standard input\n"
	      "       lab-probe scan 4|6 PORTS TARGET...            TCP; PORTS as 1-1024,1883\n"
	      "       lab-probe udp 4|6 TARGET...                   a fixed list of ports\n"
	      "TARGET is an address, a name, or device:NAME.\n",
		stderr);
	return 2;
}

static int
family_of(const char *word)
{
	if (strcmp(word, "4") && strcmp(word, "6"))
		exit(usage());
	return word[0] == '4' ? AF_INET : AF_INET6;
}

static uint16_t
port_of(const char *word)
{
	return (uint16_t)number(word, 1, 65535, "port");
}

static int
do_connect(char **word)
{
	static const int families[] = {AF_INET, AF_INET6};
	int timeout_ms = (int)number(word[2], 1, 60, "seconds") * 1000;
	bool opened = false;

	for (int i = 0; i < 2; i++) {
		struct endpoint endpoint;
		int fd;

		if (!endpoint_find(&endpoint, FACTS, word[0], port_of(word[1]), families[i]))
			continue;
		fd = connect_within(&endpoint, timeout_ms);
		printf("%s %d %s %s\n", fd < 0 ? "closed" : "open", i ? 6 : 4, word[0], word[1]);
		if (fd >= 0) {
			opened = true;
			close(fd);
		}
	}
	return opened ? 0 : 1;
}

static int
do_login(int n, char **word)
{
	int timeout_ms = n > 5 ? (int)number(word[5], 1, 60000, "milliseconds") : 6000;
	struct endpoint endpoint;

	if (!endpoint_find(&endpoint, FACTS, word[1], port_of(word[2]), AF_UNSPEC))
		return 1;
	return login_works(word[0], &endpoint, word[3], word[4], timeout_ms) ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	char **word = argv + 2;
	int n = argc - 2;

	if (!strcmp(verb, "need") && n == 2)
		return need_check_all(word[0], word[1]) == 0 ? 0 : 1;
	if (!strcmp(verb, "connect") && n == 3)
		return do_connect(word);
	if (!strcmp(verb, "login") && (n == 5 || n == 6))
		return do_login(n, word);
	if (!strcmp(verb, "logins") && n <= 1)
		return login_try_all(
			       FACTS, n ? (int)number(word[0], 1, 60000, "milliseconds") : 6000)
			       ? 1
			       : 0;
	if (!strcmp(verb, "scan") && n >= 3)
		return !scan_tcp(FACTS, family_of(word[0]), word[1], n - 2, word + 2);
	if (!strcmp(verb, "udp") && n >= 2)
		return !scan_udp(FACTS, family_of(word[0]), n - 1, word + 1);
	return usage();
}
