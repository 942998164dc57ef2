/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TELL_GATHER_H
#define PINFOLD_TELL_GATHER_H

#include "message/message.h"
#include "tell/kind.h"

/*
 * Of many events few messages.  Events of the four kinds that interrupt become one message
 * each, at most GATHER_AN_HOUR of a kind and one of a device; the rest of the hour is one more
 * ("and 37 more").  In quiet hours, and for a while after the start, only what passes them
 * is told, and what waited becomes one message of its kind afterwards.  Everything else, and
 * all of it once more, is lines of the daily digest; where there is one, what was stopped is
 * told by that alone.
 *
 * Pure: the caller says what time it is.
 */
enum {
	GATHER_AN_HOUR = 3,
	GATHER_WINDOW_S = 3600,
	GATHER_START_S = 20,
	GATHER_LINES_MAX = 40, /* of a digest; beyond: counted */
	GATHER_READY_MAX = 16,
	GATHER_LINE_MAX = 200,
	DAY_MINUTES = 24 * 60,
};

/* Minutes after midnight, where the gateway is. */
struct tell_hours {
	bool has_quiet, has_digest;
	uint16_t quiet_from, quiet_to; /* from later than to: over midnight */
	uint16_t digest_at;
};
/* "22:00-07:00" or "off"; "08:00" or "off". */
bool hours_parse_quiet(struct tell_hours *, const char *text);
bool hours_parse_digest(struct tell_hours *, const char *text);
const char *hours_render_quiet(const struct tell_hours *, char out[static 16]);
const char *hours_render_digest(const struct tell_hours *, char out[static 16]);
bool hours_are_quiet(const struct tell_hours *, unsigned minute);

/* As the engine tells it; texts are borrowed and ASCII. */
struct gather_event {
	uint64_t id;
	int64_t time_s;
	unsigned level; /* 0 info, 1 notice, 2 alarm */
	const char *kind, *text, *device_id, *device_name;
};

struct gather {
	struct tell_hours hours;
	int64_t begun_s;
	struct gather_kind {
		int64_t window_s; /* when its hour began; 0: none runs */
		unsigned told, held;
		bool is_night;  /* what is held waits for the end of the quiet hours */
		bool is_urgent; /* or some of it for no more than the hour */
		char told_of[GATHER_AN_HOUR][16];
		bool told_passed_quiet[GATHER_AN_HOUR]; /* it could not wait for the morning */
		struct message_tell first;              /* of those that are held */
		char last[GATHER_LINE_MAX];
	} kind[INTERRUPT_COUNT];
	struct message_tell ready[GATHER_READY_MAX];
	unsigned n_ready;
	struct gather_line {
		char kind[32], device[64], text[GATHER_LINE_MAX];
		unsigned level, count;
	} line[GATHER_LINES_MAX];
	unsigned n_lines, n_more, n_info;
	int64_t digest_s; /* when the last one was made */
};

void gather_init(struct gather *, const struct tell_hours *, int64_t now_s, int64_t digest_s);
void gather_event(struct gather *, const struct gather_event *, int64_t now_s, unsigned minute);
/* Only into the digest: it was told before a restart, or nobody wants more. */
void gather_note(struct gather *, const struct gather_event *);
/* The next message; false: there is none now.  Receiver and ticket are the caller's. */
bool gather_next(struct gather *, int64_t now_s, unsigned minute, struct message_tell *out);

#endif
