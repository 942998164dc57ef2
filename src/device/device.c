/* SPDX-License-Identifier: Apache-2.0 */
#include "device/device.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/printable.h"
#include "observation/keyed_hash.h"

/*
 * An open-addressed index of (hash, slot).  Equal hashes are told apart by the
 * caller, who looks into the device; so one index serves any key.
 */
struct index_entry {
	uint32_t hash; /* never 0: that is an empty place */
	uint32_t slot;
};
struct index {
	struct index_entry *entry;
	uint32_t mask, count;
};

/* Who may be evicted, the longest unheard first. */
enum waiting_list { LIST_NONE, LIST_UNBOUND, LIST_BOUND, LIST_COUNT };

struct place {
	struct device device; /* first: a device is its place */
	uint32_t slot;
	enum waiting_list list;
	struct place *before, *after;
};

struct port {
	char name[16];
	bool up;
};

struct device_table {
	struct hash_key key;
	size_t capacity, count, top; /* slots below top have been used */
	struct place **place;
	uint32_t *free_slot;
	size_t n_free;
	struct index by_number, by_mac, by_address, by_name, by_id, by_owners_name;
	struct place *oldest[LIST_COUNT], *newest[LIST_COUNT];
	uint32_t next_number;
	uint64_t refused, evicted;
	size_t n_ports;
	struct port port[DEVICE_PORTS_MAX];
};

/* --- words ---------------------------------------------------------------------------------- */

static const char *const class_words[DEVICE_CLASS_COUNT] = {[DEVICE_CLASS_UNKNOWN] = "unknown",
#define X(name, word) [name] = word,
	DEVICE_CLASS_LIST(X)
#undef X
};

static const char *const state_words[DEVICE_STATE_COUNT] = {
	[DEVICE_STATE_UNKNOWN] = "unknown",
	[DEVICE_WAITING] = "waiting",
	[DEVICE_OBSERVE] = "observe",
	[DEVICE_ENFORCE] = "enforce",
	[DEVICE_QUARANTINE] = "quarantine",
	[DEVICE_BLOCK] = "block",
	[DEVICE_TRUSTED] = "trusted",
};

static const char *const identifier_words[IDENTIFIER_KIND_COUNT] = {
	[IDENTIFIER_UNKNOWN] = "unknown",
#define X(name, word) [name] = word,
	IDENTIFIER_LIST(X)
#undef X
};

static const char *const how_words[BINDING_HOW_COUNT] = {
	[BINDING_UNKNOWN] = "unknown",
	[BINDING_LEASE] = "lease",
	[BINDING_DAD] = "dad",
	[BINDING_USED] = "used",
	[BINDING_OWNER] = "owner",
};

static const char *
word_of(const char *const *words, size_t count, size_t value)
{
	return value < count ? words[value] : "unknown";
}

static size_t
value_of(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 1; i < count; i++)
		if (!strcmp(words[i], word))
			return i;
	return 0;
}

const char *device_class_word(enum device_class class)
{
	return word_of(class_words, DEVICE_CLASS_COUNT, class);
}

enum device_class
device_class_from_word(const char *word)
{
	return (enum device_class)value_of(class_words, DEVICE_CLASS_COUNT, word);
}

const char *
device_state_word(enum device_state state)
{
	return word_of(state_words, DEVICE_STATE_COUNT, state);
}

enum device_state
device_state_from_word(const char *word)
{
	return (enum device_state)value_of(state_words, DEVICE_STATE_COUNT, word);
}

const char *
identifier_word(enum identifier_kind kind)
{
	return word_of(identifier_words, IDENTIFIER_KIND_COUNT, kind);
}

enum identifier_kind
identifier_kind_from_word(const char *word)
{
	return (enum identifier_kind)value_of(identifier_words, IDENTIFIER_KIND_COUNT, word);
}

const char *
binding_how_word(enum binding_how how)
{
	return word_of(how_words, BINDING_HOW_COUNT, how);
}

/* --- the index ------------------------------------------------------------------------------ */

static uint32_t
hash_of(const struct device_table *table, const void *key, size_t len)
{
	uint32_t hash = (uint32_t)(keyed_hash(&table->key, key, len) >> 32);
	return hash ? hash : 1;
}

