/* SPDX-License-Identifier: Apache-2.0 */
#include "page/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void
html_fini(struct html *out)
{
	free(out->at);
	*out = (struct html){0};
}

void
html_raw(struct html *out, const char *bytes, size_t len)
{
	if (out->is_full || out->len + len >= HTML_MAX) {
		out->is_full = true;
		return;
	}
	if (out->len + len + 1 > out->size) {
		size_t size = out->size ? out->size * 2 : 16384;
		while (size < out->len + len + 1)
			size *= 2;
		char *grown = realloc(out->at, size);
		if (!grown)
			fatalx("page", "out of memory");
		out->at = grown;
		out->size = size;
	}
	memcpy(out->at + out->len, bytes, len);
	out->len += len;
	out->at[out->len] = 0;
}

static void
escape(struct html *out, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const form[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	while (text && *text) {
		size_t plain = strcspn(text, special);
		html_raw(out, text, plain);
		text += plain;
		if (*text) {
			const char *as = form[strchr(special, *text++) - special];
			html_raw(out, as, strlen(as));
		}
	}
}

void
html(struct html *out, const char *form, ...)
{
	char number[64];
	va_list args;

	va_start(args, form);
	while (*form) {
		size_t plain = strcspn(form, "%");
		html_raw(out, form, plain);
		form += plain;
		if (!*form)
			break;
		form++;
		number[0] = 0;
		if (*form == 's') {
			escape(out, va_arg(args, const char *));
		} else if (*form == 'd') {
			snprintf(number, sizeof number, "%d", va_arg(args, int));
		} else if (!strncmp(form, "lld", 3)) {
			snprintf(number, sizeof number, "%lld", va_arg(args, long long));
			form += 2;
		} else if (form[0] == '.' && form[1] >= '0' && form[1] <= '2' && form[2] == 'f') {
			snprintf(
				number, sizeof number, "%.*f", form[1] - '0', va_arg(args, double));
			form += 2;
		} else {
			assert(*form == '%');
			html_raw(out, "%", 1);
		}
		html_raw(out, number, strlen(number));
		form++;
	}
	va_end(args);
}
