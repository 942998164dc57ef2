/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_H
#define PINFOLD_PROCESS_ENGINE_H

#include <jansson.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/loop.h"
#include "device/binding.h"
#include "device/identify.h"
#include "message/channel.h"
#include "policy/compile.h"
#include "policy/learn.h"
#include "policy/policy.h"
#include "process/process.h"
#include "store/store.h"

/*
 * The engine: the only one that decides.
 *
 * In come observations (capture), names that were answered (resolver), what the
 * kernel did (enforcer), MUD files (fetcher) and what people ask for (control
 * socket, web).  Out go policies, views and introductions, and events.  It
 * touches neither the network nor the kernel's rules.
 *
 * The files: engine.c wires; engine_ward.c keeps what was decided for a device
 * and merges its policy; engine_sync.c tells enforcer, resolver and relay;
 * engine_change.c commits changes, with journal and undo; engine_observe.c takes
 * what is seen, engine_flow.c aggregates it, engine_contain.c acts on harm;
 * engine_declaration.c keeps what was declared of a device; engine_mud.c follows MUD files;
 * engine_traffic.c keeps what passive checks judge; engine_event.c groups and tells events;
 * engine_command.c says who may ask for what, engine_command_*.c are the verbs, engine_account.c
 * knows who asks, engine_show.c is the verbs' reading half,
 * engine_wait.c holds their answers back until the kernel has the change; engine_sky.c
 * keeps how much each device might reach.
 */
enum {
	DEVICES_MAX = 12000,
	CLIENTS_MAX = 16,
	FOLLOW_LEASE_S = 60,        /* the web process asks again meanwhile, for who listens */
	ANSWERS_A_DEVICE = 192,     /* first to expire goes */
	INTRODUCTIONS_MAX = 4096,   /* beyond: refused */
	RULES_A_DEVICE = 128,       /* owner's; beyond: refused */
	CONTAINMENTS_A_DEVICE = 32, /* beyond: quarantine */
	REPORTS_A_DEVICE = 16,
	PENDING_FLOWS_MAX = 32768, /* beyond: flushed early, then counted as lost */
	EVENT_GROUPS_MAX = 2048,   /* least recently seen is closed */
	UNRECORDED_MAX = 512,      /* containments that the database would not take */
};

/*
 * What can be decided about a device.  A change sets facets, the journal keeps
 * them as they were and as they became, undo sets them back.
 */
#define FACET_LIST(X)                                                                              \
	X(FACET_NAME, "name")     /* string */                                                     \
	X(FACET_CLASS, "class")   /* word */                                                       \
	X(FACET_STATE, "state")   /* word */                                                       \
	X(FACET_KIND, "kind")     /* word: its owner says what it is */                            \
	X(FACET_GUEST, "guest")   /* {since, until, class}: it waits again then */                 \
	X(FACET_BEFORE, "before") /* word: state to go back to on release */                       \
	X(FACET_RULES, "rules")   /* [{text, since}], strongest first */                           \
	X(FACET_CONTAINMENT,                                                                       \
		"containment") /* [{act, direction, proto, port, cause, since, text}] */           \
	X(FACET_INTRODUCTIONS, "introductions") /* [{to, service, since}] */                       \
	X(FACET_LEARNED, "learned")             /* {file, since, flows} */                         \
	X(FACET_MUD, "mud")           /* {url, state, digest, signature, signer, since, ...} */    \
	X(FACET_MUD_FILE, "mud-file") /* string: as we render it */                                \
	X(FACET_MUD_NEXT, "mud-next") /* as mud, waiting for approval */                           \
	X(FACET_MUD_NEXT_FILE, "mud-next-file")                                                    \
	X(FACET_MAKER, "maker")             /* {url, since} */                                     \
	X(FACET_DECLARATION, "declaration") /* {name, text, since}: check/declared.h */            \
	X(FACET_PAPERS, "papers")           /* [{name, text, since}]: check/paper.h */             \
	X(FACET_REPORTS, "reports")         /* [{text, issuer, since}] */                          \
	X(FACET_ISSUERS, "issuers")         /* of the home: {name: key} */                         \
	X(FACET_MEMBERS, "members")         /* of the home: [{class, device}] */                   \
	X(FACET_DISTINCT, "distinct") /* [id]: devices that it is not, on the owner's word */      \
	X(FACET_LEAVING, "leaving")   /* ["account", ...]: steps that are done */                  \
	X(FACET_LABEL, "label")       /* {issuer, id, status, signed, narrows, overridden, ...} */ \
	X(FACET_LABEL_FACTS, "label-facts")   /* {field: text} */                                  \
	X(FACET_LABEL_FIXES, "label-fixes")   /* [{provision, reported, fixed, ...}] */            \
	X(FACET_LABEL_ISSUER, "label-issuer") /* of the home: {url, name, kind} */                 \
	X(FACET_LABEL_TRUST, "label-trust")   /* of the home: {url: key} */                        \
	X(FACET_BEGIN, "begin")               /* of the home: ["card", ...]: first steps done */

