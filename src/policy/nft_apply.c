/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_apply.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "policy/kernel.h"

enum {
	BATCH_MAX = 6 * 1024 * 1024,
	ROWS_IN_MESSAGE = 200, /* a netlink attribute ends at 64 KiB */
	BUCKETS_MIN = 1024,
	TRIES = 3,
};

/* So near to its end an element may be gone before the batch arrives. */
#define NEAR_END_NS (2 * CLOCK_SECOND_NS)
/* Fewer milliseconds more than it has are not worth a batch. */
#define SAME_END_NS (20 * CLOCK_MS_NS)

/* CLAIM: somebody else's from now on, and for the kernel the same. */
enum change { CHANGE_NONE, CHANGE_ADD, CHANGE_DELETE, CHANGE_REPLACE, CHANGE_CLAIM };

/* Element in the mirror.  want_* hold until the batch is acknowledged. */
struct node {
	struct node *next; /* in its bucket */
	struct node *next_own, **prev_own;
	struct node *next_changed;
	uint64_t expires_ns, want_expires_ns;
	uint32_t device, want_device;
	uint32_t data, want_data;
	uint32_t stamp; /* the batch that wanted it last */
	uint32_t seq;   /* of the message that deletes it */
	uint32_t hash;
	uint8_t set;
	uint8_t change; /* enum change */
	bool was_found; /* at start, not made by this process */
	bool is_gone;   /* the kernel says that it ended already */
	uint8_t key[];
};

struct nft_apply {
	int fd;
	uint32_t seq;
	uint32_t stamp;
	uint32_t n_buckets, n_nodes;
	struct node **bucket;
	struct node **own; /* by device number */
	struct node *changed;
	bool is_narrower;
	bool refuses; /* for tests */
	char *batch;
	struct fault *why;
};

static const uint8_t table_family[] = {[NFT_TABLE_BRIDGE] = NFPROTO_BRIDGE,
	[NFT_TABLE_INET] = NFPROTO_INET,
	[NFT_TABLE_GUARD] = NFPROTO_INET};
static const char *const table_name[] = {[NFT_TABLE_BRIDGE] = "pinfold",
	[NFT_TABLE_INET] = "pinfold",
	[NFT_TABLE_GUARD] = "pinfold-guard"};

/* --- mirror ------------------------------------------------------------------------------------ */

static uint32_t
hash(uint8_t set, const uint8_t *key, unsigned len)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) * (set + 1u);

	for (unsigned i = 0; i < len; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return (uint32_t)(h * UINT64_C(0xbf58476d1ce4e5b9) >> 32);
}

static struct node **
place(const struct nft_apply *apply, const struct nft_element *element)
{
	unsigned len = nft_element_key_len(element);
	uint32_t h = hash(element->set, element->key, len);
	struct node **node = &apply->bucket[h & (apply->n_buckets - 1)];

	while (*node && ((*node)->hash != h || (*node)->set != element->set ||
				memcmp((*node)->key, element->key, len)))
		node = &(*node)->next;
	return node;
}

static unsigned
node_key_len(const struct node *node)
{
	const struct nft_set_shape *shape = &nft_sets[node->set];
	return shape->traits & NFT_IS_INTERVAL ? 2u * shape->key : shape->key;
}

static void
grow(struct nft_apply *apply)
{
	uint32_t n = apply->n_buckets * 2;
	struct node **bucket = must_alloc(n, sizeof(struct node *));

	memset(bucket, 0, n * sizeof(struct node *));
	for (uint32_t i = 0; i < apply->n_buckets; i++) {
		struct node *node = apply->bucket[i];
		while (node) {
			struct node *next = node->next;
			struct node **at = &bucket[node->hash & (n - 1)];
			node->next = *at;
			*at = node;
			node = next;
		}
	}
	free(apply->bucket);
	apply->bucket = bucket;
	apply->n_buckets = n;
}

static void
link_own(struct nft_apply *apply, struct node *node)
{
	struct node **head = &apply->own[node->device];

	node->next_own = *head;
	node->prev_own = head;
	if (*head)
		(*head)->prev_own = &node->next_own;
	*head = node;
}

static void
unlink_own(struct node *node)
{
	*node->prev_own = node->next_own;
	if (node->next_own)
		node->next_own->prev_own = node->prev_own;
}

