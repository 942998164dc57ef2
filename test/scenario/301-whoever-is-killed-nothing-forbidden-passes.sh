#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Under traffic, each process is killed again and again, the monitor too.  What
# is allowed flows on through one connection, what is forbidden is sent all the
# time and counted where it would arrive, what was acknowledged is there after.
#
#	301-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

# What holds here is the policy: a quarantine would make it too easy.
containment=report
home camera bulb vacuum phone
learn_facts camera bulb vacuum phone
let_in camera; let_in bulb; let_in vacuum; let_in phone personal
camera4=$(fact camera 4) camera6=$(fact camera 6)
victim="198.18.9.9 2001:db8:c::909"
room internet socat TCP6-LISTEN:7000,ipv6only=0,fork,reuseaddr PIPE 2>/dev/null &
rule="allow tcp cloud.vacuum.example 7000"
quiet pinfold policy add vacuum "$rule"

# The control: what will be forbidden arrives while the owner permits it.
quiet pinfold device enforce vacuum --from rules
quiet pinfold device enforce camera --from rules
permitted() { # add|remove
	for whom in 198.18.9.9 2001:db8:c::909 "to camera"; do
		for proto in udp tcp; do
			quiet pinfold policy "$1" vacuum "allow $proto $whom 9999" || return 1
		done
	done
}
permitted add
count() {
	count_start internet victim4 ip daddr 198.18.9.9 th dport 9999
	count_start internet victim6 ip6 daddr 2001:db8:c::909 th dport 9999
	count_start camera neighbour4 ip saddr "$(fact vacuum 4)"
	count_start camera neighbour6 ip6 saddr "$(fact vacuum 6)"
}
counts() { echo "$(counted internet victim4) $(counted internet victim6) $(counted camera neighbour4) $(counted camera neighbour6)"; }
all_arrive() { for n in $(counts); do [ "$n" -gt 9 ] || return 1; done; }
count
begin_at vacuum before "$tool" drip 60 9999 $victim "$camera4" "$camera6"
expect "while it is permitted, it arrives outside and at the neighbour, over IPv4 and IPv6" within 50 all_arrive
end_at vacuum before

expect "the owner takes it all back" permitted remove

count
begin_at camera seen tcpdump -lnni eth0 src host "$(fact vacuum 4)" or src host "$(fact vacuum 6)"
begin_at vacuum forbidden "$tool" drip 150 9999 $victim "$camera4" "$camera6"
connected() { room vacuum getent ahostsv4 cloud.vacuum.example; }
expect "its cloud has a name" within 30 quiet connected
count_start internet allowed tcp dport 7000
begin_at vacuum allowed "$tool" stream 198.18.1.30 7000 150
expect "its allowed connection is up" within 30 grep -q ^connected "$folder/allowed"

# What is said of tables, chains, sets and rules while all this happens.
begin_at gateway rules nft monitor
handles() { gateway nft -a list ruleset | grep -E '^table|^	(chain|set|map) |^		(type|goto|meta|ct|ip|ether|jump)' | grep -o 'handle [0-9]*$' | cksum; }
was=$(handles)

new_pid() { # NAME OLD
	now=$(pid_of "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}
# From the death to the first good answer, seen from inside of the gateway.
cat >"$folder/lab/kill-and-wait" <<'END'
name=$1 old=$(pgrep -x "$1") pinfold=$2 token=$3
begun=$(date +%s%N)
kill -9 "$old"
works() {
	case $name in
	enforcer | engine | pinfoldd) "$pinfold" status | grep -q '^holding *yes' ;;
	web) printf 'GET /api/v1/devices HTTP/1.1\r\nHost: 127.0.0.1:8480\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' "$token" | timeout 1 socat -t1 - TCP4:127.0.0.1:8480 | grep -q vacuum ;;
	esac
}
tries=0
until now=$(pgrep -x "$name") && [ "$now" != "$old" ]; do
	[ $tries -lt 500 ] || exit 1
	tries=$((tries + 1))
	sleep 0.01
done
case $name in
enforcer | engine | pinfoldd | web)
	until works >/dev/null 2>&1; do
		[ $tries -lt 500 ] || exit 1
		tries=$((tries + 1))
		sleep 0.01
	done ;;
esac
echo $((($(date +%s%N) - begun) / 1000000))
END
token=$(pinfold token add reader --quiet)
kill_and_wait() { gateway sh "$folder/lab/kill-and-wait" "$1" "$build/src/ctl/pinfold" "$token" || echo 99999; }

: >"$folder/slow"
round=0
while [ $round -lt 4 ]; do
	round=$((round + 1))
	for name in $children dnsmasq pinfoldd; do
		called=vacuum-$round-$name
		quiet pinfold device name "$(fact vacuum mac)" "$called" || echo "$called not taken" >>"$folder/slow"
		ms=$(kill_and_wait $name)
		# Two cores for everybody: the second is for the process, the rest for the others.
		[ "$ms" -lt 1000 ] || echo "$name $ms" >>"$folder/slow"
		echo "$name $ms" >>"$folder/times"
		[ "$(field name device show "$(fact vacuum mac)")" = "$called" ] || echo "$called" >>"$folder/lost"
	done
done
echo "   ms from kill to work: $(awk '{ n[$1]++; if ($2 > max[$1]) max[$1] = $2 } END { for (k in n) printf "%s %s  ", k, max[k] }' "$folder/times")"
expect "each is back and at work within a second, four times" is "" cat "$folder/slow"
refuse "what was acknowledged before a death is there after it" test -s "$folder/lost"
expect "the rules are the same ones, by their handles" is "$was" handles

# What was open is still known: the next change of the policy does not end it.
expect "the owner adds a rule" quiet pinfold policy add vacuum "allow tcp 198.18.4.1 80"
lines_before=$(counted internet allowed)
flows_on() { [ "$(counted internet allowed)" -gt $((lines_before + 20)) ]; }
expect "the allowed connection flows on after it" within 50 flows_on
end_at vacuum forbidden
end_at vacuum allowed
end_at gateway rules
end_at camera seen
echo "   forbidden: $(tail -n 1 "$folder/forbidden"); allowed: $(tail -n 1 "$folder/allowed")"
expect "a lot that is forbidden was sent" sh -c "[ $(awk '$1 == "sent" { print $2 }' "$folder/forbidden") -gt 300 ]"
expect "not one forbidden packet arrived" is "0 0 0 0" counts
[ $failed = 0 ] || cat "$folder/seen"
expect "the allowed connection lived on, with every line answered" grep -q '^lines [1-9].*longest_ms [0-9]*$' "$folder/allowed"
refuse "no table, chain, set or rule was deleted or flushed" grep -E '^(delete|destroy|flush) (table|chain|set|map|rule|ruleset) ?(inet|bridge)? pinfold( |$)' "$folder/rules"
finish
