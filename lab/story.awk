# SPDX-License-Identifier: Apache-2.0
#
# Turns what was measured into the table, build/story.json, and the verdict.
# Input: devices.list; the measured files are read from the folder "story".  lab_dir: where the needs files are.

function words(line)
{
	# Fills w[]; split() with the default separator also takes away leading blanks.
	return split(line, w)
}

# "device:tv" is tv; the home's own outside address is a door to nobody named.
function target_name(t)
{
	sub(/^(device|link):/, "", t)
	return t == "198.18.0.2" ? "door" : t
}

# allowed[source, target, protocol, port, family]: what the needs files say.
function read_needs_files(    d, file, line, i, n, f)
{
	for (d in is_device) {
		file = lab_dir "/device/" d "/needs"
		while ((getline line < file) > 0) {
			n = words(line)
			if (line ~ /^#/ || n < 5 || w[2] !~ /^device:/)
				continue
			for (i = 1; i <= length(w[5]); i++) {
				f = substr(w[5], i, 1)
				allowed[d, target_name(w[2]), w[1], w[3], f] = 1
			}
		}
		close(file)
	}
}

# What the owner's introductions open is allowed too, whether somebody listens or not.
function read_introductions(    file, line, n, i, part)
{
	file = lab_dir "/introductions"
	while ((getline line < file) > 0) {
		n = words(line)
		if (line ~ /^#/ || n < 4)
			continue
		for (i = 4; i <= n; i++) {
			split(w[i], part, "/")
			allowed[w[1], w[2], part[1], part[2], "4"] = 1
			allowed[w[1], w[2], part[1], part[2], "6"] = 1
		}
	}
	close(file)
}

function read_needs(mode,    file, line)
{
	file = story "/" mode "/needs"
	while ((getline line < file) > 0) {
		if (words(line) < 5 || (w[2] != "ok" && w[2] != "broken"))
			continue
		add(mode, w[3], "needed_flows")
		if (w[2] == "broken") {
			add(mode, w[3], "broken_flows")
			complain(mode ": needed but broken: " line)
		}
	}
	close(file)
	if (mode == "plain")
		return
	file = story "/" mode "/needs-after"
	while ((getline line < file) > 0)
		if (words(line) >= 5 && w[2] == "broken") {
			add(mode, w[3], "broken_flows")
			complain(mode ": broken after the attacks: " line)
		}
	close(file)
}

function add(mode, family, what)
{
	figure[mode, "all", what]++
	figure[mode, family, what]++
}

function complain(text)
{
	complaints[++n_complaints] = text
}

function read_reach(mode, source,    file, line, key)
{
	file = story "/" mode "/reach." source
	while ((getline line < file) > 0) {
		if (words(line) != 5)
			continue
		key = source SUBSEP target_name(w[4]) SUBSEP w[2] SUBSEP w[5] SUBSEP w[3]
		if (w[1] == "sent") {
			# What did not leave was not tried.
			probes[mode] += w[5]
			sent_to[mode, source, target_name(w[4]), w[2], w[3]] += w[5]
			continue
		}
		# The gateway may answer in a device's stead (it takes every question for a
		# name): behind Pinfold a port counts where the device itself was reached.
		if (mode == "pinfold" && target_name(w[4]) != "door" && !(key in arrived)) {
			answered_by_gateway[w[2] "/" w[5]]++
			continue
		}
		if (!((mode, key) in reached))
			add(mode, w[3], "reachable")
		reached[mode, key] = 1
		if (mode == "plain" && !(key in allowed))
			forbidden[key] = 1
		if (mode == "pinfold" && !(key in allowed))
			complain("pinfold: can be reached: " line " from " source)
	}
	close(file)
}

function read_logins(mode,    file, line)
{
	file = story "/" mode "/logins"
	while ((getline line < file) > 0) {
		words(line)
		if (w[1] != "works")
			continue
		add(mode, w[3], "logins")
		# A page with a login is not a shell: only a shell carries an infection on.
		if (w[5] != "http") {
			infects[mode, w[3], w[2], login_target(w[4])] = 1
			infects[mode, "all", w[2], login_target(w[4])] = 1
		}
	}
	close(file)
}

# The one door with a login behind it is the recorder's.
function login_target(t)
{
	t = target_name(t)
	return t == "door" ? "recorder" : t
}

# How many devices one infected camera has in the end, itself included: the closure
# of "can log in there" over the measured matrix.
function spread(mode, family,    ill, n, grew, s, t)
{
	ill["doorcam"] = 1
	n = 1
	do {
		grew = 0
		for (s in is_device)
			if (s in ill)
				for (t in is_device)
					if (!(t in ill) && (mode, family, s, t) in infects) {
						ill[t] = 1
						n++
						grew = 1
					}
	} while (grew)
	return n
}

# What arrived at the devices and was not allowed, whatever was answered.
function read_arrived(    file, line, d, who, key)
{
	file = story "/pinfold/addresses"
	while ((getline line < file) > 0) {
		words(line)
		name_of[w[3]] = w[1]
	}
	close(file)
	for (d in is_device) {
		file = story "/pinfold/arrived." d
		counted = 0
		while ((getline line < file) > 0) {
			n = words(line)
			if (w[1] == "missed") {
				counted = 1
				if (w[2] > 0)
					complain("pinfold: the counter at " d " missed " w[2] " packets")
			}
			if (n != 8 || (w[1] != "syn" && w[1] != "udp"))
				continue
			who = w[3] in name_of ? name_of[w[3]] : (w[3] ~ /^fe80:/ ? "link-local" : "")
			if (who == "" || who == "gateway" || (w[1] == "udp" && w[5] >= 32768 && w[5] != 37810))
				continue
			key = who SUBSEP d SUBSEP (w[1] == "syn" ? "tcp" : "udp") SUBSEP w[5] SUBSEP w[2]
			arrived[key] = 1
			if (key in allowed)
				continue
			figure["pinfold", "all", "leaked_packets"] += w[6]
			figure["pinfold", w[2], "leaked_packets"] += w[6]
			complain("pinfold: leaked to " d ": " line)
		}
		close(file)
		if (!counted)
			complain("pinfold: nothing was counted at " d)
	}
}

function read_attacks(mode,    file, line, f)
{
	file = story "/" mode "/attacks"
	while ((getline line < file) > 0) {
		if (words(line) != 7 || w[4] != "sent") {
			complain(mode ": " line)
			continue
		}
		f = w[3] == "-" ? "4" : w[3]
		if (w[5] == 0)
			complain(mode ": attack " w[2] " over " w[3] " sent nothing")
		if (mode == "plain") {
			tried[w[2], w[3]] = 1
			if (w[7] == 0)
				complain("plain: attack " w[2] " over " w[3] " had no effect, so it proves nothing")
			continue
		}
		delete tried[w[2], w[3]]
		figure[mode, "all", "forbidden_sent"] += w[5]
		figure[mode, f, "forbidden_sent"] += w[5]
		figure[mode, "all", "leaked_packets"] += w[7]
		figure[mode, f, "leaked_packets"] += w[7]
		if (w[7] > 0)
			complain("pinfold: attack " w[2] " over " w[3] " had an effect: " w[7] " of " w[5])
	}
	close(file)
}

# Forbidden attempts that were really sent: what the plain network let through, tried again.
function count_forbidden(    key, part)
{
	for (key in forbidden) {
		split(key, part, SUBSEP)
		if (sent_to["pinfold", part[1], part[2], part[3], part[5]] > 0) {
			figure["pinfold", "all", "forbidden_sent"]++
			figure["pinfold", part[5], "forbidden_sent"]++
		} else {
			complain("pinfold: not tried: " part[1] " to " part[2] " " part[3] " " part[4] " over " part[5])
		}
	}
}

# One number a line, in milliseconds; sorted by insertion, there are few.
function read_contain(    file, line, i, j)
{
	file = story "/pinfold/contain"
	while ((getline line < file) > 0) {
		if (words(line) != 2 || w[1] != "contained") {
			complain("pinfold: harm, trial by trial: " line)
			continue
		}
		for (i = ++n_contain; i > 1 && contain[i - 1] > w[2] + 0; i--)
			contain[i] = contain[i - 1]
		contain[i] = w[2] + 0
	}
	close(file)
	if (!n_contain)
		complain("pinfold: harm was never seen to be contained")
}

function percentile(p,    i)
{
	i = int(n_contain * p / 100 + 0.9999)
	return contain[i < 1 ? 1 : i]
}

# What the owner is offered of the two that did harm must not hold any of it.
function read_learned(    file, line, seen)
{
	file = story "/pinfold/learned"
	while ((getline line < file) > 0) {
		seen = 1
		if (line ~ /evil|victim|[^0-9](23|7700|9100)[^0-9]/)
			complain("pinfold: harm was learned: " line)
	}
	close(file)
	if (!seen)
		complain("pinfold: what was learned could not be read")
}

function numbers(mode, family,    text)
{
	text = sprintf("\"reachable\": %d, \"logins\": %d, \"would_infect\": %d, \"needed_flows\": %d, \"broken_flows\": %d",
	    figure[mode, family, "reachable"], figure[mode, family, "logins"],
	    figure[mode, family, "would_infect"], figure[mode, family, "needed_flows"],
	    figure[mode, family, "broken_flows"])
	if (mode == "plain")
		return text
	return text sprintf(", \"forbidden_sent\": %d, \"leaked_packets\": %d",
	    figure[mode, family, "forbidden_sent"], figure[mode, family, "leaked_packets"])
}

function object(mode,    text)
{
	text = "{" numbers(mode, "all")
	if (mode != "plain")
		text = text sprintf(", \"contain_n\": %d, \"contain_ms\": {\"p50\": %s, \"p99\": %s}", n_contain,
		    n_contain ? percentile(50) : "null", n_contain ? percentile(99) : "null")
	return text ", \"v4\": {" numbers(mode, "4") "}, \"v6\": {" numbers(mode, "6") "}}"
}

function row(text, what, plain_too)
{
	printf "%-58s %10s %10s\n", text, plain_too ? figure["plain", "all", what] + 0 : "-",
	    played["pinfold"] ? figure["pinfold", "all", what] + 0 : "-"
}

!/^#/ && NF {
	is_device[$1] = 1
}

END {
	n_modes = split(modes, mode_list)
	read_needs_files()
	read_introductions()
	for (m = 1; m <= n_modes; m++) {
		mode = mode_list[m]
		played[mode] = 1
		if (mode == "pinfold")
			read_arrived()
		read_needs(mode)
		read_reach(mode, "internet")
		for (d in is_device)
			read_reach(mode, d)
		read_logins(mode)
		figure[mode, "all", "would_infect"] = spread(mode, "all")
		figure[mode, "4", "would_infect"] = spread(mode, "4")
		figure[mode, "6", "would_infect"] = spread(mode, "6")
		read_attacks(mode)
	}
	if (played["pinfold"]) {
		count_forbidden()
		read_contain()
		read_learned()
		for (t in tried) {
			split(t, part, SUBSEP)
			complain("pinfold: attack " part[1] " over " part[2] " was not tried")
		}
	}

	printf "\n%-58s %10s %10s\n", "the home, behind", "a router", "Pinfold"
	row("ports of a device that somebody can open (TCP " ports ")", "reachable", 1)
	row("places where a factory login works", "logins", 1)
	row("devices that one infected camera has in the end", "would_infect", 1)
	row("flows that the devices need", "needed_flows", 1)
	row("  of these broken", "broken_flows", 1)
	row("forbidden attempts sent", "forbidden_sent", 0)
	row("  packets of these that arrived, or had effect", "leaked_packets", 0)
	if (n_contain)
		printf "%-58s %10s %10s\n", "harm to containment, ms at p50 (" n_contain " times)", "-", percentile(50)
	for (port in answered_by_gateway)
		print "answered by the gateway itself, and never brought to the device: port " port \
		    ", " answered_by_gateway[port] " times"
	print ""

	if (figure["plain", "all", "would_infect"] < 3)
		complain("plain: an infection does not even spread there")
	if (played["pinfold"]) {
		if (figure["pinfold", "all", "forbidden_sent"] == 0)
			complain("pinfold: nothing forbidden was tried")
		if (figure["pinfold", "all", "would_infect"] != 1)
			complain("pinfold: an infected camera reaches others")
	}
	text = "{\"plain\": " object("plain")
	if (played["pinfold"])
		text = text ", \"pinfold\": " object("pinfold")
	print text "}" > out
	close(out)
	for (i = 1; i <= n_complaints && i <= 60; i++)
		print "not as promised: " complaints[i]
	if (n_complaints > 60)
		print "and " n_complaints - 60 " more"
	if (!played["pinfold"])
		print "only the plain router was played"
	else if (!n_complaints)
		print "as promised"
	exit(n_complaints > 0 || !played["pinfold"])
}
