#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# audit-demo.sh [--quick]: a camera with a factory login and a bulb without a door are
# audited behind Pinfold.  Prints the three PSTI items and the table of provisions of
# both, and writes reports and evidence packs to build/audit.  One pack is verified,
# spoiled by a byte and refused; the camera's telnet is then switched off and tested
# again.  Exits with 0 only if all of that is so.
#
# --quick runs three checks, on a list of likely ports instead of all on every port.
set -eu
LAB=$(cd "$(dirname "$0")" && pwd -P)
ROOT=$(dirname "$LAB")
BUILD=${PINFOLD_BUILD:-$ROOT/build}
PINFOLD_LAB_STATE=${PINFOLD_AUDIT_STATE:-$BUILD/lab-audit}
export PINFOLD_LAB_STATE PINFOLD_BUILD="$BUILD"
checks="--pace lab"
case ${1-} in
--quick) checks="--checks maker-web,tcp-ports,telnet-login" ;;
"") ;;
*) echo "usage: audit-demo.sh [--quick]" >&2; exit 2 ;;
esac
out=$BUILD/audit
rm -rf "$out"
mkdir -p "$out" "$PINFOLD_LAB_STATE"
trap '"$LAB/pinfold-lab" down' EXIT
trap 'exit 130' INT TERM HUP
"$LAB/pinfold-lab" down
rm -f "$PINFOLD_LAB_STATE"/*.pack
failed=0

tell() { echo "$(date +%T) $*" >&2; }
must() { # SENTENCE COMMAND...
	sentence=$1
	shift
	if "$@"; then
		echo "yes: $sentence"
	else
		echo "NO:  $sentence"
		failed=1
	fi
}
must_not() { # SENTENCE COMMAND...: the command must fail
	sentence=$1
	shift
	if "$@"; then
		echo "NO:  $sentence"
		failed=1
	else
		echo "yes: $sentence"
	fi
}
pinfold() { "$LAB/pinfold-lab" pinfold "$@" </dev/null; }
# The number of the newest run of a device.
run_of() { pinfold audit list "$1" --limit 1 --quiet; }
closed() { pinfold --json device show "$1" | grep -q '"act": *"patch"'; }

tell "a home is set up"
"$LAB/pinfold-lab" up --pinfold >/dev/null
for device in camera bulb; do
	mac=$(sed -n "s/^$device  *[a-z]*  *\([0-9a-f:]*\).*/\1/p" "$LAB/devices.list")
	pinfold device admit "$mac" --name $device >/dev/null
done

# Whose the bulb is says its MUD file, once it was fetched; whose the camera is, its owner.
tries=0
until pinfold maker show bulb | grep -q "signed MUD file" || [ $tries = 30 ]; do
	tries=$((tries + 1))
	sleep 1
done
pinfold maker set camera www.camera.example >/dev/null

tell "both are audited at once"
# shellcheck disable=SC2086
pinfold audit run bulb $checks --follow >"$out/bulb.txt" 2>&1 &
bulb=$!
# shellcheck disable=SC2086
pinfold audit run camera $checks --follow >"$out/camera.txt" 2>&1 || :
wait $bulb || :
for device in camera bulb; do
	run=$(run_of $device)
	for format in html json junit pdf; do
		pinfold audit report "$run" --format $format >"$out/$device.$format" 2>/dev/null || :
	done
	# Only the state folder can be written to from inside.
	pinfold audit pack "$run" "$PINFOLD_LAB_STATE/$device.pack" >/dev/null
	mv "$PINFOLD_LAB_STATE/$device.pack" "$out/"
	{
		echo
		echo "===== the $device"
		sed -n '/^UK PSTI/,/were not tested/p' "$out/$device.txt"
		echo
		pinfold audit gate "$run" || :
	} | tee "$out/$device.verdicts"
done
echo
echo "===== what must be so"
item() { sed -n "s/^  $2  *\([A-Z]*\) .*/\1/p" "$out/$1.verdicts" | head -n 1; }
must "the camera fails PSTI's first item" [ "$(item camera 1)" = FAIL ]
must "by a factory login that was tried" grep -q "^FAIL 5.1-1 (telnet-login).*factory login.*exchanges" "$out/camera.txt"
must "its port is closed for everybody else" closed camera
must "nothing of the bulb fails" grep -q "were not tested" "$out/bulb.verdicts"
must_not "not even a recommendation" grep -q FAIL "$out/bulb.verdicts"
must_not "and nothing of it is closed" closed bulb
must "the bulb's maker publishes how to report a weakness, and when one hears back" [ "$(item bulb 2)" = PASS ]
must "and until when there are updates" [ "$(item bulb 3)" = PASS ]
must "the camera's has soft words for the one" [ "$(item camera 2)" = FAIL ]
must "and for the other" [ "$(item camera 3)" = FAIL ]
must "with the words that were read" grep -q "^FAIL PSTI-2.2 (maker-web).*as soon as we can" "$out/camera.txt"

verify() { "$BUILD/src/ctl/pinfold" audit verify "$@"; }
key=$(pinfold audit key --quiet)
must "the pack holds: each byte, the signature, the same verdicts from the transcript alone" \
	verify "$out/camera.pack" --key "$key"
cp "$out/camera.pack" "$out/spoiled.pack"
at=$(grep -abo telnet "$out/camera.pack" | sed -n '12s/:.*//p')
printf 'T' | dd of="$out/spoiled.pack" bs=1 seek="$at" conv=notrunc 2>/dev/null
must_not "with one byte spoiled it does not" verify "$out/spoiled.pack" --key "$key"

tell "the camera's telnet is switched off, and it is tested again"
"$LAB/pinfold-lab" exec camera pkill -f telnetd </dev/null
pinfold audit run camera --checks tcp-ports,telnet-login --follow >"$out/camera-mended.txt" 2>&1 || :
must_not "no factory login over telnet any more" grep -q "^FAIL.*telnet-login" "$out/camera-mended.txt"
telnet_closed() { pinfold --json device show camera | tr -d ' \n' | grep -q '"check":"telnet-login"'; }
must_not "and the gateway closes that port no longer" telnet_closed
echo "written to $out"
exit $failed
