/* SPDX-License-Identifier: Apache-2.0 */
/* UPnP's description and the control of an internet gateway by SOAP; nothing is ever opened. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const controls[] = {
	"/ctl/IPConn", "/upnp/control/WANIPConn1", "/control?WANIPConnection"};

static void
reply(struct conn *conn, const char *status, const char *body)
{
	conn_say(conn,
		"HTTP/1.1 %s\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: "
		"%zu\r\n\r\n%s",
		status, strlen(body), body);
	conn_end(conn);
}

static void
describe(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	char body[2048];

	snprintf(body, sizeof body,
		"<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device>"
		"<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>"
		"<friendlyName>box %u</friendlyName><deviceList><device>"
		"<deviceType>urn:schemas-upnp-org:device:WANDevice:1</"
		"deviceType><deviceList><device>"
		"<deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</"
		"deviceType><serviceList><service>"
		"<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
		"<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><controlURL>%s</"
		"controlURL>"
		"<eventSubURL>/evt</eventSubURL><SCPDURL>/scpd.xml</SCPDURL></service></"
		"serviceList>"
		"</device></deviceList></device></deviceList></device></root>",
		variant_pick(variant, "number", 900), VARIANT_ONE_OF(variant, "control", controls));
	reply(conn, "200 OK", body);
}

static void
refuse(struct conn *conn, unsigned code, const char *why)
{
	char body[768];

	snprintf(body, sizeof body,
		"<?xml version=\"1.0\"?><s:Envelope "
		"xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>"
		"<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
		"<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>%u</errorCode>"
		"<errorDescription>%s</errorDescription></UPnPError></detail></s:Fault></s:Body></"
		"s:Envelope>",
		code, why);
	reply(conn, "500 Internal Server Error", body);
}

static void
act(struct conn *conn, const char *action)
{
	const struct variant *variant = conn_variant(conn);
	const char *name = strchr(action, '#') ? strchr(action, '#') + 1 : action;
	char body[768], word[64];

	snprintf(word, sizeof word, "%.*s",
		(int)strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), name);
	if (!variant_has(variant, "open")) {
		if (variant_pick(variant, "refusal", 2))
			refuse(conn, 606, "Action not authorized");
		reply(conn, "401 Unauthorized", "");
	}
	if (strcmp(word, "GetExternalIPAddress") && strcmp(word, "AddPortMapping") &&
		strcmp(word, "DeletePortMapping") && strcmp(word, "GetGenericPortMappingEntry") &&
		strcmp(word, "GetStatusInfo") && strcmp(word, "GetSpecificPortMappingEntry"))
		refuse(conn, 401, "Invalid Action");
	if (strstr(word, "PortMappingEntry"))
		refuse(conn, word[3] == 'G' ? 713 : 714, "NoSuchEntryInArray");
	snprintf(body, sizeof body,
		"<?xml version=\"1.0\"?><s:Envelope "
		"xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><u:%sResponse "
		"xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">%s%s</u:%sResponse></"
		"s:Body></s:Envelope>",
		word,
		strcmp(word, "GetExternalIPAddress")
			? ""
			: "<NewExternalIPAddress>198.18.0.77</NewExternalIPAddress>",
		strcmp(word, "GetStatusInfo")
			? ""
			: "<NewConnectionStatus>Connected</NewConnectionStatus>",
		word);
	reply(conn, "200 OK", body);
}

void
serve_igd(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	char line[1024], method[16], path[256], action[128] = "";
	size_t len = 0;

	conn_line(conn, line, sizeof line);
	if (sscanf(line, "%15s %255s HTTP/1.", method, path) != 2)
		conn_end(conn);
	for (int i = 0; i < 64; i++) {
		conn_line(conn, line, sizeof line);
		if (!*line)
			break;
		if (!strncasecmp(line, "SOAPAction:", 11))
			snprintf(action, sizeof action, "%.120s",
				line + 11 + strspn(line + 11, " \""));
		if (!strncasecmp(line, "Content-Length:", 15))
			len = strtoul(line + 15, NULL, 10);
	}
	for (; len > 0 && len < 65536; len--)
		conn_read(conn, line, 1);
	if (!strcmp(method, "GET") && !strcmp(path, "/rootDesc.xml"))
		describe(conn);
	else if (!strcmp(method, "POST") &&
		 !strcmp(path, VARIANT_ONE_OF(variant, "control", controls)) && *action)
		act(conn, action);
	else
		reply(conn, "404 Not Found", "");
}
