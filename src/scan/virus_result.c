#include <stdio.h>

#include "base/text.h"
#include "scan/virus.h"

enum {
	KEYWORD_MAX = 32,
	/* Packed bytes of elements with empty texts. */
	HIT_LEAST = 4 + 4 + 4 + 4,
	STATE_LEAST = 4 + 1 + 4 + 4,
};

_Static_assert(VIRUS_HITS_MAX *(HIT_LEAST + KEYWORD_MAX + VIRUS_NAME_MAX +
				VIRUS_REPORT_MAX) +
		       VIRUS_SCANNERS_MAX *
			   (STATE_LEAST + KEYWORD_MAX + VIRUS_REASON_MAX) +
		       16 <=
		   VIRUS_RESULT_PACKED_MAX,
    "a result fits one message of the wire");

static struct slice
printable(struct arena *a, struct slice s, size_t most)
{
	char room[VIRUS_REPORT_MAX + 1];
	size_t n;

	ensure(most < sizeof(room));
	n = text_printable(room, most + 1, s.n > 0 ? s.p : "", s.n);
	return arena_dup(a, slice_of(room, n));
}

void
virus_result_add_hit(
    struct virus_result *r, struct arena *a, const struct virus_hit *hit)
{
	const struct virus_hit *had;
	struct virus_hit new = {
	    .entity = hit->entity,
	    .scanner = printable(a, hit->scanner, KEYWORD_MAX),
	    .name = printable(a, hit->name, VIRUS_NAME_MAX),
	    .report = printable(a, hit->report, VIRUS_REPORT_MAX),
	};

	vec_each (had, &r->hits)
		if (had->entity == new.entity &&
		    slice_eq(had->scanner, new.scanner) &&
		    slice_eq(had->name, new.name))
			return;
	if (r->hits.n >= VIRUS_HITS_MAX) {
		r->more = true;
		return;
	}
	*vec_push(a, &r->hits) = new;
}

void
virus_result_add_state(
    struct virus_result *r, struct arena *a, const struct virus_state *state)
{
	ensure(r->scanners.n < VIRUS_SCANNERS_MAX);
	*vec_push(a, &r->scanners) = (struct virus_state){
	    .scanner = printable(a, state->scanner, KEYWORD_MAX),
	    .status = state->status,
	    .reason = printable(a, state->reason, VIRUS_REASON_MAX),
	    .took_ms = state->took_ms,
	};
}

void
virus_result_pack(struct buf *b, const struct virus_result *r)
{
	const struct virus_hit *h;
	const struct virus_state *s;

	pack_u32(b, (uint32_t)r->hits.n);
	vec_each (h, &r->hits) {
		pack_u32(b, (uint32_t)h->entity);
		pack_slice(b, h->scanner);
		pack_slice(b, h->name);
		pack_slice(b, h->report);
	}
	pack_u32(b, (uint32_t)r->scanners.n);
	vec_each (s, &r->scanners) {
		pack_slice(b, s->scanner);
		pack_u8(b, (uint8_t)s->status);
		pack_slice(b, s->reason);
		pack_u32(b, s->took_ms);
	}
	pack_u8(b, r->more);
}

static void
unpack_hits(struct unpack *u, struct virus_result *r, struct arena *a)
{
	uint32_t i, n = unpack_count(u, HIT_LEAST);

	if (n > VIRUS_HITS_MAX)
		u->bad = true;
	for (i = 0; i < n && !u->bad; i++) {
		struct virus_hit *h = vec_push(a, &r->hits);
		uint32_t entity = unpack_u32(u);

		h->entity = (int)(entity & 0x7fffffff);
		h->scanner = unpack_slice(u);
		h->name = unpack_slice(u);
		h->report = unpack_slice(u);
		if (entity > 0x7fffffff || h->scanner.n > KEYWORD_MAX ||
		    h->name.n > VIRUS_NAME_MAX ||
		    h->report.n > VIRUS_REPORT_MAX)
			u->bad = true;
	}
}

static void
unpack_states(struct unpack *u, struct virus_result *r, struct arena *a)
{
	uint32_t i, n = unpack_count(u, STATE_LEAST);

	if (n > VIRUS_SCANNERS_MAX)
		u->bad = true;
	for (i = 0; i < n && !u->bad; i++) {
		struct virus_state *s = vec_push(a, &r->scanners);
		uint8_t status;

		s->scanner = unpack_slice(u);
		status = unpack_u8(u);
		s->reason = unpack_slice(u);
		s->took_ms = unpack_u32(u);
		/* What is not known to be OK has failed. */
		s->status = VIRUS_FAILED;
		if (status == VIRUS_OK)
			s->status = VIRUS_OK;
		else if (status == VIRUS_TIMEOUT)
			s->status = VIRUS_TIMEOUT;
		else if (status != VIRUS_FAILED)
			u->bad = true;
		if (s->scanner.n > KEYWORD_MAX ||
		    s->reason.n > VIRUS_REASON_MAX)
			u->bad = true;
	}
}

void
virus_result_unpack(struct unpack *u, struct virus_result *r, struct arena *a)
{
	unpack_hits(u, r, a);
	unpack_states(u, r, a);
	r->more = unpack_u8(u) != 0;
	if (u->bad)
		*r = (struct virus_result){0};
}

static bool
one_pattern(struct slice name, struct slice pattern)
{
	size_t n = 0, p = 0, star = SIZE_MAX, retry = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			retry = n;
		} else if (p < pattern.n && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++retry;
		} else
			return false;
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool
virus_name_is_spam(struct slice name, struct slice patterns)
{
	struct slice word;

	while (slice_word(&patterns, &word))
		if (one_pattern(name, word))
			return true;
	return false;
}
