/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of what can be said; the daemon decides. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/printable.h"
#include "ctl/ctl.h"
#include "ctl/label.h"

enum { FILE_MAX = 16000 };

#define DEVICE                                                                                     \
	{                                                                                          \
		"DEVICE", "device", WORD_DEVICE                                                    \
	}

#define SECRET                                                                                     \
	{                                                                                          \
		"", "password", WORD_SECRET                                                        \
	}

/* clang-format off */
const struct command commands[] = {
	{"status", "", "status", "how the gateway is", {{0}}, show_status},
	{"doctor", "", "doctor", "what is wrong, and the command for it", {{0}}, show_doctor},
	{"device", "list", "device.list", "all devices", {{"--state", "state", WORD_TEXT, true}, {"--find", "find", WORD_TEXT, true}, {"--kind", "kind", WORD_TEXT, true}, {"--attention", "attention", WORD_FLAG, true}}, show_devices},
	{"device", "show", "device.show", "everything known of a device", {DEVICE}, show_device},
	{"device", "sky", "device.sky", "how much it may reach, and might before", {DEVICE}, show_sky},
	{"device", "talk", "device.talk", "with whom it talks, probably what for, and how much it sends", {DEVICE}, show_talk},
	{"device", "name", "device.name", "give it a name", {DEVICE, {"NAME", "name", WORD_REST}}, show_done},
	{"device", "kind", "device.kind", "say what it is; unknown: it is guessed again", {DEVICE, {"KIND", "kind", WORD_TEXT}}, show_done},
	{"device", "kinds", "device.kinds", "what a device may be", {{0}}, show_kinds},
	{"device", "class", "device.class", "ordinary, personal, critical, never-probe or child", {DEVICE, {"CLASS", "class", WORD_TEXT}}, show_done},
	{"device", "admit", "device.admit", "let a waiting device in, watched, or as a guest for some hours", {DEVICE, {"--kind", "kind", WORD_TEXT, true}, {"--class", "class", WORD_TEXT, true}, {"--name", "name", WORD_TEXT, true}, {"--guest", "guest", WORD_FLAG, true}, {"--hours", "hours", WORD_NUMBER, true}}, show_done},
	{"device", "observe", "device.observe", "outbound only, watched, to learn what it needs", {DEVICE}, show_done},
	{"device", "enforce", "device.enforce", "hold it to its MUD file or to what was learned", {DEVICE, {"--from", "from", WORD_TEXT, true}, {"--preview", "preview", WORD_FLAG, true}, {"--addresses", "addresses", WORD_FLAG, true}, {"--yes", "yes", WORD_FLAG, true}}, show_enforce, .before = agree_to_hold},
	{"device", "trust", "device.trust", "trust it with the internet", {DEVICE}, show_done},
	{"device", "quarantine", "device.quarantine", "nothing but the status page", {DEVICE}, show_done},
	{"device", "block", "device.block", "nothing at all", {DEVICE}, show_done},
	{"device", "release", "device.release", "end what contains it", {DEVICE}, show_done},
	{"device", "pause", "device.pause", "let everything pass for a while (15m); ends by itself", {DEVICE, {"TIME", "seconds", WORD_TIME}}, show_done},
	{"device", "resume", "device.resume", "end a pause now", {DEVICE}, show_device},
	{"device", "introduce", "device.introduce", "let it use a service of another device", {DEVICE, {"TO", "to", WORD_DEVICE}, {"SERVICE", "service", WORD_TEXT}}, show_done},
	{"device", "part", "device.part", "take an introduction back", {DEVICE, {"FROM", "from", WORD_DEVICE}, {"--service", "service", WORD_TEXT, true}}, show_done},
	{"device", "forget", "device.forget", "remove it; if it comes back it waits", {DEVICE}, show_done},
	{"device", "leaving", "device.leaving", "what is to be done before it leaves, and what was seen", {DEVICE}, show_leaving},
	{"device", "intake", "device.intake", "it had another owner, or comes back: what to do first", {DEVICE}, show_intake},
	{"device", "leaving-done", "device.leaving.done", "a step of yours is done; said again: it is not", {DEVICE, {"STEP", "step", WORD_TEXT}}, show_leaving},
	{"device", "leave", "device.leave", "it leaves: forgotten, with a signed note; what is kept ends", {DEVICE, {"--lost", "lost", WORD_FLAG, true}, {"--days", "days", WORD_NUMBER, true}, {"--note", "note", WORD_TEXT, true}}, NULL, NULL, NULL, finish_leave},
	{"device", "merge", "device.merge", "two that are one; the first goes", {DEVICE, {"INTO", "into", WORD_DEVICE}}, show_done},
	{"device", "alike", "device.alike", "two that may be one, and by which of their words", {{"--limit", "limit", WORD_NUMBER, true}}, show_alike},
	{"device", "distinct", "device.distinct", "it is not that other one: not suggested again", {DEVICE, {"OTHER", "from", WORD_DEVICE}}, show_done},
	{"device", "split", "device.split", "two again: takes the last merge into it back", {DEVICE}, show_done},
	{"home", "begin", "home.begin", "the first minutes: what is seen, what matters, what to do", {{0}}, show_begin},
	{"home", "begin-done", "home.begin.done", "a first step of yours is done; said again: it is not", {{"STEP", "step", WORD_TEXT}}, show_begin},
	{"home", "admit", "home.admit", "let in all that wait: phones as such, the rest watched", {{0}}, show_text},
	{"home", "card", "home.card", "what to do when nothing works; print it", {{0}}, show_card},
	{"home", "join", "home.join", "let new devices in for some minutes; 0 ends it", {{"MINUTES", "minutes", WORD_NUMBER}}, show_text},
	{"backup", "make", "backup.make", "what you decided, in one file without secrets", {{"FILE", "file", WORD_TEXT}}, NULL, NULL, NULL, finish_backup, can_be_written},
	{"backup", "restore", NULL, "the same into a gateway that begins anew", {{"FILE", NULL, WORD_TEXT}}, NULL, run_backup_restore},
	{"left", "list", "left.list", "devices that left, of which something is kept", {{0}}, show_left_list},
	{"left", "show", "left.show", "what is kept of one", {{"ID", "left", WORD_NUMBER}}, show_left},
	{"left", "delete", "left.delete", "delete that now", {{"ID", "left", WORD_NUMBER}}, show_text},
	{"left", "verify", NULL, "is this note of a device that left right? needs no network", {{"FILE", NULL, WORD_TEXT}, {"--key", NULL, WORD_TEXT, true}}, NULL, run_left_verify},
	{"policy", "show", "policy.show", "what it may do, and on whose word", {DEVICE}, show_policy},
	{"policy", "why", "policy.why", "may it talk to that, and why", {DEVICE, {"DESTINATION", "destination", WORD_TEXT}, {"PORT", "port", WORD_NUMBER, true}, {"--proto", "proto", WORD_TEXT, true}}, show_why},
	{"policy", "propose", "policy.proposal", "what was seen, and what enforcing would break", {DEVICE, {"--from", "from", WORD_TEXT, true}}, show_proposal},
	{"policy", "add", "policy.add", "a rule of yours (\"allow tcp cloud.example 443\")", {DEVICE, {"RULE", "rule", WORD_REST}}, show_done},
	{"policy", "decline", "policy.decline", "a rule that a pause offered is not wanted", {DEVICE, {"RULE", "rule", WORD_REST}}, show_done},
	{"policy", "remove", "policy.remove", "take a rule of yours away", {DEVICE, {"RULE", "rule", WORD_REST}}, show_done},
	{"policy", "approve", "policy.approve", "believe its MUD file", {DEVICE, {"--addresses", "addresses", WORD_FLAG, true}}, show_done},
	{"policy", "reject", "policy.reject", "do not believe its MUD file", {DEVICE}, show_done},
	{"policy", "journal", "policy.journal", "what was changed, by whom", {{"DEVICE", "device", WORD_DEVICE, true}, {"--limit", "limit", WORD_NUMBER, true}, {"--before", "before", WORD_NUMBER, true}}, show_journal},
	{"policy", "undo", "policy.undo", "take a change back", {{"ID", "journal", WORD_NUMBER}}, show_text},
	{"events", "", "events.list", "what happened", {{"DEVICE", "device", WORD_DEVICE, true}, {"--limit", "limit", WORD_NUMBER, true}, {"--before", "before", WORD_NUMBER, true}, {"--follow", NULL, WORD_FLAG, true}}, show_events},
	{"incident", "list", "incident.list", "what devices did that harms, with all that came of it", {{"DEVICE", "device", WORD_DEVICE, true}, {"--limit", "limit", WORD_NUMBER, true}, {"--before", "before", WORD_NUMBER, true}}, show_incidents},
	{"incident", "show", "incident.show", "what happened, what was done, and what you can do", {{"ID", "incident", WORD_NUMBER}}, show_incident},
	{"incident", "latest", "incident.latest", "that of the last day", {{0}}, show_incident},
	{"incident", "export", "incident.packets", "the heads of its packets, for Wireshark (pcapng)", {{"ID", "incident", WORD_NUMBER}, {"FILE", "file", WORD_TEXT}}, NULL, NULL, NULL, finish_incident_export},
	{"story", "", "story.day", "a day, with a lane for each device", {{"DAY", "date", WORD_TEXT, true}, {"--device", "device", WORD_DEVICE, true}}, show_story},
	{"service", "list", "service.list", "services that devices can be introduced for", {{0}}, show_services},
	{"report", "trust", "report.trust", "believe the reports of an issuer (Ed25519 key, hexadecimal)", {{"ISSUER", "issuer", WORD_TEXT}, {"KEY", "key", WORD_TEXT}}, show_text},
	{"report", "import", "report.import", "a signed report of a device's state; it only narrows", {{"FILE", "report", WORD_FILE}, {"SIGNATURE", "signature", WORD_TEXT}}, show_done},
	{"audit", "run", "audit.run", "test a device, or what is on a port", {{"DEVICE", "device", WORD_DEVICE, true}, {"--port", "port", WORD_TEXT, true}, {"--profile", "profile", WORD_TEXT, true}, {"--hours", "hours", WORD_NUMBER, true}, {"--pace", "pace", WORD_TEXT, true}, {"--consent", "consent", WORD_TEXT, true}, {"--checks", "checks", WORD_TEXT, true}, {"--maker", "maker", WORD_TEXT, true}, {"--follow", NULL, WORD_FLAG, true}}, show_audit_begun, NULL, follow_audit},
	{"audit", "app run", "audit.app.run", "the phone that runs it, for minutes, with its owner's consent", {{"PHONE", "device", WORD_DEVICE}, {"--of", "of", WORD_DEVICE}, {"--minutes", "minutes", WORD_NUMBER, true}, {"--consent", "consent", WORD_TEXT}, {"--names", "names", WORD_TEXT, true}, {"--trackers", "trackers", WORD_FLAG, true}, {"--all", "all", WORD_FLAG, true}, {"--pace", "pace", WORD_TEXT, true}, {"--follow", NULL, WORD_FLAG, true}}, show_phone_begun, NULL, follow_audit},
	{"audit", "app", "audit.app", "what the app of a device says of itself (an APK)", {{"FILE", "file", WORD_OPEN}, {"--of", "of", WORD_DEVICE, true}, {"--follow", NULL, WORD_FLAG, true}}, show_audit_begun, NULL, follow_audit},
	{"audit", "list", "audit.list", "what was tested", {{"DEVICE", "device", WORD_DEVICE, true}, {"--limit", "limit", WORD_NUMBER, true}, {"--before", "before", WORD_NUMBER, true}}, show_audits},
	{"audit", "show", "audit.show", "the verdicts of a run", {{"RUN", "run", WORD_NUMBER}, {"--at", "at", WORD_TEXT, true}, {"--follow", NULL, WORD_FLAG, true}}, show_audit, NULL, follow_audit},
	{"audit", "stop", "audit.stop", "end a run now", {{"RUN", "run", WORD_NUMBER}}, show_audit_stopped},
	{"audit", "reset", NULL, "be led through a factory reset, and see what is left", {{"DEVICE", NULL, WORD_DEVICE}, {"--pace", NULL, WORD_TEXT, true}, {"--yes", NULL, WORD_FLAG, true}}, NULL, run_audit_reset},
	{"audit", "checks", "audit.checks", "what is looked for, and what it takes", {{0}}, show_audit_checks},
	{"audit", "report", "audit.show", "a run as html, pdf, json, or junit for a build", {{"RUN", "run", WORD_NUMBER}, {"--at", "at", WORD_TEXT, true}, {"--format", "format", WORD_TEXT, true}, {"--output", "output", WORD_TEXT, true}, {"--baseline", "baseline", WORD_TEXT, true}}, NULL, NULL, NULL, finish_report},
	{"audit", "baseline", "audit.show", "keep a run, to compare later ones with (report --baseline)", {{"RUN", "run", WORD_NUMBER}, {"--output", "output", WORD_TEXT, true}}, NULL, NULL, NULL, finish_report},
	{"audit", "gate", "audit.gate", "shelf, hold or laboratory, and why", {{"OF", "of", WORD_TEXT}, {"--profile", "profile", WORD_TEXT, true}}, NULL, NULL, NULL, finish_gate},
	{"audit", "shelf add", "audit.shelf.add", "register a product by the run that tested it", {{"RUN", "run", WORD_NUMBER}, {"--model", "model", WORD_TEXT, true}, {"--hardware", "hardware", WORD_TEXT, true}, {"--firmware", "firmware", WORD_TEXT, true}, {"--support", "support", WORD_TEXT, true}, {"--profile", "profile", WORD_TEXT, true}}, show_shelf_entry},
	{"audit", "shelf list", "audit.shelf.list", "what is on the shelf, and what changed behind it", {{0}}, NULL, NULL, NULL, finish_shelf_list},
	{"audit", "shelf show", "audit.shelf.show", "one product of it", {{"ID", "shelf", WORD_NUMBER}}, show_shelf_entry},
	{"audit", "shelf remove", "audit.shelf.remove", "take a product off the shelf", {{"ID", "shelf", WORD_NUMBER}}, show_text},
	{"audit", "shelf check", "audit.shelf.check", "judge the evidence again, by the rules of today", {{"ID", "shelf", WORD_NUMBER, true}}, NULL, NULL, NULL, finish_shelf_check},
	{"audit", "fix", "audit.show", "what to do about each failure, and test that again", {{"RUN", "run", WORD_NUMBER}, {"--retest", "retest", WORD_FLAG, true}}, NULL, NULL, NULL, finish_fix},
	{"audit", "declare", NULL, "what only the maker or a person can answer: a form, its answers", {DEVICE, {"FILE", NULL, WORD_TEXT, true}, {"--template", NULL, WORD_FLAG, true}, {"--remove", NULL, WORD_FLAG, true}}, NULL, run_audit_declare},
	{"audit", "papers", NULL, "statements and labels against the product on the wire", {DEVICE, {"FILES", NULL, WORD_TEXT, true}, {"--remove", NULL, WORD_FLAG, true}}, NULL, run_audit_papers},
	{"audit", "pack", "audit.evidence", "the evidence of a run, signed, in one file", {{"RUN", "run", WORD_NUMBER}, {"FILE", "file", WORD_TEXT}, {"--redact", "redact", WORD_FLAG, true}}, NULL, NULL, NULL, finish_pack},
	{"audit", "verify", NULL, "look at a pack, and judge again what is in it", {{"PACK", NULL, WORD_TEXT}, {"--key", NULL, WORD_TEXT, true}}, NULL, run_audit_verify},
	{"audit", "key", "audit.key", "the public key by which packs of this gateway are known", {{0}}, show_audit_key},
	{"maker", "list", "maker.list", "whose the devices are, and on whose word", {{0}}, show_makers},
	{"maker", "show", "maker.show", "what the maker of a device publishes, and since when", {DEVICE}, show_maker},
	{"maker", "set", "maker.set", "say whose it is, by the maker's site", {DEVICE, {"URL", "url", WORD_TEXT}}, show_done},
	{"maker", "unset", "maker.unset", "believe its MUD file again, whose it is", {DEVICE}, show_done},
	{"label", "show", "label.show", "what is known of a device, as its label would say it", {DEVICE}, show_label},
	{"label", "why", "label.show", "which requirements it does not meet", {DEVICE}, show_label_why},
	{"label", "list", "label.list", "the labels that are out, and what each is worth now", {{0}}, show_labels},
	{"label", "set", "label.set", "what you know: maker, model, firmware, support-end, life ...", {DEVICE, {"FIELD", "field", WORD_TEXT}, {"VALUE", "value", WORD_REST}}, show_text},
	{"label", "fix", "label.fix", "the clock of a finding: reported, acknowledged, fixed, installed", {DEVICE, {"PROVISION", "provision", WORD_TEXT}, {"STEP", "step", WORD_TEXT}, {"DAY", "date", WORD_TEXT, true}, {"--firmware", "firmware", WORD_TEXT, true}}, show_text},
	{"label", "issuer", "label.issuer", "who issues labels here, and under which https address", {{"URL", "url", WORD_TEXT}, {"NAME", "name", WORD_TEXT}, {"--kind", "kind", WORD_TEXT, true}}, show_text},
	{"label", "issue", "label.issue", "issue the label of a device, or of its model", {DEVICE, {"--of", "of", WORD_TEXT, true}, {"--days", "days", WORD_NUMBER, true}, {"--reviewer", "reviewer", WORD_TEXT, true}}, show_label_one},
	{"label", "revoke", "label.revoke", "take a label back, for good", {{"LABEL", "label", WORD_TEXT}, {"REASON", "reason", WORD_REST}}, show_label_one},
	{"label", "suspend", "label.suspend", "it does not hold until it is restored", {{"LABEL", "label", WORD_TEXT}, {"REASON", "reason", WORD_REST}}, show_label_one},
	{"label", "restore", "label.restore", "end what suspend or retire did", {{"LABEL", "label", WORD_TEXT}}, show_label_one},
	{"label", "retire", "label.retire", "another label has taken its place", {{"LABEL", "label", WORD_TEXT}, {"REASON", "reason", WORD_REST, true}}, show_label_one},
	{"label", "feed", "label.feed", "advisories, recalls, support ends, firmware: a file of them", {{"FILE", "feed", WORD_FILE}}, show_label_feed},
	{"label", "publish", NULL, "write the issuer's pages, statuses and log; sign them", {{"DIR", NULL, WORD_TEXT}, {"--ttl", NULL, WORD_TEXT, true}, {"--follow", NULL, WORD_FLAG, true}}, NULL, run_label_publish},
	{"label", "verify", NULL, "is this label right, and of this thing? needs no network", {{"FILE", NULL, WORD_TEXT}, {"--key", NULL, WORD_TEXT, true}, {"--status", NULL, WORD_TEXT, true}, {"--log", NULL, WORD_TEXT, true}, {"--since", NULL, WORD_TEXT, true}, {"--maker", NULL, WORD_TEXT, true}, {"--model", NULL, WORD_TEXT, true}, {"--firmware", NULL, WORD_TEXT, true}}, NULL, run_label_verify},
	{"label", "log", NULL, "look whether an issuer's log was changed", {{"DIR", NULL, WORD_TEXT}, {"--key", NULL, WORD_TEXT, true}, {"--since", NULL, WORD_TEXT, true}, {"--witness", NULL, WORD_TEXT, true}}, NULL, run_label_log},
	{"label", "bands", NULL, "what each band of a label asks for", {{"--markdown", NULL, WORD_FLAG, true}, {"--html", NULL, WORD_FLAG, true}}, NULL, run_label_bands},
	{"label", "trust", NULL, "let the labels of an issuer narrow what devices may do", {{"KEYFILE", NULL, WORD_TEXT}, {"URL", NULL, WORD_TEXT}}, NULL, run_label_trust},
	{"label", "attach", "label.attach", "a device has this label (label.jwt) of a trusted issuer", {DEVICE, {"FILE", "text", WORD_FILE}}, show_text},
	{"label", "status", "label.status", "a status (status.jwt) of a trusted issuer", {{"FILE", "status", WORD_FILE}}, show_label_status},
	{"label", "override", "label.override", "its label narrows it no more, on your word", {DEVICE}, show_text},
	{"account", "claim-code", "account.claim-code", "the code by which a first visitor of the pages owns them", {{0}}, show_code},
	{"account", "list", "account.list", "who may log in to the pages", {{0}}, show_accounts},
	{"account", "add", "account.add", "let somebody log in: viewer, helper or owner", {{"NAME", "name", WORD_TEXT}, {"--role", "role", WORD_TEXT, true}, SECRET}, show_account},
	{"account", "role", "account.role", "let somebody do more, or less", {{"NAME", "name", WORD_TEXT}, {"ROLE", "role", WORD_TEXT}}, show_account},
	{"account", "password", "account.reset", "a new password for who forgot it", {{"NAME", "name", WORD_TEXT}, SECRET}, show_account},
	{"account", "remove", "account.remove", "let somebody log in no more", {{"NAME", "name", WORD_TEXT}}, show_text},
	{"token", "list", "token.list", "tokens by which programs ask", {{0}}, show_tokens},
	{"token", "add", "token.add", "a token for a program: read, act or admin", {{"NAME", "name", WORD_TEXT}, {"--scope", "scope", WORD_TEXT, true}, {"--days", "days", WORD_NUMBER, true}}, show_token},
	{"token", "remove", "token.remove", "take a token away", {{"ID", "token", WORD_NUMBER}}, show_text},
	{"passkey", "list", "passkey.list", "passkeys by which people log in to the pages", {{0}}, show_passkeys},
	{"passkey", "remove", "passkey.remove", "a passkey logs in no more (a lost phone)", {{"ID", "passkey", WORD_NUMBER}}, show_text},
	{"tell", "list", "tell.show", "who is told of what happens, and whether it was heard", {{0}}, show_tell},
	{"tell", "add", "tell.add", "tell somebody: https, ntfy, smtps or mqtt URL", {{"NAME", "name", WORD_TEXT}, {"URL", "url", WORD_TEXT}, {"--secret", "secret", WORD_FILE, true}, {"--user", "user", WORD_TEXT, true}, {"--to", "recipient", WORD_TEXT, true}, {"--from", "sender", WORD_TEXT, true}, {"--wants", "wants", WORD_TEXT, true}, {"--heartbeat", "heartbeat", WORD_NUMBER, true}, {"--scope", "scope", WORD_TEXT, true}}, show_tell_added},
	{"tell", "remove", "tell.remove", "tell it nothing any more", {{"NAME", "receiver", WORD_TEXT}}, show_text},
	{"tell", "test", "tell.test", "send it a test now, and wait for what becomes of it", {{"NAME", "receiver", WORD_TEXT}}, NULL, NULL, NULL, finish_tell_test},
	{"tell", "hours", "tell.hours", "quiet hours, and when the daily digest comes", {{"--night", "quiet", WORD_TEXT, true}, {"--digest", "digest", WORD_TEXT, true}}, show_tell},
	{"standards", "map", NULL, "what the standards ask for, side by side", {{"--csv", NULL, WORD_FLAG, true}, {"--html", NULL, WORD_TEXT, true}}, NULL, run_standards_map},
	{"standards", "list", NULL, "the standards, and what a verdict says of each", {{0}}, NULL, run_standards_list},
	{"replay", "", NULL, "devices, flows and proposed policy of a capture file", {{"FILE", NULL, WORD_TEXT}}, NULL, run_replay},
	{"check-config", "", NULL, "read a configuration and say what is wrong in it", {{"FILE", NULL, WORD_TEXT}}, NULL, run_check_config},
	{"completion", "", NULL, "a completion script for bash or zsh", {{"SHELL", NULL, WORD_TEXT}}, NULL, run_completion},
	{NULL},
};
/* clang-format on */

