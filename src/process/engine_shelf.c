/* SPDX-License-Identifier: Apache-2.0 */
#include "process/engine_shelf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "label/pack.h"
#include "maker/date.h"
#include "process/engine_app.h"
#include "process/engine_audit.h"
#include "verdict/difference.h"
#include "verdict/gate.h"

enum {
	JUDGE_S = 300, /* for one transcript; they are at most 64 MiB */
	LOOK_S = 3600, /* at what changes without being told */
	RETRY_S = 60,  /* when the checker has no place */
};

/* The evidence that is judged again now, one run at a time. */
static struct {
	struct stored_shelf entry; /* id 0: none */
	struct audit_result *before;
	uint64_t checks[AUDIT_CHECKS_MAX / 64];
	struct finding *finding; /* AUDIT_FINDINGS_MAX */
	size_t n;
	uint64_t begun_ns;
} job;

static uint32_t queue[STORE_SHELF_MAX]; /* ids, each once, first in first out */
static size_t n_queue;
static uint64_t not_before_ns, looked_ns;

/* The entries' runs, so that nobody asks the database about each run that might go. */
static uint32_t runs[STORE_SHELF_MAX];
static size_t n_runs;

/* --- entries ------------------------------------------------------------------------------------- */

struct list {
	struct stored_shelf *row;
	size_t n;
};

static void
on_entry(const struct stored_shelf *row, void *arg)
{
	struct list *list = arg;

	if (list->n < STORE_SHELF_MAX)
		list->row[list->n++] = *row;
}

/* All of them, or the one; the caller frees row.  Empty where the database cannot be read. */
static struct list
entries(uint32_t id)
{
	struct list list = {must_alloc(id ? 1 : STORE_SHELF_MAX, sizeof *list.row), 0};

	if (store_shelf(engine.store, id, on_entry, &list)) {
		log_warnx("shelf", "the register cannot be read");
		list.n = 0;
	}
	return list;
}

static bool
find(uint32_t id, struct stored_shelf *out)
{
	struct list list = entries(id);
	bool found = list.n && id;

	if (found)
		*out = list.row[0];
	free(list.row);
	return found;
}

static void
know_runs(void)
{
	struct list list = entries(0);

	n_runs = 0;
	for (size_t i = 0; i < list.n; i++)
		runs[n_runs++] = list.row[i].run;
	free(list.row);
}

bool
shelf_rests_on(uint32_t run)
{
	for (size_t i = 0; i < n_runs; i++)
		if (runs[i] == run)
			return true;
	return false;
}

static bool
keep(const struct stored_shelf *entry)
{
	struct fault why;

	store_audits_begin(engine.store);
	store_shelf_put(engine.store, entry);
	if (!store_audits_commit(engine.store, &why))
		return true;
	keep_trouble(&why);
	return false;
}

/* Said once: what goes on is one change.  answer GATE_UNKNOWN: as it was. */
static void
note(struct stored_shelf *entry, enum gate_answer answer, const char *text)
{
	size_t len = strlen(entry->what);
	char cause[16];

	if (answer)
		entry->answer_now = (uint8_t)answer;
	if (strstr(entry->what, text))
		return;
	/* The newest stays readable when there is no more room. */
	if (len + strlen(text) + 3 > sizeof entry->what)
		len = 0;
	snprintf(entry->what + len, sizeof entry->what - len, "%s%s", len ? "; " : "", text);
	entry->changed_s = clock_wall_s();
	if (!keep(entry))
		return;
	snprintf(cause, sizeof cause, "%u", entry->id);
	event(entry->answer_now != entry->answer ? EVENT_ALARM : EVENT_NOTICE, NULL,
		"shelf-changed", cause,
		"on the shelf, %u (%.60s %.30s): %.200s; to see it: pinfold audit shelf show %u",
		entry->id, entry->model, entry->firmware, text, entry->id);
}

static struct ward *
ward_of_entry(const struct stored_shelf *entry)
{
	for (size_t i = 0; i < engine.n_peers; i++)
		if (engine.wards[i]->device &&
			!strcmp(engine.wards[i]->device->id, entry->device_id))
			return engine.wards[i];
	return NULL;
}

/* The unit that was tested, or one that calls itself the same. */
static bool
is_of(const struct stored_shelf *entry, const struct ward *ward)
{
	if (!ward || !ward->device || ward->device->class == DEVICE_CLASS_PERSONAL)
		return false;
	return !strcmp(ward->device->id, entry->device_id) ||
	       (*entry->claimed_model && !strcmp(audit_model(ward->device), entry->claimed_model));
}

