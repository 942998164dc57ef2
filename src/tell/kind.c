/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/kind.h"

#include <string.h>

#include "base/auto.h"

/* From which level on; what passes at night is what cannot wait for the morning. */
static const struct row {
	const char *kind;
	enum interrupt interrupt;
	unsigned level;
	bool passes_quiet;
	bool is_over; /* it was stopped: the digest of the morning is soon enough */
} rows[] = {
	{"containment", INTERRUPT_HARM, 2, false, true},
	{"harm-goes-on", INTERRUPT_HARM, 2, true}, /* in spite of that, or of a child's device */
	{"containment-proposed", INTERRUPT_HARM, 2, true}, /* it goes on until somebody acts */
	{"spoof", INTERRUPT_HARM, 2, false},
	{"label-narrows", INTERRUPT_HARM, 2, false},
	{"new-device", INTERRUPT_NEW, 1, false},
	{"many-new-devices", INTERRUPT_NEW, 1, false},
	{"silent", INTERRUPT_SILENT, 2, true},
	{"silent-together", INTERRUPT_SILENT, 2, true},
	{"rules-refused", INTERRUPT_GATEWAY, 2, true},
	{"store-restored", INTERRUPT_GATEWAY, 2, false},
	{"store-lost", INTERRUPT_GATEWAY, 2, true},
	{"store-refuses", INTERRUPT_GATEWAY, 2, false},
	{"rules-mended", INTERRUPT_GATEWAY, 2, false},
	{"dns-upstream-dead", INTERRUPT_GATEWAY, 2, false},
};

static const char *const words[INTERRUPT_COUNT] = {"none", "harm", "new", "silent", "gateway"};
static const char *const titles[INTERRUPT_COUNT] = {
	"", "A device does harm", "A new device", "A device fell silent", "The gateway needs you"};

enum interrupt
interrupt_of(const char *kind, unsigned level, bool *passes_quiet)
{
	*passes_quiet = false;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!strcmp(rows[i].kind, kind) && level >= rows[i].level) {
			*passes_quiet = rows[i].passes_quiet;
			return rows[i].interrupt;
		}
	return INTERRUPT_NONE;
}

bool
interrupt_is_over(const char *kind)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!strcmp(rows[i].kind, kind))
			return rows[i].is_over;
	return false;
}

const char *
interrupt_word(enum interrupt interrupt)
{
	return words[(unsigned)interrupt < INTERRUPT_COUNT ? interrupt : INTERRUPT_NONE];
}

const char *
interrupt_title(enum interrupt interrupt)
{
	return titles[(unsigned)interrupt < INTERRUPT_COUNT ? interrupt : INTERRUPT_NONE];
}
