/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "check/table.h"
#include "check/udp_ask.h"

/*
 * UDP has no open ports, only answers: each port is asked in the words of the
 * service that lives there.  Steps: the service's name; rounds 1 and 2 where it
 * answered; "control" asks the same of a port where nothing may live.
 */

/* A question for "localhost", type A (RFC 1035). */
static const uint8_t dns[] = {0x50, 0x46, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9, 'l', 'o', 'c', 'a', 'l',
	'h', 'o', 's', 't', 0, 0, 1, 0, 1};
/* The same for what it serves (RFC 6763), asking for a unicast answer. */
static const uint8_t mdns[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9, '_', 's', 'e', 'r', 'v', 'i',
	'c', 'e', 's', 7, '_', 'd', 'n', 's', '-', 's', 'd', 4, '_', 'u', 'd', 'p', 5, 'l', 'o',
	'c', 'a', 'l', 0, 0, 12, 0x80, 1};
/* Client, version 4 (RFC 5905). */
static const uint8_t ntp[48] = {0x23};
static const char ssdp[] = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
			   "MAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n";
/* A read of a file that nobody has (RFC 1350): an error is an answer. */
static const uint8_t tftp[] = {
	0, 1, 'p', 'i', 'n', 'f', 'o', 'l', 'd', '-', 'n', 'o', 0, 'o', 'c', 't', 'e', 't', 0};
/* Node status of any name (RFC 1002, section 4.2.17). */
static const uint8_t netbios[] = {0x50, 0x46, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 32, 'C', 'K', 'A', 'A',
	'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
	'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 0, 0, 0x21, 0, 1};
/* GET /.well-known/core (RFC 7252, RFC 6690). */
static const uint8_t coap[] = {0x40, 1, 0x50, 0x46, 0xbb, '.', 'w', 'e', 'l', 'l', '-', 'k', 'n',
	'o', 'w', 'n', 4, 'c', 'o', 'r', 'e'};
/* SIP OPTIONS (RFC 3261, section 11). */
static const char sip[] =
	"OPTIONS sip:nobody SIP/2.0\r\nVia: SIP/2.0/UDP pinfold;branch=z9hG4bKp\r\n"
	"From: <sip:p@pinfold>;tag=p\r\nTo: <sip:nobody>\r\nCall-ID: p@pinfold\r\n"
	"CSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n";

/* Whether it answers in its own words, not just anything. */
static bool
is_dns(struct bytes b)
{
	return b.len >= 12 && b.at[2] & 0x80;
}
static bool
is_ntp(struct bytes b)
{
	return b.len >= 48 && (b.at[0] & 7) == 4;
}
static bool
is_http(struct bytes b)
{
	return b.len > 12 && !memcmp(b.at, "HTTP/1.", 7);
}
static bool
is_tftp(struct bytes b)
{
	return b.len >= 5 && b.at[0] == 0 && (b.at[1] == 3 || b.at[1] == 5);
}
static bool
is_coap(struct bytes b)
{
	return b.len >= 4 && b.at[0] >> 6 == 1;
}
static bool
is_sip(struct bytes b)
{
	return b.len > 8 && !memcmp(b.at, "SIP/2.0 ", 8);
}
static bool
is_ber(struct bytes b)
{
	return b.len > 8 && b.at[0] == 0x30;
}

static const struct asking {
	const char *step, *name;
	uint16_t port;
	const void *question;
	size_t len;
	bool (*is_answer)(struct bytes);
	bool is_bad; /* a FAIL by itself where nobody declared it */
} askings[] = {
	{"dns", "DNS", 53, dns, sizeof dns, is_dns, false},
	{"tftp", "TFTP", 69, tftp, sizeof tftp, is_tftp, true},
	{"ntp", "NTP", 123, ntp, sizeof ntp, is_ntp, false},
	{"netbios", "NetBIOS", 137, netbios, sizeof netbios, is_dns, false},
	{"snmp", "SNMP", 161, NULL, 0, is_ber, false},
	{"ssdp", "UPnP (SSDP)", 1900, ssdp, sizeof ssdp - 1, is_http, false},
	{"sip", "SIP", 5060, sip, sizeof sip - 1, is_sip, false},
	{"mdns", "mDNS", 5353, mdns, sizeof mdns, is_dns, false},
	{"coap", "CoAP", 5683, coap, sizeof coap, is_coap, false},
};

/* --- asking -------------------------------------------------------------------------------------- */

static bool
ask(struct session *session, const struct ip *address, const struct asking *asking, uint32_t round)
{
	uint8_t snmp[SNMP_QUESTION_MAX];
	const void *question = asking->question ? asking->question : snmp;
	size_t len = asking->question ? asking->len : snmp_render(snmp, "public");
	struct bytes answer = udp_ask(
		session, address, asking->port, asking->step, round, asking->name, question, len);

	return asking->is_answer(answer);
}

/* There is a list of its ports, and this one is not on it. */
static bool
is_undeclared(const struct declared *declared, uint16_t port)
{
	return declared && declared->n_ports && !declared_has_port(declared, 17, port);
}

void
udp_services_probe(struct session *session)
{
	const struct ip *addresses[] = {
		&session_target(session)->address4, &session_target(session)->address6};
	auto_free struct declared *declared = declared_in(session_transcript(session), NULL);

	for (size_t a = 0; a < COUNT_OF(addresses); a++) {
		if (!addresses[a]->version)
			continue;
		/* A port where nothing lives, asked as the noisiest is. */
		udp_ask(session, addresses[a], 46713, "control", 1, "", tftp, sizeof tftp);
		for (size_t i = 0; i < COUNT_OF(askings) && !session_is_over(session); i++)
			if (ask(session, addresses[a], &askings[i], 1) &&
				(askings[i].is_bad || is_undeclared(declared, askings[i].port)))
				ask(session, addresses[a], &askings[i], 2);
	}
}

/* --- judging ---------------------------------------------------------------------------------------- */

static const struct exchange *
find(const struct transcript *transcript, uint16_t check, const char *step, uint32_t round,
	const struct ip *address)
{
	const struct exchange *e;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, check, step)))
		if (ip_is_equal(&e->address, address) && e->round == round)
			return e;
	return NULL;
}

