#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The notify protocol and an inherited listener, with socat and systemd's own
# tool in the place of systemd.
set -eu
. "$(dirname "$0")/monitor/place.sh"
command -v socat >/dev/null || skip "socat is not installed"
command -v systemd-socket-activate >/dev/null || skip "systemd-socket-activate is not installed"

settings <<END
END
socat -u UNIX-RECVFROM:$folder/notify,fork OPEN:$folder/notified,creat,append &
within 20 test -S $folder/notify
NOTIFY_SOCKET=$folder/notify WATCHDOG_USEC=200000 $folder/bin/pinfoldd -f $folder/pinfold.conf \
	>>$log 2>&1 &
monitor=$!
expect "it says that it is ready" within 50 grep -qs "^READY=1" $folder/notified
expect "after all processes were" logged "all processes are ready"
barks() { [ "$(grep -o WATCHDOG=1 $folder/notified | wc -l)" -ge 3 ]; }
expect "it feeds the watchdog" within 20 barks
refuse "no child knows where systemd listens" sh -c \
	"for n in $children; do tr '\\0' '\\n' </proc/\$(pgrep -x \$n)/environ; done | grep -Eq '^(NOTIFY_SOCKET|WATCHDOG_|LISTEN_)'"
kill -TERM $monitor
expect "it says that it stops" within 20 grep -q "STOPPING=1" $folder/notified
within 50 is_gone $monitor

: >$log
systemd-socket-activate -l 127.0.0.1:9099 $folder/bin/pinfoldd -f $folder/pinfold.conf >>$log 2>&1 &
monitor=$!
listens() { ss -Hltn | grep -q ':9099 '; }
within 30 listens
# The tool starts its program with the first caller.
socat -u OPEN:/dev/null TCP:127.0.0.1:9099 || true
expect "it takes the inherited listener for web" within 50 logged '^<6>web\[stub\]: got descriptor 6 '
within 50 logged "all processes are ready"
refuse "and opens none of its own" sh -c "ss -Hltn | grep -q ':8480 '"
holds() { ss -Hltnp | grep ':9099 ' | grep -q '"web"'; }
expect "web holds it" holds
finish
