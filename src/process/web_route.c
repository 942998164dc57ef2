/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_route.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"

/* clang-format off */
const struct param params[] = {
	{"device", PARAM_TEXT, 1, 255, NULL, "a device: its id, number, name, address or MAC"},
	{"state", PARAM_TEXT, 1, 32, "waiting observe enforce quarantine block trusted", "only devices in this state"},
	{"find", PARAM_TEXT, 1, 64, NULL, "only devices whose names, kind, addresses, MACs or port hold this, in capitals or not"},
	{"after", PARAM_NUMBER, 0, 0xfffff, NULL, "rows behind this number"},
	{"before", PARAM_NUMBER, 0, INT64_MAX, NULL, "rows older than this one"},
	{"cursor", PARAM_NUMBER, 0, INT64_MAX, NULL, "\"next\" of the answer before"},
	{"limit", PARAM_NUMBER, 1, LIST_LIMIT, NULL, "at most so many rows; more than 1,000 are 1,000"},
	{"name", PARAM_TEXT, 1, 128, NULL, "a name"},
	{"class", PARAM_TEXT, 1, 32, "ordinary personal critical never-probe child", "what may happen to the device without a person"},
	{"from", PARAM_TEXT, 1, 255, NULL, "of a policy: mud, learned, both, rules, keep; of an introduction, or of two devices: the other device"},
	{"preview", PARAM_FLAG, 0, 0, NULL, "change nothing, say what would be"},
	{"addresses", PARAM_FLAG, 0, 0, NULL, "also believe the addresses in the MUD file"},
	{"seconds", PARAM_NUMBER, 1, 86400, NULL, "how long"},
	{"to", PARAM_TEXT, 1, 255, NULL, "the device that is used"},
	{"service", PARAM_TEXT, 1, 32, NULL, "a word of GET /services"},
	{"into", PARAM_TEXT, 1, 255, NULL, "the device that stays"},
	{"minutes", PARAM_NUMBER, 0, 120, NULL, "how long; 0 ends it"},
	{"destination", PARAM_TEXT, 1, 255, NULL, "a name, an address or a device"},
	{"port", PARAM_TEXT, 1, 15, NULL, "a port: of a service its number, of the bridge its name"},
	{"proto", PARAM_TEXT, 1, 8, NULL, "tcp, udp or icmp"},
	{"rule", PARAM_TEXT, 1, 400, NULL, "a rule (docs/POLICY.md)"},
	{"journal", PARAM_NUMBER, 1, INT64_MAX, NULL, "a row of the journal"},
	{"issuer", PARAM_TEXT, 1, 127, NULL, "who signs"},
	{"key", PARAM_TEXT, 1, 128, NULL, "an Ed25519 public key, 64 hexadecimal digits"},
	{"report", PARAM_TEXT, 1, 15000, NULL, "a report (docs/REPORTS.md)"},
	{"signature", PARAM_TEXT, 1, 128, NULL, "over the bytes of a report: 128 hexadecimal digits; of a passkey: base64url"},
	{"run", PARAM_NUMBER, 1, UINT32_MAX, NULL, "a run of checks"},
	{"beside", PARAM_NUMBER, 1, UINT32_MAX, NULL, "a run; only those of the same device"},
	{"attention", PARAM_FLAG, 0, 0, NULL, "only devices that wait for a word of their owner, are contained or have papers amiss"},
	{"guest", PARAM_FLAG, 0, 0, NULL, "it is somebody's who visits: the internet alone, for some hours"},
	{"brief", PARAM_FLAG, 0, 0, NULL, "without the result"},
	{"of", PARAM_TEXT, 1, 255, NULL, "a run, or a device for its newest one"},
	{"profile", PARAM_TEXT, 1, 16, NULL, "of a run: quick, full; of the gate: retailer, lab, home, hospital"},
	{"pace", PARAM_TEXT, 1, 16, "gentle lab", "how fast"},
	{"consent", PARAM_TEXT, 1, 16, "passive probe intrude app", "how far; app: the owner of the phone agrees"},
	{"trackers", PARAM_FLAG, 0, 0, NULL, "also services known to collect data"},
	{"checks", PARAM_TEXT, 1, 2048, NULL, "ids of checks, with commas between them"},
	{"code", PARAM_TEXT, 1, 32, NULL, "the code that only the console shows"},
	{"password", PARAM_TEXT, 1, 256, NULL, "at least twelve characters"},
	{"old", PARAM_TEXT, 1, 256, NULL, "the password until now"},
	{"hours", PARAM_NUMBER, 0, 72, NULL, "how long a full run may take, or a guest stays (24)"},
	{"at", PARAM_TEXT, 1, 16, NULL, "the result as of a stage: 15m, 90m, 72h, now"},
	{"model", PARAM_TEXT, 1, 127, NULL, "what stands on the box"},
	{"hardware", PARAM_TEXT, 1, 127, NULL, "its hardware's version"},
	{"firmware", PARAM_TEXT, 1, 127, NULL, "its firmware's version"},
	{"support", PARAM_TEXT, 1, 16, NULL, "when support ends, as 2028-06"},
	{"shelf", PARAM_NUMBER, 1, UINT32_MAX, NULL, "an entry of the shelf"},
	{"url", PARAM_TEXT, 1, 255, NULL, "the maker's site; of a receiver its URL"},
	{"maker", PARAM_TEXT, 1, 255, NULL, "the maker's site"},
	{"label", PARAM_TEXT, 1, 64, NULL, "a label: its id, or a device for its newest one"},
	{"field", PARAM_TEXT, 1, 64, NULL, "what is known: maker, model, firmware, support-end, life ..."},
	{"value", PARAM_TEXT, 1, 255, NULL, "what it is"},
	{"provision", PARAM_TEXT, 1, 64, NULL, "a provision, as 5.1-1"},
	{"step", PARAM_TEXT, 1, 32, NULL, "of a finding: reported, acknowledged, fixed, installed; of a device that leaves, and of the first steps: a word of the list"},
	{"lost", PARAM_FLAG, 0, 0, NULL, "it is not there any more"},
	{"incident", PARAM_NUMBER, 1, INT64_MAX - 1, NULL, "an incident"},
	{"left", PARAM_NUMBER, 1, INT64_MAX, NULL, "a device that left"},
	{"date", PARAM_TEXT, 1, 16, NULL, "a day, as 2026-11-22"},
	{"kind", PARAM_TEXT, 1, 32, NULL, "of devices, as kind.word has it; of an issuer; of what was declared: declaration, papers"},
	{"answers", PARAM_TEXT, 1, 15000, NULL, "JSON: {\"5.1-1\": {\"answer\": \"yes\", \"reason\": \"\"}}; an empty answer takes one back"},
	{"signer", PARAM_TEXT, 1, 63, NULL, "who answers"},
	{"as", PARAM_TEXT, 1, 16, "maker owner tester", "as what"},
	{"reviewer", PARAM_TEXT, 1, 127, NULL, "who looked at it"},
	{"reason", PARAM_TEXT, 1, 159, NULL, "why, for people"},
	{"feed", PARAM_TEXT, 1, 15000, NULL, "a feed (docs/LABEL.md)"},
	{"text", PARAM_TEXT, 1, 15000, NULL, "a label, as signed; a paper"},
	{"status", PARAM_TEXT, 1, 15000, NULL, "a status, as signed"},
	{"role", PARAM_TEXT, 1, 16, "viewer helper owner", "what somebody may do"},
	{"scope", PARAM_TEXT, 1, 16, "read act admin", "what a token may do"},
	{"days", PARAM_NUMBER, 1, 3650, NULL, "how long a token lives, a label holds, or something is kept"},
	{"token", PARAM_NUMBER, 1, INT64_MAX, NULL, "the id of a token"},
	{"passkey", PARAM_NUMBER, 1, INT64_MAX, NULL, "the id of a passkey"},
	{"client", PARAM_TEXT, 1, 2731, NULL, "of a passkey: clientDataJSON, base64url"},
	{"attestation", PARAM_TEXT, 1, 5462, NULL, "of a passkey: attestationObject, base64url"},
	{"credential", PARAM_TEXT, 1, 1364, NULL, "of a passkey: rawId, base64url"},
	{"authenticator", PARAM_TEXT, 1, 2731, NULL, "of a passkey: authenticatorData, base64url"},
	{"receiver", PARAM_TEXT, 1, 32, NULL, "who is told: the name that the owner gave it"},
	{"wants", PARAM_TEXT, 1, 16, "all urgent digest", "what it is told"},
	{"heartbeat", PARAM_NUMBER, 0, 1440, NULL, "minutes between two signs of life; 0: none"},
	{"user", PARAM_TEXT, 1, 127, NULL, "user at a mail server, broker or ntfy; of a passkey userHandle, base64url"},
	{"secret", PARAM_TEXT, 1, 256, NULL, "password or token there; of a webhook what signs; never told again"},
	{"sender", PARAM_TEXT, 1, 127, NULL, "address that mail comes from"},
	{"recipient", PARAM_TEXT, 1, 127, NULL, "address that mail goes to"},
	{"quiet", PARAM_TEXT, 1, 16, NULL, "quiet hours, as 22:00-07:00, or off"},
	{"digest", PARAM_TEXT, 1, 16, NULL, "when the daily digest comes, as 08:00, or off"},
	{NULL},
};

