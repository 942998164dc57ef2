/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/icmp.h"

bool
icmp_parse(struct icmp *icmp, struct reader *r)
{
	icmp->type = reader_u8(r);
	icmp->code = reader_u8(r);
	reader_skip(r, 2); /* checksum: see ipv4_parse() */
	icmp->id = reader_u16(r);
	icmp->sequence = reader_u16(r);
	icmp->is_echo = icmp->type == ICMP_REPLY || icmp->type == ICMP_REQUEST;
	return reader_ok(r);
}
