/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

enum { NAMES = 2 * KEEP_MACS_MAX, SECOND_US = 1000 * 1000, HEAD = 14 };

/* Named now, and named in the list that is coming. */
struct name {
	uint8_t mac[6];
	bool is_used, is_named, is_coming;
	uint8_t left; /* of its burst */
	uint64_t at_us;
};

struct ring {
	struct hash_key key;
	size_t n_names, next, n_packets;
	struct name name[NAMES];
	struct kept_packet packet[RING_PACKETS];
};

struct ring *
ring_new(const struct hash_key *key)
{
	struct ring *ring = must_alloc(1, sizeof *ring);

	ring->key = *key;
	return ring;
}

void
ring_free(struct ring *ring)
{
	free(ring);
}

/* Its place, or the empty one where it would stand; the table is never more than half full. */
static struct name *
place_of(struct ring *ring, const uint8_t mac[static 6])
{
	size_t at = keyed_hash(&ring->key, mac, 6) % NAMES;

	while (ring->name[at].is_used && memcmp(ring->name[at].mac, mac, 6) != 0)
		at = (at + 1) % NAMES;
	return &ring->name[at];
}

/* --- who is named ----------------------------------------------------------------------------- */

static void
forget_packets_of_others(struct ring *ring)
{
	for (size_t i = 0; i < ring->n_packets; i++)
		if (!place_of(ring, ring->packet[i].mac)->is_named)
			memset(&ring->packet[i], 0, sizeof ring->packet[i]);
}

/* Names that are no more would fill the table; the others keep what is left of their burst. */
static void
rebuild(struct ring *ring)
{
	struct name *kept = must_alloc(NAMES, sizeof *kept);
	size_t n = 0;

	for (size_t i = 0; i < NAMES; i++)
		if (ring->name[i].is_used && ring->name[i].is_coming)
			kept[n++] = ring->name[i];
	memset(ring->name, 0, sizeof ring->name);
	for (size_t i = 0; i < n; i++) {
		kept[i].is_named = true;
		kept[i].is_coming = false;
		*place_of(ring, kept[i].mac) = kept[i];
	}
	ring->n_names = n;
	free(kept);
}

void
ring_name(struct ring *ring, const struct message_keep *keep)
{
	for (size_t i = 0; keep->is_first && i < NAMES; i++)
		ring->name[i].is_coming = false;
	for (uint32_t i = 0; i < keep->n_rows; i++) {
		struct name *name = place_of(ring, keep->row[i].mac);
		if (!name->is_used) {
			if (ring->n_names == KEEP_MACS_MAX)
				continue;
			ring->n_names++;
			*name = (struct name){.is_used = true, .left = RING_BURST};
			memcpy(name->mac, keep->row[i].mac, 6);
		}
		name->is_coming = true;
	}
	if (keep->is_last) {
		rebuild(ring);
		forget_packets_of_others(ring);
	}
}

/* --- what is kept ------------------------------------------------------------------------------ */

/* Heads; and what of the rest is only the way there: names, addresses, who is there. */
static size_t
keeps(const struct packet *packet, const uint8_t *bytes, size_t len)
{
	static const bool whole[PROTOCOL_COUNT] = {[PROTOCOL_DHCPV4] = true,
		[PROTOCOL_DHCPV6] = true,
		[PROTOCOL_DNS] = true,
		[PROTOCOL_MDNS] = true,
		[PROTOCOL_NTP] = true,
		[PROTOCOL_TLS] = true,
		[PROTOCOL_TLS_SERVER] = true};
	size_t heads = packet->payload.at ? (size_t)(packet->payload.at - bytes) : 0;

	if (packet->layers & LAYER_EAPOL)
		return 0; /* keys of the Wi-Fi are made of it */
	if (packet->layers & (LAYER_ARP | LAYER_ND | LAYER_MLD) || whole[packet->protocol])
		heads = len;
	heads = heads < len ? heads : len;
	return heads < KEPT_BYTES_MAX ? heads : KEPT_BYTES_MAX;
}

