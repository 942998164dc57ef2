/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One access control entry (RFC 8519, with RFC 8520's matches).  One rule stands
 * above all others here: what we do not understand must never permit.  So an
 * ACE that accepts is left out whole when one of its matches is unknown (with
 * the match removed it would accept more), and an ACE that drops loses the
 * match and drops more.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/mud_url.h"
#include "policy/inside.h"
#include "policy/mud_walk.h"

struct span {
	uint16_t lo, hi;
};
struct ports {
	uint8_t n; /* 0: not said, that is, any */
	struct span span[2];
};

struct draft {
	struct mud_ace ace;
	struct ports source, destination;
	uint8_t list_version;  /* of the type of the access list, 0 none */
	bool is_unknown;       /* it has a match that we do not understand */
	bool is_contradiction; /* it can match no packet */
	bool has_ethernet, has_ip;
};

static const char *
left_out(const struct draft *d)
{
	return d->ace.action == MUD_ACCEPT ? "the ACE is left out" : "the ACE drops without it";
}

static void
unknown(struct walk *w, struct draft *d, const char *key, const char *reason)
{
	size_t was = walk_push(w, key, SIZE_MAX);
	walk_note(w, "%s; %s", reason, left_out(d));
	walk_pop(w, was);
	d->is_unknown = true;
}

/* The ACE names two others at once, or one twice: all must match (RFC 8519), we carry one. */
static bool
set_remote(struct walk *w, struct draft *d, enum mud_remote remote, const char *key)
{
	if (d->ace.remote != MUD_REMOTE_ANY) {
		unknown(w, d, key, "a second description of the other side");
		return false;
	}
	d->ace.remote = (uint8_t)remote;
	return true;
}

static bool
is_multicast_or_broadcast(const struct ip *ip)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	return ip_is_multicast(ip) || (ip->version == 4 && !memcmp(ip->byte, broadcast, 4));
}

/* The bits below the length are no part of a prefix; two texts of one prefix become equal. */
static void
prefix_mask(struct ip_prefix *prefix)
{
	size_t bytes = prefix->address.version == 4 ? 4 : 16;

	for (size_t i = 0; i < bytes; i++) {
		unsigned from = (unsigned)i * 8;
		if (from >= prefix->length)
			prefix->address.byte[i] = 0;
		else if (prefix->length - from < 8)
			prefix->address.byte[i] &= (uint8_t)(0xff << (8 - (prefix->length - from)));
	}
}

static void
take_prefix(struct walk *w, struct draft *d, const char *key, const char *text, uint8_t version)
{
	struct ip_prefix prefix = {0};

	if (!prefix_parse(&prefix, text) || (version && prefix.address.version != version)) {
		unknown(w, d, key, "not an address of this kind");
		return;
	}
	if (!set_remote(w, d, MUD_REMOTE_PREFIX, key))
		return;
	prefix_mask(&prefix);
	d->ace.prefix = prefix;
	d->ace.version = prefix.address.version;
	/* RFC 8520, section 8.1: files with addresses are not for automatic use. */
	d->ace.is_held = d->ace.action == MUD_ACCEPT && !is_multicast_or_broadcast(&prefix.address);
}

static void
take_name(struct walk *w, struct draft *d, const char *key, const json_t *value)
{
	char name[MUD_TEXT_MAX];
	struct ip ip;

	if (!json_is_string(value)) {
		unknown(w, d, key, "not text");
		return;
	}
	const char *text = json_string_value(value);
	if (ip_parse(&ip, text)) { /* inet:host is a name or an address */
		take_prefix(w, d, key, text, d->ace.version);
		return;
	}
	if (!host_name_parse(name, text, json_string_length(value))) {
		unknown(w, d, key, "not a host name");
		return;
	}
	if (set_remote(w, d, MUD_REMOTE_NAME, key))
		walk_keep_text(
			w, w->mud->name, &w->mud->n_names, MUD_NAMES_MAX, name, &d->ace.text);
}