enum facet {
#define X(name, word) name,
	FACET_LIST(X)
#undef X
		FACET_COUNT,
};
const char *facet_word(enum facet);
enum facet facet_from_word(const char *word); /* FACET_COUNT: none */

/* A name's address, as the resolver told it. */
struct answer {
	struct ip address;
	char *name;
	int64_t until_s; /* wall */
	uint32_t seconds;
	uint16_t slot; /* 0: nothing was opened */
	bool is_unsaved;
};

/* What the engine keeps of one device, besides struct device. */
struct ward {
	uint32_t number;            /* 0: the home */
	struct device *device;      /* NULL: the home */
	json_t *facet[FACET_COUNT]; /* NULL where unset; NAME, CLASS, STATE live in the device */
	int64_t since_s;            /* in its state */
	/* Rules of its owner that let it open something of another device: the other must agree. */
	struct grant {
		uint32_t to;
		uint8_t proto, version;
		uint16_t port_lo, port_hi;
		int64_t since_s, until_s;
	} * grant;
	uint16_t n_grants;
	struct policy *policy;
	struct compiled_slots *slots;
	uint32_t generation;
	bool is_policy_due, is_view_due, is_pause_due, is_queued, is_save_due;
	bool is_policy_awaited, is_pause_awaited; /* the enforcer has not acknowledged the last */
	enum err refused;                         /* what it said to the last, if it refused */
	uint32_t pause_seq, noted;
	bool has_neighbour_rules, is_stored, was_refused;
	int64_t ends_s; /* when the first of its rules ends; 0: none does */
	uint64_t save_after_ns;
	TAILQ_ENTRY(ward) queue;

	struct answer *answer;
	uint16_t n_answers, room_answers;

	uint64_t announce_ns;                 /* when at the latest it is told as new; 0: it was */
	uint64_t released_ns;                 /* when the owner released it last; 0: never */
	int64_t pause_since_s, pause_until_s; /* 0: not paused */
	uint64_t pause_until_ns;
	int64_t pause_journal;
	json_t *offers; /* rules offered when the last pause ended */

	uint64_t denied_packets, denied_bytes;
	uint32_t faults; /* rules that could not be taken over */
	uint32_t unsaid; /* and those that the kernel's sets cannot say */
	char last_fault[180];
	uint32_t fetch_id; /* running, 0: none */
	int64_t fetch_after_s;
	uint32_t fetch_failures;
	char fetch_why[256];
	struct traffic *traffic;   /* engine_traffic.c; NULL: nothing was seen */
	struct presence *presence; /* engine_presence.c; NULL: its silence is nothing to tell */
	struct stored_sky sky, sky_sent; /* engine_sky.c: in force, and sent last; device 0: none */
	struct pulse *pulse;             /* engine_talk.c; NULL: it did nothing */
	bool is_sky_unsaved, is_answers_news;
	bool is_judged; /* was tested, or need not be by itself */
};

