#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Answers one HTTP request, as a receiver of webhooks and of ntfy's publishing would,
# and writes what it makes of it to a file: "good" or "bad", what it was, the body.
#
#	socat TCP-LISTEN:8099,fork EXEC:"receiver.sh FILE SECRET"
#
# A webhook is good when its signature is that of the secret over time and body, and the
# time is ours within five minutes; what is published to ntfy when it is a POST to the root
# with topic, title, message, a priority from 1 to 5 and the token.
set -eu
file=$1 secret=$2

IFS=' ' read -r method path _
length=0 signature='' token=''
while IFS= read -r line; do
	line=$(printf '%s' "$line" | tr -d '\r')
	[ -n "$line" ] || break
	case $line in
	"Content-Length: "*) length=${line#*: } ;;
	"Pinfold-Signature: "*) signature=${line#*: } ;;
	"Authorization: "*) token=${line#*: } ;;
	esac
done
body=$(head -c "$length")

is_webhook() {
	t=${signature#t=} t=${t%%,*}
	now=$(date +%s)
	hex=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac "$secret" | sed 's/.*= //')
	[ "$signature" = "t=$t,v1=$hex" ] && [ $((now - t)) -lt 300 ] && [ $((t - now)) -lt 300 ]
}
is_ntfy() {
	[ "$path" = / ] && [ "$token" = "Bearer $secret" ] || return 1
	for wanted in '"topic":"home"' '"title":"[^"]' '"message":"[^"]' '"priority":[1-5],'; do
		printf '%s' "$body" | grep -q "$wanted" || return 1
	done
}
case $path in
/hook) kind=webhook ;;
/) kind=ntfy ;;
*) kind=unknown ;;
esac
verdict=bad
[ "$method" = POST ] && "is_$kind" 2>/dev/null && verdict=good
printf '%s %s %s\n' "$verdict" "$kind" "$body" >>"$file"
if [ $verdict = good ]; then
	printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
else
	printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
fi
