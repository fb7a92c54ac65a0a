#include "mime/texts.h"

bool
texts_has(const struct texts *t, struct slice s)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (slice_eq(t->at[i], s))
			return true;
	return false;
}

bool
texts_add(struct arena *a, struct texts *t, struct slice s, size_t most)
{
	if (texts_has(t, s))
		return true;
	if (t->n >= most)
		return false;
	*vec_push(a, t) = s;
	return true;
}
