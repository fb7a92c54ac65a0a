/* mailscanner - the switches of the program MailScanner that scripts use.
 *
 * `reeve --lint`, `--lintlite`, `--lintlight`, `--changed` and `--value=OPTION
 * [--from=A] [--to=B]... [--ip=I] [--virus=V]`, each with a configuration file
 * as word. What --value prints goes to standard error in MailScanner's form.
 */
#ifndef CMD_MAILSCANNER_H
#define CMD_MAILSCANNER_H

#include <stdbool.h>

bool mailscanner_is_theirs(const char *argument);
int mailscanner_run(int argc, char **argv);

#endif
