/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_NTP_H
#define PINFOLD_PACKET_NTP_H

#include "packet/reader.h"

enum {
	NTP_CLIENT = 3,
	NTP_SERVER = 4,
	NTP_BROADCAST = 5,
	NTP_CONTROL = 6,
	NTP_PRIVATE = 7,
};

struct ntp {
	uint8_t leap, version, mode;
	uint8_t stratum; /* not with NTP_CONTROL, NTP_PRIVATE */
	uint32_t reference;
	uint64_t transmitted; /* NTP timestamp, RFC 5905 section 6 */
};

bool ntp_parse(struct ntp *, struct reader);

#endif
