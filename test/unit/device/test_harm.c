/* SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <stdio.h>

#include "device/harm.h"

static struct harm_watch watch;
static struct harm_verdict verdict;
static const struct harm_key key = {UINT64_C(0x5be0cd19137e2179), UINT64_C(0x1f83d9abfb41bd6b)};

static struct observation
flow_to(unsigned host, uint8_t proto, uint16_t port)
{
	struct observation row = {.what = OBSERVED_FLOW_NEW,
		.proto = proto,
		.target_port = port,
		.target = at("198.18.0.0")};

	row.target.byte[2] = (uint8_t)(host >> 8);
	row.target.byte[3] = (uint8_t)host;
	return row;
}

static bool
denied(unsigned host, uint8_t proto, uint16_t port, enum reason reason, uint64_t ms)
{
	struct observation row = flow_to(host, proto, port);

	row.what = OBSERVED_DENIED;
	row.value = reason;
	return harm_from_observation(
		&watch, &key, &row, 1000 * CLOCK_SECOND_NS + ms * CLOCK_MS_NS, &verdict);
}

static bool
opened(unsigned host, uint8_t proto, uint16_t port, uint64_t ms)
{
	struct observation row = flow_to(host, proto, port);

	return harm_from_observation(
		&watch, &key, &row, 1000 * CLOCK_SECOND_NS + ms * CLOCK_MS_NS, &verdict);
}

TEST(telnet_to_hosts_at_random_is_quarantined_within_a_dozen_tries)
{
	int tries = 0;

	harm_clear(&watch);
	while (tries < 20 && !denied((unsigned)tries, 6, 23, REASON_ADMIN_PORT, 10u * tries))
		tries++;
	EXPECT(tries < 12);
	EXPECT_INT(verdict.cause, HARM_SCAN);
	EXPECT_INT(verdict.act, HARM_ACT_QUARANTINE);
	EXPECT_INT(verdict.port, 23);
	EXPECT(verdict.targets >= 8 && verdict.attempts >= 10);
	EXPECT(strstr(verdict.why, "hosts") && strstr(verdict.why, "port 23"));
}

TEST(a_port_scan_of_one_host_is_quarantined)
{
	bool told = false;

	harm_clear(&watch);
	for (unsigned i = 0; i < 60 && !told; i++)
		told = denied(1, 6, (uint16_t)(1000 + i), REASON_NEIGHBOUR, i * 20) &&
		       verdict.cause == HARM_SCAN;
	EXPECT(told);
	EXPECT_INT(verdict.act, HARM_ACT_QUARANTINE);
	EXPECT(verdict.ports >= 30);
}

TEST(the_same_denied_server_tried_for_hours_is_no_harm)
{
	harm_clear(&watch);
	for (unsigned i = 0; i < 20000; i++)
		EXPECT(!denied(i % 8, 6, 443, REASON_FROM_DEVICE, i * 200));
}

TEST(a_browser_that_restores_a_hundred_tabs_is_no_harm)
{
	harm_clear(&watch);
	for (unsigned i = 0; i < 300; i++) {
		bool is_quic = i % 3 == 0;
		EXPECT(!opened(i, is_quic ? 17 : 6, !is_quic && i % 7 == 0 ? 80 : 443, i * 10));
	}
}

TEST(a_waiting_phone_that_tries_its_servers_is_no_harm)
{
	harm_clear(&watch);
	for (unsigned i = 0; i < 500; i++)
		EXPECT(!denied(i % 100, 6, i % 2 ? 443 : 5228, REASON_PENNED, i * 20));
}

TEST(a_penned_device_that_knocks_at_telnet_everywhere_is_still_told)
{
	bool told = false;

	harm_clear(&watch);
	for (unsigned i = 0; i < 20; i++)
		told |= denied(i, 6, 23, REASON_PENNED, i * 20);
	EXPECT(told && verdict.cause == HARM_SCAN);
}

TEST(knocking_at_a_neighbours_login_goes_from_a_note_to_a_closed_port_to_quarantine)
{
	harm_clear(&watch);
	EXPECT(denied(1, 6, 23, REASON_NEIGHBOUR, 0));
	EXPECT(verdict.cause == HARM_LOGIN && verdict.act == HARM_ACT_NOTE);
	EXPECT(!denied(1, 6, 23, REASON_NEIGHBOUR, 1000));
	EXPECT(denied(1, 6, 23, REASON_NEIGHBOUR, 2000));
	EXPECT(verdict.act == HARM_ACT_CLOSE_PORT && verdict.port == 23 && verdict.proto == 6);
	EXPECT(!denied(2, 6, 23, REASON_NEIGHBOUR, 3000));
	EXPECT(denied(3, 6, 22, REASON_BARRIER, 4000));
	EXPECT_INT(verdict.act, HARM_ACT_QUARANTINE);
	EXPECT_INT(verdict.targets, 3);
}

TEST(one_knock_a_day_stays_a_note)
{
	harm_clear(&watch);
	for (unsigned day = 0; day < 30; day++) {
		EXPECT(denied(1, 6, 22, REASON_NEIGHBOUR, day * 86400000ull));
		EXPECT_INT(verdict.act, HARM_ACT_NOTE);
	}
}

TEST(looking_for_a_television_on_every_neighbour_is_a_note_and_no_more_until_it_is_a_scan)
{
	harm_clear(&watch);
	for (unsigned i = 0; i < 9; i++)
		EXPECT(!denied(i, 6, 8008, REASON_NEIGHBOUR, i * 100));
	EXPECT(denied(9, 6, 8008, REASON_NEIGHBOUR, 1000));
	EXPECT(verdict.cause == HARM_NEIGHBOURS && verdict.act == HARM_ACT_NOTE);
	bool told = false;
	for (unsigned i = 10; i < 60 && !told; i++)
		told = denied(i, 6, 8008, REASON_NEIGHBOUR, 1000 + i * 100);
	EXPECT(told && verdict.cause == HARM_SCAN && verdict.act == HARM_ACT_QUARANTINE);
}

TEST(many_times_the_cap_is_limited_at_once_and_quarantined_after_a_second)
{
	unsigned limited = 0, quarantined = 0;

	harm_clear(&watch);
	for (unsigned ms = 0; ms < 3000 && !quarantined; ms += 10) {
		if (!denied(1, 6, 443, REASON_SURGE, 1000 + ms))
			continue;
		EXPECT_INT(verdict.cause, HARM_FLOOD);
		if (verdict.act == HARM_ACT_LIMIT) {
			EXPECT_INT(ms, 0);
			limited++;
		}
		if (verdict.act == HARM_ACT_QUARANTINE)
			quarantined = ms;
	}
	EXPECT_INT(limited, 1);
	EXPECT(quarantined >= 900 && quarantined <= 1100);
}

TEST(a_burst_that_ends_by_itself_is_limited_and_no_more)
{
	enum harm_act act = HARM_ACT_NONE;

	harm_clear(&watch);
	for (unsigned ms = 0; ms < 300; ms += 10)
		if (denied(1, 6, 443, REASON_SURGE, ms))
			act = verdict.act;
	EXPECT_INT(act, HARM_ACT_LIMIT);
	/* Half a minute later it is as if nothing had been. */
	EXPECT(denied(1, 6, 443, REASON_FLOW_CAP, 40000) == false);
}

