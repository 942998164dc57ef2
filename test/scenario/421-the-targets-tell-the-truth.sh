#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the checks are tested on is held against other people's clients first: a
# target that says its factory login works lets curl in with it, one that says it
# does not keeps curl out, and both in every layout that the seeds below give.
#
#	421-*.sh TARGET
set -u
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for a namespace"
[ $# -eq 1 ] || { echo "usage: $0 TARGET"; exit 2; }
for tool in busybox curl mosquitto_sub openssl upnpc socat; do
	command -v $tool >/dev/null || skip "needs $tool"
done
if [ -z "${PINFOLD_INSIDE-}" ]; then
	target=$(realpath "$1")
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" "$target"
fi
target=$1
mount -t proc proc /proc
mount -t tmpfs none /run
ip link set lo up
ip route add 239.255.255.250 dev lo

# Each group plays its targets at an address of its own, so that they need not wait for each other.
group() { # NUMBER SENTENCE FUNCTION
	(
		here=/run/$1 at=10.77.0.$1
		said=$here/said wrong=0 n=0
		mkdir -p $here
		ip addr add $at/32 dev lo
		$3
		if [ $wrong = 0 ] && [ $n -gt 0 ]; then
			echo "ok - $2 ($n times)"
		else
			echo "not ok - $2 ($n times)"
		fi
	) >/run/group.$1 2>&1 &
}

# begin WORD...: a target, its truth in $said
begin() {
	: >$said
	"$target" --family 4 --address $at --seconds 60 --manner plain "$@" >$said 2>$here/trouble &
	played=$!
	tries=0
	until [ -s $said ] || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	port=$(sed 's/.*"port":\([0-9]*\).*/\1/' $said)
	# What is tried: the login that it says works, if it is a factory's, and else one of the book.
	user=root password=xc3511
	if grep -q '"factory-login":true' $said; then
		user=$(sed 's/.*"user":"\([^"]*\)".*/\1/' $said)
		password=$(sed 's/.*"password":"\([^"]*\)".*/\1/' $said)
	fi
	scheme=http
	! grep -q '"tls":true' $said || scheme=https
}
end() {
	kill $played
	wait $played 2>/dev/null
}
# claims FAULT COMMAND...: the command works if and only if the target says that it has the fault
claims() {
	fault=$1
	shift
	n=$((n + 1))
	truth=false
	! "$@" >$here/out 2>&1 || truth=true
	grep -q "\"$fault\":$truth" $said || {
		echo "   $fault is $truth by: $*"
		sed 's/^/   /' $said
		head -n 20 $here/out | sed 's/^/   /'
		wrong=1
	}
}
# play SERVICE FAULTS SEEDS FUNCTION: the function for each of them
play() {
	for fault in $2; do
		for seed in $3; do
			begin --service $1 --seed $seed --fault $fault
			$4
			end
		done
	done
}
curl_at() { timeout 8 curl -sSk --noproxy '*' --max-time 6 "$@"; }
quiet() { curl_at -o $here/page "$@"; }

# Names and passwords as a person types them, whatever the words on the screen are; the sum shows that
# a shell answers and no echo.
telnet_in() {
	{
		for line in "$user" "$password" 'echo pin$((6*7))fold'; do
			sleep 0.9
			printf '%s\r\n' "$line"
		done
		sleep 0.9
	} | timeout 8 socat -t 1 - TCP:$at:$port 2>/dev/null | grep -aq pin42fold
}
serial_in() { # a line wakes it
	{
		for line in '' 'echo pin$((6*7))fold' ''; do
			printf '%s\r\n' "$line"
			sleep 0.9
		done
	} | timeout 8 socat -t 1 - TCP:$at:$port 2>/dev/null | grep -aq pin42fold
}
try_telnet() { claims factory-login telnet_in; }
try_serial() { claims open serial_in; }
telnets() { play telnet factory-login "1 2 3 4" try_telnet; }
good_telnets() { play telnet none "1 2 3 4" try_telnet; }
serials() { play serial "open none" "1 2 3" try_serial; }

try_ftp() {
	claims factory-login quiet -Q PWD -u "$user:$password" --head "ftp://$at:$port/"
	claims anonymous quiet -Q PWD -u anonymous:a@b --head "ftp://$at:$port/"
}
ftps() { play ftp "factory-login anonymous none" "1 2" try_ftp; }

# RFC 2326 with RFC 7617 or RFC 2617, put together by hand: curl's own command does not ask for it.
describe() { # [HEADER]
	printf 'DESCRIBE %s RTSP/1.0\r\nCSeq: 2\r\n%s\r\n' "$url" "${1:+$1
}" | timeout 4 socat -t 2 - TCP:$at:$port 2>/dev/null | tr -d '\r' >$here/answer
	head -n 1 $here/answer | grep -Eq ' (200|404) '
}
md5() { printf '%s' "$1" | openssl md5 | sed 's/.* //'; }
described() {
	! describe || return 1
	realm=$(sed -n 's/.*realm="\([^"]*\)".*/\1/p' $here/answer)
	nonce=$(sed -n 's/.*nonce="\([^"]*\)".*/\1/p' $here/answer)
	if grep -q Basic $here/answer; then
		describe "Authorization: Basic $(printf '%s' "$user:$password" | openssl base64)"
	else
		describe "Authorization: Digest username=\"$user\", realm=\"$realm\", nonce=\"$nonce\", uri=\"$url\", response=\"$(
			md5 "$(md5 "$user:$realm:$password"):$nonce:$(md5 "DESCRIBE:$url")")\""
	fi
}
try_rtsp() {
	url=rtsp://$at:$port/11
	claims open describe
	claims factory-login described
}
rtsps() { play rtsp "factory-login open none" "1 2 3 4" try_rtsp; }

