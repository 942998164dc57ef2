/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/http.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http http;

	if (!http_parse(&http, reader_over(data, size)))
		return 0;
	assert(http_is_request(reader_over(data, size)));
	expect_within(http.method, data, size);
	expect_within(http.target, data, size);
	expect_within(http.claimed_host, data, size);
	expect_within(http.claimed_user_agent, data, size);
	expect_within(http.content_type, data, size);
	expect_within(http.scheme, data, size);
	assert(http.minor <= 9);
	return 0;
}
