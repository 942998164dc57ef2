/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "policy/kernel.h"
#include "policy/nft_hold.h"
#include "process/confine.h"
#include "process/network.h"
#include "process/network_uplink.h"
#include "process/process.h"

/*
 * The only process that may change the kernel's rules.  In: typed policies of
 * the engine, addresses that the resolver asks to open.  Out: what the kernel
 * said to it.  It sees no packet, no name, no file from outside, and never
 * flushes what it finds.
 */
enum {
	TICK_MS = 2000,
	STATUS_S = 5,
	MEND_QUIET_S = 60,
	CUT_QUIET_MS = 50, /* a change that narrows seldom comes alone */
	CUT_AGAIN_MS = 1,
};

/* However many changes come, running flows that are forbidden are cut by then. */
#define CUT_LATEST_NS (CLOCK_SECOND_NS / 2)

static const struct settings *settings;
static struct nft_base base;
static struct nft_apply *apply;
static struct conntrack *conntrack;
static struct hold *hold;
static struct network *network;
static struct kernel kernel;
static struct message_enforcer_status status;
static struct channel *engine, *resolver, *uplink;
static struct log_once refusal, meddling;
static uint64_t mended_ns; /* when it was last */
static struct loop_timer *cut_timer;
static uint64_t asked_ns, cut_awaited_ns; /* the last question; 0: no cut is awaited */

/* --- answers --------------------------------------------------------------------------------- */

static void
send_status(void)
{
	status.kernel_has = kernel.has;
	status.kernel_lacks = kernel.lacks;
	status.elements = apply ? nft_apply_count(apply) : 0;
	status.devices = hold ? hold_count(hold) : 0;
	memcpy(status.release, kernel.release, sizeof status.release);
	if (!channel_is_open(engine))
		return;
	if (channel_send(engine, MESSAGE_ENFORCER_STATUS, 0, &status, sizeof status, -1))
		log_warnx("start", "the engine does not take the status");
	else
		status.mended = 0;
}

static void
answer(struct channel *to, uint32_t seq, const struct message_done *done)
{
	if (channel_send(to, MESSAGE_DONE, seq, done, sizeof *done, -1))
		log_warnx("start", "%s does not take an answer", process_name(channel_peer(to)));
}

/*
 * Somebody took tables away, flushed the rules or changed one: they come back at once,
 * with all that was in them.  When even that fails, a new life of this process tries it.
 */
static void
mend_if_gone(void)
{
	struct fault why = {0};

	if (nft_apply_is_loaded(apply, &base))
		return;
	/* Who does it each second fills no log: the engine counts. */
	if (log_once(&meddling))
		log_warnx(
			"rules", "somebody changed our rules or took them away; they are put back");
	if (nft_apply_mend(apply, &base, &why))
		fatalx("rules", "%s", why.text);
	mended_ns = clock_monotonic_ns();
	status.mended++;
	send_status();
}

/* A kernel that refuses is said once, not for each change. */
static void
note_result(const struct message_done *done, const struct fault *why)
{
	bool refuses = done->err == ERR_KERNEL || done->err == ERR_TIMEOUT;

	if (refuses)
		mend_if_gone();
	if (refuses && log_once(&refusal))
		log_warnx("rules", "%s; what is loaded stays in force", why->text);
	if (!refuses && done->err == ERR_OK && log_once_over(&refusal))
		log_info("rules", "the kernel takes changes again");
	if (status.refusing != (refuses ? 1 : 0) && (refuses || done->err == ERR_OK)) {
		status.refusing = refuses;
		send_status();
	}
}

/* --- questions ----------------------------------------------------------------------------------- */

/* Reading all flows takes milliseconds, for which a question would have to wait. */
static void
on_cut_timer(void *arg)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - asked_ns < CUT_QUIET_MS * CLOCK_MS_NS &&
		now_ns - cut_awaited_ns < CUT_LATEST_NS) {
		loop_timer_again(cut_timer, CUT_QUIET_MS);
		return;
	}
	uint32_t cut = hold_cut(hold);
	if (cut)
		log_debug("rules", "%u running flows that are forbidden by now are cut", cut);
	if (cut && hold_cut_is_due(hold))
		loop_timer_again(cut_timer, CUT_AGAIN_MS);
	else
		cut_awaited_ns = 0;
}

