/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TELL_KIND_H
#define PINFOLD_TELL_KIND_H

#include <stdbool.h>

/*
 * What may interrupt somebody: four kinds, and nothing else.  The rest is for the digest, and
 * for who looks.
 */
enum interrupt {
	INTERRUPT_NONE,
	INTERRUPT_HARM,    /* a device does harm, or somebody speaks for it */
	INTERRUPT_NEW,     /* somebody waits to be let in */
	INTERRUPT_SILENT,  /* a device that must not fall silent did */
	INTERRUPT_GATEWAY, /* the gateway itself is in trouble */
	INTERRUPT_COUNT,
};

/* By the kind and level of an event; *passes_quiet: also at night. */
enum interrupt interrupt_of(const char *kind, unsigned level, bool *passes_quiet);
/* It was stopped already, so that nobody needs be interrupted who has a digest. */
bool interrupt_is_over(const char *kind);
const char *interrupt_word(enum interrupt);
/* "something does harm": the beginning of a title. */
const char *interrupt_title(enum interrupt);

#endif
