/* SPDX-License-Identifier: Apache-2.0 */
/* An issuer's site as it is written, and what somebody who was given parts of it makes of them. */
#include "label/label_verify.h"

#include <ftw.h>
#include <sys/stat.h>

#include "issued.h"
#include "label/site.h"
#include "run.h"

static struct issuer *issuer;
static struct issuer_keys keys;
static struct site_label labels[1];
static struct site_entry entry[300];
static struct site site;
static struct verified verified;
static struct fault why;
static char folder[64];
static char held[8][65536]; /* files that were read */

static char *
said(const char *kind, uint32_t revision)
{
	struct log_said said = {.revision = revision, .at_s = ISSUED_S};
	uint8_t claims[CWT_BYTES_MAX], hash[HASH_LEN];

	snprintf(said.kind, sizeof said.kind, "%s", kind);
	snprintf(said.label, sizeof said.label, "%s", labels[0].label.id);
	hash_bytes(labels[0].payload, strlen(labels[0].payload), hash);
	hash_text(hash, said.sha256);
	hash_bytes(claims, cwt_claims(&labels[0].label, claims), hash);
	hash_text(hash, said.claims_sha256);
	return log_said_text(&said);
}

static void
begin(void)
{
	issuer = issued_key(&keys);
	issued_label(&labels[0].label, &keys);
	labels[0].payload = label_to_text(&labels[0].label);
	labels[0].now = (struct label_now){.status = STATUS_VALID};
	snprintf(folder, sizeof folder, "/tmp/pinfold-site-XXXXXX");
	EXPECT(mkdtemp(folder));
	entry[0].text = said("issue", 3);
	site = (struct site){.directory = folder,
		.url = "https://labels.example",
		.name = "Example Laboratory",
		.issuer = issuer,
		.label = labels,
		.n_labels = 1,
		.entry = entry,
		.n_entries = 1,
		.ttl_s = 600,
		.now_s = ISSUED_S};
	EXPECT(!site_write(&site, &why));
}

static int
on_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static void
end(void)
{
	for (size_t i = 0; i < COUNT_OF(entry); i++) {
		free(entry[i].text);
		entry[i].text = NULL;
	}
	free(labels[0].payload);
	issuer_free(issuer);
	EXPECT(!nftw(folder, on_file, 8, FTW_DEPTH | FTW_PHYS));
}

static struct verify_bytes
file(size_t place, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof whole, "%s/%s", folder, path);
	auto_fclose FILE *from = fopen(whole, "re");
	EXPECT(from);
	return (struct verify_bytes){held[place], fread(held[place], 1, sizeof held[place], from)};
}

static struct verify_bytes
file_of_label(size_t place, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "l/%s/%s", labels[0].label.id, name);
	return file(place, path);
}

static enum label_answer
verify(struct verify_asked asked)
{
	asked.keys = &keys;
	if (!asked.now_s)
		asked.now_s = ISSUED_S + 10;
	label_verify(&asked, &verified);
	return (enum label_answer)verified.answer;
}

static const char *const forms[] = {"label.jwt", "label.svg", "qr.txt"};

TEST(each_form_of_a_label_is_valid_with_its_status_and_stale_without)
{
	begin();
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct verify_asked asked = {.label = file_of_label(0, forms[i])};
		EXPECT_INT(verify(asked), LABEL_STALE);
		EXPECT_INT(verified.now.status, STATUS_UNKNOWN);
		asked.status = file_of_label(1, "status.jwt");
		EXPECT_INT(verify(asked), LABEL_VALID);
		EXPECT_INT(verified.now.status, STATUS_VALID);
		asked.status = file(1, "status-list.jwt");
		EXPECT_INT(verify(asked), LABEL_VALID);
		/* What was good ten minutes ago is not good now. */
		asked.now_s = ISSUED_S + 600;
		EXPECT_INT(verify(asked), LABEL_STALE);
		EXPECT_INT(verified.now.status, STATUS_UNKNOWN);
		asked.now_s = ISSUED_S - 400;
		EXPECT_INT(verify(asked), LABEL_INVALID);
	}
	end();
}

TEST(a_copied_label_is_not_that_of_another_thing)
{
	begin();
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct verify_asked asked = {.label = file_of_label(0, forms[i]),
			.status = file_of_label(1, "status.jwt"),
			.maker = "example maker",
			.model = "ipc-100",
			.firmware = "1.10"};
		EXPECT_INT(verify(asked), LABEL_VALID);
		asked.model = "IPC-200";
		EXPECT_INT(verify(asked), LABEL_INVALID);
		EXPECT(strstr(verified.why, "another model"));
		asked.model = NULL;
		asked.firmware = "1.12";
		EXPECT_INT(verify(asked), LABEL_INVALID);
		EXPECT(strstr(verified.why, "firmware"));
		asked.firmware = NULL;
		asked.now_s = labels[0].label.until_s;
		EXPECT_INT(verify(asked), LABEL_INVALID);
		EXPECT(strstr(verified.why, "expired"));
	}
	end();
}

