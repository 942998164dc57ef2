/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_decide.h"

#include <string.h>

#include "test.h"

static const char listed[] = "# a comment\ndns.google\nnextdns.io\n";

static struct view *
camera(enum view_mode mode)
{
	static struct view_table *table;
	struct message_view said = {.device = 5, .generation = 1, .mode = (uint8_t)mode};
	struct view *view;

	if (!table)
		table = view_table_new();
	said.n_names = 2;
	said.name[0].slot = 3;
	strcpy(said.name[0].name, "cloud.example");
	said.name[1].slot = 4;
	said.name[1].is_suffix = true;
	strcpy(said.name[1].name, "wide.example");
	EXPECT(!view_keep(table, &said, &view));
	return view;
}

static struct decision
decide(enum view_mode mode, const char *name, uint16_t type)
{
	static struct doh_names *doh;
	struct dns_query query = {.type = type};

	if (!doh)
		doh = doh_names_from_text(listed, sizeof listed - 1);
	EXPECT(dns_name_from_text(&query.name, name));
	EXPECT(dns_name_text(&query.name, query.text));
	return decision_from_query(camera(mode), &query, doh);
}

static bool
is_rcode(struct decision decision, uint8_t rcode)
{
	return decision.kind == DECISION_RCODE && decision.rcode == rcode;
}

TEST(a_declared_name_is_asked_with_its_slot)
{
	struct decision decision = decide(VIEW_DECLARED, "Cloud.Example", DNS_A);

	EXPECT_INT(decision.kind, DECISION_ASK);
	EXPECT_INT(decision.match.count, 1);
	EXPECT_INT(decision.match.slot[0], 3);
}

TEST(an_undeclared_name_ends_here_and_is_told_of)
{
	struct decision decision = decide(VIEW_DECLARED, "evil.example", DNS_A);

	EXPECT(is_rcode(decision, DNS_NXDOMAIN));
	EXPECT(decision.is_undeclared);
	EXPECT(is_rcode(decide(VIEW_DECLARED, "a.cloud.example", DNS_A), DNS_NXDOMAIN));
}

TEST(looking_for_names_in_the_house_is_not_told_of)
{
	static const char *const names[] = {
		"printer.local", "wpad", "1.77.168.192.in-addr.arpa", "_dns.resolver.arpa"};

	for (int i = 0; i < 4; i++) {
		struct decision decision = decide(VIEW_DECLARED, names[i], DNS_A);
		EXPECT(is_rcode(decision, DNS_NXDOMAIN));
		EXPECT(!decision.is_undeclared);
	}
	EXPECT(decide(VIEW_DECLARED, "1.0.18.198.in-addr.arpa", DNS_PTR).is_undeclared);
}

TEST(free_text_needs_a_name_that_is_declared_whole)
{
	EXPECT_INT(decide(VIEW_DECLARED, "cloud.example", DNS_TXT).kind, DECISION_ASK);
	EXPECT(is_rcode(decide(VIEW_DECLARED, "x.wide.example", DNS_TXT), DNS_NOERROR));
	EXPECT(is_rcode(decide(VIEW_DECLARED, "cloud.example", DNS_HTTPS), DNS_NOERROR));
	EXPECT(is_rcode(decide(VIEW_DECLARED, "cloud.example", DNS_SVCB), DNS_NOERROR));
	EXPECT(is_rcode(decide(VIEW_DECLARED, "cloud.example", DNS_ANY), DNS_NOTIMP));
	EXPECT(is_rcode(decide(VIEW_DECLARED, "cloud.example", 10), DNS_NOTIMP));
	EXPECT(is_rcode(decide(VIEW_DECLARED, "cloud.example", 252), DNS_REFUSED));
	EXPECT(is_rcode(decide(VIEW_OPEN, "cloud.example", 252), DNS_REFUSED));
}

