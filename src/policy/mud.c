/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mud.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/mud_url.h"

enum { HOST_MAX = 253, LABEL_MAX = 63 };

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool
host_name_parse(char out[static MUD_TEXT_MAX], const char *text, size_t len)
{
	char name[MUD_TEXT_MAX] = {0};
	size_t start = 0;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != '.') {
			name[i] = lower(text[i]);
			if (!is_host_byte(name[i]))
				return false;
			continue;
		}
		if (i == start || i - start > LABEL_MAX || name[start] == '-' || name[i - 1] == '-')
			return false;
		if (i < len) {
			name[i] = '.';
			start = i + 1;
		}
	}
	/* "10.1" and "1" are addresses to some, never names of servers */
	if (name[start] >= '0' && name[start] <= '9' &&
		strspn(name + start, "0123456789") == len - start)
		return false;
	memcpy(out, name, sizeof name);
	return true;
}

/* --- validity of a struct that came through a descriptor ------------------------------------ */

/* Terminated, printable, and zero behind the end: nothing rides along. */
static bool
is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size || !is_printable(text))
		return false;
	for (size_t i = len; i < size; i++)
		if (text[i])
			return false;
	return true;
}

static bool
is_host_name(const char *name)
{
	char again[MUD_TEXT_MAX];

	return host_name_parse(again, name, strlen(name)) && !strcmp(again, name);
}

static bool
is_url(const char *text)
{
	struct mud_url url;

	return mud_url_from_bytes(&url, (const uint8_t *)text, strlen(text)) &&
	       !strcmp(url.text, text);
}

static bool
has_name(const struct mud_ace *ace)
{
	return ace->remote == MUD_REMOTE_NAME;
}

static bool
has_uri(const struct mud_ace *ace)
{
	return ace->remote == MUD_REMOTE_MANUFACTURER || ace->remote == MUD_REMOTE_MODEL ||
	       ace->remote == MUD_REMOTE_CONTROLLER;
}

static bool
is_prefix(const struct ip_prefix *prefix, uint8_t version)
{
	return ip_is_valid(&prefix->address) && prefix->address.version == version &&
	       prefix->length <= (version == 4 ? 32 : 128) && !prefix->zero[0] &&
	       !prefix->zero[1] && !prefix->zero[2];
}

static bool
ports_are_any(const struct mud_ace *ace)
{
	return ace->device_lo == 0 && ace->device_hi == MUD_PORT_ANY_HI && ace->remote_lo == 0 &&
	       ace->remote_hi == MUD_PORT_ANY_HI;
}

static bool
icmp_is_any(const struct mud_ace *ace)
{
	return ace->icmp_type == MUD_ICMP_ANY && ace->icmp_code == MUD_ICMP_ANY;
}

static bool
is_proto(const struct mud_ace *ace)
{
	switch (ace->proto) {
	case IPPROTO_TCP:
		return icmp_is_any(ace);
	case IPPROTO_UDP:
		return icmp_is_any(ace) && ace->initiated == MUD_DIRECTION_UNKNOWN;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ports_are_any(ace) && ace->initiated == MUD_DIRECTION_UNKNOWN &&
		       (ace->icmp_type <= 255 || ace->icmp_type == MUD_ICMP_ANY) &&
		       (ace->icmp_code <= 255 || ace->icmp_code == MUD_ICMP_ANY);
	case 0:
		return ports_are_any(ace) && icmp_is_any(ace) &&
		       ace->initiated == MUD_DIRECTION_UNKNOWN;
	}
	return false;
}

static bool
is_ace(const struct mud *mud, const struct mud_ace *ace)
{
	static const struct ip_prefix no_prefix;

	if (ace->direction == MUD_DIRECTION_UNKNOWN || ace->direction >= MUD_DIRECTION_COUNT ||
		ace->initiated >= MUD_DIRECTION_COUNT || ace->action == MUD_ACTION_UNKNOWN ||
		ace->action >= MUD_ACTION_COUNT || ace->remote == MUD_REMOTE_UNKNOWN ||
		ace->remote >= MUD_REMOTE_COUNT || ace->is_held > 1 || ace->in_quarantine > 1 ||
		ace->zero)
		return false;
	if (ace->version != 0 && ace->version != 4 && ace->version != 6)
		return false;
	if (ace->device_lo > ace->device_hi || ace->remote_lo > ace->remote_hi || !is_proto(ace))
		return false;
	/* a name without a family cannot be said in a file */
	if (has_name(ace) && !ace->version)
		return false;
	if (has_name(ace)      ? ace->text >= mud->n_names
		: has_uri(ace) ? ace->text >= mud->n_uris
			       : ace->text != 0)
		return false;
	if (ace->remote == MUD_REMOTE_PREFIX ? !is_prefix(&ace->prefix, ace->version)
					     : memcmp(&ace->prefix, &no_prefix, sizeof no_prefix))
		return false;
	for (size_t i = 0; i < sizeof ace->zero2; i++)
		if (ace->zero2[i])
			return false;
	return is_text(ace->name, sizeof ace->name);
}

bool
mud_is_valid(const struct mud *mud)
{
	struct mud_url url;
	char authority[256];

	if (mud->version != MUD_STRUCT_VERSION || mud->n_aces > MUD_ACES_MAX ||
		mud->n_names > MUD_NAMES_MAX || mud->n_uris > MUD_URIS_MAX ||
		mud->n_notes > MUD_NOTES_MAX)
		return false;
	if (mud->is_supported > 1 || mud->has_from_device > 1 || mud->has_to_device > 1 ||
		mud->needs_approval > 1 || mud->cache_validity_h < 1 ||
		mud->cache_validity_h > 168 || mud->zero[0] || mud->zero[1] || mud->zero[2])
		return false;
	if (!is_text(mud->url, sizeof mud->url) || !is_url(mud->url) ||
		!is_text(mud->authority, sizeof mud->authority) ||
		!is_text(mud->signature, sizeof mud->signature) ||
		!is_text(mud->systeminfo, sizeof mud->systeminfo) ||
		!is_text(mud->manufacturer, sizeof mud->manufacturer) ||
		!is_text(mud->model, sizeof mud->model) ||
		!is_text(mud->firmware, sizeof mud->firmware) ||
		!is_text(mud->software, sizeof mud->software))
		return false;
	memcpy(url.text, mud->url, sizeof url.text);
	mud_url_authority(&url, authority);
	if (strcmp(authority, mud->authority))
		return false;
	for (size_t i = 0; i < mud->n_names; i++)
		if (!is_text(mud->name[i], sizeof mud->name[i]) || !is_host_name(mud->name[i]))
			return false;
	for (size_t i = 0; i < mud->n_uris; i++)
		if (!is_text(mud->uri[i], sizeof mud->uri[i]) || !mud->uri[i][0])
			return false;
	for (size_t i = 0; i < mud->n_notes; i++)
		if (!is_text(mud->note[i].path, sizeof mud->note[i].path) ||
			!is_text(mud->note[i].reason, sizeof mud->note[i].reason))
			return false;
	for (size_t i = 0; i < mud->n_aces; i++)
		if (!is_ace(mud, &mud->ace[i]))
			return false;
	return true;
}
