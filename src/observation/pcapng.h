/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_PCAPNG_H
#define PINFOLD_OBSERVATION_PCAPNG_H

#include "message/message.h"

/*
 * Kept packets as a capture file that other programs read (pcapng, draft-ietf-opsawg-pcapng):
 * one section, one interface, each packet with its bridge port as a comment, and with the
 * reason where a rule refused it.
 *
 * Writes at most PCAPNG_BYTES(n) and returns how many.
 */
enum { PCAPNG_HEAD_MAX = 256, PCAPNG_PACKET_MAX = 256 };
#define PCAPNG_BYTES(n) (PCAPNG_HEAD_MAX + (size_t)(n)*PCAPNG_PACKET_MAX)
size_t pcapng_render(const struct kept_packet *, size_t n, uint8_t *out);

#endif
