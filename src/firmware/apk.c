/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/apk.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"

/* Numbers of the platform's attributes (android.R.attr); they never change. */
enum {
	ID_NAME = 0x01010003,
	ID_PERMISSION = 0x01010006,
	ID_READ_PERMISSION = 0x01010007,
	ID_WRITE_PERMISSION = 0x01010008,
	ID_DEBUGGABLE = 0x0101000f,
	ID_EXPORTED = 0x01010010,
	ID_MIN_SDK = 0x0101020c,
	ID_VERSION_CODE = 0x0101021b,
	ID_VERSION_NAME = 0x0101021c,
	ID_TARGET_SDK = 0x01010270,
	ID_TEST_ONLY = 0x01010272,
	ID_ALLOW_BACKUP = 0x01010280,
	ID_CLEAR_TEXT = 0x010104ec,
	ID_NETWORK_CONFIG = 0x01010527,
};

/* Android releases in which a default changed, as levels of its API. */
enum {
	SDK_PROVIDERS_CLOSED = 17,
	SDK_SYSTEM_AUTHORITIES = 24,
	SDK_NO_CLEAR_TEXT = 28,
};

const char *
apk_access_text(enum apk_access access)
{
	static const char *const texts[] = {
#define X(access, text) text,
		APK_ACCESS_LIST(X)
#undef X
	};

	return (unsigned)access < APK_ACCESS_COUNT ? texts[access] : "something";
}

static const struct {
	const char *name; /* behind "android.permission." */
	enum apk_access gives;
} permissions[] = {
	{"ACCESS_FINE_LOCATION", APK_LOCATION},
	{"ACCESS_COARSE_LOCATION", APK_LOCATION},
	{"ACCESS_BACKGROUND_LOCATION", APK_LOCATION_ALWAYS},
	{"RECORD_AUDIO", APK_MICROPHONE},
	{"CAMERA", APK_CAMERA},
	{"READ_CONTACTS", APK_CONTACTS},
	{"WRITE_CONTACTS", APK_CONTACTS},
	{"READ_CALENDAR", APK_CALENDAR},
	{"WRITE_CALENDAR", APK_CALENDAR},
	{"READ_PHONE_STATE", APK_CALLS},
	{"READ_PHONE_NUMBERS", APK_CALLS},
	{"CALL_PHONE", APK_CALLS},
	{"ANSWER_PHONE_CALLS", APK_CALLS},
	{"READ_CALL_LOG", APK_CALLS},
	{"WRITE_CALL_LOG", APK_CALLS},
	{"PROCESS_OUTGOING_CALLS", APK_CALLS},
	{"SEND_SMS", APK_MESSAGES},
	{"RECEIVE_SMS", APK_MESSAGES},
	{"READ_SMS", APK_MESSAGES},
	{"RECEIVE_MMS", APK_MESSAGES},
	{"READ_EXTERNAL_STORAGE", APK_FILES},
	{"WRITE_EXTERNAL_STORAGE", APK_FILES},
	{"MANAGE_EXTERNAL_STORAGE", APK_FILES},
	{"READ_MEDIA_IMAGES", APK_FILES},
	{"READ_MEDIA_VIDEO", APK_FILES},
	{"READ_MEDIA_AUDIO", APK_FILES},
	{"ACCESS_MEDIA_LOCATION", APK_LOCATION},
	{"BODY_SENSORS", APK_BODY},
	{"BODY_SENSORS_BACKGROUND", APK_BODY},
	{"ACTIVITY_RECOGNITION", APK_BODY},
	{"BLUETOOTH_SCAN", APK_NEARBY},
	{"BLUETOOTH_CONNECT", APK_NEARBY},
	{"BLUETOOTH_ADVERTISE", APK_NEARBY},
	{"NEARBY_WIFI_DEVICES", APK_NEARBY},
	{"GET_ACCOUNTS", APK_ACCOUNTS},
	{"SYSTEM_ALERT_WINDOW", APK_OVERLAY},
	{"REQUEST_INSTALL_PACKAGES", APK_INSTALL},
	{"QUERY_ALL_PACKAGES", APK_ALL_APPS},
};

/* --- the manifest --------------------------------------------------------------------------------- */

