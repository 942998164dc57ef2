/* SPDX-License-Identifier: Apache-2.0 */
#include "page/say.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* All looks at forms for one page: some 0.2 s, of which ordinary sentences of a long one take half. */
enum { PAGE_STEPS = 4000000 };

static const struct language *chosen; /* NULL: English */
static unsigned steps_of_page;        /* that are left */

static const struct language *
find(const char *tag)
{
	for (const struct language *at = languages; at->tag; at++)
		if (!strcmp(at->tag, tag))
			return at;
	return NULL;
}

bool
language_is_known(const char *tag)
{
	return !strcmp(tag, "en") || find(tag);
}

const char *
say_in(const char *tag)
{
	chosen = find(tag);
	steps_of_page = PAGE_STEPS;
	return chosen ? chosen->tag : "en";
}

static int
by_id(const void *id, const void *row)
{
	return strcmp(id, ((const struct said *)row)->id);
}

static const struct said *
said(const char *id)
{
	return chosen ? bsearch(id, chosen->said, chosen->n_said, sizeof *chosen->said, by_id)
		      : NULL;
}

static const struct said *
heard(const char *id)
{
	return chosen ? bsearch(id, chosen->heard, chosen->n_heard, sizeof *chosen->heard, by_id)
		      : NULL;
}

const char *
say(const char *text)
{
	const struct said *row = said(text);
	return row ? row->one : text;
}

const char *
say_many(const char *one, const char *many, unsigned long n)
{
	const struct said *row = said(one);

	if (row)
		return n == 1 ? row->one : row->many;
	return n == 1 ? one : many;
}

/* --- sentences of the engine ---------------------------------------------------------------- */

/* Every look at all forms costs steps too: joints within joints are many. */
enum {
	VALUES_MAX = 10,
	DEPTH_MAX = 5,
	STEPS_MAX = 50000,
	STEPS_LATER = 2000, /* once those of the page are used up: as nine of ten sentences need */
	LOOK_STEPS = 500
};
/* A form with fewer letters of its own says too little to be recognised by. */
enum { LETTERS_MIN = 3 };

/* A placeholder of a form: %s, %.60s, %-3u; in a translation %2$s and %#s as well. */
struct placeholder {
	size_t len, which; /* which is 0 for the next one */
	char kind;         /* 's', 'c', 'x', and 'd' for every other number */
	bool is_word;      /* #: the value is a word to be translated */
};

static struct placeholder
placeholder_at(const char *form)
{
	struct placeholder it = {.len = 1};
	size_t digits = strspn(form + 1, "0123456789");

	if (digits && form[1 + digits] == '$') {
		it.which = (size_t)atoi(form + 1);
		it.len += digits + 1;
	}
	for (; form[it.len] && strchr("#-+ 0123456789.*hlzj", form[it.len]); it.len++)
		it.is_word |= form[it.len] == '#';
	it.kind = form[it.len];
	if (it.kind && !strchr("scxX", it.kind))
		it.kind = 'd';
	it.len += it.kind != '\0';
	return it;
}

struct value {
	const char *at;
	size_t len;
};

struct fit {
	struct value value[VALUES_MAX];
	size_t n;
	unsigned *steps; /* that are left */
};

static size_t
longest(char kind, const char *text)
{
	switch (kind) {
	case 's':
		return strlen(text);
	case 'c':
		return *text != '\0';
	case 'd':
		return strspn(text, "-.0123456789");
	default:
		return strspn(text, "0123456789abcdefABCDEF");
	}
}

/* The values are what stands between the words of the form: of texts the shortest, of numbers the longest. */
static bool
fits(const char *form, const char *text, struct fit *fit)
{
	for (; *form != '%' || form[1] == '%'; form++, text++) {
		form += *form == '%';
		if (!*fit->steps || *form != *text)
			return false;
		--*fit->steps;
		if (!*form)
			return true;
	}
	struct placeholder it = placeholder_at(form);
	size_t at = fit->n, max = longest(it.kind, text);
	if (at == VALUES_MAX)
		return false;
	for (size_t i = it.kind == 's' ? 0 : 1; i <= max && *fit->steps; i++) {
		size_t len = it.kind == 's' ? i : max + 1 - i;
		--*fit->steps;
		fit->value[at] = (struct value){text, len};
		fit->n = at + 1;
		if (fits(form + it.len, text + len, fit))
			return true;
	}
	fit->n = at;
	return false;
}

