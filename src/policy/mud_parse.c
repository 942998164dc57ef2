/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a MUD file in, struct mud out (RFC 8520; the access lists are RFC
 * 8519's).  One rule stands above all others here: what we do not understand
 * must never permit.  So an ACE that accepts is left out whole when one of its
 * matches is unknown (with the match removed it would accept more), and an ACE
 * that drops loses the match and drops more.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/mud_url.h"
#include "policy/json_strict.h"
#include "policy/mud.h"

/* Where in the file we are, and what is being filled. */
struct walk {
	struct mud *mud;
	struct fault *why;
	bool is_refused; /* the whole file; why is set */
	size_t path_len;
	char path[sizeof((struct mud_note *)0)->path];
};

/* --- path, notes, refusal -------------------------------------------------------------------- */

/* Returns what pop() needs. */
static size_t
push(struct walk *w, const char *key, size_t index)
{
	size_t was = w->path_len, room = sizeof w->path - was;
	char name[80];
	int n;

	printable(name, sizeof name, key, strlen(key));
	if (index == SIZE_MAX)
		n = snprintf(w->path + was, room, "%s%s", was ? "/" : "", name);
	else
		n = snprintf(w->path + was, room, "%s%s[%zu]", was ? "/" : "", name, index);
	w->path_len = n < 0 || (size_t)n >= room ? sizeof w->path - 1 : was + (size_t)n;
	return was;
}

static void
pop(struct walk *w, size_t was)
{
	w->path_len = was;
	w->path[was] = '\0';
}

static void note(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void
note(struct walk *w, const char *fmt, ...)
{
	va_list ap;

	if (w->mud->n_notes == MUD_NOTES_MAX) {
		w->mud->n_notes_lost++;
		return;
	}
	struct mud_note *at = &w->mud->note[w->mud->n_notes++];
	memcpy(at->path, w->path, w->path_len);
	va_start(ap, fmt);
	vsnprintf(at->reason, sizeof at->reason, fmt, ap);
	va_end(ap);
}

static void refuse(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void
refuse(struct walk *w, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	if (w->is_refused)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->is_refused = true;
	if (w->path_len)
		fault_set(w->why, ERR_INVALID, "%s: %s", w->path, text);
	else
		fault_set(w->why, ERR_INVALID, "%s", text);
}

/* --- keys and plain values ---------------------------------------------------------------------- */

/*
 * A key without the name of its module (RFC 7951, section 4), when it is one of
 * those that we implement; with any other module's name it stays unknown.
 */
static const char *
bare(const char *key)
{
	static const char *const module[] = {
		"ietf-mud:", "ietf-access-control-list:", "ietf-acldns:"};

	for (size_t i = 0; i < COUNT_OF(module); i++)
		if (!strncmp(key, module[i], strlen(module[i])))
			return key + strlen(module[i]);
	return key;
}

static bool
is_key(const char *key, const char *wanted)
{
	return !strcmp(bare(key), wanted);
}

/* The member under its bare or its qualified name; both at once count as none. */
static const json_t *
member(const json_t *object, const char *wanted)
{
	const json_t *found = NULL, *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (!is_key(key, wanted))
			continue;
		if (found)
			return NULL;
		found = value;
	}
	return found;
}

/* A text for people: printable, cut, zero-filled. */
static void
show(struct walk *w, char *out, size_t size, const json_t *object, const char *key)
{
	const json_t *value = member(object, key);

	if (!value)
		return;
	size_t was = push(w, key, SIZE_MAX);
	memset(out, 0, size);
	if (!json_is_string(value))
		note(w, "not text; ignored");
	else if (!printable(out, size, json_string_value(value), json_string_length(value)))
		note(w, "cut for display");
	pop(w, was);
}

static bool
int_in(const json_t *value, json_int_t lo, json_int_t hi, uint16_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < lo ||
		json_integer_value(value) > hi)
		return false;
	*out = (uint16_t)json_integer_value(value);
	return true;
}

/* [null] is how RFC 7951 says "present"; [] is how one field file says it. */
static bool
is_empty_leaf(const json_t *value)
{
	return json_is_array(value) &&
	       (json_array_size(value) == 0 ||
		       (json_array_size(value) == 1 && json_is_null(json_array_get(value, 0))));
}

/* --- tables of names and URIs ----------------------------------------------------------------------- */

static bool
keep_text(struct walk *w, char table[][MUD_TEXT_MAX], uint16_t *n, uint16_t max, const char *text,
	uint16_t *index)
{
	for (uint16_t i = 0; i < *n; i++)
		if (!strcmp(table[i], text)) {
			*index = i;
			return true;
		}
	if (*n == max) {
		refuse(w, "more than %u different names", max);
		return false;
	}
	memcpy(table[*n], text, strlen(text) + 1);
	*index = (*n)++;
	return true;
}

/* --- one ACE --------------------------------------------------------------------------------------------- */

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
	size_t was = push(w, key, SIZE_MAX);
	note(w, "%s; %s", reason, left_out(d));
	pop(w, was);
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
		keep_text(w, w->mud->name, &w->mud->n_names, MUD_NAMES_MAX, name, &d->ace.text);
}

