#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A hub's maker is gone: his names do not exist any more, for this hub alone.  Its
# broker goes on, its page does not, so it works partly without him, and that is said
# where somebody looks.  Meanwhile a critical recorder, which is heard every second, is
# switched off, and that is told within a minute, without a packet to it.
#
#	443-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home recorder hub
learn_facts recorder hub
let_in recorder critical
let_in hub
begin_at recorder talk sh -c 'while :; do
	curl -sS --max-time 4 -o /dev/null https://cloud.recorder.example/ && echo reached || echo missed
	sleep 1; done'
talking=$(now_ms)
begin_at hub page sh -c 'mkdir -p /run/page; echo page >/run/page/index.html; pid=
while :; do
	if curl -sS --max-time 1 -o /dev/null https://cloud.camera.example/; then
		[ -n "$pid" ] || { busybox httpd -f -p 8081 -h /run/page & pid=$!; }
	elif [ -n "$pid" ]; then
		kill $pid; pid=
	fi
	sleep 0.3
done'
listens() { quiet room hub sh -c "ss -Hltn 'sport = :8081' | grep -q ."; }
expect "the hub's page is there while its maker answers" within 100 listens
"$folder/lab/pinfold-lab" exec gateway "$build/src/ctl/pinfold" audit run hub --pace lab --consent intrude \
	--checks tcp-ports,rig-maker --follow >"$folder/audit.hub" 2>&1 </dev/null
cat "$folder/audit.hub" >>"$log"
run=$(field run audit list hub)
transcript=$gateway_state/audit/$run/probes.jsonl
expect "its questions for its maker's names were withheld" sh -c \
	"grep '\"step\":\"asked\"' '$transcript' | grep -vq '\"note\":\"0\"'"
expect "that it works partly without its maker is shown" says "without maker  works: partly" pinfold device show hub
expect "and by the gate" says "without maker  works: partly" pinfold audit gate "$run"
refuse "that it needs him is no failure" grep -q "FAIL 5.9" "$folder/audit.hub"
expect "its page comes back with him" within 100 listens
refuse "the neighbour's maker was never away" grep -q missed "$folder/talk"

# --- the recorder falls silent
while [ $(($(now_ms) - talking)) -lt 38000 ]; do sleep 0.5; done
expect "how often the recorder is heard was learned" says "it is missed after" pinfold device show recorder
end_at recorder talk
room recorder ip link set eth0 down
silent=$(now_ms)
missed() { says '"state": "missed"' pinfold --json device show recorder; }
expect "its silence is noticed" within 600 missed
expect "within a minute of its last sign" [ $(($(now_ms) - silent)) -lt 60000 ]
expect "and told as an alarm" says "has been silent for" pinfold events
room recorder ip link set eth0 up
begin_at recorder again sh -c 'while :; do busybox ping -c 1 -W 1 192.168.77.1 >/dev/null; sleep 0.5; done'
heard() { ! missed; }
expect "that it is heard again as well" within 200 heard
finish
