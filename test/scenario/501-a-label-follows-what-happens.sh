#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera's label is out when a later test finds its factory login; a bulb's when its
# maker recalls it.  The site says so within a minute, by itself.  A gateway that trusts
# the issuer asks its server for the list of all labels, takes the bulb's internet away,
# and gives it back to its owner alone.
#
#	501-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
status() {
	code=0
	"$@" >"$folder/said" 2>&1 || code=$?
	echo $code
}
site=$gateway_state/site

quiet pinfold label issuer https://www.bulb.example "Example Shop" --kind retailer
for name in camera bulb; do
	quiet pinfold label set $name maker "Example Maker"
	quiet pinfold label set $name firmware 1.9
	quiet pinfold label set $name support-end 2031-06-30
done
quiet pinfold label set camera model IPC-100
quiet pinfold label set bulb model LED-7
expect "labels are issued" quiet pinfold label issue camera
quiet pinfold label issue bulb --of model
of() { pinfold label list | awk -v what="$1" 'index($0, what) { print $1 }'; }
camera=$(of IPC-100) bulb=$(of LED-7)
begin_at gateway publisher "$build/src/ctl/pinfold" label publish "$site" --follow
pinfold audit key --quiet >"$folder/key"
expect "the site is there" within 100 quiet gateway test -s "$site/log/checkpoint"
cp "$site/l/$bulb/status.jwt" "$folder/good.jwt"

# --- a re-test finds more
quiet pinfold audit run camera --checks tcp-ports,telnet-login
word() { pinfold --json label verify "$site/l/$1/label.jwt" --key "$folder/key" --status "$site/l/$1/status.jwt" | sed -n 's/.*"status": "\([A-Z_]*\)",.*/\1/p' | head -n 1; }
is_word() { [ "$(word "$1")" = "$2" ]; }
ended() { [ "$(field state audit list camera)" = "done" ]; }
expect "the camera is tested" within 600 ended
begun=$(date +%s)
expect "what it found suspends its label on the site" within 600 is_word "$camera" SUSPENDED
expect "within a minute" [ $(($(date +%s) - begun)) -le 60 ]
expect "with the reason" says "a later test" pinfold label list
expect "the bulb's holds" is_word "$bulb" VALID
expect "its owner sees the finding and its clock" says "5.1-1 .*" pinfold label show camera
expect "a failure of a model needs a second person" is 1 status pinfold label issue camera --of model
quiet pinfold label issue camera
expect "issued anew it says so, and fails" says "failed" pinfold label list
refuse "what was found is told to nobody but the owner" grep -rqi "factory\|login" "$site/l/$camera/index.html"

# --- a gateway that trusts the issuer
quiet pinfold policy add bulb "allow tcp 198.18.9.9 443"
quiet pinfold device enforce bulb --from rules
allowed() { says "^allowed" pinfold policy why bulb 198.18.9.9 443; }
denied() { ! allowed; }
expect "nobody's label is attached without trust" is 1 status pinfold label attach bulb "$site/l/$bulb/label.jwt"
serve() { lab exec internet sh -c 'cat >/var/www/www.bulb.example/status-list.jwt' <"$site/status-list.jwt"; }
serve
expect "an issuer is trusted" says "status list is asked for" pinfold label trust "$folder/key" https://www.bulb.example
expect "the camera's label is no bulb's" is 1 status pinfold label attach bulb "$site/l/$camera/label.jwt"
expect "the bulb's own is" says "(match)" pinfold label attach bulb "$site/l/$bulb/label.jwt"
attached() { says "$1" pinfold label show bulb; }
expect "its status comes by itself" within 100 attached "match, it is VALID"
expect "a good status changes nothing" quiet pinfold label status "$folder/good.jwt"
expect "the bulb reaches its server" allowed

cat >"$gateway_state/feed.json" <<-END
	{"schema": "pinfold-feed-1", "entries": [{"id": "R-1", "kind": "recall", "maker": "example maker",
	 "model": "LED-7", "text": "overheats"}]}
END
expect "a recall is imported" quiet pinfold label feed "$gateway_state/feed.json"
begun=$(date +%s)
expect "the site says it" within 600 is_word "$bulb" SUSPENDED
expect "within a minute, too" [ $(($(date +%s) - begun)) -le 60 ]
expect "the label is invalid, with the reason" says "overheats" pinfold label verify "$site/l/$bulb/qr.txt" \
	--key "$folder/key" --status "$site/l/$bulb/status.jwt"
serve
quiet pinfold label trust "$folder/key" https://www.bulb.example
expect "so does the list that the gateway asked for" within 100 attached "it is SUSPENDED, and narrows"
expect "with the reason, though nobody asked for this label" attached "overheats"
expect "the bulb reaches its server no more" denied
asked() { room internet grep status-list /run/web/log >"$folder/asked"; }
expect "the issuer's server saw who asked for what all ask for" within 50 asked
refuse "and not for which label" grep -q "$bulb" "$folder/asked"
expect "and is told why" says "label recalled" pinfold policy why bulb 198.18.9.9 443
expect "an old status that is played again widens nothing" quiet pinfold label status "$folder/good.jwt"
expect "it is closed as before" denied
expect "the owner takes it back" quiet pinfold label override bulb
expect "it reaches its server" allowed
expect "and the same fall does not narrow again" quiet pinfold label status "$site/l/$bulb/status.jwt"
expect "it still does" allowed

sed -i 's/"text"/"withdrawn": true, "text"/' "$gateway_state/feed.json"
quiet pinfold label feed "$gateway_state/feed.json"
expect "a recall that was withdrawn is none" within 600 is_word "$bulb" VALID
expect "the log has all of it" says "as they were signed" pinfold label log "$site" --key "$folder/key"
end_at gateway publisher
finish