static bool
take_proto(struct draft *d, const json_t *value)
{
	static const struct {
		const char *word;
		uint8_t proto;
	} words[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}};
	uint16_t number = 0;

	if (json_is_string(value))
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (!strcmp(json_string_value(value), words[i].word))
				number = words[i].proto;
	if (!number && !int_in(value, 1, 255, &number))
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
		if (is_key(key, "protocol")) {
			if (!take_proto(d, value)) {
				/* never permitted, so neither is there anything to drop */
				unknown(w, d, key, "a protocol that is not TCP, UDP or ICMP");
				d->is_contradiction |= json_is_integer(value);
			}
		} else if (is_key(key, "dst-dnsname") || is_key(key, "src-dnsname")) {
			/* RFC 8520, sections 8.1 and 8.2: a name is the other side's */
			if (is_remote_end(d, is_key(key, "dst-dnsname")))
				take_name(w, d, key, value);
			else
				unknown(w, d, key, "a name for the device's own side");
		} else if (is_key(key, network[version == 6][0]) ||
			   is_key(key, network[version == 6][1])) {
			if (!json_is_string(value))
				unknown(w, d, key, "not text");
			else if (is_remote_end(d, is_key(key, network[version == 6][1])))
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
		if (is_key(key, "operator") && json_is_string(value))
			op = json_string_value(value);
		else if (is_key(key, "port") && int_in(value, 0, 65535, &port))
			has_port = true;
		else if (is_key(key, "lower-port") && int_in(value, 0, 65535, &lo))
			has_lo = true;
		else if (is_key(key, "upper-port") && int_in(value, 0, 65535, &hi))
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
		if (is_key(key, "source-port")) {
			if (!take_ports(&d->source, value))
				unknown(w, d, key, "not a port that we understand");
		} else if (is_key(key, "destination-port")) {
			if (!take_ports(&d->destination, value))
				unknown(w, d, key, "not a port that we understand");
		} else if (proto == 6 && is_key(key, "direction-initiated")) {
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

	if (d->ace.proto && d->ace.proto != 1 && d->ace.proto != 58)
		d->is_contradiction = true;
	if (d->ace.proto != 58)
		d->ace.proto = 1;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (is_key(key, "type") && int_in(value, 0, 255, &d->ace.icmp_type))
			continue;
		if (is_key(key, "code") && int_in(value, 0, 255, &d->ace.icmp_code))
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
		keep_text(w, w->mud->uri, &w->mud->n_uris, MUD_URIS_MAX, uri, &d->ace.text);
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
		keep_text(w, w->mud->uri, &w->mud->n_uris, MUD_URIS_MAX, authority, &d->ace.text);
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
		keep_text(w, w->mud->uri, &w->mud->n_uris, MUD_URIS_MAX, url.text, &d->ace.text);
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
			if (is_key(key, empty[i].key))
				remote = empty[i].remote;
		if (remote != MUD_REMOTE_UNKNOWN && is_empty_leaf(value))
			set_remote(w, d, remote, key);
		else if (is_key(key, "controller"))
			take_controller(w, d, key, value);
		else if (is_key(key, "manufacturer"))
			take_manufacturer(w, d, key, value);
		else if (is_key(key, "model"))
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
			bool is_ip = is_key(key, "ipv4") || is_key(key, "ipv6");
			if (is_ip != (pass == 0))
				continue;
			if (!json_is_object(value)) {
				unknown(w, d, key, "not an object");
				continue;
			}
			size_t was = push(w, key, SIZE_MAX);
			if (is_ip) {
				take_ip(w, d, value, is_key(key, "ipv4") ? 4 : 6);
			} else if (is_key(key, "tcp")) {
				take_transport(w, d, value, 6);
			} else if (is_key(key, "udp")) {
				take_transport(w, d, value, 17);
			} else if (is_key(key, "icmp")) {
				take_icmp(w, d, value);
			} else if (is_key(key, "mud")) {
				take_mud(w, d, value);
			} else {
				d->has_ethernet |= is_key(key, "eth");
				pop(w, was);
				unknown(w, d, key, "not understood");
				continue;
			}
			pop(w, was);
		}
	}
}

