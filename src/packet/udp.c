/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/udp.h"

bool
udp_parse(struct udp *udp, struct reader *r)
{
	udp->source = reader_u16(r);
	udp->destination = reader_u16(r);
	udp->len = reader_u16(r);
	reader_skip(r, 2); /* checksum: see ipv4_parse() */
	if (!reader_ok(r))
		return false;
	if (udp->len == 0) /* a jumbogram, RFC 2675 section 4, or offload */
		return true;
	if (udp->len < 8)
		return false;
	if (udp->len - 8u < reader_left(r))
		r->end = r->at + (udp->len - 8u);
	return true;
}
