/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_WEB_METRICS_H
#define PINFOLD_PROCESS_WEB_METRICS_H

#include <jansson.h>

#include "process/web_page.h"

/*
 * The numbers of the gateway for Prometheus (its text format, version 0.0.4), from
 * the result of the verb "metrics".  Labels are words of ours, so that there are as
 * many series as rows here: never a device, a name or an address.
 */
void metrics_render(struct html *, const json_t *result, unsigned streams);

#endif
