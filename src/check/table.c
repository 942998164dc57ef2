/* SPDX-License-Identifier: Apache-2.0 */
#include "check/table.h"

#include "base/auto.h"

/*
 * One row a check, in the order in which they run: tcp-ports and udp-services
 * first, since the others look at what those found.
 */
const struct check checks[] = {
	{
		.id = "tcp-ports",
		.title = "which TCP ports are open, and what listens there",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 300,
		.seconds_lab = 300,
		.packets = 600000,
		.provisions = "5.6-1 5.6-5",
		.probe = tcp_ports_probe,
		.judge = tcp_ports_judge,
		.for_owner =
			"Switch the service off in the device's settings; Pinfold keeps others "
			"away from it meanwhile.",
		.for_maker = "Ship with the service off, or remove it.",
	},
	{
		.id = "telnet-login",
		.title = "factory logins over telnet",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 240,
		.seconds_lab = 900,
		.packets = 20000,
		.provisions = "5.1-1 5.1-3",
		.probe = telnet_login_probe,
		.judge = telnet_login_judge,
		.for_owner = "Change the password, or switch telnet off, then test again.",
		.for_maker =
			"A password of its own for each device, or one that the user must set; "
			"and no telnet.",
	},
};
const size_t n_checks = COUNT_OF(checks);