static bool
take_proto(struct draft *d, const json_t *value)
{
	static const struct {
		const char *word;
		uint8_t proto;
	} words[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"icmp", IPPROTO_ICMP}};
	uint16_t number = 0;

	if (json_is_string(value))
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (!strcmp(json_string_value(value), words[i].word))
				number = words[i].proto;
	if (!number && !json_int_in(value, 1, 255, &number))
		return false;
	if (number != 1 && number != 6 && number != 17 && number != 58)
		return false;
	if (d->ace.proto && d->ace.proto != number)
		d->is_contradiction = true;
	d->ace.proto = (uint8_t)number;
	return true;
}

/* The network of the other side and of the device itself, per direction of the packets. */
static bool
is_remote_end(const struct draft *d, bool is_destination)
{
	return is_destination == (d->ace.direction == MUD_FROM_DEVICE);
}

static void
take_ip(struct walk *w, struct draft *d, const json_t *object, uint8_t version)
{
	static const char *const network[2][2] = {
		{"source-ipv4-network", "destination-ipv4-network"},
		{"source-ipv6-network", "destination-ipv6-network"}};
	const char *key;
	const json_t *value;

	d->has_ip = true;
	if ((d->list_version && d->list_version != version) ||
		(d->ace.version && d->ace.version != version))
		d->is_contradiction = true;
	d->ace.version = version;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (json_key_is(key, "protocol")) {
			if (!take_proto(d, value)) {
				/* never permitted, so neither is there anything to drop */
				unknown(w, d, key, "a protocol that is not TCP, UDP or ICMP");
				d->is_contradiction |= json_is_integer(value);
			}
		} else if (json_key_is(key, "dst-dnsname") || json_key_is(key, "src-dnsname")) {
			/* RFC 8520, sections 8.1 and 8.2: a name is the other side's */
			if (is_remote_end(d, json_key_is(key, "dst-dnsname")))
				take_name(w, d, key, value);
			else
				unknown(w, d, key, "a name for the device's own side");
		} else if (json_key_is(key, network[version == 6][0]) ||
			   json_key_is(key, network[version == 6][1])) {
			if (!json_is_string(value))
				unknown(w, d, key, "not text");
			else if (is_remote_end(d, json_key_is(key, network[version == 6][1])))
				take_prefix(w, d, key, json_string_value(value), version);
			else
				unknown(w, d, key, "an address for the device's own side");
		} else {
			unknown(w, d, key, "not understood");
		}
	}
}

/* {operator, port} or {lower-port, upper-port}; the operator's default is eq (RFC 8519). */
static bool
take_ports(struct ports *ports, const json_t *object)
{
	uint16_t port = 0, lo = 0, hi = 0;
	bool has_port = false, has_lo = false, has_hi = false;
	const char *op = NULL, *key;
	const json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (json_key_is(key, "operator") && json_is_string(value))
			op = json_string_value(value);
		else if (json_key_is(key, "port") && json_int_in(value, 0, 65535, &port))
			has_port = true;
		else if (json_key_is(key, "lower-port") && json_int_in(value, 0, 65535, &lo))
			has_lo = true;
		else if (json_key_is(key, "upper-port") && json_int_in(value, 0, 65535, &hi))
			has_hi = true;
		else
			return false;
	}
	if (has_lo && has_hi && !has_port && lo <= hi && (!op || !strcmp(op, "range"))) {
		*ports = (struct ports){.n = 1, .span = {{lo, hi}}};
		return true;
	}
	if (!has_port || has_lo || has_hi)
		return false;
	if (!op || !strcmp(op, "eq"))
		*ports = (struct ports){.n = 1, .span = {{port, port}}};
	else if (!strcmp(op, "lte"))
		*ports = (struct ports){.n = 1, .span = {{0, port}}};
	else if (!strcmp(op, "gte"))
		*ports = (struct ports){.n = 1, .span = {{port, 65535}}};
	else if (strcmp(op, "neq"))
		return false;
	else if (port == 0)
		*ports = (struct ports){.n = 1, .span = {{1, 65535}}};
	else if (port == 65535)
		*ports = (struct ports){.n = 1, .span = {{0, 65534}}};
	else
		*ports = (struct ports){
			.n = 2, .span = {{0, (uint16_t)(port - 1)}, {(uint16_t)(port + 1), 65535}}};
	return true;
}

