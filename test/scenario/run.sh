#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs all scenarios of a build folder, or those whose name holds one of the
# words; the last line is "N passed, N failed, N skipped".  Each is in namespaces
# of its own, and more run at a time than there are cores, since they wait more
# than they work.  One that fails is run once more, alone: these machines are
# shared and a packet may be late; that it needed it is said.
# Of one that fails, the lines that begin with "|" say why.
#
#	test/scenario/run.sh [-C BUILD] [-j N] [WORD...]
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build lanes=$((3 * $(nproc)))
while [ $# -gt 0 ]; do
	case $1 in
	-C) build=$2 ;;
	-j) lanes=$2 ;;
	*) break ;;
	esac
	shift 2
done
[ -f "$build/build.ninja" ] || { echo "no build folder at $build" >&2; exit 2; }
built=$(ninja -C "$build" 2>&1) || { echo "$built" | tail -20 >&2; echo "$build does not build" >&2; exit 2; }

# What a scenario that failed said: each expectation that did not hold, with what was
# said just before and after it, and the end.  Whoever reads has only this.
reasons() { # NAME OUTPUT
	echo "| $1"
	# Without what the runner of the test adds about itself.
	sed '/^Summary of Failures/,$d; /^―/d; /^ *$/d' "$2" >"$2.said"
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
	' "$2.said" | head -80
	echo "| it ended:"
	tail -40 "$2.said" | sed 's/^/|   /'
}

place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT
meson test -C "$build" --no-rebuild --list --suite scenario 2>/dev/null |
	sed -n 's/^.*\(scenario .*\)$/\1/p' |
	while read -r name; do
		wanted=$([ $# -eq 0 ] && echo yes)
		for word in "$@"; do
			case $name in *"$word"*) wanted=yes ;; esac
		done
		[ -z "$wanted" ] || echo "$name"
	done >"$place/list"

# Its number names its files: N.out, N.result, N.seconds.
play() { # NUMBER NAME
	begun=$(date +%s)
	meson test -C "$build" --no-rebuild --verbose --logbase "scenario-$1" "$2" \
		</dev/null >"$place/$1.out" 2>&1
	if grep -q '^Skipped: *[1-9]' "$place/$1.out"; then
		echo skipped
	elif grep -q '^Ok: *[1-9]' "$place/$1.out"; then
		echo passed
	else
		echo failed
	fi >"$place/$1.result"
	echo $(($(date +%s) - begun)) >"$place/$1.seconds"
}
# Takes what nobody else has taken; the long ones, which have the high numbers, come first.
lane() {
	sed '=' "$place/list" | paste - - | tac | while read -r number name; do
		mkdir "$place/$number" 2>/dev/null && play "$number" "$name"
	done
}
lane=0
while [ $lane -lt "$lanes" ]; do
	lane=$((lane + 1))
	lane &
done
wait

passed=0 failed=0 skipped=0 number=0
while read -r name; do
	number=$((number + 1))
	echo "# $name"
	if [ "$(cat "$place/$number.result")" = failed ]; then
		reasons "$name" "$place/$number.out"
		echo "again: $name"
		play $number "$name"
	fi
	grep -E '^(ok|not ok) - |^skipped' "$place/$number.out"
	result=$(cat "$place/$number.result")
	[ "$result" != failed ] || reasons "$name" "$place/$number.out"
	eval "$result=\$(($result + 1))"
	echo "# $(cat "$place/$number.seconds") s"
done <"$place/list"
rm -f "$build"/meson-logs/scenario-*
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
