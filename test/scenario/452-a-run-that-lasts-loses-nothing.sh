#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A bulb is watched for an hour without a packet of a test, and a camera is tested as on a
# bench: its plug is out, and while the run waits for it the engine is killed; plugged in, it
# goes on.  What there is so far is told at any time.  Then its owner is walked through the
# failures, the port is opened, and the register notices that the rules judge otherwise.
#
#	452-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
run_of() { field run audit list "$1"; }
at_work() { [ "$(field check audit list "$1")" = "$2" ]; }

quiet pinfold audit run bulb --profile full --hours 1 --consent passive
room camera ip link set eth0 down
quiet pinfold audit run camera --profile full --hours 1 --pace lab
bulb=$(run_of bulb) run=$(run_of camera)
expect "unplugged, it is waited for" within 200 says "come back" pinfold audit show "$run"
end_process "$(gateway pgrep -ox engine)"
expect "also by the next engine" within 100 says "come back" pinfold audit show "$run"
room camera ip link set eth0 up
expect "plugged in again, it goes on" within 100 at_work camera tcp-ports
has_failure() { says "^FAIL 5.1-1 (telnet-login)" pinfold audit show "$run" --at now; }
expect "and its fault is told as soon as it is proved" within 300 has_failure
watches() { says "watches what the device does" pinfold audit show "$bulb"; }
expect "the bulb is watched meanwhile, by both engines" within 300 watches
expect "its results in between are there" says "after 15 minutes; the run goes on" pinfold audit show "$bulb" --at 15m
expect "and the last one is not" says "no result of 72h" pinfold audit show "$bulb" --at 72h
expect "the gate says hold, though the run goes on" says "^hold: camera" pinfold audit gate "$run" --profile home
expect "and shelf of nothing that goes on" says "^laboratory: bulb" pinfold audit gate "$bulb" --profile home
for one in "$run" "$bulb"; do quiet pinfold audit stop "$one" || :; done
ended() { [ "$(field ended audit list "$1")" != 0 ]; }
expect "both are stopped" within 100 ended camera
expect "and keep what was found" says "^FAIL 5.1-1 (telnet-login)" pinfold audit show "$run"

# --- mended by its owner
expect "the owner is told how, step by step" says "4) Choose a password" pinfold audit fix "$run"
expect "and that it is closed meanwhile" says "1) The gateway keeps port 23 closed" pinfold audit fix "$run"
room camera sh -c 'kill $(ss -Hltnp "sport = :23" | sed -n "s/.*pid=\([0-9]*\).*/\1/p")'
pinfold audit fix "$run" --retest >"$folder/fixed" 2>&1 || :
cat "$folder/fixed" >>"$log"
expect "tested again, it is mended" grep -q "^mended: .*factory login.*closed no longer" "$folder/fixed"
refuse "and nothing of telnet is left" grep -q "\(fails still\|cannot be told\).*telnet" "$folder/fixed"
refuse "and its port is not closed any more" says '"check": "telnet-login"' pinfold --json device show camera

# --- on the shelf: the rules of another day
expect "what was tested is registered" quiet pinfold audit shelf add "$run" --model "Cam 1" --firmware 1.2 --profile home
expect "and judged again from its evidence it is the same" quiet pinfold audit shelf check
sed -i 's/"verdict": "FAIL"/"verdict": "NFF"/' "$gateway_state/audit/$run/result.json"
refuse "where that day judged otherwise, it is not" quiet pinfold audit shelf check
expect "and what differs is named" says "5.1-1 was .* and is FAIL" pinfold audit shelf list
finish
