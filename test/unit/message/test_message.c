/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "test.h"

static struct message_policy policy;
static struct message_view view;
static struct message_observation observed;

static struct ip
v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t byte[4] = {a, b, c, d};
	return ip_from_v4(byte);
}

/* Device 7 in state enforce: one binding, one address, one slot. */
static void
fill_policy(void)
{
	memset(&policy, 0, sizeof policy);
	policy.device = 7;
	policy.generation = 1;
	policy.packet_cap = 4000;
	policy.flow_cap = 50;
	policy.state = DEVICE_ENFORCE;
	policy.n_bindings = 1;
	policy.n_entries = 2;
	policy.binding[0] = (struct policy_binding){
		.port = "p-camera", .mac = {2, 0, 0, 0, 0, 7}, .address = v4(10, 77, 0, 7)};
	policy.entry[0] = (struct policy_entry){.kind = POLICY_ENTRY_ADDRESS,
		.version = 4,
		.proto = 6,
		.prefix_length = 32,
		.port_lo = 443,
		.port_hi = 443,
		.source_hi = 0xffff,
		.address = v4(198, 18, 0, 80)};
	policy.entry[1] = (struct policy_entry){.kind = POLICY_ENTRY_SLOT,
		.proto = 17,
		.port_lo = 123,
		.port_hi = 123,
		.source_hi = 0xffff,
		.slot = 1};
}

static bool
policy_passes(void)
{
	return message_check(MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, &policy,
		message_policy_len(&policy));
}

TEST(a_whole_policy_passes)
{
	fill_policy();
	EXPECT(policy_passes());
}

TEST(a_message_in_the_wrong_direction_is_refused)
{
	fill_policy();
	for (int from = 0; from < PROCESS_COUNT; from++)
		for (int to = 0; to < PROCESS_COUNT; to++)
			EXPECT(message_check(MESSAGE_POLICY, (enum process)from, (enum process)to,
				       &policy, message_policy_len(&policy)) ==
				(from == PROCESS_ENGINE && to == PROCESS_ENFORCER));
}

TEST(nobody_but_the_monitor_hands_out_settings_and_descriptors)
{
	struct message_descriptor descriptor = {.what = DESCRIPTOR_PACKETS};
	struct settings settings;

	settings_init(&settings);
	settings.n_ports = 1;
	strcpy(settings.port[0], "p-a");
	strcpy(settings.uplink, "wan0");
	EXPECT(message_check(
		MESSAGE_SETTINGS, PROCESS_MONITOR, PROCESS_WEB, &settings, sizeof settings));
	for (int from = 0; from < PROCESS_COUNT; from++) {
		if (from == PROCESS_MONITOR)
			continue;
		EXPECT(!message_check(MESSAGE_DESCRIPTOR, (enum process)from, PROCESS_CAPTURE,
			&descriptor, sizeof descriptor));
		EXPECT(!message_check(MESSAGE_SETTINGS, (enum process)from, PROCESS_CAPTURE,
			&settings, sizeof settings));
	}
}

TEST(a_child_may_say_nothing_to_the_monitor_but_that_it_is_ready)
{
	static const uint8_t payload[MESSAGE_PAYLOAD_MAX];

	for (int type = 0; type < MESSAGE_TYPE_COUNT; type++)
		for (size_t len = 0; len <= MESSAGE_PAYLOAD_MAX; len += 8)
			for (int child = PROCESS_MONITOR + 1; child < PROCESS_COUNT; child++)
				EXPECT(!message_check((enum message_type)type, (enum process)child,
					       PROCESS_MONITOR, payload, len) ||
					(type == MESSAGE_READY && len == 0));
}

TEST(a_lost_resolver_cannot_speak_as_the_engine)
{
	for (int type = 1; type < MESSAGE_TYPE_COUNT; type++) {
		static const uint8_t payload[MESSAGE_PAYLOAD_MAX];
		if (type == MESSAGE_OPEN)
			continue;
		for (size_t len = 0; len <= MESSAGE_PAYLOAD_MAX; len += 4)
			EXPECT(!message_check((enum message_type)type, PROCESS_RESOLVER,
				PROCESS_ENFORCER, payload, len));
	}
}

