/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_driver [--pace gentle|lab] [--ports gentle|lab|known|N,N...] [--consent passive|probe|intrude] [--seconds N]
 *              [--keep FILE] [--checks ID,ID...|related] [TRUTH]
 *
 * Audits one target as the checker would, and holds the findings against the
 * truth that the target said about itself (test/target): a line of JSON on
 * standard input, or in the file TRUTH.  --ports is the pace of the check
 * tcp-ports alone: all ports take it some seconds of a processor, the likely ones some
 * seconds of time; "known" asks the port of the truth and no other, a list those.
 * "related" are the checks that look at such a service at all.
 *
 * Prints each finding as a line of JSON, and at the end one line
 *
 *	verdict SEED SERVICE MANNER: N must fail, N found, N late, N false,
 *		N findings, N exchanges, N packets, N ms
 *
 * with "missed ID", "late ID" (the check was cut by its time, or the port is
 * none of the likely ones) and "false ID TEXT" lines before it.  Every transcript is
 * judged a second time from its file, and the findings must be the same.  Exits
 * with 0 if nothing was missed, nothing false and nothing different; 3 if what
 * the truth names is no check.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "check/check.h"
#include "check/scan.h"
#include "check/scan_filter.h"
#include "check/service.h"
#include "check/session.h"
#include "check/ssh_attempt.h"

/* No gateway is in between that would count what a device answers. */
enum { ANSWERS = 1000000, SOCKETS_MAX = 16384 };

struct account {
	json_t *truth;
	unsigned n_must, n_found, n_late, n_false, n_unknown;
};

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "check_driver: %s\n", what);
	exit(2);
}

static const char *
fact(const json_t *truth, const char *name)
{
	const char *text = json_string_value(json_object_get(truth, name));

	if (!text)
		give_up("the truth lacks a member");
	return text;
}

static struct ip
address_of(const json_t *truth, const char *name)
{
	struct ip ip = {0};
	const char *text = fact(truth, name);

	if (*text && !ip_parse(&ip, text))
		give_up("the truth has no address");
	return ip;
}

/* "ID" is all that the check says, "ID/PROVISION" one of it. */
static bool
speaks_of(const char *words, const struct finding *finding)
{
	const char *id = checks[finding->check].id;
	size_t len = strlen(id);

	if (strncmp(words, id, len) != 0)
		return false;
	return !words[len] || (words[len] == '/' && !strcmp(words + len + 1, finding->provision));
}

static bool
is_in(const json_t *list, const struct finding *finding)
{
	size_t i;
	json_t *words;

	json_array_foreach(
		list, i, words) if (speaks_of(json_string_value(words), finding)) return true;
	return false;
}

static void
print_finding(const struct finding *finding)
{
	json_t *line = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:s}", "check",
		checks[finding->check].id, "provision", finding->provision, "word",
		verdict_word_name(finding->word), "reason",
		finding->reason ? inc_reason_name(finding->reason) : "", "proto", finding->proto,
		"port", finding->port, "tried", (int)finding->n_tried, "all", (int)finding->n_all,
		"text", finding->text);

	if (!line)
		give_up("a finding is no JSON");
	json_dumpf(line, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(line);
}

/* --- what was missed, and what is not so ------------------------------------------------------ */

/* Was this TCP port among those that were tried?  At a gentle pace the unlikely ones are not. */
static bool
is_asked(const struct transcript *transcript, int proto, int port)
{
	static uint8_t state[PORT_COUNT];
	const struct exchange *e;
	size_t from = 0;

	memset(state, 0, sizeof state);
	while ((e = transcript_next(transcript, &from, (uint16_t)check_find("tcp-ports"), "tried")))
		scan_parse((const char *)e->received, e->n_received, state, PORT_OPEN);
	return proto != 6 || state[port] == PORT_OPEN;
}

static void
look_for_missed(struct account *account, const struct transcript *transcript,
	const struct findings *findings)
{
	int port = (int)json_integer_value(json_object_get(account->truth, "port"));
	int proto = (int)json_integer_value(json_object_get(account->truth, "proto"));
	size_t i;
	json_t *words;

	json_array_foreach(json_object_get(account->truth, "fail"), i, words)
	{
		char id[64];
		bool is_found = false;

		snprintf(id, sizeof id, "%s", json_string_value(words));
		id[strcspn(id, "/")] = '\0';
		if (check_find(id) < 0) {
			printf("unknown %s\n", id);
			account->n_unknown++;
			continue;
		}
		for (size_t k = 0; k < findings->n; k++) {
			const struct finding *finding = &findings->finding[k];

			is_found |= finding->word == VERDICT_FAIL && finding->port == port &&
				    speaks_of(json_string_value(words), finding);
		}
		account->n_must++;
		account->n_found += is_found;
		if (is_found)
			continue;
		if (check_was_cut(transcript, (uint16_t)check_find(id)) == INC_TIME_OUT ||
			!is_asked(transcript, proto, port)) {
			account->n_late++;
			printf("late %s\n", json_string_value(words));
		} else {
			printf("missed %s\n", json_string_value(words));
		}
	}
}