/* What changes with the firmware in what a device says of itself; empty: it says nothing. */
static const char *
claimed_firmware(const struct device *device)
{
	static const enum identifier_kind kinds[] = {
		IDENTIFIER_SSDP_SERVER, IDENTIFIER_VENDOR_CLASS, IDENTIFIER_USER_AGENT};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct identifier *claim = device_identifier(device, kinds[i]);
		if (claim && *claim->claimed_value)
			return claim->claimed_value;
	}
	return "";
}

/* --- by the rules of today -------------------------------------------------------------------------- */

static void
forget_job(void)
{
	result_free(job.before);
	free(job.finding);
	memset(&job, 0, sizeof job);
}

static void
enqueue(uint32_t id)
{
	for (size_t i = 0; i < n_queue; i++)
		if (queue[i] == id)
			return;
	if (n_queue < COUNT_OF(queue) && job.entry.id != id)
		queue[n_queue++] = id;
}

static void
dequeue(uint32_t id)
{
	for (size_t i = 0; i < n_queue; i++)
		if (queue[i] == id) {
			memmove(&queue[i], &queue[i + 1], (--n_queue - i) * sizeof queue[0]);
			return;
		}
}

static bool
is_waiting(uint32_t id)
{
	for (size_t i = 0; i < n_queue; i++)
		if (queue[i] == id)
			return true;
	return job.entry.id == id;
}

/* The result of a run as it was written on that day; NULL: it is not there, or not whole. */
static struct audit_result *
written_result(uint32_t run)
{
	char path[SETTINGS_PATH_MAX + 64];
	struct fault why;
	bool agree;

	audit_path(run, "result.json", path, sizeof path);
	auto_fclose FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	auto_free char *bytes = must_alloc(RESULT_BYTES_MAX, 1);
	size_t len = fread(bytes, 1, RESULT_BYTES_MAX, file);
	if (ferror(file) || !feof(file))
		return NULL;
	return result_from_text(bytes, len, &agree, &why);
}

static bool
is_in_job(size_t check)
{
	return check < AUDIT_CHECKS_MAX && (job.checks[check / 64] >> check % 64 & 1);
}

/* Checks that were run to an end, and that this release still has. */
static void
choose(void)
{
	for (size_t i = 0; i < job.before->n_checks; i++) {
		int place = check_find(job.before->check[i].id);
		if (place >= 0 && place < AUDIT_CHECKS_MAX && checks[place].is_probed &&
			audit_step_is_over(job.before->check[i].step))
			job.checks[place / 64] |= UINT64_C(1) << place % 64;
	}
}

static void
begin_next(void)
{
	struct message_audit message = {.is_judged = 1, .seconds = JUDGE_S};
	auto_close int fd = -1;

	if (job.entry.id || !n_queue || !channel_is_open(engine.peer[PROCESS_CHECKER]) ||
		clock_monotonic_ns() < not_before_ns)
		return;
	uint32_t id = queue[0];
	dequeue(id);
	if (!find(id, &job.entry)) {
		forget_job();
		return;
	}
	job.before = written_result(job.entry.run);
	if (!job.before || audit_transcript_read(job.entry.run, &fd)) {
		note(&job.entry, GATE_LABORATORY,
			"the evidence of its run is not there any more, so it cannot be judged "
			"by the rules of today: test it again");
		forget_job();
		return;
	}
	choose();
	job.finding = must_alloc(AUDIT_FINDINGS_MAX, sizeof *job.finding);
	job.begun_ns = clock_monotonic_ns();
	message.run = job.entry.run;
	memcpy(message.checks, job.checks, sizeof message.checks);
	if (!channel_send(
		    engine.peer[PROCESS_CHECKER], MESSAGE_AUDIT, 0, &message, sizeof message, fd))
		return;
	forget_job();
	enqueue(id);
	not_before_ns = clock_monotonic_ns() + RETRY_S * CLOCK_SECOND_NS;
}

