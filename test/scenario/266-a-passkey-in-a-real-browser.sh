#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Passkeys: the real processes with a certificate, a real browser with an authenticator that it
# plays.  Where there is no browser, scenario 019 shows what they do.
#
#	266-*.sh PINFOLDD STUB
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/monitor/place.sh"
for tool in node chromium openssl; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
real=$(dirname "$pinfoldd")
modules=$real/../../browser/node_modules # of test/browser/run.sh
# npm writes this when all of it is there.
[ -f "$modules/.package-lock.json" ] || skip "needs what test/browser/run.sh installs"
real_children

name=pages.example
settings <<END
web-listen = 192.168.77.1:8480
web-name = $name
web-certificate = $folder/certificate.pem
web-key = $folder/key.pem
END
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -days 9 \
	-addext "subjectAltName = DNS:$name" -keyout $folder/key.pem -out $folder/certificate.pem 2>/dev/null
spki=$(openssl x509 -pubkey -noout -in $folder/certificate.pem |
	openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | openssl base64)
pinfold() { "$real/../ctl/pinfold" --socket $folder/run/ctl "$@"; }

start
expect "all processes are ready" within 100 logged "all processes are ready"
claim_code() { code=$(pinfold account claim-code --quiet 2>/dev/null); }
expect "the console has a code" within 50 claim_code
mkdir $folder/home
HOME=$folder/home NODE_PATH=$modules node "$here/../browser/passkey.js" "$code" https://$name:8443 \
	http://192.168.77.1:8480 "$spki" "$real/../../screens-passkey" || failed=1
expect "the console lists what there is, which is nothing any more" [ -z "$(pinfold passkey list --quiet)" ]
kill "$monitor"
within 100 is_gone "$monitor" || true
finish
