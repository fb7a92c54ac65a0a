"""A virus scanner that hangs, fails, answers garbage or is not there: nothing
is delivered as clean; log, header and history say what did not run. And one
that works: clamd over a unix socket, as the configuration names it."""
import contextlib
import os
import stat

import common
import samples
from fake_clamd import FakeClamd

KINDS = {name: data for name, _, data in samples.messages()}
SETTINGS = ("Virus Scanners = %s\nClamd Socket = %s\n"
            "Virus Scanner Timeout = 1\nUnscannable Messages = %s\n")


@contextlib.contextmanager
def clamd_house(name, mode, wish, scanners="clamd"):
    path = "/tmp/reeve-clamd.%d.%s" % (os.getpid(), name)
    clamd = FakeClamd(path, mode) if mode != "absent" else None
    try:
        with common.house("clamd-" + name,
                          extra=SETTINGS % (scanners, path, wish)) as h:
            yield h, clamd, path
    finally:
        if clamd:
            clamd.close()


def check_story(story, check="virus:clamd"):
    names = [i["check"] for i in story["incomplete"]]
    common.check(check in names, "incomplete:", names)
    common.check(all(i["reason"] for i in story["incomplete"]), "no reason")


def works():
    with clamd_house("works", "ok", "quarantine") as (h, clamd, _):
        clean = h.wait_story(h.send(KINDS["clean-pdf"]))
        bad = h.wait_story(h.send(KINDS["eicar-zip"]))
        common.same((clean["action"], clean["incomplete"]), ("deliver", []),
                    "clean")
        found = [f for f in bad["findings"] if f["code"] == "virus"]
        common.check(found and found[0]["rule"] == "clamd", bad["findings"])
        common.check(clamd.asked > 1, "clamd was not asked")


def quarantined(mode):
    with clamd_house("q-" + mode, mode, "quarantine") as (h, _, path):
        story = h.wait_story(h.send(KINDS["clean-text"]), 25)
        h.wait_empty()
        check_story(story)
        common.check(story["action"] != "deliver", "action", story["action"])
        common.same(h.mail_with(b"How about one"), [], "mailbox")
        common.check(h.kept_with(b"How about one"), "nothing was kept")
        common.check("clamd" in h.log(), "the log does not name the scanner")


def hanging():
    quarantined("hang")


def garbage():
    quarantined("garbage")


def closing():
    quarantined("close")


def refusing():
    quarantined("error")


def absent():
    quarantined("absent")


def marked():
    with clamd_house("marked", "garbage", "deliver-marked") as (h, _, path):
        story = h.wait_story(h.send(KINDS["clean-text"]))
        h.wait_empty()
        check_story(story)
        mails = h.mail_with(b"How about one")
        common.same(len(mails), 1, "copies")
        common.check(b"Found to be clean" not in mails[0], "called clean:",
                     mails[0])
        common.check(b"X-reeve-MailScanner: " in mails[0], "no status header")


def one_of_two():
    """What one scanner finds counts although the other one failed."""
    with clamd_house("two", "garbage", "deliver-marked",
                     "clamd yara") as (h, _, path):
        story = h.wait_story(h.send(KINDS["eicar"]))
        h.wait_empty()
        check_story(story)
        common.check(any(f["rule"] == "yara" for f in story["findings"]),
                     story["findings"])
        common.check(not any(samples.EICAR in m for m in h.mails().values()),
                     "the virus was delivered")


def held():
    """`hold` keeps the mail until the scanner is back."""
    with clamd_house("held", "close", "hold") as (h, clamd, path):
        ident = h.send(KINDS["clean-text"])
        h.wait_log("tried again later")
        common.same(h.mails(), {}, "mailbox")
        common.check(h.waiting(), "the spool lost it")
        clamd.mode = "ok"
        story = h.wait_story(ident, 30)
        common.same((story["action"], story["incomplete"]), ("deliver", []),
                    "when clamd was back")
        h.wait_empty()
        common.same(len(h.mail_with(b"How about one")), 1, "copies")


WRAPPER = """#!/bin/sh
[ "$2" = -IsItInstalled ] && exit 0
[ "$1" = -IsItInstalled ] && exit 0
%s
"""


def command(what, script):
    """A command-line scanner through a wrapper."""
    with common.house("cmd-" + what, start=False) as h:
        wrapper = os.path.join(h.var, "wrapper")
        with open(wrapper, "w") as f:
            f.write(WRAPPER % script)
        os.chmod(wrapper, stat.S_IRWXU | 0o055)
        table = os.path.join(h.var, "scanners.conf")
        with open(table, "w") as f:
            f.write("generic\t%s\t/usr\n" % wrapper)
        h.write_conf(h.queue, 2, "Virus Scanners = generic\n"
                     "Virus Scanner Definitions = %s\n"
                     "Virus Scanner Timeout = 1\n"
                     "Unscannable Messages = quarantine\n" % table)
        h.start()
        common.check(h.wait_ready(20), h.log())
        story = h.wait_story(h.send(KINDS["clean-text"]), 25)
        h.wait_empty()
        check_story(story, "virus:generic")
        common.same(h.mail_with(b"How about one"), [], "mailbox")


def command_hangs():
    command("hang", "exec sleep 60")


def command_dies():
    command("dies", "kill -9 $$")


common.run(works, hanging, garbage, closing, refusing, absent, marked,
           one_of_two, held, command_hangs, command_dies)
