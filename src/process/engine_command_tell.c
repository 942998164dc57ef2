/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about who hears of it. */
#include <string.h>
#include <sys/random.h>

#include "base/auto.h"
#include "base/hex.h"
#include "process/engine_tell.h"

enum { SECRET_LEN = 32 };

static json_t *
run_tell_show(struct call *call)
{
	return tell_show(call->role >= ROLE_OWNER);
}

/* A file ends with a line end that belongs to no secret. */
static bool
take_secret(struct call *call, char out[static sizeof((struct message_receiver *)0)->secret])
{
	const size_t size = sizeof((struct message_receiver *)0)->secret;
	const char *given = call_text_or(call, "secret", "");
	size_t len = strcspn(given, "\r\n");

	if (len >= size || strspn(given + len, "\r\n") != strlen(given + len)) {
		fault_set(&call->why, ERR_INVALID, "a secret is one line of at most %zu bytes",
			size - 1);
		return false;
	}
	for (size_t i = 0; i < len; i++)
		if (given[i] < ' ' || given[i] > '~') {
			fault_set(&call->why, ERR_INVALID, "a secret is plain ASCII");
			return false;
		}
	memcpy(out, given, len);
	return true;
}

/* Who receives a webhook must be able to tell that it is ours. */
static void
make_secret(char *out)
{
	uint8_t random[SECRET_LEN];

	if (getrandom(random, sizeof random, 0) != sizeof random)
		fatal("tell", "no random numbers");
	hex_text(random, sizeof random, out);
}

static bool
finish(struct call *call, const char *text)
{
	bool is_kept = call_journal(call, call->who, text);

	tell_changed(is_kept);
	return is_kept;
}

static json_t *
run_tell_add(struct call *call)
{
	struct receiver receiver = {0};
	char url[RECEIVER_URL_MAX], text[256];
	const char *given = call_text(call, "url", 400);

	if (!given || !call_text(call, "name", RECEIVER_NAME_MAX - 1) ||
		!receiver_parse(&receiver.to, given, &call->why) ||
		!receiver_fill(&receiver, call->args, &call->why) ||
		!take_secret(call, receiver.to.secret))
		return NULL;
	const struct receiver *old = tell_receiver(receiver.name);
	receiver.to.number = old ? old->to.number : tell_room();
	if (!receiver.to.number) {
		fault_set(&call->why, ERR_FULL, "there are %d receivers already", RECEIVERS_MAX);
		return NULL;
	}
	/* Whoever changes where it goes must know the secret anew. */
	bool is_made = receiver.to.kind == RECEIVER_WEBHOOK && !receiver.to.secret[0];
	if (is_made)
		make_secret(receiver.to.secret);
	snprintf(text, sizeof text, "%s is told of what happens, at %.150s", receiver.name,
		receiver_render_host(&receiver.to, url));
	store_begin(engine.store);
	if (old)
		tell_drop(old);
	tell_put(&receiver);
	if (!finish(call, text))
		return NULL;
	json_t *out = json_pack("{s:s, s:s, s:s}", "name", receiver.name, "url",
		receiver_render(&receiver.to, url), "sentence", text);
	if (is_made)
		json_object_set_new(out, "secret", json_string(receiver.to.secret));
	return out;
}

static json_t *
run_tell_remove(struct call *call)
{
	const char *name = call_text(call, "receiver", RECEIVER_NAME_MAX - 1);
	const struct receiver *receiver = name ? tell_receiver(name) : NULL;
	char text[96];

	if (!receiver) {
		if (name)
			fault_set(&call->why, ERR_NOT_FOUND, "there is no such receiver");
		return NULL;
	}
	snprintf(text, sizeof text, "%s is told nothing any more", receiver->name);
	store_begin(engine.store);
	tell_drop(receiver);
	return finish(call, text) ? json_true() : NULL;
}

static json_t *
run_tell_test(struct call *call)
{
	const char *name = call_text(call, "receiver", RECEIVER_NAME_MAX - 1);

	if (!name || !tell_test(name, &call->why))
		return NULL;
	return json_pack("{s:s, s:s}", "receiver", name, "sentence",
		"a test is on its way; whether it was taken stands in the list of receivers");
}

static json_t *
run_tell_hours(struct call *call)
{
	const char *quiet = call_text_or(call, "quiet", NULL),
		   *digest = call_text_or(call, "digest", NULL);
	struct tell_hours hours = tell_hours_now(), before = hours;
	char text[96], quiet_text[16], digest_text[16];

	if ((quiet && !hours_parse_quiet(&hours, quiet)) ||
		(digest && !hours_parse_digest(&hours, digest)) || (!quiet && !digest)) {
		fault_set(&call->why, ERR_INVALID,
			"expected quiet as 22:00-07:00 or off, or digest as 08:00 or off");
		return NULL;
	}
	snprintf(text, sizeof text, "quiet hours are %s, the daily digest is %s",
		hours_render_quiet(&hours, quiet_text), hours_render_digest(&hours, digest_text));
	store_begin(engine.store);
	tell_hours_put(&hours);
	if (!call_journal(call, call->who, text)) {
		tell_hours_forget(&before);
		return NULL;
	}
	return tell_show(call->role >= ROLE_OWNER);
}

const struct verb tell_verbs[] = {
	{"tell.show", ROLE_VIEWER, 0, run_tell_show},
	{"tell.add", ROLE_OWNER, CHANGES | SENDS | IS_SECRET, run_tell_add},
	{"tell.remove", ROLE_OWNER, CHANGES, run_tell_remove},
	{"tell.test", ROLE_OWNER, CHANGES | SENDS, run_tell_test},
	{"tell.hours", ROLE_OWNER, CHANGES, run_tell_hours},
	{0},
};
