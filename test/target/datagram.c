/* SPDX-License-Identifier: Apache-2.0 */
/* Services of one question and one answer: SNMP, CoAP, TFTP, and who answers a search. */
#include "target.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- SNMP (RFC 1157, 3416): GetRequest and GetNextRequest of one variable -------------------------- */

/* A value of BER with a short or two-byte length; false when it is cut off. */
struct value {
	uint8_t tag;
	const uint8_t *at;
	size_t len;
};

static bool
take_value(const uint8_t **at, const uint8_t *end, struct value *value)
{
	const uint8_t *p = *at;
	size_t len;

	if (end - p < 2)
		return false;
	value->tag = *p++;
	len = *p++;
	if (len >= 0x80) {
		unsigned n = len & 0x7f;

		if (n == 0 || n > 2 || (size_t)(end - p) < n)
			return false;
		for (len = 0; n; n--)
			len = len << 8 | *p++;
	}
	if ((size_t)(end - p) < len)
		return false;
	value->at = p;
	value->len = len;
	*at = p + len;
	return true;
}

/* Puts tag and length before what stands at out + 4, and moves all to the front; gives the new length. */
static size_t
wrap(uint8_t *out, uint8_t tag, size_t len)
{
	memmove(out + 4, out, len);
	out[0] = tag;
	out[1] = 0x82;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	return len + 4;
}

static size_t
put_value(uint8_t *out, uint8_t tag, const void *bytes, size_t len)
{
	memcpy(out, bytes, len);
	return wrap(out, tag, len);
}

size_t
answer_snmp(const struct variant *variant, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	static const uint8_t sys_descr[] = {0x2b, 6, 1, 2, 1, 1, 1, 0};
	static const char *const communities[] = {"public", "public", "public", "private"};
	const uint8_t *at = in;
	struct value message, version, community, pdu, request, skipped, list, bind, name;
	char wanted[40], description[96];
	size_t n, m;

	if (len > 512 || size < 1024 || !take_value(&at, in + len, &message) || message.tag != 0x30)
		return 0;
	at = message.at;
	if (!take_value(&at, message.at + message.len, &version) ||
		!take_value(&at, message.at + message.len, &community) ||
		!take_value(&at, message.at + message.len, &pdu) ||
		(pdu.tag != 0xa0 && pdu.tag != 0xa1))
		return 0;
	/* A good one has a community that the owner chose; the other one of those in every book. */
	snprintf(wanted, sizeof wanted, "%s",
		variant_has(variant, "public") ? VARIANT_ONE_OF(variant, "community", communities)
					       : variant->password);
	if (variant->manner != MANNER_ANY_LOGIN &&
		(community.len != strlen(wanted) ||
			memcmp(community.at, wanted, community.len) != 0))
		return 0;
	at = pdu.at;
	if (!take_value(&at, pdu.at + pdu.len, &request) ||
		!take_value(&at, pdu.at + pdu.len, &skipped) ||
		!take_value(&at, pdu.at + pdu.len, &skipped) ||
		!take_value(&at, pdu.at + pdu.len, &list))
		return 0;
	at = list.at;
	if (!take_value(&at, list.at + list.len, &bind))
		return 0;
	at = bind.at;
	if (!take_value(&at, bind.at + bind.len, &name) || name.tag != 6 || name.len > 64)
		return 0;

	snprintf(description, sizeof description, "Linux device-%u 3.10.%u armv7l",
		variant_pick(variant, "number", 900), variant_pick(variant, "kernel", 90));
	if (pdu.tag == 0xa1)
		name = (struct value){.tag = 6, .at = sys_descr, .len = sizeof sys_descr};
	n = put_value(out, 6, name.at, name.len);
	if (name.len == sizeof sys_descr && !memcmp(name.at, sys_descr, name.len)) {
		n += put_value(out + n, 4, description, strlen(description));
	} else {
		out[n++] = version.len == 1 && version.at[0] == 0
				   ? 5
				   : 0x80; /* NULL, or noSuchObject of v2 */
		out[n++] = 0;
	}
	n = wrap(out, 0x30, n);
	n = wrap(out, 0x30, n);
	/* request-id, no error, no index stand before the list. */
	uint8_t head[64];

	m = put_value(head, 2, request.at, request.len > 8 ? 0 : request.len);
	memcpy(head + m, (const uint8_t[]){2, 1, 0, 2, 1, 0}, 6);
	m += 6;
	memmove(out + m, out, n);
	memcpy(out, head, m);
	n = wrap(out, 0xa2, n + m);
	m = put_value(head, 2, version.at, version.len > 4 ? 0 : version.len);
	m += put_value(head + m, 4, community.at, community.len > 40 ? 0 : community.len);
	memmove(out + m, out, n);
	memcpy(out, head, m);
	return wrap(out, 0x30, n + m);
}

/* --- CoAP (RFC 7252): GET, confirmable or not ---------------------------------------------------------- */

static const char *const resources[] = {
	"sensors/temp", "light/state", "lock", "oic/res", "15001/65537"};

