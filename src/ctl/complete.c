/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "ctl/ctl.h"

static bool
is_first_of_noun(const struct command *command)
{
	return command == commands || strcmp(command[-1].noun, command->noun);
}

static void
nouns(const char *between)
{
	const char *sep = "";

	for (const struct command *command = commands; command->noun; command++)
		if (is_first_of_noun(command)) {
			printf("%s%s", sep, command->noun);
			sep = between;
		}
}

/* Of a verb of two words the first, once; they stand together. */
static size_t
first_word(const struct command *command)
{
	return strcspn(command->verb, " ");
}

static bool
is_first_of_verb(const struct command *command)
{
	size_t len = first_word(command);

	return command == commands || strcmp(command[-1].noun, command->noun) != 0 ||
	       first_word(command - 1) != len || memcmp(command[-1].verb, command->verb, len) != 0;
}

static void
verbs_of(const char *noun)
{
	const char *sep = "";

	for (const struct command *command = commands; command->noun; command++)
		if (!strcmp(command->noun, noun) && *command->verb && is_first_of_verb(command)) {
			printf("%s%.*s", sep, (int)first_word(command), command->verb);
			sep = " ";
		}
}

static bool
has_second_word(const struct command *command)
{
	return command->verb[first_word(command)] == ' ';
}

/* All that stand behind the same first word; a verb that is this word alone has none. */
static void
second_words(const struct command *command)
{
	const struct command *at = command;
	const char *sep = "";

	do {
		if (!has_second_word(at))
			continue;
		printf("%s%s", sep, at->verb + first_word(at) + 1);
		sep = " ";
	} while (at[1].noun && !is_first_of_verb(++at));
}

static bool
takes_device(const struct command *command)
{
	for (int i = 0; i < WORDS_MAX && command->word[i].name; i++)
		if (command->word[i].kind == WORD_DEVICE)
			return true;
	return false;
}

static void
options_of(const struct command *command)
{
	printf("--json --quiet");
	for (int i = 0; i < WORDS_MAX && command->word[i].name; i++)
		if (command->word[i].name[0] == '-')
			printf(" %s", command->word[i].name);
}

static void
bash(void)
{
	printf("# bash completion for pinfold; made by: pinfold completion bash\n"
	       "_pinfold() {\n"
	       "	local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
	       "	case $COMP_CWORD in\n"
	       "	1) words='");
	nouns(" ");
	printf("' ;;\n	*) case \"${COMP_WORDS[*]:1:3}\" in\n");
	for (const struct command *command = commands; command->noun; command++) {
		printf("	\"%s %s\"*) words='", command->noun, command->verb);
		options_of(command);
		printf("'");
		if (takes_device(command))
			printf("; words=\"$words $(pinfold device list --quiet 2>/dev/null)\"");
		printf(" ;;\n");
	}
	printf("	esac ;;\n	esac\n"
	       "	if [ \"$COMP_CWORD\" = 2 ]; then case ${COMP_WORDS[1]} in\n");
	for (const struct command *command = commands; command->noun; command++)
		if (is_first_of_noun(command) && *command->verb) {
			printf("	%s) words='", command->noun);
			verbs_of(command->noun);
			printf("' ;;\n");
		}
	printf("	esac; fi\n"
	       "	if [ \"$COMP_CWORD\" = 3 ]; then case \"${COMP_WORDS[1]} "
	       "${COMP_WORDS[2]}\" in\n");
	for (const struct command *command = commands; command->noun; command++)
		if (has_second_word(command) && is_first_of_verb(command)) {
			printf("	'%s %.*s') words='", command->noun,
				(int)first_word(command), command->verb);
			second_words(command);
			printf("' ;;\n");
		}
	printf("	esac; fi\n"
	       "	COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "}\n"
	       "complete -F _pinfold pinfold\n");
}

static void
zsh(void)
{
	printf("#compdef pinfold\n"
	       "# zsh completion for pinfold; made by: pinfold completion zsh\n"
	       "_pinfold() {\n"
	       "	local -a found\n"
	       "	(( CURRENT == 2 )) && found=(");
	nouns(" ");
	printf(")\n	(( CURRENT == 3 )) && case ${words[2]} in\n");
	for (const struct command *command = commands; command->noun; command++)
		if (is_first_of_noun(command) && *command->verb) {
			printf("	%s) found=(", command->noun);
			verbs_of(command->noun);
			printf(") ;;\n");
		}
	printf("	esac\n	(( CURRENT > 3 )) && case \"${words[2,4]}\" in\n");
	for (const struct command *command = commands; command->noun; command++) {
		printf("	\"%s %s\"*) found=(", command->noun, command->verb);
		options_of(command);
		if (takes_device(command))
			printf(" $(pinfold device list --quiet 2>/dev/null)");
		printf(") ;;\n");
	}
	printf("	esac\n	(( CURRENT == 4 )) && case \"${words[2]} ${words[3]}\" in\n");
	for (const struct command *command = commands; command->noun; command++)
		if (has_second_word(command) && is_first_of_verb(command)) {
			printf("	'%s %.*s') found=(", command->noun,
				(int)first_word(command), command->verb);
			second_words(command);
			printf(") ;;\n");
		}
	printf("	esac\n"
	       "	compadd -a found\n"
	       "}\n"
	       "_pinfold \"$@\"\n");
}

int
run_completion(int argc, char **argv, const struct options *options)
{
	if (argc == 1 && !strcmp(argv[0], "bash")) {
		bash();
		return CTL_OK;
	}
	if (argc == 1 && !strcmp(argv[0], "zsh")) {
		zsh();
		return CTL_OK;
	}
	fprintf(stderr, "usage: pinfold completion bash|zsh\n");
	return CTL_USAGE;
}

int
run_check_config(int argc, char **argv, const struct options *options)
{
	static struct settings settings;
	struct fault why;

	if (argc != 1) {
		fprintf(stderr, "usage: pinfold check-config FILE\n");
		return CTL_USAGE;
	}
	settings_init(&settings);
	if (settings_read(&settings, argv[0], &why)) {
		fprintf(stderr, "pinfold: %s\n", why.text);
		return CTL_REFUSED;
	}
	if (!options->quiet)
		printf("fine\n");
	return CTL_OK;
}
