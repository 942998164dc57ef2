/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "test.h"

static struct mud mud;
static struct policy_faults faults;
static const struct policy_world nobody;

/* A file with these ACEs; each is list ('f', 't'), matches. */
static void
make_mud(int n, const char *const ace[][2])
{
	static char text[20000];
	char lists[2][8000] = {"", ""};
	struct fault why = {0};

	for (int i = 0; i < n; i++) {
		char *list = lists[ace[i][0][0] == 't'];
		const char *action = ace[i][0][1] == '!' ? "drop" : "accept";
		snprintf(list + strlen(list), sizeof lists[0] - strlen(list),
			"%s{\"name\":\"ace%d\",\"matches\":{%s},\"actions\":{\"forwarding\":\"%s\"}"
			"}",
			list[0] ? "," : "", i, ace[i][1], action);
	}
	snprintf(text, sizeof text,
		"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://maker.example/m.json\","
		"\"last-update\":\"2026-01-01T00:00:00Z\",\"is-supported\":true,"
		"\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"f\"}]}},"
		"\"to-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"t\"}]}}},"
		"\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"f\",\"aces\":{\"ace\":[%s]"
		"}},"
		"{\"name\":\"t\",\"aces\":{\"ace\":[%s]}}]}}",
		lists[0], lists[1]);
	if (!mud_parse(&mud, text, strlen(text), &why))
		fail_msg("%s", why.text);
}

#define TCP(name, port)                                                                            \
	"\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"" name                                            \
	"\",\"protocol\":6},\"tcp\":{\"destination-port\":{\"port\":" port "}}"
#define TCP_BACK(name, port)                                                                       \
	"\"ipv4\":{\"ietf-acldns:src-dnsname\":\"" name                                            \
	"\",\"protocol\":6},\"tcp\":{\"source-port\":{\"port\":" port "}}"

static struct policy_flow
flow(const char *name, uint16_t port)
{
	return (struct policy_flow){.direction = DIRECTION_FROM_DEVICE,
		.proto = 6,
		.port = port,
		.source_port = 50000,
		.name = name};
}

static struct policy *
merged(struct policy_sources *in)
{
	memset(&faults, 0, sizeof faults);
	in->device = 7;
	if (!in->state)
		in->state = DEVICE_ENFORCE;
	return policy_from_sources(in, &faults);
}

static bool
allows(const struct policy *policy, const char *name, uint16_t port)
{
	struct policy_flow asked = flow(name, port);
	return policy_allows(policy, &nobody, &asked);
}

TEST(a_confirmed_file_permits_what_it_names_and_nothing_else)
{
	static const char *const ace[][2] = {
		{"f", TCP("cloud.example", "443")}, {"t", TCP_BACK("cloud.example", "443")}};
	make_mud(2, ace);
	struct policy *p = merged(&(struct policy_sources){
		.mud = &mud, .mud_trust = MUD_TRUST_CONFIRMED, .mud_since_s = 5});

	EXPECT(allows(p, "cloud.example", 443));
	EXPECT(!allows(p, "cloud.example", 80));
	EXPECT(!allows(p, "other.example", 443));
	/* the answers of the server are answers, not a door */
	struct policy_flow back = flow("cloud.example", 50000);
	back.direction = DIRECTION_TO_DEVICE;
	back.source_port = 443;
	EXPECT(!policy_allows(p, &nobody, &back));
	EXPECT(p->is_confirmed);
	EXPECT_STR(policy_text(p, p->authority), "maker.example");
	policy_free(p);
}

TEST(an_unconfirmed_file_only_narrows)
{
	static const char *const ace[][2] = {{"f", TCP("cloud.example", "443")},
		{"f", TCP("cloud.example", "23")},
		{"f", "\"ietf-mud:mud\":{\"local-networks\":[null]}"},
		{"f", "\"ipv4\":{\"destination-ipv4-network\":\"198.18.5.1/32\"}"},
		{"t", "\"ietf-mud:mud\":{\"same-manufacturer\":[null]}"}};
	make_mud(5, ace);
	struct policy *p =
		merged(&(struct policy_sources){.mud = &mud, .mud_trust = MUD_TRUST_UNCONFIRMED});

	EXPECT(allows(p, "cloud.example", 443));
	EXPECT(!allows(p, "cloud.example", 23)); /* no observed device may */
	for (int i = 0; i < p->n_rules; i++)
		if (p->rule[i].action == POLICY_ACCEPT && p->rule[i].origin == ORIGIN_MUD)
			EXPECT_INT(p->rule[i].remote, REMOTE_NAME);
	EXPECT(!p->is_confirmed);
	EXPECT_INT(faults.n, 3); /* local networks, address, same manufacturer */
	policy_free(p);
}

