# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scenarios of the enforcer: a gateway with three devices on
# three ports and an internet of one machine, all in namespaces of their own
# that end with the script, and one real, confined enforcer whose peers are
# played by enforcer/drive.c.
#
#	NNN-*.sh ENFORCER DRIVE
#
#	a, b, c   on ports p-a, p-b, p-c: 192.168.77.11 .12 .13, fd77::11 ::12 ::13,
#	          MACs 02:00:00:00:00:0a 0b 0c
#	net       behind the uplink wan0: 198.18.1.1, 198.18.1.2, 2001:db8:1::1, ::2

. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
[ $# -ge 2 ] || { echo "usage: $0 ENFORCER DRIVE"; exit 2; }
for tool in ip bridge ss nft socat tcpdump conntrack busybox; do
	command -v $tool >/dev/null || skip "needs $tool"
done

if [ -z "${PINFOLD_INSIDE-}" ]; then
	enforcer=$(realpath "$1") drive=$(realpath "$2")
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --uts --fork --kill-child "$0" "$enforcer" "$drive"
fi
enforcer=$1 drive=$2
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns /run/place
folder=/run/place
log=$folder/log
: >$log
umask 022

# --- expectations

finish() {
	[ $failed = 0 ] || cat $log
	exit $failed
}

# --- the place

on() { # NAMESPACE COMMAND...
	place=$1
	shift
	ip netns exec "$place" "$@"
}

make_device() { # NAME NUMBER
	ip netns add $1
	ip link add p-$1 type veth peer name eth0 netns $1
	on $1 sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.router_solicitations=0 \
		net.ipv4.neigh.eth0.retrans_time_ms=100 net.ipv6.neigh.eth0.retrans_time_ms=100
	ip -n $1 link set lo up
	ip -n $1 link set eth0 address 02:00:00:00:00:0$1
	ip -n $1 link set eth0 up
	ip -n $1 addr add 192.168.77.$2/24 dev eth0
	ip -n $1 addr add fd77::$2/128 dev eth0 nodad
	ip -n $1 route add default via 192.168.77.1
	ip -n $1 route add fd77::1/128 dev eth0
	ip -n $1 route add default via fd77::1
}

make_place() {
	ip link set lo up
	ip netns add net
	ip link add wan0 type veth peer name eth0 netns net
	ip -n net link set lo up
	on net sysctl -qw net.ipv6.conf.eth0.accept_dad=0
	sysctl -qw net.ipv6.conf.wan0.accept_dad=0
	ip -n net link set eth0 up
	ip -n net addr add 198.18.0.1/30 dev eth0
	ip -n net addr add 2001:db8:ffff::1/64 dev eth0 nodad
	for host in 1 2 3; do
		ip -n net addr add 198.18.1.$host/32 dev lo
		ip -n net addr add 2001:db8:1::$host/128 dev lo nodad
	done
	ip -n net route add fd77::/64 via 2001:db8:ffff::2
	ip -n net route add 192.168.77.0/24 via 198.18.0.2
	make_device a 11
	make_device b 12
	make_device c 13
	cat >$folder/pinfold.conf <<-END
		lan-bridge = br-lan
		lan-port = p-a
		lan-port = p-b
		lan-port = p-c
		lan-address = 192.168.77.1/24
		lan-prefix = fd77::1/64
		uplink = wan0
		uplink-mode = static
		uplink-address = 198.18.0.2/30
		uplink-gateway = 198.18.0.1
		uplink-address6 = 2001:db8:ffff::2/64
		uplink-gateway6 = 2001:db8:ffff::1
	END
}

serve_driver() {
	$drive serve $folder/socket $folder/pinfold.conf $enforcer >>$log 2>&1 &
	driver=$!
	within 50 test -S $folder/socket
}
say() { $drive $folder/socket "$@"; }
said() { say "$@" >>$log; }

# Everything up, and the enforcer with no policy yet.
begin() {
	make_place
	serve_driver
	expect "the enforcer begins" said start
}
mac() { echo 02:00:00:00:00:0$1; }
number() { case $1 in a) echo 11 ;; b) echo 12 ;; c) echo 13 ;; esac }
# The words that bind a device to its port, MAC and addresses.
bound() { # DEVICE
	echo "bind=p-$1,$(mac $1),192.168.77.$(number $1) bind=p-$1,$(mac $1),fd77::$(number $1)"
}
hold() { # DEVICE STATE WORD...: device numbers are 11, 12, 13
	device=$1 state=$2
	shift 2
	# shellcheck disable=SC2046
	said policy $(number $device) $state $(bound $device) "$@"
}

# --- traffic

# A server of a TCP port, both families, that echoes; and one of UDP at an address.
listen() { # NAMESPACE PORT...
	where=$1
	shift
	for port in "$@"; do
		on $where socat TCP6-LISTEN:$port,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
		within 50 is_listening $where $port
	done
}
listen_udp() { # NAMESPACE ADDRESS PORT
	on $1 socat UDP$(family $2)-RECVFROM:$3,bind=$(bracket $2),fork PIPE 2>/dev/null &
	within 50 on $1 sh -c "ss -Hlun 'sport = :$3' | grep -q ."
}
is_listening() { on $1 ss -Hltn "sport = :$2" | grep -q .; }

bracket() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac }
family() { case $1 in *:*) echo 6 ;; *) echo 4 ;; esac }
tcp() { # FROM ADDRESS PORT: true when the server echoes
	[ "$(echo hello | on $1 timeout 5 socat -t1 - TCP$(family $2):$(bracket $2):$3,connect-timeout=$patience 2>/dev/null)" = hello ]
}
udp() {
	[ "$(echo hello | on $1 timeout 5 socat -t$patience - UDP$(family $2):$(bracket $2):$3 2>/dev/null)" = hello ]
}
# What may succeed is tried twice: while running flows are looked at again, answers to ICMP wait.
pings() { on $1 busybox ping -c$((patience > 1 ? 2 : 1)) -W$patience "$2" >/dev/null 2>&1; }

# Packets that arrive in a namespace and match: counted by its own kernel.
count_start() { # NAMESPACE NAME MATCH...
	where=$1 name=$2
	shift 2
	on $where nft -f - <<-END
		table inet count {
			chain $name {
				type filter hook prerouting priority -310;
				$* counter
			}
		}
	END
}
counted() { # NAMESPACE NAME
	on $1 nft list chain inet count $2 | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}
arrived() { [ "$(counted $1 $2)" -gt 0 ]; }