/* A part of the app, while its element is open. */
struct component {
	const char *kind; /* NULL: none is open */
	unsigned depth;
	char name[APK_NAME_MAX];
	enum axml_flag exported;
	bool is_guarded, has_filter, is_main, is_launcher;
};

struct manifest_walk {
	struct axml axml;
	struct apk_manifest *out;
	struct component component;
	bool is_guarded; /* by the application's own permission */
	bool has_application;
};

static enum axml_flag
flag_of(const struct axml *axml, const struct axml_node *node, uint32_t id)
{
	struct axml_attribute at;

	return axml_find(axml, node, id, NULL, &at) ? axml_flag(axml, &at) : AXML_UNSET;
}

static uint32_t
number_of(const struct axml *axml, const struct axml_node *node, uint32_t id, uint32_t otherwise)
{
	struct axml_attribute at;

	return axml_find(axml, node, id, NULL, &at) ? axml_number(axml, &at) : otherwise;
}

static bool
text_of(const struct axml *axml, const struct axml_node *node, uint32_t id, const char *name,
	char *out, size_t size)
{
	struct axml_attribute at;

	out[0] = '\0';
	return axml_find(axml, node, id, name, &at) && axml_text(axml, &at, out, size) && out[0];
}

static bool
has_permission(const struct axml *axml, const struct axml_node *node, uint32_t id)
{
	char text[APK_NAME_MAX];

	return text_of(axml, node, id, NULL, text, sizeof text);
}

static void
take_permission(struct manifest_walk *walk, const struct axml_node *node)
{
	static const char prefix[] = "android.permission.";
	char name[APK_NAME_MAX];

	walk->out->n_permissions++;
	if (!text_of(&walk->axml, node, ID_NAME, NULL, name, sizeof name) ||
		strncmp(name, prefix, sizeof prefix - 1) != 0)
		return;
	for (size_t i = 0; i < COUNT_OF(permissions); i++)
		if (!strcmp(name + sizeof prefix - 1, permissions[i].name))
			walk->out->access |= 1u << permissions[i].gives;
}

static void
take_application(struct manifest_walk *walk, const struct axml_node *node)
{
	const struct axml *axml = &walk->axml;
	struct apk_manifest *out = walk->out;
	struct axml_attribute at;

	/* The platform goes by the first. */
	if (walk->has_application) {
		out->has_two_applications = true;
		return;
	}
	walk->has_application = true;
	out->debuggable = flag_of(axml, node, ID_DEBUGGABLE);
	out->test_only = flag_of(axml, node, ID_TEST_ONLY);
	out->allows_backup = flag_of(axml, node, ID_ALLOW_BACKUP);
	out->clear_text = flag_of(axml, node, ID_CLEAR_TEXT);
	out->has_network_config = axml_find(axml, node, ID_NETWORK_CONFIG, NULL, &at);
	walk->is_guarded = has_permission(axml, node, ID_PERMISSION);
}

static bool
begin_component(struct manifest_walk *walk, const struct axml_node *node)
{
	static const char *const kinds[] = {
		"activity", "activity-alias", "service", "receiver", "provider"};
	const struct axml *axml = &walk->axml;
	struct component *component = &walk->component;
	size_t i = 0;

	while (i < COUNT_OF(kinds) && !axml_is(axml, node->name, kinds[i]))
		i++;
	if (i == COUNT_OF(kinds))
		return false;
	*component = (struct component){.kind = kinds[i], .depth = axml->depth};
	text_of(axml, node, ID_NAME, NULL, component->name, sizeof component->name);
	component->exported = flag_of(axml, node, ID_EXPORTED);
	component->is_guarded = walk->is_guarded || has_permission(axml, node, ID_PERMISSION) ||
				(has_permission(axml, node, ID_READ_PERMISSION) &&
					has_permission(axml, node, ID_WRITE_PERMISSION));
	return true;
}

static void
look_into_component(struct manifest_walk *walk, const struct axml_node *node)
{
	const struct axml *axml = &walk->axml;
	struct component *component = &walk->component;
	char name[APK_NAME_MAX];

	component->has_filter |= axml_is(axml, node->name, "intent-filter");
	if (!text_of(axml, node, ID_NAME, NULL, name, sizeof name))
		return;
	component->is_main |=
		axml_is(axml, node->name, "action") && !strcmp(name, "android.intent.action.MAIN");
	component->is_launcher |= axml_is(axml, node->name, "category") &&
				  !strcmp(name, "android.intent.category.LAUNCHER");
}

