"""More of both: forms inside forms, and headers that lie. (name, codes, bytes)"""
import base64
import bz2
import gzip
import io
import lzma
import quopri
import struct
import tarfile
import zipfile
import zlib

from evasion_archives import mail, raw_zip, tarred, zipped
from evasion_mime import (ATT, B64, CTE, EICAR, MIME, TEXT, TOP, b64, mixed,
                          qp, uu, yenc)

V, F = "virus", "filename"
cases = []


def case(name, codes, data):
    cases.append((name, codes, data))


G = mixed(TEXT, B64)
case("cte-in-type-parameter", V + "|ambiguous", mixed(TEXT, ATT + b"Content-Type: a/b; x=y\n" + CTE + b"base64\n\n" + b64()))
case("uu-in-qp-in-base64-mail", V, mixed(b"Content-Type: message/rfc822\n" + CTE + b"base64\n\n" + b64(MIME + CTE + b"quoted-printable\n\n" + quopri.encodestring(uu()))))
case("message-uu", V, mixed(b"Content-Type: message/rfc822\n" + CTE + b"x-uuencode\n\n" + uu(G, b"m.eml")))
case("zip-in-uu", V, TOP + b"\nhi\n" + uu(zipped([("a.txt", EICAR)]), b"a.zip"))
case("zip-in-yenc", V, TOP + b"\nhi\n" + yenc(zipped([("a.txt", EICAR)]), b"a.zip"))
case("type-text-base64-mail-hidden", V, MIME + b"Content-Type: text/plain\n" + CTE + b"base64\n\n" + b64(G))
case("headers-in-body-after-blank", V, b"\n" + G)
case("multipart-default-digest", V, MIME + b"Content-Type: multipart/digest; boundary=b\n\n--b\n\n" + G + b"\n--b--\n")
case("rfc822-with-b64-header-only", V, mixed(b"Content-Type: message/rfc822; charset=utf-8\n" + CTE + b"7bit\n\n" + G))
case("rfc822-leading-from", V, mixed(b"Content-Type: message/rfc822\n\nFrom x@y Mon Nov 2 10:00:00 2026\n" + G))
case("rfc822-leading-blank", V, mixed(b"Content-Type: message/rfc822\n\n\n" + G))
case("rfc822-utf16", "virus|ambiguous|malformed", mixed(b"Content-Type: message/rfc822\n" + CTE + b"base64\n\n" + b64(G.decode("latin1").encode("utf-16"))))
case("eicar-two-parts-same-cid", V, mixed(TEXT, B64, B64))
case("b64-text-html-type", V, mixed(b"Content-Type: image/gif\n" + CTE + b"base64\n\n" + b64()))
case("part-eol-cr-only-part", V, mixed(TEXT, B64.replace(b"\n", b"\r")))
case("part-eol-lfcr", V, mixed(TEXT, B64.replace(b"\n", b"\n\r")))
case("crlf-mixed-delims", V, mixed(TEXT, B64).replace(b"--b\n", b"--b\r\n"))
case("last-no-newline", V, mixed(TEXT, B64, close=False).rstrip(b"\n"))
case("close-no-newline", V, mixed(TEXT, B64)[:-1])
case("delim-at-start-no-head", V, b"--b\n" + B64 + b"--b--\n")
case("only-content-headers", V, b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + B64 + b"--b--\n")
case("ct-continuation-tab-mess", V, G.replace(b"multipart/mixed; boundary", b"multipart/mixed;\n \t \n\tboundary"))
case("ct-lost-fold", V, G.replace(b"multipart/mixed; boundary", b"multipart/mixed;\nboundary"))
case("ct-cr-fold", V, G.replace(b"multipart/mixed; boundary", b"multipart/mixed;\r boundary"))
case("hdr-nul-before-colon", V, G.replace(b"Content-Type: m", b"Content-Type\0: m"))
case("hdr-utf8-nbsp-colon", "virus", G.replace(b"Content-Type: m", b"Content-Type\xc2\xa0: m"))
case("hdr-underscore", "virus", G.replace(b"Content-Type: m", b"Content_Type: m"))
case("hdr-double-colon", "virus", G.replace(b"Content-Type: m", b"Content-Type:: m"))
case("hdr-leading-space-first", "virus", G.replace(b"Content-Type: m", b" Content-Type: m"))
case("hdr-bom-part", V, mixed(TEXT, b"\xef\xbb\xbf" + B64))
case("hdr-equals", "virus", G.replace(b"Content-Type: m", b"Content-Type= m"))
case("bound-utf8-word-2231", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary*0*=us-ascii''%62; boundary*1=x", b=b"bx"))
case("bound-tab", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary=\"b\tc\"", b=b"b\tc"))
case("bound-newline-crlf", V, mixed(TEXT, B64, ct=b"multipart/mixed;\r\n\tboundary=\"b\"", b=b"b"))
case("bound-empty", "virus|ambiguous", mixed(TEXT, B64, ct=b"multipart/mixed; boundary=\"\"", b=b""))
case("bound-dup-names-case", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary=\"x\"; BOUNDARY=\"b\"", b=b"b"))
case("bound-brackets", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary=<b>", b=b"<b>"))
case("bound-eq-eq", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary==b", b=b"=b"))
case("bound-semi-in-value", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary=\"b;c\"", b=b"b;c"))
case("bound-semi-in-value-cut", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary=\"b;c\"", b=b"b"))
case("bound-star-no-charset", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary*=%62", b=b"b"))
case("bound-star-kept", V, mixed(TEXT, B64, ct=b"multipart/mixed; boundary*=%62", b=b"%62"))
case("bound-x-other-header", V, MIME + b"X-Content-Type: multipart/mixed; boundary=b\n\n--b\n" + B64 + b"--b--\n")
case("part-in-part-text", V, mixed(b"Content-Type: text/plain\n\nhi\n--c\n" + B64 + b"--c--\n"))
case("alternative-third", V, mixed(TEXT, TEXT, B64, ct=b"multipart/alternative; boundary=b"))
case("related-start", V, mixed(TEXT, B64, ct=b"multipart/related; start=x; boundary=b"))
# names
P = b"Content-Type: application/octet-stream"
D = b"\nContent-Disposition: attachment"
for n, h in (
        ("double-percent", P + D + b"; filename*=utf-8''evil%252Eexe"),
        ("word-lang", P + D + b'; filename="=?utf-8*en?q?evil.exe?="'),
        ("word-broken-end", P + D + b'; filename="=?utf-8?q?evil.exe"'),
        ("word-missing-q", P + D + b'; filename="=?utf-8?q?evil.exe?"'),
        ("word-space-in", P + D + b'; filename="=?utf-8?q? evil.exe ?="'),
        ("word-b-split", P + D + b'; filename="=?utf-8?b?ZXZpbC5l?= =?utf-8?b?eGU=?="'),
        ("word-b-split-mid", P + D + b'; filename="=?utf-8?b?ZXZpbC5leG?= =?utf-8?b?U=?="'),
        ("2231-word-sections", P + D + b'; filename*0="=?utf-8?q?evil."; filename*1="exe?="'),
        ("2231-quoted", P + D + b"; filename*=\"utf-8''evil%2Eexe\""),
        ("2231-star-digit-bad", P + D + b"; filename*a=evil.exe"),
        ("2231-star-minus", P + D + b"; filename*-1=evil.exe"),
        ("2231-huge-section", P + D + b"; filename*99999999=evil.exe"),
        ("2231-double-star", P + D + b"; filename**=utf-8''evil.exe"),
        ("2231-space-star", P + D + b"; filename *=utf-8''evil.exe"),
        ("2231-space-star2", P + D + b"; filename* =utf-8''evil.exe"),
        ("2231-sections-both", P + D + b"; filename*0=a.; filename*1=txt; filename*0*=''evil.; filename*1*=exe"),
        ("2231-utf16", P + D + b"; filename*=utf-16be''%00e%00v%00i%00l%00.%00e%00x%00e"),
        ("tab", P + D + b'; filename="evil.exe\t"'),
        ("zwsp", P + D + b"; filename*=utf-8''evil.exe%E2%80%8B"),
        ("soft-hyphen", P + D + b"; filename*=utf-8''evil.ex%C2%ADe"),
        ("rlo-start", P + D + b"; filename*=utf-8''%E2%80%AEtxt.exe"),
        ("ideographic-dot", P + D + b"; filename*=utf-8''evil%E3%80%82exe"),
        ("one-dot-leader", P + D + b"; filename*=utf-8''evil%E2%80%A4exe"),
        ("combining", P + D + b"; filename*=utf-8''evil.e%CC%81xe%E2%80%AE"),
        ("fullwidth-letters", P + D + b"; filename*=utf-8''evil.%EF%BD%85xe"),
        ("slash", P + D + b'; filename="a.txt/evil.exe"'),
        ("backslash-end", P + D + b'; filename="evil.exe\\"'),
        ("slash-end", P + D + b'; filename="evil.exe/"'),
        ("quote-end", P + D + b"; filename=evil.exe\""),
        ("semicolon", P + D + b'; filename="evil.exe;.txt"'),
        ("semicolon-noq", P + D + b'; filename=evil.exe;.txt'),
        ("dup-param-empty", P + D + b'; filename=""; filename=evil.exe'),
        ("name-then-nothing", P + b"; name=evil.exe;"),
        ("utf7", P + D + b'; filename*=utf-7\'\'evil+AC4-exe'),
        ("lost-fold", P + D + b';\nfilename="evil.exe"'),
        ("cr-fold", P + D + b';\r filename="evil.exe"'),
        ("nul-param", P + D + b';\0filename="evil.exe"'),
        ("vt-param", P + D + b';\x0bfilename="evil.exe"'),
        ("nbsp-param", P + D + b';\xa0filename="evil.exe"'),
        ("dots-only-ext", P + D + b'; filename="evil.exe..........."'),
        ("lnk", P + D + b'; filename="a.pdf.lnk"'),
        ("hta", P + D + b'; filename="a.HTA"')):
    case("name-" + n, F if n != "lost-fold" else "filename|ambiguous", mixed(TEXT, h + b"\n\nMore\n"))
# archives


def a(name, codes, data, file=b"a.dat"):
    cases.append(("arc-" + name, codes, mail(file, data)))


X = [("evil.exe", b"MZ" + b"\0" * 60)]
a("zip64", V, (lambda o: (zipfile.ZipFile(o, "w").open(zipfile.ZipInfo("a.txt"), "w", force_zip64=True).write(EICAR), o.getvalue())[1])(io.BytesIO()) or b"")
a("zip-end-count-lies", V, (lambda z: z[:-14] + b"\0\0\0\0" + z[-10:])(zipped([("a.txt", EICAR)])))
a("zip-end-count-lies-2", F, (lambda z: z[:-14] + b"\1\0\1\0" + z[-10:])(zipped([("a.txt", b"x"), ("evil.exe", b"x")])))
a("zip-end-offset-lies", V, (lambda z: z[:-6] + b"\xff\0\0\0" + z[-2:])(zipped([("a.txt", EICAR)])))
a("zip-end-size-lies", V, (lambda z: z[:-10] + b"\0\0\0\0" + z[-6:])(zipped([("a.txt", EICAR)])))
a("zip-disk-number", "virus|unreadable|unsupported|ambiguous", (lambda z: z[:-18] + b"\1\0\1\0" + z[-14:])(zipped([("a.txt", EICAR)])))
a("zip-spanned-marker", V, b"PK\x07\x08" + zipped([("a.txt", EICAR)]))
a("zip-pk00", V, b"PK00" + zipped([("a.txt", EICAR)]))
a("zip-eocd-sig-bad", "virus|unreadable", zipped([("a.txt", EICAR)]).replace(b"PK\5\6", b"PKxx"))
a("zip-cd-sig-bad", "virus|unreadable", zipped([("a.txt", EICAR)]).replace(b"PK\1\2", b"PKxx"))
a("zip-method-lies-stored", "virus|unreadable|ambiguous", raw_zip(b"a.txt", EICAR, method=8)[:8] + b"\0\0" + raw_zip(b"a.txt", EICAR, method=8)[10:])
a("zip-name-empty", V, raw_zip(b"", EICAR))
a("zip-dup-dir", V, raw_zip(b"a.txt", EICAR, dirs=3))
a("zip-cp437-name", F, raw_zip(b"\x84.exe", b"x"))
a("zip-utf8-flag", F, raw_zip("ä.exe".encode(), b"x", flags=0x800))
a("gz-extra-field", V, b"\x1f\x8b\x08\x04" + b"\0" * 6 + b"\4\0abcd" + gzip.compress(EICAR)[10:])
a("gz-comment", V, b"\x1f\x8b\x08\x10" + b"\0" * 6 + b"c\0" + gzip.compress(EICAR)[10:])
a("gz-hcrc", "virus|unreadable", b"\x1f\x8b\x08\x02" + b"\0" * 6 + b"\0\0" + gzip.compress(EICAR)[10:])
a("gz-reserved-flags", "virus|unreadable", b"\x1f\x8b\x08\xe0" + b"\0" * 6 + gzip.compress(EICAR)[10:])
a("gz-second-after-zeros", V, gzip.compress(b"a") + b"\0" * 512 + gzip.compress(EICAR))
a("xz-two-streams", V, lzma.compress(b"") + lzma.compress(EICAR))
a("bz2-two-streams", V, bz2.compress(b"") + bz2.compress(EICAR))
a("tar-two", V, tarred([("a", b"ok")]) + tarred([("b", EICAR)]))
a("tar-zero-block-inside", V, tarred([("a", b"ok")])[:1024] + b"\0" * 512 + tarred([("b", EICAR)]))
a("tar-no-magic", "virus|unreadable", (lambda t: t[:257] + b"\0" * 8 + t[265:])(tarred([("a.txt", EICAR)])), b"a.tar")
a("tar-prefixed", "virus|unreadable", b"x" * 512 + tarred([("a.txt", EICAR)]), b"a.tar")
a("tar-gnu-longname", F, tarred([("a" * 150 + "/evil.exe", b"x")]))
a("tar-sparse-size", "virus|unreadable", (lambda t: t[:124] + b"77777777777\0" + t[136:])(tarred([("a.txt", EICAR)])), b"a.tar")
a("cpio", V, b"070701" + b"%08X" * 13 % (1, 0o100644, 0, 0, 1, 0, len(EICAR), 0, 0, 0, 0, 6, 0) + b"a.txt\0" + EICAR + b"\0" * (-len(EICAR) % 4) + b"070701" + b"%08X" * 13 % (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0) + b"TRAILER!!!\0" + b"\0" * 4)
a("ar", V, b"!<arch>\n" + b"%-16s%-12s%-6s%-6s%-8s%-10s`\n" % (b"a.txt/", b"0", b"0", b"0", b"644", b"%d" % len(EICAR)) + EICAR)
a("mail-in-tar", V, tarred([("x.eml", G)]))
a("mail-in-gz", V, gzip.compress(G))
a("zip-in-mail-in-zip", V, zipped([("m.eml", mail(b"a.zip", zipped([("a.txt", EICAR)])))]))
a("png-zip-tail", V, base64.b64decode(b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==") + zipped([("a.txt", EICAR)]), b"a.png")
a("exe-sfx-zip", F, b"MZ" + b"\0" * 2000 + zipped(X), b"a.dat")
a("pdf-zip-polyglot", V, b"%PDF-1.4\n" + zipped([("a.txt", EICAR)]) + b"%%EOF\n", b"a.pdf")
