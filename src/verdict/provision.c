/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/provision.h"

#include <assert.h>
#include <string.h>

const struct provision provisions[] = {
#include "provisions.inc"
};
const size_t n_provisions = sizeof provisions / sizeof *provisions;

const struct provision *
provision_find(const char *id)
{
	for (size_t i = 0; i < n_provisions; i++)
		if (!strcmp(provisions[i].id, id))
			return &provisions[i];
	return NULL;
}

bool
provision_cell(const char **at, struct mapped *out)
{
	static const char weak[] = "weak ";
	const char *entry = *at;

	if (!entry || !*entry)
		return false;
	size_t len = strcspn(entry, ",");
	*at = entry + len + (entry[len] == ',');

	*out = (struct mapped){0};
	if (!strncmp(entry, weak, sizeof weak - 1)) {
		out->is_weak = true;
		entry += sizeof weak - 1;
		len -= sizeof weak - 1;
	}
	if (len && entry[len - 1] == '?') {
		out->is_unchecked = true;
		len--;
	}
	assert(len > 0 && len < sizeof out->id); /* our own table */
	memcpy(out->id, entry, len);
	return true;
}

static const struct {
	const char *key, *text;
} conditions[] = {
	{"F:a", "passwords are used"},
	{"F:b", "unique passwords are set in the factory"},
	{"F:c", "there are passwords, or authentication by cryptography"},
	{"F:d", "users log in"},
	{"F:e", "one can log in over the network"},
	{"F:f", "there is software that can change"},
	{"F:g", "there is software that can be updated"},
	{"F:h", "updates can come automatically"},
	{"F:i", "updates are announced"},
	{"F:j", "updates come over a network"},
	{"F:k", "secrets are stored"},
	{"F:l", "an identity is built into the hardware"},
	{"F:m", "there are secrets for updates or services"},
	{"F:n", "it can be set up over the network"},
	{"F:o", "secrets are sent out"},
	{"F:p", "there are interfaces that are not used"},
	{"F:q", "there are debug interfaces"},
	{"F:r", "there are physical debug ports"},
	{"F:s", "it starts only genuine software, or notices tampering"},
	{"F:t", "personal data is sent"},
	{"F:u", "sensitive personal data is sent"},
	{"F:v", "there are sensors for what is around it"},
	{"F:w", "telemetry is collected"},
	{"F:x", "personal data is kept at a service"},
	{"F:y", "personal data is used on the ground of consent"},
	{"F:z", "personal data is used"},
	{"F:aa", "only sums of data are used"},
	{"C:3", "its software cannot be updated"},
	{"C:4", "it is a constrained device"},
	{"C:5", "it is not a constrained device"},
	{"C:12", "there is a way to update"},
	{"C:14", "no limit of the hardware keeps it from hindering guessing"},
	{"C:15", "no limit of the hardware keeps it from being updated"},
	{"C:16", "there are critical secrets"},
};

const char *
condition_text(const char *key)
{
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (!strcmp(conditions[i].key, key))
			return conditions[i].text;
	return NULL;
}

const char *
condition_of_v2(unsigned number)
{
	static const char *const keys[] = {NULL, "F:a", "F:b", "C:3", "C:4", "C:5", "F:w", "F:y",
		"F:d", "F:h", "F:l", "F:j", "C:12", "F:r"};

	return number < sizeof keys / sizeof *keys ? keys[number] : NULL;
}
