/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_PURPOSE_H
#define PINFOLD_POLICY_PURPOSE_H

#include <stdint.h>

/*
 * What a device probably talks to somebody for.  A guess for people, from names and
 * ports alone: nothing is decided by it, and why says what it rests on.
 */
enum purpose {
	PURPOSE_UNKNOWN,
	PURPOSE_CONTROL, /* its maker's servers, or a protocol of control */
	PURPOSE_UPDATE,
	PURPOSE_TRACKING, /* measuring, profiling, advertisements */
	PURPOSE_TIME,
	PURPOSE_HOUSE, /* a device of the same house */
	PURPOSE_COUNT,
};
const char *purpose_word(enum purpose);

struct purpose_asked {
	const char *name;  /* claimed, lower case; "" when not known */
	const char *maker; /* name of the maker's site; "" when not known */
	uint32_t peer;     /* a device here; 0: none */
	uint16_t port;
};
enum purpose purpose_of(const struct purpose_asked *, const char **why);

/*
 * The last two labels of a name, three where the last but one is short, as in co.uk:
 * about whose it is.  Points into the name; "" for none.
 */
const char *purpose_site(const char *name);

#endif
