#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A quarantined device tries to be somebody else: a new MAC, a neighbour's MAC
# and address, the gateway by ARP, ND and router advertisements, another port.
# Seen at the victim and outside.
#
#	304-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera vacuum phone
learn_facts camera vacuum phone
let_in camera
let_in vacuum
let_in phone personal
# A phone that is silent for some seconds may have roamed to another port; this one is here, and says so.
room phone busybox arping -q -I eth0 -w 300 10.77.0.1 >/dev/null 2>&1 &
# What is behind a port that was found: opened in the internet and at the camera.
open_to() { room "$1" timeout 2 socat -u /dev/null "TCP4:$2:$3,connect-timeout=1" 2>/dev/null; }
expect "while it is watched, the device reaches the internet" within 50 open_to vacuum 198.18.4.1 80
expect "so does the phone" within 50 open_to phone 198.18.4.1 80

# An attack of the lab says for each family what it sent and what arrived.
nothing_of() { # ATTACK ARGUMENT...
	lab attack "$@" >"$folder/attack" 2>&1 </dev/null || :
	grep '^attack' "$folder/attack" | sed 's/^/   /'
	awk '/^attack/ { n++; sent += $5; arrived += $7 } END { exit !(n && sent && !arrived) }' "$folder/attack" ||
		{ cat "$folder/attack"; false; }
}
expect "ARP in the gateway's name reaches nobody" nothing_of arp vacuum phone
expect "ND in the gateway's name reaches nobody" nothing_of ndp vacuum phone
expect "router advertisements reach nobody" nothing_of ra vacuum
expect "what is sent in the phone's name does not get out" nothing_of spoof vacuum phone
expect "the phone still works" within 50 open_to phone 198.18.4.1 80
told() { pinfold events vacuum --limit 100 | grep -qi "claim"; }
expect "the owner is told who did it" within 50 told

# Quarantined, it comes back as somebody new.
expect "it is quarantined" quiet pinfold device quarantine vacuum
refuse "quarantined, it reaches nothing" open_to vacuum 198.18.4.1 80
count_start internet out ip daddr 198.18.4.1 tcp dport 8081
count_start camera in ip daddr "$(fact camera 4)" tcp dport { 23, 8081 }
as() { # MAC
	room vacuum sh -c "ip link set eth0 down; ip link set eth0 address $1"
	lab restart vacuum </dev/null
}
for new in 02:00:00:00:04:01 "$(fact phone mac)"; do
	as "$new"
	is_waiting() { pinfold device list | grep p-vacuum | grep -qE 'waiting|quarantine'; }
	within 60 is_waiting
	for target in 198.18.4.1 "$(fact camera 4)"; do
		for port in 23 8081; do
			refuse "as $new it does not reach $target port $port" open_to vacuum "$target" $port
		done
	done
done
refuse "no device on its port may do anything" sh -c \
	"'$folder/lab/pinfold-lab' exec gateway '$build/src/ctl/pinfold' device list </dev/null | grep p-vacuum | grep -E 'observe|enforce|trusted'"
expect "not one packet of it got out" none_arrived internet out
expect "nor to the camera" none_arrived camera in
as "$(fact vacuum mac)"
expect "as itself it is quarantined still" is quarantine state_of vacuum
refuse "and reaches nothing" open_to vacuum 198.18.4.1 80
# While two ports speak with one MAC nobody can know who is who; after it there is one again.
expect "the phone, whose MAC it took, works" within 30 open_to phone 198.18.4.1 80
expect "and is what it was" is trusted state_of "$(fact phone mac)"

# The control: let go, the same device with the same MAC reaches the internet.
expect "the owner releases it" quiet pinfold device release vacuum
expect "and it works" within 100 open_to vacuum 198.18.4.1 80
open_to vacuum 198.18.4.1 8081 || :
expect "since a packet of it is counted now" within 20 arrived internet out
finish
