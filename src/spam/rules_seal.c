/* rules_seal - after the last line: tags, flags, metas, priorities, order. */
#include <stdlib.h>

#include "base/fail.h"
#include "base/num.h"
#include "base/text.h"
#include "spam/plugins.h"
#include "spam/rules_private.h"

/* ---- tflags and default scores -------------------------------------------*/

static void
flag(struct spam_rule *r, struct slice w)
{
	uint64_t n;

	r->net |= slice_is(w, "net");
	r->nice |= slice_is(w, "nice");
	r->learn |= slice_is(w, "learn");
	r->userconf |= slice_is(w, "userconf");
	r->noautolearn |= slice_is(w, "noautolearn");
	r->multiple |= slice_is(w, "multiple");
	r->publish |= slice_is(w, "publish");
	r->nolog |= slice_is(w, "nolog");
	r->domains_only |= slice_is(w, "domains_only");
	r->ips_only |= slice_is(w, "ips_only");
	r->nosubject |= slice_is(w, "nosubject");
	if (slice_starts(w, "maxhits=") &&
	    num_parse_u64(slice_from(w, 8), 1000000, &n))
		r->maxhits = (unsigned)n;
	if (slice_starts(w, "range=")) {
		struct slice low, high = slice_from(w, 6);
		ptrdiff_t dash = slice_chr(high, '-');

		r->range_low = 0;
		r->range_high = 1000;
		low = dash >= 0 ? slice_sub(high, 0, (size_t)dash) : high;
		high = dash >= 0 ? slice_from(high, (size_t)dash + 1) : high;
		if (num_parse_u64(low, 1000000, &n))
			r->range_low = (unsigned)n;
		if (num_parse_u64(high, 1000000, &n))
			r->range_high = (unsigned)n;
	}
}

static void
flags_and_scores(struct spam_rule *r)
{
	struct slice rest = r->tflags, word;
	double value = slice_starts(r->name, "T_") ? 0.01 : 1.0;

	while (slice_word(&rest, &word))
		flag(r, word);
	for (size_t i = 0; i < 4 && !r->scored && r->defined; i++)
		r->score[i] = r->nice ? -value : value;
}

/* ---- replace_tag ---------------------------------------------------------*/

static struct slice
item(const struct rules_build *b, enum setting set, struct slice key)
{
	const struct slice *v = map_get(&b->r->settings[set].items, key);

	return v != NULL ? *v : SLICE_NONE;
}

/* Take the first "<word NAME>" out of *text; what NAME stands for. */
static struct slice
marker(struct rules_build *b, struct slice *text, const char *word,
    enum setting set)
{
	struct slice open = arena_printf(b->arena, "<%s ", word), name;
	ptrdiff_t at = slice_find(*text, open), end;

	if (at < 0)
		return SLICE_NONE;
	name = slice_from(*text, (size_t)at + open.n);
	end = slice_chr(name, '>');
	if (end <= 0)
		return SLICE_NONE;
	name = slice_sub(name, 0, (size_t)end);
	*text = arena_printf(b->arena, "%.*s%.*s", (int)at, text->p,
	    SLICE_FMT(slice_from(*text, (size_t)at + open.n + name.n + 1)));
	return item(b, set, name);
}

/* "<...>" at the front of s, without < or > inside: its length, 0: none. */
static size_t
tag_len(struct slice s)
{
	size_t n = 1;

	if (s.n < 3 || s.p[0] != '<')
		return 0;
	while (n < s.n && s.p[n] != '<' && s.p[n] != '>')
		n++;
	return n < s.n && s.p[n] == '>' && n > 1 ? n + 1 : 0;
}

/* One pass over the text. *again: what was put in has tags itself. */
static struct slice
replace_once(struct rules_build *b, struct slice text, bool *again)
{
	struct slice pre = marker(b, &text, "pre", SET_REPLACE_PRE);
	struct slice post = marker(b, &text, "post", SET_REPLACE_POST);
	struct slice inter = marker(b, &text, "inter", SET_REPLACE_INTER);
	struct slice out;
	struct buf buf;
	bool after_tag = true; /* an empty text before the first tag, too */

	buf_init(&buf, REGEX_TEXT_MAX);
	*again = false;
	while (text.n > 0) {
		size_t n = tag_len(text);
		struct slice tag = slice_sub(text, 0, n), value;

		if (n == 0) {
			(void)buf_addc(&buf, text.p[0]);
			text = slice_from(text, 1);
			after_tag = false;
			continue;
		}
		if (after_tag)
			(void)buf_add(&buf, inter);
		after_tag = true;
		value = item(b, SET_REPLACE_TAG, slice_sub(tag, 1, n - 1));
		(void)buf_add(&buf, pre);
		(void)buf_add(&buf, value.n > 0 ? value : tag);
		(void)buf_add(&buf, post);
		for (size_t i = 0; i < value.n; i++)
			*again |= tag_len(slice_from(value, i)) > 0;
		text = slice_from(text, n);
	}
	out = buf.full ? SLICE_NONE : arena_dup(b->arena, buf_slice(&buf));
	buf_fini(&buf);
	return out;
}

