/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_label.h"
#include "process/engine_leave.h"
#include "process/engine_traffic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/confine.h"
#include "process/engine_account.h"
#include "process/engine_derive.h"
#include "process/engine_eve.h"
#include "process/engine_incident.h"
#include "process/engine_shelf.h"
#include "process/engine_tell.h"

enum { LOOK_MS = 1000, COUNTERS_MS = 10 * 1000, MINUTE_MS = 60 * 1000, CLOCK_JUMP_S = 60 };

struct engine engine = {.ctl_fd = -1};

/* --- who talks to us ------------------------------------------------------------------------------ */

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	switch (header->type) {
	case MESSAGE_OBSERVATION:
		observe_message(payload);
		break;
	case MESSAGE_ANSWERED:
		observe_answered(payload);
		break;
	case MESSAGE_DONE:
		if (header->seq == TELL_SEQ)
			tell_in_force(payload);
		else
			sync_done(header->seq, payload);
		break;
	case MESSAGE_LOOKED_UP:
		tell_looked_up(header->seq, payload);
		break;
	case MESSAGE_TOLD:
		tell_told(payload);
		break;
	case MESSAGE_THINGS_ASK:
		tell_things_asked(payload);
		break;
	case MESSAGE_WISH:
		tell_wished(payload);
		break;
	case MESSAGE_COUNTERS:
		observe_counters(payload);
		break;
	case MESSAGE_ENFORCER_STATUS: {
		const struct message_enforcer_status *status = payload;
		engine.enforcer = *status;
		engine.has_enforcer_status = true;
		if (status->mended)
			event(EVENT_ALARM, NULL, "rules-mended", "",
				"somebody changed the gateway's rules or took them away; they are "
				"back; look who else sets nftables rules here");
		break;
	}
	case MESSAGE_RESOLVER_STATUS: {
		const struct message_resolver_status *status = payload;
		bool was_dead = engine.has_resolver_status && engine.resolver.upstream_dead;
		engine.resolver = *status;
		engine.has_resolver_status = true;
		if (status->upstream_dead != was_dead)
			event(was_dead ? EVENT_NOTICE : EVENT_ALARM, NULL,
				was_dead ? "dns-upstream-back" : "dns-upstream-dead", "",
				was_dead ? "the name servers upstream answer again"
					 : "no name server upstream answers; what is open stays "
					   "open "
					   "until it expires");
		break;
	}
	case MESSAGE_FROZEN:
		incident_frozen(payload);
		break;
	case MESSAGE_HEARD:
		presence_heard(payload);
		break;
	case MESSAGE_FETCHED:
		mud_fetched(payload, fd);
		break;
	case MESSAGE_PAGE_ASK:
		maker_page_asked(payload);
		break;
	case MESSAGE_PAGE:
		if (((const struct message_page *)payload)->is_status)
			label_list_came(payload, fd);
		else
			maker_page_came(payload, fd);
		break;
	case MESSAGE_MAKER_FACT:
		maker_fact_told(payload);
		break;
	case MESSAGE_AUDIT_STEP:
	case MESSAGE_FINDING:
	case MESSAGE_AUDIT_END:
	case MESSAGE_RIG:
	case MESSAGE_RIG_SEEN:
		audit_message(header->type, payload);
		break;
	case MESSAGE_WEB_TLS:
		engine.web_tls = *(const struct message_web_tls *)payload;
		break;
	case MESSAGE_COMMAND:
		command_run(channel, header->seq, payload, fd);
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

static void
on_peer_closed(struct channel *channel, const char *why, void *arg)
{
	/* The monitor starts it again and sends a new channel; until then nothing is lost. */
	log_info("peer", "%s: %s", process_name(channel_peer(channel)), why);
}

static void
on_client_closed(struct channel *channel, const char *why, void *arg)
{
	struct client *client = arg;

	wait_drop(client->channel);
	derive_drop(client->channel);
	channel_free(client->channel);
	client->channel = NULL;
	client->follows = false;
}

static void
on_ctl(int listening, void *arg)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &engine.client[i];
		if (client->channel)
			continue;
		client->channel = channel_new(
			fd, PROCESS_ENGINE, PROCESS_CTL, on_message, on_client_closed, client);
		return;
	}
	close(fd);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	switch (what) {
	case DESCRIPTOR_PEER:
		wait_drop(engine.peer[peer]);
		derive_drop(engine.peer[peer]);
		channel_free(engine.peer[peer]);
		engine.peer[peer] =
			channel_new(fd, PROCESS_ENGINE, peer, on_message, on_peer_closed, NULL);
		if (engine.store) {
			sync_peer_connected(peer);
			tell_peer_connected(peer);
		}
		if (engine.store && peer == PROCESS_CHECKER) {
			audit_peer_connected();
			shelf_peer_connected();
		}
		return;
	case DESCRIPTOR_CTL:
		engine.ctl_fd = fd;
		if (engine.store && !engine.ctl_watch)
			engine.ctl_watch = loop_watch_read(fd, on_ctl, NULL);
		return;
	default:
		close(fd);
	}
}

