/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_answer.h"

#include <string.h>

#include "base/auto.h"
#include "process/resolver_open.h"

enum { HINTS_MAX = 64 };

void
own_prefixes_from_settings(struct own_prefixes *own, const struct settings *settings)
{
	const struct ip_prefix *all[] = {
		&settings->lan4, &settings->lan6, &settings->uplink4, &settings->uplink6};

	own->count = 0;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (ip_is_valid(&all[i]->address))
			own->prefix[own->count++] = *all[i];
}

bool
is_inside(const struct own_prefixes *own, const struct ip *ip)
{
	for (unsigned i = 0; i < own->count; i++)
		if (prefix_contains(&own->prefix[i], ip))
			return true;
	return ip_is_inside(ip);
}

/* The CNAME record of this owner in the answer section; *found says whether there is one. */
static bool
find_cname(
	const struct dns *dns, const struct dns_name *owner, struct dns_record *record, bool *found)
{
	struct dns_walk walk;

	*found = false;
	dns_walk_init(&walk, dns);
	while (dns_walk_next(&walk, record)) {
		if (record->section > DNS_ANSWER)
			return true;
		if (record->section != DNS_ANSWER || record->type != DNS_CNAME ||
			record->class != DNS_IN || !dns_name_is_equal(&record->name, owner))
			continue;
		*found = true;
		return record->target.len > 0;
	}
	return !walk.is_broken;
}

/* False when the chain is broken, too long, or a loop, which is too long as well. */
static bool
follow_chain(struct answer *answer, const struct dns *dns, const struct dns_name *asked,
	const struct dns_name **end)
{
	struct dns_record record;
	bool found;

	*end = asked;
	for (;;) {
		if (!find_cname(dns, *end, &record, &found))
			return false;
		if (!found)
			return true;
		if (answer->n_chain == ANSWER_CHAIN_MAX)
			return false;
		answer->chain[answer->n_chain] = record.target;
		*end = &answer->chain[answer->n_chain++];
		if (record.ttl_s < answer->ttl_s)
			answer->ttl_s = record.ttl_s;
	}
}

enum answer_verdict
answer_from_packet(struct answer *answer, const struct dns_query *query,
	const struct own_prefixes *own, const void *packet, size_t len)
{
	const struct dns_name *end;
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	if (!dns_parse(&dns, reader_over(packet, len)) || !dns_is_response(&dns) ||
		!dns_name_is_equal(&dns.question, &query->name) || dns.question_type != query->type)
		return ANSWER_IS_BROKEN;
	answer->rcode = dns_rcode(&dns);
	answer->n_chain = answer->n_addresses = 0;
	answer->ttl_s = UINT32_MAX;
	if (!follow_chain(answer, &dns, &query->name, &end))
		return ANSWER_IS_BROKEN;
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.section > DNS_ANSWER)
			break;
		if (record.section != DNS_ANSWER || record.type != query->type ||
			record.class != DNS_IN || !ip_is_valid(&record.address))
			continue;
		/* One inside spoils all: who sends it is not to be trusted with the rest. */
		if (is_inside(own, &record.address))
			return ANSWER_IS_INSIDE;
		if (!dns_name_is_equal(&record.name, end) ||
			answer->n_addresses == ANSWER_ADDRESSES_MAX)
			continue;
		answer->address[answer->n_addresses++] = record.address;
		if (record.ttl_s < answer->ttl_s)
			answer->ttl_s = record.ttl_s;
	}
	if (walk.is_broken)
		return ANSWER_IS_BROKEN;
	answer->ttl_s = open_answer_ttl_s(answer->ttl_s);
	return ANSWER_IS_FINE;
}

bool
packet_points_inside(const struct own_prefixes *own, const void *packet, size_t len)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	struct ip hint[HINTS_MAX];

	if (!dns_parse(&dns, reader_over(packet, len)))
		return false;
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		if (ip_is_valid(&record.address) && is_inside(own, &record.address))
			return true;
		if (record.type != DNS_SVCB && record.type != DNS_HTTPS)
			continue;
		size_t count = dns_svcb_hints(&record, hint, HINTS_MAX);
		for (size_t i = 0; i < count; i++)
			if (is_inside(own, &hint[i]))
				return true;
	}
	return false;
}

size_t
answer_render(const struct answer *answer, const struct dns_query *query, void *buffer, size_t size,
	size_t limit)
{
	struct dns_reply reply;

	dns_reply_init(&reply, buffer, size, limit, query, answer->rcode);
	for (unsigned i = 0; i < answer->n_chain; i++)
		dns_reply_cname(&reply, &answer->chain[i], answer->ttl_s);
	for (unsigned i = 0; i < answer->n_addresses; i++)
		dns_reply_address(&reply, &answer->address[i], answer->ttl_s);
	return dns_reply_end(&reply);
}
