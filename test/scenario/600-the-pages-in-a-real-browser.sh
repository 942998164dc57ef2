#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The flows of an owner, clicked through in a real browser: claiming the gateway, a new
# device, what does not work, three in the morning, introductions, leaving; with the
# keyboard alone; looked at by axe.
#
#	600-*.sh BUILD
set -eu
[ "$(id -u)" = 0 ] || { echo "skipped: needs root for namespaces"; exit 77; }
exec "$(dirname "$0")/../browser/run.sh" "$1"
