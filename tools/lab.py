"""A Reeve of one's own below a folder: configuration, start, stop, counting.

For ./dev run, the soak test and the benchmarks. Everything lives in the
folder; servers bind 127.0.0.1 only; only processes started here are ended."""
import json
import os
import random
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

CONF = """# Written for one run: the default configuration on a spool of its own.
%etc-dir% = {root}/etc
%org-name% = reeve
include {root}/etc/MailScanner.conf
{queue}
Quarantine Dir = {var}/quarantine
Incoming Work Dir = {var}/work
Lock File Dir = {var}/lock
PID File = {var}/reeve.pid
Control Socket = {var}/control
History Database = {var}/history.db
JSON Log File = {var}/log/messages.json
Max Children = {children}
{extra}
"""

SPOOL = """MTA = spool
Reeve Spool Directory = {var}/spool
SMTP Listen = 127.0.0.1:{port}
Delivery Route = maildir:{var}/mail/%a
"""

SENDMAIL = """MTA = sendmail
Incoming Queue Dir = {var}/mqueue.in
Outgoing Queue Dir = {var}/mqueue
Sendmail2 = /bin/true
"""


def free_port(want=0):
    """A port nobody listens on: `want`, or a random one below the range that
    the kernel gives to clients."""
    tries = [want] if want else random.SystemRandom().sample(
        range(20000, 30000), 100)
    for port in tries:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port on 127.0.0.1")


class Lab:
    def __init__(self, var, reeve=None, queue=SPOOL, children=2, extra="",
                 port=0):
        self.var = os.path.abspath(var)
        self.reeve = reeve or os.path.join(ROOT, "build", "reeve")
        self.port = free_port(port) if queue is SPOOL else 0
        for name in ("spool", "mail", "quarantine", "work", "lock", "log",
                     "mqueue.in", "mqueue"):
            os.makedirs(os.path.join(self.var, name), mode=0o700,
                        exist_ok=True)
        self.conf = os.path.join(self.var, "reeve.conf")
        self.log_path = os.path.join(self.var, "log", "reeve.log")
        self.daemon = None
        self.write_conf(queue, children, extra)

    def write_conf(self, queue, children, extra):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(CONF.format(
                root=ROOT, var=self.var, children=children, extra=extra,
                queue=queue.format(var=self.var, port=self.port)))

    def run(self, *args, **kw):
        return subprocess.run([self.reeve, *args], capture_output=True,
                              text=True, **kw)

    def check(self):
        """Problems that keep the configuration from being used, or None."""
        done = self.run("check", "-c", self.conf)
        return done.stdout + done.stderr if done.returncode == 2 else None

    def start(self):
        log = open(self.log_path, "ab")
        self.daemon = subprocess.Popen(
            [self.reeve, "run", "-c", self.conf, "--foreground"], stdout=log,
            stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()

    def in_force(self):
        """All processes that have to be there are."""
        done = self.run("status", "--json", "-c", self.conf)
        try:
            return json.loads(done.stdout)["generation"] > 0
        except ValueError:
            return False

    def wait_ready(self, seconds=15):
        """The daemon takes mail; False if it ended instead."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.daemon.poll() is None:
            with socket.socket() as s:
                s.settimeout(1)
                if (not self.port or
                        s.connect_ex(("127.0.0.1", self.port)) == 0) and \
                        self.in_force():
                    return True
            time.sleep(0.02)
        return False

    def stop(self, seconds=30):
        """SIGTERM and wait; the exit status, None if it had to be killed."""
        if self.daemon is None:
            return 0
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                return None
        return self.daemon.returncode

    def kill(self):
        for pid in [self.daemon.pid] + self.children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.daemon.wait()

    def children(self):
        """All processes below the daemon."""
        below = []
        todo = [self.daemon.pid]
        while todo:
            pid = todo.pop()
            try:
                tasks = os.listdir("/proc/%d/task" % pid)
            except OSError:
                continue
            for tid in tasks:
                try:
                    with open("/proc/%d/task/%s/children" % (pid, tid)) as f:
                        more = [int(p) for p in f.read().split()]
                except OSError:
                    continue
                below += more
                todo += more
        return below

    def story(self, ident):
        """The record of a message, None while there is none."""
        done = self.run("explain", "--json", "-c", self.conf, ident)
        try:
            return json.loads(done.stdout) if done.returncode in (0, 1) else None
        except ValueError:
            return None

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, errors="replace") as f:
            return f.read()


def files_below(folder):
    for at, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(at, name)
