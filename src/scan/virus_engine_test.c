/* The built-in scanner and commands that behave badly. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/message.h"
#include "scan/virus.h"
#include "sys/loop.h"
#include "test/unit.h"

/* Not written out: no scanner is to take this program for a test file. */
static struct slice
eicar(void)
{
	static char text[69];

	(void)snprintf(text, sizeof(text), "%s%s%s",
	    "X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTI",
	    "VIRUS-TEST-FILE!$H+H*");
	return slice_of(text, 68);
}

/* A message with one attachment, examined by an engine. */
struct trial {
	struct arena *arena;
	struct message m;
};

static void
trial_init(struct trial *t, struct slice part)
{
	struct entity *e;

	memset(t, 0, sizeof(*t));
	t->arena = arena_new(0);
	t->m.arena = t->arena;
	t->m.raw = SLICE("From: a\n\nbody\n");
	t->m.env.id = SLICE("1abc");
	e = vec_push(t->arena, &t->m.entities);
	e->kind = ENTITY_MESSAGE;
	e = vec_push(t->arena, &t->m.entities);
	e->kind = ENTITY_PART;
	e->index = 1;
	e->leaf = true;
	e->bytes = part;
	e->safe_name = SLICE("it em.com");
	*vec_push(t->arena, &e->names) = SLICE("it em.com");
}

static void
trial_fini(struct trial *t)
{
	arena_free(t->arena);
}

static struct virus_engine *
engine_of(const char *scanners, const char *rules, const char *definitions)
{
	struct virus_settings s = {
	    .scanners = slice_str(scanners),
	    .yara_rules = slice_str(rules),
	    .definitions = slice_str(definitions),
	    .work_dir = slice_str(unit_tmpdir()),
	    .attempts = 1,
	    .timeout_s = 30,
	};
	struct fail why = {0};
	struct virus_engine *e = virus_engine_new(&s, &why);

	if (e == NULL)
		print_message("# %s\n", why.text);
	return e;
}

static void
yara_says(struct slice bytes, size_t findings)
{
	struct virus_engine *e =
	    engine_of("yara", unit_source("etc/reeve.yar"), "");
	struct trial t;

	check(e != NULL);
	trial_init(&t, bytes);
	virus_scan_message(e, &t.m, loop_clock() + 10 * LOOP_SEC, SLICE_NONE);
	check_int(t.m.verdict.incomplete.n, 0);
	check_int(t.m.verdict.findings.n, findings);
	if (findings > 0) {
		const struct finding *f = &t.m.verdict.findings.at[0];

		check_int(f->code, FINDING_VIRUS);
		check_int(f->wish, WISH_BLOCK);
		check_int(f->entity, 1);
		check_slice(f->rule, "yara");
		check_slice(f->argument, "EICAR-Test-File");
		check_slice(
		    f->detail, "Yara: it_em.com was infected: EICAR-Test-File");
	}
	trial_fini(&t);
	virus_engine_free(e);
}

UNIT(the_default_rules_know_the_test_file)
{
	char text[2000];
	struct slice e = eicar();

	yara_says(e, 1);
	(void)snprintf(text, sizeof(text), "%.*s\r\n \t\x1a", SLICE_FMT(e));
	yara_says(slice_str(text), 1);
	(void)snprintf(text, sizeof(text), "\r\n\r\n%.*s\n", SLICE_FMT(e));
	yara_says(slice_str(text), 1);
	(void)snprintf(
	    text, sizeof(text), "%.*s\n-- \nRegards\n", SLICE_FMT(e));
	yara_says(slice_str(text), 1);
	(void)snprintf(
	    text, sizeof(text), "This is the string: %.*s", SLICE_FMT(e));
	yara_says(slice_str(text), 0);
	yara_says(slice_sub(e, 0, 67), 0);
	yara_says(SLICE("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-"
			"TEST-EMAIL*C.34X"),
	    0);
}

static const char *
path_of(const char *name)
{
	static char paths[16][256];
	static unsigned next;
	char *p = paths[next++ % 16];

	(void)snprintf(p, 256, "%s/%s", unit_tmpdir(), name);
	return p;
}

