/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "policy/nft_base.h"
#include "test.h"

static struct message_policy policy;
static struct nft_element rows[NFT_ELEMENTS_MAX];
static struct nft_elements out;
static struct fault why;

static struct ip
ip(const char *text)
{
	struct ip address = {0};
	EXPECT(ip_parse(&address, text));
	return address;
}

static void
device(enum device_state state)
{
	memset(&policy, 0, sizeof policy);
	policy.device = 7;
	policy.state = (uint8_t)state;
	policy.packet_cap = 1000;
	policy.flow_cap = 50;
	policy.n_bindings = 2;
	strcpy(policy.binding[0].port, "p-a");
	memcpy(policy.binding[0].mac, (uint8_t[]){2, 0, 0, 0, 0, 10}, 6);
	policy.binding[0].address = ip("192.168.77.11");
	policy.binding[1] = policy.binding[0];
	policy.binding[1].address = ip("fd77::11");
}

static struct policy_entry *
entry(enum policy_entry_kind kind, const char *prefix_text, uint8_t proto, uint16_t lo, uint16_t hi)
{
	struct policy_entry *added = &policy.entry[policy.n_entries++];
	struct ip_prefix prefix = {0};

	*added = (struct policy_entry){.kind = (uint8_t)kind,
		.proto = proto,
		.port_lo = lo,
		.port_hi = hi,
		.source_hi = 0xffff};
	if (prefix_text) {
		EXPECT(prefix_parse(&prefix, prefix_text));
		added->address = prefix.address;
		added->version = prefix.address.version;
		added->prefix_length = prefix.length;
	}
	return added;
}

static void
render(const struct nft_opened *opened, unsigned n)
{
	out = (struct nft_elements){.row = rows};
	EXPECT_INT(nft_render(&out, &policy, opened, n, &why), ERR_OK);
}

static unsigned
count(enum nft_set set)
{
	unsigned n = 0;
	for (unsigned i = 0; i < out.n; i++)
		n += out.row[i].set == set;
	return n;
}

static const struct nft_element *
first(enum nft_set set)
{
	for (unsigned i = 0; i < out.n; i++)
		if (out.row[i].set == set)
			return &out.row[i];
	return NULL;
}

TEST(a_binding_marks_the_device_with_its_number_and_state)
{
	device(DEVICE_ENFORCE);
	render(NULL, 0);
	const struct nft_element *bound = first(NFT_BOUND4);
	static const uint8_t key[28] = {
		'p', '-', 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* port */
		2, 0, 0, 0, 0, 10, 0, 0,                              /* MAC, filled to eight */
		192, 168, 77, 11,                                     /* address */
	};

	EXPECT_MEM(bound->key, key, sizeof key);
	EXPECT_INT(bound->data, 7 | DEVICE_ENFORCE << 20 | NFT_MARK_PASSES);
	EXPECT_INT(count(NFT_BOUND6), 1);
	EXPECT_INT(count(NFT_TARGET6), 1);
	EXPECT_INT(first(NFT_ADDRESS6)->data, 7 | DEVICE_ENFORCE << 20 | NFT_MARK_PASSES);
}

TEST(one_port_of_one_host_is_one_key_of_the_hash_set)
{
	device(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_ADDRESS, "198.18.1.1", 6, 443, 443);
	render(NULL, 0);
	static const uint8_t rest[12] = {198, 18, 1, 1, 6, 0, 0, 0, 0x01, 0xbb, 0, 0};
	uint32_t number = 7;

	EXPECT_INT(count(NFT_ALLOW4), 1);
	EXPECT_MEM(first(NFT_ALLOW4)->key, &number, 4);
	EXPECT_MEM(first(NFT_ALLOW4)->key + 4, rest, sizeof rest);
	EXPECT_INT(nft_mark(&policy) & NFT_MARK_RANGES, 0);
}

TEST(a_device_in_waiting_quarantine_or_block_is_allowed_nothing)
{
	static const enum device_state states[] = {DEVICE_WAITING, DEVICE_QUARANTINE, DEVICE_BLOCK};

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		device(states[i]);
		entry(POLICY_ENTRY_ADDRESS, "198.18.1.1", 6, 443, 443);
		entry(POLICY_ENTRY_ADDRESS, "198.18.0.0/16", 0, 0, 0xffff);
		entry(POLICY_ENTRY_DOOR, "198.18.0.0/16", 6, 80, 80);
		entry(POLICY_ENTRY_NEIGHBOUR, NULL, 6, 80, 80)->peer = 9;
		render(NULL, 0);
		for (unsigned j = 0; j < out.n; j++)
			EXPECT(!(nft_sets[out.row[j].set].traits & NFT_OPENS));
		EXPECT_INT(count(NFT_CONTAINED) > 0, states[i] != DEVICE_BLOCK);
		EXPECT_INT(count(NFT_BLOCKED) > 0, states[i] == DEVICE_BLOCK);
	}
}

