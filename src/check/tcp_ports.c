/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "check/scan.h"
#include "check/service.h"
#include "check/table.h"

/*
 * Steps:	"syn"		an event: asked without connections (check/scan_raw.h)
 *		"tried" "open" "refused" "silent"	lists of ports of one address, in "received"
 *		"control"	a port that must not be open, so that one who opens all is known
 *		"service"	what an open port says (check/service.h)
 */
enum { ASKED_LAB = 64, ASKED_GENTLE = 24, MANY = 512, CONTROLS = 3 };
enum { LIST_MAX = EXCHANGE_BYTES_MAX, UNDECLARED_MAX = 16 };

/* --- looking ------------------------------------------------------------------------------------ */

static size_t
record(struct session *session, const struct ip *address, const char *step, const uint8_t *state,
	enum port_state wanted)
{
	auto_free char *text = must_alloc(1, LIST_MAX);
	struct exchange e = {.proto = 6, .address = *address};
	size_t n = scan_render(state, wanted, text, LIST_MAX);

	snprintf(e.step, sizeof e.step, "%s", step);
	snprintf(e.note, sizeof e.note, "%zu", n);
	e.received = (const uint8_t *)text;
	e.n_received = strlen(text);
	session_record(session, &e);
	return n;
}

static void
record_tried(struct session *session, const struct ip *address, const uint8_t *state)
{
	auto_free uint8_t *tried = must_alloc(PORT_COUNT, 1);

	for (uint32_t port = 1; port < PORT_COUNT; port++)
		tried[port] = state[port] != PORT_UNTRIED;
	record(session, address, "tried", tried, (enum port_state)1);
}

/* Ports that refused, far apart; one who opened every port has none, and any will do. */
static void
ask_controls(struct session *session, const struct ip *address, const uint8_t *state)
{
	uint32_t port = 47123;

	for (int i = 0; i < CONTROLS; i++) {
		for (uint32_t k = 0;
			k < PORT_COUNT && state[port] != PORT_REFUSED && state[port] != PORT_SILENT;
			k++)
			port = port % (PORT_COUNT - 1) + 1;
		struct talk *talk = talk_tcp(session, address, (uint16_t)port, "control", 1);
		if (talk)
			talk_close(talk);
		port = (port + 7919) % (PORT_COUNT - 1) + 1;
	}
}

static bool
is_worth_a_second_look(enum service what)
{
	return what == SERVICE_TELNET || what == SERVICE_SHELL || what == SERVICE_FTP ||
	       what == SERVICE_ADB;
}

static void
look_at(struct session *session, const struct ip *address, const uint16_t *ports, size_t n)
{
	auto_free uint8_t *state = must_alloc(PORT_COUNT, 1);
	size_t asked = 0, asked_max = session_pace(session) == PACE_LAB ? ASKED_LAB : ASKED_GENTLE;

	scan_tcp(session, address, ports, n, state);
	record_tried(session, address, state);
	size_t n_open = record(session, address, "open", state, PORT_OPEN);
	record(session, address, "refused", state, PORT_REFUSED);
	record(session, address, "silent", state, PORT_SILENT);
	if (!n_open)
		return;
	ask_controls(session, address, state);
	if (n_open > MANY)
		session_note(session, "many", "%zu ports open; only the first %zu are asked",
			n_open, asked_max);
	for (size_t i = 0; i < n && asked < asked_max && !session_is_over(session); i++)
		if (state[ports[i]] == PORT_OPEN) {
			service_ask(session, address, ports[i], 1);
			asked++;
		}
}

void
tcp_ports_probe(struct session *session)
{
	auto_free uint16_t *ports = must_alloc(PORT_COUNT, sizeof *ports);
	const struct session_target *target = session_target(session);
	struct service_at found[SERVICES_MAX];
	size_t n = scan_ports(ports, session_pace(session) == PACE_LAB);

	if (target->address4.version)
		look_at(session, &target->address4, ports, n);
	if (target->address6.version && !session_is_over(session))
		look_at(session, &target->address6, ports, n);
	size_t n_found = services_in(session_transcript(session), found);
	for (size_t i = 0; i < n_found && !session_is_over(session); i++)
		if (is_worth_a_second_look(found[i].what))
			service_ask_again(session, found[i].seen, 2);
}

/* --- judging ------------------------------------------------------------------------------------- */

/* A port of the address that is not open, asked in the same way. */
static const struct exchange *
control_of(const struct transcript *transcript, uint16_t check, const struct ip *address)
{
	const struct exchange *e, *good = NULL;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, "control"))) {
		if (!ip_is_equal(&e->address, address))
			continue;
		if (e->end != EXCHANGE_REFUSED && e->end != EXCHANGE_SILENT)
			return NULL;
		good = good ? good : e;
	}
	return good;
}

static void
judge_service(
	const struct transcript *transcript, struct findings *findings, const struct service_at *at)
{
	const struct exchange *control = control_of(transcript, findings->check, &at->address);
	bool is_debug = at->what == SERVICE_ADB || at->what == SERVICE_SHELL;

	if (!is_worth_a_second_look(at->what))
		return;
	for (int i = 0; i < 2; i++) {
		struct finding *finding =
			findings_fail(findings, i ? "5.6-5" : "5.6-1", at->seen, at->again, control,
				"%s is open at port %u", service_name(at->what), at->port);
		finding->is_critical = is_debug && finding->word == VERDICT_FAIL;
	}
}