TEST(a_short_message_is_refused_at_every_length)
{
	fill_policy();
	/* A buffer of exactly the length, so that a sanitizer sees a read beyond it. */
	for (size_t len = 0; len < message_policy_len(&policy); len++) {
		auto_free void *exact = malloc(len ? len : 1);
		memcpy(exact, &policy, len);
		EXPECT(!message_check(
			MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, exact, len));
	}
}

TEST(left_over_bytes_are_refused)
{
	struct message_forget forget[2] = {{.device = 7, .generation = 1}};

	fill_policy();
	EXPECT(!message_check(MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, &policy,
		message_policy_len(&policy) + 1));
	EXPECT(message_check(
		MESSAGE_FORGET, PROCESS_ENGINE, PROCESS_ENFORCER, forget, sizeof forget[0]));
	EXPECT(!message_check(
		MESSAGE_FORGET, PROCESS_ENGINE, PROCESS_ENFORCER, forget, sizeof forget[0] + 1));
	EXPECT(!message_check(
		MESSAGE_FORGET, PROCESS_ENGINE, PROCESS_ENFORCER, forget, sizeof forget[0] - 1));
	EXPECT(!message_check(MESSAGE_GO, PROCESS_MONITOR, PROCESS_ENGINE, forget, 1));
}

TEST(a_count_beyond_the_rows_is_refused_before_a_row_is_read)
{
	fill_policy();
	policy.n_entries = POLICY_ENTRIES_MAX + 1;
	EXPECT(!policy_passes());
	policy.n_entries = 0xffff;
	EXPECT(!message_check(
		MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, &policy, sizeof policy));
	fill_policy();
	policy.n_bindings = POLICY_BINDINGS_MAX + 1;
	EXPECT(!policy_passes());

	memset(&observed, 0, sizeof observed);
	/* 2^32 - 1 rows: the length wraps nowhere. */
	observed.n_rows = UINT32_MAX;
	EXPECT(!message_check(
		MESSAGE_OBSERVATION, PROCESS_CAPTURE, PROCESS_ENGINE, &observed, sizeof observed));
}

TEST(an_enumerator_that_does_not_exist_is_refused)
{
	fill_policy();
	policy.state = DEVICE_STATE_COUNT;
	EXPECT(!policy_passes());
	policy.state = DEVICE_STATE_UNKNOWN;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[1].kind = POLICY_ENTRY_KIND_COUNT;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[0].version = 5;
	EXPECT(!policy_passes());
	EXPECT(!message_check(MESSAGE_TYPE_COUNT, PROCESS_ENGINE, PROCESS_ENFORCER, &policy, 8));
	EXPECT(!message_check(
		(enum message_type)0xffff, PROCESS_ENGINE, PROCESS_ENFORCER, NULL, 0));
	EXPECT(!message_check(MESSAGE_UNKNOWN, PROCESS_MONITOR, PROCESS_ENGINE, NULL, 0));
}

TEST(a_device_number_outside_its_20_bits_is_refused)
{
	fill_policy();
	policy.device = 0;
	EXPECT(!policy_passes());
	policy.device = DEVICE_NUMBER_MAX;
	EXPECT(policy_passes());
	policy.device = DEVICE_NUMBER_MAX + 1;
	EXPECT(!policy_passes());
}

TEST(ports_that_run_backwards_are_refused)
{
	fill_policy();
	policy.entry[0].port_lo = 444;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[0].source_lo = 1;
	policy.entry[0].source_hi = 0;
	EXPECT(!policy_passes());
}

TEST(an_address_of_the_other_family_or_with_a_longer_prefix_is_refused)
{
	fill_policy();
	policy.entry[0].version = 6;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[0].prefix_length = 33;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[0].address.byte[15] = 1; /* bytes behind an IPv4 address */
	EXPECT(!policy_passes());
}