TEST(a_moment_over_the_cap_is_a_note_and_an_upload_that_stays_at_it_is_limited_and_no_more)
{
	enum harm_act act = HARM_ACT_NONE;

	harm_clear(&watch);
	/* A thousand reports within one second are one second of trouble. */
	for (unsigned i = 0; i < 1000; i++)
		if (denied(1, 17, 80, REASON_FLOOD, i))
			act = verdict.act;
	EXPECT_INT(act, HARM_ACT_NOTE);
	for (unsigned i = 0; i < 400; i++)
		if (denied(1, 17, 80, REASON_FLOOD, 1000 + i * 10))
			act = verdict.act;
	EXPECT_INT(act, HARM_ACT_LIMIT);
	/* Below the time after which what is told is told again. */
	for (unsigned i = 0; i < 28000; i++)
		if (denied(1, 17, 80, REASON_FLOOD, 5000 + i * 10))
			act = verdict.act;
	EXPECT_INT(act, HARM_ACT_LIMIT);
	EXPECT_INT(verdict.cause, HARM_FLOOD);
}

TEST(router_advertisements_that_go_on_are_quarantined)
{
	harm_clear(&watch);
	EXPECT(denied(1, 58, 134, REASON_ROGUE_RA, 0) && verdict.act == HARM_ACT_NOTE);
	EXPECT(!denied(1, 58, 134, REASON_ROGUE_RA, 16000));
	EXPECT(denied(1, 58, 134, REASON_ROGUE_RA, 32000) && verdict.act == HARM_ACT_QUARANTINE &&
		verdict.cause == HARM_SPOOF);
}

