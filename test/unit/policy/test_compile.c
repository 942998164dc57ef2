/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"
#include "test.h"

static struct message_policy out;
static struct message_view view;
static struct policy_faults faults;

static struct ip
ip(const char *text)
{
	struct ip ip = {0};
	EXPECT(ip_parse(&ip, text));
	return ip;
}

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix prefix = {0};
	EXPECT(prefix_parse(&prefix, text));
	return prefix;
}

static void
rule(struct policy *policy, const struct policy_world *world, const char *text)
{
	struct fault why = {0};

	if (!policy_rule_parse(policy, ORIGIN_OWNER, world, text, 1000, &why))
		print_message("%s: %s\n", text, why.text);
	EXPECT(!why.code);
}

static void
compile(struct policy *policy, const struct policy_world *world, struct compiled_slots **slots)
{
	memset(&faults, 0, sizeof faults);
	memset(&out, 0, sizeof out);
	memset(&view, 0, sizeof view);
	policy_compile(&out, &view, slots, policy, world, &faults);
	out.generation = view.generation = 1;
	out.packet_cap = out.flow_cap = 1;
	EXPECT(message_check(
		MESSAGE_POLICY, PROCESS_ENGINE, PROCESS_ENFORCER, &out, message_policy_len(&out)));
	EXPECT(message_check(
		MESSAGE_VIEW, PROCESS_ENGINE, PROCESS_RESOLVER, &view, message_view_len(&view)));
}

static uint16_t
slot_of(const char *name)
{
	for (uint32_t i = 0; i < view.n_names; i++)
		if (!view.name[i].is_suffix && !strcmp(view.name[i].name, name))
			return view.name[i].slot;
	for (uint32_t i = 0; i < view.n_names; i++) {
		size_t len = strlen(name), tail = strlen(view.name[i].name);
		if (view.name[i].is_suffix &&
			(!strcmp(name, view.name[i].name) ||
				(len > tail && name[len - tail - 1] == '.' &&
					!strcmp(name + len - tail, view.name[i].name))))
			return view.name[i].slot;
	}
	return 0;
}

static const struct policy_world nobody;

TEST(a_name_becomes_one_slot_with_its_ports)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(policy, &nobody, "allow tcp cloud.example 443");
	rule(policy, &nobody, "allow tcp cloud.example 8883");
	compile(policy, &nobody, &slots);
	EXPECT_INT(view.mode, VIEW_DECLARED);
	EXPECT_INT(view.n_names, 1);
	EXPECT_STR(view.name[0].name, "cloud.example");
	EXPECT_INT(out.n_entries, 2);
	EXPECT_INT(out.entry[0].kind, POLICY_ENTRY_SLOT);
	EXPECT_INT(out.entry[0].slot, view.name[0].slot);
	EXPECT_INT(out.entry[0].version, 0);
	EXPECT_INT(out.entry[0].port_lo, 443);
	EXPECT_INT(out.entry[1].port_lo, 8883);
	EXPECT_INT(faults.n, 0);
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(a_slot_keeps_its_number_while_its_ports_are_the_same)
{
	struct policy *first = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *second = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(first, &nobody, "allow tcp a.example 443");
	rule(first, &nobody, "allow tcp b.example 443");
	rule(first, &nobody, "allow tcp c.example 443");
	compile(first, &nobody, &slots);
	uint16_t a = slot_of("a.example"), b = slot_of("b.example"), c = slot_of("c.example");
	rule(second, &nobody, "allow tcp new.example 443");
	rule(second, &nobody, "allow tcp c.example 443");
	rule(second, &nobody, "allow tcp b.example 80");
	compile(second, &nobody, &slots);
	EXPECT_INT(slot_of("c.example"), c);
	/* other ports, so what was opened in it is not what it says now */
	EXPECT(slot_of("b.example") != b);
	/* a number that was just given up is not another's */
	EXPECT(slot_of("new.example") != a && slot_of("new.example") != b);
	EXPECT_STR(compiled_slot_name(slots, c), "c.example");
	EXPECT(compiled_slot_name(slots, 190) == NULL);
	compiled_slots_free(slots);
	policy_free(first);
	policy_free(second);
}

