#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The real processes under their real filters: a device joins, asks for a name
# and a page, the owner asks for the list.  Whoever made a call that is not in
# its row would be killed and said so in the log.
#
#	016-*.sh PINFOLDD STUB
set -eu
. "$(dirname "$0")/monitor/place.sh"
[ -x /usr/sbin/dnsmasq ] || skip "dnsmasq is not installed"
command -v busybox >/dev/null || skip "busybox is not installed"
command -v socat >/dev/null || skip "socat is not installed"

real=$(dirname "$pinfoldd")
real_children
settings <<END
lan-address = 192.168.77.1/24
dns-forward = 198.18.0.1
uplink-gateway = 198.18.0.1
END
mkdir -p /run/netns
ip netns add device
ip link set far-a netns device
ip -n device link set lo up
ip -n device link set far-a up
ip link set wan-far up

start
expect "all processes are ready" within 100 logged "all processes are ready"
expect "the ports come up" within 100 sh -c "ip link show p-a | grep -q 'master br-lan.*LOWER_UP\\|LOWER_UP.*master br-lan'"
cat >$folder/on-lease <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/24" dev far-a
ip route add default via "$router"
echo "$ip" >/run/place/lease
END
chmod +x $folder/on-lease
has_lease() {
	ip netns exec device busybox udhcpc -i far-a -n -q -f -t 3 -T 1 -s $folder/on-lease >/dev/null 2>&1
}
within 5 runs dnsmasq || within 50 runs dnsmasq
expect "a device gets an address" within 10 has_lease
expect "the engine has met it" within 50 logged "a new device on port p-a waits"

answers() { timeout 2 ip netns exec device busybox nslookup cloud.example 192.168.77.1 2>/dev/null | grep -q 'Address.*192.168.77.1'; }
expect "its questions are answered with the status page's address" within 10 answers
page() { ip netns exec device sh -c "printf 'GET / HTTP/1.1\\r\\nHost: 192.168.77.1\\r\\nConnection: close\\r\\n\\r\\n' | socat -t 2 - TCP:192.168.77.1:80"; }
has_page() { page 2>/dev/null | grep -q "This device is not connected"; }
expect "and it is shown the status page" within 10 has_page
token=$("$(dirname "$real")/ctl/pinfold" --socket $folder/run/ctl token add reader --quiet)
devices() { printf 'GET /api/v1/devices HTTP/1.1\r\nHost: 127.0.0.1:8480\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' "$token" | socat -t 2 - TCP:127.0.0.1:8480; }
lists() { devices 2>/dev/null | grep -q '"waiting"'; }
expect "the owner's page lists it" within 10 lists

# An orderly end and a new start.
kill -TERM "$monitor"
expect "the end is orderly" within 80 nobody_runs
expect "and leaves the rules" sh -c "nft list table bridge pinfold >/dev/null"
start
expect "the next start is ready" within 100 times_logged 2 "all processes are ready"
expect "the device is still known" within 10 lists
expect "its questions are answered as before" within 10 answers

# Everybody killed.
for name in $children; do
	old=$(pid_of "$name")
	kill -9 "$old"
	expect "$name is back within a second" within 10 runs_as_new "$name" "$old"
done
expect "the device is still known" within 10 lists
expect "its questions are answered" within 10 answers
expect "it still has its page" within 10 has_page
deaths() { grep -c 'it is started again' $log || true; }
expect "nobody died but by our hand" [ "$(deaths)" = "$(echo "$children" | wc -w)" ]
refuse "nobody made a call that is not in its list" logged "not in its list"
finish
