/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/learn.h"
#include "test.h"

static struct mud mud;
static const struct policy_world nobody;

static struct learn_flow
seen(const char *name, uint8_t proto, uint16_t port, uint64_t flows)
{
	return (struct learn_flow){.name = name,
		.direction = DIRECTION_FROM_DEVICE,
		.proto = proto,
		.port = port,
		.flows = flows};
}

static struct policy *
held(const struct mud *learned)
{
	return policy_from_sources(&(struct policy_sources){.device = 7,
					   .state = DEVICE_ENFORCE,
					   .learned = learned,
					   .learned_since_s = 3},
		NULL);
}

TEST(a_profile_permits_what_was_seen_and_nothing_beyond)
{
	struct learn_flow flows[] = {
		seen("cloud.example", 6, 443, 4000), seen("time.example", 17, 123, 200)};

	EXPECT(mud_from_flows(&mud, flows, 2, &(struct learn_options){.now_s = 1767225600}));
	EXPECT(mud_is_valid(&mud));
	struct policy *p = held(&mud);
	struct policy_flow asked = {.direction = DIRECTION_FROM_DEVICE,
		.proto = 6,
		.port = 443,
		.source_port = 44444,
		.name = "cloud.example"};

	for (int version = 0; version < 2; version++) {
		EXPECT(ip_parse(&asked.address, version ? "2001:db8::1" : "198.18.5.1"));
		EXPECT(policy_allows(p, &nobody, &asked));
	}
	asked.port = 444;
	EXPECT(!policy_allows(p, &nobody, &asked));
	asked.port = 443;
	asked.proto = 17;
	EXPECT(!policy_allows(p, &nobody, &asked));
	asked.proto = 6;
	asked.name = "x.cloud.example";
	EXPECT(!policy_allows(p, &nobody, &asked));
	policy_free(p);
}

TEST(what_containment_flagged_is_never_learned)
{
	struct learn_flow flows[] = {
		seen("cloud.example", 6, 443, 1), seen("victim.example", 6, 80, 9)};

	flows[1].is_flagged = true;
	EXPECT(mud_from_flows(&mud, flows, 2, &(struct learn_options){0}));
	EXPECT_INT(mud.n_names, 1);
	EXPECT_STR(mud.name[0], "cloud.example");
	EXPECT(strstr(mud.note[0].reason, "flagged"));
	EXPECT(!mud_from_flows(&mud, flows + 1, 1, &(struct learn_options){0}));
}

TEST(neighbours_denied_flows_and_doors_are_left_out_and_said)
{
	struct learn_flow flows[] = {seen(NULL, 6, 631, 5), seen("a.example", 6, 23, 5),
		seen("b.example", 6, 80, 5), seen("tv.local", 6, 80, 5), seen(NULL, 17, 5353, 5),
		seen(NULL, 17, 53, 5), seen("c.example", 47, 0, 5)};

	flows[0].peer = 3;
	flows[1].was_denied = true;
	flows[2].direction = DIRECTION_TO_DEVICE;
	EXPECT(ip_parse(&flows[4].address, "224.0.0.251"));
	flows[5].is_gateway = true;
	EXPECT(!mud_from_flows(&mud, flows, 7, &(struct learn_options){0}));
	EXPECT_INT(mud.n_notes, 6); /* the gateway's own services need no word */
}

TEST(an_address_without_a_name_is_learned_as_that_one_address_and_pointed_out)
{
	struct learn_flow flows[] = {seen(NULL, 17, 500, 5)};

	EXPECT(ip_parse(&flows[0].address, "198.18.5.9"));
	EXPECT(mud_from_flows(&mud, flows, 1, &(struct learn_options){0}));
	EXPECT_INT(mud.n_aces, 1);
	EXPECT_INT(mud.ace[0].prefix.length, 32);
	EXPECT(mud.ace[0].is_held);
	EXPECT(strstr(mud.note[0].reason, "without a name"));
}

