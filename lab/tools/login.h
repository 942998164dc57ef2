/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_LOGIN_H
#define PINFOLD_LAB_LOGIN_H

#include <stdbool.h>

#include "net.h"

/*
 * True when the login works: over telnet a shell answered a question that only
 * a shell can, over ssh a command ran, over http the page came with the login
 * and not without it.  One try, within the time.
 */
bool login_works(const char *protocol, const struct endpoint *, const char *user,
	const char *password, int timeout_ms);

/*
 * Each line of the standard input is one try, "NAME FAMILY TARGET PROTOCOL PORT
 * USER PASSWORD"; it comes out again with "works" or "fails" in front.  Up to 64
 * at once.  Returns the number that could not be understood.
 */
int login_try_all(const char *facts, int timeout_ms);

#endif
