/* SPDX-License-Identifier: Apache-2.0 */
/* Audits: named eviction, so that neither the list nor the evidence grows without bound. */
#include <string.h>

#include "base/auto.h"
#include "process/engine_audit.h"
#include "process/engine_shelf.h"

#define EVIDENCE_BYTES_MAX (UINT64_C(1024) * 1024 * 1024)

/* Does a closed port of any device rest on this run, or something on the shelf? */
static bool
is_rested_on(uint32_t run)
{
	json_t *row;
	size_t k;

	for (size_t i = 0; i < engine.n_peers; i++)
		json_array_foreach(engine.wards[i]->facet[FACET_CONTAINMENT], k,
			row) if (json_integer_value(json_object_get(row, "run")) ==
				 run) return true;
	return shelf_rests_on(run);
}

struct pruning {
	uint32_t run[64]; /* that may go, oldest last */
	size_t n;
	uint32_t newer; /* of the device or of all */
	uint32_t keep;
	uint32_t newest;
};

/* The newest are forgotten first when there are more than fit: the next time is theirs. */
static void
may_go(struct pruning *pruning, uint32_t run)
{
	if (pruning->n == COUNT_OF(pruning->run)) {
		memmove(pruning->run, pruning->run + 1,
			sizeof pruning->run - sizeof pruning->run[0]);
		pruning->n--;
	}
	pruning->run[pruning->n++] = run;
}

static void
on_old(const struct stored_audit *audit, void *arg)
{
	struct pruning *pruning = arg;

	if (!pruning->newest)
		pruning->newest = audit->run;
	if (pruning->newer++ < pruning->keep || audit_find(audit->run) || is_rested_on(audit->run))
		return;
	may_go(pruning, audit->run);
}

void
audit_forget(uint32_t run)
{
	struct fault why;

	store_audits_begin(engine.store);
	store_audit_delete(engine.store, run);
	if (store_audits_commit(engine.store, &why))
		keep_trouble(&why);
	else
		audit_folder_remove(run);
}

static void
on_any(const struct stored_audit *audit, void *arg)
{
	if (!audit_find(audit->run) && !is_rested_on(audit->run))
		may_go(arg, audit->run);
}

void
audit_forget_all(const char *device_id)
{
	struct pruning all = {.n = 0};

	if (!device_id[0] ||
		store_audits(engine.store, 0, device_id, STORE_AUDITS_A_DEVICE, on_any, &all))
		return;
	while (all.n)
		audit_forget(all.run[--all.n]);
}

static void
on_evidence(const struct stored_audit *audit, void *arg)
{
	struct pruning *pruning = arg;

	/* The newest run keeps its evidence, whatever it weighs. */
	if (!pruning->newer++ || audit_find(audit->run) || is_rested_on(audit->run) ||
		!audit->bytes)
		return;
	may_go(pruning, audit->run);
}

/*
 * Named eviction: of one device, and of all, the oldest runs go whole; when the
 * evidence weighs too much, the oldest transcripts go and results stay.  Never one
 * that a closed port rests on.
 */
void
audit_prune(const char *device_id)
{
	struct pruning of_device = {.keep = STORE_AUDITS_A_DEVICE},
		       of_all = {.keep = STORE_AUDITS_MAX}, heavy = {0};
	struct stored_audit audit;
	uint64_t n, bytes;
	struct fault why;

	if (device_id[0] &&
		!store_audits(engine.store, 0, device_id, STORE_AUDITS_MAX, on_old, &of_device))
		while (of_device.n)
			audit_forget(of_device.run[--of_device.n]);
	store_audit_totals(engine.store, &n, &bytes);
	if (n > STORE_AUDITS_MAX &&
		!store_audits(engine.store, 0, "", 2 * STORE_AUDITS_MAX, on_old, &of_all))
		while (of_all.n)
			audit_forget(of_all.run[--of_all.n]);
	if (bytes <= EVIDENCE_BYTES_MAX ||
		store_audits(engine.store, 0, "", 2 * STORE_AUDITS_MAX, on_evidence, &heavy))
		return;
	while (heavy.n && bytes > EVIDENCE_BYTES_MAX) {
		uint32_t run = heavy.run[--heavy.n];
		if (store_audit_find(engine.store, run, &audit))
			continue;
		audit_evidence_remove(run);
		bytes -= audit.bytes < bytes ? audit.bytes : bytes;
		audit.bytes = audit_folder_bytes(run);
		store_audits_begin(engine.store);
		store_audit_put(engine.store, &audit);
		if (store_audits_commit(engine.store, &why))
			keep_trouble(&why);
	}
}
