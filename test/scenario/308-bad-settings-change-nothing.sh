#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A gateway that holds its devices is started again with settings that cannot be
# understood, one mistake after another.  Each is said with file, line, word and
# reason; nobody starts, and what was in force stays in force, whole.
#
#	308-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera
learn_facts camera
let_in camera
quiet pinfold policy add camera "allow tcp 198.18.4.1 80"
quiet pinfold device enforce camera --from rules
opens() { room camera timeout 2 socat -u /dev/null "TCP4:$1:$2,connect-timeout=1" 2>/dev/null; }
expect "what is allowed works" within 30 opens 198.18.4.1 80
refuse "what is not does not" opens 198.18.9.9 80

conf=$folder/state/gateway/pinfold.conf
cp "$conf" "$folder/good"
lines=$(wc -l <"$conf")
rules() { gateway nft -s list ruleset | sed 's/expires [0-9a-z]*//; s/counter packets .*//; s/ size [0-9]*//' | grep -v 'limit rate' | cksum; }
handles() { gateway nft -a list ruleset | grep -E '^table|^	(chain|set|map) ' | cksum; }
was=$(handles)
nobody() {
	for name in pinfoldd $children; do
		[ -z "$(pid_of $name)" ] || return 1
	done
}
count_start internet forbidden ip daddr 198.18.9.9

try() { # ABOUT LINE WHAT-MUST-BE-SAID...
	about=$1 line=$2
	shift 2
	{ cat "$folder/good"; printf '%b\n' "$line"; } >"$conf"
	: >"$folder/said"
	gateway "$build/src/ctl/pinfold" check-config "$conf" >"$folder/said" 2>&1 && status=0 || status=$?
	expect "$about: check-config refuses" [ $status != 0 ]
	for words in "pinfold.conf" "line $((lines + 1))\|:$((lines + 1))" "$@"; do
		expect "$about: it says $words" grep -q -- "$words" "$folder/said"
	done
	[ $failed = 0 ] || cat "$folder/said"
	seen=$(times_logged "ended with status 2$")
	end_process "$(pid_of pinfoldd)" 2>/dev/null || :
	refused_again() { [ "$(times_logged 'ended with status 2$')" -gt "$seen" ]; }
	expect "$about: it does not start" within 50 refused_again
	said_in_log() { grep -a "pinfold.conf" "$log" | tail -n 1 | grep -q -- "$1"; }
	expect "$about: and says the same" said_in_log "$1"
	expect "$about: nobody runs" within 50 nobody
	expect "$about: the rules are those that were there" is "$was" handles
	expect "$about: what is allowed works" opens 198.18.4.1 80
	refuse "$about: what is not does not" opens 198.18.9.9 80
	cp "$folder/good" "$conf"
	works() { quiet pinfold status; }
	expect "mended, it runs" within 100 works
	expect "and holds" is enforce state_of camera
}
try "a word that is none" "lan-prot = p-x" "lan-prot"
try "a number that is none" "packet-cap = many" "many" "packet-cap"
try "an address that is none" "dns-forward = 198.18.0.999" "198.18.0.999"
try "a line that is none" "this is no line" "this"
try "a name with an escape" 'lan-port = p\033[31m' "lan-port"
refuse "an escape reaches the log" sh -c "LC_ALL=C grep -a -n -P '[\\x00-\\x08\\x0b-\\x1f\\x7f-\\xff]' '$log'"
expect "not one forbidden packet has arrived" none_arrived internet forbidden
finish
