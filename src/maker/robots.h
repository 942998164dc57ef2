/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_ROBOTS_H
#define PINFOLD_MAKER_ROBOTS_H

#include "packet/reader.h"

/*
 * May a program of this name look at this path (RFC 9309)?  The rules of all
 * groups that name it count, else those for everybody; the longest that fits
 * decides, and where two are as long the one that allows.
 */
bool robots_allow(struct bytes robots, const char *name, const char *path);

#endif
