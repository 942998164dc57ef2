/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_UDP_ASK_H
#define PINFOLD_CHECK_UDP_ASK_H

#include "check/session.h"
#include "packet/reader.h"

/*
 * One question, sent again once where nothing came; one exchange.  What came,
 * borrowed from the transcript; len 0 where nothing did.
 */
struct bytes udp_ask(struct session *, const struct ip *, uint16_t port, const char *step,
	uint32_t round, const char *note, const void *question, size_t len);

/* SNMP v2c (RFC 3416): GetRequest for sysDescr with this community. */
enum { SNMP_QUESTION_MAX = 128 };
size_t snmp_render(uint8_t out[static SNMP_QUESTION_MAX], const char *community);
/* The text of the value, printable; false when the bytes are no such response without error. */
bool snmp_text(struct bytes, char *out, size_t size);

/* CoAP (RFC 7252): GET of this path, confirmable, token and id by number. */
enum { COAP_QUESTION_MAX = 256 };
size_t coap_render(uint8_t out[static COAP_QUESTION_MAX], uint16_t number, const char *path);
/* Code (0x45 is 2.05) of an answer to this number, and its payload; 0 when it is none. */
uint8_t coap_answer(struct bytes, uint16_t number, struct bytes *payload);

#endif
