/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the device comes by updates, as far as that is seen from outside: whether
 * it asks, how often, and whether an image crosses the network readable.
 *
 * An image over plain HTTP is no proof: it may be signed, and whether the device
 * looks at the signature shows only when it is offered a spoiled one.  So that is
 * inconclusive, with what would settle it; a signature fetched beside it is said.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check/table.h"
#include "check/traffic.h"
#include "packet/tls.h"

enum {
	TLS_1_2 = 0x0303,
	AFTER_BOOT_S = 10 * 60,
	PERIOD_MAX_S = 72 * 3600,
	APART_S = 60, /* two connections of one visit are one */
};

static bool
ends_in(const char *path, const char *const *ends, size_t n)
{
	size_t len = strcspn(path, " ?#");

	for (size_t i = 0; i < n; i++) {
		size_t end = strlen(ends[i]);
		if (len > end && !strncasecmp(path + len - end, ends[i], end))
			return true;
	}
	return false;
}

static const char *
path_of(const struct traffic_seen *seen)
{
	return !strcmp(seen->first->step, "http-request") && !strncmp(seen->detail, "GET ", 4)
		       ? seen->detail + 4
		       : NULL;
}

static bool
is_image(const struct traffic_seen *seen)
{
	static const char *const ends[] = {".bin", ".img", ".fw", ".ota", ".swu", ".raucb",
		".mender", ".dfu", ".upd", ".rom", ".trx", ".chk", ".squashfs", ".gbl", ".ubi",
		".apk", ".ipk", ".deb", ".tar.gz", ".tgz"};
	const char *path = path_of(seen);

	return path && ends_in(path, ends, COUNT_OF(ends));
}

static bool
is_signature(const struct traffic_seen *seen)
{
	static const char *const ends[] = {
		".sig", ".asc", ".p7s", ".p7", ".minisig", ".sign", ".signature", ".cms"};
	const char *path = path_of(seen);

	return path && ends_in(path, ends, COUNT_OF(ends));
}

/* 0 no, 1 perhaps, 2 surely a server of updates. */
static int
is_update(const struct traffic_seen *seen)
{
	const char *name = traffic_name(seen);

	if (is_image(seen))
		return 2;
	return name ? traffic_update_name(name) : 0;
}

static const struct exchange *
signature_beside(const struct transcript *transcript, const struct traffic_seen *image)
{
	struct traffic_seen seen;
	size_t from = 0;

	while (traffic_next(transcript, &from, "http-request", &seen))
		if (is_signature(&seen) && !strcmp(seen.first->note, image->first->note))
			return seen.first;
	return NULL;
}

static void
judge_image(const struct transcript *transcript, struct findings *findings,
	const struct traffic_seen *seen)
{
	static const char *const provisions[] = {"5.3-2", "5.3-7", "5.3-10"};
	const struct exchange *signature = signature_beside(transcript, seen);

	for (size_t i = 0; i < COUNT_OF(provisions); i++) {
		struct finding *finding = findings_inc(findings, provisions[i], INC_NO_IMAGE,
			seen->first,
			"%.60s was fetched from %.60s by plain HTTP%s; whether its signature is "
			"checked shows when a spoiled one is offered",
			path_of(seen), seen->first->note[0] ? seen->first->note : "a server",
			signature ? ", a signature beside it" : "");
		finding_evidence(finding, seen->last);
		finding_evidence(finding, signature);
	}
}

static bool
is_old(const struct traffic_seen *seen)
{
	uint16_t version = (uint16_t)strtoul(seen->detail, NULL, 16);

	return !strcmp(seen->first->step, "tls-server") && version && version < TLS_1_2;
}

/* --- how often it asks ----------------------------------------------------------------------------- */

static const struct exchange *
boot_before(const struct transcript *transcript, const struct exchange *asked)
{
	struct traffic_seen seen;
	size_t from = 0;

	while (traffic_next(transcript, &from, "boot", &seen)) {
		const struct exchange *boots[] = {seen.first, seen.last};
		for (size_t i = 0; i < 2; i++)
			if (boots[i] && asked->utc_s >= boots[i]->utc_s &&
				asked->utc_s - boots[i]->utc_s <= AFTER_BOOT_S)
				return boots[i];
	}
	return NULL;
}

/* True when something is said of 5.3-5. */
static bool
judge_polling(const struct transcript *transcript, struct findings *findings,
	const struct traffic_seen *seen)
{
	const char *name = traffic_name(seen) ? traffic_name(seen) : "its server";
	int64_t span_s = seen->last ? seen->last->utc_s - seen->first->utc_s : 0;
	int64_t period_s = seen->count > 1 ? span_s / (seen->count - 1) : 0;
	const struct exchange *boot = boot_before(transcript, seen->first);
	struct finding *finding;

	if (is_update(seen) < 2)
		return false;
	if (period_s >= APART_S && period_s <= PERIOD_MAX_S) {
		finding = findings_add(findings, "5.3-5", VERDICT_PASS, seen->first,
			"it asked %.80s %u times, on average every %lld min", name, seen->count,
			(long long)period_s / 60);
		finding_evidence(finding, seen->last);
		return true;
	}
	if (!boot)
		return false;
	finding = findings_add(findings, "5.3-5", VERDICT_PASS, seen->first,
		"it asked %.80s %lld s after it was switched on", name,
		(long long)(seen->first->utc_s - boot->utc_s));
	finding_evidence(finding, boot);
	return true;
}

void
update_channel_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *perhaps = NULL;
	bool is_said = false, has_image = false, has_tls = false, is_bad = false;
	struct traffic_seen seen;
	size_t from = 0;

	while (traffic_next(transcript, &from, NULL, &seen)) {
		if (!is_update(&seen))
			continue;
		perhaps = perhaps ? perhaps : seen.first;
		is_said = is_said || judge_polling(transcript, findings, &seen);
		if (is_image(&seen) && !has_image) {
			has_image = true;
			judge_image(transcript, findings, &seen);
		}
		if (strcmp(seen.first->step, "tls-server"))
			continue;
		has_tls = true;
		if (!is_old(&seen) || is_bad)
			continue;
		is_bad = true;
		findings_fail(findings, "5.3-7", seen.first, seen.last,
			traffic_control(transcript, &seen, is_old),
			"updates are asked for at %.80s by %s, which is withdrawn (RFC 8996)",
			seen.first->note,
			tls_version_text((uint16_t)strtoul(seen.detail, NULL, 16)));
	}
	if (!is_said && perhaps)
		findings_inc(findings, "5.3-5", INC_NOT_SEEN, perhaps,
			"it asked what may be a server of updates, once, or not as a habit");
	else if (!is_said)
		findings_inc(findings, "5.3-5", INC_NOT_SEEN, traffic_watch(transcript).at,
			"no server of updates was recognised in what it did in %u min",
			traffic_watch(transcript).seconds / 60);
	if (!has_tls || has_image)
		return;
	if (!is_bad)
		traffic_say_none(transcript, findings, "5.3-7",
			"updates are asked for by TLS 1.2 or newer, and nothing else was seen");
	traffic_say_none(transcript, findings, "5.3-2",
		"it has a server of updates that it asks by TLS, and no image crossed in clear "
		"text");
}
