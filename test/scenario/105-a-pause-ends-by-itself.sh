#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The owner opens a held device for some seconds; then everything of ours is
# killed.  The pause ends in the kernel, and with it the connection that it
# let in.
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443 80
listen b 8080
hold a enforce allow=198.18.1.1/32,tcp,443
hold b enforce
hold c trusted
refuse "before, another server is out of reach" tcp a 198.18.1.2 80
expect "the device is paused for 5 s" said pause 11 5
expect "the server is reached" tcp a 198.18.1.2 80
expect "over IPv6 too" tcp a 2001:db8:1::2 80
refuse "but not a neighbour who never agreed" tcp a 192.168.77.12 8080
listen a 8081
expect "a trusted neighbour reaches it" tcp c 192.168.77.11 8081
refuse "one that is not trusted does not" tcp b 192.168.77.11 8081
refuse "a device that is not paused gains nothing" tcp b 198.18.1.2 80
(n=0; while [ $n -lt 400 ]; do echo $n; n=$((n + 1)); sleep 0.05; done) |
	on a socat -t1 - TCP4:198.18.1.2:80 >$folder/open 2>/dev/null &
(n=0; while [ $n -lt 400 ]; do echo $n; n=$((n + 1)); sleep 0.05; done) |
	on a socat -t1 - TCP4:198.18.1.1:443 >$folder/kept 2>/dev/null &
expect "a connection is open" within 30 test -s $folder/open
said kill
expect "the enforcer is dead" sh -c "! kill -0 $(say pid) 2>/dev/null || [ $(say pid) = 0 ]"
ended() { ! nft list set inet pinfold pause | grep -q expires; }
expect "the pause ends" within 80 ended
count_start net late ip saddr 198.18.0.2 ip daddr 198.18.1.2 tcp dport 80
count_start a late tcp sport 80
size=$(stat -c %s $folder/kept)
sleep 2
expect "not one more packet of the open connection arrives" [ "$(counted net late)$(counted a late)" = 00 ]
refuse "and no new one can be made" tcp a 198.18.1.2 80
expect "what the policy allows goes on" [ "$(stat -c %s $folder/kept)" -gt "$size" ]
expect "the enforcer comes back" said start
expect "a pause is taken back by hand" sh -c "$drive $folder/socket pause 11 60 && $drive $folder/socket pause 11 0"
refuse "and is over at once" tcp a 198.18.1.2 80
finish