static struct kept_packet *
room_for(struct ring *ring, const uint8_t mac[static 6], const char *port, uint64_t wall_us)
{
	struct name *name = place_of(ring, mac);

	if (!name->is_named)
		return NULL;
	/* A clock that was set back must not make a device wait for it. */
	if (wall_us < name->at_us)
		name->at_us = wall_us;
	uint64_t grown = (wall_us - name->at_us) / (SECOND_US / RING_A_SECOND);
	if (grown) {
		name->at_us = wall_us;
		grown += name->left;
		name->left = (uint8_t)(grown > RING_BURST ? RING_BURST : grown);
	}
	if (!name->left)
		return NULL;
	name->left--;
	struct kept_packet *kept = &ring->packet[ring->next];
	ring->next = (ring->next + 1) % RING_PACKETS;
	ring->n_packets += ring->n_packets < RING_PACKETS;
	*kept = (struct kept_packet){.wall_us = wall_us};
	memcpy(kept->mac, mac, 6);
	memcpy(kept->port, port, strnlen(port, sizeof kept->port - 1));
	return kept;
}

void
ring_take(struct ring *ring, const struct packet *packet, const uint8_t *frame, size_t cap_len,
	const char *port, bool is_outgoing, uint64_t wall_us)
{
	size_t len = keeps(packet, frame, cap_len);

	if (!len || !(packet->layers & LAYER_ETHERNET))
		return;
	struct kept_packet *kept =
		room_for(ring, is_outgoing ? packet->ethernet.destination : packet->ethernet.source,
			port, wall_us);
	if (!kept)
		return;
	kept->is_outgoing = is_outgoing;
	if (packet_is_ip(packet))
		kept->peer = is_outgoing ? packet->source : packet->destination;
	kept->wire_len = (uint32_t)packet->wire_len;
	kept->len = (uint8_t)len;
	memcpy(kept->bytes, frame, len);
}

void
ring_take_logged(struct ring *ring, enum reason reason, const uint8_t *mac, const uint8_t *bytes,
	size_t len, const char *port, uint64_t wall_us)
{
	static struct packet packet; /* large, and would be zeroed each time */

	if (!mac || reason == REASON_UNKNOWN || reason == REASON_NEW_FLOW)
		return;
	/* The copy is cut, so lengths do not fit; the heads are all that is wanted. */
	packet_parse_ip(&packet, bytes, len, len);
	struct kept_packet *kept =
		packet_is_ip(&packet) ? room_for(ring, mac, port, wall_us) : NULL;
	if (!kept)
		return;
	/* The rules do not say to whom the frame went; a head makes it one like the others. */
	uint8_t head[HEAD] = {[12] = packet.layers & LAYER_IPV4 ? 0x08 : 0x86,
		[13] = packet.layers & LAYER_IPV4 ? 0x00 : 0xdd};
	memcpy(head + 6, mac, 6);
	len = keeps(&packet, bytes, len);
	len = len < KEPT_BYTES_MAX - HEAD ? len : KEPT_BYTES_MAX - HEAD;
	kept->reason = (uint8_t)reason;
	kept->peer = packet.destination;
	kept->len = (uint8_t)(HEAD + len);
	kept->wire_len = (uint32_t)(HEAD + packet.wire_len);
	memcpy(kept->bytes, head, HEAD);
	memcpy(kept->bytes + HEAD, bytes, len);
}

/* --- what is given -------------------------------------------------------------------------------- */

static bool
is_asked(const struct message_freeze *freeze, const struct kept_packet *kept)
{
	for (uint32_t i = 0; kept->wall_us && i < freeze->n_macs; i++)
		if (!memcmp(freeze->mac[i].mac, kept->mac, 6))
			return true;
	return false;
}

void
ring_freeze(
	const struct ring *ring, const struct message_freeze *freeze, struct message_frozen *out)
{
	size_t oldest = ring->n_packets < RING_PACKETS ? 0 : ring->next, n = 0, skip;

	for (size_t i = 0; i < ring->n_packets; i++)
		n += is_asked(freeze, &ring->packet[i]);
	skip = n > KEPT_ROWS_MAX ? n - KEPT_ROWS_MAX : 0;
	out->incident = freeze->incident;
	out->n_rows = out->zero = 0;
	for (size_t i = 0; i < ring->n_packets; i++) {
		const struct kept_packet *kept = &ring->packet[(oldest + i) % RING_PACKETS];
		if (!is_asked(freeze, kept))
			continue;
		if (skip)
			skip--;
		else
			out->row[out->n_rows++] = *kept;
	}
}
