/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "policy/nft_hold.h"

/*
 * One device's policy of 20 entries, v4 and v6, while ROUNDS others are held:
 * from the message to the kernel's acknowledgement; and the peer, nft -f with
 * the same elements.  Prints a line a round, in microseconds:
 *
 *	policy-apply OURS PEER
 *
 * Runs in a network namespace of its own.
 */
enum { ENTRIES = 20, EACH = 20 };

static struct message_policy policy;

static void
device(uint32_t number, uint32_t generation, uint8_t servers)
{
	memset(&policy, 0, sizeof policy);
	policy.device = number;
	policy.generation = generation;
	policy.state = DEVICE_ENFORCE;
	policy.packet_cap = 4000;
	policy.flow_cap = 50;
	policy.n_bindings = 2;
	for (int i = 0; i < 2; i++) {
		strcpy(policy.binding[i].port, "p-a");
		memcpy(policy.binding[i].mac,
			(uint8_t[]){2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}, 6);
	}
	policy.binding[0].address = (struct ip){
		.version = 4, .byte = {10, 77, (uint8_t)(number >> 8), (uint8_t)number}};
	policy.binding[1].address = (struct ip){.version = 6, .byte = {0xfd, 0x77}};
	policy.binding[1].address.byte[14] = (uint8_t)(number >> 8);
	policy.binding[1].address.byte[15] = (uint8_t)number;
	for (int i = 0; i < ENTRIES; i++) {
		struct policy_entry *entry = &policy.entry[policy.n_entries++];
		*entry = (struct policy_entry){.kind = POLICY_ENTRY_ADDRESS,
			.version = i % 2 ? 4 : 6,
			.proto = 6,
			.port_lo = 443,
			.port_hi = 443,
			.source_hi = 0xffff};
		entry->prefix_length = entry->version == 4 ? 32 : 128;
		entry->address.version = entry->version;
		memcpy(entry->address.byte,
			entry->version == 4 ? (uint8_t[16]){198, 18, servers, (uint8_t)i}
					    : (uint8_t[16]){0x20, 0x01, 0x0d,
						      0xb8, [14] = servers, [15] = (uint8_t)i},
			16);
	}
}

static double
ours_us(struct hold *hold, uint32_t number, uint32_t generation, uint8_t servers)
{
	struct message_done done;
	struct fault why;

	device(number, generation, servers);
	uint64_t from_ns = clock_monotonic_ns();
	hold_policy(hold, &policy, &done, &why);
	if (done.err)
		fatalx("bench", "%s", why.text);
	return (double)(clock_monotonic_ns() - from_ns) / 1000;
}

static double
peer_us(const char *path)
{
	uint64_t from_ns = clock_monotonic_ns();
	pid_t child = fork();
	int status;

	if (!child) {
		execlp("nft", "nft", "-f", path, (char *)NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) < 0 || status)
		return -1;
	return (double)(clock_monotonic_ns() - from_ns) / 1000;
}

/* The same 20 elements, in a table of its own with the same kind of sets. */
static void
write_peer(const char *path, bool is_table, uint8_t servers)
{
	auto_fclose FILE *file = fopen(path, "we");

	if (!file)
		fatal("bench", "%s", path);
	if (is_table)
		fputs("table inet peer {\n"
		      "set a4 { typeof ct mark . ip daddr . meta l4proto . th dport; flags "
		      "timeout; }\n"
		      "set a6 { typeof ct mark . ip6 daddr . meta l4proto . th dport; flags "
		      "timeout; }\n"
		      "}\n",
			file);
	for (int i = 0; !is_table && i < ENTRIES; i++)
		if (i % 2)
			fprintf(file, "add element inet peer a4 { 7 . 198.18.%u.%d . 6 . 443 }\n",
				servers, i);
		else
			fprintf(file, "add element inet peer a6 { 7 . 2001:db8::%x . 6 . 443 }\n",
				servers << 8 | i);
}

int
main(int argc, char *argv[])
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	char path[] = "/tmp/policy-apply-XXXXXX";
	int rounds = argc > 1 ? atoi(argv[1]) : 15, held = argc > 2 ? atoi(argv[2]) : 200;
	struct settings settings;
	struct nft_apply *apply;
	struct conntrack *conntrack;
	struct nft_base base;
	struct fault why;
	bool adopted, was_changed;
	uint32_t generation = 1;

	log_init("bench", false);
	if (unshare(CLONE_NEWNET)) {
		printf("@absent policy-apply needs root for a network namespace\n");
		return 0;
	}
	settings_init(&settings);
	strcpy(settings.uplink, "wan0");
	if (!prefix_parse(&settings.lan4, "10.77.0.1/16") ||
		!prefix_parse(&settings.lan6, "fd77::ffff/64") || nft_apply_new(&apply) ||
		conntrack_new(&conntrack) || nft_base_render(&base, &settings, mac, &why) ||
		nft_apply_load(apply, &base, &adopted, &was_changed, &why))
		fatalx("bench", "the base rules cannot be loaded");
	struct hold *hold = hold_new(apply, conntrack, &settings);
	for (int i = 0; i < held; i++)
		ours_us(hold, 1000 + (uint32_t)i, 1, 1);
	int fd = mkstemp(path);
	if (fd < 0)
		fatal("bench", "%s", path);
	close(fd);
	write_peer(path, true, 0);
	if (peer_us(path) < 0)
		fatalx("bench", "nft does not take the peer's table");
	for (int round = 0; round < rounds; round++) {
		double ours = 0, peer = 0;
		for (int i = 0; i < EACH; i++)
			ours += ours_us(hold, 100 + (uint32_t)(round * EACH + i), ++generation, 1);
		for (int i = 0; i < 3; i++) {
			write_peer(path, false, (uint8_t)(round * 3 + i));
			peer += peer_us(path);
		}
		printf("policy-apply %.1f %.1f\n", ours / EACH, peer / 3);
	}
	unlink(path);
	hold_free(hold);
	conntrack_free(conntrack);
	nft_apply_free(apply);
	nft_base_fini(&base);
	return 0;
}
