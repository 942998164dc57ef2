/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "check/rig.h"
#include "check/rig_line.h"
#include "check/table.h"
#include "packet/tls.h"

/*
 * Does the device believe a certificate that it must not believe?  The gateway
 * turns its flows to us, we answer in the stead of its servers, and see whether it
 * goes on.  What it sends then is looked at, measured, and thrown away; nothing is
 * ever passed on.
 *
 * Steps: "control" (the device and its true server, by the kernel's counters),
 * "turned", and for each of its connections the word of the certificate that we
 * presented: sent is that certificate, received the ClientHello, the note what it
 * did (rig.h).
 */
enum {
	TURN_S = 30, /* the kernel ends it by then, whatever becomes of us */
	RENEW_MS = 10000,
	LOOK_MS = 2000,
	HELLO_MS = 3000,
	HANDSHAKE_MS = 6000,
	DATA_MS = 5000,     /* after the handshake: until it speaks */
	QUIET_MS = 90000,   /* nothing of it for so long, and we have waited enough */
	SETTLED_MS = 12000, /* all is known of all that were seen: are there more? */
	SETTLED_LAB_MS = 5000,
	QUIET_LAB_MS = 45000,
	CONTROL_MS = 45000,
	CONTROL_MORE_MS = 6000, /* after the first: other servers */
	LAST_MS = 60000,        /* of the check's time, for the control at the end */
	HOSTS_MAX = 16,
	ROUNDS = 2,
	TRIES_MAX = 4, /* connections that came to nothing, for one certificate */
	HELLO_MAX = 4096,
	DER_MAX = 4096,
	DATA_MAX = 4096,
	PACKETS_A_CONNECTION = 14,
};

/* Where TLS is usual: web, its second port, MQTT, and what platforms of devices use. */
static const uint16_t ports[] = {443, 8443, 8883, 8886, 6668};

/* A server is a name: it may have many addresses.  Without a name it is its address. */
struct host {
	struct ip address; /* where it was last */
	uint16_t port;
	char name[96];
	struct {
		uint8_t rounds; /* that came to something */
		uint8_t n_believed;
		uint8_t n_tries;
	} variant[RIG_VARIANT_COUNT];
};

struct rig {
	struct session *session;
	struct rig_maker *maker;
	int listening;
	struct host host[HOSTS_MAX];
	size_t n_hosts;
	uint64_t renewed_ns, heard_ns;
	struct rig_row control[RIG_ROWS_MAX]; /* told already: each server once */
	size_t n_control;
};

static uint64_t
ms_since(uint64_t ns)
{
	return (clock_monotonic_ns() - ns) / CLOCK_MS_NS;
}

/* --- the gateway ----------------------------------------------------------------------------------- */

static bool
ask(struct rig *rig, uint8_t bits, uint32_t seconds, struct message_rig_seen *seen)
{
	struct message_rig message = {.bits = bits, .seconds = seconds, .n_ports = COUNT_OF(ports)};

	memcpy(message.port, ports, sizeof ports);
	return session_rig(rig->session, &message, seen);
}

/* --- the control: the device and its true servers ------------------------------------------------ */

static void
keep_control(struct rig *rig, const struct rig_row *row)
{
	struct exchange e = {.proto = IPPROTO_TCP,
		.port = row->port,
		.address = row->address,
		.round = 1,
		.end = EXCHANGE_OPEN};

	rig_control_render(row, e.note, sizeof e.note);
	if (!rig_control_is_good(e.note) || rig->n_control == RIG_ROWS_MAX)
		return;
	for (size_t i = 0; i < rig->n_control; i++)
		if (rig->control[i].port == row->port &&
			ip_is_equal(&rig->control[i].address, &row->address))
			return;
	rig->control[rig->n_control++] = *row;
	snprintf(e.step, sizeof e.step, "control");
	session_record(rig->session, &e);
}

