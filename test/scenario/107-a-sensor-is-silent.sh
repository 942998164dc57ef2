#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# In a hospital the gateway only listens.  The far side of its port counts
# every frame from before the link is up until after it is down, while the
# enforcer is killed and started again and somebody on the machine tries to
# send.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

ip link set lo up
ip netns add far
ip link add tap0 type veth peer name eth0 netns far
on far sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
ip -n far link set eth0 arp off
ip -n far link set eth0 up
cat >$folder/pinfold.conf <<END
mode = sensor
lan-port = tap0
END
on far tcpdump -lnni eth0 -Q in >$folder/heard 2>$folder/ear &
ear=$!
expect "the far side listens" within 100 grep -q listening $folder/ear
serve_driver
expect "the enforcer begins" said start
refuse "the port stays down until we are ready to listen" sh -c "ip link show tap0 | grep -q LOWER_UP"
expect "everything is restored" said restored
expect "the port is up" within 20 sh -c "ip link show tap0 | grep -q LOWER_UP"
refuse "it has no address" sh -c "ip -o addr show tap0 | grep -q inet"
expect "and no ARP" sh -c "ip link show tap0 | grep -q NOARP"
refuse "a policy that would have to be enforced here is refused" \
	said policy 1 enforce bind=tap0,$(mac a),192.168.77.11
ip addr add 198.18.9.1/24 dev tap0
busybox arping -c2 -w2 -I tap0 198.18.9.2 >/dev/null 2>&1 || true
busybox ping -c2 -W1 198.18.9.2 >/dev/null 2>&1 || true
ip addr del 198.18.9.1/24 dev tap0
for n in 1 2 3; do
	said kill
	sleep 0.2
	said start
done
sleep 1
ip link set tap0 down
sleep 0.3
kill $ear
wait $ear || true
expect "from link-up to link-down not one frame left" [ ! -s $folder/heard ]

# The same ear hears, once nothing keeps us silent.
nft delete table netdev pinfold
on far timeout 20 tcpdump -lnni eth0 -Q in >$folder/control 2>$folder/ear2 &
within 100 grep -q listening $folder/ear2
ip link set tap0 arp on
ip link set tap0 up
ip addr add 198.18.9.1/24 dev tap0
busybox arping -c2 -w2 -I tap0 198.18.9.2 >/dev/null 2>&1 || true
expect "the far side would have heard (control)" within 30 test -s $folder/control
finish
