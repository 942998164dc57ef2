#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera and a newcomer claim names made of escapes, newlines, shell, HTML,
# SQL, bytes that are no text, and as many as fit: by DHCP, mDNS, SSDP and HTTP.
# They arrive (the control), and are nowhere more than text.
#
#	303-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home camera phone
learn_facts camera phone
let_in camera
quiet pinfold device observe camera

hex() { printf '%b' "$1" | od -An -v -tx1 | tr -d ' \n'; }
long=$(i=0; while [ $i -lt 25 ]; do printf 'LONGNAME%02d' $i; i=$((i + 1)); done)
# Each begins with a word of its own by which it is found again.
cat >"$folder/claims" <<'END'
zqescape\033]0;owned\007\033[2J\033[31m\0233
zqline\r\n<6>engine[event]: zqforged\n<3>zqforged
zqshell$(touch /run/owned)`touch /run/owned`;touch /run/owned|touch /run/owned&
zqhtml<script>alert(1)</script><img src=x onerror=alert(1)>"'
zqsql'; DROP TABLE device; DELETE FROM journal; --
zqbytes\0377\0376\0300\0200\0355\0240\0200\0342\0200\0256\0302\0233
zqjson","state":"trusted","id":"d-zqforged\\","x":{
zqformat%s%n%x%99999d{}\0000zqafter
END
printf 'zqlong%s\n' "$long" >>"$folder/claims"

claim() { # ROOM TEXT [ADDRESS]
	bytes=$(hex "$2")
	for option in "0x0c:$bytes" "0xa1:$(hex "https://mud.example/$2")"; do
		room "$1" busybox udhcpc -i eth0 -n -q -f -t 1 -T 1 -s /bin/true -x "$option" >/dev/null 2>&1 &
	done
	# shellcheck disable=SC2086 # none or one word
	room "$1" "$tool" claims "$bytes" ${3-} || echo "   not sent: $2"
	wait
}

# Everything that people and their programs see of it.
token=$(pinfold token add reader --quiet)
get() { gateway sh -c "printf 'GET $1 HTTP/1.1\r\nHost: 127.0.0.1:8480\r\nAuthorization: Bearer $token\r\nConnection: close\r\n\r\n' | socat -t 5 - TCP4:127.0.0.1:8480"; }
body() { get "$1" | sed '1,/^\r*$/d'; }
all_that_is_shown() {
	{
		for what in "device list" "events --limit 200" "policy journal" status doctor; do
			pinfold $what
			pinfold --json $what
		done
		for id in $ids; do
			pinfold device show "$id"
			pinfold --json device show "$id"
			pinfold policy show "$id"
			body "/api/v1/devices/$id"
		done
		for path in /api/v1/devices /api/v1/events /api/v1/status; do
			body $path
		done
		cat "$log"
	} >"$folder/shown" 2>&1
	body / >"$folder/page"
}
ids_now() { pinfold --json device list | grep -o '"id": *"d-[^"]*"' | cut -d'"' -f4; }

# Claims are bounded in number, so it is looked at after each.
is_shown() { # WORD
	ids=$(ids_now)
	all_that_is_shown
	grep -a -q "$1" "$folder/shown"
}
is_claimed() { # ROOM TEXT ADDRESS WORD
	claim "$1" "$2" "$3"
	is_shown "$4"
}
claim_all() { # ROOM ADDRESS
	: >"$folder/all"
	missing=
	while read -r text; do
		word=$(echo "$text" | grep -a -o '^zq[a-z]*')
		within 5 is_claimed "$1" "$text" "$2" "$word" || missing="$missing $word"
		cat "$folder/shown" >>"$folder/all"
	done <"$folder/claims"
	[ -z "$missing" ] || { echo "   missing:$missing"; false; }
}

# A newcomer: what it claims is in the line that asks to let it in.
room phone sh -c 'ip link set eth0 down; ip link set eth0 address 02:00:00:00:63:03; ip link set eth0 up'
room phone busybox udhcpc -i eth0 -n -q -f -t 1 -T 1 -s /bin/true \
	-x "0x0c:$(hex 'zqnew\033[31m\n<3>zqforged<script>')" >/dev/null 2>&1 || :
# The words arrive, by every way: nothing below would mean anything if they did not.
expect "what is claimed is seen by the owner" claim_all camera 198.18.4.1
for kind in hostname mdns-name ssdp-server user-agent mud-url; do
	expect "among it the $kind" grep -q "claims *$kind: [^ ]*zq" "$folder/all"
done
# Our own page has dashes of its own.
bad_bytes() {
	LC_ALL=C grep -a -n -P '[\x00-\x08\x0b-\x1f\x7f-\xff]' "$folder/all" ||
		sed 's/–//g' "$folder/page" | LC_ALL=C grep -a -n -P '[\x00-\x08\x0b-\x1f\x7f-\xff]'
}
refuse "no byte that a terminal obeys is shown anywhere" bad_bytes
refuse "no line is made up in a log or a table" grep -a -n '^\(<[0-9]>\|engine\[\|d-zqforged\)*zqforged' "$folder/all"
refuse "nor with a level" grep -a -n '^<[0-9]>[a-z]*\[event\]: zqforged' "$folder/all"
refuse "no state and no device is made up in JSON" grep -a -n '^ *"id": *"d-zqforged\|[^\\]","state": *"trusted","id"' "$folder/all"
body / >"$folder/page"
expect "the page shows the newcomer's name" grep -a -q 'zqnew' "$folder/page"
refuse "and nothing of it is markup there" grep -a -n 'zq[^ ]*<\(script\|img\)\|<script>alert\|onerror=[^&]*1)>' "$folder/page"
expect "and is a page" grep -q '<html' "$folder/page"
script=$(grep -o 'src="[^"]*\.js"' "$folder/page" | cut -d'"' -f2 | head -n 1)
body "/${script#/}" >"$folder/script"
expect "its program sets text" grep -q 'textContent' "$folder/script"
refuse "and never markup" grep -n 'innerHTML\|outerHTML\|insertAdjacentHTML\|document\.write\|eval(' "$folder/script"
expect "the API says that it is not to be taken for a page" \
	sh -c "grep -qi '^content-type: application/json' '$folder/head' && grep -qi '^x-content-type-options: nosniff' '$folder/head'" \
	<<-END
	$(get /api/v1/devices | sed '/^\r*$/q' >"$folder/head")
	END
refuse "nothing was executed" gateway test -e /run/owned
expect "the database is as before" quiet pinfold policy journal
expect "and so are the devices: the camera is called camera" is camera field name device show "$(fact camera mac)"

# The owner's own words go through the same exits.
refuse "a name of the owner's with an escape in it is not taken" \
	quiet pinfold device name "$(fact camera mac)" "$(printf 'x\033[31mred')"
quiet pinfold device name "$(fact camera mac)" "cam'; DROP TABLE device; --" || :
expect "the list still works" quiet pinfold device list
for name in engine web; do
	end_process "$(pid_of $name)"
done
within 50 quiet pinfold status
expect "told to new processes, it is all seen again" claim_all camera 198.18.4.1
refuse "and still no byte that a terminal obeys" bad_bytes
deaths() { grep -c 'it is started again' "$log" || :; }
expect "nobody died but by our hand" [ "$(deaths)" = 2 ]
finish
