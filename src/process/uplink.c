/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The uplink's DHCP client.  In: what servers on the provider's side answer.
 * Out: questions on the uplink; to the enforcer the addresses to set, each with
 * its end; to the resolver the provider's name servers.  It sets nothing itself
 * and has no capability.
 *
 * Must never: be able to send a frame on another link than the uplink.  Its
 * packet socket is tied to that; confine.c closes the calls that could name
 * another.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "process/confine.h"
#include "process/process.h"
#include "process/uplink_lease4.h"
#include "process/uplink_lease6.h"

enum { DHCP6_SERVER_PORT = 547, FRAMES_A_TURN = 32 };

static const struct settings *settings;
static struct channel *enforcer, *resolver;
static int packets = -1, udp4 = -1, udp6 = -1;
static struct loop_timer *timer;
static struct lease4 lease4;
static struct lease6 lease6;
static bool is_up, has_told;
static struct log_once met_lan;

static uint32_t
random32(void)
{
	uint32_t random;

	if (getrandom(&random, sizeof random, 0) != sizeof random)
		fatal("start", "no random numbers");
	return random;
}

/* --- telling ----------------------------------------------------------------------------------- */

static uint32_t
seconds_to(uint64_t end_ns, uint64_t now_ns)
{
	return end_ns > now_ns ? (uint32_t)((end_ns - now_ns) / CLOCK_SECOND_NS) : 0;
}

static void
add_name_servers(struct message_uplink *out, const struct ip *server, unsigned count)
{
	for (unsigned i = 0; i < count && out->n_name_servers < UPLINK_NAME_SERVERS_MAX; i++)
		out->name_server[out->n_name_servers++] = server[i];
}

/* What was told and is held no more is told as ended, until there is something else. */
static void
note_ended(struct message_uplink *out)
{
	static struct message_uplink told;

	if (!out->address4.address.version)
		out->address4 = told.address4;
	if (!out->address6.version)
		out->address6 = told.address6;
	if (!out->delegated.address.version)
		out->delegated = told.delegated;
	told = *out;
}

static struct message_uplink
what_we_hold(void)
{
	uint64_t now = clock_monotonic_ns();
	struct message_uplink out = {.address4 = lease4.address, .router4 = lease4.router};

	if (lease4.address.address.version)
		out.seconds4 = seconds_to(lease4.end_ns, now);
	if (lease6.address.version) {
		out.address6 = lease6.address;
		out.seconds6 = seconds_to(lease6.address_end_ns, now);
	}
	if (lease6.prefix.address.version) {
		out.delegated = lease6.prefix;
		out.delegated_s = seconds_to(lease6.prefix_end_ns, now);
		out.delegated_preferred_s = seconds_to(lease6.prefix_preferred_ns, now);
	}
	add_name_servers(&out, lease4.name_server, lease4.name_server_count);
	add_name_servers(&out, lease6.name_server, lease6.name_server_count);
	note_ended(&out);
	return out;
}

static void
tell(struct channel *to)
{
	struct message_uplink message = what_we_hold();

	if (has_told && channel_is_open(to) &&
		channel_send(to, MESSAGE_UPLINK, 0, &message, sizeof message, -1))
		log_warnx(process_name(channel_peer(to)), "does not take what the uplink got");
}

static void
tell_all(void)
{
	static struct ip_prefix said4, said6;
	char text[PREFIX_TEXT_MAX];

	has_told = true;
	tell(enforcer);
	tell(resolver);
	if (memcmp(&said4, &lease4.address, sizeof said4))
		log_info("uplink", "IPv4 address %s", prefix_render(&lease4.address, text));
	if (memcmp(&said6, &lease6.prefix, sizeof said6))
		log_info("uplink", "delegated prefix %s", prefix_render(&lease6.prefix, text));
	said4 = lease4.address;
	said6 = lease6.prefix;
}

/* --- asking ------------------------------------------------------------------------------------ */

static void
send4(const uint8_t *frame, size_t len)
{
	/* Not sendto(): that could name a link. */
	if (len && packets >= 0 && write(packets, frame, len) < 0)
		log_debug("uplink", "a question could not be sent: %s", strerror(errno));
}

static void
send6(const uint8_t *message, size_t len)
{
	static const struct sockaddr_in6 servers = {.sin6_family = AF_INET6,
		.sin6_addr = {
			{{0xff, 2, [13] = 1, [15] = 2}}}}; /* All_DHCP_Relay_Agents_and_Servers */
	struct sockaddr_in6 to = servers;

	to.sin6_port = htons(DHCP6_SERVER_PORT);
	/* Without a link-local address yet: the next try comes soon. */
	if (len && udp6 >= 0 &&
		sendto(udp6, message, len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof to) <
			0)
		log_debug("uplink", "a question could not be sent: %s", strerror(errno));
}

static uint64_t
sooner(uint64_t a_ns, uint64_t b_ns)
{
	return b_ns && b_ns < a_ns ? b_ns : a_ns;
}

