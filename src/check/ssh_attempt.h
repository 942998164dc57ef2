/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SSH_ATTEMPT_H
#define PINFOLD_CHECK_SSH_ATTEMPT_H

#include "check/session.h"

/*
 * Logins of one name over one connection of SSH, as many as the server lets, by libssh, which only the process that talks to devices is
 * linked with: who judges transcripts knows nothing of it.  NULL until
 * ssh_attempt_begin(), and where the build has no libssh.
 */
struct service_at;
struct credential;
extern void (*ssh_attempt)(struct session *, const struct service_at *,
	const struct credential *const *, size_t n, const char *step, uint32_t round);

/* Before the process is confined. */
void ssh_attempt_begin(void);

#endif
