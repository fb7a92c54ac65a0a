#include "act/record.h"

#include <sqlite3.h>

#include "base/jsontree.h"
#include "base/num.h"

enum {
	SCHEMA_VERSION = 1,
	BUSY_MS = 5000, /* another program reads or backs up the file */
	RECIPIENTS_INDEXED_MAX = 1000
};

struct record {
	struct arena *arena;
	sqlite3 *db;
	sqlite3_stmt *insert, *recipient, *find, *recent;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS message ("
    " key INTEGER PRIMARY KEY,"
    " claim TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " time INTEGER NOT NULL,"
    " messageid TEXT NOT NULL,"
    " sender TEXT NOT NULL,"
    " action TEXT NOT NULL,"
    " story TEXT NOT NULL,"
    " UNIQUE (id, claim));"
    "CREATE INDEX IF NOT EXISTS message_time ON message (time);"
    "CREATE INDEX IF NOT EXISTS message_messageid ON message (messageid);"
    "CREATE INDEX IF NOT EXISTS message_sender ON message (sender);"
    "CREATE TABLE IF NOT EXISTS recipient ("
    " message INTEGER NOT NULL REFERENCES message (key) ON DELETE CASCADE,"
    " address TEXT NOT NULL,"
    " PRIMARY KEY (message, address)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS recipient_address ON recipient (address);";

/* MailWatch's columns, each a member of the story's "maillog" object; those
 * that only a console fills are there with their first value. */
#define COLUMN(name) " json_extract(story, '$.maillog." #name "') AS " #name ","
static const char view[] =
    "CREATE VIEW IF NOT EXISTS maillog AS SELECT key AS maillog_id,"
    // clang-format off
    COLUMN(timestamp) COLUMN(id) COLUMN(size)
    COLUMN(from_address) COLUMN(from_domain)
    COLUMN(to_address) COLUMN(to_domain)
    COLUMN(subject) COLUMN(clientip) COLUMN(archive)
    COLUMN(isspam) COLUMN(ishighspam) COLUMN(issaspam) COLUMN(isrblspam)
    COLUMN(spamwhitelisted) COLUMN(spamblacklisted)
    COLUMN(sascore) COLUMN(spamreport)
    COLUMN(virusinfected) COLUMN(nameinfected) COLUMN(otherinfected)
    COLUMN(report) COLUMN(ismcp) COLUMN(ishighmcp) COLUMN(issamcp)
    COLUMN(mcpwhitelisted) COLUMN(mcpblacklisted)
    COLUMN(mcpsascore) COLUMN(mcpreport)
    COLUMN(hostname) COLUMN(date) COLUMN(time) COLUMN(headers)
    COLUMN(quarantined) COLUMN(rblspamreport) COLUMN(token) COLUMN(messageid)
    // clang-format on
    " 0 AS isfp, 0 AS isfn, 0 AS released, 0 AS salearn,"
    " datetime(time, 'unixepoch') AS last_update FROM message;";
#undef COLUMN

static int
failed(struct record *r, struct fail *why, const char *what)
{
	int code = r->db != NULL ? sqlite3_errcode(r->db) & 0xff : SQLITE_NOMEM;
	const char *text = r->db != NULL ? sqlite3_errmsg(r->db) : "no memory";

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = FAIL_AGAIN;
		break;
	case SQLITE_FULL:
		code = FAIL_FULL;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		code = FAIL_BAD;
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		code = FAIL_DENIED;
		break;
	default:
		code = FAIL_IO;
		break;
	}
	return fail_set(why, code, "history: %s: %s", what, text);
}

static int
run(struct record *r, const char *sql, struct fail *why, const char *what)
{
	if (sqlite3_exec(r->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(r, why, what);
	return 0;
}

static int
prepare(struct record *r, sqlite3_stmt **s, const char *sql, struct fail *why)
{
	if (sqlite3_prepare_v2(r->db, sql, -1, s, NULL) != SQLITE_OK)
		return failed(r, why, "prepare");
	return 0;
}

static int
schema_version(struct record *r, int *version, struct fail *why)
{
	sqlite3_stmt *s;
	int rc;

	rc = prepare(r, &s, "PRAGMA user_version", why);
	if (rc != 0)
		return rc;
	if (sqlite3_step(s) == SQLITE_ROW)
		*version = sqlite3_column_int(s, 0);
	else
		rc = failed(r, why, "version");
	(void)sqlite3_finalize(s);
	if (rc == 0 && *version > SCHEMA_VERSION)
		rc = fail_set(why, FAIL_CONFIG,
		    "history: the file is of a newer version (%d)", *version);
	return rc;
}

static int
setup_writer(struct record *r, struct fail *why)
{
	int rc, version = 0;

	rc = run(r,
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	    "PRAGMA foreign_keys=ON",
	    why, "settings");
	if (rc == 0)
		rc = schema_version(r, &version, why);
	if (rc == 0 && version < SCHEMA_VERSION) {
		rc = run(r, "BEGIN IMMEDIATE", why, "begin");
		if (rc == 0)
			rc = run(r, schema, why, "schema");
		if (rc == 0)
			rc = run(r, view, why, "view");
		if (rc == 0)
			rc = run(
			    r, "PRAGMA user_version=1; COMMIT", why, "schema");
	}
	if (rc == 0)
		rc = prepare(r, &r->insert,
		    "INSERT INTO message"
		    " (claim, id, time, messageid, sender, action, story)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		    " ON CONFLICT (id, claim) DO NOTHING",
		    why);
	if (rc == 0)
		rc = prepare(r, &r->recipient,
		    "INSERT OR IGNORE INTO recipient (message, address)"
		    " VALUES (?1, ?2)",
		    why);
	return rc;
}

static int
setup_reader(struct record *r, struct fail *why)
{
	int rc;

	rc = prepare(r, &r->find,
	    "SELECT story FROM message WHERE id = ?1 OR messageid = ?1"
	    " ORDER BY key DESC LIMIT ?2",
	    why);
	if (rc == 0)
		rc = prepare(r, &r->recent,
		    "SELECT story FROM message ORDER BY key DESC LIMIT ?1",
		    why);
	return rc;
}

static int
open_as(struct record **out, const char *path, bool writer, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct record *r = arena_make(a, struct record);
	int rc = 0, version;

	*out = NULL;
	r->arena = a;
	if (sqlite3_open_v2(path, &r->db,
		writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
		       : SQLITE_OPEN_READONLY,
		NULL) != SQLITE_OK)
		rc = failed(r, why, "open");
	if (rc == 0) {
		(void)sqlite3_busy_timeout(r->db, BUSY_MS);
		rc = writer ? setup_writer(r, why)
			    : schema_version(r, &version, why);
	}
	if (rc == 0)
		rc = setup_reader(r, why);
	if (rc != 0) {
		record_close(r);
		return fail_add(why, "%s", path);
	}
	*out = r;
	return 0;
}

int
record_open(struct record **r, const char *path, struct fail *why)
{
	return open_as(r, path, true, why);
}

int
record_open_reader(struct record **r, const char *path, struct fail *why)
{
	return open_as(r, path, false, why);
}

void
record_close(struct record *r)
{
	if (r == NULL)
		return;
	(void)sqlite3_finalize(r->insert);
	(void)sqlite3_finalize(r->recipient);
	(void)sqlite3_finalize(r->find);
	(void)sqlite3_finalize(r->recent);
	(void)sqlite3_close(r->db);
	arena_free(r->arena);
}

int
record_begin(struct record *r, struct fail *why)
{
	return run(r, "BEGIN IMMEDIATE", why, "begin");
}

int
record_commit(struct record *r, struct fail *why)
{
	int rc;

	rc = run(r, "COMMIT", why, "commit");
	if (rc != 0 && !sqlite3_get_autocommit(r->db))
		(void)sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static void
bind(sqlite3_stmt *s, int at, struct slice v)
{
	(void)sqlite3_bind_text64(
	    s, at, v.n > 0 ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8);
}

static int
step(struct record *r, sqlite3_stmt *s, struct fail *why)
{
	int rc = 0;

	if (sqlite3_step(s) != SQLITE_DONE)
		rc = failed(r, why, "insert");
	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
	return rc;
}

static int
add_recipients(struct record *r, const struct jsontree *story, struct fail *why)
{
	const struct jsontree *to;
	sqlite3_int64 key = sqlite3_last_insert_rowid(r->db);
	unsigned n = 0;
	int rc = 0;

	jsontree_each(to, jsontree_get(story, "to"))
	{
		if (rc != 0 || n++ == RECIPIENTS_INDEXED_MAX)
			break;
		(void)sqlite3_bind_int64(r->recipient, 1, key);
		bind(r->recipient, 2, to->text);
		rc = step(r, r->recipient, why);
	}
	return rc;
}

int
record_add(
    struct record *r, struct slice claim, struct slice json, struct fail *why)
{
	struct arena *a = arena_new(0);
	const struct jsontree *story = jsontree_parse(a, json);
	int64_t time = 0;
	int rc;

	if (jsontree_get(story, "id") == NULL) {
		arena_free(a);
		return fail_set(why, FAIL_BAD, "history: not a record");
	}
	(void)num_parse_i64(
	    jsontree_text(story, "time"), INT64_MIN, INT64_MAX, &time);
	bind(r->insert, 1, claim);
	bind(r->insert, 2, jsontree_text(story, "id"));
	(void)sqlite3_bind_int64(r->insert, 3, time);
	bind(r->insert, 4, jsontree_text(story, "messageid"));
	bind(r->insert, 5, jsontree_text(story, "from"));
	bind(r->insert, 6, jsontree_text(story, "action"));
	bind(r->insert, 7, json);
	rc = step(r, r->insert, why);
	if (rc == 0 && sqlite3_changes(r->db) > 0)
		rc = add_recipients(r, story, why);
	arena_free(a);
	return rc;
}

/* Give every story that statement s finds to fn. */
static int
stories(struct record *r, sqlite3_stmt *s, record_fn *fn, void *ctx,
    struct fail *why)
{
	int rc, n = 0;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		fn(slice_of(text, (size_t)sqlite3_column_bytes(s, 0)), ctx);
		n++;
	}
	rc = rc == SQLITE_DONE ? n : failed(r, why, "search");
	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
	return rc;
}

int
record_find(struct record *r, struct slice id, unsigned max, record_fn *fn,
    void *ctx, struct fail *why)
{
	bind(r->find, 1, id);
	(void)sqlite3_bind_int64(r->find, 2, max);
	return stories(r, r->find, fn, ctx, why);
}

int
record_recent(
    struct record *r, unsigned max, record_fn *fn, void *ctx, struct fail *why)
{
	(void)sqlite3_bind_int64(r->recent, 1, max);
	return stories(r, r->recent, fn, ctx, why);
}
