#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The owner pauses the holding of a camera; it opens a connection that its
# policy forbids; then every process of ours is killed and stays dead.  When the
# time is over, nothing of that connection arrives any more.
#
#	307-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

# Whoever starts it again does so only while this file is there.
sed -i 's|while :; do|while [ -f "$STATE/alive" ] \|\| sleep 0.2; do [ -f "$STATE/alive" ] \|\| continue|' \
	"$folder/lab/gateway/pinfold"
: >"$folder/state/alive"
home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
quiet pinfold policy add camera "allow tcp 198.18.4.1 7000"
quiet pinfold device enforce camera --from rules
room internet socat TCP6-LISTEN:7000,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
room internet socat TCP6-LISTEN:7001,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
listens() { room internet ss -Hltn 'sport = :7000 or sport = :7001' | grep -c . | grep -q 2; }
within 50 listens

opens() { room camera timeout 2 socat -u /dev/null "TCP4:$1:$2,connect-timeout=1" 2>/dev/null; }
expect "what the policy allows can be opened" opens 198.18.4.1 7000
refuse "what it does not allow cannot" opens 198.18.9.9 7001

seconds=12
count_start internet admitted tcp dport 7001
count_start internet admitted6 ip6 daddr 2001:db8:c::909 tcp dport 7001
count_start internet allowed tcp dport 7000
begun=$(now_ms)
expect "the owner pauses it" quiet pinfold device pause camera ${seconds}s
begin_at camera four "$tool" stream 198.18.9.9 7001 60
begin_at camera six "$tool" stream 2001:db8:c::909 7001 60
begin_at camera always "$tool" stream 198.18.4.1 7000 60
all_connected() { for f in four six always; do grep -q ^connected "$folder/$f" || return 1; done; }
expect "within 5 s it opens what was forbidden, over IPv4 and IPv6" within 50 all_connected
expect "that was within 5 s" [ $(($(now_ms) - begun)) -lt 5000 ]
expect "its packets arrive" within 30 arrived internet admitted 20
expect "over IPv6 too" within 30 arrived internet admitted6 20

rm "$folder/state/alive"
end_process "$(pid_of pinfoldd)"
nobody() {
	for name in pinfoldd $children; do
		[ -z "$(pid_of $name)" ] || return 1
	done
}
expect "all of ours are dead" within 50 nobody
was=$(counted internet admitted)
still_flows() { [ "$(counted internet admitted)" -gt $((was + 20)) ]; }
expect "the connection still runs, for the time is not over" within 30 still_flows

# The moment at which it falls silent: two looks in a row see nothing new.
silent() {
	before=$(counted internet admitted)
	sleep 0.5
	[ "$before" = "$(counted internet admitted)" ]
}
expect "it falls silent" within 300 silent
took=$(($(now_ms) - begun))
echo "   after $took ms of ${seconds}000"
expect "at its time" [ $took -ge $((seconds * 1000 - 600)) -a $took -le $((seconds * 1000 + 3000)) ]
count_start internet admitted tcp dport 7001
was=$(counted internet allowed)
still_allowed() { [ "$(counted internet allowed)" -gt $((was + 60)) ]; }
expect "the connection that is always allowed goes on" within 50 still_allowed
expect "meanwhile not one packet of the others arrived" none_arrived internet admitted
refuse "nor does a new one open" opens 198.18.9.9 7001
expect "still all of ours are dead" nobody

: >"$folder/state/alive"
is_held() { [ "$(state_of camera 2>/dev/null)" = enforce ]; }
expect "started again, we hold it" within 100 is_held
is_ended() { [ -z "$(gateway conntrack -L -p tcp --dport 7001 2>/dev/null | grep ESTABLISHED)" ]; }
expect "the flows of the pause are gone from the table" within 80 is_ended
expect "and nothing of them has arrived" none_arrived internet admitted
expect "but what is allowed was one connection all the time" still_allowed
end_at camera always
expect "with every line answered" grep -q '^lines [1-9].*longest_ms [0-9]*$' "$folder/always"
finish
