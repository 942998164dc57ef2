/* SPDX-License-Identifier: Apache-2.0 */
#include "base/settings.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"

enum { LINE_MAX_BYTES = 512, DROP_INS_MAX = 64, FILE_LINES_MAX = 4096 };

/* Each reader gets the text of one value and says what it wanted if it cannot use it. */
struct key {
	const char *name;
	size_t offset;
	const char *(*read)(struct settings *, void *at, const char *value, const struct key *);
	uint32_t min, max;
	bool many;
};

static const char *
read_mode(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (!strcmp(value, "router"))
		s->mode = SETTINGS_ROUTER;
	else if (!strcmp(value, "sensor"))
		s->mode = SETTINGS_SENSOR;
	else
		return "\"router\" or \"sensor\"";
	return NULL;
}

static const char *
read_uplink_mode(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (!strcmp(value, "dhcp"))
		s->uplink_mode = SETTINGS_UPLINK_DHCP;
	else if (!strcmp(value, "static"))
		s->uplink_mode = SETTINGS_UPLINK_STATIC;
	else if (!strcmp(value, "none"))
		s->uplink_mode = SETTINGS_UPLINK_NONE;
	else
		return "\"dhcp\", \"static\" or \"none\"";
	return NULL;
}

static const char *
read_containment(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (strcmp(value, "act") && strcmp(value, "report"))
		return "\"act\" or \"report\"";
	s->containment_acts = !strcmp(value, "act");
	return NULL;
}

static const char *
read_name(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (strlen(value) >= sizeof s->web_name ||
		strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(value))
		return "a host name (lower-case letters, digits, . -, at most 63)";
	strcpy(at, value);
	return NULL;
}

static const char *
read_metrics(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (!strcmp(value, "off"))
		s->metrics = SETTINGS_METRICS_OFF;
	else if (!strcmp(value, "token"))
		s->metrics = SETTINGS_METRICS_TOKEN;
	else if (!strcmp(value, "lan"))
		s->metrics = SETTINGS_METRICS_LAN;
	else
		return "\"off\", \"token\" or \"lan\"";
	return NULL;
}

static const char *
read_events_to(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (!strcmp(value, "off"))
		s->events_to = SETTINGS_EVENTS_OFF;
	else if (!strcmp(value, "file"))
		s->events_to = SETTINGS_EVENTS_FILE;
	else if (!strcmp(value, "socket"))
		s->events_to = SETTINGS_EVENTS_SOCKET;
	else
		return "\"off\", \"file\" or \"socket\"";
	return NULL;
}

static const char *
read_events_as(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (strcmp(value, "json") && strcmp(value, "syslog"))
		return "\"json\" or \"syslog\"";
	s->events_as_syslog = !strcmp(value, "syslog");
	return NULL;
}

static const char *
read_yes(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return "\"yes\" or \"no\"";
	*(bool *)at = !strcmp(value, "yes");
	return NULL;
}

/* Interface names end in nft text and in /proc paths: a closed alphabet, no dots alone. */
static bool
is_interface(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len >= SETTINGS_NAME_MAX || !strcmp(value, ".") || !strcmp(value, ".."))
		return false;
	return strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
	       len;
}

static const char *
read_interface(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (!is_interface(value))
		return "the name of an interface (letters, digits, . - _, at most 15)";
	strcpy(at, value);
	return NULL;
}

static const char *
read_port(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (s->n_ports == SETTINGS_PORTS_MAX)
		return "at most 128 ports";
	for (uint32_t i = 0; i < s->n_ports; i++)
		if (!strcmp(s->port[i], value))
			return "each port once";
	const char *wanted = read_interface(s, s->port[s->n_ports], value, key);
	if (!wanted)
		s->n_ports++;
	return wanted;
}

static const char *
read_prefix4(struct settings *s, void *at, const char *value, const struct key *key)
{
	struct ip_prefix prefix;

	if (!prefix_parse(&prefix, value) || prefix.address.version != 4 || !strchr(value, '/'))
		return "an IPv4 address with its length, as 192.168.77.1/24";
	*(struct ip_prefix *)at = prefix;
	return NULL;
}

