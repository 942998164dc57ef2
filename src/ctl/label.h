/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CTL_LABEL_H
#define PINFOLD_CTL_LABEL_H

#include <stdint.h>

#include "ctl/ctl.h"

/* --- label.c: what the daemon answers ------------------------------------------------------ */

void show_label(const json_t *, const struct options *);
void show_label_why(const json_t *, const struct options *);
void show_labels(const json_t *, const struct options *);
void show_label_one(const json_t *, const struct options *);
void show_label_feed(const json_t *, const struct options *);
void show_label_status(const json_t *, const struct options *);
int run_label_trust(int argc, char **argv, const struct options *);
int run_label_bands(int argc, char **argv, const struct options *);

/* --- label_publish.c ------------------------------------------------------------------------- */

int run_label_publish(int argc, char **argv, const struct options *);

/* --- label_check.c: without the daemon, over a stranger's bytes ------------------------------- */

int run_label_verify(int argc, char **argv, const struct options *);
int run_label_log(int argc, char **argv, const struct options *);

/*
 * An issuer's key from a file: 64 hexadecimal digits, or a JWKS with one Ed25519
 * key; or the digits themselves.  False: said on stderr.
 */
bool label_key_from(const char *file_or_digits, uint8_t *key);
/* At most max bytes of a file, on the heap, with a NUL behind them; NULL: said on stderr. */
char *label_read(const char *path, size_t max, size_t *len);

#endif
