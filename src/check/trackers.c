/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With whom the device talks, and who of them is known to collect data.  That is
 * not forbidden, only to be said: so the names are given, for whoever reads the
 * privacy notice, and nothing fails.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "check/declared.h"
#include "check/table.h"
#include "check/traffic.h"

enum { SITES_MAX = 64, SITE_TEXT_MAX = 64 };

struct sites {
	size_t n, n_all;
	char name[SITES_MAX][SITE_TEXT_MAX];
	const struct exchange *seen[SITES_MAX];
};

static void
keep(struct sites *sites, const char *name, const struct exchange *seen)
{
	for (size_t i = 0; i < sites->n; i++)
		if (!strcasecmp(sites->name[i], name))
			return;
	sites->n_all++;
	if (sites->n == SITES_MAX || strlen(name) >= SITE_TEXT_MAX)
		return;
	snprintf(sites->name[sites->n], SITE_TEXT_MAX, "%s", name);
	sites->seen[sites->n++] = seen;
}

/* As many as go into a sentence; the rest as a number. */
static void
list(const struct sites *sites, char *out, size_t size)
{
	size_t len = 0, i = 0;

	out[0] = '\0';
	for (; i < sites->n && len + strlen(sites->name[i]) + 20 < size; i++)
		len += (size_t)snprintf(
			out + len, size - len, "%s%s", i ? ", " : "", sites->name[i]);
	if (i < sites->n_all)
		snprintf(out + len, size - len, " and %zu more", sites->n_all - i);
}

static void
give_evidence(struct finding *finding, const struct sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		finding_evidence(finding, sites->seen[i]);
}

void
trackers_judge(const struct transcript *transcript, struct findings *findings)
{
	struct sites trackers = {0}, names = {0};
	struct finding *finding;
	struct traffic_seen seen;
	char text[FINDING_TEXT_MAX - 80];
	size_t from = 0;

	while (traffic_next(transcript, &from, NULL, &seen)) {
		const char *name = traffic_name(&seen);
		if (!name || !strchr(name, '.'))
			continue;
		keep(&names, name, seen.first);
		if (tracker_of(name))
			keep(&trackers, tracker_of(name), seen.first);
	}
	if (!names.n) {
		traffic_say_none(transcript, findings, "6-5", "no name of a server");
		return;
	}
	list(&names, text, sizeof text);
	finding = findings_inc(findings, "6-1", INC_NO_IXIT, names.seen[0],
		"the privacy notice must name who is behind %s", text);
	give_evidence(finding, &names);
	if (!trackers.n) {
		traffic_say_none(
			transcript, findings, "6-5", "no service that is known to collect data");
		return;
	}
	list(&trackers, text, sizeof text);
	finding = findings_inc(findings, "6-5", INC_NO_IXIT, trackers.seen[0],
		"it talks to services that collect data: %s; the notice must say so", text);
	give_evidence(finding, &trackers);
}

/* --- to whom at all --------------------------------------------------------------------------------- */

/* A connection to a server whose name is on the list: the control of one that is not. */
static bool
is_undeclared(const struct declared *declared, const struct traffic_seen *seen)
{
	bool is_connection = !strcmp(seen->first->step, "tls-hello") ||
			     !strcmp(seen->first->step, "http-request");
	const char *name = is_connection && traffic_is_outside(seen) ? traffic_name(seen) : NULL;

	return name && strchr(name, '.') && !declared_has_host(declared, name);
}

static const struct exchange *
declared_connection(const struct transcript *transcript, const struct declared *declared)
{
	struct traffic_seen seen;
	size_t from = 0;

	while (traffic_next(transcript, &from, NULL, &seen)) {
		const char *name = traffic_name(&seen);
		if (name && declared_has_host(declared, name))
			return seen.first;
	}
	return NULL;
}

/* Its servers against the list of them, where somebody gave one. */
static void
judge_hosts(const struct transcript *transcript, struct findings *findings)
{
	auto_free struct declared *declared = declared_in(transcript, NULL);
	struct traffic_seen seen;
	struct sites told = {0};
	char by[DECLARED_BY_MAX];
	size_t from = 0;

	if (!declared || !declared->n_hosts)
		return;
	declared_by(declared, by);
	const struct exchange *control = declared_connection(transcript, declared);
	while (traffic_next(transcript, &from, NULL, &seen)) {
		size_t before = told.n;
		if (!is_undeclared(declared, &seen))
			continue;
		keep(&told, traffic_name(&seen), seen.first);
		if (told.n == before)
			continue;
		if (declared->role == SIGNER_MAKER)
			findings_fail(findings, "5.6-5", seen.first, seen.last, control,
				"it talks to %s, which the maker did not declare",
				traffic_name(&seen));
		else
			findings_inc(findings, "5.6-5", INC_NO_IXIT, seen.first,
				"it talks to %s, which the %s did not declare", traffic_name(&seen),
				declared_role_word(declared->role));
	}
	if (!told.n_all && control)
		findings_add(findings, "5.6-5", VERDICT_NFF, control,
			"every server that it was seen to talk to by name was declared by %s", by);
}

void
traffic_judge(const struct transcript *transcript, struct findings *findings)
{
	size_t from = 0, n_flows = 0, n_nameless = 0, n_denied = 0;
	const struct exchange *nameless = NULL, *denied = NULL;
	struct traffic_seen seen;
	char address[IP_TEXT_MAX];

	while (traffic_next(transcript, &from, NULL, &seen)) {
		if (!strcmp(seen.first->step, "denied")) {
			denied = denied ? denied : seen.first;
			n_denied++;
		}
		if (strcmp(seen.first->step, "flow") || !traffic_is_outside(&seen))
			continue;
		n_flows++;
		/* Time servers are often written into the firmware as numbers. */
		if (seen.first->note[0] || seen.first->port == 123)
			continue;
		nameless = nameless ? nameless : seen.first;
		n_nameless++;
	}
	judge_hosts(transcript, findings);
	if (denied)
		findings_inc(findings, "5.6-5", INC_NO_IXIT, denied,
			"it tried %zu destinations that its policy does not name, %s port %u among "
			"them; what they are for, the maker must say",
			n_denied, ip_render(&denied->address, address), denied->port);
	if (nameless)
		findings_inc(findings, "5.6-5", INC_NO_IXIT, nameless,
			"it talks to %zu addresses on the internet without asking for a name, %s "
			"port %u among them",
			n_nameless, ip_render(&nameless->address, address), nameless->port);
	if (!denied && !nameless)
		traffic_say_none(
			transcript, findings, "5.6-5", "no destination that nothing explains");
	if (denied || nameless)
		finding_coverage(&findings->finding[findings->n - 1], n_flows, n_flows);
}
