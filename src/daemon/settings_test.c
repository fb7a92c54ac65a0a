#include <stdio.h>
#include <sys/stat.h>

#include "daemon/settings.h"
#include "test/unit.h"

struct house {
	struct conf *conf;
	struct arena *arena;
	struct settings s;
	struct fail why;
	int code;
};

static void
set(struct house *h, enum option opt, const char *value)
{
	conf_set(h->conf, opt, slice_str(value));
}

static void
begin(struct house *h)
{
	*h = (struct house){
	    .conf = conf_defaults_in("/nowhere"), .arena = arena_new(0)};
	set(h, OPT_RUN_AS_USER, "");
}

static void
load(struct house *h)
{
	h->code = settings_load(&h->s, h->conf, h->arena, &h->why);
}

static void
end(struct house *h)
{
	conf_free(h->conf);
	arena_free(h->arena);
}

static const char *
below(struct arena *a, const char *dir, const char *name)
{
	return arena_str(a, arena_printf(a, "%s/%s", dir, name));
}

UNIT(spool_has_its_rooms)
{
	struct house h;

	begin(&h);
	set(&h, OPT_MTA, "spool");
	set(&h, OPT_REEVE_SPOOL_DIRECTORY, "/var/spool/x");
	load(&h);
	check_int(h.code, 0);
	check_str(h.s.spool, "/var/spool/x");
	check_str(h.s.in[0], "/var/spool/x/incoming");
	check(h.s.in[1] == NULL);
	check_str(h.s.out, "/var/spool/x/outgoing");
	check_str(h.s.claims, "/var/spool/x/claims");
	check(!h.s.receives);
	end(&h);
	begin(&h);
	set(&h, OPT_MTA, "spool");
	set(&h, OPT_SMTP_LISTEN, "127.0.0.1:2525");
	set(&h, OPT_DELIVERY_ROUTE, "maildir:/tmp/%u");
	load(&h);
	check_int(h.code, 0);
	check(h.s.receives);
	check(h.s.delivers);
	end(&h);
}

UNIT(claims_lie_beside_the_queue)
{
	struct house h;

	begin(&h);
	set(&h, OPT_MTA, "sendmail");
	set(&h, OPT_INCOMING_QUEUE_DIR, "/q/mqueue.in");
	set(&h, OPT_OUTGOING_QUEUE_DIR, "/q/mqueue");
	load(&h);
	check_int(h.code, 0);
	check(h.s.spool == NULL);
	check_str(h.s.in[0], "/q/mqueue.in");
	check_str(h.s.claims, "/q/.reeve-claims.mqueue.in");
	end(&h);
	begin(&h);
	set(&h, OPT_MTA, "sendmail");
	set(&h, OPT_INCOMING_QUEUE_DIR, "/q/mqueue.in/");
	set(&h, OPT_OUTGOING_QUEUE_DIR, "/q/mqueue");
	set(&h, OPT_REEVE_CLAIM_DIRECTORY, "/q/mine");
	load(&h);
	check_int(h.code, 0);
	check_str(h.s.in[0], "/q/mqueue.in");
	check_str(h.s.claims, "/q/mine");
	end(&h);
}

UNIT(queues_by_pattern_and_by_list)
{
	struct house h;
	const char *tmp = unit_tmpdir(), *list;

	begin(&h);
	set(&h, OPT_MTA, "sendmail");
	set(&h, OPT_OUTGOING_QUEUE_DIR, "/q/mqueue");
	check_int(mkdir(below(h.arena, tmp, "q1"), 0700), 0);
	check_int(mkdir(below(h.arena, tmp, "q2"), 0700), 0);
	unit_write(below(h.arena, tmp, "q3"), SLICE("not a directory"));
	set(&h, OPT_INCOMING_QUEUE_DIR, below(h.arena, tmp, "q*"));
	load(&h);
	check_int(h.code, 0);
	check_str(h.s.in[0], below(h.arena, tmp, "q1"));
	check_str(h.s.in[1], below(h.arena, tmp, "q2"));
	check(h.s.in[2] == NULL);
	set(&h, OPT_INCOMING_QUEUE_DIR, below(h.arena, tmp, "none*"));
	load(&h);
	check_int(h.code, FAIL_CONFIG);
	list = below(h.arena, tmp, "list");
	unit_write(list, SLICE("# queues\n/a/one\n\n  /a/two/ # second\n"));
	set(&h, OPT_INCOMING_QUEUE_DIR, list);
	load(&h);
	check_int(h.code, 0);
	check_str(h.s.in[0], "/a/one");
	check_str(h.s.in[1], "/a/two");
	check(h.s.in[2] == NULL);
	unit_write(list, SLICE("# nothing\n"));
	load(&h);
	check_int(h.code, FAIL_CONFIG);
	check(slice_find(slice_str(h.why.text), SLICE("Incoming Queue Dir")) >=
	      0);
	end(&h);
}

UNIT(counts_stay_within_bounds)
{
	static const struct {
		const char *children, *keepers;
		unsigned workers, want;
	} cases[] = {{"1", "2", 1, 1}, {"2", "2", 2, 2}, {"5", "1", 5, 1},
	    {"10", "99", 10, SETTINGS_KEEPERS_MAX}, {"0", "0", 1, 1},
	    {"100000", "3", SETTINGS_WORKERS_MAX, 3}};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct house h;

		begin(&h);
		set(&h, OPT_MTA, "spool");
		set(&h, OPT_MAX_CHILDREN, cases[i].children);
		set(&h, OPT_REEVE_KEEPERS, cases[i].keepers);
		load(&h);
		check_int(h.code, 0);
		check_int(h.s.workers, cases[i].workers);
		check_int(h.s.keepers, cases[i].want);
		end(&h);
	}
}

UNIT(users)
{
	struct house h;

	begin(&h);
	set(&h, OPT_MTA, "spool");
	set(&h, OPT_RUN_AS_USER, "nobody");
	load(&h);
	check_int(h.code, 0);
	check(h.s.drop);
	check_int(h.s.uid, 65534);
	set(&h, OPT_RUN_AS_USER, "0");
	load(&h);
	check_int(h.code, 0);
	check(!h.s.drop);
	set(&h, OPT_RUN_AS_USER, "no-such-user-here");
	load(&h);
	check_int(h.code, FAIL_CONFIG);
	check(slice_starts(slice_str(h.why.text), "Run As User"));
	end(&h);
}

UNIT(empty_values_are_named)
{
	static const struct {
		enum option opt;
		const char *mta, *says;
	} cases[] = {{OPT_REEVE_SPOOL_DIRECTORY, "spool", "Reeve Spool"},
	    {OPT_INCOMING_QUEUE_DIR, "sendmail", "Incoming Queue Dir"},
	    {OPT_OUTGOING_QUEUE_DIR, "sendmail", "Outgoing Queue Dir"},
	    {OPT_PID_FILE, "spool", "PID file"}};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct house h;

		begin(&h);
		set(&h, OPT_MTA, cases[i].mta);
		set(&h, cases[i].opt, "");
		load(&h);
		check_int(h.code, FAIL_CONFIG);
		check(slice_starts(slice_str(h.why.text), cases[i].says));
		end(&h);
	}
}

UNIT_MAIN(unit(spool_has_its_rooms), unit(claims_lie_beside_the_queue),
    unit(queues_by_pattern_and_by_list), unit(counts_stay_within_bounds),
    unit(users), unit(empty_values_are_named))
