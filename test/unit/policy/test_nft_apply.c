/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_hold.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "policy/kernel.h"
#include "test.h"

/* Against the real kernel, in a network namespace of this process alone. */
static struct nft_apply *apply;
static struct hold *hold;
static struct nft_base base;
static struct settings settings;
static struct message_policy policy;
static struct message_done done;
static struct fault why;

static void
quiet(const char *line)
{
}

static void
begin(void)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	bool adopted, was_changed = false;

	if (geteuid() || unshare(CLONE_NEWNET))
		SKIP("needs root for a network namespace");
	log_set_sink(quiet);
	settings_init(&settings);
	strcpy(settings.uplink, "wan0");
	hold_free(hold);
	nft_apply_free(apply);
	nft_base_fini(&base);
	EXPECT_INT(nft_apply_new(&apply), ERR_OK);
	EXPECT_INT(nft_base_render(&base, &settings, mac, &why), ERR_OK);
	EXPECT_INT(nft_apply_load(apply, &base, &adopted, &was_changed, &why), ERR_OK);
	hold = hold_new(apply, NULL, &settings);
}

static void
device(uint32_t number, uint32_t generation)
{
	memset(&policy, 0, sizeof policy);
	policy.device = number;
	policy.generation = generation;
	policy.state = DEVICE_ENFORCE;
	policy.packet_cap = 1000;
	policy.flow_cap = 50;
	policy.n_bindings = 1;
	strcpy(policy.binding[0].port, "p-a");
	memcpy(policy.binding[0].mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)number}, 6);
	policy.binding[0].address =
		(struct ip){.version = 4, .byte = {192, 168, 77, (uint8_t)number}};
}

static struct policy_entry *
entry(enum policy_entry_kind kind, uint8_t host, uint16_t port)
{
	struct policy_entry *added = &policy.entry[policy.n_entries++];

	*added = (struct policy_entry){.kind = (uint8_t)kind,
		.proto = 6,
		.port_lo = port,
		.port_hi = port,
		.source_hi = 0xffff};
	if (kind == POLICY_ENTRY_ADDRESS) {
		added->version = 4;
		added->prefix_length = 32;
		added->address = (struct ip){.version = 4, .byte = {198, 18, 1, host}};
	}
	return added;
}

static enum err
hold_it(void)
{
	hold_policy(hold, &policy, &done, &why);
	return (enum err)done.err;
}

/* What the kernel says about a key, not what the mirror believes. */
static bool
kernel_holds(enum nft_set set, uint32_t number, uint8_t host, uint16_t port, uint64_t *expires_ns)
{
	struct nft_element element = {.set = (uint8_t)set};
	uint64_t ignored;

	memcpy(element.key, &number, 4);
	memcpy(element.key + 4, (uint8_t[]){198, 18, 1, host, 6, 0, 0, 0}, 8);
	element.key[12] = (uint8_t)(port >> 8);
	element.key[13] = (uint8_t)port;
	EXPECT_INT(nft_apply_resync(apply), ERR_OK);
	return nft_apply_holds(apply, &element, expires_ns ? expires_ns : &ignored);
}

TEST(a_policy_is_in_the_kernel_when_it_is_acknowledged)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 1, 80, NULL));
	EXPECT(!kernel_holds(NFT_ALLOW4, 8, 1, 443, NULL));
}

TEST(the_same_policy_again_changes_nothing)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(done.elements > 0);
	policy.generation = 2;
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT_INT(done.elements, 0);
}

TEST(an_older_policy_is_refused_with_the_generation_in_force)
{
	begin();
	device(7, 5);
	EXPECT_INT(hold_it(), ERR_OK);
	policy.generation = 4;
	EXPECT_INT(hold_it(), ERR_STALE);
	EXPECT_INT(done.generation, 5);
}

TEST(a_refused_batch_leaves_the_old_rules_and_the_next_one_works)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	nft_apply_refuse_for_test(apply, true);
	device(7, 2);
	entry(POLICY_ENTRY_ADDRESS, 2, 443);
	EXPECT_INT(hold_it(), ERR_KERNEL);
	EXPECT_INT(hold_find(hold, 7)->generation, 1);
	nft_apply_refuse_for_test(apply, false);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 2, 443, NULL));
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 2, 443, NULL));
}

