/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "process/relay_filter.h"

static struct relay_end
television(void)
{
	struct relay_end end = {.device = 12};

	ip_parse(&end.address4, "192.168.77.12");
	ip_parse(&end.address6, "fd77::12");
	return end;
}

/* What is passed on is a message again, and every address in it is the answerer's. */
static void
expect_own_addresses(const uint8_t *bytes, size_t len, const struct relay_end *end)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	assert(len <= RELAY_PAYLOAD_MAX);
	assert(dns_parse(&dns, reader_over(bytes, len)));
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.section == DNS_QUESTION)
			continue;
		assert(record.ttl_s <= RELAY_TTL_MAX_S);
		assert(!record.address.version || relay_end_has(end, &record.address));
	}
	assert(!walk.is_broken);
}

/* Lines end where we end them, and nothing but visible ASCII stands in them. */
static void
expect_lines(const char *text, size_t len)
{
	assert(len <= RELAY_PAYLOAD_MAX && len >= 4 && !memcmp(text + len - 4, "\r\n\r\n", 4));
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r')
			assert(text[i + 1] == '\n');
		else if (text[i] == '\n')
			assert(i && text[i - 1] == '\r');
		else
			assert(text[i] >= 0x20 && text[i] <= 0x7e);
	}
	assert(memmem(text, len, "\r\n\r\n", 4) == text + len - 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	struct relay_end end = television();
	uint8_t out[RELAY_PAYLOAD_MAX];
	char text[RELAY_PAYLOAD_MAX], target[RELAY_TARGET_MAX];
	struct relay_question first;
	enum ssdp_kind kind;

	size_t len = relay_mdns_question(out, sizeof out, in, &first);
	if (len) {
		struct dns dns;
		assert(dns_parse(&dns, reader_over(out, len)));
		assert(!dns.answer_count && !dns.authority_count && !dns.additional_count);
		len = relay_mdns_answer(out, sizeof out, in, &end, &first);
		assert(!len);
	}
	len = relay_mdns_answer(out, sizeof out, in, &end, NULL);
	if (len)
		expect_own_addresses(out, len, &end);
	len = relay_ssdp_search(text, sizeof text, in, false, target);
	if (len)
		expect_lines(text, len);
	len = relay_ssdp_answer(text, sizeof text, in, &end, false, target, &kind);
	if (len)
		expect_lines(text, len);
	(void)relay_location_is_of((struct bytes){data, size}, &end);
	return 0;
}
