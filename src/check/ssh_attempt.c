/* SPDX-License-Identifier: Apache-2.0 */
#include "check/ssh_attempt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/credentials.h"
#include "check/service.h"

#ifdef PINFOLD_SSH
#include <libssh/libssh.h>

static void
quote(struct talk *talk, bool was_sent, const char *what, const char *value)
{
	char text[320];

	snprintf(text, sizeof text, "%s%.256s\n", what, value ? value : "");
	talk_quote(talk, was_sent, text, strlen(text));
}

static int
by_questions(ssh_session ssh, const char *password)
{
	int rc = ssh_userauth_kbdint(ssh, NULL, NULL);

	for (int i = 0; i < 8 && rc == SSH_AUTH_INFO; i++) {
		int n = ssh_userauth_kbdint_getnprompts(ssh);
		for (int k = 0; k < n && k < 8; k++)
			if (ssh_userauth_kbdint_setanswer(ssh, (unsigned)k, password) < 0)
				return SSH_AUTH_ERROR;
		rc = ssh_userauth_kbdint(ssh, NULL, NULL);
	}
	return rc;
}

/* What the server permits beside none at all; *rc is what none came to. */
static int
ask_for_methods(ssh_session ssh, struct talk *talk, int *rc)
{
	*rc = ssh_userauth_none(ssh, NULL);
	quote(talk, false, "banner ", ssh_get_serverbanner(ssh));
	return *rc == SSH_AUTH_SUCCESS ? 0 : ssh_userauth_list(ssh, NULL);
}

/* False when this connection takes no more of them. */
static bool
authenticate(ssh_session ssh, struct talk *talk, const struct credential *credential, int methods,
	int rc)
{
	if (rc != SSH_AUTH_SUCCESS && credential && methods & SSH_AUTH_METHOD_PASSWORD)
		rc = ssh_userauth_password(ssh, NULL, credential->password);
	else if (rc != SSH_AUTH_SUCCESS && credential && methods & SSH_AUTH_METHOD_INTERACTIVE)
		rc = by_questions(ssh, credential->password);
	bool has_passwords = methods & (SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE);
	if (rc != SSH_AUTH_SUCCESS && rc != SSH_AUTH_ERROR && !has_passwords) {
		quote(talk, false, "answer ", "no passwords");
		return false;
	}
	quote(talk, false, "answer ",
		rc == SSH_AUTH_SUCCESS   ? "authenticated"
		: rc == SSH_AUTH_DENIED  ? "refused"
		: rc == SSH_AUTH_PARTIAL ? "needs more"
					 : "none");
	return rc == SSH_AUTH_DENIED && ssh_is_connected(ssh);
}

static ssh_session
open_session(
	struct session *session, const struct service_at *at, const char *user, struct talk *talk)
{
	char host[IP_TEXT_MAX];
	long seconds = session_pace(session) == PACE_LAB ? 15 : 20;
	int fd = dup(talk_fd(talk)), is_off = 0; /* the library closes what it is given */
	ssh_session ssh = ssh_new();

	if (!ssh)
		return NULL;
	/* Of our own: no file of the machine is read, and the host's key is taken as it comes. */
	ssh_options_set(ssh, SSH_OPTIONS_PROCESS_CONFIG, &is_off);
	ssh_options_set(ssh, SSH_OPTIONS_SSH_DIR, "/");
	ssh_options_set(ssh, SSH_OPTIONS_KNOWNHOSTS, "/known");
	ssh_options_set(ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/known");
	ssh_options_set(ssh, SSH_OPTIONS_HOST, ip_render(&at->address, host));
	ssh_options_set(ssh, SSH_OPTIONS_USER, user);
	ssh_options_set(ssh, SSH_OPTIONS_FD, &fd);
	ssh_options_set(ssh, SSH_OPTIONS_TIMEOUT, &seconds);
	return ssh;
}

static void
attempt(struct session *session, const struct service_at *at,
	const struct credential *const *credential, size_t n, const char *step, uint32_t round)
{
	const char *user = credential[0] ? credential[0]->user : "root";
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
	ssh_session ssh = talk ? open_session(session, at, user, talk) : NULL;
	int methods = 0, rc = SSH_AUTH_ERROR;

	for (size_t i = 0; i < n && talk && ssh; i++) {
		bool goes_on = true;
		talk_note(talk, credential[i] ? "user %s" : "none", user);
		quote(talk, true, "user ", user);
		if (i == 0 && ssh_connect(ssh) != SSH_OK) {
			quote(talk, false, "no session: ", ssh_get_error(ssh));
			break;
		}
		if (i == 0)
			methods = ask_for_methods(ssh, talk, &rc);
		goes_on = authenticate(ssh, talk, credential[i], methods, rc);
		if (!goes_on || i + 1 == n)
			break;
		talk = talk_again(talk);
	}
	if (ssh) {
		ssh_disconnect(ssh);
		ssh_free(ssh);
	}
	if (talk)
		talk_close(talk);
}

void
ssh_attempt_begin(void)
{
	if (!ssh_init())
		ssh_attempt = attempt;
}
#else
void
ssh_attempt_begin(void)
{
}
#endif