TEST(an_open_device_is_denied_other_resolvers_and_what_belongs_to_the_house)
{
	EXPECT_INT(decide(VIEW_OPEN, "anything.example", DNS_A).kind, DECISION_ASK);
	EXPECT_INT(decide(VIEW_OPEN, "anything.example", DNS_HTTPS).kind, DECISION_ASK);
	EXPECT(is_rcode(decide(VIEW_OPEN, "dns.google", DNS_A), DNS_NXDOMAIN));
	EXPECT(is_rcode(decide(VIEW_OPEN, "x.y.nextdns.io", DNS_A), DNS_NXDOMAIN));
	EXPECT_INT(decide(VIEW_OPEN, "notnextdns.io", DNS_A).kind, DECISION_ASK);
	EXPECT(is_rcode(decide(VIEW_OPEN, "5.77.168.192.in-addr.arpa", DNS_PTR), DNS_NXDOMAIN));
	EXPECT(is_rcode(decide(VIEW_OPEN, "wpad", DNS_A), DNS_NXDOMAIN));
}

TEST(every_name_is_the_gateway_for_a_penned_device)
{
	EXPECT_INT(decide(VIEW_STATUS_PAGE, "cloud.example", DNS_A).kind, DECISION_GATEWAY);
	EXPECT_INT(decide(VIEW_STATUS_PAGE, "a.b", DNS_AAAA).kind, DECISION_GATEWAY);
	EXPECT(is_rcode(decide(VIEW_STATUS_PAGE, "cloud.example", DNS_TXT), DNS_NOERROR));
}

TEST(the_gateway_has_a_name_for_everybody)
{
	EXPECT_INT(decide(VIEW_DECLARED, "pinfold.home.arpa", DNS_A).kind, DECISION_GATEWAY);
	EXPECT_INT(decide(VIEW_OPEN, "pinfold.home.arpa", DNS_AAAA).kind, DECISION_GATEWAY);
}

TEST(reverse_names_are_read_in_both_families)
{
	char text[IP_TEXT_MAX];
	struct ip ip;

	EXPECT(ip_from_reverse_name(&ip, "1.77.168.192.in-addr.arpa"));
	EXPECT_STR(ip_render(&ip, text), "192.168.77.1");
	EXPECT(ip_from_reverse_name(&ip, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
					 "0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa"));
	EXPECT_STR(ip_render(&ip, text), "fd77::1");
	EXPECT(!ip_from_reverse_name(&ip, "77.168.192.in-addr.arpa"));
	EXPECT(!ip_from_reverse_name(&ip, "256.77.168.192.in-addr.arpa"));
	EXPECT(!ip_from_reverse_name(&ip, "1.2.3.4.5.in-addr.arpa"));
	EXPECT(!ip_from_reverse_name(&ip, ""));
}

TEST(the_longest_label_of_a_name_is_known)
{
	EXPECT_INT(longest_label(""), 0);
	EXPECT_INT(longest_label("a.bcd.ef"), 3);
	EXPECT_INT(longest_label("abcdef"), 6);
}

TEST(names_of_time_servers_are_known_whole_and_not_by_their_end)
{
	EXPECT(name_is_of_time("pool.ntp.org"));
	EXPECT(name_is_of_time("0.debian.pool.ntp.org"));
	EXPECT(name_is_of_time("time.windows.com"));
	EXPECT(!name_is_of_time("notpool.evilntp.org"));
	EXPECT(!name_is_of_time("evil-time.windows.com"));
	EXPECT(!name_is_of_time("windows.com"));
	EXPECT(!name_is_of_time("pool.ntp.org.evil.example"));
	EXPECT(!name_is_of_time(""));
}

/* --- the rig ------------------------------------------------------------------------------------------ */

/* What the rig makes of a question a second after it began, for so many seconds. */
static bool
is_withheld(uint8_t rig, uint32_t seconds, const char *name, struct decision *decision)
{
	struct view *view = camera(VIEW_OPEN);
	struct dns_query query = {.type = DNS_A};

	view->rig = rig;
	view->rig_until_ns = seconds * UINT64_C(1000000000);
	EXPECT(dns_name_from_text(&query.name, name));
	EXPECT(dns_name_text(&query.name, query.text));
	bool is = decision_by_rig(view, &query, UINT64_C(1000000000), decision);
	view->rig = 0;
	return is;
}