TEST(beside_an_approved_profile_an_unconfirmed_file_counts_for_nothing)
{
	static const char *const theirs[][2] = {{"f", TCP("evil.example", "443")}};
	static const char *const ours[][2] = {{"f", TCP("cloud.example", "443")}};
	static struct mud learned;

	make_mud(1, ours);
	learned = mud;
	make_mud(1, theirs);
	struct policy *p = merged(&(struct policy_sources){
		.mud = &mud, .mud_trust = MUD_TRUST_UNCONFIRMED, .learned = &learned});
	EXPECT(allows(p, "cloud.example", 443));
	EXPECT(!allows(p, "evil.example", 443));
	policy_free(p);
}

TEST(addresses_of_a_file_need_an_approval_of_their_own)
{
	static const char *const ace[][2] = {
		{"f", "\"ipv4\":{\"destination-ipv4-network\":\"198.18.5.1/32\",\"protocol\":6}"}};
	struct policy_flow asked = flow(NULL, 443);

	EXPECT(ip_parse(&asked.address, "198.18.5.1"));
	make_mud(1, ace);
	for (int approved = 0; approved < 2; approved++) {
		struct policy *p = merged(&(struct policy_sources){.mud = &mud,
			.mud_trust = MUD_TRUST_CONFIRMED,
			.addresses_approved = approved});
		EXPECT_INT(policy_allows(p, &nobody, &asked), approved);
		EXPECT_INT(faults.n, !approved);
		policy_free(p);
	}
}

TEST(in_one_file_the_first_ace_that_matches_decides)
{
	static const char *const ace[][2] = {{"f!", TCP("cloud.example", "80")},
		{"f", "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"cloud.example\",\"protocol\":6}"}};
	make_mud(2, ace);
	struct policy *p =
		merged(&(struct policy_sources){.mud = &mud, .mud_trust = MUD_TRUST_CONFIRMED});
	EXPECT(!allows(p, "cloud.example", 80));
	EXPECT(allows(p, "cloud.example", 81));
	policy_free(p);
}

TEST(the_gateway_serves_names_and_time_whatever_a_file_says)
{
	static const char *const ace[][2] = {
		{"f", "\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:gateway\"},"
		      "\"ipv4\":{\"protocol\":6},\"tcp\":{\"destination-port\":{\"port\":80}}"}};
	struct policy_flow asked = flow(NULL, 80);

	asked.is_gateway = true;
	make_mud(1, ace);
	struct policy *p =
		merged(&(struct policy_sources){.mud = &mud, .mud_trust = MUD_TRUST_CONFIRMED});
	EXPECT(!policy_allows(p, &nobody, &asked));
	EXPECT_INT(faults.n, 1);
	asked.proto = 17;
	asked.port = 53;
	EXPECT(policy_allows(p, &nobody, &asked));
	policy_free(p);
}

TEST(who_initiates_is_kept)
{
	static const char *const ace[][2] = {
		{"f", "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"cloud.example\",\"protocol\":6},"
		      "\"tcp\":{\"ietf-mud:direction-initiated\":\"to-device\","
		      "\"destination-port\":{\"port\":443}}"}};
	make_mud(1, ace);
	struct policy *p =
		merged(&(struct policy_sources){.mud = &mud, .mud_trust = MUD_TRUST_CONFIRMED});
	EXPECT(!allows(p, "cloud.example", 443));
	policy_free(p);
}