static const struct param port_number = {"port", PARAM_NUMBER, 0, 65535, NULL, ""};

const struct route routes[] = {
	{"GET", "/status", "status", "", "read", "Status", 0, "how the gateway is"},
	{"GET", "/doctor", "doctor", "", "read", "[Complaint]", 0, "what is wrong, and the command for it"},
	{"GET", "/devices", "device.list", "state find kind attention after limit", "read", "[Device]", 0, "devices in the order of their numbers"},
	{"GET", "/devices/{device}", "device.show", "", "read", "WholeDevice", 0, "everything known of a device"},
	{"DELETE", "/devices/{device}", "device.forget", "", "admin", "Done", 0, "remove it; if it comes back it waits"},
	{"GET", "/devices/{device}/leaving", "device.leaving", "", "read", "Leaving", 0, "what is to be done before it leaves, and what was seen"},
	{"GET", "/devices/{device}/intake", "device.intake", "", "read", "Intake", 0, "it had another owner, or comes back: what is to be done first, and what was seen"},
	{"POST", "/devices/{device}/leaving", "device.leaving.done", "step!", "act", "Leaving", 0, "a step of yours is done; said again: it is not"},
	{"POST", "/devices/{device}/leave", "device.leave", "lost days", "admin", "Left", 0, "it leaves: a signed note, and what is kept until when"},
	{"GET", "/left", "left.list", "", "read", "[Left]", 0, "devices that left, of which something is kept"},
	{"GET", "/left/{left}", "left.show", "", "admin", "Left", 0, "what is kept of one"},
	{"DELETE", "/left/{left}", "left.delete", "", "admin", "Done", 0, "delete it now"},
	{"POST", "/devices/{device}/name", "device.name", "name!", "act", "Device", 0, "give it a name"},
	{"POST", "/devices/{device}/class", "device.class", "class!", "admin", "Device", 0, "say what may happen to it without a person"},
	{"POST", "/devices/{device}/kind", "device.kind", "kind!", "act", "Device", 0, "say what it is; unknown: it is for Pinfold to guess again"},
	{"GET", "/kinds", "device.kinds", "", "read", "[Kind]", 0, "what a device may be, and the class in which it is let in then"},
	{"POST", "/devices/{device}/admit", "device.admit", "kind class name guest hours", "act", "Device", 0, "let a waiting device in, watched; as what it is, or as a guest for some hours"},
	{"POST", "/devices/{device}/observe", "device.observe", "", "admin", "Device", 0, "outbound only, watched, to learn what it needs"},
	{"POST", "/devices/{device}/enforce", "device.enforce", "from preview addresses", "admin", "Enforced", 0, "hold it to its MUD file or to what was learned"},
	{"POST", "/devices/{device}/trust", "device.trust", "", "admin", "Device", 0, "trust it with the internet"},
	{"POST", "/devices/{device}/quarantine", "device.quarantine", "", "admin", "Device", 0, "nothing but the status page"},
	{"POST", "/devices/{device}/block", "device.block", "", "admin", "Device", 0, "nothing at all"},
	{"POST", "/devices/{device}/release", "device.release", "", "act", "Device", 0, "end what contains it; a helper only where a life may hang on it"},
	{"POST", "/devices/{device}/pause", "device.pause", "seconds!", "act", "Device", 0, "let everything pass for a while; ends by itself"},
	{"POST", "/devices/{device}/resume", "device.resume", "", "act", "WholeDevice", 0, "end a pause now"},
	{"POST", "/devices/{device}/introductions", "device.introduce", "to! service!", "act", "Device", 0, "let it use a service of another device"},
	{"DELETE", "/devices/{device}/introductions/{from}", "device.part", "service", "act", "Device", 0, "take introductions back"},
	{"POST", "/devices/{device}/merge", "device.merge", "into!", "admin", "Device", 0, "two that are one; this one goes"},
	{"GET", "/alike", "device.alike", "limit", "read", "[Alike]", 0, "devices that may be one thing, and why; nothing is done by it"},
	{"POST", "/devices/{device}/distinct", "device.distinct", "from!", "act", "Device", 0, "it is another device than that one: not suggested again"},
	{"POST", "/devices/{device}/split", "device.split", "", "admin", "Device", 0, "take the last merge into it back"},
	{"GET", "/devices/{device}/talk", "device.talk", "", "read", "Talk", 0, "with whom it talks and probably what for, and its last seven days"},
	{"GET", "/devices/{device}/sky", "device.sky", "", "read", "Sky", 0, "how much it may reach, and might before"},
	{"GET", "/devices/{device}/policy", "policy.show", "", "read", "Policy", 0, "what it may do, and on whose word"},
	{"GET", "/devices/{device}/why", "policy.why", "destination! port proto", "read", "Why", 0, "may it talk to that, and why"},
	{"GET", "/devices/{device}/proposal", "policy.proposal", "from", "read", "Proposal", 0, "what was seen, and what enforcing would break"},
	{"POST", "/devices/{device}/rules", "policy.add", "rule!", "act", "Device", 0, "a rule of the owner"},
	{"POST", "/devices/{device}/offers/decline", "policy.decline", "rule!", "act", "WholeDevice", 0, "a rule that a pause offered is not wanted"},
	{"DELETE", "/devices/{device}/rules", "policy.remove", "rule!", "admin", "Device", 0, "take a rule of the owner away"},
	{"POST", "/devices/{device}/mud/approve", "policy.approve", "addresses", "admin", "Device", 0, "believe its MUD file"},
	{"POST", "/devices/{device}/mud/reject", "policy.reject", "", "admin", "Device", 0, "do not believe its MUD file"},
	{"GET", "/home/begin", "home.begin", "", "read", "Begin", 0, "what is seen and what is not, the three biggest facts, one score, one thing to do, the first steps"},
	{"POST", "/home/begin", "home.begin.done", "step!", "act", "Begin", 0, "a first step of yours (never-block, card) is done; said again: it is not"},
	{"POST", "/home/admit", "home.admit", "", "admin", "Admitted", 0, "let in all devices that wait: phones and laptops as such, the rest watched"},
	{"GET", "/home/card", "home.card", "", "admin", "Card", 0, "what to do on the day on which nothing works"},
	{"GET", "/backup", "backup.make", "", "admin", "Backup", 0, "what was decided, without any secret; put back at the console of a gateway that begins anew"},
	{"POST", "/home/join", "home.join", "minutes!", "admin", "Joining", 0, "let new devices in for some minutes"},
	{"GET", "/journal", "policy.journal", "device before limit", "read", "[Change]", 0, "what was changed, by whom; newest first"},
	{"POST", "/journal/{journal}/undo", "policy.undo", "", "act", "Undone", 0, "take a change back; a helper only those of the same helper"},
	{"GET", "/events", "events.list", "device before limit", "read", "[Event]", 0, "what happened, newest first; with Accept: text/event-stream, as it happens"},
	{"GET", "/incidents", "incident.list", "device before limit", "read", "[Incident]", 0, "what devices did that harms, newest first, each with all that came of it"},
	{"GET", "/incidents/latest", "incident.latest", "", "read", "LatestIncident", 0, "that of the last day, as /incidents/{incident} has it; null where there was none"},
	{"GET", "/incidents/{incident}", "incident.show", "", "read", "WholeIncident", 0, "one of them, with its device, and what was changed and seen"},
	{"GET", "/incidents/{incident}/packets", "incident.packets", "", "admin", "Packets", 0, "the heads of its packets as a capture file (pcapng)"},
	{"GET", "/story", "story.day", "date device", "read", "Day", 0, "a day, with a lane for each device on which something happened"},
	{"GET", "/introductions", "introduction.list", "", "read", "[Introduction]", 0, "who may use what of whom"},
	{"GET", "/doors", "door.list", "", "read", "[Door]", 0, "every opening to the internet"},
	{"GET", "/services", "service.list", "", "read", "[Service]", 0, "what devices can be introduced for"},
	{"POST", "/reports/issuers", "report.trust", "issuer! key!", "admin", "Done", 0, "believe the reports of an issuer"},
	{"POST", "/reports", "report.import", "report! signature!", "admin", "Device", 0, "a signed report of a device's state; it only narrows"},
	{"GET", "/audits", "audit.list", "device beside before limit", "read", "[Run]", 0, "what was tested, newest first"},
	{"POST", "/audits", "audit.run", "device port profile hours pace consent checks maker", "admin", "Run", ROUTE_BEGINS_RUN, "test a device, or what is on a port"},
	{"POST", "/audits/apps", "audit.app.run", "device! of! consent! minutes trackers pace", "admin", "Run", ROUTE_BEGINS_RUN, "watch the app of a device on a phone, for some minutes, with its owner's consent"},
	{"GET", "/audits/{run}", "audit.show", "brief at", "read", "WholeRun", 0, "a run, and its verdicts"},
	{"GET", "/devices/{device}/health", "audit.health", "", "read", "Health", 0, "the test that its label rests on: the verdict of each provision"},
	{"POST", "/audits/{run}/stop", "audit.stop", "", "act", "Run", 0, "end a run now"},
	{"GET", "/audits/{of}/gate", "audit.gate", "profile", "read", "Gate", 0, "shelf, hold or laboratory, and why"},
	{"GET", "/shelf", "audit.shelf.list", "after limit", "read", "[ShelfEntry]", 0, "what was tested and stands on a shelf"},
	{"POST", "/shelf", "audit.shelf.add", "run! model hardware firmware support profile", "admin", "ShelfEntry", 0, "put a tested model on the shelf"},
	{"POST", "/shelf/check", "audit.shelf.check", "shelf", "admin", "Checking", 0, "judge the evidence again"},
	{"GET", "/shelf/{shelf}", "audit.shelf.show", "", "read", "ShelfEntry", 0, "an entry of the shelf"},
	{"DELETE", "/shelf/{shelf}", "audit.shelf.remove", "", "admin", "Done", 0, "take it off the shelf"},
	{"GET", "/labels", "label.list", "after limit", "read", "[Label]", 0, "labels that are out, and what each is worth now"},
	{"GET", "/labels/trusted", "label.trusted", "", "read", "Trusted", 0, "who issues here, whose labels are believed, and which devices have one of theirs"},
	{"GET", "/labels/history", "label.history", "label before limit", "read", "[Said]", 0, "what was said of labels, newest first, as it stands in the log"},
	{"GET", "/labels/{label}", "label.issued", "", "read", "Issued", 0, "a label as it was issued, where it is published, and what it is worth now"},
	{"POST", "/labels/issuer", "label.issuer", "url! name! kind", "admin", "LabelDone", 0, "who issues labels here"},
	{"POST", "/labels/feed", "label.feed", "feed!", "admin", "LabelDone", 0, "advisories, recalls, support ends, firmware"},
	{"POST", "/labels/trust", "label.trust", "url! key!", "admin", "LabelDone", 0, "let the labels of an issuer narrow what devices may do"},
	{"POST", "/labels/status", "label.status", "status!", "admin", "LabelDone", 0, "a status of a trusted issuer"},
	{"POST", "/labels/{label}/revoke", "label.revoke", "reason!", "admin", "LabelDone", 0, "take a label back, for good"},
	{"POST", "/labels/{label}/suspend", "label.suspend", "reason!", "admin", "LabelDone", 0, "it does not hold until it is restored"},
	{"POST", "/labels/{label}/retire", "label.retire", "reason", "admin", "LabelDone", 0, "another label has taken its place"},
	{"POST", "/labels/{label}/restore", "label.restore", "", "admin", "LabelDone", 0, "end what suspend or retire did"},
	{"GET", "/devices/{device}/label", "label.show", "", "read", "Label", 0, "what is known of a device, as its label would say it"},
	{"POST", "/devices/{device}/label", "label.issue", "of days reviewer", "admin", "LabelDone", 0, "issue its label, or that of its model"},
	{"POST", "/devices/{device}/label/facts", "label.set", "field! value!", "admin", "LabelDone", 0, "what you know of it"},
	{"POST", "/devices/{device}/label/clock", "label.fix", "provision! step! date firmware", "admin", "LabelDone", 0, "the clock of a finding"},
	{"POST", "/devices/{device}/label/attach", "label.attach", "text!", "admin", "LabelDone", 0, "it has this label of a trusted issuer"},
	{"POST", "/devices/{device}/label/override", "label.override", "", "admin", "LabelDone", 0, "its label narrows it no more, on your word"},
	{"GET", "/devices/{device}/declared", "audit.declared", "", "read", "Declared", 0, "what its maker or a person declared of it"},
	{"POST", "/devices/{device}/declared", "audit.answer", "answers! signer! as!", "admin", "Declared", 0, "answers to the questions that only its maker or a person can answer; they are added to those that are there"},
	{"POST", "/devices/{device}/papers", "audit.paper", "name! text!", "admin", "Declared", 0, "a paper that came with it, as text"},
	{"DELETE", "/devices/{device}/declared", "audit.undeclare", "kind!", "admin", "Declared", 0, "what was declared counts no more"},
	{"GET", "/makers", "maker.list", "", "read", "[Maker]", 0, "whose the devices are, and on whose word"},
	{"GET", "/devices/{device}/maker", "maker.show", "", "read", "Maker", 0, "what the maker of a device publishes, and since when"},
	{"POST", "/devices/{device}/maker", "maker.set", "url!", "admin", "Device", 0, "say whose it is, by the maker's site"},
	{"DELETE", "/devices/{device}/maker", "maker.unset", "", "admin", "Device", 0, "believe its MUD file again, whose it is"},
	{"GET", "/checks", "audit.checks", "", "read", "[Check]", 0, "what is looked for, and what it takes"},
	{"GET", "/session", "session.state", "", "", "State", 0, "who asks, as far as it is known"},
	{"POST", "/session", "session.login", "name! password!", "", "Session", ROUTE_LOGS_IN, "log in; the answer sets a cookie"},
	{"DELETE", "/session", "session.logout", "", "read", "Done", ROUTE_LOGS_OUT, "log out"},
	{"POST", "/session/challenge", "session.challenge", "", "", "PasskeyRequest", 0, "what a passkey is asked to log in: PublicKeyCredentialRequestOptionsJSON"},
	{"POST", "/session/passkey", "session.passkey", "credential! client! authenticator! signature! user!", "", "Session", ROUTE_LOGS_IN, "log in by a passkey; the answer sets a cookie"},
	{"POST", "/claim", "session.claim", "code! name! password!", "", "Session", ROUTE_LOGS_IN, "make the gateway somebody's; once"},
	{"GET", "/sessions", "session.list", "", "read", "[Pass]", 0, "where who asks is logged in"},
	{"DELETE", "/sessions", "session.end-all", "", "read", "Done", ROUTE_LOGS_OUT, "log out everywhere"},
	{"POST", "/account/password", "account.password", "old! password!", "read", "Done", 0, "another password; ends the other sessions"},
	{"GET", "/passkeys", "passkey.list", "", "read", "[Passkey]", 0, "passkeys of the account; those of everybody for an owner"},
	{"POST", "/passkeys/challenge", "passkey.challenge", "password!", "read", "PasskeyCreation", 0, "what a browser makes one by: PublicKeyCredentialCreationOptionsJSON"},
	{"POST", "/passkeys", "passkey.add", "name! client! attestation!", "read", "Passkey", 0, "add the one that was made"},
	{"POST", "/passkeys/{passkey}/remove", "passkey.remove", "password!", "read", "Done", 0, "it logs in no more; the password is the asker's own"},
	{"GET", "/accounts", "account.list", "", "admin", "[Account]", 0, "who may log in"},
	{"POST", "/accounts", "account.add", "name! role! password!", "admin", "Account", 0, "let somebody log in"},
	{"DELETE", "/accounts/{name}", "account.remove", "", "admin", "Done", 0, "let somebody log in no more"},
	{"POST", "/accounts/{name}/role", "account.role", "role!", "admin", "Account", 0, "let somebody do more, or less"},
	{"POST", "/accounts/{name}/password", "account.reset", "password!", "admin", "Account", 0, "a new password for who forgot it"},
	{"GET", "/tokens", "token.list", "", "read", "[Pass]", 0, "tokens of programs; those of everybody for an owner"},
	{"POST", "/tokens", "token.add", "name! scope! days", "read", "Token", 0, "a token for a program; told once"},
	{"DELETE", "/tokens/{token}", "token.remove", "", "read", "Done", 0, "take a token away"},
	{"GET", "/tell", "tell.show", "", "read", "Telling", 0, "who is told of what happens, and when"},
	{"POST", "/tell/hours", "tell.hours", "quiet digest", "admin", "Telling", 0, "quiet hours, and when the digest comes"},
	{"POST", "/tell/receivers", "tell.add", "name! url! wants heartbeat user secret sender recipient scope", "admin", "Receiver", 0, "tell somebody, or tell it otherwise (docs/TELL.md)"},
	{"DELETE", "/tell/receivers/{receiver}", "tell.remove", "", "admin", "Done", 0, "tell it nothing any more"},
	{"POST", "/tell/receivers/{receiver}/test", "tell.test", "", "admin", "TestTold", 0, "send it a test now"},
	{NULL},
};
/* clang-format on */

