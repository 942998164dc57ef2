/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_hold.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

enum {
	CUT_ROUNDS = 4,
	FLOWS_A_WALK = 3000,    /* being shown so many flows takes as long as walking their table */
	REVIVE_S = 5,           /* how long a running flow's address is open again while we judge */
	OPEN_MAX_S = 24 * 3600, /* no address stays open longer on one answer */
	OPENED_START = 8,
	LEAVE_AT_ONCE = 1024, /* devices that leave recheck in one batch */
};

struct record {
	struct message_policy *policy; /* owned; as long as its entries */
	struct nft_opened *opened; /* owned; ended ones stay while there is room, see revive() */
	uint16_t n_opened, room;
	uint64_t pause_ends_ns; /* 0: no pause */
};

struct hold {
	struct nft_apply *apply;
	struct conntrack *conntrack;
	struct settings settings;
	/* Now, and the one before: bindings in that may still be on their way to us. */
	struct ip_prefix delegated[2];
	struct record **record; /* by device number */
	struct nft_elements elements;
	uint32_t n_records;
	uint32_t n_paused;
	char closed[HOLD_PORTS_MAX][16]; /* ports closed to strangers since we live */
	unsigned n_closed;
	/* Devices in recheck whose running flows are still to be looked at; each once. */
	uint32_t *rechecked;
	uint32_t n_rechecked, room_rechecked;
	unsigned cut_rounds; /* since the last of them came */
	uint8_t is_rechecked[DEVICE_NUMBER_MAX / 8 + 1];
};

struct hold *
hold_new(struct nft_apply *apply, struct conntrack *conntrack, const struct settings *settings)
{
	struct hold *hold = must_alloc(1, sizeof *hold);

	memset(hold, 0, sizeof *hold);
	hold->apply = apply;
	hold->conntrack = conntrack;
	hold->settings = *settings;
	hold->record = calloc(DEVICE_NUMBER_MAX + 1, sizeof(struct record *));
	if (!hold->record)
		fatal("rules", "out of memory");
	hold->elements.row = must_alloc(NFT_ELEMENTS_MAX, sizeof(struct nft_element));
	return hold;
}

static void
record_free(struct record *record)
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

static bool
is_delegated(const struct hold *hold, const struct ip *address)
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
	       prefix_contains(&settings->lan6, address) || is_delegated(hold, address) ||
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

static bool
may_be_opened(const struct hold *hold, const struct ip *address)
{
	return !ip_is_inside(address) && !prefix_contains(&hold->settings.lan4, address) &&
	       !prefix_contains(&hold->settings.lan6, address) && !is_delegated(hold, address) &&
	       !ip_is_equal(address, &hold->settings.uplink4.address) &&
	       !ip_is_equal(address, &hold->settings.uplink6.address);
}

/* --- opened addresses --------------------------------------------------------------------------- */

static struct nft_opened *
find_opened(struct record *record, uint16_t slot, const struct ip *address)
{
	for (int i = 0; i < record->n_opened; i++)
		if (record->opened[i].slot == slot &&
			ip_is_equal(&record->opened[i].address, address))
			return &record->opened[i];
	return NULL;
}

static void
remember_opened(struct record *record, const struct nft_opened *opened)
{
	struct nft_opened *at = find_opened(record, opened->slot, &opened->address);

	if (at) {
		if (at->expires_ns < opened->expires_ns)
			at->expires_ns = opened->expires_ns;
		return;
	}
	if (record->n_opened < record->room) {
		at = &record->opened[record->n_opened++];
	} else if (record->room < NFT_OPENED_MAX) {
		uint16_t room = record->room ? (uint16_t)(record->room * 2) : OPENED_START;
		struct nft_opened *more = must_alloc(room, sizeof *more);
		if (record->n_opened)
			memcpy(more, record->opened, record->n_opened * sizeof *more);
		free(record->opened);
		record->opened = more;
		record->room = room;
		at = &record->opened[record->n_opened++];
	} else {
		at = &record->opened[0];
		for (int i = 1; i < record->n_opened; i++)
			if (record->opened[i].expires_ns < at->expires_ns)
				at = &record->opened[i];
	}
	*at = *opened;
}

/*
 * A slot stays itself from one policy to the next only if each of its entries
 * is there again; its number belongs to the name (policy/compile.c), and is not
 * given to another one at once.  Otherwise an address opened for one name would
 * be open for another.
 */
static bool
is_same_entry(const struct policy_entry *a, const struct policy_entry *b)
{
	struct policy_entry same = *b;

	same.rule = a->rule; /* whose it is changes nothing about what passes */
	return !memcmp(a, &same, sizeof same);
}

