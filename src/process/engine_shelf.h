/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_SHELF_H
#define PINFOLD_PROCESS_ENGINE_SHELF_H

#include "process/engine.h"

/*
 * The register of what is on the shelf: products, each with the run that put it
 * there and the gate's answer of that day; and whether something behind that answer
 * has changed since: the rules (the evidence of that day is judged again, by the
 * checker, as it was recorded), another run of the model, the firmware that a unit
 * shows, its servers, the end of its support.
 *
 * It tells and changes nothing by itself.  A checker that is lost can lie here as it
 * can about any run; the worst is a line in this list.
 */
struct shelf_wish {
	uint32_t run;
	const char *profile;
	const char *model, *hardware, *firmware, *support; /* NULL: as the unit says, or unknown */
};
/* Its id, or 0 with the reason. */
uint32_t shelf_add(const struct shelf_wish *, const char *who, struct fault *why);
/* In the order of their numbers, those behind this one. */
json_t *shelf_list(uint32_t after, size_t limit);
json_t *shelf_show(uint32_t id, struct fault *why);
bool shelf_remove(uint32_t id, const char *who, struct fault *why);
/* Judges the evidence again, whether the rules are others or not; 0: of all.  How many, -1: why. */
int shelf_check(uint32_t id, struct fault *why);

void shelf_load(void);
void shelf_look(void); /* once a second */
/* Of the checker, about a run that has ended. */
void shelf_message(uint16_t type, const void *payload);
void shelf_peer_connected(void);
void shelf_run_ended(const struct stored_audit *);
/* Something that its unit does, or that its servers show, is not as it was. */
void shelf_device_changed(const struct ward *, const char *text);
/* Does an entry rest on the evidence of this run? */
bool shelf_rests_on(uint32_t run);

#endif