struct client {
	struct channel *channel;
	bool follows;
};

struct engine {
	const struct settings *settings;
	struct store *store;
	enum store_found found;
	bool observed_lost;
	struct log_once store_trouble;
	char store_why[256];
	struct channel *peer[PROCESS_COUNT];
	struct client client[CLIENTS_MAX];
	uint64_t web_follows_until_ns; /* events go to the web process until then */
	int ctl_fd;
	struct loop_watch *ctl_watch;

	struct device_table *table;
	struct binding_rules rules;
	struct identify_rules identify;
	struct harm_key harm_key;
	struct ward home; /* number 0: decisions about the home itself; its device is NULL */

	struct policy_peer *peers; /* sorted by number; one a device */
	struct ward **wards;       /* the same places */
	size_t n_peers;
	struct policy_world world;
	struct ip_prefix lan[4]; /* lan4, lan6, link-local, what was delegated */
	struct policy_member *members;

	struct introduced {
		uint32_t asker, answerer;
		const struct service *service;
		int64_t since_s;
	} * introduced;
	size_t n_introduced;

	TAILQ_HEAD(, ward) due;
	bool is_restoring; /* RESTORED is still owed to the enforcer */
	uint32_t in_flight, restored_seq;
	uint64_t done_ns; /* last answer of the enforcer */
	uint32_t generation, generation_ceiling;
	bool is_pumping;

	struct ip_prefix uplink4, uplink6; /* as the kernel has them; version 0: none */
	struct message_enforcer_status enforcer;
	struct message_resolver_status resolver;
	bool has_enforcer_status, has_resolver_status;
	struct message_web_tls web_tls;
	uint64_t restored_ns, policies_sent, policies_failed;
	struct log_once refusing;

	int64_t join_until_s;
	uint64_t flows_lost, observations, reports_lost;
	int64_t started_s;
	uint64_t started_ns;
	char boot[40]; /* the kernel's boot id */
	bool is_snapshot_due;
	uint64_t changed_ns;
};

extern struct engine engine;

/* --- engine_ward.c ------------------------------------------------------------------------ */

/* Attaches a ward to a device that has none. */
struct ward *ward_new(struct device *);
void ward_free(struct ward *);           /* and takes it out of the world */
struct ward *ward_find(uint32_t number); /* NULL: none; 0 is the home */
void ward_evicted(uint32_t number);      /* its device is gone from the table already */
struct ward *ward_of(const struct device *);
uint32_t ward_number(const struct ward *);
/* By number ("7", "#7"), id, the owner's name, or a claimed name if only one has it. */
struct ward *ward_find_by_text(const char *text, struct fault *why);

json_t *ward_facet(const struct ward *, enum facet); /* gives a reference; JSON null when unset */
/* Copies the value into the device or the ward; the caller rebuilds afterwards. */
void ward_set_facet(struct ward *, enum facet, json_t *value);
/* Merges the policy anew from its sources; marks it and whom it concerns as due. */
void ward_rebuild(struct ward *);
/* The policy as it would be with another state, learned or MUD file; for previews.  Gives. */
struct policy *ward_policy_with(struct ward *, enum device_state, const struct mud *learned,
	const struct mud *mud, enum mud_trust);
/* The MUD file or learned profile, parsed into a buffer that the next call reuses; NULL none. */
const struct mud *ward_mud(const struct ward *, enum facet);
void ward_look(void); /* rules, and visits, that have ended */
void introductions_rebuild(void);
void world_update(struct ward *);
void members_rebuild(void);

/*
 * Wall time as it was at the start, carried on by the monotonic clock: rules with
 * an end must not last longer, or end at once, because somebody sets the clock.
 */
int64_t ward_clock_s(void);

/* --- engine_sync.c ------------------------------------------------------------------------ */

