/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target --seed N [--service NAME] [--fault NAME|none] [--manner NAME] [--port N]
 *        [--family 4|6|46] [--address A] [--address6 A] [--logins FILE]
 *        [--login USER:PASSWORD] [--delay-ms N] [--refuse-ms N] [--tarpit-ms N]
 *        [--seconds N] | --list
 *
 * Plays one service of one device and says the truth about it on standard
 * output when it listens, one line of JSON.  Whatever is not given is chosen by
 * the seed.  Ends when its parent does, or after the seconds (600).
 *
 *	fail	checks that must say FAIL of this port, with the provision where only
 *		one is meant ("telnet-login/5.1-1")
 *	may	checks that may, and need not: the service is bad and its manner
 *		hides it, or it is a matter of judgement
 *	checks	those that look at such a service at all
 * Every other check must not say FAIL because of this port.
 */
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conn.h"

enum { CONNS_MAX = 128, LOGINS_MAX = 4096, SSDP_PORT = 1900 };

static const char *const manner_names[MANNER_COUNT] = {"plain", "tarpit", "lock-out", "any-login",
	"limiter", "captive", "endless", "closes", "flood", "wrong-protocol", "silent"};

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
	exit(1);
}

static _Noreturn void
refuse(const char *what, const char *word)
{
	fprintf(stderr, "target: %s: \"%s\"\n", what, word);
	exit(2);
}

/* --- what the seed chooses ------------------------------------------------------------------------- */

static const struct service *
service_find(const char *name)
{
	for (size_t i = 0; i < n_services; i++)
		if (!strcmp(services[i].name, name))
			return &services[i];
	refuse("no such service", name);
}

static const char *
fault_find(const struct service *service, const char *name)
{
	if (!strcmp(name, "none"))
		return "none";
	for (size_t i = 0; i < FAULTS_MAX && service->faults[i].name; i++)
		if (!strcmp(service->faults[i].name, name))
			return service->faults[i].name;
	refuse("this service has no such fault", name);
}

static enum manner
manner_find(const char *name)
{
	for (unsigned i = 0; i < MANNER_COUNT; i++)
		if (!strcmp(manner_names[i], name))
			return i;
	refuse("no such manner", name);
}

static bool
manner_fits(const struct service *service, enum manner manner)
{
	switch (manner) {
	case MANNER_LOCK_OUT:
	case MANNER_ANY_LOGIN:
		return service->has_login;
	case MANNER_CAPTIVE:
		return !strcmp(service->name, "http");
	case MANNER_WRONG_PROTOCOL:
	case MANNER_TARPIT:
	case MANNER_ENDLESS:
		return !service->is_udp;
	default:
		return true;
	}
}

/* Behind these nothing of the service is left that could be bad. */
static bool
manner_hides_all(enum manner manner)
{
	return manner == MANNER_CAPTIVE || manner == MANNER_FLOOD ||
	       manner == MANNER_WRONG_PROTOCOL || manner == MANNER_SILENT ||
	       manner == MANNER_ANY_LOGIN;
}

static void
choose_manner(struct variant *variant)
{
	unsigned fitting[MANNER_COUNT], n = 0;

	/* Half of all devices are simply what they are. */
	if (variant_pick(variant, "is plain", 2))
		return;
	for (unsigned i = MANNER_PLAIN + 1; i < MANNER_COUNT; i++)
		if (manner_fits(variant->service, i))
			fitting[n++] = i;
	variant->manner = fitting[variant_pick(variant, "manner", n)];
}

static void
choose_fault(struct variant *variant)
{
	unsigned n = 0;

	while (n < FAULTS_MAX && variant->service->faults[n].name &&
		!variant->service->faults[n].when_asked)
		n++;
	variant->fault = "none";
	if (n && variant_pick(variant, "is bad", 5) < 3)
		variant->fault = variant->service->faults[variant_pick(variant, "fault", n)].name;
}

