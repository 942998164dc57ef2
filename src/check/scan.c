/* SPDX-License-Identifier: Apache-2.0 */
#include "check/scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/scan_raw.h"
#include "check/socket.h"
#include "packet/reader.h"

enum { AT_ONCE_MAX = 16000, BURST = 200, FAST = 100000, FILTERED_MIN = 4000, LIKELY_MAX = 1500 };

/*
 * Rates stay below what the gateway lets one device answer in a second
 * (session_answers()), or our own questions would raise its alarm.  On a bench that
 * lifts its cap a scan goes as fast as sockets can be made: as many of them at once as
 * this process may have, or without any (scan_raw.h).
 */
static const struct {
	unsigned at_once, per_second;
	uint32_t first_ms, second_ms;
} limits[PACE_COUNT] = {
	[PACE_GENTLE] = {.at_once = 128, .per_second = 100, .first_ms = 1000, .second_ms = 2000},
	[PACE_LAB] = {.at_once = AT_ONCE_MAX,
		.per_second = 1000000,
		.first_ms = 300,
		.second_ms = 1500},
};

/*
 * Where each service that a check looks for listens when it is not at its own port
 * below 1024, as makers, manuals and the registry of IANA have it.
 */
static const uint16_t alternates[] = {
	2100, 2120, 2121, 2122, 8021, 10021, 21000, 21021,                        /* FTP */
	2022, 2200, 2222, 2223, 8022, 10022, 22022, 22222,                        /* SSH */
	2323, 2332, 5523, 6023, 8023, 9023, 9527, 10023, 20023, 23023, 23230,     /* telnet */
	1554, 5540, 5544, 5554, 7070, 8554, 8555, 9554, 10554,                    /* RTSP */
	1882, 1883, 1884, 1885, 8883, 8884, 9883, 11883, 18083, 18831, 18883,     /* MQTT */
	5037, 5554, 5555, 5556, 5557, 5558,                                       /* ADB */
	2000, 2001, 2002, 2217, 3001, 4000, 4001, 7000, 8899, 9999, 10001, 10002, /* serial lines */
	1780, 1900, 2869, 5000, 5431, 37215, 49000, 49152, 49153, 49154, 52869,   /* UPnP */
	3128, 8000, 8008, 8080, 8081, 8088, 8089, 8090, 8181, 8888, 9000, 9080,   /* web pages */
	4343, 4433, 4434, 4443, 5443, 7443, 8443, 9443, 10443, 18443,             /* TLS */
};

