/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker, by libmosquitto on our loop: one connection for each receiver of that kind.  What
 * is published there is made in tell/home_assistant.c; what comes back is a birth message of
 * Home Assistant, or a wish, and everything else is thrown away.
 *
 * A connection that fails is made anew from nothing: what was not acknowledged is told by the
 * engine again, and nothing waits in two places.  But for what is gone: the broker keeps a
 * device until it is taken away there, and the engine has forgotten it.
 */
#include <mosquitto.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "process/teller.h"
#include "tell/home_assistant.h"
#include "tell/render.h"

enum {
	KEEPALIVE_S = 20,
	MISC_MS = 1000,
	CONNECT_S = 15,
	AGAIN_MS_MAX = 60 * 1000,
	PART_S = 3, /* at most; the kernel lets us go there a little longer (TELL_PART_S) */
	THINGS_MAX = 256,
	UNDER_WAY_MAX = 4,
};

struct link {
	uint8_t number;
	struct message_receiver to;
	struct mosquitto *mosq; /* NULL: between two tries */
	SSL_CTX *tls;
	int fd;
	struct loop_watch *readable, *writable;
	struct loop_timer *misc, *again;
	bool is_connected, has_failed;
	bool is_parting; /* the owner removed it; it is told that our devices are gone */
	/* When it parts: what is not acknowledged yet.  What was on its way before counts not. */
	struct {
		unsigned n;
		int mid[THINGS_MAX + 1];
	} farewell;
	unsigned failures;
	uint64_t begun_ns;
	struct {
		int mid;
		uint32_t ticket;
	} under_way[UNDER_WAY_MAX];
	struct shown {
		char id[sizeof((struct message_thing *)0)->id];
		bool is_gone;
		uint64_t config; /* digest of what was published on this connection; 0: nothing */
	} thing[THINGS_MAX];
	unsigned n_things;
	struct ha_wishes wishes;
};

static struct link *links[RECEIVERS_MAX + 1];   /* NULL: that is no broker */
static struct link *parting[RECEIVERS_MAX + 1]; /* the one before */

static void link_open(struct link *);

/* --- the connection's end ----------------------------------------------------------------------------- */

static void
unwatch(struct link *link)
{
	loop_watch_free(link->readable);
	loop_watch_free(link->writable);
	link->readable = link->writable = NULL;
	link->fd = -1;
}

static void
link_close(struct link *link)
{
	unwatch(link);
	loop_timer_free(link->misc);
	loop_timer_free(link->again);
	link->misc = link->again = NULL;
	if (link->mosq)
		mosquitto_destroy(link->mosq);
	link->mosq = NULL;
	SSL_CTX_free(link->tls);
	link->tls = NULL;
	link->is_connected = link->has_failed = false;
	memset(link->under_way, 0, sizeof link->under_way);
}

static void
link_free(struct link *link)
{
	if (!link)
		return;
	if (parting[link->number] == link)
		parting[link->number] = NULL;
	if (links[link->number] == link)
		links[link->number] = NULL;
	link_close(link);
	free(link);
}

static void
on_again(void *arg)
{
	link_open(arg);
}

/* None of it was taken. */
static void
answer_under_way(struct link *link, const char *why)
{
	for (int i = 0; i < UNDER_WAY_MAX; i++)
		if (link->under_way[i].ticket)
			teller_answer(
				link->number, link->under_way[i].ticket, ERR_CLOSED, false, why);
	memset(link->under_way, 0, sizeof link->under_way);
}

static void
link_failed(struct link *link, const char *why)
{
	unsigned step = link->failures < 6 ? link->failures : 6;
	uint64_t ms = UINT64_C(1000) << step;

	if (link->is_parting) {
		link_free(link);
		return;
	}
	answer_under_way(link, why);
	if (!link->failures++ || link->is_connected)
		teller_answer(link->number, 0, ERR_CLOSED, false, why);
	link_close(link);
	link->again = loop_timer_new(ms < AGAIN_MS_MAX ? ms : AGAIN_MS_MAX, false, on_again, link);
}

/* --- libmosquitto on the loop ---------------------------------------------------------------------------- */

static void on_readable(int fd, void *arg);
static void on_writable(int fd, void *arg);

