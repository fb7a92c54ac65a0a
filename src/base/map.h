/* map - ordered map from bytes to a pointer, in an arena.
 *
 * A crit-bit tree: every operation costs time linear in the key, whatever
 * keys an attacker chooses; there is no hash to collide. Keys are copied.
 * map_each walks in the order of insertion.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

struct map_entry {
	struct slice key;
	void *value;
	struct map_entry *next; /* in order of insertion */
};

struct map {
	struct arena *arena;
	void *root;
	struct map_entry *first, *last;
	size_t n;
};

void map_init(struct map *m, struct arena *a);
/* The entry of key, made with value NULL when it was not there; *added (may
 * be NULL) says which. */
struct map_entry *map_add(struct map *m, struct slice key, bool *added);
/* Set or replace. */
void map_set(struct map *m, struct slice key, void *value);
/* NULL when there is no such key. */
void *map_get(const struct map *m, struct slice key);
bool map_has(const struct map *m, struct slice key);

#define map_each(entry, m) \
	for ((entry) = (m)->first; (entry) != NULL; (entry) = (entry)->next)

#endif
