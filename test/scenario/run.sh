#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs all scenarios of a build folder, or those whose name holds one of the
# words; the last line is "N passed, N failed, N skipped".  One that fails is run
# once more, since these machines are shared and a packet may be late; that it
# needed it is said.  Of one that fails, the lines that begin with "|" say why.
#
#	test/scenario/run.sh [-C BUILD] [WORD...]
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build
if [ "${1-}" = -C ]; then
	build=$2
	shift 2
fi
[ -f "$build/build.ninja" ] || { echo "no build folder at $build" >&2; exit 2; }
built=$(ninja -C "$build" 2>&1) || { echo "$built" | tail -20 >&2; echo "$build does not build" >&2; exit 2; }
list=$(meson test -C "$build" --no-rebuild --list --suite scenario 2>/dev/null | sed -n 's/^.*\(scenario .*\)$/\1/p')
# What a scenario that failed said: each expectation that did not hold, with what was
# said just before and after it, and the end.  Whoever reads has only this.
reasons() {
	echo "| $name"
	# Without what the runner of the test adds about itself.
	sed '/^Summary of Failures/,$d; /^―/d; /^ *$/d' "$out" >"$out.said"
	awk '
		/^(ok|skipped)/ { n = after = 0; next }
		/^not ok/ {
			for (i = 1; i <= n; i++) print "|   " kept[i]
			print "| " $0
			n = 0
			after = 8
			next
		}
		after > 0 { print "|   " $0; after--; next }
		{ if (n == 8) { for (i = 1; i < n; i++) kept[i] = kept[i + 1]; n-- } kept[++n] = $0 }
	' "$out.said" | head -80
	echo "| it ended:"
	tail -40 "$out.said" | sed 's/^/|   /'
}

passed=0 failed=0 skipped=0
out=$(mktemp) && trap 'rm -f "$out" "$out.said"' EXIT
while read -r name; do
	[ -n "$name" ] || continue
	wanted=$([ $# -eq 0 ] && echo yes)
	for word in "$@"; do
		case $name in *"$word"*) wanted=yes ;; esac
	done
	[ -n "$wanted" ] || continue
	echo "# $name"
	begun=$(date +%s)
	if ! meson test -C "$build" --no-rebuild --verbose "$name" </dev/null >"$out" 2>&1; then
		reasons
		echo "again: $name"
		meson test -C "$build" --no-rebuild --verbose "$name" </dev/null >"$out" 2>&1
	fi
	grep -E '^(ok|not ok) - |^skipped' "$out"
	if grep -q '^Skipped: *[1-9]' "$out"; then
		skipped=$((skipped + 1))
	elif grep -q '^Ok: *[1-9]' "$out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		reasons
	fi
	echo "# $(($(date +%s) - begun)) s"
done <<END
$list
END
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
