#!/usr/bin/env python3
"""A hand-over is killed, or fails, at every one of its file calls.

For each driver and each call N of test/crash/handover: SIGKILL before it,
SIGKILL after it, ENOSPC, EIO. Then one plain run, and everything is counted:
each message and each notice is in the outgoing queue exactly once, and nothing
is left behind.

And the power goes: a journal of one whole run is cut after each call, the disk
as it may be then is built from it (what was not synced is there, or not, or in
part; an MTA may have taken what was visible), and a plain run follows. Nothing
may be lost; a message may be there twice only if the MTA took it between the
rename that published it and the sync of both directories of that rename.

    HANDOVER=build/test/crash/handover test/crash/run.py [-v]"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HANDOVER = os.environ.get("HANDOVER", "build/test/crash/handover")
MESSAGES = 3
VERBOSE = "-v" in sys.argv
BASE = tempfile.mkdtemp(prefix="reeve-crash.",
                        dir="/dev/shm" if os.access("/dev/shm", os.W_OK)
                        else None)
ENV = {k: v for k, v in os.environ.items()
       if not k.startswith("REEVE_FAULT")}
bad = []


def complain(text):
    bad.append(text)
    print("# " + text)


# ---- messages ---------------------------------------------------------------

def packed(*parts):
    out = b""
    for p in parts:
        out += len(p).to_bytes(4, "little") + p
    return out


def spool_file(ident, text):
    """A file of src/queue/spool.h, written here a second time on purpose."""
    env = packed(ident, b"ann@example.org", *[b""] * 10)
    env += b"\0" + (5).to_bytes(8, "little") + (1).to_bytes(4, "little")
    env += packed(b"bob@example.net", b"") + b"\0"
    return (b"REEVE-1\n" + len(env).to_bytes(4, "little") +
            (1).to_bytes(4, "little") + bytes(8) + env + b"\0" + text)


def sendmail_files(ident, text):
    head, _, body = text.partition(b"\n\n")
    qf = (b"V8\nT5\nK0\nN0\nP30000\nFbs\n$_x [192.0.2.1]\n$rESMTP\n"
          b"S<ann@example.org>\nrRFC822; bob@example.net\n"
          b"RPFD:<bob@example.net>\n")
    qf += b"".join(b"H??" + line + b"\n" for line in head.split(b"\n"))
    return {b"qf" + ident: qf + b".\n", b"df" + ident: body}


def fill(root, driver):
    for name in ("incoming", "outgoing"):
        os.makedirs(os.path.join(root, name), 0o700)
    for n in range(MESSAGES):
        ident = b"A%d" % n
        text = b"Subject: m%d\n\nmessage %d is %s\n" % (
            n, n, b"odd" if n % 2 else b"plain")
        if driver == "spool":
            files = {ident: spool_file(ident, text)}
        else:
            files = sendmail_files(ident, text)
        for name, data in files.items():
            path = os.path.join(root.encode(), b"incoming", name)
            with open(path, "wb") as f:
                f.write(data)
            os.chmod(path, 0o600)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def outputs(files, driver):
    """What an MTA would deliver: one list of words for each message found."""
    found = []
    for name, data in files.items():
        if driver == "sendmail":
            if not name.startswith("qf"):
                continue
            body = files.get("df" + name[2:])
            if body is None or not data.endswith(b"\n.\n"):
                found.append(("half", name))
                continue
            data += body
        m = re.search(rb"notice for A(\d)\n$", data)
        if m:
            found.append(("notice", int(m.group(1))))
            continue
        m = re.search(rb"message (\d) is (even|plain)\n$", data)
        ok = m and b"X-Scanned: yes" in data and (
            (m.group(2) == b"even") == (b"other@example.net" in data))
        found.append(("message", int(m.group(1))) if ok else ("half", name))
    return found


def folder(path):
    return {n: read(os.path.join(path, n)) for n in os.listdir(path)
            if os.path.isfile(os.path.join(path, n))}


def run(driver, root, fault=None, journal=None):
    env = dict(ENV)
    if fault:
        env["REEVE_FAULT"] = fault
    if journal:
        env["REEVE_FAULT_JOURNAL"] = journal
    return subprocess.run([HANDOVER, driver, root], env=env,
                          capture_output=True)


WANT = sorted([("message", n) for n in range(MESSAGES)] +
              [("notice", n) for n in range(MESSAGES)])


def judge(what, driver, root, delivered=(), may_double=()):
    """Each thing exactly once, and nothing anywhere else."""
    out = outputs(folder(os.path.join(root, "outgoing")), driver)
    found = sorted(out + list(delivered))
    for one in WANT:
        n = found.count(one)
        if n == 0:
            complain("%s: LOST %s" % (what, one))
        elif n > 1 and not (n == 2 and one in may_double):
            complain("%s: DOUBLED %s" % (what, one))
    for one in found:
        if one not in WANT:
            complain("%s: %s" % (what, one))
    left = os.listdir(os.path.join(root, "incoming"))
    if left:
        complain("%s: left in incoming: %s" % (what, left))
    # A lone output or body is dropped when it is old.
    left = [f for f in os.listdir(os.path.join(root, "claims"))
            if f[0] in "cka" and f != "aside"]
    left += os.listdir(os.path.join(root, "claims", "aside"))
    if left:
        complain("%s: left in claims: %s" % (what, left))
    return len(found) > len(WANT)


# ---- crashes and failing calls ----------------------------------------------

def once(driver, fault):
    root = os.path.join(BASE, "r")
    fill(root, driver)
    what = "%s %s" % (driver, fault)
    first = run(driver, root, fault)
    if "kill" in fault and first.returncode != -9:
        complain("%s: was not killed (%d)" % (what, first.returncode))
    if "kill" not in fault and first.returncode not in (0, 1):
        complain("%s: ended with %d: %s" % (what, first.returncode,
                                            first.stderr[-300:]))
    second = run(driver, root)
    if second.returncode:
        complain("%s: second run: %s" % (what, second.stderr[-300:]))
    judge(what, driver, root)
    shutil.rmtree(root)


def crashes(driver):
    root = os.path.join(BASE, "r")
    journal = os.path.join(BASE, "journal")
    fill(root, driver)
    if os.path.exists(journal):
        os.unlink(journal)
    done = run(driver, root, None, journal)
    if done.returncode:
        complain("%s: plain run: %s" % (driver, done.stderr))
    judge(driver + " plain", driver, root)
    shutil.rmtree(root)
    calls = read(journal).count(b"\n")
    for n in range(1, calls + 1):
        for action in ("kill-before", "kill-after", "ENOSPC", "EIO"):
            once(driver, "%d:%s" % (n, action))
    return calls


# ---- power cuts -------------------------------------------------------------

class Disk:
    """What calls do to names and bytes, and what of it is on the disk."""

    def __init__(self, root):
        self.root = root
        self.files = {}    # number -> [bytes now, bytes synced]
        self.dirs = {}     # path -> {name: number} now
        self.synced = {}   # the same, as of the last fsync of each
        self.changes = {}  # path -> states of names since then
        self.pending = {}  # path -> [call, name, number] since then
        self.calls = 0
        self.renamed = []  # [what, dirs not yet synced]
        for where, _, names in os.walk(root):
            self.dirs[where] = {}
            for name in names:
                data = bytearray(read(os.path.join(where, name)))
                self.dirs[where][name] = self.add(data, bytes(data))
            self.synced[where] = dict(self.dirs[where])
            self.changes[where] = [dict(self.dirs[where])]
            self.pending[where] = []

    def add(self, data, synced):
        self.files[len(self.files)] = [data, synced]
        return len(self.files) - 1

    def split(self, path):
        where, name = os.path.split(path)
        return os.path.normpath(where), name

    def touch(self, where, *names):
        self.changes[where].append(dict(self.dirs[where]))
        self.pending[where] += [
            (self.calls, n, self.dirs[where].get(n)) for n in names]

    def number(self, path):
        where, name = self.split(path)
        return self.dirs.get(where, {}).get(name)

    def do(self, op, a, b, at, data):
        if not a.startswith(self.root):
            return
        self.calls += 1
        a = os.path.normpath(a)
        where, name = self.split(a)
        if op == "create" and self.number(a) is None:
            self.dirs[where][name] = self.add(bytearray(), b"")
            self.touch(where, name)
        elif op == "mkdir":
            self.dirs[a] = {}
            self.synced[a] = {}
            self.changes[a] = [{}]
            self.pending[a] = []
        elif op == "write":
            n = self.number(a)
            if n is not None:
                self.files[n][0][at:at + len(data)] = data
        elif op == "fsync":
            if a in self.dirs:
                self.synced[a] = dict(self.dirs[a])
                self.changes[a] = [dict(self.dirs[a])]
                self.pending[a] = []
                for one in self.renamed:
                    one[1].discard(a)
            else:
                n = self.number(a)
                self.files[n][1] = bytes(self.files[n][0])
        elif op in ("rename", "link"):
            b = os.path.normpath(b)
            to, new = self.split(b)
            self.dirs[to][new] = self.dirs[where][name]
            if op == "rename":
                del self.dirs[where][name]
                self.touch(where, *([name, new] if to == where else [name]))
                self.renamed.append([self.dirs[to][new], {where, to}, where,
                                     name, to, new])
            if to != where or op == "link":
                self.touch(to, new)
        elif op == "unlink":
            self.dirs[where].pop(name, None)
            self.touch(where, name)

    def pick(self, how, rng):
        """Names and bytes as they may be after a power cut."""
        names, data = {}, {}
        kept = {call for done in self.pending.values() for call, _, _ in done
                if rng.random() < .5}
        for where in self.dirs:
            states = self.changes[where]
            if how == "any":
                # Each call for itself, whatever came before it.
                names[where] = dict(self.synced[where])
                for call, name, n in self.pending[where]:
                    if call in kept and n is None:
                        names[where].pop(name, None)
                    elif call in kept:
                        names[where][name] = n
                continue
            names[where] = dict(states[0] if how == "least" else
                                states[-1] if how == "all" else
                                rng.choice(states))
        # A rename is done, or not, or leaves both names: no file system
        # loses a file between two directories.
        for n, dirs, where, name, to, new in self.renamed:
            if dirs and self.dirs[to].get(new) == n and \
                    names[to].get(new) != n and names[where].get(name) != n:
                names[where].setdefault(name, n)
        for n, (now, synced) in self.files.items():
            data[n] = bytes(synced if how == "least" else now if how == "all"
                            else now if bytes(now) == synced else
                            now[:rng.randrange(len(now) + 1)])
        return names, data

    def unsynced(self):
        """Files whose rename is not on the disk in both directories."""
        return {one[0] for one in self.renamed if one[1]}


def build(names, data, root):
    shutil.rmtree(root, ignore_errors=True)
    first = {}
    for where in sorted(names):
        os.makedirs(where, 0o700, exist_ok=True)
    for where, entries in names.items():
        for name, n in entries.items():
            path = os.path.join(where, name)
            if n in first:
                os.link(first[n], path)
                continue
            first[n] = path
            with open(path, "wb") as f:
                f.write(data[n])
            os.chmod(path, 0o600)


def cut(disk, what, driver, how, rng, fast):
    """One way the disk may look; `fast`: an MTA took all that was visible."""
    # At the same place: its path is part of the names of claims.
    out = os.path.join(disk.root, "outgoing")
    names, data = disk.pick(how, rng)
    delivered, may_double = [], []
    if fast:
        visible = {name: bytes(disk.files[n][0])
                   for name, n in disk.dirs[out].items()}
        # sendmail's body files come first: no envelope, nothing to take.
        lone = [n for n in visible if n.startswith("df") and
                "qf" + n[2:] not in visible]
        delivered = outputs({n: d for n, d in visible.items()
                             if n not in lone}, driver)
        unsynced = disk.unsynced()
        for name, n in disk.dirs[out].items():
            if n in unsynced and name not in lone:
                part = {k: v for k, v in visible.items()
                        if k[2:] == name[2:] or k == name}
                may_double += outputs(part, driver)
        for name in visible:
            if name not in lone:
                names[out].pop(name, None)
    build(names, data, disk.root)
    second = run(driver, disk.root)
    if second.returncode:
        complain("%s: run after it: %s" % (what, second.stderr[-300:]))
    return judge(what, driver, disk.root, delivered, may_double)


def power(driver):
    root = os.path.join(BASE, "p")
    journal = os.path.join(BASE, "journal")
    fill(root, driver)
    run(driver, root)  # makes the claim directory
    shutil.rmtree(os.path.join(root, "outgoing"))
    fill_again(root, driver)
    disk = Disk(root)
    if os.path.exists(journal):
        os.unlink(journal)
    run(driver, root, None, journal)
    rng = random.Random(1)
    cuts = doubled = 0
    for number, line in enumerate(read(journal).decode().split("\n")[:-1], 1):
        op, a, b, at, data = line.split("\t")
        if op in ("open", "close", "lock", "memfd", "chmod", "chown",
                  "failed"):
            continue
        disk.do(op, a, b, int(at), bytes.fromhex(data))
        for how in ("least", "all", "some", "any", "any"):
            for fast in (False, True):
                cuts += 1
                doubled += cut(disk, "%s power cut after call %d (%s %s), %s%s"
                               % (driver, number, op, os.path.basename(b or a),
                                  how, ", taken" if fast else ""),
                               driver, how, rng, fast)
    shutil.rmtree(root)
    return cuts, doubled


def fill_again(root, driver):
    os.rmdir(os.path.join(root, "incoming"))
    fill(root, driver)


def main():
    print("1..4")
    number = 0
    for driver in ("spool", "sendmail"):
        for name, test in (("crashes", crashes), ("power", power)):
            bad.clear()
            result = test(driver)
            number += 1
            print("# %s %s: %s" % (driver, name, result))
            print("%s %d - %s %s" % ("not ok" if bad else "ok", number, driver,
                                     name), flush=True)
            failed.extend(bad)
    shutil.rmtree(BASE)
    return 1 if failed else 0


failed = []
sys.exit(main())
