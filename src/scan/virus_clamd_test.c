#include "base/arena.h"
#include "scan/virus_clamd.h"
#include "test/unit.h"

struct row {
	const char *name;
	struct slice received;
	bool ended;
	enum clamd_ask ask;
	enum clamd_answer answer;
	const char *text; /* NULL: not looked at */
};

#define R(s) SLICE_LIT(s)
#define STREAM CLAMD_ASK_STREAM
#define FILDES CLAMD_ASK_FILDES

static const struct row rows[] = {
    {"clean", R("7: stream: OK\0"), false, STREAM, CLAMD_CLEAN, ""},
    {"clean fd", R("7: fd[12]: OK\0"), false, FILDES, CLAMD_CLEAN, ""},
    {"found", R("7: stream: Eicar-Test FOUND\0"), false, STREAM, CLAMD_INFECTED,
	"Eicar-Test"},
    {"found fd", R("7: fd[3]: X FOUND\0"), false, FILDES, CLAMD_INFECTED, "X"},
    {"found then dead", R("7: stream: X FOUND"), true, STREAM, CLAMD_INFECTED,
	"X"},
    {"found then noise", R("7: stream: X FOUND\0noise"), false, STREAM,
	CLAMD_INFECTED, "X"},
    {"digest", R("7: stream: X(44d88612fea8:68) FOUND\0"), false, STREAM,
	CLAMD_INFECTED, "X"},
    {"name in brackets", R("7: stream: X(b) FOUND\0"), false, STREAM,
	CLAMD_INFECTED, "X(b)"},
    {"ok then dead", R("7: stream: OK"), true, STREAM, CLAMD_GARBAGE, NULL},
    {"ok twice",
	R("7: stream: OK\0"
	  "7: stream: OK\0"),
	false, STREAM, CLAMD_GARBAGE, NULL},
    {"ok with a line feed", R("7: stream: OK\n\0"), false, STREAM,
	CLAMD_GARBAGE, NULL},
    {"ok of another", R("6: stream: OK\0"), false, STREAM, CLAMD_GARBAGE, NULL},
    {"ok of no number", R("stream: OK\0"), false, STREAM, CLAMD_GARBAGE, NULL},
    {"ok for another file", R("7: /etc/passwd: OK\0"), false, STREAM,
	CLAMD_GARBAGE, NULL},
    {"ok for fd instead", R("7: fd[1]: OK\0"), false, STREAM, CLAMD_GARBAGE,
	NULL},
    {"ok for stream instead", R("7: stream: OK\0"), false, FILDES,
	CLAMD_GARBAGE, NULL},
    {"lower case", R("7: stream: ok\0"), false, STREAM, CLAMD_GARBAGE, NULL},
    {"OK at the end of more", R("7: stream: not OK\0"), false, STREAM,
	CLAMD_GARBAGE, NULL},
    {"found without name", R("7: stream:  FOUND\0"), false, STREAM,
	CLAMD_GARBAGE, NULL},
    {"cut found", R("7: stream: X FOU"), true, STREAM, CLAMD_GARBAGE, NULL},
    {"empty", R("\0"), false, STREAM, CLAMD_GARBAGE, NULL},
    {"nothing", R(""), true, STREAM, CLAMD_GARBAGE, NULL},
    {"NULs", R("\0\0\0\0"), false, STREAM, CLAMD_GARBAGE, NULL},
    {"error", R("7: stream: Can't allocate memory ERROR\0"), false, STREAM,
	CLAMD_REFUSED, "Can't allocate memory"},
    {"too long", R("7: INSTREAM size limit exceeded. ERROR\0"), false, STREAM,
	CLAMD_REFUSED, "INSTREAM size limit exceeded."},
    {"limit", R("7: stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0"),
	false, STREAM, CLAMD_REFUSED, NULL},
    {"unknown", R("UNKNOWN COMMAND\0"), false, STREAM, CLAMD_GARBAGE, NULL},
    {"a number without end",
	R("77777777777777777777777777777777: stream: OK\0"), false, STREAM,
	CLAMD_GARBAGE, NULL},
};

UNIT(replies)
{
	const struct row *r;

	for (r = rows; r < rows + COUNT_OF(rows); r++) {
		struct clamd_reply reply = {0};

		print_message("# %s\n", r->name);
		/* SLICE_LIT does not count the NUL that C adds. */
		check(clamd_reply_parse(
		    r->received, r->ended, 7, r->ask, &reply));
		check_int(reply.answer, r->answer);
		if (r->text != NULL)
			check_slice(reply.text, r->text);
	}
}

UNIT(chunks_do_not_matter)
{
	struct slice whole = SLICE("7: stream: Eicar FOUND\0");
	struct clamd_reply reply;
	size_t n;

	for (n = 0; n < whole.n; n++)
		check(!clamd_reply_parse(slice_sub(whole, 0, n), false, 7,
		    CLAMD_ASK_STREAM, &reply));
}

UNIT(a_reply_has_an_end)
{
	static char much[CLAMD_REPLY_MAX + 1];
	struct clamd_reply reply;

	memset(much, 'x', sizeof(much));
	check(clamd_reply_parse(
	    slice_of(much, sizeof(much)), false, 7, CLAMD_ASK_STREAM, &reply));
	check_int(reply.answer, CLAMD_GARBAGE);
	/* Also when an OK hides behind it. */
	memcpy(much + CLAMD_REPLY_MAX - 14, "\0007: stream: OK", 15);
	check(clamd_reply_parse(
	    slice_of(much, sizeof(much)), false, 7, CLAMD_ASK_STREAM, &reply));
	check_int(reply.answer, CLAMD_GARBAGE);
}

UNIT(commands)
{
	unsigned char head[CLAMD_CHUNK_HEAD];

	check_bytes(clamd_command(CLAMD_ASK_STREAM), SLICE("zINSTREAM\0"));
	check_bytes(clamd_command(CLAMD_ASK_FILDES), SLICE("zFILDES\0"));
	clamd_chunk_head(0x01020304, head);
	check(memcmp(head, "\1\2\3\4", 4) == 0);
}

UNIT_MAIN(unit(replies), unit(chunks_do_not_matter), unit(a_reply_has_an_end),
    unit(commands))