TEST(a_batch_that_the_kernel_itself_refuses_changes_nothing)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	/* Somebody takes an element away behind our back: our deletion of it must fail. */
	EXPECT_INT(
		system("nft delete element inet pinfold allow4 '{ 7 . 198.18.1.1 . tcp . 443 }'"),
		0);
	device(7, 2);
	entry(POLICY_ENTRY_ADDRESS, 2, 443);
	EXPECT_INT(hold_it(), ERR_KERNEL);
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 2, 443, NULL));
	/* Reading the sets again, as kernel_holds() did, mends the mirror. */
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 2, 443, NULL));
}

TEST(an_address_moves_from_one_device_to_another_in_one_batch)
{
	begin();
	device(7, 1);
	EXPECT_INT(hold_it(), ERR_OK);
	device(8, 2);
	policy.binding[0].address.byte[3] = 7;
	memcpy(policy.binding[0].mac, (uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
	EXPECT_INT(hold_it(), ERR_OK);
	device(7, 3);
	policy.n_bindings = 0;
	EXPECT_INT(hold_it(), ERR_OK);
	struct nft_element element = {.set = NFT_ADDRESS4, .key = {192, 168, 77, 7}};
	uint32_t mark = 0;
	EXPECT_INT(nft_apply_resync(apply), ERR_OK);
	EXPECT(nft_apply_find_data(apply, &element, &mark));
	EXPECT_INT(mark & NFT_MARK_NUMBER, 8);
}

static void
open_it(uint8_t host, uint32_t seconds)
{
	struct message_open open = {.device = policy.device,
		.generation = policy.generation,
		.slot = 1,
		.seconds = seconds,
		.address = {.version = 4, .byte = {198, 18, 1, host}}};
	hold_open(hold, &open, &done, &why);
}

TEST(an_opened_address_ends_and_a_later_answer_prolongs_it)
{
	uint64_t first, second;

	begin();
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	open_it(1, 100);
	EXPECT_INT(done.err, ERR_OK);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, &first));
	open_it(1, 1000);
	EXPECT_INT(done.err, ERR_OK);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, &second));
	EXPECT(second > first + 800 * CLOCK_SECOND_NS);
	open_it(1, 5);
	EXPECT_INT(done.elements, 0);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, &second));
	EXPECT(second > first + 800 * CLOCK_SECOND_NS);
}

TEST(an_address_that_ends_while_it_is_prolonged_is_open_afterwards)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	/* At many moments around the end, the kernel's clock being a little other than ours. */
	for (long early_ms = -30; early_ms <= 30; early_ms += 3) {
		uint8_t host = (uint8_t)(60 + early_ms);
		open_it(host, 1);
		long wait_ms = 1000 - early_ms;
		struct timespec wait = {
			.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
		nanosleep(&wait, NULL);
		open_it(host, 100);
		EXPECT_INT(done.err, ERR_OK);
		EXPECT(kernel_holds(NFT_ALLOW4, 7, host, 443, NULL));
	}
}

TEST(a_device_may_stand_in_what_was_delegated_and_nobody_opens_it_by_name)
{
	struct ip_prefix ours, next, none = {0};
	struct ip theirs;

	begin();
	EXPECT(prefix_parse(&ours, "2001:db8:1200::1/64"));
	EXPECT(prefix_parse(&next, "2001:db8:3400::1/64"));
	EXPECT(ip_parse(&theirs, "2001:db8:1200::77"));
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	policy.binding[0].address = theirs;
	EXPECT_INT(hold_it(), ERR_DENIED);
	hold_delegated(hold, &ours);
	EXPECT_INT(hold_it(), ERR_OK);
	struct message_open open = {
		.device = 7, .generation = 1, .slot = 1, .seconds = 60, .address = theirs};
	hold_open(hold, &open, &done, &why);
	EXPECT_INT(done.err, ERR_DENIED);
	/* Our own address there is nobody's. */
	device(7, 2);
	policy.binding[0].address = ours.address;
	EXPECT_INT(hold_it(), ERR_DENIED);
	/* A policy that was on its way when the prefix changed is still taken; one change later not. */
	hold_delegated(hold, &next);
	device(7, 2);
	policy.binding[0].address = theirs;
	EXPECT_INT(hold_it(), ERR_OK);
	hold_delegated(hold, &none);
	device(7, 3);
	policy.binding[0].address = theirs;
	EXPECT_INT(hold_it(), ERR_DENIED);
}

