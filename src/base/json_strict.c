/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_strict.h"

#include <stdbool.h>
#include <string.h>

#include "base/printable.h"

/*
 * Nesting deeper than depth_max.  Counts brackets outside strings; text that is
 * not JSON at all is left to the parser, which comes next.
 */
static bool
is_too_deep(const char *bytes, size_t len, unsigned depth_max)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > depth_max)
				return true;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

json_t *
json_strict(const char *bytes, size_t len, size_t len_max, unsigned depth_max, struct fault *why)
{
	char text[160];
	json_error_t error;

	if (len > len_max) {
		fault_set(why, ERR_INVALID, "larger than %zu bytes", len_max);
		return NULL;
	}
	if (is_too_deep(bytes, len, depth_max)) {
		fault_set(why, ERR_INVALID, "nested deeper than %u levels", depth_max);
		return NULL;
	}
	json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		printable(text, sizeof text, error.text, strlen(error.text));
		fault_set(
			why, ERR_INVALID, "line %d, column %d: %s", error.line, error.column, text);
		return NULL;
	}
	return root;
}

bool
json_take_text(char *out, size_t size, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || json_string_length(value) >= size || !is_printable(text))
		return false;
	memcpy(out, text, json_string_length(value) + 1);
	return true;
}

const char *
json_text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}
