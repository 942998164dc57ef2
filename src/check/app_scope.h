/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_APP_SCOPE_H
#define PINFOLD_CHECK_APP_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "message/message.h"

/*
 * Which servers belong to the test of one app on somebody's phone.  All other
 * things that the phone does are nobody's business, so whatever is not in the
 * scope is neither kept nor turned to a test.
 *
 * A scope is text, words with blanks between them:
 *
 *	cam.example     the site: this name and all below it
 *	=cdn.example    this name alone
 *	+trackers       names of data/trackers.txt
 *	*               everything
 *
 * The site of a name is what its owner registered, as near as can be told without
 * a list of all registries: the last two labels, or three below a registry like
 * co.uk.  Of sites that many share (data/shared-sites.txt: large platforms, time
 * servers, networks of delivery) it is the name alone, or a device that asks one
 * of them for the time would open all that its owner does there.
 */
enum { APP_SCOPE_MAX = AUDIT_SCOPE_MAX, APP_SCOPE_WORD_MAX = 128 };

bool app_scope_has(const char *scope, const char *name);
/* The word for a name; false when it is none (a number, a single label, too long). */
bool app_scope_word(const char *name, char out[static APP_SCOPE_WORD_MAX]);
/* Adds the word, unless it is there; false when it is none, or has no room. */
bool app_scope_add(char scope[static APP_SCOPE_MAX], const char *word);

#endif
