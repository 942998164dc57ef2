/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_TEST_PACKAGE_H
#define PINFOLD_TEST_PACKAGE_H

/*
 * Makes packages of apps as Android's tools would: binary XML and ZIP archives,
 * and, since each piece can be changed before it is put together, such as no tool
 * would make.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/* --- bytes ------------------------------------------------------------------------------------ */

struct made {
	size_t len;
	uint8_t bytes[1 << 18];
};

static inline void
put(struct made *to, const void *bytes, size_t len)
{
	assert(to->len + len <= sizeof to->bytes);
	if (len)
		memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

static inline void
put16(struct made *to, unsigned value)
{
	put(to, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

static inline void
put32(struct made *to, uint32_t value)
{
	put16(to, value & 0xffff);
	put16(to, value >> 16);
}

static inline void
set32(struct made *in, size_t at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		in->bytes[at + (size_t)i] = (uint8_t)(value >> (8 * i));
}

/* --- binary XML --------------------------------------------------------------------------------- */

enum { STRINGS_MAX = 200, NONE = -1, OF_NUMBER = 0x10, OF_TRUTH = 0x12, OF_TEXT = 3, OF_FILE = 1 };

/* Attributes that the platform knows by number stand first in the pool, in this order. */
static const struct {
	const char *name;
	uint32_t id;
} numbered[] = {
	{"name", 0x01010003},
	{"permission", 0x01010006},
	{"readPermission", 0x01010007},
	{"writePermission", 0x01010008},
	{"debuggable", 0x0101000f},
	{"exported", 0x01010010},
	{"minSdkVersion", 0x0101020c},
	{"versionCode", 0x0101021b},
	{"versionName", 0x0101021c},
	{"targetSdkVersion", 0x01010270},
	{"testOnly", 0x01010272},
	{"allowBackup", 0x01010280},
	{"usesCleartextTraffic", 0x010104ec},
	{"networkSecurityConfig", 0x01010527},
};
enum { N_NUMBERED = sizeof numbered / sizeof *numbered };

struct xml {
	bool is_utf8;
	size_t n_strings;
	const char *string[STRINGS_MAX];
	struct made body;
};

struct attribute {
	const char *name;
	uint8_t type;
	const char *text;
	uint32_t data;
};
#define TEXT(name, text)                                                                           \
	{                                                                                          \
		name, OF_TEXT, text, 0                                                             \
	}
#define TRUTH(name, value)                                                                         \
	{                                                                                          \
		name, OF_TRUTH, NULL, (value) ? 0xffffffffu : 0                                    \
	}
#define NUMBER(name, value)                                                                        \
	{                                                                                          \
		name, OF_NUMBER, NULL, value                                                       \
	}
#define FROM_FILE(name, ref)                                                                       \
	{                                                                                          \
		name, OF_FILE, NULL, ref                                                           \
	}

static inline void
xml_begin(struct xml *xml, bool is_utf8)
{
	memset(xml, 0, sizeof *xml);
	xml->is_utf8 = is_utf8;
	for (size_t i = 0; i < N_NUMBERED; i++)
		xml->string[xml->n_strings++] = numbered[i].name;
	xml->string[xml->n_strings++] = "http://schemas.android.com/apk/res/android";
}

/* Names of elements and texts are never those of attributes, as with the real tools. */
static inline uint32_t
string_of(struct xml *xml, const char *text, size_t from)
{
	for (size_t i = from; i < xml->n_strings; i++)
		if (!strcmp(xml->string[i], text))
			return (uint32_t)i;
	assert(xml->n_strings < STRINGS_MAX);
	xml->string[xml->n_strings] = text;
	return (uint32_t)xml->n_strings++;
}

static inline void
put_node(struct xml *xml, unsigned type, size_t len)
{
	put16(&xml->body, type);
	put16(&xml->body, 16);
	put32(&xml->body, (uint32_t)(16 + len));
	put32(&xml->body, 1);
	put32(&xml->body, (uint32_t)NONE);
}

static inline void
xml_open_with(struct xml *xml, const char *name, const struct attribute *attribute, size_t n)
{
	put_node(xml, 0x0102, 20 + 20 * n);
	put32(&xml->body, (uint32_t)NONE);
	put32(&xml->body, string_of(xml, name, N_NUMBERED));
	put16(&xml->body, 20);
	put16(&xml->body, 20);
	put16(&xml->body, (unsigned)n);
	put16(&xml->body, 0);
	put16(&xml->body, 0);
	put16(&xml->body, 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t at = string_of(xml, attribute[i].name, 0);
		bool is_numbered = at < N_NUMBERED;
		uint32_t text = attribute[i].text ? string_of(xml, attribute[i].text, N_NUMBERED)
						  : (uint32_t)NONE;
		put32(&xml->body, is_numbered ? N_NUMBERED : (uint32_t)NONE);
		put32(&xml->body, at);
		put32(&xml->body, text);
		put16(&xml->body, 8);
		put(&xml->body, (uint8_t[]){0, attribute[i].type}, 2);
		put32(&xml->body, attribute[i].text ? text : attribute[i].data);
	}
}
#define xml_open(xml, name, ...)                                                                   \
	xml_open_with(xml, name, (const struct attribute[]){{0}, ##__VA_ARGS__} + 1,               \
		sizeof((const struct attribute[]){{0}, ##__VA_ARGS__}) /                           \
				sizeof(struct attribute) -                                         \
			1)

static inline void
xml_close(struct xml *xml, const char *name)
{
	put_node(xml, 0x0103, 8);
	put32(&xml->body, (uint32_t)NONE);
	put32(&xml->body, string_of(xml, name, N_NUMBERED));
}

static inline void
xml_text(struct xml *xml, const char *text)
{
	put_node(xml, 0x0104, 12);
	put32(&xml->body, string_of(xml, text, N_NUMBERED));
	put32(&xml->body, 8);
	put32(&xml->body, 0);
}

static inline void
put_string(struct made *to, const char *text, bool is_utf8)
{
	size_t len = strlen(text);

	if (is_utf8) {
		for (int i = 0; i < 2; i++) {
			if (len > 127)
				put(to, (uint8_t[]){(uint8_t)(0x80 | len >> 8)}, 1);
			put(to, (uint8_t[]){(uint8_t)len}, 1);
		}
		put(to, text, len + 1);
		return;
	}
	put16(to, (unsigned)len);
	for (size_t i = 0; i <= len; i++)
		put16(to, (uint8_t)text[i]);
}

static inline void
xml_end(struct xml *xml, struct made *out)
{
	static struct made pool;
	size_t pool_len;

	pool.len = 0;
	out->len = 0;
	put16(out, 0x0003);
	put16(out, 8);
	put32(out, 0); /* filled in below */
	put16(out, 0x0001);
	put16(out, 28);
	put32(out, 0);
	put32(out, (uint32_t)xml->n_strings);
	put32(out, 0);
	put32(out, xml->is_utf8 ? 0x100 : 0);
	put32(out, (uint32_t)(28 + 4 * xml->n_strings));
	put32(out, 0);
	for (size_t i = 0; i < xml->n_strings; i++) {
		put32(out, (uint32_t)pool.len);
		put_string(&pool, xml->string[i], xml->is_utf8);
	}
	while (pool.len % 4)
		put(&pool, "", 1);
	pool_len = 28 + 4 * xml->n_strings + pool.len;
	put(out, pool.bytes, pool.len);
	set32(out, 8 + 4, (uint32_t)pool_len);
	put16(out, 0x0180);
	put16(out, 8);
	put32(out, 8 + 4 * N_NUMBERED);
	for (size_t i = 0; i < N_NUMBERED; i++)
		put32(out, numbered[i].id);
	put(out, xml->body.bytes, xml->body.len);
	set32(out, 4, (uint32_t)out->len);
}

/* --- ZIP -------------------------------------------------------------------------------------------- */

struct archive {
	struct made out, directory;
	unsigned n;
};

struct filed {
	const char *name;
	const void *bytes;
	size_t len;
	bool is_stored;
	/* What it lies about; 0: nothing. */
	uint32_t says_size, says_crc, says_at;
	const char *local_name;
	unsigned flags, method;
};

static inline void
archive_begin(struct archive *archive)
{
	archive->out.len = archive->directory.len = 0;
	archive->n = 0;
}

static inline void
archive_add(struct archive *archive, struct filed file)
{
	static uint8_t packed[1 << 20];
	z_stream stream = {.next_in = (uint8_t *)(uintptr_t)file.bytes,
		.avail_in = (uInt)file.len,
		.next_out = packed,
		.avail_out = sizeof packed};
	uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), file.bytes, (uInt)file.len);
	const char *local = file.local_name ? file.local_name : file.name;
	const void *bytes = file.bytes;
	size_t len = file.len;
	uint32_t at = file.says_at ? file.says_at : (uint32_t)archive->out.len;
	unsigned method = file.method ? file.method : file.is_stored ? 0 : 8;
	uint32_t size = file.says_size ? file.says_size : (uint32_t)file.len;

	if (!file.is_stored) {
		int done = deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
		assert(done == Z_OK);
		done = deflate(&stream, Z_FINISH);
		assert(done == Z_STREAM_END);
		len = stream.total_out;
		bytes = packed;
		deflateEnd(&stream);
	}
	crc = file.says_crc ? file.says_crc : crc;
	for (int i = 0; i < 2; i++) {
		struct made *to = i ? &archive->directory : &archive->out;
		const char *name = i ? file.name : local;
		put32(to, i ? 0x02014b50 : 0x04034b50);
		if (i)
			put16(to, 20);
		put16(to, 20);
		put16(to, file.flags);
		put16(to, method);
		put32(to, 0);
		put32(to, crc);
		put32(to, (uint32_t)len);
		put32(to, size);
		put16(to, (unsigned)strlen(name));
		put16(to, 0);
		if (i) {
			put16(to, 0);
			put32(to, 0);
			put32(to, 0);
			put32(to, at);
		}
		put(to, name, strlen(name));
		if (!i)
			put(to, bytes, len);
	}
	archive->n++;
}
#define ARCHIVE_ADD(archive, its_name, its_bytes, its_len, ...)                                    \
	archive_add(archive,                                                                       \
		(struct filed){                                                                    \
			.name = its_name, .bytes = its_bytes, .len = its_len, ##__VA_ARGS__})

static inline void
archive_end(struct archive *archive)
{
	uint32_t at = (uint32_t)archive->out.len;

	put(&archive->out, archive->directory.bytes, archive->directory.len);
	put32(&archive->out, 0x06054b50);
	put32(&archive->out, 0);
	put16(&archive->out, archive->n);
	put16(&archive->out, archive->n);
	put32(&archive->out, (uint32_t)archive->directory.len);
	put32(&archive->out, at);
	put16(&archive->out, 0);
}

/* --- two apps ----------------------------------------------------------------------------------------- */

static inline void
make_careful_manifest(struct made *out, bool is_utf8)
{
	static struct xml xml;

	xml_begin(&xml, is_utf8);
	xml_open(&xml, "manifest", TEXT("package", "example.bulb.app"), NUMBER("versionCode", 12),
		TEXT("versionName", "1.2"));
	xml_open(&xml, "uses-sdk", NUMBER("minSdkVersion", 28), NUMBER("targetSdkVersion", 34));
	xml_close(&xml, "uses-sdk");
	xml_open(&xml, "uses-permission", TEXT("name", "android.permission.INTERNET"));
	xml_close(&xml, "uses-permission");
	xml_open(&xml, "application", TRUTH("allowBackup", false),
		TRUTH("usesCleartextTraffic", false),
		FROM_FILE("networkSecurityConfig", 0x7f110000));
	xml_open(&xml, "activity", TEXT("name", ".Main"), TRUTH("exported", true));
	xml_open(&xml, "intent-filter");
	xml_open(&xml, "action", TEXT("name", "android.intent.action.MAIN"));
	xml_close(&xml, "action");
	xml_open(&xml, "category", TEXT("name", "android.intent.category.LAUNCHER"));
	xml_close(&xml, "category");
	xml_close(&xml, "intent-filter");
	xml_close(&xml, "activity");
	xml_open(&xml, "service", TEXT("name", ".Sync"), TRUTH("exported", true),
		TEXT("permission", "android.permission.BIND_JOB_SERVICE"));
	xml_close(&xml, "service");
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, out);
}

static inline void
make_careful_network(struct made *out)
{
	static struct xml xml;

	xml_begin(&xml, true);
	xml_open(&xml, "network-security-config");
	xml_open(&xml, "base-config", TRUTH("cleartextTrafficPermitted", false));
	xml_open(&xml, "trust-anchors");
	xml_open(&xml, "certificates", TEXT("src", "system"));
	xml_close(&xml, "certificates");
	xml_close(&xml, "trust-anchors");
	xml_close(&xml, "base-config");
	xml_close(&xml, "network-security-config");
	xml_end(&xml, out);
}

static inline void
make_careless_manifest(struct made *out, bool is_utf8)
{
	static struct xml xml;

	xml_begin(&xml, is_utf8);
	xml_open(&xml, "manifest", TEXT("package", "example.camera.app"), NUMBER("versionCode", 7),
		TEXT("versionName", "0.7-debug"));
	xml_open(&xml, "uses-sdk", NUMBER("minSdkVersion", 16), NUMBER("targetSdkVersion", 22));
	xml_close(&xml, "uses-sdk");
	xml_open(&xml, "uses-permission", TEXT("name", "android.permission.ACCESS_FINE_LOCATION"));
	xml_close(&xml, "uses-permission");
	xml_open(&xml, "uses-permission", TEXT("name", "android.permission.RECORD_AUDIO"));
	xml_close(&xml, "uses-permission");
	xml_open(&xml, "uses-permission", TEXT("name", "android.permission.READ_CONTACTS"));
	xml_close(&xml, "uses-permission");
	xml_open(&xml, "application", TRUTH("debuggable", true), TRUTH("allowBackup", true));
	xml_open(&xml, "service", TEXT("name", ".Stream"));
	xml_open(&xml, "intent-filter");
	xml_open(&xml, "action", TEXT("name", "example.camera.STREAM"));
	xml_close(&xml, "action");
	xml_close(&xml, "intent-filter");
	xml_close(&xml, "service");
	xml_open(&xml, "provider", TEXT("name", ".Pictures"), TRUTH("exported", true),
		TEXT("readPermission", "example.camera.READ"));
	xml_close(&xml, "provider");
	xml_close(&xml, "application");
	xml_close(&xml, "manifest");
	xml_end(&xml, out);
}

#endif