static enum mud_action
action_of(struct walk *w, const json_t *ace)
{
	const json_t *actions = member(ace, "actions"), *value, *forwarding = NULL;
	const char *key;

	if (json_is_object(actions))
		json_object_foreach((json_t *)(uintptr_t)actions, key, value)
		{
			if (is_key(key, "forwarding"))
				forwarding = value;
			else if (!is_key(key, "logging"))
				note(w, "an action that we do not know; ignored");
		}
	/* identityref: may carry the name of its module */
	if (json_is_string(forwarding)) {
		const char *word = bare(json_string_value(forwarding));
		if (!strcmp(word, "accept"))
			return MUD_ACCEPT;
		if (!strcmp(word, "drop") || !strcmp(word, "reject"))
			return MUD_DROP;
	}
	note(w, "no forwarding action that we know; taken as drop");
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
				refuse(w, "more than %u ACEs", (unsigned)MUD_ACES_MAX);
				return;
			}
			w->mud->ace[w->mud->n_aces++] = ace;
		}
}

/* RFC 8519 has one container for both; the number of the protocol says which is meant. */
static void
keep_icmp(struct walk *w, struct draft *d)
{
	if (d->ace.proto == 1 && d->ace.version == 6)
		d->ace.proto = 58;
	if (d->ace.proto == 58 && d->ace.version == 4) {
		note(w, "ICMPv6 over IPv4; left out");
		return;
	}
	d->ace.version = d->ace.proto == 58 ? 6 : 4;
	keep_ace(w, d);
}

static void
take_ace(struct walk *w, const json_t *object, enum mud_direction direction, uint8_t list_version)
{
	struct draft d = {.list_version = list_version};
	const json_t *name, *matches;

	if (!json_is_object(object)) {
		note(w, "not an object; ignored");
		return;
	}
	d.ace.direction = (uint8_t)direction;
	d.ace.remote = MUD_REMOTE_ANY;
	d.ace.version = list_version;
	d.ace.device_hi = d.ace.remote_hi = MUD_PORT_ANY_HI;
	d.ace.icmp_type = d.ace.icmp_code = MUD_ICMP_ANY;
	name = member(object, "name");
	if (json_is_string(name))
		printable(d.ace.name, sizeof d.ace.name, json_string_value(name),
			json_string_length(name));
	d.ace.action = (uint8_t)action_of(w, object);

	matches = member(object, "matches");
	if (json_is_object(matches) && json_object_size(matches)) {
		size_t was = push(w, "matches", SIZE_MAX);
		take_matches(w, &d, matches);
		pop(w, was);
	} else {
		/* RFC 8519 permits it and it means everything; then it is better not there */
		note(w, "no matches; %s", left_out(&d));
		d.is_unknown = true;
	}
	if (d.ace.action == MUD_ACCEPT && d.is_unknown)
		return;
	if (d.is_contradiction) {
		note(w, "its matches contradict each other; left out");
		return;
	}
	/* EAPOL, ARP and the like never become rules, so they are not what a drop means here. */
	if (d.has_ethernet && !d.has_ip)
		return;
	if (d.is_unknown && d.ace.proto == 6)
		d.ace.initiated = MUD_DIRECTION_UNKNOWN;
	if (d.ace.proto == 1 || d.ace.proto == 58)
		keep_icmp(w, &d);
	else
		keep_ace(w, &d);
}