static bool
has_control(const struct rig *rig, const struct host *host)
{
	for (size_t i = 0; i < rig->n_control; i++)
		if (rig->control[i].port == host->port &&
			ip_is_equal(&rig->control[i].address, &host->address))
			return true;
	return false;
}

static bool
all_have_control(const struct rig *rig)
{
	for (size_t i = 0; i < rig->n_hosts; i++)
		if (!has_control(rig, &rig->host[i]))
			return false;
	return rig->n_control > 0;
}

/* False when the gateway does not play along. */
static bool
look_for_control(struct rig *rig, uint32_t ms)
{
	uint64_t begun = clock_monotonic_ns(), first = 0;
	struct message_rig_seen seen;

	while (ms_since(begun) < ms && !session_is_over(rig->session)) {
		if (!ask(rig, RIG_LOOK, 0, &seen))
			return false;
		for (uint32_t i = 0; i < seen.n_rows; i++)
			keep_control(rig, &seen.row[i]);
		if (all_have_control(rig) && !first)
			first = clock_monotonic_ns();
		if (first && (rig->n_hosts || ms_since(first) > CONTROL_MORE_MS))
			break;
		session_rest(rig->session, LOOK_MS);
	}
	return true;
}

/* --- one connection of the device ------------------------------------------------------------------ */

/* The ClientHello, left in the socket; 0: none came. */
static size_t
peek_hello(int fd, uint8_t *bytes, size_t size, struct tls_hello *hello)
{
	uint64_t begun = clock_monotonic_ns();

	while (ms_since(begun) < HELLO_MS) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		if (poll(&poll_fd, 1, 200) <= 0)
			continue;
		ssize_t n = recv(fd, bytes, size, MSG_PEEK | MSG_DONTWAIT);
		if (n <= 0)
			return 0;
		struct reader reader = reader_over(bytes, (size_t)n);
		if (n >= 6 && !tls_is_hello(reader))
			return 0;
		if (n >= 6 && tls_hello_parse(hello, reader) &&
			(!hello->is_cut || (size_t)n == size))
			return (size_t)n;
		/* More of it must come; poll() would say at once that there is something. */
		poll(NULL, 0, 50);
	}
	return 0;
}

/* Did it go away before we said anything?  Then it refused nothing. */
static bool
is_gone(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents;
}

static struct host *
host_of(struct rig *rig, const struct ip *address, uint16_t port, const char *name)
{
	for (size_t i = 0; i < rig->n_hosts; i++) {
		struct host *host = &rig->host[i];
		if (host->port != port || strcmp(host->name, name))
			continue;
		host->address = *address;
		return host;
	}
	if (rig->n_hosts == HOSTS_MAX)
		return NULL;
	struct host *host = &rig->host[rig->n_hosts++];
	*host = (struct host){.address = *address, .port = port};
	snprintf(host->name, sizeof host->name, "%s", name);
	return host;
}

/* What one program of it believes another may refuse: seen once, it is looked for longer. */
static bool
is_settled(const struct host *host, unsigned i)
{
	unsigned rounds = host->variant[i].n_believed == 1 ? 2 * ROUNDS : ROUNDS;

	return host->variant[i].rounds >= rounds || host->variant[i].n_tries >= TRIES_MAX;
}

/* What was believed once is presented again before anything else; then each once, then each again. */
static int
next_variant(const struct host *host)
{
	for (int i = 0; i < RIG_VARIANT_COUNT; i++)
		if (host->variant[i].n_believed && !is_settled(host, (unsigned)i))
			return i;
	for (unsigned round = 0; round < ROUNDS; round++)
		for (int i = 0; i < RIG_VARIANT_COUNT; i++)
			if (host->variant[i].rounds == round && !is_settled(host, (unsigned)i))
				return i;
	return -1;
}

static bool
is_done(const struct rig *rig)
{
	for (size_t i = 0; i < rig->n_hosts; i++)
		if (next_variant(&rig->host[i]) >= 0)
			return false;
	return rig->n_hosts > 0;
}

