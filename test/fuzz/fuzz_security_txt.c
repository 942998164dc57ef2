/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/printable.h"
#include "maker/robots.h"
#include "maker/security_txt.h"

/* What any site may give for its security.txt, and for its robots.txt. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char at[] = "https://maker.example/.well-known/security.txt";
	struct bytes body = {data, size};
	struct security_txt txt, again;
	struct mud_url url;

	assert(mud_url_from_bytes(&url, (const uint8_t *)at, sizeof at - 1));
	security_txt_parse(&txt, body, "text/plain", &url, 1764547200);
	security_txt_parse(&again, body, "text/plain", &url, 1764547200);
	assert(!memcmp(&txt, &again, sizeof txt));
	assert(txt.state > SECURITY_TXT_ABSENT && txt.state < SECURITY_TXT_STATE_COUNT);
	assert(!(txt.faults >> SECURITY_TXT_FAULT_COUNT));
	assert(txt.state != SECURITY_TXT_VALID || (txt.contact[0] && !txt.faults));
	assert(is_printable(txt.contact) && is_printable(txt.policy));
	/* The longest rule decides, so what is allowed twice is allowed. */
	bool allows = robots_allow(body, "pinfold", "/security/policy.html?x=1");
	assert(allows == robots_allow(body, "Pinfold", "/security/policy.html?x=1"));
	return 0;
}
