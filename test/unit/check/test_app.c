/* SPDX-License-Identifier: Apache-2.0 */
#include "check/app_read.h"
#include "check/app_scope.h"

#include "../firmware/package.h"
#include "tale.h"

static struct made made;
static struct transcript *t;

static void
begin(void)
{
	transcript_free(t);
	t = transcript_new(NULL);
	TELL(t, "app-manifest", "begin");
}

/* In pieces, as it is written down. */
static void
tell_document(const char *step, const char *note)
{
	uint32_t round = 1;

	for (size_t at = 0; at < made.len; at += APP_PIECE)
		TELL(t, "app-manifest", step, round++, .note = note, .received = made.bytes + at,
			.n_received = made.len - at < APP_PIECE ? made.len - at : APP_PIECE);
}

static const struct finding *
said(const char *provision)
{
	return verdict_of(t, "app-manifest", provision);
}

/* No finding of it is a failure, whatever the manifest says. */
static void
expect_no_failure(void)
{
	judged.n = 0;
	check_judge(check_named("app-manifest"), t, &judged);
	for (size_t i = 0; i < judged.n; i++)
		EXPECT(judged.finding[i].word != VERDICT_FAIL);
}

TEST(a_careful_app_is_given_what_a_manifest_can_show_and_no_more)
{
	begin();
	make_careful_manifest(&made, true);
	tell_document("manifest", "AndroidManifest.xml");
	make_careful_network(&made);
	tell_document("network", "res/Xq.xml");
	tell_end(t, "app-manifest");
	EXPECT_VERDICT(said("5.5-1"), "NFF");
	EXPECT_VERDICT(said("5.5-7"), "NFF");
	EXPECT_VERDICT(said("5.8-1"), "NFF");
	EXPECT_VERDICT(said("5.4-1"), "NFF");
	EXPECT_VERDICT(said("5.8-3"), "NFF");
	EXPECT_VERDICT(said("5.13-1A"), "NFF");
	EXPECT_VERDICT(said("6-1"), "NFF");
	EXPECT(strstr(said("5.5-1")->text, "example.bulb.app 1.2"));
}

TEST(what_a_careless_app_permits_itself_is_a_hint_and_no_failure)
{
	begin();
	make_careless_manifest(&made, false);
	tell_document("manifest", "AndroidManifest.xml");
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "NOT_SEEN");
	EXPECT_INC(said("5.5-7"), "NOT_SEEN");
	EXPECT_INC(said("5.4-1"), "NO_IXIT");
	EXPECT_INC(said("5.13-1A"), "NO_IXIT");
	EXPECT_INC(said("6-1"), "NO_IXIT");
	EXPECT(strstr(said("6-1")->text, "its microphone"));
	EXPECT(strstr(said("6-1")->text, "the address book"));
	EXPECT_INC(said("5.8-3"), "NO_IXIT");
	expect_no_failure();
}

TEST(a_network_file_that_was_not_found_leaves_it_open)
{
	begin();
	make_careful_manifest(&made, true);
	tell_document("manifest", "AndroidManifest.xml");
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "NO_IMAGE");
	/* So do two of them: which one counts is not read. */
	begin();
	make_careful_manifest(&made, true);
	tell_document("manifest", "AndroidManifest.xml");
	make_careful_network(&made);
	tell_document("network", "res/a.xml");
	tell_document("network", "res/b.xml");
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "NO_IMAGE");
	EXPECT(strstr(said("5.5-1")->text, "several"));
}

TEST(an_archive_that_readers_differ_about_proves_nothing)
{
	begin();
	TELL(t, "app-manifest", "odd", .note = "AndroidManifest.xml is in it 2 times");
	make_careful_manifest(&made, true);
	tell_document("manifest", "AndroidManifest.xml");
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "TOOL_ERROR");
	EXPECT_INC(said("5.4-1"), "TOOL_ERROR");
}

TEST(what_is_no_package_is_said_and_judged_no_further)
{
	begin();
	TELL(t, "app-manifest", "refused", .note = "it is no ZIP archive, or it is cut");
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "NO_IMAGE");
	EXPECT(strstr(said("5.5-1")->text, "no ZIP archive"));
	EXPECT_INC(said("5.4-1"), "NOT_SEEN");
	begin();
	made.len = 0;
	put(&made, "<manifest/>", 11);
	tell_document("manifest", "AndroidManifest.xml");
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "TOOL_ERROR");
}

