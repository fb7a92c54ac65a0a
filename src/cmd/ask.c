#include "cmd/ask.h"

#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/conf_path.h"
#include "config/conf.h"
#include "daemon/control.h"

int
ask_daemon(const char *given, const char *word, struct buf *out)
{
	const char *path = conf_path(given);
	struct arena *a;
	struct slice socket;
	struct conf *conf;
	struct fail why;
	int code = FAIL_CONFIG;

	conf = path != NULL ? conf_load(path, &why) : conf_defaults();
	if (conf == NULL) {
		(void)fprintf(stderr, "reeve: %s\n", why.text);
		return CMD_FAILED;
	}
	a = arena_new(0);
	socket = conf_text(conf, OPT_CONTROL_SOCKET, NULL, a);
	if (socket.n == 0)
		(void)fail_set(&why, FAIL_CONFIG, "Control Socket is empty");
	else
		code = control_ask(arena_str(a, socket), word, out, &why);
	if (code != 0)
		(void)fprintf(stderr, "reeve: %s\n", why.text);
	arena_free(a);
	conf_free(conf);
	return code == 0 ? CMD_OK : CMD_FAILED;
}
