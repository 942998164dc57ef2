/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_CONDITION_H
#define PINFOLD_VERDICT_CONDITION_H

/* Between verdict.c and standard.c: conditions of provisions, by edition. */
#include <stdbool.h>
#include <stddef.h>

#include "verdict/verdict.h"

/* One of the conditions (a cell of the table) was shown not to hold. */
bool condition_is_absent(const char *conditions, bool is_v2, const struct finding *, size_t n);
/* Of an id, the answer to its conditions being given. */
struct verdict verdict_of_id(const char *id, bool is_absent, const struct finding *, size_t n);

#endif
