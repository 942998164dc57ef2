/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/observation.h"

#include <assert.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/hex.h"
#include "base/printable.h"
#include "message/policy_entry.h"
#include "message/reason.h"
#include "packet/certificate.h"
#include "packet/line.h"

/* The rows of one packet while they are written. */
struct telling {
	struct observation *rows;
	size_t max, count;
	const struct packet *packet;
	const struct observation_context *context;
	uint8_t mac[6];
	bool is_answer; /* of a server to the device: the row is about the device */
};

/* --- one row -------------------------------------------------------------------------------- */

/* What makes a claim what it is: without it, two claims would be one. */
struct claim {
	enum observed what;
	uint32_t value;
	struct ip source, target;
	struct bytes text, detail; /* raw: they become printable in the row */
};

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){.at = (const uint8_t *)text, .len = strlen(text)};
}

static struct bytes
bytes_of_octets(const struct octets *octets)
{
	return (struct bytes){.at = octets->byte, .len = octets->len};
}

static bool
is_told(const struct telling *telling, const struct claim *claim)
{
	struct {
		struct ip source, target;
		char port[16];
		uint8_t mac[6];
		uint16_t what;
		uint64_t text;
	} key;
	struct told *told = telling->context->told;

	if (!told)
		return false;
	key.source = claim->source;
	key.target = claim->target;
	memset(key.port, 0, sizeof key.port);
	memcpy(key.port, telling->context->port, strnlen(telling->context->port, sizeof key.port));
	memcpy(key.mac, telling->mac, 6);
	key.what = (uint16_t)claim->what;
	key.text = claim->text.len ? keyed_hash(&told->key, claim->text.at, claim->text.len) : 0;
	/* Multiplied, so that text and detail are not taken for one another. */
	if (claim->detail.len)
		key.text += 3 * keyed_hash(&told->key, claim->detail.at, claim->detail.len);
	_Static_assert(sizeof key == 72, "no padding, which would be hashed");
	return told_lately(told, claim->what, keyed_hash(&told->key, &key, sizeof key),
		telling->context->seen_ns);
}

static void
fill(struct observation *row, enum observed what, const struct observation_context *context)
{
	memset(row, 0, sizeof *row);
	row->what = (uint8_t)what;
	row->seen_ns = context->seen_ns;
	row->wall_s = context->wall_s;
	memcpy(row->port, context->port, strnlen(context->port, sizeof row->port - 1));
}

static void
tell_claim(struct telling *telling, const struct claim *claim)
{
	const struct packet *packet = telling->packet;
	struct observation *row;

	if (telling->count == telling->max || is_told(telling, claim))
		return;
	row = &telling->rows[telling->count++];
	fill(row, claim->what, telling->context);
	memcpy(row->mac, telling->mac, 6);
	row->value = claim->value;
	row->source = claim->source;
	row->target = claim->target;
	row->proto = packet->transport;
	row->source_port = telling->is_answer ? packet->destination_port : packet->source_port;
	row->target_port = telling->is_answer ? packet->source_port : packet->destination_port;
	if (claim->text.len)
		printable(row->claimed_text, sizeof row->claimed_text, claim->text.at,
			claim->text.len);
	if (claim->detail.len)
		printable(row->claimed_detail, sizeof row->claimed_detail, claim->detail.at,
			claim->detail.len);
}

static void
tell(struct telling *telling, enum observed what)
{
	struct claim claim = {.what = what};

	if (packet_is_ip(telling->packet))
		claim.source = telling->packet->source;
	tell_claim(telling, &claim);
}

/* A text of the device about itself; empty ones say nothing. */
static void
tell_text(struct telling *telling, enum observed what, struct bytes text)
{
	struct claim claim = {.what = what, .text = text};

	if (text.len)
		tell_claim(telling, &claim);
}

/* What it does: towards whom. */
static void
tell_act(struct telling *telling, enum observed what, struct bytes text, struct bytes detail)
{
	struct claim claim = {.what = what,
		.source = telling->packet->source,
		.target = telling->packet->destination,
		.text = text,
		.detail = detail};

	tell_claim(telling, &claim);
}

static bool
is_own(const struct observation_context *context, const struct ip *address)
{
	for (size_t i = 0; i < context->n_own; i++)
		if (ip_is_equal(&context->own[i], address))
			return true;
	return false;
}

/* --- link and address ----------------------------------------------------------------------- */

static void
from_arp(struct telling *telling)
{
	const struct arp *arp = &telling->packet->arp;
	struct claim claim = {.what = OBSERVED_ARP, .target = arp->target};

	if (!arp->is_probe)
		claim.source = arp->sender;
	tell_claim(telling, &claim);
}