void sync_policy_due(struct ward *); /* policy and view */
void sync_view_due(struct ward *);
void sync_pause_due(struct ward *); /* what is left of its pause, or that there is none */
/* The kernel has all that was decided about the device. */
bool sync_is_in_force(const struct ward *);
/* Sends what is due, as far as the channels take it; the rest follows by itself. */
void sync_pump(void);
/* A peer was connected (again): everything that it must know is due. */
void sync_peer_connected(enum process);
void sync_done(uint32_t seq, const struct message_done *);
void sync_introductions(const struct ward *about); /* NULL: all */
void sync_forget(uint32_t number);
void sync_look(void); /* what the kernel refused is tried again */
void sync_start(void);

/* --- engine_wait.c: answers wait until the kernel has what was decided -------------------- */

void wait_begin(void); /* what sync notes from here on belongs to the command that runs */
void wait_note(struct ward *);
void wait_note_question(uint32_t seq); /* to the enforcer, about a device that is gone */
/*
 * Ends that; answers at once, or when all of it is in force, refused or late, and says
 * which ("in_force", "note").  Takes answer; borrows channel until wait_drop().
 */
void wait_answer(struct channel *, uint32_t seq, json_t *answer);
void wait_look(void);                   /* something was acknowledged or refused */
void wait_answered(uint32_t seq);       /* 0: all questions */
void wait_drop(const struct channel *); /* it is about to be freed */

/* --- engine_change.c ------------------------------------------------------------------------ */

/* One step that the journal names: facets of one or several devices. */
struct change {
	const char *who, *verb;
	char text[256];      /* sentence, printable */
	json_t *set;         /* {"7": {"state": "observe"}}; owned */
	bool is_containment; /* acted first, recorded then */
	int64_t undoes;
};
void change_init(struct change *, const char *who, const char *verb);
void change_set(struct change *, const struct ward *, enum facet, json_t *value); /* takes value */
/*
 * Commits to the database, then applies.  ERR_STORE: nothing happened.  With
 * is_containment it has happened when this returns, and is recorded and told a few
 * milliseconds later, or when the database can.  *journal is 0 then, and when nothing
 * differed.  Frees the change's set.
 */
enum err change_commit(struct change *, int64_t *journal, struct fault *why) MUST_USE;
/* What a row of the journal holds can be taken back: a pause while it lasts, never a note. */
bool change_is_undoable(int64_t id, const struct ward *, const json_t *before, json_t *after);
enum err change_undo(int64_t journal, const char *who, int64_t *undo, char text[static 256],
	struct fault *why) MUST_USE;
enum err change_forget(
	struct ward *, const char *who, int64_t *journal, struct fault *why) MUST_USE;
/* The same, with what is kept of it until a date; fills in id and journal of *left. */
enum err change_leave(struct ward *, struct stored_left *left, const char *who, int64_t *journal,
	struct fault *why) MUST_USE;
enum err change_merge(
	const struct device_merge *, const char *who, int64_t *journal, struct fault *why) MUST_USE;
/*
 * All devices and decisions about the home of a backup (engine_backup.c), or nothing.  For
 * who was never let in there is no place beside them: they wait again with their next packet.
 */
enum err change_restore(const json_t *devices, const json_t *home, const char *who, size_t *n,
	struct fault *why) MUST_USE;
#define BACKUP_NUMBER "backup" /* when the last one was made: of the store's numbers */
/* Journal row for something that is no facet (a pause). */
enum err change_note(const char *who, const char *verb, const struct ward *, const char *text,
	json_t *before, json_t *after, int64_t *journal, struct fault *why) MUST_USE;
void change_retry_unrecorded(void);

/* --- engine_keep.c: between memory and database ------------------------------------------------ */

