"""One message of each kind through SMTP, the spool, the checks and a Maildir:
what happens to it, what is kept, what is written down, and what the front
doors say about it afterwards."""
import json
import os
import re
import sqlite3
import stat
import subprocess

import common
import samples

KINDS = {name: data for name, _, data in samples.messages()}
# What has to be found in each kind; none: nothing may be.
FOUND = {
    "clean-text": set(), "clean-html": set(), "clean-pdf": set(),
    "eicar": {"virus"}, "eicar-zip": {"virus"}, "exe": {"filename"},
    "exe-disguised": {"filetype"}, "double-extension": {"filename"},
    "nested": {"filename"}, "nested-message": {"filename"},
    "encrypted-zip": {"encrypted"}, "ambiguous": {"ambiguous", "filename"},
    "partial": {"partial"}, "malformed": None,
}
KEYS = ("size action infected findings parts links defects incomplete headers "
        "ms").split()


def parts_of(raw):
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return head + b"\n", body


def check_clean(h, name, ident, raw):
    mine = [m for m in h.mails().values() if ident.encode() in m and
            b"To: Bob Example" in m]
    common.same(len(mine), 1, name + ": copies")
    head, body = parts_of(raw)
    got_head, got_body = parts_of(mine[0])
    common.same(got_body, body, name + ": body")
    lines = [x for x in got_head.split(b"\n") if x]
    wanted = [x for x in head.split(b"\n") if x]
    at = lines.index(wanted[0])
    common.same(lines[at:at + len(wanted)], wanted, name + ": header")
    added = b"\n".join(lines[at + len(wanted):])
    for word in (b"X-reeve-MailScanner-ID: " + ident.encode(),
                 b"X-reeve-MailScanner: Found to be clean",
                 b"X-reeve-MailScanner-From: ann@example.org"):
        common.check(word in added, name, "has no", word)
    common.check(lines[0].startswith(b"Return-Path: <ann@example.org>"),
                 name, "Return-Path")


def check_blocked(h, name, ident, story):
    common.check(story["infected"], name, "is not infected")
    common.check(story["action"] != "deliver", name, "is delivered")
    for data in h.mails().values():
        if ident.encode() not in data:
            continue
        for bad in (samples.EICAR, samples.b64(samples.EXE).replace(
                b"\r\n", b"\n")[:60]):
            common.check(bad not in data, name, "reached a mailbox")


def check_quarantine(h, ids):
    kept = h.kept()
    for path, full in kept.items():
        m = re.fullmatch(r"(\d{8})/([^/]+)/([^/]+)", path)
        common.check(m, "odd path in the quarantine:", path)
        common.check(m.group(2) in ids.values(), "whose is", path)
        common.same(stat.S_IMODE(os.stat(full).st_mode), 0o660, path)
        for up in (os.path.dirname(full),
                   os.path.dirname(os.path.dirname(full))):
            common.same(stat.S_IMODE(os.stat(up).st_mode), 0o770, up)
    eicar = [p for p in kept if ids["eicar"] in p]
    common.same([os.path.basename(p) for p in eicar], ["eicar.txt"], "kept")
    with open(kept[eicar[0]], "rb") as f:
        common.same(f.read(), samples.EICAR, "the kept attachment")


def check_history(h, ids):
    db = sqlite3.connect("file:%s/history.db?mode=ro" % h.var, uri=True)
    common.same(sorted(r[0] for r in db.execute("SELECT id FROM message")),
                sorted(ids.values()), "rows of the history")
    row = db.execute("SELECT from_address, to_address, virusinfected, size "
                     "FROM maillog WHERE id = ?", (ids["eicar"],)).fetchone()
    common.same(row[:3], ("ann@example.org", "bob@example.net", 1), "maillog")
    db.close()
    with open(os.path.join(h.var, "log", "messages.json")) as f:
        lines = [json.loads(line) for line in f]
    common.same(sorted(x["id"] for x in lines), sorted(ids.values()),
                "JSON lines")


