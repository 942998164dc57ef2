#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A bulb whose maker says whom to tell of weaknesses, when that is answered and until
# when there are updates; a camera whose maker has soft words for that; and a
# site that answers everything with the same page.  The pages are read through
# engine, fetcher and resolver, and not one packet is sent to a device.
#
#	450-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home bulb camera
learn_facts bulb camera
let_in bulb
let_in camera
has_file() { pinfold --json device show bulb | grep -q '"signature": "good"'; }
expect "the bulb's MUD file says whose it is, signed" within 150 has_file
pages="--checks maker-web --pace lab --consent passive --follow"
read_pages() { # NAME WORD...
	pinfold audit run $pages "$@" >"$folder/said" 2>&1 || :
	cat "$folder/said" >>"$log"
}
said() { grep -qE -- "$1" "$folder/said"; }
run_of() { field run audit list "$1"; }

# --- the one who says it
read_pages bulb
expect "how to report a weakness passes" said "^  2 *PASS"
expect "until when there are updates passes" said "^  3 *PASS"
refuse "nothing fails" said "FAIL"
first=$(run_of bulb)
expect "no packet was sent to the bulb" is 0 field packets audit list bulb
pinfold --json audit show "$first" >"$folder/bulb.json"
expect "with the words that it rests on" grep -q "acknowledged within 3 days, status every 14 days" "$folder/bulb.json"
expect "and the day" grep -q "security updates until 2031-12-31" "$folder/bulb.json"
refuse "no page of another site was asked for" sh -c "'$folder/lab/pinfold-lab' exec internet grep -q '198.18.0.2 www.news.example' /run/web/log"
quiet pinfold audit pack "$first" "$folder/state/bulb.pack"
holds() { "$build/src/ctl/pinfold" audit verify "$1" >"$folder/verified" 2>&1; cat "$folder/verified" >>"$log"; grep -q "the pack holds" "$folder/verified"; }
expect "elsewhere the same follows from the pages alone" holds "$folder/state/bulb.pack"

# --- the one with soft words
read_pages camera
expect "of nobody's device nothing is said" said "INC \(NO_OPERATOR"
refuse "not even a failure" said "FAIL"
read_pages camera --maker www.camera.example
expect "soft words on reporting fail the regulation" said "^  2 *FAIL"
expect "so do those on updates" said "^  3 *FAIL"
expect "with the words" said "as soon as we can"
shows() { pinfold maker show "$1" >"$folder/shown"; cat "$folder/shown" >>"$log"; grep -qE -- "$2" "$folder/shown"; }
expect "its owner's word is kept" shows camera "www.camera.example.*the owner"

# --- the one that answers everything
quiet pinfold maker set camera https://www.maze.example/
read_pages camera
expect "a site that says yes to everything proves nothing" said "CONTROL_FAILED"
refuse "neither a pass" said "^  [23] *PASS"
refuse "nor a failure" said "^  [23] *FAIL"

# --- shortened
room internet sed -i 's/31&nbsp;December 2031/30 June 2029/' /var/www/www.bulb.example/products/dimmable.html
# Its server looks at a file once in a second or two.
is_shortened() { room internet curl -sk --resolve www.bulb.example:443:198.18.4.18 https://www.bulb.example/products/dimmable.html | grep -q 'June 2029'; }
within 50 is_shortened
read_pages bulb
expect "an end that came nearer is a failure, with what stood there before" \
	said "^FAIL PSTI-3.6.*until 2029-06-30; an earlier run read 2031-12-31"
expect "what was known before is shown below what is" shows bulb "before +2031-12-31"
quiet pinfold audit pack "$(run_of bulb)" "$folder/state/again.pack"
expect "the earlier page is evidence in the same pack" holds "$folder/state/again.pack"

finish
