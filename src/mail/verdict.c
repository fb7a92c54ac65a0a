#include "mail/verdict.h"

#define FINDING_WORD(constant, word) word,
static const char *const words[] = {FINDING_CODES(FINDING_WORD)};
#undef FINDING_WORD

const char *
finding_word(enum finding_code code)
{
	return (size_t)code < COUNT_OF(words) ? words[code] : "unknown";
}

enum finding_code
finding_of_word(struct slice word)
{
	unsigned i;

	for (i = 0; i < COUNT_OF(words); i++)
		if (slice_is(word, words[i]))
			return (enum finding_code)i;
	return FINDING_CODE_COUNT;
}

struct finding *
verdict_add(
    struct verdict *v, struct arena *a, enum finding_code code, int entity)
{
	struct finding *f = vec_push(a, &v->findings);

	f->code = code;
	f->entity = entity;
	return f;
}

void
verdict_add_incomplete(
    struct verdict *v, struct arena *a, struct slice check, struct slice reason)
{
	struct incomplete *one = vec_push(a, &v->incomplete);

	one->check = arena_dup(a, check);
	one->reason = arena_dup(a, reason);
}

bool
verdict_has(const struct verdict *v, enum finding_code code)
{
	const struct finding *f;

	vec_each (f, &v->findings)
		if (f->code == code)
			return true;
	return false;
}

bool
verdict_blocks(const struct verdict *v)
{
	const struct finding *f;

	vec_each (f, &v->findings)
		if (f->wish == WISH_BLOCK || f->wish == WISH_BLOCK_DELETE)
			return true;
	return false;
}
