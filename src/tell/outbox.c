/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/outbox.h"

#include <string.h>

#include "base/auto.h"

static const int64_t waits_s[] = {5, 15, 60, 300, 900, 3600};

static struct outbox_item *
find(struct outbox *box, uint32_t ticket)
{
	for (int i = 0; i < OUTBOX_MAX && ticket; i++)
		if (box->item[i].tell.ticket == ticket)
			return &box->item[i];
	return NULL;
}

/* The disk hears of it by gone[]; when that is full the row is found again at the next start. */
static void
drop(struct outbox *box, struct outbox_item *item)
{
	if (box->n_gone < OUTBOX_MAX)
		box->gone[box->n_gone++] = item->tell.ticket;
	*item = (struct outbox_item){0};
}

static bool
is_older(const struct outbox_item *a, const struct outbox_item *b)
{
	return !b || a->tell.ticket < b->tell.ticket;
}

static struct outbox_item *
room(struct outbox *box)
{
	struct outbox_item *digest = NULL, *oldest = NULL;

	for (int i = 0; i < OUTBOX_MAX; i++) {
		struct outbox_item *item = &box->item[i];
		if (!item->tell.ticket)
			return item;
		if (item->tell.what == TELL_DIGEST && is_older(item, digest))
			digest = item;
		if (is_older(item, oldest))
			oldest = item;
	}
	oldest = digest ? digest : oldest;
	box->lost[oldest->tell.receiver]++;
	drop(box, oldest);
	return oldest;
}

uint32_t
outbox_add(struct outbox *box, const struct message_tell *tell, int64_t now_s)
{
	struct outbox_item *item = room(box);

	*item = (struct outbox_item){
		.tell = *tell, .made_s = now_s, .due_s = now_s, .is_unsaved = true};
	item->tell.ticket = ++box->last_ticket;
	return item->tell.ticket;
}

void
outbox_restore(struct outbox *box, const struct outbox_item *kept)
{
	if (!kept->tell.ticket || !kept->tell.receiver || kept->tell.receiver > RECEIVERS_MAX)
		return;
	struct outbox_item *item = room(box);
	*item = *kept;
	item->is_under_way = item->is_unsaved = false;
	if (kept->tell.ticket > box->last_ticket)
		box->last_ticket = kept->tell.ticket;
}

/* Set back, a clock must not hold a message for years. */
static bool
is_due_in(const struct outbox_item *item, int64_t now_s, int64_t at_most_s)
{
	return item->due_s > now_s && item->due_s - now_s <= at_most_s;
}

const struct message_tell *
outbox_next(struct outbox *box, uint8_t receiver, int64_t now_s)
{
	struct outbox_item *next = NULL;

	for (int i = 0; i < OUTBOX_MAX; i++) {
		struct outbox_item *item = &box->item[i];
		if (!item->tell.ticket || item->tell.receiver != receiver)
			continue;
		if (item->is_under_way && is_due_in(item, now_s, OUTBOX_ANSWER_S))
			return NULL;
		if (is_older(item, next))
			next = item;
	}
	if (!next || is_due_in(next, now_s, waits_s[COUNT_OF(waits_s) - 1]))
		return NULL;
	next->is_under_way = true;
	next->due_s = now_s + OUTBOX_ANSWER_S;
	next->tell.lost = box->lost[receiver];
	return &next->tell;
}

bool
outbox_answered(struct outbox *box, uint32_t ticket, bool is_taken, bool is_final, int64_t now_s)
{
	struct outbox_item *item = find(box, ticket);

	if (!item)
		return true;
	uint8_t receiver = item->tell.receiver;
	if (is_taken)
		box->lost[receiver] -= item->tell.lost < box->lost[receiver] ? item->tell.lost
									     : box->lost[receiver];
	if (is_taken || is_final || now_s - item->made_s >= OUTBOX_KEEP_S) {
		if (!is_taken && item->tell.what != TELL_TEST)
			box->lost[receiver]++;
		drop(box, item);
		return true;
	}
	size_t step = item->tries < COUNT_OF(waits_s) ? item->tries : COUNT_OF(waits_s) - 1;
	item->due_s = now_s + waits_s[step];
	item->tries++;
	item->is_under_way = false;
	item->is_unsaved = true;
	return false;
}

void
outbox_forget(struct outbox *box, uint8_t receiver)
{
	for (int i = 0; i < OUTBOX_MAX; i++)
		if (box->item[i].tell.ticket && box->item[i].tell.receiver == receiver)
			drop(box, &box->item[i]);
	box->lost[receiver] = 0;
}

void
outbox_interrupted(struct outbox *box)
{
	for (int i = 0; i < OUTBOX_MAX; i++)
		if (box->item[i].is_under_way) {
			box->item[i].is_under_way = false;
			box->item[i].due_s = 0;
		}
}

unsigned
outbox_count(const struct outbox *box, uint8_t receiver)
{
	unsigned n = 0;

	for (int i = 0; i < OUTBOX_MAX; i++)
		n += box->item[i].tell.ticket && box->item[i].tell.receiver == receiver;
	return n;
}