static void
look_for_false(struct account *account, const struct findings *findings)
{
	const json_t *fail = json_object_get(account->truth, "fail");
	const json_t *may = json_object_get(account->truth, "may");

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->finding[i];

		if (finding->word != VERDICT_FAIL || is_in(fail, finding) || is_in(may, finding))
			continue;
		account->n_false++;
		printf("false %s/%s %s\n", checks[finding->check].id, finding->provision,
			finding->text);
	}
}

/* --- the audit -------------------------------------------------------------------------------- */

/* The checks of the list, and what they look at: NULL is all. */
static bool
is_wanted(const char *list, const char *id)
{
	size_t len = strlen(id);

	for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',')
		if (!strncmp(at, id, len) && (at[len] == ',' || !at[len]))
			return true;
	return !list;
}

/* "checks" of the truth as such a list; the caller's to free. */
static char *
related(const json_t *truth)
{
	char *list = NULL;
	size_t len = 0, i;
	json_t *words;
	FILE *out = open_memstream(&list, &len);

	if (!out)
		give_up("no memory");
	json_array_foreach(json_object_get(truth, "checks"), i, words)
	{
		const char *id = json_string_value(words);

		fprintf(out, "%s%.*s", i ? "," : "", (int)strcspn(id, "/"), id);
	}
	fclose(out);
	return list;
}

static void
judge_all(const struct transcript *transcript, const char *list, struct findings *findings)
{
	for (size_t i = 0; i < n_checks; i++)
		if (is_wanted(list, checks[i].id))
			check_judge((uint16_t)i, transcript, findings);
}

/* As the monitor opens it for the checker; -1 where we may not. */
static int
raw_socket(int version)
{
	static int fds[2];
	int *fd = &fds[version == 6];

	if (*fd)
		return *fd;
	*fd = socket(version == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_TCP);
	if (*fd >= 0 && scan_filter_lock(*fd, version))
		give_up("the raw socket takes no filter");
	return *fd;
}

/* Runs these checks, but tcp-ports only when it alone is named; gives the packets sent. */
static uint32_t
run_all(const struct session_target *target, enum pace pace, const char *list, enum consent consent,
	unsigned seconds, struct transcript *transcript)
{
	struct session *session = session_new(target, pace, consent, transcript);
	bool is_ports = list && !strcmp(list, "tcp-ports");
	uint32_t packets;

	session_limit(session, seconds);
	session_set_answers(session, ANSWERS);
	session_set_raw(session, raw_socket(4), raw_socket(6));
	for (size_t i = 0; i < n_checks; i++)
		if (checks[i].is_probed && is_wanted(list, checks[i].id) &&
			is_ports == !strcmp(checks[i].id, "tcp-ports"))
			session_run(session, (uint16_t)i);
	packets = session_packets(session);
	session_free(session);
	return packets;
}

static void
list_ports(struct session *session, const struct ip *address, const char *step, const char *list)
{
	struct exchange e = {.proto = 6,
		.address = *address,
		.note = "1",
		.received = (const uint8_t *)list,
		.n_received = strlen(list)};
	snprintf(e.step, sizeof e.step, "%s", step);
	session_record(session, &e);
}

/* What tcp-ports would have written, had it asked these ports alone, which are open. */
static uint32_t
know_ports(const struct session_target *target, enum consent consent, const char *list,
	struct transcript *transcript)
{
	struct session *session = session_new(target, PACE_LAB, consent, transcript);
	const struct ip *address = target->address4.version ? &target->address4 : &target->address6;
	uint32_t packets;

	session_begin(session, (uint16_t)check_find("tcp-ports"));
	list_ports(session, address, "tried", list);
	list_ports(session, address, "open", list);
	struct talk *talk = talk_tcp(session, address, 46713, "control", 1);
	if (talk)
		talk_close(talk);
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		uint16_t port = (uint16_t)strtoul(at, NULL, 10);
		service_ask(session, address, port, 1);
		const struct exchange *e = transcript_last(session);
		if (e && e->proto == 6 && e->port == port)
			service_ask_again(session, e, 2);
	}
	session_end(session);
	packets = session_packets(session);
	session_free(session);
	return packets;
}

static bool
is_same(const struct findings *a, const struct findings *b)
{
	return a->n == b->n && a->n_lost == b->n_lost &&
	       !memcmp(a->finding, b->finding, a->n * sizeof a->finding[0]);
}

