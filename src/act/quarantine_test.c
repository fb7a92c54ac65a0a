#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/quarantine.h"
#include "test/unit.h"

static const char *
path_of(struct arena *a, const char *tail)
{
	return arena_str(a, arena_printf(a, "%s/%s", unit_tmpdir(), tail));
}

static struct quarantine *
opened(struct arena *a, const char *name)
{
	struct quarantine_config cfg = {
	    .root = path_of(a, name),
	    .user = (uid_t)-1,
	    .group = (gid_t)-1,
	    .file_mode = 0640,
	    .dir_mode = 0750,
	};
	struct quarantine *q;
	struct fail why;

	check_int(quarantine_open(&q, &cfg, &why), 0);
	return q;
}

static struct claim_content
content(struct arena *a, const char *text)
{
	const char *path = path_of(a, "content");
	struct claim_content c;

	unit_write(path, slice_str(text));
	c.fd = open(path, O_RDONLY | O_CLOEXEC);
	check(c.fd >= 0);
	c.offset = 5;
	c.size = strlen(text) - 5;
	return c;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	check_int(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static const struct keep_item two[] = {
    {SLICE_LIT("20260101/ID1"), SLICE_LIT("message"), true, {0}},
    {SLICE_LIT("20260101/ID1"), SLICE_LIT("eicar.com"), false,
	SLICE_LIT("EICAR")},
};

UNIT(tree_and_modes)
{
	struct arena *a = arena_new(0);
	struct quarantine *q = opened(a, "q1");
	struct claim_content c = content(a, "junk.From: x\n\nbody\n");
	struct fail why;

	check_int(quarantine_add(q, two, 2, &c, &why), 0);
	check_int(quarantine_sync(q, &why), 0);
	check_slice(unit_read(path_of(a, "q1/20260101/ID1/message")),
	    "From: x\n\nbody\n");
	check_slice(
	    unit_read(path_of(a, "q1/20260101/ID1/eicar.com")), "EICAR");
	check_int(mode_of(path_of(a, "q1/20260101/ID1/message")), 0640);
	check_int(mode_of(path_of(a, "q1/20260101/ID1")), 0750);
	check_int(mode_of(path_of(a, "q1/20260101")), 0750);
	(void)close(c.fd);
	quarantine_close(q);
	arena_free(a);
}

UNIT(again_is_the_same)
{
	struct arena *a = arena_new(0);
	struct quarantine *q = opened(a, "q2");
	struct claim_content c = content(a, "junk.abc\n");
	struct fail why;
	int i;

	check_int(quarantine_add(q, two, 1, &c, &why), 0);
	/* A try that died left this behind. */
	unit_write(path_of(a, "q2/20260101/ID1/.tmp.1.1"), SLICE("half"));
	for (i = 0; i < 3; i++)
		check_int(quarantine_add(q, two, 2, &c, &why), 0);
	check_int(quarantine_sync(q, &why), 0);
	check(access(path_of(a, "q2/20260101/ID1/.tmp.1.1"), F_OK) != 0);
	check(access(path_of(a, "q2/20260101/ID1+2"), F_OK) != 0);
	check_slice(
	    unit_read(path_of(a, "q2/20260101/ID1/eicar.com")), "EICAR");
	(void)close(c.fd);
	quarantine_close(q);
	arena_free(a);
}

UNIT(another_message_of_the_same_id)
{
	struct arena *a = arena_new(0);
	struct quarantine *q = opened(a, "q3");
	struct claim_content c = content(a, "junk.first\n");
	struct fail why;

	check_int(quarantine_add(q, two, 2, &c, &why), 0);
	(void)close(c.fd);
	c = content(a, "junk.other\n");
	check_int(quarantine_add(q, two, 2, &c, &why), 0);
	check_int(quarantine_add(q, two, 2, &c, &why), 0);
	check_slice(
	    unit_read(path_of(a, "q3/20260101/ID1/message")), "first\n");
	check_slice(
	    unit_read(path_of(a, "q3/20260101/ID1+2/message")), "other\n");
	check(access(path_of(a, "q3/20260101/ID1+3"), F_OK) != 0);
	(void)close(c.fd);
	quarantine_close(q);
	arena_free(a);
}

/* A symbolic link in the tree is never followed. */
UNIT(links)
{
	struct arena *a = arena_new(0);
	struct quarantine *q = opened(a, "q4");
	struct claim_content c = content(a, "junk.first\n");
	struct fail why;

	check_int(mkdir(path_of(a, "q4/elsewhere"), 0700), 0);
	check_int(symlink("elsewhere", path_of(a, "q4/20260101")), 0);
	check(quarantine_add(q, two, 2, &c, &why) < 0);
	check(access(path_of(a, "q4/elsewhere/ID1"), F_OK) != 0);
	(void)close(c.fd);
	quarantine_close(q);
	arena_free(a);
}

UNIT(message_cut)
{
	struct arena *a = arena_new(0);
	struct quarantine *q = opened(a, "q5");
	struct claim_content c = content(a, "junk.first\n");
	struct fail why;

	c.size += 10;
	check_int(quarantine_add(q, two, 2, &c, &why), FAIL_IO);
	check(access(path_of(a, "q5/20260101/ID1/message"), F_OK) != 0);
	(void)close(c.fd);
	quarantine_close(q);
	arena_free(a);
}

UNIT_MAIN(unit(tree_and_modes), unit(again_is_the_same),
    unit(another_message_of_the_same_id), unit(links), unit(message_cut))
