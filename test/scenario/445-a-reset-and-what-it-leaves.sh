#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A recorder is reset by its owner, who is led through it.  It comes back and still
# lets in the password that was set before: that is found, twice, with a wrong one as
# the control.
#
#	445-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home recorder
learn_facts recorder
let_in recorder
canary=$(openssl passwd -6 Pinfold-canary-1)
# shellcheck disable=SC2016 # the recorder's own shell expands it
room recorder sh -c 'killall dropbear; echo "root:$1:19000:0:99999:7:::" >/var/jail/etc/shadow' sh "$canary"

"$folder/lab/pinfold-lab" exec gateway "$build/src/ctl/pinfold" audit reset recorder --pace lab --yes \
	>"$folder/reset" 2>&1 </dev/null &
leading=$!
told() { grep -q -- "$1" "$folder/reset"; }
expect "its owner is told what will happen" within 50 told "Set the device up as its owner would"
expect "and asked for the reset when it is time" within 900 told "reset the device now"
expect "who asks again is led on in the same run" sh -c "timeout 2 '$folder/lab/pinfold-lab' exec gateway \
	'$build/src/ctl/pinfold' audit reset recorder --pace lab --yes 2>&1 </dev/null | grep -q 'goes on where it is'"
# It starts again, and answers nobody meanwhile.
room recorder nft 'add table inet away; add chain inet away in { type filter hook input priority 0; policy drop; }'
expect "that it went away is seen" within 100 told "it went away"
room recorder nft delete table inet away
wait $leading || :
cat "$folder/reset" >>"$log"
expect "what is left is a failure" told "FAIL 5.11-1 (reset-after): after the reset the password of its owner is still let in"
expect "and none of a mandatory line of the CRA" sh -c "grep -q '\"CRA-I2b\"' '$gateway_state/audit/'*/result.json"
refuse "nobody is left in the rig" sh -c "'$folder/lab/pinfold-lab' exec gateway nft list set inet pinfold rig | grep -q elements"
expect "an ordinary run asks nobody for a reset" sh -c "! '$folder/lab/pinfold-lab' exec gateway \
	'$build/src/ctl/pinfold' --json audit run recorder --consent passive | grep -q reset"
finish
