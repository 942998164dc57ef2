/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/auto.h"
#include "message/message.h"
#include "policy/policy.h"

/* What people call it, the ports it needs, and how the two find each other. */
static const struct service services[] = {
	{"cast", "show pictures and sound on a screen", RELAY_MDNS | RELAY_SSDP,
		{{6, 8008, 8009}, {6, 8443, 8443}}},
	{"airplay", "show pictures and sound on an AirPlay screen", RELAY_MDNS,
		{{6, 5000, 5001}, {6, 7000, 7000}, {6, 7100, 7100}, {17, 6000, 6003}}},
	{"print", "print", RELAY_MDNS, {{6, 631, 631}, {6, 9100, 9100}, {6, 515, 515}}},
	{"ipp", "print by IPP", RELAY_MDNS, {{6, 631, 631}}},
	{"scan", "scan", RELAY_MDNS,
		{{6, 80, 80}, {6, 443, 443}, {6, 8080, 8080}, {6, 5357, 5357}}},
	{"dlna", "play from a media server", RELAY_SSDP,
		{{6, 1400, 1400}, {6, 8200, 8200}, {6, 49152, 49159}}},
	{"control", "control it from an app", RELAY_MDNS | RELAY_SSDP | RELAY_BROADCAST,
		{{6, 80, 80}, {6, 443, 443}, {6, 8080, 8080}, {6, 8443, 8443}, {17, 5683, 5684}}},
	{"http", "its web page", RELAY_MDNS, {{6, 80, 80}}},
	{"https", "its web page over TLS", RELAY_MDNS, {{6, 443, 443}}},
	{"mqtt", "messages by MQTT", 0, {{6, 1883, 1883}}},
	{"mqtts", "messages by MQTT over TLS", 0, {{6, 8883, 8883}}},
	{"coap", "CoAP", 0, {{17, 5683, 5684}}},
	{"rtsp", "video by RTSP", 0, {{6, 554, 554}}},
	{"smb", "files by SMB", RELAY_MDNS, {{6, 445, 445}}},
	{"ssh", "administration by SSH", 0, {{6, 22, 22}}},
	{"ping", "reachability", 0, {{1, 8, 8}, {58, 128, 128}}},
	{"mdns", "only be found by mDNS", RELAY_MDNS, {{0}}},
	{"ssdp", "only be found by SSDP", RELAY_SSDP, {{0}}},
	{"ntp", "the time", 0, {{17, 123, 123}}},
	{"dns", "names", 0, {{17, 53, 53}, {6, 53, 53}}},
};

const struct service *
service_at(size_t i)
{
	return i < COUNT_OF(services) ? &services[i] : NULL;
}

const struct service *
service_find(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (!strcmp(services[i].word, word))
			return &services[i];
	return NULL;
}

bool
policy_add_introduction(
	struct policy *policy, const struct introduction *in, int64_t since_s, const char *note)
{
	bool is_asker = policy->device == in->asker;
	struct policy_rule rule = {
		.origin = ORIGIN_OWNER,
		.action = POLICY_ACCEPT,
		.direction = is_asker ? DIRECTION_FROM_DEVICE : DIRECTION_TO_DEVICE,
		.remote = REMOTE_DEVICE,
		.device = is_asker ? in->answerer : in->asker,
		.source_hi = UINT16_MAX,
		.since_s = since_s,
	};

	if (!is_asker && policy->device != in->answerer)
		return true;
	for (size_t i = 0; i < COUNT_OF(in->service->port) && in->service->port[i].proto; i++) {
		rule.proto = in->service->port[i].proto;
		rule.port_lo = in->service->port[i].lo;
		rule.port_hi = in->service->port[i].hi;
		if (!policy_add(policy, rule, NULL, note))
			return false;
	}
	return true;
}
