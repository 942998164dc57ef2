#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One device with every service that has a check, most of them bad, and the real
# checker in its full confinement: no check may need a call or a file that it
# does not have.  SSH is dropbear's, the others are played by the target.
#
#	401-*.sh TARGET CHECKER CHECKER_DRIVE
set -eu
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
[ $# -ge 3 ] || { echo "usage: $0 TARGET CHECKER CHECKER_DRIVE"; exit 2; }
for tool in ip dropbear openssl; do
	command -v $tool >/dev/null || [ -x /usr/sbin/$tool ] || skip "needs $tool"
done
if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" \
		"$(realpath "$1")" "$(realpath "$2")" "$(realpath "$3")"
fi
target=$1 checker=$2 drive=$3
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns /run/place/empty
folder=/run/place
ip netns add device
ip link add lan type veth peer name eth0 netns device
ip link set lo up
ip link set lan up
ip addr add 192.168.77.1/24 dev lan
ip -n device link set lo up
ip -n device link set eth0 up
ip -n device addr add 192.168.77.11/24 dev eth0


seed=4
play() { # SERVICE FAULT PORT LOGIN
	seed=$((seed + 1))
	# shellcheck disable=SC2086
	ip netns exec device $target --seed $seed --service $1 --fault $2 --manner plain --port $3 \
		--family 4 --address 192.168.77.11 --seconds 300 $4 >>$folder/truth 2>&1 &
}
play telnet none 23 ""
play ftp factory-login 21 "--login root:vizxv"
play http factory-login 80 "--login root:vizxv"
play rtsp factory-login 554 "--login root:vizxv"
play mqtt open 1883 ""
play adb open 5555 ""
play tls old-tls 443 ""
play snmp public 161 ""
play coap open 5683 ""
play igd open 5000 ""
# A machine of its own for SSH: users of this one are none of its business.
ip netns exec device unshare --mount sh -c '
	hash=$(openssl passwd -6 vizxv)
	echo "root:x:0:0:root:/:/bin/sh" >/run/place/passwd
	echo "root:$hash:19000:0:99999:7:::" >/run/place/shadow
	mount --bind /run/place/passwd /etc/passwd
	mount --bind /run/place/shadow /etc/shadow
	mkdir -p /etc/dropbear /run/dropbear
	mount -t tmpfs none /etc/dropbear
	exec dropbear -R -F -E -p 22' >>$folder/log 2>&1 &
tries=0
until [ "$(ip netns exec device ss -Hltn | wc -l)" -ge 10 ] || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done

STAGE_DEBUG=1 $drive $checker $folder/transcript lab 1 200 192.168.77.11 - \
	tcp-ports udp-services telnet-login ssh-login http-login ftp-login rtsp-login mqtt-open \
	debug-ports snmp-public coap-open tls-server unauth-http upnp-igd banners login-throttle \
	>$folder/said 2>>$folder/log || true

finds() { grep -q "^finding $1" $folder/said; }
expect "SSH with a factory login" finds "5.1-1 FAIL - 22 SSH"
expect "the web page" finds "5.1-1 FAIL - 80"
expect "FTP" finds "5.1-1 FAIL - 21"
expect "the camera's stream" finds "5.1-1 FAIL - 554"
expect "telnet with a password of its own is not called bad for it" finds "5.1-1 NFF - 23"
expect "the open broker" finds "5.5-4 FAIL - 1883"
expect "the open debug bridge" finds "5.6-4A FAIL - 5555"
expect "old TLS" finds "5.5-1 FAIL - 443"
expect "public SNMP" finds "5.6-2 FAIL - 161"
expect "CoAP for everybody" finds "5.5-4 FAIL - 5683"
expect "an obedient gateway" finds "5.5-5 FAIL - 5000"
expect "what needs another consent was left out, and that is said" finds "5.1-5 INC NO_CONSENT"
expect "the run ends well" grep -q "^end 0" $folder/said
expect "the transcript alone gives the same" grep -q "^again same" $folder/said
[ $failed = 0 ] || cat $folder/said $folder/log $folder/truth
exit $failed