/*
 * How many words of the command line are the noun and the verb of this row, which
 * may be two words; 0: they are not.
 */
static int
words_said(const struct command *command, int argc, char **argv)
{
	const char *verb = command->verb;
	int n = 1;

	if (strcmp(command->noun, argv[0]) != 0)
		return 0;
	while (*verb) {
		size_t len = strcspn(verb, " ");
		if (n == argc || strlen(argv[n]) != len || memcmp(argv[n], verb, len) != 0)
			return 0;
		verb += len + (verb[len] == ' ');
		n++;
	}
	return n;
}

static void
usage_row(FILE *out, const struct command *command)
{
	char words[240];
	int len = snprintf(words, sizeof words, "%s%s%s", command->noun, *command->verb ? " " : "",
		command->verb);

	for (const struct word *word = command->word;
		word < command->word + WORDS_MAX && word->name; word++) {
		const char *value = word->name[0] == '-' && word->kind != WORD_FLAG ? " X" : "";
		if (word->kind == WORD_SECRET)
			continue;
		len += snprintf(words + len, sizeof words - (size_t)len,
			word->optional ? " [%s%s]" : " %s%s", word->name, value);
	}
	fprintf(out, "  %-62s  %s\n", words, command->sentence);
}

static int
usage(const char *noun)
{
	FILE *out = noun ? stderr : stdout;

	fprintf(out, "usage: pinfold [--json] [--quiet] [--socket PATH] NOUN VERB ...\n\n");
	for (const struct command *command = commands; command->noun; command++)
		if (!noun || !strcmp(noun, command->noun))
			usage_row(out, command);
	if (!noun)
		fprintf(out,
			"\nDEVICE is an id, a name, a number, a MAC or an address.  Exit "
			"status: 0 done,\n"
			"1 refused, 2 not understood, 3 the daemon cannot be reached, 4 recorded "
			"and not\nin force yet, 5 a test failed (hold), 6 undecided "
			"(laboratory).\n");
	return noun ? CTL_USAGE : CTL_OK;
}

