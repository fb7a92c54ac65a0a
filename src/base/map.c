#include "base/map.h"

#include <stdint.h>

/* An inner node is told from an entry by the lowest bit of the pointer. */
struct node {
	void *child[2];
	size_t byte;   /* index of the byte that differs */
	unsigned mask; /* all bits of the 9-bit symbol set but the one */
};

/* The 9-bit symbol of a key at i: 0 past its end, so that a prefix differs
 * from a longer key and from one that goes on with NUL. */
static unsigned
symbol(struct slice key, size_t i)
{
	return i < key.n ? 0x100U | (unsigned char)key.p[i] : 0;
}

static bool
is_node(const void *p)
{
	return ((uintptr_t)p & 1) != 0;
}

static struct node *
to_node(void *p)
{
	return (struct node *)(void *)((char *)p - 1);
}

static int
side(const struct node *n, struct slice key)
{
	return (int)((1 + (n->mask | symbol(key, n->byte))) >> 9);
}

static struct map_entry *
closest(const struct map *m, struct slice key)
{
	void *p = m->root;

	while (is_node(p))
		p = to_node(p)->child[side(to_node(p), key)];
	return p;
}

void
map_init(struct map *m, struct arena *a)
{
	*m = (struct map){.arena = a};
}

static struct map_entry *
append(struct map *m, struct slice key)
{
	struct map_entry *e = arena_make(m->arena, struct map_entry);

	e->key = arena_dup(m->arena, key);
	if (m->last != NULL)
		m->last->next = e;
	else
		m->first = e;
	m->last = e;
	m->n++;
	return e;
}

struct map_entry *
map_add(struct map *m, struct slice key, bool *added)
{
	struct map_entry *near, *e;
	struct node *fresh;
	void **where = &m->root;
	size_t i, most;
	unsigned diff;
	int dir;

	if (added != NULL)
		*added = true;
	if (m->root == NULL)
		return m->root = append(m, key);
	near = closest(m, key);
	most = near->key.n > key.n ? near->key.n : key.n;
	for (i = 0; i < most; i++)
		if (symbol(near->key, i) != symbol(key, i))
			break;
	if (i == most) {
		if (added != NULL)
			*added = false;
		return near;
	}
	diff = symbol(near->key, i) ^ symbol(key, i);
	while ((diff & (diff - 1)) != 0)
		diff &= diff - 1;
	e = append(m, key);
	fresh = arena_make(m->arena, struct node);
	fresh->byte = i;
	fresh->mask = diff ^ 0x1ff;
	dir = side(fresh, key);
	fresh->child[dir] = e;
	while (is_node(*where)) {
		struct node *n = to_node(*where);

		if (n->byte > i || (n->byte == i && n->mask > fresh->mask))
			break;
		where = &n->child[side(n, key)];
	}
	fresh->child[1 - dir] = *where;
	*where = (char *)fresh + 1;
	return e;
}

void
map_set(struct map *m, struct slice key, void *value)
{
	map_add(m, key, NULL)->value = value;
}

static struct map_entry *
find(const struct map *m, struct slice key)
{
	struct map_entry *e;

	if (m->root == NULL)
		return NULL;
	e = closest(m, key);
	return slice_eq(e->key, key) ? e : NULL;
}

void *
map_get(const struct map *m, struct slice key)
{
	struct map_entry *e = find(m, key);

	return e != NULL ? e->value : NULL;
}

bool
map_has(const struct map *m, struct slice key)
{
	return find(m, key) != NULL;
}
