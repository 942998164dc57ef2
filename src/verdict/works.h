/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_VERDICT_WORKS_H
#define PINFOLD_VERDICT_WORKS_H

#include <stddef.h>

#include "message/finding.h"

/*
 * Does it work without the internet, and without its maker?  One result each, stated
 * by the checks that take these away (check/rig_outage.c), with what was seen.  It is
 * no provision and rolls up to none: a device may need its maker and be good.
 */
enum works_without { WITHOUT_INTERNET, WITHOUT_MAKER, WORKS_COUNT };

struct works {
	const char *without; /* "the internet", "its maker" */
	const char *word;    /* "yes", "partly", "no", "not shown" */
	/* What was seen; borrowed from the findings, without the word in front.  Empty: nobody looked. */
	const char *seen;
};

void works_from_findings(const struct finding *, size_t n, struct works out[static WORKS_COUNT]);

#endif
