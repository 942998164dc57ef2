/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TELL_HOME_ASSISTANT_H
#define PINFOLD_TELL_HOME_ASSISTANT_H

#include <stddef.h>

#include "message/message.h"

/*
 * Home Assistant's discovery of devices by MQTT (docs/TELL.md): topics and what is published
 * there.  Topics are made of our own opaque ids and of no name.
 */
enum {
	HA_TOPIC_MAX = 128,
	HA_EXPIRE_S = 180, /* without news for so long a value is unknown */
	HA_RETELL_S = 60,
	HA_WISH_MAX = 16, /* longest payload of a command */
};
#define HA_WISHES "pinfold/+/+/set"

/* gateway: its id, since another may tell the same broker. */
void ha_status_topic(char out[static HA_TOPIC_MAX], const char *gateway); /* "online", "offline" */
void ha_event_topic(char out[static HA_TOPIC_MAX], const char *gateway);  /* as of a webhook */

/* prefix: as the owner's Home Assistant has it, "homeassistant". */
void ha_config_topic(
	char out[static HA_TOPIC_MAX], const char *prefix, const struct message_thing *);
/* The device with its parts; commands: what may be asked for from there.  Gives. */
char *ha_config(const struct message_thing *, const char *gateway, enum command_role commands);
void ha_state_topic(char out[static HA_TOPIC_MAX], const struct message_thing *);
char *ha_state(const struct message_thing *); /* gives */

/* A command that came from a broker; false: it is none.  The receiver is the caller's to fill in. */
bool ha_wish_parse(struct message_wish *, const char *topic, const void *payload, size_t len);

/* How many came within a minute; all zero is none yet. */
struct ha_wishes {
	uint64_t since_ns;
	unsigned n;
};
/*
 * Counts one, and says whether that is more than WISHES_A_MINUTE: whoever writes to the broker
 * can wish, but not as often as to be a nuisance.  The teller asks, and the engine again, since
 * the teller listens to strangers and may be lost.
 */
bool ha_wish_is_too_many(struct ha_wishes *, uint64_t now_ns);

#endif
