#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# audit.sh BUILD RAW [ROUNDS]: the quick audit of one device as its owner has it: "pinfold
# audit run" in a home of the lab, through engine, checker and kernel, with the caps of
# the rules.  From the command to its end, at the pace of a home once and at that
# of a bench; and what was sent to it for each finding.
set -eu
if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_RAW=$(realpath "$2") PINFOLD_ROUNDS=${3:-3}
	export PINFOLD_RAW PINFOLD_ROUNDS
fi
. "$(dirname "$0")/../scenario/home/home.sh"

home camera
learn_facts camera
let_in camera

audit() { # PACE
	begun=$(date +%s%N)
	pinfold audit run camera --profile quick --pace "$1" --follow >"$folder/said" 2>&1 </dev/null || :
	ended=$(date +%s%N)
	expect "the camera's factory login is found" grep -q "^FAIL 5.1-1 (telnet-login)" "$folder/said"
	expect "and the run came to its end" is "done" field state audit list camera
	run=$(field run audit list camera)
	transcript=$gateway_state/audit/$run/probes.jsonl
	pinfold --json audit show "$run" >"$folder/run"
	packets=$(sed -n 's/^    "packets": \([0-9]*\).*/\1/p' "$folder/run")
	findings=$(grep -c '"evidence_in_all"' "$folder/run" || :)
	[ "$findings" -gt 0 ] && [ "$packets" -gt 0 ] || { echo "run $run has no findings" >&2; failed=1; return; }
	echo "audit-quick-$1 $(echo "$begun $ended" | awk '{ printf "%.3f\n", ($2 - $1) / 1e9 }')" >>"$PINFOLD_RAW"
	echo "audit-quick-packets-per-verdict-$1 $((packets / findings))" >>"$PINFOLD_RAW"
	# Of the bench's: the scan of all ports alone.
	scan=$(awk '/"check":"tcp-ports"/ {
			match($0, /"at_us":[0-9]+/); at = substr($0, RSTART + 8, RLENGTH - 8)
			if (/"step":"begin"/) begun = at
			if (/"step":"tried"/ && !n++) printf "%.3f\n", (at - begun) / 1e6
		}' "$transcript")
	[ "$1" = gentle ] || [ -z "$scan" ] || echo "audit-quick-scan $scan" >>"$PINFOLD_RAW"
}

audit gentle
round=1
while [ $round -le "$PINFOLD_ROUNDS" ]; do
	audit lab
	round=$((round + 1))
done
finish
