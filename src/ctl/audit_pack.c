/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leaves the gateway of an audit: reports, the gate's answer, the evidence
 * pack; and the pack of somebody else, which is looked at with nothing in hands.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/json_strict.h"
#include "base/printable.h"
#include "ctl/ctl.h"
#include "label/pack.h"
#include "label/report.h"

enum { TRUSTED_MAX = 16, BASELINE_MAX = RESULT_BYTES_MAX };

static void
print_shown(const char *text)
{
	char out[600];

	shown(out, sizeof out, text, strlen(text));
	fputs(out, stdout);
}

static int
refused(const struct fault *why)
{
	char out[400];

	shown(out, sizeof out, why->text, strlen(why->text));
	fprintf(stderr, "pinfold: %s\n", out);
	return CTL_REFUSED;
}

static int
cannot(const char *what, const char *path)
{
	char out[300];
	int error = errno;

	shown(out, sizeof out, path, strlen(path));
	fprintf(stderr, "pinfold: cannot %s %s: %s\n", what, out, strerror(error));
	return CTL_REFUSED;
}

/* --- the gate ---------------------------------------------------------------------------------- */

static void
show_reasons(const json_t *gate)
{
	json_t *reason;
	size_t i;

	json_array_foreach(json_object_get(gate, "reasons"), i, reason)
	{
		long long minutes = json_integer_value(json_object_get(reason, "minutes"));
		printf("  %-8s ", json_text_of(reason, "provision"));
		print_shown(json_text_of(reason, "verdict"));
		if (*json_text_of(reason, "reason"))
			printf(" (%s)", json_text_of(reason, "reason"));
		printf(": ");
		print_shown(json_text_of(reason, "text"));
		printf("\n           %s", !strcmp(json_text_of(reason, "verdict"), "FAIL")
						  ? "fix: "
						  : "to settle it: ");
		print_shown(json_text_of(reason, "fix"));
		if (minutes)
			printf(" (about %lld min)", minutes);
		printf("\n");
	}
	long long more = json_integer_value(json_object_get(gate, "more"));
	if (more)
		printf("  and %lld more\n", more);
}

static void
show_shield(const json_t *gate)
{
	json_t *port;
	size_t i;

	json_array_foreach(json_object_get(gate, "shield"), i, port) printf(
		"  meanwhile: %s port %lld is %s at the gateway\n", json_text_of(port, "proto"),
		(long long)json_integer_value(json_object_get(port, "port")),
		json_is_true(json_object_get(port, "closed")) ? "closed" : "not closed");
}

static int
gate_status(const json_t *gate)
{
	if (!strcmp(json_text_of(gate, "answer"), "shelf"))
		return CTL_OK;
	return !strcmp(json_text_of(gate, "answer"), "hold") ? CTL_HOLD : CTL_LABORATORY;
}

