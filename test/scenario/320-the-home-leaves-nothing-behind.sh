#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Somebody tries Pinfold: the home comes up, its page answers on this machine,
# and Ctrl-C takes everything away; a run that was killed is recovered from.
#
#	320-*.sh LAB BUILD
set -u
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
lab=$(realpath "$1") build=$(realpath "$2")
for tool in curl socat setsid; do
	command -v $tool >/dev/null || skip "needs $tool"
done
state=$(mktemp -d)
export PINFOLD_LAB_STATE="$state/home" PINFOLD_BUILD="$build"

not_so() { [ -z "${left-}" ] || echo "the last seen: $left"; }

# What a home could leave: namespaces, mounts, links, rules; and processes that
# know this state folder.
trace() {
	ls /run/netns 2>/dev/null
	sort /proc/self/mounts
	ip -o link | cut -d' ' -f2
	nft list ruleset 2>/dev/null
}
ours() { grep -lzsF "PINFOLD_LAB_STATE=$PINFOLD_LAB_STATE" /proc/[0-9]*/environ 2>/dev/null; }
nobody() { # whoever looked is gone by the time that the list is read
	for environ in $(ours); do
		[ ! -e "$environ" ] || { left=$(tr '\0' ' ' <"${environ%environ}cmdline"); return 1; }
	done
}
# A home is up when it says where its page is.
start() {
	# A shell starts its background with Ctrl-C ignored; a person does not.
	env --default-signal=INT,QUIT setsid "$lab" run >"$state/out" 2>&1 &
	run=$!
	within 600 grep -q 'http://127' "$state/out" || { cat "$state/out"; return 1; }
}
page() { sed -n 's|.*\(http://127.0.0.1:[0-9]*\).*|\1|p' "$state/out" | head -1; }
answers() { curl -sfL --max-time 5 "$(page)/" | grep -q 'Pinfold</title>'; }
unanswered() { ! curl -sf --max-time 2 "$(page)/" >/dev/null; }

trap 'trap "" EXIT; "$lab" down >/dev/null 2>&1; rm -rf "$state"' EXIT
trace >"$state/before"

expect "the home comes up and says where its page is" start
expect "the page answers on this machine" within 100 answers
/bin/kill -INT -- -"$run" 2>/dev/null
expect "Ctrl-C ends it" within 300 sh -c "! kill -0 $run 2>/dev/null"
within 300 sh -c "! kill -0 $run 2>/dev/null" || /bin/kill -KILL -- -"$run"
expect "nobody is left" within 400 nobody
trace >"$state/after"
expect "no namespace, mount, link or rule is left" diff "$state/before" "$state/after"
expect "the page is gone" unanswered

expect "it comes up again" start
/bin/kill -KILL -- -"$run" 2>/dev/null
within 300 sh -c "! kill -0 $run 2>/dev/null" || /bin/kill -KILL -- -"$run"
expect "after a run that was killed it comes up anew" start
expect "and the page answers" within 100 answers
/bin/kill -INT -- -"$run" 2>/dev/null
within 300 sh -c "! kill -0 $run 2>/dev/null" || /bin/kill -KILL -- -"$run"
expect "nobody is left of either" within 400 nobody
trace >"$state/after"
expect "nor anything of the first" diff "$state/before" "$state/after"
exit $failed
