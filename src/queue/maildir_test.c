#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/maildir.h"
#include "test/unit.h"

UNIT(paths_cannot_leave_their_place)
{
	static const struct {
		const char *pattern, *address, *path; /* NULL: refused */
	} rows[] = {
	    {"/m/%d/%u", "Joe@Example.ORG", "/m/example.org/Joe"},
	    {"/m/%a/", "a+b@c.example", "/m/a+b@c.example/"},
	    {"/m/%u", "../../etc/passwd@x", "/m/%2E%2E%2F.%2E%2Fetc%2Fpasswd"},
	    {"/m/%d", "a@..", "/m/%2E%2E"},
	    {"/m/%d", "a@.", "/m/%2E"},
	    {"/m/%d/%u", "postmaster", "/m/_/postmaster"},
	    {"/m/%u", ".hidden@x", "/m/%2Ehidden"},
	    {"/m/%u", "\"a b\"@x", "/m/%22a%20b%22"},
	    {"/m/%u", "m\xc3\xbc@x", "/m/m%C3%BC"},
	    {"/m/100%%", "a@x", "/m/100%"},
	    {"m/%u", "a@x", NULL},
	    {"/m/%x", "a@x", NULL},
	    {"/m/%", "a@x", NULL},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct buf b;
		struct fail why;

		buf_init(&b, MAILDIR_PATH_MAX + 1);
		check_int(maildir_path(&b, slice_str(rows[i].pattern),
			      slice_str(rows[i].address), &why),
		    rows[i].path != NULL ? 0 : FAIL_CONFIG);
		if (rows[i].path != NULL)
			check_slice(buf_slice(&b), rows[i].path);
		buf_fini(&b);
	}
}

UNIT(a_long_name_is_cut_and_kept_apart)
{
	char one[400], two[400];
	struct buf a, b;

	memset(one, 'x', sizeof(one));
	memset(two, 'x', sizeof(two));
	two[399] = 'y';
	buf_init(&a, MAILDIR_PATH_MAX + 1);
	buf_init(&b, MAILDIR_PATH_MAX + 1);
	check_int(maildir_path(&a, SLICE("/%u"), slice_of(one, 400), NULL), 0);
	check_int(maildir_path(&b, SLICE("/%u"), slice_of(two, 400), NULL), 0);
	check_int(a.n, MAILDIR_NAME_MAX + 1);
	check(!slice_eq(buf_slice(&a), buf_slice(&b)));
	buf_fini(&a);
	buf_fini(&b);
}

static size_t
count(const char *dir, const char *sub)
{
	char path[512];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, sub);
	d = opendir(path);
	check(d != NULL);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static struct maildir_message
message(const char *text)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/source", unit_tmpdir());
	unit_write(path, slice_str(text));
	return (struct maildir_message){
	    .key = SLICE("1.Q.host"),
	    .prefix = SLICE("Return-Path: <a@b>\n"),
	    .fd = open(path, O_RDONLY),
	    .offset = 2,
	    .size = strlen(text) - 2,
	};
}

UNIT(a_message_arrives_once_and_leaves_no_trace)
{
	struct maildir_message m = message("xxSubject: a\r\n\r\nb\rc\r\r\nd\r");
	char dir[300], path[512], moved[512];

	(void)snprintf(dir, sizeof(dir), "%s/deep/er/box", unit_tmpdir());
	(void)snprintf(path, sizeof(path), "%s/new/1.Q.host", dir);
	(void)snprintf(moved, sizeof(moved), "%s/cur/1.Q.host:2,S", dir);
	check_int(maildir_deliver(dir, &m, NULL), 0);
	check_slice(
	    unit_read(path), "Return-Path: <a@b>\nSubject: a\n\nb\rc\r\nd\r");
	check_int(maildir_deliver(dir, &m, NULL), 0);
	check_int(count(dir, "new"), 1);
	/* The reader is faster than the record. */
	check_int(rename(path, moved), 0);
	check_int(maildir_deliver(dir, &m, NULL), 0);
	check_int(count(dir, "new"), 0);
	check_int(count(dir, "tmp"), 1);
	maildir_forget(dir, m.key);
	check_int(count(dir, "tmp"), 0);
	check_int(count(dir, "cur"), 1);
	close(m.fd);
}

UNIT(what_a_crash_left_in_tmp_is_written_again)
{
	struct maildir_message m = message("xxwhole");
	char dir[300], tmp[512], path[512];

	(void)snprintf(dir, sizeof(dir), "%s/crash", unit_tmpdir());
	(void)snprintf(path, sizeof(path), "%s/new/1.Q.host", dir);
	(void)snprintf(tmp, sizeof(tmp), "%s/tmp/1.Q.host", dir);
	check_int(mkdir(dir, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/tmp", dir);
	check_int(mkdir(path, 0700), 0);
	unit_write(tmp, SLICE("hal"));
	check_int(maildir_deliver(dir, &m, NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/new/1.Q.host", dir);
	check_slice(unit_read(path), "Return-Path: <a@b>\nwhole");
	close(m.fd);
}

UNIT(failures_are_told)
{
	struct maildir_message m = message("xxwhole");
	struct fail why;
	char file[300], dir[400];

	(void)snprintf(file, sizeof(file), "%s/file", unit_tmpdir());
	unit_write(file, SLICE("x"));
	(void)snprintf(dir, sizeof(dir), "%s/box", file);
	check(maildir_deliver(dir, &m, &why) < 0);
	check(strstr(why.text, "file") != NULL);
	m.size += 1; /* the spool file is shorter than its record says */
	(void)snprintf(dir, sizeof(dir), "%s/short", unit_tmpdir());
	check_int(maildir_deliver(dir, &m, &why), FAIL_BAD);
	check_int(count(dir, "new"), 0);
	check_int(count(dir, "tmp"), 0);
	close(m.fd);
}

UNIT_MAIN(unit(paths_cannot_leave_their_place),
    unit(a_long_name_is_cut_and_kept_apart),
    unit(a_message_arrives_once_and_leaves_no_trace),
    unit(what_a_crash_left_in_tmp_is_written_again), unit(failures_are_told))
