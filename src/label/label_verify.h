/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_LABEL_VERIFY_H
#define PINFOLD_LABEL_LABEL_VERIFY_H

#include "label/cwt.h"
#include "label/log.h"
#include "label/status.h"

/*
 * Is this label right, and is it the label of this thing?  Pure, over bytes in
 * memory, without a network; everything that is given comes from strangers.
 */
enum label_answer {
	LABEL_UNKNOWN,
	LABEL_ABSENT,  /* there is no label */
	LABEL_INVALID, /* it does not hold, or not for this thing: the reason says why */
	LABEL_STALE,   /* it is right, and whether it holds today cannot be confirmed */
	LABEL_VALID,   /* right, of this thing, and confirmed; status says what it is worth */
	LABEL_ANSWERS,
};
const char *label_answer_word(enum label_answer);

enum { VERIFY_LABEL_MAX = 512 * 1024, VERIFY_LOG_FILES_MAX = 4096 };

struct verify_bytes {
	const char *at; /* NULL: not given */
	size_t len;
};
/* A file of the log by its path in it: "checkpoint", "tile/entries/000". */
struct verify_file {
	char path[LOG_PATH_MAX];
	struct verify_bytes bytes;
};

struct verify_asked {
	struct verify_bytes label;  /* JWS, SVG, or the text of a QR code */
	struct verify_bytes status; /* one status, or a list */
	const struct verify_file *log;
	size_t n_log;
	struct verify_bytes since; /* a checkpoint that was kept from earlier */
	const struct issuer_keys *keys;
	const char *maker, *model, *firmware; /* of the thing; NULL: not looked at */
	int64_t now_s;
};

struct verified {
	uint8_t answer;  /* enum label_answer */
	bool is_compact; /* from a QR code: with less in it */
	struct label label;
	struct label_now now; /* UNKNOWN unless it is confirmed */
	int64_t status_s;     /* when it was signed; 0: none was believed */
	bool is_in_log;
	uint64_t log_size;
	char key_id[ISSUER_ID_MAX];
	char why[300];
};
void label_verify(const struct verify_asked *, struct verified *);

/*
 * The log alone: checkpoint, entries against its root, and that it goes on from an
 * earlier checkpoint.  False: with the reason.
 */
bool log_verify(const struct verify_file *, size_t n, const struct issuer_keys *,
	struct verify_bytes since, struct log_checkpoint *, struct fault *why);

/*
 * The same with a witness: its signature stands under the checkpoint itself, or under an
 * earlier one that the issuer put beside it ("witnessed") and from which the log goes on.
 * witnessed: that one; at_s: when it was signed.
 */
bool log_verify_witnessed(const struct verify_file *, size_t n, const struct issuer_keys *,
	const struct log_witness *, struct log_checkpoint *witnessed, int64_t *at_s,
	struct fault *why);

#endif