const struct param *
param_find(const char *name)
{
	for (const struct param *param = params; param->name; param++)
		if (!strcmp(param->name, name))
			return param;
	return NULL;
}

/* --- paths ------------------------------------------------------------------------------------ */

bool
path_fits(const char *pattern, const char *path, json_t *args)
{
	char name[32];

	while (*pattern && *path) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t name_len = strcspn(++pattern, "}"), len = strcspn(path, "/");
		if (!len || name_len >= sizeof name)
			return false;
		memcpy(name, pattern, name_len);
		name[name_len] = '\0';
		/* Text that is no UTF-8 makes no string, and is no argument. */
		if (json_object_set_new(args, name, json_stringn(path, len)))
			return false;
		pattern += name_len + 1;
		path += len;
	}
	return !*pattern && !*path;
}

const struct route *
route_find(const char *method, const char *path, json_t *args, bool *is_other_method)
{
	*is_other_method = false;
	for (const struct route *route = routes; route->method; route++) {
		json_object_clear(args);
		if (!path_fits(route->path, path, args))
			continue;
		if (!strcmp(route->method, method))
			return route;
		*is_other_method = true;
	}
	json_object_clear(args);
	return NULL;
}

const struct route *
route_of_verb(const char *verb)
{
	for (const struct route *route = routes; route->method; route++)
		if (!strcmp(route->verb, verb))
			return route;
	return NULL;
}

