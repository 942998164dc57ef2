/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_HTTP_H
#define PINFOLD_PROCESS_WEB_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

/*
 * What stands in requests of strangers, read without doing anything: pure, and
 * fuzzed (test/fuzz/fuzz_web.c).
 */
enum { FORM_FIELDS_MAX = 128, HOST_MAX = 64, ETAG_MAX = 24, LANGUAGE_MAX = 8 };

/*
 * application/x-www-form-urlencoded (the URL standard, section 5.1) into strings of an
 * object.  False: too many fields, one twice, or text that is not UTF-8 or holds a NUL.
 */
bool form_parse(json_t *into, const char *body, size_t len);
/*
 * Fields of a form as "answers/5.1-1/reason" are one argument, "answers": the text of an
 * object of objects, {"5.1-1": {"reason": "..."}}.  Others are left as they are.
 */
void form_fold(json_t *args);

/* The value of a cookie (RFC 6265, section 5.4); false: none, or it does not fit. */
bool cookie_find(const char *header, const char *name, char *out, size_t size);

/*
 * The cookie of a session.  By TLS of our own it has the prefix with which a browser takes
 * it from this host by TLS alone (RFC 6265bis, section 4.1.3.2), and no other is looked at:
 * what somebody laid by plain HTTP is none.
 */
enum cookie_way { COOKIE_PLAIN, COOKIE_BY_PROXY /* that speaks TLS */, COOKIE_BY_TLS };
enum { COOKIE_HEADER_MAX = 200 };
const char *cookie_name(enum cookie_way);
/* A Set-Cookie header; credential NULL: it goes. */
void cookie_render(char out[static COOKIE_HEADER_MAX], const char *credential, enum cookie_way way);

/* "Bearer TOKEN" (RFC 6750, section 2.1); false: something else, or it does not fit. */
bool bearer_find(const char *header, char *out, size_t size);

/*
 * A name that is not ours means that a page of somebody else leads a browser here (DNS
 * rebinding); an address or one of our names cannot be led.
 */
bool host_is_ours(const char *host, const char *also); /* also: a name of the owner's, or "" */

/* The host of a request, with or without a port, is this name. */
bool host_is(const char *host, const char *name);

/* The origin (RFC 6454) of the page that asked is the one that it asks. */
bool origin_is_same(const char *origin, const char *host);

/* X-Forwarded-For: whom the proxy that wrote last speaks for; false: it says nothing of use. */
bool forwarded_for(const char *header, struct ip *out);

/*
 * Accept-Language (RFC 9110, section 12.5.4): the one of those that are known which the
 * reader likes best; "" when none is named.  Of "de-CH" only "de" counts.
 */
void language_choose(
	const char *header, bool (*is_known)(const char *tag), char out[static LANGUAGE_MAX]);

/* A path on this site and nothing else, to which a browser may be sent on. */
bool path_is_local(const char *path);

/* Of these bytes, quoted (RFC 9110, section 8.8.3); and whether If-None-Match names it. */
void etag_render(char out[static ETAG_MAX], const void *bytes, size_t len);
bool etag_is_in(const char *header, const char *etag);

#endif