static size_t n_lan_of_settings; /* in engine.lan; behind them, what was delegated */

static void
note_uplink(const struct message_link *link)
{
	if (strcmp(link->name, engine.settings->uplink))
		return;
	static const struct ip_prefix none;
	engine.uplink4 = link->gone ? none : link->address4;
	engine.uplink6 = link->gone ? none : link->address6;
}

/*
 * Our own address in the prefix that the provider delegated: what devices may be
 * bound in, and what is inside.  Every policy is told again with it, since the
 * addresses of a prefix that is gone may not stay in the kernel.
 */
static void
note_delegated(const struct message_link *link)
{
	static const struct ip_prefix none;
	const struct ip_prefix *ours = link->gone ? &none : &link->address6;

	if (strcmp(link->name, engine.settings->bridge) ||
		!memcmp(&engine.rules.delegated6, ours, sizeof *ours))
		return;
	engine.rules.delegated6 = *ours;
	engine.world.n_lan = n_lan_of_settings;
	if (ours->address.version)
		engine.lan[engine.world.n_lan++] = *ours;
	for (size_t i = 0; i < engine.n_peers; i++)
		sync_policy_due(engine.wards[i]);
	sync_pump();
	sync_introductions(NULL);
}

static void
on_link(const struct message_link *link, void *arg)
{
	if (engine.settings) {
		note_uplink(link);
		note_delegated(link);
	}
	device_port_is(engine.table, link->name, link->up && !link->gone);
}

/* --- start ---------------------------------------------------------------------------------------- */

static void
fill_random(void *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		fatal("start", "no random numbers");
}

static void
random8(uint8_t out[static 8])
{
	fill_random(out, 8);
}

static void
read_line(const char *path, char *out, size_t size)
{
	auto_fclose FILE *file = fopen(path, "re");

	out[0] = '\0';
	if (file && fgets(out, (int)size, file))
		out[strcspn(out, "\n")] = '\0';
}

/* Our own MACs are no devices. */
static void
read_own_macs(void)
{
	char path[300], text[32];
	struct dirent *entry;
	DIR *dir = opendir("/sys/class/net");

	while (dir && (entry = readdir(dir))) {
		struct identify_rules *rules = &engine.identify;
		if (entry->d_name[0] == '.' || rules->n_own == COUNT_OF(rules->own))
			continue;
		snprintf(path, sizeof path, "/sys/class/net/%s/address", entry->d_name);
		read_line(path, text, sizeof text);
		if (mac_parse(rules->own[rules->n_own], text) &&
			mac_is_unicast(rules->own[rules->n_own])) {
			/* Nor are the link-local addresses made of them anybody's to claim. */
			memcpy(engine.rules.own[rules->n_own], rules->own[rules->n_own], 6);
			engine.rules.n_own = ++rules->n_own;
		}
	}
	if (dir)
		closedir(dir);
}

static void
know_the_home(const struct settings *settings)
{
	const struct message_link *link;
	size_t n_links;
	const struct ip_prefix *own[] = {&settings->lan4, &settings->lan6};
	static const struct ip_prefix link_local = {
		.address = {.version = 6, .byte = {0xfe, 0x80}}, .length = 10};

	engine.rules.lan4 = settings->lan4;
	engine.rules.lan6 = settings->lan6;
	for (int i = 0; i < 2; i++) {
		if (!own[i]->address.version)
			continue;
		engine.rules.gateway[engine.rules.n_gateways++] = own[i]->address;
		engine.lan[engine.world.n_lan++] = *own[i];
	}
	engine.lan[engine.world.n_lan++] = link_local;
	engine.world.lan = engine.lan;
	n_lan_of_settings = engine.world.n_lan;
	/* Before, nobody knew which of them is the uplink. */
	link = process_early_links(&n_links);
	for (size_t i = 0; i < n_links; i++) {
		note_uplink(&link[i]);
		note_delegated(&link[i]);
	}
	engine.join_until_s = clock_wall_s() + settings->join_window_minutes * 60;
	if (!settings->join_window_minutes)
		engine.join_until_s = 0;
}

