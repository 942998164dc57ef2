/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_TLS_H
#define PINFOLD_PROCESS_WEB_TLS_H

#include <stdbool.h>

#include "message/message.h"

/*
 * The owner's certificate and key, which the monitor opened, and what there is to say of them.
 * They are read once, at the start; for new ones the monitor starts the process again.
 */

/* TLS 1.2 and 1.3, keys of a moment only (no RSA key exchange), in the language of GnuTLS. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"

/* Takes fd, and reads what is in it. */
void tls_read(enum descriptor what, int fd);

/* Both are there, can be read, and are of each other. */
bool tls_is_ready(void);

/* PEM; borrowed until tls_forget(). */
const char *tls_certificate(void);
const char *tls_key(void);

/* It is served from now on. */
void tls_served(void);

/* The key is not needed any more: wipes our copy. */
void tls_forget(void);

/* name: for which the certificate should be. */
void tls_describe(struct message_web_tls *, const char *name);

#endif
