/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of others.  Their issuers are believed in one direction: a label that is
 * suspended, recalled or revoked takes something away from the device that has it,
 * and nothing that a label says ever gives it anything.  The owner may override.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "label/cwt.h"
#include "process/engine_label.h"

/* {"https://labels.example": "hex"}; the address NULL: all. */
static void
keys_of(const char *url, struct issuer_keys *keys)
{
	json_t *set = engine.home.facet[FACET_LABEL_TRUST], *value;
	const char *name;

	keys->n = 0;
	json_object_foreach(set, name, value)
	{
		const char *text = json_string_value(value);
		if (keys->n < JWS_KEYS_MAX && text && (!url || !strcmp(url, name)) &&
			issuer_from_text(keys->key[keys->n], text))
			keys->n++;
	}
}

void
label_trusted_keys(struct issuer_keys *keys)
{
	keys_of(NULL, keys);
}

bool
label_trusted_key(const char *url, uint8_t key[static ISSUER_PUBLIC_LEN])
{
	struct issuer_keys own;

	keys_of(url, &own);
	if (own.n)
		memcpy(key, own.key[0], ISSUER_PUBLIC_LEN);
	return own.n;
}

/* By the key of this issuer: a trusted issuer speaks for its own address alone. */
static bool
is_key_of(const char *url, const uint8_t key[static ISSUER_PUBLIC_LEN])
{
	uint8_t own[ISSUER_PUBLIC_LEN];

	return label_trusted_key(url, own) && !memcmp(own, key, sizeof own);
}

json_t *
label_trust(const json_t *args, const char *who, int64_t *journal, struct fault *why)
{
	char url[128], key[ISSUER_TEXT_MAX];
	uint8_t bytes[ISSUER_PUBLIC_LEN];
	struct change change;

	if (!label_text_arg(args, "url", url, sizeof url, why) ||
		!label_text_arg(args, "key", key, sizeof key, why))
		return NULL;
	if (!label_is_url(url) || !issuer_from_text(bytes, key)) {
		fault_set(why, ERR_INVALID,
			"an issuer has an https address without a slash at its end, and an Ed25519 "
			"public key in 64 hexadecimal digits");
		return NULL;
	}
	json_t *set = engine.home.facet[FACET_LABEL_TRUST]
			      ? json_deep_copy(engine.home.facet[FACET_LABEL_TRUST])
			      : json_object();
	json_object_set_new(set, url, json_string(key));
	if (json_object_size(set) > JWS_KEYS_MAX) {
		json_decref(set);
		fault_set(why, ERR_FULL, "%d issuers are trusted already", JWS_KEYS_MAX);
		return NULL;
	}
	change_init(&change, who, "label.trust");
	snprintf(change.text, sizeof change.text,
		"labels of %.100s are believed, to narrow; while a device has one, its status list "
		"is asked for",
		url);
	change_set(&change, &engine.home, FACET_LABEL_TRUST, set);
	if (change_commit(&change, journal, why))
		return NULL;
	label_list_due(url);
	return json_pack("{s:s}", "text", change.text);
}

json_t *
label_show_trusted(void)
{
	json_t *issuers = json_array(), *devices = json_array(), *value, *row;
	const char *url;

	json_object_foreach(engine.home.facet[FACET_LABEL_TRUST], url, value)
		json_array_append_new(issuers, json_pack("{s:s, s:O}", "url", url, "key", value));
	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct ward *ward = engine.wards[i];
		if (!ward->facet[FACET_LABEL])
			continue;
		row = label_attached(ward);
		json_object_set_new(row, "device", show_ref(ward));
		json_array_append_new(devices, row);
	}
	return json_pack("{s:o, s:o, s:o}", "own", ward_facet(&engine.home, FACET_LABEL_ISSUER),
		"issuers", issuers, "devices", devices);
}

/* --- whose label is it? ------------------------------------------------------------------------- */

enum match { MATCH_UNKNOWN, MATCH_SAME, MATCH_OTHER_MODEL, MATCH_OTHER_FIRMWARE, MATCHES };
static const char *const matches[MATCHES] = {
	[MATCH_UNKNOWN] = "not enough seen",
	[MATCH_SAME] = "match",
	[MATCH_OTHER_MODEL] = "different model",
	[MATCH_OTHER_FIRMWARE] = "untested firmware",
};

