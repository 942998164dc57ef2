/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_CONDITION_H
#define PINFOLD_VERDICT_CONDITION_H

/* Conditions of provisions: between verdict.c and standard.c by edition, for reports by what was seen. */
#include <stdbool.h>
#include <stddef.h>

#include "verdict/verdict.h"

/*
 * The finding that shows that a condition ("F:a") holds, whatever was declared; NULL: none.
 */
const struct finding *condition_seen(const char *key, const struct finding *, size_t n);

/* One of the conditions (a cell of the table) was shown not to hold, and none that it does. */
bool condition_is_absent(const char *conditions, bool is_v2, const struct finding *, size_t n);
/* Of an id, the answer to its conditions being given. */
struct verdict verdict_of_id(const char *id, bool is_absent, const struct finding *, size_t n);

#endif
