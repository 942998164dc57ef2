/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/html.h"

#include <string.h>
#include <strings.h>

#include "base/auto.h"

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static char
lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* --- tokens ---------------------------------------------------------------------------------- */

void
html_begin(struct html *html, struct bytes page)
{
	*html = (struct html){.at = reader_over(page.at, page.len)};
}

/* The element's content, which is no text for people, up to its end. */
static void
skip_raw(struct html *html)
{
	size_t len = strlen(html->raw);

	while (reader_left(&html->at)) {
		struct bytes rest = reader_rest(&html->at);
		const uint8_t *open = memchr(rest.at, '<', rest.len);
		if (!open) {
			reader_skip(&html->at, rest.len);
			break;
		}
		reader_skip(&html->at, (size_t)(open - rest.at));
		rest = reader_rest(&html->at);
		if (rest.len > len + 2 && rest.at[1] == '/' &&
			!strncasecmp((const char *)rest.at + 2, html->raw, len))
			break;
		reader_skip(&html->at, 1);
	}
	html->raw[0] = '\0';
}

static void
skip_past(struct reader *at, const char *end)
{
	struct bytes rest = reader_rest(at);
	const uint8_t *found = memmem(rest.at, rest.len, end, strlen(end));

	reader_skip(at, found ? (size_t)(found - rest.at) + strlen(end) : rest.len);
}

static bool
begins_tag(struct bytes rest)
{
	return rest.len > 1 && rest.at[0] == '<' &&
	       (is_letter(rest.at[1]) || rest.at[1] == '/' || rest.at[1] == '!' ||
		       rest.at[1] == '?');
}

static void
take_name(struct reader *at, char name[static 12])
{
	size_t n = 0;
	int c;

	while ((c = reader_peek(at)) >= 0 && !is_blank(c) && c != '>' && c != '/') {
		if (n < 12)
			name[n++] = lower((uint8_t)c);
		reader_skip(at, 1);
	}
	/* No element that means anything here has a longer name. */
	name[n < 12 ? n : 0] = '\0';
}

/* Up to the '>' that is in no quotes; what has none goes on to the end of the page. */
static struct bytes
take_attributes(struct reader *at)
{
	struct bytes rest = reader_rest(at);
	char quote = '\0';
	size_t n = 0;

	for (; n < rest.len; n++) {
		char c = (char)rest.at[n];
		if (quote) {
			quote = c == quote ? '\0' : quote;
			continue;
		}
		if (c == '>')
			break;
		if ((c == '"' || c == '\'') && n && rest.at[n - 1] == '=')
			quote = c;
	}
	reader_skip(at, n < rest.len ? n + 1 : n);
	return (struct bytes){rest.at, n};
}

