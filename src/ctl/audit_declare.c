/* SPDX-License-Identifier: Apache-2.0 */
/* What only the maker or a person can answer: the form, taking it in, showing it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/hex.h"
#include "base/printable.h"
#include "check/declared.h"
#include "check/paper.h"
#include "ctl/ctl.h"

enum { PIECE = 6000, NAME_SHOWN = 200 };

json_t *
ask_or_say(const char *verb, json_t *args, const struct options *options, int *status)
{
	json_t *question = json_pack("{s:s, s:o}", "verb", verb, "args", args);
	struct fault why;
	char said[400];

	json_t *answer = ask(options->socket, question, NULL, &why);
	json_decref(question);
	if (!answer) {
		fprintf(stderr, "pinfold: %s\n", why.text);
		*status = CTL_UNREACHABLE;
		return NULL;
	}
	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	const json_t *error = json_object_get(answer, "error");
	shown(said, sizeof said, text(error, "text"), strlen(text(error, "text")));
	if (options->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	} else {
		fprintf(stderr, "pinfold: %s\n", said);
	}
	json_decref(answer);
	*status = CTL_REFUSED;
	return NULL;
}

/* One byte more than may be, so that what is too long is seen to be. */
static char *
read_file(const char *path, size_t *len)
{
	auto_fclose FILE *file = fopen(path, "re");
	char *bytes = must_alloc(DECLARED_BYTES_MAX + 1, 1);
	char name[NAME_SHOWN];

	*len = file ? fread(bytes, 1, DECLARED_BYTES_MAX + 1, file) : 0;
	shown(name, sizeof name, path, strlen(path));
	if (file && !ferror(file) && *len && *len <= DECLARED_BYTES_MAX)
		return bytes;
	fprintf(stderr, "pinfold: cannot read %s: %s\n", name,
		!file || ferror(file) ? strerror(errno)
		: !*len               ? "it is empty"
				      : "it is too long");
	free(bytes);
	return NULL;
}

json_t *
give_file(const char *device, const char *kind, const char *path, const struct options *options,
	int *status)
{
	const char *slash = strrchr(path, '/');
	char name[PAPER_NAME_MAX], hex[2 * PIECE + 1];
	json_t *answer = NULL;
	size_t len;

	auto_free char *bytes = read_file(path, &len);
	if (!bytes) {
		*status = CTL_REFUSED;
		return NULL;
	}
	printable(name, sizeof name, slash ? slash + 1 : path, strlen(slash ? slash + 1 : path));
	for (size_t at = 0; at < len; at += PIECE) {
		size_t n = len - at < PIECE ? len - at : PIECE;
		hex_text(bytes + at, n, hex);
		json_decref(answer);
		answer = ask_or_say("audit.declare",
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "device", device, "kind", kind,
				"name", name, "at", (json_int_t)at, "all", (json_int_t)len, "hex",
				hex),
			options, status);
		if (!answer)
			return NULL;
	}
	return answer;
}

/* --- showing --------------------------------------------------------------------------------------- */

static void
show_list(const char *name, const char *row, size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? ", " : name, row + i * size);
	if (n)
		printf("\n");
}

static void
show_ports(const struct declared *declared)
{
	for (size_t i = 0; i < declared->n_ports; i++) {
		const struct declared_port *port = &declared->port[i];
		printf("%s%s/%u", i ? ", " : "  ports: ", port->proto == 17 ? "udp" : "tcp",
			port->lo);
		if (port->hi != port->lo)
			printf("-%u", port->hi);
	}
	if (declared->n_ports)
		printf("\n");
}

