#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Forwarding by three gateways side by side, in turn, round by round:
#
#	plain     conntrack and masquerade, no policy
#	pinfold   the same, with the rules of the real enforcer and N held devices
#	linear    the same, with a list of N*10 rules
#
#	forward.sh BUILD RAW [ROUNDS [SECONDS [N...]]]
#
# Figures, each counted at the far side:
#
#	new          every packet is the first of its flow
#	unanswered   packets of 10,000 flows that nobody has answered
#	established  packets of 10,000 flows that were answered
#	linear       new, against the list
#
# The source runs at real-time priority on one processor, and the forwarding in
# its interrupt: others on this machine cost both sides little.
#
# Appends raw lines for figures.c to RAW.  Everything happens in namespaces that
# end with the script.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "$1")
raw=$2 rounds=${3:-15} seconds=${4:-0.3}
[ $# -le 4 ] || shift 4
[ $# -le 4 ] || :
case ${1:-} in *[!0-9]* | "") set -- 10 100 1000 10000 ;; esac

absent() {
	for n in "$@"; do
		for kind in new unanswered established linear; do
			echo "@absent forward-$kind-$n $reason" >>"$raw"
		done
	done
	echo "forward: not measured: $reason"
	exit 0
}
reason="needs root for namespaces"
[ "$(id -u)" = 0 ] || absent "$@"
reason="needs clang and libbpf-dev for the packet source"
if ! command -v clang >/dev/null || ! [ -x "$build/test/bench/source" ]; then
	absent "$@"
fi

if [ -z "${PINFOLD_INSIDE-}" ]; then
	raw=$(realpath "$raw")
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --uts --fork --kill-child \
		"$0" "$build" "$raw" "$rounds" "$seconds" "$@"
fi
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns /run/bench
work=/run/bench
clang -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" -I"$here" \
	-c "$here/source.bpf.c" -o $work/source.o

on() { where=$1; shift; ip netns exec "$where" "$@"; }
first=
! chrt -f 10 taskset -c $(($(nproc) - 1)) true 2>/dev/null || first="chrt -f 10 taskset -c $(($(nproc) - 1))"

# A device side, a gateway with one bridge port, and an internet that counts.
make_world() { # NAME
	for place in dev gw net; do
		ip netns add "$1-$place"
		ip -n "$1-$place" link set lo up
		on "$1-$place" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null || :
	done
	ip link add d0 netns "$1-dev" type veth peer name p0 netns "$1-gw"
	ip link add wan0 netns "$1-gw" type veth peer name i0 netns "$1-net"
	ip -n "$1-dev" link set d0 address 02:bb:00:00:00:01
	ip -n "$1-gw" link set wan0 address 02:ee:00:00:00:01
	ip -n "$1-net" link set i0 address 02:dd:00:00:00:01
	ip -n "$1-gw" link add br-lan address 02:cc:00:00:00:01 type bridge
	for link in dev:d0 gw:p0 gw:wan0 net:i0; do
		# Without it a veth takes no frames from XDP.
		on "$1-${link%:*}" ethtool -K "${link#*:}" gro on 2>/dev/null
	done
	ip -n "$1-dev" link set d0 up
	ip -n "$1-net" link set i0 up
	ip -n "$1-net" addr add 192.0.2.2/24 dev i0
	on "$1-net" nft -f - <<-END
		table netdev sink {
			chain end { type filter hook ingress device i0 priority 0; policy drop; }
		}
	END
	on "$1-dev" nft -f - <<-END
		table netdev sink {
			chain end { type filter hook ingress device d0 priority 0; policy drop; }
		}
	END
}

up_by_hand() { # NAME: what the enforcer does for its own
	on "$1-gw" sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=0 \
		net.bridge.bridge-nf-call-arptables=0
	ip -n "$1-gw" link set p0 master br-lan
	for link in p0 br-lan wan0; do ip -n "$1-gw" link set $link up; done
	ip -n "$1-gw" addr add 10.0.0.1/8 dev br-lan
	ip -n "$1-gw" addr add 192.0.2.1/24 dev wan0
	ip -n "$1-gw" route add default via 192.0.2.2
}

settle() { # NAME
	ip -n "$1-gw" neigh replace 192.0.2.2 lladdr 02:dd:00:00:00:01 dev wan0 nud permanent
	until ip netns exec "$1-gw" bridge link show dev p0 | grep -q 'state forwarding'; do sleep 0.1; done
}

rules_plain() {
	cat <<-END
		table inet plain {
			chain forward {
				type filter hook forward priority 0; policy accept;
				ct state established,related accept
				ct state invalid drop
			}
			chain postrouting {
				type nat hook postrouting priority srcnat;
				oifname "wan0" masquerade
			}
		}
	END
}

rules_linear() { # DEVICES
	awk -v devices="$1" '
	function quad(n) { return int(n / 16777216) "." int(n / 65536) % 256 "." int(n / 256) % 256 "." n % 256 }
	BEGIN {
		print "table inet linear {\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;"
		print "\t\tct state established,related accept"
		for (i = 0; i < devices; i++)
			for (j = 0; j < 10; j++)
				printf "\t\tip saddr %s ip daddr %s udp dport %d accept\n", quad(167772416 + i), quad(3323068416 + (i * 10 + j) % 131072), 20000 + j
		print "\t}\n\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat;\n\t\toifname \"wan0\" masquerade\n\t}\n}"
	}'
}

received() { # NAME PLACE LINK
	on "$1-$2" cat "/sys/class/net/$3/statistics/rx_packets"
}

# shellcheck disable=SC2086 # several words, or none
send_new() { # NAME DEVICES FLOWS SECONDS MODE
	on "$1-dev" $first "$build/test/bench/source" $work/source.o d0 "$2" "$3" "$4" "$5" \
		02:aa:00:00:00:00 "$(on "$1-gw" cat /sys/class/net/br-lan/address)" 198.18.0.1
}

# Packets a second that reached the far side.
rate() { # NAME DEVICES FLOWS MODE
	before=$(received "$1" net i0)
	took=$(send_new "$1" "$2" "$3" "$seconds" "$4" | cut -d' ' -f2)
	after=$(received "$1" net i0)
	echo "$before $after $took" | awk '{ printf "%.0f", ($2 - $1) / $3 }'
}

# shellcheck disable=SC2086 # as above
prime() { # NAME DEVICES FLOWS: every flow once, then an answer to every flow
	send_new "$1" "$2" "$3" 30 once >/dev/null
	on "$1-net" $first "$build/test/bench/source" $work/source.o i0 "$2" "$3" 30 reply \
		02:dd:00:00:00:01 02:ee:00:00:00:01 192.0.2.1 >/dev/null
}

forget_flows() { on "$1-gw" conntrack -F >/dev/null 2>&1; }

arrive() { # NAME DEVICES MODE: how many of 500 packets
	before=$(received "$1" net i0)
	send_new "$1" "$2" 500 5 "$3" >/dev/null
	echo $(($(received "$1" net i0) - before))
}

must() { # WHAT LEAST MOST COUNT
	[ "$4" -ge "$2" ] && [ "$4" -le "$3" ] && return
	echo "forward: control failed: $1: $4, not $2 to $3" >&2
	exit 1
}

# What is measured is what is meant: each world passes all that it should, and
# ours nothing else.
control() { # DEVICES FLOWS
	for world in plain pinfold linear; do
		forget_flows $world
		must "$world, declared packets" 495 510 "$(arrive $world "$1" once)"
	done
	must "plain, undeclared packets" 495 510 "$(arrive plain "$1" undeclared)"
	for world in pinfold linear; do
		must "$world, undeclared packets" 0 5 "$(arrive $world "$1" undeclared)"
	done
	for world in plain pinfold; do
		forget_flows $world
		prime $world "$1" "$2"
		answered=$(on $world-gw conntrack -L 2>/dev/null | grep -c -v UNREPLIED)
		must "$world, flows answered" $(($2 * 95 / 100)) "$2" "$answered"
	done
}

for n in "$@"; do
	for kind in new unanswered established linear; do
		echo "@version forward-$kind-$n Linux $(uname -r), nftables $(nft --version | cut -d' ' -f2)" >>"$raw"
	done
	# More flows than can be sent in a round, and fewer than conntrack holds.
	once=200000 flows=10000
	for world in plain pinfold linear; do make_world $world; done

	up_by_hand plain
	rules_plain | on plain-gw nft -f -
	up_by_hand linear
	rules_linear "$n" | on linear-gw nft -f -

	ip -n pinfold-gw link del br-lan
	cat >$work/pinfold.conf <<-END
		lan-port = p0
		lan-address = 10.0.0.1/8
		uplink = wan0
		uplink-mode = static
		uplink-address = 192.0.2.1/24
		uplink-gateway = 192.0.2.2
		run-directory = $work
		state-directory = $work
	END
	on pinfold-gw sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	mkfifo $work/hold.in
	on pinfold-gw "$build/test/bench/hold" $work/pinfold.conf "$build/src/process/enforcer" "$n" p0 \
		<$work/hold.in >$work/hold.out 2>$work/hold.log &
	hold=$!
	exec 8>$work/hold.in
	until grep -q policies $work/hold.out; do
		kill -0 $hold 2>/dev/null || { cat $work/hold.log; exit 1; }
		sleep 0.1
	done
	echo "forward: $n devices: $(cat $work/hold.out)"
	for world in plain pinfold linear; do settle $world; done
	control "$n" $flows
	round=0
	while [ $round -lt "$rounds" ]; do
		for world in plain pinfold linear; do forget_flows $world; done
		a=$(rate plain "$n" $once once)
		b=$(rate pinfold "$n" $once once)
		c=$(rate linear "$n" $once once)
		echo "forward-new-$n $b $a" >>"$raw"
		echo "forward-linear-$n $b $c" >>"$raw"
		for world in plain pinfold; do forget_flows $world; done
		a=$(rate plain "$n" $flows random)
		b=$(rate pinfold "$n" $flows random)
		echo "forward-unanswered-$n $b $a" >>"$raw"
		prime plain "$n" $flows
		prime pinfold "$n" $flows
		a=$(rate plain "$n" $flows random)
		b=$(rate pinfold "$n" $flows random)
		echo "forward-established-$n $b $a" >>"$raw"
		round=$((round + 1))
	done
	exec 8>&-
	wait $hold || { cat $work/hold.log; exit 1; }
	rm -f $work/hold.in
	for world in plain pinfold linear; do
		for place in dev gw net; do ip netns del $world-$place; done
	done
done
