/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/auto.h"

#include "policy/compile_inside.h"

const uint8_t compile_protos[COMPILE_PROTOS] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6};

static void
add(struct compile_batch *batch, const struct policy_entry *entry)
{
	if (batch->n == COUNT_OF(batch->entry))
		batch->is_full = true;
	else
		batch->entry[batch->n++] = *entry;
}

/* An entry has one ICMP type, and one code or any. */
static void
add_icmp(struct compile_batch *batch, struct policy_entry entry, const struct box *box)
{
	bool is_any = box->from_lo == 0 && box->from_hi >= UINT8_MAX;

	if (!is_any && box->from_lo != box->from_hi) {
		batch->is_full = true;
		return;
	}
	entry.port_hi = is_any ? UINT16_MAX : box->from_lo;
	entry.source_lo = 0;
	entry.source_hi = UINT16_MAX;
	for (unsigned type = box->lo; type <= box->hi && type <= UINT8_MAX; type++) {
		entry.port_lo = (uint16_t)type;
		add(batch, &entry);
	}
}

static void
add_box(struct compile_batch *batch, struct policy_entry entry, const struct box *box)
{
	if (policy_is_icmp(entry.proto)) {
		add_icmp(batch, entry, box);
		return;
	}
	entry.port_lo = box->lo;
	entry.port_hi = box->hi;
	entry.source_lo = box->from_lo;
	entry.source_hi = box->from_hi;
	add(batch, &entry);
}

void
compile_batch_add(struct compile_batch *batch, const struct policy_entry *like, uint8_t version,
	uint8_t proto, const struct region *region)
{
	struct policy_entry entry = *like;

	entry.version = version;
	entry.proto = proto;
	for (unsigned i = 0; i < region->n; i++)
		add_box(batch, entry, &region->box[i]);
}

void
compile_batch_add_versions(struct compile_batch *batch, const struct policy_entry *like,
	uint8_t proto, const struct region by_version[static 2])
{
	if (proto == IPPROTO_ICMP)
		compile_batch_add(batch, like, 4, proto, &by_version[0]);
	else if (proto == IPPROTO_ICMPV6)
		compile_batch_add(batch, like, 6, proto, &by_version[1]);
	else if (region_is_equal(&by_version[0], &by_version[1]))
		compile_batch_add(batch, like, 0, proto, &by_version[0]);
	else {
		compile_batch_add(batch, like, 4, proto, &by_version[0]);
		compile_batch_add(batch, like, 6, proto, &by_version[1]);
	}
}

bool
compile_batch_keep(
	struct compiler *c, const struct compile_batch *batch, const struct compile_target *target)
{
	char name[64];

	if (batch->is_full || c->out->n_entries + batch->n > POLICY_ENTRIES_MAX) {
		policy_faults_add(c->faults, 0,
			"\"%s\" needs more entries than there are; not allowed",
			compile_target_render(target, name));
		return false;
	}
	if (batch->n)
		memcpy(c->out->entry + c->out->n_entries, batch->entry,
			batch->n * sizeof *batch->entry);
	c->out->n_entries = (uint16_t)(c->out->n_entries + batch->n);
	return true;
}
