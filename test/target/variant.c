/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <stdio.h>
#include <string.h>

/* Steele, Lea and Flood's SplitMix64: every bit of the seed reaches every bit of the result. */
static uint64_t
mixed(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

unsigned
variant_pick(const struct variant *variant, const char *word, unsigned n)
{
	uint64_t x = mixed(variant->seed);

	for (; *word; word++)
		x = mixed(x ^ (uint8_t)*word);
	return (unsigned)(x % n);
}

bool
variant_has(const struct variant *variant, const char *fault)
{
	return !strcmp(variant->fault, fault);
}

size_t
made_up_file(const struct variant *variant, const char *path, char *text, size_t size)
{
	int len;

	if (strstr(path, "passwd"))
		len = snprintf(text, size,
			"root:x:0:0:root:/root:/bin/sh\n"
			"nobody:x:99:99:nobody:/home:/bin/false\n"
			"svc%u:x:1000:1000::/tmp:/bin/sh\n",
			variant_pick(variant, "account", 100));
	else if (strstr(path, ".git"))
		len = snprintf(text, size,
			"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
			"[remote \"origin\"]\n\turl = ssh://git@build.example/fw%u.git\n",
			variant_pick(variant, "account", 100));
	else if (strstr(path, ".xml"))
		len = snprintf(text, size,
			"<?xml version=\"1.0\"?>\n<config><wifi><ssid>home-%u</ssid>"
			"<psk>made-up-%u</psk></wifi><admin><user>admin</user>"
			"<password>made-up-%u</password></admin></config>\n",
			variant_pick(variant, "ssid", 1000), variant_pick(variant, "psk", 100000),
			variant_pick(variant, "psk", 100000));
	else if (strstr(path, "htpasswd"))
		len = snprintf(text, size, "admin:$apr1$mAdEuP%02u$5bS9oF0mHk3Q2nV7wX1yZ/\n",
			variant_pick(variant, "account", 100));
	else if (strstr(path, ".env"))
		len = snprintf(text, size, "APP_KEY=made-up-%u\nDB_PASSWORD=made-up-%u\n",
			variant_pick(variant, "psk", 100000), variant_pick(variant, "ssid", 1000));
	else
		len = snprintf(text, size,
			"[wireless]\nssid=home-%u\nwpa_psk=made-up-%u\n"
			"[admin]\nusername=admin\npassword=made-up-%u\n",
			variant_pick(variant, "ssid", 1000), variant_pick(variant, "psk", 100000),
			variant_pick(variant, "psk", 100000));
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
