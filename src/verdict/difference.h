/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_DIFFERENCE_H
#define PINFOLD_VERDICT_DIFFERENCE_H

#include "verdict/result.h"

/*
 * What became of the verdicts of a product: the same evidence by the rules of
 * another day, or another run of the same model.  Pure.
 */
struct difference {
	size_t n;       /* provisions whose word is another one */
	size_t n_fails; /* of them, those that fail now and did not */
	char text[320]; /* "5.1-1 was NFF and is FAIL"; the failures first, cut where it is full */
};

/*
 * only_failures: of what both looked at, only what fails in one and not in the other:
 * what two runs came to look at differs, and is no change of the product.
 */
void difference_between(const struct audit_result *before, const struct audit_result *now,
	bool only_failures, struct difference *);

#endif
