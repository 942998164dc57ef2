/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_apply.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "policy/kernel.h"
#include "policy/nft_apply_inside.h"
#include "policy/nft_message.h"

enum {
	BATCH_MAX = 6 * 1024 * 1024,
	ROWS_IN_MESSAGE = 200, /* a netlink attribute ends at 64 KiB */
};

/* So near to its end an element may be gone before the batch arrives. */
#define NEAR_END_NS (2 * CLOCK_SECOND_NS)
/* Fewer milliseconds more than it has are not worth a batch. */
#define SAME_END_NS (20 * CLOCK_MS_NS)

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
	nft_mirror_init(&apply->mirror);
	apply->batch = malloc(BATCH_MAX + MNL_SOCKET_BUFFER_SIZE);
	if (!apply->batch)
		fatal("rules", "out of memory");
	*out = apply;
	return ERR_OK;
}

void
nft_apply_free(struct nft_apply *apply)
{
	if (!apply)
		return;
	nft_mirror_fini(&apply->mirror);
	close(apply->fd);
	free(apply->batch);
	free(apply);
}

uint32_t
nft_apply_count(const struct nft_apply *apply)
{
	return apply->mirror.n_nodes;
}

bool
nft_apply_holds(
	const struct nft_apply *apply, const struct nft_element *element, uint64_t *expires_ns)
{
	struct nft_node *node = nft_mirror_find(&apply->mirror, element);

	if (!node || nft_has_ended(node->expires_ns))
		return false;
	*expires_ns = node->expires_ns;
	return true;
}

bool
nft_apply_find_data(
	const struct nft_apply *apply, const struct nft_element *element, uint32_t *data)
{
	struct nft_node *node = nft_mirror_find(&apply->mirror, element);

	if (!node || nft_has_ended(node->expires_ns))
		return false;
	*data = node->data;
	return true;
}

bool
nft_apply_find_owner(
	const struct nft_apply *apply, const struct nft_element *element, uint32_t *device)
{
	struct nft_node *node = nft_mirror_find(&apply->mirror, element);

	if (!node)
		return false;
	*device = node->device;
	return true;
}

void
nft_apply_each(const struct nft_apply *apply, uint32_t device,
	void (*each)(const struct nft_element *, bool was_found_at_start, void *arg), void *arg)
{
	for (const struct nft_node *node = apply->mirror.own[device]; node; node = node->next_own) {
		struct nft_element element = nft_node_element(node);
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

void
nft_apply_change(struct nft_apply *apply, struct nft_node *node, enum nft_change to)
{
	if (node->change == CHANGE_NONE) {
		node->next_changed = apply->changed;
		apply->changed = node;
	}
	node->change = (uint8_t)to;
	node->is_gone = false;
}

static void
want_new(struct nft_apply *apply, const struct nft_element *element)
{
	struct nft_node *node = nft_mirror_insert(&apply->mirror, element);

	node->want_device = element->device;
	node->want_data = element->data;
	node->want_expires_ns = element->expires_ns;
	node->stamp = apply->stamp;
	if (element->set == NFT_PATCHED)
		apply->is_narrower = true;
	nft_apply_change(apply, node, CHANGE_ADD);
}

static bool
is_same_end(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns == b_ns ||
	       (a_ns && b_ns && a_ns < b_ns + SAME_END_NS && b_ns < a_ns + SAME_END_NS);
}

void
nft_apply_want(struct nft_apply *apply, const struct nft_element *element)
{
	const struct nft_set_shape *shape = &nft_sets[element->set];
	struct nft_node *node = nft_mirror_find(&apply->mirror, element);
	uint64_t ends = element->expires_ns;

	if (nft_has_ended(ends))
		return;
	if (!node) {
		want_new(apply, element);
		return;
	}
	bool is_again = node->stamp == apply->stamp;
	if (is_again && (!node->want_expires_ns || (ends && ends < node->want_expires_ns)))
		ends = node->want_expires_ns;
	node->stamp = apply->stamp;
	node->want_device = element->device;
	node->want_data = element->data;
	node->want_expires_ns = ends;
	if (node->change == CHANGE_ADD)
		return;
	/* Another state, or another device behind the address: running flows are judged anew. */
	if ((element->set == NFT_ADDRESS4 || element->set == NFT_ADDRESS6) &&
		(node->data ^ element->data) & (NFT_MARK_STATE | NFT_MARK_NUMBER))
		apply->is_narrower = true;
	bool has_data = shape->traits & (NFT_HAS_DATA | NFT_HAS_LIMIT);
	if (is_same_end(node->expires_ns, ends) && (!has_data || node->data == element->data) &&
		!nft_has_ended(node->expires_ns)) {
		if (node->device != element->device)
			nft_apply_change(apply, node, CHANGE_CLAIM);
		return;
	}
	/* The kernel's clock may be behind ours: what ended just now may still be there. */
	bool is_gone =
		node->expires_ns && node->expires_ns + CLOCK_SECOND_NS <= clock_monotonic_ns();
	nft_apply_change(apply, node, is_gone ? CHANGE_ADD : CHANGE_REPLACE);
}

static void
unwant(struct nft_apply *apply, struct nft_node *node)
{
	if (nft_has_ended(node->expires_ns)) {
		/* The kernel took it away by itself. */
		nft_apply_change(apply, node, CHANGE_DELETE);
		node->is_gone = true;
		return;
	}
	if (nft_sets[node->set].traits & NFT_OPENS || node->set == NFT_ADDRESS4 ||
		node->set == NFT_ADDRESS6)
		apply->is_narrower = true;
	nft_apply_change(apply, node, CHANGE_DELETE);
}

void
nft_apply_drop(struct nft_apply *apply, const struct nft_element *element)
{
	struct nft_node *node = nft_mirror_find(&apply->mirror, element);

	if (node && node->change == CHANGE_NONE)
		unwant(apply, node);
}

void
nft_apply_drop_rest(struct nft_apply *apply, uint32_t device)
{
	for (struct nft_node *node = apply->mirror.own[device]; node; node = node->next_own)
		if (node->stamp != apply->stamp && node->change == CHANGE_NONE &&
			node->set != NFT_PAUSE && node->set != NFT_RECHECK &&
			!nft_is_rig(node->set, node->expires_ns))
			unwant(apply, node);
}

/* --- messages --------------------------------------------------------------------------------------- */

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
	message_end(batch);
	batch->header =
		nft_message_of_set(batch->at, is_adding ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
			is_adding ? NLM_F_CREATE : 0, ++apply->seq, (enum nft_set)set);
	batch->list = mnl_attr_nest_start(batch->header, NFTA_SET_ELEM_LIST_ELEMENTS);
	batch->rows = 0;
	batch->set = set;
	batch->is_adding = is_adding;
	batch->last_seq = apply->seq;
}

static void
batch_put(struct nft_apply *apply, struct batch *batch, struct nft_node *node, bool is_adding)
{
	/* An element near its end is deleted by a message of its own, so that its failure is told. */
	struct nft_element element = nft_node_wanted(node);
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
	nft_message_put(batch->header, &element, is_adding, batch->now_ns);
	batch->rows = alone ? ROWS_IN_MESSAGE : batch->rows + 1;
	if (alone)
		node->seq = batch->last_seq;
}

/* The element that this message was to delete ended by itself. */
static void
mark_gone(struct nft_apply *apply, uint32_t seq)
{
	for (struct nft_node *node = apply->changed; node; node = node->next_changed)
		if (node->seq && node->seq == seq)
			node->is_gone = true;
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
				mark_gone(apply, header->nlmsg_seq);
			if (header->nlmsg_seq == batch->last_seq ||
				header->nlmsg_seq == batch->first_seq)
				return first;
		}
	}
}

