/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telnet, and a serial port on the network, with a "shell" that knows a few
 * words and runs nothing.
 */
#include "target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const banners[] = {
	"",
	"\r\n%s login service\r\n",
	"Welcome to %s\r\n\r\n",
	"%s\r\nAuthorised access only!\r\n",
	"\r\n\r\n   ___\r\n  / _ \\   %s\r\n /_/ \\_\\\r\n\r\n",
	"(none) %s\r\n",
};
static const char *const names[] = {"HiCam-3", "DVR-8", "router", "localhost", "NVR v2.4",
	"SmartHub", "IPC-1080", "Air Purifier", "AP-2400", "dm368", "buildroot", "Kamera"};
/* One device speaks one language; most of them English. */
struct language {
	const char *login[6], *password[4], *refusal[6];
};
static const struct language languages[] = {
	{{"%s login: ", "login: ", "Login:", "Username: ", "user name: ", "Enter username> "},
		{"Password: ", "Password:", "password: ", "Enter password> "},
		{"Login incorrect\r\n", "\r\nLogin incorrect\r\n", "Password is error\r\n",
			"Access denied.\r\n", "Authentication failed\r\n", ""}},
	{{"Benutzername: ", "Benutzer: "}, {"Kennwort: ", "Passwort: "},
		{"Anmeldung fehlgeschlagen\r\n", "Falsches Passwort!\r\n"}},
	{{"Nom d'utilisateur : ", "Identifiant: "}, {"Mot de passe : "},
		{"Identifiant ou mot de passe incorrect\r\n", "Acc\xc3\xa8s refus\xc3\xa9\r\n"}},
	{{"Usuario: "},
		{"Contrase\xc3\xb1"
		 "a: "},
		{"Acceso denegado\r\n", "Clave incorrecta\r\n"}},
	{{"\xe7\x94\xa8\xe6\x88\xb7\xe5\x90\x8d: "}, {"\xe5\xaf\x86\xe7\xa0\x81: "},
		{"\xe5\xaf\x86\xe7\xa0\x81\xe9\x94\x99\xe8\xaf\xaf\r\n", ""}},
	{{"\xe3\x83\xa6\xe3\x83\xbc\xe3\x82\xb6\xe3\x83\xbc\xe5\x90\x8d: "},
		{"\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89: "}, {"\r\n"}},
};

static const struct language *
language_of(const struct variant *variant)
{
	if (variant_pick(variant, "english", 3))
		return &languages[0];
	return &VARIANT_ONE_OF(variant, "language", languages);
}

/* One of a list that ends with its room or with NULL. */
static const char *
one_of(const struct variant *variant, const char *word, const char *const *list, unsigned room)
{
	unsigned n = 0;

	while (n < room && list[n])
		n++;
	return list[variant_pick(variant, word, n)];
}

static const char *const welcomes[] = {"",
	"\r\n\r\nBusyBox v1.%u.3 (2015-06-11 14:02:19 CST) built-in shell (ash)\r\n"
	"Enter 'help' for a list of built-in commands.\r\n\r\n",
	"\r\nWelcome to Monitor Tech. %u\r\n", "Last login: Thu Jan  1 00:%02u:11 on ttyp0\r\n",
	"\r\n"};
static const char *const shell_prompts[] = {
	"# ", "~ # ", "$ ", "[root@%s /]# ", "%s> ", "%s# ", "/ # ", "root@%s:~# ", "-> ", "CLI> "};

/* What looks like a sum is answered as a shell does, so that an echo is told from a shell. */
static void
echo(struct conn *conn, const char *words)
{
	char text[512];
	size_t len = 0;

	while (*words && len + 32 < sizeof text) {
		long a, b;
		char sign;
		int used = 0;

		if (sscanf(words, "$((%9ld%c%9ld))%n", &a, &sign, &b, &used) == 3 && used > 0 &&
			strchr("+-*", sign)) {
			len += (size_t)snprintf(text + len, sizeof text - len, "%ld",
				sign == '+'   ? a + b
				: sign == '-' ? a - b
					      : a * b);
			words += used;
		} else if (*words == '"' || *words == '\'') {
			words++;
		} else {
			text[len++] = *words++;
		}
	}
	text[len] = '\0';
	conn_say(conn, "%s\r\n", text);
}

