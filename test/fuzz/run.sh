#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzzer for SECONDS (default 5), two at a time, beginning with the
# seeds of its corpus.  Without clang and its libFuzzer the seeds are replayed
# once instead, and each fuzzer counts as skipped.  What crashes stays in
# FUZZ_BUILD/crash.  Last line: N passed, N failed, N skipped.
#
#	test/fuzz/run.sh [SECONDS [NAME...]]
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
seconds=${1:-5}
[ $# -gt 0 ] && shift
build=${FUZZ_BUILD:-$root/build/fuzz}
mkdir -p "$build"
build=$(cd "$build" && pwd)

names=$*
if [ -z "$names" ]; then
	for file in "$here"/fuzz_*.c; do
		name=$(basename "$file" .c)
		names="$names ${name#fuzz_}"
	done
fi
set -- $names
total=$#

has_libfuzzer() {
	command -v clang >/dev/null || return 1
	echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }' \
		>"$build/probe.c"
	clang -fsanitize=fuzzer,address,undefined "$build/probe.c" -o "$build/probe" 2>/dev/null
}

# Everything below is built anew in its own folder; a failure names itself.
prepare() { # FOLDER TARGETS -- MESON-OPTIONS
	folder=$1 targets=$2
	shift 3
	if [ ! -f "$folder/build.ninja" ]; then
		meson setup "$folder" "$root" "$@" >"$build/setup.log" 2>&1 || {
			tail -20 "$build/setup.log"
			return 1
		}
	fi
	# shellcheck disable=SC2086 # several targets
	ninja -C "$folder" -j2 $targets >"$build/build.log" 2>&1 || {
		grep -E 'error|FAILED' "$build/build.log" | head -20
		return 1
	}
}

broken() {
	echo "not ok - the fuzzers do not build"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}

if has_libfuzzer; then
	CC=clang prepare "$build/clang" fuzzers -- -Dfuzz=true -Dwerror=false -Db_lundef=false \
		-Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link || broken
else
	targets=
	for name; do targets="$targets test/fuzz/replay_$name"; done
	prepare "$build/replay" "$targets" -- -Dbuildtype=debug || broken
fi

# One fuzzer; run by xargs, so it is a script of its own.
cat >"$build/one.sh" <<'ONE'
#!/bin/sh
build=$1 here=$2 seconds=$3 name=$4
log=$build/$name.log
mkdir -p "$build/found/$name" "$build/crash"
if [ -x "$build/clang/test/fuzz/fuzz_$name" ] && [ -x "$build/probe" ]; then
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		"$build/clang/test/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=512 -max_len=4096 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$build/crash/$name-" "$build/found/$name" \
		"$here/corpus/$name" >"$log" 2>&1 && verdict=ok || verdict='not ok'
	detail=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	echo "$verdict - $name: ${detail:-no} inputs"
else
	"$build/replay/test/fuzz/replay_$name" "$here/corpus/$name" >"$log" 2>&1 &&
		verdict=skipped || verdict='not ok'
	echo "$verdict: $name: no libFuzzer (clang) here; $(tail -1 "$log") replayed"
fi
[ "$verdict" = 'not ok' ] && grep -E 'ERROR|runtime error|Assertion|    #[0-9] ' "$log" | head -12
exit 0
ONE
chmod +x "$build/one.sh"
printf '%s\n' "$@" | xargs -P 2 -n 1 "$build/one.sh" "$build" "$here" "$seconds" >"$build/results"
cat "$build/results"

passed=$(grep -c '^ok - ' "$build/results")
skipped=$(grep -c '^skipped: ' "$build/results")
failed=$((total - passed - skipped))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
