/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_DEVICE_IDENTIFY_H
#define PINFOLD_DEVICE_IDENTIFY_H

#include "device/binding.h"
#include "device/device.h"

/*
 * Belief begins here: to which device an observation belongs, and what it adds
 * to what we think of it.
 *
 * An observation belongs to the device whose number the kernel put on it, or
 * whose MAC it came from, if that MAC is not alive on another port (then it is
 * a spoof and attaches to nobody).  A MAC that nobody has makes a new device in
 * state waiting, whatever it says of itself.
 */
enum identified_what {
	IDENTIFIED_NOTHING, /* about no device: from the gateway, the uplink, the kernel */
	IDENTIFIED_KNOWN,
	IDENTIFIED_NEW,     /* made now, waiting */
	IDENTIFIED_SPOOF,   /* the MAC of `device` where it is not; nothing was attached */
	IDENTIFIED_REFUSED, /* the table is full of admitted devices */
};

/*
 * Two devices taken for one.  Plain data: journal it, and device_split() with
 * the same data undoes the merge.
 */
struct device_merge {
	uint32_t from, into; /* `from` ceases to be */
	char from_id[DEVICE_ID_MAX], from_name[DEVICE_NAME_MAX];
	uint8_t from_state, from_class, from_admitted, confidence;
	uint8_t n_macs, n_identifiers;
	uint8_t mac[DEVICE_MACS_MAX][6]; /* what came over */
	struct {
		uint8_t kind;
		char value[125];
	} identifier[DEVICE_IDENTIFIERS_MAX]; /* that `into` had not */
	int64_t from_first_s;
	char why[DEVICE_WHY_MAX]; /* printable */
};

struct identified {
	enum identified_what what;
	struct device *device; /* borrowed; NULL with NOTHING and REFUSED */
	uint32_t evicted;      /* a device that had to go for a new one, 0: none */
	bool is_news;        /* an identifier or MAC that was not known before: store the device */
	bool is_mud_url_new; /* claimed_mud_url changed */
	/*
	 * A known personal device came back under a new random MAC.  The merge is
	 * safe to do at once and unasked: it is below the ceiling of the port, the
	 * old MAC is silent, and what it says of itself agrees.
	 */
	bool is_return;
	struct device_merge back;
};

struct identify_rules {
	/* Our own MACs (bridge and ports): never a device. */
	uint8_t n_own;
	uint8_t own[BINDING_OWN_MAX][6];
	/* A name for a new device: 8 random bytes a call. */
	void (*random)(uint8_t out[static 8]);
	/* In a replay all MACs of the capture are devices, ports are empty. */
	bool is_replay;
};

/* Fills *out; calls for every row of a message, in order. */
void identify_observation(struct device_table *, const struct identify_rules *,
	const struct observation *, uint64_t now_ns, int64_t wall_s, struct identified *out);

/*
 * What would be merged; pure.  False when it makes no sense (the same, a device
 * that is missing) or would not fit.
 */
bool device_merge_prepare(const struct device_table *, uint32_t from, uint32_t into,
	const char *why, struct device_merge *out);

/*
 * Does it.  `into` keeps its number, id and name; the state becomes the more
 * restrictive of both (a merge never widens) unless `from` was never admitted,
 * and the bindings come over.  `from` is forgotten: tell the kernel.
 */
bool device_merge(struct device_table *, const struct device_merge *);

/* Undoes it: `from` is there again in its old state but not wider than `into` is now, with its MACs. */
struct device *device_split(struct device_table *, const struct device_merge *, uint64_t now_ns,
	int64_t wall_s, uint32_t *evicted);

/* The more restrictive of two states; unknown is the most restrictive. */
enum device_state device_state_narrower(enum device_state, enum device_state);

/*
 * Guess the kind from the identifiers that are there; writes word, confidence
 * and on which observations it rests.  False (and nothing written) when the
 * owner has said what it is, or nothing changed.
 */
bool identify_kind(struct device *);

/*
 * The class in which a device of this kind is let in when its owner says that it is one:
 * critical where somebody's life, door or alarm hangs on it.  DEVICE_CLASS_UNKNOWN: there
 * is no such kind.
 */
enum device_class identify_class_of(const char *kind);
/* The kinds, each once; NULL behind the last. */
const char *identify_kind_at(size_t place);
/* The owner says what it is, and nothing overrides it; NULL: it is for us to guess again. */
void identify_kind_said(struct device *, const char *kind);

/* Does the kind or what it says of itself make it a phone, tablet or computer? */
bool identify_is_personal(const struct device *);

/* Name of the maker by the first three bytes of a universal MAC; NULL: not in the table. */
const char *identify_maker(const uint8_t mac[static 6]);

#endif
