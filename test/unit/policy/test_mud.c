/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mud.h"
#include "test.h"

static struct mud mud, again;
static struct fault why;

static bool
parse(const char *text)
{
	memset(&why, 0, sizeof why);
	return mud_parse(&mud, text, strlen(text), &why);
}

/* A whole file around the leaves and the access lists that a test is about. */
static const char *
file(const char *leaves, const char *lists)
{
	static char text[200000];

	snprintf(text, sizeof text,
		"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://maker.example/m.json\","
		"\"last-update\":\"2026-01-01T00:00:00Z\",\"is-supported\":true,%s"
		"\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"f\"}]}},"
		"\"to-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"t\"}]}}},"
		"\"ietf-access-control-list:acls\":{\"acl\":[%s]}}",
		leaves, lists);
	return text;
}

/* One ACE in the from-device list (or, with 't', in the other). */
static const char *
with_ace(char list, const char *matches, const char *action)
{
	static char text[100000];

	snprintf(text, sizeof text,
		"{\"name\":\"%c\",\"aces\":{\"ace\":[{\"name\":\"one\",\"matches\":{%s},"
		"\"actions\":{\"forwarding\":\"%s\"}}]}}",
		list, matches, action);
	return file("", text);
}

static bool
has_note(const char *path, const char *reason)
{
	for (int i = 0; i < mud.n_notes; i++)
		if (strstr(mud.note[i].path, path) && strstr(mud.note[i].reason, reason))
			return true;
	for (int i = 0; i < mud.n_notes; i++)
		print_message("note %s: %s\n", mud.note[i].path, mud.note[i].reason);
	return false;
}

TEST(a_name_with_a_port_becomes_one_ace)
{
	EXPECT(parse(with_ace('f',
		"\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"Cloud.Example.\",\"protocol\":6},"
		"\"tcp\":{\"ietf-mud:direction-initiated\":\"from-device\","
		"\"destination-port\":{\"operator\":\"eq\",\"port\":443}}",
		"accept")));
	EXPECT(mud_is_valid(&mud));
	EXPECT_INT(mud.n_aces, 1);
	EXPECT_INT(mud.ace[0].remote, MUD_REMOTE_NAME);
	EXPECT_STR(mud.name[0], "cloud.example");
	EXPECT_INT(mud.ace[0].version, 4);
	EXPECT_INT(mud.ace[0].proto, 6);
	EXPECT_INT(mud.ace[0].remote_lo, 443);
	EXPECT_INT(mud.ace[0].remote_hi, 443);
	EXPECT_INT(mud.ace[0].device_hi, 65535);
	EXPECT_INT(mud.ace[0].initiated, MUD_FROM_DEVICE);
	EXPECT_STR(mud.authority, "maker.example");
	EXPECT_INT(mud.cache_validity_h, 48);
	EXPECT(!mud.needs_approval);
}

TEST(an_accept_with_a_match_that_is_not_understood_is_left_out_whole)
{
	static const char *const matches[] = {
		"\"ipv4\":{\"protocol\":6,\"dscp\":8}",
		"\"ipv4\":{\"protocol\":6},\"tcp\":{\"flags\":\"syn\"}",
		"\"ipv4\":{\"protocol\":17},\"udp\":{\"ietf-mud:direction-initiated\":\"from-"
		"device\"}",
		"\"eth\":{\"ethertype\":\"0x888e\"}",
		"\"ipv4\":{\"protocol\":6},\"ietf-acl-tls:client-profiles\":{}",
		"\"ietf-mud:mud\":{\"neighbours\":[null]}",
		"\"ietf-mud:mud\":{\"local-networks\":[null],\"same-manufacturer\":[null]}",
		"\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a b\"}",
		"\"ipv4\":{\"ietf-acldns:dst-dnsname\":7}",
		"\"ipv4\":{\"protocol\":6},\"tcp\":{\"destination-port\":{\"operator\":\"near\","
		"\"port\":1}}",
		"\"ipv4\":{\"protocol\":6},\"tcp\":{\"destination-port\":{\"operator\":\"eq\","
		"\"port\":70000}}",
		"\"ipv4\":{\"protocol\":44}",
		"\"ipv4\":{\"protocol\":\"sctp\"}",
		"\"ipv4\":{\"protocol\":6},\"udp\":{}",
		"\"ipv4\":{},\"ipv6\":{}",
	};

	for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
		EXPECT(parse(with_ace('f', matches[i], "accept")));
		if (mud.n_aces)
			fail_msg("%s gave an ACE", matches[i]);
		EXPECT(mud.n_notes >= 1);
	}
	EXPECT(parse(with_ace('f', matches[0], "accept")));
	EXPECT(has_note("acls/acl[0]/aces/ace[0]/matches/ipv4/dscp", "the ACE is left out"));
}

