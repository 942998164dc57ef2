/* SPDX-License-Identifier: Apache-2.0 */
#include "label/escape.h"

void
escape_markup(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text >= ' ' && *text < 127 ? *text : '.', out);
		}
}
