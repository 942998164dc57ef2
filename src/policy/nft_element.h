/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_ELEMENT_H
#define PINFOLD_POLICY_NFT_ELEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "message/policy_entry.h"

/*
 * One element of one of our sets, as bytes in the form in which the kernel
 * compares them.  Everything that Pinfold changes while it runs is elements;
 * the rules around them (nft_base.h) are constant.
 *
 * The packet mark, set in the bridge from the binding of a frame:
 *	bits  0..19  device number
 *	bits 20..23  enum device_state
 *	bit  25      NFT_MARK_RANGES: also look in the interval sets
 *	bit  26      NFT_MARK_PATCHED: look in the deny set first
 *	bit  29      NFT_MARK_PASSES: state observe, enforce or trusted
 *	bit  28      alone: the gateway itself sends this to the LAN
 *	bit  31      the inet table has judged it, and lets it pass
 * The conntrack mark of an accepted flow: the device number of the initiator
 * (to the internet) or of the destination (neighbours, doors); for a flow that
 * a pause admits, the paused device and NFT_MARK_BY_PAUSE; 0x40000000 for one of
 * the checker's, 0x20000000 for one that the rig turned to it.
 */
#define NFT_MARK_NUMBER      0x000fffffu
#define NFT_MARK_STATE       0x00f00000u
#define NFT_MARK_STATE_SHIFT 20
#define NFT_MARK_RANGES      0x02000000u
#define NFT_MARK_PATCHED     0x04000000u
#define NFT_MARK_BY_PAUSE    0x08000000u
#define NFT_MARK_PASSES      0x20000000u

/* name in the ruleset, table, length of a key (one end), what an element carries */
#define NFT_SET_LIST(X)                                                                            \
	X(NFT_BOUND4, "bound4", NFT_TABLE_BRIDGE, 28, NFT_HAS_DATA | NFT_HAS_MARK)                 \
	X(NFT_BOUND6, "bound6", NFT_TABLE_BRIDGE, 40, NFT_HAS_DATA | NFT_HAS_MARK)                 \
	X(NFT_TARGET6, "target6", NFT_TABLE_BRIDGE, 40, NFT_HAS_DATA | NFT_HAS_MARK)               \
	X(NFT_CAP, "cap", NFT_TABLE_BRIDGE, 24, NFT_HAS_LIMIT)                                     \
	X(NFT_SURGE, "surge", NFT_TABLE_BRIDGE, 24, NFT_HAS_LIMIT)                                 \
	X(NFT_TESTED, "tested", NFT_TABLE_BRIDGE, 24, 0)                                           \
	X(NFT_BLOCKED, "blocked", NFT_TABLE_BRIDGE, 6, 0)                                          \
	X(NFT_CONTAINED, "contained", NFT_TABLE_BRIDGE, 6, 0)                                      \
	X(NFT_KNOWN, "known", NFT_TABLE_BRIDGE, 6, 0)                                              \
	X(NFT_CLOSED, "closed", NFT_TABLE_BRIDGE, 16, 0)                                           \
	X(NFT_ADDRESS4, "address4", NFT_TABLE_INET, 4, NFT_HAS_DATA | NFT_HAS_MARK)                \
	X(NFT_ADDRESS6, "address6", NFT_TABLE_INET, 16, NFT_HAS_DATA | NFT_HAS_MARK)               \
	X(NFT_ALLOW4, "allow4", NFT_TABLE_INET, 16, NFT_BY_DEVICE | NFT_OPENS)                     \
	X(NFT_ALLOW6, "allow6", NFT_TABLE_INET, 28, NFT_BY_DEVICE | NFT_OPENS)                     \
	X(NFT_RANGE4, "range4", NFT_TABLE_INET, 20, NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)   \
	X(NFT_RANGE6, "range6", NFT_TABLE_INET, 32, NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)   \
	X(NFT_ICMP4, "icmp4", NFT_TABLE_INET, 16, NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)     \
	X(NFT_ICMP6, "icmp6", NFT_TABLE_INET, 28, NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)     \
	X(NFT_NEIGHBOUR, "neighbour", NFT_TABLE_INET, 16, NFT_BY_DEVICE | NFT_OPENS)               \
	X(NFT_NEIGHBOUR_RANGE, "neighbour_range", NFT_TABLE_INET, 20,                              \
		NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)                                       \
	X(NFT_NEIGHBOUR_ICMP4, "neighbour_icmp4", NFT_TABLE_INET, 16,                              \
		NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)                                       \
	X(NFT_NEIGHBOUR_ICMP6, "neighbour_icmp6", NFT_TABLE_INET, 16,                              \
		NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)                                       \
	X(NFT_DOOR4, "door4", NFT_TABLE_INET, 20, NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)     \
	X(NFT_DOOR6, "door6", NFT_TABLE_INET, 32, NFT_BY_DEVICE | NFT_OPENS | NFT_IS_INTERVAL)     \
	X(NFT_DOOR_NAT4, "door_nat4", NFT_TABLE_INET, 12, NFT_HAS_DATA | NFT_IS_INTERVAL)          \
	X(NFT_PATCHED, "patched", NFT_TABLE_INET, 12, NFT_BY_DEVICE | NFT_IS_INTERVAL)             \
	X(NFT_PAUSE, "pause", NFT_TABLE_INET, 4, NFT_BY_DEVICE)                                    \
	X(NFT_RECHECK, "recheck", NFT_TABLE_INET, 4, NFT_BY_DEVICE)                                \
	X(NFT_RIG, "rig", NFT_TABLE_INET, 8, NFT_BY_DEVICE)                                        \
	X(NFT_RIG_TO4, "rig_to4", NFT_TABLE_INET, 12, NFT_BY_DEVICE)                               \
	X(NFT_RIG_TO6, "rig_to6", NFT_TABLE_INET, 24, NFT_BY_DEVICE)                               \
	X(NFT_RIG_OFF, "rig_off", NFT_TABLE_INET, 4, NFT_BY_DEVICE)                                \
	X(NFT_FLOW_CAP, "flow_cap", NFT_TABLE_INET, 4, NFT_BY_DEVICE | NFT_HAS_LIMIT)              \
	X(NFT_FLOW_SURGE, "flow_surge", NFT_TABLE_INET, 4, NFT_BY_DEVICE | NFT_HAS_LIMIT)          \
	X(NFT_DENIED, "denied", NFT_TABLE_INET, 4, NFT_BY_DEVICE | NFT_HAS_COUNTER)                \
	X(NFT_QUIET, "quiet", NFT_TABLE_INET, 4, NFT_BY_DEVICE | NFT_HAS_LIMIT)                    \
	X(NFT_URGENT, "urgent", NFT_TABLE_INET, 4, NFT_BY_DEVICE | NFT_HAS_LIMIT)                  \
	X(NFT_RECEIVER4, "receiver4", NFT_TABLE_INET, 8, 0)                                        \
	X(NFT_RECEIVER6, "receiver6", NFT_TABLE_INET, 20, 0)

