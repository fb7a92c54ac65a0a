/* cmd_version - print the version. */
#include <stdio.h>

#include "cmd/cmd.h"

int
cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return puts("reeve " REEVE_VERSION) < 0 ? CMD_FAILED : CMD_OK;
}