static bool
is_same_slot(const struct message_policy *old, const struct message_policy *new, uint16_t slot)
{
	bool is_there = false;

	for (int i = 0; i < old->n_entries; i++) {
		bool is_again = false;
		if (old->entry[i].kind != POLICY_ENTRY_SLOT || old->entry[i].slot != slot)
			continue;
		for (int j = 0; j < new->n_entries && !is_again; j++)
			is_again = is_same_entry(&old->entry[i], &new->entry[j]);
		if (!is_again)
			return false;
		is_there = true;
	}
	return is_there;
}

static void
keep_opened_of_same_slots(struct record *record, const struct message_policy *new)
{
	int kept = 0;

	for (int i = 0; i < record->n_opened; i++)
		if (is_same_slot(record->policy, new, record->opened[i].slot))
			record->opened[kept++] = record->opened[i];
	record->n_opened = (uint16_t)kept;
}

/* Those that have not ended, in a row for the renderer. */
static unsigned
current_opened(const struct record *record, struct nft_opened out[static NFT_OPENED_MAX])
{
	uint64_t now_ns = clock_monotonic_ns();
	unsigned n = 0;

	for (int i = 0; record && i < record->n_opened; i++)
		if (record->opened[i].expires_ns > now_ns)
			out[n++] = record->opened[i];
	return n;
}

/* --- judging running flows --------------------------------------------------------------------------- */

static uint32_t
number_at(const struct hold *hold, const struct ip *address)
{
	struct nft_element element = {.set = address->version == 4 ? NFT_ADDRESS4 : NFT_ADDRESS6};
	uint32_t data;

	memcpy(element.key, address->byte, address->version == 4 ? 4 : 16);
	return nft_apply_find_data(hold->apply, &element, &data) ? data & NFT_MARK_NUMBER : 0;
}

static bool
is_paused(const struct hold *hold, uint32_t device)
{
	const struct record *record = device <= DEVICE_NUMBER_MAX ? hold->record[device] : NULL;
	return record && record->pause_ends_ns > clock_monotonic_ns();
}

/* Whoever may call it: a penned device is not answered for. */
static bool
is_penned(const struct record *record)
{
	return record && record->policy->state != DEVICE_ENFORCE &&
	       record->policy->state != DEVICE_OBSERVE && record->policy->state != DEVICE_TRUSTED;
}

static bool
is_forbidden(const struct flow *flow, uint32_t mark, void *arg)
{
	const struct hold *hold = arg;
	uint32_t from = number_at(hold, &flow->source), to = number_at(hold, &flow->target);

	if (mark & NFT_MARK_BY_PAUSE)
		return !is_paused(hold, mark & NFT_MARK_NUMBER) || (!from && !to);
	if (to && is_penned(hold->record[to]))
		return true;
	if (from) {
		const struct record *record = hold->record[from];
		/* Not known yet after a restart: its policy will judge. */
		return record && !policy_allows_flow(record->policy, record->opened,
					 record->n_opened, flow, to);
	}
	if (to)
		return hold->record[to] && !policy_opens_door(hold->record[to]->policy, flow);
	return true;
}

/* Device numbers whose flows a change may forbid: flow marks.  Its own, and of peers before and after. */
struct marks {
	uint32_t number[2 * POLICY_ENTRIES_MAX + 1];
	unsigned n;
};

static void
add_mark(struct marks *marks, uint32_t number)
{
	for (unsigned i = 0; i < marks->n; i++)
		if (marks->number[i] == number)
			return;
	assert(marks->n < COUNT_OF(marks->number));
	marks->number[marks->n++] = number;
}

/* Flows between neighbours carry the number of the one that was called. */
static void
add_peers(struct marks *marks, const struct message_policy *policy)
{
	for (int i = 0; policy && i < policy->n_entries; i++)
		if (policy->entry[i].kind == POLICY_ENTRY_NEIGHBOUR)
			add_mark(marks, policy->entry[i].peer);
}

static struct nft_element
number_element(enum nft_set set, uint32_t device, uint64_t expires_ns)
{
	struct nft_element element = {
		.set = (uint8_t)set, .device = device, .expires_ns = expires_ns};
	memcpy(element.key, &device, 4);
	return element;
}

static bool
is_rechecked(const struct hold *hold, uint32_t number)
{
	return hold->is_rechecked[number / 8] >> (number % 8) & 1;
}

/* It is in recheck: its running flows are looked at, and then it leaves. */
static void
look_at_flows_of(struct hold *hold, uint32_t number)
{
	if (is_rechecked(hold, number))
		return;
	if (hold->n_rechecked == hold->room_rechecked) {
		hold->room_rechecked = hold->room_rechecked ? 2 * hold->room_rechecked : 64;
		uint32_t *more = must_alloc(hold->room_rechecked, sizeof *more);
		if (hold->n_rechecked)
			memcpy(more, hold->rechecked, hold->n_rechecked * sizeof *more);
		free(hold->rechecked);
		hold->rechecked = more;
	}
	hold->rechecked[hold->n_rechecked++] = number;
	hold->cut_rounds = 0;
	hold->is_rechecked[number / 8] |= (uint8_t)(1u << number % 8);
}

