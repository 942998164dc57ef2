/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/login.h"
#include "check/table.h"

/*
 * A shell shows itself by what it computes: the answer to this is not in the
 * question, so an echo is not taken for a shell.
 */
#define PROOF_QUESTION "echo pin$((6*7))fold\r\n"
#define PROOF_ANSWER   "pin42fold"
/* In the note of an exchange that never came as far as the password: it tells nothing of it. */
#define NO_PASSWORD ", no password was asked for"

enum { IAC = 255, SB = 250, SE = 240, WILL = 251, WONT = 252, DO = 253, DONT = 254 };
enum { SAID_MAX = 4096, LAST_MAX = 128, QUIET_MS = 500 };

/* --- what was said -------------------------------------------------------------------------------- */

/* The end of the text without telnet's own commands (RFC 854). */
static size_t
said(const uint8_t *bytes, size_t len, char out[static SAID_MAX])
{
	size_t from = len > SAID_MAX - 1 ? len - (SAID_MAX - 1) : 0, n = 0;

	for (size_t i = from; i < len; i++) {
		if (bytes[i] == IAC && i + 1 < len) {
			if (bytes[i + 1] == SB) {
				while (i + 1 < len && !(bytes[i] == IAC && bytes[i + 1] == SE))
					i++;
				i++;
			} else {
				i += bytes[i + 1] >= WILL ? 2 : 1;
			}
		} else if (bytes[i] == '\n' || (bytes[i] >= ' ' && bytes[i] != 127)) {
			out[n++] = (char)bytes[i];
		}
	}
	out[n] = '\0';
	return n;
}

/* The last line, without blanks at its end. */
static void
last_line(const char *text, char out[static LAST_MAX])
{
	size_t len = strlen(text);

	while (len && (text[len - 1] == ' ' || text[len - 1] == '\n'))
		len--;
	size_t first = len;
	while (first && text[first - 1] != '\n' && len - first < LAST_MAX - 1)
		first--;
	snprintf(out, LAST_MAX, "%.*s", (int)(len - first), text + first);
}

static bool
ends_in_any(const char *text, const char *const *words, size_t n)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < n; i++) {
		size_t word = strlen(words[i]);
		if (len >= word && !strcasecmp(text + len - word, words[i]))
			return true;
	}
	return false;
}

static bool
asks_for_name(const char *line)
{
	static const char *const words[] = {"login:", "username:", "user:", "user name:",
		"account:", "login name:", "login >", "username>", "login>"};
	return ends_in_any(line, words, COUNT_OF(words));
}

static bool
asks_for_password(const char *line)
{
	static const char *const words[] = {
		"password:", "passwd:", "password >", "pass:", "password>"};
	return ends_in_any(line, words, COUNT_OF(words));
}

static bool
is_prompt(const char *line)
{
	static const char *const words[] = {"#", "$", ">", "%"};
	return *line && ends_in_any(line, words, COUNT_OF(words));
}

/*
 * A prompt that comes again has not let anybody in, in whatever language it
 * asks: the last line begins an earlier line (behind which the name was echoed).
 */
static bool
asks_again(const char *text, const char *last)
{
	size_t len = strlen(last);
	unsigned n = 0;

	for (const char *line = text; len && *line; line += *line == '\n') {
		n += !strncmp(line, last, len);
		line += strcspn(line, "\n");
	}
	return n > 1;
}

static enum login_result
telnet_result(const struct exchange *e)
{
	char text[SAID_MAX], last[LAST_MAX];
	size_t len = said(e->received, e->n_received, text);
	bool is_open = strstr(e->note, "no login asked");

	if (!len)
		return LOGIN_UNKNOWN;
	last_line(text, last);
	if (strstr(text, PROOF_ANSWER))
		return is_open ? LOGIN_NOT_ASKED : LOGIN_YES;
	if (login_says_locked(text, len))
		return LOGIN_LOCKED;
	if (strstr(e->note, NO_PASSWORD))
		return LOGIN_UNKNOWN;
	if (asks_for_name(last) || asks_for_password(last) || login_says_no(text, len))
		return LOGIN_NO;
	if (asks_again(text, last))
		return LOGIN_NO;
	if (is_prompt(last))
		return is_open ? LOGIN_NOT_ASKED : LOGIN_YES;
	return e->n_sent ? LOGIN_NO : LOGIN_UNKNOWN;
}

/* --- trying ---------------------------------------------------------------------------------------- */

struct dialogue {
	struct talk *talk;
	size_t answered;   /* negotiation up to here */
	size_t from;       /* what was said before does not count for what is awaited */
	const char *known; /* a prompt of it that was seen before; may be empty */
};

/* What the one device that is asked now uses as prompts, whatever the language. */
static struct {
	struct ip address;
	uint16_t port;
	char name[LAST_MAX], password[LAST_MAX];
} learned;

/* We do nothing and want nothing done: WONT to each DO, DONT to each WILL. */
static void
negotiate(struct dialogue *dialogue, const uint8_t *bytes, size_t len)
{
	size_t i = dialogue->answered;

	for (; i < len; i++) {
		if (bytes[i] != IAC)
			continue;
		if (i + 2 >= len)
			break;
		uint8_t answer[3] = {IAC, bytes[i + 1] == DO ? WONT : DONT, bytes[i + 2]};
		if (bytes[i + 1] == DO || bytes[i + 1] == WILL)
			talk_send(dialogue->talk, answer, sizeof answer);
		i += bytes[i + 1] >= WILL ? 2 : 1;
	}
	dialogue->answered = i;
}