static void
index_put(struct index *index, uint32_t hash, uint32_t slot)
{
	uint32_t at = hash & index->mask;

	while (index->entry[at].hash)
		at = (at + 1) & index->mask;
	index->entry[at] = (struct index_entry){hash, slot};
	index->count++;
}

static void
index_add(struct index *index, uint32_t hash, uint32_t slot)
{
	/* Half full at most, so that a search that finds nothing stays short. */
	if (!index->entry || index->count * 2 > index->mask) {
		struct index bigger = {.mask = index->entry ? index->mask * 2 + 1 : 255};
		bigger.entry = must_alloc((size_t)bigger.mask + 1, sizeof *bigger.entry);
		for (uint32_t i = 0; index->entry && i <= index->mask; i++)
			if (index->entry[i].hash)
				index_put(&bigger, index->entry[i].hash, index->entry[i].slot);
		free(index->entry);
		*index = bigger;
	}
	index_put(index, hash, slot);
}

/* The next entry of this hash; *cursor counts steps and starts at 0. */
static const struct index_entry *
index_next(const struct index *index, uint32_t hash, size_t *cursor)
{
	if (!index->entry)
		return NULL;
	for (; *cursor <= index->mask; (*cursor)++) {
		const struct index_entry *entry =
			&index->entry[(hash + (uint32_t)*cursor) & index->mask];
		if (!entry->hash)
			return NULL;
		if (entry->hash == hash) {
			(*cursor)++;
			return entry;
		}
	}
	return NULL;
}

static void
index_drop(struct index *index, uint32_t hash, uint32_t slot)
{
	uint32_t at = hash & index->mask, next;

	while (index->entry[at].hash != hash || index->entry[at].slot != slot) {
		assert(index->entry[at].hash);
		at = (at + 1) & index->mask;
	}
	/* Close the gap: move back whoever would no longer be found behind it. */
	for (next = (at + 1) & index->mask; index->entry[next].hash;
		next = (next + 1) & index->mask) {
		uint32_t home = index->entry[next].hash & index->mask;
		if (((next - home) & index->mask) >= ((next - at) & index->mask)) {
			index->entry[at] = index->entry[next];
			at = next;
		}
	}
	index->entry[at] = (struct index_entry){0};
	index->count--;
}

/* --- who may be evicted --------------------------------------------------------------------- */

static struct place *
place_of(struct device *device)
{
	return (struct place *)device;
}

static void
list_leave(struct device_table *table, struct place *place)
{
	if (place->list == LIST_NONE)
		return;
	*(place->before ? &place->before->after : &table->oldest[place->list]) = place->after;
	*(place->after ? &place->after->before : &table->newest[place->list]) = place->before;
	place->before = place->after = NULL;
	place->list = LIST_NONE;
}

static void
list_join(struct device_table *table, struct place *place)
{
	list_leave(table, place);
	if (place->device.is_admitted)
		return;
	place->list = place->device.n_bindings ? LIST_BOUND : LIST_UNBOUND;
	place->before = table->newest[place->list];
	*(place->before ? &place->before->after : &table->oldest[place->list]) = place;
	table->newest[place->list] = place;
}

/* The engine sets is_admitted by itself; whoever got it since is passed over here. */
static struct place *
list_first(struct device_table *table, enum waiting_list list)
{
	while (table->oldest[list] && table->oldest[list]->device.is_admitted)
		list_leave(table, table->oldest[list]);
	return table->oldest[list];
}

/* --- the table ------------------------------------------------------------------------------ */

struct device_table *
device_table_new(size_t capacity, const uint8_t secret[static 16])
{
	struct device_table *table = must_alloc(1, sizeof *table);

	assert(capacity > 0 && capacity <= DEVICE_TABLE_MAX);
	memcpy(&table->key, secret, sizeof table->key);
	table->capacity = capacity;
	table->place = must_alloc(capacity, sizeof(struct place *));
	table->free_slot = must_alloc(capacity, sizeof(uint32_t));
	table->next_number = 1;
	return table;
}

void
device_table_free(struct device_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->top; i++)
		free(table->place[i]);
	free(table->place);
	free(table->free_slot);
	free(table->by_number.entry);
	free(table->by_mac.entry);
	free(table->by_address.entry);
	free(table->by_name.entry);
	free(table->by_id.entry);
	free(table->by_owners_name.entry);
	free(table);
}

