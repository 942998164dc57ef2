#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera with a factory login and a bulb without any door are audited from the
# owner's command line, through engine, checker and kernel.  The camera's port is
# closed for its neighbours and opened again when the fault is gone; the evidence
# is packed, verified, spoiled by a byte and refused.
#
#	402-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera bulb phone
learn_facts camera bulb
let_in camera
let_in bulb
let_in phone personal
quiet pinfold policy add phone "allow tcp camera 23"
quiet pinfold policy add camera "allow tcp from phone 23"
quiet pinfold device enforce camera --from rules
camera=$(fact camera 4)
# An input that never ends: telnetd hangs up at the end of it, and may do so before login has asked.
mkfifo "$folder/silence"
from_phone() { lab exec phone timeout 3 busybox nc -w 1 "$camera" 23 <>"$folder/silence" 2>/dev/null | grep -aq login; }
expect "the phone reaches the camera's telnet, as its owner allowed" within 30 from_phone

# --- who may be tested
expect "a phone is never tested, and that is said" says "is personal" pinfold audit run phone
expect "a device that nobody knows is not tested" says "no device" pinfold audit run nobody

# --- both at once, by what finds the camera's fault
telnet="--checks tcp-ports,telnet-login --pace lab"
begin_at gateway bulb "$build/src/ctl/pinfold" audit run bulb $telnet --follow
expect "the camera is audited" \
	sh -c "$folder/lab/pinfold-lab pinfold audit run camera $telnet --follow >'$folder/camera' 2>&1 </dev/null"
cat "$folder/camera" >>"$log"
expect "it was told how far it is" grep -q "of .* checks, about .* left" "$folder/camera"
expect "its factory login is a FAIL of 5.1-1" grep -q "^FAIL 5.1-1 (telnet-login).*exchanges" "$folder/camera"
expect "PSTI's first item fails" grep -q "^  1 *FAIL" "$folder/camera"
expect "what nobody looked at is not shown as passed" grep -q "^  3 *INC.*not tested" "$folder/camera"
expect "what its owner should do is said" grep -q "Change the password" "$folder/camera"
run=$(field run audit list camera)
not_from_phone() { ! from_phone; }
expect "its port is closed for the phone" within 30 not_from_phone
expect "the reason names run and exchange" says "run $run, exchange [1-9]" pinfold --json device show camera
expect "the camera itself was held for nothing" is enforce state_of camera
expect "no alarm was raised by our own probes" is 0 sh -c "grep -c 'scan\|flood\|quarantine' '$log' || :"
expect "the gate says hold, with the fix" says "^hold: camera" pinfold audit gate camera
expect "and what is closed meanwhile" says "tcp port 23 is closed at the gateway" pinfold audit gate "$run"

# --- the good one
is_done() { is "done" field state audit list bulb; }
expect "the bulb is audited" within 300 is_done 2>/dev/null
pinfold audit show "$(field run audit list bulb)" >"$folder/bulb"
cat "$folder/bulb" >>"$log"
refuse "nothing of it fails" grep -q "FAIL" "$folder/bulb"
refuse "and nothing of it is closed" says "patch" pinfold --json device show bulb
expect "the gate does not open on what was not looked at" says "^laboratory: bulb" pinfold audit gate bulb

# --- the evidence
pack=$folder/state/camera.pack
expect "the evidence is packed" quiet pinfold audit pack "$run" "$pack"
expect "one to share is packed as well" quiet pinfold audit pack "$run" "$pack.shared" --redact
expect "which says what was left out" says "left out to be shared: probes.jsonl" \
	"$build/src/ctl/pinfold" audit verify "$pack.shared"
expect "and holds without it" says "the pack holds, without" "$build/src/ctl/pinfold" audit verify "$pack.shared"
refuse "and has no address of the camera" grep -qa "10\.77\.0\." "$pack.shared"
expect "a pack is never written over another" says "File exists" pinfold audit pack "$run" "$pack"
key=$(pinfold audit key | head -n 1)
expect "the pack holds, judged again without the gateway" \
	says "the pack holds" "$build/src/ctl/pinfold" audit verify "$pack" --key "$key"
refuse "by another key it does not" quiet "$build/src/ctl/pinfold" audit verify "$pack" \
	--key "$(printf '%064d' 1)"
size=$(stat -c %s "$pack")
spoil() { # OFFSET: another pack, with one byte changed there
	cp "$pack" "$pack.spoilt"
	byte=$(od -An -tu1 -j "$1" -N1 "$pack" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$pack.spoilt" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
at=$(grep -abo 'login' "$pack" | sed -n '20s/:.*//p')
spoil "${at:-$((size / 2))}"
expect "all ports were asked by single SYNs, which the confined checker could send" \
	sh -c "cat '$gateway_state'/audit/*/* | grep -q 'asked by single SYNs'"
refuse "with one byte changed it does not hold" says "the pack holds" "$build/src/ctl/pinfold" audit verify "$pack.spoilt"
expect "and the file that was changed is named" grep -qE "probes.jsonl|result.json|manifest|report|provisions|replay" "$folder/said"
for format in html json junit; do
	pinfold audit report "$run" --format $format --output "$folder/state/report.$format" >/dev/null 2>&1 || :
	expect "there is a report as $format" test -s "$folder/state/report.$format"
done
expect "for a build, what was known already does not count" \
	quiet pinfold audit report "$run" --format junit --baseline "$folder/state/report.json" --output "$folder/state/again.junit"
refuse "and what is new does" \
	quiet pinfold audit report "$run" --format junit --output "$folder/state/again.junit"

finish
