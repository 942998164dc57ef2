#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A child's watch tells its maker in clear text where it is, logs in readable and
# fetches an image by plain HTTP; a bulb speaks TLS; a phone is nobody's business.
# Judged from what flows by itself, without a packet of a test.
#
#	430-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home watch bulb phone
learn_facts watch bulb phone
let_in watch
let_in bulb
let_in phone personal
quiet pinfold device class watch critical

post() { # ROOM: with a secret, so that it can be looked for afterwards
	room "$1" curl -sS --max-time 4 -o /dev/null -u child:Geheim-4711 \
		-H "X-Device: $(fact "$1" mac)" -d '{"pulse":61}' -H 'Content-Type: application/json' \
		http://position.watch.example/up || :
	room "$1" curl -sS --max-time 4 -o /dev/null http://position.watch.example/firmware/v2.bin || :
	room "$1" curl -sS --max-time 4 -o /dev/null "http://position.watch.example/here?lat=48.2&lon=16.4" || :
}
expect "the watch reaches its maker" within 100 quiet room watch curl -sf --max-time 2 -o /dev/null http://position.watch.example/
post watch
post phone
quiet room bulb sh -c "exec curl -sS --max-time 4 -o /run/version https://updates.bulb.example/version"
sleep 13 # what is told again sooner is the same visit
post watch
quiet room bulb sh -c "exec curl -sS --max-time 4 -o /run/version https://updates.bulb.example/version"
sleep 1

passive="clear-text,tls-client,update-channel,trackers,identifiers,upnp-ports,maker-servers,traffic"
expect "the watch is critical and is judged all the same, from outside" \
	sh -c "'$folder/lab/pinfold-lab' pinfold audit run watch --consent passive --checks $passive --follow >'$folder/watch' 2>&1 </dev/null"
cat "$folder/watch" >>"$log"
said() { grep -qE -- "$2" "$folder/$1"; }
expect "its place, sent readable, fails" said watch "^FAIL 5.8-2 \(clear-text\).*location"
expect "so does its password" said watch "^FAIL 5.1-3 \(clear-text\).*HTTP Basic"
expect "and its MAC" said watch "^FAIL 5.8-1 \(identifiers\).*MAC address"
refuse "what was seen for a minute is not called clean" said watch "^(PASS|NFF)"
run=$(field run audit list watch)
pinfold --json audit show "$run" >"$folder/watch.json"
cat "$folder/watch.json" >>"$log"
expect "an image by plain HTTP is a question" said watch.json "v2.bin was fetched from position.watch.example by plain HTTP"
facts=$gateway_state/audit/$run/traffic.jsonl
expect "the facts are evidence" test -s "$facts"
secrets() { # what stands in the lines, and in their bytes
	cat "$1"
	grep -o '"received":"[^"]*"' "$1" | cut -d'"' -f4 | while read -r bytes; do echo "$bytes" | base64 -d; done
}
secrets "$facts" >"$folder/facts"
refuse "nor in their bytes" grep -qE 'Geheim|pulse|mia|48\.2' "$folder/facts"
quiet pinfold audit pack "$run" "$folder/state/watch.pack"
holds() { "$build/src/ctl/pinfold" audit verify "$1" >"$folder/verified" 2>&1; cat "$folder/verified" >>"$log"; grep -q "the pack holds" "$folder/verified"; }
expect "elsewhere the same follows from them" holds "$folder/state/watch.pack"

expect "the bulb is judged as well" \
	sh -c "'$folder/lab/pinfold-lab' pinfold audit run bulb --consent passive --checks $passive --follow >'$folder/bulb' 2>&1 </dev/null"
cat "$folder/bulb" >>"$log"
refuse "and nothing of it fails" said bulb "^FAIL"
expect "what its servers chose was seen" grep -q '"tls-server"' "$gateway_state/audit/$(field run audit list bulb)/traffic.jsonl"
# A restart of ours writes what is kept: of the watch and the bulb, never of the phone.
gateway kill -TERM "$(pid_of engine)"
kept() { [ "$(find "$gateway_state/traffic" -name '*.jsonl' | wc -l)" = 2 ]; }
expect "of the phone nothing is kept" within 100 kept
expect "personal from now on, the watch is forgotten" quiet pinfold device class watch personal
gone() { [ "$(find "$gateway_state/traffic" -name '*.jsonl' | wc -l)" = 1 ]; }
expect "also on the disk" within 100 gone

finish
