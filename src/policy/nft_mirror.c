/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

enum { BUCKETS_MIN = 1024 };

static uint32_t
hash(uint8_t set, const uint8_t *key, unsigned len)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) * (set + 1u);

	for (unsigned i = 0; i < len; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return (uint32_t)(h * UINT64_C(0xbf58476d1ce4e5b9) >> 32);
}

void
nft_mirror_init(struct nft_mirror *mirror)
{
	*mirror = (struct nft_mirror){.n_buckets = BUCKETS_MIN};
	mirror->bucket = must_alloc(BUCKETS_MIN, sizeof(struct nft_node *));
	memset(mirror->bucket, 0, BUCKETS_MIN * sizeof(struct nft_node *));
	/* Eight bytes for each possible device, zero pages until touched. */
	mirror->own = calloc(DEVICE_NUMBER_MAX + 1, sizeof(struct nft_node *));
	if (!mirror->own)
		fatal("rules", "out of memory");
}

void
nft_mirror_fini(struct nft_mirror *mirror)
{
	nft_mirror_clear(mirror);
	free(mirror->bucket);
	free(mirror->own);
}

struct nft_node *
nft_mirror_find(const struct nft_mirror *mirror, const struct nft_element *element)
{
	unsigned len = nft_set_key_len(element->set);
	uint32_t h = hash(element->set, element->key, len);
	struct nft_node *node = mirror->bucket[h & (mirror->n_buckets - 1)];

	while (node && (node->hash != h || node->set != element->set ||
			       memcmp(node->key, element->key, len)))
		node = node->next;
	return node;
}

static void
grow(struct nft_mirror *mirror)
{
	uint32_t n = mirror->n_buckets * 2;
	struct nft_node **bucket = must_alloc(n, sizeof(struct nft_node *));

	memset(bucket, 0, n * sizeof(struct nft_node *));
	for (uint32_t i = 0; i < mirror->n_buckets; i++) {
		struct nft_node *node = mirror->bucket[i];
		while (node) {
			struct nft_node *next = node->next;
			struct nft_node **at = &bucket[node->hash & (n - 1)];
			node->next = *at;
			*at = node;
			node = next;
		}
	}
	free(mirror->bucket);
	mirror->bucket = bucket;
	mirror->n_buckets = n;
}

static void
link_own(struct nft_mirror *mirror, struct nft_node *node)
{
	struct nft_node **head = &mirror->own[node->device];

	node->next_own = *head;
	node->prev_own = head;
	if (*head)
		(*head)->prev_own = &node->next_own;
	*head = node;
}

static void
unlink_own(struct nft_node *node)
{
	*node->prev_own = node->next_own;
	if (node->next_own)
		node->next_own->prev_own = node->prev_own;
}

struct nft_node *
nft_mirror_insert(struct nft_mirror *mirror, const struct nft_element *element)
{
	unsigned len = nft_set_key_len(element->set);

	if (mirror->n_nodes >= mirror->n_buckets)
		grow(mirror);
	struct nft_node *node = must_alloc(1, sizeof *node + len);
	memset(node, 0, sizeof *node);
	node->hash = hash(element->set, element->key, len);
	struct nft_node **at = &mirror->bucket[node->hash & (mirror->n_buckets - 1)];
	node->set = element->set;
	node->device = element->device;
	node->data = element->data;
	node->expires_ns = element->expires_ns;
	memcpy(node->key, element->key, len);
	node->next = *at;
	*at = node;
	mirror->n_nodes++;
	link_own(mirror, node);
	return node;
}

void
nft_mirror_erase(struct nft_mirror *mirror, struct nft_node *node)
{
	struct nft_node **at = &mirror->bucket[node->hash & (mirror->n_buckets - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	unlink_own(node);
	mirror->n_nodes--;
	free(node);
}

void
nft_mirror_clear(struct nft_mirror *mirror)
{
	for (uint32_t i = 0; i < mirror->n_buckets; i++)
		while (mirror->bucket[i]) {
			struct nft_node *node = mirror->bucket[i];
			mirror->bucket[i] = node->next;
			unlink_own(node);
			free(node);
		}
	mirror->n_nodes = 0;
}

void
nft_mirror_give(struct nft_mirror *mirror, struct nft_node *node, uint32_t device)
{
	if (node->device == device)
		return;
	unlink_own(node);
	node->device = device;
	link_own(mirror, node);
}

bool
nft_has_ended(uint64_t expires_ns)
{
	return expires_ns && expires_ns <= clock_monotonic_ns();
}

struct nft_element
nft_node_element(const struct nft_node *node)
{
	struct nft_element element = {.expires_ns = node->expires_ns,
		.device = node->device,
		.data = node->data,
		.set = node->set};

	memcpy(element.key, node->key, nft_set_key_len(node->set));
	return element;
}

struct nft_element
nft_node_wanted(const struct nft_node *node)
{
	struct nft_element element = nft_node_element(node);

	element.expires_ns = node->want_expires_ns;
	element.device = node->want_device;
	element.data = node->want_data;
	return element;
}