TEST(a_long_manifest_is_put_together_and_a_broken_row_of_pieces_is_not)
{
	static struct xml xml;

	xml_begin(&xml, true);
	xml_open(&xml, "manifest", TEXT("package", "a.b"));
	xml_open(&xml, "uses-sdk", NUMBER("targetSdkVersion", 34));
	xml_close(&xml, "uses-sdk");
	xml_open(&xml, "application", TRUTH("allowBackup", false));
	for (int i = 0; i < 1500; i++) {
		xml_open(&xml, "service", TEXT("name", ".S"));
		xml_close(&xml, "service");
	}
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, &made);
	EXPECT(made.len > 2 * APP_PIECE);
	begin();
	tell_document("manifest", "AndroidManifest.xml");
	tell_end(t, "app-manifest");
	EXPECT_VERDICT(said("5.5-1"), "NFF");
	EXPECT_INT(said("5.13-1A")->n_all, 1500);
	begin();
	TELL(t, "app-manifest", "manifest", 1, .received = made.bytes, .n_received = APP_PIECE);
	TELL(t, "app-manifest", "manifest", 3, .received = made.bytes + APP_PIECE,
		.n_received = APP_PIECE);
	tell_end(t, "app-manifest");
	EXPECT_INC(said("5.5-1"), "TOOL_ERROR");
}

/* --- scopes ---------------------------------------------------------------------------------- */

static const char *
word_of(const char *name)
{
	static char word[APP_SCOPE_WORD_MAX];

	return app_scope_word(name, word) ? word : "none";
}

TEST(the_site_of_a_name_is_what_its_owner_registered)
{
	EXPECT_STR(word_of("cloud.cam.example"), "cam.example");
	EXPECT_STR(word_of("cam.example"), "cam.example");
	EXPECT_STR(word_of("a.b.maker.co.uk"), "maker.co.uk");
	EXPECT_STR(word_of("api.maker.com.au"), "maker.com.au");
	EXPECT_STR(word_of("Api.Maker.DE"), "maker.de");
	/* Of what many share, the name alone. */
	EXPECT_STR(word_of("time.google.com"), "=time.google.com");
	EXPECT_STR(word_of("d1.cloudfront.net"), "=d1.cloudfront.net");
	EXPECT_STR(word_of("0.pool.ntp.org"), "=0.pool.ntp.org");
	EXPECT_STR(word_of("notgoogle.com"), "notgoogle.com");
	EXPECT_STR(word_of("co.uk"), "none");
	EXPECT_STR(word_of("router"), "none");
	EXPECT_STR(word_of("198.18.0.1"), "none");
	EXPECT_STR(word_of("a..b.example"), "none");
	EXPECT_STR(word_of("a b.example"), "none");
	EXPECT_STR(word_of("*"), "none");
	EXPECT_STR(word_of("+trackers"), "none");
	EXPECT_STR(word_of(""), "none");
}

TEST(a_scope_has_the_names_of_its_sites_and_no_others)
{
	char scope[APP_SCOPE_MAX] = "";

	EXPECT(!app_scope_has(scope, "cam.example"));
	EXPECT(app_scope_add(scope, "cam.example"));
	EXPECT(app_scope_add(scope, "=time.google.com"));
	EXPECT(app_scope_add(scope, "cam.example"));
	EXPECT_STR(scope, "cam.example =time.google.com");
	EXPECT(app_scope_has(scope, "cam.example"));
	EXPECT(app_scope_has(scope, "API.cam.example."));
	EXPECT(app_scope_has(scope, "time.google.com"));
	EXPECT(!app_scope_has(scope, "mail.google.com"));
	EXPECT(!app_scope_has(scope, "x.time.google.com"));
	EXPECT(!app_scope_has(scope, "webcam.example"));
	EXPECT(!app_scope_has(scope, "cam.example.evil.example"));
	EXPECT(!app_scope_has(scope, "example"));
	EXPECT(!app_scope_has(scope, ""));
	EXPECT(!app_scope_has(scope, "doubleclick.net"));
	EXPECT(app_scope_add(scope, "+trackers"));
	EXPECT(app_scope_has(scope, "ads.doubleclick.net"));
	EXPECT(!app_scope_has(scope, "www.news.example"));
	EXPECT(app_scope_has("*", "www.news.example"));
	EXPECT(!app_scope_add(scope, "two words"));
	for (int i = 0; i < 100; i++) {
		char word[32];
		snprintf(word, sizeof word, "site-number-%d.example", i);
		if (!app_scope_add(scope, word))
			break;
		EXPECT(i < 99);
	}
	EXPECT(strlen(scope) < sizeof scope);
}
