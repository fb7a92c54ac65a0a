#include "mime/parser_check.h"
#include "test/unit.h"

#define TOP "From: a@example.org\nMIME-Version: 1.0\n"
#define MIXED "Content-Type: multipart/mixed; boundary=x\n"

struct bed {
	struct arena *arena;
	struct mime_tree *tree;
};

static void
bed_init(struct bed *t, struct slice raw, const struct mime_limits *limits)
{
	t->arena = arena_new(0);
	t->tree = mime_parse(t->arena, raw, limits);
	parser_check_tree(t->tree, limits);
	parser_check_contents(t->arena, t->tree, limits);
}

static void
bed_fini(struct bed *t)
{
	arena_free(t->arena);
}

static const struct mime_part *
part_at(const struct bed *t, const char *path)
{
	struct mime_part *const *p;

	vec_each (p, &t->tree->parts)
		if (slice_is((*p)->path, path))
			return *p;
	fail_msg("there is no part %s", path);
	return NULL;
}

UNIT(spans_of_a_nested_message)
{
	struct bed t;
	const struct mime_part *p;

	bed_init(&t,
	    SLICE("Subject: x\r\n"
		  "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
		  "preamble\r\n--b\r\n\r\none\r\n"
		  "--b \r\nContent-Type: message/rfc822\r\n\r\n"
		  "Subject: y\r\n\r\ninner\r\n\r\n--b--\r\nepilogue"),
	    &mime_default_limits);
	check(t.tree->crlf);
	check(t.tree->root->multipart && t.tree->root->closed);
	check_int(t.tree->header_end, 57);
	p = part_at(&t, "1.1");
	check_slice(p->delimiter, "--b\r\n");
	check_slice(p->head, "\r\n");
	check_slice(p->body, "one");
	check_slice(p->type, "text/plain");
	p = part_at(&t, "1.2");
	check(p->message && !p->multipart);
	check_slice(p->delimiter, "--b \r\n");
	check_slice(p->head, "Content-Type: message/rfc822\r\n\r\n");
	check_slice(p->body, "Subject: y\r\n\r\ninner\r\n");
	p = part_at(&t, "1.2.1");
	check_slice(p->all, "Subject: y\r\n\r\ninner\r\n");
	check_slice(p->body, "inner\r\n");
	check_int(p->depth, 2);
	check_int(p->reading, 0);
	p = part_at(&t, "1.0~1");
	check_slice(p->all, "epilogue");
	check_int(p->reading, 1);
	check_int(t.tree->parts.n, 5);
	check_int(t.tree->defects, 0);
	bed_fini(&t);
}

UNIT(other_readings_have_paths_of_their_own)
{
	struct bed t;
	const struct mime_part *p;

	bed_init(&t,
	    SLICE(TOP "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
		      "Content-Type: text/plain\n" MIXED
		      "\n--x\nContent-Type: text/html\n\n"
		      "hidden\n--x--\n--o--\n"),
	    &mime_default_limits);
	check(part_at(&t, "1.1")->reading == 0);
	p = part_at(&t, "1.1~1");
	check(p->reading == 1 && p->multipart);
	check(p->parent == t.tree->root);
	check_slice(part_at(&t, "1.1~1.1")->body, "hidden");
	check((part_at(&t, "1.1")->defects & MIME_BIT(DUPLICATE_HEADER)) != 0);
	bed_fini(&t);
}

UNIT(a_part_says_what_it_is)
{
	struct bed t;
	const struct mime_part *p;

	bed_init(&t,
	    SLICE("Content-Type: Text/HTML; charset=\"UTF-8\"; name=a.html\n"
		  "Content-Disposition: attachment; filename=b.html\n"
		  "Content-Transfer-Encoding: Quoted-Printable\n\n=41\n"),
	    &mime_default_limits);
	p = t.tree->root;
	check_slice(p->type, "text/html");
	check_slice(p->charset, "utf-8");
	check_int(p->names.n, 2);
	check_slice(p->names.at[0], "b.html");
	check_slice(p->names.at[1], "a.html");
	check(p->attachment);
	check_int(p->encodings.n, 1);
	check_int(p->encodings.at[0], CODEC_QP);
	/* another name, but not another kind of file */
	check_int(t.tree->defects, 0);
	bed_fini(&t);
}

