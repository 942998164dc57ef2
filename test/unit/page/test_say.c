/* SPDX-License-Identifier: Apache-2.0 */
#include "page/say.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

/* A language of its own, in the order of the ids, in the stead of those of the program. */
static const struct said page_texts[] = {{"Back", "retro", "retro"}};
static const struct said sentences[] = {
	{"%.60s is called %s", "%2$s vocatur %1$s", "", " is called "},
	{"%d%% of %u rules of %s", "%d%% ex %u regulis apparatus %s", "", " rules of "},
	{"%s asked %s", "%s interrogavit %s", "", " asked "},
	{"%s goes from %s to %s", "%s ex %#s in %#s transit", "", " goes from "},
	{"%s is held%s%.120s", "%s tenetur%s%s", "", " is held"},
	{"%s waits", "%s exspectat", "", " waits"},
	{"%s waits for the lamp", "%s lampadem exspectat", "", " waits for the lamp"},
	{"%s waits for the rain.", "%s pluviam exspectat.", "", " waits for the rain."},
	{"%s; nothing was done, because %s", "%s; nihil factum est, quod %s", "",
		"; nothing was done, because "},
	{"%s: %s", "never", "", ": "},
	{"it is critical", "maximi momenti est", ""},
	{"observe", "observatio", ""},
	{"quarantine", "custodia", ""},
	{"run %u has ended", "cursus %u finitus est", "", " has ended"},
	{"the database refused", "tabularium recusavit", ""},
};
const struct language languages[] = {
	{"la", page_texts, sentences, 1, sizeof sentences / sizeof sentences[0]}, {0}};

static const char *
latin(const char *sentence)
{
	say_in("la");
	return say_words(sentence, NULL);
}

TEST(in_english_a_sentence_is_what_it_was)
{
	static const char sentence[] = "run 7 has ended";
	bool is_said = false;

	say_in("en");
	EXPECT(say_words(sentence, &is_said) == sentence);
	EXPECT(is_said);
}

TEST(a_sentence_is_recognised_by_its_form_and_keeps_its_values)
{
	EXPECT_STR(latin("run 7 has ended"), "cursus 7 finitus est");
	EXPECT_STR(latin("12% of 40 rules of cam"), "12% ex 40 regulis apparatus cam");
	EXPECT_STR(latin("the database refused"), "tabularium recusavit");
	EXPECT_STR(latin("cam is held"), "cam tenetur");
}

TEST(values_may_come_in_another_order)
{
	EXPECT_STR(latin("cam is called Door"), "Door vocatur cam");
}

TEST(what_is_not_known_stays_and_says_so)
{
	bool is_said = true;
	static const char sentence[] = "run seven has ended";

	say_in("la");
	EXPECT(say_words(sentence, &is_said) == sentence);
	EXPECT(!is_said);
	/* A form of nothing but values recognises nothing. */
	EXPECT_STR(say_words("this is: no sentence", &is_said), "this is: no sentence");
	EXPECT(!is_said);
}

TEST(the_form_with_more_words_of_its_own_is_meant)
{
	EXPECT_STR(latin("cam waits for the lamp"), "cam lampadem exspectat");
	EXPECT_STR(latin("cam waits"), "cam exspectat");
}

TEST(a_sentence_inside_a_sentence_is_translated_too)
{
	EXPECT_STR(latin("run 7 has ended; nothing was done, because it is critical"),
		"cursus 7 finitus est; nihil factum est, quod maximi momenti est");
	/* What only half is known would be said in two languages. */
	EXPECT_STR(latin("nobody knows what this is: run 7 has ended"),
		"nobody knows what this is: run 7 has ended");
	EXPECT_STR(latin("audits: run 7 has ended"), "audits: cursus 7 finitus est");
	EXPECT_STR(latin("run 8 has ended: run 7 has ended"),
		"cursus 8 finitus est: cursus 7 finitus est");
	EXPECT_STR(latin("cam waits for the rain. (run 7 has ended) cam is held"),
		"cam pluviam exspectat. (cursus 7 finitus est) cam tenetur");
}

/* The owner called one device "observe", and another "Back". */
TEST(a_name_is_never_translated)
{
	EXPECT_STR(latin("observe is called Back"), "Back vocatur observe");
	EXPECT_STR(latin("observe goes from observe to quarantine"),
		"observe ex observatio in custodia transit");
	EXPECT_STR(latin("observe: run 7 has ended"), "observe: cursus 7 finitus est");
	EXPECT_STR(latin("Anna's reading lamp: run 7 has ended"),
		"Anna's reading lamp: cursus 7 finitus est");
}

TEST(values_that_look_like_forms_are_only_text)
{
	EXPECT_STR(latin("%s%n%9$s is called %d"), "%d vocatur %s%n%9$s");
}

TEST(a_sentence_that_is_too_long_stays_as_it_is)
{
	char text[2 * WORDS_MAX];

	memset(text, 'x', sizeof text);
	strcpy(text + sizeof text - 16, " is called Door");
	EXPECT(latin(text) == text);
	/* One that fits and becomes longer is cut. */
	memset(text, 'x', sizeof text);
	strcpy(text + WORDS_MAX - 16, " has one is hel");
	memcpy(text, "cam waits; nothing was done, because ", 37);
	EXPECT(strlen(latin(text)) < WORDS_MAX);
}

/* Who may choose a name chooses one that fits almost, in as many ways as there are. */
TEST(hostile_text_costs_no_more_than_its_steps)
{
	char text[WORDS_MAX] = "";

	for (size_t i = 0; i + 8 < sizeof text; i += 8)
		strcat(text, " asked %");
	for (int i = 0; i < 100; i++)
		EXPECT(strlen(latin(text)) < WORDS_MAX);
	static const char *const joints[] = {"a b. ", "(a b) ", "a b: ", "a b; c d: "};
	for (size_t i = 0; i < sizeof joints / sizeof joints[0]; i++) {
		text[0] = '\0';
		while (strlen(text) + strlen(joints[i]) < sizeof text)
			strcat(text, joints[i]);
		EXPECT_STR(latin(text), text);
	}
}

/* A page may have thousands of sentences, each with a name in it that somebody chose. */
TEST(what_sentences_of_one_page_cost_is_bounded_together)
{
	static const char intricate[] = "run 2 has ended; run 3 has ended; run 4 has ended; run 5 "
					"has ended: run 1 has ended";
	char hostile[WORDS_MAX] = "";
	bool is_said;

	while (strlen(hostile) + 12 < sizeof hostile)
		strcat(hostile, "a. b: c; (d ");
	say_in("la");
	say_words(intricate, &is_said);
	EXPECT(is_said);
	for (int i = 0; i < 400; i++)
		say_words(hostile, NULL);
	say_words(intricate, &is_said);
	EXPECT(!is_said);
	EXPECT_STR(say_words("cam waits for the lamp", NULL), "cam lampadem exspectat");
	EXPECT_STR(latin("cam waits"), "cam exspectat");
	say_words(intricate, &is_said);
	EXPECT(is_said);
}

TEST(so_many_answers_are_kept)
{
	char sentence[64];
	const char *first = latin("run 1 has ended");

	for (int i = 2; i <= WORDS_KEPT; i++) {
		snprintf(sentence, sizeof sentence, "run %d has ended", i);
		latin(sentence);
	}
	EXPECT_STR(first, "cursus 1 finitus est");
}
