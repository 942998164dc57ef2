/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

/* Input that no client sends takes the whole program away for some seconds, or its wits. */
#define FALLS                                                                                      \
	{                                                                                          \
		"falls", "robustness", .when_asked = true                                          \
	}
#define HANGS                                                                                      \
	{                                                                                          \
		"hangs", "robustness", .when_asked = true                                          \
	}

/* Ports: those that such a service really has, the usual one first. */
const struct service services[] = {
	{
		.name = "telnet",
		.has_login = true,
		.ports = {23, 2323, 26, 2332, 5523, 9527},
		.faults = {{"factory-login", "telnet-login/5.1-1"},
			{"open", .may = "telnet-login debug-ports"}, FALLS, HANGS},
		.fail = "tcp-ports/5.6-1",
		.may = "tcp-ports telnet-login/5.1-3 login-throttle",
		.serve = serve_telnet,
	},
	{
		.name = "ftp",
		.has_login = true,
		.ports = {21, 2121, 8021, 990},
		.faults = {{"factory-login", "ftp-login/5.1-1"}, {"anonymous", .may = "ftp-login"},
			FALLS, HANGS},
		.fail = "tcp-ports/5.6-1",
		.may = "tcp-ports ftp-login/5.1-3 login-throttle banners",
		.serve = serve_ftp,
	},
	{
		.name = "rtsp",
		.has_login = true,
		.ports = {554, 8554, 10554, 5554},
		.faults = {{"factory-login", "rtsp-login/5.1-1"},
			{"open", .may = "rtsp-login unauth-http"}, FALLS, HANGS},
		.may = "rtsp-login/5.1-3 login-throttle banners",
		.serve = serve_rtsp,
	},
	{
		.name = "http",
		.has_login = true,
		.tls_of_8 = 2,
		.ports = {80, 8080, 81, 8000, 8081, 9000},
		.faults = {{"factory-login", "http-login/5.1-1"}, {"exposed-file", "unauth-http"},
			{"traversal", "unauth-http"}, {"open", .may = "unauth-http http-login"},
			FALLS, HANGS},
		.may = "http-login/5.1-3 login-throttle banners tls-server",
		.serve = serve_http,
	},
	{
		.name = "mqtt",
		.has_login = true,
		.ports = {1883, 11883, 1884},
		.faults = {{"open", "mqtt-open"}, {"factory-login", .may = "mqtt-open"}},
		.may = "mqtt-open/5.1-3 login-throttle",
		.serve = serve_mqtt,
	},
	{
		.name = "adb",
		.ports = {5555, 5554},
		.faults = {{"open", "debug-ports"}},
		.fail = "tcp-ports/5.6-1",
		.may = "tcp-ports",
		.serve = serve_adb,
	},
	{
		.name = "serial",
		.has_login = true,
		.ports = {2001, 4001, 10001, 9999},
		.faults = {{"open", "debug-ports"},
			{"factory-login", .may = "debug-ports telnet-login"}},
		.may = "tcp-ports telnet-login/5.1-3 login-throttle",
		.serve = serve_serial,
	},
	{
		.name = "igd",
		.ports = {5000, 49152, 2869, 1900},
		.faults = {{"open", "upnp-igd"}},
		.may = "banners udp-services",
		.serve = serve_igd,
		.answer = answer_ssdp,
	},
	{
		.name = "tls",
		.tls_of_8 = 8,
		.ports = {443, 8443, 4433, 9443},
		.faults = {{"old-tls", "tls-server"}, {"weak-cipher", "tls-server"},
			{"small-key", .may = "tls-server"}, {"expired", .may = "tls-server"}},
		.serve = serve_tls,
	},
	{
		.name = "snmp",
		.is_udp = true,
		.ports = {161},
		.faults = {{"public", "snmp-public"}},
		.may = "udp-services snmp-public/5.1-3",
		.answer = answer_snmp,
	},
	{
		.name = "coap",
		.is_udp = true,
		.ports = {5683},
		.faults = {{"open", "coap-open"}},
		.may = "udp-services",
		.answer = answer_coap,
	},
	{
		.name = "tftp",
		.is_udp = true,
		.ports = {69},
		.faults = {{"open", .may = "udp-services"}},
		.may = "udp-services",
		.answer = answer_tftp,
	},
};
const size_t n_services = sizeof services / sizeof *services;
