#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The power goes while the owner works: the state folder is what it was at that
# moment, the kernel forgets its rules, its links, its bridge, its flows.  At the
# next start the last good policy holds before any port is up.  Several times,
# each at another moment.
#
#	302-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

sed -i 's|while :; do|while [ -f "$STATE/alive" ] \|\| sleep 0.1; do [ -f "$STATE/alive" ] \|\| continue|' \
	"$folder/lab/gateway/pinfold"
: >"$folder/state/alive"
containment=report
home camera bulb
learn_facts camera bulb
let_in camera
let_in bulb
mac=$(fact camera mac)
camera4=$(fact camera 4) camera6=$(fact camera 6)
room internet socat TCP6-LISTEN:7000,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
quiet pinfold policy add camera "allow tcp 198.18.4.1 7000"
quiet pinfold policy add camera "allow tcp 198.18.9.9 9999"
quiet pinfold device enforce camera --from rules
quiet pinfold device enforce bulb --from rules
opens() { room camera timeout 2 socat -u /dev/null "TCP4:$1:$2,connect-timeout=1" 2>/dev/null; }
within 50 opens 198.18.4.1 7000

# The control: these arrive while the policy permits them.
count() {
	count_start internet victim4 ip daddr 198.18.9.9
	count_start internet victim6 ip6 daddr 2001:db8:c::909
	count_start bulb neighbour ip saddr "$camera4"
	count_start bulb neighbour6 ip6 saddr "$camera6"
}
counts() { echo "$(counted internet victim4) $(counted internet victim6) $(counted bulb neighbour) $(counted bulb neighbour6)"; }
permitted() { # add|remove
	for rule in "tcp 198.18.9.9" "udp 198.18.9.9" "tcp 2001:db8:c::909" "udp 2001:db8:c::909" \
		"udp to bulb" "tcp to bulb"; do
		quiet pinfold policy "$1" camera "allow $rule 9999" || return 1
	done
}
permitted add
count
begin_at camera before "$tool" drip 60 9999 198.18.9.9 2001:db8:c::909 "$(fact bulb 4)" "$(fact bulb 6)"
all_arrive() { for n in $(counts); do [ "$n" -gt 5 ] || return 1; done; }
expect "while it is permitted, all of it arrives" within 50 all_arrive
end_at camera before
expect "the owner takes it back" permitted remove

# Sent from now on without end, over every loss of power.
count
begin_at bulb seen tcpdump -lnni eth0 src host "$camera4" or src host "$camera6"
begin_at camera forbidden "$tool" drip 200 9999 198.18.9.9 2001:db8:c::909 "$(fact bulb 4)" "$(fact bulb 6)"

# What the kernel of a gateway knows after power-on.
forget_all() {
	gateway sh -c 'for p in /sys/class/net/p-*; do ip link set "${p##*/}" down; done
		ip link delete br-lan
		nft flush ruleset
		ip address flush dev wan0; ip link set wan0 down
		conntrack -F 2>/dev/null; rm -rf /run/pinfold'
}
# When did a port come up, and were the rules there?  Looked at as often as it goes.
cat >"$folder/lab/watch-start" <<'END'
while :; do
	if ip -o link show | grep -q ' p-[a-z]*@.*master br-lan.*state UP'; then
		# Read after the port was seen up: rules that are here now might be late, so
		# what counts is that nothing arrived; this says that the order was kept.
		nft list set inet pinfold allow4 2>/dev/null | grep -q 198.18.4.1 && echo held || echo open
		exit
	fi
done
END

kept=
moment=0
for wait_ms in 0 7 23 61; do
	moment=$((moment + 1))
	# The owner gives names as fast as they are taken; the last that was acknowledged counts.
	: >"$folder/acknowledged"
	(
		n=0
		while [ ! -f "$folder/enough" ]; do
			n=$((n + 1))
			! quiet pinfold device name "$mac" "cam-$moment-$n" || echo "cam-$moment-$n" >"$folder/acknowledged.new"
			[ ! -f "$folder/acknowledged.new" ] || mv "$folder/acknowledged.new" "$folder/acknowledged"
		done
	) &
	owner=$!
	has_some() { [ -s "$folder/acknowledged" ]; }
	within 50 has_some
	sleep 0.$(printf %03d $wait_ms)
	# The copy is taken from under the running database, file by file, as a disk would
	# be found; what was acknowledged before it began must be in it.
	cp "$folder/acknowledged" "$folder/promised"
	rm -rf "$folder/disk"
	cp -a "$gateway_state" "$folder/disk"
	: >"$folder/enough"
	wait $owner
	rm -f "$folder/enough" "$folder/state/alive"
	end_process "$(pid_of pinfoldd)"
	nobody() {
		for name in pinfoldd $children; do
			[ -z "$(pid_of $name)" ] || return 1
		done
	}
	within 50 nobody
	forget_all
	# The folder itself stays: it is mounted where the gateway looks for it.
	find "$gateway_state" -mindepth 1 -delete
	cp -a "$folder/disk/." "$gateway_state/"
	gateway timeout 20 sh "$folder/lab/watch-start" >"$folder/order" &
	watch=$!
	: >"$folder/state/alive"
	wait $watch || :
	expect "moment $moment: when a port comes up, the policy is there" is held cat "$folder/order"
	works() { opens 198.18.4.1 7000; }
	expect "moment $moment: what is allowed works again" within 100 works
	promised=$(cat "$folder/promised")
	is_kept() {
		name=$(field name device show "$mac")
		[ "${name%-*}" = "${promised%-*}" ] && [ "${name##*-}" -ge "${promised##*-}" ]
	}
	expect "moment $moment: the last acknowledged name is there" is_kept
	expect "moment $moment: it is held as before" is enforce state_of camera
done
end_at camera forbidden
expect "a lot that is forbidden was sent" sh -c "[ $(awk '$1 == "sent" { print $2 }' "$folder/forbidden") -gt 200 ]"
expect "not one packet of it has arrived" is "0 0 0 0" counts
end_at bulb seen
[ $failed = 0 ] || cat "$folder/seen"
finish
