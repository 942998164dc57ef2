/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/printable.h"
#include "maker/disclosure.h"
#include "maker/site.h"
#include "maker/support.h"

/*
 * Any site may have any page: its text, its links, what it promises and until when.
 * The first byte says whether it is HTML.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char at[] = "https://maker.example/a/b?c";
	static struct page page;
	struct disclosure disclosure;
	struct support support;
	struct page_link link;
	struct mud_url base, to;
	struct html html;
	struct span span;
	size_t from = 0, behind = 0;

	if (!size)
		return 0;
	struct bytes body = {data + 1, size - 1};
	page_read(&page, body, data[0] & 1);
	assert(page.len < PAGE_TEXT_MAX && !page.text[page.len] && !page.lower[page.len]);
	for (size_t i = 0; i < page.len; i++) {
		char c = page.text[i];
		assert((c >= ' ' && c < 127 && c != '"' && c != '\\') || c == '\n');
		assert(!(page.lower[i] >= 'A' && page.lower[i] <= 'Z'));
	}
	while (page_sentence(&page, &from, &span)) {
		assert(span.len && span.at >= behind && span.at + span.len <= page.len);
		behind = span.at + span.len;
	}
	disclosure_read(&disclosure, &page);
	support_read(&support, &page, "Bulb 2");
	assert(is_printable(disclosure.acknowledgement.quote) &&
		is_printable(disclosure.status.quote) && is_printable(disclosure.contact) &&
		is_printable(support.quote));
	assert(disclosure.acknowledgement.grade < GRADE_COUNT &&
		support.state < SUPPORT_STATE_COUNT);
	assert((support.state == SUPPORT_END) == (date_number(support.end) != 0));
	(void)(page_is_english(&page) + page_is_gate(&page) + page_is_script(&page, body.len));
	if (!mud_url_from_bytes(&base, (const uint8_t *)at, sizeof at - 1))
		abort();
	html_begin(&html, body);
	while (page_next_link(&html, &link))
		if (site_url_resolve(&to, &base, link.to)) {
			assert(!strncmp(to.text, "https://", 8) && is_printable(to.text));
			(void)site_interest(site_path(&to), link.text, "bulb");
		}
	return 0;
}
