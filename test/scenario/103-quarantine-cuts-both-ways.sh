#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera streams to its cloud, a viewer is connected to it, and then it is
# quarantined: both ends of both flows go silent at once.  Release brings them
# back, by new connections.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443 80
listen a 8080
cat=$(command -v cat)
open_world="allow=198.18.1.1/32,tcp,443 allow=2001:db8:1::1/128,tcp,443"
hold a enforce $open_world
hold b enforce neighbour=11,tcp,8080

# A line every 50 ms, for 20 s; the far side echoes each.
stream() { # FROM ADDRESS PORT FILE
	(n=0; while [ $n -lt 400 ]; do echo $n; n=$((n + 1)); sleep 0.05; done) |
		on $1 socat -t1 - TCP$(family $2):$(bracket $2):$3,connect-timeout=2,retry=4,interval=0.2 >$4 2>/dev/null &
}
stream a 198.18.1.1 443 $folder/four
stream a 2001:db8:1::1 443 $folder/six
stream b 192.168.77.11 8080 $folder/view
flows() { [ -s $folder/four ] && [ -s $folder/six ] && [ -s $folder/view ]; }
expect "three flows run" within 80 flows
expect "the device is quarantined" hold a quarantine $open_world
count_start net from ip saddr 198.18.0.2 tcp dport 443
count_start net from6 ip6 saddr fd77::11
count_start a to tcp sport 443
count_start b view tcp sport 8080
sleep 1
expect "not one packet of the device arrives outside" [ "$(counted net from)$(counted net from6)" = 00 ]
expect "not one packet from outside arrives at the device" [ "$(counted a to)" = 0 ]
expect "not one packet of it reaches the viewer" [ "$(counted b view)" = 0 ]
expect "its flows are gone from the table" \
	sh -c "[ \$(conntrack -L -m 11/0xfffff 2>/dev/null | wc -l) = 0 ]"
refuse "it opens nothing" tcp a 198.18.1.1 443
socat TCP4-LISTEN:80,fork,reuseaddr PIPE 2>/dev/null &
expect "the status page of the gateway is open to it" within 20 tcp a 192.168.77.1 80
refuse "pings to the gateway are not" pings a 192.168.77.1
expect "the device is released" hold a enforce $open_world
expect "it works again" tcp a 198.18.1.1 443
expect "over IPv6 too" tcp a 2001:db8:1::1 443
expect "the viewer too" tcp b 192.168.77.11 8080

expect "the device is blocked" hold a block
count_start net blocked ip saddr 198.18.0.2
count_start a anything meta l4proto { tcp, udp, icmp, icmpv6 }
refuse "a blocked device has not even the gateway" tcp a 192.168.77.1 53
refuse "nor the internet" tcp a 198.18.1.1 443
expect "nothing of it arrived, nothing came to it" [ "$(counted net blocked)$(counted a anything)" = 00 ]
finish
