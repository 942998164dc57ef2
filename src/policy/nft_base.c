/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_base.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "message/message.h"
#include "policy/admin_port.h"

static const uint16_t admin_ports[] = {ADMIN_PORT_LIST};

/* Public resolvers that answer DNS over https at an address everyone knows. */
static const char *const doh_addresses[] = {"1.0.0.1", "1.0.0.2", "1.0.0.3", "1.1.1.1", "1.1.1.2",
	"1.1.1.3", "8.8.4.4", "8.8.8.8", "9.9.9.9", "9.9.9.10", "9.9.9.11", "149.112.112.112",
	"149.112.112.10", "149.112.112.11", "94.140.14.14", "94.140.15.15", "94.140.14.140",
	"94.140.14.141", "208.67.222.222", "208.67.220.220", "146.112.41.2", "185.228.168.168",
	"185.228.169.168", "45.90.28.0", "45.90.30.0", "76.76.2.0", "76.76.10.0", "194.242.2.2",
	"2606:4700:4700::1111", "2606:4700:4700::1001", "2606:4700:4700::1112",
	"2606:4700:4700::1002", "2606:4700:4700::1113", "2606:4700:4700::1003",
	"2001:4860:4860::8888", "2001:4860:4860::8844", "2620:fe::fe", "2620:fe::9", "2620:fe::10",
	"2620:fe::11", "2a10:50c0::ad1:ff", "2a10:50c0::ad2:ff", "2620:119:35::35",
	"2620:119:53::53", "2a07:e340::2"};

/*
 * What the constant text is made of.  A frame gets its mark in the bridge, by
 * one lookup of (port, MAC, address); mark 0 is nobody and passes nothing but
 * what one needs to become somebody.  Chains that end a packet are named for
 * the reason that the owner reads (message/reason.h).  Protocols stand as
 * numbers (2 IGMP, 6 TCP, 17 UDP): names would be looked up in files, and by
 * sockets, that the confined process does not have.
 */
/* One rule a line, however long. */
/* clang-format off */
static const char text[] =
	"table bridge pinfold {\n"
	"	comment $COMMENT\n"
	"	map bound4 { typeof iifname . ether saddr . ip saddr : meta mark; size 32768; }\n"
	"	map bound6 { typeof iifname . ether saddr . ip6 saddr : meta mark; size 65536; }\n"
	"	map target6 { typeof iifname . ether saddr . @th,64,128 : meta mark; size 65536; }\n"
	"	set cap { typeof iifname . ether saddr; size 32768; limit rate over 4000/second burst 1000 packets; }\n"
	"	set surge { typeof iifname . ether saddr; size 32768; limit rate over 40000/second burst 4000 packets; }\n"
	/* Who is tested may answer more, for as long as the test says so. */
	"	set tested { typeof iifname . ether saddr; size 2048; flags timeout; }\n"
	/* The rig puts a device here for some seconds: nothing reaches it then. */
	"	set blocked { type ether_addr; flags timeout; }\n"
	"	set contained { type ether_addr; }\n"
	"	set known { type ether_addr; }\n"
	"	set closed { typeof iifname; }\n"
	"	set loud { typeof iifname; size 2048; flags dynamic, timeout; timeout 1m; }\n"
	"	set strangers { typeof iifname; size 2048; flags dynamic, timeout; timeout 1m; }\n"