/* Of an element that is not there. */
static struct node *
insert(struct nft_apply *apply, const struct nft_element *element)
{
	unsigned len = nft_element_key_len(element);

	if (apply->n_nodes >= apply->n_buckets)
		grow(apply);
	struct node *node = must_alloc(1, sizeof *node + len);
	memset(node, 0, sizeof *node);
	node->hash = hash(element->set, element->key, len);
	struct node **at = &apply->bucket[node->hash & (apply->n_buckets - 1)];
	node->set = element->set;
	node->device = element->device;
	node->data = element->data;
	node->expires_ns = element->expires_ns;
	memcpy(node->key, element->key, len);
	node->next = *at;
	*at = node;
	apply->n_nodes++;
	link_own(apply, node);
	return node;
}

static void
erase(struct nft_apply *apply, struct node *node)
{
	struct node **at = &apply->bucket[node->hash & (apply->n_buckets - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	unlink_own(node);
	apply->n_nodes--;
	free(node);
}

static void
erase_all(struct nft_apply *apply)
{
	for (uint32_t i = 0; i < apply->n_buckets; i++)
		while (apply->bucket[i]) {
			struct node *node = apply->bucket[i];
			apply->bucket[i] = node->next;
			unlink_own(node);
			free(node);
		}
	apply->n_nodes = 0;
}

enum err
nft_apply_new(struct nft_apply **out)
{
	struct nft_apply *apply = must_alloc(1, sizeof *apply);

	memset(apply, 0, sizeof *apply);
	apply->fd = kernel_netlink(NETLINK_NETFILTER);
	if (apply->fd < 0) {
		free(apply);
		return ERR_SYSTEM;
	}
	apply->n_buckets = BUCKETS_MIN;
	apply->bucket = must_alloc(BUCKETS_MIN, sizeof(struct node *));
	memset(apply->bucket, 0, BUCKETS_MIN * sizeof(struct node *));
	/* Eight bytes for each possible device, zero pages until touched. */
	apply->own = calloc(DEVICE_NUMBER_MAX + 1, sizeof(struct node *));
	apply->batch = malloc(BATCH_MAX + MNL_SOCKET_BUFFER_SIZE);
	if (!apply->own || !apply->batch)
		fatal("rules", "out of memory");
	*out = apply;
	return ERR_OK;
}

void
nft_apply_free(struct nft_apply *apply)
{
	if (!apply)
		return;
	erase_all(apply);
	close(apply->fd);
	free(apply->bucket);
	free(apply->own);
	free(apply->batch);
	free(apply);
}

uint32_t
nft_apply_count(const struct nft_apply *apply)
{
	return apply->n_nodes;
}

static bool
has_ended(uint64_t expires_ns)
{
	return expires_ns && expires_ns <= clock_monotonic_ns();
}

bool
nft_apply_holds(
	const struct nft_apply *apply, const struct nft_element *element, uint64_t *expires_ns)
{
	struct node *node = *place(apply, element);

	if (!node || has_ended(node->expires_ns))
		return false;
	*expires_ns = node->expires_ns;
	return true;
}

bool
nft_apply_find_data(
	const struct nft_apply *apply, const struct nft_element *element, uint32_t *data)
{
	struct node *node = *place(apply, element);

	if (!node || has_ended(node->expires_ns))
		return false;
	*data = node->data;
	return true;
}

bool
nft_apply_find_owner(
	const struct nft_apply *apply, const struct nft_element *element, uint32_t *device)
{
	struct node *node = *place(apply, element);

	if (!node)
		return false;
	*device = node->device;
	return true;
}

static struct nft_element
element_of(const struct node *node)
{
	struct nft_element element = {.expires_ns = node->expires_ns,
		.device = node->device,
		.data = node->data,
		.set = node->set};

	memcpy(element.key, node->key, node_key_len(node));
	return element;
}

void
nft_apply_each(const struct nft_apply *apply, uint32_t device,
	void (*each)(const struct nft_element *, bool was_found_at_start, void *arg), void *arg)
{
	for (const struct node *node = apply->own[device]; node; node = node->next_own) {
		struct nft_element element = element_of(node);
		each(&element, node->was_found, arg);
	}
}

/* --- what a batch is made of -------------------------------------------------------------------- */

void
nft_apply_begin(struct nft_apply *apply)
{
	apply->stamp++;
	apply->changed = NULL;
	apply->is_narrower = false;
}

static void
change(struct nft_apply *apply, struct node *node, enum change to)
{
	if (node->change == CHANGE_NONE) {
		node->next_changed = apply->changed;
		apply->changed = node;
	}
	node->change = (uint8_t)to;
	node->is_gone = false;
}

void
nft_apply_want(struct nft_apply *apply, const struct nft_element *element)
{
	const struct nft_set_shape *shape = &nft_sets[element->set];
	struct node *node = *place(apply, element);

	if (has_ended(element->expires_ns))
		return;
	if (!node) {
		node = insert(apply, element);
		node->want_device = element->device;
		node->want_data = element->data;
		node->want_expires_ns = element->expires_ns;
		node->stamp = apply->stamp;
		if (element->set == NFT_PATCHED)
			apply->is_narrower = true;
		change(apply, node, CHANGE_ADD);
		return;
	}
	bool is_again = node->stamp == apply->stamp;
	uint64_t ends = element->expires_ns;
	if (is_again && (!node->want_expires_ns || (ends && ends < node->want_expires_ns)))
		ends = node->want_expires_ns;
	node->stamp = apply->stamp;
	node->want_device = element->device;
	node->want_data = element->data;
	node->want_expires_ns = ends;
	if (node->change == CHANGE_ADD)
		return;
	bool is_same_end = node->expires_ns == ends ||
			   (node->expires_ns && ends && ends < node->expires_ns + SAME_END_NS &&
				   node->expires_ns < ends + SAME_END_NS);
	/* Another state, or another device behind the address: running flows are judged anew. */
	if ((element->set == NFT_ADDRESS4 || element->set == NFT_ADDRESS6) &&
		(node->data ^ element->data) & (NFT_MARK_STATE | NFT_MARK_NUMBER))
		apply->is_narrower = true;
	bool has_data = shape->traits & (NFT_HAS_DATA | NFT_HAS_LIMIT);
	if (is_same_end && (!has_data || node->data == element->data) &&
		!has_ended(node->expires_ns)) {
		if (node->device != element->device)
			change(apply, node, CHANGE_CLAIM);
		return;
	}
	/* The kernel's clock may be behind ours: what ended just now may still be there. */
	bool is_gone =
		node->expires_ns && node->expires_ns + CLOCK_SECOND_NS <= clock_monotonic_ns();
	change(apply, node, is_gone ? CHANGE_ADD : CHANGE_REPLACE);
}

static void
unwant(struct nft_apply *apply, struct node *node)
{
	if (has_ended(node->expires_ns)) {
		/* The kernel took it away by itself. */
		change(apply, node, CHANGE_DELETE);
		node->is_gone = true;
		return;
	}
	if (nft_sets[node->set].traits & NFT_OPENS || node->set == NFT_ADDRESS4 ||
		node->set == NFT_ADDRESS6)
		apply->is_narrower = true;
	change(apply, node, CHANGE_DELETE);
}

void
nft_apply_drop(struct nft_apply *apply, const struct nft_element *element)
{
	struct node *node = *place(apply, element);

	if (node && node->change == CHANGE_NONE)
		unwant(apply, node);
}

void
nft_apply_drop_rest(struct nft_apply *apply, uint32_t device)
{
	for (struct node *node = apply->own[device]; node; node = node->next_own)
		if (node->stamp != apply->stamp && node->change == CHANGE_NONE &&
			node->set != NFT_PAUSE && node->set != NFT_RECHECK &&
			!nft_is_rig(node->set))
			unwant(apply, node);
}

/* --- messages --------------------------------------------------------------------------------------- */

static struct nlmsghdr *
put_header(char *at, uint16_t type, uint16_t flags, uint32_t seq, uint8_t family, uint16_t resource)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(at);
	struct nfgenmsg *generic;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = seq;
	generic = mnl_nlmsg_put_extra_header(header, sizeof *generic);
	generic->nfgen_family = family;
	generic->version = NFNETLINK_V0;
	generic->res_id = htons(resource);
	return header;
}

static void
put_value(struct nlmsghdr *header, uint16_t attribute, const void *bytes, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(header, attribute);
	mnl_attr_put(header, NFTA_DATA_VALUE, len, bytes);
	mnl_attr_nest_end(header, nest);
}

static void
put_limit(struct nlmsghdr *header, enum nft_set set, uint32_t rate)
{
	bool is_over = set != NFT_QUIET && set != NFT_URGENT;
	uint32_t burst = rate < 10 ? 20 : rate > 4000 ? 4000 : 2 * rate;
	struct nlattr *nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_EXPR);

	/* A surge is told after a fifth of a second of it. */
	if (set == NFT_SURGE || set == NFT_FLOW_SURGE)
		burst = rate / 5 ? rate / 5 : 1;
	mnl_attr_put_strz(header, NFTA_EXPR_NAME, "limit");
	struct nlattr *data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
	mnl_attr_put_u64(header, NFTA_LIMIT_RATE, htobe64(rate));
	mnl_attr_put_u64(header, NFTA_LIMIT_UNIT, htobe64(1));
	mnl_attr_put_u32(header, NFTA_LIMIT_BURST, htonl(burst));
	mnl_attr_put_u32(header, NFTA_LIMIT_TYPE, htonl(NFT_LIMIT_PKTS));
	mnl_attr_put_u32(header, NFTA_LIMIT_FLAGS, htonl(is_over ? NFT_LIMIT_F_INV : 0));
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, nest);
}

