/* SPDX-License-Identifier: Apache-2.0 */
#include "process/resolver_decide.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

enum {
	TYPE_NULL = 10,
	TYPE_MX = 15,
	TYPE_NAPTR = 35,
	TYPE_FIRST_META = 128, /* RFC 6895, section 3.1: 128 to 255 are no data types */
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	DOH_NAMES_MAX = 4096,
};

struct doh_names {
	size_t count;
	char *text;
	const char **name; /* sorted, into text */
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct doh_names *
doh_names_from_text(const char *text, size_t len)
{
	struct doh_names *names = must_alloc(1, sizeof *names);
	char *save = NULL;

	names->text = must_alloc(1, len + 1);
	memcpy(names->text, text, len);
	names->name = must_alloc(DOH_NAMES_MAX, sizeof *names->name);
	for (char *line = strtok_r(names->text, "\n", &save); line && names->count < DOH_NAMES_MAX;
		line = strtok_r(NULL, "\n", &save))
		if (*line != '#' && *line != ' ')
			names->name[names->count++] = line;
	qsort(names->name, names->count, sizeof *names->name, by_text);
	return names;
}

bool
doh_names_has(const struct doh_names *names, const char *name)
{
	for (; name; name = strchr(name, '.') ? strchr(name, '.') + 1 : NULL)
		if (bsearch(&name, names->name, names->count, sizeof *names->name, by_text))
			return true;
	return false;
}

static bool
ends_with(const char *name, const char *tail)
{
	size_t len = strlen(name), tail_len = strlen(tail);

	if (len < tail_len || strcmp(name + len - tail_len, tail))
		return false;
	return len == tail_len || name[len - tail_len - 1] == '.';
}

static bool
v4_from_reverse_name(struct ip *ip, const char *name)
{
	uint8_t byte[4];

	for (int i = 3; i >= 0; i--) {
		char *end;
		if (!isdigit((unsigned char)*name))
			return false;
		unsigned long value = strtoul(name, &end, 10);
		if (value > 255 || *end != '.')
			return false;
		byte[i] = (uint8_t)value;
		name = end + 1;
	}
	*ip = ip_from_v4(byte);
	return !strcmp(name, "in-addr.arpa");
}

static bool
v6_from_reverse_name(struct ip *ip, const char *name)
{
	uint8_t byte[16] = {0};

	for (int i = 31; i >= 0; i--, name += 2) {
		if (!isxdigit((unsigned char)name[0]) || name[1] != '.')
			return false;
		unsigned nibble = isdigit((unsigned char)*name) ? (unsigned)(*name - '0')
								: (unsigned)(*name - 'a' + 10);
		byte[i / 2] |= (uint8_t)(i % 2 ? nibble : nibble << 4);
	}
	*ip = ip_from_v6(byte);
	return !strcmp(name, "ip6.arpa");
}

bool
ip_from_reverse_name(struct ip *ip, const char *name)
{
	return v4_from_reverse_name(ip, name) || v6_from_reverse_name(ip, name);
}

unsigned
longest_label(const char *name)
{
	unsigned longest = 0;

	while (*name) {
		unsigned len = (unsigned)strcspn(name, ".");
		if (len > longest)
			longest = len;
		name += len + (name[len] == '.');
	}
	return longest;
}

/*
 * Names that mean something only in this house, or nothing at all (RFC 6761,
 * RFC 8375, RFC 9462, RFC 9476): asked upstream they would tell the world about
 * the home, and answered from there they would be a stranger's word.
 */
static bool
is_local_only(const char *name)
{
	static const char *const tops[] = {"local", "localhost", "invalid", "test", "onion", "alt",
		"internal", "lan", "home", "localdomain"};
	const char *top = strrchr(name, '.');
	struct ip ip;

	if (!top)
		return true;
	top++;
	for (size_t i = 0; i < COUNT_OF(tops); i++)
		if (!strcmp(top, tops[i]))
			return true;
	if (strcmp(top, "arpa"))
		return false;
	return ends_with(name, "home.arpa") || ends_with(name, "resolver.arpa") ||
	       (ip_from_reverse_name(&ip, name) && ip_is_inside(&ip));
}

static struct decision
rcode(uint8_t code)
{
	return (struct decision){.kind = DECISION_RCODE, .rcode = code};
}

static struct decision
gateway_or_nothing(uint16_t type)
{
	if (type == DNS_A || type == DNS_AAAA)
		return (struct decision){.kind = DECISION_GATEWAY};
	return rcode(DNS_NOERROR);
}

/* What a held device may learn about a name besides addresses; free text only where it is named whole. */
static bool
is_type_for_held(uint16_t type, const struct view_match *match)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return true;
	case DNS_CNAME:
	case DNS_SRV:
	case DNS_TXT:
	case TYPE_NAPTR:
	case TYPE_MX:
		return match->is_exact;
	default:
		return false;
	}
}

