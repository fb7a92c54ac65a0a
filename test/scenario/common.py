"""What scenario tests share: a Reeve of their own, words for waiting and
counting, and the honest end (0 passed, 1 failed, 77 skipped).

	with common.house("name", extra="...") as h: ...
REEVE is the program under test. Everything lives in a temporary folder that
is removed after success and named after failure."""
import collections
import contextlib
import json
import os
import shutil
import signal
import smtplib
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tools"))
import lab  # noqa: E402
import samples  # noqa: E402,F401

REEVE = os.environ.get("REEVE", os.path.join(ROOT, "build", "reeve"))
# A sanitized program is several times slower.
SLOW = 4 if "asan" in REEVE else 1
SKIP = 77


class Failed(Exception):
    pass


def check(ok, *what):
    if not ok:
        raise Failed(" ".join(str(w) for w in what))


def same(got, want, what):
    check(got == want, "%s: got %r, want %r" % (what, got, want))


def wait(condition, seconds, what):
    """The first true value of condition(); a failure when none comes."""
    until = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < until, "waited %d s for: %s" % (
            seconds, what() if callable(what) else what))
        time.sleep(0.02)


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIP)


class Skipped(Exception):
    """One function of a scenario cannot run here."""


def need_another_user():
    """Root, and a checkout that an account without rights can read."""
    if os.geteuid() != 0:
        raise Skipped("needs root to become somebody else")
    path = os.path.join(lab.ROOT, "etc", "reeve.yar")
    readable = os.stat(path).st_mode & 0o004
    while path != "/" and readable:
        path = os.path.dirname(path)
        readable = os.stat(path).st_mode & 0o001
    if not readable:
        raise Skipped("%s is closed to other users" % path)


class House(lab.Lab):
    def send(self, data, sender="ann@example.org", to=("bob@example.net",),
             timeout=20):
        """Over SMTP; the queue id of the reply to DATA."""
        smtp = smtplib.SMTP("127.0.0.1", self.port,
                            local_hostname="example.org", timeout=timeout)
        try:
            smtp.ehlo()
            smtp.mail(sender)
            for r in to:
                code, text = smtp.rcpt(r)
                check(code == 250, "RCPT", code, text)
            code, text = smtp.data(data)
            if code != 250:
                raise smtplib.SMTPDataError(code, text)
            return text.decode().split()[-1]
        finally:
            smtp.close()

    def mails(self):
        """{path: bytes} of everything that was delivered."""
        out = {}
        for path in lab.files_below(os.path.join(self.var, "mail")):
            if os.path.basename(os.path.dirname(path)) in ("new", "cur"):
                with open(path, "rb") as f:
                    out[path] = f.read()
        return out

    def mail_with(self, mark):
        return [m for m in self.mails().values() if mark in m]

    def kept(self):
        """Files of the quarantine, by path below it."""
        root = os.path.join(self.var, "quarantine")
        return {os.path.relpath(p, root): p for p in lab.files_below(root)}

    def kept_with(self, mark):
        return [name for name, path in self.kept().items()
                if mark in open(path, "rb").read()]

    def waiting(self):
        """Files of the spool that are somebody's mail still."""
        return [p for room in ("incoming", "claims", "outgoing")
                for p in lab.files_below(os.path.join(self.var, "spool", room))
                if "/aside/" not in p and
                not os.path.basename(p).startswith(("x.", "y."))]  # probes

    def status(self):
        done = self.run("status", "--json", "-c", self.conf)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return None

    def pids(self, role):
        status = self.status()
        return [p["pid"] for p in status["processes"]
                if p["role"] == role] if status else []

    def wait_story(self, ident, seconds=15):
        return wait(lambda: self.story(ident), seconds,
                    "the history to know " + ident)

    def wait_empty(self, seconds=20):
        wait(lambda: not self.waiting(), seconds, lambda: "the spool to be "
             "empty; it holds %s" % self.waiting()[:5])

    def wait_log(self, text, seconds=10):
        wait(lambda: text in self.log(), seconds, "the log to say %r" % text)

    def signal(self, signo):
        self.daemon.send_signal(signo)

    def reconfigure(self, extra):
        self.write_conf(self.queue, self.children_max, extra)


@contextlib.contextmanager
def house(name, queue=lab.SPOOL, children=2, extra="", start=True, var=None):
    """A running Reeve; it has to end by itself with status 0."""
    if not os.path.exists(REEVE):
        skip("there is no %s" % REEVE)
    made = var is None
    var = var or tempfile.mkdtemp(prefix="reeve-%s." % name)
    os.chmod(var, 0o711)
    h = House(var, REEVE, queue, children, extra)
    h.queue, h.children_max = queue, children
    try:
        if start:
            h.start()
            check(h.wait_ready(20 * SLOW), "Reeve did not start:\n" + h.log())
        yield h
        if h.daemon is not None:
            same(h.stop(40), 0, "status of the daemon")
        check("ERROR: AddressSanitizer" not in h.log() and
              "runtime error:" not in h.log(), "sanitizer report:\n" + h.log())
    except BaseException:
        if h.daemon is not None and h.daemon.poll() is None:
            h.kill()
        sys.stderr.write("---- log of %s\n%s\n" % (h.var, h.log()[-8000:]))
        raise
    if made:
        shutil.rmtree(var)


def run(*tests):
    """Run the functions, say what failed, and end."""
    failed = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for test in tests:
        try:
            test()
            print("ok - " + test.__name__, flush=True)
        except Skipped as e:
            print("skipped - %s: %s" % (test.__name__, e), flush=True)
        except Failed as e:
            failed += 1
            print("not ok - %s: %s" % (test.__name__, e), flush=True)
    sys.exit(1 if failed else 0)


def numbered(n):
    """A small clean message that can be found again."""
    return (b"From: ann@example.org\r\nTo: bob@example.net\r\n"
            b"Subject: number %d\r\nX-Number: %d\r\n"
            b"Message-ID: <n%d@example.org>\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain\r\n\r\nThis is number %d.\r\n" % (
                n, n, n, n))


def count_numbers(h):
    """How often each number lies in a mailbox."""
    found = collections.Counter()
    for data in h.mails().values():
        for line in data.split(b"\n"):
            if line.startswith(b"X-Number: "):
                found[int(line[10:])] += 1
                break
    return found
