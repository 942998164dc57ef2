# SPDX-License-Identifier: Apache-2.0
# data/provisions.tsv into rows of `provisions`.  Refuses what it does not understand, so that a slip
# of the hand stops the build and not a verdict.
BEGIN { FS = "\t" }
/^#/ || /^$/ { next }
function refused(what) {
	print FILENAME ":" FNR ": " what ": " $0 > "/dev/stderr"
	exit failed = 1
}
function text(cell) {
	gsub(/[\\"]/, "\\\\&", cell)
	return cell == "-" ? "NULL" : "\"" cell "\""
}
function class(cell) {
	return cell == "-" ? "0" : "'" cell "'"
}
NF != 21 { refused("not 21 columns") }
!header {
	if ($1 != "id" || $9 != "meaning" || $21 != "nis2")
		refused("not the header")
	header = 1
	next
}
{
	if ($1 !~ /^[0-9]+(\.[0-9]+)?-[0-9]+[AB]?$/ || length($1) > 11 || $1 in seen)
		refused("id")
	seen[$1] = 1
	if ($3 !~ /^[MR-]$/ || $5 !~ /^[MR]$/ || ($2 == "-") != ($3 == "-"))
		refused("class")
	if ($4 !~ /^(-|C:[0-9]+\??(;C:[0-9]+\??)*)$/ || $6 !~ /^(-|[CF]:[0-9a-z]+(;[CF]:[0-9a-z]+)*)$/)
		refused("condition")
	if ($7 !~ /^[ABCD]$/)
		refused("tier")
	if ($9 == "-" || $10 == "-")
		refused("no meaning")
	for (i = 1; i <= NF; i++)
		if ($i == "" || $i ~ /[^ -~]/)
			refused("column " i)
	printf "\t{%s, %s, %s, %s, %s, %s, '%s'", text($1), text($2), class($3), class($5), text($4), text($6), $7
	for (i = 8; i <= 21; i++)
		printf ", %s", text($i)
	print "},"
}
END { exit failed }
