#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pinfoldd starts beside children that say what they were handed; then the
# bridge appears, as the enforcer would make it.
set -eu
. "$(dirname "$0")/monitor/place.sh"

settings <<END
END
start
expect "all processes are ready within 5 s" within 50 logged "all processes are ready"
expect "each process runs" sh -c "for n in $children; do pgrep -x \$n >/dev/null || exit 1; done"
refuse "the DHCP server waits for the bridge" runs dnsmasq

got() { grep -c "^<6>$1\[stub\]: got descriptor $2 peer $3" $log || true; }
pair() { [ "$(got "$1" 1 "$2")" = 1 ] && [ "$(got "$2" 1 "$1")" = 1 ]; }
for two in engine:capture engine:enforcer engine:resolver engine:relay engine:fetcher engine:checker engine:teller engine:web \
	resolver:enforcer fetcher:resolver; do
	expect "${two%:*} and ${two#*:} have a channel" pair "${two%:*}" "${two#*:}"
done
expect "and nobody else has one" [ "$(grep -c 'got descriptor 1 ' $log)" = 20 ]
expect "capture alone has packets" [ "$(grep 'got descriptor 2 ' $log)" = \
	"<6>capture[stub]: got descriptor 2 peer unknown" ]
expect "the engine has the control socket" [ "$(got engine 5 unknown)" = 1 ]
expect "only its owner can reach the control socket" \
	[ "$(stat -c '%a %u' $folder/run/ctl)" = "600 0" ]
expect "web has its listener" [ "$(got web 6 unknown)" = 1 ]
refuse "relay, fetcher, checker and web are not told of links" \
	grep -qE '^<6>(relay|fetcher|checker|web)\[stub\]: got link' $log
expect "links are told before the processes begin" \
	[ "$(grep -c '^<6>enforcer\[stub\]: got link' $log)" = 3 ]

make_bridge
expect "DNS sockets come with the bridge: v4, v6 and link-local" \
	within 50 times_logged 3 '^<6>resolver\[stub\]: got descriptor 3 '
expect "so do those for TCP" within 10 times_logged 3 '^<6>resolver\[stub\]: got descriptor 4 '
expect "the status page has a listener for each family" \
	within 10 times_logged 2 '^<6>web\[stub\]: got descriptor 13 '
for n in 7 8 9 10; do
	expect "the relay has its socket $n" within 10 logged "^<6>relay\[stub\]: got descriptor $n "
done
expect "the DHCP server runs" within 50 runs dnsmasq
expect "the port is told to be up" within 10 logged '^<6>enforcer\[stub\]: got link p-a up 1 gone 0'
refuse "a link that has no name in the settings is not told" logged 'got link far-a'

base=64500
user_of() { ps -o uid= -p "$(pid_of "$1")" | tr -d ' '; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" /proc/"$(pid_of "$1")"/status; }
for row in capture:2:0000000000000000 engine:3:0000000000000000 enforcer:4:0000000000001000 \
	resolver:5:0000000000000000 relay:6:0000000000000000 fetcher:7:0000000000000000 \
	web:8:0000000000000000 checker:11:0000000000000000 teller:12:0000000000000000 dnsmasq:9:0000000000003400; do
	name=${row%%:*} rest=${row#*:}
	expect "$name is user $((base + ${rest%:*}))" [ "$(user_of "$name")" = $((base + ${rest%:*})) ]
	expect "$name holds just its capabilities" [ "$(status_of "$name" CapEff) $(status_of "$name" CapPrm)" = \
		"${rest#*:} ${rest#*:}" ]
	expect "$name can gain none" [ "$(status_of "$name" NoNewPrivs)" = 1 ]
	# A sanitizer needs calls that the filter closes, and says so in the log.
	logged 'system calls are not filtered' && [ "$name" != dnsmasq ] ||
		expect "$name is under a filter of system calls" [ "$(status_of "$name" Seccomp)" = 2 ]
done
for name in capture resolver relay web; do
	expect "$name sees an empty root" [ "$(readlink /proc/"$(pid_of $name)"/root)" = $folder/run/empty ]
done

# The kernel's rules by user see who holds a socket, not who opened it.
expect "the resolver's listening socket belongs to its user" \
	sh -c "ss -tlnpe | grep -q '192.168.77.1%br-lan:53 .*uid:$((base + 5)) '"
expect "web's belongs to its user" sh -c "ss -tlnpe | grep -q '127.0.0.1:8480 .*uid:$((base + 8)) '"

old=$(pid_of dnsmasq)
ip link del br-lan
expect "a bridge that goes is told" within 20 logged '^<6>enforcer\[stub\]: got link br-lan up 0 gone 1'
: >$log
make_bridge
expect "and sockets are opened anew for the next one" \
	within 50 times_logged 3 '^<6>resolver\[stub\]: got descriptor 3 '
expect "and a DHCP server that is not tied to the old one" within 50 runs_as_new dnsmasq "$old"
listens_on_the_new() { ss -ulnp | grep -q '%br-lan:67 .*dnsmasq'; }
expect "listens on the new one" within 20 listens_on_the_new
finish
