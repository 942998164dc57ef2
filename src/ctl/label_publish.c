/* SPDX-License-Identifier: Apache-2.0 */
/* An issuer's static site: the daemon says what is true, here it is signed and written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "ctl/label.h"
#include "label/site.h"

enum {
	TTL_S = 3600,
	TTL_MIN_S = 60,
	TTL_MAX_S = 7 * 24 * 3600,
	LOOK_S = 10, /* with --follow: so soon a change is seen, and twice as often as promised */
};

struct publishing {
	const char *directory;
	uint32_t ttl_s;
	bool follows;
	/* All of the log that is known; it only grows. */
	struct site_entry *entry;
	size_t n_entries;
	char *told; /* the labels as they were last written */
	int64_t written_s;
};

static int
refused(const char *text)
{
	char out[400];

	shown(out, sizeof out, text, strlen(text));
	fprintf(stderr, "pinfold: %s\n", out);
	return CTL_REFUSED;
}

/* The answer's result; NULL: said on stderr, with the status. */
static json_t *
ask_export(struct publishing *publishing, const struct options *options, int *status)
{
	json_t *question = json_pack("{s:s, s:{s:I}}", "verb", "label.export", "args", "from",
		(json_int_t)publishing->n_entries);
	struct fault why;
	json_t *answer = ask(options->socket, question, NULL, &why);

	json_decref(question);
	json_t *result = json_object_get(answer, "result");
	if (json_is_true(json_object_get(answer, "ok")) && result) {
		json_incref(result);
		json_decref(answer);
		return result;
	}
	*status = answer ? CTL_REFUSED : CTL_UNREACHABLE;
	if (answer)
		refused(text(json_object_get(answer, "error"), "text"));
	else
		fprintf(stderr, "pinfold: %s\n", why.text);
	json_decref(answer);
	return NULL;
}

static void
add_entries(struct publishing *publishing, const json_t *said)
{
	json_t *row;
	size_t i;

	publishing->entry = reallocarray(publishing->entry,
		publishing->n_entries + json_array_size(said) + 1, sizeof *publishing->entry);
	if (!publishing->entry)
		abort();
	json_array_foreach(said, i, row)
	{
		char *copy = strdup(json_is_string(row) ? json_string_value(row) : "");
		if (!copy)
			abort();
		publishing->entry[publishing->n_entries++].text = copy;
	}
}

static bool
take_labels(const json_t *rows, struct site_label *out, struct fault *why)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *body = json_object_get(row, "body");
		const json_t *status = json_object_get(row, "status");
		if (!json_is_string(body)) {
			fault_set(why, ERR_INVALID, "the daemon gave no label");
			return false;
		}
		json_t *payload = json_strict(
			json_string_value(body), json_string_length(body), LABEL_BYTES_MAX, 8, why);
		bool is_read = payload && label_from_json(&out[i].label, payload, why);
		json_decref(payload);
		if (!is_read)
			return false;
		out[i].payload = strdup(json_string_value(body));
		if (!out[i].payload)
			abort();
		const char *word = json_string_value(json_object_get(status, "word"));
		const char *reason = json_string_value(json_object_get(status, "reason"));
		out[i].now.status = (uint8_t)label_status_from_word(word ? word : "");
		out[i].now.is_recalled = json_is_true(json_object_get(status, "recalled"));
		snprintf(out[i].now.reason, sizeof out[i].now.reason, "%s", reason ? reason : "");
	}
	return true;
}

