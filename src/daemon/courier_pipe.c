#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/courier_private.h"
#include "sys/clock.h"
#include "sys/io.h"
#include "sys/run.h"

enum {
	WORDS_MAX = 32, /* of the command, recipients not counted */
	OUTPUT_MAX = 4096,
	CHUNK = 64 * 1024,
};

/* What sysexits.h says about mail, and only that: a program that is missing
 * or misconfigured must not bounce anything. */
static const struct {
	int status;
	const char *code, *text;
} permanent[] = {
    {65, "5.6.0", "The program says: data format error"},
    {67, "5.1.1", "The program says: there is no such user"},
    {68, "5.1.2", "The program says: there is no such host"},
    {77, "5.7.1", "The program says: permission denied"},
};

int
courier_pipe_check(struct slice command, struct fail *why)
{
	struct slice word;
	size_t n = 0;

	if (!slice_starts(command, "/"))
		return fail_set(
		    why, FAIL_CONFIG, "the program is not an absolute path");
	while (slice_word(&command, &word))
		n++;
	if (n > WORDS_MAX)
		return fail_set(
		    why, FAIL_CONFIG, "more than %d words", WORDS_MAX);
	return 0;
}

/* ---- the message on standard input ---- */

/* Append s with LF line ends; *cr: one is held back. */
static void
add_lf_lines(struct buf *out, struct slice s, bool *cr)
{
	for (size_t i = 0; i < s.n; i++) {
		if (*cr && s.p[i] != '\n')
			(void)buf_addc(out, '\r');
		*cr = s.p[i] == '\r';
		if (!*cr)
			(void)buf_addc(out, s.p[i]);
	}
}

static int
copy_lines(int to, const struct spool_mail *m, struct fail *why)
{
	struct buf in, out;
	uint64_t at = 0;
	bool cr = false;
	int rc = 0;

	buf_init(&in, CHUNK);
	buf_init(&out, CHUNK + 2);
	while (rc == 0 && at < m->size) {
		uint64_t left = m->size - at;
		size_t want = left < CHUNK ? (size_t)left : CHUNK;
		ssize_t n;

		n = io_read_at(
		    m->fd, buf_room(&in, want), want, m->offset + at, why);
		if (n < 0 || (size_t)n < want) {
			rc = n < 0 ? (int)n
				   : fail_set(why, FAIL_BAD,
					 "the message is cut short");
			break;
		}
		at += want;
		add_lf_lines(&out, slice_of(in.p, want), &cr);
		if (cr && at == m->size)
			(void)buf_addc(&out, '\r');
		rc = io_write(to, buf_slice(&out), why);
		buf_reset(&out);
	}
	buf_fini(&in);
	buf_fini(&out);
	return rc;
}

static int
open_input(const struct spool_mail *m, struct fail *why)
{
	int fd = memfd_create("message", MFD_CLOEXEC);
	int rc;

	if (fd < 0)
		return fail_errno(why, "cannot make a memory file");
	rc = copy_lines(fd, m, why);
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	return fd;
}

/* ---- the command ---- */

struct words {
	const char *at[RUN_ARGV_MAX + 1];
	size_t n;
};

static void
make_words(struct words *w, struct courier_pass *p)
{
	struct slice rest = p->c->lanes[p->lane].route->to, word;
	struct slice sender = p->mail->env.sender;
	bool told = false;

	if (sender.n == 0)
		sender = SLICE("<>");
	w->n = 0;
	while (slice_word(&rest, &word)) {
		bool here = slice_is(word, "%s");

		told |= here;
		w->at[w->n++] = arena_str(p->arena, here ? sender : word);
	}
	if (!told) {
		w->at[w->n++] = "-f";
		w->at[w->n++] = arena_str(p->arena, sender);
	}
	/* No address can be an option. */
	w->at[w->n++] = "--";
}

static void
judge(const struct run_result *r, struct smtp_delivery *to, size_t n)
{
	enum smtp_result_state state = SMTP_RESULT_TEMPORARY;
	const char *code = "4.3.0";
	char end[RUN_TEXT_MAX], text[SMTP_REPLY_TEXT_MAX];
	struct slice said = slice_trim(buf_slice(&r->err));

	if (said.n == 0)
		said = slice_trim(buf_slice(&r->out));
	run_result_explain(r, end);
	(void)snprintf(text, sizeof(text), "The program %s%s%.*s", end,
	    said.n > 0 ? ": " : "", SLICE_FMT(slice_sub(said, 0, 150)));
	if (run_result_is_success(r)) {
		state = SMTP_RESULT_DELIVERED;
		code = "2.0.0";
		(void)snprintf(text, sizeof(text), "Taken by the program");
	}
	for (size_t i = 0; r->end == RUN_EXITED && i < COUNT_OF(permanent); i++)
		if (r->status == permanent[i].status) {
			state = SMTP_RESULT_PERMANENT;
			code = permanent[i].code;
			(void)snprintf(text, sizeof(text), "%s%s%.*s",
			    permanent[i].text, said.n > 0 ? ": " : "",
			    SLICE_FMT(slice_sub(said, 0, 150)));
		}
	for (size_t i = 0; i < n; i++)
		smtp_result_set(&to[i].result, state, code, text);
}

static int
run_once(const struct words *w, int input, struct smtp_delivery *to, size_t n,
    struct fail *why)
{
	struct run_spec spec = {
	    .argv = w->at,
	    .cwd_fd = -1,
	    .stdin_fd = input,
	    .deadline = clock_mono() + COURIER_PIPE_SEC * CLOCK_SEC,
	    .out_max = OUTPUT_MAX,
	    .err_max = OUTPUT_MAX,
	};
	struct run_result r;
	int rc;

	if (lseek(input, 0, SEEK_SET) < 0)
		return fail_errno(why, "cannot rewind the message");
	rc = run_command(&spec, &r, why);
	if (rc < 0)
		return rc;
	judge(&r, to, n);
	run_result_fini(&r);
	return 0;
}

void
courier_pipe_deliver(struct courier_pass *p)
{
	struct words w;
	struct fail why;
	size_t head, each;
	int input = open_input(p->mail, &why);

	if (input < 0) {
		courier_pass_result(
		    p, SMTP_RESULT_TEMPORARY, "4.3.0", why.text);
		return;
	}
	make_words(&w, p);
	head = w.n;
	each = RUN_ARGV_MAX - head;
	for (size_t i = 0; i < p->count; i += each) {
		size_t n = p->count - i < each ? p->count - i : each;

		w.n = head;
		for (size_t k = 0; k < n; k++)
			w.at[w.n++] = arena_str(
			    p->arena, p->to[i + k].recipient->address);
		w.at[w.n] = NULL;
		if (run_once(&w, input, p->to + i, n, &why) == 0)
			continue;
		for (size_t k = i; k < i + n; k++)
			smtp_result_set(&p->to[k].result, SMTP_RESULT_TEMPORARY,
			    "4.3.0", why.text);
	}
	(void)close(input);
}
