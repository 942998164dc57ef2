/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/ntp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ntp ntp;

	if (!ntp_parse(&ntp, reader_over(data, size)))
		return 0;
	assert(ntp.mode >= 1 && ntp.mode <= 7);
	assert(size >= 8);
	return 0;
}
