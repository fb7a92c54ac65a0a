/* cmd_status - what the running daemon is doing. */
#define _GNU_SOURCE
#include <stdio.h>

#include "base/jsontree.h"
#include "base/num.h"
#include "cmd/args.h"
#include "cmd/ask.h"
#include "cmd/cmd.h"

static const char help[] =
    "usage: reeve status [-c FILE] [--json]\n"
    "\n"
    "What the running daemon is doing, from its control socket. Ends with 0\n"
    "when it runs, with 1 when mail waits because of trouble with the queue,\n"
    "with 2 when no daemon answers.\n";

static long long
number(const struct jsontree *t, const char *key)
{
	int64_t n = 0;

	(void)num_parse_i64(jsontree_text(t, key), INT64_MIN, INT64_MAX, &n);
	return n;
}

static void
print_process(const struct jsontree *p)
{
	struct slice role = jsontree_text(p, "role");

	(void)printf("  %-10.*s %2lld  pid %-7lld %6lld kB  %lld s",
	    (int)role.n, role.p, number(p, "index"), number(p, "pid"),
	    number(p, "resident_kb"), number(p, "seconds"));
	if (number(p, "restarts") > 0)
		(void)printf("  restarted %lld times", number(p, "restarts"));
	(void)putchar('\n');
}

static void
print_status(const struct jsontree *t)
{
	const struct jsontree *mail = jsontree_get(t, "mail");
	const struct jsontree *list = jsontree_get(t, "processes"), *p;
	struct slice version = jsontree_text(t, "version");
	struct slice state = jsontree_text(t, "state");
	struct slice config = jsontree_text(t, "config");

	(void)printf("Reeve %.*s is %.*s: pid %lld, for %lld seconds, "
		     "generation %lld\nconfiguration %.*s\n",
	    SLICE_FMT(version), SLICE_FMT(state), number(t, "pid"),
	    number(t, "seconds"), number(t, "generation"), SLICE_FMT(config));
	(void)printf("mail: %lld waiting, %lld in work, %lld examined: %lld "
		     "delivered, %lld not delivered, %lld put aside\n",
	    number(mail, "waiting"), number(mail, "in_work"),
	    number(mail, "examined"), number(mail, "delivered"),
	    number(mail, "discarded"), number(mail, "held"));
	(void)printf("trouble: %lld tried again, %lld workers lost, %lld "
		     "given up, %lld not recorded, %lld log lines dropped\n",
	    number(mail, "retried"), number(mail, "deaths"),
	    number(mail, "poison"), number(mail, "unrecorded"),
	    number(t, "log_lines_dropped"));
	if (number(mail, "trouble") > 0)
		(void)puts("the queue is in trouble: mail waits, see the log");
	jsontree_each(p, list) print_process(p);
}

int
cmd_status(int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'j', 'j', "json", false}, {'h', 'h', "help", false},
	    {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	const char *conf = NULL;
	const struct jsontree *t;
	struct arena *a;
	struct buf text;
	bool json = false;
	int c, status;

	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case 'c':
			conf = args.value;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	buf_init(&text, 1024 * 1024);
	status = ask_daemon(conf, "status", &text);
	a = arena_new(0);
	t = status == CMD_OK ? jsontree_parse(a, buf_slice(&text)) : NULL;
	if (status == CMD_OK && t == NULL) {
		(void)fputs("reeve: the answer cannot be understood\n", stderr);
		status = CMD_FAILED;
	}
	if (t != NULL) {
		if (json)
			(void)fwrite(text.p, 1, text.n, stdout);
		else
			print_status(t);
		if (number(jsontree_get(t, "mail"), "trouble") > 0)
			status = CMD_FOUND;
	}
	arena_free(a);
	buf_fini(&text);
	return status;
}