UNIT(rules_that_do_not_compile)
{
	struct fail why;
	struct virus_engine *e;
	struct trial t;
	const char *path = path_of("bad.yar");

	unit_write(
	    path, SLICE("rule a { condition: true }\nrule b { condition: }\n"));
	check_int(virus_rules_check(path, &why), FAIL_CONFIG);
	check(strstr(why.text, "bad.yar:2: syntax error") != NULL);
	check_int(virus_rules_check(unit_source("etc/reeve.yar"), &why), 0);
	check_int(virus_rules_check("/nonexistent", &why), FAIL_GONE);
	/* The scanner stays, and no message is clean. */
	e = engine_of("yara", path, "");
	trial_init(&t, SLICE("x"));
	virus_scan_message(e, &t.m, loop_clock() + LOOP_SEC, SLICE_NONE);
	check_int(t.m.verdict.incomplete.n, 1);
	check_slice(t.m.verdict.incomplete.at[0].check, "virus:yara");
	trial_fini(&t);
	virus_engine_free(e);
}

UNIT(unknown_scanner_and_none)
{
	struct virus_engine *e = engine_of("savid", "", "");
	struct trial t;

	check(e == NULL);
	e = engine_of("none", "", "");
	trial_init(&t, SLICE("x"));
	virus_scan_message(e, &t.m, loop_clock() + LOOP_SEC, SLICE_NONE);
	check_int(t.m.verdict.incomplete.n, 1);
	trial_fini(&t);
	virus_engine_free(e);
}

UNIT(names_that_are_spam)
{
	struct slice p = SLICE("Sane*UNOFFICIAL HTML/* *Phish*");

	check(virus_name_is_spam(SLICE("Sanesecurity.Junk.UNOFFICIAL"), p));
	check(virus_name_is_spam(SLICE("HTML/Bank"), p));
	check(virus_name_is_spam(SLICE("Email.Phishing.X"), p));
	check(!virus_name_is_spam(SLICE("Sanesecurity.Junk"), p));
	check(!virus_name_is_spam(SLICE("Eicar"), p));
	check(!virus_name_is_spam(SLICE("Eicar"), SLICE_NONE));
}

/* ---- commands ---- */

static struct virus_engine *
engine_with(const char *keyword, const char *script)
{
	char text[600];
	const char *wrapper = path_of("wrapper");
	const char *conf = path_of("virus.scanners.conf");

	unit_write(wrapper, slice_str(script));
	check_int(chmod(wrapper, 0755), 0);
	(void)snprintf(text, sizeof(text),
	    "# keyword wrapper dir\n%s\t%s /opt/x\n", keyword, wrapper);
	unit_write(conf, slice_str(text));
	return engine_of(keyword, "", conf);
}

struct case_row {
	const char *name, *keyword, *script;
	size_t findings, incomplete;
	const char *detail; /* of the first finding, or the reason */
};

static const struct case_row commands[] = {
    {"clean", "generic", "#!/bin/sh\nexit 0\n", 0, 0, NULL},
    {"found", "generic",
	"#!/bin/sh\n[ \"$1\" = /opt/x ] && [ \"$2\" = . ] || exit 9\n"
	"for f in ./scan.d/*; do echo \"INFECTED::Bad::$f\"; done\nexit 1\n",
	1, 0, "Generic: it_em.com was infected by Bad"},
    {"clamav", "clamav",
	"#!/bin/sh\nfor f in scan.d/*; do echo \"$PWD/$f: X FOUND\"; done\n"
	"exit 1\n",
	1, 0, "ClamAV: it_em.com was infected: X"},
    {"sophos", "sophos",
	"#!/bin/sh\nfor f in scan.d/*; do echo \">>> Virus 'E' found in file "
	"./$f\"; done\nexit 3\n",
	1, 0, "Sophos: >>> Virus 'E' found in file it_em.com"},
    {"a status without a word", "generic", "#!/bin/sh\nexit 1\n", 0, 1,
	"exited with status 1"},
    {"crash", "generic", "#!/bin/sh\nkill -SEGV $$\n", 0, 1,
	"killed by signal 11"},
    {"no interpreter", "generic", "#!/nonexistent\n", 0, 1,
	"could not be started: No such file or directory"},
    {"says nothing about a file", "clamav", "#!/bin/sh\nexit 0\n", 0, 1,
	"said nothing about it_em.com"},
    {"says error", "generic",
	"#!/bin/sh\necho ERROR::no licence::scan.d/1-it_em.com\nexit 0\n", 0, 1,
	"ERROR::no licence::it_em.com"},
    {"a virus and a crash", "generic",
	"#!/bin/sh\necho INFECTED::V::scan.d/1-x\nkill -KILL $$\n", 1, 1,
	"Generic: it_em.com was infected by V"},
    {"a virus somewhere", "generic", "#!/bin/sh\necho INFECTED::V::elsewhere\n",
	1, 0, "Generic:  message was infected by V"},
    {"a number that is none", "generic",
	"#!/bin/sh\necho INFECTED::V::scan.d/99-x\n", 1, 0,
	"Generic:  message was infected by V"},
    {"complains", "generic", "#!/bin/sh\necho no database >&2; exit 2\n", 0, 1,
	"exited with status 2: no database"},
    {"leaves a mess", "generic",
	"#!/bin/sh\nmkdir -p a/b/c scan.d/d/e; echo x >a/b/c/f; "
	"ln -s / l; mkfifo p; echo y >scan.d/d/e/g\nexit 0\n",
	0, 0, NULL},
    {"floods", "generic", "#!/bin/sh\nyes CLEAN::x::y\n", 0, 1,
	"too much output, killed"},
};

