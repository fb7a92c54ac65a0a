/* option - the table of all options: the one place that knows them.
 *
 * Every row of options.tbl is one option of MailScanner.conf (or of Reeve
 * alone): external name, internal keyword and old spellings, kind, how rules
 * combine, default, bounds or words, meaning. Parser, defaults, lint, manual
 * and console all read this table. The constant of an option is OPT_ and its
 * external name in capitals with every run of other characters as one "_":
 * "Maximum Archive Depth" is OPT_MAXIMUM_ARCHIVE_DEPTH,
 * "Archives: Allow Filenames" is OPT_ARCHIVES_ALLOW_FILENAMES.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#endif
