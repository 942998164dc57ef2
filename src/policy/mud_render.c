/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/inside.h"
#include "policy/mud.h"

/* --- for people ------------------------------------------------------------------------------ */

static const char *
remote_text(const struct mud *mud, const struct mud_ace *ace, char prefix[static PREFIX_TEXT_MAX])
{
	switch ((enum mud_remote)ace->remote) {
	case MUD_REMOTE_ANY:
		return "anybody";
	case MUD_REMOTE_NAME:
		return mud->name[ace->text];
	case MUD_REMOTE_PREFIX:
		return prefix_render(&ace->prefix, prefix);
	case MUD_REMOTE_LOCAL_NETWORKS:
		return "the home's devices";
	case MUD_REMOTE_SAME_MANUFACTURER:
		return "devices of the same maker";
	case MUD_REMOTE_MANUFACTURER:
	case MUD_REMOTE_MODEL:
	case MUD_REMOTE_CONTROLLER:
		return mud->uri[ace->text];
	case MUD_REMOTE_MY_CONTROLLER:
		return "its controller";
	case MUD_REMOTE_DNS:
		return "the resolver";
	case MUD_REMOTE_NTP:
		return "the time server";
	case MUD_REMOTE_GATEWAY:
		return "the gateway";
	case MUD_REMOTE_UNKNOWN:
	case MUD_REMOTE_COUNT:
		break;
	}
	return "unknown";
}

static void
ports_text(char *out, size_t size, const char *before, uint16_t lo, uint16_t hi)
{
	if (lo == 0 && hi == MUD_PORT_ANY_HI)
		out[0] = '\0';
	else if (lo == hi)
		snprintf(out, size, "%s%u", before, lo);
	else
		snprintf(out, size, "%s%u-%u", before, lo, hi);
}

const char *
mud_ace_render(const struct mud *mud, const struct mud_ace *ace, char *out, size_t size)
{
	char prefix[PREFIX_TEXT_MAX], theirs[24], ours[40];
	bool is_icmp = policy_is_icmp(ace->proto);

	ports_text(theirs, sizeof theirs, " ", ace->remote_lo, ace->remote_hi);
	ports_text(ours, sizeof ours, ", device port ", ace->device_lo, ace->device_hi);
	if (is_icmp && ace->icmp_type != MUD_ICMP_ANY)
		snprintf(theirs, sizeof theirs, " type %u", ace->icmp_type);
	snprintf(out, size, "%s %s %s %s%s%s%s%s", ace->action == MUD_ACCEPT ? "permits" : "drops",
		ace->direction == MUD_FROM_DEVICE ? "device to" : "to device from",
		remote_text(mud, ace, prefix), policy_proto_word(ace->proto, "any protocol"),
		theirs, ours,
		ace->version == 4   ? ", IPv4"
		: ace->version == 6 ? ", IPv6"
				    : "",
		ace->initiated == MUD_FROM_DEVICE ? ", opened by the device"
		: ace->initiated == MUD_TO_DEVICE ? ", opened by the other side"
						  : "");
	return out;
}

/* --- RFC 8520 JSON ------------------------------------------------------------------------------- */

static json_t *
port_json(uint16_t lo, uint16_t hi)
{
	if (lo == hi)
		return json_pack("{s:s, s:i}", "operator", "eq", "port", lo);
	return json_pack(
		"{s:s, s:i, s:i}", "operator", "range", "lower-port", lo, "upper-port", hi);
}

static void
set_port(json_t *object, const char *key, uint16_t lo, uint16_t hi)
{
	if (lo != 0 || hi != MUD_PORT_ANY_HI)
		json_object_set_new(object, key, port_json(lo, hi));
}

static json_t *
transport_json(const struct mud_ace *ace)
{
	bool is_out = ace->direction == MUD_FROM_DEVICE;
	json_t *object = json_object();

	set_port(object, "source-port", is_out ? ace->device_lo : ace->remote_lo,
		is_out ? ace->device_hi : ace->remote_hi);
	set_port(object, "destination-port", is_out ? ace->remote_lo : ace->device_lo,
		is_out ? ace->remote_hi : ace->device_hi);
	if (ace->initiated != MUD_DIRECTION_UNKNOWN)
		json_object_set_new(object, "ietf-mud:direction-initiated",
			json_string(
				ace->initiated == MUD_FROM_DEVICE ? "from-device" : "to-device"));
	return object;
}