# Basic and Digest by curl; forms by what a person would do: fill in what the page asks for.
attribute() { sed -n "s/.*$1=[\"']\{0,1\}\([^\"' >]*\).*/\1/Ip"; }
form_in() {
	base=$scheme://$at:$port
	rm -f $here/jar
	quiet -L -c $here/jar "$base/" || return 1
	sed 's/<!--[^>]*>[^>]*>[^>]*>//' $here/page | tr '\n\t' '  ' >$here/flat
	if grep -q fetch $here/page; then
		path=$(sed -n "s/.*fetch('\([^']*\)'.*/\1/p" $here/page)
		keys=$(sed -n "s/.*stringify({'\([^']*\)':u.value,'\([^']*\)':p.value.*/\1 \2/p" $here/page)
		quiet -c $here/jar -H 'Content-Type: application/json' \
			-d "{\"${keys% *}\":\"$user\",\"${keys#* }\":\"$password\"}" "$base$path" || return 1
	else
		sed 's/<form/\n<form/gI' $here/flat | grep -i 'type=.\{0,1\}password' | head -n 1 | sed 's/<input/\n<input/gI' >$here/form
		path=$(head -n 1 $here/form | attribute action)
		method=$(head -n 1 $here/form | attribute method | tr 'A-Z' 'a-z')
		secret=$(grep -i 'type=.\{0,1\}password' $here/form | attribute name)
		name=$(grep -i '<input' $here/form | grep -vi 'type=.\{0,1\}\(password\|hidden\|submit\|checkbox\)' | attribute name | head -n 1)
		token=$(grep -i 'name=.token' $here/form | attribute value)
		[ "$method" = post ] && how= || how=-G
		# shellcheck disable=SC2086
		quiet $how -c $here/jar --data-urlencode "$name=$user" --data-urlencode "$secret=$password" \
			--data-urlencode "token=$token" "$base/${path#/}" || return 1
	fi
	quiet -L -b $here/jar "$base/index.html" || return 1
	grep -Eq 'Live view|frameset|Uptime|bersicht|id=app' $here/page
}
web_in() {
	quiet -D $here/heads "$scheme://$at:$port/"
	grep -q '^WWW-Auth' $here/heads || { form_in; return; }
	[ "$(curl_at -o $here/page -w '%{http_code}' --anyauth -u "$user:$password" "$scheme://$at:$port/")" = 200 ]
}
try_login() { claims factory-login web_in; }
logins() { play http "factory-login none" "1 2 3 4 5 6 7 8 9 10" try_login; }
more_logins() { play http "factory-login none" "11 12 13 14 15 16 17 18 19 20" try_login; }

gives() { # PATHS...
	for path in "$@"; do
		quiet --path-as-is "$scheme://$at:$port$path" || continue
		! grep -Eq 'root:x:0|made-up|\[core\]|apr1' $here/page || return 0
	done
	return 1
}
try_files() {
	claims traversal gives /../../../../etc/passwd /..%2f..%2f..%2fetc/passwd
	claims exposed-file gives /.git/config /config.xml /backup.cfg /system.ini /.env /.htpasswd \
		/config.bin /etc/passwd /cgi-bin/config.exp /config.cfg
}
files() { play http "exposed-file traversal none" "1 2 3 4" try_files; }

mqtt() { timeout 5 mosquitto_sub -h $at -p $port -W 2 -C 1 -t '#' "$@"; }
try_mqtt() {
	claims open mqtt
	claims open mqtt -V 5
	grep -q '"open":true' $said || claims factory-login mqtt -u "$user" -P "$password"
}
mqtts() { play mqtt "open factory-login none" "1 2 3" try_mqtt; }

# What it offers, asked by a client that would take anything.
offers() {
	echo | timeout 5 openssl s_client -connect $at:$port "$@" >$here/offer 2>&1
	grep -Eq 'Cipher is (TLS|ECDHE|AES|NULL|DHE|RSA)' $here/offer
}
old() { offers -tls1_1 -cipher 'ALL:@SECLEVEL=0' || offers -tls1 -cipher 'ALL:@SECLEVEL=0'; }
weak() { offers -tls1_2 -cipher 'NULL-SHA256:@SECLEVEL=0'; }
any() { offers -cipher 'ALL:eNULL:@SECLEVEL=0'; }
small() { any && openssl x509 -noout -text <$here/offer | grep -q '(1024 bit)'; }
expired() { any && ! openssl x509 -noout -checkend 0 <$here/offer; }
try_tls() {
	claims old-tls old
	claims weak-cipher weak
	claims small-key small
	claims expired expired
}
tlses() { play tls "old-tls weak-cipher" "1 2 3" try_tls; }
more_tlses() { play tls "small-key expired none" "1 2 3" try_tls; }

igd() { timeout 6 upnpc -m lo -u "http://$at:$port/rootDesc.xml" -s | grep -q 'ExternalIPAddress = 198.18.0.77'; }
try_igd() { claims open igd; }
igds() { play igd "open none" "1 2 3" try_igd; }

tftp() {
	for file in config.bin startup-config running-config backup.cfg config.txt /etc/passwd; do
		rm -f $here/page
		timeout 3 busybox tftp -g -r $file -l $here/page $at 2>/dev/null
		! grep -Eqs 'made-up|root:x' $here/page || return 0
	done
	return 1
}
try_tftp() { claims open tftp; }
tftps() { play tftp "open none" "1 2 3" try_tftp; }

octal() { printf '\\%03o' $1; }
# A question of version 1 for sysDescr by the community "public" or "private".
snmp() {
	for name in public private; do
		# SEQUENCE, version 0, community, GetRequest 1 0 0 of 1.3.6.1.2.1.1.1.0 with NULL
		printf "\\060$(octal $((32 + ${#name})))\\002\\001\\000\\004$(octal ${#name})$name\\240\\031\\002\\001\\001\\002\\001\\000\\002\\001\\000\\060\\016\\060\\014\\006\\010\\053\\006\\001\\002\\001\\001\\001\\000\\005\\000" |
			timeout 3 socat -t 1 - UDP:$at:161 2>/dev/null | grep -aq 'Linux device' && return 0
	done
	return 1
}
try_snmp() { claims public snmp; }
snmps() { play snmp "public none" "1 2 3" try_snmp; }

# GET of the resource that the device names itself, confirmable, with no token.
coap_get() { # OPTIONS in octal
	printf "\\100\\001\\022\\064$1" | timeout 3 socat -t 1 - UDP:$at:5683 2>/dev/null
}
coap() {
	resource=$(coap_get '\273.well-known\004core' | LC_ALL=C sed -n 's/.*<\/\([^>]*\)>;rt.*/\1/p')
	[ -n "$resource" ] || return 1
	options='' step=11
	for part in $(echo "$resource" | tr / ' '); do
		options="$options$(octal $((step * 16 + ${#part})))$part"
		step=0
	done
	coap_get "$options" | grep -aq '{"v":'
}
try_coap() { claims open coap; }
coaps() { play coap "open none" "1 2 3" try_coap; }

group 11 "telnet: who says that a login works gives a shell" telnets
group 24 "telnet: who says that none works gives none" good_telnets
group 12 "a serial line on the network has a shell where it is said" serials
group 13 "ftp: curl comes in where it is said, as factory user and as anybody" ftps
group 14 "rtsp: the picture is described to the login that is said, and to all where it is open" rtsps
group 15 "http: each layout lets the factory user in where it is said, and nobody else" logins
group 16 "http: other layouts, too" more_logins
group 17 "http: made-up files are given by those who say so alone" files
group 18 "mqtt: a subscriber without a name hears where it is said" mqtts
group 19 "tls: OpenSSL finds old versions and no encryption where it is said" tlses
group 25 "tls: of the others it finds what is said" more_tlses
group 20 "a gateway's control obeys upnpc where it is said" igds
group 21 "tftp gives its configuration where it is said" tftps
group 22 "snmp answers strangers where it is said" snmps
group 23 "coap answers strangers where it is said" coaps
wait
cat /run/group.*
! grep -q '^not ok' /run/group.*
