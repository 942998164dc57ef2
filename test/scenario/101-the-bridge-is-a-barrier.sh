#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two devices on one bridge try to meet: by their addresses, past the gateway
# with a static ARP entry, and by link-local.  Then the owner introduces one
# to the other.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen b 8080
listen a 8080
hold a enforce allow=198.18.1.1/32,tcp,443
hold b enforce allow=198.18.1.1/32,tcp,443
count_start b from_a ip saddr 192.168.77.11
count_start b from_a6 ip6 saddr { fd77::11, fe80::/10 } meta l4proto tcp
refuse "a device does not reach its neighbour" tcp a 192.168.77.12 8080
refuse "nor over IPv6" tcp a fd77::12 8080
refuse "nor by ping" pings a 192.168.77.12
ip -n a neigh replace 192.168.77.12 lladdr $(mac b) dev eth0 nud permanent
refuse "nor with the neighbour's real MAC" tcp a 192.168.77.12 8080
link_local=$(ip -n b -6 -o addr show dev eth0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')
ip -n a -6 neigh replace $link_local lladdr $(mac b) dev eth0 nud permanent
refuse "nor by link-local" tcp a "$link_local%eth0" 8080
on a busybox arping -c1 -w1 -I eth0 192.168.77.12 >/dev/null 2>&1 || true
on a busybox ping -c1 -W1 192.168.77.255 >/dev/null 2>&1 || true
expect "not one packet arrived" [ "$(counted b from_a)$(counted b from_a6)" = 00 ]
ip -n a neigh del 192.168.77.12 dev eth0
ip -n a -6 neigh del $link_local dev eth0

bridge link set dev p-a isolated off
bridge link set dev p-b isolated off
ip -n a neigh replace 192.168.77.12 lladdr $(mac b) dev eth0 nud permanent
refuse "the rules hold it even when ports are not isolated" tcp a 192.168.77.12 8080
expect "still nothing arrived" [ "$(counted b from_a)" = 0 ]
ip -n a neigh del 192.168.77.12 dev eth0
bridge link set dev p-a isolated on
bridge link set dev p-b isolated on

expect "an introduction is taken" hold a enforce neighbour=12,tcp,8080 neighbour=12,icmp,8
expect "the introduced device reaches the other" tcp a 192.168.77.12 8080
expect "over IPv6 as well" tcp a fd77::12 8080
expect "and pings it" pings a 192.168.77.12
count_start a back ip saddr 192.168.77.12 tcp flags \& \(syn \| ack\) == syn
refuse "the other way stays closed" tcp b 192.168.77.11 8080
refuse "the other way stays closed over IPv6" tcp b fd77::11 8080
expect "not one packet of it arrived" [ "$(counted a back)" = 0 ]
refuse "another port stays closed" tcp a 192.168.77.12 8081
refuse "a third device gains nothing" tcp c 192.168.77.12 8080
expect "the introduction is taken back" hold a enforce allow=198.18.1.1/32,tcp,443
refuse "and the way is closed again" tcp a 192.168.77.12 8080
finish
