# SPDX-License-Identifier: Apache-2.0
#
# Reads what lab/mirai.sh measured and says what came of it: a table, build/mirai.json,
# and the verdict.  The first file is mirai/layers.
function lines(file,    line, n)
{
	while ((getline line <file) > 0)
		if (line != "")
			n++
	close(file)
	return n + 0
}

function number_of(file, word,    line, field, n)
{
	while ((getline line <file) > 0) {
		split(line, field, " ")
		if (field[1] == word)
			n = field[2]
	}
	close(file)
	return n == "" ? "-" : n
}

function complain(text)
{
	printf "NOT SO: %s\n", text
	failed = 1
}

/^#/ || NF < 3 { next }
{
	layer_name[$1] = $2
	layer_figure[$1] = $3
	text = $0
	sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "", text)
	layer_text[$1] = text
}

END {
	n_gateways = split(gateways, gateway, " ")
	n_plays = split(plays, play, " ")
	n_figures = split("infected-inside infected-internet scan flood services-working", figure, " ")
	for (g = 1; g <= n_gateways; g++) {
		printf "\n%s\n%-22s %15s %17s %12s %13s %16s %s\n", gateway[g] == "plain" ? "Behind a plain router" : "Behind Pinfold", \
		    "layers", "infected inside", "infected internet", "scan packets", "flood packets", "services working", "holes left"
		for (p = 1; p <= n_plays; p++) {
			base = work "/" gateway[g] "." play[p]
			value[g, p, "infected-inside"] = lines(base ".inside")
			value[g, p, "infected-internet"] = lines(base ".internet")
			value[g, p, "scan"] = number_of(base ".act", "scan")
			value[g, p, "flood"] = number_of(base ".act", "flood")
			value[g, p, "services-working"] = number_of(base ".live", "working")
			value[g, p, "holes"] = lines(base ".holes")
			at[play[p]] = p
			printf "%-22s %15s %17s %12s %13s %16s %s\n", \
			    play[p] in layer_name ? play[p] " " layer_name[play[p]] : play[p], \
			    value[g, p, "infected-inside"], value[g, p, "infected-internet"], value[g, p, "scan"], \
			    value[g, p, "flood"], value[g, p, "services-working"], value[g, p, "holes"]
		}
	}

	# The verdict.  Without the gateway each layer must better its figure.
	printf "\n"
	for (g = 1; g <= n_gateways; g++) {
		if (gateway[g] == "plain" && ("none" in at)) {
			none = at["none"]
			if (value[g, none, "infected-inside"] == 0 || value[g, none, "infected-internet"] == 0)
				complain("without any layer nobody is infected: nothing was shown")
			if (value[g, none, "flood"] + 0 == 0 || value[g, none, "scan"] + 0 == 0)
				complain("bots did nothing: nothing was shown")
			for (number = 1; number <= 6; number++) {
				if (!(number in at))
					continue
				is = value[g, at[number], layer_figure[number]] + 0
				was = value[g, none, layer_figure[number]] + 0
				better = layer_figure[number] == "services-working" ? is > was : is < was
				printf "%s %s: %s %s, %s without it (%s)\n", number, layer_name[number], layer_figure[number], is, was, layer_text[number]
				if (!better)
					complain("layer " number " does not better " layer_figure[number])
			}
		}
		if ("all" in at) {
			all = at["all"]
			if (value[g, all, "infected-inside"] + value[g, all, "infected-internet"] > 0)
				complain("all six layers, and somebody is infected (" gateway[g] ")")
			if (value[g, all, "services-working"] + 0 == 0)
				complain("all six layers, and nobody has the live view (" gateway[g] ")")
		}
		if (gateway[g] != "pinfold")
			continue
		for (p = 1; p <= n_plays; p++) {
			if (value[g, p, "infected-inside"] + value[g, p, "infected-internet"] > 0)
				complain("behind Pinfold a camera is infected (" play[p] ")")
			if (value[g, p, "holes"] > 0)
				printf "Pinfold only compensates: with %s, %d cameras stay open to whoever reaches them\n", \
				    play[p] in layer_name ? "layer " play[p] " alone" : "no layer", value[g, p, "holes"]
		}
		if ("none" in at) {
			base = work "/pinfold.none.act-all"
			printf "If all five were bots behind Pinfold: %s scan packets and %s flood packets reach the internet\n", \
			    number_of(base, "scan"), number_of(base, "flood")
			if (number_of(base, "scan") + number_of(base, "flood") > 0)
				complain("behind Pinfold a bot reaches the internet")
		}
	}

	# For machines.
	printf "{\n \"layers\": [" >out
	for (number = 1; number <= 6; number++)
		printf "%s{\"number\": %d, \"name\": \"%s\", \"figure\": \"%s\", \"means\": \"%s\"}", \
		    (number > 1 ? ",\n  " : ""), number, layer_name[number], layer_figure[number], layer_text[number] >out
	printf "],\n \"plays\": [" >out
	for (g = 1; g <= n_gateways; g++)
		for (p = 1; p <= n_plays; p++) {
			printf "%s{\"gateway\": \"%s\", \"layers\": \"%s\"", (g + p > 2 ? ",\n  " : ""), gateway[g], play[p] >out
			for (f = 1; f <= n_figures; f++)
				printf ", \"%s\": %d", figure[f], value[g, p, figure[f]] >out
			printf ", \"compensated\": %d}", gateway[g] == "pinfold" ? value[g, p, "holes"] : 0 >out
		}
	printf "],\n \"kept\": %s\n}\n", failed ? "false" : "true" >out
	exit failed
}
