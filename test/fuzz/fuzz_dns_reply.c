/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/dns.h"

/* What we write is a whole message, within its limit. */
static void
expect_reply(const uint8_t *reply, size_t len, size_t limit)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	if (len == 0)
		return;
	assert(len <= limit);
	assert(dns_parse(&dns, reader_over(reply, len)));
	assert(dns_is_response(&dns));
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record))
		;
	assert(!walk.is_broken && reader_left(&walk.at) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t v4[4] = {198, 18, 0, 1}, v6[16] = {0x20, 1, 0x0d, 0xb8};
	static uint8_t out[2048];
	struct ip a = ip_from_v4(v4), b = ip_from_v6(v6);
	struct dns_name target;
	struct dns_query query;
	struct dns_reply reply;

	if (size < 2)
		return 0;
	/* The first byte bounds the reply, the second says where a query ends. */
	size_t limit = data[0] * 8u, query_len = data[1];
	data += 2;
	size -= 2;
	if (query_len > size)
		query_len = size;
	struct reader message = reader_over(data, query_len);
	int result = dns_query_parse(&query, message);
	if (result >= 0) {
		size_t len = dns_refuse(out, sizeof out, message, (uint8_t)result);
		expect_reply(out, len, len);
	}
	if (result != DNS_QUERY_FINE)
		return 0;
	assert(strlen(query.text) < sizeof query.text);
	assert(query.udp_size >= DNS_UDP_MIN && query.udp_size <= DNS_UDP_MAX);
	assert(dns_name_from_text(&target, "cdn.example.net"));
	dns_reply_init(&reply, out, sizeof out, limit, &query, DNS_NOERROR);
	for (unsigned i = 0; i < 40; i++) {
		if (i % 8 == 0)
			dns_reply_cname(&reply, &target, 60);
		dns_reply_address(&reply, i & 1 ? &a : &b, 60);
	}
	expect_reply(out, dns_reply_end(&reply), limit);
	/* The rest of the bytes stand for what an upstream answered. */
	expect_reply(out,
		dns_reply_from_answer(
			out, sizeof out, limit, &query, data + query_len, size - query_len),
		limit);
	return 0;
}
