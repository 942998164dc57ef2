/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/told.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"

/*
 * How long a claim is not repeated, in seconds; 0: each time.  What shows that a
 * MAC is alive on its port comes more often than binding.c waits for silence.
 */
static const uint8_t quiet_s[OBSERVED_COUNT] = {
	[OBSERVED_ARP] = 3,
	[OBSERVED_ND_DAD] = 1,
	[OBSERVED_ND_ADVERT] = 3,
	[OBSERVED_IP] = 3,
	[OBSERVED_MAC_SEEN] = 3,
	[OBSERVED_DHCP4_DISCOVER] = 1,
	[OBSERVED_DHCP4_REQUEST] = 1,
	[OBSERVED_DHCP_HOSTNAME] = 10,
	[OBSERVED_DHCP_CLIENT_ID] = 10,
	[OBSERVED_DHCP_VENDOR_CLASS] = 10,
	[OBSERVED_DHCP_PARAMETERS] = 10,
	[OBSERVED_DHCP_MUD_URL] = 10,
	[OBSERVED_DHCP6_SOLICIT] = 1,
	[OBSERVED_DHCP6_DUID] = 10,
	[OBSERVED_LLDP_NAME] = 60,
	[OBSERVED_LLDP_DESCRIPTION] = 60,
	[OBSERVED_LLDP_MUD_URL] = 60,
	[OBSERVED_MDNS_NAME] = 60,
	[OBSERVED_MDNS_SERVICE] = 60,
	[OBSERVED_MDNS_MODEL] = 60,
	[OBSERVED_SSDP_SERVER] = 60,
	[OBSERVED_SSDP_TYPE] = 60,
	[OBSERVED_SSDP_LOCATION] = 60,
	[OBSERVED_HTTP_USER_AGENT] = 60,
	[OBSERVED_MQTT_CLIENT] = 60,
	[OBSERVED_TLS_HELLO] = 10,
	[OBSERVED_HTTP_REQUEST] = 10,
	[OBSERVED_CLEAR_CREDENTIALS] = 10,
	[OBSERVED_CLEAR_CONTENT] = 10,
	[OBSERVED_COAP_REQUEST] = 10,
	[OBSERVED_NTP_REQUEST] = 60,
	[OBSERVED_DNS_QUERY] = 10,
	[OBSERVED_UPNP_PORT_REQUEST] = 10,
	[OBSERVED_IDENTIFIER_SENT] = 10,
	[OBSERVED_TLS_SERVER] = 10,
	[OBSERVED_TLS_CERTIFICATE] = 60,
};

struct told *
told_new(const struct hash_key *key)
{
	struct told *told = must_alloc(1, sizeof *told);

	told->key = *key;
	return told;
}

void
told_free(struct told *told)
{
	free(told);
}

bool
told_lately(struct told *told, enum observed what, uint64_t digest, uint64_t now_ns)
{
	uint64_t quiet_ns = quiet_s[what] * CLOCK_SECOND_NS;
	struct told_entry *bucket, *oldest;

	if (!quiet_ns)
		return false;
	digest |= 1; /* 0 is an empty place */
	bucket = told->entry[digest >> 52];
	oldest = bucket;
	for (size_t i = 0; i < TOLD_WAYS; i++) {
		if (bucket[i].digest == digest) {
			/* A capture's clock may go back; then it is told. */
			if (now_ns >= bucket[i].at_ns && now_ns - bucket[i].at_ns < quiet_ns) {
				told->suppressed[what]++;
				return true;
			}
			bucket[i].at_ns = now_ns;
			return false;
		}
		if (bucket[i].at_ns < oldest->at_ns)
			oldest = &bucket[i];
	}
	*oldest = (struct told_entry){digest, now_ns};
	return false;
}

void
told_forget(struct told *told)
{
	memset(told->entry, 0, sizeof told->entry);
}

uint64_t
told_suppressed(const struct told *told)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < OBSERVED_COUNT; i++)
		sum += told->suppressed[i];
	return sum;
}
