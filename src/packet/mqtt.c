/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/mqtt.h"

enum {
	TYPE_CONNECT = 0x10,
	FLAG_CLEAN = 0x02,
	FLAG_WILL = 0x04,
	FLAG_PASSWORD = 0x40,
	FLAG_USER_NAME = 0x80,
	FLAG_RESERVED = 0x01,
};

/* A length in groups of seven bits, at most four (MQTT 5.0, section 1.5.5). */
static bool
take_varint(struct reader *r, uint32_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 28; shift += 7) {
		uint8_t byte = reader_u8(r);
		*value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return reader_ok(r);
	}
	return false;
}

static struct bytes
take_string(struct reader *r)
{
	struct reader string = reader_slice(r, reader_u16(r));
	return reader_rest(&string);
}

static bool
skip_properties(const struct mqtt *mqtt, struct reader *r)
{
	uint32_t len;

	if (mqtt->level < 5)
		return true;
	if (!take_varint(r, &len))
		return false;
	reader_skip(r, len);
	return true;
}

bool
mqtt_is_connect(struct reader r)
{
	uint32_t len;
	struct bytes name;

	if (reader_u8(&r) != TYPE_CONNECT || !take_varint(&r, &len))
		return false;
	name = take_string(&r);
	return bytes_are(name, "MQTT") || bytes_are(name, "MQIsdp");
}

bool
mqtt_parse(struct mqtt *mqtt, struct reader r)
{
	uint32_t len;

	if (!mqtt_is_connect(r))
		return false;
	reader_skip(&r, 1);
	if (!take_varint(&r, &len))
		return false;
	r = reader_slice(&r, len);
	take_string(&r);
	*mqtt = (struct mqtt){.level = reader_u8(&r)};
	uint8_t flags = reader_u8(&r);
	mqtt->is_clean = flags & FLAG_CLEAN;
	mqtt->has_will = flags & FLAG_WILL;
	mqtt->has_user_name = flags & FLAG_USER_NAME;
	mqtt->has_password = flags & FLAG_PASSWORD;
	mqtt->keep_alive_s = reader_u16(&r);
	if (flags & FLAG_RESERVED || mqtt->level < 3 || mqtt->level > 5)
		return false;
	if (!skip_properties(mqtt, &r))
		return false;
	mqtt->claimed_client_id = take_string(&r);
	if (mqtt->has_will) {
		if (!skip_properties(mqtt, &r))
			return false;
		take_string(&r); /* topic */
		take_string(&r); /* message */
	}
	if (mqtt->has_user_name)
		mqtt->claimed_user_name = take_string(&r);
	if (mqtt->has_password)
		take_string(&r);
	return reader_ok(&r);
}