size_t
device_table_count(const struct device_table *table)
{
	return table->count;
}

uint64_t
device_table_refused(const struct device_table *table)
{
	return table->refused;
}

uint64_t
device_table_evicted(const struct device_table *table)
{
	return table->evicted;
}

bool
device_table_has_room(const struct device_table *table)
{
	return table->count < table->capacity;
}

struct device *
device_find(const struct device_table *table, uint32_t number)
{
	const struct index_entry *entry;
	size_t cursor = 0;

	while ((entry = index_next(
			&table->by_number, hash_of(table, &number, sizeof number), &cursor)))
		if (table->place[entry->slot]->device.number == number)
			return &table->place[entry->slot]->device;
	return NULL;
}

struct device *
device_find_by_id(const struct device_table *table, const char *id)
{
	const struct index_entry *entry;
	size_t cursor = 0;

	while ((entry = index_next(&table->by_id, hash_of(table, id, strlen(id)), &cursor)))
		if (!strcmp(table->place[entry->slot]->device.id, id))
			return &table->place[entry->slot]->device;
	return NULL;
}

struct device_mac *
device_mac_find(struct device *device, const uint8_t mac[static 6])
{
	for (size_t i = 0; i < device->n_macs; i++)
		if (!memcmp(device->mac[i].mac, mac, 6))
			return &device->mac[i];
	return NULL;
}

struct device *
device_find_by_mac(const struct device_table *table, const uint8_t mac[static 6])
{
	const struct index_entry *entry;
	size_t cursor = 0;

	while ((entry = index_next(&table->by_mac, hash_of(table, mac, 6), &cursor)))
		if (device_mac_find(&table->place[entry->slot]->device, mac))
			return &table->place[entry->slot]->device;
	return NULL;
}

static struct binding *
binding_of_address(struct device *device, const struct ip *address)
{
	for (size_t i = 0; i < device->n_bindings; i++)
		if (ip_is_equal(&device->binding[i].address, address))
			return &device->binding[i];
	return NULL;
}

struct device *
device_find_by_address(const struct device_table *table, const struct ip *address)
{
	const struct index_entry *entry;
	size_t cursor = 0;

	while ((entry = index_next(
			&table->by_address, hash_of(table, address, sizeof *address), &cursor)))
		if (binding_of_address(&table->place[entry->slot]->device, address))
			return &table->place[entry->slot]->device;
	return NULL;
}

struct device *
device_find_bound(const struct device_table *table, const char *port, const uint8_t mac[static 6],
	const struct ip *address)
{
	struct device *device = device_find_by_address(table, address);

	return device && device_binding_find(device, port, mac, address) ? device : NULL;
}

struct device *
device_next(const struct device_table *table, size_t *cursor)
{
	while (*cursor < table->top) {
		struct place *place = table->place[(*cursor)++];
		if (place)
			return &place->device;
	}
	return NULL;
}

static uint32_t
free_number(struct device_table *table)
{
	/* There are 64 times as many numbers as places, so this ends soon. */
	for (;;) {
		uint32_t number = table->next_number++;
		if (table->next_number > DEVICE_NUMBER_MAX)
			table->next_number = 1;
		if (!device_find(table, number))
			return number;
	}
}

static bool
make_room(struct device_table *table, uint32_t *evicted)
{
	struct place *oldest;

	if (table->count < table->capacity)
		return true;
	oldest = list_first(table, LIST_UNBOUND);
	if (!oldest)
		oldest = list_first(table, LIST_BOUND);
	if (!oldest) {
		table->refused++;
		return false;
	}
	*evicted = oldest->device.number;
	table->evicted++;
	device_forget(table, &oldest->device);
	return true;
}

