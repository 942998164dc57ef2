/* SPDX-License-Identifier: Apache-2.0 */
/* Labels: what they say, why they say no better, and whom one believes. */
#include "ctl/label.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/json_strict.h"
#include "label/label_page.h"

enum { KEY_FILE_MAX = 16384 };

/* --- one label ------------------------------------------------------------------------------- */

static void
show_issued(const json_t *issued, bool is_behind)
{
	const json_t *status = json_object_get(issued, "status");

	if (!json_is_object(issued)) {
		printf("\nnot issued; to sign it: pinfold label issue DEVICE\n");
		return;
	}
	printf("\nissued as %s, revision %s, until %s: %s", text(issued, "label"),
		text(issued, "revision"), when(issued, "until"), text(status, "word"));
	if (*text(status, "reason"))
		printf(" (%s)", text(status, "reason"));
	printf("\n");
	if (is_behind)
		printf("what is known now differs from what was issued; to sign it anew: pinfold "
		       "label issue %s\n",
			text(issued, "device"));
}

static void
show_clock(const json_t *clock)
{
	static const char *const steps[] = {
		"found", "reported", "acknowledged", "fixed", "installed"};
	json_t *row;
	size_t i;

	json_array_foreach(clock, i, row)
	{
		if (!i)
			printf("\nfindings and their clock\n");
		printf("  %-8s %s\n          ", text(row, "provision"), text(row, "text"));
		for (size_t k = 0; k < COUNT_OF(steps); k++)
			printf(" %s %s;", steps[k],
				*text(row, steps[k]) ? text(row, steps[k]) : "-");
		printf(" shielded %s days\n", text(row, "days_shielded"));
	}
}

static void
show_shields(const json_t *label)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(label, "shield"), i, row)
		printf("%s%s\n", i ? "                  " : "  the gateway     ", text(row, NULL));
}

/* The label of another issuer, which the owner attached. */
static void
show_attached(const json_t *attached)
{
	bool is_confirmed = is_true(attached, "confirmed");

	if (!json_is_object(attached))
		return;
	printf("label of %s: %s, %s, it is %s%s%s\n", text(attached, "issuer"),
		text(attached, "band"), text(attached, "match"),
		is_confirmed ? text(attached, "status") : "not confirmed; the last word was ",
		is_confirmed ? "" : text(attached, "last_status"),
		*text(attached, "narrows") ? ", and narrows what this device may do" : "");
	if (*text(attached, "reason"))
		printf("  it says          %s\n", text(attached, "reason"));
	if (is_true(attached, "held"))
		printf("  nothing was done: more labels of this issuer fell within a day than it "
		       "may "
		       "act by; to act: pinfold device quarantine DEVICE\n");
	if (*text(attached, "why_not"))
		printf("  its status list  %s\n", text(attached, "why_not"));
}

static bool
label_of(const json_t *answer, struct label *label)
{
	struct fault why;

	if (label_from_json(label, json_object_get(answer, "label"), &why))
		return true;
	fprintf(stderr, "pinfold: %s\n", why.text);
	return false;
}

void
show_label(const json_t *answer, const struct options *options)
{
	static struct label label;
	char value[400];
	const char *name;

	if (!label_of(answer, &label))
		return;
	if (options->quiet) {
		printf("%s\n", label_band_word((enum label_band)label.band));
		return;
	}
	printf("%s: %s\n  %s\n", text(json_object_get(answer, "device"), "name"),
		label_band_word((enum label_band)label.band), text(answer, "sentence"));
	for (size_t i = 0; label_row(&label, i, &name, value, sizeof value); i++)
		if (strcmp(name, "issued by"))
			printf("  %-15s %s\n", name, value);
	show_shields(json_object_get(answer, "label"));
	show_clock(json_object_get(answer, "clock"));
	show_issued(json_object_get(answer, "issued"), is_true(answer, "behind"));
	show_attached(json_object_get(answer, "attached"));
	printf("why no better: pinfold label why %s\n",
		text(json_object_get(answer, "device"), "id"));
}

void
show_label_why(const json_t *answer, const struct options *options)
{
	const json_t *label = json_object_get(answer, "label");
	json_t *row;
	size_t i, n = 0;

	if (!options->quiet)
		printf("%s: %s\n", text(json_object_get(answer, "device"), "name"),
			text(label, "band"));
	const json_t *counts = json_object_get(json_object_get(label, "verdicts"), "mandatory");
	long long failed = number(counts, "FAIL");
	long long other = number(json_object_get(label, "verdicts"), "failed_other");
	if (!options->quiet && (failed || other))
		printf("  %lld mandatory and %lld other requirements were shown not to be met; "
		       "nothing outweighs that\n",
			failed, other);
	json_array_foreach(json_object_get(answer, "needs"), i, row)
	{
		if (is_true(row, "met"))
			continue;
		n++;
		if (options->quiet)
			printf("%s\n", text(row, "id"));
		else
			printf("  %-7s %-12s %s\n                       %s\n", text(row, "band"),
				text(row, "id"), text(row, "sentence"), text(row, "how"));
	}
	if (!n && !options->quiet)
		printf("  every requirement is met\n");
}

/* --- several ---------------------------------------------------------------------------------- */

void
show_label_one(const json_t *row, const struct options *options)
{
	const json_t *status = json_object_get(row, "status");

	if (options->quiet) {
		printf("%s\n", text(row, "label"));
		return;
	}
	printf("%s  %-6s %-7s %-22s %s %s", text(row, "label"), text(row, "of"), text(row, "band"),
		text(status, "word"), text(row, "maker"),
		*text(row, "model") ? text(row, "model") : text(row, "device"));
	if (*text(status, "reason"))
		printf(" (%s)", text(status, "reason"));
	printf("\n");
}

