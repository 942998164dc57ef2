/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_DISCLOSURE_H
#define PINFOLD_MAKER_DISCLOSURE_H

#include "maker/page.h"

/*
 * What a page says to whoever found a weakness: whom to write to, when that is
 * acknowledged, when one hears how it goes on.  It is the maker's word, read by a
 * program: what it takes for a promise was said, what it does not find may have
 * been said in other words, so that nothing follows from one page alone.
 */
enum grade {
	GRADE_NONE,
	GRADE_VAGUE,      /* "promptly", or no time at all */
	GRADE_QUANTIFIED, /* a number of hours, days, weeks */
	GRADE_COUNT,
};
const char *grade_word(enum grade);

enum { DISCLOSURE_QUOTE_MAX = 120, DISCLOSURE_CONTACT_MAX = 96 };

struct timeline {
	uint8_t grade; /* enum grade */
	uint32_t hours;
	char quote[DISCLOSURE_QUOTE_MAX]; /* of the page, printable */
};

struct disclosure {
	bool is_policy; /* it is about reporting weaknesses */
	struct timeline acknowledgement, status;
	char contact[DISCLOSURE_CONTACT_MAX]; /* an address of mail; empty: none */
	bool has_phone, has_form;             /* other ways to write or speak to somebody */
};

void disclosure_read(struct disclosure *, const struct page *);

/* Does an address or a link look like one of the people that deal with weaknesses? */
bool disclosure_is_contact_name(const char *lower);

#endif
