/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dns.h"

enum {
	HEADER_LEN = 12,
	LABEL_MAX = 63,
	POINTER = 0xc0,
	JUMPS_MAX = 127, /* each leads to at least one label of a name of 255 octets */
	OPCODE_MASK = 0x7800,
	EDNS_DNSSEC_OK = 0x8000,

	HINT_IPV4 = 4, /* RFC 9460, section 14.3.2 */
	HINT_IPV6 = 6,
};

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/*
 * Take a name that may be compressed (RFC 1035, section 4.1.4).  A pointer leads
 * to a name, or the rest of one, that is whole before the place where the bytes
 * now read began: so every jump goes further back and a loop cannot be built.
 * The header is no name either.  dns_reply_from_answer() needs both: what it
 * copies must mean the same without the bytes around it.
 */
static bool
take_name(struct dns_name *name, struct bytes message, struct reader *r)
{
	struct reader at = *r;
	bool has_jumped = false;
	const uint8_t *start = r->at;

	name->len = 0;
	for (unsigned jumps = 0; jumps <= JUMPS_MAX;) {
		uint8_t len = reader_u8(&at);
		if ((len & POINTER) == POINTER) {
			size_t to = (size_t)(len & 0x3f) << 8 | reader_u8(&at);
			if (!has_jumped)
				*r = at;
			has_jumped = true;
			if (!reader_ok(&at) || to < HEADER_LEN ||
				to >= (size_t)(start - message.at))
				return false;
			at = reader_over(message.at + to, (size_t)(start - message.at) - to);
			start = at.at;
			jumps++;
			continue;
		}
		const uint8_t *label = reader_bytes(&at, len);
		if (!label || len > LABEL_MAX || name->len + 1u + len + (len > 0) > DNS_NAME_MAX)
			return false;
		name->wire[name->len++] = len;
		memcpy(name->wire + name->len, label, len);
		name->len = (uint8_t)(name->len + len);
		if (len == 0) {
			if (!has_jumped)
				*r = at;
			return reader_ok(r);
		}
	}
	return false;
}

bool
dns_name_label(const struct dns_name *name, unsigned n, struct bytes *label)
{
	struct reader r = reader_over(name->wire, name->len);

	for (;; n--) {
		uint8_t len = reader_u8(&r);
		const uint8_t *at = reader_bytes(&r, len);
		if (!at || len == 0)
			return false;
		if (n == 0) {
			*label = (struct bytes){.at = at, .len = len};
			return true;
		}
	}
}

static bool
is_text_byte(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '.' && c != '\\' && c != '"';
}

bool
dns_name_text(const struct dns_name *name, char out[static DNS_TEXT_MAX])
{
	struct bytes label;
	size_t len = 0;

	out[0] = '\0';
	if (name->len == 0)
		return false;
	for (unsigned n = 0; dns_name_label(name, n, &label); n++) {
		if (n > 0)
			out[len++] = '.';
		for (size_t i = 0; i < label.len; i++) {
			if (!is_text_byte(label.at[i])) {
				out[0] = '\0';
				return false;
			}
			out[len++] = (char)lower(label.at[i]);
		}
	}
	out[len] = '\0';
	return true;
}

bool
dns_name_from_text(struct dns_name *name, const char *text)
{
	struct dns_name out = {0};
	size_t len = strnlen(text, DNS_TEXT_MAX);

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len > DNS_NAME_MAX - 2)
		return false;
	for (size_t i = 0; len > 0 && i <= len;) {
		size_t end = i;
		while (end < len && text[end] != '.') {
			if (!is_text_byte((uint8_t)text[end]))
				return false;
			end++;
		}
		if (end == i || end - i > LABEL_MAX)
			return false;
		out.wire[out.len++] = (uint8_t)(end - i);
		for (; i < end; i++)
			out.wire[out.len++] = lower((uint8_t)text[i]);
		i = end + 1;
	}
	out.wire[out.len++] = 0;
	*name = out;
	return true;
}

bool
dns_name_is_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->len != b->len)
		return false;
	/* A length byte is below 64, so folding letters leaves it alone. */
	for (unsigned i = 0; i < a->len; i++)
		if (lower(a->wire[i]) != lower(b->wire[i]))
			return false;
	return true;
}

bool
dns_parse(struct dns *dns, struct reader r)
{
	dns->message = reader_rest(&r);
	dns->id = reader_u16(&r);
	dns->flags = reader_u16(&r);
	dns->question_count = reader_u16(&r);
	dns->answer_count = reader_u16(&r);
	dns->authority_count = reader_u16(&r);
	dns->additional_count = reader_u16(&r);
	dns->question.len = 0;
	dns->question_type = dns->question_class = 0;
	dns->has_question = dns->question_count > 0;
	if (!reader_ok(&r))
		return false;
	if (dns->has_question) {
		if (!take_name(&dns->question, dns->message, &r))
			return false;
		dns->question_type = reader_u16(&r);
		dns->question_class = reader_u16(&r);
	}
	dns->records = r;
	return reader_ok(&r);
}

void
dns_walk_init(struct dns_walk *walk, const struct dns *dns)
{
	*walk = (struct dns_walk){
		.dns = dns,
		.at = dns->records,
		.left = {dns->question_count - (dns->has_question ? 1u : 0u), dns->answer_count,
			dns->authority_count, dns->additional_count},
	};
}

