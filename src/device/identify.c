/* SPDX-License-Identifier: Apache-2.0 */
#include "device/identify.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"

/* What each claim is worth for telling this device from others, 0 to 100. */
static const struct {
	enum identifier_kind kind;
	uint8_t confidence;
} claims[OBSERVED_COUNT] = {
	[OBSERVED_DHCP_HOSTNAME] = {IDENTIFIER_HOSTNAME, 50},
	[OBSERVED_DHCP_CLIENT_ID] = {IDENTIFIER_DHCP_CLIENT_ID, 60},
	[OBSERVED_DHCP_VENDOR_CLASS] = {IDENTIFIER_VENDOR_CLASS, 20},
	[OBSERVED_DHCP_PARAMETERS] = {IDENTIFIER_DHCP_PARAMETERS, 20},
	[OBSERVED_DHCP_MUD_URL] = {IDENTIFIER_MUD_URL, 40},
	[OBSERVED_DHCP6_DUID] = {IDENTIFIER_DUID, 70},
	[OBSERVED_LLDP_NAME] = {IDENTIFIER_LLDP_NAME, 40},
	[OBSERVED_LLDP_DESCRIPTION] = {IDENTIFIER_LLDP_DESCRIPTION, 20},
	[OBSERVED_LLDP_MUD_URL] = {IDENTIFIER_MUD_URL, 40},
	[OBSERVED_MDNS_NAME] = {IDENTIFIER_MDNS_NAME, 50},
	[OBSERVED_MDNS_SERVICE] = {IDENTIFIER_MDNS_SERVICE, 20},
	[OBSERVED_MDNS_MODEL] = {IDENTIFIER_MDNS_MODEL, 30},
	[OBSERVED_SSDP_SERVER] = {IDENTIFIER_SSDP_SERVER, 25},
	[OBSERVED_SSDP_TYPE] = {IDENTIFIER_SSDP_TYPE, 15},
	[OBSERVED_HTTP_USER_AGENT] = {IDENTIFIER_USER_AGENT, 15},
	[OBSERVED_MQTT_CLIENT] = {IDENTIFIER_MQTT_CLIENT, 40},
};

/*
 * What agreement counts for when a personal device comes back under a new MAC.
 * A name alone is not enough: any neighbour can copy it; with the same client
 * id, or the same DHCP stack behind it, it is.
 */
enum {
	RETURN_CLIENT_ID = 60,
	RETURN_NAME = 35,
	RETURN_STACK = 20,   /* vendor class or parameters agree */
	RETURN_AGAINST = 40, /* ... or contradict */
	RETURN_ENOUGH = 55,
	RETURN_SILENT_S = 3, /* the old MAC must have stopped before the new one began */
	RETURN_LOOKED_AT = 16,
};

static const struct kind_row {
	enum identifier_kind claim;
	const char *text; /* lower case; "=" in front: the whole value */
	const char *word;
	uint8_t confidence;
} kinds[] = {
#include "kinds.inc"
};

static const struct {
	uint8_t prefix[3];
	const char *name;
} makers[] = {
#include "makers.inc"
};

/* --- whose it is ---------------------------------------------------------------------------- */

static bool
is_from_us(const struct identify_rules *rules, const uint8_t mac[static 6])
{
	for (size_t i = 0; i < rules->n_own; i++)
		if (!memcmp(rules->own[i], mac, 6))
			return true;
	return false;
}

/* Rows about what a server said; they tell of the client, not from it. */
static bool
is_servers(enum observed what)
{
	return what == OBSERVED_DHCP4_ACK || what == OBSERVED_DHCP4_NAK ||
	       what == OBSERVED_DHCP6_REPLY || what == OBSERVED_TLS_SERVER ||
	       what == OBSERVED_TLS_CERTIFICATE;
}

static struct device *
make_device(struct device_table *table, const struct identify_rules *rules,
	const uint8_t mac[static 6], uint64_t now_ns, int64_t wall_s, uint32_t *evicted)
{
	struct device *device = NULL;
	char id[DEVICE_ID_MAX];
	uint8_t random[8];

	do {
		rules->random(random);
		device_id_from_random(id, random);
	} while (device_find_by_id(table, id));
	device = device_add(table, 0, id, now_ns, wall_s, evicted);
	if (device)
		device_mac_keep(table, device, mac, wall_s);
	return device;
}