/* The answer does not wait for it: nothing forbidden passes meanwhile. */
static void
cut_soon(void)
{
	if (!hold || cut_awaited_ns || !hold_cut_is_due(hold))
		return;
	cut_awaited_ns = clock_monotonic_ns();
	loop_timer_again(cut_timer, CUT_QUIET_MS);
}

/* A copy, for what must be compared after a policy was replaced; NULL where there is none. */
static struct message_policy *
copy_of(uint32_t device)
{
	const struct message_policy *policy = hold_find(hold, device);
	size_t len = policy ? message_policy_len(policy) : 0;
	struct message_policy *copy = policy ? must_alloc(1, len) : NULL;

	if (copy)
		memcpy(copy, policy, len);
	return copy;
}

static void
on_policy(const struct message_policy *policy, struct message_done *done, struct fault *why)
{
	auto_free struct message_policy *old = copy_of(policy->device);

	hold_policy(hold, policy, done, why);
	if (done->err == ERR_KERNEL && !status.refusing) {
		/* Perhaps somebody changed our sets: read them again, and try once more. */
		mend_if_gone();
		if (!nft_apply_resync(apply))
			hold_policy(hold, policy, done, why);
	}
	if (done->err == ERR_OK)
		network_bind(network, old, policy);
}

static void
on_forget(const struct message_forget *forget, struct message_done *done, struct fault *why)
{
	auto_free struct message_policy *old = copy_of(forget->device);

	hold_forget(hold, forget, done, why);
	if (done->err == ERR_OK)
		network_bind(network, old, NULL);
}

static void
on_restored(struct message_done *done)
{
	struct fault why = {0};

	if (hold)
		hold_restored(hold, done, &why);
	if (done->err) {
		log_warnx("rules", "%s", why.text);
		return;
	}
	if (network_raise(network, &why))
		log_warnx("network", "%s", why.text);
	else
		log_info("network", "ports are up");
	status.links_up = 1;
	for (uint32_t i = 1; hold && i <= DEVICE_NUMBER_MAX; i++)
		if (hold_find(hold, i))
			network_bind(network, NULL, hold_find(hold, i));
	send_status();
}

static struct message_counters counters;

static void
send_counters(bool is_last, uint32_t seq)
{
	counters.is_last = is_last;
	if (channel_send(
		    engine, MESSAGE_COUNTERS, seq, &counters, message_counters_len(&counters), -1))
		log_warnx("start", "the engine does not take counters");
	counters.n_rows = 0;
}

static void
on_counter(uint32_t device, uint64_t packets, uint64_t bytes, void *arg)
{
	if (counters.n_rows == COUNTER_ROWS_MAX)
		send_counters(false, *(const uint32_t *)arg);
	counters.row[counters.n_rows++] = (struct counter_row){
		.device = device, .denied_packets = packets, .denied_bytes = bytes};
}

static void
on_counters_ask(uint32_t seq)
{
	counters.n_rows = 0;
	if (apply && nft_apply_counters(apply, on_counter, &seq))
		log_warn("rules", "counters cannot be read");
	send_counters(true, seq);
}

/* What the provider gave; nobody waits for an answer. */
static void
on_uplink(const struct message_uplink *said)
{
	static struct log_once trouble;
	struct fault why = {0};

	if (network_uplink_set(settings, said, network_index(network, settings->uplink),
		    network_index(network, settings->bridge), &why)) {
		struct ip_prefix none = {0}, lan6 = network_uplink_lan6(&said->delegated);
		if (lan6.address.version)
			hold_delegated(hold, said->delegated_s ? &lan6 : &none);
		log_once_over(&trouble);
	} else if (log_once(&trouble))
		log_warnx("uplink", "%s", why.text);
}

