/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_hold.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "policy/nft_hold_inside.h"

struct hold *
hold_new(struct nft_apply *apply, struct conntrack *conntrack, const struct settings *settings)
{
	struct hold *hold = must_alloc(1, sizeof *hold);

	memset(hold, 0, sizeof *hold);
	hold->apply = apply;
	hold->conntrack = conntrack;
	hold->settings = *settings;
	hold->record = calloc(DEVICE_NUMBER_MAX + 1, sizeof(struct hold_record *));
	if (!hold->record)
		fatal("rules", "out of memory");
	hold->elements.row = must_alloc(NFT_ELEMENTS_MAX, sizeof(struct nft_element));
	return hold;
}

static void
record_free(struct hold_record *record)
{
	if (!record)
		return;
	free(record->policy);
	free(record->opened);
	free(record);
}

void
hold_free(struct hold *hold)
{
	if (!hold)
		return;
	for (uint32_t i = 0; i <= DEVICE_NUMBER_MAX; i++)
		record_free(hold->record[i]);
	free(hold->record);
	free(hold->rechecked);
	free(hold->elements.row);
	free(hold);
}

const struct message_policy *
hold_find(const struct hold *hold, uint32_t device)
{
	return device <= DEVICE_NUMBER_MAX && hold->record[device] ? hold->record[device]->policy
								   : NULL;
}

uint32_t
hold_count(const struct hold *hold)
{
	return hold->n_records;
}

/* --- what the asker may ask ------------------------------------------------------------------- */

/* The first and the last address of an IPv4 network are everybody's. */
static bool
is_broadcast(const struct ip_prefix *network, const struct ip *address)
{
	uint32_t host, mask = network->length < 32 ? UINT32_MAX >> network->length : 0;

	if (address->version != 4)
		return false;
	memcpy(&host, address->byte, 4);
	host = ntohl(host) & mask;
	return host == 0 || host == mask;
}

void
hold_delegated(struct hold *hold, const struct ip_prefix *ours)
{
	if (ip_is_equal(&hold->delegated[0].address, &ours->address))
		return;
	hold->delegated[1] = hold->delegated[0];
	hold->delegated[0] = *ours;
}

bool
hold_is_delegated(const struct hold *hold, const struct ip *address)
{
	for (int i = 0; i < 2; i++)
		if (hold->delegated[i].address.version &&
			prefix_contains(&hold->delegated[i], address))
			return true;
	return false;
}

/* A device's address lies in our networks and is not ours. */
static bool
is_lan_address(const struct hold *hold, const struct ip *address)
{
	const struct settings *settings = &hold->settings;

	if (ip_is_equal(address, &settings->lan4.address) ||
		ip_is_equal(address, &settings->lan6.address) ||
		ip_is_equal(address, &hold->delegated[0].address) ||
		is_broadcast(&settings->lan4, address))
		return false;
	return prefix_contains(&settings->lan4, address) ||
	       prefix_contains(&settings->lan6, address) || hold_is_delegated(hold, address) ||
	       (address->version == 6 && ip_is_link_local(address));
}

static enum err
check_bindings(const struct hold *hold, const struct message_policy *policy, struct fault *why)
{
	char text[IP_TEXT_MAX];

	for (int i = 0; i < policy->n_bindings; i++) {
		const struct policy_binding *binding = &policy->binding[i];
		if (!nft_interface_is_safe(binding->port) ||
			!strcmp(binding->port, hold->settings.uplink)) {
			fault_set(why, ERR_DENIED, "binding %d: not a port for devices", i);
			return ERR_DENIED;
		}
		if (!is_lan_address(hold, &binding->address)) {
			fault_set(why, ERR_DENIED, "binding %d: %s is not an address of the LAN", i,
				ip_render(&binding->address, text));
			return ERR_DENIED;
		}
	}
	return ERR_OK;
}

/* --- policies ------------------------------------------------------------------------------------------- */

struct nft_element
hold_number_element(enum nft_set set, uint32_t device, uint64_t expires_ns)
{
	struct nft_element element = {
		.set = (uint8_t)set, .device = device, .expires_ns = expires_ns};
	memcpy(element.key, &device, 4);
	return element;
}

enum err
hold_fail(struct message_done *done, enum err err)
{
	done->err = err;
	return err;
}

enum err
hold_commit(struct hold *hold, struct message_done *done, struct fault *why)
{
	struct nft_outcome outcome;
	enum err err = nft_apply_commit(hold->apply, &outcome);

	if (err) {
		fault_set(why, err, "%s: %m", err_text(err));
		return hold_fail(done, err);
	}
	done->took_us = outcome.took_us;
	done->elements = outcome.added + outcome.deleted;
	return ERR_OK;
}

void
hold_want_or_drop(struct hold *hold, const struct nft_element *element, bool is_wanted)
{
	if (is_wanted)
		nft_apply_want(hold->apply, element);
	else
		nft_apply_drop(hold->apply, element);
}

