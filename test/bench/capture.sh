#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Capture: a file through all decoders against tcpdump, memory at 200,000 flows,
# and the live path at the speed of a veth pair.
#
#	capture.sh BUILD RAW [ROUNDS]
set -eu
build=$(realpath "$1")
raw=$2 rounds=${3:-15}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One capture of a home, and one in which 10,000 devices have 200,000 flows.
"$build/test/scenario/home/home_tool" capture "$work/home.pcap" 50 20000 >/dev/null
"$build/test/scenario/home/home_tool" capture "$work/flows.pcap" 10000 200000 >/dev/null
# Recorded set-ups of real devices, where the tests have them too (test/test.c).
data=${PINFOLD_DATA:-$(dirname "$0")/../../../shared/data}
recorded=$(find "$data/pcap-iot-sentinel" -name '*.pcap' 2>/dev/null | sort | head -n 40) || :
if command -v tcpdump >/dev/null; then
	echo "@version capture-file $(tcpdump --version 2>&1 | sed -n 1p)" >>"$raw"
else
	echo "@absent capture-file tcpdump is not installed" >>"$raw"
fi
# shellcheck disable=SC2086 # one word a file
"$build/test/bench/capture_generate" "$work/large.pcap" 200 ${recorded:-"$work/home.pcap"}
"$build/test/bench/capture_file" "$work/large.pcap" "$rounds" | grep '^capture-file' >>"$raw"
"$build/test/bench/capture_file" "$work/flows.pcap" 3 >"$work/memory" 2>"$work/said"
# The control: all the flows are there, none was pushed out.
grep -q ' 200000 flows, 0 flows evicted' "$work/said" || { cat "$work/said" >&2; exit 1; }
grep '^capture-memory' "$work/memory" >>"$raw"

if [ "$(id -u)" = 0 ]; then
	unshare --net "$build/test/bench/capture_live" "$build/src/process/capture" 3 >"$work/live" 2>"$work/said"
	# The control: it saw the devices whose frames these were.
	! grep -q ' s, 0 rows' "$work/said" || { cat "$work/said" >&2; exit 1; }
	grep '^capture-live' "$work/live" >>"$raw"
else
	for name in capture-live-drops capture-live-cpu; do
		echo "@absent $name needs root for a network namespace" >>"$raw"
	done
fi