TEST(to_lets_the_home_in_only_where_both_sides_say_so)
{
	struct fault why = {0};
	struct policy *a = policy_new(1, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *b = policy_new(2, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy_peer peers[2] = {
		{.number = 1, .state = DEVICE_ENFORCE, .name = "a", .policy = a},
		{.number = 2, .state = DEVICE_ENFORCE, .name = "b", .policy = b}};
	struct policy_world world = {.n_peers = 2, .peer = peers};
	struct policy_flow asked = flow(NULL, 80);

	asked.peer = 2;
	EXPECT(policy_rule_parse(a, ORIGIN_OWNER, &world, "allow tcp b 80", 0, &why));
	EXPECT(!policy_allows(a, &world, &asked));
	EXPECT(policy_rule_parse(b, ORIGIN_OWNER, &world, "allow tcp from a 80", 0, &why));
	EXPECT(policy_allows(a, &world, &asked));
	EXPECT(policy_concerns_neighbours(a) && policy_concerns_neighbours(b));
	policy_free(a);
	policy_free(b);
}

TEST(an_observed_device_is_called_where_its_owner_said_so_and_calls_nobody)
{
	struct fault why = {0};
	struct policy *a = policy_new(1, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *owner = policy_new(2, DEVICE_OBSERVE, DEVICE_CLASS_ORDINARY);
	struct policy_peer peers[2] = {
		{.number = 1, .state = DEVICE_ENFORCE, .name = "a", .policy = a},
		{.number = 2, .state = DEVICE_OBSERVE, .name = "b"}};
	struct policy_world world = {.n_peers = 2, .peer = peers};
	struct policy_flow there = flow(NULL, 80), back = flow(NULL, 81);

	there.peer = 2;
	back.peer = 1;
	EXPECT(policy_rule_parse(a, ORIGIN_OWNER, &world, "allow tcp b 80-90", 0, &why));
	EXPECT(policy_rule_parse(a, ORIGIN_OWNER, &world, "allow tcp from b 81", 0, &why));
	EXPECT(policy_rule_parse(owner, ORIGIN_OWNER, &world, "allow tcp from a 80", 0, &why));
	EXPECT(policy_rule_parse(owner, ORIGIN_OWNER, &world, "allow tcp a 81", 0, &why));
	struct policy *b = policy_from_sources(
		&(struct policy_sources){.device = 2, .state = DEVICE_OBSERVE, .owner = owner},
		NULL);
	peers[1].policy = b;
	EXPECT(policy_allows(a, &world, &there));
	there.port = 82;
	EXPECT(!policy_allows(a, &world, &there));
	EXPECT(!policy_allows(b, &world, &back));
	/* Seen from the one that is called, it is the same. */
	there.port = 80;
	there.peer = 1;
	there.direction = DIRECTION_TO_DEVICE;
	EXPECT(policy_allows(b, &world, &there));
	for (int i = 0; i < b->n_rules; i++)
		EXPECT(b->rule[i].direction == DIRECTION_FROM_DEVICE ||
			b->rule[i].remote == REMOTE_DEVICE);
	policy_free(a);
	policy_free(b);
	policy_free(owner);
}

TEST(containment_is_stronger_than_the_owner_and_the_owner_than_all_files)
{
	static const char *const ace[][2] = {
		{"f", TCP("cloud.example", "443")}, {"f", TCP("cloud.example", "80")}};
	struct policy *owner = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *contain = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct fault why = {0};

	make_mud(2, ace);
	EXPECT(policy_rule_parse(
		owner, ORIGIN_OWNER, &nobody, "deny tcp cloud.example 80", 0, &why));
	EXPECT(policy_rule_parse(
		owner, ORIGIN_OWNER, &nobody, "allow tcp mail.example 25", 0, &why));
	EXPECT(policy_add_patch(contain, DIRECTION_FROM_DEVICE, 6, 25, 0, "sends mail"));
	struct policy *p = merged(&(struct policy_sources){.mud = &mud,
		.mud_trust = MUD_TRUST_CONFIRMED,
		.owner = owner,
		.containment = contain});
	EXPECT(allows(p, "cloud.example", 443));
	EXPECT(!allows(p, "cloud.example", 80));
	EXPECT(!allows(p, "mail.example", 25));
	struct policy_flow asked = flow("mail.example", 25);
	EXPECT_INT(policy_decide(p, &nobody, &asked)->origin, ORIGIN_CONTAINMENT);
	policy_free(p);
	policy_free(owner);
	policy_free(contain);
}

TEST(an_accept_smuggled_into_containment_is_not_taken_over)
{
	struct policy *contain = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct fault why = {0};

	EXPECT(policy_rule_parse(
		contain, ORIGIN_CONTAINMENT, &nobody, "allow tcp evil.example 443", 0, &why));
	struct policy *p = merged(&(struct policy_sources){.containment = contain});
	EXPECT(!allows(p, "evil.example", 443));
	policy_free(p);
	policy_free(contain);
}

TEST(an_observed_device_reaches_the_internet_but_no_administration_port)
{
	struct policy *p = merged(&(struct policy_sources){.state = DEVICE_OBSERVE});

	EXPECT(allows(p, "cloud.example", 443));
	EXPECT(!allows(p, "cloud.example", 23));
	EXPECT(!allows(p, "printer.local", 443));
	policy_free(p);
}

TEST(a_penned_device_is_allowed_nothing_whatever_its_rules_say)
{
	static const char *const ace[][2] = {{"f", TCP("cloud.example", "443")}};
	static const enum device_state states[] = {
		DEVICE_STATE_UNKNOWN, DEVICE_WAITING, DEVICE_QUARANTINE, DEVICE_BLOCK};

	make_mud(1, ace);
	for (int i = 1; i < 4; i++) {
		struct policy *p = merged(&(struct policy_sources){
			.state = states[i], .mud = &mud, .mud_trust = MUD_TRUST_CONFIRMED});
		EXPECT(!allows(p, "cloud.example", 443));
		policy_free(p);
	}
}

TEST(rules_of_the_owner_read_as_people_write_them)
{
	static const struct {
		const char *text, *back;
		int n;
	} rules[] = {
		{"allow tcp cloud.example 443", "allow tcp cloud.example 443", 1},
		{"allow tcp to Cloud.Example. https", "allow tcp cloud.example 443", 1},
		{"allow udp *.cloud.example 5000-5010", "allow udp *.cloud.example 5000-5010", 1},
		{"deny tcp any 23", "deny tcp any 23", 1},
		{"allow tcp any 443", "allow tcp internet 443", 1},
		{"allow any 198.18.5.9", "allow any 198.18.5.9/32", 1},
		{"allow tcp 2001:db8::/32 80,443", "allow tcp 2001:db8::/32 80", 2},
		{"allow icmp cloud.example", "allow icmp cloud.example type 8", 2},
		{"allow any cloud.example 53", "allow tcp cloud.example 53", 2},
		{"allow tcp printer ipp", "allow tcp device:2 631", 1},
		{"allow tcp Printer 631", "allow tcp device:2 631", 1},
		{"allow tcp from internet 8080 for 2h", "allow tcp from internet 8080", 1},
		{"deny any from any", "deny any from any", 1},
	};
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"", "\"\""},
		{"permit tcp a.example 1", "\"permit\""},
		{"allow sctp a.example 1", "\"sctp\""},
		{"allow tcp", "who is missing"},
		{"allow tcp nosuch 80", "\"nosuch\""},
		{"allow tcp a.example 70000", "\"70000\""},
		{"allow tcp a.example 9-5", "\"9-5\""},
		{"allow tcp a.example http-ish", "\"http-ish\""},
		{"allow tcp a.example ntp", "\"ntp\""},
		{"allow icmp a.example 8", "\"8\""},
		{"allow tcp a.example 80 for ever", "\"ever\""},
		{"allow tcp a.example 80 443", "\"443\""},
		{"allow tcp from internet 80", "a door has an end"},
		{"allow tcp from a.example 80 for 2h", "\"a.example\""},
		{"allow tcp printer.local 80", "\"printer.local\""},
		{"allow tcp *.com 80", "\"*.com\""},
		{"allow tcp gateway 80", "\"gateway\""},
		{"allow tcp device:99 80", "\"device:99\""},
		{"allow tcp a\x1b.example 80", "\\x1b"},
		{"allow tcp a.example 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "\"17\""},
	};
	struct policy_peer peers[] = {{.number = 2, .name = "printer"}};
	struct policy_world world = {.n_peers = 1, .peer = peers};
	struct policy *p = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct fault why = {0};
	char back[400];

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		uint16_t before = p->n_rules;
		if (!policy_rule_parse(p, ORIGIN_OWNER, &world, rules[i].text, 1000, &why))
			fail_msg("%s: %s", rules[i].text, why.text);
		EXPECT_INT(p->n_rules - before, rules[i].n);
		EXPECT_STR(
			policy_rule_render(p, &p->rule[before], back, sizeof back), rules[i].back);
	}
	EXPECT_INT(p->rule[p->n_rules - 2].until_s, 1000 + 7200);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint16_t before = p->n_rules;
		EXPECT(!policy_rule_parse(p, ORIGIN_OWNER, &world, bad[i].text, 1000, &why));
		if (!strstr(why.text, bad[i].word))
			fail_msg("%s: %s", bad[i].text, why.text);
		EXPECT_INT(p->n_rules, before);
	}
	policy_free(p);
}

