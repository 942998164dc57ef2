/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_APP_READ_H
#define PINFOLD_CHECK_APP_READ_H

#include "check/session.h"

/*
 * Takes out of the package that the session's file is what the judge needs, and
 * writes it into the transcript: its digest, its manifest, and the files about its
 * network.  Unpacks what a stranger packed, so only the process that talks to
 * devices is linked with it; NULL until app_read_begin().
 *
 * Steps: "package" (size and digest), "manifest" and "network" (bytes, in as many
 * rounds as they need, the note of the first names file and digest), "odd" (what
 * makes it doubtful what a phone would read), "refused" (why there is nothing).
 */
enum { APP_PIECE = 48 * 1024 };

extern void (*app_read)(struct session *);
void app_read_begin(void);

#endif
