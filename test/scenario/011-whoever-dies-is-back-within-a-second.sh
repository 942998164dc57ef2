#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every process is killed, one after another, then the monitor.
set -eu
. "$(dirname "$0")/monitor/place.sh"

settings <<END
END
start
make_bridge
within 50 logged "all processes are ready" && within 50 runs dnsmasq || { cat $log; exit 1; }

ready() { grep -c "^<6>$1\[stub\]: is confined and ready" $log || true; }
is_ready_again() { [ "$(ready "$1")" -gt "$2" ]; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

for name in $children; do
	others=$(for n in $children; do [ $n = "$name" ] || pid_of $n; done)
	old=$(pid_of "$name") was=$(ready "$name")
	peers=$(grep -c "peer $name$" $log || true)
	mine=$(grep -c "^<6>$name\[stub\]: got descriptor 1 " $log || true)
	begun=$(now_ms)
	kill -9 "$old"
	expect "$name is back and ready within a second" within 10 is_ready_again "$name" "$was"
	echo "   after $(($(now_ms) - begun)) ms"
	expect "it is a new process" runs_as_new "$name" "$old"
	expect "nobody else was started again" [ "$(for n in $children; do [ $n = "$name" ] || pid_of $n; done)" = "$others" ]
	expect "its peers have new channels to it" within 10 times_logged $((peers + 1)) "peer $name$"
	expect "and it has channels to them" within 10 times_logged $((mine + 1)) "^<6>$name\[stub\]: got descriptor 1 "
done

old=$(pid_of dnsmasq)
kill -9 "$old"
expect "the DHCP server is back within a second" within 10 runs_as_new dnsmasq "$old"

# Who dies again and again must not take the machine with it, nor be given up.
for i in 1 2 3 4 5 6 7 8; do
	old=$(pid_of capture)
	[ -n "$old" ] && kill -9 "$old"
	within 15 runs_as_new capture "$old" || break
done
expect "a process that dies in a loop still comes back within a second or so" runs capture

old_engine=$(pid_of engine)
kill -9 "$monitor"
expect "when the monitor dies nobody outlives it" within 10 nobody_runs
: >$log
start
expect "another monitor takes over at once" within 50 logged "all processes are ready"
expect "with new processes" runs_as_new engine "$old_engine"
expect "and its sockets can be had again" within 30 logged '^<6>web\[stub\]: got descriptor 6 '

# A supervisor does not wait until the dead one is swept away.
for i in 1 2 3 4 5; do
	: >$log
	kill -9 "$monitor"
	start
	expect "killed and started at once, it is ready within a second ($i)" \
		within 10 logged "all processes are ready"
done
one_of_each() {
	for name in $children; do [ "$(pgrep -c -x "$name")" = 1 ] || return 1; done
}
expect "nobody is left of those before" within 10 one_of_each

first=$monitor
if $folder/bin/pinfoldd -f $folder/pinfold.conf >$folder/second 2>&1; then second=0; else second=$?; fi
expect "a second monitor beside it refuses" [ $second = 1 ]
expect "and says why" grep -q "already runs" $folder/second
expect "the first one is not disturbed" is_alive "$first"

kill -TERM "$monitor"
expect "an orderly end ends everybody" within 50 nobody_runs
expect "and the monitor" within 10 is_gone "$monitor"
expect "and says that the rules stay" logged "the rules stay"
finish