/* --- arguments ---------------------------------------------------------------------------------- */

/* In a list of names as "to! service": 0: not in it; 1: it may be there; 2: it must. */
static int
is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, " ");
		bool must = n && list[n - 1] == '!';
		if (n - must == len && !strncmp(list, name, len))
			return must ? 2 : 1;
		list += n + strspn(list + n, " ");
	}
	return 0;
}

static bool
is_in_path(const struct route *route, const char *name)
{
	char segment[40];

	snprintf(segment, sizeof segment, "{%.32s}", name);
	return strstr(route->path, segment);
}

bool
route_takes(const struct route *route, const char *name)
{
	return is_listed(route->args, name) || is_in_path(route, name);
}

static const char *
cursor_of(const struct route *route)
{
	return is_listed(route->args, "after")    ? "after"
	       : is_listed(route->args, "before") ? "before"
						  : NULL;
}

static json_t *
number_value(const struct param *param, const json_t *given, struct fault *why)
{
	const char *text = json_string_value(given);
	char *end;

	if (json_is_integer(given) || (text && *text >= '0' && *text <= '9' && strlen(text) < 19)) {
		int64_t value = text ? strtoll(text, &end, 10) : json_integer_value(given);
		if (!strcmp(param->name, "limit") && value > param->max)
			value = param->max;
		if ((!text || !*end) && value >= param->min && value <= param->max)
			return json_integer(value);
	}
	fault_set(why, ERR_INVALID, "\"%s\" must be a number from %lld to %lld", param->name,
		(long long)param->min, (long long)param->max);
	return NULL;
}