void keep_load(void);
/* Inside a transaction: device, identifiers, bindings. */
void keep_save_ward(struct ward *);
/* Something about it is new; urgent: a binding or MAC of an admitted device. */
void keep_due(struct ward *, bool urgent);
void keep_device_gone(uint32_t number);  /* evicted */
void keep_start(void);                   /* timers for what is written lazily */
void keep_trouble(const struct fault *); /* the database refused: said once */
void keep_trouble_over(void);
void keep_flush(bool is_final);
void keep_told(void);               /* events, and what somebody is to hear of them: at once */
json_t *keep_export(struct ward *); /* everything of a device, for the journal of forget */
struct ward *keep_import(const json_t *, struct fault *why);

/* --- engine_observe.c ---------------------------------------------------------------------- */

bool observe_is_ours(const struct ip *); /* an address of the gateway */
void observe_message(const struct message_observation *);
void observe_answered(const struct message_answered *);
void observe_counters(const struct message_counters *);
void observe_expire(void);
void observe_retire(void);    /* once a minute */
void observe_newcomers(void); /* told when they had time to say what they are */
/* Closes ports on which too many strangers appeared, opens them again. */
void observe_strangers(void);
void observe_ports_due(void); /* the enforcer is new: it is told which are closed */

/* --- engine_flow.c -------------------------------------------------------------------------- */

struct flow_seen {
	uint32_t device, peer;
	struct ip address;
	uint8_t proto;
	bool is_inbound, is_denied, is_end;
	bool is_tainted; /* never learned */
	uint16_t port;
	uint64_t packets, bytes, sent; /* sent: by the device */
};
void flow_seen(const struct flow_seen *);
void flow_flag(uint32_t device, int64_t since_s); /* never learned */
void flow_forget_flagged(uint32_t device);        /* the owner released it: learning begins anew */
void flow_forget(uint32_t device);                /* nothing of the number stays */
void flow_forget_talk(struct ward *);             /* it is personal: nor what was before */
void flow_move(uint32_t from, uint32_t into);     /* both are one device */
void flow_forget_strays(void);                    /* at the start: of numbers that nobody has */
void flow_flush(void);                            /* inside an observed transaction */
/* All of a device, merged with what is not flushed yet; learn_flow's names point into *keep. */
size_t flow_list(struct ward *, struct learn_flow **out, void **keep);
void answer_seen(struct ward *, const struct message_answered *);
const struct answer *answer_find(const struct ward *, const struct ip *);

/* --- engine_contain.c ------------------------------------------------------------------------ */

void contain(struct ward *, const struct harm_verdict *);
/* The owner let it go: what was counted is forgotten, so that the same harm is harm again. */
void contain_over(struct ward *);
/* Is what it does now, to this port, no example to learn from? */
bool contain_taints(const struct ward *, uint8_t proto, uint16_t port, bool is_end);

/* May it act on a port of this device, or only propose? */
/* It waits, is set apart or blocked, or something was closed for it; NULL: it is gone. */
bool contain_holds(const struct ward *);
bool contain_may_act(const struct ward *);

/* --- engine_declaration.c: what was declared of a device, and papers that go with it ------------- */

struct transcript;
/* A piece of a file that is too long for one command; the pieces come in order. */
struct declaration_piece {
	const char *kind; /* "declaration", "paper" */
	const char *name; /* of the file; printable */
	size_t at, all;   /* place of this piece, and length of the whole */
	const char *hex;
};
/* With the last piece the file is looked at and kept; gives what there is, NULL with the reason. */
json_t *declaration_take(struct ward *, const struct declaration_piece *, const char *who,
	int64_t *journal, struct fault *why);
/*
 * Answers of one who fills in the form: {"5.1-1": {"answer": "yes", "reason": ""}}, as JSON
 * text; they are added to those that are there, and signed anew, today.
 */
struct declaration_answers {
	const char *answers, *signer, *role;
};
json_t *declaration_answer(struct ward *, const struct declaration_answers *, const char *who,
	int64_t *journal, struct fault *why);
/* A text as a paper of this name. */
json_t *declaration_paper(struct ward *, const char *name, const json_t *text, const char *who,
	int64_t *journal, struct fault *why);
