# SPDX-License-Identifier: Apache-2.0
# data/provisions.tsv and data/questions.tsv into rows of `questions`: first the provisions in their order, then
# their conditions, then what the law of the United Kingdom asks for beside them (PSTI-...).  Refuses what does not fit, so that a slip of the hand stops the build.
BEGIN { FS = "\t" }
/^#/ || /^$/ { next }
function refused(what) {
	print FILENAME ":" FNR ": " what ": " $0 > "/dev/stderr"
	exit failed = 1
}
NR == FNR {
	if (!header) {
		if ($1 != "id" || $5 != "v3_class" || $6 != "v3_cond")
			refused("not the header")
		header = 1
		next
	}
	class[$1] = $5
	is_conditional[$1] = $6 != "-"
	n = split($6, keys, ";")
	for (i = 1; i <= n; i++)
		if (keys[i] != "-")
			class[keys[i]] = "C"
	next
}
{
	if (NF != 2 || $2 == "" || $2 ~ /[^ -~]/)
		refused("not an id and a question")
	if ($1 ~ /^PSTI-/)
		class[$1] = "P"
	if (!($1 in class) || $1 in seen)
		refused("no provision or condition of the table, or twice")
	seen[$1] = 1
	gsub(/[\\"]/, "\\\\&", $2)
	printf "\t{\"%s\", '%s', %s, \"%s\"},\n", $1, class[$1], is_conditional[$1] ? "true" : "false", $2
}
END {
	for (id in class)
		if (!failed && !(id in seen)) {
			print "no question for " id > "/dev/stderr"
			exit 1
		}
	exit failed
}