static void
say_how_found(void)
{
	if (engine.found == STORE_RESTORED)
		event(EVENT_ALARM, NULL, "store-restored", "",
			"the database was damaged; the last good copy is in use, the damaged file "
			"is "
			"kept beside it");
	if (engine.found == STORE_LOST)
		event(EVENT_ALARM, NULL, "store-lost", "",
			"the database was damaged and there is no good copy: every device waits "
			"until it is admitted again; the damaged file is kept");
	if (engine.observed_lost)
		event(EVENT_NOTICE, NULL, "history-lost", "",
			"the history of events and flows was damaged and begins anew");
}

/* Said, and nothing else: what is enforced goes by the monotonic clock. */
static void
look_at_clock(void)
{
	static int64_t known_s;
	int64_t ahead_s = clock_wall_s() - ward_clock_s();

	if (ahead_s - known_s > CLOCK_JUMP_S || known_s - ahead_s > CLOCK_JUMP_S)
		event(EVENT_NOTICE, NULL, "clock-set", "",
			"the clock was set by %lld s; times in the journal before and after do not "
			"compare, what is enforced is unchanged",
			(long long)(ahead_s - known_s));
	known_s = ahead_s;
}

static void
on_look(void *arg)
{
	look_at_clock();
	observe_expire();
	observe_strangers();
	observe_newcomers();
	pause_look();
	mud_look();
	ward_look();
	sync_look();
	audit_look();
	audit_passive_look();
	label_look();
	shelf_look();
	traffic_look();
	presence_look();
	incident_look();
	tell_look();
}

static void
on_minute(void *arg)
{
	account_look();
	leave_look();
	observe_retire();
}

static void
on_counters(void *arg)
{
	if (channel_is_open(engine.peer[PROCESS_ENFORCER]) &&
		channel_send(engine.peer[PROCESS_ENFORCER], MESSAGE_COUNTERS_ASK, 0, NULL, 0, -1))
		log_debug("counters", "not asked");
}

static void
on_signal(int signo, void *arg)
{
	keep_flush(true);
	traffic_save();
	store_close(engine.store);
	loop_stop();
}

int
main(void)
{
	static const struct process_hooks hooks = {
		.on_descriptor = on_descriptor, .on_link = on_link};
	uint8_t secret[16];
	struct fault why;

	engine.peers = must_alloc(DEVICES_MAX, sizeof *engine.peers);
	engine.wards = must_alloc(DEVICES_MAX, sizeof *engine.wards);
	engine.world.peer = engine.peers;
	TAILQ_INIT(&engine.due);
	fill_random(secret, sizeof secret);
	fill_random(&engine.harm_key, sizeof engine.harm_key);
	engine.table = device_table_new(DEVICES_MAX, secret);
	engine.identify.random = random8;
	engine.started_s = clock_wall_s();
	engine.started_ns = clock_monotonic_ns();
	read_own_macs();
	read_line("/proc/sys/kernel/random/boot_id", engine.boot, sizeof engine.boot);

	engine.settings = process_begin(PROCESS_ENGINE, &hooks);
	know_the_home(engine.settings);
	loop_on_signal(SIGTERM, on_signal, NULL); /* may not be asked for later */
	umask(0077);
	derive_start(engine.settings);
	tzset(); /* quiet hours are where the gateway is */
	eve_open();
	talk_open();
	confine(PROCESS_ENGINE, engine.settings);
	eve_start();
	if (store_open(engine.settings->state_directory, NULL, &engine.store, &engine.found,
		    &engine.observed_lost, &why))
		fatalx("store", "%s", why.text);
	event_start();
	incident_start();
	sync_start();
	say_how_found();
	account_load();
	keep_load();
	pause_load();
	audit_load();
	label_load();
	shelf_load();
	tell_load();
	traffic_load();
	keep_start();
	loop_timer_new(LOOK_MS, true, on_look, NULL);
	loop_timer_new(MINUTE_MS, true, on_minute, NULL);
	loop_timer_new(COUNTERS_MS, true, on_counters, NULL);
	process_ready();
	if (engine.ctl_fd >= 0)
		engine.ctl_watch = loop_watch_read(engine.ctl_fd, on_ctl, NULL);
	/* First of all the enforcer, or it would get policies without what is open in them. */
	if (engine.peer[PROCESS_ENFORCER])
		sync_peer_connected(PROCESS_ENFORCER);
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (engine.peer[i] && i != PROCESS_ENFORCER)
			sync_peer_connected((enum process)i);
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (engine.peer[i])
			tell_peer_connected((enum process)i);
	audit_peer_connected();
	loop_run();
	return 0;
}