static void
from_nd(struct telling *telling)
{
	const struct nd *nd = &telling->packet->nd;
	struct claim claim = {.source = telling->packet->source, .target = nd->target};

	if (nd->type == ICMPV6_NEIGHBOUR_SOLICITATION && nd->is_dad) {
		claim.what = OBSERVED_ND_DAD;
		claim.source = (struct ip){0};
	} else if (nd->type == ICMPV6_NEIGHBOUR_ADVERTISEMENT) {
		claim.what = OBSERVED_ND_ADVERT;
	} else {
		/* What it asks for is no address of its own. */
		claim.what = OBSERVED_IP;
		claim.target = (struct ip){0};
	}
	if (claim.what == OBSERVED_IP && !ip_is_valid(&claim.source))
		return;
	tell_claim(telling, &claim);
}

static bool
is_unspecified(const struct ip *address)
{
	static const uint8_t zero[16];

	return !memcmp(address->byte, zero, sizeof zero);
}

/* --- DHCP ----------------------------------------------------------------------------------- */

static struct bytes
hex_of(const struct octets *octets, char out[static 512])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < octets->len; i++) {
		out[2 * i] = digits[octets->byte[i] >> 4];
		out[2 * i + 1] = digits[octets->byte[i] & 15];
	}
	return (struct bytes){.at = (const uint8_t *)out, .len = 2u * octets->len};
}

/* Labels of a length byte each, up to the first dot: what a host name is in both DHCPs. */
static struct bytes
first_label(const uint8_t *at, size_t len)
{
	struct reader r = reader_over(at, len);
	struct reader label = reader_slice(&r, reader_u8(&r));

	return reader_ok(&r) ? reader_rest(&label) : (struct bytes){0};
}

/* RFC 4702, section 2: flags, two bytes, a name in wire form (flag E) or in old text form. */
static struct bytes
name_of_fqdn4(const struct octets *fqdn)
{
	const uint8_t *dot;

	if (fqdn->len < 4)
		return (struct bytes){0};
	if (fqdn->byte[0] & 0x04)
		return first_label(fqdn->byte + 3, fqdn->len - 3u);
	dot = memchr(fqdn->byte + 3, '.', fqdn->len - 3u);
	return (struct bytes){
		.at = fqdn->byte + 3, .len = dot ? (size_t)(dot - fqdn->byte) - 3 : fqdn->len - 3u};
}

static struct bytes
parameters_of(const struct octets *parameters, char out[static 1024])
{
	size_t len = 0;

	for (size_t i = 0; i < parameters->len; i++)
		len += (size_t)snprintf(
			out + len, 1024 - len, i ? ",%u" : "%u", parameters->byte[i]);
	return (struct bytes){.at = (const uint8_t *)out, .len = len};
}

static void
tell_mud_url(struct telling *telling, enum observed what, const struct mud_url *url, uint32_t value)
{
	struct claim claim = {.what = what, .value = value, .text = bytes_of(url->text)};

	tell_claim(telling, &claim);
}

static void
from_dhcpv4_client(struct telling *telling)
{
	const struct dhcpv4 *dhcp = &telling->packet->dhcpv4;
	struct claim claim = {0};
	struct bytes name;
	char text[1024];

	/* Asking in another's name: the lease, and all that is said, would be that other's. */
	if (dhcp->has_mac && memcmp(dhcp->mac, telling->mac, 6)) {
		tell(telling, OBSERVED_MAC_SEEN);
		return;
	}
	switch (dhcp->type) {
	case DHCPV4_DISCOVER:
		claim.what = OBSERVED_DHCP4_DISCOVER;
		break;
	case DHCPV4_REQUEST:
		claim.what = OBSERVED_DHCP4_REQUEST;
		/* A renewal names its address only as the client's (RFC 2131, table 4). */
		claim.target = dhcp->requested.version ? dhcp->requested : dhcp->client;
		break;
	case DHCPV4_RELEASE:
		claim.what = OBSERVED_DHCP4_RELEASE;
		claim.source = dhcp->client;
		break;
	default:
		claim.what = OBSERVED_MAC_SEEN;
		break;
	}
	tell_claim(telling, &claim);
	if (dhcp->type != DHCPV4_DISCOVER && dhcp->type != DHCPV4_REQUEST &&
		dhcp->type != DHCPV4_INFORM)
		return;
	name = bytes_of_octets(&dhcp->claimed_hostname);
	tell_text(telling, OBSERVED_DHCP_HOSTNAME,
		name.len ? name : name_of_fqdn4(&dhcp->claimed_fqdn));
	tell_text(telling, OBSERVED_DHCP_CLIENT_ID, hex_of(&dhcp->client_id, text));
	tell_text(telling, OBSERVED_DHCP_VENDOR_CLASS, bytes_of_octets(&dhcp->vendor_class));
	tell_text(telling, OBSERVED_DHCP_PARAMETERS, parameters_of(&dhcp->parameters, text));
	if (dhcp->mud_url_claim == MUD_URL_VALID)
		tell_mud_url(telling, OBSERVED_DHCP_MUD_URL, &dhcp->claimed_mud_url, 4);
}

