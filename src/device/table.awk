# SPDX-License-Identifier: Apache-2.0
# data/kinds.tsv or data/makers.tsv into rows of a C table.  Refuses what it does not understand, so
# that a slip of the hand stops the build and not the identification.
BEGIN { FS = "\t" }
/^#/ || /^$/ { next }
{ gsub(/["\\]/, "\\\\&") }
NF == 4 && $4 + 0 >= 1 && $4 + 0 <= 90 {
	kind = toupper($1)
	gsub(/-/, "_", kind)
	if (kind == "DHCP_CLIENT_ID" || length($3) > 31)
		exit failed = 1
	printf "\t{IDENTIFIER_%s, \"%s\", \"%s\", %d},\n", kind, tolower($2), $3, $4
	next
}
NF == 2 && $1 ~ /^[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]$/ {
	split($1, byte, ":")
	printf "\t{{0x%s, 0x%s, 0x%s}, \"%s\"},\n", byte[1], byte[2], byte[3], $2
	next
}
{
	print FILENAME ":" FNR ": not understood: " $0 > "/dev/stderr"
	exit failed = 1
}
END { exit failed }
