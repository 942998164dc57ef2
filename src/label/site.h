/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_SITE_H
#define PINFOLD_LABEL_SITE_H

#include "label/label_verify.h"

/*
 * An issuer's pages as static files that any web server can hand out: labels,
 * statuses, keys, log, dump (docs/LABEL.md).  Each file is written beside its place
 * and put there when it is whole; what refers to another comes after it, the
 * checkpoint last.
 */
struct site_label {
	char *payload; /* what is signed; owned by the caller */
	struct label label;
	struct label_now now;
};

struct site_entry {
	char *text; /* owned by the caller */
};

struct site {
	const char *directory;
	const char *url, *name;
	const struct issuer *issuer;
	const struct site_label *label;
	size_t n_labels;
	const struct site_entry *entry; /* of the log, all of them */
	size_t n_entries;
	uint32_t ttl_s;
	int64_t now_s;
};

/*
 * ERR_STALE: the folder has a log that is not a beginning of this one; nothing is
 * written then, because a log must never say two things.
 */
enum err site_write(const struct site *, struct fault *why) MUST_USE;

#endif