/* --- lists and policies -------------------------------------------------------------------------------- */

static uint8_t
list_version(struct walk *w, const json_t *list)
{
	const json_t *type = member(list, "type");

	if (!json_is_string(type))
		return 0;
	const char *word = bare(json_string_value(type));
	if (!strcmp(word, "ipv4-acl-type") || !strcmp(word, "ipv4"))
		return 4;
	if (!strcmp(word, "ipv6-acl-type") || !strcmp(word, "ipv6"))
		return 6;
	note(w, "a type of list that we do not know; each ACE speaks for itself");
	return 0;
}

static void
take_list(struct walk *w, const json_t *list, enum mud_direction direction)
{
	const json_t *aces = member(list, "aces"), *ace;
	size_t i;

	aces = json_is_object(aces) ? member(aces, "ace") : NULL;
	if (!json_is_array(aces)) {
		note(w, "no ACEs; permits nothing");
		return;
	}
	uint8_t version = list_version(w, list);
	size_t was = push(w, "aces", SIZE_MAX);
	json_array_foreach(aces, i, ace)
	{
		size_t inner = push(w, "ace", i);
		take_ace(w, ace, direction, version);
		pop(w, inner);
		if (w->is_refused)
			return;
	}
	pop(w, was);
}

/* The list of that name: exactly one, or none. */
static const json_t *
list_find(const json_t *lists, const char *wanted, size_t *index)
{
	const json_t *list, *found = NULL;
	size_t i;

	json_array_foreach(lists, i, list)
	{
		const json_t *name = member(list, "name");
		if (!json_is_string(name) || strcmp(json_string_value(name), wanted))
			continue;
		if (found)
			return NULL;
		found = list;
		*index = i;
	}
	return found;
}

enum { LISTS_MAX = 256 };

static void
take_policy(struct walk *w, const json_t *mud, const char *key, enum mud_direction direction,
	const json_t *lists, bool used[static LISTS_MAX])
{
	/* The tree diagram of RFC 8520 says "acls", its YANG and examples "access-lists". */
	const json_t *policy = member(mud, key), *names = NULL, *item;
	size_t i, index = 0;

	if (!json_is_object(policy))
		return;
	if (direction == MUD_FROM_DEVICE)
		w->mud->has_from_device = true;
	else
		w->mud->has_to_device = true;
	names = member(policy, "access-lists");
	if (!names)
		names = member(policy, "acls");
	if (json_is_object(names))
		names = member(names, "access-list");
	size_t was = push(w, key, SIZE_MAX);
	if (!json_is_array(names)) {
		note(w, "names no access list; permits nothing");
		pop(w, was);
		return;
	}
	json_array_foreach(names, i, item)
	{
		const json_t *name = member(item, "name");
		size_t inner = push(w, "access-list", i);
		const json_t *list = json_is_string(name)
					     ? list_find(lists, json_string_value(name), &index)
					     : NULL;
		if (!list) {
			note(w, json_is_string(name) ? "there is no such list, or two" : "no name");
			pop(w, inner);
			continue;
		}
		if (index < LISTS_MAX)
			used[index] = true;
		/* the path of what follows is the list's own */
		char saved[sizeof w->path];
		size_t saved_len = w->path_len;
		memcpy(saved, w->path, sizeof saved);
		w->path_len = 0;
		push(w, "acls/acl", index);
		take_list(w, list, direction);
		if (w->is_refused)
			return;
		memcpy(w->path, saved, sizeof saved);
		w->path_len = saved_len;
		pop(w, inner);
	}
	pop(w, was);
}