static void
replace_tags(struct rules_build *b, struct spam_rule *r)
{
	struct rule_match *m = r->matches.at;
	struct slice text;
	struct regex_error why;
	struct complaint *c;
	struct regex re;
	bool again = true;

	if (!r->defined || r->matches.n != 1 || m->exists ||
	    r->type == RULE_MIMEHEADER || r->type == RULE_URI_DETAIL)
		return;
	text = m->text;
	for (int i = 0; i < RULES_TAG_PASSES && again && text.n > 0; i++)
		text = replace_once(b, text, &again);
	if (slice_eq(text, m->text))
		return;
	if (text.n > 0 && regex_compile(&re, text, m->flags, &why)) {
		regex_fini(&m->re);
		m->re = re;
		m->text = text;
		return;
	}
	c = complain(&b->r->complaints, PROBLEM_WARNING,
	    "%.*s: with its tags replaced the expression is wrong: %s",
	    SLICE_FMT(r->name), text.n > 0 ? why.text : "too long");
	c->file = r->file;
	c->line = r->line;
	c->rule = r->name;
}

/* ---- metas ---------------------------------------------------------------*/

static bool
glob_matches(struct slice glob, struct slice name)
{
	size_t g = 0, n = 0, star = SIZE_MAX, from = 0;

	while (n < name.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			from = n;
		} else if (g < glob.n &&
			   (glob.p[g] == '?' || glob.p[g] == name.p[n])) {
			g++;
			n++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			n = ++from;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

/* rules_matching(): the names it stands for, in place of the glob. */
static void
expand_globs(struct rules_build *b, struct spam_rule *r)
{
	struct meta old = r->meta;
	struct meta_op *op;

	r->meta.names.at = NULL;
	r->meta.names.n = r->meta.names.cap = 0;
	vec_each (op, &r->meta.ops) {
		struct meta_name name;

		if (op->code != META_NAME && op->code != META_SUM)
			continue;
		name = old.names.at[op->index];
		op->index = (uint32_t)r->meta.names.n;
		op->count = 0;
		for (size_t i = 1; i <= b->r->n; i++) {
			const struct spam_rule *x = b->r->at[i];

			if (!name.glob || x == r ||
			    (!x->defined && !x->scored) ||
			    !glob_matches(name.name, x->name))
				continue;
			*vec_push(b->arena, &r->meta.names) =
			    (struct meta_name){.name = x->name, .at = name.at};
			op->count++;
		}
		if (!name.glob) {
			*vec_push(b->arena, &r->meta.names) = name;
			op->count = 1;
		}
	}
}

static void
undefined(struct rules_build *b, const struct spam_rule *r, struct slice name)
{
	struct complaint *c = complain(&b->r->complaints, PROBLEM_NOTE,
	    "%.*s: there is no rule %.*s: it counts as 0", SLICE_FMT(r->name),
	    SLICE_FMT(name));

	c->file = r->file;
	c->line = r->line;
	c->rule = r->name;
}

static void
resolve(struct rules_build *b, struct spam_rule *r)
{
	for (size_t i = 0; i < r->meta.names.n; i++) {
		struct meta_name *name = &r->meta.names.at[i];
		const struct spam_rule *x = map_get(&b->by_name, name->name);

		name->rule = x != NULL && x->defined ? x->index : RULE_NONE;
		if (name->rule == RULE_NONE &&
		    !slice_is(name->name, "local_tests_only"))
			undefined(b, r, name->name);
	}
}

/* Longest way down, level by level (Kahn); what is left has a cycle. */
static void
measure(struct rules_build *b)
{
	bool changed = true;
	struct rules *r = b->r;
	size_t left = 0;

	for (size_t i = 1; i <= r->n; i++)
		r->at[i]->depth = r->at[i]->type == RULE_META ? UINT32_MAX : 0;
	while (changed) {
		changed = false;
		left = 0;
		for (size_t i = 1; i <= r->n; i++) {
			struct spam_rule *x = r->at[i];
			unsigned depth = 0;

			if (x->depth != UINT32_MAX)
				continue;
			for (size_t j = 0; j < x->meta.names.n; j++) {
				uint32_t k = x->meta.names.at[j].rule;
				unsigned d =
				    k != RULE_NONE ? r->at[k]->depth : 0;

				if (d == UINT32_MAX) {
					depth = d;
					break;
				}
				depth = d + 1 > depth ? d + 1 : depth;
			}
			if (depth == UINT32_MAX) {
				left++;
				continue;
			}
			x->depth = depth > 0 ? depth : 1;
			changed = true;
		}
		if (left == 0)
			return;
	}
	for (size_t i = 1; i <= r->n; i++) {
		struct spam_rule *x = r->at[i];
		struct complaint *c;

		if (x->depth != UINT32_MAX)
			continue;
		x->cyclic = true;
		x->depth = 1;
		c = complain(&r->complaints, PROBLEM_ERROR,
		    "%.*s depends on itself: it is 0", SLICE_FMT(x->name));
		c->file = x->file;
		c->line = x->line;
		c->rule = x->name;
	}
}

static int
by_depth_down(const void *a, const void *b)
{
	const struct spam_rule *x = *(struct spam_rule *const *)a;
	const struct spam_rule *y = *(struct spam_rule *const *)b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? 1 : -1;
	return x->index < y->index ? -1 : 1;
}

/* What a rule needs runs no later than it; net goes up to who needs it. */
static void
inherit(struct rules_build *b)
{
	struct rules *r = b->r;
	struct spam_rule **metas =
	    arena_array(b->arena, r->n + 1, sizeof(struct spam_rule *));
	size_t n = 0;

	for (size_t i = 1; i <= r->n; i++)
		if (r->at[i]->type == RULE_META && !r->at[i]->cyclic)
			metas[n++] = r->at[i];
	qsort(metas, n, sizeof(*metas), by_depth_down);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < metas[i]->meta.names.n; j++) {
			struct spam_rule *x =
			    r->at[metas[i]->meta.names.at[j].rule];
			int most = metas[i]->priority;

			if (x == NULL || x->priority <= most)
				continue;
			x->priority = most < -100 && x->net ? -100 : most;
		}
	for (size_t i = n; i-- > 0;)
		for (size_t j = 0; j < metas[i]->meta.names.n; j++) {
			const struct spam_rule *x =
			    r->at[metas[i]->meta.names.at[j].rule];

			metas[i]->net |= x != NULL && x->net;
		}
}

/* ---- functions -----------------------------------------------------------*/

static void
provide(struct rules_build *b, struct spam_rule *r)
{
	const struct plugin_eval *e = plugin_eval_find(r->function);
	struct complaint *c;

	r->provided = e != NULL && map_has(&b->plugins, slice_str(e->plugin));
	if (r->provided)
		return;
	c = complain(&b->r->complaints, PROBLEM_WARNING,
	    "%.*s: no plugin brings %.*s(): it never hits", SLICE_FMT(r->name),
	    SLICE_FMT(r->function));
	if (e != NULL)
		c->hint = arena_printf(b->arena,
		    "loadplugin Mail::SpamAssassin::Plugin::%s", e->plugin);
	c->file = r->file;
	c->line = r->line;
	c->rule = r->name;
}

static bool
is_eval(const struct spam_rule *r)
{
	return r->function.n > 0;
}

/* The Pyzor and Razor plugins start early what runs beside the rest. */
static void
start_early(struct rules_build *b, struct spam_rule *r)
{
	bool pyzor = slice_is(r->function, "check_pyzor") &&
		     rules_number(b->r, SET_PYZOR_FORK) > 0;
	bool razor = (slice_is(r->function, "check_razor2") ||
			 slice_is(r->function, "check_razor2_range")) &&
		     rules_number(b->r, SET_RAZOR_FORK) > 0;

	if ((pyzor || razor) && r->provided)
		r->priority = -100;
}

/* ---- order ---------------------------------------------------------------*/

static int
by_name(const void *a, const void *b)
{
	return slice_cmp((*(struct spam_rule *const *)a)->name,
	    (*(struct spam_rule *const *)b)->name);
}

static int
by_run(const void *a, const void *b)
{
	const struct spam_rule *x = *(struct spam_rule *const *)a;
	const struct spam_rule *y = *(struct spam_rule *const *)b;

	if (x->runs_at != y->runs_at)
		return x->runs_at < y->runs_at ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static void
number_rules(struct rules_build *b)
{
	struct rules *r = b->r;
	struct map_entry *e;

	r->at =
	    arena_array(b->arena, b->by_name.n + 1, sizeof(struct spam_rule *));
	map_each (e, &b->by_name)
		r->at[++r->n] = e->value;
	if (r->n > 0)
		qsort(r->at + 1, r->n, sizeof(*r->at), by_name);
	for (size_t i = 1; i <= r->n; i++)
		r->at[i]->index = (uint32_t)i;
}

void
rules_seal(struct rules_build *b)
{
	struct rules *r = b->r;

	number_rules(b);
	for (size_t i = 1; i <= r->n; i++)
		flags_and_scores(r->at[i]);
	for (size_t i = 1; i <= r->n; i++) {
		struct spam_rule *x = r->at[i];

		if (x->reused)
			replace_tags(b, x);
		if (is_eval(x)) {
			provide(b, x);
			start_early(b, x);
		}
		if (x->type == RULE_META) {
			expand_globs(b, x);
			resolve(b, x);
		}
	}
	measure(b);
	inherit(b);
	r->order = arena_array(b->arena, r->n + 1, sizeof(struct spam_rule *));
	for (size_t i = 1; i <= r->n; i++) {
		struct spam_rule *x = r->at[i];

		x->runs_at = x->priority == 0 && x->net ? -100 : x->priority;
		if (x->defined && x->type != RULE_EMPTY)
			r->order[r->n_order++] = x;
	}
	if (r->n_order > 0)
		qsort(r->order, r->n_order, sizeof(*r->order), by_run);
}
