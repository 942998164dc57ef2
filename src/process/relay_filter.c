/* SPDX-License-Identifier: Apache-2.0 */
#include "process/relay_filter.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"

enum {
	MDNS_FLAGS_ANSWER = DNS_FLAG_RESPONSE | DNS_FLAG_AUTHORITATIVE,
	MDNS_TOP_BIT = 0x8000,
	LEGACY_TTL_S = 10, /* RFC 6762, section 6.7 */
	FIELD_MAX = 400,
};

static bool
is_local_name(const struct dns_name *name)
{
	struct bytes label, last = {0};

	for (unsigned n = 0; dns_name_label(name, n, &label); n++)
		last = label;
	return last.len && bytes_are_nocase(last, "local");
}

static bool
is_discovery_type(uint16_t type)
{
	return type == DNS_A || type == DNS_AAAA || type == DNS_PTR || type == DNS_SRV ||
	       type == DNS_TXT;
}

bool
relay_end_has(const struct relay_end *end, const struct ip *ip)
{
	return ip_is_equal(ip, &end->address4) || ip_is_equal(ip, &end->address6) ||
	       ip_is_equal(ip, &end->link6);
}

/* --- multicast DNS --------------------------------------------------------------------------- */

static bool
put_question(struct writer *w, const struct dns_name *name, uint16_t type, uint16_t class)
{
	struct writer before = *w;

	writer_bytes(w, name->wire, name->len);
	writer_u16(w, type);
	writer_u16(w, class);
	if (writer_ok(w))
		return true;
	*w = before;
	return false;
}

static bool
may_be_asked(const struct dns_name *name, uint16_t type, uint16_t class)
{
	return class == DNS_IN && (is_discovery_type(type) || type == DNS_ANY) &&
	       is_local_name(name);
}

size_t
relay_mdns_question(void *out, size_t size, struct reader query, struct relay_question *first)
{
	struct writer w = writer_over(out, size);
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	uint16_t count = 0;

	if (!dns_parse(&dns, query) || dns_is_response(&dns) || !dns.has_question)
		return 0;
	for (int i = 0; i < 6; i++)
		writer_u16(&w, 0);
	/* The answerer replies to the group or to us; the bit that asks for one or the other goes. */
	uint16_t class = dns.question_class & (uint16_t)~MDNS_TOP_BIT;
	if (may_be_asked(&dns.question, dns.question_type, class) &&
		put_question(&w, &dns.question, dns.question_type, class))
		count++;
	*first = (struct relay_question){dns.id, dns.question, dns.question_type};
	dns_walk_init(&walk, &dns);
	while (count < RELAY_QUESTIONS_MAX && dns_walk_next(&walk, &record) &&
		record.section == DNS_QUESTION)
		if (may_be_asked(&record.name, record.type, record.class) &&
			put_question(&w, &record.name, record.type, record.class))
			count++;
	if (!count || walk.is_broken || !writer_ok(&w))
		return 0;
	writer_set_u16(&w, 4, count);
	return writer_len(&w);
}

/* The record's data in a form without compression; false for what is not passed on. */
static bool
put_data(struct writer *w, const struct dns_record *record, const struct relay_end *end)
{
	struct bytes raw = reader_rest(&record->data);

	switch (record->type) {
	case DNS_A:
	case DNS_AAAA:
		if (!relay_end_has(end, &record->address))
			return false;
		writer_bytes(w, record->address.byte, record->type == DNS_A ? 4 : 16);
		return true;
	case DNS_PTR:
		writer_bytes(w, record->target.wire, record->target.len);
		return is_local_name(&record->target);
	case DNS_SRV:
		writer_u16(w, record->priority);
		writer_u16(w, record->weight);
		writer_u16(w, record->port);
		writer_bytes(w, record->target.wire, record->target.len);
		return is_local_name(&record->target);
	case DNS_TXT:
		writer_bytes(w, raw.at, raw.len);
		return raw.len > 0;
	default:
		return false;
	}
}

static bool
put_record(struct writer *w, const struct dns_record *record, const struct relay_end *end,
	bool is_legacy)
{
	struct writer before = *w;
	uint32_t ttl_s = record->ttl_s < RELAY_TTL_MAX_S ? record->ttl_s : RELAY_TTL_MAX_S;
	uint16_t class = DNS_IN;

	if (record->class != DNS_IN || !is_local_name(&record->name))
		return false;
	if (is_legacy)
		ttl_s = ttl_s < LEGACY_TTL_S ? ttl_s : LEGACY_TTL_S;
	else if (record->is_top_bit_set)
		class |= MDNS_TOP_BIT;
	writer_bytes(w, record->name.wire, record->name.len);
	writer_u16(w, record->type);
	writer_u16(w, class);
	writer_u32(w, ttl_s);
	size_t at = writer_len(w);
	writer_u16(w, 0);
	if (put_data(w, record, end) && writer_ok(w)) {
		writer_set_u16(w, at, (uint16_t)(writer_len(w) - at - 2));
		return true;
	}
	*w = before;
	return false;
}