/* Beside those and 1 to 1024: where devices of all makers listen. */
static const uint16_t likely[] = {1080, 1099, 1194, 1433, 1443, 1521, 1604, 1723, 1755, 1801, 1883,
	1884, 1900, 1925, 1935, 2000, 2001, 2049, 2082, 2083, 2222, 2323, 2345, 2375, 2376, 2379,
	2404, 2332, 2455, 2601, 2869, 4001, 3000, 3001, 3128, 3260, 3306, 3333, 3388, 3389, 3478,
	3480, 3541, 3689, 3702, 3749, 3790, 4000, 4040, 4063, 4064, 4070, 4242, 4343, 4369, 4433,
	4443, 4444, 4500, 4567, 4711, 4786, 4840, 4848, 4899, 4911, 5000, 5001, 5002, 5003, 5004,
	5005, 5006, 5007, 5009, 5050, 5060, 5061, 5080, 5094, 5120, 5222, 5269, 5353, 5357, 5431,
	5432, 5523, 5540, 5543, 5544, 5550, 5554, 5555, 5556, 5577, 5600, 5601, 5631, 5632, 5672,
	5678, 5683, 5684, 5800, 5858, 5900, 5901, 5938, 5984, 5985, 5986, 6000, 6001, 6005, 6053,
	6080, 6379, 6443, 6466, 6467, 6520, 6550, 6553, 6600, 6666, 6667, 6668, 6669, 6789, 6881,
	6988, 7000, 7001, 7070, 7071, 7080, 7100, 7170, 7171, 7331, 7443, 7547, 7548, 7550, 7676,
	7777, 7778, 7788, 8000, 8001, 8002, 8003, 8005, 8006, 8008, 8009, 8010, 8012, 8022, 8023,
	8060, 8069, 8080, 8081, 8082, 8083, 8084, 8085, 8086, 8087, 8088, 8089, 8090, 8091, 8096,
	8098, 8099, 8100, 8101, 8112, 8123, 8126, 8139, 8140, 8181, 8200, 8222, 8266, 8291, 8332,
	8333, 8334, 8400, 8443, 8444, 8500, 8530, 8545, 8554, 8555, 8600, 8649, 8686, 8800, 8834,
	8843, 8866, 8873, 8880, 8883, 8884, 8888, 8889, 8899, 8983, 9000, 9001, 9002, 9009, 9010,
	9042, 9050, 9051, 9080, 9090, 9091, 9092, 9100, 9101, 9102, 9103, 9119, 9151, 9160, 9191,
	9197, 9200, 9295, 9300, 9306, 9400, 9418, 9443, 9527, 9530, 9595, 9600, 9633, 9651, 9696,
	9876, 9898, 9943, 9944, 9981, 9998, 9999, 10000, 10001, 10080, 10243, 10250, 10443, 10554,
	10909, 11112, 11211, 11883, 11434, 12345, 12443, 13579, 14147, 16010, 16030, 16992, 16993,
	17000, 18080, 18081, 18245, 18555, 19150, 20000, 20202, 20547, 20880, 21025, 21379, 22222,
	23023, 23424, 23456, 25001, 25105, 25565, 27015, 27017, 28017, 28080, 29999, 30005, 30005,
	30303, 30718, 31337, 32400, 32764, 33060, 34567, 34599, 35554, 37215, 37443, 37777, 37810,
	40000, 41794, 43594, 44158, 44818, 47808, 48101, 49000, 49152, 49153, 49154, 49155, 50000,
	50001, 50050, 50070, 50100, 51106, 52869, 53413, 54138, 55443, 55553, 55554, 60001, 60030,
	61616, 62078, 64738};

size_t
scan_ports(uint16_t *out, bool all)
{
	auto_free bool *has = must_alloc(PORT_COUNT, sizeof *has);
	size_t n = 0;

	for (uint16_t port = 1; port <= 1024; port++) {
		out[n++] = port;
		has[port] = true;
	}
	for (size_t i = 0; i < COUNT_OF(alternates) + COUNT_OF(likely); i++) {
		uint16_t port =
			i < COUNT_OF(alternates) ? alternates[i] : likely[i - COUNT_OF(alternates)];
		if (has[port])
			continue;
		out[n++] = port;
		has[port] = true;
	}
	for (uint32_t port = 1; all && port < PORT_COUNT; port++)
		if (!has[port])
			out[n++] = (uint16_t)port;
	return n;
}

/* --- connecting ---------------------------------------------------------------------------------- */

struct flight {
	int fd; /* -1: landed */
	uint16_t port;
	uint64_t until_ns;
};

struct scan {
	struct session *session;
	const struct ip *address;
	uint8_t *state;
	int epoll;
	/* A ring in the order of departure, which is also that of patience's end. */
	struct flight flight[AT_ONCE_MAX];
	size_t head, n_up, n_in_ring;
	uint64_t bucket_ns;   /* time that is paid for */
	int spare;            /* a socket that was refused, and can ask again; -1: none */
	struct scan_raw *raw; /* asks instead of connecting; NULL: no */
};

static enum port_state
state_of(int error)
{
	if (!error)
		return PORT_OPEN;
	return error == ETIMEDOUT ? PORT_SILENT : PORT_REFUSED;
}

static void
settle(struct scan *scan, uint16_t port, int fd, enum port_state state)
{
	scan->state[port] = (uint8_t)state;
	if (fd >= 0)
		close(fd);
	session_count(scan->session, state == PORT_OPEN ? 3 : 1);
}