struct device *
device_add(struct device_table *table, uint32_t number, const char *id, uint64_t now_ns,
	int64_t wall_s, uint32_t *evicted)
{
	struct place *place;
	struct device *device;

	*evicted = 0;
	if (number > DEVICE_NUMBER_MAX || strlen(id) >= DEVICE_ID_MAX || !*id ||
		(number && device_find(table, number)) || device_find_by_id(table, id))
		return NULL;
	if (!make_room(table, evicted))
		return NULL;
	place = must_alloc(1, sizeof *place);
	place->slot = table->n_free ? table->free_slot[--table->n_free] : (uint32_t)table->top++;
	table->place[place->slot] = place;
	table->count++;

	device = &place->device;
	device->number = number ? number : free_number(table);
	if (number >= table->next_number)
		table->next_number = number == DEVICE_NUMBER_MAX ? 1 : number + 1;
	device->state = DEVICE_WAITING;
	device->class = DEVICE_CLASS_ORDINARY;
	memcpy(device->id, id, strlen(id));
	device->first_s = device->last_s = wall_s;
	device->heard_ns = now_ns;
	index_add(&table->by_number, hash_of(table, &device->number, sizeof device->number),
		place->slot);
	index_add(&table->by_id, hash_of(table, id, strlen(id)), place->slot);
	list_join(table, place);
	return device;
}

void
device_id_from_random(char out[static DEVICE_ID_MAX], const uint8_t random[static 8])
{
	/* Without letters and digits that people mistake for each other. */
	static const char letters[] = "23456789abcdefghjkmnpqrstuvwxyz";
	uint64_t left;

	memcpy(&left, random, sizeof left);
	out[0] = 'd';
	out[1] = '-';
	for (int i = 2; i < 12; i++) {
		out[i] = letters[left % (sizeof letters - 1)];
		left /= sizeof letters - 1;
	}
	memset(out + 12, 0, DEVICE_ID_MAX - 12);
}

static bool
is_naming(enum identifier_kind kind)
{
	return kind == IDENTIFIER_DHCP_CLIENT_ID || kind == IDENTIFIER_DUID ||
	       kind == IDENTIFIER_HOSTNAME || kind == IDENTIFIER_MDNS_NAME ||
	       kind == IDENTIFIER_LLDP_NAME;
}

/* People write names in any case. */
static void
fold(uint8_t *out, const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = value[i] >= 'A' && value[i] <= 'Z' ? (uint8_t)(value[i] - 'A' + 'a')
							    : (uint8_t)value[i];
}

static uint32_t
name_hash(const struct device_table *table, enum identifier_kind kind, const char *value)
{
	uint8_t key[1 + sizeof((struct identifier *)0)->claimed_value];
	size_t len = strnlen(value, sizeof key - 2);

	key[0] = (uint8_t)kind;
	fold(key + 1, value, len);
	return hash_of(table, key, len + 1);
}

static uint32_t
owners_name_hash(const struct device_table *table, const char *name)
{
	uint8_t key[DEVICE_NAME_MAX];
	size_t len = strnlen(name, sizeof key);

	fold(key, name, len);
	return hash_of(table, key, len);
}

void
device_rename(struct device_table *table, struct device *device, const char *name)
{
	uint32_t slot = place_of(device)->slot;

	if (device->name[0])
		index_drop(&table->by_owners_name, owners_name_hash(table, device->name), slot);
	memset(device->name, 0, sizeof device->name);
	memcpy(device->name, name, strnlen(name, sizeof device->name - 1));
	if (device->name[0])
		index_add(&table->by_owners_name, owners_name_hash(table, device->name), slot);
}

struct device *
device_find_by_name(const struct device_table *table, const char *name)
{
	const struct index_entry *entry;
	size_t cursor = 0;

	while (*name && (entry = index_next(
				 &table->by_owners_name, owners_name_hash(table, name), &cursor)))
		if (!strcasecmp(table->place[entry->slot]->device.name, name))
			return &table->place[entry->slot]->device;
	return NULL;
}

static void
identifier_forget(struct device_table *table, struct place *place, struct identifier *identifier)
{
	struct device *device = &place->device;

	assert(identifier);
	if (is_naming((enum identifier_kind)identifier->kind))
		index_drop(&table->by_name,
			name_hash(table, (enum identifier_kind)identifier->kind,
				identifier->claimed_value),
			place->slot);
	*identifier = device->identifier[--device->n_identifiers];
	device->identifier[device->n_identifiers] = (struct identifier){0};
}

