/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_SITE_H
#define PINFOLD_MAKER_SITE_H

#include "packet/mud_url.h"

/*
 * A maker's site: a name and all names below it.  Nothing outside of it is asked
 * for, whoever links there.  Which names one owner has is not looked up in any
 * list: the site is the host that was named, without a first label that is only
 * a service ("www", "mud"), so that it is rather too small than too large.
 */
struct site {
	char name[256];
};

void site_of(struct site *, const struct mud_url *);
bool site_holds(const struct site *, const struct mud_url *);

/* https alone, as strict as mud_url_from_bytes(); of an owner "maker.example" will do. */
bool site_url_from_owner(struct mud_url *, const char *text);
/* "https://<host><path>" of the same host; false where it is too long. */
bool site_url_at(struct mud_url *, const struct mud_url *base, const char *path);
/* The front page of the site; is_www: at "www." below it. */
bool site_front(struct mud_url *, const struct site *, bool is_www);

/* A reference in the light of a base (RFC 3986, section 5), without fragment. */
bool site_url_resolve(struct mud_url *out, const struct mud_url *base, const char *reference);
/* Path and query, "/" at least; points into the URL. */
const char *site_path(const struct mud_url *);
/* The name, without port. */
void site_host(const struct mud_url *, char out[static 256]);

/*
 * How much a link looks as if it led to what is looked for: 0 not, 1 perhaps, 2 yes.
 * model: of the device; may be empty.
 */
int site_interest(const char *path, const char *text, const char *model);

#endif