static void
land(struct scan *scan, struct flight *flight, enum port_state state)
{
	settle(scan, flight->port, flight->fd, state);
	flight->fd = -1;
	scan->n_up--;
}

/*
 * Who is near has refused before connect() came back.  The socket is then kept for the
 * next port: to make one takes as long as to ask.
 */
static int
ask(struct scan *scan, uint16_t port, int *fd)
{
	int error;

	*fd = scan->spare;
	if (*fd >= 0)
		error = socket_ask(*fd, scan->address, port);
	else
		error = socket_tcp(scan->address, port, fd);
	scan->spare = -1;
	if (*fd < 0 || error != EINPROGRESS)
		return error;
	error = socket_ask(*fd, scan->address, port);
	if (error == EALREADY)
		return EINPROGRESS;
	if (error) {
		scan->spare = *fd;
		*fd = -1;
	}
	return error;
}

/* False when there are no more sockets now. */
static bool
take_off(struct scan *scan, uint16_t port, uint32_t ms)
{
	size_t place = (scan->head + scan->n_in_ring) % AT_ONCE_MAX;
	struct epoll_event event = {
		.events = EPOLLOUT | EPOLLERR | EPOLLHUP, .data.u64 = (uint64_t)place};
	int fd, error = ask(scan, port, &fd);

	if (fd < 0 && scan->spare < 0)
		return false;
	if (error == EADDRNOTAVAIL || error == EAGAIN ||
		(error == EINPROGRESS && epoll_ctl(scan->epoll, EPOLL_CTL_ADD, fd, &event))) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (error != EINPROGRESS) {
		settle(scan, port, fd, state_of(error));
		return true;
	}
	scan->flight[place] = (struct flight){
		.fd = fd, .port = port, .until_ns = clock_monotonic_ns() + ms * CLOCK_MS_NS};
	scan->n_in_ring++;
	scan->n_up++;
	return true;
}

static void
clear_ring(struct scan *scan, uint64_t now)
{
	while (scan->n_in_ring) {
		struct flight *first = &scan->flight[scan->head];
		if (first->fd >= 0 && first->until_ns > now)
			return;
		if (first->fd >= 0)
			land(scan, first, PORT_SILENT);
		scan->head = (scan->head + 1) % AT_ONCE_MAX;
		scan->n_in_ring--;
	}
}

static void
await(struct scan *scan, int ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(scan->epoll, events, COUNT_OF(events), ms);

	for (int i = 0; i < n; i++) {
		struct flight *flight = &scan->flight[events[i].data.u64 % AT_ONCE_MAX];
		if (flight->fd >= 0)
			land(scan, flight, state_of(socket_error(flight->fd)));
	}
}

static bool
may_take_off(struct scan *scan, unsigned per_second, uint64_t now)
{
	uint64_t price = CLOCK_SECOND_NS / per_second;

	if (scan->bucket_ns + BURST * price < now)
		scan->bucket_ns = now - BURST * price;
	if (scan->bucket_ns + price > now)
		return false;
	scan->bucket_ns += price;
	return true;
}

static void
connect_all(struct scan *scan, const uint16_t *ports, size_t n, enum port_state only,
	unsigned per_second, uint32_t ms)
{
	unsigned at_once = limits[session_pace(scan->session)].at_once;
	size_t next = 0;

	scan->bucket_ns = clock_monotonic_ns();
	while (next < n || scan->n_up) {
		uint64_t now = clock_monotonic_ns();
		int wait_ms = scan->n_up > 0;
		if (session_is_over(scan->session))
			next = n;
		while (next < n && scan->n_in_ring < at_once) {
			if (scan->state[ports[next]] != only) {
				next++;
				continue;
			}
			if (!may_take_off(scan, per_second, now)) {
				/* At this rate the next may go before a sleep would be over. */
				wait_ms = per_second < FAST;
				break;
			}
			if (!take_off(scan, ports[next], ms)) {
				wait_ms = 1;
				break;
			}
			next++;
		}
		await(scan, wait_ms);
		clear_ring(scan, clock_monotonic_ns());
	}
}