UNIT(empty_and_tiny_messages)
{
	static const struct slice raws[] = {{NULL, 0}, SLICE_LIT(""),
	    SLICE_LIT("\n"), SLICE_LIT("\r"), SLICE_LIT("x"), SLICE_LIT("\0"),
	    SLICE_LIT("--"), SLICE_LIT(":"), SLICE_LIT(" "),
	    SLICE_LIT("\xef\xbb\xbf"), SLICE_LIT("a:\n b")};
	struct bed t;
	size_t i;

	for (i = 0; i < COUNT_OF(raws); i++) {
		bed_init(&t, raws[i], &mime_default_limits);
		check_int(t.tree->root->all.n, raws[i].n);
		check_slice(t.tree->root->path, "1");
		bed_fini(&t);
	}
}

UNIT(defects_have_words)
{
	unsigned i, k;

	for (i = 0; i < MIME_DEFECT_COUNT; i++)
		for (k = 0; k < i; k++)
			check(strcmp(mime_defect_word((enum mime_defect)i),
				  mime_defect_word((enum mime_defect)k)) != 0);
	check((mime_ambiguous() & MIME_BIT(BOUNDARY_CONFLICT)) != 0);
	check((mime_ambiguous() & MIME_BIT(MISSING_CLOSE)) == 0);
}

/* Every limit does what it says and is told. */
struct limit {
	struct mime_limits limits;
	uint64_t bit;
	struct slice text;
};

UNIT(limits_cut_the_tree)
{
	struct limit cases[] = {
	    {mime_default_limits, MIME_BIT(TOO_MANY_PARTS),
		SLICE_LIT(TOP MIXED "\n--x\n\na\n--x\n\nb\n--x\n\nc\n--x--\n")},
	    {mime_default_limits, MIME_BIT(TOO_DEEP),
		SLICE_LIT(TOP MIXED
		    "\n--x\nContent-Type: message/rfc822\n\n\nx\n--x--\n")},
	    {mime_default_limits, MIME_BIT(HEADER_TOO_BIG),
		SLICE_LIT(TOP "X: y\nX: y\nX: y\n\n")},
	    {mime_default_limits, MIME_BIT(TOO_MANY_FIELDS),
		SLICE_LIT(TOP "X: y\nX: y\nX: y\n\n")},
	    {mime_default_limits, MIME_BIT(TOO_MANY_READINGS),
		SLICE_LIT(TOP "Content-Type: a/b; c=d; e=f; g=h\n\n")},
	    {mime_default_limits, MIME_BIT(TOO_MANY_READINGS),
		SLICE_LIT(TOP "Content-Type: a/b; name=d; name=f\n\n")},
	    {mime_default_limits, MIME_BIT(TOO_MANY_READINGS),
		SLICE_LIT(TOP "Content-Type: multipart/a; boundary=a; "
			      "boundary=b\n\n--a\n")},
	    {mime_default_limits, MIME_BIT(TOO_MANY_READINGS),
		SLICE_LIT(
		    TOP "Content-Type: text/plain\n" MIXED "\n--x\n\na\n")},
	};
	struct bed t;
	size_t i;

	cases[0].limits.parts = 3;
	cases[1].limits.depth = 2;
	cases[2].limits.header_bytes = 40;
	cases[3].limits.fields = 3;
	cases[4].limits.params = 2;
	cases[5].limits.names = 1;
	cases[6].limits.boundaries = 1;
	cases[7].limits.rescans = 0;
	for (i = 0; i < COUNT_OF(cases); i++) {
		bed_init(&t, cases[i].text, &mime_default_limits);
		check(!t.tree->cut);
		bed_fini(&t);
		bed_init(&t, cases[i].text, &cases[i].limits);
		check(t.tree->cut);
		check((t.tree->defects & cases[i].bit) != 0);
		bed_fini(&t);
	}
}