TEST(a_rule_whose_time_is_over_is_left_out)
{
	struct policy *owner = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct fault why = {0};

	EXPECT(policy_rule_parse(
		owner, ORIGIN_OWNER, &nobody, "allow tcp a.example 80 for 2h", 1000, &why));
	struct policy *p = merged(&(struct policy_sources){.owner = owner, .now_s = 1000 + 7199});
	EXPECT(allows(p, "a.example", 80));
	policy_free(p);
	p = merged(&(struct policy_sources){.owner = owner, .now_s = 1000 + 7200});
	EXPECT(!allows(p, "a.example", 80));
	policy_free(p);
	policy_free(owner);
}

TEST(a_rule_has_the_same_id_in_every_merge_and_other_rules_others)
{
	struct policy *a = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *b = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct fault why = {0};

	policy_rule_parse(a, ORIGIN_OWNER, &nobody, "allow tcp a.example 80", 1, &why);
	policy_rule_parse(b, ORIGIN_OWNER, &nobody, "allow tcp b.example 80", 1, &why);
	policy_rule_parse(b, ORIGIN_OWNER, &nobody, "allow tcp a.example 80", 9, &why);
	EXPECT_INT(a->rule[0].id, b->rule[1].id);
	EXPECT(a->rule[0].id != b->rule[0].id);
	EXPECT(policy_rule_find(b, a->rule[0].id) == &b->rule[1]);
	policy_free(a);
	policy_free(b);
}