static bool
take_initiated(struct draft *d, const json_t *value)
{
	if (!json_is_string(value))
		return false;
	if (!strcmp(json_string_value(value), "from-device"))
		d->ace.initiated = MUD_FROM_DEVICE;
	else if (!strcmp(json_string_value(value), "to-device"))
		d->ace.initiated = MUD_TO_DEVICE;
	else
		return false;
	return true;
}

static void
take_transport(struct walk *w, struct draft *d, const json_t *object, uint8_t proto)
{
	const char *key;
	const json_t *value;

	if (d->ace.proto && d->ace.proto != proto)
		d->is_contradiction = true;
	d->ace.proto = proto;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (json_key_is(key, "source-port")) {
			if (!take_ports(&d->source, value))
				unknown(w, d, key, "not a port that we understand");
		} else if (json_key_is(key, "destination-port")) {
			if (!take_ports(&d->destination, value))
				unknown(w, d, key, "not a port that we understand");
		} else if (proto == IPPROTO_TCP && json_key_is(key, "direction-initiated")) {
			if (!take_initiated(d, value))
				unknown(w, d, key, "neither from-device nor to-device");
		} else {
			unknown(w, d, key, "not understood");
		}
	}
}

static void
take_icmp(struct walk *w, struct draft *d, const json_t *object)
{
	const char *key;
	const json_t *value;

	if (d->ace.proto && d->ace.proto != IPPROTO_ICMP && d->ace.proto != IPPROTO_ICMPV6)
		d->is_contradiction = true;
	if (d->ace.proto != IPPROTO_ICMPV6)
		d->ace.proto = 1;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (json_key_is(key, "type") && json_int_in(value, 0, 255, &d->ace.icmp_type))
			continue;
		if (json_key_is(key, "code") && json_int_in(value, 0, 255, &d->ace.icmp_code))
			continue;
		unknown(w, d, key, "not understood");
	}
}

