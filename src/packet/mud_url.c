/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/mud_url.h"

#include <assert.h>
#include <string.h>

#include "packet/reader.h"

enum { HOST_MAX = 253, LABEL_MAX = 63 };

static const char scheme[] = "https://";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_host_byte(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-' || c == '_';
}

/* Visible ASCII but what RFC 3986 (section 2) leaves out, and the single quote. */
static bool
is_url_byte(uint8_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("\"'\\<>^`{|}", c);
}

/*
 * A name of labels (RFC 1123, section 2.1).  The last one starts with a letter:
 * an address in any notation (127.1, 0x7f000001) is not a maker's server.
 */
static bool
is_host(const char *host, size_t len)
{
	size_t start = 0, last = 0;

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && host[i] != '.') {
			if (!is_host_byte(host[i]))
				return false;
			continue;
		}
		if (i == start || i - start > LABEL_MAX || host[start] == '-' || host[i - 1] == '-')
			return false;
		last = start;
		start = i + 1;
	}
	return lower(host[last]) >= 'a' && lower(host[last]) <= 'z';
}

static bool
is_port(const char *port, size_t len)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(port[i]))
			return false;
		value = value * 10 + (unsigned)(port[i] - '0');
	}
	return value >= 1 && value <= 65535;
}

/* host, or host:port; a user name ("@") is no byte of a host. */
static bool
is_authority(const char *authority, size_t len, size_t *host_len)
{
	const char *colon = len ? memchr(authority, ':', len) : NULL;

	*host_len = colon ? (size_t)(colon - authority) : len;
	if (colon && !is_port(colon + 1, len - *host_len - 1))
		return false;
	return is_host(authority, *host_len);
}

bool
mud_url_from_bytes(struct mud_url *url, const uint8_t *bytes, size_t len)
{
	struct mud_url out = {0};
	size_t host_len;

	if (len == 0 || len > MUD_URL_MAX)
		return false;
	const uint8_t *space = memchr(bytes, ' ', len);
	if (space)
		len = (size_t)(space - bytes);
	for (size_t i = 0; i < len; i++)
		if (!is_url_byte(bytes[i]))
			return false;
	memcpy(out.text, bytes, len);
	for (size_t i = 0; i < sizeof scheme - 1; i++) {
		out.text[i] = lower(out.text[i]);
		if (out.text[i] != scheme[i])
			return false;
	}
	char *authority = out.text + sizeof scheme - 1;
	if (!is_authority(authority, strcspn(authority, "/?#"), &host_len))
		return false;
	for (size_t i = 0; i < host_len; i++)
		authority[i] = lower(authority[i]);
	*url = out;
	return true;
}

void
mud_url_authority(const struct mud_url *url, char out[static 256])
{
	const char *authority = url->text + sizeof scheme - 1;
	size_t len = strcspn(authority, "/?#"), host_len;
	bool is_ours = is_authority(authority, len, &host_len);

	assert(is_ours);
	const char *port = authority + host_len;
	size_t port_len = len - host_len;
	if (port_len) {
		/* ":00443" is the default port as well */
		const char *digit = port + 1 + strspn(port + 1, "0");
		if (port + port_len - digit == 3 && !memcmp(digit, "443", 3))
			port_len = 0;
	}
	if (authority[host_len - 1] == '.')
		host_len--;
	memcpy(out, authority, host_len);
	memcpy(out + host_len, port, port_len);
	out[host_len + port_len] = '\0';
}

bool
mud_url_is_equal(const struct mud_url *a, const struct mud_url *b)
{
	return !strcmp(a->text, b->text);
}
