/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/printable.h"
#include "check/http_text.h"
#include "check/service.h"
#include "check/table.h"

/*
 * What open ports say of themselves: names and exact versions, by which one
 * picks an attack before any login.  Whether a version is a failure is a matter
 * of what the maker says it must tell, so this lists and does not fail.
 *
 * It asks nothing new: what tcp-ports heard is read.
 */
void
banners_probe(struct session *session)
{
	session_note(session, "read", "what tcp-ports heard is judged");
}

/* The line in which a service names itself; empty where it does not. */
static void
banner_of(const struct service_at *at, char *out, size_t size)
{
	struct http_reply reply;
	const struct exchange *e = at->seen;

	out[0] = '\0';
	if (http_reply_parse(&reply, e->received, e->n_received)) {
		http_header(&reply, "Server", out, size);
		return;
	}
	if (at->what != SERVICE_SSH && at->what != SERVICE_FTP && at->what != SERVICE_SMTP)
		return;
	size_t len = 0;
	while (len < e->n_received && e->received[len] != '\r' && e->received[len] != '\n')
		len++;
	printable(out, size, e->received, len);
}

/* A name with digits and a point behind it, as versions are written. */
static bool
has_version(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at >= '0' && *at <= '9' && at[1] == '.' && at[2] >= '0' && at[2] <= '9')
			return true;
	return false;
}

void
banners_judge(const struct transcript *transcript, struct findings *findings)
{
	struct service_at at[SERVICES_MAX];
	size_t n = services_in(transcript, at), n_telling = 0;
	char text[120];

	for (size_t i = 0; i < n; i++) {
		banner_of(&at[i], text, sizeof text);
		/* SSH's first field is the version of the protocol. */
		const char *name = !strncasecmp(text, "SSH-2.0-", 8) ? text + 8 : text;
		if (!*name || !has_version(name))
			continue;
		findings_inc(findings, "5.6-2", INC_NO_IXIT, at[i].seen,
			"port %u tells everybody its exact version (%s); whether that is needed, "
			"the maker must say",
			at[i].port, text);
		n_telling++;
	}
	if (n_telling)
		return;
	struct ports_seen seen = ports_seen(transcript);
	if (seen.tried && seen.has_answered)
		findings_add(findings, "5.6-2", VERDICT_NFF, seen.tried,
			"none of %zu services tells an exact version", n);
}