static void
put_counter(struct nlmsghdr *header)
{
	struct nlattr *nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_EXPR);

	mnl_attr_put_strz(header, NFTA_EXPR_NAME, "counter");
	struct nlattr *data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
	mnl_attr_put_u64(header, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(header, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, nest);
}

static void
put_element(struct nlmsghdr *header, const struct node *node, bool is_added, uint64_t now_ns)
{
	const struct nft_set_shape *shape = &nft_sets[node->set];
	struct nlattr *nest = mnl_attr_nest_start(header, NFTA_LIST_ELEM);

	put_value(header, NFTA_SET_ELEM_KEY, node->key, shape->key);
	if (shape->traits & NFT_IS_INTERVAL)
		put_value(header, NFTA_SET_ELEM_KEY_END, node->key + shape->key, shape->key);
	if (is_added) {
		if (shape->traits & NFT_HAS_DATA)
			put_value(header, NFTA_SET_ELEM_DATA, &node->want_data, 4);
		if (node->want_expires_ns) {
			uint64_t ms = (node->want_expires_ns - now_ns) / CLOCK_MS_NS;
			mnl_attr_put_u64(header, NFTA_SET_ELEM_TIMEOUT, htobe64(ms ? ms : 1));
		}
		if (shape->traits & NFT_HAS_LIMIT)
			put_limit(header, (enum nft_set)node->set, node->want_data);
		if (shape->traits & NFT_HAS_COUNTER)
			put_counter(header);
	}
	mnl_attr_nest_end(header, nest);
}

