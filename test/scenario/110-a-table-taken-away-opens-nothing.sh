#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Somebody deletes our tables or flushes their rules, again and again, while two devices send
# as fast as they can where they may not.  All comes back; until it does, nothing passes.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443
listen b 80
hold a enforce allow=198.18.1.1/32,tcp,443 allow=2001:db8:1::1/128,tcp,443 cap=1000000 flows=1000000
hold b enforce
hold c enforce cap=1000000 flows=1000000
expect "a reaches its server (control)" tcp a 198.18.1.1 443
count_start net four ip daddr 198.18.1.2 udp dport 9
count_start net six ip6 daddr 2001:db8:1::2 udp dport 9
count_start b neighbour udp dport 9
# What a gateway serves to nobody: it would answer if the packet came in.
socat UDP4-RECVFROM:4321,fork SYSTEM:"echo x >>$folder/came_in" 2>/dev/null &
within 30 sh -c "ss -Hlun 'sport = :4321' | grep -q ."

stream() { # DEVICE DESTINATION PORT
	on $1 timeout 60 sh -c "while dd if=/dev/zero bs=64 count=20000 2>/dev/null |
		socat -u -b64 - UDP$(family $2)-SENDTO:$(bracket $2):$3 2>/dev/null; do :; done" &
}
stream c 198.18.1.2 9
stream c 2001:db8:1::2 9
stream a 192.168.77.12 9
stream c 192.168.77.1 4321
sent() { on $1 cat /sys/class/net/eth0/statistics/tx_packets; }
more_sent() { [ $(($(sent $1) - $2)) -ge "$3" ]; }
expect "what may not pass is sent (control)" within 50 more_sent c 0 20000
# Whole again: what is filled last is there.
is_back() { nft list table $1 >/dev/null 2>&1 && nft list set inet pinfold allow4 2>/dev/null | grep -q 198.18.1.1; }
delete_often() { # TIMES FAMILY TABLE
	n=$1
	while [ $n -gt 0 ]; do
		nft delete table $2 $3 || return 1
		within 50 is_back "$2 $3" || return 1
		n=$((n - 1))
	done
}
judge() { # TABLE
	expect "without $1 nothing of it leaves over IPv4" [ "$(counted net four)" = 0 ]
	expect "nor over IPv6" [ "$(counted net six)" = 0 ]
	expect "nor reaches a neighbour" [ "$(counted b neighbour)" = 0 ]
	expect "nor the gateway" [ ! -e $folder/came_in ]
	expect "what is allowed is allowed again" tcp a 198.18.1.1 443
}
before_a=$(sent a) before_c=$(sent c)
expect "the rules of routing come back 20 times" delete_often 20 inet pinfold
judge "the rules of routing"
expect "the guard comes back 20 times" delete_often 20 inet pinfold-guard
judge "the guard"
expect "the rules of the bridge come back 20 times" delete_often 20 bridge pinfold
judge "the rules of the bridge"
rules_are_back() { nft list table inet pinfold | grep -q 'ct mark @pause goto admit_by_pause' && tcp a 198.18.1.1 443; }
for table in "inet pinfold" "inet pinfold-guard" "bridge pinfold"; do
	before=$(nft list table $table | grep -c ' goto \| accept')
	nft flush table $table
	is_whole() { [ "$(nft list table $table 2>/dev/null | grep -c ' goto \| accept')" = $before ]; }
	expect "flushed rules of $table come back" within 10 is_whole
done
expect "and what is allowed is allowed again" within 10 rules_are_back
nft insert rule inet pinfold forward ct mark 4711 accept
is_taken_away() { ! nft list chain inet pinfold forward | grep -q 4711; }
expect "a rule that somebody adds is taken away" within 10 is_taken_away
said kill
nft flush table inet pinfold
expect "a new life starts with flushed rules" said start
expect "and brings them back, with what was allowed" within 10 rules_are_back
judge "rules that were flushed"
expect "all the time both were sending (control)" sh -c "[ $(($(sent a) - before_a)) -ge 20000 ] && [ $(($(sent c) - before_c)) -ge 20000 ]"

hold c trusted cap=1000000 flows=1000000
expect "the same packets arrive where they may (control)" within 50 arrived net four
finish
