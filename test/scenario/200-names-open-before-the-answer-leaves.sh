#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera, a phone, a newcomer and a hub ask the resolver; a real unbound
# stands upstream and writes down what it was asked.  Nothing leaves the network
# namespace that this makes.
#
#	200-*.sh DRIVER RESOLVER
set -eu
driver=$(realpath "$1") resolver=$(realpath "$2")

. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
unbound=$(command -v unbound || echo /usr/sbin/unbound)
[ -x "$unbound" ] || skip "unbound is not installed"

if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ip link set lo up
ip addr add 192.168.77.1/24 dev lo
ip addr add fd77::1/64 dev lo nodad
for n in 11 12 13 14 15 99; do
	ip addr add 192.168.77.$n/24 dev lo
	ip addr add fd77::$n/64 dev lo nodad
done
ip addr add 198.18.0.53/32 dev lo

{
	cat <<-END
	server:
	  interface: 198.18.0.53
	  port: 53
	  chroot: ""
	  username: ""
	  pidfile: ""
	  use-syslog: no
	  logfile: "$folder/upstream.log"
	  log-queries: yes
	  access-control: 0.0.0.0/0 allow
	  num-threads: 1
	  local-zone: "example." static
	  local-data: "cloud.example. 300 A 198.18.5.1"
	  local-data: "cloud.example. 300 AAAA 2001:db8:5::1"
	  local-data: "short.example. 0 A 198.18.5.2"
	  local-data: "v4only.example. 300 A 198.18.5.3"
	  local-data: "alias.example. 300 CNAME edge.cdn.example."
	  local-data: "edge.cdn.example. 60 CNAME e7.cdn.example."
	  local-data: "e7.cdn.example. 30 A 198.18.5.7"
	  local-data: "loop.example. 300 CNAME pool.example."
	  local-data: "pool.example. 300 CNAME loop.example."
	  local-data: "rebind.example. 300 A 192.168.77.12"
	  local-data: "mixed.example. 300 A 198.18.5.9"
	  local-data: "mixed.example. 300 A 10.1.2.3"
	  local-data: "rebind6.example. 300 AAAA fd77::12"
	  local-data: 'info.example. 300 TXT "version 7"'
	  local-zone: "wide.example." redirect
	  local-data: "wide.example. 300 A 198.18.5.30"
	END
	n=0
	while [ $n -lt 50 ]; do
		echo "  local-data: \"many.example. 300 A 198.18.5.$((100 + n))\""
		n=$((n + 1))
	done
} >"$folder/upstream.conf"
chmod 755 "$folder"
RESOLVER=$resolver UPSTREAM=$unbound FOLDER=$folder "$driver"
