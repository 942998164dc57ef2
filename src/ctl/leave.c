/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that leave, and the notes that go with them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/ctl.h"
#include "ctl/label.h"
#include "label/jws.h"

/* process/engine_leave.h says what is in it. */
#define NOTE_TYPE "handover+jwt"

static void
show_steps(const json_t *steps)
{
	static const struct {
		const char *state, *sign;
	} signs[] = {{"open", "[ ]"}, {"done", "[x]"}, {"seen", "[x]"}, {"failed", "[!]"},
		{"cannot", " ? "}, {"will", "  >"}};
	json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
	{
		const char *sign = "   ";
		for (size_t k = 0; k < COUNT_OF(signs); k++)
			if (!strcmp(signs[k].state, text(step, "state")))
				sign = signs[k].sign;
		printf("%s %-15s %s\n", sign, text(step, "step"), text(step, "text"));
	}
}

void
show_intake(const json_t *intake, const struct options *options)
{
	if (!options->quiet)
		show_steps(json_object_get(intake, "steps"));
}

void
show_leaving(const json_t *leaving, const struct options *options)
{
	const json_t *device = json_object_get(leaving, "device");

	if (options->quiet)
		return;
	show_steps(json_object_get(leaving, "steps"));
	printf("\nOf a step of yours: pinfold device leaving-done %s STEP\nAt last:            "
	       "pinfold "
	       "device leave %s --note FILE\n",
		text(device, "id"), text(device, "id"));
}

/* It goes with the device, so it must be whole, and nobody else's file. */
static bool
write_note(const char *path, const char *note)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t len = strlen(note);

	return fd >= 0 && write(fd, note, len) == (ssize_t)len && write(fd, "\n", 1) == 1;
}

int
finish_leave(const json_t *args, const json_t *left, const struct options *options)
{
	const char *path = json_string_value(json_object_get(args, "note"));
	const char *note = json_string_value(json_object_get(left, "note"));
	char name[300];

	if (options->json) {
		json_dumpf(left, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
	} else if (!options->quiet) {
		show_steps(json_object_get(left, "steps"));
		printf("\n%s left; what is kept of it is deleted at %s\n", text(left, "name"),
			when(left, "until"));
	}
	if (!path)
		return CTL_OK;
	shown(name, sizeof name, path, strlen(path));
	if (!note || !write_note(path, note)) {
		fprintf(stderr,
			"pinfold: it left, but the note cannot be written to %s: %s; it is kept: "
			"pinfold left show %s --json\n",
			name, strerror(errno), text(left, "left"));
		return CTL_LATER;
	}
	if (!options->quiet && !options->json)
		printf("the note is in %s; to look at it: pinfold left verify %s\n", name, name);
	return CTL_OK;
}

void
show_left_list(const json_t *rows, const struct options *options)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (options->quiet)
			printf("%s\n", text(row, "left"));
		else
			printf("%-4s %-24s left %s, kept until %s\n", text(row, "left"),
				text(row, "name"), when(row, "time"), when(row, "until"));
	}
}

void
show_left(const json_t *left, const struct options *options)
{
	const json_t *flows = json_object_get(left, "flows");
	json_t *flow;
	size_t i;

	printf("%s (%s) left %s, kept until %s\n", text(left, "name"), text(left, "device"),
		when(left, "time"), when(left, "until"));
	if (options->quiet)
		return;
	show_steps(json_object_get(left, "steps"));
	json_array_foreach(flows, i, flow) printf("talked to  %s %s/%s\n", text(flow, "remote"),
		text(flow, "proto"), text(flow, "port"));
}

/* --- a note, without the daemon ------------------------------------------------------------ */

static int
show_note(enum seal seal, const json_t *note, const struct fault *why)
{
	char out[300];

	if (seal != SEAL_GOOD) {
		shown(out, sizeof out, why->text, strlen(why->text));
		printf("%s: %s\n",
			seal == SEAL_STRANGER ? "signed by a key that you did not give"
					      : "not right",
			out);
		return CTL_REFUSED;
	}
	printf("right: of a device (%s) that left at %s\n", text(note, "kind"), when(note, "iat"));
	for (size_t i = 0; i < json_array_size(json_object_get(note, "macs")); i++)
		printf("MAC %s\n", text(json_array_get(json_object_get(note, "macs"), i), NULL));
	show_steps(json_object_get(note, "steps"));
	return CTL_OK;
}

int
run_left_verify(int argc, char **argv, const struct options *options)
{
	struct issuer_keys keys = {0};
	uint8_t key[ISSUER_PUBLIC_LEN];
	const char *path = NULL;
	struct fault why = {0};
	json_t *note = NULL;
	size_t len;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--key") && i + 1 < argc && keys.n < JWS_KEYS_MAX) {
			if (!label_key_from(argv[++i], keys.key[keys.n++]))
				return CTL_USAGE;
		} else if (!path && argv[i][0] != '-') {
			path = argv[i];
		} else {
			return CTL_USAGE;
		}
	}
	if (!path)
		return CTL_USAGE;
	auto_free char *bytes = label_read(path, JWS_BYTES_MAX, &len);
	if (!bytes || !confine_to_memory())
		return CTL_REFUSED;
	enum seal seal = jws_parse(bytes, len, NOTE_TYPE, &keys, &note, key, &why);
	int status = show_note(seal, note, &why);
	json_decref(note);
	return status;
}