TEST(a_drop_with_a_match_that_is_not_understood_drops_more_and_never_less)
{
	EXPECT(parse(with_ace('f', "\"ipv4\":{\"protocol\":6,\"dscp\":8}", "drop")));
	EXPECT_INT(mud.n_aces, 1);
	EXPECT_INT(mud.ace[0].action, MUD_DROP);
	EXPECT_INT(mud.ace[0].proto, 6);
	/* and what could only drop what we never permit is not made to drop all */
	EXPECT(parse(with_ace('f', "\"ipv4\":{\"protocol\":44}", "drop")));
	EXPECT_INT(mud.n_aces, 0);
	EXPECT(parse(with_ace('f', "\"eth\":{\"ethertype\":\"0x0806\"}", "drop")));
	EXPECT_INT(mud.n_aces, 0);
}

TEST(an_action_that_is_not_known_is_taken_as_drop)
{
	EXPECT(parse(with_ace('f', "\"ipv4\":{\"protocol\":6}", "mirror")));
	EXPECT_INT(mud.ace[0].action, MUD_DROP);
	EXPECT(parse(with_ace('f', "\"ipv4\":{\"protocol\":6}", "reject")));
	EXPECT_INT(mud.ace[0].action, MUD_DROP);
}

TEST(an_accept_of_everything_because_nothing_is_matched_is_not_believed)
{
	EXPECT(parse(with_ace('f', "", "accept")));
	EXPECT_INT(mud.n_aces, 0);
	EXPECT(parse(with_ace('f', "", "drop")));
	EXPECT_INT(mud.n_aces, 1);
}

TEST(a_name_belongs_to_the_other_side_and_not_to_the_device)
{
	/* RFC 8520, sections 8.1 and 8.2 */
	EXPECT(parse(
		with_ace('f', "\"ipv4\":{\"ietf-acldns:src-dnsname\":\"a.example\"}", "accept")));
	EXPECT_INT(mud.n_aces, 0);
	EXPECT(parse(
		with_ace('t', "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a.example\"}", "accept")));
	EXPECT_INT(mud.n_aces, 0);
	EXPECT(parse(
		with_ace('t', "\"ipv4\":{\"ietf-acldns:src-dnsname\":\"a.example\"}", "accept")));
	EXPECT_INT(mud.n_aces, 1);
}