TEST(what_an_earlier_rule_denies_is_cut_out_of_a_later_range)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(policy, &nobody, "deny tcp any 23");
	rule(policy, &nobody, "allow tcp cloud.example 1-100");
	compile(policy, &nobody, &slots);
	EXPECT_INT(out.n_entries, 2);
	EXPECT_INT(out.entry[0].port_lo, 1);
	EXPECT_INT(out.entry[0].port_hi, 22);
	EXPECT_INT(out.entry[1].port_lo, 24);
	EXPECT_INT(out.entry[1].port_hi, 100);
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(the_first_rule_that_matches_decides_so_a_later_denial_takes_nothing)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(policy, &nobody, "allow tcp cloud.example 23");
	rule(policy, &nobody, "deny tcp any 23");
	compile(policy, &nobody, &slots);
	EXPECT_INT(out.n_entries, 1);
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(a_denied_prefix_closes_its_ports_for_names_too_and_says_so)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(policy, &nobody, "deny tcp 198.18.0.0/15 443");
	rule(policy, &nobody, "allow tcp cloud.example 443");
	compile(policy, &nobody, &slots);
	/* the name may lead there by IPv4, but never by IPv6 */
	EXPECT_INT(out.n_entries, 1);
	EXPECT_INT(out.entry[0].version, 6);
	EXPECT(faults.n > 0);
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(a_name_of_the_home_and_an_address_of_the_home_are_not_expressed_but_said)
{
	struct ip_prefix lan[] = {prefix("192.168.77.0/24"), prefix("fd77::/64")};
	struct policy_world world = {.n_lan = 2, .lan = lan};
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;
	struct policy_rule named = {.origin = ORIGIN_MUD,
		.action = POLICY_ACCEPT,
		.direction = DIRECTION_FROM_DEVICE,
		.remote = REMOTE_NAME,
		.proto = 6,
		.port_hi = 65535,
		.source_hi = 65535};

	policy_add(policy, named, "printer.local", NULL);
	rule(policy, &world, "allow tcp 192.168.77.5 80");
	compile(policy, &world, &slots);
	EXPECT_INT(out.n_entries, 0);
	EXPECT_INT(view.n_names, 0);
	EXPECT_INT(faults.n, 2);
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(nested_prefixes_come_out_disjoint)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(policy, &nobody, "allow tcp 198.18.5.0/24 400-500");
	rule(policy, &nobody, "allow tcp 198.18.0.0/15 443");
	compile(policy, &nobody, &slots);
	EXPECT_INT(out.n_entries, 3);
	EXPECT_INT(out.entry[0].prefix_length, 15);
	EXPECT_INT(out.entry[1].port_hi, 442);
	EXPECT_INT(out.entry[2].port_lo, 444);
	compiled_slots_free(slots);
	policy_free(policy);
}

/* Two devices and a phone; printer's policy permits the phone only. */
static struct policy_peer peers[3];
static struct policy_world home = {.n_peers = 3, .peer = peers};

static void
make_home(struct policy *phone, struct policy *printer, struct policy *camera)
{
	peers[0] = (struct policy_peer){
		.number = 1, .state = DEVICE_TRUSTED, .name = "phone", .policy = phone};
	peers[1] = (struct policy_peer){
		.number = 2, .state = DEVICE_ENFORCE, .name = "printer", .policy = printer};
	peers[2] = (struct policy_peer){
		.number = 3, .state = DEVICE_ENFORCE, .name = "camera", .policy = camera};
}

