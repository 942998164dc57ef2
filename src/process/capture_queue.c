/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "process/capture.h"

/* Rows on their way to the peer; the network decides how many come, so their room is fixed. */
static struct observation queue[CAPTURE_QUEUE_MAX];

/* What is told again in a moment anyway. */
static bool
is_chatter(const struct observation *row)
{
	switch ((enum observed)row->what) {
	case OBSERVED_DENIED:
	case OBSERVED_FLOW_NEW:
	case OBSERVED_FLOW_END:
	case OBSERVED_LOST:
	case OBSERVED_ND_DAD:
	case OBSERVED_DHCP4_REQUEST:
	case OBSERVED_DHCP4_ACK:
	case OBSERVED_DHCP4_RELEASE:
	case OBSERVED_DHCP6_SOLICIT:
	case OBSERVED_DHCP6_REPLY:
	case OBSERVED_DHCP6_RELEASE:
		return false;
	default:
		return true;
	}
}

static void
put(struct capture *capture, const struct observation *row)
{
	size_t limit = is_chatter(row) ? CAPTURE_QUEUE_CHATTER : CAPTURE_QUEUE_MAX - 1;

	if (capture->queue_count >= limit) {
		capture->dropped_rows++;
		return;
	}
	queue[(capture->queue_first + capture->queue_count++) % CAPTURE_QUEUE_MAX] = *row;
}

void
capture_tell(struct capture *capture, const struct observation *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(capture, &rows[i]);
}

bool
capture_is_clogged(const struct capture *capture)
{
	return capture->queue_count >= CAPTURE_QUEUE_CHATTER / 2;
}

/* Loss is told as soon as there is room for it: the last place is kept for it. */
static void
put_loss(struct capture *capture)
{
	uint64_t lost = capture->lost_frames + (uint64_t)capture->lost_logs + capture->lost_flows +
			capture->dropped_rows;
	struct observation row;

	if (!lost || capture->queue_count >= CAPTURE_QUEUE_MAX)
		return;
	observation_from_loss(
		&row, lost > UINT32_MAX ? UINT32_MAX : (uint32_t)lost, capture_now(capture, NULL));
	queue[(capture->queue_first + capture->queue_count++) % CAPTURE_QUEUE_MAX] = row;
	capture->lost_frames = capture->lost_logs = capture->lost_flows = 0;
	capture->dropped_rows = 0;
}

void
capture_flush(struct capture *capture)
{
	static struct message_observation message;

	put_loss(capture);
	if (!capture->peer || !channel_is_open(capture->peer))
		return;
	while (capture->queue_count) {
		size_t n = 0;
		while (n < OBSERVATION_ROWS_MAX && n < capture->queue_count) {
			message.row[n] = queue[(capture->queue_first + n) % CAPTURE_QUEUE_MAX];
			n++;
		}
		message.n_rows = (uint32_t)n;
		/* Full or closed: the rows stay, and the next turn tries again. */
		if (channel_send(capture->peer, MESSAGE_OBSERVATION, 0, &message,
			    message_observation_len(&message), -1))
			return;
		capture->queue_first = (capture->queue_first + n) % CAPTURE_QUEUE_MAX;
		capture->queue_count -= n;
	}
}
