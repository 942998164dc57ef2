#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The virtual home with Pinfold as its gateway, until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
exec lab/pinfold-lab run
