"""MIME constructs that hide something: (name, codes, bytes).

codes: words of findings; every one of the blank-separated words must be
there, a|b means either. The payloads are put together here, so that this
file is no virus."""
import base64
import binascii
import quopri
import zlib

EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EI" +
         "CAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
TOP = b"From: a@example.org\nTo: b@example.org\nSubject: s\n" \
      b"Date: Mon, 2 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\n"
MIME = TOP + b"MIME-Version: 1.0\n"
V, F = "virus", "filename"
cases = []


def case(name, codes, data):
    cases.append((name, codes, data))


def b64(data=EICAR, width=76):
    text = base64.b64encode(data)
    return b"\n".join(text[i:i + width]
                      for i in range(0, len(text), width)) + b"\n"


def uu(data=EICAR, name=b"a.dat", mode=b"644"):
    lines = [binascii.b2a_uu(data[i:i + 45]) for i in range(0, len(data), 45)]
    return b"begin %s %s\n%s`\nend\n" % (mode, name, b"".join(lines))


def yenc(data=EICAR, name=b"a.dat"):
    out = bytearray()
    for c in data:
        c = (c + 42) & 255
        if c in (0, 10, 13, 61):
            out += bytes((61, (c + 64) & 255))
        else:
            out.append(c)
    return b"=ybegin line=128 size=%d name=%s\n%s\n=yend size=%d crc32=%08x\n" \
        % (len(data), name, bytes(out), len(data), zlib.crc32(data))


ATT = b"Content-Type: application/octet-stream\n" \
      b"Content-Disposition: attachment; filename=a.dat\n"
B64 = ATT + b"Content-Transfer-Encoding: base64\n\n" + b64()
EXE = b"Content-Type: application/octet-stream; name=evil.exe\n\nMore\n"
TEXT = b"Content-Type: text/plain\n\nHello\n"


def mixed(*parts, ct=b'multipart/mixed; boundary="b"', b=b"b", pre=b"",
          post=b"", close=True, top=MIME):
    out = top + b"Content-Type: " + ct + b"\n\n" + pre
    for part in parts:
        out += b"--" + b + b"\n" + part + b"\n"
    return out + (b"--" + b + b"--\n" + post if close else b"")


def attached(name, codes, part):
    case(name, codes, mixed(TEXT, part))


# ---- transfer encodings -----------------------------------------------------
for i, cte in enumerate((
        b"BASE64", b" base64 ", b'"base64"', b"base64;", b"base64; x=y",
        b"base64 (as it is)", b"(really) base64", b"\n base64", b"\n\tBase64",
        b"x-base64", b"base64,7bit", b"base64 7bit", b"7bit base64",
        b"=?us-ascii?q?base64?=", b"base64\0", b"\0base64", b"base64.",
        b"base 64", b"'base64'", b"<base64>", b"base64\x0b", b"\xa0base64",
        b"base64\r", b"bAsE64:", b"base64/", b"7bit, base64", b"((x)(y))base64",
        b"base64=", b"8bit;base64", b"quoted-printable, base64")):
    attached("cte-%d-%r" % (i, cte), V, ATT + b"Content-Transfer-Encoding:" +
             cte + b"\n\n" + b64())
CTE = b"Content-Transfer-Encoding: "
for name, field in (
        ("cte-space-before-colon", b"Content-Transfer-Encoding : base64\n"),
        ("cte-tab-before-colon", b"Content-Transfer-Encoding\t: base64\n"),
        ("cte-no-space", b"content-transfer-encoding:base64\n"),
        ("cte-upper", b"CONTENT-TRANSFER-ENCODING: BASE64\n"),
        ("cte-twice-7bit-first", CTE + b"7bit\n" + CTE + b"base64\n"),
        ("cte-twice-base64-first", CTE + b"base64\n" + CTE + b"7bit\n"),
        ("cte-twice-qp-first",
         CTE + b"quoted-printable\n" + CTE + b"base64\n"),
        ("cte-twice-qp-last", CTE + b"base64\n" + CTE + b"quoted-printable\n"),
        ("cte-thrice", CTE + b"8bit\n" + CTE + b"base64\n" + CTE + b"7bit\n"),
        ("cte-unknown-then-base64", CTE + b"foo\n" + CTE + b"base64\n"),
        ("cte-empty-then-base64", b"Content-Transfer-Encoding:\n" + CTE +
         b"base64\n"),
        ("cte-folded-name", b"Content-Transfer-\n Encoding: base64\n" + CTE +
         b"base64\n"),
        ("cte-after-junk-line", b"this is no field\n" + CTE + b"base64\n"),
        ("cte-after-blank-field", b" \n" + CTE + b"base64\n"),
        ("cte-after-colon-field", b": x\n" + CTE + b"base64\n"),
        ("cte-after-from-line", b">From x\n" + CTE + b"base64\n"),
        ("cte-nul-in-name", b"Content-Transfer\0-Encoding: base64\n"),
        ("cte-bare-cr", b"X: y\r" + CTE + b"base64\n"),
        ("cte-folded-empty-lines", b"Content-Transfer-Encoding:\n \n base64\n"),
        ("cte-obsolete-encoding", b"Encoding: base64\n" + CTE + b"base64\n"),
        ("cte-8bit-name", b"X\xff: y\n" + CTE + b"base64\n")):
    attached(name, V, ATT + field + b"\n" + b64())
