#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A provider delegates an IPv6 prefix.  A device makes itself an address of its
# first network, is bound in it and held by it, and speaks to the internet; what
# stands in another network, or comes from there uncalled, does not.  The prefix
# changes, whoever is dead meanwhile, and ends.
#
#	018-*.sh PINFOLDD STUB (the server is beside the stub)
set -eu
. "$(dirname "$0")/monitor/place.sh"
delegate=$(dirname "$stub")/delegate
[ -x /usr/sbin/dnsmasq ] || skip "dnsmasq is not installed"
for tool in busybox socat; do command -v $tool >/dev/null || skip "needs $tool"; done

real=$(dirname "$pinfoldd")
children="$children uplink"
real_children

mkdir -p /run/netns
ip netns add provider
ip link set wan-far netns provider
on_provider() { ip netns exec provider "$@"; }
on_provider sysctl -qw net.ipv6.conf.wan-far.accept_dad=0 net.ipv6.conf.all.forwarding=1
sysctl -qw net.ipv6.conf.wan0.accept_dad=0
ip -n provider link set lo up
ip -n provider link set wan-far up
ip -n provider addr add 198.18.0.1/24 dev wan-far
ip -n provider addr add 2001:db8:ffff::1/64 dev wan-far nodad
ip -n provider addr add 2001:db8:1::1/128 dev lo nodad
ip link set wan0 up
gateway6=$(ip -6 addr show dev wan0 scope link | sed -n 's/.*inet6 \(fe80[^/]*\).*/\1/p')
ip -n provider route add 2001:db8:1200::/40 via "$gateway6" dev wan-far
ip netns exec provider /usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root \
	--no-resolv --no-hosts --interface=wan-far --bind-interfaces --pid-file= --log-facility=- \
	--dhcp-authoritative --no-ping --dhcp-range=198.18.0.100,198.18.0.100,255.255.255.0,10m \
	--address=/outside.example/2001:db8:1::1 --address=/inside.example/2001:db8:1200:ab00::77 \
	--address=/next.example/2001:db8:1200:cd00::77 \
	--dhcp-leasefile=$folder/provider.leases --enable-ra \
	--dhcp-range=2001:db8:ffff::,ra-only,64,10m --ra-param=wan-far,4,600 >>$folder/provider.log 2>&1 &
advertiser=$!
delegator=
delegates() { # PREFIX SECONDS: this one, and no other any more
	if [ -n "$delegator" ]; then
		kill "$delegator"
		wait "$delegator" 2>/dev/null || true
	fi
	ip netns exec provider "$delegate" wan-far "$1" "$2" >>$folder/provider.log 2>&1 &
	delegator=$!
}

settings <<END
debug = yes
join-window = 10
dns-forward = 2001:db8:ffff::1
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
strays() { reaches 2001:db8:1200:ab01::77 | grep -q 2001; }
refuse "not from another network of the prefix" strays
ip -n device addr del 2001:db8:1200:ab01::77/64 dev far-a
on_device socat TCP6-LISTEN:9090,fork,reuseaddr 'SYSTEM:echo hello' 2>/dev/null &
called() { # FROM
	on_provider timeout 3 socat -t1 - "TCP6:[$(own 2001:db8:1200:ab00:)]:9090,bind=[$1],connect-timeout=2" 2>/dev/null </dev/null | grep -q hello
}
refuse "nobody on the internet reaches it" called 2001:db8:1::1
knows_gateway() { on_provider timeout 3 socat -t1 - "TCP6:[2001:db8:1200:ab00::1]:80,connect-timeout=2" 2>/dev/null </dev/null; }
refuse "nor the gateway there" knows_gateway

asked() { # NAME ADDRESS
	on_device timeout 2 busybox nslookup -type=aaaa "$1" fd77:7069:6e66::1 2>/dev/null | grep -q "Address.*$2"
}
expect "a name that leads outside is answered" soon 15 asked outside.example 2001:db8:1::1
refuse "one that leads into the prefix is not" asked inside.example 2001:db8:1200
expect "one that leads into a prefix that is not ours is" asked next.example 2001:db8:1200:cd00::77