/* Messages of one batch in the making. */
struct batch {
	char *start, *at;
	uint32_t first_seq, last_seq;
	uint64_t now_ns;
	struct nlmsghdr *header;
	struct nlattr *list;
	unsigned rows;
	uint8_t set;
	bool is_adding, is_full;
};

static void
message_end(struct batch *batch)
{
	if (!batch->header)
		return;
	mnl_attr_nest_end(batch->header, batch->list);
	batch->at = (char *)batch->header + MNL_ALIGN(batch->header->nlmsg_len);
	batch->header = NULL;
}

static void
message_begin(struct nft_apply *apply, struct batch *batch, uint8_t set, bool is_adding)
{
	const struct nft_set_shape *shape = &nft_sets[set];
	uint16_t type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 |
				   (is_adding ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM));

	message_end(batch);
	batch->header = put_header(batch->at, type, is_adding ? NLM_F_CREATE : 0, ++apply->seq,
		table_family[shape->table], 0);
	mnl_attr_put_strz(batch->header, NFTA_SET_ELEM_LIST_TABLE, table_name[shape->table]);
	mnl_attr_put_strz(batch->header, NFTA_SET_ELEM_LIST_SET, shape->name);
	batch->list = mnl_attr_nest_start(batch->header, NFTA_SET_ELEM_LIST_ELEMENTS);
	batch->rows = 0;
	batch->set = set;
	batch->is_adding = is_adding;
	batch->last_seq = apply->seq;
}

