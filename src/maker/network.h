/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MAKER_NETWORK_H
#define PINFOLD_MAKER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/*
 * In whose network an address lies, and where that network is registered, by a table on
 * this machine (IPFire Location); nobody is asked.  Where a server stands it does not say.
 *
 * The table is a file of root's, as a library is, and is believed like one.  It is mapped,
 * not read: of its 50 MB those pages are in memory that are looked at.
 */
struct network_table;

/*
 * The newest of those that are there and can be read, paths ending with NULL; NULL: none.
 * Opens files: before confinement.  Afterwards nothing is opened any more.
 */
struct network_table *network_table_open(const char *const *paths);
void network_table_free(struct network_table *); /* NULL is fine */

/* When it was made, wall time. */
int64_t network_table_made_s(const struct network_table *);

/* Texts are printable; "" or 0: the table does not say. */
struct network {
	uint32_t as;
	bool is_anycast; /* the table says: served from many places at once */
	char country[4], country_name[64];
	char owner[64];
};

/* False: the table has no such address, as none of a home. */
bool network_find(const struct network_table *, const struct ip *, struct network *out);

/* Of one owner and registered in one country; addresses of one AS may be so in several. */
bool network_is_equal(const struct network *, const struct network *);

#endif
