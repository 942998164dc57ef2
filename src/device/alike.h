/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_DEVICE_ALIKE_H
#define PINFOLD_DEVICE_ALIKE_H

#include "device/device.h"

/*
 * Two devices that may be one thing: a television by cable and by Wi-Fi, something under a
 * new address.  By what both say of themselves, never by a MAC.
 *
 * Anybody can say all of it.  So this is for people to read and decide; nothing is done by
 * it, and whoever merges on its word gives one device what was the other's.
 */
enum { ALIKE_CLUES_MAX = 6 };

struct alike {
	uint32_t from, into; /* `into` is the one to stay: let in, or else known longer */
	uint8_t confidence;  /* ALIKE_ENOUGH..95 */
	uint8_t n_clues;
	const struct identifier
		*clue[ALIKE_CLUES_MAX]; /* of `from`; borrowed until the table changes */
};

/* Below, two are not said to be alike: a name that both have is not enough by itself. */
enum { ALIKE_ENOUGH = 45 };

/*
 * What they share.  False: not enough.  A name that more than two devices have is that of
 * a model and counts for nothing.
 */
bool device_alike(const struct device_table *, const struct device *, const struct device *,
	struct alike *out);

/*
 * The next device with a number above its own that shares a name or an id with this one;
 * NULL at the end.  Begin with a walk of zeros.  What more than two have leads to nobody,
 * however many it is: the network chooses that.  One device may come several times.
 */
struct alike_walk {
	size_t identifier, cursor;
};
const struct device *device_next_alike(
	const struct device_table *, const struct device *, struct alike_walk *);

/* "very likely", "likely", "perhaps" */
const char *alike_word(uint8_t confidence);

#endif
