/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/learn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/mud_url.h"
#include "policy/inside.h"

static void note(struct mud *mud, const struct learn_flow *flow, const char *reason);

static const char *
flow_render(const struct learn_flow *flow, char *out, size_t size)
{
	char address[IP_TEXT_MAX], name[80];

	if (flow->name && flow->name[0])
		printable(name, sizeof name, flow->name, strlen(flow->name));
	else if (flow->peer)
		snprintf(name, sizeof name, "device %u", flow->peer);
	else
		snprintf(name, sizeof name, "%s", ip_render(&flow->address, address));
	snprintf(out, size, "%s %s %u", name, policy_proto_word(flow->proto, "other"), flow->port);
	return out;
}

static void
note(struct mud *mud, const struct learn_flow *flow, const char *reason)
{
	if (mud->n_notes == MUD_NOTES_MAX) {
		mud->n_notes_lost++;
		return;
	}
	struct mud_note *at = &mud->note[mud->n_notes++];
	flow_render(flow, at->path, sizeof at->path);
	snprintf(at->reason, sizeof at->reason, "%s", reason);
}

/* Why a flow is not for the profile; NULL when it is. */
static const char *
left_out(const struct learn_flow *flow)
{
	if (flow->is_gateway)
		return ""; /* every device may; nothing to say */
	if (flow->is_flagged)
		return "containment flagged it; never learned";
	if (flow->was_denied)
		return "it never passed";
	if (flow->peer)
		return "another device; introduce the two if it is wanted";
	if (flow->direction != DIRECTION_FROM_DEVICE)
		return "opened from outside; doors are made by the owner";
	if (flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP &&
		flow->proto != IPPROTO_ICMP && flow->proto != IPPROTO_ICMPV6)
		return "neither TCP, UDP nor ICMP";
	if (flow->name && flow->name[0] && policy_name_is_local(flow->name))
		return "a name of the home; introduce the device instead";
	if ((!flow->name || !flow->name[0]) &&
		(!ip_is_valid(&flow->address) || ip_is_inside(&flow->address)))
		return "an address of the home, or of a group";
	return NULL;
}

static bool
name_index(struct mud *mud, const char *text, uint16_t *index)
{
	char name[MUD_TEXT_MAX];

	if (!host_name_parse(name, text, strlen(text)))
		return false;
	for (uint16_t i = 0; i < mud->n_names; i++)
		if (!strcmp(mud->name[i], name)) {
			*index = i;
			return true;
		}
	if (mud->n_names == MUD_NAMES_MAX)
		return false;
	memcpy(mud->name[mud->n_names], name, sizeof name);
	*index = mud->n_names++;
	return true;
}

static bool
has_ace(const struct mud *mud, const struct mud_ace *ace)
{
	for (size_t i = 0; i < mud->n_aces; i++) {
		struct mud_ace other = mud->ace[i];
		memcpy(other.name, ace->name, sizeof other.name);
		if (!memcmp(&other, ace, sizeof other))
			return true;
	}
	return false;
}

static bool
keep(struct mud *mud, struct mud_ace ace)
{
	if (has_ace(mud, &ace))
		return true;
	if (mud->n_aces == MUD_ACES_MAX)
		return false;
	snprintf(ace.name, sizeof ace.name, "seen-%u", mud->n_aces);
	mud->ace[mud->n_aces++] = ace;
	return true;
}

/* A name is learned for both families: the next answer may hold the other. */
static bool
learn(struct mud *mud, const struct learn_flow *flow)
{
	bool has_name = flow->name && flow->name[0];
	bool is_icmp = policy_is_icmp(flow->proto);
	struct mud_ace ace = {
		.direction = MUD_FROM_DEVICE,
		.action = MUD_ACCEPT,
		.initiated = flow->proto == IPPROTO_TCP ? MUD_FROM_DEVICE : MUD_DIRECTION_UNKNOWN,
		.remote = has_name ? MUD_REMOTE_NAME : MUD_REMOTE_PREFIX,
		.proto = flow->proto,
		.device_hi = MUD_PORT_ANY_HI,
		.remote_lo = is_icmp ? 0 : flow->port,
		.remote_hi = is_icmp ? MUD_PORT_ANY_HI : flow->port,
		.icmp_type = is_icmp ? flow->port : MUD_ICMP_ANY,
		.icmp_code = MUD_ICMP_ANY,
	};

	if (!has_name) {
		ace.prefix.address = flow->address;
		ace.prefix.length = flow->address.version == 4 ? 32 : 128;
		ace.version = flow->address.version;
		ace.is_held = true;
		return keep(mud, ace);
	}
	if (!name_index(mud, flow->name, &ace.text))
		return false;
	for (uint8_t version = 4; version <= 6; version += 2) {
		ace.version = version;
		if ((flow->proto == IPPROTO_ICMP && version == 6) ||
			(flow->proto == IPPROTO_ICMPV6 && version == 4))
			continue;
		if (!keep(mud, ace))
			return false;
	}
	return true;
}

