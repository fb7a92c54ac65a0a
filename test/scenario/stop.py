"""SIGTERM and `reeve stop` finish what is in hand; a second Reeve on the same
queue or pid file is refused; the processes have their walls."""
import os
import signal
import subprocess
import time

import common


def drain():
    with common.house("drain") as h:
        for n in range(60):
            h.send(common.numbered(n))
        h.signal(signal.SIGTERM)
        began = time.monotonic()
        common.same(h.daemon.wait(timeout=40), 0, "status")
        common.check(time.monotonic() - began < 30, "took too long")
        common.same(h.children(), [], "children")
        # What was not delivered waits where it was, and nothing is in hand.
        claims = os.path.join(h.var, "spool", "claims")
        common.same([n for n in os.listdir(claims) if n.startswith(("c.", "k."))],
                    [], "claims after the end")
        h.start()
        common.check(h.wait_ready(20), "second start")
        h.wait_empty()
        found = common.count_numbers(h)
        common.same([n for n in range(60) if found[n] != 1], [],
                    "not delivered exactly once")


def stop_command():
    with common.house("stop") as h:
        h.send(common.numbered(1))
        done = h.run("stop", "-c", h.conf)
        common.same((done.returncode, done.stderr), (0, ""), "reeve stop")
        common.same(h.daemon.wait(timeout=5), 0, "status")
        done = h.run("stop", "-c", h.conf)
        common.same(done.returncode, 2, "reeve stop without a daemon")
        common.check("no daemon answers" in done.stderr, done.stderr)
        done = h.run("status", "-c", h.conf)
        common.same(done.returncode, 2, "reeve status without a daemon")
        common.check("Reeve has ended" in h.log(), "the log tells the end")


def status_command():
    with common.house("status") as h:
        ident = h.send(common.numbered(1))
        h.wait_story(ident)
        status = common.wait(lambda: h.status() if
                             h.status()["mail"]["delivered"] == 1 else None,
                             5, "the counts")
        common.same(status["pid"], h.daemon.pid, "pid")
        common.same(status["state"], "running", "state")
        common.same(status["config"], h.conf, "config")
        roles = sorted(p["role"] for p in status["processes"])
        for role in ("control", "courier", "engine", "keeper", "receiver",
                     "recorder", "worker"):
            common.check(role in roles, "no %s in %s" % (role, roles))
        text = h.run("status", "-c", h.conf).stdout
        common.check("pid %d" % h.daemon.pid in text, text)


def one_only():
    with common.house("one") as h:
        done = subprocess.run([h.reeve, "run", "-c", h.conf, "--foreground"],
                              capture_output=True, text=True, timeout=20)
        common.same(done.returncode, 1, "status of the second")
        common.check("another Reeve runs" in done.stderr, done.stderr)
        # Another pid file, the same queue.
        other = os.path.join(h.var, "other.conf")
        with open(h.conf) as f, open(other, "w") as to:
            to.write(f.read() + "PID File = %s/other.pid\n" % h.var)
        done = subprocess.run([h.reeve, "run", "-c", other, "--foreground"],
                              capture_output=True, text=True, timeout=20)
        common.same(done.returncode, 1, "status on the same queue")
        common.check("another Reeve runs" in done.stderr and
                     "claims" in done.stderr, done.stderr)
        with open(os.path.join(h.var, "reeve.pid")) as f:
            common.same(int(f.read()), h.daemon.pid, "pid file")


def detached():
    with common.house("detached", start=False) as h:
        done = subprocess.run([h.reeve, "run", "-c", h.conf], text=True,
                              capture_output=True, timeout=20)
        common.same((done.returncode, done.stderr), (0, ""), "reeve run")
        common.same(h.status()["state"], "running", "state")
        h.send(common.numbered(1))
        done = h.run("stop", "-c", h.conf)
        common.same(done.returncode, 0, "reeve stop")
        with open(h.conf, "a") as f:
            f.write("Run As User = no-such-user-here\n")
        done = subprocess.run([h.reeve, "run", "-c", h.conf], text=True,
                              capture_output=True, timeout=20)
        common.same(done.returncode, 1, "reeve run with a bad user")
        common.check("no-such-user-here" in done.stderr, done.stderr)


def walls():
    common.need_another_user()
    with common.house("walls", extra="Run As User = nobody\n",
                      start=False) as h:
        os.chmod(h.var, 0o755)
        for folder, _, _ in os.walk(h.var):
            os.chown(folder, 65534, 65534)
        h.start()
        common.check(h.wait_ready(20), "start:\n" + h.log())
        ident = h.send(common.numbered(1))
        h.wait_story(ident)
        h.wait_empty()
        for p in h.status()["processes"]:
            fields = dict(line.split(":\t", 1) for line in open(
                "/proc/%d/status" % p["pid"]) if ":\t" in line)
            uids = set(fields["Uid"].split())
            common.check("0" not in uids, p["role"], "has uids", uids)
            common.same(fields["NoNewPrivs"].strip(), "1", p["role"])
            common.same(fields["Seccomp"].strip(), "2", p["role"])
            common.same(int(fields["CapEff"], 16), 0, p["role"])
        common.check("walls that are missing" not in h.log() or
                     "landlock" in h.log(), "missing walls")


def unprivileged():
    """A developer's own account: the walls that need root are named."""
    common.need_another_user()
    with common.house("plain", start=False) as h:
        os.chmod(h.var, 0o755)
        for folder, _, names in os.walk(h.var):
            for n in [folder] + [os.path.join(folder, f) for f in names]:
                os.chown(n, 65534, 65534)
        log = open(h.log_path, "ab")
        h.daemon = subprocess.Popen(
            [h.reeve, "run", "-c", h.conf, "--foreground"], stdout=log,
            stderr=log, stdin=subprocess.DEVNULL, user=65534, group=65534,
            extra_groups=[], start_new_session=True)
        log.close()
        common.check(h.wait_ready(20), "start:\n" + h.log())
        ident = h.send(common.numbered(1))
        h.wait_story(ident)
        h.wait_empty()
        common.same(len(h.mails()), 1, "mails")


common.run(drain, stop_command, status_command, one_only, detached, walls,
           unprivileged)