/* Names inside record data are compressed too, so they are read from the message. */
static bool
decode_data(struct dns_record *record, struct bytes message)
{
	struct reader r = record->data;
	const uint8_t *byte;

	switch (record->type) {
	case DNS_A:
		byte = reader_bytes(&r, 4);
		if (byte)
			record->address = ip_from_v4(byte);
		return byte && reader_left(&r) == 0;
	case DNS_AAAA:
		byte = reader_bytes(&r, 16);
		if (byte)
			record->address = ip_from_v6(byte);
		return byte && reader_left(&r) == 0;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return take_name(&record->target, message, &r);
	case DNS_SRV:
		record->priority = reader_u16(&r);
		record->weight = reader_u16(&r);
		record->port = reader_u16(&r);
		return take_name(&record->target, message, &r);
	case DNS_SVCB:
	case DNS_HTTPS:
		record->priority = reader_u16(&r);
		return take_name(&record->target, message, &r);
	case DNS_OPT:
		record->udp_size = (uint16_t)(record->class | record->is_top_bit_set << 15);
		record->is_dnssec_ok = record->ttl_s & EDNS_DNSSEC_OK;
		return true;
	}
	return true;
}

static bool
take_record(struct dns_walk *walk, struct dns_record *record)
{
	struct bytes message = walk->dns->message;
	uint16_t class;

	/* Member by member: clearing two names of 255 bytes would take most of the time. */
	record->section = walk->section;
	record->offset = (size_t)(walk->at.at - message.at);
	record->ttl_s = 0;
	record->data = (struct reader){0};
	record->address = (struct ip){0};
	record->target.len = 0;
	record->priority = record->weight = record->port = record->udp_size = 0;
	record->is_dnssec_ok = false;
	if (!take_name(&record->name, message, &walk->at))
		return false;
	record->type = reader_u16(&walk->at);
	class = reader_u16(&walk->at);
	record->class = class & 0x7fff;
	record->is_top_bit_set = class & 0x8000;
	if (walk->section != DNS_QUESTION) {
		record->ttl_s = reader_u32(&walk->at);
		record->data = reader_slice(&walk->at, reader_u16(&walk->at));
		/* An update or a question for deletion has no data (RFC 2136); leave it. */
		if (!reader_ok(&walk->at) || !decode_data(record, message))
			return false;
	}
	record->end = (size_t)(walk->at.at - message.at);
	return reader_ok(&walk->at);
}

bool
dns_walk_next(struct dns_walk *walk, struct dns_record *record)
{
	if (walk->is_broken)
		return false;
	while (walk->left[walk->section] == 0) {
		if (walk->section == DNS_ADDITIONAL)
			return false;
		walk->section++;
	}
	walk->left[walk->section]--;
	walk->is_broken = ++walk->steps > DNS_RECORDS_MAX || !take_record(walk, record);
	return !walk->is_broken;
}

size_t
dns_svcb_hints(const struct dns_record *record, struct ip *hint, size_t max)
{
	struct reader r = record->data;
	size_t count = 0;

	if (record->type != DNS_SVCB && record->type != DNS_HTTPS)
		return 0;
	/* The target of these is never compressed (RFC 9460, section 2.2). */
	reader_skip(&r, 2u + record->target.len);
	while (reader_ok(&r) && reader_left(&r) > 0) {
		uint16_t key = reader_u16(&r);
		struct reader value = reader_slice(&r, reader_u16(&r));
		while (key == HINT_IPV4 && reader_left(&value) >= 4 && count < max)
			hint[count++] = ip_from_v4(reader_bytes(&value, 4));
		while (key == HINT_IPV6 && reader_left(&value) >= 16 && count < max)
			hint[count++] = ip_from_v6(reader_bytes(&value, 16));
	}
	return count;
}

bool
dns_text_next(struct reader *data, struct bytes *text)
{
	if (reader_left(data) == 0)
		return false;
	struct reader string = reader_slice(data, reader_u8(data));
	*text = reader_rest(&string);
	return reader_ok(data);
}

/* Behind the question a query may have its OPT (RFC 6891, section 6.1.1) and no more. */
static int
parse_edns(struct dns_query *query, const struct dns *dns)
{
	struct dns_walk walk;
	struct dns_record record;

	dns_walk_init(&walk, dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.type != DNS_OPT || record.name.len != 1 || query->has_edns)
			return DNS_FORMERR;
		query->has_edns = true;
		query->edns_version = (uint8_t)(record.ttl_s >> 16);
		query->is_dnssec_ok = record.is_dnssec_ok;
		query->udp_size = record.udp_size < DNS_UDP_MIN   ? DNS_UDP_MIN
				  : record.udp_size > DNS_UDP_MAX ? DNS_UDP_MAX
								  : record.udp_size;
	}
	if (walk.is_broken)
		return DNS_FORMERR;
	return query->edns_version ? DNS_BADVERS : DNS_QUERY_FINE;
}

int
dns_query_parse(struct dns_query *query, struct reader message)
{
	struct dns dns;
	bool is_whole = dns_parse(&dns, message);

	if (dns.message.len < HEADER_LEN || dns_is_response(&dns))
		return DNS_NO_REPLY;
	if (dns.flags & OPCODE_MASK)
		return DNS_NOTIMP;
	if (!is_whole || dns.question_count != 1 || dns.answer_count || dns.authority_count)
		return DNS_FORMERR;
	*query = (struct dns_query){
		.id = dns.id,
		.flags = dns.flags,
		.name = dns.question,
		.type = dns.question_type,
		.udp_size = DNS_UDP_MIN,
	};
	int edns = parse_edns(query, &dns);
	if (edns != DNS_QUERY_FINE)
		return edns;
	if (dns.question_class != DNS_IN || !dns_name_text(&query->name, query->text))
		return DNS_REFUSED;
	return DNS_QUERY_FINE;
}
