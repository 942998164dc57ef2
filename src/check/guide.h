/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_GUIDE_H
#define PINFOLD_CHECK_GUIDE_H

/*
 * What its owner does about a failure of this check, step by step; NULL where there
 * is nothing to be done in general.  Ends with NULL.  {a} and {p} stand for address
 * and port of the finding, {d} for the device.
 */
const char *const *guide_steps(const char *check);

#endif
