/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message.h"

#include <string.h>

#include "base/auto.h"
#include "base/printable.h"

static const char *const process_names[PROCESS_COUNT] = {
	[PROCESS_UNKNOWN] = "unknown",
	[PROCESS_MONITOR] = "pinfoldd",
	[PROCESS_CAPTURE] = "capture",
	[PROCESS_ENGINE] = "engine",
	[PROCESS_ENFORCER] = "enforcer",
	[PROCESS_RESOLVER] = "resolver",
	[PROCESS_RELAY] = "relay",
	[PROCESS_FETCHER] = "fetcher",
	[PROCESS_WEB] = "web",
	[PROCESS_DHCP] = "dhcp",
	[PROCESS_UPLINK] = "uplink",
	[PROCESS_CHECKER] = "checker",
	[PROCESS_TELLER] = "teller",
	[PROCESS_CTL] = "pinfold",
};

const char *
process_name(enum process process)
{
	return (unsigned)process < PROCESS_COUNT ? process_names[process] : "unknown";
}

static const struct {
	const char *name, *settles;
} incs[INC_COUNT] = {[INC_NONE] = {"", ""},
#define X(name, word, settles) [name] = {word, settles},
	INC_LIST(X)
#undef X
};

const char *
inc_reason_name(enum inc_reason reason)
{
	return incs[(unsigned)reason < INC_COUNT ? reason : INC_NONE].name;
}

const char *
inc_reason_settles(enum inc_reason reason)
{
	return incs[(unsigned)reason < INC_COUNT ? reason : INC_NONE].settles;
}

enum inc_reason
inc_reason_from_name(const char *name)
{
	for (unsigned i = INC_NONE + 1; i < INC_COUNT; i++)
		if (!strcmp(incs[i].name, name))
			return (enum inc_reason)i;
	return INC_NONE;
}

const char *
maker_fact_word(enum maker_fact fact)
{
	static const char *const words[MAKER_FACT_COUNT] = {[MAKER_FACT_UNKNOWN] = "unknown",
#define X(name, word) [name] = word,
		MAKER_FACT_LIST(X)
#undef X
	};
	return words[(unsigned)fact < MAKER_FACT_COUNT ? fact : MAKER_FACT_UNKNOWN];
}

static const char *const verdict_names[VERDICT_WORD_COUNT] = {
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_NA] = "NA",
	[VERDICT_PASS] = "PASS",
	[VERDICT_DECL] = "DECL",
	[VERDICT_NFF] = "NFF",
	[VERDICT_INC] = "INC",
	[VERDICT_FAIL] = "FAIL",
};

const char *
verdict_word_name(enum verdict_word word)
{
	return verdict_names[(unsigned)word < VERDICT_WORD_COUNT ? word : VERDICT_UNKNOWN];
}

enum verdict_word
verdict_word_from_name(const char *name)
{
	for (unsigned i = VERDICT_UNKNOWN + 1; i < VERDICT_WORD_COUNT; i++)
		if (!strcmp(verdict_names[i], name))
			return (enum verdict_word)i;
	return VERDICT_UNKNOWN;
}

static const char *const reason_words[REASON_COUNT] = {[REASON_UNKNOWN] = "unknown",
#define X(name, word, sentence) [name] = word,
	REASON_LIST(X)
#undef X
};

static const char *const reason_sentences[REASON_COUNT] = {
	[REASON_UNKNOWN] = "did something that has no name here",
#define X(name, word, sentence) [name] = sentence,
	REASON_LIST(X)
#undef X
};

const char *
reason_word(enum reason reason)
{
	return reason_words[(unsigned)reason < REASON_COUNT ? reason : REASON_UNKNOWN];
}

const char *
reason_sentence(enum reason reason)
{
	return reason_sentences[(unsigned)reason < REASON_COUNT ? reason : REASON_UNKNOWN];
}

enum reason
reason_from_word(const char *word)
{
	for (int i = 1; i < REASON_COUNT; i++)
		if (!strcmp(reason_words[i], word))
			return (enum reason)i;
	return REASON_UNKNOWN;
}

static const char *const observed_words[OBSERVED_COUNT] = {[OBSERVED_UNKNOWN] = "unknown",
#define X(name, word) [name] = word,
	OBSERVED_LIST(X)
#undef X
};

const char *
observed_word(enum observed what)
{
	return observed_words[(unsigned)what < OBSERVED_COUNT ? what : OBSERVED_UNKNOWN];
}

