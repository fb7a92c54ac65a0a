/* args - the arguments of a command: options anywhere before "--", then words.
 *
 *	struct args a = args_of(argc, argv, rows);
 *	while ((id = args_next(&a)) != ARGS_END)
 * gives the id of each option, ARGS_WORD for a word (a.value has it), or
 * ARGS_WRONG after saying on standard error what is wrong. "-cFILE",
 * "-c FILE", "--config FILE" and "--config=FILE" are the same.
 */
#ifndef CMD_ARGS_H
#define CMD_ARGS_H

#include <stdbool.h>
#include <stddef.h>

enum { ARGS_END = -1, ARGS_WRONG = -2, ARGS_WORD = -3 };

struct args_row {
	int id;           /* >= 0 */
	char letter;      /* 0: none */
	const char *name; /* NULL ends the rows */
	bool valued;      /* takes a value */
};

struct args {
	const struct args_row *rows;
	int argc;
	char **argv;
	int at;
	bool words_only; /* "--" was met */
	const char *value;
};

struct args args_of(int argc, char **argv, const struct args_row *rows);
int args_next(struct args *a);

#endif
