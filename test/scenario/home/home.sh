# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scenarios of the whole product: a small home of the lab (those
# devices of lab/devices.list that the scenario names) behind the real daemons,
# in namespaces that end with the script.
#
#	NNN-*.sh BUILD
#
# What happens in a room is done by "room", what the owner does by "pinfold".

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/test/scenario/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
[ $# -ge 1 ] || { echo "usage: $0 BUILD"; exit 2; }
while read -r program package; do
	case $program in "#"* | "") continue ;; esac
	command -v "$program" >/dev/null || skip "needs $package"
done <"$root/lab/programs"
for program in nft conntrack; do
	command -v $program >/dev/null || skip "needs $program"
done

if [ -z "${PINFOLD_INSIDE-}" ]; then
	build=$(realpath "$1")
	folder=$(mktemp -d)
	export PINFOLD_INSIDE="$folder"
	trap 'rmdir "$folder"' EXIT
	status=0
	unshare --net --mount --pid --uts --ipc --fork --kill-child --mount-proc "$0" "$build" || status=$?
	exit $status
fi
build=$1 folder=$PINFOLD_INSIDE
tool=$build/test/scenario/home/home_tool
mount -t tmpfs -o mode=755 none "$folder"
umask 022
export PINFOLD_LAB_STATE="$folder/state" PINFOLD_BUILD="$build"
log=$folder/state/log/pinfoldd
gateway_state=$folder/state/gateway/state
children="enforcer engine capture resolver relay fetcher checker teller web"
mkdir "$folder/state"
cp -a "$root/lab" "$folder/lab"
# Certificates are made once for all scenarios of a build; a lab with other names makes its own.
flock "$build/lab-authority.lock" sh "$root/lab/internet/authority" "$build/lab-authority" >/dev/null 2>&1 &&
	cp -a "$build/lab-authority" "$folder/state/authority"

# --- expectations

finish() {
	if [ $failed != 0 ]; then
		tail -n 80 "$log"
	fi
	lab down
	exit $failed
}
is() { # WANTED COMMAND...: what the command prints is just that
	wanted=$1
	shift
	got=$("$@" 2>/dev/null) || :
	[ "$got" = "$wanted" ] || { echo "   it is \"$got\", not \"$wanted\""; false; }
}
says() { # PATTERN COMMAND...: it is in what the command prints, which is kept
	pattern=$1
	shift
	"$@" >"$folder/said" 2>&1 || :
	grep -q -- "$pattern" "$folder/said"
}
quiet() { "$@" >/dev/null 2>&1; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# --- the home

lab() { "$folder/lab/pinfold-lab" "$@"; }
room() { lab exec "$@" </dev/null; }
gateway() { room gateway "$@"; }
pinfold() { room gateway "$build/src/ctl/pinfold" "$@"; }
# field KEY WORD...: the first value of that key in an answer
field() {
	key=$1
	shift
	pinfold --json "$@" | grep -o "\"$key\": *[^,}]*" | head -n 1 | sed 's/^[^:]*: *//; s/^"//; s/"$//'
}

# home DEVICE...: only these, in this order of the list; the rest is not built.
home() {
	list=$folder/lab/devices.list
	for name in "$@"; do
		grep "^$name " "$root/lab/devices.list"
	done >"$list"
	lab up --pinfold --containment "${containment:-act}" >/dev/null || { cat "$folder"/state/log/*; exit 1; }
	for name in "$@"; do
		within 100 knows "$name" || { echo "not ok - $name is met"; tail -40 "$log"; exit 1; }
	done
}
fact() { cat "$folder/fact.$1.$2" 2>/dev/null || gateway cat "/run/lab/address/$1.$2"; }
# An address is told to us once; after this it is at hand.
learn_facts() {
	for name in "$@"; do
		for family in mac 4 6; do
			within 100 quiet gateway cat "/run/lab/address/$name.$family" || return 1
			gateway cat "/run/lab/address/$name.$family" >"$folder/fact.$name.$family"
		done
	done
}
knows() { quiet pinfold device show "$(gateway cat "/run/lab/address/$1.mac")"; }
let_in() { # DEVICE [CLASS]
	quiet pinfold device admit "$(fact "$1" mac)" --class "${2:-ordinary}" --name "$1"
}
state_of() { field state device show "$1"; }
logged() { grep -q -- "$1" "$log"; }
times_logged() { grep -c -- "$1" "$log" || :; }

# The processes, by their numbers inside of the gateway.
pid_of() { gateway pgrep -x "$1" || :; }
end_process() { gateway kill -9 "$1"; }

# --- what goes on in rooms in the meantime

begin_at() { # ROOM NAME COMMAND...: its output is $folder/NAME
	place=$1 what=$2
	shift 2
	room "$place" sh -c 'echo $$ >/run/begun.'"$what"'; exec "$@"' sh "$@" >"$folder/$what" 2>&1 &
	within 50 quiet room "$place" test -s "/run/begun.$what"
}
end_at() { # ROOM NAME: ends it, and waits until it has; it may have ended by itself
	room "$1" sh -c 'pid=$(cat /run/begun.'"$2"') && rm /run/begun.'"$2"' && kill $pid 2>/dev/null &&
		while [ -d /proc/$pid ]; do sleep 0.02; done; :'
}

# Packets that arrive in a room and match, counted by its own kernel.
count_start() { # ROOM NAME MATCH...: from zero, also when it counted before
	where=$1 chain=$2
	shift 2
	printf 'add table inet count\nadd chain inet count %s\ndelete chain inet count %s\ntable inet count {\n chain %s {\n type filter hook prerouting priority -310;\n %s counter\n }\n}\n' \
		"$chain" "$chain" "$chain" "$*" >"$folder/state/count.nft"
	room "$where" nft -f "$folder/state/count.nft"
}
counted() { # ROOM NAME
	room "$1" nft list chain inet count "$2" | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}
arrived() { [ "$(counted "$1" "$2")" -gt "${3:-0}" ]; }
none_arrived() { # ROOM NAME
	n=$(counted "$1" "$2")
	[ "$n" = 0 ] || { echo "   $n packets arrived"; false; }
}

# --- a fault, while a camera does what it may and tries what it may not

resolves() { room camera getent ahostsv4 "$1" | grep -q 198.18; }
# Since the last look, what is allowed flowed, and nothing else did.  The scenario
# counts "allowed" and "forbidden" on the internet and "neighbour" at the bulb.
seen=0
goes_on() { [ "$(counted internet allowed)" -gt $((seen + 20)) ]; }
unchanged() {
	seen=$(counted internet allowed)
	within 40 goes_on && none_arrived internet forbidden && none_arrived bulb neighbour
}