static void
look_at_flows(struct hold *hold, const struct marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++)
		look_at_flows_of(hold, marks->number[i]);
}

static bool
is_forbidden_now(const struct flow *flow, uint32_t mark, void *arg)
{
	return is_rechecked(arg, mark & NFT_MARK_NUMBER) && is_forbidden(flow, mark, arg);
}

/* Whichever is less work: the table walked once for each device, or every flow shown to us. */
static enum err
cut_once(struct hold *hold, uint32_t *cut)
{
	enum err err = ERR_OK;

	if (!hold->conntrack)
		return ERR_OK;
	if (conntrack_count(hold->conntrack) / FLOWS_A_WALK + 1 < hold->n_rechecked)
		return conntrack_cut(hold->conntrack, 0, 0, is_forbidden_now, hold, cut);
	for (uint32_t i = 0; !err && i < hold->n_rechecked; i++)
		err = conntrack_cut(hold->conntrack, hold->rechecked[i], NFT_MARK_NUMBER,
			is_forbidden_now, hold, cut);
	return err;
}

bool
hold_cut_is_due(const struct hold *hold)
{
	return hold->n_rechecked != 0;
}

static enum err
leave_recheck(struct hold *hold)
{
	struct nft_outcome outcome;
	enum err err = ERR_OK;

	for (uint32_t at = 0; !err && at < hold->n_rechecked;) {
		nft_apply_begin(hold->apply);
		for (int i = 0; i < LEAVE_AT_ONCE && at < hold->n_rechecked; i++) {
			struct nft_element element =
				number_element(NFT_RECHECK, hold->rechecked[at++], 0);
			nft_apply_drop(hold->apply, &element);
		}
		err = nft_apply_commit(hold->apply, &outcome);
	}
	return err;
}

uint32_t
hold_cut(struct hold *hold)
{
	static struct log_once trouble;
	uint32_t cut = 0;

	if (!hold->n_rechecked)
		return 0;
	enum err err = cut_once(hold, &cut);
	/* Until a round finds nothing: a packet that was on its way may have begun a flow meanwhile. */
	if (!err && cut && ++hold->cut_rounds < CUT_ROUNDS)
		return cut;
	if (!err)
		err = leave_recheck(hold);
	if (err) {
		/* They stay in recheck: slower, and safe. */
		if (log_once(&trouble))
			log_warn("rules", "running flows are checked packet by packet");
		return 0;
	}
	log_once_over(&trouble);
	for (uint32_t i = 0; i < hold->n_rechecked; i++)
		hold->is_rechecked[hold->rechecked[i] / 8] = 0;
	hold->n_rechecked = 0;
	return cut;
}

/*
 * A connection outlives the answer that opened its address.  While its device
 * is rechecked the address must be open again, or a narrower policy would end
 * what it allows.
 */
struct reviving {
	struct hold *hold;
	struct record *record;
	const struct message_policy *policy;
	bool is_any;
};

/* Most have no address that ended: then there is nothing to look for among the flows. */
static bool
has_ended(const struct record *record, const struct message_policy *policy)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (int i = 0; i < record->n_opened; i++)
		if (record->opened[i].expires_ns <= now_ns &&
			policy_has_slot(policy, record->opened[i].slot))
			return true;
	return false;
}

static bool
revive(const struct flow *flow, uint32_t mark, void *arg)
{
	struct reviving *reviving = arg;
	uint64_t now_ns = clock_monotonic_ns();

	for (int i = 0; i < reviving->record->n_opened; i++) {
		struct nft_opened *opened = &reviving->record->opened[i];
		if (opened->expires_ns > now_ns || !ip_is_equal(&opened->address, &flow->target) ||
			!policy_has_slot(reviving->policy, opened->slot))
			continue;
		opened->expires_ns = now_ns + REVIVE_S * CLOCK_SECOND_NS;
		reviving->is_any = true;
	}
	return false;
}

/* --- policies ------------------------------------------------------------------------------------------- */

static void
want_all(struct hold *hold)
{
	for (unsigned i = 0; i < hold->elements.n; i++)
		nft_apply_want(hold->apply, &hold->elements.row[i]);
}