/* A client id of type 1 is the MAC again and tells nothing new (RFC 2132, 9.14). */
static bool
is_mac_again(const struct observation *row)
{
	char hex[15];

	snprintf(hex, sizeof hex, "01%02x%02x%02x%02x%02x%02x", row->mac[0], row->mac[1],
		row->mac[2], row->mac[3], row->mac[4], row->mac[5]);
	return !strcmp(row->claimed_text, hex);
}

/* True when the row told something of the device that was not known. */
static bool
attach(struct device_table *table, struct device *device, const struct observation *row,
	int64_t wall_s)
{
	enum identifier_kind kind = claims[row->what].kind;

	if (kind == IDENTIFIER_UNKNOWN || !row->claimed_text[0])
		return false;
	if (kind == IDENTIFIER_DHCP_CLIENT_ID && is_mac_again(row))
		return false;
	/* Of a person's device only what it is known again by. */
	if (device->class == DEVICE_CLASS_PERSONAL &&
		(kind == IDENTIFIER_USER_AGENT || kind == IDENTIFIER_MQTT_CLIENT))
		return false;
	/* The gate once more: what arrives by message was checked for form, not for escapes. */
	if (!is_printable(row->claimed_text))
		return false;
	return device_identifier_keep(
		table, device, kind, row->claimed_text, claims[row->what].confidence, wall_s);
}

/* --- a known device under a new MAC --------------------------------------------------------- */

static const struct identifier *
same_identifier(const struct device *device, const struct identifier *other)
{
	for (size_t i = 0; i < device->n_identifiers; i++)
		if (device->identifier[i].kind == other->kind &&
			!strcmp(device->identifier[i].claimed_value, other->claimed_value))
			return &device->identifier[i];
	return NULL;
}

static int
agreement(const struct device *back, const struct device *known)
{
	int sum = 0;

	for (size_t i = 0; i < back->n_identifiers; i++) {
		const struct identifier *it = &back->identifier[i];
		bool same = same_identifier(known, it);
		switch ((enum identifier_kind)it->kind) {
		case IDENTIFIER_DHCP_CLIENT_ID:
		case IDENTIFIER_DUID:
			sum += same ? RETURN_CLIENT_ID : 0;
			break;
		case IDENTIFIER_HOSTNAME:
		case IDENTIFIER_MDNS_NAME:
			sum += same ? RETURN_NAME : 0;
			break;
		case IDENTIFIER_VENDOR_CLASS:
		case IDENTIFIER_DHCP_PARAMETERS:
			if (same)
				sum += RETURN_STACK;
			else if (device_identifier(known, (enum identifier_kind)it->kind))
				sum -= RETURN_AGAINST;
			break;
		default:
			break;
		}
	}
	return sum;
}

static bool
is_silent(const struct device *known, uint64_t now_ns)
{
	for (size_t i = 0; i < known->n_macs; i++)
		if (known->mac[i].heard_ns &&
			now_ns - known->mac[i].heard_ns < RETURN_SILENT_S * CLOCK_SECOND_NS)
			return false;
	return true;
}

static bool
is_return_of(const struct device_table *table, const struct device *back,
	const struct device *known, const char *port, uint64_t now_ns)
{
	struct device_ceiling ceiling;

	if (known == back || !known->is_admitted || known->class != DEVICE_CLASS_PERSONAL ||
		known->state == DEVICE_WAITING || !is_silent(known, now_ns) ||
		agreement(back, known) < RETURN_ENOUGH)
		return false;
	ceiling = device_ceiling_for_port(table, port, known->number);
	return device_ceiling_permits(&ceiling, (enum device_state)known->state);
}

/* Only what never was let in and says by its MAC that the MAC is made up can be a return. */
static bool
can_be_return(const struct device *device)
{
	return !device->is_admitted && device->state == DEVICE_WAITING && device->n_macs == 1 &&
	       device->mac[0].is_local;
}