#define BRIDGE_END(chain, word) \
	"	chain " chain " {\n" \
	"		update @loud { iifname limit rate 20/second burst 40 packets }" \
	" log prefix \"" word "\" group 100 snaplen 256\n" \
	"		drop\n" \
	"	}\n"
	BRIDGE_END("flood", "flood")
	BRIDGE_END("surge_end", "surge")
	BRIDGE_END("closed_end", "closed")
	BRIDGE_END("penned", "penned")
	BRIDGE_END("unbound4", "unbound4")
	BRIDGE_END("unbound6", "unbound6")
	BRIDGE_END("arp_spoof", "arp-spoof")
	BRIDGE_END("nd_spoof", "nd-spoof")
	BRIDGE_END("rogue_ra", "rogue-ra")
	BRIDGE_END("rogue_dhcp", "rogue-dhcp")
	BRIDGE_END("rogue_redirect", "redirect")
	BRIDGE_END("ethertype", "ethertype")
	BRIDGE_END("barrier", "barrier")
	/*
	 * Frames of nobody in particular: few a second for each port, so that they crowd out
	 * nothing.  On a port that invents devices only those pass whom somebody let in.
	 */
	"	chain stranger {\n"
	"		ether saddr @blocked goto penned\n"
	"		iifname @closed ether saddr != @known goto closed_end\n"
	"		update @strangers { iifname limit rate over 100/second burst 200 packets } goto flood\n"
	"		accept\n"
	"	}\n"
	/*
	 * Both MACs of an ARP packet must be bound to its sender address.  Probes
	 * (RFC 5227) have no sender address and teach nobody anything.
	 */
	"	chain from_arp {\n"
	"		ether saddr @blocked goto penned\n"
	"		arp operation != { request, reply } drop\n"
	"		arp operation request arp saddr ip 0.0.0.0 goto stranger\n"
	"		meta mark set iifname . ether saddr . arp saddr ip map @bound4\n"
	"		meta mark 0 goto arp_spoof\n"
	"		meta mark set 0\n"
	"		meta mark set iifname . arp saddr ether . arp saddr ip map @bound4\n"
	"		meta mark 0 goto arp_spoof\n"
	"		accept\n"
	"	}\n"
	"	chain from_ip4 {\n"
	"		meta mark set iifname . ether saddr . ip saddr map @bound4\n"
	"		meta mark 0 goto unknown4\n"
	"		icmp type redirect goto rogue_redirect\n"
	"		ether daddr $GATEWAY_MAC accept\n"
	"		udp sport 67 goto rogue_dhcp\n"
	"		ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 goto barrier\n"
	"		accept\n"
	"	}\n"
	"	chain unknown4 {\n"
	"		ip saddr 0.0.0.0 udp sport 68 udp dport 67 goto stranger\n"
	"		udp sport 67 goto rogue_dhcp\n"
	"		goto unbound4\n"
	"	}\n"
	/* Address detection (RFC 4862) comes from ::, by that an address is learned (RFC 6620). */
	"	chain from_unspecified6 {\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-router-solicit, 131, 132, 143 } goto stranger\n"
	"		goto unbound6\n"
	"	}\n"
	"	chain unknown6 {\n"
	"		udp sport 547 goto rogue_dhcp\n"
	"		ip6 saddr :: goto from_unspecified6\n"
	"		ip6 saddr fe80::/10 udp sport 546 udp dport 547 goto stranger\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } goto nd_spoof\n"
	"		icmpv6 type { 131, 132, 143 } drop\n"
	"		goto unbound6\n"
	"	}\n"
	"	chain from_advert {\n"
	"		meta mark 0 goto nd_spoof\n"
	"		meta mark set 0\n"
	"		meta mark set iifname . ether saddr . @th,64,128 map @target6\n"
	"		meta mark 0 goto nd_spoof\n"
	"		accept\n"
	"	}\n"
	"	chain from_ip6 {\n"
	"		meta mark set iifname . ether saddr . ip6 saddr map @bound6\n"
	"		icmpv6 type vmap { nd-router-advert : goto rogue_ra, nd-redirect : goto rogue_redirect, nd-neighbor-advert : goto from_advert }\n"
	"		meta mark 0 goto unknown6\n"
	"		ether daddr $GATEWAY_MAC accept\n"
	"		udp sport 547 goto rogue_dhcp\n"
	"		ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 goto barrier\n"
	"		accept\n"
	"	}\n"
	/*
	 * What is over the cap: a little, or many times as much.  The port is part of the key:
	 * whoever uses the MAC of another elsewhere neither spends its share nor looks like it.
	 */
	"	chain over_cap {\n"
	"		iifname . ether saddr @surge goto surge_end\n"
	"		iifname . ether saddr @tested return\n"
	"		goto flood\n"
	"	}\n"
	"	chain prerouting {\n"
	"		type filter hook prerouting priority -300; policy drop;\n"
	"		meta mark set 0\n"
	"		iifname . ether saddr @cap jump over_cap\n"
	"		ether type ip goto from_ip4\n"
	"		ether type vmap { ip6 : goto from_ip6, arp : goto from_arp, 0x88cc : drop, 0x888e : drop }\n"
	"		goto ethertype\n"
	"	}\n"
	/* The barrier: nothing crosses the bridge, isolated ports or not. */
	"	chain forward {\n"
	"		type filter hook forward priority 0; policy drop;\n"
	"	}\n"
	/*
	 * What still reaches a penned device: what it needs to have an address and
	 * to show the status page, all of it from the gateway itself: its own mark
	 * says so, since the source of an answer may be translated by now.  And what
	 * the checker asks it.
	 */
	"	chain to_contained {\n"
	"		ether type arp accept\n"
	"		icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, 130 } accept\n"
	"		meta mark & 0x10000000 != 0 udp sport { 53, 67, 123, 547 } accept\n"
	"		meta mark & 0x10000000 != 0 tcp sport { 53, 80 } accept\n"
	"		meta mark & 0x40000000 != 0 accept\n"
	"		drop\n"
	"	}\n"
	"	chain output {\n"
	"		type filter hook output priority 0; policy accept;\n"
	"		ether daddr @blocked drop\n"
	"		ether daddr @contained goto to_contained\n"
	"	}\n"
	"}\n"
	"table inet pinfold {\n"
	"	comment $COMMENT\n"
	"	map address4 { type ipv4_addr : mark; size 32768; }\n"
	"	map address6 { type ipv6_addr : mark; size 65536; }\n"
	"	set allow4 { typeof ct mark . ip daddr . meta l4proto . th dport; flags timeout; gc-interval 30s; }\n"
	"	set allow6 { typeof ct mark . ip6 daddr . meta l4proto . th dport; flags timeout; gc-interval 30s; }\n"
	"	set range4 { typeof ct mark . ip daddr . meta l4proto . th dport . th sport; flags interval, timeout; }\n"
	"	set range6 { typeof ct mark . ip6 daddr . meta l4proto . th dport . th sport; flags interval, timeout; }\n"
	"	set icmp4 { typeof ct mark . ip daddr . icmp type . icmp code; flags interval, timeout; }\n"
	"	set icmp6 { typeof ct mark . ip6 daddr . icmpv6 type . icmpv6 code; flags interval, timeout; }\n"
	"	set neighbour { typeof meta mark . ct mark . meta l4proto . th dport; }\n"
	"	set neighbour_range { typeof meta mark . ct mark . meta l4proto . th dport . th sport; flags interval; }\n"
	"	set neighbour_icmp4 { typeof meta mark . ct mark . icmp type . icmp code; flags interval; }\n"
	"	set neighbour_icmp6 { typeof meta mark . ct mark . icmpv6 type . icmpv6 code; flags interval; }\n"
	"	set door4 { typeof ct mark . ip saddr . meta l4proto . th dport . th sport; flags interval; }\n"
	"	set door6 { typeof ct mark . ip6 saddr . meta l4proto . th dport . th sport; flags interval; }\n"
	"	map door_nat4 { typeof ip saddr . meta l4proto . th dport : ip daddr; flags interval; }\n"
	"	set patched { typeof ct mark . meta l4proto . th dport; flags interval; }\n"
	"	set pause { type mark; flags timeout; }\n"
	/* Both end by themselves, though we be dead: what is turned to the checker, who has no internet. */
	"	set rig { typeof ct mark . th dport; flags timeout; }\n"
	"	set rig_to4 { typeof ct mark . ip daddr . th dport; flags timeout; }\n"
	"	set rig_to6 { typeof ct mark . ip6 daddr . th dport; flags timeout; }\n"
	"	set rig_off { type mark; flags timeout; }\n"
	/* Where the teller may go: the owner named them. */
	"	set receiver4 { typeof ip daddr . tcp dport; }\n"
	"	set receiver6 { typeof ip6 daddr . tcp dport; }\n"
	/* Flow mark 0: a flow that we never admitted has no short way. */
	"	set recheck { type mark; elements = { 0 }; }\n"
	"	set flow_cap { type mark; size 32768; limit rate over 50/second burst 100 packets; }\n"
	"	set flow_surge { type mark; size 32768; limit rate over 500/second burst 100 packets; }\n"
	"	set denied { type mark; counter; }\n"
	"	set quiet { type mark; limit rate 5/second burst 20 packets; }\n"
	/* What containment waits for has a share of the log of its own, which nothing else uses up. */
	"	set urgent { type mark; limit rate 50/second burst 100 packets; }\n"
	"	set admin_ports { type inet_service; elements = $ADMIN_PORTS; }\n"
	"	set doh4 { type ipv4_addr; elements = $DOH4; }\n"
	"	set doh6 { type ipv6_addr; elements = $DOH6; }\n"
