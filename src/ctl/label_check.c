/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's label, looked at with nothing in hands. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "ctl/label.h"
#include "label/label_page.h"
#include "label/label_verify.h"

enum { STATUS_FILE_MAX = JWS_BYTES_MAX, LOG_FILE_MAX = 1024 * 1024, LOG_DEPTH = 5 };

struct checking {
	const char *path, *status, *log, *since, *witness;
	struct issuer_keys keys;
	struct verify_asked asked;
	struct verify_file *file;
	size_t n_files;
};

/* --- reading, before anything is looked at ---------------------------------------------------- */

static bool
take_file(struct verify_bytes *out, const char *path, size_t max)
{
	size_t len;
	char *bytes = label_read(path, max, &len);

	*out = (struct verify_bytes){bytes, len};
	return bytes;
}

/* Files of a log below a folder, by their path in it; what is no regular file is left out. */
static bool
take_log(struct checking *checking, const char *base, const char *below, int depth)
{
	char path[4096], name[LOG_PATH_MAX];
	struct dirent *entry;
	struct stat st;
	bool is_good = true;

	snprintf(path, sizeof path, "%s/%s", base, below);
	DIR *dir = opendir(path);
	if (!dir) {
		shown(path, sizeof path, base, strlen(base));
		fprintf(stderr, "pinfold: cannot read the log in %s: %s\n", path, strerror(errno));
		return false;
	}
	while (is_good && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && strcmp(entry->d_name, ".p"))
			continue;
		if (snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "",
			    entry->d_name) >= (int)sizeof name ||
			snprintf(path, sizeof path, "%s/%s", base, name) >= (int)sizeof path ||
			lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth < LOG_DEPTH) {
			is_good = take_log(checking, base, name, depth + 1);
		} else if (S_ISREG(st.st_mode) && checking->n_files < VERIFY_LOG_FILES_MAX) {
			struct verify_file *file = &checking->file[checking->n_files++];
			memcpy(file->path, name, sizeof name);
			is_good = take_file(&file->bytes, path, LOG_FILE_MAX);
		}
	}
	closedir(dir);
	return is_good;
}