static bool
find_return(const struct device_table *table, const struct device *back, const char *port,
	uint64_t now_ns, struct device_merge *out)
{
	char why[DEVICE_WHY_MAX];

	for (size_t i = 0; i < back->n_identifiers; i++) {
		const struct identifier *it = &back->identifier[i];
		const struct device *known;
		size_t cursor = 0;

		/* Many may carry one name; look at a few, since the network chooses how many. */
		for (int looked = 0; looked < RETURN_LOOKED_AT; looked++) {
			known = device_next_named(
				table, (enum identifier_kind)it->kind, it->claimed_value, &cursor);
			if (!known)
				break;
			if (!is_return_of(table, back, known, port, now_ns))
				continue;
			snprintf(why, sizeof why, "new random MAC with the same %s \"%.60s\"",
				identifier_word((enum identifier_kind)it->kind), it->claimed_value);
			for (char *at = why; *at; at++)
				if (*at == '"')
					*at = '\'';
			return device_merge_prepare(table, back->number, known->number, why, out);
		}
	}
	return false;
}

void
identify_observation(struct device_table *table, const struct identify_rules *rules,
	const struct observation *row, uint64_t now_ns, int64_t wall_s, struct identified *out)
{
	enum observed what = (enum observed)row->what;
	struct device *device = NULL;
	struct device_mac *mac;

	memset(out, 0, offsetof(struct identified, back));
	if (what == OBSERVED_LOST || what == OBSERVED_UNKNOWN || what >= OBSERVED_COUNT)
		return;
	/* The kernel's mark stands for a binding that was checked; nothing else is asked. */
	if (row->device) {
		device = device_find(table, row->device);
		if (!device)
			return;
		out->device = device;
		out->what = IDENTIFIED_KNOWN;
		mac = device_mac_find(device, row->mac);
		if (mac) {
			mac->heard_ns = now_ns;
			device_heard(table, device, now_ns, wall_s);
		}
		return;
	}
	if (!mac_is_unicast(row->mac) || is_from_us(rules, row->mac))
		return;
	device = device_find_by_mac(table, row->mac);
	if (is_servers(what)) {
		out->device = device;
		out->what = device ? IDENTIFIED_KNOWN : IDENTIFIED_NOTHING;
		return;
	}
	if (!row->port[0] && !rules->is_replay)
		return;
	if (!device) {
		device = make_device(table, rules, row->mac, now_ns, wall_s, &out->evicted);
		if (!device) {
			out->what = IDENTIFIED_REFUSED;
			return;
		}
		out->what = IDENTIFIED_NEW;
		out->is_news = true;
		identify_kind(device);
	} else {
		out->what = IDENTIFIED_KNOWN;
	}
	out->device = device;
	mac = device_mac_find(device, row->mac);
	if (!binding_is_home(table, device, mac, row->port, now_ns)) {
		out->what = IDENTIFIED_SPOOF;
		return;
	}
	device_heard(table, device, now_ns, wall_s);
	if (wall_s > mac->last_s)
		mac->last_s = wall_s;
	if (!attach(table, device, row, wall_s)) {
		if (claims[what].kind != IDENTIFIER_MUD_URL)
			return;
	} else {
		out->is_news = true;
		identify_kind(device);
	}
	if (claims[what].kind == IDENTIFIER_MUD_URL && is_printable(row->claimed_text) &&
		strcmp(device->claimed_mud_url, row->claimed_text)) {
		snprintf(device->claimed_mud_url, sizeof device->claimed_mud_url, "%s",
			row->claimed_text);
		out->is_mud_url_new = true;
	}
	if (can_be_return(device))
		out->is_return = find_return(table, device, row->port, now_ns, &out->back);
}

/* --- merge and split ------------------------------------------------------------------------ */

enum device_state
device_state_narrower(enum device_state a, enum device_state b)
{
	static const enum device_state order[] = {DEVICE_BLOCK, DEVICE_QUARANTINE, DEVICE_WAITING,
		DEVICE_ENFORCE, DEVICE_OBSERVE, DEVICE_TRUSTED};

	for (size_t i = 0; i < COUNT_OF(order); i++)
		if (a == order[i] || b == order[i])
			return a == DEVICE_STATE_UNKNOWN || b == DEVICE_STATE_UNKNOWN
				       ? DEVICE_STATE_UNKNOWN
				       : order[i];
	return DEVICE_STATE_UNKNOWN;
}

