#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The disk is full in the middle of an audit.  No other audit begins, this one ends
# with that reason, what was found waits until there is room, and then nothing is lost.
#
#	404-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

sed -i 's|^mkdir -p "$STATE/gateway/state".*|&\nmount -t tmpfs -o size=12m none "$STATE/gateway/state"|' \
	"$folder/lab/gateway/pinfold"
home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
at_work() { [ "$(field check audit list camera)" = "$1" ]; }

quiet pinfold audit run camera --checks tcp-ports,telnet-login --pace lab
expect "the camera is tested" within 50 at_work tcp-ports
gateway sh -c "dd if=/dev/zero of='$gateway_state/filler' bs=4k 2>/dev/null; :"
expect "with the disk full no audit begins, and that is said" says "too little room for evidence" \
	pinfold audit run bulb --checks tcp-ports
waits() { pinfold --json audit list camera | grep -q '"note": "waits for room on the disk"'; }
expect "the one that runs comes to its end and waits for room" within 600 waits
expect "it is not shown as ended" is 0 field ended audit list camera
expect "the trouble is said once" is 1 times_logged "event.: the database refuses"

gateway rm "$gateway_state/filler"
ended() { [ "$(field ended audit list camera)" != 0 ]; }
expect "with room again it ends by itself" within 100 ended
pinfold audit show 1 >"$folder/shown" 2>&1
cat "$folder/shown" >>"$log"
expect "with the reason" grep -qiE "no space|disk|transcript|evidence" "$folder/shown"
expect "what could not be told is inconclusive" grep -q "INC (.*TOOL_ERROR" "$folder/shown"
refuse "and nothing was passed" grep -q "  PASS" "$folder/shown"
expect "its result is there as a file" quiet gateway test -s "$gateway_state/audit/1/result.json"
expect "and the next audit begins" quiet pinfold audit run camera --checks tcp-ports
finish
