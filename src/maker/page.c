/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/page.h"

#include <string.h>

#include "base/auto.h"

/* --- reading ------------------------------------------------------------------------------------ */

static bool
is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* These stand within a line; whatever else begins or ends one. */
static bool
is_inline(const char *name)
{
	static const char *const names[] = {"a", "abbr", "b", "bdi", "cite", "code", "data", "em",
		"font", "i", "img", "kbd", "label", "mark", "q", "s", "small", "span", "strong",
		"sub", "sup", "td", "th", "time", "u", "var", "wbr"};

	return is_one_of(name, names, COUNT_OF(names));
}

static bool
is_heading(const char *name)
{
	static const char *const names[] = {"h1", "h2", "h3", "h4", "h5", "h6", "caption"};

	return is_one_of(name, names, COUNT_OF(names));
}

static void
put_char(struct page *page, char c)
{
	if (page->len + 1 >= PAGE_TEXT_MAX) {
		page->is_cut = true;
		return;
	}
	page->text[page->len++] = c;
}

static void
put_blank(struct page *page)
{
	if (page->len && page->text[page->len - 1] != ' ' && page->text[page->len - 1] != '\n')
		put_char(page, ' ');
}

static void
put_line_end(struct page *page)
{
	if (page->len && page->text[page->len - 1] == ' ')
		page->len--;
	if (page->len && page->text[page->len - 1] != '\n')
		put_char(page, '\n');
}

static void
put_text(struct page *page, struct bytes raw, bool keeps_lines)
{
	char plain[512];

	while (raw.len) {
		/* By pieces that end between words, so that no reference is cut. */
		size_t n = raw.len < 400 ? raw.len : 400;
		while (n < raw.len && n > 200 && raw.at[n] != ' ' && raw.at[n] != '\n')
			n--;
		size_t len = html_plain((struct bytes){raw.at, n}, plain, sizeof plain);
		for (size_t i = 0; i < len; i++) {
			if (plain[i] == '\n' && keeps_lines)
				put_line_end(page);
			else if (plain[i] == ' ' || plain[i] == '\n')
				put_blank(page);
			else
				put_char(page, plain[i]);
		}
		raw.at += n;
		raw.len -= n;
	}
}

static void
note_field(struct page *page, const struct html_token *tag)
{
	char type[16] = "", name[32] = "";

	if (!strcmp(tag->name, "textarea"))
		page->takes_text = true;
	if (strcmp(tag->name, "input"))
		return;
	html_attribute(tag, "type", type, sizeof type);
	html_attribute(tag, "name", name, sizeof name);
	page->asks_password |= !strcasecmp(type, "password");
	page->asks_mail |= !strcasecmp(type, "email") || strcasestr(name, "mail");
}

static void
take_tag(struct page *page, const struct html_token *tag, bool *keeps_lines)
{
	bool is_open = tag->kind == HTML_OPEN;

	if (!strcmp(tag->name, "pre"))
		*keeps_lines = is_open;
	if (is_open)
		note_field(page, tag);
	if (is_open && !strcmp(tag->name, "html"))
		html_attribute(tag, "lang", page->claimed_language, sizeof page->claimed_language);
	if (is_open && !strcmp(tag->name, "script"))
		page->has_scripts = true;
	if (!strcmp(tag->name, "td") || !strcmp(tag->name, "th") || !strcmp(tag->name, "img"))
		put_blank(page);
	else if (!is_inline(tag->name))
		put_line_end(page);
	if (is_open && is_heading(tag->name)) {
		put_char(page, '#');
		put_char(page, ' ');
	}
}

