/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a device is, what its maker's pages said, and the way of a page between the
 * checker, which reads them, and the fetcher, which may go there.
 *
 * The checker has talked to a hostile device and may be lost: it is given pages of
 * the site of a run that is under way and of no other, and not more of them than a
 * check needs.  Nothing of a page is looked at here.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json_strict.h"
#include "maker/site.h"
#include "process/engine_audit.h"

enum {
	PAGES_A_RUN = 120, /* both rounds, robots.txt and what is not there included */
	ALL_MAX = 2000,
};

static struct {
	uint32_t run, pages;
	char url[256];
} runs[AUDITS_AT_ONCE];

/* --- whose it is ------------------------------------------------------------------------------- */

/*
 * The owner's word first; then the MUD file, if the owner approved it or somebody signed it
 * whom our anchors know; then the device's claim alone.
 */
static enum maker_basis
maker_of(const struct ward *ward, char url[static 256])
{
	const json_t *mud = ward->facet[FACET_MUD];
	const char *named = json_text_of(ward->facet[FACET_MAKER], "url");
	const char *known = json_text_of(mud, "url");
	enum maker_basis basis = MAKER_CLAIMED;
	struct mud_url from;
	struct site site;

	url[0] = '\0';
	if (named[0]) {
		snprintf(url, 256, "%s", named);
		return MAKER_NAMED;
	}
	if (mud && !strcmp(json_text_of(mud, "state"), "rejected"))
		return MAKER_UNKNOWN;
	if (known[0] && !strcmp(json_text_of(mud, "state"), "approved"))
		basis = MAKER_APPROVED;
	else if (known[0] && !strcmp(json_text_of(mud, "signature"), "good"))
		basis = MAKER_SIGNED;
	if (!known[0])
		known = ward->device->claimed_mud_url;
	if (!known[0] || !mud_url_from_bytes(&from, (const uint8_t *)known, strlen(known)))
		return MAKER_UNKNOWN;
	site_of(&site, &from);
	if (!site_front(&from, &site, false))
		return MAKER_UNKNOWN;
	memcpy(url, from.text, sizeof from.text);
	return basis;
}

void
maker_site_of(const struct ward *ward, char out[static 256])
{
	char url[256];
	struct mud_url from;
	struct site site;

	out[0] = '\0';
	if (maker_of(ward, url) == MAKER_UNKNOWN || !site_url_from_owner(&from, url))
		return;
	site_of(&site, &from);
	memcpy(out, site.name, sizeof site.name);
}

void
maker_fill(const struct ward *ward, struct message_audit *message)
{
	size_t slot = 0;

	message->maker_basis = (uint8_t)maker_of(ward, message->maker_url);
	/* Zero behind its end, as messages want it. */
	size_t len = strlen(message->maker_url);
	memset(message->maker_url + len, 0, sizeof message->maker_url - len);
	for (size_t i = 0; i < AUDITS_AT_ONCE; i++)
		if (runs[i].run == message->run) {
			slot = i;
			break;
		} else if (!audit_find(runs[i].run)) {
			slot = i;
		}
	if (runs[slot].run != message->run)
		runs[slot].pages = 0;
	runs[slot].run = message->run;
	memcpy(runs[slot].url, message->maker_url, sizeof runs[slot].url);
}

/* --- pages ---------------------------------------------------------------------------------------- */

static void
answer(const struct message_page *page, int fd)
{
	if (channel_is_open(engine.peer[PROCESS_CHECKER]) &&
		channel_send(engine.peer[PROCESS_CHECKER], MESSAGE_PAGE, 0, page, sizeof *page, fd))
		log_info("audit", "run %u: the checker does not take a page", page->run);
}

static void
refuse(const struct message_page_ask *asked, enum err err, const char *why)
{
	struct message_page page = {
		.run = asked->run, .ticket = asked->ticket, .err = (uint32_t)err};

	snprintf(page.why, sizeof page.why, "%s", why);
	answer(&page, -1);
}

struct latest_end {
	uint32_t not_run;
	struct stored_maker_fact fact; /* the latest end that is known; run 0: none */
};

static void
on_end(const struct stored_maker_fact *fact, void *arg)
{
	struct latest_end *latest = arg;

	/* Dates in this form are in the order of their text. */
	if (fact->fact == MAKER_FACT_SUPPORT_END && fact->run != latest->not_run &&
		strcmp(fact->value, latest->fact.value) > 0)
		latest->fact = *fact;
}

/* The transcript of the run that read the latest end of support, for comparing. */
static void
give_earlier(const struct message_page_ask *asked, const struct audit *audit)
{
	struct latest_end latest = {.not_run = asked->run};
	struct message_page page = {.run = asked->run, .ticket = asked->ticket};
	auto_close int fd = -1;

	if (store_maker_facts(engine.store, audit->row.device_id, on_end, &latest) ||
		!latest.fact.run) {
		refuse(asked, ERR_NOT_FOUND, "no earlier run saw any");
		return;
	}
	if (audit_transcript_read(latest.fact.run, &fd)) {
		refuse(asked, ERR_NOT_FOUND, "the evidence of the earlier run is gone");
		return;
	}
	page.exchange = latest.fact.exchange;
	answer(&page, fd);
}

