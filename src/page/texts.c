/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Build tool: puts translations into a C source (page/say.h), so that a confined process
 * needs to open none.
 *
 *	texts OUT.c LANGUAGE PAGES.po ENGINE.po ...
 *
 * Of the format of gettext it knows what our files have: msgid, msgid_plural, msgstr,
 * msgstr[0] and [1], texts over several lines.  A translation whose placeholders are not
 * those of the text is a mistake, and ends the build.
 *
 * Texts of pages are forms that values are printed by, so theirs must be the same.
 * Sentences of the engine are only recognised by their forms; there a translation may
 * name the values by their places (%2$s) and leave one out, and a # (%#s) says that the
 * value is itself a word to be translated.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 8192, TEXT_MAX = 4096 };
enum part { PART_NONE, PART_ID, PART_IDS, PART_ONE, PART_MANY };

static struct text {
	char *part[PART_MANY + 1];
} texts[TEXTS_MAX];
static size_t n_texts;
static const char *file;
static unsigned line_number;

static void
die(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", file ? file : "texts", line_number);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* Adds what stands between the quotes. */
static void
append(char **to, const char *line)
{
	const char *at = strchr(line, '"');
	size_t len = *to ? strlen(*to) : 0;

	if (!at)
		die("no text");
	*to = realloc(*to, len + strlen(at) + 1);
	if (!*to)
		die("out of memory");
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\')
			at++;
		(*to)[len++] = at[-1] == '\\' && *at == 'n' ? '\n' : *at;
	}
	if (*at != '"')
		die("the text does not end");
	(*to)[len] = '\0';
}

static enum part
part_of(const char *line)
{
	static const struct {
		const char *word;
		enum part part;
	} words[] = {{"msgid_plural ", PART_IDS}, {"msgid ", PART_ID}, {"msgstr ", PART_ONE},
		{"msgstr[0] ", PART_ONE}, {"msgstr[1] ", PART_MANY}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strncmp(line, words[i].word, strlen(words[i].word)))
			return words[i].part;
	die("what is this?");
	return PART_NONE;
}

/* The placeholders, one behind the other. */
static void
placeholders(const char *text, char out[static TEXT_MAX])
{
	size_t len = 0;

	for (; text && (text = strchr(text, '%')); text++) {
		size_t n = strcspn(text + 1, "dsfxu%") + 2;
		if (text[1] == '%')
			n = 2;
		/* "100 % of" is no placeholder. */
		if (text[1] == ' ' || !text[1] || len + n >= TEXT_MAX)
			continue;
		memcpy(out + len, text, n);
		len += n;
		text += n - 1;
	}
	out[len] = '\0';
}

/* The values that a form has. */
static size_t
values(const char *form)
{
	size_t n = 0;

	for (; (form = strchr(form, '%')); form++)
		if (form[1] == '%')
			form++;
		else
			n++;
	return n;
}

/* Which values a sentence wants: those that are there, by their places or all of them in order. */
static void
check_sentence(const struct text *text)
{
	size_t n = values(text->part[PART_ID]), n_in_order = 0;

	for (const char *at = text->part[PART_ONE]; (at = strchr(at, '%')); at++) {
		size_t digits = strspn(at + 1, "0123456789");
		if (at[1] == '%')
			at++;
		else if (!digits || at[1 + digits] != '$')
			n_in_order++;
		else if (atoi(at + 1) < 1 || (size_t)atoi(at + 1) > n)
			die("\"%s\" names a value that is not there", text->part[PART_ONE]);
		else if (n_in_order)
			n_in_order = n + 1;
	}
	if (n_in_order && n_in_order != n)
		die("\"%s\" has other values than \"%s\"", text->part[PART_ONE],
			text->part[PART_ID]);
}

static void
check_text(const struct text *text)
{
	static char wanted[TEXT_MAX], is[TEXT_MAX];

	placeholders(text->part[PART_ID], wanted);
	for (int i = PART_ONE; i <= PART_MANY; i++) {
		if (!text->part[i] || !*text->part[i])
			continue;
		placeholders(text->part[i], is);
		if (strcmp(is, wanted))
			die("\"%s\" has other placeholders: \"%s\"", text->part[i],
				text->part[PART_ID]);
	}
}