static void
pass(struct scan *scan, const uint16_t *ports, size_t n, enum port_state only, uint32_t ms)
{
	unsigned per_second = limits[session_pace(scan->session)].per_second;

	if (per_second > session_answers(scan->session))
		per_second = session_answers(scan->session);
	if (scan->raw && scan_raw_pass(scan->raw, ports, n, only, per_second, ms))
		return;
	if (scan->raw)
		session_note(scan->session, "trouble", "no SYN could be sent: %s", strerror(errno));
	connect_all(scan, ports, n, only, per_second, ms);
}

void
scan_tcp(struct session *session, const struct ip *address, const uint16_t *ports, size_t n,
	uint8_t *state)
{
	auto_free struct scan *scan = must_alloc(1, sizeof *scan);
	size_t n_answered = 0, n_silent = 0;

	scan->session = session;
	scan->address = address;
	scan->state = state;
	scan->spare = -1;
	scan->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (scan->epoll < 0) {
		session_note(session, "trouble", "no epoll: %s", strerror(errno));
		return;
	}
	if (session_pace(session) == PACE_LAB)
		scan->raw = scan_raw_new(session, address, state);
	if (scan->raw)
		session_note(session, "syn", "asked by single SYNs, without connections");
	pass(scan, ports, n, PORT_UNTRIED, limits[session_pace(session)].first_ms);
	for (size_t i = 0; i < n; i++) {
		n_answered += state[ports[i]] == PORT_REFUSED || state[ports[i]] == PORT_OPEN;
		n_silent += state[ports[i]] == PORT_SILENT;
	}
	/* A silent port of a host that answers elsewhere may be a lost packet, or a filter's. */
	if (n_silent > FILTERED_MIN && n > LIKELY_MAX)
		n = LIKELY_MAX;
	if (n_answered)
		pass(scan, ports, n, PORT_SILENT, limits[session_pace(session)].second_ms);
	if (scan->spare >= 0)
		close(scan->spare);
	close(scan->epoll);
	scan_raw_free(scan->raw);
}

/* --- text ------------------------------------------------------------------------------------------ */

size_t
scan_render(const uint8_t *state, enum port_state wanted, char *out, size_t size)
{
	size_t n = 0, len = 0;
	bool is_full = false;

	out[0] = '\0';
	for (uint32_t port = 1; port < PORT_COUNT; port++) {
		uint32_t first = port;
		char range[16];
		if (state[port] != wanted)
			continue;
		while (port + 1 < PORT_COUNT && state[port + 1] == wanted)
			port++;
		n += port - first + 1;
		if (first == port)
			snprintf(range, sizeof range, ",%u", first);
		else
			snprintf(range, sizeof range, ",%u-%u", first, port);
		is_full = is_full || len + strlen(range) + 1 > size;
		if (!is_full)
			len += (size_t)snprintf(out + len, size - len, "%s", range + !len);
	}
	return n;
}

static bool
number(struct reader *r, uint32_t *out)
{
	uint32_t value = 0;
	int n = 0, c;

	while ((c = reader_peek(r)) >= '0' && c <= '9' && n++ < 5) {
		value = value * 10 + (uint32_t)(c - '0');
		reader_skip(r, 1);
	}
	*out = value;
	return n > 0 && value > 0 && value < PORT_COUNT;
}

size_t
scan_parse(const char *text, size_t len, uint8_t *state, enum port_state wanted)
{
	struct reader r = reader_over(text, len);
	size_t n = 0;

	while (reader_left(&r)) {
		uint32_t first, last;
		if (n && reader_u8(&r) != ',')
			return 0;
		if (!number(&r, &first))
			return 0;
		last = first;
		if (reader_peek(&r) == '-') {
			reader_skip(&r, 1);
			if (!number(&r, &last) || last < first)
				return 0;
		}
		for (uint32_t port = first; port <= last; port++, n++)
			state[port] = (uint8_t)wanted;
	}
	return n;
}
