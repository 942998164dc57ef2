/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_PACK_H
#define PINFOLD_LABEL_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "check/check.h"
#include "label/hash.h"
#include "label/issuer.h"
#include "verdict/result.h"

/*
 * The evidence pack: one audit in one file that somebody else can check,
 * elsewhere and without us (docs/EVIDENCE.md).
 *
 * It is a tar archive of the plainest kind, not compressed, of which every byte
 * is decided: the same files give the same archive anywhere, there is no place
 * to hide a byte in, and a byte that was changed has a place that can be named.
 * Names are from a fixed list.  First stands manifest.json with the sizes and
 * hashes of all others, then manifest.sig, the Ed25519 signature over its bytes.
 */
enum {
	PACK_FILES_MAX = 16,
	PACK_FILE_BYTES_MAX = 256 * 1024 * 1024,
	PACK_BYTES_MAX = 512 * 1024 * 1024,
	PACK_MANIFEST_MAX = 2 * 1024 * 1024,
};

/*
 * Writes the pack of a run from its folder: result.json and probes.jsonl, which
 * have to be there, device.json, env.json, capture.pcap, capture.pcapng and, for
 * the passive checks, traffic.jsonl, where they are.  The report, the table of
 * provisions and replay.sh are made from result.json.  The time in the manifest is
 * the end of the run, so that the same run gives the same pack.  out is written
 * from its place on and not closed.
 */
enum err pack_write(
	const char *directory, const struct issuer *, int out, struct fault *why) MUST_USE;

/*
 * The same to be shared: captures, transcripts, device.json and env.json are left out, and the
 * manifest has their hashes; in result.json and the report there is no name that somebody
 * gave, no address and no MAC.  What a finding says of servers stays.
 */
enum err pack_write_redacted(
	const char *directory, const struct issuer *, int out, struct fault *why) MUST_USE;

/* SHA-256, as text, over all that a verdict depends on: checks, provisions, standards. */
void pack_ruleset(char out[static HASH_TEXT_MAX]);

/* --- reading a stranger's pack: pure, over bytes in memory ----------------------------- */

enum pack_signature {
	PACK_SIGNATURE_UNKNOWN,
	PACK_SIGNATURE_ABSENT,
	PACK_SIGNATURE_INVALID,
	PACK_SIGNATURE_STRANGER, /* it is right, by a key that nobody here trusts */
	PACK_SIGNATURE_TRUSTED,
	PACK_SIGNATURE_COUNT,
};
const char *pack_signature_text(enum pack_signature); /* a sentence for people */

struct pack_file {
	char name[32];
	size_t at, size; /* in the pack */
	const uint8_t *bytes;
};

struct pack {
	enum pack_signature signature;
	uint8_t key[ISSUER_PUBLIC_LEN]; /* that the manifest names; zero: none */
	char key_id[ISSUER_ID_MAX];
	char root[HASH_TEXT_MAX]; /* Merkle root over its files, as in a label */
	uint32_t run;
	char tool[64], ruleset[HASH_TEXT_MAX];
	size_t n_files;
	struct pack_file file[PACK_FILES_MAX]; /* borrows the bytes given */
	size_t n_left_out;                     /* to be shared; the manifest says which */
	struct {
		char name[32], hash[HASH_TEXT_MAX];
	} left_out[PACK_FILES_MAX];
};
bool pack_has_left_out(const struct pack *, const char *name);

/*
 * Opens a pack and compares everything with the manifest.  False: something is
 * not as it was written, and why names the file and the place of the byte as
 * near as the manifest's hashes tell (4 KiB, more in files over 4 MiB).  A wrong
 * or absent signature is no reason to be false, it is in pack->signature; but
 * then the manifest itself may be the one that was changed.
 */
bool pack_parse(struct pack *, const uint8_t *bytes, size_t len,
	const uint8_t (*trusted)[ISSUER_PUBLIC_LEN], size_t n_trusted, struct fault *why);
const struct pack_file *pack_find(const struct pack *, const char *name); /* NULL: it has none */

/* How the verdicts of a pack compare with those that its transcript gives here and now. */
struct rejudged {
	bool is_same_ruleset;             /* of our own; if not, a difference may come from that */
	bool verdicts_agree;              /* those in result.json follow from its findings */
	uint32_t n_checks;                /* judged again */
	uint32_t n_unknown_checks;        /* that this version does not have */
	uint32_t n_same, n_absent, n_new; /* findings: in both, only in the pack, only now */
	bool report_agrees; /* report.html says what result.json does; with the same ruleset only */
	bool is_left_out;   /* what was recorded is not in this pack: nothing is judged again */
	char first[320];    /* the first difference, for people; empty: none */
};
bool rejudged_is_same(const struct rejudged *);

/* Reads result.json, judges probes.jsonl and traffic.jsonl; gives the result as it is in the pack. */
struct audit_result *pack_rejudge(const struct pack *, struct rejudged *, struct fault *why);

#endif
