/* rules_set - statements that are settings: typed values, sets and lists. */
#include "base/num.h"
#include "base/text.h"
#include "spam/rules_private.h"

static const char no_value[] = "a value is missing";

static struct slice *
kept(struct rules_build *b, struct slice value)
{
	struct slice *p = arena_make(b->arena, struct slice);

	*p = value;
	return p;
}

static struct slice
lowered(struct rules_build *b, struct slice s)
{
	char *p = arena_str(b->arena, s);

	for (size_t i = 0; i < s.n; i++)
		p[i] = text_lower(p[i]);
	return slice_of(p, s.n);
}

/* digits[.digits] with a sign if one is allowed. */
static bool
plain_number(struct slice text, bool minus, double *out)
{
	if (text.n == 0 || (text.p[0] == '-' && !minus))
		return false;
	if (text.p[text.n - 1] == '.') /* "5." is a number */
		text.n--;
	return num_parse_double(text, out);
}

static bool
duration(struct slice text, double *out)
{
	double unit = 1;

	if (text.n > 1 && text_is_alpha(text.p[text.n - 1])) {
		switch (text_lower(text.p[text.n - 1])) {
		case 's':
			break;
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		case 'w':
			unit = 7.0 * 86400;
			break;
		default:
			return false;
		}
		text = slice_trim(slice_sub(text, 0, text.n - 1));
	}
	if (!plain_number(text, false, out))
		return false;
	*out *= unit;
	return true;
}

static bool
one_of(const char *words, struct slice value)
{
	struct slice rest = slice_str(words), word;

	if (rest.n == 0)
		return true;
	while (slice_word(&rest, &word))
		if (slice_eq(word, value))
			return true;
	return false;
}

static void
scalar(struct rules_build *b, const struct statement *s, enum setting set)
{
	const struct setting_row *row = &settings[set];
	struct setting_value *v = &b->r->settings[set];
	double number = 0;
	bool ok = true;

	if (row->kind == SETTING_BOOL) {
		ok = slice_is_ci(s->value, "yes") || slice_is(s->value, "1");
		number = ok ? 1 : 0;
		ok |= slice_is_ci(s->value, "no") || slice_is(s->value, "0");
	} else if (row->kind == SETTING_NUMBER) {
		ok = plain_number(s->value, true, &number);
	} else if (row->kind == SETTING_DURATION) {
		ok = duration(s->value, &number);
	}
	if (!ok || !one_of(row->check, s->value)) {
		rules_wrong(b, s, s->value.p,
		    s->value.n == 0                 ? no_value
		    : row->kind == SETTING_BOOL     ? "yes or no"
		    : row->kind == SETTING_DURATION ? "a time: 10, 5m, 2h"
		    : row->check[0] != '\0'         ? row->check
						    : "a number");
		return;
	}
	v->text = s->value;
	v->number = number;
}

/* Words of `rest` into (or out of, value NULL) a set; prefix: "LIST ". */
static void
words(struct rules_build *b, struct map *m, struct slice rest,
    struct slice list, bool lower, bool drop)
{
	struct slice word, key;

	while (slice_word(&rest, &word)) {
		struct slice value = SLICE("1");

		if (list.n > 0 && word.p[0] == '!') { /* an exception */
			word = slice_from(word, 1);
			value = SLICE("0");
		}
		key = lower ? lowered(b, word) : word;
		if (list.n > 0)
			key = arena_printf(b->arena, "%.*s %.*s",
			    SLICE_FMT(list), SLICE_FMT(key));
		map_set(m, key, drop ? NULL : kept(b, value));
	}
}

/* "(LIST) words": the list. */
static bool
list_name(struct slice *rest, struct slice *list)
{
	ptrdiff_t end = slice_chr(*rest, ')');

	if (!slice_starts(*rest, "(") || end < 2)
		return false;
	*list = slice_sub(*rest, 1, (size_t)end);
	*rest = slice_trim(slice_from(*rest, (size_t)end + 1));
	return rest->n > 0;
}

static void
named(struct rules_build *b, const struct statement *s, enum setting set,
    struct setting_value *v, bool drop)
{
	struct slice rest = s->value, list = slice_str(settings[set].check);
	struct map_entry *e;

