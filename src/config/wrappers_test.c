#include "config/wrappers.h"
#include "test/unit.h"

UNIT(lines_give_wrappers)
{
	struct conf *c = conf_defaults();
	struct wrappers w = {0};

	wrappers_parse(&w, c,
	    SLICE("# x\nClamAV\t/usr/lib/w/clamav-wrapper /usr\n"
		  "generic %etc-dir%/generic-wrapper / # c\nalone\n"),
	    SLICE("f"));
	check_int(w.list.n, 2);
	check_slice(wrappers_find(&w, SLICE("clamav"))->install_dir, "/usr");
	check_slice(wrappers_find(&w, SLICE("generic"))->program,
	    "/etc/MailScanner/generic-wrapper");
	check(wrappers_find(&w, SLICE("other")) == NULL);
	check_int(conf_problems(c)->list.n, 1);
	conf_free(c);
}

UNIT_MAIN(unit(lines_give_wrappers))
