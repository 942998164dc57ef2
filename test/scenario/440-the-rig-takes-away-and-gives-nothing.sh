#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The gateway answers a device under test in its maker's stead: new flows to the
# named ports of the internet come to us, and to nobody else, for some seconds.
# Nothing that was turned leaves the house, nothing else is turned, and it ends by
# itself though the enforcer be dead.  In the same way it takes the internet away.
#
#	440-*.sh ENFORCER DRIVE
set -eu
. "$(dirname "$0")/enforcer/place.sh"

begin
said restored
listen net 443 8080
listen b 443
hold b trusted
hold a enforce neighbour=12,tcp,443 allow=198.18.1.1/32,tcp,443 allow=198.18.1.1/32,tcp,8080 \
	allow=2001:db8:1::1/128,tcp,443 allow=2001:db8:1::1/128,tcp,8080
rig=64443 # RIG_PORT in message.h
socat TCP6-LISTEN:$rig,ipv6only=0,fork,reuseaddr SYSTEM:'echo rig' 2>/dev/null &
within 50 sh -c "ss -Hltn 'sport = :$rig' | grep -q ."
turned() { # FROM ADDRESS PORT: who answers is us
	on $1 timeout 6 socat -t1 - TCP$(family $2):$(bracket $2):$3,connect-timeout=$patience </dev/null 2>/dev/null | grep -q rig
}
seen() { # PATTERN WORD...
	pattern=$1
	shift
	say "$@" >$folder/seen
	cat $folder/seen >>$log
	grep -q "$pattern" $folder/seen
}

expect "a device reaches its maker" tcp a 198.18.1.1 443
expect "by IPv6 as well" tcp a 2001:db8:1::1 443
refuse "nobody reaches the rig's port by itself" turned a 192.168.77.1 $rig
(echo one; sleep 8; echo two) | on a socat -t1 - TCP4:198.18.1.1:443 >$folder/long 2>/dev/null &
within 30 grep -q one $folder/long
expect "its flow is told, with what passed in it" seen "198.18.1.1,443,[1-9][0-9]*/[1-9][0-9]*,assured" rig 11 0 look 443
refuse "flows to other ports are not" seen "198.18.1.1" rig 11 0 look 8883

expect "it is turned, and what ran is cut" seen "^done cut=[1-9]" rig 11 60 turn,cut 443 8883
expect "now we answer for its maker" turned a 198.18.1.1 443
expect "by IPv6 as well" turned a 2001:db8:1::1 443
refuse "at no other port" turned a 198.18.1.1 8080
expect "which its maker still answers" tcp a 198.18.1.1 8080
refuse "nobody else is turned" turned b 198.18.1.1 443
expect "and reaches whom he wants" tcp b 198.18.1.2 443
expect "its neighbour is still its neighbour" tcp a 192.168.77.12 443
refuse "the rig's port stays closed to who was not turned" turned a 192.168.77.1 $rig
refuse "and to others" turned b 192.168.77.1 $rig
count_start net leaked ip saddr 198.18.0.2 ip daddr 198.18.1.1 tcp dport 443
turned a 198.18.1.1 443 || :
refuse "nothing of what was turned leaves the house" arrived net leaked
expect "asked for again, it ends by the later word" said rig 11 3 turn 443 8883
expect "the enforcer dies" said kill
expect "and the rig ends by itself" within 80 tcp a 198.18.1.1 443
refuse "what was cut went on nowhere" grep -q two $folder/long
expect "the enforcer comes again" said start

expect "taken back at once where it is asked for" said rig 11 100 turn 443
expect "turned" turned a 198.18.1.1 443
expect "without ports, all of it is" said rig 11 0 turn
expect "not turned any more" tcp a 198.18.1.1 443

# --- some servers of it alone
expect "towards one server alone" seen "^done" rig 11 100 turn 443 198.18.1.1 2001:db8:1::1
expect "it is turned there" turned a 198.18.1.1 443
expect "by IPv6 as well" turned a 2001:db8:1::1 443
refuse "no flow to another is told" seen "198.18.1.1" rig 11 0 look 443 198.18.1.2
expect "no longer wanted, it is turned there no more" said rig 11 0 turn
expect "so it reaches its maker" tcp a 198.18.1.1 443
expect "turned towards another server" seen "^done" rig 11 100 turn 443 198.18.1.2
expect "it still reaches this one" tcp a 198.18.1.1 443
expect "taken back" said rig 11 0 turn