/* The connection in which the port was asked what it is, after the scan had found it open. */
static const struct exchange *
asked_at(const struct service_at *at, size_t n, const struct exchange *list, uint32_t port)
{
	for (size_t i = 0; i < n; i++)
		if (at[i].port == port && ip_is_equal(&at[i].address, &list->address))
			return at[i].seen;
	return NULL;
}

/* An open port that was not declared: the maker's own list speaks against it, others' ask for more. */
static void
judge_undeclared(const struct transcript *transcript, struct findings *findings,
	const struct declared *declared, const struct exchange *list, const struct exchange *asked,
	uint32_t port)
{
	const struct exchange *control = control_of(transcript, findings->check, &list->address);

	for (int i = 0; i < 2; i++) {
		const char *provision = i ? "5.6-5" : "5.6-1";
		if (declared->role == SIGNER_MAKER)
			findings_fail(findings, provision, asked ? asked : list,
				asked ? list : NULL, control,
				"TCP port %u is open, and the maker did not declare it", port);
		else
			findings_inc(findings, provision, INC_NO_IXIT, asked ? asked : list,
				"TCP port %u is open, and the %s did not declare it", port,
				declared_role_word(declared->role));
	}
}

/*
 * What is open against what was declared to be.  Gives how many ports were not declared,
 * of which the first are told one by one.
 */
static size_t
judge_against(const struct transcript *transcript, struct findings *findings,
	const struct declared *declared, const struct service_at *found, size_t n_found)
{
	auto_free uint8_t *is_told = must_alloc(PORT_COUNT, 1);
	const struct exchange *list;
	size_t from = 0, n = 0;

	while ((list = transcript_next(transcript, &from, findings->check, "open"))) {
		auto_free uint8_t *state = must_alloc(PORT_COUNT, 1);
		scan_parse((const char *)list->received, list->n_received, state, PORT_OPEN);
		for (uint32_t port = 1; port < PORT_COUNT; port++) {
			if (state[port] != PORT_OPEN || is_told[port] ||
				declared_has_port(declared, 6, (uint16_t)port))
				continue;
			is_told[port] = true;
			if (n++ < UNDECLARED_MAX)
				judge_undeclared(transcript, findings, declared, list,
					asked_at(found, n_found, list, port), port);
		}
	}
	return n;
}

/* True when there is a list to hold the open ports against; all is said then. */
static bool
judge_declared(const struct transcript *transcript, struct findings *findings,
	const struct ports_seen *seen, const struct service_at *found, size_t n_found)
{
	auto_free struct declared *declared = declared_in(transcript, NULL);
	char by[DECLARED_BY_MAX];

	if (!declared || !declared->n_ports)
		return false;
	declared_by(declared, by);
	size_t n = judge_against(transcript, findings, declared, found, n_found);
	/* Agreement shows something only where nothing was left out, by whoever must know. */
	bool is_whole = seen->n_tried >= PORT_COUNT - 1 && declared->role == SIGNER_MAKER;
	for (int i = 0; !n && i < 2; i++)
		finding_coverage(findings_add(findings, i ? "5.6-5" : "5.6-1",
					 is_whole ? VERDICT_PASS : VERDICT_NFF, seen->open,
					 "the %zu open ports (TCP %s) are those declared by %s",
					 seen->n_open, seen->list, by),
			seen->n_tried, PORT_COUNT - 1);
	for (int i = 0; n > UNDECLARED_MAX && i < 2; i++)
		findings_inc(findings, i ? "5.6-5" : "5.6-1", INC_NO_IXIT, seen->open,
			"%zu open TCP ports were not declared by %s; the first are told one by one",
			n, by);
	return true;
}

void
tcp_ports_judge(const struct transcript *transcript, struct findings *findings)
{
	struct service_at found[SERVICES_MAX];
	size_t n_found = services_in(transcript, found);
	struct ports_seen seen = ports_seen(transcript);

	for (size_t i = 0; i < n_found; i++)
		judge_service(transcript, findings, &found[i]);
	if (!seen.tried ||
		(seen.n_open && judge_declared(transcript, findings, &seen, found, n_found)))
		return;
	for (int i = 0; i < 2; i++) {
		const char *provision = i ? "5.6-5" : "5.6-1";
		struct finding *finding;
		if (seen.n_open)
			finding = findings_inc(findings, provision, INC_NO_IXIT, seen.open,
				"%zu ports are open (TCP %s); whether each is needed, the maker "
				"must say",
				seen.n_open, seen.list);
		else if (!seen.has_answered)
			finding = findings_inc(findings, provision, INC_DEVICE_LOST, seen.tried,
				"the device answered nothing at any of %zu TCP ports, nor to an "
				"echo",
				seen.n_tried);
		else
			finding = findings_add(findings, provision, VERDICT_NFF, seen.tried,
				"none of %zu TCP ports is open", seen.n_tried);
		finding_coverage(finding, seen.n_tried, PORT_COUNT - 1);
	}
}
