#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manuals tell the truth: every command that `pinfold help` knows with its
# options, every key of the settings, and none that is not there.
#
#	man/check.sh words PINFOLD SOURCE
#	man/check.sh lint
set -eu
pinfold=$(realpath "${2-.}") source=$(realpath "${3-.}")
cd "$(dirname "$0")"
failed=0
wrong() {
	echo "$1"
	failed=1
}

# One command a line with its options, without values and blanks: "device list --state".
commands_of_help() {
	"$1" help | sed -n 's/^  \([a-z][^ ]*.*[^ ]\)   *[^ ].*$/\1/p' |
		sed 's/\[\(--[a-z]*\)[^]]*\]/\1/g; s/\[[A-Z]*\]//g; s/ [A-Z][A-Z]*//g; s/  */ /g; s/ $//'
}
commands_of_manual() {
	sed -n 's/^\.It Cm //p' pinfold.1 |
		sed 's/Fl -\([a-z]*\)/--\1/g; s/ O[pco]//g; s/ Ar [^-]*/ /g; s/  */ /g; s/ $//'
}
keys_of_source() {
	sed -n '/^static const struct key keys/,/^};/s/^	{"\([a-z0-9-]*\)".*/\1/p' \
		"$1/src/base/settings.c"
}
keys_of_manual() { sed -n 's/^\.It Cm \([a-z0-9-]*\) Li = .*/\1/p' pinfold.conf.5; }

same() { # WHAT HAVE SAID
	[ -n "$2" ] || wrong "no $1 at all"
	for side in "$2" "$3"; do
		other=$([ "$side" = "$2" ] && echo "$3" || echo "$2")
		echo "$side" | while IFS= read -r line; do
			echo "$other" | grep -qxF -- "$line" || echo "$line"
		done
	done
}

case $1 in
words)
	left=$(same command "$(commands_of_help "$pinfold")" "$(commands_of_manual)")
	[ -z "$left" ] || wrong "in one of pinfold help and pinfold(1) only: $left"
	left=$(same key "$(keys_of_source "$source")" "$(keys_of_manual)")
	[ -z "$left" ] || wrong "in one of settings.c and pinfold.conf(5) only: $left"
	;;
lint)
	command -v mandoc >/dev/null || { echo "skipped: mandoc is not installed"; exit 77; }
	# Whether other manuals are on this machine is nothing to us.
	said=$(mandoc -T lint pinfold.1 pinfold.conf.5 pinfoldd.8 2>&1 |
		grep -vE 'referenced manual not found|outdated mandoc.db' || true)
	[ -z "$said" ] || wrong "$said"
	;;
*) exit 2 ;;
esac
exit $failed
