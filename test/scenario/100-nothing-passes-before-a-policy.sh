#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A device is plugged in before the owner has said anything about it: it
# reaches nobody.  Then its policy comes and it reaches what that names, over
# both families, and nothing besides.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

make_place
listen net 443 80 8883
expect "the internet can be reached at all (control)" tcp net 198.18.1.1 443
listen_udp net 198.18.1.1 443
listen_udp net 198.18.1.2 80
expect "and by UDP (control)" udp net 198.18.1.2 80
expect "and by ping (control)" pings net 198.18.1.1
serve_driver
expect "the enforcer begins" said start
refuse "no port is up before the policies are restored" \
	sh -c "ip -o link show master br-lan | grep -q ."
expect "policies are restored" said restored
expect "then the ports are on the bridge" sh -c "[ \$(ip -o link show master br-lan | wc -l) = 3 ]"
expect "and isolated" sh -c "[ \$(bridge -d link show | grep -c 'isolated on') = 3 ]"

count_start net any iifname eth0 ip daddr 198.18.1.0/24
count_start net any6 iifname eth0 ip6 daddr 2001:db8:1::/64
refuse "a device without a policy opens nothing over IPv4" tcp a 198.18.1.1 443
refuse "nor over IPv6" tcp a 2001:db8:1::1 443
refuse "nor by UDP" udp a 198.18.1.1 443
refuse "nor pings" pings a 198.18.1.1
refuse "nor the gateway" pings a 192.168.77.1
expect "and not one of its packets left" [ "$(counted net any)$(counted net any6)" = 00 ]

expect "a policy is taken" hold a enforce allow=198.18.1.1/32,tcp,443 \
	allow=2001:db8:1::1/128,tcp,443 allow=198.18.1.2/32,udp,80 allow=198.18.1.1/32,icmp,8
expect "the declared server is reached over IPv4" tcp a 198.18.1.1 443
expect "the declared server is reached over IPv6" tcp a 2001:db8:1::1 443
expect "the declared UDP port is reached" udp a 198.18.1.2 80
expect "the declared ping is answered" pings a 198.18.1.1
count_start net bad ip daddr 198.18.1.1 tcp dport != 443
count_start net worse ip daddr 198.18.1.2 tcp dport 443
count_start net six ip6 daddr 2001:db8:1::2
refuse "another port of the same server is not" tcp a 198.18.1.1 80
refuse "another server is not" tcp a 198.18.1.2 443
refuse "another server over IPv6 is not" tcp a 2001:db8:1::2 443
refuse "another protocol is not" udp a 198.18.1.1 443
refuse "another device gains nothing by it" tcp b 198.18.1.1 443
expect "not one such packet arrived" \
	[ "$(counted net bad)$(counted net worse)$(counted net six)" = 000 ]
expect "refused packets were counted for the device" sh -c "$drive $folder/socket counters | grep -qE '(^| )11=[1-9]'"

expect "ranges and prefixes are taken" hold a enforce allow=198.18.1.0/24,tcp,400-450 \
	allow=198.18.1.0/25,tcp,440-9000 allow=2001:db8:1::/64,any,0-65535
expect "a port inside the range is reached" tcp a 198.18.1.2 443
expect "and one of the overlapping range" tcp a 198.18.1.2 8883
expect "any port of the IPv6 prefix" tcp a 2001:db8:1::2 8883
refuse "a port outside is not" tcp a 198.18.1.2 80
finish
