#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A provider (dnsmasq on the far side of the uplink) gives an IPv4 address, a
# way out and its name server, and advertises an IPv6 network.  The client that
# asks has no capability and no rule of its own.
#
#	017-*.sh PINFOLDD STUB
set -eu
. "$(dirname "$0")/monitor/place.sh"
[ -x /usr/sbin/dnsmasq ] || skip "needs dnsmasq"
for tool in busybox tcpdump; do command -v $tool >/dev/null || skip "needs $tool"; done

real=$(dirname "$pinfoldd")
children="$children uplink"
real_children

# The provider, in a namespace with the far end of the uplink.
mkdir -p /run/netns
ip netns add provider
ip link set wan-far netns provider
on_provider() { ip netns exec provider "$@"; }
on_provider sysctl -qw net.ipv6.conf.wan-far.accept_dad=0 net.ipv6.conf.all.forwarding=1
ip -n provider link set lo up
ip -n provider link set wan-far up
ip -n provider addr add 198.18.0.1/24 dev wan-far
ip -n provider addr add 2001:db8:ffff::1/64 dev wan-far nodad
ip -n provider addr add 198.18.1.5/32 dev lo

provider() { # FIRST LAST WORD...
	first=$1 last=$2
	shift 2
	ip netns exec provider /usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root \
		--no-resolv --no-hosts --interface=wan-far --bind-interfaces \
		--pid-file= --log-facility=- --dhcp-authoritative --no-ping \
		--dhcp-leasefile=$folder/provider.leases --dhcp-range=$first,$last,255.255.255.0,2m \
		--dhcp-option=option:router,198.18.0.1 --dhcp-option=option:T1,5 \
		--enable-ra --dhcp-range=2001:db8:ffff::,ra-only,64,10m --ra-param=wan-far,4,600 \
		--address=/cloud.example/198.18.1.5 \
		--address=/pool.ntp.org/198.18.1.6 --address=/signed.example/198.18.1.7 "$@" >>$folder/provider.log 2>&1 &
	provider=$!
}
acks() { grep -c "DHCPACK(wan-far)" $folder/provider.log || true; }

settings <<END
debug = yes
join-window = 10
END
sed -i 's/^uplink-mode.*/uplink-mode = dhcp/; /^uplink-address/d' $folder/pinfold.conf
on_provider tcpdump -i wan-far -U -w $folder/wan.pcap >/dev/null 2>&1 &
within 30 test -s $folder/wan.pcap
# Whoever has trust anchors validates; these fit nothing that the provider says.
mkdir -m 711 $folder/state
for zone in pool.ntp.org signed.example; do
	echo "$zone. 3600 IN DS 12345 8 2 $(printf '%064d' 1)"
done >$folder/state/trust-anchor
chmod 644 $folder/state/trust-anchor
provider 198.18.0.100 198.18.0.100
start
expect "all processes are ready" within 100 logged "all processes are ready"

has4() { ip -4 addr show dev wan0 scope global | grep -q "inet $1/24 "; }
has_way_out() { ip -4 route show default | grep -q "via 198.18.0.1 dev wan0"; }
expect "the uplink has the address that the provider gave" within 100 has4 198.18.0.100
expect "with an end, so that it goes although we be dead" \
	sh -c "ip -4 addr show dev wan0 | grep -q 'valid_lft 1[0-9]*sec'"
expect "and the provider as the way out" within 10 has_way_out
has6() { ip -6 addr show dev wan0 scope global | grep -q 'inet6 2001:db8:ffff:'; }
has_way_out6() { ip -6 route show default | grep -q 'via fe80:.* dev wan0'; }
expect "the uplink has made itself an address of the advertised network" within 100 has6
expect "and has the way out that was advertised" within 50 has_way_out6
reaches() { busybox ping -c1 -W1 198.18.0.1 >/dev/null 2>&1; }
expect "the provider is reached" within 20 reaches

expect "its name server is asked from now on" within 20 logged "names are asked of 198.18.0.1"


# A device that comes while the window is open asks for a name that only this provider knows.
ip netns add device
ip link set far-a netns device
ip -n device link set lo up
ip -n device link set far-a up
cat >$folder/on-lease <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/24" dev far-a
ip route add default via "$router"
END
chmod +x $folder/on-lease
has_lease() {
	ip netns exec device busybox udhcpc -i far-a -n -q -f -t 3 -T 1 -s $folder/on-lease >/dev/null 2>&1
}
expect "a device gets an address" within 10 has_lease
answers() { timeout 2 ip netns exec device busybox nslookup -type=a cloud.example 192.168.77.1 2>/dev/null | grep -q 'Address.*198.18.1.5'; }
expect "its questions are answered by the provider's name server" within 20 answers

