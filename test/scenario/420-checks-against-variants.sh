#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Devices that nobody knew beforehand: each is one service in a variant that a
# random seed chose (banners, prompts, languages, ports, layouts, delays, manners,
# good and bad), and each says the truth about itself.  All checks are run on it
# as the checker runs them, and held against that truth: what is bad in a plain
# manner is found, and nobody is called bad who is not.
#
# Each service has its turn, bad and plain; then each awkward manner has one; then
# chance chooses.  Every seventh lives at a port that no list of usual ones has,
# and all ports of it are asked.
#
#	420-*.sh TARGET CHECK_DRIVER [COUNT [SEED]]
#
# The seed of the round is printed; COUNT and SEED play it again.  From the environment:
#
#	SERVICE, MANNER		one service, one manner alone
#	KEEP			a folder that keeps what was said
#	PORTS=lab		ask all ports, not the likely ones alone
#	CHECKS=			(empty) all checks, not those alone that look at such a service
#	FAMILIES=		(empty) IPv4, IPv6 or both as the seed has it, not one by turns
#	SECONDS_EACH, DELAY	each device's time; its longest pause before an answer in ms
#	AT_ONCE			how many are played beside each other
#	STRICT=1		what was not found in its time is missed
set -u
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
[ $# -ge 2 ] || { echo "usage: $0 TARGET CHECK_DRIVER [COUNT [SEED]]"; exit 2; }
for tool in ip xargs od; do
	command -v $tool >/dev/null || skip "needs $tool"
done
if [ -z "${PINFOLD_INSIDE-}" ]; then
	target=$(realpath "$1") driver=$(realpath "$2")
	shift 2
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" "$target" "$driver" "$@"
fi
target=$1 driver=$2 count=${3:-24}
seed=${4:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
seconds=${SECONDS_EACH:-30} at_once=${AT_ONCE:-24} ports=${PORTS:-gentle} delay=${DELAY:-20} checks=${CHECKS-related}
families=${FAMILIES-turns} # or empty: both, or one, as the seed has it
services=${SERVICE:-$("$target" --list | sed -n '/^manners/!s/:.*//p')}
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns /run/out
ip netns add home
ip link add lan type veth peer name eth0 netns home
ip link set lo up
ip link set lan up
ip addr add 10.77.0.1/16 dev lan
ip addr add fd77::1/64 dev lan nodad
ip -n home link set lo up
ip -n home link set eth0 up
ip -n home addr add 10.77.255.254/16 dev eth0

# One device: its target, the audit, and the target's end.
cat >/run/one <<-'END'
	n=$1 seed=$2 service=$3 fault=${4#-} manner=${5#-} port=${6#-}
	[ -z "$port" ] || ports=lab
	case $families in turns) [ $((n % 3)) = 0 ] && family=6 || family=4 ;; esac
	here=/run/out/$n
	v4=10.77.$((n / 200)).$((n % 200 + 10)) v6=fd77::$(printf %x $((n + 16)))
	ip -n home addr add $v4/16 dev eth0
	ip -n home addr add $v6/64 dev eth0 nodad
	: >$here.truth
	# shellcheck disable=SC2086
	ip netns exec home $target --seed $seed --address $v4 --address6 $v6 --delay-ms $delay ${family:+--family $family} --service $service \
		${fault:+--fault $fault} ${manner:+--manner $manner} ${port:+--port $port} ${LOGINS:+--logins $LOGINS} --seconds 600 >$here.truth 2>$here.trouble &
	played=$!
	tries=0
	until [ -s $here.truth ] || [ $tries -gt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	$driver --seconds $seconds --ports $ports ${checks:+--checks $checks} ${KEEP:+--keep $KEEP/$n.jsonl} $here.truth >$here.said 2>&1
	echo $? >$here.status
	kill $played 2>/dev/null
	wait $played 2>/dev/null
	ip -n home addr del $v4/16 dev eth0
	ip -n home addr del $v6/64 dev eth0
END
export target driver seconds ports delay families checks
echo "seed $seed, $count variants, $seconds s each"
awkward="telnet:tarpit ftp:lock-out http:any-login http:limiter http:captive rtsp:endless mqtt:closes
	tls:flood adb:wrong-protocol igd:silent telnet:lock-out serial:closes"
# Number, seed, service, fault, manner, port; "-" leaves it to the seed.
say() {
	port=-
	case $1 in
	snmp | coap | tftp) ;;
	*) [ $((n % 7)) != 0 ] || port=$((5003 + (seed * 31 + n * 7919) % 60000)) ;;
	esac
	echo "$n $((seed * 1000 + n)) $1 ${2:--} ${3:--} $port"
	n=$((n + 1))
}
n=0
while [ $n -lt "$count" ]; do
	turn=$((n == 0 ? 1 : n == 12 ? 2 : 3))
	[ -z "${SERVICE-}${MANNER-}" ] || [ $n = 0 ] || turn=3
	[ $turn = 2 ] || set -- $services
	[ $turn != 2 ] || set -- $awkward
	for word in "$@"; do
		[ $n -lt "$count" ] || break
		case $turn in
		1) say $word "$("$target" --list | sed -n "s/^$word: \([^ ]*\).*/\1/p")" "${MANNER:-plain}" ;;
		2) say ${word%:*} - ${word#*:} ;;
		*) say $word - "${MANNER-}" ;;
		esac
	done
done | xargs -P "$at_once" -L 1 sh /run/one

# --- what came of it

failed=0
for status in /run/out/*.status; do
	here=${status%.status}
	case $(cat $status) in
	0) ;;
	3) grep ^unknown $here.said | sort -u | sed 's/^/   no such check yet: /' ;;
	*)
		failed=1
		echo "   seed $(sed 's/.*"seed":\([0-9]*\).*/\1/' $here.truth): $(cut -d, -f2-5 $here.truth)"
		grep -Ev '^\{' $here.said | sed 's/^/      /'
		;;
	esac
done
[ -z "${KEEP-}" ] || cp /run/out/* "$KEEP/"
cat /run/out/*.said | awk -v count="$count" -v strict="${STRICT:-0}" '
	/^verdict / {
		sub(/^.*: /, "")
		n++; must += $1; found += $4; late += $6; wrong += $8; packets += $14; ms += $16
		if ($16 > most) most = $16
	}
	/"word":"FAIL"/ { fail++ } /"word":"INC"/ { inc++ } /"word":"NFF"/ { nff++ } /"word":"NA"/ { na++ }
	END {
		printf "%d of %d audited: %d must fail, %d found, %d late, %d false; findings: %d FAIL, %d INC, %d NFF, %d NA; %.1f s each, at most %.1f; %d packets each\n",
			n, count, must, found, late, wrong, fail, inc, nff, na, ms / (n ? n : 1) / 1000, most / 1000, packets / (n ? n : 1)
		if (n != count || (!must && !ENVIRON["MANNER"]) || (strict && late)) exit 1
	}' || failed=1
if [ $failed = 0 ]; then
	echo "ok - what is bad is found, and nobody else is called bad"
else
	echo "not ok - what is bad is found, and nobody else is called bad (play it again: COUNT $count SEED $seed)"
fi
exit $failed
