/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_RESOLVER_VIEW_H
#define PINFOLD_PROCESS_RESOLVER_VIEW_H

#include <sys/queue.h>

#include "message/message.h"
#include "process/bucket.h"

/*
 * What each device may ask, as the engine told it, found by the address that a
 * question comes from.  The kernel has checked that the address is bound to the
 * device (table bridge); an address without a view is answered nothing at all.
 */

enum {
	VIEWS_MAX = 16384,
	VIEW_MATCHES_MAX = 8,
	VIEW_QUERIES_A_SECOND = 50,
	VIEW_QUERIES_BURST = 150,
	VIEW_REPORTS_A_SECOND = 1,
	VIEW_REPORTS_BURST = 10,
};

struct opened;  /* resolver_open.h */
struct pending; /* resolver_query.c */
struct view_text {
	uint16_t slot;
	uint8_t is_suffix;
	uint8_t len;
	uint32_t at; /* in the text behind the table */
};

struct view {
	uint32_t device, generation;
	enum view_mode mode;
	bool is_watched;
	uint8_t n_addresses;
	uint16_t n_streams;
	uint32_t n_names;
	uint32_t n_opened, n_pending;
	struct bucket queries, reports;
	/* The rig: which names are withheld (enum rig_bit), until when, and how many questions. */
	uint8_t rig;
	uint32_t n_withheld;
	uint64_t rig_until_ns;
	uint32_t suppressed; /* undeclared questions not reported since the last report */
	uint32_t longest;    /* label among them */
	TAILQ_HEAD(opened_list, opened) opened;    /* oldest first */
	TAILQ_HEAD(pending_list, pending) pending; /* questions in work */
	LIST_ENTRY(view) by_number;
	struct view_address *address; /* n_addresses of them */
	struct view_text *name;       /* n_names, then their bytes */
};

struct view_table;

struct view_table *view_table_new(void);
void view_table_free(struct view_table *);
size_t view_count(const struct view_table *);

/* Borrowed, or NULL. */
struct view *view_find(const struct view_table *, uint32_t device);
struct view *view_find_by_address(const struct view_table *, const struct ip *);

/*
 * Copies what the engine says; an address that another device had moves over.
 * ERR_STALE: older than what is known; ERR_FULL: VIEWS_MAX devices are known.
 * The view stays where it is in memory.
 */
enum err view_keep(struct view_table *, const struct message_view *, struct view **) MUST_USE;

/* The caller has emptied both lists. */
void view_forget(struct view_table *, struct view *);

/* The slots that a name has by this view; is_exact if one of them names it whole. */
struct view_match {
	unsigned count;
	bool is_exact;
	uint16_t slot[VIEW_MATCHES_MAX];
};
/* name: lower case, no dot at the end.  False if the view does not declare it. */
bool view_declares(const struct view *, const char *name, struct view_match *);

#endif
