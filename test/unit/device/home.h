/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_HOME_H
#define PINFOLD_TEST_HOME_H

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "device/binding.h"
#include "device/identify.h"
#include "message/reason.h"
#include "test.h"

/*
 * A home of 192.168.77.0/24 and fd77::/64 behind 192.168.77.1 and fd77::1, in
 * which time stands still until a test moves it.
 */
static struct home {
	struct device_table *table;
	struct binding_rules rules;
	struct identify_rules identify;
	struct binding_change change[BINDING_CHANGES_MAX];
	size_t n;              /* changes of the last observation */
	struct identified who; /* whose it was */
	uint64_t now_ns;
	uint64_t random;
} home;

static inline void
home_random(uint8_t out[static 8])
{
	home.random += UINT64_C(0x9e3779b97f4a7c15);
	memcpy(out, &home.random, 8);
}

static inline struct ip
at(const char *text)
{
	struct ip ip;

	EXPECT(ip_parse(&ip, text));
	return ip;
}

static inline void
home_begin(size_t capacity)
{
	static const uint8_t secret[16] = "sixteen letters";

	device_table_free(home.table);
	memset(&home, 0, sizeof home);
	home.table = device_table_new(capacity, secret);
	EXPECT(prefix_parse(&home.rules.lan4, "192.168.77.1/24"));
	EXPECT(prefix_parse(&home.rules.lan6, "fd77::1/64"));
	home.rules.gateway[home.rules.n_gateways++] = at("fe80::1");
	home.identify.random = home_random;
	home.now_ns = 1000 * CLOCK_SECOND_NS;
}

static inline int64_t
home_wall(void)
{
	return 1700000000 + (int64_t)(home.now_ns / CLOCK_SECOND_NS);
}

static inline void
home_wait(uint64_t seconds)
{
	home.now_ns += seconds * CLOCK_SECOND_NS;
}

/* A row as capture would send it. */
static inline struct observation
row_of(enum observed what, const char *port, uint8_t device)
{
	struct observation row = {.what = (uint8_t)what,
		.mac = {2, 0, 0, 0, 0, device},
		.seen_ns = home.now_ns,
		.wall_s = home_wall()};

	memcpy(row.port, port, strlen(port));
	return row;
}

static inline void
hear_row(const struct observation *row)
{
	identify_observation(home.table, &home.identify, row, home.now_ns, home_wall(), &home.who);
	home.n = binding_from_observation(home.table, &home.rules, row, home.now_ns, home.change);
}

static inline void
hear(enum observed what, const char *port, uint8_t device, const char *source, const char *target)
{
	struct observation row = row_of(what, port, device);

	if (source)
		row.source = at(source);
	if (target)
		row.target = at(target);
	hear_row(&row);
}

static inline void
hear_text(enum observed what, const char *port, uint8_t device, const char *text)
{
	struct observation row = row_of(what, port, device);

	memcpy(row.claimed_text, text, strlen(text));
	hear_row(&row);
}

static inline void
hear_denied(enum reason reason, const char *port, uint8_t device, const char *source)
{
	struct observation row = row_of(OBSERVED_DENIED, port, device);

	row.value = reason;
	row.source = at(source);
	hear_row(&row);
}

/* Asks from the port and gets the address for an hour. */
static inline void
lease(const char *port, uint8_t device, const char *address)
{
	struct observation ack = row_of(OBSERVED_DHCP4_ACK, "", device);

	hear(OBSERVED_DHCP4_REQUEST, port, device, NULL, address);
	ack.target = at(address);
	ack.value = 3600;
	hear_row(&ack);
}

static inline struct device *
device_of(uint8_t device)
{
	return device_find_by_mac(home.table, (uint8_t[6]){2, 0, 0, 0, 0, device});
}

static inline bool
is_bound(const char *port, uint8_t device, const char *address)
{
	struct ip ip = at(address);

	return device_find_bound(home.table, port, (uint8_t[6]){2, 0, 0, 0, 0, device}, &ip) &&
	       device_find_by_address(home.table, &ip) == device_of(device);
}

static inline bool
is_nobodys(const char *address)
{
	struct ip ip = at(address);

	return !device_find_by_address(home.table, &ip);
}

/* The last observation had this consequence. */
static inline const struct binding_change *
told(enum binding_event event)
{
	for (size_t i = 0; i < home.n; i++)
		if (home.change[i].event == event)
			return &home.change[i];
	return NULL;
}

static inline struct device *
admit(uint8_t number, enum device_state state, enum device_class class)
{
	struct device *device = device_of(number);

	device->is_admitted = true;
	device->state = (uint8_t)state;
	device->class = (uint8_t) class;
	return device;
}

#endif