static json_t *
flag_value(const struct param *param, const json_t *given, struct fault *why)
{
	static const char *const yes[] = {"1", "true", "yes", "on"};
	static const char *const no[] = {"", "0", "false", "no", "off"};
	const char *text = json_string_value(given);

	if (json_is_boolean(given))
		return json_boolean(json_is_true(given));
	for (size_t i = 0; text && i < COUNT_OF(yes); i++)
		if (!strcmp(text, yes[i]))
			return json_true();
	for (size_t i = 0; text && i < COUNT_OF(no); i++)
		if (!strcmp(text, no[i]))
			return json_false();
	fault_set(why, ERR_INVALID, "\"%s\" must be true or false", param->name);
	return NULL;
}

static json_t *
text_value(const struct param *param, const json_t *given, struct fault *why)
{
	const char *text = json_string_value(given);

	/* What the engine takes for a number may come as one. */
	if (json_is_integer(given) && !param->words) {
		char number[24];
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(given));
		return json_string(number);
	}
	if (!text || json_string_length(given) > (size_t)param->max ||
		strlen(text) != json_string_length(given)) {
		fault_set(why, ERR_INVALID, "\"%s\" must be a text of at most %lld bytes",
			param->name, (long long)param->max);
		return NULL;
	}
	if (param->words && (strpbrk(text, " !") || !is_listed(param->words, text))) {
		fault_set(why, ERR_INVALID, "\"%s\" must be one of: %s", param->name, param->words);
		return NULL;
	}
	return json_string(text);
}