static bool
is_our_servers(const struct telling *telling)
{
	const struct observation_context *context = telling->context;

	if (context->is_replay)
		return true;
	/* A link-local source cannot have been forwarded, so what left us with it is ours. */
	return context->is_outgoing && (is_own(context, &telling->packet->source) ||
					       ip_is_link_local(&telling->packet->source));
}

static void
from_dhcpv4_server(struct telling *telling)
{
	const struct dhcpv4 *dhcp = &telling->packet->dhcpv4;
	struct claim claim = {.target = dhcp->yours, .value = dhcp->lease_s};

	if (!is_our_servers(telling) || !dhcp->has_mac)
		return;
	memcpy(telling->mac, dhcp->mac, 6);
	if (dhcp->type == DHCPV4_NAK)
		claim.what = OBSERVED_DHCP4_NAK;
	else if (dhcp->type == DHCPV4_ACK && dhcp->yours.version && dhcp->lease_s)
		claim.what = OBSERVED_DHCP4_ACK;
	else
		return;
	tell_claim(telling, &claim);
}

static void
from_dhcpv6_client(struct telling *telling)
{
	const struct dhcpv6 *dhcp = &telling->packet->dhcpv6;
	struct claim claim = {.source = telling->packet->source};
	char text[512];

	switch (dhcp->type) {
	case DHCPV6_SOLICIT:
	case DHCPV6_REQUEST:
	case DHCPV6_CONFIRM:
	case DHCPV6_RENEW:
	case DHCPV6_REBIND:
		claim.what = OBSERVED_DHCP6_SOLICIT;
		tell_claim(telling, &claim);
		break;
	case DHCPV6_RELEASE:
	case DHCPV6_DECLINE:
		claim.what = OBSERVED_DHCP6_RELEASE;
		for (size_t i = 0; i < dhcp->address_count; i++) {
			claim.target = dhcp->address[i].address;
			tell_claim(telling, &claim);
		}
		return;
	case DHCPV6_INFORMATION:
		tell(telling, OBSERVED_IP);
		break;
	default:
		return;
	}
	tell_text(telling, OBSERVED_DHCP6_DUID, hex_of(&dhcp->client_duid, text));
	if (dhcp->claimed_fqdn.len > 1) /* RFC 4704, section 4.1: flags, then the name */
		tell_text(telling, OBSERVED_DHCP_HOSTNAME,
			first_label(dhcp->claimed_fqdn.byte + 1, dhcp->claimed_fqdn.len - 1u));
	if (dhcp->mud_url_claim == MUD_URL_VALID)
		tell_mud_url(telling, OBSERVED_DHCP_MUD_URL, &dhcp->claimed_mud_url, 6);
}

static void
from_dhcpv6_server(struct telling *telling)
{
	const struct dhcpv6 *dhcp = &telling->packet->dhcpv6;
	struct claim claim = {.what = OBSERVED_DHCP6_REPLY};

	if (!is_our_servers(telling) || (dhcp->has_status && dhcp->status))
		return;
	/* There is no client's MAC in it but the one it was sent to. */
	memcpy(telling->mac, telling->packet->ethernet.destination, 6);
	for (size_t i = 0; i < dhcp->address_count; i++) {
		if (!dhcp->address[i].valid_s)
			continue;
		claim.target = dhcp->address[i].address;
		claim.value = dhcp->address[i].valid_s;
		tell_claim(telling, &claim);
	}
}

/* --- names and kinds ------------------------------------------------------------------------ */

static void
from_lldp(struct telling *telling)
{
	const struct lldp *lldp = &telling->packet->lldp;

	tell_text(telling, OBSERVED_LLDP_NAME, lldp->claimed_name);
	tell_text(telling, OBSERVED_LLDP_DESCRIPTION, lldp->claimed_description);
	if (lldp->mud_url_claim == MUD_URL_VALID)
		tell_mud_url(telling, OBSERVED_LLDP_MUD_URL, &lldp->claimed_mud_url, 0);
}

static void
from_mdns(struct telling *telling)
{
	const struct mdns *mdns = &telling->packet->mdns;

	if (!mdns->is_response)
		return;
	tell_text(telling, OBSERVED_MDNS_NAME, bytes_of_octets(&mdns->claimed_host));
	for (size_t i = 0; i < mdns->service_count; i++) {
		const struct mdns_service *service = &mdns->service[i];
		struct claim claim = {.what = OBSERVED_MDNS_SERVICE,
			.value = service->port,
			.text = bytes_of(service->type),
			.detail = {.at = service->claimed_instance.byte,
				.len = service->claimed_instance.len}};
		if (!service->is_asked && !service->is_goodbye && claim.text.len)
			tell_claim(telling, &claim);
	}
	tell_text(telling, OBSERVED_MDNS_MODEL, bytes_of_octets(&mdns->claimed_model));
}