TEST(the_side_that_asks_is_not_believed)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	policy.binding[0].address = settings.lan4.address; /* the gateway's own */
	EXPECT_INT(hold_it(), ERR_DENIED);
	policy.binding[0].address = (struct ip){.version = 4, .byte = {198, 18, 1, 1}};
	EXPECT_INT(hold_it(), ERR_DENIED);
	device(7, 1);
	strcpy(policy.binding[0].port, "wan0");
	EXPECT_INT(hold_it(), ERR_DENIED);
	device(7, 1);
	strcpy(policy.binding[0].port, "p\"; }");
	EXPECT_INT(hold_it(), ERR_DENIED);
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	struct message_open open = {.device = 7, .generation = 1, .slot = 1, .seconds = 60};
	open.address = (struct ip){.version = 4, .byte = {10, 0, 0, 1}};
	hold_open(hold, &open, &done, &why);
	EXPECT_INT(done.err, ERR_DENIED);
	open.address = (struct ip){.version = 4, .byte = {198, 18, 1, 1}};
	open.slot = 2;
	hold_open(hold, &open, &done, &why);
	EXPECT_INT(done.err, ERR_NOT_OURS);
	open.slot = 1;
	open.generation = 0;
	hold_open(hold, &open, &done, &why);
	EXPECT_INT(done.err, ERR_STALE);
}

TEST(a_slot_given_to_another_port_forgets_what_was_open_in_it)
{
	begin();
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	open_it(1, 100);
	device(7, 2);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	entry(POLICY_ENTRY_ADDRESS, 9, 80);
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	device(7, 3);
	entry(POLICY_ENTRY_SLOT, 0, 22)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	EXPECT(!kernel_holds(NFT_ALLOW4, 7, 1, 22, NULL));
}

TEST(a_new_life_adopts_what_is_there_and_drops_what_nobody_claims)
{
	bool adopted = false, was_changed = false;

	begin();
	device(7, 1);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	open_it(1, 100);
	device(8, 1);
	policy.state = DEVICE_QUARANTINE;
	EXPECT_INT(hold_it(), ERR_OK);
	uint32_t before = nft_apply_count(apply);

	hold_free(hold);
	nft_apply_free(apply);
	EXPECT_INT(nft_apply_new(&apply), ERR_OK);
	EXPECT_INT(nft_apply_load(apply, &base, &adopted, &was_changed, &why), ERR_OK);
	hold = hold_new(apply, NULL, &settings);
	EXPECT(adopted);
	EXPECT_INT(nft_apply_count(apply), before);
	device(7, 2);
	entry(POLICY_ENTRY_SLOT, 0, 443)->slot = 1;
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT_INT(done.elements <= 2, 1);
	hold_restored(hold, &done, &why);
	EXPECT_INT(done.err, ERR_OK);
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	struct nft_element pen = {.set = NFT_CONTAINED, .key = {2, 0, 0, 0, 0, 8}};
	uint32_t owner;
	EXPECT(!nft_apply_find_owner(apply, &pen, &owner));
}

