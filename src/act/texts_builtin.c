#include "act/texts_builtin.h"

#include "base/attr.h"

#define REMOVED                                                       \
	"The attachment \"$filename\" was removed from this message " \
	"on $date:\n$report\n\n"
#define KEPT                                                            \
	REMOVED                                                         \
	"A copy is kept. Ask $localpostmaster for it and name message " \
	"$id ($quarantinedir/$datenumber/$id on $hostname).\n"
#define GONE REMOVED "No copy is kept. Questions: $localpostmaster\n"
#define MAIL_TO_SENDER(subject)                                           \
	"From: \"$postmastername\" <$localpostmaster>\nTo: $from\n"       \
	"Subject: " subject                                               \
	"\n\nYour message was not delivered as you sent it.\n\n"          \
	"    To:      $to\n    Subject: $subject\n    Date:    $date\n\n" \
	"$report\n"

const struct builtin_text builtin_texts[] = {
    {OPT_DELETED_BAD_CONTENT_MESSAGE_REPORT, GONE},
    {OPT_DELETED_BAD_FILENAME_MESSAGE_REPORT, GONE},
    {OPT_DELETED_SIZE_MESSAGE_REPORT, GONE},
    {OPT_DELETED_VIRUS_MESSAGE_REPORT, GONE},
    {OPT_STORED_BAD_CONTENT_MESSAGE_REPORT, KEPT},
    {OPT_STORED_BAD_FILENAME_MESSAGE_REPORT, KEPT},
    {OPT_STORED_SIZE_MESSAGE_REPORT, KEPT},
    {OPT_STORED_VIRUS_MESSAGE_REPORT, KEPT},
    {OPT_SENDER_CONTENT_REPORT,
	MAIL_TO_SENDER("Content of your message is not accepted")},
    {OPT_SENDER_ERROR_REPORT,
	MAIL_TO_SENDER("Your message could not be examined")},
    {OPT_SENDER_BAD_FILENAME_REPORT,
	MAIL_TO_SENDER("An attachment of yours was not delivered")},
    {OPT_SENDER_VIRUS_REPORT,
	MAIL_TO_SENDER("A virus was found in your message")},
    {OPT_SENDER_SIZE_REPORT,
	MAIL_TO_SENDER("Your message is not of an accepted size")},
    {OPT_REJECTION_REPORT, MAIL_TO_SENDER("Your message was rejected")},
    {OPT_INLINE_TEXT_WARNING,
	"Warning: something was removed from this message ($filename).\n"
	"See \"$viruswarningname\".\n"},
    {OPT_INLINE_HTML_WARNING,
	"<p><b>Warning:</b> something was removed from this message "
	"($filename). See &quot;$viruswarningname&quot;.</p>\n"},
    {OPT_INLINE_TEXT_SIGNATURE,
	"-- \nThis message was examined by $hostname.\n"},
    {OPT_INLINE_HTML_SIGNATURE,
	"<br>-- <br>\nThis message was examined by $hostname.\n"},
    {OPT_INLINE_TEXT_EXTERNAL_WARNING,
	"This message came from outside. Be careful with links and "
	"attachments.\n"},
    {OPT_INLINE_HTML_EXTERNAL_WARNING,
	"<p>This message came from outside. Be careful with links and "
	"attachments.</p>\n"},
};
const size_t builtin_text_count = COUNT_OF(builtin_texts);

const struct builtin_word builtin_words[] = {
    {"FullHeadersAre", "Header of the message"},
    {"MailScanner", "MailScanner"},
    {"NotNamed", "without a name"},
    {"NoticeFilenameInfected", "names or kinds of files"},
    {"NoticeHeading", "These messages had problems:"},
    {"NoticeOtherInfected", "other content"},
    {"NoticePrefix", "Warning"},
    {"NoticeSizeInfected", "size"},
    {"NoticeVirusInfected", "viruses"},
    {"PostmasterName", "Mail gateway"},
    {"Report", "Report"},
    {"TheEntireMessage", "the entire message"},
};
const size_t builtin_word_count = COUNT_OF(builtin_words);