static bool
contains(struct bytes text, const char *word)
{
	return text.len && memmem(text.at, text.len, word, strlen(word));
}

static void
from_ssdp(struct telling *telling)
{
	const struct ssdp *ssdp = &telling->packet->ssdp;

	switch (ssdp->kind) {
	case SSDP_SEARCH:
		/* Who looks for the router wants it to open a port. */
		if (contains(ssdp->search_target, "InternetGatewayDevice") ||
			contains(ssdp->search_target, "WANIPConnection") ||
			contains(ssdp->search_target, "WANPPPConnection"))
			tell_text(telling, OBSERVED_UPNP_PORT_REQUEST, ssdp->search_target);
		break;
	case SSDP_NOTIFY:
	case SSDP_RESPONSE:
		if (ssdp->is_goodbye)
			break;
		tell_text(telling, OBSERVED_SSDP_SERVER, ssdp->claimed_server);
		tell_text(telling, OBSERVED_SSDP_TYPE,
			ssdp->kind == SSDP_NOTIFY ? ssdp->notification_type : ssdp->search_target);
		tell_text(telling, OBSERVED_SSDP_LOCATION, ssdp->claimed_location);
		break;
	case SSDP_UNKNOWN:
		break;
	}
}

/* --- what it does --------------------------------------------------------------------------- */

static uint8_t
lower_hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c;
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c : 0;
}

/* Its own MAC, in whatever way of writing it: 02:00.., 02-00.., 0200.., 02%3A00.. */
static bool
has_own_mac(const struct telling *telling, struct bytes text)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t mac[12], bare[2048];
	size_t len = 0;

	for (int i = 0; i < 6; i++) {
		mac[2 * i] = (uint8_t)digits[telling->mac[i] >> 4];
		mac[2 * i + 1] = (uint8_t)digits[telling->mac[i] & 15];
	}
	for (size_t i = 0; i < text.len && len < sizeof bare; i++) {
		uint8_t c = text.at[i];
		if (c == '%' && i + 2 < text.len && text.at[i + 1] == '3' &&
			(text.at[i + 2] | 0x20) == 'a')
			i += 2;
		else if (c != ':' && c != '-' && c != '.')
			bare[len++] = lower_hex(c) ? lower_hex(c) : ' ';
	}
	return memmem(bare, len, mac, sizeof mac);
}

static void
tell_own_mac(struct telling *telling, struct bytes text, const char *where)
{
	if (has_own_mac(telling, text))
		tell_act(telling, OBSERVED_IDENTIFIER_SENT, bytes_of("MAC address"),
			bytes_of(where));
}

static void
tell_content(struct telling *telling, const char *what)
{
	tell_act(telling, OBSERVED_CLEAR_CONTENT, bytes_of(what), (struct bytes){0});
}

/* What it uploads, by the name of its kind alone. */
static void
tell_upload(struct telling *telling, const struct http *http)
{
	struct bytes type = http->content_type;
	const uint8_t *end = type.len ? memchr(type.at, ';', type.len) : NULL;
	char text[64];

	if (!bytes_are(http->method, "POST") && !bytes_are(http->method, "PUT") &&
		!bytes_are(http->method, "PATCH"))
		return;
	if (end)
		type.len = (size_t)(end - type.at);
	int len = snprintf(text, sizeof text, "HTTP %.*s", (int)(type.len < 48 ? type.len : 48),
		type.len ? (const char *)type.at : "");
	tell_act(telling, OBSERVED_CLEAR_CONTENT,
		(struct bytes){.at = (const uint8_t *)text, .len = (size_t)len}, (struct bytes){0});
}

enum query { QUERY_OTHER, QUERY_SECRET, QUERY_PLACE, QUERY_NUMBER };

/* By the names of what stands behind the question mark; the values are not looked at. */
static enum query
query_of(struct bytes name)
{
	static const struct {
		const char *name;
		enum query is;
	} names[] = {{"password", QUERY_SECRET}, {"passwd", QUERY_SECRET}, {"pwd", QUERY_SECRET},
		{"pass", QUERY_SECRET}, {"token", QUERY_SECRET}, {"access_token", QUERY_SECRET},
		{"auth", QUERY_SECRET}, {"apikey", QUERY_SECRET}, {"api_key", QUERY_SECRET},
		{"secret", QUERY_SECRET}, {"lat", QUERY_PLACE}, {"latitude", QUERY_PLACE},
		{"lon", QUERY_PLACE}, {"lng", QUERY_PLACE}, {"longitude", QUERY_PLACE},
		{"gps", QUERY_PLACE}, {"imei", QUERY_NUMBER}, {"serial", QUERY_NUMBER},
		{"serialnumber", QUERY_NUMBER}, {"sn", QUERY_NUMBER}, {"deviceid", QUERY_NUMBER},
		{"device_id", QUERY_NUMBER}, {"udid", QUERY_NUMBER}};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (bytes_are_nocase(name, names[i].name))
			return names[i].is;
	return QUERY_OTHER;
}