TEST(without_names_nothing_is_answered_at_all)
{
	struct decision decision;

	EXPECT(is_withheld(RIG_NAMES, 60, "cloud.example", &decision));
	EXPECT_INT(decision.kind, DECISION_SILENT);
	EXPECT(is_withheld(RIG_NAMES, 60, "pool.ntp.org", &decision));
	EXPECT_INT(decision.kind, DECISION_SILENT);
}

TEST(without_its_maker_there_are_time_and_a_test_of_the_internet)
{
	struct decision decision;

	EXPECT(is_withheld(RIG_MAKER, 60, "cloud.maker.test", &decision));
	EXPECT(is_rcode(decision, DNS_NXDOMAIN));
	EXPECT(!decision.is_undeclared);
	EXPECT(!is_withheld(RIG_MAKER, 60, "0.pool.ntp.org", &decision));
	EXPECT(!is_withheld(RIG_MAKER, 60, "connectivitycheck.gstatic.com", &decision));
	EXPECT(!is_withheld(RIG_MAKER, 60, GATEWAY_NAME, &decision));
	EXPECT(is_withheld(RIG_MAKER, 60, "evil-connectivitycheck.gstatic.com", &decision));
}

TEST(what_the_rig_withholds_comes_back_by_itself)
{
	struct decision decision;

	EXPECT(!is_withheld(RIG_NAMES, 1, "cloud.example", &decision));
	EXPECT(!is_withheld(0, 60, "cloud.example", &decision));
}

TEST(the_name_of_the_certificate_is_the_gateway_where_its_pages_are)
{
	static struct settings settings;
	static const struct {
		enum view_mode mode;
		const char *name;
		uint16_t type;
		enum decision_kind kind;
	} rows[] = {
		{VIEW_OPEN, "pages.example", DNS_A, DECISION_GATEWAY},
		{VIEW_OPEN, "pages.example", DNS_AAAA, DECISION_RCODE}, /* it is not there */
		{VIEW_OPEN, "other.pages.example", DNS_A, DECISION_ASK},
		{VIEW_DECLARED, "pages.example", DNS_A, DECISION_RCODE},
		{VIEW_DECLARED, "cloud.example", DNS_A, DECISION_ASK},
	};

	settings_init(&settings);
	strcpy(settings.web_name, "pages.example");
	settings.web_tls_address = settings.lan4.address;
	for (int with = 0; with < 2; with++) {
		strcpy(settings.web_certificate, with ? "/c.pem" : "");
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			struct decision decision = decide(rows[i].mode, rows[i].name, rows[i].type);
			enum decision_kind was = decision.kind;
			struct dns_query query = {.type = rows[i].type};
			strcpy(query.text, rows[i].name);
			decision_for_pages(&settings, camera(rows[i].mode), &query, &decision);
			EXPECT_INT(decision.kind, with ? rows[i].kind : was);
		}
	}
	/* A name that means something in a house alone may be the certificate's as well. */
	strcpy(settings.web_name, "gateway.lan");
	struct decision decision = decide(VIEW_OPEN, "gateway.lan", DNS_A);
	struct dns_query query = {.type = DNS_A, .text = "gateway.lan"};
	EXPECT(is_rcode(decision, DNS_NXDOMAIN));
	decision_for_pages(&settings, camera(VIEW_OPEN), &query, &decision);
	EXPECT_INT(decision.kind, DECISION_GATEWAY);
	/* Elsewhere than on the LAN we know no better than upstream. */
	EXPECT(ip_parse(&settings.web_tls_address, "198.18.0.9"));
	decision = decide(VIEW_OPEN, "gateway.lan", DNS_A);
	decision_for_pages(&settings, camera(VIEW_OPEN), &query, &decision);
	EXPECT(is_rcode(decision, DNS_NXDOMAIN));
}
