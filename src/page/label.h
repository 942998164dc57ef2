/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_LABEL_H
#define PINFOLD_PAGE_LABEL_H

#include "page/piece.h"

/* What pages about labels share with each other and with the passport of a device. */

/* shown: of label.show; NULL, as for a phone: nothing is put. */
void put_label_card(struct sheet *, const json_t *device, const json_t *shown);

/* A band as a word that leads to what it asks for. */
void put_band(struct sheet *, const char *word);
/* Counts of verdicts, FAIL first and always. */
void put_counts(struct sheet *, const json_t *counts);
/* Rows of a <dl>; label: as docs/LABEL.md has it. */
void put_label_facts(struct sheet *, const json_t *label);
/* issued: of label.list, with its status. */
void put_status(struct sheet *, const json_t *issued);
/* attached: a label of somebody else that the device has. */
void put_attached(struct sheet *, const json_t *attached, const char *device);

#endif
