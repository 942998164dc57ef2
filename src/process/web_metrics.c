/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

enum { SERIES_MAX = 32 }; /* of one metric */

/* Where the number stands; with a label, an object of numbers by that label. */
static const struct metric {
	const char *object, *key, *name, *type, *label, *help;
} metrics[] = {
	{NULL, "states", "pinfold_devices", "gauge", "state", "Devices by state."},
	{NULL, "paused", "pinfold_devices_paused", "gauge", NULL, "Devices that are paused."},
	{NULL, "held", "pinfold_holding", "gauge", NULL, "1 while the rules hold the devices."},
	{NULL, "processes", "pinfold_process_up", "gauge", "process",
		"1 while the engine is connected with the process."},
	{NULL, "denied_packets", "pinfold_denied_packets", "gauge", NULL,
		"Packets that were denied to the devices that are known."},
	{NULL, "denied_bytes", "pinfold_denied_bytes", "gauge", NULL,
		"Bytes that were denied to the devices that are known."},
	{NULL, "started", "pinfold_start_time_seconds", "gauge", NULL,
		"When the engine was started, in seconds since 1970."},
	{"observations", "taken", "pinfold_observations_total", "counter", NULL,
		"What was observed of devices."},
	{"observations", "lost", "pinfold_observations_lost_total", "counter", NULL,
		"Reports that the kernel dropped."},
	{"observations", "flows_lost", "pinfold_flows_lost_total", "counter", NULL,
		"Flows that could not be kept."},
	{"resolver", "queries", "pinfold_dns_queries_total", "counter", NULL,
		"Questions of devices."},
	{"resolver", "undeclared", "pinfold_dns_undeclared_total", "counter", NULL,
		"Questions for names that the device did not declare."},
	{"resolver", "rebinds", "pinfold_dns_rebinds_total", "counter", NULL,
		"Answers that pointed inside and were withheld."},
	{"resolver", "opened", "pinfold_dns_opened_total", "counter", NULL,
		"Addresses that answers opened."},
	{"resolver", "upstream_dead", "pinfold_dns_upstream_dead", "gauge", NULL,
		"1 while no name server upstream answers."},
	{"policies", "sent", "pinfold_policies_sent_total", "counter", NULL,
		"Policies that were given to the kernel."},
	{"policies", "refused", "pinfold_policies_refused_total", "counter", NULL,
		"Policies that the kernel refused."},
	{"policies", "due", "pinfold_policies_due", "gauge", NULL,
		"Policies that wait for the kernel."},
	{"enforcer", "elements", "pinfold_rule_elements", "gauge", NULL,
		"Elements of the kernel's sets."},
	{"enforcer", "refusing", "pinfold_kernel_refusing", "gauge", NULL,
		"1 while the kernel refuses changes."},
	{"database", "written_bytes", "pinfold_database_written_bytes_total", "counter", NULL,
		"Bytes that were written to the databases."},
};

static void
add(struct html *text, const char *what)
{
	html_raw(text, what, strlen(what));
}

static void
add_number(struct html *text, const json_t *value)
{
	char number[32];
	int64_t n = json_is_true(value) ? 1 : json_integer_value(value);

	snprintf(number, sizeof number, " %" PRId64 "\n", n);
	add(text, number);
}

/* Words of ours; whatever else there is in one is left out. */
static void
add_label(struct html *text, const char *name, const char *value)
{
	add(text, "{");
	add(text, name);
	add(text, "=\"");
	for (; *value; value++)
		if (*value > ' ' && *value <= '~' && *value != '"' && *value != '\\')
			html_raw(text, value, 1);
	add(text, "\"}");
}

static void
add_head(struct html *text, const char *name, const char *type, const char *help)
{
	add(text, "# HELP ");
	add(text, name);
	add(text, " ");
	add(text, help);
	add(text, "\n# TYPE ");
	add(text, name);
	add(text, " ");
	add(text, type);
	add(text, "\n");
}

static void
add_metric(struct html *text, const struct metric *metric, json_t *value)
{
	const char *word;
	json_t *one;
	int n = 0;

	add_head(text, metric->name, metric->type, metric->help);
	if (!metric->label) {
		add(text, metric->name);
		add_number(text, value);
		return;
	}
	json_object_foreach(value, word, one)
	{
		if (++n > SERIES_MAX)
			break;
		add(text, metric->name);
		add_label(text, metric->label, word);
		add_number(text, one);
	}
}

void
metrics_render(struct html *text, const json_t *result, unsigned streams)
{
	const char *version = json_string_value(json_object_get(result, "version"));
	char number[32];

	add_head(text, "pinfold_build_info", "gauge", "Which release this is.");
	add(text, "pinfold_build_info");
	add_label(text, "version", version ? version : "");
	add(text, " 1\n");
	for (size_t i = 0; i < COUNT_OF(metrics); i++) {
		const json_t *object =
			metrics[i].object ? json_object_get(result, metrics[i].object) : result;
		json_t *value = json_object_get(object, metrics[i].key);
		if (value)
			add_metric(text, &metrics[i], value);
	}
	add_head(text, "pinfold_event_streams", "gauge", "Who follows the events by the web.");
	snprintf(number, sizeof number, "pinfold_event_streams %u\n", streams);
	add(text, number);
}
