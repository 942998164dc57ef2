/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/login.h"
#include "check/ssh_attempt.h"
#include "check/table.h"

/*
 * What is said inside SSH is encrypted, so the exchange quotes it in words: the
 * server's banner and "method answer" as it was received, and the name that was
 * tried as it was sent.  A password is tried by "password", and by
 * "keyboard-interactive" where that alone is offered.
 */
static enum login_result
ssh_result(const struct exchange *e)
{
	static const struct {
		const char *words;
		enum login_result result;
	} answers[] = {
		{"authenticated", LOGIN_YES},
		{"refused", LOGIN_NO},
		{"needs more", LOGIN_NO},
		{"no passwords", LOGIN_NOT_ASKED},
	};

	for (size_t i = 0; i < COUNT_OF(answers); i++)
		if (memmem(e->received, e->n_received, answers[i].words,
			    strlen(answers[i].words))) {
			bool is_none = !strcmp(e->note, "none");
			if (answers[i].result == LOGIN_YES && is_none)
				return LOGIN_NOT_ASKED;
			if (answers[i].result == LOGIN_NOT_ASKED && !is_none)
				return LOGIN_NO; /* keys alone: no password can be the factory's */
			return answers[i].result;
		}
	return LOGIN_UNKNOWN;
}

void (*ssh_attempt)(struct session *, const struct service_at *, const struct credential *const *,
	size_t n, const char *step, uint32_t round);

static void
ssh_try_together(struct session *session, const struct service_at *at,
	const struct credential *const *credential, size_t n, const char *step, uint32_t round)
{
	if (ssh_attempt)
		ssh_attempt(session, at, credential, n, step, round);
	else
		session_note(session, "trouble", "without libssh no login over SSH is tried");
}

static void
ssh_try(struct session *session, const struct service_at *at, const struct credential *credential,
	const char *step, uint32_t round)
{
	ssh_try_together(session, at, &credential, 1, step, round);
}

const struct login_kind ssh_login_kind = {
	.name = "SSH",
	.service = SERVICE_SSH,
	.try = ssh_try,
	.try_together = ssh_try_together,
	/*
	 * dropbear takes five that have not logged in yet, and needs a moment to forget one
	 * that went; OpenSSH takes ten before it throws dice.
	 */
	.at_once = 4,
	.result = ssh_result,
};

void
ssh_login_probe(struct session *session)
{
	login_probe(session, &ssh_login_kind);
}

void
ssh_login_judge(const struct transcript *transcript, struct findings *findings)
{
	login_judge(transcript, findings, &ssh_login_kind);
}
