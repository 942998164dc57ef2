/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_PIECE_H
#define PINFOLD_PAGE_PIECE_H

#include "base/json_strict.h"
#include "page/say.h"
#include "page/sheet.h"

/*
 * Pieces that several pages have.  Words for people go through _() or ngettext(),
 * so that xgettext finds them; words of the engine go through put_words(), or say_words()
 * where an attribute wants them.
 */
#define _(text)                say(text)
#define N_(text)               text
#define ngettext(one, many, n) say_many(one, many, n)

/*
 * A sentence of the engine, in the reader's language where it is known; what stays
 * English is marked as such, so that it is also read aloud so.
 */
void put_words(struct sheet *, const char *sentence);
/* The same for a word or a sentence in the midst of others; as long as say_words() says. */
const char *words_of(const json_t *object, const char *key);

/* "4.3" becomes what the reader's language writes. */
void decimal(char *digits);

long long number_of(const json_t *object, const char *key);
bool truth_of(const json_t *object, const char *key);

/* "5 minutes ago", with the moment itself for a script to show in the viewer's zone. */
void put_time(struct sheet *, int64_t then_s);
/* How moments are written, all in UTC and so said; empty where the calendar has none. */
enum utc_form {
	UTC_SECOND,  /* 2026-11-22T10:03:04Z */
	UTC_MINUTE,  /* 2026-11-22 10:03 UTC */
	UTC_DATE,    /* 2026-11-22 */
	UTC_WEEKDAY, /* Sun 22, in the reader's language */
};
void utc_text(char out[static 40], enum utc_form, int64_t at_s);
/* "2026-11-22 10:03 UTC", which a script puts into the viewer's zone. */
void put_moment(struct sheet *, int64_t at_s);
/* A day, as 2026-11-22. */
void put_date(struct sheet *, int64_t at_s);
/* Words in the style sheet's class, behind a sign, which is a character of HTML: the colour never stands alone. */
void put_chip_as(struct sheet *, const char *class, const char *sign, const char *words);
/* A word with its shape and colour; states and levels of the engine, verdicts. */
void put_chip(struct sheet *, const char *word);
/* The same of a word that is the same in every language, as it stands on a label. */
void put_term(struct sheet *, const char *word);
/* On whose word a rule is, for people. */
const char *origin_words(const char *origin);
void put_device_link(struct sheet *, const json_t *ref);
/* The way back to the passport of a device. */
void put_back_to_device(struct sheet *, const json_t *ref);
/*
 * <table> up to <tbody>, in a box that scrolls where it is too wide; titles end with
 * END_TABLE.  NUMBERS stands before the title of a column of numbers.
 */
#define END_TABLE ((const char *)NULL)
extern const char NUMBERS[];
void put_table(struct sheet *, const char *first_title, ...) __attribute__((sentinel));
void put_table_end(struct sheet *);
void put_empty(struct sheet *, const char *sentence);
void put_trouble(struct sheet *, const char *sentence);
/* Why the engine did not answer this question of the page. */
const char *refusal(const struct sheet *, size_t answer);

#define END_PAIRS ((const char *)NULL)

/*
 * A button that does something: a form to the verb with the pairs key, value, ...,
 * END_PAIRS, the proof that it is ours and where to come back to.  Nothing for whom the
 * engine would refuse.  kind: "", "main", "danger".
 */
void put_button(struct sheet *, const char *verb, const char *kind, const char *label, ...)
	__attribute__((sentinel));
/* The same, open for fields: after it put inputs, then put_form_end().  False: nothing was put. */
bool put_form(struct sheet *, const char *verb, ...) __attribute__((sentinel));
void put_form_end(struct sheet *, const char *kind, const char *label);

/* Rows for <select>: of device.list; chosen may be NULL. */
void put_device_options(struct sheet *, const json_t *devices, const char *chosen);

/*
 * A row of the doctor or of the first steps: its words, leading to where it is done; where
 * that is no page, followed by the command.
 */
void put_task(struct sheet *, const json_t *row);

/* Of home.begin: how far the first steps are, as long as one is open; the score. */
void put_first_steps(struct sheet *, const json_t *begin);
void put_score(struct sheet *, const json_t *begin);
/* Of device.list: who waits, with the three choices; nothing where nobody does. */
void put_newcomers(struct sheet *, const json_t *devices);

/* How far a device that is watched has shown what it does; nothing for others. */
void put_learning(struct sheet *, const json_t *device);

/* --- pictures: each has a sentence, and a table that says the same ---------------- */

enum mood { MOOD_CALM, MOOD_LOOK, MOOD_ACT };
void put_mood(struct sheet *, enum mood);
void put_ring(struct sheet *, const json_t *devices);
/* Who it talks to, and its heartbeat: device.talk. */
void put_talk(struct sheet *, const json_t *device, const json_t *talk);
/* Its health by provision: audit.health; NULL while nothing was tested. */
void put_health(struct sheet *, const json_t *device, const json_t *tested);
/* What it may reach, reached and was refused, as rings: device.sky, device.talk. */
void put_reach(struct sheet *, const json_t *device, const json_t *sky, const json_t *talk);
/* What was done about it, as frames from its first day on: device.show, policy.journal, events.list. */
void put_strip(struct sheet *, const json_t *device, const json_t *journal, const json_t *events);
/* The frames alone, about one row of the journal (0: the newest that acted). */
void put_frames(struct sheet *, const json_t *device, const json_t *journal, const json_t *events,
	long long change);
/* A day with a lane a device: story.day; hour, from the query, is chosen in it. */
void put_lanes(struct sheet *, const json_t *day);
/* What devices did, each as a card: incident.list. */
void put_incident_cards(struct sheet *, const json_t *incidents);
/* What happened since yesterday, in frames: incident.latest; nothing where it is null. */
void put_morning(struct sheet *, const json_t *incident);
/* The shrinking sky: device.sky, with its history to choose from and its table. */
void put_sky(struct sheet *, const json_t *sky);

#endif
