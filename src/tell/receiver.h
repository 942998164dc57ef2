/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TELL_RECEIVER_H
#define PINFOLD_TELL_RECEIVER_H

#include <jansson.h>

#include "message/message.h"

/*
 * Who hears of it: one place that the owner named.
 *
 *	https://HOST[:PORT]/PATH      a webhook, signed with the secret
 *	ntfy://HOST[:PORT]/TOPIC      ntfy (ntfy+http:// without TLS)
 *	smtps://HOST[:PORT]           mail; smtp:// begins TLS on the way
 *	mqtts://HOST[:PORT][/PREFIX]  Home Assistant; /PREFIX: of its discovery
 *	http://, mqtt://              the same without TLS
 *
 * A host is a name or an address.  What is not encrypted stays inside: http, ntfy+http
 * and mqtt want an address of our own networks, and so does mail that does not begin TLS.
 */
enum {
	RECEIVER_NAME_MAX = 33,
	RECEIVER_URL_MAX = 600,
	HEARTBEAT_MINUTES_MAX = 24 * 60,
};

/* What it is told.  Zero: everything. */
enum receiver_wants { WANTS_ALL, WANTS_URGENT, WANTS_DIGEST, WANTS_COUNT };
extern const char *const receiver_wants_words[WANTS_COUNT];

struct receiver {
	char name[RECEIVER_NAME_MAX]; /* printable word, the owner's */
	enum receiver_wants wants;
	uint32_t heartbeat_minutes; /* 0: none */
	struct message_receiver to; /* number, addresses and secret are filled in elsewhere */
};

/*
 * Fills kind, TLS, host, port and path of *to from the owner's URL.  False with the reason:
 * unknown scheme, user or password in it, query, fragment, a host that is none.
 */
bool receiver_parse(struct message_receiver *to, const char *url, struct fault *why);
/*
 * Fills the rest, of a receiver whose URL was parsed: "name", "wants", "heartbeat" (minutes),
 * "user", "sender", "recipient", "scope" (read, act, admin: what MQTT may ask for).  What is
 * missing is empty, or zero.  False with the reason; the secret and the number are not its matter.
 */
bool receiver_fill(struct receiver *, const json_t *members, struct fault *why);
/* The URL again, without the secret; returns out. */
const char *receiver_render(const struct message_receiver *, char out[static RECEIVER_URL_MAX]);
/*
 * The same for whoever is not the owner: who knows the topic of ntfy, or the path of a webhook,
 * may read or write there, so "..." stands in its stead.
 */
const char *receiver_render_host(
	const struct message_receiver *, char out[static RECEIVER_URL_MAX]);
/* Letters, digits, ".", "-", "_"; at most 32, and none of the words of the API's paths. */
bool receiver_name_is_fine(const char *name);
/* anna@example.org: printable, one "@", nothing that has a meaning in a mail's head. */
bool receiver_mail_is_fine(const char *address);
/* The host is an address and not a name; *ip then is it. */
bool receiver_host_is_address(const struct message_receiver *, struct ip *ip);

const char *receiver_kind_word(enum receiver_kind);

#endif
