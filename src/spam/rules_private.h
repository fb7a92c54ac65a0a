/* rules_private - what the files that read and seal rules share. */
#ifndef SPAM_RULES_PRIVATE_H
#define SPAM_RULES_PRIVATE_H

#include "spam/rulefile.h"
#include "spam/rules.h"

struct rules_build {
	struct rules *r;
	struct arena *arena;
	const struct rules_places *places;
	struct map by_name; /* struct spam_rule */
	struct map known;   /* key as written -> struct setting_key */
	struct map files;   /* paths that were read */
	struct map plugins; /* loaded */
	struct map compat;  /* enable_compat */
	struct rulefile_world world;
	struct rulefile *reader;
};

/* The rule of this name, made when there is none. */
struct spam_rule *rules_named(struct rules_build *b, struct slice name);
bool rules_name_ok(struct slice name);
void rules_wrong(struct rules_build *b, const struct statement *s,
    const char *at, const char *text);
/* One statement that makes or changes a rule. */
void rules_define(
    struct rules_build *b, const struct statement *s, enum setting set);
/* One statement that is a setting. */
void rules_set(struct rules_build *b, const struct statement *s,
    enum setting set, struct slice family);
/* Tags, metas, priorities, order. */
void rules_seal(struct rules_build *b);
/* The first word of s and what is behind it. */
struct slice rules_word(struct slice *s);

#endif