static enum err
render(struct hold *hold, const struct message_policy *policy, const struct record *record,
	struct fault *why)
{
	struct nft_opened opened[NFT_OPENED_MAX];
	unsigned n = current_opened(record, opened);

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

/*
 * After a restart the kernel holds opened addresses that no record knows.
 * Those on a port of one of the policy's slots stay until they end.
 */
struct adopting {
	struct hold *hold;
	const struct message_policy *policy;
	struct nft_element *element; /* what was adopted */
	unsigned n;
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
			if (adopting->n < NFT_OPENED_MAX)
				adopting->element[adopting->n++] = *element;
			return;
		}
	}
}

/*
 * So that they stay through the next policies as well, the record must know
 * them: as opened in the first slot of which nothing is missing in the kernel,
 * so that nobody gets a port that was not open before.
 */
static void
remember_adopted(struct hold *hold, struct record *record, const struct nft_element *element)
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
			remember_opened(record, &opened);
			return;
		}
	}
}

/* MAC elements that were found at the start carry no device: the policy of the MAC claims them. */
static void
drop_foreign_pens(struct hold *hold, const struct message_policy *policy)
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

static enum err
fail(struct message_done *done, enum err err)
{
	done->err = err;
	return err;
}

static void
note(struct message_done *done, const struct nft_outcome *outcome)
{
	done->took_us = outcome->took_us;
	done->elements = outcome->added + outcome->deleted;
}

