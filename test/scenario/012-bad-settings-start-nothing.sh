#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each mistake is answered with its file, line, word and reason, and nothing
# runs, listens or is written.
set -eu
. "$(dirname "$0")/monitor/place.sh"
ip link set lo up

try() { # ARGUMENTS: status in $status, words in $folder/said
	if $folder/bin/pinfoldd "$@" >$folder/said 2>&1; then status=0; else status=$?; fi
}
wrong() { # LINE-IN-FILE WORDS...
	line=$1
	shift
	try -f $folder/pinfold.conf
	expect "refused: $*" [ $status = 2 ]
	expect "... with the line" grep -q "pinfold.conf: line $line: " $folder/said
	for word; do expect "... and $word" grep -qF -- "$word" $folder/said; done
	expect "... and nothing else said" [ "$(wc -l <$folder/said)" = 1 ]
}

settings <<END
packet-cap = many
END
wrong 8 '"many"' packet-cap "a number from 10"
settings <<END
colour = blue
END
wrong 8 'unknown key "colour"'
settings <<END
uplink = eth9
END
wrong 8 '"uplink" is said twice'
settings <<END
lan-port = ../../etc
END
wrong 8 lan-port "the name of an interface"
settings <<END
just words
END
wrong 8 '"just words" is not "key = value"'
printf 'mud-ca = /x/../y\n' | settings
wrong 8 mud-ca "a whole path"
printf 'web-listen = \033[31mred\n' | settings
wrong 8 '\x1b[31mred' "ADDRESS:PORT"

settings <<END
END
sed -i '/^lan-port/d' $folder/pinfold.conf
try -f $folder/pinfold.conf
expect "a gateway without a port is refused" [ $status = 2 ]
expect "... with the key that is missing" grep -q "lan-port: name at least one" $folder/said

try -f $folder/no-such-file
expect "a file that is not there is refused" [ $status = 2 ]
expect "... with its name" grep -q "no-such-file: cannot open" $folder/said

settings <<END
END
mkdir $folder/conf.d
echo "flow-cap = 0" >$folder/conf.d/50-mine.conf
try -f $folder/pinfold.conf
expect "a mistake in a drop-in is refused" [ $status = 2 ]
expect "... with the drop-in's name and line" grep -q "conf.d/50-mine.conf: line 1: " $folder/said
echo "flow-cap = 20" >$folder/conf.d/50-mine.conf
try -n -f $folder/pinfold.conf
expect "good settings are said to be fine" [ $status = 0 ]

mv $folder/bin/relay $folder/bin/away
try -f $folder/pinfold.conf
expect "a missing executable is refused" [ $status = 1 ]
expect "... with its name" grep -q "bin/relay: " $folder/said
mv $folder/bin/away $folder/bin/relay

expect "nothing was started by any of this" nobody_runs
expect "nothing listens" [ -z "$(ss -Hltn)" ]
refuse "no folder was made" [ -e $folder/run ]
refuse "no state was made" [ -e $folder/state ]
finish
