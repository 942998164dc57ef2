/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "check/http_text.h"
#include "check/service.h"
#include "check/table.h"
#include "check/udp_ask.h"

/*
 * A UPnP internet gateway that does what anybody asks.  Nothing is opened: the
 * status and the outside address are read, which the same door gives, and then
 * a mapping that cannot exist is asked to be removed, which changes nothing:
 * who answers "no such entry" would have removed one.
 *
 * Steps: "search" (SSDP), "description", "status", "removal" rounds 1 and 2,
 * "control" (an action that does not exist).
 */
enum { SSDP_PORT = 1900, PAGE_MAX = 16 * 1024 };
#define CONNECTION "urn:schemas-upnp-org:service:WAN"
static const char search[] = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
			     "MAN: \"ssdp:discover\"\r\nMX: 1\r\n"
			     "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";

/* Port and path of "http://the-same-device:port/path"; another host is not followed. */
static bool
place_of(const char *url, const struct ip *address, uint16_t *port, char *path, size_t size)
{
	char host[64];
	unsigned number = 80;

	http_host(address, 80, false, host);
	if (strncasecmp(url, "http://", 7) || strncasecmp(url + 7, host, strlen(host)))
		return false;
	url += 7 + strlen(host);
	if (*url == ':' && (sscanf(url + 1, "%5u", &number) != 1 || !number || number > 65535))
		return false;
	const char *slash = strchr(url, '/');
	*port = (uint16_t)number;
	snprintf(path, size, "%s", slash ? slash : "/");
	return true;
}

static bool
between(const char *text, const char *open, const char *close, char *out, size_t size)
{
	const char *begin = strstr(text, open);
	const char *end = begin ? strstr(begin + strlen(open), close) : NULL;

	if (!end)
		return false;
	begin += strlen(open);
	snprintf(out, size, "%.*s", (int)(end - begin), begin);
	for (const char *at = out; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == '"')
			return false;
	return *out != '\0';
}

/* The service that opens ports, and where it is controlled. */
static bool
control_of(const char *description, char *type, size_t type_size, char *url, size_t url_size)
{
	for (const char *at = description; (at = strstr(at, "<serviceType>" CONNECTION)); at++) {
		if (!between(at, "<serviceType>", "</serviceType>", type, type_size) ||
			(!strstr(type, "IPConnection") && !strstr(type, "PPPConnection")))
			continue;
		return between(at, "<controlURL>", "</controlURL>", url, url_size);
	}
	return false;
}

static void
act(struct session *session, const struct service_at *at, const char *step, uint32_t round,
	const char *url, const char *type, const char *action, const char *arguments)
{
	char line[200], headers[320], body[800];

	snprintf(line, sizeof line, "POST %s%.128s", *url == '/' ? "" : "/", url);
	snprintf(headers, sizeof headers,
		"Content-Type: text/xml; charset=\"utf-8\"\r\nSOAPAction: \"%.128s#%s\"\r\n", type,
		action);
	snprintf(body, sizeof body,
		"<?xml version=\"1.0\"?><s:Envelope "
		"xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
		"s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>"
		"<u:%s xmlns:u=\"%.128s\">%s</u:%s></s:Body></s:Envelope>",
		action, type, arguments, action);
	http_ask(session, at, step, round, action, line, headers, body);
}

/* A mapping of a port that our own pen could never have been given. */
#define NO_SUCH_MAPPING                                                                            \
	"<NewRemoteHost>192.0.2.99</NewRemoteHost><NewExternalPort>64999</NewExternalPort>"        \
	"<NewProtocol>UDP</NewProtocol>"

static void
look_at(struct session *session, const struct service_at *at, const char *path)
{
	auto_free char *page = must_alloc(1, PAGE_MAX);
	char line[200], type[128], url[128];
	struct http_reply reply;

	snprintf(line, sizeof line, "GET %.160s", path);
	if (!http_ask(session, at, "description", 1, "", line, "", NULL))
		return;
	const struct exchange *e = transcript_last(session);
	if (!http_reply_parse(&reply, e->received, e->n_received))
		return;
	http_body(&reply, page, PAGE_MAX);
	if (!control_of(page, type, sizeof type, url, sizeof url))
		return;
	act(session, at, "control", 1, url, type, "PfNoSuchAction", "");
	act(session, at, "status", 1, url, type, "GetExternalIPAddress", "");
	for (uint32_t round = 1; round <= 2; round++)
		act(session, at, "removal", round, url, type, "DeletePortMapping", NO_SUCH_MAPPING);
}

void
upnp_igd_probe(struct session *session)
{
	const struct ip *addresses[] = {
		&session_target(session)->address4, &session_target(session)->address6};

	for (size_t a = 0; a < COUNT_OF(addresses) && !session_is_over(session); a++) {
		struct service_at at = {.address = *addresses[a], .what = SERVICE_HTTP};
		char location[160] = "", path[160] = "";
		struct http_reply reply;
		if (!addresses[a]->version)
			continue;
		struct bytes answer = udp_ask(session, addresses[a], SSDP_PORT, "search", 1, "",
			search, sizeof search - 1);
		if (http_reply_parse(&reply, answer.at, answer.len) &&
			http_header(&reply, "Location", location, sizeof location) &&
			place_of(location, addresses[a], &at.port, path, sizeof path)) {
			look_at(session, &at, path);
			return;
		}
	}
}

/* --- judging ------------------------------------------------------------------------------------- */

/* True when the action was taken, or refused for want of an entry and not of a right. */
static bool
obeys(const struct exchange *e)
{
	auto_free char *page = NULL;
	struct http_reply reply;

	if (!e || !http_reply_parse(&reply, e->received, e->n_received))
		return false;
	page = must_alloc(1, PAGE_MAX);
	http_body(&reply, page, PAGE_MAX);
	if (reply.status == 200)
		return strstr(page, "DeletePortMappingResponse") != NULL;
	return reply.status == 500 && strstr(page, "<errorCode>714<");
}

/* An action that does not exist must be called so, by a device that knows what it does. */
static bool
knows_its_actions(const struct exchange *e)
{
	struct http_reply reply;

	return e && http_reply_parse(&reply, e->received, e->n_received) && reply.status >= 400;
}

void
upnp_igd_judge(const struct transcript *transcript, struct findings *findings)
{
	const struct exchange *e, *first = NULL, *second = NULL, *control, *found;
	size_t from = 0;

	while ((e = transcript_next(transcript, &from, findings->check, "removal")))
		*(e->round == 2 ? &second : &first) = e;
	control = transcript_first(transcript, findings->check, "control");
	found = transcript_first(transcript, findings->check, "search");
	if (first && obeys(first)) {
		findings_fail(findings, "5.5-5", first, obeys(second) ? second : NULL,
			knows_its_actions(control) ? control : NULL,
			"whoever asks by UPnP changes which ports are open to the internet (port "
			"%u)",
			first->port);
		return;
	}
	if (first)
		findings_add(findings, "5.5-5", VERDICT_NFF, first,
			"UPnP at port %u does not change ports for who has no right", first->port);
	else if (found)
		findings_add(
			findings, "5.5-5", VERDICT_NFF, found, "no UPnP internet gateway answers");
}
