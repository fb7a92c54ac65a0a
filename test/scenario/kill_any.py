"""Every process is killed, one role after the other and then at random, while
mail flows in over SMTP: what was acknowledged is delivered exactly once."""
import os
import random
import signal
import smtplib
import threading
import time

import common

ROLES = ("keeper", "worker", "engine", "recorder", "control", "courier",
         "receiver")


class Sender(threading.Thread):
    """Sends numbered messages until told to stop."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house, self.stop = house, threading.Event()
        self.acked, self.unsure, self.number = set(), set(), 0

    def run(self):
        while not self.stop.is_set():
            number, self.number = self.number, self.number + 1
            try:
                self.house.send(common.numbered(number))
                self.acked.add(number)
            except (OSError, smtplib.SMTPException, common.Failed):
                self.unsure.add(number)
                time.sleep(0.02)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return 1
    except ProcessLookupError:
        return 0


def settle(house, sender):
    sender.stop.set()
    sender.join(30)
    common.check(len(sender.acked) >= 20, "only %d messages were taken" %
                 len(sender.acked))
    house.wait_empty(30)
    found = common.count_numbers(house)
    lost = sorted(n for n in sender.acked if not found[n])
    doubled = sorted(n for n in found if found[n] > 1)
    common.check(not lost, "lost:", lost, "of", len(sender.acked))
    common.check(not doubled, "doubled:", doubled)
    common.same(house.kept(), {}, "quarantine")


def each_role():
    with common.house("kill-role") as h:
        sender = Sender(h)
        sender.start()
        for role in ROLES:
            for _ in range(2):
                old = common.wait(lambda r=role: h.pids(r), 10, "a " + role)
                kill(old[0])
                common.wait(lambda r=role, o=old: h.pids(r) and
                            o[0] not in h.pids(r), 15, "a new " + role)
        settle(h, sender)
        log = h.log()
        for role in ROLES:
            # A pair ends together: the log tells of one of them.
            names = ("engine", "worker") if role in ("engine", "worker") else (
                role,)
            common.check(any("%s 0 (pid" % n in log or
                             "%s 1 (pid" % n in log for n in names),
                         "the log does not tell of a killed " + role)


def at_random():
    rng = random.Random(7)
    with common.house("kill-random",
                      extra="Maximum Processing Attempts = 100\n") as h:
        sender = Sender(h)
        sender.start()
        until = time.monotonic() + 8
        kills = 0
        while time.monotonic() < until:
            time.sleep(rng.uniform(0.03, 0.2))
            below = h.children()
            if below:
                kills += kill(rng.choice(below))
        common.check(kills > 10, "only %d kills" % kills)
        settle(h, sender)


def whole_house():
    """The supervisor too: nothing of it may stay, and a new one goes on."""
    with common.house("kill-house",
                      extra="Maximum Processing Attempts = 100\n") as h:
        sender = Sender(h)
        sender.start()
        for _ in range(4):
            time.sleep(0.7)
            pids = h.children()
            kill(h.daemon.pid)
            h.daemon.wait()
            common.wait(lambda p=pids: not any(map(alive, p)), 5,
                        "the children of a killed supervisor to be gone")
            h.start()
            common.check(h.wait_ready(20), "it did not start again")
        settle(h, sender)


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


common.run(each_role, at_random, whole_house)