size_t
answer_coap(const struct variant *variant, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	const char *resource = VARIANT_ONE_OF(variant, "resource", resources);
	unsigned token_len, delta = 0;
	char path[128] = "", body[256];
	size_t at, n, path_len = 0;
	uint8_t code;

	if (len < 4 || (in[0] >> 6) != 1 || (in[0] >> 4 & 3) > 1 || size < 512)
		return 0;
	token_len = in[0] & 15;
	if (token_len > 8 || 4 + token_len > len)
		return 0;
	/* An empty confirmable message is a ping, and is answered by a reset. */
	if (in[1] == 0) {
		memcpy(out, (const uint8_t[]){0x70, 0, in[2], in[3]}, 4);
		return 4;
	}
	for (at = 4 + token_len; at < len && in[at] != 0xff;) {
		unsigned step = in[at] >> 4, option_len = in[at] & 15;

		at++;
		if (step == 13 && at < len)
			step = 13 + in[at++];
		if (option_len == 13 && at < len)
			option_len = 13 + in[at++];
		if (step > 300 || option_len > 300 || at + option_len > len)
			return 0;
		delta += step;
		if (delta == 11 && path_len + option_len + 2 < sizeof path) {
			if (path_len)
				path[path_len++] = '/';
			memcpy(path + path_len, in + at, option_len);
			path_len += option_len;
			path[path_len] = '\0';
		}
		at += option_len;
	}
	if (!strcmp(path, ".well-known/core")) {
		code = 0x45; /* 2.05 */
		snprintf(body, sizeof body, "</%s>;rt=\"x\";if=\"s\",</.well-known/core>;ct=40",
			resource);
	} else if (strcmp(path, resource) != 0) {
		code = 0x84; /* 4.04 */
		body[0] = '\0';
	} else if (in[1] != 1 || !variant_has(variant, "open")) {
		code = in[1] != 1 ? 0x85 : 0x81; /* 4.05, 4.01 */
		body[0] = '\0';
	} else {
		code = 0x45;
		snprintf(body, sizeof body, "{\"v\":%u}", variant_pick(variant, "value", 100));
	}
	/* An answer within the acknowledgement, or another message for one that asked for none. */
	n = 0;
	out[n++] = (uint8_t)(((in[0] >> 4 & 3) == 0 ? 0x60 : 0x50) | token_len);
	out[n++] = code;
	out[n++] = in[2];
	out[n++] = in[3];
	memcpy(out + n, in + 4, token_len);
	n += token_len;
	if (*body) {
		out[n++] = 0xc1; /* Content-Format: link-format, or JSON */
		out[n++] = strcmp(path, resource) ? 40 : 50;
		out[n++] = 0xff;
		memcpy(out + n, body, strlen(body));
		n += strlen(body);
	}
	return n;
}

/* --- TFTP (RFC 1350): the first block, and no more --------------------------------------------------------- */

size_t
answer_tftp(const struct variant *variant, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	static const char *const files[] = {"config.bin", "startup-config", "running-config",
		"backup.cfg", "config.txt", "/etc/passwd"};
	const char *wanted = VARIANT_ONE_OF(variant, "file", files);
	char name[128], text[500];
	size_t n;

	if (len < 4 || in[0] != 0 || in[1] != 1 || !memchr(in + 2, 0, len - 2) || size < 600)
		return 0;
	snprintf(name, sizeof name, "%.*s", (int)(len - 2), (const char *)in + 2);
	if (variant_has(variant, "open") && !strcmp(name, wanted)) {
		n = made_up_file(variant, name, text, sizeof text);
		memcpy(out, (const uint8_t[]){0, 3, 0, 1}, 4);
		memcpy(out + 4, text, n);
		return 4 + n;
	}
	/* An error with its code and its words. */
	n = variant_pick(variant, "code", 2) ? 1 : 2;
	memcpy(out, (const uint8_t[]){0, 5, 0, (uint8_t)n}, 4);
	return 5 + (size_t)snprintf((char *)out + 4, 40, "%s",
			   n == 1 ? "File not found" : "Access violation");
}

/* --- SSDP: a search of the neighbourhood ----------------------------------------------------------------------- */

size_t
answer_ssdp(const struct variant *variant, const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	char text[1024], st[160] = "upnp:rootdevice";
	const char *at;
	int n;

	if (len >= sizeof text)
		return 0;
	memcpy(text, in, len);
	text[len] = '\0';
	if (strncmp(text, "M-SEARCH", 8) != 0)
		return 0;
	at = strcasestr(text, "\nST:");
	if (at)
		sscanf(at + 4, " %159[^\r\n]", st);
	/* The caller puts the address in that was asked. */
	n = snprintf((char *)out, size,
		"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: %s\r\nUSN: "
		"uuid:0-0-0-%u::%s\r\nEXT:\r\n"
		"SERVER: Linux/3.10 UPnP/1.0 MiniUPnPd/1.%u\r\nLOCATION: "
		"http://%%ADDRESS%%:%u/rootDesc.xml\r\n\r\n",
		st, variant_pick(variant, "uuid", 9999), st, variant_pick(variant, "minor", 9),
		variant->port);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
