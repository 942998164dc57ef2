/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PAGE_PAGES_H
#define PINFOLD_PAGE_PAGES_H

#include "page/sheet.h"

/*
 * The pages.  Which answers each is made of stands in process/web_page.c, in this
 * order.  Nothing here is called when the first is missing.
 */
void page_home(struct sheet *);
void page_help_now(struct sheet *);
void page_box(struct sheet *);

/* The first minutes, new devices, and a card to print. */
void page_begin(struct sheet *);
void page_welcome(struct sheet *);
void page_card(struct sheet *);
void file_backup(struct sheet *);

void page_devices(struct sheet *);

void page_device(struct sheet *);
void page_why(struct sheet *);
void page_leave(struct sheet *);
void page_intake(struct sheet *);
void page_left(struct sheet *);
void page_left_one(struct sheet *);
/* What is kept of one that left. */
void put_farewell(struct sheet *, const json_t *left);
void page_hold(struct sheet *);

/* Whose it is, and what that maker publishes. */
void page_maker(struct sheet *);

void page_story(struct sheet *);
void page_tale(struct sheet *);
void page_incidents(struct sheet *);
void page_incident(struct sheet *);
void file_packets(struct sheet *);
void page_rules(struct sheet *);
void page_introductions(struct sheet *);
void page_doors(struct sheet *);

void page_bench(struct sheet *);
void page_audit(struct sheet *);
void page_apps(struct sheet *);
void page_reset(struct sheet *);
void page_declaration(struct sheet *);
void page_compare(struct sheet *);
void file_report_html(struct sheet *);
void file_report_pdf(struct sheet *);
void file_report_json(struct sheet *);
void file_report_junit(struct sheet *);
void page_gate(struct sheet *);
void page_shelf(struct sheet *);

void page_label(struct sheet *);
void page_labels(struct sheet *);
void page_issued(struct sheet *);
void page_bands(struct sheet *);
void file_label_json(struct sheet *);
void file_label_svg(struct sheet *);
void file_label_qr(struct sheet *);

/* Who hears of it. */
void page_tell(struct sheet *);

/* Who somebody is; the first is shown to nobody's browser, too. */
void page_login(struct sheet *);
void page_claim(struct sheet *);
void page_account(struct sheet *);
/*
 * The answer to a form that was refused, or that is shown and not gone on from (a token,
 * a preview).  back: where it came from.
 */
void page_said(struct sheet *, const json_t *answer, const char *back);

#endif
