/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the shelf, for people. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"

enum { POLL_S = 1, POLLS_MAX = 600 };

static bool
is_state(const json_t *entry, const char *state)
{
	return !strcmp(text(entry, "state"), state);
}

/* Was and is, where they differ. */
static void
print_answer(const json_t *entry)
{
	const char *was = text(entry, "answer"), *is = text(entry, "answer_now");

	printf("%s", was);
	if (strcmp(was, is) != 0)
		printf(", now %s", is);
}

static void
print_support(const json_t *entry)
{
	time_t last = (time_t)number(entry, "support") - 1;
	char day[16];
	struct tm tm;

	if (last < 0 || !gmtime_r(&last, &tm) || !strftime(day, sizeof day, "%Y-%m-%d", &tm)) {
		printf("; when its maker's support ends is not known");
		return;
	}
	printf("; its maker's support ends %s", day);
	if (number(entry, "support_run"))
		printf(" (the maker's page, run %lld, exchange %lld)", number(entry, "support_run"),
			number(entry, "support_exchange"));
}

void
show_shelf_entry(const json_t *entry, const struct options *options)
{
	if (options->quiet) {
		printf("%lld\n", number(entry, "shelf"));
		return;
	}
	printf("%lld: %s", number(entry, "shelf"), text(entry, "model"));
	if (*text(entry, "hardware"))
		printf(", hardware %s", text(entry, "hardware"));
	if (*text(entry, "firmware"))
		printf(", firmware %s", text(entry, "firmware"));
	printf("\n  on the shelf since %s, by run %lld, profile %s: ", when(entry, "added"),
		number(entry, "run"), text(entry, "profile"));
	print_answer(entry);
	printf("\n  judged last %s", when(entry, "judged"));
	print_support(entry);
	printf("\n");
	if (is_state(entry, "checking"))
		printf("  its evidence is being judged again\n");
	if (number(entry, "changed"))
		printf("  changed %s: %s\n  to test it again: pinfold audit run %s\n",
			when(entry, "changed"), text(entry, "what"), text(entry, "device"));
}

static void
print_row(const json_t *entry)
{
	printf("%-5lld %-8s %-24s %-20s run %-5lld ", number(entry, "shelf"), text(entry, "state"),
		text(entry, "model"), text(entry, "firmware"), number(entry, "run"));
	print_answer(entry);
	if (number(entry, "changed"))
		printf("\n      %s", text(entry, "what"));
	printf("\n");
}

static size_t
count(const json_t *rows, const char *state)
{
	json_t *entry;
	size_t i, n = 0;

	json_array_foreach(rows, i, entry) n += is_state(entry, state);
	return n;
}

int
finish_shelf_list(const json_t *args, const json_t *rows, const struct options *options)
{
	json_t *entry;
	size_t i;

	if (options->json) {
		json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	} else {
		json_array_foreach(rows, i, entry)
		{
			if (options->quiet)
				printf("%lld\n", number(entry, "shelf"));
			else
				print_row(entry);
		}
		if (!json_array_size(rows) && !options->quiet)
			printf("nothing is on the shelf; to put it there: pinfold audit shelf add "
			       "RUN\n");
	}
	return count(rows, "changed") ? CTL_HOLD : CTL_OK;
}

static json_t *
ask_list(const struct options *options, struct fault *why)
{
	json_t *question = json_pack("{s:s}", "verb", "audit.shelf.list");
	json_t *answer = ask(options->socket, question, NULL, why);

	json_decref(question);
	return answer;
}

/* The daemon judges one after the other; who asked waits for the last. */
int
finish_shelf_check(const json_t *args, const json_t *answer, const struct options *options)
{
	struct fault why = {0};

	for (int i = 0; i < POLLS_MAX; i++) {
		json_t *list = ask_list(options, &why);
		const json_t *rows = json_object_get(list, "result");
		if (rows && !count(rows, "checking")) {
			int status = finish_shelf_list(args, rows, options);
			json_decref(list);
			return status;
		}
		json_decref(list);
		if (!rows && why.text[0])
			break;
		sleep(POLL_S);
	}
	fprintf(stderr, "pinfold: %s\n",
		why.text[0] ? why.text : "it is not done yet; see: pinfold audit shelf list");
	return CTL_UNREACHABLE;
}