TEST(an_observed_device_has_no_neighbours_and_no_doors)
{
	device(DEVICE_OBSERVE);
	entry(POLICY_ENTRY_NEIGHBOUR, NULL, 6, 80, 80)->peer = 9;
	entry(POLICY_ENTRY_DOOR, "198.18.0.0/16", 6, 80, 80);
	entry(POLICY_ENTRY_DENY, NULL, 6, 23, 23);
	render(NULL, 0);
	EXPECT_INT(count(NFT_NEIGHBOUR) + count(NFT_DOOR4), 0);
	EXPECT_INT(count(NFT_PATCHED), 1);
	EXPECT(nft_mark(&policy) & NFT_MARK_PATCHED);
}

/* The truth of a box set at one point: in how many boxes does (last address byte, port) lie? */
static unsigned
boxes_at(uint8_t host, uint16_t port)
{
	unsigned n = 0;

	for (unsigned i = 0; i < out.n; i++) {
		const uint8_t *lo = out.row[i].key, *hi = lo + nft_sets[NFT_RANGE4].key;
		if (out.row[i].set != NFT_RANGE4)
			continue;
		n += lo[7] <= host && host <= hi[7] && (lo[12] << 8 | lo[13]) <= port &&
		     port <= (hi[12] << 8 | hi[13]);
	}
	return n;
}

TEST(overlapping_ranges_become_disjoint_boxes_that_cover_the_same)
{
	srandom(42);
	for (int round = 0; round < 40; round++) {
		struct {
			unsigned at, length;
			uint16_t lo, hi;
		} wanted[12];
		device(DEVICE_ENFORCE);
		for (size_t i = 0; i < COUNT_OF(wanted); i++) {
			char text[32];
			wanted[i].length = 24 + (unsigned)random() % 9;
			wanted[i].at = (unsigned)random() % 256;
			wanted[i].lo = (uint16_t)(random() % 60);
			wanted[i].hi = (uint16_t)(wanted[i].lo + 1 + random() % 20);
			snprintf(text, sizeof text, "198.18.1.%u/%u", wanted[i].at,
				wanted[i].length);
			entry(POLICY_ENTRY_ADDRESS, text, 6, wanted[i].lo, wanted[i].hi);
		}
		render(NULL, 0);
		for (unsigned host = 0; host < 256; host++)
			for (uint16_t port = 0; port < 90; port++) {
				unsigned is_wanted = 0;
				for (size_t i = 0; i < COUNT_OF(wanted); i++) {
					unsigned shift = 32 - wanted[i].length;
					is_wanted |= host >> shift == wanted[i].at >> shift &&
						     port >= wanted[i].lo && port <= wanted[i].hi;
				}
				EXPECT_INT(boxes_at((uint8_t)host, port), is_wanted);
			}
	}
}

TEST(where_opened_addresses_overlap_the_later_end_holds)
{
	struct nft_opened opened[] = {
		{.slot = 1, .expires_ns = 100, .address = ip("198.18.1.1")},
		{.slot = 2, .expires_ns = 200, .address = ip("198.18.1.1")},
	};

	device(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_SLOT, NULL, 6, 10, 30)->slot = 1;
	entry(POLICY_ENTRY_SLOT, NULL, 6, 20, 40)->slot = 2;
	render(opened, 2);
	for (unsigned i = 0; i < out.n; i++) {
		const uint8_t *lo = out.row[i].key;
		if (out.row[i].set == NFT_RANGE4)
			EXPECT_INT(out.row[i].expires_ns, (lo[12] << 8 | lo[13]) < 20 ? 100 : 200);
	}
	EXPECT_INT(boxes_at(1, 10), 1);
	EXPECT_INT(boxes_at(1, 25), 1);
	EXPECT_INT(boxes_at(1, 40), 1);
}

TEST(an_opened_address_counts_only_in_its_own_slot)
{
	struct nft_opened opened = {.slot = 1, .expires_ns = 100, .address = ip("198.18.1.1")};

	device(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_SLOT, NULL, 6, 443, 443)->slot = 1;
	entry(POLICY_ENTRY_SLOT, NULL, 6, 22, 22)->slot = 2;
	render(&opened, 1);
	EXPECT_INT(count(NFT_ALLOW4), 1);
	EXPECT_INT(first(NFT_ALLOW4)->key[13], 443 & 0xff);
	EXPECT_INT(first(NFT_ALLOW4)->expires_ns, 100);
}