int
finish_gate(const json_t *args, const json_t *gate, const struct options *options)
{
	time_t retest = (time_t)json_integer_value(json_object_get(gate, "retest"));
	long long minutes = json_integer_value(json_object_get(gate, "minutes"));
	char date[32] = "";
	struct tm tm;

	if (options->json || options->quiet) {
		if (options->json) {
			json_dumpf(gate, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
			printf("\n");
		}
		return gate_status(gate);
	}
	printf("%s: ", json_text_of(gate, "answer"));
	print_shown(json_text_of(gate, "device"));
	printf(", run %lld", (long long)json_integer_value(json_object_get(gate, "run")));
	printf(", profile %s", json_text_of(gate, "profile"));
	if (minutes)
		printf(", about %lld min of a person", minutes);
	printf("\n");
	show_reasons(gate);
	show_works(json_object_get(gate, "works"));
	show_shield(gate);
	if (retest && localtime_r(&retest, &tm)) {
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
		printf("  test again when it is mended, %s at the latest\n", date);
	}
	return gate_status(gate);
}

/* --- reports ------------------------------------------------------------------------------------- */

static struct audit_result *
result_of(const json_t *run, struct fault *why)
{
	const json_t *whole = json_object_get(run, "result");
	auto_free char *text = whole ? json_dumps(whole, JSON_SORT_KEYS | JSON_ENSURE_ASCII) : NULL;
	bool agree;

	if (!text) {
		fault_set(why, ERR_INVALID, "the daemon gave no result");
		return NULL;
	}
	return result_from_text(text, strlen(text), &agree, why);
}

static struct audit_result *
baseline_from(const char *path, struct fault *why)
{
	auto_fclose FILE *file = fopen(path, "re");
	auto_free char *bytes = must_alloc(BASELINE_MAX, 1);
	bool agree;

	size_t len = file ? fread(bytes, 1, BASELINE_MAX, file) : 0;
	if (!file || ferror(file) || !feof(file)) {
		fault_set(why, ERR_SYSTEM, "the baseline cannot be read, or is too long");
		return NULL;
	}
	struct audit_result *baseline = result_from_text(bytes, len, &agree, why);
	if (!baseline)
		fault_prefix(why, "baseline: ");
	return baseline;
}

/* Written beside its place and put there when it is whole; NULL: to the terminal. */
struct output {
	const char *path;
	char fresh[4200];
	FILE *file;
};

static bool
output_begin(struct output *output, const char *path)
{
	output->path = path;
	output->file = stdout;
	if (!path)
		return true;
	if (snprintf(output->fresh, sizeof output->fresh, "%s.new", path) >=
		(int)sizeof output->fresh) {
		errno = ENAMETOOLONG;
		return false;
	}
	int fd = open(output->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	output->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	return output->file != NULL;
}

static bool
output_end(struct output *output)
{
	if (!output->path)
		return !fflush(stdout);
	bool good = !fflush(output->file) && !ferror(output->file);
	good = !fclose(output->file) && good;
	if (good && !rename(output->fresh, output->path))
		return true;
	unlink(output->fresh);
	return false;
}

static int
write_report(const struct audit_result *result, const struct audit_result *baseline,
	const char *format, FILE *out)
{
	struct junit_counts counts = {0};
	size_t len;

	if (!strcmp(format, "html")) {
		report_html(result, out);
	} else if (!strcmp(format, "pdf")) {
		report_pdf(result, out);
	} else if (!strcmp(format, "junit")) {
		report_junit(result, baseline, out, &counts);
		fprintf(stderr, "%u tests, %u failed, %u skipped, %u known already\n", counts.tests,
			counts.failures, counts.skipped, counts.known);
	} else {
		auto_free char *text = result_to_text(result, &len);
		fwrite(text, 1, len, out);
	}
	return counts.failures ? CTL_HOLD : CTL_OK;
}

int
finish_report(const json_t *args, const json_t *run, const struct options *options)
{
	const char *format =
		json_object_get(args, "format") ? json_text_of(args, "format") : "json";
	const char *baseline_path = json_string_value(json_object_get(args, "baseline"));
	struct audit_result *baseline = NULL;
	struct output output;
	struct fault why;

	if (strcmp(format, "html") && strcmp(format, "pdf") && strcmp(format, "json") &&
		strcmp(format, "junit")) {
		fprintf(stderr, "pinfold: the format is html, pdf, json or junit\n");
		return CTL_USAGE;
	}
	struct audit_result *result = result_of(run, &why);
	if (!result)
		return refused(&why);
	if (baseline_path && !(baseline = baseline_from(baseline_path, &why))) {
		result_free(result);
		return refused(&why);
	}
	const char *path = json_string_value(json_object_get(args, "output"));
	int status = CTL_REFUSED;
	if (!output_begin(&output, path)) {
		status = cannot("write", path);
	} else {
		status = write_report(result, baseline, format, output.file);
		if (!output_end(&output))
			status = cannot("write", path ? path : "the report");
	}
	result_free(result);
	result_free(baseline);
	return status;
}

/* --- packs ----------------------------------------------------------------------------------------- */

int
finish_pack(const json_t *args, const json_t *evidence, const struct options *options)
{
	const char *path = json_text_of(args, "file");
	const json_t *key = json_object_get(evidence, "key");
	struct issuer *issuer;
	struct fault why;
	char out[300];

	if (issuer_open(json_text_of(key, "path"), &issuer, &why))
		return refused(&why);
	/* Nothing that is there is written over: it may be what somebody relies on. */
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		issuer_free(issuer);
		return cannot("make", path);
	}
	enum err err =
		json_is_true(json_object_get(args, "redact"))
			? pack_write_redacted(json_text_of(evidence, "folder"), issuer, fd, &why)
			: pack_write(json_text_of(evidence, "folder"), issuer, fd, &why);
	issuer_free(issuer);
	if (!err && fsync(fd)) {
		fault_set(&why, ERR_SYSTEM, "the pack cannot be written: %s", strerror(errno));
		err = ERR_SYSTEM;
	}
	if (err) {
		unlink(path);
		return refused(&why);
	}
	shown(out, sizeof out, path, strlen(path));
	if (options->json)
		printf("{\"run\": %lld, \"key\": \"%s\"}\n",
			(long long)json_integer_value(json_object_get(evidence, "run")),
			json_text_of(key, "id"));
	else if (!options->quiet)
		printf("%s holds the evidence of run %lld, signed with key %s; to look at it: "
		       "pinfold "
		       "audit verify %s\n",
			out, (long long)json_integer_value(json_object_get(evidence, "run")),
			json_text_of(key, "id"), out);
	return CTL_OK;
}

static uint8_t *
read_pack(const char *path, size_t *len)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PACK_BYTES_MAX) {
		errno = EFBIG;
		return NULL;
	}
	uint8_t *bytes = must_alloc((size_t)st.st_size, 1);
	for (*len = 0; *len < (size_t)st.st_size;) {
		ssize_t n = read(fd, bytes + *len, (size_t)st.st_size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	return bytes;
}

bool
confine_to_memory(void)
{
	static const uint8_t nothing[ISSUER_SIGNATURE_LEN];
	uint8_t hash[HASH_LEN];

	static const char *const calls[] = {"write", "writev", "brk", "mmap", "munmap", "mremap",
		"mprotect", "madvise", "exit", "exit_group", "rt_sigreturn", "rt_sigprocmask",
		"fstat", "newfstatat", "futex", "clock_gettime", "getrandom", "lseek", "close",
		"sigaltstack", "getpid", "gettid"};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool good = filter && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	/* What the libraries look for when they are first used, they look for now. */
	tzset();
	hash_bytes(nothing, sizeof nothing, hash);
	(void)issuer_is_signature(nothing, nothing, sizeof nothing, nothing);

	for (size_t i = 0; good && i < COUNT_OF(calls); i++)
		good = !seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(calls[i]), 0);
	good = good && !seccomp_load(filter);
	seccomp_release(filter);
	return good;
}