TEST(a_spoofer_that_goes_on_is_quarantined)
{
	harm_clear(&watch);
	EXPECT(harm_from_spoof(&watch, CLOCK_SECOND_NS, &verdict));
	EXPECT(!harm_from_spoof(&watch, 11 * CLOCK_SECOND_NS, &verdict));
	EXPECT(harm_from_spoof(&watch, 21 * CLOCK_SECOND_NS, &verdict));
	EXPECT_INT(verdict.act, HARM_ACT_QUARANTINE);
}

TEST(an_address_that_is_merely_unbound_is_no_harm)
{
	harm_clear(&watch);
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT(!denied(i, 17, 5353, REASON_UNBOUND6, i));
		EXPECT(!denied(i, 17, 5353, REASON_UNBOUND4, i));
		EXPECT(!denied(i, 0, 0, REASON_ND_SPOOF, i));
		EXPECT(!denied(i, 0, 0, REASON_ARP_SPOOF, i));
	}
}

TEST(an_encrypted_resolver_is_noted_and_nothing_is_done)
{
	bool told = false;

	harm_clear(&watch);
	for (unsigned i = 0; i < 1000; i++)
		if (denied(1, 6, 443, REASON_ENCRYPTED_DNS, i * 100)) {
			told = true;
			EXPECT_INT(verdict.act, HARM_ACT_NOTE);
		}
	EXPECT(told);
}

TEST(names_that_carry_data_are_told_from_names_that_are_only_long)
{
	EXPECT(harm_name_is_data("aqxgk3ddnfzsa2ltebqsa5dvnzxgk3a7.t.example"));
	EXPECT(harm_name_is_data("48656c6c6f20776f726c642c206865726520.x.example"));
	EXPECT(!harm_name_is_data("www.example"));
	EXPECT(!harm_name_is_data("connectivity-check-and-captive-portal.service.example"));
	EXPECT(!harm_name_is_data("internationalisationadministration.example"));
	EXPECT(!harm_name_is_data("e7.whatever.dscg.akamaiedge.example"));
	EXPECT(!harm_name_is_data(""));
	EXPECT(!harm_name_is_data("...."));
}

TEST(a_tunnel_is_limited_then_quarantined_and_a_few_odd_names_are_not)
{
	harm_clear(&watch);
	EXPECT(!harm_from_answers(&watch, 0, CLOCK_SECOND_NS, &verdict));
	EXPECT(!harm_from_answers(&watch, 20, CLOCK_SECOND_NS, &verdict));
	EXPECT(harm_from_answers(&watch, 30, 10 * CLOCK_SECOND_NS, &verdict));
	EXPECT_INT(verdict.act, HARM_ACT_LIMIT);
	EXPECT(harm_from_answers(&watch, 200, 12 * CLOCK_SECOND_NS, &verdict));
	EXPECT_INT(verdict.act, HARM_ACT_QUARANTINE);
}

TEST(slow_enough_is_forgotten)
{
	harm_clear(&watch);
	for (unsigned i = 0; i < 1000; i++)
		EXPECT(!denied(i, 6, 8080, REASON_FROM_DEVICE, i * 1000ull));
}

TEST(the_same_harm_is_told_again_after_five_minutes_if_it_goes_on)
{
	unsigned told = 0;

	harm_clear(&watch);
	for (unsigned i = 0; i < 6600; i++)
		told += denied(i % 250, 6, 23, REASON_ADMIN_PORT, i * 100);
	EXPECT_INT(told, 3);
}
