# SPDX-License-Identifier: Apache-2.0
#
# Sourced by scenarios: the words for what must be true.

skip() { echo "skipped: $1"; exit 77; }

failed=0
patience=1      # seconds that a command may wait for what it wants
not_so() { :; } # shows more, after an expectation that did not hold

expect() { # SENTENCE COMMAND...
	sentence=$1 patience=4
	shift
	if "$@"; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		failed=1
		not_so
	fi
}
refuse() { # SENTENCE COMMAND...: the command must fail
	sentence=$1 patience=1
	shift
	if "$@"; then
		echo "not ok - $sentence"
		failed=1
		not_so
	else
		echo "ok - $sentence"
	fi
}
# True as soon as the command is, false after N tenths of a second.
within() { # TENTHS COMMAND...
	tenths=$1
	shift
	until "$@"; do
		tenths=$((tenths - 1))
		[ $tenths -gt 0 ] || return 1
		sleep 0.1
	done
}
# The same by the clock, for commands that themselves take long.
soon() { # SECONDS COMMAND...
	until=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $until ] || return 1
		sleep 0.1
	done
}
