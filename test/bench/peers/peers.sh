#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# peers.sh BUILD RAW [ROUNDS [SECONDS]]: what the checks do beside the tools that people
# use for the same, in turn within each round: a scan of all ports of a host that
# answers and of one that does not, the 59 factory logins over telnet, SSH and web
# pages, the TLS of a port.  Correct answers are known beforehand and are counted for
# everybody.  No new round is begun after SECONDS (560).  A tool that is not installed
# is said to be absent.  Tools that take long have fewer rounds, and testssl.sh one.
#
# One namespace is the device; nothing else is ever asked.
set -u
[ "$(id -u)" = 0 ] || { echo "needs root for namespaces" >&2; exit 2; }
if [ -z "${PINFOLD_INSIDE-}" ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	build=$(realpath "$1") raw=$(realpath "$2")
	shift 2
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$here/peers.sh" "$build" "$raw" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
build=$1 raw=$2 rounds=${3:-15} budget=${4:-560}
ports=$build/test/bench/ports target=$build/test/target/target driver=$build/test/scenario/check_driver
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns /run/work
cd /run/work || exit 1
ip netns add device
ip link add lan type veth peer name eth0 netns device
ip link set lo up
ip link set lan up
ip addr add 10.77.0.1/24 dev lan
ip -n device link set lo up
ip -n device link set eth0 up
for last in 2 3 4 5 6; do ip -n device addr add 10.77.0.$last/24 dev eth0; done
mac=$(ip -n device -o link show eth0 | sed 's/.*link.ether \([^ ]*\).*/\1/')
inside() { ip netns exec device "$@"; }

# --- the device: .2 answers, .3 is silent; .4 has logins that no factory knows, and old TLS;
# .5 has those that one knows, and TLS bad and good; .6 has SSH of both kinds

open="21 23 80 443 554 1883 5555 8080 31337 49152 65000"
# shellcheck disable=SC2086 # a word a port
inside "$ports" listen 10.77.0.2 $open >/dev/null &
inside nft -f - <<-'END'
	table ip silent {
		chain in {
			type filter hook prerouting priority raw;
			ip daddr 10.77.0.3 meta l4proto { tcp, udp } drop
		}
	}
END
refuse_ms=200
# A login that is none of a factory's: each of the 59 is refused.
play() { # LAST SERVICE FAULT SEED PORT WORD...
	last=$1 service=$2 fault=$3 seed=$4 port=$5
	shift 5
	inside "$target" --service $service --fault $fault --seed $seed --port $port --manner plain --family 4 \
		--address 10.77.0.$last --delay-ms 0 --refuse-ms $refuse_ms --seconds 3600 "$@" >truth.$port 2>&1 &
}
# Seeds that give an English prompt, a page with Basic (what all the peers speak), and TLS of each kind.
play 4 telnet none 11 23
play 5 telnet factory-login 11 2323 --login root:vizxv
play 4 http none 6 80
play 5 http factory-login 6 8080 --login root:vizxv
play 4 tls old-tls 1 443
play 5 tls weak-cipher 1 4433
play 5 tls none 2 8443
dropbear_at() { # PORT PASSWORD
	mkdir -p ssh.$1
	dropbearkey -t ecdsa -f ssh.$1/key >/dev/null 2>&1
	echo "root:x:0:0:root:/root:/bin/sh" >ssh.$1/passwd
	echo "root:$(openssl passwd -6 -salt factory "$2"):19000:0:99999:7:::" >ssh.$1/shadow
	inside unshare --mount sh -c '
		mount --make-rprivate /
		mount --bind $1/passwd /etc/passwd
		mount --bind $1/shadow /etc/shadow
		exec dropbear -F -E -p 10.77.0.6:$2 -r $1/key' ssh "$PWD/ssh.$1" "$1" >ssh.$1/log 2>&1 &
}
has_ssh=
if command -v dropbear >/dev/null || [ -x /usr/sbin/dropbear ]; then
	has_ssh=yes
	dropbear_at 22 Own-4711-Qx
	dropbear_at 2222 vizxv
fi
tries=0
until inside ss -Hltn 'src 10.77.0.4/30' | wc -l | grep -qx "$([ $has_ssh ] && echo 9 || echo 7)" || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
for last in 4 5 6; do
	echo '{"seed":0,"service":"bench","manner":"plain","proto":6,"port":23,"address4":"10.77.0.'$last'","address6":"",' \
		'"checks":[],"fail":[],"may":["tcp-ports","telnet-login","ssh-login","http-login","tls-server","login-throttle","banners"]}' >truth.$last
done
table=$here/../../../data/credentials.tsv
sed '/^#/d; s/\t/:/' "$table" >pairs
sed '/^#/d; s/^/10.77.0.4:/; s/\t/:/' "$table" >combos

# --- measuring

say() { echo "$*" >>"$raw"; }
seconds() { # COMMAND...: how long it took; what it said is in "said"
	begun=$(date +%s%N)
	"$@" >said 2>&1
	echo "$begun $(date +%s%N)" | awk '{ printf "%.4f\n", ($2 - $1) / 1e9 }'
}
has() { command -v "$1" >/dev/null; }
# The part of the open ports that was found, in per cent, and none beside them.
found() { # FILE WITH NUMBERS
	echo "$open" | tr ' ' '\n' | sort >known
	sort -u "$1" >heard
	echo "$(comm -12 known heard | wc -l) $(comm -13 known heard | wc -l)" | awk '{ print ($1 - $2) * 100 / 11 }'
}
# Of a kept transcript: when the check began and ended, by its own clock; or its part at a port.
took() { # CHECK [PORT]
	awk -v check="\"check\":\"$1\"" -v port="${2:+\"port\":$2,}" '
		index($0, check) && index($0, port) {
			match($0, /"at_us":[0-9]+/); at = substr($0, RSTART + 8, RLENGTH - 8) + 0
			match($0, /"took_us":[0-9]+/); end = at + substr($0, RSTART + 10, RLENGTH - 10)
			if (!n++ || at < first) first = at
			if (end > last) last = end
		}
		END { printf "%.4f\n", (last - first) / 1e6 }' kept
}
absent() { # FIGURE TOOL
	say "@absent $1 $2 is not installed"
}
version() { # FIGURE COMMAND...
	figure=$1
	shift
	say "@version $figure $("$@" 2>&1 | sed 's/\x1b\[[0-9;]*m//g' | grep -m 1 '[0-9]\.[0-9]')"
}
begun_s=$(date +%s)
is_time() { [ $(($(date +%s) - begun_s)) -lt "$budget" ]; }

# name of a figure, tool, how to ask for its version
for peer in "scan-answering-nmap nmap -V" "scan-silent-nmap nmap -V" "scan-answering-masscan masscan --version" \
	"logins-telnet-hydra hydra -h" "logins-ssh-hydra hydra -h" "logins-http-hydra hydra -h" \
	"logins-telnet-medusa medusa -V" "tls-posture sslscan --version" "tls-testssl testssl --version"; do
	# shellcheck disable=SC2086 # a word each
	set -- $peer
	if has "$2"; then version "$@"; else absent "$1" "$2"; fi
done
[ $has_ssh ] || absent logins-ssh-hydra dropbear

# --- the rounds

scans() {
	seconds "$ports" raw 10.77.0.2 >/dev/null
	limit=$(cut -d' ' -f1 said)
	cut -d' ' -f5 said | tr ',' '\n' >list
	[ "$(found list)" = 100 ] || echo "the limit itself missed ports: $(cat said)" >&2
	"$ports" ours 10.77.0.2 >said
	ours=$(cut -d' ' -f1 said)
	cut -d' ' -f5 said | tr ',' '\n' >list
	say "scan-answering $ours $limit"
	say "scan-answering-found $(found list)"
	say "scan-packets $(cut -d' ' -f4 said)"
	if has nmap; then
		its=$(seconds nmap -n -Pn -sS -T4 -p- 10.77.0.2)
		sed -n 's/^\([0-9]*\)\/tcp *open.*/\1/p' said >list
		say "scan-answering-nmap $ours $its"
		say "scan-answering-nmap-found $(found list)"
	fi
	if has masscan && is_rare; then
		its=$(seconds timeout 30 masscan 10.77.0.2 -p1-65535 --rate 100000 --wait 1 -e lan --router-mac "$mac" -oL list.raw)
		sed -n 's/^open tcp \([0-9]*\) .*/\1/p' list.raw >list
		say "scan-answering-masscan $ours $its"
		say "scan-answering-masscan-found $(found list)"
	fi
	"$ports" raw 10.77.0.3 >said
	limit=$(cut -d' ' -f1 said)
	"$ports" ours 10.77.0.3 >said
	ours=$(cut -d' ' -f1 said)
	[ "$(cut -d' ' -f2,3 said)" = "0 0" ] || echo "the silent host was heard: $(cat said)" >&2
	say "scan-silent $ours $limit"
	if has nmap && [ $((round % 5)) = 1 ]; then
		its=$(seconds nmap -n -Pn -sS -T4 --min-rate 50000 -p- 10.77.0.3)
		say "scan-silent-nmap $ours $its"
	fi
}

# Hydra names what works in lines "[23][telnet] host: ... login: root password: vizxv".
told() { # NUMBER of lines that it should have: 0 where it is so
	[ "$(grep -cE '^\[[0-9]*\]\[[a-z-]*\].*root.*vizxv' said)" = "$1" ]
	echo $?
}

# Audits these ports of .$1 with these checks; what it said is in "said", the transcript in "kept".
audit() { # LAST PORTS CHECKS
	"$driver" --seconds 200 --ports $2 --pace lab --keep kept --checks "$3" truth.$1 >said 2>driver.trouble
}
expect() { # CHECK PROVISION PORT WORD...
	check=$1 provision=$2 port=$3
	shift 3
	its=$(grep "\"check\":\"$check\",\"provision\":\"$provision\"" said | grep "\"port\":$port," |
		sed 's/.*"word":"\([A-Z]*\)".*/\1/' | sort -u | tr '\n' ' ')
	[ "$its" = "$* " ] && return 0
	echo "round $round: $check at port $port said: $its" >&2
	return 1
}
is_rare() { [ $((round % 4)) = 1 ]; }

logins() {
	audit 4 23,80,443 telnet-login,http-login,tls-server
	expect telnet-login 5.1-1 23 NFF || logins_wrong=$((logins_wrong + 1))
	expect http-login 5.1-1 80 NFF || logins_wrong=$((logins_wrong + 1))
	expect tls-server 5.5-1 443 FAIL || tls_wrong=$((tls_wrong + 1))
	telnet=$(took telnet-login 23) http=$(took http-login 80) tls=$(took tls-server 443)
	delay=$(awk -v ms=$refuse_ms 'BEGIN { print ms / 1000 }')
	say "logins-telnet $telnet $delay"
	say "logins-http $http $delay"
	if has hydra; then
		its=$(seconds hydra -I -t 61 -C pairs telnet://10.77.0.4)
		say "logins-telnet-hydra $telnet $its"
		its=$(seconds hydra -I -t 61 -C pairs http-get://10.77.0.4/)
		say "logins-http-hydra $http $its"
	fi
	if has medusa && is_rare; then
		its=$(seconds timeout 60 medusa -t 16 -C combos -M telnet)
		say "logins-telnet-medusa $telnet $its"
	fi
	if has sslscan; then
		its=$(seconds sslscan --no-colour --no-heartbleed 10.77.0.4:443)
		say "tls-posture $tls $its"
		[ "$(grep -cE '^TLSv1.[01] *enabled' said)" -gt 0 ] || echo "sslscan did not see the old TLS" >&2
	else
		say "tls-posture $tls"
	fi
	is_rare || return 0

	# What works: it is found, and nothing else is.
	audit 5 2323,8080,4433,8443 telnet-login,http-login,tls-server
	expect telnet-login 5.1-1 2323 FAIL || logins_wrong=$((logins_wrong + 1))
	expect http-login 5.1-1 8080 FAIL || logins_wrong=$((logins_wrong + 1))
	expect tls-server 5.5-1 4433 FAIL || tls_wrong=$((tls_wrong + 1))
	expect tls-server 5.5-1 8443 NFF || tls_wrong=$((tls_wrong + 1))
	if has hydra; then
		seconds hydra -I -t 61 -C pairs telnet://10.77.0.5:2323 >/dev/null
		hydra_wrong=$((hydra_wrong + $(told 1)))
	fi
	[ $has_ssh ] || return 0
	audit 6 22,2222 ssh-login
	expect ssh-login 5.1-1 22 NFF || logins_wrong=$((logins_wrong + 1))
	expect ssh-login 5.1-1 2222 FAIL || logins_wrong=$((logins_wrong + 1))
	ssh=$(took ssh-login 22)
	if has hydra; then
		its=$(seconds timeout 60 hydra -I -t 4 -C pairs ssh://10.77.0.6)
		say "logins-ssh-hydra $ssh $its"
	fi
}

round=1 logins_wrong=0 tls_wrong=0 hydra_wrong=0
while [ $round -le "$rounds" ] && is_time; do
	scans
	logins
	round=$((round + 1))
done
say "logins-wrong $logins_wrong"
say "tls-wrong $tls_wrong"
! has hydra || say "logins-hydra-wrong $hydra_wrong"
if has testssl || has testssl.sh; then
	its=$(seconds timeout 120 "$(command -v testssl || command -v testssl.sh)" --quiet --color 0 --warnings off -p -s 10.77.0.4:443)
	say "tls-testssl $tls $its"
fi

# --- one device, all checks that need no special consent: what it takes, and for how many words

for pace in gentle lab; do
	"$driver" --seconds 600 --ports $pace --pace $pace truth.5 >said 2>driver.trouble
	sed -n 's/^verdict .* \([0-9]*\) findings, [0-9]* exchanges, \([0-9]*\) packets, \([0-9]*\) ms$/\1 \2 \3/p' said |
		while read -r n packets ms; do
			say "checks-audit-$pace $(awk -v ms=$ms 'BEGIN { print ms / 1000 }')"
			say "checks-packets-per-verdict-$pace $((packets / n))"
		done
done
echo "$((round - 1)) rounds in $(($(date +%s) - begun_s)) s"