static void
watch(struct link *link)
{
	int fd = mosquitto_socket(link->mosq);

	if (fd != link->fd)
		unwatch(link);
	if (fd < 0)
		return;
	link->fd = fd;
	if (!link->readable)
		link->readable = loop_watch_read(fd, on_readable, link);
	if (mosquitto_want_write(link->mosq) && !link->writable) {
		link->writable = loop_watch_write(fd, on_writable, link);
	} else if (!mosquitto_want_write(link->mosq) && link->writable) {
		loop_watch_free(link->writable);
		link->writable = NULL;
	}
}

/* After each call into the library; it must not be called again by one of its own callbacks. */
static void
look(struct link *link, int rc)
{
	if (rc != MOSQ_ERR_SUCCESS)
		link_failed(link, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
	else if (link->has_failed)
		link_failed(link, "the broker refuses the user or the password");
	else if (link->is_parting && !link->farewell.n) {
		/* Said goodbye, a broker does not say by our will that we are offline. */
		mosquitto_disconnect(link->mosq);
		link_free(link);
	} else
		watch(link);
}

static void
on_readable(int fd, void *arg)
{
	struct link *link = arg;

	look(link, mosquitto_loop_read(link->mosq, 1));
}

static void
on_writable(int fd, void *arg)
{
	struct link *link = arg;

	look(link, mosquitto_loop_write(link->mosq, 1));
}

static void
on_misc(void *arg)
{
	struct link *link = arg;

	if ((!link->is_connected || link->is_parting) &&
		clock_monotonic_ns() - link->begun_ns >
			(link->is_parting ? PART_S : CONNECT_S) * CLOCK_SECOND_NS)
		link_failed(link, "the broker does not answer");
	else
		look(link, mosquitto_loop_misc(link->mosq));
}

/* --- what the broker says ------------------------------------------------------------------------------------ */

/* That we are here, or are not; the broker keeps it. */
static int
publish_status(struct link *link, const char *word, int *mid)
{
	char topic[HA_TOPIC_MAX];

	ha_status_topic(topic, link->to.gateway);
	return mosquitto_publish(link->mosq, mid, topic, (int)strlen(word), word, 1, true);
}

/* An empty one takes it away, from the broker and from Home Assistant. */
static int
publish_gone(struct link *link, const char *id, int *mid)
{
	struct message_thing thing = {0};
	char topic[HA_TOPIC_MAX];

	snprintf(thing.id, sizeof thing.id, "%s", id);
	ha_config_topic(topic, link->to.path + 1, &thing);
	return mosquitto_publish(link->mosq, mid, topic, 0, NULL, 1, true);
}

/* What was shown on an earlier connection has to be told anew, also that it is gone. */
static bool
begin_things(struct link *link)
{
	int rc = MOSQ_ERR_SUCCESS;

	for (unsigned i = 0; i < link->n_things && !rc; i++) {
		link->thing[i].config = 0;
		if (link->thing[i].is_gone)
			rc = publish_gone(link, link->thing[i].id, NULL);
	}
	return !rc;
}

static void
on_connect(struct mosquitto *mosq, void *arg, int code)
{
	struct link *link = arg;
	char birth[HA_TOPIC_MAX];

	if (code) {
		link->has_failed = true;
		return;
	}
	link->is_connected = true;
	link->failures = 0;
	snprintf(birth, sizeof birth, "%.64s/status", link->to.path + 1);
	if (mosquitto_subscribe(mosq, NULL, birth, 1) ||
		(link->to.commands >= ROLE_HELPER &&
			mosquitto_subscribe(mosq, NULL, HA_WISHES, 1)) ||
		publish_status(link, "online", NULL) || !begin_things(link))
		link->has_failed = true;
	teller_answer(link->number, 0, ERR_OK, false, "");
	teller_ask_for_things(link->number);
}

static void
on_publish(struct mosquitto *mosq, void *arg, int mid)
{
	struct link *link = arg;

	for (unsigned i = 0; i < link->farewell.n; i++)
		if (link->farewell.mid[i] == mid)
			link->farewell.mid[i] = link->farewell.mid[--link->farewell.n];
	for (int i = 0; i < UNDER_WAY_MAX; i++)
		if (link->under_way[i].ticket && link->under_way[i].mid == mid) {
			teller_answer(link->number, link->under_way[i].ticket, ERR_OK, true, "");
			link->under_way[i].ticket = 0;
		}
}

static void
on_broker(struct mosquitto *mosq, void *arg, const struct mosquitto_message *message)
{
	struct link *link = arg;
	struct message_wish wish;
	char birth[HA_TOPIC_MAX];

	if (link->is_parting)
		return;
	snprintf(birth, sizeof birth, "%.64s/status", link->to.path + 1);
	if (!strcmp(message->topic, birth)) {
		/* Home Assistant begins: it knows nothing of what is not kept by the broker. */
		if (message->payloadlen == 6 && !memcmp(message->payload, "online", 6) &&
			!message->retain) {
			link->has_failed = !begin_things(link);
			teller_ask_for_things(link->number);
		}
		return;
	}
	/* What the broker kept was meant for another time. */
	if (message->retain || link->to.commands < ROLE_HELPER || message->payloadlen < 0 ||
		!ha_wish_parse(
			&wish, message->topic, message->payload, (size_t)message->payloadlen) ||
		ha_wish_is_too_many(&link->wishes, clock_monotonic_ns()))
		return;
	wish.receiver = link->number;
	teller_wish(&wish);
}

/* --- the connection's beginning ------------------------------------------------------------------------------- */

/*
 * The library names the address that it connects to; RFC 6066, section 3 wants a name there and
 * no address.  So it is set, or taken away, just before the first word is made.
 */
static void
on_tls(const SSL *ssl, int where, int result)
{
	struct link *link = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	SSL *own = mosquitto_ssl_get(link->mosq);
	struct ip ip;

	if (where & SSL_CB_HANDSHAKE_START && own == ssl &&
		!SSL_set_tlsext_host_name(own, ip_parse(&ip, link->to.host) ? NULL : link->to.host))
		log_debug("mqtt", "no name could be set");
}

/*
 * Its own context, since the library would look for files, and would hold the certificate
 * against the address that it connects to and not against the owner's name for it.
 */
static bool
set_tls(struct link *link)
{
	const char *host = link->to.host;
	struct ip ip;

	link->tls = SSL_CTX_new(TLS_client_method());
	if (!link->tls)
		return false;
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(link->tls);
	SSL_CTX_set1_cert_store(link->tls, teller.anchors);
	SSL_CTX_set_verify(link->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_app_data(link->tls, link);
	SSL_CTX_set_info_callback(link->tls, on_tls);
	bool is_set = ip_parse(&ip, host) ? X509_VERIFY_PARAM_set1_ip_asc(param, host)
					  : X509_VERIFY_PARAM_set1_host(param, host, 0);
	return is_set && SSL_CTX_set_min_proto_version(link->tls, TLS1_2_VERSION) &&
	       !mosquitto_int_option(link->mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) &&
	       !mosquitto_void_option(link->mosq, MOSQ_OPT_SSL_CTX, link->tls);
}

static bool
set_up(struct link *link)
{
	char id[40], status[HA_TOPIC_MAX];

	/* A broker ends the older of two connections of one id. */
	snprintf(id, sizeof id, "pinfold-%s-%u", link->to.gateway, link->number);
	ha_status_topic(status, link->to.gateway);
	link->mosq = mosquitto_new(id, true, link);
	if (!link->mosq)
		return false;
	mosquitto_connect_callback_set(link->mosq, on_connect);
	mosquitto_publish_callback_set(link->mosq, on_publish);
	mosquitto_message_callback_set(link->mosq, on_broker);
	return !mosquitto_will_set(link->mosq, status, 7, "offline", 1, true) &&
	       (!link->to.user[0] ||
		       !mosquitto_username_pw_set(link->mosq, link->to.user, link->to.secret)) &&
	       (!link->to.has_tls || set_tls(link));
}

static void
link_open(struct link *link)
{
	char address[IP_TEXT_MAX];

	link_close(link);
	link->begun_ns = clock_monotonic_ns();
	if (!set_up(link)) {
		link_failed(link, "no connection could be made");
		return;
	}
	ip_render(&link->to.address[link->failures % link->to.n_addresses], address);
	link->misc = loop_timer_new(MISC_MS, true, on_misc, link);
	look(link, mosquitto_connect_async(link->mosq, address, link->to.port, KEEPALIVE_S));
}

/* The same broker and prefix: what is kept there is ours still. */
static bool
is_same_place(const struct message_receiver *a, const struct message_receiver *b)
{
	return a->port == b->port && !strcmp(a->host, b->host) && !strcmp(a->path, b->path);
}

/*
 * Nobody hears of our devices there any more, so what the broker keeps of them is taken away:
 * they, the gateway and its status.  What it does not acknowledge in time stays.
 */
static void
part(struct link *link)
{
	int *mid = link->farewell.mid;
	int rc = publish_status(link, "", mid++);

	for (unsigned i = 0; i < link->n_things && !rc; i++)
		rc = publish_gone(link, link->thing[i].id, mid++);
	links[link->number] = NULL;
	link_free(parting[link->number]);
	parting[link->number] = link;
	link->is_parting = true;
	link->farewell.n = (unsigned)(mid - link->farewell.mid);
	link->begun_ns = clock_monotonic_ns();
	look(link, rc);
}

void
mqtt_receiver(const struct message_receiver *to)
{
	struct link *old = links[to->number], *link = NULL;
	bool is_same = old && to->kind == RECEIVER_MQTT && is_same_place(&old->to, to);

	if (old)
		answer_under_way(old, "it moved meanwhile");
	if (to->kind == RECEIVER_MQTT) {
		link = must_alloc(1, sizeof *link);
		*link = (struct link){.number = to->number, .to = *to, .fd = -1};
	}
	if (link && is_same) {
		memcpy(link->thing, old->thing, sizeof link->thing);
		link->n_things = old->n_things;
		/* Who is told to go says so; the will is for who cannot. */
		if (old->is_connected)
			(void)publish_status(old, "offline", NULL);
	}
	if (old && old->is_connected && !is_same)
		part(old);
	else
		link_free(old);
	links[to->number] = link;
	if (link && to->n_addresses)
		link_open(link);
}

void
mqtt_start(void)
{
	if (mosquitto_lib_init())
		fatalx("start", "libmosquitto does not start");
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

void
mqtt_tell(const struct message_receiver *to, const struct message_tell *tell)
{
	struct link *link = links[to->number];
	int place = 0;

	while (link && place < UNDER_WAY_MAX && link->under_way[place].ticket)
		place++;
	if (!link || !link->is_connected || place == UNDER_WAY_MAX) {
		teller_answer(to->number, tell->ticket, ERR_CLOSED, false,
			"there is no connection to the broker");
		return;
	}
	auto_free char *body = render_webhook(tell);
	char topic[HA_TOPIC_MAX];
	ha_event_topic(topic, link->to.gateway);
	link->under_way[place].ticket = tell->ticket;
	look(link, mosquitto_publish(link->mosq, &link->under_way[place].mid, topic,
			   (int)strlen(body), body, 1, false));
}

void
mqtt_forget(void)
{
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (links[i])
			memset(links[i]->under_way, 0, sizeof links[i]->under_way);
}

static uint64_t
digest(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*text)
		hash = (hash ^ (uint8_t)*text++) * UINT64_C(0x100000001b3);
	return hash;
}

/* Its row; where there is none, a new one, perhaps in the place of one that is gone.  NULL: full. */
static struct shown *
row_of(struct link *link, const char *id)
{
	struct shown *row = NULL;

	for (unsigned i = 0; i < link->n_things; i++) {
		if (!strcmp(link->thing[i].id, id))
			return &link->thing[i];
		if (link->thing[i].is_gone)
			row = &link->thing[i];
	}
	if (link->n_things < THINGS_MAX)
		row = &link->thing[link->n_things++];
	if (row) {
		*row = (struct shown){0};
		snprintf(row->id, sizeof row->id, "%s", id);
	}
	return row;
}

static void
tell_thing(struct link *link, const struct message_thing *thing)
{
	struct shown *row = row_of(link, thing->id);
	char topic[HA_TOPIC_MAX];
	int rc = MOSQ_ERR_SUCCESS;

	if (row)
		row->is_gone = thing->is_gone;
	if (!link->is_connected)
		return; /* what is gone is said when it is connected, and all else told anew */
	if (thing->is_gone) {
		look(link, publish_gone(link, thing->id, NULL));
		return;
	}
	auto_free char *config = ha_config(
			       thing, link->to.gateway, (enum command_role)link->to.commands),
		       *state = ha_state(thing);
	uint64_t now = digest(config);
	if (!row || row->config != now) {
		ha_config_topic(topic, link->to.path + 1, thing);
		rc = mosquitto_publish(
			link->mosq, NULL, topic, (int)strlen(config), config, 1, true);
	}
	if (row)
		row->config = now;
	if (!rc) {
		ha_state_topic(topic, thing);
		rc = mosquitto_publish(
			link->mosq, NULL, topic, (int)strlen(state), state, 0, false);
	}
	look(link, rc);
}

void
mqtt_thing(const struct message_thing *thing)
{
	for (int i = 1; i <= RECEIVERS_MAX; i++)
		if (links[i] && (!thing->receiver || thing->receiver == i))
			tell_thing(links[i], thing);
}