TEST(a_policy_that_is_full_takes_no_more_and_says_so)
{
	struct policy *p = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct fault why = {0};
	char text[64];
	int n = 0;

	for (; n < POLICY_RULES_MAX + 10; n++) {
		snprintf(text, sizeof text, "allow tcp n%d.example 80", n);
		if (!policy_rule_parse(p, ORIGIN_OWNER, &nobody, text, 1, &why))
			break;
	}
	EXPECT_INT(n, POLICY_RULES_MAX);
	EXPECT_INT(why.code, ERR_FULL);
	policy_free(p);
}

TEST(a_report_only_removes)
{
	static const char text[] =
		"{\"schema\":\"pinfold-report-1\",\"device\":\"d-1\",\"issuer\":\"Maker\","
		"\"issued\":1767225600,\"state\":\"vulnerable\",\"close\":[\"tcp/23\",\"udp/"
		"1900-1901\"],"
		"\"allow\":[\"tcp/80\"],\"reason\":\"default password\"}";
	struct policy *contain = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct report report;
	struct fault why = {0};

	EXPECT(report_parse(&report, text, strlen(text), &why));
	EXPECT_INT(report.state, REPORTED_VULNERABLE);
	EXPECT_INT(report.n_closed, 2);
	EXPECT_INT(report.closed[1].hi, 1901);
	policy_narrow_by_report(contain, &report, 5);
	EXPECT_INT(contain->n_rules, 3);
	for (int i = 0; i < contain->n_rules; i++)
		EXPECT_INT(contain->rule[i].action, POLICY_DENY);
	policy_free(contain);
}

TEST(a_report_that_is_not_understood_is_refused_with_the_reason)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{"{\"schema\":\"other\"}", "schema"},
		{"{\"schema\":\"pinfold-report-1\"}", "issued"},
		{"{\"schema\":\"pinfold-report-1\",\"issued\":1}", "device"},
		{"{\"schema\":\"pinfold-report-1\",\"issued\":1,\"device\":\"d\",\"issuer\":\"i\"}",
			"state"},
		{"{\"schema\":\"pinfold-report-1\",\"issued\":1,\"device\":\"d\",\"issuer\":\"i\","
		 "\"state\":\"fine\",\"close\":[\"tcp/0x17\"]}",
			"close[0]"},
		{"{\"schema\":\"pinfold-report-1\",\"issued\":1,\"device\":\"d\",\"issuer\":\"i\","
		 "\"state\":\"fine\",\"close\":[\"tcp/9-5\"]}",
			"close[0]"},
		{"[[[[[1]]]]]", "deeper"},
	};
	struct report report;
	struct fault why;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		EXPECT(!report_parse(&report, bad[i].text, strlen(bad[i].text), &why));
		if (!strstr(why.text, bad[i].reason))
			fail_msg("%s: %s", bad[i].text, why.text);
	}
}

TEST(a_recalled_device_is_cut_off_in_both_directions)
{
	struct policy *contain = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *owner = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct report report = {.state = REPORTED_RECALLED};
	struct fault why = {0};

	policy_narrow_by_report(contain, &report, 5);
	EXPECT(policy_rule_parse(
		owner, ORIGIN_OWNER, &nobody, "allow tcp cloud.example 443", 0, &why));
	struct policy *p = merged(&(struct policy_sources){.owner = owner, .containment = contain});
	EXPECT(!allows(p, "cloud.example", 443));
	policy_free(p);
	policy_free(owner);
	policy_free(contain);
}

TEST(every_service_has_a_sentence_and_ports_or_discovery)
{
	const struct service *service;
	size_t n = 0;

	while ((service = service_at(n))) {
		EXPECT(service->sentence[0]);
		EXPECT(service->relay || service->port[0].proto);
		EXPECT(service_find(service->word) == service);
		n++;
	}
	EXPECT(n >= 10);
	EXPECT(service_find("nothing") == NULL);
}
