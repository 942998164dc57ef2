/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_SEND_H
#define PINFOLD_PROCESS_WEB_SEND_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "process/web_page.h"

/* Responses, each with the headers that all of ours have.  The connection is borrowed. */

/* Bytes that live for ever; with an ETag, so that they are sent once. */
enum MHD_Result send_file(struct MHD_Connection *, const void *bytes, size_t len, const char *type);
/* Copies; answers 304 where the reader has them already. */
enum MHD_Result send_json(struct MHD_Connection *, unsigned status, const char *text, size_t len);
/* Takes the text. */
enum MHD_Result send_page(struct MHD_Connection *, unsigned status, struct html *);
/* Takes the text. */
enum MHD_Result send_text(struct MHD_Connection *, struct html *, const char *type);
/* The same, to be saved under the name; as a picture of a page it is shown all the same. */
enum MHD_Result send_download(
	struct MHD_Connection *, struct html *, const char *type, const char *file);
/* application/problem+json (RFC 9457); code: "" or one of enum err; retry_s: 0: nothing said. */
enum MHD_Result send_problem(struct MHD_Connection *, unsigned status, const char *code,
	const char *detail, unsigned retry_s);
/* 303 to a path of ours.  cookie: a Set-Cookie header, or NULL. */
enum MHD_Result send_on(struct MHD_Connection *, const char *path, const char *cookie);
enum MHD_Result send_json_with_cookie(
	struct MHD_Connection *, unsigned status, const json_t *, const char *cookie);

/* The headers of every response; type NULL: none of its own. */
void send_headers(struct MHD_Response *, const char *type, const char *cache);

/* The engine's answer in the words of HTTP: 200, 202 where it is not in force yet, or a refusal. */
unsigned status_from(const json_t *answer);

/* The connection speaks TLS with us, and not with a proxy. */
bool is_by_own_tls(struct MHD_Connection *);

#endif
