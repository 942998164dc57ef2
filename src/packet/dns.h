/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_DNS_H
#define PINFOLD_PACKET_DNS_H

#include "packet/reader.h"
#include "packet/writer.h"

#include "base/ip.h"

enum {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
	DNS_ANY = 255,

	DNS_IN = 1,

	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16, /* needs EDNS, RFC 6891 section 6.1.3 */

	/* flags, RFC 1035 section 4.1.1 and RFC 4035 */
	DNS_FLAG_RESPONSE = 0x8000,
	DNS_FLAG_AUTHORITATIVE = 0x0400,
	DNS_FLAG_TRUNCATED = 0x0200,
	DNS_FLAG_WANT_RECURSION = 0x0100,
	DNS_FLAG_HAVE_RECURSION = 0x0080,
	DNS_FLAG_AUTHENTIC = 0x0020,
	DNS_FLAG_UNCHECKED = 0x0010,

	DNS_NAME_MAX = 255, /* octets on the wire */
	DNS_TEXT_MAX = 256, /* bytes of the text form, NUL included */
	DNS_PACKET_MAX = 65535,
	DNS_UDP_MIN = 512,  /* without EDNS */
	DNS_UDP_MAX = 1232, /* with: never fragmented on the way */
	DNS_RECORDS_MAX = 1000,
};

/*
 * A name in wire form without compression, as spelled by the sender: labels of
 * a length byte and any bytes, ending in the root label.  len is 1 to 255; 0 is
 * no name.
 */
struct dns_name {
	uint8_t len;
	uint8_t wire[DNS_NAME_MAX];
};

/*
 * Text form: lower case, no dot at the end, the root is "".  False when a label
 * has a byte that would need an escape: a dot, a backslash, a double quote, a
 * space, a control byte or one above 126.
 */
bool dns_name_text(const struct dns_name *, char out[static DNS_TEXT_MAX]);

/* From text as above; an optional dot at the end.  False when it is no name. */
bool dns_name_from_text(struct dns_name *, const char *text);

/* The n-th label from the left, borrowed; false behind the last (the root does not count). */
bool dns_name_label(const struct dns_name *, unsigned n, struct bytes *label);

/* ASCII letters compare without case (RFC 4343). */
bool dns_name_is_equal(const struct dns_name *, const struct dns_name *);

/*
 * A whole message with its cursor.  Names may point back into the message, so
 * it is kept whole; borrows the bytes.
 */
struct dns {
	struct bytes message;
	uint16_t id, flags;
	uint16_t question_count, answer_count, authority_count, additional_count;
	/* The first question, if there is one. */
	bool has_question;
	struct dns_name question;
	uint16_t question_type, question_class;
	struct reader records; /* behind the first question; used by dns_walk() */
};

/* False when shorter than a header, or the first question is broken. */
bool dns_parse(struct dns *, struct reader message);

static inline bool
dns_is_response(const struct dns *dns)
{
	return dns->flags & DNS_FLAG_RESPONSE;
}

static inline uint8_t
dns_rcode(const struct dns *dns)
{
	return dns->flags & 15;
}

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

/* A question (only name, type, class) or a record.  Borrows from the message. */
struct dns_record {
	enum dns_section section;
	struct dns_name name;
	uint16_t type;
	uint16_t class;      /* without the top bit ... */
	bool is_top_bit_set; /* ... which mDNS uses: cache flush, or unicast wanted */
	uint32_t ttl_s;
	struct reader data; /* the raw record data */
	/* Decoded by type; none or empty otherwise: */
	struct ip address;               /* A, AAAA */
	struct dns_name target;          /* CNAME, NS, PTR, SRV, SVCB, HTTPS */
	uint16_t priority, weight, port; /* SRV; priority also SVCB, HTTPS */
	uint16_t udp_size;               /* OPT */
	bool is_dnssec_ok;               /* OPT */
	size_t offset, end;              /* where in the message the record stands */
};

struct dns_walk {
	const struct dns *dns; /* borrowed */
	struct reader at;
	uint32_t left[4];
	enum dns_section section;
	uint16_t steps; /* all jumps and records are bounded */
	bool is_broken;
};

/* Walk through the questions behind the first and all records, in order. */
void dns_walk_init(struct dns_walk *, const struct dns *);

/* False at the end, or when broken: then is_broken says so. */
bool dns_walk_next(struct dns_walk *, struct dns_record *);

/* Address hints of an SVCB or HTTPS record (RFC 9460, section 7.3); up to max, returns the count. */
size_t dns_svcb_hints(const struct dns_record *, struct ip *hint, size_t max);

/* One string of a TXT record, moving on; false at the end. */
bool dns_text_next(struct reader *data, struct bytes *text);

/*
 * A query that our resolver answers: exactly one question, class IN, opcode 0,
 * no records but at most one OPT, a name with a text form.
 */
struct dns_query {
	uint16_t id, flags;
	struct dns_name name;    /* as spelled; the reply repeats the spelling */
	char text[DNS_TEXT_MAX]; /* lower case */
	uint16_t type;
	bool has_edns;
	uint8_t edns_version;
	bool is_dnssec_ok;
	uint16_t udp_size; /* what the asker can take by UDP: DNS_UDP_MIN to _MAX */
};

enum { DNS_QUERY_FINE = -1, DNS_NO_REPLY = -2 };

/*
 * DNS_QUERY_FINE when it is one, and then query is filled.  Otherwise the rcode
 * that dns_refuse() should send, or DNS_NO_REPLY for what must not be answered
 * at all: too short, or itself a response (two servers would talk for ever).
 */
int dns_query_parse(struct dns_query *, struct reader message);

/*
 * Writes the reply to a query.  Order: init, then any number of cname and
 * address, then end.  The answers are written for the name asked, and after a
 * cname for its target.  What does not fit sets the truncation flag and leaves
 * no half record.
 */
struct dns_reply {
	struct writer writer;
	uint8_t *limit;                /* the writer stops earlier, OPT must fit */
	const struct dns_query *query; /* borrowed */
	uint16_t flags, answer_count;
	uint16_t owner; /* offset of the name that the next answer is for */
	uint8_t rcode;
};

/* limit: the most bytes to write (by UDP the query's udp_size, by TCP DNS_PACKET_MAX). */
void dns_reply_init(struct dns_reply *, void *buffer, size_t size, size_t limit,
	const struct dns_query *, uint8_t rcode);
void dns_reply_cname(struct dns_reply *, const struct dns_name *target, uint32_t ttl_s);
void dns_reply_address(struct dns_reply *, const struct ip *, uint32_t ttl_s);
/* Adds OPT if the asker had one; the length of the reply, 0 if not even the head fits. */
size_t dns_reply_end(struct dns_reply *);

/*
 * The reply made of an answer that a resolver gave as a packet: our id, flags
 * and the asker's spelling, its answer and authority records (additional ones
 * are left out), our own OPT.  0 when the packet is broken or answers another
 * question.  The lesser of size and limit counts; too long becomes truncated.
 */
size_t dns_reply_from_answer(void *buffer, size_t size, size_t limit, const struct dns_query *,
	const void *answer, size_t answer_len);

/* A bare reply with this rcode to a message that was no good query; its length. */
size_t dns_refuse(void *buffer, size_t size, struct reader message, uint8_t rcode);

#endif
