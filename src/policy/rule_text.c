/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as people write them.  Every refusal names the word that it is about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/printable.h"
#include "policy/inside.h"
#include "policy/policy.h"

enum { WORDS_MAX = 10, LINE_MAX_BYTES = 400 };

struct words {
	char line[LINE_MAX_BYTES];
	unsigned n, at;
	char *word[WORDS_MAX];
};

static bool
refuse(struct fault *why, const char *word, const char *reason)
{
	char text[120];

	printable(text, sizeof text, word, strlen(word));
	fault_set(why, ERR_INVALID, "\"%s\": %s", text, reason);
	return false;
}

static bool
words_from_text(struct words *words, const char *text, struct fault *why)
{
	char *save = NULL;

	*words = (struct words){0};
	if (strlen(text) >= sizeof words->line)
		return refuse(why, text, "too long");
	memcpy(words->line, text, strlen(text) + 1);
	for (char *word = strtok_r(words->line, " \t", &save); word;
		word = strtok_r(NULL, " \t", &save)) {
		if (words->n == WORDS_MAX)
			return refuse(why, word, "one word too many");
		words->word[words->n++] = word;
	}
	return true;
}

/* The next word, "" at the end. */
static const char *
peek(const struct words *words)
{
	return words->at < words->n ? words->word[words->at] : "";
}

static bool
accept_word(struct words *words, const char *wanted)
{
	if (strcmp(peek(words), wanted))
		return false;
	words->at++;
	return true;
}

static bool
number(const char *text, size_t len, unsigned long max, unsigned long *out)
{
	*out = 0;
	if (len == 0 || len > 9)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (unsigned long)(text[i] - '0');
	}
	return *out <= max;
}

/* --- who ---------------------------------------------------------------------------------------- */

static const struct policy_peer *
peer_by_name(const struct policy_world *world, const char *name)
{
	for (size_t i = 0; i < world->n_peers; i++)
		if (world->peer[i].name && !strcasecmp(world->peer[i].name, name))
			return &world->peer[i];
	return NULL;
}

bool
device_parse(
	uint32_t *device, const struct policy_world *world, const char *word, struct fault *why)
{
	const struct policy_peer *peer = peer_by_name(world, word);
	size_t len = strlen(word);
	unsigned long value;

	if (!peer && len > 7 && !memcmp(word, "device:", 7)) {
		if (!number(word + 7, len - 7, DEVICE_NUMBER_MAX, &value))
			return refuse(why, word, "not the number of a device");
		peer = policy_peer_find(world, (uint32_t)value);
	}
	if (!peer)
		return refuse(why, word, "no device is called that");
	*device = peer->number;
	return true;
}