static bool
says_model(const struct device *device, const char *model)
{
	static const enum identifier_kind kinds[] = {
		IDENTIFIER_MDNS_MODEL, IDENTIFIER_SSDP_SERVER, IDENTIFIER_VENDOR_CLASS};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct identifier *claimed = device_identifier(device, kinds[i]);
		if (claimed && strcasestr(claimed->claimed_value, model))
			return true;
	}
	return false;
}

/*
 * What the owner says of the device first, then what it says itself: a device
 * that names another model is none that this label was made for.
 */
static enum match
match_of(const struct ward *ward, const struct label *label)
{
	const json_t *facts = ward->facet[FACET_LABEL_FACTS];
	const struct identifier *model = device_identifier(ward->device, IDENTIFIER_MDNS_MODEL);
	char firmware[LABEL_FIRMWARE_MAX];

	if (*json_text_of(facts, "model") && strcasecmp(json_text_of(facts, "model"), label->model))
		return MATCH_OTHER_MODEL;
	if (!*json_text_of(facts, "model") && !says_model(ward->device, label->model))
		return model ? MATCH_OTHER_MODEL : MATCH_UNKNOWN;
	if (label_firmware_now(ward, label->model, firmware, NULL) &&
		!label_covers(label, firmware))
		return MATCH_OTHER_FIRMWARE;
	return MATCH_SAME;
}

/* Signed by the key of the issuer that it names; a label.jwt or the text of a QR code. */
static bool
read_label(const char *text, size_t len, struct label *label, struct fault *why)
{
	uint8_t key[ISSUER_PUBLIC_LEN], claims[CWT_BYTES_MAX];
	struct issuer_keys keys;
	size_t claims_len;
	json_t *payload;
	bool is_read;

	label_trusted_keys(&keys);
	if (len > 2 && !memcmp(text, "eyJ", 3)) {
		is_read =
			jws_parse(text, len, LABEL_TYPE, &keys, &payload, key, why) == SEAL_GOOD &&
			label_from_json(label, payload, why);
		json_decref(payload);
	} else {
		is_read = cwt_parse(label, text, len, &keys, claims, &claims_len, key, why) ==
			  SEAL_GOOD;
	}
	if (!is_read)
		return false;
	if (!is_key_of(label->issuer, key)) {
		fault_set(why, ERR_DENIED, "it names the address of another issuer: %.100s",
			label->issuer);
		return false;
	}
	if (label->until_s <= clock_wall_s()) {
		fault_set(why, ERR_STALE, "the label has expired");
		return false;
	}
	return true;
}

json_t *
label_attach(
	struct ward *ward, const json_t *args, const char *who, int64_t *journal, struct fault *why)
{
	static struct label label;
	const json_t *text = json_object_get(args, "text");
	struct change change;

	if (!json_is_string(text)) {
		fault_set(why, ERR_INVALID, "\"text\" is missing");
		return NULL;
	}
	if (!read_label(json_string_value(text), json_string_length(text), &label, why))
		return NULL;
	enum match match = match_of(ward, &label);
	if (match == MATCH_OTHER_MODEL) {
		fault_set(why, ERR_INVALID, "the label is of \"%.60s\", and %.60s is another model",
			label.model, device_label(ward->device));
		return NULL;
	}
	change_init(&change, who, "label.attach");
	snprintf(change.text, sizeof change.text, "%.60s has label %s of %.60s (%s)",
		device_label(ward->device), label.id, label.issuer, matches[match]);
	change_set(&change, ward, FACET_LABEL,
		json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "issuer",
			label.issuer, "id", label.id, "revision", (int)label.revision, "index",
			(int)label.index, "maker", label.maker, "model", label.model, "band",
			label_band_word((enum label_band)label.band), "match", matches[match],
			"status", label_status_word(STATUS_UNKNOWN), "signed", (json_int_t)0,
			"reason", ""));
	if (change_commit(&change, journal, why))
		return NULL;
	label_list_due(label.issuer);
	return json_pack("{s:s, s:s}", "text", change.text, "match", matches[match]);
}

/* --- its status ----------------------------------------------------------------------------------- */

/* "suspended" or "recalled": what it takes away; empty: nothing. */
static const char *
narrowing(const struct label_now *now)
{
	if (now->status == STATUS_SUSPENDED)
		return now->is_recalled ? "recalled" : "suspended";
	return now->status == STATUS_REVOKED ? "suspended" : "";
}

static bool
is_graver(const char *narrows, const char *than)
{
	return *narrows &&
	       (!*than || (strcmp(than, "recalled") != 0 && !strcmp(narrows, "recalled")));
}

