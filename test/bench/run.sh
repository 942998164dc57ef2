#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make bench: measures, and compares with the peers that are installed.
#
#	test/bench/run.sh [-C BUILD] [PART...]
#
# Parts: apply resolver capture home web forward checks peers audit; without a word, all of them, which
# takes about three quarters of an hour.  Raw lines go to BUILD/bench/PART.raw and
# stay there until the part is run again; all of them make BUILD/bench.json.
# How it is measured: test/bench/README.md.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build
if [ "${1-}" = -C ]; then
	build=$2
	shift 2
fi
[ -f "$build/build.ninja" ] || { echo "no build folder at $build" >&2; exit 2; }
build=$(realpath "$build")
ninja -C "$build" --quiet || exit 2
[ $# -gt 0 ] || set -- apply resolver capture home web forward checks peers audit
mkdir -p "$build/bench"
failed=0

for part in "$@"; do
	raw=$build/bench/$part.raw
	log=$build/bench/$part.log
	: >"$raw"
	echo "bench: $part" >&2
	case $part in
	apply) timeout 120 "$build/test/bench/policy_apply" 15 200 >"$raw" 2>"$log" ;;
	resolver) timeout 180 "$here/resolver/run.sh" "$build/test/bench/resolver_queries" \
		"$build/src/process/resolver" 15 >"$raw" 2>"$log" ;;
	capture) timeout 180 "$here/capture.sh" "$build" "$raw" >"$log" 2>&1 ;;
	home) timeout 480 "$here/home/home.sh" "$build" "$raw" >"$log" 2>&1 ;;
	web) timeout 300 "$here/web/web.sh" "$build" >"$raw" 2>"$log" ;;
	forward) timeout 480 "$here/forward/forward.sh" "$build" "$raw" 15 0.2 >"$log" 2>&1 ;;
	checks) timeout 900 "$here/checks.sh" "$build" "$raw" >"$log" 2>&1 ;;
	audit) timeout 300 "$here/audit.sh" "$build" "$raw" >"$log" 2>&1 ;;
	peers) timeout 780 "$here/peers/peers.sh" "$build" "$raw" >"$log" 2>&1 ;;
	*) echo "there is no part \"$part\"" >&2; exit 2 ;;
	esac
	status=$?
	[ $status = 0 ] && continue
	echo "bench: $part ended with status $status:" >&2
	tail -n 20 "$log" >&2
	failed=1
done
"$build/test/bench/figures" "$here/figures.tsv" "$build"/bench/*.raw >"$build/bench.json.new" || exit 1
mv "$build/bench.json.new" "$build/bench.json"
echo "bench: $build/bench.json; the machine had $(nproc) processors and load $(cut -d' ' -f1 /proc/loadavg)" >&2
exit $failed
