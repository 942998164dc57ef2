#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The owner names a broker on the LAN.  The devices stand there as Home Assistant
# discovers them; a switch there pauses a device, with a row in the journal, and
# what may not be asked for is not done.  All of it with the internet unplugged.
#
#	272-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

home hub motion
learn_facts hub motion
let_in hub
let_in motion
hub4=$(fact hub 4)
gateway ip link set wan0 down
id=$(field id device show motion)

# A broker of the owner's, beside the one that the hub has.
printf 'listener 11883\nallow_anonymous true\npersistence true\npersistence_location /run/\nuser root\n' >"$folder/broker.conf"
broker() { begin_at hub broker mosquitto -c "$folder/broker.conf" && within 50 listens 11883; }
listens() { room hub ss -Hltn "sport = :$1" | grep -q .; }
broker
begin_at hub messages mosquitto_sub -p 11883 -v -t 'homeassistant/#' -t 'pinfold/#'
seen=0
says() { tail -n +$((seen + 1)) "$folder/messages" | grep -q -- "$1"; }
from_now() { seen=$(wc -l <"$folder/messages"); }
gw='gw-[0-9a-f]*'
publish() { room hub mosquitto_pub -p 11883 "$@"; }

expect "the owner names the broker" quiet pinfold tell add ha "mqtt://$hub4:11883" --scope act
expect "it says that we are there" within 100 says "^pinfold/$gw/status online"
expect "a device stands there by its id" within 100 says "^homeassistant/device/pinfold_$id/config .*\"name\":\"motion\""
expect "and by its MAC, so that it is one with what is known of it" says "\[\"mac\",\"$(fact motion mac)\"\]"
expect "and so does the gateway" says "^homeassistant/device/pinfold_$gw/config "
expect "its state follows" within 50 says "^pinfold/$id/state .*\"pause\":\"OFF\""
expect "a test is heard there" quiet pinfold tell test ha
expect "as an event" says "^pinfold/$gw/event .*\"what\":\"test\""
config() { room hub timeout 2 mosquitto_sub -p 11883 -C 1 -t "homeassistant/device/pinfold_$id/config"; }
expect "the broker keeps the device for who comes later" quiet config

paused() { [ "$(field paused device show motion)" = true ]; }
publish -t "pinfold/$id/pause/set" -m ON
expect "the switch pauses it" within 50 paused
expect "and shows that it did" within 50 says "^pinfold/$id/state .*\"pause\":\"ON\""
expect "who asked stands in the journal" quiet sh -c 'echo "$1" | grep -q "receiver ha"' sh "$(pinfold policy journal)"
publish -t "pinfold/$id/pause/set" -m OFF
unpaused() { ! paused; }
expect "and ends the pause" within 50 unpaused
publish -t "pinfold/$id/quarantine/set" -m PRESS
publish -t pinfold/motion/pause/set -m ON
publish -t "pinfold/$id/pause/set" -m "$(head -c 3000 /dev/zero | tr '\0' x)"
sleep 1
refuse "the scope does not reach as far as quarantine" is quarantine state_of motion
expect "and no device is asked for by its name" unpaused

from_now
publish -t homeassistant/status -m online
expect "when Home Assistant begins, all is told again" within 50 says "^homeassistant/device/pinfold_$id/config "
from_now
end_process "$(pid_of teller)"
expect "a teller that dies is missed at once" within 30 says "^pinfold/$gw/status offline"
expect "and is back" within 100 says "^pinfold/$gw/status online"
end_at hub broker
quiet pinfold device forget motion
broker
from_now
expect "the broker kept what it was told while it was away (control)" quiet config
gone() { ! config >/dev/null; }
expect "a device that was forgotten meanwhile is taken away there" within 100 gone
expect "and the gateway is there still" within 100 says "^pinfold/$gw/status online"
keeps() { room hub mosquitto_sub -p 11883 -C 1 -W 1 -t 'homeassistant/#' -t 'pinfold/#' -F '%r %t' | grep -q "^1"; }
expect "the broker keeps the gateway (control)" keeps
quiet pinfold tell remove ha
expect "who is removed keeps nothing of us" within 50 says "^pinfold/$gw/status (null)"
kept_nothing() { ! keeps; }
expect "neither devices nor our status" within 50 kept_nothing

# The same broker by TLS: with a certificate of an authority that is believed, of one that is not,
# and with one that is somebody else's.
certified() { # NAME SUBJECT-ALT-NAME [OPTION...]
	name=$1 whose=$2
	shift 2
	quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
		-addext "subjectAltName=$whose" -addext basicConstraints=critical,CA:FALSE \
		-keyout "$folder/at_hub/$name.key" -out "$folder/at_hub/$name.pem" "$@"
	chmod 644 "$folder/at_hub/$name.key"
}
tls() { # NAME PORT
	printf 'listener %s\nallow_anonymous true\ncertfile %s\nkeyfile %s\n' "$2" \
		"$folder/at_hub/$1.pem" "$folder/at_hub/$1.key" >"$folder/$1.conf"
	begin_at hub "$1" mosquitto -c "$folder/$1.conf"
	within 50 listens "$2"
}
hears() { quiet pinfold tell test "$1"; }
mkdir "$folder/at_hub"
authority=$folder/state/authority
certified believed "IP:$hub4" -CA "$authority/ca.pem" -CAkey "$authority/ca.key"
certified false "IP:$hub4"
certified other "IP:203.0.113.9" -CA "$authority/ca.pem" -CAkey "$authority/ca.key"
tls believed 18831
tls false 18832
tls other 18833
quiet pinfold tell add believed "mqtts://$hub4:18831"
quiet pinfold tell add false "mqtts://$hub4:18832"
quiet pinfold tell add other "mqtts://$hub4:18833"
expect "a broker with a certificate of its own is told by TLS" within 50 hears believed
refuse "one with a certificate that nobody vouches for is told nothing" hears false
refuse "nor one with the certificate of another address" hears other
begin_at hub names openssl s_server -www -tlsextdebug -accept 18834 -cert "$folder/at_hub/believed.pem" -key "$folder/at_hub/believed.key"
within 50 listens 18834
quiet pinfold tell add names "mqtts://$hub4:18834"
greeted() { grep -q 'extension "supported versions"' "$folder/names"; }
expect "the first word by TLS is seen (control)" within 50 greeted
refuse "and names no address as if it were a name" grep -q 'extension "server name"' "$folder/names"

finish
