/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever changes what a device may do is answered when the kernel has the change,
 * not when it was written down: between the two its packets still pass.
 *
 * While a command runs, sync tells here what becomes due.  Its answer waits until the
 * enforcer has acknowledged all of that, or refused one, or ANSWER_MS are over; the last two
 * are said in the answer.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "process/engine.h"

enum { ROWS_MAX = 64, ANSWER_MS = 2000 };

/* Devices whose policy or pause is awaited, or questions (FORGET) that are. */
struct awaited {
	uint32_t *device, *seq;
	size_t n_devices, n_seqs, room_devices, room_seqs;
};

static struct row {
	struct channel *channel; /* NULL: free */
	uint32_t seq;
	json_t *answer; /* owned */
	uint64_t until_ns;
	struct awaited awaited;
} rows[ROWS_MAX];

static struct awaited noted;
static bool is_noting;
static uint32_t round_of_notes; /* so that a device is noted once */
static struct loop_timer *timer;

static void
append(uint32_t **list, size_t *n, size_t *room, uint32_t value)
{
	if (*n == *room) {
		*room = *room ? *room * 2 : 8;
		uint32_t *more = must_alloc(*room, sizeof *more);
		if (*n)
			memcpy(more, *list, *n * sizeof *more);
		free(*list);
		*list = more;
	}
	(*list)[(*n)++] = value;
}

static void
awaited_free(struct awaited *awaited)
{
	free(awaited->device);
	free(awaited->seq);
	*awaited = (struct awaited){0};
}

void
wait_begin(void)
{
	awaited_free(&noted);
	is_noting = true;
	round_of_notes++;
}

void
wait_note(struct ward *ward)
{
	if (!is_noting || ward->noted == round_of_notes)
		return;
	ward->noted = round_of_notes;
	append(&noted.device, &noted.n_devices, &noted.room_devices, ward_number(ward));
}

void
wait_note_question(uint32_t seq)
{
	if (is_noting)
		append(&noted.seq, &noted.n_seqs, &noted.room_seqs, seq);
}

/* --- what is still missing ------------------------------------------------------------------------ */

/* Takes off what is in force; *refused is that of a device which the kernel did not take. */
static bool
is_awaited(struct awaited *awaited, enum err *refused)
{
	size_t kept = 0;

	for (size_t i = 0; i < awaited->n_devices; i++) {
		const struct ward *ward = ward_find(awaited->device[i]);
		if (!ward || sync_is_in_force(ward))
			continue;
		if (ward->refused)
			*refused = ward->refused;
		awaited->device[kept++] = awaited->device[i];
	}
	awaited->n_devices = kept;
	return kept || awaited->n_seqs;
}

static const char *
why_late(const struct awaited *awaited)
{
	const struct ward *ward = awaited->n_devices ? ward_find(awaited->device[0]) : NULL;

	if (!channel_is_open(engine.peer[PROCESS_ENFORCER]))
		return "the enforcer is being started again";
	if (engine.is_restoring)
		return "the rules of all devices are being restored";
	if (ward && ward->is_policy_due)
		return "many other changes are before it";
	return "the enforcer has not answered";
}

/* True when the answer says now whether all of it is in force. */
static bool
is_decided(struct awaited *awaited, json_t *answer, bool is_over)
{
	enum err refused = ERR_OK;
	char text[200];
	bool is_missing = is_awaited(awaited, &refused);

	if (is_missing && !refused && !is_over)
		return false;
	json_object_set_new(answer, "in_force", json_boolean(!is_missing));
	if (!is_missing)
		return true;
	if (refused)
		snprintf(text, sizeof text,
			"this is recorded, and not in force: the kernel did not take it (%s); what "
			"was in force before stays, and it is tried again",
			err_text(refused));
	else
		snprintf(text, sizeof text,
			"this is recorded, and not in force yet: %s; what was in force before "
			"stays until then",
			why_late(awaited));
	json_object_set_new(answer, "note", json_string(text));
	return true;
}

/* --- rows ------------------------------------------------------------------------------------------ */

static void
finish(struct row *row)
{
	struct channel *channel = row->channel;
	json_t *answer = row->answer;

	awaited_free(&row->awaited);
	row->channel = NULL;
	row->answer = NULL;
	command_answer(channel, row->seq, answer);
}

void
wait_look(void)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (int i = 0; i < ROWS_MAX; i++)
		if (rows[i].channel &&
			is_decided(&rows[i].awaited, rows[i].answer, rows[i].until_ns <= now_ns))
			finish(&rows[i]);
}

static void
on_timer(void *arg)
{
	uint64_t first_ns = UINT64_MAX, now_ns;

	wait_look();
	now_ns = clock_monotonic_ns();
	for (int i = 0; i < ROWS_MAX; i++)
		if (rows[i].channel && rows[i].until_ns < first_ns)
			first_ns = rows[i].until_ns;
	if (first_ns != UINT64_MAX)
		loop_timer_again(
			timer, first_ns > now_ns ? (first_ns - now_ns) / CLOCK_MS_NS + 1 : 1);
}

void
wait_answer(struct channel *channel, uint32_t seq, json_t *answer)
{
	struct row *row = NULL;

	is_noting = false;
	if (!noted.n_devices && !noted.n_seqs) {
		command_answer(channel, seq, answer);
		return;
	}
	for (int i = 0; i < ROWS_MAX && !row; i++)
		row = rows[i].channel ? NULL : &rows[i];
	if (is_decided(&noted, answer, !row)) {
		awaited_free(&noted);
		command_answer(channel, seq, answer);
		return;
	}
	*row = (struct row){.channel = channel,
		.seq = seq,
		.answer = answer,
		.until_ns = clock_monotonic_ns() + ANSWER_MS * CLOCK_MS_NS,
		.awaited = noted};
	noted = (struct awaited){0};
	if (timer)
		loop_timer_again(timer, ANSWER_MS);
	else
		timer = loop_timer_new(ANSWER_MS, false, on_timer, NULL);
}

void
wait_answered(uint32_t seq)
{
	for (int i = 0; i < ROWS_MAX; i++) {
		struct awaited *awaited = &rows[i].awaited;
		size_t kept = 0;
		for (size_t k = 0; k < awaited->n_seqs; k++)
			if (seq && awaited->seq[k] != seq)
				awaited->seq[kept++] = awaited->seq[k];
		awaited->n_seqs = kept;
	}
}

void
wait_drop(const struct channel *channel)
{
	for (int i = 0; i < ROWS_MAX; i++) {
		if (!rows[i].channel || rows[i].channel != channel)
			continue;
		awaited_free(&rows[i].awaited);
		json_decref(rows[i].answer);
		rows[i].answer = NULL;
		rows[i].channel = NULL;
	}
}