static void
show_declared(const struct declared *declared, const char *name)
{
	size_t count[SAYS_COUNT] = {0};
	char by[DECLARED_BY_MAX];

	declared_by(declared, by);
	printf("%s, by %s: declared, and not tested\n", name, by);
	if (*declared->maker || *declared->model)
		printf("  %s %s %s\n", declared->maker, declared->model, declared->firmware);
	if (*declared->support_end)
		printf("  updates until %s\n", declared->support_end);
	for (size_t i = 0; i < n_questions; i++) {
		const struct declared_answer *answer = &declared->answer[i];
		count[answer->says]++;
		if (answer->says == SAYS_NO || answer->says == SAYS_NOT_APPLICABLE)
			printf("  %-7s %-14s %s\n", questions[i].id,
				answer->says == SAYS_NO ? "no" : "not applicable",
				*answer->reason ? answer->reason : "(no reason is given)");
	}
	printf("  %zu of %zu questions answered: %zu yes, %zu no, %zu not applicable\n",
		n_questions - count[SAYS_NOTHING], n_questions, count[SAYS_YES], count[SAYS_NO],
		count[SAYS_NOT_APPLICABLE]);
	show_ports(declared);
	show_list("  hosts: ", declared->host[0], declared->n_hosts, sizeof declared->host[0]);
	show_list("  accounts: ", declared->account[0], declared->n_accounts,
		sizeof declared->account[0]);
	show_list("  ciphers: ", declared->cipher[0], declared->n_ciphers,
		sizeof declared->cipher[0]);
}

static int
show(const json_t *result, const struct options *options)
{
	const json_t *row = json_object_get(result, "declaration");
	const json_t *bytes = json_object_get(row, "text");
	struct fault why;

	if (!json_is_string(bytes)) {
		printf("nothing is declared of %s; the form for it: pinfold audit declare "
		       "--template "
		       "%s\n",
			text(json_object_get(result, "device"), "name"),
			text(json_object_get(result, "device"), "id"));
		return CTL_OK;
	}
	if (!confine_to_memory()) {
		fprintf(stderr, "pinfold: a declaration is not opened without confinement, and the "
				"kernel refuses it\n");
		return CTL_REFUSED;
	}
	auto_free struct declared *declared =
		declared_parse(json_string_value(bytes), json_string_length(bytes), &why);
	if (!declared) {
		fprintf(stderr, "pinfold: %s\n", why.text);
		return CTL_REFUSED;
	}
	show_declared(declared, text(row, "name"));
	return CTL_OK;
}

/* --- the form -------------------------------------------------------------------------------------- */

static void
write_form(const json_t *result)
{
	const json_t *wire = json_object_get(result, "wire");
	const char *maker = "", *model = "";
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(wire, "macs"), i, row) if (!*maker) maker =
		text(row, "maker");
	json_array_foreach(json_object_get(wire, "claims"), i,
		row) if (!*model && !strcmp(text(row, "kind"), "mdns-model")) model =
		text(row, "claimed");
	declared_template(stdout, maker, model, "");
}

static int
usage(void)
{
	fprintf(stderr, "usage: pinfold audit declare DEVICE FILE       (take the answers in)\n"
			"       pinfold audit declare DEVICE            (show them)\n"
			"       pinfold audit declare --template DEVICE (the form, to fill in)\n"
			"       pinfold audit declare --remove DEVICE\n");
	return CTL_USAGE;
}

/* audit declare DEVICE [FILE] [--template] [--remove] */
int
run_audit_declare(int argc, char **argv, const struct options *options)
{
	const char *device = NULL, *file = NULL;
	bool is_form = false, is_removal = false;
	int status = CTL_OK;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--template"))
			is_form = true;
		else if (!strcmp(argv[i], "--remove"))
			is_removal = true;
		else if (!device && argv[i][0] != '-')
			device = argv[i];
		else if (!file && argv[i][0] != '-')
			file = argv[i];
		else
			return usage();
	}
	if (!device || is_form + is_removal + (file != NULL) > 1)
		return usage();
	json_t *answer = file ? give_file(device, "declaration", file, options, &status)
			      : ask_or_say(is_removal ? "audit.declare" : "audit.declared",
					json_pack("{s:s, s:s*}", "device", device, "remove",
						is_removal ? "declaration" : NULL),
					options, &status);
	if (!answer)
		return status;
	const json_t *result = json_object_get(answer, "result");
	if (is_form) {
		write_form(result);
	} else if (options->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	} else if (!options->quiet) {
		char undo[80] = "";
		if (file || is_removal)
			snprintf(undo, sizeof undo, "%s", text(answer, "undo"));
		status = is_removal ? CTL_OK : show(result, options);
		if (file && status == CTL_OK)
			printf("it counts from the next run on: pinfold audit run %s\n", device);
		if (*undo)
			printf("to take it back: %s\n", undo);
	}
	json_decref(answer);
	return status;
}