static void
take_controller(struct walk *w, struct draft *d, const char *key, const json_t *value)
{
	static const struct {
		const char *urn;
		enum mud_remote remote;
	} known[] = {
		{"urn:ietf:params:mud:dns", MUD_REMOTE_DNS},
		{"urn:ietf:params:mud:ntp", MUD_REMOTE_NTP},
		{"urn:ietf:params:mud:gateway", MUD_REMOTE_GATEWAY},
	};
	char uri[MUD_TEXT_MAX] = {0};

	if (!json_is_string(value) || !json_string_length(value) ||
		!printable(uri, sizeof uri, json_string_value(value), json_string_length(value))) {
		unknown(w, d, key, "not a class name");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (!strcmp(uri, known[i].urn)) {
			set_remote(w, d, known[i].remote, key);
			return;
		}
	if (set_remote(w, d, MUD_REMOTE_CONTROLLER, key))
		walk_keep_text(w, w->mud->uri, &w->mud->n_uris, MUD_URIS_MAX, uri, &d->ace.text);
}

static void
take_manufacturer(struct walk *w, struct draft *d, const char *key, const json_t *value)
{
	char text[MUD_TEXT_MAX], authority[MUD_TEXT_MAX] = {0};
	struct mud_url url;

	/* An authority is what is left of a URL; so it is compared in the same form. */
	int n = json_is_string(value)
			? snprintf(text, sizeof text, "https://%s", json_string_value(value))
			: -1;
	if (n < 0 || (size_t)n >= sizeof text || strpbrk(text + 8, "/?# ") ||
		!mud_url_from_bytes(&url, (const uint8_t *)text, (size_t)n)) {
		unknown(w, d, key, "not a host");
		return;
	}
	mud_url_authority(&url, authority);
	if (set_remote(w, d, MUD_REMOTE_MANUFACTURER, key))
		walk_keep_text(
			w, w->mud->uri, &w->mud->n_uris, MUD_URIS_MAX, authority, &d->ace.text);
}

static void
take_model(struct walk *w, struct draft *d, const char *key, const json_t *value)
{
	struct mud_url url;

	if (!json_is_string(value) ||
		!mud_url_from_bytes(&url, (const uint8_t *)json_string_value(value),
			json_string_length(value))) {
		unknown(w, d, key, "not a MUD URL");
		return;
	}
	if (set_remote(w, d, MUD_REMOTE_MODEL, key))
		walk_keep_text(
			w, w->mud->uri, &w->mud->n_uris, MUD_URIS_MAX, url.text, &d->ace.text);
}

static void
take_mud(struct walk *w, struct draft *d, const json_t *object)
{
	static const struct {
		const char *key;
		enum mud_remote remote;
	} empty[] = {
		{"local-networks", MUD_REMOTE_LOCAL_NETWORKS},
		{"same-manufacturer", MUD_REMOTE_SAME_MANUFACTURER},
		{"my-controller", MUD_REMOTE_MY_CONTROLLER},
	};
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		enum mud_remote remote = MUD_REMOTE_UNKNOWN;

		for (size_t i = 0; i < COUNT_OF(empty); i++)
			if (json_key_is(key, empty[i].key))
				remote = empty[i].remote;
		if (remote != MUD_REMOTE_UNKNOWN && json_is_empty_leaf(value))
			set_remote(w, d, remote, key);
		else if (json_key_is(key, "controller"))
			take_controller(w, d, key, value);
		else if (json_key_is(key, "manufacturer"))
			take_manufacturer(w, d, key, value);
		else if (json_key_is(key, "model"))
			take_model(w, d, key, value);
		else
			unknown(w, d, key, "not understood");
	}
}

static void
take_matches(struct walk *w, struct draft *d, const json_t *matches)
{
	const char *key;
	const json_t *value;

	/* ipv4 and ipv6 first: they say which ICMP and which kind of address is meant */
	for (int pass = 0; pass < 2; pass++) {
		json_object_foreach((json_t *)(uintptr_t)matches, key, value)
		{
			bool is_ip = json_key_is(key, "ipv4") || json_key_is(key, "ipv6");
			if (is_ip != (pass == 0))
				continue;
			if (!json_is_object(value)) {
				unknown(w, d, key, "not an object");
				continue;
			}
			size_t was = walk_push(w, key, SIZE_MAX);
			if (is_ip) {
				take_ip(w, d, value, json_key_is(key, "ipv4") ? 4 : 6);
			} else if (json_key_is(key, "tcp")) {
				take_transport(w, d, value, 6);
			} else if (json_key_is(key, "udp")) {
				take_transport(w, d, value, 17);
			} else if (json_key_is(key, "icmp")) {
				take_icmp(w, d, value);
			} else if (json_key_is(key, "mud")) {
				take_mud(w, d, value);
			} else {
				d->has_ethernet |= json_key_is(key, "eth");
				walk_pop(w, was);
				unknown(w, d, key, "not understood");
				continue;
			}
			walk_pop(w, was);
		}
	}
}

static enum mud_action
action_of(struct walk *w, const json_t *ace)
{
	const json_t *actions = json_member(ace, "actions"), *value, *forwarding = NULL;
	const char *key;

	if (json_is_object(actions))
		json_object_foreach((json_t *)(uintptr_t)actions, key, value)
		{
			if (json_key_is(key, "forwarding"))
				forwarding = value;
			else if (!json_key_is(key, "logging"))
				walk_note(w, "an action that we do not know; ignored");
		}
	/* identityref: may carry the name of its module */
	if (json_is_string(forwarding)) {
		const char *word = json_bare_key(json_string_value(forwarding));
		if (!strcmp(word, "accept"))
			return MUD_ACCEPT;
		if (!strcmp(word, "drop") || !strcmp(word, "reject"))
			return MUD_DROP;
	}
	walk_note(w, "no forwarding action that we know; taken as drop");
	return MUD_DROP;
}

