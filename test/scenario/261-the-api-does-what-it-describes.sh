#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A program reads the description of the API and asks the real engine through the
# real web process, in a network namespace of its own.
#
#	261-*.sh DRIVER WEB ENGINE
set -eu
driver=$(realpath "$1") web=$(realpath "$2") engine=$(realpath "$3")
. "$(dirname "$0")/driver.sh"
WEB=$web ENGINE=$engine FOLDER=$folder "$driver"