TEST(the_proposal_is_a_mud_file_that_reads_back_the_same)
{
	struct learn_flow flows[] = {seen("cloud.example", 6, 443, 4),
		seen("cloud.example", 17, 443, 4), seen("cloud.example", 1, 8, 1),
		seen("time.example", 17, 123, 2)};
	static struct mud again;
	struct fault why = {0};
	char a[300], b[300];

	EXPECT(mud_from_flows(&mud, flows, 4,
		&(struct learn_options){.now_s = 1767225600, .systeminfo = "bulb \"7\""}));
	char *text = mud_render(&mud);
	EXPECT(mud_parse(&again, text, strlen(text), &why));
	EXPECT_INT(again.n_notes, 0);
	EXPECT_INT(again.n_aces, mud.n_aces);
	EXPECT(!again.needs_approval);
	EXPECT_STR(again.systeminfo, mud.systeminfo);
	for (int i = 0; i < mud.n_aces; i++) {
		bool is_there = false;
		for (int k = 0; k < again.n_aces; k++)
			is_there |= !strcmp(mud_ace_render(&mud, &mud.ace[i], a, sizeof a),
				mud_ace_render(&again, &again.ace[k], b, sizeof b));
		EXPECT(is_there);
	}
	free(text);
}

TEST(the_preview_counts_what_would_have_broken)
{
	struct learn_flow flows[] = {seen("cloud.example", 6, 443, 4000),
		seen("time.example", 17, 123, 200), seen("rare.example", 6, 80, 12),
		seen("victim.example", 6, 80, 999)};
	struct preview preview;
	char text[100];

	flows[3].is_flagged = true;
	EXPECT(mud_from_flows(&mud, flows, 4, &(struct learn_options){0}));
	struct policy *p = held(&mud);
	preview_from_flows(&preview, p, &nobody, flows, 4);
	EXPECT_STR(preview_render(&preview, text, sizeof text),
		"would have broken 0 of 4,212 recorded flows");
	policy_free(p);

	EXPECT(mud_from_flows(&mud, flows, 1, &(struct learn_options){0}));
	p = held(&mud);
	preview_from_flows(&preview, p, &nobody, flows, 4);
	EXPECT_STR(preview_render(&preview, text, sizeof text),
		"would have broken 212 of 4,212 recorded flows");
	EXPECT_INT(preview.kinds_broken, 2);
	EXPECT_INT(preview.n_rows, 2);
	EXPECT_INT(preview.row[0], 1);
	EXPECT_INT(preview.row[1], 2);
	policy_free(p);
}

TEST(the_preview_names_the_sixteen_kinds_that_break_most)
{
	struct learn_flow flows[40];
	struct preview preview;
	struct policy *p = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);

	for (uint32_t i = 0; i < 40; i++)
		flows[i] = seen("a.example", 6, (uint16_t)(i + 1), (i * 7) % 40 + 1);
	preview_from_flows(&preview, p, &nobody, flows, 40);
	EXPECT_INT(preview.n_rows, PREVIEW_ROWS_MAX);
	for (uint32_t i = 0; i < preview.n_rows; i++)
		EXPECT_INT(flows[preview.row[i]].flows, 40 - i);
	policy_free(p);
}

TEST(a_million_names_do_not_grow_the_profile_beyond_its_bounds)
{
	enum { N = 2000 };
	static struct learn_flow flows[N];
	static char names[N][32];

	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof names[i], "n%d.example", i);
		flows[i] = seen(names[i], 6, (uint16_t)(i % 9 + 1), 1);
	}
	EXPECT(mud_from_flows(&mud, flows, N, &(struct learn_options){0}));
	EXPECT_INT(mud.n_names, MUD_NAMES_MAX);
	EXPECT(mud.n_notes_lost > 0);
	EXPECT(mud_is_valid(&mud));
}