enum observed
observed_from_word(const char *word)
{
	for (int i = 1; i < OBSERVED_COUNT; i++)
		if (!strcmp(observed_words[i], word))
			return (enum observed)i;
	return OBSERVED_UNKNOWN;
}

#define LEN_UP_TO(message, rows, n)                                                                \
	(offsetof(struct message, rows) + (n) * sizeof((struct message *)0)->rows[0])

size_t
message_observation_len(const struct message_observation *m)
{
	return LEN_UP_TO(message_observation, row, m->n_rows);
}

size_t
message_keep_len(const struct message_keep *m)
{
	return LEN_UP_TO(message_keep, row, m->n_rows);
}

size_t
message_frozen_len(const struct message_frozen *m)
{
	return LEN_UP_TO(message_frozen, row, m->n_rows);
}

size_t
message_policy_len(const struct message_policy *m)
{
	return LEN_UP_TO(message_policy, entry, m->n_entries);
}

size_t
message_view_len(const struct message_view *m)
{
	return LEN_UP_TO(message_view, name, m->n_names);
}

size_t
message_counters_len(const struct message_counters *m)
{
	return LEN_UP_TO(message_counters, row, m->n_rows);
}

size_t
message_command_len(const struct message_command *m)
{
	return LEN_UP_TO(message_command, text, m->len);
}

size_t
message_answer_len(const struct message_answer *m)
{
	return LEN_UP_TO(message_answer, text, m->len);
}

/* A name field: terminated, and nothing behind the end, so that it compares by memcmp. */
static bool
is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size || !is_printable(text))
		return false;
	for (size_t i = len; i < size; i++)
		if (text[i])
			return false;
	return true;
}

static bool
is_ip_or_none(const struct ip *ip)
{
	static const struct ip none;
	return ip->version == 0 ? !memcmp(ip, &none, sizeof none) : ip_is_valid(ip);
}

static bool
is_device(uint32_t device)
{
	return device >= 1 && device <= DEVICE_NUMBER_MAX;
}

/* Padding is zero, so that nothing of the sender's memory comes along. */
static bool
is_zero(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		if (at[i])
			return false;
	return true;
}
#define PADDING_OK(field) is_zero(&(field), sizeof(field))

/* Each check gets a payload that is at least as long as the part in front of the rows. */

static bool
observation_ok(const void *payload, size_t len)
{
	const struct message_observation *m = payload;
	if (m->n_rows > OBSERVATION_ROWS_MAX || m->zero || len != message_observation_len(m))
		return false;
	for (uint32_t i = 0; i < m->n_rows; i++) {
		const struct observation *row = &m->row[i];
		if (row->what == OBSERVED_UNKNOWN || row->what >= OBSERVED_COUNT ||
			row->device > DEVICE_NUMBER_MAX || !is_text(row->port, sizeof row->port) ||
			!is_text(row->claimed_text, sizeof row->claimed_text) ||
			!is_text(row->claimed_detail, sizeof row->claimed_detail) ||
			!is_ip_or_none(&row->source) || !is_ip_or_none(&row->target))
			return false;
	}
	return true;
}

static bool
entry_ok(const struct policy_entry *e)
{
	if (e->kind == POLICY_ENTRY_UNKNOWN || e->kind >= POLICY_ENTRY_KIND_COUNT)
		return false;
	if (e->zero || (e->version != 0 && e->version != 4 && e->version != 6))
		return false;
	bool is_icmp = e->proto == 1 || e->proto == 58; /* then the ports are type and code */
	if (is_icmp ? e->port_lo > 255 || (e->port_hi > 255 && e->port_hi != UINT16_MAX)
		    : e->port_lo > e->port_hi)
		return false;
	if (e->source_lo > e->source_hi)
		return false;
	bool has_address = e->kind == POLICY_ENTRY_ADDRESS || e->kind == POLICY_ENTRY_DOOR;
	if (has_address ? !ip_is_valid(&e->address) || e->address.version != e->version
			: e->address.version != 0)
		return false;
	if (has_address && e->prefix_length > (e->version == 4 ? 32 : 128))
		return false;
	if ((e->kind == POLICY_ENTRY_SLOT) != (e->slot != 0) || e->slot > POLICY_SLOTS_MAX)
		return false;
	return (e->kind == POLICY_ENTRY_NEIGHBOUR) ? is_device(e->peer) : e->peer == 0;
}

static bool
binding_ok(const struct policy_binding *b)
{
	return is_text(b->port, sizeof b->port) && b->port[0] && mac_is_unicast(b->mac) &&
	       PADDING_OK(b->zero) && ip_is_valid(&b->address);
}