/* --- the leaves of ietf-mud:mud -------------------------------------------------------------------------- */

static bool
digits(const char **at, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

/* date-and-time of RFC 6991; without a zone it is taken as UTC. */
static bool
date_parse(const char *at, int64_t *out, bool *has_zone)
{
	struct tm tm = {0};
	int hours = 0, minutes = 0, sign = 0;

	if (!digits(&at, 4, &tm.tm_year) || *at++ != '-' || !digits(&at, 2, &tm.tm_mon) ||
		*at++ != '-' || !digits(&at, 2, &tm.tm_mday) || (*at != 'T' && *at != 't'))
		return false;
	at++;
	if (!digits(&at, 2, &tm.tm_hour) || *at++ != ':' || !digits(&at, 2, &tm.tm_min) ||
		*at++ != ':' || !digits(&at, 2, &tm.tm_sec))
		return false;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
		tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	if (*at == '.')
		for (at++; isdigit((unsigned char)*at); at++)
			;
	*has_zone = *at != '\0';
	if (*at == 'Z' || *at == 'z') {
		at++;
	} else if (*at == '+' || *at == '-') {
		sign = *at++ == '+' ? 1 : -1;
		if (!digits(&at, 2, &hours) || *at++ != ':' || !digits(&at, 2, &minutes) ||
			hours > 23 || minutes > 59)
			return false;
	}
	if (*at)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*out = timegm(&tm) - sign * (hours * 3600 + minutes * 60);
	return true;
}

/* What a file must have to be applied without asking; short of it, the owner may still approve. */
static void
needs_approval(struct walk *w, const char *key, const char *reason)
{
	size_t was = push(w, key, SIZE_MAX);
	note(w, "%s; only with an approval", reason);
	pop(w, was);
	w->mud->needs_approval = true;
}

static void
take_version(struct walk *w, const json_t *mud)
{
	const json_t *value = member(mud, "mud-version");

	if (!value)
		needs_approval(w, "mud-version", "missing");
	else if (!json_is_integer(value) || json_integer_value(value) != 1)
		refuse(w, "mud-version is not 1");
}

static void
take_url(struct walk *w, const json_t *mud)
{
	const json_t *value = member(mud, "mud-url");
	struct mud_url url;

	if (!json_is_string(value) || !json_string_length(value)) {
		refuse(w, "mud-url is missing");
		return;
	}
	/* no reserved part here: the leaf is a URL and nothing else */
	if (json_string_length(value) > MUD_URL_MAX || strchr(json_string_value(value), ' ') ||
		!mud_url_from_bytes(&url, (const uint8_t *)json_string_value(value),
			json_string_length(value))) {
		refuse(w, "mud-url is not an https URL");
		return;
	}
	memcpy(w->mud->url, url.text, sizeof w->mud->url);
	mud_url_authority(&url, w->mud->authority);
}

static void
take_times(struct walk *w, const json_t *mud)
{
	const json_t *update = member(mud, "last-update"), *hours = member(mud, "cache-validity");
	bool has_zone = true;
	uint16_t validity;

	if (!json_is_string(update) ||
		!date_parse(json_string_value(update), &w->mud->last_update_s, &has_zone)) {
		needs_approval(w, "last-update", update ? "not a date and time" : "missing");
	} else if (!has_zone) {
		size_t was = push(w, "last-update", SIZE_MAX);
		note(w, "no time zone; taken as UTC");
		pop(w, was);
	}
	w->mud->cache_validity_h = 48;
	if (hours && int_in(hours, 1, 168, &validity)) {
		w->mud->cache_validity_h = (uint8_t)validity;
	} else if (hours) {
		size_t was = push(w, "cache-validity", SIZE_MAX);
		note(w, "not 1 to 168 hours; taken as 48");
		pop(w, was);
	}
}

static void
take_supported(struct walk *w, const json_t *mud)
{
	const json_t *value = member(mud, "is-supported");

	if (!json_is_boolean(value))
		needs_approval(w, "is-supported", "missing");
	else
		w->mud->is_supported = json_is_true(value);
}

/* RFC 8520, section 3.9: what is not understood is ignored, and the owner told. */
static void
note_unknown_leaves(struct walk *w, const json_t *mud)
{
	static const char *const known[] = {"mud-version", "mud-url", "last-update",
		"mud-signature", "cache-validity", "is-supported", "systeminfo", "mfg-name",
		"model-name", "firmware-rev", "software-rev", "documentation", "extensions",
		"from-device-policy", "to-device-policy"};
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)mud, key, value)
	{
		bool is_known = !strcmp(key, "nist-mud:quarantined-device-policy");

		for (size_t i = 0; i < COUNT_OF(known); i++)
			is_known |= is_key(key, known[i]);
		if (is_known)
			continue;
		size_t was = push(w, key, SIZE_MAX);
		note(w, "not understood; ignored");
		pop(w, was);
	}
	value = member(mud, "extensions");
	if (value && json_array_size(value)) {
		size_t was = push(w, "extensions", SIZE_MAX);
		note(w, "extensions are not implemented; ignored");
		pop(w, was);
	}
}

