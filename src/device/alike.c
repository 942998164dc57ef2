/* SPDX-License-Identifier: Apache-2.0 */
#include "device/alike.h"

#include <string.h>

enum { NAMED_ALIKE_MAX = 2, CONFIDENCE_MAX = 95 };

/* What it counts when both have it, and when both have one and they differ. */
static const struct weight {
	enum identifier_kind kind;
	int8_t same, other;
	bool is_naming; /* counts only where no third device has it */
} weights[] = {
	{IDENTIFIER_CERTIFICATE, 80, 0, false},
	{IDENTIFIER_DUID, 70, 0, true},
	{IDENTIFIER_DHCP_CLIENT_ID, 60, 0, true},
	{IDENTIFIER_MQTT_CLIENT, 40, 0, false},
	{IDENTIFIER_HOSTNAME, 35, 0, true},
	{IDENTIFIER_MDNS_NAME, 35, 0, true},
	{IDENTIFIER_LLDP_NAME, 30, 0, true},
	/* Its software, by which things of one model are alike: they add to a name, and speak against it. */
	{IDENTIFIER_VENDOR_CLASS, 10, -40, false},
	{IDENTIFIER_DHCP_PARAMETERS, 10, -40, false},
	{IDENTIFIER_MDNS_MODEL, 10, -40, false},
	{IDENTIFIER_SSDP_SERVER, 5, 0, false},
	{IDENTIFIER_USER_AGENT, 5, 0, false},
};

static const struct identifier *
shared(const struct device *a, const struct device *b, enum identifier_kind kind)
{
	for (size_t i = 0; i < a->n_identifiers; i++)
		for (size_t k = 0; a->identifier[i].kind == kind && k < b->n_identifiers; k++)
			if (b->identifier[k].kind == kind && !a->identifier[i].is_cut &&
				!strcmp(a->identifier[i].claimed_value,
					b->identifier[k].claimed_value))
				return &a->identifier[i];
	return NULL;
}

static bool
is_of_many(const struct device_table *table, const struct identifier *named)
{
	size_t cursor = 0, n = 0;

	while (n <= NAMED_ALIKE_MAX && device_next_named(table, (enum identifier_kind)named->kind,
					       named->claimed_value, &cursor))
		n++;
	return n > NAMED_ALIKE_MAX;
}

/* A device has one name, by whatever way it says it. */
static bool
is_told_already(const struct alike *alike, const struct identifier *clue)
{
	for (size_t i = 0; i < alike->n_clues; i++)
		if (!strcmp(alike->clue[i]->claimed_value, clue->claimed_value))
			return true;
	return false;
}

static bool
stays(const struct device *a, const struct device *b)
{
	if (a->is_admitted != b->is_admitted)
		return a->is_admitted;
	return a->first_s != b->first_s ? a->first_s < b->first_s : a->number < b->number;
}

bool
device_alike(const struct device_table *table, const struct device *a, const struct device *b,
	struct alike *out)
{
	const struct device *into = stays(a, b) ? a : b, *from = into == a ? b : a;
	bool has_name = false;
	int sum = 0;

	if (a == b)
		return false;
	*out = (struct alike){.from = from->number, .into = into->number};
	for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
		const struct weight *weight = &weights[i];
		const struct identifier *clue = shared(from, into, weight->kind);
		if (!clue) {
			if (device_identifier(from, weight->kind) &&
				device_identifier(into, weight->kind))
				sum += weight->other;
			continue;
		}
		if ((weight->is_naming && is_of_many(table, clue)) || is_told_already(out, clue))
			continue;
		sum += weight->same;
		has_name |= weight->same >= 30;
		if (out->n_clues < ALIKE_CLUES_MAX)
			out->clue[out->n_clues++] = clue;
	}
	out->confidence = (uint8_t)(sum < 0 ? 0 : sum > CONFIDENCE_MAX ? CONFIDENCE_MAX : sum);
	return has_name && sum >= ALIKE_ENOUGH;
}

const struct device *
device_next_alike(
	const struct device_table *table, const struct device *device, struct alike_walk *walk)
{
	for (; walk->identifier < device->n_identifiers; walk->identifier++, walk->cursor = 0) {
		const struct identifier *it = &device->identifier[walk->identifier];
		const struct device *other;
		if (!walk->cursor && is_of_many(table, it))
			continue;
		while ((other = device_next_named(table, (enum identifier_kind)it->kind,
				it->claimed_value, &walk->cursor)))
			if (other->number > device->number)
				return other;
	}
	return NULL;
}

const char *
alike_word(uint8_t confidence)
{
	return confidence >= 80 ? "very likely" : confidence >= 60 ? "likely" : "perhaps";
}