static bool
policy_ok(const void *payload, size_t len)
{
	const struct message_policy *m = payload;
	if (!is_device(m->device) || m->state == DEVICE_STATE_UNKNOWN ||
		m->state >= DEVICE_STATE_COUNT || m->n_bindings > POLICY_BINDINGS_MAX ||
		m->n_entries > POLICY_ENTRIES_MAX || len != message_policy_len(m) ||
		!m->packet_cap || !m->flow_cap || m->zero)
		return false;
	for (int i = 0; i < m->n_bindings; i++)
		if (!binding_ok(&m->binding[i]))
			return false;
	for (int i = 0; i < m->n_entries; i++)
		if (!entry_ok(&m->entry[i]))
			return false;
	return true;
}

static bool
view_ok(const void *payload, size_t len)
{
	const struct message_view *m = payload;
	if (!is_device(m->device) || m->mode == VIEW_UNKNOWN || m->mode >= VIEW_MODE_COUNT ||
		m->n_addresses > VIEW_ADDRESSES_MAX || m->n_names > VIEW_NAMES_MAX ||
		len != message_view_len(m))
		return false;
	for (int i = 0; i < m->n_addresses; i++)
		if (!ip_is_valid(&m->address[i]))
			return false;
	for (uint32_t i = 0; i < m->n_names; i++)
		if (!is_text(m->name[i].name, sizeof m->name[i].name) || m->name[i].zero ||
			!m->name[i].slot || m->name[i].slot > POLICY_SLOTS_MAX)
			return false;
	return true;
}

static bool
answered_ok(const void *payload, size_t len)
{
	const struct message_answered *m = payload;
	if (!is_device(m->device) || m->kind == ANSWER_UNKNOWN || m->kind >= ANSWER_KIND_COUNT ||
		m->n_addresses > ANSWER_ADDRESSES_MAX || m->zero ||
		!is_text(m->name, sizeof m->name))
		return false;
	for (int i = 0; i < m->n_addresses; i++)
		if (!ip_is_valid(&m->address[i]))
			return false;
	return true;
}

static bool
nudge_ok(const void *payload, size_t len)
{
	const struct message_nudge *m = payload;
	return m->port[0] && is_text(m->port, sizeof m->port) && PADDING_OK(m->zero) &&
	       mac_is_unicast(m->mac) && m->address.version == 4 && ip_is_valid(&m->address);
}

static bool
introduction_ok(const void *payload, size_t len)
{
	const struct message_introduction *m = payload;
	const struct relay_end *ends[] = {&m->asker, &m->answerer};

	for (int i = 0; i < 2; i++)
		if (!is_device(ends[i]->device) || !PADDING_OK(ends[i]->zero) ||
			!is_text(ends[i]->port, sizeof ends[i]->port) ||
			!is_ip_or_none(&ends[i]->address4) || !is_ip_or_none(&ends[i]->address6) ||
			!is_ip_or_none(&ends[i]->link6))
			return false;
	return m->services <= (RELAY_MDNS | RELAY_SSDP | RELAY_BROADCAST) &&
	       m->asker.device != m->answerer.device && !m->zero;
}

static bool
descriptor_ok(const void *payload, size_t len)
{
	const struct message_descriptor *m = payload;
	return m->what != DESCRIPTOR_UNKNOWN && m->what < DESCRIPTOR_COUNT &&
	       m->peer < PROCESS_COUNT && PADDING_OK(m->zero);
}

static bool
is_prefix_or_none(const struct ip_prefix *prefix, unsigned version)
{
	if (!PADDING_OK(prefix->zero) || !is_ip_or_none(&prefix->address))
		return false;
	if (!prefix->address.version)
		return !prefix->length;
	return prefix->address.version == version && prefix->length <= (version == 4 ? 32 : 128);
}

static bool
link_ok(const void *payload, size_t len)
{
	const struct message_link *m = payload;
	return is_text(m->name, sizeof m->name) && m->name[0] && PADDING_OK(m->zero) &&
	       is_prefix_or_none(&m->address4, 4) && is_prefix_or_none(&m->address6, 6);
}