static void
batch_put(struct nft_apply *apply, struct batch *batch, struct node *node, bool is_adding)
{
	/* An element near its end is deleted by a message of its own, so that its failure is told. */
	bool alone =
		!is_adding && node->expires_ns && node->expires_ns < batch->now_ns + NEAR_END_NS;

	if ((batch->header ? (char *)mnl_nlmsg_get_payload_tail(batch->header) : batch->at) -
			batch->start >
		BATCH_MAX - 4096) {
		batch->is_full = true;
		return;
	}
	if (!batch->header || batch->set != node->set || batch->is_adding != is_adding ||
		batch->rows == ROWS_IN_MESSAGE || alone)
		message_begin(apply, batch, node->set, is_adding);
	put_element(batch->header, node, is_adding, batch->now_ns);
	batch->rows = alone ? ROWS_IN_MESSAGE : batch->rows + 1;
	if (alone)
		node->seq = batch->last_seq;
}

/* Reads errors until the acknowledgement of the last message; 0, or errno of the first. */
static int
batch_wait(struct nft_apply *apply, const struct batch *batch)
{
	static char buffer[64 * 1024];
	int first = 0;

	for (;;) {
		ssize_t n = recv(apply->fd, buffer, sizeof buffer, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno; /* ENOBUFS, EAGAIN after the socket's timeout: nobody knows */
		int left = (int)n;
		for (struct nlmsghdr *header = (struct nlmsghdr *)(void *)buffer;
			mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
			if (header->nlmsg_type != NLMSG_ERROR ||
				header->nlmsg_seq - batch->first_seq >
					batch->last_seq - batch->first_seq)
				continue;
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
			if (!error->error && header->nlmsg_seq == batch->last_seq)
				return first;
			if (!error->error)
				continue;
			if (!first)
				first = -error->error;
			if (first == ENOENT)
				for (struct node *node = apply->changed; node;
					node = node->next_changed)
					if (node->seq && node->seq == header->nlmsg_seq)
						node->is_gone = true;
			if (header->nlmsg_seq == batch->last_seq ||
				header->nlmsg_seq == batch->first_seq)
				return first;
		}
	}
}

static int
batch_send(struct nft_apply *apply, uint32_t *took_us)
{
	struct batch batch = {.start = apply->batch,
		.at = apply->batch,
		.now_ns = clock_monotonic_ns(),
		.first_seq = ++apply->seq};
	struct nlmsghdr *header;
	unsigned n = 0;

	header = put_header(batch.at, NFNL_MSG_BATCH_BEGIN, 0, batch.first_seq, AF_UNSPEC,
		NFNL_SUBSYS_NFTABLES);
	batch.at += MNL_ALIGN(header->nlmsg_len);
	/* Deletions first: an interval may give way to a wider one. */
	for (int adding = 0; adding < 2; adding++)
		for (int set = 1; set < NFT_SET_COUNT; set++) {
			for (struct node *node = apply->changed; node; node = node->next_changed) {
				if (node->set != set || node->change == CHANGE_CLAIM)
					continue;
				bool is_due = adding ? node->change != CHANGE_DELETE
						     : node->change != CHANGE_ADD && !node->is_gone;
				if (!is_due)
					continue;
				batch_put(apply, &batch, node, adding);
				n++;
			}
		}
	if (!n)
		return 0;
	if (batch.is_full)
		return E2BIG;
	batch.header->nlmsg_flags |= NLM_F_ACK;
	message_end(&batch);
	header = put_header(
		batch.at, NFNL_MSG_BATCH_END, 0, ++apply->seq, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	batch.at += MNL_ALIGN(header->nlmsg_len);
	if (apply->refuses)
		return EPERM;

	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	uint64_t sent_ns = clock_monotonic_ns();
	ssize_t sent;
	do
		sent = sendto(apply->fd, batch.start, (size_t)(batch.at - batch.start), 0,
			(struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	int error = sent < 0 ? errno : batch_wait(apply, &batch);
	*took_us = (uint32_t)((clock_monotonic_ns() - sent_ns) / 1000);
	return error;
}

static void
settle(struct nft_apply *apply, bool is_done, struct nft_outcome *outcome)
{
	struct node *next;

	for (struct node *node = apply->changed; node; node = next) {
		enum change was = (enum change)node->change;
		next = node->next_changed;
		node->change = CHANGE_NONE;
		node->seq = 0;
		bool is_new = was == CHANGE_ADD && node->stamp == apply->stamp;
		if (!is_done) {
			/* A key that had ended stays ended; one that is new was never there. */
			if (is_new && !has_ended(node->expires_ns))
				erase(apply, node);
			continue;
		}
		outcome->added += was != CHANGE_DELETE && was != CHANGE_CLAIM;
		outcome->deleted += was != CHANGE_ADD && was != CHANGE_CLAIM && !node->is_gone;
		if (was == CHANGE_DELETE) {
			erase(apply, node);
			continue;
		}
		node->expires_ns = node->want_expires_ns;
		node->data = node->want_data;
		node->was_found = false;
		if (node->device != node->want_device) {
			unlink_own(node);
			node->device = node->want_device;
			link_own(apply, node);
		}
	}
	apply->changed = NULL;
}

bool
nft_apply_is_narrower(const struct nft_apply *apply)
{
	return apply->is_narrower;
}

void
nft_apply_cancel(struct nft_apply *apply)
{
	struct nft_outcome none = {0};
	settle(apply, false, &none);
}

enum err
nft_apply_commit(struct nft_apply *apply, struct nft_outcome *outcome)
{
	struct nft_outcome out = {.is_narrower = apply->is_narrower};
	int error = 0;

	for (int i = 0; i < TRIES; i++) {
		error = batch_send(apply, &out.took_us);
		/* What ended by itself meanwhile is left out the next time. */
		if (error != ENOENT)
			break;
	}
	settle(apply, !error, &out);
	if (error) {
		errno = error;
		return error == E2BIG ? ERR_FULL : ERR_KERNEL;
	}
	*outcome = out;
	return ERR_OK;
}

void
nft_apply_refuse_for_test(struct nft_apply *apply, bool refuses)
{
	apply->refuses = refuses;
}

/* --- reading the kernel's sets ----------------------------------------------------------------------- */

struct reading {
	struct nft_apply *apply;
	uint8_t set;
	uint64_t now_ns;
	void (*each)(uint32_t device, uint64_t packets, uint64_t bytes, void *arg);
	void *arg;
};

/* Attributes by number, of one nest; those that we do not know are left. */
struct attributes {
	const struct nlattr *at[32];
};

static struct attributes
attributes_of(const struct nlattr *nest)
{
	struct attributes out = {0};
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, nest) if (mnl_attr_get_type(attribute) < 32)
		out.at[mnl_attr_get_type(attribute)] = attribute;
	return out;
}

static bool
read_value(void *out, size_t len, const struct nlattr *nest)
{
	if (!nest)
		return false;
	const struct nlattr *value = attributes_of(nest).at[NFTA_DATA_VALUE];
	if (!value || mnl_attr_get_payload_len(value) != len)
		return false;
	memcpy(out, mnl_attr_get_payload(value), len);
	return true;
}

static uint64_t
read_u64(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) == 8
		       ? be64toh(mnl_attr_get_u64(attribute))
		       : 0;
}

/* Whose an element is that we find: what its key or data says; 0 where only a port or MAC does. */
static uint32_t
owner_of(const struct nft_element *element)
{
	uint32_t number = 0;

	switch (nft_sets[element->set].key) {
	case 6:
		return 0;
	default:
		break;
	}
	switch ((enum nft_set)element->set) {
	case NFT_BOUND4:
	case NFT_BOUND6:
	case NFT_TARGET6:
	case NFT_ADDRESS4:
	case NFT_ADDRESS6:
		number = element->data;
		break;
	case NFT_DOOR_NAT4:
	case NFT_CLOSED:
	case NFT_CAP:
	case NFT_SURGE:
		return 0;
	default:
		memcpy(&number, element->key, 4);
		if (nft_sets[element->set].traits & NFT_IS_INTERVAL)
			number = ntohl(number);
	}
	return number & NFT_MARK_NUMBER;
}

static void
found(struct reading *reading, const struct attributes *row)
{
	const struct nft_set_shape *shape = &nft_sets[reading->set];
	struct nft_element element = {.set = reading->set};
	const struct nlattr *expression = row->at[NFTA_SET_ELEM_EXPR];
	struct attributes inside = {0};

	if (!read_value(element.key, shape->key, row->at[NFTA_SET_ELEM_KEY]))
		return;
	if (shape->traits & NFT_IS_INTERVAL &&
		!read_value(element.key + shape->key, shape->key, row->at[NFTA_SET_ELEM_KEY_END]))
		memcpy(element.key + shape->key, element.key, shape->key);
	if (shape->traits & NFT_HAS_DATA)
		read_value(&element.data, 4, row->at[NFTA_SET_ELEM_DATA]);
	if (expression) {
		const struct nlattr *data = attributes_of(expression).at[NFTA_EXPR_DATA];
		if (data)
			inside = attributes_of(data);
	}
	if (shape->traits & NFT_HAS_LIMIT)
		element.data = (uint32_t)read_u64(inside.at[NFTA_LIMIT_RATE]);
	if (row->at[NFTA_SET_ELEM_EXPIRATION])
		element.expires_ns =
			reading->now_ns + read_u64(row->at[NFTA_SET_ELEM_EXPIRATION]) * CLOCK_MS_NS;
	element.device = owner_of(&element);
	if (reading->each) {
		reading->each(element.device, read_u64(inside.at[NFTA_COUNTER_PACKETS]),
			read_u64(inside.at[NFTA_COUNTER_BYTES]), reading->arg);
		return;
	}
	if (!*place(reading->apply, &element))
		insert(reading->apply, &element)->was_found = true;
}

static bool
on_elements(const struct nlmsghdr *header, void *arg)
{
	struct reading *reading = arg;
	const struct nlattr *attribute, *row;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(row, attribute)
		{
			struct attributes attributes = attributes_of(row);
			found(reading, &attributes);
		}
	}
	return true;
}

static enum err
read_set(struct reading *reading)
{
	char buffer[512];
	const struct nft_set_shape *shape = &nft_sets[reading->set];
	enum err err = ERR_BUSY;

	for (int i = 0; i < TRIES && err == ERR_BUSY; i++) {
		struct nlmsghdr *header =
			put_header(buffer, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
				NLM_F_DUMP, ++reading->apply->seq, table_family[shape->table], 0);
		mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, table_name[shape->table]);
		mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, shape->name);
		reading->now_ns = clock_monotonic_ns();
		err = kernel_dump(reading->apply->fd, header, on_elements, reading);
	}
	return err;
}

