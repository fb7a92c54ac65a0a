"""Archives and containers that hide something: (name, codes, function)."""
import base64
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import warnings
import zipfile
import zlib

from evasion_mime import EICAR, MIME, b64, uu

warnings.simplefilter("ignore")  # names given twice are meant
V, F = "virus", "filename"
cases = []


def mail(name, data):
    return (MIME + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
            b"Content-Type: text/plain\n\nHello\n--b\n"
            b"Content-Type: application/octet-stream; name=\"" + name +
            b"\"\nContent-Disposition: attachment; filename=\"" + name +
            b"\"\nContent-Transfer-Encoding: base64\n\n" +
            base64.encodebytes(data) + b"--b--\n")


def case(name, codes, data, file=b"a.dat"):
    cases.append((name, codes, mail(file, data)))


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in entries:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.compress_type = method
            z.writestr(info, data)
    return out.getvalue()


def tarred(entries, fmt=tarfile.GNU_FORMAT, kind=None):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt) as t:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if kind:
                info.type, info.size, info.linkname = kind, 0, "/etc/passwd"
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def raw_zip(name, data, flags=0, method=0, local=None, crc=None, sizes=None,
            version=20, extra=b"", comment=b"", listed=True, dirs=1):
    """A zip by hand, so that its headers can lie."""
    local = name if local is None else local
    packed = data
    if method == 8:
        d = zlib.compressobj(9, 8, -15)
        packed = d.compress(data) + d.flush()
    crc = zlib.crc32(data) if crc is None else crc
    n, size = sizes or (len(packed), len(data))
    head = struct.pack("<4s5H3L2H", b"PK\3\4", version, flags, method, 0, 33,
                       crc, n, size, len(local), len(extra)) + local + extra
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, version, flags, method,
                        0, 33, crc, n, size, len(name), len(extra), 0, 0, 0,
                        0, 0) + name + extra
    entry = entry * dirs if listed else b""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, dirs if listed else 0,
                      dirs if listed else 0, len(entry),
                      len(head) + len(packed), len(comment)) + comment
    return head + packed + entry + end


E = [("a.txt", EICAR)]
X = [("evil.exe", b"MZ" + b"\0" * 60)]
Z = zipped(E)
PACKED = [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress),
          ("lzma", lambda d: lzma.compress(d, lzma.FORMAT_ALONE)),
          ("zip", lambda d: zipped([("a.txt", d)])),
          ("zip-stored", lambda d: zipped([("a.txt", d)], zipfile.ZIP_STORED)),
          ("zip-bzip2", lambda d: zipped([("a.txt", d)], zipfile.ZIP_BZIP2)),
          ("zip-lzma", lambda d: zipped([("a.txt", d)], zipfile.ZIP_LZMA)),
          ("tar", lambda d: tarred([("a.txt", d)])),
          ("tar-pax", lambda d: tarred([("a.txt", d)], tarfile.PAX_FORMAT)),
          ("tar-ustar", lambda d: tarred([("a.txt", d)], tarfile.USTAR_FORMAT))]
for word, pack in PACKED:
    case("one-" + word, V, pack(EICAR))
    case("packed-zip-in-" + word, V, pack(Z))
    case(word + "-in-zip", V, zipped([("b.bin", pack(EICAR))]))
    case(word + "-wrong-name", V, pack(EICAR), b"photo.jpg")
for word, pack in PACKED[4:]:
    if "-" not in word or "tar" in word:
        entries = zipped(X) if "zip" in word else tarred(X)
        case("exe-in-" + word, F, entries)
