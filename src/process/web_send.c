/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "process/web_http.h"

static const char security_policy[] =
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

void
send_headers(struct MHD_Response *response, const char *type, const char *cache)
{
	if (type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
	MHD_add_response_header(response, "Content-Security-Policy", security_policy);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	/* Not "no-referrer": with it browsers hide the origin of our own forms, too. */
	MHD_add_response_header(response, "Referrer-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
}

bool
is_by_own_tls(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
}

static enum MHD_Result
give(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	/* A month: who gives TLS up again is not shut out for longer (RFC 6797). */
	if (is_by_own_tls(connection))
		MHD_add_response_header(response, "Strict-Transport-Security", "max-age=2592000");
	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

static struct MHD_Response *
fixed(const void *bytes, size_t len, enum MHD_ResponseMemoryMode mode)
{
	union {
		const void *in;
		void *out;
	} borrowed = {.in = bytes};
	return MHD_create_response_from_buffer(len, borrowed.out, mode);
}

static bool
has_it(struct MHD_Connection *connection, const char *etag)
{
	return etag_is_in(MHD_lookup_connection_value(
				  connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH),
		etag);
}

static enum MHD_Result
give_tagged(struct MHD_Connection *connection, const void *bytes, size_t len, const char *type,
	const char *cache, enum MHD_ResponseMemoryMode mode)
{
	char etag[ETAG_MAX];

	etag_render(etag, bytes, len);
	bool is_known = has_it(connection, etag);
	struct MHD_Response *response = fixed(bytes, is_known ? 0 : len, mode);
	if (!response)
		return MHD_NO;
	send_headers(response, is_known ? NULL : type, cache);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	return give(connection, is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

enum MHD_Result
send_file(struct MHD_Connection *connection, const void *bytes, size_t len, const char *type)
{
	return give_tagged(connection, bytes, len, type, "no-cache", MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result
send_json(struct MHD_Connection *connection, unsigned status, const char *text, size_t len)
{
	if (status == MHD_HTTP_OK)
		return give_tagged(connection, text, len, "application/json", "private, no-cache",
			MHD_RESPMEM_MUST_COPY);
	struct MHD_Response *response = fixed(text, len, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	send_headers(response, "application/json", "no-store");
	return give(connection, status, response);
}

enum MHD_Result
send_json_with_cookie(
	struct MHD_Connection *connection, unsigned status, const json_t *json, const char *cookie)
{
	auto_free char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	struct MHD_Response *response =
		fixed(text ? text : "", text ? strlen(text) : 0, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return MHD_NO;
	send_headers(response, "application/json", "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	return give(connection, status, response);
}

static enum MHD_Result
give_text(struct MHD_Connection *connection, unsigned status, struct html *text, const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(text->len, text->at, MHD_RESPMEM_MUST_FREE);

	if (!response) {
		html_fini(text);
		return MHD_NO;
	}
	send_headers(response, type, "no-store");
	return give(connection, status, response);
}

enum MHD_Result
send_page(struct MHD_Connection *connection, unsigned status, struct html *text)
{
	return give_text(connection, status, text, "text/html; charset=utf-8");
}

enum MHD_Result
send_text(struct MHD_Connection *connection, struct html *text, const char *type)
{
	return give_text(connection, MHD_HTTP_OK, text, type);
}

enum MHD_Result
send_download(
	struct MHD_Connection *connection, struct html *text, const char *type, const char *file)
{
	char disposition[96];
	struct MHD_Response *response =
		MHD_create_response_from_buffer(text->len, text->at, MHD_RESPMEM_MUST_FREE);

	if (!response) {
		html_fini(text);
		return MHD_NO;
	}
	snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", file);
	send_headers(response, type, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
	return give(connection, MHD_HTTP_OK, response);
}

static const char *
title_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *title;
	} titles[] = {{400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
		{404, "Not Found"}, {405, "Method Not Allowed"}, {409, "Conflict"},
		{413, "Content Too Large"}, {415, "Unsupported Media Type"},
		{421, "Misdirected Request"}, {429, "Too Many Requests"},
		{503, "Service Unavailable"}};

	for (size_t i = 0; i < COUNT_OF(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

enum MHD_Result
send_problem(struct MHD_Connection *connection, unsigned status, const char *code,
	const char *detail, unsigned retry_s)
{
	char seconds[16];
	json_t *problem = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title",
		title_of(status), "status", (int)status, "detail", detail);

	if (*code)
		json_object_set_new(problem, "code", json_string(code));
	auto_free char *text = json_dumps(problem, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(problem);
	struct MHD_Response *response =
		fixed(text ? text : "{}", text ? strlen(text) : 2, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	send_headers(response, "application/problem+json", "no-store");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	snprintf(seconds, sizeof seconds, "%u", retry_s);
	if (retry_s)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	return give(connection, status, response);
}

enum MHD_Result
send_on(struct MHD_Connection *connection, const char *path, const char *cookie)
{
	struct MHD_Response *response = fixed("", 0, MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	send_headers(response, NULL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, path);
	if (cookie)
		MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	return give(connection, MHD_HTTP_SEE_OTHER, response);
}

unsigned
status_from(const json_t *answer)
{
	static const struct {
		const char *code;
		unsigned status;
	} refusals[] = {
		{"ERR_NOT_FOUND", MHD_HTTP_NOT_FOUND},
		{"ERR_DENIED", MHD_HTTP_FORBIDDEN},
		{"ERR_NOT_OURS", MHD_HTTP_UNAUTHORIZED},
		{"ERR_BUSY", 429},
		{"ERR_FULL", MHD_HTTP_CONFLICT},
		{"ERR_STALE", MHD_HTTP_CONFLICT},
		{"ERR_UNSUPPORTED", MHD_HTTP_CONFLICT},
		{"ERR_STORE", MHD_HTTP_SERVICE_UNAVAILABLE},
		{"ERR_KERNEL", MHD_HTTP_SERVICE_UNAVAILABLE},
		{"ERR_CLOSED", MHD_HTTP_SERVICE_UNAVAILABLE},
		{"ERR_TIMEOUT", MHD_HTTP_SERVICE_UNAVAILABLE},
		{"ERR_SYSTEM", MHD_HTTP_SERVICE_UNAVAILABLE},
	};
	const char *code =
		json_string_value(json_object_get(json_object_get(answer, "error"), "code"));

	if (json_is_true(json_object_get(answer, "ok")))
		return json_is_false(json_object_get(answer, "in_force")) ? MHD_HTTP_ACCEPTED
									  : MHD_HTTP_OK;
	for (size_t i = 0; code && i < COUNT_OF(refusals); i++)
		if (!strcmp(code, refusals[i].code))
			return refusals[i].status;
	return answer ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE;
}
