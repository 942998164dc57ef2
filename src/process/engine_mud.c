/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD files: from a URL that a device claims to a policy that its owner
 * approved.
 *
 * A URL that came by DHCP or LLDP is a hint that any neighbour could send, so
 * its file may only narrow until a person approves it (RFC 8520, 16); then it is
 * pinned by its digest.  A changed file of an approved signer applies at once
 * where it narrows, and waits for approval where it widens: since the merge of
 * two files is not a file, all of a changed one waits.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_strict.h"
#include "packet/mud_url.h"
#include "process/engine.h"

enum {
	RUNNING_MAX = 4,
	RETRY_FIRST_S = 15,
	RETRY_MAX_S = 3600,
	RUNNING_S = 90, /* the fetcher's own limits end it before */
	VALIDITY_DEFAULT_H = 48,
};

static uint32_t next_id = 1;
static struct {
	uint32_t id, device;
	int64_t since_s;
	char url[256];
} running[RUNNING_MAX];

static bool
is_approved(const json_t *mud)
{
	return !strcmp(json_text_of(mud, "state"), "approved");
}

enum mud_trust
mud_trust_of(const struct ward *ward)
{
	const json_t *mud = ward->facet[FACET_MUD];

	if (!mud || !ward->facet[FACET_MUD_FILE] || !strcmp(json_text_of(mud, "state"), "rejected"))
		return MUD_TRUST_UNKNOWN;
	return is_approved(mud) ? MUD_TRUST_CONFIRMED : MUD_TRUST_UNCONFIRMED;
}

static bool
authority_of(const char *url, char out[static 256])
{
	struct mud_url parsed;

	if (!mud_url_from_bytes(&parsed, (const uint8_t *)url, strlen(url)))
		return false;
	mud_url_authority(&parsed, out);
	return true;
}

/* A new device, or a new URL of a known one (identify.h).  The fetch follows in mud_look(). */
void
mud_url_seen(struct ward *ward)
{
	const char *known = json_text_of(ward->facet[FACET_MUD], "url");
	const char *claimed = ward->device->claimed_mud_url;
	char old[256], new[256];

	if (!claimed[0] || !strcmp(known, claimed))
		return;
	if (known[0] && authority_of(known, old) && authority_of(claimed, new) && strcmp(old, new))
		event(EVENT_ALARM, ward, "mud-authority-changed", claimed,
			"claims a MUD file of another maker (%.160s); the old policy stays",
			claimed);
	else if (known[0])
		event(EVENT_NOTICE, ward, "mud-url-changed", claimed,
			"claims another MUD URL (%.160s)", claimed);
	else
		event(EVENT_INFO, ward, "mud-url", claimed, "claims the MUD URL %.200s", claimed);
	ward->fetch_after_s = 0;
	ward->fetch_failures = 0;
}

/* The URL that may be fetched for it now; NULL: none. */
static const char *
url_due(const struct ward *ward, int64_t now_s)
{
	const char *known = json_text_of(ward->facet[FACET_MUD], "url");
	const char *claimed = ward->device->claimed_mud_url;
	char old[256], new[256];

	/* Nothing leaves the house for a device that nobody admitted. */
	if (ward->fetch_id || now_s < ward->fetch_after_s || !ward->device->is_admitted ||
		ward->device->class == DEVICE_CLASS_PERSONAL)
		return NULL;
	if (!known[0])
		return claimed[0] ? claimed : NULL;
	if (claimed[0] && strcmp(known, claimed) && authority_of(known, old) &&
		authority_of(claimed, new) && !strcmp(old, new) && !ward->facet[FACET_MUD_NEXT])
		return claimed;
	int64_t checked_s = json_integer_value(json_object_get(ward->facet[FACET_MUD], "checked"));
	int64_t hours = json_integer_value(json_object_get(ward->facet[FACET_MUD], "validity_h"));
	if (now_s - checked_s >= (hours ? hours : VALIDITY_DEFAULT_H) * 3600)
		return known;
	return NULL;
}

