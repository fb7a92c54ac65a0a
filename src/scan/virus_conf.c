/* What the configuration says about scanners. */
#include "config/conf.h"
#include "mail/message.h"
#include "scan/virus.h"

static unsigned
small_number(const struct conf *c, enum option opt, unsigned most)
{
	int64_t n = conf_number(c, opt, NULL);

	if (n < 0)
		return 0;
	return n > most ? most : (unsigned)n;
}

void
virus_settings_read(
    struct virus_settings *s, const struct conf *c, struct arena *a)
{
	*s = (struct virus_settings){
	    .scanners = conf_text(c, OPT_VIRUS_SCANNERS, NULL, a),
	    .definitions = conf_text(c, OPT_VIRUS_SCANNER_DEFINITIONS, NULL, a),
	    .yara_rules = conf_text(c, OPT_YARA_RULES_FILE, NULL, a),
	    .clamd_sockets = conf_text(c, OPT_CLAMD_SOCKET, NULL, a),
	    .clamd_port = small_number(c, OPT_CLAMD_PORT, 65535),
	    .clamd_lock_file = conf_text(c, OPT_CLAMD_LOCK_FILE, NULL, a),
	    .timeout_s = small_number(c, OPT_VIRUS_SCANNER_TIMEOUT, 86400),
	    .attempts = small_number(c, OPT_VIRUS_SCAN_ATTEMPTS, 100),
	    .allowed_sophos_errors =
		conf_text(c, OPT_ALLOWED_SOPHOS_ERROR_MESSAGES, NULL, a),
	    .work_dir = conf_text(c, OPT_INCOMING_WORK_DIR, NULL, a),
	    .spam_names = conf_text(c, OPT_VIRUS_NAMES_WHICH_ARE_SPAM, NULL, a),
	    .full_message = conf_yes(c, OPT_CLAMAV_FULL_MESSAGE_SCAN, NULL),
	};
}

bool
virus_is_wanted(const struct message *m)
{
	struct slice words =
	    conf_text(m->conf, OPT_VIRUS_SCANNERS, NULL, m->arena);

	return conf_yes(m->conf, OPT_VIRUS_SCANNING, &m->subject) &&
	       !slice_is_ci(slice_trim(words), "none");
}