/* Only the engine asks for it; it has seen to consent. */
static void
on_rig(const struct message_rig *rig)
{
	struct message_rig_seen seen = {
		.run = rig->run, .ticket = rig->ticket, .err = ERR_UNSUPPORTED};
	struct fault why = {0};

	if (hold)
		hold_rig(hold, rig, &seen, &why);
	if (why.text[0])
		log_debug("rules", "device %u, rig: %s", rig->device, why.text);
	if (channel_send(engine, MESSAGE_RIG_SEEN, 0, &seen, sizeof seen, -1))
		log_warnx("start", "the engine does not take an answer");
}

static void
on_heard_ask(const struct message_heard_ask *asked, uint32_t seq)
{
	struct message_heard heard = {.n_rows = asked->n_rows};

	for (uint32_t i = 0; i < asked->n_rows; i++) {
		const struct message_policy *policy = hold && asked->device[i] <= DEVICE_NUMBER_MAX
							      ? hold_find(hold, asked->device[i])
							      : NULL;
		heard.row[i] = (struct heard_row){.device = asked->device[i],
			.silent_ms = policy ? network_silence_ms(network, policy) : HEARD_NEVER};
	}
	if (channel_send(engine, MESSAGE_HEARD, seq, &heard, sizeof heard, -1))
		log_info("network", "the engine does not take an answer");
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	struct message_done done = {0};
	struct fault why = {0};

	asked_ns = clock_monotonic_ns();
	if (fd >= 0)
		close(fd);
	switch (header->type) {
	case MESSAGE_RESTORED:
		on_restored(&done);
		break;
	case MESSAGE_COUNTERS_ASK:
		on_counters_ask(header->seq);
		return;
	case MESSAGE_UPLINK:
		on_uplink(payload);
		return;
	case MESSAGE_RIG:
		on_rig(payload);
		return;
	case MESSAGE_HEARD_ASK:
		on_heard_ask(payload, header->seq);
		return;
	default:
		if (!hold) {
			done.err = ERR_UNSUPPORTED; /* a sensor holds nobody */
			break;
		}
		switch (header->type) {
		case MESSAGE_POLICY:
			on_policy(payload, &done, &why);
			break;
		case MESSAGE_FORGET:
			on_forget(payload, &done, &why);
			break;
		case MESSAGE_PAUSE:
			hold_pause(hold, payload, &done, &why);
			break;
		case MESSAGE_PORT:
			hold_port(hold, payload, &done, &why);
			break;
		case MESSAGE_RECEIVERS:
			hold_receivers(hold, payload, &done, &why);
			break;
		case MESSAGE_OPEN:
			hold_open(hold, payload, &done, &why);
			break;
		default:
			return;
		}
	}
	if (done.err && why.text[0])
		log_debug("rules", "device %u: %s", done.device, why.text);
	answer(channel, header->seq, &done);
	cut_soon();
	note_result(&done, &why);
}

/* --- peers ------------------------------------------------------------------------------------------- */

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	log_info("start", "%s is gone: %s", process_name(channel_peer(channel)), why);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	struct channel **channel = peer == PROCESS_ENGINE     ? &engine
				   : peer == PROCESS_RESOLVER ? &resolver
				   : peer == PROCESS_UPLINK   ? &uplink
							      : NULL;

	if (what != DESCRIPTOR_PEER || !channel) {
		close(fd);
		return;
	}
	channel_free(*channel);
	*channel = channel_new(fd, PROCESS_ENFORCER, peer, on_message, on_closed, NULL);
	if (peer == PROCESS_ENGINE && settings)
		send_status();
}

/*
 * What stands on the bridge since before we began, or by the owner's hand.  That it
 * is gone is not heard here: a new prefix is set before the old one is told as gone.
 */
static void
note_delegated(const struct message_link *link)
{
	if (hold && !link->gone && link->address6.address.version &&
		!strcmp(link->name, settings->bridge))
		hold_delegated(hold, &link->address6);
}

