#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The phone that runs the apps of a camera and a bulb is tested, with its owner's
# consent, for some minutes, towards the servers of those two alone: the camera's
# app believes every certificate, logs in readable and calls a service that counts
# users; the bulb's refuses.  What else the phone does in the meantime goes on, and
# is nowhere.  Then what the package of each app says of itself.
#
#	447-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera phone
learn_facts camera phone
let_in camera
let_in phone personal
says() { pattern=$1; shift; "$@" >"$folder/said" 2>&1 || :; grep -qE -- "$pattern" "$folder/said"; }

# --- the owner decides
test_app() { pinfold audit app run phone --of camera --minutes 3 --pace lab "$@"; }
expect "a phone is personal, and without consent nothing happens" says "has to agree" test_app --consent intrude
refuse "an app is tested on a phone, and not on a device" quiet pinfold audit app run camera --of camera --consent app
from_phone() { room phone curl -s --max-time 2 -o /dev/null https://www.news.example/; }
expect "the phone reads its news" within 50 from_phone
begin_at phone news sh -c 'while :; do curl -sS --max-time 3 -o /dev/null https://www.news.example/private-life && echo read
	curl -sS --max-time 3 -o /dev/null -u anna:secret-of-the-news http://www.news.example/private-life && echo read
	sleep 0.5; done'
asks_home() { quiet room camera curl -sf --max-time 2 -o /dev/null https://cloud.camera.example/ &&
	says "cloud.camera.example" pinfold policy propose camera; }
expect "the camera asks for its server" within 50 asks_home
expect "which makes the scope, and who asks is told of it" \
	says "what it sends to app.bulb.example camera.example .trackers; nothing else" \
	test_app --consent app --trackers --names app.bulb.example
# Its owner opens them now: what is seen twice within ten seconds is once.
begin_at phone careless sh -c 'while :; do sh "$LAB/device/phone/careless"; sleep 0.2; done'
begin_at phone careful sh -c 'while :; do sh "$LAB/device/phone/careful"; sleep 0.3; done'
run=$(field run audit list)
expect "the phone says that it is on" says "APP TEST .*the app of camera" pinfold device show phone
expect "the journal says so" says "what it sends to .*camera.example" pinfold policy journal phone
expect "and its scope, and no other" says '"scope": "app.bulb.example camera.example \+trackers"' \
	pinfold --json device show phone

# --- what its apps do
is_probed() { says '"rig_certificate": *"done"|"done": 1,' pinfold --json audit show "$run"; }
probed() { grep -q '"check":"rig-certificate".*"step":"end"' "$gateway_state/audit/$run/probes.jsonl"; }
expect "its apps are shown false certificates" within 450 probed
expect "the run is ended by its owner" quiet pinfold audit stop "$run"
ended() { [ "$(field ended audit show "$run")" != 0 ]; }
expect "it ends" within 50 ended
pinfold audit show "$run" >"$folder/verdicts" 2>&1
pinfold --json audit show "$run" >>"$folder/verdicts" 2>&1
cat "$folder/verdicts" >>"$log"
found() { grep -qE -- "$1" "$folder/verdicts"; }
expect "the camera's app believes any certificate" found "FAIL 5.5-1 \(rig-certificate\).*api.camera.example"
expect "and tells its password to whoever shows one" found "FAIL 5.5-7 \(rig-certificate\)"
expect "it logs in readable" found "FAIL 5.1-3 \(clear-text\).*HTTP Basic"
expect "and sends pictures so" found "FAIL 5.8-2 \(clear-text\).*image/jpeg"
expect "the service that counts is named" found "app-measurement.com"
expect "the bulb's app refused them all" found "refused every false certificate for app.bulb.example"
refuse "and nothing of it fails" found "FAIL.*app.bulb.example"

# --- and nothing else
everything() { # what stands in the run's folder, and in the bytes of its lines
	cat "$gateway_state/audit/$run"/*
	grep -oh '"\(received\|sent\)":"[^"]*"' "$gateway_state/audit/$run"/*.jsonl | cut -d'"' -f4 |
		while read -r bytes; do echo "$bytes" | base64 -d; done
}
everything >"$folder/everything" 2>/dev/null
refuse "what its owner read meanwhile is not in the evidence" grep -aqE "news|private-life|198\.18\.4\.|mail|post\.example" "$folder/everything"
refuse "nor are passwords" grep -aqE "secret-of|$(printf anna:secret-of-1999 | base64)" "$folder/everything"
refuse "nor whose phone it is" grep -aq "$(fact phone mac)" "$folder/everything"
times_read() { grep -c read "$folder/news"; }
expect "the news were read all the while" test "$(times_read)" -gt 20
refuse "without a failure" grep -qv read "$folder/news"
expect "nothing is on any more" says '"app_test": null' pinfold --json device show phone
expect "which the journal says, too" says "nothing of it is kept any more" pinfold policy journal phone
refuse "nobody is turned any more" sh -c "'$folder/lab/pinfold-lab' exec gateway nft list table inet pinfold | grep -A4 'set rig' | grep -q elements"
expect "no packet of what it heard is on the disk elsewhere" test ! -e "$gateway_state/traffic/$(field id device show phone).jsonl"
pack=$folder/state/app.pack
quiet pinfold audit pack "$run" "$pack"
holds() { "$build/src/ctl/pinfold" audit verify "$1" >"$folder/verified" 2>&1; cat "$folder/verified" >>"$log"; grep -q "the pack holds" "$folder/verified"; }
expect "elsewhere the same follows from the evidence" holds "$pack"
expect "it says nothing of the camera itself" says "no test of camera has ended" pinfold audit gate camera

# --- we go away in the midst of it: so does the window
expect "another one" quiet test_app --consent app
end_process "$(pid_of engine)"
closed() { says '"app_test": null' pinfold --json device show phone; }
expect "the engine dies, and the window with it" within 50 closed
expect "its run is over" says "began anew" pinfold audit list

# --- packages
make=$build/test/unit/firmware/make_package
for kind in careful careless twice bomb; do
	"$make" $kind "$folder/state/$kind.apk"
	# Of the last one nobody says whose it is.
	of=$([ $kind = bomb ] || echo "--of camera")
	# shellcheck disable=SC2086 # two words, or none
	pinfold audit app "$folder/state/$kind.apk" $of --follow >"$folder/$kind" 2>&1 || :
	pinfold --json audit show "$(field run audit list)" >>"$folder/$kind"
	cat "$folder/$kind" >>"$log"
done
of() { grep -qE -- "$2" "$folder/$1"; }
expect "a careful package permits itself no clear text" of careful "NFF|permits itself no clear text"
expect "and says who it is" of careful "example.bulb.app 1.2"
expect "a careless one does" of careless "permits itself clear text to every server"
expect "it wants the microphone" of careless "its microphone"
expect "and is built for debugging" of careless "built for debugging"
refuse "but flags are no failures" of careless '"verdict": "FAIL"'
expect "one with two manifests proves nothing" of twice "depends on who reads it"
expect "a bomb is not inflated" of bomb "not as long as it says"
quiet pinfold audit pack "$(field run audit list)" "$folder/state/bomb.pack"
expect "and judged again elsewhere" holds "$folder/state/bomb.pack"
expect "no product is on a shelf by its app" says "is about an app" pinfold audit shelf add "$run"
expect "what is no file is refused" says "has to be a file" pinfold audit app /dev/null
finish