TEST(an_address_is_held_for_approval_but_a_group_and_a_denied_address_are_not)
{
	EXPECT(parse(
		with_ace('f', "\"ipv4\":{\"destination-ipv4-network\":\"8.8.8.8\"}", "accept")));
	EXPECT_INT(mud.ace[0].remote, MUD_REMOTE_PREFIX);
	EXPECT_INT(mud.ace[0].prefix.length, 32);
	EXPECT(mud.ace[0].is_held);
	EXPECT(parse(with_ace('f',
		"\"ipv6\":{\"destination-ipv6-network\":\"fdc1:1bdc:1e84:0:0:0:0:1\"}", "accept")));
	EXPECT_INT(mud.ace[0].prefix.length, 128);
	EXPECT(parse(with_ace(
		'f', "\"ipv4\":{\"destination-ipv4-network\":\"239.255.255.250/32\"}", "accept")));
	EXPECT(!mud.ace[0].is_held);
	EXPECT(parse(
		with_ace('f', "\"ipv4\":{\"destination-ipv4-network\":\"8.8.8.8/32\"}", "drop")));
	EXPECT(!mud.ace[0].is_held);
	/* inet:host: an address where a name may stand */
	EXPECT(parse(
		with_ace('f', "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"8.8.8.8\"}", "accept")));
	EXPECT(mud.ace[0].is_held);
	EXPECT_INT(mud.n_names, 0);
	/* bits behind the prefix are no part of it */
	EXPECT(parse(
		with_ace('f', "\"ipv4\":{\"destination-ipv4-network\":\"9.9.9.9/8\"}", "accept")));
	EXPECT_INT(mud.ace[0].prefix.address.byte[1], 0);
}