TEST(a_slot_entry_carries_no_address_and_an_address_entry_no_slot)
{
	fill_policy();
	policy.entry[1].address = v4(198, 18, 0, 1);
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[0].slot = 1;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[1].slot = POLICY_SLOTS_MAX + 1;
	EXPECT(!policy_passes());
}

TEST(a_binding_of_a_multicast_mac_or_without_a_port_is_refused)
{
	fill_policy();
	policy.binding[0].mac[0] = 3;
	EXPECT(!policy_passes());
	fill_policy();
	memset(policy.binding[0].mac, 0, 6);
	EXPECT(!policy_passes());
	fill_policy();
	memset(policy.binding[0].port, 0, sizeof policy.binding[0].port);
	EXPECT(!policy_passes());
}

TEST(a_string_without_an_end_or_with_bytes_behind_it_is_refused)
{
	fill_policy();
	memset(policy.binding[0].port, 'a', sizeof policy.binding[0].port);
	EXPECT(!policy_passes());
	fill_policy();
	policy.binding[0].port[15] = 'x'; /* "p-camera", then zeros, then this */
	EXPECT(!policy_passes());
	fill_policy();
	policy.binding[0].port[1] = '\n';
	EXPECT(!policy_passes());
}

TEST(padding_that_is_not_zero_is_refused)
{
	struct message_link link = {.ifindex = 2, .up = 1, .name = "p-a"};

	fill_policy();
	policy.binding[0].zero[1] = 1;
	EXPECT(!policy_passes());
	fill_policy();
	policy.entry[1].zero = 1;
	EXPECT(!policy_passes());
	EXPECT(message_check(MESSAGE_LINK, PROCESS_MONITOR, PROCESS_ENFORCER, &link, sizeof link));
	link.zero[0] = 1;
	EXPECT(!message_check(MESSAGE_LINK, PROCESS_MONITOR, PROCESS_ENFORCER, &link, sizeof link));
}

TEST(an_escape_sequence_in_a_claim_is_refused_whoever_let_it_through)
{
	memset(&observed, 0, sizeof observed);
	observed.n_rows = 1;
	observed.row[0].what = OBSERVED_DHCP_HOSTNAME;
	strcpy(observed.row[0].claimed_text, "camera");
	EXPECT(message_check(MESSAGE_OBSERVATION, PROCESS_CAPTURE, PROCESS_ENGINE, &observed,
		message_observation_len(&observed)));
	strcpy(observed.row[0].claimed_text, "\033[2Jcamera");
	EXPECT(!message_check(MESSAGE_OBSERVATION, PROCESS_CAPTURE, PROCESS_ENGINE, &observed,
		message_observation_len(&observed)));
	strcpy(observed.row[0].claimed_text, "cam\"era");
	EXPECT(!message_check(MESSAGE_OBSERVATION, PROCESS_CAPTURE, PROCESS_ENGINE, &observed,
		message_observation_len(&observed)));
	observed.row[0].what = OBSERVED_COUNT;
	EXPECT(!message_check(MESSAGE_OBSERVATION, PROCESS_CAPTURE, PROCESS_ENGINE, &observed,
		message_observation_len(&observed)));
}

TEST(an_opening_without_an_end_or_a_slot_is_refused)
{
	struct message_open open = {.device = 7,
		.generation = 1,
		.slot = 1,
		.seconds = 360,
		.address = v4(198, 18, 0, 80)};

	EXPECT(message_check(MESSAGE_OPEN, PROCESS_RESOLVER, PROCESS_ENFORCER, &open, sizeof open));
	open.seconds = 0;
	EXPECT(!message_check(
		MESSAGE_OPEN, PROCESS_RESOLVER, PROCESS_ENFORCER, &open, sizeof open));
	open.seconds = 7 * 24 * 3600 + 1;
	EXPECT(!message_check(
		MESSAGE_OPEN, PROCESS_RESOLVER, PROCESS_ENFORCER, &open, sizeof open));
	open.seconds = 360;
	open.slot = 0;
	EXPECT(!message_check(
		MESSAGE_OPEN, PROCESS_RESOLVER, PROCESS_ENFORCER, &open, sizeof open));
	open.slot = 1;
	open.address.version = 0;
	EXPECT(!message_check(
		MESSAGE_OPEN, PROCESS_RESOLVER, PROCESS_ENFORCER, &open, sizeof open));
}

