#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Pages in a real browser, against the running virtual home.
#
#	test/browser/run.sh BUILD              flows, axe, pictures (a small home)
#	test/browser/run.sh BUILD pictures     pictures of every page (the whole home)
#
# Pictures go to BUILD/screens.  Needs nodejs, npm and chromium, and on its first run
# what package-lock.json names; without them it says so and exits with 77.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(realpath "$1")
# ./check may be installing them.
flock --shared "$build/browser.lock" true
for program in node npm chromium; do
	command -v $program >/dev/null || { echo "skipped: needs $program"; exit 77; }
done
modules=$build/browser
mkdir -p "$modules"
cp "$here/package.json" "$here/package-lock.json" "$here"/*.js "$modules"
[ -d "$modules/node_modules" ] ||
	(cd "$modules" && npm ci --no-audit --no-fund --loglevel=error >npm.log 2>&1) ||
	{ echo "skipped: npm cannot install playwright-core and axe-core"; exit 77; }

lab=$build/browser-lab
rm -rf "$lab" "$build/screens"
cp -a "$root/lab" "$lab"
export PINFOLD_LAB_STATE="$build/lab-browser" PINFOLD_BUILD="$build"
trap 'exit 1' TERM INT
trap '"$lab/pinfold-lab" down >/dev/null 2>&1; rm -rf "$lab"' EXIT
if [ "${2-}" != pictures ]; then
	grep -E '^(camera|bulb|phone|tv|plug|doorcam) ' "$root/lab/devices.list" >"$lab/devices.list"
fi
"$lab/pinfold-lab" up --pinfold >/dev/null
# Its network alone: the browser needs the fonts and the settings of this machine.
for monitor in $(pgrep -f "^$build/src/process/pinfoldd"); do
	! grep -qzxF "STATE=$PINFOLD_LAB_STATE" "/proc/$monitor/environ" || break
done
in_gateway() { nsenter --target "$monitor" --net -- "$@" </dev/null; }
if [ "${2-}" = pictures ]; then
	"$lab/pinfold-lab" owner </dev/null >/dev/null
	"$lab/pinfold-lab" attack logins camera </dev/null >/dev/null 2>&1 || :
	"$lab/pinfold-lab" pinfold audit run bulb --checks tcp-ports,tls-server --follow </dev/null >/dev/null 2>&1 || :
fi
code=$("$lab/pinfold-lab" pinfold account claim-code </dev/null | head -n 1)
status=0
in_gateway env HOME="$modules" NODE_PATH="$modules/node_modules" LAB="$lab/pinfold-lab" MONITOR="$monitor" node "$modules/home.js" "$code" "$build/screens" \
	${2+"$2"} || status=$?
exit $status
