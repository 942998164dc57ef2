#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The texts that people read, for translators:
#
#	tools/texts.sh              writes po/pinfold.pot, the texts of the pages (po/LANGUAGE.po)
#	tools/texts.sh --engine     prints the sentences of the engine (po/engine/LANGUAGE.po)
#	tools/texts.sh --missing    prints what no translation has yet, to be filled in
#	tools/texts.sh --check      says whether the first is as the source has it, and how much
#	                            of both each language says
#
# Pages ask for their texts by _().  What the engine says stands all over its source, with
# values in it, and a page recognises it by its form (src/page/say.h); so every string
# there that looks like a sentence is one, and a few too many do no harm.
set -eu
cd "$(dirname "$0")/.."
command -v xgettext >/dev/null || { echo "texts: needs gettext" >&2; exit 2; }
pot=$(mktemp) list=$(mktemp)
trap 'rm -f "$pot" "$list"' EXIT

# Without places and wrapping: who moves a line changes nothing here.
texts() { LC_ALL=C xgettext --from-code=UTF-8 --no-location --no-wrap --omit-header -o - "$@"; }

pages() {
	echo "# SPDX-License-Identifier: Apache-2.0"
	texts -k_ -kN_ -kngettext:1,2 \
		$(printf '%s\n' src/page/*.c | grep -v 'texts\.c' | LC_ALL=C sort) src/process/web_page.c
}

# Of all strings those with several words; no commands, no JSON, no SQL, nothing said to a device.
sentences() {
	texts -a $(printf '%s\n' src/process/engine*.[ch] src/check/*.[ch] src/verdict/*.[ch] src/device/*.[ch] src/policy/*.[ch] \
		src/passkey/passkey.h src/label/label*.[ch] src/label/issuer.c src/label/status*.c src/tell/*.[ch] src/base/err.h src/base/settings.c src/message/finding.[ch] src/message/reason.h |
		grep -v '/nft_' | LC_ALL=C sort) 2>/dev/null |
		LC_ALL=C sed -n 's/^msgid "\(.*\)"$/\1/p' |
		LC_ALL=C awk '
			/^pinfold |\{s:|^(SELECT|INSERT|DELETE|UPDATE|CREATE|PRAGMA|GET|POST|HTTP)|\\r|</ { next }
			{ plain = $0; gsub(/%[-+ #0-9.*]*(hh|h|ll|l|z)?[a-zA-Z]/, " % ", plain) }
			plain ~ /[A-Za-z0-9][,;:.]? [a-z]|[a-z] [A-Z]|[a-z] %|% [ ,;:]*[a-z][a-z]|^[A-Z][a-z]+ [a-z]+/'
	for table in provisions:9 questions:2 kinds:3; do
		LC_ALL=C awk -F'\t' -v n="${table#*:}" '/^#/ || /^id\t/ || $n == "-" { next } { gsub(/["\\]/, "\\\\&", $n); print $n }' \
			"data/${table%:*}.tsv"
	done
}
ids() { sed -n 's/^msgid "\(.*\)"$/\1/p' "$@" | LC_ALL=C sort -u; }
as_texts() { sed 's/.*/msgid "&"\nmsgstr ""\n/'; }

case "${1-}" in
--engine)
	sentences | LC_ALL=C sort -u | as_texts
	;;
--missing)
	for po in po/*.po; do
		echo "# $po"
		ids po/pinfold.pot | LC_ALL=C comm -23 - "$(ids "$po" >"$list"; echo "$list")" | as_texts
		echo "# po/engine/${po#po/}"
		sentences | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$(ids "po/engine/${po#po/}" >"$list"; echo "$list")" | as_texts
	done
	;;
--check)
	pages >"$pot"
	diff -u po/pinfold.pot "$pot" || { echo "texts: run tools/texts.sh" >&2; exit 1; }
	for po in po/*.po; do
		ids po/pinfold.pot >"$pot"
		ids "$po" >"$list"
		echo "texts: $po says $(LC_ALL=C comm -12 "$list" "$pot" | wc -l) of $(wc -l <"$pot") texts of pages"
		sentences | LC_ALL=C sort -u >"$pot"
		ids "po/engine/${po#po/}" >"$list"
		echo "texts: po/engine/${po#po/} says $(LC_ALL=C comm -12 "$list" "$pot" | wc -l) of $(wc -l <"$pot") strings that may be sentences of the engine"
	done
	;;
*)
	pages >"$pot"
	cp "$pot" po/pinfold.pot
	;;
esac
