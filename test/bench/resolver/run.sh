#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Raw figures of the resolver, in a network namespace of its own; see queries.c.
#
#	run.sh QUERIES RESOLVER [ROUNDS]
set -eu
queries=$(realpath "$1") resolver=$(realpath "$2") rounds=${3:-15}
here=$(dirname "$(realpath "$0")")

absent() {
	for name in dns-open-already dns-open-new dns-open-new-beyond dns-nftset dns-nftset-added; do
		echo "@absent $name $1"
	done
	exit 0
}
[ "$(id -u)" = 0 ] || absent "needs root for namespaces"
unbound=$(command -v unbound || echo /usr/sbin/unbound)
dnsmasq=$(command -v dnsmasq || echo /usr/sbin/dnsmasq)
[ -x "$unbound" ] || absent "unbound is not installed"

if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$here/run.sh" "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"

ip link set lo up
for address in 192.168.77.1 198.18.0.53 198.18.0.54 198.18.0.55; do
	ip addr add $address/32 dev lo
done
n=1
while [ $n -le 70 ]; do
	ip addr add 192.168.80.$n/32 dev lo
	n=$((n + 1))
done
nft -f - <<-END
	table inet bench {
		set opened {
			type ipv4_addr
			flags timeout
		}
		set dnsmasq {
			type ipv4_addr
			flags timeout
			timeout 1h
		}
	}
END

# Each name has an address of its own.
awk -v folder="$folder" -v rounds="$rounds" 'BEGIN {
	print "server:\n  interface: 198.18.0.53\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\""
	print "  use-syslog: no\n  logfile: \"" folder "/upstream.log\"\n  access-control: 0.0.0.0/0 allow"
	print "  num-threads: 1\n  local-zone: \"example.\" static"
	for (i = 0; i < 40; i++)
		printf "  local-data: \"h%d.example. 86400 A 198.18.1.%d\"\n", i, i
	for (r = 0; r < rounds; r++)
		for (i = 0; i < 60; i++)
			printf "  local-data: \"r%dn%d.fresh.example. 300 A 198.18.%d.%d\"\n", r, i, 10 + r, i
}' >"$folder/upstream.conf"
"$unbound" -d -c "$folder/upstream.conf" &

if [ -x "$dnsmasq" ]; then
	common="--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user=root --bind-interfaces
		--except-interface=lo --cache-size=0 --server=198.18.0.53 --pid-file= --log-facility=/dev/null"
	# shellcheck disable=SC2086 # several options
	"$dnsmasq" $common --listen-address=198.18.0.54 '--nftset=/example/4#inet#bench#dnsmasq' 2>/dev/null &
	# shellcheck disable=SC2086 # as above
	"$dnsmasq" $common --listen-address=198.18.0.55 2>/dev/null &
	export DNSMASQ=1
	version=$("$dnsmasq" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')
	echo "@version dns-nftset dnsmasq $version"
	echo "@version dns-nftset-added dnsmasq $version"
else
	echo "@absent dns-nftset dnsmasq is not installed"
	echo "@absent dns-nftset-added dnsmasq is not installed"
fi
sleep 1
RESOLVER=$resolver FOLDER=$folder "$queries" "$rounds"
