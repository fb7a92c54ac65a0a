#include "scan/scan.h"

#include "mime/charset.h"
#include "scan/filetype.h"
#include "scan/names.h"
#include "scan/structure.h"
#include "scan/unpack.h"
#include "sys/clock.h"

struct scanner {
	struct arena *arena;
	struct filetype *types;
	struct names *names;
	struct unpacker *unpacker;
};

struct scanner *
scanner_new(const struct conf *c, struct fail *why)
{
	struct arena *a;
	struct scanner *s;
	struct filetype *types = filetype_new(why);

	if (types == NULL)
		return NULL;
	a = arena_new(0);
	s = arena_make(a, struct scanner);
	s->arena = a;
	s->types = types;
	s->names = names_new(c);
	s->unpacker = unpacker_new();
	(void)charset_warm();
	return s;
}

const struct problems *
scanner_problems(const struct scanner *s)
{
	return names_problems(s->names);
}

void
scanner_free(struct scanner *s)
{
	if (s == NULL)
		return;
	filetype_free(s->types);
	names_free(s->names);
	unpacker_free(s->unpacker);
	arena_free(s->arena);
}

/* What people read, not a file: see filetype_of_body. */
static bool
is_body(const struct entity *e)
{
	return e->kind == ENTITY_PART && !e->attachment && e->names.n == 0 &&
	       (slice_is(e->type, "text/plain") ||
		   slice_is(e->type, "text/html"));
}

static void
find_types(struct scanner *s, struct message *m, uint64_t deadline)
{
	int64_t seconds = message_number(m, OPT_FILE_TIMEOUT);
	uint64_t until =
	    clock_mono() + (uint64_t)(seconds > 0 ? seconds : 0) * CLOCK_SEC;
	struct filetype_answer answer;
	struct entity *e;
	bool failed = false;

	if (seconds <= 0 || until > deadline)
		until = deadline;
	vec_each (e, &m->entities) {
		if (e->index == 0 || !e->leaf ||
		    (e->bytes.n == 0 && e->size > 0))
			continue;
		if (clock_mono() >= until) {
			verdict_add_incomplete(&m->verdict, m->arena,
			    SLICE("filetype"), SLICE("File Timeout was up"));
			return;
		}
		if (!is_body(e) || !filetype_of_body(e->bytes,
				       slice_is(e->type, "text/html"), &answer))
			failed |= !filetype_ask(
			    s->types, m->arena, e->bytes, &answer);
		e->filetype = answer.words;
		e->type_by_content = answer.mime;
	}
	if (failed)
		verdict_add_incomplete(&m->verdict, m->arena, SLICE("filetype"),
		    SLICE("libmagic could not tell the type of something"));
}

void
scan_message(struct scanner *s, struct message *m, uint64_t deadline)
{
	struct slice scan = message_text(m, OPT_SCAN_MESSAGES);
	struct slice danger = message_text(m, OPT_DANGEROUS_CONTENT_SCANNING);
	bool full = slice_chr(scan, '1') != SLICE_NOT_FOUND;
	bool dangerous = full && slice_chr(danger, '1') != SLICE_NOT_FOUND;
	struct unpacking x;

	if (!full && slice_chr(scan, '2') == SLICE_NOT_FOUND)
		return;
	structure_check(m, dangerous);
	unpack_message(s->unpacker, &x, m, deadline);
	find_types(s, m, deadline);
	if (dangerous)
		names_check(s->names, m, &x, deadline);
}
