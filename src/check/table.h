/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_TABLE_H
#define PINFOLD_CHECK_TABLE_H

#include "check/check.h"
#include "check/session.h"

/* The halves of each check; the rows are in table.c.  check/check.h says what they do. */
#define CHECK_HALVES(name)                                                                         \
	void name##_probe(struct session *);                                                       \
	void name##_judge(const struct transcript *, struct findings *);

CHECK_HALVES(tcp_ports)
CHECK_HALVES(telnet_login)

#undef CHECK_HALVES

#endif
