#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The whole product with invented devices behind it (crowd.c), in namespaces
# that end with the script: memory, lease to enforced, harm to containment.
#
#	home.sh BUILD RAW [DEVICES...]
#
# Devices: 14, 200 (also harm), 1000 (only leases), 10000; without a word, all.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "$1")
raw=$2
shift 2
[ $# -gt 0 ] || set -- 14 200 1000 10000

figures="memory-14 memory-200 memory-10000 harm-to-containment dhcp-to-enforced dhcp-to-enforced-1000"
absent() {
	for name in $figures; do
		echo "@absent $name $1" >>"$raw"
	done
	echo "home: not measured: $1"
	exit 0
}
[ "$(id -u)" = 0 ] || absent "needs root for namespaces"
command -v dnsmasq >/dev/null || absent "needs dnsmasq"

if [ -z "${PINFOLD_INSIDE-}" ]; then
	raw=$(realpath "$raw")
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --uts --fork --kill-child \
		"$here/home.sh" "$build" "$raw" "$@"
fi
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns
place=/run/place
umask 022

begin() { # DEVICES SETTING...
	devices=$1 ports=100
	shift
	[ "$devices" -gt $ports ] || ports=$devices
	mkdir -p $place/run $place/state
	for name in dev gw net; do
		ip netns add $name
		ip -n $name link set lo up
	done
	ip netns exec dev sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	{
		echo "link add wan0 netns gw type veth peer name i0 netns net"
		for port in $(seq 0 $((ports - 1))); do
			echo "link add p$port netns gw type veth peer name d$port netns dev"
		done
	} | ip -batch -
	for port in $(seq 0 $((ports - 1))); do echo "link set d$port up"; done | ip -n dev -batch -
	ip -n net link set i0 up
	ip -n net addr add 198.18.0.1/30 dev i0
	ip -n net addr add 198.18.1.1/32 dev lo
	{
		cat <<-END
			mode = router
			lan-address = 10.0.0.1/8
			uplink = wan0
			uplink-mode = static
			uplink-address = 198.18.0.2/30
			uplink-gateway = 198.18.0.1
			dns-forward = 198.18.0.1
			web-listen = 127.0.0.1:8480
			run-directory = $place/run
			state-directory = $place/state
		END
		for port in $(seq 0 $((ports - 1))); do echo "lan-port = p$port"; done
		for line in "$@"; do echo "$line"; done
	} >$place/pinfold.conf
	ip netns exec gw "$build/src/process/pinfoldd" -f $place/pinfold.conf >$place/log 2>&1 &
	monitor=$!
	tries=0
	until [ -S $place/run/ctl ] && is_up; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "the gateway is not up after 30 s"
		sleep 0.1
	done
}
is_up() {
	ip -n gw link show br-lan 2>/dev/null | grep -q LOWER_UP &&
		ip netns exec gw ss -Hlun 'sport = :67' | grep -q .
}
fail() {
	echo "home: $1" >&2
	tail -n 20 $place/log >&2
	exit 1
}
end() {
	kill $monitor
	wait $monitor || :
	for name in dev gw net; do ip netns del $name; done
	rm -rf $place
}
# Before others, as on a machine of its own: its probes are the clock.
crowd() { # STEP...
	nice -n -19 "$build/test/bench/crowd" $place/run/ctl "$devices" "$ports" "$@" >>"$raw" || fail "crowd $*: failed"
}

# Sum of PSS of all processes of the gateway, dnsmasq included, in MB.
memory() {
	for process in /proc/[0-9]*; do
		case $(cat "$process/comm" 2>/dev/null) in
		pinfoldd | capture | engine | passwords | enforcer | resolver | relay | fetcher | web | dnsmasq)
			awk -v name="$(cat "$process/comm")" '$1 == "Pss:" { print name, $2 }' "$process/smaps_rollup"
			;;
		esac
	done >$place/pss
	[ "$(wc -l <$place/pss)" -ge 9 ] || fail "not all processes run"
	echo "home: $devices devices, kB: $(tr '\n' ' ' <$place/pss)" >&2
	awk '{ kb += $2 } END { printf "%.2f", kb / 1024 }' $place/pss
}

for n in "$@"; do
	case $n in
	1000)
		begin 1000 "containment = report" "packet-cap = 100000" "flow-cap = 100000"
		crowd join hold 1000 lease 5 storm 3
		;;
	200)
		begin 200 "containment = act"
		crowd join hold 200
		sleep 3
		for _ in 1 2 3; do echo "memory-200 $(memory)" >>"$raw"; sleep 1; done
		end
		begin 200 "containment = act"
		crowd join hold 200 harm 200
		;;
	*)
		begin "$n" "containment = act"
		# To hold one takes as long as to read all flows; of 10,000 the others are watched.
		held=$n
		[ "$n" -le 500 ] || held=500
		crowd join hold "$held"
		sleep 3
		for _ in 1 2 3; do echo "memory-$n $(memory)" >>"$raw"; sleep 1; done
		;;
	esac
	end
done