TEST(a_view_is_sent_up_to_its_last_name_and_no_further)
{
	memset(&view, 0, sizeof view);
	view.device = 7;
	view.mode = VIEW_DECLARED;
	view.n_names = 2;
	for (int i = 0; i < 2; i++) {
		view.name[i].slot = (uint16_t)(i + 1);
		strcpy(view.name[i].name, "cloud.cam.example");
	}
	size_t len = message_view_len(&view);
	EXPECT(len < sizeof view / 10);
	EXPECT(message_check(MESSAGE_VIEW, PROCESS_ENGINE, PROCESS_RESOLVER, &view, len));
	view.n_names = 3;
	EXPECT(!message_check(MESSAGE_VIEW, PROCESS_ENGINE, PROCESS_RESOLVER, &view, len));
	view.n_names = VIEW_NAMES_MAX + 1;
	EXPECT(!message_check(MESSAGE_VIEW, PROCESS_ENGINE, PROCESS_RESOLVER, &view, sizeof view));
}

TEST(the_rig_is_asked_for_within_its_bounds)
{
	const struct message_rig good = {.run = 1,
		.device = 9,
		.seconds = 30,
		.bits = RIG_TURN | RIG_CUT,
		.n_ports = 2,
		.port = {443, 8883}};
	struct message_rig rig = good;

#define EXPECT_RIG(is_ok)                                                                          \
	EXPECT_INT(message_check(MESSAGE_RIG, PROCESS_ENGINE, PROCESS_ENFORCER, &rig, sizeof rig), \
		is_ok);                                                                            \
	rig = good
	EXPECT_RIG(true);
	rig.seconds = RIG_SECONDS_MAX + 1;
	EXPECT_RIG(false);
	rig.bits = 0;
	EXPECT_RIG(false);
	rig.bits = RIG_NAMES | RIG_TURN; /* of two processes */
	EXPECT_RIG(false);
	rig.n_ports = 1; /* a port that is not counted */
	EXPECT_RIG(false);
	rig.port[1] = 0;
	EXPECT_RIG(false);
	rig.n_ports = RIG_PORTS_MAX + 1;
	EXPECT_RIG(false);
	rig.run = 0;
	EXPECT_RIG(false);
#undef EXPECT_RIG
	EXPECT(!message_check(MESSAGE_RIG, PROCESS_RESOLVER, PROCESS_ENFORCER, &rig, sizeof rig));
	EXPECT(!message_check(MESSAGE_RIG, PROCESS_CHECKER, PROCESS_MONITOR, &rig, sizeof rig));
}

