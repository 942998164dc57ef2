/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/dns.h"

/* The wire form is whole, and what has a text form comes back from it. */
static void
expect_name(const struct dns_name *name)
{
	char text[DNS_TEXT_MAX];
	struct dns_name again;
	struct bytes label;
	unsigned n = 0;
	size_t sum = 1;

	while (dns_name_label(name, n, &label)) {
		assert(label.len >= 1 && label.len <= 63);
		sum += label.len + 1;
		n++;
	}
	assert(sum == name->len);
	if (!dns_name_text(name, text))
		return;
	assert(strlen(text) < sizeof text);
	assert(dns_name_from_text(&again, text));
	assert(dns_name_is_equal(name, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;
	struct ip hint[8];
	struct bytes text;

	if (!dns_parse(&dns, reader_over(data, size)))
		return 0;
	if (dns.has_question)
		expect_name(&dns.question);
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		expect_name(&record.name);
		if (record.target.len)
			expect_name(&record.target);
		assert(record.offset < record.end && record.end <= size);
		expect_reader_within(&record.data, data, size);
		assert(dns_svcb_hints(&record, hint, 8) <= 8);
		while (record.type == DNS_TXT && dns_text_next(&record.data, &text))
			expect_within(text, data, size);
	}
	return 0;
}
