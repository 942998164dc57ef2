/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "device/binding.h"
#include "sentinel.h"
#include "test.h"

enum { CAPTURES_MAX = 400 };
static struct sentinel_capture captures[CAPTURES_MAX];
static const uint8_t secret[16] = {1, 2, 3};

static size_t
list(void)
{
	size_t n = sentinel_list(captures, CAPTURES_MAX);

	if (!n)
		SKIP("the recorded set-ups are not here");
	return n;
}

TEST(the_device_of_each_recorded_set_up_is_found_by_its_mac)
{
	size_t n = list(), named = 0, kinds = 0;

	for (size_t i = 0; i < n; i++) {
		struct sentinel_run run = {.table = device_table_new(512, secret)};
		struct device *device;

		EXPECT(sentinel_play(&run, captures[i].path));
		device = device_find_by_mac(run.table, captures[i].mac);
		if (!device)
			print_message("%s\n", captures[i].path);
		EXPECT(device);
		EXPECT(device->n_macs == 1);
		EXPECT(device->state == DEVICE_WAITING && !device->is_admitted);
		named += device_identifier(device, IDENTIFIER_HOSTNAME) != NULL;
		kinds += device->kind.word[0] != '\0';
		if (getenv("SHOW"))
			print_message("%-20s %-16s %3u %s (%s)\n", captures[i].type,
				device_label(device), device->kind.confidence, device->kind.word,
				device->kind.why);
		device_table_free(run.table);
	}
	print_message(
		"%zu captures, %zu with a DHCP host name, %zu with a kind\n", n, named, kinds);
	EXPECT(named >= n / 3);
}

TEST(no_recorded_set_up_is_taken_for_harm_even_if_every_flow_was_denied)
{
	size_t n = list();
	uint64_t flows = 0;

	for (size_t i = 0; i < n; i++)
		for (int deny = 0; deny < 2; deny++) {
			struct sentinel_run run = {
				.table = device_table_new(512, secret), .deny_all = deny};
			EXPECT(sentinel_play(&run, captures[i].path));
			if (run.harms)
				print_message("%s: %s\n", captures[i].path, run.worst.why);
			EXPECT_INT(run.harms, 0);
			flows += run.flows;
			device_table_free(run.table);
		}
	EXPECT(flows > 1000);
}

/* The home of the recordings: 10.10.10.0/24 behind 10.10.10.1. */
TEST(the_lease_of_each_recorded_set_up_is_bound_and_nobody_is_called_a_spoofer)
{
	struct binding_rules rules = {0};
	size_t n = list(), bound = 0, spoofed = 0;

	EXPECT(prefix_parse(&rules.lan4, "10.10.10.254/24"));
	for (size_t i = 0; i < n; i++) {
		struct sentinel_run run = {.table = device_table_new(512, secret), .rules = &rules};
		struct device *device;
		EXPECT(sentinel_play(&run, captures[i].path));
		device = device_find_by_mac(run.table, captures[i].mac);
		for (size_t k = 0; device && k < device->n_bindings; k++)
			if (device->binding[k].how == BINDING_LEASE) {
				bound++;
				break;
			}
		spoofed += run.spoofs != 0;
		device_table_free(run.table);
	}
	print_message("%zu of %zu bound, %zu with spoofs\n", bound, n, spoofed);
	EXPECT(bound > n / 2);
	EXPECT_INT(spoofed, 0);
}