static void
print_json(const struct pack *pack, const struct rejudged *again, const struct fault *why)
{
	json_t *out = json_pack("{s:b, s:s, s:s, s:s, s:i, s:s, s:s}", "ok",
		again && rejudged_is_same(again) && pack->signature >= PACK_SIGNATURE_STRANGER,
		"signature", pack_signature_text(pack->signature), "key", pack->key_id, "root",
		pack->root, "run", (int)pack->run, "tool", pack->tool, "error",
		why ? why->text : "");

	if (again)
		json_object_set_new(out, "rejudged",
			json_pack("{s:b, s:b, s:i, s:i, s:i, s:i, s:i, s:s}", "same_ruleset",
				again->is_same_ruleset, "verdicts_agree", again->verdicts_agree,
				"checks", (int)again->n_checks, "unknown_checks",
				(int)again->n_unknown_checks, "same", (int)again->n_same, "absent",
				(int)again->n_absent, "new", (int)again->n_new, "first",
				again->first));
	if (again && again->is_left_out)
		json_object_set_new(json_object_get(out, "rejudged"), "left_out", json_true());
	json_dumpf(out, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	printf("\n");
	json_decref(out);
}

static int
verify(const uint8_t *bytes, size_t len, const uint8_t (*trusted)[ISSUER_PUBLIC_LEN],
	size_t n_trusted, const struct options *options)
{
	static struct pack pack;
	struct rejudged again = {0};
	struct fault why = {0};

	if (!pack_parse(&pack, bytes, len, trusted, n_trusted, &why)) {
		if (options->json)
			print_json(&pack, NULL, &why);
		return refused(&why);
	}
	struct audit_result *result = pack_rejudge(&pack, &again, &why);
	if (!result) {
		if (options->json)
			print_json(&pack, NULL, &why);
		return refused(&why);
	}
	bool is_same = rejudged_is_same(&again);
	bool is_signed = pack.signature == PACK_SIGNATURE_TRUSTED ||
			 (pack.signature == PACK_SIGNATURE_STRANGER && !n_trusted);
	if (options->json) {
		print_json(&pack, &again, NULL);
	} else if (!options->quiet) {
		printf("%zu files, every byte as it was written\n", pack.n_files);
		printf("signature: %s (key %s)\n", pack_signature_text(pack.signature),
			pack.key_id);
		printf("run %u of ", pack.run);
		print_shown(*result->device.name ? result->device.name : result->device.id);
		printf(", by ");
		print_shown(pack.tool);
		printf("\n");
		for (size_t i = 0; i < pack.n_left_out; i++)
			printf("left out to be shared: %s (SHA-256 %s)\n", pack.left_out[i].name,
				pack.left_out[i].hash);
		if (again.is_left_out)
			printf("nothing is judged again: what was recorded is not in this pack\n");
		else
			printf("%u checks judged again from the transcript: %u findings are the "
			       "same, %u "
			       "are "
			       "gone, %u are new\n",
				again.n_checks, again.n_same, again.n_absent, again.n_new);
		if (again.n_unknown_checks)
			printf("%u checks are not in this version\n", again.n_unknown_checks);
		if (!again.is_same_ruleset)
			printf("the rules of this version are not those of the pack\n");
		if (!again.report_agrees)
			printf("the report in it is not the one that its result gives here\n");
		if (again.first[0]) {
			print_shown(again.first);
			printf("\n");
		}
		printf("%s\n", !is_same || !is_signed ? "the pack does not hold"
			       : again.is_left_out    ? "the pack holds, without what was left out"
						      : "the pack holds");
	}
	result_free(result);
	return is_same && is_signed ? CTL_OK : CTL_REFUSED;
}

/* audit verify PACK [--key HEX]... */
int
run_audit_verify(int argc, char **argv, const struct options *options)
{
	static uint8_t trusted[TRUSTED_MAX][ISSUER_PUBLIC_LEN];
	const char *path = NULL;
	size_t n_trusted = 0, len;

	for (int i = 0; i < argc; i++) {
		bool is_key = !strcmp(argv[i], "--key");
		if (is_key && (i + 1 == argc || n_trusted == TRUSTED_MAX ||
				      !issuer_from_text(trusted[n_trusted], argv[i + 1]))) {
			fprintf(stderr, "pinfold: --key needs the public key of an issuer, in 64 "
					"hexadecimal digits\n");
			return CTL_USAGE;
		}
		if (is_key) {
			n_trusted++;
			i++;
		} else if (!path && argv[i][0] != '-') {
			path = argv[i];
		} else {
			path = NULL;
			break;
		}
	}
	if (!path) {
		fprintf(stderr, "usage: pinfold audit verify PACK [--key HEX]\n");
		return CTL_USAGE;
	}
	auto_free uint8_t *bytes = read_pack(path, &len);
	if (!bytes)
		return cannot("read", path);
	if (!confine_to_memory()) {
		fprintf(stderr, "pinfold: a pack is not opened without confinement, and the kernel "
				"refuses it\n");
		return CTL_REFUSED;
	}
	return verify(bytes, len, (const uint8_t(*)[ISSUER_PUBLIC_LEN])trusted, n_trusted, options);
}

void
show_audit_key(const json_t *key, const struct options *options)
{
	printf("%s\n", json_text_of(key, "public"));
	if (!options->quiet)
		printf("the id of this key is %s; who verifies packs of this gateway: pinfold "
		       "audit "
		       "verify PACK --key %s\n",
			json_text_of(key, "id"), json_text_of(key, "public"));
}
