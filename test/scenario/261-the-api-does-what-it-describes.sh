#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A program reads the description of the API and asks the real engine through the
# real web process, in a network namespace of its own.
#
#	261-*.sh DRIVER WEB ENGINE
set -eu
driver=$(realpath "$1") web=$(realpath "$2") engine=$(realpath "$3")

. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
ip link set lo up
WEB=$web ENGINE=$engine FOLDER=$folder "$driver"