E = b64()
for name, body in (
        ("b64-junk", b"".join(E[i:i + 5] + b"!*" for i in range(0, len(E), 5))),
        ("b64-junk-8bit",
         b"".join(E[i:i + 5] + b"\xff\xfe" for i in range(0, len(E), 5))),
        ("b64-nul", b"".join(E[i:i + 7] + b"\0" for i in range(0, len(E), 7))),
        ("b64-dots", b"".join(E[i:i + 4] + b"." for i in range(0, len(E), 4))),
        ("b64-one-a-line", b64(width=1)),
        ("b64-three-a-line", b64(width=3)),
        ("b64-five-a-line", b64(width=5)),
        ("b64-blank-lines", b64(width=10).replace(b"\n", b"\n\n\n")),
        ("b64-leading-blank-lines", b"\n \n\t\n" + E),
        ("b64-trailing-junk", E + b"-- \nfooter (c) of a list!\n"),
        ("b64-no-padding", base64.b64encode(EICAR).rstrip(b"=") + b"\n"),
        ("b64-chunks-padded", b"".join(
            base64.b64encode(EICAR[i:i + 7]) + b"\n"
            for i in range(0, len(EICAR), 7))),
        ("b64-chunks-padded-one-line", b"".join(
            base64.b64encode(EICAR[i:i + 7])
            for i in range(0, len(EICAR), 7)) + b"\n"),
        ("b64-chunks-of-one", b"".join(
            base64.b64encode(EICAR[i:i + 1])
            for i in range(0, len(EICAR), 1)) + b"\n"),
        ("b64-padding-first", b"====\n" + E),
        ("b64-equals-first", b"=\n" + E),
        ("b64-equals-among", E[:8] + b"=" + E[8:]),
        ("b64-double-equals-among", E[:8] + b"==" + E[8:]),
        ("b64-after-empty-padded", b"QQ==\n"[:0] + b"=\n=\n" + E),
        ("b64-cr-lines", b64(width=20).replace(b"\n", b"\r") + b"\n"),
        ("b64-vt-ff", b64(width=20).replace(b"\n", b"\x0b\x0c") + b"\n"),
        ("b64-comment-lines", b"# a comment!\n"[:0] + b"-\n_\n" + E),
        ("b64-headed", b"Version: 1\n\n" + E),
        ("b64-dash-lines", E[:20] + b"\n-- \n" + E[20:]),
        ("b64-bom", b"\xef\xbb\xbf" + E),
        ("b64-qp-soft", E[:20] + b"=\n" + E[20:])):
    attached(name, V if name != "b64-headed" else V + "|ambiguous", ATT + CTE + b"base64\n\n" + body)


def qp(data, how="%02X"):
    return b"".join(b"=" + (how % c).encode() for c in data)


Q = qp(EICAR)
for name, body in (
        ("qp-all", Q), ("qp-lower", qp(EICAR, "%02x")),
        ("qp-soft-everywhere",
         b"".join(Q[i:i + 3] + b"=\n" for i in range(0, len(Q), 3))),
        ("qp-soft-blanks",
         b"".join(Q[i:i + 30] + b"=  \t\n" for i in range(0, len(Q), 30))),
        ("qp-soft-crlf",
         b"".join(Q[i:i + 30] + b"=\r\n" for i in range(0, len(Q), 30))),
        ("qp-long-line", Q + b" " * 900), ("qp-soft-end", Q + b"="),
        ("qp-mixed", quopri.encodestring(EICAR, quotetabs=True)),
        ("qp-soft-first", b"=\n=\n" + Q),
        ("qp-raw-8bit", Q + b"\n" * 3)):
    attached(name, V, ATT + CTE + b"quoted-printable\n\n" + body + b"\n")
for cte in (b"quoted-printable;", b"Quoted-Printable (x)", b'"quoted-printable"',
            b"x-quoted-printable", b"quoted-printable\0", b"quoted-printable,"):
    attached("qp-cte-%r" % cte,
             V if b"x-" not in cte else "virus|ambiguous", ATT + CTE + cte + b"\n\n" + Q + b"\n")
for cte in (b"x-uuencode", b"uuencode", b"x-uue", b"uue", b"X-UUENCODE",
            b"7bit", b"8bit", b"binary", b"base65"):
    attached("uu-cte-%s" % cte.decode(),
             V if cte != b"base65" else "virus|ambiguous", ATT + CTE + cte + b"\n\n" + uu())
