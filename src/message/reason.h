/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MESSAGE_REASON_H
#define PINFOLD_MESSAGE_REASON_H

/*
 * Why the kernel logged a packet.  The word is the log prefix in the ruleset
 * and comes back with the packet through NFLOG; the sentence is for people.
 * This list is the only place that knows both.
 */
#define REASON_LIST(X)                                                                             \
	X(REASON_NEW_FLOW, "new-flow", "opened a new connection while being observed")             \
	X(REASON_UNBOUND4, "unbound4", "used an IPv4 address that it was not given")               \
	X(REASON_UNBOUND6, "unbound6", "used an IPv6 address that is not known to be its own")     \
	X(REASON_ARP_SPOOF, "arp-spoof", "claimed another's IPv4 address by ARP")                  \
	X(REASON_ND_SPOOF, "nd-spoof", "claimed another's IPv6 address by neighbour discovery")    \
	X(REASON_ROGUE_RA, "rogue-ra", "sent router advertisements")                               \
	X(REASON_ROGUE_DHCP, "rogue-dhcp", "answered as a DHCP server")                            \
	X(REASON_REDIRECT, "redirect", "sent ICMP redirects")                                      \
	X(REASON_ETHERTYPE, "ethertype", "sent frames that are neither IP nor ARP")                \
	X(REASON_FLOOD, "flood", "sent more packets than its cap")                                 \
	X(REASON_FLOW_CAP, "flow-cap", "opened more connections than its cap")                     \
	X(REASON_FROM_DEVICE, "from-device", "tried a destination that its policy does not allow") \
	X(REASON_NEIGHBOUR, "neighbour", "tried to reach a device it was not introduced to")       \
	X(REASON_TO_DEVICE, "to-device", "was tried from outside where no door is open")           \
	X(REASON_GATEWAY, "gateway", "tried a service of the gateway that it may not use")         \
	X(REASON_PENNED, "penned", "sent while waiting, quarantined or blocked")                   \
	X(REASON_ADMIN_PORT, "admin-port", "tried an administration port")                         \
	X(REASON_ENCRYPTED_DNS, "encrypted-dns", "tried an encrypted resolver of its own")         \
	X(REASON_PATCHED, "patched", "tried a port that a virtual patch closes")                   \
	X(REASON_PAUSE_OVER, "pause-over", "went on with a connection after its pause had ended")  \
	X(REASON_BARRIER, "barrier", "tried another device over the bridge")                       \
	X(REASON_SURGE, "surge", "sent or opened many times as much as its cap")                   \
	X(REASON_CLOSED, "closed",                                                                 \
		"asked for an address on a port that too many new devices appeared on")

enum reason {
	REASON_UNKNOWN,
#define X(name, word, sentence) name,
	REASON_LIST(X)
#undef X
		REASON_COUNT,
};

enum { REASON_NFLOG_GROUP = 100 };

const char *reason_word(enum reason);
const char *reason_sentence(enum reason);
/* REASON_UNKNOWN when the word is none of ours. */
enum reason reason_from_word(const char *word);

#endif
