#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The pages by TLS of our own, from the owner's file to the browser: a key that others may
# read is refused and said, the right one is taken up, and so is a renewed certificate; nobody
# gets in by an older TLS; a passkey logs in there.  The real processes under their real filters.
#
#	019-*.sh PINFOLDD STUB
set -eu
. "$(dirname "$0")/monitor/place.sh"
for tool in curl openssl nft; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done

real=$(dirname "$pinfoldd")
real_children
name=pages.example
settings <<END
debug = yes
web-listen = 192.168.77.1:8480
web-name = $name
web-certificate = $folder/certificate.pem
web-key = $folder/key.pem
END
issue() { # NAME FILE
	openssl x509 -req -in $folder/request -days 5 -CA $folder/ca.pem -CAkey $folder/ca.key \
		-extfile /dev/stdin -out $folder/new 2>/dev/null <<-END
			subjectAltName = DNS:$1
		END
	mv $folder/new "$2"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=home -days 9 \
	-keyout $folder/ca.key -out $folder/ca.pem 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name \
	-keyout $folder/key.pem -out $folder/request 2>/dev/null
issue other.example $folder/certificate.pem
chmod 644 $folder/key.pem

pinfold() { "$(dirname "$real")/ctl/pinfold" --socket $folder/run/ctl "$@"; }
ask() { # ARGUMENTS...: what curl says, and the head of the answer
	curl -sS -i --max-time 3 --cacert $folder/ca.pem \
		--resolve $name:8443:192.168.77.1 --resolve $name:8480:192.168.77.1 \
		--resolve other.example:8443:192.168.77.1 "$@" 2>&1
}
says() { # TEXT COMMAND...
	text=$1
	shift
	"$@" | grep -qi -- "$text"
}

start
expect "all processes are ready" within 100 logged "all processes are ready"
expect "a key that others may read is refused, with what to do" \
	logged "web-key: \"$folder/key.pem\" can be read by others (mode 0644): chmod 600 \"$folder/key.pem\""
expect "doctor says so" within 30 says "root must own both" pinfold doctor
expect "without TLS the name is served as ever" within 50 says "303 See Other" ask http://$name:8480/
refuse "and nobody is sent to where nothing is" says "https:" ask http://$name:8480/

web=$(pid_of web)
chmod 600 $folder/key.pem
expect "it is taken up once it is right" within 80 runs_as_new web "$web"
expect "what is for another name is not taken by a client" \
	within 30 says "subject name" ask https://$name:8443/
refuse "nor is anybody led to it" says "https:" ask http://$name:8480/
expect "and doctor says that" within 20 says "is not for $name" pinfold doctor
expect "no passkey is asked for there, and it is said why" says "passkeys need the pages by TLS" \
	ask -k -H 'Content-Type: application/json' -d '{}' https://$name:8443/api/v1/session/challenge

web=$(pid_of web)
issue $name $folder/certificate.pem
expect "a renewed certificate is taken up" within 80 runs_as_new web "$web"
served=$(pid_of web)
expect "and who trusts its issuer gets the page" within 30 says "^HTTP/1.1 200" ask https://$name:8443/page.css
expect "which is to be asked for by TLS from now on" \
	says "^Strict-Transport-Security: max-age=2592000" ask https://$name:8443/page.css
refuse "who does not trust it gets nothing" \
	curl -s --max-time 3 --resolve $name:8443:192.168.77.1 https://$name:8443/
expect "TLS 1.2 will do" says "^HTTP/1.1 200" ask --tls-max 1.2 https://$name:8443/page.css
# Level 0: or it is the client that refuses.
old() { ask --tlsv1.0 --tls-max "$1" --ciphers 'ALL:@SECLEVEL=0' https://$name:8443/page.css; }
expect "TLS 1.1 will not" says "SSL_ERROR_SYSCALL\|alert protocol version" old 1.1
expect "TLS 1.0 neither" says "SSL_ERROR_SYSCALL\|alert protocol version" old 1.0
expect "doctor tells when it expires" within 20 says "expires in 4 days" pinfold doctor

expect "the same by plain HTTP leads there" \
	says "^Location: https://$name:8443/devices" ask "http://$name:8480/devices?x=1"
refuse "with no word of TLS from now on" says "^Strict-Transport" ask http://$name:8480/
expect "a secret is not led there, but refused" \
	says "^HTTP/1.1 403" ask -H 'Authorization: Bearer pt_x' http://$name:8480/api/v1/status
expect "nor is a password" says "^HTTP/1.1 403" ask -d name=anna -d password=x http://$name:8480/do/session
expect "by address nothing is led" says "^Location: /claim" ask http://192.168.77.1:8480/

code=$(pinfold account claim-code --quiet)
claim() {
	ask -H 'Content-Type: application/json' https://$name:8443/api/v1/claim \
		-d "{\"code\":\"$code\",\"name\":\"anna\",\"password\":\"eine Katze und ein Hund\"}"
}
claim >$folder/claimed
expect "who logs in gets a cookie for this host, by TLS alone" \
	grep -q '^Set-Cookie: __Host-pinfold=ps_[^;]*; Path=/; .*HttpOnly; SameSite=Strict; Secure' $folder/claimed
cookie=$(sed -n 's/^Set-Cookie: __Host-pinfold=\([^;]*\);.*/\1/p' $folder/claimed)
expect "which is believed" says '^HTTP/1.1 200' ask -b "__Host-pinfold=$cookie" https://$name:8443/api/v1/status
expect "and not by another name" says '^HTTP/1.1 401' ask -b "pinfold=$cookie" https://$name:8443/api/v1/status

proof=$(sed -n 's/.*"proof":"\([^"]*\)".*/\1/p' $folder/claimed)
mkfifo $folder/to-phone $folder/from-phone
"$(dirname "$stub")/phone" $name https://$name:8443 <$folder/to-phone >$folder/from-phone &
exec 3>$folder/to-phone 4<$folder/from-phone
post() { # PATH BODY ARGUMENTS...
	path=$1 body=$2
	shift 2
	ask -H 'Content-Type: application/json' "https://$name:8443/api/v1$path" -d "$body" "$@"
}
as_anna() { post "$@" -b "__Host-pinfold=$cookie" -H "X-Pinfold-CSRF: $proof"; }
phone() { # make | use: $said is what a browser says to the question in the answer
	echo "$1 $(sed -n 's/.*"challenge":"\([^"]*\)".*/\1/p' $folder/question)" >&3
	read -r said <&4
}
log_in() {
	post /session/challenge '{}' >$folder/question
	phone use
	post /session/passkey "{$said,\"user\":\"$user\"}" >$folder/logged-in
	grep -q '^Set-Cookie: __Host-pinfold=ps_[^;]*; Path=/; .*HttpOnly; SameSite=Strict; Secure' $folder/logged-in
}
as_anna /passkeys/challenge '{"password":"eine Katze und ein Hund"}' >$folder/question
user=$(sed -n 's/.*"user":{"id":"\([^"]*\)".*/\1/p' $folder/question)
phone make
expect "a passkey is added by who is logged in" says '^HTTP/1.1 200' as_anna /passkeys "{\"name\":\"phone\",$said}"
expect "and logs in, by a cookie as the password's" log_in
expect "what it said is good once" \
	says '^HTTP/1.1 409' post /session/passkey "{$said,\"user\":\"$user\"}"
id=$(pinfold passkey list --quiet)
expect "the console takes it away" pinfold passkey remove "$id"
refuse "and then it logs in no more" log_in
exec 3>&- 4<&-

expect "trusted devices may come by both ports" says "tcp dport { 8443, 8480 } accept" nft list ruleset
refuse "nobody was killed by its filter" logged "not in its list"
expect "and web has run all the while" [ "$(pid_of web)" = "$served" ]
kill "$monitor"
within 100 is_gone "$monitor"

# Without the settings it is as it was.
sed -i '/^web-\(certificate\|key\)/d' $folder/pinfold.conf
: >$log
start
expect "without a certificate all are ready" within 100 logged "all processes are ready"
refuse "nobody listens for TLS" says ":8443" ss -Hlnt
expect "and the name is served" within 50 says "^Location: /login" ask http://$name:8480/
refuse "doctor has nothing to say of it" says "TLS" pinfold doctor
kill "$monitor"
within 100 is_gone "$monitor" || true
finish