static void
prefix_clear_host(struct ip_prefix *prefix)
{
	for (unsigned bit = prefix->length; bit < 128; bit++)
		prefix->address.byte[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
}

static bool
who_parse(struct policy_rule *rule, char text[static MUD_TEXT_MAX],
	const struct policy_world *world, const char *word, struct fault *why)
{
	static const struct {
		const char *word;
		enum policy_remote remote;
	} known[] = {{"any", REMOTE_ANY}, {"internet", REMOTE_INTERNET},
		{"local", REMOTE_LOCAL_NETWORKS}, {"gateway", REMOTE_GATEWAY}};

	text[0] = '\0';
	if (!*word)
		return refuse(why, "", "who is missing: a name, an address or a device");
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (!strcmp(word, known[i].word)) {
			rule->remote = (uint8_t)known[i].remote;
			return true;
		}
	if (prefix_parse(&rule->prefix, word)) {
		prefix_clear_host(&rule->prefix);
		rule->remote = REMOTE_PREFIX;
		rule->version = rule->prefix.address.version;
		return true;
	}
	bool is_suffix = !strncmp(word, "*.", 2);
	const char *name = is_suffix ? word + 2 : word;
	if (!peer_by_name(world, word) && strchr(name, '.') &&
		host_name_parse(text, name, strlen(name))) {
		if (policy_name_is_local(text))
			return refuse(why, word, "a name of the home; say the device instead");
		if (is_suffix && !strchr(text, '.'))
			return refuse(why, word, "a whole top-level domain");
		rule->remote = is_suffix ? REMOTE_SUFFIX : REMOTE_NAME;
		return true;
	}
	text[0] = '\0';
	rule->remote = REMOTE_DEVICE;
	return device_parse(&rule->device, world, word, why);
}

/* --- ports and protocols --------------------------------------------------------------------------- */

struct want {
	uint8_t proto[2]; /* 0 ends; both zero: any */
	bool is_any;
	unsigned n;
	struct service_port port[16];
};

static bool
proto_parse(struct want *want, const char *word, struct fault *why)
{
	if (!strcmp(word, "tcp"))
		want->proto[0] = IPPROTO_TCP;
	else if (!strcmp(word, "udp"))
		want->proto[0] = IPPROTO_UDP;
	else if (!strcmp(word, "icmp")) {
		want->proto[0] = IPPROTO_ICMP;
		want->proto[1] = IPPROTO_ICMPV6;
	} else if (!strcmp(word, "any"))
		want->is_any = true;
	else
		return refuse(why, word, "not a protocol: tcp, udp, icmp or any");
	return true;
}

static bool
want_port(struct want *want, uint8_t proto, unsigned long lo, unsigned long hi)
{
	if (want->n == COUNT_OF(want->port))
		return false;
	want->port[want->n++] =
		(struct service_port){.proto = proto, .lo = (uint16_t)lo, .hi = (uint16_t)hi};
	return true;
}

/* One of "443", "8000-8010", "https". */
static bool
port_parse(struct want *want, const char *word, struct fault *why)
{
	const char *dash = strchr(word, '-');
	const struct service *service = service_find(word);
	unsigned long lo, hi;
	bool has_any = false;

	if (service) {
		for (size_t i = 0; i < COUNT_OF(service->port) && service->port[i].proto; i++) {
			uint8_t proto = service->port[i].proto;
			if (!want->is_any && proto != want->proto[0] && proto != want->proto[1])
				continue;
			has_any = true;
			if (!want_port(want, proto, service->port[i].lo, service->port[i].hi))
				return refuse(why, word, "too many ports");
		}
		return has_any ? true : refuse(why, word, "has no port of this protocol");
	}
	size_t len = dash ? (size_t)(dash - word) : strlen(word);
	if (!number(word, len, 65535, &lo) ||
		(dash && !number(dash + 1, strlen(dash + 1), 65535, &hi)))
		return refuse(why, word, "not a port, a range or a service");
	if (!dash)
		hi = lo;
	if (lo > hi)
		return refuse(why, word, "the range is the wrong way round");
	if (want->proto[0] == 1)
		return refuse(why, word, "icmp has no ports");
	if (want->is_any ? !want_port(want, 6, lo, hi) || !want_port(want, 17, lo, hi)
			 : !want_port(want, want->proto[0], lo, hi))
		return refuse(why, word, "too many ports");
	return true;
}

static bool
ports_parse(struct want *want, char *word, struct fault *why)
{
	char *save = NULL;

	for (char *part = strtok_r(word, ",", &save); part; part = strtok_r(NULL, ",", &save))
		if (!port_parse(want, part, why))
			return false;
	return want->n ? true : refuse(why, word, "no port");
}

/* Without ports: the whole protocol. */
static void
want_all(struct want *want)
{
	if (want->n)
		return;
	if (want->is_any)
		want_port(want, 0, 0, UINT16_MAX);
	for (int i = 0; i < 2; i++)
		if (want->proto[i])
			want_port(want, want->proto[i], 0, UINT16_MAX);
}

/* --- time -------------------------------------------------------------------------------------------- */

static bool
time_parse(int64_t *seconds, const char *word, struct fault *why)
{
	static const struct {
		char unit;
		int seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(word);
	unsigned long value;

	for (size_t i = 0; len > 1 && i < COUNT_OF(units); i++)
		if (word[len - 1] == units[i].unit && number(word, len - 1, 9999, &value) &&
			value) {
			*seconds = (int64_t)value * units[i].seconds;
			return true;
		}
	return refuse(why, word, "not a time such as 15m, 2h or 7d");
}

/* --- the rule ------------------------------------------------------------------------------------------ */

static bool
add_all(struct policy *policy, struct policy_rule rule, const struct want *want, const char *text)
{
	uint16_t before = policy->n_rules;

	for (unsigned i = 0; i < want->n; i++) {
		rule.proto = want->port[i].proto;
		rule.port_lo = want->port[i].lo;
		rule.port_hi = want->port[i].hi;
		/* an ICMP of the other family cannot meet this address */
		if ((rule.proto == IPPROTO_ICMP && rule.version == 6) ||
			(rule.proto == IPPROTO_ICMPV6 && rule.version == 4))
			continue;
		if (!policy_add(policy, rule, text, NULL)) {
			policy->n_rules = before;
			return false;
		}
	}
	return true;
}

bool
policy_rule_parse(struct policy *policy, enum policy_origin origin,
	const struct policy_world *world, const char *text, int64_t now_s, struct fault *why)
{
	struct policy_rule rule = {.origin = (uint8_t)origin,
		.direction = DIRECTION_FROM_DEVICE,
		.source_hi = UINT16_MAX,
		.since_s = now_s};
	struct words words;
	struct want want = {0};
	char name[MUD_TEXT_MAX];
	int64_t seconds;

	if (!words_from_text(&words, text, why))
		return false;
	if (accept_word(&words, "allow"))
		rule.action = POLICY_ACCEPT;
	else if (!accept_word(&words, "deny"))
		return refuse(why, peek(&words), "a rule begins with allow or deny");
	if (!proto_parse(&want, peek(&words), why))
		return false;
	words.at++;
	if (accept_word(&words, "from"))
		rule.direction = DIRECTION_TO_DEVICE;
	else
		accept_word(&words, "to");
	const char *who = peek(&words);
	if (!who_parse(&rule, name, world, who, why))
		return false;
	if (rule.action == POLICY_ACCEPT && rule.remote == REMOTE_ANY)
		rule.remote = REMOTE_INTERNET;
	words.at++;
	if (*peek(&words) && strcmp(peek(&words), "for")) {
		if (!ports_parse(&want, words.word[words.at], why))
			return false;
		words.at++;
	}
	want_all(&want);
	if (accept_word(&words, "for")) {
		if (!time_parse(&seconds, peek(&words), why))
			return false;
		words.at++;
		rule.until_s = now_s + seconds;
	}
	if (*peek(&words))
		return refuse(why, peek(&words), "not understood here");
	bool is_door = rule.action == POLICY_ACCEPT && rule.direction == DIRECTION_TO_DEVICE &&
		       rule.remote != REMOTE_DEVICE && rule.remote != REMOTE_LOCAL_NETWORKS;
	if (is_door && rule.remote != REMOTE_INTERNET && rule.remote != REMOTE_PREFIX)
		return refuse(why, who, "a door is opened to an address or to internet");
	if (is_door && !rule.until_s)
		return refuse(why, words.word[words.n - 1],
			"a door has an end; add for and a time, as in for 2h");
	if (rule.remote == REMOTE_DEVICE && rule.device == policy->device)
		return refuse(why, who, "the device itself");
	if (rule.remote == REMOTE_GATEWAY)
		return refuse(why, who, "serves the same to every device; no rule changes that");
	if (!add_all(policy, rule, &want, name)) {
		fault_set(why, ERR_FULL, "the device has too many rules already");
		return false;
	}
	return true;
}

static void
who_render(const struct policy *policy, const struct policy_rule *rule, char *out, size_t size)
{
	char prefix[PREFIX_TEXT_MAX];
	const char *text = policy_text(policy, rule->text);

	switch ((enum policy_remote)rule->remote) {
	case REMOTE_NAME:
		snprintf(out, size, "%s", text);
		return;
	case REMOTE_SUFFIX:
		snprintf(out, size, "*.%s", text);
		return;
	case REMOTE_PREFIX:
		snprintf(out, size, "%s", prefix_render(&rule->prefix, prefix));
		return;
	case REMOTE_DEVICE:
		snprintf(out, size, "device:%u", rule->device);
		return;
	case REMOTE_ANY:
	case REMOTE_INTERNET:
		snprintf(out, size, "%s", rule->remote == REMOTE_ANY ? "any" : "internet");
		return;
	case REMOTE_LOCAL_NETWORKS:
		snprintf(out, size, "local");
		return;
	case REMOTE_GATEWAY:
		snprintf(out, size, "gateway");
		return;
	case REMOTE_SAME_MANUFACTURER:
		snprintf(out, size, "same-manufacturer");
		return;
	case REMOTE_MANUFACTURER:
		snprintf(out, size, "manufacturer:%s", text);
		return;
	case REMOTE_MODEL:
		snprintf(out, size, "model:%s", text);
		return;
	case REMOTE_CONTROLLER:
		snprintf(out, size, "controller:%s", text);
		return;
	case REMOTE_MY_CONTROLLER:
		snprintf(out, size, "my-controller");
		return;
	case REMOTE_UNKNOWN:
	case REMOTE_COUNT:
		break;
	}
	snprintf(out, size, "unknown");
}

const char *
policy_proto_word(uint8_t proto, const char *otherwise)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	}
	return otherwise;
}