# --- no internet
(echo one; sleep 3; echo two) | on a socat -t4 - TCP4:198.18.1.1:8080 >$folder/outage 2>/dev/null &
within 30 grep -q one $folder/outage
expect "its internet goes, and what ran in it" seen "^done cut=[1-9]" rig 11 4 off,cut
refuse "it reaches nobody outside" tcp a 198.18.1.1 8080
refuse "nor by IPv6" tcp a 2001:db8:1::1 8080
expect "its neighbour it does" tcp a 192.168.77.12 443
expect "its neighbour has the internet" tcp b 198.18.1.1 8080
expect "and so has it again, by itself" within 80 tcp a 198.18.1.1 8080

# --- the time: of whoever is asked, and of the gateway as well
socat UDP6-RECVFROM:$rig,ipv6only=0,fork,reuseaddr SYSTEM:'cat >/dev/null; echo rig' 2>/dev/null &
within 50 sh -c "ss -Hlun 'sport = :$rig' | grep -q ."
told() { # FROM ADDRESS: who tells the time is us
	echo time | on $1 timeout 3 socat -t1 - UDP$(family $2):$(bracket $2):123 2>/dev/null | grep -q rig
}
refuse "nobody asks the rig for the time by itself" told a 198.18.1.1
expect "its time is turned" said rig 11 4 turn,cut 123
expect "we tell it the time" told a 198.18.1.1
expect "in the gateway's stead too" told a 192.168.77.1
refuse "and nobody else" told b 198.18.1.1
expect "its maker it still reaches" tcp a 198.18.1.1 443
untold() { ! told a 198.18.1.1; }
expect "it ends by itself" within 40 untold

# --- no cable
(echo one; sleep 3; echo two) | on a socat -t4 - TCP4:192.168.77.12:443 >$folder/cable 2>/dev/null &
within 30 grep -q one $folder/cable
expect "its cable is out" seen "^done cut=[1-9]" rig 11 4 link,cut
refuse "it reaches nobody outside" tcp a 198.18.1.1 443
refuse "nor its neighbour" tcp a 192.168.77.12 443
refuse "nor does the gateway answer it" pings a 192.168.77.1
expect "its neighbour is untouched" tcp b 198.18.1.1 443
refuse "what ran goes on nowhere" grep -q two $folder/cable
expect "its cable is in again, by itself" within 80 tcp a 198.18.1.1 443

# --- answering more
said policy 12 trusted $(bound b) cap=200 flows=20000
flood() { # NAME: how many of 1,200 packets within a second or two are let through
	count_start net $1 ip saddr 198.18.0.2 udp dport 9
	on b sh -c 'for part in $(seq 24); do
		dd if=/dev/zero bs=64 count=50 2>/dev/null
		sleep 0.04
	done | socat -u -b64 - UDP4-SENDTO:198.18.1.1:9'
	counted net $1
}
expect "what a device sends over its cap is cut off" [ "$(flood before)" -lt 1000 ]
expect "who is tested may answer more" seen "^done" rig 12 4 cap
expect "and is heard" [ "$(flood meanwhile)" -gt 1150 ]
expect "a device in its pen as well, for that opens nothing" hold b quarantine
expect "which is done" seen "^done" rig 12 2 cap
refuse "and it reaches nobody for it" tcp b 198.18.1.2 443
said policy 12 trusted $(bound b) cap=200 flows=20000
expect "it ends by itself" within 60 sh -c '! nft list set bridge pinfold tested | grep -q elements'
expect "and what is over the cap is cut off again" [ "$(flood after)" -lt 1000 ]

# --- who is not tested so
expect "in its pen" hold a quarantine
refuse "it is not turned: it has no way out" seen "^done" rig 11 5 turn 443
refuse "nor is nobody" seen "^done" rig 99 5 turn 443
finish