static void
obey(struct conn *conn, const char *line)
{
	const struct variant *variant = conn_variant(conn);

	if (!strncmp(line, "echo ", 5))
		echo(conn, line + 5);
	else if (!strcmp(line, "id"))
		conn_say(conn, "uid=0(root) gid=0(root)\r\n");
	else if (!strncmp(line, "uname", 5))
		conn_say(conn, "Linux %s 3.10.%u armv7l GNU/Linux\r\n",
			VARIANT_ONE_OF(variant, "name", names),
			variant_pick(variant, "kernel", 90));
	else if (!strcmp(line, "help") || !strcmp(line, "?"))
		conn_say(conn, "cat cd echo exit id ls reboot uname\r\n");
	else if (!strcmp(line, "exit") || !strcmp(line, "quit") || !strcmp(line, "logout"))
		conn_end(conn);
	else if (*line && strncmp(line, "ls", 2) != 0)
		conn_say(conn, "sh: %.40s: not found\r\n", line);
}

static _Noreturn void
shell(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	const char *name = VARIANT_ONE_OF(variant, "name", names);
	char prompt[64], line[512];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(prompt, sizeof prompt, VARIANT_ONE_OF(variant, "shell prompt", shell_prompts),
		name);
	conn_say(conn, VARIANT_ONE_OF(variant, "welcome", welcomes),
		variant_pick(variant, "minor", 30));
#pragma GCC diagnostic pop
	for (;;) {
		conn_say(conn, "%s", prompt);
		conn_line(conn, line, sizeof line);
		if (variant_pick(variant, "echo", 2))
			conn_say(conn, "%s\r\n", line);
		obey(conn, line);
	}
}

static void
log_in(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	const char *name = VARIANT_ONE_OF(variant, "name", names);
	const struct language *language = language_of(variant);
	const char *refusal = one_of(variant, "refusal", language->refusal, 6);
	unsigned tries = 1 + variant_pick(variant, "tries", 6);
	char user[64], password[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	conn_say(conn, VARIANT_ONE_OF(variant, "banner", banners), name);
	for (unsigned i = 0; i < tries; i++) {
		conn_say(conn, one_of(variant, "login prompt", language->login, 6), name);
#pragma GCC diagnostic pop
		conn_line(conn, user, sizeof user);
		if (variant_pick(variant, "echo", 2))
			conn_say(conn, "%s\r\n", user);
		conn_say(conn, "%s", one_of(variant, "password prompt", language->password, 4));
		conn_line(conn, password, sizeof password);
		conn_say(conn, "\r\n");
		if (conn_login(conn, user, password))
			return;
		if (conn_is_locked(conn) && variant_pick(variant, "says so", 2))
			conn_say(conn, "Account locked, try again later\r\n");
		else
			conn_say(conn, "%s", refusal);
	}
	conn_end(conn);
}

void
serve_telnet(struct conn *conn)
{
	/* Three habits: ask for the window and the terminal, only say who echoes, say nothing. */
	static const uint8_t polite[] = {255, 253, 24, 255, 253, 32, 255, 251, 1, 255, 251, 3};
	static const uint8_t short_of_words[] = {255, 251, 1, 255, 251, 3};
	const struct variant *variant = conn_variant(conn);

	switch (variant_pick(variant, "options", 3)) {
	case 0:
		conn_write(conn, polite, sizeof polite);
		break;
	case 1:
		conn_write(conn, short_of_words, sizeof short_of_words);
		break;
	default:
		break;
	}
	if (!variant_has(variant, "open"))
		log_in(conn);
	shell(conn);
}

/* The serial line speaks when it is woken; a boot loader's words may lie in its buffer. */
void
serve_serial(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	char line[512];

	if (variant_pick(variant, "boot", 2))
		conn_say(conn,
			"U-Boot 2013.%02u (Jul 01 2014)\r\nDRAM:  128 MiB\r\nHit any key to stop "
			"autoboot:  0\r\n",
			1 + variant_pick(variant, "month", 12));
	conn_line(conn, line, sizeof line);
	if (!variant_has(variant, "open"))
		log_in(conn);
	shell(conn);
}