	if (!drop && settings[set].kind == SETTING_URI_HOSTS && list.n > 0) {
		words(b, &v->items, rest, list, true, false);
	} else if (list_name(&rest, &list)) {
		words(b, &v->items, rest, list, true, drop);
	} else if (drop) { /* from every list */
		struct map lists;

		map_init(&lists, b->arena);
		map_each (e, &v->items) {
			struct slice key = e->key;

			(void)map_add(&lists, rules_word(&key), NULL);
		}
		map_each (e, &lists)
			words(b, &v->items, rest, e->key, true, true);
	} else {
		rules_wrong(b, s, s->value.p, "written: (LIST) words");
	}
}

/* glob and a second word, as welcomelist_from_rcvd has them. */
static void
pairs(struct rules_build *b, const struct statement *s, enum setting set,
    struct setting_value *v)
{
	struct slice rest = s->value, addr = rules_word(&rest), key, *old;

	rest = lowered(b, rest);
	if (slice_is(slice_str(settings[set].check), "2") && rest.n == 0) {
		rules_wrong(
		    b, s, s->line.p + s->line.n, "two words are needed");
		return;
	}
	key = lowered(b, addr);
	old = map_get(&v->items, key);
	if (old != NULL)
		rest = arena_printf(
		    b->arena, "%.*s %.*s", SLICE_FMT(*old), SLICE_FMT(rest));
	map_set(&v->items, key, kept(b, rest));
}

/* The settings whose names are in `check`: emptied, or words taken out. */
static void
drop(struct rules_build *b, const struct statement *s, enum setting set)
{
	struct slice rest = slice_str(settings[set].check), name, family;
	bool clear = settings[set].kind == SETTING_CLEAR;

	while (slice_word(&rest, &name)) {
		enum setting which = setting_find(name, &family);
		struct setting_value *v = &b->r->settings[which];

		if (settings[set].kind == SETTING_NAMED_ADDRS_DROP) {
			named(b, s, set, v, true);
		} else if (!clear || s->value.n > 0) {
			words(b, &v->items, s->value, SLICE_NONE, true, true);
		} else {
			*v = (struct setting_value){.given = true};
			map_init(&v->items, b->arena);
			v->text = SLICE("");
		}
	}
}

/* ---- headers that are added ----------------------------------------------*/

static void
drop_header(struct rules *r, struct slice name, bool ham, bool spam)
{
	size_t n = 0;

	for (size_t i = 0; i < r->headers.n; i++) {
		struct rules_header h = r->headers.at[i];

		if (slice_eq_ci(h.name, name)) {
			h.ham &= !ham;
			h.spam &= !spam;
		}
		if (h.ham || h.spam)
			r->headers.at[n++] = h;
	}
	r->headers.n = n;
}

/* \t \n \\ ; other escapes are taken out; quotes around it, too. */
static struct slice
header_text(struct rules_build *b, struct slice text)
{
	char *out = arena_str(b->arena, text);
	size_t n = 0;

	if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		text = slice_sub(text, 1, text.n - 1);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\\' || i + 1 >= text.n) {
			out[n++] = text.p[i];
			continue;
		}
		i++;
		if (text.p[i] == 't')
			out[n++] = '\t';
		else if (text.p[i] == 'n')
			out[n++] = '\n';
		else if (text.p[i] == '\\')
			out[n++] = '\\';
	}
	return slice_of(out, n);
}

static void
headers(struct rules_build *b, const struct statement *s, enum setting set)
{
	struct slice rest = s->value, which, name;
	struct rules *r = b->r;
	bool ham, spam;
	size_t n = 0;

	if (set == SET_CLEAR_HEADERS) {
		for (size_t i = 0; i < r->headers.n; i++)
			if (slice_is_ci(
				r->headers.at[i].name, "Checker-Version"))
				r->headers.at[n++] = r->headers.at[i];
		r->headers.n = n;
		return;
	}
	which = rules_word(&rest);
	if (set == SET_REWRITE_HEADER) {
		struct setting_value *v = &r->settings[set];

		name = lowered(b, which);
		if (!slice_is(name, "subject") && !slice_is(name, "from") &&
		    !slice_is(name, "to"))
			rules_wrong(b, s, which.p, "one of Subject From To");
		else
			map_set(
			    &v->items, name, rest.n > 0 ? kept(b, rest) : NULL);
		return;
	}
	name = rules_word(&rest);
	ham = slice_is(which, "ham") || slice_is(which, "all");
	spam = slice_is(which, "spam") || slice_is(which, "all");
	if ((!ham && !spam) || name.n == 0 ||
	    (set == SET_ADD_HEADER ? rest.n == 0 : rest.n > 0)) {
		rules_wrong(b, s, s->value.p,
		    "written: ham, spam or all, a name, a text");
		return;
	}
	if (set == SET_REMOVE_HEADER) {
		if (!slice_is(name, "Checker-Version"))
			drop_header(r, name, ham, spam);
		return;
	}
	drop_header(r, name, ham, spam);
	*vec_push(b->arena, &r->headers) = (struct rules_header){.name = name,
	    .text = header_text(b, rest),
	    .ham = ham,
	    .spam = spam};
}