void
page_read(struct page *page, struct bytes body, bool is_html)
{
	struct html_token token;
	bool keeps_lines = false;
	struct html html;

	memset(page, 0, sizeof *page);
	if (body.len > PAGE_BYTES_MAX)
		body.len = PAGE_BYTES_MAX;
	html_begin(&html, body);
	if (!is_html) {
		put_text(page, body, true);
	} else {
		while (html_next(&html, &token)) {
			if (token.kind == HTML_TEXT)
				put_text(page, token.inside, keeps_lines);
			else
				take_tag(page, &token, &keeps_lines);
		}
	}
	page->text[page->len] = '\0';
	for (size_t i = 0; i < page->len; i++) {
		char c = page->text[i];
		page->lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
}

/* --- sentences ------------------------------------------------------------------------------- */

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A full stop with a capital behind it; "Dec. 2031" and "approx. 5 days" go on. */
static bool
ends_sentence(const struct page *page, size_t at)
{
	char c = page->text[at], next = at + 1 < page->len ? page->text[at + 1] : '\n';
	char behind = at + 2 < page->len ? page->text[at + 2] : '\n';

	if (c == '\n')
		return true;
	if (next != ' ')
		return false;
	return c == ';' || c == '!' || c == '?' || (c == '.' && is_upper(behind));
}

bool
page_sentence(const struct page *page, size_t *from, struct span *out)
{
	while (*from < page->len) {
		size_t at = *from;
		while (at < page->len && at - *from < PAGE_LINE_MAX && !ends_sentence(page, at))
			at++;
		*out = (struct span){*from, at - *from};
		bool is_end = at < page->len && ends_sentence(page, at);
		*from = is_end ? at + 1 : at;
		while (out->len && page->text[out->at] == ' ') {
			out->at++;
			out->len--;
		}
		if (out->len)
			return true;
	}
	return false;
}

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

const char *
page_phrase(const struct page *page, struct span span, const char *phrase)
{
	size_t len = strlen(phrase);
	const char *begin = page->lower + span.at, *at = begin, *end = begin + span.len;

	while (at < end && (at = memmem(at, (size_t)(end - at), phrase, len))) {
		if (at == page->lower || !is_word_byte(at[-1]))
			return at;
		at++;
	}
	return NULL;
}

bool
page_has(const struct page *page, struct span span, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (page_phrase(page, span, *phrases))
			return true;
	return false;
}

void
page_quote(const struct page *page, struct span span, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < span.len && n + 1 < size; i++)
		out[n++] = page->text[span.at + i] == '\n' ? ' ' : page->text[span.at + i];
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* --- what kind of page ------------------------------------------------------------------------ */

bool
page_is_english(const struct page *page)
{
	static const char *const common[] = {"the", "and", "of", "to", "in", "is", "for", "a", "we",
		"you", "your", "our", "with", "this", "be", "or", "on", "by", "are", "from",
		"until", "will", "it", "as"};
	size_t words = 0, english = 0, foreign = 0;

	for (size_t at = 0; at < page->len;) {
		size_t len = 0;
		while (at + len < page->len && page->lower[at + len] >= 'a' &&
			page->lower[at + len] <= 'z')
			len++;
		foreign += !len && page->text[at] == '?' && at && is_word_byte(page->lower[at - 1]);
		foreign += !len && page->text[at] == '?' && at && page->text[at - 1] == '?';
		for (size_t i = 0; len && i < COUNT_OF(common); i++)
			english += strlen(common[i]) == len &&
				   !memcmp(page->lower + at, common[i], len);
		words += len > 0;
		at += len ? len : 1;
	}
	if (words + foreign < 40)
		return strncmp(page->claimed_language, "en", 2) == 0 || !page->claimed_language[0];
	return english * 100 >= (words + foreign) * 8;
}

bool
page_is_script(const struct page *page, size_t body_len)
{
	return page->has_scripts && page->len < 240 && body_len > 8 * page->len;
}

bool
page_is_gate(const struct page *page)
{
	static const char *const asks[] = {"log in", "login", "sign in", "register", "sign up",
		"create an account", "enter your", "your email", "your details", NULL};
	struct span whole = {0, page->len};

	return (page->asks_password || page->asks_mail) && page_has(page, whole, asks);
}

/* --- links --------------------------------------------------------------------------------------- */

bool
page_next_link(struct html *html, struct page_link *link)
{
	struct html_token token;

	while (html_next(html, &token)) {
		if (token.kind != HTML_OPEN || strcmp(token.name, "a") ||
			!html_attribute(&token, "href", link->to, sizeof link->to))
			continue;
		size_t n = 0;
		link->text[0] = '\0';
		/* Its text ends where another one begins, so that no page is read twice. */
		struct html behind = *html;
		for (int i = 0; i < 8 && html_next(&behind, &token); i++) {
			if (!strcmp(token.name, "a"))
				break;
			if (token.kind == HTML_TEXT && n + 1 < sizeof link->text)
				n += html_plain(
					token.inside, link->text + n, sizeof link->text - n);
		}
		return true;
	}
	return false;
}
