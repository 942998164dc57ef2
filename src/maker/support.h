/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_SUPPORT_H
#define PINFOLD_MAKER_SUPPORT_H

#include "maker/date.h"
#include "maker/page.h"

/*
 * Until when a page promises security updates.  Of a page that names several
 * products, only the date beside the one that is asked for counts.
 */
enum support_state {
	SUPPORT_NONE,      /* nothing is said */
	SUPPORT_VAGUE,     /* "for the lifetime of the product" */
	SUPPORT_AMBIGUOUS, /* a date that can be read in two ways */
	SUPPORT_YEARS,     /* a number of years, from a day that the public does not know */
	SUPPORT_SEVERAL,   /* dates of several products, and none is known to be of this one */
	SUPPORT_END,       /* a day, or a month and year */
	SUPPORT_STATE_COUNT,
};
const char *support_word(enum support_state);

enum { SUPPORT_QUOTE_MAX = 120 };

struct support {
	uint8_t state; /* enum support_state */
	bool names_model;
	bool has_price;     /* what it costs stands on the same page */
	bool never_updated; /* it says that the product cannot be updated */
	struct date end;
	char quote[SUPPORT_QUOTE_MAX]; /* of the page, printable */
};

/* model: as the device calls itself; may be empty. */
void support_read(struct support *, const struct page *, const char *model);

#endif