size_t
relay_mdns_answer(void *out, size_t size, struct reader response, const struct relay_end *end,
	const struct relay_question *asked)
{
	struct writer w = writer_over(out, size);
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	uint16_t n_answers = 0, n_additional = 0;

	if (!dns_parse(&dns, response) || !dns_is_response(&dns))
		return 0;
	writer_u16(&w, asked ? asked->id : 0);
	writer_u16(&w, MDNS_FLAGS_ANSWER);
	for (int i = 0; i < 4; i++)
		writer_u16(&w, 0);
	if (asked && !put_question(&w, &asked->name, asked->type, DNS_IN))
		return 0;
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.section == DNS_ANSWER && put_record(&w, &record, end, asked))
			n_answers++;
		/* Those behind the answers must stay behind them. */
		if (record.section == DNS_ADDITIONAL && n_answers &&
			put_record(&w, &record, end, asked))
			n_additional++;
	}
	if (!n_answers || walk.is_broken || !writer_ok(&w))
		return 0;
	writer_set_u16(&w, 4, asked != NULL);
	writer_set_u16(&w, 6, n_answers);
	writer_set_u16(&w, 10, n_additional);
	return writer_len(&w);
}

/* --- SSDP ------------------------------------------------------------------------------------ */

/* One header field: visible ASCII and blanks, so that it ends where we end it. */
static bool
field(char *out, size_t size, struct bytes value)
{
	if (value.len >= size)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < 0x20 || value.at[i] > 0x7e)
			return false;
		out[i] = (char)value.at[i];
	}
	out[value.len] = 0;
	return value.len > 0;
}

bool
relay_location_is_of(struct bytes url, const struct relay_end *end)
{
	char text[FIELD_MAX], *host;
	struct ip ip;

	if (!field(text, sizeof text, url))
		return false;
	if (!strncmp(text, "http://", 7))
		host = text + 7;
	else if (!strncmp(text, "https://", 8))
		host = text + 8;
	else
		return false;
	if (*host == '[') {
		char *close = strchr(++host, ']');
		if (!close || (close[1] && close[1] != ':' && close[1] != '/'))
			return false;
		*close = 0;
	} else {
		/* A name before "@" would hide the host that is really meant: it parses as no address. */
		host[strcspn(host, ":/?#")] = 0;
	}
	return ip_parse(&ip, host) && relay_end_has(end, &ip);
}

static size_t
written(int n, size_t size)
{
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static const char *
group(bool v6)
{
	return v6 ? "[FF02::C]:1900" : "239.255.255.250:1900";
}

size_t
relay_ssdp_search(
	char *out, size_t size, struct reader search, bool v6, char target[static RELAY_TARGET_MAX])
{
	struct ssdp ssdp;

	if (!ssdp_parse(&ssdp, search) || ssdp.kind != SSDP_SEARCH ||
		!field(target, RELAY_TARGET_MAX, ssdp.search_target))
		return 0;
	return written(snprintf(out, size,
			       "M-SEARCH * HTTP/1.1\r\nHOST: %s\r\nMAN: \"ssdp:discover\"\r\n"
			       "MX: 1\r\nST: %s\r\n\r\n",
			       group(v6), target),
		size);
}

size_t
relay_ssdp_answer(char *out, size_t size, struct reader answer, const struct relay_end *end,
	bool v6, char target[static RELAY_TARGET_MAX], enum ssdp_kind *kind)
{
	struct ssdp ssdp;
	char location[FIELD_MAX] = "", server[FIELD_MAX] = "", name[FIELD_MAX] = "";

	if (!ssdp_parse(&ssdp, answer))
		return 0;
	*kind = ssdp.kind;
	bool is_notice = ssdp.kind == SSDP_NOTIFY;
	if ((!is_notice && ssdp.kind != SSDP_RESPONSE) ||
		!field(target, RELAY_TARGET_MAX,
			is_notice ? ssdp.notification_type : ssdp.search_target) ||
		!field(name, sizeof name, ssdp.unique_name))
		return 0;
	if (is_notice && ssdp.is_goodbye)
		return written(snprintf(out, size,
				       "NOTIFY * HTTP/1.1\r\nHOST: %s\r\nNT: %s\r\n"
				       "NTS: ssdp:byebye\r\nUSN: %s\r\n\r\n",
				       group(v6), target, name),
			size);
	if (!relay_location_is_of(ssdp.claimed_location, end) ||
		!field(location, sizeof location, ssdp.claimed_location))
		return 0;
	(void)field(server, sizeof server, ssdp.claimed_server);
	if (is_notice)
		return written(
			snprintf(out, size,
				"NOTIFY * HTTP/1.1\r\nHOST: %s\r\nCACHE-CONTROL: "
				"max-age=1800\r\nLOCATION: %s\r\nNT: %s\r\nNTS: ssdp:alive\r\n"
				"SERVER: %s\r\nUSN: %s\r\n\r\n",
				group(v6), location, target, server, name),
			size);
	return written(snprintf(out, size,
			       "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
			       "LOCATION: %s\r\nSERVER: %s\r\nST: %s\r\nUSN: %s\r\n\r\n",
			       location, server, target, name),
		size);
}

/* --- addresses ------------------------------------------------------------------------------- */

struct ip
relay_link_local(const uint8_t mac[static 6])
{
	const uint8_t byte[16] = {0xfe, 0x80, [8] = mac[0] ^ 2, [9] = mac[1], [10] = mac[2],
		[11] = 0xff, [12] = 0xfe, [13] = mac[3], [14] = mac[4], [15] = mac[5]};
	return ip_from_v6(byte);
}
