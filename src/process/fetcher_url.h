/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_FETCHER_URL_H
#define PINFOLD_PROCESS_FETCHER_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "packet/mud_url.h"

/* Where a fetch may go; pure. */

/* What is really asked for: as mud_url_from_bytes(), without the dot at the end of the host. */
bool fetch_url_begin(struct mud_url *out, const char *text);

/* A reference (Location, mud-signature) in the light of a base (RFC 3986, section 5); https only. */
bool fetch_url_resolve(struct mud_url *out, const struct mud_url *base, const char *reference);

/* By convention: the same URL with .p7s for .json.  False when the path does not end so. */
bool fetch_url_guess_signature(struct mud_url *out, const struct mud_url *file);

/* The name to look up, and the port. */
void fetch_url_host(const struct mud_url *, char host[static 256], uint16_t *port);

/*
 * An address that a maker's server may have: on the internet, and neither of
 * our networks nor our own.
 */
bool fetch_address_is_fine(const struct ip *, const struct settings *);

#endif
