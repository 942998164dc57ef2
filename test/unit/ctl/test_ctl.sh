#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the command line does without a daemon.  Argument: the program.
set -u
pinfold=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/../../scenario/expect.sh"

# expect_status WANTED ARGUMENTS...
status_is()
{
	wanted=$1
	shift
	"$pinfold" --socket "$work/none" "$@" >"$work/out" 2>"$work/err"
	[ $? -eq "$wanted" ]
}

says()
{
	grep -q -- "$1" "$work/out" "$work/err"
}

expect "help is no mistake" status_is 0 help
expect "help names every noun" says "device list"
expect "without a daemon the status is 3" status_is 3 status
expect "and it says which socket was tried" says "$work/none"
expect "a noun without its verb is not understood" status_is 2 device
expect "a word that nobody knows is not understood" status_is 2 frobnicate
expect "a missing argument is named" status_is 2 device show
expect "by its name" says "DEVICE is missing"
expect "one word too many is named" status_is 2 device show a b
expect "as it was said" says '"b" is one word too many'
expect "a time that is none is refused" status_is 2 device pause camera soon
expect "with what a time looks like" says "15m"
expect "an unknown shell has no completion" status_is 2 completion fish
expect "escape bytes do not reach the terminal" status_is 2 device show a "$(printf 'b\033[31m')"
expect "but are shown as numbers" says 'x1b'

expect "a pack has to be named" status_is 2 audit verify
expect "a key is 64 digits" status_is 2 audit verify "$work/none" --key 12
expect "a pack that is not there is refused" status_is 1 audit verify "$work/none"
# The leak detector of a sanitized build starts a process, which whoever looks at a pack cannot.
confined() { (export ASAN_OPTIONS=detect_leaks=0; "$@"); }
head -c 5000 /dev/urandom >"$work/noise"
expect "noise is no pack" confined status_is 1 audit verify "$work/noise"
: >"$work/empty"
expect "nothing is no pack" confined status_is 1 audit verify "$work/empty"
expect "a folder is no pack" confined status_is 1 audit verify "$work"
expect "a run is a number" status_is 2 audit show camera
expect "without a daemon nothing is tested" status_is 3 audit run camera

"$pinfold" completion bash >"$work/bash" && "$pinfold" completion zsh >"$work/zsh"
if command -v bash >/dev/null; then
	expect "the completion for bash is bash" bash -n "$work/bash"
	bash -c '. "$1"; COMP_WORDS=(pinfold device ad); COMP_CWORD=2; _pinfold; echo "${COMPREPLY[*]}"' \
		bash "$work/bash" >"$work/out" 2>"$work/err"
	expect "it completes a verb of its noun" grep -qx admit "$work/out"
fi
if command -v zsh >/dev/null; then
	expect "the completion for zsh is zsh" zsh -n "$work/zsh"
fi

printf 'mode = router\nlan-prot = eth1\n' >"$work/pinfold.conf"
expect "a bad configuration is refused" status_is 1 check-config "$work/pinfold.conf"
expect "by file, line and word" says "pinfold.conf.*2.*lan-prot"
expect "a capture that is none is refused" status_is 1 replay "$work/pinfold.conf"
expect "a capture that is not there is refused" status_is 1 replay "$work/nothing"

expect "the standards are known without the daemon" status_is 0 standards list
expect "by their names" says "SI 2023/1007"
expect "and the whole mapping" status_is 0 standards map --csv
expect "has a row for each provision" test "$(wc -l <"$work/out")" -eq 79
expect "a page of it is written where one wants it" status_is 0 standards map --html "$work/map.html"
expect "and is whole" grep -q "</html>" "$work/map.html"
expect "a page that cannot be written is a failure" status_is 1 standards map --html "$work/none/map.html"
expect "a form that nobody knows is not understood" status_is 2 standards map --yaml

exit $failed
