/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[ERR_COUNT] = {
#define X(code, text) [code] = text,
	ERR_LIST(X)
#undef X
};

const char *
err_text(enum err err)
{
	return (unsigned)err < ERR_COUNT ? texts[err] : "unknown error";
}

void
fault_set(struct fault *fault, enum err code, const char *fmt, ...)
{
	va_list ap;

	fault->code = code;
	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof fault->text, fmt, ap);
	va_end(ap);
}

void
fault_prefix(struct fault *fault, const char *fmt, ...)
{
	char was[sizeof fault->text];
	va_list ap;

	memcpy(was, fault->text, sizeof was);
	va_start(ap, fmt);
	int n = vsnprintf(fault->text, sizeof fault->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof fault->text - 1)
		snprintf(fault->text + n, sizeof fault->text - (size_t)n, "%s", was);
}
