/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_STORE_STORE_H
#define PINFOLD_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/settings.h"
#include "message/finding.h"
#include "passkey/passkey.h"

/*
 * What must survive a power cut, in three SQLite files that only the engine opens.
 *
 * decisions.db holds what somebody decided or what a decision rests on: devices,
 * identifiers, bindings, documents (rules, MUD files, profiles, containment),
 * introductions and the journal.  It is small, written with a full sync, and a
 * commit that returned ERR_OK is on the disk.  After changes a copy is kept
 * beside it (decisions.good), which replaces it when it is found damaged.
 *
 * observed.db holds what was only watched: events, flow aggregates, addresses
 * opened by answers.  Losing it loses history and no decision.  It is written
 * rarely, see store_budget_ms().
 *
 * audits.db holds the runs of the test bench and what they found, with a full sync.
 * The evidence itself is in files beside it, and so is each result, so that losing
 * it loses the list and no evidence.
 *
 * Every table has a bound; what goes first is said at its function.  Text is
 * stored as it is given and bound as a parameter, never pasted into SQL.
 * All callbacks borrow their row for the call and must not write to the store.
 */
struct store;

enum store_found {
	STORE_NEW,      /* no file was there */
	STORE_SOUND,    /* the usual case */
	STORE_RESTORED, /* decisions.db was damaged; the good copy is in use */
	STORE_LOST,     /* damaged, and no good copy: everything starts in `waiting` again */
};

/*
 * Opens or makes the files in the directory.  vfs is NULL but in tests.  A
 * damaged file is moved aside (.damaged) and never deleted.  `observed_lost` is
 * set when observed.db had to be made anew.
 */
enum err store_open(const char *directory, const char *vfs, struct store **, enum store_found *,
	bool *observed_lost, struct fault *why) MUST_USE;
void store_close(struct store *); /* NULL is fine */

/*
 * One transaction over decisions.db.  Calls inside it return nothing: the first
 * failure is kept, the rest does nothing, and store_commit() tells it after it
 * has rolled back.  Reads may be done at any time.
 */
void store_begin(struct store *);
enum err store_commit(struct store *, struct fault *why) MUST_USE;
void store_rollback(struct store *);

/* The same over observed.db. */
void store_observed_begin(struct store *);
enum err store_observed_commit(struct store *, struct fault *why) MUST_USE;

/*
 * Flash wears out.  How long the next flush of observed.db should still wait, so
 * that what was written so far stays below the day's budget; 0: now.  Counts the
 * bytes of both files, decisions are written at once and only counted.
 */
uint64_t store_budget_ms(struct store *);
uint64_t store_bytes_written(const struct store *);

/* Keep a copy of decisions.db as decisions.good, by way of a temporary name. */
enum err store_snapshot(struct store *, struct fault *why) MUST_USE;

/* --- decisions ------------------------------------------------------------------ */

enum {
	STORE_ID_MAX = 16,
	STORE_NAME_MAX = 64,
	STORE_JOURNAL_ROWS = 50000,         /* oldest first */
	STORE_EVENT_ROWS = 20000,           /* least recently repeated first */
	STORE_FLOWS_A_DEVICE = 512,         /* least recently seen first */
	STORE_OPENINGS_A_DEVICE = 256,      /* first to expire first */
	STORE_SKIES_A_DEVICE = 48,          /* oldest first */
	STORE_INCIDENTS = 1000,             /* oldest first */
	STORE_INCIDENTS_WITH_PACKETS = 100, /* of older ones the packets go first */
	STORE_PACKETS_BYTES = 96 * 1024,    /* of one incident */
	STORE_DOCUMENT_BYTES = 1024 * 1024,
};

struct stored_device {
	uint32_t number;
	char id[STORE_ID_MAX];
	char name[STORE_NAME_MAX]; /* the owner's; may be empty */
	uint8_t class, state;      /* enum device_class, enum device_state */
	uint8_t kind_confidence;   /* percent */
	int64_t created_s, since_s, seen_s;
	char kind[64];
	char kind_because[192];
};
void store_device_put(struct store *, const struct stored_device *);
/* With its identifiers, bindings, documents, flows stay until they age out. */
void store_device_delete(struct store *, uint32_t number);
enum err store_devices(
	struct store *, void (*row)(const struct stored_device *, void *), void *) MUST_USE;