for cte in (b"x-yenc", b"x-yencode", b"yenc", b"7bit"):
    attached("yenc-cte-%s" % cte.decode(), V,
             ATT + CTE + cte + b"\n\n" + yenc())
case("uu-in-body", V, TOP + b"\nHello\n\n" + uu() + b"\nbye\n")
case("uu-in-body-exe", F, TOP + b"\nHello\n\n" + uu(b"MZxx", b"evil.exe"))
case("uu-in-body-no-end", V, TOP + b"\nHello\n\n" +
     uu().replace(b"`\nend\n", b""))
case("uu-space-for-zero", V, TOP + b"\n\n" + uu().replace(b"`", b" "))
case("uu-mode-4", V, TOP + b"\n\n" + uu(mode=b"0644"))
case("uu-no-name-exe", F, TOP + b"\n\nx\n" + uu(b"MZ", b"my evil.exe"))
case("uu-crlf", V, (TOP + b"\n\n" + uu()).replace(b"\n", b"\r\n"))
case("uu-two", V + " " + F, TOP + b"\n\n" + uu(b"MZ", b"evil.exe") + uu())
case("uu-base64", V, TOP + b"\n\nbegin-base64 644 a.dat\n" + E + b"====\n")
case("uu-quoted-printable", V, MIME + CTE + b"quoted-printable\n\n" +
     quopri.encodestring(uu()))
case("uu-in-base64", V, MIME + CTE + b"base64\n\n" + b64(b"Hi\n\n" + uu()))
case("uu-in-preamble", "virus|ambiguous", mixed(TEXT, pre=uu()))
case("uu-in-epilogue", "virus|ambiguous", mixed(TEXT, post=uu()))
case("uu-html", V, MIME + b"Content-Type: text/html\n\n<p>x</p>\n" + uu())
case("uu-bad-checksum-column", V, TOP + b"\n\n" +
     b"\n".join(x + b"X" if len(x) > 40 else x for x in uu().split(b"\n")))
case("yenc-in-body", V, TOP + b"\nHello\n\n" + yenc())
case("yenc-exe", F, TOP + b"\nHello\n\n" + yenc(b"MZ", b"evil.exe"))

