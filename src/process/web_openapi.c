/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_openapi.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "process/web_route.h"

static json_t *
reference(const char *kind, const char *name, size_t len)
{
	char text[96];

	snprintf(text, sizeof text, "#/components/%s/%.*s", kind, (int)len, name);
	return json_pack("{s:s}", "$ref", text);
}

static json_t *
words_of(const char *words)
{
	json_t *rows = json_array();

	while (*words) {
		size_t len = strcspn(words, " ");
		json_array_append_new(rows, json_stringn(words, len));
		words += len + strspn(words + len, " ");
	}
	return rows;
}

static json_t *
schema_of(const struct param *param)
{
	if (param->type == PARAM_FLAG)
		return json_pack("{s:s}", "type", "boolean");
	if (param->type == PARAM_NUMBER)
		return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
			(json_int_t)param->min, "maximum", (json_int_t)param->max);
	json_t *schema =
		json_pack("{s:s, s:I}", "type", "string", "maxLength", (json_int_t)param->max);
	if (param->words)
		json_object_set_new(schema, "enum", words_of(param->words));
	return schema;
}

static json_t *
parameter(const struct param *param, const char *in, bool is_required)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", param->name, "in", in, "required",
		is_required, "description", param->sentence, "schema", schema_of(param));
}

/* Calls each name of "a! b", and the cursor for a list that has one. */
static void
each_arg(const struct route *route, void (*one)(void *, const struct param *, bool must), void *arg)
{
	const char *list = route->args;
	char name[32];

	while (*list) {
		size_t len = strcspn(list, " ");
		bool must = list[len - 1] == '!';
		snprintf(name, sizeof name, "%.*s", (int)(len - must), list);
		const struct param *param = param_find(name);
		assert(param); /* each row's arguments are in the table */
		one(arg, param, must);
		if (!strcmp(name, "after") || !strcmp(name, "before"))
			one(arg, param_find("cursor"), false);
		list += len + strspn(list + len, " ");
	}
}

static void
add_query(void *arg, const struct param *param, bool must)
{
	json_array_append_new(arg, parameter(param, "query", must));
}

static void
add_property(void *arg, const struct param *param, bool must)
{
	json_t *schema = arg, *property = schema_of(param);

	json_object_set_new(property, "description", json_string(param->sentence));
	json_object_set_new(json_object_get(schema, "properties"), param->name, property);
	if (must)
		json_array_append_new(
			json_object_get(schema, "required"), json_string(param->name));
}

static json_t *
path_parameters(const struct route *route)
{
	json_t *rows = json_array();
	char name[32];

	for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{')) {
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
		const struct param *param = param_find(name);
		assert(param);
		json_array_append_new(rows, parameter(param, "path", true));
	}
	return rows;
}

static json_t *
content(const char *type, json_t *schema)
{
	return json_pack("{s:{s:o}}", type, "schema", schema);
}

static json_t *
body_of(const struct route *route)
{
	json_t *schema = json_pack("{s:s, s:{}, s:[], s:b}", "type", "object", "properties",
		"required", "additionalProperties", 0);

	each_arg(route, add_property, schema);
	bool is_required = json_array_size(json_object_get(schema, "required"));
	json_t *both = content("application/json", json_incref(schema));
	json_object_set_new(
		both, "application/x-www-form-urlencoded", json_pack("{s:O}", "schema", schema));
	json_decref(schema);
	return json_pack("{s:b, s:o}", "required", is_required, "content", both);
}

/* {"ok": true, "result": ...}, with what stands beside it. */
static json_t *
answer_of(const struct route *route)
{
	bool is_list = route->result[0] == '[';
	bool is_change = strcmp(route->method, "GET") != 0;
	size_t len = strlen(route->result) - 2 * is_list;
	json_t *one = reference("schemas", route->result + is_list, len);
	json_t *result = is_list ? json_pack("{s:s, s:o}", "type", "array", "items", one) : one;
	json_t *properties = json_pack("{s:{s:b}, s:o}", "ok", "const", 1, "result", result);

	if (is_list)
		json_object_set_new(properties, "next",
			json_pack("{s:s, s:s}", "type", "integer", "description",
				"the list goes on: ask with it as cursor"));
	if (is_change) {
		json_object_set_new(properties, "journal", json_pack("{s:s}", "type", "integer"));
		json_object_set_new(properties, "undo", json_pack("{s:s}", "type", "string"));
		json_object_set_new(properties, "in_force", json_pack("{s:s}", "type", "boolean"));
		json_object_set_new(properties, "note", json_pack("{s:s}", "type", "string"));
	}
	return json_pack("{s:s, s:o, s:[s, s]}", "type", "object", "properties", properties,
		"required", "ok", "result");
}

