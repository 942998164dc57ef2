/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_REPORT_H
#define PINFOLD_LABEL_REPORT_H

#include <stdio.h>

#include "verdict/result.h"

/*
 * What an audit came to, for people and for other programs.  Pure: the same
 * result gives the same bytes.  Everything that came from outside is escaped for
 * the format it is written in; a page has no script and loads nothing.
 */

/* One page that begins with plain words and can be printed. */
void report_html(const struct audit_result *, FILE *);

/* The same as a document to hand over and to keep: A4, text and tables, no more than that. */
void report_pdf(const struct audit_result *, FILE *);

/*
 * JUnit XML for a maker's build: a test case is a finding or a provision that
 * nobody looked at.  FAIL is a failure, INC is skipped with its reason, and so is
 * what was only declared.  With a baseline, an earlier result, failures that it has
 * as well are told as known and do not count.
 */
struct junit_counts {
	uint32_t tests, failures, skipped, known;
};
void report_junit(const struct audit_result *, const struct audit_result *baseline, FILE *,
	struct junit_counts *);

/*
 * A finding is the same as one of another run if its check, provision and
 * place are; its words and numbers may differ.
 */
bool report_is_same_finding(const struct audit_result *, const struct finding *,
	const struct audit_result *, const struct finding *);

/* The whole mapping as columns separated by tabs; as JSON; as a page to read. */
void standards_tsv(FILE *);
void standards_csv(FILE *);
json_t *standards_json(void);
void standards_html(FILE *);

#endif
