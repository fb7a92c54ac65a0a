/* etc/MailScanner.conf and the files beside it against the table. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/languages.h"
#include "config/namerules.h"
#include "config/wrappers.h"
#include "test/unit.h"

/* Where the file means to differ; tools/defaults has the same list. */
static const enum option differ[] = {OPT_VIRUS_SCANNERS, OPT_CLAMD_SOCKET,
    OPT_MAXIMUM_ARCHIVE_DEPTH, OPT_HOSTNAME, OPT_SIGN_CLEAN_MESSAGES,
    OPT_NOTIFY_SENDERS, OPT_ATTACHMENT_ENCODING_CHARSET, OPT_NOTICES_FROM,
    OPT_NOTICE_SIGNATURE, OPT_USE_WATERMARKING, OPT_LOCKFILE_DIR};

static struct conf *
load_etc(void)
{
	struct fail why;
	struct conf *c = conf_load(unit_source("etc/MailScanner.conf"), &why);

	check(c != NULL);
	return c;
}

static void
expect_no_problems(struct conf *c)
{
	const struct problem *p;

	vec_each (p, &conf_problems(c)->list)
		check_slice(
		    arena_printf(conf_arena(c), "%.*s:%u: %.*s",
			SLICE_FMT(p->file), p->line, SLICE_FMT(p->text)),
		    "no problem");
}

UNIT(every_option_stands_there_once)
{
	struct slice text = unit_read(unit_source("etc/MailScanner.conf"));
	unsigned seen[OPTION_COUNT] = {0}, i;
	struct slice line;

	while (slice_line(&text, &line)) {
		ptrdiff_t eq = slice_chr(line, '=');
		enum option opt;

		if (line.n == 0 || line.p[0] == '#' || eq < 0)
			continue;
		opt = option_find(slice_trim(slice_sub(line, 0, (size_t)eq)));
		check(opt != OPTION_COUNT);
		check_slice(slice_trim(slice_sub(line, 0, (size_t)eq)),
		    options[opt].name);
		seen[opt]++;
	}
	for (i = 0; i < OPTION_COUNT; i++)
		if (seen[i] != 1)
			check_str(options[i].name, "once in the file");
}

UNIT(values_are_the_tables_but_for_a_list)
{
	struct conf *c = load_etc();
	unsigned i;
	size_t k;

	for (i = 0; i < OPTION_COUNT; i++) {
		bool may = false;

		for (k = 0; k < COUNT_OF(differ); k++)
			may |= differ[k] == (enum option)i;
		if (conf_changed(c, (enum option)i) != may)
			check_str(options[i].name, may ? "different" : "same");
	}
	conf_free(c);
}

UNIT(it_loads_without_a_problem)
{
	struct conf *c = load_etc();

	expect_no_problems(c);
	check_slice(conf_text(c, OPT_VIRUS_SCANNERS, NULL, NULL), "yara");
	conf_free(c);
}

/* Files that options name; the ones a running site makes are left out. */
UNIT(files_it_names_are_there)
{
	struct conf *c = load_etc();
	const char *etc = unit_source("etc");
	unsigned i, found = 0;

	for (i = 0; i < OPTION_COUNT; i++) {
		struct slice path = conf_written(c, (enum option)i);

		if (!slice_starts(path, etc) ||
		    i == OPT_SIGNATURE_IMAGE_FILENAME)
			continue;
		found++;
		if (access(arena_str(conf_arena(c), path), R_OK) != 0)
			check_slice(path, "there");
	}
	check(found > 40);
	conf_free(c);
}

static void
rules_of(struct conf *c, enum option opt, struct namerules *out)
{
	struct slice path = conf_written(c, opt), text;

	text = conf_read_file(c, path, CONF_FILE_MAX, PROBLEM_ERROR);
	*out = (struct namerules){0};
	namerules_parse(out, conf_arena(c), text, path, conf_problems_rw(c));
	check(out->rules.n > 5);
}

UNIT(name_rules_tell_good_from_bad)
{
	static const struct {
		enum option opt;
		const char *name;
		int action; /* -1: no rule */
	} t[] = {
	    {OPT_FILENAME_RULES, "report.pdf", -1},
	    {OPT_FILENAME_RULES, "2026 Q1 figures.xlsx", -1},
	    {OPT_FILENAME_RULES, "backup.tar.gz", -1},
	    {OPT_FILENAME_RULES, "letter.doc.exe", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "letter.EXE", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "letter.exe. ", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "letter.pdf   .zip", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "letter.pdf.asc", NAMERULE_ALLOW},
	    {OPT_FILENAME_RULES, "ann\xe2\x80\xaetxt.scr", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "a          b.txt", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "scan.iso", NAMERULE_DENY},
	    {OPT_FILENAME_RULES, "a.{00020810-0000-0000-C000-000000000046}",
		NAMERULE_DENY},
	    {OPT_ARCHIVES_FILENAME_RULES, "inner/setup.exe", NAMERULE_DENY},
	    {OPT_ARCHIVES_FILENAME_RULES, "inner/readme.txt", -1},
	    {OPT_FILETYPE_RULES, "PE32 executable (GUI) Intel 80386",
		NAMERULE_DENY},
	    {OPT_FILETYPE_RULES, "ELF 64-bit LSB pie executable",
		NAMERULE_DENY},
	    {OPT_FILETYPE_RULES, "MS-DOS executable", NAMERULE_DENY},
	    {OPT_FILETYPE_RULES, "DOS batch file", NAMERULE_DENY},
	    {OPT_FILETYPE_RULES, "ASCII text", NAMERULE_ALLOW},
	    {OPT_FILETYPE_RULES, "PDF document", -1},
	    {OPT_ARCHIVES_FILETYPE_RULES, "PE32+ executable (DLL)",
		NAMERULE_DENY},
	};
	struct conf *c = load_etc();
	size_t i;

	for (i = 0; i < COUNT_OF(t); i++) {
		const struct namerule *r;
		struct namerules rules;

		rules_of(c, t[i].opt, &rules);
		r = namerules_match(&rules, slice_str(t[i].name), SLICE(""));
		if ((r == NULL ? -1 : (int)r->action) != t[i].action)
			check_str(t[i].name,
			    r == NULL ? "named by a rule" : "no such action");
		namerules_fini(&rules);
	}
	expect_no_problems(c);
	conf_free(c);
}

UNIT(scanners_and_languages_parse)
{
	struct conf *c = load_etc();
	struct languages l;
	struct wrappers w = {0};
	struct slice path = conf_written(c, OPT_VIRUS_SCANNER_DEFINITIONS);

	wrappers_parse(
	    &w, c, conf_read_file(c, path, CONF_FILE_MAX, PROBLEM_ERROR), path);
	check(wrappers_find(&w, SLICE("generic")) != NULL);
	path = conf_written(c, OPT_LANGUAGE_STRINGS);
	languages_parse(&l, conf_arena(c), c,
	    conf_read_file(c, path, CONF_FILE_MAX, PROBLEM_ERROR), path,
	    conf_problems_rw(c));
	check(l.texts.n >= 70);
	check_slice(languages_get(&l, "noticeprefix"), "Warning");
	expect_no_problems(c);
	conf_free(c);
}

UNIT_MAIN(unit(every_option_stands_there_once),
    unit(values_are_the_tables_but_for_a_list),
    unit(it_loads_without_a_problem), unit(files_it_names_are_there),
    unit(name_rules_tell_good_from_bad), unit(scanners_and_languages_parse))