static enum err
commit(struct hold *hold, struct message_done *done, struct fault *why)
{
	struct nft_outcome outcome;
	enum err err = nft_apply_commit(hold->apply, &outcome);

	if (err) {
		fault_set(why, err, "%s: %m", err_text(err));
		return fail(done, err);
	}
	note(done, &outcome);
	return ERR_OK;
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

void
hold_policy(struct hold *hold, const struct message_policy *policy, struct message_done *done,
	struct fault *why)
{
	uint32_t device = policy->device;
	struct record *record = hold->record[device];
	struct marks marks = {0};

	*done = (struct message_done){.device = device, .generation = policy->generation};
	if (record && policy->generation < record->policy->generation) {
		done->generation = record->policy->generation;
		fault_set(why, ERR_STALE, "a newer policy is in force");
		fail(done, ERR_STALE);
		return;
	}
	if (!record && hold->n_records == HOLD_DEVICES_MAX) {
		fault_set(why, ERR_FULL, "more than %d devices", HOLD_DEVICES_MAX);
		fail(done, ERR_FULL);
		return;
	}
	enum err err = check_bindings(hold, policy, why);
	if (!err)
		err = render(hold, policy, NULL, why);
	if (!err && has_door_of_another(hold, device)) {
		fault_set(why, ERR_BUSY, "another device has a door at the same port");
		err = ERR_BUSY;
	}
	if (err) {
		fail(done, err);
		return;
	}
	/* From here on only the kernel can refuse; what is open is known again after it did not. */
	struct record kept = {0};
	if (record) {
		kept = *record;
		kept.opened = must_alloc(record->room ? record->room : 1, sizeof *kept.opened);
		if (record->n_opened)
			memcpy(kept.opened, record->opened, record->n_opened * sizeof *kept.opened);
		keep_opened_of_same_slots(&kept, policy);
	}
	bool is_narrower = false;
	auto_free struct nft_element *adopted =
		record ? NULL : must_alloc(NFT_OPENED_MAX, sizeof *adopted);
	struct adopting adopting = {.hold = hold, .policy = policy, .element = adopted};
	for (int pass = 0; pass < 2; pass++) {
		err = render(hold, policy, &kept, why);
		if (err)
			break;
		adopting.n = 0;
		if (!record)
			nft_apply_each(hold->apply, device, adopt, &adopting);
		nft_apply_begin(hold->apply);
		want_all(hold);
		nft_apply_drop_rest(hold->apply, device);
		drop_foreign_pens(hold, policy);
		is_narrower = nft_apply_is_narrower(hold->apply);
		/* Only a held device has slots; whoever is contained is not kept waiting for them. */
		if (!is_narrower || pass || !hold->conntrack || policy->state != DEVICE_ENFORCE ||
			!has_ended(&kept, policy))
			break;
		struct reviving reviving = {.hold = hold, .record = &kept, .policy = policy};
		uint32_t none = 0;
		if (conntrack_cut(
			    hold->conntrack, device, NFT_MARK_NUMBER, revive, &reviving, &none) ||
			!reviving.is_any)
			break;
		nft_apply_cancel(hold->apply);
	}
	if (err) {
		free(kept.opened);
		fail(done, err);
		return;
	}
	if (is_narrower) {
		add_mark(&marks, device);
		add_peers(&marks, record ? record->policy : NULL);
		add_peers(&marks, policy);
		for (unsigned i = 0; i < marks.n; i++) {
			struct nft_element element =
				number_element(NFT_RECHECK, marks.number[i], 0);
			nft_apply_want(hold->apply, &element);
		}
	}
	if (commit(hold, done, why)) {
		free(kept.opened);
		return;
	}
	if (!record) {
		record = hold->record[device] = must_alloc(1, sizeof *record);
		memset(record, 0, sizeof *record);
		hold->n_records++;
	} else {
		free(record->policy);
		free(record->opened);
		record->opened = kept.opened;
		record->n_opened = kept.n_opened;
		record->room = kept.room;
	}
	record->policy = copy_policy(policy);
	for (unsigned i = 0; i < adopting.n; i++)
		remember_adopted(hold, record, &adopting.element[i]);
	look_at_flows(hold, &marks);
}

static void
drop_rig(const struct nft_element *element, bool was_found, void *arg)
{
	if (nft_is_rig(element->set))
		nft_apply_drop(arg, element);
}

void
hold_forget(struct hold *hold, const struct message_forget *forget, struct message_done *done,
	struct fault *why)
{
	struct record *record = hold->record[forget->device];
	struct marks marks = {0};

	*done = (struct message_done){.device = forget->device, .generation = forget->generation};
	if (record && forget->generation < record->policy->generation) {
		done->generation = record->policy->generation;
		fault_set(why, ERR_STALE, "a newer policy is in force");
		fail(done, ERR_STALE);
		return;
	}
	add_mark(&marks, forget->device);
	add_peers(&marks, record ? record->policy : NULL);
	nft_apply_begin(hold->apply);
	for (unsigned i = 0; i < marks.n; i++) {
		struct nft_element element = number_element(NFT_RECHECK, marks.number[i], 0);
		nft_apply_want(hold->apply, &element);
	}
	struct nft_element pause = number_element(NFT_PAUSE, forget->device, 0);
	nft_apply_drop(hold->apply, &pause);
	nft_apply_each(hold->apply, forget->device, drop_rig, hold->apply);
	nft_apply_drop_rest(hold->apply, forget->device);
	if (commit(hold, done, why))
		return;
	if (record) {
		hold->n_paused -= record->pause_ends_ns != 0;
		record_free(record);
		hold->record[forget->device] = NULL;
		hold->n_records--;
	}
	look_at_flows(hold, &marks);
}

/* --- pauses ------------------------------------------------------------------------------------------- */

static bool
is_of_ended_pause(const struct flow *flow, uint32_t mark, void *arg)
{
	return !is_paused(arg, mark & NFT_MARK_NUMBER);
}

static void
cut_paused(struct hold *hold, uint32_t device)
{
	uint32_t cut = 0;

	if (hold->conntrack &&
		conntrack_cut(hold->conntrack, device | NFT_MARK_BY_PAUSE,
			NFT_MARK_NUMBER | NFT_MARK_BY_PAUSE, is_of_ended_pause, hold, &cut))
		log_warn("rules",
			"flows of an ended pause cannot be read; no packet of them passes");
}

void
hold_pause(struct hold *hold, const struct message_pause *pause, struct message_done *done,
	struct fault *why)
{
	struct record *record = hold->record[pause->device];
	uint64_t ends_ns = clock_monotonic_ns() + pause->seconds * CLOCK_SECOND_NS;
	struct nft_element element = number_element(NFT_PAUSE, pause->device, ends_ns);

	*done = (struct message_done){.device = pause->device};
	if (!record) {
		fault_set(why, ERR_NOT_FOUND, "no such device");
		fail(done, ERR_NOT_FOUND);
		return;
	}
	done->generation = record->policy->generation;
	nft_apply_begin(hold->apply);
	if (pause->seconds)
		nft_apply_want(hold->apply, &element);
	else
		nft_apply_drop(hold->apply, &element);
	if (commit(hold, done, why))
		return;
	hold->n_paused += (pause->seconds != 0) - (record->pause_ends_ns != 0);
	record->pause_ends_ns = pause->seconds ? ends_ns : 0;
	if (!pause->seconds)
		cut_paused(hold, pause->device);
}

void
hold_tick(struct hold *hold)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (uint32_t i = 1; hold->n_paused && i <= DEVICE_NUMBER_MAX; i++) {
		struct record *record = hold->record[i];
		if (!record || !record->pause_ends_ns || record->pause_ends_ns > now_ns)
			continue;
		record->pause_ends_ns = 0;
		hold->n_paused--;
		cut_paused(hold, i);
	}
}

/* --- the rig ------------------------------------------------------------------------------------------ */

/* address NULL: to whichever. */
static struct nft_element
rig_element(uint32_t device, const struct ip *address, uint16_t port, uint64_t expires_ns)
{
	enum nft_set set = !address ? NFT_RIG : address->version == 4 ? NFT_RIG_TO4 : NFT_RIG_TO6;
	size_t len = !address ? 0 : address->version == 4 ? 4 : 16;
	struct nft_element element = number_element(set, device, expires_ns);
	uint16_t wire = htons(port);

	if (len)
		memcpy(element.key + 4, address->byte, len);
	memcpy(element.key + 4 + len, &wire, sizeof wire);
	return element;
}

