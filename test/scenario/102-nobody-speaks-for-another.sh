#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# c wants to be a: it takes a's address, then a's MAC, claims the gateway's
# address by ARP and ND, sends router advertisements and answers DHCP.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443
hold a enforce allow=198.18.1.1/32,tcp,443 allow=2001:db8:1::1/128,tcp,443
hold c enforce allow=198.18.1.2/32,tcp,443 allow=2001:db8:1::2/128,tcp,443
expect "a reaches its server (control)" tcp a 198.18.1.1 443
expect "c reaches its own (control)" tcp c 198.18.1.2 443

tcpdump -i nflog:100 -U -w $folder/nflog 2>/dev/null &
within 100 test -s $folder/nflog
gateway=$(ip -o link show br-lan | sed 's/.*ether \([^ ]*\).*/\1/')
logged() { within 30 grep -qa "$1" $folder/nflog; } # the reason stands in the packet's prefix
count_start net one ip daddr 198.18.1.1 tcp flags syn
before=$(counted net one)
ip -n c addr add 192.168.77.11/24 dev eth0
ip -n c addr add fd77::11/128 dev eth0 nodad
as_a() { # ADDRESS PORT, from a's addresses
	from=192.168.77.11
	case $1 in *:*) from=[fd77::11] ;; esac
	[ "$(echo hello | on c timeout 5 socat -t1 - TCP$(family $1):$(bracket $1):$2,bind=$from,connect-timeout=$patience 2>/dev/null)" = hello ]
}
refuse "with a's IPv4 address c reaches nobody" as_a 198.18.1.1 443
refuse "with a's IPv6 address neither" as_a 2001:db8:1::1 443
expect "the reason is told, for both families" logged unbound4
expect "and over IPv6, where it begins with neighbour discovery" logged nd-spoof
expect "no packet of it arrived" [ "$(counted net one)" = "$before" ]
expect "a still works" tcp a 198.18.1.1 443
ip -n c link set eth0 down
ip -n c link set eth0 address $(mac a)
ip -n c link set eth0 up
ip -n c route replace default via 192.168.77.1
before=$(counted net one)
refuse "with a's MAC and address on another port c reaches nobody" as_a 198.18.1.1 443
on c busybox udhcpc -i eth0 -n -q -t 2 -T 1 -s /bin/true >/dev/null 2>&1 || true
expect "no packet of it arrived either" [ "$(counted net one)" = "$before" ]
expect "a's traffic still goes to a's port after c spoke with its MAC" tcp a 198.18.1.1 443

# And while it speaks, more than a itself may: neither a's way back nor a's share is c's to use up.
sent_by_c() { on c cat /sys/class/net/eth0/statistics/tx_packets; }
ip -n c neigh replace 192.168.77.1 lladdr $gateway dev eth0 nud permanent
before=$(sent_by_c)
on c timeout 20 sh -c 'while dd if=/dev/zero bs=64 count=20000 2>/dev/null | socat -u -b64 - UDP4-SENDTO:198.18.1.1:443 2>/dev/null; do :; done' &
flood=$!
many() { [ $(($(sent_by_c) - before)) -ge "$1" ]; }
every_time() { # TIMES
	patience=1 left=$1
	while tcp a 198.18.1.1 443; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 0
	done
	return 1
}
expect "c sends in a's name what is over a's cap (control)" within 50 many 20000
expect "a reaches its server each time" every_time 20
expect "c went on meanwhile (control)" within 50 many 40000
kill $flood 2>/dev/null || true
wait $flood 2>/dev/null || true
refuse "a is not said to flood" grep -qa flood $folder/nflog
refuse "nor to do it with force" grep -qa surge $folder/nflog
ip -n c neigh del 192.168.77.1 dev eth0
ip -n c link set eth0 down
ip -n c addr flush dev eth0
ip -n c link set eth0 address $(mac c)
ip -n c link set eth0 up
ip -n c addr replace 192.168.77.13/24 dev eth0
ip -n c addr replace fd77::13/128 dev eth0 nodad
ip -n c route replace default via 192.168.77.1
ip -n c route replace fd77::1/128 dev eth0
ip -n c route replace default via fd77::1
expect "as itself c is well again" tcp c 198.18.1.2 443

ip -n c addr add 192.168.77.1/24 dev eth0
count_start a arp_of_c ether saddr $(mac c)
on c busybox arping -U -c2 -w2 -I eth0 192.168.77.1 >/dev/null 2>&1 || true
ip -n c addr del 192.168.77.1/24 dev eth0
expect "a claim to the gateway's address reaches nobody" [ "$(counted a arp_of_c)" = 0 ]
expect "which is told" logged arp-spoof
expect "a knows the gateway by its own MAC" sh -c "ip -n a neigh show 192.168.77.1 | grep -q $gateway"
expect "the gateway knows a by its own MAC for good" \
	sh -c "ip neigh show 192.168.77.11 | grep -q '$(mac a).*PERMANENT'"
expect "and over IPv6" sh -c "ip neigh show fd77::11 | grep -q '$(mac a).*PERMANENT'"

# An ICMPv6 of type 134 or 137, and a UDP answer from port 67, as they are.
on a sysctl -qw net.ipv6.conf.eth0.accept_ra=2
count_start a advert icmpv6 type { nd-router-advert, nd-redirect }
link_local=$(ip -n c -6 -o addr show dev eth0 scope link | sed 's/.*inet6 \([^/]*\).*/\1/')
printf '\206\0\0\0\100\0\7\10\0\0\0\0\0\0\0\0' |
	on c socat -u - IP6-SENDTO:[ff02::1%eth0]:58 2>>$log || true
expect "a router advertisement of a device reaches nobody" [ "$(counted a advert)" = 0 ]
expect "which is told" logged rogue-ra
refuse "and makes no route" sh -c "ip -n a -6 route show default | grep -q $link_local"
count_start a dhcp udp sport 67
echo offer | on c socat -u - UDP4-DATAGRAM:255.255.255.255:68,broadcast,bind=192.168.77.13:67 2>/dev/null || true
expect "an answer of a DHCP server of a device reaches nobody" [ "$(counted a dhcp)" = 0 ]
expect "which is told" logged rogue-dhcp
refuse "what a device may not reach is not reached" tcp a 198.18.1.3 80
expect "which is told" logged from-device
refuse "nor its neighbour" tcp a 192.168.77.13 80
expect "which is told" logged neighbour
refuse "nor the gateway" tcp a 192.168.77.1 80
expect "which is told" logged gateway
hold a quarantine
refuse "in quarantine nothing" tcp a 198.18.1.1 443
expect "which is told" logged penned
hold a observe
refuse "while observed no telnet" tcp a 198.18.1.1 23
expect "which is told" logged admin-port
expect "new flows" tcp a 198.18.1.1 443
expect "are told" logged new-flow
finish
