#include "config/languages.h"
#include "test/unit.h"

UNIT(keys_without_case_and_missing_ones)
{
	struct conf *c = conf_defaults();
	struct languages l;

	languages_parse(&l, conf_arena(c), c,
	    SLICE("# c\nNotSpam = kein Spam\nbroken\nX=see %rules-dir%\n"),
	    SLICE("f"), conf_problems_rw(c));
	check_slice(languages_get(&l, "notspam"), "kein Spam");
	check_slice(languages_get(&l, "X"), "see /etc/MailScanner/rules");
	check_slice(languages_get(&l, "Missing"), "Missing");
	check_int(conf_problems(c)->list.n, 1);
	conf_free(c);
}

UNIT_MAIN(unit(keys_without_case_and_missing_ones))