TEST(rules_that_somebody_flushed_or_changed_are_noticed_and_put_back_with_all_elements)
{
	static const char *const deeds[] = {"flush table inet pinfold",
		"flush chain bridge pinfold output", "flush table inet pinfold-guard",
		"insert rule inet pinfold forward accept",
		"chain inet pinfold forward '{ policy accept; }'",
		"delete chain inet pinfold as_loaded", "add chain inet pinfold more",
		"delete table bridge pinfold"};
	bool adopted = true, was_changed = false;

	begin();
	device(7, 1);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	/* Rules of others are no business of ours. */
	EXPECT_INT(system("nft 'add table inet other; add chain inet other as_loaded; "
			  "add rule inet other as_loaded accept'"),
		0);
	EXPECT(nft_apply_is_loaded(apply, &base));
	for (size_t i = 0; i < COUNT_OF(deeds); i++) {
		char command[128];
		snprintf(command, sizeof command, "nft %s", deeds[i]);
		EXPECT_INT(system(command), 0);
		EXPECT(!nft_apply_is_loaded(apply, &base));
		EXPECT_INT(nft_apply_mend(apply, &base, &why), ERR_OK);
		EXPECT(nft_apply_is_loaded(apply, &base));
		EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
	}
	/* Nor does a new life adopt them. */
	EXPECT_INT(system("nft flush chain inet pinfold from_device"), 0);
	hold_free(hold);
	nft_apply_free(apply);
	EXPECT_INT(nft_apply_new(&apply), ERR_OK);
	EXPECT_INT(nft_apply_load(apply, &base, &adopted, &was_changed, &why), ERR_OK);
	hold = hold_new(apply, NULL, &settings);
	EXPECT(!adopted && was_changed);
	EXPECT(nft_apply_is_loaded(apply, &base));
	EXPECT(kernel_holds(NFT_ALLOW4, 7, 1, 443, NULL));
}

TEST(what_is_found_at_the_start_is_told_only_where_somebody_changed_it)
{
	static const struct {
		const char *deed;
		bool was_changed;
	} rows[] = {{"delete table inet pinfold-guard", true},
		{"chain inet pinfold forward '{ policy accept; }'", true},
		/* All gone, as after a boot; nobody finished it; another release's. */
		{"flush ruleset", false}, {"delete chain inet pinfold as_loaded", false},
		{"'table bridge pinfold {}; delete table bridge pinfold; table inet pinfold {}; "
		 "delete table inet pinfold; delete table inet pinfold-guard; "
		 "table inet pinfold { comment \"pinfold 0123456789abcdef\"; }'",
			false}};
	bool adopted = true;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char command[320];
		bool was_changed = false;
		begin();
		snprintf(command, sizeof command, "nft %s", rows[i].deed);
		EXPECT_INT(system(command), 0);
		nft_apply_free(apply);
		EXPECT_INT(nft_apply_new(&apply), ERR_OK);
		EXPECT_INT(nft_apply_load(apply, &base, &adopted, &was_changed, &why), ERR_OK);
		EXPECT(!adopted);
		EXPECT_INT(was_changed, rows[i].was_changed);
		EXPECT(nft_apply_is_loaded(apply, &base));
		hold_free(hold);
		hold = hold_new(apply, NULL, &settings);
	}
}

TEST(a_rule_that_somebody_adds_while_ours_are_made_is_never_taken_for_one_of_ours)
{
	enum { ROUNDS = 5 };

	begin();
	for (int i = 0; i < ROUNDS; i++) {
		pid_t other = fork();
		if (!other) {
			setpgid(0, 0);
			execl("/bin/sh", "sh", "-c",
				"while :; do nft insert rule inet pinfold forward ct mark 4711 "
				"accept; done "
				"2>/dev/null",
				(char *)NULL);
			_exit(1);
		}
		setpgid(other, other);
		usleep(20 * 1000);
		(void)!nft_apply_mend(apply, &base, &why);
		kill(-other, SIGKILL);
		EXPECT_INT(waitpid(other, NULL, 0), other);
		usleep(20 * 1000); /* what it had begun */
		if (system("nft list chain inet pinfold forward | grep -q 'mark 0x00001267'") == 0)
			EXPECT(!nft_apply_is_loaded(apply, &base));
	}
	/* Alone again, one look is enough. */
	EXPECT_INT(nft_apply_mend(apply, &base, &why), ERR_OK);
	EXPECT(nft_apply_is_loaded(apply, &base));
}

TEST(a_rule_that_comes_with_a_set_of_its_own_wakes_us)
{
	char event[4096];

	begin();
	auto_close int fd = kernel_watch_tables();
	EXPECT(fd >= 0);
	EXPECT_INT(system("nft insert rule inet pinfold forward "
			  "ip saddr '{ 198.18.0.1, 198.18.0.2 }' accept"),
		0);
	EXPECT(recv(fd, event, sizeof event, MSG_DONTWAIT) > 0);
	while (recv(fd, event, sizeof event, MSG_DONTWAIT) > 0)
		;
	/* What we do ourselves all day wakes nobody. */
	device(7, 1);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(recv(fd, event, sizeof event, MSG_DONTWAIT) < 0);
}

