/* Mails that hide something: each construct is read in two ways by software
 * in use. The payload is base64, so only the reading that finds the part and
 * its encoding shows it. */
#include "mime/parser_check.h"
#include "test/unit.h"

#define PAYLOAD "hidden-payload-42"
#define B64 "aGlkZGVuLXBheWxvYWQtNDI=\n"
#define UU "begin 644 evil.exe\n1:&ED9&5N+7!A>6QO860M-#(`\n`\nend\n"
#define TOP "From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\n"
#define HTML "Content-Type: text/html\n"
#define CTE "Content-Transfer-Encoding: base64\n"
#define PLAIN "Content-Type: text/plain\n"
/* a part with the payload, and one without */
#define BAD HTML CTE "\n" B64
#define GOOD "\ngood\n"
#define MIXED "Content-Type: multipart/mixed; boundary=x\n"
#define BODY "\n--x\n" GOOD "--x\n" BAD "--x--\n"
/* --x, BAD, --x-- in base64 */
#define BODY_B64                                                             \
	"LS14CkNvbnRlbnQtVHlwZTogdGV4dC9odG1sCkNvbnRlbnQtVHJhbnNmZXItRW5jb2" \
	"Rp\nbmc6IGJhc2U2NAoKYUdsa1pHVnVMWEJoZVd4dllXUXROREk9Ci0teC0tCg==\n"
/* a message with the payload in base64 */
#define MESSAGE_B64                                                          \
	"RnJvbTogY0BleGFtcGxlLm9yZwpUbzogZEBleGFtcGxlLm9yZwpTdWJqZWN0OiBpbm" \
	"5l\ncgpDb250ZW50LVR5cGU6IHRleHQvaHRtbApDb250ZW50LVRyYW5zZmVyLUVuY2" \
	"9k\naW5nOiBiYXNlNjQKCmFHbGtaR1Z1TFhCaGVXeHZZV1F0TkRJPQo=\n"
#define MESSAGE "From: c@example.org\nSubject: inner\n" BAD

#define BIT(name) MIME_BIT(name)
/* name, defects that must be set, the message */
#define MAIL(name, bits, text)              \
	{                                   \
		name, bits, SLICE_LIT(text) \
	}

struct mail {
	const char *name;
	uint64_t bits;
	struct slice text;
};

