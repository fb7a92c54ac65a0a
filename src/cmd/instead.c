#include "cmd/instead.h"

static const char batches[] =
    "messages are not gathered in batches: each goes through alone";
static const char milter[] = "there is no milter: mail comes from a queue or "
			     "over SMTP";
static const char within[] =
    "the program does this itself, within Message Time Limit and Message "
    "Memory Limit; no other program is called";
static const char no_spam[] = "no spam checks are made: no mail counts as spam";
static const char html[] =
    "HTML is not looked into: tags, links and pictures pass as they came";
static const char scanner[] = "this scanner is not supported: Virus Scanners "
			      "may not name it";
static const char word[] = "text of Word files is not attached";
static const char zipping[] = "attachments are not packed or unpacked for the "
			      "reader";
static const char perl[] = "custom functions in Perl are not run";
static const char signing[] = "nothing is added to clean mail";
static const char qmail[] = "there is no qmail queue driver";
static const char foreground[] =
    "`reeve run --foreground` stays in the foreground; `reeve scan` debugs "
    "one message";

static const struct {
	enum option opt;
	const char *text;
} rows[] = {
    {OPT_MAX_UNSCANNED_BYTES_PER_SCAN, batches},
    {OPT_MAX_UNSAFE_BYTES_PER_SCAN, batches},
    {OPT_MAX_UNSCANNED_MESSAGES_PER_SCAN, batches},
    {OPT_MAX_UNSAFE_MESSAGES_PER_SCAN, batches},
    {OPT_MAX_NORMAL_QUEUE_SIZE, batches},
    {OPT_RETRY_BATCH_ON_SCANNER_FAILURE, batches},
    {OPT_ALWAYS_LOOKED_UP_LAST_AFTER_BATCH, perl},
    {OPT_ALWAYS_LOOKED_UP_LAST,
	"nothing is called; the history database has what MailWatch shows"},
    {OPT_CUSTOM_FUNCTIONS_DIR, perl},
    {OPT_PROCESSING_ATTEMPTS_DATABASE,
	"attempts are counted on the message itself: there is no database"},
    {OPT_MILTER_MAX_CHILDREN, milter},
    {OPT_MILTER_DISPATCHER, milter},
    {OPT_MILTER_PID_FILE, milter},
    {OPT_MILTER_IGNORE_LOOPBACK, milter},
    {OPT_MILTER_SCANNER, milter},
    {OPT_MILTER_PORT, milter},
    {OPT_MILTER_BIND, milter},
    {OPT_MSMAIL_QUEUE_TYPE, milter},
    {OPT_MSMAIL_DELIVERY_METHOD, milter},
    {OPT_MSMAIL_SOCKET_TYPE, milter},
    {OPT_MSMAIL_SOCKET_DIR, milter},
    {OPT_MSMAIL_RELAY_PORT, milter},
    {OPT_MSMAIL_RELAY_ADDRESS, milter},
    {OPT_EXIM_COMMAND, "there is no Exim queue driver; Exim can hand mail "
		       "over by SMTP"},
    {OPT_SPLIT_EXIM_SPOOL, "there is no Exim queue driver"},
    {OPT_QMAIL_HASH_DIRECTORY_NUMBER, qmail},
    {OPT_QMAIL_INTD_HASH_NUMBER, qmail},
    {OPT_TNEF_EXPANDER, within},
    {OPT_TNEF_TIMEOUT, within},
    {OPT_FILE_COMMAND, within},
    {OPT_FILE_TIMEOUT, within},
    {OPT_GUNZIP_COMMAND, within},
    {OPT_GUNZIP_TIMEOUT, within},
    {OPT_UNRAR_COMMAND, within},
    {OPT_UNRAR_TIMEOUT, within},
    {OPT_UN7ZIP_COMMAND, within},
    {OPT_UN7ZIP_TIMEOUT, within},
    {OPT_ADD_TEXT_OF_DOC, word},
    {OPT_ANTIWORD, word},
    {OPT_ANTIWORD_TIMEOUT, word},
    {OPT_ZIP_ATTACHMENTS, zipping},
    {OPT_ATTACHMENTS_ZIP_FILENAME, zipping},
    {OPT_ATTACHMENTS_MIN_TOTAL_SIZE_TO_ZIP, zipping},
    {OPT_ATTACHMENT_EXTENSIONS_NOT_TO_ZIP, zipping},
    {OPT_UNZIP_MAXIMUM_FILES_PER_ARCHIVE, zipping},
    {OPT_UNZIP_MAXIMUM_FILE_SIZE, zipping},
    {OPT_UNZIP_FILENAMES, zipping},
    {OPT_UNZIP_MIMETYPE, zipping},
    {OPT_DELIVER_DISINFECTED_FILES,
	"infected parts are removed and not repaired"},
    {OPT_DISINFECTED_REPORT, "infected parts are removed and not repaired"},
    {OPT_DISINFECTED_HEADER_VALUE,
	"infected parts are removed and not repaired"},
    {OPT_CLAMD_USE_THREADS, "clamd gets one file at a time"},
    {OPT_SIGN_CLEAN_MESSAGES, signing},
    {OPT_SIGN_MESSAGES_ALREADY_PROCESSED, signing},
    {OPT_INLINE_HTML_SIGNATURE, signing},
    {OPT_INLINE_TEXT_SIGNATURE, signing},
    {OPT_SIGNATURE_IMAGE_FILENAME, signing},
    {OPT_SIGNATURE_IMAGE_IMG_FILENAME, signing},
    {OPT_ATTACH_IMAGE_TO_SIGNATURE, signing},
    {OPT_ATTACH_IMAGE_TO_HTML_MESSAGE_ONLY, signing},
    {OPT_ALLOW_MULTIPLE_HTML_SIGNATURES, signing},
    {OPT_DONT_SIGN_HTML_IF_HEADERS_EXIST, signing},
    {OPT_EXTERNAL_MESSAGE_WARNING, signing},
    {OPT_INLINE_HTML_EXTERNAL_WARNING, signing},
    {OPT_INLINE_TEXT_EXTERNAL_WARNING, signing},
    {OPT_SPAM_VIRUS_HEADER, no_spam},
    {OPT_SPAM_HEADER, no_spam},
    {OPT_SPAM_SCORE_HEADER, no_spam},
    {OPT_SPAM_SCORE_CHARACTER, no_spam},
    {OPT_SPAMSCORE_NUMBER_INSTEAD_OF_STARS, no_spam},
    {OPT_MINIMUM_STARS_IF_ON_SPAM_LIST, no_spam},
    {OPT_DETAILED_SPAM_REPORT, no_spam},
    {OPT_INCLUDE_SCORES_IN_SPAMASSASSIN_REPORT, no_spam},
    {OPT_ALWAYS_INCLUDE_SPAMASSASSIN_REPORT, no_spam},
    {OPT_SPAM_MODIFY_SUBJECT, no_spam},
    {OPT_SPAM_SUBJECT_TEXT, no_spam},
    {OPT_HIGH_SCORING_SPAM_MODIFY_SUBJECT, no_spam},
    {OPT_HIGH_SCORING_SPAM_SUBJECT_TEXT, no_spam},
    {OPT_SPAM_LIST_DEFINITIONS, no_spam},
    {OPT_SPAM_SCORE_NUMBER_FORMAT, no_spam},
    {OPT_SPAMASSASSIN_CACHE_TIMINGS, no_spam},
    {OPT_SPAMASSASSIN_PREFS_FILE, no_spam},
    {OPT_DEBUG_SPAMASSASSIN, no_spam},
    {OPT_KEEP_SPAM_AND_MCP_ARCHIVE_CLEAN, no_spam},
    {OPT_PHISHING_MODIFY_SUBJECT, html},
    {OPT_PHISHING_SUBJECT_TEXT, html},
    {OPT_MCP_USE_SPAMASSASSIN, "no MCP checks are made"},
    {OPT_ARCHIVE_PUBLIC_KEYS, "MailScanner itself does nothing with it"},
    {OPT_PUBLIC_KEY_ARCHIVE_DIR, "MailScanner itself does nothing with it"},
    {OPT_LDAP_BASE, "the configuration is read from files only"},
    {OPT_LDAP_SERVER, "the configuration is read from files only"},
    {OPT_LDAP_SITE, "the configuration is read from files only"},
    {OPT_DEBUG, foreground},
    {OPT_RUN_IN_FOREGROUND, foreground},
    {OPT_DELIVER_IN_BACKGROUND, "deliveries never hold up a message"},
    {OPT_LOCK_TYPE, "both kinds of locks are taken, always"},
    {OPT_SYSLOG_SOCKET_TYPE, "the log goes to /dev/log or Log File"},
    {OPT_AUTOMATIC_SYNTAX_CHECK, "the configuration is checked at each start"},
    {OPT_MINIMUM_CODE_STATUS, "scanners are all supported or refused"},
    {OPT_MAILSCANNER_VERSION_NUMBER, "files of every version are read"},
};

