/* SPDX-License-Identifier: Apache-2.0 */
/* Who may log in to the pages, by what, and the tokens of programs. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/ctl.h"

enum { SECRET_MAX = 257 };

static bool
read_line(char out[static SECRET_MAX])
{
	if (!fgets(out, SECRET_MAX, stdin))
		return false;
	size_t len = strcspn(out, "\n");
	/* What was longer is refused, and not cut. */
	if (out[len] != '\n' && !feof(stdin))
		return false;
	out[len] = '\0';
	return len > 0;
}

static bool
read_unseen(const char *prompt, char out[static SECRET_MAX])
{
	struct termios seen, unseen;

	if (tcgetattr(STDIN_FILENO, &seen))
		return false;
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", prompt);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen))
		return false;
	bool is_read = read_line(out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen);
	fprintf(stderr, "\n");
	return is_read;
}

json_t *
secret_asked(struct fault *why)
{
	char secret[SECRET_MAX], again[SECRET_MAX];

	if (!isatty(STDIN_FILENO)) {
		if (read_line(secret))
			return json_string(secret);
		fault_set(why, ERR_INVALID,
			"the password is read from the standard input: one line "
			"of at most 255 bytes");
		return NULL;
	}
	if (!read_unseen("Password (at least 12 characters; a sentence is a good one)", secret) ||
		!read_unseen("The same again", again)) {
		fault_set(why, ERR_INVALID, "no password was given");
		return NULL;
	}
	if (strcmp(secret, again)) {
		fault_set(why, ERR_INVALID, "the two are not the same");
		return NULL;
	}
	json_t *given = json_string(secret);
	if (!given)
		fault_set(why, ERR_INVALID, "the password is not UTF-8");
	return given;
}

void
show_account(const json_t *account, const struct options *options)
{
	if (!options->quiet)
		printf("%s is %s\n", text(account, "name"), text(account, "role"));
}

void
show_accounts(const json_t *accounts, const struct options *options)
{
	const json_t *row;
	size_t i;

	if (!options->quiet)
		printf("%-32s  %-7s  %s\n", "NAME", "ROLE", "SINCE");
	json_array_foreach(accounts, i, row)
	{
		if (options->quiet)
			printf("%s\n", text(row, "name"));
		else
			printf("%-32s  %-7s  %s\n", text(row, "name"), text(row, "role"),
				when(row, "created"));
	}
}

void
show_code(const json_t *result, const struct options *options)
{
	printf("%s\n", text(result, "code"));
	if (!options->quiet)
		printf("Open the page of the gateway and enter it there; whoever does so is its "
		       "owner.\n");
}

void
show_token(const json_t *token, const struct options *options)
{
	printf("%s\n", text(token, "token"));
	if (!options->quiet)
		printf("It is shown once.  Id %s, scope %s, until %s.\n", text(token, "id"),
			text(token, "scope"), when(token, "until"));
}

void
show_tokens(const json_t *tokens, const struct options *options)
{
	const json_t *row;
	size_t i;

	if (!options->quiet)
		printf("%-5s  %-16s  %-24s  %-6s  %s\n", "ID", "OF", "NAME", "SCOPE", "UNTIL");
	json_array_foreach(tokens, i, row)
	{
		if (options->quiet)
			printf("%s\n", text(row, "id"));
		else
			printf("%-5s  %-16s  %-24s  %-6s  %s\n", text(row, "id"),
				text(row, "account"), text(row, "name"), text(row, "scope"),
				when(row, "until"));
	}
}

void
show_passkeys(const json_t *passkeys, const struct options *options)
{
	const json_t *row;
	size_t i;

	if (!options->quiet)
		printf("%-5s  %-16s  %-24s  %-20s  %s\n", "ID", "OF", "NAME", "SINCE", "USED");
	json_array_foreach(passkeys, i, row)
	{
		if (options->quiet)
			printf("%s\n", text(row, "id"));
		else
			printf("%-5s  %-16s  %-24s  %-20s  %s\n", text(row, "id"),
				text(row, "account"), text(row, "name"), when(row, "created"),
				when(row, "used"));
	}
}
