/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_LABEL_H
#define PINFOLD_PROCESS_ENGINE_LABEL_H

#include "label/label_status.h"
#include "label/status.h"
#include "process/engine.h"

/*
 * Labels, as the engine keeps them.  engine_label.c issues its own and derives their
 * status; engine_label_trust.c follows those of issuers whom the owner trusts, and
 * engine_label_list.c asks those issuers.
 *
 * The engine says what is to be signed, and writes it down together with the entry
 * of the log; who publishes (the command line) signs.  Ed25519 gives the same
 * signature for the same words, so nothing is lost if that is done again.
 */

/* A verb that begins with "label."; NULL with the reason.  journal: what undo takes back. */
json_t *label_command(
	const char *verb, const json_t *args, const char *who, int64_t *journal, struct fault *why);
/* Those that are out, behind this place (0: from the first), at most limit. */
json_t *label_list(uint32_t after, uint32_t limit);
/*
 * What the log says of the label that args name, or of all, newest first, before this
 * entry (0: from the newest).  *before: where it goes on; 0: it does not.
 */
json_t *label_history(const json_t *args, uint64_t *before, uint32_t limit, struct fault *why);
void label_load(void);
void label_look(void); /* once a second */

/* A device by an argument, one that may have a label; NULL with the reason. */
struct ward *label_ward_arg(const json_t *args, struct fault *why);

/* --- engine_label_fix.c ---------------------------------------------------------------------- */

enum { LABEL_FIXES_MAX = 32 };
/* What is known of fixes; gives how many. */
size_t label_fixes(const struct ward *, struct label_fix out[static LABEL_FIXES_MAX]);
/* A row for each failure of the run that the label rests on; for the owner alone. */
void label_fix_clock(
	const struct ward *, const struct label *, const struct audit_result *, json_t *clock);
/* Notes the day on which a device was seen with firmware that mends a finding. */
void label_fix_look(void);
json_t *label_fix(const json_t *args, const char *who, int64_t *journal, struct fault *why);

/* --- engine_label_seen.c --------------------------------------------------------------------- */

/* What later tests of the same device found that its label does not say. */
struct label_seen {
	uint32_t looked_run; /* up to this one */
	/* As in struct label_world.  What one test found, a later one that looked at less does
	   not take back: only a label that is issued anew does. */
	uint32_t newer_run, newer_failures, policy_gone_run, support_run;
	int32_t support_end;
};
void label_see(struct label_seen *, const struct label *, const char *device_id);
/* The test on which its label rests: the newest that did not look away (label_run_replaces). */
uint32_t label_run_of(const struct ward *);
/* Have runs ended since this was last asked? */
bool label_runs_ended(void);
/* The result of a run; NULL with the reason: it cannot be read. */
struct audit_result *label_result(uint32_t run, struct fault *why);
/*
 * The firmware that the device has: what it says itself behind the name of its model,
 * else what its owner said; "" and false where nobody did.  since_s: when that was heard
 * first, 0 for the owner's word; may be NULL.
 */
bool label_firmware_now(const struct ward *, const char *model, char out[static LABEL_FIRMWARE_MAX],
	int64_t *since_s);

/* --- engine_label_trust.c -------------------------------------------------------------------- */

json_t *label_trust(const json_t *args, const char *who, int64_t *journal, struct fault *why);
json_t *label_attach(
	struct ward *, const json_t *args, const char *who, int64_t *journal, struct fault *why);
/* A status of an issuer whom the owner trusts, for whatever devices have that label. */
json_t *label_take_status(const json_t *args, const char *who, struct fault *why);
/* Who issues here, whom the owner trusts, and which devices have a label of theirs. */
json_t *label_show_trusted(void);
json_t *label_override(struct ward *, const char *who, int64_t *journal, struct fault *why);
/* Whom labels, statuses and feeds are believed from. */
void label_trusted_keys(struct issuer_keys *);
/* Adds what a label that fell takes away; it adds nothing else, whatever the label says. */
void label_narrow(const struct ward *, struct policy *);

/*
 * What an issuer says the label of this device is worth now.  True also when nothing
 * follows from it; false: it could not be written down.
 */
bool label_heard(struct ward *, const struct label_now *, int64_t issued_s, int64_t until_s,
	const char *who, struct fault *why);
/* The label that is attached, for showing: what is not confirmed now is UNKNOWN.  Gives. */
json_t *label_attached(const struct ward *);
/* The key of the issuer who is trusted under this address; false: nobody is. */
bool label_trusted_key(const char *url, uint8_t key[static ISSUER_PUBLIC_LEN]);

/* --- engine_label_list.c --------------------------------------------------------------------- */

/*
 * The status lists of issuers whom the owner trusts, as long as a device has a label
 * of theirs: fetched by the fetcher, all of a list by everybody alike.
 */
void label_list_look(void);           /* once a second */
void label_list_due(const char *url); /* the owner acted: ask this issuer at once */
void label_list_came(const struct message_page *, int fd); /* fd is borrowed */
/* When it was asked last and why nothing came; members are added to out. */
void label_list_describe(const char *url, json_t *out);

/* Text of an argument: printable, of 1 to size - 1 characters; false with the reason. */
bool label_text_arg(const json_t *args, const char *key, char *out, size_t size, struct fault *why);

#endif
