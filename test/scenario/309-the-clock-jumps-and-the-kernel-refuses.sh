#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The gateway's clock is set ahead, back, and to the year 1970; its kernel
# refuses every change of the rules.  Each is said once and clearly, a pause ends
# at its time, and what is enforced stays.
#
#	309-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

# Only the processes of the gateway's room see these faults; the machine's clock is nobody's to set.
sed -i 's|^mkdir -p "$STATE/gateway/state".*|&\n"$BUILD/test/scenario/home/home_tool" faults /run/faults 0 0\ncp "$BUILD/test/scenario/home/faults.so" /run/faults.so\nchmod 755 /run/faults.so\necho /run/faults.so >/etc/ld.so.preload|' \
	"$folder/lab/gateway/pinfold"
faults() { gateway "$tool" faults /run/faults "$1" "$2"; }
containment=report
home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
mac=$(fact camera mac)
room internet socat TCP6-LISTEN:7000,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
quiet pinfold policy add camera "allow tcp cloud.camera.example 7000"
quiet pinfold policy add camera "allow udp 198.18.9.9 9999"
quiet pinfold policy add bulb "allow tcp 198.18.4.1 7000"
quiet pinfold device enforce camera --from rules
quiet pinfold device enforce bulb --from rules
expect "its cloud has a name" within 50 resolves cloud.camera.example
opens() { room "$1" timeout 1 socat -u /dev/null "TCP4:$2:$3,connect-timeout=1" 2>/dev/null; }

count_start internet forbidden ip daddr 198.18.9.9 udp dport 9999
count_start bulb neighbour ip saddr "$(fact camera 4)"
begin_at camera drip "$tool" drip 150 9999 198.18.9.9 "$(fact bulb 4)"
expect "what is permitted arrives" within 50 arrived internet forbidden 10
quiet pinfold policy remove camera "allow udp 198.18.9.9 9999"
falls_silent() {
	count_start internet forbidden ip daddr 198.18.9.9 udp dport 9999
	sleep 0.3
	[ "$(counted internet forbidden)" = 0 ]
}
expect "what is not permitted any more does not arrive" within 10 falls_silent
begin_at camera allowed "$tool" stream 198.18.1.11 7000 150
expect "its allowed connection is up" within 30 grep -q ^connected "$folder/allowed"
count_start internet allowed tcp dport 7000

# --- the clock
clock_here() { gateway date +%s; }
is_near() { [ $(($1 - $2)) -lt 5 ] && [ $(($2 - $1)) -lt 5 ]; }
for ahead in 34560000 -34560000 $((60 - $(date +%s))); do
	quiet pinfold device pause bulb 6s
	begun=$(now_ms)
	expect "paused, the bulb reaches what its policy forbids" within 20 opens bulb 198.18.9.9 80
	faults "$ahead" 0
	expect "the gateway's clock is $ahead s ahead" is_near "$(clock_here)" $(($(date +%s) + ahead))
	is_over() { ! opens bulb 198.18.9.9 80; }
	expect "the pause ends" within 100 is_over
	took=$(($(now_ms) - begun))
	echo "   after $took ms of 6000"
	expect "not before its time, and not long after" [ $took -ge 5500 -a $took -lt 9500 ]
	expect "the bulb is held" is enforce state_of bulb
	expect "what is enforced is unchanged" unchanged
	expect "names are still answered" within 50 resolves cloud.camera.example
	expect "changes are taken" quiet pinfold device name "$mac" "cam$ahead"
	# Set again soon after, it is counted with the first.
	expect "that it was set is said once" is 1 times_logged 'the clock was set by'
done
faults 0 0

# --- the kernel
faults 0 1
events_say() { pinfold events --limit 200 | grep -qi "$1"; }
# Recorded, and not in force: exit status 4.
waits() {
	code=0
	pinfold "$@" >"$folder/answer" 2>&1 || code=$?
	[ $code = 4 ] || { cat "$folder/answer"; false; }
}
expect "the owner permits what the kernel then refuses, and hears that it waits" waits policy add camera "allow udp 198.18.9.9 9999"
expect "the owner is told that it is not in force" within 20 events_say "the kernel did not take a change of rules"
expect "and takes back a rule, which the kernel refuses as well" waits policy remove bulb "allow tcp 198.18.4.1 7000"
for word in one two three; do
	waits policy add camera "allow udp $word.isp.example 9999" || :
done
expect "the log says once that it refuses, and why" is 1 times_logged 'enforcer.*Invalid argument; what is loaded stays in force'
doctor_says() { pinfold doctor | grep -qi 'kernel.*refuse\|refuse.*kernel'; }
expect "the doctor says it" within 20 doctor_says
expect "nothing has changed: what was forbidden is, what was allowed flows" unchanged
expect "what the owner took back while it refuses is still open" opens bulb 198.18.4.1 7000
expect "the camera is held" is enforce state_of camera
faults 0 0
expect "when the kernel takes changes again, what waited comes into force by itself" within 300 arrived internet forbidden
is_shut() { ! opens bulb 198.18.4.1 7000; }
expect "what was taken back is shut" within 100 is_shut
expect "and the log says once that it takes changes" is 1 times_logged 'enforcer.*the kernel takes changes again'
expect "the neighbour has seen nothing of it all" none_arrived bulb neighbour
end_at camera allowed
end_at camera drip
finish
