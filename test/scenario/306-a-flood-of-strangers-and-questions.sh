#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# 10,000 devices with 1,000,000 flows in a capture; then one device floods the
# home with DHCP, mDNS and DNS.  Memory stays bounded, nobody dies, and the
# others get what they need.
#
#	306-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

"$tool" capture "$folder/state/many.pcap" 10000 1000000 >"$folder/many"
home bulb vacuum phone
learn_facts bulb vacuum phone
let_in vacuum
let_in bulb
let_in phone personal
quiet pinfold device enforce bulb || quiet pinfold device observe bulb
met() { lab needs bulb >"$folder/needs" 2>&1; }
expect "the bulb has all that it needs" within 30 met

# Kilobytes of all of ours, and of the largest.
memory() {
	for name in pinfoldd $children dnsmasq; do
		gateway sh -c "awk '/^VmRSS/ { print \$2 }' /proc/\$(pgrep -x $name)/status"
	done | awk '{ sum += $1; if ($1 > most) most = $1 } END { print sum, most }'
}
before=$(memory)

# --- replay: the peak of whoever reads the capture
begun=$(now_ms)
gateway sh -c "'$build/src/ctl/pinfold' --json replay '$folder/state/many.pcap' >/run/replayed 2>/run/said &
	replay=\$!
	peak=0
	while kill -0 \$replay 2>/dev/null; do
		now=\$(ps -o rss= -p \$replay --ppid \$replay | awk '{ n += \$1 } END { print n + 0 }')
		[ \$now -le \$peak ] || peak=\$now
		sleep 0.1
	done
	wait \$replay && echo \$peak >/run/peak" </dev/null || :
peak=$(gateway cat /run/peak) || peak=
echo "   $(cat "$folder/many"): $(($(now_ms) - begun)) ms, peak ${peak:-?} kB"
expect "a capture of 10,000 devices and a million flows is read to its end" [ -n "$peak" ]
expect "in less than 200 MB" [ "${peak:-999999}" -lt 200000 ]
expect "none of its flows was lost" gateway grep -q '"flows": 1000000, "flows_lost": 0' /run/replayed
expect "with an answer" gateway grep -q '"devices"' /run/replayed
rm "$folder/state/many.pcap"

# --- floods from one device, a few seconds each
all_new() { echo "$(for name in pinfoldd $children dnsmasq; do pid_of $name; done)"; }
pids=$(all_new)
begin_at vacuum dhcp "$build/lab/lab-attack" dhcp eth0 2000 4
within 100 grep -q ^sent "$folder/dhcp" || :
begin_at vacuum dns "$tool" questions 10.77.0.1 100000
begin_at vacuum mdns "$tool" services 100000
expect "while it floods, the bulb has all that it needs" within 3 met
expect "and so has the phone: a new name, and a page" within 3 room phone curl -s --max-time 5 -o /dev/null https://www.news.example/
expect "and the owner is answered" quiet pinfold device list
sent() { grep -q '^sent [0-9]' "$folder/$1"; }
expect "the flood of questions was sent" within 200 sent dns
expect "the flood of services was sent" within 200 sent mdns
echo "   dhcp: $(grep ^sent "$folder/dhcp" | cut -d' ' -f1,2), dns: $(cat "$folder/dns"), mdns: $(cat "$folder/mdns")"
after=$(memory)
echo "   memory of all, and of the largest, in kB: $before before, $after after"
expect "memory of all of ours together stays below 120 MB" [ "${after% *}" -lt 120000 ]
expect "nobody has died" is "$pids" all_new
expect "the bulb still has all that it needs" within 5 met
finish
