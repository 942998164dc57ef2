#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Three audits at once: while the camera is tested, the engine and then the checker
# are killed; the door camera goes away; the bulb says yes to any login.  Each ends
# with what can be said of it, and with nothing more.
#
#	403-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

[ -x "$build/test/target/target" ] || skip "needs test/target"
home camera bulb doorcam
learn_facts camera bulb doorcam
for name in camera bulb doorcam; do let_in $name; done
begin_at bulb target "$build/test/target/target" --seed 1 --service telnet --fault none \
	--manner any-login --port 23 --family 46 --address 0.0.0.0 --address6 :: --seconds 170
expect "a telnet that says yes to everything listens" within 50 \
	quiet room bulb sh -c 'ss -Hltn "sport = :23" | grep -q .'

telnet="--checks tcp-ports,telnet-login --pace lab"
run_of() { field run audit list "$1"; }
# shellcheck disable=SC2086
for name in camera bulb doorcam; do quiet pinfold audit run $name $telnet; done
shown() { pinfold audit show "$(run_of "$1")" >"$folder/shown" 2>/dev/null && grep -q -- "$2" "$folder/shown"; }
at_work() { [ "$(field check audit list "$1")" = "$2" ]; }
expect "three devices are tested at once" within 50 at_work doorcam tcp-ports
room doorcam ip link set eth0 down

# --- killed, twice
kill_child() { end_process "$(gateway pgrep -ox "$1")" && within 50 quiet pinfold status; } # not its workers
before=$(run_of camera)
expect "the engine dies in the midst of it" kill_child engine
expect "the run is there again, with its number" within 50 is "$before" run_of camera
expect "and goes on" within 100 at_work camera tcp-ports
expect "the checker dies as well" kill_child checker
expect "the run goes on behind what is done" within 300 at_work camera telnet-login
ended() { [ "$(field ended audit list "$1")" != 0 ]; }
expect "it ends" within 600 ended camera
expect "as done" shown camera ": done$"
expect "with the camera's fault proved" shown camera "^FAIL 5.1-1 (telnet-login)"
expect "and it is said how often it had to begin again" is 2 field resumed audit show "$before"

# --- gone
expect "the run of what went away ends" within 600 ended doorcam
expect "as that" shown doorcam "DEVICE_LOST"
refuse "and proves nothing" shown doorcam "^FAIL"

# --- yes to everything
expect "the run of what says yes to any login ends" within 600 ended bulb
expect "as what cannot be told" shown bulb "CONTROL_FAILED"
refuse "and not as a factory login" shown bulb "^FAIL 5.1-1"
pinfold audit show "$(run_of bulb)" >>"$log"
finish