void
device_forget(struct device_table *table, struct device *device)
{
	struct place *place = place_of(device);

	while (device->n_bindings)
		device_binding_drop(table, device, &device->binding[device->n_bindings - 1]);
	while (device->n_macs)
		device_mac_drop(table, device, device->mac[device->n_macs - 1].mac);
	while (device->n_identifiers)
		identifier_forget(table, place, &device->identifier[device->n_identifiers - 1]);
	device_rename(table, device, "");
	list_leave(table, place);
	index_drop(&table->by_number, hash_of(table, &device->number, sizeof device->number),
		place->slot);
	index_drop(&table->by_id, hash_of(table, device->id, strlen(device->id)), place->slot);
	table->place[place->slot] = NULL;
	table->free_slot[table->n_free++] = place->slot;
	table->count--;
	free(place);
}

/* --- one device ----------------------------------------------------------------------------- */

bool
device_state_is_cut_off(enum device_state state)
{
	return state == DEVICE_QUARANTINE || state == DEVICE_BLOCK;
}

bool
device_state_is_penned(enum device_state state)
{
	return state == DEVICE_ENFORCE || device_state_is_cut_off(state);
}

const struct identifier *
device_identifier(const struct device *device, enum identifier_kind kind)
{
	const struct identifier *best = NULL;

	for (size_t i = 0; i < device->n_identifiers; i++) {
		const struct identifier *it = &device->identifier[i];
		if (it->kind != kind)
			continue;
		if (!best || it->confidence > best->confidence ||
			(it->confidence == best->confidence && it->last_s > best->last_s))
			best = it;
	}
	return best;
}

const char *
device_label(const struct device *device)
{
	static const enum identifier_kind order[] = {
		IDENTIFIER_MDNS_NAME, IDENTIFIER_HOSTNAME, IDENTIFIER_LLDP_NAME};

	if (device->name[0])
		return device->name;
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		const struct identifier *it = device_identifier(device, order[i]);
		if (it)
			return it->claimed_value;
	}
	return device->kind.word[0] ? device->kind.word : device->id;
}

bool
device_is_present(const struct device *device, uint64_t now_ns, uint64_t within_ns)
{
	return device->heard_ns && now_ns - device->heard_ns <= within_ns;
}

size_t
device_policy_bindings(
	const struct device *device, struct policy_binding out[static POLICY_BINDINGS_MAX])
{
	for (size_t i = 0; i < device->n_bindings; i++) {
		const struct binding *it = &device->binding[i];
		out[i] = (struct policy_binding){.address = it->address};
		memcpy(out[i].port, it->port, sizeof out[i].port);
		memcpy(out[i].mac, it->mac, 6);
	}
	return device->n_bindings;
}

void
device_heard(struct device_table *table, struct device *device, uint64_t now_ns, int64_t wall_s)
{
	device->heard_ns = now_ns;
	if (wall_s > device->last_s)
		device->last_s = wall_s;
	list_join(table, place_of(device));
}

static bool
mac_has_binding(const struct device *device, const uint8_t mac[static 6])
{
	for (size_t i = 0; i < device->n_bindings; i++)
		if (!memcmp(device->binding[i].mac, mac, 6))
			return true;
	return false;
}

struct device_mac *
device_mac_keep(struct device_table *table, struct device *device, const uint8_t mac[static 6],
	int64_t wall_s)
{
	struct device *owner = device_find_by_mac(table, mac);
	struct device_mac *kept;

	if (owner && owner != device)
		return NULL;
	if (owner) {
		kept = device_mac_find(device, mac);
		if (wall_s > kept->last_s)
			kept->last_s = wall_s;
		return kept;
	}
	if (device->n_macs == DEVICE_MACS_MAX) {
		const struct device_mac *oldest = NULL;
		for (size_t i = 0; i < device->n_macs; i++)
			if (!mac_has_binding(device, device->mac[i].mac) &&
				(!oldest || device->mac[i].last_s < oldest->last_s))
				oldest = &device->mac[i];
		if (!oldest)
			return NULL;
		device_mac_drop(table, device, oldest->mac);
	}
	kept = &device->mac[device->n_macs++];
	*kept = (struct device_mac){
		.is_local = mac_is_local(mac), .first_s = wall_s, .last_s = wall_s};
	memcpy(kept->mac, mac, 6);
	index_add(&table->by_mac, hash_of(table, mac, 6), place_of(device)->slot);
	return kept;
}