bool
device_merge_prepare(const struct device_table *table, uint32_t from, uint32_t into,
	const char *why, struct device_merge *out)
{
	const struct device *source = device_find(table, from), *target = device_find(table, into);

	if (!source || !target || source == target)
		return false;
	*out = (struct device_merge){.from = from,
		.into = into,
		.from_state = source->state,
		.from_class = source->class,
		.from_admitted = source->is_admitted,
		.from_first_s = source->first_s,
		.n_macs = source->n_macs};
	memcpy(out->from_id, source->id, sizeof out->from_id);
	memcpy(out->from_name, source->name, sizeof out->from_name);
	snprintf(out->why, sizeof out->why, "%s", why);
	int sum = agreement(source, target);
	out->confidence = (uint8_t)(sum < 0 ? 0 : sum > 99 ? 99 : sum);
	for (size_t i = 0; i < source->n_macs; i++)
		memcpy(out->mac[i], source->mac[i].mac, 6);
	for (size_t i = 0; i < source->n_identifiers; i++) {
		const struct identifier *it = &source->identifier[i];
		if (same_identifier(target, it))
			continue;
		out->identifier[out->n_identifiers].kind = it->kind;
		memcpy(out->identifier[out->n_identifiers].value, it->claimed_value,
			sizeof it->claimed_value);
		out->n_identifiers++;
	}
	return true;
}

/*
 * Room for one more MAC: the least recently seen one goes, if it was made up;
 * a phone that changes its MAC every day would fill any table.
 */
static void
make_room_for_mac(struct device_table *table, struct device *device)
{
	const struct device_mac *oldest = NULL;

	if (device->n_macs < DEVICE_MACS_MAX)
		return;
	for (size_t i = 0; i < device->n_macs; i++)
		if (device->mac[i].is_local && (!oldest || device->mac[i].last_s < oldest->last_s))
			oldest = &device->mac[i];
	if (oldest)
		device_mac_drop(table, device, oldest->mac);
}

bool
device_merge(struct device_table *table, const struct device_merge *merge)
{
	struct device *source = device_find(table, merge->from);
	struct device *target = device_find(table, merge->into);
	struct device was;

	if (!source || !target || source == target)
		return false;
	was = *source;
	device_forget(table, source);
	for (size_t i = 0; i < was.n_macs; i++) {
		struct device_mac *kept;
		make_room_for_mac(table, target);
		kept = device_mac_keep(table, target, was.mac[i].mac, was.mac[i].last_s);
		if (kept)
			*kept = was.mac[i];
	}
	for (size_t i = 0; i < was.n_identifiers; i++)
		device_identifier_keep(table, target, (enum identifier_kind)was.identifier[i].kind,
			was.identifier[i].claimed_value, was.identifier[i].confidence,
			was.identifier[i].last_s);
	for (size_t i = 0; i < was.n_bindings; i++)
		if (!device_binding_keep(table, target, &was.binding[i]))
			break;
	/* A stranger that merely waited takes nothing away; whatever was decided about it does. */
	if (was.is_admitted || was.state != DEVICE_WAITING)
		target->state = (uint8_t)device_state_narrower(
			(enum device_state)target->state, (enum device_state)was.state);
	if (was.first_s < target->first_s)
		target->first_s = was.first_s;
	if (was.heard_ns > target->heard_ns)
		device_heard(table, target, was.heard_ns, was.last_s);
	if (!target->claimed_mud_url[0])
		memcpy(target->claimed_mud_url, was.claimed_mud_url, sizeof was.claimed_mud_url);
	identify_kind(target);
	return true;
}