static const char *
read_prefix6(struct settings *s, void *at, const char *value, const struct key *key)
{
	struct ip_prefix prefix;

	if (!prefix_parse(&prefix, value) || prefix.address.version != 6 || !strchr(value, '/'))
		return "an IPv6 address with its length, as fd77::1/64";
	*(struct ip_prefix *)at = prefix;
	return NULL;
}

static const char *
read_ip(struct settings *s, void *at, const char *value, const struct key *key)
{
	struct ip ip;

	if (!ip_parse(&ip, value) || (key->min && ip.version != key->min))
		return key->min == 6 ? "an IPv6 address" : "an IPv4 address";
	*(struct ip *)at = ip;
	return NULL;
}

static const char *
read_forward(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (s->n_forwards == SETTINGS_FORWARDS_MAX)
		return "at most 4 servers";
	if (!ip_parse(&s->forward[s->n_forwards], value))
		return "the address of a name server";
	s->n_forwards++;
	return NULL;
}

static const char *
read_number(struct settings *s, void *at, const char *value, const struct key *key)
{
	static char wanted[64];
	char *end;

	unsigned long n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || strlen(value) > 9 || n < key->min ||
		n > key->max) {
		snprintf(wanted, sizeof wanted, "a number from %u to %u", key->min, key->max);
		return wanted;
	}
	*(uint32_t *)at = (uint32_t)n;
	return NULL;
}

static const char *
read_path(struct settings *s, void *at, const char *value, const struct key *key)
{
	if (value[0] != '/' || strlen(value) >= SETTINGS_PATH_MAX || strstr(value, "/.."))
		return "a whole path (from /, without .., shorter than 200 bytes)";
	strcpy(at, value);
	return NULL;
}

static bool
listen_parse(const char *value, struct ip *ip, uint16_t *to)
{
	char address[IP_TEXT_MAX + 2], *end;
	const char *colon = strrchr(value, ':');
	struct ip parsed;

	if (!colon || (size_t)(colon - value) >= sizeof address)
		return false;
	memcpy(address, value, (size_t)(colon - value));
	address[colon - value] = '\0';
	char *bare = address;
	if (bare[0] == '[' && bare[strlen(bare) - 1] == ']') {
		bare[strlen(bare) - 1] = '\0';
		bare++;
	}
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (!ip_parse(&parsed, bare) || colon[1] < '0' || colon[1] > '9' || *end || port < 1 ||
		port > 65535)
		return false;
	*ip = parsed;
	*to = (uint16_t)port;
	return true;
}

static const char *
read_listen(struct settings *s, void *at, const char *value, const struct key *key)
{
	return listen_parse(value, &s->web_address, &s->web_port)
		       ? NULL
		       : "ADDRESS:PORT, as 127.0.0.1:8480 or [::1]:8480";
}

static const char *
read_tls_listen(struct settings *s, void *at, const char *value, const struct key *key)
{
	return listen_parse(value, &s->web_tls_address, &s->web_tls_port)
		       ? NULL
		       : "ADDRESS:PORT, as 192.168.77.1:8443 or [fd77::1]:8443";
}

#define AT(member) offsetof(struct settings, member)

static const struct key keys[] = {
	{"mode", 0, read_mode},
	{"lan-bridge", AT(bridge), read_interface},
	{"lan-port", AT(port), read_port, .many = true},
	{"lan-address", AT(lan4), read_prefix4},
	{"lan-prefix", AT(lan6), read_prefix6},
	{"uplink", AT(uplink), read_interface},
	{"uplink-mode", 0, read_uplink_mode},
	{"uplink-address", AT(uplink4), read_prefix4},
	{"uplink-gateway", AT(gateway4), read_ip, .min = 4},
	{"uplink-address6", AT(uplink6), read_prefix6},
	{"uplink-gateway6", AT(gateway6), read_ip, .min = 6},
	{"dns-forward", 0, read_forward, .many = true},
	{"containment", 0, read_containment},
	{"join-window", AT(join_window_minutes), read_number, 0, 1440},
	{"packet-cap", AT(packet_cap), read_number, 10, 1000000},
	{"flow-cap", AT(flow_cap), read_number, 1, 100000},
	{"state-directory", AT(state_directory), read_path},
	{"run-directory", AT(run_directory), read_path},
	{"uid-base", AT(uid_base), read_number, 1000, 4000000},
	{"web-listen", 0, read_listen},
	{"web-name", AT(web_name), read_name},
	{"web-certificate", AT(web_certificate), read_path},
	{"web-key", AT(web_key), read_path},
	{"web-tls-listen", 0, read_tls_listen},
	{"metrics", 0, read_metrics},
	{"events-to", 0, read_events_to},
	{"events-socket", AT(events_socket), read_path},
	{"events-as", 0, read_events_as},
	{"community-id-seed", AT(events_seed), read_number, 0, 65535},
	{"mud-ca", AT(mud_ca), read_path},
	{"web-ca", AT(web_ca), read_path},
	{"debug", AT(debug), read_yes},
};

