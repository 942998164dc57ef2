#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The owner takes away what a device is doing at that moment.  When the command
# returns, nothing of it passes any more; when the enforcer does not answer, the
# command says that what was decided is not in force yet, and it is as soon as the
# enforcer lives again.
#
#	311-*.sh BUILD
set -eu
. "$(dirname "$0")/home/home.sh"

containment=report
home camera vacuum
learn_facts camera vacuum
let_in camera; let_in vacuum
quiet pinfold device enforce vacuum --from rules
rule="allow udp 198.18.9.9 9999"
room internet socat -u UDP4-RECVFROM:9999,fork /dev/null 2>/dev/null &

# Each sends on one flow, every 20 ms; together, every 2 or 3.
senders="1 2 3 4 5 6 7 8"
begin_at internet seen tcpdump -lnntti any udp dst port 9999
for i in $senders; do
	begin_at vacuum "drip$i" "$tool" drip 150 9999 198.18.9.9
done
now() { date +%s.%N; }
# Packets that arrived after this time.
since() { awk -v from="$1" '$1 ~ /^[0-9.]+$/ && $1 > from' "$folder/seen" | wc -l; }
flows_since() { [ "$(since "$1")" -gt 40 ]; }
none_since() { # TIME
	sleep 0.3
	n=$(since "$1")
	[ "$n" = 0 ] || { echo "   $n packets arrived"; false; }
}

opened() { # COMMAND...: it flows within two seconds
	begun=$(now)
	quiet "$@" && within 20 flows_since "$begun"
}
narrowed() { # COMMAND...: it is answered, and then nothing arrives
	quiet "$@" || return 1
	none_since "$(now)"
}
round=0
while [ $round -lt 3 ]; do
	round=$((round + 1))
	expect "round $round: it is permitted, and arrives" opened pinfold policy add vacuum "$rule"
	expect "round $round: the rule is removed, and nothing arrives from the answer on" \
		narrowed pinfold policy remove vacuum "$rule"
	expect "round $round: by undo" opened pinfold policy add vacuum "$rule"
	last=$(pinfold --json policy journal vacuum --limit 1 | sed -n 's/.*"id": *\([0-9]*\),.*/\1/p' | head -n 1)
	expect "round $round: nothing arrives from its answer on" narrowed pinfold policy undo "$last"
	expect "round $round: by a pause" opened pinfold device pause vacuum 10m
	expect "round $round: nothing arrives when it was ended" narrowed pinfold device resume vacuum
	expect "round $round: observed" opened pinfold device observe vacuum
	expect "round $round: nothing arrives in quarantine" narrowed pinfold device quarantine vacuum
	expect "round $round: released" opened pinfold device release vacuum
	expect "round $round: nothing arrives when it is held" narrowed pinfold device enforce vacuum --from rules
done

# status COMMAND...: its exit status, what it says in $folder/said
status() {
	code=0
	"$@" >"$folder/said" 2>&1 || code=$?
	echo $code
}
says() { grep -q -- "$1" "$folder/said"; }
expect "it is permitted again" opened pinfold policy add vacuum "$rule"
enforcer=$(pid_of enforcer)
expect "the enforcer is stopped" gateway kill -STOP "$enforcer"
begun=$(now_ms)
expect "the command says by its status that it is not in force" is 4 status pinfold policy remove vacuum "$rule"
expect "and in words" says "not in force yet: the enforcer has not answered"
expect "within three seconds" [ $(($(now_ms) - begun)) -lt 3000 ]
stopped=$(now)
expect "which is true" within 20 flows_since "$stopped"
expect "what only reads is answered at once" quiet pinfold status
expect "the enforcer goes on" gateway kill -CONT "$enforcer"
none_within() { none_since "$(now)" >/dev/null; }
expect "then it comes into force by itself" within 20 none_within
expect "permitted for the last time" opened pinfold policy add vacuum "$rule"
gateway kill -STOP "$enforcer"
expect "it is removed while the enforcer is stopped" is 4 status pinfold policy remove vacuum "$rule"
end_process "$enforcer"
expect "the next enforcer brings it into force" within 50 none_within
finish
