/* SPDX-License-Identifier: Apache-2.0 */
#include "process/teller.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/printable.h"
#include "process/confine.h"
#include "process/curl_loop.h"
#include "tell/render.h"

struct teller teller;
static struct channel *engine;

/* --- to the engine ------------------------------------------------------------------------------- */

static void
send_engine(enum message_type type, const void *payload, size_t len)
{
	if (!engine || channel_send(engine, type, 0, payload, len, -1))
		log_debug("engine", "a message could not be sent");
}

void
teller_answer(uint8_t receiver, uint32_t ticket, enum err err, bool is_final, const char *why)
{
	struct message_told told = {
		.ticket = ticket, .err = err, .receiver = receiver, .is_final = is_final};

	printable(told.why, sizeof told.why, why, strlen(why));
	send_engine(MESSAGE_TOLD, &told, sizeof told);
}

void
teller_ask_for_things(uint8_t receiver)
{
	struct message_things_ask asked = {.receiver = receiver};

	send_engine(MESSAGE_THINGS_ASK, &asked, sizeof asked);
}

void
teller_wish(const struct message_wish *wish)
{
	send_engine(MESSAGE_WISH, wish, sizeof *wish);
}

/* --- from the engine ------------------------------------------------------------------------------- */

static void
on_receiver(const struct message_receiver *to)
{
	struct message_receiver *known = &teller.receiver[to->number];

	if (!memcmp(known, to, sizeof *to))
		return;
	http_drop(to->number);
	*known = *to;
	mqtt_receiver(known);
}

static void
on_tell(const struct message_tell *tell)
{
	const struct message_receiver *to = &teller.receiver[tell->receiver];

	if (to->kind == RECEIVER_UNKNOWN || !to->n_addresses)
		teller_answer(tell->receiver, tell->ticket, ERR_NOT_FOUND, false,
			"no address of it is known");
	else if (to->kind == RECEIVER_MQTT)
		mqtt_tell(to, tell);
	else
		http_tell(to, tell);
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd);
	switch (header->type) {
	case MESSAGE_RECEIVER:
		on_receiver(payload);
		break;
	case MESSAGE_TELL:
		on_tell(payload);
		break;
	case MESSAGE_THING:
		mqtt_thing(payload);
		break;
	default:
		break;
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	log_debug(process_name(channel_peer(channel)), "%s", why);
}

/* A new engine tells receivers and messages again. */
static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	if (what != DESCRIPTOR_PEER || peer != PROCESS_ENGINE) {
		close(fd);
		return;
	}
	http_drop(0);
	mqtt_forget();
	channel_free(engine);
	engine = channel_new(fd, PROCESS_TELLER, peer, on_message, on_closed, NULL);
}

/* --- start -------------------------------------------------------------------------------------------- */

int
main(void)
{
	static const struct process_hooks hooks = {.on_descriptor = on_descriptor};
	static const struct message_tell nothing;
	char ignored[SIGNATURE_HEADER_MAX];

	teller.settings = process_begin(PROCESS_TELLER, &hooks);
	/* without this the C library reads /etc/localtime */
	setenv("TZ", "UTC0", 1);
	tzset();
	teller.anchors = curl_loop_anchors(teller.settings->web_ca);
	http_start();
	mqtt_start();
	/* What libraries open or read at their first use is used here once. */
	free(render_webhook(&nothing));
	render_signature(ignored, "", 0, "");
	SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
	confine(PROCESS_TELLER, teller.settings);
	process_ready();
	loop_run();
	return 0;
}