/* "90", "90s", "15m", "2h", "1d" */
static bool
seconds_from_text(const char *text, long long *out)
{
	char *end;
	long long value = strtoll(text, &end, 10), unit = 1;

	switch (*end) {
	case 'd':
		unit *= 24;
		/* fall through */
	case 'h':
		unit *= 60;
		/* fall through */
	case 'm':
		unit *= 60;
		/* fall through */
	case 's':
		end++;
		break;
	default:
		break;
	}
	if (end == text || *end || value < 0 || value > 1000000)
		return false;
	*out = value * unit;
	return true;
}

static json_t *
file_content(const char *path)
{
	static char content[FILE_MAX];
	auto_fclose FILE *file = fopen(path, "re");

	if (!file)
		return NULL;
	size_t len = fread(content, 1, sizeof content, file);
	if (ferror(file) || !feof(file))
		return NULL;
	return json_stringn(content, len);
}

static int given_file = -1; /* WORD_OPEN; it is ours until we end */

static json_t *
open_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	given_file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return given_file < 0 ? NULL : json_string(slash ? slash + 1 : path);
}

static bool
take_word(json_t *args, const struct word *word, const char *text, struct fault *why)
{
	char word_shown[128], *end;
	long long number;

	printable(word_shown, sizeof word_shown, text, strlen(text));
	switch (word->kind) {
	case WORD_NUMBER:
		number = strtoll(text, &end, 10);
		if (end == text || *end) {
			fault_set(why, ERR_INVALID, "%s: \"%s\" is not a number", word->name,
				word_shown);
			return false;
		}
		json_object_set_new(args, word->key, json_integer(number));
		return true;
	case WORD_TIME:
		if (!seconds_from_text(text, &number)) {
			fault_set(why, ERR_INVALID, "%s: \"%s\" is not a time like 90s, 15m or 2h",
				word->name, word_shown);
			return false;
		}
		json_object_set_new(args, word->key, json_integer(number));
		return true;
	case WORD_OPEN: {
		json_t *opened = open_file(text);
		if (!opened) {
			fault_set(
				why, ERR_INVALID, "%s: cannot open \"%s\"", word->name, word_shown);
			return false;
		}
		json_object_set_new(args, word->key, opened);
		return true;
	}
	case WORD_FILE: {
		json_t *content = file_content(text);
		if (!content) {
			fault_set(why, ERR_INVALID, "%s: cannot read \"%s\", or it is too long",
				word->name, word_shown);
			return false;
		}
		json_object_set_new(args, word->key, content);
		return true;
	}
	default: {
		json_t *value = json_string(text);
		if (!value) {
			fault_set(why, ERR_INVALID, "%s: \"%s\" is not UTF-8", word->name,
				word_shown);
			return false;
		}
		json_object_set_new(args, word->key, value);
		return true;
	}
	}
}