static void
write_status(enum label_status status, const char *reason)
{
	labels[0].now.status = (uint8_t)status;
	snprintf(labels[0].now.reason, sizeof labels[0].now.reason, "%s", reason);
	EXPECT(!site_write(&site, &why));
}

TEST(a_label_that_was_taken_back_is_invalid_and_one_whose_support_ended_is_not_good)
{
	begin();
	write_status(STATUS_SUSPENDED, "it overheats");
	struct verify_asked asked = {
		.label = file_of_label(0, "qr.txt"), .status = file_of_label(1, "status.jwt")};
	EXPECT_INT(verify(asked), LABEL_INVALID);
	EXPECT(strstr(verified.why, "it overheats"));
	asked.status = file(1, "status-list.jwt");
	EXPECT_INT(verify(asked), LABEL_INVALID);
	write_status(STATUS_SUPPORT_ENDED, "");
	asked.status = file(1, "status-list.jwt");
	EXPECT_INT(verify(asked), LABEL_VALID);
	EXPECT(!label_status_is_good((enum label_status)verified.now.status));
	write_status(STATUS_UNKNOWN, "");
	asked.status = file(1, "status-list.jwt");
	EXPECT_INT(verify(asked), LABEL_STALE);
	end();
}

TEST(an_older_revision_is_superseded)
{
	begin();
	struct verify_asked asked = {.label = file_of_label(0, "qr.txt")};
	labels[0].label.revision = 4;
	free(labels[0].payload);
	labels[0].payload = label_to_text(&labels[0].label);
	EXPECT(!site_write(&site, &why));
	asked.status = file_of_label(1, "status.jwt");
	EXPECT_INT(verify(asked), LABEL_INVALID);
	EXPECT_INT(verified.now.status, STATUS_SUPERSEDED);
	end();
}

TEST(the_status_of_another_label_confirms_nothing)
{
	begin();
	struct verify_asked asked = {.label = file_of_label(0, "label.jwt")};
	strcpy(labels[0].label.model, "IPC-200");
	label_id(&labels[0].label, keys.key[0]);
	auto_free char *other =
		status_render(issuer, &labels[0].label, &labels[0].now, ISSUED_S, 600, &why);
	asked.status = (struct verify_bytes){other, strlen(other)};
	EXPECT_INT(verify(asked), LABEL_STALE);
	/* Nor does a label, a page, or nothing. */
	asked.status = asked.label;
	EXPECT_INT(verify(asked), LABEL_STALE);
	asked.status = (struct verify_bytes){"", 0};
	EXPECT_INT(verify(asked), LABEL_STALE);
	end();
}

TEST(what_is_no_label_is_absent_and_what_was_altered_is_invalid)
{
	static char two[2 * 65536];
	struct verify_bytes picture;

	begin();
	EXPECT_INT(verify((struct verify_asked){.label = {"", 0}}), LABEL_ABSENT);
	EXPECT_INT(verify((struct verify_asked){.label = {"<svg/>", 6}}), LABEL_ABSENT);
	EXPECT_INT(verify((struct verify_asked){.label = file(0, "bands.html")}), LABEL_ABSENT);
	picture = file_of_label(0, "label.svg");
	memcpy(two, picture.at, picture.len);
	memcpy(two + picture.len, picture.at, picture.len);
	EXPECT_INT(verify((struct verify_asked){.label = {two, 2 * picture.len}}), LABEL_ABSENT);
	struct verify_bytes jws = file_of_label(0, "label.jwt");
	for (size_t i = 0; i < jws.len; i += 7) {
		char was = held[0][i];
		held[0][i] = was == 'x' ? 'y' : 'x';
		enum label_answer answer = verify((struct verify_asked){.label = jws});
		EXPECT(answer == LABEL_INVALID || answer == LABEL_ABSENT);
		EXPECT(!verified.label.id[0]);
		held[0][i] = was;
	}
	end();
}

static size_t
log_files(struct verify_file out[static 4])
{
	char path[256];
	size_t n = 1;

	strcpy(out[0].path, "checkpoint");
	out[0].bytes = file(2, "log/checkpoint");
	for (size_t at = 0; at * LOG_TILE < site.n_entries; at++, n++) {
		size_t left = site.n_entries - at * LOG_TILE;
		log_tile_path(out[n].path, -1, at, left < LOG_TILE ? (unsigned)left : LOG_TILE);
		snprintf(path, sizeof path, "log/%s", out[n].path);
		out[n].bytes = file(2 + n, path);
	}
	return n;
}

