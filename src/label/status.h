/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_STATUS_H
#define PINFOLD_LABEL_STATUS_H

#include "label/jws.h"
#include "label/label_status.h"

/*
 * The status as it is handed out: a short-lived JWS for one label, and one
 * compressed list for all of them (Token Status List), so that whoever asks for it
 * tells nobody which product is before them.
 */
enum {
	STATUS_LIST_MAX = 65536, /* labels of an issuer */
	STATUS_FALLEN_MAX = 256, /* of them: those that say why; beyond, the code alone does */
	STATUS_SLACK_S = 300,    /* clocks that differ */
};
#define STATUS_TYPE      "labelstatus+jwt"
#define STATUS_LIST_TYPE "statuslist+jwt"

/* One of them, read: how old it may be is in it. */
struct status_token {
	char issuer[128], label[LABEL_ID_MAX];
	uint32_t revision;
	int64_t issued_s, until_s;
	struct label_now now;
};

/* Give the text, or NULL with the reason. */
char *status_render(const struct issuer *, const struct label *, const struct label_now *,
	int64_t now_s, uint32_t ttl_s, struct fault *why);
enum seal status_parse(struct status_token *, const char *text, size_t len,
	const struct issuer_keys *, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why);

/* May it still be believed at this time? */
bool status_is_fresh(int64_t issued_s, int64_t until_s, int64_t now_s);

/* --- the list: status_list.c ------------------------------------------------------------- */

/*
 * Why one is suspended or revoked: in the list and not beside it, so that who wants
 * to know asks for nothing that others do not ask for.
 */
struct status_fallen {
	uint32_t index;
	bool is_recalled;
	char reason[200];
};
struct status_list {
	char issuer[128];
	int64_t issued_s, until_s;
	uint32_t ttl_s; /* after which the issuer wants it to be asked for again; 0: not said */
	size_t n, n_fallen;
	uint8_t code[STATUS_LIST_MAX];
	struct status_fallen fallen[STATUS_FALLEN_MAX];
};
/* Of `list` issuer, times, codes and what has fallen are rendered. */
char *status_list_render(const struct issuer *, const struct status_list *, struct fault *why);
/* What the list says of one label; UNKNOWN where it has no such number. */
void status_list_now(const struct status_list *, uint32_t index, struct label_now *);
/* Inflates no more than a list can be long. */
enum seal status_list_parse(struct status_list *, const char *text, size_t len,
	const struct issuer_keys *, uint8_t key[static ISSUER_PUBLIC_LEN], struct fault *why);

#endif
