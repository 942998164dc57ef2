#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What each state means at the gateway: waiting, observe, trusted; names for
# all; a patch; a door; caps.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443 80 23 8080
listen a 8080
gateway_listens() { # PORT...
	for port in "$@"; do
		socat TCP6-LISTEN:$port,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
		within 30 sh -c "ss -Hltn 'sport = :$port' | grep -q ."
	done
}
gateway_listens 53 80 8480 22
socat UDP4-RECVFROM:53,bind=192.168.77.1,fork PIPE 2>/dev/null &
socat UDP4-RECVFROM:123,bind=192.168.77.1,fork PIPE 2>/dev/null &

hold a waiting
expect "a waiting device has names" tcp a 192.168.77.1 53
expect "a server of its own choice is answered by us" udp a 198.18.1.1 53
expect "the status page" tcp a 192.168.77.1 80
expect "over IPv6" tcp a fd77::1 80
refuse "nothing of the internet" tcp a 198.18.1.1 443
refuse "nothing else of the gateway" tcp a 192.168.77.1 8480

hold a observe
count_start net telnet tcp dport 23
expect "an observed device has the internet" tcp a 198.18.1.1 443
expect "over IPv6" tcp a 2001:db8:1::1 443
refuse "no administration ports" tcp a 198.18.1.1 23
refuse "over IPv6 neither" tcp a 2001:db8:1::1 23
expect "of which nothing arrived" [ "$(counted net telnet)" = 0 ]
refuse "no neighbours" tcp a 192.168.77.12 8080
refuse "no pages of the gateway" tcp a 192.168.77.1 80
refuse "nor its API" tcp a 192.168.77.1 8480
refuse "nor its ping" pings a 192.168.77.1
expect "time" udp a 192.168.77.1 123
count_start net patched tcp dport 80
expect "port 80 is open (control)" tcp a 198.18.1.1 80
before=$(counted net patched)
expect "a patch closes one port" hold a observe deny=tcp,80
refuse "which is closed" tcp a 198.18.1.1 80
expect "of which nothing arrived" [ "$(counted net patched)" = "$before" ]
expect "the rest is open" tcp a 198.18.1.1 443

hold a trusted
hold b enforce
expect "a trusted device has administration ports" tcp a 198.18.1.1 23
expect "and the owner's page" tcp a 192.168.77.1 8480
expect "and ping" pings a 192.168.77.1
refuse "but not SSH of the gateway" tcp a 192.168.77.1 22
refuse "a held device has not the owner's page" tcp b 192.168.77.1 8480
refuse "nor the status page" tcp b 192.168.77.1 80

count_start a from_net ip saddr 198.18.1.0/24 tcp flags syn
refuse "the internet opens nothing to a device" tcp net 192.168.77.11 8080
refuse "not over IPv6 either" tcp net fd77::11 8080
expect "a door is made" hold a enforce door=0.0.0.0/0,tcp,8080 door=2001:db8:1::/64,tcp,8080 door=2001:db8:ffff::/64,tcp,8080
expect "by the gateway's address it is open" tcp net 198.18.0.2 8080
expect "over IPv6 too" tcp net fd77::11 8080
refuse "another port is not" tcp net fd77::11 8081
expect "the door is closed" hold a enforce
refuse "and is closed" tcp net fd77::11 8080
refuse "on both families" tcp net 198.18.0.2 8080

expect "caps are taken" hold a observe cap=4000 flows=5
flood() { # attempts: how many arrive
	count_start net new_flows$1 tcp flags syn tcp dport 443
	on a sh -c "n=0; while [ \$n -lt $1 ]; do socat -u /dev/null TCP4:198.18.1.1:443,connect-timeout=0.05 & n=\$((n + 1)); done; wait" 2>/dev/null
	counted net new_flows$1
}
many=$(flood 100)
expect "of 100 connections at once few pass the cap ($many)" [ "$many" -le 40 ]
expect "but some do" [ "$many" -ge 5 ]
expect "a device may be forgotten" said forget 11
refuse "then it has nothing" tcp a 198.18.1.1 443
refuse "no element is left of it" sh -c "nft list ruleset | grep -qE '02:00:00:00:00:0a|192.168.77.11|0x0000000b'"
finish
