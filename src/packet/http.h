/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_HTTP_H
#define PINFOLD_PACKET_HTTP_H

#include "packet/reader.h"

/*
 * The head of an HTTP/1 request (RFC 9112).  Borrowed raw bytes, empty when
 * absent.  Credentials are noticed, never kept: only the name of the scheme.
 */
struct http {
	bool is_cut; /* the head goes on in another segment; what came is here */
	bool is_odd; /* a second Host, a line that is no header, too many lines */
	struct bytes method, target;
	uint8_t minor; /* HTTP/1.minor */
	struct bytes claimed_host;
	struct bytes claimed_user_agent;
	struct bytes content_type;
	bool has_credentials;
	struct bytes scheme; /* "Basic", "Bearer": the first word of Authorization */
};

/* True for the first bytes of a request, on whatever port. */
bool http_is_request(struct reader);

bool http_parse(struct http *, struct reader);

#endif