enum err
hold_render(struct hold *hold, const struct message_policy *policy,
	const struct hold_record *record, struct fault *why)
{
	struct nft_opened opened[NFT_OPENED_MAX];
	unsigned n = hold_current_opened(record, opened);

	hold->elements.n = 0;
	hold->elements.work = 0;
	return nft_render(&hold->elements, policy, opened, n, why);
}

/* A port of our one IPv4 address leads to one device. */
struct doors {
	const struct nft_elements *wanted;
	bool is_taken;
};

static bool
overlaps(const struct nft_element *a, const struct nft_element *b)
{
	static const uint8_t at[] = {0, 4, 8}, len[] = {4, 1, 2};

	for (int i = 0; i < 3; i++)
		if (memcmp(a->key + at[i], b->key + 12 + at[i], len[i]) > 0 ||
			memcmp(b->key + at[i], a->key + 12 + at[i], len[i]) > 0)
			return false;
	return true;
}

static void
find_taken(const struct nft_element *element, bool was_found, void *arg)
{
	struct doors *doors = arg;

	for (unsigned i = 0; element->set == NFT_DOOR_NAT4 && i < doors->wanted->n; i++)
		if (doors->wanted->row[i].set == NFT_DOOR_NAT4 &&
			overlaps(element, &doors->wanted->row[i]))
			doors->is_taken = true;
}

static bool
has_door_of_another(const struct hold *hold, uint32_t device)
{
	struct doors doors = {.wanted = &hold->elements};
	bool is_any = false;

	for (unsigned i = 0; i < hold->elements.n && !is_any; i++)
		is_any = hold->elements.row[i].set == NFT_DOOR_NAT4;
	for (uint32_t i = 1; is_any && i <= DEVICE_NUMBER_MAX && !doors.is_taken; i++)
		if (i != device && hold->record[i])
			nft_apply_each(hold->apply, i, find_taken, &doors);
	return doors.is_taken;
}

static struct message_policy *
copy_policy(const struct message_policy *policy)
{
	size_t len = message_policy_len(policy);
	struct message_policy *copy = malloc(len);

	if (!copy)
		fatal("rules", "out of memory");
	memcpy(copy, policy, len);
	return copy;
}

static bool
is_stale(const struct hold_record *record, uint32_t generation, struct message_done *done,
	struct fault *why)
{
	if (!record || generation >= record->policy->generation)
		return false;
	done->generation = record->policy->generation;
	fault_set(why, ERR_STALE, "a newer policy is in force");
	return true;
}

/* Everything that is ours to refuse; the kernel may refuse more. */
static enum err
check_policy(struct hold *hold, const struct message_policy *policy, struct fault *why)
{
	if (!hold->record[policy->device] && hold->n_records == HOLD_DEVICES_MAX) {
		fault_set(why, ERR_FULL, "more than %d devices", HOLD_DEVICES_MAX);
		return ERR_FULL;
	}
	enum err err = check_bindings(hold, policy, why);
	if (!err)
		err = hold_render(hold, policy, NULL, why);
	if (!err && has_door_of_another(hold, policy->device)) {
		fault_set(why, ERR_BUSY, "another device has a door at the same port");
		err = ERR_BUSY;
	}
	return err;
}

/* What of the record outlives its policy, as a copy: the kernel may refuse the new one. */
static struct hold_record
record_under(const struct hold_record *record, const struct message_policy *policy)
{
	struct hold_record kept = {0};

	if (!record)
		return kept;
	kept = *record;
	kept.opened = must_alloc(record->room ? record->room : 1, sizeof *kept.opened);
	if (record->n_opened)
		memcpy(kept.opened, record->opened, record->n_opened * sizeof *kept.opened);
	hold_keep_opened_of_same_slots(&kept, policy);
	return kept;
}

/* Begins the batch that makes this policy the one in force. */
static enum err
begin_policy(struct hold *hold, const struct message_policy *policy, const struct hold_record *kept,
	struct hold_adopted *adopted, struct fault *why)
{
	enum err err = hold_render(hold, policy, kept, why);

	if (err)
		return err;
	if (adopted)
		hold_adopt(hold, policy, adopted);
	nft_apply_begin(hold->apply);
	for (unsigned i = 0; i < hold->elements.n; i++)
		nft_apply_want(hold->apply, &hold->elements.row[i]);
	nft_apply_drop_rest(hold->apply, policy->device);
	hold_drop_foreign_pens(hold, policy);
	return ERR_OK;
}

static void
want_recheck(struct hold *hold, const struct hold_marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++) {
		struct nft_element element = hold_number_element(NFT_RECHECK, marks->number[i], 0);
		nft_apply_want(hold->apply, &element);
	}
}

