/* SPDX-License-Identifier: Apache-2.0 */
#include "sentinel.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/binding.h"
#include "message/reason.h"
#include "observation/pcap_file.h"
#include "test.h"

size_t
sentinel_list(struct sentinel_capture *list, size_t max)
{
	const char *folder = test_data();
	char path[600], line[512], file[200], device[64], type[64], mac[32];
	size_t n = 0;
	FILE *labels;

	if (!folder)
		return 0;
	snprintf(path, sizeof path, "%s/pcap-iot-sentinel/LABELS.tsv", folder);
	labels = fopen(path, "r");
	if (!labels)
		return 0;
	while (n < max && fgets(line, sizeof line, labels)) {
		if (sscanf(line, "%199[^\t]\t%63[^\t]\t%63[^\t]\t%31[^\n]", file, device, type,
			    mac) != 4 ||
			!mac_parse(list[n].mac, mac))
			continue;
		snprintf(
			list[n].path, sizeof list[n].path, "%s/pcap-iot-sentinel/%s", folder, file);
		snprintf(list[n].type, sizeof list[n].type, "%s", type);
		n++;
	}
	fclose(labels);
	return n;
}

static void
count_up(uint8_t out[static 8])
{
	static uint64_t next;

	next++;
	memcpy(out, &next, 8);
}

static void
judge(struct sentinel_run *run, struct device *device, const struct observation *row)
{
	struct harm_verdict verdict;

	if (!harm_from_observation(&device->harm, &run->key, row, row->seen_ns, &verdict))
		return;
	if (verdict.act <= HARM_ACT_NOTE && !run->act_all)
		return;
	run->harms++;
	if (verdict.severity > run->worst.severity)
		run->worst = verdict;
}

static void
on_rows(const struct observation *rows, size_t n, void *arg)
{
	static const struct identify_rules rules = {.random = count_up, .is_replay = true};
	struct sentinel_run *run = arg;
	struct binding_change changes[BINDING_CHANGES_MAX];
	struct identified who;

	for (size_t i = 0; i < n; i++) {
		struct observation row = rows[i];
		run->rows++;
		identify_observation(run->table, &rules, &row, row.seen_ns, row.wall_s, &who);
		if (!who.device)
			continue;
		if (run->rules) {
			/* A replay knows no ports; one for all makes the bindings work. */
			if (!row.port[0])
				memcpy(row.port, "replay", 7);
			size_t count = binding_from_observation(
				run->table, run->rules, &row, row.seen_ns, changes);
			for (size_t k = 0; k < count; k++)
				run->spoofs += changes[k].event == BINDING_SPOOFED;
		}
		run->flows += row.what == OBSERVED_FLOW_NEW;
		judge(run, who.device, &row);
		if (run->deny_all && row.what == OBSERVED_FLOW_NEW) {
			row.what = OBSERVED_DENIED;
			row.value = REASON_FROM_DEVICE;
			judge(run, who.device, &row);
		}
	}
}

bool
sentinel_play(struct sentinel_run *run, const char *path)
{
	static const struct hash_key key = {
		UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char why[256];
	struct pcap_file *file = fd >= 0 ? pcap_file_new(fd, why) : NULL;
	struct replay *replay =
		file ? replay_new(pcap_file_link_type(file), 4096, &key, on_rows, run) : NULL;
	struct pcap_pkthdr head;
	const uint8_t *frame;
	bool is_whole = false;

	run->key = (struct harm_key){key.b, key.a};
	while (replay && pcap_file_next(file, &head, &frame))
		replay_frame(replay, &head, frame);
	if (replay) {
		replay_end(replay);
		is_whole = !pcap_file_is_broken(file);
	}
	replay_free(replay);
	pcap_file_free(file);
	if (fd >= 0)
		close(fd);
	return is_whole;
}
