/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/auto.h"
#include "base/json_strict.h"
#include "page/say.h"
#include "process/web_http.h"
#include "process/web_route.h"

/* What is taken is known to the row, of its type and within its bounds. */
static void
try_routes(const json_t *given)
{
	struct fault why;
	const char *key;
	json_t *value;

	for (const struct route *route = routes; route->method; route++) {
		json_t *args = route_args(route, given, &why);
		json_object_foreach(args, key, value)
		{
			const struct param *param = param_find(key);
			assert(param && route_takes(route, key));
			if (json_is_string(value))
				assert(json_string_length(value) <= (size_t)param->max);
			else
				assert(json_is_integer(value) || json_is_boolean(value));
		}
		json_decref(args);
	}
}

/* A request of a stranger: as a form, as JSON, as a path and as each header that we read. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { BODY_MAX = 16384 };
	char value[72], etag[ETAG_MAX], language[LANGUAGE_MAX];
	struct fault why;
	bool is_other;

	if (size > BODY_MAX)
		return 0;
	auto_free char *text = must_alloc(1, size + 1);
	memcpy(text, data, size);
	json_t *form = json_object();
	if (form_parse(form, text, size)) {
		assert(json_object_size(form) <= FORM_FIELDS_MAX);
		form_fold(form);
		try_routes(form);
	}
	json_decref(form);
	json_t *body = json_strict(text, size, BODY_MAX, 8, &why);
	if (json_is_object(body))
		try_routes(body);
	json_decref(body);
	json_t *args = json_object();
	if (route_find("POST", text, args, &is_other))
		try_routes(args);
	json_decref(args);
	if (cookie_find(text, "pinfold", value, sizeof value))
		assert(strlen(value) < sizeof value && !strpbrk(value, " \r\n\"\\"));
	language_choose(text, language_is_known, language);
	assert(!*language || language_is_known(language));
	if (bearer_find(text, value, sizeof value))
		assert(strlen(value) < sizeof value && !strpbrk(value, " \r\n\"\\"));
	if (host_is_ours(text, "gateway.example"))
		assert(strlen(text) < HOST_MAX);
	if (path_is_local(text))
		assert(text[0] == '/' && text[1] != '/' && !strpbrk(text, "\r\n\"<\\"));
	struct ip ip;
	assert(!forwarded_for(text, &ip) || ip_is_valid(&ip));
	origin_is_same(text, "localhost:8480");
	etag_render(etag, text, size);
	assert(!etag_is_in("\"x\"", etag));
	return 0;
}
