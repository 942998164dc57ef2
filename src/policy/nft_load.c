/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <inttypes.h>
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

/* nft writes a comment as type 0 of type, length, value. */
static void
take_comment(char comment[static NFT_BASE_COMMENT_MAX], const struct nlattr *attribute)
{
	const uint8_t *at = mnl_attr_get_payload(attribute);
	unsigned len = mnl_attr_get_payload_len(attribute);

	if (len >= 2 && at[0] == 0 && at[1] <= len - 2 && at[1] < NFT_BASE_COMMENT_MAX) {
		memcpy(comment, at + 2, at[1]);
		comment[at[1]] = '\0';
	}
}

static bool
on_table(const struct nlmsghdr *header, void *arg)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) == NFTA_TABLE_USERDATA)
			take_comment(arg, attribute);
	}
	return true;
}

/* ERR_KERNEL when there is no such table; a table without comment leaves it empty. */
static enum err
find_comment(
	struct nft_apply *apply, enum nft_table table, char comment[static NFT_BASE_COMMENT_MAX])
{
	char buffer[256];
	struct nlmsghdr *header =
		nfnetlink_header(buffer, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, NLM_F_ACK,
			++apply->seq, nft_table_family(table));

	comment[0] = '\0';
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, nft_table_name(table));
	return kernel_dump(apply->fd, header, on_table, comment);
}

/* --- rules as they were when we had made them ------------------------------------------------------ */

/*
 * A table keeps its comment when somebody flushes its rules or changes one.  So a chain
 * without rules, which is made last, carries a digest of all others and of their rules.
 */
#define SEAL "as_loaded"

struct rules {
	const char *table;
	uint64_t digest;
	char sealed[NFT_BASE_COMMENT_MAX];
};

static void
digest(struct rules *rules, const struct nlattr *attribute)
{
	rules->digest = nft_base_digest(rules->digest, mnl_attr_get_payload(attribute),
		mnl_attr_get_payload_len(attribute));
}

static bool
on_rule(const struct nlmsghdr *header, void *arg)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		digest(arg, attribute);
	}
	return true;
}

static const char *
text_of(const struct nlattr *attribute)
{
	return attribute && !mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING)
		       ? mnl_attr_get_str(attribute)
		       : "";
}

/* The kernel tells the chains of all tables of the family. */
static bool
on_chain(const struct nlmsghdr *header, void *arg)
{
	const struct nlattr *attribute, *row[NFTA_CHAIN_MAX + 1] = {0};
	struct rules *rules = arg;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) <= NFTA_CHAIN_MAX)
			row[mnl_attr_get_type(attribute)] = attribute;
	}
	if (strcmp(text_of(row[NFTA_CHAIN_TABLE]), rules->table))
		return true;
	if (!strcmp(text_of(row[NFTA_CHAIN_NAME]), SEAL)) {
		if (row[NFTA_CHAIN_USERDATA])
			take_comment(rules->sealed, row[NFTA_CHAIN_USERDATA]);
		return true;
	}
	for (unsigned i = 0; i <= NFTA_CHAIN_MAX; i++)
		if (row[i] && i != NFTA_CHAIN_USE && i != NFTA_CHAIN_COUNTERS)
			digest(rules, row[i]);
	return true;
}

static enum err
dump(struct nft_apply *apply, enum nft_table table, struct rules *rules, bool is_of_chains)
{
	char buffer[256];
	struct nlmsghdr *header = nfnetlink_header(buffer,
		NFNL_SUBSYS_NFTABLES << 8 | (is_of_chains ? NFT_MSG_GETCHAIN : NFT_MSG_GETRULE),
		NLM_F_DUMP, ++apply->seq, nft_table_family(table));

	rules->table = nft_table_name(table);
	if (!is_of_chains)
		mnl_attr_put_strz(header, NFTA_RULE_TABLE, rules->table);
	return kernel_dump(apply->fd, header, is_of_chains ? on_chain : on_rule, rules);
}

/* ERR_BUSY while somebody changes them: then nobody can say. */
static enum err
read_rules(struct nft_apply *apply, struct rules *out)
{
	enum err err = ERR_BUSY;

	for (int i = 0; i < NFT_TRIES && err == ERR_BUSY; i++) {
		struct rules rules = {.digest = NFT_BASE_DIGEST};
		err = ERR_OK;
		for (enum nft_table table = 0; table < NFT_TABLE_COUNT && !err; table++) {
			err = dump(apply, table, &rules, true);
			if (!err)
				err = dump(apply, table, &rules, false);
		}
		if (!err)
			*out = rules;
	}
	return err;
}

static void
render_seal(const struct rules *rules, char out[static NFT_BASE_COMMENT_MAX])
{
	snprintf(out, NFT_BASE_COMMENT_MAX, "rules %016" PRIx64, rules->digest);
}

/* What of ours is in the kernel. */
enum found {
	FOUND_NOTHING,
	FOUND_UNSEALED, /* nobody finished making it */
	FOUND_CHANGED,
	FOUND_WHOLE,
	FOUND_UNKNOWN, /* nobody could say just now */
};

