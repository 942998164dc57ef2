/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_FILES_H
#define PINFOLD_PROCESS_WEB_FILES_H

#include <stddef.h>

/* What pages load, part of the program (web/embed.h); anybody may have it. */
struct web_file {
	const char *path, *type;
	const unsigned char *bytes;
	const size_t *len;
};
extern const struct web_file web_files[]; /* ends with a row without path */

#endif