void
settings_init(struct settings *s)
{
	memset(s, 0, sizeof *s);
	s->mode = SETTINGS_ROUTER;
	s->uplink_mode = SETTINGS_UPLINK_NONE;
	strcpy(s->bridge, "br-lan");
	prefix_parse(&s->lan4, "192.168.77.1/24");
	prefix_parse(&s->lan6, "fd77:7069:6e66::1/64");
	s->containment_acts = true;
	s->packet_cap = 4000;
	s->flow_cap = 50;
	s->uid_base = 64500;
	strcpy(s->state_directory, "/var/lib/pinfold");
	strcpy(s->run_directory, "/run/pinfold");
	ip_parse(&s->web_address, "127.0.0.1");
	s->web_port = 8480;
	s->web_tls_port = 8443;
	strcpy(s->web_ca, "/etc/ssl/certs/ca-certificates.crt");
}

/* The word a person typed, made harmless and short for the fault. */
static const char *
shown(const char *word)
{
	static char out[96];
	printable(out, sizeof out, word, strlen(word));
	return out;
}

static char *
trim(char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	size_t len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	return text;
}

static bool
read_line(struct settings *s, char *line, uint64_t *seen, struct fault *why)
{
	char *hash = strchr(line, '#');
	if (hash)
		*hash = '\0';
	line = trim(line);
	if (!*line)
		return true;
	char *equals = strchr(line, '=');
	if (!equals) {
		fault_set(why, ERR_INVALID, "\"%s\" is not \"key = value\"", shown(line));
		return false;
	}
	*equals = '\0';
	char *name = trim(line), *value = trim(equals + 1);
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (strcmp(keys[i].name, name))
			continue;
		if (*seen & UINT64_C(1) << i && !keys[i].many) {
			fault_set(why, ERR_INVALID, "\"%s\" is said twice", keys[i].name);
			return false;
		}
		*seen |= UINT64_C(1) << i;
		const char *wanted = keys[i].read(s, (char *)s + keys[i].offset, value, &keys[i]);
		if (wanted)
			fault_set(why, ERR_INVALID, "\"%s\" for %s: expected %s", shown(value),
				keys[i].name, wanted);
		return !wanted;
	}
	fault_set(why, ERR_INVALID, "unknown key \"%s\"", shown(name));
	return false;
}

static enum err
read_file(struct settings *s, const char *path, struct fault *why)
{
	auto_fclose FILE *file = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	uint64_t seen = 0;

	if (!file) {
		fault_set(why, ERR_SYSTEM, "%s: cannot open: %m", path);
		return ERR_SYSTEM;
	}
	for (int n = 1; fgets(line, sizeof line, file); n++) {
		if (!strchr(line, '\n') && !feof(file))
			fault_set(why, ERR_INVALID, "the line is longer than %d bytes",
				LINE_MAX_BYTES - 2);
		else if (n > FILE_LINES_MAX)
			fault_set(why, ERR_INVALID, "more than %d lines", FILE_LINES_MAX);
		else if (read_line(s, line, &seen, why))
			continue;
		fault_prefix(why, "%s: line %d: ", path, n);
		return ERR_INVALID;
	}
	if (ferror(file)) {
		fault_set(why, ERR_SYSTEM, "%s: cannot read: %m", path);
		return ERR_SYSTEM;
	}
	return ERR_OK;
}

static int
is_drop_in(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".conf");
}

