/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_FIRMWARE_APK_H
#define PINFOLD_FIRMWARE_APK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/axml.h"

/*
 * What an Android app says of itself in its manifest, and in the file about its
 * network that the manifest may name.  Pure, over bytes in memory.
 *
 * All of it are claims of whoever packed the app; the platform holds an app to
 * some of them (permissions, and clear text in its own HTTP), and to others not
 * (an app may open sockets of its own, and check certificates as it likes).
 */
enum {
	APK_NAME_MAX = 128,
	APK_LIST_MAX = 12, /* names of a kind that are kept; the others are counted */
	APK_DOMAIN_MAX = 96,
};

/* Permissions that the user is asked for, and the group of what they give, in plain words. */
#define APK_ACCESS_LIST(X)                                                                         \
	X(APK_LOCATION, "where the phone is")                                                      \
	X(APK_LOCATION_ALWAYS, "where the phone is, also while the app is closed")                 \
	X(APK_MICROPHONE, "its microphone")                                                        \
	X(APK_CAMERA, "its camera")                                                                \
	X(APK_CONTACTS, "the address book")                                                        \
	X(APK_CALENDAR, "the calendar")                                                            \
	X(APK_CALLS, "calls, and who called")                                                      \
	X(APK_MESSAGES, "text messages")                                                           \
	X(APK_FILES, "photos and files")                                                           \
	X(APK_BODY, "sensors of the body, and movement")                                           \
	X(APK_NEARBY, "devices nearby, by Bluetooth and Wi-Fi")                                    \
	X(APK_ACCOUNTS, "the accounts on the phone")                                               \
	X(APK_OVERLAY, "drawing over other apps")                                                  \
	X(APK_INSTALL, "installing other apps")                                                    \
	X(APK_ALL_APPS, "which other apps are installed")
enum apk_access {
#define X(access, text) access,
	APK_ACCESS_LIST(X)
#undef X
		APK_ACCESS_COUNT,
};
const char *apk_access_text(enum apk_access);

struct apk_manifest {
	char package[APK_NAME_MAX], version[64];
	uint32_t version_code;
	uint32_t min_sdk, target_sdk; /* as the platform fills them in: 1, and min_sdk */
	enum axml_flag debuggable, test_only, allows_backup, clear_text;
	bool has_network_config; /* then clear_text does not count from Android 7 on */
	bool has_two_applications;
	uint32_t n_permissions;
	uint32_t access; /* bit set of enum apk_access */
	/* Parts that other apps may use, and no permission guards; "service .Sync". */
	uint32_t n_components, n_exported;
	char exported[APK_LIST_MAX][APK_NAME_MAX];
};

/* False when it is no manifest, or broken: then nothing is known. */
bool apk_manifest_parse(struct apk_manifest *, const void *bytes, size_t len);
/* Is clear text permitted, where no network configuration says otherwise? */
enum axml_flag apk_manifest_clear_text(const struct apk_manifest *);
/* Does it believe certificate authorities that the user installs, where none says otherwise? */
bool apk_manifest_trusts_user(const struct apk_manifest *);

struct apk_network {
	enum axml_flag clear_text; /* of all servers that are not named */
	uint32_t n_clear, n_domains;
	char clear[APK_LIST_MAX][APK_DOMAIN_MAX]; /* named ones to which it is permitted */
	bool trusts_user; /* certificate authorities that the user installs, for all servers */
	bool trusts_user_for_some;
	bool trusts_own; /* authorities that the app brings along */
	uint32_t n_pins;
	char pins_until[16]; /* "2030-01-01"; empty: for good */
	bool has_debug_overrides;
};

bool apk_network_parse(struct apk_network *, const void *bytes, size_t len);
/* Is it a document of this kind?  Needs its beginning alone. */
bool apk_is_network(const void *bytes, size_t len);

#endif
