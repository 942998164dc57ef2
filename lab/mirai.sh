#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# mirai.sh [--only-plain] [PLAY...]: five cameras are attacked from inside and from the
# internet, as Mirai did it in 2016, with no layer of defence, each of six alone, and
# all; behind a plain router and behind Pinfold.  Prints one table and writes
# build/mirai.json.  Exits with 0 only if each layer betters the figure that
# lab/mirai/layers names for it beforehand, and all six leave nobody infected.
#
# Nothing here runs foreign code: "infected" is a file with one word that the attacker
# could leave where the camera keeps its programs.  Who scans and floods is told to, by
# this script, and bounded.
set -eu
source=$(cd "$(dirname "$0")" && pwd -P)
BUILD=${PINFOLD_BUILD:-$(dirname "$source")/build}
work=$BUILD/mirai
PINFOLD_LAB_STATE=${PINFOLD_MIRAI_STATE:-$BUILD/lab-mirai}
export PINFOLD_LAB_STATE PINFOLD_BUILD="$BUILD"
gateways="plain pinfold"
if [ "${1-}" = --only-plain ]; then
	gateways=plain
	shift
fi
plays=${*:-none 1 2 3 4 5 6 all}

# The same lab with another home in it.
rm -rf "$work"
mkdir -p "$work"
cp -r "$source" "$work/lab"
rm -rf "$work/lab/mirai" "$work/lab/device"
mkdir "$work/lab/device"
cp "$source/device/power-on" "$source/device/on-lease" "$work/lab/device/"
cp -r "$source/mirai/." "$work/lab/"
lab=$work/lab/pinfold-lab
cameras=$(sed '/^#/d; s/[[:space:]].*//' "$source/mirai/ways")
trap '"$lab" down' EXIT
trap 'exit 130' INT TERM HUP
"$lab" down
mkdir -p "$PINFOLD_LAB_STATE"

# The maker's key signs the version that mends the reported hole.
(
	cd "$PINFOLD_LAB_STATE"
	openssl genpkey -algorithm ed25519 -out maker.key
	openssl pkey -in maker.key -pubout -out maker.pub
	echo "version 2" >camera-2.image
	openssl pkeyutl -sign -rawin -inkey maker.key -in camera-2.image -out camera-2.image.sig
) 2>/dev/null

tell()
{
	echo "$(date +%T) $gateway, layers $play: $*" >&2
}

# Every 0.2 s, at most 20 s, until all cameras have the version that mends the hole.
updated()
{
	tries=0
	for camera in $cameras; do
		until [ "$("$lab" exec "$camera" cat /run/version 2>/dev/null)" = 2 ]; do
			tries=$((tries + 1))
			[ $tries -lt 100 ] || { tell "$camera was not updated"; return 0; }
			sleep 0.2
		done
	done
}

# The doors that the cameras ask the router for: until all twelve stand (five over IPv4,
# with a rule and a way each, and two over IPv6, where it opens no port below 1024).
doors()
{
	[ $gateway = plain ] || return 0
	case " $layers " in *" 3 "*) return 0 ;; esac
	tries=0
	until [ "$("$lab" exec gateway nft list ruleset | grep -c 'th dport' || :)" -ge 12 ]; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || { tell "the router did not open all doors"; return 0; }
		sleep 0.2
	done
}

play()
{
	out=$work/$gateway.$play
	case $play in
	none) layers= ;;
	all) layers="1 2 3 4 5 6" ;;
	*) layers=$play ;;
	esac
	echo "$layers" >"$PINFOLD_LAB_STATE/layers"
	# Nobody is contained in the middle: what is measured is what is allowed.
	echo "packet-cap = 1000000" >"$PINFOLD_LAB_STATE/pinfold.extra"
	"$lab" up --$gateway --containment report >/dev/null
	[ $gateway = plain ] || "$lab" owner
	case " $layers " in *" 6 "*)
		for part in image image.sig; do
			"$lab" exec internet sh -c "cat >/var/www/cloud.camera.example/camera-2.$part" \
			    <"$PINFOLD_LAB_STATE/camera-2.$part"
		done
		updated
		;;
	esac
	doors
	tell "every way in, from a laptop inside, from the internet, and from each camera"
	for from in laptop internet $cameras; do
		"$lab" attack try "$from" &
		trying="${trying-} $!"
	done
	# shellcheck disable=SC2086 # one word a process
	wait $trying
	trying=
	"$lab" attack infected >"$out.found"
	# A camera that can be had by itself alone has a hole that only the gateway keeps shut.
	awk '$1 == $2 { print $1 }' "$out.found" | sort -u >"$out.holes"
	awk '$1 != $2' "$out.found" >"$out.ways"
	awk -v from=laptop -f "$source/mirai/spread.awk" "$out.ways" >"$out.inside"
	awk -v from=internet -f "$source/mirai/spread.awk" "$out.ways" >"$out.internet"
	tell "the live view, while somebody holds its places"
	"$lab" attack live >"$out.live"
	tell "what they do then: scan and flood"
	# shellcheck disable=SC2046 # one word a camera
	"$lab" attack act $(sort -u "$out.inside" "$out.internet") >"$out.act"
	# What would be if one had got in nevertheless; it is the gateway that is tested here.
	[ $play != none ] || "$lab" attack act $cameras >"$out.act-all"
	"$lab" down
}

for gateway in $gateways; do
	for play in $plays; do
		play
	done
done
awk -v work="$work" -v gateways="$gateways" -v plays="$plays" -v out="$BUILD/mirai.json" \
    -f "$source/mirai/table.awk" "$source/mirai/layers"
