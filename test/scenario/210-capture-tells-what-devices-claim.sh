#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A gateway with a bridge, a real DHCP server and rules that log; one device on
# its port.  The capture process runs confined between them, and the driver
# plays the monitor, the engine and what the device sends.
#
#	210-*.sh DRIVER CAPTURE
set -eu
driver=$(realpath "$1") capture=$(realpath "$2")

. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
for tool in dnsmasq nft busybox conntrack; do
	command -v $tool >/dev/null || [ -x /usr/sbin/$tool ] || skip "$tool is not installed"
done

if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" "$@"
fi
PATH=$PATH:/usr/sbin:/sbin
mount -t tmpfs none /run
mount -t proc none /proc
mkdir -p /run/netns
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ip netns add dev
ip link add br-lan type bridge
ip link add p-a type veth peer name eth0 netns dev
ip link add up0 type veth peer name eth9 netns dev
ip link set p-a master br-lan
ip link set lo up
ip addr add 192.168.77.1/24 dev br-lan
ip addr add fd77::1/64 dev br-lan nodad
ip link set p-a up
ip link set up0 up
ip link set br-lan up
ip -n dev link set lo up
ip -n dev link set eth9 up

nft -f - <<'END'
table bridge t {
	chain prerouting {
		type filter hook prerouting priority -300;
		ether type ip ip saddr 192.168.77.66 meta mark set 0x100009 log prefix "unbound4" group 100 drop
		ether type arp arp saddr ip 192.168.77.1 log prefix "arp-spoof" group 100 drop
	}
}
table inet t {
	chain input {
		type filter hook input priority 0;
		udp dport 7777 ct mark set 7
		udp dport 7778 log prefix "not a word of ours" group 100
	}
}
END
sysctl -qw net.netfilter.nf_conntrack_acct=1

dnsmasq --no-daemon --conf-file=/dev/null --port=0 --no-ping --user=root --interface=br-lan \
	--bind-interfaces --except-interface=lo --dhcp-authoritative \
	--dhcp-range=192.168.77.50,192.168.77.60,255.255.255.0,1h \
	--dhcp-leasefile="$folder/leases" >"$folder/dnsmasq.log" 2>&1 &
server=$!
printf '#!/bin/sh\n[ "$1" != bound ] || ip addr replace $ip/24 dev $interface\n' >"$folder/on-lease"
chmod 755 "$folder" "$folder/on-lease"
status=0
CAPTURE=$capture FOLDER=$folder "$driver" || status=$?
kill $server
exit $status