/* Counted without sampling, logged within a limit for each device. */
#define INET_END_BY(limit, chain, word) \
	"	chain " chain " {\n" \
	"		meta mark set meta mark & 0x000fffff\n" \
	"		meta mark @denied meta mark @" limit " log prefix \"" word \
	"\" group 100 snaplen 256\n" \
	"		drop\n" \
	"	}\n"
#define INET_END(chain, word) INET_END_BY("quiet", chain, word)
	INET_END("end_from_device", "from-device")
	INET_END_BY("urgent", "end_neighbour", "neighbour")
	INET_END_BY("urgent", "end_surge", "surge")
	INET_END("end_to_device", "to-device")
	INET_END("end_gateway", "gateway")
	INET_END("end_penned", "penned")
	INET_END_BY("urgent", "end_admin_port", "admin-port")
	INET_END("end_encrypted_dns", "encrypted-dns")
	INET_END("end_patched", "patched")
	INET_END("end_pause_over", "pause-over")
	INET_END("end_flow_cap", "flow-cap")
	"	chain over_flow_cap {\n"
	"		meta mark set meta mark & 0x000fffff\n"
	"		meta mark @flow_surge goto end_surge\n"
	"		goto end_flow_cap\n"
	"	}\n"
	/* Entered with the device's number, and state bits, in the packet mark. */
	"	chain count_flow {\n"
	"		meta mark set meta mark & 0x000fffff\n"
	"		meta mark @flow_cap goto over_flow_cap\n"
	"	}\n"
	/* What passes says so, for the guard below; where it is frequent, the rule says it itself. */
	"	chain pass {\n"
	"		meta mark set 0x80000000 accept\n"
	"	}\n"
	"	chain admit {\n"
	"		ct state new jump count_flow\n"
	"		goto pass\n"
	"	}\n"
	/* Told when it begins: what is offered after the pause must not wait for its end. */
	"	chain admit_by_pause {\n"
	"		ct state new limit rate 200/second burst 400 packets log prefix \"new-flow\" group 100 snaplen 256\n"
	"		ct mark set ct mark | 0x08000000\n"
	"		goto pass\n"
	"	}\n"
	"	chain from_patched {\n"
	"		ct mark . meta l4proto . th dport @patched goto end_patched\n"
	"	}\n"
	"	chain from_ranges {\n"
	"		ct mark . ip daddr . meta l4proto . th dport . th sport @range4 goto admit_out\n"
	"		ct mark . ip6 daddr . meta l4proto . th dport . th sport @range6 goto admit_out\n"
	"		ct mark . ip daddr . icmp type . icmp code @icmp4 goto admit_out\n"
	"		ct mark . ip6 daddr . icmpv6 type . icmpv6 code @icmp6 goto admit_out\n"
	"	}\n"
	/* The same for what goes to the internet: the flow's mark is the device. */
	"	chain admit_out {\n"
	"		ct state new ct mark @flow_cap goto over_flow_cap\n"
	"		meta mark set 0x80000000 accept\n"
	"	}\n"
	/* An observed device: the internet, without what administers or hides. */
	"	chain observed {\n"
	"		ct mark @pause goto admit_by_pause\n"
	"		ip daddr { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/3 } goto end_from_device\n"
	"		ip6 daddr { fc00::/7, fe80::/10, ff00::/8 } goto end_from_device\n"
	"		meta l4proto 6 th dport @admin_ports goto end_admin_port\n"
	"		meta l4proto { 6, 17 } th dport 853 goto end_encrypted_dns\n"
	"		meta l4proto { 6, 17 } th dport 443 ip daddr @doh4 goto end_encrypted_dns\n"
	"		meta l4proto { 6, 17 } th dport 443 ip6 daddr @doh6 goto end_encrypted_dns\n"
	"		ct state new ct mark @flow_cap goto over_flow_cap\n"
	"		ct state new log prefix \"new-flow\" group 100 snaplen 256\n"
	"		goto pass\n"
	"	}\n"
	/* Whoever is not just held; one who is held comes back. */
	"	chain from_other {\n"
	"		meta mark & 0x04000000 != 0 jump from_patched\n"
	"		meta mark & 0x00f00000 $OBSERVE goto observed\n"
	"		meta mark & 0x00f00000 $TRUSTED goto admit_out\n"
	"	}\n"
	"	chain from_device {\n"
	"		ct state new ct mark set meta mark & 0x000fffff\n"
	"		ct mark @rig_off drop\n"
	"		meta mark & 0x04f00000 != $ENFORCE jump from_other\n"
	"		ct mark . ip daddr . meta l4proto . th dport @allow4 goto admit_out\n"
	"		ct mark . ip6 daddr . meta l4proto . th dport @allow6 goto admit_out\n"
	"		meta mark & 0x02000000 != 0 jump from_ranges\n"
	"		ct mark @pause goto admit_by_pause\n"
	"		goto end_from_device\n"
	"	}\n"
	/*
	 * Device to device, routed.  The flow mark names the destination, so that one
	 * key holds both.  A pause lets trusted devices begin towards the paused one, and
	 * never the paused one towards neighbours who did not agree.
	 */
	"	chain to_paused {\n"
	"		ct mark @pause goto admit_by_pause\n"
	"	}\n"
	"	chain between {\n"
	"		meta mark & 0x04000000 != 0 ct state new ct mark set meta mark & 0x000fffff\n"
	"		meta mark & 0x04000000 != 0 ct state new jump from_patched\n"
	"		ct state new ct mark set 0\n"
	"		ct mark set ip daddr map @address4\n"
	"		ct mark set ip6 daddr map @address6\n"
	"		ct mark set ct mark & 0x000fffff\n"
	"		ct mark 0 goto end_neighbour\n"
	"		meta mark & 0x04f00000 $TRUSTED jump to_paused\n"
	"		meta mark set meta mark & 0x000fffff\n"
	"		meta mark . meta l4proto . th dport @patched goto end_patched\n"
	"		meta mark . ct mark . meta l4proto . th dport @neighbour goto admit\n"
	"		meta mark . ct mark . meta l4proto . th dport . th sport @neighbour_range goto admit\n"
	"		meta mark . ct mark . icmp type . icmp code @neighbour_icmp4 goto admit\n"
	"		meta mark . ct mark . icmpv6 type . icmpv6 code @neighbour_icmp6 goto admit\n"
	"		goto end_neighbour\n"
	"	}\n"
	/* From the internet: only doors that the owner made. */
	"	chain to_device {\n"
	"		ct state new ct mark set 0\n"
	"		ct mark set ip daddr map @address4\n"
	"		ct mark set ip6 daddr map @address6\n"
	"		ct mark set ct mark & 0x000fffff\n"
	"		ct mark 0 drop\n"
	"		ct mark @rig_off drop\n"
	"		meta mark set ct mark\n"
	"		ct mark . ip saddr . meta l4proto . th dport . th sport @door4 goto admit\n"
	"		ct mark . ip6 saddr . meta l4proto . th dport . th sport @door6 goto admit\n"
	"		goto end_to_device\n"
	"	}\n"
	/*
	 * Answers of running flows while a policy narrows: each must fit the policy
	 * of the flow's initiator, seen from the other end.  Answers to ICMP wait.
	 */
	"	chain answer_from_internet {\n"
	"		meta mark set 0\n"
	"		meta mark set ip daddr map @address4\n"
	"		meta mark set ip6 daddr map @address6\n"
	"		ct mark . meta l4proto . th sport @patched drop\n"
	"		meta mark & 0x00f00000 $TRUSTED goto pass\n"
	"		ct mark . ip saddr . meta l4proto . th sport @allow4 goto pass\n"
	"		ct mark . ip6 saddr . meta l4proto . th sport @allow6 goto pass\n"
	"		ct mark . ip saddr . meta l4proto . th sport . th dport @range4 goto pass\n"
	"		ct mark . ip6 saddr . meta l4proto . th sport . th dport @range6 goto pass\n"
	"		meta mark & 0x00f00000 != $OBSERVE drop\n"
	"		meta l4proto 6 th sport @admin_ports drop\n"
	"		th sport 853 drop\n"
	"		ip saddr @doh4 drop\n"
	"		ip6 saddr @doh6 drop\n"
	"		goto pass\n"
	"	}\n"
	"	chain answer_between {\n"
	"		meta mark set 0\n"
	"		meta mark set ip daddr map @address4\n"
	"		meta mark set ip6 daddr map @address6\n"
	"		meta mark set meta mark & 0x000fffff\n"
	"		meta mark . meta l4proto . th sport @patched drop\n"
	"		meta mark . ct mark . meta l4proto . th sport @neighbour goto pass\n"
	"		meta mark . ct mark . meta l4proto . th sport . th dport @neighbour_range goto pass\n"
	"		drop\n"
	"	}\n"
	"	chain answer_to_internet {\n"
	"		ct mark . ip daddr . meta l4proto . th sport . th dport @door4 goto pass\n"
	"		ct mark . ip6 daddr . meta l4proto . th sport . th dport @door6 goto pass\n"
	"		drop\n"
	"	}\n"
	"	chain answer {\n"
	"		iifname $UPLINK goto answer_from_internet\n"
	"		oifname $BRIDGE goto answer_between\n"
	"		goto answer_to_internet\n"
	"	}\n"
	/* Nobody, and whoever is penned. */
	"	chain held_back {\n"
	"		meta mark 0 drop\n"
	"		goto end_penned\n"
	"	}\n"
	/* A flow that a pause let in lives as long as the element in the pause set. */
	"	chain by_pause {\n"
	"		meta mark set ct mark & 0x000fffff\n"
	"		meta mark @pause goto pass\n"
	"		goto end_pause_over\n"
	"	}\n"
	"	chain established {\n"
	"		ct mark & 0x08000000 != 0 goto by_pause\n"
	"		ct mark != @recheck meta mark set 0x80000000 accept\n"
	"		ct state related drop\n"
	"		ct direction reply goto answer\n"
	"	}\n"
	"	chain forward {\n"
	"		type filter hook forward priority filter; policy drop;\n"
	"		iifname $BRIDGE meta mark & 0x20000000 == 0 goto held_back\n"
	"		ct state established,related jump established\n"
	"		ct state invalid drop\n"
	"		meta l4proto 6 ct state new tcp flags & (fin | syn | rst | ack) != syn drop\n"
	"		iifname $BRIDGE oifname $UPLINK goto from_device\n"
	"		iifname . oifname vmap { $BRIDGE . $BRIDGE : goto between, $UPLINK . $BRIDGE : goto to_device }\n"
	"	}\n"
	/* The gateway itself. */
	"	chain from_stranger {\n"
	"		udp sport 68 udp dport 67 accept\n"
	"		ip6 saddr fe80::/10 udp sport 546 udp dport 547 accept\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-router-solicit, 131, 132, 143 } accept\n"
	"		drop\n"
	"	}\n"
	"	chain basic_services {\n"
	"		udp dport { 53, 67, 123, 547 } accept\n"
	"		tcp dport 53 accept\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, 131, 132, 143 } accept\n"
	"	}\n"
	/* Who is penned may be tested: it answers the checker's flows, and opens none. */
	"	chain from_penned {\n"
	"		ct mark & 0x40000000 != 0 ct direction reply ct state established,related accept\n"
	"		jump basic_services\n"
	"		tcp dport 80 accept\n"
	"		goto end_penned\n"
	"	}\n"
	"	chain from_trusted {\n"
	"		tcp dport $WEB_PORT accept\n"
	"		icmp type echo-request accept\n"
	"		icmpv6 type echo-request accept\n"
	"	}\n"
	"	chain from_lan {\n"
	"		meta mark & 0x00f00000 vmap { 0 : goto from_stranger, $WAITING : goto from_penned, $QUARANTINE : goto from_penned, $BLOCK : drop }\n"
	"		ct state invalid drop\n"
	"		jump basic_services\n"
	"		ct state established,related accept\n"
	"		meta l4proto 2 accept\n"
	/* What was turned to the checker, and nothing that came to this port by itself. */
	"		meta l4proto { 6, 17 } th dport $RIG_PORT ct mark & 0x20000000 != 0 accept\n"
	/* Discovery, for the relay; it answers only those who were introduced. */
	"		udp dport $RELAY_PORTS accept\n"
	"		meta mark & 0x00f00000 $TRUSTED jump from_trusted\n"
	"		meta pkttype { broadcast, multicast } drop\n"
	"		goto end_gateway\n"
	"	}\n"
	"	chain from_uplink {\n"
	"		ct state invalid drop\n"
	"		ct state established,related accept\n"
	"		udp sport 67 udp dport 68 accept\n"
	"		ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, 130, 131, 132, 143 } accept\n"
	"		icmp type echo-request limit rate 20/second accept\n"
	"		icmpv6 type echo-request limit rate 20/second accept\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority filter; policy drop;\n"
	"		iif lo accept\n"
	"		meta mark set meta mark | 0x80000000\n"
	"		iifname vmap { $BRIDGE : goto from_lan, $UPLINK : goto from_uplink }\n"
	"	}\n"
	/*
	 * Our processes reach what their work needs.  Sockets that the monitor opened
	 * carry its user, root, and are told by their port.
	 */
	"	chain to_lan {\n"
	"		udp sport 67 udp dport 68 accept\n"
	"		udp sport 547 udp dport 546 accept\n"
	"		icmpv6 type nd-router-advert accept\n"
	"		meta skuid { 0, $UID_RELAY } udp sport { 1900, 5353 } accept\n"
	"		meta skuid { 0, $UID_RELAY } udp dport { 1900, 5353 } accept\n"
	"		meta skuid $UID_CHECKER fib daddr type unicast meta l4proto { 1, 6, 17, 58 } accept\n"
	"	}\n"
	"	chain to_uplink {\n"
	"		udp sport 68 udp dport 67 accept\n"
	"		udp sport 546 udp dport 547 accept\n"
	"		icmpv6 type nd-router-solicit accept\n"
	"		meta skuid $UID_RESOLVER meta l4proto { 6, 17 } th dport { 53, 853 } accept\n"
	"		meta skuid $UID_FETCHER tcp dport 443 accept\n"
	/* Programs of the owner's system (time, updates) are not ours to judge. */
	"		meta skuid < $UID_FIRST accept\n"
	"		meta skuid > $UID_LAST accept\n"
	"	}\n"
	/* Each packet of it, so that who is named no more is reached no more. */
	"	chain from_teller {\n"
	"		ip daddr . tcp dport @receiver4 accept\n"
	"		ip6 daddr . tcp dport @receiver6 accept\n"
	"		drop\n"
	"	}\n"
	/* No redirects: they would send devices past the gateway, onto the barrier. */
	"	chain output {\n"
	"		type filter hook output priority filter; policy drop;\n"
	"		oifname $BRIDGE meta mark set 0x10000000\n"
	"		meta skuid $UID_TELLER goto from_teller\n"
	"		oif lo meta skuid $UID_CHECKER drop\n"
	"		oif lo accept\n"
	/*
	 * Its raw sockets say nothing in flows that others answer, but for those that the rig turns;
	 * nor what belongs to no flow for us (SYN with RST) and may end one for the device.
	 */
	"		oifname $BRIDGE meta skuid $UID_CHECKER ct state invalid drop\n"
	"		oifname $BRIDGE meta skuid $UID_CHECKER ct direction reply ct mark & 0x60000000 == 0 drop\n"
	/* Flows of the checker carry a mark by which their answers, and the bridge, know them. */
	"		oifname $BRIDGE meta skuid $UID_CHECKER ct mark set 0x40000000\n"
	"		oifname $BRIDGE ct mark & 0x40000000 != 0 meta mark set 0x50000000\n"
	"		ct state established,related accept\n"
	"		icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-neighbor-solicit, nd-neighbor-advert, 130, 131, 132, 143 } accept\n"
	"		icmp type { destination-unreachable, time-exceeded, parameter-problem } accept\n"
	"		meta l4proto 2 accept\n"
	"		oifname vmap { $BRIDGE : goto to_lan, $UPLINK : goto to_uplink }\n"
	"	}\n"
	"	chain first {\n"
	"		type filter hook prerouting priority raw; policy accept;\n"
	"		iifname $BRIDGE accept\n"
	"		meta mark set 0\n"
	"		iifname $UPLINK ip saddr $LAN4_NET drop\n"
	"		iifname $UPLINK ip6 saddr $LAN6_NET drop\n"
	"	}\n"
	"	chain nat_prerouting {\n"
	"		type nat hook prerouting priority dstnat;\n"
	"		udp dport 53 iifname $BRIDGE goto nat_names\n"
	"		tcp dport 53 iifname $BRIDGE goto nat_names\n"
	"		meta l4proto 6 iifname $BRIDGE goto nat_rig\n"
	"		udp dport 123 iifname $BRIDGE goto nat_rig\n"
	"		iifname $UPLINK fib daddr type local dnat ip to ip saddr . meta l4proto . th dport map @door_nat4\n"
	"	}\n"
	/*
	 * Flows of a device under test to its maker: the checker answers for him.  Only flows
	 * to the internet, and only of devices that have it; but for the time, which some ask
	 * the gateway for.
	 */
	"	chain nat_rig {\n"
	"		meta mark & 0x20000000 == 0 return\n"
	"		ct mark set meta mark & 0x000fffff\n"
	"		ct mark . th dport @rig goto nat_turned\n"
	"		ct mark . ip daddr . th dport @rig_to4 goto nat_turned\n"
	"		ct mark . ip6 daddr . th dport @rig_to6 goto nat_turned\n"
	"		ct mark set 0\n"
	"	}\n"
	"	chain nat_turned {\n"
	"		ct mark set 0\n"
	"		udp dport 123 goto nat_to_rig\n"
	"		ip daddr { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/3 } return\n"
	"		ip6 daddr { fc00::/7, fe80::/10, ff00::/8 } return\n"
	"		goto nat_to_rig\n"
	"	}\n"
	"	chain nat_to_rig {\n"
	"		ct mark set 0x20000000\n"
	"		meta l4proto { 6, 17 } redirect to :$RIG_PORT\n"
	"	}\n"
	"	chain nat_names {\n"
	"		ip daddr != $LAN4 dnat ip to $LAN4\n"
	"		ip6 daddr != { $LAN6, fe80::/10 } dnat ip6 to $LAN6\n"
	"	}\n"
	"	chain nat_postrouting {\n"
	"		type nat hook postrouting priority srcnat;\n"
	"		oifname $UPLINK ip saddr $LAN4_NET masquerade\n"
	"	}\n"
	"}\n"
	/*
	 * When somebody takes the table above away, nothing passes, and nothing is let in, until
	 * it is back: what it has judged says so in its mark.
	 */
	"table inet pinfold-guard {\n"
	"	comment $COMMENT\n"
	"	chain forward {\n"
	"		type filter hook forward priority 10; policy drop;\n"
	"		meta mark 0x80000000 accept\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority 10; policy drop;\n"
	"		iif lo accept\n"
	"		meta mark & 0x80000000 != 0 accept\n"
	"	}\n"
	"}\n";