static void
on_link(const struct message_link *link, void *arg)
{
	struct fault why = {0};

	if (!network)
		return;
	note_delegated(link);
	network_on_link(network, link);
	if (!network_uplink_again(network_index(network, settings->uplink),
		    network_index(network, settings->bridge), &why))
		log_warnx("uplink", "%s", why.text);
	/* What the kernel forgot with a port that went and came back. */
	for (uint32_t i = 1; hold && status.links_up && !link->gone && i <= DEVICE_NUMBER_MAX;
		i++) {
		const struct message_policy *policy = hold_find(hold, i);
		for (int j = 0; policy && j < policy->n_bindings; j++)
			if (!strcmp(policy->binding[j].port, link->name)) {
				network_bind(network, NULL, policy);
				break;
			}
	}
}

/* What status shows has changed since it was told, not oftener than every few seconds. */
static void
retell_status(void)
{
	static uint64_t told_ns;
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - told_ns < STATUS_S * CLOCK_SECOND_NS ||
		(status.elements == nft_apply_count(apply) && status.devices == hold_count(hold)))
		return;
	told_ns = now_ns;
	send_status();
}

static void
on_tick(void *arg)
{
	hold_tick(hold);
	cut_soon();
	mend_if_gone();
	if (clock_monotonic_ns() - mended_ns > MEND_QUIET_S * CLOCK_SECOND_NS)
		log_once_over(&meddling);
	retell_status();
}

static void
on_tables(int fd, void *arg)
{
	char event[4096];

	while (recv(fd, event, sizeof event, MSG_DONTWAIT) > 0)
		;
	mend_if_gone();
}

/* --- start --------------------------------------------------------------------------------------------- */

/* Rules first, then the bridge: it never stands a moment without them. */
static void
begin_router(void)
{
	struct fault why = {0};
	bool adopted = false, was_changed = false;

	if (nft_apply_new(&apply) || conntrack_new(&conntrack))
		fatal("start", "no netlink");
	if (nft_base_render(&base, settings, network_gateway_mac(network), &why))
		fatalx("start", "%s", why.text);
	if (nft_apply_load(apply, &base, &adopted, &was_changed, &why))
		fatalx("start", "%s", why.text);
	status.adopted = adopted;
	status.mended = was_changed; /* the engine hears of it with the first status */
	log_info("rules", "%s, %u elements",
		adopted ? "found our tables and kept them" : "tables loaded",
		nft_apply_count(apply));
	if (network_prepare(network, &why))
		fatalx("start", "%s", why.text);
	hold = hold_new(apply, conntrack, settings);
	size_t n_links;
	const struct message_link *link = process_early_links(&n_links);
	for (size_t i = 0; i < n_links; i++) {
		note_delegated(&link[i]);
		network_uplink_adopt(settings, &link[i]);
	}
	loop_timer_new(TICK_MS, true, on_tick, NULL);
	cut_timer = loop_timer_new(CUT_QUIET_MS, false, on_cut_timer, NULL);
	int events = kernel_watch_tables();
	if (events < 0)
		log_warn("rules", "nobody tells when rules are taken away; looked at every %d s",
			TICK_MS / 1000);
	else
		loop_watch_read(events, on_tables, NULL);
}

int
main(void)
{
	static const struct process_hooks hooks = {
		.on_descriptor = on_descriptor, .on_link = on_link};
	struct fault why = {0};

	settings = process_begin(PROCESS_ENFORCER, &hooks);
	if (kernel_probe(&kernel, &why))
		fatalx("start", "%s", why.text);
	if (network_new(&network, settings, &why))
		fatalx("start", "%s", why.text);
	if (settings->mode == SETTINGS_ROUTER)
		begin_router();
	else if (network_prepare(network, &why))
		fatalx("start", "%s", why.text);
	/* libnftables looks up user numbers as if they were names.  In the file only: by default
	 * glibc tries a name service again each hundredth time, over a socket that we may not make. */
	__nss_configure_lookup("passwd", "files");
	getpwnam("0");
	confine(PROCESS_ENFORCER, settings);
	process_ready();
	send_status();
	loop_run();
	return 0;
}
