/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/table.h"
#include "check/udp_ask.h"

/*
 * CoAP (RFC 7252) that gives its state to whoever asks.  The list of resources
 * (RFC 6690) may be public; what stands behind it is asked for one by one.  The
 * control is a resource that cannot exist: who answers it answers everything.
 *
 * Steps: "list", "resource" rounds 1 and 2, "control".  Only read, never written.
 */
enum { COAP_PORT = 5683, CONTENT = 0x45, RESOURCES_MAX = 12 };

static struct bytes
ask(struct session *session, const struct ip *address, const char *step, uint32_t round,
	const char *path)
{
	uint8_t question[COAP_QUESTION_MAX];
	size_t len = coap_render(question, (uint16_t)(0x5000 + round), path);

	return udp_ask(session, address, COAP_PORT, step, round, path, question, len);
}

/* The next "</path>" of a list; false when there is none. */
static bool
next_resource(struct bytes *list, char *out, size_t size)
{
	while (list->len) {
		const uint8_t *open = memchr(list->at, '<', list->len);
		size_t left = open ? list->len - (size_t)(open - list->at) : 0;
		const uint8_t *close = open ? memchr(open, '>', left) : NULL;
		if (!close)
			return false;
		size_t len = (size_t)(close - open) - 1;
		const uint8_t *path = open + 1;
		list->len -= (size_t)(close + 1 - list->at);
		list->at = close + 1;
		if (len < 2 || *path != '/' || len >= size)
			continue;
		bool is_plain = true;
		for (size_t i = 1; i < len; i++) {
			is_plain = is_plain && path[i] > ' ' && path[i] < 127 && path[i] != '"';
			out[i - 1] = (char)path[i];
		}
		out[len - 1] = '\0';
		if (is_plain && strncmp(out, ".well-known", 11))
			return true;
	}
	return false;
}

void
coap_open_probe(struct session *session)
{
	const struct ip *addresses[] = {
		&session_target(session)->address4, &session_target(session)->address6};

	for (size_t a = 0; a < COUNT_OF(addresses); a++) {
		struct bytes list, payload, ignored;
		char path[80];
		int n = 0;
		if (!addresses[a]->version)
			continue;
		list = ask(session, addresses[a], "list", 1, ".well-known/core");
		if (coap_answer(list, 0x5001, &payload) != CONTENT)
			continue;
		while (n++ < RESOURCES_MAX && !session_is_over(session) &&
			next_resource(&payload, path, sizeof path)) {
			if (coap_answer(ask(session, addresses[a], "resource", 1, path), 0x5001,
				    &ignored) != CONTENT)
				continue;
			ask(session, addresses[a], "control", 1, "pf-no-such-resource");
			ask(session, addresses[a], "resource", 2, path);
			break; /* one is enough to show that nobody is asked who they are */
		}
	}
}

static bool
is_content(const struct exchange *e)
{
	struct bytes payload;

	return e &&
	       coap_answer((struct bytes){e->received, e->n_received},
		       (uint16_t)(0x5000 + e->round), &payload) == CONTENT &&
	       payload.len;
}

void
coap_open_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *list = NULL;
	size_t from = 0, n = 0, n_open = 0;

	list = transcript_first(transcript, findings->check, "list");
	while ((e = transcript_next(transcript, &from, findings->check, "resource"))) {
		if (e->round != 1)
			continue;
		n++;
		if (!is_content(e))
			continue;
		const struct exchange *again =
			transcript_beside(transcript, e, "resource", 2, e->note);
		const struct exchange *control =
			transcript_beside(transcript, e, "control", 1, NULL);
		findings_fail(findings, "5.5-4", e, is_content(again) ? again : NULL,
			control && !is_content(control) ? control : NULL,
			"CoAP gives '%s' to everybody", e->note);
		n_open++;
	}
	if (n_open || !list)
		return;
	if (!list->n_received) {
		findings_add(findings, "5.5-4", VERDICT_NFF, list, "no CoAP answers");
		return;
	}
	struct finding *finding = findings_add(findings, "5.5-4", VERDICT_NFF, list,
		"CoAP gives none of %zu resources to who has no login", n);
	finding_coverage(finding, n, n);
}