static const struct word *
option_named(const struct command *command, const char *name)
{
	for (const struct word *word = command->word;
		word < command->word + WORDS_MAX && word->name; word++)
		if (word->name[0] == '-' && !strcmp(word->name, name))
			return word;
	return NULL;
}

static const struct word *
next_place(const struct command *command, size_t nth)
{
	for (const struct word *word = command->word;
		word < command->word + WORDS_MAX && word->name; word++)
		if (word->name[0] != '-' && word->kind != WORD_SECRET && nth-- == 0)
			return word;
	return NULL;
}

static bool
read_words(const struct command *command, int argc, char **argv, json_t *args, bool *follow,
	struct fault *why)
{
	char word_shown[128], rest[512];
	size_t place = 0;

	for (int i = 0; i < argc; i++) {
		const struct word *word = option_named(command, argv[i]);
		if (word && word->kind == WORD_FLAG) {
			if (word->key)
				json_object_set_new(args, word->key, json_true());
			else
				*follow = true;
			continue;
		}
		if (word) {
			if (++i == argc) {
				fault_set(why, ERR_INVALID, "%s needs a value", word->name);
				return false;
			}
			if (!take_word(args, word, argv[i], why))
				return false;
			continue;
		}
		printable(word_shown, sizeof word_shown, argv[i], strlen(argv[i]));
		word = next_place(command, place++);
		if (!word || (argv[i][0] == '-' && argv[i][1] == '-')) {
			fault_set(why, ERR_INVALID, "\"%s\" is one word too many", word_shown);
			return false;
		}
		if (word->kind == WORD_REST) {
			size_t len = 0;
			rest[0] = '\0';
			for (; i < argc && len < sizeof rest; i++)
				len += (size_t)snprintf(rest + len, sizeof rest - len, "%s%s",
					len ? " " : "", argv[i]);
			if (len >= sizeof rest) {
				fault_set(why, ERR_INVALID, "%s is too long", word->name);
				return false;
			}
			if (!take_word(args, word, rest, why))
				return false;
			break;
		}
		if (!take_word(args, word, argv[i], why))
			return false;
	}
	const struct word *missing = next_place(command, place);
	if (missing && !missing->optional) {
		fault_set(why, ERR_INVALID, "%s is missing", missing->name);
		return false;
	}
	return true;
}