struct stored_identifier {
	uint32_t device;
	uint32_t kind;
	uint32_t confidence;
	uint64_t count;
	int64_t first_s, last_s;
	char value[256];
};
void store_identifier_put(struct store *, const struct stored_identifier *);
void store_identifiers_delete(struct store *, uint32_t device);
enum err store_identifiers(
	struct store *, void (*row)(const struct stored_identifier *, void *), void *) MUST_USE;

struct stored_binding {
	uint32_t device;
	uint32_t how;
	char port[16];
	uint8_t mac[6];
	struct ip address;
	int64_t since_s, expires_s; /* wall; 0: no end */
};
void store_binding_put(struct store *, const struct stored_binding *);
void store_bindings_delete(struct store *, uint32_t device);
enum err store_bindings(
	struct store *, void (*row)(const struct stored_binding *, void *), void *) MUST_USE;

/* A document of a device by kind ("rules", "mud", ...); body NULL deletes it. */
void store_document_put(struct store *, uint32_t device, const char *kind, const char *body);
enum err store_documents(struct store *,
	void (*row)(uint32_t device, const char *kind, const char *body, void *), void *) MUST_USE;

void store_number_put(struct store *, const char *key, int64_t value);
int64_t store_number(struct store *, const char *key, int64_t otherwise);

struct stored_journal {
	int64_t id, time_s;
	int64_t transaction;
	const char *who; /* "console", "pinfold", "issuer NAME", or an account */
	const char *verb;
	uint32_t device; /* 0: none */
	const char *device_id;
	const char *text;           /* sentence for people */
	const char *before, *after; /* JSON */
	int64_t undoes;             /* 0: none */
	int64_t undone_by;          /* 0: not undone */
};
/* Gives the id by which people name it; ids are never used twice. */
int64_t store_journal_add(struct store *, const struct stored_journal *);
void store_journal_undone(struct store *, int64_t id, int64_t by);
/* Newest first, ids below before_id (0: all), of one device (0: all). */
enum err store_journal(struct store *, int64_t before_id, uint32_t device, uint32_t limit,
	void (*row)(const struct stored_journal *, void *), void *) MUST_USE;
/* Calls row once, or gives ERR_NOT_FOUND. */
enum err store_journal_find(struct store *, int64_t id,
	void (*row)(const struct stored_journal *, void *), void *) MUST_USE;

/* What it held of a device is taken away; that it happened stays. */
void store_journal_blank(struct store *, int64_t id);

/* A device that left, with what is kept of it until a time. */
struct stored_left {
	int64_t id; /* never used twice */
	int64_t left_s, until_s, journal;
	char device_id[STORE_ID_MAX];
	char name[STORE_NAME_MAX], who[STORE_NAME_MAX], kind[64];
	const char *body; /* JSON, borrowed */
};
enum { STORE_LEFT_MAX = 256 };                                      /* beyond: the caller refuses */
int64_t store_left_add(struct store *, const struct stored_left *); /* gives its id */
void store_left_delete(struct store *, int64_t id);
void store_left_returned(struct store *, int64_t journal); /* it is taken back */
/* Newest first; id 0: all. */
enum err store_left(struct store *, int64_t id, void (*row)(const struct stored_left *, void *),
	void *) MUST_USE;

/* Who may ask by way of the web process; process/engine_account.h has the bounds. */
struct stored_account {
	int64_t id; /* chosen by the caller, never used twice */
	char name[STORE_NAME_MAX];
	uint8_t role; /* enum command_role */
	uint8_t salt[16], key[32];
	uint32_t cost, block, lanes; /* of scrypt */
	int64_t created_s;
};
void store_account_put(struct store *, const struct stored_account *);
void store_account_delete(struct store *, int64_t id); /* with its passes and passkeys */
enum err store_accounts(
	struct store *, void (*row)(const struct stored_account *, void *), void *) MUST_USE;

struct stored_pass {
	int64_t id;
	int64_t account;    /* 0: of the console */
	uint8_t kind, role; /* the engine's; enum command_role */
	uint8_t digest[32]; /* SHA-256 of what is shown */
	char name[STORE_NAME_MAX];
	struct ip from; /* version 0: not known */
	int64_t created_s, until_s;
};
void store_pass_put(struct store *, const struct stored_pass *);
void store_pass_delete(struct store *, int64_t id);
enum err store_passes(
	struct store *, void (*row)(const struct stored_pass *, void *), void *) MUST_USE;