static struct decision
decide_held(const struct view *view, const struct dns_query *query)
{
	struct decision decision = {.kind = DECISION_ASK, .is_held = true};

	if (!view_declares(view, query->text, &decision.match)) {
		decision = rcode(DNS_NXDOMAIN);
		decision.is_held = true;
		/* Looking around in the house is not trying to get out of it. */
		decision.is_undeclared = !is_local_only(query->text);
		return decision;
	}
	if (is_type_for_held(query->type, &decision.match))
		return decision;
	decision = rcode(DNS_NOERROR);
	decision.is_held = true;
	return decision;
}

static struct decision
decide_open(const struct view *view, const struct dns_query *query, const struct doh_names *doh)
{
	struct decision decision = {.kind = DECISION_ASK};

	if (view_declares(view, query->text, &decision.match))
		return decision;
	if (is_local_only(query->text) || doh_names_has(doh, query->text))
		return rcode(DNS_NXDOMAIN);
	return decision;
}

struct decision
decision_from_query(
	const struct view *view, const struct dns_query *query, const struct doh_names *doh)
{
	if (view->mode == VIEW_STATUS_PAGE)
		return gateway_or_nothing(query->type);
	if (query->type == TYPE_AXFR || query->type == TYPE_IXFR)
		return rcode(DNS_REFUSED);
	if (query->type >= TYPE_FIRST_META && query->type <= DNS_ANY)
		return rcode(DNS_NOTIMP); /* RFC 8482 lets a resolver do so with ANY */
	if (query->type == TYPE_NULL)
		return rcode(DNS_NOTIMP);
	if (!strcmp(query->text, GATEWAY_NAME))
		return gateway_or_nothing(query->type);
	if (view->mode == VIEW_OPEN)
		return decide_open(view, query, doh);
	return decide_held(view, query);
}

void
decision_for_pages(const struct settings *settings, const struct view *view,
	const struct dns_query *query, struct decision *decision)
{
	const struct ip *at = &settings->web_tls_address;
	bool is_on_lan = ip_is_equal(at, &settings->lan4.address) ||
			 ip_is_equal(at, &settings->lan6.address);
	bool is_free = decision->kind == DECISION_ASK ||
		       (decision->kind == DECISION_RCODE && decision->rcode == DNS_NXDOMAIN);

	if (!settings->web_certificate[0] || !is_on_lan || view->mode != VIEW_OPEN || !is_free ||
		strcmp(query->text, settings->web_name))
		return;
	if (query->type == (at->version == 4 ? DNS_A : DNS_AAAA))
		*decision = (struct decision){.kind = DECISION_GATEWAY};
	else
		*decision = rcode(DNS_NOERROR);
}

/* The name is one of these, or below one. */
static bool
is_below(const char *name, const char *const *zone, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ends_with(name, zone[i]))
			return true;
	return false;
}

bool
name_is_of_time(const char *name)
{
	static const char *const zones[] = {"pool.ntp.org", "ntp.org", "time.nist.gov",
		"time.windows.com", "time.apple.com", "time.google.com", "time.android.com",
		"time.cloudflare.com", "ntp.ubuntu.com", "time.facebook.com", "ptbtime1.ptb.de",
		"ptbtime2.ptb.de", "ptbtime3.ptb.de"};

	return is_below(name, zones, COUNT_OF(zones));
}

bool
name_is_of_tests(const char *name)
{
	static const char *const zones[] = {"captive.apple.com", "connectivitycheck.android.com",
		"connectivitycheck.gstatic.com", "connectivity-check.ubuntu.com",
		"detectportal.firefox.com", "msftconnecttest.com", "msftncsi.com",
		"network-test.debian.org", "nmcheck.gnome.org", "clients3.google.com",
		"www.google.com", "www.baidu.com", "example.com", "example.org"};

	return is_below(name, zones, COUNT_OF(zones));
}

bool
decision_by_rig(const struct view *view, const struct dns_query *query, uint64_t now_ns,
	struct decision *decision)
{
	if (!view->rig || now_ns >= view->rig_until_ns)
		return false;
	if (view->rig & RIG_NAMES) {
		*decision = (struct decision){.kind = DECISION_SILENT};
		return true;
	}
	if (name_is_of_time(query->text) || name_is_of_tests(query->text) ||
		!strcmp(query->text, GATEWAY_NAME))
		return false;
	*decision = rcode(DNS_NXDOMAIN);
	return true;
}