static bool
uplink_ok(const void *payload, size_t len)
{
	const struct message_uplink *m = payload;
	if (!is_prefix_or_none(&m->address4, 4) || !is_prefix_or_none(&m->delegated, 6) ||
		!is_ip_or_none(&m->router4) || m->router4.version == 6 ||
		!is_ip_or_none(&m->address6) || m->address6.version == 4 ||
		m->n_name_servers > UPLINK_NAME_SERVERS_MAX)
		return false;
	if (m->delegated.address.version && (m->delegated.length < 20 || m->delegated.length > 64 ||
						    m->delegated_preferred_s > m->delegated_s))
		return false;
	for (uint32_t i = 0; i < UPLINK_NAME_SERVERS_MAX; i++)
		if (i < m->n_name_servers ? !ip_is_valid(&m->name_server[i])
					  : m->name_server[i].version != 0)
			return false;
	return m->seconds4 <= UPLINK_SECONDS_MAX && m->seconds6 <= UPLINK_SECONDS_MAX &&
	       m->delegated_s <= UPLINK_SECONDS_MAX;
}

static bool
forget_ok(const void *payload, size_t len)
{
	const struct message_forget *m = payload;
	return is_device(m->device);
}

static bool
port_ok(const void *payload, size_t len)
{
	const struct message_port *m = payload;
	return is_text(m->name, sizeof m->name) && m->name[0] && m->is_closed <= 1 &&
	       PADDING_OK(m->zero);
}

static bool
pause_ok(const void *payload, size_t len)
{
	const struct message_pause *m = payload;
	return is_device(m->device) && m->seconds <= 7 * 24 * 3600;
}

static bool
open_ok(const void *payload, size_t len)
{
	const struct message_open *m = payload;
	return is_device(m->device) && m->slot >= 1 && m->slot <= POLICY_SLOTS_MAX && m->seconds &&
	       m->seconds <= 7 * 24 * 3600 && ip_is_valid(&m->address) && !m->zero && !m->zero2;
}

static bool
done_ok(const void *payload, size_t len)
{
	const struct message_done *m = payload;
	return m->err < ERR_COUNT;
}

static bool
counters_ok(const void *payload, size_t len)
{
	const struct message_counters *m = payload;
	if (m->n_rows > COUNTER_ROWS_MAX || len != message_counters_len(m))
		return false;
	for (uint32_t i = 0; i < m->n_rows; i++)
		if (m->row[i].zero)
			return false;
	return true;
}

static bool
enforcer_status_ok(const void *payload, size_t len)
{
	const struct message_enforcer_status *m = payload;
	return is_text(m->release, sizeof m->release) && PADDING_OK(m->zero) && !m->zero_too;
}

static bool
lookup_ok(const void *payload, size_t len)
{
	const struct message_lookup *m = payload;
	return is_text(m->name, sizeof m->name) && m->name[0];
}

static bool
looked_up_ok(const void *payload, size_t len)
{
	const struct message_looked_up *m = payload;
	if (m->err >= ERR_COUNT || m->n_addresses > ANSWER_ADDRESSES_MAX)
		return false;
	for (uint32_t i = 0; i < m->n_addresses; i++)
		if (!ip_is_valid(&m->address[i]))
			return false;
	return true;
}

static bool
fetch_ok(const void *payload, size_t len)
{
	const struct message_fetch *m = payload;
	return is_text(m->url, sizeof m->url) && !m->zero && !strncmp(m->url, "https://", 8);
}

static bool
fetched_ok(const void *payload, size_t len)
{
	const struct message_fetched *m = payload;
	return m->err < ERR_COUNT && m->signature < SIGNATURE_STATE_COUNT && PADDING_OK(m->zero) &&
	       is_text(m->signer, sizeof m->signer) && is_text(m->why, sizeof m->why);
}

static bool
audit_ok(const void *payload, size_t len)
{
	const struct message_audit *m = payload;
	if (!m->run || m->is_stop > 1 || m->is_resumed > 1 || m->is_judged > 1 || m->has_file > 1 ||
		!PADDING_OK(m->zero) || !is_text(m->scope, sizeof m->scope) ||
		!is_text(m->model_hint, sizeof m->model_hint) || !is_ip_or_none(&m->address4) ||
		!is_ip_or_none(&m->address6) || m->address4.version == 6 ||
		m->address6.version == 4)
		return false;
	if (m->maker_basis >= MAKER_BASIS_COUNT || !is_text(m->maker_url, sizeof m->maker_url) ||
		!m->maker_url[0] != (m->maker_basis == MAKER_UNKNOWN) ||
		(m->maker_url[0] && strncmp(m->maker_url, "https://", 8)))
		return false;
	/* A file needs nobody to talk to. */
	if (m->has_file && (m->address4.version || m->address6.version || m->scope[0]))
		return false;
	return m->is_stop || ((m->is_judged || m->has_file) && m->seconds) ||
	       (is_device(m->device) && m->seconds && (m->address4.version || m->address6.version));
}

