/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ntp.h"

bool
ntp_parse(struct ntp *ntp, struct reader r)
{
	uint8_t first = reader_u8(&r);

	*ntp = (struct ntp){.leap = first >> 6, .version = first >> 3 & 7, .mode = first & 7};
	if (ntp->mode == NTP_CONTROL) { /* RFC 9327, section 2 */
		reader_skip(&r, 11);
		return reader_ok(&r);
	}
	if (ntp->mode == NTP_PRIVATE) {
		reader_skip(&r, 7);
		return reader_ok(&r);
	}
	ntp->stratum = reader_u8(&r);
	reader_skip(&r, 2 + 4 + 4); /* poll, precision, root delay and dispersion */
	ntp->reference = reader_u32(&r);
	reader_skip(&r, 3 * 8); /* reference, origin and receive times */
	ntp->transmitted = reader_u64(&r);
	return reader_ok(&r) && ntp->version >= 1 && ntp->version <= 4 && ntp->mode != 0;
}
