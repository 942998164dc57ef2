/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TELL_RENDER_H
#define PINFOLD_TELL_RENDER_H

#include <jansson.h>
#include <stddef.h>

#include "message/message.h"

/*
 * A message in the words of each kind of receiver (docs/TELL.md).  Names of devices come from
 * people and from devices; here they become JSON or lines of plain ASCII and nothing else, so
 * that none is a header, a topic or a command at the other end.
 */
enum { SIGNATURE_HEADER_MAX = 192, DELIVERY_MAX = 40 };

/* One line of ASCII of what was just made, which is freed: that it is none is our own mistake.  Gives. */
char *render_json(json_t *);
/* The body of a webhook.  Gives; free(). */
char *render_webhook(const struct message_tell *);
/*
 * "Pinfold-Signature: t=1764547200,v1=HEX": HMAC-SHA256 with the secret over the decimal time,
 * a full stop and the body.
 */
void render_signature(
	char out[static SIGNATURE_HEADER_MAX], const char *secret, int64_t now_s, const char *body);
/* The body of ntfy's JSON publishing; page: of our pages, or "".  Gives. */
char *render_ntfy(const struct message_tell *, const char *topic, const char *page);
/*
 * What is the same for each try of one message and of no other: tickets begin anew when the
 * gateway does and none waits, so the time belongs to it.
 */
const char *render_delivery(char out[static DELIVERY_MAX], const struct message_tell *);
/* A whole mail (RFC 5322, RFC 3834), lines ending in CRLF.  Gives. */
char *render_mail(const struct message_tell *, const struct message_receiver *, int64_t now_s);

const char *tell_what_word(enum tell_what);
const char *tell_level_word(unsigned level);

#endif
