#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The enforcer is killed over and over while a device works and tries what it
# may not.  Then the kernel refuses, somebody flushes the rules, and the power
# fails.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443 80
hold a enforce allow=198.18.1.1/32,tcp,443 slot=1,tcp,443 allow=2001:db8:1::/64,tcp,440-450
said open 11 1 198.18.1.2 600
count_start net bad ip saddr 198.18.0.2 tcp dport 80
count_start net worse ip6 saddr fd77::11 tcp dport 80
count_start net good ip saddr 198.18.0.2 tcp dport 443
(n=0; while [ $n -lt 500 ]; do echo $n; n=$((n + 1)); sleep 0.02; done) |
	on a socat -t1 - TCP4:198.18.1.1:443 >$folder/kept 2>/dev/null &
kept=$!
on a sh -c 'n=0; while [ $n -lt 100 ]; do
	socat -u /dev/null TCP4:198.18.1.1:80,connect-timeout=0.05
	socat -u /dev/null TCP6:[2001:db8:1::1]:80,connect-timeout=0.05
	n=$((n + 1)); done' 2>/dev/null &
tries=$!
handle=$(nft -a list table inet pinfold | sed -n 's/^table.*handle \([0-9]*\)$/\1/p')
elements() { nft -s list table inet pinfold | sed 's/ expires [0-9a-z]*//g' | cksum; }
at_first=$(elements)
n=0 fine=yes
while [ $n -lt 12 ]; do
	said kill
	sleep 0.1
	said start || fine=no
	n=$((n + 1))
done
expect "it was killed and came back twelve times" [ $fine = yes ]
expect "it found its tables and kept them" sh -c "say() { $drive $folder/socket status; }; say | grep -q adopted=1"
expect "they are the same tables as at first" \
	[ "$(nft -a list table inet pinfold | sed -n 's/^table.*handle \([0-9]*\)$/\1/p')" = "$handle" ]
expect "with the same elements" [ "$(elements)" = "$at_first" ]
expect "an address opened before is open still" tcp a 198.18.1.2 443
wait $kept $tries || true
sleep 1
expect "the allowed flow lost nothing" sh -c "seq 0 499 | cmp -s - $folder/kept"
expect "the other side saw it (control)" [ "$(counted net good)" -gt 100 ]
expect "not one forbidden packet passed" [ "$(counted net bad)$(counted net worse)" = 00 ]

# Somebody flushes everything while the enforcer runs.
nft flush ruleset
back() { nft list set inet pinfold allow4 2>/dev/null | grep -q 198.18.1.2; }
expect "somebody flushed the rules: they are back, with what was in them" within 10 back
count_start net later ip saddr 198.18.0.2 tcp dport 80
refuse "and what was forbidden is forbidden" tcp a 198.18.1.1 80
expect "what was allowed is allowed" tcp a 198.18.1.1 443
expect "no packet passed" [ "$(counted net later)" = 0 ]

# And the power fails: no tables, no bridge, no flows.
said kill
nft flush ruleset
for port in a b c; do ip link set p-$port nomaster; ip link set p-$port down; done
ip link del br-lan
conntrack -F >/dev/null 2>&1
refuse "after a power cut no port is up" sh -c "ip -o link show master br-lan 2>/dev/null | grep -q ."
expect "the gateway starts from nothing" said start
expect "its ports are up after the policies" sh -c "[ \$(ip -o link show master br-lan | wc -l) = 3 ]"
expect "what was allowed is allowed again" tcp a 198.18.1.1 443
refuse "what was forbidden is forbidden again" tcp a 198.18.1.1 80
finish
