/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { CERTIFICATE_MAX = 64 * 1024, KEY_MAX = 16 * 1024 };

static struct {
	char pem[CERTIFICATE_MAX + 1];
	size_t len;
} certificate;
static struct {
	char pem[KEY_MAX + 1];
	size_t len;
} key;
static gnutls_x509_crt_t first;       /* the certificate itself, without its chain; NULL: none */
static bool has_certificate, has_key; /* handed over, whatever is in them */
static enum web_tls state;

/* Zero-terminated; 0: nothing of use, or longer than there is room for. */
static size_t
read_whole(int fd, char *out, size_t most)
{
	size_t len = 0;

	while (len <= most) {
		ssize_t n = read(fd, out + len, most + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	len = len > most ? 0 : len;
	out[len] = '\0';
	return len;
}

static bool
belong_together(void)
{
	gnutls_certificate_credentials_t both;
	gnutls_datum_t chain = {(unsigned char *)certificate.pem, (unsigned)certificate.len};
	gnutls_datum_t of_it = {(unsigned char *)key.pem, (unsigned)key.len};

	if (gnutls_certificate_allocate_credentials(&both))
		return false;
	int failed = gnutls_certificate_set_x509_key_mem(both, &chain, &of_it, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(both);
	if (failed < 0)
		log_warnx("http", "web-certificate and web-key: %s; there is no TLS",
			gnutls_strerror(failed));
	return failed >= 0;
}

static void
take_first(void)
{
	gnutls_datum_t chain = {(unsigned char *)certificate.pem, (unsigned)certificate.len};

	if (first || gnutls_x509_crt_init(&first))
		return;
	if (gnutls_x509_crt_import(first, &chain, GNUTLS_X509_FMT_PEM)) {
		gnutls_x509_crt_deinit(first);
		first = NULL;
	}
}

void
tls_read(enum descriptor what, int fd)
{
	if (what == DESCRIPTOR_WEB_KEY)
		key.len = read_whole(fd, key.pem, KEY_MAX);
	else
		certificate.len = read_whole(fd, certificate.pem, CERTIFICATE_MAX);
	close(fd);
	has_key = has_key || what == DESCRIPTOR_WEB_KEY;
	if (what != DESCRIPTOR_WEB_CERTIFICATE)
		return;
	has_certificate = true;
	take_first();
}

bool
tls_is_ready(void)
{
	if (!has_certificate || !has_key)
		return false;
	if (state == WEB_TLS_UNKNOWN)
		state = first && belong_together() ? WEB_TLS_NO_SOCKET : WEB_TLS_NOT_OURS;
	return state == WEB_TLS_NO_SOCKET;
}

const char *
tls_certificate(void)
{
	return certificate.pem;
}

const char *
tls_key(void)
{
	return key.pem;
}

void
tls_served(void)
{
	state = WEB_TLS_SERVED;
}

void
tls_forget(void)
{
	explicit_bzero(&key, sizeof key);
}

void
tls_describe(struct message_web_tls *m, const char *name)
{
	memset(m, 0, sizeof *m);
	m->state = state == WEB_TLS_UNKNOWN ? WEB_TLS_NO_FILES : (uint8_t)state;
	if (!first)
		return;
	m->from_s = (uint64_t)gnutls_x509_crt_get_activation_time(first);
	m->until_s = (uint64_t)gnutls_x509_crt_get_expiration_time(first);
	m->is_named = gnutls_x509_crt_check_hostname(first, name) != 0;
}