/* No directory of a run is left in the work directory. */
static size_t
left_over(void)
{
	DIR *d = opendir(unit_tmpdir());
	struct dirent *e;
	size_t n = 0;

	check(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, "scan-", 5) == 0)
			n++;
	(void)closedir(d);
	return n;
}

UNIT(commands_are_believed_only_when_they_make_sense)
{
	const struct case_row *c;

	for (c = commands; c < commands + COUNT_OF(commands); c++) {
		struct virus_engine *e = engine_with(c->keyword, c->script);
		struct verdict *v;
		struct trial t;

		print_message("# %s\n", c->name);
		trial_init(&t, SLICE("some bytes"));
		virus_scan_message(
		    e, &t.m, loop_clock() + 20 * LOOP_SEC, SLICE_NONE);
		v = &t.m.verdict;
		if (v->incomplete.n > 0)
			print_message("#   %.*s\n",
			    SLICE_FMT(v->incomplete.at[0].reason));
		check_int(v->findings.n, c->findings);
		check_int(v->incomplete.n, c->incomplete);
		if (c->findings > 0)
			check_slice(v->findings.at[0].detail, c->detail);
		else if (c->incomplete > 0)
			check_slice(v->incomplete.at[0].reason, c->detail);
		check_int(left_over(), 0);
		trial_fini(&t);
		virus_engine_free(e);
	}
}

UNIT(a_command_that_hangs)
{
	struct virus_engine *e =
	    engine_with("generic", "#!/bin/sh\nsleep 1000\n");
	uint64_t began = loop_clock();
	struct trial t;

	trial_init(&t, SLICE("x"));
	virus_scan_message(e, &t.m, began + 300 * LOOP_MS, SLICE_NONE);
	check_int(t.m.verdict.incomplete.n, 1);
	check(slice_starts(t.m.verdict.incomplete.at[0].reason, "timeout: "));
	check(loop_clock() - began < 3 * LOOP_SEC);
	check_int(left_over(), 0);
	trial_fini(&t);
	virus_engine_free(e);
}

UNIT(a_wrapper_that_is_missing)
{
	struct virus_engine *e;
	struct trial t;

	unit_write(path_of("virus.scanners.conf"),
	    SLICE("generic /nonexistent/wrapper /opt\n"));
	e = engine_of("generic drweb", "", path_of("virus.scanners.conf"));
	trial_init(&t, SLICE("x"));
	virus_scan_message(e, &t.m, loop_clock() + LOOP_SEC, SLICE_NONE);
	check_int(t.m.verdict.incomplete.n, 2);
	check_slice(t.m.verdict.incomplete.at[0].check, "virus:generic");
	check_slice(t.m.verdict.incomplete.at[1].check, "virus:drweb");
	trial_fini(&t);
	virus_engine_free(e);
}

UNIT_MAIN(unit(the_default_rules_know_the_test_file),
    unit(rules_that_do_not_compile), unit(unknown_scanner_and_none),
    unit(names_that_are_spam),
    unit(commands_are_believed_only_when_they_make_sense),
    unit(a_command_that_hangs), unit(a_wrapper_that_is_missing))
