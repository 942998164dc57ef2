/* SPDX-License-Identifier: Apache-2.0 */
/* Every sentence of a table that a page shows has its German. */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "check/declared.h"
#include "check/guide.h"
#include "label/label.h"
#include "label/label_status.h"
#include "page/say.h"
#include "test.h"
#include "verdict/gate.h"
#include "verdict/provision.h"
#include "verdict/verdict.h"

static unsigned n_asked, n_english;

static void
ask(const char *sentence)
{
	bool is_said;

	if (!sentence || !*sentence || !strncmp(sentence, "pinfold ", 8))
		return;
	say_in("de");
	say_words(sentence, &is_said);
	n_asked++;
	if (!is_said) {
		n_english++;
		print_message("no German: %s\\n", sentence);
	}
}

TEST(what_checks_look_for_and_what_to_do_then_is_said_in_german)
{
	n_asked = n_english = 0;
	for (size_t i = 0; i < n_checks; i++) {
		ask(checks[i].title);
		ask(checks[i].for_owner);
		ask(checks[i].for_maker);
		for (const char *const *step = guide_steps(checks[i].id); step && *step; step++)
			ask(*step);
	}
	for (unsigned reason = 1; reason < INC_COUNT; reason++)
		ask(inc_reason_settles((enum inc_reason)reason));
	EXPECT(n_asked > 100);
	EXPECT_INT(n_english, 0);
}

TEST(what_provisions_ask_for_is_said_in_german)
{
	n_asked = n_english = 0;
	for (size_t i = 0; i < n_provisions; i++)
		ask(provisions[i].meaning);
	for (size_t i = 0; i < n_questions; i++)
		ask(questions[i].text);
	for (size_t i = 0; i < LABEL_CLAUSES; i++)
		ask(label_clause_title(i));
	for (size_t i = 0; i < n_gate_profiles; i++)
		ask(gate_profiles[i].meaning);
	EXPECT(n_asked > 200);
	EXPECT_INT(n_english, 0);
}

TEST(what_a_label_says_is_said_in_german)
{
	n_asked = n_english = 0;
	for (size_t i = 0; i < n_label_needs; i++) {
		ask(label_needs[i].sentence);
		ask(label_needs[i].how);
	}
	for (unsigned band = 0; band < BAND_COUNT; band++)
		ask(label_band_sentence((enum label_band)band));
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		ask(label_status_sentence((enum label_status)status));
	EXPECT(n_asked > 20);
	EXPECT_INT(n_english, 0);
}

/* With names in them, and put together: as the engine, the checker and old databases have them. */
TEST(sentences_with_values_are_recognised)
{
	static const char *const pairs[][2] = {
		{"close-port cam: tried to log in on other devices: 3 attempts in 60 s, port 23 "
		 "(journal 10)",
			"ein Port von cam wird geschlossen: versuchte, sich bei anderen Geräten "
			"anzumelden: 3 Versuche in 60 s, Port 23 (Verzeichnis 10)"},
		{"camera goes from waiting to observe",
			"camera wechselt von wartend zu beobachtet"},
		{"taken back: camera is called home", "zurückgenommen: camera heißt jetzt home"},
		{"port tcp 80 of camera is closed for everybody: run 1, exchange 75 (http-login): "
		 "HTTP at port 80 takes a factory login (basic user admin) that is the same on "
		 "many devices (journal 17)",
			"Port tcp 80 von camera ist für alle geschlossen: Lauf 1, Austausch 75 "
			"(http-login): HTTP an Port 80 nimmt eine Anmeldung ab Werk an (basic "
			"user admin), die auf vielen Geräten dieselbe ist (Verzeichnis 17)"},
		{"run 1: camera is tested: run chosen, pace gentle, consent probe",
			"Lauf 1: camera wird getestet: Lauf ausgewählt, Tempo behutsam, "
			"Zustimmung ansprechen"},
		{"run 1 is done; to see it: pinfold audit show 1",
			"Lauf 1 ist beendet; um ihn zu sehen: pinfold audit show 1"},
		{"tried a port that a virtual patch closes; the last: IPv6 tcp/23 to fd00::1",
			"versuchte einen Port, den das Gateway wegen eines Fehlers geschlossen "
			"hält; zuletzt: IPv6 tcp/23 an fd00::1"},
		{"telnet at port 23 takes a factory login (user root) that is the same on many "
		 "devices",
			"telnet an Port 23 nimmt eine Anmeldung ab Werk an (user root), die auf "
			"vielen Geräten dieselbe ist"},
	};

	say_in("de");
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		EXPECT_STR(say_words(pairs[i][0], NULL), pairs[i][1]);
}