case("tar-gz", V, gzip.compress(tarred(E)))
case("tar-bz2", V, bz2.compress(tarred(E)))
case("tar-xz", V, lzma.compress(tarred(E)))
case("tar-gz-exe", F, gzip.compress(tarred(X)), b"a.tgz")
for name, member in (
        ("up", "../../evil.exe"), ("absolute", "/tmp/evil.exe"),
        ("drive", "C:\\evil.exe"), ("backslash", "..\\..\\evil.exe"),
        ("dots", "evil.exe. . ."), ("space", "evil.exe "),
        ("stream", "a.txt:evil.exe"), ("nul", "evil.exe\0.txt"),
        ("bidi", "a\u202etxt.exe"), ("gap", "a.txt" + " " * 60 + ".exe"),
        ("two-endings", "invoice.pdf.js"), ("case", "EVIL.ExE"),
        ("dir", "a/b/c/evil.exe"), ("unicode", "\u4e2d\u6587.exe"),
        ("control", "a\x01.exe"), ("newline", "a.txt\nevil.exe"),
        ("device", "con.exe"), ("long", "a" * 60000 + ".exe"),
        ("slash-end", "a/../evil.exe")):
    case("zip-name-" + name, F, zipped([(member, b"data")]))
    if name != "nul":
        case("tar-name-" + name, F, tarred([(member, b"data")]))
case("zip-traversal", "traversal|filename", zipped([("../../../a.txt", b"x")]))
case("tar-traversal", "traversal|filename", tarred([("../../../a.txt", b"x")]))
case("tar-symlink-exe", F, tarred([("evil.exe", b"")], kind=tarfile.SYMTYPE))
case("tar-hardlink-exe", F, tarred([("evil.exe", b"")], kind=tarfile.LNKTYPE))
case("zip-encrypted", "encrypted", raw_zip(b"a.txt", b"x" * 50, flags=1))
case("zip-encrypted-exe", "encrypted filename",
     raw_zip(b"evil.exe", b"x" * 50, flags=1))
case("zip-aes", "encrypted", raw_zip(
    b"a.txt", b"x" * 50, flags=1, method=99,
    extra=struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)))
case("zip-strong", "encrypted", raw_zip(b"a.txt", b"x" * 50, flags=0x41))
case("zip-in-zip-encrypted", "encrypted", zipped(
    [("b.zip", raw_zip(b"a.txt", b"x" * 50, flags=1))]))
case("zip-central-only-encrypted", "encrypted|ambiguous|unreadable",
     raw_zip(b"a.txt", EICAR, flags=1)[:6] + b"\0\0" +
     raw_zip(b"a.txt", EICAR, flags=1)[8:])
case("zip-local-name-lies", F, raw_zip(b"a.txt", b"x", local=b"evil.exe"))
case("zip-central-name-lies", F, raw_zip(b"evil.exe", b"x", local=b"a.txt"))
case("zip-not-listed", V, raw_zip(b"a.txt", EICAR, listed=False))
case("zip-no-directory", V, raw_zip(b"a.txt", EICAR)[:35 + len(EICAR)])
case("zip-cut", "virus|unreadable", Z[:-30])
case("zip-cut-more", "virus|unreadable", Z[:-70])
case("zip-wrong-crc", V, raw_zip(b"a.txt", EICAR, crc=1, method=8))
case("zip-size-lies", "virus", raw_zip(b"a.txt", EICAR, sizes=(len(EICAR), 3)))
case("zip-size-zero-streamed", "virus|unreadable|ambiguous",
     raw_zip(b"a.txt", EICAR, flags=8, sizes=(0, 0), method=8))
case("zip-size-huge", "virus|too-big|unreadable",
     raw_zip(b"a.txt", EICAR, sizes=(0xfffffff0, 0xfffffff0)))
case("zip-method-unknown", "unsupported|unreadable",
     raw_zip(b"a.txt", EICAR + b"x" * 2000)[:8] + b"\x55\0" +
     raw_zip(b"a.txt", EICAR + b"x" * 2000)[10:])
case("zip-method-97", "unsupported|unreadable", raw_zip(
    b"a.txt", b"zzzz", method=97))
