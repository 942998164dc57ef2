/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SERVICE_H
#define PINFOLD_CHECK_SERVICE_H

#include "check/session.h"

/*
 * What listens at an open port, by what it says and never by the number of the
 * port.  tcp-ports asks every open port and writes steps "service"; other
 * checks ask the transcript.
 */
#define SERVICE_LIST(X)                                                                            \
	X(SERVICE_TELNET, "telnet")                                                                \
	X(SERVICE_SHELL, "an open shell")                                                          \
	X(SERVICE_FTP, "FTP")                                                                      \
	X(SERVICE_SSH, "SSH")                                                                      \
	X(SERVICE_SMTP, "SMTP")                                                                    \
	X(SERVICE_HTTP, "HTTP")                                                                    \
	X(SERVICE_RTSP, "RTSP")                                                                    \
	X(SERVICE_MQTT, "MQTT")                                                                    \
	X(SERVICE_ADB, "ADB")                                                                      \
	X(SERVICE_TLS, "TLS")                                                                      \
	X(SERVICE_OTHER, "something that talks")
enum service {
	SERVICE_UNKNOWN, /* open, and silent to all questions */
#define X(name, text) name,
	SERVICE_LIST(X)
#undef X
		SERVICE_COUNT,
};
const char *service_name(enum service);

/* By both directions of one exchange; pure. */
enum service service_of(const struct exchange *);

struct service_at {
	enum service what; /* behind TLS where is_tls */
	bool is_tls;
	uint16_t port;
	struct ip address;
	const struct exchange *seen, *again; /* round 1 and 2; again may be NULL */
};
enum { SERVICES_MAX = 96 };

/* All that step "service" of tcp-ports tells, one row a port and address. */
size_t services_in(const struct transcript *, struct service_at out[static SERVICES_MAX]);
/* Those that are this; a port of both addresses counts once, by the one over IPv4. */
size_t services_that_are(
	const struct transcript *, enum service, struct service_at out[static SERVICES_MAX]);

/*
 * What tcp-ports saw of all addresses together.  A device that answered nothing
 * at all may be off, blocked or silent: nothing can be said of its ports.
 */
struct ports_seen {
	size_t n_tried, n_open;
	bool has_answered;
	const struct exchange *tried, *open; /* the lists; NULL where there is none */
	char list[120];                      /* of open ports, cut */
};
struct ports_seen ports_seen(const struct transcript *);

/*
 * Says of the provision that no such service was found: NA where all ports were
 * asked, else NFF with how many were.
 */
void service_absent(
	const struct transcript *, struct findings *, const char *provision, const char *name);

/* Asks one port until it is known what it is. */
void service_ask(struct session *, const struct ip *, uint16_t port, uint32_t round);
/* The question alone that was answered before. */
void service_ask_again(struct session *, const struct exchange *, uint32_t round);

#endif