/* True when the operation may be tried again. */
static bool
wait_tls(SSL *ssl, int fd, int result, uint64_t until)
{
	uint64_t now = clock_monotonic_ns();
	int want = SSL_get_error(ssl, result);
	struct pollfd poll_fd = {.fd = fd,
		.events = want == SSL_ERROR_WANT_READ    ? POLLIN
			  : want == SSL_ERROR_WANT_WRITE ? POLLOUT
							 : 0};

	return poll_fd.events && now < until &&
	       poll(&poll_fd, 1, (int)((until - now) / CLOCK_MS_NS) + 1) > 0;
}

/* Why it ended: what OpenSSL says is an alert of the other side is one. */
static void
note_end(struct rig_told *told, SSL *ssl, int result, uint64_t until)
{
	unsigned long error = ERR_peek_last_error();
	int reason = ERR_GET_REASON(error);

	if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET &&
		reason <= SSL_AD_REASON_OFFSET + 255) {
		told->result = RIG_ALERTED;
		told->alert = reason - SSL_AD_REASON_OFFSET;
	} else if (SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ &&
		   clock_monotonic_ns() >= until) {
		told->result = RIG_SILENT;
	} else {
		told->result = RIG_CLOSED;
	}
}

static void
serve(SSL *ssl, int fd, struct rig_told *told)
{
	uint64_t until = clock_monotonic_ns() + HANDSHAKE_MS * CLOCK_MS_NS;
	uint8_t data[DATA_MAX];
	size_t len = 0;
	int n;

	ERR_clear_error();
	while ((n = SSL_accept(ssl)) != 1)
		if (!wait_tls(ssl, fd, n, until)) {
			note_end(told, ssl, n, until);
			return;
		}
	until = clock_monotonic_ns() + DATA_MS * CLOCK_MS_NS;
	while (len < sizeof data) {
		n = SSL_read(ssl, data + len, (int)(sizeof data - len));
		if (n > 0) {
			len += (size_t)n;
			/* The rest of a request follows at once, if there is one. */
			until = clock_monotonic_ns() + 300 * CLOCK_MS_NS;
		} else if (!wait_tls(ssl, fd, n, until)) {
			break;
		}
	}
	if (len) {
		told->result = RIG_BELIEVED;
		rig_look_at(told, data, len);
	} else {
		note_end(told, ssl, n, until);
		/* It had the certificate, finished, and then only went away or waited. */
		if (told->result != RIG_ALERTED)
			told->result = RIG_QUIET;
	}
	OPENSSL_cleanse(data, sizeof data);
}

static void
record(struct rig *rig, const struct host *host, unsigned variant, unsigned round,
	const struct rig_told *told, uint64_t begun, const uint8_t *der, size_t n_der,
	const uint8_t *hello, size_t n_hello)
{
	static const uint8_t ends[RIG_RESULT_COUNT] = {
		[RIG_BELIEVED] = EXCHANGE_OPEN,
		[RIG_QUIET] = EXCHANGE_OPEN,
		[RIG_ALERTED] = EXCHANGE_TLS_FAILED,
		[RIG_CLOSED] = EXCHANGE_CLOSED,
		[RIG_SILENT] = EXCHANGE_SILENT,
	};
	struct exchange e = {.proto = IPPROTO_TCP,
		.port = host->port,
		.address = host->address,
		.round = round,
		.is_tls = true,
		.end = ends[told->result],
		.took_us = (clock_monotonic_ns() - begun) / 1000,
		.sent = der,
		.n_sent = n_der,
		.received = hello,
		.n_received = n_hello};

	snprintf(e.step, sizeof e.step, "%s", rig_variant_word((enum rig_variant)variant));
	rig_told_render(told, e.note, sizeof e.note);
	session_record(rig->session, &e);
	session_count(rig->session, PACKETS_A_CONNECTION);
}

