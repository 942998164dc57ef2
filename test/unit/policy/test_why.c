/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/why.h"
#include "test.h"

static struct policy_peer peers[2];
static struct policy_world world = {.n_peers = 2, .peer = peers};
static struct policy *camera, *printer;
static struct reasoned said;

static void
home(enum device_state state)
{
	struct fault why = {0};

	policy_free(camera);
	policy_free(printer);
	camera = policy_new(1, state, DEVICE_CLASS_ORDINARY);
	printer = policy_new(2, DEVICE_ENFORCE, DEVICE_CLASS_ORDINARY);
	peers[0] = (struct policy_peer){
		.number = 1, .state = state, .name = "camera", .policy = camera};
	peers[1] = (struct policy_peer){
		.number = 2, .state = DEVICE_ENFORCE, .name = "printer", .policy = printer};
	EXPECT(policy_add_patch(camera, DIRECTION_FROM_DEVICE, 6, 23, 50, "scanned the home"));
	EXPECT(policy_rule_parse(
		camera, ORIGIN_OWNER, &world, "allow tcp cloud.example 443", 40, &why));
	EXPECT(policy_rule_parse(camera, ORIGIN_OWNER, &world, "allow tcp printer 631", 40, &why));
}

static void
ask(const char *destination, uint16_t port, const struct why_facts *facts)
{
	struct policy_flow flow = {.direction = DIRECTION_FROM_DEVICE, .proto = 6, .port = port};
	char name[MUD_TEXT_MAX];
	struct fault why = {0};

	EXPECT(flow_from_destination(&flow, name, &world, destination, &why));
	policy_why(&said, camera, &world, &flow, facts);
}

TEST(an_allowed_destination_names_the_rule_its_origin_and_its_time)
{
	home(DEVICE_ENFORCE);
	ask("cloud.example", 443, NULL);
	EXPECT(said.is_allowed);
	EXPECT_INT(said.origin, ORIGIN_OWNER);
	EXPECT_INT(said.since_s, 40);
	EXPECT_INT(said.rule, camera->rule[1].id);
	EXPECT(strstr(said.text, "allow tcp cloud.example 443"));
	/* and says what it does not promise */
	EXPECT(strstr(said.limit, "addresses, not names"));
}

TEST(what_no_rule_permits_is_denied_and_said_so)
{
	home(DEVICE_ENFORCE);
	ask("other.example", 443, &(struct why_facts){.state_since_s = 9});
	EXPECT(!said.is_allowed);
	EXPECT_INT(said.rule, 0);
	EXPECT_INT(said.since_s, 9);
	EXPECT(strstr(said.text, "Nothing permits this"));
}

TEST(a_virtual_patch_is_named_with_its_incident)
{
	home(DEVICE_ENFORCE);
	ask("cloud.example", 23, NULL);
	EXPECT(!said.is_allowed);
	EXPECT_INT(said.origin, ORIGIN_CONTAINMENT);
	EXPECT(strstr(said.text, "scanned the home"));
}

TEST(a_neighbour_that_does_not_agree_is_the_reason)
{
	struct fault why = {0};

	home(DEVICE_ENFORCE);
	ask("printer", 631, NULL);
	EXPECT(!said.is_allowed);
	EXPECT(strstr(said.text, "both must"));
	EXPECT(policy_rule_parse(
		printer, ORIGIN_OWNER, &world, "allow tcp from camera 631", 0, &why));
	ask("device:2", 631, NULL);
	EXPECT(said.is_allowed);
	EXPECT_INT(said.peer_rule, printer->rule[0].id);
	peers[1].state = DEVICE_QUARANTINE;
	ask("printer", 631, NULL);
	EXPECT(!said.is_allowed);
	EXPECT(strstr(said.text, "quarantine"));
}

TEST(in_quarantine_the_state_is_the_reason_and_no_rule)
{
	home(DEVICE_QUARANTINE);
	ask("cloud.example", 443, NULL);
	EXPECT(!said.is_allowed);
	EXPECT_INT(said.rule, 0);
	EXPECT(strstr(said.text, "quarantine"));
}

TEST(a_shared_address_a_pause_and_a_closed_address_are_limits_that_are_shown)
{
	static const char *const shared[] = {"ads\x1b.example", "b.example"};

	home(DEVICE_ENFORCE);
	ask("cloud.example", 443, &(struct why_facts){.shared = shared, .n_shared = 2});
	EXPECT(strstr(said.limit, "ads\\x1b.example"));
	EXPECT(strstr(said.limit, "and others"));
	EXPECT(strstr(said.limit, "No address of it is open now"));
	ask("198.18.5.5", 443, &(struct why_facts){.is_paused = true});
	EXPECT(!said.is_allowed);
	EXPECT(strstr(said.limit, "paused"));
}

TEST(a_destination_that_is_nothing_is_refused_with_the_word)
{
	struct policy_flow flow;
	char name[MUD_TEXT_MAX];
	struct fault why = {0};

	home(DEVICE_ENFORCE);
	EXPECT(!flow_from_destination(&flow, name, &world, "no\x1bsuch", &why));
	EXPECT(strstr(why.text, "no\\x1bsuch"));
	EXPECT(flow_from_destination(&flow, name, &world, "gateway", &why));
	EXPECT(flow.is_gateway);
	EXPECT(flow_from_destination(&flow, name, &world, "2001:db8::1", &why));
	EXPECT_INT(flow.address.version, 6);
}