/* The line of the file that the seed picks: user, tab, password. The first line is a heading. */
static void
login_from_file(struct variant *variant, const char *path)
{
	static char lines[LOGINS_MAX][80];
	char line[512];
	unsigned n = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		give_up(path);
	while (fgets(line, sizeof line, file)) {
		char user[32], password[32];

		if (line[0] == '#' || !strncmp(line, "user", 4) || n == LOGINS_MAX)
			continue;
		/* Names that need quoting anywhere, and empty passwords, are another test's. */
		if (sscanf(line, "%31[A-Za-z0-9_.!@*-]\t%31[A-Za-z0-9_.!@*-]", user, password) == 2)
			snprintf(lines[n++], sizeof lines[0], "%s\t%s", user, password);
	}
	fclose(file);
	if (n == 0)
		refuse("no logins in", path);
	sscanf(lines[variant_pick(variant, "login", n)], "%31s\t%31s", variant->user,
		variant->password);
}

static void
choose_login(struct variant *variant, const char *path)
{
	static const char *const factory[][2] = {{"root", "xc3511"}, {"root", "vizxv"},
		{"admin", "admin"}, {"root", "888888"}, {"root", "juantech"}, {"root", "default"},
		{"support", "support"}, {"root", "54321"}, {"admin", "password"},
		{"guest", "guest"}, {"root", "klv123"}, {"admin", "1111"}};

	if (!variant_has(variant, "factory-login")) {
		static const char *const own[] = {"admin", "root", "anna", "owner"};

		snprintf(variant->user, sizeof variant->user, "%s",
			VARIANT_ONE_OF(variant, "own user", own));
		snprintf(variant->password, sizeof variant->password, "Own-%u-%u",
			variant_pick(variant, "own a", 1u << 30),
			variant_pick(variant, "own b", 1u << 30));
	} else if (path) {
		login_from_file(variant, path);
	} else {
		const char *const *pair = VARIANT_ONE_OF(variant, "login", factory);

		snprintf(variant->user, sizeof variant->user, "%s", pair[0]);
		snprintf(variant->password, sizeof variant->password, "%s", pair[1]);
	}
}

static uint16_t
choose_port(const struct variant *variant)
{
	static const uint16_t secure_ports[PORTS_MAX] = {443, 8443, 4443};
	const uint16_t *ports = variant->is_tls && variant->service->tls_of_8 < 8
					? secure_ports
					: variant->service->ports;
	unsigned n = 0;

	while (n < PORTS_MAX && ports[n])
		n++;
	return ports[variant_pick(variant, "usual port", 2) ? 0 : variant_pick(variant, "port", n)];
}

/* --- the truth ---------------------------------------------------------------------------------------- */

static void
tell_list(const char *name, const char *words)
{
	char copy[320], *rest = copy;
	const char *comma = "";

	snprintf(copy, sizeof copy, "%s", words);
	printf(",\"%s\":[", name);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word) {
			printf("%s\"%s\"", comma, word);
			comma = ",";
		}
	printf("]");
}

