/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TARGET_CONN_H
#define PINFOLD_TARGET_CONN_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "target.h"

/* What the processes of one target know together, in shared memory. */
struct memory {
	atomic_uint n_conns, n_wrong;
	atomic_llong locked_until_ms, next_free_ms;
	atomic_bool has_fallen; /* a connection saw what it cannot bear */
};

/* What an accepted descriptor becomes; runs the service, and ends the process. */
_Noreturn void conn_run(int fd, SSL_CTX *, const struct variant *, struct memory *);
int64_t now_ms(void);

#endif
