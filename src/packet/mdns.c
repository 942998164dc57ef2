/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/mdns.h"

/* The labels of a name, split as RFC 6763 (section 4.1) does. */
struct parts {
	struct bytes instance;    /* empty when there is none */
	char type[MDNS_TYPE_MAX]; /* "_ipp._tcp", or empty */
	struct bytes host;        /* the only label before ".local" */
};

static unsigned
count_labels(const struct dns_name *name)
{
	struct bytes label;
	unsigned count = 0;

	while (dns_name_label(name, count, &label))
		count++;
	return count;
}

static bool
label_is(const struct dns_name *name, unsigned n, const char *text)
{
	struct bytes label;
	return dns_name_label(name, n, &label) && bytes_are_nocase(label, text);
}

static bool
is_type_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* "_name" and "_tcp" or "_udp" at places n and n + 1; printable by construction. */
static bool
take_type(char type[static MDNS_TYPE_MAX], const struct dns_name *name, unsigned n)
{
	struct bytes service;
	const char *transport = label_is(name, n + 1, "_tcp")   ? "._tcp"
				: label_is(name, n + 1, "_udp") ? "._udp"
								: NULL;

	if (!transport || !dns_name_label(name, n, &service) || service.len < 2 ||
		service.at[0] != '_')
		return false;
	for (size_t i = 0; i < service.len; i++) {
		uint8_t c = service.at[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (!is_type_byte(c))
			return false;
		type[i] = (char)c;
	}
	memcpy(type + service.len, transport, 6);
	return true;
}

/* False for names that are not local, or of a form that we do not know. */
static bool
split(struct parts *parts, const struct dns_name *name)
{
	unsigned count = count_labels(name);

	*parts = (struct parts){0};
	if (count < 2 || !label_is(name, count - 1, "local"))
		return false;
	if (count == 2)
		return dns_name_label(name, 0, &parts->host);
	/* "_services._dns-sd._udp.local" asks for types and is none (section 9) */
	if (count == 4 && label_is(name, 1, "_dns-sd"))
		return false;
	if (!take_type(parts->type, name, count - 3))
		return false;
	if (count == 4)
		return dns_name_label(name, 0, &parts->instance);
	/* "_color._sub._ipp._tcp.local", section 7.1: the type is what counts */
	return count == 3 || (count == 5 && label_is(name, 1, "_sub"));
}

static bool
is_instance(const struct mdns_service *service, struct bytes instance)
{
	return service->claimed_instance.len == instance.len &&
	       (!instance.len ||
		       !memcmp(service->claimed_instance.byte, instance.at, instance.len));
}

/* The entry of this service, new if need be; NULL when the table is full. */
static struct mdns_service *
service_of(struct mdns *mdns, const struct parts *parts)
{
	struct mdns_service *service;

	for (unsigned i = 0; i < mdns->service_count; i++) {
		service = &mdns->service[i];
		if (!strcmp(service->type, parts->type) && is_instance(service, parts->instance))
			return service;
	}
	if (mdns->service_count == MDNS_SERVICES_MAX)
		return NULL;
	service = &mdns->service[mdns->service_count++];
	*service = (struct mdns_service){0};
	memcpy(service->type, parts->type, sizeof service->type);
	service->claimed_instance.len = (uint8_t)parts->instance.len;
	if (parts->instance.len)
		memcpy(service->claimed_instance.byte, parts->instance.at, parts->instance.len);
	return service;
}

static void
take_question(struct mdns *mdns, const struct dns_name *name)
{
	struct parts parts;

	if (!split(&parts, name) || !parts.type[0])
		return;
	struct mdns_service *service = service_of(mdns, &parts);
	if (service)
		service->is_asked = true;
}

static void
take_pointer(struct mdns *mdns, const struct dns_record *record)
{
	struct parts parts;

	if (!split(&parts, &record->target) || !parts.type[0])
		return;
	struct mdns_service *service = service_of(mdns, &parts);
	if (service && record->ttl_s == 0)
		service->is_goodbye = true;
}

static void
keep_host(struct mdns *mdns, const struct dns_name *name)
{
	struct parts parts;

	if (mdns->claimed_host.len || !split(&parts, name) || !parts.host.len)
		return;
	struct reader host = reader_over(parts.host.at, parts.host.len);
	reader_octets(&host, &mdns->claimed_host);
}

static void
take_location(struct mdns *mdns, const struct dns_record *record)
{
	struct parts parts;

	keep_host(mdns, &record->target);
	if (!split(&parts, &record->name) || !parts.type[0])
		return;
	struct mdns_service *service = service_of(mdns, &parts);
	if (!service)
		return;
	service->port = record->port;
	service->is_goodbye = record->ttl_s == 0;
}

/* "key=value", RFC 6763 section 6.4; the first of a key counts. */
static void
take_text(struct mdns *mdns, struct reader data)
{
	const struct {
		const char *key;
		struct octets *value;
	} known[] = {
		{"model", &mdns->claimed_model},
		{"md", &mdns->claimed_model},
		{"fn", &mdns->claimed_name},
	};
	struct bytes text;

	while (dns_text_next(&data, &text)) {
		const uint8_t *sign = text.len ? memchr(text.at, '=', text.len) : NULL;
		if (!sign)
			continue;
		struct bytes key = {.at = text.at, .len = (size_t)(sign - text.at)};
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
			if (known[i].value->len || !bytes_are_nocase(key, known[i].key))
				continue;
			struct reader value = reader_over(sign + 1, text.len - key.len - 1);
			reader_octets(&value, known[i].value);
		}
	}
}

static void
take_record(struct mdns *mdns, const struct dns_record *record)
{
	switch (record->type) {
	case DNS_PTR:
		take_pointer(mdns, record);
		break;
	case DNS_SRV:
		take_location(mdns, record);
		break;
	case DNS_TXT:
		take_text(mdns, record->data);
		break;
	case DNS_A:
	case DNS_AAAA:
		keep_host(mdns, &record->name);
		if (record->ttl_s && mdns->address_count < MDNS_ADDRESSES_MAX)
			mdns->address[mdns->address_count++] = record->address;
		break;
	}
}

bool
mdns_parse(struct mdns *mdns, struct reader r)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record record;

	if (!dns_parse(&dns, r))
		return false;
	mdns->is_response = dns_is_response(&dns);
	mdns->claimed_host.len = mdns->claimed_model.len = mdns->claimed_name.len = 0;
	mdns->address_count = mdns->service_count = 0;
	if (dns.has_question)
		take_question(mdns, &dns.question);
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &record)) {
		if (record.section == DNS_QUESTION)
			take_question(mdns, &record.name);
		else if (mdns->is_response)
			take_record(mdns, &record);
	}
	mdns->is_broken = walk.is_broken;
	return true;
}