// clang-format off
static const struct mail mails[] = {
MAIL("two types, text first", BIT(DUPLICATE_HEADER),
    TOP PLAIN MIXED BODY),
MAIL("two types, text last", 0,
    TOP MIXED PLAIN BODY),
MAIL("an empty type first", BIT(DUPLICATE_HEADER),
    TOP "Content-Type:\n" MIXED BODY),
MAIL("three types", BIT(DUPLICATE_HEADER),
    TOP PLAIN "Content-Type: image/png\n" MIXED BODY),
MAIL("two multipart types", BIT(DUPLICATE_HEADER),
    TOP "Content-Type: multipart/mixed; boundary=z\n" MIXED BODY),
MAIL("two types in a part", BIT(DUPLICATE_HEADER),
    TOP MIXED "\n--x\n" PLAIN "Content-Type: multipart/mixed; boundary=y\n\n"
    "--y\n" BAD "--y--\n--x--\n"),
MAIL("two boundaries, first", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; boundary=x; boundary=y\n" BODY),
MAIL("two boundaries, second", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; boundary=y; boundary=x\n" BODY),
MAIL("two boundaries, both there", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; boundary=y; boundary=x\n\n--y\n\n"
    "good\n--x\n" BAD "--x--\n--y--\n"),
MAIL("two boundaries in two cases", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; BOUNDARY=y; boundary=x\n\n--y\n\n"
    "good\n--x\n" BAD "--x--\n--y--\n"),
MAIL("plain against continued boundary", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; boundary=q; boundary*0=x\n\n--q\n\n"
    "good\n--x\n" BAD "--x--\n--q--\n"),
MAIL("plain against extended boundary", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; boundary=q; boundary*=''%78\n\n--q\n\n"
    "good\n--x\n" BAD "--x--\n--q--\n"),
MAIL("continued boundary alone", 0,
    TOP "Content-Type: multipart/mixed; boundary*0=xx; boundary*1=yy\n\n"
    "--xxyy\n" BAD "--xxyy--\n"),
MAIL("boundary in single quotes", 0,
    TOP "Content-Type: multipart/mixed; boundary='x'\n" BODY),
MAIL("boundary with a missing quote", 0,
    TOP "Content-Type: multipart/mixed; boundary=\"x\n" BODY),
MAIL("boundary with a comment", 0,
    TOP "Content-Type: multipart/mixed; boundary=x (comment)\n" BODY),
MAIL("boundary cut at a blank", 0,
    TOP "Content-Type: multipart/mixed; boundary=x y\n" BODY),
MAIL("boundary with blanks inside, unquoted", 0,
    TOP "Content-Type: multipart/mixed; boundary=x y z\n\n--x y z\n" BAD
    "--x y z--\n"),
MAIL("boundary with a backslash, resolved", 0,
    TOP "Content-Type: multipart/mixed; boundary=\"a\\b\"\n\n--ab\n" BAD
    "--ab--\n"),
MAIL("boundary with a backslash, as it is", 0,
    TOP "Content-Type: multipart/mixed; boundary=\"a\\b\"\n\n--a\\b\n" BAD
    "--a\\b--\n"),
MAIL("boundary with a blank at its end", 0,
    TOP "Content-Type: multipart/mixed; boundary=\"x \"\n" BODY),
MAIL("boundary cut at NUL", BIT(NUL_HEADER),
    TOP "Content-Type: multipart/mixed; boundary=\"x\0y\"\n" BODY),
MAIL("boundary as an encoded word", 0,
    TOP "Content-Type: multipart/mixed; boundary=\"=?us-ascii?q?x?=\"\n" BODY),
MAIL("boundary longer than 70 bytes", BIT(ODD_BOUNDARY),
    TOP "Content-Type: multipart/mixed; boundary="
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "\n\n--"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "\n" BAD),
MAIL("no boundary", BIT(MISSING_BOUNDARY),
    TOP "Content-Type: multipart/mixed\n" BODY),
MAIL("an empty boundary", BIT(MISSING_BOUNDARY),
    TOP "Content-Type: multipart/mixed; boundary=\"\"\n" BODY),
MAIL("no boundary and parts without fields", BIT(MISSING_BOUNDARY),
    TOP "Content-Type: multipart/mixed\n\n--x\n\ngood\n--x\n"
    "Content-Type: multipart/mixed; boundary=y\n\n--y\n" BAD "--y--\n"
    "--x--\n"),
MAIL("a wrong boundary", BIT(BOUNDARY_CONFLICT),
    TOP "Content-Type: multipart/mixed; boundary=q\n" BODY),
MAIL("boundary without a semicolon", 0,
    TOP "Content-Type: multipart/mixed boundary=x\n" BODY),
MAIL("boundary behind a comma", 0,
    TOP "Content-Type: multipart/mixed, boundary=x\n" BODY),
MAIL("comments in the type", BIT(ODD_TYPE),
    TOP "Content-Type: multipart(a)/(b)mixed; (c=d;) boundary=\"x\"\n" BODY),
MAIL("a quoted type", BIT(ODD_TYPE),
    TOP "Content-Type: \"multipart/mixed\"; boundary=\"x\"\n" BODY),
MAIL("an encoded word as type", BIT(ODD_TYPE),
    TOP "Content-Type: =?us-ascii?q?multipart/mixed?=; boundary=x\n" BODY),
MAIL("a type without subtype", BIT(ODD_TYPE),
    TOP "Content-Type: multipart; boundary=x\n" BODY),
MAIL("a type with NUL", BIT(NUL_HEADER),
    TOP "Content-Type: multi\0part/mixed; boundary=x\n" BODY),
MAIL("a field name with NUL", BIT(NUL_HEADER),
    TOP "Content\0-Type: multipart/mixed; boundary=x\n" BODY),
MAIL("a type nobody splits, with a boundary", 0,
    TOP "Content-Type: text/plain; boundary=x\n" BODY),
MAIL("a type behind a semicolon", 0,
    TOP "Content-Type: ; multipart/mixed; boundary=x\n" BODY),
MAIL("blank before the colon", BIT(HEADER_SPACE),
    TOP "Content-Type : multipart/mixed; boundary=x\n" BODY),
MAIL("blank before the colon of the encoding", BIT(HEADER_SPACE),
    TOP HTML "Content-Transfer-Encoding : base64\n\n" B64),
MAIL("delimiter with text behind it", BIT(PREFIX_DELIMITER),
    TOP MIXED "\n--x junk\n" BAD "--x--\n"),
MAIL("one delimiter with text behind it", BIT(PREFIX_DELIMITER),
    TOP MIXED "\n--x\n" GOOD "--xyz\n" BAD "--x--\n"),
MAIL("delimiter with NUL behind it", BIT(PREFIX_DELIMITER),
    TOP MIXED "\n--x\n" GOOD "--x\0\n" BAD "--x--\n"),
MAIL("delimiter in another case", BIT(PREFIX_DELIMITER),
    TOP "Content-Type: multipart/mixed; boundary=abc\n\n--abc\n" GOOD
    "--ABC\n" BAD "--abc--\n"),
MAIL("delimiter with blanks behind it", 0,
    TOP MIXED "\n--x  \t\n" BAD "--x--\n"),
MAIL("nested, one boundary the prefix of the other", 0,
    TOP MIXED "\n--x\nContent-Type: multipart/mixed; boundary=xy\n\n--xy\n"
    BAD "--xy--\n--x--\n"),
MAIL("the same boundary at two levels", BIT(SAME_BOUNDARY),
    TOP MIXED "\n--x\nContent-Type: multipart/alternative; boundary=x\n\n"
    "--x\n" BAD "--x--\n--x\n\nlast\n--x--\n"),
MAIL("the same boundary, payload last", BIT(SAME_BOUNDARY),
    TOP MIXED "\n--x\nContent-Type: multipart/alternative; boundary=x\n\n"
    "--x\n\ngood\n--x--\n--x\n" BAD "--x--\n"),
MAIL("the boundary around inside a part", BIT(FOREIGN_DELIMITER),
    TOP "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
    "Content-Type: multipart/mixed; boundary=i\n\n--i\n\ninner\n--o\n"
    PLAIN "\nouter\n--i\n" BAD "--i--\n--o--\n"),
MAIL("the boundary around closes a part", 0,
    TOP "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
    "Content-Type: multipart/mixed; boundary=i\n\n--i\n\ninner\n--o\n"
    BAD "--o--\n"),
MAIL("a part behind the close delimiter", BIT(PART_AFTER_CLOSE),
    TOP MIXED "\n--x\n" GOOD "--x--\n--x\n" BAD "--x--\n"),
MAIL("a close delimiter first", BIT(PART_AFTER_CLOSE),
    TOP MIXED "\n--x--\n--x\n" BAD "--x--\n"),
MAIL("a part behind a nested close", BIT(PART_AFTER_CLOSE),
    TOP MIXED "\n--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n"
    GOOD "--y--\n--y\n" BAD "--y--\n--x--\n"),
MAIL("fields in the preamble", BIT(PREAMBLE_CONTENT),
    TOP MIXED "\n" BAD "--x\n" GOOD "--x--\n"),
MAIL("uuencode in the preamble", BIT(PREAMBLE_CONTENT),
    TOP MIXED "\n" UU "--x\n" GOOD "--x--\n"),
MAIL("uuencode in the epilogue", BIT(EPILOGUE_CONTENT),
    TOP MIXED "\n--x\n" GOOD "--x--\n" UU),
MAIL("another multipart in the epilogue", BIT(EPILOGUE_CONTENT),
    TOP MIXED "\n--x\n" GOOD "--x--\n--y\n" BAD "--y--\n"),
MAIL("another multipart in the preamble", BIT(PREAMBLE_CONTENT),
    TOP MIXED "\n--y\n" BAD "--y--\n--x\n" GOOD "--x--\n"),
MAIL("fields in the epilogue", BIT(EPILOGUE_CONTENT),
    TOP MIXED "\n--x\n" GOOD "--x--\n" BAD),
MAIL("no close delimiter", BIT(MISSING_CLOSE),
    TOP MIXED "\n--x\n" BAD),
MAIL("no close delimiter and no line end", BIT(MISSING_CLOSE),
    TOP MIXED "\n--x\n" HTML CTE "\naGlkZGVuLXBheWxvYWQtNDI="),
MAIL("a line of blanks in the header", BIT(HEADER_END),
    "From: a@example.org\n \n" HTML CTE "\n" B64),
MAIL("a line of blanks ends the header", BIT(HEADER_END),
    TOP MIXED " \n--x\n" BAD "--x--\n\n"),
MAIL("a line of blanks in a field", 0,
    TOP "Content-Type: multipart/mixed;\n \n boundary=x\n" BODY),
MAIL("no empty line behind the header", BIT(HEADER_END),
    TOP HTML "<html>" PAYLOAD "</html>\nmore\n"),
MAIL("no empty line in a part", BIT(HEADER_END),
    TOP MIXED "\n--x\n" HTML "<html>" PAYLOAD "</html>\n--x--\n"),
MAIL("a line that is no field", 0,
    TOP "this is no field\n" MIXED BODY),
MAIL("a line that is no field ends the header", BIT(HEADER_END),
    TOP MIXED "this is no field\n--x\n" BAD "--x--\n\nX-A: b\n"),
MAIL("an empty line first", BIT(HEADER_END),
    "\n" TOP HTML CTE "\n" B64),
MAIL("a folded line first", BIT(HEADER_JUNK),
    " x\n" TOP HTML CTE "\n" B64),
MAIL("an mbox line first", BIT(FROM_LINE),
    "From a@example.org Mon Jan  1 00:00:00 2024\n" TOP HTML CTE "\n" B64),
MAIL("a byte order mark first", BIT(BOM),
    "\xef\xbb\xbf" TOP HTML CTE "\n" B64),
MAIL("bare CR as line end", BIT(BARE_CR_STRUCTURE),
    "From: a@example.org\rContent-Type: text/html\r"
    "Content-Transfer-Encoding: base64\r\raGlkZGVuLXBheWxvYWQtNDI=\r"),
MAIL("bare CR in a field", BIT(BARE_CR_STRUCTURE),
    TOP "Subject: x\rContent-Type: multipart/mixed; boundary=x\n" BODY),
MAIL("bare CR before a delimiter", BIT(BARE_CR_STRUCTURE),
    TOP MIXED "\n--x\n" PLAIN "\ngood\r--x\r" HTML CTE "\r"
    "aGlkZGVuLXBheWxvYWQtNDI=\r--x--\n"),
MAIL("CR CR LF as line end", 0,
    "From: a@example.org\r\r\nContent-Type: text/html\r\r\n"
    "Content-Transfer-Encoding: base64\r\r\n\r\r\n"
    "aGlkZGVuLXBheWxvYWQtNDI=\r\r\n"),
MAIL("LF and CRLF mixed", BIT(MIXED_EOL),
    "From: a@example.org\r\n" MIXED "\n--x\r\n" BAD "\r\n--x--\n"),
MAIL("two encodings, none first", BIT(ENCODING_CONFLICT),
    TOP HTML "Content-Transfer-Encoding: 7bit\n" CTE "\n" B64),
MAIL("two encodings, none last", BIT(ENCODING_CONFLICT),
    TOP HTML CTE "Content-Transfer-Encoding: 7bit\n\n" B64),
MAIL("two encodings, quoted-printable first", BIT(ENCODING_CONFLICT),
    TOP HTML "Content-Transfer-Encoding: quoted-printable\n" CTE "\n" B64),
MAIL("an encoding with junk", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: base64 foo\n\n" B64),
MAIL("an encoding with a parameter", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: base64; a=b\n\n" B64),
MAIL("an encoding with a comment", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: (7bit) base64\n\n" B64),
MAIL("a comment inside an encoding", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: ba(x)se64\n\n" B64),
MAIL("an encoding in quotes", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: \"base64\"\n\n" B64),
MAIL("an encoding with NUL", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: base64\0\n\n" B64),
MAIL("an encoding with a no-break space", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: base64\xa0\n\n" B64),
MAIL("two encodings in one field", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: 7bit, base64\n\n" B64),
MAIL("an encoding as an encoded word", BIT(ODD_ENCODING),
    TOP HTML "Content-Transfer-Encoding: =?us-ascii?q?base64?=\n\n" B64),
MAIL("an unknown encoding of base64", BIT(ENCODING_UNKNOWN),
    TOP HTML "Content-Transfer-Encoding: x-foo\n\n"
    "aGlkZGVuLXBheWxvYWQtNDIgaGlkZGVuLXBheWxvYWQtNDIgaGlkZGVuLXBheWxvYWQt"
    "NDIg\naGlkZGVuLXBheWxvYWQtNDI=\n"),
MAIL("base64 that says 7bit", 0,
    TOP "Content-Transfer-Encoding: 7bit\n\n"
    "aGlkZGVuLXBheWxvYWQtNDIgaGlkZGVuLXBheWxvYWQtNDIgaGlkZGVuLXBheWxvYWQt"
    "NDIg\naGlkZGVuLXBheWxvYWQtNDI=\n"),
MAIL("base64 with padding inside", BIT(BASE64_CONFLICT),
    TOP HTML CTE "\nZ29vZA==\n" B64),
MAIL("base64 with padding in the payload", BIT(BASE64_CONFLICT),
    TOP HTML CTE "\naGlkZGVuLXBheWw=\nb2FkLTQy\n"),
MAIL("base64 with padding first", BIT(BASE64_CONFLICT),
    TOP HTML CTE "\n=" B64),
MAIL("base64 with junk", 0,
    TOP HTML CTE "\naGlk!ZGVu*LXBh\0eWxv.YWQt\x80NDI=\n"),
MAIL("base64 behind text", 0,
    TOP HTML CTE "\nThis is a text, is it?\n" B64),
MAIL("base64 with blanks", 0,
    TOP HTML CTE "\naGlk ZGVu\tLXBh eWxvYWQt\n\n NDI=\n"),
MAIL("base64 without padding", 0,
    TOP HTML CTE "\naGlkZGVuLXBheWxvYWQtNDI"),
MAIL("text that says base64", 0,
    TOP HTML CTE "\n<html>(" PAYLOAD ")</html>\n"),
MAIL("uuencode as an encoding", 0,
    TOP HTML "Content-Transfer-Encoding: x-uuencode\n\n" UU),
MAIL("uuencode in text", 0,
    TOP PLAIN "\nHello.\n" UU),
MAIL("quoted-printable in lower case", 0,
    TOP HTML "Content-Transfer-Encoding: quoted-printable\n\n"
    "hidden=2dpayload=2d42=zz\n"),
MAIL("quoted-printable with blanks behind a soft break", 0,
    TOP HTML "Content-Transfer-Encoding: quoted-printable\n\n"
    "hidden-= \t\npayload-42\n"),
MAIL("quoted-printable with CR as a soft break", 0,
    TOP HTML "Content-Transfer-Encoding: quoted-printable\n\n"
    "hidden-=\rpayload-42\n"),
MAIL("a multipart in base64", BIT(ENCODED_MULTIPART),
    TOP MIXED CTE "\n" BODY_B64),
MAIL("a multipart that says base64 and is not", 0,
    TOP MIXED CTE BODY),
MAIL("a multipart in quoted-printable", 0,
    TOP MIXED "Content-Transfer-Encoding: quoted-printable\n" "\n--=78\n"
    HTML "Content-Transfer-Encoding: =\nbase64\n\naGlkZGVuLXBheWxvYWQtNDI=3D\n"
    "--=78--\n"),
MAIL("a message in base64", BIT(ENCODED_MESSAGE),
    TOP "Content-Type: message/rfc822\n" CTE "\n" MESSAGE_B64),
MAIL("a message in quoted-printable", BIT(ENCODED_MESSAGE),
    TOP "Content-Type: message/rfc822\n"
    "Content-Transfer-Encoding: quoted-printable\n\n"
    "From: c@example.org\nContent-Type: text/html\n"
    "Content-Transfer-Encoding: base=\n64\n\naGlkZGVuLXBheWxvYWQtNDI=3D\n"),
MAIL("a message that says base64 and is not", 0,
    TOP "Content-Type: message/rfc822\n" CTE "\n" MESSAGE),
MAIL("a message in base64 as a file", BIT(HIDDEN_MESSAGE),
    TOP "Content-Type: application/octet-stream; name=a.eml\n" CTE "\n"
    MESSAGE_B64),
MAIL("a message as text", BIT(HIDDEN_MESSAGE),
    TOP PLAIN "\n" MESSAGE),
MAIL("a message in base64 as 7bit text", BIT(HIDDEN_MESSAGE),
    TOP PLAIN "\n" MESSAGE_B64),
MAIL("a message of an unknown type", BIT(HIDDEN_MESSAGE),
    TOP "Content-Type: message/x-unknown\n\n" MESSAGE),
MAIL("a multipart as text", BIT(HIDDEN_MESSAGE),
    TOP PLAIN "\n--x\n" BAD "--x--\n"),
MAIL("a multipart as message", 0,
    TOP "Content-Type: message/rfc822\n\n--x\n" BAD "--x--\n"),
MAIL("a file that says message", 0,
    TOP "Content-Type: message/rfc822\n" CTE
    "\nTVoKaGlkZGVuLXBheWxvYWQtNDIKYTogYgoKYwo=\n"),
MAIL("a part of a digest", 0,
    TOP "Content-Type: multipart/digest; boundary=x\n\n--x\n\n" MESSAGE
    "--x--\n"),
MAIL("message/partial", BIT(PARTIAL),
    TOP "Content-Type: message/partial; id=1; number=1; total=2\n\n" MESSAGE),
MAIL("message/external-body", BIT(EXTERNAL_BODY),
    TOP "Content-Type: message/external-body; access-type=url\n\n" BAD),
MAIL("a delimiter inside a part's header", 0,
    TOP MIXED "\n--x\nContent-Type: text/plain\n--x\n" BAD "--x--\n"),
MAIL("a type in a second line of its own", 0,
    TOP "Content-Type:\n multipart/mixed;\n\tboundary=\n \"x\"\n" BODY),
MAIL("many parts in front", 0,
    TOP MIXED "\n--x\n--x\n--x\n\n--x\n\n\n--x\n" BAD "--x--\n"),
MAIL("two boundaries and a part behind the close", BIT(PART_AFTER_CLOSE),
    TOP "Content-Type: multipart/mixed; boundary=q; boundary=x\n\n--q\n\n"
    "good\n--x--\n--x\n" BAD "--x--\n--q--\n"),
MAIL("a message in base64 with two boundaries in it", 0,
    TOP PLAIN MIXED "\n--x\nContent-Type: message/rfc822\n" CTE "\n"
    MESSAGE_B64 "--x--\n"),
};

/* Mails as ordinary software writes them. */
static const struct mail ordinary[] = {
MAIL("text", 0, "From: a@example.org\nSubject: x\n\n" PAYLOAD "\n"),
MAIL("html in base64", 0, TOP BAD),
MAIL("multipart", 0, TOP MIXED BODY),
MAIL("a usual remark", 0,
    TOP MIXED "\nThis is a multi-part message in MIME format.\n--x\n" BAD
    "--x--\n"),
MAIL("a list's footer in the epilogue", 0,
    TOP MIXED "\n--x\n" BAD "--x--\n\n_____________\nList mailing list\n"
    "list@example.org\n"),
MAIL("nested with boundaries alike", 0,
    TOP "Content-Type: multipart/mixed; boundary=\"=_1\"\n\n--=_1\n"
    "Content-Type: multipart/alternative; boundary=\"=_1a\"\n\n--=_1a\n"
    PLAIN "\ntext\n--=_1a\n" BAD "--=_1a--\n\n--=_1\n"
    "Content-Type: image/png; name=\"a.png\"\n" CTE
    "Content-Disposition: attachment; filename=\"a.png\"\n\niVBORw0K\n"
    "--=_1--\n"),
MAIL("a signature and dashes", 0,
    TOP MIXED "\n--x\n\n-- \nJohn\n----- Original Message -----\n--\n--x\n"
    BAD "--x--\n"),
MAIL("a forwarded message", 0,
    TOP MIXED "\n--x\n" GOOD "--x\nContent-Type: message/rfc822\n\n" MESSAGE
    "--x--\n"),
MAIL("names in two forms", 0,
    TOP "Content-Type: text/html; name=\"=?utf-8?q?a=C3=A4.html?=\"\n" CTE
    "Content-Disposition: attachment; filename*=utf-8''a%C3%A4.html\n\n" B64),
MAIL("CRLF", 0,
    "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n"
    "\r\n--x\r\nContent-Type: text/html\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\naGlkZGVuLXBheWxvYWQtNDI=\r\n"
    "--x--\r\n"),
MAIL("a cut bounce", 0,
    TOP "Content-Type: multipart/report; boundary=x\n\n--x\n\ntext\n--x\n"
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n"
    "Final-Recipient: rfc822; b\n\n--x\nContent-Type: message/rfc822\n\n"
    "From: c@example.org\n"
    "Content-Type: multipart/mixed; boundary=y\n\n--y\n" BAD "\n--x--\n"),
};
// clang-format on

static bool
in_text(struct arena *a, struct slice text)
{
	struct codec_file *files;
	size_t n, i;

	if (slice_find(text, SLICE(PAYLOAD)) >= 0)
		return true;
	files = codec_embedded(a, text, 10, 10000, &n, NULL);
	for (i = 0; i < n; i++)
		if (slice_find(files[i].bytes, SLICE(PAYLOAD)) >= 0)
			return true;
	return false;
}

static bool
is_seen(struct arena *a, const struct mime_tree *t)
{
	struct mime_part *const *p;
	struct mime_decoding *d;
	size_t n, i;

	vec_each (p, &t->parts) {
		if ((*p)->multipart || (*p)->message)
			continue;
		d = mime_decode(a, *p, &mime_default_limits, &n);
		for (i = 0; i < n; i++)
			if (in_text(a, d[i].bytes))
				return true;
	}
	return false;
}

/* 1 when something is wrong. */
static int
check_mail(const struct mail *m, bool plain)
{
	struct arena *a = arena_new(0);
	struct mime_tree *t = mime_parse(a, m->text, &mime_default_limits);
	uint64_t missing = m->bits & ~t->defects;
	uint64_t wrong = plain ? t->defects & mime_ambiguous() : 0;
	unsigned d;
	int bad = 0;

	parser_check_tree(t, &mime_default_limits);
	parser_check_contents(a, t, &mime_default_limits);
	for (d = 0; d < MIME_DEFECT_COUNT; d++)
		if (((missing | wrong) >> d & 1) != 0) {
			print_error("%s: %s %s\n", m->name,
			    (missing >> d & 1) != 0 ? "misses" : "has",
			    mime_defect_word((enum mime_defect)d));
			bad = 1;
		}
	if (!is_seen(a, t) || t->cut) {
		print_error("%s: %s\n", m->name,
		    t->cut ? "cut" : "the payload is not seen");
		bad = 1;
	}
	arena_free(a);
	return bad;
}

UNIT(hidden_payloads_are_seen)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < COUNT_OF(mails); i++)
		bad += check_mail(&mails[i], false);
	check_int(bad, 0);
}

UNIT(ordinary_mail_is_not_ambiguous)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < COUNT_OF(ordinary); i++)
		bad += check_mail(&ordinary[i], true);
	check_int(bad, 0);
}

/* What stands in front of a whole mail that is inside another one. */
struct wrap {
	const char *front;
	bool base64;
	const char *end;
};

#define OUT "Content-Type: multipart/mixed; boundary=OUT\n"
#define HI "\n--OUT\n\nhi\n"
#define RFC822 "Content-Type: message/rfc822\n"

static const struct wrap wraps[] = {
    {TOP OUT HI "--OUT\n" RFC822 "\n", false, "\n--OUT--\n"},
    {TOP OUT HI "--OUT\n" RFC822 CTE "\n", true, "--OUT--\n"},
    {TOP OUT HI "--OUT\nContent-Type: application/octet-stream\n" CTE "\n",
	true, "--OUT--\n"},
    {TOP PLAIN OUT HI "--OUT\n" RFC822 "\n", false, "\n--OUT--\n"},
    {TOP "Content-Type: multipart/mixed\n" HI "--OUT\n" RFC822 "\n", false,
	"\n--OUT--\n"},
    {TOP OUT HI "--OUT--\n--OUT\n" RFC822 "\n", false, "\n--OUT--\n"},
    {TOP "Content-Type: multipart/mixed; boundary=OUT; boundary=b\n"
	 "\n--b\n\nhi\n--OUT\n" RFC822 "\n",
	false, "\n--OUT--\n"},
    {TOP OUT HI "--OUT junk\n" RFC822 "\n", false, "\n--OUT--\n"},
    {TOP RFC822 "Content-Transfer-Encoding: 7bit\n" CTE "\n", true, ""},
    {TOP PLAIN "\n", false, ""},
    {TOP PLAIN CTE "\n", true, ""},
    {"From: a@example.org\n \n" RFC822 "\n", false, ""},
};

static void
add_base64(struct buf *b, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, k;

	for (i = 0; i < s.n; i += 3) {
		unsigned word = 0;

		for (k = 0; k < 3; k++)
			word = word << 8 |
			       (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
		for (k = 0; k < 4; k++)
			(void)buf_addc(
			    b, i + k > s.n ? '='
					   : digits[word >> (18 - 6 * k) & 63]);
		if (i % 57 == 54)
			(void)buf_addc(b, '\n');
	}
	(void)buf_addc(b, '\n');
}

/* One construct around another: readings of readings. */
UNIT(hidden_payloads_are_seen_inside_other_constructs)
{
	const struct wrap *w;
	size_t i;
	int bad = 0;

	for (w = wraps; w < wraps + COUNT_OF(wraps); w++)
		for (i = 0; i < COUNT_OF(mails); i++) {
			struct mail m = {mails[i].name, 0, {NULL, 0}};
			struct buf b;

			buf_init(&b, 1 << 16);
			(void)buf_adds(&b, w->front);
			if (w->base64)
				add_base64(&b, mails[i].text);
			else
				(void)buf_add(&b, mails[i].text);
			(void)buf_adds(&b, w->end);
			m.text = buf_slice(&b);
			if (check_mail(&m, false) != 0) {
				print_error("behind:\n%s", w->front);
				bad++;
			}
			buf_fini(&b);
		}
	check_int(bad, 0);
}

UNIT_MAIN(unit(hidden_payloads_are_seen), unit(ordinary_mail_is_not_ambiguous),
    unit(hidden_payloads_are_seen_inside_other_constructs))
