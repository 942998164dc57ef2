#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A hub's internet is taken away twice, with its owner's consent.  Its broker goes
# on; its page, which lives only as long as its maker answers, does not, and that
# is found.  Its neighbour notices nothing, and the hub finds back.
#
#	442-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home recorder hub
learn_facts recorder hub
let_in recorder
let_in hub
begin_at hub page sh -c 'mkdir -p /run/page; echo page >/run/page/index.html; pid=
while :; do
	if curl -sS --max-time 1 -o /dev/null https://cloud.camera.example/; then
		[ -n "$pid" ] || { busybox httpd -f -p 8081 -h /run/page & pid=$!; }
	elif [ -n "$pid" ]; then
		kill $pid; pid=
	fi
	sleep 0.5
done'
# The neighbour asks every second as well, and tells when it was not answered.
begin_at recorder neighbour sh -c 'while :; do
	curl -sS --max-time 4 -o /dev/null https://cloud.recorder.example/ && echo reached || echo missed
	sleep 1; done'
listens() { quiet room hub sh -c "ss -Hltn 'sport = :8081' | grep -q ."; }
expect "the hub's page is there while its maker answers" within 100 listens

: >"$folder/neighbour"
"$folder/lab/pinfold-lab" exec gateway "$build/src/ctl/pinfold" audit run hub --pace lab --consent intrude \
	--checks tcp-ports,rig-outage --follow >"$folder/audit.hub" 2>&1 </dev/null
cat "$folder/audit.hub" >>"$log"
run=$(field run audit list hub)
expect "that the page goes with the internet is found" \
	grep -q "FAIL 5.9-2 (rig-outage): TCP port 8081 answers no more" "$folder/audit.hub"
refuse "of the broker nothing of the kind" grep -q "port 1883 answers no more" "$folder/audit.hub"
expect "it found back both times" says "found back after each outage" pinfold --json audit show "$run"
expect "the neighbour went on meanwhile" grep -q reached "$folder/neighbour"
refuse "and noticed nothing" grep -q missed "$folder/neighbour"
refuse "nobody is cut off any more" sh -c "'$folder/lab/pinfold-lab' exec gateway nft list set inet pinfold rig_off | grep -q elements"
finish
