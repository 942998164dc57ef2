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

static void
authenticate(ssh_session ssh, struct talk *talk, const struct credential *credential)
{
	int rc = ssh_userauth_none(ssh, NULL), methods;

	quote(talk, false, "banner ", ssh_get_serverbanner(ssh));
	methods = rc == SSH_AUTH_SUCCESS ? 0 : ssh_userauth_list(ssh, NULL);
	if (rc != SSH_AUTH_SUCCESS && credential && methods & SSH_AUTH_METHOD_PASSWORD)
		rc = ssh_userauth_password(ssh, NULL, credential->password);
	else if (rc != SSH_AUTH_SUCCESS && credential && methods & SSH_AUTH_METHOD_INTERACTIVE)
		rc = by_questions(ssh, credential->password);
	bool has_passwords = methods & (SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE);
	if (rc != SSH_AUTH_SUCCESS && rc != SSH_AUTH_ERROR && !has_passwords) {
		quote(talk, false, "answer ", "no passwords");
		return;
	}
	quote(talk, false, "answer ",
		rc == SSH_AUTH_SUCCESS   ? "authenticated"
		: rc == SSH_AUTH_DENIED  ? "refused"
		: rc == SSH_AUTH_PARTIAL ? "needs more"
					 : "none");
}

static void
attempt(struct session *session, const struct service_at *at, const struct credential *credential,
	const char *step, uint32_t round)
{
	struct talk *talk = talk_tcp(session, &at->address, at->port, step, round);
	char host[IP_TEXT_MAX];
	ssh_session ssh;
	long seconds = session_pace(session) == PACE_LAB ? 15 : 20;
	int fd, is_off = 0;

	if (!talk)
		return;
	if (credential)
		talk_note(talk, "user %s", credential->user);
	else
		talk_note(talk, "none");
	fd = dup(talk_fd(talk)); /* the library closes what it is given */
	ssh = ssh_new();
	if (!ssh) {
		talk_close(talk);
		return;
	}
	/* Of our own: no file of the machine is read, and the host's key is taken as it comes. */
	ssh_options_set(ssh, SSH_OPTIONS_PROCESS_CONFIG, &is_off);
	ssh_options_set(ssh, SSH_OPTIONS_SSH_DIR, "/");
	ssh_options_set(ssh, SSH_OPTIONS_KNOWNHOSTS, "/known");
	ssh_options_set(ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/known");
	ssh_options_set(ssh, SSH_OPTIONS_HOST, ip_render(&at->address, host));
	ssh_options_set(ssh, SSH_OPTIONS_USER, credential ? credential->user : "root");
	ssh_options_set(ssh, SSH_OPTIONS_FD, &fd);
	ssh_options_set(ssh, SSH_OPTIONS_TIMEOUT, &seconds);
	quote(talk, true, "user ", credential ? credential->user : "root");
	if (ssh_connect(ssh) == SSH_OK)
		authenticate(ssh, talk, credential);
	else
		quote(talk, false, "no session: ", ssh_get_error(ssh));
	ssh_disconnect(ssh);
	ssh_free(ssh);
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