struct stored_passkey {
	int64_t id; /* chosen by the caller, never used twice */
	int64_t account;
	struct passkey passkey;
	uint8_t user[PASSKEY_USER_LEN]; /* what its authenticator calls the account */
	char name[STORE_NAME_MAX];
	int64_t created_s, used_s; /* used_s 0: never */
};
/* Of one that is there: what changes when it is used. */
void store_passkey_put(struct store *, const struct stored_passkey *);
void store_passkey_delete(struct store *, int64_t id);
enum err store_passkeys(
	struct store *, void (*row)(const struct stored_passkey *, void *), void *) MUST_USE;

/* --- observed --------------------------------------------------------------------- */

struct stored_event {
	int64_t id, first_s, last_s;
	uint64_t count;
	uint32_t device;
	const char *kind;   /* stable word */
	const char *cause;  /* groups: one row for (device, kind, cause) while it lasts */
	const char *level;  /* info, notice, alarm */
	const char *text;   /* sentence */
	const char *detail; /* JSON */
};
/* Puts under its id (chosen by the caller, growing). */
void store_event_put(struct store *, const struct stored_event *);
enum err store_events(struct store *, int64_t before_id, uint32_t device, uint32_t limit,
	void (*row)(const struct stored_event *, void *), void *) MUST_USE;
/* Those that went on at some time from from_s to before to_s, newest first; device 0: of all. */
enum err store_events_between(struct store *, int64_t from_s, int64_t to_s, uint32_t device,
	uint32_t limit, void (*row)(const struct stored_event *, void *), void *) MUST_USE;
int64_t store_event_last_id(struct store *);

/* One thing that a device did, with all that came of it. */
struct stored_incident {
	int64_t id; /* chosen by the caller, growing */
	int64_t first_s, last_s;
	uint64_t count;
	int64_t journal; /* what was done about it; 0: nothing */
	uint32_t device; /* 0: it was forgotten */
	uint32_t frames; /* packets that are kept of it; set by store_packets_put() alone */
	uint8_t level;   /* the engine's */
	char device_id[STORE_ID_MAX], name[STORE_NAME_MAX];
	char cause[32], what[160], act[200];
};
/* In an observed transaction.  Packets stay as they are. */
void store_incident_put(struct store *, const struct stored_incident *);
/* Newest first, ids below before_id (0: all), of one device (0: all). */
enum err store_incidents(struct store *, int64_t before_id, uint32_t device, uint32_t limit,
	void (*row)(const struct stored_incident *, void *), void *) MUST_USE;
/* A capture file of at most STORE_PACKETS_BYTES; in an observed transaction, after the incident. */
void store_packets_put(
	struct store *, int64_t incident, uint32_t frames, const void *bytes, size_t len);
/* Calls row once, or gives ERR_NOT_FOUND. */
enum err store_packets(struct store *, int64_t incident,
	void (*row)(const void *bytes, size_t len, void *), void *) MUST_USE;

struct stored_flow {
	uint32_t device;
	uint32_t peer;     /* device number of a neighbour; 0: outside */
	char name[256];    /* asked for before; empty: the address was used bare */
	struct ip address; /* of the last flow */
	uint8_t proto;
	uint8_t is_inbound; /* the other side opened it */
	uint8_t is_flagged; /* by containment: never learned */
	uint8_t is_denied;
	uint16_t port;
	uint64_t flows, packets, bytes;
	int64_t first_s, last_s;
};
/* Adds counts to the row of (device, name or else address, proto, port, direction, denied). */
void store_flow_add(struct store *, const struct stored_flow *);
void store_flows_flag(struct store *, uint32_t device, int64_t since_s);
void store_flows_forget_flagged(struct store *, uint32_t device);
/* Where both did the same, the counts of `to` stay and those of `from` go. */
void store_flows_move(struct store *, uint32_t from, uint32_t to);
/*
 * What was observed of a number is taken away (flows, also as a neighbour, and
 * openings; events become nobody's), since numbers are used again.
 */
void store_observed_forget(struct store *, uint32_t device);
/* With whom it talked, by which names and when; what it may reach, and its events, stay. */
void store_observed_forget_talk(struct store *, uint32_t device);
/* Every number that something was observed of, in no order; 0 among them. */
enum err store_observed_devices(
	struct store *, void (*row)(uint32_t device, void *), void *arg) MUST_USE;
enum err store_flows(struct store *, uint32_t device,
	void (*row)(const struct stored_flow *, void *), void *) MUST_USE;

struct stored_opening {
	uint32_t device;
	uint32_t seconds; /* as opened */
	char name[256];
	struct ip address;
	int64_t until_s; /* wall */
};
void store_opening_put(struct store *, const struct stored_opening *);
enum err store_openings(
	struct store *, void (*row)(const struct stored_opening *, void *), void *) MUST_USE;