/* Takes what is open in kept; the policy is copied. */
static struct hold_record *
put_in_force(struct hold *hold, const struct message_policy *policy, const struct hold_record *kept)
{
	struct hold_record *record = hold->record[policy->device];

	if (!record) {
		record = hold->record[policy->device] = must_alloc(1, sizeof *record);
		memset(record, 0, sizeof *record);
		hold->n_records++;
	} else {
		free(record->policy);
		free(record->opened);
		record->opened = kept->opened;
		record->n_opened = kept->n_opened;
		record->room = kept->room;
	}
	record->policy = copy_policy(policy);
	return record;
}

void
hold_policy(struct hold *hold, const struct message_policy *policy, struct message_done *done,
	struct fault *why)
{
	struct hold_record *record = hold->record[policy->device];
	struct hold_marks marks = {0};

	*done = (struct message_done){.device = policy->device, .generation = policy->generation};
	enum err err = is_stale(record, policy->generation, done, why)
			       ? ERR_STALE
			       : check_policy(hold, policy, why);
	if (err) {
		hold_fail(done, err);
		return;
	}
	struct hold_record kept = record_under(record, policy);
	auto_free struct hold_adopted *adopted = record ? NULL : must_alloc(1, sizeof *adopted);
	err = begin_policy(hold, policy, &kept, adopted, why);
	if (!err && nft_apply_is_narrower(hold->apply) && hold_revive(hold, &kept, policy)) {
		nft_apply_cancel(hold->apply);
		err = begin_policy(hold, policy, &kept, adopted, why);
	}
	if (err) {
		free(kept.opened);
		hold_fail(done, err);
		return;
	}
	if (nft_apply_is_narrower(hold->apply)) {
		hold_marks_add(&marks, policy->device);
		hold_marks_add_peers(&marks, record ? record->policy : NULL);
		hold_marks_add_peers(&marks, policy);
		want_recheck(hold, &marks);
	}
	if (hold_commit(hold, done, why)) {
		free(kept.opened);
		return;
	}
	record = put_in_force(hold, policy, &kept);
	if (adopted)
		hold_remember_adopted(hold, record, adopted);
	hold_look_at_flows(hold, &marks);
}

void
hold_forget(struct hold *hold, const struct message_forget *forget, struct message_done *done,
	struct fault *why)
{
	struct hold_record *record = hold->record[forget->device];
	struct hold_marks marks = {0};

	*done = (struct message_done){.device = forget->device, .generation = forget->generation};
	if (is_stale(record, forget->generation, done, why)) {
		hold_fail(done, ERR_STALE);
		return;
	}
	hold_marks_add(&marks, forget->device);
	hold_marks_add_peers(&marks, record ? record->policy : NULL);
	nft_apply_begin(hold->apply);
	want_recheck(hold, &marks);
	struct nft_element pause = hold_number_element(NFT_PAUSE, forget->device, 0);
	nft_apply_drop(hold->apply, &pause);
	hold_drop_rig(hold, forget->device);
	nft_apply_drop_rest(hold->apply, forget->device);
	if (hold_commit(hold, done, why))
		return;
	if (record) {
		hold->n_paused -= record->pause_ends_ns != 0;
		record_free(record);
		hold->record[forget->device] = NULL;
		hold->n_records--;
	}
	hold_look_at_flows(hold, &marks);
}

/* --- ports closed to strangers ------------------------------------------------------------------------- */

static struct nft_element
port_element(const char name[static 16])
{
	struct nft_element element = {.set = NFT_CLOSED};
	memcpy(element.key, name, 16);
	return element;
}

unsigned
hold_find_closed(const struct hold *hold, const uint8_t name[static 16])
{
	unsigned i = 0;

	while (i < hold->n_closed && memcmp(hold->closed[i], name, 16))
		i++;
	return i;
}

void
hold_port(struct hold *hold, const struct message_port *port, struct message_done *done,
	struct fault *why)
{
	struct nft_element element = port_element(port->name);
	unsigned at = hold_find_closed(hold, element.key);

	*done = (struct message_done){0};
	if (!nft_interface_is_safe(port->name) || !strcmp(port->name, hold->settings.uplink)) {
		fault_set(why, ERR_DENIED, "not a port for devices");
		hold_fail(done, ERR_DENIED);
		return;
	}
	if (port->is_closed && at == HOLD_PORTS_MAX) {
		fault_set(why, ERR_FULL, "more than %d closed ports", HOLD_PORTS_MAX);
		hold_fail(done, ERR_FULL);
		return;
	}
	nft_apply_begin(hold->apply);
	hold_want_or_drop(hold, &element, port->is_closed);
	if (hold_commit(hold, done, why))
		return;
	if (port->is_closed && at == hold->n_closed)
		memcpy(hold->closed[hold->n_closed++], port->name, 16);
	else if (!port->is_closed && at < hold->n_closed)
		memmove(hold->closed[at], hold->closed[--hold->n_closed], 16);
}