static enum err
read_all(struct nft_apply *apply)
{
	for (int set = 1; set < NFT_SET_COUNT; set++) {
		struct reading reading = {.apply = apply, .set = (uint8_t)set};
		enum err err = read_set(&reading);
		if (err)
			return err;
	}
	return ERR_OK;
}

enum err
nft_apply_resync(struct nft_apply *apply)
{
	erase_all(apply);
	return read_all(apply);
}

enum err
nft_apply_counters(struct nft_apply *apply,
	void (*each)(uint32_t device, uint64_t packets, uint64_t bytes, void *arg), void *arg)
{
	struct reading reading = {.apply = apply, .set = NFT_DENIED, .each = each, .arg = arg};
	return read_set(&reading);
}

/* --- the base ------------------------------------------------------------------------------------------ */

static bool
on_table(const struct nlmsghdr *header, void *arg)
{
	char *comment = arg;
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) != NFTA_TABLE_USERDATA)
			continue;
		/* Type, length, value; nft writes a comment as type 0. */
		const uint8_t *at = mnl_attr_get_payload(attribute);
		unsigned len = mnl_attr_get_payload_len(attribute);
		if (len >= 2 && at[0] == 0 && at[1] <= len - 2 && at[1] < NFT_BASE_COMMENT_MAX) {
			memcpy(comment, at + 2, at[1]);
			comment[at[1]] = '\0';
		}
	}
	return true;
}

