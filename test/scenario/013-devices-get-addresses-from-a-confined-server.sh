#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A device on port a asks for an address; the DHCP server that answers may open
# nothing but its own leases.
set -eu
. "$(dirname "$0")/monitor/place.sh"
[ -x /usr/sbin/dnsmasq ] || skip "dnsmasq is not installed"
command -v busybox >/dev/null || skip "busybox is not installed"
command -v tcpdump >/dev/null || skip "tcpdump is not installed"

settings <<END
END
start
make_bridge
within 50 runs dnsmasq || { cat $log; exit 1; }

# The device: a namespace with the far end of port a.
mkdir -p /run/netns
ip netns add device
ip link set far-a netns device
ip -n device link set lo up
tcpdump -i br-lan -U -w $folder/ra.pcap icmp6 >/dev/null 2>&1 &
tcpdump=$!
within 30 test -s $folder/ra.pcap
ip -n device link set far-a up

cat >$folder/on-lease <<'END'
#!/bin/sh
[ "$1" = bound ] && echo "$ip $router $dns $lease" >/run/place/lease
exit 0
END
chmod +x $folder/on-lease
has_lease() {
	ip netns exec device busybox udhcpc -i far-a -n -q -f -t 3 -T 1 -s $folder/on-lease >/dev/null 2>&1 &&
		[ -s $folder/lease ]
}
expect "the device has a lease" within 10 has_lease
read -r ip router dns lease <$folder/lease
expect "in our network, above what the owner numbers by hand" \
	sh -c "case $ip in 192.168.77.*) [ ${ip##*.} -ge 16 ];; *) false;; esac"
expect "with us as router and name server" [ "$router $dns" = "192.168.77.1 192.168.77.1" ]
expect "for an hour" [ "$lease" = 3600 ]
expect "the lease is written down" within 30 grep -q "$ip" $folder/run/dhcp/leases
refuse "nobody else may read the leases" \
	setpriv --reuid 65534 --regid 65534 --clear-groups cat $folder/run/dhcp/leases 2>/dev/null

has_slaac() { ip -n device -6 addr show dev far-a | grep -q 'inet6 fd77:7069:6e66:'; }
expect "the device makes itself an IPv6 address of our prefix" within 100 has_slaac
on_link() { ip -n device -6 route show dev far-a | grep '^fd77:7069:6e66::/64' | grep -qv via; }
refuse "our prefix is not on its link: neighbours are reached through us" on_link
expect "its default route is us" sh -c "ip -n device -6 route show default | grep -q 'via fe80:'"
kill $tcpdump
refuse "a port 53 is not opened by the DHCP server" sh -c "ss -ulnp | grep dnsmasq | grep -q ':53 '"

old=$(pid_of dnsmasq)
kill -9 "$old"
within 20 runs_as_new dnsmasq "$old"
rm -f $folder/lease
expect "after its death the device gets an address" within 10 has_lease
read -r again rest <$folder/lease
expect "and it is the same one" [ "$again" = "$ip" ]

# The machine goes off and on: the run directory is new, the state directory is not.
kill -TERM "$monitor"
wait "$monitor" || true
expect "at the end the leases are kept" grep -q "$ip" $folder/state/dhcp/leases
rm -rf $folder/run
start
expect "at the next start they are there again" within 50 grep -q "$ip" $folder/run/dhcp/leases
rm -f $folder/lease
expect "and the device has its address" within 20 has_lease
read -r again rest <$folder/lease
expect "which is still the same" [ "$again" = "$ip" ]
finish
