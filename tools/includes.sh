#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The direction of includes: a station includes base/, message/ and stations to
# its left, never to its right; packet/ includes only base/.
set -eu
cd "$(dirname "$0")/.."

stations="packet observation device firmware maker check verdict policy label passkey tell update store page web process"
bad=0

allowed() { # FROM TO
	[ "$1" = "$2" ] || [ "$2" = base ] && return 0
	[ "$1" = base ] && return 1
	[ "$1" = packet ] && return 1
	[ "$2" = message ] && return 0
	[ "$1" = message ] && return 1
	[ "$1" = ctl ] && return 0
	for station in $stations; do
		[ "$station" = "$2" ] && return 0
		[ "$station" = "$1" ] && return 1
	done
	return 1
}

for from in src/*/; do
	from=$(basename "$from")
	for to in $(grep -hoE '^#include "[a-z]+/' "src/$from"/*.[ch] 2>/dev/null |
		sed 's/.*"//; s|/||' | sort -u); do
		if ! allowed "$from" "$to"; then
			grep -lE "^#include \"$to/" "src/$from"/*.[ch] | sed "s|\$|: includes $to/, which stands to the right of $from/|"
			bad=1
		fi
	done
done
exit $bad
