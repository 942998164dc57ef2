/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_LABEL_RUN_H
#define PINFOLD_TEST_LABEL_RUN_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "check/check.h"
#include "label/pack.h"
#include "label/report.h"
#include "test.h"

/*
 * A run as the engine leaves it: one check whose probe never came to its end, the
 * findings that follow from that, and a device that lies about its name.
 */
static inline struct audit_result *
run_result(const struct transcript *transcript)
{
	struct audit_result *result = result_new();
	struct findings *found = calloc(1, sizeof *found);

	snprintf(result->device.id, sizeof result->device.id, "d-abcdefghij");
	snprintf(result->device.name, sizeof result->device.name, "hall <script>alert(1)</script>");
	snprintf(result->device.claimed_model, sizeof result->device.claimed_model, "IPC & 100");
	result->run.number = 7;
	result->run.begun_s = 1767225600;
	result->run.ended_s = 1767226500;
	result->run.consent = CONSENT_PROBE;
	result->run.is_complete = true;
	result->run.units = 1;
	snprintf(result->run.tool, sizeof result->run.tool, "pinfold " PINFOLD_VERSION);
	pack_ruleset(result->run.ruleset);
	for (; result->n_checks < n_checks; result->n_checks++) {
		struct audit_check *check = &result->check[result->n_checks];
		snprintf(check->id, sizeof check->id, "%s", checks[result->n_checks].id);
		snprintf(
			check->title, sizeof check->title, "%.90s", checks[result->n_checks].title);
	}
	result->check[0].is_planned = true;
	result->check[0].step = AUDIT_STEP_DONE;
	check_judge(0, transcript, found);
	for (size_t i = 0; i < found->n; i++)
		EXPECT(result_add(result, &found->finding[i]));
	EXPECT(result->n_findings > 0);
	free(found);
	return result;
}

static inline void
run_file(const char *folder, const char *name, const void *bytes, size_t len)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	auto_fclose FILE *file = fopen(path, "we");
	EXPECT(file && fwrite(bytes, 1, len, file) == len);
}

/* A folder below /tmp with result.json, probes.jsonl and env.json; see run_end(). */
static inline void
run_folder(char folder[static 32])
{
	char path[64];
	size_t len;

	snprintf(folder, 32, "/tmp/pinfold-pack-XXXXXX");
	EXPECT(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/probes.jsonl", folder);
	FILE *file = fopen(path, "we");
	EXPECT(file);
	struct transcript *transcript = transcript_new(file);
	struct exchange exchange = {.check = 0,
		.port = 23,
		.proto = 6,
		.end = EXCHANGE_CLOSED,
		.round = 1,
		.utc_s = 1767225700,
		.step = "open",
		.sent = (const uint8_t *)"hello",
		.n_sent = 5};
	EXPECT(ip_parse(&exchange.address, "198.18.0.7"));
	for (int i = 0; i < 40; i++)
		EXPECT(transcript_add(transcript, &exchange));
	EXPECT(!fclose(file));
	transcript_write_to(transcript, NULL);

	struct audit_result *result = run_result(transcript);
	auto_free char *text = result_to_text(result, &len);
	run_file(folder, "result.json", text, len);
	run_file(folder, "env.json", "{}\n", 3);
	result_free(result);
	transcript_free(transcript);
}

static inline void
run_end(const char *folder)
{
	static const char *const names[] = {
		"result.json", "probes.jsonl", "env.json", "device.json", "key", "pack"};
	char path[256];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	EXPECT(!rmdir(folder));
}

static bool run_is_redacted __attribute__((unused));

/* The pack of the folder, on the heap; ERR_OK or what was said. */
static inline enum err
run_pack(const char *folder, uint8_t **out, size_t *len, uint8_t key[static ISSUER_PUBLIC_LEN],
	struct fault *why)
{
	char path[256];
	struct issuer *issuer = NULL;
	struct stat stat;

	snprintf(path, sizeof path, "%s/key", folder);
	EXPECT(!issuer_open(path, &issuer, why));
	issuer_public(issuer, key);
	snprintf(path, sizeof path, "%s/pack", folder);
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	EXPECT(fd >= 0);
	enum err err = run_is_redacted ? pack_write_redacted(folder, issuer, fd, why)
				       : pack_write(folder, issuer, fd, why);
	issuer_free(issuer);
	if (err)
		return err;
	EXPECT(!fstat(fd, &stat));
	*len = (size_t)stat.st_size;
	*out = malloc(*len);
	EXPECT(*out && pread(fd, *out, *len, 0) == (ssize_t)*len);
	return ERR_OK;
}

#endif