/*
 * No issuer is a switch for a whole home: within a day the labels of one issuer act by
 * themselves on so many models, or on a quarter of those that are here; then the owner
 * is asked.  All units of one model count once, or a recall would stop half way.
 */
static bool
may_issuer_narrow(const struct ward *ward)
{
	enum { AT_ONCE = 2, SHARE = 4, COUNTED = 64, DAY_S = 24 * 3600 };
	const char *issuer = json_text_of(ward->facet[FACET_LABEL], "issuer");
	const char *id = json_text_of(ward->facet[FACET_LABEL], "id");
	const char *fallen[COUNTED];
	int64_t now_s = clock_wall_s();
	size_t n_attached = 0, n_fallen = 0;

	for (size_t i = 0; i < engine.n_peers; i++) {
		const json_t *at = engine.wards[i]->facet[FACET_LABEL];
		size_t k = 0;
		if (!at || strcmp(json_text_of(at, "issuer"), issuer))
			continue;
		n_attached++;
		if (now_s - json_integer_value(json_object_get(at, "since")) >= DAY_S)
			continue;
		if (!strcmp(json_text_of(at, "id"), id))
			return true;
		while (k < n_fallen && strcmp(fallen[k], json_text_of(at, "id")))
			k++;
		if (k == n_fallen && n_fallen < COUNTED)
			fallen[n_fallen++] = json_text_of(at, "id");
	}
	return n_fallen < AT_ONCE || (n_fallen < n_attached / SHARE && n_fallen < COUNTED);
}

static void
tell_fall(struct ward *ward, const char *narrows, bool acts, bool is_held)
{
	const char *id = json_text_of(ward->facet[FACET_LABEL], "id");

	if (acts)
		event(EVENT_ALARM, ward, "label-narrows", id,
			"its label is %s, so %s; to take that back: pinfold label override %s",
			narrows,
			!strcmp(narrows, "recalled")
				? "it reaches nothing but the gateway"
				: "nobody on the internet opens anything on it",
			ward->device->id);
	else if (is_held)
		event(EVENT_ALARM, ward, "label-held", id,
			"its label is %s, as are more labels of its issuer today than one issuer "
			"may act by; nothing was done; to act: pinfold device quarantine %s",
			narrows, ward->device->id);
	else
		event(EVENT_ALARM, ward, "label-narrows", id,
			"its label is %s; nothing was done, because a person decides for this "
			"device; to act: pinfold device quarantine %s",
			narrows, ward->device->id);
}

/* What changes with time alone is no decision, and needs no journal. */
static bool
is_as_before(json_t *label, const struct label_now *now, const char *narrows)
{
	const char *word = label_status_word((enum label_status)now->status);

	return json_integer_value(json_object_get(label, "signed")) &&
	       !strcmp(json_text_of(label, "status"), word) &&
	       !strcmp(json_text_of(label, "reason"), now->reason) &&
	       !strcmp(json_text_of(label, "fallen"), narrows);
}

bool
label_heard(struct ward *ward, const struct label_now *now, int64_t issued_s, int64_t until_s,
	const char *who, struct fault *why)
{
	json_t *was = ward->facet[FACET_LABEL];
	const char *narrows = narrowing(now);
	struct change change;
	int64_t journal;

	/* An old one that is played again changes nothing. */
	if (issued_s <= json_integer_value(json_object_get(was, "signed")))
		return true;
	bool is_same = is_as_before(was, now, narrows);
	json_t *label = is_same ? was : json_deep_copy(was);
	json_object_set_new(label, "signed", json_integer(issued_s));
	json_object_set_new(label, "until", json_integer(until_s));
	if (is_same)
		return true;
	json_object_set_new(
		label, "status", json_string(label_status_word((enum label_status)now->status)));
	json_object_set_new(label, "reason", json_string(now->reason));
	json_object_set_new(label, "fallen", json_string(narrows));
	/* What the owner overrode was that fall: a graver one, or one after a good day, is another. */
	bool falls = is_graver(narrows, json_text_of(was, "fallen"));
	if (falls || !*narrows)
		json_object_del(label, "overridden");
	bool is_held = falls && contain_may_act(ward) && !may_issuer_narrow(ward);
	bool acts = falls && contain_may_act(ward) && !is_held;
	if (acts) {
		json_object_set_new(label, "narrows", json_string(narrows));
		json_object_set_new(label, "since", json_integer(clock_wall_s()));
	}
	json_object_set_new(label, "held", json_boolean(is_held));
	change_init(&change, who, "label.status");
	snprintf(change.text, sizeof change.text, "the label of %.60s is %s%s%.100s",
		device_label(ward->device), json_text_of(label, "status"),
		now->reason[0] ? ": " : "", now->reason);
	change_set(&change, ward, FACET_LABEL, label);
	if (change_commit(&change, &journal, why))
		return false;
	if (falls)
		tell_fall(ward, narrows, acts, is_held);
	return true;
}

