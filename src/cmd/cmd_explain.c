/* cmd_explain - the story of a message that went through, from history. */
#define _GNU_SOURCE
#include <stdio.h>

#include "act/explain.h"
#include "act/record.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/conf_path.h"
#include "config/conf.h"

enum { STORIES_MAX = 20, TEXT_MAX = 32 * 1024 * 1024 };

static const char help[] =
    "usage: reeve explain [-c FILE] [--json] ID\n"
    "\n"
    "What happened to a message and why. ID is its queue id, or its\n"
    "Message-ID with angle brackets. Ends with 1 when it is not known.\n"
    "\n"
    "  -c, --config FILE  configuration (MailScanner.conf)\n"
    "  -j, --json         the record as JSON, one object per line\n";

struct teller {
	bool json;
	unsigned told;
};

static void
tell(struct slice object, void *ctx)
{
	struct teller *t = ctx;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (t->json) {
		(void)buf_add(&text, object);
		(void)buf_addc(&text, '\n');
	} else {
		if (t->told > 0)
			(void)buf_addc(&text, '\n');
		if (!explain_text(&text, object))
			(void)buf_adds(
			    &text, "this record cannot be understood\n");
	}
	(void)fwrite(text.p, 1, text.n, stdout);
	buf_fini(&text);
	t->told++;
}

static int
look_up(const char *conf_file, const char *id, struct teller *t)
{
	const char *path = conf_path(conf_file);
	struct arena *a = arena_new(0);
	struct record *history = NULL;
	struct slice file;
	struct conf *conf;
	struct fail why;
	int code = FAIL_CONFIG;

	conf = path != NULL ? conf_load(path, &why) : conf_defaults();
	if (conf != NULL) {
		file = conf_text(conf, OPT_HISTORY_DATABASE, NULL, a);
		code = file.n == 0 ? fail_set(&why, FAIL_CONFIG,
					 "History Database is empty")
				   : record_open_reader(
					 &history, arena_str(a, file), &why);
	}
	if (code == 0)
		code = record_find(
		    history, slice_str(id), STORIES_MAX, tell, t, &why);
	if (code < 0)
		(void)fprintf(stderr, "reeve: %s\n", why.text);
	else if (code == 0)
		(void)fprintf(stderr, "reeve: history does not know %s\n", id);
	record_close(history);
	conf_free(conf);
	arena_free(a);
	return code < 0 ? CMD_FAILED : code == 0 ? CMD_FOUND : CMD_OK;
}

int
cmd_explain(int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'j', 'j', "json", false}, {'h', 'h', "help", false},
	    {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	struct teller t = {0};
	const char *conf = NULL, *id = NULL;
	int c;

	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case 'c':
			conf = args.value;
			break;
		case 'j':
			t.json = true;
			break;
		case ARGS_WORD:
			if (id == NULL) {
				id = args.value;
				break;
			}
			(void)fputs(help, stderr);
			return CMD_USAGE;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	if (id == NULL) {
		(void)fputs(help, stderr);
		return CMD_USAGE;
	}
	return look_up(conf, id, &t);
}