void
mud_look(void)
{
	int64_t now_s = clock_wall_s();
	static size_t cursor;
	size_t slot = RUNNING_MAX;

	if (!channel_is_open(engine.peer[PROCESS_FETCHER]) || !engine.n_peers)
		return;
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		if (running[i].id && now_s - running[i].since_s > RUNNING_S) {
			struct ward *ward = ward_find(running[i].device);
			if (ward && ward->device)
				ward->fetch_id = 0;
			running[i].id = 0;
		}
		if (!running[i].id)
			slot = i;
	}
	for (size_t i = 0; i < engine.n_peers && slot < RUNNING_MAX; i++) {
		struct ward *ward = engine.wards[cursor++ % engine.n_peers];
		const char *url = url_due(ward, now_s);
		struct message_fetch fetch = {.id = next_id};
		if (!url)
			continue;
		snprintf(fetch.url, sizeof fetch.url, "%s", url);
		if (strncmp(fetch.url, "https://", 8) ||
			channel_send(engine.peer[PROCESS_FETCHER], MESSAGE_FETCH, fetch.id, &fetch,
				sizeof fetch, -1))
			continue;
		next_id = next_id % 0x7fffffff + 1;
		ward->fetch_id = fetch.id;
		running[slot].id = fetch.id;
		running[slot].device = ward_number(ward);
		running[slot].since_s = now_s;
		snprintf(running[slot].url, sizeof running[slot].url, "%s", url);
		for (slot = 0; slot < RUNNING_MAX && running[slot].id; slot++)
			;
	}
}

static const char *const signature_words[SIGNATURE_STATE_COUNT] = {
	[SIGNATURE_UNKNOWN] = "unknown",
	[SIGNATURE_NONE] = "none",
	[SIGNATURE_BAD] = "bad",
	[SIGNATURE_EXPIRED] = "expired",
	[SIGNATURE_GOOD] = "good",
	[SIGNATURE_UNTRUSTED] = "untrusted",
};

static void
failed(struct ward *ward, const char *why)
{
	int64_t wait_s = RETRY_FIRST_S;

	for (uint32_t i = 0; i < ward->fetch_failures && wait_s < RETRY_MAX_S; i++)
		wait_s *= 2;
	ward->fetch_failures++;
	ward->fetch_after_s = clock_wall_s() + (wait_s < RETRY_MAX_S ? wait_s : RETRY_MAX_S);
	snprintf(ward->fetch_why, sizeof ward->fetch_why, "%s", why);
	event(EVENT_NOTICE, ward, "mud-fetch-failed", "",
		"its MUD file could not be fetched: %.200s; what applies stays as it is", why);
}

/* A copy first, the check then: the sender still holds the memory. */
static bool
read_mud(int fd, struct mud *mud)
{
	struct stat st;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &st) || st.st_size != sizeof *mud)
		return false;
	while (done < sizeof *mud) {
		ssize_t n = pread(fd, (uint8_t *)mud + done, sizeof *mud - done, (off_t)done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return mud_is_valid(mud);
}

static json_t *
describe(const char *url, const struct mud *mud, const struct message_fetched *fetched,
	const char *state)
{
	int64_t now_s = clock_wall_s();
	char digest[65];

	hex_text(fetched->digest, sizeof fetched->digest, digest);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:b}", "url", url,
		"state", state, "digest", digest, "signature", signature_words[fetched->signature],
		"signer", fetched->signer, "systeminfo", mud->systeminfo, "manufacturer",
		mud->manufacturer, "since", (json_int_t)now_s, "checked", (json_int_t)now_s,
		"validity_h", mud->cache_validity_h, "supported", mud->is_supported);
}

