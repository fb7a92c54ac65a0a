#include "cmd/args.h"

#include <stdio.h>
#include <string.h>

struct args
args_of(int argc, char **argv, const struct args_row *rows)
{
	return (struct args){.rows = rows, .argc = argc, .argv = argv, .at = 1};
}

static int
wrong(const char *what, const char *arg)
{
	(void)fprintf(stderr, "reeve: %s: %s\n", what, arg);
	return ARGS_WRONG;
}

/* The option of row r, its value from `rest` or from the next argument. */
static int
take(
    struct args *a, const struct args_row *r, const char *rest, const char *arg)
{
	a->value = NULL;
	if (!r->valued)
		return rest == NULL ? r->id
				    : wrong("this option has no value", arg);
	if (rest == NULL && a->at < a->argc)
		rest = a->argv[a->at++];
	if (rest == NULL)
		return wrong("this option wants a value", arg);
	a->value = rest;
	return r->id;
}

static int
take_long(struct args *a, const char *arg)
{
	const char *name = arg + 2, *equal = strchr(name, '=');
	size_t n = equal != NULL ? (size_t)(equal - name) : strlen(name);
	const struct args_row *r;

	for (r = a->rows; r->name != NULL; r++)
		if (strlen(r->name) == n && memcmp(r->name, name, n) == 0)
			return take(
			    a, r, equal != NULL ? equal + 1 : NULL, arg);
	return wrong("there is no such option", arg);
}

int
args_next(struct args *a)
{
	const struct args_row *r;
	const char *arg;

	if (a->at >= a->argc)
		return ARGS_END;
	arg = a->argv[a->at++];
	if (!a->words_only && strcmp(arg, "--") == 0) {
		a->words_only = true;
		return args_next(a);
	}
	if (a->words_only || arg[0] != '-' || arg[1] == '\0') {
		a->value = arg;
		return ARGS_WORD;
	}
	if (arg[1] == '-')
		return take_long(a, arg);
	for (r = a->rows; r->name != NULL; r++)
		if (r->letter == arg[1])
			return take(a, r, arg[2] != '\0' ? arg + 2 : NULL, arg);
	return wrong("there is no such option", arg);
}