TEST(a_page_is_asked_for_by_https_and_answered_by_the_fetcher_alone)
{
	struct message_page_ask ask = {.run = 1, .ticket = 2, .url = "https://maker.example/"};
	struct message_page page = {.run = 1, .ticket = 2, .status = 200, .n_body = 5};
	struct message_maker_fact fact = {
		.run = 1, .exchange = 4, .fact = MAKER_FACT_CONTACT, .value = "somebody"};

#define IS_OK(type, from, to, m) message_check(type, PROCESS_##from, PROCESS_##to, &(m), sizeof(m))
	EXPECT(IS_OK(MESSAGE_PAGE_ASK, CHECKER, ENGINE, ask));
	EXPECT(IS_OK(MESSAGE_PAGE_ASK, ENGINE, FETCHER, ask));
	EXPECT(!IS_OK(MESSAGE_PAGE_ASK, WEB, ENGINE, ask));
	ask.is_earlier = 1; /* of that there is no URL */
	EXPECT(!IS_OK(MESSAGE_PAGE_ASK, CHECKER, ENGINE, ask));
	memset(ask.url, 0, sizeof ask.url);
	EXPECT(IS_OK(MESSAGE_PAGE_ASK, CHECKER, ENGINE, ask));
	ask.is_earlier = 0;
	EXPECT(!IS_OK(MESSAGE_PAGE_ASK, CHECKER, ENGINE, ask));
	snprintf(ask.url, sizeof ask.url, "http://maker.example/");
	EXPECT(!IS_OK(MESSAGE_PAGE_ASK, CHECKER, ENGINE, ask));
	/* A status list belongs to no run, and only to none. */
	ask.is_status = 1;
	memset(ask.url, 0, sizeof ask.url);
	snprintf(ask.url, sizeof ask.url, "https://labels.example/status-list.jwt");
	EXPECT(!IS_OK(MESSAGE_PAGE_ASK, ENGINE, FETCHER, ask));
	ask.run = 0;
	EXPECT(IS_OK(MESSAGE_PAGE_ASK, ENGINE, FETCHER, ask));
	ask.is_earlier = 1;
	EXPECT(!IS_OK(MESSAGE_PAGE_ASK, ENGINE, FETCHER, ask));

	EXPECT(IS_OK(MESSAGE_PAGE, FETCHER, ENGINE, page));
	EXPECT(IS_OK(MESSAGE_PAGE, ENGINE, CHECKER, page));
	EXPECT(!IS_OK(MESSAGE_PAGE, CHECKER, ENGINE, page));
	page.status = 1000;
	EXPECT(!IS_OK(MESSAGE_PAGE, FETCHER, ENGINE, page));
	page.status = 200;
	page.err = ERR_COUNT;
	EXPECT(!IS_OK(MESSAGE_PAGE, FETCHER, ENGINE, page));

	EXPECT(IS_OK(MESSAGE_MAKER_FACT, CHECKER, ENGINE, fact));
	EXPECT(!IS_OK(MESSAGE_MAKER_FACT, FETCHER, ENGINE, fact));
	fact.value[0] = '\x1b';
	EXPECT(!IS_OK(MESSAGE_MAKER_FACT, CHECKER, ENGINE, fact));
	memset(fact.value, 0, sizeof fact.value);
	EXPECT(!IS_OK(MESSAGE_MAKER_FACT, CHECKER, ENGINE, fact));
#undef IS_OK
}

TEST(to_judge_what_was_recorded_needs_no_device_and_to_test_one_does)
{
	struct message_audit audit = {.run = 1, .seconds = 10, .is_judged = 1};
	struct message_rig rig = {.run = 1, .device = 9, .seconds = 60, .bits = RIG_CAP};

	EXPECT(message_check(MESSAGE_AUDIT, PROCESS_ENGINE, PROCESS_CHECKER, &audit, sizeof audit));
	audit.is_judged = 2;
	EXPECT(!message_check(
		MESSAGE_AUDIT, PROCESS_ENGINE, PROCESS_CHECKER, &audit, sizeof audit));
	audit.is_judged = 0;
	EXPECT(!message_check(
		MESSAGE_AUDIT, PROCESS_ENGINE, PROCESS_CHECKER, &audit, sizeof audit));
	EXPECT(message_check(MESSAGE_RIG, PROCESS_ENGINE, PROCESS_ENFORCER, &rig, sizeof rig));
	rig.bits = 0;
	EXPECT(!message_check(MESSAGE_RIG, PROCESS_ENGINE, PROCESS_ENFORCER, &rig, sizeof rig));
}