TEST(ports_come_as_operator_range_or_bare_and_unequal_becomes_two_aces)
{
	static const struct {
		const char *text;
		int n;
		unsigned lo, hi;
	} forms[] = {
		{"{\"operator\":\"eq\",\"port\":80}", 1, 80, 80},
		{"{\"port\":80}", 1, 80, 80},
		{"{\"operator\":\"range\",\"lower-port\":80,\"upper-port\":90}", 1, 80, 90},
		{"{\"lower-port\":80,\"upper-port\":90}", 1, 80, 90},
		{"{\"operator\":\"lte\",\"port\":80}", 1, 0, 80},
		{"{\"operator\":\"gte\",\"port\":80}", 1, 80, 65535},
		{"{\"operator\":\"neq\",\"port\":80}", 2, 0, 79},
		{"{\"operator\":\"neq\",\"port\":0}", 1, 1, 65535},
		{"{\"lower-port\":90,\"upper-port\":80}", 0, 0, 0},
		{"{\"lower-port\":80,\"upper-port\":90,\"port\":1}", 0, 0, 0},
		{"{}", 0, 0, 0},
		{"[80]", 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char matches[200];
		snprintf(matches, sizeof matches,
			"\"ipv4\":{\"protocol\":6},\"tcp\":{\"destination-port\":%s}",
			forms[i].text);
		EXPECT(parse(with_ace('f', matches, "accept")));
		EXPECT_INT(mud.n_aces, forms[i].n);
		if (forms[i].n) {
			EXPECT_INT(mud.ace[0].remote_lo, forms[i].lo);
			EXPECT_INT(mud.ace[0].remote_hi, forms[i].hi);
		}
		if (forms[i].n == 2)
			EXPECT_INT(mud.ace[1].remote_lo, 81);
	}
}

TEST(each_abstraction_is_carried_with_what_it_names)
{
	static const struct {
		const char *text;
		enum mud_remote remote;
		const char *uri;
	} forms[] = {
		{"\"local-networks\":[null]", MUD_REMOTE_LOCAL_NETWORKS, NULL},
		{"\"same-manufacturer\":[]", MUD_REMOTE_SAME_MANUFACTURER, NULL},
		{"\"my-controller\":[null]", MUD_REMOTE_MY_CONTROLLER, NULL},
		{"\"manufacturer\":\"Maker.Example:443\"", MUD_REMOTE_MANUFACTURER,
			"maker.example"},
		{"\"model\":\"https://Maker.example/x\"", MUD_REMOTE_MODEL,
			"https://maker.example/x"},
		{"\"controller\":\"urn:ietf:params:mud:dns\"", MUD_REMOTE_DNS, NULL},
		{"\"controller\":\"urn:ietf:params:mud:ntp\"", MUD_REMOTE_NTP, NULL},
		{"\"controller\":\"urn:ietf:params:mud:gateway\"", MUD_REMOTE_GATEWAY, NULL},
		{"\"controller\":\"http://hub.example/class\"", MUD_REMOTE_CONTROLLER,
			"http://hub.example/class"},
		{"\"controller\":\"bacnet\"", MUD_REMOTE_CONTROLLER, "bacnet"},
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char matches[200];
		snprintf(matches, sizeof matches, "\"ietf-mud:mud\":{%s}", forms[i].text);
		EXPECT(parse(with_ace('f', matches, "accept")));
		EXPECT_INT(mud.n_aces, 1);
		EXPECT_INT(mud.ace[0].remote, forms[i].remote);
		if (forms[i].uri)
			EXPECT_STR(mud.uri[mud.ace[0].text], forms[i].uri);
		EXPECT(mud_is_valid(&mud));
	}
}

TEST(a_file_is_refused_with_the_place_and_the_reason)
{
	static const struct {
		const char *text, *reason;
	} files[] = {
		{"", "line"},
		{"[1]", "ietf-mud:mud"},
		{"[", "line 1"},
		{"{\"a\":1,}", "line 1"},
		{"{\"ietf-mud:mud\":{},\"ietf-mud:mud\":{}}", "duplicate"},
		{"{\"ietf-mud:support-information\":{}}", "before RFC 8520"},
		{"{\"ietf-mud:mud\":{\"mud-version\":1}}", "mud-url is missing"},
		{"{\"ietf-mud:mud\":{\"mud-version\":2,\"mud-url\":\"https://a.example/\"}}",
			"mud-version"},
		{"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"http://a.example/\"}}",
			"https"},
		{"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://a.example/ x\"}}",
			"https"},
		{"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://a.example/\"}}",
			"neither from-device-policy"},
		{"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://a.example/\","
		 "\"from-device-policy\":{}}}",
			"acls is missing"},
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		EXPECT(!parse(files[i].text));
		if (!strstr(why.text, files[i].reason) && i != 1)
			fail_msg("%s: %s", files[i].text, why.text);
	}
}

TEST(without_a_version_or_a_date_a_file_needs_the_owner)
{
	static const char text[] =
		"{\"ietf-mud:mud\":{\"mud-url\":\"https://a.example/\",\"is-supported\":true,"
		"\"last-update\":\"2026-01-01T00:00:00Z\",\"from-device-policy\":{}},"
		"\"ietf-access-control-list:acls\":{\"acl\":[]}}";

	EXPECT(parse(text));
	EXPECT(mud.needs_approval);
	/* and still does when it was written and read again */
	char *rendered = mud_render(&mud);
	EXPECT(mud_parse_rendered(&again, rendered, strlen(rendered), &why));
	EXPECT(again.needs_approval);
	free(rendered);
}

TEST(dates_are_read_with_and_without_a_zone)
{
	EXPECT(parse(with_ace('f', "\"ipv4\":{\"protocol\":6}", "accept")));
	EXPECT_INT(mud.last_update_s, 1767225600);
	char *text = strdup(file("", ""));
	memcpy(strstr(text, "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00 ", 20);
	EXPECT(parse(text));
	EXPECT(mud.needs_approval);
	free(text);
	char *at = strstr((text = strdup(file("", ""))), "00Z\"");
	memmove(at + 2, at + 3, strlen(at + 3) + 1);
	EXPECT(parse(text));
	EXPECT(!mud.needs_approval);
	EXPECT_INT(mud.last_update_s, 1767225600);
	EXPECT(has_note("last-update", "UTC"));
	free(text);
}

/* before, the item n times with its number for each '#', after */
static char *
repeated(const char *before, const char *item, int n, const char *after)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs(before, out);
	for (int i = 0; i < n; i++) {
		fputs(i ? "," : "", out);
		for (const char *at = item; *at; at++) {
			if (*at == '#')
				fprintf(out, "%d", i);
			else
				fputc(*at, out);
		}
	}
	fputs(after, out);
	fclose(out);
	return text;
}

#define HEAD                                                                                       \
	"{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://a.example/\",\"last-update\":" \
	"\"2026-01-01T00:00:00Z\",\"is-supported\":true,\"from-device-policy\":{\"access-lists\":" \
	"{\"access-list\":[{\"name\":\"f\"}]}}},\"ietf-access-control-list:acls\":{\"acl\":["      \
	"{\"name\":\"f\",\"aces\":{\"ace\":["
#define TAIL "]}}]}}"

TEST(caps_on_size_depth_aces_and_names_hold_exactly)
{
	char *text = repeated(HEAD,
		"{\"name\":\"#\",\"matches\":{\"ipv4\":{\"protocol\":6}},"
		"\"actions\":{\"forwarding\":\"accept\"}}",
		MUD_ACES_MAX, TAIL);
	EXPECT(parse(text));
	EXPECT_INT(mud.n_aces, MUD_ACES_MAX);
	free(text);
	text = repeated(HEAD, "{\"name\":\"#\"}", MUD_ACES_MAX + 1, TAIL);
	EXPECT(!parse(text));
	EXPECT(strstr(why.text, "512 ACEs"));
	free(text);

	for (int extra = 0; extra < 2; extra++) {
		text = repeated(HEAD,
			"{\"name\":\"x\",\"matches\":{\"ipv4\":{\"ietf-acldns:dst-dnsname\":"
			"\"n#.example\"}},\"actions\":{\"forwarding\":\"accept\"}}",
			MUD_NAMES_MAX + extra, TAIL);
		EXPECT(parse(text) == !extra);
		free(text);
	}
	EXPECT(strstr(why.text, "128 different names"));

	char deep[64];
	for (int depth = MUD_DEPTH_MAX; depth <= MUD_DEPTH_MAX + 1; depth++) {
		memset(deep, '[', (size_t)depth);
		memset(deep + depth, ']', (size_t)depth);
		deep[2 * depth] = '\0';
		EXPECT(!parse(deep));
		EXPECT(!!strstr(why.text, "deeper") == (depth > MUD_DEPTH_MAX));
	}
	/* brackets inside a string are text */
	EXPECT(!parse("{\"[[[[[[[[[[[[[[[[[[[[[[\":1}"));
	EXPECT(!strstr(why.text, "deeper"));

	char *large = malloc(MUD_FILE_MAX + 2);
	memset(large, ' ', MUD_FILE_MAX + 1);
	EXPECT(!mud_parse(&mud, large, MUD_FILE_MAX + 1, &why));
	EXPECT(strstr(why.text, "larger"));
	free(large);
}

TEST(hostile_text_is_escaped_wherever_it_ends_up)
{
	EXPECT(parse(file("\"systeminfo\":\"a\\u001b[31m\\\"<b>\\u202e\","
			  "\"\\u001bkey\":1,",
		"")));
	EXPECT(mud_is_valid(&mud));
	EXPECT_STR(mud.systeminfo, "a\\x1b[31m\\x22<b>\\xe2\\x80\\xae");
	EXPECT(has_note("\\x1bkey", "not understood"));
	/* written and read again it is the same text, not one more escaped */
	char *rendered = mud_render(&mud);
	EXPECT(mud_parse_rendered(&again, rendered, strlen(rendered), &why));
	EXPECT_STR(again.systeminfo, mud.systeminfo);
	free(rendered);
	EXPECT(!parse("{\"ietf-mud:mud\":{\"a\":\"\\u0000\"}}"));
	EXPECT(!parse("{\"ietf-mud:mud\":{\"a\":\"\xff\xfe\"}}"));
}

TEST(the_signature_leaf_is_read_without_the_rest)
{
	char leaf[MUD_TEXT_MAX];

	static const char text[] = "{\"ietf-mud:mud\":{\"mud-signature\":\"sig/a.p7s\",\"x\":[]}}";

	EXPECT(mud_signature_leaf(text, strlen(text), leaf, &why));
	EXPECT_STR(leaf, "sig/a.p7s");
	EXPECT(mud_signature_leaf("{}", 2, leaf, &why));
	EXPECT_STR(leaf, "");
	EXPECT(!mud_signature_leaf("{", 1, leaf, &why));
}

TEST(host_names_have_one_form_and_addresses_are_none)
{
	static const char *const bad[] = {"", ".", "a..b", "-a.example", "a-.example", "a b", "a/b",
		"1.2.3.4", "10", "a.1", "x\n.example", "a.example..",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"};
	char out[MUD_TEXT_MAX];

	EXPECT(host_name_parse(out, "A.B-c_d.Example.", 16));
	EXPECT_STR(out, "a.b-c_d.example");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (host_name_parse(out, bad[i], strlen(bad[i])))
			fail_msg("\"%s\" is taken as a host name", bad[i]);
	EXPECT(!host_name_parse(out, "a\0b", 3));
}

TEST(a_struct_that_was_tampered_with_on_its_way_is_not_valid)
{
	EXPECT(parse(
		with_ace('f', "\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"a.example\"}", "accept")));
	EXPECT(mud_is_valid(&mud));
#define BROKEN(change)                                                                             \
	do {                                                                                       \
		again = mud;                                                                       \
		change;                                                                            \
		EXPECT(!mud_is_valid(&again));                                                     \
	} while (0)
	BROKEN(again.version = 2);
	BROKEN(again.n_aces = MUD_ACES_MAX + 1);
	BROKEN(again.ace[0].text = 1);
	BROKEN(again.ace[0].text = 200);
	BROKEN(again.ace[0].remote = MUD_REMOTE_COUNT);
	BROKEN(again.ace[0].action = 0);
	BROKEN(again.ace[0].remote_lo = 5); /* a port, and no protocol that has ports */
	BROKEN(again.ace[0].version = 0);
	BROKEN(again.ace[0].name[64] = 'x');
	BROKEN(memset(again.name[0], 'a', MUD_TEXT_MAX));
	BROKEN(again.name[0][0] = 'A');
	BROKEN(again.name[0][0] = '\n');
	BROKEN(strcpy(again.url, "https://other.example/"));
	BROKEN(again.url[255] = 'x');
	BROKEN(again.systeminfo[0] = 27);
	BROKEN(again.cache_validity_h = 0);
	BROKEN(again.is_supported = 2);
	BROKEN(again.n_notes = MUD_NOTES_MAX + 1);
}

/* Rules of two files, whatever order their lists are in. */
static bool
has_same_rules(const struct mud *a, const struct mud *b)
{
	char x[400], y[400];

	if (a->n_aces != b->n_aces)
		return false;
	for (int i = 0; i < a->n_aces; i++) {
		bool is_there = false;
		mud_ace_render(a, &a->ace[i], x, sizeof x);
		for (int k = 0; k < b->n_aces && !is_there; k++)
			is_there = a->ace[i].is_held == b->ace[k].is_held &&
				   !strcmp(x, mud_ace_render(b, &b->ace[k], y, sizeof y));
		if (!is_there)
			return false;
	}
	return true;
}

static char *
slurp(const char *folder, const char *name, size_t *len)
{
	char path[8192];
	static char bytes[MUD_FILE_MAX];

	snprintf(path, sizeof path, "%s/mud/%s", folder, name);
	FILE *f = fopen(path, "r");
	EXPECT(f);
	*len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return bytes;
}

TEST(the_files_of_the_field_are_accepted_or_refused_as_documented)
{
	static const struct {
		const char *part, *reason;
	} refused[] = {
		{"daq__mud_files__default.json", "mud-url is missing"},
		{"elear-mud__examples__lighting", "before RFC 8520"},
		{"elear-mud__examples__plc", "before RFC 8520"},
		{"elear-mud__examples__thermostat", "line 28, column 6"},
		{"osMUD-UI2__mud_file.json", "acls is missing"},
		{"osMUD-UI2__scripts__osmud__mud_file.json", "acls is missing"},
	};
	static const char *const by_owner[] = {
		"MUDFILE.NEST", "mud_dns_only", "spin__src__lua__tests__test"};
	const char *folder = test_data();
	char path[8192];
	unsigned n_read = 0, n_refused = 0, n_by_owner = 0;

	if (!folder)
		SKIP("the folder with MUD files is not there");
	snprintf(path, sizeof path, "%s/mud", folder);
	DIR *dir = opendir(path);
	if (!dir)
		SKIP("the folder with MUD files is not there");
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t len, name_len = strlen(entry->d_name);
		const char *reason = NULL;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name + name_len - 3, "p7s") ||
			!strcmp(entry->d_name, "INDEX.md"))
			continue;
		char *bytes = slurp(folder, entry->d_name, &len);
		for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
			if (strstr(entry->d_name, refused[i].part))
				reason = refused[i].reason;
		bool is_fine = mud_parse(&mud, bytes, len, &why);
		if (is_fine == (reason != NULL))
			fail_msg("%s: %s", entry->d_name, is_fine ? "accepted" : why.text);
		n_read++;
		if (reason) {
			EXPECT(strstr(why.text, reason));
			n_refused++;
			continue;
		}
		EXPECT(mud_is_valid(&mud));
		for (size_t i = 0; i < 3; i++)
			if (strstr(entry->d_name, by_owner[i]))
				n_by_owner += mud.needs_approval;
		char *rendered = mud_render(&mud);
		EXPECT(mud_parse_rendered(&again, rendered, strlen(rendered), &why));
		if (!has_same_rules(&mud, &again))
			fail_msg("%s: written and read again it is another", entry->d_name);
		free(rendered);
	}
	closedir(dir);
	EXPECT_INT(n_read, 55);
	EXPECT_INT(n_refused, 6);
	EXPECT_INT(n_by_owner, 3);
}

