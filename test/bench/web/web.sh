#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Raw figures of pages and API with many devices, in a network namespace of its own; see web.c.
#
#	web.sh BUILD [DEVICES] [ROUNDS]
set -eu
build=$(realpath "$1")

[ "$(id -u)" = 0 ] || {
	for name in list page search home metrics list-all script weight; do
		echo "@absent web-$name needs root for namespaces"
	done
	exit 0
}
if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
ip link set lo up
WEB=$build/src/process/web ENGINE=$build/src/process/engine FOLDER=$folder \
	"$build/test/bench/web_many" "${2:-10000}" "${3:-3}"
