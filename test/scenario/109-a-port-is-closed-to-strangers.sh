#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One port invents devices, each of which asks for an address.  Once it is closed
# to strangers not one more of their questions arrives at the gateway; who was let
# in asks as before, and so does a stranger on another port.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
expect "a device is let in" hold a enforce
expect "another one waits" hold b waiting

# What the gateway's DHCP server would hear, by the sender's MAC.
hear() {
	nft -f - <<-END
		table inet heard {
			set from { type ether_addr; flags dynamic; size 100; counter; }
			set from6 { type ether_addr; flags dynamic; size 100; counter; }
			chain input {
				type filter hook prerouting priority 10;
				udp dport 67 add @from { ether saddr }
				udp dport 547 add @from6 { ether saddr }
			}
		}
	END
}
heard() { nft list set inet heard ${2-from} | grep -q $1; }
# A question of DHCP with the MAC on the place's wire.
ask() { # PLACE MAC
	on $1 ip link set eth0 down
	on $1 ip link set eth0 address $2
	on $1 ip link set eth0 up
	on $1 busybox udhcpc -i eth0 -n -q -t 2 -T 1 -s /bin/true >/dev/null 2>&1 || :
	on $1 sh -c 'echo question | socat -t0 - UDP6-DATAGRAM:[ff02::1:2]:547,bind=[::]:546,so-bindtodevice=eth0' 2>/dev/null || :
}
hear
ask a 02:00:00:00:01:01
expect "a stranger's question arrives" heard 02:00:00:00:01:01
expect "over IPv6 too" heard 02:00:00:00:01:01 from6
expect "the port is closed" said close p-a
ask a 02:00:00:00:01:02
refuse "the next stranger's does not" heard 02:00:00:00:01:02
refuse "nor over IPv6" heard 02:00:00:00:01:02 from6
ask a $(mac a)
expect "that of the one who was let in does" heard $(mac a)
ask c 02:00:00:00:03:01
expect "and on another port a stranger's does" heard 02:00:00:00:03:01
said close p-b
ask b $(mac b)
refuse "who only waits is a stranger" heard $(mac b)
expect "the rules outlive the enforcer" said kill
ask a 02:00:00:00:01:03
refuse "and with them what is closed" heard 02:00:00:00:01:03
expect "it comes back, and nobody says that the port is closed" said start
ask a 02:00:00:00:01:04
expect "then it is open again" heard 02:00:00:00:01:04
refuse "the uplink is no such port" sh -c "$drive $folder/socket close wan0 | grep -q ^done"
finish
