/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_APP_H
#define PINFOLD_PROCESS_ENGINE_APP_H

#include "check/app_scope.h"
#include "process/engine.h"

/*
 * The app that belongs to a device, which its owner has on a phone.  Two kinds of
 * runs are about it, and their verdicts are of the app, never of the device:
 *
 *	profile "app"	its package: a descriptor that the command line gave, which
 *			goes to the checker as it is; we do not read it
 *	profile "phone"	the phone on the wire, for some minutes
 *
 * A phone is personal, and nothing but its presence is ever recorded.  A run of
 * the second kind is the one exception, and the owner makes it: it says for how
 * long, and towards which servers (check/app_scope.h).  Until then, and there
 * alone, what the phone sends is kept as that of a device would be, and its flows
 * may be turned to false certificates.  All other rows about it are thrown away
 * as ever, here, before anything looks at them.  The window is in memory only: it
 * ends with its time, with the run, or with this process, and what it gathered is
 * the evidence of its run and is kept nowhere else.
 */
struct audit;
struct app;

enum {
	APP_MINUTES_DEFAULT = 20, /* a passive check says NFF after a quarter of an hour */
	APP_MINUTES_MAX = 60,
};

struct app_wish {
	int fd;           /* the package, taken; -1: the phone on the wire */
	const char *name; /* of the file, for people */
	struct ward *of;  /* the device; NULL: not known (package alone) */
	struct ward *phone;
	uint32_t minutes;
	const char *consent, *names, *pace;
	bool has_trackers, is_all;
};
/* The run, or 0 with the reason.  Takes the descriptor. */
uint32_t app_begin(const struct app_wish *, const char *who, struct fault *why);

/* --- what is seen of a phone ---------------------------------------------------------------- */

bool app_is_on(const struct ward *); /* a window is open on this phone */
/* May this row about a phone be kept?  Learns which flows and addresses are meant. */
bool app_permits(const struct ward *, const struct observation *);
bool app_permits_name(const struct ward *, const struct message_answered *);
json_t *app_show(const struct ward *); /* for who looks at the phone; NULL: nothing is on */

/* --- hooks of engine_audit*.c ----------------------------------------------------------------- */

bool app_is_profile(const char *profile);
/* The run has its number, and the app from now on: it is freed with it. */
void app_begun(struct audit *, struct app *, const char *who);
/* Whose flows the run is about: the phone; NULL: nobody's.  Of other runs: the device. */
struct ward *app_subject(const struct audit *);
bool app_fill(struct audit *, struct message_audit *); /* false: it cannot be told now */
void app_look(struct audit *);                         /* once a second */
bool app_goes_on(struct audit *);                      /* the checker is done; the window is not */
/* Fills in the phone and the addresses.  ERR_OK with *is_empty: none is known yet. */
enum err app_rig(struct audit *, struct message_rig *, bool *is_empty) MUST_USE;
void app_close(struct audit *); /* the window, at once; again is fine */
void app_free(struct app *);    /* NULL is fine */

#endif