/* kind as above, or "papers": all of them. */
json_t *declaration_drop(
	struct ward *, const char *kind, const char *who, int64_t *journal, struct fault *why);
json_t *declaration_show(const struct ward *);
/* As the first exchanges of a transcript. */
void declaration_write(const struct ward *, struct transcript *, bool with_papers);
/* The same into a transcript that is empty yet; true: it is not empty now, and is to be read. */
bool declaration_write_file(const struct ward *, int fd);

/* --- engine_audit.c, engine_audit_show.c: runs of the test bench, see engine_audit.h ----------- */

enum { AUDIT_HOURS_DEFAULT = 24, AUDIT_HOURS_MAX = 72 };

struct audit_wish {
	struct ward *ward; /* NULL: whatever is on the port, or comes to it */
	const char *port, *profile, *pace, *consent;
	const char *checks; /* ids with commas between them; NULL: as the profile says */
	uint32_t hours;     /* of a full run: how long it watches */
	/* A test of an app (engine_app.h): its own profile, label and time; taken if it begins. */
	struct app *app;
	const char *label;
	uint32_t seconds;
};
uint32_t audit_begin(const struct audit_wish *, const char *who, struct fault *why); /* run or 0 */
void audit_passive_look(void); /* once a second: begins the first run of who was watched enough */
bool audit_stop(uint32_t run, const char *who, struct fault *why);
bool audit_is_on(const struct ward *);
void audit_message(uint16_t type, const void *payload); /* of the checker */
void audit_peer_connected(void);
void audit_load(void);
void audit_look(void); /* once a second */
/* device_id "": of all. */
json_t *audit_list(const char *device_id, uint32_t before_run, uint32_t limit, struct fault *why);
/* at: the result of "15m", "90m", "72h", "now"; NULL: of its end, or what there is. */
json_t *audit_show(uint32_t run, const char *at, bool is_brief, struct fault *why);
json_t *audit_checks(void);
json_t *audit_gate(uint32_t run, const char *profile, struct fault *why);
json_t *audit_key(struct fault *why);
json_t *audit_evidence(uint32_t run, struct fault *why); /* where its files and the key are */
/* Whether it works without the internet and without its maker, as the last runs that could tell saw it. */
json_t *audit_works(const struct ward *);
/* The newest run of the device that has ended; 0: none. */
uint32_t audit_newest(const struct ward *);
/* The verdict on each provision of the run that its label rests on, without findings. */
json_t *audit_health(const struct ward *, struct fault *why);

/* --- engine_maker.c: the maker's pages ---------------------------------------------------------- */

/* The name of its maker's site; "" when nobody said. */
void maker_site_of(const struct ward *, char out[static 256]);
/* Into what the checker is told: whose the device is, and on whose word. */
void maker_fill(const struct ward *, struct message_audit *);
void maker_page_asked(const struct message_page_ask *);    /* by the checker */
void maker_page_came(const struct message_page *, int fd); /* from the fetcher; fd is borrowed */
void maker_fact_told(const struct message_maker_fact *);
json_t *maker_show(const struct ward *, struct fault *why);
json_t *maker_list(void);
/* Into a change; false with the reason. */
bool maker_set(const struct ward *, const char *url, struct change *, struct fault *why);

/* --- engine_pause.c --------------------------------------------------------------------------- */

enum err pause_begin(struct ward *, uint32_t seconds, const char *who, int64_t *journal,
	struct fault *why) MUST_USE;
enum err pause_end(struct ward *, const char *who, struct fault *why) MUST_USE;
/* Takes it from the offers, also when it is said with an end ("for 24h"); false: it is not there. */
bool pause_drop_offer(struct ward *, const char *rule);
void pause_look(void); /* ends what is over */
bool pause_is_on(const struct ward *);
void pause_load(void);

/* --- engine_sky.c: what it may reach, and might before ---------------------------------------- */