/* clang-format on */

bool
nft_interface_is_safe(const char *name)
{
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	return len > 0 && len < SETTINGS_NAME_MAX && !name[len];
}

bool
nft_port_administers(uint8_t proto, uint16_t port)
{
	for (size_t i = 0; proto == IPPROTO_TCP && i < COUNT_OF(admin_ports); i++)
		if (admin_ports[i] == port)
			return true;
	return false;
}

bool
nft_is_encrypted_dns(const struct ip *address, uint8_t proto, uint16_t port)
{
	struct ip known;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return false;
	for (size_t i = 0; port == 443 && i < COUNT_OF(doh_addresses); i++)
		if (ip_parse(&known, doh_addresses[i]) && ip_is_equal(&known, address))
			return true;
	return port == 853;
}

static void
define_doh(FILE *out, const char *name, unsigned version)
{
	struct ip address;
	const char *comma = "";

	fprintf(out, "define %s = {", name);
	for (size_t i = 0; i < COUNT_OF(doh_addresses); i++) {
		if (!ip_parse(&address, doh_addresses[i]) || address.version != version)
			continue;
		fprintf(out, "%s %s", comma, doh_addresses[i]);
		comma = ",";
	}
	fputs(" }\n", out);
}

static void
define_state(FILE *out, const char *name, enum device_state state)
{
	fprintf(out, "define %s = 0x%08x\n", name, (unsigned)state << NFT_MARK_STATE_SHIFT);
}