static void
tell_truth(const struct variant *variant, const char *address4, const char *address6)
{
	const struct service *service = variant->service;
	const char *fail = "", *may = "", *comma = "";
	char must[160], need_not[320], all[480];

	printf("{\"seed\":%llu,\"service\":\"%s\",\"manner\":\"%s\",\"proto\":%d,\"port\":%u,"
	       "\"tls\":%s,"
	       "\"address4\":\"%s\",\"address6\":\"%s\",\"user\":\"%s\",\"password\":\"%s\","
	       "\"truth\":{",
		(unsigned long long)variant->seed, service->name, manner_names[variant->manner],
		service->is_udp ? 17 : 6, variant->port, variant->is_tls ? "true" : "false",
		variant->has4 ? address4 : "", variant->has6 ? address6 : "", variant->user,
		variant->password);
	for (size_t i = 0; i < FAULTS_MAX && service->faults[i].name; i++) {
		const struct fault_kind *kind = &service->faults[i];

		printf("%s\"%s\":%s", comma, kind->name,
			variant_has(variant, kind->name) ? "true" : "false");
		comma = ",";
		if (variant_has(variant, kind->name)) {
			fail = kind->fail ? kind->fail : "";
			may = kind->may ? kind->may : "";
		}
	}
	snprintf(must, sizeof must, "%s %s", fail, service->fail ? service->fail : "");
	/* Behind an awkward manner nothing need be seen. */
	snprintf(need_not, sizeof need_not, "%s %s %s", may, service->may ? service->may : "",
		variant->manner == MANNER_PLAIN ? "" : must);
	/* All that the service could be called bad by. */
	snprintf(all, sizeof all, "tcp-ports %s %s", service->fail ? service->fail : "",
		service->may ? service->may : "");
	for (size_t i = 0; i < FAULTS_MAX && service->faults[i].name; i++) {
		const struct fault_kind *kind = &service->faults[i];
		size_t len = strlen(all);

		snprintf(all + len, sizeof all - len, " %s %s", kind->fail ? kind->fail : "",
			kind->may ? kind->may : "");
	}
	printf("}");
	tell_list("checks", all);
	tell_list("fail", variant->manner == MANNER_PLAIN ? must : "");
	tell_list("may", need_not);
	printf("}\n");
	fflush(stdout);
}

/* --- the sockets -------------------------------------------------------------------------------------- */

