#include <unistd.h>

#include "base/num.h"
#include "spam/rules.h"
#include "test/unit.h"

static struct rules *
of(const char *text)
{
	return rules_of_text(SLICE("t.cf"), slice_str(text));
}

static const struct spam_rule *
find(const struct rules *r, const char *name)
{
	const struct spam_rule *x = rules_find(r, slice_str(name));

	check(x != NULL);
	return x;
}

UNIT(statements_make_rules)
{
	struct rules *r = of(
	    "body A /a\\#b/i # comment\n"
	    "score A 1 2 3 4\nscore A (0.5)\ntflags A nice multiple maxhits=3\n"
	    "header H Subject:raw =~ /x/ [if-unset: NONE]\n"
	    "header E exists:X-Thing\nheader N From !~ /y/\n"
	    "header B eval:check_rbl('set', \"zone.\", 12)\n"
	    "meta M (A && H) || !E\nscore M -1.5\npriority M -20\n"
	    "reuse OLD\nlang de describe A nein\nlang en describe A yes\n"
	    "required-score 6.5\n");
	const struct spam_rule *a = find(r, "A"), *h = find(r, "H");

	check_int(r->complaints.count[PROBLEM_ERROR], 0);
	check_slice(a->matches.at[0].text, "a#b");
	check_int((int)(a->score[3] * 10), 45);
	check_int(a->maxhits, 3);
	check(a->nice && a->multiple);
	check_slice(a->describe, "yes");
	check_int(a->priority, -20); /* M needs it */
	check_slice(h->matches.at[0].modifiers, "raw");
	check_slice(h->matches.at[0].unset, "NONE");
	check(find(r, "E")->matches.at[0].exists);
	check(find(r, "N")->matches.at[0].negated);
	check_int(find(r, "B")->type, RULE_RBL_EVAL);
	check_int(find(r, "B")->args.n, 3);
	check_slice(find(r, "B")->args.at[1], "zone.");
	check_int(find(r, "OLD")->type, RULE_EMPTY);
	check_int((int)(rules_number(r, SET_REQUIRED_SCORE) * 10), 65);
	rules_free(r);
}

UNIT(a_wrong_line_takes_nothing_else_down)
{
	struct rules *r =
	    of("body A /a/\nbody A /(/\nbody 1B /x/\n"
	       "score A x\nscore A (1)\nbogus 1\nrequird_score 5\n"
	       "endif\nelse\nif (\nbody C /c/\nendif\n"
	       "body D /d/\nmeta X A B\nif plugin(Foo)\n");
	const struct complaint *c = r->complaints.list.at;

	check(find(r, "A")->matches.n == 1 && find(r, "D")->defined);
	check(rules_find(r, SLICE("C")) == NULL);
	check_int(c[0].line, 2);
	check_int(c[0].column, 10);
	check_int(r->complaints.count[PROBLEM_ERROR], 9);
	check_int(r->complaints.count[PROBLEM_WARNING], 2);
	check(slice_find(c[5].hint, SLICE("required_score")) > 0);
	rules_free(r);
}

UNIT(conditions_follow_what_is_loaded)
{
	struct rules *r = of("ifplugin Mail::SpamAssassin::Plugin::DKIM\n"
			     "body A /a/\nelse\nbody B /b/\nendif\n"
			     "loadplugin Mail::SpamAssassin::Plugin::DKIM\n"
			     "if plugin(Mail::SpamAssassin::Plugin::DKIM)\n"
			     "body C /c/\nif 0\nbody D /d/\nelse\nbody E /e/\n"
			     "endif\nendif\nenable_compat x\n"
			     "if can(Mail::SpamAssassin::Conf::compat_x)\n"
			     "body F /f/\nendif\n");

	check(rules_find(r, SLICE("A")) == NULL);
	check(rules_find(r, SLICE("D")) == NULL);
	check(find(r, "B")->defined && find(r, "C")->defined);
	check(find(r, "E")->defined && find(r, "F")->defined);
	check_int(r->complaints.count[PROBLEM_ERROR], 0);
	rules_free(r);
}

