/* config_ask - a configuration and the message a question is about. */
#ifndef CMD_CONFIG_ASK_H
#define CMD_CONFIG_ASK_H

#include "config/conf.h"

enum { CONFIG_ASK_RECIPIENTS_MAX = 1000 };

struct config_ask {
	struct arena *arena;
	struct conf *conf;
	const char *path; /* of the configuration; NULL: built-in defaults */
	struct subject subject;
	struct slice *recipients;
};

void config_ask_init(struct config_ask *q);
void config_ask_fini(struct config_ask *q);
/* Addresses with or without <>. */
void config_ask_from(struct config_ask *q, const char *address);
void config_ask_to(struct config_ask *q, const char *address);
/* Reads the file (as conf_path); says what fails; a CMD status. */
int config_ask_load(struct config_ask *q, const char *given);

#endif
