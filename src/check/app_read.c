/* SPDX-License-Identifier: Apache-2.0 */
#include "check/app_read.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/hex.h"
#include "base/printable.h"
#include "firmware/apk.h"
#include "firmware/zip.h"

enum {
	READ_PIECE = 256 * 1024,
	NETWORK_MAX = 64 * 1024, /* of one file that may be about the network */
	NETWORKS_MAX = 4,        /* files of that kind that are kept */
	LOOKED_AT_MAX = 8192,    /* small XML files that are looked into */
	NAME_MAX_SHOWN = 96,
};
static const char prefix[] = "res/", suffix[] = ".xml";

static bool
read_at(void *arg, uint64_t at, void *out, size_t len)
{
	const int *fd = arg;
	uint8_t *to = out;

	while (len) {
		ssize_t n = pread(*fd, to, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* --- writing down ------------------------------------------------------------------------------- */

static void
digest_of(const void *bytes, size_t len, char out[static 65])
{
	uint8_t hash[32];

	if (!EVP_Digest(bytes, len, hash, NULL, EVP_sha256(), NULL))
		abort();
	hex_text(hash, sizeof hash, out);
}

static void
record(struct session *session, const char *step, const char *name, const uint8_t *bytes,
	size_t len)
{
	char digest[65];
	uint32_t round = 1;

	digest_of(bytes, len, digest);
	for (size_t at = 0; at < len; at += APP_PIECE, round++) {
		struct exchange e = {.round = round,
			.received = bytes + at,
			.n_received = len - at < APP_PIECE ? len - at : APP_PIECE};
		snprintf(e.step, sizeof e.step, "%s", step);
		snprintf(e.note, sizeof e.note, "%.*s sha256=%s", NAME_MAX_SHOWN, name, digest);
		session_record(session, &e);
	}
}

static void
show_name(const struct zip *zip, size_t entry, char out[static NAME_MAX_SHOWN + 1])
{
	size_t len;
	const uint8_t *name = zip_name(zip, entry, &len);

	(void)printable(out, NAME_MAX_SHOWN + 1, name, len);
}

/* The whole of it: which package was looked at, anybody can compare. */
static bool
record_package(struct session *session, int fd, uint64_t size, size_t n_files)
{
	auto_free uint8_t *bytes = must_alloc(1, READ_PIECE);
	EVP_MD_CTX *whole = EVP_MD_CTX_new();
	uint8_t hash[32];
	char text[65];
	bool is_good = whole && EVP_DigestInit_ex(whole, EVP_sha256(), NULL);

	for (uint64_t at = 0; is_good && at < size && !session_is_over(session); at += READ_PIECE) {
		size_t len = size - at < READ_PIECE ? (size_t)(size - at) : READ_PIECE;
		is_good = read_at(&fd, at, bytes, len) && EVP_DigestUpdate(whole, bytes, len);
	}
	is_good = is_good && EVP_DigestFinal_ex(whole, hash, NULL);
	EVP_MD_CTX_free(whole);
	if (!is_good)
		return false;
	hex_text(hash, sizeof hash, text);
	session_note(session, "package", "bytes=%llu files=%zu sha256=%s", (unsigned long long)size,
		n_files, text);
	return true;
}

/* --- what is in it ---------------------------------------------------------------------------------- */

static void
take_manifest(struct session *session, const struct zip *zip)
{
	static const char name[] = "AndroidManifest.xml";
	auto_free uint8_t *bytes = must_alloc(1, AXML_BYTES_MAX);
	struct fault why;
	size_t count, len;
	int place = zip_find(zip, name, &count);

	if (place < 0) {
		session_note(session, "refused", "there is no %s in it", name);
		return;
	}
	if (count > 1)
		session_note(session, "odd",
			"%s is in it %zu times, and phones differ in which one they read", name,
			count);
	if (zip_extract(zip, (size_t)place, bytes, AXML_BYTES_MAX, &len, &why))
		record(session, "manifest", name, bytes, len);
	else
		session_note(session, "refused", "%s: %s", name, why.text);
}

static bool
may_be_network(const struct zip *zip, size_t entry)
{
	size_t len;
	const uint8_t *name = zip_name(zip, entry, &len);

	return len > sizeof prefix + sizeof suffix - 2 && zip->entry[entry].size <= NETWORK_MAX &&
	       !memcmp(name, prefix, sizeof prefix - 1) &&
	       !memcmp(name + len - (sizeof suffix - 1), suffix, sizeof suffix - 1);
}

/*
 * The manifest names it by a number, and builders give its file any name; so every
 * small XML file of the resources is asked what it is.
 */
static void
take_networks(struct session *session, const struct zip *zip)
{
	auto_free uint8_t *bytes = must_alloc(1, NETWORK_MAX);
	size_t n_looked_at = 0, n_found = 0, len;
	char name[NAME_MAX_SHOWN + 1];
	struct fault why;

	for (size_t i = 0; i < zip->n && !session_is_over(session); i++) {
		if (!may_be_network(zip, i))
			continue;
		if (n_looked_at++ == LOOKED_AT_MAX || n_found == NETWORKS_MAX) {
			session_note(session, "odd",
				"it has more files than are looked into; a file about its network "
				"may be among them");
			return;
		}
		if (!zip_extract(zip, i, bytes, NETWORK_MAX, &len, &why) ||
			!apk_is_network(bytes, len))
			continue;
		show_name(zip, i, name);
		record(session, "network", name, bytes, len);
		n_found++;
	}
}

static void
read_package(struct session *session)
{
	int fd = session_file(session);
	struct fault why;
	struct stat st;
	struct zip zip;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		session_note(session, "refused", "it is no file");
		return;
	}
	if (!zip_open(&zip, read_at, &fd, (uint64_t)st.st_size, &why)) {
		session_note(session, "refused", "%s", why.text);
		return;
	}
	if (zip.is_overlapping)
		session_note(session, "odd", "files lie over one another in it");
	if (record_package(session, fd, (uint64_t)st.st_size, zip.n)) {
		take_manifest(session, &zip);
		take_networks(session, &zip);
	} else {
		session_note(session, "refused", "it cannot be read to its end");
	}
	zip_close(&zip);
}

void
app_read_begin(void)
{
	app_read = read_package;
}