TEST(an_introduction_opens_one_direction_between_two_devices)
{
	struct policy *phone = policy_new(1, DEVICE_TRUSTED, DEVICE_CLASS_PERSONAL);
	struct policy *printer = policy_new(2, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *camera = policy_new(3, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;
	struct introduction in;
	struct fault why = {0};

	make_home(phone, printer, camera);
	EXPECT(introduction_parse(&in, &home, "introduce phone -> printer ipp", &why));
	EXPECT(policy_add_introduction(phone, &in, 0, "introduction 1"));
	EXPECT(policy_add_introduction(printer, &in, 0, "introduction 1"));
	EXPECT(policy_add_introduction(camera, &in, 0, "introduction 1"));
	EXPECT_INT(camera->n_rules, 0);

	compile(phone, &home, &slots);
	EXPECT_INT(out.n_entries, 1);
	EXPECT_INT(out.entry[0].kind, POLICY_ENTRY_NEIGHBOUR);
	EXPECT_INT(out.entry[0].peer, 2);
	EXPECT_INT(out.entry[0].port_lo, 631);
	compile(printer, &home, &slots);
	EXPECT_INT(out.n_entries, 0);

	/* a quarantined printer is nobody's neighbour */
	peers[1].state = DEVICE_QUARANTINE;
	compile(phone, &home, &slots);
	EXPECT_INT(out.n_entries, 0);
	compiled_slots_free(slots);
	policy_free(phone);
	policy_free(printer);
	policy_free(camera);
}

TEST(a_virtual_patch_of_a_device_closes_the_port_for_its_neighbours)
{
	struct policy *phone = policy_new(1, DEVICE_TRUSTED, DEVICE_CLASS_PERSONAL);
	struct policy *printer = policy_new(2, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct policy *camera = policy_new(3, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;
	struct introduction in;
	struct fault why = {0};

	make_home(phone, printer, camera);
	EXPECT(introduction_parse(&in, &home, "phone -> printer scan", &why));
	EXPECT(policy_add_patch(
		printer, DIRECTION_TO_DEVICE, 6, 80, 0, "factory password works here"));
	policy_add_introduction(phone, &in, 0, NULL);
	policy_add_introduction(printer, &in, 0, NULL);
	compile(phone, &home, &slots);
	EXPECT_INT(out.n_entries, 3);
	for (int i = 0; i < out.n_entries; i++)
		EXPECT(out.entry[i].port_lo != 80);
	compiled_slots_free(slots);
	policy_free(phone);
	policy_free(printer);
	policy_free(camera);
}

TEST(a_device_that_waits_is_quarantined_or_blocked_gets_no_entry_at_all)
{
	static const enum device_state penned[] = {DEVICE_WAITING, DEVICE_QUARANTINE, DEVICE_BLOCK};

	for (size_t i = 0; i < 3; i++) {
		struct policy *policy = policy_new(7, penned[i], DEVICE_CLASS_ORDINARY);
		struct compiled_slots *slots = NULL;
		rule(policy, &nobody, "allow tcp cloud.example 443");
		rule(policy, &nobody, "allow tcp internet 443");
		compile(policy, &nobody, &slots);
		EXPECT_INT(out.n_entries, 0);
		EXPECT_INT(view.n_names, 0);
		EXPECT_INT(view.mode, VIEW_STATUS_PAGE);
		compiled_slots_free(slots);
		policy_free(policy);
	}
}

TEST(an_observed_device_gets_denials_and_nothing_that_permits)
{
	struct policy *policy = policy_new(7, DEVICE_OBSERVE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	policy_add_patch(policy, DIRECTION_FROM_DEVICE, 6, 25, 0, "sends mail");
	policy_from_class(policy);
	compile(policy, &nobody, &slots);
	EXPECT_INT(view.mode, VIEW_OPEN);
	EXPECT_INT(out.n_entries, 1);
	EXPECT_INT(out.entry[0].kind, POLICY_ENTRY_DENY);
	EXPECT_INT(out.entry[0].port_lo, 25);
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(the_internet_is_every_address_that_is_not_inside)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;

	rule(policy, &nobody, "allow tcp internet 443");
	compile(policy, &nobody, &slots);
	EXPECT_INT(faults.n, 0);
	srand(1);
	for (int i = 0; i < 200000; i++) {
		uint8_t byte[16];
		for (int k = 0; k < 16; k++)
			byte[k] = (uint8_t)(rand() >> 7);
		if (i % 4 == 0) /* near the edges of what is inside */
			memcpy(byte, (uint8_t[]){192, 0, 0}, 3);
		bool is4 = i % 2 == 0;
		if (!is4) {
			byte[0] = (uint8_t)(0x20 | (byte[0] & 0x1f));
			if (i % 8 == 1)
				memcpy(byte, (uint8_t[]){0x20, 0x01, 0}, 3);
			if (i % 8 == 3)
				memcpy(byte, (uint8_t[]){0x20, (uint8_t)(byte[1] & 3)}, 2);
		}
		struct policy_flow flow = {.direction = DIRECTION_FROM_DEVICE,
			.proto = 6,
			.port = 443,
			.source_port = 50000,
			.address = is4 ? ip_from_v4(byte) : ip_from_v6(byte)};
		EXPECT(compiled_allows(&out, &flow, 0) == !ip_is_inside(&flow.address));
	}
	compiled_slots_free(slots);
	policy_free(policy);
}

TEST(a_policy_too_large_for_the_kernel_is_cut_and_says_what_is_not_allowed)
{
	struct policy *policy = policy_new(7, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	struct compiled_slots *slots = NULL;
	char text[64];

	for (int i = 0; i < 250; i++) {
		snprintf(text, sizeof text, "allow tcp n%d.example 1,3,5,7", i);
		rule(policy, &nobody, text);
	}
	compile(policy, &nobody, &slots);
	EXPECT(out.n_entries <= POLICY_ENTRIES_MAX);
	EXPECT(view.n_names < 250);
	EXPECT(faults.n > 0);
	compiled_slots_free(slots);
	policy_free(policy);
}

/* --- no entry permits what the rules would not ------------------------------------------------ */

static uint32_t seed;

static uint32_t
pick(uint32_t n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static const char *const names[] = {
	"a.example", "b.example", "x.a.example", "y.x.a.example", "other.test"};
static const char *const suffixes[] = {"a.example", "x.a.example", "example", "b.example"};
static const char *const prefixes[] = {"198.18.0.0/15", "198.18.5.0/24", "198.18.5.7/32",
	"8.8.8.8/32", "10.1.0.0/16", "0.0.0.0/0", "2001:db8::/32", "2001:db8:1::/48", "::/0",
	"192.168.77.0/24"};
static const char *const addresses[] = {"198.18.5.7", "198.18.5.8", "198.19.1.1", "8.8.8.8",
	"9.9.9.9", "10.1.2.3", "2001:db8:1::1", "2001:db8::1", "2600::1", "172.16.0.1"};
static const uint16_t ports[] = {0, 1, 7, 8, 22, 23, 24, 80, 128, 443, 444, 1000, 65535};

static uint16_t
port(void)
{
	return ports[pick(sizeof ports / sizeof *ports)];
}

static void
random_rule(struct policy *policy)
{
	static const uint8_t protos[] = {0, 6, 6, 6, 17, 1, 58};
	static const enum policy_remote remotes[] = {REMOTE_ANY, REMOTE_INTERNET, REMOTE_NAME,
		REMOTE_NAME, REMOTE_SUFFIX, REMOTE_PREFIX, REMOTE_PREFIX, REMOTE_DEVICE,
		REMOTE_LOCAL_NETWORKS, REMOTE_SAME_MANUFACTURER, REMOTE_MANUFACTURER};
	struct policy_rule rule = {.origin = (uint8_t)(ORIGIN_MUD + pick(4)),
		.action = (uint8_t)(pick(3) ? POLICY_ACCEPT : POLICY_DENY),
		.direction = (uint8_t)(pick(3) ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE),
		.remote = (uint8_t)remotes[pick(sizeof remotes / sizeof *remotes)],
		.version = (uint8_t)(pick(4)   ? 0
				     : pick(2) ? 4
					       : 6),
		.proto = protos[pick(sizeof protos)],
		.port_hi = 65535,
		.source_hi = 65535};
	const char *text = NULL;

	if (rule.proto == 6 || rule.proto == 17) {
		rule.port_lo = port();
		rule.port_hi = pick(2) ? rule.port_lo : 65535;
		if (!pick(4)) {
			rule.source_lo = port();
			rule.source_hi = pick(2) ? rule.source_lo : 65535;
		}
	} else if (rule.proto && pick(2)) {
		rule.port_lo = rule.port_hi = (uint16_t)(pick(2) ? 8 : 128);
		if (pick(2))
			rule.source_lo = rule.source_hi = (uint16_t)pick(3);
	}
	if (rule.remote == REMOTE_NAME)
		text = names[pick(sizeof names / sizeof *names)];
	if (rule.remote == REMOTE_SUFFIX)
		text = suffixes[pick(sizeof suffixes / sizeof *suffixes)];
	if (rule.remote == REMOTE_MANUFACTURER)
		text = pick(2) ? "maker.example" : "else.example";
	if (rule.remote == REMOTE_PREFIX) {
		rule.prefix = prefix(prefixes[pick(sizeof prefixes / sizeof *prefixes)]);
		rule.version = rule.prefix.address.version;
	}
	if (rule.remote == REMOTE_DEVICE)
		rule.device = 1 + pick(5);
	EXPECT(policy_add(policy, rule, text, NULL));
}

static struct policy_flow
random_flow(void)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 1, 58};
	struct policy_flow flow = {
		.direction = pick(4) ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE,
		.proto = protos[pick(sizeof protos)],
		.port = port(),
		.source_port = ports[1 + pick(sizeof ports / sizeof *ports - 1)]};

	if (flow.proto == 1 || flow.proto == 58) {
		flow.port = pick(2) ? 8 : 128;
		flow.source_port = (uint16_t)pick(3);
	}
	if (pick(3) == 0) {
		flow.peer = 1 + pick(5);
		flow.address = ip(pick(2) ? "192.168.77.9" : "2001:db8:77::9");
	} else {
		flow.address = ip(addresses[pick(sizeof addresses / sizeof *addresses)]);
		if (pick(2) && flow.direction == DIRECTION_FROM_DEVICE)
			flow.name = names[pick(sizeof names / sizeof *names)];
	}
	/* ICMP and IP go together */
	if (flow.proto == 1 && flow.address.version == 6)
		flow.proto = 58;
	else if (flow.proto == 58 && flow.address.version == 4)
		flow.proto = 1;
	return flow;
}

static bool
overlaps(const struct policy_entry *a, const struct policy_entry *b)
{
	struct ip_prefix p = {.address = a->address, .length = a->prefix_length};
	struct ip_prefix q = {.address = b->address, .length = b->prefix_length};

	if (a->kind != b->kind || a->proto != b->proto || a->slot != b->slot ||
		a->peer != b->peer || (a->version && b->version && a->version != b->version))
		return false;
	if (a->address.version && !prefix_contains(&p, &q.address) &&
		!prefix_contains(&q, &p.address))
		return false;
	if (a->proto == 1 || a->proto == 58)
		return a->port_lo == b->port_lo &&
		       (a->port_hi == b->port_hi || a->port_hi == 65535 || b->port_hi == 65535);
	return a->port_lo <= b->port_hi && b->port_lo <= a->port_hi &&
	       a->source_lo <= b->source_hi && b->source_lo <= a->source_hi;
}

static void
expect_disjoint(void)
{
	for (unsigned i = 0; i < out.n_entries; i++)
		for (unsigned k = 0; k < i; k++)
			if (out.entry[i].kind != POLICY_ENTRY_DENY &&
				overlaps(&out.entry[i], &out.entry[k]))
				fail_msg("entries %u and %u overlap (seed %u)", k, i, seed);
}

static unsigned permitted, exact;

static void
tell(const struct policy *policy, const struct policy_flow *flow, bool rules, bool kernel)
{
	char text[IP_TEXT_MAX], line[400];

	for (int i = 0; i < policy->n_rules; i++)
		print_message(
			"  %s\n", policy_rule_render(policy, &policy->rule[i], line, sizeof line));
	for (int i = 0; i < out.n_entries; i++)
		print_message("  entry kind %u version %u proto %u ports %u-%u from %u-%u slot %u "
			      "peer %u %s/%u\n",
			out.entry[i].kind, out.entry[i].version, out.entry[i].proto,
			out.entry[i].port_lo, out.entry[i].port_hi, out.entry[i].source_lo,
			out.entry[i].source_hi, out.entry[i].slot, out.entry[i].peer,
			ip_render(&out.entry[i].address, text), out.entry[i].prefix_length);
	print_message("flow %s proto %u port %u from %u peer %u name %s address %s: rules %d, "
		      "kernel %d\n",
		flow->direction == DIRECTION_FROM_DEVICE ? "out" : "in", flow->proto, flow->port,
		flow->source_port, flow->peer, flow->name ? flow->name : "-",
		ip_render(&flow->address, text), rules, kernel);
}

static void
expect_no_wider(const struct policy *policy, const struct policy_world *world)
{
	for (int i = 0; i < 400; i++) {
		struct policy_flow flow = random_flow();
		uint16_t slot = flow.name ? slot_of(flow.name) : 0;
		if (flow.peer == policy->device)
			continue;
		/* a name never leads inside: the resolver withholds such an answer */
		if (flow.name && ip_is_inside(&flow.address))
			continue;
		bool rules = policy_allows(policy, world, &flow);
		bool kernel = compiled_allows(&out, &flow, slot);
		if (kernel && !rules)
			tell(policy, &flow, rules, kernel);
		if (kernel && !rules)
			fail_msg("kernel permits what the rules deny: seed %u", seed);
		permitted += kernel;
		/* and where nothing had to be left out, the two are the same */
		bool is_said = flow.direction == DIRECTION_TO_DEVICE && flow.peer;
		if (!faults.n && !is_said) {
			exact++;
			if (rules != kernel)
				tell(policy, &flow, rules, kernel);
			if (rules != kernel)
				fail_msg(
					"the rules permit what the kernel does not: seed %u", seed);
		}
	}
}

TEST(no_entry_permits_what_the_rules_deny_whatever_the_rules_are)
{
	struct ip_prefix lan[] = {prefix("192.168.77.0/24"), prefix("2001:db8:77::/64")};
	static const enum device_state states[] = {
		DEVICE_ENFORCE, DEVICE_ENFORCE, DEVICE_TRUSTED, DEVICE_QUARANTINE, DEVICE_OBSERVE};

	for (uint32_t round = 1; round <= 1500; round++) {
		struct policy_peer peer[5];
		struct policy_world world = {.n_peers = 5, .peer = peer, .n_lan = 2, .lan = lan};
		struct policy *policies[5];
		struct compiled_slots *slots = NULL;

		seed = round * 7919;
		for (uint32_t i = 0; i < 5; i++) {
			enum device_state held = i ? states[pick(5)] : DEVICE_ENFORCE;
			unsigned n = 1 + pick(round % 3 ? 4 : 14);
			policies[i] = policy_new(i + 1, held, DEVICE_CLASS_ORDINARY);
			policies[i]->is_confirmed = true;
			peer[i] = (struct policy_peer){.number = i + 1,
				.state = held,
				.authority = pick(2) ? "maker.example" : "else.example",
				.policy = policies[i]};
			while (n--)
				random_rule(policies[i]);
		}
		compile(policies[0], &world, &slots);
		expect_disjoint();
		expect_no_wider(policies[0], &world);
		compiled_slots_free(slots);
		for (int i = 0; i < 5; i++)
			policy_free(policies[i]);
	}
	/* the test would prove nothing if nothing was ever permitted */
	EXPECT(permitted > 1000);
	EXPECT(exact > 1000);
}
