/* SPDX-License-Identifier: Apache-2.0 */
/* Whose packets may be remembered, and what came of those of an incident. */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/base64.h"
#include "observation/pcapng.h"
#include "process/engine_incident.h"

_Static_assert(PCAPNG_BYTES(KEPT_ROWS_MAX) <= STORE_PACKETS_BYTES, "no file is longer");

/*
 * Devices that are held or penned.  Of phones and laptops nothing is kept, nor of one that
 * waits, since it may be one, nor of one that is trusted.
 */
static bool
may_be_kept(const struct device *device)
{
	static const char *const peoples[] = {"phone", "tablet", "computer", "wearable"};

	for (size_t i = 0; i < COUNT_OF(peoples); i++)
		if (!strcmp(device->kind.word, peoples[i]))
			return false;
	return device->class != DEVICE_CLASS_PERSONAL && device->state != DEVICE_WAITING &&
	       device->state != DEVICE_TRUSTED && device->state != DEVICE_STATE_UNKNOWN;
}

/* Of all MACs that may be kept, and how many they are: whether the list is another one. */
static uint64_t
digest_of_names(void)
{
	uint64_t digest = 1;

	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct device *device = engine.wards[i]->device;
		if (!may_be_kept(device))
			continue;
		for (int k = 0; k < device->n_macs; k++) {
			uint64_t mac = 0;
			memcpy(&mac, device->mac[k].mac, 6);
			digest = (digest ^ mac) * UINT64_C(0x9e3779b97f4a7c15) + 1;
		}
	}
	return digest;
}

static bool
send_names(struct message_keep *message, bool is_last)
{
	message->is_last = is_last;
	bool is_sent = !channel_send(engine.peer[PROCESS_CAPTURE], MESSAGE_KEEP, 0, message,
		message_keep_len(message), -1);
	message->is_first = 0;
	message->n_rows = 0;
	return is_sent;
}

void
incident_names_due(void)
{
	static struct message_keep message;
	static const struct channel *told_to;
	static uint64_t told;
	uint64_t digest = digest_of_names();
	bool is_sent = true;

	if (!channel_is_open(engine.peer[PROCESS_CAPTURE]) ||
		(told == digest && told_to == engine.peer[PROCESS_CAPTURE]))
		return;
	message.is_first = 1;
	message.n_rows = 0;
	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct device *device = engine.wards[i]->device;
		for (int k = 0; may_be_kept(device) && k < device->n_macs; k++) {
			memcpy(message.row[message.n_rows++].mac, device->mac[k].mac, 6);
			if (message.n_rows == KEEP_ROWS_MAX)
				is_sent = send_names(&message, false) && is_sent;
		}
	}
	/* What was not taken whole is said again in a second. */
	is_sent = send_names(&message, true) && is_sent;
	told = is_sent ? digest : 0;
	told_to = engine.peer[PROCESS_CAPTURE];
}

/*
 * What a phone says to a device, and is answered, is the phone's as well.  What a rule refused
 * was the device's alone.
 */
static bool
is_with_a_phone(const struct kept_packet *row)
{
	const struct device *peer = row->peer.version && !row->reason
					    ? device_find_by_address(engine.table, &row->peer)
					    : NULL;

	return peer && !may_be_kept(peer);
}

static void
on_row(const struct stored_incident *row, void *arg)
{
	*(struct stored_incident *)arg = *row;
}

void
incident_frozen(const struct message_frozen *frozen)
{
	static struct kept_packet kept[KEPT_ROWS_MAX];
	static uint8_t file[PCAPNG_BYTES(KEPT_ROWS_MAX)];
	struct stored_incident row = {.id = 0};
	struct fault why;
	uint32_t n = 0;

	for (uint32_t i = 0; i < frozen->n_rows; i++)
		if (!is_with_a_phone(&frozen->row[i]))
			kept[n++] = frozen->row[i];
	incident_save();
	/* What was asked for first is not replaced by less, where capture was new meanwhile. */
	if (!n || store_incidents(engine.store, frozen->incident + 1, 0, 1, on_row, &row) ||
		row.id != frozen->incident || !row.device || row.frames > n)
		return;
	const struct ward *ward = ward_find(row.device);
	if (!ward || !ward->device || !may_be_kept(ward->device))
		return;
	size_t len = pcapng_render(kept, n, file);
	store_observed_begin(engine.store);
	store_packets_put(engine.store, frozen->incident, n, file, len);
	if (store_observed_commit(engine.store, &why))
		keep_trouble(&why);
}

static void
on_packets(const void *bytes, size_t len, void *arg)
{
	json_t *out = arg;
	auto_free char *text = base64_text(BASE64_PADDED, bytes, len);

	json_object_set_new(out, "pcapng", json_string(text));
	json_object_set_new(out, "bytes", json_integer((json_int_t)len));
}

json_t *
incident_packets(int64_t id, struct fault *why)
{
	json_t *out = json_pack("{s:I}", "incident", (json_int_t)id);

	if (!store_packets(engine.store, id, on_packets, out))
		return out;
	json_decref(out);
	fault_set(why, ERR_NOT_FOUND,
		"no packets are kept of it: of phones and laptops, and of who waits, none ever "
		"are, of others those of the newest %d incidents",
		STORE_INCIDENTS_WITH_PACKETS);
	return NULL;
}