/* What came by itself: judged here, from our own file, as at the end of a run. */
static bool
judge_traffic(struct audit_result *now, uint16_t at, int place, const struct transcript *traffic)
{
	if (place < 0 || checks[place].is_probed || !traffic ||
		!audit_step_is_over(now->check[at].step))
		return false;
	auto_free struct findings *findings = must_alloc(1, sizeof *findings);
	memset(findings, 0, sizeof *findings);
	check_judge((uint16_t)place, traffic, findings);
	for (size_t i = 0; i < findings->n; i++) {
		findings->finding[i].check = at;
		result_add(now, &findings->finding[i]);
	}
	return true;
}

static struct transcript *
written_traffic(uint32_t run)
{
	char path[SETTINGS_PATH_MAX + 64];
	struct transcript *transcript;
	struct fault why;

	audit_path(run, "traffic.jsonl", path, sizeof path);
	auto_fclose FILE *file = fopen(path, "re");
	return file && !transcript_read(file, &transcript, &why) ? transcript : NULL;
}

/* The same run, with what its evidence says today. */
static struct audit_result *
result_of_today(void)
{
	struct transcript *traffic = written_traffic(job.entry.run);
	struct audit_result *now = result_new();

	now->device = job.before->device;
	now->run = job.before->run;
	now->n_checks = job.before->n_checks;
	memcpy(now->check, job.before->check, sizeof now->check);
	for (uint16_t i = 0; i < now->n_checks; i++) {
		int place = check_find(now->check[i].id);
		if ((place >= 0 && is_in_job((size_t)place)) ||
			judge_traffic(now, i, place, traffic))
			continue;
		for (size_t k = 0; k < job.before->n_findings; k++)
			if (job.before->finding[k].check == i)
				result_add(now, &job.before->finding[k]);
	}
	for (size_t i = 0; i < job.n; i++) {
		struct finding finding = job.finding[i];
		finding.check = result_check_place(now, checks[finding.check].id);
		if (finding.check < now->n_checks)
			result_add(now, &finding);
	}
	transcript_free(traffic);
	return now;
}

static enum gate_answer
answer_of(const struct audit_result *result, const char *profile_id)
{
	const struct gate_profile *profile = gate_profile_find(profile_id);
	struct gate gate;

	if (!profile)
		return GATE_LABORATORY; /* a profile that this release does not have */
	gate_from_result(result, profile, &gate);
	return (enum gate_answer)gate.answer;
}

static void
conclude_job(void)
{
	struct stored_shelf *entry = &job.entry;
	struct audit_result *now = result_of_today();
	enum gate_answer answer = answer_of(now, entry->profile);
	struct difference difference;
	char text[sizeof difference.text + 160];

	difference_between(job.before, now, false, &difference);
	result_free(now);
	pack_ruleset(entry->ruleset);
	entry->judged_s = clock_wall_s();
	bool is_other = difference.n || answer != (enum gate_answer)entry->answer;
	if (is_other) {
		snprintf(text, sizeof text, "by the rules of today: %s%sthe gate says %s",
			difference.text, difference.n ? "; " : "", gate_answer_word(answer));
		note(entry, answer, text);
	}
	keep(entry);
	forget_job();
}

void
shelf_message(uint16_t type, const void *payload)
{
	uint32_t run;

	memcpy(&run, payload, sizeof run); /* all three begin with it */
	if (!job.entry.id || run != job.entry.run)
		return;
	if (type == MESSAGE_FINDING) {
		const struct finding *finding = &((const struct message_finding *)payload)->finding;
		if (job.n < AUDIT_FINDINGS_MAX && is_in_job(finding->check) &&
			check_may_speak_of(finding->check, finding->provision))
			job.finding[job.n++] = *finding;
		return;
	}
	if (type != MESSAGE_AUDIT_END)
		return;
	const struct message_audit_end *end = payload;
	if (end->err == ERR_OK) {
		conclude_job();
		return;
	}
	struct stored_shelf entry = job.entry;
	forget_job();
	if (end->err == ERR_FULL || end->err == ERR_BUSY) {
		enqueue(entry.id);
		not_before_ns = clock_monotonic_ns() + RETRY_S * CLOCK_SECOND_NS;
		return;
	}
	log_warnx("shelf", "the evidence of run %u cannot be judged again: %s", run, end->why);
	note(&entry, GATE_LABORATORY,
		"its evidence cannot be judged by the rules of today: test it again");
}

/* The checker is another one and knows nothing of it. */
void
shelf_peer_connected(void)
{
	uint32_t id = job.entry.id;

	forget_job();
	if (id)
		enqueue(id);
}

