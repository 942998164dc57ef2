/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/ring.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { NOW_US = 1000 * 1000 * 1000 };

static const struct hash_key key = {0x1234567, 0x89abcdef};
static const uint8_t camera[6] = {2, 0, 0, 0, 0, 1}, phone[6] = {2, 0, 0, 0, 0, 2};
static struct message_frozen frozen;

static void
name(struct ring *ring, const uint8_t *mac)
{
	static struct message_keep keep;

	keep = (struct message_keep){.n_rows = mac ? 1 : 0, .is_first = 1, .is_last = 1};
	if (mac)
		memcpy(keep.row[0].mac, mac, 6);
	ring_name(ring, &keep);
}

/* UDP from 192.168.77.5 to 198.18.1.1, with "password" behind its head. */
static void
says(struct ring *ring, const uint8_t *mac, uint16_t port, uint64_t at_us)
{
	static struct packet packet;
	uint8_t frame[50] = {
		2,
		0,
		0,
		0,
		0,
		9,
		0,
		0,
		0,
		0,
		0,
		0,
		8,
		0, /* to us, from whom, IPv4 */
		0x45,
		0,
		0,
		36,
		0,
		0,
		0,
		0,
		64,
		17,
		0,
		0, /* 36 bytes, UDP */
		192,
		168,
		77,
		5,
		198,
		18,
		1,
		1, /* from, to */
		0x9c,
		0x40,
		(uint8_t)(port >> 8),
		(uint8_t)port, /* ports */
		0,
		16,
		0,
		0,
		'p',
		'a',
		's',
		's',
		'w',
		'o',
		'r',
		'd',
	};

	memcpy(frame + 6, mac, 6);
	packet_parse(&packet, frame, sizeof frame, sizeof frame);
	ring_take(ring, &packet, frame, sizeof frame, "p-cam", false, at_us);
}

static uint32_t
frozen_of(struct ring *ring, const uint8_t *mac)
{
	struct message_freeze freeze = {.incident = 7, .n_macs = 1};

	memcpy(freeze.mac[0].mac, mac, 6);
	ring_freeze(ring, &freeze, &frozen);
	EXPECT(message_check(MESSAGE_FROZEN, PROCESS_CAPTURE, PROCESS_ENGINE, &frozen,
		message_frozen_len(&frozen)));
	return frozen.n_rows;
}

TEST(of_a_phone_not_one_byte_is_remembered)
{
	struct ring *ring = ring_new(&key);

	says(ring, phone, 9999, NOW_US);
	name(ring, camera);
	says(ring, phone, 9999, NOW_US);
	says(ring, camera, 9999, NOW_US);
	EXPECT(frozen_of(ring, phone) == 0);
	EXPECT(frozen_of(ring, camera) == 1);
	EXPECT(!memcmp(frozen.row[0].mac, camera, 6));
	ring_free(ring);
}

TEST(what_was_remembered_goes_when_its_owner_says_that_it_is_a_phone)
{
	struct ring *ring = ring_new(&key);

	name(ring, camera);
	says(ring, camera, 9999, NOW_US);
	name(ring, phone);
	EXPECT(frozen_of(ring, camera) == 0);
	name(ring, camera);
	EXPECT(frozen_of(ring, camera) == 0);
	ring_free(ring);
}

TEST(a_list_that_is_not_whole_changes_nothing)
{
	static struct message_keep keep = {.is_first = 1};
	struct ring *ring = ring_new(&key);

	name(ring, camera);
	ring_name(ring, &keep);
	says(ring, camera, 9999, NOW_US);
	EXPECT(frozen_of(ring, camera) == 1);
	ring_free(ring);
}

TEST(nothing_behind_the_head_is_remembered_but_of_names_and_addresses)
{
	struct ring *ring = ring_new(&key);

	name(ring, camera);
	says(ring, camera, 9999, NOW_US);
	EXPECT(frozen_of(ring, camera) == 1);
	EXPECT(frozen.row[0].len == 42 && frozen.row[0].wire_len == 50);
	EXPECT(frozen.row[0].peer.version == 4 && frozen.row[0].peer.byte[0] == 198);
	for (size_t i = 42; i < KEPT_BYTES_MAX; i++)
		EXPECT(!frozen.row[0].bytes[i]);
	/* Also where the port says that it is a question. */
	says(ring, camera, 53, NOW_US);
	EXPECT(frozen_of(ring, camera) == 2);
	EXPECT(frozen.row[1].len == 42);
	ring_free(ring);
}

TEST(who_floods_keeps_its_beginning_and_takes_nobody_elses_room)
{
	struct ring *ring = ring_new(&key);
	struct message_keep *keep = calloc(1, sizeof *keep);

	*keep = (struct message_keep){.n_rows = 2, .is_first = 1, .is_last = 1};
	memcpy(keep->row[0].mac, camera, 6);
	memcpy(keep->row[1].mac, phone, 6); /* an ordinary device in this one */
	ring_name(ring, keep);
	says(ring, phone, 53, NOW_US);
	for (uint64_t i = 0; i < 100000; i++)
		says(ring, camera, (uint16_t)i, NOW_US + i * 10); /* a second */
	EXPECT(frozen_of(ring, phone) == 1);
	EXPECT(frozen_of(ring, camera) >= RING_BURST &&
		frozen.n_rows <= RING_BURST + 2 * RING_A_SECOND);
	EXPECT(frozen.row[0].wall_us == NOW_US);
	free(keep);
	ring_free(ring);
}

TEST(what_a_rule_refused_stands_there_with_the_reason)
{
	static const uint8_t bytes[] = {
		0x45,
		0,
		0,
		40,
		0,
		0,
		0,
		0,
		64,
		6,
		0,
		0,
		192,
		168,
		77,
		5,
		192,
		168,
		77,
		9,
		0x9c,
		0x40,
		0,
		23,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0x50,
		2,
		0,
		0,
		0,
		0,
		0,
		0,
	};
	struct ring *ring = ring_new(&key);

	name(ring, camera);
	ring_take_logged(ring, REASON_NEIGHBOUR, camera, bytes, sizeof bytes, "p-cam", NOW_US);
	ring_take_logged(ring, REASON_NEW_FLOW, camera, bytes, sizeof bytes, "p-cam", NOW_US);
	ring_take_logged(ring, REASON_NEIGHBOUR, NULL, bytes, sizeof bytes, "p-cam", NOW_US);
	ring_take_logged(ring, REASON_NEIGHBOUR, camera, bytes, 3, "p-cam", NOW_US);
	EXPECT(frozen_of(ring, camera) == 1);
	EXPECT(frozen.row[0].reason == REASON_NEIGHBOUR && frozen.row[0].len == 54);
	EXPECT(frozen.row[0].peer.version == 4 && frozen.row[0].peer.byte[3] == 9);
	EXPECT(!memcmp(frozen.row[0].bytes + 6, camera, 6) && frozen.row[0].bytes[12] == 8);
	ring_free(ring);
}
