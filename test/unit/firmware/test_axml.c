/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/apk.h"

#include "package.h"
#include "test.h"

static struct made made;
static struct apk_manifest manifest;
static struct apk_network network;

static bool
parse(void)
{
	return apk_manifest_parse(&manifest, made.bytes, made.len);
}

TEST(a_careful_app_is_read_as_it_is)
{
	for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
		make_careful_manifest(&made, is_utf8);
		EXPECT(parse());
		EXPECT_STR(manifest.package, "example.bulb.app");
		EXPECT_STR(manifest.version, "1.2");
		EXPECT_INT(manifest.version_code, 12);
		EXPECT_INT(manifest.min_sdk, 28);
		EXPECT_INT(manifest.target_sdk, 34);
		EXPECT_INT(manifest.allows_backup, AXML_NO);
		EXPECT_INT(manifest.debuggable, AXML_UNSET);
		EXPECT(manifest.has_network_config);
		EXPECT_INT(apk_manifest_clear_text(&manifest), AXML_NO);
		EXPECT(!apk_manifest_trusts_user(&manifest));
		EXPECT_INT(manifest.n_permissions, 1);
		EXPECT_INT(manifest.access, 0);
		EXPECT_INT(manifest.n_components, 2);
		EXPECT_INT(manifest.n_exported, 0);
	}
}

TEST(what_a_careless_app_may_do_is_seen)
{
	make_careless_manifest(&made, true);
	EXPECT(parse());
	EXPECT_INT(manifest.debuggable, AXML_YES);
	EXPECT_INT(manifest.allows_backup, AXML_YES);
	EXPECT_INT(apk_manifest_clear_text(&manifest), AXML_YES);
	EXPECT(apk_manifest_trusts_user(&manifest));
	EXPECT_INT(manifest.access, 1u << APK_LOCATION | 1u << APK_MICROPHONE | 1u << APK_CONTACTS);
	/* A filter exports; half a provider's permissions guard half of it. */
	EXPECT_INT(manifest.n_exported, 2);
	EXPECT_STR(manifest.exported[0], "service .Stream");
	EXPECT_STR(manifest.exported[1], "provider .Pictures");
}

TEST(defaults_are_those_of_the_release_that_it_targets)
{
	static const struct {
		uint32_t target;
		enum axml_flag clear;
		bool trusts_user;
	} releases[] = {{22, AXML_YES, true}, {23, AXML_YES, true}, {24, AXML_YES, false},
		{27, AXML_YES, false}, {28, AXML_NO, false}, {35, AXML_NO, false}};
	static struct xml xml;

	for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
		xml_begin(&xml, true);
		xml_open(&xml, "manifest", TEXT("package", "a.b"));
		xml_open(&xml, "uses-sdk", NUMBER("minSdkVersion", 9),
			NUMBER("targetSdkVersion", releases[i].target));
		xml_close(&xml, "uses-sdk");
		xml_open(&xml, "application");
		xml_close(&xml, "application");
		xml_close(&xml, "manifest");
		xml_end(&xml, &made);
		EXPECT(parse());
		EXPECT_INT(apk_manifest_clear_text(&manifest), releases[i].clear);
		EXPECT_INT(apk_manifest_trusts_user(&manifest), releases[i].trusts_user);
	}
}

TEST(an_attribute_is_known_by_its_number_and_not_by_its_name)
{
	static struct xml xml;

	/* "debuggable" without a number is not the platform's, and it ignores it. */
	xml_begin(&xml, true);
	xml.string[4] = "x"; /* the name behind the number is nobody's business */
	xml_open(&xml, "manifest", TEXT("package", "a.b"));
	xml_open(&xml, "application", TRUTH("debuggable", true), TRUTH("x", true));
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, &made);
	EXPECT(parse());
	EXPECT_INT(manifest.debuggable, AXML_YES);
	xml_begin(&xml, true);
	xml.string[4] = "x";
	xml_open(&xml, "manifest", TEXT("package", "a.b"));
	xml_open(&xml, "application", TRUTH("debuggable", true));
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, &made);
	EXPECT(parse());
	EXPECT_INT(manifest.debuggable, AXML_UNSET);
}

TEST(a_second_application_is_told_and_changes_nothing)
{
	static struct xml xml;

	xml_begin(&xml, false);
	xml_open(&xml, "manifest", TEXT("package", "a.b"));
	xml_open(&xml, "application", TRUTH("debuggable", true));
	xml_close(&xml, "application");
	xml_open(&xml, "application", TRUTH("debuggable", false));
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, &made);
	EXPECT(parse());
	EXPECT(manifest.has_two_applications);
	EXPECT_INT(manifest.debuggable, AXML_YES);
}

TEST(what_stands_in_another_file_is_unsure)
{
	static struct xml xml;

	xml_begin(&xml, true);
	xml_open(&xml, "manifest", TEXT("package", "a.b"));
	xml_open(&xml, "application", FROM_FILE("debuggable", 0x7f050001),
		FROM_FILE("usesCleartextTraffic", 0x7f050002));
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, &made);
	EXPECT(parse());
	EXPECT_INT(manifest.debuggable, AXML_UNSURE);
	EXPECT_INT(apk_manifest_clear_text(&manifest), AXML_UNSURE);
}

