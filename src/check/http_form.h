/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_HTTP_FORM_H
#define PINFOLD_CHECK_HTTP_FORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The form by which a page asks for a password: the first that has a field of
 * that type.  Pages come from devices and are hostile; nothing is built of them
 * but these bounded texts, and what goes back to the same device.
 */
enum { FORM_TEXT_MAX = 160, FORM_EXTRA_MAX = 512 };
struct http_form {
	char action[FORM_TEXT_MAX]; /* as it stands; may be empty: the page itself */
	bool is_post, is_json;
	char user[64], password[64]; /* names of the fields; user may be empty */
	char extra[FORM_EXTRA_MAX];  /* the other fields with their values, as name=value& */
};

/* The page is text with a NUL behind it. */
bool http_form_find(struct http_form *, const char *page);
/* True when the page asks for a password, in a form or by a script. */
bool http_asks_for_password(const char *page);
/* Body (or query) with these values; escaped. */
void http_form_fill(
	char *out, size_t size, const struct http_form *, const char *user, const char *password);

#endif
