# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scenarios of the monitor: a namespace of their own with two
# ports and an uplink, pinfoldd beside children that only say what they were
# handed (stub_child.c), and words for expectations.
#
#	NNN-*.sh PINFOLDD STUB

. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"

pinfoldd=$(realpath "$1") stub=$(realpath "$2")
if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --uts --fork --kill-child "$0" "$@"
fi
mount -t proc proc /proc
umask 077 # as the unit starts it
mount -t tmpfs none /run
folder=/run/place
mkdir -p $folder/bin
chmod 755 $folder $folder/bin
log=$folder/log
: >$log
children="enforcer engine capture resolver relay fetcher checker teller web"
cp "$pinfoldd" $folder/bin/pinfoldd
for name in $children; do cp "$stub" $folder/bin/"$name"; done
# Those that were built, in place of the stubs.
real_children() {
	for name in $children; do
		[ -x "$(dirname "$pinfoldd")/$name" ] || skip "$name is not built"
		cp "$(dirname "$pinfoldd")/$name" $folder/bin/
	done
}

ip link set lo up
ip link add wan0 type veth peer name wan-far
ip link add p-a type veth peer name far-a
ip link add p-b type veth peer name far-b

finish() {
	[ $failed = 0 ] || cat $log
	exit $failed
}



settings() { # more lines from standard input
	{
		cat <<-END
			lan-port = p-a
			lan-port = p-b
			uplink = wan0
			uplink-mode = static
			uplink-address = 198.18.0.2/30
			run-directory = $folder/run
			state-directory = $folder/state
		END
		cat
	} >$folder/pinfold.conf
}

start() {
	$folder/bin/pinfoldd -f $folder/pinfold.conf >>$log 2>&1 &
	monitor=$!
}

logged() { grep -q -- "$1" $log; }
times_logged() { [ "$(grep -c -- "$2" $log)" -ge "$1" ]; }
is_alive() { kill -0 "$1" 2>/dev/null; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
pid_of() { pgrep -x "$1" || true; }
runs() { [ -n "$(pgrep -x "$1")" ]; }
runs_as_new() { # NAME OLD-PID
	now=$(pid_of "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}
nobody_runs() {
	for name in $children dnsmasq; do ! runs "$name" || return 1; done
}

# What the enforcer does on a real gateway.
make_bridge() {
	ip link add br-lan type bridge
	ip addr add 192.168.77.1/24 dev br-lan
	ip addr add fd77:7069:6e66::1/64 dev br-lan nodad
	ip link set p-a master br-lan
	ip link set p-b master br-lan
	for link in p-a p-b far-a far-b br-lan; do ip link set $link up; done
}
