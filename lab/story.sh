#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# story.sh [--quick] [--only-plain]: play the home twice, behind a plain router and
# behind Pinfold, print one table, write build/story.json.  Exits with 0 only if
# Pinfold kept what it promises and the plain router shows that it was needed.
#
# --quick scans the ports 1 to 1024 and those that the home's devices use, instead
# of all 65535; it says so in the table.
set -eu
LAB=$(cd "$(dirname "$0")" && pwd -P)
ROOT=$(dirname "$LAB")
BUILD=${PINFOLD_BUILD:-$ROOT/build}
# A home of its own, so that it can be played while another is up.
PINFOLD_LAB_STATE=${PINFOLD_STORY_STATE:-$BUILD/lab-story}
export PINFOLD_LAB_STATE
lab=$LAB/pinfold-lab
ports=1-65535
modes="plain pinfold"
trials=20
while [ $# -gt 0 ]; do
	case $1 in
	--quick) ports=1-1024,1883,2323,7700,8009,8080,9100,37777,55000 trials=5 ;;
	--only-plain) modes=plain ;;
	*) echo "usage: story.sh [--quick] [--only-plain]" >&2; exit 2 ;;
	esac
	shift
done
story=$PINFOLD_LAB_STATE/story
trap '"$lab" down' EXIT
trap 'exit 130' INT TERM HUP
"$lab" down
rm -rf "$story"
mkdir -p "$story"
# Each attack that must have its effect on the plain network, and none behind Pinfold.
forbidden="neighbours logins infected-camera flood rebind tunnel arp ndp spoof ra resolver hostile-cloud new-mac dhcp"

tell()
{
	echo "$(date +%T) $mode: $*"
}

# On a busy machine the home is up before its names are.
settle()
{
	tries=0
	until "$lab" exec laptop getent ahosts mqtt.bulb.example >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 60 ] || return 0
		sleep 0.5
	done
}

# Each asks the router every 20 seconds to let the world in; a short scan from outside
# would otherwise be over before the first time.
open_doors()
{
	"$lab" exec recorder sh "$LAB/device/recorder/open-door" >/dev/null 2>&1 &
	recorder=$!
	"$lab" exec tv sh "$LAB/device/tv/open-doors" >/dev/null 2>&1 &
	wait $! || :
	wait $recorder || :
}

play()
{
	mkdir -p "$story/$mode"
	# 1. What can be reached, with nothing but the policy in the way: no
	# containment, and no cap on rates that would hide an open port.
	printf 'packet-cap = 1000000\nflow-cap = 100000\n' >"$PINFOLD_LAB_STATE/pinfold.extra"
	"$lab" up --$mode --containment report
	[ $mode = plain ] || "$lab" owner
	settle
	tell "what the devices need"
	"$lab" needs >"$story/$mode/needs" || :
	tail -n 1 "$story/$mode/needs"
	open_doors
	tell "what can be reached (TCP $ports), from every device and from the internet"
	[ $mode = plain ] || "$lab" count-all begin "$story/$mode"
	"$lab" reach "$ports" "$story/$mode"
	cat "$story/$mode"/errors.* >&2
	tell "where a factory login works"
	"$lab" logins >"$story/$mode/logins"
	"$lab" addresses >"$story/$mode/addresses"
	if [ $mode != plain ]; then
		"$lab" count-all end "$story/$mode"
		# 2. A home that defends itself.
		"$lab" down
		rm -f "$PINFOLD_LAB_STATE/pinfold.extra"
		"$lab" up --pinfold --containment act
		"$lab" owner
	fi
	: >"$story/$mode/attacks"
	for attack in $forbidden; do
		tell "attack: $attack"
		"$lab" attack $attack >"$story/$mode/attack.$attack" 2>&1 ||
			echo "attack $attack could not be carried out" >>"$story/$mode/attack.$attack"
		grep '^attack' "$story/$mode/attack.$attack" | tee -a "$story/$mode/attacks"
		[ $mode = plain ] || "$lab" owner release
	done
	if [ $mode != plain ]; then
		tell "harm to containment, $trials times"
		"$lab" contain $trials >"$story/$mode/contain"
		"$lab" owner learned >"$story/$mode/learned"
		tell "what the devices need, after all that"
		"$lab" owner release
		"$lab" needs >"$story/$mode/needs-after" || :
		tail -n 1 "$story/$mode/needs-after"
	fi
	"$lab" down
}

for mode in $modes; do
	play
done

awk -v story="$story" -v modes="$modes" -v out="$BUILD/story.json" -v ports="$ports" -v lab_dir="$LAB" \
    -f "$LAB/story.awk" "$LAB/devices.list"