static void
define_parameters(FILE *out, const struct settings *settings, const uint8_t gateway_mac[static 6])
{
	char text4[IP_TEXT_MAX], text6[IP_TEXT_MAX], mac[MAC_TEXT_MAX];

	ip_render(&settings->lan4.address, text4);
	ip_render(&settings->lan6.address, text6);
	fprintf(out, "define BRIDGE = \"%s\"\ndefine UPLINK = \"%s\"\n", settings->bridge,
		settings->uplink);
	fprintf(out, "define GATEWAY_MAC = %s\n", mac_render(gateway_mac, mac));
	fprintf(out, "define LAN4 = %s\ndefine LAN4_NET = %s/%u\n", text4, text4,
		settings->lan4.length);
	fprintf(out, "define LAN6 = %s\ndefine LAN6_NET = %s/%u\n", text6, text6,
		settings->lan6.length);
	if (settings->web_certificate[0] && settings->web_tls_port != settings->web_port)
		fprintf(out, "define WEB_PORT = { %u, %u }\n", settings->web_port,
			settings->web_tls_port);
	else
		fprintf(out, "define WEB_PORT = %u\n", settings->web_port);
	fprintf(out, "define RIG_PORT = %d\n", RIG_PORT);
	fprintf(out, "define UID_FIRST = %u\ndefine UID_LAST = %u\n", settings->uid_base,
		settings->uid_base + PROCESS_COUNT);
	fprintf(out, "define UID_RESOLVER = %u\n", settings->uid_base + PROCESS_RESOLVER);
	fprintf(out, "define UID_RELAY = %u\n", settings->uid_base + PROCESS_RELAY);
	fprintf(out, "define UID_CHECKER = %u\n", settings->uid_base + PROCESS_CHECKER);
	fprintf(out, "define UID_TELLER = %u\n", settings->uid_base + PROCESS_TELLER);
	fprintf(out, "define UID_FETCHER = %u\n", settings->uid_base + PROCESS_FETCHER);
	define_state(out, "WAITING", DEVICE_WAITING);
	define_state(out, "OBSERVE", DEVICE_OBSERVE);
	define_state(out, "ENFORCE", DEVICE_ENFORCE);
	define_state(out, "QUARANTINE", DEVICE_QUARANTINE);
	define_state(out, "BLOCK", DEVICE_BLOCK);
	define_state(out, "TRUSTED", DEVICE_TRUSTED);
	fputs("define RELAY_PORTS = { 1900, 5353", out);
#define X(port) fprintf(out, ", %d", port);
	RELAY_BROADCAST_LIST(X)
#undef X
	fputs(" }\n", out);
	fputs("define ADMIN_PORTS = {", out);
	for (size_t i = 0; i < COUNT_OF(admin_ports); i++)
		fprintf(out, "%s %u", i ? "," : "", admin_ports[i]);
	fputs(" }\n", out);
	define_doh(out, "DOH4", 4);
	define_doh(out, "DOH6", 6);
}

