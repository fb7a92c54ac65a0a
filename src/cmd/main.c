/* main - the front door: choose the command and run it. */
#include <stdio.h>

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return fputs("reeve\n", stdout) < 0;
}