void
udp_services_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *any = NULL;
	auto_free struct declared *declared = declared_in(transcript, NULL);
	size_t n_open = 0, n_asked = 0, n_undeclared = 0;
	char list[160] = "", by[DECLARED_BY_MAX] = "";

	if (declared)
		declared_by(declared, by);

	for (size_t i = 0; i < COUNT_OF(askings); i++) {
		bool is_listed = false;
		size_t from = 0;
		while ((e = transcript_next(transcript, &from, findings->check, askings[i].step))) {
			struct bytes answer = {e->received, e->n_received};
			if (e->round != 1)
				continue;
			n_asked++;
			any = any ? any : e;
			if (!askings[i].is_answer(answer))
				continue;
			n_open += !is_listed;
			if (!is_listed)
				snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s",
					*list ? ", " : "", askings[i].name);
			is_listed = true;
			bool is_absent = is_undeclared(declared, askings[i].port);
			n_undeclared += is_absent;
			if (!askings[i].is_bad && !(is_absent && declared->role == SIGNER_MAKER))
				continue;
			const struct exchange *again =
				find(transcript, findings->check, e->step, 2, &e->address);
			const struct exchange *control =
				find(transcript, findings->check, "control", 1, &e->address);
			findings_fail(findings, "5.6-1", e,
				again && again->n_received ? again : NULL,
				control && !control->n_received ? control : NULL,
				"%s answers at UDP port %u%s", askings[i].name, e->port,
				is_absent ? ", and was not declared" : "");
		}
	}
	for (int i = 0; any && i < 2; i++) {
		const char *provision = i ? "5.6-5" : "5.6-1";
		bool is_declared = n_open && !n_undeclared && declared && declared->n_ports;
		struct finding *finding =
			is_declared
				? findings_add(findings, provision, VERDICT_NFF, any,
					  "the %zu services that answer over UDP (%s) are those "
					  "declared by %s",
					  n_open, list, by)
			: n_open ? findings_inc(findings, provision, INC_NO_IXIT, any,
					   "%zu services answer over UDP (%s); whether each is "
					   "needed, the maker must say",
					   n_open, list)
				 : findings_add(findings, provision, VERDICT_NFF, any,
					   "no service answers at %zu usual UDP ports", n_asked);
		finding_coverage(finding, n_asked, n_asked);
	}
}