void
device_mac_drop(struct device_table *table, struct device *device, const uint8_t mac[static 6])
{
	struct device_mac *kept = device_mac_find(device, mac);

	if (!kept)
		return;
	for (size_t i = device->n_bindings; i > 0; i--)
		if (!memcmp(device->binding[i - 1].mac, kept->mac, 6))
			device_binding_drop(table, device, &device->binding[i - 1]);
	index_drop(&table->by_mac, hash_of(table, kept->mac, 6), place_of(device)->slot);
	*kept = device->mac[--device->n_macs];
	device->mac[device->n_macs] = (struct device_mac){0};
}

static struct identifier *
identifier_find(struct device *device, enum identifier_kind kind, const char *value)
{
	for (size_t i = 0; i < device->n_identifiers; i++)
		if (device->identifier[i].kind == kind &&
			!strncmp(device->identifier[i].claimed_value, value,
				sizeof device->identifier[i].claimed_value - 1))
			return &device->identifier[i];
	return NULL;
}

/* The kind that has the most gives up its least recently seen one. */
static void
identifier_make_room(struct device_table *table, struct device *device)
{
	uint8_t count[IDENTIFIER_KIND_COUNT] = {0}, most = 0;
	struct identifier *oldest = NULL;

	for (size_t i = 0; i < device->n_identifiers; i++)
		if (++count[device->identifier[i].kind] > count[most])
			most = device->identifier[i].kind;
	for (size_t i = 0; i < device->n_identifiers; i++)
		if (device->identifier[i].kind == most &&
			(!oldest || device->identifier[i].last_s < oldest->last_s))
			oldest = &device->identifier[i];
	identifier_forget(table, place_of(device), oldest);
}

bool
device_identifier_keep(struct device_table *table, struct device *device, enum identifier_kind kind,
	const char *value, uint8_t confidence, int64_t wall_s)
{
	struct identifier *kept = identifier_find(device, kind, value);
	size_t len = strlen(value);

	assert(kind > IDENTIFIER_UNKNOWN && kind < IDENTIFIER_KIND_COUNT && is_printable(value));
	if (kept) {
		if (wall_s > kept->last_s)
			kept->last_s = wall_s;
		if (confidence > kept->confidence)
			kept->confidence = confidence;
		if (kept->times < UINT32_MAX)
			kept->times++;
		return false;
	}
	if (device->n_identifiers == DEVICE_IDENTIFIERS_MAX)
		identifier_make_room(table, device);
	kept = &device->identifier[device->n_identifiers++];
	*kept = (struct identifier){.kind = (uint8_t)kind,
		.confidence = confidence,
		.is_cut = len >= sizeof kept->claimed_value,
		.first_s = wall_s,
		.last_s = wall_s,
		.times = 1};
	memcpy(kept->claimed_value, value, kept->is_cut ? sizeof kept->claimed_value - 1 : len);
	if (is_naming(kind))
		index_add(&table->by_name, name_hash(table, kind, value), place_of(device)->slot);
	return true;
}

bool
device_identifier_drop(struct device_table *table, struct device *device, enum identifier_kind kind,
	const char *value)
{
	struct identifier *kept = identifier_find(device, kind, value);

	if (kept)
		identifier_forget(table, place_of(device), kept);
	return kept;
}

struct device *
device_next_named(const struct device_table *table, enum identifier_kind kind, const char *value,
	size_t *cursor)
{
	const struct index_entry *entry;

	while ((entry = index_next(&table->by_name, name_hash(table, kind, value), cursor)))
		if (identifier_find(&table->place[entry->slot]->device, kind, value))
			return &table->place[entry->slot]->device;
	return NULL;
}

struct device *
device_next_claiming(const struct device_table *table, enum identifier_kind kind, const char *value,
	size_t *cursor)
{
	const struct index_entry *entry;

	assert(is_naming(kind));
	while ((entry = index_next(&table->by_name, name_hash(table, kind, value), cursor))) {
		struct device *device = &table->place[entry->slot]->device;
		for (size_t i = 0; i < device->n_identifiers; i++)
			if (device->identifier[i].kind == kind &&
				!strcasecmp(device->identifier[i].claimed_value, value))
				return device;
	}
	return NULL;
}

