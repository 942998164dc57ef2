/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_LABEL_ISSUED_H
#define PINFOLD_TEST_LABEL_ISSUED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "label/issuer.h"
#include "label/jws.h"
#include "label/label.h"
#include "test.h"

enum { ISSUED_S = 1767225600, DAY_S = 24 * 3600 }; /* 2026-01-01 */

/* A fresh key in a file that is gone again. */
static inline struct issuer *
issued_key(struct issuer_keys *keys)
{
	char path[] = "/tmp/pinfold-key-XXXXXX";
	struct issuer *issuer = NULL;
	struct fault why;
	int fd = mkstemp(path);

	EXPECT(fd >= 0);
	close(fd);
	unlink(path);
	EXPECT(!issuer_open(path, &issuer, &why));
	unlink(path);
	keys->n = 1;
	issuer_public(issuer, keys->key[0]);
	return issuer;
}

/* A camera that was tested and found well, by a laboratory. */
static inline void
issued_label(struct label *label, const struct issuer_keys *keys)
{
	memset(label, 0, sizeof *label);
	strcpy(label->issuer, "https://labels.example");
	strcpy(label->issuer_name, "Example Laboratory");
	strcpy(label->issuer_kind, "laboratory");
	strcpy(label->maker, "Example Maker");
	strcpy(label->model, "IPC-100");
	strcpy(label->hardware, "2");
	strcpy(label->firmware, "1.9");
	strcpy(label->firmware_below, "1.12");
	strcpy(label->responsible, "Example Maker");
	strcpy(label->tool, "pinfold");
	strcpy(label->pace, "lab");
	strcpy(label->consent, "intrude");
	label->revision = 3;
	label->index = 5;
	label->issued_s = ISSUED_S;
	label->until_s = ISSUED_S + 180 * DAY_S;
	label->tested_s = ISSUED_S - DAY_S;
	label->run = 7;
	label->units = 2;
	label->is_complete = true;
	EXPECT(label_date_parse(&label->support_end, "2031-01-01"));
	label->life_years = 5;
	label->mandatory[VERDICT_NFF] = 36;
	label->recommended[VERDICT_NFF] = 40;
	label->recommended[VERDICT_INC] = 2;
	label->passwords = label->reporting = label->support = label->offline = VERDICT_NFF;
	memset(label->clause, VERDICT_NFF, sizeof label->clause);
	label->n_checks = 1;
	strcpy(label->check[0], "tcp-ports");
	label_id(label, keys->key[0]);
	label_judge(label);
}

#endif
