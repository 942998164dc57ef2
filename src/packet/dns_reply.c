/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/dns.h"

#include <assert.h>

enum {
	HEADER_LEN = 12,
	OPT_LEN = 11,
	POINTER = 0xc000,
	OFFSET_MAX = 0x3fff,
	OPCODE_MASK = 0x7800,
	EDNS_DNSSEC_OK = 0x8000,
};

/* What a reply repeats of its query (RFC 1035, section 4.1.1; RFC 4035, section 3.2.2). */
static uint16_t
reply_flags(uint16_t asked)
{
	return DNS_FLAG_RESPONSE | DNS_FLAG_HAVE_RECURSION |
	       (asked & (OPCODE_MASK | DNS_FLAG_WANT_RECURSION | DNS_FLAG_UNCHECKED));
}

static void
write_header(struct writer *w, uint16_t id, uint16_t flags, bool has_question)
{
	writer_u16(w, id);
	writer_u16(w, flags);
	writer_u16(w, has_question);
	writer_u16(w, 0);
	writer_u16(w, 0);
	writer_u16(w, 0);
}

static void
write_question(struct writer *w, const struct dns_name *name, uint16_t type)
{
	writer_bytes(w, name->wire, name->len);
	writer_u16(w, type);
	writer_u16(w, DNS_IN);
}

/* RFC 6891, section 6.1.3: the upper bits of the rcode are here. */
static void
write_opt(struct writer *w, uint8_t rcode, bool is_dnssec_ok)
{
	writer_u8(w, 0);
	writer_u16(w, DNS_OPT);
	writer_u16(w, DNS_UDP_MAX);
	writer_u8(w, rcode >> 4);
	writer_u8(w, 0);
	writer_u16(w, is_dnssec_ok ? EDNS_DNSSEC_OK : 0);
	writer_u16(w, 0);
}

void
dns_reply_init(struct dns_reply *reply, void *buffer, size_t size, size_t limit,
	const struct dns_query *query, uint8_t rcode)
{
	size_t opt_len = query->has_edns ? OPT_LEN : 0;

	if (size > limit)
		size = limit;
	*reply = (struct dns_reply){
		.query = query,
		.flags = reply_flags(query->flags),
		.owner = HEADER_LEN,
		.rcode = rcode,
	};
	reply->writer = writer_over(buffer, size > opt_len ? size - opt_len : 0);
	reply->limit = reply->writer.end + (size > opt_len ? opt_len : 0);
	write_header(&reply->writer, query->id, 0, true);
	write_question(&reply->writer, &query->name, query->type);
}

/* One whole record, or none and the truncation flag.  False when it did not fit. */
static bool
add_record(struct dns_reply *reply, uint16_t type, uint32_t ttl_s, const void *data, uint16_t len)
{
	struct writer before = reply->writer;

	if (reply->flags & DNS_FLAG_TRUNCATED || !writer_ok(&before))
		return false;
	writer_u16(&reply->writer, (uint16_t)(POINTER | reply->owner));
	writer_u16(&reply->writer, type);
	writer_u16(&reply->writer, DNS_IN);
	writer_u32(&reply->writer, ttl_s);
	writer_u16(&reply->writer, len);
	writer_bytes(&reply->writer, data, len);
	if (!writer_ok(&reply->writer)) {
		reply->writer = before;
		reply->flags |= DNS_FLAG_TRUNCATED;
		return false;
	}
	reply->answer_count++;
	return true;
}

void
dns_reply_cname(struct dns_reply *reply, const struct dns_name *target, uint32_t ttl_s)
{
	assert(target->len > 0);
	if (!add_record(reply, DNS_CNAME, ttl_s, target->wire, target->len))
		return;
	size_t offset = writer_len(&reply->writer) - target->len;
	/* A pointer cannot reach further; nobody sends chains that long. */
	if (offset > OFFSET_MAX)
		reply->flags |= DNS_FLAG_TRUNCATED;
	else
		reply->owner = (uint16_t)offset;
}

void
dns_reply_address(struct dns_reply *reply, const struct ip *ip, uint32_t ttl_s)
{
	assert(ip->version == 4 || ip->version == 6);
	if (ip->version == 4)
		add_record(reply, DNS_A, ttl_s, ip->byte, 4);
	else
		add_record(reply, DNS_AAAA, ttl_s, ip->byte, 16);
}