static void
wait_for_next(void)
{
	uint64_t now = clock_monotonic_ns(), next = UINT64_MAX;

	if (is_up)
		next = sooner(lease4.next_ns, lease6.next_ns);
	next = sooner(next, lease4.end_ns);
	if (lease6.address.version)
		next = sooner(next, lease6.address_end_ns);
	if (lease6.prefix.address.version)
		next = sooner(next, lease6.prefix_end_ns);
	if (next == UINT64_MAX)
		return;
	loop_timer_again(timer, next > now ? (next - now) / CLOCK_MS_NS + 1 : 1);
}

static void
on_due(void *arg)
{
	uint8_t frame[LEASE4_FRAME_MAX], message[LEASE6_MESSAGE_MAX];
	bool changed4, changed6;
	uint64_t now = clock_monotonic_ns();

	size_t len4 = lease4_due(&lease4, now, random32(), frame, &changed4);
	size_t len6 = lease6_due(&lease6, now, random32(), message, &changed6);
	if (is_up) {
		send4(frame, len4);
		send6(message, len6);
	}
	if (changed4 || changed6)
		tell_all();
	wait_for_next();
}

/* --- hearing ----------------------------------------------------------------------------------- */

static void
on_packets(int fd, void *arg)
{
	uint8_t frame[2048];
	ssize_t n;

	for (int i = 0; i < FRAMES_A_TURN; i++) {
		n = recv(fd, frame, sizeof frame, MSG_DONTWAIT);
		if (n < 0)
			break;
		if (lease4_hear(&lease4, frame, (size_t)n, clock_monotonic_ns()))
			tell_all();
	}
	if (lease4.met_lan && log_once(&met_lan))
		log_warnx("uplink",
			"the provider's network overlaps our own (lan-address); give the LAN "
			"another network, until then the uplink takes no address");
	else if (!lease4.met_lan)
		log_once_over(&met_lan);
	wait_for_next();
}

static void
on_udp6(int fd, void *arg)
{
	uint8_t message[2048];
	ssize_t n;

	for (int i = 0; i < FRAMES_A_TURN; i++) {
		n = recv(fd, message, sizeof message, MSG_DONTWAIT);
		if (n < 0)
			break;
		if (lease6_hear(&lease6, message, (size_t)n, clock_monotonic_ns()))
			tell_all();
	}
	wait_for_next();
}

/* --- the process ------------------------------------------------------------------------------- */

/* Perhaps another network: everything is asked for anew, what we have runs on until then. */
static void
begin_asking(void)
{
	struct sockaddr_ll link = {0};
	socklen_t len = sizeof link;
	uint64_t now = clock_monotonic_ns();

	if (getsockname(packets, (struct sockaddr *)&link, &len) || link.sll_halen != 6) {
		log_warnx("uplink", "%s is no Ethernet, DHCP is for those", settings->uplink);
		is_up = false;
		return;
	}
	lease4_begin(&lease4, link.sll_addr, &settings->lan4, now);
	lease6_begin(&lease6, link.sll_addr, &settings->lan6, now);
	wait_for_next();
}

static void
on_link(const struct message_link *link, void *arg)
{
	struct sockaddr_ll ours = {0};
	socklen_t len = sizeof ours;

	if (packets < 0 || getsockname(packets, (struct sockaddr *)&ours, &len) ||
		(uint32_t)ours.sll_ifindex != link->ifindex)
		return;
	bool was_up = is_up;
	is_up = link->up && !link->gone;
	if (is_up && !was_up && settings)
		begin_asking();
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd); /* nobody has anything to say to us */
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	log_info(process_name(channel_peer(channel)), "channel: %s", why);
}

static void
on_peer(enum process peer, int fd)
{
	struct channel **at = peer == PROCESS_ENFORCER   ? &enforcer
			      : peer == PROCESS_RESOLVER ? &resolver
							 : NULL;

	if (!at) {
		close(fd);
		return;
	}
	channel_free(*at);
	*at = channel_new(fd, PROCESS_UPLINK, peer, on_message, on_closed, NULL);
	tell(*at);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	int *at = what == DESCRIPTOR_UPLINK_PACKETS ? &packets
		  : what == DESCRIPTOR_UPLINK_DHCP4 ? &udp4
		  : what == DESCRIPTOR_UPLINK_DHCP6 ? &udp6
						    : NULL;

	if (what == DESCRIPTOR_PEER)
		on_peer(peer, fd);
	else if (at && *at < 0)
		*at = fd;
	else
		/* For another link than the one we began with: the monitor begins us anew. */
		close(fd);
}

int
main(void)
{
	static const struct process_hooks hooks = {
		.on_descriptor = on_descriptor, .on_link = on_link};

	settings = process_begin(PROCESS_UPLINK, &hooks);
	timer = loop_timer_new(1, false, on_due, NULL);
	confine(PROCESS_UPLINK, settings);
	if (packets >= 0)
		loop_watch_read(packets, on_packets, NULL);
	if (udp6 >= 0)
		loop_watch_read(udp6, on_udp6, NULL);
	if (is_up)
		begin_asking();
	process_ready();
	loop_run();
	return 0;
}
