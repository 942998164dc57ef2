/* SPDX-License-Identifier: Apache-2.0 */
#include "store/power_cut.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

enum { FILES_MAX = 16, SECTOR = 512, FILE_BYTES_MAX = 32 * 1024 * 1024 };

struct content {
	uint8_t *bytes;
	size_t len, room;
};

static struct disk_file {
	char name[256];
	bool is_there, was_there; /* was_there: in the directory as it was last synced */
	struct content now, synced;
} disk[FILES_MAX];

static uint64_t steps, cut_at, random_state;
static bool is_cut, is_full;

struct open_file {
	sqlite3_file base;
	struct disk_file *file;
	bool syncs_folder; /* a journal or log, as SQLite's own VFS does it on its first sync */
};

static void
content_reach(struct content *content, size_t len)
{
	if (len > content->room) {
		content->room = len * 2 < 65536 ? 65536 : len * 2;
		content->bytes = realloc(content->bytes, content->room);
		if (!content->bytes)
			abort();
	}
	if (len > content->len) {
		memset(content->bytes + content->len, 0, len - content->len);
		content->len = len;
	}
}

static void
content_copy(struct content *to, const struct content *from)
{
	to->len = 0;
	content_reach(to, from->len);
	to->len = from->len;
	if (from->len)
		memcpy(to->bytes, from->bytes, from->len);
}

/* True when the power is there for this step. */
static bool
step(void)
{
	if (is_cut)
		return false;
	steps++;
	if (cut_at && steps >= cut_at)
		is_cut = true;
	return !is_cut;
}

static uint64_t
chance(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct disk_file *
find(const char *name, bool make)
{
	struct disk_file *free_one = NULL;

	for (int i = 0; i < FILES_MAX; i++) {
		if (disk[i].name[0] && !strcmp(disk[i].name, name))
			return &disk[i];
		if (!disk[i].name[0] && !free_one)
			free_one = &disk[i];
	}
	if (!make || !free_one)
		return NULL;
	snprintf(free_one->name, sizeof free_one->name, "%s", name);
	return free_one;
}

/* --- one open file ------------------------------------------------------------------- */

static int
on_close(sqlite3_file *base)
{
	return SQLITE_OK;
}

static int
on_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
	const struct content *now = &((struct open_file *)base)->file->now;
	size_t left = (size_t)at < now->len ? now->len - (size_t)at : 0;
	size_t n = (size_t)len < left ? (size_t)len : left;

	if (is_cut)
		return SQLITE_IOERR_READ;
	if (n)
		memcpy(out, now->bytes + at, n);
	if (n == (size_t)len)
		return SQLITE_OK;
	memset((uint8_t *)out + n, 0, (size_t)len - n);
	return SQLITE_IOERR_SHORT_READ;
}

static int
on_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
	struct disk_file *file = ((struct open_file *)base)->file;

	if (!step())
		return SQLITE_IOERR_WRITE;
	if (at + len > FILE_BYTES_MAX || is_full)
		return SQLITE_FULL;
	content_reach(&file->now, (size_t)(at + len));
	memcpy(file->now.bytes + at, bytes, (size_t)len);
	return SQLITE_OK;
}

static int
on_truncate(sqlite3_file *base, sqlite3_int64 len)
{
	struct disk_file *file = ((struct open_file *)base)->file;

	if (!step())
		return SQLITE_IOERR_TRUNCATE;
	if ((size_t)len < file->now.len)
		file->now.len = (size_t)len;
	return SQLITE_OK;
}

static void
sync_folder(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		disk[i].was_there = disk[i].is_there;
}

static int
on_sync(sqlite3_file *base, int flags)
{
	struct open_file *open_file = (struct open_file *)base;

	if (!step())
		return SQLITE_IOERR_FSYNC;
	content_copy(&open_file->file->synced, &open_file->file->now);
	if (open_file->syncs_folder)
		sync_folder();
	open_file->syncs_folder = false;
	return SQLITE_OK;
}

static int
on_size(sqlite3_file *base, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((struct open_file *)base)->file->now.len;
	return SQLITE_OK;
}

static int
on_lock(sqlite3_file *base, int level)
{
	return SQLITE_OK;
}

static int
on_check(sqlite3_file *base, int *out)
{
	*out = 0;
	return SQLITE_OK;
}

static int
on_control(sqlite3_file *base, int op, void *arg)
{
	return SQLITE_NOTFOUND;
}

