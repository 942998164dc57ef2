#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The texts of the pages, for translators: writes po/pinfold.pot.  With --check it
# says whether that is as the source has it, and how much of it each language says.
set -eu
cd "$(dirname "$0")/.."
command -v xgettext >/dev/null || { echo "texts: needs gettext" >&2; exit 2; }
pot=$(mktemp)
trap 'rm -f "$pot"' EXIT
{
	echo "# SPDX-License-Identifier: Apache-2.0"
	# Without places and wrapping: who moves a line changes nothing here.
	LC_ALL=C xgettext --from-code=UTF-8 --no-location --no-wrap --omit-header -k_ -kN_ -kngettext:1,2 \
		-o - $(printf '%s\n' src/page/*.c | grep -v 'texts\.c' | LC_ALL=C sort) src/process/web_page.c
} >"$pot"
if [ "${1-}" = --check ]; then
	diff -u po/pinfold.pot "$pot" || { echo "texts: run tools/texts.sh" >&2; exit 1; }
	for po in po/*.po; do
		grep '^msgid "' po/pinfold.pot | sort >"$pot"
		echo "texts: $po says $(grep '^msgid "' "$po" | sort | comm -12 "$pot" - | wc -l) of $(wc -l <"$pot")"
	done
	exit
fi
cp "$pot" po/pinfold.pot
