/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "policy/kernel.h"
#include "policy/nft_apply_inside.h"
#include "policy/nft_message.h"

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
	struct nlmsghdr *header =
		nfnetlink_header(buffer, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, NLM_F_ACK,
			++apply->seq, nft_table_family(table));

	comment[0] = '\0';
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, nft_table_name(table));
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

/* Sends the mirror anew, device by device, into tables that were just made. */
static enum err
reinstall(struct nft_apply *apply)
{
	for (uint32_t device = 0; device <= DEVICE_NUMBER_MAX; device++) {
		struct nft_outcome outcome;
		struct nft_node *next;
		if (!apply->mirror.own[device])
			continue;
		nft_apply_begin(apply);
		for (struct nft_node *node = apply->mirror.own[device]; node; node = next) {
			next = node->next_own;
			if (nft_has_ended(node->expires_ns) ||
				(node->set == NFT_RECHECK && device == 0)) {
				nft_mirror_erase(&apply->mirror, node);
				continue;
			}
			node->want_device = node->device;
			node->want_data = node->data;
			node->want_expires_ns = node->expires_ns;
			nft_apply_change(apply, node, CHANGE_ADD);
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
	for (int i = 0; i < NFT_TRIES && err == ERR_KERNEL; i++) {
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
	nft_mirror_clear(&apply->mirror);
	char comment[NFT_BASE_COMMENT_MAX];
	if (find_comment(apply, NFT_TABLE_BRIDGE, comment) ||
		find_comment(apply, NFT_TABLE_INET, comment))
		nft_apply_read_older(apply);
	err = nft_apply_mend(apply, base, why);
	if (err)
		return err;
	*adopted = false;
	return nft_apply_resync(apply);
}
