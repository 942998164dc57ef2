/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_OPENAPI_H
#define PINFOLD_PROCESS_WEB_OPENAPI_H

#include <jansson.h>

/*
 * The description of the API (OpenAPI 3.1), made of the rows that serve it
 * (web_route.c) and of the schemas of their results (src/web/schemas.json).
 */
json_t *openapi_new(const char *schemas); /* the caller owns it */

#endif