case("zip-prefixed", V, b"GIF89a" + b"\0" * 300 + Z)
case("zip-prefixed-exe", F, b"%PDF-1.4\n" + b"\0" * 300 + zipped(X))
case("zip-suffixed", V, Z + b"\0" * 3000)
case("zip-suffixed-big", V, Z + b"x" * 100000)
case("zip-two", V, zipped([("a.txt", b"fine")]) + Z)
case("zip-two-swapped", V, Z + zipped([("a.txt", b"fine")]))
case("zip-comment", V, raw_zip(b"a.txt", EICAR, comment=b"PK\5\6" * 20))
case("zip-comment-long", V, raw_zip(b"a.txt", EICAR, comment=b"x" * 65535))
case("zip-comment-zip", V, raw_zip(b"b.txt", b"x", comment=Z))
case("zip-same-name", V, zipped([("a.txt", b"ok"), ("a.txt", EICAR)]))
case("zip-same-name-first", V, zipped([("a.txt", EICAR), ("a.txt", b"ok")]))
case("zip-extra-name", F, raw_zip(
    b"a.txt", b"x", extra=struct.pack(
        "<HHBL", 0x7075, 5 + 8, 1, zlib.crc32(b"a.txt")) + b"evil.exe"))
case("zip-directory-with-data", "virus", raw_zip(b"a/", EICAR))
case("gzip-two-members", V, gzip.compress(b"ok") + gzip.compress(EICAR)
     if False else gzip.compress(b"") + gzip.compress(EICAR))
case("gzip-name", F, b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"evil.exe\0" +
     gzip.compress(b"MZx")[10:])
case("gzip-trailing-zip", V, gzip.compress(b"ok") + Z)
case("gzip-wrong-crc", V, gzip.compress(EICAR)[:-8] + b"\0" * 8)
case("gzip-cut", "virus|unreadable", gzip.compress(EICAR)[:-9])
case("xz-cut", "virus|unreadable", lzma.compress(EICAR)[:-20])
case("bz2-cut", "virus|unreadable", bz2.compress(EICAR)[:-5])
case("tar-cut", V, tarred(E)[:600])
case("tar-suffix-zip", "virus|unreadable", tarred([("a.txt", b"ok")]) + Z)
case("tar-bad-checksum", "virus|unreadable",
     tarred(E)[:148] + b"000000\0 " + tarred(E)[156:], b"a.tar")
case("rar5-encrypted-headers", "encrypted|unreadable",
     b"Rar!\x1a\x07\x01\x00" + bytes.fromhex("000000000d0104000001") +
     b"\0" * 60, b"a.rar")
case("rar-garbage", "unreadable|unsupported", b"Rar!\x1a\x07\x00" + b"z" * 90,
     b"a.rar")
case("7z-garbage", "unreadable|unsupported",
     b"7z\xbc\xaf\x27\x1c\0\4" + b"z" * 90, b"a.7z")
case("ace", "unsupported", b"\x12\x34\x31\0\0\0\0**ACE**" + b"\0" * 60)
case("arj", "unsupported|unreadable", b"\x60\xea" + struct.pack("<H", 34) +
     b"\x1e\x0b\x01\x00\x10\x00\x02" + b"\0" * 60, b"a.arj")
case("named-zip-but-not", "unreadable", b"nothing of the kind\n" * 20, b"a.zip")
case("named-rar-but-not", "unreadable", b"nothing of the kind\n" * 20, b"a.rar")
case("zip-of-mail", V, zipped([("a.eml", MIME + b"Content-Type: application/"
     b"octet-stream\nContent-Transfer-Encoding: base64\n\n" + b64())]))
case("zip-of-uu", V, zipped([("a.txt", b"Hi\n" + uu())]))
case("docx-with-exe", F, zipped(
    [("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>"),
     ("word/embeddings/evil.exe", b"MZ")]), b"a.docx")
nest = EICAR
for level in range(7):
    nest = zipped([("%d.zip" % level, nest)])
case("zip-7-deep", V, nest)
for level in range(12):
    nest = zipped([("%d.zip" % level, nest)])
case("zip-19-deep", "too-deep", nest)
case("bomb-gz", "too-big", gzip.compress(b"\0" * 30000000))
case("bomb-bz2", "too-big", bz2.compress(b"\0" * 30000000))
case("bomb-xz", "too-big", lzma.compress(b"\0" * 30000000))
case("bomb-zip", "too-big", zipped([("a", b"\0" * 30000000)]))
case("bomb-tar-gz", "too-big", gzip.compress(tarred([("a", b"\0" * 30000000)])))