static void
present(struct rig *rig, struct host *host, int fd, unsigned variant, const uint8_t *hello,
	size_t n_hello)
{
	uint64_t begun = clock_monotonic_ns();
	struct rig_told told = {0};
	uint8_t der[DER_MAX];
	size_t n_der;
	SSL_CTX *context = rig_server(
		rig->maker, (enum rig_variant)variant, host->name, der, sizeof der, &n_der);
	SSL *ssl = context ? SSL_new(context) : NULL;

	snprintf(told.name, sizeof told.name, "%s", host->name);
	if (ssl && SSL_set_fd(ssl, fd)) {
		serve(ssl, fd, &told);
		/* Nothing is answered, and it is not told that all was well. */
		bool has_said = told.result != RIG_SILENT;
		host->variant[variant].n_tries += !has_said;
		host->variant[variant].rounds += has_said;
		host->variant[variant].n_believed += told.result == RIG_BELIEVED;
		record(rig, host, variant, host->variant[variant].rounds, &told, begun, der, n_der,
			hello, n_hello);
	} else {
		session_note(rig->session, "trouble", "no TLS server could be made");
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static void
answer(struct rig *rig, int fd, const struct ip *address, uint16_t port)
{
	uint8_t hello[HELLO_MAX];
	struct tls_hello parsed = {0};
	char name[96];
	size_t n_hello = peek_hello(fd, hello, sizeof hello, &parsed);

	if (!n_hello || is_gone(fd))
		return;
	if (!rig_name(parsed.claimed_server_name, name, sizeof name))
		ip_render(address, name);
	else if (!session_is_in_scope(rig->session, name))
		return; /* it shares the address with who is meant, and is nobody's business */
	struct host *host = host_of(rig, address, port, name);
	int variant = host ? next_variant(host) : -1;
	/* What says nothing new is no reason to stay. */
	if (variant < 0)
		return;
	rig->heard_ns = clock_monotonic_ns();
	present(rig, host, fd, (unsigned)variant, hello, n_hello);
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static bool
keep_turned(struct rig *rig)
{
	struct message_rig_seen seen;

	if (rig->renewed_ns && ms_since(rig->renewed_ns) < RENEW_MS)
		return true;
	bool is_ok = ask(rig, rig->renewed_ns ? RIG_TURN : RIG_TURN | RIG_CUT, TURN_S, &seen);
	rig->renewed_ns = clock_monotonic_ns();
	return is_ok;
}

/* Everything of it that comes, until all is known, or nothing comes any more. */
static bool
answer_all(struct rig *rig)
{
	struct message_rig_seen seen;
	bool is_ok;

	bool is_lab = session_pace(rig->session) == PACE_LAB;
	uint64_t settled = is_lab ? SETTLED_LAB_MS : SETTLED_MS;
	uint64_t quiet = is_lab ? QUIET_LAB_MS : QUIET_MS;

	rig->heard_ns = clock_monotonic_ns();
	session_note(rig->session, "turned", "its flows to TCP 443, 8443, 8883, 8886 and 6668");
	while ((is_ok = keep_turned(rig)) && session_ms_left(rig->session) > LAST_MS &&
		ms_since(rig->heard_ns) < (is_done(rig) ? settled : quiet)) {
		struct ip address;
		uint16_t port;
		auto_close int fd = rig_take(rig->session, rig->listening, 500, &address, &port);
		if (fd >= 0)
			answer(rig, fd, &address, port);
	}
	return ask(rig, RIG_TURN, 0, &seen) && is_ok;
}

void
rig_certificate_probe(struct session *session)
{
	struct rig *rig = must_alloc(1, sizeof *rig);
	struct message_rig_seen seen;

	rig->session = session;
	rig->listening = -1;
	/* Asked before anybody waits for his turn. */
	if (!ask(rig, RIG_LOOK, 0, &seen)) {
		session_note(session, "no-rig", "%s", err_text((enum err)seen.err));
	} else if ((rig->listening = rig_listen(session, SOCK_STREAM)) >= 0) {
		rig->maker = rig_maker_new();
		if (!rig->maker)
			session_note(session, "trouble", "no keys could be made");
		else if (!look_for_control(rig, CONTROL_MS) || !answer_all(rig))
			session_note(session, "trouble", "the gateway did not go on");
		else if (!all_have_control(rig))
			look_for_control(rig, LAST_MS);
	}
	if (rig->listening >= 0)
		close(rig->listening);
	rig_maker_free(rig->maker);
	free(rig);
}

/* --- judging ---------------------------------------------------------------------------------------------- */

enum {
	/* More than any probe writes: a transcript may come from a stranger. */
	SHOWN_MAX = HOSTS_MAX * RIG_VARIANT_COUNT * 2 * (2 * ROUNDS + TRIES_MAX),
	CONTROLS_MAX = RIG_ROWS_MAX,
};

/* Every certificate that was shown, and every true server that was seen. */
struct tale {
	size_t n, n_controls;
	struct {
		const struct exchange *e;
		struct rig_told told;
		unsigned variant;
	} shown[SHOWN_MAX];
	const struct exchange *control[CONTROLS_MAX];
};

static bool
variant_of(const struct exchange *e, unsigned *variant)
{
	for (*variant = 0; *variant < RIG_VARIANT_COUNT; ++*variant)
		if (!strcmp(e->step, rig_variant_word((enum rig_variant) * variant)))
			return e->proto == IPPROTO_TCP;
	return false;
}

static void
read_tale(struct tale *tale, const struct transcript *transcript, uint16_t check)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, NULL))) {
		if (!strcmp(e->step, "control") && rig_control_is_good(e->note) &&
			tale->n_controls < CONTROLS_MAX)
			tale->control[tale->n_controls++] = e;
		if (tale->n < SHOWN_MAX && variant_of(e, &tale->shown[tale->n].variant) &&
			rig_told_parse(&tale->shown[tale->n].told, e->note))
			tale->shown[tale->n++].e = e;
	}
}

