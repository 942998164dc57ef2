#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Services that input of no client takes away, for some seconds as a watchdog does it:
# the whole program, or only its answers while connections are still taken.  The
# check "robustness" sees each of them twice, and calls nobody so who only counts
# connections, dawdles, talks without end, hangs up or says nothing.
#
#	423-*.sh TARGET CHECK_DRIVER [SEED]
set -u
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
[ $# -ge 2 ] || { echo "usage: $0 TARGET CHECK_DRIVER [SEED]"; exit 2; }
command -v ip >/dev/null || skip "needs ip"
if [ -z "${PINFOLD_INSIDE-}" ]; then
	target=$(realpath "$1") driver=$(realpath "$2")
	shift 2
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" "$target" "$driver" "$@"
fi
target=$1 driver=$2
seed=${3:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns /run/out
ip netns add home
ip link add lan type veth peer name eth0 netns home
ip link set lo up
ip link set lan up
ip addr add 10.77.0.1/24 dev lan
ip -n home link set lo up
ip -n home link set eth0 up
echo "seed $seed"

n=10
audit() { # SERVICE FAULT MANNER
	n=$((n + 1))
	(
		here=/run/out/$n
		echo "$1, $2, $3" >$here.name
		ip -n home addr add 10.77.0.$n/24 dev eth0
		: >$here.truth
		ip netns exec home "$target" --seed $((seed * 100 + n)) --service $1 --fault $2 --manner $3 \
			--family 4 --address 10.77.0.$n --delay-ms 20 --tarpit-ms 800 --seconds 60 >$here.truth 2>&1 &
		tries=0
		until [ -s $here.truth ] || [ $tries -gt 100 ]; do
			tries=$((tries + 1))
			sleep 0.05
		done
		"$driver" --seconds 50 --ports known --consent intrude --checks tcp-ports,robustness \
			$here.truth >$here.said 2>&1
		echo $? >$here.status
		kill $!
	) &
	audits="${audits-} $!"
}
# Three ways to fall, by the seed: so each service more than once.
for service in telnet http ftp rtsp; do
	audit $service falls plain
	audit $service hangs plain
done
audit http falls plain
audit http hangs plain
for manner in plain limiter closes tarpit endless flood silent captive wrong-protocol lock-out any-login; do
	audit http none $manner
done
audit telnet none limiter
audit ftp none closes
audit rtsp none tarpit
# shellcheck disable=SC2086 # one word a process
wait $audits
failed=0
for status in /run/out/*.status; do
	here=${status%.status}
	case $(cat $status)$(grep -c ^late $here.said) in
	00) echo "ok - $(cat $here.name): $(grep -o '"5.13-1B","word":"[A-Z]*"' $here.said | sed 's/.*://')" ;;
	*)
		failed=1
		echo "not ok - $(cat $here.name)"
		sed 's/^/   /' $here.truth
		grep -Ev '"word":"(NA|NFF)"' $here.said | sed 's/^/   /'
		;;
	esac
done
exit $failed