static bool
is_folder(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Of an issuer's folder, the list: who asks for one status tells which product is there. */
static bool
take_status(struct checking *checking)
{
	char path[4096];

	if (!checking->status)
		return true;
	snprintf(path, sizeof path, is_folder(checking->status) ? "%s/status-list.jwt" : "%s",
		checking->status);
	return take_file(&checking->asked.status, path, STATUS_FILE_MAX);
}

static bool
take_all(struct checking *checking)
{
	char path[4096];

	if (checking->log) {
		checking->file = must_alloc(VERIFY_LOG_FILES_MAX, sizeof *checking->file);
		/* The issuer's folder, or the log's own. */
		snprintf(path, sizeof path, "%s/log", checking->log);
		if (!take_log(checking, is_folder(path) ? path : checking->log, "", 0))
			return false;
	}
	return take_status(checking) &&
	       (!checking->since ||
		       take_file(&checking->asked.since, checking->since, LOG_NOTE_MAX));
}

/* The text of a QR code may be given as it is. */
static bool
take_label(struct checking *checking)
{
	const char *given = checking->path;

	if (strncmp(given, "https://", 8) && strncmp(given, "HTTPS://", 8))
		return take_file(&checking->asked.label, given, VERIFY_LABEL_MAX);
	checking->asked.label = (struct verify_bytes){given, strlen(given)};
	return true;
}

static void
let_go(struct checking *checking)
{
	for (size_t i = 0; i < checking->n_files; i++)
		free((void *)(uintptr_t)checking->file[i].bytes.at);
	free(checking->file);
	free((void *)(uintptr_t)checking->asked.status.at);
	free((void *)(uintptr_t)checking->asked.since.at);
	if (checking->asked.label.at != checking->path)
		free((void *)(uintptr_t)checking->asked.label.at);
}

static bool
take_options(struct checking *checking, int argc, char **argv)
{
	const struct {
		const char *name;
		const char **to;
	} options[] = {
		{"--status", &checking->status},
		{"--log", &checking->log},
		{"--since", &checking->since},
		{"--witness", &checking->witness},
		{"--maker", &checking->asked.maker},
		{"--model", &checking->asked.model},
		{"--firmware", &checking->asked.firmware},
	};

	for (int i = 0; i < argc; i++) {
		size_t k = 0;
		if (!strcmp(argv[i], "--key") && i + 1 < argc) {
			if (checking->keys.n == JWS_KEYS_MAX ||
				!label_key_from(argv[++i], checking->keys.key[checking->keys.n]))
				return false;
			checking->keys.n++;
			continue;
		}
		while (k < COUNT_OF(options) && strcmp(options[k].name, argv[i]))
			k++;
		if (k < COUNT_OF(options) && i + 1 < argc)
			*options[k].to = argv[++i];
		else if (!checking->path && argv[i][0] != '-')
			checking->path = argv[i];
		else
			return false;
	}
	return checking->path;
}

/* --- saying it ----------------------------------------------------------------------------------- */

static void
put(const char *value)
{
	char out[500];

	shown(out, sizeof out, value, strlen(value));
	fputs(out, stdout);
}

static void
show_verified(const struct checking *checking, const struct verified *verified)
{
	const struct label *label = &verified->label;
	char value[400];
	const char *name;

	printf("%s: ", label_answer_word((enum label_answer)verified->answer));
	put(verified->why);
	printf("\n");
	if (!label->id[0])
		return;
	printf("  label           %s, revision %u, of ", label->id, label->revision);
	put(label->issuer);
	printf(" (key %s)\n  status          %s\n", verified->key_id,
		verified->answer == LABEL_STALE
			? "cannot be confirmed"
			: label_status_word((enum label_status)verified->now.status));
	printf("  band            %s%s\n", label_band_word((enum label_band)label->band),
		verified->answer == LABEL_VALID ? "" : ", as it was when it was issued");
	if (verified->is_compact) {
		char date[LABEL_DATE_MAX];
		label_date(date, label->support_end);
		printf("  product         ");
		put(label->maker);
		printf(" ");
		put(label->model);
		printf("\n  failed          %u requirements\n  support end     %s\n",
			label->mandatory[VERDICT_FAIL], *date ? date : "not known");
	}
	for (size_t i = 0; !verified->is_compact && label_row(label, i, &name, value, sizeof value);
		i++) {
		printf("  %-15s ", name);
		put(value);
		printf("\n");
	}
	if (checking->log && verified->is_in_log)
		printf("  log             it is in it; %llu entries, all as they were signed\n",
			(unsigned long long)verified->log_size);
}

static void
print_verified(const struct verified *verified)
{
	const struct label *label = &verified->label;
	json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:b}", "answer",
		label_answer_word((enum label_answer)verified->answer), "why", verified->why,
		"status", label_status_word((enum label_status)verified->now.status), "reason",
		verified->now.reason, "key", verified->key_id, "compact", verified->is_compact,
		"status_signed", (json_int_t)verified->status_s, "in_log", verified->is_in_log);

	if (label->id[0] && !verified->is_compact)
		json_object_set_new(out, "label", label_to_json(label));
	else if (label->id[0])
		json_object_set_new(out, "label",
			json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:i}", "label", label->id,
				"iss", label->issuer, "revision", (int)label->revision, "maker",
				label->maker, "model", label->model, "firmware", label->firmware,
				"band", label_band_word((enum label_band)label->band), "failed",
				(int)label->mandatory[VERDICT_FAIL]));
	json_dumpf(out, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	printf("\n");
	json_decref(out);
}

static int
status_of(const struct verified *verified)
{
	switch (verified->answer) {
	case LABEL_VALID:
		return label_status_is_good((enum label_status)verified->now.status) ? CTL_OK
										     : CTL_HOLD;
	case LABEL_STALE:
		return CTL_LATER;
	case LABEL_ABSENT:
		return CTL_LABORATORY;
	default:
		return CTL_REFUSED;
	}
}

