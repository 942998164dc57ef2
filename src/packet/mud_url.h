/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_MUD_URL_H
#define PINFOLD_PACKET_MUD_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A MUD URL as a device claims it (RFC 8520, sections 10 to 12): a hint which
 * file to fetch, never an identity.  NUL-terminated, printable ASCII without
 * quotes, backslash or space; scheme and host are lower case.
 */
struct mud_url {
	char text[256];
};

/* The whole option or TLV may have no more octets than this. */
enum { MUD_URL_MAX = 255 };

/*
 * True only for "https://host[:port][/...]", cut at the first space; what
 * follows the space is reserved and ignored.  The host is a name, not an
 * address; user names, control bytes, NUL and bytes above 127 are refused.
 * Writes nothing when false.
 */
bool mud_url_from_bytes(struct mud_url *, const uint8_t *bytes, size_t len);

/*
 * The authority as the abstractions of RFC 8520 compare it: lower case, no
 * trailing dot, no default port.  The URL must come from mud_url_from_bytes().
 */
void mud_url_authority(const struct mud_url *, char out[static 256]);

bool mud_url_is_equal(const struct mud_url *, const struct mud_url *);

/* What became of the MUD URL of one packet. */
enum mud_url_claim {
	MUD_URL_NONE,
	MUD_URL_VALID,
	MUD_URL_REFUSED, /* not plain https, or more than one */
};

#endif
