/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/auto.h"
#include "base/clock.h"

struct view_address {
	LIST_ENTRY(view_address) next;
	struct view *view;
	struct ip address;
	bool is_listed; /* false after it moved to another device */
};

enum { BUCKETS = 16384 };

struct view_table {
	uint64_t seed;
	size_t count;
	LIST_HEAD(, view) by_number[BUCKETS];
	LIST_HEAD(, view_address) by_address[BUCKETS];
};

static size_t
address_bucket(const struct view_table *table, const struct ip *ip)
{
	uint64_t a, b;

	memcpy(&a, ip->byte, 8);
	memcpy(&b, ip->byte + 8, 8);
	a = (a ^ table->seed) * UINT64_C(0x9e3779b97f4a7c15);
	b = (b ^ a ^ a >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(b >> 40) % BUCKETS;
}

struct view_table *
view_table_new(void)
{
	struct view_table *table = must_alloc(1, sizeof *table);

	if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
		table->seed = clock_monotonic_ns();
	return table;
}

size_t
view_count(const struct view_table *table)
{
	return table->count;
}

struct view *
view_find(const struct view_table *table, uint32_t device)
{
	struct view *view;

	LIST_FOREACH(view, &table->by_number[device % BUCKETS], by_number)
	if (view->device == device)
		return view;
	return NULL;
}

static struct view_address *
find_address(const struct view_table *table, const struct ip *ip)
{
	struct view_address *at;

	LIST_FOREACH(at, &table->by_address[address_bucket(table, ip)], next)
	if (ip_is_equal(&at->address, ip))
		return at;
	return NULL;
}

struct view *
view_find_by_address(const struct view_table *table, const struct ip *ip)
{
	const struct view_address *at = find_address(table, ip);
	return at ? at->view : NULL;
}

static void
unlist(struct view_address *at)
{
	if (at->is_listed)
		LIST_REMOVE(at, next);
	at->is_listed = false;
}

static void
drop_content(struct view *view)
{
	for (unsigned i = 0; i < view->n_addresses; i++)
		unlist(&view->address[i]);
	free(view->address);
	free(view->name);
	view->address = NULL;
	view->name = NULL;
	view->n_addresses = 0;
	view->n_names = 0;
}

static void
keep_addresses(struct view_table *table, struct view *view, const struct message_view *said)
{
	if (!said->n_addresses)
		return;
	view->address = must_alloc(said->n_addresses, sizeof *view->address);
	view->n_addresses = said->n_addresses;
	for (unsigned i = 0; i < said->n_addresses; i++) {
		struct view_address *at = &view->address[i], *before;

		if ((before = find_address(table, &said->address[i])))
			unlist(before);
		at->view = view;
		at->address = said->address[i];
		at->is_listed = true;
		LIST_INSERT_HEAD(&table->by_address[address_bucket(table, &at->address)], at, next);
	}
}

static void
keep_names(struct view *view, const struct message_view *said)
{
	size_t bytes = 0;

	if (!said->n_names)
		return;
	for (uint32_t i = 0; i < said->n_names; i++)
		bytes += strlen(said->name[i].name);
	/* One piece: 10,000 devices with a few names each must stay small. */
	view->name = must_alloc(1, said->n_names * sizeof *view->name + bytes);
	view->n_names = said->n_names;
	char *text = (char *)(view->name + view->n_names);
	uint32_t at = 0;
	for (uint32_t i = 0; i < said->n_names; i++) {
		struct view_text *name = &view->name[i];

		name->slot = said->name[i].slot;
		name->is_suffix = said->name[i].is_suffix;
		name->len = (uint8_t)strlen(said->name[i].name);
		name->at = at;
		memcpy(text + at, said->name[i].name, name->len);
		at += name->len;
	}
}

enum err
view_keep(struct view_table *table, const struct message_view *said, struct view **out)
{
	struct view *view = view_find(table, said->device);

	if (view && said->generation < view->generation)
		return ERR_STALE;
	if (!view) {
		if (table->count == VIEWS_MAX)
			return ERR_FULL;
		view = must_alloc(1, sizeof *view);
		view->device = said->device;
		TAILQ_INIT(&view->opened);
		TAILQ_INIT(&view->pending);
		LIST_INSERT_HEAD(&table->by_number[said->device % BUCKETS], view, by_number);
		table->count++;
	}
	drop_content(view);
	view->generation = said->generation;
	view->mode = (enum view_mode)said->mode;
	view->is_watched = said->is_watched;
	keep_addresses(table, view, said);
	keep_names(view, said);
	*out = view;
	return ERR_OK;
}

void
view_forget(struct view_table *table, struct view *view)
{
	assert(TAILQ_EMPTY(&view->opened) && TAILQ_EMPTY(&view->pending));
	drop_content(view);
	LIST_REMOVE(view, by_number);
	table->count--;
	free(view);
}

void
view_table_free(struct view_table *table)
{
	struct view *view;

	for (size_t i = 0; i < BUCKETS; i++)
		while ((view = LIST_FIRST(&table->by_number[i])))
			view_forget(table, view);
	free(table);
}

static bool
is_name_or_below(const char *asked, size_t asked_len, const char *name, size_t len, bool below)
{
	if (asked_len == len)
		return !memcmp(asked, name, len);
	return below && asked_len > len && asked[asked_len - len - 1] == '.' &&
	       !memcmp(asked + asked_len - len, name, len);
}

bool
view_declares(const struct view *view, const char *asked, struct view_match *match)
{
	const char *text = (const char *)(view->name + view->n_names);
	size_t len = strlen(asked);

	match->count = 0;
	match->is_exact = false;
	for (uint32_t i = 0; i < view->n_names; i++) {
		const struct view_text *name = &view->name[i];

		if (!is_name_or_below(asked, len, text + name->at, name->len, name->is_suffix))
			continue;
		if (len == name->len)
			match->is_exact = true;
		if (match->count < VIEW_MATCHES_MAX)
			match->slot[match->count++] = name->slot;
	}
	return match->count > 0;
}
