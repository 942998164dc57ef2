#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Browsers and a penned device ask the web process, in a network namespace of
# its own.
#
#	260-*.sh DRIVER WEB
set -eu
driver=$(realpath "$1") web=$(realpath "$2")
. "$(dirname "$0")/driver.sh"
WEB=$web FOLDER=$folder "$driver"
