"""Mails made to wear a scanner out: answered soon, never silently clean."""
import base64
import gzip
import io
import struct
import tarfile
import zlib

from evasion_archives import mail, zipped
from evasion_mime import B64, EICAR, MIME

LIMIT = "too-many|too-deep|too-big|count|unreadable|ambiguous|filename|virus|" \
    "malformed"
ANY = None  # clean or not, but answered
cases = []


def case(name, codes, make):
    cases.append((name, codes, make))


def nested(levels, kind=b"multipart/mixed"):
    out = [MIME]
    for i in range(levels):
        out.append(b"Content-Type: %s; boundary=n%d\n\n--n%d\n" % (kind, i, i))
    return b"".join(out) + b"Content-Type: text/plain\n\nx\n"


def messages(levels):
    return MIME + b"Content-Type: message/rfc822\n\n" * levels + b"\nx\n"


def flat_bomb(entries, size=1 << 20):
    """Every file of the directory is the same packed bytes."""
    d = zlib.compressobj(9, 8, -15)
    packed = d.compress(b"\0" * size) + d.flush()
    crc = zlib.crc32(b"\0" * size)
    out = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, crc,
                      len(packed), size, 1, 0) + b"a" + packed
    central = b"".join(struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, len(packed), size,
        6, 0, 0, 0, 0, 0, 0) + b"%06d" % i for i in range(entries))
    return out + central + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, entries & 65535, entries & 65535,
        len(central), len(out), 0)


def small_zip(entries):
    out, central = io.BytesIO(), io.BytesIO()
    for i in range(entries):
        at, name = out.tell(), b"%05d" % i
        out.write(struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33,
                              0xe8b7be43, 1, 1, 5, 0) + name + b"a")
        central.write(struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0,
                                  33, 0xe8b7be43, 1, 1, 5, 0, 0, 0, 0, 0,
                                  at) + name)
    c = central.getvalue()
    return out.getvalue() + c + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, len(c), out.tell(), 0)


def tar_many(entries):
    one = tarfile.TarInfo("a").tobuf()
    return gzip.compress(one * entries + b"\0" * 1024, 1)


def nest42(levels=6, wide=16):
    data = zipped([("0", b"\0" * 4000000)])
    for level in range(levels):
        data = zipped([("lib %d.zip" % i, data) for i in range(wide)])
    return data


def again(times):
    data = EICAR
    for _ in range(times):
        data = base64.encodebytes(data)
    return data


def mail_in_base64(levels):
    data = MIME + b"Content-Type: text/plain\n\nx\n"
    for _ in range(levels):
        data = MIME + b"Content-Type: message/rfc822\nContent-Transfer-" \
            b"Encoding: base64\n\n" + base64.encodebytes(data)
    return data


def quine():
    """A gzip that unpacks to itself is too rare to make here; this one
    unpacks to a thousand copies of its own kind."""
    data = b"x"
    for _ in range(30):
        data = gzip.compress(data)
    return data


MIXED = MIME + b"Content-Type: multipart/mixed; boundary=b\n\n"
case("boundary-lines-million", LIMIT, lambda: MIXED + b"--b\n" * 1000000)
case("close-lines-million", LIMIT, lambda: MIXED + b"--b--\n" * 1000000)
case("nearly-boundary-million", "", lambda: MIXED + b"--b\n\nx\n" +
     b"--a\n" * 1000000 + b"--b--\n")
case("parts-100k", LIMIT, lambda: MIXED + b"--b\n\nx\n" * 100000 + b"--b--\n")
case("nested-10k", LIMIT, lambda: nested(10000))
case("nested-100", LIMIT, lambda: nested(100))
case("messages-10k", LIMIT, lambda: messages(10000))
case("digests-10k", LIMIT, lambda: nested(10000, b"multipart/digest"))
case("base64-mails-14", ANY, lambda: mail_in_base64(14))
case("headers-100k", LIMIT, lambda: MIME + b"X: y\n" * 100000 + b"\nx\n")
case("header-lines-1m", LIMIT, lambda: MIME + b"X: y\n" + b" y\n" * 1000000 +
     b"\nx\n")
case("types-10k", LIMIT, lambda: MIME + b"Content-Type: text/plain; "
     b"name=%s\n" * 10000 % tuple(b"%d" % i for i in range(10000)) + b"\nx\n")
case("parameters-1mb", LIMIT, lambda: MIME + b"Content-Type: text/plain" +
     b"".join(b"; p%d=x" % i for i in range(100000)) + b"\n\nx\n")
case("sections-100k", LIMIT, lambda: MIME + b"Content-Type: text/plain" +
     b"".join(b"; name*%d=x" % i for i in range(100000)) + b"\n\nx\n")
case("sections-900kb-same", LIMIT, lambda: MIME + b"Content-Type: text/plain" +
     b"; name*0=x" * 90000 + b"\n\nx\n")
case("boundaries-10k", LIMIT, lambda: MIME + b"Content-Type: multipart/mixed" +
     b"".join(b"; boundary=b%d" % i for i in range(10000)) + b"\n\n--b1\n\nx")
case("comments-deep", LIMIT, lambda: MIME + b"Content-Type: " +
     b"(" * 500000 + b"multipart/mixed; boundary=b\n\n--b\n" + B64)
case("words-50k", "", lambda: MIME + b"Subject: " +
     b"=?utf-8?q?x?=\n " * 50000 + b"\n\nx\n")
case("name-64k", LIMIT, lambda: MIXED + b"--b\nContent-Type: a/b; name=\"" +
     b"n" * 65536 + b".exe\"\n\nx\n--b--\n")
case("line-50mb", "", lambda: MIME + b"\n" + b"x" * 50000000 + b"\n")
case("cr-1m", ANY, lambda: MIME + b"\n" + b"\r-" * 1000000 + b"\n")
case("begin-lines-200k", ANY, lambda: MIME + b"\n" +
     b"begin 644 a\nM\n" * 200000)
case("base64-of-base64", ANY, lambda: mail(b"a.txt", again(12)))
case("empty-base64-parts", LIMIT, lambda: MIXED + b"--b\nContent-Transfer-"
     b"Encoding: base64\n\nQQ==\n" * 50000 + b"--b--\n")
case("zip-42", LIMIT, lambda: mail(b"42.zip", nest42()))
case("zip-flat-bomb", LIMIT, lambda: mail(b"f.zip", flat_bomb(65000)))
case("zip-65k-members", LIMIT, lambda: mail(b"m.zip", small_zip(65000)))
case("tar-200k-entries", LIMIT, lambda: mail(b"t.tgz", tar_many(200000)))
case("gz-1000-members", LIMIT, lambda: mail(
    b"a.gz", gzip.compress(b"") * 999 + gzip.compress(EICAR)))
case("gz-in-gz-30", LIMIT, lambda: mail(b"a.gz", quine()))