static enum err
read_drop_ins(struct settings *s, const char *path, struct fault *why)
{
	char folder[SETTINGS_PATH_MAX + 16], file[sizeof folder + 260];
	const char *slash = strrchr(path, '/');
	struct dirent **names;
	enum err err = ERR_OK;

	snprintf(folder, sizeof folder, "%.*sconf.d", slash ? (int)(slash - path + 1) : 0, path);
	int n = scandir(folder, &names, is_drop_in, alphasort);
	if (n < 0)
		return ERR_OK; /* no folder, no drop-ins */
	if (n > DROP_INS_MAX) {
		fault_set(why, ERR_INVALID, "%s: more than %d files", folder, DROP_INS_MAX);
		err = ERR_INVALID;
	}
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof file, "%s/%s", folder, names[i]->d_name);
		if (!err)
			err = read_file(s, file, why);
		free(names[i]);
	}
	free(names);
	return err;
}

/* What is missing, or NULL. */
static const char *
tls_lacks(const struct settings *s)
{
	if (!s->web_certificate[0] && !s->web_key[0])
		return s->web_tls_address.version ? "web-tls-listen: web-certificate is missing"
						  : NULL;
	if (!s->web_key[0])
		return "web-certificate: web-key is missing";
	if (!s->web_certificate[0])
		return "web-key: web-certificate is missing";
	if (!s->web_name[0])
		return "web-certificate: say by web-name for which name it is";
	if (!s->web_tls_address.version || !s->web_tls_port)
		return "web-tls-listen: no address";
	if (s->web_tls_port == s->web_port && ip_is_equal(&s->web_tls_address, &s->web_address))
		return "web-tls-listen: the same as web-listen";
	return NULL;
}

bool
settings_is_valid(const struct settings *s, struct fault *why)
{
	const char *lacks = tls_lacks(s);

	if (s->mode != SETTINGS_ROUTER && s->mode != SETTINGS_SENSOR)
		fault_set(why, ERR_INVALID, "mode: neither router nor sensor");
	else if (s->n_ports == 0 || s->n_ports > SETTINGS_PORTS_MAX)
		fault_set(why, ERR_INVALID, "lan-port: name at least one port that devices are on");
	else if (s->events_to == SETTINGS_EVENTS_SOCKET && !s->events_socket[0])
		fault_set(why, ERR_INVALID, "events-socket: needed when events-to is socket");
	else if (lacks)
		fault_set(why, ERR_INVALID, "%s", lacks);
	else if (s->mode == SETTINGS_SENSOR)
		return true;
	else if (!s->uplink[0])
		fault_set(why, ERR_INVALID, "uplink: name the interface towards the internet");
	else if (!strcmp(s->uplink, s->bridge))
		fault_set(why, ERR_INVALID, "uplink: \"%s\" is also the lan-bridge", s->uplink);
	else if (s->lan4.length < 8 || s->lan4.length > 30)
		fault_set(why, ERR_INVALID, "lan-address: the length must be 8 to 30");
	else if (s->lan6.length != 64)
		fault_set(why, ERR_INVALID, "lan-prefix: the length must be 64");
	else if (s->uplink_mode == SETTINGS_UPLINK_STATIC && s->uplink4.address.version != 4)
		fault_set(why, ERR_INVALID, "uplink-address: needed when uplink-mode is static");
	else {
		for (uint32_t i = 0; i < s->n_ports; i++)
			if (!strcmp(s->port[i], s->uplink)) {
				fault_set(why, ERR_INVALID, "lan-port: \"%s\" is also the uplink",
					s->uplink);
				return false;
			}
		return true;
	}
	return false;
}

enum err
settings_read(struct settings *settings, const char *path, struct fault *why)
{
	struct settings read;

	settings_init(&read);
	enum err err = read_file(&read, path, why);
	if (!err)
		err = read_drop_ins(&read, path, why);
	if (err)
		return err;
	/* Only now is it known what the address of the LAN is. */
	if (read.web_certificate[0] && !read.web_tls_address.version)
		read.web_tls_address =
			read.mode == SETTINGS_ROUTER ? read.lan4.address : read.web_address;
	if (!settings_is_valid(&read, why)) {
		fault_prefix(why, "%s: ", path);
		return ERR_INVALID;
	}
	*settings = read;
	return ERR_OK;
}
