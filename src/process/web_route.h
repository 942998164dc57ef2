/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_ROUTE_H
#define PINFOLD_PROCESS_WEB_ROUTE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * The API as a table: each row is a method, a path and the verb of docs/API.md that
 * it asks.  The description of the API (web_openapi.c) is made of the same rows, and
 * a form of a page reaches each of them as well: POST to FORM_ROOT instead of
 * API_ROOT, with the fields "csrf", "back" (where to go afterwards) and, for what is
 * no POST, "method".
 *
 * To add one: a row here, its arguments in the table of parameters, its result in
 * src/web/schemas.json.
 */
#define API_ROOT  "/api/v1"
#define FORM_ROOT "/do"

enum { LIST_LIMIT = 1000 };

enum param_type { PARAM_TEXT, PARAM_NUMBER, PARAM_FLAG };
struct param {
	const char *name;
	enum param_type type;
	int64_t min, max;  /* of a number; max: of a text's bytes */
	const char *words; /* "a b c": nothing else; NULL: any */
	const char *sentence;
};
extern const struct param params[]; /* ends with a row without name */
const struct param *param_find(const char *name);

enum {
	ROUTE_LOGS_IN = 1,    /* the result has a credential, which becomes a cookie */
	ROUTE_LOGS_OUT = 2,   /* the cookie goes */
	ROUTE_BEGINS_RUN = 4, /* a form is gone on from to the page of the run that it began */
};

struct route {
	const char *method;
	const char
		*path; /* below API_ROOT; "{device}" stands for any segment, and is an argument */
	const char *verb;
	const char *args;   /* names of others, with a space between; "name!": it must be there */
	const char *scope;  /* what a token needs: "", "read", "act", "admin" */
	const char *result; /* schema, in src/web/schemas.json; "[X]": a list of X */
	unsigned flags;
	const char *sentence;
};
extern const struct route routes[]; /* ends with a row without method */

/* Does the path fit?  Sets what stands in the place of {names}; the caller clears them if not. */
bool path_fits(const char *pattern, const char *path, json_t *args);

/*
 * The row for a path below the root.  NULL: none; *is_other_method: there is one for another
 * method.  args gets what stands in the path.
 */
const struct route *route_find(
	const char *method, const char *path, json_t *args, bool *is_other_method);

/* NULL: none asks it. */
const struct route *route_of_verb(const char *verb);

/* All of these names are taken by the row, in its path or its list. */
bool route_takes(const struct route *, const char *name);

/*
 * The arguments of a question, from texts (a query, a form) or values (JSON): known,
 * of their type and within bounds, with none missing.  "cursor" is "after" or
 * "before", whichever the row has.  NULL with why; the caller owns it.
 */
json_t *route_args(const struct route *, const json_t *given, struct fault *why);

#endif
