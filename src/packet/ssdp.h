/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_SSDP_H
#define PINFOLD_PACKET_SSDP_H

#include "packet/reader.h"

enum ssdp_kind { SSDP_UNKNOWN, SSDP_SEARCH, SSDP_NOTIFY, SSDP_RESPONSE };

/* One SSDP message (UPnP Device Architecture 2.0, section 1).  Borrowed raw bytes. */
struct ssdp {
	enum ssdp_kind kind;
	bool is_cut;                    /* the empty line at the end is missing */
	bool is_goodbye;                /* NTS ssdp:byebye */
	struct bytes search_target;     /* ST */
	struct bytes notification_type; /* NT */
	struct bytes unique_name;       /* USN */
	struct bytes claimed_location;  /* LOCATION: a URL that must not be followed unchecked */
	struct bytes claimed_server;    /* SERVER */
	struct bytes user_agent;        /* USER-AGENT */
};

bool ssdp_parse(struct ssdp *, struct reader);

#endif