/* --- what changes by itself --------------------------------------------------------------------------- */

/* "2028-06" or "2028-06-30": the first second after it; 0: it is none. */
static int64_t
support_from_text(const char *text)
{
	struct tm tm = {0};
	struct date date;

	if (!date_parse(&date, text))
		return 0;
	uint32_t last = date_number(date); /* its last day */
	tm.tm_year = (int)(last / 10000) - 1900;
	tm.tm_mon = (int)(last / 100 % 100) - 1;
	tm.tm_mday = (int)(last % 100) + 1;
	return timegm(&tm);
}

/* When updates end: as somebody said who put it there, else as its maker's pages say. */
struct support_end {
	int64_t at_s;           /* 0: nobody says it */
	uint32_t run, exchange; /* by which it was read on a page; run 0: somebody said it */
};

/* The newest value comes first. */
static void
on_fact(const struct stored_maker_fact *fact, void *arg)
{
	struct support_end *end = arg;

	if (fact->fact != MAKER_FACT_SUPPORT_END || end->run)
		return;
	*end = (struct support_end){support_from_text(fact->value), fact->run, fact->exchange};
}

static struct support_end
support_of(const struct stored_shelf *entry)
{
	struct support_end end = {.at_s = entry->support_s};

	if (!end.at_s && store_maker_facts(engine.store, entry->device_id, on_fact, &end))
		log_warnx("shelf", "what makers published cannot be read");
	return end;
}

/* The first of them is told; of many the text would never be the same. */
static void
look_at_firmware(struct stored_shelf *entry)
{
	char text[240];

	if (!*entry->claimed_firmware)
		return;
	for (size_t i = 0; i < engine.n_peers; i++) {
		const struct ward *ward = engine.wards[i];
		if (!is_of(entry, ward))
			continue;
		const char *claimed = claimed_firmware(ward->device);
		if (!*claimed || !strcmp(claimed, entry->claimed_firmware))
			continue;
		snprintf(text, sizeof text,
			"%.60s calls its software \"%.70s\", which was not tested",
			device_label(ward->device), claimed);
		note(entry, GATE_UNKNOWN, text);
		return;
	}
}

static void
look_at_support(struct stored_shelf *entry)
{
	struct support_end end = support_of(entry);
	char text[120];

	if (!end.at_s || clock_wall_s() < end.at_s)
		return;
	if (end.run)
		snprintf(text, sizeof text,
			"its maker's support has ended, by the maker's own page (run %u, exchange "
			"%u)",
			end.run, end.exchange);
	else
		snprintf(text, sizeof text, "its maker's support has ended");
	note(entry, GATE_HOLD, text);
}

static void
look(void)
{
	struct list list = entries(0);

	looked_ns = clock_monotonic_ns();
	for (size_t i = 0; i < list.n; i++) {
		look_at_firmware(&list.row[i]);
		look_at_support(&list.row[i]);
	}
	free(list.row);
}

void
shelf_look(void)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (job.entry.id && now_ns - job.begun_ns > 2 * JUDGE_S * CLOCK_SECOND_NS)
		shelf_peer_connected(); /* as if it had gone: it is asked once more */
	begin_next();
	if (n_runs && now_ns - looked_ns > LOOK_S * CLOCK_SECOND_NS)
		look();
}

void
shelf_device_changed(const struct ward *ward, const char *text)
{
	if (!n_runs)
		return;
	struct list list = entries(0);
	for (size_t i = 0; i < list.n; i++)
		if (is_of(&list.row[i], ward))
			note(&list.row[i], GATE_UNKNOWN, text);
	free(list.row);
}

static void
compare_with(struct stored_shelf *entry, uint32_t run, const struct audit_result *now)
{
	struct audit_result *before = written_result(entry->run);
	enum gate_answer answer = answer_of(now, entry->profile);
	struct difference difference = {0};
	char text[sizeof difference.text + 120];

	if (before)
		difference_between(before, now, true, &difference);
	result_free(before);
	/* A shorter run leaves more open, which says nothing about the product. */
	bool is_worse = answer == GATE_HOLD && entry->answer != GATE_HOLD;
	if (!is_worse && !difference.n)
		return;
	snprintf(text, sizeof text, "run %u of the same model: %s%sthe gate says %s", run,
		difference.text, difference.n ? "; " : "", gate_answer_word(answer));
	note(entry, is_worse ? GATE_HOLD : GATE_UNKNOWN, text);
}

