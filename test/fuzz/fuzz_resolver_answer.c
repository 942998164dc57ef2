/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "process/resolver_answer.h"
#include "process/resolver_decide.h"
#include "process/resolver_open.h"

/* A packet from upstream that answers its own question, whatever it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t reply[DNS_PACKET_MAX];
	static struct answer answer;
	struct own_prefixes own = {.count = 1};
	struct dns_query query = {.udp_size = 1232};
	struct dns dns;
	struct ip ip;

	if (!dns_parse(&dns, reader_over(data, size)) || !dns.has_question)
		return 0;
	prefix_parse(&own.prefix[0], "198.18.7.0/24");
	query.name = dns.question;
	query.type = dns.question_type;
	(void)packet_points_inside(&own, data, size);
	if (dns_name_text(&query.name, query.text)) {
		(void)ip_from_reverse_name(&ip, query.text);
		assert(longest_label(query.text) <= 63);
	}
	if (answer_from_packet(&answer, &query, &own, data, size) != ANSWER_IS_FINE)
		return 0;
	assert(answer.n_chain <= ANSWER_CHAIN_MAX && answer.n_addresses <= ANSWER_ADDRESSES_MAX);
	assert(answer.ttl_s <= OPEN_CEILING_S && answer.ttl_s <= open_life_s(answer.ttl_s));
	for (unsigned i = 0; i < answer.n_addresses; i++)
		assert(!is_inside(&own, &answer.address[i]));
	size_t len = answer_render(&answer, &query, reply, sizeof reply, 1232);
	assert(len >= 12 && len <= 1232);
	assert(dns_parse(&dns, reader_over(reply, len)));
	return 0;
}
