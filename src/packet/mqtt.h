/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_MQTT_H
#define PINFOLD_PACKET_MQTT_H

#include "packet/reader.h"

/* A CONNECT (MQTT 3.1.1 and 5.0, section 3.1; also 3.1).  Borrowed raw bytes. */
struct mqtt {
	uint8_t level; /* 3, 4, 5 */
	bool is_clean, has_will, has_user_name, has_password;
	uint16_t keep_alive_s;
	struct bytes claimed_client_id;
	struct bytes claimed_user_name; /* with has_user_name; the password is never kept */
};

/* True for the first bytes of a CONNECT, on whatever port. */
bool mqtt_is_connect(struct reader);

bool mqtt_parse(struct mqtt *, struct reader);

#endif
