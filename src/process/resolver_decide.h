/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_DECIDE_H
#define PINFOLD_PROCESS_RESOLVER_DECIDE_H

#include "base/settings.h"
#include "packet/dns.h"
#include "process/resolver_view.h"

/*
 * What becomes of a question, from the device's view alone: pure, before any
 * packet goes upstream.  A name that a held device did not declare is answered
 * here, because a question that leaves the house is itself a message.
 */

/* Names of resolvers that would take the devices' questions elsewhere (data/doh-resolvers.txt). */
struct doh_names;
struct doh_names *doh_names_from_text(const char *text, size_t len);
/* The name, or one above it, is in the list. */
bool doh_names_has(const struct doh_names *, const char *name);

enum decision_kind {
	DECISION_UNKNOWN,
	DECISION_RCODE,   /* answered here with rcode and no record */
	DECISION_GATEWAY, /* answered here: the gateway's own address of the family asked */
	DECISION_ASK,     /* upstream is asked; addresses are opened in the slots of match */
	DECISION_SILENT,  /* the rig withholds every answer */
};

struct decision {
	enum decision_kind kind;
	uint8_t rcode;
	bool is_undeclared; /* tell the engine */
	bool is_held;       /* VIEW_DECLARED: opened slots or no address at all */
	struct view_match match;
};

struct decision decision_from_query(
	const struct view *, const struct dns_query *, const struct doh_names *);

/*
 * What the rig makes of the question at this time: true when it is withheld, and how.
 * As if names were away no answer is given at all; as if the maker were gone his names
 * do not exist, and those that belong to nobody in particular do.
 */
bool decision_by_rig(
	const struct view *, const struct dns_query *, uint64_t now_ns, struct decision *);

/*
 * The name of the owner's certificate is the gateway's too, where the pages are served by TLS on
 * the LAN: for who may ask for every name, and by the address at which they are.  Upstream it
 * could only say an address inside, which is withheld.
 */
void decision_for_pages(
	const struct settings *, const struct view *, const struct dns_query *, struct decision *);

/* The gateway's own name, resolved for every device. */
#define GATEWAY_NAME "pinfold.home.arpa"

/* "4.3.2.1.in-addr.arpa" and the nibbles of ip6.arpa; false for every other name. */
bool ip_from_reverse_name(struct ip *, const char *name);

/* Length of the longest label: a tunnel's are long. */
unsigned longest_label(const char *name);

/*
 * Does this name (lower case, no last dot) belong to a time server?  Asked
 * without validation while the clock is not set: a signature can only be judged
 * by who knows the time.
 */
bool name_is_of_time(const char *name);

/* Is it one of those by which programs of all makers find out whether there is an internet? */
bool name_is_of_tests(const char *name);

#endif