static bool
is_exported(const struct manifest_walk *walk, const struct component *component)
{
	if (component->exported == AXML_YES || component->exported == AXML_UNSURE)
		return true;
	if (component->exported == AXML_NO)
		return false;
	return component->has_filter || (!strcmp(component->kind, "provider") &&
						walk->out->target_sdk < SDK_PROVIDERS_CLOSED);
}

static void
end_component(struct manifest_walk *walk)
{
	struct component *component = &walk->component;
	struct apk_manifest *out = walk->out;
	/* Everybody may start an app by its icon. */
	bool is_icon = component->is_main && component->is_launcher;

	out->n_components++;
	if (is_exported(walk, component) && !component->is_guarded && !is_icon) {
		if (out->n_exported < APK_LIST_MAX)
			snprintf(out->exported[out->n_exported], APK_NAME_MAX, "%s %.*s",
				component->kind, APK_NAME_MAX - 20, component->name);
		out->n_exported++;
	}
	component->kind = NULL;
}

static void
begin_element(struct manifest_walk *walk, const struct axml_node *node)
{
	const struct axml *axml = &walk->axml;
	struct apk_manifest *out = walk->out;
	unsigned depth = axml->depth; /* 1: the root itself */

	if (walk->component.kind) {
		look_into_component(walk, node);
	} else if (depth == 2 && axml_is(axml, node->name, "uses-sdk")) {
		out->min_sdk = number_of(axml, node, ID_MIN_SDK, out->min_sdk);
		out->target_sdk = number_of(axml, node, ID_TARGET_SDK, out->min_sdk);
	} else if (depth == 2 && (axml_is(axml, node->name, "uses-permission") ||
					 axml_is(axml, node->name, "uses-permission-sdk-23"))) {
		take_permission(walk, node);
	} else if (depth == 2 && axml_is(axml, node->name, "application")) {
		take_application(walk, node);
	} else if (depth == 3) {
		begin_component(walk, node);
	}
}

static bool
begin_manifest(struct manifest_walk *walk)
{
	const struct axml *axml = &walk->axml;
	struct apk_manifest *out = walk->out;
	struct axml_node node;

	if (axml_next(&walk->axml, &node) != AXML_START || !axml_is(axml, node.name, "manifest"))
		return false;
	out->version_code = number_of(axml, &node, ID_VERSION_CODE, 0);
	text_of(axml, &node, ID_VERSION_NAME, NULL, out->version, sizeof out->version);
	return text_of(axml, &node, 0, "package", out->package, sizeof out->package);
}

bool
apk_manifest_parse(struct apk_manifest *out, const void *bytes, size_t len)
{
	struct manifest_walk walk = {.out = out};
	struct axml_node node;

	memset(out, 0, sizeof *out);
	out->min_sdk = out->target_sdk = 1;
	if (!axml_open(&walk.axml, bytes, len) || !begin_manifest(&walk))
		return false;
	for (;;) {
		switch (axml_next(&walk.axml, &node)) {
		case AXML_START:
			begin_element(&walk, &node);
			break;
		case AXML_END:
			if (walk.component.kind && walk.axml.depth < walk.component.depth)
				end_component(&walk);
			break;
		case AXML_TEXT:
			break;
		case AXML_DONE:
			return walk.has_application;
		case AXML_BAD:
		default:
			return false;
		}
	}
}

enum axml_flag
apk_manifest_clear_text(const struct apk_manifest *manifest)
{
	if (manifest->clear_text != AXML_UNSET)
		return manifest->clear_text;
	return manifest->target_sdk < SDK_NO_CLEAR_TEXT ? AXML_YES : AXML_NO;
}

bool
apk_manifest_trusts_user(const struct apk_manifest *manifest)
{
	return manifest->target_sdk < SDK_SYSTEM_AUTHORITIES;
}

/* --- the network's file --------------------------------------------------------------------------- */

static bool
open_network(struct axml *axml, const void *bytes, size_t len)
{
	struct axml_node node;

	return axml_open(axml, bytes, len) && axml_next(axml, &node) == AXML_START &&
	       axml_is(axml, node.name, "network-security-config");
}