TEST(an_audit_names_a_maker_and_on_whose_word_or_neither)
{
	struct message_audit audit = {.run = 1, .device = 9, .seconds = 10};

#define EXPECT_AUDIT(is_ok)                                                                        \
	EXPECT_INT(message_check(                                                                  \
			   MESSAGE_AUDIT, PROCESS_ENGINE, PROCESS_CHECKER, &audit, sizeof audit),  \
		is_ok)
	EXPECT(ip_parse(&audit.address4, "192.168.77.11"));
	EXPECT_AUDIT(true);
	audit.maker_basis = MAKER_NAMED;
	EXPECT_AUDIT(false);
	snprintf(audit.maker_url, sizeof audit.maker_url, "https://maker.example/");
	EXPECT_AUDIT(true);
	audit.maker_basis = MAKER_BASIS_COUNT;
	EXPECT_AUDIT(false);
	audit.maker_basis = MAKER_UNKNOWN;
	EXPECT_AUDIT(false);
#undef EXPECT_AUDIT
}

TEST(names_are_the_resolvers_to_withhold_and_of_its_ports_nothing)
{
	struct message_rig rig = {.run = 1, .device = 9, .seconds = 30, .bits = RIG_MAKER};

	EXPECT(message_check(MESSAGE_RIG, PROCESS_ENGINE, PROCESS_RESOLVER, &rig, sizeof rig));
	rig.n_ports = 1;
	rig.port[0] = 443;
	EXPECT(!message_check(MESSAGE_RIG, PROCESS_ENGINE, PROCESS_RESOLVER, &rig, sizeof rig));
}

TEST(a_nudge_names_one_device_on_one_port)
{
	const struct message_nudge good = {.port = "p-toy",
		.mac = {2, 0, 0, 0, 0, 9},
		.address = {.version = 4, .byte = {192, 168, 77, 9}}};
	struct message_nudge nudge = good;

#define EXPECT_NUDGE(is_ok)                                                                        \
	EXPECT_INT(                                                                                \
		message_check(MESSAGE_NUDGE, PROCESS_ENGINE, PROCESS_RELAY, &nudge, sizeof nudge), \
		is_ok);                                                                            \
	nudge = good
	EXPECT_NUDGE(true);
	nudge.mac[0] = 1; /* a group */
	EXPECT_NUDGE(false);
	nudge.port[0] = '\0';
	EXPECT_NUDGE(false);
	nudge.address.version = 6;
	EXPECT_NUDGE(false);
#undef EXPECT_NUDGE
	EXPECT(!message_check(MESSAGE_NUDGE, PROCESS_WEB, PROCESS_RELAY, &good, sizeof good));
}

TEST(who_was_heard_is_asked_of_some_devices_and_no_more)
{
	struct message_heard_ask ask = {.n_rows = 1, .device = {9}};

	EXPECT(message_check(
		MESSAGE_HEARD_ASK, PROCESS_ENGINE, PROCESS_ENFORCER, &ask, sizeof ask));
	ask.n_rows = 2; /* of nobody */
	EXPECT(!message_check(
		MESSAGE_HEARD_ASK, PROCESS_ENGINE, PROCESS_ENFORCER, &ask, sizeof ask));
	ask.n_rows = HEARD_ROWS_MAX + 1;
	EXPECT(!message_check(
		MESSAGE_HEARD_ASK, PROCESS_ENGINE, PROCESS_ENFORCER, &ask, sizeof ask));
}

TEST(every_struct_fits_into_one_message)
{
#define X(name, payload, from, to) EXPECT(sizeof(payload) <= MESSAGE_PAYLOAD_MAX);
	MESSAGE_LIST(X)
#undef X
	/* Observations, views and counters are sent often: whole structs, not the limit. */
	EXPECT(sizeof(struct message_header) == 16);
}

TEST(every_reason_and_observation_is_found_again_by_its_word)
{
	for (int i = 1; i < REASON_COUNT; i++)
		EXPECT_INT(reason_from_word(reason_word((enum reason)i)), i);
	for (int i = 1; i < OBSERVED_COUNT; i++)
		EXPECT_INT(observed_from_word(observed_word((enum observed)i)), i);
	EXPECT_INT(reason_from_word("no such word"), REASON_UNKNOWN);
	EXPECT_STR(reason_word((enum reason)999), "unknown");
	EXPECT_STR(message_name((enum message_type)999), "unknown");
	EXPECT_STR(process_name((enum process)999), "unknown");
}
