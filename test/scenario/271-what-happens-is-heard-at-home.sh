#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The internet is unplugged.  What a sensor says still reaches the broker that it was
# introduced to, and what happens those whom the owner named on the LAN: a webhook that
# looks at the signature, ntfy, mail servers with TLS from the first byte, by STARTTLS or without.
# One of them dies, and the gateway is started again meanwhile: nothing
# is lost, and nothing told twice.  Nobody else is reached.
#
#	271-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || skip "needs python3-aiosmtpd"

home hub motion
learn_facts hub motion
let_in hub
let_in motion
hub4=$(fact hub 4)
at=$folder/at_hub
mkdir "$at"
printf 'a-secret-of-the-owner\n' >"$folder/secret"
printf 'another\n' >"$folder/wrong"
here=$at # of the tree a room sees nothing
cp "$root"/test/scenario/tell/* "$at"

listens() { room hub ss -Hltn "sport = :$1" | grep -q .; }
hooked() { begin_at hub hook socat TCP-LISTEN:8099,fork,reuseaddr EXEC:"$here/receiver.sh /run/heard a-secret-of-the-owner" && within 50 listens 8099; }
heard() { quiet room hub grep -q "$1" /run/heard; }
times_heard() { room hub grep -c "$1" /run/heard || :; }
quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=hub \
	-addext "subjectAltName=IP:$hub4" -keyout "$at/key" -out "$at/certificate"
chmod 644 "$at/key"

gateway ip link set wan0 down
# The sensor tells the hub of each movement, by itself, and was never heard there.
begin_at hub hall mosquitto_sub -p 1883 -v -t 'hall/#'
moved() { grep -q '^hall/motion yes' "$folder/hall"; }
refuse "a sensor that was introduced to nobody is not heard at the hub" moved
expect "it is introduced to the hub" quiet pinfold device introduce motion hub mqtt
quiet pinfold device enforce motion --from rules
hooked
expect "the owner names a webhook" pinfold tell add hook "http://$hub4:8099/hook" --secret "$folder/secret"
expect "its test is heard there, and the signature is right" pinfold tell test hook
expect "it was the webhook that heard it" heard '^good webhook .*"what":"test"'
expect "ntfy is named" quiet pinfold tell add ntfy "ntfy+http://$hub4:8099/home" --secret "$folder/secret" --wants urgent
expect "and hears its test" quiet pinfold tell test ntfy
expect "as its documentation wants it" heard '^good ntfy .*"topic":"home"'
quiet pinfold tell add stranger "http://$hub4:8099/hook" --secret "$folder/wrong"
refuse "who has another secret does not believe it" quiet pinfold tell test stranger
expect "and the reason is told" sh -c 'echo "$1" | grep -q "answered 403"' sh "$(pinfold tell list)"
quiet pinfold tell remove stranger
refuse "what leaves the home is encrypted" quiet pinfold tell add out http://198.18.1.1/hook
refuse "no log holds the secret" grep -q a-secret-of-the-owner "$log"
told() { pinfold --json tell list; }
refuse "and none lists it" sh -c 'echo "$1" | grep -q a-secret' sh "$(told)"

# What the teller may reach is in the kernel.
expect "the kernel lets the teller go there" sh -c 'echo "$1" | grep -q "$2 . 8099"' sh "$(gateway nft list set inet pinfold receiver4)" "$hub4"

authority=$folder/state/authority
quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=hub -addext "subjectAltName=IP:$hub4" \
	-addext basicConstraints=critical,CA:FALSE -CA "$authority/ca.pem" -CAkey "$authority/ca.key" -keyout "$at/key.good" -out "$at/good"
chmod 644 "$at/key.good"
# Mail to who is vouched for, and by STARTTLS to who is not.
for port in 4660 5870; do
	kind=smtps plus=
	[ $port = 4660 ] || kind=smtp plus=+
	begin_at hub "mail$port" /usr/bin/python3 "$here/mail.py" "$hub4" $plus$port "$at/good" "$at/key.good" anna a-secret-of-the-owner /run/mail.$port
	within 50 listens $port
	quiet pinfold tell add "mail$port" "$kind://$hub4:$port" --user anna --secret "$folder/secret" --to anna@home.example --from pinfold@home.example
	expect "a mail server that is vouched for is told by $kind" quiet pinfold tell test "mail$port"
	expect "and took it" quiet room hub grep -q '^Subject: A test of Pinfold' /run/mail.$port
	quiet pinfold tell remove "mail$port"
done
begin_at hub starttls /usr/bin/python3 "$here/mail.py" "$hub4" +5871 "$at/certificate" "$at/key" anna a-secret-of-the-owner /run/mail.5871
within 50 listens 5871
quiet pinfold tell add starttls "smtp://$hub4:5871" --user anna --secret "$folder/secret" --to anna@home.example --from pinfold@home.example
refuse "one that begins TLS with a certificate that nobody vouches for is not believed" quiet pinfold tell test starttls
refuse "and was given no mail" room hub test -e /run/mail.5871
quiet pinfold tell remove starttls

expect "what the sensor says reaches the hub, with the internet unplugged" within 100 moved
# An event of a sensor, while the receiver is dead and the gateway is started again.
quiet pinfold tell hours --night off
end_at hub hook
waits() { [ "$(field waiting tell list)" -gt 0 ]; }
sensor=$(fact motion mac)
quiet pinfold device forget motion || quiet pinfold device forget "$sensor"
room motion ip link set eth0 down
room motion ip link set eth0 up
# Shortly after a start a message waits; meanwhile mail, and a webhook by TLS.
begin_at hub mail /usr/bin/python3 "$here/mail.py" "$hub4" 4650 "$at/certificate" "$at/key" anna a-secret-of-the-owner /run/mail
within 50 listens 4650
quiet pinfold tell add mail "smtps://$hub4:4650" --user anna --secret "$folder/secret" --to anna@home.example --from pinfold@home.example
refuse "a mail server whose certificate nobody vouches for is not believed" quiet pinfold tell test mail
refuse "and it was given no password" room hub test -e /run/mail
begin_at hub plain /usr/bin/python3 "$here/mail.py" "$hub4" 2525 - - - - /run/plain
within 50 listens 2525
quiet pinfold tell add plain "smtp://$hub4:2525" --to anna@home.example --from pinfold@home.example
expect "one on the LAN that wants no password takes mail" quiet pinfold tell test plain
expect "from and to whom the owner said" quiet room hub grep -q "^from pinfold@home.example to \['anna@home.example'\]" /run/plain
expect "with a head and a text" quiet room hub grep -q '^Subject: A test of Pinfold' /run/plain
begin_at hub tls socat "OPENSSL-LISTEN:8443,cert=$at/certificate,key=$at/key,verify=0,fork,reuseaddr" SYSTEM:"cat >>/run/tls"
within 50 listens 8443
quiet pinfold tell add tls "https://$hub4:8443/hook" --secret "$folder/secret"
refuse "a webhook whose certificate nobody vouches for is not believed" quiet pinfold tell test tls
refuse "and not one byte was said to it" room hub test -s /run/tls
expect "and the reason is told" sh -c 'echo "$1" | grep -A 1 "^tls " | grep -q "certificate"' sh "$(pinfold tell list)"
begin_at hub good socat "OPENSSL-LISTEN:8444,cert=$at/good,key=$at/key.good,verify=0,fork,reuseaddr" \
	EXEC:"$here/receiver.sh /run/heard.tls a-secret-of-the-owner"
within 50 listens 8444
quiet pinfold tell add good "https://$hub4:8444/hook" --secret "$folder/secret"
expect "one whose authority is believed is" quiet pinfold tell test good
expect "and hears it" quiet room hub grep -q '^good webhook .*"what":"test"' /run/heard.tls

expect "a sensor appears that nobody let in, and the message waits for who is dead" within 400 waits
end_process "$(pid_of engine)"
within 100 quiet pinfold status
expect "after a restart it still waits" within 50 waits
hooked
expect "when the receiver is back it hears it" within 200 heard '^good webhook .*"kind":"new-device"'
expect "once" is 1 times_heard '^good webhook .*"kind":"new-device"'
expect "ntfy hears it too" within 200 heard '^good ntfy .*new device'

finish