TEST(the_largest_file_of_the_field_gives_its_names_and_holds_its_addresses)
{
	const char *folder = test_data();
	size_t len;
	unsigned n_held = 0;

	if (!folder)
		SKIP("the folder with MUD files is not there");
	char *bytes = slurp(folder,
		"IoT-MUD__BMV2-working__MUDserver__webapp__mudfs-dir__chromecastultra.json", &len);
	EXPECT(mud_parse(&mud, bytes, len, &why));
	EXPECT_INT(mud.n_names, 38);
	for (int i = 0; i < mud.n_aces; i++)
		n_held += mud.ace[i].is_held;
	EXPECT_INT(n_held, 4);
	EXPECT(has_note("access-lists", "old name"));
}

TEST(a_file_with_random_bytes_changed_is_refused_or_valid)
{
	const char *folder = test_data();
	size_t len;
	uint32_t seed = 7;

	if (!folder)
		SKIP("the folder with MUD files is not there");
	char *bytes = slurp(folder,
		"mud-controller-enforcer__namib_controller__tests__mud_tests__Amazon-Echo.json",
		&len);
	char *copy = malloc(len);
	unsigned n_fine = 0;
	for (int round = 0; round < 400; round++) {
		memcpy(copy, bytes, len);
		for (int k = 0; k < 1 + round % 3; k++) {
			seed = seed * 1103515245u + 12345u;
			size_t at = seed % len;
			seed = seed * 1103515245u + 12345u;
			copy[at] =
				(char)((seed >> 16) % 3 ? "0123456789abz\"{}[],:"[(seed >> 18) % 20]
							: (char)(seed >> 16));
		}
		memset(&why, 0, sizeof why);
		if (!mud_parse(&mud, copy, len, &why)) {
			EXPECT(why.text[0]);
			continue;
		}
		n_fine++;
		EXPECT(mud_is_valid(&mud));
	}
	free(copy);
	EXPECT(n_fine > 20);
}
