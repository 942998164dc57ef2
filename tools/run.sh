#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The virtual home with Pinfold as its gateway, until Ctrl-C; then nothing is left
# but build/.  PINFOLD_PAGE_PORT is the port of the page on this machine (8480).
set -u
cd "$(dirname "$0")/.." || exit 1
lab=lab/pinfold-lab
port=${PINFOLD_PAGE_PORT:-8480}
page="" follow=""

end() {
	trap '' INT TERM HUP
	trap - EXIT
	[ -z "$follow" ] || kill "$follow" 2>/dev/null
	[ -z "$page" ] || kill "$page" 2>/dev/null
	echo
	echo "the home is taken down"
	$lab down
	wait
	exit "${1:-0}"
}
trap 'end 0' INT TERM HUP
trap 'end 1' EXIT

is_free() { # PORT
	! ss -Hltn "sport = :$1" | grep -q .
}

echo "building a home of real servers, with an internet of its own; this takes some seconds"
$lab up --pinfold >/dev/null || exit 1
tries=0
until is_free "$port" || [ $tries -eq 20 ]; do
	port=$((port + 1)) tries=$((tries + 1))
done
# The page listens on the gateway's loopback, which is not this machine's.
socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
	"EXEC:$lab exec gateway socat STDIO TCP\:127.0.0.1\:8480" 2>/dev/null &
page=$!
cat <<END

  the page        http://127.0.0.1:$port/
  the devices     lab/pinfold-lab status
  in a device     lab/pinfold-lab exec camera sh
  an attack       lab/pinfold-lab attack list
  Pinfold itself  lab/pinfold-lab exec gateway pinfold status

The owner now lets the devices in, watches what they need, and holds them to it.
END
$lab owner >/dev/null 2>&1 &
owner=$!
$lab exec gateway pinfold events --follow 2>/dev/null &
follow=$!
wait "$owner" 2>/dev/null
echo "every device is held to what it was seen to need; Ctrl-C ends all of it"
wait "$follow"
echo "Pinfold's events ended" >&2