struct device *
device_split(struct device_table *table, const struct device_merge *merge, uint64_t now_ns,
	int64_t wall_s, uint32_t *evicted)
{
	struct device *target = device_find(table, merge->into), *back;
	size_t n_macs = merge->n_macs < DEVICE_MACS_MAX ? merge->n_macs : DEVICE_MACS_MAX;
	uint32_t number = device_find(table, merge->from) ? 0 : merge->from;

	*evicted = 0;
	/* Making room must not evict the very device that is split. */
	if (!target || (!target->is_admitted && !device_table_has_room(table)))
		return NULL;
	back = device_add(table, number, merge->from_id, now_ns, wall_s, evicted);
	if (!back)
		return NULL;
	char name[DEVICE_NAME_MAX];
	memcpy(name, merge->from_name, sizeof name);
	name[sizeof name - 1] = '\0';
	device_rename(table, back, name);
	back->class = merge->from_class;
	back->is_admitted = merge->from_admitted;
	back->first_s = merge->from_first_s;
	back->state = (uint8_t)device_state_narrower(
		(enum device_state)merge->from_state, (enum device_state)target->state);
	for (size_t i = 0; i < n_macs; i++) {
		struct device_mac *theirs = device_mac_find(target, merge->mac[i]), was, *kept;
		struct binding binding[DEVICE_BINDINGS_MAX];
		size_t n = 0;

		if (!theirs)
			continue;
		was = *theirs;
		for (size_t k = 0; k < target->n_bindings; k++)
			if (!memcmp(target->binding[k].mac, was.mac, 6))
				binding[n++] = target->binding[k];
		device_mac_drop(table, target, was.mac);
		kept = device_mac_keep(table, back, was.mac, was.last_s);
		if (kept)
			*kept = was;
		for (size_t k = 0; k < n; k++)
			if (!device_binding_keep(table, back, &binding[k]))
				break;
	}
	for (size_t i = 0; i < merge->n_identifiers && i < DEVICE_IDENTIFIERS_MAX; i++) {
		enum identifier_kind kind = (enum identifier_kind)merge->identifier[i].kind;
		char value[sizeof merge->identifier[i].value];

		memcpy(value, merge->identifier[i].value, sizeof value);
		value[sizeof value - 1] = '\0';
		if (kind == IDENTIFIER_UNKNOWN || kind >= IDENTIFIER_KIND_COUNT ||
			!is_printable(value))
			continue;
		device_identifier_drop(table, target, kind, value);
		device_identifier_keep(table, back, kind, value, 0, wall_s);
	}
	identify_kind(target);
	identify_kind(back);
	return back;
}

/* --- what it is ----------------------------------------------------------------------------- */

static bool
says(const char *value, const char *text)
{
	char lower[sizeof((struct identifier *)0)->claimed_value];
	size_t i = 0;

	for (; i < sizeof lower - 1 && value[i]; i++)
		lower[i] = (char)tolower((unsigned char)value[i]);
	lower[i] = '\0';
	return text[0] == '=' ? !strcmp(lower, text + 1) : strstr(lower, text) != NULL;
}

const char *
identify_maker(const uint8_t mac[static 6])
{
	if (mac_is_local(mac))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(makers); i++)
		if (!memcmp(makers[i].prefix, mac, 3))
			return makers[i].name;
	return NULL;
}

/* Independent signs add up as chances of being wrong multiply; never quite sure. */
static uint8_t
both(uint8_t a, uint8_t b)
{
	int wrong = (100 - a) * (100 - b) / 100;
	return (uint8_t)(wrong < 5 ? 95 : 100 - wrong);
}