/* False when there is no such table; a table without comment leaves it empty. */
static bool
find_comment(
	struct nft_apply *apply, enum nft_table table, char comment[static NFT_BASE_COMMENT_MAX])
{
	char buffer[256];
	struct nlmsghdr *header = put_header(buffer, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
		NLM_F_ACK, ++apply->seq, table_family[table], 0);

	comment[0] = '\0';
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, table_name[table]);
	return !kernel_dump(apply->fd, header, on_table, comment);
}

bool
nft_apply_is_loaded(struct nft_apply *apply, const struct nft_base *base)
{
	char comment[NFT_BASE_COMMENT_MAX];

	for (enum nft_table table = 0; table < NFT_TABLE_COUNT; table++)
		if (!find_comment(apply, table, comment) || strcmp(comment, base->comment))
			return false;
	return true;
}

/* What older tables hold; a set that they did not have is no loss. */
static void
read_older(struct nft_apply *apply)
{
	for (int set = 1; set < NFT_SET_COUNT; set++) {
		struct reading reading = {.apply = apply, .set = (uint8_t)set};
		if (read_set(&reading))
			log_info(
				"rules", "the older tables have no set \"%s\"", nft_sets[set].name);
	}
}

/* Sends the mirror anew, device by device, into tables that were just made. */
static enum err
reinstall(struct nft_apply *apply)
{
	for (uint32_t device = 0; device <= DEVICE_NUMBER_MAX; device++) {
		struct nft_outcome outcome;
		struct node *next;
		if (!apply->own[device])
			continue;
		nft_apply_begin(apply);
		for (struct node *node = apply->own[device]; node; node = next) {
			next = node->next_own;
			if (has_ended(node->expires_ns) ||
				(node->set == NFT_RECHECK && device == 0)) {
				erase(apply, node);
				continue;
			}
			node->want_device = node->device;
			node->want_data = node->data;
			node->want_expires_ns = node->expires_ns;
			change(apply, node, CHANGE_ADD);
		}
		enum err err = nft_apply_commit(apply, &outcome);
		if (err)
			return err;
	}
	return ERR_OK;
}