static const struct options *shown_by;

static void
on_event(const json_t *event)
{
	if (shown_by->json) {
		json_dumpf(event, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		printf("\n");
		fflush(stdout);
	} else {
		show_event(event);
	}
}

/* What was said beside the result, if the kernel does not have the change. */
static int
show_note(const json_t *answer)
{
	const json_t *note = json_object_get(answer, "note");
	char text[400];

	if (!json_is_false(json_object_get(answer, "in_force")))
		return CTL_OK;
	if (json_is_string(note)) {
		shown(text, sizeof text, json_string_value(note), json_string_length(note));
		fprintf(stderr, "pinfold: %s\n", text);
	}
	return CTL_LATER;
}

static int
show_answer(const struct command *command, const json_t *answer, const struct options *options)
{
	char text[400];

	if (options->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		printf("\n");
		return json_is_true(json_object_get(answer, "ok")) ? show_note(answer)
								   : CTL_REFUSED;
	}
	if (!json_is_true(json_object_get(answer, "ok"))) {
		const json_t *said = json_object_get(json_object_get(answer, "error"), "text");
		shown(text, sizeof text, json_is_string(said) ? json_string_value(said) : "refused",
			json_is_string(said) ? json_string_length(said) : 7);
		fprintf(stderr, "pinfold: %s\n", text);
		return CTL_REFUSED;
	}
	command->show(json_object_get(answer, "result"), options);
	const json_t *undo = json_object_get(answer, "undo");
	if (json_is_string(undo) && !options->quiet) {
		shown(text, sizeof text, json_string_value(undo), json_string_length(undo));
		printf("to take it back: %s\n", text);
	}
	return show_note(answer);
}

static int
ask_and_show(
	const struct command *command, json_t *args, bool follow, const struct options *options)
{
	struct fault why;
	bool is_events = follow && !command->follow;
	json_t *question = json_pack(
		"{s:s, s:O}", "verb", is_events ? "events.follow" : command->ask, "args", args);

	shown_by = options;
	json_t *answer =
		ask_with(options->socket, question, given_file, is_events ? on_event : NULL, &why);
	json_decref(question);
	if (!answer) {
		fprintf(stderr, "pinfold: %s\n", why.text);
		json_decref(args);
		return CTL_UNREACHABLE;
	}
	if (command->finish && json_is_true(json_object_get(answer, "ok"))) {
		int finished = command->finish(args, json_object_get(answer, "result"), options);
		json_decref(answer);
		json_decref(args);
		return finished;
	}
	json_decref(args);
	bool goes_on = follow && command->follow && json_is_true(json_object_get(answer, "ok"));
	/* With --json what follows is one object a line, from the first on. */
	int status = is_events || (goes_on && options->json)
			     ? CTL_OK
			     : show_answer(command, answer, options);
	if (goes_on)
		status = command->follow(json_object_get(answer, "result"), options);
	json_decref(answer);
	return status;
}

static int
run(const struct command *command, int argc, char **argv, const struct options *options)
{
	json_t *args = json_object();
	bool follow = false;
	struct fault why;

	if (command->run) {
		json_decref(args);
		return command->run(argc, argv, options);
	}
	if (!read_words(command, argc, argv, args, &follow, &why)) {
		json_decref(args);
		fprintf(stderr, "pinfold: %s\n", why.text);
		usage_row(stderr, command);
		return CTL_USAGE;
	}
	for (const struct word *word = command->word;
		word < command->word + WORDS_MAX && word->name; word++) {
		json_t *secret = word->kind == WORD_SECRET ? secret_asked(&why) : NULL;
		if (word->kind != WORD_SECRET)
			continue;
		if (!secret) {
			json_decref(args);
			fprintf(stderr, "pinfold: %s\n", why.text);
			return CTL_USAGE;
		}
		json_object_set_new(args, word->key, secret);
	}
	int status = CTL_OK;
	if (command->before && !command->before(args, options, &status)) {
		json_decref(args);
		return status;
	}
	return ask_and_show(command, args, follow, options);
}

int
main(int argc, char **argv)
{
	const char *from_environment = getenv("PINFOLD_SOCKET");
	struct options options = {
		.socket = from_environment ? from_environment : "/run/pinfold/ctl"};
	int kept = 1;

	log_init("pinfold", false);
	/* Global options may stand anywhere, also behind the words that they are about. */
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			options.json = true;
		else if (!strcmp(argv[i], "--quiet"))
			options.quiet = true;
		else if (!strcmp(argv[i], "--socket") && i + 1 < argc)
			options.socket = argv[++i];
		else
			argv[kept++] = argv[i];
	}
	if (kept == 1 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return usage(NULL);
	if (!strcmp(argv[1], "--version")) {
		printf("pinfold %s\n", PINFOLD_VERSION);
		return CTL_OK;
	}
	for (const struct command *command = commands; command->noun; command++) {
		int said = words_said(command, kept - 1, argv + 1);
		if (said)
			return run(command, kept - 1 - said, argv + 1 + said, &options);
	}
	char word_shown[128];
	const char *word = kept > 2 ? argv[2] : argv[1];
	printable(word_shown, sizeof word_shown, word, strlen(word));
	fprintf(stderr, "pinfold: \"%s\" is not understood\n", word_shown);
	usage(argv[1]);
	return CTL_USAGE;
}
