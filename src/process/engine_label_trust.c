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
	snprintf(change.text, sizeof change.text, "labels of %.100s are believed, to narrow", url);
	change_set(&change, &engine.home, FACET_LABEL_TRUST, set);
	if (change_commit(&change, journal, why))
		return NULL;
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
		row = json_deep_copy(ward->facet[FACET_LABEL]);
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

	if (*json_text_of(facts, "model") && strcasecmp(json_text_of(facts, "model"), label->model))
		return MATCH_OTHER_MODEL;
	if (!*json_text_of(facts, "model") && !says_model(ward->device, label->model))
		return model ? MATCH_OTHER_MODEL : MATCH_UNKNOWN;
	if (*json_text_of(facts, "firmware") &&
		!label_covers(label, json_text_of(facts, "firmware")))
		return MATCH_OTHER_FIRMWARE;
	return MATCH_SAME;
}

/* Signed by the key of the issuer that it names; a label.jwt or the text of a QR code. */
static bool
read_label(const char *text, size_t len, struct label *label, struct fault *why)
{
	uint8_t key[ISSUER_PUBLIC_LEN], claims[CWT_BYTES_MAX];
	struct issuer_keys keys, own;
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
	/* A trusted issuer speaks for its own address alone. */
	keys_of(label->issuer, &own);
	if (!own.n || memcmp(own.key[0], key, sizeof key)) {
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
		json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "issuer",
			label.issuer, "id", label.id, "revision", (int)label.revision, "maker",
			label.maker, "model", label.model, "band",
			label_band_word((enum label_band)label.band), "match", matches[match],
			"status", label_status_word(STATUS_UNKNOWN), "signed", (json_int_t)0,
			"reason", ""));
	if (change_commit(&change, journal, why))
		return NULL;
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
apply(struct ward *ward, const struct status_token *token, const char *who, struct fault *why)
{
	const json_t *was = ward->facet[FACET_LABEL];
	const char *narrows = narrowing(&token->now), *before = json_text_of(was, "narrows");
	struct change change;
	int64_t journal;

	/* An old one that is played again changes nothing. */
	if (token->issued_s <= json_integer_value(json_object_get(was, "signed")))
		return true;
	json_t *label = json_deep_copy(was);
	json_object_set_new(label, "status",
		json_string(label_status_word((enum label_status)token->now.status)));
	json_object_set_new(label, "reason", json_string(token->now.reason));
	json_object_set_new(label, "signed", json_integer(token->issued_s));
	json_object_set_new(label, "until", json_integer(token->until_s));
	/* What the owner overrode was this fall; after it has been good again, another is another. */
	if (!*narrows)
		json_object_del(label, "overridden");
	bool is_overridden = json_is_true(json_object_get(label, "overridden"));
	bool is_graver = *narrows &&
			 (!*before || (strcmp(before, "recalled") && !strcmp(narrows, "recalled")));
	bool acts = is_graver && !is_overridden && contain_may_act(ward);
	if (acts) {
		json_object_set_new(label, "narrows", json_string(narrows));
		json_object_set_new(label, "since", json_integer(clock_wall_s()));
	}
	change_init(&change, who, "label.status");
	snprintf(change.text, sizeof change.text, "the label of %.60s is %s: %.100s",
		device_label(ward->device), json_text_of(label, "status"), token->now.reason);
	change_set(&change, ward, FACET_LABEL, label);
	if (change_commit(&change, &journal, why))
		return false;
	if (acts)
		event(EVENT_ALARM, ward, "label-narrows", json_text_of(was, "id"),
			"its label is %s, so %s; to take that back: pinfold label override %s",
			narrows,
			!strcmp(narrows, "recalled")
				? "it reaches nothing but the gateway"
				: "nobody on the internet opens anything on it",
			ward->device->id);
	else if (is_graver && !is_overridden)
		event(EVENT_ALARM, ward, "label-narrows", json_text_of(was, "id"),
			"its label is %s; nothing was done, because a person decides for this "
			"device; "
			"to act: pinfold device quarantine %s",
			narrows, ward->device->id);
	return true;
}

json_t *
label_take_status(const json_t *args, const char *who, struct fault *why)
{
	const json_t *text = json_object_get(args, "status");
	uint8_t key[ISSUER_PUBLIC_LEN];
	struct status_token token;
	struct issuer_keys keys, own;
	int n = 0;

	if (!json_is_string(text)) {
		fault_set(why, ERR_INVALID, "\"status\" is missing");
		return NULL;
	}
	label_trusted_keys(&keys);
	if (status_parse(&token, json_string_value(text), json_string_length(text), &keys, key,
		    why) != SEAL_GOOD)
		return NULL;
	keys_of(token.issuer, &own);
	if (!own.n || memcmp(own.key[0], key, sizeof key)) {
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
		if (!apply(ward, &token, who, why))
			return NULL;
		n++;
	}
	return json_pack("{s:s, s:s, s:s, s:i}", "label", token.label, "status",
		label_status_word((enum label_status)token.now.status), "reason", token.now.reason,
		"devices", n);
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