UNIT(decoded_bytes_are_limited)
{
	struct mime_limits limits = mime_default_limits;
	struct bed t;
	struct mime_decoding *d;
	size_t n;

	limits.decoded_bytes = 10;
	bed_init(&t,
	    SLICE(TOP "Content-Transfer-Encoding: base64\n\n"
		      "aGlkZGVuLXBheWxvYWQtNDI=\n"),
	    &limits);
	d = mime_decode(t.arena, t.tree->root, &limits, &n);
	check(n >= 1 && d[0].bytes.n <= 10);
	check(t.tree->cut);
	bed_fini(&t);
}

/* What an attacker would send: `unit` again and again. */
struct attack {
	const char *top, *unit, *end;
};

// clang-format off
static const struct attack attacks[] = {
    {TOP MIXED "\n", "--x\n\n\n", "--x--\n"},
    {TOP MIXED "\n", "--x\nA\n", "--x--\n"},
    {TOP MIXED "\n", "--x--\n", ""},
    {TOP MIXED "\n", "--y\n", "--x--\n"},
    {TOP MIXED "\n", "--xy\n", "--x--\n"},
    {TOP MIXED "\n", "--\n", "--x--\n"},
    {TOP MIXED "\n", "--x\nContent-Type: text/plain\n" MIXED "\n", ""},
    {TOP MIXED "\n--x--\n", "--x\nContent-Type: text/plain\n\nz\n", ""},
    {TOP MIXED "\n", "--x\n" MIXED "\n", ""},
    {TOP MIXED "\n", "--x\nContent-Type: message/rfc822\n\n" MIXED "\n", ""},
    {TOP MIXED "\n", "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n",
	"--x--\n"},
    {TOP "Content-Type: multipart/mixed\n\n", "--a\n", "--b\n"},
    {TOP "Content-Type: multipart/mixed\n\n", "--a\nContent-Type: b\n", ""},
    {TOP "Content-Type: message/rfc822\n\n",
	"Content-Type: message/rfc822\n\n", ""},
    {TOP "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n",
	"Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMgpDb250ZW50LVRyYW5zZmVyLUVuY29k"
	"aW5nOiBiYXNlNjQKCg==\n", ""},
    {"", "X: y\n", "\n"},
    {"", "junk\n", "\n"},
    {"", " \n", "\n"},
    {"", "\r", "\n"},
    {"", "\n", "\n"},
    {"", "\r\n", "\n"},
    {"A: b\r", "\rA: b\r", "\n"},
    {"From: a\rb\n" MIXED "\n", "--x\r", "\n"},
    {"From: ", "a@b, ", "\n\n"},
    {"From: ", "a:;", "\n\n"},
    {"From: ", "(@", "\n\n"},
    {"From: ", "<@", "\n\n"},
    {"Content-Type: text/plain", "; p=v", "\n\n"},
    {"Content-Type: text/plain", "; name=v", "\n\n"},
    {"Content-Type: text/plain", "; name*1*=v", "\n\n"},
    {"Content-Type: multipart/mixed", "; boundary=v", "\n\n"},
    {"Content-Type: multipart/mixed; boundary=\"", "a b;", "\"\n\n"},
    {"Content-Type: text/plain; ", "(", "\n\n"},
    {"Content-Type: ", "a/b ", "\n\n"},
    {"Content-Type: text/plain; name=\"", "=?utf-8?q?a?= ", "\"\n\n"},
    {"Content-Type: text/plain; name=\"", "=?", "\"\n\n"},
    {"Content-Transfer-Encoding: ", "base64 ", "\n\n"},
    {"", "Content-Type: text/plain\n", "\n\n"},
    {"", "Content-Type: multipart/mixed; boundary=x\n", "\n\n--x\n"},
    {"", "Content-Transfer-Encoding: base64\n", "\n\n"},
    {"Content-Transfer-Encoding: base64\n\n", "QQ==\n", ""},
    {"Content-Transfer-Encoding: base64\n\n", "=", "QUJD"},
    {"Content-Transfer-Encoding: quoted-printable\n\n", "= ", ""},
    {"Content-Transfer-Encoding: quoted-printable\n\n", "=zz", ""},
    {TOP "\n", "begin 644 a\n", ""},
    {TOP "\n", "Content-Type: text/plain\n\n", ""},
    {TOP "\n", "--a\nContent-Type: text/plain\n", ""},
    {TOP MIXED "\n--x\n\n--x--\n", "begin 644 a\n#86)C\n", ""},
};
// clang-format on

