/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check/service.h"
#include "check/table.h"

/*
 * Ways in for who builds devices that were left open for everybody: Android's
 * debug bridge that asks for no key, and shells and serial lines that ask for
 * nothing at all.  A shell is one that computes; an echo server is none.
 *
 * Steps: "adb", "shell", rounds 1 and 2; "control": a message of ADB with a
 * checksum that is wrong, and for shells a line that asks for nothing.
 */
#define PROOF_QUESTION   "\r\necho pin$((6*7))fold\r\n"
#define PROOF_ANSWER     "pin42fold"
#define CONTROL_QUESTION "\r\nuname-that-is-no-command\r\n"

static const uint8_t adb_connect[] = {'C', 'N', 'X', 'N', 0, 0, 0, 1, 0, 0x10, 0, 0, 7, 0, 0, 0,
	0x32, 2, 0, 0, 0xbc, 0xb1, 0xa7, 0xb1, 'h', 'o', 's', 't', ':', ':', 0};
static const uint8_t adb_odd[] = {'X', 'N', 'X', 'C', 0, 0, 0, 1, 0, 0x10, 0, 0, 7, 0, 0, 0, 0x32,
	2, 0, 0, 0, 0, 0, 0, 'h', 'o', 's', 't', ':', ':', 0};

static void
ask(struct session *session, const struct service_at *at, const char *step, const char *what,
	uint32_t round, const void *question, size_t len)
{
	uint32_t ms = session_pace(session) == PACE_LAB ? 2000 : 4000;
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);

	if (!talk)
		return;
	talk_note(talk, "%s", what);
	if (at->what != SERVICE_ADB)
		talk_receive_more(talk, ms / 2);
	talk_send(talk, question, len);
	if (talk_receive(talk, ms, NULL, NULL, NULL))
		talk_receive_more(talk, 500);
	talk_close(talk);
}

static bool
is_open_adb(const struct exchange *e)
{
	return e->n_received >= 24 && !memcmp(e->received, "CNXN", 4);
}

static bool
is_shell(const struct exchange *e)
{
	return e->n_received && memmem(e->received, e->n_received, PROOF_ANSWER, 9);
}

void
debug_ports_probe(struct session *session)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(session_transcript(session), at);

	for (size_t i = 0; i < n && !session_is_over(session); i++) {
		if (at[i].what == SERVICE_ADB) {
			ask(session, &at[i], "adb", "adb", 1, adb_connect, sizeof adb_connect);
			if (!is_open_adb(transcript_last(session)))
				continue;
			ask(session, &at[i], "control", "adb", 1, adb_odd, sizeof adb_odd);
			ask(session, &at[i], "adb", "adb", 2, adb_connect, sizeof adb_connect);
		} else if (at[i].what == SERVICE_SHELL || at[i].what == SERVICE_TELNET ||
			   at[i].what == SERVICE_OTHER || at[i].what == SERVICE_UNKNOWN) {
			ask(session, &at[i], "shell", "shell", 1, PROOF_QUESTION,
				strlen(PROOF_QUESTION));
			if (!is_shell(transcript_last(session)))
				continue;
			ask(session, &at[i], "control", "shell", 1, CONTROL_QUESTION,
				strlen(CONTROL_QUESTION));
			ask(session, &at[i], "shell", "shell", 2, PROOF_QUESTION,
				strlen(PROOF_QUESTION));
		}
	}
}

static size_t
judge_step(const struct transcript *transcript, struct findings *findings, const char *step,
	bool (*is_open)(const struct exchange *), const char *text)
{
	const struct exchange *e;
	size_t from = 0, n = 0;

	while ((e = transcript_next(transcript, &from, findings->check, step))) {
		if (e->round != 1 || !is_open(e))
			continue;
		const struct exchange *again = transcript_beside(transcript, e, step, 2, NULL);
		const struct exchange *control =
			transcript_beside(transcript, e, "control", 1, NULL);
		struct finding *finding =
			findings_fail(findings, "5.6-4A", e, again && is_open(again) ? again : NULL,
				control && !is_open(control) ? control : NULL, "%s at port %u",
				text, e->port);
		finding->is_critical = finding->word == VERDICT_FAIL;
		n++;
	}
	return n;
}

void
debug_ports_judge(const struct transcript *transcript, struct findings *findings)
{
	size_t n = judge_step(transcript, findings, "adb", is_open_adb,
		"Android's debug bridge is open to everybody, without a key,");

	n += judge_step(transcript, findings, "shell", is_shell,
		"whoever connects may give commands, without a login,");
	if (!n)
		service_absent(transcript, findings, "5.6-4A",
			"way in for who builds devices that is open");
}
