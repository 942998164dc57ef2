#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makers' servers, good and bad, and the real, confined fetcher: certificates of
# a wrong name, of yesterday and of nobody; redirects that lead inside; bodies
# without end; signatures that fit and that do not.  Nothing leaves the network
# namespace that this makes.
#
#	230-*.sh DRIVER FETCHER
set -eu
driver=$(realpath "$1") fetcher=$(realpath "$2")

. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
for tool in ip openssl socat lighttpd; do
	command -v $tool >/dev/null || [ -x /usr/sbin/$tool ] || skip "needs $tool"
done
[ -e /usr/lib/lighttpd/mod_openssl.so ] || skip "needs lighttpd-mod-openssl"

if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"

ip link set lo up
for n in 1 2 3 4 5; do ip addr add 198.18.5.$n/32 dev lo; done
ip addr add 2001:db8:5::1/128 dev lo nodad
ip addr add 192.168.77.12/32 dev lo

# --- authorities and certificates

{
	openssl() { command openssl "$@" 2>/dev/null; }
	authority() { # NAME
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
			-keyout $1.key -out $1.pem -subj "/CN=$1" \
			-addext "keyUsage=critical,keyCertSign,cRLSign" \
			-addext "basicConstraints=critical,CA:true"
	}
	dated() { # NAME AUTHORITY EXTENSIONS START END
		name=$1 by=$2 extensions=$3
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key \
			-out $name.csr -subj "/CN=$name"
		printf '%b' "$extensions" >$name.ext
		: >index.txt
		printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nunique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n' >ca.cnf
		openssl ca -batch -config ca.cnf -cert $by.pem -keyfile $by.key -in $name.csr \
			-out $name.pem -notext -extfile $name.ext -startdate $4 -enddate $5
		cat $name.key $name.pem >$name.both
	}
	leaf() { # NAME AUTHORITY DNS START END
		dated $1 $2 "subjectAltName=$3\nextendedKeyUsage=serverAuth\n" $4 $5
	}
	from=20200101000000Z to=20490101000000Z past=20210101000000Z
	authority web-authority
	authority nobodys-authority
	authority mud-authority
	leaf good web-authority \
		"DNS:good.example,DNS:six.example,DNS:inside.example,DNS:mixed.example,DNS:slow.example,DNS:endless.example" \
		$from $to
	leaf expired web-authority DNS:expired.example $from $past
	leaf unknown nobodys-authority DNS:unknown.example $from $to
	signs="keyUsage=critical,digitalSignature\nbasicConstraints=CA:false\n"
	dated maker mud-authority "$signs" $from $to
	dated stranger nobodys-authority "$signs" $from $to
	dated lapsed mud-authority "$signs" $from $past
	dated not-for-it mud-authority "keyUsage=critical,keyEncipherment\nbasicConstraints=CA:false\n" \
		$from $to
} >$folder/certificates.log

# --- files and their signatures

mkdir www
mud() { # URL [SIGNATURE]
	printf '{"ietf-mud:mud":{"mud-version":1,"mud-url":"%s",%s"last-update":"2026-01-01T00:00:00Z","cache-validity":24,"is-supported":true,"systeminfo":"bulb","from-device-policy":{"access-lists":{"access-list":[{"name":"f"}]}},"to-device-policy":{"access-lists":{"access-list":[]}}},"ietf-access-control-list:acls":{"acl":[{"name":"f","type":"ipv4-acl-type","aces":{"ace":[{"name":"cloud","matches":{"ipv4":{"ietf-acldns:dst-dnsname":"cloud.example","protocol":6},"tcp":{"destination-port":{"operator":"eq","port":443}}},"actions":{"forwarding":"accept"}}]}}]}}\n' \
		"$1" "${2:+\"mud-signature\":\"$2\",}"
}
sign() { # FILE SIGNER OUT [OPTIONS]
	file=$1 signer=$2 out=$3
	shift 3
	openssl cms -sign -binary -in www/$file -signer $signer.pem -inkey $signer.key \
		-outform DER -out www/$out "$@"
}
for name in named guessed unsigned altered stranger lapsed not-for-it other; do
	mud https://good.example/$name.json >www/$name.json