bool
mud_from_flows(struct mud *mud, const struct learn_flow *flow, size_t n,
	const struct learn_options *options)
{
	const char *url = options->url ? options->url : "https://learned.pinfold.invalid/profile";
	struct mud_url parsed;

	memset(mud, 0, sizeof *mud);
	if (!mud_url_from_bytes(&parsed, (const uint8_t *)url, strlen(url)))
		return false;
	mud->version = MUD_STRUCT_VERSION;
	mud->is_supported = true;
	mud->cache_validity_h = 48;
	mud->has_from_device = mud->has_to_device = true;
	mud->last_update_s = options->now_s;
	memcpy(mud->url, parsed.text, sizeof mud->url);
	mud_url_authority(&parsed, mud->authority);
	if (options->systeminfo)
		printable(mud->systeminfo, sizeof mud->systeminfo, options->systeminfo,
			strlen(options->systeminfo));
	for (size_t i = 0; i < n; i++) {
		const char *reason = left_out(&flow[i]);
		if (reason && reason[0])
			note(mud, &flow[i], reason);
		else if (!reason && !learn(mud, &flow[i]))
			note(mud, &flow[i], "the profile is full, or this is no host name");
		else if (!reason && (!flow[i].name || !flow[i].name[0]))
			note(mud, &flow[i],
				"an address without a name; look at it before approving");
	}
	return mud->n_aces > 0;
}

/* --- preview --------------------------------------------------------------------------------------- */

static struct policy_flow
flow_of(const struct learn_flow *flow)
{
	return (struct policy_flow){
		.direction = (enum policy_direction)flow->direction,
		.proto = flow->proto,
		.port = flow->port,
		.peer = flow->peer,
		.is_gateway = flow->is_gateway,
		.name = flow->name && flow->name[0] ? flow->name : NULL,
		.address = flow->address,
	};
}

/* Keeps the kinds with the most flows, the most first. */
static void
keep_row(struct preview *preview, const struct learn_flow *flow, uint32_t row)
{
	uint32_t at = preview->n_rows;

	while (at > 0 && flow[preview->row[at - 1]].flows < flow[row].flows)
		at--;
	if (at == PREVIEW_ROWS_MAX)
		return;
	if (preview->n_rows < PREVIEW_ROWS_MAX)
		preview->n_rows++;
	memmove(&preview->row[at + 1], &preview->row[at],
		(preview->n_rows - at - 1) * sizeof preview->row[0]);
	preview->row[at] = row;
}

void
preview_from_flows(struct preview *preview, const struct policy *policy,
	const struct policy_world *world, const struct learn_flow *flow, size_t n)
{
	memset(preview, 0, sizeof *preview);
	for (size_t i = 0; i < n; i++) {
		struct policy_flow asked = flow_of(&flow[i]);

		if (flow[i].is_flagged || flow[i].was_denied)
			continue;
		preview->flows += flow[i].flows;
		preview->kinds++;
		if (policy_allows(policy, world, &asked))
			continue;
		preview->broken += flow[i].flows;
		preview->kinds_broken++;
		keep_row(preview, flow, (uint32_t)i);
	}
}

/* 4212 as "4,212". */
static const char *
grouped(uint64_t value, char out[static 32])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value), n = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[n++] = ',';
		out[n++] = digits[i];
	}
	out[n] = '\0';
	return out;
}

const char *
preview_render(const struct preview *preview, char *out, size_t size)
{
	char broken[32], flows[32];

	snprintf(out, size, "would have broken %s of %s recorded flows",
		grouped(preview->broken, broken), grouped(preview->flows, flows));
	return out;
}