static enum err
write_site(struct publishing *publishing, const json_t *export, struct fault *why)
{
	const json_t *rows = json_object_get(export, "labels"),
		     *key = json_object_get(export, "key");
	const char *url = json_string_value(json_object_get(export, "url"));
	const char *name = json_string_value(json_object_get(export, "name"));
	const char *path = json_string_value(json_object_get(key, "path"));
	struct issuer *issuer = NULL;
	enum err err = ERR_INVALID;

	if (!url || !label_is_url(url) || !name || !path) {
		fault_set(why, ERR_INVALID, "the daemon gave no issuer");
		return err;
	}
	struct site_label *labels = must_alloc(json_array_size(rows) + 1, sizeof *labels);
	if (take_labels(rows, labels, why) && !(err = issuer_open(path, &issuer, why))) {
		struct site site = {.directory = publishing->directory,
			.url = url,
			.name = name,
			.issuer = issuer,
			.label = labels,
			.n_labels = json_array_size(rows),
			.entry = publishing->entry,
			.n_entries = publishing->n_entries,
			.ttl_s = publishing->ttl_s,
			.now_s = json_integer_value(json_object_get(export, "now"))};
		err = site_write(&site, why);
	}
	issuer_free(issuer);
	for (size_t i = 0; i < json_array_size(rows); i++)
		free(labels[i].payload);
	free(labels);
	return err;
}

/* Something was said since, or what was said is about to run out. */
static bool
is_due(struct publishing *publishing, const json_t *export)
{
	int64_t now_s = json_integer_value(json_object_get(export, "now"));
	char *told = json_dumps(json_object_get(export, "labels"), JSON_COMPACT | JSON_SORT_KEYS);
	bool is_new = !publishing->told || !told || strcmp(told, publishing->told);

	free(publishing->told);
	publishing->told = told;
	if (!is_new && now_s - publishing->written_s < publishing->ttl_s / 2)
		return false;
	publishing->written_s = now_s;
	return true;
}

static int
publish_once(struct publishing *publishing, const struct options *options)
{
	int status = CTL_REFUSED;
	struct fault why;
	json_t *export;

	for (;;) {
		export = ask_export(publishing, options, &status);
		if (!export)
			return status;
		const json_t *said = json_object_get(export, "said");
		add_entries(publishing, said);
		json_int_t size = json_integer_value(json_object_get(export, "size"));
		if ((json_int_t)publishing->n_entries >= size || !json_array_size(said))
			break;
		json_decref(export);
	}
	bool writes = is_due(publishing, export);
	enum err err = writes ? write_site(publishing, export, &why) : ERR_OK;
	if (err) {
		free(publishing->told);
		publishing->told = NULL;
		status = refused(why.text);
	} else {
		status = CTL_OK;
		if (writes && !options->quiet)
			printf("%zu labels and %zu entries of the log are in %s\n",
				json_array_size(json_object_get(export, "labels")),
				publishing->n_entries, publishing->directory);
		fflush(stdout);
	}
	json_decref(export);
	return status;
}

static bool
take_options(struct publishing *out, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--follow")) {
			out->follows = true;
		} else if (!strcmp(argv[i], "--ttl") && i + 1 < argc) {
			char *end;
			unsigned long ttl = strtoul(argv[++i], &end, 10);
			if (*end || ttl < TTL_MIN_S || ttl > TTL_MAX_S)
				return false;
			out->ttl_s = (uint32_t)ttl;
		} else if (!out->directory && argv[i][0] != '-') {
			out->directory = argv[i];
		} else {
			return false;
		}
	}
	return out->directory;
}

/* label publish DIR [--ttl SECONDS] [--follow] */
int
run_label_publish(int argc, char **argv, const struct options *options)
{
	struct publishing publishing = {.ttl_s = TTL_S};
	int status;

	if (!take_options(&publishing, argc, argv)) {
		fprintf(stderr,
			"usage: pinfold label publish DIR [--ttl SECONDS] [--follow]\n"
			"A status may be believed for %d to %d seconds; without --ttl %d.\n",
			TTL_MIN_S, TTL_MAX_S, TTL_S);
		return CTL_USAGE;
	}
	status = publish_once(&publishing, options);
	/* A daemon that is away for a while is no reason to stop; what is out ends by itself. */
	while (publishing.follows && status != CTL_REFUSED) {
		sleep(LOOK_S);
		status = publish_once(&publishing, options);
	}
	for (size_t i = 0; i < publishing.n_entries; i++)
		free(publishing.entry[i].text);
	free(publishing.entry);
	free(publishing.told);
	return status;
}