static bool
is_awaited(const uint8_t *bytes, size_t len, void *arg)
{
	struct dialogue *dialogue = arg;
	char text[SAID_MAX], last[LAST_MAX];

	negotiate(dialogue, bytes, len);
	if (len <= dialogue->from)
		return false;
	said(bytes + dialogue->from, len - dialogue->from, text);
	last_line(text, last);
	if (!*last || bytes[len - 1] == '\n')
		return false;
	return asks_for_name(last) || asks_for_password(last) || is_prompt(last) ||
	       strstr(text, PROOF_ANSWER) || (*dialogue->known && !strcmp(last, dialogue->known));
}

static bool
is_something(const uint8_t *bytes, size_t len, void *arg)
{
	struct dialogue *dialogue = arg;

	negotiate(dialogue, bytes, len);
	return len > dialogue->from;
}

/*
 * The last line of what came since the last call; empty where nothing was said
 * in time.  Whoever says what we do not know has said all when it is quiet.
 */
static void
await(struct dialogue *dialogue, uint32_t ms, const char *known, char last[static LAST_MAX])
{
	char text[SAID_MAX];
	const uint8_t *bytes;

	dialogue->known = known;
	talk_receive(dialogue->talk, ms, is_something, dialogue, &bytes);
	size_t len = talk_receive_until(dialogue->talk, QUIET_MS, is_awaited, dialogue, &bytes);
	said(bytes + dialogue->from, len - dialogue->from, text);
	last_line(text, last);
	dialogue->from = len;
}

static void
say(struct dialogue *dialogue, const char *text)
{
	char line[2 * CREDENTIAL_TEXT_MAX];

	snprintf(line, sizeof line, "%s\r\n", text);
	talk_send_text(dialogue->talk, line);
}

/* Gives what it says when the password was sent; false when it never was. */
static bool
log_in(struct dialogue *dialogue, const struct credential *with, uint32_t ms,
	char last[static LAST_MAX])
{
	if (!*last && !talk_is_closed(dialogue->talk)) {
		say(dialogue, ""); /* a serial line wakes up by it */
		await(dialogue, ms, learned.name, last);
	}
	if (!*last || talk_is_closed(dialogue->talk))
		return false; /* it asks for nothing at all */
	if (asks_for_password(last)) {
		say(dialogue, with->password);
		await(dialogue, ms, learned.name, last);
		return true;
	}
	snprintf(learned.name, sizeof learned.name, "%s", last);
	say(dialogue, with->user);
	await(dialogue, ms, learned.password, last);
	/* The name is echoed in front where the next line was not begun. */
	if (talk_is_closed(dialogue->talk) || (is_prompt(last) && !asks_for_password(last)) ||
		!strcmp(last, learned.name) || !*last)
		return false;
	snprintf(learned.password, sizeof learned.password, "%s", last);
	say(dialogue, with->password);
	await(dialogue, ms, learned.name, last);
	return true;
}

static void
telnet_try(struct session *session, const struct service_at *at,
	const struct credential *credential, const char *step, uint32_t round)
{
	static const struct credential none = {0};
	uint32_t ms = session_pace(session) == PACE_LAB ? 6000 : 8000;
	struct dialogue dialogue = {.talk = talk_tcp(session, &at->address, at->port, step, round)};
	char last[LAST_MAX];

	if (!dialogue.talk)
		return;
	if (learned.port != at->port || !ip_is_equal(&learned.address, &at->address)) {
		memset(&learned, 0, sizeof learned);
		learned.port = at->port;
		learned.address = at->address;
	}
	const struct credential *with = credential ? credential : &none;
	talk_note(dialogue.talk, "%s%s", credential ? "user " : "", with->user);
	await(&dialogue, ms, learned.name, last);
	if (is_prompt(last) && !asks_for_name(last) && strcmp(last, learned.name))
		talk_note(dialogue.talk, "no login asked");
	else if (!log_in(&dialogue, with, ms, last) && credential)
		talk_note(dialogue.talk, "user %s" NO_PASSWORD, with->user);
	bool may_be_in = *last && !asks_for_name(last) && !asks_for_password(last) &&
			 strcmp(last, learned.name) != 0 && strcmp(last, learned.password) != 0;
	if (!talk_is_closed(dialogue.talk) && may_be_in) {
		talk_send_text(dialogue.talk, PROOF_QUESTION);
		await(&dialogue, 1500, "", last);
		/* The echo of the question may come first. */
		await(&dialogue, 300, "", last);
		if (!talk_is_closed(dialogue.talk))
			talk_send_text(dialogue.talk, "exit\r\n");
	}
	talk_close(dialogue.talk);
}

const struct login_kind telnet_login_kind = {
	.name = "telnet",
	.service = SERVICE_TELNET,
	.try = telnet_try,
	.result = telnet_result,
	.is_clear_text = true,
};

void
telnet_login_probe(struct session *session)
{
	login_probe(session, &telnet_login_kind);
}

void
telnet_login_judge(const struct transcript *transcript, struct findings *findings)
{
	login_judge(transcript, findings, &telnet_login_kind);
}
