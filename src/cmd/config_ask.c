#include "cmd/config_ask.h"

#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/conf_path.h"

void
config_ask_init(struct config_ask *q)
{
	*q = (struct config_ask){.arena = arena_new(0)};
	q->recipients = arena_array(
	    q->arena, CONFIG_ASK_RECIPIENTS_MAX, sizeof(*q->recipients));
	q->subject.recipients = q->recipients;
}

void
config_ask_fini(struct config_ask *q)
{
	conf_free(q->conf);
	arena_free(q->arena);
}

static struct slice
plain(const char *text)
{
	struct slice s = slice_trim(slice_str(text));

	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = slice_sub(s, 1, s.n - 1);
	return s;
}

void
config_ask_from(struct config_ask *q, const char *address)
{
	q->subject.sender = plain(address);
}

void
config_ask_to(struct config_ask *q, const char *address)
{
	if (q->subject.recipient_count < CONFIG_ASK_RECIPIENTS_MAX)
		q->recipients[q->subject.recipient_count++] = plain(address);
}

int
config_ask_load(struct config_ask *q, const char *given)
{
	struct fail why;

	q->path = conf_path(given);
	q->conf = q->path != NULL ? conf_load(q->path, &why) : conf_defaults();
	if (q->conf != NULL)
		return CMD_OK;
	(void)fprintf(stderr, "reeve: %s\n", why.text);
	return CMD_FAILED;
}