/* The head or the tail of a batch. */
static void
batch_put_mark(struct batch *batch, uint16_t type, uint32_t seq)
{
	struct nlmsghdr *header = nfnetlink_header(batch->at, type, 0, seq, AF_UNSPEC);
	struct nfgenmsg *generic = mnl_nlmsg_get_payload(header);

	generic->res_id = htons(NFNL_SUBSYS_NFTABLES);
	batch->at += MNL_ALIGN(header->nlmsg_len);
}

static bool
is_due(const struct nft_node *node, bool adding)
{
	if (node->change == CHANGE_CLAIM)
		return false;
	return adding ? node->change != CHANGE_DELETE
		      : node->change != CHANGE_ADD && !node->is_gone;
}

/*
 * All that changes, set by set; how many elements.  Deletions first: an
 * interval may give way to a wider one.
 */
static unsigned
batch_fill(struct nft_apply *apply, struct batch *batch)
{
	unsigned n = 0;

	for (int adding = 0; adding < 2; adding++)
		for (int set = 1; set < NFT_SET_COUNT; set++)
			for (struct nft_node *node = apply->changed; node;
				node = node->next_changed) {
				if (node->set != set || !is_due(node, adding))
					continue;
				batch_put(apply, batch, node, adding);
				n++;
			}
	return n;
}

static int
batch_send(struct nft_apply *apply, uint32_t *took_us)
{
	struct batch batch = {.start = apply->batch,
		.at = apply->batch,
		.now_ns = clock_monotonic_ns(),
		.first_seq = ++apply->seq};

	batch_put_mark(&batch, NFNL_MSG_BATCH_BEGIN, batch.first_seq);
	if (!batch_fill(apply, &batch))
		return 0;
	if (batch.is_full)
		return E2BIG;
	batch.header->nlmsg_flags |= NLM_F_ACK;
	message_end(&batch);
	batch_put_mark(&batch, NFNL_MSG_BATCH_END, ++apply->seq);
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
	struct nft_node *next;

	for (struct nft_node *node = apply->changed; node; node = next) {
		enum nft_change was = (enum nft_change)node->change;
		next = node->next_changed;
		node->change = CHANGE_NONE;
		node->seq = 0;
		bool is_new = was == CHANGE_ADD && node->stamp == apply->stamp;
		if (!is_done) {
			/* A key that had ended stays ended; one that is new was never there. */
			if (is_new && !nft_has_ended(node->expires_ns))
				nft_mirror_erase(&apply->mirror, node);
			continue;
		}
		outcome->added += was != CHANGE_DELETE && was != CHANGE_CLAIM;
		outcome->deleted += was != CHANGE_ADD && was != CHANGE_CLAIM && !node->is_gone;
		if (was == CHANGE_DELETE) {
			nft_mirror_erase(&apply->mirror, node);
			continue;
		}
		node->expires_ns = node->want_expires_ns;
		node->data = node->want_data;
		node->was_found = false;
		nft_mirror_give(&apply->mirror, node, node->want_device);
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

	for (int i = 0; i < NFT_TRIES; i++) {
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
