"""Honest mails of many shapes, about which nothing may be found."""
import base64
import quopri
import zlib

from evasion_archives import tarred, zipped
from evasion_mime import MIME, TOP

cases = []


def case(name, data):
    cases.append((name, "", data))


def multi(kind, *parts, b=b"=_Part_1.2", pre=b"", post=b"", top=MIME, q=b'"'):
    return (top + b"Content-Type: multipart/" + kind + b"; boundary=" + q + b +
            q + b"\n\n" + pre +
            b"".join(b"--" + b + b"\n" + p + b"\n" for p in parts) +
            b"--" + b + b"--\n" + post)


def inner(kind, *parts, **how):
    return multi(kind, *parts, top=b"", **how)


TEXT = b"Content-Type: text/plain; charset=utf-8\n\nGuten Tag\n"
HTML = b"Content-Type: text/html; charset=utf-8\n" \
       b"Content-Transfer-Encoding: quoted-printable\n\n<html><body>" \
       b"<p style=3D\"a\">Gr=C3=BC=C3=9Fe</p></body></html>\n"
PNG = base64.encodebytes(base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
    b"hgGAWjR9awAAAABJRU5ErkJggg=="))
IMAGE = b"Content-Type: image/png; name=\"logo.png\"\n" \
        b"Content-Transfer-Encoding: base64\nContent-ID: <a@b>\n" \
        b"Content-Disposition: inline; filename=\"logo.png\"\n\n" + PNG
