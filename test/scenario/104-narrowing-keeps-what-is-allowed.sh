#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A device streams to two servers.  The owner takes one of them away, again
# and again: that flow ends at the acknowledgement, the other loses nothing.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443 8883
both="allow=198.18.1.1/32,tcp,443 allow=198.18.1.2/32,tcp,8883 allow=2001:db8:1::1/128,tcp,443 allow=2001:db8:1::2/128,tcp,8883"
one="allow=198.18.1.1/32,tcp,443 allow=2001:db8:1::1/128,tcp,443"
hold a enforce $both

stream() { # ADDRESS PORT FILE: numbers for 12 s, echoed
	(n=0; while [ $n -lt 600 ]; do echo $n; n=$((n + 1)); sleep 0.02; done) |
		on a socat -t1 - TCP$(family $1):$(bracket $1):$2,connect-timeout=2,retry=4,interval=0.2 >$3 2>/dev/null &
}
stream 198.18.1.1 443 $folder/kept4
stream 2001:db8:1::1 443 $folder/kept6
kept=$!
stream 198.18.1.2 8883 $folder/lost4
stream 2001:db8:1::2 8883 $folder/lost6
flows() { for f in kept4 kept6 lost4 lost6; do [ -s $folder/$f ] || return 1; done; }
expect "four flows run" within 80 flows
tracked() { # PORT NUMBER: so many flows to that port run by the kernel's own list
	[ "$( (conntrack -L -f ipv4 -p tcp --dport $1; conntrack -L -f ipv6 -p tcp --dport $1) 2>/dev/null | grep -c ESTABLISHED)" = $2 ]
}
expect "the kernel tracks two that will be forbidden" tracked 8883 2
expect "two of the servers are taken away" hold a enforce $one
count_start net gone ip saddr 198.18.0.2 tcp dport 8883
count_start net gone6 ip6 saddr fd77::11 tcp dport 8883
count_start a back tcp sport 8883
expect "the running flows to them are cut soon after" within 5 tracked 8883 0
expect "the others run on" tracked 443 2
expect "widening is taken" hold a enforce $one allow=198.18.1.3/32,tcp,443
sleep 0.1
expect "and cuts nothing" tracked 443 2
n=0
while [ $n -lt 20 ]; do
	hold a enforce $one allow=198.18.1.3/32,tcp,443
	hold a enforce $one
	n=$((n + 1))
done
nobody_rechecked() { ! nft list set inet pinfold recheck | grep -q 0x0000000b; }
sleep 1
expect "after the acknowledgement not one packet left for them" \
	[ "$(counted net gone)$(counted net gone6)" = 00 ]
expect "and not one came back" [ "$(counted a back)" = 0 ]
expect "nobody is left in recheck" nobody_rechecked
wait $kept || true
sleep 1
expect "the allowed IPv4 flow lost nothing" sh -c "seq 0 599 | cmp -s - $folder/kept4"
expect "the allowed IPv6 flow lost nothing" sh -c "seq 0 599 | cmp -s - $folder/kept6"

# A slot: the connection outlives the answer that opened its address.
hold a enforce slot=1,tcp,443 slot=2,tcp,8883
refuse "a slot is shut before a name is asked for" tcp a 198.18.1.1 443
expect "the resolver opens an address" said open 11 1 198.18.1.1 2
expect "then it is open" tcp a 198.18.1.1 443
refuse "only on the slot's port" tcp a 198.18.1.1 8883
refuse "an address inside is never opened" said open 11 1 192.168.77.12 60
refuse "nor one in a slot that the policy does not hold" said open 11 9 198.18.1.1 60
stream 198.18.1.1 443 $folder/slot
slot=$!
expect "a flow to it runs" within 50 test -s $folder/slot
expect "the address ends by itself" within 60 sh -c "! nft list set inet pinfold allow4 | grep -q 198.18.1.1"
refuse "a new connection is not possible then" tcp a 198.18.1.1 443
expect "another slot is taken away" hold a enforce slot=1,tcp,443
wait $slot || true
sleep 1
expect "the flow of the slot that stays lost nothing" sh -c "seq 0 599 | cmp -s - $folder/slot"
finish
