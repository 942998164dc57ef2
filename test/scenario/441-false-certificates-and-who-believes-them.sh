#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A recorder of cameras that verifies its maker's server, and a hub that does not:
# each is put into the rig.  The gateway answers in the stead of its maker with
# certificates that nobody should believe.  The hub tells them its credentials and
# is found out, twice, its true server being seen as well; the recorder refuses
# them all.  Nothing of it leaves the house, and both have their makers again
# afterwards, also when the test is stopped in the middle.
#
#	441-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home recorder hub
learn_facts recorder hub
let_in recorder
let_in hub

# Both ask every second, each with its own care.
begin_at recorder careful sh -c 'while :; do
	curl -sS --max-time 4 -o /dev/null https://cloud.recorder.example/state
	sleep 1; done'
begin_at hub careless sh -c 'while :; do
	curl -sSk --max-time 4 -o /dev/null -u hub:secret-of-50 https://cloud.camera.example/firmware/version && echo reached
	sleep 1; done'

audit() { # DEVICE: what was found is $folder/audit.DEVICE
	"$folder/lab/pinfold-lab" exec gateway "$build/src/ctl/pinfold" audit run "$1" --pace lab --consent intrude \
		--checks rig-certificate --follow >"$folder/audit.$1" 2>&1 </dev/null
	cat "$folder/audit.$1" >>"$log"
}
finds() { grep -q -- "$2" "$folder/audit.$1"; }

reached() { grep -c reached "$folder/careless"; }
reaches() { [ "$(reached)" -gt "$1" ]; }
expect "the hub reaches its maker" within 50 reaches 2
expect "no one is put into the rig without consent" says NO_CONSENT pinfold audit run recorder \
	--pace lab --checks rig-certificate --follow

audit hub
expect "the hub believes any certificate" finds hub "FAIL 5.5-1 (rig-certificate)"
expect "signed by itself" finds hub "certificate signed by itself"
expect "of another name" finds hub "of another name"
expect "of an authority that nobody knows" finds hub "authority that nobody knows"
expect "it told its credentials" finds hub "FAIL 5.5-7 (rig-certificate)"
expect "that it asks for an update so is not called a failure, but said" finds hub "5.3-10"
run=$(field run audit list hub)
transcript=$gateway_state/audit/$run/probes.jsonl
refuse "what it told is nowhere" grep -rq "secret-of-50\|$(printf hub:secret-of-50 | base64)" "$gateway_state/audit/$run"
expect "its true server is the control" grep -q '"step":"control"' "$transcript"
expect "it has its maker again" within 50 reaches "$(reached)"

audit recorder
refuse "the recorder believes none" finds recorder "FAIL 5.5-1"
expect "which is said with what was tried" finds recorder "5.5-1"
expect "it refused them all" says "refused every false certificate for cloud.recorder.example" \
	pinfold --json audit show "$(field run audit list recorder)"
expect "nobody is left in the rig" sh -c "! '$folder/lab/pinfold-lab' exec gateway nft list set inet pinfold rig | grep -q elements"
expect "the recorder is where it was" is observe state_of recorder

# --- the test is stopped: the way is free again
begin_at gateway stopped "$build/src/ctl/pinfold" audit run hub --pace lab --consent intrude --checks rig-certificate --follow
is_turned() { gateway nft list set inet pinfold rig | grep -q elements; }
expect "the hub is turned again" within 300 is_turned
expect "stopped by its owner, it is not any more" quiet pinfold audit stop "$(field run audit list hub)"
not_turned() { ! is_turned; }
expect "at once" within 30 not_turned
finish
