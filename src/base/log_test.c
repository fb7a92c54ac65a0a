#include <stdio.h>

#include "base/fail.h"
#include "base/log.h"
#include "test/unit.h"

static char last[LOG_LINE_MAX];
static int lines;

static void
catch_line(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)ctx;
	(void)snprintf(last, sizeof(last), "%s", line);
	lines++;
}

UNIT(one_printable_line_with_its_scope)
{
	log_set_sink(catch_line, NULL);
	log_set_scope("ABC123");
	log_info("subject %s", "evil\r\nfake: line\x1b[0m");
	check_str(last, "ABC123: subject evil\\x0d\\x0afake: line\\x1b[0m");
	log_set_scope(NULL);
	log_warn("plain");
	check_str(last, "plain");
}

UNIT(levels_are_kept)
{
	log_set_sink(catch_line, NULL);
	log_set_level(LOG_LEVEL_WARN);
	lines = 0;
	log_info("no");
	check_int(lines, 0);
	log_error("yes");
	check_int(lines, 1);
	log_set_level(LOG_LEVEL_INFO);
}

static void
do_panic(void *arg)
{
	(void)arg;
	panic("a bug %d", 1);
}

UNIT(failures_tell_their_story)
{
	struct fail why;

	check_int(fail_set(&why, FAIL_BAD, "file %s", "a\nb"), FAIL_BAD);
	check_str(why.text, "file a?b");
	check_int(fail_add(&why, "x:%d", 3), FAIL_BAD);
	check_str(why.text, "x:3: file a?b");
	check_str(fail_word(FAIL_TIMEOUT), "timeout");
	check_int(unit_ends(do_panic, NULL), 6);
}

UNIT_MAIN(unit(one_printable_line_with_its_scope), unit(levels_are_kept),
    unit(failures_tell_their_story))
