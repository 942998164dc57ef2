/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_DEVICE_BINDING_H
#define PINFOLD_DEVICE_BINDING_H

#include "base/err.h"
#include "device/device.h"

/*
 * Which (port, MAC, address) belongs to which device, and what an attempt to
 * take another's is called.
 *
 *  - IPv4: by lease.  Our own DHCP server acknowledged the address to a MAC
 *    whose request came from this port.
 *  - IPv6: first come by duplicate address detection (RFC 6620), within our own
 *    prefix or link-local, a limited count a MAC.  An address used without it
 *    is learned from the packet that the kernel dropped (REASON_UNBOUND6), so it
 *    works on the retry.
 *  - The gateway's addresses are never bound.
 *  - A MAC that is heard on another port while it is alive on its own is a
 *    spoof.  It has moved when the link of the old port is down, or the old port
 *    has been silent for as long as the class asks: seconds for a phone, which
 *    roams; minutes for an ordinary device; never for a critical one.
 *  - A port that goes down keeps its bindings, because devices go on using
 *    their address when the link comes back; but others may then claim them.
 */
enum { BINDING_GATEWAYS_MAX = 12, BINDING_OWN_MAX = 160 };

struct binding_rules {
	struct ip_prefix lan4, lan6; /* addresses outside are never bound; version 0: none */
	struct ip_prefix
		delegated6; /* our address in what the provider delegated; comes and goes */
	uint8_t n_gateways;
	uint8_t n_own;
	struct ip gateway[BINDING_GATEWAYS_MAX]; /* ours */
	/* MACs of the bridge and its ports: the link-local addresses made of them are ours as well. */
	uint8_t own[BINDING_OWN_MAX][6];
};

enum binding_event {
	BINDING_NOTHING,
	BINDING_ADDED,      /* address, device: send a new policy */
	BINDING_REMOVED,    /* released, expired, pushed out by a newer one, or the MAC moved */
	BINDING_MOVED,      /* the device's MAC is now believed on another port */
	BINDING_SPOOFED,    /* somebody at `port` claims what belongs to `device` */
	BINDING_OVER_LIMIT, /* too many addresses at once */
	BINDING_FOREIGN,    /* an address that is none of our network's */
	BINDING_EVENT_COUNT,
};
const char *binding_event_word(enum binding_event);

/* Lies the address in one of our networks now, and is it not a network's own? */
bool binding_is_current(const struct binding_rules *, const struct ip *);

/* One consequence of an observation.  Rows with SPOOFED and OVER_LIMIT are told at most every 10 s a MAC. */
struct binding_change {
	enum binding_event event;
	uint32_t device;  /* whose binding changed; with SPOOFED: the victim, 0 the gateway */
	uint32_t culprit; /* SPOOFED: the device known at that port and MAC, 0: not known */
	char port[16];
	uint8_t mac[6];
	uint8_t zero[2];
	struct ip address; /* none where it is about the MAC alone */
	enum binding_how how;
};
enum { BINDING_CHANGES_MAX = 32 };

/*
 * The consequences of one observation; returns how many rows were written (at
 * most BINDING_CHANGES_MAX).  The device of the row's MAC must be in the table
 * already (identify_observation() puts it there).
 */
size_t binding_from_observation(struct device_table *, const struct binding_rules *,
	const struct observation *, uint64_t now_ns,
	struct binding_change out[static BINDING_CHANGES_MAX]);

/* Leases that ran out, idle addresses; call it every few seconds.  Returns the count; call again while
 * it is BINDING_CHANGES_MAX. */
size_t binding_expire(struct device_table *, uint64_t now_ns,
	struct binding_change out[static BINDING_CHANGES_MAX]);

/*
 * A binding kept by the store, or said by the owner.  Every rule but that of
 * how it was learned is checked again: ERR_DENIED (gateway, outside), ERR_BUSY
 * (another's), ERR_FULL, ERR_INVALID.  A global IPv6 address may lie outside: the
 * prefix that it is in may be delegated again; binding_is_current() says when.
 */
enum err binding_restore(struct device_table *, const struct binding_rules *, struct device *,
	const struct binding *) MUST_USE;

/*
 * Is this where the MAC of the device is believed to be, or may it have moved
 * there?  False is a spoof.
 */
bool binding_is_home(const struct device_table *, const struct device *, const struct device_mac *,
	const char *port, uint64_t now_ns);

/* How long the old port must be silent before a MAC of this class has moved; UINT64_MAX: never by silence. */
uint64_t binding_silence_ns(enum device_class, enum device_state);

#endif