static bool
is_same_host(const struct tale *tale, size_t a, size_t b)
{
	return tale->shown[a].e->port == tale->shown[b].e->port &&
	       !strcmp(tale->shown[a].told.name, tale->shown[b].told.name);
}

/* Its true server, at one of the addresses where the device looked for it. */
static const struct exchange *
control_for(const struct tale *tale, size_t host)
{
	for (size_t i = 0; i < tale->n; i++) {
		const struct exchange *e = tale->shown[i].e;
		for (size_t k = 0; is_same_host(tale, i, host) && k < tale->n_controls; k++)
			if (tale->control[k]->port == e->port &&
				ip_is_equal(&tale->control[k]->address, &e->address))
				return tale->control[k];
	}
	return NULL;
}

/* Two of different rounds. */
static void
note_pair(const struct exchange *pair[static 2], const struct exchange *e)
{
	if (!pair[0])
		pair[0] = e;
	else if (!pair[1] && e->round != pair[0]->round)
		pair[1] = e;
}

/* What all the certificates for one server came to. */
struct seen {
	bool is_believed;
	unsigned refused_variants, n_variants;
};

static void
judge_variant(const struct tale *tale, struct findings *findings, size_t host, unsigned variant,
	struct seen *seen)
{
	const struct exchange *believed[2] = {0}, *secret[2] = {0}, *update = NULL;
	const struct exchange *control = control_for(tale, host);
	const char *name = tale->shown[host].told.name;
	const char *text = rig_variant_text((enum rig_variant)variant);
	bool is_refused = false, is_quiet = false;