/* By the port and the MAC, as its cap is. */
static struct nft_element
tested_element(uint32_t device, const struct policy_binding *binding, uint64_t expires_ns)
{
	struct nft_element element = {
		.set = NFT_TESTED, .device = device, .expires_ns = expires_ns};

	memcpy(element.key, binding->port, sizeof binding->port);
	memcpy(element.key + sizeof binding->port, binding->mac, sizeof binding->mac);
	return element;
}

struct rigging {
	const struct hold *hold;
	const struct message_rig *rig;
	struct message_rig_seen *seen;
};

static bool
is_addressed(const struct message_rig *rig, const struct ip *target)
{
	for (unsigned i = 0; i < rig->n_addresses; i++)
		if (ip_is_equal(&rig->address[i], target))
			return true;
	return !rig->n_addresses;
}

/* A flow of the device to the internet, to one of the addresses and ports where any are named. */
static bool
is_rigged(const struct flow *flow, const struct rigging *rigging)
{
	const struct message_rig *rig = rigging->rig;

	if (number_at(rigging->hold, &flow->source) != rig->device ||
		number_at(rigging->hold, &flow->target) || !is_addressed(rig, &flow->target))
		return false;
	if (!rig->n_ports)
		return true;
	for (unsigned i = 0; i < rig->n_ports; i++)
		if (rig->port[i] == flow->target_port &&
			flow->proto == (rig->port[i] == RIG_TIME_PORT ? IPPROTO_UDP : IPPROTO_TCP))
			return true;
	return false;
}

static bool
is_cut_by_rig(const struct flow *flow, uint32_t mark, void *arg)
{
	return is_rigged(flow, arg);
}

/* The internet may have begun a flow as well, through a door. */
static bool
is_cut_by_outage(const struct flow *flow, uint32_t mark, void *arg)
{
	const struct rigging *rigging = arg;
	uint32_t from = number_at(rigging->hold, &flow->source);
	uint32_t to = number_at(rigging->hold, &flow->target);

	return (from == rigging->rig->device && !to) || (to == rigging->rig->device && !from);
}

/* Its neighbours may have begun one, and so may we. */
static bool
is_cut_by_link(const struct flow *flow, uint32_t mark, void *arg)
{
	const struct rigging *rigging = arg;

	return number_at(rigging->hold, &flow->source) == rigging->rig->device ||
	       number_at(rigging->hold, &flow->target) == rigging->rig->device;
}