const char *
policy_rule_render(
	const struct policy *policy, const struct policy_rule *rule, char *out, size_t size)
{
	char who[MUD_TEXT_MAX + 16], ports[32] = "", source[40] = "", version[16] = "";
	bool has_ports = rule->proto == IPPROTO_TCP || rule->proto == IPPROTO_UDP;

	who_render(policy, rule, who, sizeof who);
	if (has_ports && rule->port_lo == rule->port_hi)
		snprintf(ports, sizeof ports, " %u", rule->port_lo);
	else if (has_ports && (rule->port_lo || rule->port_hi != UINT16_MAX))
		snprintf(ports, sizeof ports, " %u-%u", rule->port_lo, rule->port_hi);
	else if (rule->proto && !has_ports && rule->port_lo == rule->port_hi)
		snprintf(ports, sizeof ports, " type %u", rule->port_lo);
	if (has_ports && (rule->source_lo || rule->source_hi != UINT16_MAX))
		snprintf(source, sizeof source, " source %u-%u", rule->source_lo, rule->source_hi);
	if (rule->version && rule->remote != REMOTE_PREFIX && rule->proto != IPPROTO_ICMP &&
		rule->proto != IPPROTO_ICMPV6)
		snprintf(version, sizeof version, " IPv%u", rule->version);
	snprintf(out, size, "%s %s %s%s%s%s%s", rule->action == POLICY_ACCEPT ? "allow" : "deny",
		policy_proto_word(rule->proto, rule->proto ? "unknown" : "any"),
		rule->direction == DIRECTION_TO_DEVICE ? "from " : "", who, ports, source, version);
	return out;
}

/* --- introductions --------------------------------------------------------------------------------------- */

bool
introduction_parse(struct introduction *out, const struct policy_world *world, const char *text,
	struct fault *why)
{
	struct introduction in = {0};
	struct words words;

	if (!words_from_text(&words, text, why))
		return false;
	accept_word(&words, "introduce");
	if (words.n - words.at < 3)
		return refuse(why, text, "say who -> whom service");
	if (!device_parse(&in.asker, world, words.word[words.at++], why))
		return false;
	if (!accept_word(&words, "->"))
		accept_word(&words, "to");
	if (!device_parse(&in.answerer, world, peek(&words), why))
		return false;
	words.at++;
	in.service = service_find(peek(&words));
	if (!in.service)
		return refuse(
			why, peek(&words), "not a service; see pinfold device introduce --help");
	words.at++;
	if (*peek(&words))
		return refuse(why, peek(&words), "not understood here");
	if (in.asker == in.answerer)
		return refuse(why, words.word[words.at - 2], "the device itself");
	*out = in;
	return true;
}