void
maker_page_asked(const struct message_page_ask *asked)
{
	const struct audit *audit = audit_find(asked->run);
	struct message_page_ask onward = *asked;
	struct mud_url from, url;
	struct site site;
	size_t i = 0;

	while (i < AUDITS_AT_ONCE && runs[i].run != asked->run)
		i++;
	if (!audit || asked->is_status || audit->row.state != AUDIT_RUNNING || audit->is_ending ||
		i == AUDITS_AT_ONCE || !runs[i].url[0]) {
		refuse(asked, ERR_NOT_OURS, "no run of that number reads pages");
		return;
	}
	if (asked->is_earlier) {
		give_earlier(asked, audit);
		return;
	}
	if (runs[i].pages++ >= PAGES_A_RUN) {
		refuse(asked, ERR_FULL, "the run has asked for as many pages as it may");
		return;
	}
	if (!mud_url_from_bytes(&from, (const uint8_t *)runs[i].url, strlen(runs[i].url)) ||
		!mud_url_from_bytes(&url, (const uint8_t *)asked->url, strlen(asked->url))) {
		refuse(asked, ERR_INVALID, "not an https URL");
		return;
	}
	site_of(&site, &from);
	if (!site_holds(&site, &url)) {
		refuse(asked, ERR_DENIED, "not of the maker's site");
		return;
	}
	memcpy(onward.url, url.text, sizeof onward.url);
	if (!channel_is_open(engine.peer[PROCESS_FETCHER]) ||
		channel_send(engine.peer[PROCESS_FETCHER], MESSAGE_PAGE_ASK, 0, &onward,
			sizeof onward, -1))
		refuse(asked, ERR_SYSTEM, "the process that fetches pages does not run");
}

void
maker_page_came(const struct message_page *page, int fd)
{
	if (audit_find(page->run))
		answer(page, fd);
}

/* --- what is kept ------------------------------------------------------------------------------------ */

void
maker_fact_told(const struct message_maker_fact *told)
{
	const struct audit *audit = audit_find(told->run);
	struct stored_maker_fact fact = {.fact = told->fact,
		.run = told->run,
		.exchange = told->exchange,
		.first_s = clock_wall_s(),
		.last_s = clock_wall_s()};
	struct fault why;

	if (!audit || audit->is_ending || !audit->row.device_id[0])
		return;
	memcpy(fact.value, told->value, sizeof fact.value);
	snprintf(fact.device_id, sizeof fact.device_id, "%s", audit->row.device_id);
	store_audits_begin(engine.store);
	store_maker_fact_put(engine.store, &fact);
	if (store_audits_commit(engine.store, &why))
		keep_trouble(&why);
}

static void
on_fact(const struct stored_maker_fact *fact, void *arg)
{
	json_array_append_new(
		arg, json_pack("{s:s, s:s, s:I, s:I, s:i, s:i}", "fact",
			     maker_fact_word((enum maker_fact)fact->fact), "value", fact->value,
			     "first", (json_int_t)fact->first_s, "last", (json_int_t)fact->last_s,
			     "run", (int)fact->run, "exchange", (int)fact->exchange));
}

static json_t *
describe(const struct ward *ward)
{
	static const char *const words[MAKER_BASIS_COUNT] = {[MAKER_UNKNOWN] = "unknown",
		[MAKER_CLAIMED] = "claimed by the device",
		[MAKER_SIGNED] = "its signed MUD file",
		[MAKER_APPROVED] = "its approved MUD file",
		[MAKER_NAMED] = "the owner"};
	char url[256], site[256];
	enum maker_basis basis = maker_of(ward, url);

	maker_site_of(ward, site);
	return json_pack("{s:o, s:s, s:s, s:s, s:s}", "device", show_ref(ward), "url", url, "site",
		site, "by", words[basis], "claimed_name",
		json_text_of(ward->facet[FACET_MUD], "manufacturer"));
}

json_t *
maker_show(const struct ward *ward, struct fault *why)
{
	json_t *out = describe(ward), *facts = json_array();

	if (store_maker_facts(engine.store, ward->device->id, on_fact, facts)) {
		json_decref(facts);
		json_decref(out);
		fault_set(why, ERR_STORE, "what is known of makers cannot be read");
		return NULL;
	}
	json_object_set_new(out, "facts", facts);
	return out;
}

json_t *
maker_list(void)
{
	json_t *rows = json_array();
	char url[256];

	for (size_t i = 0; i < engine.n_peers && json_array_size(rows) < ALL_MAX; i++)
		if (maker_of(engine.wards[i], url))
			json_array_append_new(rows, describe(engine.wards[i]));
	return rows;
}

/* url "": as if nobody had ever named one. */
bool
maker_set(const struct ward *ward, const char *url, struct change *change, struct fault *why)
{
	struct mud_url checked;

	if (!url[0]) {
		change_set(change, ward, FACET_MAKER, NULL);
		snprintf(change->text, sizeof change->text,
			"%.60s: its maker is not named any more", device_label(ward->device));
		return true;
	}
	if (!site_url_from_owner(&checked, url)) {
		fault_set(why, ERR_INVALID,
			"the maker's site must be a name or an https URL, like "
			"https://www.maker.example");
		return false;
	}
	change_set(change, ward, FACET_MAKER,
		json_pack("{s:s, s:I}", "url", checked.text, "since", (json_int_t)clock_wall_s()));
	snprintf(change->text, sizeof change->text, "%.60s: its maker is %.120s",
		device_label(ward->device), checked.text);
	return true;
}