/* What a form has of its own: all characters, or only the letters. */
static size_t
own_of(const char *form, bool only_letters)
{
	size_t n = 0;

	while (*form) {
		if (*form == '%' && form[1] != '%') {
			form += placeholder_at(form).len;
			continue;
		}
		n += !only_letters || isalpha((unsigned char)*form);
		form++;
	}
	return n;
}

/* A text being put together; what has no room is left out. */
struct words {
	char *at;
	size_t len, size;
};

static void
add(struct words *out, const char *text, size_t len)
{
	if (len >= out->size - out->len) {
		len = out->size - out->len - 1;
		/* Not in the midst of a letter of several bytes. */
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out->at + out->len, text, len);
	out->len += len;
	out->at[out->len] = '\0';
}

static bool translate(const char *text, struct words *out, unsigned depth, unsigned *steps);

/* One word or two may be a name, and a name stays; of more a sentence may be made. */
static bool
may_be_sentence(const char *text)
{
	const char *blank = strchr(text, ' ');
	return blank && (strchr(blank + 1, ' ') || heard(text));
}

static void
add_value(
	struct words *out, const struct value *value, bool is_word, unsigned depth, unsigned *steps)
{
	char text[WORDS_MAX];
	size_t begin = out->len;

	memcpy(text, value->at, value->len);
	text[value->len] = '\0';
	if ((is_word || may_be_sentence(text)) && translate(text, out, depth + 1, steps))
		return;
	out->len = begin;
	add(out, text, value->len);
}

static void
fill(const char *form, const struct fit *fit, struct words *out, unsigned depth)
{
	size_t next = 0;

	while (*form) {
		size_t plain = strcspn(form, "%");
		add(out, form, plain);
		form += plain;
		if (*form == '%' && form[1] == '%') {
			add(out, form, 1);
			form += 2;
		} else if (*form) {
			struct placeholder it = placeholder_at(form);
			size_t which = it.which ? it.which - 1 : next++;
			if (which < fit->n)
				add_value(out, &fit->value[which], it.is_word, depth, fit->steps);
			form += it.len;
		}
	}
}

/* The longer one says more of what the sentence is. */
static bool
says_more(const char *form, const char *than)
{
	return own_of(form, true) >= LETTERS_MIN &&
	       (!than || own_of(form, false) > own_of(than, false));
}

/* The best of those forms that begin with this character; they stand together. */
static void
find_form(char first, const char *text, const struct said **best, struct fit *best_fit)
{
	struct fit fit = {.steps = best_fit->steps};
	size_t low = 0, high = chosen->n_heard;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if ((unsigned char)*chosen->heard[middle].id < (unsigned char)first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < chosen->n_heard && *chosen->heard[low].id == first; low++) {
		const struct said *row = &chosen->heard[low];
		if (!row->own || !strstr(text, row->own))
			continue;
		fit.n = 0;
		if (!fits(row->id, text, &fit) || !says_more(row->id, *best ? (*best)->id : NULL))
			continue;
		*best = row;
		*best_fit = fit;
	}
}

static bool
translate_by_form(const char *text, struct words *out, unsigned depth, unsigned *steps)
{
	const struct said *best = NULL;
	struct fit fit = {.steps = steps};

	/* What begins with words says more than what begins with a value. */
	find_form(*text, text, &best, &fit);
	if (!best && *text != '%')
		find_form('%', text, &best, &fit);
	if (best)
		fill(best->one, &fit, out, depth);
	return best;
}

