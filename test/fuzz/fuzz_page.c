/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/auto.h"
#include "check/http_form.h"
#include "check/http_text.h"

/* A web page of a device: its head, its chunks, its form. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { PAGE_MAX = 4096 };
	auto_free char *page = must_alloc(1, PAGE_MAX);
	struct http_reply reply;
	struct http_form form;
	char value[40], filled[200], authorization[AUTHORIZATION_MAX];

	http_is_whole(data, size, NULL);
	if (!http_reply_parse(&reply, data, size))
		return 0;
	expect_within(reply.head, data, size);
	expect_within(reply.body, data, size);
	for (unsigned i = 0; i < 4; i++)
		if (http_header_nth(&reply, "Set-Cookie", i, value, sizeof value))
			assert(strlen(value) < sizeof value);
	if (http_header(&reply, "WWW-Authenticate", value, sizeof value)) {
		http_authorization(authorization, value, "GET", "/", "root", "admin");
		assert(!*authorization || !strncmp(authorization, "Authorization: ", 15));
	}
	size_t len = http_body(&reply, page, PAGE_MAX);
	assert(len < PAGE_MAX && page[len] == '\0');
	if (!http_form_find(&form, page))
		return 0;
	assert(form.password[0] || form.is_json);
	assert(strlen(form.action) < sizeof form.action && strlen(form.extra) < sizeof form.extra);
	http_form_fill(filled, sizeof filled, &form, "root", "admin");
	assert(strlen(filled) < sizeof filled);
	return 0;
}
