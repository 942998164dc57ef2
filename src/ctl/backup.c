/* SPDX-License-Identifier: Apache-2.0 */
/* A backup of what was decided: into a file, and out of it again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "ctl/ctl.h"
#include "ctl/label.h"

/* Escaped once more a piece still fits into a question. */
enum { BACKUP_MAX = 32 << 20, PIECE_MAX = 7000 };

/* Nobody's file is written over, and nobody else reads it. */
static int
open_new(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool
is_written(int fd, const char *bytes)
{
	size_t len = strlen(bytes), at = 0;

	while (fd >= 0 && at < len) {
		ssize_t n = write(fd, bytes + at, len - at);
		if (n < 0)
			return false;
		at += (size_t)n;
	}
	return fd >= 0 && !fsync(fd);
}

/* Half a backup is none. */
static bool
write_new(const char *path, const char *bytes)
{
	auto_close int fd = open_new(path);
	bool is = is_written(fd, bytes);
	int why = errno;

	if (fd >= 0 && !is)
		unlink(path);
	errno = why;
	return is;
}

static void
say_unwritten(const char *path)
{
	const char *why = strerror(errno);
	char name[300];

	shown(name, sizeof name, path, strlen(path));
	fprintf(stderr, "pinfold: %s cannot be written: %s\n", name, why);
}

/* Else the gateway would keep that there is a backup. */
bool
can_be_written(json_t *args, const struct options *options, int *status)
{
	const char *path = json_string_value(json_object_get(args, "file"));
	auto_close int fd = open_new(path);

	(void)options;
	if (fd >= 0) {
		unlink(path);
		return true;
	}
	say_unwritten(path);
	*status = CTL_REFUSED;
	return false;
}

int
finish_backup(const json_t *args, const json_t *backup, const struct options *options)
{
	const char *path = json_string_value(json_object_get(args, "file"));
	const json_t *devices = json_object_get(json_object_get(backup, "content"), "devices");
	auto_free char *text = json_dumps(backup, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	char name[300];

	if (!text || !write_new(path, text)) {
		say_unwritten(path);
		return CTL_REFUSED;
	}
	shown(name, sizeof name, path, strlen(path));
	if (!options->quiet)
		printf("%zu devices are in %s; keep it elsewhere\n", json_array_size(devices),
			name);
	return CTL_OK;
}

static int
restore(const char *line, size_t len, const struct options *options)
{
	char piece[PIECE_MAX + 1];
	json_t *answer = NULL;
	int status = CTL_OK;

	for (size_t at = 0; at < len; at += strlen(piece)) {
		snprintf(piece, sizeof piece, "%.*s", PIECE_MAX, line + at);
		json_decref(answer);
		answer = ask_or_say("backup.restore",
			json_pack("{s:I, s:I, s:s}", "place", (json_int_t)at, "length",
				(json_int_t)len, "text", piece),
			options, &status);
		if (!answer)
			return status;
	}
	const json_t *result = json_object_get(answer, "result");
	if (!options->quiet)
		printf("%lld devices: %s\n", number(result, "devices"), text(result, "text"));
	json_decref(answer);
	return CTL_OK;
}

/* As it goes to the daemon: in one line, of plain ASCII. */
int
run_backup_restore(int argc, char **argv, const struct options *options)
{
	char name[300];
	size_t len;

	if (argc != 1 || argv[0][0] == '-')
		return CTL_USAGE;
	auto_free char *bytes = label_read(argv[0], BACKUP_MAX, &len);
	if (!bytes)
		return CTL_REFUSED;
	json_t *backup = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	auto_free char *line = json_dumps(backup, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(backup);
	if (!line) {
		shown(name, sizeof name, argv[0], strlen(argv[0]));
		fprintf(stderr, "pinfold: %s is no backup\n", name);
		return CTL_REFUSED;
	}
	return restore(line, strlen(line), options);
}