/* What a device was allowed to reach from one moment on; policy/sky.h says how it is counted. */
struct stored_sky {
	uint32_t device;
	uint8_t state;    /* enum device_state */
	bool is_all;      /* every address */
	bool is_paused;   /* by a pause */
	uint16_t origins; /* of its rules: a bit an enum policy_origin */
	uint32_t rules, ports, neighbours;
	uint32_t open4, open6; /* by names, at most at one time */
	double addresses4, addresses6;
	int64_t time_s;
};
/* In an observed transaction.  The oldest beyond STORE_SKIES_A_DEVICE go. */
void store_sky_put(struct store *, const struct stored_sky *);
/* Of one device, oldest first. */
enum err store_skies(struct store *, uint32_t device,
	void (*row)(const struct stored_sky *, void *), void *) MUST_USE;
/* The newest of each device. */
enum err store_skies_last(
	struct store *, void (*row)(const struct stored_sky *, void *), void *) MUST_USE;

/* What a device did in the last seven days, hour by hour; the hour h stands in place h % 168. */
struct stored_pulse {
	uint32_t device;
	int64_t hour; /* the latest that is in it: seconds since 1970 / 3600 */
	struct pulse_hour {
		uint32_t sent_kb, flows, denied;
	} at[168];
};
void store_pulse_put(struct store *, const struct stored_pulse *); /* in an observed transaction */
enum err store_pulses(
	struct store *, void (*row)(const struct stored_pulse *, void *), void *) MUST_USE;

/* Takes away what is over the bounds and what expired; inside an observed transaction. */
void store_observed_prune(struct store *, int64_t now_s);

/* --- audits ------------------------------------------------------------------------ */

enum {
	STORE_AUDITS_A_DEVICE = 50, /* oldest first; never one that a closed port rests on */
	STORE_AUDITS_MAX = 2000,    /* the same */
	STORE_CHECK_MAX = 32,
};

/* audits.db was damaged and had to be made anew; set by store_open(). */
bool store_audits_lost(const struct store *);

/* One transaction over audits.db, as with store_begin(). */
void store_audits_begin(struct store *);
enum err store_audits_commit(struct store *, struct fault *why) MUST_USE;

struct stored_audit {
	uint32_t run; /* never used twice */
	uint32_t device;
	uint8_t state, pace, consent; /* the engine's; enum pace, enum consent of check/ */
	char device_id[STORE_ID_MAX]; /* empty while nothing is on the port */
	char label[STORE_NAME_MAX];   /* what the device was called then */
	char profile[16];
	char port[16]; /* the bridge port that was asked for; empty: a device was */
	char why[256];
	int64_t begun_s, ended_s; /* 0: it has not ended */
	uint32_t seconds, exchanges, packets, resumed;
	uint32_t hours; /* of a run that lasts: how long it watches */
	uint32_t stuck; /* times it was begun again since a check came to its end */
	uint64_t bytes; /* of its evidence on the disk */
};
uint32_t store_audit_add(struct store *, const struct stored_audit *); /* gives its run */
void store_audit_put(struct store *, const struct stored_audit *);
void store_audit_delete(struct store *, uint32_t run); /* with steps and findings */
/* Numbers up to this one were used by a list that is lost; they are not used again. */
void store_audit_floor(struct store *, uint32_t run);
/* Newest first, runs below before_run (0: all), of one device by its id ("": all). */
enum err store_audits(struct store *, uint32_t before_run, const char *device_id, uint32_t limit,
	void (*row)(const struct stored_audit *, void *), void *) MUST_USE;
/* ERR_NOT_FOUND: there is none, or no more. */
enum err store_audit_find(struct store *, uint32_t run, struct stored_audit *) MUST_USE;
/* How many runs there are, and the bytes of all their evidence. */
void store_audit_totals(struct store *, uint64_t *n, uint64_t *bytes);

/* Checks are kept by name: their place in the table changes from release to release. */
void store_audit_step_put(
	struct store *, uint32_t run, uint16_t place, const char *check, uint8_t step);
enum err store_audit_steps(struct store *, uint32_t run,
	void (*row)(const char *check, uint8_t step, void *), void *) MUST_USE;

/* Puts these in the place of all findings of the check in this run; finding.check is not looked at. */
void store_findings_put(
	struct store *, uint32_t run, const char *check, const struct finding *const *, size_t n);
/* In the order of checks' names; finding.check is 0. */
enum err store_findings(struct store *, uint32_t run,
	void (*row)(const char *check, const struct finding *, void *), void *) MUST_USE;