done
mud https://good.example/named.json sigs/named.p7s >www/named.json
mud https://good.example/lost.json nowhere.p7s >www/lost.json
mud https://big.maker.example/bulb.json >www/borrowed.json
mkdir www/sigs
sign named.json maker sigs/named.p7s
sign guessed.json maker guessed.p7s
sign altered.json maker altered.p7s
sed -i s/cloud.example/cloud.exampld/ www/altered.json
sign stranger.json stranger stranger.p7s
sign lapsed.json lapsed lapsed.p7s
sign not-for-it.json not-for-it not-for-it.p7s
sign other.json maker other.p7s
cp www/guessed.p7s www/other.p7s
sign named.json maker attached.p7s -nodetach
mud https://good.example/attached.json >www/attached.json
head -c 300000 /dev/zero | tr '\0' ' ' >www/large.json
echo '{' >www/broken.json

# --- servers

server() { # NAME ADDRESS CERTIFICATE
	cat >$1.conf <<-END
		server.modules = ("mod_redirect", "mod_accesslog", "mod_openssl")
		server.document-root = "$folder/www"
		server.bind = "$2"
		server.port = 443
		server.errorlog = "$folder/$1.log"
		accesslog.filename = "$folder/$1.access"
		accesslog.format = "%r|%{User-Agent}i|%{Accept}i"
		ssl.engine = "enable"
		ssl.pemfile = "$folder/$3.both"
		mimetype.assign = (".json" => "application/mud+json", ".p7s" => "application/pkcs7-signature")
		url.redirect = (
			"^/moved.json$" => "/guessed.json",
			"^/to-http.json$" => "http://good.example/guessed.json",
			"^/to-inside.json$" => "https://inside.example/guessed.json",
			"^/to-literal.json$" => "https://192.168.77.12/guessed.json",
			"^/to-file.json$" => "file:///etc/passwd",
			"^/loop.json$" => "https://good.example/loop.json",
			"^/hop1.json$" => "/hop2.json", "^/hop2.json$" => "/hop3.json",
			"^/hop3.json$" => "/hop4.json", "^/hop4.json$" => "/hop5.json",
			"^/hop5.json$" => "/unsigned.json")
	END
	if [ "$2" = 198.18.5.1 ]; then
		cat >>$1.conf <<-END
			\$SERVER["socket"] == "192.168.77.12:443" {
				ssl.engine = "enable"
				ssl.pemfile = "$folder/$3.both"
			}
			\$SERVER["socket"] == "[2001:db8:5::1]:443" {
				ssl.engine = "enable"
				ssl.pemfile = "$folder/$3.both"
			}
		END
	fi
	lighttpd -D -f $1.conf &
}
server good 198.18.5.1 good
server expired 198.18.5.2 expired
server unknown 198.18.5.3 unknown
body() { # NAME ADDRESS COMMAND
	cat >$1.sh <<-END
		#!/bin/sh
		printf 'HTTP/1.1 200 OK\\r\\nContent-Type: application/mud+json\\r\\n\\r\\n'
		$3
	END
	chmod 755 $1.sh
	socat OPENSSL-LISTEN:443,bind=$2,cert=good.both,verify=0,fork,reuseaddr \
		EXEC:"$folder/$1.sh" 2>/dev/null &
}
body endless 198.18.5.4 "yes"
body slow 198.18.5.5 "while printf x; do sleep 1; done"
n=0
while [ "$(ss -Hltn 'sport = :443' | wc -l)" -lt 7 ] && [ $n -lt 100 ]; do
	n=$((n + 1))
	sleep 0.1
done
FETCHER=$fetcher FOLDER=$folder "$driver"