static enum err
run_text(const char *text, struct fault *why)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft)
		return ERR_SYSTEM;
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	int refused = nft_run_cmd_from_buffer(nft, text);
	if (refused) {
		const char *said = nft_ctx_get_error_buffer(nft);
		fault_set(why, ERR_KERNEL, "the kernel refused the base rules: %.*s",
			(int)strcspn(said, "\n"), said);
	}
	nft_ctx_free(nft);
	return refused ? ERR_KERNEL : ERR_OK;
}

/*
 * One transaction takes old tables away and brings the new ones: their sets
 * are empty at first, so that for a moment nothing passes.
 */
enum err
nft_apply_mend(struct nft_apply *apply, const struct nft_base *base, struct fault *why)
{
	static const char away[] = "table bridge pinfold {}\ndelete table bridge pinfold\n"
				   "table inet pinfold {}\ndelete table inet pinfold\n"
				   "table inet pinfold-guard {}\n"
				   "delete table inet pinfold-guard\n";
	auto_free char *text = NULL;
	enum err err = ERR_KERNEL;

	if (asprintf(&text, "%s%s", away, base->text) < 0)
		fatal("rules", "out of memory");
	/* Whoever took them away may do it again meanwhile. */
	for (int i = 0; i < TRIES && err == ERR_KERNEL; i++) {
		err = run_text(text, why);
		if (err)
			return err;
		err = reinstall(apply);
	}
	if (err)
		fault_set(why, err, "the tables do not take what they held before: %m");
	return err;
}

enum err
nft_apply_load(
	struct nft_apply *apply, const struct nft_base *base, bool *adopted, struct fault *why)
{
	enum err err;

	if (nft_apply_is_loaded(apply, base)) {
		err = nft_apply_resync(apply);
		if (err)
			fault_set(why, err, "the loaded sets cannot be read: %m");
		else
			*adopted = true;
		return err;
	}
	erase_all(apply);
	char comment[NFT_BASE_COMMENT_MAX];
	if (find_comment(apply, NFT_TABLE_BRIDGE, comment) ||
		find_comment(apply, NFT_TABLE_INET, comment))
		read_older(apply);
	err = nft_apply_mend(apply, base, why);
	if (err)
		return err;
	*adopted = false;
	return nft_apply_resync(apply);
}
