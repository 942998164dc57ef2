#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A laboratory tests a bulb and issues the label of its model.  What it publishes is
# looked at without a network, by somebody who has the key: the label that is right,
# the one that was copied, altered, or taken back, and the log that was changed.
#
#	500-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home bulb
learn_facts bulb
let_in bulb
# status COMMAND...: its exit status
status() {
	code=0
	"$@" >"$folder/said" 2>&1 || code=$?
	echo $code
}
site=$gateway_state/site

expect "without a test it is open, and says why" says "open" pinfold label show bulb
expect "no label is issued by nobody" says "pinfold label issuer" pinfold label issue bulb
quiet pinfold label issuer https://labels.example "Example Laboratory" --kind laboratory
quiet pinfold audit run bulb --checks telnet-login
ended() { [ "$(field ended audit list bulb)" != 0 ] && [ -n "$(field ended audit list bulb)" ]; }
expect "it is tested" within 200 ended
for fact in "maker Example Maker" "model LED-7" "firmware 1.9" "responsible Example Maker" \
	"support-end 2031-06-30" "life 12"; do
	quiet pinfold label set bulb $fact
done
expect "years without support are said" says "go unprotected" pinfold label show bulb
expect "why names what is not met" says "passwords" pinfold label why bulb
expect "a date that is none is refused" is 1 status pinfold label set bulb support-end 2031-02-31
expect "the label of the model is issued" says "LED-7" pinfold label issue bulb --of model --reviewer "Second Person"
label=$(pinfold label list --quiet)
expect "and published" quiet pinfold label publish "$site"
quiet pinfold audit key --quiet
pinfold audit key --quiet >"$folder/key"
cp -a "$site" "$folder/kept"

here=$site/l/$label
verify() { pinfold label verify "$@" --key "$folder/key"; }
for form in label.jwt label.svg qr.txt; do
	expect "$form is right, with its status and in the log" is 0 status verify "$here/$form" \
		--status "$here/status.jwt" --log "$site" --model LED-7 --firmware 1.9
	expect "$form by the list, which tells nobody which product is asked for" is 0 status verify "$here/$form" --status "$site"
	expect "$form without a status is not confirmed" is 4 status verify "$here/$form"
	expect "$form on another model is a copy" is 1 status verify "$here/$form" --status "$site" --model LED-8
	expect "$form with other firmware does not hold" is 1 status verify "$here/$form" --status "$site" --firmware 1.8
done
expect "as text of a QR code" is 0 status verify "$(cat "$here/qr.txt")" --status "$site"
expect "the issuer's key set is its key" is 0 status pinfold label verify "$here/label.jwt" --status "$site" --key "$site/.well-known/jwks.json"
expect "by another key it is a stranger's" is 1 status pinfold label verify "$here/label.jwt" --status "$site" \
	--key d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
expect "a page is no label" is 6 status verify "$site/bands.html"
# What a phone does: the picture in black and white, read by a decoder that is not ours.
raster() { # SVG: a PGM, eight dots a module
	awk 'BEGIN { RS = "M" }
	NR == 1 { match($0, /viewBox="-4 -4 [0-9]+/); n = substr($0, RSTART + 14, RLENGTH - 14); next }
	{ split($0, at, /[ hv-]/); for (i = 0; i < at[3]; i++) dark[at[1] + i, at[2] + 0] = 1 }
	END {
		printf "P2\n%d %d\n255\n", 8 * n, 8 * n
		for (y = 0; y < 8 * n; y++) {
			line = ""
			for (x = 0; x < 8 * n; x++) {
				key = (int(x / 8) - 4) SUBSEP (int(y / 8) - 4)
				line = line (key in dark ? "0 " : "255 ")
			}
			print line
		}
	}' "$1"
}
if command -v zbarimg >/dev/null; then
	raster "$here/qr.svg" >"$folder/state/qr.pgm"
	zbarimg --quiet --raw "$folder/state/qr.pgm" >"$folder/scanned" 2>/dev/null || :
	expect "a scanner reads the picture of the QR code" [ "$(cat "$folder/scanned")" = "$(cat "$here/qr.txt")" ]
	expect "what it read is right, without a network" is 0 status verify "$folder/scanned" --status "$site" --model LED-7
	expect "scanned from another model it is a copy" is 1 status verify "$folder/scanned" --status "$site" --model LED-8
else
	echo "skipped: no zbarimg (zbar-tools) that scans the QR code"
fi
sed '/pinfold-label/y/Qw/wQ/' "$here/label.svg" >"$folder/altered.svg"
expect "an altered picture is not right" is 1 status verify "$folder/altered.svg" --status "$site"
refuse "nothing in the site is a script or is loaded" grep -rqE '<script|src=|javascript:|@import|url\(' "$site"

now=$(date +%s)
expect "a label is taken back" says REVOKED pinfold label revoke "$label" "the wrong device was tested"
expect "and the site says so when it is written again" quiet pinfold label publish "$site"
expect "by the status" is 1 status verify "$here/qr.txt" --status "$here/status.jwt"
expect "with the reason" grep -q "the wrong device" "$folder/said"
expect "by the list" is 1 status verify "$here/qr.txt" --status "$site"
expect "a revoked label stays revoked" is 1 status pinfold label restore "$label"
expect "and is not issued again" is 1 status pinfold label issue bulb --of model --reviewer "Second Person"

expect "the log goes on from the earlier one" says "none of the earlier" \
	pinfold label log "$site" --key "$folder/key" --since "$folder/kept/log/checkpoint"
# A witness with openssl alone, as docs/LABEL.md has it.
openssl genpkey -algorithm ed25519 -out "$folder/witness.key" 2>/dev/null
openssl pkey -in "$folder/witness.key" -pubout -outform DER | tail -c 32 >"$folder/witness.public"
name=witness.example/w1
{ printf '%s\n\004' $name; cat "$folder/witness.public"; } | openssl dgst -sha256 -binary | head -c 4 >"$folder/witness.id"
vkey=$name+$(basenc --base16 <"$folder/witness.id" | tr A-F a-f)+$({ printf '\004'; cat "$folder/witness.public"; } | base64 -w 0)
expect "a log that the witness did not sign is not witnessed" is 1 status pinfold label log "$site" --key "$folder/key" --witness "$vkey"
now=$(date +%s)
{ printf 'cosignature/v1\ntime %s\n' "$now"; head -n 3 "$site/log/checkpoint"; } >"$folder/message"
openssl pkeyutl -sign -rawin -inkey "$folder/witness.key" -in "$folder/message" -out "$folder/signature"
line=$({ cat "$folder/witness.id"; printf '%016X' "$now" | basenc --base16 -d; cat "$folder/signature"; } | base64 -w 0)
{ cat "$site/log/checkpoint"; printf '\342\200\224 %s %s\n' $name "$line"; } >"$site/log/witnessed"
expect "with its signature it is" says "$name: signed .* entries are all" pinfold label log "$site" --key "$folder/key" --witness "$vkey"
sed -i 's/issue/isxue/' "$site"/log/tile/entries/000.p/2
expect "an entry that was changed quietly is found" is 1 status pinfold label log "$site" --key "$folder/key"
expect "also by who looks at a label" is 1 status verify "$here/label.jwt" --status "$site" --log "$site"
cp "$site/log/checkpoint" "$folder/checkpoint"
expect "a shorter log than before is not written over a longer one" is 1 status pinfold label log "$folder/kept" \
	--key "$folder/key" --since "$folder/checkpoint"
finish