json_t *
label_take_status(const json_t *args, const char *who, struct fault *why)
{
	const json_t *text = json_object_get(args, "status");
	uint8_t key[ISSUER_PUBLIC_LEN];
	struct status_token token;
	struct issuer_keys keys;
	int n = 0;

	if (!json_is_string(text)) {
		fault_set(why, ERR_INVALID, "\"status\" is missing");
		return NULL;
	}
	label_trusted_keys(&keys);
	if (status_parse(&token, json_string_value(text), json_string_length(text), &keys, key,
		    why) != SEAL_GOOD)
		return NULL;
	if (!is_key_of(token.issuer, key)) {
		fault_set(why, ERR_DENIED, "it is signed by the key of another issuer");
		return NULL;
	}
	if (!status_is_fresh(token.issued_s, token.until_s, clock_wall_s())) {
		fault_set(
			why, ERR_STALE, "the status is too old, or of a time that is yet to come");
		return NULL;
	}
	for (size_t i = 0; i < engine.n_peers; i++) {
		struct ward *ward = engine.wards[i];
		const json_t *label = ward->facet[FACET_LABEL];
		if (strcmp(json_text_of(label, "id"), token.label) ||
			strcmp(json_text_of(label, "issuer"), token.issuer))
			continue;
		if (!label_heard(ward, &token.now, token.issued_s, token.until_s, who, why))
			return NULL;
		n++;
	}
	return json_pack("{s:s, s:s, s:s, s:i}", "label", token.label, "status",
		label_status_word((enum label_status)token.now.status), "reason", token.now.reason,
		"devices", n);
}

json_t *
label_attached(const struct ward *ward)
{
	json_t *was = ward->facet[FACET_LABEL];
	int64_t now_s = clock_wall_s();

	if (!was)
		return json_null();
	json_t *out = json_deep_copy(was);
	bool is_confirmed = status_is_fresh(json_integer_value(json_object_get(was, "signed")),
		json_integer_value(json_object_get(was, "until")), now_s);
	if (!is_confirmed) {
		json_object_set_new(out, "status", json_string(label_status_word(STATUS_UNKNOWN)));
		json_object_set_new(out, "last_status", json_string(json_text_of(was, "status")));
	}
	json_object_set_new(out, "confirmed", json_boolean(is_confirmed));
	label_list_describe(json_text_of(was, "issuer"), out);
	return out;
}

json_t *
label_override(struct ward *ward, const char *who, int64_t *journal, struct fault *why)
{
	const json_t *was = ward->facet[FACET_LABEL];
	struct change change;

	if (!*json_text_of(was, "narrows")) {
		fault_set(why, ERR_NOT_FOUND, "no label narrows %s", device_label(ward->device));
		return NULL;
	}
	json_t *label = json_deep_copy(was);
	json_object_del(label, "narrows");
	json_object_set_new(label, "overridden", json_true());
	change_init(&change, who, "label.override");
	snprintf(change.text, sizeof change.text,
		"%.100s is not narrowed by its label any more, on the owner's word",
		device_label(ward->device));
	change_set(&change, ward, FACET_LABEL, label);
	if (change_commit(&change, journal, why))
		return NULL;
	return json_pack("{s:s}", "text", change.text);
}

void
label_narrow(const struct ward *ward, struct policy *policy)
{
	const json_t *label = ward->facet[FACET_LABEL];
	const char *narrows = json_text_of(label, "narrows");
	struct report report = {.state = REPORTED_VULNERABLE};

	if (!*narrows)
		return;
	/* What is not understood takes away as much as what is. */
	if (!strcmp(narrows, "recalled"))
		report.state = REPORTED_RECALLED;
	snprintf(report.issuer, sizeof report.issuer, "%.40s", json_text_of(label, "issuer"));
	snprintf(report.reason, sizeof report.reason, "label %s: %.80s", narrows,
		json_text_of(label, "reason"));
	policy_narrow_by_report(
		policy, &report, json_integer_value(json_object_get(label, "since")));
}