TEST(what_the_rules_cannot_say_is_refused_and_not_left_out)
{
	device(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_DOOR, "198.18.0.0/16", 1, 8, 0xffff);
	out = (struct nft_elements){.row = rows};
	EXPECT_INT(nft_render(&out, &policy, NULL, 0, &why), ERR_UNSUPPORTED);
}

static bool
allows(const char *target, uint8_t proto, uint16_t port, uint32_t peer)
{
	struct flow flow = {.source = ip("192.168.77.11"),
		.target = ip(target),
		.proto = proto,
		.source_port = 40000,
		.target_port = port};
	return policy_allows_flow(&policy, NULL, 0, &flow, peer);
}

TEST(a_running_flow_is_judged_as_the_rules_would)
{
	device(DEVICE_ENFORCE);
	entry(POLICY_ENTRY_ADDRESS, "198.18.1.0/24", 6, 443, 450);
	entry(POLICY_ENTRY_ADDRESS, "198.18.1.1", 1, 8, 0xffff);
	entry(POLICY_ENTRY_NEIGHBOUR, NULL, 6, 631, 631)->peer = 9;
	EXPECT(allows("198.18.1.9", 6, 443, 0));
	EXPECT(allows("198.18.1.9", 6, 450, 0));
	EXPECT(!allows("198.18.1.9", 6, 451, 0));
	EXPECT(!allows("198.18.1.9", 17, 443, 0));
	EXPECT(!allows("198.18.2.9", 6, 443, 0));
	EXPECT(allows("198.18.1.1", 1, 8, 0));
	EXPECT(!allows("198.18.1.1", 1, 13, 0));
	EXPECT(allows("192.168.77.12", 6, 631, 9));
	EXPECT(!allows("192.168.77.12", 6, 631, 8));
	EXPECT(!allows("192.168.77.12", 6, 80, 9));
	policy.state = DEVICE_QUARANTINE;
	EXPECT(!allows("198.18.1.9", 6, 443, 0));
}

TEST(an_observed_device_keeps_the_internet_without_what_administers_or_hides)
{
	device(DEVICE_OBSERVE);
	EXPECT(allows("198.18.1.9", 6, 443, 0));
	EXPECT(!allows("198.18.1.9", 6, 23, 0));
	EXPECT(!allows("198.18.1.9", 6, 853, 0));
	EXPECT(!allows("8.8.8.8", 6, 443, 0));
	EXPECT(allows("8.8.8.8", 6, 80, 0));
	EXPECT(!allows("10.1.2.3", 6, 443, 0));
	EXPECT(!allows("192.168.77.12", 6, 443, 9));
	entry(POLICY_ENTRY_DENY, NULL, 6, 443, 443);
	EXPECT(!allows("198.18.1.9", 6, 443, 0));
}

TEST(a_trusted_device_reaches_neighbours_only_by_introduction)
{
	device(DEVICE_TRUSTED);
	EXPECT(allows("198.18.1.9", 6, 22, 0));
	EXPECT(!allows("192.168.77.12", 6, 631, 9));
	entry(POLICY_ENTRY_NEIGHBOUR, NULL, 0, 0, 0xffff)->peer = 9;
	EXPECT(allows("192.168.77.12", 6, 631, 9));
}

TEST(an_interface_name_that_could_end_a_rule_is_refused)
{
	static const char *const bad[] = {
		"", "a\"", "a b", "a;b", "a\n", "a$b", "0123456789abcdef"};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct settings settings;
	struct nft_base base;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		EXPECT(!nft_interface_is_safe(bad[i]));
	EXPECT(nft_interface_is_safe("eth0.7"));
	settings_init(&settings);
	strcpy(settings.uplink, "e\"; drop");
	EXPECT_INT(nft_base_render(&base, &settings, mac, &why), ERR_INVALID);
}

TEST(the_base_names_its_version_by_all_that_it_is_made_of)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1}, other[6] = {2, 0, 0, 0, 0, 2};
	struct settings settings;
	struct nft_base a, b, c;

	settings_init(&settings);
	strcpy(settings.uplink, "eth0");
	EXPECT_INT(nft_base_render(&a, &settings, mac, &why), ERR_OK);
	EXPECT_INT(nft_base_render(&b, &settings, mac, &why), ERR_OK);
	EXPECT_INT(nft_base_render(&c, &settings, other, &why), ERR_OK);
	EXPECT_STR(a.comment, b.comment);
	EXPECT(strcmp(a.comment, c.comment));
	EXPECT(strstr(a.text, a.comment));
	nft_base_fini(&a);
	nft_base_fini(&b);
	nft_base_fini(&c);
}
