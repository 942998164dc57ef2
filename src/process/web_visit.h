/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_VISIT_H
#define PINFOLD_PROCESS_WEB_VISIT_H

#include <microhttpd.h>

/*
 * One request of a browser or a program: read whole, asked of the engine, answered.
 * What may be asked stands in web_route.c (the API, and forms) and web_page.c (pages).
 *
 * Bounds: a body has at most VISIT_BODY_MAX bytes (413); a request that is not whole
 * within VISIT_SLOW_S is cut off, and so is a connection that asks nothing for as long.
 */
enum { VISIT_BODY_MAX = 16384, VISIT_SLOW_S = 10 };

/* serve_soon: called when a connection was resumed. */
void visit_init(void (*serve_soon)(void));
/* By which the pages may be asked for as well; borrowed, for ever. */
void visit_set_name(const char *name);
/* There is TLS for that name, at this port. */
void visit_set_tls(unsigned port);

/* As libmicrohttpd calls them. */
enum MHD_Result visit_on_request(void *arg, struct MHD_Connection *, const char *path,
	const char *method, const char *version, const char *body, size_t *body_len,
	void **context);
void visit_on_completed(
	void *arg, struct MHD_Connection *, void **context, enum MHD_RequestTerminationCode);
void visit_on_connection(void *arg, struct MHD_Connection *, void **socket_context,
	enum MHD_ConnectionNotificationCode);

void visit_on_asks_changed(void);
void visit_look(void); /* every second: who is slow */

#endif
