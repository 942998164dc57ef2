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
		.id = "udp-services",
		.title = "which services answer over UDP",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 120,
		.seconds_lab = 60,
		.packets = 400,
		.provisions = "5.6-1 5.6-5",
		.probe = udp_services_probe,
		.judge = udp_services_judge,
		.for_owner = "Switch the service off in the device's settings; Pinfold keeps "
			     "others away from it meanwhile.",
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
	{
		.id = "http-login",
		.title = "factory logins of web pages: Basic, Digest and forms",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 240,
		.seconds_lab = 900,
		.packets = 60000,
		.provisions = "5.1-1",
		.probe = http_login_probe,
		.judge = http_login_judge,
		.for_owner = "Change the password in the device's settings, then test again.",
		.for_maker =
			"A password of its own for each device, or one that the user must set.",
	},
	{
		.id = "ftp-login",
		.title = "factory logins over FTP",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 180,
		.seconds_lab = 600,
		.packets = 20000,
		.provisions = "5.1-1 5.1-3",
		.probe = ftp_login_probe,
		.judge = ftp_login_judge,
		.for_owner = "Change the password in the device's settings, then test again.",
		.for_maker =
			"A password of its own for each device, or one that the user must set.",
	},
	{
		.id = "rtsp-login",
		.title = "factory logins of a camera's stream (RTSP)",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 180,
		.seconds_lab = 600,
		.packets = 20000,
		.provisions = "5.1-1",
		.probe = rtsp_login_probe,
		.judge = rtsp_login_judge,
		.for_owner = "Change the password in the device's settings, then test again.",
		.for_maker =
			"A password of its own for each device, or one that the user must set.",
	},
	{
		.id = "mqtt-open",
		.title = "a message broker (MQTT) that asks for no login",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 60,
		.seconds_lab = 60,
		.packets = 2000,
		.provisions = "5.5-4",
		.probe = mqtt_open_probe,
		.judge = mqtt_open_judge,
		.for_owner = "Switch the broker off, or give it a password; Pinfold keeps others "
			     "away from it meanwhile.",
		.for_maker = "Ask for a login, and use TLS.",
	},
	{
		.id = "debug-ports",
		.title = "ways in for who builds devices: debug bridge, open shells, serial lines",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 240,
		.seconds_lab = 120,
		.packets = 4000,
		.provisions = "5.6-4A",
		.probe = debug_ports_probe,
		.judge = debug_ports_judge,
		.for_owner = "Switch debugging off in the device's settings; where there is none, "
			     "keep the port closed by Pinfold.",
		.for_maker = "Remove it from what is sold, or ask for a key.",
	},
	{
		.id = "snmp-public",
		.title = "SNMP with the communities of every book",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 60,
		.seconds_lab = 30,
		.packets = 200,
		.provisions = "5.1-1 5.6-2",
		.probe = snmp_public_probe,
		.judge = snmp_public_judge,
		.for_owner = "Switch SNMP off, or change its community.",
		.for_maker = "Ship with SNMP off; version 3 where it is needed.",
	},
	{
		.id = "coap-open",
		.title = "CoAP that gives its state to everybody",
		.consent = CONSENT_PROBE,
		.seconds_gentle = 60,
		.seconds_lab = 30,
		.packets = 200,
		.provisions = "5.5-4",
		.probe = coap_open_probe,
		.judge = coap_open_judge,
		.for_owner = "Keep the device away from others by Pinfold; there is rarely a "
			     "setting for it.",
		.for_maker = "Ask who asks: DTLS or OSCORE.",
	},
};
const size_t n_checks = COUNT_OF(checks);
