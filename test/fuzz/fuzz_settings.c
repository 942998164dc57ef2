/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/settings.h"

/* One line that a terminal can show; it may quote. */
static void
expect_plain(const char *text)
{
	assert(*text);
	for (; *text; text++)
		assert(*text >= 0x20 && *text < 0x7f);
}

/* The owner's file is no enemy's, but a broken one must be refused with its line. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings settings, before;
	struct fault why = {0};
	char path[64];
	int fd = memfd_create("pinfold.conf", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		perror("memfd");
		return 0;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	settings_init(&before);
	settings_init(&settings);
	if (settings_read(&settings, path, &why)) {
		expect_plain(why.text);
		assert(!memcmp(&settings, &before, sizeof settings)); /* nothing half applied */
	} else {
		assert(settings_is_valid(&settings, &why));
	}
	close(fd);
	return 0;
}