static struct span
span_of(const struct ports *ports, unsigned i)
{
	return ports->n ? ports->span[i] : (struct span){0, MUD_PORT_ANY_HI};
}

static void
keep_ace(struct walk *w, const struct draft *d)
{
	unsigned n_source = d->source.n ? d->source.n : 1;
	unsigned n_destination = d->destination.n ? d->destination.n : 1;

	for (unsigned s = 0; s < n_source; s++)
		for (unsigned t = 0; t < n_destination; t++) {
			struct mud_ace ace = d->ace;
			struct span from = span_of(&d->source, s), to = span_of(&d->destination, t);
			bool is_out = ace.direction == MUD_FROM_DEVICE;

			ace.device_lo = is_out ? from.lo : to.lo;
			ace.device_hi = is_out ? from.hi : to.hi;
			ace.remote_lo = is_out ? to.lo : from.lo;
			ace.remote_hi = is_out ? to.hi : from.hi;
			if (w->mud->n_aces == MUD_ACES_MAX) {
				walk_refuse(w, "more than %u ACEs", (unsigned)MUD_ACES_MAX);
				return;
			}
			w->mud->ace[w->mud->n_aces++] = ace;
		}
}

/* RFC 8519 has one container for both; the number of the protocol says which is meant. */
static void
keep_icmp(struct walk *w, struct draft *d)
{
	if (d->ace.proto == IPPROTO_ICMP && d->ace.version == 6)
		d->ace.proto = 58;
	if (d->ace.proto == IPPROTO_ICMPV6 && d->ace.version == 4) {
		walk_note(w, "ICMPv6 over IPv4; left out");
		return;
	}
	d->ace.version = d->ace.proto == IPPROTO_ICMPV6 ? 6 : 4;
	keep_ace(w, d);
}

void
walk_take_ace(
	struct walk *w, const json_t *object, enum mud_direction direction, uint8_t list_version)
{
	struct draft d = {.list_version = list_version};
	const json_t *name, *matches;

	if (!json_is_object(object)) {
		walk_note(w, "not an object; ignored");
		return;
	}
	d.ace.direction = (uint8_t)direction;
	d.ace.remote = MUD_REMOTE_ANY;
	d.ace.version = list_version;
	d.ace.device_hi = d.ace.remote_hi = MUD_PORT_ANY_HI;
	d.ace.icmp_type = d.ace.icmp_code = MUD_ICMP_ANY;
	name = json_member(object, "name");
	if (json_is_string(name))
		printable(d.ace.name, sizeof d.ace.name, json_string_value(name),
			json_string_length(name));
	d.ace.action = (uint8_t)action_of(w, object);

	matches = json_member(object, "matches");
	if (json_is_object(matches) && json_object_size(matches)) {
		size_t was = walk_push(w, "matches", SIZE_MAX);
		take_matches(w, &d, matches);
		walk_pop(w, was);
	} else {
		/* RFC 8519 permits it and it means everything; then it is better not there */
		walk_note(w, "no matches; %s", left_out(&d));
		d.is_unknown = true;
	}
	if (d.ace.action == MUD_ACCEPT && d.is_unknown)
		return;
	if (d.is_contradiction) {
		walk_note(w, "its matches contradict each other; left out");
		return;
	}
	/* EAPOL, ARP and the like never become rules, so they are not what a drop means here. */
	if (d.has_ethernet && !d.has_ip)
		return;
	if (d.is_unknown && d.ace.proto == IPPROTO_TCP)
		d.ace.initiated = MUD_DIRECTION_UNKNOWN;
	if (policy_is_icmp(d.ace.proto))
		keep_icmp(w, &d);
	else
		keep_ace(w, &d);
}
