/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an audit: a folder a run, a fixed list of names in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/auto.h"
#include "base/clock.h"
#include "label/pack.h"
#include "process/engine_audit.h"

enum { FILE_MODE = 0600, FOLDER_MODE = 0700 };

void
audit_path(uint32_t run, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/audit/%u%s%s", engine.settings->state_directory, run,
		name ? "/" : "", name ? name : "");
}

static enum err
refused(struct fault *why, const char *what)
{
	fault_set(why, ERR_SYSTEM, "cannot keep evidence: %s: %s", what, strerror(errno));
	return ERR_SYSTEM;
}

enum err
audit_folder_make(uint32_t run, int *fd, struct fault *why)
{
	char path[SETTINGS_PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/audit", engine.settings->state_directory);
	if (mkdir(path, FOLDER_MODE) && errno != EEXIST)
		return refused(why, "the folder \"audit\"");
	audit_path(run, NULL, path, sizeof path);
	/* One may be there of a run that a power cut took back before anybody heard of it. */
	if (mkdir(path, FOLDER_MODE) && errno != EEXIST)
		return refused(why, "the folder of the run");
	audit_path(run, "probes.jsonl", path, sizeof path);
	int made = open(
		path, O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (made < 0)
		return refused(why, "the transcript");
	*fd = made;
	return ERR_OK;
}

enum err
audit_transcript_open(uint32_t run, int *fd)
{
	char path[SETTINGS_PATH_MAX + 64];

	audit_path(run, "probes.jsonl", path, sizeof path);
	int opened = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0)
		return ERR_SYSTEM;
	*fd = opened;
	return ERR_OK;
}

enum err
audit_transcript_read(uint32_t run, int *fd)
{
	char path[SETTINGS_PATH_MAX + 64];

	audit_path(run, "probes.jsonl", path, sizeof path);
	int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0)
		return ERR_SYSTEM;
	*fd = opened;
	return ERR_OK;
}

/* The worker that wrote it may not, since it may do little. */
void
audit_transcript_sync(uint32_t run)
{
	auto_close int fd = -1;

	if (audit_transcript_open(run, &fd) || fdatasync(fd))
		log_warn("audit", "run %u: its transcript may not outlive a power cut", run);
}

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

enum err
audit_file_put(uint32_t run, const char *name, const char *text, size_t len, struct fault *why)
{
	char path[SETTINGS_PATH_MAX + 64], fresh[SETTINGS_PATH_MAX + 64],
		folder[SETTINGS_PATH_MAX + 64];

	audit_path(run, name, path, sizeof path);
	audit_path(run, "new", fresh, sizeof fresh);
	audit_path(run, NULL, folder, sizeof folder);
	auto_close int fd =
		open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0 || !write_all(fd, text, len) || fsync(fd) || rename(fresh, path)) {
		enum err err = refused(why, name);
		unlink(fresh);
		return err;
	}
	auto_close int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fsync(directory))
		return refused(why, name);
	return ERR_OK;
}

enum err
audit_json_put(uint32_t run, const char *name, const json_t *json, struct fault *why)
{
	auto_free char *text =
		json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	return audit_file_put(run, name, text, strlen(text), why);
}

uint64_t
audit_folder_bytes(uint32_t run)
{
	char path[SETTINGS_PATH_MAX + 64];
	struct dirent *entry;
	uint64_t bytes = 0;
	struct stat st;

	audit_path(run, NULL, path, sizeof path);
	DIR *folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (!fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
			S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
	if (folder)
		closedir(folder);
	return bytes;
}

void
audit_folder_remove(uint32_t run)
{
	char path[SETTINGS_PATH_MAX + 64];
	struct dirent *entry;

	audit_path(run, NULL, path, sizeof path);
	DIR *folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	if (rmdir(path) && errno != ENOENT)
		log_warn("audit", "run %u: its folder cannot be removed", run);
}

void
audit_evidence_remove(uint32_t run)
{
	static const char *const names[] = {"probes.jsonl", "traffic.jsonl"};
	char path[SETTINGS_PATH_MAX + 64];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		audit_path(run, names[i], path, sizeof path);
		if (unlink(path) && errno != ENOENT)
			log_warn("audit", "run %u: its evidence cannot be removed", run);
	}
}

uint32_t
audit_folder_newest(void)
{
	char path[SETTINGS_PATH_MAX + 64], *end;
	struct dirent *entry;
	uint32_t newest = 0;

	snprintf(path, sizeof path, "%s/audit", engine.settings->state_directory);
	DIR *folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		unsigned long run = strtoul(entry->d_name, &end, 10);
		if (end != entry->d_name && !*end && run < UINT32_MAX && run > newest)
			newest = (uint32_t)run;
	}
	if (folder)
		closedir(folder);
	return newest;
}

uint64_t
audit_free_bytes(void)
{
	struct statvfs vfs;

	if (statvfs(engine.settings->state_directory, &vfs))
		return 0;
	return (uint64_t)vfs.f_bavail * vfs.f_frsize;
}

/* --- what the evidence is about ----------------------------------------------------------- */

json_t *
audit_device_json(const struct ward *ward)
{
	const struct device *device = ward->device;
	json_t *macs = json_array(), *claims = json_array(), *addresses = json_array();
	char text[IP_TEXT_MAX];

	for (int i = 0; i < device->n_macs; i++) {
		const char *maker = identify_maker(device->mac[i].mac);
		char mac[MAC_TEXT_MAX];
		json_array_append_new(macs,
			json_pack("{s:s, s:s*, s:s}", "mac", mac_render(device->mac[i].mac, mac),
				"maker", maker, "port", device->mac[i].port));
	}
	for (int i = 0; i < device->n_bindings; i++)
		json_array_append_new(
			addresses, json_string(ip_render(&device->binding[i].address, text)));
	for (int i = 0; i < device->n_identifiers; i++) {
		const struct identifier *claim = &device->identifier[i];
		json_array_append_new(
			claims, json_pack("{s:s, s:s}", "kind",
					identifier_word((enum identifier_kind)claim->kind),
					"claimed", claim->claimed_value));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", device->id, "name",
		device->name, "label", device_label(device), "class",
		device_class_word((enum device_class)device->class), "kind", device->kind.word,
		"claimed_mud_url", device->claimed_mud_url, "macs", macs, "addresses", addresses,
		"claims", claims);
}

json_t *
audit_env_json(void)
{
	const struct settings *settings = engine.settings;
	char hash[HASH_TEXT_MAX], lan4[PREFIX_TEXT_MAX], lan6[PREFIX_TEXT_MAX];
	struct utsname name = {.release = "unknown"};

	uname(&name);
	pack_ruleset(hash);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I}", "tool", "pinfold", "version",
		PINFOLD_VERSION, "ruleset", hash, "kernel", name.release, "lan4",
		prefix_render(&settings->lan4, lan4), "lan6", prefix_render(&settings->lan6, lan6),
		"clock_unsure", engine.has_resolver_status && engine.resolver.clock_unsure, "begun",
		(json_int_t)clock_wall_s());
}
