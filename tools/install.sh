#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of packages.list that are missing; says what is
# needed elsewhere.  Sourced by ./run, ./check and ./install, which stand in the
# project's root and have set $as_root to "" or "sudo".  $sections: of the list; all but
# the browser, if not said.
set -eu
: "${as_root=}" "${sections=build gateway check bench lab}"

# A section begins with a comment of one word.
lines() {
	awk -v sections=" $sections " '
		/^# [a-z]+$/ { section = $2 }
		index(sections, " " section " ") { sub(/#.*/, ""); print }' packages.list
}

wanted() {
	lines | while IFS='|' read -r first second; do
		first=$(echo "$first" | tr -d ' \t')
		second=$(echo "$second" | tr -d ' \t')
		[ -n "$first" ] || continue
		if [ -n "$second" ] && ! is_known "$first"; then
			first=$second
		fi
		echo "$first"
	done
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_known() {
	is_installed "$1" || [ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null | head -1)" ]
}

missing() {
	for package in $(wanted); do
		is_installed "$package" || echo "$package"
	done
}

if ! command -v apt-get >/dev/null 2>&1; then
	echo "pinfold: this is no Debian: install these (by Debian's names), then run 'make':" >&2
	is_known() { true; }
	wanted | tr '\n' ' ' | fold -s -w 78 >&2
	echo >&2
	exit 1
fi

# The packages bring servers that we start ourselves, inside namespaces: none of
# them may run on the machine, now or after the next boot.
install_quietly() {
	policy=/usr/sbin/policy-rc.d
	ours=""
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
		$as_root chmod 755 $policy
		ours=yes
	fi
	status=0
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends "$@" >/dev/null || status=1
	[ -z "$ours" ] || $as_root rm -f $policy
	if command -v systemctl >/dev/null 2>&1; then
		for package in "$@"; do
			for unit in $(dpkg -L "$package" 2>/dev/null |
				sed -n 's|.*/lib/systemd/system/\([^/@]*\.\(service\|socket\)\)$|\1|p'); do
				$as_root systemctl disable -q "$unit" 2>/dev/null || :
			done
		done
	fi
	return $status
}

absent=$(missing)
if [ -n "$absent" ]; then
	echo "pinfold: installing: $(echo "$absent" | tr '\n' ' ')"
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	absent=$(missing) # the lists may have been empty before
	# shellcheck disable=SC2086 # one word a package
	install_quietly $absent ||
		{ echo "pinfold: apt-get could not install: $absent" >&2; exit 1; }
	absent=$(missing)
	[ -z "$absent" ] || { echo "pinfold: still missing: $absent" >&2; exit 1; }
fi
