#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# checks.sh BUILD RAW [COUNT [SEED]]: all checks on random variants of devices, each of
# which says the truth about itself (scenario 420, which this is at length): how much
# of what is bad is found, and how often somebody is called bad who is not.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$1 raw=$2
shift 2
[ $# -gt 0 ] || set -- 200
said=$(mktemp) && trap 'rm -f "$said"' EXIT
CHECKS='' FAMILIES='' DELAY=150 SECONDS_EACH=200 AT_ONCE=25 STRICT=1 \
	"$here/../scenario/420-checks-against-variants.sh" "$build/test/target/target" \
	"$build/test/scenario/check_driver" "$@" >"$said" 2>&1
status=$?
cat "$said"
# "N of N audited: N must fail, N found, N late, N false; ...; N s each, at most N; N packets each"
sed -n 's/^\([0-9]*\) of [0-9]* audited: \([0-9]*\) must fail, \([0-9]*\) found, \([0-9]*\) late, \([0-9]*\) false;.*; \([0-9.]*\) s each, at most [0-9.]*; \([0-9]*\) packets each$/\1 \2 \3 \4 \5 \6 \7/p' "$said" |
	while read -r n must found late wrong seconds packets; do
		[ "$must" -gt 0 ] || exit 1
		awk -v must="$must" -v found="$found" 'BEGIN { print "checks-recall", 100 * found / must }'
		echo "checks-false-fail $wrong"
		echo "checks-late $late"
		echo "checks-variants $n"
		echo "checks-seconds $seconds"
		echo "checks-packets $packets"
	done >"$raw"
exit $status
