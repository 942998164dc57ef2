/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_TELLER_H
#define PINFOLD_PROCESS_TELLER_H

#include <openssl/x509.h>

#include "process/process.h"

/*
 * The teller: takes messages to the receivers that the owner named.
 *
 * In come receivers with their addresses and secrets, messages, and for Home Assistant the
 * devices.  Out goes what became of each message, and what somebody at a receiver wants.  It
 * knows no names but those of receivers, reads no file and no answer but a status, and
 * the kernel lets it reach the addresses of receivers alone.
 *
 * The files: teller.c wires; teller_http.c sends to webhooks, ntfy and mail servers;
 * teller_mqtt.c keeps the connection to a broker.
 */
struct teller {
	const struct settings *settings;
	X509_STORE *anchors;
	struct message_receiver receiver[RECEIVERS_MAX + 1]; /* by number; kind 0: none */
};
extern struct teller teller;

/* What became of a message; with ticket 0 of the connection.  why is any text. */
void teller_answer(uint8_t receiver, uint32_t ticket, enum err err, bool is_final, const char *why);
void teller_ask_for_things(uint8_t receiver);
void teller_wish(const struct message_wish *);

void http_start(void); /* before confine() */
void http_tell(const struct message_receiver *, const struct message_tell *);
/* What is under way to it is answered as not taken; 0: all, and whoever asked is gone. */
void http_drop(uint8_t receiver);

void mqtt_start(void); /* before confine() */
/* The receiver is new, other than before, or gone (kind RECEIVER_UNKNOWN). */
void mqtt_receiver(const struct message_receiver *);
void mqtt_tell(const struct message_receiver *, const struct message_tell *);
void mqtt_forget(void); /* whoever asked for what is under way is gone */
void mqtt_thing(const struct message_thing *);

#endif
