/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "policy/nft_hold_inside.h"

struct adopting {
	struct hold *hold;
	const struct message_policy *policy;
	struct hold_adopted *out;
};

static void
adopt(const struct nft_element *element, bool was_found, void *arg)
{
	struct adopting *adopting = arg;
	bool four = element->set == NFT_ALLOW4;
	unsigned at = four ? 8 : 20;

	if (!was_found || !element->expires_ns || (!four && element->set != NFT_ALLOW6))
		return;
	uint8_t proto = element->key[at];
	uint16_t port = (uint16_t)(element->key[at + 4] << 8 | element->key[at + 5]);
	for (int i = 0; i < adopting->policy->n_entries; i++) {
		const struct policy_entry *entry = &adopting->policy->entry[i];
		if (entry->kind == POLICY_ENTRY_SLOT && entry->proto == proto &&
			entry->port_lo == port && entry->port_hi == port &&
			(!entry->version || entry->version == (four ? 4 : 6)) &&
			adopting->hold->elements.n < NFT_ELEMENTS_MAX) {
			adopting->hold->elements.row[adopting->hold->elements.n++] = *element;
			if (adopting->out->n < NFT_OPENED_MAX)
				adopting->out->element[adopting->out->n++] = *element;
			return;
		}
	}
}

void
hold_adopt(struct hold *hold, const struct message_policy *policy, struct hold_adopted *out)
{
	struct adopting adopting = {.hold = hold, .policy = policy, .out = out};

	out->n = 0;
	nft_apply_each(hold->apply, policy->device, adopt, &adopting);
}

static void
remember_one(struct hold *hold, struct hold_record *record, const struct nft_element *element)
{
	bool four = element->set == NFT_ALLOW4;
	struct nft_opened opened = {.expires_ns = element->expires_ns};

	opened.address.version = four ? 4 : 6;
	memcpy(opened.address.byte, element->key + 4, four ? 4 : 16);
	for (int i = 0; i < record->policy->n_entries; i++) {
		if (record->policy->entry[i].kind != POLICY_ENTRY_SLOT)
			continue;
		opened.slot = record->policy->entry[i].slot;
		hold->elements.n = 0;
		hold->elements.work = 0;
		bool is_whole = nft_render_opened(&hold->elements, record->policy, &opened) &&
				hold->elements.n;
		bool is_this = false;
		for (unsigned j = 0; is_whole && j < hold->elements.n; j++) {
			const struct nft_element *row = &hold->elements.row[j];
			uint64_t ends_ns;
			is_whole = nft_apply_holds(hold->apply, row, &ends_ns);
			is_this |= row->set == element->set &&
				   !memcmp(row->key, element->key, sizeof row->key);
		}
		if (is_whole && is_this) {
			hold_remember_opened(record, &opened);
			return;
		}
	}
}

void
hold_remember_adopted(
	struct hold *hold, struct hold_record *record, const struct hold_adopted *adopted)
{
	for (unsigned i = 0; i < adopted->n; i++)
		remember_one(hold, record, &adopted->element[i]);
}

void
hold_drop_foreign_pens(struct hold *hold, const struct message_policy *policy)
{
	for (int i = 0; i < policy->n_bindings; i++) {
		struct nft_element element = {.device = policy->device};
		uint32_t owner;
		memcpy(element.key, policy->binding[i].mac, 6);
		for (int j = 0; j < 2; j++) {
			element.set = j ? NFT_BLOCKED : NFT_CONTAINED;
			bool is_wanted = j ? policy->state == DEVICE_BLOCK
					   : policy->state == DEVICE_WAITING ||
							 policy->state == DEVICE_QUARANTINE;
			if (!is_wanted && nft_apply_find_owner(hold->apply, &element, &owner) &&
				owner == 0)
				nft_apply_drop(hold->apply, &element);
		}
	}
}

static void
drop_leftover(const struct nft_element *element, bool was_found, void *arg)
{
	struct hold *hold = arg;

	/* Whoever is told again that a port is closed finds it closed already. */
	if (element->set == NFT_CLOSED && hold_find_closed(hold, element->key) < hold->n_closed)
		return;
	/* The list of receivers is told whole, and perhaps was already. */
	if (element->set != NFT_RECHECK && was_found && !nft_is_receiver(element->set))
		nft_apply_drop(hold->apply, element);
}

/* A narrowing or a pause that had begun goes on. */
static void
go_on_with(const struct nft_element *element, bool was_found, void *arg)
{
	struct hold *hold = arg;
	struct hold_record *record = hold->record[element->device];

	if (element->set == NFT_RECHECK && element->device)
		hold_look_at_flows_of(hold, element->device);
	if (element->set == NFT_PAUSE && record && !record->pause_ends_ns) {
		record->pause_ends_ns = element->expires_ns;
		hold->n_paused++;
	}
}

void
hold_restored(struct hold *hold, struct message_done *done, struct fault *why)
{
	*done = (struct message_done){0};
	nft_apply_begin(hold->apply);
	for (uint32_t i = 0; i <= DEVICE_NUMBER_MAX; i++)
		if (!hold->record[i])
			nft_apply_each(hold->apply, i, drop_leftover, hold);
	if (hold_commit(hold, done, why))
		return;
	for (uint32_t i = 1; i <= DEVICE_NUMBER_MAX; i++)
		nft_apply_each(hold->apply, i, go_on_with, hold);
	hold_cut_ended_pauses(hold);
}