/* The guard has no sets: it drops what the inet table has not judged. */
enum nft_table { NFT_TABLE_BRIDGE, NFT_TABLE_INET, NFT_TABLE_GUARD, NFT_TABLE_COUNT };

enum nft_trait {
	NFT_HAS_DATA = 1,    /* a map: four bytes of data */
	NFT_HAS_LIMIT = 2,   /* data is packets a second; matches above it (sets of logs: below) */
	NFT_HAS_COUNTER = 4, /* counts what it matched */
	NFT_IS_INTERVAL = 8, /* a key has two ends, both inclusive */
	NFT_OPENS = 16,      /* its elements let something pass: their loss narrows */
	NFT_BY_DEVICE = 32,  /* a key begins with a device's number */
	NFT_HAS_MARK = 64,   /* the data is a device's mark */
};

enum nft_set {
	NFT_SET_UNKNOWN,
#define X(set, name, table, key, traits) set,
	NFT_SET_LIST(X)
#undef X
		NFT_SET_COUNT,
};

struct nft_set_shape {
	const char *name;
	enum nft_table table;
	uint8_t key;    /* bytes as registers hold them: each field filled up to four */
	uint8_t traits; /* enum nft_trait */
};
extern const struct nft_set_shape nft_sets[NFT_SET_COUNT];

enum { NFT_KEY_MAX = 64 };

struct nft_element {
	uint64_t expires_ns; /* monotonic; 0: stays */
	uint32_t device;     /* whose policy made it */
	uint32_t data;       /* mark (host order), rate, or an IPv4 address (network order) */
	uint8_t set;         /* enum nft_set */
	uint8_t zero[7];
	uint8_t key[NFT_KEY_MAX]; /* interval sets: low end, then high end */
};

/*
 * Of the rig: no part of a policy, and gone by itself.  Who is blocked by policy is so without
 * an end, by the rig for some seconds.
 */
static inline bool
nft_is_rig(uint8_t set, uint64_t expires_ns)
{
	return (set >= NFT_RIG && set <= NFT_RIG_OFF) || set == NFT_TESTED ||
	       (set == NFT_BLOCKED && expires_ns);
}

/* Where the teller may go: of no device. */
static inline bool
nft_is_receiver(uint8_t set)
{
	return set == NFT_RECEIVER4 || set == NFT_RECEIVER6;
}

/* Bytes of key that count. */
unsigned nft_set_key_len(uint8_t set);

#endif