static json_t *
responses_of(const struct route *route)
{
	bool is_change = strcmp(route->method, "GET") != 0;
	json_t *schema = answer_of(route);
	json_t *responses = json_pack("{s:{s:s, s:o}, s:o}", "200", "description", "done",
		"content", content("application/json", json_incref(schema)), "default",
		reference("responses", "Problem", strlen("Problem")));

	if (is_change)
		json_object_set_new(responses, "202",
			json_pack("{s:s, s:o}", "description",
				"recorded, and not in force yet (note says why)", "content",
				content("application/json", json_incref(schema))));
	else
		json_object_set_new(responses, "304",
			json_pack("{s:s}", "description", "as the ETag says that was sent"));
	if (!strcmp(route->verb, "events.list"))
		json_object_set_new(json_object_get(json_object_get(responses, "200"), "content"),
			"text/event-stream", json_pack("{s:{s:s}}", "schema", "type", "string"));
	json_decref(schema);
	return responses;
}

static json_t *
security_of(const struct route *route)
{
	if (!*route->scope)
		return json_array();
	return json_pack("[{s:[s]}, {s:[s]}]", "token", route->scope, "session", route->scope);
}

static json_t *
operation(const struct route *route)
{
	bool is_post = !strcmp(route->method, "POST");
	json_t *parameters = path_parameters(route);
	json_t *out = json_pack("{s:s, s:s, s:o, s:o}", "operationId", route->verb, "summary",
		route->sentence, "security", security_of(route), "responses", responses_of(route));

	if (!is_post)
		each_arg(route, add_query, parameters);
	if (is_post && *route->args)
		json_object_set_new(out, "requestBody", body_of(route));
	if (strcmp(route->method, "GET"))
		json_array_append_new(parameters, reference("parameters", "Once", strlen("Once")));
	json_object_set_new(out, "parameters", parameters);
	return out;
}

static json_t *
paths(void)
{
	json_t *all = json_object();
	char method[8];

	for (const struct route *route = routes; route->method; route++) {
		json_t *item = json_object_get(all, route->path);
		if (!item) {
			item = json_object();
			json_object_set_new(all, route->path, item);
		}
		for (size_t i = 0; i <= strlen(route->method) && i < sizeof method; i++)
			method[i] = (char)tolower((unsigned char)route->method[i]);
		assert(!json_object_get(item, method));
		json_object_set_new(item, method, operation(route));
	}
	return all;
}

static json_t *
components(const char *schemas)
{
	json_t *all = json_loads(schemas, JSON_REJECT_DUPLICATES, NULL);

	assert(json_is_object(all)); /* our own file */
	return json_pack("{s:o, s:{s:{s:s, s:o}}, s:{s:{s:s, s:s, s:s, s:{s:s, s:i}}}, "
			 "s:{s:{s:s, s:s}, s:{s:s, s:s, s:s}}}",
		"schemas", all, "responses", "Problem", "description", "it was refused, and why",
		"content",
		content("application/problem+json",
			reference("schemas", "Problem", strlen("Problem"))),
		"parameters", "Once", "name", "Idempotency-Key", "in", "header", "description",
		"the same key again is answered again, and nothing is done twice", "schema", "type",
		"string", "maxLength", 64, "securitySchemes", "token", "type", "http", "scheme",
		"bearer", "session", "type", "apiKey", "in", "cookie", "name", "pinfold");
}

json_t *
openapi_new(const char *schemas)
{
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o, s:o}", "openapi",
		"3.1.0", "info", "title", "Pinfold", "version", PINFOLD_VERSION, "description",
		"A gateway for connected devices. docs/API.md describes what stands in the "
		"answers.",
		"license", "name", "Apache 2.0", "identifier", "Apache-2.0", "servers", "url",
		API_ROOT, "paths", paths(), "components", components(schemas));
}