bool
identify_kind(struct device *device)
{
	enum { WORDS_MAX = 16 };
	struct {
		const char *word;
		uint8_t confidence;
	} sum[WORDS_MAX] = {0};
	size_t n = 0, best = 0, len = 0;
	struct device_kind kind = {0};
	const char *maker = NULL;

	if (device->kind.is_owners)
		return false;
	for (size_t i = 0; i < device->n_identifiers; i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++) {
			size_t at = 0;
			if (kinds[k].claim != (enum identifier_kind)device->identifier[i].kind ||
				!says(device->identifier[i].claimed_value, kinds[k].text))
				continue;
			while (at < n && strcmp(sum[at].word, kinds[k].word))
				at++;
			if (at == WORDS_MAX)
				continue;
			if (at == n) {
				sum[n].word = kinds[k].word;
				sum[n++].confidence = 0;
			}
			sum[at].confidence = both(sum[at].confidence, kinds[k].confidence);
		}
	for (size_t i = 0; i < device->n_macs && !maker; i++)
		maker = identify_maker(device->mac[i].mac);
	for (size_t i = 1; i < n; i++)
		if (sum[i].confidence > sum[best].confidence)
			best = i;
	/* Less than an even chance is not knowledge worth showing, but a hint may be. */
	if (n && sum[best].confidence >= 25) {
		snprintf(kind.word, sizeof kind.word, "%s", sum[best].word);
		kind.confidence = sum[best].confidence;
	}
	if (maker)
		len = (size_t)snprintf(kind.why, sizeof kind.why, "MAC of %s", maker);
	for (size_t i = 0; n && i < device->n_identifiers; i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++) {
			const struct identifier *it = &device->identifier[i];
			if (kinds[k].claim != (enum identifier_kind)it->kind ||
				strcmp(kinds[k].word, sum[best].word) ||
				!says(it->claimed_value, kinds[k].text))
				continue;
			if (len < sizeof kind.why)
				len += (size_t)snprintf(kind.why + len, sizeof kind.why - len,
					"%s%s %.48s", len ? ", " : "",
					identifier_word((enum identifier_kind)it->kind),
					it->claimed_value);
			break;
		}
	if (!memcmp(&kind, &device->kind, sizeof kind))
		return false;
	device->kind = kind;
	return true;
}

/* What a home has; data/kinds.tsv guesses some of them. */
static const struct {
	const char *word;
	enum device_class class;
} roles[] = {
	{"alarm", DEVICE_CLASS_CRITICAL},
	{"appliance", DEVICE_CLASS_ORDINARY},
	{"camera", DEVICE_CLASS_ORDINARY},
	{"car-charger", DEVICE_CLASS_ORDINARY},
	{"computer", DEVICE_CLASS_PERSONAL},
	{"game-console", DEVICE_CLASS_ORDINARY},
	{"home-hub", DEVICE_CLASS_ORDINARY},
	{"lighting", DEVICE_CLASS_ORDINARY},
	{"lock", DEVICE_CLASS_CRITICAL},
	{"medical", DEVICE_CLASS_CRITICAL},
	{"network", DEVICE_CLASS_ORDINARY},
	{"other", DEVICE_CLASS_ORDINARY},
	{"phone", DEVICE_CLASS_PERSONAL},
	{"plug", DEVICE_CLASS_ORDINARY},
	{"printer", DEVICE_CLASS_ORDINARY},
	{"recorder", DEVICE_CLASS_ORDINARY},
	{"scanner", DEVICE_CLASS_ORDINARY},
	{"sensor", DEVICE_CLASS_ORDINARY},
	{"smart-home", DEVICE_CLASS_ORDINARY},
	{"speaker", DEVICE_CLASS_ORDINARY},
	{"storage", DEVICE_CLASS_ORDINARY},
	{"tablet", DEVICE_CLASS_PERSONAL},
	{"telephone", DEVICE_CLASS_ORDINARY},
	{"thermostat", DEVICE_CLASS_ORDINARY},
	{"toy", DEVICE_CLASS_ORDINARY},
	{"tv", DEVICE_CLASS_ORDINARY},
	{"vacuum", DEVICE_CLASS_ORDINARY},
	{"wearable", DEVICE_CLASS_ORDINARY},
};

enum device_class
identify_class_of(const char *kind)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (!strcmp(roles[i].word, kind))
			return roles[i].class;
	return DEVICE_CLASS_UNKNOWN;
}

const char *
identify_kind_at(size_t place)
{
	return place < COUNT_OF(roles) ? roles[place].word : NULL;
}

void
identify_kind_said(struct device *device, const char *kind)
{
	memset(&device->kind, 0, sizeof device->kind);
	if (!kind) {
		identify_kind(device);
		return;
	}
	device->kind.is_owners = true;
	device->kind.confidence = 100;
	snprintf(device->kind.word, sizeof device->kind.word, "%s", kind);
	snprintf(device->kind.why, sizeof device->kind.why, "its owner says so");
}

bool
identify_is_personal(const struct device *device)
{
	return identify_class_of(device->kind.word) == DEVICE_CLASS_PERSONAL &&
	       device->kind.confidence >= 50;
}
