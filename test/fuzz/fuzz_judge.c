/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>

#include "base/printable.h"
#include "check/check.h"

/*
 * Any device may have answered anything to any step of any check.  The first
 * byte picks the check, then exchange after exchange:
 *
 *	step, note, round and flags, port (1 byte each), length (2), what was received
 *
 * What must hold is what a finding promises, and that a second look is the same.
 */
static const char *const names[] = {"tcp-ports", "udp-services", "telnet-login", "http-login",
	"ftp-login", "rtsp-login", "mqtt-open", "debug-ports", "snmp-public", "coap-open",
	"tls-server", "unauth-http", "upnp-igd", "banners", "login-throttle", "robustness",
	"rig-certificate", "rig-outage", "rig-names", "rig-maker", "rig-link", "rig-backoff",
	"rig-clock", "reset-after", "maker-web"};
static const char *const steps[] = {"begin", "end", "skipped", "alive", "tried", "open", "refused",
	"control", "service", "login plan", "login none", "login wrong", "login try", "login stop",
	"form page", "connect", "adb", "shell", "dns", "tftp", "ntp", "netbios", "snmp", "ssdp",
	"sip", "mdns", "coap", "community", "list", "resource", "version", "cipher", "file",
	"search", "description", "status", "removal", "guess", "before", "odd", "after", "right",
	"self-signed", "expired", "wrong-name", "unknown-ca", "no-rig", "internet", "offline",
	"back", "not-back", "asked", "spoke", "tries", "asked-true", "asked-past", "asked-future",
	"spoke-true", "spoke-past", "spoke-future", "left", "not-left", "returned", "not-returned",
	"canary none", "canary wrong", "canary", "hello", "maker", "front", "page", "security-txt",
	"more", "elsewhere", "again", "earlier", "loop"};
static const char *const notes[] = {"", "complete", "TIME_OUT", "59", "user root", "none",
	"no login asked", "form user root from /login.html", "locked", "yes to anything", "open",
	"public", "TLS 1.0", "TLS 1.2", "NULL", "/etc/passwd", "/config.xml", "/.git/config",
	"/pf-no-such-file.cfg", "/..%2f..%2f..%2f..%2f..%2fetc/passwd", "bytes of nothing",
	"listen", "http", "packets 12/10 bytes 1900/4200 assured", "quiet 0 0 - - - cloud.example",
	"believed 0 180 http credentials,update 0123456789abcdef cloud.example",
	"alert 48 0 - - - cloud.example", "2100 ms, port 443", "port 443", "12",
	"told 978307200 its own 978307200", "packets 7/6 bytes 1000/3100 assured",
	"named https://maker.example/", "https://maker.example/", "https://maker.example/security",
	"likely 0 other 2 pages 4"};

static struct findings one, two;

static struct transcript *
transcript_from(struct reader *r, uint16_t check)
{
	struct transcript *transcript = transcript_new(NULL);

	for (int i = 0; i < 64 && reader_left(r); i++) {
		struct exchange e = {.utc_s = 1, .proto = 6, .address = {.version = 4}};
		uint8_t step = reader_u8(r), note = reader_u8(r), flags = reader_u8(r);
		e.port = reader_u8(r);
		e.check = flags & 0x80 ? (uint16_t)check_find("tcp-ports") : check;
		e.round = flags & 3;
		e.end = (uint8_t)((flags >> 2 & 7) + 1);
		e.is_tls = flags & 0x20;
		if (flags & 0x40)
			e.proto = e.port ? 17 : 0;
		struct reader bytes = reader_slice(r, reader_u16(r));
		struct bytes received = reader_rest(&bytes);
		e.received = received.at;
		e.n_received = received.len;
		e.sent = received.at;
		e.n_sent = received.len > 16 ? 16 : received.len;
		snprintf(e.step, sizeof e.step, "%s", steps[step % (sizeof steps / sizeof *steps)]);
		snprintf(e.note, sizeof e.note, "%s", notes[note % (sizeof notes / sizeof *notes)]);
		if (e.proto == 0)
			e.address.version = 0;
		transcript_add(transcript, &e);
	}
	return transcript;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	int found = check_find(names[reader_u8(&r) % (sizeof names / sizeof *names)]);
	assert(found >= 0);
	uint16_t check = (uint16_t)found;
	struct transcript *transcript = transcript_from(&r, check);

	memset(&one, 0, sizeof one);
	memset(&two, 0, sizeof two);
	check_judge(check, transcript, &one);
	check_judge(check, transcript, &two);
	assert(one.n && one.n == two.n &&
		!memcmp(one.finding, two.finding, one.n * sizeof *one.finding));
	for (size_t i = 0; i < one.n; i++) {
		const struct finding *f = &one.finding[i];
		assert(f->word > VERDICT_UNKNOWN && f->word < VERDICT_WORD_COUNT);
		assert((f->word == VERDICT_INC) == (f->reason != INC_NONE));
		assert(f->word != VERDICT_FAIL || f->n_evidence >= 2);
		assert(!f->is_critical || f->word == VERDICT_FAIL);
		assert(f->n_tried <= f->n_all && f->provision[0]);
		assert(f->text[0] && is_printable(f->text));
		assert(f->port ? f->proto == 6 || f->proto == 17 : f->proto == 0);
		for (uint32_t k = 0; k < f->n_evidence; k++)
			assert(f->evidence[k] >= 1 &&
				f->evidence[k] <= transcript_count(transcript));
	}
	transcript_free(transcript);
	return 0;
}
