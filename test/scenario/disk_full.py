"""The disk of the spool or of the quarantine is full (bytes or inodes): mail
is refused for now or waits where it is, the log says what to do, and it goes
on when there is room again. Needs root for a small tmpfs."""
import contextlib
import os
import smtplib
import subprocess

import common
import samples

EICAR = {n: d for n, _, d in samples.messages()}["eicar"]


@contextlib.contextmanager
def small(folder, options):
    if os.geteuid() != 0:
        common.skip("a small file system needs root")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs",
                           folder], capture_output=True, text=True)
    if done.returncode != 0:
        common.skip("no tmpfs: " + done.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def fill(path, leave=0):
    """Use up all bytes below path but `leave`."""
    room = os.statvfs(path)
    size = room.f_bavail * room.f_frsize - leave
    with open(os.path.join(path, "filler"), "wb") as f:
        f.write(bytes(max(size, 0)))


def fill_inodes(path):
    os.makedirs(path + "/many")
    try:
        for n in range(100000):
            open("%s/many/%d" % (path, n), "w").close()
    except OSError:
        pass


def big(number, size=200000):
    line = b"0123456789" * 7 + b"\r\n"
    return common.numbered(number) + line * (size // len(line))


def submit(h, number):
    done = subprocess.run([h.reeve, "submit", "-c", h.conf, "-f",
                           "ann@example.org", "bob@example.net"],
                          input=big(number), capture_output=True)
    common.same((done.returncode, done.stderr), (0, b""), "reeve submit")


def refused_at_the_door():
    with common.house("full-in", start=False) as h, \
            small(h.var + "/spool", "size=4m,mode=0700"):
        h.start()
        common.check(h.wait_ready(20), h.log())
        h.wait_story(h.send(big(1)))
        h.wait_empty()
        fill(h.var + "/spool")
        try:
            h.send(big(2))
            common.check(False, "mail was taken with a full disk")
        except (smtplib.SMTPResponseException, common.Failed) as e:
            common.check("452" in str(e) or "451" in str(e), "refusal:", e)
        os.unlink(h.var + "/spool/filler")

        def again():
            try:
                return h.send(big(3))
            except (smtplib.SMTPResponseException, common.Failed):
                return None
        h.wait_story(common.wait(again, 15, "mail to be taken again"))
        h.wait_empty()
        common.same(dict(common.count_numbers(h)), {1: 1, 3: 1}, "delivered")
        same_end(h)


def same_end(h):
    common.same(h.stop(40), 0, "status of the daemon")


def prepare(h):
    """Five messages in a spool whose directories are there."""
    h.start()
    common.check(h.wait_ready(20), h.log())
    same_end(h)
    for n in range(5):
        submit(h, n)


def all_came(h):
    h.wait_empty(30)
    common.same(dict(common.count_numbers(h)), {n: 1 for n in range(5)},
                "delivered")
    same_end(h)


def bytes_used_up():
    """Mail that is in the spool already waits."""
    with common.house("full-bytes", start=False) as h, \
            small(h.var + "/spool", "size=4m,mode=0700"):
        prepare(h)
        fill(h.var + "/spool", 60000)
        h.start()
        h.wait_log("the queue is in trouble", 15)
        common.check("make room" in h.log(), "no advice in the log")
        common.same(h.mails(), {}, "mailbox")
        common.wait(lambda: h.run("status", "-c", h.conf).returncode == 1, 5,
                    "status 1 while mail waits")
        os.unlink(h.var + "/spool/filler")
        h.wait_log("the queue works again", 30)
        all_came(h)


def inodes_used_up():
    """Without one free inode the queue cannot be tried: no start, said why."""
    with common.house("full-inodes", start=False) as h, \
            small(h.var + "/spool", "size=8m,nr_inodes=60,mode=0700"):
        prepare(h)
        fill_inodes(h.var + "/spool")
        h.start()
        common.same(h.daemon.wait(timeout=20), 1, "status")
        common.check("No space left on device" in h.log(), h.log())
        for name in list_files(h.var + "/spool/many"):
            os.unlink(name)
        h.start()
        common.check(h.wait_ready(20), h.log())
        all_came(h)


def list_files(folder):
    return [os.path.join(folder, n) for n in os.listdir(folder)]


def quarantine_full():
    """An infected message may not go on while its copy cannot be kept."""
    with common.house("full-keep", start=False) as h, \
            small(h.var + "/quarantine", "size=100k,mode=0700"):
        fill(h.var + "/quarantine")
        h.start()
        common.check(h.wait_ready(20), h.log())
        ident = h.send(EICAR)
        h.wait_log("the queue is in trouble", 15)
        common.same(h.mails(), {}, "mailbox")
        os.unlink(h.var + "/quarantine/filler")
        h.wait_story(ident, 30)
        h.wait_empty(30)
        common.check(any(n.endswith("eicar.txt") for n in h.kept()),
                     "kept:", list(h.kept()))
        common.same(len(h.mail_with(b"Subject: {Virus?} A test")), 1, "copies")
        same_end(h)


common.run(refused_at_the_door, bytes_used_up, inodes_used_up, quarantine_full)