uint64_t
nft_base_digest(uint64_t digest, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		digest = (digest ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
	return digest;
}

enum err
nft_base_render(struct nft_base *base, const struct settings *settings,
	const uint8_t gateway_mac[static 6], struct fault *why)
{
	auto_free char *parameters = NULL;
	size_t len;
	struct nft_base out = {0};

	if (!nft_interface_is_safe(settings->bridge) || !nft_interface_is_safe(settings->uplink)) {
		fault_set(why, ERR_INVALID, "an interface name that cannot stand in a rule");
		return ERR_INVALID;
	}
	if (settings->lan4.address.version != 4 || settings->lan6.address.version != 6 ||
		settings->lan4.length > 32 || settings->lan6.length > 128 || !settings->web_port) {
		fault_set(why, ERR_INVALID, "no address of our own on the bridge");
		return ERR_INVALID;
	}
	FILE *first = open_memstream(&parameters, &len);
	if (!first)
		return ERR_SYSTEM;
	define_parameters(first, settings, gateway_mac);
	fclose(first);
	uint64_t hash = nft_base_digest(NFT_BASE_DIGEST, parameters, len);
	hash = nft_base_digest(hash, text, sizeof text - 1);
	snprintf(out.comment, sizeof out.comment, "pinfold %016" PRIx64, hash);

	FILE *whole = open_memstream(&out.text, &out.len);
	if (!whole)
		return ERR_SYSTEM;
	fputs(parameters, whole);
	/* A comment cannot be a variable of nft's language. */
	const char *at = text;
	for (const char *mark; (mark = strstr(at, "$COMMENT")); at = mark + strlen("$COMMENT"))
		fprintf(whole, "%.*s\"%s\"", (int)(mark - at), at, out.comment);
	fputs(at, whole);
	fclose(whole);
	*base = out;
	return ERR_OK;
}

void
nft_base_fini(struct nft_base *base)
{
	free(base->text);
	base->text = NULL;
}
