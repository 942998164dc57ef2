/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PACKET_CLEAR_TEXT_H
#define PINFOLD_PACKET_CLEAR_TEXT_H

#include "packet/reader.h"

/*
 * Protocols of lines of text that cross the network readable: FTP and POP3
 * (RFC 959, RFC 1939), RTSP (RFC 2326, RFC 7826), SIP (RFC 3261), and the options
 * of telnet (RFC 854).  Credentials are noticed, never kept.
 */
enum clear_kind { CLEAR_FTP, CLEAR_RTSP, CLEAR_SIP, CLEAR_TELNET };

struct clear_text {
	uint8_t kind;         /* enum clear_kind */
	bool is_answer;       /* of a server */
	bool has_credentials; /* a password, or what stands for one */
	bool is_anonymous;    /* the user of FTP that everybody is */
	struct bytes method;  /* borrowed raw bytes; "200" of an answer */
	struct bytes scheme;  /* of RTSP and SIP: "Basic", "Digest" */
};

/* True for the first bytes of a command, request or answer, on whatever port. */
bool clear_is_text(struct reader);
/* True for two options in a row; only at its usual ports, as much else begins so. */
bool clear_is_telnet(struct reader);

bool clear_text_parse(struct clear_text *, struct reader);

const char *clear_kind_text(uint8_t kind); /* never NULL */

#endif
