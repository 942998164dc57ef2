/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "process/web_route.h"

void
text_fini(struct text *text)
{
	free(text->at);
	*text = (struct text){0};
}

void
text_add_bytes(struct text *text, const char *bytes, size_t len)
{
	if (text->is_full || text->len + len >= TEXT_MAX) {
		text->is_full = true;
		return;
	}
	if (text->len + len + 1 > text->size) {
		size_t size = text->size ? text->size * 2 : 4096;
		while (size < text->len + len + 1)
			size *= 2;
		char *grown = realloc(text->at, size);
		if (!grown)
			fatalx("page", "out of memory");
		text->at = grown;
		text->size = size;
	}
	memcpy(text->at + text->len, bytes, len);
	text->len += len;
	text->at[text->len] = 0;
}

void
text_add(struct text *text, const char *what)
{
	text_add_bytes(text, what, strlen(what));
}

void
text_escape(struct text *text, const char *what)
{
	static const char special[] = "&<>\"'";
	static const char *const form[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	while (*what) {
		size_t plain = strcspn(what, special);
		text_add_bytes(text, what, plain);
		what += plain;
		if (*what)
			text_add(text, form[strchr(special, *what++) - special]);
	}
}

/* Results of device.list, events.list and status. */
struct page_content {
	const json_t *devices, *events, *status;
	const char *next; /* "" or the link to what follows */
	int64_t now_s;
};

static const char *
string(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	return value ? value : "";
}

static int64_t
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *
age_render(char out[static 40], int64_t then_s, int64_t now_s)
{
	static const struct {
		int64_t seconds;
		const char *word;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
	int64_t age = now_s - then_s;

	if (then_s <= 0)
		return strcpy(out, "never");
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		int64_t count = age / units[i].seconds;
		if (count > 0) {
			snprintf(out, 40, "%" PRId64 " %s%s ago", count, units[i].word,
				count == 1 ? "" : "s");
			return out;
		}
	}
	return strcpy(out, age < 0 ? "just now" : "less than a minute ago");
}

static void
add_number(struct text *text, int64_t value)
{
	char shown[24];

	snprintf(shown, sizeof shown, "%" PRId64, value);
	text_add(text, shown);
}

static void
add_cell(struct text *text, const char *name, const char *class, const char *value)
{
	text_add(text, "<td class=\"");
	text_add(text, class);
	text_add(text, "\" data-name=\"");
	text_add(text, name);
	text_add(text, "\">");
	text_escape(text, *value ? value : "\xe2\x80\x93");
	text_add(text, "</td>");
}

/* Only words that the style sheet knows become a class; state words are the engine's. */
static const char *
class_of(const char *word)
{
	static const char *const known[] = {
		"waiting", "observe", "enforce", "quarantine", "block", "trusted", "alarm"};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (!strcmp(word, known[i]))
			return known[i];
	return "";
}

static void
add_state(struct text *text, const json_t *device)
{
	const char *state = string(device, "state");

	text_add(text, "<td data-name=\"State\"><span class=\"state ");
	text_add(text, class_of(state));
	text_add(text, "\">");
	text_escape(text, state);
	text_add(text, "</span>");
	if (json_is_true(json_object_get(device, "paused")))
		text_add(text, " (paused)");
	if (json_is_true(json_object_get(device, "contained")))
		text_add(text, " (contained)");
	text_add(text, "</td>");
}

static void
add_addresses(struct text *text, const json_t *device)
{
	const json_t *rows = json_object_get(device, "addresses");
	size_t shown = json_array_size(rows) < 4 ? json_array_size(rows) : 4;

	text_add(text, "<td data-name=\"Addresses\">");
	for (size_t i = 0; i < shown; i++) {
		const char *address = json_string_value(json_array_get(rows, i));
		text_add(text, i ? "<br>" : "");
		text_escape(text, address ? address : "");
	}
	text_add(text, shown ? "</td>" : "\xe2\x80\x93</td>");
}

static void
add_device(struct text *text, const json_t *device, int64_t now_s)
{
	const json_t *kind = json_object_get(device, "kind");
	char age[40];

	text_add(text, "<tr><th scope=\"row\" class=\"name\">");
	text_escape(text, string(device, "label"));
	text_add(text, "<br><span class=\"soft\">");
	text_escape(text, string(device, "id"));
	text_add(text, "</span></th>");
	add_cell(text, "Kind", "", string(kind, "word"));
	add_state(text, device);
	add_addresses(text, device);
	add_cell(text, "Port", "", string(device, "port"));
	add_cell(text, "Seen", "",
		json_is_true(json_object_get(device, "present"))
			? "now"
			: age_render(age, number(device, "last"), now_s));
	text_add(text, "<td class=\"number\" data-name=\"Packets denied\">");
	add_number(text, number(device, "denied_packets"));
	text_add(text, "</td></tr>\n");
}

static void
add_devices(struct text *text, const struct page_content *content)
{
	const json_t *device;
	size_t i;

	text_add(text, "<h2 id=\"devices\" tabindex=\"-1\">Devices</h2>\n");
	if (!json_array_size(content->devices)) {
		text_add(text,
			"<p>None was seen yet. A device appears here with its first packet.</p>\n");
		return;
	}
	text_add(text,
		"<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Device</th>"
		"<th scope=\"col\">Kind</th><th scope=\"col\">State</th>"
		"<th scope=\"col\">Addresses</th><th scope=\"col\">Port</th>"
		"<th scope=\"col\">Seen</th><th scope=\"col\">Packets denied</th></tr></thead>\n"
		"<tbody>\n");
	json_array_foreach(content->devices, i, device) add_device(text, device, content->now_s);
	text_add(text, "</tbody></table></div>\n");
	if (*content->next) {
		text_add(text, "<p><a id=\"next\" rel=\"next\" href=\"");
		text_escape(text, content->next);
		text_add(text, "\">More devices</a></p>\n");
	}
}

static void
add_events(struct text *text, const struct page_content *content)
{
	const json_t *event;
	char age[40];
	size_t i;

	text_add(text, "<h2 id=\"events\">Last events</h2>\n");
	if (!json_array_size(content->events)) {
		text_add(text, "<p>Nothing happened yet.</p>\n");
		return;
	}
	text_add(text, "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">When</th>"
		       "<th scope=\"col\">Device</th><th scope=\"col\">What</th>"
		       "<th scope=\"col\">Times</th></tr></thead>\n<tbody>\n");
	json_array_foreach(content->events, i, event)
	{
		text_add(text, "<tr>");
		add_cell(text, "When", "soft",
			age_render(age, number(event, "time"), content->now_s));
		add_cell(text, "Device", "name", string(json_object_get(event, "device"), "name"));
		add_cell(text, "What", class_of(string(event, "level")), string(event, "text"));
		text_add(text, "<td class=\"number\" data-name=\"Times\">");
		add_number(text, number(event, "count"));
		text_add(text, "</td></tr>\n");
	}
	text_add(text, "</tbody></table></div>\n");
}

static void
add_sum(struct text *text, const json_t *devices, const char *state)
{
	const json_t *device;
	int64_t count = 0;
	size_t i;

	json_array_foreach(devices, i, device) count += !strcmp(string(device, "state"), state);
	if (!count)
		return;
	text_add(text, "<li><b class=\"");
	text_add(text, class_of(state));
	text_add(text, "\">");
	add_number(text, count);
	text_add(text, "</b> ");
	text_add(text, state);
	text_add(text, "</li>");
}

static void
add_trouble(struct text *text, bool is_there, const char *sentence)
{
	if (!is_there)
		return;
	text_add(text, "<p class=\"trouble\">");
	text_add(text, sentence);
	text_add(text, "</p>\n");
}

static void
add_status(struct text *text, const struct page_content *content)
{
	static const char *const states[] = {
		"waiting", "observe", "enforce", "trusted", "quarantine", "block"};
	const json_t *enforcer = json_object_get(content->status, "enforcer");
	const json_t *resolver = json_object_get(content->status, "resolver");
	const json_t *database = json_object_get(content->status, "database");

	add_trouble(text, !content->status,
		"The engine does not answer. The rules that are loaded hold meanwhile.");
	add_trouble(text, json_is_true(json_object_get(enforcer, "refusing")),
		"The kernel refuses changes of the rules; those that are loaded hold.");
	add_trouble(text, json_is_true(json_object_get(resolver, "upstream_dead")),
		"No name server answers; devices cannot look up names that are not cached.");
	add_trouble(text, *string(database, "trouble"),
		"The database cannot be written; changes are refused until it can.");
	text_add(text, "<ul class=\"sums\">");
	for (size_t i = 0; i < COUNT_OF(states); i++)
		add_sum(text, content->devices, states[i]);
	text_add(text, "</ul>\n");
}

/* --- the frame ----------------------------------------------------------------------------------- */

static const char mark[] = "%MAIN%";

static const char *
frame_begin(struct text *text, const char *frame)
{
	const char *main_part = strstr(frame, mark);

	text_add_bytes(text, frame, main_part ? (size_t)(main_part - frame) : strlen(frame));
	return main_part ? main_part + strlen(mark) : "";
}

static const char *
proof_of(const struct page_view *view)
{
	return string(view->who, "proof");
}

/* A form begins: where it goes, that it is ours, and where its sender is sent on to. */
static void
form_begin(struct text *text, const struct page_view *view, const char *action, const char *back)
{
	text_add(text, "<form method=\"post\" action=\"" FORM_ROOT);
	text_escape(text, action);
	text_add(text, "\"><input type=\"hidden\" name=\"csrf\" value=\"");
	text_escape(text, proof_of(view));
	text_add(text, "\"><input type=\"hidden\" name=\"back\" value=\"");
	text_escape(text, back);
	text_add(text, "\">\n");
}

static void
add_field(struct text *text, const char *name, const char *label, const char *attributes)
{
	text_add(text, "<p><label>");
	text_add(text, label);
	text_add(text, "<br><input name=\"");
	text_add(text, name);
	text_add(text, "\" required ");
	text_add(text, attributes);
	text_add(text, "></label></p>\n");
}

static void
form_end(struct text *text, const char *button)
{
	text_add(text, "<p><button>");
	text_add(text, button);
	text_add(text, "</button></p></form>\n");
}

/* --- pages ----------------------------------------------------------------------------------------- */

static void
render_home(struct text *text, const struct page_view *view)
{
	char next[64] = "";
	struct page_content content = {.devices = json_object_get(view->answer[0], "result"),
		.events = json_object_get(view->answer[1], "result"),
		.status = json_object_get(view->answer[2], "result"),
		.next = next,
		.now_s = view->now_s};
	const json_t *more = json_object_get(view->answer[0], "next");

	if (json_is_integer(more))
		snprintf(next, sizeof next, "/?after=%" PRId64, (int64_t)json_integer_value(more));
	const char *rest = frame_begin(text, view->frame);
	add_status(text, &content);
	add_devices(text, &content);
	add_events(text, &content);
	text_add(text, "<h2>You</h2>\n<p>");
	text_escape(text, string(json_object_get(view->who, "account"), "name"));
	text_add(text, " (");
	text_escape(text, string(json_object_get(view->who, "account"), "role"));
	text_add(text, ")</p>\n");
	form_begin(text, view, "/session", "/");
	text_add(text, "<input type=\"hidden\" name=\"method\" value=\"DELETE\">");
	form_end(text, "Log out");
	text_add(text, rest);
}

static const char *
back_of(const struct page_view *view)
{
	const char *back = string(view->args, "back");
	return *back ? back : "/";
}

static void
render_login(struct text *text, const struct page_view *view)
{
	const char *rest = frame_begin(text, view->frame);

	text_add(text, "<h2>Log in</h2>\n");
	form_begin(text, view, "/session", back_of(view));
	add_field(text, "name", "Name", "autocomplete=\"username\" autofocus");
	add_field(text, "password", "Password",
		"type=\"password\" autocomplete=\"current-password\"");
	form_end(text, "Log in");
	text_add(text, rest);
}

static void
render_claim(struct text *text, const struct page_view *view)
{
	const char *rest = frame_begin(text, view->frame);

	text_add(text, "<h2>Whose gateway is this?</h2>\n<p>It belongs to nobody yet. Its console "
		       "shows a code: run <code>pinfold account claim-code</code> there, or look "
		       "into its log.</p>\n");
	form_begin(text, view, "/claim", "/");
	add_field(text, "code", "Code", "autocomplete=\"one-time-code\" autofocus");
	add_field(text, "name", "Your name (lower case)",
		"autocomplete=\"username\" autocapitalize=\"none\"");
	add_field(text, "password",
		"A new password of at least twelve characters; a sentence is a good one",
		"type=\"password\" minlength=\"12\" autocomplete=\"new-password\"");
	form_end(text, "It is mine");
	text_add(text, rest);
}

void
page_said(struct text *text, const struct page_view *view, const char *verb, const char *back,
	const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const json_t *result = json_object_get(answer, "result");
	const char *rest = frame_begin(text, view->frame);

	text_add(text, error || !answer ? "<h2>That was refused</h2>\n<p class=\"trouble\">"
					: "<h2>Done</h2>\n<p>");
	if (error || !answer)
		text_escape(text, error ? string(error, "text") : "The engine does not answer.");
	else if (*string(result, "token"))
		text_add(text, "This is the token. It is shown once: <code>");
	if (*string(result, "token")) {
		text_escape(text, string(result, "token"));
		text_add(text, "</code>");
	}
	text_escape(text, string(result, "sentence"));
	text_add(text, "</p>\n<p><a href=\"");
	text_escape(text, back);
	text_add(text, "\">Back</a></p>\n");
	text_add(text, rest);
}

const struct page pages[] = {
	{"/", false,
		{{"device.list", "after limit=500"}, {"events.list", "limit=50"}, {"status", ""}},
		render_home},
	{"/login", true, {{NULL}}, render_login},
	{"/claim", true, {{NULL}}, render_claim},
	{NULL},
};