PDF = b"Content-Type: application/pdf; name=\"Report 2026.pdf\"\n" \
      b"Content-Disposition: attachment; filename=\"Report 2026.pdf\"\n" \
      b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(
          b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n%%EOF\n")


def attached(head, data=b"Some words\n", how=b"base64"):
    return multi(b"mixed", TEXT, head +
                 b"\nContent-Transfer-Encoding: base64\n\n" +
                 base64.encodebytes(data))


case("plain", TOP + b"\nHello\n")
case("plain-crlf", (TOP + b"\nHello\n").replace(b"\n", b"\r\n"))
case("empty-body", TOP + b"\n")
case("no-body", TOP)
case("7bit", MIME + TEXT)
case("format-flowed", MIME + b"Content-Type: text/plain; charset=utf-8;\n "
     b"format=flowed; delsp=yes\n\n> a \n> b \n>> c\nnew text \nflows\n-- \nme\n")
for name, text, charset in (
        ("utf-8", "Grüße — 中文", "utf-8"), ("latin1", "Grüße", "iso-8859-1"),
        ("latin9", "10 €", "iso-8859-15"), ("windows-1252", "„Ja“", "cp1252"),
        ("windows-1251", "Привет", "cp1251"), ("koi8-r", "Привет", "koi8-r"),
        ("big5", "中文功許", "big5"), ("gb2312", "中文", "gb2312"),
        ("gbk", "中文", "gbk"), ("gb18030", "中文", "gb18030"),
        ("shift_jis", "表示ソ能", "shift_jis"), ("euc-jp", "日本語", "euc-jp"),
        ("iso-2022-jp", "日本語", "iso-2022-jp"), ("euc-kr", "한국어", "euc-kr"),
        ("iso-8859-2", "Žluť", "iso-8859-2"), ("iso-8859-7", "Ελλ", "iso8859-7"),
        ("windows-1255", "שלום", "cp1255"), ("windows-1256", "سلام", "cp1256"),
        ("tis-620", "ไทย", "tis-620"), ("utf-7", "Grüße", "utf-7")):
    data = text.encode(charset)
    ct = b"Content-Type: text/plain; charset=" + name.encode() + b"\n"
    case("body-8bit-" + name, MIME + ct + b"Content-Transfer-Encoding: 8bit"
         b"\n\n" + data + b"\n")
    case("body-qp-" + name, MIME + ct + b"Content-Transfer-Encoding: "
         b"quoted-printable\n\n" + quopri.encodestring(data) + b"\n")
    case("body-base64-" + name, MIME + ct + b"Content-Transfer-Encoding: "
         b"base64\n\n" + base64.encodebytes(data * 30))
    if name != "utf-7":
        word = b"=?" + name.encode() + b"?B?" + base64.b64encode(
            data + b".pdf") + b"?="
        case("name-word-" + name, attached(
            b"Content-Type: application/pdf;\n name=\"" + word +
            b"\"\nContent-Disposition: attachment;\n filename=\"" + word +
            b"\"", b"%PDF-1.4\n%%EOF\n"))
        ext = b"".join(b"%%%02X" % c for c in data)
        case("name-2231-" + name, attached(
            b"Content-Type: application/pdf\nContent-Disposition: attachment;"
            b"\n filename*=" + name.encode() + b"''" + ext + b".pdf",
            b"%PDF-1.4\n%%EOF\n"))
        case("subject-" + name, TOP.replace(b"Subject: s", b"Subject: " + word)
             + b"\nx\n")
long_name = "Protokoll der Sitzung über die Änderung der Satzung Teil.pdf"
enc = "".join("%%%02X" % c if c > 127 or c == 32 else chr(c)
              for c in long_name.encode())
case("name-2231-sections", attached(
    b"Content-Type: application/pdf\nContent-Disposition: attachment;\n "
    b"filename*0*=utf-8''" + enc[:20].encode() + b";\n filename*1*=" +
    enc[20:50].encode() + b";\n filename*2*=" + enc[50:].encode(),
    b"%PDF-1.4\n%%EOF\n"))
case("name-2231-and-word", attached(
    b"Content-Type: application/pdf; name=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=\""
    b"\nContent-Disposition: attachment;\n filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf",
    b"%PDF-1.4\n%%EOF\n"))
case("name-fallback-and-2231", attached(
    b"Content-Type: application/pdf\nContent-Disposition: attachment;\n "
    b"filename=\"Grusse.pdf\"; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf",
    b"%PDF-1.4\n%%EOF\n"))
case("name-percent", attached(
    b"Content-Type: text/plain; name=\"100% sure 25%20.txt\""))
case("name-folded-word", attached(
    b"Content-Type: application/pdf;\n name=\"=?utf-8?Q?Einladung_zur_?=\n "
    b"=?utf-8?Q?Sitzung.pdf?=\"\nContent-Disposition: attachment",
    b"%PDF-1.4\n%%EOF\n"))
case("alternative", multi(b"alternative", TEXT, HTML))
case("related", multi(b"related; type=\"text/html\"", HTML, IMAGE))
case("mixed", multi(b"mixed", TEXT, PDF))
case("mixed-alternative-related", multi(b"mixed", inner(
    b"alternative", TEXT, inner(b"related", HTML, IMAGE, b=b"r"), b=b"a"), PDF))
case("nested-prefix-names", multi(b"mixed", inner(
    b"alternative", TEXT, HTML, b=b"----=_NextPart_001_0001_01D"),
    PDF, b=b"----=_NextPart_000_0000_01D"))
case("preamble", multi(b"mixed", TEXT, pre=b"This is a multi-part message in "
                       b"MIME format.\n"))
case("preamble-long", multi(b"mixed", TEXT, pre=b"This is a multi-part "
     b"message in MIME format.\nYour mail reader does not understand it; ask "
     b"for\nanother one: http://www.example.org/mime\n\n"))
case("epilogue-list-footer", multi(
    b"mixed", TEXT, post=b"\n________________________________________\nlist "
    b"mailing list\nlist@example.org\nhttp://lists.example.org/listinfo/list\n"))
case("epilogue-blank", multi(b"mixed", TEXT, post=b"\n\n\n"))
case("mailman-footer-part", multi(b"mixed", TEXT, b"Content-Type: text/plain; "
     b"charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: "
     b"7bit\nContent-Disposition: inline\n\n____\nlist mailing list\n"))
case("signed-pgp", multi(b"signed; micalg=pgp-sha512;\n protocol="
     b"\"application/pgp-signature\"", TEXT, b"Content-Type: application/"
     b"pgp-signature; name=\"signature.asc\"\nContent-Description: OpenPGP "
     b"digital signature\n\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCgAdFiEE\n"
     b"=abcd\n-----END PGP SIGNATURE-----\n"))
case("signed-smime", multi(b"signed; micalg=sha-256;\n protocol="
     b"\"application/pkcs7-signature\"", TEXT, b"Content-Type: application/"
     b"pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n"
     b"Content-Disposition: attachment; filename=smime.p7s\n\n" +
     base64.encodebytes(b"\x30\x80\x06\x09\x2a\x86\x48\x86" * 20)))
case("pgp-inline", TOP + b"\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n"
     b"\n- -- dashes\nHi\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n=aaaa\n"
     b"-----END PGP SIGNATURE-----\n")
DSN = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.b\n\n" \
      b"Final-Recipient: rfc822; x@y.z\nAction: failed\nStatus: 5.1.1\n"
RETURNED = b"Content-Type: message/rfc822\n\n" + TOP + b"\nold text\n"
case("dsn", multi(b"report; report-type=delivery-status", TEXT, DSN, RETURNED))
case("dsn-headers", multi(b"report; report-type=delivery-status", TEXT, DSN,
                          b"Content-Type: text/rfc822-headers\n\n" + TOP))
case("dsn-of-multipart", multi(
    b"report; report-type=delivery-status", TEXT, DSN,
    b"Content-Type: message/rfc822\n\n" + multi(b"mixed", TEXT, PDF, b=b"old")))
case("dsn-cut-multipart", multi(
    b"report; report-type=delivery-status", TEXT, DSN,
    b"Content-Type: text/rfc822-headers\n\n" + MIME +
    b"Content-Type: multipart/mixed; boundary=old\n"))
case("mdn", multi(b"report; report-type=disposition-notification", TEXT,
     b"Content-Type: message/disposition-notification\n\nReporting-UA: x\n"
     b"Final-Recipient: rfc822;x@y.z\nDisposition: manual-action/"
     b"MDN-sent-manually; displayed\n"))
case("arf", multi(b"report; report-type=feedback-report", TEXT,
     b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
     b"User-Agent: x\nVersion: 1\n", RETURNED))
case("bounce-qmail", TOP + b"\nHi. This is the qmail-send program.\n\n<x@y>:\n"
     b"no such user\n\n--- Below this line is a copy of the message.\n\n" + TOP
     + b"\nhello\n")
ICS = b"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\n" \
      b"DTSTART:20261102T100000Z\nEND:VEVENT\nEND:VCALENDAR\n"
case("calendar", multi(b"alternative", TEXT, HTML,
     b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\n" + ICS))
case("calendar-attached", multi(b"mixed", inner(
    b"alternative", TEXT, b"Content-Type: text/calendar; method=REQUEST\n\n" +
    ICS, b=b"x"), b"Content-Type: application/ics; name=\"invite.ics\"\n"
    b"Content-Disposition: attachment; filename=\"invite.ics\"\n\n" + ICS))
case("vcard", attached(b"Content-Type: text/x-vcard; name=\"me.vcf\"",
                       b"BEGIN:VCARD\nVERSION:3.0\nFN:Me\nEND:VCARD\n"))
case("forwarded", multi(b"mixed", TEXT, RETURNED))
case("digest", multi(b"digest", b"\n" + TOP + b"\none\n",
                     b"\n" + TOP + b"\ntwo\n"))
case("apple-mail", multi(b"alternative", TEXT, inner(
    b"mixed", HTML, IMAGE, HTML, b=b"Apple-Mail=_2"), b=b"Apple-Mail=_1"))
case("exchange", multi(b"related;\n\ttype=\"multipart/alternative\"", inner(
    b"alternative", TEXT, HTML, b=b"_000_AM0PR0eurprd_"), IMAGE,
    b=b"_004_AM0PR0eurprd_"))
case("gmail", multi(b"alternative", TEXT, HTML, b=b"000000000000a1b2c3", q=b'"'))
case("thunderbird", multi(b"mixed", TEXT, PDF,
                          b=b"------------0Xab0Xab", top=MIME))
case("outlook", multi(b"mixed", TEXT, PDF, b=b"----=_NextPart_000_0012_01DA0B",
                      pre=b"This is a multipart message in MIME format.\n\n"))
case("long-header", TOP.replace(b"Subject: s", b"Subject: " + b"word " * 180) +
     b"\nx\n")
case("long-references", TOP + b"References:" + b"\n <12345@example.org>" * 900
     + b"\n\nx\n")
case("many-received", b"Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000"
     b"\n" * 60 + TOP + b"\nx\n")
case("many-recipients", TOP + b"Cc: " + b",\n ".join(
    b"User %d <u%d@example.org>" % (i, i) for i in range(400)) + b"\n\nx\n")
case("dkim", b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.org; "
     b"s=x;\n h=from:to; bh=abc=;\n b=abcdef=\n" + TOP + b"\nx\n")
case("utf8-headers", TOP.replace(b"Subject: s", "Subject: Grüße".encode()) +
     b"\nx\n")
case("from-comment", TOP.replace(b"From: a@example.org",
     b"From: \"Doe, John (x@y.z)\" <a@example.org>") + b"\nx\n")
case("from-line", b"From a@example.org Mon Nov  2 10:00:00 2026\n" + TOP +
     b"\nx\n")
case("body-from", TOP + b"\n>From here\nFrom there\n")
case("uu-talk", TOP + b"\nTo decode it:\n\n> begin 644 a.txt\n> M1234\n\n"
     b"begin with this\nand end\nend\n")
case("uu-quoted", TOP + b"\n> begin 644 x.txt\n> #0V%T\n> `\n> end\n")
case("yenc-talk", TOP + b"\nIt starts with =ybegin and ends with =yend.\n"
     b"=y is an escape\n")
case("binhex-talk", TOP + b"\n(This file must be converted with BinHex 4.0)\n"
     b"is what the first line says.\n")
case("base64-talk", TOP + b"\nSee\n\n  aGVsbG8gd29ybGQ=\n\nfor hello world.\n")
case("mime-talk", TOP + b"\nWrite:\n\nContent-Type: text/plain\n\nand then\n"
     b"--boundary\nContent-Type: text/html\n\nand so on.\n")
case("signature-dashes", multi(b"mixed", b"Content-Type: text/plain\n\nHi\n"
     b"--\nMe\n-- \nYou\n----------\n"))
case("diff", TOP + b"\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39\n")
case("patch-attached", attached(
    b"Content-Type: text/x-patch; name=\"0001-fix.patch\"",
    b"From 123 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: x\n\n---\n"
    b" a | 2 +-\n\ndiff --git a/a b/a\n-- \n2.39\n"))
case("zip", attached(b"Content-Type: application/zip; name=\"a.zip\"",
                     zipped([("a/readme.txt", b"hello"), ("b.csv", b"1,2")])))
case("zip-empty", attached(b"Content-Type: application/zip; name=\"a.zip\"",
                           zipped([])))
case("tgz", attached(b"Content-Type: application/gzip; name=\"a.tar.gz\"",
                     __import__("gzip").compress(tarred([("a/b.c", b"x")]))))
case("log-gz", attached(b"Content-Type: application/gzip; name=\"a.log.gz\"",
                        __import__("gzip").compress(b"line\n" * 99)))
case("docx", attached(
    b"Content-Type: application/vnd.openxmlformats-officedocument."
    b"wordprocessingml.document; name=\"a.docx\"",
    zipped([("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
            ("_rels/.rels", b"<?xml version=\"1.0\"?><R/>"),
            ("word/_rels/document.xml.rels", b"<?xml version=\"1.0\"?><R/>"),
            ("word/document.xml", b"<?xml version=\"1.0\"?><d/>")])))
case("eml-attached", attached(
    b"Content-Type: application/octet-stream; name=\"a.eml\"",
    multi(b"mixed", TEXT, b=b"in")))
case("sms-gateway", TOP + b"Content-Type: text/plain\n\nhi\n")
case("cte-upper", MIME + b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\n"
     b"Content-Transfer-Encoding: 7BIT\n\nhi\n")
case("type-comment", MIME.replace(b"1.0", b"1.0 (Mac OS X Mail)") +
     b"Content-Type: text/plain; charset=us-ascii\n\nhi\n")
case("boundary-specials", multi(b"mixed", TEXT, b=b"=-abc/+'():,?_.=x"))
case("boundary-no-quotes", multi(b"mixed", TEXT, b=b"abc-123", q=b""))
case("empty-parts", multi(b"mixed", b"Content-Type: text/plain\n\n",
                          b"Content-Type: text/plain\n\n"))
case("part-no-header", multi(b"mixed", b"\nJust text\n"))
case("missing-close", multi(b"mixed", TEXT)[:-15])
case("base64-trailing-blank", MIME + b"Content-Type: text/plain\nContent-"
     b"Transfer-Encoding: base64\n\n" + base64.encodebytes(b"hello " * 40) +
     b"\n\n")
case("crc", TOP + b"\n%08x\n" % zlib.crc32(b"x"))
