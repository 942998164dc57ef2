/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/site.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"

#define SCHEME "https://"

static size_t
authority_len(const struct mud_url *url)
{
	return strcspn(url->text + strlen(SCHEME), "/?#");
}

void
site_host(const struct mud_url *url, char out[static 256])
{
	const char *at = url->text + strlen(SCHEME);
	size_t len = strcspn(at, ":/?#");

	if (len && at[len - 1] == '.')
		len--;
	memcpy(out, at, len);
	out[len] = '\0';
}

void
site_of(struct site *site, const struct mud_url *url)
{
	static const char *const services[] = {
		"www.", "www2.", "mud.", "iot.", "files.", "static."};

	site_host(url, site->name);
	for (size_t i = 0; i < COUNT_OF(services); i++) {
		size_t len = strlen(services[i]);
		/* "mud.example" is a name of its own: what is left has to have two labels. */
		if (!strncmp(site->name, services[i], len) && strchr(site->name + len, '.')) {
			memmove(site->name, site->name + len, strlen(site->name + len) + 1);
			return;
		}
	}
}

bool
site_holds(const struct site *site, const struct mud_url *url)
{
	char host[256];

	site_host(url, host);
	size_t len = strlen(host), own = strlen(site->name);
	return own && len >= own && !strcmp(host + len - own, site->name) &&
	       (len == own || host[len - own - 1] == '.');
}

static bool
parse(struct mud_url *out, const char *text)
{
	struct mud_url url;

	if (!mud_url_from_bytes(&url, (const uint8_t *)text, strlen(text)))
		return false;
	*out = url;
	return true;
}

bool
site_url_from_owner(struct mud_url *out, const char *text)
{
	char whole[300];

	snprintf(whole, sizeof whole, "%s%.256s", strstr(text, "://") ? "" : SCHEME, text);
	return strlen(whole) < sizeof out->text && !strchr(whole, ' ') && parse(out, whole);
}

bool
site_url_at(struct mud_url *out, const struct mud_url *base, const char *path)
{
	char whole[512];
	int len = snprintf(whole, sizeof whole, SCHEME "%.*s%s", (int)authority_len(base),
		base->text + strlen(SCHEME), path);

	return len > 0 && len < (int)sizeof out->text && parse(out, whole);
}

bool
site_front(struct mud_url *out, const struct site *site, bool is_www)
{
	char whole[300];

	snprintf(whole, sizeof whole, SCHEME "%s%s/", is_www ? "www." : "", site->name);
	return strlen(whole) < sizeof out->text && parse(out, whole);
}

const char *
site_path(const struct mud_url *url)
{
	const char *path = url->text + strlen(SCHEME) + authority_len(url);

	return *path ? path : "/";
}

/* --- references -------------------------------------------------------------------------------- */

/* RFC 3986, section 5.2.4; in place. */
static void
remove_dots(char *path)
{
	char *in = path, *out = path;

	while (*in && *in != '?') {
		size_t len = 1 + strcspn(in + 1, "/?");
		bool is_last = in[len] == '\0' || in[len] == '?';
		if (len == 2 && in[1] == '.') {
			in += len;
			if (is_last)
				*out++ = '/';
		} else if (len == 3 && in[1] == '.' && in[2] == '.') {
			in += len;
			while (out > path && *--out != '/')
				;
			if (is_last)
				*out++ = '/';
		} else {
			memmove(out, in, len);
			in += len;
			out += len;
		}
	}
	memmove(out, in, strlen(in) + 1);
}

bool
site_url_resolve(struct mud_url *out, const struct mud_url *base, const char *reference)
{
	char path[1024];
	size_t len = strcspn(reference, "#");
	const char *base_path = site_path(base);

	while (len && (*reference == ' ' || *reference == '\n')) {
		reference++;
		len--;
	}
	if (len > 256)
		return false;
	size_t scheme = strcspn(reference, ":/?#");
	if (scheme < len && reference[scheme] == ':') {
		if (strncasecmp(reference, SCHEME, strlen(SCHEME)))
			return false;
		snprintf(path, sizeof path, "%.*s", (int)len, reference);
		return parse(out, path);
	}
	if (len >= 2 && reference[0] == '/' && reference[1] == '/') {
		snprintf(path, sizeof path, "https:%.*s", (int)len, reference);
		return parse(out, path);
	}
	if (len && reference[0] == '/')
		snprintf(path, sizeof path, "%.*s", (int)len, reference);
	else if (!len)
		snprintf(path, sizeof path, "%.*s", (int)strcspn(base_path, "#"), base_path);
	else if (reference[0] == '?')
		snprintf(path, sizeof path, "%.*s%.*s", (int)strcspn(base_path, "?#"), base_path,
			(int)len, reference);
	else {
		size_t folder = strcspn(base_path, "?#");
		while (folder && base_path[folder - 1] != '/')
			folder--;
		snprintf(
			path, sizeof path, "%.*s%.*s", (int)folder, base_path, (int)len, reference);
	}
	if (path[0] != '/')
		return false;
	remove_dots(path);
	return site_url_at(out, base, path[0] ? path : "/");
}

/* --- which links are worth it ------------------------------------------------------------------- */

static bool
holds(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

int
site_interest(const char *path, const char *text, const char *model)
{
	static const char *const surely[] = {"vulnerab", "disclos", "psirt", "security.txt",
		"product-security", "product security", "report a security", "security-policy",
		"security policy", "security-advis", "security advis", "/security",
		"security update", "security-update", "support-period", "support period",
		"end-of-life", "end of life", "end-of-support", "end of support", "lifecycle",
		"life cycle", "life-cycle", "psti", "update policy", "update-policy",
		"updates until", "compliance", "csirt", "vdp"};
	static const char *const perhaps[] = {"security", "support", "update", "firmware", "safety",
		"trust", "legal", "warranty", "responsib"};
	static const char *const never[] = {".jpg", ".jpeg", ".png", ".gif", ".zip", ".mp4", ".css",
		".js", ".ico", ".exe", ".dmg", ".apk", ".bin", "/cart", "/login", "/account",
		"/checkout", "/search", "/basket", "logout"};

	for (size_t i = 0; i < COUNT_OF(never); i++)
		if (holds(path, never[i]))
			return 0;
	for (size_t i = 0; i < COUNT_OF(surely); i++)
		if (holds(path, surely[i]) || holds(text, surely[i]))
			return 2;
	if (strlen(model) >= 3 && (holds(path, model) || holds(text, model)))
		return 1;
	for (size_t i = 0; i < COUNT_OF(perhaps); i++)
		if (holds(path, perhaps[i]) || holds(text, perhaps[i]))
			return 1;
	return 0;
}
