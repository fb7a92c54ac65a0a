/* conf_path - which configuration file a command reads without -c.
 *
 * /etc/MailScanner/MailScanner.conf when it is there, else the default that
 * comes with Reeve: ../etc/MailScanner.conf beside the program (a checkout),
 * ../share/reeve/MailScanner.conf, /etc/reeve/MailScanner.conf.
 */
#ifndef CMD_CONF_PATH_H
#define CMD_CONF_PATH_H

#include "base/attr.h"

/* given: the argument of -c, or NULL. An absolute path that lives as long as
 * the program; NULL when there is no file at all: built-in defaults. */
const char *conf_path(const char *given);

#endif