# ---- boundaries -------------------------------------------------------------
for name, ct, b in (
        ("plain", b"multipart/mixed; boundary=b", b"b"),
        ("upper", b"MULTIPART/MIXED; BOUNDARY=b", b"b"),
        ("single-quotes", b"multipart/mixed; boundary='b'", b"'b'"),
        ("single-quotes-off", b"multipart/mixed; boundary='b'", b"b"),
        ("space-around-equals", b"multipart/mixed; boundary = b", b"b"),
        ("unclosed-quote", b'multipart/mixed; boundary="b', b"b"),
        ("quote-at-end", b'multipart/mixed; boundary=b"', b"b"),
        ("quote-at-end-kept", b'multipart/mixed; boundary=b"', b'b"'),
        ("escaped", b'multipart/mixed; boundary="\\b"', b"b"),
        ("escaped-kept", b'multipart/mixed; boundary="\\b"', b"\\b"),
        ("comment-before", b'multipart/mixed; (x) boundary=b', b"b"),
        ("comment-after", b'multipart/mixed; boundary=b (x)', b"b"),
        ("comment-within", b'multipart/mixed; boundary=b(x)', b"b"),
        ("comment-within-kept", b'multipart/mixed; boundary=b(x)', b"b(x)"),
        ("no-semicolon", b"multipart/mixed boundary=b", b"b"),
        ("comma", b"multipart/mixed, boundary=b", b"b"),
        ("comma-between", b"multipart/mixed; x=y, boundary=b", b"b"),
        ("space-between", b"multipart/mixed; x=y boundary=b", b"b"),
        ("two-semicolons", b"multipart/mixed;; boundary=b", b"b"),
        ("rfc2231", b"multipart/mixed; boundary*=us-ascii''b", b"b"),
        ("rfc2231-sections", b"multipart/mixed; boundary*0=b; boundary*1=c",
         b"bc"),
        ("rfc2231-swapped", b"multipart/mixed; boundary*1=c; boundary*0=b",
         b"bc"),
        ("rfc2231-percent", b"multipart/mixed; boundary*=''%62%63", b"bc"),
        ("rfc2231-and-plain-1",
         b"multipart/mixed; boundary=x; boundary*=''b", b"b"),
        ("rfc2231-and-plain-2",
         b"multipart/mixed; boundary=b; boundary*=''x", b"b"),
        ("rfc2231-and-sections",
         b"multipart/mixed; boundary=x; boundary*0=b; boundary*1=c", b"bc"),
        ("encoded-word", b'multipart/mixed; boundary="=?us-ascii?q?b?="', b"b"),
        ("encoded-word-kept", b'multipart/mixed; boundary="=?us-ascii?q?b?="',
         b"=?us-ascii?q?b?="),
        ("twice-first", b"multipart/mixed; boundary=b; boundary=x", b"b"),
        ("twice-last", b"multipart/mixed; boundary=x; boundary=b", b"b"),
        ("thrice-middle",
         b"multipart/mixed; boundary=x; boundary=b; boundary=y", b"b"),
        ("twice-case", b"multipart/mixed; Boundary=x; boundary=b", b"b"),
        ("empty-then", b"multipart/mixed; boundary=; boundary=b", b"b"),
        ("trailing-space", b'multipart/mixed; boundary="b "', b"b"),
        ("trailing-space-kept", b'multipart/mixed; boundary="b "', b"b "),
        ("leading-space", b'multipart/mixed; boundary=" b"', b" b"),
        ("leading-space-off", b'multipart/mixed; boundary=" b"', b"b"),
        ("folded", b'multipart/mixed;\n\tboundary="b"', b"b"),
        ("folded-inside", b'multipart/mixed; boundary="b\n c"', b"b c"),
        ("folded-inside-joined", b'multipart/mixed; boundary="b\n c"', b"bc"),
        ("folded-before-value", b'multipart/mixed; boundary=\n b', b"b"),
        ("nul", b'multipart/mixed; boundary="b\0c"', b"b"),
        ("nul-kept", b'multipart/mixed; boundary="b\0c"', b"b\0c"),
        ("8bit", b'multipart/mixed; boundary="b\xe4"', b"b\xe4"),
        ("long", b'multipart/mixed; boundary="' + b"b" * 200 + b'"',
         b"b" * 200),
        ("very-long", b'multipart/mixed; boundary="' + b"b" * 2000 + b'"',
         b"b" * 2000),
        ("long-cut-at-70", b'multipart/mixed; boundary="' + b"b" * 100 + b'"',
         b"b" * 70),
        ("specials", b'multipart/mixed; boundary="=_(b)[?]/:;,"',
         b"=_(b)[?]/:;,"),
        ("specials-no-quotes", b'multipart/mixed; boundary==_b/c:d',
         b"=_b/c:d"),
        ("percent", b'multipart/mixed; boundary="%62"', b"%62"),
        ("dashes", b'multipart/mixed; boundary="--"', b"--"),
        ("one-dash", b'multipart/mixed; boundary="-"', b"-"),
        ("ends-with-dashes", b'multipart/mixed; boundary="b--"', b"b--"),
        ("semicolon-in-quotes", b'multipart/mixed; x="a; boundary=z"; '
         b"boundary=b", b"b"),
        ("inside-quotes", b'multipart/mixed; x="a; boundary=b', b"b"),
        ("escaped-quote", b'multipart/mixed; x="a\\"; boundary=b', b"b"),
        ("escaped-quote-2", b'multipart/mixed; x="a\\"; boundary=z"; '
         b"boundary=b", b"b"),
        ("in-comment", b"multipart/mixed; (boundary=b)", b"b"),
        ("after-comment-paren", b'multipart/mixed; (a\\) boundary=b', b"b"),
        ("no-type", b"; boundary=b", b"b"),
        ("type-only", b"multipart; boundary=b", b"b"),
        ("type-slash", b"multipart/; boundary=b", b"b"),
        ("type-spaces", b"multipart / mixed; boundary=b", b"b"),
        ("type-comment", b"multipart/(x)mixed; boundary=b", b"b"),
        ("type-quoted", b'"multipart/mixed"; boundary=b', b"b"),
        ("type-unknown", b"multipart/x-none; boundary=b", b"b"),
        ("type-alternative", b"multipart/alternative; boundary=b", b"b"),
        ("type-digest", b"multipart/digest; boundary=b", b"b"),
        ("type-appledouble", b"multipart/appledouble; boundary=b", b"b"),
        ("type-report", b"multipart/report; boundary=b", b"b"),
        ("type-signed", b"multipart/signed; boundary=b", b"b"),
        ("type-byteranges", b"multipart/byteranges; boundary=b", b"b"),
        ("type-form-data", b"multipart/form-data; boundary=b", b"b"),
        ("type-encrypted", b"multipart/encrypted; boundary=b", b"b"),
        ("type-nul", b"multipart/mixed\0; boundary=b", b"b"),
        ("type-encoded-word", b"=?us-ascii?q?multipart/mixed?=; boundary=b",
         b"b")):
    case("boundary-" + name, V, mixed(
        TEXT if "digest" not in name else b"\n" + TEXT, B64, ct=ct, b=b))
