/* SPDX-License-Identifier: Apache-2.0 */
#include "process/fetcher_url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* "maker.example." is "maker.example"; one form, so that what is pinned is what is asked for. */
static void
strip_dot(struct mud_url *url)
{
	char *host = url->text + strlen("https://");
	size_t len = strcspn(host, ":/?#");

	if (len > 1 && host[len - 1] == '.') {
		memmove(host + len - 1, host + len, strlen(host + len) + 1);
		/* nothing behind the end */
		size_t used = strlen(url->text);
		memset(url->text + used, 0, sizeof url->text - used);
	}
}

bool
fetch_url_begin(struct mud_url *out, const char *text)
{
	if (!mud_url_from_bytes(out, (const uint8_t *)text, strlen(text)))
		return false;
	strip_dot(out);
	return true;
}

bool
fetch_url_resolve(struct mud_url *out, const struct mud_url *base, const char *reference)
{
	CURLU *url = curl_url();
	char *text = NULL;
	bool is_fine = false;

	/* the whole is checked as strictly as what a device claims: https, a name, no user */
	if (url && !curl_url_set(url, CURLUPART_URL, base->text, 0) &&
		!curl_url_set(url, CURLUPART_URL, reference, 0) &&
		!curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) &&
		!curl_url_get(url, CURLUPART_URL, &text, 0) && !strchr(text, ' '))
		is_fine = fetch_url_begin(out, text);
	curl_free(text);
	curl_url_cleanup(url);
	return is_fine;
}

bool
fetch_url_guess_signature(struct mud_url *out, const struct mud_url *file)
{
	size_t len = strlen(file->text);

	if (len < 5 || strcmp(file->text + len - 5, ".json") || strpbrk(file->text, "?#"))
		return false;
	*out = *file;
	memset(out->text + len - 5, 0, 5);
	memcpy(out->text + len - 5, ".p7s", 4);
	return true;
}

void
fetch_url_host(const struct mud_url *url, char host[static 256], uint16_t *port)
{
	const char *authority = url->text + strlen("https://");
	size_t len = strcspn(authority, ":/?#");

	memcpy(host, authority, len);
	host[len] = '\0';
	*port = 443;
	if (authority[len] == ':')
		*port = (uint16_t)strtoul(authority + len + 1, NULL, 10);
}

bool
fetch_address_is_fine(const struct ip *ip, const struct settings *settings)
{
	const struct ip_prefix *own[] = {&settings->lan4, &settings->lan6};

	if (!ip_is_valid(ip) || ip_is_inside(ip))
		return false;
	for (int i = 0; i < 2; i++)
		if (own[i]->address.version && prefix_contains(own[i], ip))
			return false;
	return !ip_is_equal(ip, &settings->uplink4.address) &&
	       !ip_is_equal(ip, &settings->uplink6.address);
}