static uint32_t
at_most_u32(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void
tell_rigged(const struct flow *flow, uint32_t mark, const struct flow_counts *counts, void *arg)
{
	struct rigging *rigging = arg;

	if (rigging->seen->n_rows == RIG_ROWS_MAX || !is_rigged(flow, rigging))
		return;
	rigging->seen->row[rigging->seen->n_rows++] = (struct rig_row){.address = flow->target,
		.port = flow->target_port,
		.packets_out = at_most_u32(counts->packets_out),
		.packets_in = at_most_u32(counts->packets_in),
		.bytes_out = at_most_u32(counts->bytes_out),
		.bytes_in = at_most_u32(counts->bytes_in),
		.is_assured = counts->is_assured};
}

static enum err
refuse_rig(enum err err, struct fault *why, const char *text)
{
	fault_set(why, err, "%s", text);
	return err;
}

static void
turn(struct hold *hold, const struct message_rig *rig, const struct ip *address, uint64_t ends_ns)
{
	for (unsigned i = 0; i < rig->n_ports; i++) {
		struct nft_element element =
			rig_element(rig->device, address, rig->port[i], ends_ns);
		if (rig->seconds)
			nft_apply_want(hold->apply, &element);
		else
			nft_apply_drop(hold->apply, &element);
	}
}

/*
 * Its MACs are in the set of those who are blocked, for some seconds: no ARP and no
 * DHCP of it is heard, and nothing is sent to it.  One who is blocked for good is
 * penned, and not tested.
 */
static void
change_link(struct hold *hold, const struct message_rig *rig, uint64_t ends_ns)
{
	const struct message_policy *policy = hold->record[rig->device]->policy;

	for (unsigned i = 0; i < policy->n_bindings; i++) {
		struct nft_element element = {
			.set = NFT_BLOCKED, .device = rig->device, .expires_ns = ends_ns};
		memcpy(element.key, policy->binding[i].mac, 6);
		if (rig->seconds)
			nft_apply_want(hold->apply, &element);
		else
			nft_apply_drop(hold->apply, &element);
	}
}

static enum err
change_rig(struct hold *hold, const struct message_rig *rig, struct fault *why)
{
	const struct message_policy *policy = hold->record[rig->device]->policy;
	uint64_t ends_ns = clock_monotonic_ns() + rig->seconds * CLOCK_SECOND_NS;
	struct nft_element off = number_element(NFT_RIG_OFF, rig->device, ends_ns);
	struct message_done done = {0};

	nft_apply_begin(hold->apply);
	if (!rig->seconds && !rig->n_ports)
		nft_apply_each(hold->apply, rig->device, drop_rig, hold->apply);
	if (rig->bits & RIG_LINK && !is_penned(hold->record[rig->device]))
		change_link(hold, rig, ends_ns);
	for (unsigned i = 0; rig->bits & RIG_TURN && i < rig->n_addresses; i++)
		turn(hold, rig, &rig->address[i], ends_ns);
	if (rig->bits & RIG_TURN && !rig->n_addresses)
		turn(hold, rig, NULL, ends_ns);
	if (rig->bits & (RIG_OFF | RIG_LINK) && rig->seconds)
		nft_apply_want(hold->apply, &off);
	else if (rig->bits & (RIG_OFF | RIG_LINK))
		nft_apply_drop(hold->apply, &off);
	for (unsigned i = 0; rig->bits & RIG_CAP && i < policy->n_bindings; i++) {
		struct nft_element tested =
			tested_element(rig->device, &policy->binding[i], ends_ns);
		if (rig->seconds)
			nft_apply_want(hold->apply, &tested);
		else
			nft_apply_drop(hold->apply, &tested);
	}
	return commit(hold, &done, why);
}

static enum err
do_rig(struct hold *hold, const struct message_rig *rig, struct message_rig_seen *seen,
	struct fault *why)
{
	const struct record *record =
		rig->device <= DEVICE_NUMBER_MAX ? hold->record[rig->device] : NULL;
	struct rigging rigging = {.hold = hold, .rig = rig, .seen = seen};
	enum err err = ERR_OK;

	if (!rig->device || !record)
		return refuse_rig(ERR_NOT_FOUND, why, "no such device");
	/* To end it is always right, and to hear more of its answers opens nothing. */
	if (is_penned(record) && rig->seconds && rig->bits != RIG_CAP)
		return refuse_rig(ERR_DENIED, why, "a device in its pen has no way out");
	if (rig->bits & (RIG_TURN | RIG_OFF | RIG_CAP | RIG_LINK))
		err = change_rig(hold, rig, why);
	/* Everything of the device, whatever its mark: a pause, a door, a translation. */
	if (!err && rig->bits & RIG_CUT && hold->conntrack)
		err = conntrack_cut(hold->conntrack, 0, 0,
			rig->bits & RIG_LINK  ? is_cut_by_link
			: rig->bits & RIG_OFF ? is_cut_by_outage
					      : is_cut_by_rig,
			&rigging, &seen->n_cut);
	if (!err && rig->bits & RIG_LOOK && hold->conntrack)
		err = conntrack_look(
			hold->conntrack, rig->device, NFT_MARK_NUMBER, tell_rigged, &rigging);
	return err;
}

void
hold_rig(struct hold *hold, const struct message_rig *rig, struct message_rig_seen *seen,
	struct fault *why)
{
	*seen = (struct message_rig_seen){.run = rig->run, .ticket = rig->ticket};
	seen->err = (uint32_t)do_rig(hold, rig, seen, why);
}

/* --- ports closed to strangers ------------------------------------------------------------------------- */

static struct nft_element
port_element(const char name[static 16])
{
	struct nft_element element = {.set = NFT_CLOSED};
	memcpy(element.key, name, 16);
	return element;
}

static unsigned
find_closed(const struct hold *hold, const uint8_t name[static 16])
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
	unsigned at = find_closed(hold, element.key);

	*done = (struct message_done){0};
	if (!nft_interface_is_safe(port->name) || !strcmp(port->name, hold->settings.uplink)) {
		fault_set(why, ERR_DENIED, "not a port for devices");
		fail(done, ERR_DENIED);
		return;
	}
	if (port->is_closed && at == HOLD_PORTS_MAX) {
		fault_set(why, ERR_FULL, "more than %d closed ports", HOLD_PORTS_MAX);
		fail(done, ERR_FULL);
		return;
	}
	nft_apply_begin(hold->apply);
	if (port->is_closed)
		nft_apply_want(hold->apply, &element);
	else
		nft_apply_drop(hold->apply, &element);
	if (commit(hold, done, why))
		return;
	if (port->is_closed && at == hold->n_closed)
		memcpy(hold->closed[hold->n_closed++], port->name, 16);
	else if (!port->is_closed && at < hold->n_closed)
		memmove(hold->closed[at], hold->closed[--hold->n_closed], 16);
}