void
show_labels(const json_t *rows, const struct options *options)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) show_label_one(row, options);
	if (!json_array_size(rows) && !options->quiet)
		printf("no label is out; to sign one: pinfold label issue DEVICE\n");
}

void
show_label_feed(const json_t *answer, const struct options *options)
{
	if (!options->quiet)
		printf("%s entries, %s of them new\n", text(answer, "entries"),
			text(answer, "new"));
}

void
show_label_status(const json_t *answer, const struct options *options)
{
	if (options->quiet)
		return;
	printf("label %s is %s", text(answer, "label"), text(answer, "status"));
	if (*text(answer, "reason"))
		printf(" (%s)", text(answer, "reason"));
	printf("; %s devices here have it\n", text(answer, "devices"));
}

/* --- files -------------------------------------------------------------------------------------- */

char *
label_read(const char *path, size_t max, size_t *len)
{
	char name[256];
	auto_fclose FILE *file = fopen(path, "re");
	char *bytes = file ? must_alloc(max + 1, 1) : NULL;

	if (file) {
		*len = fread(bytes, 1, max, file);
		bytes[*len] = '\0';
		if (!ferror(file) && (*len < max || fgetc(file) == EOF))
			return bytes;
		if (!ferror(file))
			errno = EFBIG;
	}
	int cause = errno;
	free(bytes);
	shown(name, sizeof name, path, strlen(path));
	fprintf(stderr, "pinfold: cannot read %s: %s\n", name, strerror(cause));
	return NULL;
}

static bool
key_of_set(const char *bytes, size_t len, uint8_t *key)
{
	struct fault ignored;
	json_t *set = json_strict(bytes, len, KEY_FILE_MAX, 5, &ignored);
	const json_t *keys = json_object_get(set, "keys"), *one = json_array_get(keys, 0);
	const char *curve = json_string_value(json_object_get(one, "crv"));
	const json_t *x = json_object_get(one, "x");
	char hex[ISSUER_TEXT_MAX];
	size_t n;

	/* With two, somebody would have to choose. */
	bool is_one = json_array_size(keys) == 1 && curve && !strcmp(curve, "Ed25519") &&
		      json_is_string(x) &&
		      base64_parse(BASE64_URL, json_string_value(x), json_string_length(x), key,
			      ISSUER_PUBLIC_LEN, &n) &&
		      n == ISSUER_PUBLIC_LEN;
	json_decref(set);
	if (!is_one)
		return false;
	hex_text(key, ISSUER_PUBLIC_LEN, hex);
	return issuer_from_text(key, hex);
}

bool
label_key_from(const char *file_or_digits, uint8_t *key)
{
	size_t len;

	if (strlen(file_or_digits) == 2 * ISSUER_PUBLIC_LEN &&
		issuer_from_text(key, file_or_digits))
		return true;
	auto_free char *bytes = label_read(file_or_digits, KEY_FILE_MAX, &len);
	if (!bytes)
		return false;
	char *end = bytes + len;
	while (end > bytes && (end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\r'))
		*--end = '\0';
	if (issuer_from_text(key, bytes) || key_of_set(bytes, (size_t)(end - bytes), key))
		return true;
	fprintf(stderr, "pinfold: no issuer's key: 64 hexadecimal digits, or a JWKS with one "
			"Ed25519 key\n");
	return false;
}

/* label trust KEYFILE URL */
int
run_label_trust(int argc, char **argv, const struct options *options)
{
	uint8_t key[ISSUER_PUBLIC_LEN];
	char hex[ISSUER_TEXT_MAX], said[400];
	struct fault why;

	if (argc != 2 || !label_is_url(argv[1])) {
		fprintf(stderr, "usage: pinfold label trust KEYFILE https://ISSUER\n");
		return CTL_USAGE;
	}
	if (!label_key_from(argv[0], key))
		return CTL_REFUSED;
	hex_text(key, sizeof key, hex);
	json_t *question = json_pack(
		"{s:s, s:{s:s, s:s}}", "verb", "label.trust", "args", "key", hex, "url", argv[1]);
	json_t *answer = ask(options->socket, question, NULL, &why);
	json_decref(question);
	if (!answer) {
		fprintf(stderr, "pinfold: %s\n", why.text);
		return CTL_UNREACHABLE;
	}
	bool is_done = is_true(answer, "ok");
	const json_t *from =
		is_done ? json_object_get(answer, "result") : json_object_get(answer, "error");
	snprintf(said, sizeof said, "%s", text(from, "text"));
	if (options->json)
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (!is_done)
		fprintf(stderr, "pinfold: %s\n", said);
	else if (!options->quiet && !options->json)
		printf("%s\nto take it back: %s\n", said, text(answer, "undo"));
	json_decref(answer);
	return is_done ? CTL_OK : CTL_REFUSED;
}

int
run_label_bands(int argc, char **argv, const struct options *options)
{
	if (argc == 1 && !strcmp(argv[0], "--html"))
		label_bands_html(stdout);
	else if (!argc || (argc == 1 && !strcmp(argv[0], "--markdown")))
		label_bands_markdown(stdout);
	else {
		fprintf(stderr, "usage: pinfold label bands [--markdown | --html]\n");
		return CTL_USAGE;
	}
	return CTL_OK;
}
