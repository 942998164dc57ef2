/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_AUDIT_H
#define PINFOLD_PAGE_AUDIT_H

#include "page/label.h"

/* Of a run that goes on: how far it is, what a person should do now; of others nothing. */
void put_progress(struct sheet *, const json_t *run);

/* The pages about testing; here: the path of this one. */
void put_bench_pages(struct sheet *, const char *here);

#endif
