/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/coap.h"

enum {
	OPTION_URI_HOST = 3,
	OPTION_URI_PATH = 11,
	PAYLOAD_MARKER = 0xff,
};

/* A nibble, perhaps extended by one or two bytes (RFC 7252, section 3.1). */
static bool
take_extended(struct reader *r, uint8_t nibble, uint32_t *value)
{
	if (nibble == 15)
		return false;
	*value = nibble;
	if (nibble == 13)
		*value = 13u + reader_u8(r);
	if (nibble == 14)
		*value = 269u + reader_u16(r);
	return true;
}

static void
take_option(struct coap *coap, uint32_t number, struct bytes value)
{
	coap->option_count++;
	if (number == OPTION_URI_HOST)
		coap->claimed_host = value;
	if (number == OPTION_URI_PATH && coap->path_count < COAP_PATHS_MAX)
		coap->path[coap->path_count++] = value;
}

static bool
parse_options(struct coap *coap, struct reader r)
{
	uint32_t number = 0;

	while (reader_left(&r) > 0) {
		uint8_t first = reader_u8(&r);
		uint32_t delta, len;
		if (first == PAYLOAD_MARKER) {
			coap->payload_len = reader_left(&r);
			return coap->payload_len > 0;
		}
		if (!take_extended(&r, first >> 4, &delta) || !take_extended(&r, first & 15, &len))
			return false;
		number += delta;
		struct reader value = reader_slice(&r, len);
		if (!reader_ok(&r) || number > UINT16_MAX)
			return false;
		take_option(coap, number, reader_rest(&value));
	}
	return true;
}

bool
coap_parse(struct coap *coap, struct reader r)
{
	uint8_t first = reader_u8(&r), token_len = first & 15;

	memset(coap, 0, sizeof *coap);
	coap->type = first >> 4 & 3;
	coap->code = reader_u8(&r);
	coap->id = reader_u16(&r);
	if (!reader_ok(&r) || first >> 6 != 1 || token_len > 8)
		return false;
	/* An empty message has nothing behind its id (RFC 7252, section 4.1). */
	if (coap->code == 0)
		return token_len == 0 && reader_left(&r) == 0;
	struct reader token = reader_slice(&r, token_len);
	coap->token = reader_rest(&token);
	return reader_ok(&r) && parse_options(coap, r);
}