void
shelf_run_ended(const struct stored_audit *row)
{
	const struct ward *ward = row->device ? ward_find(row->device) : NULL;
	struct fault why;

	if (!n_runs || !ward || !ward->device || strcmp(ward->device->id, row->device_id) != 0)
		return;
	struct audit_result *now = NULL;
	struct list list = entries(0);
	for (size_t i = 0; i < list.n; i++) {
		if (list.row[i].run == row->run || !is_of(&list.row[i], ward))
			continue;
		if (!now && !(now = audit_result(row, &why)))
			break;
		compare_with(&list.row[i], row->run, now);
	}
	result_free(now);
	free(list.row);
}

/* --- asked for ------------------------------------------------------------------------------------------ */

static void
describe(struct stored_shelf *entry, const struct shelf_wish *wish)
{
	struct ward *ward = ward_of_entry(entry);

	if (ward && ward->device->class != DEVICE_CLASS_PERSONAL) {
		snprintf(entry->claimed_model, sizeof entry->claimed_model, "%.63s",
			audit_model(ward->device));
		snprintf(entry->claimed_firmware, sizeof entry->claimed_firmware, "%.127s",
			claimed_firmware(ward->device));
	}
	snprintf(entry->model, sizeof entry->model, "%.63s",
		wish->model ? wish->model : entry->claimed_model);
	snprintf(entry->hardware, sizeof entry->hardware, "%.31s",
		wish->hardware ? wish->hardware : "");
	snprintf(entry->firmware, sizeof entry->firmware, "%.63s",
		wish->firmware ? wish->firmware : entry->claimed_firmware);
}

static bool
is_text(const char *text)
{
	return !text || is_printable(text);
}

/* False with the reason. */
static bool
judge_wish(struct stored_shelf *entry, const struct shelf_wish *wish, struct fault *why)
{
	const struct gate_profile *profile = gate_profile_find(wish->profile);
	struct stored_audit row;
	struct gate gate;

	if (!profile || !is_text(wish->model) || !is_text(wish->hardware) ||
		!is_text(wish->firmware)) {
		fault_set(why, ERR_INVALID,
			profile ? "model, hardware and firmware are words"
				: "there is no such profile of the gate");
		return false;
	}
	if (wish->support && !(entry->support_s = support_from_text(wish->support))) {
		fault_set(why, ERR_INVALID, "the end of support is a month or a day: 2028-06");
		return false;
	}
	if (store_audit_find(engine.store, wish->run, &row) || !row.ended_s) {
		fault_set(why, ERR_NOT_FOUND,
			"there is no run %u that has ended; \"pinfold audit list\" shows all",
			wish->run);
		return false;
	}
	if (app_is_profile(row.profile)) {
		fault_set(why, ERR_INVALID,
			"run %u is about an app, and no product is on a shelf by it", wish->run);
		return false;
	}
	struct audit_result *result = audit_result(&row, why);
	if (!result)
		return false;
	gate_from_result(result, profile, &gate);
	entry->answer = entry->answer_now = gate.answer;
	entry->judged_s = row.ended_s;
	result_free(result);
	/* By which rules it was judged is written in the result of that day. */
	result = written_result(wish->run);
	snprintf(entry->ruleset, sizeof entry->ruleset, "%s", result ? result->run.ruleset : "");
	result_free(result);
	memcpy(entry->device_id, row.device_id, sizeof entry->device_id);
	return true;
}

uint32_t
shelf_add(const struct shelf_wish *wish, const char *who, struct fault *why)
{
	struct stored_shelf entry = {.run = wish->run, .added_s = clock_wall_s()};
	char today[HASH_TEXT_MAX], text[200];
	int64_t journal;

	if (!judge_wish(&entry, wish, why))
		return 0;
	if (n_runs == STORE_SHELF_MAX) {
		fault_set(why, ERR_FULL,
			"%d products are on the shelf; first: pinfold audit shelf remove",
			STORE_SHELF_MAX);
		return 0;
	}
	snprintf(entry.profile, sizeof entry.profile, "%s", wish->profile);
	describe(&entry, wish);
	if (!*entry.model) {
		fault_set(why, ERR_INVALID,
			"the unit does not say which model it is: pinfold audit shelf add %u "
			"--model M",
			wish->run);
		return 0;
	}
	store_audits_begin(engine.store);
	entry.id = store_shelf_add(engine.store, &entry);
	if (store_audits_commit(engine.store, why)) {
		keep_trouble(why);
		return 0;
	}
	know_runs();
	pack_ruleset(today);
	if (strcmp(today, entry.ruleset) != 0)
		enqueue(entry.id);
	snprintf(text, sizeof text, "%.60s %.30s is on the shelf, by run %u: %s", entry.model,
		entry.firmware, entry.run, gate_answer_word((enum gate_answer)entry.answer));
	if (change_note(who, "audit.shelf.add", NULL, text, json_object(),
		    json_pack("{s:I, s:I}", "shelf", (json_int_t)entry.id, "run",
			    (json_int_t)entry.run),
		    &journal, why))
		log_warnx("shelf", "%s", why->text);
	return entry.id;
}