TEST(a_label_that_its_issuers_log_does_not_have_is_invalid)
{
	struct verify_file log[4];

	begin();
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct verify_asked asked = {.label = file_of_label(0, forms[i]),
			.status = file_of_label(1, "status.jwt"),
			.log = log,
			.n_log = log_files(log)};
		EXPECT_INT(verify(asked), LABEL_VALID);
		EXPECT(verified.is_in_log);
		EXPECT_INT(verified.log_size, 1);
	}
	/* Rightly signed, and never published. */
	strcpy(labels[0].label.responsible, "somebody else");
	auto_free char *quiet = label_to_text(&labels[0].label);
	auto_free char *jws = jws_render_text(issuer, LABEL_TYPE, quiet, &why);
	struct verify_asked asked = {.label = {jws, strlen(jws)},
		.status = file_of_label(1, "status.jwt"),
		.log = log,
		.n_log = log_files(log)};
	EXPECT_INT(verify(asked), LABEL_INVALID);
	EXPECT(strstr(verified.why, "does not have it"));
	/* An entry that was altered. */
	char *at = memmem(held[3], sizeof held[3], "issue", 5);
	EXPECT(at);
	*at = 'x';
	asked.label = file_of_label(0, "label.jwt");
	EXPECT_INT(verify(asked), LABEL_INVALID);
	end();
}

/* --- what is not public yet ------------------------------------------------------------------- */

static bool is_told; /* some file has the words that are looked for */

static int
on_read(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	static char bytes[256 * 1024];

	if (kind != FTW_F)
		return 0;
	auto_fclose FILE *in = fopen(path, "re");
	EXPECT(in);
	size_t n = fread(bytes, 1, sizeof bytes, in);
	is_told |= memmem(bytes, n, "opensesame", 10) || memmem(bytes, n, "12323", 5);
	return 0;
}

TEST(a_finding_that_is_not_mended_stands_in_no_file_of_the_site_but_as_a_number)
{
	struct transcript *transcript = transcript_new(NULL);
	struct audit_result *result = run_result(transcript);
	struct finding finding = {.check = 1,
		.port = 12323,
		.proto = 6,
		.word = VERDICT_FAIL,
		.is_critical = 1,
		.n_evidence = 1,
		.evidence = {4},
		.provision = "5.1-1",
		.text = "the login opensesame works on port 12323"};
	int32_t tested = label_day(result->run.ended_s);

	EXPECT(result_add(result, &finding));
	begin();
	for (int is_disclosed = 0; is_disclosed < 2; is_disclosed++) {
		struct label *label = &labels[0].label;
		label_from_result(label, result, NULL, 0, tested + (is_disclosed ? 91 : 10), 90);
		label_judge(label);
		EXPECT_INT(label->open_all, 1);
		EXPECT_INT(label->n_withheld, is_disclosed ? 0 : 1);
		free(labels[0].payload);
		labels[0].payload = label_to_text(label);
		labels[0].now = (struct label_now){.status = STATUS_SUSPENDED,
			.reason = "a later test (run 9) found 1 failure more"};
		entry[site.n_entries++].text = said("issue", 4 + (uint32_t)is_disclosed);
		EXPECT(!site_write(&site, &why));
		is_told = false;
		EXPECT(!nftw(folder, on_read, 8, FTW_PHYS));
		/* When its day is over everybody reads it, where it belongs. */
		EXPECT_INT(is_told, is_disclosed);
	}
	end();
	result_free(result);
	transcript_free(transcript);
}

TEST(a_log_goes_on_or_it_is_not_written)
{
	struct verify_file log[4];
	struct log_checkpoint checkpoint;
	static char early[4096];

	begin();
	struct verify_bytes since = file(0, "log/checkpoint");
	memcpy(early, since.at, since.len);
	since.at = early;
	for (site.n_entries = 1; site.n_entries < COUNT_OF(entry); site.n_entries++)
		entry[site.n_entries].text = said("status", (uint32_t)site.n_entries);
	EXPECT(!site_write(&site, &why));
	size_t n = log_files(log);
	EXPECT_INT(n, 3);
	EXPECT(log_verify(log, n, &keys, since, &checkpoint, &why));
	EXPECT_INT(checkpoint.n, COUNT_OF(entry));

	/* Something earlier is said otherwise: a database that was put back, or a lie. */
	char *kept = entry[0].text;
	entry[0].text = said("issue", 9);
	EXPECT_INT(site_write(&site, &why), ERR_STALE);
	free(entry[0].text);
	entry[0].text = kept;
	site.n_entries--;
	EXPECT_INT(site_write(&site, &why), ERR_STALE);
	site.n_entries++;
	n = log_files(log);
	EXPECT(log_verify(log, n, &keys, since, &checkpoint, &why));
	/* What is there is older than what somebody has seen. */
	struct verify_bytes late = log[0].bytes;
	log[0].bytes = since;
	EXPECT(!log_verify(log, n, &keys, late, &checkpoint, &why));
	end();
}

TEST(what_did_not_change_is_not_written_again)
{
	struct stat before, after;
	char path[256];

	begin();
	snprintf(path, sizeof path, "%s/l/%s/label.svg", folder, labels[0].label.id);
	EXPECT(!stat(path, &before));
	site.now_s += 60;
	EXPECT(!site_write(&site, &why));
	EXPECT(!stat(path, &after));
	EXPECT(before.st_ino == after.st_ino);
	end();
}
