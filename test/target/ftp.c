/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 959 as small devices have it: a login, and questions that need no data connection. */
#include "target.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const banners[] = {"220 FTP server ready", "220 (vsFTPd 2.0.%u)",
	"220 ProFTPD 1.3.%u Server (DVR)", "220-\r\n220-Welcome, camera %u\r\n220 Ready.",
	"220 Bftpd 1.%u ready.", "220 Bienvenue"};
static const char *const refusals[] = {"530 Login incorrect.", "530 Not logged in",
	"530 Anmeldung fehlgeschlagen", "530 \xe5\xaf\x86\xe7\xa0\x81\xe9\x94\x99\xe8\xaf\xaf",
	"430 Invalid username or password"};

void
serve_ftp(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	char line[512], user[64] = "";
	bool is_in = false, is_anonymous = false;
	unsigned wrong = 0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	conn_say(conn, VARIANT_ONE_OF(variant, "banner", banners),
		variant_pick(variant, "minor", 9));
#pragma GCC diagnostic pop
	conn_say(conn, "\r\n");
	for (;;) {
		char verb[8] = "", words[64] = "";

		conn_line(conn, line, sizeof line);
		sscanf(line, "%7s %63[^\r\n]", verb, words);
		if (!strcasecmp(verb, "USER")) {
			is_in = false;
			snprintf(user, sizeof user, "%s", words);
			is_anonymous = variant_has(variant, "anonymous") &&
				       (!strcasecmp(user, "anonymous") || !strcasecmp(user, "ftp"));
			if (is_anonymous || variant_pick(variant, "asks all", 4))
				conn_say(conn, "331 Password required for %s\r\n", user);
			else
				conn_say(conn, "331 Please specify the password.\r\n");
		} else if (!strcasecmp(verb, "PASS")) {
			is_in = *user && (is_anonymous || conn_login(conn, user, words));
			if (is_in) {
				conn_say(conn, "230 User %s logged in.\r\n", user);
				continue;
			}
			if (conn_is_locked(conn) && variant_pick(variant, "says so", 2))
				conn_say(conn, "421 Too many wrong tries\r\n");
			else
				conn_say(conn, "%s\r\n",
					VARIANT_ONE_OF(variant, "refusal", refusals));
			if (conn_is_locked(conn) || ++wrong > variant_pick(variant, "tries", 5))
				conn_end(conn);
		} else if (!strcasecmp(verb, "QUIT")) {
			conn_say(conn, "221 Goodbye.\r\n");
			conn_end(conn);
		} else if (!strcasecmp(verb, "SYST")) {
			conn_say(conn, "215 UNIX Type: L8\r\n");
		} else if (!strcasecmp(verb, "NOOP")) {
			conn_say(conn, "200 ok\r\n");
		} else if (!is_in) {
			conn_say(conn, "530 Please login with USER and PASS.\r\n");
		} else if (!strcasecmp(verb, "PWD") || !strcasecmp(verb, "XPWD")) {
			conn_say(conn, "257 \"/\" is the current directory\r\n");
		} else if (!strcasecmp(verb, "STAT")) {
			conn_say(conn, "211 Logged in as %s\r\n", user);
		} else {
			conn_say(conn, "502 Command not implemented.\r\n");
		}
	}
}