static bool
is_raw(const char *name)
{
	static const char *const names[] = {"script", "style", "template", "svg", "iframe"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void
take_text(struct reader *at, struct html_token *out)
{
	struct bytes rest = reader_rest(at);
	size_t n = 0;

	do {
		n++;
	} while (n < rest.len &&
		 !begins_tag((struct bytes){rest.at + n, rest.len - n > 2 ? 2 : rest.len - n}));
	out->kind = HTML_TEXT;
	out->inside = (struct bytes){reader_bytes(at, n), n};
}

bool
html_next(struct html *html, struct html_token *out)
{
	*out = (struct html_token){0};
	if (html->raw[0])
		skip_raw(html);
	for (;;) {
		struct bytes rest = reader_rest(&html->at);
		if (!rest.len)
			return false;
		if (!begins_tag(rest)) {
			take_text(&html->at, out);
			return true;
		}
		if (rest.len >= 4 && !memcmp(rest.at, "<!--", 4)) {
			reader_skip(&html->at, 4);
			skip_past(&html->at, "-->");
			continue;
		}
		if (rest.at[1] == '!' || rest.at[1] == '?') {
			skip_past(&html->at, ">");
			continue;
		}
		break;
	}
	reader_skip(&html->at, 1);
	out->kind = reader_peek(&html->at) == '/' ? HTML_CLOSE : HTML_OPEN;
	if (out->kind == HTML_CLOSE)
		reader_skip(&html->at, 1);
	take_name(&html->at, out->name);
	out->inside = take_attributes(&html->at);
	if (out->kind == HTML_OPEN && is_raw(out->name))
		memcpy(html->raw, out->name, sizeof html->raw);
	return true;
}

static struct bytes
take_value(struct reader *at)
{
	struct bytes rest = reader_rest(at);
	int quote = reader_peek(at);
	size_t n = 0;

	if (quote == '"' || quote == '\'') {
		const uint8_t *end = memchr(rest.at + 1, quote, rest.len - 1);
		n = end ? (size_t)(end - rest.at) - 1 : rest.len - 1;
		reader_skip(at, end ? n + 2 : n + 1);
		return (struct bytes){rest.at + 1, n};
	}
	while (n < rest.len && !is_blank(rest.at[n]))
		n++;
	reader_skip(at, n);
	return (struct bytes){rest.at, n};
}

bool
html_attribute(const struct html_token *tag, const char *name, char *out, size_t size)
{
	struct reader at = reader_over(tag->inside.at, tag->inside.len);
	int c;

	for (;;) {
		while ((c = reader_peek(&at)) >= 0 && (is_blank(c) || c == '/' || c == '='))
			reader_skip(&at, 1);
		struct bytes rest = reader_rest(&at);
		size_t n = 0;
		while (n < rest.len && !is_blank(rest.at[n]) && rest.at[n] != '=' &&
			rest.at[n] != '/')
			n++;
		if (!n)
			return false;
		reader_skip(&at, n);
		bool is_it = bytes_are_nocase((struct bytes){rest.at, n}, name);
		while ((c = reader_peek(&at)) >= 0 && is_blank(c))
			reader_skip(&at, 1);
		struct bytes value = {0};
		if (c == '=') {
			reader_skip(&at, 1);
			while ((c = reader_peek(&at)) >= 0 && is_blank(c))
				reader_skip(&at, 1);
			if (reader_left(&at))
				value = take_value(&at);
		}
		if (is_it) {
			html_plain(value, out, size);
			return true;
		}
	}
}

/* --- plain text ------------------------------------------------------------------------------ */

struct plain {
	char *out;
	size_t n, size;
};

static void
put(struct plain *plain, const char *text)
{
	for (; *text && plain->n + 1 < plain->size; text++)
		plain->out[plain->n++] = *text;
}

static void
put_code(struct plain *plain, uint32_t code)
{
	char one[2] = {(char)code, '\0'};

	if (code == '"' || code == 0x2018 || code == 0x2019 || code == 0x201b ||
		(code >= 0x201c && code <= 0x201e))
		put(plain, "'");
	else if (code == '\\')
		put(plain, "/");
	else if (code == '\n' || (code >= ' ' && code < 0x7f))
		put(plain, one);
	else if (code < ' ' || code == 0xa0 || (code >= 0x2000 && code <= 0x200a) ||
		 code == 0x202f || code == 0x3000)
		put(plain, " ");
	else if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212)
		put(plain, "-");
	else if (code == 0xa9)
		put(plain, "(c)");
	else if (code == 0xa3)
		put(plain, "GBP ");
	else if (code == 0x20ac)
		put(plain, "EUR ");
	else if (code != 0xad && !(code >= 0x200b && code <= 0x200d) && code != 0xfeff)
		put(plain, "?");
}

/* A character of UTF-8 (RFC 3629); what is none is one byte of something unknown. */
static uint32_t
take_code(struct reader *at)
{
	uint8_t first = reader_u8(at);
	unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
	struct bytes rest = reader_rest(at);

	if (first < 0x80)
		return first;
	uint32_t code = first & (0x3fu >> more);
	if (!more || first > 0xf4 || rest.len < more)
		return 0xfffd;
	for (unsigned i = 0; i < more; i++) {
		if ((rest.at[i] & 0xc0) != 0x80)
			return 0xfffd;
		code = code << 6 | (rest.at[i] & 0x3f);
	}
	reader_skip(at, more);
	return code;
}

static const struct {
	const char *name;
	uint32_t code;
} references[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''},
	{"nbsp", ' '}, {"ndash", '-'}, {"mdash", '-'}, {"rsquo", '\''}, {"lsquo", '\''},
	{"ldquo", '"'}, {"rdquo", '"'}, {"hellip", '.'}, {"bull", '*'}, {"copy", 0xa9},
	{"commat", '@'}, {"period", '.'}, {"colon", ':'}, {"sol", '/'}, {"pound", 0xa3},
	{"euro", 0x20ac}, {"shy", 0xad}};

/* Behind the '&'; false where it is an ampersand and nothing else. */
static bool
take_reference(struct reader *at, uint32_t *code)
{
	struct bytes rest = reader_rest(at);
	const uint8_t *end = memchr(rest.at, ';', rest.len < 12 ? rest.len : 12);
	size_t n = end ? (size_t)(end - rest.at) : 0;
	uint32_t number = 0;

	if (n < 2)
		return false;
	for (size_t i = 0; i < COUNT_OF(references); i++)
		if (bytes_are((struct bytes){rest.at, n}, references[i].name)) {
			*code = references[i].code;
			reader_skip(at, n + 1);
			return true;
		}
	if (rest.at[0] != '#')
		return false;
	bool is_hex = lower(rest.at[1]) == 'x';
	for (size_t i = is_hex ? 2 : 1; i < n; i++) {
		char c = lower(rest.at[i]);
		uint32_t digit = c >= '0' && c <= '9'             ? (uint32_t)(c - '0')
				 : is_hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
								  : 99;
		if (digit == 99 || number > 0x10ffff)
			return false;
		number = number * (is_hex ? 16 : 10) + digit;
	}
	*code = number ? number : 0xfffd;
	reader_skip(at, n + 1);
	return true;
}

size_t
html_plain(struct bytes bytes, char *out, size_t size)
{
	struct reader at = reader_over(bytes.at, bytes.len);
	struct plain plain = {.out = out, .size = size};

	while (reader_left(&at) && plain.n + 1 < size) {
		uint32_t code = take_code(&at);
		if (code == '&' && !take_reference(&at, &code))
			code = '&';
		put_code(&plain, code);
	}
	out[plain.n] = '\0';
	return plain.n;
}
