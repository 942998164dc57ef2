/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_JSON_STRICT_H
#define PINFOLD_BASE_JSON_STRICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * JSON that nobody trusts: length and depth are counted before anything is
 * built, a repeated key is refused (parsers disagree on which one counts, so a
 * signature over it says nothing), text is UTF-8 without NUL, and nothing may
 * follow.  Gives a reference, or NULL with line, column and reason.
 */
json_t *json_strict(
	const char *bytes, size_t len, size_t len_max, unsigned depth_max, struct fault *why);

/* The text of a string, if it is printable and fits with its NUL; else false, and out is as it was. */
bool json_take_text(char *out, size_t size, const json_t *value);

/* The text under a key, borrowed; "" when there is none. */
const char *json_text_of(const json_t *object, const char *key);

#endif