static void
tell_query(struct telling *telling, struct bytes query)
{
	const uint8_t *at = query.at, *end = at + query.len;
	unsigned told = 0;

	while (at < end) {
		const uint8_t *next = memchr(at, '&', (size_t)(end - at));
		const uint8_t *stop = next ? next : end;
		const uint8_t *equals = memchr(at, '=', (size_t)(stop - at));
		enum query is = equals && equals + 1 < stop
					? query_of((struct bytes){at, (size_t)(equals - at)})
					: QUERY_OTHER;
		at = stop + 1;
		if (told >> is & 1)
			continue;
		told |= 1u << is;
		if (is == QUERY_SECRET)
			tell_act(telling, OBSERVED_CLEAR_CREDENTIALS, bytes_of("HTTP query"),
				(struct bytes){0});
		else if (is == QUERY_PLACE)
			tell_content(telling, "HTTP location");
		else if (is == QUERY_NUMBER)
			tell_act(telling, OBSERVED_IDENTIFIER_SENT, bytes_of("serial number"),
				bytes_of("an HTTP request"));
	}
}

static void
from_http(struct telling *telling)
{
	const struct http *http = &telling->packet->http;
	struct bytes target = http->target, query = {0};
	const uint8_t *question = target.len ? memchr(target.at, '?', target.len) : NULL;
	char detail[200], credentials[64];
	int len;

	/* Tokens and passwords stand behind the question mark. */
	if (question) {
		target.len = (size_t)(question - target.at);
		query = (struct bytes){question + 1, http->target.len - target.len - 1};
	}
	len = snprintf(detail, sizeof detail, "%.*s %.*s",
		(int)(http->method.len < 16 ? http->method.len : 16), (const char *)http->method.at,
		(int)(target.len < 120 ? target.len : 120),
		target.len ? (const char *)target.at : "");
	tell_act(telling, OBSERVED_HTTP_REQUEST, http->claimed_host,
		(struct bytes){.at = (const uint8_t *)detail, .len = (size_t)len});
	tell_text(telling, OBSERVED_HTTP_USER_AGENT, http->claimed_user_agent);
	if (http->has_credentials) {
		len = snprintf(credentials, sizeof credentials, "HTTP %.*s",
			(int)(http->scheme.len < 20 ? http->scheme.len : 20),
			http->scheme.len ? (const char *)http->scheme.at : "");
		tell_act(telling, OBSERVED_CLEAR_CREDENTIALS,
			(struct bytes){.at = (const uint8_t *)credentials, .len = (size_t)len},
			(struct bytes){0});
	}
	if (query.len)
		tell_query(telling, query);
	tell_upload(telling, http);
	tell_own_mac(telling, reader_rest(&telling->packet->payload), "an HTTP request");
	if (bytes_are(http->method, "POST") &&
		(contains(target, "WANIPC") || contains(target, "IPConn") ||
			contains(target, "WANPPPC")))
		tell_act(telling, OBSERVED_UPNP_PORT_REQUEST, target, (struct bytes){0});
}

static void
from_mqtt(struct telling *telling)
{
	const struct mqtt *mqtt = &telling->packet->mqtt;

	tell_text(telling, OBSERVED_MQTT_CLIENT, mqtt->claimed_client_id);
	if (mqtt->has_password)
		tell_act(telling, OBSERVED_CLEAR_CREDENTIALS, bytes_of("MQTT"), (struct bytes){0});
	tell_content(telling, "MQTT");
	tell_own_mac(telling, reader_rest(&telling->packet->payload), "an MQTT login");
}

static uint64_t
mix_list(uint64_t hash, const uint16_t *list, size_t count)
{
	static const struct hash_key fixed = {
		UINT64_C(0x70696e666f6c6431), UINT64_C(0x746c732d68656c6f)};
	uint64_t sum = 0, item[2] = {hash, count};

	/* Order is shuffled by some (RFC 8701's idea for extensions), so a sum, not a sequence. */
	for (size_t i = 0; i < count; i++)
		if (!tls_is_grease(list[i]))
			sum += keyed_hash(&fixed, &list[i], sizeof list[i]);
	item[1] = sum;
	return keyed_hash(&fixed, item, sizeof item);
}