static json_t *
icmp_json(const struct mud_ace *ace)
{
	json_t *object = json_object();

	if (ace->icmp_type != MUD_ICMP_ANY)
		json_object_set_new(object, "type", json_integer(ace->icmp_type));
	if (ace->icmp_code != MUD_ICMP_ANY)
		json_object_set_new(object, "code", json_integer(ace->icmp_code));
	return object;
}

static json_t *
ip_json(const struct mud *mud, const struct mud_ace *ace)
{
	static const char *const network[2][2] = {
		{"source-ipv4-network", "destination-ipv4-network"},
		{"source-ipv6-network", "destination-ipv6-network"}};
	bool is_out = ace->direction == MUD_FROM_DEVICE;
	char prefix[PREFIX_TEXT_MAX];
	json_t *object = json_object();

	if (ace->remote == MUD_REMOTE_NAME)
		json_object_set_new(object,
			is_out ? "ietf-acldns:dst-dnsname" : "ietf-acldns:src-dnsname",
			json_string(mud->name[ace->text]));
	if (ace->remote == MUD_REMOTE_PREFIX)
		json_object_set_new(object, network[ace->version == 6][is_out],
			json_string(prefix_render(&ace->prefix, prefix)));
	if (ace->proto)
		json_object_set_new(object, "protocol", json_integer(ace->proto));
	return object;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What printable() made of the text of a file, turned back; else it would grow each time. */
static json_t *
original(const char *text)
{
	char out[MUD_TEXT_MAX];
	size_t n = 0;

	for (const char *at = text; *at && n + 1 < sizeof out; n++) {
		if (at[0] == '\\' && at[1] == 'x' && hex(at[2]) >= 0 && hex(at[3]) >= 0) {
			out[n] = (char)(hex(at[2]) << 4 | hex(at[3]));
			at += 4;
		} else {
			out[n] = *at++;
		}
	}
	json_t *string = json_stringn(out, n);
	return string ? string : json_string(text); /* cut inside a character */
}

static json_t *
abstraction_json(const struct mud *mud, const struct mud_ace *ace)
{
	switch ((enum mud_remote)ace->remote) {
	case MUD_REMOTE_LOCAL_NETWORKS:
		return json_pack("{s:[n]}", "local-networks");
	case MUD_REMOTE_SAME_MANUFACTURER:
		return json_pack("{s:[n]}", "same-manufacturer");
	case MUD_REMOTE_MY_CONTROLLER:
		return json_pack("{s:[n]}", "my-controller");
	case MUD_REMOTE_MANUFACTURER:
		return json_pack("{s:s}", "manufacturer", mud->uri[ace->text]);
	case MUD_REMOTE_MODEL:
		return json_pack("{s:s}", "model", mud->uri[ace->text]);
	case MUD_REMOTE_CONTROLLER:
		return json_pack("{s:o}", "controller", original(mud->uri[ace->text]));
	case MUD_REMOTE_DNS:
		return json_pack("{s:s}", "controller", "urn:ietf:params:mud:dns");
	case MUD_REMOTE_NTP:
		return json_pack("{s:s}", "controller", "urn:ietf:params:mud:ntp");
	case MUD_REMOTE_GATEWAY:
		return json_pack("{s:s}", "controller", "urn:ietf:params:mud:gateway");
	case MUD_REMOTE_UNKNOWN:
	case MUD_REMOTE_ANY:
	case MUD_REMOTE_NAME:
	case MUD_REMOTE_PREFIX:
	case MUD_REMOTE_COUNT:
		break;
	}
	return NULL;
}

static json_t *
ace_json(const struct mud *mud, const struct mud_ace *ace, size_t number)
{
	char name[32];
	json_t *matches = json_object(), *abstraction = abstraction_json(mud, ace);

	if (abstraction)
		json_object_set_new(matches, "ietf-mud:mud", abstraction);
	if (ace->version)
		json_object_set_new(
			matches, ace->version == 4 ? "ipv4" : "ipv6", ip_json(mud, ace));
	if (ace->proto == IPPROTO_TCP || ace->proto == IPPROTO_UDP)
		json_object_set_new(
			matches, ace->proto == IPPROTO_TCP ? "tcp" : "udp", transport_json(ace));
	else if (ace->proto)
		json_object_set_new(matches, "icmp", icmp_json(ace));
	snprintf(name, sizeof name, "ace%zu", number);
	return json_pack("{s:o, s:o, s:{s:s}}", "name", original(ace->name[0] ? ace->name : name),
		"matches", matches, "actions", "forwarding",
		ace->action == MUD_ACCEPT ? "accept" : "drop");
}

static bool
has_drop(const struct mud *mud, enum mud_direction direction)
{
	for (size_t i = 0; i < mud->n_aces; i++)
		if (mud->ace[i].direction == direction && mud->ace[i].action != MUD_ACCEPT)
			return true;
	return false;
}

/*
 * One list a family; accepts alone may be put into any order.  Where one drops,
 * the order means something, and all go into one list without a type.
 */
static void
add_lists(const struct mud *mud, enum mud_direction direction, json_t *lists, json_t *names)
{
	static const char *const type[] = {[4] = "ipv4-acl-type", [6] = "ipv6-acl-type"};
	bool is_ordered = has_drop(mud, direction);

	for (uint8_t version = 0; version <= 6; version = (uint8_t)(version ? version + 2 : 4)) {
		json_t *aces = json_array(), *list;
		char name[24];

		for (size_t i = 0; i < mud->n_aces; i++) {
			const struct mud_ace *ace = &mud->ace[i];
			if (ace->direction == direction &&
				(is_ordered ? version == 0 : ace->version == version))
				json_array_append_new(aces, ace_json(mud, ace, i));
		}
		if (!json_array_size(aces)) {
			json_decref(aces);
			continue;
		}
		snprintf(name, sizeof name, "%s%s",
			direction == MUD_FROM_DEVICE ? "from-device" : "to-device",
			version == 4   ? "-ipv4"
			: version == 6 ? "-ipv6"
				       : "");
		list = json_pack("{s:s, s:{s:o}}", "name", name, "aces", "ace", aces);
		if (version)
			json_object_set_new(list, "type", json_string(type[version]));
		json_array_append_new(lists, list);
		json_array_append_new(names, json_pack("{s:s}", "name", name));
	}
}

static void
set_policy(const struct mud *mud, enum mud_direction direction, json_t *object, json_t *lists)
{
	json_t *names = json_array();

	add_lists(mud, direction, lists, names);
	json_object_set_new(object,
		direction == MUD_FROM_DEVICE ? "from-device-policy" : "to-device-policy",
		json_pack("{s:{s:o}}", "access-lists", "access-list", names));
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text[0])
		json_object_set_new(object, key, original(text));
}