G = mixed(TEXT, B64)
for name, data in (
        ("no-close", mixed(TEXT, B64, close=False)),
        ("missing-parameter", MIME + b"Content-Type: multipart/mixed\n\n" +
         G.split(b"\n\n", 1)[1]),
        ("no-mime-version", mixed(TEXT, B64, top=TOP)),
        ("mime-version-odd", mixed(TEXT, B64, top=TOP + b"MIME-Version: 2\n")),
        ("type-twice-first", mixed(TEXT, B64, top=MIME, ct=b"multipart/mixed; "
                                   b"boundary=b\nContent-Type: text/plain")),
        ("type-twice-last", mixed(TEXT, B64, ct=b"text/plain\n"
                                  b"Content-Type: multipart/mixed; "
                                  b"boundary=b")),
        ("boundary-types-last", mixed(TEXT, B64, ct=b"multipart/mixed; "
                                      b"boundary=x\nContent-Type: "
                                      b"multipart/mixed; boundary=b")),
        ("boundary-types-first", mixed(TEXT, B64, ct=b"multipart/mixed; "
                                       b"boundary=b\nContent-Type: "
                                       b"multipart/mixed; boundary=x")),
        ("after-close", mixed(TEXT, post=b"--b\n" + B64 + b"--b--\n")),
        ("epilogue-headers", mixed(TEXT, post=B64)),
        ("preamble-headers", mixed(TEXT, pre=B64)),
        ("preamble-first", mixed(TEXT, pre=b"\n" + B64)),
        ("delimiter-blanks", G.replace(b"--b\n", b"--b \t \n")),
        ("delimiter-junk", G.replace(b"--b\n", b"--bjunk\n")),
        ("delimiter-case", mixed(TEXT, B64, ct=b"multipart/mixed; boundary=B")),
        ("delimiter-three-dashes", G.replace(b"\n--b\n", b"\n---b\n")),
        ("close-junk", mixed(TEXT, close=False) + b"--b--x\n" + B64 +
         b"--b--\n"),
        ("close-one-dash", mixed(TEXT, close=False) + b"--b-\n" + B64 +
         b"--b--\n"),
        ("close-blank-dashes", mixed(TEXT, close=False) + b"--b --\n" + B64 +
         b"--b--\n"),
        ("delimiter-cr", G.replace(b"--b\n", b"--b\r")),
        ("delimiter-crcrlf", G.replace(b"--b\n", b"--b\r\r\n")),
        ("all-cr", G.replace(b"\n", b"\r")),
        ("all-crlf", G.replace(b"\n", b"\r\n")),
        ("all-crcrlf", G.replace(b"\n", b"\r\r\n")),
        ("mixed-eol", G.replace(b"\n\n", b"\r\n\n")),
        ("nul-everywhere", G.replace(b"\n", b"\0\n")),
        ("nul-in-delimiter", G.replace(b"--b\n", b"--b\0\n")),
        ("nul-before-delimiter", G.replace(b"\n--b\n", b"\n\0--b\n")),
        ("nul-first", b"\0" + G), ("bom-first", b"\xef\xbb\xbf" + G),
        ("from-line-first", b"From a@b Mon Nov 2 10:00:00 2026\n" + G),
        ("from-line-quoted", b">From a@b Mon Nov 2 10:00:00 2026\n" + G),
        ("blank-line-first", b"\n" + G), ("blank-first", b" \n" + G),
        ("part-blank-first", mixed(TEXT, b" \n" + B64)),
        ("part-empty-line-first", mixed(TEXT, b"\n" + B64)),
        ("part-headers-blank-end", mixed(TEXT, B64.replace(b"\n\n", b"\n \n"))),
        ("part-headers-tab-end", mixed(TEXT, B64.replace(b"\n\n", b"\n\t\n"))),
        ("part-headers-cr-end", mixed(TEXT, B64.replace(b"\n\n", b"\n\r\r\n"))),
        ("part-headers-no-end", mixed(TEXT, B64.replace(b"\n\n", b"\n"))),
        ("part-headers-dots-end", mixed(TEXT, B64.replace(b"\n\n", b"\n.\n"))),
        ("header-junk-line", G.replace(b"MIME-V", b"no field here\nMIME-V")),
        ("header-space-colon", G.replace(b"Content-Type:", b"Content-Type :")),
        ("header-tab-colon", G.replace(b"Content-Type:", b"Content-Type\t:")),
        ("header-folded-name", G.replace(b"Content-Type: m",
                                         b"Content-Type:\n m")),
        ("header-vt", G.replace(b"Content-Type: m", b"Content-Type:\x0bm")),
        ("header-nbsp", G.replace(b"Content-Type: m", b"Content-Type:\xa0m")),
        ("header-after-blank-continuation",
         G.replace(b"Content-Type: m", b"X: y\n \nContent-Type: m")),
        ("header-cr-field", G.replace(b"\nContent-Type: m",
                                      b"\rContent-Type: m")),
        ("header-8bit-name", G.replace(b"Subject", b"S\xfcbject")),
        ("header-long-line", G.replace(b"Subject: s", b"Subject: " +
                                       b"s" * 200000)),
        ("nested-same-boundary", mixed(TEXT, b"Content-Type: multipart/"
                                       b"alternative; boundary=b\n\n--b\n" +
                                       B64 + b"--b--\n")),
        ("nested-prefix-boundary", mixed(
            b"Content-Type: multipart/alternative; boundary=bb\n\n--bb\n" +
            TEXT + b"--bb\n" + B64 + b"--bb--\n")),
        ("nested-outer-longer", mixed(
            b"Content-Type: multipart/alternative; boundary=b\n\n--b\n" +
            TEXT + b"--b\n" + B64 + b"--b--\n",
            ct=b"multipart/mixed; boundary=bb", b=b"bb")),
        ("nested-never-opened", mixed(
            b"Content-Type: multipart/mixed; boundary=c\n\n" + B64)),
        ("nested-no-close", mixed(b"Content-Type: multipart/mixed; boundary=c"
                                  b"\n\n--c\n" + TEXT + b"--c\n" + B64)),
        ("nested-outer-close-inside", mixed(
            b"Content-Type: multipart/mixed; boundary=c\n\n--c\n" + TEXT +
            b"--b--\n--c\n" + B64 + b"--c--\n")),
        ("nested-encoded", mixed(
            b"Content-Type: multipart/mixed; boundary=c\n" + CTE +
            b"base64\n\n" + b64(b"--c\n" + B64 + b"--c--\n"))),
        ("nested-encoded-qp", mixed(
            b"Content-Type: multipart/mixed; boundary=3D\n" + CTE +
            b"quoted-printable\n\n" +
            quopri.encodestring(b"--3D\n" + B64 + b"--3D--\n"))),
        ("nested-marked-encoded", mixed(
            b"Content-Type: multipart/mixed; boundary=c\n" + CTE +
            b"base64\n\n--c\n" + B64 + b"--c--\n")),
        ("top-marked-encoded", mixed(TEXT, B64, top=MIME + CTE + b"base64\n")),
        ("top-encoded", MIME + b"Content-Type: multipart/mixed; boundary=b\n" +
         CTE + b"base64\n\n" + b64(b"--b\n" + B64 + b"--b--\n")),
        ("message", mixed(b"Content-Type: message/rfc822\n\n" + G)),
        ("message-base64", mixed(b"Content-Type: message/rfc822\n" + CTE +
                                 b"base64\n\n" + b64(G))),
        ("message-qp", mixed(b"Content-Type: message/rfc822\n" + CTE +
                             b"quoted-printable\n\n" +
                             quopri.encodestring(G))),
        ("message-as-octets", mixed(
            b"Content-Type: application/octet-stream; name=x.eml\n" + CTE +
            b"base64\n\n" + b64(G))),
        ("message-as-text", mixed(
            b"Content-Type: text/plain; name=x.eml\n\n" + G)),
        ("message-global", mixed(b"Content-Type: message/global\n\n" + G)),
        ("message-news", mixed(b"Content-Type: message/news\n\n" + G)),
        ("message-headers-only-type", mixed(
            b"Content-Type: text/rfc822-headers\n\n" + G)),
        ("message-in-message", mixed(b"Content-Type: message/rfc822\n\n" + mixed(
            b"Content-Type: message/rfc822\n\n" + G, ct=b"multipart/mixed; "
            b"boundary=q", b=b"q"), ct=b"multipart/mixed; boundary=r", b=b"r")),
        ("message-at-top", MIME + b"Content-Type: message/rfc822\n\n" + G),
        ("mbox-attached", mixed(
            b"Content-Type: application/mbox\n\nFrom x Mon Nov 2 10:00:00 2026"
            b"\n" + G)),
        ("digest-default", mixed(G, ct=b"multipart/digest; boundary=d",
                                 b=b"d")[:-6] + b""),
        ("multipart-in-text-plain", MIME + b"Content-Type: text/plain; "
         b"boundary=b\n\n" + G.split(b"\n\n", 1)[1]),
        ("no-type-but-delimiters", MIME + b"\n" + G.split(b"\n\n", 1)[1]),
        ("top-base64-text", MIME + CTE + b"base64\n\n" + b64()),
        ("top-eicar", TOP + b"\n" + EICAR + b"\n"),
        ("top-eicar-no-header", b"\n" + EICAR + b"\n")):
    case(name, V if not name.startswith(("close-", "all-", "delimiter-",
                                         "nul-", "epilogue", "preamble"))
         else "virus", data)