static void
take_file(struct ward *ward, const char *url, const struct mud *mud,
	const struct message_fetched *fetched)
{
	json_t *known = ward->facet[FACET_MUD];
	auto_free char *file = mud_render(mud);
	bool is_signed = fetched->signature == SIGNATURE_GOOD;
	json_t *description =
		describe(url, mud, fetched, is_signed ? "signed-pending" : "unsigned-pending");
	struct change change;
	struct fault why;
	int64_t journal;

	bool is_same =
		known &&
		!strcmp(json_text_of(known, "digest"), json_text_of(description, "digest")) &&
		!strcmp(json_text_of(known, "url"), json_text_of(description, "url"));
	if (is_same) {
		/* Nothing new: only the time of the look, which no journal needs. */
		json_object_set_new(known, "checked", json_integer(clock_wall_s()));
		json_decref(description);
		return;
	}
	change_init(&change, "pinfold", "mud.fetched");
	if (known && is_approved(known)) {
		change_set(&change, ward, FACET_MUD_NEXT, description);
		change_set(&change, ward, FACET_MUD_NEXT_FILE, json_string(file));
		snprintf(change.text, sizeof change.text,
			"the MUD file of %s changed%s; the approved one stays until: pinfold "
			"policy "
			"approve %s",
			device_label(ward->device),
			strcmp(json_text_of(known, "signer"), fetched->signer) ? ", and its signer"
									       : "",
			ward->device->id);
	} else {
		change_set(&change, ward, FACET_MUD, description);
		change_set(&change, ward, FACET_MUD_FILE, json_string(file));
		snprintf(change.text, sizeof change.text,
			"the MUD file of %s was fetched (signature: %s); it only narrows until: "
			"pinfold policy approve %s",
			device_label(ward->device), signature_words[fetched->signature],
			ward->device->id);
	}
	if (change_commit(&change, &journal, &why)) {
		ward->fetch_after_s = clock_wall_s() + RETRY_FIRST_S;
		log_debug("mud", "device %u: the file was not stored", ward_number(ward));
	}
	if (!mud->is_supported)
		event(EVENT_NOTICE, ward, "mud-unsupported", "",
			"its maker says that it is no longer supported");
}

void
mud_fetched(const struct message_fetched *fetched, int fd)
{
	static struct mud mud;
	struct ward *ward = NULL;
	const char *url = "";

	for (size_t i = 0; i < RUNNING_MAX; i++)
		if (running[i].id == fetched->id && fetched->id) {
			url = running[i].url;
			ward = ward_find(running[i].device);
			running[i].id = 0;
		}
	if (!ward || !ward->device || ward->fetch_id != fetched->id)
		return;
	ward->fetch_id = 0;
	if (fetched->err) {
		failed(ward, fetched->why[0] ? fetched->why : err_text((enum err)fetched->err));
	} else if (fetched->signature == SIGNATURE_BAD) {
		/* RFC 8520, 13.2: processing ceases. */
		failed(ward, fetched->why[0] ? fetched->why : "its signature does not fit");
	} else if (!read_mud(fd, &mud)) {
		failed(ward, "the fetcher sent no valid file");
	} else {
		ward->fetch_failures = 0;
		ward->fetch_why[0] = '\0';
		take_file(ward, url, &mud, fetched);
	}
	mud_look();
}

enum err
mud_approve(struct ward *ward, bool with_addresses, const char *who, struct change *change,
	struct fault *why)
{
	bool has_next = ward->facet[FACET_MUD_NEXT] != NULL;
	json_t *from = ward->facet[has_next ? FACET_MUD_NEXT : FACET_MUD];

	if (!from) {
		fault_set(why, ERR_NOT_FOUND, "%s has no MUD file%s%s", device_label(ward->device),
			ward->fetch_why[0] ? ": " : "", ward->fetch_why);
		return ERR_NOT_FOUND;
	}
	json_t *mud = json_deep_copy(from);
	json_object_set_new(mud, "state", json_string("approved"));
	json_object_set_new(mud, "approved_by", json_string(who));
	json_object_set_new(mud, "since", json_integer(clock_wall_s()));
	json_object_set_new(mud, "addresses_approved", json_boolean(with_addresses));
	change_set(change, ward, FACET_MUD, mud);
	if (has_next) {
		change_set(change, ward, FACET_MUD_FILE, ward_facet(ward, FACET_MUD_NEXT_FILE));
		change_set(change, ward, FACET_MUD_NEXT, NULL);
		change_set(change, ward, FACET_MUD_NEXT_FILE, NULL);
	}
	return ERR_OK;
}