/* The same software gives the same fingerprint; the key is fixed, so it can be compared and shared. */
static int
fingerprint(const struct tls_hello *hello, char out[static 64])
{
	uint16_t version = hello->version;
	uint64_t hash = 0;

	for (size_t i = 0; i < hello->version_count; i++)
		if (!tls_is_grease(hello->supported_version[i]) &&
			hello->supported_version[i] > version)
			version = hello->supported_version[i];
	hash = mix_list(hash, hello->cipher, hello->cipher_count);
	hash = mix_list(hash, hello->extension, hello->extension_count);
	hash = mix_list(hash, hello->group, hello->group_count);
	hash = mix_list(hash, hello->signature, hello->signature_count);
	return snprintf(out, 64, "%04x-%u-%u-%016llx", version, hello->cipher_count,
		hello->extension_count, (unsigned long long)hash);
}

static void
from_tls(struct telling *telling)
{
	const struct tls_hello *hello = &telling->packet->tls;
	char detail[64];
	int len = fingerprint(hello, detail);

	tell_act(telling, OBSERVED_TLS_HELLO, hello->claimed_server_name,
		(struct bytes){.at = (const uint8_t *)detail, .len = (size_t)len});
	tell_own_mac(telling, hello->claimed_server_name, "the server name of TLS");
}

static const char *
signature_text(uint8_t signature)
{
	switch (signature) {
	case CERTIFICATE_SIGNATURE_MD5:
		return "md5";
	case CERTIFICATE_SIGNATURE_SHA1:
		return "sha1";
	case CERTIFICATE_SIGNATURE_SHA2:
		return "sha2";
	default:
		return "other";
	}
}

/* Fixed words first: the issuer, which anybody may have written, comes last. */
static void
tell_certificate(struct telling *telling, struct bytes der)
{
	struct certificate certificate;
	char text[132], serial[17] = "";

	if (!certificate_parse(&certificate, der))
		return;
	hex_text(certificate.serial.at, certificate.serial.len < 8 ? certificate.serial.len : 8,
		serial);
	int len = snprintf(text, sizeof text,
		"from=%lld until=%lld signature=%s key=%s%u own=%d serial=%s issuer=",
		(long long)certificate.not_before_s, (long long)certificate.not_after_s,
		signature_text(certificate.signature),
		certificate.key == CERTIFICATE_KEY_RSA  ? "rsa"
		: certificate.key == CERTIFICATE_KEY_EC ? "ec"
							: "other",
		certificate.key_bits, certificate_is_own(&certificate), serial);
	size_t room = sizeof text - 1 - (size_t)len, issuer = certificate.claimed_issuer.len;
	if (issuer > room)
		issuer = room;
	if (issuer)
		memcpy(text + len, certificate.claimed_issuer.at, issuer);
	struct claim claim = {.what = OBSERVED_TLS_CERTIFICATE,
		.source = telling->packet->destination,
		.target = telling->packet->source,
		.value = certificate.not_after_s > UINT32_MAX ? UINT32_MAX
							      : (uint32_t)certificate.not_after_s,
		.text = certificate.claimed_subject,
		.detail = {.at = (const uint8_t *)text, .len = (size_t)len + issuer}};
	tell_claim(telling, &claim);
}

/* A server's answer, on its way to the device that asked. */
static void
from_tls_server(struct telling *telling)
{
	const struct tls_server *server = &telling->packet->tls_server;
	struct claim claim = {.what = OBSERVED_TLS_SERVER,
		.source = telling->packet->destination,
		.target = telling->packet->source,
		.value = (uint32_t)server->version << 16 | server->cipher,
		.text = bytes_of(tls_version_text(server->version))};

	if (server->is_retry)
		return;
	telling->is_answer = true;
	memcpy(telling->mac, telling->packet->ethernet.destination, 6);
	if (!mac_is_unicast(telling->mac))
		return;
	tell_claim(telling, &claim);
	if (server->certificate.len)
		tell_certificate(telling, server->certificate);
}

/* Not what only asks what there is, nor an answer that refuses. */
static bool
is_content(const struct clear_text *clear)
{
	if (clear->is_answer)
		return clear->method.at[0] == '2';
	return clear->kind != CLEAR_RTSP || bytes_are(clear->method, "SETUP") ||
	       bytes_are(clear->method, "PLAY") || bytes_are(clear->method, "ANNOUNCE");
}

static void
from_clear(struct telling *telling)
{
	const struct clear_text *clear = &telling->packet->clear;
	char text[40];

	if (is_content(clear)) {
		struct claim claim = {.what = OBSERVED_CLEAR_CONTENT,
			.source = telling->packet->source,
			.target = telling->packet->destination,
			.text = bytes_of(clear->is_anonymous ? "FTP anonymous"
							     : clear_kind_text(clear->kind)),
			.detail = bytes_of(clear->is_answer ? "served" : "")};
		tell_claim(telling, &claim);
	}
	if (!clear->has_credentials)
		return;
	int len = snprintf(text, sizeof text, "%s%s%.*s", clear_kind_text(clear->kind),
		clear->scheme.len ? " " : "",
		(int)(clear->scheme.len < 16 ? clear->scheme.len : 16),
		clear->scheme.len ? (const char *)clear->scheme.at : "");
	tell_act(telling, OBSERVED_CLEAR_CREDENTIALS,
		(struct bytes){.at = (const uint8_t *)text, .len = (size_t)len}, (struct bytes){0});
}