# ---- names ------------------------------------------------------------------
P = b"Content-Type: application/octet-stream"
D = b"\nContent-Disposition: attachment"
for name, head in (
        ("type", P + b"; name=evil.exe"), ("disp", P + D + b"; filename=evil.exe"),
        ("quoted", P + D + b'; filename="evil.exe"'),
        ("upper", P + D + b'; FILENAME="EVIL.EXE"'),
        ("unclosed", P + D + b'; filename="evil.exe'),
        ("single-quotes", P + D + b"; filename='evil.exe'"),
        ("spaces", P + D + b"; filename=my evil.exe"),
        ("space-equals", P + D + b"; filename = evil.exe"),
        ("no-semicolon", P + D + b" filename=evil.exe"),
        ("comma", P + D + b", filename=evil.exe"),
        ("trailing-dots", P + D + b'; filename="evil.exe. . ."'),
        ("trailing-space", P + D + b'; filename="evil.exe   "'),
        ("trailing-nbsp", P + D + b"; filename*=utf-8''evil.exe%C2%A0"),
        ("stream", P + D + b'; filename="a.txt:evil.exe"'),
        ("data-stream", P + D + b'; filename="evil.exe::$DATA"'),
        ("nul", P + D + b'; filename="evil.exe\0.txt"'),
        ("nul-percent", P + D + b"; filename*=utf-8''evil.exe%00.txt"),
        ("newline-percent", P + D + b"; filename*=utf-8''a.txt%0Aevil.exe"),
        ("bidi", P + D + b"; filename*=utf-8''a%E2%80%AEtxt.exe"),
        ("bidi-word", P + D + b'; filename="=?utf-8?q?a=E2=80=AEexe.txt?="'),
        ("bidi-raw", P + D + b'; filename="a\xe2\x80\xaefdp.txt"'),
        ("bidi-isolate", P + D + b"; filename*=utf-8''a%E2%81%A7txt.pdf"),
        ("fullwidth-dot", P + D + b"; filename*=utf-8''evil%EF%BC%8Eexe"),
        ("zero-width", P + D + b"; filename*=utf-8''evil.e%E2%80%8Bxe"),
        ("rfc2231", P + D + b"; filename*=us-ascii'en'evil%2Eexe"),
        ("rfc2231-no-charset", P + D + b"; filename*=evil%2Eexe"),
        ("rfc2231-sections", P + D + b"; filename*0=evil.; filename*1=exe"),
        ("rfc2231-mixed", P + D + b"; filename*0*=utf-8''ev; filename*1=il; "
         b"filename*2*=%2Eexe"),
        ("rfc2231-disordered", P + D + b"; filename*2=xe; filename*0=evil;"
         b" filename*1=.e"),
        ("rfc2231-from-one", P + D + b"; filename*1=evil.; filename*2=exe"),
        ("rfc2231-gap", P + D + b"; filename*0=evil; filename*2=.exe"),
        ("rfc2231-zeros", P + D + b"; filename*00=evil.; filename*01=exe"),
        ("rfc2231-against-plain", P + D + b"; filename=a.txt; "
         b"filename*=''evil.exe"),
        ("plain-against-rfc2231", P + D + b"; filename=evil.exe; "
         b"filename*=''a.txt"),
        ("sections-against-plain", P + D + b"; filename=a.txt; "
         b"filename*0=evil.; filename*1=exe"),
        ("type-against-disp", P + b"; name=evil.exe" + D + b"; filename=a.txt"),
        ("disp-against-type", P + b"; name=a.txt" + D + b"; filename=evil.exe"),
        ("twice-first", P + D + b"; filename=evil.exe; filename=a.txt"),
        ("twice-last", P + D + b"; filename=a.txt; filename=evil.exe"),
        ("word-b", P + D + b'; filename="=?utf-8?b?ZXZpbC5leGU=?="'),
        ("word-q", P + D + b'; filename="=?utf-8?q?evil=2Eexe?="'),
        ("word-no-quotes", P + D + b'; filename==?utf-8?b?ZXZpbC5leGU=?='),
        ("words-two", P + D + b'; filename="=?utf-8?q?evil.?= =?utf-8?q?exe?="'),
        ("words-folded", P + D + b'; filename="=?utf-8?q?evil.?=\n '
         b'=?utf-8?q?exe?="'),
        ("word-part", P + D + b'; filename="evil.=?utf-8?q?exe?="'),
        ("word-no-padding", P + D + b'; filename="=?utf-8?b?ZXZpbC5leGU?="'),
        ("word-utf7", P + D + b'; filename="=?utf-7?q?evil+AC4-exe?="'),
        ("word-utf16", P + D + b'; filename="=?utf-16be?b?' + base64.b64encode(
            "evil.exe".encode("utf-16-be")) + b'?="'),
        ("word-unknown-charset", P + D + b'; filename="=?foo?q?evil=2Eexe?="'),
        ("word-in-2231", P + D + b"; filename*=''=?utf-8?q?evil=2Eexe?="),
        ("percent-in-plain", P + D + b'; filename="evil%2Eexe"'),
        ("word-spaces", P + D + b'; filename="=?utf-8?q?evil.e xe?="; '
         b"name=evil.exe"),
        ("folded", P + D + b'; filename="evil.\n exe"'),
        ("folded-crlf", P + D + b'; filename="evil.ex\n\te"'),
        ("escaped", P + D + b'; filename="evil\\.exe"'),
        ("escaped-quote", P + D + b'; filename="a\\".exe"'),
        ("quotes-inside", P + D + b'; filename="a"evil.exe"'),
        ("quotes-pieces", P + D + b'; filename="evil"".exe"'),
        ("comment", P + D + b"; filename=evil.exe(x)"),
        ("comment-before", P + D + b"; (x) filename=evil.exe"),
        ("comment-between", P + D + b"; filename=evil(x).exe"),
        ("path", P + D + b'; filename="C:\\temp\\evil.exe"'),
        ("path-up", P + D + b'; filename="../../evil.exe"'),
        ("long", P + D + b'; filename="' + b"a" * 300 + b'.exe"'),
        ("very-long", P + D + b'; filename="' + b"a" * 65536 + b'.exe"'),
        ("gap", P + D + b'; filename="a.txt' + b" " * 100 + b'.exe"'),
        ("two-endings", P + D + b'; filename="invoice.pdf.js"'),
        ("class-id", P + D + b'; filename="a.{3050f4d8-98b5-11cf-bb82-'
         b'00aa00bdce0b}"'),
        ("content-name", P + b"\nContent-Name: evil.exe" + D),
        ("sun-name", P + b"\nX-Sun-Data-Name: evil.exe"),
        ("file-parameter", P + b"; x-file-name=x; name=evil.exe"),
        ("disposition-twice", P + D + b"; filename=a.txt" + D +
         b"; filename=evil.exe"),
        ("type-twice", b"Content-Type: text/plain; name=a.txt\n" + P +
         b"; name=evil.exe"),
        ("inline", P + b"\nContent-Disposition: inline; filename=evil.exe"),
        ("disp-empty", P + b"\nContent-Disposition: ; filename=evil.exe"),
        ("disp-name", P + D + b"; name=evil.exe"),
        ("type-filename", P + b"; filename=evil.exe"),
        ("disp-only-name", P + b"\nContent-Disposition: filename=evil.exe"),
        ("text-plain", b"Content-Type: text/plain; name=evil.exe"),
        ("image", b"Content-Type: image/gif; name=evil.exe"),
        ("no-type", b"Content-Disposition: attachment; filename=evil.exe"),
        ("space-colon", P + b"\nContent-Disposition : attachment; "
         b"filename=evil.exe"),
        ("shift-jis", P + D + b'; filename="\x83\x65\x83\x58\x83\x67.exe"'),
        ("utf8-raw", P + D + b'; filename="\xc3\xa4.exe"'),
        ):
    attached("name-" + name, "filename", head + b"\n\nMore\n")

