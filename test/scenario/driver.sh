# SPDX-License-Identifier: Apache-2.0
#
# Sourced by scenarios that are one driver with the processes of the product around it: a
# network namespace of their own and a $folder.
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
if [ -z "${PINFOLD_INSIDE-}" ]; then
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
ip link set lo up
