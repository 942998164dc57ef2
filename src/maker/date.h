/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_DATE_H
#define PINFOLD_MAKER_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Dates and times as people write them in English.  Text is lower case, and need
 * not end in a NUL.  What can be read in two ways is never guessed.
 */
struct date {
	uint16_t year;
	uint8_t month, day; /* 0: it is not said */
};
enum { DATE_TEXT_MAX = 12 };

struct dated {
	struct date date;
	bool is_ambiguous; /* 03/04/2027, or a year of two digits: date is unset */
	size_t at, len;    /* where it stands */
};

/*
 * The next date at or after `from`: "31 December 2031", "Dec 31st, 2031",
 * "December 2031", "2031-12-31", "31.12.2031", "12/2031", "end of 2031", "2031".
 */
bool date_find(const char *text, size_t len, size_t from, struct dated *);
/* Its last day as 20311231, for comparing; 0 for none. */
uint32_t date_number(struct date);
/* "2031-12-31", "2031-12", "2031" */
void date_render(struct date, char out[static DATE_TEXT_MAX]);
bool date_parse(struct date *, const char *text); /* of what date_render() gave */
/* The day, in UTC, of a time. */
struct date date_of(int64_t utc_s);
/* RFC 3339, section 5.6: a date-time; false for everything else. */
bool date_time_parse(const char *text, size_t len, int64_t *utc_s);

struct duration {
	uint32_t hours;
	bool is_every; /* "every two weeks", "weekly" */
	size_t at, len;
};

/* "5 business days", "48h", "two (2) weeks", "3-5 days" (5), "within a week", "next working day". */
bool duration_find(const char *text, size_t len, size_t from, struct duration *);

#endif