bool
apk_is_network(const void *bytes, size_t len)
{
	struct axml axml;

	return open_network(&axml, bytes, len);
}

struct network_walk {
	struct axml axml;
	struct apk_network *out;
	/* Of each open element: is clear text permitted there?  The inner one inherits. */
	enum axml_flag clear[AXML_DEPTH_MAX + 1];
	unsigned base_at, debug_at, domain_at, name_at; /* depth of the open one; 0: none */
};

static enum axml_flag
clear_of(const struct network_walk *walk, const struct axml_node *node)
{
	struct axml_attribute at;
	enum axml_flag outer = walk->clear[walk->axml.depth - 1];

	if (!axml_find(&walk->axml, node, 0, "cleartextTrafficPermitted", &at))
		return outer;
	return axml_flag(&walk->axml, &at);
}

static void
take_anchor(struct network_walk *walk, const struct axml_node *node)
{
	struct axml_attribute at;
	char source[32];

	if (walk->debug_at || !axml_find(&walk->axml, node, 0, "src", &at))
		return;
	axml_text(&walk->axml, &at, source, sizeof source);
	if (!strcmp(source, "user") && walk->domain_at)
		walk->out->trusts_user_for_some = true;
	else if (!strcmp(source, "user"))
		walk->out->trusts_user = true;
	else if (strcmp(source, "system") != 0)
		walk->out->trusts_own = true;
}

static void
begin_rule(struct network_walk *walk, const struct axml_node *node)
{
	const struct axml *axml = &walk->axml;
	unsigned depth = axml->depth;
	struct apk_network *out = walk->out;

	walk->clear[depth] = clear_of(walk, node);
	if (depth == 2 && axml_is(axml, node->name, "base-config")) {
		walk->base_at = depth;
		out->clear_text = walk->clear[depth];
	} else if (depth == 2 && axml_is(axml, node->name, "debug-overrides")) {
		walk->debug_at = depth;
		out->has_debug_overrides = true;
	} else if (axml_is(axml, node->name, "domain-config")) {
		walk->domain_at = walk->domain_at ? walk->domain_at : depth;
	} else if (walk->domain_at && axml_is(axml, node->name, "domain")) {
		walk->name_at = depth;
	} else if (axml_is(axml, node->name, "certificates")) {
		take_anchor(walk, node);
	} else if (axml_is(axml, node->name, "pin-set")) {
		text_of(axml, node, 0, "expiration", out->pins_until, sizeof out->pins_until);
	} else if (axml_is(axml, node->name, "pin")) {
		out->n_pins += !walk->debug_at;
	}
}

static void
take_domain(struct network_walk *walk, const struct axml_node *node)
{
	struct apk_network *out = walk->out;

	if (walk->name_at != walk->axml.depth)
		return;
	out->n_domains++;
	if (walk->clear[walk->axml.depth] != AXML_YES)
		return;
	if (out->n_clear < APK_LIST_MAX)
		axml_string(&walk->axml, node->name, out->clear[out->n_clear], APK_DOMAIN_MAX);
	out->n_clear++;
}

static void
end_rule(struct network_walk *walk)
{
	unsigned depth = walk->axml.depth;

	walk->base_at = walk->base_at > depth ? 0 : walk->base_at;
	walk->debug_at = walk->debug_at > depth ? 0 : walk->debug_at;
	walk->domain_at = walk->domain_at > depth ? 0 : walk->domain_at;
	walk->name_at = walk->name_at > depth ? 0 : walk->name_at;
}

bool
apk_network_parse(struct apk_network *out, const void *bytes, size_t len)
{
	struct network_walk walk = {.out = out};
	struct axml_node node;

	memset(out, 0, sizeof *out);
	if (!open_network(&walk.axml, bytes, len))
		return false;
	for (;;) {
		switch (axml_next(&walk.axml, &node)) {
		case AXML_START:
			begin_rule(&walk, &node);
			break;
		case AXML_END:
			end_rule(&walk);
			break;
		case AXML_TEXT:
			take_domain(&walk, &node);
			break;
		case AXML_DONE:
			return true;
		case AXML_BAD:
		default:
			return false;
		}
	}
}