static bool
app_file_ok(const void *payload, size_t len)
{
	const struct message_app_file *m = payload;
	return m->run && !m->zero;
}

static bool
audit_step_ok(const void *payload, size_t len)
{
	const struct message_audit_step *m = payload;
	return m->run && m->check < AUDIT_CHECKS_MAX && m->step != AUDIT_STEP_UNKNOWN &&
	       m->step < AUDIT_STEP_COUNT && m->prompt < AUDIT_PROMPT_COUNT &&
	       m->n_done <= m->n_all && m->n_all <= AUDIT_CHECKS_MAX;
}

static bool
finding_ok(const void *payload, size_t len)
{
	const struct message_finding *m = payload;
	const struct finding *f = &m->finding;
	if (!m->run || m->zero || f->zero || f->check >= AUDIT_CHECKS_MAX ||
		f->word == VERDICT_UNKNOWN || f->word >= VERDICT_WORD_COUNT ||
		(f->word == VERDICT_INC) != (f->reason != INC_NONE) || f->reason >= INC_COUNT ||
		f->is_critical > 1 || f->n_evidence > FINDING_EVIDENCE_MAX ||
		f->n_tried > f->n_all || !is_ip_or_none(&f->address))
		return false;
	if (f->port ? f->proto != 6 && f->proto != 17 : f->proto != 0)
		return false;
	/* Nobody is told of a failure without the bytes that show it. */
	if (f->word == VERDICT_FAIL && !f->n_evidence)
		return false;
	return f->provision[0] && is_text(f->provision, sizeof f->provision) && f->text[0] &&
	       is_text(f->text, sizeof f->text);
}

static bool
audit_end_ok(const void *payload, size_t len)
{
	const struct message_audit_end *m = payload;
	return m->run && m->err < ERR_COUNT && is_text(m->why, sizeof m->why);
}

static bool
rig_ok(const void *payload, size_t len)
{
	const struct message_rig *m = payload;
	if (!m->run || (m->device && !is_device(m->device)) || m->seconds > RIG_SECONDS_MAX ||
		!m->bits || m->bits & ~RIG_BITS || m->n_ports > RIG_PORTS_MAX ||
		m->n_addresses > RIG_ADDRESSES_MAX)
		return false;
	if (m->bits & RIG_OF_NAMES && (m->bits & ~RIG_OF_NAMES || m->n_ports))
		return false;
	for (unsigned i = 0; i < RIG_ADDRESSES_MAX; i++)
		if (i < m->n_addresses ? !ip_is_valid(&m->address[i]) : m->address[i].version)
			return false;
	for (unsigned i = 0; i < RIG_PORTS_MAX; i++)
		if ((m->port[i] != 0) != (i < m->n_ports))
			return false;
	return true;
}

static bool
keep_ok(const void *payload, size_t len)
{
	const struct message_keep *m = payload;
	if (m->n_rows > KEEP_ROWS_MAX || len != message_keep_len(m) || m->is_first > 1 ||
		m->is_last > 1 || !PADDING_OK(m->zero))
		return false;
	for (uint32_t i = 0; i < m->n_rows; i++)
		if (!PADDING_OK(m->row[i].zero))
			return false;
	return true;
}

static bool
freeze_ok(const void *payload, size_t len)
{
	const struct message_freeze *m = payload;
	return m->incident > 0 && m->n_macs && m->n_macs <= FREEZE_MACS_MAX && !m->zero;
}

static bool
frozen_ok(const void *payload, size_t len)
{
	const struct message_frozen *m = payload;
	if (m->incident <= 0 || m->n_rows > KEPT_ROWS_MAX || m->zero ||
		len != message_frozen_len(m))
		return false;
	for (uint32_t i = 0; i < m->n_rows; i++) {
		const struct kept_packet *row = &m->row[i];
		if (row->len > KEPT_BYTES_MAX || row->reason >= REASON_COUNT ||
			row->is_outgoing > 1 || row->zero || !PADDING_OK(row->zero2) ||
			!PADDING_OK(row->zero3) ||
			(row->peer.version && !ip_is_valid(&row->peer)) ||
			!is_text(row->port, sizeof row->port))
			return false;
	}
	return true;
}

