/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/table.h"
#include "check/udp_ask.h"

/*
 * SNMP that tells everybody who knows the words of every book.  The control
 * asks with a community that nobody has: one that answers it answers all.
 */
enum { SNMP_PORT = 161 };
static const char *const communities[] = {"public", "private"};
static const char nobody[] = "pf-no-community-7x";

static bool
ask(struct session *session, const struct ip *address, const char *community, const char *step,
	uint32_t round)
{
	uint8_t question[SNMP_QUESTION_MAX];
	char text[64];
	size_t len = snmp_render(question, community);

	return snmp_text(
		udp_ask(session, address, SNMP_PORT, step, round, community, question, len), text,
		sizeof text);
}

void
snmp_public_probe(struct session *session)
{
	const struct ip *addresses[] = {
		&session_target(session)->address4, &session_target(session)->address6};

	for (size_t a = 0; a < COUNT_OF(addresses); a++)
		for (size_t i = 0; addresses[a]->version && i < COUNT_OF(communities); i++) {
			if (session_is_over(session) ||
				!ask(session, addresses[a], communities[i], "community", 1))
				continue;
			ask(session, addresses[a], nobody, "control", 1);
			ask(session, addresses[a], communities[i], "community", 2);
			break;
		}
}

static bool
tells(const struct exchange *e, char *text, size_t size)
{
	return e && snmp_text((struct bytes){e->received, e->n_received}, text, size);
}

void
snmp_public_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *first = NULL;
	char text[64], again_text[64];
	size_t from = 0, n_asked = 0, n_open = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "community"))) {
		if (e->round != 1)
			continue;
		first = first ? first : e;
		n_asked++;
		if (!tells(e, text, sizeof text))
			continue;
		const struct exchange *again =
			transcript_beside(transcript, e, "community", 2, NULL);
		const struct exchange *control =
			transcript_beside(transcript, e, "control", 1, NULL);
		bool is_again = tells(again, again_text, sizeof again_text);
		bool is_controlled = control && !tells(control, again_text, sizeof again_text);
		n_open++;
		findings_fail(findings, "5.1-1", e, is_again ? again : NULL,
			is_controlled ? control : NULL,
			"SNMP takes the community '%.20s' of every book", e->note);
		findings_fail(findings, "5.6-2", e, is_again ? again : NULL,
			is_controlled ? control : NULL, "SNMP tells everybody what it is: %s",
			text);
	}
	if (n_open || !first)
		return;
	for (int i = 0; i < 2; i++) {
		struct finding *finding = findings_add(findings, i ? "5.6-2" : "5.1-1", VERDICT_NFF,
			first, "SNMP answers no community of every book");
		finding_coverage(finding, n_asked, n_asked);
	}
}
