"""The sample mail that ./dev run sends: one message of each kind.

Everything is made here; messages() gives (name, what it is, bytes)."""
import base64
import binascii
import io
import os
import struct
import zipfile
import zlib

# Put together at run time, so that no scanner stumbles over this file.
EICAR = (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-"
         b"ANTIVIRUS-TEST-FILE!" + b"$H+H*")
# A program's header as Windows wants it: 32 bits, for the console.
EXE = (b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" +
       struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0x102) +
       struct.pack("<H", 0x10B) + bytes(66) + struct.pack("<H", 3) +
       bytes(154) + b".text\0\0\0" + bytes(32))
PDF = (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
       b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
       b"trailer<</Root 1 0 R>>\n%%EOF\n")


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def zip_encrypted(name, data, password):
    """A zip with one member under the traditional encryption."""
    table = []
    for i in range(256):
        c = i
        for _ in range(8):
            c = c >> 1 ^ (0xEDB88320 if c & 1 else 0)
        table.append(c)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 255]
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 255]

    for byte in password:
        update(byte)
    crc = binascii.crc32(data)
    out = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + data:
        t = keys[2] | 2
        out.append(byte ^ (t * (t ^ 1) >> 8 & 255))
        update(byte)
    raw = name.encode()
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 1, 0, 0, 0x5821, crc,
                        len(out), len(data), len(raw), 0) + raw + bytes(out)
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 1, 0, 0,
                          0x5821, crc, len(out), len(data), len(raw), 0, 0, 0,
                          0, 0, 0) + raw
    return local + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1,
                                         len(central), len(local), 0)


def b64(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def head(subject, extra=b""):
    return (b"From: Ann Example <ann@example.org>\r\n"
            b"To: Bob Example <bob@example.net>\r\n"
            b"Subject: " + subject.encode() + b"\r\n"
            b"Date: Mon, 01 Jan 2024 10:00:00 +0000\r\n"
            b"Message-ID: <" + binascii.hexlify(subject.encode())[:24] +
            b"@example.org>\r\nMIME-Version: 1.0\r\n" + extra)


def attach(subject, *files, text="See the attachment.\r\n"):
    m = head(subject, b'Content-Type: multipart/mixed; boundary="part"\r\n')
    m += (b"\r\n--part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
          text.encode() + b"\r\n")
    for name, kind, data in files:
        m += (b"--part\r\nContent-Type: " + kind.encode() +
              b"\r\nContent-Transfer-Encoding: base64\r\n"
              b'Content-Disposition: attachment; filename="' + name.encode() +
              b'"\r\n\r\n' + b64(data))
    return m + b"--part--\r\n"


def messages():
    octets = "application/octet-stream"
    inner = attach("the inner message", ("tool.exe", octets, EXE))
    yield ("clean-text", "a few words, nothing else",
           head("Lunch on Friday", b"Content-Type: text/plain\r\n") +
           b"\r\nHow about one o'clock?\r\n.a line that begins with a dot\r\n")
    yield ("clean-html", "text and HTML side by side",
           head("Minutes", b'Content-Type: multipart/alternative; '
                           b'boundary="alt"\r\n') +
           b"\r\n--alt\r\nContent-Type: text/plain\r\n\r\nMinutes.\r\n"
           b"--alt\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
           b"<html><body><p>Minutes.</p></body></html>\r\n--alt--\r\n")
    yield ("clean-pdf", "an ordinary document",
           attach("The report", ("report.pdf", "application/pdf", PDF)))
    yield ("eicar", "the anti-virus test file",
           attach("A test", ("eicar.txt", "text/plain", EICAR)))
    yield ("eicar-zip", "the test file inside a zip",
           attach("A test, packed", ("test.zip", "application/zip",
                                     zipped(("readme.txt", EICAR)))))
    yield ("exe", "a program as attachment",
           attach("Update", ("setup.exe", octets, EXE)))
    yield ("exe-disguised", "a program that calls itself a picture",
           attach("Holiday", ("beach.jpg", "image/jpeg", EXE)))
    yield ("double-extension", "a name made to mislead",
           attach("Invoice", ("invoice.pdf.js", octets, b"var a = 1;\n")))
    yield ("nested", "a program in a zip in a zip",
           attach("Archive", ("outer.zip", "application/zip",
                              zipped(("inner.zip", zipped(("setup.exe", EXE)))))))
    yield ("nested-message", "a program attached to an attached message",
           head("Fwd: see below", b'Content-Type: multipart/mixed; '
                                  b'boundary="fwd"\r\n') +
           b"\r\n--fwd\r\nContent-Type: message/rfc822\r\n\r\n" + inner +
           b"\r\n--fwd--\r\n")
    yield ("encrypted-zip", "an archive under a password",
           attach("Secret", ("secret.zip", "application/zip",
                             zip_encrypted("plan.txt", b"the plan\n", b"1234")),
                  text="The password is 1234.\r\n"))
    yield ("ambiguous", "two boundaries: two programs, two contents",
           head("Two ways to read it",
                b'Content-Type: multipart/mixed; boundary="one"; '
                b'boundary="two"\r\n') +
           b"\r\n--one\r\nContent-Type: text/plain\r\n\r\nNothing here.\r\n"
           b"--one--\r\n--two\r\nContent-Type: application/octet-stream; "
           b'name="run.exe"\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
           b64(EXE) + b"--two--\r\n")
    yield ("malformed", "cut in the middle, with a bad encoding",
           head("Broken", b'Content-Type: multipart/mixed; boundary="x"\r\n') +
           b"\r\n--x\r\nContent-Type: text/plain\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n"
           b"dGhpcyBpcyBjdXQ$$$ of\r\n--x\r\nContent-Type: image/png\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo")
    yield ("partial", "a third of a message, which nobody can examine",
           head("Part 1 of 3", b'Content-Type: message/partial; id="a@b"; '
                               b"number=1; total=3\r\n") +
           b"\r\nThe first third.\r\n")


def write(folder):
    os.makedirs(folder, exist_ok=True)
    for name, _, data in messages():
        with open(os.path.join(folder, name + ".eml"), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    import sys
    write(sys.argv[1])