static void
take_quarantine(struct walk *w, const json_t *mud)
{
	const json_t *policy = json_object_get(mud, "nist-mud:quarantined-device-policy"), *item;
	size_t i;

	policy = json_is_object(policy) ? json_object_get(policy, "enabled-ace-names") : NULL;
	if (!json_is_array(policy))
		return;
	json_array_foreach(policy, i, item)
	{
		const json_t *name =
			json_is_object(item) ? json_object_get(item, "ace-name") : NULL;
		char wanted[MUD_ACE_NAME_MAX];

		if (!json_is_string(name) ||
			!printable(wanted, sizeof wanted, json_string_value(name),
				json_string_length(name)))
			continue;
		for (size_t a = 0; a < w->mud->n_aces; a++)
			if (!strcmp(w->mud->ace[a].name, wanted))
				w->mud->ace[a].in_quarantine = true;
	}
	size_t was = push(w, "nist-mud:quarantined-device-policy", SIZE_MAX);
	note(w, "kept; a device in quarantine still reaches only the status page");
	pop(w, was);
}

static void
copy_signature(char out[static MUD_TEXT_MAX], const json_t *mud)
{
	const json_t *value = member(mud, "mud-signature");

	memset(out, 0, MUD_TEXT_MAX);
	if (json_is_string(value) &&
		!printable(out, MUD_TEXT_MAX, json_string_value(value), json_string_length(value)))
		memset(out, 0, MUD_TEXT_MAX);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static const json_t *
lists_of(struct walk *w, const json_t *root)
{
	const json_t *lists = json_object_get(root, "ietf-access-control-list:acls");

	if (!lists) {
		/* the name before RFC 8519; most files in the field carry it */
		lists = json_object_get(root, "ietf-access-control-list:access-lists");
		if (lists) {
			size_t was = push(w, "ietf-access-control-list:access-lists", SIZE_MAX);
			note(w, "old name of acls; accepted");
			pop(w, was);
		}
	}
	lists = json_is_object(lists) ? member(lists, "acl") : NULL;
	if (!json_is_array(lists)) {
		refuse(w, "ietf-access-control-list:acls is missing, so nothing would be allowed");
		return NULL;
	}
	return lists;
}

static void
count_aces(struct walk *w, const json_t *lists)
{
	const json_t *list;
	size_t i, n = 0;

	if (json_array_size(lists) > LISTS_MAX)
		refuse(w, "more than %u access lists", (unsigned)LISTS_MAX);
	json_array_foreach(lists, i, list)
	{
		const json_t *aces = json_is_object(list) ? member(list, "aces") : NULL;
		aces = json_is_object(aces) ? member(aces, "ace") : NULL;
		n += json_array_size(aces);
	}
	if (n > MUD_ACES_MAX)
		refuse(w, "more than %u ACEs", (unsigned)MUD_ACES_MAX);
}

static const json_t *
mud_of(struct walk *w, const json_t *root)
{
	const json_t *mud = json_object_get(root, "ietf-mud:mud");

	if (json_is_object(mud))
		return mud;
	if (json_object_get(root, "ietf-mud:support-information") ||
		json_object_get(root, "ietf-mud:supportInformation"))
		refuse(w, "written for a draft before RFC 8520, without ietf-mud:mud");
	else
		refuse(w, "no ietf-mud:mud, so not a MUD file");
	return NULL;
}

static void
note_unused(struct walk *w, const json_t *lists, const bool used[static LISTS_MAX])
{
	for (size_t i = 0; i < json_array_size(lists) && i < LISTS_MAX; i++)
		if (!used[i]) {
			size_t was = push(w, "acls/acl", i);
			note(w, "no policy names this list; ignored");
			pop(w, was);
		}
}

static void
take_root(struct walk *w, const json_t *root)
{
	bool used[LISTS_MAX] = {false};
	const json_t *mud = mud_of(w, root);

	if (!mud)
		return;
	take_version(w, mud);
	take_url(w, mud);
	if (w->is_refused)
		return;
	if (!json_is_object(member(mud, "from-device-policy")) &&
		!json_is_object(member(mud, "to-device-policy"))) {
		refuse(w, "neither from-device-policy nor to-device-policy");
		return;
	}
	const json_t *lists = lists_of(w, root);
	if (lists)
		count_aces(w, lists);
	if (w->is_refused)
		return;
	take_times(w, mud);
	take_supported(w, mud);
	copy_signature(w->mud->signature, mud);
	show(w, w->mud->systeminfo, sizeof w->mud->systeminfo, mud, "systeminfo");
	show(w, w->mud->manufacturer, sizeof w->mud->manufacturer, mud, "mfg-name");
	show(w, w->mud->model, sizeof w->mud->model, mud, "model-name");
	show(w, w->mud->firmware, sizeof w->mud->firmware, mud, "firmware-rev");
	show(w, w->mud->software, sizeof w->mud->software, mud, "software-rev");
	note_unknown_leaves(w, mud);
	take_policy(w, mud, "from-device-policy", MUD_FROM_DEVICE, lists, used);
	if (!w->is_refused)
		take_policy(w, mud, "to-device-policy", MUD_TO_DEVICE, lists, used);
	if (w->is_refused)
		return;
	note_unused(w, lists, used);
	take_quarantine(w, mud);
}

static bool
parse(struct mud *mud, const char *bytes, size_t len, size_t len_max, struct fault *why)
{
	struct walk w = {.mud = mud, .why = why};

	memset(mud, 0, sizeof *mud);
	json_t *root = json_strict(bytes, len, len_max, MUD_DEPTH_MAX, why);
	if (!root)
		return false;
	mud->version = MUD_STRUCT_VERSION;
	if (json_is_object(root))
		take_root(&w, root);
	else
		refuse(&w, "not a JSON object");
	json_decref(root);
	return !w.is_refused;
}

bool
mud_parse(struct mud *mud, const char *bytes, size_t len, struct fault *why)
{
	return parse(mud, bytes, len, MUD_FILE_MAX, why);
}

bool
mud_parse_rendered(struct mud *mud, const char *bytes, size_t len, struct fault *why)
{
	return parse(mud, bytes, len, MUD_RENDERED_MAX, why);
}

bool
mud_signature_leaf(const char *bytes, size_t len, char out[static MUD_TEXT_MAX], struct fault *why)
{
	json_t *root = json_strict(bytes, len, MUD_FILE_MAX, MUD_DEPTH_MAX, why);

	if (!root)
		return false;
	const json_t *mud = json_object_get(root, "ietf-mud:mud");
	memset(out, 0, MUD_TEXT_MAX);
	if (json_is_object(mud))
		copy_signature(out, mud);
	json_decref(root);
	return true;
}
