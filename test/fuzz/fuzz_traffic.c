/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>

#include "base/printable.h"
#include "check/traffic.h"

/*
 * Facts of a device that sends whatever it likes, fact after fact:
 *
 *	step, address, port, count (1 byte each), text, NUL, detail, NUL
 *
 * All passive checks judge them, twice.  An odd first byte breaks up the pairs of
 * first and last time, as only a stranger's pack could.
 */
static const char *const steps[] = {"tls-hello", "tls-server", "tls-certificate", "http-request",
	"clear-credentials", "clear-content", "coap-request", "identifier-sent",
	"upnp-port-request", "dns-query", "name", "flow", "boot", "denied", "watch"};

static struct findings one, two;

static const char *
take_text(struct reader *r, char out[static 300])
{
	char raw[128];
	size_t len = 0;
	uint8_t c;

	while (reader_left(r) && (c = reader_u8(r)))
		if (len < sizeof raw)
			raw[len++] = (char)c;
	printable(out, 300, raw, len);
	return out;
}

static void
judge_all(const struct transcript *transcript)
{
	for (uint16_t check = 0; check < n_checks; check++) {
		if (checks[check].is_probed)
			continue;
		memset(&one, 0, sizeof one);
		memset(&two, 0, sizeof two);
		check_judge(check, transcript, &one);
		check_judge(check, transcript, &two);
		assert((one.n || checks[check].is_document) && one.n == two.n &&
			!memcmp(one.finding, two.finding, one.n * sizeof *one.finding));
		for (size_t i = 0; i < one.n; i++) {
			const struct finding *f = &one.finding[i];
			assert(f->word > VERDICT_UNKNOWN && f->word < VERDICT_WORD_COUNT);
			assert((f->word == VERDICT_INC) == (f->reason != INC_NONE));
			assert(f->word != VERDICT_FAIL || f->n_evidence >= 2);
			assert(!f->is_critical); /* nothing is closed upon what was only watched */
			assert(f->n_tried <= f->n_all && f->provision[0]);
			assert(f->text[0] && is_printable(f->text));
			for (uint32_t k = 0; k < f->n_evidence; k++)
				assert(f->evidence[k] >= 1 &&
					f->evidence[k] <= transcript_count(transcript));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const addresses[] = {
		"198.18.0.9", "2001:db8::9", "192.168.77.3", "8.0.0.1"};
	struct reader r = reader_over(data, size);
	struct transcript *transcript = transcript_new(NULL), *broken = transcript_new(NULL);
	bool breaks = reader_u8(&r) & 1;
	char text[300], detail[300];

	traffic_write_watch(transcript, 1700000000, reader_u8(&r) * 1000u, 0);
	for (int i = 0; i < 64 && reader_left(&r); i++) {
		uint8_t step = reader_u8(&r), where = reader_u8(&r), port = reader_u8(&r);
		struct traffic_fact fact = {.step = steps[step % (sizeof steps / sizeof *steps)],
			.proto = step & 0x80 ? 17 : 6,
			.port = port,
			.count = reader_u8(&r),
			.first_s = 1700000000,
			.last_s = 1700000000 + port * 1000};
		if (where % 5 < 4)
			assert(ip_parse(&fact.address, addresses[where % 5]));
		fact.text = take_text(&r, text);
		fact.detail = take_text(&r, detail);
		traffic_write(transcript, &fact);
	}
	assert(!transcript_trouble(transcript));
	for (size_t i = 0; breaks && i < transcript_count(transcript); i++) {
		struct exchange e = *transcript_at(transcript, i);
		if (i % 3 != 1)
			transcript_add(broken, &e);
	}
	judge_all(breaks ? broken : transcript);
	transcript_free(transcript);
	transcript_free(broken);
	return 0;
}
