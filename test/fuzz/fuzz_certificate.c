/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/certificate.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct certificate c;

	if (!certificate_parse(&c, (struct bytes){.at = data, .len = size}))
		return 0;
	expect_within(c.serial, data, size);
	expect_within(c.claimed_issuer, data, size);
	expect_within(c.claimed_subject, data, size);
	expect_within(c.issuer_name, data, size);
	expect_within(c.subject_name, data, size);
	assert(c.key <= CERTIFICATE_KEY_EC && c.signature <= CERTIFICATE_SIGNATURE_SHA2);
	if (certificate_is_own(&c))
		assert(c.subject_name.len);
	return 0;
}