enum { ATTACK_BYTES = 200000, ATTACK_FACTOR = 60, ATTACK_MEMORY = 60 };

static struct slice
repeat(struct arena *a, const struct attack *at, size_t bytes)
{
	struct slice top = slice_str(at->top), unit = slice_str(at->unit),
		     end = slice_str(at->end);
	size_t count = bytes / unit.n, n = top.n, i;
	char *p = arena_alloc(a, top.n + count * unit.n + end.n + 1);

	memcpy(p, top.p, top.n);
	for (i = 0; i < count; i++, n += unit.n)
		memcpy(p + n, unit.p, unit.n);
	memcpy(p + n, end.p, end.n);
	return slice_of(p, n + end.n);
}

static void
check_attack(const struct attack *at, struct slice raw)
{
	struct arena *a = arena_new(0);
	struct mime_tree *t = mime_parse(a, raw, &mime_default_limits);

	parser_check_tree(t, &mime_default_limits);
	if (t->work > raw.n * ATTACK_FACTOR)
		fail_msg("%s: looked at %zu bytes for %zu", at->unit, t->work,
		    raw.n);
	/* the limits on parts and fields leave a fixed amount */
	if (arena_size(a) > raw.n * ATTACK_MEMORY + (16 << 20))
		fail_msg("%s: needs %zu bytes for %zu", at->unit, arena_size(a),
		    raw.n);
	arena_free(a);
}

UNIT(attacks_cost_linear_work)
{
	struct arena *a = arena_new(0);
	size_t i;

	for (i = 0; i < COUNT_OF(attacks); i++) {
		check_attack(&attacks[i], repeat(a, &attacks[i], ATTACK_BYTES));
		check_attack(
		    &attacks[i], repeat(a, &attacks[i], ATTACK_BYTES * 8));
		arena_reset(a);
	}
	arena_free(a);
}

/* Boundaries that differ in their last byte only, all open at once. */
UNIT(many_prefixes_cost_linear_work)
{
	struct arena *a = arena_new(0);
	struct buf b;
	int i;

	buf_init(&b, 4 << 20);
	(void)buf_adds(&b, TOP);
	for (i = 0; i < 58; i++)
		(void)buf_addf(&b,
		    "Content-Type: multipart/mixed; boundary=%0200d%c\n\n"
		    "--%0200d%c\n",
		    0, 'A' + i, 0, 'A' + i);
	for (i = 0; i < 10000; i++)
		(void)buf_addf(&b, "--%0200d\n", 0);
	check(!b.full);
	check_attack(&(struct attack){"", "prefixes", ""}, buf_slice(&b));
	buf_fini(&b);
	arena_free(a);
}

UNIT_MAIN(unit(spans_of_a_nested_message),
    unit(other_readings_have_paths_of_their_own), unit(a_part_says_what_it_is),
    unit(empty_and_tiny_messages), unit(defects_have_words),
    unit(limits_cut_the_tree), unit(decoded_bytes_are_limited),
    unit(attacks_cost_linear_work), unit(many_prefixes_cost_linear_work))