static void
from_coap(struct telling *telling)
{
	const struct coap *coap = &telling->packet->coap;
	uint8_t path[200];
	size_t len = 0;

	/* Class 0 is a request, 0.00 an empty message (RFC 7252, section 3). */
	if (coap->code == 0 || coap->code >> 5)
		return;
	for (size_t i = 0; i < coap->path_count && len < sizeof path; i++) {
		size_t room = sizeof path - len - 1;
		size_t take = coap->path[i].len < room ? coap->path[i].len : room;
		path[len++] = '/';
		if (take)
			memcpy(path + len, coap->path[i].at, take);
		len += take;
	}
	tell_act(telling, OBSERVED_COAP_REQUEST, (struct bytes){.at = path, .len = len},
		(struct bytes){0});
	tell_own_mac(telling, reader_rest(&telling->packet->payload), "a CoAP request");
}

static void
from_dns(struct telling *telling)
{
	const struct dns *dns = &telling->packet->dns;
	char name[DNS_TEXT_MAX];

	/* What is asked of us, our resolver knows better. */
	if (dns_is_response(dns) || !dns->has_question ||
		is_own(telling->context, &telling->packet->destination))
		return;
	if (dns_name_text(&dns->question, name))
		tell_act(telling, OBSERVED_DNS_QUERY, bytes_of(name), (struct bytes){0});
	else
		tell_act(telling, OBSERVED_DNS_QUERY,
			(struct bytes){.at = dns->question.wire, .len = dns->question.len},
			(struct bytes){0});
}

/* --- a packet ------------------------------------------------------------------------------- */

static void
from_protocol(struct telling *telling)
{
	const struct packet *packet = telling->packet;

	switch (packet->protocol) {
	case PROTOCOL_DHCPV4:
		from_dhcpv4_client(telling);
		break;
	case PROTOCOL_DHCPV6:
		from_dhcpv6_client(telling);
		break;
	case PROTOCOL_DNS:
		from_dns(telling);
		break;
	case PROTOCOL_MDNS:
		from_mdns(telling);
		break;
	case PROTOCOL_SSDP:
		from_ssdp(telling);
		break;
	case PROTOCOL_LLDP:
		from_lldp(telling);
		break;
	case PROTOCOL_NTP:
		if (packet->ntp.mode == NTP_CLIENT)
			tell_act(telling, OBSERVED_NTP_REQUEST, (struct bytes){0},
				(struct bytes){0});
		break;
	case PROTOCOL_TLS:
		from_tls(telling);
		break;
	case PROTOCOL_HTTP:
		from_http(telling);
		break;
	case PROTOCOL_MQTT:
		from_mqtt(telling);
		break;
	case PROTOCOL_COAP:
		from_coap(telling);
		break;
	case PROTOCOL_CLEAR_TEXT:
		from_clear(telling);
		break;
	case PROTOCOL_TLS_SERVER: /* only on its way to a device */
	case PROTOCOL_NONE:
	case PROTOCOL_COUNT:
		break;
	}
}

/* NAT-PMP (RFC 6886, section 3.3) and PCP (RFC 6887, sections 7.1 and 11.1): for which port. */
static void
from_port_mapping(struct telling *telling)
{
	struct reader r = telling->packet->payload;
	uint8_t version = reader_u8(&r), opcode = reader_u8(&r), proto = 0;
	char text[40];

	if (version == 0) {
		proto = opcode == 1 ? IPPROTO_UDP : opcode == 2 ? IPPROTO_TCP : 0;
		reader_skip(&r, 2);
	} else if (opcode == 1) {
		reader_skip(&r, 22 + 12); /* head, nonce */
		proto = reader_u8(&r);
		reader_skip(&r, 3);
	}
	uint16_t port = reader_u16(&r);
	if (!proto || !reader_ok(&r))
		snprintf(text, sizeof text, "%s", version ? "PCP" : "NAT-PMP");
	else
		snprintf(text, sizeof text, "%s %s port %u", version ? "PCP" : "NAT-PMP",
			proto == IPPROTO_TCP   ? "TCP"
			: proto == IPPROTO_UDP ? "UDP"
					       : "any",
			port);
	tell_act(telling, OBSERVED_UPNP_PORT_REQUEST, bytes_of(text), (struct bytes){0});
}

static bool
is_from_server(const struct packet *packet)
{
	if (packet->protocol == PROTOCOL_DHCPV4)
		return !packet->dhcpv4.is_request;
	return packet->protocol == PROTOCOL_DHCPV6 &&
	       (packet->dhcpv6.type == DHCPV6_REPLY || packet->dhcpv6.type == DHCPV6_ADVERTISE ||
		       packet->dhcpv6.type == DHCPV6_RECONFIGURE);
}