static bool
heard_ask_ok(const void *payload, size_t len)
{
	const struct message_heard_ask *m = payload;
	if (!m->n_rows || m->n_rows > HEARD_ROWS_MAX)
		return false;
	for (uint32_t i = 0; i < HEARD_ROWS_MAX; i++)
		if (i < m->n_rows ? !is_device(m->device[i]) : m->device[i] != 0)
			return false;
	return true;
}

static bool
heard_ok(const void *payload, size_t len)
{
	const struct message_heard *m = payload;
	if (m->n_rows > HEARD_ROWS_MAX || m->zero)
		return false;
	for (uint32_t i = 0; i < m->n_rows; i++)
		if (!is_device(m->row[i].device))
			return false;
	return true;
}

static bool
rig_seen_ok(const void *payload, size_t len)
{
	const struct message_rig_seen *m = payload;
	if (!m->run || m->err >= ERR_COUNT || m->n_rows > RIG_ROWS_MAX || m->zero ||
		!is_text(m->claimed_hostname, sizeof m->claimed_hostname))
		return false;
	for (uint32_t i = 0; i < m->n_rows; i++)
		if (!ip_is_valid(&m->row[i].address) || m->row[i].is_assured > 1 ||
			!PADDING_OK(m->row[i].zero))
			return false;
	return true;
}

static bool
page_ask_ok(const void *payload, size_t len)
{
	const struct message_page_ask *m = payload;
	if (m->is_status + m->is_earlier > 1 || (m->run == 0) != m->is_status ||
		!PADDING_OK(m->zero) || !is_text(m->url, sizeof m->url))
		return false;
	return m->is_earlier ? !m->url[0] : !strncmp(m->url, "https://", 8);
}

static bool
page_ok(const void *payload, size_t len)
{
	const struct message_page *m = payload;
	return m->is_status <= 1 && (m->run == 0) == m->is_status && m->err < ERR_COUNT &&
	       m->status < 1000 && m->is_cut <= 1 && PADDING_OK(m->zero) && !m->zero2 &&
	       is_ip_or_none(&m->address) && is_text(m->why, sizeof m->why);
}

static bool
maker_fact_ok(const void *payload, size_t len)
{
	const struct message_maker_fact *m = payload;
	return m->run && m->fact != MAKER_FACT_UNKNOWN && m->fact < MAKER_FACT_COUNT &&
	       PADDING_OK(m->zero) && m->value[0] && is_text(m->value, sizeof m->value);
}