def check_explain(h, ids):
    for name, ident in ids.items():
        done = h.run("explain", "-c", h.conf, ident)
        common.same((done.returncode, done.stderr), (0, ""), "explain " + name)
        common.check(ident in done.stdout, "explain", name, done.stdout)
        for code in FOUND[name] or ():
            common.check(code in done.stdout, "explain", name, "lacks", code)
    common.same(h.run("explain", "-c", h.conf, "nobody-knows").returncode, 1,
                "explain of an unknown id")
    done = h.run("explain", "-c", h.conf, "<%s@example.org>" %
                 "Lunch on Friday".encode().hex()[:24])
    common.check(ids["clean-text"] in done.stdout, "explain by Message-ID")


def all_kinds():
    with common.house("all") as h:
        ids = {name: h.send(data) for name, data in KINDS.items()}
        stories = {name: h.wait_story(i) for name, i in ids.items()}
        h.wait_empty()
        for name, story in stories.items():
            for key in KEYS:
                common.check(key in story, name, "has no", key)
            codes = {f["code"] for f in story["findings"]}
            if FOUND[name] is None:
                continue
            common.check(FOUND[name] <= codes, name, "found", codes)
            common.same(story["incomplete"], [], name + ": incomplete")
            if FOUND[name]:
                check_blocked(h, name, ids[name], story)
            else:
                common.same((codes, story["action"]), (set(), "deliver"), name)
                check_clean(h, name, ids[name], KINDS[name])
        check_quarantine(h, ids)
        check_history(h, ids)
        check_explain(h, ids)
        common.check(any(b"postmaster" in p.encode() for p in h.mails()),
                     "no notice to the postmaster")
        log = h.log()
        for text in ("Uninfected: Delivered 1 messages", "Saved infected",
                     "Notices: Warned about 1 messages"):
            common.check(text in log, "the log lacks", text)


def scan(h, *args, data=None):
    done = subprocess.run([h.reeve, "scan", "-c", h.conf, *args], input=data,
                          capture_output=True)
    return done.returncode, done.stdout, done.stderr


def scan_command():
    with common.house("scan", start=False) as h:
        folder = os.path.join(h.var, "samples")
        samples.write(folder)
        clean = os.path.join(folder, "clean-text.eml")
        eicar = os.path.join(folder, "eicar.eml")
        code, out, err = scan(h, "--json", clean)
        common.same((code, err), (0, b""), "clean")
        story = json.loads(out)
        common.same([k for k in ["file"] + KEYS if k not in story], [], "keys")
        common.same((story["file"], story["size"], story["action"]),
                    (clean, len(KINDS["clean-text"]), "deliver"), "clean")
        code, out, err = scan(h, "--json", "--from", "a@example.org", "--to",
                              "b@example.org", "--client-ip", "192.0.2.9",
                              clean, eicar)
        common.same((code, err), (1, b""), "two files")
        stories = [json.loads(x) for x in out.splitlines()]
        common.same([s["infected"] for s in stories], [False, True], "two")
        finding = stories[1]["findings"][0]
        common.same(sorted(finding), ["code", "detail", "name", "part", "rule"],
                    "keys of a finding")
        part = stories[1]["parts"][0]
        common.same(sorted(part), ["depth", "filetype", "names", "path",
                                   "size", "type", "type_by_content"],
                    "keys of a part")
        code, out, err = scan(h, "--json", "-", data=KINDS["eicar"])
        common.same((code, json.loads(out)["file"]), (1, "-"), "stdin")
        code, out, err = scan(h, "--json", folder)
        common.same(len(out.splitlines()), len(KINDS), "a directory")
        common.same(code, 1, "a directory")
        code, out, err = scan(h, "--json", clean, folder + "/none.eml")
        common.same(code, 2, "a missing file")
        common.check(json.loads(out.splitlines()[1])["incomplete"], "missing")
        code, out, err = scan(h, eicar)
        common.check(code == 1 and b"EICAR" in out, "text", out)
        code, out, err = scan(h, "--json", "-", data=b"")
        common.check(code in (0, 1) and json.loads(out)["size"] == 0, "empty")
        common.same(scan(h)[0], 64, "no file")
        common.same(scan(h, "--no-such", clean)[0], 64, "unknown option")
        code, out, err = scan(h, "-c", h.var + "/none.conf", clean)
        common.check(code == 2 and b"none.conf" in err, "no configuration")
        common.same(os.listdir(os.path.join(h.var, "quarantine")), [],
                    "scan touched the quarantine")


common.run(all_kinds, scan_command)