/* One word is a name, or a place in a file. */
static bool
translate_piece(const char *text, struct words *out, unsigned depth, unsigned *steps)
{
	return strchr(text, ' ') && translate(text, out, depth + 1, steps);
}

struct joint {
	const char *text; /* of two characters */
	size_t left;      /* so many of them belong to what stands before */
	bool is_after_name;
};

/* As people call their devices: "the old kitchen radio". */
static bool
may_be_name(const char *text)
{
	size_t blanks = 0;

	for (; *text; text++)
		blanks += *text == ' ';
	return blanks < 4;
}

static bool
translate_around(const struct joint *joint, const char *text, struct words *out, unsigned depth,
	unsigned *steps)
{
	char left[WORDS_MAX];
	size_t begin = out->len;

	for (const char *at = text; (at = strstr(at, joint->text)); at += 2) {
		size_t len = (size_t)(at - text) + joint->left;
		memcpy(left, text, len);
		left[len] = '\0';
		if (!strchr(left, ' '))
			add(out, left, len);
		else if (!translate_piece(left, out, depth, steps)) {
			out->len = begin;
			if (!joint->is_after_name || !may_be_name(left))
				continue;
			add(out, left, len);
		}
		add(out, joint->text + joint->left, 2 - joint->left);
		if (translate_piece(at + 2, out, depth, steps))
			return true;
		out->len = begin;
	}
	return false;
}

/* "This. That.", "(this) That." */
static bool
translate_sentences(const char *text, struct words *out, unsigned depth, unsigned *steps)
{
	return translate_around(&(struct joint){". ", 1, false}, text, out, depth, steps) ||
	       (*text == '(' &&
		       translate_around(&(struct joint){") ", 1, false}, text, out, depth, steps));
}

/* "Intent: cause", "this; that". */
static bool
translate_in_pieces(const char *text, struct words *out, unsigned depth, unsigned *steps)
{
	return translate_around(&(struct joint){": ", 0, true}, text, out, depth, steps) ||
	       translate_around(&(struct joint){"; ", 0, false}, text, out, depth, steps);
}

static bool
translate_in_brackets(const char *text, struct words *out, unsigned depth, unsigned *steps)
{
	size_t len = strlen(text), begin = out->len;
	char inside[WORDS_MAX];

	if (*text != '(' || text[len - 1] != ')')
		return false;
	memcpy(inside, text + 1, len - 2);
	inside[len - 2] = '\0';
	add(out, "(", 1);
	if (!translate_piece(inside, out, depth, steps)) {
		out->len = begin;
		return false;
	}
	add(out, ")", 1);
	return true;
}

static bool
translate(const char *text, struct words *out, unsigned depth, unsigned *steps)
{
	const struct said *row = heard(text);

	if (!row && !strchr(text, '%'))
		row = said(text);
	if (row) {
		add(out, row->one, strlen(row->one));
		return true;
	}
	if (depth == DEPTH_MAX || !strchr(text, ' ') || *steps < LOOK_STEPS)
		return false;
	*steps -= LOOK_STEPS;
	return translate_sentences(text, out, depth, steps) ||
	       translate_by_form(text, out, depth, steps) ||
	       translate_in_brackets(text, out, depth, steps) ||
	       translate_in_pieces(text, out, depth, steps);
}

const char *
say_words(const char *sentence, bool *is_said)
{
	static char kept[WORDS_KEPT][WORDS_MAX];
	static unsigned next;
	bool ignored;

	if (!is_said)
		is_said = &ignored;
	*is_said = !chosen || !*sentence;
	if (*is_said || strlen(sentence) >= WORDS_MAX)
		return sentence;
	unsigned granted = steps_of_page >= STEPS_MAX ? STEPS_MAX : STEPS_LATER, steps = granted;
	struct words out = {kept[next], 0, WORDS_MAX};
	*is_said = translate(sentence, &out, 0, &steps);
	if (granted == STEPS_MAX)
		steps_of_page -= granted - steps;
	if (!*is_said)
		return sentence;
	next = (next + 1) % WORDS_KEPT;
	return out.at;
}
