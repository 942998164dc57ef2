/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RELAY_FILTER_H
#define PINFOLD_PROCESS_RELAY_FILTER_H

#include "message/message.h"
#include "packet/dns.h"
#include "packet/ssdp.h"

/*
 * What of a discovery message one device may tell another: pure, no socket.
 *
 * Nothing is passed on as it came.  Each message is taken apart and written
 * anew from the few fields that discovery needs, so that it carries no more
 * than a question one way, and one way back the services that the answerer has
 * at its own addresses.
 */
enum {
	RELAY_PAYLOAD_MAX = 1400, /* fits a frame with IPv6 */
	RELAY_QUESTIONS_MAX = 16,
	RELAY_TTL_MAX_S = 4500, /* RFC 6762, section 10 */
};

/*
 * The questions of a query (RFC 6762), without the asker's own records; a copy
 * of the first one for who asked from a port of his own.  0: nothing to ask.
 */
struct relay_question {
	uint16_t id;
	struct dns_name name;
	uint16_t type;
};
size_t relay_mdns_question(
	void *out, size_t size, struct reader query, struct relay_question *first);

/*
 * The records of a response that the answerer may give about himself: pointers,
 * services and texts under .local, and addresses that are bound to him.  With
 * `asked`, in the form for who asked from a port of his own (section 6.7).
 * What does not fit is left out.  0: nothing left.
 */
size_t relay_mdns_answer(void *out, size_t size, struct reader response, const struct relay_end *,
	const struct relay_question *asked);

/* A search, with the target for matching; 0: not one. */
enum { RELAY_TARGET_MAX = 160 };
size_t relay_ssdp_search(char *out, size_t size, struct reader search, bool v6,
	char target[static RELAY_TARGET_MAX]);

/*
 * A response or notification of the answerer, 0 unless its location is at one
 * of his own addresses (a goodbye needs none).  target: what it is about.
 */
size_t relay_ssdp_answer(char *out, size_t size, struct reader answer, const struct relay_end *,
	bool v6, char target[static RELAY_TARGET_MAX], enum ssdp_kind *);

/* True if the URL is http(s) and its host is an address bound to the end. */
bool relay_location_is_of(struct bytes url, const struct relay_end *);

bool relay_end_has(const struct relay_end *, const struct ip *);

/* The link-local address that a MAC makes (RFC 4291, appendix A). */
struct ip relay_link_local(const uint8_t mac[static 6]);

#endif
