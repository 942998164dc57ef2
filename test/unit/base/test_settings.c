/* SPDX-License-Identifier: Apache-2.0 */
#include "base/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define HOME "lan-port = p1\nuplink = wan0\n"
#define TLS  "web-name = pages.example\nweb-certificate = /etc/c.pem\nweb-key = /etc/k.pem\n"

static struct settings settings;
static struct fault why;

static enum err
read_text(const char *text)
{
	char folder[] = "/tmp/settings-XXXXXX", path[64];

	memset(&why, 0, sizeof why);
	EXPECT(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/pinfold.conf", folder);
	FILE *file = fopen(path, "w");
	EXPECT(file != NULL);
	fputs(text, file);
	fclose(file);
	enum err err = settings_read(&settings, path, &why);
	unlink(path);
	rmdir(folder);
	return err;
}

static bool
is_refused(const char *text, const char *said)
{
	return read_text(text) == ERR_INVALID && strstr(why.text, said);
}

TEST(without_a_certificate_there_is_no_tls)
{
	EXPECT(!read_text(HOME "web-name = pages.example\n"));
	EXPECT_STR(settings.web_certificate, "");
	EXPECT_INT(settings.web_tls_address.version, 0);
}

TEST(tls_is_on_the_address_of_the_lan_unless_told_otherwise)
{
	char text[IP_TEXT_MAX];

	EXPECT(!read_text(HOME TLS "lan-address = 10.1.2.3/24\n"));
	EXPECT_STR(ip_render(&settings.web_tls_address, text), "10.1.2.3");
	EXPECT_INT(settings.web_tls_port, 8443);
	EXPECT(!read_text("mode = sensor\nweb-listen = 10.9.9.9:80\nlan-port = p1\n" TLS));
	EXPECT_STR(ip_render(&settings.web_tls_address, text), "10.9.9.9");
	EXPECT(!read_text(HOME TLS "web-tls-listen = [fd00::7]:443\n"));
	EXPECT_STR(ip_render(&settings.web_tls_address, text), "fd00::7");
	EXPECT_INT(settings.web_tls_port, 443);
}

TEST(half_of_what_tls_needs_is_refused_by_name)
{
	EXPECT(is_refused(HOME "web-name = a.example\nweb-certificate = /c\n", "web-key"));
	EXPECT(is_refused(HOME "web-name = a.example\nweb-key = /k\n", "web-certificate"));
	EXPECT(is_refused(HOME "web-certificate = /c\nweb-key = /k\n", "web-name"));
	EXPECT(is_refused(HOME "web-tls-listen = 127.0.0.1:1\n", "web-certificate"));
	EXPECT(is_refused(HOME TLS "web-tls-listen = 127.0.0.1:8480\n", "web-listen"));
	EXPECT(is_refused(HOME TLS "web-tls-listen = 8443\n", "ADDRESS:PORT"));
	EXPECT(is_refused(HOME "web-name = a.example\nweb-key = k.pem\n", "whole path"));
}
