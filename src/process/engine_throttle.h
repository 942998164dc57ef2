/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_THROTTLE_H
#define PINFOLD_PROCESS_ENGINE_THROTTLE_H

#include <stdint.h>

/*
 * Guessing is made slow, and nobody is locked out: after THROTTLE_FREE failures of
 * one key (a source, an account) each further one makes the next try wait twice as
 * long, up to THROTTLE_S_MAX.  A quarter of an hour without a failure forgets them.
 *
 * THROTTLE_ROWS keys are kept; the one that failed longest ago goes first.
 */
enum { THROTTLE_FREE = 5, THROTTLE_S_MAX = 60, THROTTLE_FORGET_S = 900, THROTTLE_ROWS = 512 };

/* Seconds until this key may try again; 0: now. */
uint32_t throttle_wait_s(const char *key, uint64_t now_ns);
void throttle_failed(const char *key, uint64_t now_ns);
void throttle_forget(const char *key);

#endif