/* --- slots ---------------------------------------------------------------------------------------------- */

void
hold_open(struct hold *hold, const struct message_open *open, struct message_done *done,
	struct fault *why)
{
	struct record *record = hold->record[open->device];
	uint32_t seconds = open->seconds < OPEN_MAX_S ? open->seconds : OPEN_MAX_S;
	struct nft_opened opened = {.address = open->address,
		.slot = open->slot,
		.expires_ns = clock_monotonic_ns() + seconds * CLOCK_SECOND_NS};

	*done = (struct message_done){.device = open->device, .generation = open->generation};
	if (!record) {
		fail(done, ERR_NOT_FOUND);
		return;
	}
	if (open->generation != record->policy->generation) {
		fail(done, open->generation < record->policy->generation ? ERR_STALE : ERR_BUSY);
		return;
	}
	if (!may_be_opened(hold, &open->address)) {
		fault_set(why, ERR_DENIED, "an address inside is never opened by name");
		fail(done, ERR_DENIED);
		return;
	}
	if (!policy_has_slot(record->policy, open->slot)) {
		fail(done, ERR_NOT_OURS);
		return;
	}
	hold->elements.n = 0;
	hold->elements.work = 0;
	bool is_simple = nft_render_opened(&hold->elements, record->policy, &opened);
	struct nft_opened *before = find_opened(record, open->slot, &open->address);
	uint64_t ended_ns = before ? before->expires_ns : 0;
	if (!is_simple) {
		/* Intervals must stay disjoint: the whole device is rendered anew. */
		remember_opened(record, &opened);
		if (render(hold, record->policy, record, why)) {
			fail(done, ERR_FULL);
			return;
		}
	}
	nft_apply_begin(hold->apply);
	for (unsigned i = 0; i < hold->elements.n; i++) {
		uint64_t there_ns;
		bool is_there = is_simple &&
				nft_apply_holds(hold->apply, &hold->elements.row[i], &there_ns);
		if (!is_there || (there_ns && there_ns < opened.expires_ns))
			nft_apply_want(hold->apply, &hold->elements.row[i]);
	}
	if (!is_simple)
		nft_apply_drop_rest(hold->apply, open->device);
	if (!commit(hold, done, why)) {
		remember_opened(record, &opened);
		return;
	}
	/* Not open after all: forget that it was. */
	before = find_opened(record, open->slot, &open->address);
	if (before && !is_simple)
		before->expires_ns = ended_ns;
}

/* --- after a restart ----------------------------------------------------------------------------------- */

struct leftovers {
	struct hold *hold;
};

static void
drop_element(const struct nft_element *element, bool was_found, void *arg)
{
	struct leftovers *leftovers = arg;

	/* Whoever is told again that a port is closed finds it closed already. */
	if (element->set == NFT_CLOSED &&
		find_closed(leftovers->hold, element->key) < leftovers->hold->n_closed)
		return;
	if (element->set != NFT_RECHECK && was_found)
		nft_apply_drop(leftovers->hold->apply, element);
}

static void
note_recheck(const struct nft_element *element, bool was_found, void *arg)
{
	struct leftovers *leftovers = arg;

	if (element->set == NFT_RECHECK && element->device)
		look_at_flows_of(leftovers->hold, element->device);
	if (element->set == NFT_PAUSE && leftovers->hold->record[element->device] &&
		!leftovers->hold->record[element->device]->pause_ends_ns) {
		leftovers->hold->record[element->device]->pause_ends_ns = element->expires_ns;
		leftovers->hold->n_paused++;
	}
}

void
hold_restored(struct hold *hold, struct message_done *done, struct fault *why)
{
	struct leftovers leftovers = {.hold = hold};

	*done = (struct message_done){0};
	nft_apply_begin(hold->apply);
	for (uint32_t i = 0; i <= DEVICE_NUMBER_MAX; i++)
		if (!hold->record[i])
			nft_apply_each(hold->apply, i, drop_element, &leftovers);
	if (commit(hold, done, why))
		return;
	for (uint32_t i = 1; i <= DEVICE_NUMBER_MAX; i++)
		nft_apply_each(hold->apply, i, note_recheck, &leftovers);
	/* What a pause admitted that ended while nobody of us lived passes no more; now it goes. */
	uint32_t cut = 0;
	if (hold->conntrack && conntrack_cut(hold->conntrack, NFT_MARK_BY_PAUSE, NFT_MARK_BY_PAUSE,
				       is_of_ended_pause, hold, &cut))
		log_warn("rules", "flows of ended pauses cannot be read; no packet of them passes");
}