has_name() { # NAME ADDRESS
	timeout 2 ip netns exec device busybox nslookup -type=a "$1" 192.168.77.1 2>/dev/null | grep -q "Address.*$2"
}
time_answers() { has_name 0.pool.ntp.org 198.18.1.6; }
refuse "what does not validate is not answered" has_name www.signed.example 198.18.1.7
if busybox adjtimex | grep -q 'status:.*UNSYNC'; then
	expect "the clock is not set: a time server's name is answered although it does not validate" \
		within 20 time_answers
else
	refuse "the clock is set: a time server's name that does not validate is not answered" time_answers
fi

bare() { grep -q "^Cap$1:[[:space:]]*0000000000000000$" "/proc/$(pid_of uplink)/status"; }
expect "who asked has no capability" bare Eff
expect "and can get none" bare Bnd
expect "and is nobody's user but its own" \
	sh -c "awk '/^Uid:/{exit !(\$2 == 64510 && \$3 == 64510)}' /proc/$(pid_of uplink)/status"

# Half the life of a lease later it is asked for again, by the server's own word after 5 s.
renewed() { [ "$(acks)" -ge 2 ]; }
expect "the lease is renewed in time" within 100 renewed
expect "without giving up the address" has4 198.18.0.100
refused() { on_provider tcpdump -r $folder/wan.pcap -nn 'icmp[icmptype] == icmp-unreach' 2>/dev/null | grep -q 'udp port 68'; }
refuse "no answer of the server is refused" refused

# Whoever dies.
old=$(pid_of uplink)
kill -9 "$old"
expect "a dead client is back within a second" within 10 runs_as_new uplink "$old"
expect "the address stays meanwhile" has4 198.18.0.100
before=$(acks)
again() { [ "$(acks)" -gt "$before" ]; }
expect "and is asked for again" within 50 again
old=$(pid_of enforcer)
kill -9 "$old"
expect "a new enforcer comes" within 10 runs_as_new enforcer "$old"
ip addr flush dev wan0 scope global
expect "and is told what to set" within 150 has4 198.18.0.100

# Another network: another address, and the old one is gone.
kill "$provider"
wait "$provider" 2>/dev/null || true
rm -f $folder/provider.leases
provider 198.18.0.120 198.18.0.120
ip -n provider link set wan-far down
sleep 0.3
ip -n provider link set wan-far up
expect "after a change of the network there is a new address" within 150 has4 198.18.0.120
refuse "and not the old one" has4 198.18.0.100

# A provider that translates addresses itself.
doctor() { "$(dirname "$real")/ctl/pinfold" --socket $folder/run/ctl doctor 2>&1; }
says_nat() { doctor | grep -q NAT; }
refuse "a public address is no second translation" says_nat
kill "$provider"
wait "$provider" 2>/dev/null || true
rm -f $folder/provider.leases
ip -n provider addr add 100.64.7.1/24 dev wan-far
provider 100.64.7.100 100.64.7.100
ip -n provider link set wan-far down
sleep 0.3
ip -n provider link set wan-far up
expect "a provider gives an address that it shares" within 150 has4 100.64.7.100
says_shared() { doctor | grep -q '100.64.7.100 is shared by the provider (carrier-grade NAT)'; }
expect "the owner is told that doors end there" within 20 says_shared
ip -n provider addr del 100.64.7.1/24 dev wan-far

# A provider whose network is the LAN's own.
kill "$provider"
wait "$provider" 2>/dev/null || true
rm -f $folder/provider.leases
ip -n provider addr add 192.168.77.1/24 dev wan-far
provider 192.168.77.100 192.168.77.110
ip -n provider link set wan-far down
sleep 0.3
ip -n provider link set wan-far up
expect "a provider with our own network is said" within 150 logged "the provider's network overlaps our own"
refuse "and gives the uplink nothing" sh -c "ip -4 addr show dev wan0 | grep -q 192.168.77"

# The uplink itself is taken away and comes back.
old=$(pid_of uplink)
kill "$provider"
wait "$provider" 2>/dev/null || true
rm -f $folder/provider.leases
ip -n provider addr del 192.168.77.1/24 dev wan-far
ip link del wan0
expect "without an uplink nobody asks" within 30 is_gone "$old"
ip link add wan0 type veth peer name wan-far netns provider
ip -n provider link set wan-far up
ip -n provider addr add 198.18.0.1/24 dev wan-far
ip -n provider addr add 2001:db8:ffff::1/64 dev wan-far nodad
provider 198.18.0.130 198.18.0.130
expect "a new uplink is asked on" within 50 runs uplink
expect "and gets its address" within 150 has4 198.18.0.130
refuse "nobody made a call that is not in its list" logged "not in its list"
kill "$provider"
[ $failed = 0 ] || cat $folder/provider.log
finish
