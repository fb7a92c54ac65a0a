#include <sqlite3.h>
#include <stdio.h>

#include "act/record.h"
#include "base/arena.h"
#include "test/unit.h"

static const char *
path_of(struct arena *a, const char *tail)
{
	return arena_str(a, arena_printf(a, "%s/%s", unit_tmpdir(), tail));
}

static const char one[] =
    "{\"id\":\"ID1\",\"time\":1700000000,\"messageid\":\"<a@b>\","
    "\"from\":\"s@x\",\"to\":[\"r@y\",\"r2@y\",\"r@y\"],"
    "\"action\":\"quarantine\",\"maillog\":{\"id\":\"ID1\",\"size\":42,"
    "\"from_address\":\"s@x\",\"quarantined\":1}}";

struct seen {
	unsigned n;
	char text[1000];
};

static void
see(struct slice json, void *ctx)
{
	struct seen *s = ctx;

	s->n++;
	(void)snprintf(s->text, sizeof(s->text), "%.*s", SLICE_FMT(json));
}

/* One number out of the file, as any other program would read it. */
static int
number(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int n;

	check_int(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	check_int(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	check_int(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	return n;
}

UNIT(once_and_found)
{
	struct arena *a = arena_new(0);
	const char *path = path_of(a, "history.db");
	struct record *r, *reader;
	struct seen seen = {0};
	struct fail why;

	check_int(record_open(&r, path, &why), 0);
	check_int(record_begin(r, &why), 0);
	check_int(record_add(r, SLICE("c1"), slice_str(one), &why), 0);
	check_int(record_add(r, SLICE("c1"), slice_str(one), &why), 0);
	check_int(record_add(r, SLICE("c2"), slice_str(one), &why), 0);
	check_int(record_commit(r, &why), 0);
	check_int(record_open_reader(&reader, path, &why), 0);
	check_int(record_find(reader, SLICE("ID1"), 10, see, &seen, &why), 2);
	check_str(seen.text, one);
	check_int(record_find(reader, SLICE("<a@b>"), 1, see, &seen, &why), 1);
	check_int(record_find(reader, SLICE("ID2"), 1, see, &seen, &why), 0);
	check_int(record_recent(reader, 5, see, &seen, &why), 2);
	check_int(seen.n, 5);
	check_int(number(path, "SELECT count(*) FROM recipient"), 4);
	check_int(
	    number(path, "SELECT size FROM maillog WHERE quarantined = 1"), 42);
	record_close(reader);
	record_close(r);
	/* Opening again finds the schema in place. */
	check_int(record_open(&r, path, &why), 0);
	record_close(r);
	arena_free(a);
}

UNIT(troubles)
{
	struct arena *a = arena_new(0);
	const char *path = path_of(a, "broken.db");
	struct record *r;
	struct fail why;

	check_int(
	    record_open_reader(&r, path_of(a, "none.db"), &why), FAIL_DENIED);
	unit_write(path, SLICE("this is not a database, not at all, really"));
	check_int(record_open(&r, path, &why), FAIL_BAD);
	check(slice_find(slice_str(why.text), SLICE("broken.db")) >= 0);
	check_int(record_open(&r, path_of(a, "new.db"), &why), 0);
	check_int(record_add(r, SLICE("c"), SLICE("{"), &why), FAIL_BAD);
	check_int(record_add(r, SLICE("c"), SLICE("{}"), &why), FAIL_BAD);
	check_int(
	    number(path_of(a, "new.db"), "SELECT count(*) FROM message"), 0);
	record_close(r);
	arena_free(a);
}

UNIT_MAIN(unit(once_and_found), unit(troubles))