/*
 * label verify FILE|SVG|QR-TEXT --key KEY [--status DIR|FILE] [--log DIR [--since FILE]]
 * [--maker M] [--model M] [--firmware F]
 */
int
run_label_verify(int argc, char **argv, const struct options *options)
{
	static struct verified verified;
	static struct checking checking;

	if (!take_options(&checking, argc, argv) || !checking.keys.n || checking.witness) {
		fprintf(stderr,
			"usage: pinfold label verify FILE|QR-TEXT --key KEY [--status DIR|FILE]\n"
			"       [--log DIR [--since CHECKPOINT]] [--maker M] [--model M] "
			"[--firmware F]\n"
			"KEY is the issuer's: a file, or 64 hexadecimal digits.  Exit status: 0 "
			"valid,\n1 invalid, 4 cannot be confirmed, 5 valid but its status is bad, "
			"6 "
			"no label.\n");
		return CTL_USAGE;
	}
	if (!take_label(&checking) || !take_all(&checking)) {
		let_go(&checking);
		return CTL_REFUSED;
	}
	checking.asked.keys = &checking.keys;
	checking.asked.log = checking.file;
	checking.asked.n_log = checking.n_files;
	checking.asked.now_s = time(NULL);
	if (!confine_to_memory()) {
		fprintf(stderr,
			"pinfold: a label is not opened without confinement, and the kernel "
			"refuses it\n");
		let_go(&checking);
		return CTL_REFUSED;
	}
	label_verify(&checking.asked, &verified);
	if (options->json)
		print_verified(&verified);
	else if (!options->quiet)
		show_verified(&checking, &verified);
	let_go(&checking);
	return status_of(&verified);
}

/* True, and nothing is said, when nobody asked for a witness. */
static bool
is_witnessed(const struct checking *checking, const struct options *options, struct fault *why)
{
	struct log_checkpoint witnessed;
	struct log_witness witness;
	int64_t at_s;

	if (!checking->witness)
		return true;
	if (!log_witness_parse(&witness, checking->witness)) {
		fault_set(why, ERR_INVALID, "a witness's key is NAME+ID+KEY, of type 4");
		return false;
	}
	if (!log_verify_witnessed(checking->file, checking->n_files, &checking->keys, &witness,
		    &witnessed, &at_s, why))
		return false;
	if (!options->quiet) {
		char date[LABEL_DATE_MAX];
		label_date(date, label_day(at_s));
		put(witness.name);
		printf(": signed %s that the first %llu entries are all there was\n", date,
			(unsigned long long)witnessed.n);
	}
	return true;
}

/* label log DIR --key KEY [--since CHECKPOINT] [--witness NAME+ID+KEY] */
int
run_label_log(int argc, char **argv, const struct options *options)
{
	static struct checking checking;
	struct log_checkpoint checkpoint;
	struct fault why;

	if (!take_options(&checking, argc, argv) || !checking.keys.n || checking.status) {
		fprintf(stderr, "usage: pinfold label log DIR --key KEY [--since CHECKPOINT] "
				"[--witness NAME+ID+KEY]\n");
		return CTL_USAGE;
	}
	checking.log = checking.path;
	checking.path = NULL;
	bool is_good = take_all(&checking);
	if (is_good && !confine_to_memory())
		is_good = false;
	if (!is_good) {
		let_go(&checking);
		return CTL_REFUSED;
	}
	is_good = log_verify(checking.file, checking.n_files, &checking.keys, checking.asked.since,
		&checkpoint, &why);
	if (is_good && !options->quiet) {
		put(checkpoint.origin);
		printf(": %llu entries, all as they were signed%s\n",
			(unsigned long long)checkpoint.n,
			checking.since ? ", and none of the earlier ones was changed" : "");
	}
	is_good = is_good && is_witnessed(&checking, options, &why);
	if (!is_good)
		fprintf(stderr, "pinfold: %s\n", why.text);
	let_go(&checking);
	return is_good ? CTL_OK : CTL_REFUSED;
}