static int
on_sector(sqlite3_file *base)
{
	return SECTOR;
}

static int
on_traits(sqlite3_file *base)
{
	return 0; /* promises nothing: no atomic write, no order */
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_lock,
	.xCheckReservedLock = on_check,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_traits,
};

/* --- the disk ------------------------------------------------------------------------- */

static int
on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
	struct open_file *open_file = (struct open_file *)base;
	struct disk_file *file = find(name ? name : "(temporary)", true);

	base->pMethods = NULL;
	if (is_cut || !file)
		return SQLITE_CANTOPEN;
	if (!file->is_there) {
		if (!(flags & SQLITE_OPEN_CREATE))
			return SQLITE_CANTOPEN;
		file->is_there = true;
		file->now.len = 0;
	}
	open_file->file = file;
	open_file->syncs_folder = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
	base->pMethods = &methods;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
on_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
	struct disk_file *file = find(name, false);

	if (!step())
		return SQLITE_IOERR_DELETE;
	if (!file || !file->is_there)
		return SQLITE_IOERR_DELETE_NOENT;
	file->is_there = false;
	if (sync_directory)
		sync_folder();
	return SQLITE_OK;
}

static int
on_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	const struct disk_file *file = find(name, false);

	*out = file && file->is_there;
	return SQLITE_OK;
}

static int
on_full_path(sqlite3_vfs *vfs, const char *name, int len, char *out)
{
	snprintf(out, (size_t)len, "%s", name);
	return SQLITE_OK;
}

static int
on_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	for (int i = 0; i < len; i++)
		out[i] = (char)chance();
	return len;
}

static int
on_sleep(sqlite3_vfs *vfs, int us)
{
	return us;
}

static int
on_time(sqlite3_vfs *vfs, double *out)
{
	*out = 2460000.5;
	return SQLITE_OK;
}

void
power_cut_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct open_file),
		.mxPathname = 250,
		.zName = POWER_CUT_VFS,
		.xOpen = on_open,
		.xDelete = on_delete,
		.xAccess = on_access,
		.xFullPathname = on_full_path,
		.xRandomness = on_randomness,
		.xSleep = on_sleep,
		.xCurrentTime = on_time,
	};
	sqlite3_vfs_register(&vfs, 0);
}

void
power_cut_wipe(void)
{
	for (int i = 0; i < FILES_MAX; i++) {
		free(disk[i].now.bytes);
		free(disk[i].synced.bytes);
		memset(&disk[i], 0, sizeof disk[i]);
	}
	is_cut = is_full = false;
	power_cut_at(0, 1);
}

void
power_cut_at(uint64_t at, uint64_t seed)
{
	steps = 0;
	cut_at = at;
	random_state = seed * 0x9e3779b97f4a7c15u + 1;
}

bool
power_is_cut(void)
{
	return is_cut;
}

uint64_t
power_cut_steps(void)
{
	return steps;
}

void
power_cut_disk_full(bool full)
{
	is_full = full;
}

void
power_cut_damage(const char *name_end, uint64_t offset)
{
	for (int i = 0; i < FILES_MAX; i++) {
		size_t len = strlen(disk[i].name), end = strlen(name_end);
		if (len >= end && !strcmp(disk[i].name + len - end, name_end) &&
			offset < disk[i].now.len)
			disk[i].now.bytes[offset] ^= 0xff;
	}
}

/* A sector that was written and not synced is there, or the old one is. */
void
power_comes_back(void)
{
	for (int i = 0; i < FILES_MAX; i++) {
		struct disk_file *file = &disk[i];
		struct content mix = {0};
		size_t len = chance() & 1 ? file->now.len : file->synced.len;

		if (!file->name[0])
			continue;
		content_copy(&mix, &file->synced);
		content_reach(&mix, len);
		mix.len = len;
		for (size_t at = 0; at < len; at += SECTOR) {
			size_t n = len - at < SECTOR ? len - at : SECTOR;
			if (at + n <= file->now.len && (chance() & 1))
				memcpy(mix.bytes + at, file->now.bytes + at, n);
		}
		free(file->now.bytes);
		file->now = mix;
		content_copy(&file->synced, &file->now);
		/* A file that was made or deleted and not synced may be there or not. */
		if (file->is_there != file->was_there)
			file->is_there = chance() & 1;
		file->was_there = file->is_there;
		if (!file->is_there)
			file->now.len = file->synced.len = 0;
	}
	is_cut = false;
	cut_at = 0;
}