UNIT(tags_are_put_in)
{
	struct rules *r =
	    of("loadplugin Mail::SpamAssassin::Plugin::ReplaceTags\n"
	       "replace_tag A [a@]\nreplace_tag B b<A>\nreplace_inter W \\W?\n"
	       "replace_post P {1,2}\n"
	       "body X /<inter W><post P><A><A>c<Q>/\nbody Y /<B>/\n"
	       "replace_rules X Y\n");

	check_slice(find(r, "X")->matches.at[0].text,
	    "\\W?[a@]{1,2}\\W?[a@]{1,2}c<Q>{1,2}");
	check_slice(find(r, "Y")->matches.at[0].text, "b[a@]");
	rules_free(r);
}

UNIT(cycles_are_found_and_globs_expanded)
{
	struct rules *r = of("meta A B\nmeta B A\nmeta C A + D\nbody D /d/\n"
			     "body D1 /d/\nmeta G rules_matching(D*)\n");

	check(find(r, "A")->cyclic && find(r, "B")->cyclic);
	check_int(find(r, "G")->meta.names.n, 2);
	check_int(r->complaints.count[PROBLEM_ERROR], 3);
	rules_free(r);
}

UNIT(lists_can_be_taken_back)
{
	struct rules *r = of("whitelist_from A@x.org *@y.org\n"
			     "unwelcomelist_from a@x.org\n"
			     "enlist_uri_host (L) a.org !b.org\n"
			     "trusted_networks 10.0.0.0/8\n"
			     "clear_trusted_networks\n"
			     "add_header all Foo \"a\\tb\"\n"
			     "add_header spam foo x\n");
	const struct map *m = &r->settings[SET_WELCOMELIST_FROM].items;
	const struct slice *v;

	check(map_get(m, SLICE("a@x.org")) == NULL);
	check(map_get(m, SLICE("*@y.org")) != NULL);
	v = map_get(&r->settings[SET_ENLIST_URI_HOST].items, SLICE("L b.org"));
	check(v != NULL && slice_is(*v, "0"));
	check_int(r->settings[SET_TRUSTED_NETWORKS].items.n, 0);
	check_int(r->headers.n, 2);
	check_slice(r->headers.at[0].text, "a\tb");
	check(r->headers.at[0].ham && !r->headers.at[0].spam);
	check_int(r->complaints.count[PROBLEM_ERROR], 0);
	rules_free(r);
}

/* Debian's rules of 4.0.1, against what SpamAssassin made of them. */
UNIT(the_stock_rules_are_those_of_spamassassin)
{
	const struct rules_places p = {
	    .rules = SLICE("/usr/share/spamassassin"),
	    .site = SLICE("/etc/spamassassin"),
	    .network = true};
	struct slice rest, line, field;
	struct rules *r;
	struct fail why;
	size_t n = 0, defined = 0;

	if (access("/usr/share/spamassassin/73_sandbox_manual_scores.cf",
		R_OK) != 0 ||
	    access("/etc/spamassassin/v401.pre", R_OK) != 0)
		unit_skip("no stock rules of 4.0.1");
	r = rules_load(&p, &why);
	check(r != NULL);
	check_int(r->complaints.count[PROBLEM_ERROR], 0);
	for (size_t i = 1; i <= r->n; i++)
		defined += r->at[i]->defined;
	rest = unit_read(unit_source("test/golden/rules-4.0.1.tsv"));
	while (slice_line(&rest, &line)) {
		const struct spam_rule *x;
		struct slice scores, word;
		int64_t number = 0;

		(void)slice_field(&line, '\t', &field);
		x = rules_find(r, field);
		check(x != NULL && x->defined);
		(void)slice_field(&line, '\t', &field);
		check(num_parse_i64(field, 0, 99, &number));
		check_int(rule_type_number(x->type), number);
		(void)slice_field(&line, '\t', &scores);
		for (size_t i = 0; slice_word(&scores, &word); i++) {
			double v = 0;

			check(num_parse_double(word, &v));
			check(v - x->score[i] < 1e-9 && x->score[i] - v < 1e-9);
		}
		(void)slice_field(&line, '\t', &field);
		check(num_parse_i64(field, -100000, 100000, &number));
		check_int(x->priority, number);
		n++;
	}
	check_int(n, defined);
	rules_free(r);
}

UNIT_MAIN(unit(statements_make_rules),
    unit(a_wrong_line_takes_nothing_else_down),
    unit(conditions_follow_what_is_loaded), unit(tags_are_put_in),
    unit(cycles_are_found_and_globs_expanded), unit(lists_can_be_taken_back),
    unit(the_stock_rules_are_those_of_spamassassin))