/* As somebody else would: from the file alone. */
static bool
is_judged_the_same(FILE *file, const char *list, const struct findings *findings)
{
	static struct findings again;
	struct transcript *transcript;
	struct fault why = {0};
	bool same;

	if (fflush(file) || fseek(file, 0, SEEK_SET))
		give_up("the transcript cannot be read");
	if (transcript_read(file, &transcript, &why)) {
		printf("different: the transcript is not taken: %s\n", why.text);
		return false;
	}
	again = (struct findings){0};
	judge_all(transcript, list, &again);
	same = is_same(&again, findings);
	if (!same)
		printf("different: the same transcript gave %zu findings, and %zu when it was "
		       "read\n",
			findings->n, again.n);
	transcript_free(transcript);
	return same;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"pace", 1, NULL, 'p'}, {"ports", 1, NULL, 'P'},
		{"consent", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'}, {"keep", 1, NULL, 'k'},
		{"checks", 1, NULL, 'l'}, {NULL, 0, NULL, 0}};
	static struct findings findings;
	enum pace pace = PACE_LAB, ports_pace = PACE_LAB;
	enum consent consent = CONSENT_PROBE;
	unsigned seconds = 120;
	const char *keep = NULL, *list = NULL;
	char *of_truth = NULL;
	struct account account = {0};
	struct session_target target = {0};
	json_error_t trouble;
	uint64_t begun_ns, ms;
	uint32_t packets;
	const char *known = NULL;
	char of_port[8];
	bool same;
	FILE *in, *file;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'p':
			pace = strcmp(optarg, "gentle") ? PACE_LAB : PACE_GENTLE;
			break;
		case 'P':
			ports_pace = strcmp(optarg, "gentle") ? PACE_LAB : PACE_GENTLE;
			known = !strcmp(optarg, "known") || strspn(optarg, "0123456789,") ? optarg
											  : NULL;
			break;
		case 'c':
			consent = !strcmp(optarg, "passive")   ? CONSENT_PASSIVE
				  : !strcmp(optarg, "intrude") ? CONSENT_INTRUDE
							       : CONSENT_PROBE;
			break;
		case 's':
			seconds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'k':
			keep = optarg;
			break;
		case 'l':
			list = optarg;
			break;
		default:
			return 2;
		}
	in = optind < argc ? fopen(argv[optind], "re") : stdin;
	account.truth = in ? json_loadf(in, 0, &trouble) : NULL;
	if (!account.truth)
		give_up("no truth");
	if (list && !strcmp(list, "related"))
		list = of_truth = related(account.truth);
	target.address4 = address_of(account.truth, "address4");
	target.address6 = address_of(account.truth, "address6");
	file = keep ? fopen(keep, "w+e") : tmpfile();
	if (!file)
		give_up("no file for the transcript");

	struct transcript *transcript = transcript_new(file);
	ssh_attempt_begin();
	/* As many as the checker may have. */
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){SOCKETS_MAX, SOCKETS_MAX});
	begun_ns = clock_monotonic_ns();
	snprintf(of_port, sizeof of_port, "%d",
		(int)json_integer_value(json_object_get(account.truth, "port")));
	if (known)
		packets = know_ports(
			&target, consent, strcmp(known, "known") ? known : of_port, transcript);
	else
		packets = run_all(&target, ports_pace, "tcp-ports", consent, seconds, transcript);
	ms = (clock_monotonic_ns() - begun_ns) / CLOCK_MS_NS;
	if (ms / 1000 < seconds)
		packets += run_all(
			&target, pace, list, consent, seconds - (unsigned)(ms / 1000), transcript);
	judge_all(transcript, list, &findings);
	for (size_t i = 0; i < findings.n; i++)
		print_finding(&findings.finding[i]);
	look_for_missed(&account, transcript, &findings);
	look_for_false(&account, &findings);
	same = is_judged_the_same(file, list, &findings);
	ms = (clock_monotonic_ns() - begun_ns) / CLOCK_MS_NS;
	printf("verdict %lld %s %s: %u must fail, %u found, %u late, %u false, %zu findings, %zu "
	       "exchanges, "
	       "%u packets, %llu ms\n",
		(long long)json_integer_value(json_object_get(account.truth, "seed")),
		fact(account.truth, "service"), fact(account.truth, "manner"), account.n_must,
		account.n_found, account.n_late, account.n_false, findings.n,
		transcript_count(transcript), packets, (unsigned long long)ms);
	transcript_free(transcript);
	fclose(file);
	json_decref(account.truth);
	free(of_truth);
	if (account.n_found + account.n_late < account.n_must || account.n_false || !same)
		return 1;
	return account.n_unknown ? 3 : 0;
}