/* Flags, counts and OPT, when all the rest is written. */
static size_t
finish(struct dns_reply *reply, uint16_t authority_count)
{
	struct writer *w = &reply->writer;

	if (!writer_ok(w))
		return 0;
	w->end = reply->limit;
	writer_set_u16(w, 2, reply->flags | (reply->rcode & 15));
	writer_set_u16(w, 6, reply->answer_count);
	writer_set_u16(w, 8, authority_count);
	if (reply->query->has_edns) {
		writer_set_u16(w, 10, 1);
		write_opt(w, reply->rcode, reply->query->is_dnssec_ok);
	}
	return writer_ok(w) ? writer_len(w) : 0;
}

size_t
dns_reply_end(struct dns_reply *reply)
{
	return finish(reply, 0);
}

/* The answer must be to what was asked, and its question not compressed. */
static bool
is_answer_to(const struct dns *dns, const struct dns_query *query)
{
	size_t behind = (size_t)(dns->records.at - dns->message.at);

	return dns_is_response(dns) && dns->question_count == 1 &&
	       dns_name_is_equal(&dns->question, &query->name) &&
	       dns->question_type == query->type && dns->question_class == DNS_IN &&
	       behind == HEADER_LEN + query->name.len + 4u;
}

/* Where answer and authority end; false when a record is broken. */
static bool
measure(const struct dns *dns, size_t *answer_end, size_t *authority_end)
{
	struct dns_walk walk;
	struct dns_record record;

	*answer_end = *authority_end = (size_t)(dns->records.at - dns->message.at);
	dns_walk_init(&walk, dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.section == DNS_ANSWER)
			*answer_end = *authority_end = record.end;
		if (record.section == DNS_AUTHORITY)
			*authority_end = record.end;
	}
	return !walk.is_broken;
}

size_t
dns_reply_from_answer(void *buffer, size_t size, size_t limit, const struct dns_query *query,
	const void *answer, size_t answer_len)
{
	struct dns_reply reply;
	struct dns dns;
	size_t answer_end, authority_end;
	uint16_t authority_count = 0;

	if (!dns_parse(&dns, reader_over(answer, answer_len)) || !is_answer_to(&dns, query) ||
		!measure(&dns, &answer_end, &authority_end))
		return 0;
	dns_reply_init(&reply, buffer, size, limit, query, dns_rcode(&dns));
	/* RFC 6840, section 5.7: tell of validation only him who asked for it. */
	if (query->is_dnssec_ok || query->flags & DNS_FLAG_AUTHENTIC)
		reply.flags |= dns.flags & DNS_FLAG_AUTHENTIC;
	/*
	 * The question is as long as theirs, so records are copied with their
	 * compression pointers.  The authority section is left out before the
	 * answer is (RFC 2181, section 9), unless it is all that there is.
	 */
	size_t start = (size_t)(dns.records.at - dns.message.at);
	if (authority_end - start <= writer_room(&reply.writer)) {
		writer_bytes(&reply.writer, dns.records.at, authority_end - start);
		reply.answer_count = dns.answer_count;
		authority_count = dns.authority_count;
	} else if (dns.answer_count && answer_end - start <= writer_room(&reply.writer)) {
		writer_bytes(&reply.writer, dns.records.at, answer_end - start);
		reply.answer_count = dns.answer_count;
	} else {
		reply.flags |= DNS_FLAG_TRUNCATED;
	}
	return finish(&reply, authority_count);
}

size_t
dns_refuse(void *buffer, size_t size, struct reader message, uint8_t rcode)
{
	struct writer w = writer_over(buffer, size < DNS_UDP_MIN ? size : DNS_UDP_MIN);
	struct dns dns;
	bool is_whole = dns_parse(&dns, message);
	bool has_question = is_whole && dns.question_count == 1;

	if (dns.message.len < HEADER_LEN)
		return 0;
	write_header(&w, dns.id, reply_flags(dns.flags) | (rcode & 15), has_question);
	if (has_question) {
		writer_bytes(&w, dns.question.wire, dns.question.len);
		writer_u16(&w, dns.question_type);
		writer_u16(&w, dns.question_class);
	}
	if (rcode > 15) {
		write_opt(&w, rcode, false);
		if (writer_ok(&w))
			writer_set_u16(&w, 10, 1);
	}
	return writer_ok(&w) ? writer_len(&w) : 0;
}
