#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that must hold before a change lands.  Each stage prints its own
# account; the last line adds them up.  CHECK_ONLY="unit scenario" picks stages.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/check
rm -rf "$logs"
mkdir -p "$logs"

# What only computes takes what those leave that wait for something to happen.
idly="nice -n 19"
chrt --idle 0 true 2>/dev/null && idly="chrt --idle 0"

count() { # PASSED FAILED SKIPPED
	echo "$1 $2 $3" >>"$logs/counts"
}

picked() {
	[ -z "${CHECK_ONLY:-}" ] && return 0
	case " $CHECK_ONLY " in *" $1 "*) return 0 ;; esac
	return 1
}

# A stage gives its account in one piece, since others run beside it.
whole() { # KIND NAME COMMAND...
	begun=$(date +%s)
	"$@" >"$logs/$2.account"
	echo "# $2: $(($(date +%s) - begun)) s" >>"$logs/$2.account"
	flock "$logs/counts" cat "$logs/$2.account"
	rm "$logs/$2.account"
}
one() { whole a_whole "$@"; }
many() { whole a_sum "$@"; }

# NAME COMMAND...: one thing that passes or fails as a whole.
a_whole() {
	name=$1
	shift
	if "$@" >"$logs/$name.log" 2>&1; then
		echo "ok - $name"
		count 1 0 0
	else
		echo "not ok - $name"
		tail -40 "$logs/$name.log" | sed 's/^/    /'
		count 0 1 0
	fi
}

# NAME COMMAND...: ends with "N passed, N failed, N skipped".  Lines that begin with "| "
# say why something failed, also what then passed at its second run.
a_sum() {
	name=$1
	shift
	"$@" >"$logs/$name.log" 2>&1
	status=$?
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$logs/$name.log" | tail -1)
	if [ -z "$line" ]; then
		line="0 passed, 1 failed, 0 skipped"
		tail -40 "$logs/$name.log" | sed 's/^/    /'
	elif [ $status -ne 0 ]; then
		grep -E '^not ok|FAILED|ERROR|panic|runtime error' "$logs/$name.log" | head -40 | sed 's/^/    /'
	fi
	grep '^| ' "$logs/$name.log" | head -400 | sed 's/^/    /'
	grep -E '^skip(ped)?[ :-]|^ok .*# skip|^again: ' "$logs/$name.log" | sort -u | head -20 | sed 's/^/    /'
	echo "$name: $line"
	# shellcheck disable=SC2046 # three numbers
	count $(echo "$line" | tr -dc '0-9 ')
	case $line in
	*" 0 failed,"*) [ $status -eq 0 ] || { echo "not ok - $name ended with $status"; count 0 1 0; } ;;
	esac
}

# DIRECTORY: the unit tests of one build, each TEST counted.  Under a sanitizer they take longer.
# More at a time than there are cores: the long ones wait.
unit() {
	meson test -C "$1" --suite unit --no-rebuild --num-processes $((4 * $(nproc))) --timeout-multiplier 4 --logbase unitlog >/dev/null 2>&1
	status=$?
	tools/account.sh "$1/meson-logs/unitlog.json"
	return $status
}

sources() { # PATTERN...: our files, without what was built
	for pattern in "$@"; do
		find . -path ./build -prune -o -path ./.git -prune -o -name "$pattern" -type f -print
	done
}

formatted() {
	sources '*.c' '*.h' | $idly xargs clang-format --dry-run --Werror
}

shell_clean() {
	{ sources '*.sh'; sources '*' | xargs grep -lE '^#!/bin/(ba)?sh'; } | sort -u |
		$idly xargs -n 12 -P "$(nproc)" shellcheck -s sh -S warning -e SC1083,SC1090,SC1091,SC2034,SC2046,SC2125,SC2154
}

cppcheck_clean() {
	$idly cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		--suppressions-list=tools/cppcheck.suppressions -D_GNU_SOURCE \
		--include=tools/cppcheck.h \
		-I src -j2 src lab
}

sanitized() {
	[ -f build/san/build.ninja ] || meson setup build/san -Db_sanitize=address,undefined \
		-Db_lundef=false -Dbuildtype=debug >/dev/null || return 1
	$idly ninja -C build/san --quiet -j"$(nproc)" units || return 1
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 unit build/san
}

# Two rows of stages beside each other: those that wait more than they work, and those that
# only compute.
waiting() {
	if picked unit; then many unit unit build; fi
	if picked scenario; then many scenario test/scenario/run.sh; fi
}

computing() {
	if picked lint; then
		one include-direction tools/includes.sh
		if clang-format --version 2>/dev/null | grep -q 'version 14'; then
			one formatted formatted
		else
			echo "skipped: formatted: the files are formatted by clang-format 14"
			count 0 0 1
		fi
		one cppcheck cppcheck_clean
		one shellcheck shell_clean
		one texts tools/texts.sh --check
	fi
	if picked sanitizer; then many sanitizer sanitized; fi
	if picked fuzz; then many fuzz $idly test/fuzz/run.sh "${FUZZ_SECONDS:-4}"; fi
}

: >"$logs/counts"
computing &
computes=$!
waiting
wait "$computes" || { echo "not ok - what only computes ended early"; count 0 1 0; }

# shellcheck disable=SC2046 # three numbers
set -- $(awk '{ for (i = 1; i <= 3; i++) sum[i] += $i } END { print sum[1] + 0, sum[2] + 0, sum[3] + 0 }' "$logs/counts")
echo "$1 passed, $2 failed, $3 skipped"
[ "$2" -eq 0 ] && [ "$1" -gt 0 ]
