/* ruleset - files of rules that give an option its value for a message.
 *
 * Rules match a plain subject: the config floor knows no messages.
 */
#ifndef CONFIG_RULESET_H
#define CONFIG_RULESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* What rules can look at. Empty slices: not known. */
struct subject {
	struct slice sender;            /* address, as it came */
	const struct slice *recipients; /* addresses, as they came */
	size_t recipient_count;
	struct slice client_ip;
	struct slice client_host;   /* PTR name, "" if none */
	bool client_host_verified;  /* forward lookup agrees */
	struct slice virus_reports; /* text for "Virus:" rules */
};

#endif