/* As is_text(), of lines; quotes are fine, since whoever shows it escapes for its own kind. */
static bool
is_lines(const char *text, size_t size, bool has_several)
{
	size_t len = strnlen(text, size);

	if (len == size || !is_zero(text + len, size - len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((text[i] < ' ' || text[i] > '~') && (text[i] != '\n' || !has_several))
			return false;
	return true;
}

static bool
is_receiver(uint32_t number)
{
	return number >= 1 && number <= RECEIVERS_MAX;
}

static bool
receivers_ok(const void *payload, size_t len)
{
	const struct message_receivers *m = payload;
	if (m->n_places > RECEIVER_PLACES_MAX)
		return false;
	for (uint32_t i = 0; i < RECEIVER_PLACES_MAX; i++) {
		const struct receiver_place *place = &m->place[i];
		if (place->zero || (i < m->n_places ? !ip_is_valid(&place->address) || !place->port
						    : place->address.version || place->port))
			return false;
	}
	return true;
}

static bool
receiver_ok(const void *payload, size_t len)
{
	const struct message_receiver *m = payload;
	if (!is_receiver(m->number) || m->kind >= RECEIVER_KIND_COUNT || m->has_tls > 1 ||
		m->is_near > 1 || m->commands >= ROLE_COUNT || m->zero || m->zero2 ||
		m->n_addresses > RECEIVER_ADDRESSES_MAX)
		return false;
	for (uint32_t i = 0; i < RECEIVER_ADDRESSES_MAX; i++)
		if (i < m->n_addresses ? !ip_is_valid(&m->address[i]) : m->address[i].version != 0)
			return false;
	return is_text(m->host, sizeof m->host) && is_text(m->path, sizeof m->path) &&
	       is_lines(m->user, sizeof m->user, false) &&
	       is_lines(m->secret, sizeof m->secret, false) &&
	       is_text(m->sender, sizeof m->sender) && is_text(m->recipient, sizeof m->recipient) &&
	       is_text(m->gateway, sizeof m->gateway);
}

static bool
tell_ok(const void *payload, size_t len)
{
	const struct message_tell *m = payload;
	return is_receiver(m->receiver) && m->what != TELL_UNKNOWN && m->what < TELL_WHAT_COUNT &&
	       m->level <= 2 && !m->zero && !m->zero2 && is_text(m->kind, sizeof m->kind) &&
	       is_lines(m->title, sizeof m->title, false) &&
	       is_lines(m->text, sizeof m->text, true) &&
	       is_text(m->device_id, sizeof m->device_id) &&
	       is_text(m->device_name, sizeof m->device_name);
}

static bool
told_ok(const void *payload, size_t len)
{
	const struct message_told *m = payload;
	return is_receiver(m->receiver) && m->err < ERR_COUNT && m->is_final <= 1 &&
	       PADDING_OK(m->zero) && is_text(m->why, sizeof m->why);
}

static bool
thing_ok(const void *payload, size_t len)
{
	const struct message_thing *m = payload;
	return m->device <= DEVICE_NUMBER_MAX && m->receiver <= RECEIVERS_MAX && m->is_gone <= 1 &&
	       m->is_present <= 1 && m->is_paused <= 1 && m->has_problem <= 1 &&
	       m->n_macs <= THING_MACS_MAX && PADDING_OK(m->zero) && m->id[0] &&
	       is_text(m->id, sizeof m->id) && is_text(m->name, sizeof m->name) &&
	       is_text(m->maker, sizeof m->maker) && is_text(m->model, sizeof m->model) &&
	       is_text(m->state, sizeof m->state);
}

static bool
things_ask_ok(const void *payload, size_t len)
{
	const struct message_things_ask *m = payload;
	return is_receiver(m->receiver) && !m->zero;
}

static bool
wish_ok(const void *payload, size_t len)
{
	const struct message_wish *m = payload;
	return is_receiver(m->receiver) && m->wish != WISH_UNKNOWN && m->wish < WISH_COUNT &&
	       PADDING_OK(m->zero) && m->id[0] && is_text(m->id, sizeof m->id);
}

static bool
command_ok(const void *payload, size_t len)
{
	const struct message_command *m = payload;
	return m->role != ROLE_UNKNOWN && m->role < ROLE_COUNT && m->len <= COMMAND_MAX &&
	       len == message_command_len(m) && PADDING_OK(m->zero) &&
	       is_text(m->credential, sizeof m->credential) && is_text(m->proof, sizeof m->proof) &&
	       is_ip_or_none(&m->from);
}

static bool
answer_ok(const void *payload, size_t len)
{
	const struct message_answer *m = payload;
	return m->len <= ANSWER_PIECE_MAX && PADDING_OK(m->zero) && len == message_answer_len(m);
}

static bool
web_tls_ok(const void *payload, size_t len)
{
	const struct message_web_tls *m = payload;
	return m->state < WEB_TLS_COUNT && m->is_named <= 1 && PADDING_OK(m->zero);
}

static bool
settings_ok(const void *payload, size_t len)
{
	const struct settings *m = payload;
	struct fault why;
	return settings_is_valid(m, &why);
}

#define HEAD(message, rows) offsetof(struct message, rows)

/* `head` is the least length; types without rows have exactly that length. */
static const struct shape {
	size_t head;
	bool has_rows;
	bool (*ok)(const void *payload, size_t len);
} shapes[MESSAGE_TYPE_COUNT] = {
#define FIXED(type, payload, check)      [type] = {sizeof(payload), false, check}
#define ROWS(type, payload, rows, check) [type] = {HEAD(payload, rows), true, check}
	FIXED(MESSAGE_SETTINGS, struct settings, settings_ok),
	FIXED(MESSAGE_DESCRIPTOR, struct message_descriptor, descriptor_ok),
	FIXED(MESSAGE_GO, struct message_none, NULL),
	FIXED(MESSAGE_READY, struct message_none, NULL),
	FIXED(MESSAGE_LINK, struct message_link, link_ok),
	FIXED(MESSAGE_UPLINK, struct message_uplink, uplink_ok),
	ROWS(MESSAGE_OBSERVATION, message_observation, row, observation_ok),
	ROWS(MESSAGE_KEEP, message_keep, row, keep_ok),
	FIXED(MESSAGE_FREEZE, struct message_freeze, freeze_ok),
	ROWS(MESSAGE_FROZEN, message_frozen, row, frozen_ok),
	ROWS(MESSAGE_POLICY, message_policy, entry, policy_ok),
	FIXED(MESSAGE_FORGET, struct message_forget, forget_ok),
	FIXED(MESSAGE_PORT, struct message_port, port_ok),
	FIXED(MESSAGE_PAUSE, struct message_pause, pause_ok),
	FIXED(MESSAGE_RESTORED, struct message_none, NULL),
	FIXED(MESSAGE_OPEN, struct message_open, open_ok),
	FIXED(MESSAGE_DONE, struct message_done, done_ok),
	FIXED(MESSAGE_COUNTERS_ASK, struct message_none, NULL),
	ROWS(MESSAGE_COUNTERS, message_counters, row, counters_ok),
	FIXED(MESSAGE_ENFORCER_STATUS, struct message_enforcer_status, enforcer_status_ok),
	ROWS(MESSAGE_VIEW, message_view, name, view_ok),
	FIXED(MESSAGE_ANSWERED, struct message_answered, answered_ok),
	FIXED(MESSAGE_RESOLVER_STATUS, struct message_resolver_status, NULL),
	FIXED(MESSAGE_LOOKUP, struct message_lookup, lookup_ok),
	FIXED(MESSAGE_LOOKED_UP, struct message_looked_up, looked_up_ok),
	FIXED(MESSAGE_INTRODUCTION, struct message_introduction, introduction_ok),
	FIXED(MESSAGE_NUDGE, struct message_nudge, nudge_ok),
	FIXED(MESSAGE_FETCH, struct message_fetch, fetch_ok),
	FIXED(MESSAGE_FETCHED, struct message_fetched, fetched_ok),
	FIXED(MESSAGE_AUDIT, struct message_audit, audit_ok),
	FIXED(MESSAGE_APP_FILE, struct message_app_file, app_file_ok),
	FIXED(MESSAGE_AUDIT_STEP, struct message_audit_step, audit_step_ok),
	FIXED(MESSAGE_FINDING, struct message_finding, finding_ok),
	FIXED(MESSAGE_AUDIT_END, struct message_audit_end, audit_end_ok),
	FIXED(MESSAGE_RIG, struct message_rig, rig_ok),
	FIXED(MESSAGE_RIG_SEEN, struct message_rig_seen, rig_seen_ok),
	FIXED(MESSAGE_PAGE_ASK, struct message_page_ask, page_ask_ok),
	FIXED(MESSAGE_PAGE, struct message_page, page_ok),
	FIXED(MESSAGE_MAKER_FACT, struct message_maker_fact, maker_fact_ok),
	FIXED(MESSAGE_HEARD_ASK, struct message_heard_ask, heard_ask_ok),
	FIXED(MESSAGE_HEARD, struct message_heard, heard_ok),
	FIXED(MESSAGE_RECEIVERS, struct message_receivers, receivers_ok),
	FIXED(MESSAGE_RECEIVER, struct message_receiver, receiver_ok),
	FIXED(MESSAGE_TELL, struct message_tell, tell_ok),
	FIXED(MESSAGE_TOLD, struct message_told, told_ok),
	FIXED(MESSAGE_THING, struct message_thing, thing_ok),
	FIXED(MESSAGE_THINGS_ASK, struct message_things_ask, things_ask_ok),
	FIXED(MESSAGE_WISH, struct message_wish, wish_ok),
	FIXED(MESSAGE_WEB_TLS, struct message_web_tls, web_tls_ok),
	ROWS(MESSAGE_COMMAND, message_command, text, command_ok),
	ROWS(MESSAGE_ANSWER, message_answer, text, answer_ok),
	ROWS(MESSAGE_EVENT, message_answer, text, answer_ok),
};

static const struct {
	const char *name;
	unsigned from, to;
} directions[MESSAGE_TYPE_COUNT] = {[MESSAGE_UNKNOWN] = {"unknown", 0, 0},
#define X(type, payload, sender, receiver) [type] = {#type, sender, receiver},
	MESSAGE_LIST(X)
#undef X
};

const char *
message_name(enum message_type type)
{
	return directions[(unsigned)type < MESSAGE_TYPE_COUNT ? type : MESSAGE_UNKNOWN].name;
}

bool
message_check(
	enum message_type type, enum process from, enum process to, const void *payload, size_t len)
{
	if ((unsigned)type >= MESSAGE_TYPE_COUNT || len > MESSAGE_PAYLOAD_MAX)
		return false;
	if (!(directions[type].from & 1u << from) || !(directions[type].to & 1u << to))
		return false;
	const struct shape *shape = &shapes[type];
	if (shape->has_rows ? len < shape->head : len != shape->head)
		return false;
	return !shape->ok || shape->ok(payload, len);
}