static int
open_socket(int type, int family, const char *address, uint16_t port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = {.any.sa_family = (sa_family_t)family};
	int fd = socket(family, type | SOCK_CLOEXEC, 0), on = 1;

	if (family == AF_INET)
		at.v4.sin_port = htons(port);
	else
		at.v6.sin6_port = htons(port);
	if (inet_pton(family, address,
		    family == AF_INET ? (void *)&at.v4.sin_addr : (void *)&at.v6.sin6_addr) != 1)
		refuse("no address", address);
	if (fd < 0)
		give_up("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, &at.any, sizeof at) < 0 || (type == SOCK_STREAM && listen(fd, 64) < 0))
		give_up(address);
	return fd;
}

struct door {
	int fd;
	bool is_udp;
	const char *address;
	uint16_t port;
};

static void
put_address(uint8_t *text, size_t *len, size_t size, const char *address)
{
	static const char mark[] = "%ADDRESS%";
	uint8_t *at = memmem(text, *len, mark, sizeof mark - 1);
	char put[80];
	size_t n, rest;

	if (!at)
		return;
	n = (size_t)snprintf(put, sizeof put, strchr(address, ':') ? "[%s]" : "%s", address);
	rest = (size_t)(text + *len - at) - (sizeof mark - 1);
	if (*len + n > size)
		return;
	memmove(at + n, at + sizeof mark - 1, rest);
	memcpy(at, put, n);
	*len = (size_t)(at - text) + n + rest;
}

/* One datagram, in the manner of this device. */
static void
answer_datagram(const struct variant *variant, struct memory *memory, const struct door *door)
{
	uint8_t in[2048], out[2048];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof from;
	ssize_t n = recvfrom(door->fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_len);
	unsigned number, times = 1;
	size_t len;

	if (n < 0 || variant->manner == MANNER_SILENT)
		return;
	number = atomic_fetch_add(&memory->n_conns, 1);
	len = variant->service->answer(variant, in, (size_t)n, out, sizeof out);
	put_address(out, &len, sizeof out, door->address);
	switch (variant->manner) {
	case MANNER_CLOSES: /* every second is lost, and every third is cut */
		if (number % 2)
			return;
		len = number % 3 ? len : len / 2;
		break;
	case MANNER_LIMITER: {
		int64_t now = now_ms();

		if (now < atomic_load(&memory->next_free_ms))
			return;
		atomic_store(&memory->next_free_ms, now + 1000);
		break;
	}
	case MANNER_FLOOD: /* noise, and much of it, to whoever asks anything */
		for (size_t i = 0; i < sizeof out; i++)
			out[i] = (uint8_t)(variant_pick(variant, "noise", 256) + i * 167);
		len = 1200;
		times = 2000;
		break;
	default:
		break;
	}
	if (variant->delay_ms)
		poll(NULL, 0, (int)variant->delay_ms);
	while (len > 0 && times--)
		sendto(door->fd, out, len, MSG_NOSIGNAL, (const struct sockaddr *)&from, from_len);
}

static void
wake_up(int number)
{
}

/*
 * What a small device does that has a watchdog: it is away for some seconds, or
 * takes connections and answers none, and is there again.
 */
static void
recover(const struct variant *variant, struct memory *memory, struct door *doors, size_t n)
{
	bool is_away = variant_has(variant, "falls");
	int64_t until =
		now_ms() + (is_away ? 2000 : 5500) + variant_pick(variant, "watchdog", 1000);

	for (size_t i = 0; i < n && is_away; i++)
		close(doors[i].fd);
	while (now_ms() < until)
		poll(NULL, 0, (int)(until - now_ms()) + 1);
	for (size_t i = 0; i < n && is_away; i++)
		doors[i].fd = open_socket(doors[i].is_udp ? SOCK_DGRAM : SOCK_STREAM,
			strchr(doors[i].address, ':') ? AF_INET6 : AF_INET, doors[i].address,
			doors[i].port);
	atomic_store(&memory->has_fallen, false);
}

static _Noreturn void
serve(const struct variant *variant, struct memory *memory, SSL_CTX *context, struct door *doors,
	size_t n)
{
	unsigned running = 0;

	signal(SIGUSR1, wake_up);
	for (;;) {
		struct pollfd waits[4];

		if (atomic_load(&memory->has_fallen))
			recover(variant, memory, doors, n);

		for (size_t i = 0; i < n; i++)
			waits[i] = (struct pollfd){.fd = doors[i].fd, .events = POLLIN};
		poll(waits, n, 1000);
		/* Who came just then is not taken any more. */
		if (atomic_load(&memory->has_fallen))
			continue;
		while (running > 0 && waitpid(-1, NULL, WNOHANG) > 0)
			running--;
		for (size_t i = 0; i < n; i++) {
			pid_t parent = getpid(), pid;
			int fd;

			if (!(waits[i].revents & POLLIN))
				continue;
			if (doors[i].is_udp) {
				answer_datagram(variant, memory, &doors[i]);
				continue;
			}
			fd = accept4(doors[i].fd, NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0)
				continue;
			pid = running < CONNS_MAX ? fork() : -1;
			if (pid == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				if (getppid() != parent)
					_exit(0);
				signal(SIGALRM, SIG_DFL);
				for (size_t other = 0; other < n; other++)
					close(doors[other].fd);
				conn_run(fd, context, variant, memory);
			}
			close(fd);
			running += pid > 0;
		}
	}
}

static void
list_all(void)
{
	for (size_t i = 0; i < n_services; i++) {
		printf("%s:", services[i].name);
		for (size_t k = 0; k < FAULTS_MAX && services[i].faults[k].name; k++)
			printf(" %s", services[i].faults[k].name);
		printf("\n");
	}
	printf("manners:");
	for (unsigned i = 0; i < MANNER_COUNT; i++)
		printf(" %s", manner_names[i]);
	printf("\n");
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"seed", 1, NULL, 's'}, {"service", 1, NULL, 'S'},
		{"fault", 1, NULL, 'f'}, {"manner", 1, NULL, 'm'}, {"port", 1, NULL, 'p'},
		{"family", 1, NULL, 'F'}, {"address", 1, NULL, '4'}, {"address6", 1, NULL, '6'},
		{"logins", 1, NULL, 'l'}, {"login", 1, NULL, 'L'}, {"delay-ms", 1, NULL, 'd'},
		{"refuse-ms", 1, NULL, 'r'}, {"tarpit-ms", 1, NULL, 't'}, {"seconds", 1, NULL, 'x'},
		{"list", 0, NULL, 'i'}, {NULL, 0, NULL, 0}};
	const char *service = NULL, *fault = NULL, *manner = NULL, *family = NULL, *logins = NULL,
		   *login = NULL;
	const char *address4 = "127.0.0.1", *address6 = "::1";
	struct variant variant = {.tarpit_ms = 5000};
	unsigned seconds = 600, port = 0, most_ms = 250;
	struct memory *memory;
	SSL_CTX *context = NULL;
	struct door doors[4];
	size_t n = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 's':
			variant.seed = strtoull(optarg, NULL, 10);
			break;
		case 'S':
			service = optarg;
			break;
		case 'f':
			fault = optarg;
			break;
		case 'm':
			manner = optarg;
			break;
		case 'p':
			port = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'F':
			family = optarg;
			break;
		case '4':
			address4 = optarg;
			break;
		case '6':
			address6 = optarg;
			break;
		case 'l':
			logins = optarg;
			break;
		case 'L':
			login = optarg;
			break;
		case 't':
			variant.tarpit_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			most_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			variant.refuse_ms = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'x':
			seconds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'i':
			list_all();
			return 0;
		default:
			return 2;
		}
	if (optind < argc)
		refuse("what is", argv[optind]);

	variant.service =
		service ? service_find(service)
			: &services[variant_pick(&variant, "service", (unsigned)n_services)];
	if (manner)
		variant.manner = manner_find(manner);
	else
		choose_manner(&variant);
	if (!manner_fits(variant.service, variant.manner))
		refuse("this service has no such manner", manner_names[variant.manner]);
	if (fault)
		variant.fault = fault_find(variant.service, fault);
	else
		choose_fault(&variant);
	if (manner_hides_all(variant.manner))
		variant.fault = "none";
	choose_login(&variant, logins);
	if (login && sscanf(login, "%31[^:\"\\]:%31[^\"\\]", variant.user, variant.password) != 2)
		refuse("no login", login);
	variant.is_tls = variant_pick(&variant, "tls", 8) < variant.service->tls_of_8;
	variant.port = port ? (uint16_t)port : choose_port(&variant);
	variant.delay_ms = variant_pick(&variant, "delays", 2)
				   ? variant_pick(&variant, "delay", most_ms + 1)
				   : 0;
	if (!family) {
		static const char *const families[] = {"46", "46", "4", "6"};

		family = VARIANT_ONE_OF(&variant, "family", families);
	}
	variant.has4 = strchr(family, '4') != NULL;
	variant.has6 = strchr(family, '6') != NULL;

	/* A client that goes away is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(seconds);
	if (variant.is_tls) {
		context = target_tls(&variant);
		if (!context)
			return 1;
	}
	memory = mmap(
		NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		give_up("mmap");
	for (int six = 0; six < 2; six++) {
		const char *address = six ? address6 : address4;
		int net = six ? AF_INET6 : AF_INET;

		if (!(six ? variant.has6 : variant.has4))
			continue;
		if (variant.service->serve)
			doors[n++] =
				(struct door){open_socket(SOCK_STREAM, net, address, variant.port),
					false, address, variant.port};
		if (variant.service->answer) {
			uint16_t at = variant.service->is_udp ? variant.port : SSDP_PORT;

			doors[n++] = (struct door){
				open_socket(SOCK_DGRAM, net, address, at), true, address, at};
		}
	}
	if (n == 0)
		refuse("no family", family);
	tell_truth(&variant, address4, address6);
	serve(&variant, memory, context, doors, n);
}
