#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# "make mirai" attacks cameras for a quarter of an hour and then says who would be infected, which
# layer bettered what, and whether all was kept.  Here the attacks are made up and
# what it makes of them is looked at: who is reached over others, and that each way
# to be wrong is complained of.
#
#	453-*.sh LAB
set -u
[ $# -eq 1 ] || { echo "usage: $0 LAB"; exit 2; }
. "$(dirname "$0")/expect.sh"
lab=$(realpath "$1")
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
not_so() { tail -n 30 "$work/said"; }

# --- who would be infected

spreads() { # FROM, WHO it should reach, in the order of the alphabet; ways on standard input
	awk -v from="$1" -f "$lab/mirai/spread.awk" | sort | tr '\n' ' ' >"$work/said"
	[ "$(cat "$work/said")" = "$2" ]
}
ways="nursery laptop 4 port
recorder nursery 6 port
porch recorder 4 port
nursery porch 4 port
garage internet 4 door
attic attic 4 port"
expect "who is reached over others is infected as well" spreads laptop "nursery porch recorder " <<-END
	$ways
END
expect "from the internet those with a door are, and whom they reach" spreads internet "garage " <<-END
	$ways
END
expect "a camera that only it could infect itself is not" spreads phone "" <<-END
	$ways
END
expect "where no way was found nobody is" spreads laptop "" </dev/null

# --- what it says of that

measured() { # GATEWAY PLAY INSIDE INTERNET SCAN FLOOD WORKING HOLES
	base=$work/$1.$2
	seq "$3" >"$base.inside"
	seq "$4" >"$base.internet"
	printf 'scan %s\nflood %s\n' "$5" "$6" >"$base.act"
	echo "working $7 of 15" >"$base.live"
	seq "$8" >"$base.holes"
	printf 'scan 0\nflood 0\n' >"$base.act-all"
}
all_is_well() {
	rm -f "$work"/plain.* "$work"/pinfold.*
	measured plain none 5 4 200 3000 0 5
	measured plain 1 4 3 160 2400 0 4
	measured plain 2 4 4 160 2400 0 4
	measured plain 3 5 1 200 3000 0 5
	measured plain 4 3 3 120 1800 0 3
	measured plain 5 5 4 200 3000 15 5
	measured plain 6 4 4 160 2400 0 4
	measured plain all 0 0 0 0 15 0
	for play in none 1 2 3 4 5 6; do measured pinfold $play 0 0 0 0 15 5; done
	measured pinfold all 0 0 0 0 15 0
}
account() { # GATEWAYS: what mirai.sh ends with; its status
	awk -v work="$work" -v gateways="$1" -v plays="none 1 2 3 4 5 6 all" -v out="$work/mirai.json" \
		-f "$lab/mirai/table.awk" "$lab/mirai/layers" >"$work/said" 2>&1
}
is_kept() { account "$1" && grep -q '"kept": true' "$work/mirai.json" && ! grep -q '^NOT SO' "$work/said"; }
complains() { # GATEWAYS WORDS
	! account "$1" && grep -q '"kept": false' "$work/mirai.json" && grep -q "^NOT SO: .*$2" "$work/said"
}
all_is_well
expect "six layers that each better their figure are kept" is_kept "plain pinfold"
expect "the figures are in mirai.json" grep -q '{"gateway": "plain", "layers": "3", "infected-inside": 5, "infected-internet": 1, "scan": 200, "flood": 3000, "services-working": 0, "compensated": 0}' "$work/mirai.json"
expect "what the gateway only compensates for is said" grep -q 'Pinfold only compensates: with layer 3 alone, 5 cameras' "$work/said"
expect "and counted" grep -q '{"gateway": "pinfold", "layers": "none",.*"compensated": 5}' "$work/mirai.json"
for layer in 1 2 4 6; do
	all_is_well
	measured plain $layer 5 4 200 3000 0 5
	expect "layer $layer that leaves as many infected inside is complained of" complains plain "layer $layer does not better infected-inside"
done
all_is_well
measured plain 3 1 4 200 3000 0 5
expect "layer 3 is held to the internet, which it says beforehand" complains plain "layer 3 does not better infected-internet"
all_is_well
measured plain 5 1 1 0 0 0 5
expect "layer 5 is held to the services" complains plain "layer 5 does not better services-working"
all_is_well
measured plain all 1 0 0 0 15 0
expect "one infected behind all six is complained of" complains plain "somebody is infected (plain)"
all_is_well
measured plain all 0 0 0 0 0 0
expect "six layers under which nothing works are complained of" complains plain "nobody has the live view"
all_is_well
measured plain none 0 0 0 0 15 0
expect "an attack that infects nobody has shown nothing" complains plain "nothing was shown"
all_is_well
measured plain none 5 4 0 0 0 5
expect "bots that do nothing have shown nothing" complains plain "bots did nothing"
all_is_well
measured pinfold 2 1 0 0 0 15 5
expect "one infected behind the gateway is complained of, whatever the layers" complains "plain pinfold" "behind Pinfold a camera is infected (2)"
all_is_well
printf 'scan 1\nflood 0\n' >"$work/pinfold.none.act-all"
expect "a packet of a bot that reaches the internet is complained of" complains "plain pinfold" "a bot reaches the internet"
exit $failed