void sky_sent(struct ward *, const struct message_policy *);
void sky_in_force(struct ward *); /* the kernel has what was sent, or a pause began or ended */
void sky_flush(void);             /* inside an observed transaction */
void sky_load(void);              /* after the devices */
void sky_forget(uint32_t number); /* before it is used again */
json_t *sky_show(struct ward *);

/* --- engine_talk.c: with whom, what for, when, how much ----------------------------------------- */

/* flow->sent: bytes that the device sent. */
void talk_seen(struct ward *, const struct flow_seen *);
void talk_flush(bool is_final); /* inside an observed transaction */
void talk_open(void);           /* before confinement: the table of networks, if there is one */
void talk_load(void);           /* after the devices */
void talk_free(struct ward *);
json_t *talk_show(struct ward *);
/* An hour of the last seven days in which it began four times as many flows as in its usual one. */
bool talk_was_busy(const struct ward *);
/* In how many of the last 168 hours both were seen to do something; personal ones never are. */
int talk_hours_together(const struct ward *, const struct ward *);

/* --- engine_learning.c --------------------------------------------------------------------------- */

json_t *learning_show(struct ward *); /* null: it is not watched */

/* --- engine_alike.c: devices that may be one ---------------------------------------------------- */

json_t *alike_list(size_t limit); /* the most alike first */
/* FACET_DISTINCT of the one, with the other in it.  Gives. */
json_t *alike_told_apart(const struct ward *, const struct ward *other);

/* --- engine_presence.c ------------------------------------------------------------------------ */

/*
 * Devices whose silence matters, of class critical or child: it is told within a
 * minute of their last sign, where they are heard often enough to tell.
 */
void presence_look(void); /* once a second */
void presence_heard(const struct message_heard *);
json_t *presence_show(const struct ward *); /* null: not watched */

/* --- engine_mud.c --------------------------------------------------------------------------- */

void mud_url_seen(struct ward *);
void mud_fetched(const struct message_fetched *, int fd);
void mud_look(void); /* fetches what is due */
enum mud_trust mud_trust_of(const struct ward *);
enum err mud_approve(struct ward *, bool with_addresses, const char *who, struct change *,
	struct fault *why) MUST_USE;

/* --- engine_event.c -------------------------------------------------------------------------- */

enum event_level { EVENT_INFO, EVENT_NOTICE, EVENT_ALARM };
/*
 * Tells and stores an event.  Those with a cause are grouped: while the same
 * (device, kind, cause) goes on it is one row with a count.  text is printable.
 */
void event(enum event_level, const struct ward *, const char *kind, const char *cause,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void event_flush(void);     /* inside an observed transaction */
bool event_is_urgent(void); /* an alarm is not on the disk yet */
void event_start(void);
json_t *event_list(uint32_t device, int64_t before_id, uint32_t limit);
/* Those that went on at some time from from_s to before to_s. */
json_t *event_between(int64_t from_s, int64_t to_s, uint32_t device, uint32_t limit);

/* --- engine_command.c, and engine_command_*.c: the verbs ------------------------------------- */

/* fd, or -1, came along and stays the caller's. */
void command_run(struct channel *, uint32_t seq, const struct message_command *, int fd);
void command_answer(struct channel *, uint32_t seq, json_t *answer); /* takes answer */
json_t *show_device(struct ward *, bool whole);
/* It waits for a word of its owner, is contained, or something of its papers is amiss. */
bool needs_attention(const struct ward *);
json_t *show_status(void);
json_t *show_doctor(void);
json_t *show_policy(struct ward *);
json_t *show_doors(void);                        /* every opening to the internet */
json_t *show_introductions(const struct ward *); /* NULL: of all devices */
json_t *show_ref(const struct ward *);           /* {"number", "id", "name"} */
json_t *show_why(struct ward *, const char *destination, const char *proto, uint16_t port,
	struct fault *why);
json_t *show_flow(const struct learn_flow *);
json_t *show_proposal(struct ward *, enum facet source, json_t **file, struct fault *why);

#endif
