#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mail/message.h"
#include "scan/virus.h"
#include "test/unit.h"

static void
add_entity(struct message *m, const char *name, struct slice bytes)
{
	struct entity *e = vec_push(m->arena, &m->entities);

	e->index = (int)m->entities.n - 1;
	e->leaf = true;
	e->bytes = bytes;
	e->safe_name = slice_str(name);
}

UNIT(a_message_becomes_a_job_and_back)
{
	struct message m = {.arena = arena_new(0)};
	struct virus_job job;
	struct fail why;
	int fd;

	m.raw = SLICE("From: a\n\nplain part\n");
	m.env.id = SLICE("1abc");
	add_entity(&m, "", m.raw);
	add_entity(&m, "", slice_from(m.raw, 9)); /* not encoded: a view */
	add_entity(&m, "../-x y.exe", SLICE("decoded"));
	add_entity(&m, "empty", SLICE_NONE);
	fd = virus_job_collect(&m, &why);
	check(fd >= 0);
	check_int(virus_job_open(&job, fd, m.arena, &why), 0);
	check_slice(job.id, "1abc");
	check_int(job.objects.n, 3);
	check_slice(job.objects.at[0].name, "message");
	check_int(job.objects.at[1].offset, 9);
	check_slice(job.objects.at[1].name, "part");
	check_slice(job.objects.at[2].name, "_._-x_y.exe");
	check_int(job.objects.at[2].entity, 2);
	check_int(job.objects.at[2].offset, m.raw.n);
	check_slice(slice_sub(job.bytes, m.raw.n, m.raw.n + 7), "decoded");
	virus_job_close(&job);
	(void)close(fd);
	arena_free(m.arena);
}

UNIT(what_is_no_sealed_job_is_refused)
{
	struct arena *a = arena_new(0);
	struct virus_job job;
	struct fail why;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	check_int(write(fd, "0123456789abcdef", 16), 16);
	check_int(virus_job_open(&job, fd, a, &why), FAIL_PEER);
	check_int(virus_job_open(&job, -1, a, &why), FAIL_PEER);
	(void)close(fd);
	arena_free(a);
}

UNIT(a_result_fits_the_wire_whatever_was_found)
{
	struct arena *a = arena_new(0);
	struct virus_result r = {0}, back = {0};
	struct virus_hit hit = {0};
	char text[1000];
	struct unpack u;
	struct buf b;
	int i;

	memset(text, '\1', sizeof(text));
	hit.scanner = slice_of(text, sizeof(text));
	hit.name = hit.report = hit.scanner;
	for (i = 0; i < 500; i++) {
		hit.entity = i;
		virus_result_add_hit(&r, a, &hit);
	}
	for (i = 0; i < VIRUS_SCANNERS_MAX; i++)
		virus_result_add_state(&r, a,
		    &(struct virus_state){
			hit.scanner, VIRUS_TIMEOUT, hit.scanner, 7});
	check_int(r.hits.n, VIRUS_HITS_MAX);
	check(r.more);
	buf_init(&b, VIRUS_RESULT_PACKED_MAX);
	virus_result_pack(&b, &r);
	check(!b.full);
	u = unpack_of(buf_slice(&b));
	virus_result_unpack(&u, &back, a);
	check(unpack_done(&u));
	check_int(back.hits.n, VIRUS_HITS_MAX);
	check_int(back.hits.at[99].entity, 99);
	check_int(back.scanners.at[31].status, VIRUS_TIMEOUT);
	check(back.more);
	buf_fini(&b);
	arena_free(a);
}

UNIT(findings_and_incompletes)
{
	struct message m = {.arena = arena_new(0)};
	struct virus_result r = {0};

	add_entity(&m, "", SLICE("m"));
	add_entity(&m, "a", SLICE("b"));
	virus_result_add_hit(&r, m.arena,
	    &(struct virus_hit){
		1, SLICE("clamd"), SLICE("Phish.X"), SLICE("report")});
	virus_result_add_hit(&r, m.arena,
	    &(struct virus_hit){
		0, SLICE("clamd"), SLICE("Bad"), SLICE("whole")});
	virus_result_add_hit(&r, m.arena,
	    &(struct virus_hit){
		77, SLICE("clamd"), SLICE("Bad"), SLICE("nowhere")});
	r.more = true;
	virus_result_add_state(&r, m.arena,
	    &(struct virus_state){
		SLICE("clamd"), VIRUS_FAILED, SLICE("down"), 1});
	virus_apply(&m, &r, SLICE("Phish*"));
	check_int(m.verdict.findings.n, 4);
	check_int(m.verdict.findings.at[0].wish, WISH_NOTE);
	check_int(m.verdict.findings.at[0].entity, 1);
	check_int(m.verdict.findings.at[1].wish, WISH_BLOCK);
	check_int(m.verdict.findings.at[1].entity, ENTITY_WHOLE);
	check_int(m.verdict.findings.at[2].entity, ENTITY_WHOLE);
	check_int(m.verdict.findings.at[3].wish, WISH_BLOCK);
	check_slice(m.verdict.incomplete.at[0].check, "virus:clamd");
	check_slice(m.verdict.incomplete.at[0].reason, "down");
	arena_free(m.arena);
}

UNIT_MAIN(unit(a_message_becomes_a_job_and_back),
    unit(what_is_no_sealed_job_is_refused),
    unit(a_result_fits_the_wire_whatever_was_found),
    unit(findings_and_incompletes))