static json_t *
value_of(const struct param *param, const json_t *given, struct fault *why)
{
	return param->type == PARAM_NUMBER ? number_value(param, given, why)
	       : param->type == PARAM_FLAG ? flag_value(param, given, why)
					   : text_value(param, given, why);
}

static bool
has_all(const struct route *route, const json_t *args, struct fault *why)
{
	for (const struct param *param = params; param->name; param++)
		if (is_listed(route->args, param->name) == 2 &&
			!json_object_get(args, param->name)) {
			fault_set(why, ERR_INVALID, "\"%s\" is missing", param->name);
			return false;
		}
	return true;
}

json_t *
route_args(const struct route *route, const json_t *given, struct fault *why)
{
	json_t *args = json_object();
	union {
		const json_t *in;
		json_t *out;
	} at = {.in = given};
	const char *key;
	json_t *value;

	json_object_foreach(at.out, key, value)
	{
		const char *name = strcmp(key, "cursor") ? key : cursor_of(route);
		const struct param *param = name ? param_find(name) : NULL;
		if (!param || !route_takes(route, name)) {
			char shown[64];
			printable(shown, sizeof shown, key, strlen(key));
			fault_set(why, ERR_INVALID, "\"%s\" is not an argument here", shown);
			goto refuse;
		}
		/* An empty field of a form is one that was left out. */
		if (json_is_string(value) && !json_string_length(value) &&
			is_listed(route->args, name) == 1)
			continue;
		/* The name of a port of the bridge to one verb, a number to another. */
		bool is_number = param == param_find("port") && !strcmp(route->verb, "policy.why");
		json_t *taken = value_of(is_number ? &port_number : param, value, why);
		if (!taken)
			goto refuse;
		json_object_set_new(args, name, taken);
	}
	if (has_all(route, args, why))
		return args;
refuse:
	json_decref(args);
	return NULL;
}
