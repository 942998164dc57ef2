/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_POWER_CUT_H
#define PINFOLD_TEST_POWER_CUT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A SQLite VFS on a disk in memory that can lose power.
 *
 * Every write, truncation, deletion and sync is a step.  At the step that was
 * chosen the power goes: that step and all later ones fail.  What had been
 * synced is there afterwards; what had only been written is there, is gone, or
 * is there in part, sector by sector, as the seed chooses.
 */
#define POWER_CUT_VFS "power-cut"

void power_cut_register(void);
void power_cut_wipe(void);                       /* an empty disk */
void power_cut_at(uint64_t step, uint64_t seed); /* counted from now; 0: never */
bool power_is_cut(void);
uint64_t power_cut_steps(void); /* since power_cut_at() */
void power_comes_back(void);    /* decides what of the unsynced writes is there */
void power_cut_disk_full(bool full);
void power_cut_damage(const char *name_end, uint64_t offset); /* flips a byte of the file */

#endif
