#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A provider delegates an IPv6 prefix.  A device makes itself an address of its
# first network, is bound in it and held by it, and speaks to the internet; what
# stands in another network, or comes from there uncalled, does not.
#
#	018-*.sh PINFOLDD STUB (the server is beside the stub)
set -eu
. "$(dirname "$0")/monitor/place.sh"
delegate=$(dirname "$stub")/delegate
[ -x /usr/sbin/dnsmasq ] || skip "dnsmasq is not installed"
for tool in busybox socat; do command -v $tool >/dev/null || skip "needs $tool"; done

real=$(dirname "$pinfoldd")
children="$children uplink"
for name in $children; do
	[ -x "$real/$name" ] || skip "$name is not built"
	cp "$real/$name" $folder/bin/
done

mkdir -p /run/netns
ip netns add provider
ip link set wan-far netns provider
on_provider() { ip netns exec provider "$@"; }
on_provider sysctl -qw net.ipv6.conf.wan-far.accept_dad=0 net.ipv6.conf.all.forwarding=1
sysctl -qw net.ipv6.conf.wan0.accept_dad=0
ip -n provider link set lo up
ip -n provider link set wan-far up
ip -n provider addr add 2001:db8:ffff::1/64 dev wan-far nodad
ip -n provider addr add 2001:db8:1::1/128 dev lo nodad
ip link set wan0 up
gateway6=$(ip -6 addr show dev wan0 scope link | sed -n 's/.*inet6 \(fe80[^/]*\).*/\1/p')
ip -n provider route add 2001:db8:1200::/40 via "$gateway6" dev wan-far
ip netns exec provider /usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --port=0 \
	--interface=wan-far --bind-interfaces --pid-file= --log-facility=- \
	--dhcp-leasefile=$folder/provider.leases --enable-ra \
	--dhcp-range=2001:db8:ffff::,ra-only,64,10m --ra-param=wan-far,4,600 >>$folder/provider.log 2>&1 &
advertiser=$!
delegates() { # PREFIX SECONDS
	ip netns exec provider "$delegate" wan-far "$1" "$2" >>$folder/provider.log 2>&1 &
	delegator=$!
}

settings <<END
debug = yes
join-window = 10
END
sed -i 's/^uplink-mode.*/uplink-mode = dhcp/; /^uplink-address/d' $folder/pinfold.conf
delegates 2001:db8:1200:ab00::/56 600
start
expect "all processes are ready" within 100 logged "all processes are ready"
has() { ip -6 addr show dev br-lan scope global | grep -q "inet6 $1/64 "; }
expect "the bridge stands in the first network of the delegated prefix" within 100 has 2001:db8:1200:ab00::1
expect "with an end" sh -c "ip -6 addr show dev br-lan | grep -A1 ab00::1/64 | grep -qE 'valid_lft [1-5][0-9]*sec'"
expect "and stays in the one of the settings" has fd77:7069:6e66::1

ip netns add device
ip link set far-a netns device
on_device() { ip netns exec device "$@"; }
on_device sysctl -qw net.ipv6.conf.far-a.accept_dad=0
ip -n device link set lo up
ip -n device link set far-a up
own() { ip -n device -6 addr show dev far-a scope global | sed -n "s,.*inet6 \($1[^/]*\)/.*,\1,p" | head -1; }
has_own() { [ -n "$(own "$1")" ]; }
expect "a device makes itself an address of it" within 150 has_own 2001:db8:1200:ab00:
expect "and one of our own" has_own fd77:7069:6e66:
on_link() { ip -n device -6 route show dev far-a | grep '^2001:db8:1200:ab00::/64' | grep -qv via; }
refuse "no network is on its link: neighbours are reached through us" on_link

on_provider socat TCP6-LISTEN:8080,fork,reuseaddr 'SYSTEM:echo $SOCAT_PEERADDR' 2>/dev/null &
reaches() { # FROM
	on_device timeout 3 socat -t1 - "TCP6:[2001:db8:1::1]:8080,bind=[$1],connect-timeout=2" 2>/dev/null </dev/null
}
speaks() { reaches "$(own 2001:db8:1200:ab00:)" | grep -qi '2001:0*db8:1200:ab00:'; }
expect "it speaks to the internet in its own name" soon 15 speaks
ip -n device addr add 2001:db8:1200:ab01::77/64 dev far-a nodad
refuse "not from another network of the prefix" sh -c "ip netns exec device timeout 3 socat -t1 - 'TCP6:[2001:db8:1::1]:8080,bind=[2001:db8:1200:ab01::77],connect-timeout=2' </dev/null 2>/dev/null | grep -q 2001"
ip -n device addr del 2001:db8:1200:ab01::77/64 dev far-a
on_device socat TCP6-LISTEN:9090,fork,reuseaddr 'SYSTEM:echo hello' 2>/dev/null &
called() { on_provider timeout 3 socat -t1 - "TCP6:[$(own 2001:db8:1200:ab00:)]:9090,connect-timeout=2" 2>/dev/null </dev/null | grep -q hello; }
refuse "nobody on the internet reaches it" called
knows_gateway() { on_provider timeout 3 socat -t1 - "TCP6:[2001:db8:1200:ab00::1]:80,connect-timeout=2" 2>/dev/null </dev/null; }
refuse "nor the gateway there" knows_gateway

# Who holds rules and policies dies; each is told again.
for name in enforcer engine uplink; do
	old=$(pid_of $name)
	kill -9 "$old"
	expect "a new $name comes" within 20 runs_as_new $name "$old"
	expect "and the device speaks as before" soon 15 speaks
done

# The provider gives another prefix, as many do every day.
kill "$delegator"
wait "$delegator" 2>/dev/null || true
delegates 2001:db8:1200:cd00::/56 600
expect "another prefix comes" within 250 has 2001:db8:1200:cd00::1
refuse "and the old one is gone" has 2001:db8:1200:ab00::1
expect "the device has an address of it" within 150 has_own 2001:db8:1200:cd00:
speaks_new() { reaches "$(own 2001:db8:1200:cd00:)" | grep -qi '2001:0*db8:1200:cd00:'; }
expect "and speaks in its name" soon 20 speaks_new
refuse "nobody made a call that is not in its list" logged "not in its list"
refuse "the rules refused nothing" logged "not an address of the LAN"
kill "$advertiser" "$delegator"
[ $failed = 0 ] || cat $folder/provider.log
finish
