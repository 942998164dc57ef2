/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_NETWORK_FILE_H
#define PINFOLD_MAKER_NETWORK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One network of a small table of our own; country_name and owner may be NULL. */
struct network_row {
	const char *prefix, *country, *country_name;
	uint32_t as;
	const char *owner;
	bool is_anycast;
};

/* Writes the table as its makers do, by their library. */
void network_file_make(const char *path, const struct network_row *, size_t n);

#endif
