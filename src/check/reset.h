/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_RESET_H
#define PINFOLD_CHECK_RESET_H

#include <stdbool.h>

#include "packet/reader.h"

/*
 * What is set as the password of the device before it is reset, by whom the test is
 * led.  It is no secret: it is known to everybody, stands in the evidence, and is gone
 * with the reset, or the test fails.
 */
#define RESET_CANARY "Pinfold-canary-1"
/* And its name, where it takes one; a name of the factory's may stay what it was. */
#define RESET_NAME "pinfold-canary"

/*
 * Does this ClientHello go on with a session that was made before (an identifier up
 * to TLS 1.2, a ticket with an age in TLS 1.3)?  A key that the factory gave it has no age.
 */
bool reset_hello_resumes(struct reader);

#endif