static enum found
look(struct nft_apply *apply, const struct nft_base *base)
{
	char comment[NFT_BASE_COMMENT_MAX];
	struct rules rules;
	unsigned n_ours = 0;

	for (enum nft_table table = 0; table < NFT_TABLE_COUNT; table++) {
		enum err err = find_comment(apply, table, comment);
		if (err && err != ERR_KERNEL)
			return FOUND_UNKNOWN;
		n_ours += !err && !strcmp(comment, base->comment);
	}
	if (n_ours < NFT_TABLE_COUNT)
		return n_ours ? FOUND_CHANGED : FOUND_NOTHING;
	if (read_rules(apply, &rules))
		return FOUND_UNKNOWN;
	render_seal(&rules, comment);
	return !rules.sealed[0]                 ? FOUND_UNSEALED
	       : !strcmp(rules.sealed, comment) ? FOUND_WHOLE
						: FOUND_CHANGED;
}

bool
nft_apply_is_loaded(struct nft_apply *apply, const struct nft_base *base)
{
	enum found found = look(apply, base);

	return found == FOUND_WHOLE || found == FOUND_UNKNOWN; /* it is asked again soon */
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

static bool
on_generation(const struct nlmsghdr *header, void *arg)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attribute) == NFTA_GEN_ID &&
			mnl_attr_get_payload_len(attribute) == sizeof(uint32_t))
			*(uint32_t *)arg = ntohl(mnl_attr_get_u32(attribute));
	}
	return true;
}

/* One more with each transaction, whoever makes it. */
static enum err
generation(struct nft_apply *apply, uint32_t *out)
{
	char buffer[64];
	struct nlmsghdr *header = nfnetlink_header(buffer,
		NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, NLM_F_ACK, ++apply->seq, AF_UNSPEC);

	return kernel_dump(apply->fd, header, on_generation, out);
}

/* Makes the tables; *is_sure: rules is what they are made of, and nobody else had a hand in it. */
static enum err
make(struct nft_apply *apply, const char *text, struct rules *rules, bool *is_sure,
	struct fault *why)
{
	uint32_t before = 0, after = 0;
	bool is_known = !generation(apply, &before);
	enum err err = run_text(text, why);

	if (err)
		return err;
	*is_sure = is_known && !read_rules(apply, rules) && !generation(apply, &after) &&
		   after == before + 1;
	return ERR_OK;
}

static enum err
seal(const struct rules *rules, struct fault *why)
{
	char text[160], comment[NFT_BASE_COMMENT_MAX];

	render_seal(rules, comment);
	snprintf(text, sizeof text, "add chain inet %s " SEAL " { comment \"%s\"; }\n",
		nft_table_name(NFT_TABLE_INET), comment);
	return run_text(text, why);
}

/*
 * One transaction takes old tables away and brings the new ones: their sets
 * are empty at first, so that for a moment nothing passes.  What somebody else changes
 * meanwhile is no part of them: then all is made again, and has no seal until it is sure.
 */
enum err
nft_apply_mend(struct nft_apply *apply, const struct nft_base *base, struct fault *why)
{
	static const char away[] = "table bridge pinfold {}\ndelete table bridge pinfold\n"
				   "table inet pinfold {}\ndelete table inet pinfold\n"
				   "table inet pinfold-guard {}\n"
				   "delete table inet pinfold-guard\n";
	auto_free char *text = NULL;
	struct rules rules;
	bool is_sure = false;
	enum err err = ERR_KERNEL;

	if (asprintf(&text, "%s%s", away, base->text) < 0)
		fatal("rules", "out of memory");
	for (int i = 0; i < NFT_TRIES && (err == ERR_KERNEL || (!err && !is_sure)); i++) {
		err = make(apply, text, &rules, &is_sure, why);
		if (err)
			continue;
		err = reinstall(apply);
		if (err)
			fault_set(why, err, "the tables do not take what they held before: %m");
		else if (is_sure)
			err = seal(&rules, why);
	}
	return err;
}

enum err
nft_apply_load(struct nft_apply *apply, const struct nft_base *base, bool *adopted,
	bool *was_changed, struct fault *why)
{
	enum found found = look(apply, base);
	char comment[NFT_BASE_COMMENT_MAX];
	enum err err;

	if (found == FOUND_WHOLE) {
		err = nft_apply_resync(apply);
		if (err)
			fault_set(why, err, "the loaded sets cannot be read: %m");
		else
			*adopted = true;
		return err;
	}
	*was_changed = found == FOUND_CHANGED;
	if (found == FOUND_CHANGED)
		log_warnx("rules", "our rules had been changed or taken away; they are put back");
	nft_mirror_clear(&apply->mirror);
	if (!find_comment(apply, NFT_TABLE_BRIDGE, comment) ||
		!find_comment(apply, NFT_TABLE_INET, comment))
		nft_apply_read_older(apply);
	err = nft_apply_mend(apply, base, why);
	if (err)
		return err;
	*adopted = false;
	return nft_apply_resync(apply);
}
