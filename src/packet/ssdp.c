/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/ssdp.h"
#include "packet/line.h"

static enum ssdp_kind
kind_of(struct bytes line)
{
	struct bytes word;

	if (!line_word(&line, &word))
		return SSDP_UNKNOWN;
	if (bytes_are(word, "M-SEARCH"))
		return SSDP_SEARCH;
	if (bytes_are(word, "NOTIFY"))
		return SSDP_NOTIFY;
	if (bytes_are(word, "HTTP/1.1") || bytes_are(word, "HTTP/1.0"))
		return SSDP_RESPONSE;
	return SSDP_UNKNOWN;
}

static void
take_header(struct ssdp *ssdp, struct bytes name, struct bytes value)
{
	const struct {
		const char *name;
		struct bytes *value;
	} known[] = {
		{"ST", &ssdp->search_target},
		{"NT", &ssdp->notification_type},
		{"USN", &ssdp->unique_name},
		{"LOCATION", &ssdp->claimed_location},
		{"SERVER", &ssdp->claimed_server},
		{"USER-AGENT", &ssdp->user_agent},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (bytes_are_nocase(name, known[i].name))
			*known[i].value = value;
	if (bytes_are_nocase(name, "NTS"))
		ssdp->is_goodbye = bytes_are_nocase(value, "ssdp:byebye");
}

bool
ssdp_parse(struct ssdp *ssdp, struct reader r)
{
	struct bytes line, name, value;

	memset(ssdp, 0, sizeof *ssdp);
	if (!line_next(&r, &line))
		return false;
	ssdp->kind = kind_of(line);
	if (ssdp->kind == SSDP_UNKNOWN)
		return false;
	ssdp->is_cut = true;
	for (unsigned lines = 0; lines < HEADER_LINES_MAX && line_next(&r, &line); lines++) {
		if (line.len == 0) {
			ssdp->is_cut = false;
			break;
		}
		if (line_header(line, &name, &value))
			take_header(ssdp, name, value);
	}
	return true;
}
