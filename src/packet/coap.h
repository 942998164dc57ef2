/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_COAP_H
#define PINFOLD_PACKET_COAP_H

#include "packet/reader.h"

enum { COAP_PATHS_MAX = 8 };

/* One CoAP message (RFC 7252 section 3).  Borrowed raw bytes. */
struct coap {
	uint8_t type; /* 0 confirmable, 1 non-confirmable, 2 acknowledgement, 3 reset */
	uint8_t code; /* class in the upper three bits: 0.01 GET is 1, 2.05 is 69 */
	uint16_t id;
	struct bytes token;
	struct bytes claimed_host;         /* Uri-Host */
	uint8_t path_count;                /* of those kept */
	struct bytes path[COAP_PATHS_MAX]; /* Uri-Path */
	uint16_t option_count;
	size_t payload_len;
};

bool coap_parse(struct coap *, struct reader);

#endif