static void
read_file(const char *path, void (*check)(const struct text *))
{
	char line[TEXT_MAX];
	enum part part = PART_NONE;
	FILE *in = fopen(path, "r");

	file = path;
	line_number = 0;
	/* Those of the file before. */
	for (size_t i = 0; i < n_texts; i++)
		for (int j = 0; j <= PART_MANY; j++)
			free(texts[i].part[j]);
	n_texts = 0;
	memset(texts, 0, sizeof texts);
	if (!in)
		die("cannot be read");
	while (fgets(line, sizeof line, in)) {
		line_number++;
		if (*line == '#' || *line == '\n')
			continue;
		if (*line != '"')
			part = part_of(line);
		if (*line != '"' && part == PART_ID && ++n_texts > TEXTS_MAX)
			die("too many texts");
		if (!n_texts || part == PART_NONE)
			die("a text of nothing");
		append(&texts[n_texts - 1].part[part], line);
	}
	fclose(in);
	for (size_t i = 0; i < n_texts; i++)
		check(&texts[i]);
}

static int
by_id(const void *a, const void *b)
{
	const struct text *left = a, *right = b;
	return strcmp(left->part[PART_ID], right->part[PART_ID]);
}

static void
put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++)
		if (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\' && *text != '?')
			fputc(*text, out);
		else
			fprintf(out, "\\%03o", (unsigned char)*text);
	fputs("\",", out);
}

/* The longest part of a form that stands in every sentence of it; none for a text without values. */
static void
put_own(FILE *out, const char *form)
{
	char own[TEXT_MAX] = "";
	bool has_values = false;

	while (*form) {
		size_t len = strcspn(form, "%");
		if (len > strlen(own)) {
			memcpy(own, form, len);
			own[len] = '\0';
		}
		form += len;
		if (*form && form[1] == '%') {
			form += 2;
		} else if (*form) {
			has_values = true;
			form += strcspn(form + 1, "csdiuxXfm") + 1;
			form += *form != '\0';
		}
	}
	if (has_values)
		put_text(out, own);
}

static void
put_table(FILE *out, const char *language, const char *what, bool is_sentence)
{
	qsort(texts, n_texts, sizeof texts[0], by_id);
	fprintf(out, "static const struct said %s_%s[] = {\n", language, what);
	for (size_t i = 0; i < n_texts; i++) {
		if (i && !strcmp(texts[i].part[PART_ID], texts[i - 1].part[PART_ID]))
			die("\"%s\" is there twice", texts[i].part[PART_ID]);
		char *const *part = texts[i].part;
		const char *one = part[PART_ONE] ? part[PART_ONE] : "";
		const char *many = part[PART_MANY] ? part[PART_MANY] : one;
		if (!*part[PART_ID] || !*one || !*many)
			continue;
		fputs("\t{", out);
		put_text(out, part[PART_ID]);
		put_text(out, one);
		put_text(out, many);
		if (is_sentence)
			put_own(out, part[PART_ID]);
		fputs("},\n", out);
	}
	fprintf(out, "};\n");
}

int
main(int argc, char **argv)
{
	FILE *out;

	if (argc < 2 || argc % 3 != 2 || !(out = fopen(argv[1], "w")))
		die("usage: texts OUT.c LANGUAGE PAGES.po ENGINE.po ...");
	fprintf(out, "#include \"page/say.h\"\n");
	for (int i = 2; i < argc; i += 3) {
		read_file(argv[i + 1], check_text);
		put_table(out, argv[i], "said", false);
		read_file(argv[i + 2], check_sentence);
		put_table(out, argv[i], "heard", true);
	}
	fprintf(out, "#define ROWS(table) (sizeof(table) / sizeof((table)[0]))\n"
		     "const struct language languages[] = {\n");
	for (int i = 2; i < argc; i += 3)
		fprintf(out, "\t{\"%s\", %s_said, %s_heard, ROWS(%s_said), ROWS(%s_heard)},\n",
			argv[i], argv[i], argv[i], argv[i], argv[i]);
	fprintf(out, "\t{0},\n};\n");
	if (fclose(out))
		die("cannot be written");
	return 0;
}