static void
set_quarantine(const struct mud *mud, json_t *object)
{
	json_t *names = json_array();

	for (size_t i = 0; i < mud->n_aces; i++)
		if (mud->ace[i].in_quarantine)
			json_array_append_new(
				names, json_pack("{s:o}", "ace-name", original(mud->ace[i].name)));
	if (json_array_size(names))
		json_object_set_new(object, "nist-mud:quarantined-device-policy",
			json_pack("{s:O}", "enabled-ace-names", names));
	json_decref(names);
}

char *
mud_render(const struct mud *mud)
{
	json_t *object = json_object(), *lists = json_array();
	char date[32];
	time_t at = (time_t)mud->last_update_s;
	struct tm tm;

	/* without the version a file stays one that needs an approval */
	if (!mud->needs_approval)
		json_object_set_new(object, "mud-version", json_integer(1));
	set_text(object, "mud-url", mud->url);
	gmtime_r(&at, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
	set_text(object, "last-update", date);
	set_text(object, "mud-signature", mud->signature);
	json_object_set_new(object, "cache-validity", json_integer(mud->cache_validity_h));
	json_object_set_new(object, "is-supported", json_boolean(mud->is_supported));
	set_text(object, "systeminfo", mud->systeminfo);
	set_text(object, "mfg-name", mud->manufacturer);
	set_text(object, "model-name", mud->model);
	set_text(object, "firmware-rev", mud->firmware);
	set_text(object, "software-rev", mud->software);
	if (mud->has_from_device)
		set_policy(mud, MUD_FROM_DEVICE, object, lists);
	if (mud->has_to_device)
		set_policy(mud, MUD_TO_DEVICE, object, lists);
	set_quarantine(mud, object);

	json_t *root = json_pack("{s:o, s:{s:o}}", "ietf-mud:mud", object,
		"ietf-access-control-list:acls", "acl", lists);
	char *text = json_dumps(root, JSON_INDENT(2));
	if (text && strlen(text) > MUD_FILE_MAX) {
		free(text);
		text = json_dumps(root, JSON_COMPACT);
	}
	json_decref(root);
	return text;
}