# ---- what is not here, and what the shape gives away -------------------------
case("partial", "partial", MIME + b"Content-Type: message/partial; id=x; "
     b"number=1; total=2\n\nSubject: x\n\nhello\n")
case("partial-nested", "partial", mixed(
    b"Content-Type: message/partial; number=2; id=y\n\nhello\n"))
case("partial-odd-case", "partial", MIME + b"Content-Type: MESSAGE / Partial ;"
     b"id=x\n\nhello\n")
case("partial-type-twice", "partial", MIME + b"Content-Type: text/plain\n"
     b"Content-Type: message/partial; id=x; number=1\n\nhello\n")
case("partial-no-parameters", "partial", MIME +
     b"Content-Type: message/partial\n\nhello\n")
case("external", "external-body", MIME + b"Content-Type: message/external-body"
     b"; access-type=URL; URL=\"http://x/e\"\n\nContent-Type: text/plain\n\n")
case("external-nested", "external-body", mixed(
    b"Content-Type: message/external-body; access-type=anon-ftp; site=x; "
    b"name=y\n\nContent-Type: image/gif\n\n"))
case("external-in-alternative", "external-body", mixed(
    TEXT, b"Content-Type: Message/External-Body; access-type=mail-server;\n "
    b"server=x@y\n\nContent-Type: text/plain\n\n",
    ct=b"multipart/alternative; boundary=b"))
case("two-authors", "ambiguous", TOP + b"From: <c@example.net>\n\nx\n")
case("charset-utf7-html", "ambiguous|html-script", MIME +
     b"Content-Type: text/html; charset=utf-8; charset=utf-7\n\n"
     b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-\n")

deep = b""
for level in range(12):
    deep += b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (
        level, level)
case("deep-12", V, MIME + deep + B64)
case("header-end-hidden-body", V, MIME +
     b"Content-Type: text/plain\n \n" + CTE + b"base64\n\n" + b64())
case("base64-of-base64-mail", V, mixed(
    b"Content-Type: message/rfc822\n" + CTE + b"base64\n\n" + b64(
        MIME + b"Content-Type: message/rfc822\n" + CTE + b"base64\n\n" +
        b64(G))))
