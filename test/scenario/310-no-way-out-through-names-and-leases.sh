#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Attacks on what every device must be given, names and addresses: a resolver of
# its own choice, bytes carried out in names, a name that points inside, every
# address of the pool taken.  Each has its effect behind a plain router, and
# none behind Pinfold.
#
#	310-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

# The lab says of each attack what was sent and what arrived, for each family.
carried_out() { # ATTACK ARGUMENT...
	lab attack "$@" >"$folder/attack" 2>&1 </dev/null || :
	grep '^attack' "$folder/attack" | sed 's/^/   /'
	awk '/^attack/ { n++; sent += $5 } END { exit !(n && sent) }' "$folder/attack" || { cat "$folder/attack"; false; }
}
arrives() { carried_out "$@" && awk '/^attack/ && $7 { n++ } END { exit !n }' "$folder/attack"; }
nothing_of() { carried_out "$@" && awk '/^attack/ && $7 { exit 1 }' "$folder/attack"; }
devices="dishwasher vacuum phone laptop"
named() { quiet room laptop getent ahosts time.isp.example; }

# --- the control: the same home behind a plain router
for name in $devices; do
	grep "^$name " "$root/lab/devices.list"
done >"$folder/lab/devices.list"
lab up --plain >/dev/null
within 100 named
expect "behind a plain router, a device asks a resolver of its own choice" arrives resolver vacuum
expect "carries bytes out in names" arrives tunnel vacuum 20
expect "a name of the attacker's points inside" arrives rebind laptop
expect "and no guest gets an address after every one was taken" arrives dhcp vacuum
lab down

# --- behind Pinfold
home $devices
learn_facts $devices
let_in dishwasher
let_in vacuum
let_in phone personal
let_in laptop personal
within 100 named
quiet pinfold policy add vacuum "allow tcp cloud.vacuum.example 443"
quiet pinfold device enforce vacuum --from rules
again() { quiet pinfold device release vacuum || :; }
resolves() { room vacuum getent ahostsv4 cloud.vacuum.example | grep -q 198.18; }
expect "behind Pinfold, the device that is held has the names that it needs" within 50 resolves
expect "it reaches no resolver of its own choice" nothing_of resolver vacuum
again
expect "nothing is carried out in names" nothing_of tunnel vacuum 20
again
expect "no name of the attacker's points inside" nothing_of rebind laptop
expect "a guest gets an address after it tried to take every one" nothing_of dhcp vacuum
again
held() { [ "$(state_of vacuum)" = enforce ]; }
expect "released from what it did, it is held as before" within 50 held
expect "and has the names that it needs" within 100 resolves
finish
