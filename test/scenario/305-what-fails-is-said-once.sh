#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The disk is full, the name servers are dead, somebody takes the rules away, the
# database is garbage.  Each is said once and clearly, and what is enforced stays.
#
#	305-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

sed -i 's|^mkdir -p "$STATE/gateway/state".*|&\nmount -t tmpfs -o size=4m none "$STATE/gateway/state"|' \
	"$folder/lab/gateway/pinfold"
containment=report
home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
mac=$(fact camera mac)
room internet socat TCP6-LISTEN:7000,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
quiet pinfold policy add camera "allow tcp cloud.camera.example 7000"
quiet pinfold policy add camera "allow tcp 198.18.9.9 9999"
quiet pinfold policy add camera "allow udp 198.18.9.9 9999"
quiet pinfold device enforce camera --from rules
expect "its cloud has a name" within 50 resolves cloud.camera.example

count_start internet forbidden ip daddr 198.18.9.9
count_start bulb neighbour ip saddr "$(fact camera 4)"
begin_at camera drip "$tool" drip 200 9999 198.18.9.9 "$(fact bulb 4)"
expect "what is permitted arrives" within 50 arrived internet forbidden 10
quiet pinfold policy remove camera "allow tcp 198.18.9.9 9999"
quiet pinfold policy remove camera "allow udp 198.18.9.9 9999"
falls_silent() {
	count_start internet forbidden ip daddr 198.18.9.9
	sleep 0.3
	[ "$(counted internet forbidden)" = 0 ]
}
expect "what is not permitted any more does not arrive" within 10 falls_silent
begin_at camera allowed "$tool" stream 198.18.1.11 7000 200
expect "its allowed connection is up" within 30 grep -q ^connected "$folder/allowed"
count_start internet allowed tcp dport 7000
said() { times_logged "$1"; }

# --- the disk is full
gateway sh -c "dd if=/dev/zero of='$gateway_state/filler' bs=4k 2>/dev/null; :"
refused() { ! pinfold device name "$mac" "full-$1" >"$folder/answer" 2>&1; }
n=0
while [ $n -lt 40 ] && ! refused $n; do n=$((n + 1)); done
last=$(field name device show "$mac")
expect "with the disk full, a change is refused" refused x
expect "and the reason is said" grep -q "full" "$folder/answer"
for i in 1 2 3; do refused $i || :; done
expect "nothing of what was refused is shown" is "$last" field name device show "$mac"
expect "it is said once in the log" is 1 said 'engine\[store\]:.*full'
expect "the doctor says it" sh -c "'$folder/lab/pinfold-lab' exec gateway '$build/src/ctl/pinfold' doctor </dev/null | grep -q full"
expect "what is enforced is unchanged" unchanged
gateway rm "$gateway_state/filler"
taken() { quiet pinfold device name "$mac" roomy; }
expect "with room again, changes are taken" within 30 taken
expect "and that is said once" is 1 said 'engine\[store\]:.*takes changes again'

# --- nobody answers for names
room internet sh -c 'kill -STOP $(pgrep -x dnsmasq)'
# One that may ask for anything does: its questions are not answered from memory.
asked=0
ask_new() {
	asked=$((asked + 1))
	room bulb timeout 1 getent ahostsv4 "n$asked.isp.example" >/dev/null || :
}
ask_again() { ask_new; said_dead; }
said_dead() { grep -q 'no name server upstream answers' "$log"; }
expect "with the name servers dead it is said" within 30 ask_again
expect "what is enforced is unchanged" unchanged
room internet sh -c 'kill -CONT $(pgrep -x dnsmasq)'
expect "when they answer again, names work" within 100 resolves cloud.camera.example
said_back() { ask_new; grep -q 'upstream answer again' "$log"; }
expect "and that is said" within 100 said_back
expect "it was said once" is 1 said 'engine\[event\]:.*no name server upstream answers'

# --- somebody takes our rules away.  Root can, and until we hear of it there are none;
# what is promised is that they are back at once and whole, so counting begins after.
gateway nft delete table inet pinfold
has_rules() { gateway nft list set inet pinfold allow4 2>/dev/null | grep -q 198.18.1.11; }
expect "a table that was taken away is back at once, with all that was in it" within 20 has_rules
expect "and that is said once" is 1 said 'somebody changed our rules or took them away'
count_start internet forbidden ip daddr 198.18.9.9
count_start bulb neighbour ip saddr "$(fact camera 4)"
expect "what is allowed flows, what is forbidden does not" unchanged

# --- the database is garbage, and so is the good copy, if there is one yet
end_at camera allowed
was=$(said 'database was damaged')
gateway sh -c "kill -STOP \$(pgrep -x engine); cd '$gateway_state' && for f in decisions.*; do
	dd if=/dev/urandom of=\$f bs=4k count=8 conv=notrunc 2>/dev/null; done; kill -9 \$(pgrep -x engine)"
said_damage() { grep -q 'database was damaged and there is no good copy' "$log"; }
expect "a database that is garbage is said" within 50 said_damage
works() { quiet pinfold device show "$mac"; }
expect "and we run" within 100 works
expect "it is said once" is $((was + 1)) said 'engine\[event\]:.*database was damaged'
all_wait() {
	for name in camera bulb; do
		[ "$(field state device show "$(fact $name mac)")" = waiting ] || return 1
	done
}
expect "every device waits until it is let in again" within 100 all_wait
opens() { room "$1" timeout 1 socat -u /dev/null "TCP4:$2:$3,connect-timeout=1" 2>/dev/null; }
reaches_nothing() { ! opens "$1" 198.18.1.11 7000; }
for name in camera bulb; do
	expect "the $name, which waits, reaches nothing" within 20 reaches_nothing $name
done
expect "not one forbidden packet arrived" none_arrived internet forbidden
expect "nor at the neighbour" none_arrived bulb neighbour
kept() { gateway sh -c "ls '$gateway_state' | grep -q -i 'damaged\|broken\|bad'"; }
expect "the damaged file is kept" kept
end_at camera drip
finish