size_t
observation_from_packet(struct observation *rows, size_t max, const struct packet *packet,
	const struct observation_context *context)
{
	struct telling telling = {.rows = rows,
		.max = max < OBSERVATION_PER_PACKET_MAX ? max : OBSERVATION_PER_PACKET_MAX,
		.packet = packet,
		.context = context};

	if (!(packet->layers & LAYER_ETHERNET))
		return 0;
	memcpy(telling.mac, packet->ethernet.source, 6);
	if (is_from_server(packet)) {
		if (packet->protocol == PROTOCOL_DHCPV4)
			from_dhcpv4_server(&telling);
		else
			from_dhcpv6_server(&telling);
		return telling.count;
	}
	if (packet->protocol == PROTOCOL_TLS_SERVER &&
		(context->is_outgoing || context->is_replay)) {
		from_tls_server(&telling);
		return telling.count;
	}
	/* Of what leaves the gateway otherwise only its DHCP answers are of interest. */
	if (context->is_outgoing || !mac_is_unicast(telling.mac))
		return 0;
	if (packet->layers & LAYER_ARP) {
		from_arp(&telling);
	} else if (packet->layers & LAYER_ND) {
		from_nd(&telling);
	} else {
		if (packet_is_ip(packet) && !is_unspecified(&packet->source) &&
			!ip_is_multicast(&packet->source))
			tell(&telling, OBSERVED_IP);
		from_protocol(&telling);
		if (context->tells_flows && (packet->layers & LAYER_TCP) &&
			(packet->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			tell_act(&telling, OBSERVED_FLOW_NEW, (struct bytes){0}, (struct bytes){0});
		if ((packet->layers & LAYER_UDP) && packet->destination_port == 5351)
			from_port_mapping(&telling);
	}
	if (!telling.count)
		tell(&telling, OBSERVED_MAC_SEEN);
	return telling.count;
}

/* --- from the kernel ------------------------------------------------------------------------ */

bool
observation_from_logged(struct observation *row, const struct observation_logged *logged,
	const struct observation_context *context)
{
	enum reason reason = reason_from_word(logged->prefix);
	static struct packet packet; /* large, and would be zeroed each time */

	if (reason == REASON_UNKNOWN)
		return false;
	fill(row, reason == REASON_NEW_FLOW ? OBSERVED_FLOW_NEW : OBSERVED_DENIED, context);
	row->value = reason;
	row->device = logged->mark & DEVICE_NUMBER_MAX;
	if (logged->mac)
		memcpy(row->mac, logged->mac, 6);
	if (logged->ethertype == ETHERTYPE_ARP) {
		struct arp arp;
		if (arp_parse(&arp, reader_over(logged->bytes, logged->len))) {
			row->source = arp.sender;
			row->target = arp.target;
		}
		return true;
	}
	if (logged->ethertype && logged->ethertype != ETHERTYPE_IPV4 &&
		logged->ethertype != ETHERTYPE_IPV6)
		return true;
	/* The copy is cut, so lengths do not fit; the heads are all that is wanted. */
	packet_parse_ip(&packet, logged->bytes, logged->len, logged->len);
	if (!packet_is_ip(&packet))
		return true;
	row->source = packet.source;
	row->target = packet.destination;
	row->proto = packet.transport;
	row->source_port = packet.source_port;
	row->target_port = packet.destination_port;
	row->bytes = packet.wire_len;
	row->packets = 1;
	/* Of discovery the address in question says more than the multicast it went to. */
	if ((packet.layers & LAYER_ND) && ip_is_valid(&packet.nd.target)) {
		row->target = packet.nd.target;
		if (packet.nd.type == ICMPV6_NEIGHBOUR_ADVERTISEMENT)
			row->source = packet.nd.target;
	}
	if (packet.layers & (LAYER_ICMP | LAYER_ICMPV6))
		row->target_port = packet.icmp.type;
	return true;
}

bool
observation_from_flow(struct observation *row, const struct observation_flow *flow,
	const struct observation_context *context)
{
	if (!(flow->mark & DEVICE_NUMBER_MAX))
		return false;
	fill(row, OBSERVED_FLOW_END, context);
	row->device = flow->mark & DEVICE_NUMBER_MAX;
	row->proto = flow->proto;
	row->source = flow->source;
	row->target = flow->target;
	row->source_port = flow->source_port;
	row->target_port = flow->target_port;
	row->packets = flow->packets;
	row->bytes = flow->bytes;
	row->value = flow->bytes ? (uint32_t)(flow->sent * 1000.0 / flow->bytes) : 0;
	return true;
}

void
observation_from_loss(
	struct observation *row, uint32_t count, const struct observation_context *context)
{
	fill(row, OBSERVED_LOST, context);
	row->value = count;
}