bool
shelf_remove(uint32_t id, const char *who, struct fault *why)
{
	struct stored_shelf entry;
	int64_t journal;
	char text[200];

	if (!find(id, &entry)) {
		fault_set(why, ERR_NOT_FOUND, "there is no %u on the shelf", id);
		return false;
	}
	store_audits_begin(engine.store);
	store_shelf_delete(engine.store, id);
	if (store_audits_commit(engine.store, why)) {
		keep_trouble(why);
		return false;
	}
	dequeue(id);
	if (job.entry.id == id)
		forget_job();
	know_runs();
	snprintf(text, sizeof text, "%.60s %.30s is on the shelf no longer", entry.model,
		entry.firmware);
	if (change_note(who, "audit.shelf.remove", NULL, text,
		    json_pack("{s:I, s:I}", "shelf", (json_int_t)id, "run", (json_int_t)entry.run),
		    json_object(), &journal, why))
		log_warnx("shelf", "%s", why->text);
	return true;
}

int
shelf_check(uint32_t id, struct fault *why)
{
	struct list list = entries(id);
	int n = (int)list.n;

	for (size_t i = 0; i < list.n; i++)
		enqueue(list.row[i].id);
	free(list.row);
	if (id && !n) {
		fault_set(why, ERR_NOT_FOUND, "there is no %u on the shelf", id);
		return -1;
	}
	look();
	begin_next();
	return n;
}

static json_t *
show(const struct stored_shelf *at)
{
	struct support_end end = support_of(at);

	return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
			 "s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
		"shelf", (json_int_t)at->id, "run", (json_int_t)at->run, "device", at->device_id,
		"model", at->model, "hardware", at->hardware, "firmware", at->firmware,
		"claimed_model", at->claimed_model, "claimed_firmware", at->claimed_firmware,
		"profile", at->profile, "answer", gate_answer_word((enum gate_answer)at->answer),
		"answer_now", gate_answer_word((enum gate_answer)at->answer_now), "state",
		is_waiting(at->id) ? "checking"
		: at->changed_s    ? "changed"
				   : "fine",
		"added", (json_int_t)at->added_s, "judged", (json_int_t)at->judged_s, "changed",
		(json_int_t)at->changed_s, "support", (json_int_t)end.at_s, "support_run",
		(json_int_t)end.run, "support_exchange", (json_int_t)end.exchange, "what",
		at->what);
}

json_t *
shelf_list(uint32_t after, size_t limit)
{
	struct list list = entries(0);
	json_t *rows = json_array();

	for (size_t i = 0; i < list.n && json_array_size(rows) < limit; i++)
		if (list.row[i].id > after)
			json_array_append_new(rows, show(&list.row[i]));
	free(list.row);
	return rows;
}

json_t *
shelf_show(uint32_t id, struct fault *why)
{
	struct stored_shelf entry;

	if (find(id, &entry))
		return show(&entry);
	fault_set(why, ERR_NOT_FOUND,
		"there is no %u on the shelf; \"pinfold audit shelf list\" shows all", id);
	return NULL;
}

void
shelf_load(void)
{
	struct list list = entries(0);
	char today[HASH_TEXT_MAX];

	/* Another release, another table: what was judged by an older one is judged again. */
	pack_ruleset(today);
	for (size_t i = 0; i < list.n; i++) {
		runs[n_runs++] = list.row[i].run;
		if (strcmp(list.row[i].ruleset, today) != 0)
			enqueue(list.row[i].id);
	}
	free(list.row);
	looked_ns = clock_monotonic_ns();
}
