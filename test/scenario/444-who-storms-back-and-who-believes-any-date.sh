#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A hub tries its refusing server ten times a second, for ever, and is found out, twice,
# its true server being seen as well.  It sets its clock by whoever answers, and goes
# on with its server in 2001: that is found as well, since its own questions tell what
# its clock says.  Afterwards it has its server and its time again.
#
#	444-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home recorder hub
learn_facts hub
let_in hub

# Its clock is a number of its own, in seconds since 1900; it never touches the machine's.
begin_at hub clock sh -c 'own=3973536000
while :; do
	{
		printf "\043"
		head -c 39 /dev/zero
		printf "$(printf "\\\\%03o\\\\%03o\\\\%03o\\\\%03o" $((own >> 24 & 255)) $((own >> 16 & 255)) $((own >> 8 & 255)) $((own & 255)))"
		head -c 4 /dev/zero
	} | timeout 2 socat -t0.5 - UDP4:198.18.1.1:123 | od -An -tu1 -j40 -N4 >/run/told
	read -r a b c d </run/told && own=$(((a << 24) + (b << 16) + (c << 8) + d)) && echo $own
	sleep 0.7
done'
begin_at hub storm sh -c 'while :; do
	curl -sSk --max-time 2 -o /dev/null https://cloud.camera.example/ && echo reached
	sleep 0.1
done'
reached() { grep -c reached "$folder/storm"; }
reaches() { [ "$(reached)" -gt "$1" ]; }
expect "the hub reaches its maker" within 100 reaches 2
"$folder/lab/pinfold-lab" exec gateway "$build/src/ctl/pinfold" audit run hub --pace lab --consent intrude \
	--checks rig-backoff,rig-clock --follow >"$folder/audit.hub" 2>&1 </dev/null
cat "$folder/audit.hub" >>"$log"
transcript=$gateway_state/audit/$(field run audit list hub)/probes.jsonl
finds() { grep -q -- "$1" "$folder/audit.hub"; }
expect "its storm is found" finds "FAIL 5.9-3 (rig-backoff): refused, it tried port 443 again"
expect "with what it said to its true server" grep -q '"step":"control"' "$transcript"
expect "it believed that it was 2001" grep -q '"step":"asked-past"' "$transcript"
expect "and its server as ever" finds "FAIL 5.5-1 (rig-clock): with its clock in 2001"
expect "it found back to its server" grep -q '"step":"back"' "$transcript"
expect "it has its maker again" within 50 reaches "$(reached)"
refuse "nobody is left in the rig" sh -c "'$folder/lab/pinfold-lab' exec gateway nft list set inet pinfold rig | grep -q elements"
finish
