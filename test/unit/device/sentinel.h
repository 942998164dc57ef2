/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_SENTINEL_H
#define PINFOLD_TEST_SENTINEL_H

#include "device/identify.h"
#include "observation/replay.h"

/* The 275 recorded set-ups: LABELS.tsv names file, device and MAC of each. */
struct sentinel_capture {
	char path[512];
	char type[64];
	uint8_t mac[6];
};

/* Up to max of them; 0 where the folder is absent. */
size_t sentinel_list(struct sentinel_capture *, size_t max);

/* One capture through the whole of observation/ and device/. */
struct sentinel_run {
	struct device_table *table;
	struct binding_rules *rules;
	bool deny_all; /* as if the rules had denied every flow */
	bool act_all;  /* count notes as harm too */
	uint64_t rows, flows, spoofs;
	uint32_t harms;
	uint32_t most_hosts; /* flows to distinct hosts within any ten seconds, web left out */
	struct harm_verdict worst;
	struct harm_key key;
};
bool sentinel_play(struct sentinel_run *, const char *path);

#endif
