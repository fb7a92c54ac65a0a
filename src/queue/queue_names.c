#include <stdio.h>
#include <unistd.h>

#include "base/num.h"
#include "base/text.h"
#include "queue/queue_driver.h"

/* FNV-1a: spreads names over keepers and tells directories apart. */
uint32_t
queue_hash(struct slice s)
{
	uint32_t h = 0x811c9dc5U;
	size_t i;

	for (i = 0; i < s.n; i++) {
		h ^= (unsigned char)s.p[i];
		h *= 0x01000193U;
	}
	return h;
}

void
queue_uniq(struct queue *q, char *uniq)
{
	(void)snprintf(uniq, QUEUE_UNIQ_MAX, "%s-%X-%X", q->start,
	    (unsigned)getpid(), q->counter++);
}

bool
queue_held_name(char *to, char kind, const struct claim *c, unsigned attempts)
{
	int n = snprintf(to, QUEUE_HELD_MAX, "%c.%s.%u.%08X.%s", kind, c->uniq,
	    attempts, (unsigned)c->key, c->name);

	return n > 0 && n < QUEUE_HELD_MAX;
}

void
queue_pending_names(struct queue_pending *p, const char *uniq, bool with_body)
{
	(void)snprintf(
	    p->name, sizeof(p->name), "p.%s.%u.%s", uniq, p->seq, p->out);
	if (with_body)
		(void)snprintf(p->body, sizeof(p->body), "e.%s.%u.%s", uniq,
		    p->seq, p->out);
	else
		p->body[0] = '\0';
}

static bool
take_uniq(struct slice s, struct queue_held *h)
{
	size_t i;

	if (s.n == 0 || s.n >= sizeof(h->uniq))
		return false;
	for (i = 0; i < s.n; i++)
		if (!text_is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	memcpy(h->uniq, s.p, s.n);
	h->uniq[s.n] = '\0';
	return true;
}

static bool
take_name(struct slice s, struct queue_held *h)
{
	if (s.n == 0 || s.n >= sizeof(h->name))
		return false;
	memcpy(h->name, s.p, s.n);
	h->name[s.n] = '\0';
	return true;
}

bool
queue_held_parse(const char *entry, struct queue_held *h)
{
	struct slice rest = slice_str(entry), field;
	uint64_t n;

	*h = (struct queue_held){.kind = entry[0]};
	if (rest.n < 3 || rest.p[1] != '.' ||
	    strchr("ckabpexy", entry[0]) == NULL)
		return false;
	rest = slice_from(rest, 2);
	if (!slice_field(&rest, '.', &field) || !take_uniq(field, h))
		return false;
	if (strchr("bxy", h->kind) != NULL)
		return rest.p == NULL;
	if (!slice_field(&rest, '.', &field) ||
	    !num_parse_u64(field, QUEUE_ATTEMPTS_MAX, &n))
		return false;
	h->number = (unsigned)n;
	if (h->kind != 'p' && h->kind != 'e') {
		if (!slice_field(&rest, '.', &field) ||
		    !num_parse_hex(field, UINT32_MAX, &n))
			return false;
		h->key = (uint32_t)n;
	}
	return rest.p != NULL && take_name(rest, h);
}