	for (size_t i = 0; i < tale->n; i++) {
		const struct rig_told *told = &tale->shown[i].told;
		if (tale->shown[i].variant != variant || !is_same_host(tale, i, host))
			continue;
		if (told->result == RIG_BELIEVED && told->n_bytes) {
			note_pair(believed, tale->shown[i].e);
			if (told->has_credentials)
				note_pair(secret, tale->shown[i].e);
			if (told->asks_for_update)
				update = tale->shown[i].e;
		}
		is_refused |= told->result == RIG_ALERTED || told->result == RIG_CLOSED;
		is_quiet |= told->result == RIG_QUIET;
	}
	if (believed[0])
		findings_fail(findings, "5.5-1", believed[0], believed[1], control,
			"it sent data to a server with a certificate %s, in the stead of %s", text,
			name);
	if (secret[0])
		findings_fail(findings, "5.5-7", secret[0], secret[1], control,
			"it sent credentials to a server with a certificate %s, in the stead of %s",
			text, name);
	if (update)
		findings_inc(findings, "5.3-10", INC_NO_IMAGE, update,
			"it asked %s for an update and believed a certificate %s; whether the "
			"update is signed as well is not seen here",
			name, text);
	if (!believed[0] && is_quiet)
		findings_inc(findings, "5.5-1", INC_NOT_SEEN, tale->shown[host].e,
			"it did not refuse a certificate %s in the stead of %s, and sent nothing",
			text, name);
	seen->is_believed |= believed[0] != NULL;
	seen->n_variants += is_refused || is_quiet || believed[0];
	seen->refused_variants += is_refused && !is_quiet && !believed[0];
}

static void
judge_host(const struct tale *tale, struct findings *findings, size_t host)
{
	const struct exchange *first = tale->shown[host].e;
	const char *name = tale->shown[host].told.name;
	struct seen seen = {0};

	for (unsigned variant = 0; variant < RIG_VARIANT_COUNT; variant++)
		judge_variant(tale, findings, host, variant, &seen);
	if (seen.is_believed)
		return;
	if (!control_for(tale, host)) {
		findings_inc(findings, "5.5-1", INC_FAR_END_DOWN, first,
			"it refused false certificates for %s, and was not seen to speak with the "
			"true server",
			name);
	} else if (seen.refused_variants == RIG_VARIANT_COUNT) {
		finding_coverage(findings_add(findings, "5.5-1", VERDICT_NFF, first,
					 "it refused every false certificate for %s", name),
			RIG_VARIANT_COUNT, RIG_VARIANT_COUNT);
		/* Nothing reached a false server, so nothing secret did. */
		finding_coverage(
			findings_add(findings, "5.5-7", VERDICT_NFF, first,
				"nothing was sent to a false server in the stead of %s", name),
			RIG_VARIANT_COUNT, RIG_VARIANT_COUNT);
	} else if (seen.n_variants == seen.refused_variants) {
		finding_coverage(findings_inc(findings, "5.5-1", INC_TIME_OUT, first,
					 "it came back too seldom to be shown every false "
					 "certificate for %s",
					 name),
			seen.refused_variants, RIG_VARIANT_COUNT);
	}
}

/* The first exchange with this server speaks for it. */
static bool
is_first(const struct tale *tale, size_t host)
{
	for (size_t i = 0; i < host; i++)
		if (is_same_host(tale, i, host))
			return false;
	return true;
}

void
rig_certificate_judge(const struct transcript *transcript, struct findings *findings)
{
	struct tale *tale = must_alloc(1, sizeof *tale);
	const struct exchange *e;
	size_t from = 0;

	e = transcript_next(transcript, &from, findings->check, "no-rig");
	if (e)
		findings_inc(findings, "5.5-1", INC_TOOL_ERROR, NULL,
			"its way could not be turned to the test: %s", e->note);
	read_tale(tale, transcript, findings->check);
	for (size_t i = 0; i < tale->n; i++)
		if (is_first(tale, i))
			judge_host(tale, findings, i);
	free(tale);
}