TEST(a_manifest_cut_anywhere_is_none)
{
	static struct made whole;

	make_careful_manifest(&whole, true);
	for (size_t len = 0; len < whole.len; len++)
		EXPECT(!apk_manifest_parse(&manifest, whole.bytes, len));
	EXPECT(apk_manifest_parse(&manifest, whole.bytes, whole.len));
}

TEST(any_byte_changed_is_read_without_harm)
{
	static struct made whole;

	for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
		make_careless_manifest(&whole, is_utf8);
		for (size_t at = 0; at < whole.len; at++)
			for (int bit = 0; bit < 8; bit += 7) {
				whole.bytes[at] ^= (uint8_t)(1 << bit);
				(void)apk_manifest_parse(&manifest, whole.bytes, whole.len);
				whole.bytes[at] ^= (uint8_t)(1 << bit);
			}
	}
}

TEST(a_pool_that_counts_more_strings_than_it_has_is_none)
{
	make_careful_manifest(&made, true);
	set32(&made, 16, 0x40000000);
	EXPECT(!parse());
	/* The offset of the first string points outside: that string is not there. */
	make_careful_manifest(&made, true);
	set32(&made, 8 + 28, 0x7fffffff);
	struct axml axml;
	char text[32];
	EXPECT(axml_open(&axml, made.bytes, made.len));
	EXPECT(!axml_string(&axml, 0, text, sizeof text));
	EXPECT_STR(text, "");
	EXPECT(axml_string(&axml, 1, text, sizeof text));
	EXPECT_STR(text, "permission");
	EXPECT(!axml_string(&axml, 0x7fffffff, text, sizeof text));
}

TEST(nesting_has_an_end)
{
	static struct xml xml;

	for (int depth = AXML_DEPTH_MAX - 2; depth < AXML_DEPTH_MAX + 2; depth++) {
		xml_begin(&xml, true);
		xml_open(&xml, "manifest", TEXT("package", "a.b"));
		xml_open(&xml, "application");
		for (int i = 2; i < depth; i++)
			xml_open(&xml, "meta");
		for (int i = 2; i < depth; i++)
			xml_close(&xml, "meta");
		xml_close(&xml, "application");
		xml_close(&xml, "manifest");
		xml_end(&xml, &made);
		EXPECT_INT(parse(), depth <= AXML_DEPTH_MAX);
	}
}

TEST(elements_that_cross_are_broken)
{
	static struct xml xml;

	xml_begin(&xml, true);
	xml_open(&xml, "manifest", TEXT("package", "a.b"));
	xml_open(&xml, "application");
	xml_close(&xml, "manifest");
	xml_close(&xml, "application");
	xml_end(&xml, &made);
	EXPECT(!parse());
}

TEST(the_networks_file_says_where_clear_text_may_go_and_whom_it_believes)
{
	static struct xml xml;

	make_careful_network(&made);
	EXPECT(apk_is_network(made.bytes, made.len));
	EXPECT(apk_network_parse(&network, made.bytes, made.len));
	EXPECT_INT(network.clear_text, AXML_NO);
	EXPECT(!network.trusts_user && !network.trusts_own && !network.n_clear);
	xml_begin(&xml, true);
	xml_open(&xml, "network-security-config");
	xml_open(&xml, "domain-config", TRUTH("cleartextTrafficPermitted", true));
	xml_open(&xml, "domain", TEXT("includeSubdomains", "true"));
	xml_text(&xml, "old.cam.example");
	xml_close(&xml, "domain");
	xml_open(&xml, "domain-config", TRUTH("cleartextTrafficPermitted", false));
	xml_open(&xml, "domain");
	xml_text(&xml, "new.cam.example");
	xml_close(&xml, "domain");
	xml_open(&xml, "pin-set", TEXT("expiration", "2030-01-01"));
	xml_open(&xml, "pin", TEXT("digest", "SHA-256"));
	xml_text(&xml, "7HIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y=");
	xml_close(&xml, "pin");
	xml_close(&xml, "pin-set");
	xml_close(&xml, "domain-config");
	xml_open(&xml, "trust-anchors");
	xml_open(&xml, "certificates", TEXT("src", "user"));
	xml_close(&xml, "certificates");
	xml_open(&xml, "certificates", FROM_FILE("src", 0x7f120000));
	xml_close(&xml, "certificates");
	xml_close(&xml, "trust-anchors");
	xml_close(&xml, "domain-config");
	xml_open(&xml, "debug-overrides");
	xml_open(&xml, "trust-anchors");
	xml_open(&xml, "certificates", TEXT("src", "user"));
	xml_close(&xml, "certificates");
	xml_close(&xml, "trust-anchors");
	xml_close(&xml, "debug-overrides");
	xml_close(&xml, "network-security-config");
	xml_end(&xml, &made);
	EXPECT(apk_network_parse(&network, made.bytes, made.len));
	EXPECT_INT(network.clear_text, AXML_UNSET);
	EXPECT_INT(network.n_domains, 2);
	EXPECT_INT(network.n_clear, 1);
	EXPECT_STR(network.clear[0], "old.cam.example");
	EXPECT(network.trusts_user_for_some && network.trusts_own);
	EXPECT(!network.trusts_user); /* what is for debugging alone is not for its users */
	EXPECT(network.has_debug_overrides);
	EXPECT_INT(network.n_pins, 1);
	EXPECT_STR(network.pins_until, "2030-01-01");
	make_careful_manifest(&made, true);
	EXPECT(!apk_is_network(made.bytes, made.len));
}
