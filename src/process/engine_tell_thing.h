/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_ENGINE_TELL_THING_H
#define PINFOLD_PROCESS_ENGINE_TELL_THING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The devices and the gateway as home automations are shown them: as soon as one changes, and
 * all once a minute, so that who hears nothing knows.  Devices of class personal are nobody's
 * business, and of the others the THINGS_MAX with the lowest numbers are shown.
 */
enum { THINGS_MAX = 250 };

void things_look(bool is_wanted);       /* once a second */
void things_tell_all(uint8_t receiver); /* that began anew */
void things_tell_again(const char *id); /* with the next look */
bool things_show(const char *id); /* a device of this id; what is not shown is not asked for */

#endif