# Held to its rules, it is held in this prefix as well; a door leads to it there.
pinfold() { "$(dirname "$real")/ctl/pinfold" --socket $folder/run/ctl "$@"; }
shows_prefix() { pinfold status | grep -q '^delegated *2001:db8:1200:ab00::1/64'; }
expect "the owner sees the prefix" shows_prefix
expect "it gets rules" pinfold --quiet policy add 1 allow tcp 2001:db8:1::1 8080
expect "and a door" pinfold --quiet policy add 1 allow tcp from 2001:db8:1::1 9090 for 2h
expect "and a name of another network" pinfold --quiet policy add 1 allow tcp next.example 443
expect "and is held to them" pinfold --quiet device enforce 1 --from rules
expect "what its rules allow works" soon 15 speaks
expect "its name is answered" soon 15 asked next.example 2001:db8:1200:cd00::77
on_provider socat TCP6-LISTEN:8081,fork,reuseaddr 'SYSTEM:echo open' 2>/dev/null &
escapes() {
	on_device timeout 3 socat -t1 - "TCP6:[2001:db8:1::1]:8081,bind=[$(own 2001:db8:1200:ab00:)],connect-timeout=2" 2>/dev/null </dev/null | grep -q open
}
refuse "what they do not allow does not" escapes
expect "who has a door comes in by it" soon 15 called 2001:db8:1::1
refuse "who has none does not" called 2001:db8:ffff::1

# Who holds rules and policies dies; each is told again, and the prefix stays meanwhile.
ip -6 monitor address dev br-lan >$folder/addresses 2>&1 &
watcher=$!
for name in enforcer engine uplink; do
	old=$(pid_of $name)
	kill -9 "$old"
	expect "a new $name comes" within 20 runs_as_new $name "$old"
	expect "and the device speaks as before" soon 15 speaks
done
sleep 3 # a new client has asked everything by then
kill "$watcher"
refuse "the prefix was not taken away meanwhile" grep -q 'Deleted.*2001:db8:1200:ab00' $folder/addresses

# The provider gives another prefix, as many do every day.
old_address=$(own 2001:db8:1200:ab00:)
delegates 2001:db8:1200:cd00::/56 600
expect "another prefix comes" soon 30 has 2001:db8:1200:cd00::1
refuse "and the old one is gone" has 2001:db8:1200:ab00::1
expect "the device has an address of it" soon 20 has_own 2001:db8:1200:cd00:
is_deprecated() { ip -n device -6 addr show dev far-a | grep -q "$1.*deprecated"; }
expect "and knows that the old one is not to be used" soon 20 is_deprecated "$old_address"
speaks_new() { reaches "$(own "$now")" | grep -qi "$(echo "$now" | sed 's/db8/0*db8/')"; }
now=2001:db8:1200:cd00:
expect "and speaks in its name" soon 20 speaks_new
speaks_old() { reaches "$old_address" | grep -q 2001; }
refuse "and in the old one no more" speaks_old
is_bound() { nft list map bridge pinfold bound6 | grep -q "$1"; }
refuse "which nobody is bound to" is_bound "$old_address"
refuse "the name leads into our own network now and is not answered" asked next.example 2001:db8:1200

# And another one, while nobody is there who knew the last.
delegates 2001:db8:1200:ef00::/56 600
kill -9 "$(pid_of enforcer)" "$(pid_of uplink)"
expect "a prefix comes that no process ever saw replaced" soon 30 has 2001:db8:1200:ef00::1
refuse "the one that the dead had set is gone" has 2001:db8:1200:cd00::1
now=2001:db8:1200:ef00:
expect "the device has an address of it" soon 20 has_own $now
expect "and speaks in its name" soon 20 speaks_new

# The provider falls silent, and so does who could say that the prefix has ended.
delegates 2001:db8:1200:ef00::/56 12
soon_ends() { ip -6 addr show dev br-lan | grep -A1 ef00::1/64 | grep -qE 'valid_lft 1?[0-9]sec'; }
expect "its next life is short" soon 30 soon_ends
uplink=$(pid_of uplink)
kill -STOP "$uplink"
has_ended() { ! has 2001:db8:1200:ef00::1; }
expect "it ends by itself" soon 40 has_ended
unbound() { ! is_bound 2001:db8:1200:ef00; }
expect "and nobody is bound in it" soon 10 unbound
refuse "nor speaks by it" speaks_new
kill -CONT "$uplink"
expect "it comes again" soon 40 has 2001:db8:1200:ef00::1
expect "and the device speaks as before" soon 40 speaks_new

refuse "nobody made a call that is not in its list" logged "not in its list"
refuse "the rules refused nothing" logged "not an address of the LAN"
refuse "nobody is said to have done harm" sh -c "'$(dirname "$real")/ctl/pinfold' --socket $folder/run/ctl events | grep -qiE 'spoof|quarantine'"
kill "$advertiser" "$delegator"
[ $failed = 0 ] || cat $folder/provider.log
finish