/* --- bindings ------------------------------------------------------------------------------- */

struct binding *
device_binding_find(struct device *device, const char *port, const uint8_t mac[static 6],
	const struct ip *address)
{
	struct binding *it = binding_of_address(device, address);

	return it && !memcmp(it->mac, mac, 6) && !strncmp(it->port, port, sizeof it->port) ? it
											   : NULL;
}

bool
device_binding_keep(
	struct device_table *table, struct device *device, const struct binding *binding)
{
	struct device *owner = device_find_by_address(table, &binding->address);
	struct binding *kept;

	if ((owner && owner != device) || !device_mac_find(device, binding->mac))
		return false;
	if (owner) {
		kept = binding_of_address(device, &binding->address);
	} else {
		if (device->n_bindings == DEVICE_BINDINGS_MAX)
			return false;
		kept = &device->binding[device->n_bindings++];
		index_add(&table->by_address,
			hash_of(table, &binding->address, sizeof binding->address),
			place_of(device)->slot);
	}
	*kept = *binding;
	list_join(table, place_of(device));
	return true;
}

void
device_binding_drop(struct device_table *table, struct device *device, struct binding *binding)
{
	assert(binding >= device->binding && binding < device->binding + device->n_bindings);
	index_drop(&table->by_address, hash_of(table, &binding->address, sizeof binding->address),
		place_of(device)->slot);
	*binding = device->binding[--device->n_bindings];
	device->binding[device->n_bindings] = (struct binding){0};
	list_join(table, place_of(device));
}

/* --- ports ---------------------------------------------------------------------------------- */

void
device_port_is(struct device_table *table, const char *port, bool up)
{
	struct port *kept = NULL;

	for (size_t i = 0; i < table->n_ports; i++)
		if (!strncmp(table->port[i].name, port, sizeof table->port[i].name))
			kept = &table->port[i];
	if (!kept) {
		/* Ports come from the owner's own configuration; more than we keep count as up. */
		if (table->n_ports == DEVICE_PORTS_MAX)
			return;
		kept = &table->port[table->n_ports++];
		memcpy(kept->name, port, strnlen(port, sizeof kept->name - 1));
	}
	kept->up = up;
}

bool
device_port_is_up(const struct device_table *table, const char *port)
{
	for (size_t i = 0; i < table->n_ports; i++)
		if (!strncmp(table->port[i].name, port, sizeof table->port[i].name))
			return table->port[i].up;
	return true;
}

static bool
is_on_port(const struct device *device, const char *port)
{
	for (size_t i = 0; i < device->n_macs; i++)
		if (!strncmp(device->mac[i].port, port, sizeof device->mac[i].port))
			return true;
	for (size_t i = 0; i < device->n_bindings; i++)
		if (!strncmp(device->binding[i].port, port, sizeof device->binding[i].port))
			return true;
	return false;
}

/* How little a state permits; the order of what a device may do at most. */
static int
rank(enum device_state state)
{
	switch (state) {
	case DEVICE_BLOCK:
		return 1;
	case DEVICE_QUARANTINE:
	case DEVICE_WAITING: /* both reach the status page and nothing else */
		return 2;
	case DEVICE_ENFORCE:
		return 3;
	case DEVICE_OBSERVE:
		return 4;
	case DEVICE_TRUSTED:
		return 5;
	default:
		return 0;
	}
}

struct device_ceiling
device_ceiling_for_port(const struct device_table *table, const char *port, uint32_t except)
{
	struct device_ceiling ceiling = {DEVICE_STATE_UNKNOWN, 0};
	const struct device *device;
	size_t cursor = 0;

	if (!*port)
		return ceiling;
	while ((device = device_next(table, &cursor))) {
		enum device_state state = (enum device_state)device->state;
		if (device->number == except || !device_state_is_penned(state) ||
			!is_on_port(device, port))
			continue;
		if (ceiling.state == DEVICE_STATE_UNKNOWN || rank(state) < rank(ceiling.state))
			ceiling = (struct device_ceiling){state, device->number};
	}
	return ceiling;
}

bool
device_ceiling_permits(const struct device_ceiling *ceiling, enum device_state state)
{
	return ceiling->state == DEVICE_STATE_UNKNOWN || rank(state) <= rank(ceiling->state);
}
