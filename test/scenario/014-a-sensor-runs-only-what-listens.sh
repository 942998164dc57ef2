#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -eu
. "$(dirname "$0")/monitor/place.sh"

settings <<END
mode = sensor
END
start
expect "all processes are ready" within 50 logged "all processes are ready"
for name in enforcer engine capture web; do expect "$name runs" runs $name; done
for name in resolver relay fetcher checker teller dnsmasq; do refuse "$name does not" runs $name; done
make_bridge
within 30 logged 'got link p-a up 1' || true
refuse "no DHCP server starts though a bridge appears" runs dnsmasq
expect "nothing listens but the owner's page" [ "$(ss -Hlntu | wc -l)" = 1 ]
finish