static const char no_marks[] = "watermarks are neither added nor looked at";
static const char no_mcp[] = "no MCP checks are made";
static const char no_copies[] = "no copies of mail are archived";

static const struct {
	const char *section;
	const char *text;
} sections[] = {
    {"Options specific to Sophos Anti-Virus", scanner},
    {"Options specific to F-Protd-6 Anti-Virus", scanner},
    {"Options specific to Kaspersky Scan Engine (kse)", scanner},
    {"Options specific to Avastd Anti-Virus", scanner},
    {"Options specific to F-Secure Anti-Virus (f-secured)", scanner},
    {"Removing/Logging dangerous or potentially offensive content", html},
    {"Spam Detection and Spam Lists (DNS blocklists)", no_spam},
    {"SpamAssassin", no_spam},
    {"Advanced SpamAssassin Settings", no_spam},
    {"Custom Spam Scanner Plugin", no_spam},
    {"What to do with spam", no_spam},
    {"Watermarking", no_marks},
    {"MCP (Message Content Protection)", no_mcp},
    {"Configuration from SQL", "the configuration is read from files only"},
    {"Mail Archiving and Monitoring", no_copies},
    {"Logging", "the log has one line for each message with all of it"},
};

const char *
instead_of(enum option opt)
{
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].opt == opt)
			return rows[i].text;
	for (i = 0; i < COUNT_OF(sections); i++)
		if (slice_is(
			slice_str(options[opt].section), sections[i].section))
			return sections[i].text;
	return "it has no effect";
}

bool
instead_is_enough(enum option opt, struct slice inside)
{
	const char *text = instead_of(opt);

	if (!slice_is(inside, "0"))
		return false;
	if (text == html)
		return !slice_starts(slice_str(options[opt].name), "Allow");
	return text == signing || text == no_spam || text == no_marks ||
	       text == no_mcp || text == no_copies || text == zipping ||
	       text == word;
}