/* ---- all kinds -----------------------------------------------------------*/

static void
expressions(
    struct rules_build *b, const struct statement *s, struct setting_value *v)
{
	struct slice text, flags;
	struct regex_error why;
	struct regex re;

	if (!regex_split(s->value, &text, &flags, &why)) {
		rules_wrong(b, s, s->value.p + why.at, why.text);
	} else if (!regex_compile(&re, text, flags, &why)) {
		rules_wrong(b, s, s->value.p, why.text);
	} else {
		regex_fini(&re);
		map_set(&v->items, s->value, kept(b, s->value));
	}
}

static void template(
    struct rules_build *b, const struct statement *s, struct setting_value *v)
{
	struct slice line = s->value;

	if (line.n >= 2 && line.p[0] == '"' && line.p[line.n - 1] == '"')
		line = slice_sub(line, 1, line.n - 1);
	v->text = arena_printf(
	    b->arena, "%.*s%.*s\n", SLICE_FMT(v->text), SLICE_FMT(line));
}

static void
set_kind(struct rules_build *b, const struct statement *s, enum setting set,
    struct setting_value *v)
{
	struct slice rest = s->value, word;

	switch (settings[set].kind) {
	case SETTING_WORDS:
		words(b, &v->items, rest, SLICE_NONE,
		    settings[set].check[0] != '\0', false);
		break;
	case SETTING_ADDRS:
		words(b, &v->items, rest, SLICE_NONE, true, false);
		break;
	case SETTING_NETS:
		words(b, &v->items, rest, SLICE_NONE, true, false);
		break;
	case SETTING_HASH:
		word = rules_word(&rest);
		if (rest.n == 0)
			rules_wrong(b, s, s->line.p + s->line.n,
			    "a name and a value are needed");
		else
			map_set(&v->items, word, kept(b, rest));
		break;
	case SETTING_PAIRS:
		pairs(b, s, set, v);
		break;
	case SETTING_URI_HOSTS:
	case SETTING_NAMED_ADDRS:
		named(b, s, set,
		    &b->r->settings[settings[set].kind == SETTING_URI_HOSTS
					? SET_ENLIST_URI_HOST
					: set],
		    false);
		break;
	case SETTING_TEMPLATE:
		template(b, s, v);
		break;
	case SETTING_REGEXES:
		expressions(b, s, v);
		break;
	case SETTING_LINES:
		map_set(&v->items, rest, kept(b, rest));
		v->text = rest;
		break;
	case SETTING_RULE:
	case SETTING_HEADERS:
	case SETTING_CLEAR:
	case SETTING_ADDRS_DROP:
	case SETTING_PAIRS_DROP:
	case SETTING_URI_HOSTS_DROP:
	case SETTING_NAMED_ADDRS_DROP:
	case SETTING_STRING:
	case SETTING_BOOL:
	case SETTING_NUMBER:
	case SETTING_DURATION:
	default:
		scalar(b, s, set);
		break;
	}
}

void
rules_set(struct rules_build *b, const struct statement *s, enum setting set,
    struct slice family)
{
	struct setting_value *v = &b->r->settings[set];
	enum setting_kind kind = settings[set].kind;

	v->given = true;
	v->file = s->file;
	v->line = s->number;
	if (kind == SETTING_HEADERS)
		headers(b, s, set);
	else if (kind == SETTING_URI_HOSTS_DROP)
		named(b, s, set, &b->r->settings[SET_ENLIST_URI_HOST], true);
	else if (kind >= SETTING_CLEAR)
		drop(b, s, set);
	else if (s->value.n == 0 && kind != SETTING_TEMPLATE)
		rules_wrong(b, s, s->line.p + s->line.n, no_value);
	else if (family.n > 0)
		map_set(&v->items, family, kept(b, s->value));
	else
		set_kind(b, s, set, v);
}