static bool
is_blocked(void)
{
	struct nft_element element = {.set = NFT_BLOCKED};
	uint64_t ends_ns;

	memcpy(element.key, policy.binding[0].mac, 6);
	EXPECT_INT(nft_apply_resync(apply), ERR_OK);
	return nft_apply_holds(apply, &element, &ends_ns);
}

static void
take_cable(uint32_t seconds)
{
	struct message_rig rig = {.run = 1, .device = 7, .seconds = seconds, .bits = RIG_LINK};
	struct message_rig_seen seen;

	hold_rig(hold, &rig, &seen, &why);
	EXPECT_INT(seen.err, ERR_OK);
}

TEST(a_cable_that_the_rig_took_stays_away_when_the_policy_changes_and_comes_back_when_it_ends)
{
	struct nft_element element = {.set = NFT_BLOCKED};
	uint64_t ends_ns;

	begin();
	device(7, 1);
	EXPECT_INT(hold_it(), ERR_OK);
	memcpy(element.key, policy.binding[0].mac, 6);
	take_cable(60);
	EXPECT(nft_apply_holds(apply, &element, &ends_ns) && ends_ns);
	device(7, 2);
	entry(POLICY_ENTRY_ADDRESS, 1, 443);
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(nft_apply_holds(apply, &element, &ends_ns) && ends_ns);
	take_cable(0);
	EXPECT(!is_blocked());
	/* Who is blocked by policy is so until the policy says otherwise. */
	device(7, 3);
	policy.state = DEVICE_BLOCK;
	EXPECT_INT(hold_it(), ERR_OK);
	device(7, 4);
	EXPECT(is_blocked());
	EXPECT_INT(hold_it(), ERR_OK);
	EXPECT(!is_blocked());
}

static bool
is_closed_port(const char *name)
{
	struct nft_element element = {.set = NFT_CLOSED};
	uint32_t owner;

	memcpy(element.key, name, strlen(name));
	return nft_apply_find_owner(apply, &element, &owner);
}

static enum err
port(const char *name, bool is_closed)
{
	struct message_port message = {.is_closed = is_closed};

	snprintf(message.name, sizeof message.name, "%s", name);
	hold_port(hold, &message, &done, &why);
	return (enum err)done.err;
}

TEST(a_port_is_closed_to_strangers_and_stays_so_over_a_new_life_only_if_it_is_said_again)
{
	bool adopted = false, was_changed = false;

	begin();
	EXPECT_INT(port("p1", true), ERR_OK);
	EXPECT_INT(port("p2", true), ERR_OK);
	EXPECT_INT(port("p3", true), ERR_OK);
	EXPECT_INT(port("p3", false), ERR_OK);
	EXPECT_INT(port("p3", false), ERR_OK);
	EXPECT_INT(port(settings.uplink, true), ERR_DENIED);
	EXPECT_INT(port("p 1", true), ERR_DENIED);
	EXPECT(is_closed_port("p1") && is_closed_port("p2") && !is_closed_port("p3"));
	hold_free(hold);
	nft_apply_free(apply);
	EXPECT_INT(nft_apply_new(&apply), ERR_OK);
	EXPECT_INT(nft_apply_load(apply, &base, &adopted, &was_changed, &why), ERR_OK);
	EXPECT(adopted);
	hold = hold_new(apply, NULL, &settings);
	EXPECT(is_closed_port("p1") && is_closed_port("p2"));
	EXPECT_INT(port("p2", true), ERR_OK);
	hold_restored(hold, &done, &why);
	EXPECT_INT(done.err, ERR_OK);
	EXPECT(!is_closed_port("p1") && is_closed_port("p2"));
	EXPECT_INT(nft_apply_resync(apply), ERR_OK);
	EXPECT(!is_closed_port("p1") && is_closed_port("p2"));
}