/* --- the register of what is on the shelf -------------------------------------------- */

enum { STORE_SHELF_MAX = 2000 }; /* beyond: refused */

/* One product, with the run that put it there.  All text is printable. */
struct stored_shelf {
	uint32_t id; /* never used twice */
	uint32_t run;
	uint8_t answer, answer_now;   /* enum gate_answer: on that day, and when last looked */
	char device_id[STORE_ID_MAX]; /* the unit that was tested */
	char claimed_model[64], claimed_firmware[128]; /* what that unit said of itself */
	char model[64], hardware[32], firmware[64];    /* what a person says it is */
	char profile[16];                              /* of the gate */
	char ruleset[65];                              /* by which it was judged last */
	char what[400];                                /* that changed; empty: nothing */
	int64_t added_s, judged_s, changed_s;          /* changed 0: nothing */
	int64_t support_s;                             /* its support ends; 0: unknown */
};
/* Inside a transaction over audits.db. */
uint32_t store_shelf_add(struct store *, const struct stored_shelf *); /* gives its id */
void store_shelf_put(struct store *, const struct stored_shelf *);
void store_shelf_delete(struct store *, uint32_t id);
/* In the order of their ids; id 0: all. */
enum err store_shelf(struct store *, uint32_t id, void (*row)(const struct stored_shelf *, void *),
	void *) MUST_USE;

/* --- labels (decisions.db) ---------------------------------------------------------------- */

enum { STORE_LABEL_ID_MAX = 20, STORE_LABELS_MAX = 1024, STORE_FEEDS_MAX = 1024 };

struct stored_label {
	uint32_t number; /* its place in the status list; never given to another */
	char id[STORE_LABEL_ID_MAX];
	char device_id[STORE_ID_MAX]; /* that was tested for it */
	uint32_t revision;
	const char *body;    /* what is signed, as text; borrowed */
	uint8_t act, status; /* enum label_act, enum label_status: what was said last */
	char act_reason[160], status_reason[200];
	int64_t changed_s;
};
void store_label_put(struct store *, const struct stored_label *);
enum err store_labels(
	struct store *, void (*row)(const struct stored_label *, void *), void *) MUST_USE;

/* The log of all that was said of labels: entry n, from 0; one that is there is never changed. */
void store_said_add(struct store *, uint64_t n, const char *body);
enum err store_said(struct store *, uint64_t from, uint32_t limit,
	void (*row)(uint64_t n, const char *body, void *), void *) MUST_USE;
enum err store_said_count(struct store *, uint64_t *n) MUST_USE;

/* Entries of feeds by their id, oldest first. */
void store_feed_put(struct store *, const char *id, const char *body, int64_t since_s);
enum err store_feeds(
	struct store *, void (*row)(const char *id, const char *body, void *), void *) MUST_USE;

/* --- makers ------------------------------------------------------------------------- */

enum {
	STORE_MAKER_FACTS_A_DEVICE = 64, /* least recently seen first */
	STORE_MAKER_FACTS_MAX = 20000,   /* the same */
};

/* What the pages of a device's maker said: a value, when it was seen first and last, and where. */
struct stored_maker_fact {
	char device_id[STORE_ID_MAX];
	uint8_t fact; /* enum maker_fact */
	char value[192];
	int64_t first_s, last_s;
	uint32_t run, exchange; /* of the last time */
};
/* In a transaction over audits.db.  A value that is known keeps its first time. */
void store_maker_fact_put(struct store *, const struct stored_maker_fact *);
/* By fact, the newest value first. */
enum err store_maker_facts(struct store *, const char *device_id,
	void (*row)(const struct stored_maker_fact *, void *), void *) MUST_USE;

/* --- receivers (decisions.db), and what they have not taken yet (observed.db) ------------- */

/* body: JSON without secrets, which no journal and no answer holds.  All borrowed. */
struct stored_receiver {
	uint8_t number;
	const char *body, *secret;
};
void store_receiver_put(struct store *, const struct stored_receiver *);
void store_receiver_delete(struct store *, uint8_t number);
enum err store_receivers(
	struct store *, void (*row)(const struct stored_receiver *, void *), void *) MUST_USE;

struct stored_telling {
	uint32_t ticket, tries;
	int64_t made_s, due_s;
	const char *body; /* JSON; borrowed */
};
void store_telling_put(struct store *, const struct stored_telling *);
void store_telling_delete(struct store *, uint32_t ticket);
enum err store_tellings(
	struct store *, void (*row)(const struct stored_telling *, void *), void *) MUST_USE;

#endif
